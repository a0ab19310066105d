//! `siyu ltv`: from orders to the report.

use super::ReportArgs;
use super::histories::{HistoriesWanted, OrderHistories};
use super::other_frames::read_spend;
use super::run_report::{Job, refuse_of_hidden_tables, status_is_not_used};
use crate::error::Result;
use crate::output::report::TableChoice;
use crate::reports::ltv::{self, LtvInput, LtvParams, ModelChoice};

pub fn run(args: &ReportArgs<LtvParams>) -> Result<u8> {
    let resolved = args.resolve(|file| file.ltv.as_ref())?;
    let info = crate::reports::info("ltv");
    let settings = resolved.params.resolve()?;
    let job = Job::prepare(&resolved, info)?;
    refuse_options(&args.params, settings.model, &job.plan.choice)?;

    let inputs = job.open_orders()?;
    let by = resolved.input.by.as_deref();
    let wanted = HistoriesWanted { by, zero_orders: settings.zero_orders, items: None };
    let orders = OrderHistories::read(&job, inputs, wanted)?;
    let needs_spend = !settings.spend.is_empty() && ltv::wants(&job.plan.choice, "cohorts");
    let spend = needs_spend.then(|| read_spend(&job, &settings.spend)).transpose()?;
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

/// Refuses what was typed for a table that is not shown. What siyu.toml says of it is no mistake.
fn refuse_options(params: &LtvParams, model: ModelChoice, tables: &TableChoice) -> Result<()> {
    let of_value = ["totals", "deciles", "cohorts", "customers"].as_slice();
    let of_tables = [
        ("--horizon", params.horizon.is_some(), of_value),
        ("--margin", params.margin.is_some(), &["totals", "deciles", "cohorts", "curve", "customers"]),
        ("--discount", params.discount.is_some(), of_value),
        (
            "--holdout",
            params.holdout.is_some() && model != ModelChoice::Auto,
            &["model", "validation", "bins", "tracking"],
        ),
        ("--bootstrap", params.bootstrap.is_some_and(|samples| samples > 0), &["model", "totals"]),
        ("--period", params.period.is_some(), &["cohorts", "curve"]),
        ("--spend", params.spend.is_some(), &["cohorts"]),
    ];
    refuse_of_hidden_tables(&of_tables, |name| ltv::wants(tables, name))
}
