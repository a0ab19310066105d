//! Columns that are not in a file but follow from it: formulas and constants of its preset, computed row by row as the
//! rows are read. A derived column's name is the text of its formula, so that a message says what it is.

use std::collections::HashMap;
use std::sync::Arc;

use polars::prelude::*;

use super::cells;
use super::columns::{Mapping, column_named};
use super::decimal_mark::DecimalMark;
use super::formula::{Formula, Type, Value};
use super::presets::{Alternative, Preset, Source};
use super::raw::{RawFile, internal};
use super::values::money::{format_e4, parse_money};
use super::values::{is_missing, trimmed};
use crate::error::Result;

/// The scale of derived numbers: 1/10,000.
const SCALE: usize = 4;

/// The most digits that polars' decimals have.
const PRECISION: usize = 38;

/// A column that is computed from others of its file.
#[derive(Debug, Clone)]
pub struct Derived {
    pub name: String,
    /// The columns of the file that it reads, each once.
    pub inputs: Vec<String>,
    what: What,
    mark: DecimalMark,
}

#[derive(Debug, Clone)]
enum What {
    /// Its columns are `inputs`, in that order.
    Formula(Arc<Formula>),
    Constant(String),
}

/// Where the value of something in a preset stands in a file.
#[derive(Debug, Clone)]
pub(super) enum Stands {
    Column(String),
    Derived(Derived),
}

impl Stands {
    /// The name that it is read by.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Column(name) => name,
            Self::Derived(derived) => &derived.name,
        }
    }
}

/// The first alternative whose columns are all in the file. `key` says of which entry of the preset, for errors.
pub(super) fn find(file: &RawFile, preset: &Preset, key: &str, source: &Source) -> Result<Option<Stands>> {
    for alternative in &source.0 {
        let found = match alternative {
            Alternative::Column(name) => column_named(file, name).map(|name| Stands::Column(name.to_owned())),
            Alternative::Constant { constant } => Some(Stands::Derived(Derived {
                name: format!("'{constant}'"),
                inputs: Vec::new(),
                what: What::Constant(constant.clone()),
                mark: DecimalMark::Point,
            })),
            Alternative::Formula { formula } => find_formula(file, preset, key, formula)?,
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// A formula of the preset, where all columns that it reads are in the file.
pub(super) fn find_formula(file: &RawFile, preset: &Preset, key: &str, text: &str) -> Result<Option<Stands>> {
    let formula = Formula::parse(text, &format!("{}.toml, {key}", preset.id))?;
    let inputs = formula.columns().iter().map(|name| column_named(file, name).map(str::to_owned));
    let Some(inputs) = inputs.collect::<Option<Vec<String>>>() else { return Ok(None) };
    let is_a_column = inputs.len() == 1 && text.trim().trim_matches('"') == formula.columns()[0];
    if is_a_column && formula.result() == Type::Text {
        return Ok(inputs.into_iter().next().map(Stands::Column));
    }
    let mut name = text.trim().to_owned();
    if file.header.contains(&name) {
        name.push_str(" (computed)");
    }
    Ok(Some(Stands::Derived(Derived {
        name,
        inputs,
        what: What::Formula(Arc::new(formula)),
        mark: DecimalMark::Point,
    })))
}

/// Puts all derived columns that the file's preset asks for into `RawFile::derived`, anew.
pub(super) fn add(file: &mut RawFile) -> Result<()> {
    file.derived.clear();
    let Some(preset) = file.preset.clone() else { return Ok(()) };
    let mut all: Vec<Option<Stands>> = Vec::new();
    for (canonical, source) in &preset.columns {
        all.push(find(file, &preset, &format!("columns.{canonical}"), source)?);
    }
    if let Some(source) = preset.amounts.as_ref().and_then(|amounts| amounts.line_amount.as_ref()) {
        all.push(find(file, &preset, "amounts.line_amount", source)?);
    }
    for rule in &preset.drop {
        all.push(find_formula(file, &preset, "drop.when", &rule.when)?);
    }
    if let Some(identity) = &preset.identity {
        all.push(find_formula(file, &preset, "identity.equation", &identity.equation)?);
    }
    for stands in all.into_iter().flatten() {
        if let Stands::Derived(derived) = stands
            && !file.derived.iter().any(|known| known.name == derived.name)
        {
            file.derived.push(derived);
        }
    }
    Ok(())
}

/// Settles how numbers in formulas are read, and computes the derived columns of the first rows.
pub(super) fn settle(file: &mut RawFile, mapping: &Mapping) -> Result<()> {
    if file.derived.is_empty() {
        return Ok(());
    }
    let mark = decimal_mark(file, mapping);
    file.derived.iter_mut().for_each(|derived| derived.mark = mark);
    let height = file.head.height();
    let mut columns = file.head.columns().to_vec();
    columns.retain(|column| !file.derived.iter().any(|derived| derived.name == *column.name().as_str()));
    for derived in &file.derived {
        columns.push(derived.compute(height, &|name| file.head.column(name).ok().cloned())?);
    }
    file.head = DataFrame::new(height, columns).map_err(|error| internal("computing columns", &error))?;
    Ok(())
}

/// How the file writes decimals: from the first rows of every column that holds numbers, and of those that formulas of
/// numbers read, whether this run reads them or not.
pub(super) fn decimal_mark(file: &RawFile, mapping: &Mapping) -> DecimalMark {
    const NUMBERS: [&str; 6] = ["amount", "refund_amount", "quantity", "unit_price", "unit_cost", "discount"];
    let mapped = NUMBERS.into_iter().filter_map(|canonical| mapping.source(canonical));
    let mut names: Vec<&str> =
        mapped.filter(|name| !file.derived.iter().any(|derived| derived.name == *name)).collect();
    for derived in &file.derived {
        let is_number = match &derived.what {
            What::Formula(formula) => formula.result() == Type::Number,
            What::Constant(_) => false,
        };
        // A formula reads other texts as well, whose commas say nothing.
        let numbers = derived.inputs.iter().filter(|name| is_number && holds_numbers(file, name));
        names.extend(numbers.map(String::as_str));
    }
    names.dedup();
    DecimalMark::of(&file.head, names.into_iter().filter_map(|name| file.head.get_column_index(name)))
}

/// Whether at least half of the cells of a column of text, as far as they are there, are numbers.
fn holds_numbers(file: &RawFile, name: &str) -> bool {
    let Ok(texts) = file.head.column(name).and_then(|column| column.str()) else { return false };
    let (mut there, mut numbers) = (0_u32, 0_u32);
    for cell in texts.iter().flatten().filter(|cell| !is_missing(cell)) {
        there += 1;
        numbers += u32::from(parse_money(cell).is_ok());
    }
    there > 0 && numbers * 2 >= there
}

impl Derived {
    /// The column for `height` rows; `column` gives those of the file.
    pub(super) fn compute(&self, height: usize, column: &dyn Fn(&str) -> Option<Column>) -> Result<Column> {
        let name = PlSmallStr::from_str(&self.name);
        let formula = match &self.what {
            What::Constant(text) => {
                let value = AnyValue::StringOwned(text.as_str().into());
                return Ok(Column::new_scalar(name, Scalar::new(DataType::String, value), height));
            }
            What::Formula(formula) => formula,
        };
        let mut texts = Vec::with_capacity(self.inputs.len());
        for input in &self.inputs {
            let input = column(input)
                .ok_or_else(|| internal("computing a column", &format!("{input:?} is not there")))?;
            texts.push(cells::as_text(&input)?.rechunk().into_owned());
        }
        let arrays: Vec<_> = texts.iter().map(|texts| texts.downcast_as_array()).collect();
        let value = |row: usize| formula.value(&|at| arrays[at].get(row), self.mark);
        Ok(match formula.result() {
            Type::Number => return self.numbers(name, height, value),
            Type::Text => {
                let mut out = StringChunkedBuilder::new(name, height);
                for row in 0..height {
                    match value(row) {
                        Value::Text(text) => out.append_value(&text),
                        Value::Unreadable(text) => out.append_value(text),
                        Value::Number(e4) => out.append_value(format_e4(e4)),
                        Value::Flag(flag) => out.append_value(if flag { "true" } else { "false" }),
                        Value::Missing => out.append_null(),
                    }
                }
                out.finish().into_column()
            }
            Type::Flag => {
                let flags = (0..height).map(|row| match value(row) {
                    Value::Flag(flag) => Some(flag),
                    _ => None,
                });
                BooleanChunked::from_iter_options(name, flags).into_column()
            }
        })
    }

    /// Exact decimals; text where cells are no numbers, so that they are counted and shown as they stand in the file.
    fn numbers<'a>(
        &self,
        name: PlSmallStr,
        height: usize,
        value: impl Fn(usize) -> Value<'a>,
    ) -> Result<Column> {
        let mut numbers: Vec<Option<i128>> = Vec::with_capacity(height);
        let mut unreadable: HashMap<usize, String> = HashMap::new();
        for row in 0..height {
            match value(row) {
                Value::Number(e4) => numbers.push(Some(i128::from(e4))),
                Value::Missing => numbers.push(None),
                Value::Unreadable(cell) => {
                    numbers.push(None);
                    unreadable.insert(row, self.certainly_unreadable(cell));
                }
                Value::Text(text) => {
                    numbers.push(None);
                    unreadable.insert(row, self.certainly_unreadable(&text));
                }
                Value::Flag(flag) => {
                    numbers.push(None);
                    unreadable.insert(row, flag.to_string());
                }
            }
        }
        if unreadable.is_empty() {
            let numbers = Int128Chunked::from_iter_options(name, numbers.into_iter());
            let decimals = numbers.into_decimal(PRECISION, SCALE);
            return Ok(decimals.map_err(|error| internal("computing a column", &error))?.into_column());
        }
        let mut out = StringChunkedBuilder::new(name, height);
        for (row, number) in numbers.into_iter().enumerate() {
            match (number, unreadable.get(&row)) {
                (Some(e4), _) => out.append_value(four_decimals(e4)),
                (None, Some(cell)) => out.append_value(cell),
                (None, None) => out.append_null(),
            }
        }
        Ok(out.finish().into_column())
    }

    /// The cell as it stands in the file; with a word more where it could be taken for a number or for nothing, as a
    /// number that is too large only in a sum.
    fn certainly_unreadable(&self, cell: &str) -> String {
        let cell = trimmed(cell);
        let is_doubtful = is_missing(cell) || self.mark.read(cell, parse_money).is_ok();
        if is_doubtful { format!("{cell} (in {})", self.name) } else { cell.to_owned() }
    }
}

/// With all four decimals a number is read alike under every decimal mark.
fn four_decimals(e4: i128) -> String {
    let sign = if e4 < 0 { "-" } else { "" };
    let e4 = e4.unsigned_abs();
    format!("{sign}{}.{:04}", e4 / 10_000, e4 % 10_000)
}

#[cfg(test)]
#[path = "derive_tests.rs"]
mod tests;
