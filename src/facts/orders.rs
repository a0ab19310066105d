//! Orders of several rows: rows are kept, small, until all are there; then they become orders, and orders facts.

use super::batch::too_large;
use super::customers::{DAY_US, Pick};
use super::histories::HistoriesPart;
use super::ids::AttributeColumn;
use super::intern::InternedTexts;
use super::kernel::{Plan, Taken};
use super::packed::{Packed, SEGMENT};
use super::part::{Dictionary, Part, Sums};
use crate::error::Result;

/// In the place of an order's hash: the row is an order of its own.
pub(super) const OWN_ORDER: u64 = 0;

/// The rows of one shard. Typically 18 bytes per row: customer 2, order id 8, moment 4, money 4.
#[derive(Debug, Default)]
pub(super) struct RowStore {
    rows: usize,
    slots: Packed<1>,
    /// Hashes of the order ids, `SEGMENT` rows each; empty where every row is an order.
    orders: Vec<Vec<u64>>,
    at_us: Packed<1_000_000>,
    net_e4: Packed<100>,
    refund_e4: Packed<100>,
    units_e4: Packed<10_000>,
    /// Per attribute in use.
    codes: Vec<Packed<1>>,
}

/// Rows on their way into a store.
#[derive(Debug, Default)]
pub(super) struct Staging {
    slots: Vec<i64>,
    orders: Vec<u64>,
    at_us: Vec<i64>,
    net_e4: Vec<i64>,
    refund_e4: Vec<i64>,
    units_e4: Vec<i64>,
    codes: Vec<Vec<i64>>,
}

impl Staging {
    fn clear(&mut self, attributes: usize) {
        let Self { slots, orders, at_us, net_e4, refund_e4, units_e4, codes } = self;
        for column in [slots, at_us, net_e4, refund_e4, units_e4] {
            column.clear();
        }
        orders.clear();
        codes.resize_with(attributes, Vec::new);
        codes.iter_mut().for_each(Vec::clear);
    }

    fn push(&mut self, rows: &Taken<'_>, row: usize, slot: u32, order: u64, units_e4: i64) {
        self.slots.push(i64::from(slot));
        self.orders.push(order);
        self.at_us.push(rows.at_us[row]);
        self.net_e4.push(rows.net_e4[row]);
        self.refund_e4.push(rows.refund_e4[row]);
        self.units_e4.push(units_e4);
        for (staged, codes) in self.codes.iter_mut().zip(rows.codes) {
            staged.push(i64::from(codes[row]));
        }
    }

    /// Adds a row to the last one where nothing can tell the two from one: same order, moment, kind and values. The lines of
    /// an order usually stand together, so that a file of lines takes the memory of a file of orders.
    fn merge(&mut self, rows: &Taken<'_>, row: usize, slot: u32, order: u64, units_e4: i64) -> bool {
        let Some(last) = self.slots.len().checked_sub(1) else { return false };
        let (net_e4, refund_e4) = (rows.net_e4[row], rows.refund_e4[row]);
        let mergeable = self.orders[last] == order
            && order != OWN_ORDER
            && self.slots[last] == i64::from(slot)
            && self.at_us[last] == rows.at_us[row]
            && Kind::of(self.net_e4[last], self.refund_e4[last]) == Kind::of(net_e4, refund_e4)
            && self.codes.iter().zip(rows.codes).all(|(staged, codes)| staged[last] == i64::from(codes[row]));
        if !mergeable {
            return false;
        }
        let sums = (
            self.net_e4[last].checked_add(net_e4),
            self.refund_e4[last].checked_add(refund_e4),
            self.units_e4[last].checked_add(units_e4),
        );
        let (Some(net_e4), Some(refund_e4), Some(units_e4)) = sums else { return false };
        self.net_e4[last] = net_e4;
        self.refund_e4[last] = refund_e4;
        self.units_e4[last] = units_e4;
        true
    }
}

/// What a row is by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    /// Its gross is positive.
    Sale,
    /// It costs nothing and gives nothing back: a gift.
    #[default]
    Gift,
    /// It gives something back, and no more.
    Refund,
}

impl Kind {
    #[inline]
    fn of(net_e4: i64, refund_e4: i64) -> Self {
        if i128::from(net_e4) + i128::from(refund_e4) > 0 {
            Self::Sale
        } else if net_e4 == 0 {
            Self::Gift
        } else {
            Self::Refund
        }
    }
}

impl RowStore {
    pub(super) fn new(plan: &Plan) -> Self {
        Self { codes: plan.columns.iter().map(|_| Packed::default()).collect(), ..Self::default() }
    }

    pub(super) fn add(&mut self, rows: &Taken<'_>, staging: &mut Staging, plan: &Plan) -> Result<()> {
        staging.clear(self.codes.len());
        for (place, &slot) in rows.places.iter().zip(rows.slots) {
            let row = place.row as usize;
            let order = rows.orders.map_or(OWN_ORDER, |orders| orders[row]);
            let units_e4 = rows.units_e4.map_or(0, |units| units[row]);
            if !staging.merge(rows, row, slot, order, units_e4) {
                staging.push(rows, row, slot, order, units_e4);
            }
        }
        self.rows += staging.slots.len();
        if u32::try_from(self.rows).is_err() {
            return Err(too_large("number of rows"));
        }
        self.slots.append(&staging.slots);
        self.at_us.append(&staging.at_us);
        self.net_e4.append(&staging.net_e4);
        self.refund_e4.append(&staging.refund_e4);
        self.units_e4.append(&staging.units_e4);
        for (kept, staged) in self.codes.iter_mut().zip(&staging.codes) {
            kept.append(staged);
        }
        if plan.order_ids {
            self.add_orders(&staging.orders);
        }
        Ok(())
    }

    fn add_orders(&mut self, mut orders: &[u64]) {
        while !orders.is_empty() {
            if self.orders.last().is_none_or(|segment| segment.len() == SEGMENT) {
                self.orders.push(Vec::with_capacity(SEGMENT));
            }
            let last = self.orders.len() - 1;
            let segment = &mut self.orders[last];
            let (now, later) = orders.split_at(orders.len().min(SEGMENT - segment.len()));
            segment.extend_from_slice(now);
            orders = later;
        }
    }

    /// The rows customer by customer, and where each customer's end. What only this needs is freed.
    fn group(self, customers: usize) -> (Vec<Row>, Vec<u32>, Extras) {
        let mut ends = vec![0; customers];
        for row in 0..self.rows {
            ends[self.slots.get(row) as usize] += 1;
        }
        let mut start = 0;
        for end in &mut ends {
            (start, *end) = (start + *end, start);
        }
        let extras = Extras {
            refunded: !self.refund_e4.is_zero(),
            refund_e4: self.refund_e4,
            units_e4: self.units_e4,
            codes: self.codes,
        };
        let mut rows = vec![Row::default(); self.rows];
        let mut orders = self.orders.into_iter();
        let segments =
            self.slots.into_segments().zip(self.at_us.into_segments()).zip(self.net_e4.into_segments());
        let mut index = 0;
        for ((slots, at_us), net_e4) in segments {
            let orders = orders.next();
            for (i, ((&slot, &at_us), &net_e4)) in slots.iter().zip(&at_us).zip(&net_e4).enumerate() {
                let order = orders.as_ref().map_or(OWN_ORDER, |orders| orders[i]);
                let refund_e4 = if extras.refunded { extras.refund_e4.get(index as usize) } else { 0 };
                let end = &mut ends[slot as usize];
                rows[*end as usize] = Row { order, at_us, net_e4, index, kind: Kind::of(net_e4, refund_e4) };
                *end += 1;
                index += 1;
            }
        }
        (rows, ends, extras)
    }
}

/// A row of a customer.
#[derive(Debug, Clone, Default)]
struct Row {
    order: u64,
    at_us: i64,
    net_e4: i64,
    /// Its place in `Extras`.
    index: u32,
    kind: Kind,
}

/// What is looked up of a row only where it is asked for.
#[derive(Debug)]
struct Extras {
    refunded: bool,
    refund_e4: Packed<100>,
    units_e4: Packed<10_000>,
    codes: Vec<Packed<1>>,
}

/// The facts of a shard's customers, one part per cutoff.
pub(super) fn reduce(
    store: RowStore,
    ids: &InternedTexts,
    plan: &Plan,
    dictionaries: &[Dictionary],
) -> Result<Vec<Part>> {
    let mut parts: Vec<Part> = plan.cutoffs.iter().map(|_| Part::new(plan, dictionaries)).collect();
    for_each_customer(store, ids.len(), plan, dictionaries, |reducer, slot, rows| {
        for (part, &cutoff) in parts.iter_mut().zip(&plan.cutoffs) {
            reducer.reduce(rows, cutoff);
            ids.with(slot, |id| part.push(id, &reducer.sums))?;
            reducer.push_picks(&mut part.facts.attributes);
        }
        Ok(())
    })?;
    Ok(parts)
}

/// The histories of a shard's customers.
pub(super) fn reduce_histories(
    store: RowStore,
    ids: &InternedTexts,
    plan: &Plan,
    dictionaries: &[Dictionary],
) -> Result<HistoriesPart> {
    let mut part = HistoriesPart::new(plan, dictionaries);
    let cutoff = plan.cutoffs.first().copied().unwrap_or(i64::MIN);
    for_each_customer(store, ids.len(), plan, dictionaries, |reducer, slot, rows| {
        reducer.reduce(rows, cutoff);
        let Reducer { sums, entries, bought, .. } = &mut *reducer;
        ids.with(slot, |id| part.push(id, sums, entries, bought))?;
        reducer.push_picks(&mut part.histories.attributes);
        Ok(())
    })?;
    Ok(part)
}

/// Calls `each` with the number of every customer and the customer's rows, those of an order next to each other.
fn for_each_customer(
    store: RowStore,
    customers: usize,
    plan: &Plan,
    dictionaries: &[Dictionary],
    mut each: impl FnMut(&mut Reducer<'_>, usize, &[Row]) -> Result<()>,
) -> Result<()> {
    let (mut rows, ends, extras) = store.group(customers);
    let mut reducer = Reducer::new(plan, dictionaries, &extras);
    let mut start = 0;
    for (slot, &end) in ends.iter().enumerate() {
        let of_customer = &mut rows[start..end as usize];
        start = end as usize;
        if plan.order_ids {
            of_customer.sort_unstable_by_key(|row| row.order);
        }
        each(&mut reducer, slot, of_customer)?;
    }
    Ok(())
}

/// An order of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    /// Days since 1970-01-01.
    pub day: i64,
    /// `false`: a purchase. Purchases of a day stand before the rest.
    pub is_other: bool,
    pub net_e4: i128,
}

/// Facts of one customer after the other; the lists are reused.
struct Reducer<'a> {
    plan: &'a Plan,
    dictionaries: &'a [Dictionary],
    extras: &'a Extras,
    sums: Sums,
    /// Days with a purchase, one per purchase.
    days: Vec<i64>,
    /// Channels of purchases, one per purchase that has one.
    channels: Vec<u32>,
    picks: Vec<Picked>,
    /// Of the order at hand: per attribute the moment and rank of its value.
    values: Vec<(i64, u32)>,
    /// For histories: the orders.
    entries: Vec<Entry>,
    /// For histories: day and rank of each item of a purchase.
    bought: Vec<(i64, u32)>,
}

impl<'a> Reducer<'a> {
    fn new(plan: &'a Plan, dictionaries: &'a [Dictionary], extras: &'a Extras) -> Self {
        let picked = |pick: &super::kernel::PickPlan| Picked::new(pick.column, pick.pick);
        Self {
            plan,
            dictionaries,
            extras,
            sums: Sums::NONE,
            days: Vec::new(),
            channels: Vec::new(),
            picks: plan.picks.iter().map(picked).collect(),
            values: vec![(0, AttributeColumn::NO_VALUE); plan.columns.len()],
            entries: Vec::new(),
            bought: Vec::new(),
        }
    }

    /// Adds the values of the attributes of the customer at hand, who is in the columns if there is a purchase.
    fn push_picks(&mut self, attributes: &mut [AttributeColumn]) {
        if self.sums.orders > 0 {
            for (column, pick) in attributes.iter_mut().zip(&mut self.picks) {
                column.push_code(pick.value());
            }
        }
    }

    /// `rows` are those of one customer, the rows of an order next to each other.
    fn reduce(&mut self, mut rows: &[Row], cutoff: i64) {
        self.sums = Sums::NONE;
        self.days.clear();
        self.channels.clear();
        self.entries.clear();
        self.bought.clear();
        self.picks.iter_mut().for_each(Picked::clear);
        while let Some(first) = rows.first() {
            let of_order = if first.order == OWN_ORDER {
                1
            } else {
                rows.iter().position(|row| row.order != first.order).unwrap_or(rows.len())
            };
            let (order, later) = rows.split_at(of_order);
            self.add_order(order, cutoff);
            rows = later;
        }
        self.sums.purchase_days = count_distinct(&mut self.days);
        self.sums.channels = count_distinct(&mut self.channels);
    }

    #[inline]
    fn add_order(&mut self, order: &[Row], cutoff: i64) {
        let mut net_e4 = 0;
        let (mut first_sale, mut first_row) = (None, None);
        for row in order.iter().filter(|row| row.at_us <= cutoff) {
            net_e4 += i128::from(row.net_e4);
            let moment = if row.kind == Kind::Sale { &mut first_sale } else { &mut first_row };
            *moment = Some(moment.map_or(row.at_us, |earliest: i64| earliest.min(row.at_us)));
            if self.extras.refunded {
                self.sums.refund_e4 += i128::from(self.extras.refund_e4.get(row.index as usize));
            }
            if self.plan.units {
                self.sums.units_e4 += i128::from(self.extras.units_e4.get(row.index as usize));
            }
        }
        // Without a sale, any row's moment; without a row up to the cutoff, no order.
        let Some(at_us) = first_sale.or(first_row) else { return };
        self.sums.seen = true;
        self.sums.net_e4 += net_e4;
        // Without a sale no row is positive: a net of 0 is a sum of zeros.
        let is_zero = self.plan.zero_orders && net_e4 == 0 && first_sale.is_none();
        let is_purchase = net_e4 > 0 || is_zero;
        if self.plan.histories {
            let day = at_us.div_euclid(DAY_US);
            self.entries.push(Entry { day, is_other: !is_purchase, net_e4 });
            if let Some(items) = self.plan.items.filter(|_| is_purchase) {
                self.add_items(items, order, cutoff, day);
            }
        }
        if !is_purchase {
            return;
        }
        self.sums.orders += 1;
        self.sums.first_at_us = self.sums.first_at_us.min(at_us);
        self.sums.last_at_us = self.sums.last_at_us.max(at_us);
        if self.plan.purchase_days {
            self.days.push(at_us.div_euclid(DAY_US));
        }
        if !self.picks.is_empty() || self.plan.channels.is_some() {
            self.add_values(order, cutoff, at_us);
        }
    }

    /// Adds what was bought with a purchase: rows that only refund bought nothing.
    fn add_items(&mut self, items: usize, order: &[Row], cutoff: i64, day: i64) {
        let (codes, dictionary) = (&self.extras.codes[items], &self.dictionaries[items]);
        for row in order.iter().filter(|row| row.at_us <= cutoff && row.kind != Kind::Refund) {
            let code = codes.get(row.index as usize) as usize;
            let rank = code.checked_sub(1).map_or(AttributeColumn::NO_VALUE, |code| dictionary.ranks[code]);
            self.bought.push((day, rank));
        }
    }

    /// Adds the attributes of a purchase.
    fn add_values(&mut self, order: &[Row], cutoff: i64, at_us: i64) {
        self.values.fill((i64::MAX, AttributeColumn::NO_VALUE));
        for row in order.iter().filter(|row| row.at_us <= cutoff) {
            let columns = self.extras.codes.iter().zip(self.dictionaries);
            for (value, (codes, dictionary)) in self.values.iter_mut().zip(columns) {
                let code = codes.get(row.index as usize) as usize;
                if code != 0 {
                    *value = (*value).min((row.at_us, dictionary.ranks[code - 1]));
                }
            }
        }
        if let Some(channel) = self.plan.channels
            && self.values[channel].1 != AttributeColumn::NO_VALUE
        {
            self.channels.push(self.values[channel].1);
        }
        for pick in &mut self.picks {
            pick.add(at_us, self.values[pick.column].1);
        }
    }
}

/// The choice of one value among those of a customer's purchases.
struct Picked {
    column: usize,
    pick: Pick,
    /// The first or last purchase so far, and its value's rank.
    at: Option<(i64, u32)>,
    /// All ranks, for `Pick::Top`.
    ranks: Vec<u32>,
}

impl Picked {
    fn new(column: usize, pick: Pick) -> Self {
        Self { column, pick, at: None, ranks: Vec::new() }
    }

    fn clear(&mut self) {
        self.at = None;
        self.ranks.clear();
    }

    /// No value ranks last.
    fn add(&mut self, at_us: i64, rank: u32) {
        let better = |known: (i64, u32)| match self.pick {
            Pick::First => (at_us, rank) < known,
            Pick::Last => at_us > known.0 || at_us == known.0 && rank < known.1,
            Pick::Top => false,
        };
        match self.pick {
            Pick::Top if rank != AttributeColumn::NO_VALUE => self.ranks.push(rank),
            Pick::Top => {}
            Pick::First | Pick::Last if self.at.is_none_or(better) => self.at = Some((at_us, rank)),
            Pick::First | Pick::Last => {}
        }
    }

    /// The rank of the value chosen.
    fn value(&mut self) -> u32 {
        if self.pick != Pick::Top {
            return self.at.map_or(AttributeColumn::NO_VALUE, |(_, rank)| rank);
        }
        self.ranks.sort_unstable();
        let mut best = (0, AttributeColumn::NO_VALUE);
        for run in self.ranks.chunk_by(|a, b| a == b) {
            if run.len() > best.0 {
                best = (run.len(), run[0]);
            }
        }
        best.1
    }
}

fn count_distinct<T: Ord>(values: &mut Vec<T>) -> u32 {
    values.sort_unstable();
    values.dedup();
    values.len() as u32
}
