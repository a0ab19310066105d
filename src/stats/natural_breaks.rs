//! Natural breaks: the classes of one dimension with the least squared deviation from their means, found exactly.
//!
//! Source: Fisher, W. D. (1958), On grouping for maximum homogeneity, Journal of the American Statistical Association
//! 53(284), 789-798; Jenks, G. F. (1967), The data model concept in statistical mapping. Optimal classes are contiguous
//! (Fisher's lemma 1), so a dynamic programme over the sorted values finds them. The first value of the last class never
//! moves left as values are added (the cost of a class is concave Monge), so each layer is solved by divide and conquer
//! in O(n log n): Song, M. and Zhong, H. (2020), Efficient weighted univariate clustering, Bioinformatics 36(20).

/// Running sums over the distinct values; those of a class are the difference of two.
#[derive(Clone, Copy, Default)]
struct Sums {
    /// Sum of weight x value^2.
    squares: i128,
    /// Sum of weight x value.
    values: i64,
    weight: i64,
}

/// `distinct`: values in strictly ascending order, each with its weight (how often it occurs, at least 1).
/// Returns the largest value of every class, ascending: `classes` of them, or one per value where there are fewer values.
///
/// ## Definition
/// The partition into contiguous classes C that minimises sum_C sum_(i in C) w_i (x_i - mean_C)^2
///
/// Of partitions that are equally good, the one whose boundaries lie furthest left is taken.
pub fn natural_breaks(distinct: &[(i64, u64)], classes: usize) -> Vec<i64> {
    let n = distinct.len();
    let classes = classes.min(n);
    if classes == 0 {
        return Vec::new();
    }
    let sums = running_sums(distinct);
    // best[j]: the least cost of values 0..=j in as many classes as there are layers so far.
    let mut best: Vec<f64> = (0..n).map(|j| cost(&sums, 0, j)).collect();
    let mut starts: Vec<Vec<u32>> = Vec::with_capacity(classes.saturating_sub(1));
    for layer in 1..classes {
        let mut next = vec![f64::INFINITY; n];
        let mut start = vec![0u32; n];
        // Of the last layer only the whole is asked for.
        let first = if layer + 1 == classes { n - 1 } else { layer };
        Layer { sums: &sums, previous: &best, cost: &mut next, start: &mut start }.solve(
            first,
            n - 1,
            layer,
            n - 1,
        );
        best = next;
        starts.push(start);
    }
    let mut ends = vec![n - 1];
    for start in starts.iter().rev() {
        let end = ends[ends.len() - 1];
        ends.push(start[end] as usize - 1);
    }
    ends.iter().rev().map(|&end| distinct[end].0).collect()
}

struct Layer<'a> {
    sums: &'a [Sums],
    /// Costs with one class less.
    previous: &'a [f64],
    cost: &'a mut [f64],
    /// Where the last class starts.
    start: &'a mut [u32],
}

impl Layer<'_> {
    /// Fills `ends` first..=last, whose last class starts somewhere in low..=high.
    fn solve(&mut self, first: usize, last: usize, low: usize, high: usize) {
        let middle = first + (last - first) / 2;
        let (mut least, mut at) = (f64::INFINITY, low);
        for start in low..=high.min(middle) {
            let total = self.previous[start - 1] + cost(self.sums, start, middle);
            if total < least {
                (least, at) = (total, start);
            }
        }
        self.cost[middle] = least;
        self.start[middle] = at as u32;
        if middle > first {
            self.solve(first, middle - 1, low, at);
        }
        if middle < last {
            self.solve(middle + 1, last, at, high);
        }
    }
}

/// Values are centred, so that sums stay small; where even then weight^2 x value^2 would not fit 127 bits (a span of
/// some billion units over a million customers), the lowest bits are dropped.
fn running_sums(distinct: &[(i64, u64)]) -> Vec<Sums> {
    let (low, high) = (i128::from(distinct[0].0), i128::from(distinct[distinct.len() - 1].0));
    let centre = low + (high - low) / 2;
    let weight: u128 = distinct.iter().map(|&(_, w)| u128::from(w)).sum();
    let bits = |v: u128| u128::BITS - v.leading_zeros();
    let shift = (bits(weight) + bits((high - centre).unsigned_abs())).saturating_sub(62);
    let mut sums = Vec::with_capacity(distinct.len() + 1);
    let mut running = Sums::default();
    sums.push(running);
    for &(value, weight) in distinct {
        let value = ((i128::from(value) - centre) >> shift) as i64;
        let weight = weight as i64;
        running.squares += i128::from(weight) * i128::from(value) * i128::from(value);
        running.values += weight * value;
        running.weight += weight;
        sums.push(running);
    }
    sums
}

/// Squared deviation of the class first..=last from its mean, (W S2 - S1^2) / W: the numerator is exact.
fn cost(sums: &[Sums], first: usize, last: usize) -> f64 {
    let (a, b) = (sums[first], sums[last + 1]);
    let weight = b.weight - a.weight;
    let values = i128::from(b.values - a.values);
    let numerator = i128::from(weight) * (b.squares - a.squares) - values * values;
    numerator as f64 / weight as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn squared_deviation(class: &[(i64, u64)]) -> f64 {
        let weight: f64 = class.iter().map(|c| c.1 as f64).sum();
        let mean = class.iter().map(|c| c.0 as f64 * c.1 as f64).sum::<f64>() / weight;
        class.iter().map(|c| c.1 as f64 * (c.0 as f64 - mean).powi(2)).sum()
    }

    fn total(distinct: &[(i64, u64)], breaks: &[i64]) -> f64 {
        let mut rest = distinct;
        breaks
            .iter()
            .map(|upper| {
                let (class, after) = rest.split_at(rest.partition_point(|c| c.0 <= *upper));
                rest = after;
                squared_deviation(class)
            })
            .sum()
    }

    /// Every way to cut `values` into `classes` contiguous parts.
    fn brute_force(values: &[(i64, u64)], classes: usize) -> f64 {
        if classes == 1 {
            return squared_deviation(values);
        }
        (classes - 1..values.len())
            .map(|start| brute_force(&values[..start], classes - 1) + squared_deviation(&values[start..]))
            .fold(f64::INFINITY, f64::min)
    }

    /// The worked example of "Jenks natural breaks optimization" (4, 5, 9, 10: least deviation 1 in two classes).
    #[test]
    fn jenks_worked_example() {
        let values = [(4, 1), (5, 1), (9, 1), (10, 1)];
        assert_eq!(natural_breaks(&values, 2), [5, 10]);
        assert_eq!(total(&values, &[5, 10]), 1.0);
    }

    /// The test suite of the R package Ckmeans.1d.dp, "Weighted input": sizes 4, 3, 3, within sums 0, 0, 2.
    #[test]
    fn ckmeans_weighted_example() {
        let values = [(-1, 4), (2, 3), (4, 1), (5, 1), (6, 1)];
        assert_eq!(natural_breaks(&values, 3), [-1, 2, 6]);
        assert_eq!(total(&values, &[-1, 2, 6]), 2.0);
    }

    /// The example in the README of the npm package jenks: 0.5, 1, 2, 5, 15, 31, 45, 89.3, 112, 120 break at 15 and 45.
    #[test]
    fn npm_jenks_example() {
        let values = [5, 10, 20, 50, 150, 310, 450, 893, 1120, 1200].map(|v| (v, 1));
        assert_eq!(natural_breaks(&values, 3), [150, 450, 1200]);
    }

    #[test]
    fn fewer_values_than_classes() {
        assert_eq!(natural_breaks(&[(3, 9), (7, 1)], 5), [3, 7]);
        assert_eq!(natural_breaks(&[(3, 9)], 5), [3]);
        assert!(natural_breaks(&[], 5).is_empty());
    }

    /// 0 1 2 in two classes: {0}{1 2} and {0 1}{2} cost the same.
    #[test]
    fn ties_go_left() {
        assert_eq!(natural_breaks(&[(0, 1), (1, 1), (2, 1)], 2), [0, 2]);
    }

    #[test]
    fn extremes_do_not_overflow() {
        let values = [(i64::MIN, 1), (-1, 1 << 30), (0, 1 << 30), (i64::MAX, 1)];
        assert_eq!(natural_breaks(&values, 3), [i64::MIN, 0, i64::MAX]);
    }

    proptest! {
        #[test]
        fn as_good_as_every_partition(
            map in prop::collection::btree_map(-1000i64..1000, 1u64..20, 1..14),
            classes in 1usize..6,
            offset in prop::sample::select(vec![0i64, 1_000_000_007, -987_654_321_000]),
        ) {
            let plain: Vec<_> = map.into_iter().collect();
            let moved: Vec<_> = plain.iter().map(|&(v, w)| (v + offset, w)).collect();
            let breaks: Vec<_> = natural_breaks(&moved, classes).iter().map(|v| v - offset).collect();
            let classes = classes.min(plain.len());
            prop_assert_eq!(breaks.len(), classes);
            prop_assert!(breaks.is_sorted_by(|a, b| a < b));
            let least = brute_force(&plain, classes);
            prop_assert!((total(&plain, &breaks) - least).abs() <= 1e-9 * (1.0 + least));
        }

        /// Larger inputs against the plain O(k n^2) programme.
        #[test]
        fn as_good_as_the_plain_programme(
            map in prop::collection::btree_map(-100_000i64..100_000, 1u64..1000, 50..120),
            classes in 2usize..8,
        ) {
            let values: Vec<_> = map.into_iter().collect();
            let sums = running_sums(&values);
            let n = values.len();
            let mut best: Vec<f64> = (0..n).map(|j| cost(&sums, 0, j)).collect();
            for layer in 1..classes {
                best = (0..n)
                    .map(|j| (layer..=j).map(|s| best[s - 1] + cost(&sums, s, j)).fold(f64::INFINITY, f64::min))
                    .collect();
            }
            let found = total(&values, &natural_breaks(&values, classes));
            prop_assert!((found - best[n - 1]).abs() <= 1e-9 * best[n - 1]);
        }
    }
}
