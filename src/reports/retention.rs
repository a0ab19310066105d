//! `retention`: who comes back after an event, period after period. The definitions are in retention.md, which
//! `siyu explain retention` prints.
//!
//! ```text
//! settings ─► count (journeys ─► cohorts, in whole numbers) ─► cells, matrix, pooled
//! ```

mod calendar;
mod count;
mod params;
mod settings;
mod tables;

pub use params::{PeriodZero, RetentionParams, RetentionPeriod, StartMode};
pub use settings::{RETURN, RetentionSettings, START};

use crate::error::Result;
use crate::facts::journeys::Journeys;
use crate::output::grouped;
use crate::output::report::{Label, Note, Report, TableChoice};
use crate::reports::period::{date, day, moment};
use crate::reports::triangle;
use crate::text::{Catalogue, Lang};
use count::Counted;
use tables::Shown;

/// The tables in the order in which they are shown, and whether they are long.
pub const TABLES: &[(&str, bool)] = &[("cells", false), ("matrix", false), ("pooled", false)];

/// The definitions, for users.
pub const DOC: &str = include_str!("retention.md");

/// What the report is made of.
#[derive(Debug)]
pub struct RetentionInput {
    /// End of the observed time, microseconds since 1970-01-01, local time.
    pub as_of_us: i64,
    /// Selector [`START`] is the start event, [`RETURN`] the return event; with `by_name` attribute 0 is that of `--by`.
    pub journeys: Journeys,
    /// `--by`.
    pub by_name: Option<String>,
    /// Threads to count with; without effect on the result.
    pub threads: usize,
}

/// Answers `retention`. Accounts of the input, and notes about it, are the caller's to add.
pub fn run(settings: &RetentionSettings, input: &RetentionInput, tables: &TableChoice) -> Result<Report> {
    let wants = |name: &str| tables.wants_of(TABLES, name);
    let by = input.by_name.as_deref().zip(input.journeys.values.first());
    let counted = count::count(settings, &input.journeys, input.as_of_us, by.is_some(), input.threads)?;
    let shown = Shown { settings, counted: &counted, by };
    let mut report = Report {
        command: "retention".into(),
        as_of: moment(input.as_of_us),
        params: settings.to_params_json(),
        definitions: DOC.into(),
        labels: labels(settings, &counted),
        notes: notes(settings, input, &counted),
        ..Report::default()
    };
    if wants("cells") {
        report.tables.push(shown.cells());
    }
    if wants("matrix") {
        report.tables.push(shown.matrix()?);
    }
    if wants("pooled") {
        report.tables.push(shown.pooled());
    }
    Ok(report)
}

/// What the matrix and its columns are called: `W3`, `第3周`.
fn labels(settings: &RetentionSettings, counted: &Counted) -> Vec<Label> {
    let (en, zh) = match settings.period {
        RetentionPeriod::Hour => ("H", "小时"),
        RetentionPeriod::Day => ("D", "天"),
        RetentionPeriod::Week => ("W", "周"),
        RetentionPeriod::Month => ("M", "月"),
    };
    let text =
        |lang, key: &str| Catalogue::get(lang).label("retention_titles", key).unwrap_or(key).to_owned();
    let title = if settings.unbounded { "matrix_unbounded" } else { "matrix" };
    let named = |section, key: &str, label: &str| Label {
        section,
        key: key.to_owned(),
        en: text(Lang::En, label),
        zh: text(Lang::Zh, label),
    };
    let mut labels = vec![
        named("tables", "matrix", title),
        named("columns", "users", "users"),
        named("columns", "eligible", "eligible"),
        named("columns", "lower", "lower"),
        named("columns", "upper", "upper"),
    ];
    let periods = counted.cohorts.iter().map(|cohort| cohort.retained.len()).max().unwrap_or(0);
    labels.extend(triangle::period_labels(en, zh, periods));
    labels
}

fn notes(settings: &RetentionSettings, input: &RetentionInput, counted: &Counted) -> Vec<Note> {
    let unit = settings.unit.as_deref().unwrap_or("customer_id");
    let mut notes = vec![Note::new(match (settings.rolling, settings.period) {
        (true, RetentionPeriod::Hour) => "retention_rolling_hour",
        (true, RetentionPeriod::Day) => "retention_rolling_day",
        (true, RetentionPeriod::Week) => "retention_rolling_week",
        (true, RetentionPeriod::Month) => "retention_rolling_month",
        (false, RetentionPeriod::Hour) => "retention_calendar_hour",
        (false, RetentionPeriod::Day) => "retention_calendar_day",
        (false, RetentionPeriod::Week) => "retention_calendar_week",
        (false, RetentionPeriod::Month) => "retention_calendar_month",
    })];
    if counted.cohorts.is_empty() {
        notes.push(Note::new("retention_nobody").with("start", &settings.start.name));
    } else if settings.start_mode == StartMode::Recurring {
        let places: u64 = counted.cohorts.iter().map(|cohort| cohort.size).sum();
        if places > counted.units {
            let note = Note::new("retention_recurring").with("users", count(counted.units));
            notes.push(note.with("places", count(places)));
        }
    }
    if settings.unbounded && !counted.cohorts.is_empty() {
        notes.push(Note::new("retention_unbounded"));
    }
    if let Some(by) = &input.by_name {
        notes.push(Note::new("retention_by").with("by", by));
    }
    if counted.cohorts.iter().any(|cohort| cohort.over < cohort.retained.len()) {
        notes.push(Note::new("cohort_running").with("date", date(day(input.as_of_us))));
    }
    if input.journeys.without_unit > 0 {
        notes.push(
            Note::new("retention_without_unit")
                .with("rows", count(input.journeys.without_unit))
                .with("unit", unit),
        );
    }
    notes
}

fn count(count: u64) -> String {
    grouped(i128::from(count))
}

#[cfg(test)]
mod tests;
