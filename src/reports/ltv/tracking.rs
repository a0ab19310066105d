//! How repeat purchases came in week by week, and how many the model expected of the customers acquired by then
//! (the tracking plots of Fader, Hardie and Lee 2005).
//!
//! The expectation is unconditional: E[X(t)] of a customer t days after the first purchase, whatever this one did since.
//! `validation` expects of each customer given the own history; its total is another number.

use std::collections::BTreeMap;

use super::Study;
use crate::error::Result;
use crate::facts::Histories;
use crate::output::report::{Cells, Column, Kind, Report, Table};
use crate::stats::btyd::Model;

const WEEK: i32 = 7;

/// Adds the table `tracking`.
pub(super) fn tracking(study: &Study<'_>, report: &mut Report) -> Result<()> {
    let last = study.population.last_day;
    let calibrated_to = study.holdout.as_ref().map(|holdout| holdout.before.last_day);
    let model = match &study.holdout {
        Some(holdout) => holdout.fitted.model(),
        None => study.fitted.model(),
    };
    let weeks = Weeks::new(&study.input.histories, calibrated_to, last, model);
    report.tables.push(weeks.table());
    Ok(())
}

/// Repeat purchases of the customers of the calibration, in weeks of seven days one of which begins with the hold-out.
#[derive(Debug, Clone, Default)]
struct Weeks {
    weeks: Vec<Week>,
}

/// One week; sums run from the first purchase of all to the end of the week, or of the observed time.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Week {
    /// Days since 1970-01-01.
    start: i32,
    is_holdout: bool,
    /// All of its days are observed.
    complete: bool,
    actual: u64,
    cumulative_actual: u64,
    expected: Option<f64>,
    cumulative_expected: Option<f64>,
}

impl Weeks {
    /// `calibrated_to`: the last day before the hold-out; customers acquired after it are left out. `last`: the last day.
    fn new(histories: &Histories, calibrated_to: Option<i32>, last: i32, model: Option<&Model>) -> Self {
        let acquired_to = calibrated_to.unwrap_or(last);
        // Customers by the day of their first purchase, repeat purchases by day.
        let mut births: BTreeMap<i32, u64> = BTreeMap::new();
        let mut repeats: BTreeMap<i32, u64> = BTreeMap::new();
        for history in histories.iter() {
            let first = history.first_day();
            if first > acquired_to {
                continue;
            }
            *births.entry(first).or_default() += 1;
            for (day, ..) in history.occasions().skip(1).take_while(|(day, ..)| *day <= last) {
                *repeats.entry(day).or_default() += 1;
            }
        }
        let Some(first) = births.keys().next().copied() else { return Self::default() };
        let begin = match calibrated_to {
            Some(day) => day + 1 - WEEK * (day + 1 - first + WEEK - 1).div_euclid(WEEK),
            None => first,
        };
        let by_age: Option<Vec<f64>> =
            model.map(|model| (0..=last - first).map(|age| model.expected_repeats(f64::from(age))).collect());
        // Purchases expected up to the end of a day of all who were acquired by then.
        let expected_by = |day: i32| {
            let by_age = by_age.as_ref()?;
            let expected: f64 = births
                .range(..=day)
                .map(|(birth, customers)| *customers as f64 * by_age[(day - birth) as usize])
                .sum();
            expected.is_finite().then_some(expected)
        };
        let mut weeks = Vec::new();
        let (mut cumulative_actual, mut before) = (0, by_age.as_ref().map(|_| 0.0));
        for start in (begin..=last).step_by(WEEK as usize) {
            let end = start.saturating_add(WEEK - 1).min(last);
            let actual = repeats.range(start..=end).map(|(_, purchases)| *purchases).sum();
            cumulative_actual += actual;
            let cumulative_expected = expected_by(end);
            weeks.push(Week {
                start,
                is_holdout: calibrated_to.is_some_and(|day| start > day),
                complete: start.saturating_add(WEEK - 1) <= last,
                actual,
                cumulative_actual,
                expected: cumulative_expected.zip(before).map(|(now, before)| now - before),
                cumulative_expected,
            });
            before = cumulative_expected;
        }
        Self { weeks }
    }

    fn table(&self) -> Table {
        let weeks = &self.weeks;
        let floats = |value: &dyn Fn(&Week) -> Option<f64>| Cells::Float(weeks.iter().map(value).collect());
        let counts = |value: fn(&Week) -> u64| Cells::ints(weeks.iter().map(|week| value(week) as i64));
        let period = |week: &Week| if week.is_holdout { "holdout" } else { "calibration" };
        let columns = vec![
            Column::new(
                "week_start",
                Kind::Date,
                Cells::Date(weeks.iter().map(|week| Some(week.start)).collect()),
            ),
            Column::new("period", Kind::Key("holdout_periods"), Cells::texts(weeks.iter().map(period))),
            Column::new(
                "complete",
                Kind::Bool,
                Cells::Bool(weeks.iter().map(|week| Some(week.complete)).collect()),
            ),
            Column::new("actual", Kind::Count, counts(|week| week.actual)),
            Column::new("expected", Kind::Number(1), floats(&|week| week.expected)),
            Column::new("deviation", Kind::Ratio, floats(&|week| deviation(week.expected, week.actual))),
            Column::new("cumulative_actual", Kind::Count, counts(|week| week.cumulative_actual)),
            Column::new("cumulative_expected", Kind::Number(1), floats(&|week| week.cumulative_expected)),
            Column::new(
                "cumulative_deviation",
                Kind::Ratio,
                floats(&|week| deviation(week.cumulative_expected, week.cumulative_actual)),
            ),
        ];
        Table { twin_of: Some("validation"), ..Table::new("tracking", false, columns) }
    }
}

/// Expected over actual, less 1; `None` where nothing came.
fn deviation(expected: Option<f64>, actual: u64) -> Option<f64> {
    expected.filter(|_| actual > 0).map(|expected| expected / actual as f64 - 1.0)
}

#[cfg(test)]
mod tests;
