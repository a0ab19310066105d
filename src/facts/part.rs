//! Customer facts of one shard, put together customer by customer.

use std::sync::Arc;

use super::batch::too_large;
use super::customers::CustomerFacts;
use super::ids::{AttributeColumn, IdColumn};
use super::kernel::Plan;
use crate::error::Result;

/// The distinct values of an attribute in byte order, and the place therein of each code that rows carry.
#[derive(Debug)]
pub(super) struct Dictionary {
    pub values: Arc<IdColumn>,
    pub ranks: Vec<u32>,
}

impl Dictionary {
    pub(super) fn new(values: &IdColumn) -> Self {
        let order = values.sorted_order();
        let mut ranks = vec![0; order.len()];
        for (rank, &code) in (0..).zip(&order) {
            ranks[code as usize] = rank;
        }
        Self { values: Arc::new(values.reordered(&order)), ranks }
    }
}

/// What is known of one customer up to one cutoff, in widths that hold every sum.
#[derive(Debug, Clone)]
pub(super) struct Sums {
    /// Whether there is any row.
    pub seen: bool,
    pub first_at_us: i64,
    pub last_at_us: i64,
    pub orders: u32,
    pub net_e4: i128,
    pub refund_e4: i128,
    pub units_e4: i128,
    pub purchase_days: u32,
    pub channels: u32,
}

impl Sums {
    pub(super) const NONE: Self = Self {
        seen: false,
        first_at_us: i64::MAX,
        last_at_us: i64::MIN,
        orders: 0,
        net_e4: 0,
        refund_e4: 0,
        units_e4: 0,
        purchase_days: 0,
        channels: 0,
    };
}

/// Facts of some customers up to one cutoff.
#[derive(Debug)]
pub(super) struct Part {
    pub facts: CustomerFacts,
    without_purchase_net_e4: i128,
}

impl Part {
    /// Facts of nobody, with the columns that are asked for.
    pub(super) fn new(plan: &Plan, dictionaries: &[Dictionary]) -> Self {
        let facts = CustomerFacts {
            purchase_days: plan.purchase_days.then(Vec::new),
            units_e4: plan.units.then(Vec::new),
            channels: plan.channels.map(|_| Vec::new()),
            attributes: attributes_of_nobody(plan, dictionaries),
            ..CustomerFacts::default()
        };
        Self { facts, without_purchase_net_e4: 0 }
    }

    /// Adds a customer. The caller adds the attributes of one who has a purchase.
    #[inline]
    pub(super) fn push(&mut self, id: &str, sums: &Sums) -> Result<()> {
        let facts = &mut self.facts;
        if sums.orders == 0 {
            facts.without_purchase += u64::from(sums.seen);
            self.without_purchase_net_e4 += sums.net_e4;
            return Ok(());
        }
        facts.net_e4.push(narrow(sums.net_e4, "net revenue")?);
        let refund = narrow(sums.refund_e4, "sum of refunds")?;
        if let Some(refunds) = &mut facts.refund_e4 {
            refunds.push(refund);
        } else if refund != 0 {
            let mut refunds = vec![0; facts.customer_id.len()];
            refunds.push(refund);
            facts.refund_e4 = Some(refunds);
        }
        if let Some(units) = &mut facts.units_e4 {
            units.push(narrow(sums.units_e4, "number of units")?);
        }
        if let Some(days) = &mut facts.purchase_days {
            days.push(sums.purchase_days);
        }
        if let Some(channels) = &mut facts.channels {
            channels.push(sums.channels);
        }
        facts.customer_id.push(id);
        facts.first_at_us.push(sums.first_at_us);
        facts.last_at_us.push(sums.last_at_us);
        facts.orders.push(sums.orders);
        Ok(())
    }

    /// All parts in one; each is freed as it is taken in.
    pub(super) fn join(mut self, parts: Vec<Self>) -> Result<CustomerFacts> {
        let customers = parts.iter().map(|part| part.facts.len()).sum();
        let id_bytes = parts.iter().map(|part| part.facts.customer_id.text_len()).sum();
        if parts.iter().any(|part| part.facts.refund_e4.is_some()) {
            self.facts.refund_e4 = Some(Vec::new());
        }
        self.facts.reserve(customers, id_bytes);
        for part in parts {
            self.facts.append(&part.facts);
            self.without_purchase_net_e4 += part.without_purchase_net_e4;
        }
        self.facts.without_purchase_net_e4 = narrow(self.without_purchase_net_e4, WITHOUT_PURCHASE)?;
        Ok(self.facts)
    }
}

/// The columns of attributes that are asked for, empty.
pub(super) fn attributes_of_nobody(plan: &Plan, dictionaries: &[Dictionary]) -> Vec<AttributeColumn> {
    let values = plan.picks.iter().map(|pick| Arc::clone(&dictionaries[pick.column].values));
    values.map(|values| AttributeColumn::new(Vec::new(), values)).collect()
}

/// What `narrow` says of `without_purchase_net_e4`.
pub(super) const WITHOUT_PURCHASE: &str = "net revenue of all customers without a purchase, counted as";

pub(super) fn narrow(sum: i128, what: &str) -> Result<i64> {
    i64::try_from(sum).map_err(|_| too_large(what))
}
