//! Cohorts by the day of joining: members and customers brought together by their ids.

use hashbrown::HashSet;

use crate::facts::{Histories, JoinedDays};

/// Who joined when, and what stays outside of all cohorts.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Joined {
    /// For each customer of the histories: the day of joining, also where it is after as_of.
    pub day_of: Vec<Option<i32>>,
    /// Of members who have joined by as_of and have no purchase: the days of joining, in no order.
    pub without_purchase: Vec<i32>,
    /// Members who joined after as_of: they are in no cohort.
    pub later: u64,
    /// Customers of whom no day of joining is known.
    pub strangers: Outside,
    /// What members bought, or had refunded, before they joined.
    pub before: Outside,
}

/// What is in no cell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Outside {
    pub customers: u64,
    pub orders: u64,
    pub net_e4: i128,
}

impl Outside {
    fn add(&mut self, entries: impl Iterator<Item = (u32, i64)>) {
        self.customers += 1;
        for (orders, net_e4) in entries {
            self.orders += u64::from(orders);
            self.net_e4 += i128::from(net_e4);
        }
    }
}

impl Joined {
    pub fn new(members: &JoinedDays, histories: &Histories, as_of_day: i32) -> Self {
        let mut joined = Self::default();
        joined.day_of.reserve_exact(histories.len());
        let mut buyers: HashSet<&str> = HashSet::new();
        for (customer, history) in histories.iter().enumerate() {
            let id = histories.customer_id.get(customer);
            let day = members.get(id);
            if day.is_some() {
                buyers.insert(id);
            }
            joined.day_of.push(day);
            let end_day = day.unwrap_or(i32::MAX).min(as_of_day.saturating_add(1));
            let end = history.day.partition_point(|at| *at < end_day);
            if end > 0 {
                let outside = if day.is_some() { &mut joined.before } else { &mut joined.strangers };
                outside.add(history.orders[..end].iter().copied().zip(history.net_e4[..end].iter().copied()));
            }
        }
        for (id, day) in &members.days {
            if *day > as_of_day {
                joined.later += 1;
            } else if !buyers.contains(&**id) {
                joined.without_purchase.push(*day);
            }
        }
        joined
    }
}
