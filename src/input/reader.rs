//! What is read of a file, and how a batch of its rows becomes canonical cells with a verdict for each row.

use polars::prelude::*;

use super::account::Tally;
use super::canonical::Canonical;
use super::cells::{self, Cells, Decimals, Ids, State};
use super::decimal_mark::DecimalMark;
use super::derive;
use super::filter::{Filter, RowFilter};
use super::masks::is_masked;
use super::meaning::{Look, MeaningPlan, is_total};
use super::names::{
    FilterColumn, Projection, attribute_source, filter_columns, known_names, no_quantity, refuse_ambiguous,
};
use super::order_index::Standing;
use super::presets::DropReason;
use super::raw::{RawBatch, internal};
use super::rows::{MappedFile, Wanted};
use super::values::dates::DateParser;
use super::values::is_missing;
use super::verdict::Verdict;
use super::{Frame, InputOptions};
use crate::error::{Error, Result, nearest};

/// How the rows of one file are read: which columns, and what each is for. Numbers are places in `projection`.
pub(super) struct FilePlan {
    projection: Vec<String>,
    customer_id: Option<usize>,
    /// Rows without a customer are left out.
    customers: bool,
    ordered_at: usize,
    amount: AmountFrom,
    order_id: Option<usize>,
    paid_at: Option<usize>,
    refund_amount: Option<usize>,
    /// `Some(None)`: wanted, but this file has none.
    units: Option<Option<usize>>,
    /// Whether the time of payment is wanted.
    paid_moments: bool,
    numbers: Vec<Option<usize>>,
    attributes: Vec<Option<usize>>,
    /// Of a recognised file.
    meaning: Option<MeaningPlan>,
    drops_totals: bool,
    /// Whether distinct orders are counted, and what names them: the platform, and places of store and order id.
    orders: Option<(String, Option<usize>)>,
    /// Columns of the file itself that are read, from its first on: where a row of totals says that it is one.
    leading: Vec<usize>,
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
    Product {
        quantity: usize,
        unit_price: usize,
    },
    /// Every amount is 0: the rows are refunds alone.
    Nothing,
}

impl AmountFrom {
    /// The column that stands for the amount as it is written.
    fn place(self) -> Option<usize> {
        match self {
            Self::Column(amount) => Some(amount),
            Self::Product { unit_price, .. } => Some(unit_price),
            Self::Nothing => None,
        }
    }
}

/// What of all files of a run matters for one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RunPlan {
    /// Some file was recognised: distinct orders are counted.
    pub counts_orders: bool,
    /// Rows are asked about in an index of orders: its columns are read.
    pub has_index: bool,
}

impl FilePlan {
    pub(super) fn new(
        frame: Frame,
        file: &MappedFile,
        wanted: &Wanted,
        filter: Option<&Filter>,
        options: &InputOptions,
        run: RunPlan,
    ) -> Result<Self> {
        let mapping = &file.mapping;
        let mut projection = Projection::default();
        let mut place = |canonical: &str| mapping.source(canonical).map(|source| projection.place(source));
        let required = |place: Option<usize>| {
            place.ok_or_else(|| internal("choosing columns", &"a required column is not mapped"))
        };
        let customer_id = place("customer_id");
        let ordered_at = required(place("ordered_at"))?;
        let amount = match place("amount") {
            Some(amount) => AmountFrom::Column(amount),
            None if file.holds_refunds_alone() => AmountFrom::Nothing,
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
        let number = |name: &String| match file.raw.derived.iter().find(|derived| derived.name == *name) {
            Some(derived) => Ok(Some(projection.place(&derived.name))),
            None => Ok(attribute_source(file, name)?.map(|source| projection.place(source))),
        };
        let numbers = wanted.numbers.iter().map(number).collect::<Result<_>>()?;
        let attributes = wanted
            .attributes
            .iter()
            .map(|name| Ok(attribute_source(file, name)?.map(|source| projection.place(source))))
            .collect::<Result<_>>()?;
        let filter = match filter {
            Some(filter) => Some(filter_columns(frame, file, filter, &mut projection)?),
            None => None,
        };
        let meaning =
            file.meaning.as_ref().map(|meaning| MeaningPlan::new(meaning, mapping, &mut projection, options));
        let keys = file.meaning.as_ref().and_then(|meaning| meaning.order_keys());
        let orders = run.counts_orders.then(|| {
            let platform = keys.map(|keys| keys.platform.clone()).unwrap_or_default();
            (platform, keys.and_then(|keys| keys.store.as_ref()).map(|store| projection.place(store)))
        });
        if let Some(keys) = keys.filter(|_| run.has_index) {
            for name in keys.id.iter().chain(&keys.store).chain(&keys.latest_by) {
                projection.place(name);
            }
        }
        let leading = leading_columns(file, &mut projection);
        let zone = file.meaning.as_ref().and_then(|meaning| meaning.zone);
        let parser = |reading: &super::rows::DateReading| {
            DateParser::new(reading.format.clone(), options.tz).with_zone(zone)
        };
        let mut plan = Self {
            projection: projection.0,
            customer_id,
            customers: wanted.customers,
            ordered_at,
            amount,
            order_id,
            paid_at,
            refund_amount,
            units,
            paid_moments: wanted.paid_at,
            numbers,
            attributes,
            meaning,
            orders,
            leading,
            drops_totals: !options.keep.contains(&DropReason::Total),
            filter: None,
            dates: parser(&file.dates),
            paid_dates: file.paid_dates.as_ref().map(parser),
            tz: options.tz,
            mark: derive::decimal_mark(&file.raw, mapping),
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
    pub(super) fn check_wanted(
        frame: Frame,
        files: &[MappedFile],
        wanted: &Wanted,
        options: &InputOptions,
    ) -> Result<()> {
        if wanted.customers {
            for file in files {
                file.mapping.require_customers(frame, &file.raw, options.lang)?;
            }
        }
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

    /// Casts, judges and counts the rows of a batch. `standings` are those of its rows among all orders.
    pub(super) fn read(&self, batch: &RawBatch, standings: Option<&[Standing]>) -> Result<Canonical> {
        let frame = &batch.frame;
        let height = frame.height();
        let mut cells = self.cells(frame)?;
        let mut tally = Tally::default();
        let paid = self.paid_at.map(|place| cells::present(&frame.columns()[place])).transpose()?;
        let mut look = Look::default();
        if let Some(meaning) = &self.meaning {
            look = meaning.look(frame)?;
            let FileCells { amount, refund, .. } = &mut cells;
            meaning.settle_refunds(&look, paid.as_deref(), standings, amount, refund);
        }

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

        let verdicts = self.verdicts(batch, &cells, paid.as_deref(), &look, standings)?;
        self.count(batch, &cells, &verdicts, &net_e4, &refund_e4, &mut tally);
        self.count_meaning(batch, &cells, &verdicts, look, &mut tally)?;
        let no_ids = || StringChunked::full_null("customer_id".into(), height);
        Ok(Canonical {
            verdicts,
            customer_id: cells.customer_id.unwrap_or_else(no_ids),
            order_id: cells.order_id,
            at: cells.at,
            amount: cells.amount,
            refund_amount: cells.refund.unwrap_or_default(),
            net_e4,
            refund_e4,
            units: cells.units,
            paid_moments: cells.paid_moments,
            numbers: cells.numbers,
            attributes: cells.attributes,
            raw_at: self.ordered_at,
            raw_amount: self.amount.place(),
            tally,
        })
    }

    /// The customers of a batch as reports count them: the one place to replace the ids of a file by others.
    fn customers(&self, frame: &DataFrame) -> Result<Option<Ids>> {
        self.customer_id.map(|place| cells::ids(&frame.columns()[place])).transpose()
    }

    fn cells(&self, frame: &DataFrame) -> Result<FileCells> {
        let column = |place: usize| &frame.columns()[place];
        let ids = self.customers(frame)?;
        let order_ids = self.order_id.map(|place| cells::ids(column(place))).transpose()?;
        let (amount, factors) = match self.amount {
            AmountFrom::Column(place) => (cells::money(column(place), self.mark)?, None),
            AmountFrom::Product { quantity, unit_price } => {
                let quantity = cells::decimals(column(quantity), self.mark)?;
                let unit_price = cells::decimals(column(unit_price), self.mark)?;
                (cells::product(&quantity, &unit_price), Some((quantity, unit_price)))
            }
            AmountFrom::Nothing => (Cells::all_zero(frame.height()), None),
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
        let numbers = self.numbers.iter().map(|place| match place {
            Some(place) => cells::money(column(*place), self.mark),
            None => Ok(Cells::all_missing(height)),
        });
        let paid_moments = match self.paid_at.filter(|_| self.paid_moments) {
            Some(place) => {
                let parser = self.paid_dates.as_ref().unwrap_or(&self.dates);
                Some(cells::moments(column(place), parser, self.tz)?)
            }
            None => None,
        };
        Ok(FileCells {
            numbers: numbers.collect::<Result<_>>()?,
            paid_moments,
            destroyed_customer_id: ids.as_ref().map(|ids| ids.destroyed.clone()).unwrap_or_default(),
            customer_id: ids.map(|ids| ids.text),
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
    fn verdicts(
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
        if let Some(ids) = cells.customer_id.as_ref().filter(|_| self.customers) {
            for (verdict, id) in verdicts.iter_mut().zip(ids.iter()) {
                match id {
                    None => *verdict = Verdict::MissingCustomer,
                    Some(id) if is_masked(id) => *verdict = Verdict::MaskedCustomer,
                    Some(_) => {}
                }
            }
        }
        if let Some(meaning) = &self.meaning {
            meaning.mark_no_sales(look, &batch.frame, standings, &cells.amount, &mut verdicts)?;
        }
        self.mark_totals(batch, cells, &mut verdicts);
        for (row, _) in &batch.overlong {
            verdicts[*row as usize] = Verdict::Overlong;
        }
        Ok(verdicts)
    }

    /// Rows without a customer or a time whose first words say that they are sums of others.
    fn mark_totals(&self, batch: &RawBatch, cells: &FileCells, verdicts: &mut [Verdict]) {
        let ids = cells.customer_id.as_ref();
        if !ids.is_some_and(|ids| ids.has_nulls()) && !cells.at.states.contains(&State::Missing) {
            return;
        }
        for (row, verdict) in verdicts.iter_mut().enumerate() {
            let lacks_customer = ids.is_some_and(|ids| ids.get(row).is_none());
            if !lacks_customer && cells.at.states[row] != State::Missing {
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
                FilterColumn::CustomerId => match &cells.customer_id {
                    Some(ids) => text(ids),
                    None => StringChunked::full_null(name, height).into_column(),
                },
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
    fn count_meaning(
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
                self.customer_id.unwrap_or(self.ordered_at)
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
        (self.projection[place].clone(), cells::as_written(&batch.frame.columns()[place], row))
    }
}

/// The cells of a batch before they are judged.
struct FileCells {
    customer_id: Option<StringChunked>,
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
    paid_moments: Option<Cells>,
    numbers: Vec<Cells>,
    attributes: Vec<StringChunked>,
}

/// The columns of the file itself that are read, in its order, and its first column if that is text.
fn leading_columns(file: &MappedFile, projection: &mut Projection) -> Vec<usize> {
    let own = file.raw.own_columns();
    let first = own.first().and_then(|name| file.raw.head.column(name).ok());
    if let Some(first) = first.filter(|first| first.dtype() == &DataType::String) {
        projection.place(first.name());
    }
    own.iter().filter_map(|name| projection.0.iter().position(|known| known == name)).collect()
}

fn mark(verdicts: &mut [Verdict], verdict: Verdict, holds: impl Iterator<Item = bool>) {
    for (slot, holds) in verdicts.iter_mut().zip(holds) {
        if holds {
            *slot = verdict;
        }
    }
}
