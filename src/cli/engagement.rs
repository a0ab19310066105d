//! `siyu engagement`: from events to the report.

use super::ReportArgs;
use super::journeys::{EventJourneys, JourneysWanted};
use super::run_report::Job;
use crate::error::Result;
use crate::reports::engagement::{self, EngagementInput, EngagementParams};

pub fn run(args: &ReportArgs<EngagementParams>) -> Result<u8> {
    let resolved = args.resolve(|file| file.engagement.as_ref())?;
    let info = crate::reports::info("engagement");
    let settings = resolved.params.resolve()?;
    let job = Job::prepare(&resolved, info)?;
    let tables = job.open_events()?;
    let events = EventJourneys::read(&job, tables, &JourneysWanted::default())?;
    let input = EngagementInput {
        as_of_us: events.as_of_us,
        journeys: events.journeys,
        threads: job.options.threads,
        ..EngagementInput::default()
    };
    let report = engagement::run(&settings, &input, &job.plan.choice)?;
    job.finish_tables(report, events.read, info)?;
    Ok(0)
}
