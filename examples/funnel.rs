//! The library in use: events in, a funnel out, without the command line.
//!
//! cargo run --example funnel -- sample-data/events.csv exposure,click,register,pay

use anyhow::Context;
use siyu::error::{Error, Result};
use siyu::facts::journeys::{EventColumns, JourneyKernel, JourneySpec, KindSelector};
use siyu::input::table_reader::{TableBatch, TableSink, Tables};
use siyu::input::{Frame, InputOptions};
use siyu::output::{Cells, TableChoice};
use siyu::reports::funnel::{self, FunnelInput, FunnelParams};

/// Takes batches of rows as they are read, on several threads.
struct Events(JourneyKernel);

impl TableSink for Events {
    fn push(&self, batch: TableBatch) -> Result<()> {
        let columns = batch.frame.columns();
        let fault = |why: &dyn std::fmt::Display| Error::Internal {
            doing: "reading events".into(),
            why: why.to_string(),
        };
        self.0.push_columns(&EventColumns {
            units: columns[0].str().map_err(|why| fault(&why))?,
            kinds: columns[1].str().map_err(|why| fault(&why))?,
            at_us: columns[2].datetime().map_err(|why| fault(&why))?.physical(),
            conditions: &batch.conditions,
            attributes: Vec::new(),
            values_e4: None,
        })
    }
}

#[allow(clippy::print_stdout)] // an example shows something
fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().context("name a file of events")?;
    let steps = arguments.next().context("name the steps, e.g. exposure,click,register,pay")?;
    let settings = FunnelParams { steps: Some(steps), window: Some("7d".into()), ..FunnelParams::default() }
        .resolve()?;

    // Bit i of an event's marks says that it is step i; events that are no step are forgotten while reading.
    let mut selectors = Vec::new();
    for (bit, step) in settings.steps.iter().enumerate() {
        anyhow::ensure!(step.alternatives.iter().all(|one| one.condition.is_none()), "no conditions here");
        // Any event at all is no list of kinds.
        let kinds: Option<Vec<String>> = step.alternatives.iter().map(|one| one.event.clone()).collect();
        selectors.push(KindSelector { bit, kinds: kinds.unwrap_or_default(), condition: None });
    }
    let options = InputOptions { paths: vec![path], ..InputOptions::default() };
    let threads = options.threads;
    let tables = Tables::open(Frame::Events, options)?;
    let kernel = || Events(JourneyKernel::new(JourneySpec::default()).selecting(selectors.clone()));
    let (events, read) = tables.read(&["customer_id", "event", "at"], kernel)?;
    let as_of_us = read.last_at_us.context("there are no events")?;

    let input = FunnelInput {
        as_of_us,
        from_us: i64::MIN,
        to_us: as_of_us,
        journeys: events.0.finish(threads)?,
        threads,
    };
    let report = funnel::run(&settings, &input, &TableChoice::First)?;
    let table = report.tables.first().context("the table steps")?;
    let texts = |name: &str| table.column(name).map(|column| &column.cells);
    if let (Some(Cells::Text(names)), Some(Cells::Int(users)), Some(Cells::Float(shares))) =
        (texts("name"), texts("users"), texts("from_first"))
    {
        for ((name, users), share) in names.iter().zip(users).zip(shares) {
            let share = share.map_or_else(|| "-".to_owned(), |share| format!("{share:.4}"));
            println!("{:20} {:>8} {share}", name.as_deref().unwrap_or("-"), users.unwrap_or(0));
        }
    }
    Ok(())
}
