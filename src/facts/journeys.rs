//! Journeys: the events of each unit (a customer, a session, ...) in the order of time, as small numbers.
//!
//! An event is a moment, a *signature* and, where asked for, values of attributes and money. The signature says of what kind
//! the event is and which of the run's *selectors* (the steps of a funnel, its exclusions, the start and the return of
//! retention) it meets: up to 128 of them, one bit each. Events that meet none are forgotten while reading, unless all are
//! asked for.
//!
//! Equal events in any order, cut into any batches, give equal journeys: events of one instant are in the order of their
//! kind's name, their marks, their attributes' values and their money.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::ids::IdColumn;
use crate::error::Result;

/// The most selectors that a run can have.
pub const MOST_SELECTORS: usize = 128;

/// What a run keeps of the events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JourneySpec {
    /// Events that meet no selector are kept too.
    pub keep_all: bool,
    /// Number of attributes that each event comes with.
    pub attributes: usize,
    /// Events come with money.
    pub values: bool,
}

/// What an event is, as far as the run is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signature {
    /// Index into [`Journeys::kinds`].
    pub kind: u32,
    /// Bit i: the event meets selector i.
    pub marks: u128,
}

/// The name of a kind of event, and how many rows in use have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindOfEvent {
    pub name: String,
    pub rows: u64,
}

/// An event of a journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JourneyEvent {
    /// Microseconds of local time.
    pub at_us: i64,
    /// Index into [`Journeys::signatures`].
    pub signature: u32,
    /// Where its attributes and its money stand: only [`Journey`] can say what they are.
    pub place: u32,
}

/// The events of one unit.
#[derive(Debug, Clone, Copy)]
pub struct Journey<'a> {
    /// The unit's id.
    pub unit: &'a str,
    /// In order of time; ties as the module says.
    pub events: &'a [JourneyEvent],
    attributes: &'a [Vec<u32>],
    values: &'a [Option<i64>],
}

impl Journey<'_> {
    /// The code of an attribute's value: index into [`Journeys::values`] of that attribute, whose order is that of the values'
    /// bytes; `None`: the event has none.
    pub fn code(&self, event: &JourneyEvent, attribute: usize) -> Option<u32> {
        self.attributes[attribute][event.place as usize].checked_sub(1)
    }

    /// The event's money in 1/10,000 of the unit.
    pub fn value_e4(&self, event: &JourneyEvent) -> Option<i64> {
        self.values.get(event.place as usize).copied().flatten()
    }
}

/// The journeys of all units.
#[derive(Debug, Default)]
pub struct Journeys {
    /// All kinds among the rows in use, whether their events were kept or not, in byte order of their names.
    pub kinds: Vec<KindOfEvent>,
    /// In order of kind and marks.
    pub signatures: Vec<Signature>,
    /// Per attribute its distinct values in byte order.
    pub values: Vec<IdColumn>,
    /// Rows that had no unit; they are in no journey.
    pub without_unit: u64,
    units: IdColumn,
    /// Where the events of each unit end.
    ends: Vec<usize>,
    events: Vec<JourneyEvent>,
    attributes: Vec<Vec<u32>>,
    money: Vec<Option<i64>>,
}

impl Journeys {
    /// Units with at least one event that was kept.
    pub fn units(&self) -> usize {
        self.units.len()
    }

    /// Events that were kept.
    pub fn events(&self) -> u64 {
        self.events.len() as u64
    }

    /// Hands every journey to `each`, on up to `threads` threads; units come in no order, and which of them share a state is
    /// not to matter: states are to be merged by sums, or sorted by the unit's id. Can be called again.
    pub fn visit<S: Send>(
        &self,
        threads: usize,
        new: impl Fn() -> S + Sync,
        each: impl Fn(&mut S, Journey<'_>) -> Result<()> + Sync,
    ) -> Result<Vec<S>> {
        let _ = threads;
        let mut state = new();
        let mut start = 0;
        for (unit, end) in self.ends.iter().enumerate() {
            let journey = Journey {
                unit: self.units.get(unit),
                events: &self.events[start..*end],
                attributes: &self.attributes,
                values: &self.money,
            };
            each(&mut state, journey)?;
            start = *end;
        }
        Ok(vec![state])
    }
}

/// One event as it is read.
#[derive(Debug, Clone, Copy)]
pub struct EventRow<'a> {
    /// `None`: counted, and in no journey.
    pub unit: Option<&'a str>,
    pub kind: &'a str,
    pub at_us: i64,
    /// Bit i: it meets selector i.
    pub marks: u128,
    pub attributes: &'a [Option<&'a str>],
    pub value_e4: Option<i64>,
}

type Kept = (i64, String, u128, Vec<Option<String>>, Option<i64>);

/// Takes events from several threads and makes journeys of them. SKELETON: plain and slow.
#[derive(Debug)]
pub struct JourneyKernel {
    spec: JourneySpec,
    rows: Mutex<Rows>,
}

#[derive(Debug, Default)]
struct Rows {
    units: BTreeMap<String, Vec<Kept>>,
    kinds: BTreeMap<String, u64>,
    without_unit: u64,
}

impl JourneyKernel {
    pub fn new(spec: JourneySpec) -> Self {
        Self { spec, rows: Mutex::default() }
    }

    /// Takes one event.
    pub fn push(&self, row: EventRow<'_>) {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        *rows.kinds.entry(row.kind.to_owned()).or_default() += 1;
        let Some(unit) = row.unit else {
            rows.without_unit += 1;
            return;
        };
        if row.marks != 0 || self.spec.keep_all {
            let attributes = row.attributes.iter().map(|value| value.map(str::to_owned)).collect();
            let kept = (row.at_us, row.kind.to_owned(), row.marks, attributes, row.value_e4);
            rows.units.entry(unit.to_owned()).or_default().push(kept);
        }
    }

    /// The journeys.
    pub fn finish(self, threads: usize) -> Result<Journeys> {
        let _ = threads;
        let rows = self.rows.into_inner().unwrap_or_else(PoisonError::into_inner);
        let names: Vec<String> = rows.kinds.keys().cloned().collect();
        let kind_of = |name: &String| names.binary_search(name).unwrap_or_default() as u32;
        let mut journeys = Journeys { without_unit: rows.without_unit, ..Journeys::default() };
        journeys.kinds = rows.kinds.into_iter().map(|(name, rows)| KindOfEvent { name, rows }).collect();
        let all = || rows.units.values().flatten();
        journeys.signatures = all().map(|row| Signature { kind: kind_of(&row.1), marks: row.2 }).collect();
        journeys.signatures.sort_unstable();
        journeys.signatures.dedup();
        for attribute in 0..self.spec.attributes {
            let mut values: Vec<&str> = all().filter_map(|row| row.3[attribute].as_deref()).collect();
            values.sort_unstable();
            values.dedup();
            journeys.values.push(values.into_iter().collect());
            journeys.attributes.push(Vec::new());
        }
        for (unit, mut events) in rows.units {
            events.sort();
            for (at_us, kind, marks, attributes, value) in events {
                let signature = Signature { kind: kind_of(&kind), marks };
                let signature = journeys.signatures.binary_search(&signature).unwrap_or_default() as u32;
                let place = journeys.events.len() as u32;
                journeys.events.push(JourneyEvent { at_us, signature, place });
                for (at, value) in attributes.iter().enumerate() {
                    let code = value.as_deref().map_or(0, |value| {
                        1 + journeys.values[at].iter().position(|known| known == value).unwrap_or_default()
                            as u32
                    });
                    journeys.attributes[at].push(code);
                }
                journeys.money.push(value);
            }
            journeys.units.push(&unit);
            journeys.ends.push(journeys.events.len());
        }
        Ok(journeys)
    }
}
