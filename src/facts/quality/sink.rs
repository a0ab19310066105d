//! Rows in, findings out.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use polars::prelude::Column;

use super::people::{People, Purchase};
use super::repeats::{Repeats, RowText};
use super::tally::{FileNames, RowPlace, SHOWN, Spot, Tally, is_id};
use super::values::{self, Amounts};
use super::{Counted, Example, Outliers, Quality, QualitySpec, is_dominant};
use crate::error::{Place, Result};
use crate::input::masks::is_masked;
use crate::input::rows::MappedFile;
use crate::input::values::dates::{day_of, format_us};
use crate::input::values::money::{currency_of, format_e4};
use crate::input::{ReadSummary, RowBatch, RowSink, TextColumn, Verdict};

/// 1990-01-01; earlier dates are defaults of programs (1900, 1970) or slips.
const FIRST_PLAUSIBLE_US: i64 = 631_152_000_000_000;

/// Collects what a pass finds.
#[derive(Debug)]
pub struct QualitySink {
    spec: QualitySpec,
    repeats: Repeats,
    people: People,
    /// Orders of rows without a customer.
    nobody: People,
    found: Mutex<Found>,
}

/// What can be added up in any order.
#[derive(Debug, Default)]
struct Found {
    dates_after_as_of: Tally,
    missing_order_ids: Tally,
    masked_ids: Tally,
    dates_before_1990: Tally,
    zero_amounts: Tally,
    negative_amounts: Tally,
    refunds_above_amount: Tally,
    spreadsheet_errors: Tally,
    long_number_ids: u64,
    rounded_ids: Tally,
    rows_with_order_id: u64,
    amounts: Amounts,
    days: BTreeMap<i32, u64>,
    currencies: BTreeMap<String, Tally>,
}

/// The columns of a batch, cell by cell.
struct Cells<'a> {
    batch: &'a RowBatch,
    customers: Vec<Option<&'a str>>,
    orders: Option<Vec<Option<&'a str>>>,
    attributes: Vec<Vec<Option<&'a str>>>,
    /// Amounts as written, where they are text.
    written_amounts: Option<Vec<Option<&'a str>>>,
}

impl<'a> Cells<'a> {
    fn of(batch: &'a RowBatch) -> Self {
        let texts = |column: &'a TextColumn| column.0.iter().collect();
        Self {
            customers: texts(&batch.customer_id),
            orders: batch.order_id.as_ref().map(texts),
            attributes: batch.attributes.iter().map(texts).collect(),
            written_amounts: text_of(&batch.raw_amount),
            batch,
        }
    }

    fn order(&self, row: usize) -> Option<&'a str> {
        self.orders.as_ref().and_then(|orders| orders[row]).filter(|id| !id.is_empty())
    }
}

fn text_of(column: &Column) -> Option<Vec<Option<&str>>> {
    column.try_str().map(|text| text.iter().collect())
}

/// A row in use.
#[derive(Clone, Copy)]
struct Row<'a> {
    at: usize,
    place: RowPlace,
    /// `None`: the file does not say.
    customer: Option<&'a str>,
    order: Option<&'a str>,
    at_us: i64,
    amount_e4: i64,
}

impl QualitySink {
    pub fn new(spec: QualitySpec) -> Self {
        Self {
            spec,
            repeats: Repeats::new(),
            people: People::new(),
            nobody: People::new(),
            found: Mutex::default(),
        }
    }

    /// What was found, with what the reader itself has to say.
    pub fn finish(self, read: &ReadSummary) -> Quality {
        let files: Vec<FileNames> = read.files.iter().map(file_names).collect();
        let found = self.found.into_inner().unwrap_or_else(PoisonError::into_inner);
        let people = self.people.finish(is_dominant);
        let nobody = self.nobody.finish(|_, _, _| false);
        let repeated = self.repeats.finish();
        let counted = |tally: &Tally| tally.counted(&files);
        let spots = |rows: u64, spots: &[Spot]| Counted {
            rows,
            examples: spots.iter().take(SHOWN).map(|spot| spot.example(&files)).collect(),
        };

        let outliers = found.amounts.outliers(self.spec.outlier_z);
        let furthest: Vec<Spot> = outliers
            .iter()
            .flat_map(|(_, furthest)| furthest)
            .map(|(amount, place)| Spot::new(*place, "amount", format_e4(*amount)))
            .collect();
        let outliers: Option<Outliers> = outliers.map(|(outliers, _)| outliers);
        let (usual_distance_days, gaps) = values::gaps(&found.days);
        let mut currencies: Vec<(String, u64)> =
            found.currencies.iter().map(|(code, tally)| (code.clone(), tally.rows)).collect();
        currencies.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let mut mixed = Tally::default();
        for (code, _) in currencies.iter().skip(1) {
            mixed.merge(found.currencies[code].clone());
        }
        // An order of several rows is one whose rows differ: repeated rows make no second line.
        let lines = found.rows_with_order_id.saturating_sub(repeated.rows);
        let dominant: Vec<Spot> = people.dominant.iter().map(|customer| customer.spot.clone()).collect();

        Quality {
            rows_read: read.account.rows_read,
            rows_used: read.account.rows_used,
            customers: people.customers,
            orders: people.orders,
            orders_of_nobody: nobody.orders,
            first_at_us: read.first_at_us,
            last_at_us: read.last_at_us,
            gross_e4: read.gross_e4,
            refund_e4: read.refund_e4,
            net_e4: read.net_e4,

            missing_customer_ids: of_reader(read, &files, &[Verdict::MissingCustomer]),
            missing_dates: of_reader(read, &files, &[Verdict::MissingOrderedAt]),
            unreadable_dates: of_reader(read, &files, &[Verdict::InvalidOrderedAt]),
            missing_amounts: of_reader(read, &files, &[Verdict::MissingAmount]),
            unreadable_amounts: of_reader(
                read,
                &files,
                &[
                    Verdict::InvalidAmount,
                    Verdict::InvalidRefund,
                    Verdict::InvalidQuantity,
                    Verdict::InvalidUnitPrice,
                ],
            ),
            overlong_rows: of_reader(read, &files, &[Verdict::Overlong]),
            short_rows: read
                .short
                .iter()
                .map(|kind| of_places(kind.rows, &kind.places, &files))
                .next()
                .unwrap_or_default(),
            destroyed_customer_ids: destroyed(read, &files, "customer_id"),
            destroyed_order_ids: destroyed(read, &files, "order_id"),
            dates_after_as_of: counted(&found.dates_after_as_of),

            duplicate_rows: spots(
                repeated.rows,
                &repeated
                    .first
                    .iter()
                    .map(|(place, original)| repeat_spot(*place, *original, &files))
                    .collect::<Vec<_>>(),
            ),
            duplicates_are_certain: found.rows_with_order_id > 0
                && (self.spec.has_product || lines <= people.orders_with_id + nobody.orders_with_id),
            orders_with_several_customers: spots(people.shared_rows, &people.shared_first),
            missing_order_ids: counted(&found.missing_order_ids),
            dates_before_1990: counted(&found.dates_before_1990),
            zero_amounts: counted(&found.zero_amounts),
            negative_amounts: counted(&found.negative_amounts),
            refunds_above_amount: counted(&found.refunds_above_amount),
            masked_ids: counted(&found.masked_ids),
            spreadsheet_errors: counted(&found.spreadsheet_errors),
            long_number_ids: found.long_number_ids,
            rounded_ids: counted(&found.rounded_ids),
            outlying_amounts: spots(outliers.map_or(0, |outliers| outliers.rows), &furthest),
            outliers,
            dominant_customers: spots(people.dominant.iter().map(|customer| customer.rows).sum(), &dominant),
            dominant_orders: people.dominant.iter().map(|customer| customer.orders).sum(),
            mixed_currencies: currency_column(mixed.counted(&files), self.spec.currency.as_ref()),
            currencies,
            usual_distance_days,
            gaps,
        }
    }

    fn look_at(&self, row: Row<'_>, cells: &Cells<'_>, found: &mut Found) {
        let batch = cells.batch;
        if row.at_us < FIRST_PLAUSIBLE_US {
            found.dates_before_1990.add(row.place, "ordered_at", || format_us(row.at_us));
        } else {
            *found.days.entry(day_of(row.at_us)).or_default() += 1;
        }
        let amount = || format_e4(row.amount_e4);
        match row.amount_e4 {
            0 => found.zero_amounts.add(row.place, "amount", amount),
            1.. => found.amounts.add(row.amount_e4, row.place),
            _ => found.negative_amounts.add(row.place, "amount", amount),
        }
        let refund_e4 = batch.refund_amount_e4[row.at];
        if refund_e4 > row.amount_e4.max(0) {
            found.refunds_above_amount.add(row.place, "refund_amount", || format_e4(refund_e4));
        }
        if cells.orders.is_some() {
            match row.order {
                Some(_) => found.rows_with_order_id += 1,
                None => found.missing_order_ids.add(row.place, "order_id", String::new),
            }
        }
        if let Some(id) = row.customer.filter(|id| is_masked(id) && !values::is_spreadsheet_error(id)) {
            found.masked_ids.add(row.place, "customer_id", || id.to_owned());
        }
        for (column, id) in [("customer_id", row.customer), ("order_id", row.order)] {
            let Some(id) = id else { continue };
            if values::is_spreadsheet_error(id) {
                found.spreadsheet_errors.add(row.place, column, || id.to_owned());
            }
            if let Some(rounded) = values::long_number_is_rounded(id) {
                found.long_number_ids += 1;
                if rounded {
                    found.rounded_ids.add(row.place, column, || id.to_owned());
                }
            }
        }
        if let Some((code, written, column)) = self.currency(row.at, cells) {
            match found.currencies.get_mut(code) {
                Some(tally) => tally.add(row.place, column, || written.to_owned()),
                None => {
                    let mut tally = Tally::default();
                    tally.add(row.place, column, || written.to_owned());
                    found.currencies.insert(code.to_owned(), tally);
                }
            }
        }
    }

    /// The currency that a row names, as a code where it is known, the cell and its column.
    fn currency<'a>(&self, row: usize, cells: &Cells<'a>) -> Option<(&'a str, &'a str, &'static str)> {
        if let Some((index, _)) = &self.spec.currency
            && let Some(named) = cells.attributes[*index][row]
        {
            return Some((currency_of(named).unwrap_or(named), named, CURRENCY));
        }
        let written = cells.written_amounts.as_ref()?[row]?;
        Some((currency_of(written)?, written, "amount"))
    }
}

/// Stands for the column that names the currency, which is no canonical one.
const CURRENCY: &str = "currency";

impl RowSink for QualitySink {
    fn push(&self, batch: RowBatch) -> Result<()> {
        let cells = Cells::of(&batch);
        let mut found = Found::default();
        let mut records = Vec::with_capacity(batch.verdicts.len());
        let (mut purchases, mut of_nobody) = (Vec::with_capacity(batch.verdicts.len()), Vec::new());
        let mut text = RowText::default();
        for (at, verdict) in batch.verdicts.iter().enumerate() {
            let place = RowPlace::new(batch.file, batch.rows.get(at));
            if *verdict == Verdict::AfterAsOf {
                let moment = || batch.at_us[at].map(format_us).unwrap_or_default();
                found.dates_after_as_of.add(place, "ordered_at", moment);
            }
            // Rows whose customer is masked are left out of reports, and looked at all the same.
            if !matches!(verdict, Verdict::Used | Verdict::MaskedCustomer) {
                continue;
            }
            let (Some(at_us), Some(amount_e4)) = (batch.at_us[at], batch.amount_e4[at]) else { continue };
            let customer = cells.customers[at];
            let row = Row { at, place, customer, order: cells.order(at), at_us, amount_e4 };
            self.look_at(row, &cells, &mut found);
            match customer {
                Some(customer) => purchases.push(Purchase { place, customer, order: row.order }),
                None => of_nobody.push(Purchase { place, customer: "", order: row.order }),
            }

            text.clear();
            text.text(customer);
            text.text(row.order);
            text.number(at_us);
            text.number(amount_e4);
            text.number(batch.refund_amount_e4[at]);
            text.number(batch.units_e4.as_ref().map_or(0, |units| units[at]));
            for attribute in &cells.attributes {
                text.text(attribute[at]);
            }
            records.push(text.record(place));
        }
        self.repeats.push(&records);
        self.people.push(&purchases);
        self.nobody.push(&of_nobody);
        self.found.lock().unwrap_or_else(PoisonError::into_inner).merge(found);
        Ok(())
    }
}

impl Found {
    fn merge(&mut self, other: Self) {
        self.dates_after_as_of.merge(other.dates_after_as_of);
        self.missing_order_ids.merge(other.missing_order_ids);
        self.masked_ids.merge(other.masked_ids);
        self.dates_before_1990.merge(other.dates_before_1990);
        self.zero_amounts.merge(other.zero_amounts);
        self.negative_amounts.merge(other.negative_amounts);
        self.refunds_above_amount.merge(other.refunds_above_amount);
        self.spreadsheet_errors.merge(other.spreadsheet_errors);
        self.long_number_ids += other.long_number_ids;
        self.rounded_ids.merge(other.rounded_ids);
        self.rows_with_order_id += other.rows_with_order_id;
        self.amounts.merge(other.amounts);
        for (day, rows) in other.days {
            *self.days.entry(day).or_default() += rows;
        }
        for (code, tally) in other.currencies {
            self.currencies.entry(code).or_default().merge(tally);
        }
    }
}

fn file_names(file: &MappedFile) -> FileNames {
    let mapped = file.mapping.columns.iter().map(|mapped| (mapped.canonical, mapped.source.clone()));
    let mut columns: Vec<(&'static str, String)> = mapped.collect();
    let source = |canonical: &str| file.mapping.source(canonical);
    if let (None, Some(quantity), Some(price)) = (source("amount"), source("quantity"), source("unit_price"))
    {
        columns.push(("amount", format!("{quantity} x {price}")));
    }
    FileNames { label: file.raw.label.clone(), columns }
}

/// Rows that the reader left out for one of these reasons.
fn of_reader(read: &ReadSummary, files: &[FileNames], verdicts: &[Verdict]) -> Counted {
    let mut all = Counted::default();
    for verdict in verdicts {
        let kinds = read.bad.iter().chain(&read.missing);
        if let Some(kind) = kinds.clone().find(|kind| kind.reason == verdict.reason()) {
            let counted = of_places(kind.rows, &kind.places, files);
            all.rows += counted.rows;
            all.examples.extend(counted.examples);
        }
    }
    all.examples.sort_by_key(|example| {
        let file = files.iter().position(|file| Some(&file.label) == example.file.as_ref());
        (file, example.row)
    });
    all.examples.truncate(SHOWN);
    all
}

fn destroyed(read: &ReadSummary, files: &[FileNames], column: &str) -> Counted {
    let kind = read.destroyed.iter().find(|kind| kind.reason.starts_with(column));
    kind.map_or_else(Counted::default, |kind| of_places(kind.rows, &kind.places, files))
}

fn of_places(rows: u64, places: &[Place], files: &[FileNames]) -> Counted {
    let example = |place: &Place| {
        let columns = || files.iter().filter(|file| file.label == place.file).flat_map(|file| &file.columns);
        let is = |wanted: fn(&str) -> bool| {
            columns().any(|(canonical, original)| wanted(canonical) && *original == place.column)
        };
        Example {
            file: Some(place.file.clone()),
            row: Some(place.row),
            column: place.column.clone(),
            value: place.value.clone(),
            is_id: is(is_id),
            is_customer: is(|canonical| canonical == "customer_id"),
        }
    };
    Counted { rows, examples: places.iter().map(example).collect() }
}

/// A repeated row has no one cell; its example says which row it repeats.
fn repeat_spot(place: RowPlace, original: RowPlace, files: &[FileNames]) -> Spot {
    let row = original.row();
    let value = match files.get(original.file()) {
        Some(file) if original.file() != place.file() => format!("repeats {}:{row}", file.label),
        _ => format!("repeats row {row}"),
    };
    Spot { place, column: "", value }
}

/// Gives the column that names the currency the name that it has in the file.
fn currency_column(mut counted: Counted, column: Option<&(usize, String)>) -> Counted {
    if let Some((_, name)) = column {
        for example in counted.examples.iter_mut().filter(|example| example.column == CURRENCY) {
            example.column.clone_from(name);
        }
    }
    counted
}
