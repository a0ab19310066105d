//! The walk over a journey's instants for all ordered modes: from how late an entry, and when last, each step was reached.

use std::ops::ControlFlow;

use super::matching::Matching;
use super::{Events, Found, Funnel, MOST_STEPS, Order, Strictness, bits, earliest, low};

/// Which instants a chain may begin at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entries {
    All,
    At(i64),
}

/// Where a walk ends: at the instant `at_us` only steps below `below` are taken, later nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stop {
    pub(super) at_us: i64,
    pub(super) below: usize,
    /// And of the events that could serve the last of these steps only the first few.
    pub(super) candidates: usize,
}

impl Stop {
    pub(super) const NEVER: Self = Self { at_us: i64::MAX, below: MOST_STEPS, candidates: usize::MAX };
}

/// What a walk tells, instant by instant: what was spoilt, what was broken, what was written, the end of the instant.
#[derive(Debug, Clone, Copy)]
pub(super) enum Happening {
    /// A step was reached: the chain with the latest entry that ends here.
    Written(Found),
    /// An exclusion spoils all earlier chains that end with this step and are within their window.
    Spoilt { step: usize, at_us: i64 },
    /// Earlier chains that end with this step can go no further.
    Broken { step: usize },
    /// The events from `first` on, of one instant, are done; bits of the steps written, and of those spoilt.
    Instant { first: usize, written: u64, spoilt: u64 },
}

/// A chain that ends with a step: its entry, and the moment of that step.
#[derive(Debug, Clone, Copy)]
struct State {
    entry_us: i64,
    at_us: i64,
}

#[derive(Debug)]
pub(super) struct Memory {
    pub(super) matching: Matching,
    /// Per step the chains that end with it of which none is better than another: moments rise, entries fall. One, unless
    /// there are optional steps.
    states: Vec<Vec<State>>,
    fresh: [i64; MOST_STEPS],
}

impl Default for Memory {
    fn default() -> Self {
        Self { matching: Matching::default(), states: vec![Vec::new(); MOST_STEPS], fresh: [0; MOST_STEPS] }
    }
}

impl Memory {
    fn push(&mut self, step: usize, state: State) {
        let states = &mut self.states[step];
        while states.last().is_some_and(|last| last.entry_us <= state.entry_us) {
            states.pop();
        }
        states.push(state);
    }

    /// The latest entry of a chain whose last step is not before `since`.
    fn latest(&self, step: usize, since: i64) -> Option<i64> {
        let states = &self.states[step];
        match states.as_slice() {
            [] => None,
            [only] => (only.at_us >= since).then_some(only.entry_us),
            _ => states.get(states.partition_point(|state| state.at_us < since)).map(|state| state.entry_us),
        }
    }

    fn forget_before(&mut self, step: usize, at: i64) {
        self.states[step].retain(|state| state.at_us >= at);
    }
}

/// What several steps at one instant mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Together {
    /// Any number of steps, in their order.
    Free,
    /// A step must be later than the last event of the step before it (ClickHouse's strict_increase).
    AfterLatest,
    /// One step of a chain at most.
    Apart,
    /// Any number of steps, each by an event of its own.
    Matched,
}

/// How to walk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk<'a> {
    pub(super) funnel: &'a Funnel,
    pub(super) entries: Entries,
    /// Exclusions spoil chains.
    pub(super) exclusions: bool,
    /// Events that are out of order, or repeated, end the walk where the options say so.
    pub(super) ends: bool,
    /// strict_increase is taken as what it means, not as ClickHouse does it.
    pub(super) exact: bool,
    /// The first event.
    pub(super) start: usize,
    pub(super) stop: Stop,
}

/// An instant as it is looked at.
#[derive(Debug, Clone, Copy)]
struct Now {
    at: i64,
    /// Steps of its events.
    marks: u64,
    together: Together,
    /// Moments before this one are outside the window.
    floor: i64,
}

impl Walk<'_> {
    fn strictness(&self) -> Strictness {
        match self.funnel.order {
            Order::Ordered(strictness) => strictness,
            Order::Any | Order::NothingBetween => Strictness { once: true, ..Strictness::default() },
        }
    }

    fn together(&self) -> Together {
        match self.strictness() {
            Strictness { increase: true, once: false, .. } if !self.exact => Together::AfterLatest,
            Strictness { increase: true, .. } => Together::Apart,
            Strictness { once: true, .. } => Together::Matched,
            _ => Together::Free,
        }
    }

    /// Walks; says where it ended.
    pub(super) fn walk(
        &self,
        events: Events<'_>,
        memory: &mut Memory,
        mut tell: impl FnMut(Happening) -> ControlFlow<()>,
    ) -> Stop {
        let funnel = self.funnel;
        let strict = self.strictness();
        let general = self.together();
        memory.states.iter_mut().for_each(Vec::clear);
        let mut reached = 0u64;
        let mut index = self.start;
        while index < events.len() && events.at(index) <= self.stop.at_us {
            let (first, at) = (index, events.at(index));
            let (end, all) = events.instant(first);
            index = end;
            if self.ends && strict.order && reached != 0 && (first..end).any(|event| events.steps(event) == 0)
            {
                return Stop { at_us: at, below: 0, ..Stop::NEVER };
            }
            let allowed = if at == self.stop.at_us { low(self.stop.below) } else { u64::MAX };
            let marks = all as u64 & events.mask & allowed;
            let together = match general {
                Together::Matched if end - first == 1 => Together::Apart,
                other => other,
            };
            if together == Together::Matched && marks != 0 {
                memory.matching.load(events, first, end, false);
            }
            let now = Now { at, marks, together, floor: earliest(at, funnel.window_us) };
            let mut stop = None;
            let mut written = 0u64;
            for step in bits(marks) {
                if self.ends && step > 0 {
                    if strict.order && reached != 0 && reached & funnel.predecessors(step) == 0 {
                        if strict.allow_reentry {
                            continue;
                        }
                        stop = Some(Stop { at_us: at, below: step, ..Stop::NEVER });
                        break;
                    }
                    if strict.deduplication && reached >> step & 1 == 1 {
                        stop = Some(Stop { at_us: at, below: step, ..Stop::NEVER });
                        break;
                    }
                }
                let (entry, repeated_after) = self.entry(step, now, events, first..end, memory);
                if let Some(entry_us) = entry {
                    reached |= 1 << step;
                    written |= 1 << step;
                    memory.fresh[step] = entry_us;
                    if matches!(together, Together::Free | Together::AfterLatest) {
                        memory.push(step, State { entry_us, at_us: at });
                    }
                    if let (true, Some(candidates)) = (self.ends, repeated_after) {
                        stop = Some(Stop { at_us: at, below: step + 1, candidates });
                        break;
                    }
                }
            }
            let spoilt = if self.exclusions { funnel.spoilt_by(all) } else { 0 };
            if self.settle(now, written, spoilt, memory, &mut tell).is_break() {
                return self.stop;
            }
            if tell(Happening::Instant { first, written, spoilt }).is_break() {
                return self.stop;
            }
            if let Some(stop) = stop {
                return stop;
            }
        }
        self.stop
    }

    /// The end of an instant: what is spoilt and broken goes, what was written comes.
    fn settle(
        &self,
        now: Now,
        written: u64,
        spoilt: u64,
        memory: &mut Memory,
        tell: &mut impl FnMut(Happening) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        for step in bits(spoilt) {
            memory.forget_before(step, now.at);
            tell(Happening::Spoilt { step, at_us: now.at })?;
        }
        if self.funnel.order == Order::NothingBetween {
            for step in 0..self.funnel.steps {
                if !memory.states[step].is_empty() {
                    memory.states[step].clear();
                    tell(Happening::Broken { step })?;
                }
            }
        }
        for step in bits(written) {
            let entry_us = memory.fresh[step];
            if matches!(now.together, Together::Apart | Together::Matched) {
                memory.push(step, State { entry_us, at_us: now.at });
            }
            tell(Happening::Written(Found { step, entry_us, at_us: now.at }))?;
        }
        ControlFlow::Continue(())
    }

    /// The latest entry of a chain that reaches `step` now; and, where repetitions end the walk and another event of this
    /// instant repeats the step, after how many events of the step that is.
    fn entry(
        &self,
        step: usize,
        now: Now,
        events: Events<'_>,
        instant: std::ops::Range<usize>,
        memory: &mut Memory,
    ) -> (Option<i64>, Option<usize>) {
        let deduplication = self.strictness().deduplication;
        if step == 0 {
            let entry = matches!(self.entries, Entries::All) || self.entries == Entries::At(now.at);
            return (entry.then_some(now.at), None);
        }
        if now.together != Together::Matched {
            let repeated =
                || instant.clone().filter(|event| events.steps(*event) >> step & 1 == 1).count() > 1;
            return (
                self.from_before(step, now, memory),
                (deduplication && repeated()).then_some(usize::MAX),
            );
        }
        if !deduplication {
            memory.matching.clear();
            memory.matching.add(step, 0);
            return (self.with_others(step, 0, now, memory), None);
        }
        let candidates = memory.matching.candidates(step);
        let last_taken = now.at == self.stop.at_us && step + 1 == self.stop.below;
        let taken = if last_taken { self.stop.candidates } else { usize::MAX };
        for candidate in 0..candidates.min(taken) {
            memory.matching.begin_with(step, candidate);
            let entry = self.with_others(step, 1 << step, now, memory);
            if entry.is_some() {
                return (entry, (candidate + 1 < candidates).then_some(candidate + 1));
            }
        }
        (None, None)
    }

    /// From a chain that ends with one of the steps that may come before.
    fn from_before(&self, step: usize, now: Now, memory: &Memory) -> Option<i64> {
        let since = earliest(now.at, self.funnel.step_window(step));
        let before = bits(self.funnel.predecessors(step)).filter(|before| {
            now.together != Together::AfterLatest
                || memory.states[*before].last().is_none_or(|last| last.at_us < now.at)
        });
        before.filter_map(|before| memory.latest(before, since)).max().filter(|entry| *entry >= now.floor)
    }

    /// From a chain that ends before this instant, the steps between being done at this instant too. The matching holds
    /// `step`; steps of `kept` keep their events.
    fn with_others(&self, step: usize, kept: u64, now: Now, memory: &mut Memory) -> Option<i64> {
        let mut best: Option<i64> = None;
        let mut first = step;
        for before in (0..step).rev() {
            let (limit, _) = self.funnel.reach_back(before, first, kept, now.marks, &mut memory.matching);
            best =
                best.max(memory.latest(before, earliest(now.at, limit)).filter(|entry| *entry >= now.floor));
            if self.funnel.optional >> before & 1 == 1 {
                continue;
            }
            if now.marks >> before & 1 == 0 || !memory.matching.add(before, kept) {
                break;
            }
            first = before;
        }
        let enters = matches!(self.entries, Entries::All) || self.entries == Entries::At(now.at);
        if memory.matching.matched & 1 == 1 && enters { Some(now.at) } else { best }
    }
}

impl Funnel {
    /// The steps that may come right before a step: those back to the nearest that is not optional.
    pub(super) fn predecessors(&self, step: usize) -> u64 {
        let before = low(step);
        let nearest = (before & !self.optional).checked_ilog2().unwrap_or_default() as usize;
        before & !low(nearest)
    }

    pub(super) fn step_window(&self, step: usize) -> Option<i64> {
        self.step_windows_us.get(step).copied().flatten()
    }

    /// The steps after which an event with these marks spoils a chain.
    pub(super) fn spoilt_by(&self, marks: u128) -> u64 {
        bits((marks >> MOST_STEPS) as u64)
            .filter_map(|index| self.exclusions.get(index))
            .fold(0, |steps, exclusion| steps | (low(exclusion.before) & !low(exclusion.after)))
    }

    /// How far back step `before` may lie when `first` is the first step of the chain at this instant: the step window of
    /// `first`, or of an optional step between that can be done at this instant as well (then given too).
    pub(super) fn reach_back(
        &self,
        before: usize,
        first: usize,
        kept: u64,
        marks: u64,
        matching: &mut Matching,
    ) -> (Option<i64>, Option<usize>) {
        let mut limit = self.step_window(first);
        let mut by = None;
        for step in bits(marks & low(first) & !low(before + 1)) {
            let wider = limit.is_some_and(|limit| self.step_window(step).is_none_or(|other| other > limit));
            if wider && matching.add(step, kept) {
                matching.remove(step);
                limit = self.step_window(step);
                by = Some(step);
            }
        }
        (limit, by)
    }
}
