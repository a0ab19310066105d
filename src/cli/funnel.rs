//! `siyu funnel`: from events to the report.

use super::ReportArgs;
use super::journeys::{EventJourneys, JourneysWanted};
use super::run_report::{Job, refuse_of_hidden_tables};
use super::selecting::{name_condition, selectors};
use crate::error::{Error, Result, nearest};
use crate::facts::funnel::MOST_STEPS;
use crate::input::masks::names_person;
use crate::input::table_reader::Tables;
use crate::reports::funnel::compare::Comparison;
use crate::reports::funnel::diagnosis::DEFAULT_ATTRIBUTES;
use crate::reports::funnel::{self, FunnelInput, FunnelParams, FunnelSettings};

pub fn run(args: &ReportArgs<FunnelParams>) -> Result<u8> {
    let mut resolved = args.resolve(|file| file.funnel.as_ref())?;
    let typed = &args.params;
    // What the file says for weeks is no mistake where something else is asked for.
    if typed.week_start.is_none() && typed.period.is_some() {
        resolved.params.week_start = None;
    }
    let info = crate::reports::info("funnel");
    let settings = resolved.params.resolve()?;
    let mut job = Job::prepare(&resolved, info)?;
    let by = resolved.input.by.as_deref();
    refuse_options(typed, &settings, by, &job)?;

    let (since_us, until_us) = (job.options.since_us, job.options.until_us);
    job.options.since_us = read_since(&settings, &job)?;
    let tables = job.open_events()?;
    if let Some(by) = by {
        check_column("--by", by, &tables)?;
        refuse_ids_under_mask("--by", by, &job, &tables)?;
    }
    if let Some(unit) = &settings.unit {
        check_column("--unit", unit, &tables)?;
    }
    if let Some(column) = settings.compare.as_ref().and_then(Comparison::column) {
        check_column("--compare", column, &tables)?;
        refuse_ids_under_mask("--compare", column, &job, &tables)?;
    }
    let explained = if settings.diagnose { explained(&resolved.params, &job, &tables)? } else { Vec::new() };
    let settings = settings.with_attributes(by, explained);
    // Money says what a fall costs.
    let values = settings.diagnose && tables.has("value");
    let events = EventJourneys::read(&job, tables, &wanted(&settings, &job, values))
        .map_err(|error| name_selector(error, &settings))?;
    let as_of_us = events.as_of_us;
    // What came later was not looked at.
    let to_us = until_us.map_or(as_of_us, |until| until.min(as_of_us));
    let stretch = |comparison: &Comparison| comparison.stretch(since_us, to_us);
    let input = FunnelInput {
        as_of_us,
        from_us: since_us.unwrap_or(i64::MIN),
        to_us,
        other_us: settings.compare.as_ref().map(stretch).transpose()?.flatten(),
        journeys: events.journeys,
        threads: job.options.threads,
    };
    let report = funnel::run(&settings, &input, &job.plan.choice)?;
    job.finish_tables(report, events.read, info)?;
    Ok(0)
}

/// From when rows are read: another stretch of time is before the report's own, and how long it is may be known only when all
/// rows have been seen.
fn read_since(settings: &FunnelSettings, job: &Job) -> Result<Option<i64>> {
    let options = &job.options;
    let Some(comparison) = settings.compare.as_ref().filter(|comparison| comparison.needs_another_stretch())
    else {
        return Ok(options.since_us);
    };
    let end = [options.as_of_us, options.until_us].into_iter().flatten().min();
    match (comparison, end) {
        (Comparison::Previous, None) if options.since_us.is_some() => Ok(None),
        (_, end) => {
            let stretch = comparison.stretch(options.since_us, end.unwrap_or(i64::MAX))?;
            Ok(stretch.map(|(from, _)| from))
        }
    }
}

/// What the report asks of the events.
fn wanted(settings: &FunnelSettings, job: &Job, values: bool) -> JourneysWanted {
    let steps = settings.steps.iter().map(|step| &step.alternatives);
    let excluded = settings.exclusions.iter().map(|one| &one.alternatives);
    let bits = steps.zip(0..).chain(excluded.zip(MOST_STEPS..));
    JourneysWanted {
        unit: settings.unit.clone(),
        selectors: bits.flat_map(|(alternatives, bit)| selectors(bit, alternatives)).collect(),
        keep_all: settings.needs_all_events() || funnel::wants(&job.plan.choice, "correlation"),
        attributes: settings.attributes.clone(),
        values,
    }
}

/// An error about a condition names the step.
fn name_selector(error: Error, settings: &FunnelSettings) -> Error {
    let steps = settings
        .steps
        .iter()
        .zip(1..)
        .map(|(step, number)| (format!("step {number}, {}", step.name), step.alternatives.as_slice()));
    let error = name_condition(error, "--steps", steps);
    let excluded = settings.exclusions.iter().map(|one| (one.name.clone(), one.alternatives.as_slice()));
    name_condition(error, "--exclude", excluded)
}

/// Refuses what was typed for something that is not there. What siyu.toml says of it is no mistake.
fn refuse_options(
    typed: &FunnelParams,
    settings: &FunnelSettings,
    by: Option<&str>,
    job: &Job,
) -> Result<()> {
    let refused =
        |option: &str, why: &str| Err(Error::DoesNotApply { option: option.into(), why: why.into() });
    if typed.by_at.is_some() && by.is_none() {
        return refused("--by-at", "it is for --by COLUMN");
    }
    if settings.funnel.steps == 1 && typed.window.is_some() {
        return refused("--window", "with one step there is no time from the first to the last");
    }
    funnel::refuse(settings, &job.plan.choice)?;
    let of_tables = [
        ("--step", typed.step.is_some(), ["users"].as_slice()),
        ("--dropped", typed.dropped.is_some(), &["users"]),
        ("--reached", typed.reached.is_some(), &["users"]),
        ("--period", typed.period.is_some(), &["trend", "diagnosis"]),
        ("--week-start", typed.week_start.is_some(), &["trend", "diagnosis"]),
        ("--times-from", typed.times_from.is_some(), &["times"]),
        ("--times-to", typed.times_to.is_some(), &["times"]),
        ("--bins", typed.bins.is_some(), &["times"]),
        ("--compare", typed.compare.is_some(), &["compare"]),
        ("--min-support", typed.min_support.is_some(), &["correlation"]),
    ];
    refuse_of_hidden_tables(&of_tables, |name| funnel::wants(&job.plan.choice, name))
}

/// The columns by whose values a fall is explained: those named, or the usual ones that are there.
fn explained(params: &FunnelParams, job: &Job, tables: &Tables) -> Result<Vec<String>> {
    let Some(named) = &params.attributes else {
        let there = DEFAULT_ATTRIBUTES.iter().filter(|column| tables.has(column));
        return Ok(there.map(|column| (*column).to_owned()).collect());
    };
    let mut columns: Vec<String> = Vec::new();
    for column in named.iter().map(|column| column.trim()) {
        check_column("--attributes", column, tables)?;
        refuse_ids_under_mask("--attributes", column, job, tables)?;
        if !columns.iter().any(|known| known == column) {
            columns.push(column.to_owned());
        }
    }
    Ok(columns)
}

/// An error where no file has the column.
fn check_column(option: &str, name: &str, tables: &Tables) -> Result<()> {
    let known = tables.column_names();
    if known.iter().any(|column| column == name) {
        return Ok(());
    }
    Err(Error::UnknownName {
        what: match option {
            "--by" => "column for --by",
            "--unit" => "column for --unit",
            "--attributes" => "column for --attributes",
            _ => "column for --compare",
        },
        name: name.to_owned(),
        nearest: nearest(name, known.iter().map(String::as_str)),
        known,
    })
}

/// An error where the values of the column are ids or names, and `--mask` hides those.
fn refuse_ids_under_mask(option: &str, column: &str, job: &Job, tables: &Tables) -> Result<()> {
    let ids = ["customer_id", "inviter_id"];
    let is_source =
        |canonical: &str| tables.files.iter().any(|file| file.mapping.source(canonical) == Some(column));
    let is_id = names_person(column) || ids.iter().any(|id| column == *id || is_source(id));
    if job.plan.mask.is_some() && is_id {
        let why = format!("its values are ids or names, which --mask hides ({column})");
        return Err(Error::DoesNotApply { option: option.into(), why });
    }
    Ok(())
}
