//! Extremes, refusals, threads.

use super::*;

fn report(params: &CohortParams, input: &CohortInput) -> Report {
    run(&params.resolve().unwrap(), input, &TableChoice::All).unwrap()
}

fn customer(id: &str, entries: &[(&str, u32, i64)]) -> Customer {
    (id.into(), None, entries.iter().map(|(at, orders, net)| (day(at), *orders, *net)).collect())
}

fn measure(measure: Measure) -> CohortParams {
    CohortParams { measure: Some(measure), ..CohortParams::default() }
}

#[test]
fn one_customer_with_a_gap_of_a_year() {
    let customers = [customer("a", &[("2023-01-31", 1, 100_000), ("2024-02-01", 1, 50_000)])];
    let report = report(&CohortParams::default(), &input(&customers, day("2024-03-15")));
    let cells = table(&report, "cells");
    let expected: Vec<_> =
        (0..15).map(|index| Some(if [0, 13].contains(&index) { 1.0 } else { 0.0 })).collect();
    assert_eq!(numbers(cells, "value"), expected);
    // March 2024 is running.
    assert_eq!(bools(cells, "complete"), (0..15).map(|index| index < 14).collect::<Vec<_>>());
    assert_eq!(table(&report, "matrix").columns.last().unwrap().provisional, [true]);
    assert_eq!(table(&report, "pooled").height(), 14);
    assert_eq!(told(&report, "cohort_running", "date"), Some("2024-03-15"));
}

#[test]
fn all_on_one_day() {
    let customers: Vec<_> =
        ["a", "b", "c"].iter().map(|id| customer(id, &[("2024-02-29", 2, 100_000)])).collect();
    let last = report(&CohortParams::default(), &input(&customers, day("2024-02-29")));
    assert_eq!(numbers(table(&last, "cells"), "value"), [Some(1.0)]);
    assert_eq!(bools(table(&last, "cells"), "complete"), [true]);
    let first = report(&measure(Measure::Orders), &input(&customers, day("2024-02-29")));
    assert_eq!(ints(table(&first, "cells"), "value"), [Some(6)]);
    // Two orders within a day are one occasion.
    let repeat = report(&measure(Measure::RepeatShare), &input(&customers, day("2024-02-29")));
    assert_eq!(numbers(table(&repeat, "cells"), "value"), [Some(0.0)]);
}

#[test]
fn nobody_and_as_of_before_the_data() {
    for customers in [vec![], vec![customer("a", &[("2024-01-05", 1, 10_000)])]] {
        for params in
            [CohortParams::default(), CohortParams { elapsed: Some("30d".into()), ..Default::default() }]
        {
            let report = report(&params, &input(&customers, day("2024-01-04")));
            for table in &report.tables {
                assert_eq!(table.height(), 0, "{}", table.name);
            }
        }
    }
}

#[test]
fn a_period_with_refunds_alone_has_no_average_order() {
    let customers = [customer("a", &[("2024-01-05", 1, 100_000), ("2024-02-05", 0, -300_000)])];
    let report = report(&measure(Measure::AverageOrderValue), &input(&customers, day("2024-03-31")));
    let cells = table(&report, "cells");
    assert_eq!(numbers(cells, "value"), [Some(10.0), None, None]);
    assert_eq!(ints(cells, "numerator"), [Some(100_000), Some(-300_000), Some(0)]);
    assert_eq!(ints(cells, "denominator"), [Some(1), Some(0), Some(0)]);
}

#[test]
fn negative_revenue_and_refunds_before_the_first_purchase() {
    let customers = [customer("a", &[("2023-12-31", 0, -500_000), ("2024-01-05", 1, 100_000)])];
    let report = report(&measure(Measure::CumulativeRevenue), &input(&customers, day("2024-02-29")));
    assert_eq!(numbers(table(&report, "cells"), "value"), [Some(-40.0), Some(-40.0)]);
    assert_eq!(told(&report, "cohort_before_first", "net"), Some("-50.00"));
}

#[test]
fn windows_begin_with_each_customer() {
    let customers = [
        customer("a", &[("2024-01-01", 1, 10_000), ("2024-01-31", 1, 10_000)]),
        customer("b", &[("2024-01-11", 1, 10_000), ("2024-02-09", 1, 10_000)]),
    ];
    let params = CohortParams { elapsed: Some("30d".into()), ..Default::default() };
    // b's second window ends on 2024-03-10.
    for (as_of, complete) in [("2024-03-09", false), ("2024-03-10", true)] {
        let report = report(&params, &input(&customers, day(as_of)));
        let cells = table(&report, "cells");
        assert_eq!(numbers(cells, "value")[..2], [Some(1.0), Some(0.5)]);
        assert_eq!(bools(cells, "complete")[..2], [true, complete]);
        assert_eq!(report.params["elapsed"], "30d");
    }
    // Until January is over somebody may still come.
    let early = report(
        &CohortParams { elapsed: Some("1d".into()), ..Default::default() },
        &input(&customers, day("2024-01-30")),
    );
    assert!(!bools(table(&early, "cells"), "complete").contains(&true));
}

#[test]
fn period_0_does_not_flatten_the_scale() {
    let customers = [customer("a", &[("2024-01-05", 1, 10_000)])];
    let shaded = |params: &CohortParams| -> Vec<bool> {
        let report = report(params, &input(&customers, day("2024-02-29")));
        let columns = table(&report, "matrix").columns.iter().filter(|c| c.name.starts_with("period_"));
        columns.map(|column| column.shaded).collect()
    };
    assert_eq!(shaded(&measure(Measure::Retention)), [false, true]);
    assert_eq!(shaded(&measure(Measure::CumulativeRevenue)), [true, true]);
}

#[test]
fn threads_do_not_show() {
    let customers: Vec<Customer> = (0..120_000)
        .map(|i| {
            let first = 19_700 + (i * 37) % 400;
            let entries = vec![
                (first, 1, 10_000 + i64::from(i)),
                (first + i % 200, 0, -5),
                (first + 1 + i % 300, 2, 7),
            ];
            let mut entries: Vec<(i32, u32, i64)> = entries;
            entries.sort_unstable_by_key(|entry| (entry.0, entry.1 == 0));
            (format!("{i}"), [Some("x"), Some("y"), None][i as usize % 3], entries)
        })
        .collect();
    let mut input = input(&customers, 20_050);
    input.by_name = Some("first_channel".into());
    for which in [Measure::Retention, Measure::AverageOrderValue, Measure::CumulativeRevenue] {
        let settings = measure(which).resolve().unwrap();
        let answers = [1, 3].map(|threads| {
            input.threads = threads;
            format!("{:?}", run(&settings, &input, &TableChoice::All).unwrap().tables)
        });
        assert!(answers[0] == answers[1], "{which:?}");
    }
}

#[test]
fn more_cells_than_anybody_reads_are_refused() {
    let customers =
        [customer("a", &[("1900-01-01", 1, 10_000)]), customer("b", &[("2300-01-01", 1, 10_000)])];
    let input = input(&customers, day("2300-01-01"));
    let by_day = CohortParams { period: Some(PeriodUnit::Day), ..Default::default() };
    // Two cohorts: 146,098 cells and 1.
    assert_eq!(table(&report(&by_day, &input), "cells").height(), 146_099);
    let all_days: Vec<Customer> = (0..3_000).map(|i| (format!("{i}"), None, vec![(i, 1, 10_000)])).collect();
    let input = super::input(&all_days, 3_000);
    let error = run(&by_day.resolve().unwrap(), &input, &TableChoice::All).unwrap_err();
    assert!(error.to_string().contains("cells"), "{error}");
    let few = CohortParams { max_periods: Some(3), ..by_day };
    assert_eq!(table(&report(&few, &input), "matrix").columns.len(), 2 + 4);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let refused = |params: CohortParams| params.resolve().unwrap_err().to_string();
    let base = CohortParams::default;
    for (params, word) in [
        (CohortParams { elapsed: Some("30".into()), ..base() }, "no unit"),
        (CohortParams { elapsed: Some("6mo".into()), ..base() }, "whole days"),
        (CohortParams { elapsed: Some("0d".into()), ..base() }, "is not from 1d"),
        (CohortParams { elapsed: Some("9999999999d".into()), ..base() }, "is not from 1d"),
        (CohortParams { elapsed: Some("-3d".into()), ..base() }, "days or weeks"),
        (CohortParams { elapsed: Some("30d".into()), calendar: Some(true), ..base() }, "one or the other"),
        (CohortParams { calendar: Some(false), ..base() }, "--elapsed"),
        (CohortParams { week_start: Some(Default::default()), ..base() }, "--period week"),
        (CohortParams { members: Some(vec!["m.csv".into()]), ..base() }, "joined_at"),
        (CohortParams { cohort_by: Some(CohortBy::JoinedAt), ..base() }, "when members joined"),
    ] {
        let said = refused(params.clone());
        assert!(said.contains(word), "{params:?}: {said}");
    }
    let windows = CohortParams { elapsed: Some("4w".into()), ..base() }.resolve().unwrap();
    assert_eq!(windows.spans, Spans::Elapsed(28));
}
