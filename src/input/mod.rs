//! The only rooms that open files. Bytes of any kind in, canonical rows out, and an account of every row.
//!
//! ```text
//! paths ─► source (glob, '-', hive) ─► container (gzip, zstd) ─► encoding ─► csv ──┐
//!          sheets (xlsx, xls, ods, html, zip) ─┘└──────────────────────► parquet ──┴─► RawBatch (original columns)
//! RawBatch ─► columns (mapping) + values (dates, money) + filter (--where) ─► RowBatch (every row, with its verdict)
//! RowBatch ─► OrderBatch (rows in use alone)
//! ```

pub mod account;
mod batches;
mod canonical;
mod cells;
pub mod columns;
pub mod container;
pub mod csv;
mod day_order;
mod decimal_mark;
mod derive;
pub mod encoding;
mod fill;
pub mod filter;
pub mod formula;
#[doc(hidden)]
pub mod fuzzing;
pub mod identities;
mod json;
mod layout;
pub mod masks;
mod meaning;
mod names;
mod order_index;
pub mod parquet;
pub mod presets;
pub mod raw;
mod reader;
mod reading_notes;
mod reconcile;
pub mod rows;
mod scan;
mod sheets;
pub mod source;
pub mod spill;
pub mod table_reader;
pub mod values;
mod verdict;

pub use derive::Derived;
pub use raw::{RawBatch, RawFile, RowNumbers, TextColumn};
pub use rows::{Inputs, OrderBatch, OrderSink, ReadSummary, RowBatch, RowSink, Wanted};
pub use verdict::Verdict;

use std::path::PathBuf;

/// Which frame of DESIGN.md's vocabulary a file is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Frame {
    Orders,
    Events,
    Spend,
    Members,
}

impl Frame {
    /// Its name in accounts and options: `orders`, `events`, `spend`, `members`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Events => "events",
            Self::Spend => "spend",
            Self::Members => "members",
        }
    }
}

/// What the user said about the input, all frames alike; resolved, so that nothing below looks at flags or config.
#[derive(Debug, Clone)]
pub struct InputOptions {
    /// Files, globs, directories, or `-`.
    pub paths: Vec<String>,
    /// canonical -> column of the file, from `--col` and `[columns]`.
    pub columns: Vec<(String, String)>,
    /// `--encoding`, a WHATWG label or one of ours.
    pub encoding: Option<String>,
    /// `--delimiter`: one character, or `tab`.
    pub delimiter: Option<String>,
    /// `--date-format`: `dmy`, `mdy`, `ymd`, or a strftime pattern.
    pub date_format: Option<String>,
    /// `--tz`: times with an offset are converted to it; without it they keep their written wall time.
    pub tz: Option<chrono_tz::Tz>,
    /// `--max-bad`: the share of rows, 0 to 1, that may hold unreadable values.
    pub max_bad: f64,
    /// `--strict`: doubtful rows are errors.
    pub strict: bool,
    /// End of the observed time, inclusive, in microseconds of local time; `None`: the last moment in the data.
    pub as_of_us: Option<i64>,
    /// First and last moment in use, inclusive.
    pub since_us: Option<i64>,
    pub until_us: Option<i64>,
    /// `--where`.
    pub filter: Option<String>,
    /// Worker threads; at least 1.
    pub threads: usize,
    /// Called with (bytes done, bytes in all) now and then, from any thread.
    pub progress: Option<Progress>,
    /// `--preset`.
    pub preset: presets::PresetChoice,
    /// Those that files are recognised as.
    pub presets: std::sync::Arc<presets::Presets>,
    /// `--sheet`: name or 1-based number of the sheet of a workbook.
    pub sheet: Option<String>,
    /// `--keep`: rows that a preset's rules would drop (gifts, tests, ...) stay.
    pub keep: Vec<presets::DropReason>,
    /// `--lang`: of what presets say.
    pub lang: crate::text::Lang,
    /// `--customer-key`: the columns that together say who a customer is.
    pub customer_key: Option<Vec<String>>,
    /// `--identities`: the file that makes one person of many ids.
    pub identities: Option<PathBuf>,
    /// `--latest-by`: the column whose larger value tells the later state of an order; `None`, `file`: the order of the
    /// inputs.
    pub latest_by: Option<String>,
}

/// A progress callback.
#[derive(Clone)]
pub struct Progress(pub std::sync::Arc<dyn Fn(u64, u64) + Send + Sync>);

impl std::fmt::Debug for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Progress")
    }
}

impl Default for InputOptions {
    fn default() -> Self {
        Self {
            paths: Vec::new(),
            columns: Vec::new(),
            encoding: None,
            delimiter: None,
            date_format: None,
            tz: None,
            max_bad: 0.01,
            strict: false,
            as_of_us: None,
            since_us: None,
            until_us: None,
            filter: None,
            threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            progress: None,
            preset: presets::PresetChoice::Auto,
            presets: presets::Presets::built_in(),
            sheet: None,
            keep: Vec::new(),
            lang: crate::text::Lang::default(),
            customer_key: None,
            identities: None,
            latest_by: None,
        }
    }
}
