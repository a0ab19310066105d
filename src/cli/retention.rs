//! `siyu retention`: from events to the report.

use super::ReportArgs;
use super::journeys::{EventJourneys, JourneysWanted};
use super::run_report::Job;
use super::selecting::selectors;
use crate::error::Result;
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
    let events = EventJourneys::read(&job, tables, &wanted(&settings, by_name.as_deref()))?;
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

fn wanted(settings: &RetentionSettings, by: Option<&str>) -> JourneysWanted {
    let marked = |bit, step: &Step| selectors(bit, &step.alternatives);
    JourneysWanted {
        unit: settings.unit.clone(),
        selectors: [marked(START, &settings.start), marked(RETURN, &settings.returning)].concat(),
        attributes: by.map(str::to_owned).into_iter().collect(),
        ..JourneysWanted::default()
    }
}
