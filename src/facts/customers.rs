//! Customer facts: what the orders say of each customer up to a moment, in one streaming pass.
//!
//! ## Definition
//! - Rows: those with `at_us` not after the cutoff. Facts at one cutoff are those of a file that ends there.
//! - Order: the rows of one customer that carry one order id; a row without an id is an order of its own. One id with two
//!   customers is two orders (`siyu check` reports it).
//! - Net of an order: the sum of `net_e4` of its rows, all refunds up to the cutoff taken off.
//! - Moment of an order: the earliest moment of its rows with positive gross (net + refund), so that a refund dated before
//!   the sale does not move it; of all its rows where none is positive.
//! - Purchase: an order with net > 0; with `Spec::zero_orders` also one whose rows are all zero.
//! - Value of an attribute of an order: that of its earliest row that has one, whatever the row's amount; at one moment the
//!   value that sorts first, in byte order.
//!
//! ## Counted
//! Customers with at least one purchase. Their net revenue, refunds and units are sums over all their rows, those of orders
//! that are no purchase included: a refund without its sale lowers net revenue, and its negative quantity the units.
//!
//! ## Not counted
//! Customers with rows but without a purchase (refunds only, or everything refunded): they are in `without_purchase`, with
//! their net revenue. Customers all of whose rows are after the cutoff: nowhere.
//!
//! ## Exactness
//! Integers throughout, sums in 96 or 128 bits: a result is exact or, where it leaves 64 bits, an error; it does not depend on
//! the order of rows, on batches or on threads. Customer ids and attribute values are compared as text. Order ids are
//! compared by a 64-bit hash within their customer: two of n different ids of one customer are taken for one with a
//! probability of n²/2⁶⁵ (n = 1,000: 3e-14).

use super::ids::{AttributeColumn, IdColumn};

/// Microseconds of a day.
pub const DAY_US: i64 = 86_400_000_000;

/// What is to be computed. Everything that is off costs nothing.
#[derive(Debug, Clone, Default)]
pub struct Spec {
    /// The ends of observed time (microseconds, inclusive) for which facts are wanted, e.g. [as_of] or [compare_to, as_of].
    /// One `CustomerFacts` per entry comes back, in this order; a row counts in each whose moment is not before it.
    pub cutoffs: Vec<i64>,
    /// Whether the batches carry order ids: then rows of one customer with one id are one order.
    pub order_ids: bool,
    /// Distinct days with a purchase.
    pub purchase_days: bool,
    /// Sum of `units_e4`.
    pub units: bool,
    /// Number of distinct values of the attribute `channel` over purchases (index into `OrderBatch::attributes`).
    pub channels: Option<usize>,
    /// Attributes of which a customer gets one value.
    pub attributes: Vec<AttributeSpec>,
    /// Orders of which every row has net 0 and refunds nothing (gifts, coupons for the whole price) are purchases too.
    pub zero_orders: bool,
    /// Whether `CustomerKernel::finish_histories` will be called, rather than `finish`; there is one cutoff then.
    pub histories: bool,
    /// With `histories`: the attribute (index into `OrderBatch::attributes`) whose values a customer bought, day by day.
    pub items: Option<usize>,
}

/// A customer's value of an order attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeSpec {
    /// Index into `OrderBatch::attributes`.
    pub index: usize,
    pub pick: Pick,
}

/// Which of a customer's purchases gives the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// The first purchase. Of purchases at one moment the value that sorts first; none where none of them has a value.
    First,
    /// The last purchase; ties as with the first.
    Last,
    /// The value with the most purchases, of equal numbers the one that sorts first; none where no purchase has a value.
    Top,
}

/// Facts of every customer with at least one purchase left, up to one cutoff. Columns of one length.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CustomerFacts {
    pub customer_id: IdColumn,
    /// Moment of the first and last purchase (microseconds).
    pub first_at_us: Vec<i64>,
    pub last_at_us: Vec<i64>,
    /// Purchases: orders with positive net value.
    pub orders: Vec<u32>,
    /// Net revenue of all of the customer's rows, refunds taken off (1/10,000 of the unit).
    pub net_e4: Vec<i64>,
    /// What was refunded: refund amounts and negative amounts, as a positive number. `None`: nothing, to any of them.
    pub refund_e4: Option<Vec<i64>>,
    /// Distinct days (floor of the moment, in days since 1970-01-01) with a purchase.
    pub purchase_days: Option<Vec<u32>>,
    /// Quantities of all rows, negative ones as they stand (1/10,000 of a piece).
    pub units_e4: Option<Vec<i64>>,
    /// Distinct values of the channel over purchases; a purchase without a value adds none.
    pub channels: Option<Vec<u32>>,
    /// One per `Spec::attributes`.
    pub attributes: Vec<AttributeColumn>,
    /// Customers with rows but without a purchase left (refunds only, or everything refunded): not in the columns.
    pub without_purchase: u64,
    /// Net revenue of those customers, so that totals can be reconciled.
    pub without_purchase_net_e4: i64,
}

impl CustomerFacts {
    /// Number of customers.
    pub fn len(&self) -> usize {
        self.orders.len()
    }

    pub fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    /// What was refunded to the customer at `index` (1/10,000 of the unit).
    pub fn refund_e4_at(&self, index: usize) -> i64 {
        self.refund_e4.as_ref().map_or(0, |refunds| refunds[index])
    }

    /// Puts customers into byte order of their ids; ids are distinct, so that there is one such order.
    pub fn sort_by_id(&mut self) {
        let order = self.customer_id.sorted_order();
        self.customer_id = self.customer_id.reordered(&order);
        reorder(&mut self.first_at_us, &order);
        reorder(&mut self.last_at_us, &order);
        reorder(&mut self.orders, &order);
        reorder(&mut self.net_e4, &order);
        for column in [&mut self.refund_e4, &mut self.units_e4].into_iter().flatten() {
            reorder(column, &order);
        }
        for column in [&mut self.purchase_days, &mut self.channels].into_iter().flatten() {
            reorder(column, &order);
        }
        for column in &mut self.attributes {
            *column = column.reordered(&order);
        }
    }

    pub(super) fn reserve(&mut self, customers: usize, id_bytes: usize) {
        self.customer_id = IdColumn::with_capacity(customers, id_bytes);
        self.first_at_us.reserve_exact(customers);
        self.last_at_us.reserve_exact(customers);
        self.orders.reserve_exact(customers);
        self.net_e4.reserve_exact(customers);
        for column in [&mut self.refund_e4, &mut self.units_e4].into_iter().flatten() {
            column.reserve_exact(customers);
        }
        for column in [&mut self.purchase_days, &mut self.channels].into_iter().flatten() {
            column.reserve_exact(customers);
        }
        for column in &mut self.attributes {
            column.reserve(customers);
        }
    }

    /// Adds other customers behind these; `without_purchase_net_e4` is left to the caller.
    pub(super) fn append(&mut self, other: &Self) {
        let before = self.len();
        self.customer_id.append(&other.customer_id);
        self.first_at_us.extend_from_slice(&other.first_at_us);
        self.last_at_us.extend_from_slice(&other.last_at_us);
        self.orders.extend_from_slice(&other.orders);
        self.net_e4.extend_from_slice(&other.net_e4);
        match (&mut self.refund_e4, &other.refund_e4) {
            (None, None) => {}
            (Some(refunds), None) => refunds.resize(before + other.len(), 0),
            (refunds, Some(more)) => {
                refunds.get_or_insert_with(|| vec![0; before]).extend_from_slice(more);
            }
        }
        extend(&mut self.units_e4, &other.units_e4);
        extend(&mut self.purchase_days, &other.purchase_days);
        extend(&mut self.channels, &other.channels);
        for (column, more) in self.attributes.iter_mut().zip(&other.attributes) {
            column.append(more);
        }
        self.without_purchase += other.without_purchase;
    }
}

fn reorder<T: Copy>(column: &mut Vec<T>, order: &[u32]) {
    *column = order.iter().map(|&place| column[place as usize]).collect();
}

fn extend<T: Copy>(column: &mut Option<Vec<T>>, more: &Option<Vec<T>>) {
    if let (Some(column), Some(more)) = (column, more) {
        column.extend_from_slice(more);
    }
}
