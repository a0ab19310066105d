//! Gaps: the days from one purchase day of a customer to the next, or, where none came, to as_of. Counted, so that whatever
//! the order of customers the sums are the same.

use std::collections::BTreeMap;

use super::people::People;
use super::settings::FromOrder;
use crate::stats::kaplan_meier::Count;
use crate::stats::quantile::Fraction;

/// Room for dense counts, over all tallies that are made together.
const DENSE: usize = 4_000_000;

/// How many gaps of each length ended with a purchase, and how many are open.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    /// By length, up to `most`.
    dense: Vec<[u64; 2]>,
    most: usize,
    longer: BTreeMap<u32, [u64; 2]>,
}

impl Tally {
    /// So many empty ones, which share a limit of memory.
    pub fn several(tallies: usize) -> Vec<Self> {
        let most = DENSE / tallies.max(1);
        vec![Self { most, ..Self::default() }; tallies]
    }

    /// A gap that ended with a purchase.
    pub fn complete(&mut self, days: u32) {
        self.at(days)[0] += 1;
    }

    /// A gap that as_of cut short.
    pub fn open(&mut self, days: u32) {
        self.at(days)[1] += 1;
    }

    fn at(&mut self, days: u32) -> &mut [u64; 2] {
        let place = days as usize;
        if place >= self.most {
            return self.longer.entry(days).or_default();
        }
        if place >= self.dense.len() {
            self.dense.resize(place + 1, [0; 2]);
        }
        &mut self.dense[place]
    }

    /// In time, only lengths that occur.
    pub fn counts(&self) -> Vec<Count> {
        let dense = (0..).zip(&self.dense);
        let longer = self.longer.iter().map(|(days, counts)| (*days, counts));
        let all = dense.chain(longer).map(|(time, [events, censored])| Count {
            time,
            events: *events,
            censored: *censored,
        });
        all.filter(|count| count.events + count.censored > 0).collect()
    }
}

/// The days between two days, the later one first.
pub(super) fn days_between(later: i32, earlier: i32) -> u32 {
    u32::try_from(i64::from(later) - i64::from(earlier)).unwrap_or(0)
}

/// What `--from-order` chose, per group.
pub(super) struct Gaps {
    pub from_order: FromOrder,
    /// Customers with a gap.
    pub customers: Vec<u64>,
    pub tallies: Vec<Tally>,
}

impl Gaps {
    pub fn new(people: &People<'_>, from_order: FromOrder) -> Self {
        let groups = people.groups.values.len();
        let mut gaps = Self { from_order, customers: vec![0; groups], tallies: Tally::several(groups) };
        for customer in 0..people.len() {
            let group = people.group(customer);
            let tally = &mut gaps.tallies[group];
            let before = match from_order {
                FromOrder::Nth(n) => n as usize - 1,
                FromOrder::All => 0,
            };
            let mut days = people.days(customer).skip(before);
            let Some(mut last) = days.next() else { continue };
            gaps.customers[group] += 1;
            let mut is_open = true;
            for day in days {
                tally.complete(days_between(day, last));
                last = day;
                if from_order != FromOrder::All {
                    is_open = false;
                    break;
                }
            }
            if is_open {
                tally.open(days_between(people.as_of_day, last));
            }
        }
        gaps
    }
}

/// The complete gaps among `counts`: number, sum and quantiles, exactly.
pub(super) struct Complete {
    /// (days, gaps), in time.
    gaps: Vec<(u32, u64)>,
    pub number: u64,
}

impl Complete {
    pub fn new(counts: &[Count]) -> Self {
        let gaps: Vec<(u32, u64)> =
            counts.iter().filter(|c| c.events > 0).map(|c| (c.time, c.events)).collect();
        Self { number: gaps.iter().map(|gap| gap.1).sum(), gaps }
    }

    /// `None` where there is no gap.
    pub fn mean(&self) -> Option<f64> {
        let sum: u128 = self.gaps.iter().map(|(days, gaps)| u128::from(*days) * u128::from(*gaps)).sum();
        (self.number > 0).then(|| sum as f64 / self.number as f64)
    }

    pub fn least(&self) -> Option<u32> {
        self.gaps.first().map(|gap| gap.0)
    }

    pub fn most(&self) -> Option<u32> {
        self.gaps.last().map(|gap| gap.0)
    }

    /// The quantile numer/denom by definition 7 of Hyndman and Fan, as `stats::quantile`; `None` where there is no gap.
    pub fn quantile(&self, numer: u64, denom: u64) -> Option<f64> {
        let h = u128::from(self.number.checked_sub(1)?) * u128::from(numer);
        let (below, rest) = (h / u128::from(denom), h % u128::from(denom));
        let low = self.of_rank(below)?;
        let high = if rest == 0 { low } else { self.of_rank(below + 1)? };
        let parts = i128::from(denom);
        Some(Fraction::new(low * parts + rest as i128 * (high - low), parts).to_f64(1))
    }

    /// The length of this rank, counted from 0.
    fn of_rank(&self, rank: u128) -> Option<i128> {
        let mut passed = 0;
        let at_rank = self.gaps.iter().find(|(_, gaps)| {
            passed += u128::from(*gaps);
            passed > rank
        });
        at_rank.map(|(days, _)| i128::from(*days))
    }
}
