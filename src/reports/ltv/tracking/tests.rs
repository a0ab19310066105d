use proptest::prelude::*;

use super::super::testing::{Person, bools, cdnow, customers, day, floats, ints, texts};
use super::*;
use crate::stats::btyd::ModelKind;

/// ../shared/truth/README.md, weeks.
fn bg() -> Model {
    Model::from_unit(ModelKind::BgNbd, [0.242_594_5, 4.413_601_9, 0.792_919_9, 2.425_888_1], 7.0)
}

/// Expected: E[X(t)] of BG/NBD (Fader, Hardie, Lee 2005, equation 9) with scipy's hyp2f1, summed over the days of first
/// purchases; 1e-6 relative. Actual: pandas.
#[test]
fn the_weeks_of_cdnow() {
    let Some(histories) = cdnow() else {
        return;
    };
    let weeks = Weeks::new(&histories, Some(day("1997-09-30")), day("1998-06-30"), Some(&bg()));
    let table = weeks.table();
    assert_eq!(table.height(), 78);
    assert_eq!(texts(&table, "period").iter().filter(|period| *period == "calibration").count(), 39);
    assert!(bools(&table, "complete").iter().all(|complete| *complete));
    assert_eq!(weeks.weeks[0].start, day("1997-01-01"));
    let so_far = floats(&table, "cumulative_expected");
    let actual = ints(&table, "cumulative_actual");
    for (week, expected, came) in [
        (1, 3.208_787_428_958_927_5, 0),
        (10, 427.121_183_976_860_9, 504),
        (39, 2_493.954_100_667_393_5, 2457),
        (52, 3_127.674_775_368_475, 3183),
        (78, 4_160.603_916_323_091, 4339),
    ] {
        let value = so_far[week - 1].expect("a value");
        assert!((value - expected).abs() < 1e-6 * expected, "week {week}: {value} {expected}");
        assert_eq!(actual[week - 1], Some(came));
    }
    let off = floats(&table, "cumulative_deviation")[77].expect("a value");
    assert!((off + 0.041_114_6).abs() < 1e-6, "{off}");
    // The hold-out alone: 4339 - 2457 = 1882 came. The unconditional expectation is not the 1653.41 of `validation`.
    let held: f64 = floats(&table, "expected")[39..].iter().flatten().sum();
    assert!((held - (4_160.603_916 - 2_493.954_101)).abs() < 1e-3, "{held}");
}

#[test]
fn weeks_begin_with_the_holdout_and_the_running_one_is_marked() {
    let histories = customers(&[
        ("a", &[("2024-01-03", 1, 1), ("2024-01-10", 2, 1), ("2024-01-20", 0, -1), ("2024-01-22", 1, 1)]),
        ("b", &[("2024-01-12", 1, 1)]),
        ("later", &[("2024-01-20", 1, 1), ("2024-01-21", 1, 1)]),
    ]);
    let weeks = Weeks::new(&histories, Some(day("2024-01-14")), day("2024-01-23"), Some(&bg()));
    let starts: Vec<i32> = weeks.weeks.iter().map(|week| week.start).collect();
    assert_eq!(starts, ["2024-01-01", "2024-01-08", "2024-01-15", "2024-01-22"].map(day));
    let actual: Vec<u64> = weeks.weeks.iter().map(|week| week.actual).collect();
    assert_eq!(
        actual,
        [0, 1, 0, 1],
        "customers of the hold-out are left out, first purchases are no repeats"
    );
    let table = weeks.table();
    assert_eq!(bools(&table, "complete"), [true, true, true, false]);
    assert_eq!(texts(&table, "period"), ["calibration", "calibration", "holdout", "holdout"]);
    assert_eq!(floats(&table, "deviation")[0], None, "a share of nothing");
    // Without a hold-out weeks begin with the first purchase; all customers are in.
    let weeks = Weeks::new(&histories, None, day("2024-01-23"), None);
    assert_eq!(weeks.weeks[0].start, day("2024-01-03"));
    assert_eq!(weeks.weeks.iter().map(|week| week.actual).sum::<u64>(), 3);
    assert_eq!(floats(&weeks.table(), "expected"), [None, None, None]);
}

#[test]
fn nobody_makes_no_weeks_and_one_day_one() {
    assert_eq!(Weeks::new(&Histories::default(), None, 100, Some(&bg())).table().height(), 0);
    let one = customers(&[("a", &[("2024-01-03", 1, 1)])]);
    assert_eq!(Weeks::new(&one, Some(day("2024-01-02")), day("2024-01-09"), Some(&bg())).table().height(), 0);
    let weeks = Weeks::new(&one, None, day("2024-01-03"), Some(&bg()));
    assert_eq!(weeks.weeks.len(), 1);
    assert_eq!((weeks.weeks[0].expected, weeks.weeks[0].complete), (Some(0.0), false));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Weekly numbers add up to totals; the expectation is that of each customer by themselves, added up.
    #[test]
    fn weeks_add_up(
        made in proptest::collection::vec(proptest::collection::btree_set(0i32..300, 1..6), 1..20),
        last in 20i32..320,
        held in proptest::option::of(0i32..100),
    ) {
        let people: Vec<Person> = made
            .iter()
            .enumerate()
            .map(|(number, days)| (format!("c{number}"), days.iter().map(|day| (*day, 1, 1)).collect()))
            .collect();
        let histories = Histories::of(people.iter().map(|(id, entries)| (id.as_str(), entries.clone())));
        let calibrated_to = held.map(|held| last - held);
        let model = bg();
        let weeks = Weeks::new(&histories, calibrated_to, last, Some(&model)).weeks;
        let to = calibrated_to.unwrap_or(last);
        let (mut repeats, mut expected) = (0, 0.0);
        for days in made.iter().filter(|days| days.first().is_some_and(|first| *first <= to)) {
            repeats += days.iter().skip(1).filter(|day| **day <= last).count() as u64;
            expected += model.expected_repeats(f64::from(last - days.first().copied().unwrap_or(0)));
        }
        prop_assert_eq!(weeks.iter().map(|week| week.actual).sum::<u64>(), repeats);
        let total: f64 = weeks.iter().filter_map(|week| week.expected).sum();
        prop_assert!((total - expected).abs() < 1e-9 * expected.max(1.0), "{} {}", total, expected);
        if let Some(end) = weeks.last() {
            prop_assert_eq!(end.cumulative_actual, repeats);
            prop_assert!(end.cumulative_expected.is_some_and(|value| (value - expected).abs() < 1e-9 * expected.max(1.0)));
        }
        for pair in weeks.windows(2) {
            prop_assert_eq!(pair[1].start - pair[0].start, 7);
            prop_assert!(pair[0].complete);
        }
        if let Some(to) = calibrated_to {
            prop_assert!(weeks.iter().all(|week| week.is_holdout == (week.start > to)));
            prop_assert!(weeks.iter().all(|week| week.is_holdout || week.start + 6 <= to), "no week is in both");
        }
    }
}
