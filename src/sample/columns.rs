//! Columns of generated rows, and how they are written: as CSV by a formatter without allocations, as polars columns.

use std::sync::Arc;

use polars::prelude::*;

use super::calendar::{MICROS_PER_DAY, civil};
use super::ids;
use crate::error::{Error, Result};

/// A missing number.
pub const NONE: i64 = i64::MIN;

/// One column of one block.
pub struct Column {
    pub name: &'static str,
    data: Data,
}

enum Data {
    /// See `ids`; 0 is missing.
    Ids(Vec<u64>),
    /// Codes into a table; code 0 is missing.
    Codes(Vec<u16>, Arc<[String]>),
    /// Free text without commas, quotes and line breaks; empty is missing.
    Texts(Vec<String>),
    /// Money; `NONE` is missing.
    Cents(Vec<i64>),
    /// Whole numbers.
    Integers(Vec<i64>),
    /// Seconds since 1970-01-01, local time.
    Seconds(Vec<i64>),
    /// Days since 1970-01-01.
    Days(Vec<i32>),
}

impl Column {
    pub fn id(name: &'static str, values: Vec<u64>) -> Self {
        Self { name, data: Data::Ids(values) }
    }

    pub fn code(name: &'static str, codes: Vec<u16>, table: Arc<[String]>) -> Self {
        Self { name, data: Data::Codes(codes, table) }
    }

    pub fn text(name: &'static str, values: Vec<String>) -> Self {
        Self { name, data: Data::Texts(values) }
    }

    pub fn cents(name: &'static str, values: Vec<i64>) -> Self {
        Self { name, data: Data::Cents(values) }
    }

    pub fn integer(name: &'static str, values: Vec<i64>) -> Self {
        Self { name, data: Data::Integers(values) }
    }

    pub fn seconds(name: &'static str, values: Vec<i64>) -> Self {
        Self { name, data: Data::Seconds(values) }
    }

    pub fn days(name: &'static str, values: Vec<i32>) -> Self {
        Self { name, data: Data::Days(values) }
    }

    pub fn len(&self) -> usize {
        match &self.data {
            Data::Ids(v) => v.len(),
            Data::Codes(v, _) => v.len(),
            Data::Texts(v) => v.len(),
            Data::Cents(v) | Data::Integers(v) | Data::Seconds(v) => v.len(),
            Data::Days(v) => v.len(),
        }
    }

    fn dtype(&self) -> DataType {
        match self.data {
            Data::Ids(_) | Data::Codes(..) | Data::Texts(_) => DataType::String,
            Data::Cents(_) => DataType::Decimal(MONEY_DIGITS, 2),
            Data::Integers(_) => DataType::Int64,
            Data::Seconds(_) => DataType::Datetime(TimeUnit::Microseconds, None),
            Data::Days(_) => DataType::Date,
        }
    }

    fn write_cell(&self, row: usize, out: &mut Vec<u8>) {
        match &self.data {
            Data::Ids(ids) => ids::write(ids[row], out),
            Data::Codes(codes, table) => out.extend_from_slice(table[codes[row] as usize].as_bytes()),
            Data::Texts(texts) => out.extend_from_slice(texts[row].as_bytes()),
            Data::Cents(cents) => write_cents(cents[row], out),
            Data::Integers(values) => write_integer(values[row], out),
            Data::Seconds(seconds) => write_second(seconds[row], out),
            Data::Days(days) => write_day(days[row], out),
        }
    }

    fn into_polars(self) -> Result<polars::prelude::Column> {
        let name = PlSmallStr::from_static(self.name);
        let rows = self.len();
        let series = match self.data {
            Data::Ids(ids) => {
                let mut builder = StringChunkedBuilder::new(name, rows);
                let mut text = Vec::with_capacity(24);
                for id in ids {
                    text.clear();
                    ids::write(id, &mut text);
                    builder.append_option(std::str::from_utf8(&text).ok().filter(|t| !t.is_empty()));
                }
                builder.finish().into_series()
            }
            Data::Codes(codes, table) => {
                let mut builder = StringChunkedBuilder::new(name, rows);
                for code in codes {
                    builder.append_option((code != 0).then(|| table[code as usize].as_str()));
                }
                builder.finish().into_series()
            }
            Data::Texts(texts) => {
                let mut builder = StringChunkedBuilder::new(name, rows);
                for text in &texts {
                    builder.append_option((!text.is_empty()).then_some(text.as_str()));
                }
                builder.finish().into_series()
            }
            Data::Cents(cents) => {
                let values = cents.into_iter().map(|c| (c != NONE).then_some(i128::from(c)));
                let values = Int128Chunked::from_iter_options(name, values);
                values
                    .into_decimal(MONEY_DIGITS, 2)
                    .map_err(|e| engine("making a money column", &e))?
                    .into_series()
            }
            Data::Integers(values) => Int64Chunked::from_vec(name, values).into_series(),
            Data::Seconds(seconds) => {
                let micros = seconds.into_iter().map(|s| s * 1_000_000).collect();
                Int64Chunked::from_vec(name, micros).into_datetime(TimeUnit::Microseconds, None).into_series()
            }
            Data::Days(days) => Int32Chunked::from_vec(name, days).into_date().into_series(),
        };
        Ok(series.into_column())
    }
}

/// Digits of money columns in Parquet: 12 before the point, 2 after it.
const MONEY_DIGITS: usize = 14;

/// polars said no: that is our fault, not the user's.
pub fn engine(doing: &str, error: &PolarsError) -> Error {
    Error::Internal { doing: doing.to_owned(), why: error.to_string() }
}

/// The names and types of the columns.
pub fn schema(columns: &[Column]) -> Schema {
    columns.iter().map(|c| Field::new(PlSmallStr::from_static(c.name), c.dtype())).collect()
}

/// The header line of a CSV file.
pub fn csv_header(columns: &[Column]) -> Vec<u8> {
    let names: Vec<&str> = columns.iter().map(|c| c.name).collect();
    let mut header = names.join(",").into_bytes();
    header.push(b'\n');
    header
}

/// Rows as CSV lines. Nothing that we generate needs quotes.
pub fn csv_lines(columns: &[Column]) -> Vec<u8> {
    let rows = columns.first().map_or(0, Column::len);
    let mut out = Vec::with_capacity(rows * columns.len() * 10);
    for row in 0..rows {
        for (index, column) in columns.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            column.write_cell(row, &mut out);
        }
        out.push(b'\n');
    }
    out
}

/// Rows as a polars frame.
pub fn data_frame(columns: Vec<Column>) -> Result<DataFrame> {
    let height = columns.first().map_or(0, Column::len);
    let columns = columns.into_iter().map(Column::into_polars).collect::<Result<Vec<_>>>()?;
    DataFrame::new(height, columns).map_err(|e| engine("making a frame", &e))
}

fn write_integer(value: i64, out: &mut Vec<u8>) {
    if value == NONE {
        return;
    }
    if value < 0 {
        out.push(b'-');
    }
    let mut digits = [0_u8; 20];
    let mut start = digits.len();
    let mut left = value.unsigned_abs();
    loop {
        start -= 1;
        digits[start] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

fn write_cents(cents: i64, out: &mut Vec<u8>) {
    if cents == NONE {
        return;
    }
    if cents < 0 {
        out.push(b'-');
    }
    write_integer((cents.unsigned_abs() / 100) as i64, out);
    out.push(b'.');
    ids::padded(cents.unsigned_abs() % 100, 2, out);
}

fn write_day(days: i32, out: &mut Vec<u8>) {
    let (year, month, day) = civil(days);
    ids::padded(year.unsigned_abs().into(), 4, out);
    out.push(b'-');
    ids::padded(month.into(), 2, out);
    out.push(b'-');
    ids::padded(day.into(), 2, out);
}

fn write_second(second: i64, out: &mut Vec<u8>) {
    const SECONDS_PER_DAY: i64 = MICROS_PER_DAY / 1_000_000;
    write_day(second.div_euclid(SECONDS_PER_DAY) as i32, out);
    let within = second.rem_euclid(SECONDS_PER_DAY) as u64;
    out.push(b'T');
    ids::padded(within / 3600, 2, out);
    out.push(b':');
    ids::padded(within / 60 % 60, 2, out);
    out.push(b':');
    ids::padded(within % 60, 2, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_written_as_people_write_them() {
        let columns = [
            Column::cents("amount", vec![-5, 0, 123_456, NONE]),
            Column::seconds("at", vec![0, 1_709_210_096, -1, 1]),
            Column::integer("n", vec![0, -7, 10, i64::MAX]),
            Column::days("d", vec![0, 19_782, -1, 1]),
        ];
        assert_eq!(csv_header(&columns), b"amount,at,n,d\n");
        let text = String::from_utf8(csv_lines(&columns)).unwrap();
        assert_eq!(
            text,
            "-0.05,1970-01-01T00:00:00,0,1970-01-01\n\
             0.00,2024-02-29T12:34:56,-7,2024-02-29\n\
             1234.56,1969-12-31T23:59:59,10,1969-12-31\n\
             ,1970-01-01T00:00:01,9223372036854775807,1970-01-02\n"
        );
    }
}
