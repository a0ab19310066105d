//! Journeys: the events of each unit (a customer, a session, ...) in the order of time, as small numbers.
//!
//! An event is a moment, a *signature* and, where asked for, values of attributes and money. The signature says of what kind
//! the event is and which of the run's *selectors* (the steps of a funnel, its exclusions, the start and the return of
//! retention) it meets: up to 128 of them, one bit each. Events that meet none are forgotten while reading, unless all are
//! asked for.
//!
//! Rows go to shards by the hash of their unit (`kernel`), small: 16 bytes, and four or nine more per attribute and money asked
//! for. A shard's rows are sorted when all are there; where they exceed memory, they wait in a `Spill` and come back shard by
//! shard, each time that journeys are visited.
//!
//! Equal events in any order, cut into any batches, give equal journeys: events of one instant are in the order of their
//! kind's name, their marks, their attributes' values and their money.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::ids::IdColumn;
use crate::error::{Error, Result};

mod adapter;
mod kernel;
mod kinds;
mod shard;
mod spill;
#[cfg(test)]
mod tests;

pub use adapter::EventColumns;
pub use kernel::JourneyKernel;
pub use kinds::KindSelector;
use shard::{Ranks, Shard};
pub use spill::Spill;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// 0: none.
    money: &'a [i64],
    has_money: &'a [bool],
}

impl Journey<'_> {
    /// The code of an attribute's value: index into [`Journeys::values`] of that attribute, whose order is that of the values'
    /// bytes; `None`: the event has none.
    pub fn code(&self, event: &JourneyEvent, attribute: usize) -> Option<u32> {
        self.attributes[attribute][event.place as usize].checked_sub(1)
    }

    /// The event's money in 1/10,000 of the unit.
    pub fn value_e4(&self, event: &JourneyEvent) -> Option<i64> {
        let place = event.place as usize;
        self.has_money.get(place).is_some_and(|has| *has).then(|| self.money[place])
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
    spec: JourneySpec,
    shards: Vec<Shard>,
    /// For the rows that wait in the spill.
    ranks: Ranks,
    spill: Option<Box<dyn Spill>>,
}

impl Journeys {
    /// Units with at least one event that was kept.
    pub fn units(&self) -> usize {
        self.shards.iter().map(Shard::units).sum()
    }

    /// Events that were kept.
    pub fn events(&self) -> u64 {
        self.shards.iter().map(Shard::events).sum()
    }

    /// Hands every journey to `each`, on up to `threads` threads; units come in no order, and which of them share a state is
    /// not to matter: states are to be merged by sums, or sorted by the unit's id. Can be called again. After an error of
    /// `each`, or of reading back what was spilled, the other shards are left out.
    pub fn visit<S: Send>(
        &self,
        threads: usize,
        new: impl Fn() -> S + Sync,
        each: impl Fn(&mut S, Journey<'_>) -> Result<()> + Sync,
    ) -> Result<Vec<S>> {
        let next = AtomicUsize::new(0);
        // Of several errors that of the first shard holds.
        let failed: Mutex<Option<(usize, Error)>> = Mutex::new(None);
        let states = Mutex::new(Vec::new());
        let failed_before = |place: usize| {
            let failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
            failed.as_ref().is_some_and(|(first, _)| *first < place)
        };
        let work = || {
            let mut state = new();
            loop {
                let place = next.fetch_add(1, Ordering::Relaxed);
                let Some(shard) = self.shards.get(place).filter(|_| !failed_before(place)) else { break };
                let spill = self.spill.as_deref();
                let mut each = |journey: Journey<'_>| each(&mut state, journey);
                if let Err(error) = shard.visit(&self.spec, &self.ranks, spill, &mut each) {
                    let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                    if failed.as_ref().is_none_or(|(first, _)| place < *first) {
                        *failed = Some((place, error));
                    }
                    break;
                }
            }
            states.lock().unwrap_or_else(PoisonError::into_inner).push(state);
        };
        std::thread::scope(|scope| {
            for _ in 1..threads.min(self.shards.len()) {
                scope.spawn(work);
            }
            work();
        });
        match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some((_, error)) => Err(error),
            None => Ok(states.into_inner().unwrap_or_else(PoisonError::into_inner)),
        }
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
