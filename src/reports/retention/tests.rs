//! Every option against a plain count, and what must hold between the answers.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::count::{Cohort, Counted, count};
use super::*;
use crate::facts::customers::DAY_US;
use crate::facts::journeys::{EventRow, JourneyKernel, JourneySpec};
use crate::output::report::Cells;
use crate::reports::period::WeekStart;

const HOUR_US: i64 = DAY_US / 24;

/// Who, when, whether it is a start and a return, the value of `--by`.
type Event = (u8, i64, bool, bool, Option<&'static str>);

fn journeys(events: &[Event]) -> Journeys {
    let kernel = JourneyKernel::new(JourneySpec { attributes: 1, ..JourneySpec::default() });
    for (unit, at_us, starts, returns, by) in events {
        let marks = u128::from(*starts) << START | u128::from(*returns) << RETURN;
        let unit = unit.to_string();
        kernel.push(EventRow {
            unit: Some(&unit),
            kind: ["look", "return", "start", "both"][marks as usize & 3],
            at_us: *at_us,
            marks,
            attributes: &[*by],
            value_e4: None,
        });
    }
    kernel.finish(1).unwrap()
}

fn settings(params: RetentionParams) -> RetentionSettings {
    params.resolve().unwrap()
}

/// The plain count of users by (value of --by, cohort, index), for periods that have begun; `None`: the cohort's size.
fn plain(
    settings: &RetentionSettings,
    events: &[Event],
    as_of_us: i64,
    by: bool,
) -> BTreeMap<(Option<&'static str>, i64, Option<usize>), u64> {
    let periods = settings.periods();
    let mut found = BTreeMap::new();
    let units: BTreeSet<u8> = events.iter().map(|event| event.0).collect();
    // Each unit's places: cohort -> (moment, value).
    let mut places: Vec<(u8, i64, i64, Option<&'static str>)> = Vec::new();
    for unit in units {
        let mut starts: Vec<(i64, &str, Option<&'static str>)> = events
            .iter()
            .filter(|event| event.0 == unit && event.2 && event.1 <= as_of_us)
            .map(|event| (event.1, if event.3 { "both" } else { "start" }, event.4))
            .collect();
        starts.sort();
        let mut seen = BTreeSet::new();
        for (at_us, _, value) in starts {
            let number = periods.of(at_us);
            let is_new = match settings.start_mode {
                StartMode::Recurring => seen.insert(number),
                StartMode::FirstTime => seen.is_empty() && seen.insert(number),
            };
            if is_new {
                places.push((unit, number, at_us, value.filter(|_| by)));
            }
        }
    }
    for (unit, number, at_us, value) in &places {
        *found.entry((*value, *number, None)).or_default() += 1;
        let of_cohort = || places.iter().filter(|place| place.1 == *number && place.3 == *value);
        let first_us = of_cohort().map(|place| place.2).min().unwrap_or(*at_us);
        for index in 0.. {
            let window = |index: usize| match settings.window_us() {
                None => {
                    (periods.start_us(number + index as i64), periods.start_us(number + index as i64 + 1))
                }
                Some(length) => (at_us + length * index as i64, at_us + length * (index as i64 + 1)),
            };
            let begins_us = match settings.window_us() {
                None => window(index).0,
                Some(length) => first_us + length * index as i64,
            };
            if begins_us > as_of_us || settings.max_periods.is_some_and(|most| index > most as usize) {
                break;
            }
            let is_there = |index: usize| {
                let (from_us, to_us) = window(index);
                let returns = events.iter().filter(|event| {
                    event.0 == *unit
                        && event.3
                        && event.1 <= as_of_us
                        && event.1 >= *at_us
                        && (from_us..to_us).contains(&event.1)
                });
                returns.count() as u64 >= settings.min_events
            };
            let counts = match (index, settings.period_zero, settings.unbounded) {
                (0, PeriodZero::Cohort, _) => true,
                (_, _, false) => is_there(index),
                (_, _, true) => (index..).take_while(|at| window(*at).0 <= as_of_us).any(is_there),
            };
            *found.entry((*value, *number, Some(index))).or_default() += u64::from(counts);
        }
    }
    found
}

fn flat(counted: &Counted, journeys: &Journeys) -> BTreeMap<(Option<String>, i64, Option<usize>), u64> {
    let mut found = BTreeMap::new();
    for cohort in &counted.cohorts {
        let value = cohort.group.map(|code| journeys.values[0].get(code as usize).to_owned());
        found.insert((value.clone(), cohort.number, None), cohort.size);
        for (index, users) in cohort.retained.iter().enumerate() {
            found.insert((value.clone(), cohort.number, Some(index)), *users);
        }
    }
    found
}

prop_compose! {
    fn some_events()(events in prop::collection::vec(
        (0u8..4, 0i64..800, any::<bool>(), any::<bool>(), prop::option::of(prop::sample::select(vec!["a", "b"]))),
        0..60,
    )) -> Vec<Event> {
        // Steps of 3 h, so that instants and ends of periods are hit.
        events.into_iter().map(|(unit, step, s, r, by)| (unit, step % 400 * 3 * HOUR_US, s, r, by)).collect()
    }
}

prop_compose! {
    fn some_settings()(
        period in prop::sample::select(vec![
            RetentionPeriod::Hour, RetentionPeriod::Day, RetentionPeriod::Week, RetentionPeriod::Month,
        ]),
        first_time in any::<bool>(),
        rolling in any::<bool>(),
        unbounded in any::<bool>(),
        whole in any::<bool>(),
        min_events in 1u64..4,
        max_periods in prop::option::of(0u32..40),
        sunday in any::<bool>(),
    ) -> RetentionSettings {
        settings(RetentionParams {
            period: Some(period),
            start_mode: Some(if first_time { StartMode::FirstTime } else { StartMode::Recurring }),
            rolling: Some(rolling),
            unbounded: Some(unbounded),
            period_zero: Some(if whole { PeriodZero::Cohort } else { PeriodZero::Returned }),
            min_events: Some(min_events),
            max_periods,
            week_start: (sunday && period == RetentionPeriod::Week).then_some(WeekStart::Sunday),
            ..RetentionParams::default()
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_plain_count_agrees(
        events in some_events(),
        settings in some_settings(),
        by in any::<bool>(),
        late in 0i64..60,
    ) {
        let as_of_us = late * 22 * HOUR_US + HOUR_US / 2;
        let journeys = journeys(&events);
        let counted = count(&settings, &journeys, as_of_us, by, 1).unwrap();
        let expected: BTreeMap<_, _> = plain(&settings, &events, as_of_us, by)
            .into_iter()
            .map(|((value, cohort, index), users)| ((value.map(str::to_owned), cohort, index), users))
            .collect();
        prop_assert_eq!(flat(&counted, &journeys), expected);
    }

    #[test]
    fn answers_hang_together(events in some_events(), settings in some_settings()) {
        let as_of_us = 60 * DAY_US;
        let journeys = journeys(&events);
        let of = |settings: &RetentionSettings, by| count(settings, &journeys, as_of_us, by, 1).unwrap();
        let whole = of(&settings, false);
        let sizes = |counted: &Counted| counted.cohorts.iter().map(|cohort| cohort.size).sum::<u64>();
        for cohort in &whole.cohorts {
            prop_assert!(cohort.retained.iter().all(|users| *users <= cohort.size));
            prop_assert!(cohort.over <= cohort.retained.len());
        }
        // Everybody is in one cohort at their first time, and in one or more when it recurs.
        let of_mode = |start_mode| of(&RetentionSettings { start_mode, ..settings.clone() }, false);
        prop_assert_eq!(sizes(&of_mode(StartMode::FirstTime)), whole.units);
        prop_assert!(sizes(&of_mode(StartMode::Recurring)) >= whole.units);
        // Each place has one value of --by.
        let mut sums: BTreeMap<(i64, usize), u64> = BTreeMap::new();
        for cohort in &of(&settings, true).cohorts {
            for (index, users) in cohort.retained.iter().enumerate() {
                *sums.entry((cohort.number, index)).or_default() += users;
            }
        }
        for cohort in &whole.cohorts {
            for (index, users) in cohort.retained.iter().enumerate() {
                prop_assert_eq!(sums.get(&(cohort.number, index)).copied().unwrap_or(0), *users);
            }
        }
        // "On or after" is no less than "in", and never rises.
        let bounded = of(&RetentionSettings { unbounded: false, ..settings.clone() }, false);
        let unbounded = of(&RetentionSettings { unbounded: true, ..settings.clone() }, false);
        for (bounded, unbounded) in bounded.cohorts.iter().zip(&unbounded.cohorts) {
            prop_assert_eq!((bounded.number, bounded.size), (unbounded.number, unbounded.size));
            prop_assert!(bounded.retained.iter().zip(&unbounded.retained).all(|(b, u)| b <= u));
            prop_assert!(unbounded.retained.is_sorted_by(|a, b| a >= b));
        }
        // More events are asked for: fewer return.
        let more = of(&RetentionSettings { min_events: settings.min_events + 1, ..settings.clone() }, false);
        for (few, more) in whole.cohorts.iter().zip(&more.cohorts) {
            prop_assert!(few.retained.iter().zip(&more.retained).all(|(few, more)| few >= more));
        }
    }

    #[test]
    fn with_starts_in_one_period_recurring_is_first_time(
        events in some_events(), settings in some_settings(),
    ) {
        let only = settings.periods().of(10 * DAY_US);
        let events: Vec<Event> = events
            .into_iter()
            .map(|(unit, at_us, s, r, by)| (unit, at_us, s && settings.periods().of(at_us) == only, r, by))
            .collect();
        let journeys = journeys(&events);
        let of_mode = |start_mode| {
            let settings = RetentionSettings { start_mode, ..settings.clone() };
            count(&settings, &journeys, 60 * DAY_US, false, 1).unwrap()
        };
        prop_assert_eq!(of_mode(StartMode::Recurring), of_mode(StartMode::FirstTime));
    }
}

fn answer(params: RetentionParams, events: &[Event], as_of_us: i64) -> Report {
    let input = RetentionInput { as_of_us, journeys: journeys(events), by_name: None, threads: 1 };
    run(&settings(params), &input, &TableChoice::All).unwrap()
}

fn table<'a>(report: &'a Report, name: &str) -> &'a crate::output::Table {
    report.tables.iter().find(|table| table.name == name).unwrap()
}

#[test]
fn nothing_gives_empty_tables_and_says_so() {
    for events in [&[][..], &[(1, 0, false, true, None)]] {
        let report = answer(RetentionParams::default(), events, DAY_US);
        assert!(report.tables.iter().all(|table| table.height() == 0));
        assert!(report.notes.iter().any(|note| note.key == "retention_nobody"));
    }
}

#[test]
fn periods_that_are_not_over_are_marked_and_in_no_pooled_number() {
    // 1970-01-01 is a Thursday: the second week begins on the 5th (day 4).
    let params = RetentionParams { period: Some(RetentionPeriod::Week), ..RetentionParams::default() };
    let events =
        [(1, 0, true, true, None), (1, 5 * DAY_US, false, true, None), (2, DAY_US, true, true, None)];
    let report = answer(params, &events, 10 * DAY_US);
    let cells = table(&report, "cells");
    let complete = cells.column("complete").unwrap();
    assert_eq!(complete.cells, Cells::Bool(vec![Some(true), Some(false)]));
    assert_eq!(cells.column("users").unwrap().cells, Cells::ints([2, 1]));
    assert_eq!(table(&report, "pooled").column("eligible").unwrap().cells, Cells::ints([2]));
    let matrix = table(&report, "matrix").column("period_1").unwrap();
    assert_eq!((&matrix.cells, matrix.provisional.as_slice()), (&Cells::Float(vec![Some(0.5)]), &[true][..]));
}

/// The last second of a period is enough: a date as `--as-of` is the end of the day.
#[test]
fn a_period_is_over_with_its_last_second() {
    let params = || RetentionParams { period: Some(RetentionPeriod::Day), ..RetentionParams::default() };
    let over = |as_of_us| {
        let report = answer(params(), &[(1, 0, true, true, None)], as_of_us);
        table(&report, "pooled").height()
    };
    assert_eq!(over(DAY_US - 1_000_001), 0);
    assert_eq!(over(DAY_US - 1_000_000), 1);
    assert_eq!(over(DAY_US - 1), 1);
}

#[test]
fn windows_end_for_everybody_before_they_are_over() {
    let settings = settings(RetentionParams {
        period: Some(RetentionPeriod::Day),
        rolling: Some(true),
        ..RetentionParams::default()
    });
    let events = [(1, HOUR_US, true, false, None), (2, 20 * HOUR_US, true, false, None)];
    let cohort = |as_of_us| -> Cohort {
        let mut counted = count(&settings, &journeys(&events), as_of_us, false, 1).unwrap();
        counted.cohorts.remove(0)
    };
    // D1 of the first begins 25 h in; D0 of the second ends 44 h in.
    let at_30_h = cohort(30 * HOUR_US);
    assert_eq!((at_30_h.retained.len(), at_30_h.over), (2, 0));
    let at_44_h = cohort(44 * HOUR_US);
    assert_eq!((at_44_h.retained.len(), at_44_h.over), (2, 1));
}

#[test]
fn a_run_with_too_many_cells_is_refused() {
    let events: Vec<Event> = (0..1_000).map(|i| (i as u8, i * 3 * HOUR_US, true, true, None)).collect();
    let settings = settings(RetentionParams {
        period: Some(RetentionPeriod::Hour),
        max_periods: Some(1_000_000),
        ..RetentionParams::default()
    });
    assert!(count(&settings, &journeys(&events), 9_000 * HOUR_US, false, 1).is_err());
}

#[test]
fn nonsense_is_refused() {
    let refused = |params: RetentionParams| params.resolve().is_err();
    let params = RetentionParams::default;
    assert!(refused(RetentionParams { min_events: Some(0), ..params() }));
    assert!(refused(RetentionParams { calendar: Some(true), rolling: Some(true), ..params() }));
    assert!(refused(RetentionParams { calendar: Some(false), rolling: Some(false), ..params() }));
    let period = Some(RetentionPeriod::Day);
    assert!(refused(RetentionParams { week_start: Some(WeekStart::Sunday), period, ..params() }));
}
