//! Odds ratios: how much greater the odds of success are with something than without it.
//!
//! Sources: one is added to each of the four counts, as PostHog's funnel correlation does, so that no count of 0 makes the ratio
//! 0 or infinite; Woolf, B. (1955), On estimating the relation between blood group and disease, Annals of Human Genetics 19(4),
//! 251-253: the standard error of the logarithm is the root of the sum of the reciprocal counts (those with one added).

use super::proportions::two_sided_z;
use super::two_proportions::Proportion;

/// An odds ratio with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OddsRatio {
    pub ratio: f64,
    /// Natural logarithm of `ratio`.
    pub log: f64,
    pub lower: f64,
    pub upper: f64,
}

/// The odds ratio of a table of two groups: of `a.trials` who succeeded `a.successes` did it, of `b.trials` who failed
/// `b.successes` did it. Always finite and above 0. `None` where more did it than there are.
pub fn odds_ratio_plus_one(a: Proportion, b: Proportion, level: f64) -> Option<OddsRatio> {
    let without = |group: Proportion| Some(group.trials.checked_sub(group.successes)? as f64 + 1.0);
    let (with_a, with_b) = (a.successes as f64 + 1.0, b.successes as f64 + 1.0);
    let (without_a, without_b) = (without(a)?, without(b)?);
    let ratio = (with_a * without_b) / (without_a * with_b);
    let log = libm::log(ratio);
    let error = (1.0 / with_a + 1.0 / with_b + 1.0 / without_a + 1.0 / without_b).sqrt();
    let half = two_sided_z(level) * error;
    Some(OddsRatio { ratio, log, lower: libm::exp(log - half), upper: libm::exp(log + half) })
}

#[cfg(test)]
mod tests;
