//! Many exports to one canonical file: which rows are written, as orders or as lines, in the order of the input.

pub mod allocate;
pub mod combine;
mod rows;

use clap::Args;
use serde::{Deserialize, Serialize};

pub use rows::{FileSpec, Item, Made, OrderHashes, RowMaker, Spec};

pub const DOC: &str = include_str!("convert.md");

/// One table: what it is called follows from the frame and from `--lines`.
pub const TABLES: &[(&str, bool)] = &[("orders", false)];

/// `siyu convert`.
#[derive(Args, Serialize, Deserialize, Debug, Clone, Default)]
#[serde(deny_unknown_fields, default)]
pub struct ConvertParams {
    /// A row per line of an order instead of one per order
    #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<bool>,
}
