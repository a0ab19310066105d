//! sample-data/ is what `siyu sample` writes, and the reports find what was planted.

use crate::support::{folder, root, siyu_in};

#[test]
fn the_repositorys_sample_data_is_what_the_generator_writes() {
    let folder = folder();
    let frames = "orders,events,spend,members,interactions,leak";
    siyu_in(folder.path(), &["sample", "out", "--frames", frames, "-q"]).ok();
    let (mut files, mut bytes) = (0, 0);
    for entry in std::fs::read_dir(root().join("sample-data")).unwrap() {
        let path = entry.unwrap().path();
        let made = std::fs::read(folder.path().join("out").join(path.file_name().unwrap())).unwrap();
        assert!(made == std::fs::read(&path).unwrap(), "{} differs", path.display());
        files += 1;
        bytes += made.len();
    }
    assert_eq!(files, 13, "six frames in two formats and a README");
    assert!(bytes < 3_000_000, "{bytes} bytes are too many for a repository");
}

#[test]
fn equal_seeds_give_equal_bytes_on_any_number_of_threads() {
    let folder = folder();
    let bytes = |out: &str, more: &[&str]| {
        let mut arguments = vec!["sample", out, "--customers", "9000", "--frames", "orders", "-q"];
        arguments.extend(more);
        siyu_in(folder.path(), &arguments).ok();
        std::fs::read(folder.path().join(out).join("orders.csv")).unwrap()
    };
    let one = bytes("one", &["--threads", "1"]);
    assert!(one == bytes("two", &["--threads", "2"]));
    assert!(one != bytes("three", &["--seed", "7"]));
}

/// examples/segments.rs, which `cargo test` builds: the library without the command line gives the same answer.
#[test]
fn the_example_agrees_with_the_command() {
    let example =
        std::path::Path::new(env!("CARGO_BIN_EXE_siyu")).with_file_name("examples").join("segments");
    if !example.exists() {
        eprintln!("skipped: {} is not built (cargo test builds it)", example.display());
        return;
    }
    let orders = root().join("sample-data/orders.csv");
    let output = std::process::Command::new(example).arg(&orders).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let orders = orders.display().to_string();
    let json = siyu_in(folder().path(), &["rfm", &orders, "-f", "json"]).ok().json();
    for segment in json["tables"]["segments"].as_array().unwrap() {
        let line = format!(
            "{:20} {:>6}\n",
            segment["segment"].as_str().unwrap(),
            segment["customers"].as_u64().unwrap()
        );
        assert!(printed.contains(&line), "{line}{printed}");
    }
}

/// "What the reports should find" of sample-data/README.md.
#[test]
fn the_reports_find_what_was_planted() {
    let orders = root().join("sample-data/orders.csv").display().to_string();
    let json = |arguments: &[&str]| {
        let arguments = [&[arguments[0], &orders], &arguments[1..], &["-f", "json"]].concat();
        siyu_in(folder().path(), &arguments).ok().json()
    };
    let number = |value: &serde_json::Value| value.as_f64().unwrap();

    let planted =
        [("r", 0.9), ("alpha", 25.0), ("a", 0.6), ("b", 7.4), ("p", 6.25), ("q", 3.74), ("v", 44.0)];
    let ltv = json(&["ltv", "--model", "bg-nbd", "--time-unit", "day", "--table", "model,totals"]);
    let model = ltv["tables"]["model"].as_array().unwrap();
    assert_eq!(model.len(), planted.len());
    for (row, (name, truth)) in model.iter().zip(planted) {
        assert_eq!(row["parameter"], name);
        assert!((number(&row["value"]) - truth).abs() < 3.0 * number(&row["se"]), "{row}");
    }

    let repurchase = json(&["repurchase", "--table", "survival,curve"]);
    let median = &repurchase["tables"]["survival"][0];
    assert!(number(&median["median_days_lower"]) < 29.0 && number(&median["median_days_upper"]) > 29.0);
    for (day, truth) in [(30.0, 0.4917), (90.0, 0.2532), (365.0, 0.0844)] {
        let curve = repurchase["tables"]["curve"].as_array().unwrap();
        let step = curve.iter().rfind(|step| number(&step["day"]) <= day).unwrap();
        assert!(number(&step["lower"]) < truth && truth < number(&step["upper"]), "{step}");
    }

    let cells = json(&["cohort", "--measure", "revenue", "--table", "cells"]);
    let cells = cells["tables"]["cells"].as_array().unwrap();
    let sum: f64 = cells.iter().map(|cell| number(&cell["value"])).sum();
    assert!((sum - 272_777.62).abs() < 1e-6, "{sum}");
    let totals = ltv["tables"]["totals"].as_array().unwrap();
    let to_date = totals.iter().find(|row| row["measure"] == "revenue_to_date").unwrap();
    assert_eq!(number(&to_date["value"]), 272_777.62);
}

/// Every column that a report shows is named on its page (tables: architecture.rs).
#[test]
fn every_column_is_explained() {
    let orders = root().join("sample-data/orders.csv").display().to_string();
    let spend = root().join("sample-data/spend.csv").display().to_string();
    let more: [(&str, &[&str]); 4] = [
        ("rfm", &["--compare-to", "2025-06-30"]),
        ("cohort", &[]),
        ("repurchase", &["--by", "channel"]),
        ("ltv", &["--margin", "0.3", "--spend", &spend]),
    ];
    for (report, options) in more {
        let page = std::fs::read_to_string(root().join(format!("src/reports/{report}.md"))).unwrap();
        let words: std::collections::BTreeSet<&str> =
            page.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
        let arguments = [&[report, &orders, "--table", "all", "-f", "json"], options].concat();
        let json = siyu_in(folder().path(), &arguments).ok().json();
        for (table, rows) in json["tables"].as_object().unwrap() {
            for column in rows[0].as_object().unwrap().keys() {
                // The column of --by has the name that was asked for; period_2 and so on are like period_1.
                let is_named = words.contains(column.as_str())
                    || column == "first_channel"
                    || column.strip_prefix("period_").is_some_and(|n| n.parse::<u32>().is_ok());
                assert!(is_named, "{report}.md does not name {column} of {table}");
            }
        }
    }
}
