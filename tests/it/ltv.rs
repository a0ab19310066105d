//! `ltv` as it is typed: CDNOW's published numbers, refusals, diagnoses.

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::{Run, folder, shared, siyu_in, write};

/// The one-tenth sample of CDNOW as a CSV file; `None` with a message where it is not here.
fn cdnow() -> Option<String> {
    let text = std::fs::read_to_string(shared("data/cdnow/CDNOW_sample.txt")?).expect("readable");
    let mut csv = String::from("customer_id,ordered_at,amount\n");
    for line in text.lines() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, id, day, _, amount] = fields[..] else { continue };
        let _ = writeln!(csv, "{id},{}-{}-{},{amount}", &day[..4], &day[4..6], &day[6..]);
    }
    Some(csv)
}

/// `siyu ltv` on this file, as of the end of CDNOW's calibration, as json.
fn ltv(csv: &str, more: &[&str]) -> Run {
    let folder = folder();
    write(folder.path(), "orders.csv", csv);
    let mut arguments = vec!["ltv", "orders.csv", "--as-of", "1997-09-30", "--zero-orders", "-f", "json"];
    arguments.extend(more);
    siyu_in(folder.path(), &arguments)
}

fn rows<'a>(json: &'a Value, table: &str) -> &'a Vec<Value> {
    json["tables"][table].as_array().unwrap_or_else(|| panic!("no table {table}"))
}

fn row<'a>(json: &'a Value, table: &str, keys: &[(&str, &str)]) -> &'a Value {
    let matches = |row: &&Value| keys.iter().all(|(key, value)| row[*key] == *value);
    rows(json, table).iter().find(matches).unwrap_or_else(|| panic!("no {keys:?} in {table}"))
}

/// Source: shared/truth/README.md. Parameters to a thousandth, the log-likelihood within 1e-3, the hold-out's total
/// within 0.5 of 1653.41.
#[test]
fn cdnow_through_the_command() {
    let Some(csv) = cdnow() else { return };
    let json = ltv(&csv, &["--model", "bg-nbd", "--horizon", "39w"]).ok().json();
    let expected = [("r", 0.242_594_5), ("alpha", 4.413_601_9), ("a", 0.792_919_9), ("b", 2.425_888_1)];
    for (name, value) in expected {
        let row = row(&json, "model", &[("model", "bg-nbd"), ("parameter", name)]);
        assert!((row["value"].as_f64().unwrap() / value - 1.0).abs() < 1e-3, "{row}");
        assert!((row["log_likelihood"].as_f64().unwrap() + 9_582.429_207).abs() < 1e-3, "{row}");
        assert_eq!(row["customers"], 2357);
        assert_eq!(row["repeaters"], 946);
    }
    let total = row(&json, "totals", &[("measure", "expected_purchases")]);
    assert!((total["value"].as_f64().unwrap() - 1653.41).abs() < 0.5, "{total}");
    assert!(json["alerts"].as_array().unwrap().iter().any(|alert| alert["id"] == "p_alive_bg_nbd"));
}

#[test]
fn a_table_does_not_depend_on_what_else_is_asked_for() {
    let Some(csv) = cdnow() else { return };
    let all = ltv(&csv, &["--table", "all"]).ok().json();
    for table in ["model", "totals", "deciles", "customers"] {
        let alone = ltv(&csv, &["--table", table]).ok().json();
        assert_eq!(alone["tables"][table], all["tables"][table], "{table}");
    }
}

#[test]
fn threads_and_units_change_no_forecast() {
    let Some(csv) = cdnow() else { return };
    let run = |more: &[&str]| {
        let mut arguments = vec!["--table", "customers", "-f", "csv", "--discount", "0.1"];
        arguments.extend(more);
        let folder = folder();
        write(folder.path(), "orders.csv", &csv);
        let mut line = vec!["ltv", "orders.csv", "--as-of", "1997-09-30"];
        line.extend(arguments);
        siyu_in(folder.path(), &line).ok().stdout
    };
    let one = run(&["--threads", "1"]);
    assert_eq!(one, run(&["--threads", "3"]));
    assert_eq!(one, run(&["--time-unit", "day"]));
    // 8 of the 2,357 bought only at 0.00.
    assert_eq!(one.lines().count(), 2350);
}

#[test]
fn what_cannot_be_forecast_is_said_and_is_no_failure() {
    let csv = "customer_id,ordered_at,amount\nA,1997-01-01,10\nB,1997-02-01,20\n";
    let run = ltv(csv, &["--table", "all"]).ok();
    assert!(run.stderr.contains("bought on a second day"), "{}", run.stderr);
    let json = run.json();
    assert_eq!(rows(&json, "model").len(), 0);
    assert_eq!(rows(&json, "customers").len(), 2);
    assert!(rows(&json, "customers")[0]["clv"].is_null());
    let chinese = ltv(csv, &["--lang", "zh"]).ok();
    assert!(chinese.stderr.contains("没有人在另一天再次购买"), "{}", chinese.stderr);
    assert!(chinese.json()["alerts"][0]["message"].as_str().unwrap().contains("bought on a second day"));
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let csv = "customer_id,ordered_at,amount\nA,1997-01-01,10\nA,1997-02-01,20\n";
    for (arguments, says) in [
        (&["--horizon", "12"][..], "has no unit"),
        (&["--holdout", "90"], "has no unit"),
        (&["--holdout", "5y"], "leaves nothing to learn from"),
        (&["--margin", "35"], "--margin"),
        (&["--discount=-1"], "is not from 0 to 1"),
        (&["--seed", "1"], "does not apply"),
        (&["--bootstrap", "3"], "--bootstrap"),
        (&["--model", "nbd"], "bg-nbd"),
        (&["--bootstrap", "20", "--table", "customers"], "does not apply"),
        (&["--holdout", "9d", "--table", "customers", "--model", "bg-nbd"], "does not apply"),
        (&["--period", "week", "--table", "model"], "it is for the tables cohorts, curve"),
        (&["--spend", "spend.csv", "--table", "model"], "add --table cohorts"),
        (&["--margin", "0.3", "--table", "model"], "add --table totals"),
    ] {
        let run = ltv(csv, arguments);
        assert_eq!(run.status, 2, "{arguments:?}");
        assert!(run.stderr.contains(says), "{arguments:?}: {}", run.stderr);
        assert!(run.stdout.is_empty());
    }
}
