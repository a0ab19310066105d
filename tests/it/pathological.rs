//! Twelve data sets on which programs of this kind fail: every command gives a diagnosis or a right answer, never a panic,
//! never a number that is none.

mod sets;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use calamine::{Data, Reader};
use serde_json::Value;
use siyu::facts::Histories;
use siyu::output::report::{Report, TableChoice};
use siyu::output::sink::Target;
use siyu::output::{Format, OutputPlan, Palette};
use siyu::text::Lang;

use crate::support::{folder, siyu_in, write};
use sets::{Row, Set, sets};

fn date(day: u32) -> String {
    let first = chrono::NaiveDate::from_ymd_opt(2024, 1, 1).expect("a date");
    (first + chrono::Days::new(day.into())).to_string()
}

fn csv(rows: &[Row]) -> String {
    let mut text = String::from("customer_id,ordered_at,amount,channel,product_id\n");
    for (at, (customer, day, cents)) in rows.iter().enumerate() {
        let sign = if *cents < 0 { "-" } else { "" };
        let (units, rest) = (cents.unsigned_abs() / 100, cents.unsigned_abs() % 100);
        let _ = writeln!(text, "{customer},{},{sign}{units}.{rest:02},c{},p{}", date(*day), at % 2, at % 5);
    }
    text
}

/// What is known of a customer without siyu.
#[derive(Debug, Default)]
struct Known {
    /// Days with a purchase.
    days: std::collections::BTreeSet<u32>,
    orders: i64,
    cents: i64,
}

/// Customers with a purchase, by id, and the last day of the data (or the one of `--as-of`).
fn known(set: &Set, zero_orders: bool) -> (BTreeMap<String, Known>, u32) {
    let mut customers: BTreeMap<String, Known> = BTreeMap::new();
    for (customer, day, cents) in &set.rows {
        let known = customers.entry(customer.clone()).or_default();
        known.cents += cents;
        if *cents > 0 || (zero_orders && *cents == 0) {
            known.days.insert(*day);
            known.orders += 1;
        }
    }
    customers.retain(|_, known| !known.days.is_empty());
    let last = set.rows.iter().map(|row| row.1).max().unwrap_or(0);
    (customers, if set.more == ["--as-of", "2024-12-31"] { 365 } else { last })
}

/// As JSON, or what was said on status 2.
fn run(folder: &Path, set: &Set, command: &[&str]) -> Result<Value, String> {
    let mut arguments = command.to_vec();
    arguments.extend(["orders.csv", "--table", "all", "-f", "json", "-q", "--no-config"]);
    arguments.extend(set.more);
    let run = siyu_in(folder, &arguments);
    let place = format!("{}, {command:?}", set.name);
    assert!(!run.stderr.contains("panic") && !run.stderr.contains("internal"), "{place}: {}", run.stderr);
    match run.status {
        0 => {
            let text = &run.stdout;
            for bad in ["NaN", ": nan", ": inf", ": -inf", "-0.0,", "-0.0\n", "-0.0}"] {
                assert!(!text.contains(bad), "{place}: {bad}");
            }
            let json = run.json();
            for (table, rows) in json["tables"].as_object().expect("tables") {
                for (at, row) in rows.as_array().expect("rows").iter().enumerate() {
                    check_row(&format!("{place}, {table} row {at}"), row);
                }
            }
            Ok(json)
        }
        2 => Err(run.stderr),
        other => panic!("{place}: status {other}: {}", run.stderr),
    }
}

/// What holds of every row of every table.
fn check_row(place: &str, row: &Value) {
    let number = |name: &str| row.get(name).and_then(Value::as_f64);
    let shares = ["p_alive", "survival", "rate", "repeat_rate", "buy_back_rate", "own_weight", "p", "p_holm"];
    // A parameter of Gamma-Gamma is called p as well, but there it stands in the column `parameter`.
    for share in shares {
        if let Some(value) = number(share) {
            assert!((0.0..=1.0).contains(&value), "{place}: {share} is {value}");
        }
    }
    for count in
        ["customers", "expected_purchases", "at_risk", "eligible", "frequency", "se", "clv", "clv_lower"]
    {
        if let Some(value) = number(count) {
            assert!(value >= 0.0, "{place}: {count} is {value}");
        }
    }
    for (lower, middle, upper) in [
        ("lower", "survival", "upper"),
        ("lower", "rate", "upper"),
        ("median_days_lower", "median_days", "median_days_upper"),
        ("q25_days", "median_days", "q75_days"),
        ("clv_lower", "clv_lower", "clv_upper"),
    ] {
        if let (Some(lower), Some(upper)) = (number(lower), number(upper)) {
            assert!(lower <= upper, "{place}: {lower} to {upper}");
            if let Some(value) = number(middle) {
                let inside = (lower - 1e-12..=upper + 1e-12).contains(&value);
                assert!(inside, "{place}: {middle} {value} is not in {lower} to {upper}");
            }
        }
    }
}

fn rows<'a>(json: &'a Value, table: &str) -> &'a [Value] {
    json["tables"][table].as_array().unwrap_or_else(|| panic!("no table {table}"))
}

/// The sum of a column; what is absent is 0.
fn sum(rows: &[Value], column: &str) -> f64 {
    rows.iter().filter_map(|row| row[column].as_f64()).sum()
}

/// Ids of alerts, each once, in their order.
fn alerts(json: &Value) -> Vec<&str> {
    let mut ids: Vec<&str> = Vec::new();
    for alert in json["alerts"].as_array().expect("alerts") {
        let id = alert["id"].as_str().expect("an id");
        if !ids.contains(&id) {
            ids.push(id);
        }
        assert!(alert["message"].as_str().is_some_and(|message| message.len() > 20), "{alert}");
    }
    ids
}

#[track_caller]
fn assert_near(place: &str, what: &str, left: f64, right: f64) {
    let near = (left - right).abs() <= 1e-9 * left.abs().max(right.abs()).max(1.0);
    assert!(near, "{place}: {what}: {left} and {right}");
}

#[test]
fn lifetime_value_of_what_is_pathological() {
    for set in sets() {
        let folder = folder();
        write(folder.path(), "orders.csv", csv(&set.rows));
        let mut held_out = vec!["ltv", "--holdout", "60d", "--margin", "0.3"];
        // Where samples may lack what the whole has; the others take long and tell no more.
        if matches!(set.name, "one customer" | "no repeater" | "one repeater in 500" | "all equal") {
            held_out.extend(["--bootstrap", "20"]);
        }
        let first = ["ltv", "--include-first-purchase", "--zero-orders", "--discount", "0.1"];
        let by = ["ltv", "--model", "bg-nbd", "--by", "channel", "--time-unit", "day", "--horizon", "26w"];
        let modified = ["ltv", "--model", "mbg-nbd"];
        let pareto = ["ltv", "--model", "pareto-nbd", "--discount", "0.2", "--by", "last_product_id"];
        for command in [&held_out[..], &first, &by, &modified, &pareto] {
            let place = format!("{}, {command:?}", set.name);
            match run(folder.path(), &set, command) {
                Ok(json) => check_ltv(&place, &set, command, &json),
                Err(message) => {
                    // Nobody is there before the data begin; a hold-out of 60 days needs more than a day.
                    let says = match set.name {
                        "as_of before the data" => "--as-of is before the first row",
                        "all on one day" if command.contains(&"--holdout") => "leaves nothing to learn from",
                        _ => panic!("{place}: {message}"),
                    };
                    assert!(message.contains(says) && message.contains("hint:"), "{place}: {message}");
                }
            }
        }
    }
}

/// The alerts are those that the data call for; everybody is there; sums are sums of customers; nothing is beyond its bounds.
fn check_ltv(place: &str, set: &Set, command: &[&str], json: &Value) {
    let chosen =
        rows(json, "model").iter().find(|row| row["chosen"] == true && row["model"] != "gamma-gamma");
    let model = ["bg-nbd", "mbg-nbd", "pareto-nbd"]
        .iter()
        .position(|name| chosen.is_some_and(|row| row["model"] == *name))
        .unwrap_or(0);
    let all_spend = command.contains(&"--include-first-purchase");
    let mut expected: Vec<&str> = Vec::new();
    for ids in [set.purchases[model], set.spend[usize::from(all_spend)], set.customers] {
        for id in ids {
            if !expected.contains(id) {
                expected.push(id);
            }
        }
    }
    assert_eq!(alerts(json), expected, "{place}");

    let (known, last) = known(set, command.contains(&"--zero-orders"));
    let customers = rows(json, "customers");
    assert_eq!(customers.len(), known.len(), "{place}");
    for (row, (id, known)) in customers.iter().zip(&known) {
        let (first, latest) = (known.days.first().expect("a day"), known.days.last().expect("a day"));
        assert_eq!(row["customer_id"], **id, "{place}");
        assert_eq!(row["frequency"], known.days.len() - 1, "{place}: {row}");
        assert_eq!(row["t_x_days"], latest - first, "{place}: {row}");
        assert_eq!(row["age_days"], last - first, "{place}: {row}");
        assert_near(place, id, row["revenue_to_date"].as_f64().expect("money"), known.cents as f64 / 100.0);
        let forecast = ["p_alive", "expected_purchases", "expected_spend", "clv", "clv_lower", "clv_upper"];
        for column in forecast {
            let value = &row[column];
            assert!(value.is_null() == chosen.is_none(), "{place}: {column} is {value} of {id}");
        }
    }

    let repeaters = known.values().filter(|known| known.days.len() > 1).count();
    let totals = rows(json, "totals");
    let total = |measure: &str| {
        let of_measure: Vec<Value> = totals.iter().filter(|row| row["measure"] == measure).cloned().collect();
        sum(&of_measure, "value")
    };
    let cents: i64 = known.values().map(|known| known.cents).sum();
    assert_near(place, "customers", total("customers"), known.len() as f64);
    assert_near(place, "repeaters", total("repeaters"), repeaters as f64);
    assert_near(place, "revenue_to_date", total("revenue_to_date"), cents as f64 / 100.0);
    assert_near(place, "alive_customers", total("alive_customers"), sum(customers, "p_alive"));
    assert_near(place, "purchases", total("expected_purchases"), sum(customers, "expected_purchases"));
    assert_near(place, "clv_total", total("clv_total"), sum(customers, "clv"));
    let product = |row: &Value| Some(row["expected_purchases"].as_f64()? * row["expected_spend"].as_f64()?);
    let revenue: f64 = customers.iter().filter_map(product).sum();
    assert_near(place, "expected_revenue", total("expected_revenue"), revenue);
    assert_near(place, "deciles", sum(rows(json, "deciles"), "clv"), sum(customers, "clv"));
    assert_near(place, "cohorts", sum(rows(json, "cohorts"), "customers"), known.len() as f64);
    assert_near(place, "cohorts", sum(rows(json, "cohorts"), "revenue"), cents as f64 / 100.0);
    assert_near(place, "cohorts", sum(rows(json, "cohorts"), "expected"), sum(customers, "clv"));
}

#[test]
fn repurchases_of_what_is_pathological() {
    for set in sets() {
        let folder = folder();
        write(folder.path(), "orders.csv", csv(&set.rows));
        for command in [
            &["repurchase", "--by", "channel"][..],
            &["repurchase", "--from-order", "all", "--interval", "plain", "--zero-orders"],
            &["repurchase", "--from-order", "3", "--interval", "log"],
        ] {
            let place = format!("{}, {command:?}", set.name);
            let json = match run(folder.path(), &set, command) {
                Ok(json) => json,
                Err(message) => {
                    let told = message.contains("--as-of is before the first row");
                    assert!(told && set.name == "as_of before the data", "{place}: {message}");
                    continue;
                }
            };
            let (known, _) = known(&set, command.contains(&"--zero-orders"));
            let from = match command[2] {
                "3" => 3,
                _ => 1,
            };
            let survival = rows(&json, "survival");
            let of_all = command.contains(&"all");
            let gaps = |known: &Known| match of_all {
                true => known.days.len() - 1,
                false => usize::from(known.days.len() > from),
            };
            let reached = known.values().filter(|known| known.days.len() >= from).count();
            assert_near(&place, "customers", sum(survival, "customers"), reached as f64);
            let complete: usize = known.values().map(gaps).sum();
            assert_near(&place, "repurchased", sum(survival, "repurchased"), complete as f64);
            assert_near(&place, "censored", sum(survival, "censored"), {
                let waits = |known: &&Known| of_all || known.days.len() == from;
                known.values().filter(waits).count() as f64
            });
            if let (true, Some(median)) = (of_all, set.median_days) {
                assert_eq!(survival[0]["median_days"].as_f64(), median, "{place}");
            }
            assert_eq!(rows(&json, "cycle").len(), known.len(), "{place}");
            let cycles: Vec<&str> =
                alerts(&json).into_iter().filter(|id| id.starts_with("repurchase_cycle")).collect();
            // Orders of 0 make other customers.
            if !command.contains(&"--zero-orders") || set.name != "negative and zero revenue" {
                assert_eq!(cycles, set.cycles, "{place}");
            }
            let is_empty = cycles.iter().any(|id| id.ends_with("no_repeaters") || id.ends_with("no_time"));
            for row in rows(&json, "cycle") {
                for column in ["cycle_days", "p_alive", "state", "next_expected_on", "value_at_stake"] {
                    assert_eq!(row[column].is_null(), is_empty, "{place}: {column} of {row}");
                }
            }
        }
    }
}

const MEASURES: [&str; 10] = [
    "retention",
    "revenue",
    "orders",
    "average-order-value",
    "cumulative-retention",
    "repeat-share",
    "cumulative-orders",
    "revenue-per-customer",
    "cumulative-revenue",
    "cumulative-total-revenue",
];

/// Three measures of each set by the calendar; every measure in windows of somebody.
#[test]
fn cohorts_of_what_is_pathological() {
    for (at, set) in sets().iter().enumerate() {
        let folder = folder();
        write(folder.path(), "orders.csv", csv(&set.rows));
        let (known, _) = known(set, false);
        let cents: i64 = known.values().map(|known| known.cents).sum();
        let orders: i64 = known.values().map(|known| known.orders).sum();
        let calendar = MEASURES[..4].iter().map(|measure| vec!["cohort", "--measure", *measure]);
        let windows = [at, at + 5].map(|at| {
            let measure = MEASURES[at % MEASURES.len()];
            vec!["cohort", "--measure", measure, "--elapsed", "--period", "week", "--by", "channel"]
        });
        for command in calendar.chain(windows) {
            let place = format!("{}, {command:?}", set.name);
            let json = match run(folder.path(), set, &command) {
                Ok(json) => json,
                Err(message) => {
                    let told = message.contains("--as-of is before the first row");
                    assert!(told && set.name == "as_of before the data", "{place}: {message}");
                    continue;
                }
            };
            let cells = rows(&json, "cells");
            let first: Vec<Value> = cells.iter().filter(|row| row["period_index"] == 0).cloned().collect();
            assert_near(&place, "customers", sum(&first, "cohort_size"), known.len() as f64);
            match command[2] {
                "retention" if command.len() == 3 => {
                    assert!(first.iter().all(|row| row["value"] == 1.0), "{place}");
                }
                "revenue" => assert_near(&place, "revenue", sum(cells, "value"), cents as f64 / 100.0),
                "orders" => assert_near(&place, "orders", sum(cells, "value"), orders as f64),
                _ => {}
            }
            for row in cells {
                let is_rate = matches!(command[2], "retention" | "cumulative-retention" | "repeat-share");
                let value = row["value"].as_f64();
                assert!(
                    !is_rate || value.is_some_and(|value| (0.0..=1.0).contains(&value)),
                    "{place}: {row}"
                );
            }
        }
    }
}

/// The three sets with most that is absent, in formats that people read.
#[test]
fn what_is_absent_is_blank_in_every_format() {
    let named = ["no repeater", "negative and zero revenue", "all on one day"];
    for set in sets().iter().filter(|set| named.contains(&set.name)) {
        let folder = folder();
        write(folder.path(), "orders.csv", csv(&set.rows));
        for report in ["cohort", "repurchase", "ltv"] {
            let place = format!("{}, {report}", set.name);
            let line = [report, "orders.csv", "--table", "all", "-q", "-o", "book.xlsx"];
            siyu_in(folder.path(), &line).ok();
            let mut book: calamine::Xlsx<_> =
                calamine::open_workbook(folder.path().join("book.xlsx")).expect("a workbook");
            let tables = siyu::reports::info(report).tables;
            for sheet in book.sheet_names() {
                let cells = book.worksheet_range(&sheet).expect("a sheet");
                for cell in cells.rows().flatten() {
                    let text = cell.to_string();
                    assert!(
                        !matches!(cell, Data::Error(_)) && is_readable(&text),
                        "{place}, {sheet}: {text}"
                    );
                }
            }
            for (table, _) in tables {
                // The log-rank tests are there with --by alone.
                if *table == "tests" {
                    continue;
                }
                let run = siyu_in(folder.path(), &[report, "orders.csv", "--table", table, "-f", "csv"]).ok();
                let fields = |line: &str| line.split(',').count();
                let header = run.stdout.lines().next().expect("a header");
                for line in run.stdout.lines() {
                    assert!(fields(line) == fields(header), "{place}, {table}: {line}");
                    assert!(line.split(',').all(is_readable), "{place}, {table}: {line}");
                }
            }
            for line in on_terminal(set, report).lines() {
                let width = unicode_width::UnicodeWidthStr::width(line);
                assert!(width <= 80 && line.split(' ').all(is_readable), "{place}: {line}");
            }
        }
    }
}

/// No number that is none, no zero below zero, no value as programmers print it. (`none` is a preset.)
fn is_readable(text: &str) -> bool {
    let small = text.to_lowercase();
    let is_none = matches!(small.trim_start_matches('-'), "nan" | "inf" | "infinity" | "#num!");
    !is_none && !matches!(text, "null" | "None" | "-0" | "-0.0" | "-0.00")
}

/// The report as a terminal of 80 columns shows it in Chinese, by the library.
fn on_terminal(set: &Set, report: &str) -> String {
    let (known, last) = known(set, false);
    let entries = known.keys().map(|id| {
        let mut days: BTreeMap<(u32, bool), (u32, i64)> = BTreeMap::new();
        for (_, day, cents) in set.rows.iter().filter(|row| row.0 == *id) {
            let entry = days.entry((*day, *cents <= 0)).or_default();
            entry.0 += u32::from(*cents > 0);
            entry.1 += cents * 100;
        }
        let entries = days.into_iter().map(|((day, _), (orders, net))| (day as i32, orders, net));
        (id.as_str(), entries.collect::<Vec<_>>())
    });
    let histories = Histories::of(entries);
    let as_of_us = i64::from(last + 1) * 86_400_000_000 - 1;
    let tables = siyu::reports::info(report).tables.iter().map(|(name, _)| (*name).to_owned());
    let choice = TableChoice::Named(tables.filter(|name| name != "tests" && name != "products").collect());
    let report = answer(report, histories, as_of_us, &choice);
    let plan = OutputPlan {
        format: Format::Table,
        choice,
        target: Target::Stdout,
        lang: Lang::Zh,
        bom: false,
        excel_safe: false,
        mask: None,
        color: false,
        palette: Palette::True,
        width: 80,
    };
    String::from_utf8(siyu::output::to_bytes(&report, &plan).expect("a table")).expect("text")
}

fn answer(report: &str, histories: Histories, as_of_us: i64, choice: &TableChoice) -> Report {
    use siyu::reports::{cohort, ltv, repurchase};
    let by_name = None;
    match report {
        "cohort" => {
            let settings = cohort::CohortParams::default().resolve().expect("defaults");
            let joined = Default::default();
            let input = cohort::CohortInput { as_of_us, histories, by_name, joined, threads: 1 };
            cohort::run(&settings, &input, choice)
        }
        "repurchase" => {
            let settings = repurchase::RepurchaseParams::default().resolve().expect("defaults");
            repurchase::run(&settings, &repurchase::RepurchaseInput { as_of_us, histories, by_name }, choice)
        }
        _ => {
            let settings = ltv::LtvParams::default().resolve().expect("defaults");
            ltv::run(&settings, &ltv::LtvInput { as_of_us, ..ltv::LtvInput::of(histories, 1) }, choice)
        }
    }
    .expect("a report")
}
