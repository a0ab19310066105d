//! `retention`. The definitions are in retention.md, which `siyu explain retention` prints. SKELETON

mod params;
mod settings;

pub use params::RetentionParams;
pub use settings::RetentionSettings;

use chrono::DateTime;

use crate::error::Result;
use crate::facts::journeys::Journeys;
use crate::output::report::{Report, TableChoice};

/// The tables in the order in which they are shown, and whether they are long.
pub const TABLES: &[(&str, bool)] = &[("cells", false), ("matrix", false), ("pooled", false)];

/// The definitions, for users.
pub const DOC: &str = include_str!("retention.md");

/// What the report is made of.
#[derive(Debug)]
pub struct RetentionInput {
    /// End of the observed time, microseconds since 1970-01-01, local time.
    pub as_of_us: i64,
    pub journeys: Journeys,
    /// Threads to count with; without effect on the result.
    pub threads: usize,
}

/// Answers `retention`. Accounts of the input, and notes about it, are the caller's to add.
pub fn run(settings: &RetentionSettings, input: &RetentionInput, tables: &TableChoice) -> Result<Report> {
    let _ = (tables, &input.journeys, input.threads);
    Ok(Report {
        command: "retention".into(),
        as_of: DateTime::from_timestamp_micros(input.as_of_us).map(|moment| moment.naive_utc()),
        params: settings.to_params_json(),
        definitions: DOC.into(),
        ..Report::default()
    })
}
