//! `siyu cohort`: from orders (and members) to the report.

use super::histories::{HistoriesWanted, OrderHistories};
use super::run_report::{Job, status_is_not_used};
use super::{ReportArgs, other_frames};
use crate::error::{Error, Result};
use crate::facts::JoinedDays;
use crate::reports::cohort::{self, CohortBy, CohortInput, CohortParams};
use crate::reports::period::PeriodUnit;

pub fn run(args: &ReportArgs<CohortParams>) -> Result<u8> {
    let mut resolved = args.resolve(|file| file.cohort.as_ref())?;
    // A flag is about the same as another key of the file.
    match (args.params.calendar, &args.params.elapsed) {
        (Some(_), None) => resolved.params.elapsed = None,
        (None, Some(_)) => resolved.params.calendar = None,
        _ => {}
    }
    // What the file says for weeks, or for members, is no mistake where something else is asked for.
    if args.params.week_start.is_none() && resolved.params.period != Some(PeriodUnit::Week) {
        resolved.params.week_start = None;
    }
    if args.params.members.is_none() && resolved.params.cohort_by != Some(CohortBy::JoinedAt) {
        resolved.params.members = None;
    }
    let info = crate::reports::info("cohort");
    let settings = resolved.params.resolve()?;
    let job = Job::prepare(&resolved, info)?;

    let joined = match settings.cohort_by {
        CohortBy::FirstPurchase => JoinedDays::default(),
        CohortBy::JoinedAt => {
            refuse_other_ids(&job)?;
            other_frames::read_joined(&job, resolved.params.members(), "joined_at")?
        }
    };
    let inputs = job.open_orders()?;
    let by = resolved.input.by.as_deref();
    let wanted = HistoriesWanted { by, zero_orders: settings.zero_orders, items: None };
    let orders = OrderHistories::read(&job, inputs, wanted)?;
    let input = CohortInput {
        as_of_us: orders.as_of_us,
        histories: orders.histories,
        by_name: orders.by_name,
        joined,
        threads: job.options.threads,
    };
    let mut report = cohort::run(&settings, &input, &job.plan.choice)?;
    report.notes.extend(status_is_not_used(&orders.inputs));
    job.finish(report, &orders.inputs, orders.read, info)?;
    Ok(0)
}

/// Ids that are made anew for the orders are not those of the members.
fn refuse_other_ids(job: &Job) -> Result<()> {
    let given = [
        ("--customer-key", job.options.customer_key.is_some()),
        ("--identities", job.options.identities.is_some()),
    ];
    match given.iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(Error::DoesNotApply {
            option: (*option).into(),
            why: "members are found by the ids that the orders have, and it makes other ones".into(),
        }),
        None => Ok(()),
    }
}
