//! From journeys to entrants: who entered, how far each came, when.

use crate::error::Result;
use crate::facts::IdColumn;
use crate::facts::journeys::Journeys;

use super::FunnelSettings;

/// The units that entered the funnel, in byte order of their ids; all columns side by side.
#[derive(Debug, Clone, Default)]
pub struct Entrants {
    /// Steps of the funnel.
    pub steps: usize,
    pub units: IdColumn,
    /// The number of the farthest step, 1 to `steps`.
    pub level: Vec<u8>,
    /// Moments of the steps of the farthest chain, microseconds: `steps` for each unit; `NEVER` where it has none.
    pub at_us: Vec<i64>,
    /// It did not get through, and its window was not over at as_of.
    pub open: Vec<bool>,
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

    /// When it entered: the moment of the first step (with `any-order`, of the first event of the chain).
    pub fn entered_us(&self, unit: usize) -> i64 {
        let chain = &self.at_us[unit * self.steps..(unit + 1) * self.steps];
        chain.iter().copied().filter(|at| *at != NEVER).min().unwrap_or(NEVER)
    }
}

/// Follows every journey; only events from `from_us` to `to_us`, both inclusive, are looked at. SKELETON
pub fn count(
    settings: &FunnelSettings,
    journeys: &Journeys,
    from_us: i64,
    to_us: i64,
    threads: usize,
) -> Result<Entrants> {
    let _ = (settings, journeys, from_us, to_us, threads);
    Ok(Entrants::default())
}
