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
mod users;

pub use count::Entrants;
pub use params::{EntryChoice, FunnelParams, Mode};
pub use settings::{ByAt, FunnelSettings, Selected};

use chrono::DateTime;

use crate::error::{Error, Result};
use crate::facts::journeys::Journeys;
use crate::output::report::{Note, Report, Table, TableChoice};
use compare::{Chosen, Comparison, Side};
use correlation::Correlation;
use count::Pass;
use diagnosis::Attribute;

/// The tables in the order in which they are shown, and whether they are long.
pub const TABLES: &[(&str, bool)] = &[
    ("steps", false),
    ("compare", false),
    ("times", false),
    ("trend", false),
    ("diagnosis", false),
    ("contributions", false),
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
    /// The other stretch of `--compare`.
    pub other_us: Option<(i64, i64)>,
    pub journeys: Journeys,
    /// Threads to count with; without effect on the result.
    pub threads: usize,
}

/// Whether the table `name` is to be made.
pub fn wants(tables: &TableChoice, name: &str) -> bool {
    tables.wants_of(TABLES, name)
}

/// Refuses options that contradict each other, and tables that were named and that the options leave nothing to say.
pub fn refuse(settings: &FunnelSettings, tables: &TableChoice) -> Result<()> {
    if settings.compare.as_ref().is_some_and(|comparison| comparison.column().is_some()) {
        side::refuse_by_at(settings, "--compare")?;
    }
    if settings.diagnose {
        diagnosis::refuse(settings)?;
    }
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
    let (entrants, correlation) = match wants("correlation") && settings.funnel.steps > 1 {
        true => correlated(&pass)?,
        false => (pass.count()?, None),
    };
    let mut report = Report {
        command: "funnel".into(),
        as_of: DateTime::from_timestamp_micros(input.as_of_us).map(|moment| moment.naive_utc()),
        params: settings.to_params_json(),
        definitions: DOC.into(),
        labels: notes::labels(settings),
        notes: notes::notes(settings, input, &entrants),
        alerts: notes::alerts(settings, &entrants),
        ..Report::default()
    };
    if wants("steps") {
        report.tables.push(steps::table(settings, journeys, &entrants)?);
    }
    if let Some(comparison) = settings.compare.as_ref().filter(|_| wants("compare")) {
        let (table, notes) = compared(settings, comparison, input, &pass, &entrants)?;
        report.tables.push(table);
        report.notes.extend(notes);
    }
    if settings.diagnose {
        // Its words are told whatever is shown.
        let attributes = settings.explained();
        let attributes: Vec<Attribute<'_>> = attributes
            .map(|(name, index)| Attribute { name, index, values: &journeys.values[index] })
            .collect();
        let found = diagnosis::diagnose(settings, &entrants, &attributes, input.to_us);
        if wants("diagnosis") {
            report.tables.push(found.diagnosis);
        }
        report.notes.extend(found.notes);
        if wants("contributions") {
            report.tables.push(found.contributions);
        }
        report.alerts.extend(found.alerts);
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

/// Counts, and looks at what else entrants did in their time: from the entry to the last step, or to the end of the window.
/// Those whose time is not over are left out; without a window it ends with the observed time.
fn correlated(pass: &Pass<'_>) -> Result<(Entrants, Option<Correlation>)> {
    let settings = pass.settings;
    let longest_us = settings.longest_us();
    let kinds = pass.journeys.kinds.len();
    let (entrants, states) = pass.count_and(
        || Correlation::new(kinds),
        |correlation, entrant| {
            let end_us = longest_us.map_or(pass.to_us, |longest| entrant.entered_us.saturating_add(longest));
            let converted = entrant.level == settings.funnel.steps;
            if end_us <= pass.to_us {
                let end_us = if converted { entrant.reached_us } else { end_us };
                correlation.add(entrant.events, pass.journeys, entrant.entered_us, end_us, converted);
            }
            Ok(())
        },
    )?;
    let mut all = Correlation::new(kinds);
    states.iter().for_each(|state| all.merge(state));
    Ok((entrants, Some(all)))
}

/// This funnel and the other of `--compare`.
fn compared(
    settings: &FunnelSettings,
    comparison: &Comparison,
    input: &FunnelInput,
    pass: &Pass<'_>,
    entrants: &Entrants,
) -> Result<(Table, Vec<Note>)> {
    let attribute = comparison.column().and_then(|column| settings.attribute(column));
    if let Some(attribute) = attribute
        && let Some((this, other)) =
            comparison.sides(entrants, attribute, &input.journeys.values[attribute])?
    {
        let (table, mut notes) = compare::table(settings, this, other);
        notes.insert(0, comparison.segment_in_words());
        return Ok((table, notes));
    }
    let (from_us, to_us) = input.other_us.ok_or_else(|| Error::Internal {
        doing: "comparing two funnels".into(),
        why: "there is no other stretch of time".into(),
    })?;
    let other = Pass { from_us, to_us, ids: false, ..*pass }.count()?;
    let side = |entrants| Side { entrants, chosen: Chosen::All };
    let (table, mut notes) = compare::table(settings, side(entrants), side(&other));
    notes.insert(0, compare::stretch_in_words((from_us, to_us)));
    Ok((table, notes))
}
