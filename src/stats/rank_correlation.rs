//! How two measures go together: Pearson's correlation of values, Spearman's of ranks.
//!
//! Source: Kendall, M. G. (1970), Rank Correlation Methods, 4th edition, ch. 2 and 3 (ties share the mean of their ranks).

/// Pearson's product-moment correlation of weighted pairs (x, y, weight): -1 to 1. `None` where there are fewer than two
/// pairs or one side is constant. The order of pairs changes the last bits only; give them in a fixed one.
pub fn pearson(pairs: &[(f64, f64, f64)]) -> Option<f64> {
    let weight: f64 = pairs.iter().map(|(_, _, weight)| weight).sum();
    let mean =
        |of: fn(&(f64, f64, f64)) -> f64| pairs.iter().map(|pair| of(pair) * pair.2).sum::<f64>() / weight;
    let (x_mean, y_mean) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let constant = |of: fn(&(f64, f64, f64)) -> f64| pairs.windows(2).all(|two| of(&two[0]) == of(&two[1]));
    if pairs.len() < 2 || constant(|pair| pair.0) || constant(|pair| pair.1) {
        return None;
    }
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    // Scaled by the largest deviation, so that squares neither overflow nor vanish.
    let largest = |of: fn(&(f64, f64, f64)) -> f64, mean: f64| {
        pairs.iter().fold(0.0_f64, |most, pair| most.max((of(pair) - mean).abs()))
    };
    let (x_scale, y_scale) = (largest(|pair| pair.0, x_mean), largest(|pair| pair.1, y_mean));
    for (x, y, weight) in pairs {
        let (x, y) = ((x - x_mean) / x_scale, (y - y_mean) / y_scale);
        xx += weight * x * x;
        yy += weight * y * y;
        xy += weight * x * y;
    }
    let correlation = xy / (xx.sqrt() * yy.sqrt());
    correlation.is_finite().then(|| correlation.clamp(-1.0, 1.0))
}

/// Spearman's rank correlation of weighted pairs (x, y, weight), where a weight is how often the pair occurs; equal values
/// share the mean of their ranks. `None` as for [`pearson`]. The order of pairs makes no difference, to the last bit.
pub fn spearman(pairs: &[(f64, f64, f64)]) -> Option<f64> {
    let mut sorted = pairs.to_vec();
    sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.total_cmp(&b.2)));
    let x = mean_ranks(&sorted, |pair| pair.0);
    let y = mean_ranks(&sorted, |pair| pair.1);
    let ranks: Vec<(f64, f64, f64)> =
        x.into_iter().zip(y).zip(&sorted).map(|((x, y), pair)| (x, y, pair.2)).collect();
    pearson(&ranks)
}

/// The rank of each pair among all by one side, 1 for the least of weight 1.
fn mean_ranks(pairs: &[(f64, f64, f64)], of: fn(&(f64, f64, f64)) -> f64) -> Vec<f64> {
    // Adding 0 makes the negative zero equal to the positive one.
    let value = |place: &usize| of(&pairs[*place]) + 0.0;
    let mut order: Vec<usize> = (0..pairs.len()).collect();
    order.sort_by(|a, b| value(a).total_cmp(&value(b)));
    let mut ranks = vec![0.0; pairs.len()];
    let mut below = 0.0;
    for tied in order.chunk_by(|a, b| value(a) == value(b)) {
        let weight: f64 = tied.iter().map(|place| pairs[*place].2).sum();
        for place in tied {
            ranks[*place] = below + (weight + 1.0) / 2.0;
        }
        below += weight;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ones(x: &[f64], y: &[f64]) -> Vec<(f64, f64, f64)> {
        x.iter().zip(y).map(|(x, y)| (*x, *y, 1.0)).collect()
    }

    /// scipy.stats.pearsonr and spearmanr, to 1e-12.
    #[test]
    fn scipy() {
        let cases: [(&[f64], &[f64], f64, f64); 3] = [
            (&[1.0, 2.0, 3.0, 4.0, 5.0], &[5.0, 6.0, 7.0, 8.0, 7.0], 0.8320502943378436, 0.8207826816681233),
            (
                &[1.0, 1.0, 2.0, 2.0, 2.0, 3.0, 9.0, 10.0],
                &[0.5, 3.0, 2.0, 2.0, 8.0, 1.0, 1.0, 40.0],
                0.6567476608125613,
                0.22364131296169185,
            ),
            (
                &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0],
                &[-0.802, -1.324, -0.248, 0.42, 1.136, 0.11, -0.553, -0.785, 0.749, 1.635, 0.273, -1.233],
                0.24263760073196206,
                0.2657342657342658,
            ),
        ];
        for (x, y, r, rho) in cases {
            let pairs = ones(x, y);
            assert!((pearson(&pairs).unwrap() - r).abs() < 1e-12);
            assert!((spearman(&pairs).unwrap() - rho).abs() < 1e-12);
        }
    }

    #[test]
    fn constants_and_few_have_none() {
        for pairs in [vec![], vec![(1.0, 2.0, 1.0)], ones(&[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0])] {
            assert_eq!((pearson(&pairs), spearman(&pairs)), (None, None));
        }
        // Squares would overflow, or be 0.
        for scale in [1e300, 1e-300] {
            let r = pearson(&ones(&[scale, 2.0 * scale, 3.0 * scale], &[1.0, 2.0, 3.0])).unwrap();
            assert!((r - 1.0).abs() < 1e-12);
        }
    }

    proptest! {
        #[test]
        fn weights_are_repetitions_and_order_is_nothing(
            pairs in prop::collection::vec((-5i32..5, -5i32..5, 1u8..4), 0..20),
            seed in 0usize..20,
        ) {
            let weighted: Vec<(f64, f64, f64)> =
                pairs.iter().map(|(x, y, n)| (f64::from(*x), f64::from(*y), f64::from(*n))).collect();
            let written: Vec<(f64, f64, f64)> = weighted
                .iter()
                .flat_map(|(x, y, n)| std::iter::repeat_n((*x, *y, 1.0), *n as usize))
                .collect();
            let mut turned = weighted.clone();
            turned.rotate_left(seed.min(weighted.len()));
            prop_assert_eq!(spearman(&turned), spearman(&weighted));
            for of in [pearson, spearman] {
                match (of(&weighted), of(&written)) {
                    (Some(a), Some(b)) => prop_assert!((a - b).abs() < 1e-12 && a.abs() <= 1.0),
                    (a, b) => prop_assert!(a.is_none() && b.is_none(), "{:?} {:?}", a, b),
                }
            }
        }
    }
}
