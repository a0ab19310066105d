//! The output contract: the same table in every format, atomic files, tables chosen, labels by language, masks.

use std::collections::BTreeMap;

use polars::prelude::*;

use crate::support::{Run, folder, root, siyu_in, write};

fn rfm(folder: &std::path::Path, more: &[&str]) -> Run {
    let orders = root().join("sample-data/orders.csv").display().to_string();
    let mut arguments = vec!["rfm", orders.as_str()];
    arguments.extend(more);
    siyu_in(folder, &arguments)
}

#[test]
fn json_has_the_shape_of_the_contract() {
    let folder = folder();
    let json = rfm(folder.path(), &["-f", "json"]).ok().json();
    let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), 8);
    for key in ["schema_version", "command", "as_of", "params", "input", "tables", "alerts", "notes"] {
        assert!(json.get(key).is_some(), "{key}");
    }
    assert_eq!(json["schema_version"], 1);
    assert_eq!(json["params"]["bins"], 5);
    let tables: Vec<&String> = json["tables"].as_object().unwrap().keys().collect();
    assert_eq!(
        tables,
        ["grid", "segments", "thresholds"],
        "long tables come when named (a map sorts its keys)"
    );
    let segment = &json["tables"]["segments"][0];
    for key in [
        "segment",
        "customers",
        "customer_share",
        "revenue",
        "revenue_share",
        "orders",
        "avg_order_value",
        "recency_days_median",
        "frequency_mean",
        "monetary_mean",
        "action",
    ] {
        assert!(segment.get(key).is_some(), "{key}");
    }
}

#[test]
fn every_format_holds_the_same_rows() {
    let folder = folder();
    let json = rfm(folder.path(), &["-f", "json", "--table", "customers"]).ok().json();
    let rows = json["tables"]["customers"].as_array().unwrap();
    assert!(rows.len() > 100);

    let csv = rfm(folder.path(), &["-f", "csv", "--table", "customers"]).ok().stdout;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let csv_rows: Vec<BTreeMap<String, String>> = reader.deserialize().map(|r| r.unwrap()).collect();
    assert_eq!(csv_rows.len(), rows.len());
    let ndjson = rfm(folder.path(), &["-f", "ndjson", "--table", "customers"]).ok().stdout;
    for ((json, csv), line) in rows.iter().zip(&csv_rows).zip(ndjson.lines()) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(&line, json);
        for (key, value) in json.as_object().unwrap() {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            assert_eq!(csv[key], text, "{key}");
        }
    }

    rfm(folder.path(), &["--table", "customers", "-o", "customers.parquet"]).ok();
    let file = std::fs::File::open(folder.path().join("customers.parquet")).unwrap();
    let frame = ParquetReader::new(file).finish().unwrap();
    assert_eq!(frame.height(), rows.len());
    let ids = frame.column("customer_id").unwrap().str().unwrap().clone();
    for (row, id) in rows.iter().zip(ids.iter()) {
        assert_eq!(row["customer_id"].as_str(), id);
    }
}

#[test]
fn equal_runs_give_equal_files() {
    let folder = folder();
    for name in ["rfm.xlsx", "rfm.json", "rfm.parquet", "rfm.md", "rfm.tsv"] {
        let bytes = |threads: &str| {
            rfm(folder.path(), &["-o", name, "--threads", threads]).ok();
            std::fs::read(folder.path().join(name)).unwrap()
        };
        assert!(bytes("1") == bytes("2"), "{name}");
    }
}

#[test]
fn the_language_changes_labels_alone() {
    let folder = folder();
    let zh = rfm(folder.path(), &["-f", "json", "--lang", "zh"]).ok().stdout;
    let en = rfm(folder.path(), &["-f", "json", "--lang", "en"]).ok().stdout;
    assert_eq!(zh, en);
    let table = rfm(folder.path(), &["-f", "table", "--lang", "zh"]).ok().stdout;
    assert!(table.contains("客户"), "{table}");
    let table = rfm(folder.path(), &["-f", "table", "--lang", "zh", "--segments", "eight"]).ok().stdout;
    assert!(table.contains("重要价值"), "{table}");
}

#[test]
fn ids_leave_only_as_keyed_hashes_under_mask() {
    let folder = folder();
    write(folder.path(), "key", "0123456789abcdef0123456789abcdef\n");
    let masked =
        rfm(folder.path(), &["-f", "csv", "--table", "customers", "--mask", "--mask-key-file", "key"]).ok();
    let plain = rfm(folder.path(), &["-f", "csv", "--table", "customers"]).ok();
    let first = |run: &Run| run.stdout.lines().nth(1).unwrap().split(',').next().unwrap().to_owned();
    let hash = first(&masked);
    assert!(hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()), "{hash}");
    assert!(!masked.stdout.contains(&first(&plain)));
    assert_eq!(masked.stdout.lines().count(), plain.stdout.lines().count());
    for by in ["customer_id", "last_customer_id"] {
        let run = rfm(folder.path(), &["--by", by, "--mask", "--mask-key-file", "key"]);
        assert_eq!(run.status, 2, "--by {by}");
        assert!(run.stdout.is_empty() && run.stderr.contains("which --mask hides"), "{}", run.stderr);
    }
}

#[test]
fn cells_that_a_spreadsheet_would_run_are_made_harmless() {
    let folder = folder();
    write(
        folder.path(),
        "orders.csv",
        "customer_id,ordered_at,amount\n\"=HYPERLINK(\"\"http://x\"\")\",2024-01-01,5\n@b,2024-01-02,6\n",
    );
    let csv = |more: &[&str]| {
        let mut arguments = vec!["rfm", "orders.csv", "--table", "customers", "-f", "csv"];
        arguments.extend(more);
        siyu_in(folder.path(), &arguments).ok().stdout
    };
    assert!(csv(&[]).contains("\n@b,"));
    let safe = csv(&["--excel-safe"]);
    assert!(safe.contains("\n'@b,") && safe.contains("'=HYPERLINK"), "{safe}");
    assert!(csv(&["--bom"]).starts_with('\u{feff}'));
}

#[test]
#[cfg(unix)]
fn a_file_has_the_usual_mode() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    rfm(folder.path(), &["-o", "rfm.csv"]).ok();
    let plain = write(folder.path(), "plain", "x");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path().join("rfm.csv")), mode(&plain));
}

/// No line of a table is wider than the terminal it is made for; what is made for a pipe is not cut.
#[test]
fn a_table_keeps_to_its_width() {
    let folder = folder();
    let table = rfm(folder.path(), &["-f", "table"]).ok().stdout;
    for line in table.lines() {
        assert!(unicode_width::UnicodeWidthStr::width(line) <= 120, "{line}");
    }
}

#[test]
fn labels_of_the_users_own_map_are_shown() {
    let folder = folder();
    write(
        folder.path(),
        "map.toml",
        "name = \"ours\"\nbins = 5\n\n[[segment]]\nkey = \"core\"\nr = \"4-5\"\nlabel = { en = \"Core people\", zh = \"核心客户\" }\n\
         action = { en = \"Call them.\", zh = \"电话回访。\" }\n\n[[segment]]\nkey = \"rest\"\nr = \"1-3\"\n",
    );
    let more = ["--segments", "map.toml", "--table", "segments", "-f"];
    let table = rfm(folder.path(), &[&more[..], &["markdown", "--lang", "zh"]].concat()).ok().stdout;
    assert!(table.contains("核心客户") && table.contains("电话回访。"), "{table}");
    let csv = rfm(folder.path(), &[&more[..], &["csv", "--lang", "zh"]].concat()).ok().stdout;
    assert!(csv.contains("\ncore,"), "{csv}");
}

/// An option about text is refused when the input is Parquet.
#[test]
fn options_that_do_not_apply_are_refused() {
    let parquet = root().join("sample-data/orders.parquet").display().to_string();
    for (option, value) in [("--encoding", "gbk"), ("--delimiter", ";"), ("--sheet", "1")] {
        let run = siyu_in(folder().path(), &["rfm", &parquet, option, value]);
        assert_eq!(run.status, 2);
        assert!(run.stderr.contains("does not apply"), "{}", run.stderr);
    }
    let run = rfm(folder().path(), &["--bom", "-f", "json"]);
    assert!(run.status == 2 && run.stderr.contains("--bom does not apply"), "{}", run.stderr);
}
