use proptest::prelude::*;

use super::super::count::NEVER;
use super::super::params::FunnelParams;
use super::contributions::{PartValue, concentrated, of_attribute};
use super::*;
use crate::facts::IdColumn;
use crate::facts::customers::DAY_US;

fn settings(steps: &str) -> FunnelSettings {
    let params =
        FunnelParams { steps: Some(steps.into()), window: Some("7d".into()), ..FunnelParams::default() };
    params.resolve().unwrap()
}

/// A linear congruential generator (Knuth, MMIX), 0 to 1.
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// 1970-01-05, a Monday, 1970-W02.
const MONDAY: i64 = 4 * DAY_US;
const WEEK: i64 = 7 * DAY_US;

/// Fills entrants by hand.
struct Made(Entrants);

impl Made {
    fn new(steps: usize) -> Self {
        Self(Entrants { steps, attributes: vec![Vec::new()], ..Entrants::default() })
    }

    fn push(&mut self, entered_us: i64, level: usize, code: u32, as_of_us: i64) {
        let Self(made) = self;
        let moment =
            |step: usize| if step < level { entered_us + step as i64 * 3_600_000_000 } else { NEVER };
        made.level.push(level as u8);
        made.at_us.extend((0..made.steps).map(moment));
        let closed = entered_us + WEEK <= as_of_us;
        made.closed.push(closed);
        made.open.push(!closed && level < made.steps);
        made.attributes[0].push(code);
        made.value_e4.push((level == made.steps).then_some(1_000_000));
    }
}

/// `weeks` weeks of `per_week` entrants of three channels, steps a > b > c; `rate` says the rate of b by channel and week.
fn made(seed: u64, weeks: i64, per_week: i64, rate: impl Fn(u32, i64) -> f64) -> (Entrants, i64) {
    let mut draws = Draws(seed.wrapping_mul(7919).wrapping_add(17));
    let as_of = MONDAY + (weeks + 1) * WEEK - 1;
    let mut made = Made::new(3);
    for week in 0..weeks {
        for at in 0..per_week {
            let code = 1 + (draws.next() * 3.0) as u32;
            let level =
                1 + usize::from(draws.next() < rate(code, week)) * (1 + usize::from(draws.next() < 0.5));
            made.push(MONDAY + week * WEEK + at * (WEEK / per_week), level, code, as_of);
        }
    }
    (made.0, as_of)
}

fn channels() -> IdColumn {
    ["douyin", "tmall", "wechat"].into_iter().collect()
}

fn run(entrants: &Entrants, as_of: i64) -> Diagnosis {
    let values = channels();
    let attributes = [Attribute { name: "channel", index: 0, values: &values }];
    diagnose(&settings("a,b,c"), entrants, &attributes, as_of)
}

fn floats(table: &Table, name: &str) -> Vec<Option<f64>> {
    match &table.column(name).unwrap().cells {
        Cells::Float(values) => values.clone(),
        other => panic!("{other:?}"),
    }
}

fn texts(table: &Table, name: &str) -> Vec<String> {
    match &table.column(name).unwrap().cells {
        Cells::Text(values) => values.iter().map(|value| value.clone().unwrap_or_default()).collect(),
        other => panic!("{other:?}"),
    }
}

fn keys(notes: &[Note]) -> Vec<&str> {
    notes.iter().map(|note| note.key).collect()
}

/// From the ninth week on the rate of wechat from a to b is half of what it was.
#[test]
fn a_planted_fall_is_found_dated_and_explained() {
    let (entrants, as_of) = made(1, 12, 600, |code, week| if code == 3 && week >= 8 { 0.3 } else { 0.6 });
    let found = run(&entrants, as_of);
    assert_eq!(texts(&found.diagnosis, "verdict"), ["fell", "no_evidence"]);
    assert_eq!(texts(&found.diagnosis, "since")[0], "1970-W10");
    assert_eq!(found.alerts.len(), 1);
    let message = &found.alerts[0].message;
    assert!(
        message.contains("a > b") && message.contains("1970-W10") && message.contains("p < 0.0001"),
        "{message}"
    );
    assert_eq!(keys(&found.notes), ["funnel_fall_explained", "funnel_fall_costs_week", "funnel_fall_value"]);
    let arg = |note: usize, name: &str| {
        found.notes[note].args.iter().find(|arg| arg.0 == name).map(|arg| arg.1.clone()).unwrap()
    };
    assert_eq!((arg(0, "attribute"), arg(0, "value")), ("channel".to_owned(), "wechat".to_owned()));
    assert_eq!(texts(&found.contributions, "value")[0], "wechat");
    assert!(floats(&found.contributions, "share_of_change")[0].unwrap() > 0.8);
    // About 600 / 3 * 0.3 = 60 a week at the step, half of them at the end, at 100 each.
    let users = floats(&found.diagnosis, "lost_users")[0].unwrap();
    let conversions = floats(&found.diagnosis, "lost_conversions")[0].unwrap();
    assert!((45.0..75.0).contains(&users) && (20.0..40.0).contains(&conversions), "{users} {conversions}");
    let value = floats(&found.diagnosis, "value_at_risk")[0].unwrap();
    assert!((value - 100.0 * conversions).abs() < 1e-9);
    // Its parts are the change.
    let (parts, change) = (
        floats(&found.contributions, "contribution").into_iter().flatten().sum::<f64>(),
        floats(&found.diagnosis, "rate_difference")[0].unwrap(),
    );
    assert!((parts - change).abs() < 1e-12);
}

/// Nothing changes: with two steps tested at a false discovery rate of 5 %, 10 of 200 alarms would be as claimed. Found: 9.
#[test]
fn without_a_fall_alarms_are_rare() {
    let alarms: usize = (0..200)
        .map(|seed| {
            let (entrants, as_of) = made(seed, 8, 80, |_, _| 0.6);
            run(&entrants, as_of).alerts.len()
        })
        .sum();
    assert!(alarms <= 16, "{alarms} of 200");
}

#[test]
fn a_dip_that_is_over_is_no_fall() {
    let (entrants, as_of) = made(3, 12, 600, |_, week| if (8..11).contains(&week) { 0.3 } else { 0.6 });
    let found = run(&entrants, as_of);
    assert_ne!(texts(&found.diagnosis, "verdict")[0], "fell");
    assert!(found.alerts.is_empty());
}

#[test]
fn without_a_fall_the_largest_leak_is_told() {
    let (entrants, as_of) = made(2, 10, 100, |_, _| 0.2);
    let found = run(&entrants, as_of);
    assert!(found.alerts.is_empty());
    assert_eq!(keys(&found.notes), ["funnel_no_step_fell", "funnel_largest_leak"]);
    assert!(found.notes[1].args.contains(&("to", "b".to_owned())));
    assert_eq!(found.contributions.height(), 0);
    assert_eq!(texts(&found.diagnosis, "verdict"), ["no_evidence", "no_evidence"]);
}

/// Four weeks are looked at by day; entries whose week is not over are no part of it.
#[test]
fn few_weeks_are_looked_at_by_day() {
    let (entrants, as_of) = made(5, 4, 700, |_, week| if week == 3 { 0.2 } else { 0.6 });
    let found = run(&entrants, as_of);
    assert_eq!(texts(&found.diagnosis, "since")[0], "1970-01-26");
    assert_eq!(keys(&found.notes)[1], "funnel_fall_costs_day");
    // Another week earlier, nobody's time of the last week is over.
    let found = run(&entrants, as_of - WEEK);
    assert_ne!(texts(&found.diagnosis, "verdict")[0], "fell");
}

#[test]
fn degenerate_data_give_no_numbers_that_are_none() {
    let nobody = run(&Made::new(3).0, 0);
    assert_eq!(keys(&nobody.notes), ["funnel_history_short"]);
    assert_eq!(nobody.diagnosis.height(), 2);
    assert!(floats(&nobody.diagnosis, "p").iter().all(Option::is_none));
    // One period, one value.
    let mut one = Made::new(3);
    for at in 0..50 {
        one.push(MONDAY + at, 1 + (at as usize % 3), 0, MONDAY + 3 * WEEK);
    }
    let found = run(&one.0, MONDAY + 3 * WEEK);
    assert_eq!(keys(&found.notes), ["funnel_history_short", "funnel_largest_leak"]);
    // Everybody gets through, every week.
    let (all, as_of) = made(1, 8, 50, |_, _| 2.0);
    let found = run(&all, as_of);
    assert!(found.alerts.is_empty());
    assert_eq!(texts(&found.diagnosis, "verdict")[0], "");
}

#[test]
fn what_makes_no_sense_is_refused() {
    assert!(refuse(&settings("a,b")).is_ok());
    assert!(refuse(&settings("a")).is_err());
    let endless =
        FunnelParams { steps: Some("a,b".into()), window: Some("none".into()), ..FunnelParams::default() };
    assert!(refuse(&endless.resolve().unwrap()).is_err());
    let later =
        FunnelParams { steps: Some("a,b".into()), by_at: Some("last".into()), ..FunnelParams::default() };
    assert!(refuse(&later.resolve().unwrap()).is_err());
}

/// The order of the units does not matter to a bit.
#[test]
fn the_order_of_units_does_not_matter() {
    let (entrants, as_of) = made(1, 9, 300, |code, week| if code == 2 && week >= 6 { 0.3 } else { 0.6 });
    let mut turned = Made::new(3);
    for unit in (0..entrants.len()).rev() {
        turned.push(
            entrants.entered_us(unit),
            entrants.level[unit].into(),
            entrants.attributes[0][unit],
            as_of,
        );
    }
    let (a, b) = (run(&entrants, as_of), run(&turned.0, as_of));
    assert_eq!(format!("{:?}", a.diagnosis), format!("{:?}", b.diagnosis));
    assert_eq!(format!("{:?}", a.contributions), format!("{:?}", b.contributions));
    assert_eq!(a.notes, b.notes);
}

/// Kitagawa by hand: before a 50 of 100 and b 10 of 100; since a 20 of 50 and b 15 of 150.
#[test]
fn effects_of_rate_and_mix_are_those_by_hand() {
    let of = |a, b, c, d| [Proportion::new(a, b), Proportion::new(c, d)];
    let sides = vec![
        (PartValue::Value("a".into()), of(50, 100, 20, 50)),
        (PartValue::Value("b".into()), of(10, 100, 15, 150)),
    ];
    let change = 35.0 / 200.0 - 60.0 / 200.0;
    let parts = of_attribute(0, sides, change);
    let a = parts.iter().find(|part| part.value == PartValue::Value("a".into())).unwrap();
    // Weights 0.5 and 0.25, rates 0.5 and 0.4; the middle of all is (0.3 + 0.175) / 2.
    assert!((a.rate_effect - 0.375 * -0.1).abs() < 1e-15);
    assert!((a.mix_effect - (0.45 - 0.2375) * -0.25).abs() < 1e-15);
    assert!((parts.iter().map(contributions::Part::contribution).sum::<f64>() - change).abs() < 1e-15);
}

#[test]
fn a_single_value_explains_nothing() {
    let sides = vec![(PartValue::None, [Proportion::new(50, 100), Proportion::new(20, 100)])];
    let parts = of_attribute(0, sides, -0.3);
    assert!((parts[0].share.unwrap() - 1.0).abs() < 1e-12);
    assert!(concentrated(&parts).is_none());
}

proptest! {
    /// Rate and mix effects of all values add up to the change, whatever is missing on a side; more values than are shown too.
    #[test]
    fn parts_add_up(counts in prop::collection::vec((0_u64..60, 0_u64..60, 0_u64..60, 0_u64..60), 1..40)) {
        let sides: Vec<(PartValue, [Proportion; 2])> = counts
            .iter()
            .enumerate()
            .map(|(at, (x, n, y, m))| {
                let sides = [Proportion::new((*x).min(*n), *n), Proportion::new((*y).min(*m), *m)];
                (PartValue::Value(format!("{at}")), sides)
            })
            .collect();
        let sum = |side: usize| sides.iter().fold(Proportion::default(), |sum, one| {
            Proportion::new(sum.successes + one.1[side].successes, sum.trials + one.1[side].trials)
        });
        let (before, since) = (sum(0), sum(1));
        let change = since.share().unwrap_or(0.0) - before.share().unwrap_or(0.0);
        let parts = of_attribute(0, sides, change);
        if before.trials > 0 && since.trials > 0 {
            let total: f64 = parts.iter().map(contributions::Part::contribution).sum();
            prop_assert!((total - change).abs() < 1e-12, "{total} {change}");
            let users: u64 = parts.iter().map(|part| part.before.trials).sum();
            prop_assert_eq!(users, before.trials);
            prop_assert!(parts.iter().all(|part| part.contribution().is_finite()));
            prop_assert!(parts.len() <= 21);
        } else {
            prop_assert!(parts.is_empty());
        }
    }
}
