//! `siyu retention`: from events to the report.

use super::ReportArgs;
use super::journeys::{EventJourneys, JourneysWanted};
use super::run_report::Job;
use crate::error::Result;
use crate::reports::retention::{self, RetentionInput, RetentionParams};

pub fn run(args: &ReportArgs<RetentionParams>) -> Result<u8> {
    let resolved = args.resolve(|file| file.retention.as_ref())?;
    let info = crate::reports::info("retention");
    let settings = resolved.params.resolve()?;
    let job = Job::prepare(&resolved, info)?;
    let tables = job.open_events()?;
    let events = EventJourneys::read(&job, tables, &JourneysWanted::default())?;
    let input =
        RetentionInput { as_of_us: events.as_of_us, journeys: events.journeys, threads: job.options.threads };
    let report = retention::run(&settings, &input, &job.plan.choice)?;
    job.finish_tables(report, events.read, info)?;
    Ok(0)
}
