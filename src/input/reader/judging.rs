//! What becomes of each row of a batch, and the count of it.

use super::super::account::Tally;
use super::super::cells::{self, State};
use super::super::masks::is_masked;
use super::super::meaning::{Look, MeaningPlan, is_total};
use super::super::order_index::Standing;
use super::super::raw::RawBatch;
use super::super::values::is_missing;
use super::super::verdict::Verdict;
use super::{AmountFrom, FileCells, FilePlan};
use crate::error::Result;

impl FilePlan<'_> {
    /// The first reason that holds, for each row: the reasons are tried from the last to the first, so that an earlier one
    /// overwrites a later one.
    pub(super) fn verdicts(
        &self,
        batch: &RawBatch,
        cells: &FileCells,
        paid: Option<&[bool]>,
        look: &Look,
        standings: Option<&[Standing]>,
    ) -> Result<Vec<Verdict>> {
        let height = batch.frame.height();
        let mut verdicts = vec![Verdict::Used; height];
        if let Some((filter, columns)) = &self.filter {
            let keep = filter.keep(self.filter_frame(columns, cells, &batch.frame)?)?;
            for (verdict, keep) in verdicts.iter_mut().zip(keep.iter()) {
                if keep != Some(true) {
                    *verdict = Verdict::Where;
                }
            }
        }
        for (verdict, at) in verdicts.iter_mut().zip(&cells.at.values) {
            if *at > self.as_of_us {
                *verdict = Verdict::AfterAsOf;
            } else if *at < self.since_us {
                *verdict = Verdict::BeforeSince;
            } else if *at > self.until_us {
                *verdict = Verdict::AfterUntil;
            }
        }
        if let Some(paid) = paid {
            mark(&mut verdicts, Verdict::NotPaid, paid.iter().map(|p| !p));
        }
        if let Some(meaning) = &self.meaning {
            meaning.mark_unpaid(look, &mut verdicts);
        }
        // Of orders that nobody paid some platforms leave time and amount empty.
        let unpaid: Vec<bool> = match self.meaning {
            Some(_) => verdicts.iter().map(|verdict| verdict.is_unpaid()).collect(),
            None => Vec::new(),
        };
        let unpaid_as = match self.paid_at {
            Some(_) => Verdict::NotPaid,
            None => Verdict::NotPaidByStatus,
        };
        let is = |state: State| move |cell: &State| *cell == state;
        if let Some((quantity, unit_price)) = &cells.factors {
            mark(&mut verdicts, Verdict::InvalidUnitPrice, unit_price.states.iter().map(is(State::Invalid)));
            mark(&mut verdicts, Verdict::InvalidQuantity, quantity.states.iter().map(is(State::Invalid)));
        }
        if let Some(refund) = &cells.refund {
            mark(&mut verdicts, Verdict::InvalidRefund, refund.states.iter().map(is(State::Invalid)));
        }
        // A product is invalid by a factor, which has a reason of its own, or by its size.
        let by_factor = |row: usize| {
            cells.factors.as_ref().is_some_and(|(quantity, unit_price)| {
                quantity.states[row] == State::Invalid || unit_price.states[row] == State::Invalid
            })
        };
        let amounts = cells.amount.states.iter().enumerate();
        mark(
            &mut verdicts,
            Verdict::InvalidAmount,
            amounts.map(|(row, s)| *s == State::Invalid && !by_factor(row)),
        );
        mark(&mut verdicts, Verdict::MissingAmount, cells.amount.states.iter().map(is(State::Missing)));
        mark(&mut verdicts, Verdict::InvalidOrderedAt, cells.at.states.iter().map(is(State::Invalid)));
        mark(&mut verdicts, Verdict::MissingOrderedAt, cells.at.states.iter().map(is(State::Missing)));
        for (verdict, _) in verdicts.iter_mut().zip(&unpaid).filter(|(_, unpaid)| **unpaid) {
            if matches!(verdict, Verdict::MissingOrderedAt | Verdict::MissingAmount) {
                *verdict = unpaid_as;
            }
        }
        if let Some(ids) = cells.customer_id.as_ref().filter(|_| self.customers) {
            for (verdict, id) in verdicts.iter_mut().zip(ids.iter()) {
                match id {
                    None => *verdict = Verdict::MissingCustomer,
                    Some(id) if self.customer_key.is_empty() && is_masked(id) => {
                        *verdict = Verdict::MaskedCustomer
                    }
                    Some(_) => {}
                }
            }
        }
        if let Some(meaning) = &self.meaning {
            meaning.mark_no_sales(look, &batch.frame, standings, &cells.amount, &mut verdicts)?;
        } else if let Some(standings) = standings {
            let superseded = standings.iter().map(|standing| *standing == Standing::Superseded);
            mark(&mut verdicts, Verdict::Superseded, superseded);
        }
        self.mark_totals(batch, cells, &mut verdicts);
        for (row, _) in &batch.overlong {
            verdicts[*row as usize] = Verdict::Overlong;
        }
        Ok(verdicts)
    }

    /// Rows without a customer, a time, or the order id that others have, whose first words say that they are sums of others.
    fn mark_totals(&self, batch: &RawBatch, cells: &FileCells, verdicts: &mut [Verdict]) {
        let (ids, order_ids) = (cells.customer_id.as_ref(), cells.order_id.as_ref());
        let has_gaps = [ids, order_ids].into_iter().flatten().any(|ids| ids.has_nulls());
        if !has_gaps && !cells.at.states.contains(&State::Missing) {
            return;
        }
        for (row, verdict) in verdicts.iter_mut().enumerate() {
            let lacks_id = [ids, order_ids].into_iter().flatten().any(|ids| ids.get(row).is_none());
            if !lacks_id && cells.at.states[row] != State::Missing {
                continue;
            }
            let columns = self.leading.iter().map(|place| &batch.frame.columns()[*place]);
            let first = columns.map(|column| cells::as_written(column, row)).find(|cell| !is_missing(cell));
            if self.drops_totals && *verdict != Verdict::Overlong && first.is_some_and(|cell| is_total(&cell))
            {
                *verdict = Verdict::Total;
            }
        }
    }

    pub(super) fn count(
        &self,
        batch: &RawBatch,
        cells: &FileCells,
        verdicts: &[Verdict],
        net_e4: &[i64],
        refund_e4: &[i64],
        tally: &mut Tally,
    ) {
        for (row, verdict) in verdicts.iter().enumerate() {
            tally.rows[*verdict as usize] += 1;
            if verdict.is_sound() {
                let at = cells.at.values[row];
                // What nobody paid may lack its time.
                let is_there = cells.at.states[row] == State::Good;
                if is_there && at <= self.as_of_us && at <= self.until_us {
                    tally.first_at_us = Some(tally.first_at_us.map_or(at, |first| first.min(at)));
                    tally.last_at_us = Some(tally.last_at_us.map_or(at, |last| last.max(at)));
                }
                if *verdict == Verdict::Used {
                    tally.net_e4 += i128::from(net_e4[row]);
                    tally.refund_e4 += i128::from(refund_e4[row]);
                }
            } else if !verdict.is_no_sale() {
                let cell = || self.cell_of(*verdict, batch, row);
                tally.places[*verdict as usize].add(batch.file, batch.rows.get(row), cell);
            }
        }
        let used =
            |rows: &[u32]| rows.iter().filter(|row| verdicts[**row as usize] == Verdict::Used).count() as u64;
        tally.rounded = used(&cells.amount.rounded);
        tally.negative_refunds = used(&cells.negative_refunds);
        let states = |states: &[State]| {
            states.iter().zip(verdicts).filter(|(s, v)| **s != State::Good && **v == Verdict::Used).count()
                as u64
        };
        tally.unreadable_units = cells.units.as_ref().map_or(0, |units| states(&units.states));
        if let Some(order_id) = cells.order_id.as_ref().filter(|ids| ids.has_nulls()) {
            let nulls = order_id.is_null();
            let rows =
                nulls.iter().zip(verdicts).filter(|(null, v)| *null == Some(true) && **v == Verdict::Used);
            tally.without_order_id = rows.count() as u64;
        }
        for (row, fields) in &batch.short {
            let fields = || (String::new(), format!("{fields} fields"));
            tally.short.add(batch.file, batch.rows.get(*row as usize), fields);
        }
        for (rows, place, places) in [
            (&cells.destroyed_customer_id, self.customer_id, &mut tally.destroyed_customer_id),
            (&cells.destroyed_order_id, self.order_id, &mut tally.destroyed_order_id),
        ] {
            for row in rows {
                let cell = || place.map(|place| self.cell(batch, place, *row as usize)).unwrap_or_default();
                places.add(batch.file, batch.rows.get(*row as usize), cell);
            }
        }
    }

    /// What only recognised files tell: statuses, the equation, distinct orders.
    pub(super) fn count_meaning(
        &self,
        batch: &RawBatch,
        cells: &FileCells,
        verdicts: &[Verdict],
        look: Look,
        tally: &mut Tally,
    ) -> Result<()> {
        let status = self.meaning.as_ref().and_then(MeaningPlan::status_place);
        for (text, row, rows) in look.unknown {
            let column = status.map(|place| self.projection[place].clone()).unwrap_or_default();
            tally.reckoning.unknown_status(batch.file, batch.rows.get(row), column, text, rows);
        }
        let equation = self.meaning.as_ref().and_then(MeaningPlan::identity_place);
        if let (Some(held), Some(equation)) = (&look.held, equation) {
            let equation = &self.projection[equation];
            let used = held.iter().zip(verdicts).enumerate().filter(|(_, (_, v))| **v == Verdict::Used);
            for (row, (held, _)) in used {
                tally.reckoning.identity(batch.file, batch.rows.get(row), equation, held == Some(true));
            }
        }
        if let Some((platform, store)) = &self.orders {
            let stores = store.map(|place| cells::text(&batch.frame.columns()[place])).transpose()?;
            for (row, _) in verdicts.iter().enumerate().filter(|(_, v)| **v == Verdict::Used) {
                let store = stores.as_ref().and_then(|stores| stores.get(row));
                match cells.order_id.as_ref().and_then(|ids| ids.get(row)) {
                    Some(id) => tally.reckoning.order(platform, store, id),
                    None => tally.reckoning.orders_without_name += 1,
                }
            }
        }
        Ok(())
    }

    /// The cell that a verdict is about.
    fn cell_of(&self, verdict: Verdict, batch: &RawBatch, row: usize) -> (String, String) {
        let place = match (verdict, self.amount) {
            (Verdict::Overlong, _) => {
                let fields = batch.overlong.iter().find(|(at, _)| *at as usize == row);
                return (String::new(), fields.map(|(_, n)| format!("{n} fields")).unwrap_or_default());
            }
            (Verdict::MissingCustomer | Verdict::MaskedCustomer, _) => {
                let key = self.customer_key.first().copied();
                self.customer_id.or(key).unwrap_or(self.ordered_at)
            }
            (Verdict::MissingOrderedAt | Verdict::InvalidOrderedAt, _) => self.ordered_at,
            (Verdict::InvalidRefund, _) => self.refund_amount.unwrap_or(self.ordered_at),
            (_, AmountFrom::Column(amount)) => amount,
            (Verdict::InvalidQuantity, AmountFrom::Product { quantity, .. }) => quantity,
            (Verdict::MissingAmount, AmountFrom::Product { quantity, unit_price }) => {
                let missing = cells::as_written(&batch.frame.columns()[quantity], row).is_empty();
                if missing { quantity } else { unit_price }
            }
            (_, AmountFrom::Product { unit_price, .. }) => unit_price,
            (_, AmountFrom::Nothing) => self.ordered_at,
        };
        self.cell(batch, place, row)
    }

    fn cell(&self, batch: &RawBatch, place: usize, row: usize) -> (String, String) {
        let (column, value) =
            (&self.projection[place], cells::as_written(&batch.frame.columns()[place], row));
        let is_customer = self.customer_id == Some(place) || self.customer_key.contains(&place);
        let value = super::super::masks::shown(column, is_customer, &value).into_owned();
        (column.clone(), value)
    }
}

fn mark(verdicts: &mut [Verdict], verdict: Verdict, holds: impl Iterator<Item = bool>) {
    for (slot, holds) in verdicts.iter_mut().zip(holds) {
        if holds {
            *slot = verdict;
        }
    }
}
