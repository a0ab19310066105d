//! Formulas of presets: small expressions over the cells of one row, exact in money.
//!
//! | written | means |
//! | --- | --- |
//! | `买家实付金额`, `"用户实付金额(元)"` | a column; in double quotes when the name has more than letters, digits and `_`, begins with a digit, or is a word of the language |
//! | `'text'`, `12.50` | constants |
//! | `a + b`, `a - b`, `-a`, `abs(a)`, `a * b` | money and numbers, in 1/10,000; a product is exact, then rounded once, half away from zero, as quantity x price is |
//! | `a || b` | texts one behind the other |
//! | `= <> < <= > >=`, `in ('x', 'y')`, `not in (...)` | comparisons: of numbers if one side is a number, else of texts |
//! | `a contains 'x'`, `a starts with 'x'`, `a ends with 'x'` | of texts |
//! | `a is missing`, `a is present` | |
//! | `and`, `or`, `not`, brackets | |
//! | `case when c then a when d then b else e end` | without `else`: missing |
//! | `coalesce(a, b, ...)` | the first that is not missing |
//! | `number_after(a, 'x')` | the number behind the words `x` in a text: 89.84 in `131.77(已退款89.84)`; missing where the words are not there |
//!
//! Words of the language are written in any case. What is computed from a missing value is missing, also a text; a
//! comparison with a missing value is false. Texts are compared as they read: half width, white space of any kind around
//! them left out. An empty cell, dashes alone, and the words for null are missing. A quote inside quotes is written twice.
//!
//! A column or a `coalesce` or `case` of columns alone has the type that its surroundings ask for, and is a text where they
//! ask for none: `a = b` compares texts, `a = b + 0` numbers.
//!
//! A cell that should be a number and is none makes the value unreadable, unless the value does not depend on it: in a
//! branch of `case` that is not taken, behind the first value of a `coalesce` that is present, and beside an `and` or `or`
//! whose other side decides. A result beyond the largest amount is unreadable as well.
//!
//! What binds closest comes first: `-a`, `*`, `+ -`, `||`, comparisons, `not`, `and`, `or`.

mod evaluate;
mod lexer;
mod operand;
mod parser;
mod texts;

use std::borrow::Cow;

use self::evaluate::{Root, Row};
use super::decimal_mark::DecimalMark;
use crate::error::{Error, Result};

/// A parsed formula.
#[derive(Debug, Clone, PartialEq)]
pub struct Formula {
    text: String,
    columns: Vec<String>,
    root: Root,
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
    /// A cell that should be a number and is none, or the largest of those whose sum or product is too large. The text of
    /// the formula where no cell is to blame.
    Unreadable(&'a str),
    /// In 1/10,000.
    Number(i64),
    /// Without the white space around it. Never empty where it is a single cell.
    Text(Cow<'a, str>),
    Flag(bool),
}

impl Formula {
    /// `origin` names the file and key that a fault is reported at. An error says at which character what was expected.
    pub fn parse(text: &str, origin: &str) -> Result<Self> {
        match parser::parse(text) {
            Ok((columns, root)) => Ok(Self { text: text.to_owned(), columns, root }),
            Err(fault) => Err(fault.report(text, origin)),
        }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The columns that it reads, as written, each once, in order of appearance.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The places of all its columns, in the order of `columns()`; `None` if one is not found.
    pub fn columns_present(&self, find: impl Fn(&str) -> Option<usize>) -> Option<Vec<usize>> {
        self.columns.iter().map(|name| find(name)).collect()
    }

    /// What its values are; a single column is text.
    pub fn result(&self) -> Type {
        match &self.root {
            Root::Number(_) => Type::Number,
            Root::Text(_) => Type::Text,
            Root::Flag(_) => Type::Flag,
        }
    }

    /// Its value where `cell(i)` is the cell of `columns()[i]` as it stands in the file.
    pub(super) fn value<'a>(
        &'a self,
        cell: &dyn Fn(usize) -> Option<&'a str>,
        mark: DecimalMark,
    ) -> Value<'a> {
        let row = Row { cell, mark, formula: &self.text };
        let value = match &self.root {
            Root::Number(number) => row.number(number).map(|value| value.map(Value::Number)),
            Root::Text(text) => row.text(text).map(|value| value.map(Value::Text)),
            Root::Flag(flag) => row.flag(flag).map(|value| Some(Value::Flag(value))),
        };
        match value {
            Ok(value) => value.unwrap_or(Value::Missing),
            Err(cell) => Value::Unreadable(cell),
        }
    }
}

/// A column's name as a formula has it: in double quotes where it needs them.
#[cfg(test)]
pub(super) fn quote_name(name: &str) -> String {
    if lexer::is_plain_name(name) { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// What is wrong with the text of a formula.
#[derive(Debug)]
struct Fault {
    /// The 1-based character.
    at: usize,
    why: String,
    hint: Option<String>,
}

impl Fault {
    fn new(at: usize, why: impl Into<String>, hint: Option<String>) -> Self {
        Self { at, why: why.into(), hint }
    }

    fn report(self, text: &str, origin: &str) -> Error {
        let Self { at, why, hint } = self;
        /// Characters of a long formula that are shown on either side of the fault.
        const AROUND: usize = 50;
        let first = at.saturating_sub(AROUND + 1);
        let mut shown: String = text.chars().skip(first).take(2 * AROUND).collect();
        if first > 0 {
            shown.insert(0, '…');
        }
        if text.chars().nth(first + 2 * AROUND).is_some() {
            shown.push('…');
        }
        let why = format!("the formula `{shown}`, character {at}: {why}");
        Error::Config { at: origin.to_owned(), why, hint }
    }
}

#[cfg(test)]
mod oracle_tests;
#[cfg(test)]
mod tests;
