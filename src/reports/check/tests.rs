use super::*;
use crate::facts::quality::{Counted, Gap, Outliers};
use crate::output::report::Table;

fn settings() -> CheckSettings {
    CheckParams::default().resolve(0.01, false).unwrap()
}

fn counted(rows: u64, value: &str, is_id: bool) -> Counted {
    let example = Example {
        file: Some("f.csv".into()),
        row: Some(7),
        column: "c".into(),
        value: value.into(),
        is_id,
        is_customer: is_id,
    };
    Counted { rows, examples: vec![example] }
}

fn sound() -> Quality {
    Quality { rows_read: 1000, rows_used: 1000, customers: 400, orders: 900, ..Quality::default() }
}

fn findings(quality: &Quality) -> Vec<(&'static str, Severity)> {
    findings::all(&settings(), quality).into_iter().map(|f| (f.check, f.severity)).collect()
}

fn texts(table: &Table, column: &str) -> Vec<String> {
    match &table.column(column).unwrap().cells {
        Cells::Text(values) => values.iter().map(|v| v.clone().unwrap_or_default()).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn sound_data_has_no_finding() {
    let checked = run(&settings(), &sound(), None, None);
    assert!(checked.is_sound);
    assert_eq!(checked.report.tables[0].height(), 0);
    assert_eq!(checked.report.notes, [Note::new("check_nothing_found")]);
}

#[test]
fn info_alone_is_sound_and_a_warning_is_not() {
    let mut quality = sound();
    quality.negative_amounts = counted(20, "-5", false);
    assert_eq!(findings(&quality), [("negative_amounts", Severity::Info)]);
    assert!(run(&settings(), &quality, None, None).is_sound);
    quality.missing_customer_ids = counted(1, "", true);
    assert_eq!(
        findings(&quality),
        [("missing_customer_ids", Severity::Warning), ("negative_amounts", Severity::Info)]
    );
    assert!(!run(&settings(), &quality, None, None).is_sound);
}

#[test]
fn the_lines_between_severities() {
    use Severity::{Error, Info, Warning};
    type Case = (&'static str, fn(&mut Quality, u64), u64, Severity, Severity);
    let cases: &[Case] = &[
        ("missing_customer_ids", |q, n| q.missing_customer_ids.rows = n, 500, Warning, Error),
        ("missing_dates", |q, n| q.missing_dates.rows = n, 500, Warning, Error),
        ("unreadable_dates", |q, n| q.unreadable_dates.rows = n, 11, Warning, Error),
        ("unreadable_amounts", |q, n| q.unreadable_amounts.rows = n, 11, Warning, Error),
        ("overlong_rows", |q, n| q.overlong_rows.rows = n, 11, Warning, Error),
        ("masked_ids", |q, n| q.masked_ids.rows = n, 100, Warning, Error),
        ("zero_amounts", |q, n| q.zero_amounts.rows = n, 50, Info, Warning),
        ("negative_amounts", |q, n| q.negative_amounts.rows = n, 200, Info, Warning),
    ];
    for (check, set, line, below, from) in cases {
        for (rows, severity) in [(line - 1, *below), (*line, *from)] {
            let mut quality = sound();
            set(&mut quality, rows);
            assert_eq!(findings(&quality), [(*check, severity)], "{rows}");
        }
    }
}

#[test]
fn unreadable_rows_of_all_kinds_count_against_max_bad() {
    let mut quality = sound();
    quality.unreadable_dates.rows = 6;
    quality.unreadable_amounts.rows = 6;
    assert_eq!(
        findings(&quality),
        [("unreadable_dates", Severity::Error), ("unreadable_amounts", Severity::Error)]
    );
}

#[test]
fn strict_makes_doubtful_rows_errors() {
    let mut quality = sound();
    quality.missing_amounts.rows = 1;
    quality.unreadable_dates.rows = 1;
    quality.short_rows.rows = 1;
    let strict = CheckSettings { strict: true, ..settings() };
    assert!(findings::all(&strict, &quality).iter().all(|f| f.severity == Severity::Error));
    assert!(findings::all(&settings(), &quality).iter().all(|f| f.severity == Severity::Warning));
}

#[test]
fn customers_that_are_none() {
    let mut quality = sound();
    (quality.customers, quality.orders) = (1, 20);
    assert_eq!(findings(&quality), [("single_customer", Severity::Error)]);
    quality.orders = 19;
    assert_eq!(findings(&quality), []);
    (quality.customers, quality.orders) = (1000, 1000);
    assert_eq!(findings(&quality), [("customer_per_order", Severity::Warning)]);
    (quality.customers, quality.orders) = (19, 500);
    quality.dominant_customers.rows = 300;
    assert_eq!(findings(&quality), []);
    quality.customers = 20;
    assert_eq!(findings(&quality), [("dominant_customers", Severity::Warning)]);
}

#[test]
fn rounded_ids_are_told_from_chance() {
    let mut quality = sound();
    (quality.long_number_ids, quality.rounded_ids.rows) = (1000, 100);
    assert_eq!(findings(&quality), []);
    quality.rounded_ids.rows = 900;
    assert_eq!(findings(&quality), [("rounded_ids", Severity::Error)]);
}

#[test]
fn far_out_amounts_matter_by_what_they_hold() {
    let mut quality = sound();
    quality.outlying_amounts = counted(2, "999", false);
    let mut outliers =
        Outliers { rows: 2, sum_e4: 99, of_e4: 10_000, typical_e4: 5, lowest_e4: None, highest_e4: None };
    quality.outliers = Some(outliers);
    assert_eq!(findings(&quality), [("outlying_amounts", Severity::Info)]);
    outliers.sum_e4 = 100;
    quality.outliers = Some(outliers);
    assert_eq!(findings(&quality), [("outlying_amounts", Severity::Warning)]);
}

#[test]
fn gaps_are_about_no_rows_and_show_days() {
    let mut quality = sound();
    quality.usual_distance_days = Some(1);
    quality.gaps = vec![Gap { first: 14_967, last: 14_977 }];
    let checked = run(&settings(), &quality, None, None);
    assert!(checked.is_sound);
    assert_eq!(checked.report.tables[0].column("rows").unwrap().cells, Cells::Int(vec![None]));
    assert_eq!(texts(&checked.report.tables[1], "value"), ["2010-12-24/2011-01-03"]);
    quality.gaps = vec![Gap { first: 0, last: 27 }];
    assert!(!run(&settings(), &quality, None, None).is_sound);
}

#[test]
fn ids_are_masked_in_examples() {
    let mut quality = sound();
    quality.masked_ids = counted(3, "138****1234", true);
    quality.zero_amounts = counted(3, "0", false);
    let key = Key::from_bytes(b"0123456789abcdef").unwrap();
    let report = run(&settings(), &quality, None, Some(&key)).report;
    assert_eq!(texts(&report.tables[1], "value"), [key.mask("138****1234"), "0".to_owned()]);
}

#[test]
fn a_threshold_must_be_above_zero() {
    for z in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(CheckParams { outlier_z: Some(z) }.resolve(0.01, false).is_err(), "{z}");
    }
}

#[test]
fn every_check_is_explained_and_labelled() {
    let mut quality = sound();
    quality.rows_used = 0;
    let one = || counted(1, "x", false);
    for counted in [
        &mut quality.missing_customer_ids,
        &mut quality.missing_dates,
        &mut quality.unreadable_dates,
        &mut quality.missing_amounts,
        &mut quality.unreadable_amounts,
        &mut quality.overlong_rows,
        &mut quality.short_rows,
        &mut quality.destroyed_customer_ids,
        &mut quality.destroyed_order_ids,
        &mut quality.dates_after_as_of,
        &mut quality.duplicate_rows,
        &mut quality.orders_with_several_customers,
        &mut quality.missing_order_ids,
        &mut quality.dates_before_1990,
        &mut quality.zero_amounts,
        &mut quality.negative_amounts,
        &mut quality.refunds_above_amount,
        &mut quality.masked_ids,
        &mut quality.spreadsheet_errors,
        &mut quality.outlying_amounts,
        &mut quality.dominant_customers,
        &mut quality.mixed_currencies,
    ] {
        *counted = one();
    }
    quality.rounded_ids = counted(20, "x", true);
    quality.long_number_ids = 20;
    quality.outliers =
        Some(Outliers { rows: 1, sum_e4: 1, of_e4: 1, typical_e4: 1, lowest_e4: None, highest_e4: None });
    quality.usual_distance_days = Some(1);
    quality.gaps = vec![Gap { first: 0, last: 9 }];
    let mut found = findings::all(&settings(), &quality);
    (quality.customers, quality.orders) = (1, 20);
    found.extend(findings::all(&settings(), &quality));
    (quality.customers, quality.orders) = (2000, 2000);
    found.extend(findings::all(&settings(), &quality));

    let mut checks: Vec<&str> = found.iter().map(|finding| finding.check).collect();
    checks.sort_unstable();
    checks.dedup();
    assert_eq!(checks.len(), 27);
    for lang in [crate::text::Lang::En, crate::text::Lang::Zh] {
        let words = crate::text::Catalogue::get(lang);
        for finding in &found {
            assert!(DOC.contains(finding.check), "{} is not in check.md", finding.check);
            assert!(words.label("checks", finding.check).is_some(), "{}", finding.check);
            assert!(words.label("advice", finding.advice).is_some(), "{}", finding.advice);
        }
    }
}

#[test]
fn exact_money() {
    for (e4, text) in [(0, "0"), (-5_000, "-0.5"), (89_114_079_040, "8911407.904"), (10_000, "1")] {
        assert_eq!(exact(e4), text);
    }
}
