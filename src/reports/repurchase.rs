//! `repurchase`: SKELETON. The definitions are in repurchase.md, which `siyu explain repurchase` prints.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::facts::Histories;
use crate::output::report::{Report, TableChoice};

/// The tables in the order in which they are shown, and whether they are long.
pub const TABLES: &[(&str, bool)] = &[
    ("survival", false),
    ("curve", true),
    ("tests", false),
    ("intervals", false),
    ("windows", false),
    ("ladder", false),
    ("products", false),
    ("cycle", true),
    ("due", true),
];

/// The definitions, for users.
pub const DOC: &str = include_str!("repurchase.md");

/// Options of `repurchase`.
#[derive(clap::Args, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "Repurchase")]
pub struct RepurchaseParams {
    /// Orders of value 0 (gifts, coupons for the whole price) count as purchases
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub zero_orders: Option<bool>,
}

/// What `repurchase` is to do.
#[derive(Debug, Clone)]
pub struct RepurchaseSettings {
    pub zero_orders: bool,
}

impl RepurchaseParams {
    /// Makes every value concrete, and refuses what makes no sense.
    pub fn resolve(&self) -> Result<RepurchaseSettings> {
        Ok(RepurchaseSettings { zero_orders: self.zero_orders.unwrap_or(false) })
    }
}

/// What the report is made of.
#[derive(Debug, Clone)]
pub struct RepurchaseInput {
    /// End of the observed time, microseconds since 1970-01-01, local time.
    pub as_of_us: i64,
    /// With `by_name`, `attributes[0]` holds each customer's value.
    pub histories: Histories,
    /// `--by`, as resolved, e.g. `first_channel`.
    pub by_name: Option<String>,
}

/// Answers `repurchase`. Accounts of the input, and notes about it, are the caller's to add.
pub fn run(settings: &RepurchaseSettings, input: &RepurchaseInput, tables: &TableChoice) -> Result<Report> {
    let _ = (settings, input, tables);
    unimplemented!()
}
