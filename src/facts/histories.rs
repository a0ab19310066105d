//! Histories: what each customer bought, day by day, up to a moment. Cohorts, repurchase and lifetime value read them.
//!
//! Rows, orders, purchases and attributes are those of [`customers`](super::customers). Added to them:
//!
//! ## Definition
//! - Day of an order: the day (floor of its moment, in days since 1970-01-01).
//! - Occasion: all purchases of one customer on one day.
//! - Item of an occasion: a value (a product, a category) of the rows of its purchases, or "no value" where a row has none;
//!   rows that give something back and no more are left out.
//! - Entry: an occasion, or the orders of a day that are no purchase (refunds that stand by themselves, orders refunded
//!   whole): one customer has up to two entries for a day, the occasion first.
//!
//! ## Counted
//! Customers with at least one purchase, with all of their orders: the net of all entries is the net revenue of
//! [`CustomerFacts`](super::CustomerFacts), to the last digit.

use std::sync::Arc;

use super::batch::too_large;
use super::ids::{AttributeColumn, IdColumn};
use super::kernel::Plan;
use super::orders::Entry;
use super::part::{Dictionary, Sums, WITHOUT_PURCHASE, attributes_of_nobody, narrow};
use crate::error::Result;

/// Customers in no order (it differs from run to run: sort before adding up floats), the entries of each in time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Histories {
    pub customer_id: IdColumn,
    /// Where the entries of each customer end; they begin where those of the customer before end.
    pub ends: Vec<u32>,
    /// Of entries: days since 1970-01-01.
    pub day: Vec<i32>,
    /// Of entries: purchases on that day; 0 where the entry holds the orders that are no purchase.
    pub orders: Vec<u32>,
    /// Of entries: net revenue (1/10,000 of the unit). Of an occasion it is positive, or 0 where orders of value 0 count.
    pub net_e4: Vec<i64>,
    /// One value per customer, for each of `Spec::attributes`.
    pub attributes: Vec<AttributeColumn>,
    /// What was bought, where `Spec::items` asked for it.
    pub items: Option<Items>,
    /// Customers with rows but without a purchase left: they are in no column.
    pub without_purchase: u64,
    /// Net revenue of those customers.
    pub without_purchase_net_e4: i64,
}

/// The values of an attribute (product, category) that customers bought: each value once for a customer and day.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Items {
    /// Where the items of each customer end.
    pub ends: Vec<u32>,
    /// In time; of one day in the order of `values`.
    pub day: Vec<i32>,
    /// Index into `values`, or [`AttributeColumn::NO_VALUE`].
    pub code: Vec<u32>,
    /// Distinct, in byte order.
    pub values: Arc<IdColumn>,
}

/// One customer of [`Histories`].
#[derive(Debug, Clone, Copy)]
pub struct History<'a> {
    pub day: &'a [i32],
    pub orders: &'a [u32],
    pub net_e4: &'a [i64],
}

impl<'a> History<'a> {
    /// Day, purchases and net (1/10,000) of each occasion, in time; there is one at least.
    pub fn occasions(&self) -> impl DoubleEndedIterator<Item = (i32, u32, i64)> + Clone + 'a {
        self.into_occasions()
    }

    /// The same, free of the borrow of this view.
    pub fn into_occasions(self) -> impl DoubleEndedIterator<Item = (i32, u32, i64)> + Clone + 'a {
        let entries = self.day.iter().zip(self.orders).zip(self.net_e4);
        entries.filter(|((_, orders), _)| **orders > 0).map(|((day, orders), net)| (*day, *orders, *net))
    }

    /// Day of the first purchase.
    pub fn first_day(&self) -> i32 {
        self.occasions().next().map_or(0, |(day, _, _)| day)
    }

    /// Day of the last purchase.
    pub fn last_day(&self) -> i32 {
        self.occasions().next_back().map_or(0, |(day, _, _)| day)
    }
}

impl Histories {
    /// Number of customers.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// ## Panics
    /// When there is no such customer.
    pub fn get(&self, customer: usize) -> History<'_> {
        let range = range(&self.ends, customer);
        History {
            day: &self.day[range.clone()],
            orders: &self.orders[range.clone()],
            net_e4: &self.net_e4[range],
        }
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = History<'_>> {
        (0..self.len()).map(|customer| self.get(customer))
    }

    /// Of customers by hand: id and (day, purchases, net) entries in time; for tests, and for those who embed the library.
    pub fn of<'a>(customers: impl IntoIterator<Item = (&'a str, Vec<(i32, u32, i64)>)>) -> Self {
        let mut histories = Self::default();
        for (id, entries) in customers {
            histories.customer_id.push(id);
            for (day, orders, net_e4) in entries {
                histories.day.push(day);
                histories.orders.push(orders);
                histories.net_e4.push(net_e4);
            }
            histories.ends.push(histories.day.len() as u32);
        }
        histories
    }

    fn append(&mut self, other: Self) -> Result<()> {
        let before = self.day.len();
        end(before + other.day.len())?;
        self.ends.extend(other.ends.iter().map(|end| end + before as u32));
        self.customer_id.append(&other.customer_id);
        self.day.extend_from_slice(&other.day);
        self.orders.extend_from_slice(&other.orders);
        self.net_e4.extend_from_slice(&other.net_e4);
        for (column, more) in self.attributes.iter_mut().zip(&other.attributes) {
            column.append(more);
        }
        if let (Some(items), Some(more)) = (&mut self.items, other.items) {
            let before = items.day.len();
            end(before + more.day.len())?;
            items.ends.extend(more.ends.iter().map(|end| end + before as u32));
            items.day.extend_from_slice(&more.day);
            items.code.extend_from_slice(&more.code);
        }
        self.without_purchase += other.without_purchase;
        Ok(())
    }
}

impl Items {
    /// Day and code of what a customer bought, in time; of one day each code once, [`AttributeColumn::NO_VALUE`] last.
    ///
    /// ## Panics
    /// When there is no such customer.
    pub fn get(&self, customer: usize) -> impl Iterator<Item = (i32, u32)> + Clone + '_ {
        let range = range(&self.ends, customer);
        self.day[range.clone()].iter().copied().zip(self.code[range].iter().copied())
    }
}

/// Histories of some customers.
#[derive(Debug)]
pub(super) struct HistoriesPart {
    pub histories: Histories,
    without_purchase_net_e4: i128,
}

impl HistoriesPart {
    /// Histories of nobody, with the columns that are asked for.
    pub(super) fn new(plan: &Plan, dictionaries: &[Dictionary]) -> Self {
        let items = |at: usize| Items { values: Arc::clone(&dictionaries[at].values), ..Items::default() };
        let histories = Histories {
            attributes: attributes_of_nobody(plan, dictionaries),
            items: plan.items.map(items),
            ..Histories::default()
        };
        Self { histories, without_purchase_net_e4: 0 }
    }

    /// Adds a customer; the lists are sorted here. The caller adds the attributes of one who has a purchase.
    pub(super) fn push(
        &mut self,
        id: &str,
        sums: &Sums,
        entries: &mut [Entry],
        bought: &mut Vec<(i64, u32)>,
    ) -> Result<()> {
        let all = &mut self.histories;
        if sums.orders == 0 {
            all.without_purchase += u64::from(sums.seen);
            self.without_purchase_net_e4 += sums.net_e4;
            return Ok(());
        }
        entries.sort_unstable();
        for entry in entries.chunk_by(|a, b| (a.day, a.is_other) == (b.day, b.is_other)) {
            all.day.push(day(entry[0].day)?);
            all.orders.push(if entry[0].is_other { 0 } else { entry.len() as u32 });
            all.net_e4.push(narrow(entry.iter().map(|order| order.net_e4).sum(), "net revenue")?);
        }
        all.ends.push(end(all.day.len())?);
        all.customer_id.push(id);
        if let Some(items) = &mut all.items {
            bought.sort_unstable();
            bought.dedup();
            for (at, code) in bought {
                items.day.push(day(*at)?);
                items.code.push(*code);
            }
            items.ends.push(end(items.day.len())?);
        }
        Ok(())
    }

    /// All parts in one; each is freed as it is taken in.
    pub(super) fn join(self, parts: Vec<Self>) -> Result<Histories> {
        let Self { histories: mut all, without_purchase_net_e4: mut without } = self;
        let of_all = |count: fn(&Histories) -> usize| parts.iter().map(|part| count(&part.histories)).sum();
        let (customers, entries) = (of_all(Histories::len), of_all(|part| part.day.len()));
        all.customer_id = IdColumn::with_capacity(customers, of_all(|part| part.customer_id.text_len()));
        all.ends.reserve_exact(customers);
        all.day.reserve_exact(entries);
        all.orders.reserve_exact(entries);
        all.net_e4.reserve_exact(entries);
        for part in parts {
            all.append(part.histories)?;
            without += part.without_purchase_net_e4;
        }
        all.without_purchase_net_e4 = narrow(without, WITHOUT_PURCHASE)?;
        Ok(all)
    }
}

fn range(ends: &[u32], place: usize) -> std::ops::Range<usize> {
    let start = if place == 0 { 0 } else { ends[place - 1] as usize };
    start..ends[place] as usize
}

fn end(entries: usize) -> Result<u32> {
    u32::try_from(entries).map_err(|_| too_large("number of purchases, counted as"))
}

fn day(day: i64) -> Result<i32> {
    i32::try_from(day).map_err(|_| too_large("date, counted as"))
}
