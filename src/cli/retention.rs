//! `siyu retention`: from events to the report.

use super::ReportArgs;
use super::journeys::{EventJourneys, JourneysWanted, check_column, refuse_ids_under_mask};
use super::run_report::Job;
use super::selecting::{name_condition, selectors};
use crate::error::{Error, Result};
use crate::reports::funnel::selectors::Step;
use crate::reports::retention::{
    self, RETURN, RetentionInput, RetentionParams, RetentionPeriod, RetentionSettings, START,
};

pub fn run(args: &ReportArgs<RetentionParams>) -> Result<u8> {
    let mut resolved = args.resolve(|file| file.retention.as_ref())?;
    // A flag is about the same as another key of the file.
    match (args.params.calendar, args.params.rolling) {
        (Some(_), None) => resolved.params.rolling = None,
        (None, Some(_)) => resolved.params.calendar = None,
        _ => {}
    }
    // What the file says for weeks is no mistake where something else is asked for.
    let is_week = resolved.params.period.unwrap_or_default() == RetentionPeriod::Week;
    if args.params.week_start.is_none() && !is_week {
        resolved.params.week_start = None;
    }
    let info = crate::reports::info("retention");
    let settings = resolved.params.resolve()?;
    let job = Job::prepare(&resolved, info)?;
    let tables = job.open_events()?;
    let by_name = resolved.input.by.clone();
    if let Some(by) = &by_name {
        check_column("--by", by, &tables)?;
        refuse_ids_under_mask("--by", by, &job, &tables)?;
    }
    if let Some(unit) = &settings.unit {
        check_column("--unit", unit, &tables)?;
    }
    let events = EventJourneys::read(&job, tables, &wanted(&settings, by_name.as_deref()))
        .map_err(|error| name_selector(error, &settings))?;
    let input = RetentionInput {
        as_of_us: events.as_of_us,
        journeys: events.journeys,
        by_name,
        threads: job.options.threads,
    };
    let report = retention::run(&settings, &input, &job.plan.choice)?;
    job.finish_tables(report, events.read, info)?;
    Ok(0)
}

/// What the report asks of the events.
fn wanted(settings: &RetentionSettings, by: Option<&str>) -> JourneysWanted {
    let both = [(START, &settings.start), (RETURN, &settings.returning)];
    JourneysWanted {
        unit: settings.unit.clone(),
        selectors: both.iter().flat_map(|(bit, step)| selectors(*bit, &step.alternatives)).collect(),
        attributes: by.map(str::to_owned).into_iter().collect(),
        ..JourneysWanted::default()
    }
}

/// An error about a condition names the option.
fn name_selector(error: Error, settings: &RetentionSettings) -> Error {
    let named = |step: &'_ Step| step.name.clone();
    let start = [(named(&settings.start), settings.start.alternatives.as_slice())];
    let error = name_condition(error, "--start", start);
    let returning = [(named(&settings.returning), settings.returning.alternatives.as_slice())];
    name_condition(error, "--return", returning)
}
