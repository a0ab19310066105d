//! Calendar periods as whole numbers, so that "the third month" is a subtraction.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, Weekday};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::facts::customers::DAY_US;

/// A unit of the calendar, as typed (`--period`).
#[derive(ValueEnum, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum PeriodUnit {
    Day,
    Week,
    #[default]
    Month,
    Quarter,
    Year,
}

impl PeriodUnit {
    pub fn key(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }
}

/// The day that weeks begin with, as typed (`--week-start`).
#[derive(ValueEnum, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum WeekStart {
    #[default]
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// Periods of the calendar, numbered in time without gaps. Days are counted since 1970-01-01, a Thursday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Periods {
    pub unit: PeriodUnit,
    pub week_start: WeekStart,
}

impl Periods {
    pub fn new(unit: PeriodUnit, week_start: WeekStart) -> Self {
        Self { unit, week_start }
    }

    /// The number of the period that holds `day`.
    pub fn of(self, day: i32) -> i32 {
        match self.unit {
            PeriodUnit::Day => day,
            PeriodUnit::Week => (day + self.days_to_thursday()).div_euclid(7),
            PeriodUnit::Month => month_of(day),
            PeriodUnit::Quarter => month_of(day).div_euclid(3),
            PeriodUnit::Year => date(day).year(),
        }
    }

    /// The first day of a period.
    pub fn start(self, period: i32) -> i32 {
        match self.unit {
            PeriodUnit::Day => period,
            PeriodUnit::Week => period.saturating_mul(7) - self.days_to_thursday(),
            PeriodUnit::Month => first_of_month(period),
            PeriodUnit::Quarter => first_of_month(period.saturating_mul(3)),
            PeriodUnit::Year => first_of_month(period.saturating_mul(12)),
        }
    }

    /// The last day of a period.
    pub fn end(self, period: i32) -> i32 {
        self.start(period + 1) - 1
    }

    /// What a period is called: `2025-06-30`, `2025-W27` (ISO 8601; where weeks do not begin on Monday, their first day),
    /// `2025-06`, `2025-Q2`, `2025`.
    pub fn label(self, period: i32) -> String {
        let first = date(self.start(period));
        match self.unit {
            PeriodUnit::Day => first.to_string(),
            PeriodUnit::Week if self.week_start == WeekStart::Monday => {
                let week = first.iso_week();
                format!("{:04}-W{:02}", week.year(), week.week())
            }
            PeriodUnit::Week => first.to_string(),
            PeriodUnit::Month => format!("{:04}-{:02}", first.year(), first.month()),
            PeriodUnit::Quarter => format!("{:04}-Q{}", first.year(), first.month0() / 3 + 1),
            PeriodUnit::Year => format!("{:04}", first.year()),
        }
    }

    /// Days from the first day of a week to 1970-01-01, in that week.
    fn days_to_thursday(self) -> i32 {
        let weekday = match self.week_start {
            WeekStart::Monday => Weekday::Mon,
            WeekStart::Tuesday => Weekday::Tue,
            WeekStart::Wednesday => Weekday::Wed,
            WeekStart::Thursday => Weekday::Thu,
            WeekStart::Friday => Weekday::Fri,
            WeekStart::Saturday => Weekday::Sat,
            WeekStart::Sunday => Weekday::Sun,
        };
        Weekday::Thu.days_since(weekday) as i32
    }
}

/// Months since year 0.
fn month_of(day: i32) -> i32 {
    let date = date(day);
    date.year() * 12 + date.month0() as i32
}

fn first_of_month(month: i32) -> i32 {
    let date = NaiveDate::from_ymd_opt(month.div_euclid(12), month.rem_euclid(12) as u32 + 1, 1);
    date.map_or(if month < 0 { i32::MIN } else { i32::MAX }, |date| {
        (date - NaiveDate::default()).num_days() as i32
    })
}

/// The moment of microseconds since 1970-01-01T00:00:00; `None` beyond the calendar.
pub fn moment(us: i64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp_micros(us).map(|moment| moment.naive_utc())
}

/// The date of a day; days beyond the calendar (some 262,000 years) are its ends.
pub fn date(day: i32) -> NaiveDate {
    let epoch = NaiveDate::default();
    let date = if day >= 0 {
        epoch.checked_add_days(Days::new(day.unsigned_abs().into()))
    } else {
        epoch.checked_sub_days(Days::new(day.unsigned_abs().into()))
    };
    date.unwrap_or(if day < 0 { NaiveDate::MIN } else { NaiveDate::MAX })
}

/// The day that holds a moment of local time in microseconds.
pub(super) fn day(at_us: i64) -> i32 {
    at_us.div_euclid(DAY_US).clamp(i32::MIN.into(), i32::MAX.into()) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> i32 {
        (text.parse::<NaiveDate>().expect("a date") - NaiveDate::default()).num_days() as i32
    }

    #[test]
    fn periods_tile_the_calendar() {
        let units =
            [PeriodUnit::Day, PeriodUnit::Week, PeriodUnit::Month, PeriodUnit::Quarter, PeriodUnit::Year];
        let starts = [
            WeekStart::Monday,
            WeekStart::Tuesday,
            WeekStart::Wednesday,
            WeekStart::Thursday,
            WeekStart::Friday,
            WeekStart::Saturday,
            WeekStart::Sunday,
        ];
        for unit in units {
            for week_start in starts {
                let periods = Periods::new(unit, week_start);
                for day in (-1_000..30_000).step_by(13) {
                    let period = periods.of(day);
                    assert!((periods.start(period)..=periods.end(period)).contains(&day), "{unit:?} {day}");
                    assert_eq!(periods.of(periods.start(period)), period);
                    assert_eq!(periods.of(periods.end(period)), period);
                    assert_eq!(periods.of(periods.end(period) + 1), period + 1);
                }
            }
        }
    }

    #[test]
    fn periods_have_the_names_of_the_calendar() {
        let name = |unit, text: &str| {
            let periods = Periods::new(unit, WeekStart::Monday);
            periods.label(periods.of(day(text)))
        };
        assert_eq!(name(PeriodUnit::Week, "2024-12-30"), "2025-W01");
        assert_eq!(name(PeriodUnit::Week, "2021-01-03"), "2020-W53");
        assert_eq!(name(PeriodUnit::Month, "2024-02-29"), "2024-02");
        assert_eq!(name(PeriodUnit::Quarter, "2024-12-31"), "2024-Q4");
        assert_eq!(name(PeriodUnit::Year, "2024-12-31"), "2024");
        assert_eq!(name(PeriodUnit::Day, "2024-12-31"), "2024-12-31");
        let sundays = Periods::new(PeriodUnit::Week, WeekStart::Sunday);
        assert_eq!(sundays.label(sundays.of(day("2024-06-15"))), "2024-06-09");
    }
}
