//! How far one journey came in a funnel: the chain of events that got farthest. The rules of each mode are in
//! reports/funnel.md, why they are what they are in docs/decisions/0018-funnel-modes.md.
//!
//! Events of one instant are taken together, in the order of step numbers, so that nothing depends on how they are listed.
//! A walk over the instants keeps, per step, from how late an entry it can be reached: the latest entry is the best one
//! for all that follows, so one state per step is enough. The walk says how far, from which entry and when first; the events
//! of that one chain are found by a second look at the time between ([`chain`]).
//!
//! ```text
//! fast    Ordered without options, optional steps, step windows, exclusions: unions of marks, one number per step
//! walk    all other ordered modes            matching    which event serves which step, each event once
//! any     steps in any order                 chain       the events of the chain that was found
//! ```

mod any;
mod chain;
mod fast;
mod matching;
#[cfg(test)]
mod tests;
mod walk;

use std::ops::ControlFlow;

use super::journeys::{JourneyEvent, Signature};
use walk::{Entries, Happening, Stop, Walk};

/// The most steps that a funnel can have, and the most exclusions.
pub const MOST_STEPS: usize = 64;
pub const MOST_EXCLUSIONS: usize = 64;

/// Which chains count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Steps in order; anything may stand between them. With ClickHouse's options.
    Ordered(Strictness),
    /// Steps in any order.
    Any,
    /// Steps in order, nothing between them (PostHog's strict order).
    NothingBetween,
}

/// The options of ClickHouse's windowFunnel, with their meaning there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Strictness {
    pub order: bool,
    pub deduplication: bool,
    pub increase: bool,
    pub once: bool,
    pub allow_reentry: bool,
}

/// Which event of the first step a chain begins with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Entry {
    /// Any; of those that get equally far the one that got there first, counted from the latest possible entry.
    #[default]
    Latest,
    /// The unit's first one alone.
    First,
}

/// An event that spoils a chain when it stands between two of its steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exclusion {
    /// Index of the step after which it counts, from 0.
    pub after: usize,
    /// Index of the step before which it counts; greater than `after`.
    pub before: usize,
}

/// A funnel. Selector i < `MOST_STEPS` of an event's marks is step i, selector `MOST_STEPS` + i is exclusion i.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Funnel {
    /// 1 to `MOST_STEPS`.
    pub steps: usize,
    /// Bit i: step i may be left out. Neither the first nor the last step is.
    pub optional: u64,
    pub exclusions: Vec<Exclusion>,
    /// From the first step of a chain to its last, inclusive, microseconds; `None`: without end.
    pub window_us: Option<i64>,
    /// Per step from the step before it in the chain, inclusive; `None` where there is no such limit.
    pub step_windows_us: Vec<Option<i64>>,
    pub order: Order,
    pub entry: Entry,
}

/// The farthest chain of a journey.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chain {
    /// The number of the farthest step, counted from 1; 0: the unit never entered. With `Order::Any` the number of different
    /// steps.
    pub level: usize,
    /// Per step the index of its event in the journey; `None` where the chain does not have it.
    pub events: Vec<Option<u32>>,
    /// An exclusion spoilt the farthest chain: the unit is out of the funnel, and `level` is 0.
    pub excluded: bool,
}

/// Working memory, to be used again for the next journey.
#[derive(Debug, Default)]
pub struct Scratch {
    walk: walk::Memory,
    instants: Vec<chain::Instant>,
    pending: Vec<Found>,
}

/// A chain that was found, not yet its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Found {
    /// Its farthest step, from 0.
    step: usize,
    /// Moment of its first event.
    entry_us: i64,
    /// Moment of its last event.
    at_us: i64,
}

/// The events of a journey with the marks of their signatures.
#[derive(Debug, Clone, Copy)]
struct Events<'a> {
    events: &'a [JourneyEvent],
    signatures: &'a [Signature],
    /// The bits of the funnel's steps.
    mask: u64,
}

impl Events<'_> {
    fn len(&self) -> usize {
        self.events.len()
    }

    fn at(&self, index: usize) -> i64 {
        self.events[index].at_us
    }

    fn marks(&self, index: usize) -> u128 {
        self.signatures[self.events[index].signature as usize].marks
    }

    /// The steps that an event meets.
    fn steps(&self, index: usize) -> u64 {
        self.marks(index) as u64 & self.mask
    }

    /// The end of the instant that begins at `first`, and the marks of all its events together.
    fn instant(&self, first: usize) -> (usize, u128) {
        let at = self.at(first);
        let (mut end, mut marks) = (first + 1, self.marks(first));
        while end < self.len() && self.at(end) == at {
            marks |= self.marks(end);
            end += 1;
        }
        (end, marks)
    }

    /// The first event at `at` or later.
    fn from(&self, at: i64) -> usize {
        self.events.partition_point(|event| event.at_us < at)
    }

    /// The first event of an instant that meets a step.
    fn first_of(&self, first: usize, step: usize) -> Option<u32> {
        let at = self.at(first);
        let mut instant = (first..self.len()).take_while(|index| self.at(*index) == at);
        instant.find(|index| self.steps(*index) >> step & 1 == 1).map(|index| index as u32)
    }
}

/// The lowest `count` bits.
fn low(count: usize) -> u64 {
    1u64.checked_shl(count as u32).map_or(u64::MAX, |bit| bit - 1)
}

/// The places of the bits that are set, from the lowest.
fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (mask != 0).then(|| mask.trailing_zeros() as usize)?;
        mask &= mask - 1;
        Some(bit)
    })
}

/// The earliest moment from which `at` is within `window`; later than `i64::MIN`, which stands for never.
fn earliest(at: i64, window: Option<i64>) -> i64 {
    window.map_or(i64::MIN, |window| at.saturating_sub(window)).max(i64::MIN + 1)
}

impl Funnel {
    /// Writes the farthest chain of `events` into `chain`.
    pub fn follow(
        &self,
        events: &[JourneyEvent],
        signatures: &[Signature],
        scratch: &mut Scratch,
        chain: &mut Chain,
    ) {
        chain.level = 0;
        chain.excluded = false;
        chain.events.clear();
        chain.events.resize(self.steps, None);
        let events = Events { events, signatures, mask: low(self.steps) };
        if self.order == Order::Any {
            return self.any(events, chain);
        }
        if self.is_plain() && self.fast(events, chain) {
            return;
        }
        self.carefully(events, scratch, chain);
    }

    /// Nothing but steps, a window and an entry.
    fn is_plain(&self) -> bool {
        self.order == Order::Ordered(Strictness::default())
            && self.optional == 0
            && self.step_windows_us.iter().all(Option::is_none)
    }

    /// All ordered modes.
    fn carefully(&self, events: Events<'_>, scratch: &mut Scratch, chain: &mut Chain) {
        let entries = match self.entry {
            Entry::Latest => Entries::All,
            Entry::First => match (0..events.len()).find(|index| events.steps(*index) & 1 == 1) {
                Some(index) => Entries::At(events.at(index)),
                None => return,
            },
        };
        let spoilers = !self.exclusions.is_empty()
            && (0..events.len()).any(|index| self.spoilt_by(events.marks(index)) != 0);
        let mut rules = Walk {
            funnel: self,
            entries,
            exclusions: false,
            ends: true,
            exact: false,
            start: 0,
            stop: Stop::NEVER,
        };
        let mut farthest: Option<Found> = None;
        let last = self.steps - 1;
        rules.stop = rules.walk(events, &mut scratch.walk, |happening| {
            if let Happening::Written(found) = happening
                && farthest.is_none_or(|known| known.step < found.step)
            {
                farthest = Some(found);
                if found.step == last && !spoilers {
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        });
        let Some(mut found) = farthest else { return };
        if spoilers {
            rules.exclusions = true;
            rules.ends = false;
            match self.unspoilt(events, rules, found.step, scratch) {
                Some(unspoilt) => found = unspoilt,
                None => {
                    chain.excluded = true;
                    return;
                }
            }
        }
        chain.level = found.step + 1;
        self.events_of(events, found, rules, scratch, &mut chain.events);
    }

    /// The first chain to `step` that no exclusion spoils.
    fn unspoilt(
        &self,
        events: Events<'_>,
        rules: Walk<'_>,
        step: usize,
        scratch: &mut Scratch,
    ) -> Option<Found> {
        let pending = &mut scratch.pending;
        pending.clear();
        let mut sure = None;
        rules.walk(events, &mut scratch.walk, |happening| {
            match happening {
                Happening::Written(found) if found.step == step => {
                    if step == self.steps - 1 {
                        sure = Some(found);
                    } else if pending.last().is_none_or(|last| found.entry_us < last.entry_us) {
                        pending.push(found);
                    }
                }
                Happening::Spoilt { step: spoilt, at_us } if spoilt == step => {
                    let floor = earliest(at_us, self.window_us);
                    sure = pending.iter().find(|found| found.entry_us < floor).copied();
                    pending.clear();
                }
                Happening::Broken { step: broken } if broken == step => {
                    sure = pending.first().copied();
                    pending.clear();
                }
                _ => {}
            }
            if sure.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        sure.or_else(|| pending.first().copied())
    }
}
