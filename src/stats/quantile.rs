//! Sample quantiles without rounding: of whole numbers (days, counts, money in 1/10,000), as exact fractions.
//!
//! Source: Hyndman, R. J. and Fan, Y. (1996), Sample quantiles in statistical packages, The American Statistician 50(4),
//! 361-365, definition 7; the default of R, NumPy and Excel's PERCENTILE.INC.

/// An exact fraction with a positive denominator, as far as cut points need one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fraction {
    numer: i128,
    denom: i128,
}

impl Fraction {
    /// `denom` must be positive.
    pub fn new(numer: i128, denom: i128) -> Self {
        assert!(denom > 0, "a fraction's denominator is positive");
        Self { numer, denom }
    }

    pub fn whole(value: i64) -> Self {
        Self::new(value.into(), 1)
    }

    pub fn plus(self, value: i64) -> Self {
        Self::new(self.numer + i128::from(value) * self.denom, self.denom)
    }

    /// The largest whole number that is not above: a whole v is <= the fraction exactly when v <= floor.
    pub fn floor(self) -> i64 {
        clamp(self.numer.div_euclid(self.denom))
    }

    /// The smallest whole number that is not below: a whole v is >= the fraction exactly when v >= ceil.
    pub fn ceil(self) -> i64 {
        clamp(-((-self.numer).div_euclid(self.denom)))
    }

    /// The fraction divided by `unit` (10,000 for money), for show: never for a comparison.
    pub fn to_f64(self, unit: i64) -> f64 {
        self.numer as f64 / (self.denom * i128::from(unit)) as f64
    }
}

fn clamp(value: i128) -> i64 {
    value.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

/// The cut points at 1/parts, 2/parts, ... (parts-1)/parts of `values`; empty where there are no values.
///
/// ## Definition
/// With x the n values in ascending order, counted from 0, and h = (n - 1) p:
/// Q(p) = x\[floor h\] + (h - floor h) (x\[floor h + 1\] - x\[floor h\])
///
/// Reorders `values` (it selects, it does not sort).
pub fn cut_points(values: &mut [i64], parts: u32) -> Vec<Fraction> {
    let n = values.len();
    if n == 0 {
        return Vec::new();
    }
    let parts = parts as usize;
    let mut placed = 0;
    (1..parts)
        .map(|i| {
            let h = (n - 1) * i;
            let (below, rest) = (h / parts, h % parts);
            let low = i128::from(select(values, &mut placed, below));
            let high = match rest {
                0 => low,
                _ => i128::from(select(values, &mut placed, below + 1)),
            };
            Fraction::new(low * parts as i128 + rest as i128 * (high - low), parts as i128)
        })
        .collect()
}

/// The cut point at `part`/`parts` alone, e.g. 9 of 10; `part` is at most `parts`. Reorders `values`.
pub fn cut_point(values: &mut [i64], part: u32, parts: u32) -> Option<Fraction> {
    let (part, parts) = (part as usize, parts as usize);
    let h = values.len().checked_sub(1)? * part;
    let (below, rest) = (h / parts, h % parts);
    let (_, low, above) = values.select_nth_unstable(below);
    let low = i128::from(*low);
    let high = above.iter().min().map_or(low, |high| i128::from(*high));
    Some(Fraction::new(low * parts as i128 + rest as i128 * (high - low), parts as i128))
}

/// The median by the same definition: the middle value, or the mean of the two middle values.
pub fn median(values: &mut [i64]) -> Option<Fraction> {
    cut_points(values, 2).first().copied()
}

/// The value of this rank. Ranks must be asked for in ascending order: all places before `placed` are settled.
fn select(values: &mut [i64], placed: &mut usize, rank: usize) -> i64 {
    if rank >= *placed {
        values[*placed..].select_nth_unstable(rank - *placed);
        *placed = rank + 1;
    }
    values[rank]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// R: quantile(c(1, 2, 3, 4, 10), 1:4/5) is 1.8 2.6 3.4 5.2, and median(c(1, 2, 3, 10)) is 2.5.
    #[test]
    fn as_in_r() {
        let shown = |cuts: Vec<Fraction>| cuts.iter().map(|c| c.to_f64(1)).collect::<Vec<_>>();
        assert_eq!(shown(cut_points(&mut [10, 3, 1, 4, 2], 5)), [1.8, 2.6, 3.4, 5.2]);
        assert_eq!(median(&mut [10, 3, 1, 2]).unwrap().to_f64(1), 2.5);
        assert_eq!(median(&mut [7]).unwrap(), Fraction::new(14, 2));
        assert_eq!(median(&mut []), None);
    }

    #[test]
    fn floors_and_ceilings_of_negative_fractions() {
        let f = Fraction::new(-5, 2);
        assert_eq!((f.floor(), f.ceil(), f.plus(3).floor(), f.plus(3).ceil()), (-3, -2, 0, 1));
        assert_eq!((Fraction::whole(-4).floor(), Fraction::whole(-4).ceil()), (-4, -4));
    }

    proptest! {
        /// The definition, on sorted values, in fractions over `parts`.
        #[test]
        fn equals_the_definition(mut values in prop::collection::vec(-50i64..50, 1..60), parts in 2u32..11) {
            let cuts = cut_points(&mut values.clone(), parts);
            for (i, cut) in (1..parts).zip(&cuts) {
                prop_assert_eq!(cut_point(&mut values.clone(), i, parts), Some(*cut));
            }
            values.sort_unstable();
            let n = values.len();
            for (i, cut) in (1..parts as usize).zip(cuts) {
                let (h, p) = ((n - 1) * i, parts as usize);
                let low = values[h / p];
                let high = values[(h / p + 1).min(n - 1)];
                let scaled = low * p as i64 + (h % p) as i64 * (high - low);
                prop_assert_eq!(cut, Fraction::new(scaled.into(), p as i128));
                prop_assert_eq!(cut.floor(), scaled.div_euclid(p as i64));
                for v in &values {
                    prop_assert_eq!(*v <= cut.floor(), v * p as i64 <= scaled);
                    prop_assert_eq!(*v >= cut.ceil(), v * p as i64 >= scaled);
                }
            }
        }
    }
}
