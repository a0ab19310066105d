//! The R package rfm 0.3.0: rfm_table_order(rfm_data_orders, customer_id, order_date, revenue, 2006-12-31), 5 bins.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{NaiveDate, NaiveTime};

use super::*;

#[allow(clippy::print_stderr)]
fn truth(name: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/truth/rfm").join(name);
    let text = std::fs::read_to_string(path).ok();
    if text.is_none() {
        eprintln!("skipped: ../shared/truth/rfm/{name} is not here");
    }
    text
}

fn r_rfm() -> RfmSettings {
    settings(&RfmParams { scoring: Some(Scoring::RRfm), ..RfmParams::default() })
}

#[test]
fn all_995_rows_of_the_r_package() {
    let (Some(orders), Some(expected)) =
        (truth("r_rfm_data_orders_noname.csv"), truth("truth_r_rfm_orders_table_noname.csv"))
    else {
        return;
    };
    let day = |text: &str| {
        let date: NaiveDate = text.parse().unwrap();
        date.and_time(NaiveTime::MIN).and_utc().timestamp_micros() / DAY
    };
    let as_of = day("2006-12-31");
    let mut customers: BTreeMap<&str, Row> = BTreeMap::new();
    for line in orders.lines().skip(1) {
        let [id, date, revenue] = line.split(',').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let row = customers.entry(id).or_insert_with(|| (id.into(), i64::MAX, 0, 0));
        row.1 = row.1.min(as_of - day(date));
        row.2 += 1;
        row.3 += revenue.parse::<i64>().unwrap() * 10_000;
    }
    let rows: Vec<Row> = customers.into_values().collect();
    let report = run(&r_rfm(), input(&rows), &TableChoice::All).unwrap();

    let table = table(&report, "customers");
    let ids = texts(table, "customer_id");
    let columns = ["recency_days", "frequency", "monetary", "r", "f", "m"].map(|name| ints(table, name));
    let ours: BTreeMap<&str, Vec<i64>> = ids
        .iter()
        .enumerate()
        .map(|(at, id)| (id.as_str(), columns.iter().map(|column| column[at]).collect()))
        .collect();
    let mut compared = 0;
    for line in expected.lines().skip(1) {
        let (id, numbers) = line.split_once(',').unwrap();
        let mut numbers: Vec<i64> = numbers.split(',').map(|n| n.parse().unwrap()).collect();
        numbers[2] *= 10_000;
        assert_eq!(ours[id][..], numbers[..6], "customer {id}");
        compared += 1;
    }
    assert_eq!((compared, ours.len()), (995, 995));

    // Lower thresholds as the package prints them.
    let thresholds = self::table(&report, "thresholds");
    let lower: Vec<f64> = floats(thresholds, "lower").into_iter().map(Option::unwrap).collect();
    assert_eq!(lower[..5], [482.0, 297.4, 181.0, 115.0, 1.0]);
    assert_eq!(lower[5..10], [1.0, 4.0, 5.0, 6.0, 8.0]);
    assert_eq!(lower[10..], [12.0, 255.8, 382.0, 506.4, 666.0]);
}

/// The rule restated: cuts are type-7 quantiles plus 1 and belong to the class above.
#[test]
fn r_cuts_are_one_above_the_quantiles() {
    // 1..=6: quantiles at fifths are 2 3 4 5, so that classes begin at 3 4 5 6 and the first holds 1 and 2.
    let six: Vec<Row> = (1..=6).map(|v| (v.to_string(), v, v as u32, v * 10_000)).collect();
    let report = run(&r_rfm(), input(&six), &TableChoice::All).unwrap();
    let customers = table(&report, "customers");
    assert_eq!(ints(customers, "f"), [1, 1, 2, 3, 4, 5]);
    assert_eq!(ints(customers, "m"), [1, 1, 2, 3, 4, 5]);
    assert_eq!(ints(customers, "r"), [5, 5, 4, 3, 2, 1]);
    // Where all are equal, the cuts lie above every value: one class.
    let same: Vec<Row> = (1..=6).map(|v| (v.to_string(), 3, 3, 30_000)).collect();
    let report = run(&r_rfm(), input(&same), &TableChoice::All).unwrap();
    assert_eq!(ints(table(&report, "customers"), "f"), [1; 6]);
    assert_eq!(floats(table(&report, "thresholds"), "upper")[5..10], [Some(4.0), None, None, None, None]);
}
