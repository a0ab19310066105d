//! The library in use: orders in as histories, a model fitted to them, and the retention of each cohort.
//!
//! cargo run --example cohorts -- sample-data/orders.csv

use anyhow::Context;
use siyu::facts::{CustomerKernel, JoinedDays, Spec};
use siyu::input::{Frame, InputOptions, Inputs, Wanted};
use siyu::output::{Cells, TableChoice};
use siyu::reports::cohort::{self, CohortInput, CohortParams};
use siyu::stats::btyd::{self, ModelKind, Row};

#[allow(clippy::print_stdout)] // an example shows something
fn main() -> anyhow::Result<()> {
    let path = std::env::args().nth(1).context("name a file of orders")?;
    let inputs = Inputs::open(Frame::Orders, InputOptions { paths: vec![path], ..InputOptions::default() })?;
    let spec = Spec {
        cutoffs: vec![i64::MAX],
        order_ids: inputs.has("order_id"),
        histories: true,
        ..Spec::default()
    };
    let wanted = Wanted { customers: true, ..Wanted::default() };
    let (kernel, read) = inputs.read_orders(&wanted, || CustomerKernel::new(spec.clone()))?;
    let histories = kernel.finish_histories(inputs.options.threads)?;
    let as_of_us = inputs.as_of_us(&read);

    // The models want x, t_x, T of each customer, in days.
    let today = as_of_us.div_euclid(86_400_000_000) as i32;
    let rows: Vec<Row> = histories
        .iter()
        .map(|history| {
            let first = history.first_day();
            Row {
                x: history.occasions().count() as u32 - 1,
                t_x: f64::from(history.last_day() - first),
                t: f64::from(today - first),
                weight: 1.0,
            }
        })
        .collect();
    match btyd::fit(ModelKind::BgNbd, &rows, None, 1) {
        Ok(fit) => println!("r, alpha, a, b by day: {:.4?}", fit.model.parameters),
        Err(why) => println!("no fit: {why:?}"),
    }

    let settings = CohortParams::default().resolve()?;
    let input = CohortInput { as_of_us, histories, by_name: None, joined: JoinedDays::default(), threads: 1 };
    let report = cohort::run(&settings, &input, &TableChoice::First)?;
    let cells = report.tables.first().context("the table cells")?;
    let texts = |name: &str| cells.column(name).map(|column| &column.cells);
    if let (Some(Cells::Text(cohorts)), Some(Cells::Int(periods)), Some(Cells::Float(values))) =
        (texts("cohort"), texts("period_index"), texts("value"))
    {
        for ((cohort, period), value) in cohorts.iter().zip(periods).zip(values) {
            let shown = value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"));
            println!("{} M{} {shown}", cohort.as_deref().unwrap_or("-"), period.unwrap_or(0));
        }
    }
    Ok(())
}
