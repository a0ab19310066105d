//! `cohort`: SKELETON. The definitions are in cohort.md, which `siyu explain cohort` prints.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::facts::Histories;
use crate::output::report::{Report, TableChoice};

/// The tables in the order in which they are shown, and whether they are long.
pub const TABLES: &[(&str, bool)] = &[("cells", false), ("matrix", false), ("pooled", false)];

/// The definitions, for users.
pub const DOC: &str = include_str!("cohort.md");

/// Options of `cohort`.
#[derive(clap::Args, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "Cohort")]
pub struct CohortParams {
    /// Orders of value 0 (gifts, coupons for the whole price) count as purchases
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub zero_orders: Option<bool>,
}

/// What `cohort` is to do.
#[derive(Debug, Clone)]
pub struct CohortSettings {
    pub zero_orders: bool,
}

impl CohortParams {
    /// Makes every value concrete, and refuses what makes no sense.
    pub fn resolve(&self) -> Result<CohortSettings> {
        Ok(CohortSettings { zero_orders: self.zero_orders.unwrap_or(false) })
    }
}

/// What the report is made of.
#[derive(Debug, Clone)]
pub struct CohortInput {
    /// End of the observed time, microseconds since 1970-01-01, local time.
    pub as_of_us: i64,
    /// With `by_name`, `attributes[0]` holds each customer's value.
    pub histories: Histories,
    /// `--by`, as resolved, e.g. `first_channel`.
    pub by_name: Option<String>,
}

/// Answers `cohort`. Accounts of the input, and notes about it, are the caller's to add.
pub fn run(settings: &CohortSettings, input: &CohortInput, tables: &TableChoice) -> Result<Report> {
    let _ = (settings, input, tables);
    unimplemented!()
}
