//! `repurchase` on CDNOW: the numbers of R survival and lifelines through the command. Source and numbers:
//! ../shared/truth/README.md, "Survival and cohorts"; 6 digits unless said otherwise.

use std::path::Path;

use serde_json::Value;

use crate::support::{Run, folder, shared, siyu_in, write};

/// CDNOW's sample as csv, with the group of the first purchase (at least the median spend, or below) as a column.
fn cdnow(folder: &Path) -> Option<()> {
    let sample = std::fs::read_to_string(shared("data/cdnow/CDNOW_sample.txt")?).unwrap();
    let truth = shared("truth/survival_cohort/truth_cdnow_first_repurchase_survival.csv")?;
    let groups: std::collections::HashMap<u32, String> = std::fs::read_to_string(truth)
        .unwrap()
        .lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            (fields[0].parse().unwrap(), fields[6].to_owned())
        })
        .collect();
    let mut csv = "customer_id,ordered_at,amount,spend_group\n".to_owned();
    for line in sample.lines().filter(|line| !line.trim().is_empty()) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (id, date) = (fields[1], fields[2]);
        let group = &groups[&id.parse().unwrap()];
        csv += &format!("{id},{}-{}-{},{},{group}\n", &date[..4], &date[4..6], &date[6..], fields[4]);
    }
    write(folder, "cdnow.csv", csv);
    Some(())
}

fn repurchase(folder: &Path, options: &str) -> Run {
    let command = format!("repurchase cdnow.csv --zero-orders --as-of 1998-06-30 {options}");
    siyu_in(folder, &command.split(' ').collect::<Vec<_>>()).ok()
}

/// The rows of a table of the json.
fn rows<'a>(json: &'a Value, table: &str) -> &'a [Value] {
    json["tables"][table].as_array().unwrap_or_else(|| panic!("no table {table}"))
}

#[track_caller]
fn near(found: &Value, expected: f64, tolerance: f64) {
    let found = found.as_f64().unwrap_or_else(|| panic!("{found} is no number"));
    assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
}

#[test]
fn first_repurchase_of_cdnow() {
    let folder = folder();
    let Some(()) = cdnow(folder.path()) else { return };
    let json = repurchase(folder.path(), "--table survival,curve -f json").json();
    let row = &rows(&json, "survival")[0];
    assert_eq!((row["customers"].as_i64(), row["repurchased"].as_i64()), (Some(2_357), Some(1_139)));
    assert!(row["median_days"].is_null() && row["median_days_upper"].is_null());
    assert_eq!((row["q25_days"].as_f64(), row["q75_days"].as_f64()), (Some(59.0), None));
    near(&row["rmst_days"], 239.104, 5e-4);
    let known = [
        (30, 0.8260501, 0.8101358, 0.8407645),
        (90, 0.7085278, 0.6897286, 0.7264238),
        (365, 0.5443360, 0.5239967, 0.5641974),
    ];
    let curve = rows(&json, "curve");
    for (day, survival, lower, upper) in known {
        let row = curve.iter().find(|row| row["day"] == day).unwrap();
        near(&row["survival"], survival, 6e-8);
        near(&row["lower"], lower, 6e-8);
        near(&row["upper"], upper, 6e-8);
    }
    // S = .60 is reached at 224, its bounds at 187 and 265.
    let first = |column: &str| {
        let row = curve.iter().find(|row| row[column].as_f64().is_some_and(|s| s <= 0.6)).unwrap();
        row["day"].as_i64().unwrap()
    };
    assert_eq!([first("survival"), first("lower"), first("upper")], [224, 187, 265]);
}

#[test]
fn all_gaps_of_cdnow() {
    let folder = folder();
    let Some(()) = cdnow(folder.path()) else { return };
    let json = repurchase(folder.path(), "--from-order all --table survival,curve,intervals -f json").json();
    assert_eq!(rows(&json, "survival")[0]["median_days"], 93.0);
    for (day, survival) in [(30, 0.688824), (90, 0.503225), (365, 0.329478)] {
        let row = rows(&json, "curve").iter().rfind(|row| row["day"].as_i64().unwrap() <= day).unwrap();
        near(&row["survival"], survival, 6e-7);
    }
    let row = &rows(&json, "intervals")[0];
    assert_eq!((row["complete_gaps"].as_i64(), row["open_gaps"].as_i64()), (Some(4_339), Some(2_357)));
    near(&row["complete_mean_days"], 70.8606, 5e-5);
    let quantiles = ["q25", "median", "q75", "p90"].map(|q| row[format!("complete_{q}_days")].as_f64());
    assert_eq!(quantiles, [12.0, 34.0, 90.5, 196.0].map(Some));
    assert_eq!(row["survival_median_days"], 93.0);
    let notes = json["notes"].to_string();
    assert!(notes.contains("34 days") && notes.contains("the median is 93"), "{notes}");
}

#[test]
fn log_rank_by_first_spend() {
    let folder = folder();
    let Some(()) = cdnow(folder.path()) else { return };
    let json = repurchase(folder.path(), "--by spend_group --table survival,tests -f json").json();
    let customers: Vec<_> = rows(&json, "survival").iter().map(|row| row["customers"].as_i64()).collect();
    assert_eq!(customers, [Some(1_189), Some(1_168)]);
    for test in rows(&json, "tests") {
        near(&test["chi2"], 34.97361, 5e-6);
        near(&test["p"], 3.342e-9, 5e-13);
        assert_eq!(test["df"], 1);
    }
    let pair = &rows(&json, "tests")[1];
    assert_eq!((pair["group_a"].as_str(), pair["group_b"].as_str()), (Some("high"), Some("low")));
    assert_eq!(pair["p_holm"], pair["p"]);
}

/// Everybody had 30, 90 and 365 days, so that the rates are 1 - S there; and the ladder's first step is the curve's.
#[test]
fn tables_agree_with_each_other() {
    let folder = folder();
    let Some(()) = cdnow(folder.path()) else { return };
    let json = repurchase(folder.path(), "--windows 30d,90d,365d --table windows,ladder -f json").json();
    for (row, survival) in rows(&json, "windows").iter().zip([0.8260501, 0.7085278, 0.5443360]) {
        assert_eq!(row["eligible"], 2_357);
        near(&row["rate"], 1.0 - survival, 6e-8);
    }
    let ladder = rows(&json, "ladder");
    assert_eq!(ladder.len(), 10);
    near(&ladder[0]["share"], 1_139.0 / 2_357.0, 1e-15);
    near(&ladder[0]["share_by_365d"], 1.0 - 0.5443360, 6e-8);
    for pair in ladder.windows(2) {
        assert_eq!(pair[0]["went_on"], pair[1]["customers"]);
    }
}

#[test]
fn not_reached_is_said_in_words_to_people_and_null_to_programs() {
    let folder = folder();
    let orders =
        "customer_id,ordered_at,amount\na,2024-01-01,10\nb,2024-01-05,10\na,2024-02-01,3\nc,2024-02-03,9\n";
    write(folder.path(), "orders.csv", orders);
    let run = |options: &str| {
        let command = format!("repurchase orders.csv --as-of 2024-03-01 --table survival {options}");
        siyu_in(folder.path(), &command.split(' ').collect::<Vec<_>>()).ok()
    };
    assert!(run("-f markdown").stdout.contains("| not reached |"));
    assert!(run("-f markdown --lang zh").stdout.contains(" 未达到 |"));
    assert!(run("-f table").stdout.contains("not reached"));
    assert!(run("-f csv").stdout.ends_with("\n1,3,1,2,43.5,31.0,,31.0,,,,365\n"), "{}", run("-f csv").stdout);
    assert!(rows(&run("-f json").json(), "survival")[0]["median_days_upper"].is_null());
    let alerts = run("-f json --lang zh").json()["alerts"].clone();
    assert_eq!(alerts[0]["id"], "repurchase_few_events");
    assert!(run("-f json --lang zh").stderr.contains("复购少于 10 次"));
    run("-f xlsx -o out.xlsx");
    // A sheet is no order file, so that inspect ends with 2; what it prints are the cells.
    let sheet = siyu_in(folder.path(), &["inspect", "out.xlsx", "--table", "columns", "-f", "csv"]);
    assert!(sheet.stdout.contains("not reached"), "{}", sheet.stderr);
}

#[test]
fn options_without_effect_are_refused() {
    let folder = folder();
    write(folder.path(), "orders.csv", "customer_id,ordered_at,amount\na,2024-01-01,10\nb,2024-01-05,10\n");
    let refused = |options: &str| {
        let command = format!("repurchase orders.csv {options}");
        let run = siyu_in(folder.path(), &command.split(' ').collect::<Vec<_>>());
        assert_eq!(run.status, 2, "{options}: {}", run.stderr);
        run.stderr
    };
    for options in [
        "--table windows --rmst 90d",
        "--table survival --windows 30d",
        "--table windows --interval log",
        "--table due --from-order 2",
        "--table survival --products category",
        "--table tests",
        "--table products",
    ] {
        assert!(refused(options).contains("does not apply"), "{options}: {}", refused(options));
    }
    assert!(refused("--windows 30").contains("has no unit"));
    assert!(refused("--from-order 0").contains("from-order"));
    assert!(refused("--table products --products nowhere").contains("nowhere"));
    assert!(refused("--as-of 2023-01-01").contains("no rows are left"));
}
