//! `siyu engagement` by the command: the sample data against counts by hand, roles of events, members and orders, refusals.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::support::{folder, root, siyu_in, write};

const EVENTS: &str = "customer_id,event,at,channel,value\n\
    a,签到,2025-05-30 08:00,app,\n\
    a,签到,2025-05-31 08:00,web,\n\
    a,赞,2025-05-31 23:59:59,app,\n\
    a,pay,2025-05-31 12:00,web,10.5\n\
    b,view,2025-05-01 10:00,web,\n\
    b,push_sent,2025-05-31 10:00,,\n\
    v,Like,2025-05-31 09:00,app,\n\
    ,view,2025-05-31 09:00,app,\n";

const MEMBERS: &str =
    "customer_id,joined_at,tier\na,2025-05-20,gold\nb,2024-01-01,silver\nc,2024-02-01,gold\n";

fn answer(folder: &Path, more: &[&str]) -> Value {
    let mut arguments = vec!["engagement", "events.csv", "-f", "json"];
    arguments.extend(more);
    siyu_in(folder, &arguments).ok().json()
}

fn rows<'a>(json: &'a Value, table: &str) -> &'a [Value] {
    json["tables"][table].as_array().unwrap_or_else(|| panic!("{table}"))
}

fn row<'a>(json: &'a Value, table: &str, column: &str, value: &str) -> &'a Value {
    let found = rows(json, table).iter().find(|row| row[column] == value);
    found.unwrap_or_else(|| panic!("{table} {value}"))
}

fn events_and_members() -> tempfile::TempDir {
    let folder = folder();
    write(folder.path(), "events.csv", EVENTS);
    write(folder.path(), "members.csv", MEMBERS);
    folder
}

#[test]
fn members_visitors_and_those_who_never_came() {
    let folder = events_and_members();
    let json = answer(folder.path(), &["--members", "members.csv", "--table", "all"]);
    let layer = |name| row(&json, "layers", "layer", name)["members"].as_i64().unwrap();
    assert_eq!(["high_frequency", "regular", "silent", "never"].map(layer), [0, 1, 1, 1]);
    assert_eq!(["new", "old", "all"].map(layer), [1, 2, 3]);
    let last = rows(&json, "activity").last().unwrap();
    assert_eq!(
        (&last["period"], &last["active"], &last["visitors"]),
        (&"2025-05-31".into(), &2.into(), &1.into())
    );
    assert_eq!((&last["new"], &last["returning"], &last["active_30d"]), (&1.into(), &1.into(), &2.into()));
    let like = row(&json, "interactions", "role", "like");
    assert_eq!(
        (&like["kinds"], &like["events"], &like["visitor_events"]),
        (&"Like, 赞".into(), &1.into(), &1.into())
    );
    let a = row(&json, "members", "customer_id", "a");
    assert_eq!(
        (&a["current_streak"], &a["longest_streak"], &a["interactions"]),
        (&2.into(), &2.into(), &3.into())
    );
    assert_eq!(
        (&a["value"], &a["conversions"], &a["joined_at"]),
        (&10.5.into(), &1.into(), &"2025-05-20".into())
    );
    let c = row(&json, "members", "customer_id", "c");
    assert_eq!(
        (&c["layer"], &c["active_days"], &c["last_active_at"]),
        (&"never".into(), &0.into(), &Value::Null)
    );
    let notes = json["notes"].to_string();
    for said in ["sign_in=签到", "1 customers in the events are no members", "2025-05-01"] {
        assert!(notes.contains(said), "{said}: {notes}");
    }
    assert!(json["input"].to_string().contains("missing customer_id"), "{}", json["input"]);
}

#[test]
fn orders_beside_the_events_are_conversions() {
    let folder = events_and_members();
    let orders = "customer_id,ordered_at,amount,order_id,refund_amount\n\
        c,2025-05-30,7,1,2\nc,2024-05-30,9,2,0\nb,2025-06-01,5,3,0\n";
    write(folder.path(), "orders.csv", orders);
    let more = ["--members", "members.csv", "--orders", "orders.csv", "--table", "members,layers"];
    let json = answer(folder.path(), &more);
    let value = |id| row(&json, "members", "customer_id", id)["value"].as_f64().unwrap();
    assert_eq!(["a", "b", "c"].map(value), [0.0, 0.0, 14.0]);
    let never = row(&json, "layers", "layer", "never");
    assert_eq!((&never["value_per_member"], &never["value_to_date_per_member"]), (&5.0.into(), &14.0.into()));
    let frames: Vec<&str> =
        json["input"].as_array().unwrap().iter().map(|input| input["frame"].as_str().unwrap()).collect();
    assert_eq!(frames, ["events", "members", "orders"]);
    assert!(json["input"][2]["dropped"].to_string().contains("after as_of"), "{}", json["input"]);
}

#[test]
fn by_is_of_members_or_of_the_first_event() {
    let folder = events_and_members();
    let json =
        answer(folder.path(), &["--members", "members.csv", "--by", "tier", "--table", "layers,activity"]);
    let gold: Vec<&Value> = rows(&json, "layers").iter().filter(|row| row["tier"] == "gold").collect();
    assert_eq!(gold.last().unwrap()["members"], 2);
    let json = answer(folder.path(), &["--members", "members.csv", "--by", "channel", "--table", "members"]);
    let channels: Vec<&Value> = rows(&json, "members").iter().map(|row| &row["first_channel"]).collect();
    assert_eq!(channels, [&Value::from("app"), &"web".into(), &Value::Null]);
}

#[test]
fn roles_are_said_by_flag_or_file() {
    let folder = events_and_members();
    write(folder.path(), "siyu.toml", "[engagement.kinds]\nlike = [\"view\"]\nshare = [\"赞\"]\n");
    let events = |json: &Value, role| row(json, "interactions", "role", role)["events"].as_i64().unwrap();
    let json = answer(folder.path(), &["--table", "interactions"]);
    assert_eq!((events(&json, "like"), events(&json, "share")), (1, 1));
    let json = answer(folder.path(), &["--table", "interactions", "--kind", "like=like|pay"]);
    assert_eq!((events(&json, "like"), events(&json, "share")), (2, 1));
    let run = siyu_in(folder.path(), &["engagement", "events.csv", "--kind", "like=lik"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("Like"), "{}", run.stderr);
    let run = siyu_in(folder.path(), &["engagement", "events.csv", "--kind", "lke=Like"]);
    assert!(run.status == 2 && run.stderr.contains("like"), "{}", run.stderr);
}

#[test]
fn what_does_not_apply_is_refused() {
    let folder = events_and_members();
    write(folder.path(), "key", "0123456789abcdef0123456789abcdef0123456789ab");
    for (more, said) in [
        (&["--new-within", "30d"][..], "--new-within"),
        (&["--week-start", "sunday"], "--week-start"),
        (&["--table", "depth", "--period", "week"], "--period"),
        (&["--by", "tyer", "--members", "members.csv"], "tier"),
        (&["--by", "value"], "--by"),
        (&["--by", "customer_id", "--mask", "--mask-key-file", "key", "--table", "layers"], "--by"),
        (&["--layer-window", "30"], "has no unit"),
        (&["--col", "orders.amount=x"], "--col orders.amount"),
    ] {
        let arguments = [&["engagement", "events.csv"], more].concat();
        let run = siyu_in(folder.path(), &arguments);
        assert!(run.status == 2 && run.stderr.contains(said), "{more:?}: {} {}", run.status, run.stderr);
    }
    let run = siyu_in(
        folder.path(),
        &["engagement", "events.csv", "--table", "members", "--mask", "--mask-key-file", "key", "-f", "csv"],
    )
    .ok();
    assert!(!run.stdout.contains("\na,"), "{}", run.stdout);
}

/// Neither the order of rows, nor the cut into files, nor threads.
#[test]
fn the_same_events_give_the_same_bytes() {
    let text = std::fs::read_to_string(root().join("sample-data/events.csv")).unwrap();
    let (header, body) = text.split_once('\n').unwrap();
    let lines: Vec<&str> = body.lines().collect();
    let folder = folder();
    let of = |lines: &[&str]| format!("{header}\n{}\n", lines.join("\n"));
    write(folder.path(), "one/e.csv", of(&lines));
    let turned: Vec<&str> = lines.iter().rev().copied().collect();
    let (first, second) = turned.split_at(turned.len() / 3);
    write(folder.path(), "two/a.csv", of(first));
    write(folder.path(), "two/b.csv", of(second));
    let members = root().join("sample-data/members.csv").display().to_string();
    let tables = |input: &str, threads: &str| {
        let arguments = [
            "engagement",
            input,
            "--members",
            &members,
            "--by",
            "channel",
            "--threads",
            threads,
            "-f",
            "json",
        ];
        let json = siyu_in(folder.path(), &[&arguments[..], &["--table", "all"]].concat()).ok().json();
        serde_json::to_string(&json["tables"]).unwrap()
    };
    let one = tables("one", "1");
    assert_eq!(one, tables("two", "2"));
    assert_eq!(one, tables("one", "3"));
}

/// By hand, from the text: people per day and month, kinds per member.
#[test]
fn the_sample_data_is_counted_as_by_hand() {
    let text = std::fs::read_to_string(root().join("sample-data/events.csv")).unwrap();
    let events: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let is_active = |event: &&Vec<&str>| event[1] != "assigned";
    let folder = folder();
    let input = root().join("sample-data/events.csv").display().to_string();
    let members = root().join("sample-data/members.csv").display().to_string();
    let run = |more: &[&str]| {
        let arguments = ["engagement", &input, "--members", &members, "-f", "json"];
        siyu_in(folder.path(), &[&arguments[..], more].concat()).ok().json()
    };
    let json = run(&["--table", "activity,summary,interactions,layers"]);
    let people = |from: &str, to: &str| {
        let within = events.iter().filter(is_active).filter(|e| (from..=to).contains(&&e[2][..10]));
        within.map(|event| event[0]).collect::<BTreeSet<_>>().len()
    };
    let day = row(&json, "activity", "period", "2025-06-30");
    assert_eq!(day["active"], people("2025-06-30", "2025-06-30"));
    assert_eq!(day["active_7d"], people("2025-06-24", "2025-06-30"));
    assert_eq!(day["active_30d"], people("2025-06-01", "2025-06-30"));
    assert_eq!(row(&json, "interactions", "role", "conversion")["events"], 2_812);
    assert_eq!(row(&json, "interactions", "role", "invite")["events"], 200);
    assert_eq!(row(&json, "layers", "layer", "all")["members"], 300);
    assert_eq!(row(&json, "summary", "measure", "visitors")["value"], 770.0);

    let json = run(&["--table", "activity", "--period", "month"]);
    let sum =
        |column: &str| rows(&json, "activity").iter().map(|row| row[column].as_i64().unwrap()).sum::<i64>();
    assert_eq!(row(&json, "activity", "period", "2025-06")["active"], people("2025-06-01", "2025-06-30"));
    assert_eq!((sum("new"), sum("events")), (1_070, 6_967 - 223 + 1));
}

/// Every column is named on the page, and both languages have a label for it.
#[test]
fn every_column_is_explained() {
    let folder = events_and_members();
    let more = "a,comment,2025-05-31,,\na,share,2025-05-31,,\na,favourite,2025-05-31,,\n\
        a,post,2025-05-31,,\na,invite,2025-05-31,,\n";
    write(folder.path(), "events.csv", format!("{EVENTS}{more}"));
    let page = std::fs::read_to_string(root().join("src/reports/engagement.md")).unwrap();
    let words: BTreeSet<&str> = page.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let label = |lang: &str| {
        let text = std::fs::read_to_string(root().join(format!("src/text/engagement.{lang}.toml"))).unwrap();
        let own = std::fs::read_to_string(root().join(format!("src/text/{lang}.toml"))).unwrap();
        move |key: &str| text.contains(&format!("\n{key} = ")) || own.contains(&format!("\n{key} = "))
    };
    let (en, zh) = (label("en"), label("zh"));
    for period in ["day", "week"] {
        let json = answer(folder.path(), &["--members", "members.csv", "--table", "all", "--period", period]);
        for (table, rows) in json["tables"].as_object().unwrap() {
            let Some(row) = rows.as_array().unwrap().first() else { continue };
            for column in row.as_object().unwrap().keys() {
                assert!(words.contains(column.as_str()), "engagement.md does not name {column} of {table}");
                // Labels of other reports.
                let shared = ["period", "complete", "lapsed", "p"];
                assert!(shared.contains(&column.as_str()) || (en(column) && zh(column)), "{table} {column}");
            }
        }
    }
}
