//! Amounts, days and ids one by one: what is far out, where days are missing, which ids are no ids.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::tally::{RowPlace, SHOWN};
use super::{Gap, Outliers};
use crate::stats::robust::Robust;

/// Positive amounts of rows in use: each distinct one with its number, and the largest and smallest with their places.
#[derive(Debug, Clone, Default)]
pub(super) struct Amounts {
    counts: HashMap<i64, u64>,
    /// Largest first, then by place.
    largest: Vec<(i64, RowPlace)>,
    /// Smallest first, then by place.
    smallest: Vec<(i64, RowPlace)>,
}

impl Amounts {
    pub(super) fn add(&mut self, amount_e4: i64, place: RowPlace) {
        *self.counts.entry(amount_e4).or_default() += 1;
        keep(&mut self.largest, (amount_e4, place), |(amount, place)| (std::cmp::Reverse(*amount), *place));
        keep(&mut self.smallest, (amount_e4, place), |(amount, place)| (*amount, *place));
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (amount, n) in other.counts {
            *self.counts.entry(amount).or_default() += n;
        }
        for new in other.largest {
            keep(&mut self.largest, new, |(amount, place)| (std::cmp::Reverse(*amount), *place));
        }
        for new in other.smallest {
            keep(&mut self.smallest, new, |(amount, place)| (*amount, *place));
        }
    }

    /// Amounts whose logarithm lies more than `limit` robust standard deviations from the median of the logarithms, and
    /// the places of the three furthest out.
    pub(super) fn outliers(&self, limit: f64) -> Option<(Outliers, Vec<(i64, RowPlace)>)> {
        let mut sorted: Vec<(i64, u64)> = self.counts.iter().map(|(amount, n)| (*amount, *n)).collect();
        sorted.sort_unstable();
        let log = |amount: i64| (amount as f64).ln();
        let logs: Vec<(f64, u64)> = sorted.iter().map(|(amount, n)| (log(*amount), *n)).collect();
        let robust = Robust::of(&logs)?;
        let is_out = |amount: i64| robust.z(log(amount)).abs() > limit;
        let mut found = Outliers {
            rows: 0,
            sum_e4: 0,
            of_e4: 0,
            typical_e4: robust.median.exp().round() as i64,
            lowest_e4: None,
            highest_e4: None,
        };
        for (amount, n) in &sorted {
            let sum = i128::from(*amount) * i128::from(*n);
            found.of_e4 += sum;
            if is_out(*amount) {
                found.rows += n;
                found.sum_e4 += sum;
            } else {
                found.lowest_e4 = found.lowest_e4.or(Some(*amount));
                found.highest_e4 = Some(*amount);
            }
        }
        let mut furthest: Vec<(i64, RowPlace)> = self
            .largest
            .iter()
            .chain(&self.smallest)
            .filter(|(amount, _)| is_out(*amount))
            .copied()
            .collect();
        furthest.sort_by(|a, b| {
            let z = |amount: i64| robust.z(log(amount)).abs();
            z(b.0).total_cmp(&z(a.0)).then(a.1.cmp(&b.1))
        });
        furthest.dedup();
        furthest.truncate(SHOWN);
        (found.rows > 0).then_some((found, furthest))
    }
}

/// Puts `new` into the short list `kept`, which ascends by `key`.
fn keep<T, K: Ord>(kept: &mut Vec<T>, new: T, key: impl Fn(&T) -> K) {
    if kept.len() == SHOWN && kept.last().is_some_and(|last| key(last) <= key(&new)) {
        return;
    }
    let at = kept.partition_point(|known| key(known) <= key(&new));
    kept.insert(at, new);
    kept.truncate(SHOWN);
}

/// Fewer days with rows say nothing about what is usual.
const DAYS_FOR_A_HABIT: usize = 30;
/// A gap is this many times the usual distance between two days with rows.
const REMARKABLE: i64 = 7;

/// Gaps between days with rows, the longest first; equal ones by date. `days` are days since 1970-01-01 with rows.
pub(super) fn gaps(days: &BTreeMap<i32, u64>) -> (Option<i64>, Vec<Gap>) {
    if days.len() < DAYS_FOR_A_HABIT {
        return (None, Vec::new());
    }
    let days: Vec<i64> = days.keys().map(|day| i64::from(*day)).collect();
    let mut distances: Vec<i64> = days.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let middle = distances.len() / 2;
    let usual = *distances.select_nth_unstable(middle).1;
    let mut gaps: Vec<Gap> = days
        .windows(2)
        .map(|pair| Gap { first: (pair[0] + 1) as i32, last: (pair[1] - 1) as i32 })
        .filter(|gap| gap.days() >= REMARKABLE * usual)
        .collect();
    gaps.sort_by_key(|gap| (std::cmp::Reverse(gap.days()), gap.first));
    (Some(usual), gaps)
}

/// Whether an id is what a spreadsheet shows where it has no value: `#REF!`, `#NAME?`, `########`.
pub(super) fn is_spreadsheet_error(id: &str) -> bool {
    const ERRORS: [&str; 6] = ["#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!"];
    id.starts_with('#') && (ERRORS.contains(&id) || id.len() >= 3 && id.bytes().all(|b| b == b'#'))
}

/// Digits that a spreadsheet keeps of a number.
const KEPT_DIGITS: usize = 15;

/// Of an id that is a number of more than 15 digits: whether all digits behind the fifteenth are zeros, as a spreadsheet
/// leaves them. `None` for other ids.
pub(super) fn long_number_is_rounded(id: &str) -> Option<bool> {
    let bytes = id.as_bytes();
    if bytes.len() <= KEPT_DIGITS || !bytes.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(bytes[KEPT_DIGITS..].iter().all(|digit| *digit == b'0'))
}
