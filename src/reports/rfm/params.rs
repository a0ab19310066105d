//! The options of `rfm` as they are typed: flags, `[rfm]` of siyu.toml and the help at once.

use clap::ValueEnum;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// Options of `rfm`. What is not given is decided by [`RfmParams::resolve`].
#[derive(clap::Args, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "RFM")]
pub struct RfmParams {
    /// How values become scores [default: quantile]
    #[arg(long, value_enum)]
    pub scoring: Option<Scoring>,

    /// Scores per dimension, 3 to 10 [default: 5, or what the segment map needs]
    #[arg(long, value_name = "N")]
    pub bins: Option<u8>,

    /// With --scoring fixed: recency cut points, ascending, e.g. 30d,8w,180d (recency is in days: 30 is 30d); N cuts make N+1
    /// scores, up to the first is the best
    #[arg(long, value_name = "DAYS,...", value_delimiter = ',', value_parser = days)]
    #[serde(deserialize_with = "days_or_texts")]
    pub recency_cuts: Option<Vec<u32>>,

    /// With --scoring fixed: frequency cut points in purchases, ascending; a value up to the first gets score 1
    #[arg(long, value_name = "N,...", value_delimiter = ',')]
    pub frequency_cuts: Option<Vec<u32>>,

    /// With --scoring fixed: monetary cut points in currency units, ascending; a value up to the first gets score 1
    #[arg(long, value_name = "AMOUNT,...", value_delimiter = ',', value_parser = crate::reports::finite)]
    pub monetary_cuts: Option<Vec<f64>>,

    /// Score = R x r + F x f + M x m with these weights [default: 1,1,1, the plain sum]
    #[arg(long, value_name = "R,F,M", value_delimiter = ',', value_parser = crate::reports::finite)]
    pub weights: Option<Vec<f64>>,

    /// Segment map: rf10, eight, tiers, or a TOML file of your own [default: rf10]
    #[arg(long, value_name = "MAP")]
    pub segments: Option<String>,

    /// With --segments eight: where high begins: mean, median, or three values: days,purchases,amount [default: mean]
    #[arg(long, value_name = "mean|median|R,F,M")]
    pub split: Option<String>,

    /// With --segments tiers: the scores at which silver, gold and diamond begin [default: quarters of the range]
    #[arg(long, value_name = "S,G,D", value_delimiter = ',', value_parser = crate::reports::finite)]
    pub tier_cuts: Option<Vec<f64>>,

    /// With --by: score each value apart, instead of all customers together
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "true|false")]
    pub score_within: Option<bool>,

    /// Earlier moment to compare with: who moved from which segment to which (tables migration and moves)
    #[arg(long, value_name = "DATE")]
    pub compare_to: Option<String>,

    /// What frequency counts [default: orders]
    #[arg(long, value_enum)]
    pub frequency: Option<FrequencyCount>,
}

/// `30d`, `8w`, or `30`: recency is in whole days by definition.
fn days(text: &str) -> Result<u32, String> {
    let (number, unit) = match text.trim() {
        days if days.ends_with('d') => (days.trim_end_matches('d'), 1),
        weeks if weeks.ends_with('w') => (weeks.trim_end_matches('w'), 7),
        plain => (plain, 1),
    };
    let days = number.trim().parse::<u32>().ok().and_then(|n| n.checked_mul(unit));
    days.ok_or_else(|| "is no number of days: write 30d, 8w or 30".to_owned())
}

/// The same in siyu.toml: `[30, 60]` or `["30d", "60d"]`.
fn days_or_texts<'de, D: Deserializer<'de>>(list: D) -> Result<Option<Vec<u32>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(u32),
        Text(String),
    }
    let written = Option::<Vec<Written>>::deserialize(list)?;
    let read = |cut| match cut {
        Written::Number(days) => Ok(days),
        Written::Text(text) => days(&text).map_err(|why| D::Error::custom(format!("{text:?} {why}"))),
    };
    written.map(|cuts| cuts.into_iter().map(read).collect()).transpose()
}

/// How values become scores.
#[derive(ValueEnum, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Scoring {
    /// Cut points at equal shares of customers (type-7 quantiles); equal values get equal scores
    #[default]
    Quantile,
    /// Cut points of your own: --recency-cuts, --frequency-cuts, --monetary-cuts
    Fixed,
    /// Natural breaks (Fisher-Jenks): classes as alike within as they can be
    Natural,
    /// As the R package rfm: type-7 quantiles plus 1
    RRfm,
}

/// What frequency counts.
#[derive(ValueEnum, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum FrequencyCount {
    /// Paid orders
    #[default]
    Orders,
    /// Days with a paid order
    PurchaseDays,
}
