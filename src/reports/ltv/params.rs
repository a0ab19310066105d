//! The options of `ltv` as they are typed: flags, `[ltv]` of siyu.toml and the help at once.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::reports::period::PeriodUnit;

/// Options of `ltv`. What is not given is decided by [`LtvParams::resolve`].
#[derive(clap::Args, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "Lifetime value")]
pub struct LtvParams {
    /// How far the forecast reaches, e.g. 12mo, 52w, 365d, 1y [default: 12mo]
    #[arg(long, value_name = "DURATION")]
    pub horizon: Option<String>,

    /// The share of net revenue that is margin, e.g. 0.35 or 35% [default: values are revenue]
    #[arg(long, value_name = "SHARE", value_parser = crate::reports::share)]
    pub margin: Option<f64>,

    /// Discount per year, e.g. 0.1 or 10% [default: 0]
    #[arg(long, value_name = "RATE", value_parser = crate::reports::share)]
    pub discount: Option<f64>,

    /// Which model of purchases [default: auto]
    #[arg(long, value_enum)]
    pub model: Option<ModelChoice>,

    /// The last stretch of time that models are tested on: fitted on what was before, held against what came, e.g. 90d
    /// [default: a quarter of the observed time]
    #[arg(long, value_name = "DURATION")]
    pub holdout: Option<String>,

    /// Spend is learnt from all purchases, instead of those after the first
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub include_first_purchase: Option<bool>,

    /// The unit in which parameters are reported; forecasts do not depend on it [default: week]
    #[arg(long, value_enum, value_name = "UNIT")]
    pub time_unit: Option<TimeUnit>,

    /// Intervals by this many bootstrap samples, 20 to 10000 [default: 0, none]
    #[arg(long, value_name = "N")]
    pub bootstrap: Option<u32>,

    /// With --bootstrap: another seed draws other samples [default: 42]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Cohorts are the customers who first bought in the same period [default: month]
    #[arg(long, value_enum, value_name = "UNIT")]
    pub period: Option<PeriodUnit>,

    /// What was spent on winning customers: file of spend (date, amount, channel, campaign), glob or folder; may be repeated
    #[arg(long, value_name = "FILE")]
    pub spend: Option<Vec<String>>,

    /// Orders of value 0 (gifts, coupons for the whole price) count as purchases
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub zero_orders: Option<bool>,
}

/// Which model of purchases.
#[derive(ValueEnum, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum ModelChoice {
    /// The one that says best what came in the hold-out
    #[default]
    Auto,
    /// BG/NBD: customers may leave after each repeat purchase
    BgNbd,
    /// MBG/NBD: customers may leave after each purchase, the first included
    MbgNbd,
    /// Pareto/NBD: customers may leave at any time
    ParetoNbd,
}

/// The unit in which parameters are reported.
#[derive(ValueEnum, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum TimeUnit {
    Day,
    #[default]
    Week,
}

impl TimeUnit {
    pub fn key(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
        }
    }

    pub fn days(self) -> f64 {
        match self {
            Self::Day => 1.0,
            Self::Week => 7.0,
        }
    }
}
