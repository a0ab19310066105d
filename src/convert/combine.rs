//! Rows in the order of the input to rows of the canonical file: one an order, or one a line.
//!
//! Rows of one order are those of one platform and store, one customer and one order id; a row without an id is an order of
//! its own. An order of one row passes as it comes; rows of an order with several wait for the last of them, at whose place
//! the order is written: so that as much waits as there are orders under way, not as there are orders.

use std::collections::HashMap;

use super::allocate::allocate;
use crate::error::{Error, Result};

/// One row of the canonical file, or on the way to it. Money and numbers in 1/10,000.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    pub customer_id: Option<String>,
    pub order_id: Option<String>,
    pub at_us: i64,
    /// `None`: not paid.
    pub paid_at_us: Option<i64>,
    /// Paid (gross of refunds).
    pub amount_e4: i64,
    pub refund_e4: i64,
    pub numbers: Vec<Option<i64>>,
    pub texts: Vec<Option<String>>,
    /// What the line is worth among the lines of its order, where the amount is the order's.
    pub weight_e4: i64,
}

/// What the columns of `Row::numbers` are to an order of several rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    /// Adds up: pieces, discounts of lines.
    Sum,
    /// Belongs to a piece: kept where all lines agree.
    EachPiece,
}

/// One row an order, or one a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Orders,
    Lines,
}

/// How the rows of one file stand to its orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Grain {
    /// Amounts are the order's: on one of its rows, zero on the others.
    pub order_amounts: bool,
    /// Refunds are the line's all the same.
    pub line_refunds: bool,
}

/// How often each order occurs, as far as it is more than once. Orders are known by a 64-bit hash: where two meet, an order
/// only waits until the end of the input.
#[derive(Debug, Clone, Default)]
pub struct Repeated(HashMap<u64, u32>);

impl Repeated {
    /// From the hashes of all rows, in any order.
    pub fn of(mut hashes: Vec<u64>) -> Self {
        hashes.sort_unstable();
        Self(
            hashes
                .chunk_by(|a, b| a == b)
                .filter(|same| same.len() > 1)
                .map(|s| (s[0], s.len() as u32))
                .collect(),
        )
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The identity of an order: equal texts are equal orders. Empty for a row that has no id.
pub fn order_key(scope: &str, customer_id: Option<&str>, order_id: Option<&str>, key: &mut String) {
    key.clear();
    if let Some(id) = order_id {
        for part in [scope, customer_id.unwrap_or(""), id] {
            key.push_str(part);
            key.push('\0');
        }
        // A missing customer is none called "".
        key.push(if customer_id.is_some() { '1' } else { '0' });
    }
}

struct Waiting {
    left: u32,
    grain: Grain,
    rows: Vec<Row>,
}

/// Takes rows in the order of the input.
pub struct Combiner {
    unit: Unit,
    numbers: Vec<Number>,
    repeated: Repeated,
    waiting: HashMap<String, Waiting>,
    /// Keys of what waits, oldest first, for what is left at the end.
    arrival: Vec<String>,
    /// Rows of an order that is paid in part, and they are not: their amounts are left out.
    pub unpaid_parts: u64,
}

impl Combiner {
    pub fn new(unit: Unit, numbers: Vec<Number>, repeated: Repeated) -> Self {
        Self { unit, numbers, repeated, waiting: HashMap::new(), arrival: Vec::new(), unpaid_parts: 0 }
    }

    /// `key` by `order_key`, `hash` as given to `Repeated::of`.
    pub fn push(
        &mut self,
        key: &str,
        hash: u64,
        grain: Grain,
        row: Row,
        out: &mut dyn FnMut(Row) -> Result<()>,
    ) -> Result<()> {
        let expected = if key.is_empty() { None } else { self.repeated.0.get(&hash).copied() };
        let passes = self.unit == Unit::Lines && !grain.order_amounts;
        let Some(expected) = expected.filter(|_| !passes) else { return out(row) };
        if !self.waiting.contains_key(key) {
            self.arrival.push(key.to_owned());
            self.waiting.insert(key.to_owned(), Waiting { left: expected, grain, rows: Vec::new() });
        }
        let Some(waiting) = self.waiting.get_mut(key) else { return Ok(()) };
        waiting.rows.push(row);
        waiting.left = waiting.left.saturating_sub(1);
        if waiting.left > 0 {
            return Ok(());
        }
        let done = self.waiting.remove(key);
        self.forget_arrivals();
        done.map_or(Ok(()), |done| self.release(done, out))
    }

    /// Orders whose hash met another's: complete only now.
    pub fn finish(&mut self, out: &mut dyn FnMut(Row) -> Result<()>) -> Result<()> {
        for key in std::mem::take(&mut self.arrival) {
            if let Some(done) = self.waiting.remove(&key) {
                self.release(done, out)?;
            }
        }
        Ok(())
    }

    /// Keeps the list of arrivals no longer than twice what waits.
    fn forget_arrivals(&mut self) {
        if self.arrival.len() > 64 + 2 * self.waiting.len() {
            let waiting = &self.waiting;
            self.arrival.retain(|key| waiting.contains_key(key));
        }
    }

    fn release(&mut self, done: Waiting, out: &mut dyn FnMut(Row) -> Result<()>) -> Result<()> {
        match self.unit {
            Unit::Orders => {
                let order = self.one_order(done.rows)?;
                out(order)
            }
            Unit::Lines => share_out(done).into_iter().try_for_each(out),
        }
    }

    /// One row of several. Amounts, refunds (and amounts below zero as such) and pieces are added up; the moment is the earliest of the rows that were paid
    /// (of all, where none was); a text is that of the earliest row that has one, at one moment the one that sorts first:
    /// as the facts of a customer take them, so that reports give the same from lines and from orders.
    fn one_order(&mut self, mut rows: Vec<Row>) -> Result<Row> {
        if rows.len() == 1 {
            return Ok(rows.remove(0));
        }
        let is_paid = rows.iter().any(|row| row.paid_at_us.is_some());
        if is_paid {
            let all = rows.len();
            rows.retain(|row| row.paid_at_us.is_some());
            self.unpaid_parts += (all - rows.len()) as u64;
        }
        // The moment of a refund without a sale moves no sale.
        let sales = || rows.iter().filter(|row| row.amount_e4 > 0);
        let moment = sales().map(|row| row.at_us).min().or_else(|| rows.iter().map(|row| row.at_us).min());
        let too_large = |row: &Row| Error::Numeric {
            what: format!(
                "the amounts of order {} leave 64 bits",
                row.order_id.as_deref().unwrap_or_default()
            ),
            hint: None,
        };
        let add = |sum: i64, value: i64, row: &Row| sum.checked_add(value).ok_or_else(|| too_large(row));
        let mut order = Row { at_us: moment.unwrap_or_default(), ..Row::default() };
        order.paid_at_us = rows.iter().filter_map(|row| row.paid_at_us).min();
        order.customer_id.clone_from(&rows[0].customer_id);
        order.order_id.clone_from(&rows[0].order_id);
        for row in &rows {
            // A negative amount is what went back, also to the reports that read the orders.
            order.amount_e4 = add(order.amount_e4, row.amount_e4.max(0), row)?;
            let back = row.amount_e4.min(0).checked_neg().ok_or_else(|| too_large(row))?;
            order.refund_e4 = add(add(order.refund_e4, row.refund_e4, row)?, back, row)?;
        }
        for (at, kind) in self.numbers.iter().enumerate() {
            let mut values = rows.iter().map(|row| row.numbers[at]);
            order.numbers.push(match kind {
                Number::Sum => values.flatten().try_fold(None, |sum: Option<i64>, value| {
                    add(sum.unwrap_or(0), value, &rows[0]).map(Some)
                })?,
                Number::EachPiece => {
                    let first = values.next().flatten();
                    first.filter(|first| values.all(|value| value == Some(*first)))
                }
            });
        }
        for at in 0..rows[0].texts.len() {
            let texts = rows.iter().filter_map(|row| row.texts[at].as_ref().map(|text| (row.at_us, text)));
            order.texts.push(texts.min().map(|(_, text)| text.clone()));
        }
        Ok(order)
    }
}

/// The order's amount, and its refund where that is the order's too, on its lines.
fn share_out(done: Waiting) -> Vec<Row> {
    let Waiting { grain, mut rows, .. } = done;
    let weights: Vec<i64> = rows.iter().map(|row| row.weight_e4).collect();
    // One row carries the amount: the sum cannot leave 64 bits.
    let total = rows.iter().fold(0_i64, |sum, row| sum.saturating_add(row.amount_e4));
    for (row, share) in rows.iter_mut().zip(allocate(total, &weights)) {
        row.amount_e4 = share;
    }
    if !grain.line_refunds {
        let total = rows.iter().fold(0_i64, |sum, row| sum.saturating_add(row.refund_e4));
        for (row, share) in rows.iter_mut().zip(allocate(total, &weights)) {
            row.refund_e4 = share;
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(order: &str, at: i64, amount: i64) -> Row {
        Row {
            customer_id: Some("c".into()),
            order_id: (!order.is_empty()).then(|| order.to_owned()),
            at_us: at,
            paid_at_us: Some(at),
            amount_e4: amount,
            numbers: vec![Some(10_000), Some(amount)],
            texts: vec![Some(format!("p{amount}"))],
            weight_e4: 1,
            ..Row::default()
        }
    }

    fn run(unit: Unit, grain: Grain, rows: Vec<Row>) -> (Vec<Row>, u64) {
        let hash = |row: &Row| {
            use std::hash::{DefaultHasher, Hash, Hasher};
            let mut hasher = DefaultHasher::new();
            row.order_id.hash(&mut hasher);
            // Few values: hashes meet.
            hasher.finish() % 5
        };
        let known = rows.iter().filter(|row| row.order_id.is_some()).map(hash).collect();
        let mut combiner = Combiner::new(unit, vec![Number::Sum, Number::EachPiece], Repeated::of(known));
        let mut out = Vec::new();
        let mut key = String::new();
        for row in rows {
            order_key("", row.customer_id.as_deref(), row.order_id.as_deref(), &mut key);
            let hash = hash(&row);
            combiner
                .push(&key, hash, grain, row, &mut |row| {
                    out.push(row);
                    Ok(())
                })
                .unwrap();
        }
        combiner
            .finish(&mut |row| {
                out.push(row);
                Ok(())
            })
            .unwrap();
        (out, combiner.unpaid_parts)
    }

    #[test]
    fn lines_become_one_order() {
        let rows = vec![row("a", 5, 30), row("b", 1, 7), row("a", 3, 20), row("", 2, 1)];
        let (out, _) = run(Unit::Orders, Grain::default(), rows);
        let a = out.iter().find(|row| row.order_id.as_deref() == Some("a")).unwrap();
        assert_eq!((a.amount_e4, a.at_us, a.paid_at_us), (50, 3, Some(3)));
        assert_eq!(a.numbers, [Some(20_000), None]);
        assert_eq!(a.texts, [Some("p20".to_owned())]);
        assert_eq!(out.len(), 3);
    }

    #[test]
    fn a_refund_dated_earlier_does_not_move_the_sale_and_unpaid_lines_add_nothing() {
        let mut refund = row("a", 1, 0);
        refund.refund_e4 = 4;
        let mut unpaid = row("a", 2, 100);
        unpaid.paid_at_us = None;
        let (out, parts) = run(Unit::Orders, Grain::default(), vec![refund, row("a", 5, 30), unpaid]);
        assert_eq!((out[0].amount_e4, out[0].refund_e4, out[0].at_us, parts), (30, 4, 5, 1));
    }

    #[test]
    fn an_amount_of_the_order_is_shared_out() {
        let mut rows = vec![row("a", 1, 100), row("a", 1, 0), row("a", 1, 0)];
        rows[1].refund_e4 = 9;
        let grain = Grain { order_amounts: true, line_refunds: true };
        let (out, _) = run(Unit::Lines, grain, rows.clone());
        assert_eq!(out.iter().map(|row| row.amount_e4).collect::<Vec<_>>(), [34, 33, 33]);
        assert_eq!(out.iter().map(|row| row.refund_e4).collect::<Vec<_>>(), [0, 9, 0]);
        let (out, _) = run(Unit::Lines, Grain { order_amounts: true, line_refunds: false }, rows);
        assert_eq!(out.iter().map(|row| row.refund_e4).collect::<Vec<_>>(), [3, 3, 3]);
    }

    proptest! {
        #[test]
        fn orders_are_what_a_plain_grouping_gives(
            rows in prop::collection::vec((0_usize..6, 0_i64..9, -20_i64..50), 0..40)
        ) {
            let ids = ["", "a", "b", "c", "d", "e"];
            let rows: Vec<Row> = rows.into_iter().map(|(id, at, amount)| row(ids[id], at, amount)).collect();
            let (mut out, _) = run(Unit::Orders, Grain::default(), rows.clone());
            let mut expected: Vec<(Option<String>, i64, i64)> = Vec::new();
            for row in &rows {
                match expected.iter_mut().find(|(id, ..)| id.is_some() && *id == row.order_id) {
                    Some((_, amount, _)) => *amount += row.amount_e4,
                    None => expected.push((row.order_id.clone(), row.amount_e4, 0)),
                }
            }
            for (id, _, at) in &mut expected {
                let mine = rows.iter().filter(|row| row.order_id == *id);
                let sales = mine.clone().filter(|row| row.amount_e4 > 0).map(|row| row.at_us).min();
                *at = sales.or_else(|| mine.map(|row| row.at_us).min()).unwrap_or_default();
            }
            let mut got: Vec<(Option<String>, i64, i64)> =
                out.drain(..).map(|row| (row.order_id, row.amount_e4 - row.refund_e4, row.at_us)).collect();
            // Rows without an id are orders of their own, with their own moments.
            expected.retain(|(id, ..)| id.is_some());
            expected.extend(rows.iter().filter(|r| r.order_id.is_none()).map(|r| (None, r.amount_e4, r.at_us)));
            expected.sort();
            got.sort();
            prop_assert_eq!(got, expected);
        }
    }
}
