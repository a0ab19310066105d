//! What holds for every population: identities and a naive oracle.

use proptest::prelude::*;

use super::*;

fn population() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::btree_map("[a-z]{1,3}", (0i64..40, 1u32..8, -30_000i64..500_000), 1..60)
        .prop_map(|map| map.into_iter().map(|(id, (r, f, m))| (id, r, f, m)).collect())
}

fn any_params() -> impl Strategy<Value = RfmParams> {
    let scoring = prop::sample::select(vec![Scoring::Quantile, Scoring::Natural, Scoring::RRfm]);
    let map = prop::sample::select(vec!["rf10", "eight", "tiers"]);
    (scoring, map, 3u8..=10).prop_map(|(scoring, map, bins)| RfmParams {
        scoring: Some(scoring),
        bins: (map != "rf10").then_some(bins),
        segments: Some(map.into()),
        ..RfmParams::default()
    })
}

/// Type-7 quantile classes by the definition, in fractions over `bins`: 1 + the number of cut points below the value.
fn naive_class(value: i64, all: &[i64], bins: i64) -> i64 {
    let mut sorted = all.to_vec();
    sorted.sort_unstable();
    let n = sorted.len() as i64;
    1 + (1..bins)
        .filter(|i| {
            let (at, rest) = ((n - 1) * i / bins, (n - 1) * i % bins);
            let low = sorted[at as usize];
            let high = sorted[(at + 1).min(n - 1) as usize];
            value * bins > low * bins + rest * (high - low)
        })
        .count() as i64
}

proptest! {
    #[test]
    fn quantile_scores_equal_the_definition(rows in population(), bins in 3u8..=10) {
        let params = RfmParams { bins: Some(bins), segments: Some("tiers".into()), ..RfmParams::default() };
        let report = run(&settings(&params), input(&rows), &TableChoice::All).unwrap();
        let customers = table(&report, "customers");
        let of = |value: fn(&Row) -> i64| rows.iter().map(value).collect::<Vec<_>>();
        let bins = i64::from(bins);
        for (column, values) in [("r", of(|r| r.1)), ("f", of(|r| r.2.into())), ("m", of(|r| r.3))] {
            let classes = values.iter().map(|v| naive_class(*v, &values, bins));
            let expected: Vec<i64> = if column == "r" { classes.map(|c| bins + 1 - c).collect() } else { classes.collect() };
            prop_assert_eq!(ints(customers, column), expected, "{}", column);
        }
    }

    #[test]
    fn segments_sum_to_everything(rows in population(), params in any_params()) {
        let report = run(&settings(&params), input(&rows), &TableChoice::All).unwrap();
        let segments = table(&report, "segments");
        prop_assert_eq!(ints(segments, "customers").iter().sum::<i64>(), rows.len() as i64);
        let total: i64 = rows.iter().map(|r| r.3).sum();
        prop_assert_eq!(ints(segments, "revenue").iter().sum::<i64>(), total);
        prop_assert_eq!(ints(segments, "orders").iter().sum::<i64>(), rows.iter().map(|r| i64::from(r.2)).sum::<i64>());
        let shares = |column| floats(segments, column).into_iter().flatten().sum::<f64>();
        prop_assert!((shares("customer_share") - 1.0).abs() < 1e-9);
        if total > 0 {
            prop_assert!((shares("revenue_share") - 1.0).abs() < 1e-9);
        } else {
            prop_assert!(floats(segments, "revenue_share").iter().all(Option::is_none));
        }
        prop_assert_eq!(ints(table(&report, "grid"), "customers").iter().sum::<i64>(), rows.len() as i64);
    }

    #[test]
    fn alike_customers_are_scored_alike_and_order_does_not_matter(rows in population(), params in any_params()) {
        let mut doubled = rows.clone();
        doubled.extend(rows.iter().map(|row| (format!("{}2", row.0), row.1, row.2, row.3)));
        let mut turned = doubled.clone();
        turned.reverse();
        let settings = settings(&params);
        let report = run(&settings, input(&doubled), &TableChoice::All).unwrap();
        let again = run(&settings, input(&turned), &TableChoice::All).unwrap();
        prop_assert_eq!(format!("{:?}", report.tables), format!("{:?}", again.tables));
        let customers = table(&report, "customers");
        let key = |at: usize| (ints(customers, "recency_days")[at], ints(customers, "frequency")[at], ints(customers, "monetary")[at]);
        let segments = texts(customers, "segment");
        let mut seen = std::collections::BTreeMap::new();
        for (at, segment) in segments.iter().enumerate() {
            prop_assert_eq!(seen.entry(key(at)).or_insert(segment), &segment);
        }
    }

    /// Every value lies between the thresholds that its score shows.
    #[test]
    fn thresholds_say_what_scores_do(rows in population(), params in any_params()) {
        let report = run(&settings(&params), input(&rows), &TableChoice::All).unwrap();
        let (customers, thresholds) = (table(&report, "customers"), table(&report, "thresholds"));
        let (names, scores) = (texts(thresholds, "dimension"), ints(thresholds, "score"));
        let (lower, upper) = (floats(thresholds, "lower"), floats(thresholds, "upper"));
        for (dimension, score, value, unit) in
            [("recency", "r", "recency_days", 1.0), ("frequency", "f", "frequency", 1.0), ("monetary", "m", "monetary", 1e4)]
        {
            for (score, value) in ints(customers, score).into_iter().zip(ints(customers, value)) {
                let row = (0..names.len()).find(|at| names[*at] == dimension && scores[*at] == score).unwrap();
                let value = value as f64 / unit;
                prop_assert!(lower[row].unwrap() <= value && value <= upper[row].unwrap());
            }
        }
    }

    #[test]
    fn migration_sums_to_both_moments(then in population(), now in population(), params in any_params()) {
        let mut given = input(&now);
        given.before = Some(((TODAY - 1) * DAY, facts(&then)));
        let settings = settings(&RfmParams { compare_to: Some("x".into()), ..params });
        let report = run(&settings, given, &TableChoice::All).unwrap();
        let migration = table(&report, "migration");
        let customers = ints(migration, "customers");
        let count = |column: &str, but: &str| -> i64 {
            texts(migration, column).iter().zip(&customers).filter(|(s, _)| *s != but).map(|(_, n)| n).sum()
        };
        prop_assert_eq!(count("from_segment", "new"), then.len() as i64);
        prop_assert_eq!(count("to_segment", "gone"), now.len() as i64);
        let segments = table(&report, "segments");
        for (segment, members) in texts(segments, "segment").iter().zip(ints(segments, "customers")) {
            let arrived: i64 =
                texts(migration, "to_segment").iter().zip(&customers).filter(|(s, _)| *s == segment).map(|(_, n)| n).sum();
            prop_assert_eq!(arrived, members);
        }
        let Cells::Money(revenue) = &migration.column("revenue").unwrap().cells else { panic!() };
        prop_assert_eq!(revenue.iter().flatten().sum::<i64>(), now.iter().map(|r| r.3).sum::<i64>());
        prop_assert_eq!(table(&report, "moves").height() as i64, customers.iter().sum::<i64>());
    }
}
