//! Shares of a count: their intervals.

use super::distributions::normal_quantile;

/// The level of intervals throughout the reports.
pub const LEVEL: f64 = 0.95;

/// Lower and upper bound of a share, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    pub lower: f64,
    pub upper: f64,
}

/// The z that leaves (1 - level) / 2 on either side: 1.959964 at 0.95.
pub fn two_sided_z(level: f64) -> f64 {
    -normal_quantile((1.0 - level) / 2.0)
}

/// Wilson's score interval of `successes` in `trials`; `None` without trials.
///
/// Source: Wilson, E. B. (1927), Probable inference, the law of succession, and statistical inference, Journal of the
/// American Statistical Association 22(158), 209-212.
pub fn wilson(successes: u64, trials: u64, level: f64) -> Option<Bounds> {
    if trials == 0 || successes > trials {
        return None;
    }
    let (n, z) = (trials as f64, two_sided_z(level));
    let share = successes as f64 / n;
    let z2 = z * z;
    let centre = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = z / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    // At the ends the two terms are equal, but for rounding.
    let lower = if successes == 0 { 0.0 } else { (centre - half).max(0.0) };
    let upper = if successes == trials { 1.0 } else { (centre + half).min(1.0) };
    Some(Bounds { lower, upper })
}

/// [`wilson`] at the level of 95 %.
pub fn wilson_95(successes: u64, trials: u64) -> Option<Bounds> {
    wilson(successes, trials, LEVEL)
}

#[cfg(test)]
mod tests;
