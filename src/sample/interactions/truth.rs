//! What is true of interactions: counted from the events themselves where they tell, else noted while they are made.

use std::collections::{BTreeMap, BTreeSet};

use super::{DELIVERED_EVENT, EVENTS, Event, LIKE, Layer, PAY_EVENT, SENT, SIGN_IN, VIEW};
use crate::sample::plan::Plan;
use crate::sample::planted::{MESSAGES, POSTS};

/// Days before the end that layers look at, and active days from which on a member is a heavy one.
pub const LAYER_DAYS: i64 = 30;
pub const HEAVY_DAYS: usize = 8;

/// What is true of interactions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InteractionTruth {
    pub rows: u64,
    pub members: u64,
    /// Planted: heavy, regular, left, never came.
    pub planted: [u64; 4],
    /// Events by kind, in the order of `EVENTS`.
    pub kinds: [u64; EVENTS.len()],
    /// Money of the payments, in cents.
    pub paid: i64,
    /// Members with 8 active days or more in the last 30, with 1 to 7, with none there but earlier ones, without any. What a
    /// member did herself makes a day active, not what was sent to her.
    pub layers: [u64; 4],
    /// Messages: members whom each stage was reached by: sent, delivered, opened, clicked, paid.
    pub messages: [[u64; 5]; MESSAGES as usize],
    /// The same by hour of sending.
    pub hours: BTreeMap<u32, [u64; 5]>,
    /// Posts: members who saw it, members who interacted with it, views.
    pub posts: [[u64; 3]; POSTS.len()],
    /// Sign-ins: by pace (heavy; regular), by the day before (without, with), days without and with a sign-in.
    pub transitions: [[[u64; 2]; 2]; 2],
    /// Members by the longest run of days with a sign-in.
    pub longest_streaks: BTreeMap<u64, u64>,
    /// The numbers of the key opinion consumers.
    pub opinion_consumers: Vec<u64>,
}

impl InteractionTruth {
    /// A message to a member, sent at an hour, that reached so many of the five stages.
    pub fn message(&mut self, message: usize, hour: u32, reached: usize) {
        let by_hour = self.hours.entry(hour).or_default();
        for counts in [&mut self.messages[message], by_hour] {
            counts.iter_mut().take(reached).for_each(|count| *count += 1);
        }
    }

    /// A member with all her events, in order of time.
    pub(super) fn member(&mut self, plan: &Plan, number: u64, events: &[Event], layer: Layer, is_koc: bool) {
        self.members += 1;
        self.planted[layer as usize] += 1;
        if is_koc {
            self.opinion_consumers.push(number);
        }
        let end = i64::from(plan.calendar.start) + i64::from(plan.calendar.days);
        let mut active = BTreeSet::new();
        let mut sign_ins = BTreeSet::new();
        let (mut saw, mut interacted) = (BTreeSet::new(), BTreeSet::new());
        for event in events {
            let day = event.at.div_euclid(86_400);
            self.kinds[event.kind as usize] += 1;
            if event.kind != SENT && event.kind != DELIVERED_EVENT {
                active.insert(day);
            }
            if event.kind == SIGN_IN {
                sign_ins.insert(day);
            }
            if event.kind == PAY_EVENT {
                self.paid += event.value;
            }
            let post = (event.content as usize).checked_sub(1 + MESSAGES as usize);
            if let Some(post) = post {
                saw.insert(post);
                self.posts[post][2] += u64::from(event.kind == VIEW);
                if (LIKE..SIGN_IN).contains(&event.kind) {
                    interacted.insert(post);
                }
            }
        }
        saw.iter().for_each(|post| self.posts[*post][0] += 1);
        interacted.iter().for_each(|post| self.posts[*post][1] += 1);
        let lately = active.range(end - LAYER_DAYS..end).count();
        let found = match (lately, active.len()) {
            (HEAVY_DAYS.., _) => 0,
            (1.., _) => 1,
            (0, 1..) => 2,
            (0, 0) => 3,
        };
        self.layers[found] += 1;
        let (mut longest, mut run, mut before) = (0, 0, i64::MIN);
        for day in sign_ins {
            run = if day == before.saturating_add(1) { run + 1 } else { 1 };
            longest = longest.max(run);
            before = day;
        }
        if longest > 0 {
            *self.longest_streaks.entry(longest).or_default() += 1;
        }
    }

    pub fn merge(&mut self, other: Self) {
        let add = |mine: &mut [u64], theirs: &[u64]| mine.iter_mut().zip(theirs).for_each(|(m, t)| *m += t);
        self.rows += other.rows;
        self.members += other.members;
        self.paid += other.paid;
        add(&mut self.planted, &other.planted);
        add(&mut self.kinds, &other.kinds);
        add(&mut self.layers, &other.layers);
        add(self.messages.as_flattened_mut(), other.messages.as_flattened());
        add(self.posts.as_flattened_mut(), other.posts.as_flattened());
        let transitions = other.transitions.as_flattened().as_flattened();
        add(self.transitions.as_flattened_mut().as_flattened_mut(), transitions);
        for (hour, theirs) in other.hours {
            add(self.hours.entry(hour).or_default(), &theirs);
        }
        for (streak, members) in other.longest_streaks {
            *self.longest_streaks.entry(streak).or_default() += members;
        }
        self.opinion_consumers.extend(other.opinion_consumers);
    }
}
