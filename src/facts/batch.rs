//! Rows as the kernel takes them: plain slices, and texts behind a trait, so that it knows no engine.

use super::intern::key;
use crate::error::{Error, Result};

/// A column of text.
pub(super) trait Texts {
    fn len(&self) -> usize;

    /// The text of a row; null is `None`.
    fn get(&self, row: usize) -> Option<&str>;

    /// The text of a row of a column without nulls.
    fn value(&self, row: usize) -> &str {
        self.get(row).unwrap_or_default()
    }

    /// The key of `value` (`intern`).
    fn key(&self, row: usize) -> u128 {
        key(self.value(row))
    }
}

/// Rows of orders; columns of one length. The meaning of each column is that of `OrderBatch`.
#[derive(Debug)]
pub(super) struct Rows<'a, T> {
    pub customers: T,
    pub orders: Option<T>,
    pub at_us: &'a [i64],
    pub net_e4: &'a [i64],
    pub refund_e4: &'a [i64],
    pub units_e4: Option<&'a [i64]>,
    pub attributes: Vec<T>,
}

impl<T: Texts> Rows<'_, T> {
    pub(super) fn len(&self) -> usize {
        self.at_us.len()
    }

    /// Columns of different lengths are a fault of the caller, and an error rather than a panic among threads.
    pub(super) fn check(&self) -> Result<()> {
        let rows = self.len();
        let texts = self.attributes.iter().chain(&self.orders).chain([&self.customers]);
        let equal = texts.map(Texts::len).all(|len| len == rows)
            && self.net_e4.len() == rows
            && self.refund_e4.len() == rows
            && self.units_e4.is_none_or(|units| units.len() == rows);
        if equal { Ok(()) } else { Err(fault("columns of different lengths")) }
    }
}

/// An error that is no fault of the user.
pub(super) fn fault(why: &str) -> Error {
    Error::Internal { doing: "computing customer facts".into(), why: why.into() }
}

/// A sum that leaves 64 bits.
pub(super) fn too_large(what: &str) -> Error {
    Error::Numeric {
        what: format!("the {what} of one customer does not fit: exact sums reach 922,337,203,685,477.5807"),
        hint: Some("look for misread amounts: siyu check".into()),
    }
}
