//! `siyu funnel`: from events to the report.

use super::ReportArgs;
use super::journeys::{EventJourneys, JourneysWanted};
use super::run_report::Job;
use crate::error::Result;
use crate::reports::funnel::{self, FunnelInput, FunnelParams};

pub fn run(args: &ReportArgs<FunnelParams>) -> Result<u8> {
    let resolved = args.resolve(|file| file.funnel.as_ref())?;
    let info = crate::reports::info("funnel");
    let settings = resolved.params.resolve()?;
    let job = Job::prepare(&resolved, info)?;
    let tables = job.open_events()?;
    let events = EventJourneys::read(&job, tables, &JourneysWanted::default())?;
    let input =
        FunnelInput { as_of_us: events.as_of_us, journeys: events.journeys, threads: job.options.threads };
    let report = funnel::run(&settings, &input, &job.plan.choice)?;
    job.finish_tables(report, events.read, info)?;
    Ok(0)
}
