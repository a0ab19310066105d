//! `siyu cohort`: from orders to the report.

use super::ReportArgs;
use super::histories::{HistoriesWanted, OrderHistories};
use super::run_report::{Job, status_is_not_used};
use crate::error::Result;
use crate::reports::cohort::{self, CohortInput, CohortParams};

pub fn run(args: &ReportArgs<CohortParams>) -> Result<u8> {
    let resolved = args.resolve(|file| file.cohort.as_ref())?;
    let info = crate::reports::info("cohort");
    let settings = resolved.params.resolve()?;
    let job = Job::prepare(&resolved, info)?;

    let inputs = job.open_orders()?;
    let by = resolved.input.by.as_deref();
    let wanted = HistoriesWanted { by, zero_orders: settings.zero_orders, items: None };
    let orders = OrderHistories::read(&job, inputs, wanted)?;
    let input =
        CohortInput { as_of_us: orders.as_of_us, histories: orders.histories, by_name: orders.by_name };
    let mut report = cohort::run(&settings, &input, &job.plan.choice)?;
    report.notes.extend(status_is_not_used(&orders.inputs));
    job.finish(report, &orders.inputs, orders.read, info)?;
    Ok(0)
}
