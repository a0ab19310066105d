//! Events on which programs of this kind fail: `funnel`, `retention` and `engagement` give a diagnosis or a right answer,
//! never a panic, never a number that is none.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::personal_data::readable;
use crate::support::{Run, folder, siyu_in, write};

/// A row: customer, event, at, channel, value; a customer's session and content follow from the row's number.
type Row = (String, String, String, &'static str, String);

struct Set {
    name: &'static str,
    rows: Vec<Row>,
    steps: String,
    /// Events of the first step; empty: any.
    first: Vec<String>,
    /// What is said on status 2, where there is no answer.
    refused: Option<&'static str>,
}

const WAYS: [&str; 3] = ["x", "y", ""];
const ODD: [&str; 7] = ["🛒加购👨‍👩‍👧", "שלום", "say \"hi\", twice", "=1+1", "@SUM(A1)", "-2+3", "a|b?[c]"];

fn row(customer: impl ToString, event: &str, at: impl ToString, n: usize, value: &str) -> Row {
    (customer.to_string(), event.to_owned(), at.to_string(), WAYS[n % 3], value.to_owned())
}

/// `count` events, the n-th an hour after the one before, of customers and kinds that take turns.
fn plain(count: usize, customers: usize, kinds: &[&str]) -> Vec<Row> {
    let one =
        |n: usize| row(n % customers, kinds[n / customers % kinds.len()], hour(n), n % customers, "1.5");
    (0..count).map(one).collect()
}

fn hour(n: usize) -> String {
    let start = chrono::NaiveDate::from_ymd_opt(2026, 1, 1).unwrap().and_hms_opt(0, 0, 0).unwrap();
    (start + chrono::Duration::hours(n as i64)).to_string()
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn sets() -> Vec<Set> {
    let set = |name, rows, steps: &str, first: &[&str]| Set {
        name,
        rows,
        steps: steps.to_owned(),
        first: first.iter().map(|name| (*name).to_owned()).collect(),
        refused: None,
    };
    let in_pay = ["in", "pay"];
    let mut all = vec![
        Set { refused: Some("not one row"), ..set("header only", Vec::new(), "in,pay", &["in"]) },
        set("one event", vec![row("a", "in", hour(0), 0, "1")], "in,*", &["in"]),
        set("shared steps", plain(300, 20, &["a", "b", "c"]), "a|b,b|c,a?,*,*", &["a", "b"]),
        set("everybody", plain(200, 100, &in_pay), "in,pay", &["in"]),
        set("nobody", plain(200, 100, &["pay", "in"]), "in,pay", &["in"]),
    ];
    let mut instant = plain(300, 50, &["a", "b", "c"]);
    instant.iter_mut().for_each(|row| row.2 = hour(0));
    all.push(set("one instant", instant, "c,b,a", &["c"]));

    let names: Vec<String> = (1..=64).map(|n| format!("s{n}")).collect();
    let short = |n: usize| (0..64 - n * 3).map(move |step| (n, step));
    let deep = (0..20).flat_map(short);
    let deep = deep.map(|(n, step)| row(n, &names[step], hour(n + step), n, "")).collect();
    all.push(set("64 steps", deep, &names.join(","), &["s1"]));

    let mut zeros = plain(120, 12, &in_pay);
    zeros.iter_mut().for_each(|row| row.0 = format!("00{}", row.0));
    zeros.extend(plain(120, 12, &in_pay));
    zeros.push(row("1e3", "in", hour(0), 0, ""));
    all.push(set("ids with zeros", zeros, "in,pay", &["in"]));

    let steps: Vec<String> = ODD.iter().map(|name| quoted(name)).collect();
    all.push(set("odd names", plain(280, 20, &ODD), &steps.join(","), &ODD[..1]));

    let far = ["1900-01-01", "1901-02-03 04:05:06", "1969-12-31 23:59:59.999999", "1970-01-01", "2200-12-31"];
    let times = |far: &[&str]| -> Vec<Row> {
        let one = |(n, at): (usize, &&str)| {
            [row(n, "in", at, n, "1"), row(n, "pay", at, n, "1"), row(0, "in", at, n, "")]
        };
        far.iter().enumerate().flat_map(one).collect()
    };
    all.push(set("far times", times(&far), "in,pay", &["in"]));
    let later = times(&["2201-01-01", "2300-05-05", "9999-12-31"]);
    all.push(Set { refused: Some("invalid at"), ..set("times beyond", later, "in,pay", &["in"]) });

    let limits = ["922337203685477.5807", "-922337203685477.5807", "922337203685477.58", "0.0001", "-0"];
    let mut extreme = plain(200, 10, &in_pay);
    extreme.iter_mut().enumerate().for_each(|(n, row)| row.4 = limits[n / 10 % 5].to_owned());
    all.push(set("extreme values", extreme, "in,pay[value>1]", &["in"]));

    let once = plain(100, 10, &in_pay);
    all.push(set("duplicates", [once.clone(), once.clone(), once].concat(), "in,pay", &["in"]));

    let long = "长name ".repeat(12_000).trim().to_owned();
    all.push(set("a long name", plain(200, 10, &["in", &long, "pay"]), &format!("in,{long},pay"), &["in"]));

    let many: Vec<String> = (0..3_000).map(|n| format!("kind {n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let mut rows = plain(6_000, 30, &many);
    rows.extend(plain(6_000, 1, &many));
    all.push(set("3,000 kinds", rows, "kind 0,kind 7|kind 9,kind 11", &["kind 0"]));
    all
}

fn csv(rows: &[Row]) -> String {
    let mut text = String::from("customer_id,event,at,channel,value,session_id,content_id,inviter_id\n");
    for (customer, event, at, channel, value) in rows {
        let event = quoted(event);
        let _ = writeln!(text, "{customer},{event},{at},{channel},{value},s{customer},p{channel},0");
    }
    text
}

/// The report, or nothing where the set says that it is refused, or `may_refuse`.
fn answer(folder: &Path, set: &Set, arguments: &[&str], may_refuse: bool) -> Option<Value> {
    let place = place(set, arguments);
    let more = ["events.csv", "--table", "all", "-f", "json", "--no-config"];
    let run = siyu_in(folder, &[arguments, &more].concat());
    check_stderr(&place, &run);
    if run.status == 2 {
        assert!(run.stdout.is_empty() && run.stderr.contains("error: "), "{place}: {}", run.stderr);
        let told = set.refused.is_some_and(|said| run.stderr.contains(said));
        assert!(told || may_refuse, "{place}: {}", cut(&run.stderr));
        return None;
    }
    assert_eq!((run.status, set.refused), (0, None), "{place}: {}", cut(&run.stderr));
    let json = run.json();
    for (table, rows) in json["tables"].as_object().expect("tables") {
        for (at, row) in rows.as_array().expect("rows").iter().enumerate() {
            check_row(&format!("{place}, {table} row {at}"), row);
        }
    }
    walk(&place, &json);
    Some(json)
}

fn place(set: &Set, arguments: &[&str]) -> String {
    let arguments: Vec<String> = arguments.iter().map(|argument| cut(argument)).collect();
    format!("{}, {arguments:?}", set.name)
}

/// Not a hundred thousand characters.
fn cut(text: &str) -> String {
    text.chars().take(2_000).collect()
}

fn check_stderr(place: &str, run: &Run) {
    let said = run.stderr.to_lowercase();
    for bad in ["panicked", "a fault in", "internal error", "overflow"] {
        assert!(!said.contains(bad), "{place}: {}", cut(&run.stderr));
    }
    assert!(run.stderr.len() < 20_000, "{place}: {} bytes of messages: {}", said.len(), cut(&run.stderr));
}

/// No number is none, nowhere.
fn walk(place: &str, value: &Value) {
    match value {
        Value::Number(number) => {
            let number = number.as_f64().expect("a number");
            let none = !number.is_finite() || (number == 0.0 && number.is_sign_negative());
            assert!(!none, "{place}: {number}");
        }
        Value::String(text) => {
            let low = text.to_lowercase();
            assert!(!["nan", "inf", "-inf", "-0.0"].contains(&low.as_str()), "{place}: {text}");
        }
        Value::Array(all) => all.iter().for_each(|value| walk(place, value)),
        Value::Object(all) => all.iter().for_each(|(key, value)| walk(&format!("{place} {key}"), value)),
        _ => {}
    }
}

/// What holds of every row of every table.
fn check_row(place: &str, row: &Value) {
    let row = row.as_object().expect("a row");
    let number = |name: &str| row.get(name).and_then(Value::as_f64);
    let is_share = |name: &str| {
        let one = ["retention", "conversion", "conversion_closed", "p", "p_adjusted", "score", "share"];
        one.contains(&name) || name.ends_with("_share") || name.starts_with("from_previous")
    };
    for (name, value) in row {
        let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        assert!(plain, "{place}: {name}");
        let Some(value) = value.as_f64() else { continue };
        if is_share(name) && row.get("measure").is_none() {
            assert!((0.0..=1.0).contains(&value), "{place}: {name} is {value}");
        }
        if ["users", "members", "events", "entrants", "dropped", "open", "seconds"].contains(&name.as_str()) {
            assert!(value >= 0.0, "{place}: {name} is {value}");
        }
    }
    for (lower, middle, upper) in [
        ("lower", "retention", "upper"),
        ("from_previous_lower", "from_previous", "from_previous_upper"),
        ("conversion_lower", "conversion", "conversion_upper"),
        ("rate_difference_lower", "rate_difference", "rate_difference_upper"),
        ("odds_ratio_lower", "odds_ratio", "odds_ratio_upper"),
        ("median_seconds", "median_seconds", "p90_seconds"),
        ("lower", "difference", "upper"),
    ] {
        if let (Some(lower), Some(middle), Some(upper)) = (number(lower), number(middle), number(upper)) {
            let inside = (lower - 1e-9..=upper + 1e-9).contains(&middle);
            assert!(inside, "{place}: {middle} is not in {lower} to {upper}");
        }
    }
}

fn rows<'a>(json: &'a Value, table: &str) -> &'a [Value] {
    json["tables"][table].as_array().unwrap_or_else(|| panic!("no table {table}"))
}

fn count(row: &Value, column: &str) -> i64 {
    row[column].as_i64().unwrap_or(0)
}

/// Sums of a column by what `key` says of a row.
fn sums<K: Ord>(rows: &[Value], column: &str, key: impl Fn(&Value) -> Option<K>) -> BTreeMap<K, i64> {
    let mut sums = BTreeMap::new();
    for row in rows {
        if let Some(key) = key(row) {
            *sums.entry(key).or_default() += count(row, column);
        }
    }
    sums
}

#[test]
fn funnels_of_what_is_pathological() {
    for set in sets() {
        let folder = folder();
        write(folder.path(), "events.csv", csv(&set.rows));
        let base = ["funnel", "--steps", &set.steps];
        let optional = set.name == "shared steps";
        let runs: [(&[&str], bool); 8] = [
            (&["--by", "channel"], false),
            (&["--by", "channel", "--by-at", "last", "--mode", "strict", "--window", "none"], false),
            (&["--mode", "strict-once,strict-increase", "--entry", "first", "--period", "day"], false),
            (&["--mode", "any-order", "--by", "channel"], optional),
            (&["--unit", "session", "--step-window", "90m", "--exclude", "*", "--by", "channel"], false),
            (&["--diagnose", "--period", "day", "--window", "1h"], false),
            (&["--compare", "channel=x"], matches!(set.name, "one event")),
            (
                &["--compare", "previous", "--since", "2026-01-03"],
                matches!(set.name, "one event" | "one instant"),
            ),
        ];
        for (more, may_refuse) in runs {
            let arguments = [&base[..], more].concat();
            let Some(json) = answer(folder.path(), &set, &arguments, may_refuse) else { continue };
            check_funnel(&place(&set, &arguments), &set, more, &json);
        }
    }
}

fn check_funnel(place: &str, set: &Set, more: &[&str], json: &Value) {
    let steps = rows(json, "steps");
    let all: Vec<&Value> = steps.iter().filter(|row| row["part"] != "value").collect();
    for row in &all {
        assert!(count(row, "open") + count(row, "users") <= count(all[0], "users"), "{place}: {row}");
    }
    let required: Vec<&&Value> =
        all.iter().filter(|row| row["dropped"].is_i64() || row["step"] == 1).collect();
    for pair in required.windows(2) {
        let (before, here) = (count(pair[0], "users"), count(pair[1], "users"));
        assert!(before >= here && before - here == count(pair[1], "dropped"), "{place}: {}", pair[1]);
    }
    if more.contains(&"--by") {
        for column in ["users", "users_closed", "dropped", "open"] {
            let of =
                |part: &str| sums(steps, column, |row| (row["part"] == part).then(|| count(row, "step")));
            let (whole, parts) = (of("all"), of("value"));
            // Nobody at all: no value has rows.
            assert!(whole == parts || whole.values().all(|sum| *sum == 0), "{place}: {column}");
        }
    }
    if more.contains(&"--since") {
        return;
    }
    let entered: BTreeSet<&str> = set
        .rows
        .iter()
        .filter(|row| set.first.is_empty() || set.first.contains(&row.1))
        .map(|row| row.0.as_str())
        .collect();
    if !more.contains(&"any-order") && !more.contains(&"--exclude") {
        assert_eq!(count(all[0], "users") as usize, entered.len(), "{place}");
    }
    if json["tables"]["users"].is_array() {
        let users = rows(json, "users");
        assert_eq!(users.len() as i64, count(all[0], "users"), "{place}");
        for (step, row) in all.iter().enumerate().filter(|_| set.name != "shared steps") {
            let there = users.iter().filter(|user| count(user, "level") > step as i64).count();
            assert_eq!(there as i64, count(row, "users"), "{place}: step {step}");
        }
        if !more.contains(&"session") && !more.contains(&"any-order") {
            let ids: Vec<&str> = users.iter().filter_map(|user| user["customer_id"].as_str()).collect();
            assert_eq!(ids, entered.iter().copied().collect::<Vec<_>>(), "{place}: ids are text");
        }
    }
    // The trend is of first entries alone: an exclusion can take out whom another entry keeps in the funnel.
    if json["tables"]["trend"].is_array() && !more.contains(&"--exclude") {
        let whole = |row: &Value| (row["part"] != "value").then_some(());
        let entrants = sums(rows(json, "trend"), "entrants", whole);
        assert_eq!(entrants.get(&()).copied().unwrap_or(0), count(all[0], "users"), "{place}: trend");
    }
}

#[test]
fn retention_of_what_is_pathological() {
    for set in sets() {
        let folder = folder();
        write(folder.path(), "events.csv", csv(&set.rows));
        let runs: [&[&str]; 5] = [
            &[],
            &["--period", "day", "--rolling", "--unbounded"],
            &["--period", "month", "--start-mode", "first-time", "--period-zero", "cohort"],
            &["--period", "hour", "--min-events", "2", "--max-periods", "3"],
            &["--unit", "session", "--period", "day", "--max-periods", "0"],
        ];
        for more in runs {
            let arguments = [&["retention"], more].concat();
            let Some(whole) = answer(folder.path(), &set, &arguments, false) else { continue };
            let by = [&arguments[..], &["--by", "channel"]].concat();
            let by = answer(folder.path(), &set, &by, false).expect("an answer");
            let place = place(&set, &arguments);
            for column in ["users", "cohort_size"] {
                let key = |row: &Value| Some((row["cohort"].to_string(), count(row, "period_index")));
                let sums = |json| -> BTreeMap<_, i64> {
                    // A value whose cohort is of later moments can lack a cell of nobody.
                    sums(rows(json, "cells"), column, key).into_iter().filter(|(_, sum)| *sum > 0).collect()
                };
                if !(more.contains(&"--rolling") && column == "cohort_size") {
                    assert_eq!(sums(&whole), sums(&by), "{place}: {column}");
                }
            }
            for row in rows(&whole, "cells") {
                assert!(count(row, "users") <= count(row, "cohort_size"), "{place}: {row}");
                if count(row, "period_index") == 0 && !more.contains(&"--min-events") {
                    assert_eq!(row["users"], row["cohort_size"], "{place}: {row}");
                }
            }
        }
    }
}

#[test]
fn engagement_of_what_is_pathological() {
    for set in sets() {
        let folder = folder();
        write(folder.path(), "events.csv", csv(&set.rows));
        write(
            folder.path(),
            "members.csv",
            "customer_id,joined_at,tier\n0,2025-12-30,g\n00,2199-01-01,s\nz,,g\n",
        );
        write(folder.path(), "orders.csv", "customer_id,ordered_at,amount\nz,2026-01-01,922337203685477\n");
        let role = if set.rows.iter().any(|row| row.1 == "=1+1") { "like==1+1" } else { "like=" };
        let runs: [&[&str]; 4] = [
            &["--by", "channel"],
            &["--members", "members.csv", "--by", "tier", "--period", "week", "--kind", role],
            &["--period", "month", "--reach-by", "channel", "--layer-window", "2d", "--high-frequency", "2"],
            &[
                "--members",
                "members.csv",
                "--orders",
                "orders.csv",
                "--koc-share",
                "1",
                "--koc-dimensions",
                "1",
            ],
        ];
        for more in runs {
            let arguments = [&["engagement"], more].concat();
            // A sum beyond what money can be is an error with a hint.
            let Some(json) = answer(folder.path(), &set, &arguments, set.name == "extreme values") else {
                continue;
            };
            let place = place(&set, &arguments);
            let layers = rows(&json, "layers");
            let by = more.iter().position(|option| *option == "--by").map(|at| more[at + 1]);
            let by = by.map(|by| if by == "channel" { "first_channel" } else { by });
            let group = |row: &Value| by.map_or(String::new(), |by| row[by].to_string());
            let of = |dimension: &str| {
                sums(layers, "members", |row| (row["dimension"] == dimension).then(|| group(row)))
            };
            let all = of("all");
            assert_eq!(of("activity"), all, "{place}: layers");
            let tenure = of("tenure");
            assert!(tenure.is_empty() || tenure == all, "{place}: tenure");
            assert_eq!(sums(rows(&json, "depth"), "members", |row| Some(group(row))), all, "{place}: depth");
            let members = rows(&json, "members");
            assert_eq!(members.len() as i64, all.values().sum::<i64>(), "{place}: members");
            if !more.contains(&"--members") {
                let known: BTreeSet<&str> = set.rows.iter().map(|row| row.0.as_str()).collect();
                let ids: Vec<&str> = members.iter().filter_map(|row| row["customer_id"].as_str()).collect();
                assert_eq!(ids, known.into_iter().collect::<Vec<_>>(), "{place}: ids are text");
            }
        }
    }
}

/// Equal bytes for the rows in any order, on any number of threads.
#[test]
fn the_order_of_rows_and_threads_do_not_matter() {
    for mut set in sets().into_iter().filter(|set| set.refused.is_none()) {
        let folder = folder();
        let runs: [&[&str]; 3] = [
            &["funnel", "--steps", &set.steps, "--by", "channel"],
            &["retention", "--by", "channel", "--period", "day", "--max-periods", "2"],
            &["engagement"],
        ];
        let mut found: Vec<Vec<String>> = Vec::new();
        for threads in ["1", "3"] {
            write(folder.path(), "events.csv", csv(&set.rows));
            let run = |arguments: &&[&str]| {
                let more =
                    ["events.csv", "--table", "all", "-f", "json", "--no-config", "--threads", threads];
                siyu_in(folder.path(), &[arguments, &more[..]].concat()).stdout
            };
            found.push(runs.iter().map(run).collect());
            set.rows.reverse();
        }
        for (run, (one, other)) in runs.iter().zip(found[0].iter().zip(&found[1])) {
            assert!(one == other, "{}", place(&set, run));
        }
    }
}

/// In a Parquet file a moment can be beyond every calendar.
#[test]
fn moments_beyond_the_calendar_are_told() {
    use polars::prelude::{DataType, IntoColumn, NamedFrom, ParquetWriter, Series, TimeUnit, df};
    let folder = folder();
    for (unit, said) in [(TimeUnit::Microseconds, "μs"), (TimeUnit::Milliseconds, "ms")] {
        let moments = [0, i64::MAX, i64::MIN + 1, 8_210_000_000_000_000_000, 1];
        let at = Series::new("at".into(), moments).cast(&DataType::Datetime(unit, None)).unwrap();
        let mut frame =
            df!("customer_id" => ["a", "a", "b", "b", "c"], "event" => ["in", "pay", "in", "pay", "in"])
                .unwrap();
        frame.with_column(at.into_column()).unwrap();
        let file = std::fs::File::create(folder.path().join("events.parquet")).unwrap();
        ParquetWriter::new(file).finish(&mut frame).unwrap();
        for command in [&["funnel", "--steps", "in,pay"][..], &["retention"], &["engagement"]] {
            let run = siyu_in(folder.path(), &[command, &["events.parquet"]].concat());
            check_stderr(said, &run);
            let told = run.stderr.contains("invalid at in 3 of 5 rows") && run.stderr.contains(said);
            assert!(run.status == 2 && told, "{command:?}: {}", run.stderr);
        }
    }
}

#[test]
fn a_step_too_many_is_refused() {
    let folder = folder();
    write(folder.path(), "events.csv", csv(&plain(10, 2, &["a"])));
    let run = siyu_in(folder.path(), &["funnel", "events.csv", "--steps", &vec!["a"; 65].join(",")]);
    check_stderr("65 steps", &run);
    assert!(run.status == 2 && run.stderr.contains("64"), "{}", run.stderr);
    let exclusions = ["a|a"; 65].iter().flat_map(|one| ["--exclude", one]).collect::<Vec<_>>();
    let run =
        siyu_in(folder.path(), &[&["funnel", "events.csv", "--steps", "a,a"], &exclusions[..]].concat());
    check_stderr("65 exclusions", &run);
    assert!(run.status == 2 && run.stderr.contains("64"), "{}", run.stderr);
}

/// Names that a spreadsheet would take for formulas are text in every format.
#[test]
fn odd_names_are_shown_in_every_format() {
    let folder = folder();
    let set = sets().into_iter().find(|set| set.name == "odd names").expect("the set");
    write(folder.path(), "events.csv", csv(&set.rows));
    for format in ["table", "csv", "tsv", "json", "ndjson", "markdown", "xlsx", "parquet"] {
        for command in [&["funnel", "--steps", &set.steps][..], &["engagement", "--table", "interactions"]] {
            let arguments = [command, &["events.csv", "-f", format, "-o", "out"]].concat();
            let run = siyu_in(folder.path(), &arguments).ok();
            check_stderr(&place(&set, &arguments), &run);
            let text = readable(&std::fs::read(folder.path().join("out")).unwrap());
            assert!(text.contains("加购") && text.contains("שלום"), "{format}: {}", cut(&text));
            assert!(!text.contains("<f>") && !text.contains("<f "), "{format}: a formula");
        }
    }
}

/// A terminal is shown the most frequent kinds, and every note is short enough to be read.
#[test]
fn thousands_of_kinds_do_not_flood_the_terminal() {
    let folder = folder();
    let set = sets().into_iter().find(|set| set.name == "3,000 kinds").expect("the set");
    write(folder.path(), "events.csv", csv(&set.rows));
    let shown = siyu_in(folder.path(), &["engagement", "events.csv", "-f", "table"]).ok();
    check_stderr("3,000 kinds", &shown);
    assert!(shown.stdout.contains("kind 0 ") && shown.stdout.lines().count() < 300, "{}", cut(&shown.stdout));
    let named = ["engagement", "events.csv", "-f", "table", "--table", "interactions"];
    assert!(siyu_in(folder.path(), &named).ok().stdout.lines().count() > 3_000);
}

/// Who reads no further, and a disk that is full.
#[test]
#[cfg(target_os = "linux")]
fn a_list_of_users_that_nobody_takes() {
    let folder = folder();
    write(folder.path(), "events.csv", csv(&plain(40_000, 20_000, &["in", "pay"])));
    let siyu = env!("CARGO_BIN_EXE_siyu");
    let mut shell = std::process::Command::new("bash");
    shell.current_dir(folder.path()).arg("-c").arg(format!(
        "set -o pipefail; {siyu} funnel events.csv --steps in,pay --table users -f csv -q --no-config | head -n 1"
    ));
    let run = crate::support::run_command(shell, None);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert!(run.stdout.starts_with("customer_id,"), "{}", run.stdout);
    let arguments = ["funnel", "events.csv", "--steps", "in,pay", "--table", "users", "-f", "csv"];
    let run = siyu_in(folder.path(), &[&arguments[..], &["-o", "/dev/full"]].concat());
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(run.stderr.contains("no space left on device"), "{}", run.stderr);
}
