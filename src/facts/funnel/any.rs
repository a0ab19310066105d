//! Steps in any order: the most different steps within one window, each event once.
//!
//! The sets of events that can serve different steps are the independent sets of a transversal matroid (Edmonds, Fulkerson
//! 1965). Its greedy basis with the latest events first holds, for every moment, as many events after it as can serve
//! different steps: one basis answers for all beginnings of the window. A new event enters it, and where no step is free the
//! oldest event of the circuit that it closes leaves.

use super::{Chain, Entry, Events, Funnel, MOST_STEPS, bits, earliest};

/// Which event serves which step.
#[derive(Debug, Clone, Copy)]
struct Basis {
    served: u64,
    event: [u32; MOST_STEPS],
}

impl Basis {
    fn new() -> Self {
        Self { served: 0, event: [0; MOST_STEPS] }
    }

    /// Lets an event in. Where no step is free for it, the earliest event of the circuit goes if `replace`, the new one stays
    /// outside if not.
    fn enter(&mut self, events: Events<'_>, index: usize, replace: bool) {
        // Steps from which the event's own steps can be freed, each with the step whose event would move to it.
        let mut from = [usize::MAX; MOST_STEPS];
        let mut seen = events.steps(index);
        let mut open = seen;
        let mut oldest: Option<(u32, usize)> = None;
        while open != 0 {
            let free = open & !self.served;
            if free != 0 {
                self.shift(free.trailing_zeros() as usize, index as u32, &from);
                return;
            }
            let step = open.trailing_zeros() as usize;
            open &= open - 1;
            let holder = self.event[step];
            if oldest.is_none_or(|(event, _)| holder < event) {
                oldest = Some((holder, step));
            }
            let next = events.steps(holder as usize) & !seen;
            bits(next).for_each(|step_of_holder| from[step_of_holder] = step);
            seen |= next;
            open |= next;
        }
        if let (true, Some((_, step))) = (replace, oldest) {
            self.shift(step, index as u32, &from);
        }
    }

    /// Gives `step` the event of the step that leads to it, and so on back to the new event.
    fn shift(&mut self, mut step: usize, new: u32, from: &[usize; MOST_STEPS]) {
        self.served |= 1 << step;
        while from[step] != usize::MAX {
            self.event[step] = self.event[from[step]];
            step = from[step];
        }
        self.event[step] = new;
    }

    fn first(&self) -> Option<u32> {
        bits(self.served).map(|step| self.event[step]).min()
    }

    /// Events before `at` leave.
    fn leave_before(&mut self, events: Events<'_>, at: i64) {
        for step in bits(self.served) {
            if events.at(self.event[step] as usize) < at {
                self.served &= !(1 << step);
            }
        }
    }
}

impl Funnel {
    pub(super) fn any(&self, events: Events<'_>, chain: &mut Chain) {
        let mut basis = Basis::new();
        // The first event of the chain's instant, and one past its last event.
        let mut best = 0..0;
        let mut beginning: Option<i64> = None;
        let mut index = 0;
        'journey: while index < events.len() {
            let (first, at) = (index, events.at(index));
            let (end, all) = events.instant(first);
            index = end;
            let floor = earliest(at, self.window_us);
            if self.entry == Entry::First && beginning.is_some_and(|began| began < floor) {
                break;
            }
            let cut = self.spoilt_by(all) != 0;
            for pass in 0..=usize::from(cut) {
                if pass == 1 {
                    if self.entry == Entry::First && beginning.is_some_and(|began| began < at) {
                        break 'journey;
                    }
                    basis = Basis::new();
                }
                basis.leave_before(events, floor);
                for event in first..end {
                    if events.steps(event) == 0 {
                        continue;
                    }
                    beginning.get_or_insert(at);
                    basis.enter(events, event, self.entry == Entry::Latest);
                }
                let level = basis.served.count_ones() as usize;
                if level > chain.level {
                    chain.level = level;
                    best = basis.first().map_or(0, |first| first as usize)..end;
                }
                if chain.level == self.steps {
                    break 'journey;
                }
            }
        }
        if chain.level == 0 {
            return;
        }
        // From the latest possible beginning on the earliest events.
        let mut chosen = Basis::new();
        let start = events.from(events.at(best.start));
        for event in start..best.end {
            if events.steps(event) != 0 {
                chosen.enter(events, event, false);
            }
        }
        for step in bits(chosen.served) {
            chain.events[step] = Some(chosen.event[step]);
        }
    }
}
