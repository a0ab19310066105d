//! Who placed which order: distinct customers, their orders, and order ids that several customers share.
//!
//! Customers and order ids are compared by 64-bit hashes: two of n different ones are taken for one with a probability of
//! n²/2⁶⁵ (a million: 3e-8). Memory: 40 bytes per distinct pair of order id and customer, 48 and the id per customer.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hashbrown::HashTable;

use super::super::hash::hash64;
use super::tally::{RowPlace, SHOWN, Spot};

const SHARD_BITS: u32 = 6;
const SHARDS: usize = 1 << SHARD_BITS;

/// A row in use, as far as it matters here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Purchase<'a> {
    pub(super) place: RowPlace,
    pub(super) customer: &'a str,
    pub(super) order: Option<&'a str>,
}

/// The rows of one order id that name one customer.
#[derive(Debug)]
struct Pair {
    order: u64,
    customer: u64,
    rows: u64,
    first: RowPlace,
}

#[derive(Debug, Default)]
struct Orders {
    /// One pair per order id: that with the customer who was seen first.
    main: HashTable<Pair>,
    /// The other customers of order ids that are shared, so that an id shared by all of them costs no search.
    others: HashTable<Pair>,
    /// Order ids of several customers, by hash.
    shared: BTreeMap<u64, Box<str>>,
}

#[derive(Debug)]
struct Customer {
    hash: u64,
    id: Box<str>,
    rows: u64,
    orders: u64,
    first: RowPlace,
}

/// Collects rows from several threads.
#[derive(Debug)]
pub(super) struct People {
    orders: Vec<Mutex<Orders>>,
    customers: Vec<Mutex<HashTable<Customer>>>,
}

/// A customer with far more orders than others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dominant {
    pub(super) rows: u64,
    pub(super) orders: u64,
    pub(super) spot: Spot,
}

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Peopled {
    pub(super) customers: u64,
    /// Distinct pairs of order id and customer, and each row without an order id.
    pub(super) orders: u64,
    /// Distinct pairs of order id and customer.
    pub(super) orders_with_id: u64,
    /// Rows of order ids that have several customers, and for each such id the first row whose customer is not that of
    /// its first row.
    pub(super) shared_rows: u64,
    pub(super) shared_first: Vec<Spot>,
    /// Most orders first; equal ones by first row.
    pub(super) dominant: Vec<Dominant>,
}

impl People {
    pub(super) fn new() -> Self {
        Self {
            orders: (0..SHARDS).map(|_| Mutex::default()).collect(),
            customers: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }

    pub(super) fn push(&self, rows: &[Purchase<'_>]) {
        let hashes: Vec<(u64, Option<u64>)> =
            rows.iter().map(|row| (hash(row.customer), row.order.map(hash))).collect();

        // Rows that are the first of their order: these count as an order of the customer.
        let mut is_new = vec![false; rows.len()];
        let by_order = by_shard(hashes.iter().map(|(_, order)| *order));
        for (orders, members) in self.orders.iter().zip(by_order).filter(|(_, members)| !members.is_empty()) {
            let mut orders = lock(orders);
            for at in members {
                let (customer, order) = hashes[at];
                is_new[at] = order.is_some_and(|order| orders.add(order, customer, &rows[at]));
            }
        }
        let by_customer = by_shard(hashes.iter().map(|(customer, _)| Some(*customer)));
        for (customers, members) in self.customers.iter().zip(by_customer).filter(|(_, m)| !m.is_empty()) {
            let mut customers = lock(customers);
            for at in members {
                let (row, hash) = (&rows[at], hashes[at].0);
                let mut entry =
                    customers.entry(hash, |known| known.hash == hash, |known| known.hash).or_insert_with(
                        || Customer { hash, id: row.customer.into(), rows: 0, orders: 0, first: row.place },
                    );
                let customer = entry.get_mut();
                customer.rows += 1;
                customer.orders += u64::from(row.order.is_none() || is_new[at]);
                customer.first = customer.first.min(row.place);
            }
        }
    }

    /// `is_dominant(orders of a customer, median over customers, orders of all)` says who has absurdly many.
    pub(super) fn finish(self, is_dominant: impl Fn(u64, u64, u64) -> bool) -> Peopled {
        let mut found = Peopled::default();
        for orders in self.orders {
            let orders = orders.into_inner().unwrap_or_else(PoisonError::into_inner);
            found.orders_with_id += (orders.main.len() + orders.others.len()) as u64;
            // The first rows of the two customers of an order id who come first.
            let mut earliest: BTreeMap<u64, (RowPlace, Option<RowPlace>)> = BTreeMap::new();
            let main =
                orders.shared.keys().filter_map(|hash| orders.main.find(*hash, |pair| pair.order == *hash));
            for pair in main.chain(&orders.others) {
                found.shared_rows += pair.rows;
                earliest
                    .entry(pair.order)
                    .and_modify(|(first, second)| {
                        let later = pair.first.max(*first);
                        *first = pair.first.min(*first);
                        *second = Some(second.map_or(later, |second| second.min(later)));
                    })
                    .or_insert((pair.first, None));
            }
            let spots = orders.shared.iter().filter_map(|(hash, id)| {
                let second = earliest.get(hash)?.1?;
                Some(Spot::new(second, "order_id", id.as_ref()))
            });
            found.shared_first.extend(spots);
            found.shared_first.sort();
            found.shared_first.truncate(SHOWN);
        }
        let customers: Vec<Customer> = self
            .customers
            .into_iter()
            .flat_map(|shard| shard.into_inner().unwrap_or_else(PoisonError::into_inner))
            .collect();
        found.customers = customers.len() as u64;
        found.orders = customers.iter().map(|customer| customer.orders).sum();
        let mut counts: Vec<u64> = customers.iter().map(|customer| customer.orders).collect();
        let middle = counts.len().saturating_sub(1) / 2;
        let median = if counts.is_empty() { 0 } else { *counts.select_nth_unstable(middle).1 };
        found.dominant = customers
            .into_iter()
            .filter(|customer| is_dominant(customer.orders, median, found.orders))
            .map(|customer| Dominant {
                rows: customer.rows,
                orders: customer.orders,
                spot: Spot::new(customer.first, "customer_id", customer.id),
            })
            .collect();
        found.dominant.sort_by(|a, b| b.orders.cmp(&a.orders).then(a.spot.place.cmp(&b.spot.place)));
        found
    }
}

impl Orders {
    /// Says whether the customer is new to the order.
    fn add(&mut self, order: u64, customer: u64, row: &Purchase<'_>) -> bool {
        let new = || Pair { order, customer, rows: 1, first: row.place };
        let known = match self.main.find_mut(order, |pair| pair.order == order) {
            None => {
                self.main.insert_unique(order, new(), |pair| pair.order);
                return true;
            }
            Some(pair) if pair.customer == customer => Some(pair),
            Some(_) => {
                self.shared.entry(order).or_insert_with(|| row.order.unwrap_or_default().into());
                let both = Pair::hash(order, customer);
                self.others.find_mut(both, |pair| pair.order == order && pair.customer == customer)
            }
        };
        match known {
            Some(pair) => {
                pair.rows += 1;
                pair.first = pair.first.min(row.place);
                false
            }
            None => {
                let both = Pair::hash(order, customer);
                self.others.insert_unique(both, new(), |pair| Pair::hash(pair.order, pair.customer));
                true
            }
        }
    }
}

impl Pair {
    fn hash(order: u64, customer: u64) -> u64 {
        order ^ customer.rotate_left(32)
    }
}

fn hash(text: &str) -> u64 {
    hash64(text.as_bytes())
}

/// Positions by shard of their hash; those without one in none.
fn by_shard(hashes: impl Iterator<Item = Option<u64>>) -> Vec<Vec<usize>> {
    let mut shards = vec![Vec::new(); SHARDS];
    for (at, hash) in hashes.enumerate() {
        if let Some(hash) = hash {
            // Not the bits by which the table chooses its places.
            shards[(hash >> 32) as usize % SHARDS].push(at);
        }
    }
    shards
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
