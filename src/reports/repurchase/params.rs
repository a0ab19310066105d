//! The options of `repurchase` as they are typed: flags, `[repurchase]` of siyu.toml and the help at once.

use clap::ValueEnum;
use serde::{Deserialize, Deserializer, Serialize};

use crate::stats::purchase_cycle::State;

/// Options of `repurchase`. What is not given is decided by [`RepurchaseParams::resolve`].
#[derive(clap::Args, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "Repurchase")]
pub struct RepurchaseParams {
    /// From which purchase to the next: 1 is from the first to the second; `all` takes every gap of every customer, the
    /// open one censored [default: 1]
    #[arg(long, value_name = "N|all")]
    #[serde(deserialize_with = "number_or_text")]
    pub from_order: Option<String>,

    /// How the 95 % intervals of survival curves are made [default: log-log]
    #[arg(long, value_enum)]
    pub interval: Option<IntervalScale>,

    /// Windows after a purchase within which customers may have come back, e.g. 30d,12w,6mo
    /// [default: 30d,60d,90d,180d,365d]
    #[arg(long, value_name = "DAYS,...", value_delimiter = ',')]
    pub windows: Option<Vec<String>>,

    /// Horizon of the restricted mean: the mean number of days until the next purchase, each counted as this many at most
    /// [default: 365d]
    #[arg(long, value_name = "DAYS")]
    pub rmst: Option<String>,

    /// For the table products: the column that says what was bought [default: product_id, else product_name, else category]
    #[arg(long, value_name = "COLUMN")]
    pub products: Option<String>,

    /// For the table products: how many values at most, those with most customers first [default: 50]
    #[arg(long, value_name = "N")]
    pub top: Option<usize>,

    /// For the table due: which states [default: due,overdue]
    #[arg(long, value_enum, value_name = "STATE,...", value_delimiter = ',')]
    pub states: Option<Vec<DueState>>,

    /// For the table due: how many customers at most, those with most at stake first [default: all]
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,

    /// Orders of value 0 (gifts, coupons for the whole price) count as purchases
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub zero_orders: Option<bool>,
}

/// Where a customer stands between two purchases.
#[derive(ValueEnum, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum DueState {
    /// Too soon
    Early,
    /// Now or about now
    Due,
    /// Later than three of four would be
    Overdue,
    /// Rather gone than not
    Lapsed,
}

impl From<DueState> for State {
    fn from(state: DueState) -> Self {
        match state {
            DueState::Early => Self::Early,
            DueState::Due => Self::Due,
            DueState::Overdue => Self::Overdue,
            DueState::Lapsed => Self::Lapsed,
        }
    }
}

/// On which scale the interval of a survival curve is symmetrical.
#[derive(ValueEnum, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum IntervalScale {
    /// Of the logarithm of the cumulative hazard: stays between 0 and 1, and holds its level best
    #[default]
    LogLog,
    /// Of the cumulative hazard: R's default
    Log,
    /// Of the survival itself
    Plain,
}

/// In siyu.toml: `from_order = 2` or `from_order = "all"`.
fn number_or_text<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(u32),
        Text(String),
    }
    Ok(Option::<Written>::deserialize(value)?.map(|written| match written {
        Written::Number(number) => number.to_string(),
        Written::Text(text) => text,
    }))
}
