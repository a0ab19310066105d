//! From rows as they were read to rows of the canonical file, batch by batch.

use std::hash::{DefaultHasher, Hasher};
use std::sync::Mutex;

use polars::prelude::*;

use super::allocate::allocate;
use super::combine::{Combiner, Grain, Number, Repeated, Row, Unit, order_key};
use crate::error::{Error, Result};
use crate::input::{RowBatch, RowSink, TextColumn, Verdict};

/// What a run converts.
#[derive(Debug, Clone)]
pub struct Spec {
    pub unit: Unit,
    /// Canonical number columns besides the amounts: the first of `RowBatch::numbers_e4`.
    pub numbers: Vec<&'static str>,
    /// Canonical text columns: the first of `RowBatch::attributes`.
    pub texts: Vec<&'static str>,
    pub files: Vec<FileSpec>,
    /// Place among `texts`.
    pub store: Option<usize>,
    /// Whether the file gets a column `customer_id`: without one a report says that there are no customers, rather than that
    /// every row lacks its own.
    pub with_customers: bool,
    /// Whether the file gets a column `platform`.
    pub with_platform: bool,
}

/// How the rows of one file become rows of the canonical file.
#[derive(Debug, Clone, Default)]
pub struct FileSpec {
    pub grain: Grain,
    /// Empty where the file was not recognised.
    pub platform: String,
    /// The line's own amount, where `amount` is the order's: a place among `RowBatch::numbers_e4`.
    pub line_amount: Option<usize>,
    /// The lines of an order that stand side by side in its row.
    pub items: Vec<Item>,
}

/// One of several lines within a row.
#[derive(Debug, Clone, Default)]
pub struct Item {
    /// (place among `Spec::texts`, place among `RowBatch::attributes`).
    pub texts: Vec<(usize, usize)>,
    /// (place among `Spec::numbers`, place among `RowBatch::numbers_e4`).
    pub numbers: Vec<(usize, usize)>,
    /// The line's own amount: a place among `RowBatch::numbers_e4`.
    pub amount: Option<usize>,
}

impl Spec {
    /// Whether rows with this verdict are written: those in use, and those that were not paid.
    fn writes(verdict: Verdict) -> bool {
        matches!(verdict, Verdict::Used) || verdict.is_unpaid()
    }

    /// What a line is worth among the lines of its order: its own amount, else its pieces times their price.
    fn weight(&self, own_amount: Option<i64>, numbers: &[Option<i64>]) -> i64 {
        let number = |name: &str| {
            let at = self.numbers.iter().position(|known| *known == name)?;
            numbers[at]
        };
        own_amount.filter(|amount| *amount > 0).unwrap_or_else(|| {
            let (Some(pieces), Some(price)) = (number("quantity"), number("unit_price")) else { return 0 };
            let product = i128::from(pieces) * i128::from(price) / 10_000;
            i64::try_from(product).unwrap_or(0).max(0)
        })
    }

    /// Which numbers add up over the lines of an order.
    pub fn number_kinds(&self) -> Vec<Number> {
        let kind = |name: &&str| match *name {
            "unit_price" | "unit_cost" => Number::EachPiece,
            _ => Number::Sum,
        };
        self.numbers.iter().map(kind).collect()
    }

    pub fn schema(&self) -> Schema {
        self.frame(&[]).schema().as_ref().clone()
    }

    /// Rows as the canonical file holds them.
    pub fn frame(&self, rows: &[Row]) -> DataFrame {
        let text = |name: &str, of: &dyn Fn(&Row) -> Option<&str>| -> Column {
            StringChunked::from_iter_options(name.into(), rows.iter().map(of)).into_column()
        };
        let moment = |name: &str, of: &dyn Fn(&Row) -> Option<i64>| -> Column {
            Int64Chunked::from_iter_options(name.into(), rows.iter().map(of))
                .into_datetime(TimeUnit::Microseconds, None)
                .into_column()
        };
        let money = |name: &str, of: &dyn Fn(&Row) -> Option<i64>| -> Column {
            let values = rows.iter().map(|row| of(row).map(i128::from));
            Int128Chunked::from_iter_options(name.into(), values).into_decimal_unchecked(38, 4).into_column()
        };
        let mut columns = Vec::new();
        if self.with_customers {
            columns.push(text("customer_id", &|row| row.customer_id.as_deref()));
        }
        columns.extend([
            text("order_id", &|row| row.order_id.as_deref()),
            moment("ordered_at", &|row| Some(row.at_us)),
            moment("paid_at", &|row| row.paid_at_us),
            money("amount", &|row| Some(row.amount_e4)),
            money("refund_amount", &|row| Some(row.refund_e4)),
        ]);
        for (at, name) in self.numbers.iter().enumerate() {
            columns.push(money(name, &|row| row.numbers[at]));
        }
        for (at, name) in self.texts.iter().enumerate() {
            columns.push(text(name, &|row| row.texts[at].as_deref()));
        }
        if self.with_platform {
            columns.push(text("platform", &|row| row.texts.last().and_then(Option::as_deref)));
        }
        // All columns were made of the same rows.
        DataFrame::new(rows.len(), columns).unwrap_or_else(|_| DataFrame::empty())
    }
}

/// A row on its way, with the order that it belongs to.
pub struct Made {
    pub file: usize,
    pub rows: Vec<(String, u64, Row)>,
}

/// First pass: the orders of the rows that will be written, as hashes.
pub struct OrderHashes {
    spec: Spec,
    hashes: Mutex<Vec<u64>>,
}

impl OrderHashes {
    pub fn new(spec: Spec) -> Self {
        Self { spec, hashes: Mutex::new(Vec::new()) }
    }

    /// The orders that occur more than once.
    pub fn into_repeated(self) -> Repeated {
        Repeated::of(self.hashes.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

impl RowSink for OrderHashes {
    fn push(&self, batch: RowBatch) -> Result<()> {
        let mut found = Vec::with_capacity(batch.verdicts.len());
        let mut key = String::new();
        let keys = Keys::of(&self.spec, &batch);
        for (row, verdict) in batch.verdicts.iter().enumerate() {
            if Spec::writes(*verdict) {
                keys.write(row, &mut key);
                if !key.is_empty() {
                    found.push(hash(&key));
                }
            }
        }
        self.hashes.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend(found);
        Ok(())
    }
}

fn hash(key: &str) -> u64 {
    // With fixed keys: the same in every run.
    let mut hasher = DefaultHasher::new();
    hasher.write(key.as_bytes());
    hasher.finish()
}

/// The columns that name a row's order.
struct Keys<'a> {
    platform: &'a str,
    store: Option<&'a TextColumn>,
    customer_id: Option<&'a TextColumn>,
    order_id: Option<&'a TextColumn>,
    scope: std::cell::RefCell<String>,
}

impl<'a> Keys<'a> {
    fn of(spec: &'a Spec, batch: &'a RowBatch) -> Self {
        Self {
            platform: &spec.files[batch.file].platform,
            store: spec.store.and_then(|at| batch.attributes.get(at)),
            customer_id: Some(&batch.customer_id),
            order_id: batch.order_id.as_ref(),
            scope: std::cell::RefCell::default(),
        }
    }

    fn write(&self, row: usize, key: &mut String) {
        let mut scope = self.scope.borrow_mut();
        scope.clear();
        scope.push_str(self.platform);
        scope.push('\u{1}');
        scope.push_str(self.store.and_then(|store| store.0.get(row)).unwrap_or(""));
        order_key(
            &scope,
            self.customer_id.and_then(|ids| ids.0.get(row)),
            self.order_id.and_then(|ids| ids.0.get(row)),
            key,
        );
    }
}

/// Second pass: batches to rows, in parallel.
pub struct RowMaker<'a> {
    pub spec: &'a Spec,
}

impl RowMaker<'_> {
    pub fn make(&self, batch: &RowBatch) -> Result<Made> {
        let keys = Keys::of(self.spec, batch);
        let mut rows = Vec::with_capacity(batch.verdicts.len());
        let mut key = String::new();
        for (at, verdict) in batch.verdicts.iter().enumerate() {
            if !Spec::writes(*verdict) {
                continue;
            }
            let (Some(at_us), Some(amount_e4)) = (batch.at_us[at], batch.amount_e4[at]) else {
                return Err(Error::Internal {
                    doing: "converting rows".into(),
                    why: "a row in use has no moment or no amount".into(),
                });
            };
            let file = &self.spec.files[batch.file];
            let owned = |column: &TextColumn| column.0.get(at).map(str::to_owned);
            let mut texts: Vec<Option<String>> =
                batch.attributes.iter().take(self.spec.texts.len()).map(owned).collect();
            if self.spec.with_platform {
                texts.push((!file.platform.is_empty()).then(|| file.platform.clone()));
            }
            let own_numbers = batch.numbers_e4.iter().take(self.spec.numbers.len());
            let numbers: Vec<Option<i64>> = own_numbers.map(|column| column[at]).collect();
            let paid_at_us = match verdict {
                Verdict::Used => Some(batch.paid_at_us.as_ref().and_then(|paid| paid[at]).unwrap_or(at_us)),
                _ => None,
            };
            keys.write(at, &mut key);
            let own_amount = file.line_amount.and_then(|place| batch.numbers_e4[place][at]);
            let row = Row {
                customer_id: owned(&batch.customer_id),
                order_id: batch.order_id.as_ref().and_then(owned),
                at_us,
                paid_at_us,
                amount_e4,
                refund_e4: batch.refund_amount_e4[at],
                weight_e4: self.spec.weight(own_amount, &numbers),
                numbers,
                texts,
            };
            let hash = if key.is_empty() { 0 } else { hash(&key) };
            match self.spec.unit {
                Unit::Lines if !file.items.is_empty() => {
                    let lines = self.items(row, file, batch, at);
                    rows.extend(lines.into_iter().map(|line| (key.clone(), hash, line)));
                }
                _ => rows.push((key.clone(), hash, row)),
            }
        }
        Ok(Made { file: batch.file, rows })
    }

    /// The lines of an order that stand side by side in its row; the order itself where there is none.
    fn items(&self, order: Row, file: &FileSpec, batch: &RowBatch, at: usize) -> Vec<Row> {
        let mut lines = Vec::new();
        for item in &file.items {
            let mut line = Row { amount_e4: 0, refund_e4: 0, ..order.clone() };
            let mut is_there = false;
            for (to, from) in &item.texts {
                line.texts[*to] = batch.attributes[*from].0.get(at).map(str::to_owned);
                is_there |= line.texts[*to].is_some();
            }
            for (to, from) in &item.numbers {
                line.numbers[*to] = batch.numbers_e4[*from][at];
            }
            if is_there {
                let own_amount = item.amount.and_then(|place| batch.numbers_e4[place][at]);
                line.weight_e4 = self.spec.weight(own_amount, &line.numbers);
                lines.push(line);
            }
        }
        if lines.is_empty() {
            return vec![order];
        }
        let weights: Vec<i64> = lines.iter().map(|line| line.weight_e4).collect();
        let amounts = allocate(order.amount_e4, &weights);
        let refunds = allocate(order.refund_e4, &weights);
        for (line, (amount, refund)) in lines.iter_mut().zip(amounts.into_iter().zip(refunds)) {
            (line.amount_e4, line.refund_e4) = (amount, refund);
        }
        lines
    }
}

impl Made {
    /// Hands the rows over in their order.
    pub fn combine(
        self,
        combiner: &mut Combiner,
        spec: &Spec,
        out: &mut dyn FnMut(Row) -> Result<()>,
    ) -> Result<()> {
        let grain = spec.files[self.file].grain;
        self.rows.into_iter().try_for_each(|(key, hash, row)| combiner.push(&key, hash, grain, row, out))
    }
}
