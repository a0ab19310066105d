//! The formats by name, by file suffix, and what each can hold.

use std::path::Path;

/// A format of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// For the eye: aligned, rounded, labelled
    Table,
    /// Comma-separated, unrounded
    Csv,
    /// Tab-separated, unrounded
    Tsv,
    /// One object: parameters, account of rows, tables, alerts, notes
    Json,
    /// One object per row
    #[value(alias = "jsonl")]
    #[serde(alias = "jsonl")]
    Ndjson,
    /// A GitHub table
    #[value(alias = "md")]
    #[serde(alias = "md")]
    Markdown,
    /// A workbook: one sheet per table, and one about the run
    Xlsx,
    /// Typed columns, compressed with zstd
    Parquet,
}

impl Format {
    pub const ALL: [Self; 8] = [
        Self::Table,
        Self::Csv,
        Self::Tsv,
        Self::Json,
        Self::Ndjson,
        Self::Markdown,
        Self::Xlsx,
        Self::Parquet,
    ];

    /// The name on the command line and in siyu.toml.
    pub fn key(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Markdown => "markdown",
            Self::Xlsx => "xlsx",
            Self::Parquet => "parquet",
        }
    }

    /// The endings of file names that mean this format; the first is the usual one.
    pub fn suffixes(self) -> &'static [&'static str] {
        match self {
            Self::Table => &["txt"],
            Self::Csv => &["csv"],
            Self::Tsv => &["tsv"],
            Self::Json => &["json"],
            Self::Ndjson => &["ndjson", "jsonl"],
            Self::Markdown => &["md", "markdown"],
            Self::Xlsx => &["xlsx"],
            Self::Parquet => &["parquet"],
        }
    }

    /// The format that a file's name asks for by its ending, in either case.
    pub fn from_suffix(path: impl AsRef<Path>) -> Option<Self> {
        let suffix = path.as_ref().extension()?.to_str()?.to_ascii_lowercase();
        Self::ALL.into_iter().find(|f| f.suffixes().contains(&suffix.as_str()))
    }

    /// Whether several tables can stand in one file.
    pub fn holds_many(self) -> bool {
        matches!(self, Self::Table | Self::Json | Self::Xlsx)
    }

    /// Whether its bytes are nothing for a terminal.
    pub fn is_binary(self) -> bool {
        matches!(self, Self::Xlsx | Self::Parquet)
    }
}

/// `--color`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    Always,
    Never,
}

impl ColorChoice {
    /// Whether to colour what goes to a stream that is a terminal or is none.
    pub fn on(self, is_terminal: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                let set = |name| std::env::var_os(name).is_some_and(|v| !v.is_empty());
                let dumb = std::env::var_os("TERM").is_some_and(|v| v == "dumb");
                is_terminal && !set("NO_COLOR") && !dumb
            }
        }
    }
}
