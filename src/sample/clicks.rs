//! Clicks: many independent events, to measure `siyu funnel` with, and to hold it to a count of our own.

use std::sync::LazyLock;

use super::columns::{Column, NONE};
use super::draws::{Draws, Purpose};
use super::ids::customer_id;
use super::plan::{BLOCK, Plan};
use super::planted::{CLICKS_DAYS, CLICKS_KINDS, CLICKS_MEAN};
use super::tables::{Texts, tables};

/// Seven days in seconds, the window of the written funnel.
const WINDOW: i64 = 7 * 86_400;
/// Code of `pay`, the only kind that has a value.
const PAY: u16 = 4;

static KINDS: LazyLock<Texts> = LazyLock::new(|| {
    std::iter::once("").chain(CLICKS_KINDS.iter().map(|kind| kind.0)).map(str::to_owned).collect()
});

/// What is true of clicks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClickTruth {
    pub rows: u64,
    pub customers: u64,
    /// Events by kind, in the order of `CLICKS_KINDS`.
    pub kinds: [u64; 8],
    /// Customers who reach each step of exposure,click,register,pay within seven days of their best exposure.
    pub reached: [u64; 4],
}

impl ClickTruth {
    pub fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.customers += other.customers;
        for (mine, theirs) in self.kinds.iter_mut().zip(other.kinds) {
            *mine += theirs;
        }
        for (mine, theirs) in self.reached.iter_mut().zip(other.reached) {
            *mine += theirs;
        }
    }
}

/// Days that the clicks cover, from the first of the window.
pub fn days(plan: &Plan) -> u32 {
    CLICKS_DAYS.min(plan.calendar.days)
}

/// The clicks of a block, with what is true of them. Rows are in order of customer and time.
pub fn block(plan: &Plan, block: u64) -> (ClickTruth, Vec<Column>) {
    let first = block * BLOCK;
    let size = BLOCK.min(plan.customers - first);
    let room = (size as f64 * CLICKS_MEAN * 1.05) as usize;
    let mut ids = Vec::with_capacity(room);
    let mut kinds = Vec::with_capacity(room);
    let mut moments = Vec::with_capacity(room);
    let mut channels = Vec::with_capacity(room);
    let mut values = Vec::with_capacity(room);
    let weights = CLICKS_KINDS.map(|kind| kind.1);
    let seconds = u64::from(days(plan)) * 86_400;
    let midnight = i64::from(plan.calendar.start) * 86_400;
    let mut truth = ClickTruth { customers: size, ..ClickTruth::default() };
    let mut journey: Vec<(i64, u16, u16, i64)> = Vec::new();
    for number in first + 1..=first + size {
        let mut draws = Draws::new(plan.seed, Purpose::Clicks, number);
        // The whole part of an exponential: its mean is half an event below that of the exponential.
        let events = 1 + draws.exponential(1.0 / (CLICKS_MEAN - 0.5)) as u64;
        journey.clear();
        for _ in 0..events {
            let at = midnight + draws.below(seconds) as i64;
            let kind = 1 + draws.weighted(&weights) as u16;
            let channel = 1 + draws.below(3) as u16;
            let value = if kind == PAY { 500 + draws.below(30_000) as i64 } else { NONE };
            journey.push((at, kind, channel, value));
        }
        journey.sort_unstable();
        truth.reached[..level(&journey)].iter_mut().for_each(|count| *count += 1);
        for (at, kind, channel, value) in &journey {
            truth.kinds[*kind as usize - 1] += 1;
            ids.push(customer_id(number));
            kinds.push(*kind);
            moments.push(*at);
            channels.push(*channel);
            values.push(*value);
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

/// How many of the four steps a customer reaches: from every exposure on, each next step is taken at the first event of
/// its kind that is not before the step before it, as long as that is within the window from the exposure; the exposure
/// that gets farthest counts. Where two steps fall on one second they count as being in order.
///
/// This looks for the best chain in the plainest way, so that it shares nothing with what it is compared to.
fn level(journey: &[(i64, u16, u16, i64)]) -> usize {
    let farthest = |entry: i64| {
        let mut at = entry;
        let mut level = 1;
        for kind in 2..=PAY {
            match journey.iter().find(|event| event.1 == kind && event.0 >= at) {
                Some(next) if next.0 <= entry + WINDOW => at = next.0,
                _ => break,
            }
            level += 1;
        }
        level
    };
    journey.iter().filter(|event| event.1 == 1).map(|event| farthest(event.0)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_exposure_counts_and_the_window_is_inclusive() {
        let reached = |events: &[(i64, u16)]| {
            let mut journey: Vec<_> = events.iter().map(|(at, kind)| (*at, *kind, 1, NONE)).collect();
            journey.sort_unstable();
            level(&journey)
        };
        assert_eq!(reached(&[]), 0);
        assert_eq!(reached(&[(5, 2), (6, 3), (7, 4)]), 0);
        assert_eq!(reached(&[(0, 1), (WINDOW, 2)]), 2);
        assert_eq!(reached(&[(0, 1), (WINDOW + 1, 2)]), 1);
        assert_eq!(
            reached(&[(0, 1), (9, 1), (10, 2), (WINDOW, 3), (WINDOW + 9, 4)]),
            4,
            "from the later one"
        );
        assert_eq!(reached(&[(3, 4), (3, 3), (3, 2), (3, 1)]), 4, "one second");
        assert_eq!(
            reached(&[(0, 1), (1, 2), (WINDOW, 1), (2 * WINDOW, 4)]),
            2,
            "the earlier one got farther"
        );
    }
}
