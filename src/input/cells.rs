//! Columns as the files hold them (text of a csv, native types of a Parquet file) into the types of the vocabulary.
//!
//! Native numbers and moments are converted column-wise; text is parsed cell by cell.

use chrono::{DateTime, NaiveDate};
use polars::prelude::*;

use super::decimal_mark::DecimalMark;
use super::raw::internal;
use super::values::dates::{DateError, DateParser, instant_to_local};
use super::values::money::{
    Decimal, Money, NumberError, f64_to_decimal, f64_to_e4, int_to_e4, parse_decimal, parse_money, product_e4,
};
use super::values::{is_missing, trimmed};
use crate::error::{Error, Result};

const US_PER_DAY: i64 = 86_400_000_000;

/// What became of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum State {
    Good,
    Missing,
    Invalid,
}

/// Whole numbers (microseconds, 1/10,000) with the state of each; the value of a cell that is not good is 0.
#[derive(Debug, Clone, Default)]
pub(super) struct Cells {
    pub(super) values: Vec<i64>,
    pub(super) states: Vec<State>,
    /// Rows whose value had to be rounded.
    pub(super) rounded: Vec<u32>,
}

impl Cells {
    fn with_capacity(height: usize) -> Self {
        Self { values: Vec::with_capacity(height), states: Vec::with_capacity(height), rounded: Vec::new() }
    }

    pub(super) fn all_missing(height: usize) -> Self {
        Self { values: vec![0; height], states: vec![State::Missing; height], rounded: Vec::new() }
    }

    pub(super) fn all_zero(height: usize) -> Self {
        Self { values: vec![0; height], states: vec![State::Good; height], rounded: Vec::new() }
    }

    #[inline]
    fn good(&mut self, value: i64) {
        self.values.push(value);
        self.states.push(State::Good);
    }

    #[inline]
    fn none(&mut self, state: State) {
        self.values.push(0);
        self.states.push(state);
    }

    #[inline]
    fn money(&mut self, money: Money) {
        if money.rounded {
            self.rounded.push(self.values.len() as u32);
        }
        self.good(money.e4);
    }

    pub(super) fn options(&self) -> Vec<Option<i64>> {
        self.values.iter().zip(&self.states).map(|(v, s)| (*s == State::Good).then_some(*v)).collect()
    }

    /// As f64 in units of the currency; null where not good.
    pub(super) fn e4_as_f64(&self, name: PlSmallStr) -> Column {
        self.numbers(name, |state| state == State::Good)
    }

    /// As f64 in units of the currency; 0 where missing, null where unreadable.
    pub(super) fn e4_or_zero_as_f64(&self, name: PlSmallStr) -> Column {
        self.numbers(name, |state| state != State::Invalid)
    }

    fn numbers(&self, name: PlSmallStr, there: impl Fn(State) -> bool) -> Column {
        let values = self.values.iter().map(|e4| *e4 as f64 / 1e4);
        if self.states.iter().all(|state| there(*state)) {
            return Float64Chunked::from_vec(name, values.collect()).into_column();
        }
        let values = values.zip(&self.states).map(|(value, state)| there(*state).then_some(value));
        Float64Chunked::from_iter_options(name, values).into_column()
    }

    /// As exact decimals of four places, in units; null where not good.
    pub(super) fn e4_as_decimals(&self, name: PlSmallStr) -> Column {
        let good = |(v, s): (&i64, &State)| (*s == State::Good).then_some(i128::from(*v));
        let values = self.values.iter().zip(&self.states).map(good);
        Int128Chunked::from_iter_options(name, values).into_decimal_unchecked(38, 4).into_column()
    }

    pub(super) fn are_good(&self) -> bool {
        self.states.iter().all(|state| *state == State::Good)
    }

    /// `as_datetimes` without a copy where all are good.
    pub(super) fn into_datetimes(self, name: PlSmallStr) -> Column {
        if !self.are_good() {
            return self.as_datetimes(name);
        }
        Int64Chunked::from_vec(name, self.values).into_datetime(TimeUnit::Microseconds, None).into_column()
    }

    /// As datetimes; null where not good.
    pub(super) fn as_datetimes(&self, name: PlSmallStr) -> Column {
        let values = self.values.iter().zip(&self.states).map(|(v, s)| (*s == State::Good).then_some(*v));
        Int64Chunked::from_iter_options(name, values)
            .into_datetime(TimeUnit::Microseconds, None)
            .into_column()
    }
}

/// Text of a column whose values are written as text; `None` for native numbers and moments.
pub(super) fn written_text(column: &Column) -> Result<Option<StringChunked>> {
    match column.dtype() {
        DataType::String => Ok(Some(column.str().map_err(|e| fault(&e))?.clone())),
        DataType::Categorical(..) | DataType::Enum(..) | DataType::Binary => cast_text(column).map(Some),
        _ => Ok(None),
    }
}

/// Any column as text, each cell as it stands there.
pub(super) fn as_text(column: &Column) -> Result<StringChunked> {
    match written_text(column)? {
        Some(text) => Ok(text),
        None => cast_text(column),
    }
}

/// Any column as text: trimmed, null where missing, whole numbers without a decimal point.
pub(super) fn text(column: &Column) -> Result<StringChunked> {
    Ok(ids(column)?.text)
}

/// Ids as text, and the rows where text or number shows that digits have been lost.
pub(super) struct Ids {
    pub(super) text: StringChunked,
    pub(super) destroyed: Vec<u32>,
}

/// A column as ids: integers digit by digit, floats as the integers that they stand for, text trimmed.
pub(super) fn ids(column: &Column) -> Result<Ids> {
    match column.dtype() {
        DataType::Float32 => float_ids(column, f64::from(1u32 << 24)),
        DataType::Float64 => float_ids(column, (1u64 << 53) as f64),
        dtype if dtype.is_integer() || matches!(dtype, DataType::Boolean | DataType::Null) => {
            Ok(Ids { text: cast_text(column)?, destroyed: Vec::new() })
        }
        _ => {
            let text = as_text(column)?;
            let mut destroyed = Vec::new();
            let mut as_it_stands = true;
            if all_plain(&text) {
                return Ok(Ids { text, destroyed });
            }
            for (row, cell) in text.iter().enumerate() {
                let Some(cell) = cell else { continue };
                as_it_stands &= stands(cell);
                if is_scientific(cell) {
                    destroyed.push(row as u32);
                }
            }
            if as_it_stands {
                return Ok(Ids { text, destroyed });
            }
            let mut clean = StringChunkedBuilder::new(text.name().clone(), text.len());
            for cell in text.iter() {
                clean.append_option(cell.map(trimmed).filter(|cell| !is_missing(cell)));
            }
            Ok(Ids { text: clean.finish(), destroyed })
        }
    }
}

/// Whether all cells are there, short, and of the most usual sort: they begin and end with a letter or digit, are no words for
/// null, and no numbers with an exponent. A quick look that may say no of cells that stand.
fn all_plain(text: &StringChunked) -> bool {
    const PLAIN: [bool; 256] = {
        let mut plain = [false; 256];
        let mut byte = 0;
        while byte < 128 {
            plain[byte] = (byte as u8).is_ascii_alphanumeric();
            byte += 1;
        }
        plain
    };
    // The text of a short cell stands in its view, behind four bytes of length.
    let is_plain = |view: u128, length: u32| {
        let first = (view >> 32) as u8;
        // The last four bytes; of shorter cells the last at least.
        let [fourth, third, _, last] = ((view >> (8 * length)) as u32).to_le_bytes();
        let is_mark = |byte| matches!(byte, b'+' | b'E' | b'e');
        PLAIN[usize::from(first)]
            && PLAIN[usize::from(last)]
            && !matches!(first, b'n' | b'N')
            && !(length >= 5 && (is_mark(third) || is_mark(fourth)))
    };
    !text.has_nulls()
        && text.downcast_iter().all(|chunk| {
            // A customer's rows often stand together, and so do equal ids.
            let mut last = u128::MAX;
            chunk.views().iter().all(|view| {
                let cell = view.as_u128();
                let same = cell == last;
                last = cell;
                same || view.is_inline() && view.length > 0 && is_plain(cell, view.length)
            })
        })
}

/// Whether a cell is what it will be: nothing around it, and not missing.
#[inline]
fn stands(cell: &str) -> bool {
    match (cell.as_bytes().first(), cell.as_bytes().last()) {
        // Most ids. All words for null but one begin with n, which keeps the look at them for the few others.
        (Some(first), Some(last)) if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() => {
            !matches!(first, b'n' | b'N') || !is_missing(cell)
        }
        (Some(_), Some(_)) => trimmed(cell).len() == cell.len() && !is_missing(cell),
        _ => false,
    }
}

/// `1.23E+18`, `1.23457E+18`: a long number as a spreadsheet shows it, and saves it.
#[inline]
fn is_scientific(cell: &str) -> bool {
    let bytes = cell.as_bytes();
    let n = bytes.len();
    // Cheap look first: a plus sign, or an E, two or three bytes before the end.
    let is_mark = |byte: u8| matches!(byte, b'+' | b'E' | b'e');
    if n < 5 || (!is_mark(bytes[n - 3]) && !is_mark(bytes[n - 4])) {
        return false;
    }
    let text = trimmed(cell);
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let exponent = match exponent.strip_prefix('+') {
        Some(exponent) => exponent,
        // As Java writes it. `1E18` may be an article number.
        None if mantissa.contains('.') => exponent,
        None => return false,
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    whole.len() == 1
        && digits(whole)
        && digits(fraction)
        && (2..=3).contains(&exponent.len())
        && digits(exponent)
}

fn float_ids(column: &Column, exact_up_to: f64) -> Result<Ids> {
    let floats = column.cast(&DataType::Float64).map_err(|e| fault(&e))?;
    let floats = floats.f64().map_err(|e| fault(&e))?;
    let mut destroyed = Vec::new();
    let mut text = StringChunkedBuilder::new(column.name().clone(), column.len());
    for (row, value) in floats.iter().enumerate() {
        match value {
            None => text.append_null(),
            Some(value) if value.is_nan() => text.append_null(),
            Some(value) => {
                if value.abs() > exact_up_to {
                    destroyed.push(row as u32);
                }
                // Rust writes the shortest text that is the number, and no exponent: 17850, 0.25.
                text.append_value(format!("{value}"));
            }
        }
    }
    Ok(Ids { text: text.finish(), destroyed })
}

fn cast_text(column: &Column) -> Result<StringChunked> {
    let text = column.cast(&DataType::String).map_err(|e| fault(&e))?;
    Ok(text.str().map_err(|e| fault(&e))?.clone())
}

/// Whether each cell holds anything.
pub(super) fn present(column: &Column) -> Result<Vec<bool>> {
    match written_text(column)? {
        Some(text) => {
            Ok(text.iter().map(|cell| cell.is_some_and(|cell| stands(cell) || !is_missing(cell))).collect())
        }
        None => Ok(column.is_not_null().iter().map(|present| present == Some(true)).collect()),
    }
}

/// A column as moments: microseconds of local wall time.
pub(super) fn moments(column: &Column, parser: &DateParser, tz: Option<chrono_tz::Tz>) -> Result<Cells> {
    let mut out = Cells::with_capacity(column.len());
    match column.dtype() {
        DataType::Datetime(unit, zone) => {
            let per_us = match unit {
                TimeUnit::Nanoseconds => None,
                TimeUnit::Microseconds => Some(1),
                TimeUnit::Milliseconds => Some(1000),
            };
            let zone = zone.as_ref().map(|zone| tz.or_else(|| zone.as_str().parse().ok()));
            let local = |us: i64| match zone {
                Some(zone) => instant_to_local(us, zone),
                None => parser.convert(us),
            };
            let moments = column.datetime().map_err(|e| fault(&e))?;
            // Most files: as they will be.
            if per_us == Some(1) && zone.is_none() && parser.keeps() && !moments.physical().has_nulls() {
                for chunk in moments.physical().downcast_iter() {
                    out.values.extend_from_slice(chunk.values());
                }
                if out.values.iter().all(|us| in_range(*us)) {
                    out.states = vec![State::Good; out.values.len()];
                    return Ok(out);
                }
                out.values.clear();
            }
            for value in moments.physical().iter() {
                let Some(value) = value else {
                    out.none(State::Missing);
                    continue;
                };
                let us = match per_us {
                    Some(factor) => value.checked_mul(factor),
                    None => Some(value.div_euclid(1000)),
                };
                match us.map(local).filter(|us| in_range(*us)) {
                    Some(us) => out.good(us),
                    None => out.none(State::Invalid),
                }
            }
        }
        DataType::Date => {
            for value in column.date().map_err(|e| fault(&e))?.physical().iter() {
                match value.map(|day| i64::from(day) * US_PER_DAY) {
                    Some(us) if in_range(us) => out.good(us),
                    Some(_) => out.none(State::Invalid),
                    None => out.none(State::Missing),
                }
            }
        }
        _ => {
            // Text; and numbers such as 20111209 or epoch seconds, as they would be written.
            let text = match written_text(column)? {
                Some(text) => text,
                None => text(column)?,
            };
            for cell in text.iter() {
                match cell.map(|cell| parser.parse(cell)) {
                    Some(Ok(us)) => out.good(us),
                    None | Some(Err(DateError::Empty)) => out.none(State::Missing),
                    Some(Err(_)) => out.none(State::Invalid),
                }
            }
        }
    }
    Ok(out)
}

/// The same years as for dates in text: what lies outside is a placeholder or a slip.
fn in_range(us: i64) -> bool {
    const fn first_us(year: i32) -> i64 {
        match NaiveDate::from_ymd_opt(year, 1, 1) {
            Some(date) => (date.to_epoch_days() as i64) * US_PER_DAY,
            None => 0,
        }
    }
    const FIRST: i64 = first_us(1900);
    const END: i64 = first_us(2201);
    (FIRST..END).contains(&us)
}

/// A column as money: 1/10,000 of the unit.
pub(super) fn money(column: &Column, mark: DecimalMark) -> Result<Cells> {
    let mut out = Cells::with_capacity(column.len());
    if let DataType::Decimal(_, scale @ 0..=4) = column.dtype() {
        let factor = 10_i128.pow(4 - *scale as u32);
        for value in column.decimal().map_err(|e| fault(&e))?.physical().iter() {
            match value.map(|units| units.checked_mul(factor).and_then(|e4| i64::try_from(e4).ok())) {
                Some(Some(e4)) => out.good(e4),
                Some(None) => out.none(State::Invalid),
                None => out.none(State::Missing),
            }
        }
        return Ok(out);
    }
    each_number(column, |number| {
        let money = match number {
            Number::Text(cell) => mark.read(cell, parse_money),
            Number::Int(value) => int_to_e4(value),
            Number::Float(value) => f64_to_e4(value),
            Number::None(why) => Err(why),
        };
        match money {
            Ok(money) => out.money(money),
            Err(why) => out.none(state(why)),
        }
    })?;
    Ok(out)
}

/// Exact numbers with the state of each.
pub(super) struct Decimals {
    values: Vec<Decimal>,
    pub(super) states: Vec<State>,
}

/// A column as exact numbers.
pub(super) fn decimals(column: &Column, mark: DecimalMark) -> Result<Decimals> {
    let mut out =
        Decimals { values: Vec::with_capacity(column.len()), states: Vec::with_capacity(column.len()) };
    each_number(column, |number| {
        let value = match number {
            Number::Text(cell) => mark.read(cell, parse_decimal),
            Number::Int(value) => Ok(Decimal::from(value)),
            Number::Float(value) => f64_to_decimal(value),
            Number::None(why) => Err(why),
        };
        out.states.push(value.err().map_or(State::Good, state));
        out.values.push(value.unwrap_or(Decimal::ZERO));
    })?;
    Ok(out)
}

fn state(why: NumberError) -> State {
    match why {
        NumberError::Missing => State::Missing,
        NumberError::NotANumber | NumberError::TooLarge => State::Invalid,
    }
}

impl Decimals {
    /// As f64; null where not good.
    pub(super) fn as_f64(&self, name: PlSmallStr) -> Column {
        let values =
            self.values.iter().zip(&self.states).map(|(v, s)| (*s == State::Good).then(|| as_f64(*v)));
        Float64Chunked::from_iter_options(name, values).into_column()
    }
}

fn as_f64(value: Decimal) -> f64 {
    // Correctly rounded for all numbers of up to 15 digits: both parts are exact then.
    value.mantissa() as f64 / 10_f64.powi(i32::from(value.scale()))
}

/// quantity x unit_price, rounded once. Invalid where the product is too large; otherwise the state of the worse factor,
/// missing before invalid.
pub(super) fn product(quantity: &Decimals, price: &Decimals) -> Cells {
    let mut out = Cells::with_capacity(quantity.values.len());
    let states = quantity.states.iter().zip(&price.states);
    for ((quantity, price), states) in quantity.values.iter().zip(&price.values).zip(states) {
        match states {
            (State::Good, State::Good) => match product_e4(*quantity, *price) {
                Ok(money) => out.money(money),
                Err(why) => out.none(state(why)),
            },
            (State::Missing, _) | (_, State::Missing) => out.none(State::Missing),
            _ => out.none(State::Invalid),
        }
    }
    out
}

/// A number as it stands in a column.
enum Number<'a> {
    Text(&'a str),
    Int(i64),
    Float(f64),
    None(NumberError),
}

fn each_number(column: &Column, mut push: impl FnMut(Number<'_>)) -> Result<()> {
    const MISSING: Number<'static> = Number::None(NumberError::Missing);
    match column.dtype() {
        DataType::Float64 => {
            column.f64().map_err(|e| fault(&e))?.iter().for_each(|v| push(v.map_or(MISSING, Number::Float)));
        }
        // A single-precision 2.55 stands for 2.55, not for 2.549999952316284: its shortest text is what was meant.
        DataType::Float32 => {
            for value in column.f32().map_err(|e| fault(&e))?.iter() {
                push(value.map_or(MISSING, |v| Number::Float(v.to_string().parse().unwrap_or(f64::from(v)))));
            }
        }
        DataType::UInt64 => {
            for value in column.u64().map_err(|e| fault(&e))?.iter() {
                let int = |v| i64::try_from(v).map_or(Number::None(NumberError::TooLarge), Number::Int);
                push(value.map_or(MISSING, int));
            }
        }
        dtype if dtype.is_integer() => {
            let ints = column.cast(&DataType::Int64).map_err(|e| fault(&e))?;
            ints.i64().map_err(|e| fault(&e))?.iter().for_each(|v| push(v.map_or(MISSING, Number::Int)));
        }
        DataType::Null => (0..column.len()).for_each(|_| push(MISSING)),
        dtype => {
            let text = match (written_text(column)?, dtype) {
                (Some(text), _) => Some(text),
                (None, DataType::Decimal(..)) => Some(cast_text(column)?),
                (None, _) => None,
            };
            match text {
                Some(text) => text.iter().for_each(|cell| push(cell.map_or(MISSING, Number::Text))),
                None => column.is_not_null().iter().for_each(|there| {
                    push(if there == Some(true) { Number::None(NumberError::NotANumber) } else { MISSING });
                }),
            }
        }
    }
    Ok(())
}

/// A column of a Parquet file as `--where` sees it: as it is, but moments as local wall time and categories as text.
pub(super) fn native(column: &Column, parser: &DateParser, tz: Option<chrono_tz::Tz>) -> Result<Column> {
    match column.dtype() {
        DataType::Date | DataType::Datetime(..) => {
            Ok(moments(column, parser, tz)?.as_datetimes(column.name().clone()))
        }
        DataType::Categorical(..) | DataType::Enum(..) => Ok(cast_text(column)?.into_column()),
        _ => Ok(column.clone()),
    }
}

/// How one cell stands in the file, for a message.
pub(super) fn as_written(column: &Column, row: usize) -> String {
    match column.get(row) {
        Ok(AnyValue::Null) | Err(_) => String::new(),
        Ok(AnyValue::String(text)) => text.to_owned(),
        Ok(AnyValue::StringOwned(text)) => text.to_string(),
        Ok(AnyValue::Date(day)) if DateTime::from_timestamp(i64::from(day) * 86_400, 0).is_none() => {
            format!("day {day} since 1970")
        }
        Ok(AnyValue::Datetime(at, unit, _)) if !is_of_calendar(at, unit) => {
            format!("{at} {unit} since 1970")
        }
        Ok(value) => value.to_string(),
    }
}

/// Whether polars can write it: it panics on moments beyond the calendar.
fn is_of_calendar(at: i64, unit: TimeUnit) -> bool {
    // A day's room for the offset of a time zone.
    match unit {
        TimeUnit::Nanoseconds => true,
        TimeUnit::Microseconds => {
            let near = [at.saturating_sub(US_PER_DAY), at.saturating_add(US_PER_DAY)];
            near.iter().all(|at| DateTime::from_timestamp_micros(*at).is_some())
        }
        TimeUnit::Milliseconds => {
            let near = [at.saturating_sub(US_PER_DAY / 1_000), at.saturating_add(US_PER_DAY / 1_000)];
            near.iter().all(|at| DateTime::from_timestamp_millis(*at).is_some())
        }
    }
}

fn fault(error: &PolarsError) -> Error {
    internal("reading a column", error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn usual_ids_are_plain() {
        for cell in ["C0000000001", "1", "42", "a1b", "00123", "O20240000001"] {
            assert!(all_plain(&StringChunked::from_slice("id".into(), &[cell])), "{cell}");
        }
        for cell in ["", " 1", "1 ", "null", "1.2E+18", "1E+18", "123E18", "客户1", "an-id-of-some-length"]
        {
            assert!(!all_plain(&StringChunked::from_slice("id".into(), &["C1", cell])), "{cell}");
        }
    }

    proptest! {
        #[test]
        fn plain_cells_stand_as_they_are(cells in prop::collection::vec("[ n\"0-9E+.aé-]{0,13}|[0-9]\\.?[0-9]{0,3}[eE]\\+?[0-9]{1,2}", 1..4)) {
            if all_plain(&StringChunked::from_slice("id".into(), &cells)) {
                prop_assert!(cells.iter().all(|cell| stands(cell) && !is_scientific(cell)), "{cells:?}");
            }
        }
    }
}
