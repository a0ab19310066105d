//! Formulas of presets: small expressions over the cells of one row, exact in money.
//!
//! | written | means |
//! | --- | --- |
//! | `买家实付金额`, `"用户实付金额(元)"` | a column; in double quotes when the name has more than letters, digits and `_` |
//! | `'text'`, `12.50` | constants |
//! | `a + b`, `a - b`, `-a`, `abs(a)`, `a * b` | money and numbers, in 1/10,000; a product is rounded once, half to even |
//! | `a || b` | texts one behind the other |
//! | `= <> < <= > >=`, `in ('x', 'y')`, `not in (...)` | comparisons: of numbers if one side is a number, else of texts |
//! | `a contains 'x'`, `a starts with 'x'`, `a ends with 'x'` | of texts |
//! | `a is missing`, `a is present` | |
//! | `and`, `or`, `not`, brackets | |
//! | `case when c then a when d then b else e end` | |
//! | `coalesce(a, b, ...)` | the first that is not missing |
//! | `number_after(a, 'x')` | the number behind the words `x` in a text: 89.84 in `131.77(已退款89.84)` |
//!
//! Words of the language are written in any case. What is computed from a missing value is missing, also a text; a
//! comparison with a missing value is false. Texts are compared as they read: half width, white space of any kind around
//! them left out. An empty cell, dashes alone, and the words for null are missing.

use std::borrow::Cow;

use super::decimal_mark::DecimalMark;
use crate::error::Result;

/// A parsed formula.
#[derive(Debug, Clone, PartialEq)]
pub struct Formula {
    text: String,
    columns: Vec<String>,
}

/// What a formula's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Number,
    Text,
    Flag,
}

/// The value for one row.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    Missing,
    /// A cell that should be a number and is none.
    Unreadable(&'a str),
    /// In 1/10,000.
    Number(i64),
    Text(Cow<'a, str>),
    Flag(bool),
}

impl Formula {
    /// `origin` names the file and key that a fault is reported at.
    pub fn parse(text: &str, _origin: &str) -> Result<Self> {
        Ok(Self { text: text.to_owned(), columns: Vec::new() })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The columns that it reads, as written, each once, in order of appearance.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// What its values are; a single column is text.
    pub fn result(&self) -> Type {
        Type::Text
    }

    /// Its value where `cell(i)` is the cell of `columns()[i]` as it stands in the file.
    pub(super) fn value<'a>(
        &'a self,
        _cell: &dyn Fn(usize) -> Option<&'a str>,
        _mark: DecimalMark,
    ) -> Value<'a> {
        Value::Missing
    }
}
