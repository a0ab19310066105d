//! `funnel`: how many go from step to step, how long it takes, where and for whom it leaks. The definitions are in funnel.md,
//! which `siyu explain funnel` prints.
//!
//! ```text
//! steps (what was typed) ─► settings ─► count (journeys ─► entrants) ─► steps, times, trend, users, compare, diagnosis
//!                                          └► correlation (what else they did)
//! ```

mod blocks;
pub mod compare;
pub mod correlation;
pub mod count;
pub mod diagnosis;
mod notes;
mod params;
pub mod selectors;
mod settings;
mod side;
mod steps;
pub mod times;
pub mod trend;
mod users;

pub use count::Entrants;
pub use params::{EntryChoice, FunnelParams, Mode};
pub use settings::{ByAt, FunnelSettings, Selected};

use crate::error::{Error, Result};
use crate::facts::funnel::{Entry, Funnel};
use crate::facts::journeys::Journeys;
use crate::output::report::{Report, TableChoice};
use crate::reports::period::moment;
use count::Pass;

/// The tables in the order in which they are shown, and whether they are long.
pub const TABLES: &[(&str, bool)] = &[
    ("steps", false),
    ("compare", false),
    ("diagnosis", false),
    ("contributions", false),
    ("times", false),
    ("trend", false),
    ("correlation", true),
    ("users", true),
];

/// The definitions, for users.
pub const DOC: &str = include_str!("funnel.md");

/// What the report is made of.
#[derive(Debug)]
pub struct FunnelInput {
    /// End of the observed time, microseconds since 1970-01-01, local time.
    pub as_of_us: i64,
    /// The stretch that the funnel is of, both ends inclusive: events outside of it are there for `--compare` alone. The
    /// observed time ends at `to_us`.
    pub from_us: i64,
    pub to_us: i64,
    pub journeys: Journeys,
    /// Threads to count with; without effect on the result.
    pub threads: usize,
}

/// Whether the table `name` is to be made.
pub fn wants(tables: &TableChoice, name: &str) -> bool {
    tables.wants_of(TABLES, name)
}

/// Refuses tables that were named and that the options leave nothing to say.
pub fn refuse_tables(settings: &FunnelSettings, tables: &TableChoice) -> Result<()> {
    let TableChoice::Named(names) = tables else { return Ok(()) };
    let needs = [
        ("compare", settings.compare.is_none(), "it needs something to compare with: --compare previous"),
        ("diagnosis", !settings.diagnose, "it is made by --diagnose"),
        ("contributions", !settings.diagnose, "it is made by --diagnose"),
        ("times", settings.funnel.steps == 1, "with one step there is no time between steps"),
        ("correlation", settings.funnel.steps == 1, "with one step everybody gets through"),
    ];
    match needs.iter().find(|(name, lacks, _)| *lacks && names.iter().any(|named| named == name)) {
        Some((name, _, why)) => {
            Err(Error::DoesNotApply { option: format!("--table {name}"), why: (*why).into() })
        }
        None => Ok(()),
    }
}

/// Answers `funnel`. Accounts of the input, and notes about it, are the caller's to add.
pub fn run(settings: &FunnelSettings, input: &FunnelInput, tables: &TableChoice) -> Result<Report> {
    let wants = |name: &str| wants(tables, name);
    let journeys = &input.journeys;
    let pass = Pass {
        settings,
        journeys,
        from_us: input.from_us,
        to_us: input.to_us,
        ids: wants("users"),
        threads: input.threads,
    };
    let (entrants, correlation) = match wants("correlation") {
        true => correlation::count(&pass).map(|(entrants, counted)| (entrants, Some(counted)))?,
        false => (pass.count()?, None),
    };
    let mut report = Report {
        command: "funnel".into(),
        as_of: moment(input.as_of_us),
        params: settings.to_params_json(),
        definitions: DOC.into(),
        labels: notes::labels(settings),
        notes: notes::notes(settings, input, &entrants),
        alerts: notes::alerts(settings, &entrants),
        ..Report::default()
    };
    // Who comes again counts by the entry that led farthest, and that is a late one for those who get through: periods of
    // entry are fair groups by first entries alone.
    let by_first = FunnelSettings {
        funnel: Funnel { entry: Entry::First, ..settings.funnel.clone() },
        ..settings.clone()
    };
    let pass_by_first = Pass { settings: &by_first, ids: false, ..pass };
    let from_first = match (wants("trend") || settings.diagnose) && settings.funnel.entry == Entry::Latest {
        true => {
            let from_first = pass_by_first.count()?;
            report.notes.extend(notes::first_entries(settings, &entrants, &from_first));
            Some(from_first)
        }
        false => None,
    };
    let by_period = from_first.as_ref().unwrap_or(&entrants);
    if wants("steps") {
        report.tables.push(steps::table(settings, journeys, &entrants)?);
    }
    if let (true, Some(comparison)) = (wants("compare"), &settings.compare) {
        let (table, notes) = compare::answer(&pass, comparison, &entrants)?;
        report.tables.push(table);
        report.notes.extend(notes);
    }
    if settings.diagnose {
        let found = diagnosis::answer(&pass_by_first, by_period);
        report.tables.extend(wants("diagnosis").then_some(found.diagnosis));
        report.tables.extend(wants("contributions").then_some(found.contributions));
        report.notes.extend(found.notes);
        report.alerts.extend(found.alerts);
    }
    if wants("times") && settings.funnel.steps > 1 {
        report.tables.push(times::times(settings, journeys, &entrants)?);
    }
    if wants("trend") {
        report.tables.push(trend::trend(&by_first, journeys, by_period, input.to_us)?);
    }
    if let Some(correlation) = correlation {
        let (table, notes) = correlation.table(&journeys.kinds, &settings.steps, settings.min_support);
        report.tables.push(table);
        report.notes.extend(notes);
    }
    if wants("users") {
        report.tables.push(users::table(settings, journeys, &entrants)?);
    }
    Ok(report)
}
