//! The rule of the R package rfm 0.3.0, restated; tests/it/reference_rfm.rs holds the report to the package's own rows.

use super::*;

fn r_rfm() -> RfmSettings {
    settings(&RfmParams { scoring: Some(Scoring::RRfm), ..RfmParams::default() })
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
