//! What `funnel`, `retention` and `engagement` have in common: events read as journeys.

use super::run_report::Job;
use crate::error::{Error, Result, nearest};
use crate::facts::journeys::{
    EventColumns, JourneyKernel, JourneySpec, Journeys, KindOfEvent, KindSelector, MOST_SELECTORS, Spill,
};
use crate::input::masks::names_person;
use crate::input::spill::TemporarySpill;
use crate::input::table_reader::{TableBatch, TableSink, TableSummary, Tables};
use crate::output::Note;

/// Bytes of rows of journeys held in memory; beyond, they wait in a temporary file.
const HELD_BYTES: usize = 1 << 30;

/// Kinds of events that a message lists, and the most characters of a name there.
const MANY_KINDS: usize = 40;
const LONG_NAME: usize = 100;

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
            selectors.push(KindSelector { bit: *bit, kinds: selector.events.clone(), condition });
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
        // They are shown as they were typed.
        for column in tables.compared_columns() {
            refuse_ids_under_mask("a condition on an event", column, job, &tables)?;
        }
        let (sink, mut read) = tables.read(&columns, || {
            let kernel = JourneyKernel::new(spec.clone()).selecting(selectors.clone());
            Sink { kernel: kernel.spilling(HELD_BYTES, Box::new(TemporarySpill::default())), attributes }
        })?;
        let journeys = sink.kernel.finish(job.options.threads)?;
        let names = wanted.selectors.iter().flat_map(|(_, selector)| &selector.events);
        let is_known = |kinds: &[KindOfEvent], name: &str| {
            kinds.binary_search_by(|kind| kind.name.as_str().cmp(name)).is_ok()
        };
        let absent: Vec<&String> = names.filter(|name| !is_known(&journeys.kinds, name)).collect();
        if !absent.is_empty() {
            // A week without a payment is no misspelling: the rows that are not in use may have one.
            let all = all_kinds(job, tables.with_files(read.files.clone()), &journeys.kinds)?;
            if let Some(name) = absent.iter().find(|name| !is_known(&all, name)) {
                return Err(unknown_event(name, &all));
            }
            let mut names: Vec<&str> = absent.iter().map(|name| name.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            read.notes.push(Note::new("events_not_in_use").with("events", names.join(", ")));
        }
        let as_of_us = job.options.as_of_us.or(read.last_at_us).unwrap_or_default();
        Ok(Self { journeys, read, as_of_us })
    }
}

/// The kinds among all rows, whether `--since`, `--until`, `--as-of` and `--where` leave them in use or not.
fn all_kinds(job: &Job, tables: Tables, in_use: &[KindOfEvent]) -> Result<Vec<KindOfEvent>> {
    let options = &job.options;
    let is_cut = options.since_us.is_some() || options.until_us.is_some() || options.as_of_us.is_some();
    if !is_cut && options.filter.is_none() {
        return Ok(in_use.to_vec());
    }
    let (sink, _) = tables.with_all_rows().read(&["customer_id", "event", "at"], || Sink {
        kernel: JourneyKernel::new(JourneySpec::default()),
        attributes: 0,
    })?;
    Ok(sink.kernel.finish(options.threads)?.kinds)
}

/// The nearest names, and the most frequent kinds. A file that keeps something else in its column may have thousands, or very
/// long ones: a message is not to show them all.
fn unknown_event(name: &str, kinds: &[KindOfEvent]) -> Error {
    let mut known: Vec<&KindOfEvent> =
        kinds.iter().filter(|kind| kind.name.chars().take(LONG_NAME + 1).count() <= LONG_NAME).collect();
    let nearest = nearest(name, known.iter().map(|kind| kind.name.as_str()));
    known.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.name.cmp(&b.name)));
    known.truncate(MANY_KINDS);
    known.sort_by(|a, b| a.name.cmp(&b.name));
    let mut known: Vec<String> = known.into_iter().map(|kind| kind.name.clone()).collect();
    if known.len() < kinds.len() {
        known.push(format!("... ({} in all)", kinds.len()));
    }
    Error::UnknownName { what: "event", name: name.to_owned(), nearest, known }
}

/// Facts say what they need of a place for rows, input knows files; neither knows the other.
impl Spill for TemporarySpill {
    fn append(&self, bytes: &[u8]) -> Result<u64> {
        Self::append(self, bytes)
    }

    fn read(&self, start: u64, bytes: &mut [u8]) -> Result<()> {
        Self::read(self, start, bytes)
    }
}

struct Sink {
    kernel: JourneyKernel,
    attributes: usize,
}

impl TableSink for Sink {
    fn push(&self, batch: TableBatch) -> Result<()> {
        let columns = batch.frame.columns();
        let text = |at: usize| columns[at].str().map_err(|error| fault(&error));
        let values = columns.get(3 + self.attributes);
        let values = values.map(|values| values.decimal().map_err(|error| fault(&error))).transpose()?;
        self.kernel.push_columns(&EventColumns {
            units: text(0)?,
            kinds: text(1)?,
            at_us: columns[2].datetime().map_err(|error| fault(&error))?.physical(),
            conditions: &batch.conditions,
            attributes: (3..3 + self.attributes).map(text).collect::<Result<_>>()?,
            values_e4: values.map(|values| values.physical()),
        })
    }
}

fn fault(error: &dyn std::fmt::Display) -> Error {
    Error::Internal { doing: "reading events".into(), why: error.to_string() }
}

/// An error where no file has the column.
pub fn check_column(option: &str, name: &str, tables: &Tables) -> Result<()> {
    let known = tables.column_names();
    if known.iter().any(|column| column == name) {
        return Ok(());
    }
    if option == "--unit" && name == "session_id" {
        return Err(Error::BadOption {
            option: option.into(),
            value: "session".into(),
            why: "the events have no column session_id".into(),
            hint: Some(format!(
                "--unit COLUMN, or --col session_id=COLUMN; columns there: {}",
                known.join(", ")
            )),
        });
    }
    Err(Error::UnknownName {
        what: match option {
            "--by" => "column for --by",
            "--compare" => "column for --compare",
            "--attributes" => "column for --attributes",
            "--reach-by" => "column for --reach-by",
            _ => "column for --unit",
        },
        name: name.to_owned(),
        nearest: nearest(name, known.iter().map(String::as_str)),
        known,
    })
}

/// An error where the values of the column are ids or names, and `--mask` hides those.
pub fn refuse_ids_under_mask(option: &str, column: &str, job: &Job, tables: &Tables) -> Result<()> {
    let ids = ["customer_id", "session_id", "inviter_id", "order_id"];
    let is_source =
        |canonical: &str| tables.files.iter().any(|file| file.mapping.source(canonical) == Some(column));
    let is_id = names_person(column) || ids.iter().any(|id| column == *id || is_source(id));
    if job.plan.mask.is_some() && is_id {
        let why = format!("its values are ids or names, which --mask hides ({column})");
        return Err(Error::DoesNotApply { option: option.into(), why });
    }
    Ok(())
}
