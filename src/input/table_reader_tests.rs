//! Typed columns, the account of rows, totals, drop rules, zones, `--where`; and that threads and order change nothing.

use std::sync::Arc;

use super::*;
use crate::input::presets::{DropReason, Preset};
use crate::input::raw::testing::{Folder, options};
use crate::input::values::money::format_e4;

/// File, row, and the cells of a row in use.
type Row = (usize, u64, String);

#[derive(Default)]
struct Kept(Mutex<Vec<Row>>);

impl TableSink for Kept {
    fn push(&self, batch: TableBatch) -> Result<()> {
        assert!(batch.frame.height() > 0);
        let mut kept = self.0.lock().unwrap();
        for row in 0..batch.frame.height() {
            let cells = batch.frame.columns().iter().map(|column| match column.get(row).unwrap() {
                AnyValue::Null => "~".to_owned(),
                AnyValue::String(text) => text.to_owned(),
                AnyValue::StringOwned(text) => text.to_string(),
                AnyValue::Decimal(value, ..) => format_e4(value as i64),
                other => other.to_string(),
            });
            kept.push((batch.file, batch.rows.get(row), cells.collect::<Vec<_>>().join("|")));
        }
        Ok(())
    }
}

/// The rows in use, by file and row, and the summary.
fn read(frame: Frame, options: &InputOptions, wanted: &[&str]) -> Result<(Vec<Row>, TableSummary)> {
    let (kept, summary) = read_table(frame, options.clone(), wanted, Kept::default)?;
    let mut rows = kept.0.into_inner().unwrap();
    rows.sort();
    Ok((rows, summary))
}

fn texts(rows: &[Row]) -> Vec<(u64, &str)> {
    rows.iter().map(|(_, row, text)| (*row, text.as_str())).collect()
}

fn complaint(error: Error) -> String {
    std::iter::once(error.to_string()).chain(error.hints()).collect::<Vec<_>>().join(" | ")
}

/// Reads the file as if it had been recognised as the preset.
fn read_as(
    preset: &str,
    frame: Frame,
    options: &InputOptions,
    wanted: &[&str],
) -> Result<(Vec<Row>, TableSummary)> {
    let preset: Preset = toml::from_str(preset).unwrap();
    let mut raw = raw::open(options)?;
    for file in &mut raw {
        file.preset = Some(Arc::new(preset.clone()));
    }
    let (kept, summary) = Tables::of_files(frame, options.clone(), raw)?.read(wanted, Kept::default)?;
    let mut rows = kept.0.into_inner().unwrap();
    rows.sort();
    Ok((rows, summary))
}

const PRESET: &str = r#"
id = "test_ads"
name = { en = "Test ads", zh = "测试" }
platform = "test"
kind = "spend"
grain = "spend"
confidence = { header = "high", meaning = "high" }
evidence = "made for this test"
header = ["Campaign name", "Day", "Amount spent", "Mode"]
[fingerprint]
required = ["Campaign name"]
[columns]
campaign = "Campaign name"
amount = "Amount spent"
date = "Day"
[[drop]]
reason = "total"
when = '"Campaign name" is missing'
[[drop]]
reason = "test"
when = "Mode = 'test'"
[[drop]]
reason = "gift"
when = "Nowhere = 'x'"
"#;

#[test]
fn columns_have_their_types() {
    let folder = Folder::new();
    let path = folder.put(
        "spend.csv",
        "日期,计划名称,花费,展现量,点击量,备注\n2024-05-01,春季,\"￥1,234.5\",10000,-,\" ok \"\n2024/5/2,夏季,0.12345,20,3,\n",
    );
    let (rows, summary) = read(Frame::Spend, &options(&[&path]), &[]).unwrap();
    assert_eq!(
        texts(&rows),
        [(2, "春季|1234.5|2024-05-01 00:00:00|10000|~"), (3, "夏季|0.1235|2024-05-02 00:00:00|20|3"),]
            .map(|(row, text)| (row, text))
    );
    assert_eq!(summary.account.frame, "spend");
    assert_eq!((summary.account.rows_read, summary.account.rows_used), (2, 2));
    assert_eq!(summary.notes.iter().map(|note| note.key).collect::<Vec<_>>(), ["numbers_rounded"]);
    let tables = Tables::open(Frame::Spend, options(&[&path])).unwrap();
    assert_eq!(tables.canonical_columns(), ["campaign", "amount", "date", "impressions", "clicks"]);
    assert!(tables.has("date") && !tables.has("kind"));
    // Original columns, under either name, in the order asked for.
    let (rows, _) = read(Frame::Spend, &options(&[&path]), &["备注", "花费", "campaign"]).unwrap();
    assert_eq!(rows[0].2, "ok|1234.5|春季");
    let error = read(Frame::Spend, &options(&[&path]), &["kind"]).unwrap_err();
    assert!(complaint(error).starts_with("unknown column \"kind\""));
}

#[test]
fn dtypes_are_those_of_the_contract() {
    let folder = Folder::new();
    let path = folder.put("m.csv", "customer_id,joined_at,points,tier\n00123,2024-05-01 08:00,7,gold\n");
    struct Types(Mutex<Vec<DataType>>);
    impl TableSink for Types {
        fn push(&self, batch: TableBatch) -> Result<()> {
            self.0.lock().unwrap().extend(batch.frame.dtypes());
            Ok(())
        }
    }
    let wanted = ["customer_id", "joined_at", "points", "tier"];
    let (types, _) =
        read_table(Frame::Members, options(&[&path]), &wanted, || Types(Mutex::default())).unwrap();
    assert_eq!(
        types.0.into_inner().unwrap(),
        [
            DataType::String,
            DataType::Datetime(TimeUnit::Microseconds, None),
            DataType::Decimal(38, 4),
            DataType::String
        ]
    );
}

#[test]
fn epochs_are_told_apart_by_magnitude() {
    // Mixpanel writes seconds, 神策 milliseconds, GA4 microseconds.
    let folder = Folder::new();
    let text = "{\"distinct_id\":\"u\",\"event\":\"a\",\"time\":1714593600}\n\
                {\"distinct_id\":\"u\",\"event\":\"b\",\"time\":1714593600123}\n\
                {\"distinct_id\":\"u\",\"event\":\"c\",\"time\":\"1714593600123456\"}\n\
                {\"distinct_id\":\"u\",\"event\":\"d\",\"time\":\"2024-05-01T20:00:00Z\"}\n";
    let path = folder.put("e.ndjson", text);
    let (rows, _) = read(Frame::Events, &options(&[&path]), &["event", "at"]).unwrap();
    assert_eq!(
        texts(&rows),
        [
            (1, "a|2024-05-01 20:00:00"),
            (2, "b|2024-05-01 20:00:00.123"),
            (3, "c|2024-05-01 20:00:00.123456"),
            (4, "d|2024-05-01 20:00:00")
        ]
    );
    let shanghai = InputOptions { tz: Some(chrono_tz::Asia::Shanghai), ..options(&[&path]) };
    let (rows, _) = read(Frame::Events, &shanghai, &["at"]).unwrap();
    assert!(rows.iter().all(|(_, _, at)| at.starts_with("2024-05-02 04:00:00")));
}

#[test]
fn rows_are_left_out_by_reason() {
    let folder = Folder::new();
    let rows: String = (0..400).map(|n| format!("u{n},view,2024-05-01 10:00,1\n")).collect();
    let path = folder.put(
        "events.csv",
        format!(
            "user_id,event,time,value\n{rows},view,2024-05-01,1\nu1,,2024-05-01,\nu1,view,,1\nu2,view,soon,1\nu3,view,2024-05-01,much\n\
             u4,view,2024-05-01,1,2\nu5,view\n合计,,,400\nTotal,view,2024-05-01,5\n"
        ),
    );
    let options = InputOptions { max_bad: 0.1, ..options(&[&path]) };
    let (rows, summary) = read(Frame::Events, &options, &["customer_id", "value"]).unwrap();
    assert_eq!(summary.account.rows_read, 409);
    assert_eq!(
        summary.account.dropped,
        [
            ("more fields than the header", 1),
            ("total row", 1),
            ("missing customer_id", 1),
            ("missing event", 1),
            ("missing at", 2),
            ("invalid at", 1),
        ]
        .map(|(reason, rows)| (reason.to_owned(), rows))
    );
    // The row with an unreadable value that nobody requires stays, without it; a customer may be called Total.
    assert_eq!(rows.len() as u64, summary.account.rows_used);
    assert_eq!(texts(&rows)[400..], [(406, "u3|~"), (410, "Total|5")]);
    let kinds: Vec<(&str, u64, u64)> =
        summary.bad.iter().map(|kind| (kind.reason, kind.rows, kind.places[0].row)).collect();
    assert_eq!(
        kinds,
        [("more fields than the header", 1, 407), ("invalid at", 1, 405), ("invalid value", 1, 406)]
    );
    assert_eq!(summary.bad[2].places[0].value, "much");
    let notes: Vec<&str> = summary.notes.iter().map(|note| note.key).collect();
    assert_eq!(notes, ["values_unreadable", "rows_short"]);
    // The rules of orders: a share of bad rows, and none under --strict.
    let few = InputOptions { max_bad: 0.005, ..options.clone() };
    let said = complaint(read(Frame::Events, &few, &["value"]).unwrap_err());
    assert!(said.contains("in 3 of 409 rows (--max-bad 0.5%)"), "{said}");
    let strict = InputOptions { strict: true, ..options };
    assert_eq!(read(Frame::Events, &strict, &[]).unwrap_err().code(), "bad_values");
}

#[test]
fn totals_of_reports_are_left_out() {
    let folder = Folder::new();
    // 千川 begins with 日期 = 全部, 拼多多 ends with 总计, Google with `Total: Account`.
    let path = folder.put(
        "ads.csv",
        "日期,计划名称,花费\n全部,,30\n2024-05-01,a,10\n2024-05-02,b,20\n合计：,,30\nTotal: Account, --,30\n2024-05-02,总计,20\n",
    );
    let (rows, summary) = read(Frame::Spend, &options(&[&path]), &["amount"]).unwrap();
    assert_eq!(texts(&rows), [(3, "10"), (4, "20")]);
    assert_eq!(summary.account.dropped, [("total row".to_owned(), 4)]);
    let keep = InputOptions { keep: vec![DropReason::Total], ..options(&[&path]) };
    let (_, summary) = read(Frame::Spend, &keep, &["amount"]).unwrap();
    assert_eq!(summary.account.rows_used, 3);
    assert_eq!(summary.account.dropped, [("missing campaign".to_owned(), 3)]);
}

#[test]
fn the_presets_drop_rules_are_followed() {
    let folder = Folder::new();
    let path = folder.put(
        "meta.csv",
        "Campaign name,Day,Amount spent (USD),Mode\n,2024-05-01,30,\nspring,2024-05-01,10,\nsummer,2024-05-01,20,test\n",
    );
    let (rows, summary) = read_as(PRESET, Frame::Spend, &options(&[&path]), &["campaign"]).unwrap();
    assert_eq!(texts(&rows), [(3, "spring")]);
    assert_eq!(summary.account.dropped, [("test".to_owned(), 1), ("total row".to_owned(), 1)]);
    assert_eq!(summary.account.preset, "test_ads");
    let keep = InputOptions { keep: vec![DropReason::Test], ..options(&[&path]) };
    let (rows, _) = read_as(PRESET, Frame::Spend, &keep, &["campaign"]).unwrap();
    assert_eq!(texts(&rows), [(3, "spring"), (4, "summer")]);
    let said = complaint(read_as(PRESET, Frame::Events, &options(&[&path]), &[]).unwrap_err());
    assert!(said.contains("recognised as Test ads (test_ads), which holds spend"), "{said}");
}

#[test]
fn times_of_the_presets_zone_are_converted_and_days_are_not() {
    let folder = Folder::new();
    let path =
        folder.put("e.csv", "customer_id,event,at\nu,a,2024-05-01 20:00:00\nu,b,2024-05-01T20:00:00+08:00\n");
    let preset = PRESET.replace("kind = \"spend\"", "kind = \"events\"\ntime_zone = \"UTC\"");
    let preset = preset
        .replace("campaign = \"Campaign name\"", "customer_id = \"customer_id\"")
        .replace("amount = \"Amount spent\"", "event = \"event\"")
        .replace("date = \"Day\"", "at = \"at\"");
    let shanghai = InputOptions { tz: Some(chrono_tz::Asia::Shanghai), ..options(&[&path]) };
    let at = |options: &InputOptions| {
        let (rows, _) = read_as(&preset, Frame::Events, options, &["at"]).unwrap();
        rows.into_iter().map(|(_, _, at)| at).collect::<Vec<_>>()
    };
    assert_eq!(at(&shanghai), ["2024-05-02 04:00:00", "2024-05-01 20:00:00"]);
    assert_eq!(at(&options(&[&path])), ["2024-05-01 20:00:00", "2024-05-01 20:00:00"]);
    let spend = folder.put("s.csv", "Campaign name,Day,Amount spent\na,2024-05-01,1\n");
    let preset = PRESET.replace("kind = \"spend\"", "kind = \"spend\"\ntime_zone = \"Asia/Shanghai\"");
    let utc = InputOptions { tz: Some(chrono_tz::UTC), ..options(&[&spend]) };
    let (rows, _) = read_as(&preset, Frame::Spend, &utc, &["date"]).unwrap();
    assert_eq!(rows[0].2, "2024-05-01 00:00:00");
}

#[test]
fn the_time_in_use() {
    let folder = Folder::new();
    let day = |day: i64| 1_714_521_600_000_000 + (day - 1) * 86_400_000_000; // 2024-05-01
    let path = folder.put(
        "spend.csv",
        "campaign,amount,date\na,1,2024-05-01\nb,2,2024-05-02\nc,4,2024-05-03\nd,8,2024-05-04\ne,16,\n",
    );
    let cut = InputOptions {
        since_us: Some(day(2)),
        until_us: Some(day(4)),
        as_of_us: Some(day(4) - 1),
        ..options(&[&path])
    };
    let (rows, summary) = read(Frame::Spend, &cut, &["amount"]).unwrap();
    assert_eq!(texts(&rows), [(3, "2"), (4, "4")]);
    let dropped = [("missing date", 1), ("after as_of", 1), ("before since", 1)];
    assert_eq!(summary.account.dropped, dropped.map(|(reason, rows)| (reason.to_owned(), rows)));
    assert_eq!((summary.first_at_us, summary.last_at_us), (Some(day(1)), Some(day(3))));
    // Undated rows are in use where nobody asks.
    assert_eq!(read(Frame::Spend, &options(&[&path]), &["amount"]).unwrap().0.len(), 5);
    let undated = folder.put("u.csv", "campaign,amount\na,1\n");
    let cut = InputOptions { since_us: Some(day(2)), ..options(&[&undated]) };
    let said = complaint(read(Frame::Spend, &cut, &[]).unwrap_err());
    assert!(said.contains("no column for date, which --since and --until ask about"), "{said}");
    let as_of = InputOptions { as_of_us: Some(day(2)), ..options(&[&undated]) };
    let (_, summary) = read(Frame::Spend, &as_of, &[]).unwrap();
    assert_eq!(summary.notes[0].key, "spend_without_date");
    // Members have no time in use.
    let members = folder.put("m.csv", "customer_id,joined_at\na,2023-01-01\nb,2025-01-01\n");
    let cut = InputOptions { since_us: Some(day(1)), until_us: Some(day(2)), ..options(&[&members]) };
    assert_eq!(read(Frame::Members, &cut, &[]).unwrap().0.len(), 2);
}

#[test]
fn rows_are_kept_by_where() {
    let folder = Folder::new();
    let path = folder.put(
        "e.csv",
        "user_id,event,time,value,city\na,buy,2024-05-01,5,X\nb,buy,2024-05-02,50,Y\nc,view,2024-05-03,,X\n",
    );
    for (expression, expected) in [
        ("value > 10", "b"),
        ("event = 'buy' AND city = 'X'", "a"),
        ("at >= '2024-05-02'", "b c"),
        ("time >= '2024-05-03'", "c"),
    ] {
        let options = InputOptions { filter: Some(expression.into()), ..options(&[&path]) };
        let (rows, _) = read(Frame::Events, &options, &["customer_id"]).unwrap();
        let ids: Vec<&str> = rows.iter().map(|(_, _, id)| id.as_str()).collect();
        assert_eq!(ids.join(" "), expected, "{expression}");
    }
    let wrong = InputOptions { filter: Some("town = 'X'".into()), ..options(&[&path]) };
    assert_eq!(read(Frame::Events, &wrong, &[]).unwrap_err().code(), "bad_where");
}

#[test]
fn destroyed_ids_and_open_dates_end_the_run() {
    let folder = Folder::new();
    let path = folder.put("e.csv", "user_id,event,time\n1.23457E+18,buy,2024-05-01\n");
    let said = complaint(read(Frame::Events, &options(&[&path]), &[]).unwrap_err());
    assert!(said.contains("customer_id is destroyed"), "{said}");
    let open = folder.put("a.csv", "user_id,event,time\nu,buy,05/06/2024\n");
    assert_eq!(read(Frame::Events, &options(&[&open]), &[]).unwrap_err().code(), "ambiguous_dates");
    // Another file decides; and of members only those who ask for the column hear of it.
    let other = folder.put("b.csv", "user_id,event,time\nu,buy,25/06/2024\n");
    let (rows, _) = read(Frame::Events, &options(&[&open, &other]), &["at"]).unwrap();
    assert_eq!(rows[0].2, "2024-06-05 00:00:00");
    let members = folder.put("m.csv", "customer_id,joined_at\nu,05/06/2024\n");
    assert!(read(Frame::Members, &options(&[&members]), &["customer_id"]).is_ok());
    let all = read(Frame::Members, &options(&[&members]), &["joined_at"]);
    assert_eq!(all.unwrap_err().code(), "ambiguous_dates");
}

#[test]
fn nothing_left_is_an_error_with_a_way_out() {
    let folder = Folder::new();
    let path = folder.put("m.csv", "customer_id,tier\n,gold\n-,silver\n");
    let said = complaint(read(Frame::Members, &options(&[&path]), &[]).unwrap_err());
    assert_eq!(
        said,
        "no rows are left of 2 read\n  2 missing customer_id | column customer_id is empty: \
         --col customer_id=COLUMN names another"
    );
    assert!(read_table(Frame::Orders, options(&[&path]), &[], Kept::default).is_err());
}

#[test]
fn threads_order_and_format_change_nothing() {
    let folder = Folder::new();
    let mut lines: Vec<String> = (0..5000)
        .map(|n| match n % 97 {
            0 => format!("u{n},,2024-05-01,1"),
            1 => format!("u{n},buy,never,1"),
            2 => format!("u{n},buy,2024-05-01,x"),
            _ => format!("u{},buy,2024-05-{:02},{}.5", n % 31, n % 28 + 1, n),
        })
        .collect();
    let write = |name: &str, lines: &[String]| {
        folder.put(name, format!("customer_id,event,at,value\n{}\n", lines.join("\n")))
    };
    let forward = write("a.csv", &lines);
    let json = folder.put(
        "a.ndjson",
        lines
            .iter()
            .map(|line| {
                let cells: Vec<&str> = line.split(',').collect();
                let record = serde_json::json!(
                    {"customer_id": cells[0], "event": cells[1], "at": cells[2], "value": cells[3]}
                );
                format!("{record}\n")
            })
            .collect::<String>(),
    );
    lines.reverse();
    let backward = write("b.csv", &lines);
    let read = |path: &str, threads: usize| {
        let options = InputOptions { threads, max_bad: 0.2, ..options(&[path]) };
        let (rows, summary) = read(Frame::Events, &options, &[]).unwrap();
        let mut texts: Vec<String> = rows.iter().map(|(_, _, text)| text.clone()).collect();
        texts.sort();
        let places: Vec<u64> = summary.bad.iter().flat_map(|kind| &kind.places).map(|p| p.row).collect();
        (texts, summary.account.dropped, summary.last_at_us, places)
    };
    let first = read(&forward, 1);
    assert_eq!(read(&forward, 4), first);
    let (texts, dropped, last, _) = read(&backward, 3);
    assert_eq!((&texts, &dropped, last), (&first.0, &first.1, first.2));
    // A row of ndjson stands one line higher than in the csv, whose header is a line.
    let (texts, dropped, last, places) = read(&json, 2);
    assert_eq!((&texts, &dropped, last), (&first.0, &first.1, first.2));
    assert_eq!(places.iter().map(|row| row + 1).collect::<Vec<_>>(), first.3);
}
