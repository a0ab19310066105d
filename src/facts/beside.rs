//! What reports read of files beside the orders: spend, and the day on which members joined.

use hashbrown::HashMap;

/// What was spent, a row of the frame `spend`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpendRow {
    /// Days since 1970-01-01; `None`: the file has no dates, or this row none that can be read.
    pub day: Option<i32>,
    pub campaign: String,
    pub channel: Option<String>,
    /// Labour, material, technology, promotion, ... as written.
    pub kind: Option<String>,
    /// 1/10,000 of the unit.
    pub amount_e4: i64,
}

/// The day of each member in a column of the frame `members`, such as the day of joining.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JoinedDays {
    /// customer_id -> days since 1970-01-01; of several rows the earliest day.
    pub days: HashMap<Box<str>, i32>,
    /// Members without a day: the value is missing or cannot be read in all of their rows.
    pub without_day: u64,
    /// Members with several rows.
    pub repeated: u64,
}

impl JoinedDays {
    pub fn get(&self, customer_id: &str) -> Option<i32> {
        self.days.get(customer_id).copied()
    }

    /// All members, those without a day included.
    pub fn members(&self) -> u64 {
        self.days.len() as u64 + self.without_day
    }
}
