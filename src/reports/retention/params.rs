//! The options of `retention` as they are typed: flags, `[retention]` of siyu.toml and the help at once.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::reports::period::WeekStart;

/// Options of `retention`. What is not given is decided by [`RetentionParams::resolve`].
#[derive(clap::Args, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "Retention")]
pub struct RetentionParams {
    /// The event that puts somebody into a cohort: register, view|click, pay[value>=100], * [default: *, any event]
    #[arg(long, value_name = "EVENT")]
    pub start: Option<String>,

    /// The event that counts as coming back, written in the same way [default: *, any event]
    #[arg(long = "return", value_name = "EVENT")]
    #[serde(rename = "return")]
    pub returning: Option<String>,

    /// Length of a period [default: week]
    #[arg(long, value_enum, value_name = "UNIT")]
    pub period: Option<RetentionPeriod>,

    /// With --period week: the day that weeks begin with [default: monday]
    #[arg(long, value_enum, value_name = "DAY")]
    pub week_start: Option<WeekStart>,

    /// Which start events put somebody into a cohort [default: recurring]
    #[arg(long, value_enum, value_name = "MODE")]
    pub start_mode: Option<StartMode>,

    /// Periods are those of the calendar; period 0 is the one of the start event (the default)
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub calendar: Option<bool>,

    /// Periods are windows of 24 h (week: 7 x 24 h, month: 30 x 24 h, hour: 60 min) from each one's own start event
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub rolling: Option<bool>,

    /// Who came back in a period or in any later one counts in it ("on or after")
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub unbounded: Option<bool>,

    /// So many return events within a period make a return [default: 1]
    #[arg(long, value_name = "N")]
    pub min_events: Option<u64>,

    /// Who counts in period 0 [default: returned]
    #[arg(long, value_enum, value_name = "WHO")]
    pub period_zero: Option<PeriodZero>,

    /// Periods to show after period 0: 12 shows 0 to 12 [default: hour 24, day 30, week 12, month all]
    #[arg(long, value_name = "N")]
    pub max_periods: Option<u32>,

    /// Whose events belong together: a customer's, a session's, or each value's of a column [default: customer]
    #[arg(long, value_name = "customer|session|COLUMN")]
    pub unit: Option<String>,
}

/// A period, as typed (`--period`).
#[derive(ValueEnum, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum RetentionPeriod {
    Hour,
    Day,
    #[default]
    Week,
    Month,
}

impl RetentionPeriod {
    pub fn key(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

/// Which start events put somebody into a cohort (`--start-mode`).
#[derive(ValueEnum, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum StartMode {
    /// Every one: who does it in several periods is in several cohorts
    #[default]
    Recurring,
    /// The first one in the rows in use: everybody is in one cohort
    FirstTime,
}

/// Who counts in period 0 (`--period-zero`).
#[derive(ValueEnum, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum PeriodZero {
    /// Who did the return event in it, at the start event or after it
    #[default]
    Returned,
    /// The whole cohort, as PostHog has it
    Cohort,
}
