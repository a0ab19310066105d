//! parquet: one table with typed columns, zstd. Money is Decimal(38, 4), exact; equal tables give equal bytes.

use std::io::Write;

use polars::prelude::*;

use super::report::{Cells, Table};
use super::sink::Failure;

const WRITING: &str = "writing parquet";

pub fn write(table: &Table, out: &mut dyn Write) -> Result<(), Failure> {
    let mut frame = frame(table).map_err(|e| Failure::from_polars(e, WRITING))?;
    ParquetWriter::new(out)
        .with_compression(ParquetCompression::Zstd(None))
        .finish(&mut frame)
        .map_err(|e| Failure::from_polars(e, WRITING))?;
    Ok(())
}

/// The table as a frame of polars.
fn frame(table: &Table) -> PolarsResult<DataFrame> {
    let columns = table.columns.iter().map(|c| column(&c.name, &c.cells));
    DataFrame::new(table.height(), columns.collect::<PolarsResult<_>>()?)
}

fn column(name: &str, cells: &Cells) -> PolarsResult<Column> {
    let name = PlSmallStr::from_str(name);
    let series = match cells {
        Cells::Text(v) => {
            StringChunked::from_iter_options(name, v.iter().map(Option::as_deref)).into_series()
        }
        Cells::Int(v) => Int64Chunked::from_slice_options(name, v).into_series(),
        Cells::Money(v) => {
            let e4 = v.iter().map(|value| value.map(i128::from));
            Int128Chunked::from_iter_options(name, e4).into_decimal_unchecked(38, 4).into_series()
        }
        Cells::Float(v) => {
            let finite = v.iter().map(|value| value.filter(|x| x.is_finite()));
            Float64Chunked::from_iter_options(name, finite).into_series()
        }
        Cells::Date(v) => Int32Chunked::from_slice_options(name, v).into_date().into_series(),
        Cells::DateTime(v) => Int64Chunked::from_slice_options(name, v)
            .into_datetime(TimeUnit::Microseconds, None)
            .into_series(),
        Cells::Bool(v) => BooleanChunked::from_slice_options(name, v).into_series(),
    };
    Ok(series.into_column())
}
