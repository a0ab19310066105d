//! Steps in order and a window, nothing else: the mode that most funnels are counted in.

use super::{Chain, Entry, Events, Funnel, MOST_STEPS, bits, earliest};

const NEVER: i64 = i64::MIN;

/// Per step the latest entry from which it was reached, and the first event of that instant; one place further than the
/// step, because the place before the first step has the present event: an entry is a step after it.
struct Entries {
    at: [i64; MOST_STEPS + 1],
    index: [u32; MOST_STEPS + 1],
    /// Steps of the farthest chain.
    level: usize,
    /// The first event of its entry.
    entry: u32,
}

impl Entries {
    /// Written without branches where it can be: what happens to a step is as good as random.
    #[inline]
    fn take(&mut self, step: usize, floor: i64) {
        let (at, index) = (self.at[step], self.index[step]);
        let reached = at >= floor;
        self.at[step + 1] = if reached { at } else { self.at[step + 1] };
        self.index[step + 1] = if reached { index } else { self.index[step + 1] };
        if reached & (step == self.level) {
            self.level += 1;
            self.entry = index;
        }
    }
}

impl Funnel {
    /// Follows a journey where exclusions play no part; `false`: it has one, and nothing was written.
    pub(super) fn fast(&self, events: Events<'_>, chain: &mut Chain) -> bool {
        let exclusions = !self.exclusions.is_empty();
        if exclusions && (0..events.len()).any(|index| self.spoilt_by(events.marks(index)) != 0) {
            return false;
        }
        let once = self.entry == Entry::First;
        let mut entries =
            Entries { at: [NEVER; MOST_STEPS + 1], index: [0; MOST_STEPS + 1], level: 0, entry: 0 };
        let mut index = 0;
        while index < events.len() && entries.level < self.steps {
            let first = index;
            let at = events.at(first);
            index += 1;
            let mut marks = events.steps(first);
            while index < events.len() && events.at(index) == at {
                marks |= events.steps(index);
                index += 1;
            }
            let floor = earliest(at, self.window_us);
            entries.at[0] = if once && entries.level > 0 { NEVER } else { at };
            entries.index[0] = first as u32;
            bits(marks).for_each(|step| entries.take(step, floor));
        }
        chain.level = entries.level;
        self.earliest_from(events, entries.entry as usize, chain);
        true
    }

    /// The events of the chain: from its entry on, each step as early as possible.
    fn earliest_from(&self, events: Events<'_>, entry: usize, chain: &mut Chain) {
        let (mut step, mut index) = (0, entry);
        while step < chain.level && index < events.len() {
            if events.steps(index) >> step & 1 == 1 {
                chain.events[step] = Some(index as u32);
                step += 1;
                // The next step may be done by an event of this instant that stands before.
                while index > entry && events.at(index - 1) == events.at(index) {
                    index -= 1;
                }
            } else {
                index += 1;
            }
        }
    }
}
