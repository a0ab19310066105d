//! Spend and members read beside orders: what holds for them of the options, sums and days, what is refused.

use std::path::Path;

use super::*;

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn day(text: &str) -> Option<i32> {
    let date: chrono::NaiveDate = text.parse().unwrap();
    Some((date - chrono::NaiveDate::default()).num_days() as i32)
}

/// Options about orders that would break the reading of any other frame.
fn about_orders() -> InputOptions {
    InputOptions {
        paths: vec!["orders.csv".into()],
        columns: vec![("ordered_at".into(), "When".into()), ("amount".into(), "Total".into())],
        encoding: Some("utf-16le".into()),
        delimiter: Some("|".into()),
        sheet: Some("orders".into()),
        preset: PresetChoice::None,
        since_us: Some(i64::MAX - 1),
        until_us: Some(i64::MIN + 1),
        filter: Some("no_such_column > 3".into()),
        customer_key: Some(vec!["a".into(), "b".into()]),
        identities: Some("no_such_file.csv".into()),
        latest_by: Some("no_such_column".into()),
        threads: 2,
        ..InputOptions::default()
    }
}

fn read_spend_of(
    main: &InputOptions,
    columns: &[(&str, &str)],
    files: &[String],
) -> Result<(Vec<SpendRow>, TableSummary)> {
    let columns: Vec<(Frame, String, String)> =
        columns.iter().map(|(name, to)| (Frame::Spend, (*name).to_owned(), (*to).to_owned())).collect();
    Other::beside(main, &columns, Frame::Spend, files).and_then(|other| spend(&other))
}

fn read_joined_of(main: &InputOptions, files: &[String]) -> Result<(JoinedDays, TableSummary)> {
    Other::beside(main, &[], Frame::Members, files).and_then(|other| joined(&other, "joined_at"))
}

fn complaint(error: &Error) -> String {
    std::iter::once(error.to_string()).chain(error.hints()).collect::<Vec<_>>().join(" | ")
}

#[test]
fn spend_is_exact_and_sorted_whatever_is_said_about_the_orders() {
    let folder = folder();
    let text = "date,campaign,channel,kind,amount\n\
                2024-01-02,b,tmall,promotion,10.005\n\
                2024-01-01 13:00,b,,labour,0.0001\n\
                2024-01-01,a,jd,promotion,\"1,234.56\"\n\
                合计,,,,1244.57\n";
    let files = [file(folder.path(), "spend.csv", text)];
    let (rows, read) = read_spend_of(&about_orders(), &[], &files).unwrap();
    let found: Vec<_> = rows
        .iter()
        .map(|r| (r.day, r.campaign.as_str(), r.channel.as_deref(), r.kind.as_deref(), r.amount_e4))
        .collect();
    assert_eq!(
        found,
        [
            (day("2024-01-01"), "a", Some("jd"), Some("promotion"), 12_345_600),
            (day("2024-01-01"), "b", None, Some("labour"), 1),
            (day("2024-01-02"), "b", Some("tmall"), Some("promotion"), 100_050),
        ]
    );
    assert_eq!(
        (read.account.frame.as_str(), read.account.rows_read, read.account.rows_used),
        ("spend", 4, 3)
    );
    assert_eq!(read.account.dropped, [("total row".to_owned(), 1)]);
}

#[test]
fn spend_needs_neither_dates_nor_channels() {
    let folder = folder();
    let files = [file(folder.path(), "spend.csv", "campaign,amount\nx,5\ny,-2\n")];
    let (rows, _) = read_spend_of(&about_orders(), &[], &files).unwrap();
    assert_eq!(
        rows.iter().map(|r| (r.day, r.amount_e4)).collect::<Vec<_>>(),
        [(None, 50_000), (None, -20_000)]
    );
    assert!(rows.iter().all(|r| r.channel.is_none() && r.kind.is_none()));
}

#[test]
fn spend_after_as_of_is_left_out_and_counted() {
    let folder = folder();
    let files = [file(folder.path(), "s.csv", "date,campaign,amount\n2024-01-01,x,5\n2024-01-03,x,7\n")];
    let main = InputOptions { as_of_us: Some(day("2024-01-02").unwrap() as i64 * DAY_US), ..about_orders() };
    let (rows, read) = read_spend_of(&main, &[], &files).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(read.account.dropped, [("after as_of".to_owned(), 1)]);
}

#[test]
fn columns_of_another_frame_are_named_with_its_name() {
    let folder = folder();
    let files = [file(folder.path(), "s.csv", "Tag,Aktion,Summe\n2024-01-01,x,5\n")];
    let error = complaint(&read_spend_of(&about_orders(), &[], &files).unwrap_err());
    assert!(
        error.contains("no column for spend.campaign") && error.contains("--col spend.campaign="),
        "{error}"
    );
    let columns = [("date", "Tag"), ("campaign", "Aktion"), ("amount", "Summe")];
    let (rows, _) = read_spend_of(&about_orders(), &columns, &files).unwrap();
    assert_eq!((rows[0].day, rows[0].amount_e4), (day("2024-01-01"), 50_000));
    let error = complaint(&read_spend_of(&about_orders(), &[("amont", "Summe")], &files).unwrap_err());
    assert!(error.contains("spend.amont") && error.contains("did you mean amount?"), "{error}");
}

#[test]
fn the_format_of_dates_is_taken_where_the_file_decides_nothing() {
    let folder = folder();
    let open = [file(folder.path(), "open.csv", "date,campaign,amount\n03/04/2024,x,5\n")];
    let decided = [file(folder.path(), "mdy.csv", "date,campaign,amount\n03/04/2024,x,5\n04/25/2024,x,5\n")];
    let main = InputOptions { date_format: Some("dmy".into()), ..about_orders() };
    assert!(matches!(read_spend_of(&about_orders(), &[], &open), Err(Error::AmbiguousDates { .. })));
    assert_eq!(read_spend_of(&main, &[], &open).unwrap().0[0].day, day("2024-04-03"));
    assert_eq!(read_spend_of(&main, &[], &decided).unwrap().0[0].day, day("2024-03-04"));
}

#[test]
fn members_have_their_earliest_day() {
    let folder = folder();
    let mut text = String::from("customer_id,joined_at\n");
    for number in 0..400 {
        text.push_str(&format!("m{number},2024-02-0{} 23:59:59\n", number % 9 + 1));
    }
    text.push_str("m8,2024-01-31\nm9,\nm500,\n,2024-01-01\nm501,soon\n");
    let files = [file(folder.path(), "members.csv", &text)];
    let (joined, read) = read_joined_of(&about_orders(), &files).unwrap();
    assert_eq!(joined.get("m0"), day("2024-02-01"));
    assert_eq!(joined.get("m8"), day("2024-01-31"), "the earliest counts");
    assert_eq!(joined.get("m9"), day("2024-02-01"), "a row without a day takes nothing away");
    assert_eq!(joined.get("m500"), None);
    assert_eq!((joined.members(), joined.without_day, joined.repeated), (402, 2, 2));
    assert_eq!(read.account.dropped, [("missing customer_id".to_owned(), 1)]);
    for note in [
        "2 members stand in several rows: the earliest joined_at counts.",
        "2 members have no readable joined_at.",
    ] {
        let words = crate::text::Catalogue::get(crate::text::Lang::En);
        assert!(read.notes.iter().any(|n| words.note(n) == note), "{note}: {:?}", read.notes);
    }
}

#[test]
fn days_of_members_need_a_column_of_times() {
    let folder = folder();
    let files = [file(folder.path(), "members.csv", "customer_id,tier\nm1,gold\n")];
    let error = complaint(&read_joined_of(&about_orders(), &files).unwrap_err());
    assert!(error.contains("no column for members.joined_at"), "{error}");
    let other = Other::beside(&about_orders(), &[], Frame::Members, &files).unwrap();
    assert_eq!(joined(&other, "tier").map(|_| ()).unwrap_err().code(), "unknown_name");
}

#[test]
fn standard_input_is_read_once() {
    let main = InputOptions { paths: vec!["-".into()], ..about_orders() };
    let refused = Other::beside(&main, &[], Frame::Spend, &["-".to_owned()]).map(|_| ()).unwrap_err();
    assert!(refused.to_string().contains("read but once"), "{refused}");
    assert!(Other::beside(&main, &[], Frame::Spend, &[]).is_err());
}

#[test]
fn a_file_of_another_kind_is_refused() {
    let folder = folder();
    let text = "customer_id,event,at\nc,view,2024-01-01\n";
    let files = [file(folder.path(), "events.csv", text)];
    let error = complaint(&read_spend_of(&about_orders(), &[], &files).unwrap_err());
    assert!(error.contains("spend.campaign"), "{error}");
}

#[test]
fn names_of_frames_are_told_from_names_of_columns() {
    assert_eq!(of_other_frame("spend.amount"), Some((Frame::Spend, "amount")));
    assert_eq!(of_other_frame("amount"), None);
    assert_eq!(of_other_frame("shop.amount"), None);
    let params = serde_json::json!({"spend": ["a.csv"], "members": []});
    assert!(is_named(&params, Frame::Spend) && !is_named(&params, Frame::Members));
    assert!(!is_named(&params, Frame::Events));
}
