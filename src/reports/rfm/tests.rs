//! What `rfm` must hold: the numbers of R's package, identities, properties, refusals.

mod maps;
mod options;
mod properties;
mod reference;

use serde_json::json;

use super::*;
use crate::output::report::{Cells, Table};

pub(super) const DAY: i64 = 86_400_000_000;
/// The day (since 1970-01-01) on which the moment of these tests lies.
pub(super) const TODAY: i64 = 20_000;

/// A customer: id, days since the last purchase, orders, net revenue in 1/10,000.
pub(super) type Row = (String, i64, u32, i64);

pub(super) fn facts(rows: &[Row]) -> CustomerFacts {
    let last: Vec<i64> = rows.iter().map(|row| (TODAY - row.1) * DAY + 7).collect();
    CustomerFacts {
        customer_id: rows.iter().map(|row| &row.0).collect(),
        first_at_us: last.clone(),
        last_at_us: last,
        orders: rows.iter().map(|row| row.2).collect(),
        net_e4: rows.iter().map(|row| row.3).collect(),
        ..CustomerFacts::default()
    }
}

pub(super) fn input(rows: &[Row]) -> RfmInput {
    RfmInput { as_of_us: TODAY * DAY + 5, facts: facts(rows), before: None, by_name: None }
}

pub(super) fn settings(params: &RfmParams) -> RfmSettings {
    params.resolve(true, Some(1), |_| unreachable!("no map file")).unwrap()
}

pub(super) fn table<'a>(report: &'a Report, name: &str) -> &'a Table {
    report.tables.iter().find(|t| t.name == name).unwrap()
}

pub(super) fn ints(table: &Table, column: &str) -> Vec<i64> {
    match &table.column(column).unwrap().cells {
        Cells::Int(v) | Cells::Money(v) | Cells::DateTime(v) => v.iter().map(|v| v.unwrap()).collect(),
        other => panic!("{column}: {other:?}"),
    }
}

pub(super) fn floats(table: &Table, column: &str) -> Vec<Option<f64>> {
    match &table.column(column).unwrap().cells {
        Cells::Float(v) => v.clone(),
        other => panic!("{column}: {other:?}"),
    }
}

pub(super) fn texts(table: &Table, column: &str) -> Vec<String> {
    match &table.column(column).unwrap().cells {
        Cells::Text(v) => v.iter().map(|v| v.clone().unwrap_or_else(|| "-".into())).collect(),
        other => panic!("{column}: {other:?}"),
    }
}

pub(super) fn rows(rows: &[(&str, i64, u32, i64)]) -> Vec<Row> {
    rows.iter()
        .map(|(id, recency, orders, units)| ((*id).into(), *recency, *orders, units * 10_000))
        .collect()
}

/// Ten customers of whom every table can be worked out by hand.
fn ten() -> Vec<Row> {
    rows(&[
        ("j", 0, 10, 1000),
        ("i", 1, 9, 900),
        ("h", 2, 8, 800),
        ("g", 3, 7, 700),
        ("f", 4, 6, 600),
        ("e", 5, 5, 500),
        ("d", 6, 4, 400),
        ("c", 7, 3, 300),
        ("b", 8, 2, 200),
        ("a", 9, 1, 100),
    ])
}

#[test]
fn ten_customers_by_quantiles() {
    let report = run(&settings(&RfmParams::default()), input(&ten()), &TableChoice::All).unwrap();
    let names: Vec<&str> = report.tables.iter().map(|t| t.name).collect();
    assert_eq!(names, ["segments", "customers", "grid", "thresholds", "facts"]);

    let customers = table(&report, "customers");
    assert_eq!(texts(customers, "customer_id").concat(), "abcdefghij");
    for (column, scores) in [("r", "1122334455"), ("f", "1122334455"), ("m", "1122334455")] {
        let shown: String = ints(customers, column).iter().map(i64::to_string).collect();
        assert_eq!(shown, scores, "{column}");
    }
    assert_eq!(ints(customers, "score"), [3, 3, 6, 6, 9, 9, 12, 12, 15, 15]);
    assert_eq!(ints(customers, "recency_days")[..2], [9, 8]);

    let segments = table(&report, "segments");
    let inhabited: Vec<(String, i64)> = texts(segments, "segment")
        .into_iter()
        .zip(ints(segments, "customers"))
        .filter(|(_, customers)| *customers > 0)
        .collect();
    let expected = [("champions", 2), ("loyal", 2), ("need_attention", 2), ("hibernating", 4)];
    assert_eq!(inhabited, expected.map(|(k, n)| (k.to_owned(), n)));
    assert_eq!(segments.height(), 10);
    // Champions: i and j.
    assert_eq!(ints(segments, "revenue")[0], 19_000_000);
    assert_eq!(ints(segments, "orders")[0], 19);
    assert_eq!(floats(segments, "avg_order_value")[0], Some(100.0));
    assert_eq!(floats(segments, "recency_days_median")[0], Some(0.5));
    assert_eq!(floats(segments, "frequency_mean")[0], Some(9.5));
    assert_eq!(floats(segments, "monetary_mean")[0], Some(950.0));
    assert_eq!(floats(segments, "customer_share")[0], Some(0.2));
    // Nobody is promising: sums are 0, means are not there.
    let empty = texts(segments, "segment").iter().position(|s| s == "promising").unwrap();
    assert_eq!(ints(segments, "revenue")[empty], 0);
    assert_eq!(floats(segments, "monetary_mean")[empty], None);
    assert_eq!(floats(segments, "recency_days_median")[empty], None);

    let thresholds = table(&report, "thresholds");
    assert_eq!(thresholds.height(), 15);
    // R: type-7 quantiles of 0..=9 at fifths are 1.8 3.6 5.4 7.2; the fewest days have the highest score.
    assert_eq!(floats(thresholds, "lower")[..5], [Some(7.2), Some(5.4), Some(3.6), Some(1.8), Some(0.0)]);
    assert_eq!(floats(thresholds, "upper")[10..], [280.0, 460.0, 640.0, 820.0, 1000.0].map(Some));
    assert_eq!(ints(table(&report, "grid"), "customers").iter().sum::<i64>(), 10);
    assert_eq!(table(&report, "grid").height(), 25);
    assert_eq!(
        serde_json::Value::from(report.params),
        json!({"scoring": "quantile", "bins": 5, "segments": "rf10", "score_within": false, "frequency": "orders"})
    );
    assert!(report.notes.is_empty(), "{:?}", report.notes);
}

#[test]
fn equal_values_leave_scores_out_and_a_note_says_so() {
    let same: Vec<Row> = (0..10).map(|i| (format!("{i}"), i, 1, 1000 * i)).collect();
    let report = run(&settings(&RfmParams::default()), input(&same), &TableChoice::Standard).unwrap();
    let note = report.notes.iter().find(|n| n.key == "rfm_left_out_frequency").unwrap();
    assert_eq!(note.args, [("scores", "2, 3, 4, 5".to_owned())]);
    let thresholds = table(&report, "thresholds");
    assert_eq!(floats(thresholds, "upper")[5..10], [Some(1.0), None, None, None, None]);
    // A net of zero with a purchase is told too.
    assert!(report.notes.iter().any(|n| n.key == "rfm_monetary_not_positive"));
}

#[test]
fn fixed_cuts_are_inclusive_upper_bounds() {
    let params = RfmParams {
        scoring: Some(Scoring::Fixed),
        recency_cuts: Some(vec![3, 6]),
        frequency_cuts: Some(vec![4, 7]),
        monetary_cuts: Some(vec![400.0, 700.5]),
        segments: Some("tiers".into()),
        ..RfmParams::default()
    };
    let report = run(&settings(&params), input(&ten()), &TableChoice::All).unwrap();
    let customers = table(&report, "customers");
    let scores = |column| ints(customers, column).iter().map(i64::to_string).collect::<String>();
    assert_eq!(scores("r"), "1112223333");
    assert_eq!(scores("f"), "1111222333");
    assert_eq!(scores("m"), "1111222333");
    assert_eq!(report.params["bins"], 3);
    assert_eq!(report.params["monetary_cuts"], json!([400, 700.5]));
    // Scores run from 3 to 9: tiers begin at 4.5, 6 and 7.5.
    assert_eq!(report.params["tier_cuts"], json!([4.5, 6.0, 7.5]));
    assert_eq!(
        texts(customers, "segment"),
        ["bronze", "bronze", "bronze", "bronze", "gold", "gold", "gold", "diamond", "diamond", "diamond"]
    );
}

#[test]
fn natural_breaks_find_the_gaps() {
    let clumps: Vec<Row> = [1, 2, 2, 40, 41, 41, 90, 91, 300]
        .iter()
        .enumerate()
        .map(|(i, v)| (format!("{i}"), *v, *v as u32, *v * 10_000))
        .collect();
    let params = RfmParams {
        scoring: Some(Scoring::Natural),
        bins: Some(4),
        segments: Some("tiers".into()),
        ..RfmParams::default()
    };
    let report = run(&settings(&params), input(&clumps), &TableChoice::All).unwrap();
    assert_eq!(ints(table(&report, "customers"), "f"), [1, 1, 1, 2, 2, 2, 3, 3, 4]);
    assert_eq!(ints(table(&report, "customers"), "r"), [4, 4, 4, 3, 3, 3, 2, 2, 1]);
    let thresholds = table(&report, "thresholds");
    assert_eq!(floats(thresholds, "lower")[4..8], [1.0, 40.0, 90.0, 300.0].map(Some));
    assert_eq!(floats(thresholds, "upper")[4..8], [2.0, 41.0, 91.0, 300.0].map(Some));
    let few = run(&settings(&params), input(&clumps[..3]), &TableChoice::Standard).unwrap();
    let keys: Vec<_> = few.notes.iter().map(|n| (n.key, n.args[0].1.as_str())).collect();
    assert_eq!(
        keys,
        [
            ("rfm_few_values_recency", "1, 2"),
            ("rfm_few_values_frequency", "3, 4"),
            ("rfm_few_values_monetary", "3, 4")
        ]
    );
}

#[test]
fn eight_splits_at_the_mean() {
    // Means: recency 3.333, frequency 2, monetary 40.
    let three = rows(&[("a", 3, 2, 40), ("b", 4, 1, 79), ("c", 3, 3, 1)]);
    let params = RfmParams { segments: Some("eight".into()), ..RfmParams::default() };
    let report = run(&settings(&params), input(&three), &TableChoice::All).unwrap();
    assert_eq!(
        texts(table(&report, "customers"), "segment"),
        ["important_value", "important_retain", "general_value"]
    );
    let thresholds = table(&report, "thresholds");
    assert_eq!(
        texts(thresholds, "dimension")[15..],
        ["recency_split"; 2]
            .iter()
            .chain(&["frequency_split"; 2])
            .chain(&["monetary_split"; 2])
            .map(|s| (*s).to_owned())
            .collect::<Vec<_>>()
    );
    assert_eq!(floats(thresholds, "lower")[15..], [10.0 / 3.0, 3.0, 1.0, 2.0, 1.0, 40.0].map(Some));
    assert_eq!(floats(thresholds, "upper")[15..], [4.0, 10.0 / 3.0, 2.0, 3.0, 40.0, 79.0].map(Some));

    let given = RfmParams { split: Some("4, 2.5, 79".into()), ..params };
    let report = run(&settings(&given), input(&three), &TableChoice::All).unwrap();
    assert_eq!(report.params["split"], json!([4.0, 2.5, 79.0]));
    assert_eq!(
        texts(table(&report, "customers"), "segment"),
        ["general_develop", "important_develop", "general_value"]
    );
}

#[test]
fn weights_weigh_exactly() {
    let params = RfmParams {
        weights: Some(vec![0.5, 0.3, 0.2]),
        segments: Some("tiers".into()),
        tier_cuts: Some(vec![2.0, 3.0, 5.0]),
        ..RfmParams::default()
    };
    let report = run(&settings(&params), input(&ten()), &TableChoice::All).unwrap();
    let customers = table(&report, "customers");
    assert_eq!(floats(customers, "score"), [1., 1., 2., 2., 3., 3., 4., 4., 5., 5.].map(Some));
    // 0.5 x 2 + 0.3 x 2 + 0.2 x 2 is 2, whatever doubles make of it: silver begins there.
    assert_eq!(texts(customers, "segment")[2], "silver");
    assert_eq!(texts(customers, "segment")[9], "diamond");
    assert_eq!(report.params["weights"], json!([0.5, 0.3, 0.2]));
}

#[test]
fn broken_down_by_a_value() {
    let mut given = input(&ten());
    given.by_name = Some("first_channel".into());
    let channel = |i: usize| [Some("shop"), None, Some("app")][i % 3];
    given.facts.attributes = vec![(0..10).map(channel).collect()];
    let over_all = run(&settings(&RfmParams::default()), given.clone(), &TableChoice::All).unwrap();
    let segments = table(&over_all, "segments");
    assert_eq!(segments.columns[0].name, "first_channel");
    let values = texts(segments, "first_channel");
    assert_eq!([&values[0], &values[10], &values[20]], ["app", "shop", "-"]);
    let shares = floats(segments, "customer_share");
    for group in shares.chunks(10) {
        assert!((group.iter().flatten().sum::<f64>() - 1.0).abs() < 1e-12);
    }
    assert_eq!(ints(table(&over_all, "customers"), "f"), [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
    assert!(table(&over_all, "thresholds").column("first_channel").is_none());
    assert_eq!(table(&over_all, "grid").height(), 75);
    assert!(over_all.notes.iter().any(|n| n.key == "rfm_by"));

    let within = RfmParams { score_within: Some(true), ..RfmParams::default() };
    let report = run(&settings(&within), given, &TableChoice::All).unwrap();
    assert_eq!(table(&report, "thresholds").height(), 45);
    assert_eq!(table(&report, "thresholds").columns[0].name, "first_channel");
    // j, g, d, a are of the shop: type-7 cuts of 1, 4, 7, 10 at fifths are 2.8 4.6 6.4 8.2.
    let customers = table(&report, "customers");
    assert_eq!([0, 3, 6, 9].map(|at| ints(customers, "f")[at]), [1, 2, 4, 5]);
    assert!(report.notes.iter().any(|n| n.key == "rfm_scored_within"));
    assert!(report.notes.iter().any(|n| n.key == "rfm_left_out_within_frequency"));
}

#[test]
fn moves_between_two_moments() {
    let mut given = input(&ten());
    // Then: without j and i, with a customer x of whom no purchase is left now.
    let mut then = rows(&[("x", 12, 3, 50)]);
    then.extend(ten().into_iter().skip(2));
    given.before = Some(((TODAY - 2) * DAY, facts(&then)));
    let params = RfmParams { compare_to: Some("2024-10-02".into()), ..RfmParams::default() };
    let report = run(&settings(&params), given, &TableChoice::All).unwrap();
    let names: Vec<&str> = report.tables.iter().map(|t| t.name).collect();
    assert_eq!(names, TABLES.iter().map(|t| t.0).collect::<Vec<_>>());
    assert_eq!(report.params["compare_to"], "2024-10-02");

    let migration = table(&report, "migration");
    let from = texts(migration, "from_segment");
    let customers = ints(migration, "customers");
    assert_eq!(
        (from[0].as_str(), texts(migration, "to_segment")[0].as_str(), customers[0]),
        ("new", "champions", 2)
    );
    assert_eq!(customers.iter().sum::<i64>(), 11);
    let gone = texts(migration, "to_segment").iter().position(|s| s == "gone").unwrap();
    // x bought 3 times; the cuts of then are 2.6 and 3.2: f is 2.
    assert_eq!(from[gone], "hibernating");
    let Cells::Money(revenue) = &migration.column("revenue").unwrap().cells else { panic!() };
    assert_eq!(revenue[gone], None);
    assert_eq!(revenue.iter().flatten().sum::<i64>(), 55_000_000);

    let moves = table(&report, "moves");
    assert_eq!(texts(moves, "customer_id").concat(), "abcdefghijx");
    let Cells::Int(r_before) = &moves.column("r_before").unwrap().cells else { panic!() };
    let Cells::Int(r_now) = &moves.column("r").unwrap().cells else { panic!() };
    assert_eq!((r_before[9], r_now[9]), (None, Some(5)));
    assert_eq!((r_before[10], r_now[10]), (Some(1), None));
}

#[test]
fn the_segment_new_of_then_is_not_the_new_of_now() {
    // Then: n bought last and least often: r5 f1, segment new. o is new since then.
    let then = rows(&[("a", 9, 5, 1), ("b", 8, 4, 1), ("c", 7, 3, 1), ("d", 6, 2, 1), ("n", 3, 1, 1)]);
    let now = rows(&[
        ("a", 9, 5, 1),
        ("b", 8, 4, 1),
        ("c", 7, 3, 1),
        ("d", 6, 2, 1),
        ("n", 3, 1, 1),
        ("o", 0, 1, 1),
    ]);
    let mut given = input(&now);
    given.before = Some(((TODAY - 1) * DAY, facts(&then)));
    let report = run(&settings(&RfmParams::default()), given, &TableChoice::All).unwrap();
    let moves = table(&report, "moves");
    assert_eq!(texts(moves, "from_segment")[4..], ["was_new", "new"]);
}

#[test]
fn money_in_notes() {
    assert_eq!(money_text(12_345_600), "1234.56");
    assert_eq!(money_text(-5_001), "-0.5001");
    assert_eq!(money_text(70_000), "7.00");
}
