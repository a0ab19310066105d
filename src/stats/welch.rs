//! Two means compared, of samples that may differ in their variances: Welch's interval and test.
//!
//! Source: Welch, B. L. (1947), The generalization of "Student's" problem when several different population variances are
//! involved, Biometrika 34(1-2), 28-35; degrees of freedom after Satterthwaite (1946), Biometrics Bulletin 2(6), 110-114.

use super::special::beta_regularised;

/// The difference between two means, the first less the second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DifferenceOfMeans {
    pub difference: f64,
    pub lower: f64,
    pub upper: f64,
    pub degrees_of_freedom: f64,
    /// Two-sided, 0 to 1.
    pub p: f64,
}

/// Compares two samples at `level`; `None` where one of them has less than two values, or neither has any variance. The sums
/// depend on the order of the values in their last digits.
pub fn welch(first: &[f64], second: &[f64], level: f64) -> Option<DifferenceOfMeans> {
    let ((mean_1, square_1), (mean_2, square_2)) =
        (mean_and_its_variance(first)?, mean_and_its_variance(second)?);
    let variance = square_1 + square_2;
    let difference = mean_1 - mean_2;
    if !(variance > 0.0 && variance.is_finite() && difference.is_finite()) {
        return None;
    }
    let parts =
        square_1 * square_1 / (first.len() - 1) as f64 + square_2 * square_2 / (second.len() - 1) as f64;
    let degrees_of_freedom = variance * variance / parts;
    if !(degrees_of_freedom > 0.0 && degrees_of_freedom.is_finite()) {
        return None;
    }
    let error = variance.sqrt();
    let p = two_sided(difference / error, degrees_of_freedom);
    let half = quantile((1.0 - level).clamp(1e-12, 1.0), degrees_of_freedom) * error;
    let bounds = DifferenceOfMeans {
        difference,
        lower: difference - half,
        upper: difference + half,
        degrees_of_freedom,
        p,
    };
    (bounds.lower.is_finite() && bounds.upper.is_finite()).then_some(bounds)
}

/// The mean, and the variance of the mean.
fn mean_and_its_variance(values: &[f64]) -> Option<(f64, f64)> {
    if values.len() < 2 {
        return None;
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    Some((mean, squares / (n - 1.0) / n))
}

/// P(|T| >= |t|) of Student's t: I_x(df / 2, 1 / 2), x = df / (df + t²) (DLMF 8.17.24; Abramowitz and Stegun 26.7.1).
fn two_sided(t: f64, df: f64) -> f64 {
    let square = t * t;
    beta_regularised(df / 2.0, 0.5, df / (df + square), square / (df + square))
}

/// The t that leaves `p` on both sides together: by bisection, the tail falls as t grows.
fn quantile(p: f64, df: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while two_sided(high, df) > p && high < 1e300 {
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if two_sided(middle, df) > p {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: [f64; 10] = [0.0, 1.0, 3.0, 2.0, 0.0, 7.0, 4.0, 1.0, 0.0, 2.0];
    const SECOND: [f64; 12] = [1.0, 0.0, 0.0, 2.0, 0.0, 1.0, 0.0, 0.0, 0.0, 3.0, 1.0, 0.0];
    const SCIPY: [f64; 5] =
        [1.3333333333333335, 11.953884276439256, 0.10280868227736013, -0.3119008768321141, 2.978567543498781];
    const T_TAILS: [(f64, f64, f64); 6] = [
        (2.0, 3.0, 0.1393259685588431),
        (1.96, 1000000.0, 0.04999606758526978),
        (0.5, 1.0, 0.7048327646991336),
        (4.0, 17.3, 0.0008993515025510343),
        (12.7, 1.0, 0.05002432768934415),
        (2.5, 250.5, 0.013059590132768363),
    ];

    fn near(found: f64, expected: f64, relative: f64) {
        assert!((found - expected).abs() <= relative * expected.abs(), "{found} {expected}");
    }

    /// scipy 1.x: stats.ttest_ind(a, b, equal_var=False) and its confidence_interval(0.95). Tolerance: a relative 1e-9.
    #[test]
    fn agrees_with_scipy() {
        let found = welch(&FIRST, &SECOND, 0.95).unwrap();
        for (found, expected) in [
            (found.difference, SCIPY[0]),
            (found.degrees_of_freedom, SCIPY[1]),
            (found.p, SCIPY[2]),
            (found.lower, SCIPY[3]),
            (found.upper, SCIPY[4]),
        ] {
            near(found, expected, 1e-9);
        }
    }

    /// scipy: stats.t.sf(t, df) * 2 and stats.t.isf(p / 2, df). Tolerance: a relative 1e-9.
    #[test]
    fn students_t_agrees_with_scipy() {
        for (t, df, p) in T_TAILS {
            near(two_sided(t, df), p, 1e-9);
            near(quantile(p, df), t, 1e-9);
        }
    }

    #[test]
    fn what_cannot_be_compared_is_not() {
        assert_eq!(welch(&[1.0], &[1.0, 2.0], 0.95), None);
        assert_eq!(welch(&[1.0, 1.0], &[2.0, 2.0], 0.95), None);
        assert_eq!(welch(&[f64::MAX, -f64::MAX], &[1.0, 2.0], 0.95), None);
        let one_sided = welch(&[1.0, 1.0], &[2.0, 3.0], 0.95).unwrap();
        assert!(one_sided.lower < -1.5 && one_sided.upper > -1.5);
        let found = welch(&[1.0, 2.0, 4.0], &[1.0, 2.0, 4.0], 0.95).unwrap();
        assert_eq!((found.difference, found.p), (0.0, 1.0));
    }
}
