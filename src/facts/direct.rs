//! Facts added up as rows come: where each row is an order and no list per customer (days, channels, values) is asked for.

use super::batch::too_large;
use super::intern::InternedTexts;
use super::kernel::{Plan, Taken};
use super::part::{Part, Sums};
use crate::error::Result;

/// What is known of one customer up to one cutoff: 32 bytes, so that a row touches one line of memory.
#[derive(Debug, Clone)]
struct Account {
    first_at_us: i64,
    last_at_us: i64,
    /// Net revenue is `net_high` x 2⁶⁴ + `net_low`: no order of rows makes a sum overflow that another does not.
    net_low: i64,
    purchases: u32,
    net_high: i16,
    /// Whether there is any row.
    seen: bool,
}

const NO_ROWS: Account = Account {
    first_at_us: i64::MAX,
    last_at_us: i64::MIN,
    net_low: 0,
    purchases: 0,
    net_high: 0,
    seen: false,
};

impl Account {
    /// Whether the numbers held.
    #[inline]
    fn add(&mut self, at_us: i64, net_e4: i64) -> bool {
        self.seen = true;
        let mut fits = true;
        if net_e4 > 0 {
            self.first_at_us = self.first_at_us.min(at_us);
            self.last_at_us = self.last_at_us.max(at_us);
            fits = self.purchases < u32::MAX;
            self.purchases = self.purchases.wrapping_add(1);
        }
        let (low, carry) = self.net_low.overflowing_add(net_e4);
        self.net_low = low;
        if carry {
            let high = self.net_high.checked_add(if net_e4 > 0 { 1 } else { -1 });
            fits &= high.is_some();
            self.net_high = high.unwrap_or(0);
        }
        fits
    }

    fn net_e4(&self) -> i128 {
        (i128::from(self.net_high) << 64) + i128::from(self.net_low)
    }
}

/// The customers of one shard; each column by customer number.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    cutoffs: Vec<OneCutoff>,
}

#[derive(Debug, Default)]
struct OneCutoff {
    accounts: Vec<Account>,
    /// Empty until there is a refund.
    refund_e4: Vec<i128>,
    /// Empty unless asked for.
    units_e4: Vec<i128>,
}

impl Accounts {
    pub(super) fn add(&mut self, rows: &Taken<'_>, customers: usize, plan: &Plan) -> Result<()> {
        self.cutoffs.resize_with(plan.cutoffs.len(), OneCutoff::default);
        for (one, &cutoff) in self.cutoffs.iter_mut().zip(&plan.cutoffs) {
            one.add(rows, customers, cutoff)?;
        }
        Ok(())
    }

    pub(super) fn into_parts(self, ids: &InternedTexts, plan: &Plan) -> Result<Vec<Part>> {
        self.cutoffs.into_iter().map(|one| one.into_part(ids, plan)).collect()
    }
}

impl OneCutoff {
    fn add(&mut self, rows: &Taken<'_>, customers: usize, cutoff: i64) -> Result<()> {
        self.accounts.resize(customers, NO_ROWS);
        let mut fits = true;
        let mut refunds = 0;
        for (place, &slot) in rows.places.iter().zip(rows.slots) {
            let row = place.row as usize;
            if rows.at_us[row] <= cutoff {
                fits &= self.accounts[slot as usize].add(rows.at_us[row], rows.net_e4[row]);
                refunds |= rows.refund_e4[row];
            }
        }
        if !fits {
            return Err(too_large("net revenue or number of purchases"));
        }
        if refunds != 0 {
            add_column(&mut self.refund_e4, rows, rows.refund_e4, customers, cutoff);
        }
        if let Some(units) = rows.units_e4 {
            add_column(&mut self.units_e4, rows, units, customers, cutoff);
        }
        Ok(())
    }

    fn into_part(self, ids: &InternedTexts, plan: &Plan) -> Result<Part> {
        let mut part = Part::new(plan, &[]);
        let at = |column: &[i128], slot: usize| column.get(slot).copied().unwrap_or(0);
        for (slot, account) in self.accounts.iter().enumerate() {
            let sums = Sums {
                seen: account.seen,
                first_at_us: account.first_at_us,
                last_at_us: account.last_at_us,
                orders: account.purchases,
                net_e4: account.net_e4(),
                refund_e4: at(&self.refund_e4, slot),
                units_e4: at(&self.units_e4, slot),
                ..Sums::NONE
            };
            ids.with(slot, |id| part.push(id, &sums))?;
        }
        Ok(part)
    }
}

fn add_column(sums: &mut Vec<i128>, rows: &Taken<'_>, values: &[i64], customers: usize, cutoff: i64) {
    sums.resize(customers, 0);
    for (place, &slot) in rows.places.iter().zip(rows.slots) {
        let row = place.row as usize;
        if rows.at_us[row] <= cutoff {
            sums[slot as usize] += i128::from(values[row]);
        }
    }
}
