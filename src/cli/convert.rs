//! `siyu convert`: many exports to one canonical file.

use polars::prelude::{DataType, Schema, TimeUnit};

use super::ReportArgs;
use super::run_report::{Job, files_of};
use crate::convert::combine::{Combiner, Grain as Amounts, Repeated, Unit};
use crate::convert::{ConvertParams, FileSpec, Item, OrderHashes, RowMaker, Spec};
use crate::error::{Error, Result};
use crate::input::columns::{Canonical, Mapping, ValueKind, vocabulary};
use crate::input::presets::names::{ColumnName, HeaderKeys};
use crate::input::presets::{Grain, Items};
use crate::input::raw::{self, RawFile};
use crate::input::rows::MappedFile;
use crate::input::table_reader::{TableBatch, TableSink, Tables};
use crate::input::{Frame, Inputs, Wanted};
use crate::output::sink::{self, Failure};
use crate::output::stream::{FORMATS, TableStream};
use crate::output::{InputAccount, Note, Report, grouped};

/// Rows that are handed to the writer at a time.
const FRAME_ROWS: usize = 65_536;

pub fn run(args: &ReportArgs<ConvertParams>) -> Result<u8> {
    refuse_what_does_not_apply(args)?;
    let mut resolved = args.resolve(|file| file.convert.as_ref())?;
    // What the file says of the tables of reports is not about this one.
    resolved.output.table = None;
    let info = crate::reports::info("convert");
    let job = Job::prepare(&resolved, info)?;
    if !FORMATS.contains(&job.plan.format) {
        return Err(Error::DoesNotApply {
            option: format!("--format {}", job.plan.format.key()),
            why: "a canonical file is parquet, csv or tsv: name one with -o, or with -f in a pipe".into(),
        });
    }
    let files = raw::open(&job.options)?;
    let lines = resolved.params.lines.unwrap_or(false);
    match frame_of(&files)? {
        Frame::Orders => orders(job, files, if lines { Unit::Lines } else { Unit::Orders }),
        frame if lines => Err(Error::DoesNotApply {
            option: "--lines".into(),
            why: format!("the input holds {}, and only orders have lines", frame.key()),
        }),
        frame => table(job, frame, files),
    }
}

fn refuse_what_does_not_apply(args: &ReportArgs<ConvertParams>) -> Result<()> {
    let refused = |option: &str, why: &str| Error::DoesNotApply { option: option.into(), why: why.into() };
    if args.input.by.is_some() {
        return Err(refused("--by", "convert writes rows and breaks nothing down"));
    }
    if args.output.table.is_some() {
        return Err(refused("--table", "convert writes one table: orders, or lines with --lines"));
    }
    Ok(())
}

/// Files are converted frame by frame: what was not recognised is taken for orders.
fn frame_of(files: &[RawFile]) -> Result<Frame> {
    let frame = |file: &RawFile| file.preset.as_ref().map_or(Frame::Orders, |preset| preset.kind.frame());
    let Some(first) = files.first() else { return Ok(Frame::Orders) };
    match files.iter().find(|file| frame(file) != frame(first)) {
        None => Ok(frame(first)),
        Some(other) => Err(Error::BadOption {
            option: "INPUT".into(),
            value: other.label.clone(),
            why: format!(
                "holds {}, and {} holds {}: one canonical file holds one of them",
                frame(other).key(),
                first.label,
                frame(first).key()
            ),
            hint: Some("convert them one kind at a time".into()),
        }),
    }
}

fn orders(job: Job, files: Vec<RawFile>, unit: Unit) -> Result<u8> {
    let inputs = Inputs::of_files(Frame::Orders, job.options.clone(), files)?;
    job.refuse_before_reading(&inputs)?;
    let (spec, wanted) = what_to_write(&inputs, unit);

    // First which orders have several rows, and whether the rows are good enough.
    let (hashes, read) = inputs.read_rows(&wanted, || OrderHashes::new(spec.clone()))?;
    read.judge(&job.options)?;
    let repeated = hashes.into_repeated();
    let inputs = inputs.with_files(read.files.clone());

    let mut unpaid_parts = 0;
    let mut rows = 0;
    sink::write(&job.plan.target, |out| {
        let stream = TableStream::new(out, &job.plan, &spec.schema(), ids(Frame::Orders))?;
        (rows, unpaid_parts) = write_orders(&inputs, &wanted, &spec, repeated, stream)?;
        Ok(())
    })?;

    let mut report = Report { command: "convert".into(), ..Report::default() };
    report.notes = read.notes;
    report.input.push(read.account);
    report.notes.push(written(&report.input[0], unit, rows));
    if unpaid_parts > 0 {
        report.notes.push(Note::new("unpaid_parts").with("rows", grouped(i128::from(unpaid_parts))));
    }
    job.finish_written(report, &files_of(&inputs), crate::reports::info("convert"))?;
    Ok(0)
}

fn written(account: &InputAccount, unit: Unit, rows: u64) -> Note {
    let what = match unit {
        Unit::Orders => "orders_written",
        Unit::Lines => "lines_written",
    };
    Note::new(what)
        .with("rows", grouped(i128::from(rows)))
        .with("read", grouped(i128::from(account.rows_read)))
}

/// Reads all rows in order and writes them. Gives the rows written, and those left out as unpaid parts of paid orders.
fn write_orders(
    inputs: &Inputs,
    wanted: &Wanted,
    spec: &Spec,
    repeated: Repeated,
    mut stream: TableStream<'_>,
) -> Result<(u64, u64), Failure> {
    let mut combiner = Combiner::new(spec.unit, spec.number_kinds(), repeated);
    let maker = RowMaker { spec };
    let mut waiting = Vec::new();
    let mut failed: Option<Failure> = None;
    let mut total = 0_u64;
    {
        let mut flush = |waiting: &mut Vec<_>| {
            let frame = spec.frame(waiting);
            waiting.clear();
            stream.push(frame)
        };
        // A failure of the writer travels beside the errors of reading: it knows the place that was written to.
        let mut take_row = |row| {
            total += 1;
            waiting.push(row);
            if waiting.len() >= FRAME_ROWS {
                flush(&mut waiting).map_err(|failure| {
                    failed = Some(failure);
                    Error::Internal { doing: "writing rows".into(), why: "see the failure beside it".into() }
                })?;
            }
            Ok(())
        };
        let read = inputs.read_rows_in_order(wanted, &|batch| maker.make(&batch), &mut |made| {
            made.combine(&mut combiner, spec, &mut take_row)
        });
        let done = read.and_then(|_| combiner.finish(&mut take_row));
        if let Err(error) = done {
            return Err(failed.unwrap_or(Failure::Ours(error)));
        }
        flush(&mut waiting)?;
    }
    stream.finish()?;
    Ok((total, combiner.unpaid_parts))
}

/// The canonical columns that some file has, and what is to be read for them.
fn what_to_write(inputs: &Inputs, unit: Unit) -> (Spec, Wanted) {
    let items: Vec<Vec<ItemColumns>> = inputs.files.iter().map(|file| items_of(file, unit)).collect();
    let of_items = |name: &str| items.iter().flatten().any(|item| item.iter().any(|(own, _)| *own == name));
    let always = ["customer_id", "order_id", "ordered_at", "paid_at", "amount", "refund_amount"];
    let columns = vocabulary(Frame::Orders).iter().filter(|column| !always.contains(&column.name));
    let is_open = |name: &str| {
        inputs.files.iter().any(|file| file.mapping.ambiguous.iter().any(|(known, _)| *known == name))
    };
    let there =
        columns.filter(|column| (inputs.has(column.name) && !is_open(column.name)) || of_items(column.name));
    let (numbers, texts): (Vec<&Canonical>, Vec<&Canonical>) =
        there.partition(|column| column.kind == ValueKind::Number);
    let mut spec = Spec {
        unit,
        numbers: numbers.iter().map(|column| column.name).collect(),
        texts: texts.iter().map(|column| column.name).collect(),
        files: Vec::new(),
        store: texts.iter().position(|column| column.name == "store"),
        with_customers: inputs.files.iter().any(MappedFile::has_customers),
        with_platform: inputs.files.iter().any(|file| file.meaning.is_some()),
    };
    let mut wanted = Wanted {
        customers: false,
        paid_at: true,
        numbers: spec.numbers.iter().map(|name| (*name).to_owned()).collect(),
        attributes: spec.texts.iter().map(|name| (*name).to_owned()).collect(),
        ..Wanted::default()
    };
    for (file, items) in inputs.files.iter().zip(items) {
        spec.files.push(file_spec(file, items, &spec, &mut wanted));
    }
    (spec, wanted)
}

fn file_spec(file: &MappedFile, items: Vec<ItemColumns>, spec: &Spec, wanted: &mut Wanted) -> FileSpec {
    let Some(meaning) = &file.meaning else { return FileSpec::default() };
    let preset = &meaning.preset;
    let place = |names: &mut Vec<String>, name: &str| {
        names.iter().position(|known| known == name).unwrap_or_else(|| {
            names.push(name.to_owned());
            names.len() - 1
        })
    };
    let items = items.into_iter().map(|columns| {
        let mut item = Item::default();
        for (canonical, source) in columns {
            if let Some(to) = spec.texts.iter().position(|name| *name == canonical) {
                item.texts.push((to, place(&mut wanted.attributes, &source)));
            } else if let Some(to) = spec.numbers.iter().position(|name| *name == canonical) {
                item.numbers.push((to, place(&mut wanted.numbers, &source)));
            } else if canonical == "amount" {
                item.amount = Some(place(&mut wanted.numbers, &source));
            }
        }
        item
    });
    let items = items.collect();
    FileSpec {
        grain: Amounts {
            order_amounts: matches!(preset.grain, Grain::LineOrderRepeated | Grain::LineOrderBlank),
            line_refunds: preset.amounts.as_ref().is_some_and(|amounts| amounts.refund_of_line),
        },
        platform: preset.platform.clone(),
        line_amount: meaning.line_amount.as_ref().map(|source| place(&mut wanted.numbers, source)),
        items,
    }
}

/// (canonical column, column of the file) of one of the lines that stand side by side in a row.
type ItemColumns = Vec<(&'static str, String)>;

fn items_of(file: &MappedFile, unit: Unit) -> Vec<ItemColumns> {
    let Some(meaning) = file.meaning.as_ref().filter(|_| unit == Unit::Lines) else { return Vec::new() };
    let Some(Items { columns }) = &meaning.preset.items else { return Vec::new() };
    let header = HeaderKeys::new(&file.raw.header);
    let mut items = Vec::new();
    for number in 1.. {
        let mut item = ItemColumns::new();
        for (canonical, pattern) in columns {
            let name = pattern.replace("{n}", &number.to_string());
            let known = vocabulary(Frame::Orders).iter().find(|column| column.name == canonical);
            if let (Some(known), Some(at)) = (known, header.find(&ColumnName::new(&name))) {
                item.push((known.name, file.raw.header[at].clone()));
            }
        }
        if item.is_empty() {
            break;
        }
        items.push(item);
    }
    items
}

/// Counts alone: the first pass over a table settles encodings and judges the rows.
struct Nothing;

impl TableSink for Nothing {
    fn push(&self, _: TableBatch) -> Result<()> {
        Ok(())
    }
}

/// Events, spend or members.
fn table(job: Job, frame: Frame, files: Vec<RawFile>) -> Result<u8> {
    let tables = Tables::of_files(frame, job.options.clone(), files)?;
    job.refuse_what_does_not_apply(tables.files.iter().map(|file| &file.raw))?;
    let columns = tables.canonical_columns();
    let (_, read) = tables.read(&columns, || Nothing)?;
    let tables = tables.with_files(read.files.clone());
    let mut rows = 0;
    sink::write(&job.plan.target, |out| {
        let mut stream = TableStream::new(out, &job.plan, &schema(frame, &columns), ids(frame))?;
        let mut failed: Option<Failure> = None;
        let taken = tables.read_in_order(&columns, &mut |batch| {
            stream.push(batch.frame).map_err(|failure| {
                failed = Some(failure);
                Error::Internal { doing: "writing rows".into(), why: "see the failure beside it".into() }
            })
        });
        taken.map_err(|error| failed.unwrap_or(Failure::Ours(error)))?;
        rows = stream.finish()?;
        Ok(())
    })?;
    let mut report = Report { command: "convert".into(), ..Report::default() };
    report.notes = read.notes;
    report.notes.push(
        Note::new("rows_written")
            .with("rows", grouped(i128::from(rows)))
            .with("read", grouped(i128::from(read.account.rows_read))),
    );
    report.input.push(read.account);
    let files: Vec<(&RawFile, &Mapping)> =
        tables.files.iter().map(|file| (&file.raw, &file.mapping)).collect();
    job.finish_written(report, &files, crate::reports::info("convert"))?;
    Ok(0)
}

/// Columns of ids: of people, and of orders, by which those who sold know them.
fn ids(frame: Frame) -> &'static [&'static str] {
    match frame {
        Frame::Orders => &["customer_id", "order_id"],
        Frame::Spend => &[],
        Frame::Events => &["customer_id", "inviter_id", "order_id"],
        Frame::Members => &["customer_id", "inviter_id", "name", "phone", "birthday"],
    }
}

fn schema(frame: Frame, columns: &[&str]) -> Schema {
    let kind = |name: &str| vocabulary(frame).iter().find(|column| column.name == name).map(|c| c.kind);
    let dtype = |name: &str| match kind(name) {
        Some(ValueKind::DateTime) => DataType::Datetime(TimeUnit::Microseconds, None),
        Some(ValueKind::Number) => DataType::Decimal(38, 4),
        _ => DataType::String,
    };
    columns.iter().map(|name| ((*name).into(), dtype(name))).collect()
}
