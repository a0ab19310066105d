//! UCI Online Retail: totals to the last digit, and the same answer from CSV and Parquet.

use crate::support::{Run, folder, shared, siyu_in};

const WHERE: &str = "quantity > 0 AND unit_price > 0 AND order_id NOT LIKE 'C%'";

fn rfm(path: &std::path::Path, more: &[&str]) -> Run {
    let path = path.display().to_string();
    let mut arguments = vec!["rfm", path.as_str(), "--where", WHERE, "-f", "json"];
    arguments.extend(more);
    siyu_in(folder().path(), &arguments).ok()
}

#[test]
fn totals_agree_with_the_published_ones() {
    let Some(path) = shared("data/online_retail/online_retail.csv.gz") else { return };
    let run = rfm(&path, &[]);
    let json = run.json();
    let input = &json["input"][0];
    assert_eq!(input["rows_read"], 541_909);
    assert_eq!(input["rows_used"], 397_884);
    let dropped: u64 = input["dropped"].as_array().unwrap().iter().map(|d| d["rows"].as_u64().unwrap()).sum();
    assert_eq!(dropped + 397_884, 541_909);
    assert_eq!(input["dropped"][0]["reason"], "missing customer_id");
    assert_eq!(input["dropped"][0]["rows"], 135_080);
    assert_eq!(json["as_of"], "2011-12-09T12:50:00");

    let segments = json["tables"]["segments"].as_array().unwrap();
    let customers: u64 = segments.iter().map(|s| s["customers"].as_u64().unwrap()).sum();
    assert_eq!(customers, 4_338);
    let orders: u64 = segments.iter().map(|s| s["orders"].as_u64().unwrap()).sum();
    assert_eq!(orders, 18_532);
    // Exact: the digits as they stand in the JSON, added as integers of 1/1,000.
    let revenue: i64 = segments.iter().map(|s| thousandths(&s["revenue"].to_string())).sum();
    assert_eq!(revenue, 8_911_407_904);
    let share: f64 = segments.iter().filter_map(|s| s["customer_share"].as_f64()).sum();
    assert!((share - 1.0).abs() < 1e-12);
    let share: f64 = segments.iter().filter_map(|s| s["revenue_share"].as_f64()).sum();
    assert!((share - 1.0).abs() < 1e-12);
}

/// "12.5" -> 12500; three decimals at most.
fn thousandths(text: &str) -> i64 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    assert!(fraction.len() <= 3, "{text}");
    format!("{whole}{fraction:0<3}").parse().unwrap()
}

#[test]
fn csv_and_parquet_give_the_same_bytes() {
    let Some(csv) = shared("data/online_retail/online_retail.csv.gz") else { return };
    let Some(parquet) = shared("data/online_retail/online_retail.parquet") else { return };
    for more in
        [&["--table", "all"][..], &["--table", "all", "--by", "Country", "--compare-to", "2011-06-30"]]
    {
        let one = rfm(&csv, more).stdout.replace("online_retail.csv.gz", "FILE");
        let two = rfm(&parquet, more).stdout.replace("online_retail.parquet", "FILE");
        assert!(one == two, "json from CSV and Parquet differ");
    }
}
