//! The options of `repurchase` resolved: every value concrete, nonsense refused.

use serde_json::{Map, Value, json};

use super::params::{IntervalScale, RepurchaseParams};
use crate::error::{Error, Result};
use crate::stats::kaplan_meier::Interval;
use crate::stats::purchase_cycle::State;

/// Windows and horizons are at most this long: 100 years.
const MOST_DAYS: u32 = 36_525;
const MOST_WINDOWS: usize = 50;

/// What `repurchase` is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepurchaseSettings {
    pub from_order: FromOrder,
    /// How the intervals of survival curves are made.
    pub interval: Interval,
    /// Days; ascending, each once.
    pub windows: Vec<u32>,
    /// The horizon of the restricted mean, in days.
    pub rmst_days: u32,
    /// The column of `--products`, where it was given.
    pub products: Option<String>,
    /// Values in the table products, at most.
    pub top: usize,
    /// States in the table due, each once.
    pub states: Vec<State>,
    /// Customers in the table due, at most.
    pub limit: Option<usize>,
    pub zero_orders: bool,
}

/// Which gaps the survival tables are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FromOrder {
    /// From purchase n (counted from 1) to the next: one gap for each customer who reached n.
    Nth(u32),
    /// Every gap of every customer.
    All,
}

impl FromOrder {
    /// As typed.
    pub fn key(self) -> String {
        match self {
            Self::Nth(n) => n.to_string(),
            Self::All => "all".to_owned(),
        }
    }
}

impl RepurchaseParams {
    /// Makes every value concrete, and refuses what makes no sense.
    pub fn resolve(&self) -> Result<RepurchaseSettings> {
        let interval = match self.interval.unwrap_or_default() {
            IntervalScale::LogLog => Interval::LogLog,
            IntervalScale::Log => Interval::Log,
            IntervalScale::Plain => Interval::Plain,
        };
        Ok(RepurchaseSettings {
            from_order: self.resolve_from_order()?,
            interval,
            windows: self.resolve_windows()?,
            rmst_days: self.rmst.as_deref().map_or(Ok(365), |text| days("--rmst", text))?,
            products: self.products.clone(),
            top: self.top.map_or(Ok(50), |top| at_least_one("--top", top))?,
            states: self.resolve_states()?,
            limit: self.limit.map(|limit| at_least_one("--limit", limit)).transpose()?,
            zero_orders: self.zero_orders.unwrap_or(false),
        })
    }

    fn resolve_from_order(&self) -> Result<FromOrder> {
        let Some(text) = self.from_order.as_deref().map(str::trim) else { return Ok(FromOrder::Nth(1)) };
        if text == "all" {
            return Ok(FromOrder::All);
        }
        match text.parse::<u32>() {
            Ok(n) if (1..=1_000_000).contains(&n) => Ok(FromOrder::Nth(n)),
            _ => Err(bad("--from-order", text, "is neither `all` nor a purchase's number from 1 on")),
        }
    }

    fn resolve_states(&self) -> Result<Vec<State>> {
        let Some(given) = &self.states else { return Ok(vec![State::Due, State::Overdue]) };
        let mut states: Vec<State> = given.iter().copied().map(State::from).collect();
        states.sort_unstable();
        states.dedup();
        if states.is_empty() { Err(bad("--states", "", "one state at least is needed")) } else { Ok(states) }
    }

    fn resolve_windows(&self) -> Result<Vec<u32>> {
        let Some(texts) = &self.windows else { return Ok(vec![30, 60, 90, 180, 365]) };
        let mut windows = texts.iter().map(|text| days("--windows", text)).collect::<Result<Vec<u32>>>()?;
        if windows.is_empty() || windows.len() > MOST_WINDOWS {
            return Err(bad("--windows", &texts.join(","), "1 to 50 windows are needed"));
        }
        windows.sort_unstable();
        windows.dedup();
        Ok(windows)
    }
}

impl RepurchaseSettings {
    /// Parameters for the report, defaults included.
    pub fn to_params_json(&self) -> Map<String, Value> {
        let mut params = Map::new();
        let mut put = |key: &str, value: Value| {
            params.insert(key.to_owned(), value);
        };
        let from_order = match self.from_order {
            FromOrder::Nth(n) => json!(n),
            FromOrder::All => json!("all"),
        };
        put("from_order", from_order);
        put("interval", json!(self.interval.key()));
        put("windows", self.windows.iter().map(|days| json!(format!("{days}d"))).collect());
        put("rmst", json!(format!("{}d", self.rmst_days)));
        if let Some(column) = &self.products {
            put("products", json!(column));
        }
        put("top", json!(self.top));
        put("states", self.states.iter().map(|state| json!(state.key())).collect());
        if let Some(limit) = self.limit {
            put("limit", json!(limit));
        }
        put("zero_orders", json!(self.zero_orders));
        params
    }
}

/// `30d`, `12w`, `6mo`, `1y` as whole days, the last two rounded: a month is 365.25/12 days, a year 365.25.
fn days(option: &str, text: &str) -> Result<u32> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    // Days of a unit as a fraction, so that rounding is exact.
    let (numer, denom) = match unit.trim() {
        "d" => (1, 1),
        "w" => (7, 1),
        "mo" => (36_525, 1_200),
        "y" => (36_525, 100),
        "" => return Err(bad(option, text, "has no unit: write 30d, 12w, 6mo or 1y")),
        "m" | "min" | "h" | "s" => {
            return Err(bad(
                option,
                text,
                "is shorter than purchases are told apart here, by days: 30d, 12w, 6mo",
            ));
        }
        _ => {
            return Err(bad(option, text, "is no number of days, weeks, months or years: 30d, 12w, 6mo, 1y"));
        }
    };
    let whole = number.parse::<u64>().ok().and_then(|number| number.checked_mul(numer));
    let days = whole.map(|total| (total + denom / 2) / denom).and_then(|days| u32::try_from(days).ok());
    match days {
        Some(days) if (1..=MOST_DAYS).contains(&days) => Ok(days),
        _ => Err(bad(option, text, "is not from 1 day to 100 years")),
    }
}

fn at_least_one(option: &str, number: usize) -> Result<usize> {
    if number > 0 { Ok(number) } else { Err(bad(option, "0", "is not at least 1")) }
}

fn bad(option: &str, value: &str, why: &str) -> Error {
    Error::BadOption { option: option.to_owned(), value: value.to_owned(), why: why.to_owned(), hint: None }
}
