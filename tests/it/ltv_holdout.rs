//! `ltv` as it is typed: cohorts and what they cost, the hold-out, tracking.

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::{Run, folder, shared, siyu_in, write};

/// The one-tenth sample of CDNOW as a CSV file; `None` with a message where it is not here.
fn cdnow() -> Option<String> {
    let text = std::fs::read_to_string(shared("data/cdnow/CDNOW_sample.txt")?).expect("readable");
    let mut csv = String::from("customer_id,ordered_at,amount\n");
    for line in text.lines() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [id, _, day, _, amount] = fields[..] else { continue };
        let _ = writeln!(csv, "{id},{}-{}-{},{amount}", &day[..4], &day[4..6], &day[6..]);
    }
    Some(csv)
}

const SPEND: &str = "\
date,campaign,channel,amount
1997-01-15,a,x,20000
1997-02-15,a,x,40000
1997-03-03,a,x,80000
1997-04-03,a,x,500
1996-04-03,a,x,700
";

fn ltv(csv: &str, spend: &str, more: &[&str]) -> Run {
    let folder = folder();
    write(folder.path(), "orders.csv", csv);
    write(folder.path(), "spend.csv", spend);
    let mut arguments = vec!["ltv", "orders.csv", "--zero-orders", "-f", "json"];
    arguments.extend(more);
    siyu_in(folder.path(), &arguments)
}

fn rows<'a>(json: &'a Value, table: &str) -> &'a Vec<Value> {
    json["tables"][table].as_array().unwrap_or_else(|| panic!("no table {table}"))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// Source: shared/truth/README.md: hold-out totals of 39 weeks, fitted at 39 weeks: BG 1653.41, Pareto 1665.69, MBG 1576.71
/// of 1,882 that came. Fits end within a likelihood of 1e-3, hence 1 purchase.
#[test]
fn the_holdout_of_cdnow_through_the_command() {
    let Some(csv) = cdnow() else { return };
    let tables = ["--holdout", "39w", "--table", "validation,bins,tracking"];
    let json = ltv(&csv, SPEND, &tables).ok().json();
    let validation = rows(&json, "validation");
    let found: Vec<&str> = validation.iter().filter_map(|row| row["predictor"].as_str()).collect();
    assert_eq!(found, ["bg-nbd", "mbg-nbd", "pareto-nbd", "own_rate", "segment_mean"]);
    for (row, total) in validation.iter().zip([1653.41, 1576.71, 1665.69]) {
        assert_eq!(row["customers"], 2357);
        assert_eq!(row["actual_purchases"], 1882);
        assert!((number(&row["expected_purchases"]) - total).abs() < 1.0, "{row}");
        assert!((number(&row["actual_revenue"]) - 70_976.39).abs() < 1e-6, "{row}");
    }
    assert_eq!(validation.iter().filter(|row| row["chosen"] == true).count(), 1);
    assert_eq!(validation.iter().filter(|row| row["best"] == true).count(), 1);
    let notes = json["notes"].to_string();
    assert!(notes.contains("Hold-out of 273 days") && notes.contains("+55.7%"), "{notes}");

    let tracking = rows(&json, "tracking");
    assert_eq!(tracking.len(), 78);
    let sum = |period: &str| -> i64 {
        tracking.iter().filter(|row| row["period"] == period).filter_map(|row| row["actual"].as_i64()).sum()
    };
    assert_eq!((sum("calibration"), sum("holdout")), (2457, 1882));
    assert_eq!(rows(&json, "bins").len(), 8);
}

#[test]
fn cohorts_pay_back_what_they_cost() {
    let Some(csv) = cdnow() else { return };
    let options = ["--model", "bg-nbd", "--margin", "0.5", "--spend", "spend.csv"];
    let json = ltv(&csv, SPEND, &[&options[..], &["--table", "cohorts,curve,totals"]].concat()).ok().json();
    let cohorts = rows(&json, "cohorts");
    let total = |measure: &str| {
        let row = rows(&json, "totals").iter().find(|row| row["measure"] == measure);
        number(&row.unwrap_or_else(|| panic!("no {measure}"))["value"])
    };
    let sum = |column: &str| -> f64 { cohorts.iter().filter_map(|row| row[column].as_f64()).sum() };
    assert_eq!(cohorts.len(), 4, "three cohorts, and a month of spend that won nobody");
    assert_eq!(sum("customers"), 2357.0);
    assert!((sum("revenue") - 244_091.94).abs() < 1e-6);
    assert!((sum("revenue") - total("revenue_to_date")).abs() < 1e-6);
    assert!((sum("margin") - total("margin_to_date")).abs() < 1e-6);
    assert!((sum("expected") - total("clv_total")).abs() < 1e-6 * total("clv_total"));
    // Source: half of ../shared/truth's cumulative revenue per customer, against 20,000 / 781 and so on.
    let periods: Vec<Option<i64>> = cohorts.iter().map(|row| row["payback_periods"].as_i64()).collect();
    assert_eq!(periods, [Some(3), Some(13), None, None]);
    assert!((number(&cohorts[0]["cac"]) - 20_000.0 / 781.0).abs() < 1e-9);
    assert!(json["notes"].to_string().contains("700.00"), "{}", json["notes"]);
    assert_eq!(json["input"][1]["frame"], "spend");

    let undated = ltv(&csv, "campaign,amount\na,5\n", &[&options[..], &["--table", "cohorts"]].concat());
    assert_eq!(undated.status, 2);
    assert!(undated.stderr.contains("date"), "{}", undated.stderr);
}

#[test]
fn a_holdout_longer_than_the_history_is_refused_with_what_to_do() {
    let Some(csv) = cdnow() else { return };
    let refused = ltv(&csv, SPEND, &["--holdout", "3y"]);
    assert_eq!(refused.status, 2);
    assert!(
        refused.stderr.contains("--holdout") && refused.stderr.contains("d, or more history"),
        "{}",
        refused.stderr
    );
}
