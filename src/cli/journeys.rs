//! What `funnel`, `retention` and `engagement` have in common: events read as journeys.

use super::run_report::Job;
use crate::error::{Error, Result, nearest};
use crate::facts::journeys::{EventRow, JourneyKernel, JourneySpec, Journeys, MOST_SELECTORS};
use crate::input::table_reader::{TableBatch, TableSink, TableSummary, Tables};

/// Which events a selector means: those of some kinds, or of any, that meet a condition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    /// Names of kinds, as the file has them; empty: any kind.
    pub events: Vec<String>,
    /// SQL over the columns of the event, as `--where`.
    pub condition: Option<String>,
}

/// What such a report asks of the events.
#[derive(Debug, Clone, Default)]
pub struct JourneysWanted {
    /// The column whose values are the units; `None`: customer_id.
    pub unit: Option<String>,
    /// Selector i is bit i of an event's marks; at most `MOST_SELECTORS`.
    pub selectors: Vec<(usize, Selector)>,
    /// Events that meet no selector are kept too.
    pub keep_all: bool,
    /// Columns, canonical or original, whose values come with each event kept.
    pub attributes: Vec<String>,
    /// The canonical column `value` comes with each event kept.
    pub values: bool,
}

/// Events as journeys, with what is to be told of reading them.
pub struct EventJourneys {
    pub journeys: Journeys,
    pub read: TableSummary,
    /// End of the observed time, microseconds of local time.
    pub as_of_us: i64,
}

impl EventJourneys {
    /// Reads them. A kind of event that a selector names and the file does not have is an error, with the nearest names.
    pub fn read(job: &Job, tables: Tables, wanted: &JourneysWanted) -> Result<Self> {
        let mut conditions: Vec<String> = Vec::new();
        let mut selectors = Vec::new();
        for (bit, selector) in &wanted.selectors {
            if *bit >= MOST_SELECTORS {
                return Err(fault(&"more selectors than there are bits"));
            }
            let condition = selector.condition.as_ref().map(|text| {
                conditions.iter().position(|known| known == text).unwrap_or_else(|| {
                    conditions.push(text.clone());
                    conditions.len() - 1
                })
            });
            selectors.push((*bit, selector.events.clone(), condition));
        }
        let unit = wanted.unit.as_deref().unwrap_or("customer_id");
        let mut columns: Vec<&str> = vec![unit, "event", "at"];
        columns.extend(wanted.attributes.iter().map(String::as_str));
        if wanted.values {
            columns.push("value");
        }
        let attributes = wanted.attributes.len();
        let spec = JourneySpec { keep_all: wanted.keep_all, attributes, values: wanted.values };
        let tables = tables.with_conditions(&conditions)?;
        let (sink, read) = tables.read(&columns, || Sink {
            kernel: JourneyKernel::new(spec.clone()),
            selectors: selectors.clone(),
            attributes,
            values: wanted.values,
        })?;
        let journeys = sink.kernel.finish(job.options.threads)?;
        for selector in &wanted.selectors {
            for name in &selector.1.events {
                let known = || journeys.kinds.iter().map(|kind| kind.name.as_str());
                if !known().any(|kind| kind == name) {
                    return Err(Error::UnknownName {
                        what: "event",
                        name: name.clone(),
                        nearest: nearest(name, known()),
                        known: known().map(str::to_owned).collect(),
                    });
                }
            }
        }
        let as_of_us = job.options.as_of_us.or(read.last_at_us).unwrap_or_default();
        Ok(Self { journeys, read, as_of_us })
    }
}

/// SKELETON: plain and slow.
struct Sink {
    kernel: JourneyKernel,
    /// Bit, kinds, index of the condition.
    selectors: Vec<(usize, Vec<String>, Option<usize>)>,
    attributes: usize,
    values: bool,
}

impl TableSink for Sink {
    fn push(&self, batch: TableBatch) -> Result<()> {
        let columns = batch.frame.columns();
        let text = |at: usize| columns[at].str().map_err(|error| fault(&error));
        let (units, kinds) = (text(0)?, text(1)?);
        let moments = columns[2].datetime().map_err(|error| fault(&error))?.physical();
        let attributes = (3..3 + self.attributes).map(text).collect::<Result<Vec<_>>>()?;
        let values = match self.values {
            true => Some(columns[3 + self.attributes].decimal().map_err(|error| fault(&error))?.physical()),
            false => None,
        };
        for row in 0..batch.frame.height() {
            let kind = kinds.get(row).unwrap_or_default();
            let mut marks = 0;
            for (bit, events, condition) in &self.selectors {
                let holds = condition.is_none_or(|at| batch.conditions[at].get(row) == Some(true));
                if holds && (events.is_empty() || events.iter().any(|event| event == kind)) {
                    marks |= 1 << bit;
                }
            }
            let attributes: Vec<Option<&str>> = attributes.iter().map(|values| values.get(row)).collect();
            let value = values.and_then(|values| values.get(row)).and_then(|value| i64::try_from(value).ok());
            self.kernel.push(EventRow {
                unit: units.get(row),
                kind,
                at_us: moments.get(row).unwrap_or_default(),
                marks,
                attributes: &attributes,
                value_e4: value,
            });
        }
        Ok(())
    }
}

fn fault(error: &dyn std::fmt::Display) -> Error {
    Error::Internal { doing: "reading events".into(), why: error.to_string() }
}
