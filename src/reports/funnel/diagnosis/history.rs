//! Rates by period of entry.

use std::collections::BTreeMap;

use crate::facts::customers::DAY_US;
use crate::reports::funnel::FunnelSettings;
use crate::reports::funnel::count::Entrants;
use crate::reports::funnel::side::reached;
use crate::reports::period::{PeriodUnit, Periods};
use crate::stats::two_proportions::Proportion;

/// Fewer weeks than this are looked at by day.
const LEAST_WEEKS: usize = 6;

/// The complete periods in which anybody entered, in order of time.
pub(super) struct History {
    pub calendar: Periods,
    pub periods: Vec<Period>,
}

/// Those who entered in a period.
pub(super) struct Period {
    number: i32,
    /// Who got to each step.
    reached: Vec<u64>,
    /// Value of those who got through and have one.
    value_e4: i128,
    valued: u64,
    pub units: Vec<usize>,
}

impl History {
    /// Of the units whose window is over. A period is complete when the window of everybody who could enter in it is over.
    pub fn new(settings: &FunnelSettings, entrants: &Entrants, units: &[usize], as_of_us: i64) -> Self {
        let first = Self::by(settings.periods, settings, entrants, units, as_of_us);
        if settings.periods.unit != PeriodUnit::Week || first.periods.len() >= LEAST_WEEKS {
            return first;
        }
        let days = Periods::new(PeriodUnit::Day, settings.periods.week_start);
        Self::by(days, settings, entrants, units, as_of_us)
    }

    fn by(
        calendar: Periods,
        settings: &FunnelSettings,
        entrants: &Entrants,
        units: &[usize],
        as_of_us: i64,
    ) -> Self {
        let longest_us = settings.longest_us().unwrap_or(0);
        let is_over = |number: i32| {
            let end_us = (i64::from(calendar.end(number)) + 1).saturating_mul(DAY_US) - 1;
            end_us.saturating_add(longest_us) <= as_of_us
        };
        let steps = settings.steps.len();
        let mut periods: BTreeMap<i32, Period> = BTreeMap::new();
        for unit in units.iter().copied() {
            let day = entrants.entered_us(unit).div_euclid(DAY_US);
            let number = calendar.of(day.clamp(i32::MIN.into(), i32::MAX.into()) as i32);
            let period = periods.entry(number).or_insert_with(|| Period {
                number,
                reached: vec![0; steps],
                value_e4: 0,
                valued: 0,
                units: Vec::new(),
            });
            period.units.push(unit);
            for (step, count) in period.reached.iter_mut().enumerate() {
                *count += u64::from(reached(settings, entrants, unit, step));
            }
            if let Some(value) = entrants.value_e4[unit]
                && reached(settings, entrants, unit, steps - 1)
            {
                period.value_e4 += i128::from(value);
                period.valued += 1;
            }
        }
        periods.retain(|number, _| is_over(*number));
        Self { calendar, periods: periods.into_values().collect() }
    }

    /// The rate of a step from the one before, by period.
    pub fn rates(&self, step: usize, previous: usize) -> Vec<Proportion> {
        let rate = |period: &Period| Proportion::new(period.reached[step], period.reached[previous]);
        self.periods.iter().map(rate).collect()
    }

    /// Of those who got to a step, before a period, how many got to the end.
    pub fn onward(&self, step: usize, split: usize) -> Proportion {
        let before = || self.periods[..split].iter();
        Proportion::new(
            before().filter_map(|period| period.reached.last()).sum(),
            before().map(|period| period.reached[step]).sum(),
        )
    }

    /// The mean value of those who got through before a period and have one, in units of the currency.
    pub fn mean_value(&self, split: usize) -> Option<f64> {
        let before = || self.periods[..split].iter();
        let (sum, valued) = (
            before().map(|period| period.value_e4).sum::<i128>(),
            before().map(|period| period.valued).sum::<u64>(),
        );
        (valued > 0).then(|| sum as f64 / valued as f64 / 10_000.0)
    }

    /// What a period is called.
    pub fn label(&self, period: usize) -> String {
        self.periods.get(period).map_or_else(String::new, |period| self.calendar.label(period.number))
    }
}
