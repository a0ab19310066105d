//! The definitions of cohort.md once more, naively: for every cell a walk over all customers, on dates of the calendar.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};
use proptest::prelude::*;

use super::*;
use crate::reports::period::WeekStart;

/// Where the random days begin: 2023-12-09.
const BASE: i32 = 19_700;

/// A cell by definition.
#[derive(Debug, Clone, PartialEq)]
struct Cell {
    by: Option<&'static str>,
    cohort_start: i32,
    size: i64,
    index: usize,
    period_start: i32,
    numerator: i128,
    denominator: i128,
    complete: bool,
}

fn number(date: NaiveDate) -> i32 {
    date.num_days_from_ce() - 719_163
}

/// The first day of the period with that day, and the first day of the next one.
fn period(settings: &CohortSettings, day: i32) -> (i32, i32) {
    let date = NaiveDate::from_num_days_from_ce_opt(day + 719_163).unwrap();
    let first_weekday = match settings.periods.week_start {
        WeekStart::Sunday => Weekday::Sun,
        WeekStart::Wednesday => Weekday::Wed,
        _ => Weekday::Mon,
    };
    let month = date.with_day(1).unwrap();
    let (start, next) = match settings.periods.unit {
        PeriodUnit::Day => (date, date + Days::new(1)),
        PeriodUnit::Week => {
            let mut start = date;
            while start.weekday() != first_weekday {
                start = start - Days::new(1);
            }
            (start, start + Days::new(7))
        }
        PeriodUnit::Month => (month, month + Months::new(1)),
        PeriodUnit::Quarter => {
            let start = month.with_month((date.month() - 1) / 3 * 3 + 1).unwrap();
            (start, start + Months::new(3))
        }
        PeriodUnit::Year => {
            let start = month.with_month(1).unwrap();
            (start, start + Months::new(12))
        }
    };
    (number(start), number(next))
}

/// Who is in cohorts: value of `--by`, first day, entries that count.
type Person = (Option<&'static str>, i32, Vec<(i32, u32, i64)>);

fn people(
    settings: &CohortSettings,
    customers: &[Customer],
    joined: &BTreeMap<&str, i32>,
    as_of: i32,
) -> Vec<Person> {
    let mut people = Vec::new();
    for (_, by, entries) in customers.iter().filter(|_| settings.cohort_by == CohortBy::FirstPurchase) {
        let first = entries.iter().find(|entry| entry.1 > 0).unwrap().0;
        people.push((*by, first, entries.clone()));
    }
    for (id, day) in joined.iter().filter(|_| settings.cohort_by == CohortBy::JoinedAt) {
        let bought = customers.iter().find(|customer| customer.0 == **id);
        let entries = bought.map_or(Vec::new(), |bought| bought.2.clone());
        let since = entries.into_iter().filter(|entry| entry.0 >= *day).collect();
        people.push((bought.and_then(|bought| bought.1), *day, since));
    }
    people.retain(|person| person.1 <= as_of);
    people
}

fn cells(settings: &CohortSettings, people: &[Person], as_of: i32) -> Vec<Cell> {
    let mut cohorts: BTreeMap<(bool, Option<&str>, i32), Vec<&Person>> = BTreeMap::new();
    for person in people {
        let start = period(settings, person.1).0;
        cohorts.entry((person.0.is_none(), person.0, start)).or_default().push(person);
    }
    let mut cells = Vec::new();
    for ((_, by, cohort_start), persons) in cohorts {
        let cohort_end = period(settings, cohort_start).1;
        let mut calendar = (cohort_start, cohort_end);
        for index in 0.. {
            // The period of each person: first day and the day behind the last.
            let of = |person: &Person| match settings.spans {
                Spans::Calendar => calendar,
                Spans::Elapsed(days) => {
                    (person.1 + index as i32 * days, person.1 + (index as i32 + 1) * days)
                }
            };
            let begins = persons.iter().map(|person| of(person).0).min().unwrap();
            if begins > as_of || settings.max_periods.is_some_and(|most| index > most as usize) {
                break;
            }
            let ends = persons.iter().map(|person| of(person).1).max().unwrap();
            let mut numerator = 0i128;
            let mut orders_within = 0i128;
            for person in &persons {
                let (from, to) = of(person);
                let zero_ends = if index == 0 { to } else { of_period_0(settings, cohort_end, person) };
                // Entries before the first purchase are in period 0.
                let from = if index == 0 { i32::MIN } else { from };
                let entries: Vec<_> = person.2.iter().filter(|e| e.0 <= as_of && e.0 < to).collect();
                let within: Vec<_> = entries.iter().filter(|e| e.0 >= from).collect();
                orders_within += within.iter().map(|e| i128::from(e.1)).sum::<i128>();
                let net_within: i128 = within.iter().map(|e| i128::from(e.2)).sum();
                let net: i128 = entries.iter().map(|e| i128::from(e.2)).sum();
                numerator += match settings.measure {
                    Measure::Retention => within.iter().any(|e| e.1 > 0).into(),
                    Measure::CumulativeRetention => {
                        entries.iter().any(|e| e.1 > 0 && e.0 >= zero_ends).into()
                    }
                    Measure::RepeatShare => (entries.iter().filter(|e| e.1 > 0).count() >= 2).into(),
                    Measure::Orders => within.iter().map(|e| i128::from(e.1)).sum(),
                    Measure::CumulativeOrders => entries.iter().map(|e| i128::from(e.1)).sum(),
                    Measure::Revenue | Measure::RevenuePerCustomer | Measure::AverageOrderValue => net_within,
                    Measure::CumulativeRevenue | Measure::CumulativeTotalRevenue => net,
                };
            }
            cells.push(Cell {
                by,
                cohort_start,
                size: persons.len() as i64,
                index,
                period_start: begins,
                numerator,
                denominator: match settings.measure {
                    Measure::AverageOrderValue => orders_within,
                    Measure::Orders
                    | Measure::CumulativeOrders
                    | Measure::Revenue
                    | Measure::CumulativeTotalRevenue => 1,
                    _ => persons.len() as i128,
                },
                complete: cohort_end - 1 <= as_of && ends - 1 <= as_of,
            });
            calendar = period(settings, calendar.1);
        }
    }
    cells
}

/// The day behind period 0.
fn of_period_0(settings: &CohortSettings, cohort_end: i32, person: &Person) -> i32 {
    match settings.spans {
        Spans::Calendar => cohort_end,
        Spans::Elapsed(days) => person.1 + days,
    }
}

fn is_money(measure: Measure) -> bool {
    matches!(
        measure,
        Measure::Revenue
            | Measure::RevenuePerCustomer
            | Measure::CumulativeRevenue
            | Measure::CumulativeTotalRevenue
            | Measure::AverageOrderValue
    )
}

fn value(settings: &CohortSettings, numerator: i128, denominator: i128) -> Option<f64> {
    let unit = if is_money(settings.measure) { 10_000 } else { 1 };
    (denominator > 0).then(|| numerator as f64 / (denominator * unit) as f64)
}

fn customers() -> impl Strategy<Value = Vec<Customer>> {
    let day = prop_oneof![0i32..60, 0i32..500];
    let entries = prop::collection::btree_map((day, any::<bool>()), (1u32..4, -50_000i64..900_000), 1..9);
    let entries = entries.prop_map(|entries| {
        let mut list: Vec<(i32, u32, i64)> = entries
            .into_iter()
            .map(
                |((day, is_other), (orders, net))| {
                    if is_other { (BASE + day, 0, -net.abs()) } else { (BASE + day, orders, net.abs()) }
                },
            )
            .collect();
        if list.iter().all(|entry| entry.1 == 0) {
            list.push((BASE + 550, 1, 10_000));
        }
        list
    });
    let by = prop::sample::select(vec![Some("a"), Some("b"), None]);
    prop::collection::btree_map("[a-c]?[a-z]", (by, entries), 0..12)
        .prop_map(|map| map.into_iter().map(|(id, (by, entries))| (id, by, entries)).collect())
}

fn params() -> impl Strategy<Value = CohortParams> {
    use clap::ValueEnum;
    let units = prop::sample::select(PeriodUnit::value_variants().to_vec());
    let starts = prop::sample::select(vec![WeekStart::Monday, WeekStart::Wednesday, WeekStart::Sunday]);
    let measures = prop::sample::select(Measure::value_variants().to_vec());
    let elapsed = prop_oneof![
        2 => Just(None),
        1 => prop::sample::select(vec!["1d", "7d", "30d", "13w", "400d"]).prop_map(|text| Some(text.to_owned())),
    ];
    let most = prop_oneof![3 => Just(None), 1 => (0u32..5).prop_map(Some)];
    (units, starts, measures, elapsed, most).prop_map(|(unit, start, measure, elapsed, max_periods)| {
        CohortParams {
            period: Some(unit),
            week_start: (unit == PeriodUnit::Week).then_some(start),
            measure: Some(measure),
            elapsed,
            max_periods,
            ..CohortParams::default()
        }
    })
}

/// Members of one or two letters, some of them twice.
fn joins() -> impl Strategy<Value = Vec<(String, i32)>> {
    prop::collection::vec(("[a-c]?[a-z]", (0i32..500).prop_map(|d| BASE + d)), 0..12)
}

/// The cells table holds exactly these cells, in this order; matrix and pooled follow from it.
fn compare(
    settings: &CohortSettings,
    report: &Report,
    expected: &[Cell],
    by: bool,
) -> Result<(), TestCaseError> {
    let found = table(report, "cells");
    prop_assert_eq!(found.height(), expected.len());
    let columns = |name: &str| ints(found, name);
    let wholes = |values: &dyn Fn(&Cell) -> i64| expected.iter().map(|c| Some(values(c))).collect::<Vec<_>>();
    prop_assert_eq!(columns("cohort_size"), wholes(&|c| c.size));
    prop_assert_eq!(columns("period_index"), wholes(&|c| c.index as i64));
    prop_assert_eq!(columns("numerator"), wholes(&|c| c.numerator as i64));
    prop_assert_eq!(
        dates(found, "cohort_start"),
        expected.iter().map(|c| c.cohort_start).collect::<Vec<_>>()
    );
    prop_assert_eq!(
        dates(found, "period_start"),
        expected.iter().map(|c| c.period_start).collect::<Vec<_>>()
    );
    prop_assert_eq!(bools(found, "complete"), expected.iter().map(|c| c.complete).collect::<Vec<_>>());
    if found.column("denominator").is_some() {
        prop_assert_eq!(columns("denominator"), wholes(&|c| c.denominator as i64));
    }
    let values: Vec<_> = expected.iter().map(|c| value(settings, c.numerator, c.denominator)).collect();
    prop_assert_eq!(numbers(found, "value"), values.clone());
    if by {
        let groups: Vec<_> = expected.iter().map(|c| c.by.map(str::to_owned)).collect();
        prop_assert_eq!(texts(found, "first_channel"), groups);
    }

    // The matrix: each cell in its place, nothing elsewhere.
    let matrix = table(report, "matrix");
    let mut rows: Vec<(Option<&str>, i32)> = expected.iter().map(|c| (c.by, c.cohort_start)).collect();
    rows.dedup();
    prop_assert_eq!(matrix.height(), rows.len());
    for column in matrix.columns.iter().filter(|c| c.name.starts_with("period_")) {
        let index: usize = column.name["period_".len()..].parse().unwrap();
        let cell = |row: &(Option<&str>, i32)| {
            expected.iter().position(|c| (c.by, c.cohort_start) == *row && c.index == index)
        };
        let cells: Vec<_> = rows.iter().map(|row| cell(row).and_then(|at| values[at])).collect();
        prop_assert_eq!(numbers(matrix, &column.name), cells);
        let running: Vec<bool> =
            rows.iter().map(|row| cell(row).is_some_and(|at| !expected[at].complete)).collect();
        if column.provisional.is_empty() {
            prop_assert!(!running.contains(&true));
        } else {
            prop_assert_eq!(&column.provisional, &running);
        }
    }

    // Pooled: mature cohorts alone.
    /// Cohorts, customers, numerator, denominator.
    type Pool = (i64, i64, i128, i128);
    let mut pools: BTreeMap<(bool, Option<&str>, usize), Pool> = BTreeMap::new();
    for cell in expected.iter().filter(|cell| cell.complete) {
        let pool = pools.entry((cell.by.is_none(), cell.by, cell.index)).or_default();
        *pool = (pool.0 + 1, pool.1 + cell.size, pool.2 + cell.numerator, pool.3 + cell.denominator);
    }
    let pooled = table(report, "pooled");
    let each =
        |value: &dyn Fn(&Pool) -> i64| pools.values().map(|pool| Some(value(pool))).collect::<Vec<_>>();
    prop_assert_eq!(ints(pooled, "cohorts"), each(&|pool| pool.0));
    prop_assert_eq!(ints(pooled, "customers"), each(&|pool| pool.1));
    prop_assert_eq!(ints(pooled, "numerator"), each(&|pool| pool.2 as i64));
    let indexes: Vec<_> = pools.keys().map(|key| Some(key.2 as i64)).collect();
    prop_assert_eq!(ints(pooled, "period_index"), indexes);
    let means: Vec<_> = pools.values().map(|pool| value(settings, pool.2, pool.3)).collect();
    prop_assert_eq!(numbers(pooled, "value"), means);
    for table in [found, pooled] {
        if let Some(lower) = table.column("lower").map(|_| numbers(table, "lower")) {
            let (values, upper) = (numbers(table, "value"), numbers(table, "upper"));
            for ((low, value), high) in lower.iter().zip(values).zip(upper) {
                let (low, value, high) = (low.unwrap(), value.unwrap(), high.unwrap());
                prop_assert!(0.0 <= low && low <= value + 1e-12 && value <= high + 1e-12 && high <= 1.0);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_cell_equals_the_definition(
        customers in customers(), params in params(), as_of in -20i32..900, by in any::<bool>(),
    ) {
        let settings = params.resolve().unwrap();
        let as_of = BASE + as_of;
        let mut input = input(&customers, as_of);
        input.by_name = by.then(|| "first_channel".to_owned());
        let report = run(&settings, &input, &TableChoice::All).unwrap();
        let mut people = people(&settings, &customers, &BTreeMap::new(), as_of);
        if !by {
            people.iter_mut().for_each(|person| person.0 = None);
        }
        compare(&settings, &report, &cells(&settings, &people, as_of), by)?;
    }

    #[test]
    fn cohorts_of_members_equal_the_definition(
        customers in customers(), params in params(), as_of in -20i32..900, by in any::<bool>(), joins in joins(),
    ) {
        let params = CohortParams {
            cohort_by: Some(CohortBy::JoinedAt), members: Some(vec!["members.csv".into()]), ..params
        };
        let settings = params.resolve().unwrap();
        let as_of = BASE + as_of;
        let mut input = input(&customers, as_of);
        input.by_name = by.then(|| "first_channel".to_owned());
        input.joined = joined(&joins);
        let report = run(&settings, &input, &TableChoice::All).unwrap();
        let mut joined: BTreeMap<&str, i32> = BTreeMap::new();
        for (id, day) in &joins {
            let earliest = joined.entry(id).or_insert(*day);
            *earliest = (*earliest).min(*day);
        }
        let mut people = people(&settings, &customers, &joined, as_of);
        if !by {
            people.iter_mut().for_each(|person| person.0 = None);
        }
        compare(&settings, &report, &cells(&settings, &people, as_of), by)?;
    }

    /// Cells and notes together hold every order and every bit of revenue.
    #[test]
    fn nothing_is_dropped_silently(
        customers in customers(), params in params(), joins in joins(), of_members in any::<bool>(),
    ) {
        let params = CohortParams {
            cohort_by: of_members.then_some(CohortBy::JoinedAt),
            members: of_members.then(|| vec!["members.csv".into()]),
            max_periods: None,
            ..params
        };
        let mut input = input(&customers, BASE + 600);
        input.joined = joined(&joins);
        for (measure, total) in [
            (Measure::Revenue, customers.iter().flat_map(|c| &c.2).map(|entry| i128::from(entry.2)).sum::<i128>()),
            (Measure::Orders, customers.iter().flat_map(|c| &c.2).map(|entry| i128::from(entry.1)).sum()),
        ] {
            let settings = CohortParams { measure: Some(measure), ..params.clone() }.resolve().unwrap();
            let report = run(&settings, &input, &TableChoice::First).unwrap();
            let cells: i128 =
                ints(table(&report, "cells"), "numerator").iter().map(|v| i128::from(v.unwrap())).sum();
            let (argument, unit) = if measure == Measure::Orders { ("orders", 1.0) } else { ("net", 1e4) };
            let outside: i128 = ["cohort_not_members", "cohort_before_joining"]
                .iter()
                .filter_map(|key| told(&report, key, argument))
                .map(|text| (text.replace(',', "").parse::<f64>().unwrap() * unit).round() as i128)
                .sum();
            prop_assert_eq!(cells + outside, total);
        }
    }

    #[test]
    fn the_order_of_customers_does_not_matter(customers in customers(), params in params(), by in any::<bool>()) {
        let settings = params.resolve().unwrap();
        let reversed: Vec<Customer> = customers.iter().rev().cloned().collect();
        let answer = |customers: &[Customer]| {
            let mut input = input(customers, BASE + 300);
            input.by_name = by.then(|| "first_channel".to_owned());
            let report = run(&settings, &input, &TableChoice::All).unwrap();
            format!("{:?} {:?}", report.tables, report.notes)
        };
        prop_assert_eq!(answer(&customers), answer(&reversed));
    }
}
