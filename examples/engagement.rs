//! The library in use: events in, layers of activity out, without the command line.
//!
//! cargo run --example engagement -- sample-data/interactions.csv

use anyhow::Context;
use siyu::error::{Error, Result};
use siyu::facts::journeys::{EventColumns, JourneyKernel, JourneySpec};
use siyu::input::table_reader::{TableBatch, TableSink, Tables};
use siyu::input::{Frame, InputOptions};
use siyu::output::{Cells, TableChoice};
use siyu::reports::engagement::{self, Attributes, EngagementInput, EngagementParams};

/// Takes batches of rows as they are read, on several threads.
struct Events(JourneyKernel);

impl TableSink for Events {
    fn push(&self, batch: TableBatch) -> Result<()> {
        let columns = batch.frame.columns();
        let fault = |why: &dyn std::fmt::Display| Error::Internal {
            doing: "reading events".into(),
            why: why.to_string(),
        };
        let text = |at: usize| columns[at].str().map_err(|why| fault(&why));
        self.0.push_columns(&EventColumns {
            units: text(0)?,
            kinds: text(1)?,
            at_us: columns[2].datetime().map_err(|why| fault(&why))?.physical(),
            conditions: &batch.conditions,
            attributes: vec![text(3)?],
            values_e4: None,
        })
    }
}

#[allow(clippy::print_stdout)] // an example shows something
fn main() -> anyhow::Result<()> {
    let path = std::env::args().nth(1).context("name a file of events with a content_id")?;
    let options = InputOptions { paths: vec![path], ..InputOptions::default() };
    let threads = options.threads;
    let tables = Tables::open(Frame::Events, options)?;

    // Whatever somebody did is activity, so all events are kept; which kind means what is found by its name.
    let spec = JourneySpec { keep_all: true, attributes: 1, values: false };
    let kernel = || Events(JourneyKernel::new(spec.clone()));
    let (events, read) = tables.read(&["customer_id", "event", "at", "content_id"], kernel)?;

    let settings = EngagementParams::default().resolve()?;
    let input = EngagementInput {
        as_of_us: read.last_at_us.context("there are no events")?,
        journeys: events.0.finish(threads)?,
        attributes: Attributes { content_id: Some(0), ..Attributes::default() },
        threads,
        ..EngagementInput::default()
    };
    let report = engagement::run(&settings, &input, &TableChoice::Named(vec!["layers".into()]))?;
    let table = report.tables.first().context("the table layers")?;
    let texts = |name: &str| table.column(name).map(|column| &column.cells);
    if let (Some(Cells::Text(layers)), Some(Cells::Int(members))) = (texts("layer"), texts("members")) {
        for (layer, members) in layers.iter().zip(members) {
            println!("{:20} {:>8}", layer.as_deref().unwrap_or("-"), members.unwrap_or(0));
        }
    }
    Ok(())
}
