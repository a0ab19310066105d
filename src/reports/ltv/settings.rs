//! The options of `ltv` resolved: every value concrete, every combination that makes no sense refused.

use serde_json::{Map, Value, json};

use super::params::{LtvParams, ModelChoice, TimeUnit};
use crate::error::{Error, Result};
use crate::reports::period::PeriodUnit;
use crate::stats::btyd::ModelKind;

/// Days of a year; a month is a twelfth of it.
pub const DAYS_PER_YEAR: f64 = 365.25;

/// A length of time as typed, and in days.
#[derive(Debug, Clone, PartialEq)]
pub struct Duration {
    pub text: String,
    /// A month is 365.25/12 days, a year 365.25.
    pub days: f64,
}

/// What `ltv` is to do.
#[derive(Debug, Clone)]
pub struct LtvSettings {
    pub horizon: Duration,
    /// `None`: values are revenue.
    pub margin: Option<f64>,
    /// Per year, effective.
    pub discount: f64,
    pub model: ModelChoice,
    /// Whole days; `None`: a quarter of the observed time.
    pub holdout: Option<Duration>,
    pub include_first_purchase: bool,
    pub time_unit: TimeUnit,
    /// 0: none.
    pub bootstrap: u32,
    pub seed: u64,
    /// Of cohorts.
    pub period: PeriodUnit,
    /// Files of spend; empty where none is given.
    pub spend: Vec<String>,
    pub zero_orders: bool,
}

impl LtvParams {
    /// Makes every value concrete, and refuses what makes no sense.
    pub fn resolve(&self) -> Result<LtvSettings> {
        let horizon = duration("--horizon", self.horizon.as_deref().unwrap_or("12mo"))?;
        if horizon.days > 100.0 * DAYS_PER_YEAR {
            return Err(bad("--horizon", &horizon.text, "is more than a hundred years", "--horizon 12mo"));
        }
        let holdout = self.holdout.as_deref().map(|text| duration("--holdout", text)).transpose()?;
        let holdout = holdout.map(|Duration { text, days }| Duration { text, days: days.round().max(1.0) });
        if let Some(margin) = self.margin
            && !(margin > 0.0 && margin <= 1.0)
        {
            return Err(bad("--margin", margin, "is not above 0 and up to 1", "--margin 0.35 for 35 %"));
        }
        let discount = self.discount.unwrap_or(0.0);
        if !(0.0..=1.0).contains(&discount) {
            let why = "is not from 0 to 1, per year";
            return Err(bad("--discount", discount, why, "--discount 0.1 for 10 % a year"));
        }
        let bootstrap = self.bootstrap.unwrap_or(0);
        if bootstrap != 0 && !(20..=10_000).contains(&bootstrap) {
            let why = "is neither 0 nor from 20 to 10000: fewer samples make no interval of 95 %";
            return Err(bad("--bootstrap", bootstrap, why, "--bootstrap 200"));
        }
        if self.seed.is_some() && bootstrap == 0 {
            return Err(Error::DoesNotApply {
                option: "--seed".into(),
                why: "it is for --bootstrap, which is not given; nothing else is drawn".into(),
            });
        }
        Ok(LtvSettings {
            horizon,
            margin: self.margin,
            discount,
            model: self.model.unwrap_or_default(),
            holdout,
            include_first_purchase: self.include_first_purchase.unwrap_or(false),
            time_unit: self.time_unit.unwrap_or_default(),
            bootstrap,
            seed: self.seed.unwrap_or(42),
            period: self.period.unwrap_or_default(),
            spend: self.spend.clone().unwrap_or_default(),
            zero_orders: self.zero_orders.unwrap_or(false),
        })
    }
}

impl LtvSettings {
    /// The discount per day, compounded continuously: ln(1 + d) / 365.25.
    pub fn rate_per_day(&self) -> f64 {
        libm::log1p(self.discount) / DAYS_PER_YEAR
    }

    /// What a unit of revenue is worth: the margin, or 1.
    pub fn worth(&self) -> f64 {
        self.margin.unwrap_or(1.0)
    }

    /// The models that are fitted.
    pub(super) fn kinds(&self) -> &'static [ModelKind] {
        match self.model {
            ModelChoice::Auto => &ModelKind::ALL,
            ModelChoice::BgNbd => &[ModelKind::BgNbd],
            ModelChoice::MbgNbd => &[ModelKind::MbgNbd],
            ModelChoice::ParetoNbd => &[ModelKind::ParetoNbd],
        }
    }

    /// Parameters for the report, defaults included; those that do not apply are left out.
    pub fn to_params_json(&self) -> Map<String, Value> {
        let mut params = Map::new();
        let mut put = |key: &str, value: Value| {
            params.insert(key.to_owned(), value);
        };
        put("horizon", json!(self.horizon.text));
        put("horizon_days", json!(self.horizon.days));
        put("margin", json!(self.margin));
        put("discount", json!(self.discount));
        put("discount_per_day", json!(self.rate_per_day()));
        put("model", json!(self.model));
        put("holdout", json!(self.holdout.as_ref().map(|holdout| &holdout.text)));
        put("include_first_purchase", json!(self.include_first_purchase));
        put("time_unit", json!(self.time_unit));
        put("bootstrap", json!(self.bootstrap));
        if self.bootstrap > 0 {
            put("seed", json!(self.seed));
        }
        put("period", json!(self.period));
        if !self.spend.is_empty() {
            put("spend", json!(self.spend));
        }
        put("zero_orders", json!(self.zero_orders));
        params
    }
}

/// `365d`, `52w`, `12mo`, `1y`; a bare number has no meaning.
fn duration(option: &str, text: &str) -> Result<Duration> {
    let typed = text.trim();
    let unit_at = typed.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(typed.len());
    let (number, unit) = typed.split_at(unit_at);
    let days = match unit {
        "d" => 1.0,
        "w" => 7.0,
        "mo" => DAYS_PER_YEAR / 12.0,
        "y" => DAYS_PER_YEAR,
        "" => return Err(bad(option, text, "has no unit", "365d, 52w, 12mo or 1y")),
        _ => {
            return Err(bad(
                option,
                text,
                "is not a length of time in days or longer",
                "365d, 52w, 12mo or 1y",
            ));
        }
    };
    match number.trim().parse::<u32>() {
        Ok(count) if count > 0 => Ok(Duration { text: typed.to_owned(), days: f64::from(count) * days }),
        _ => Err(bad(option, text, "is not a whole number above 0 with a unit", "365d, 52w, 12mo or 1y")),
    }
}

fn bad(option: &str, value: impl ToString, why: &str, hint: &str) -> Error {
    Error::BadOption {
        option: option.into(),
        value: value.to_string(),
        why: why.into(),
        hint: Some(hint.to_owned()),
    }
}
