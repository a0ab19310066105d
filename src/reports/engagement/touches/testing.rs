//! Events for the tests of reach, content and koc, and a look into tables.

use proptest::prelude::*;

use crate::facts::journeys::{EventRow, JourneyKernel, JourneySpec, Journeys};
use crate::output::report::{Cells, Note, Table};
use crate::reports::engagement::kinds::Kinds;

pub const HOUR: i64 = 3_600_000_000;
pub const DAY: i64 = 24 * HOUR;

/// An event: who, what, when (microseconds), about which content, invited by whom, money in 1/10,000.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub who: String,
    pub kind: &'static str,
    pub at_us: i64,
    pub content: Option<String>,
    pub inviter: Option<String>,
    pub value_e4: Option<i64>,
}

pub fn event(who: &str, kind: &'static str, at_us: i64, content: &str) -> Event {
    let content = (!content.is_empty()).then(|| content.to_owned());
    Event { who: who.to_owned(), kind, at_us, content, inviter: None, value_e4: None }
}

/// Attribute 0 is the content, 1 the inviter.
pub fn journeys(events: &[Event]) -> Journeys {
    let kernel = JourneyKernel::new(JourneySpec { keep_all: true, attributes: 2, values: true });
    for event in events {
        kernel.push(EventRow {
            unit: Some(&event.who),
            kind: event.kind,
            at_us: event.at_us,
            marks: 0,
            attributes: &[event.content.as_deref(), event.inviter.as_deref()],
            value_e4: event.value_e4,
        });
    }
    kernel.finish(2).unwrap()
}

pub fn kinds(journeys: &Journeys) -> Kinds {
    Kinds::find(&[], &journeys.kinds).unwrap()
}

/// Random events of few people, contents and moments, so that ties and repeats are many.
pub fn events(kinds: &'static [&'static str]) -> impl Strategy<Value = Vec<Event>> {
    let moment = prop_oneof![0..12_i64, 0..400_i64].prop_map(|hours| hours * HOUR / 2);
    let content = prop::option::weighted(0.85, prop::sample::select(vec!["a", "b", "c"]));
    let inviter = prop::option::weighted(0.3, 0..9_u8);
    let value = prop::option::weighted(0.8, -3..40_i64);
    let one = (0..7_u8, prop::sample::select(kinds), moment, content, inviter, value).prop_map(
        |(who, kind, at_us, content, inviter, value)| Event {
            who: format!("C{who}"),
            kind,
            at_us,
            content: content.map(str::to_owned),
            inviter: inviter.map(|inviter| format!("C{inviter}")),
            value_e4: value.map(|value| value * 12_345),
        },
    );
    prop::collection::vec(one, 0..60)
}

pub fn table<'a>(tables: &'a [Table], name: &str) -> &'a Table {
    tables.iter().find(|table| table.name == name).unwrap()
}

/// The column as numbers; money in 1/10,000.
pub fn numbers(table: &Table, column: &str) -> Vec<Option<f64>> {
    match &table.column(column).unwrap_or_else(|| panic!("no column {column}")).cells {
        Cells::Int(values) | Cells::Money(values) => values.iter().map(|v| v.map(|v| v as f64)).collect(),
        Cells::Float(values) => values.clone(),
        other => panic!("{column}: {other:?}"),
    }
}

pub fn texts(table: &Table, column: &str) -> Vec<Option<String>> {
    match &table.column(column).unwrap_or_else(|| panic!("no column {column}")).cells {
        Cells::Text(values) => values.clone(),
        other => panic!("{column}: {other:?}"),
    }
}

/// The values of a row's columns, side by side.
pub fn row(table: &Table, row: usize, columns: &[&str]) -> Vec<Option<f64>> {
    columns.iter().map(|column| numbers(table, column)[row]).collect()
}

pub fn argument<'a>(notes: &'a [Note], key: &str, name: &str) -> Option<&'a str> {
    let note = notes.iter().find(|note| note.key == key)?;
    note.args.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
}

/// Every column has as many cells as the first, and no number is NaN or infinite.
pub fn assert_sound(tables: &[Table]) {
    for table in tables {
        for column in &table.columns {
            assert_eq!(column.cells.len(), table.height(), "{} {}", table.name, column.name);
            if let Cells::Float(values) = &column.cells {
                assert!(values.iter().flatten().all(|v| v.is_finite()), "{} {}", table.name, column.name);
            }
        }
    }
}
