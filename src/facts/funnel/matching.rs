//! Which event serves which step where each event may serve one only: a matching of steps with events, grown step by step
//! along augmenting paths (Kuhn 1955, Berge 1957). Few steps and few events: recursion is at most as deep as there are steps.

use super::{Events, MOST_STEPS, bits};

#[derive(Debug)]
pub(super) struct Matching {
    /// Per step the events that meet it, one more than there are steps at most: more cannot matter, because the other steps
    /// cannot take them all.
    candidates: Vec<Vec<u32>>,
    /// Steps that have an event.
    pub(super) matched: u64,
    event: [u32; MOST_STEPS],
    /// An event may serve several steps.
    shared: bool,
}

impl Default for Matching {
    fn default() -> Self {
        Self { candidates: vec![Vec::new(); MOST_STEPS], matched: 0, event: [0; MOST_STEPS], shared: false }
    }
}

impl Matching {
    /// Begins with the events of one instant, those from `first` up to `end`; `shared`: an event may serve several steps.
    pub(super) fn load(&mut self, events: Events<'_>, first: usize, end: usize, shared: bool) {
        self.shared = shared;
        let steps = events.mask.count_ones() as usize;
        self.candidates.iter_mut().for_each(Vec::clear);
        self.matched = 0;
        for index in first..end {
            for step in bits(events.steps(index)) {
                if self.candidates[step].len() <= steps {
                    self.candidates[step].push(index as u32);
                }
            }
        }
    }

    pub(super) fn clear(&mut self) {
        self.matched = 0;
    }

    pub(super) fn candidates(&self, step: usize) -> usize {
        self.candidates[step].len()
    }

    /// Begins anew with one step that keeps its event.
    pub(super) fn begin_with(&mut self, step: usize, candidate: usize) {
        self.matched = 1 << step;
        self.event[step] = self.candidates[step][candidate];
    }

    /// The event of a step that has one.
    pub(super) fn event(&self, step: usize) -> Option<u32> {
        (self.matched >> step & 1 == 1).then(|| self.event[step])
    }

    /// Finds an event for one more step, the events of the others being changed where need be; those of `kept` are not.
    pub(super) fn add(&mut self, step: usize, kept: u64) -> bool {
        let mut visited = kept;
        self.place(step, &mut visited)
    }

    pub(super) fn remove(&mut self, step: usize) {
        self.matched &= !(1 << step);
    }

    fn place(&mut self, step: usize, visited: &mut u64) -> bool {
        *visited |= 1 << step;
        for at in 0..self.candidates[step].len() {
            let event = self.candidates[step][at];
            let taken = if self.shared { 0 } else { self.matched };
            let server = bits(taken).find(|other| self.event[*other] == event);
            let free = match server {
                None => true,
                Some(other) => *visited >> other & 1 == 0 && self.place(other, visited),
            };
            if free {
                self.event[step] = event;
                self.matched |= 1 << step;
                return true;
            }
        }
        false
    }
}
