//! What is read of a file, and how a batch of its rows becomes canonical cells with a verdict for each row.

use polars::prelude::*;

use super::account::Tally;
use super::cells::{self, Cells, Decimals, State};
use super::decimal_mark::DecimalMark;
use super::filter::{Filter, RowFilter};
use super::names::{
    FilterColumn, Projection, attribute_source, filter_columns, known_names, no_quantity, refuse_ambiguous,
};
use super::raw::{RawBatch, TextColumn, internal};
use super::rows::{MappedFile, OrderBatch, RowBatch, Verdict, Wanted};
use super::values::dates::DateParser;
use super::{Frame, InputOptions};
use crate::error::{Error, Result, nearest};

/// How the rows of one file are read: which columns, and what each is for. Numbers are places in `projection`.
pub(super) struct FilePlan {
    projection: Vec<String>,
    customer_id: usize,
    ordered_at: usize,
    amount: AmountFrom,
    order_id: Option<usize>,
    paid_at: Option<usize>,
    refund_amount: Option<usize>,
    /// `Some(None)`: wanted, but this file has none.
    units: Option<Option<usize>>,
    attributes: Vec<Option<usize>>,
    filter: Option<(RowFilter, Vec<(PlSmallStr, FilterColumn)>)>,
    dates: DateParser,
    paid_dates: Option<DateParser>,
    tz: Option<chrono_tz::Tz>,
    /// Of the file's numbers as text.
    mark: DecimalMark,
    as_of_us: i64,
    since_us: i64,
    until_us: i64,
}

#[derive(Debug, Clone, Copy)]
enum AmountFrom {
    Column(usize),
    Product { quantity: usize, unit_price: usize },
}

/// From the first rows of every column that holds numbers, whether this run reads it or not.
fn decimal_mark(file: &MappedFile) -> DecimalMark {
    let head = &file.raw.head;
    let numbers = ["amount", "refund_amount", "quantity", "unit_price", "unit_cost", "discount"];
    let sources = numbers.into_iter().filter_map(|canonical| file.mapping.source(canonical));
    DecimalMark::of(head, sources.filter_map(|source| head.get_column_index(source)))
}

/// The canonical cells of a batch. Columns of one length.
pub(super) struct Canonical {
    verdicts: Vec<Verdict>,
    customer_id: StringChunked,
    order_id: Option<StringChunked>,
    at: Cells,
    amount: Cells,
    /// As positive numbers; empty: there is no such column.
    refund_amount: Cells,
    /// What went back in all; net and gross follow from it.
    net_e4: Vec<i64>,
    refund_e4: Vec<i64>,
    units: Option<Cells>,
    attributes: Vec<StringChunked>,
    raw_at: usize,
    raw_amount: usize,
    pub(super) tally: Tally,
}

impl FilePlan {
    pub(super) fn new(
        frame: Frame,
        file: &MappedFile,
        wanted: &Wanted,
        filter: Option<&Filter>,
        options: &InputOptions,
    ) -> Result<Self> {
        let mapping = &file.mapping;
        let mut projection = Projection::default();
        let mut place = |canonical: &str| mapping.source(canonical).map(|source| projection.place(source));
        let required = |place: Option<usize>| {
            place.ok_or_else(|| internal("choosing columns", &"a required column is not mapped"))
        };
        let customer_id = required(place("customer_id"))?;
        let ordered_at = required(place("ordered_at"))?;
        let amount = match place("amount") {
            Some(amount) => AmountFrom::Column(amount),
            None => AmountFrom::Product {
                quantity: required(place("quantity"))?,
                unit_price: required(place("unit_price"))?,
            },
        };
        let order_id = place("order_id");
        let paid_at = place("paid_at");
        let refund_amount = place("refund_amount");
        if wanted.units {
            refuse_ambiguous(file, "quantity")?;
        }
        let units = wanted.units.then(|| place("quantity"));
        let attributes = wanted
            .attributes
            .iter()
            .map(|name| Ok(attribute_source(file, name)?.map(|source| projection.place(source))))
            .collect::<Result<_>>()?;
        let filter = match filter {
            Some(filter) => Some(filter_columns(frame, file, filter, &mut projection)?),
            None => None,
        };
        let parser = |reading: &super::rows::DateReading| DateParser::new(reading.format.clone(), options.tz);
        let mut plan = Self {
            projection: projection.0,
            customer_id,
            ordered_at,
            amount,
            order_id,
            paid_at,
            refund_amount,
            units,
            attributes,
            filter: None,
            dates: parser(&file.dates),
            paid_dates: file.paid_dates.as_ref().map(parser),
            tz: options.tz,
            mark: decimal_mark(file),
            as_of_us: options.as_of_us.unwrap_or(i64::MAX),
            since_us: options.since_us.unwrap_or(i64::MIN),
            until_us: options.until_us.unwrap_or(i64::MAX),
        };
        if let Some((filter, columns)) = filter {
            // The types that the expression meets are known from the first rows; they are the same all through the file.
            let head = file.raw.head.select(plan.projection.iter().map(String::as_str));
            let head = head.map_err(|error| internal("reading the first rows", &error))?.head(Some(1));
            let cells = plan.cells(&head)?;
            let schema = plan.filter_frame(&columns, &cells, &head)?;
            plan.filter = Some((filter.fit(schema.schema())?, columns));
        }
        Ok(plan)
    }

    /// The original columns to be read, in the order that `read` expects.
    pub(super) fn projection(&self) -> &[String] {
        &self.projection
    }

    /// Every attribute must be there in some file.
    pub(super) fn check_wanted(files: &[MappedFile], wanted: &Wanted) -> Result<()> {
        for name in &wanted.attributes {
            let mut found = false;
            for file in files {
                found |= attribute_source(file, name)?.is_some();
            }
            if !found && !files.is_empty() {
                let known = known_names(&files[0]);
                return Err(Error::UnknownName {
                    what: "column",
                    name: name.clone(),
                    nearest: nearest(name, known.iter().map(String::as_str)),
                    known,
                });
            }
        }
        let has_quantity = |file: &MappedFile| file.mapping.source("quantity").is_some();
        match files.first() {
            Some(file) if wanted.units && !files.iter().any(has_quantity) => Err(no_quantity(file)),
            _ => Ok(()),
        }
    }

    /// Casts, judges and counts the rows of a batch.
    pub(super) fn read(&self, batch: &RawBatch) -> Result<Canonical> {
        let frame = &batch.frame;
        let height = frame.height();
        let mut cells = self.cells(frame)?;
        let mut tally = Tally::default();

        // Money first, since its overflow is a verdict.
        let mut net_e4 = cells.amount.values.clone();
        let mut refund_e4 = vec![0; height];
        for row in 0..height {
            let amount = cells.amount.values[row];
            let refund = cells.refund.as_ref().map_or(0, |refund| refund.values[row]);
            let back = if amount < 0 {
                amount.checked_neg().and_then(|a| a.checked_add(refund))
            } else {
                Some(refund)
            };
            match (amount.checked_sub(refund), back) {
                (Some(net), Some(back)) => (net_e4[row], refund_e4[row]) = (net, back),
                _ => cells.amount.states[row] = State::Invalid,
            }
        }

        let verdicts = self.verdicts(batch, &cells)?;
        self.count(batch, &cells, &verdicts, &net_e4, &refund_e4, &mut tally);
        Ok(Canonical {
            verdicts,
            customer_id: cells.customer_id,
            order_id: cells.order_id,
            at: cells.at,
            amount: cells.amount,
            refund_amount: cells.refund.unwrap_or_default(),
            net_e4,
            refund_e4,
            units: cells.units,
            attributes: cells.attributes,
            raw_at: self.ordered_at,
            raw_amount: match self.amount {
                AmountFrom::Column(amount) => amount,
                AmountFrom::Product { unit_price, .. } => unit_price,
            },
            tally,
        })
    }

    fn cells(&self, frame: &DataFrame) -> Result<FileCells> {
        let column = |place: usize| &frame.columns()[place];
        let ids = cells::ids(column(self.customer_id))?;
        let order_ids = self.order_id.map(|place| cells::ids(column(place))).transpose()?;
        let (amount, factors) = match self.amount {
            AmountFrom::Column(place) => (cells::money(column(place), self.mark)?, None),
            AmountFrom::Product { quantity, unit_price } => {
                let quantity = cells::decimals(column(quantity), self.mark)?;
                let unit_price = cells::decimals(column(unit_price), self.mark)?;
                (cells::product(&quantity, &unit_price), Some((quantity, unit_price)))
            }
        };
        let mut refund =
            self.refund_amount.map(|place| cells::money(column(place), self.mark)).transpose()?;
        let mut negative_refunds = Vec::new();
        if let Some(refund) = &mut refund {
            for (row, value) in refund.values.iter_mut().enumerate() {
                if *value < 0 {
                    negative_refunds.push(row as u32);
                    // The one number without a positive twin is beyond all money.
                    *value = value.checked_neg().unwrap_or(i64::MAX);
                }
            }
        }
        let height = frame.height();
        let attributes = self.attributes.iter().map(|place| match place {
            Some(place) => cells::text(column(*place)),
            None => Ok(StringChunked::full_null("attribute".into(), height)),
        });
        Ok(FileCells {
            customer_id: ids.text,
            destroyed_customer_id: ids.destroyed,
            destroyed_order_id: order_ids.as_ref().map(|ids| ids.destroyed.clone()).unwrap_or_default(),
            order_id: order_ids.map(|ids| ids.text),
            at: cells::moments(column(self.ordered_at), &self.dates, self.tz)?,
            amount,
            factors,
            refund,
            negative_refunds,
            units: match self.units {
                Some(Some(place)) => Some(cells::money(column(place), self.mark)?),
                Some(None) => Some(Cells::all_missing(height)),
                None => None,
            },
            attributes: attributes.collect::<Result<_>>()?,
        })
    }

    /// The first reason that holds, for each row: the reasons are tried from the last to the first, so that an earlier one
    /// overwrites a later one.
    fn verdicts(&self, batch: &RawBatch, cells: &FileCells) -> Result<Vec<Verdict>> {
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
        if let Some(paid_at) = self.paid_at {
            mark(
                &mut verdicts,
                Verdict::NotPaid,
                cells::present(&batch.frame.columns()[paid_at])?.iter().map(|p| !p),
            );
        }
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
        if cells.customer_id.has_nulls() {
            let missing = cells.customer_id.is_null();
            mark(&mut verdicts, Verdict::MissingCustomer, missing.iter().map(|null| null == Some(true)));
        }
        for (row, _) in &batch.overlong {
            verdicts[*row as usize] = Verdict::Overlong;
        }
        Ok(verdicts)
    }

    fn filter_frame(
        &self,
        columns: &[(PlSmallStr, FilterColumn)],
        cells: &FileCells,
        frame: &DataFrame,
    ) -> Result<DataFrame> {
        let height = frame.height();
        let build = |(name, what): &(PlSmallStr, FilterColumn)| -> Result<Column> {
            let column = |place: usize| &frame.columns()[place];
            let name = name.clone();
            let text = |text: &StringChunked| text.clone().with_name(name.clone()).into_column();
            Ok(match *what {
                FilterColumn::CustomerId => text(&cells.customer_id),
                FilterColumn::OrderId => match &cells.order_id {
                    Some(ids) => text(ids),
                    None => StringChunked::full_null(name, height).into_column(),
                },
                FilterColumn::OrderedAt => cells.at.as_datetimes(name),
                FilterColumn::Amount => cells.amount.e4_as_f64(name),
                FilterColumn::Refund => match &cells.refund {
                    Some(refund) => refund.e4_or_zero_as_f64(name),
                    None => Float64Chunked::full(name, 0.0, height).into_column(),
                },
                FilterColumn::Quantity | FilterColumn::UnitPrice => match (&cells.factors, what) {
                    (Some((quantity, _)), FilterColumn::Quantity) => quantity.as_f64(name),
                    (Some((_, unit_price)), _) => unit_price.as_f64(name),
                    (None, _) => Float64Chunked::full_null(name, height).into_column(),
                },
                FilterColumn::Moment(place) => {
                    let parser = self.paid_dates.as_ref().unwrap_or(&self.dates);
                    cells::moments(column(place), parser, self.tz)?.as_datetimes(name)
                }
                FilterColumn::Number(place) => cells::decimals(column(place), self.mark)?.as_f64(name),
                FilterColumn::Text(place) => text(&cells::text(column(place))?),
                FilterColumn::Native(place) => {
                    cells::native(column(place), &self.dates, self.tz)?.with_name(name)
                }
            })
        };
        let columns = columns.iter().map(build).collect::<Result<Vec<Column>>>()?;
        DataFrame::new(height, columns).map_err(|error| internal("preparing --where", &error))
    }

    fn count(
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
                if at <= self.as_of_us && at <= self.until_us {
                    tally.first_at_us = Some(tally.first_at_us.map_or(at, |first| first.min(at)));
                    tally.last_at_us = Some(tally.last_at_us.map_or(at, |last| last.max(at)));
                }
                if *verdict == Verdict::Used {
                    tally.net_e4 += i128::from(net_e4[row]);
                    tally.refund_e4 += i128::from(refund_e4[row]);
                }
            } else {
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
        let order_id = self.order_id.unwrap_or(self.customer_id);
        for (rows, place, places) in [
            (&cells.destroyed_customer_id, self.customer_id, &mut tally.destroyed_customer_id),
            (&cells.destroyed_order_id, order_id, &mut tally.destroyed_order_id),
        ] {
            for row in rows {
                let cell = || self.cell(batch, place, *row as usize);
                places.add(batch.file, batch.rows.get(*row as usize), cell);
            }
        }
    }

    /// The cell that a verdict is about.
    fn cell_of(&self, verdict: Verdict, batch: &RawBatch, row: usize) -> (String, String) {
        let place = match (verdict, self.amount) {
            (Verdict::Overlong, _) => {
                let fields = batch.overlong.iter().find(|(at, _)| *at as usize == row);
                return (String::new(), fields.map(|(_, n)| format!("{n} fields")).unwrap_or_default());
            }
            (Verdict::MissingCustomer, _) => self.customer_id,
            (Verdict::MissingOrderedAt | Verdict::InvalidOrderedAt, _) => self.ordered_at,
            (Verdict::InvalidRefund, _) => self.refund_amount.unwrap_or(self.customer_id),
            (_, AmountFrom::Column(amount)) => amount,
            (Verdict::InvalidQuantity, AmountFrom::Product { quantity, .. }) => quantity,
            (Verdict::MissingAmount, AmountFrom::Product { quantity, unit_price }) => {
                let missing = cells::as_written(&batch.frame.columns()[quantity], row).is_empty();
                if missing { quantity } else { unit_price }
            }
            (_, AmountFrom::Product { unit_price, .. }) => unit_price,
        };
        self.cell(batch, place, row)
    }

    fn cell(&self, batch: &RawBatch, place: usize, row: usize) -> (String, String) {
        let (column, value) =
            (&self.projection[place], cells::as_written(&batch.frame.columns()[place], row));
        let value = super::masks::shown(column, place == self.customer_id, &value).into_owned();
        (column.clone(), value)
    }
}

/// The cells of a batch before they are judged.
struct FileCells {
    customer_id: StringChunked,
    destroyed_customer_id: Vec<u32>,
    order_id: Option<StringChunked>,
    destroyed_order_id: Vec<u32>,
    at: Cells,
    amount: Cells,
    /// quantity and unit_price, where the amount is their product.
    factors: Option<(Decimals, Decimals)>,
    refund: Option<Cells>,
    negative_refunds: Vec<u32>,
    units: Option<Cells>,
    attributes: Vec<StringChunked>,
}

fn mark(verdicts: &mut [Verdict], verdict: Verdict, holds: impl Iterator<Item = bool>) {
    for (slot, holds) in verdicts.iter_mut().zip(holds) {
        if holds {
            *slot = verdict;
        }
    }
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
            attributes: self.attributes.into_iter().map(TextColumn).collect(),
            raw_at: batch.frame.columns()[self.raw_at].clone(),
            raw_amount: batch.frame.columns()[self.raw_amount].clone(),
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
            customer_id: TextColumn(texts(self.customer_id)?),
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
