//! `siyu funnel`: from events to the report.

use super::ReportArgs;
use super::journeys::{EventJourneys, JourneysWanted, check_column, refuse_ids_under_mask};
use super::run_report::{Job, refuse_of_hidden_tables};
use super::selecting::{name_condition, selectors};
use crate::error::{Error, Result};
use crate::facts::funnel::MOST_STEPS;
use crate::input::table_reader::Tables;
use crate::reports::funnel::compare::{self, Comparison};
use crate::reports::funnel::{self, FunnelInput, FunnelParams, FunnelSettings, diagnosis};

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
    if let Some(comparison) = &settings.compare {
        let end_us = [until_us, job.options.as_of_us].into_iter().flatten().min();
        job.options.since_us = comparison.read_since(since_us, end_us)?;
    }

    let tables = job.open_events()?;
    if let Some(by) = by {
        check_column("--by", by, &tables)?;
        refuse_ids_under_mask("--by", by, &job, &tables)?;
    }
    if let Some(unit) = &settings.unit {
        check_column("--unit", unit, &tables)?;
    }
    let others = other_attributes(&settings, &job, &tables)?;
    let settings = settings.with_attributes(by, others);
    let values = settings.diagnose && tables.has("value");
    let events = EventJourneys::read(&job, tables, &wanted(&settings, &job, values))
        .map_err(|error| name_selector(error, &settings))?;
    let as_of_us = events.as_of_us;
    let input = FunnelInput {
        as_of_us,
        from_us: since_us.unwrap_or(i64::MIN),
        // What came later was not looked at.
        to_us: until_us.map_or(as_of_us, |until| until.min(as_of_us)),
        journeys: events.journeys,
        threads: job.options.threads,
    };
    let report = funnel::run(&settings, &input, &job.plan.choice)?;
    job.finish_tables(report, events.read, info)?;
    Ok(0)
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

/// The columns that `--compare` and `--diagnose` need beside that of `--by`.
fn other_attributes(settings: &FunnelSettings, job: &Job, tables: &Tables) -> Result<Vec<String>> {
    let mut columns: Vec<String> = Vec::new();
    if let Some(column) = settings.compare.as_ref().and_then(Comparison::column) {
        check_column("--compare", column, tables)?;
        refuse_ids_under_mask("--compare", column, job, tables)?;
        columns.push(column.to_owned());
    }
    if settings.diagnose {
        let known = tables.column_names();
        for column in diagnosis::attributes(settings, |name| known.iter().any(|column| column == name)) {
            check_column("--attributes", &column, tables)?;
            refuse_ids_under_mask("--attributes", &column, job, tables)?;
            columns.push(column);
        }
    }
    Ok(columns)
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
    if settings.diagnose {
        diagnosis::refuse(settings)?;
    }
    compare::refuse(settings)?;
    if settings.funnel.steps == 1 && typed.window.is_some() {
        return refused("--window", "with one step there is no time from the first to the last");
    }
    funnel::refuse_tables(settings, &job.plan.choice)?;
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
