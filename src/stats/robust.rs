//! Location and scale that single wild values cannot move, and how far from them a value lies.
//!
//! Source: Iglewicz, B. and Hoaglin, D. C. (1993), How to Detect and Handle Outliers, ASQC Quality Press, ch. 3: the
//! modified z-score 0.6745 (x - median) / MAD. 0.6745 is the third quartile of the standard normal distribution.

/// 1 / 0.6745: the MAD of a normal distribution times this is its standard deviation.
const PER_MAD: f64 = 1.482_602_218_505_602;
/// sqrt(pi / 2): likewise for the mean absolute deviation.
const PER_MEAN_DEVIATION: f64 = 1.253_314_137_315_500_3;

/// Median and robust standard deviation of a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Robust {
    pub median: f64,
    /// 1.4826 MAD; where more than half of the values are equal (MAD = 0) 1.2533 times the mean absolute deviation from
    /// the median.
    pub scale: f64,
}

impl Robust {
    /// Of a sample given as finite values in ascending order, each with the number of times that it occurs. `None` when
    /// there are no values or all are equal: then nothing is far from anything.
    pub fn of(values: &[(f64, u64)]) -> Option<Self> {
        let median = weighted_median(values)?;
        let mut deviations: Vec<(f64, u64)> = values.iter().map(|(x, n)| ((x - median).abs(), *n)).collect();
        deviations.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mad = weighted_median(&deviations)?;
        let scale = if mad > 0.0 {
            PER_MAD * mad
        } else {
            let n: u64 = deviations.iter().map(|(_, n)| n).sum();
            let sum: f64 = deviations.iter().map(|(d, n)| d * *n as f64).sum();
            PER_MEAN_DEVIATION * sum / n as f64
        };
        (scale > 0.0).then_some(Self { median, scale })
    }

    /// How many robust standard deviations `x` lies above the median; negative below.
    pub fn z(&self, x: f64) -> f64 {
        (x - self.median) / self.scale
    }
}

/// The middle value, or the mean of the two middle values; `values` ascend.
fn weighted_median(values: &[(f64, u64)]) -> Option<f64> {
    let n: u64 = values.iter().map(|(_, n)| n).sum();
    if n == 0 {
        return None;
    }
    let at = |rank: u64| {
        let mut below = 0;
        let found = values.iter().find(|(_, n)| {
            below += n;
            rank < below
        });
        found.map(|(x, _)| *x)
    };
    let (low, high) = (at((n - 1) / 2)?, at(n / 2)?);
    Some(low + (high - low) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// By the definition, on the values written out.
    fn naive(values: &[f64]) -> Option<(f64, f64)> {
        let median = |values: &[f64]| {
            let mut sorted = values.to_vec();
            sorted.sort_by(f64::total_cmp);
            let n = sorted.len();
            (n > 0)
                .then(|| if n % 2 == 1 { sorted[n / 2] } else { (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0 })
        };
        let m = median(values)?;
        let deviations: Vec<f64> = values.iter().map(|x| (x - m).abs()).collect();
        let mad = median(&deviations)?;
        let mean = deviations.iter().sum::<f64>() / deviations.len() as f64;
        let scale = if mad > 0.0 { 1.482602218505602 * mad } else { 1.2533141373155003 * mean };
        (scale > 0.0).then_some((m, scale))
    }

    #[test]
    fn two_of_ten_values_do_not_hide_each_other() {
        let values = [2.1, 2.6, 2.4, 2.5, 2.3, 2.1, 2.3, 2.6, 8.2, 8.3];
        let mut sorted: Vec<(f64, u64)> = values.iter().map(|x| (*x, 1)).collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let robust = Robust::of(&sorted).unwrap();
        assert!((robust.median - 2.45).abs() < 1e-12);
        assert!(robust.z(8.2) > 3.5 && robust.z(8.3) > 3.5 && robust.z(2.1).abs() < 3.5);
    }

    #[test]
    fn nothing_is_far_from_equal_values() {
        assert_eq!(Robust::of(&[]), None);
        assert_eq!(Robust::of(&[(3.0, 100)]), None);
        // MAD is 0, the mean deviation is not.
        let robust = Robust::of(&[(3.0, 99), (103.0, 1)]).unwrap();
        assert!((robust.scale - PER_MEAN_DEVIATION).abs() < 1e-12);
        assert!(robust.z(103.0) > 50.0);
    }

    proptest! {
        #[test]
        fn weights_are_repetitions(counts in prop::collection::btree_map(-50i32..50, 1u64..5, 0..12)) {
            let weighted: Vec<(f64, u64)> = counts.iter().map(|(x, n)| (f64::from(*x), *n)).collect();
            let written: Vec<f64> =
                weighted.iter().flat_map(|(x, n)| std::iter::repeat_n(*x, *n as usize)).collect();
            match (Robust::of(&weighted), naive(&written)) {
                (Some(robust), Some((median, scale))) => {
                    prop_assert!((robust.median - median).abs() < 1e-9);
                    prop_assert!((robust.scale - scale).abs() < 1e-9);
                }
                (robust, naive) => prop_assert!(robust.is_none() && naive.is_none(), "{:?} {:?}", robust, naive),
            }
        }
    }
}
