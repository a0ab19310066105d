//! What commands ask of the rows, and the rows as they get them.

use polars::prelude::*;

use super::raw::{RowNumbers, TextColumn};
use super::verdict::Verdict;
use crate::error::Result;

/// What a command needs besides the columns that every command needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Customers: rows without one are left out, and a file without such a column is an error.
    pub customers: bool,
    /// Number of pieces, from `quantity`.
    pub units: bool,
    /// The time of payment.
    pub paid_at: bool,
    /// Columns of numbers, by canonical, original or derived name; a file may lack them.
    pub numbers: Vec<String>,
    /// Further columns, by canonical or original name.
    pub attributes: Vec<String>,
}

impl Default for Wanted {
    /// Customers, and nothing more.
    fn default() -> Self {
        Self { customers: true, units: false, paid_at: false, numbers: Vec::new(), attributes: Vec::new() }
    }
}

/// Rows as they were read, with what became of each. Columns of one length; values of unreadable cells are `None`.
#[derive(Debug, Clone)]
pub struct RowBatch {
    /// Index into the list of files.
    pub file: usize,
    pub rows: RowNumbers,
    pub verdicts: Vec<Verdict>,
    /// Null where missing, and all through a file without such a column.
    pub customer_id: TextColumn,
    /// `None`: the file has no such column. Null where missing.
    pub order_id: Option<TextColumn>,
    /// Microseconds of local time.
    pub at_us: Vec<Option<i64>>,
    /// What was paid for the row (1/10,000 of the unit); quantity x unit_price where there is no amount.
    pub amount_e4: Vec<Option<i64>>,
    /// As a positive number; 0 where missing or unreadable.
    pub refund_amount_e4: Vec<i64>,
    /// amount - refund_amount.
    pub net_e4: Vec<Option<i64>>,
    /// `quantity`, when wanted: 0 where missing or unreadable.
    pub units_e4: Option<Vec<i64>>,
    /// The time of payment, when wanted: microseconds of local time, `None` where missing or unreadable.
    pub paid_at_us: Option<Vec<Option<i64>>>,
    /// `Wanted::numbers`, in their order, in 1/10,000; `None` where missing or unreadable.
    pub numbers_e4: Vec<Vec<Option<i64>>>,
    /// `Wanted::attributes`, in their order; null where missing.
    pub attributes: Vec<TextColumn>,
    /// The date and the amount (unit_price, where there is none) as they stand in the file: text of a csv, native types of a
    /// Parquet file. `cell_text` and `currency` look into them.
    pub raw_at: Column,
    pub raw_amount: Column,
}

impl RowBatch {
    /// The currency that a row's amount names (`￥12`, `12 EUR`), if any.
    pub fn currency(&self, row: usize) -> Option<&'static str> {
        self.raw_amount.str().ok()?.get(row).and_then(super::values::money::currency_of)
    }

    /// How a cell of `raw_at` or `raw_amount` stands in the file.
    pub fn cell_text(column: &Column, row: usize) -> String {
        super::cells::as_written(column, row)
    }
}

/// Rows in use. Columns of one length, no gaps.
#[derive(Debug, Clone)]
pub struct OrderBatch {
    /// Empty where missing, which can only be where `Wanted::customers` is not set.
    pub customer_id: TextColumn,
    /// `None`: no file of the run has order ids. Empty: an order of its own.
    pub order_id: Option<TextColumn>,
    /// Microseconds of local time.
    pub at_us: Vec<i64>,
    /// amount - refund_amount (1/10,000 of the unit).
    pub net_e4: Vec<i64>,
    /// What went back, as a positive number: refund_amount, and amounts below zero. Gross is net + refund.
    pub refund_e4: Vec<i64>,
    pub units_e4: Option<Vec<i64>>,
    /// `Wanted::attributes`, in their order; null where missing.
    pub attributes: Vec<TextColumn>,
}

/// Takes rows from several threads, in no order.
pub trait RowSink: Sync + Send {
    fn push(&self, batch: RowBatch) -> Result<()>;
}

/// Takes rows in use from several threads, in no order. No batch is empty.
pub trait OrderSink: Sync + Send {
    fn push(&self, batch: OrderBatch) -> Result<()>;
}
