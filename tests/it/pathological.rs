//! Twelve data sets on which programs of this kind fail: every command gives a diagnosis or a right answer, never a panic,
//! never a number that is none.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::support::{folder, siyu_in, write};

/// A row of orders: customer, day since 2024-01-01, cents.
type Row = (String, u32, i64);

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

fn customer(number: usize) -> String {
    format!("{number:05}")
}

/// Purchases of `customers` people over a year, without a generator of random numbers: rates and ends by arithmetic.
fn usual(customers: usize, days: u32, cents: impl Fn(usize, u32) -> i64) -> Vec<Row> {
    let mut rows = Vec::new();
    for number in 0..customers {
        let hash = (number as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let first = (hash >> 20) as u32 % (days / 2);
        let gap = 9 + (hash >> 33) as u32 % 70;
        let purchases = 1 + (hash >> 44) as u32 % 7;
        for n in 0..purchases {
            let day = first + n * gap + (hash >> (n + 3)) as u32 % 6;
            if day < days {
                rows.push((customer(number), day, cents(number, n)));
            }
        }
    }
    rows
}

/// Name, rows, and options that every command gets.
fn data_sets() -> Vec<(&'static str, Vec<Row>, Vec<&'static str>)> {
    let some = |number: usize, n: u32| 1_000 + (number as i64 * 37 + i64::from(n) * 11) % 4_000;
    let one_repeater = |number: usize| {
        let first = (customer(number), (number % 200) as u32, 2_000 + number as i64);
        let second = (number == 17).then(|| (customer(number), 230, 3_000));
        std::iter::once(first).chain(second)
    };
    let heavy = |number: usize, n: u32| match number % 50 {
        0 => 50_000_000 + i64::from(n) * 13_000_000,
        _ => 500 + (number as i64 * 7) % 300,
    };
    let negative = |number: usize, n: u32| match (number % 4, n) {
        (0, _) => 0,
        (1, 1) => -5_000,
        _ => some(number, n),
    };
    vec![
        ("one customer", (0..6).map(|n| (customer(1), n * 20, 1_000 + i64::from(n))).collect(), vec![]),
        ("no repeater", (0..300).map(|n| (customer(n), n as u32 % 180, some(n, 0))).collect(), vec![]),
        ("one repeater in 500", (0..500).flat_map(one_repeater).collect(), vec![]),
        (
            "all equal",
            (0..200).flat_map(|n| (0..4).map(move |k| (customer(n), k * 30, 5_000))).collect(),
            vec![],
        ),
        (
            "300 orders in 500 days",
            (0..60)
                .flat_map(|n| {
                    let orders = if n < 3 { 300 } else { 1 + n as u32 % 5 };
                    (0..orders).map(move |k| (customer(n), (k * 500 / orders + n as u32) % 500, some(n, k)))
                })
                .collect(),
            vec![],
        ),
        ("constant spend", usual(300, 365, |_, _| 9_900), vec![]),
        ("heavy tail", usual(300, 365, heavy), vec![]),
        ("negative and zero revenue", usual(300, 365, negative), vec![]),
        ("all on one day", (0..100).map(|n| (customer(n % 60), 5, some(n, 0))).collect(), vec![]),
        ("as_of before the data", usual(50, 365, some), vec!["--as-of", "2020-01-01"]),
        (
            "one cohort",
            usual(200, 365, some).into_iter().map(|(id, day, cents)| (id, day % 28, cents)).collect(),
            vec!["--as-of", "2024-12-31"],
        ),
        (
            "a gap of a year",
            usual(200, 120, some)
                .into_iter()
                .map(|(id, day, cents)| (id, if day > 60 { day + 366 } else { day }, cents))
                .collect(),
            vec![],
        ),
    ]
}

/// The commands, each in the ways that reach different code.
fn commands() -> Vec<Vec<&'static str>> {
    let mut commands = vec![
        vec!["repurchase", "--table", "all", "--by", "channel"],
        vec!["repurchase", "--table", "all", "--from-order", "all", "--interval", "plain", "--zero-orders"],
        vec!["repurchase", "--table", "all", "--from-order", "3", "--interval", "log"],
        vec!["ltv", "--table", "all", "--holdout", "60d", "--bootstrap", "5", "--margin", "0.3"],
        vec!["ltv", "--table", "all", "--include-first-purchase", "--zero-orders", "--discount", "0.1"],
        vec!["ltv", "--table", "all", "--by", "channel", "--time-unit", "day", "--horizon", "26w"],
    ];
    for model in ["bg-nbd", "mbg-nbd", "pareto-nbd"] {
        commands.push(vec!["ltv", "--table", "all", "--model", model]);
    }
    for measure in MEASURES {
        commands.push(vec!["cohort", "--table", "all", "--measure", measure]);
        commands.push(vec![
            "cohort",
            "--table",
            "all",
            "--measure",
            measure,
            "--elapsed",
            "--period",
            "week",
        ]);
    }
    commands
}

const MEASURES: [&str; 9] = [
    "retention",
    "orders",
    "revenue",
    "revenue-per-customer",
    "cumulative-retention",
    "cumulative-orders",
    "cumulative-revenue",
    "average-order-value",
    "repeat-share",
];

fn run(folder: &Path, command: &[&str], more: &[&str]) -> Result<Value, String> {
    let mut arguments = command.to_vec();
    arguments.extend(["orders.csv", "-f", "json", "-q", "--no-config"]);
    arguments.extend(more);
    let run = siyu_in(folder, &arguments);
    assert!(!run.stderr.contains("panic") && !run.stderr.contains("internal"), "{command:?}: {}", run.stderr);
    match run.status {
        0 => {
            let text = run.stdout.to_lowercase();
            assert!(
                !text.contains("nan") && !text.contains("inf,") && !text.contains(": inf"),
                "{command:?}"
            );
            Ok(run.json())
        }
        2 => Err(run.stderr),
        other => panic!("{command:?}: status {other}: {}", run.stderr),
    }
}

/// What holds of every row of every table.
fn check_row(place: &str, row: &Value) {
    let number = |name: &str| row.get(name).and_then(Value::as_f64);
    for share in ["p_alive", "survival", "rate", "share", "own_weight", "p", "p_holm"] {
        if let Some(value) = number(share) {
            assert!((0.0..=1.0).contains(&value), "{place}: {share} is {value}");
        }
    }
    for count in ["customers", "expected_purchases", "at_risk", "gaps", "eligible", "frequency", "se"] {
        if let Some(value) = number(count) {
            assert!(value >= 0.0, "{place}: {count} is {value}");
        }
    }
    if let (Some(lower), Some(upper)) = (number("lower"), number("upper")) {
        assert!(lower <= upper, "{place}: {lower} to {upper}");
        for middle in ["survival", "rate"] {
            if let Some(value) = number(middle) {
                let inside = (lower - 1e-12..=upper + 1e-12).contains(&value);
                assert!(inside, "{place}: {middle} {value} is not in {lower} to {upper}");
            }
        }
    }
}

#[test]
fn every_command_survives_what_is_pathological() {
    for (name, rows, more) in data_sets() {
        let folder = folder();
        write(folder.path(), "orders.csv", csv(&rows));
        for command in commands() {
            match run(folder.path(), &command, &more) {
                Ok(json) => {
                    let tables = json["tables"].as_object().expect("tables");
                    for (table, rows) in tables {
                        for (at, row) in rows.as_array().expect("rows").iter().enumerate() {
                            check_row(&format!("{name}, {command:?}, {table} row {at}"), row);
                        }
                    }
                    if command[0] == "ltv" {
                        check_ltv(name, &command, &json);
                    }
                }
                Err(message) => {
                    let told = message.contains("hint") || message.contains("error");
                    assert!(told && may_refuse(name, &command), "{name}, {command:?}: {message}");
                }
            }
        }
    }
}

/// Where an error is the answer.
fn may_refuse(name: &str, command: &[&str]) -> bool {
    // Nothing is left before the data begin; and no history is long enough for a hold-out where all is on a day or two.
    name == "as_of before the data" || (command.contains(&"--holdout") && name == "all on one day")
}

/// The customers are all there; where there is no model the reason is named; where there is one the numbers are finite.
fn check_ltv(name: &str, command: &[&str], json: &Value) {
    let place = format!("{name}, {command:?}");
    let alerts: Vec<&str> =
        json["alerts"].as_array().expect("alerts").iter().filter_map(|a| a["id"].as_str()).collect();
    let customers = json["tables"]["customers"].as_array().expect("customers");
    assert!(!customers.is_empty(), "{place}");
    let without = customers.iter().filter(|row| row["expected_purchases"].is_null()).count();
    let expected: &[&str] = match name {
        "no repeater" | "all on one day" => &["no_repeaters"],
        "one repeater in 500" | "one customer" => &["few_repeaters"],
        "constant spend" | "all equal" => &["constant_spend"],
        "heavy tail" if command.contains(&"mbg-nbd") => &["infinite_mean_spend"],
        _ => &[],
    };
    for id in expected {
        assert!(alerts.contains(id), "{place}: {id} is not among {alerts:?}");
    }
    assert!(
        without == 0 || !alerts.is_empty(),
        "{place}: {without} customers without a forecast, unexplained"
    );
}
