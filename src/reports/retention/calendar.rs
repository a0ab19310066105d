//! Periods on the line of time: hours, days, weeks and months by number, and where they begin.

use chrono::DateTime;

use super::params::RetentionPeriod;
use crate::facts::customers::DAY_US;
use crate::reports::period::{PeriodUnit, Periods, WeekStart, day};

const HOUR_US: i64 = DAY_US / 24;

/// The periods of the calendar, numbered in time without gaps. Moments are microseconds since 1970-01-01, local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Calendar {
    Hours,
    Days(Periods),
}

impl Calendar {
    pub fn new(period: RetentionPeriod, week_start: WeekStart) -> Self {
        let unit = match period {
            RetentionPeriod::Hour => return Self::Hours,
            RetentionPeriod::Day => PeriodUnit::Day,
            RetentionPeriod::Week => PeriodUnit::Week,
            RetentionPeriod::Month => PeriodUnit::Month,
        };
        Self::Days(Periods::new(unit, week_start))
    }

    /// The number of the period that holds the moment.
    pub fn of(self, at_us: i64) -> i64 {
        match self {
            Self::Hours => at_us.div_euclid(HOUR_US),
            Self::Days(periods) => periods.of(day(at_us)).into(),
        }
    }

    /// The first moment of a period.
    pub fn start_us(self, number: i64) -> i64 {
        match self {
            Self::Hours => number.saturating_mul(HOUR_US),
            Self::Days(periods) => {
                let number = number.clamp(i32::MIN.into(), i32::MAX.into()) as i32;
                i64::from(periods.start(number)).saturating_mul(DAY_US)
            }
        }
    }

    /// What a period is called: as everywhere, and hours `2025-06-30T14:00`.
    pub fn label(self, number: i64) -> String {
        match self {
            Self::Hours => DateTime::from_timestamp_micros(self.start_us(number))
                .map_or_else(String::new, |moment| moment.format("%Y-%m-%dT%H:00").to_string()),
            Self::Days(periods) => periods.label(number.clamp(i32::MIN.into(), i32::MAX.into()) as i32),
        }
    }
}

/// The length of a window of `--rolling`. A month of PostHog's rolling windows has 30 days.
pub(super) fn window_us(period: RetentionPeriod) -> i64 {
    match period {
        RetentionPeriod::Hour => HOUR_US,
        RetentionPeriod::Day => DAY_US,
        RetentionPeriod::Week => 7 * DAY_US,
        RetentionPeriod::Month => 30 * DAY_US,
    }
}
