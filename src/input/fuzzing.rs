//! What fuzz targets and the tests with damaged files call (tests/fuzz/README.md): bytes in, and a panic where this room
//! breaks a promise. No part of the library's interface.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::decimal_mark::DecimalMark;
use super::formula::{Formula, Type, Value};
use super::presets::Presets;
use super::raw::{self, RawBatch, RawFile, ScanError};
use super::rows::{Inputs, RowBatch, RowSink, Wanted};
use super::source::{Found, Source};
use super::table_reader::{TableBatch, TableSink, Tables};
use super::{Frame, InputOptions, csv};
use crate::error::{Error, Result};

/// An error is an answer, but for the one that says that the fault is ours.
#[track_caller]
fn answered<T>(result: Result<T>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error @ Error::Internal { .. }) => panic!("{error}"),
        Err(error) => {
            // Messages and hints are made of what is in the file.
            let _ = (error.to_string(), error.hints(), error.code());
            None
        }
    }
}

/// Reads a file of these bytes as every frame, whatever it holds; the number of its rows, where it can be read. Its rows
/// are the same however the text is cut into pieces of work, and on any number of threads.
pub fn table(bytes: &[u8]) -> Option<u64> {
    let options = InputOptions { threads: 1, ..InputOptions::default() };
    let found = Found {
        label: "fuzz".to_owned(),
        path: PathBuf::from("fuzz"),
        source: Source::Memory(bytes.into()),
        bytes: bytes.len() as u64,
        hive: Vec::new(),
    };
    let files = answered(raw::open_found(vec![found], &options))?;
    let whole = every_row(&files, &options, csv::CHUNK, 1);
    if bytes.len() <= 64 << 10 {
        for (chunk, threads) in [(1, 1), (61, 2)] {
            let cut = every_row(&files, &options, chunk, threads);
            assert_eq!(whole.is_some(), cut.is_some(), "read or refused, depending on the size of chunks");
            assert!(whole == cut, "the rows depend on the size of chunks ({chunk})");
        }
    }
    read_as_orders(&files, &options);
    for frame in [Frame::Events, Frame::Spend, Frame::Members] {
        if let Some(tables) = answered(Tables::of_files(frame, options.clone(), files.clone())) {
            answered(tables.read_unjudged(&[], || Nothing).map(drop));
        }
    }
    whole.map(|rows| rows.len() as u64)
}

/// Every row by its file and number.
type Rows = BTreeMap<(usize, u64), Vec<String>>;

fn every_row(files: &[RawFile], options: &InputOptions, chunk: usize, threads: usize) -> Option<Rows> {
    let options = InputOptions { threads, ..options.clone() };
    let mut files = files.to_vec();
    for _ in 0..=files.len() {
        let projection: Vec<Vec<String>> = files.iter().map(|file| file.header.clone()).collect();
        let rows = Mutex::new(Rows::new());
        let outcome = raw::scan_by(chunk, &files, &projection, &options, &|batch| {
            assert!(batch.frame.height() > 0, "an empty batch");
            let mut rows = rows.lock().unwrap_or_else(PoisonError::into_inner);
            for row in 0..batch.frame.height() {
                let again = rows.insert((batch.file, batch.rows.get(row)), texts(&batch, row));
                assert!(again.is_none(), "two rows of one number: {}", batch.rows.get(row));
            }
            Ok(())
        });
        match outcome {
            Ok(()) => {
                let rows = rows.into_inner().unwrap_or_else(PoisonError::into_inner);
                check_heads(&files, &rows);
                return Some(rows);
            }
            Err(ScanError::Failed(error)) => return answered(Err(error)),
            Err(ScanError::Encoding { file, .. }) => {
                answered(raw::redetect(&mut files[file], &options))?;
            }
        }
    }
    panic!("a file was detected anew and still does not fit");
}

fn texts(batch: &RawBatch, row: usize) -> Vec<String> {
    batch.frame.columns().iter().map(|column| RowBatch::cell_text(column, row)).collect()
}

/// The first rows are those that a scan finds first.
fn check_heads(files: &[RawFile], rows: &Rows) {
    for (index, file) in files.iter().enumerate() {
        let read = rows.range((index, 0)..(index + 1, 0)).map(|(_, cells)| cells);
        for (row, cells) in (0..file.head.height()).zip(read) {
            let at_head = file.header.iter().map(|name| {
                let column = file.head.column(name);
                column.map(|column| RowBatch::cell_text(column, row)).unwrap_or_default()
            });
            assert!(at_head.eq(cells.iter().cloned()), "row {row} of the head is another one");
        }
    }
}

fn read_as_orders(files: &[RawFile], options: &InputOptions) {
    let Some(inputs) = answered(Inputs::of_files(Frame::Orders, options.clone(), files.to_vec())) else {
        return;
    };
    let numbers = inputs.has("quantity").then(|| "quantity".to_owned());
    let wanted = Wanted {
        customers: inputs.know_customers(),
        units: numbers.is_some(),
        paid_at: true,
        numbers: numbers.into_iter().collect(),
        attributes: inputs.column_names().into_iter().take(3).collect(),
    };
    if let Some((_, summary)) = answered(inputs.read_rows(&wanted, || Nothing)) {
        answered(summary.judge(options));
    }
}

/// Takes rows and keeps none.
struct Nothing;

impl RowSink for Nothing {
    fn push(&self, batch: RowBatch) -> Result<()> {
        let rows = batch.verdicts.len();
        assert_eq!((batch.at_us.len(), batch.net_e4.len(), batch.amount_e4.len()), (rows, rows, rows));
        for row in 0..rows {
            let _ = batch.currency(row);
        }
        Ok(())
    }
}

impl TableSink for Nothing {
    fn push(&self, batch: TableBatch) -> Result<()> {
        assert!(batch.frame.height() > 0, "an empty batch");
        Ok(())
    }
}

/// Reads the first line as a formula and evaluates it on the other lines, whose cells stand between bars.
pub fn formula(text: &str) {
    let mut lines = text.split('\n');
    let Some(formula) = answered(Formula::parse(lines.next().unwrap_or_default(), "fuzz")) else { return };
    let again = Formula::parse(formula.text(), "fuzz");
    assert!(again.is_ok_and(|again| again == formula), "a formula is read one way");
    for line in lines.take(50) {
        let cells: Vec<&str> = line.split('|').collect();
        for mark in [DecimalMark::Point, DecimalMark::Comma, DecimalMark::Both] {
            let cell = |at: usize| cells.get(at).copied().filter(|cell| !cell.is_empty());
            match (formula.result(), formula.value(&cell, mark)) {
                (Type::Number, Value::Number(_))
                | (Type::Text, Value::Text(_))
                | (Type::Flag, Value::Flag(_))
                | (_, Value::Missing | Value::Unreadable(_)) => {}
                (kind, value) => panic!("a {kind:?} is {value:?}"),
            }
        }
    }
}

/// Reads a preset; a sound one is also tried on its own header and on rows of nothing much.
pub fn preset(text: &str) {
    let Some(preset) = answered(Presets::parse(text, "fuzz.toml")) else { return };
    let header =
        if preset.header.is_empty() { preset.fingerprint.required.clone() } else { preset.header.clone() };
    let presets = Presets::of(vec![(preset, text.to_owned().into(), None)]);
    let _ = presets.detect(&header);
    let _ = presets.ranking(&header);
    let options = InputOptions { threads: 1, presets: Arc::new(presets), ..InputOptions::default() };
    let quoted = |cells: &mut dyn Iterator<Item = String>| {
        cells.map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect::<Vec<_>>().join(",") + "\n"
    };
    let mut file = quoted(&mut header.iter().cloned());
    for cell in ["1", "2024-05-06 07:08:09", "", "-", "退款成功", "131.77(已退款89.84)"] {
        file += &quoted(&mut header.iter().map(|_| cell.to_owned()));
    }
    let bytes = file.into_bytes();
    let found = Found {
        label: "fuzz".to_owned(),
        path: PathBuf::from("fuzz"),
        bytes: bytes.len() as u64,
        source: Source::Memory(bytes.into()),
        hive: Vec::new(),
    };
    if let Some(files) = answered(raw::open_found(vec![found], &options)) {
        read_as_orders(&files, &options);
    }
}
