//! A table too long to be held: frames come one after another and are written as they come, to Parquet, csv or tsv.

use std::io::Write;

use polars::io::parquet::write::BatchedWriter;
use polars::polars_utils::compression::ZstdLevel;
use polars::prelude::*;

use super::delimited::{self, Style, failure, is_formula};
use super::format::Format;
use super::sink::Failure;
use super::{OutputPlan, exact, mask, numbers};

/// Rows of a Parquet row group: frames are gathered until there are this many.
const ROW_GROUP: usize = 262_144;
const WRITING: &str = "writing a table";

/// The formats that can be written as a stream.
pub const FORMATS: [Format; 3] = [Format::Parquet, Format::Csv, Format::Tsv];

enum Engine<'a> {
    Parquet { writer: Box<BatchedWriter<&'a mut dyn Write>>, waiting: Option<DataFrame> },
    Text { style: Style, lines: Box<csv::Writer<&'a mut dyn Write>> },
}

/// Takes frames of one schema: text, `Datetime` in microseconds, `Date`, integers, `Boolean`, and `Decimal` of scale 4.
pub struct TableStream<'a> {
    engine: Engine<'a>,
    /// Columns whose values are masked, and the key.
    masked: Option<(Vec<PlSmallStr>, mask::Key)>,
    rows: u64,
}

impl<'a> TableStream<'a> {
    /// `ids`: the columns that `--mask` hides.
    pub fn new(
        out: &'a mut dyn Write,
        plan: &OutputPlan,
        schema: &Schema,
        ids: &[&str],
    ) -> Result<Self, Failure> {
        let engine = if plan.format == Format::Parquet {
            let writer = ParquetWriter::new(out)
                .with_compression(ParquetCompression::Zstd(ZstdLevel::try_new(3).ok()))
                .batched(schema)
                .map_err(|error| Failure::from_polars(error, WRITING))?;
            Engine::Parquet { writer: Box::new(writer), waiting: None }
        } else {
            let style = Style { tab: plan.format == Format::Tsv, bom: plan.bom, excel_safe: plan.excel_safe };
            let mut lines = delimited::begin(style, out)?;
            lines.write_record(schema.iter_names().map(PlSmallStr::as_str)).map_err(failure)?;
            Engine::Text { style, lines: Box::new(lines) }
        };
        let masked =
            plan.mask.clone().map(|key| (ids.iter().map(|id| PlSmallStr::from_str(id)).collect(), key));
        Ok(Self { engine, masked, rows: 0 })
    }

    pub fn push(&mut self, frame: DataFrame) -> Result<(), Failure> {
        if frame.height() == 0 {
            return Ok(());
        }
        self.rows += frame.height() as u64;
        let frame = self.mask(frame)?;
        match &mut self.engine {
            Engine::Text { style, lines } => write_lines(&frame, *style, lines),
            Engine::Parquet { writer, waiting } => {
                let gathered = match waiting.take() {
                    None => frame,
                    Some(mut before) => {
                        before.vstack_mut_owned(frame).map_err(|e| Failure::from_polars(e, WRITING))?;
                        before
                    }
                };
                // Row groups of one size, whatever the size of the frames: equal tables give equal bytes.
                let whole = gathered.height() / ROW_GROUP * ROW_GROUP;
                for from in (0..whole).step_by(ROW_GROUP) {
                    write_group(writer, gathered.slice(from as i64, ROW_GROUP))?;
                }
                *waiting = (whole < gathered.height())
                    .then(|| gathered.slice(whole as i64, gathered.height() - whole));
                Ok(())
            }
        }
    }

    /// Writes what waits and the end. Gives the number of rows.
    pub fn finish(self) -> Result<u64, Failure> {
        match self.engine {
            Engine::Text { mut lines, .. } => lines.flush()?,
            Engine::Parquet { mut writer, waiting } => {
                if let Some(frame) = waiting {
                    write_group(&mut writer, frame)?;
                }
                writer.finish().map_err(|error| Failure::from_polars(error, WRITING))?;
            }
        }
        Ok(self.rows)
    }

    fn mask(&self, mut frame: DataFrame) -> Result<DataFrame, Failure> {
        let Some((ids, key)) = &self.masked else { return Ok(frame) };
        for id in ids {
            let Ok(column) = frame.column(id.as_str()) else { continue };
            let text = column.str().map_err(|error| Failure::from_polars(error, WRITING))?;
            let hashes = text.iter().map(|value| value.map(|value| key.mask(value)));
            let hidden = StringChunked::from_iter_options(id.clone(), hashes).into_column();
            frame.with_column(hidden).map_err(|error| Failure::from_polars(error, WRITING))?;
        }
        Ok(frame)
    }
}

fn write_group(writer: &mut BatchedWriter<&mut dyn Write>, mut group: DataFrame) -> Result<(), Failure> {
    group.rechunk_mut();
    writer.write_batch(&group).map_err(|error| Failure::from_polars(error, WRITING))
}

fn write_lines(
    frame: &DataFrame,
    style: Style,
    lines: &mut csv::Writer<&mut dyn Write>,
) -> Result<(), Failure> {
    let texts: Vec<Texts> = frame.columns().iter().map(Texts::of).collect::<Result<_, _>>()?;
    let mut field = Vec::new();
    for row in 0..frame.height() {
        for column in &texts {
            field.clear();
            column.push(row, style, &mut field);
            lines.write_field(&field).map_err(failure)?;
        }
        lines.write_record(None::<&[u8]>).map_err(failure)?;
    }
    Ok(())
}

/// The values of a column as machines read them: the same texts as in `exact`.
enum Texts<'a> {
    Text(&'a StringChunked),
    Other(Vec<Option<String>>),
}

impl<'a> Texts<'a> {
    fn of(column: &'a Column) -> Result<Self, Failure> {
        let not_ours = |error: PolarsError| Failure::from_polars(error, WRITING);
        Ok(match column.dtype() {
            DataType::String => Self::Text(column.str().map_err(not_ours)?),
            DataType::Datetime(TimeUnit::Microseconds, None) => {
                let values = column.datetime().map_err(not_ours)?;
                let text = |us: Option<i64>| us.and_then(exact::datetime).map(exact::iso);
                Self::Other(values.physical().iter().map(text).collect())
            }
            DataType::Decimal(_, 4) => {
                let values = column.decimal().map_err(not_ours)?;
                let text =
                    |e4: Option<i128>| e4.and_then(|e4| i64::try_from(e4).ok()).map(numbers::exact_money);
                Self::Other(values.physical().iter().map(text).collect())
            }
            _ => {
                let text = column.cast(&DataType::String).map_err(not_ours)?;
                let values = text.str().map_err(not_ours)?;
                Self::Other(values.iter().map(|value| value.map(str::to_owned)).collect())
            }
        })
    }

    fn push(&self, row: usize, style: Style, field: &mut Vec<u8>) {
        match self {
            Self::Other(values) => field.extend_from_slice(values[row].as_deref().unwrap_or("").as_bytes()),
            Self::Text(values) => {
                let value = values.get(row).unwrap_or("");
                if style.excel_safe && is_formula(value) {
                    field.push(b'\'');
                }
                field.extend_from_slice(value.as_bytes());
            }
        }
    }
}
