//! The canonical cells of a batch, and what is handed on of them.

use polars::prelude::*;

use super::account::Tally;
use super::cells::{Cells, State};
use super::raw::{RawBatch, TextColumn, internal};
use super::rows::{OrderBatch, RowBatch};
use super::verdict::Verdict;
use crate::error::Result;

/// The canonical cells of a batch. Columns of one length.
pub(super) struct Canonical {
    pub(super) verdicts: Vec<Verdict>,
    pub(super) customer_id: StringChunked,
    pub(super) order_id: Option<StringChunked>,
    pub(super) at: Cells,
    pub(super) amount: Cells,
    /// As positive numbers; empty: there is no such column.
    pub(super) refund_amount: Cells,
    /// What went back in all; net and gross follow from it.
    pub(super) net_e4: Vec<i64>,
    pub(super) refund_e4: Vec<i64>,
    pub(super) units: Option<Cells>,
    pub(super) paid_moments: Option<Cells>,
    pub(super) numbers: Vec<Cells>,
    pub(super) attributes: Vec<StringChunked>,
    pub(super) raw_at: usize,
    pub(super) raw_amount: Option<usize>,
    pub(super) tally: Tally,
}

impl Canonical {
    pub(super) fn into_rows(self, batch: RawBatch) -> RowBatch {
        let net_e4 =
            self.net_e4.iter().zip(&self.amount.states).map(|(v, s)| (*s == State::Good).then_some(*v));
        RowBatch {
            net_e4: net_e4.collect(),
            file: batch.file,
            customer_id: TextColumn(self.customer_id),
            order_id: self.order_id.map(TextColumn),
            at_us: self.at.options(),
            amount_e4: self.amount.options(),
            refund_amount_e4: match self.refund_amount.values {
                values if values.is_empty() => vec![0; self.verdicts.len()],
                values => values,
            },
            units_e4: self.units.map(|units| units.values),
            paid_at_us: self.paid_moments.map(|paid| paid.options()),
            numbers_e4: self.numbers.iter().map(Cells::options).collect(),
            attributes: self.attributes.into_iter().map(TextColumn).collect(),
            raw_at: batch.frame.columns()[self.raw_at].clone(),
            raw_amount: match self.raw_amount {
                Some(place) => batch.frame.columns()[place].clone(),
                None => Column::full_null("amount".into(), self.verdicts.len(), &DataType::String),
            },
            verdicts: self.verdicts,
            rows: batch.rows,
        }
    }

    /// The rows in use; `None` when there are none. `order_ids`: some file of the run has them.
    pub(super) fn into_orders(self, order_ids: bool) -> Result<Option<OrderBatch>> {
        let used = self.verdicts.iter().filter(|v| **v == Verdict::Used).count();
        if used == 0 {
            return Ok(None);
        }
        let all = used == self.verdicts.len();
        let numbers = |values: Vec<i64>| -> Vec<i64> {
            if all {
                return values;
            }
            let mut kept = Vec::with_capacity(used);
            kept.extend(
                values
                    .iter()
                    .zip(&self.verdicts)
                    .filter(|(_, v)| **v == Verdict::Used)
                    .map(|(value, _)| *value),
            );
            kept
        };
        let mask: Option<BooleanChunked> =
            (!all).then(|| self.verdicts.iter().map(|v| Some(*v == Verdict::Used)).collect());
        let texts = |text: StringChunked| -> Result<StringChunked> {
            match &mask {
                None => Ok(text),
                Some(mask) => text.filter(mask).map_err(|error| internal("leaving rows out", &error)),
            }
        };
        let order_id = match self.order_id {
            Some(ids) => Some(empty_for_null(texts(ids)?)),
            None if order_ids => Some(StringChunked::full("order_id".into(), "", used)),
            None => None,
        };
        let attributes = self.attributes.into_iter().map(|text| Ok(TextColumn(texts(text)?)));
        Ok(Some(OrderBatch {
            customer_id: TextColumn(empty_for_null(texts(self.customer_id)?)),
            order_id: order_id.map(TextColumn),
            at_us: numbers(self.at.values),
            net_e4: numbers(self.net_e4),
            refund_e4: numbers(self.refund_e4),
            units_e4: self.units.map(|units| numbers(units.values)),
            attributes: attributes.collect::<Result<_>>()?,
        }))
    }
}

fn empty_for_null(ids: StringChunked) -> StringChunked {
    if !ids.has_nulls() {
        return ids;
    }
    let mut filled = StringChunkedBuilder::new(ids.name().clone(), ids.len());
    for id in ids.iter() {
        filled.append_value(id.unwrap_or(""));
    }
    filled.finish()
}
