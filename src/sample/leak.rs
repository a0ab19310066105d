//! A funnel that broke: visitors come evenly over complete weeks, and from one week on one channel's rate from click to
//! register is a part of what it was.

use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate};

use super::columns::{Column, NONE};
use super::draws::{Draws, Purpose};
use super::ids::visitor_id;
use super::journeys::soon;
use super::plan::{BLOCK, Plan};
use super::planted::{
    CLICK, LEAK_CHANNEL, LEAK_CHANNELS, LEAK_FACTOR, LEAK_FROM, LEAK_VISITORS, LEAK_WEEKS, PAY, REGISTER,
};
use super::tables::{Texts, tables};

/// The steps; the code is the place in the list.
const STEPS: [&str; 5] = ["", "exposure", "click", "register", "pay"];

static KINDS: LazyLock<Texts> = LazyLock::new(|| STEPS.map(str::to_owned).into());

/// What is true of the leak.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeakTruth {
    pub rows: u64,
    /// Visitors by channel, before (0) and since (1) the week of the leak, and steps taken (1 to 4, at 0 to 3).
    pub steps: [[[u64; 4]; 2]; 3],
}

impl LeakTruth {
    pub fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        let theirs = other.steps.iter().flatten().flatten();
        for (mine, theirs) in self.steps.iter_mut().flatten().flatten().zip(theirs) {
            *mine += theirs;
        }
    }

    /// Visitors who took each step at least.
    pub fn reached(&self, channels: &[usize], since: usize) -> [u64; 4] {
        let mut reached = [0; 4];
        for channel in channels {
            for (steps, visitors) in self.steps[*channel][since].iter().enumerate() {
                reached[..=steps].iter_mut().for_each(|count| *count += visitors);
            }
        }
        reached
    }
}

/// The complete weeks, Monday to Sunday, on the models' clock: first day, first day of the leak, day after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weeks {
    pub from: u32,
    pub broken: u32,
    pub until: u32,
}

impl Weeks {
    pub fn new(plan: &Plan) -> Self {
        // 1970-01-01 was a Thursday: 3 days after Monday.
        let after_monday = |day: u32| (plan.calendar.start + day as i32 + 3).rem_euclid(7) as u32;
        let until = plan.calendar.days - after_monday(plan.calendar.days);
        let weeks = (until / 7).min(LEAK_WEEKS);
        let from = until - weeks * 7;
        let before = (f64::from(weeks) * LEAK_FROM) as u32;
        Self { from, broken: from + before * 7, until }
    }

    /// "2025-W27" and the date of its Monday, of a day of the models' clock.
    pub fn label(plan: &Plan, day: u32) -> (String, String) {
        let date =
            NaiveDate::default() + chrono::TimeDelta::days(i64::from(plan.calendar.start) + i64::from(day));
        let week = date.iso_week();
        (format!("{}-W{:02}", week.year(), week.week()), date.to_string())
    }
}

/// The rates from step to step in a channel.
pub fn rates(channel: usize, broken: bool) -> [f64; 3] {
    let factor = if broken && channel == LEAK_CHANNEL { LEAK_FACTOR } else { 1.0 };
    [CLICK[channel], REGISTER[channel] * factor, PAY[channel]]
}

/// The visitors of a block, with what is true of them.
pub fn block(plan: &Plan, block: u64) -> (LeakTruth, Vec<Column>) {
    let first = block * BLOCK;
    let size = BLOCK.min(plan.customers - first);
    let weeks = Weeks::new(plan);
    let mut truth = LeakTruth::default();
    let (mut ids, mut kinds, mut moments) = (Vec::new(), Vec::new(), Vec::new());
    let (mut channels, mut values) = (Vec::new(), Vec::new());
    for number in first + 1..=first + size {
        let mut draws = Draws::new(plan.seed, Purpose::Leak, number);
        for visitor in 0..LEAK_VISITORS {
            let exposure = draws.between(f64::from(weeks.from), f64::from(weeks.until));
            let broken = exposure >= f64::from(weeks.broken);
            let channel = draws.weighted(&LEAK_CHANNELS);
            let rates = rates(channel, broken);
            let steps = 1 + rates.into_iter().take_while(|rate| draws.chance(*rate)).count();
            let click = soon(&mut draws, exposure, 60.0);
            let register = soon(&mut draws, click, 300.0);
            let pay = register + (0.002 + draws.exponential(1.0 / 0.7)).min(5.0);
            for (step, moment) in [exposure, click, register, pay].into_iter().take(steps).enumerate() {
                ids.push(visitor_id(number, visitor));
                kinds.push(step as u16 + 1);
                moments.push(plan.calendar.second(moment));
                channels.push(channel as u16 + 1);
                values.push(if step == 3 { 3_000 + draws.below(17_000) as i64 } else { NONE });
            }
            truth.steps[channel][usize::from(broken)][steps - 1] += 1;
        }
    }
    truth.rows = kinds.len() as u64;
    let columns = vec![
        Column::id("customer_id", ids),
        Column::code("event", kinds, KINDS.clone()),
        Column::seconds("at", moments),
        Column::code("channel", channels, tables().channels.clone()),
        Column::cents("value", values),
    ];
    (truth, columns)
}
