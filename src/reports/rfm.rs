//! `rfm`: how recently (R), how often (F) and for how much (M) customers bought, as scores and as segments with names.
//! The definitions are in rfm.md, which `siyu explain rfm` prints.

mod migration;
mod params;
mod population;
mod scoring;
mod segment_map;
mod settings;
mod tables;

pub use params::{FrequencyCount, RfmParams, Scoring};
pub use settings::{FactsNeeded, RfmSettings};

use crate::error::{Error, Result};
use crate::facts::customers::CustomerFacts;
use crate::output::report::{Note, Report, TableChoice};
use crate::reports::money_text;
use crate::reports::period::moment;
use population::Population;
use scoring::Scored;
use tables::Shown;

/// The tables in the order in which they are shown, and whether they are long.
pub const TABLES: &[(&str, bool)] = &[
    ("segments", false),
    ("customers", true),
    ("grid", false),
    ("thresholds", false),
    ("migration", false),
    ("moves", true),
    ("facts", true),
];

/// The definitions, for users.
pub const DOC: &str = include_str!("rfm.md");

/// What the report is made of.
#[derive(Debug, Clone)]
pub struct RfmInput {
    /// End of the observed time, microseconds since 1970-01-01, local time.
    pub as_of_us: i64,
    /// Facts up to `as_of_us`. With `by_name`, `attributes[0]` holds each customer's value.
    pub facts: CustomerFacts,
    /// The moment of `--compare-to` and the facts up to it.
    pub before: Option<(i64, CustomerFacts)>,
    /// `--by`, as resolved, e.g. `first_channel`.
    pub by_name: Option<String>,
}

/// Answers `rfm`. Accounts of the input, and notes about it, are the caller's to add.
pub fn run(settings: &RfmSettings, input: RfmInput, tables: &TableChoice) -> Result<Report> {
    let wants = |name: &str| tables.wants_of(TABLES, name);
    check_tables(settings, tables)?;
    refuse_a_later_comparison(settings, &input)?;
    let by_name = input.by_name.as_deref();
    let now = Population::new(settings, &input.facts, input.as_of_us, by_name.is_some());
    let scored = Scored::new(settings, &now);
    let shown = Shown { settings, population: &now, scored: &scored, by_name };

    let mut report = Report {
        command: "rfm".into(),
        as_of: moment(input.as_of_us),
        params: settings.to_params_json(),
        definitions: DOC.into(),
        labels: settings.labels().to_vec(),
        notes: notes(&now, &scored, by_name),
        ..Report::default()
    };
    if wants("segments") {
        report.tables.push(shown.segments()?);
    }
    if wants("customers") {
        report.tables.push(shown.customers());
    }
    if wants("grid") {
        report.tables.push(shown.grid());
    }
    if wants("thresholds") {
        report.tables.push(shown.thresholds());
    }
    if let Some((moment, facts)) = &input.before
        && (wants("migration") || wants("moves"))
    {
        let then = Population::new(settings, facts, *moment, by_name.is_some());
        let scored_then = Scored::new(settings, &then);
        let moves = migration::Moves::new(&shown, &then, &scored_then);
        if wants("migration") {
            report.tables.push(moves.migration()?);
        }
        if wants("moves") {
            report.tables.push(moves.moves());
        }
    }
    if wants("facts") {
        report.tables.push(shown.facts());
    }
    Ok(report)
}

/// Refuses tables that need what is not given; before anything is read.
pub fn check_tables(settings: &RfmSettings, tables: &TableChoice) -> Result<()> {
    if let (None, TableChoice::Named(names)) = (settings.compare_to_us(), tables)
        && let Some(name) = names.iter().find(|n| *n == "migration" || *n == "moves")
    {
        return Err(Error::DoesNotApply {
            option: format!("--table {name}"),
            why: "it compares two moments: give the earlier one with --compare-to DATE".into(),
        });
    }
    Ok(())
}

fn refuse_a_later_comparison(settings: &RfmSettings, input: &RfmInput) -> Result<()> {
    match &input.before {
        Some((then, _)) if *then >= input.as_of_us => Err(Error::BadOption {
            option: "--compare-to".into(),
            value: settings.compare_to().unwrap_or_default().to_owned(),
            why: "is not before the moment of the report".into(),
            hint: Some("a date before --as-of, or a later --as-of".into()),
        }),
        _ => Ok(()),
    }
}

/// The names that `--segments` takes besides files.
pub fn built_in_maps() -> Vec<&'static str> {
    segment_map::SegmentMap::BUILT_IN.iter().map(|map| map.0).collect()
}

fn notes(population: &Population<'_>, scored: &Scored, by_name: Option<&str>) -> Vec<Note> {
    let facts = population.facts;
    let mut notes = Vec::new();
    if let Some(by) = by_name {
        let key = if scored.is_within() { "rfm_scored_within" } else { "rfm_by" };
        notes.push(Note::new(key).with("by", by));
    }
    if facts.without_purchase > 0 {
        notes.push(
            Note::new("rfm_without_purchase")
                .with("customers", facts.without_purchase)
                .with("net", money_text(facts.without_purchase_net_e4)),
        );
    }
    let not_positive = facts.net_e4.iter().filter(|net| **net <= 0).count();
    if not_positive > 0 {
        notes.push(Note::new("rfm_monetary_not_positive").with("customers", not_positive));
    }
    notes.extend(scored.left_out());
    notes
}

#[cfg(test)]
mod tests;
