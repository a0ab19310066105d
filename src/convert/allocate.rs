//! An order's amount shared out among its lines: exact, by largest remainder.

/// Shares `total` (1/10,000 of the unit) out in proportion to `weights`, none of them negative; equal shares where all are
/// zero. The shares add up to `total`; what rounding leaves goes to the largest remainders, of equal ones to the earlier
/// line (Hamilton's method).
pub fn allocate(total: i64, weights: &[i64]) -> Vec<i64> {
    let Some(last) = weights.len().checked_sub(1) else { return Vec::new() };
    if last == 0 {
        return vec![total];
    }
    let weight = |at: usize| i128::from(weights[at].max(0));
    let sum: i128 = (0..weights.len()).map(weight).sum();
    let (weight, sum): (Box<dyn Fn(usize) -> i128>, i128) =
        if sum == 0 { (Box::new(|_| 1), weights.len() as i128) } else { (Box::new(weight), sum) };
    let sign = if total < 0 { -1 } else { 1 };
    let amount = i128::from(total).abs();
    let mut shares: Vec<i128> = Vec::with_capacity(weights.len());
    let mut remainders: Vec<(i128, usize)> = Vec::with_capacity(weights.len());
    for at in 0..weights.len() {
        // Both factors have at most 64 bits.
        let product = amount * weight(at);
        shares.push(product / sum);
        remainders.push((product % sum, at));
    }
    let mut left = amount - shares.iter().sum::<i128>();
    remainders.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, at) in remainders {
        if left == 0 {
            break;
        }
        shares[at] += 1;
        left -= 1;
    }
    shares.into_iter().map(|share| (share * sign) as i64).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shares_add_up_and_remainders_go_to_the_largest() {
        assert_eq!(allocate(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(allocate(100, &[0, 0, 0]), [34, 33, 33]);
        assert_eq!(allocate(-100, &[1, 2]), [-33, -67]);
        assert_eq!(allocate(7, &[5]), [7]);
        assert_eq!(allocate(7, &[]), Vec::<i64>::new());
        assert_eq!(allocate(i64::MAX, &[i64::MAX, i64::MAX]), [i64::MAX / 2 + 1, i64::MAX / 2]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_share_is_off_by_one(
            total in any::<i64>(),
            weights in prop::collection::vec(0_i64..=i64::MAX, 1..12),
        ) {
            let shares = allocate(total, &weights);
            prop_assert_eq!(shares.iter().map(|s| i128::from(*s)).sum::<i128>(), i128::from(total));
            let sum: i128 = weights.iter().map(|w| i128::from(*w)).sum();
            if sum > 0 {
                for (share, weight) in shares.iter().zip(&weights) {
                    let distance = i128::from(*share) * sum - i128::from(total) * i128::from(*weight);
                    prop_assert!(distance.abs() < sum, "{} of {}", share, weight);
                }
            }
        }
    }
}
