//! From journeys to entrants: who entered, how far each came, when.

use crate::error::Result;
use crate::facts::IdColumn;
use crate::facts::funnel::{Chain, Order, Scratch};
use crate::facts::journeys::{Journey, JourneyEvent, Journeys};

use super::{ByAt, FunnelSettings};

/// The units that entered the funnel, in byte order of their ids; all columns side by side.
#[derive(Debug, Clone, Default)]
pub struct Entrants {
    /// Steps of the funnel.
    pub steps: usize,
    /// Empty where ids were not asked for; the other columns are in no order then.
    pub units: IdColumn,
    /// The number of the farthest step, 1 to `steps`.
    pub level: Vec<u8>,
    /// Moments of the steps of the farthest chain, microseconds: `steps` for each unit; `NEVER` where it has none.
    pub at_us: Vec<i64>,
    /// It did not get through, and its window was not over at as_of.
    pub open: Vec<bool>,
    /// Its window was over at as_of, whether it got through or not.
    pub closed: Vec<bool>,
    /// Per attribute read (settings.attributes) and unit: 1 + code into `Journeys::values`, 0 for none; at the event that
    /// `--by-at` says (the entry by default).
    pub attributes: Vec<Vec<u32>>,
    /// Money of the event of the last step; `None` where there is none.
    pub value_e4: Vec<Option<i64>>,
    /// Units that were left out because of an exclusion.
    pub excluded: u64,
}

/// No moment.
pub const NEVER: i64 = i64::MIN;

impl Entrants {
    pub fn len(&self) -> usize {
        self.level.len()
    }

    pub fn is_empty(&self) -> bool {
        self.level.is_empty()
    }

    /// The moment of a step (from 0) of a unit's chain.
    pub fn moment(&self, unit: usize, step: usize) -> Option<i64> {
        Some(self.at_us[unit * self.steps + step]).filter(|at| *at != NEVER)
    }

    /// The moments of a unit's chain, by step; `NEVER` where it has none.
    pub fn moments(&self, unit: usize) -> &[i64] {
        &self.at_us[unit * self.steps..(unit + 1) * self.steps]
    }

    /// When it entered: the moment of the first step (with `any-order`, of the first event of the chain).
    pub fn entered_us(&self, unit: usize) -> i64 {
        self.moments(unit).iter().copied().filter(|at| *at != NEVER).min().unwrap_or(NEVER)
    }

    fn append(&mut self, other: Self) {
        for unit in other.units.iter() {
            self.units.push(unit);
        }
        self.level.extend(other.level);
        self.at_us.extend(other.at_us);
        self.open.extend(other.open);
        self.closed.extend(other.closed);
        for (codes, more) in self.attributes.iter_mut().zip(other.attributes) {
            codes.extend(more);
        }
        self.value_e4.extend(other.value_e4);
        self.excluded += other.excluded;
    }

    fn in_order_of_ids(self) -> Self {
        fn picked<T: Copy>(values: &[T], order: &[u32]) -> Vec<T> {
            order.iter().map(|place| values[*place as usize]).collect()
        }
        let order = self.units.sorted_order();
        let mut units = IdColumn::with_capacity(order.len(), self.units.text_len());
        let mut at_us = Vec::with_capacity(self.at_us.len());
        for place in &order {
            units.push(self.units.get(*place as usize));
            at_us.extend(self.moments(*place as usize));
        }
        Self {
            steps: self.steps,
            units,
            at_us,
            level: picked(&self.level, &order),
            open: picked(&self.open, &order),
            closed: picked(&self.closed, &order),
            attributes: self.attributes.iter().map(|codes| picked(codes, &order)).collect(),
            value_e4: picked(&self.value_e4, &order),
            excluded: self.excluded,
        }
    }
}

/// What a pass over journeys is to do.
#[derive(Debug, Clone, Copy)]
pub struct Pass<'a> {
    pub settings: &'a FunnelSettings,
    pub journeys: &'a Journeys,
    /// Only events from here to there, both inclusive, are looked at; there the observed time ends.
    pub from_us: i64,
    pub to_us: i64,
    /// Whether ids are kept, and entrants are in their order. Sorting a million ids costs more than following their journeys.
    pub ids: bool,
    pub threads: usize,
}

/// A unit that entered, as a pass meets it.
#[derive(Debug, Clone, Copy)]
pub struct Entrant<'a> {
    pub journey: &'a Journey<'a>,
    /// Those of the journey that the pass looks at.
    pub events: &'a [JourneyEvent],
    pub level: usize,
    /// Moments by step, `NEVER` where the chain does not have it.
    pub moments: &'a [i64],
    pub entered_us: i64,
    /// Moment of the last event of the chain.
    pub reached_us: i64,
}

impl Pass<'_> {
    /// Follows every journey.
    pub fn count(&self) -> Result<Entrants> {
        Ok(self.count_and(|| (), |(), _| Ok(()))?.0)
    }

    /// The same; `each` is told of every entrant, and its states are given back in no order.
    pub fn count_and<S: Send>(
        &self,
        new: impl Fn() -> S + Sync,
        each: impl Fn(&mut S, Entrant<'_>) -> Result<()> + Sync,
    ) -> Result<(Entrants, Vec<S>)> {
        let settings = self.settings;
        let steps = settings.funnel.steps;
        let longest_us = settings.longest_us();
        let empty = || Entrants {
            steps,
            attributes: vec![Vec::new(); settings.attributes.len()],
            ..Entrants::default()
        };
        let state = || State {
            entrants: empty(),
            scratch: Scratch::default(),
            chain: Chain::default(),
            moments: vec![NEVER; steps],
            other: new(),
        };
        let states = self.journeys.visit(self.threads, state, |state, journey| {
            let found = self.follow(state, &journey, longest_us);
            match found {
                Some(events) => each(&mut state.other, state.entrants.last(&journey, events, &state.moments)),
                None => Ok(()),
            }
        })?;
        let mut all = empty();
        let mut others = Vec::with_capacity(states.len());
        for state in states {
            all.append(state.entrants);
            others.push(state.other);
        }
        Ok((if self.ids { all.in_order_of_ids() } else { all }, others))
    }

    /// Puts a journey to the entrants, if it is one: the events that were looked at.
    fn follow<'j, S>(
        &self,
        state: &mut State<S>,
        journey: &Journey<'j>,
        longest_us: Option<i64>,
    ) -> Option<&'j [JourneyEvent]> {
        let settings = self.settings;
        let start = journey.events.partition_point(|event| event.at_us < self.from_us);
        let end = journey.events.partition_point(|event| event.at_us <= self.to_us);
        let events = journey.events.get(start..end).filter(|events| !events.is_empty())?;
        let chain = &mut state.chain;
        settings.funnel.follow(events, &self.journeys.signatures, &mut state.scratch, chain);
        state.entrants.excluded += u64::from(chain.excluded);
        if chain.level == 0 {
            return None;
        }
        let event_of = |step: usize| chain.events.get(step).copied().flatten().map(|at| &events[at as usize]);
        for (step, moment) in state.moments.iter_mut().enumerate() {
            *moment = event_of(step).map_or(NEVER, |event| event.at_us);
        }
        let there = || (0..settings.funnel.steps).filter_map(event_of);
        let entry = there().min_by_key(|event| event.at_us)?;
        let entrants = &mut state.entrants;
        if self.ids {
            entrants.units.push(journey.unit);
        }
        entrants.level.push(u8::try_from(chain.level).unwrap_or(u8::MAX));
        entrants.at_us.extend(&state.moments);
        let closed = longest_us.is_some_and(|longest| entry.at_us.saturating_add(longest) <= self.to_us);
        entrants.closed.push(closed);
        entrants.open.push(!closed && chain.level < settings.funnel.steps);
        let valued = match (settings.by_at, settings.funnel.order) {
            (ByAt::Entry, _) => Some(entry),
            (ByAt::Step(step), _) => event_of(step),
            // The latest; of several at one instant that of the later step.
            (ByAt::Last, _) => there().max_by_key(|event| event.at_us),
        };
        for (attribute, codes) in entrants.attributes.iter_mut().enumerate() {
            codes.push(valued.and_then(|event| journey.code(event, attribute)).map_or(0, |code| code + 1));
        }
        let last = match settings.funnel.order {
            Order::Any => {
                there().max_by_key(|event| event.at_us).filter(|_| chain.level == settings.funnel.steps)
            }
            _ => event_of(settings.funnel.steps - 1),
        };
        entrants.value_e4.push(last.and_then(|event| journey.value_e4(event)));
        Some(events)
    }
}

struct State<S> {
    entrants: Entrants,
    scratch: Scratch,
    chain: Chain,
    moments: Vec<i64>,
    other: S,
}

impl Entrants {
    /// The entrant that was put here last.
    fn last<'a>(
        &self,
        journey: &'a Journey<'a>,
        events: &'a [JourneyEvent],
        moments: &'a [i64],
    ) -> Entrant<'a> {
        let there = || moments.iter().copied().filter(|at| *at != NEVER);
        Entrant {
            journey,
            events,
            level: self.level.last().map_or(0, |level| usize::from(*level)),
            moments,
            entered_us: there().min().unwrap_or(NEVER),
            reached_us: there().max().unwrap_or(NEVER),
        }
    }
}

/// Follows every journey; only events from `from_us` to `to_us`, both inclusive, are looked at. With ids.
pub fn count(
    settings: &FunnelSettings,
    journeys: &Journeys,
    from_us: i64,
    to_us: i64,
    threads: usize,
) -> Result<Entrants> {
    Pass { settings, journeys, from_us, to_us, ids: true, threads }.count()
}
