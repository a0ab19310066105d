//! The options that every report has, as typed: one struct per section of siyu.toml. Every field is optional; what is
//! left open is filled from the environment and the configuration file (see `config`).

use std::path::PathBuf;

use clap::{ArgAction, Args};
use serde::{Deserialize, Serialize};

use crate::output::Format;
use crate::text::Lang;

/// `[input]`: which rows, and how they are read.
#[derive(Args, Serialize, Deserialize, Debug, Clone, Default)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "Input")]
pub struct InputParams {
    /// Files, globs, directories, or `-` for standard input. CSV, TSV, Parquet, workbooks (xlsx,
    /// xls, ods), HTML tables, also in zip, gzip or zstd; known by content
    #[arg(value_name = "INPUT")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,

    /// Which platform's export this is: an id of `siyu presets`, a preset's file (./my.toml), auto or none [default: auto]
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,

    /// Folder of presets that add to the built-in ones or replace them [default: ~/.config/siyu/presets, if it is there]
    #[arg(long, value_name = "FOLDER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presets: Option<PathBuf>,

    /// Rows that a preset's rules would leave out and that stay, comma separated: gift, price_difference, trial, test,
    /// deleted, total, ignored, or all
    #[arg(long, value_name = "REASON", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep: Option<Vec<String>>,

    /// Map a column by hand, e.g. `--col amount=Total`, and `--col spend.amount=Cost` in the files of --spend; may be repeated
    #[arg(long, value_name = "CANONICAL=COLUMN")]
    #[serde(skip)]
    pub col: Vec<String>,

    /// Text encoding, e.g. gbk, utf-16le, windows-1252 [default: detected]
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,

    /// Field separator of CSV files: one character, or `tab` [default: detected]
    #[arg(long, value_name = "CHAR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,

    /// Sheet of a workbook: its name or its number [default: the one with the best header]
    #[arg(long, value_name = "NAME|NUMBER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,

    /// How dates are written: dmy, mdy, ymd, or a pattern such as `%d.%m.%Y %H:%M` [default: decided from the data]
    #[arg(long, value_name = "FORMAT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_format: Option<String>,

    /// Time zone to which times with an offset are converted, e.g. Asia/Shanghai [default: kept as written]
    #[arg(long, value_name = "ZONE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tz: Option<String>,

    /// The moment of the report: a date (its end) or a date and time [default: the last moment in the data]
    #[arg(long, value_name = "DATE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,

    /// Leave out rows before this day or moment
    #[arg(long, value_name = "DATE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,

    /// Leave out rows after this day or moment
    #[arg(long, value_name = "DATE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,

    /// Keep the rows for which this SQL expression is true, over canonical and original columns
    #[arg(long = "where", id = "where", value_name = "SQL")]
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,

    /// Break the report down by a column; an order attribute is taken at the customer's first purchase (first_, last_ and
    /// top_ in front of its name say which)
    #[arg(long, value_name = "COLUMN")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,

    /// Tell customers apart by several columns together, e.g. `收货人姓名+联系手机`: weak, for exports without a customer id
    #[arg(long, value_name = "COLUMN+COLUMN")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_key: Option<String>,

    /// File that makes one person of many ids: columns platform, platform_id, person_id, or columns of ids that belong
    /// together row by row (phone, openid, member number)
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identities: Option<PathBuf>,

    /// Where several exports hold an order: the later `file` of the inputs has its latest state, or the larger value of a
    /// COLUMN (a time of export or change) [default: file]
    #[arg(long, value_name = "file|COLUMN")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest_by: Option<String>,

    /// Share of rows that may hold unreadable values before the run is refused, e.g. 1% or 0.01 [default: 1%]
    #[arg(long, value_name = "SHARE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bad: Option<String>,

    /// Doubtful rows are errors
    #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
}

/// `[output]`: what is shown, how and where.
#[derive(Args, Serialize, Deserialize, Debug, Clone, Default)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "Output")]
pub struct OutputParams {
    /// Output format [default: table on a terminal, csv in a pipe, else the suffix of --output]
    #[arg(short, long, value_enum)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,

    /// Write to this file (atomically) instead of standard output
    #[arg(short, long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<PathBuf>,

    /// Tables to show, comma separated, or `all` [default: as the format holds]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<Vec<String>>,

    /// Language of labels [default: from the locale]
    #[arg(long, value_enum)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lang: Option<Lang>,

    /// Begin csv and tsv with a byte order mark, so that Excel reads them as UTF-8
    #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bom: Option<bool>,

    /// Make cells harmless in csv and tsv that a spreadsheet would run as formulas
    #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excel_safe: Option<bool>,

    /// Show ids only as keyed hashes (HMAC-SHA-256, 16 hex digits); needs --mask-key-file
    #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask: Option<bool>,

    /// File that holds the key for --mask
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask_key_file: Option<PathBuf>,

    /// After the result: definitions, rows left after each filter, the plan (on standard error)
    #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explain: Option<bool>,

    /// Colours: auto, always, never
    #[arg(long, value_enum, value_name = "WHEN")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<crate::output::ColorChoice>,
}

/// `[run]`: how the program behaves.
#[derive(Args, Serialize, Deserialize, Debug, Clone, Default)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "Run")]
pub struct RunParams {
    /// Configuration file [default: siyu.toml, found upward from the working folder]
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    #[serde(skip)]
    pub config: Option<PathBuf>,

    /// Read no configuration file
    #[arg(long)]
    #[serde(skip)]
    pub no_config: bool,

    /// Say nothing on standard error but errors
    #[arg(short, long, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet: Option<bool>,

    /// Say more on standard error: what was detected and mapped
    #[arg(short, long, action = ArgAction::Count, conflicts_with = "quiet")]
    #[serde(skip_serializing_if = "is_zero")]
    pub verbose: u8,

    /// Show no progress
    #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_progress: Option<bool>,

    /// Threads to use [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<u16>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_zero(n: &u8) -> bool {
    *n == 0
}
