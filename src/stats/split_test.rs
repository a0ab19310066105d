//! Did a share fall, and since when? The greatest two-proportion statistic over all ways to split a history in two.
//!
//! Sources: Worsley, K. J. (1983), The power of likelihood ratio and cumulative sum tests for a change in a binomial probability,
//! Biometrika 70(2), 455-464: the pooled z of "before" against "from here on", at its greatest over the split points. If nothing
//! changes, these z are a Gaussian Markov chain (a standardised Brownian bridge), whose chance to exceed c is followed from split
//! to split by quadrature. The wobble beyond chance between periods (campaigns, holidays) is taken off by the dispersion of
//! quasi-likelihood: McCullagh, P. and Nelder, J. A. (1989), Generalized Linear Models, 4.5.

use super::distributions::{chi_squared_survival, normal_quantile, normal_survival};
use super::special::beta_regularised;
use super::two_proportions::{Proportion, least_expected, pooled_z};

/// Periods that must stand before the split.
pub const LEAST_BEFORE: usize = 3;
/// Both sides must be expected to hold this many successes and failures.
const LEAST_EXPECTED: f64 = 5.0;

/// Where a share fell most clearly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fall {
    /// Index of the first period after the split.
    pub split: usize,
    pub before: Proportion,
    pub since: Proportion,
    /// Pooled z of before against since, by the root of `dispersion`; positive where it fell.
    pub z: f64,
    /// Variance between periods by that of chance alone, at least 1.
    pub dispersion: f64,
    /// One-sided, adjusted for the choice of the split, 0 to 1.
    pub p: f64,
}

/// The clearest fall in the periods of a history, which are in order of time. `None` where no split can be tested: fewer than
/// [`LEAST_BEFORE`] periods before it, or too few successes or failures on a side.
pub fn clearest_fall(history: &[Proportion]) -> Option<Fall> {
    let sum = |part: &[Proportion]| {
        part.iter().fold(Proportion::default(), |sum, period| {
            Proportion::new(sum.successes + period.successes, sum.trials + period.trials)
        })
    };
    let all = sum(history);
    let mut best: Option<(usize, Proportion, Proportion, f64)> = None;
    // Share of the trials before each admissible split.
    let mut times = Vec::new();
    let mut before = sum(history.get(..LEAST_BEFORE)?);
    for (split, period) in history.iter().enumerate().skip(LEAST_BEFORE) {
        let since = Proportion::new(all.successes - before.successes, all.trials - before.trials);
        if least_expected(before, since) >= LEAST_EXPECTED
            && let Some(z) = pooled_z(before, since)
        {
            times.push(before.trials as f64 / all.trials as f64);
            // The first of equal ones.
            if best.is_none_or(|best| z > best.3) {
                best = Some((split, before, since, z));
            }
        }
        before.successes += period.successes;
        before.trials += period.trials;
    }
    let (split, before, since, z) = best?;
    let wobble = Wobble::of(&[(&history[..split], before), (&history[split..], since)]);
    let dispersion = wobble.dispersion();
    let z = wobble.as_normal(z / dispersion.sqrt());
    Some(Fall { split, before, since, z, dispersion, p: chance_to_exceed(z, &times) })
}

/// How far the periods are from the share of their side: Pearson's statistic and its degrees of freedom.
struct Wobble {
    statistic: f64,
    freedom: f64,
}

impl Wobble {
    fn of(sides: &[(&[Proportion], Proportion)]) -> Self {
        let (mut statistic, mut freedom) = (0.0, 0.0);
        for (periods, all) in sides {
            let share = all.share().unwrap_or(0.0);
            let variance = share * (1.0 - share);
            if variance <= 0.0 {
                continue;
            }
            let mut used = 0_u32;
            for period in periods.iter().filter(|period| period.trials > 0) {
                let (n, x) = (period.trials as f64, period.successes as f64);
                statistic += (x - n * share) * (x - n * share) / (n * variance);
                used += 1;
            }
            freedom += f64::from(used.saturating_sub(1));
        }
        Self { statistic, freedom }
    }

    /// Variance by that of chance, at least 1.
    fn dispersion(&self) -> f64 {
        if self.freedom > 0.0 { (self.statistic / self.freedom).max(1.0) } else { 1.0 }
    }

    /// Where the wobble is plainly beyond chance, the dispersion is an estimate that matters: then `t` is a Student's t, and this is
    /// the normal z of equal probability.
    fn as_normal(&self, t: f64) -> f64 {
        const PLAINLY: f64 = 0.05;
        if self.freedom <= 0.0 || chi_squared_survival(self.statistic, self.freedom) > PLAINLY {
            return t;
        }
        let (df, all) = (self.freedom, self.freedom + t * t);
        let beyond = 0.5 * beta_regularised(df / 2.0, 0.5, df / all, t * t / all);
        // Beyond all quantiles t says no more than they do.
        let z = -normal_quantile(beyond.max(f64::MIN_POSITIVE));
        if t < 0.0 { -z } else { z }
    }
}

/// From here on the chance is that of a single excess at most: below 1e-9 for each.
const FAR_OUT: f64 = 6.0;
/// The chain hardly ever goes lower.
const LOWEST: f64 = -8.0;
/// Intervals of Simpson's rule; even.
const INTERVALS: usize = 160;
/// Neighbours that are closer than this are taken as no closer, which can but raise the chance (Slepian 1962): the kernel stays
/// wider than the grid.
const CLOSEST: f64 = 0.98;

/// The chance that the standardised Brownian bridge exceeds `c` at one of these times (0 to 1, ascending).
pub fn chance_to_exceed(c: f64, times: &[f64]) -> f64 {
    if c <= 0.0 {
        return 1.0;
    }
    if c >= FAR_OUT {
        return (normal_survival(c) * times.len() as f64).min(1.0);
    }
    let width = (c - LOWEST) / INTERVALS as f64;
    let nodes: Vec<f64> = (0..=INTERVALS).map(|at| LOWEST + width * at as f64).collect();
    let weights: Vec<f64> = (0..=INTERVALS)
        .map(|at| match at {
            0 | INTERVALS => width / 3.0,
            at if at % 2 == 1 => width * 4.0 / 3.0,
            _ => width * 2.0 / 3.0,
        })
        .collect();
    // Of the chain where it has not exceeded c so far.
    let mut density: Vec<f64> = nodes.iter().map(|z| normal_density(*z)).collect();
    let mut chance = normal_survival(c);
    for pair in times.windows(2) {
        let (s, t) = (pair[0], pair[1]);
        let correlation = (s * (1.0 - t) / (t * (1.0 - s))).sqrt().min(CLOSEST);
        let spread = (1.0 - correlation * correlation).sqrt();
        let mass: Vec<f64> = density.iter().zip(&weights).map(|(density, weight)| density * weight).collect();
        for (z, mass) in nodes.iter().zip(&mass) {
            chance += mass * normal_survival((c - correlation * z) / spread);
        }
        for (to, density) in nodes.iter().zip(&mut density) {
            let steps = nodes.iter().zip(&mass).map(|(z, mass)| (mass, (to - correlation * z) / spread));
            let near = steps.filter(|(_, step)| step.abs() < -LOWEST);
            *density = near.map(|(mass, step)| mass * normal_density(step)).sum::<f64>() / spread;
        }
    }
    chance.min(1.0)
}

fn normal_density(z: f64) -> f64 {
    libm::exp(-0.5 * z * z) / (2.0 * std::f64::consts::PI).sqrt()
}

#[cfg(test)]
mod tests;
