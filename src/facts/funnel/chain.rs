//! The events of a chain of which the entry, the last step and its moment are known: a walk from that one entry marks what
//! can be reached when, and from the end backward each step takes the earliest event that leads on.

use std::ops::ControlFlow;

use super::walk::{Entries, Happening, Stop, Walk};
use super::{Events, Found, Funnel, Order, Scratch, Strictness, bits, earliest, low};

/// What is done at an instant by chains that begin at the entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Instant {
    /// Its first event.
    first: u32,
    /// Steps that are reached.
    written: u64,
    /// Steps after which chains are spoilt.
    spoilt: u64,
}

/// Where a chain comes from before an instant.
#[derive(Debug, Clone, Copy)]
struct Origin {
    step: usize,
    instant: usize,
    /// An optional step that has to be done at the later instant, so that the step windows hold.
    by: Option<usize>,
}

impl Funnel {
    pub(super) fn events_of(
        &self,
        events: Events<'_>,
        found: Found,
        rules: Walk<'_>,
        scratch: &mut Scratch,
        chain: &mut [Option<u32>],
    ) {
        let again = Walk {
            entries: Entries::At(found.entry_us),
            ends: false,
            exact: true,
            start: events.from(found.entry_us),
            stop: Stop { at_us: found.at_us, ..Stop::NEVER },
            ..rules
        };
        let instants = &mut scratch.instants;
        instants.clear();
        again.walk(events, &mut scratch.walk, |happening| {
            if let Happening::Instant { first, written, spoilt } = happening {
                instants.push(Instant { first: first as u32, written, spoilt });
            }
            ControlFlow::Continue(())
        });
        let mut step = found.step;
        let mut instant = instants.len().saturating_sub(1);
        while let Some(origin) = self.events_at(events, step, instant, scratch, chain) {
            (step, instant) = (origin.step, origin.instant);
        }
    }

    /// Writes the events of an instant at which a chain comes to `step`, and says where it comes from; `None`: it begins here.
    fn events_at(
        &self,
        events: Events<'_>,
        step: usize,
        instant: usize,
        scratch: &mut Scratch,
        chain: &mut [Option<u32>],
    ) -> Option<Origin> {
        let (apart, once) = match self.order {
            Order::Ordered(Strictness { increase, once, .. }) => (increase, once),
            Order::Any | Order::NothingBetween => (false, true),
        };
        let first = scratch.instants.get(instant)?.first as usize;
        let at = events.at(first);
        let (end, all) = events.instant(first);
        let marks = if apart { 1 << step } else { all as u64 & events.mask };
        let matching = &mut scratch.walk.matching;
        matching.load(events, first, end, !once);
        matching.add(step, 0);
        let mut lowest = step;
        let mut origin = None;
        for before in (0..step).rev() {
            let (limit, by) = self.reach_back(before, lowest, 0, marks, matching);
            if let Some(instant) = self.earliest_before(events, before, limit, instant, at, &scratch.instants)
            {
                origin = Some(Origin { step: before, instant, by });
                break;
            }
            if self.optional >> before & 1 == 1 {
                continue;
            }
            if marks >> before & 1 == 0 || !matching.add(before, 0) {
                return None;
            }
            lowest = before;
        }
        let mut from = 0;
        if let Some(Origin { step: before, instant, by }) = origin {
            if let Some(by) = by {
                matching.add(by, 0);
                lowest = by;
            }
            let since = events.at(scratch.instants[instant].first as usize);
            from = before + 1;
            // Optional steps that can be done at this instant on the way are done.
            for optional in (from..step).rev().filter(|between| marks >> between & 1 == 1) {
                let in_time = since >= earliest(at, self.step_window(optional));
                if matching.matched >> optional & 1 == 0
                    && (optional > lowest || in_time)
                    && matching.add(optional, 0)
                {
                    lowest = lowest.min(optional);
                }
            }
        } else {
            for optional in (0..step).rev().filter(|between| marks >> between & 1 == 1) {
                if matching.matched >> optional & 1 == 0 {
                    matching.add(optional, 0);
                }
            }
        }
        for done in bits(matching.matched & !low(from)) {
            chain[done] = matching.event(done);
        }
        origin
    }

    /// The earliest instant before `instant` at which `step` is reached, within `limit` of `at`, and from which nothing
    /// spoils or breaks the chain up to `instant`.
    fn earliest_before(
        &self,
        events: Events<'_>,
        step: usize,
        limit: Option<i64>,
        instant: usize,
        at: i64,
        instants: &[Instant],
    ) -> Option<usize> {
        let floor = earliest(at, limit);
        let mut best = None;
        for earlier in (0..instant).rev() {
            if events.at(instants[earlier].first as usize) < floor {
                break;
            }
            if instants[earlier].written >> step & 1 == 1 {
                best = Some(earlier);
            }
            if instants[earlier].spoilt >> step & 1 == 1 || self.order == Order::NothingBetween {
                break;
            }
        }
        best
    }
}
