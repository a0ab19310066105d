//! How far one journey came in a funnel: the chain of events that got farthest. The rules of each mode are in
//! reports/funnel.md. SKELETON: see the module's owner.

use super::journeys::{JourneyEvent, Signature};

/// The most steps that a funnel can have, and the most exclusions.
pub const MOST_STEPS: usize = 64;
pub const MOST_EXCLUSIONS: usize = 64;

/// Which chains count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Steps in order; anything may stand between them. With ClickHouse's options.
    Ordered(Strictness),
    /// Steps in any order.
    Any,
    /// Steps in order, nothing between them (PostHog's strict order).
    NothingBetween,
}

/// The options of ClickHouse's windowFunnel, with their meaning there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Strictness {
    pub order: bool,
    pub deduplication: bool,
    pub increase: bool,
    pub once: bool,
    pub allow_reentry: bool,
}

/// Which event of the first step a chain begins with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Entry {
    /// Any; of those that get equally far the one that got there first, counted from the latest possible entry.
    #[default]
    Latest,
    /// The unit's first one alone.
    First,
}

/// An event that spoils a chain when it stands between two of its steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exclusion {
    /// Index of the step after which it counts, from 0.
    pub after: usize,
    /// Index of the step before which it counts; greater than `after`.
    pub before: usize,
}

/// A funnel. Selector i < `MOST_STEPS` of an event's marks is step i, selector `MOST_STEPS` + i is exclusion i.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Funnel {
    /// 1 to `MOST_STEPS`.
    pub steps: usize,
    /// Bit i: step i may be left out. Neither the first nor the last step is.
    pub optional: u64,
    pub exclusions: Vec<Exclusion>,
    /// From the first step of a chain to its last, inclusive, microseconds; `None`: without end.
    pub window_us: Option<i64>,
    /// Per step from the step before it in the chain, inclusive; `None` where there is no such limit.
    pub step_windows_us: Vec<Option<i64>>,
    pub order: Order,
    pub entry: Entry,
}

/// The farthest chain of a journey.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chain {
    /// The number of the farthest step, counted from 1; 0: the unit never entered. With `Order::Any` the number of different
    /// steps.
    pub level: usize,
    /// Per step the index of its event in the journey; `None` where the chain does not have it.
    pub events: Vec<Option<u32>>,
    /// An exclusion spoilt the farthest chain: the unit is out of the funnel, and `level` is 0.
    pub excluded: bool,
}

/// Working memory, to be used again for the next journey.
#[derive(Debug, Default)]
pub struct Scratch {}

impl Funnel {
    /// Writes the farthest chain of `events` into `chain`.
    pub fn follow(
        &self,
        events: &[JourneyEvent],
        signatures: &[Signature],
        scratch: &mut Scratch,
        chain: &mut Chain,
    ) {
        let _ = (events, signatures, scratch);
        chain.level = 0;
        chain.excluded = false;
        chain.events.clear();
        chain.events.resize(self.steps, None);
        unimplemented!("SKELETON");
    }
}
