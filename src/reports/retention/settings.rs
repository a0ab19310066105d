//! The options of `retention` resolved: every value concrete, nonsense refused.

use serde_json::{Map, Value, json};

use super::calendar::{Calendar, window_us};
use super::params::{PeriodZero, RetentionParams, RetentionPeriod, StartMode};
use crate::error::{Error, Result};
use crate::reports::funnel::selectors::{Step, selector, unit};
use crate::reports::period::WeekStart;

/// What `retention` is to do.
#[derive(Debug, Clone)]
pub struct RetentionSettings {
    /// Selector 0 of the journeys.
    pub start: Step,
    /// Selector 1.
    pub returning: Step,
    pub period: RetentionPeriod,
    pub week_start: WeekStart,
    pub start_mode: StartMode,
    /// Windows from the start event, not periods of the calendar.
    pub rolling: bool,
    pub unbounded: bool,
    /// At least 1.
    pub min_events: u64,
    pub period_zero: PeriodZero,
    /// The last period index that is shown.
    pub max_periods: Option<u32>,
    /// The column whose values are the units; `None`: customer_id.
    pub unit: Option<String>,
}

/// Bits of the events' marks.
pub const START: usize = 0;
pub const RETURN: usize = 1;

/// Any event.
const ANY: &str = "*";

/// Periods after period 0 that are shown where nothing is said.
const HOURS: u32 = 24;
const DAYS: u32 = 30;
const WEEKS: u32 = 12;

impl RetentionParams {
    /// Makes every value concrete, and refuses what makes no sense.
    pub fn resolve(&self) -> Result<RetentionSettings> {
        let period = self.period.unwrap_or_default();
        if self.week_start.is_some() && period != RetentionPeriod::Week {
            return Err(does_not_apply(
                "--week-start",
                format!("periods are by {}: it is for --period week", period.key()),
            ));
        }
        let rolling = match (self.calendar, self.rolling) {
            (Some(true), Some(true)) => {
                return Err(does_not_apply(
                    "--rolling",
                    "--calendar is given, and periods are one or the other",
                ));
            }
            (Some(false), Some(false)) => {
                return Err(does_not_apply(
                    "--rolling=false",
                    "--calendar=false is given, and periods are one or the other",
                ));
            }
            (Some(calendar), _) => !calendar,
            (None, rolling) => rolling.unwrap_or(false),
        };
        let min_events = self.min_events.unwrap_or(1);
        if min_events == 0 {
            return Err(Error::BadOption {
                option: "--min-events".into(),
                value: "0".into(),
                why: "would make everybody return".into(),
                hint: Some("1 or more".into()),
            });
        }
        let selector = |option, text: &Option<String>| selector(option, text.as_deref().unwrap_or(ANY));
        Ok(RetentionSettings {
            start: selector("--start", &self.start)?,
            returning: selector("--return", &self.returning)?,
            period,
            week_start: self.week_start.unwrap_or_default(),
            start_mode: self.start_mode.unwrap_or_default(),
            rolling,
            unbounded: self.unbounded.unwrap_or(false),
            min_events,
            period_zero: self.period_zero.unwrap_or_default(),
            max_periods: self.max_periods.or(match period {
                RetentionPeriod::Hour => Some(HOURS),
                RetentionPeriod::Day => Some(DAYS),
                RetentionPeriod::Week => Some(WEEKS),
                RetentionPeriod::Month => None,
            }),
            unit: unit(self.unit.as_deref())?,
        })
    }
}

impl RetentionSettings {
    pub(super) fn periods(&self) -> Calendar {
        Calendar::new(self.period, self.week_start)
    }

    /// The length of a window, with `rolling`.
    pub(super) fn window_us(&self) -> Option<i64> {
        self.rolling.then(|| window_us(self.period))
    }

    /// Parameters for the report, defaults included; those that do not apply are left out.
    pub fn to_params_json(&self) -> Map<String, Value> {
        let mut params = Map::new();
        let mut put = |key: &str, value: Value| {
            params.insert(key.to_owned(), value);
        };
        put("start", json!(self.start.name));
        put("return", json!(self.returning.name));
        put("period", json!(self.period));
        if self.period == RetentionPeriod::Week {
            put("week_start", json!(self.week_start));
        }
        put("start_mode", json!(self.start_mode));
        put(if self.rolling { "rolling" } else { "calendar" }, json!(true));
        put("unbounded", json!(self.unbounded));
        put("min_events", json!(self.min_events));
        put("period_zero", json!(self.period_zero));
        if let Some(most) = self.max_periods {
            put("max_periods", json!(most));
        }
        put("unit", json!(self.unit.as_deref().unwrap_or("customer_id")));
        params
    }
}

fn does_not_apply(option: &str, why: impl Into<String>) -> Error {
    Error::DoesNotApply { option: option.into(), why: why.into() }
}
