//! What is read of a file, and how a batch of its rows becomes canonical cells with a verdict for each row.

use polars::prelude::*;

mod judging;

use super::account::Tally;
use super::canonical::Canonical;
use super::cells::{self, Cells, Decimals, Ids, State};
use super::decimal_mark::DecimalMark;
use super::derive;
use super::filter::{Filter, RowFilter};
use super::identities::{self, Identities};
use super::meaning::{Look, MeaningPlan};
use super::names::{
    FilterColumn, Projection, attribute_source, filter_columns, known_names, no_quantity, refuse_ambiguous,
};
use super::order_index::Standing;
use super::presets::DropReason;
use super::raw::{RawBatch, internal};
use super::rows::{MappedFile, Wanted};
use super::values::dates::DateParser;
use super::{Frame, InputOptions};
use crate::error::{Error, Result, nearest};

/// How the rows of one file are read: which columns, and what each is for. Numbers are places in `projection`.
pub(super) struct FilePlan<'a> {
    projection: Vec<String>,
    customer_id: Option<usize>,
    /// The columns that say it together, in place of one.
    customer_key: Vec<usize>,
    /// The persons that ids of the platform stand for.
    identities: Option<(&'a Identities, String)>,
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

impl<'a> FilePlan<'a> {
    pub(super) fn new(
        frame: Frame,
        file: &MappedFile,
        wanted: &Wanted,
        filter: Option<&Filter>,
        identities: Option<&'a Identities>,
        options: &InputOptions,
        run: RunPlan,
    ) -> Result<Self> {
        let mapping = &file.mapping;
        let mut projection = Projection::default();
        let mut place = |canonical: &str| mapping.source(canonical).map(|source| projection.place(source));
        let required = |place: Option<usize>| {
            place.ok_or_else(|| internal("choosing columns", &"a required column is not mapped"))
        };
        let customer_id = place("customer_id").filter(|_| file.customer_key.is_empty());
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
        let keys = file.order_keys.as_ref();
        let orders = run.counts_orders.then(|| {
            let platform = keys.map(|keys| keys.platform.clone()).unwrap_or_default();
            (platform, keys.and_then(|keys| keys.store.as_ref()).map(|store| projection.place(store)))
        });
        if let Some(keys) = keys.filter(|_| run.has_index) {
            for name in keys.id.iter().chain(&keys.store).chain(&keys.latest_by) {
                projection.place(name);
            }
        }
        let customer_key = file.customer_key.iter().map(|name| projection.place(name)).collect();
        let leading = leading_columns(file, &mut projection);
        let zone = file.meaning.as_ref().and_then(|meaning| meaning.zone);
        let parser = |reading: &super::rows::DateReading| {
            DateParser::new(reading.format.clone(), options.tz).written_in(zone)
        };
        let mut plan = Self {
            projection: projection.0,
            customer_id,
            customer_key,
            identities: identities.map(|identities| (identities, file.platform().to_owned())),
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
    pub(super) fn check_wanted(files: &[MappedFile], wanted: &Wanted, options: &InputOptions) -> Result<()> {
        if wanted.customers {
            for file in files {
                file.require_customers(options.lang)?;
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

    /// The customers of a batch as reports count them: the ids of the file, or keys of several columns, each replaced by
    /// the person whose it is.
    fn customers(&self, frame: &DataFrame) -> Result<Option<Ids>> {
        let column = |place: &usize| &frame.columns()[*place];
        let key: Vec<&Column> = self.customer_key.iter().map(column).collect();
        let mut ids = match self.customer_id {
            _ if !key.is_empty() => Some(Ids { text: identities::key_ids(&key)?, destroyed: Vec::new() }),
            Some(place) => Some(cells::ids(column(&place))?),
            None => None,
        };
        if let (Some(ids), Some((identities, platform))) = (&mut ids, &self.identities) {
            ids.text = identities.replaced(platform, &ids.text);
        }
        Ok(ids)
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
