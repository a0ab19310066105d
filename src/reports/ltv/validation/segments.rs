//! The guess by segment: customers who bought as often and as lately as this one did so much in the time before.

use super::super::population::{Customer, MONEY_UNIT, Population};
use crate::facts::Histories;
use crate::stats::quantile::cut_points;

/// Repeat purchases from which on customers are in one bin.
pub(super) const LAST_BIN: u32 = 7;
const BINS: usize = LAST_BIN as usize + 1;
const QUARTERS: usize = 4;
/// A mean over fewer customers than this is not trusted.
const ENOUGH: u64 = 20;

/// The bin of frequency: 0, 1, ... 6, 7 and more.
pub(super) fn bin(x: u32) -> usize {
    x.min(LAST_BIN) as usize
}

/// What customers did in a stretch of time.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    customers: u64,
    purchases: u64,
    net_e4: i128,
}

impl Sums {
    fn plus(self, other: Self) -> Self {
        Self {
            customers: self.customers + other.customers,
            purchases: self.purchases + other.purchases,
            net_e4: self.net_e4 + other.net_e4,
        }
    }
}

/// What a customer of each segment did on average in the learning window: as long as the hold-out and just before it, or the
/// second half of the time before it where that is shorter; scaled to the length of the hold-out. Of the hold-out itself
/// nothing is known here.
#[derive(Debug, Clone)]
pub(super) struct SegmentMeans {
    sums: [[Sums; QUARTERS]; BINS],
    /// Length of the hold-out over that of the window.
    scale: f64,
}

impl SegmentMeans {
    /// `None` where the time before the hold-out is too short for a window, or nobody was there before it.
    pub fn learn(histories: &Histories, before: &Population, days: u32) -> Option<Self> {
        let window = days.min(before.span() / 2);
        if window == 0 {
            return None;
        }
        let start = before.last_day.checked_sub_unsigned(window)?;
        // Those known when the window began: repeat purchases by then, days since the last of them, what they did in it.
        let mut known: Vec<(u32, i64, Sums)> = Vec::new();
        for customer in before.customers.iter().filter(|customer| customer.first_day <= start) {
            let history = histories.get(customer.place as usize);
            let from = history.day.partition_point(|day| *day <= start);
            let to = history.day.partition_point(|day| *day <= before.last_day);
            let occasions = |range: std::ops::Range<usize>| {
                history.orders[range].iter().filter(|orders| **orders > 0).count() as u64
            };
            let last = (0..from).rev().find(|at| history.orders[*at] > 0).map(|at| history.day[at]);
            let recency = i64::from(start) - i64::from(last?);
            let sums = Sums {
                customers: 1,
                purchases: occasions(from..to),
                net_e4: history.net_e4[from..to].iter().map(|net_e4| i128::from(*net_e4)).sum(),
            };
            known.push((occasions(0..from).saturating_sub(1) as u32, recency, sums));
        }
        let quarters = Quarters::of(known.iter().map(|(_, recency, _)| *recency).collect());
        let mut sums = [[Sums::default(); QUARTERS]; BINS];
        for (x, recency, done) in &known {
            let segment = &mut sums[bin(*x)][quarters.quarter(*recency)];
            *segment = segment.plus(*done);
        }
        let scale = f64::from(days) / f64::from(window);
        (!known.is_empty()).then_some(Self { sums, scale })
    }

    /// Purchases and revenue (currency units) of each customer in the hold-out, by the segment in which the customer is when
    /// it begins.
    pub fn foresee(&self, before: &Population) -> (Vec<f64>, Vec<f64>) {
        let recency = |customer: &Customer| i64::from(customer.t) - i64::from(customer.t_x);
        let quarters = Quarters::of(before.customers.iter().map(recency).collect());
        let of = |customer: &Customer| self.mean(bin(customer.x), quarters.quarter(recency(customer)));
        before.customers.iter().map(of).unzip()
    }

    /// Mean purchases and revenue of a segment. One with too few customers gives way to its bin, this to the bins from it or
    /// from below it upwards that have enough together, these to everybody.
    fn mean(&self, bin: usize, quarter: usize) -> (f64, f64) {
        let whole_bin = |bin: usize| self.sums[bin].iter().copied().fold(Sums::default(), Sums::plus);
        let from = |bin: usize| (bin..BINS).map(whole_bin).fold(Sums::default(), Sums::plus);
        let candidates = [self.sums[bin][quarter], whole_bin(bin)];
        let enough = |sums: &Sums| sums.customers >= ENOUGH;
        let sums = candidates.into_iter().chain((0..=bin).rev().map(from)).find(enough);
        let sums = sums.unwrap_or_else(|| from(0));
        let factor = self.scale / sums.customers as f64;
        (sums.purchases as f64 * factor, sums.net_e4 as f64 / MONEY_UNIT * factor)
    }
}

/// Quarters of a population by the days since the last purchase; equal values are in one quarter.
struct Quarters {
    /// The largest value of each quarter but the last.
    upper: Vec<i64>,
}

impl Quarters {
    fn of(mut values: Vec<i64>) -> Self {
        let cuts = cut_points(&mut values, QUARTERS as u32);
        Self { upper: cuts.into_iter().map(|cut| cut.floor()).collect() }
    }

    fn quarter(&self, value: i64) -> usize {
        self.upper.iter().filter(|upper| value > **upper).count()
    }
}
