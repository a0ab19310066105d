//! The library in use: orders in, segments out, without the command line.
//!
//! cargo run --example segments -- sample-data/orders.csv

use anyhow::Context;
use siyu::facts::{CustomerKernel, Spec};
use siyu::input::{Frame, InputOptions, Inputs, Wanted};
use siyu::output::{Cells, TableChoice};
use siyu::reports::rfm::{self, RfmInput, RfmParams};

#[allow(clippy::print_stdout)] // an example shows something
fn main() -> anyhow::Result<()> {
    let path = std::env::args().nth(1).context("name a file of orders")?;
    let inputs = Inputs::open(Frame::Orders, InputOptions { paths: vec![path], ..InputOptions::default() })?;

    // Nothing is after the end of time: as_of is then the last moment in the data.
    let spec = Spec { cutoffs: vec![i64::MAX], order_ids: inputs.has("order_id"), ..Spec::default() };
    let (kernel, read) = inputs.read_orders(&Wanted::default(), || CustomerKernel::new(spec.clone()))?;
    let facts = kernel.finish(inputs.options.threads)?.pop().context("one cutoff, one answer")?;

    let settings =
        RfmParams::default().resolve(false, None, |_| unreachable!("the built-in map is no file"))?;
    let input = RfmInput { as_of_us: inputs.as_of_us(&read), facts, before: None, by_name: None };
    let report = rfm::run(&settings, input, &TableChoice::First)?;

    let table = report.tables.first().context("the first table")?;
    if let (Some(segments), Some(customers)) = (table.column("segment"), table.column("customers"))
        && let (Cells::Text(names), Cells::Int(numbers)) = (&segments.cells, &customers.cells)
    {
        for (name, number) in names.iter().zip(numbers) {
            println!("{:20} {:>6}", name.as_deref().unwrap_or("-"), number.unwrap_or(0));
        }
    }
    Ok(())
}
