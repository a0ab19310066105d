//! Histories as the models see them: how often, until when, for how much each customer bought up to a day.

use crate::facts::Histories;
use crate::stats::btyd::Row;
use crate::stats::btyd::gamma_gamma::SpendRow;

/// 1/10,000 of the currency unit.
pub(super) const MONEY_UNIT: f64 = 10_000.0;

/// One customer up to the end of the observed time. Times are whole days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Customer {
    /// Place in the histories.
    pub place: u32,
    pub first_day: i32,
    /// Repeat occasions.
    pub x: u32,
    /// From the first purchase to the last.
    pub t_x: u32,
    /// From the first purchase to the end of the observed time.
    pub t: u32,
    /// Occasions from which spend is learnt, and their net revenue (1/10,000).
    pub spend_count: u32,
    pub spend_e4: i64,
    /// Purchases.
    pub orders: u32,
    /// Net revenue of all entries (1/10,000).
    pub net_e4: i64,
}

/// The customers acquired up to a day, with what they did up to it. Distinct histories are kept once.
#[derive(Debug, Clone)]
pub(super) struct Population {
    /// The last observed day.
    pub last_day: i32,
    /// In the order of the bytes of their ids.
    pub customers: Vec<Customer>,
    /// Distinct (x, t_x, T), in order.
    pub rows: Vec<Row>,
    /// Per customer: index into `rows`.
    pub row_of: Vec<u32>,
    /// Distinct spend, in order; purchases of nothing at all (count or sum 0) are there too, and are not to be fitted.
    pub spends: Vec<SpendRow>,
    /// Per customer: index into `spends`.
    pub spend_of: Vec<u32>,
    /// Net revenue of all entries, and of the occasions alone (1/10,000).
    pub net_e4: i128,
    pub occasions_net_e4: i128,
    /// Occasions of all customers.
    pub occasions: u64,
}

impl Population {
    /// `order`: places in the histories in the order of ids. `include_first`: spend is learnt from first purchases as well.
    pub fn new(histories: &Histories, order: &[u32], last_day: i32, include_first: bool) -> Self {
        let mut population = Self {
            last_day,
            customers: Vec::with_capacity(order.len()),
            rows: Vec::new(),
            row_of: Vec::new(),
            spends: Vec::new(),
            spend_of: Vec::new(),
            net_e4: 0,
            occasions_net_e4: 0,
            occasions: 0,
        };
        for place in order {
            population.push(histories, *place, include_first);
        }
        let rows = population.customers.iter().map(|customer| (customer.x, customer.t_x, customer.t));
        let (distinct, row_of) = distinct(rows.collect());
        population.row_of = row_of;
        population.rows = distinct
            .into_iter()
            .map(|((x, t_x, t), weight)| Row { x, t_x: f64::from(t_x), t: f64::from(t), weight })
            .collect();
        let spends = population.customers.iter().map(|customer| (customer.spend_count, customer.spend_e4));
        let (distinct, spend_of) = self::distinct(spends.collect());
        population.spend_of = spend_of;
        population.spends = distinct
            .into_iter()
            .map(|((x, sum), weight)| SpendRow {
                x,
                mean: if x == 0 { 0.0 } else { sum as f64 / (f64::from(x) * MONEY_UNIT) },
                weight,
            })
            .collect();
        population
    }

    fn push(&mut self, histories: &Histories, place: u32, include_first: bool) {
        let history = histories.get(place as usize);
        let known = history.day.partition_point(|day| *day <= self.last_day);
        let mut customer: Option<Customer> = None;
        let (mut net, mut occasions_net) = (0i128, 0i128);
        let mut spend = 0i128;
        for at in 0..known {
            let (day, orders) = (history.day[at], history.orders[at]);
            let amount = i128::from(history.net_e4[at]);
            net += amount;
            if orders == 0 {
                continue;
            }
            occasions_net += amount;
            self.occasions += 1;
            match &mut customer {
                None => {
                    if include_first {
                        spend += amount;
                    }
                    customer = Some(Customer {
                        place,
                        first_day: day,
                        x: 0,
                        t_x: 0,
                        t: self.last_day.abs_diff(day),
                        spend_count: u32::from(include_first),
                        spend_e4: 0,
                        orders,
                        net_e4: 0,
                    });
                }
                Some(customer) => {
                    spend += amount;
                    customer.x += 1;
                    customer.t_x = day.abs_diff(customer.first_day);
                    customer.spend_count += 1;
                    customer.orders = customer.orders.saturating_add(orders);
                }
            }
        }
        let Some(mut customer) = customer else { return };
        let limits = i128::from(i64::MIN)..=i128::from(i64::MAX);
        customer.net_e4 = net.clamp(*limits.start(), *limits.end()) as i64;
        customer.spend_e4 = spend.clamp(*limits.start(), *limits.end()) as i64;
        self.net_e4 += net;
        self.occasions_net_e4 += occasions_net;
        self.customers.push(customer);
    }

    pub fn len(&self) -> usize {
        self.customers.len()
    }

    /// Customers with a repeat purchase.
    pub fn repeaters(&self) -> usize {
        self.customers.iter().filter(|customer| customer.x > 0).count()
    }

    /// Days from the first purchase of all to the end.
    pub fn span(&self) -> u32 {
        self.customers.iter().map(|customer| customer.t).max().unwrap_or(0)
    }

    /// Mean net revenue of an occasion, in currency units.
    pub fn mean_spend(&self) -> Option<f64> {
        (self.occasions > 0).then(|| self.occasions_net_e4 as f64 / (self.occasions as f64 * MONEY_UNIT))
    }

    /// Net revenue after refunds that stand by themselves, as a share of what occasions brought in; not below 0.
    pub fn refund_factor(&self) -> f64 {
        if self.occasions_net_e4 <= 0 || self.net_e4 == self.occasions_net_e4 {
            return 1.0;
        }
        (self.net_e4 as f64 / self.occasions_net_e4 as f64).max(0.0)
    }

    /// Rows of spend from which a model can learn, with weights of their own (one per row of `spends`).
    pub fn spend_rows(&self, weights: impl Iterator<Item = f64>) -> Vec<SpendRow> {
        let rows = self.spends.iter().zip(weights).map(|(row, weight)| SpendRow { weight, ..*row });
        rows.filter(|row| row.x > 0 && row.mean > 0.0 && row.weight > 0.0).collect()
    }
}

/// Distinct keys in order with their numbers, and which one each key is.
fn distinct<K: Ord + Copy>(keys: Vec<K>) -> (Vec<(K, f64)>, Vec<u32>) {
    let mut order: Vec<u32> = (0..keys.len() as u32).collect();
    order.sort_unstable_by_key(|at| keys[*at as usize]);
    let mut of = vec![0; keys.len()];
    let mut found: Vec<(K, f64)> = Vec::new();
    for at in order {
        let key = keys[at as usize];
        match found.last_mut() {
            Some((last, weight)) if *last == key => *weight += 1.0,
            _ => found.push((key, 1.0)),
        }
        of[at as usize] = found.len() as u32 - 1;
    }
    (found, of)
}
