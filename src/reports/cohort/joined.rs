//! Cohorts by the day of joining: members and customers brought together by their ids.

use hashbrown::HashMap;

use crate::facts::Histories;
use crate::facts::ids::IdColumn;

/// The rows of `--members`, in any order: an id may come several times.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Members {
    pub customer_id: IdColumn,
    /// Days since 1970-01-01; `None`: the row does not say.
    pub joined_day: Vec<Option<i32>>,
}

/// Who joined when, and what stays outside of all cohorts.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Joined {
    /// For each customer of the histories: the day of joining, also where it is after as_of.
    pub day_of: Vec<Option<i32>>,
    /// Of members who have joined by as_of and have no purchase: the days of joining, in no order.
    pub without_purchase: Vec<i32>,
    /// Members who joined after as_of: they are in no cohort.
    pub later: u64,
    /// Members whose rows do not say when they joined.
    pub without_day: u64,
    /// Rows beyond the first of a member: the earliest day counts.
    pub repeated: u64,
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
    pub fn new(members: &Members, histories: &Histories, as_of_day: i32) -> Self {
        let mut joined = Self::default();
        // Day of joining, and whether there is a purchase.
        let mut known: HashMap<&str, (Option<i32>, bool)> = HashMap::with_capacity(members.joined_day.len());
        for (id, day) in members.customer_id.iter().zip(&members.joined_day) {
            match known.entry(id) {
                hashbrown::hash_map::Entry::Occupied(mut entry) => {
                    joined.repeated += 1;
                    let (earliest, _) = entry.get_mut();
                    *earliest = earliest.iter().chain(day).min().copied();
                }
                hashbrown::hash_map::Entry::Vacant(entry) => {
                    entry.insert((*day, false));
                }
            }
        }
        joined.day_of.reserve_exact(histories.len());
        for (customer, history) in histories.iter().enumerate() {
            let member = known.get_mut(histories.customer_id.get(customer));
            let day = member.and_then(|(day, has_bought)| {
                *has_bought = true;
                *day
            });
            joined.day_of.push(day);
            let end_day = day.unwrap_or(i32::MAX).min(as_of_day.saturating_add(1));
            let end = history.day.partition_point(|at| *at < end_day);
            if end > 0 {
                let entries =
                    history.orders[..end].iter().copied().zip(history.net_e4[..end].iter().copied());
                if day.is_some() { &mut joined.before } else { &mut joined.strangers }.add(entries);
            }
        }
        for (day, has_bought) in known.into_values() {
            match day {
                None => joined.without_day += 1,
                Some(day) if day > as_of_day => joined.later += 1,
                Some(day) if !has_bought => joined.without_purchase.push(day),
                Some(_) => {}
            }
        }
        joined
    }
}
