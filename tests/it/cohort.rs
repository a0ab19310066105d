//! `siyu cohort` by the command: CDNOW's cohorts to the last customer, Online Retail's identity with rfm, members.

use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

use crate::support::{folder, shared, siyu_in, write};

/// The orders of CDNOW's one-tenth sample; 2,357 customers, 8 of whom bought only at 0.00, up to 1998-06-30.
fn cdnow(folder: &Path) -> Option<String> {
    let text = std::fs::read_to_string(shared("data/cdnow/CDNOW_sample.txt")?).unwrap();
    let mut csv = String::from("customer_id,ordered_at,amount\n");
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (id, day, amount) = (fields[1], fields[2], fields[4]);
        writeln!(csv, "{id},{}-{}-{},{amount}", &day[..4], &day[4..6], &day[6..]).unwrap();
    }
    write(folder, "cdnow.csv", csv);
    Some("cdnow.csv".into())
}

fn answer(folder: &Path, more: &[&str]) -> Value {
    let mut arguments = vec!["cohort", "cdnow.csv", "--zero-orders", "-f", "json", "--table", "all"];
    arguments.extend(more);
    siyu_in(folder, &arguments).ok().json()
}

fn rows<'a>(json: &'a Value, table: &str) -> &'a [Value] {
    json["tables"][table].as_array().unwrap()
}

/// Rows by cohort: the cells that the table has, `None` where it has none.
fn truth(name: &str) -> Option<Vec<(String, Vec<Option<f64>>)>> {
    let path = shared(&format!("truth/survival_cohort/{name}"))?;
    let mut reader = csv::Reader::from_path(path).unwrap();
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        (row[0].to_owned(), row.iter().skip(1).map(|cell| cell.parse().ok()).collect())
    });
    Some(rows.collect())
}

/// The whole table of numbers of customers, absent cells included: exactly.
#[test]
fn monthly_cohorts_of_cdnow_are_the_published_ones() {
    let folder = folder();
    let Some(_) = cdnow(folder.path()) else { return };
    let Some(truth) = truth("truth_cdnow_month_cohort_counts.csv") else { return };
    let json = answer(folder.path(), &[]);
    let mut expected = Vec::new();
    for (cohort, counts) in &truth {
        for (index, count) in counts.iter().enumerate() {
            expected.extend(count.map(|count| (cohort.clone(), index as i64, count as i64)));
        }
    }
    let int = |row: &Value, name: &str| row[name].as_i64().unwrap();
    let cells = rows(&json, "cells");
    let found: Vec<_> = cells
        .iter()
        .map(|row| {
            (row["cohort"].as_str().unwrap().to_owned(), int(row, "period_index"), int(row, "numerator"))
        })
        .collect();
    assert_eq!(found, expected);
    assert!(cells.iter().all(|row| row["complete"] == true), "June 1998 is over on its last day");
    let sizes: i64 = rows(&json, "matrix").iter().map(|row| int(row, "cohort_size")).sum();
    assert_eq!(sizes, 2_357);
    // The youngest cohort has no months 16 and 17: null, not 0.
    let march = &rows(&json, "matrix")[2];
    assert!(march["period_15"].is_number() && march["period_16"].is_null() && march["period_17"].is_null());
}

/// Tolerance: a relative 1e-9; the truth was summed in floats.
#[test]
fn cumulative_revenue_of_cdnow_is_the_published_one() {
    let folder = folder();
    let Some(_) = cdnow(folder.path()) else { return };
    let Some(truth) = truth("truth_cdnow_month_cohort_cum_revenue_per_customer.csv") else { return };
    let json = answer(folder.path(), &["--measure", "cumulative-revenue"]);
    for (row, (cohort, values)) in rows(&json, "matrix").iter().zip(&truth) {
        assert_eq!(row["cohort"], cohort.as_str());
        for (index, expected) in values.iter().enumerate() {
            match (row[format!("period_{index}")].as_f64(), expected) {
                (Some(found), Some(expected)) => {
                    assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{cohort} {index}: {found}");
                }
                (found, expected) => assert_eq!(found, *expected, "{cohort} {index}"),
            }
        }
    }
}

/// Tolerance: the six digits of truth/README.md.
#[test]
fn pooled_retention_of_cdnow_is_over_mature_cohorts() {
    let folder = folder();
    let Some(_) = cdnow(folder.path()) else { return };
    let json = answer(folder.path(), &[]);
    let pooled = rows(&json, "pooled");
    for (index, expected) in [(1, 0.146373), (2, 0.122613), (3, 0.094612), (6, 0.076793), (12, 0.077217)] {
        let found = pooled[index]["value"].as_f64().unwrap();
        assert!((found - expected).abs() < 5e-7, "m{index}: {found}");
        assert_eq!(pooled[index]["cohorts"], 3);
        let (low, high) =
            (pooled[index]["lower"].as_f64().unwrap(), pooled[index]["upper"].as_f64().unwrap());
        assert!(low < found && found < high);
    }
    // Fewer cohorts have come to the 16th and the 17th month.
    assert_eq!((&pooled[16]["cohorts"], &pooled[17]["cohorts"]), (&2.into(), &1.into()));
    assert_eq!(pooled[17]["customers"], 781);

    // A day earlier the last month of each is running, and nothing else changes.
    let running = answer(folder.path(), &["--as-of", "1998-06-29"]);
    assert_eq!(rows(&running, "pooled").len(), 17);
    let incomplete = rows(&running, "cells").iter().filter(|row| row["complete"] == false).count();
    assert_eq!(incomplete, 3);
    assert_eq!(rows(&running, "pooled")[16]["cohorts"], 1);
    assert_eq!(rows(&running, "pooled")[12], pooled[12]);
}

/// UCI Online Retail with its cancellations, and the cohort whose counts data/online_retail/SOURCE.md gives.
#[test]
fn revenue_of_all_cells_is_that_of_rfm() {
    let Some(path) = shared("data/online_retail/online_retail.parquet") else { return };
    let path = path.display().to_string();
    let folder = folder();
    let total = |command: &[&str], table: &str, column: &str| -> i64 {
        let mut arguments = vec![command[0], path.as_str()];
        arguments.extend(&command[1..]);
        arguments.extend(["-f", "json"]);
        let json = siyu_in(folder.path(), &arguments).ok().json();
        rows(&json, table).iter().map(|row| thousandths(&row[column].to_string())).sum()
    };
    // Rows without --where: refunds that stand by themselves are in it, before the first purchase too.
    let expected = total(&["rfm"], "segments", "revenue");
    for more in [&[][..], &["--period", "week"], &["--elapsed=10d"], &["--by", "last_Country"]] {
        let command = [&["cohort", "--measure", "revenue"], more].concat();
        assert_eq!(total(&command, "cells", "value"), expected, "{more:?}");
    }

    let filter = "quantity > 0 AND unit_price > 0 AND order_id NOT LIKE 'C%'";
    let run = siyu_in(folder.path(), &["cohort", &path, "--where", filter, "-f", "json"]).ok();
    let json = run.json();
    let december: Vec<i64> = rows(&json, "cells")
        .iter()
        .filter(|row| row["cohort"] == "2010-12")
        .map(|row| row["numerator"].as_i64().unwrap())
        .collect();
    assert_eq!(december, [885, 324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235]);
    // The data end on 9 December 2011: the last cell is running.
    let last = rows(&json, "cells").iter().rfind(|row| row["cohort"] == "2010-12").unwrap();
    assert_eq!((&last["period_start"], &last["complete"]), (&"2011-12-01".into(), &false.into()));
}

/// "12.5" -> 12500; three decimals at most.
fn thousandths(text: &str) -> i64 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    assert!(fraction.len() <= 3, "{text}");
    format!("{whole}{fraction:0<3}").parse().unwrap()
}

const ORDERS: &str = "order_id,customer_id,ordered_at,amount,channel\n\
    1,a,2024-01-05,10,app\n2,a,2024-02-03,5,app\n3,b,2024-01-20,7,web\n4,c,2024-02-01,8,web\n5,b,2024-03-09,1,web\n";

#[test]
fn members_make_cohorts_by_joining_day() {
    let folder = folder();
    write(folder.path(), "orders.csv", ORDERS);
    let members =
        "customer_id,joined_at\na,2024-01-01\nb,2024-02-01\nd,2024-01-31\nd,2024-03-01\ne,2024-04-01\nf,\n";
    write(folder.path(), "members.csv", members);
    let base = ["cohort", "orders.csv", "--cohort-by", "joined_at", "--members", "members.csv", "-f", "json"];
    let json = siyu_in(folder.path(), &base).ok().json();
    let cells: Vec<(&str, i64, i64, i64)> = rows(&json, "cells")
        .iter()
        .map(|row| {
            let int = |name: &str| row[name].as_i64().unwrap();
            (row["cohort"].as_str().unwrap(), int("cohort_size"), int("period_index"), int("numerator"))
        })
        .collect();
    let january = [("2024-01", 2, 0, 1), ("2024-01", 2, 1, 1), ("2024-01", 2, 2, 0)];
    assert_eq!(cells, [&january[..], &[("2024-02", 1, 0, 0), ("2024-02", 1, 1, 1)]].concat());
    let frames: Vec<&str> =
        json["input"].as_array().unwrap().iter().map(|input| input["frame"].as_str().unwrap()).collect();
    assert_eq!(frames, ["orders", "members"]);
    let notes = json["notes"].to_string();
    for part in [
        "1 customers are in no cohort, because --members does not say when they joined; they have 1 orders, net revenue 8.00",
        "1 members bought before the day on which they joined: 1 orders, net revenue 7.00",
        "1 members joined after the end of the observed time",
        "1 members have no purchase",
    ] {
        assert!(notes.contains(part), "{part}\n{notes}");
    }
    for (more, word) in [
        (&["--identities", "members.csv"][..], "--identities does not apply"),
        (&["-o", "members.csv", "-f", "csv"], "is an input of this run"),
    ] {
        let run = siyu_in(folder.path(), &[&base[..6], more].concat());
        assert_eq!(run.status, 2);
        assert!(run.stderr.contains(word), "{}", run.stderr);
    }
}

#[test]
fn flags_go_before_the_file_and_nonsense_is_refused() {
    let folder = folder();
    write(folder.path(), "orders.csv", ORDERS);
    write(folder.path(), "siyu.toml", "[cohort]\nelapsed = \"7d\"\nmeasure = \"orders\"\n");
    let params = |more: &[&str]| {
        let arguments = [&["cohort", "orders.csv", "-f", "json"], more].concat();
        siyu_in(folder.path(), &arguments).ok().json()["params"].clone()
    };
    assert_eq!(params(&[])["elapsed"], "7d");
    assert_eq!(params(&["--elapsed"])["elapsed"], "30d");
    let calendar = params(&["--calendar", "--measure", "retention"]);
    assert_eq!((&calendar["calendar"], &calendar["measure"]), (&true.into(), &"retention".into()));
    assert!(calendar.get("elapsed").is_none());
    for (more, word) in [
        (&["--elapsed=30"][..], "has no unit"),
        (&["--elapsed", "--calendar"], "one or the other"),
        (&["--week-start", "sunday"], "--period week"),
        (&["--as-of", "2023-01-01"], "--as-of is before the first row"),
        (&["--by", "chanel"], "did you mean channel?"),
    ] {
        let run = siyu_in(folder.path(), &[&["cohort", "orders.csv"], more].concat());
        assert_eq!(run.status, 2);
        assert!(run.stderr.contains(word), "{}", run.stderr);
    }
}

#[test]
fn threads_and_the_order_of_rows_do_not_show() {
    let folder = folder();
    let mut lines: Vec<String> = (0..4_000)
        .map(|i: u32| {
            let day = i.wrapping_mul(2_654_435_761) % 400;
            let date = chrono::NaiveDate::from_ymd_opt(2023, 1, 1).unwrap() + chrono::Days::new(day.into());
            format!("c{},{date},{}.{:02},{}", i % 700, i % 90, i % 100, ["app", "web", ""][i as usize % 3])
        })
        .collect();
    let header = "customer_id,ordered_at,amount,channel".to_owned();
    write(folder.path(), "a.csv", [std::slice::from_ref(&header), &lines[..]].concat().join("\n"));
    lines.sort();
    write(folder.path(), "b.csv", [&[header], &lines[..]].concat().join("\n"));
    for measure in ["retention", "cumulative-revenue", "average-order-value"] {
        let answer = |file: &str, threads: &str| {
            let arguments =
                ["cohort", file, "--measure", measure, "--by", "top_channel", "--table", "all", "-f", "json"];
            let run = siyu_in(folder.path(), &[&arguments[..], &["--threads", threads]].concat()).ok();
            run.stdout.replace(file, "FILE")
        };
        assert_eq!(answer("a.csv", "1"), answer("b.csv", "3"), "{measure}");
    }
}
