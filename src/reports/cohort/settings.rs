//! The options of `cohort` resolved: every value concrete, every combination that makes no sense refused.

use serde_json::{Map, Value, json};

use super::params::{CohortBy, CohortParams, Measure};
use crate::error::{Error, Result};
use crate::reports::period::{PeriodUnit, Periods};

/// The longest window of `--elapsed`, in days: a hundred years.
const LONGEST_WINDOW: i32 = 36_525;

/// What `cohort` is to do.
#[derive(Debug, Clone)]
pub struct CohortSettings {
    /// The unit of cohorts.
    pub periods: Periods,
    pub spans: Spans,
    pub measure: Measure,
    pub cohort_by: CohortBy,
    /// The last period index that is shown.
    pub max_periods: Option<u32>,
    pub zero_orders: bool,
}

/// What the periods after the cohort's own are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spans {
    /// Those of the calendar, in the unit of the cohorts.
    Calendar,
    /// Windows of this many days from each customer's own first day.
    Elapsed(i32),
}

impl CohortParams {
    /// Makes every value concrete, and refuses what makes no sense.
    pub fn resolve(&self) -> Result<CohortSettings> {
        let unit = self.period.unwrap_or_default();
        if self.week_start.is_some() && unit != PeriodUnit::Week {
            return Err(does_not_apply(
                "--week-start",
                format!("cohorts are by {}: it is for --period week", unit.key()),
            ));
        }
        let spans = match (self.calendar, &self.elapsed) {
            (Some(true), Some(_)) => {
                return Err(does_not_apply(
                    "--elapsed",
                    "--calendar is given, and periods are one or the other",
                ));
            }
            (Some(false), None) => {
                return Err(does_not_apply(
                    "--calendar=false",
                    "--elapsed[=LENGTH] says what periods are instead",
                ));
            }
            (_, Some(length)) => Spans::Elapsed(window(length)?),
            (_, None) => Spans::Calendar,
        };
        let cohort_by = self.cohort_by.unwrap_or_default();
        match (cohort_by, self.members()) {
            (CohortBy::FirstPurchase, [_, ..]) => {
                return Err(does_not_apply("--members", "it is for --cohort-by joined_at"));
            }
            (CohortBy::JoinedAt, []) => {
                return Err(bad(
                    "--cohort-by",
                    "joined_at",
                    "needs to know when members joined",
                    "--members FILE, with columns customer_id and joined_at",
                ));
            }
            _ => {}
        }
        Ok(CohortSettings {
            periods: Periods::new(unit, self.week_start.unwrap_or_default()),
            spans,
            measure: self.measure.unwrap_or_default(),
            cohort_by,
            max_periods: self.max_periods,
            zero_orders: self.zero_orders.unwrap_or(false),
        })
    }

    /// The files of `--members`.
    pub fn members(&self) -> &[String] {
        self.members.as_deref().unwrap_or_default()
    }
}

impl CohortSettings {
    /// Parameters for the report, defaults included; those that do not apply are left out.
    pub fn to_params_json(&self) -> Map<String, Value> {
        let mut params = Map::new();
        let mut put = |key: &str, value: Value| {
            params.insert(key.to_owned(), value);
        };
        put("period", json!(self.periods.unit));
        if self.periods.unit == PeriodUnit::Week {
            put("week_start", json!(self.periods.week_start));
        }
        match self.spans {
            Spans::Calendar => put("calendar", json!(true)),
            Spans::Elapsed(days) => put("elapsed", json!(format!("{days}d"))),
        }
        put("measure", json!(self.measure));
        put("cohort_by", json!(self.cohort_by));
        if let Some(most) = self.max_periods {
            put("max_periods", json!(most));
        }
        put("zero_orders", json!(self.zero_orders));
        params
    }
}

/// `30d` or `4w` in days.
fn window(text: &str) -> Result<i32> {
    let hint = "30d or 4w";
    let refuse = |why: &str| bad("--elapsed", text, why, hint);
    let text = text.trim();
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let days = match unit {
        "d" => 1,
        "w" => 7,
        "" => return Err(refuse("has no unit")),
        "mo" | "y" => {
            return Err(refuse("is no number of days: windows are whole days, equally long for everybody"));
        }
        _ => return Err(refuse("is no length of time in days or weeks")),
    };
    let days = number.parse::<i32>().ok().and_then(|number| number.checked_mul(days));
    days.filter(|days| (1..=LONGEST_WINDOW).contains(days))
        .ok_or_else(|| refuse(&format!("is not from 1d to {LONGEST_WINDOW}d")))
}

fn bad(option: &str, value: &str, why: &str, hint: &str) -> Error {
    Error::BadOption { option: option.into(), value: value.into(), why: why.into(), hint: Some(hint.into()) }
}

fn does_not_apply(option: &str, why: impl Into<String>) -> Error {
    Error::DoesNotApply { option: option.into(), why: why.into() }
}
