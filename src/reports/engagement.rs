//! `engagement`. The definitions are in engagement.md, which `siyu explain engagement` prints. SKELETON

mod content;
pub mod kinds;
mod koc;
mod params;
mod reach;
mod settings;
mod touches;

pub use params::EngagementParams;
pub use settings::EngagementSettings;

use chrono::DateTime;

use crate::error::Result;
use crate::facts::journeys::Journeys;
use crate::output::report::{Report, TableChoice};

/// The tables in the order in which they are shown, and whether they are long.
pub const TABLES: &[(&str, bool)] = &[
    ("activity", false),
    ("interactions", false),
    ("reach", false),
    ("content", false),
    ("layers", false),
    ("koc", true),
    ("members", true),
];

/// The definitions, for users.
pub const DOC: &str = include_str!("engagement.md");

/// What the report is made of.
#[derive(Debug)]
pub struct EngagementInput {
    /// End of the observed time, microseconds since 1970-01-01, local time.
    pub as_of_us: i64,
    pub journeys: Journeys,
    /// Threads to count with; without effect on the result.
    pub threads: usize,
}

/// Answers `engagement`. Accounts of the input, and notes about it, are the caller's to add.
pub fn run(settings: &EngagementSettings, input: &EngagementInput, tables: &TableChoice) -> Result<Report> {
    let _ = (tables, &input.journeys, input.threads);
    Ok(Report {
        command: "engagement".into(),
        as_of: DateTime::from_timestamp_micros(input.as_of_us).map(|moment| moment.naive_utc()),
        params: settings.to_params_json(),
        definitions: DOC.into(),
        ..Report::default()
    })
}
