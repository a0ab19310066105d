//! Ranks of amounts among those who have any, exactly.

/// The amounts above 0 of one dimension, in order, and the least that is among the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ranks {
    amounts: Vec<i128>,
    threshold: i128,
}

impl Ranks {
    /// Amounts of 0 and below are left out; `None` where no others are. Among the first are the `share_ppm` millionths of
    /// them, rounded up, and who has as much as the last of these.
    pub fn new(amounts: impl Iterator<Item = i128>, share_ppm: u64) -> Option<Self> {
        let mut amounts: Vec<i128> = amounts.filter(|amount| *amount > 0).collect();
        amounts.sort_unstable();
        let count = amounts.len();
        let first = (count as u128 * u128::from(share_ppm)).div_ceil(1_000_000) as usize;
        let threshold = *amounts.get(count.checked_sub(first.clamp(1, count.max(1)))?)?;
        Some(Self { amounts, threshold })
    }

    pub fn count(&self) -> u64 {
        self.amounts.len() as u64
    }

    pub fn threshold(&self) -> i128 {
        self.threshold
    }

    pub fn is_top(&self, amount: i128) -> bool {
        amount >= self.threshold
    }

    /// How many are among the first.
    pub fn tops(&self) -> u64 {
        self.from(self.threshold)
    }

    /// How many have at least this much.
    fn from(&self, amount: i128) -> u64 {
        (self.amounts.len() - self.amounts.partition_point(|known| *known < amount)) as u64
    }

    /// The share that has at least this much; `None` for an amount of nothing.
    pub fn share_from(&self, amount: i128) -> Option<f64> {
        (amount > 0).then(|| self.from(amount) as f64 / self.count() as f64)
    }

    /// The same in percent, rounded up: 1 to 100.
    pub fn top_percent(&self, amount: i128) -> u64 {
        (self.from(amount) * 100).div_ceil(self.count())
    }

    /// Twice the number of amounts: the denominator of `double_rank`.
    pub fn double_count(&self) -> u128 {
        2 * self.amounts.len() as u128
    }

    /// Twice the mid-rank: those below twice, those equal once; 0 for an amount of nothing.
    pub fn double_rank(&self, amount: i128) -> u128 {
        if amount <= 0 {
            return 0;
        }
        let below = self.amounts.partition_point(|known| *known < amount);
        let up_to = self.amounts.partition_point(|known| *known <= amount);
        (below + up_to) as u128
    }
}
