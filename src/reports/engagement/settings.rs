//! The options of `engagement` resolved: every value concrete, nonsense refused.

use serde_json::{Map, Value, json};

use super::kinds::{self, Role};
use super::params::EngagementParams;
use super::touches::{KocSettings, TouchSettings};
use crate::error::{Error, Result};
use crate::facts::customers::DAY_US;
use crate::reports::duration::microseconds;
use crate::reports::period::{PeriodUnit, Periods};

/// The longest window, in days: a hundred years.
const LONGEST_WINDOW: i64 = 36_525;
const WINDOW: i32 = 30;
const HIGH_FREQUENCY: u32 = 8;

/// What `engagement` is to do.
#[derive(Debug, Clone)]
pub struct EngagementSettings {
    /// What `--kind` says; other roles have the kinds of their default names.
    pub kinds: Vec<(Role, Vec<String>)>,
    /// The unit of the table activity.
    pub periods: Periods,
    /// Days up to the end over which layers are counted.
    pub layer_window: i32,
    /// Active days within the window from which on a member is high-frequency.
    pub high_frequency: u32,
    /// Days up to the end within which new members joined; `None`: nothing says when members joined.
    pub new_within: Option<i32>,
    /// The column that tells messages apart; `None`: content_id, else campaign.
    pub reach_by: Option<String>,
    pub touches: TouchSettings,
    pub koc: KocSettings,
}

impl EngagementParams {
    /// Makes every value concrete, and refuses what makes no sense.
    pub fn resolve(&self) -> Result<EngagementSettings> {
        let unit = self.period.unwrap_or(PeriodUnit::Day);
        if self.week_start.is_some() && unit != PeriodUnit::Week {
            let why = format!("activity is by {}: it is for --period week", unit.key());
            return Err(Error::DoesNotApply { option: "--week-start".into(), why });
        }
        if self.new_within.is_some() && self.members().is_empty() {
            let why = "without --members FILE nothing says when members joined".into();
            return Err(Error::DoesNotApply { option: "--new-within".into(), why });
        }
        let layer_window = days("--layer-window", self.layer_window.as_deref())?;
        let new_within = days("--new-within", self.new_within.as_deref())?;
        let high_frequency = self.high_frequency.unwrap_or(HIGH_FREQUENCY);
        if high_frequency < 2 || i64::from(high_frequency) > i64::from(layer_window) {
            let why = match high_frequency {
                0 | 1 => "is what a regular member has".to_owned(),
                _ => format!("is more than the {layer_window} days of the window"),
            };
            return Err(Error::BadOption {
                option: "--high-frequency".into(),
                value: high_frequency.to_string(),
                why,
                hint: Some(format!("from 2 to the days of --layer-window ({layer_window})")),
            });
        }
        Ok(EngagementSettings {
            kinds: kinds::parse(self.kinds.as_deref().unwrap_or_default())?,
            periods: Periods::new(unit, self.week_start.unwrap_or_default()),
            layer_window,
            high_frequency,
            new_within: (!self.members().is_empty()).then_some(new_within),
            reach_by: self.reach_by.clone(),
            touches: TouchSettings::of(self)?,
            koc: KocSettings::of(self)?,
        })
    }

    /// The files of `--members`.
    pub fn members(&self) -> &[String] {
        self.members.as_deref().unwrap_or_default()
    }

    /// The files of `--orders`.
    pub fn orders(&self) -> &[String] {
        self.orders.as_deref().unwrap_or_default()
    }
}

impl EngagementSettings {
    /// For `params` of the report; those that do not apply are left out.
    pub fn to_params_json(&self) -> Map<String, Value> {
        let mut params = Map::new();
        let mut put = |key: &str, value: Value| {
            params.insert(key.to_owned(), value);
        };
        if !self.kinds.is_empty() {
            let kinds = self.kinds.iter().map(|(role, names)| (role.key().to_owned(), json!(names)));
            put("kinds", Value::Object(kinds.collect()));
        }
        put("period", json!(self.periods.unit));
        if self.periods.unit == PeriodUnit::Week {
            put("week_start", json!(self.periods.week_start));
        }
        put("layer_window", json!(format!("{}d", self.layer_window)));
        put("high_frequency", json!(self.high_frequency));
        if let Some(days) = self.new_within {
            put("new_within", json!(format!("{days}d")));
        }
        if let Some(column) = &self.reach_by {
            put("reach_by", json!(column));
        }
        put("conversion_window", json!(self.touches.window));
        put("top", json!(self.touches.top));
        put("koc_share", json!(self.koc.share_ppm as f64 / 1e6));
        put("koc_dimensions", json!(self.koc.dimensions));
        params
    }
}

/// A length of time in whole days; 30 where none is given.
fn days(option: &str, text: Option<&str>) -> Result<i32> {
    let Some(text) = text else { return Ok(WINDOW) };
    let us = microseconds(option, text)?;
    let days = us / DAY_US;
    if us % DAY_US != 0 || days > LONGEST_WINDOW {
        return Err(Error::BadOption {
            option: option.into(),
            value: text.into(),
            why: format!("is no number of whole days from 1 to {LONGEST_WINDOW}"),
            hint: Some("e.g. 30d or 4w".into()),
        });
    }
    Ok(days as i32)
}
