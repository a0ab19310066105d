//! `siyu ltv`: from orders to the report.

use super::ReportArgs;
use super::histories::{HistoriesWanted, OrderHistories};
use super::other_frames::read_spend;
use super::run_report::{Job, status_is_not_used};
use crate::error::Result;
use crate::reports::ltv::{self, LtvInput, LtvParams};

pub fn run(args: &ReportArgs<LtvParams>) -> Result<u8> {
    let resolved = args.resolve(|file| file.ltv.as_ref())?;
    let info = crate::reports::info("ltv");
    let settings = resolved.params.resolve()?;
    let job = Job::prepare(&resolved, info)?;

    let inputs = job.open_orders()?;
    let by = resolved.input.by.as_deref();
    let wanted = HistoriesWanted { by, zero_orders: settings.zero_orders, items: None };
    let orders = OrderHistories::read(&job, inputs, wanted)?;
    let spend = (!settings.spend.is_empty()).then(|| read_spend(&job, &settings.spend)).transpose()?;
    let input = LtvInput {
        as_of_us: orders.as_of_us,
        histories: orders.histories,
        by_name: orders.by_name,
        spend,
        threads: job.options.threads,
    };
    let mut report = ltv::run(&settings, &input, &job.plan.choice)?;
    report.notes.extend(status_is_not_used(&orders.inputs));
    job.finish(report, &orders.inputs, orders.read, info)?;
    Ok(0)
}
