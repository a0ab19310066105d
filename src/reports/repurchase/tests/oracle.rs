//! Every table against a naive reading of its definition: customer by customer, day by day.

use proptest::prelude::*;

use super::*;

/// Gaps of one customer: length, and whether a purchase ended it.
fn gaps(days: &[i32], as_of: i32, from: FromOrder) -> Vec<(u32, bool)> {
    let mut all: Vec<(u32, bool)> = days.windows(2).map(|pair| (pair[0].abs_diff(pair[1]), true)).collect();
    all.extend(days.last().map(|last| (last.abs_diff(as_of), false)));
    match from {
        FromOrder::All => all,
        FromOrder::Nth(n) => all.into_iter().skip(n as usize - 1).take(1).collect(),
    }
}

fn customers() -> impl Strategy<Value = Vec<Customer>> {
    let days = prop::collection::btree_set(0_i32..60, 1..8);
    let value = prop::sample::select(vec![Some("a"), Some("b"), None]);
    prop::collection::vec((value, days.prop_map(|days| days.into_iter().collect())), 1..25)
}

/// Customers of one group, with the days up to as_of alone.
fn of_group(customers: &[Customer], value: Option<&str>, as_of: i32) -> Vec<Vec<i32>> {
    let own = customers.iter().filter(|(own, _)| *own == value);
    own.map(|(_, days)| days.iter().copied().filter(|day| *day <= as_of).collect()).collect()
}

fn count(values: impl Iterator<Item = bool>) -> Option<f64> {
    Some(values.filter(|value| *value).count() as f64)
}

fn near(found: Option<f64>, expected: f64) -> bool {
    found.is_some_and(|found| (found - expected).abs() < 1e-12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn tables_are_the_naive_ones(
        people in customers(),
        as_of in 30_i32..70,
        from in prop::sample::select(vec![FromOrder::Nth(1), FromOrder::Nth(2), FromOrder::All]),
    ) {
        let params = RepurchaseParams {
            windows: Some(vec!["1d".into(), "7d".into(), "20d".into()]),
            rmst: Some("15d".into()),
            ..from_order(&from.key())
        };
        let report = report_of(&params, &input(&people, as_of, true));
        let values = texts(&report, "survival", "first_channel");
        for (row, value) in values.iter().enumerate() {
            let own = of_group(&people, value.as_deref(), as_of);
            check_survival(&report, row, value, &own, as_of, from)?;
            check_windows(&report, row, &own, as_of, from, &people)?;
            check_ladder(&report, value, &own, as_of)?;
        }
    }

    #[test]
    fn the_order_of_customers_changes_nothing(people in customers(), as_of in 30_i32..70) {
        let mut shuffled = people.clone();
        shuffled.reverse();
        shuffled.rotate_left(people.len() / 3);
        for params in [from_order("1"), from_order("all")] {
            let (a, b) = (report_of(&params, &input(&people, as_of, true)), report_of(&params, &input(&shuffled, as_of, true)));
            for (a, b) in a.tables.iter().zip(&b.tables) {
                for (a, b) in a.columns.iter().zip(&b.columns) {
                    prop_assert_eq!(&a.cells, &b.cells);
                }
            }
            prop_assert_eq!(a.notes, b.notes);
        }
    }
}

fn check_survival(
    report: &Report,
    row: usize,
    value: &Option<String>,
    own: &[Vec<i32>],
    as_of: i32,
    from: FromOrder,
) -> Result<(), TestCaseError> {
    let all: Vec<(u32, bool)> = own.iter().flat_map(|days| gaps(days, as_of, from)).collect();
    let with_gap = own.iter().map(|days| !gaps(days, as_of, from).is_empty());
    let of = |column| numbers(report, "survival", column)[row];
    prop_assert_eq!(of("customers"), count(with_gap));
    prop_assert_eq!(of("repurchased"), count(all.iter().map(|gap| gap.1)));
    prop_assert_eq!(of("censored"), count(all.iter().map(|gap| !gap.1)));

    let mut survival = 1.0;
    let mut area = 0.0;
    let longest = all.iter().map(|gap| gap.0).max();
    let (day, at_risk) = (numbers(report, "curve", "day"), numbers(report, "curve", "at_risk"));
    let group = texts(report, "curve", "first_channel");
    for t in 0..longest.map_or(0, |longest| longest + 1) {
        let waiting = all.iter().filter(|gap| gap.0 >= t).count() as f64;
        let ended = all.iter().filter(|gap| gap.0 == t && gap.1).count() as f64;
        survival *= 1.0 - ended / waiting;
        area += if t < 15 { survival } else { 0.0 };
        let here = (0..day.len()).find(|at| day[*at] == Some(f64::from(t)) && group[*at] == *value);
        let happened = all.iter().any(|gap| gap.0 == t);
        prop_assert_eq!(here.is_some(), happened || t == 0);
        if let Some(here) = here {
            prop_assert_eq!(at_risk[here], Some(waiting));
            prop_assert!(near(numbers(report, "curve", "survival")[here], survival));
        }
    }
    match (of("rmst_days"), longest) {
        (Some(mean), _) => prop_assert!((mean - area).abs() < 1e-9),
        (None, longest) => prop_assert!(longest.is_none_or(|longest| longest < 15) && survival > 0.0),
    }
    Ok(())
}

fn check_windows(
    report: &Report,
    group: usize,
    own: &[Vec<i32>],
    as_of: i32,
    from: FromOrder,
    people: &[Customer],
) -> Result<(), TestCaseError> {
    let first = people.iter().flat_map(|(_, days)| days).copied().filter(|day| *day <= as_of).min();
    for (at, window) in [1, 7, 20].into_iter().enumerate() {
        let of = |column| numbers(report, "windows", column)[group * 3 + at];
        // A gap with its first day, by pairing each day with the one after it.
        let started = own.iter().flat_map(|days| {
            let starts = days.iter().enumerate().map(|(at, day)| (*day, days.get(at + 1).copied()));
            let chosen: Vec<_> = match from {
                FromOrder::All => starts.collect(),
                FromOrder::Nth(n) => starts.skip(n as usize - 1).take(1).collect(),
            };
            chosen
        });
        let eligible: Vec<_> = started.filter(|(day, _)| *day + window <= as_of).collect();
        prop_assert_eq!(of("eligible"), Some(eligible.len() as f64));
        let back = eligible.iter().map(|(day, next)| next.is_some_and(|next| next <= day + window));
        prop_assert_eq!(of("repurchased"), count(back));
        let last = as_of - window + 1..=as_of;
        let before = as_of - 2 * window + 1..=as_of - window;
        let within = |days: &[i32], range: &std::ops::RangeInclusive<i32>| {
            days.iter().filter(|day| range.contains(day)).count()
        };
        if first.is_some_and(|first| first <= *last.start()) {
            prop_assert_eq!(of("buyers"), count(own.iter().map(|days| within(days, &last) > 0)));
            prop_assert_eq!(of("repeat_buyers"), count(own.iter().map(|days| within(days, &last) > 1)));
        } else {
            prop_assert_eq!((of("buyers"), of("repeat_rate")), (None, None));
        }
        if first.is_some_and(|first| first <= *before.start()) {
            prop_assert_eq!(of("earlier_buyers"), count(own.iter().map(|days| within(days, &before) > 0)));
            let both = own.iter().map(|days| within(days, &before) > 0 && within(days, &last) > 0);
            prop_assert_eq!(of("returned_buyers"), count(both));
        } else {
            prop_assert_eq!((of("earlier_buyers"), of("buy_back_rate")), (None, None));
        }
    }
    Ok(())
}

fn check_ladder(
    report: &Report,
    value: &Option<String>,
    own: &[Vec<i32>],
    as_of: i32,
) -> Result<(), TestCaseError> {
    let groups = texts(report, "ladder", "first_channel");
    let rungs = numbers(report, "ladder", "order_number");
    for n in 1..=10_u32 {
        let reached = own.iter().filter(|days| days.len() >= n as usize).count();
        let row = (0..rungs.len()).find(|at| groups[*at] == *value && rungs[*at] == Some(f64::from(n)));
        prop_assert_eq!(row.is_some(), reached > 0 || n == 1);
        let Some(row) = row else { continue };
        let of = |column| numbers(report, "ladder", column)[row];
        prop_assert_eq!(of("customers"), Some(reached as f64));
        let mut complete: Vec<u32> = own
            .iter()
            .flat_map(|days| gaps(days, as_of, FromOrder::Nth(n)))
            .filter(|gap| gap.1)
            .map(|gap| gap.0)
            .collect();
        complete.sort_unstable();
        prop_assert_eq!(of("went_on"), Some(complete.len() as f64));
        let middle = |at: usize| f64::from(complete[at]);
        let half = complete.len() / 2;
        let median = match complete.len() {
            0 => None,
            odd if odd % 2 == 1 => Some(middle(half)),
            _ => Some((middle(half - 1) + middle(half)) / 2.0),
        };
        prop_assert_eq!(of("median_days_complete"), median);
        if let (Some(share), Some(lower), Some(upper)) = (of("share"), of("lower"), of("upper")) {
            prop_assert!(lower <= share && share <= upper);
        }
    }
    Ok(())
}
