//! `funnel`: how many go from step to step, how long it takes, where and for whom it leaks. The definitions are in funnel.md,
//! which `siyu explain funnel` prints.
//!
//! ```text
//! steps (what was typed) ─► settings ─► count (journeys ─► entrants) ─► steps, times, trend, users, compare, diagnosis
//!                                          └► correlation (what else they did)
//! ```

pub mod count;
mod params;
pub mod selectors;
mod settings;

pub use count::Entrants;
pub use params::FunnelParams;
pub use settings::{ByAt, FunnelSettings, Selected};

use chrono::DateTime;

use crate::error::Result;
use crate::facts::journeys::Journeys;
use crate::output::report::{Report, TableChoice};

/// The tables in the order in which they are shown, and whether they are long.
pub const TABLES: &[(&str, bool)] = &[
    ("steps", false),
    ("compare", false),
    ("times", false),
    ("trend", false),
    ("diagnosis", false),
    ("correlation", false),
    ("users", true),
];

/// The definitions, for users.
pub const DOC: &str = include_str!("funnel.md");

/// What the report is made of.
#[derive(Debug)]
pub struct FunnelInput {
    /// End of the observed time, microseconds since 1970-01-01, local time.
    pub as_of_us: i64,
    pub journeys: Journeys,
    /// Threads to count with; without effect on the result.
    pub threads: usize,
}

/// Answers `funnel`. Accounts of the input, and notes about it, are the caller's to add.
pub fn run(settings: &FunnelSettings, input: &FunnelInput, tables: &TableChoice) -> Result<Report> {
    let _ = (tables, &input.journeys, input.threads);
    Ok(Report {
        command: "funnel".into(),
        as_of: DateTime::from_timestamp_micros(input.as_of_us).map(|moment| moment.naive_utc()),
        params: settings.to_params_json(),
        definitions: DOC.into(),
        ..Report::default()
    })
}
