//! Two shares compared: is one greater than the other, and by how much?
//!
//! Sources: the pooled z-test as `proportions_ztest` of statsmodels; Newcombe, R. G. (1998), Interval estimation for the
//! difference between independent proportions: comparison of eleven methods, Statistics in Medicine 17(8), 873-890, method 10;
//! Fisher's exact test as `fisher.test` of R.

use super::distributions::normal_survival;
use super::proportions::{Bounds, wilson};

/// Successes in trials.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Proportion {
    pub successes: u64,
    pub trials: u64,
}

impl Proportion {
    pub fn new(successes: u64, trials: u64) -> Self {
        Self { successes, trials }
    }

    /// 0 to 1; `None` without trials.
    pub fn share(self) -> Option<f64> {
        (self.trials > 0).then(|| self.successes as f64 / self.trials as f64)
    }

    fn is_sound(self) -> bool {
        self.trials > 0 && self.successes <= self.trials
    }
}

/// Which test a p-value is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProportionTest {
    /// The pooled z-test.
    Pooled,
    /// Fisher's exact test: where one of the four cells is expected to hold less than 5.
    Fisher,
}

impl ProportionTest {
    pub fn key(self) -> &'static str {
        match self {
            Self::Pooled => "pooled_z",
            Self::Fisher => "fisher_exact",
        }
    }
}

/// The result of comparing two shares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Compared {
    pub test: ProportionTest,
    /// Of the pooled test, whichever test `p` is of; `None` where all or none succeeded.
    pub z: Option<f64>,
    /// Two-sided, 0 to 1.
    pub p: f64,
}

/// A cell that is expected to hold less than this calls for the exact test (Cochran 1954).
const LEAST_EXPECTED: f64 = 5.0;

/// Tests whether two shares are equal. `None` without trials on one of the sides.
pub fn compare(a: Proportion, b: Proportion) -> Option<Compared> {
    if !a.is_sound() || !b.is_sound() {
        return None;
    }
    let z = pooled_z(a, b);
    if let Some(z) = z
        && least_expected(a, b) >= LEAST_EXPECTED
    {
        let p = (2.0 * normal_survival(z.abs())).min(1.0);
        return Some(Compared { test: ProportionTest::Pooled, z: Some(z), p });
    }
    Some(Compared { test: ProportionTest::Fisher, z, p: fisher_exact(a, b)? })
}

/// The least of what the four cells (successes and failures of either side) are expected to hold if the shares are equal.
pub fn least_expected(a: Proportion, b: Proportion) -> f64 {
    let all = (a.trials + b.trials) as f64;
    let successes = (a.successes + b.successes) as f64;
    let failures = all - successes;
    if all > 0.0 { successes.min(failures) * (a.trials.min(b.trials) as f64) / all } else { 0.0 }
}

/// (share of `a` - share of `b`) / its standard error if both are equal. `None` without trials, or where all or none of them
/// succeeded.
pub fn pooled_z(a: Proportion, b: Proportion) -> Option<f64> {
    let (share_a, share_b) = (a.share()?, b.share()?);
    let (n_a, n_b) = (a.trials as f64, b.trials as f64);
    let pooled = (a.successes + b.successes) as f64 / (n_a + n_b);
    let variance = pooled * (1.0 - pooled) * (1.0 / n_a + 1.0 / n_b);
    (variance > 0.0).then(|| (share_a - share_b) / variance.sqrt())
}

/// Newcombe's hybrid score interval of share of `a` - share of `b`, -1 to 1.
pub fn newcombe(a: Proportion, b: Proportion, level: f64) -> Option<Bounds> {
    let (share_a, share_b) = (a.share()?, b.share()?);
    let (of_a, of_b) = (wilson(a.successes, a.trials, level)?, wilson(b.successes, b.trials, level)?);
    let difference = share_a - share_b;
    let below = root_of_squares(share_a - of_a.lower, of_b.upper - share_b);
    let above = root_of_squares(of_a.upper - share_a, share_b - of_b.lower);
    Some(Bounds { lower: (difference - below).max(-1.0), upper: (difference + above).min(1.0) })
}

fn root_of_squares(x: f64, y: f64) -> f64 {
    (x * x + y * y).sqrt()
}

/// Fisher's exact test, two-sided: the probability, margins given, of all tables that are no more likely than the one seen (as
/// `fisher.test` of R, with its tolerance of 1e-7 for equal ones).
pub fn fisher_exact(a: Proportion, b: Proportion) -> Option<f64> {
    const TOLERANCE: f64 = 1.0 + 1e-7;
    if !a.is_sound() || !b.is_sound() {
        return None;
    }
    let successes = a.successes + b.successes;
    let (least, most) = (successes.saturating_sub(b.trials), successes.min(a.trials));
    // Weights relative to that of the mode, which is 1: far out they vanish, and what is beyond adds nothing.
    let mode = (u128::from(successes) + 1) * (u128::from(a.trials) + 1)
        / (u128::from(a.trials) + u128::from(b.trials) + 2);
    let mode = (mode as u64).clamp(least, most);
    // The weight of k + 1 by that of k.
    let step = |k: u64| {
        (a.trials - k) as f64 * (successes - k) as f64
            / ((k + 1) as f64 * (b.trials + k + 1 - successes) as f64)
    };
    let up = weights(mode..most, step);
    let down = weights((least..mode).rev(), |k| 1.0 / step(k));
    let seen = match a.successes {
        k if k == mode => 1.0,
        k if k > mode => up.get((k - mode - 1) as usize).copied().unwrap_or(0.0),
        k => down.get((mode - k - 1) as usize).copied().unwrap_or(0.0),
    };
    let all = || std::iter::once(&1.0).chain(&up).chain(&down);
    // From small to large, so that the small ones are not lost.
    let mut sorted: Vec<f64> = all().copied().collect();
    sorted.sort_by(f64::total_cmp);
    let total: f64 = sorted.iter().sum();
    let tail: f64 = sorted.iter().filter(|weight| **weight <= seen * TOLERANCE).sum();
    Some((tail / total).min(1.0))
}

/// Weights one after another from 1 on, each by the ratio to the one before, until they vanish.
fn weights(places: impl Iterator<Item = u64>, ratio: impl Fn(u64) -> f64) -> Vec<f64> {
    let mut weights = Vec::new();
    let mut weight = 1.0;
    for k in places {
        weight *= ratio(k);
        if weight == 0.0 {
            break;
        }
        weights.push(weight);
    }
    weights
}

#[cfg(test)]
mod tests;
