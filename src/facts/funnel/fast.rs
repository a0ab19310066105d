//! Steps in order and a window, nothing else: the mode that most funnels are counted in.

use super::{Chain, Entry, Events, Funnel, MOST_STEPS, bits, earliest};

const NEVER: i64 = i64::MIN;

impl Funnel {
    /// Follows a journey where exclusions play no part; `false`: it has one, and nothing was written.
    pub(super) fn fast(&self, events: Events<'_>, chain: &mut Chain) -> bool {
        // Per step the latest entry from which it was reached.
        let mut entries = [NEVER; MOST_STEPS];
        let (mut level, mut entry) = (0, NEVER);
        let once = self.entry == Entry::First;
        let exclusions = !self.exclusions.is_empty();
        let mut index = 0;
        while index < events.len() {
            let at = events.at(index);
            let (end, marks) = events.instant(index);
            index = end;
            if exclusions && marks >> MOST_STEPS != 0 {
                return false;
            }
            if level == self.steps {
                if !exclusions {
                    break;
                }
                continue;
            }
            let marks = marks as u64 & events.mask;
            if marks == 0 {
                continue;
            }
            let floor = earliest(at, self.window_us);
            for step in bits(marks) {
                if step == 0 {
                    if !once || level == 0 {
                        entries[0] = at;
                        if level == 0 {
                            (level, entry) = (1, at);
                        }
                    }
                } else if entries[step - 1] >= floor {
                    entries[step] = entries[step - 1];
                    if step == level {
                        (level, entry) = (step + 1, entries[step]);
                    }
                }
            }
        }
        chain.level = level;
        self.earliest_from(events, entry, chain);
        true
    }

    /// The events of the chain: from its entry on, each step as early as possible.
    fn earliest_from(&self, events: Events<'_>, entry: i64, chain: &mut Chain) {
        let mut step = 0;
        let mut index = if chain.level == 0 { events.len() } else { events.from(entry) };
        while index < events.len() && step < chain.level {
            let (end, marks) = events.instant(index);
            while step < chain.level && marks as u64 >> step & 1 == 1 {
                chain.events[step] = events.first_of(index, step);
                step += 1;
            }
            index = end;
        }
    }
}
