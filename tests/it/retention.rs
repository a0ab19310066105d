//! `siyu retention` by the command: PostHog's cases, `cohort` on the same data, options refused.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use crate::support::{folder, root, shared, siyu_in, write};

fn rows<'a>(json: &'a Value, table: &str) -> &'a [Value] {
    json["tables"][table].as_array().unwrap()
}

fn int(row: &Value, name: &str) -> i64 {
    row[name].as_i64().unwrap_or_else(|| panic!("{name} of {row}"))
}

/// ../shared/truth/retention_cases.json: cases of PostHog's tests of its retention query runner; exact. A case's triangle
/// has a row for every period, ours for every cohort with somebody in it: the others are zeros.
#[test]
fn posthogs_cases_are_exact() {
    let Some(path) = shared("truth/retention_cases.json") else { return };
    let cases: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let cases = cases.as_array().unwrap();
    assert_eq!(cases.len(), 4);
    for case in cases {
        assert_eq!(case["type"], "recurring_n_period");
        let mut csv = String::from("customer_id,event,at\n");
        for event in case["events"].as_array().unwrap() {
            writeln!(csv, "{},pageview,{}", event[0].as_str().unwrap(), event[1].as_str().unwrap()).unwrap();
        }
        let folder = folder();
        write(folder.path(), "events.csv", csv);
        let mut arguments = vec!["retention", "events.csv", "-f", "json", "--table", "cells"];
        arguments.extend(["--max-periods", "1000", "--start", "pageview", "--return", "pageview"]);
        arguments.extend(match case["period"].as_str().unwrap() {
            "week_sunday" => vec!["--period", "week", "--week-start", "sunday"],
            period => vec!["--period", period],
        });
        let json = siyu_in(folder.path(), &arguments).ok().json();
        let mut found: BTreeMap<String, BTreeMap<i64, i64>> = BTreeMap::new();
        for row in rows(&json, "cells") {
            let cohort = row["cohort_start"].as_str().unwrap().to_owned();
            found.entry(cohort).or_default().insert(int(row, "period_index"), int(row, "users"));
        }
        let first = case["first_period"].as_str().unwrap();
        let mut left = found.clone();
        for (at, expected) in case["expected_counts"].as_array().unwrap().iter().enumerate() {
            let cohort = nth_period(first, case["period"].as_str().unwrap(), at);
            let cells = left.remove(&cohort).unwrap_or_default();
            for (index, expected) in expected.as_array().unwrap().iter().enumerate() {
                let users = cells.get(&(index as i64)).copied().unwrap_or(0);
                assert_eq!(users, expected.as_i64().unwrap(), "{} {cohort} {index}", case["name"]);
            }
        }
        // The case of weeks ends on 2020-07-24, and one event is of the 25th, in the last week.
        assert!(left.is_empty(), "{}: {left:?}", case["name"]);
    }
}

/// The first moment of the period `at` periods after `first`, as the column cohort_start has it.
fn nth_period(first: &str, period: &str, at: usize) -> String {
    let day = |text: &str| text[..10].parse::<chrono::NaiveDate>().unwrap();
    match period {
        "hour" => {
            let first: chrono::NaiveDateTime = first.parse().unwrap();
            (first + chrono::TimeDelta::hours(at as i64)).format("%Y-%m-%dT%H:%M:%S").to_string()
        }
        "month" => (day(first) + chrono::Months::new(at as u32)).to_string(),
        "day" => (day(first) + chrono::Days::new(at as u64)).to_string(),
        _ => (day(first) + chrono::Days::new(7 * at as u64)).to_string(),
    }
}

/// Purchases as orders and as events: the same customers in the same cells, the same pooled rates and bounds.
#[test]
fn first_payments_are_the_cohorts_of_purchases() {
    let folder = folder();
    let (mut orders, mut events) =
        (String::from("customer_id,ordered_at,amount\n"), String::from("customer_id,event,at\n"));
    for i in 0..3_000_u32 {
        let day = i.wrapping_mul(2_654_435_761) % 400;
        let date = chrono::NaiveDate::from_ymd_opt(2023, 1, 1).unwrap() + chrono::Days::new(day.into());
        let customer = i.wrapping_mul(40_503) % 500;
        writeln!(orders, "c{customer},{date}T10:{:02}:00,{}.5", i % 60, i % 90 + 1).unwrap();
        writeln!(events, "c{customer},pay,{date}T10:{:02}:00", i % 60).unwrap();
        writeln!(events, "c{customer},view,{date}T09:{:02}:00", i % 60).unwrap();
    }
    write(folder.path(), "orders.csv", orders);
    write(folder.path(), "events.csv", events);
    for period in ["month", "week"] {
        let common = ["--period", period, "--as-of", "2024-01-31", "-f", "json", "--table", "all"];
        let json = |arguments: &[&str]| {
            siyu_in(folder.path(), &[arguments, &common, &["--max-periods", "20"]].concat()).ok().json()
        };
        let cohort = json(&["cohort", "orders.csv"]);
        let retention = json(&[
            "retention",
            "events.csv",
            "--start",
            "pay",
            "--return",
            "pay",
            "--start-mode",
            "first-time",
        ]);
        let (ours, theirs) = (rows(&retention, "cells"), rows(&cohort, "cells"));
        assert_eq!(ours.len(), theirs.len());
        assert!(ours.len() > 40, "{}", ours.len());
        for (ours, theirs) in ours.iter().zip(theirs) {
            for (here, there) in [
                ("cohort", "cohort"),
                ("cohort_start", "cohort_start"),
                ("cohort_size", "cohort_size"),
                ("period_index", "period_index"),
                ("period_start", "period_start"),
                ("users", "numerator"),
                ("retention", "value"),
                ("lower", "lower"),
                ("upper", "upper"),
                ("complete", "complete"),
            ] {
                assert_eq!(ours[here], theirs[there], "{ours} {theirs}");
            }
        }
        assert_eq!(rows(&retention, "matrix"), rows(&cohort, "matrix"));
        for (ours, theirs) in rows(&retention, "pooled").iter().zip(rows(&cohort, "pooled")) {
            let pairs = [("eligible", "customers"), ("users", "numerator"), ("retention", "value")];
            assert!(pairs.iter().all(|(here, there)| ours[here] == theirs[there]), "{ours} {theirs}");
        }
    }
}

/// A register at noon of Monday, 2024-01-01, and what comes after it.
const EVENTS: &str = "customer_id,event,at,session_id,channel,value
a,register,2024-01-01T12:00:00,s1,app,
a,browse,2024-01-01T13:00:00,s1,app,5
a,browse,2024-01-02T12:00:00,s2,web,50
a,pay,2024-01-09T11:59:59,s3,web,120
b,browse,2024-01-01T11:00:00,s4,web,7
b,register,2024-01-01T12:00:00,s4,web,
b,pay,2024-01-02T11:59:59,s5,web,80
c,register,2024-01-03T00:00:00,,web,
c,browse,2024-01-09T00:00:00,,app,
";

fn users(more: &[&str]) -> Vec<(String, i64, i64)> {
    let folder = folder();
    write(folder.path(), "events.csv", EVENTS);
    let base = ["retention", "events.csv", "-f", "json", "--table", "cells", "--as-of", "2024-01-09"];
    let json = siyu_in(folder.path(), &[&base, more].concat()).ok().json();
    let row = |row: &Value| {
        let by = row["channel"].as_str().map_or_else(String::new, |by| format!("{by} "));
        (by + row["cohort"].as_str().unwrap(), int(row, "period_index"), int(row, "users"))
    };
    rows(&json, "cells").iter().map(row).collect()
}

fn cell(cohort: &str, index: i64, users: i64) -> (String, i64, i64) {
    (cohort.to_owned(), index, users)
}

#[test]
fn options_do_what_they_say() {
    let start = ["--start", "register", "--period", "day", "--max-periods", "2"];
    let found = |more: &[&str]| users(&[&start, more].concat());
    let first =
        |cells: Vec<(String, i64, i64)>| cells.into_iter().take(3).map(|cell| cell.2).collect::<Vec<_>>();
    // b browsed before registering, which is no return.
    assert_eq!(first(found(&["--return", "browse|pay"])), [1, 2, 0]);
    assert_eq!(first(found(&["--return", "*"])), [2, 2, 0]);
    assert_eq!(first(found(&["--return", "browse|pay", "--period-zero", "cohort"])), [2, 2, 0]);
    assert_eq!(first(found(&["--return", "browse|pay", "--unbounded"])), [2, 2, 1]);
    // 24 hours from noon: a's browse at noon is of D1, b's payment a second before of D0.
    assert_eq!(first(found(&["--return", "browse|pay", "--rolling"])), [2, 1, 0]);
    assert_eq!(first(found(&["--return", "*", "--min-events", "2"])), [1, 0, 0]);
    assert_eq!(first(found(&["--return", "browse[value>=50]|pay[value<100]"])), [0, 2, 0]);
    let by = users(&["--start", "register", "--return", "browse", "--by", "channel"]);
    let expected =
        [("app 2024-W01", 0, 1), ("app 2024-W01", 1, 0), ("web 2024-W01", 0, 0), ("web 2024-W01", 1, 1)];
    assert_eq!(by, expected.map(|(cohort, index, users)| cell(cohort, index, users)));
    let sessions = users(&["--unit", "session", "--start", "browse", "--return", "*", "--period", "hour"]);
    assert!(
        sessions.contains(&cell("2024-01-01T11:00", 0, 1))
            && sessions.contains(&cell("2024-01-01T11:00", 1, 1))
    );
    // c has no session: its browse on the 9th is in no cohort.
    assert!(sessions.iter().all(|cell| !cell.0.starts_with("2024-01-09")));
}

#[test]
fn nonsense_is_refused_with_the_way_out() {
    let folder = folder();
    write(folder.path(), "events.csv", EVENTS);
    for (more, words) in [
        (&["--start", "registr"][..], &["registr", "did you mean register?"][..]),
        (&["--return", "pay[vlaue>1]"], &["vlaue"]),
        (&["--start", "register,pay"], &["--start", "one is needed"]),
        (&["--start", "register?"], &["--start"]),
        (&["--rolling", "--calendar"], &["one or the other"]),
        (&["--week-start", "sunday", "--period", "day"], &["--period week"]),
        (&["--min-events", "0"], &["--min-events"]),
        (&["--by", "chanel"], &["did you mean channel?"]),
        (&["--unit", "sesion_id"], &["session_id"]),
        (&["--period", "quarter"], &["quarter"]),
    ] {
        let run = siyu_in(folder.path(), &[&["retention", "events.csv"], more].concat());
        assert_eq!(run.status, 2, "{more:?}\n{}", run.stdout);
        for word in words {
            assert!(run.stderr.contains(word), "{more:?}\n{}", run.stderr);
        }
    }
}

#[test]
fn flags_go_before_the_file() {
    let folder = folder();
    write(folder.path(), "events.csv", EVENTS);
    let file =
        "[retention]\nstart = \"register\"\nreturn = \"pay\"\nrolling = true\nweek_start = \"sunday\"\n";
    write(folder.path(), "siyu.toml", file);
    let params = |more: &[&str]| {
        let arguments = [&["retention", "events.csv", "-f", "json"], more].concat();
        siyu_in(folder.path(), &arguments).ok().json()["params"].clone()
    };
    let from_file = params(&[]);
    assert_eq!((&from_file["start"], &from_file["return"]), (&"register".into(), &"pay".into()));
    assert_eq!((&from_file["rolling"], &from_file["week_start"]), (&true.into(), &"sunday".into()));
    let flags = params(&["--calendar", "--period", "day"]);
    assert_eq!(flags["calendar"], true);
    assert!(flags.get("rolling").is_none() && flags.get("week_start").is_none());
}

#[test]
fn threads_files_and_the_order_of_rows_do_not_show() {
    let folder = folder();
    let text = std::fs::read_to_string(root().join("sample-data/events.csv")).unwrap();
    let (header, rest) = text.split_once('\n').unwrap();
    let mut lines: Vec<&str> = rest.lines().collect();
    write(folder.path(), "a.csv", &text);
    lines.sort_by_key(|line| line.bytes().rev().collect::<Vec<_>>());
    let (one, two) = lines.split_at(lines.len() / 3);
    for (name, part) in [("b/1.csv", one), ("b/2.csv", two)] {
        write(folder.path(), name, format!("{header}\n{}\n", part.join("\n")));
    }
    for more in [&["--unbounded", "--period", "month"][..], &["--rolling", "--min-events", "2"]] {
        let answer = |input: &str, threads: &str| {
            let base = ["retention", input, "--by", "channel", "--table", "all", "-f", "json"];
            let json = siyu_in(folder.path(), &[&base, more, &["--threads", threads]].concat()).ok().json();
            (json["tables"].to_string(), json["notes"].to_string())
        };
        let first = answer("a.csv", "1");
        assert!(first.0.len() > 10_000);
        assert_eq!(first, answer("b", "3"));
    }
}
