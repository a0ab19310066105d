//! Random tables, written out as exports write them, are read back as they were: as rows, and by `siyu convert`. The tables
//! are the same in every run.

use std::io::{Cursor, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use calamine::{Data, Reader};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use siyu::input::presets::PresetChoice;
use siyu::input::raw::{self, ScanError};
use siyu::input::{InputOptions, RowBatch};

use crate::support::{folder, gzip, siyu_in, write};

/// Rows with the line or row of the file on which each begins.
type Rows = Vec<(u64, Vec<String>)>;

#[derive(Debug, Clone)]
struct Table {
    /// Of the columns behind the four that orders need.
    names: Vec<String>,
    orders: Vec<Order>,
}

#[derive(Debug, Clone)]
struct Order {
    id: String,
    customer: String,
    day: u32,
    cents: i64,
    notes: Vec<String>,
}

impl Order {
    fn amount(&self) -> String {
        format!("{}.{:02}", self.cents / 100, self.cents % 100)
    }

    fn cells(&self) -> Vec<String> {
        let at = format!("2024-03-{:02} 10:20:30", self.day);
        [self.id.clone(), self.customer.clone(), at, self.amount()]
            .into_iter()
            .chain(self.notes.clone())
            .collect()
    }
}

impl Table {
    fn header(&self) -> Vec<String> {
        ["order_id", "customer_id", "ordered_at", "amount"]
            .map(str::to_owned)
            .into_iter()
            .chain(self.names.clone())
            .collect()
    }
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-zA-Z0-9 ]{0,12}",
        2 => "[,;|\t\"'\n=+@-]{0,6}",
        2 => "[中文订单，（）。：张三 ]{0,8}",
        1 => "[😀👩‍🎄€éß]{0,4}",
        1 => "0[0-9]{3,20}",
        1 => "-?[0-9]{1,9}(\\.[0-9]{1,4})?",
        1 => "\"[a-z,\"\n]{0,6}\"?",
        1 => Just("line\r\nbreak".to_owned()),
        1 => Just(String::new()),
    ]
}

fn table() -> impl Strategy<Value = Table> {
    (0_usize..4, 1_usize..30).prop_flat_map(|(columns, rows)| {
        let order = (
            "[0-9]{1,3}",
            "0?[1-9][0-9]{2,18}",
            1_u32..29,
            1_i64..1_000_000,
            prop::collection::vec(cell(), columns),
        );
        prop::collection::vec(order, rows).prop_map(move |orders| Table {
            names: (0..columns).map(|number| format!("备注（说明）{number}")).collect(),
            orders: orders
                .into_iter()
                .enumerate()
                .map(|(at, (id, customer, day, cents, notes))| Order {
                    id: format!("00{at}x{id}"),
                    customer,
                    day,
                    cents,
                    notes,
                })
                .collect(),
        })
    })
}

#[derive(Debug, Clone)]
struct Quirks {
    delimiter: char,
    encoding: &'static str,
    line_end: &'static str,
    preamble: usize,
    trailing_delimiter: bool,
    /// Around ids: nothing, `="..."`, a tab in front.
    ids: usize,
    blank_lines: bool,
    wide_header: bool,
    packed: &'static str,
    threads: usize,
}

fn quirks() -> impl Strategy<Value = Quirks> {
    let look = (
        prop::sample::select(vec![',', ';', '\t', '|']),
        prop::sample::select(vec!["utf-8", "bom", "gb18030", "utf-16le", "utf-16be"]),
        prop::sample::select(vec!["\n", "\r\n", "\r"]),
        0_usize..4,
        any::<bool>(),
    );
    let rest = (
        0_usize..3,
        any::<bool>(),
        any::<bool>(),
        prop::sample::select(vec!["", "gz", "zst", "zip"]),
        prop::sample::select(vec![1_usize, 3]),
    );
    (look, rest).prop_map(|((delimiter, encoding, line_end, preamble, trailing_delimiter), rest)| {
        let (ids, blank_lines, wide_header, packed, threads) = rest;
        let mut quirks = Quirks {
            delimiter,
            encoding,
            line_end,
            preamble,
            trailing_delimiter,
            ids,
            blank_lines,
            wide_header,
            packed,
            threads,
        };
        if delimiter == '\t' && quirks.ids == 2 {
            quirks.ids = 1;
        }
        quirks
    })
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', ';', '\t', '|', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

/// The file, and what should be read of it.
fn written(table: &Table, quirks: &Quirks) -> (Vec<u8>, Rows) {
    let end = quirks.line_end;
    let mut text = String::new();
    let mut rows = Rows::new();
    for line in 0..quirks.preamble {
        text += &format!("报表 {line}{end}");
    }
    let delimiter = quirks.delimiter.to_string();
    let line = |cells: Vec<String>| {
        let tail = if quirks.trailing_delimiter { delimiter.as_str() } else { "" };
        cells.join(&delimiter) + tail + end
    };
    let pad = if quirks.wide_header { "  " } else { "" };
    text += &line(table.header().iter().map(|name| format!("{name}{pad}")).collect());
    for (at, order) in table.orders.iter().enumerate() {
        if quirks.blank_lines && at % 3 == 1 {
            text += end;
        }
        let mut cells = order.cells();
        for id in &mut cells[..2] {
            match quirks.ids {
                1 => *id = format!("=\"{id}\""),
                2 => *id = format!("\t{id}"),
                _ => {}
            }
        }
        rows.push((1 + lines(&text), cells.clone()));
        text += &line(cells.iter().map(|cell| quoted(cell)).collect());
    }
    (packed(&encoded(&text, quirks.encoding), quirks.packed), rows)
}

/// CR, LF and CRLF each end a line.
fn lines(text: &str) -> u64 {
    let text = text.replace("\r\n", "\n");
    text.matches(['\n', '\r']).count() as u64
}

fn encoded(text: &str, encoding: &str) -> Vec<u8> {
    match encoding {
        "bom" => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        "gb18030" => encoding_rs::GB18030.encode(text).0.into_owned(),
        "utf-16le" => {
            "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
        }
        "utf-16be" => {
            "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect()
        }
        _ => text.as_bytes().to_vec(),
    }
}

fn packed(bytes: &[u8], how: &str) -> Vec<u8> {
    match how {
        "gz" => gzip(bytes),
        "zst" => zstd::encode_all(bytes, 1).expect("memory takes it"),
        "zip" => {
            let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
            archive.start_file("导出/orders.csv", zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(bytes).unwrap();
            archive.finish().unwrap().into_inner()
        }
        _ => bytes.to_vec(),
    }
}

/// Header and rows of a file, in their order.
fn read(path: &Path, threads: usize) -> Result<(Vec<String>, Rows), String> {
    let options = InputOptions {
        paths: vec![path.display().to_string()],
        threads,
        preset: PresetChoice::Auto,
        ..InputOptions::default()
    };
    let said = |error: siyu::error::Error| error.to_string();
    let mut files = raw::open(&options).map_err(said)?;
    for _ in 0..2 {
        let header = files[0].header.clone();
        let rows = Arc::new(Mutex::new(Rows::new()));
        let scanned = raw::scan(&files, std::slice::from_ref(&header), &options, &|batch| {
            assert!(batch.overlong.is_empty() && batch.short.is_empty(), "rows of another length");
            for row in 0..batch.frame.height() {
                let cells =
                    batch.frame.columns().iter().map(|column| RowBatch::cell_text(column, row)).collect();
                rows.lock().unwrap().push((batch.rows.get(row), cells));
            }
            Ok(())
        });
        match scanned {
            Ok(()) => {
                let mut rows = std::mem::take(&mut *rows.lock().unwrap());
                rows.sort();
                return Ok((header, rows));
            }
            Err(ScanError::Failed(error)) => return Err(said(error)),
            Err(ScanError::Encoding { file, .. }) => {
                raw::redetect(&mut files[file], &options).map_err(said)?
            }
        }
    }
    Err("the encoding is not settled".to_owned())
}

/// Runs a property on cases that are the same in every run.
fn hold<S: Strategy>(cases: u32, strategy: &S, property: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_time: 60_000,
        ..ProptestConfig::default()
    };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    if let Err(error) = runner.run(strategy, property) {
        panic!("{error}");
    }
}

#[test]
fn text_of_every_look_is_read_back() {
    let folder = folder();
    hold(400, &(table(), quirks()), |(table, quirks)| {
        let (bytes, expected) = written(&table, &quirks);
        let path = write(folder.path(), "orders.csv", bytes);
        let (mut header, mut rows) = read(&path, quirks.threads).map_err(TestCaseError::fail)?;
        if quirks.trailing_delimiter {
            prop_assert_eq!(header.pop(), Some(format!("column_{}", table.header().len() + 1)));
            for (_, cells) in &mut rows {
                prop_assert_eq!(cells.pop(), Some(String::new()));
            }
        }
        prop_assert_eq!(header, table.header());
        prop_assert_eq!(rows, expected);
        Ok(())
    });
}

/// What `siyu convert` writes of a file: id, customer, moment, amount, sorted.
fn converted(folder: &Path, name: &str, threads: usize) -> Result<Vec<[String; 4]>, String> {
    let threads = threads.to_string();
    let run = siyu_in(folder, &["convert", name, "-f", "csv", "--threads", &threads]);
    if run.status != 0 {
        return Err(run.stderr);
    }
    let mut reader = csv::Reader::from_reader(run.stdout.as_bytes());
    let header = reader.headers().map_err(|error| error.to_string())?.clone();
    let place =
        |name: &str| header.iter().position(|column| column == name).ok_or_else(|| format!("no {name}"));
    let places = [place("order_id")?, place("customer_id")?, place("ordered_at")?, place("amount")?];
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        rows.push(places.map(|at| record[at].to_owned()));
    }
    rows.sort();
    Ok(rows)
}

fn canonical(table: &Table) -> Vec<[String; 4]> {
    let mut rows: Vec<[String; 4]> = table
        .orders
        .iter()
        .map(|order| {
            let at = format!("2024-03-{:02}T10:20:30", order.day);
            let amount = order.amount();
            let amount = amount.trim_end_matches('0').trim_end_matches('.').to_owned();
            [order.id.clone(), order.customer.clone(), at, amount]
        })
        .collect();
    rows.sort();
    rows
}

/// As numbers are written, and as moments are.
fn plain(rows: Vec<[String; 4]>) -> Vec<[String; 4]> {
    let number = |text: String| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    };
    rows.into_iter()
        .map(|[id, customer, at, amount]| [id, customer, at.replace(' ', "T"), number(amount)])
        .collect()
}

#[test]
fn text_of_every_look_is_converted() {
    let folder = folder();
    hold(30, &(table(), quirks()), |(table, quirks)| {
        write(folder.path(), "orders.csv", written(&table, &quirks).0);
        let rows = converted(folder.path(), "orders.csv", quirks.threads).map_err(TestCaseError::fail)?;
        prop_assert_eq!(plain(rows), canonical(&table));
        Ok(())
    });
}

#[test]
fn lines_of_json_are_read_back() {
    let folder = folder();
    hold(150, &(table(), prop::sample::select(vec![1_usize, 3])), |(table, threads)| {
        let header = table.header();
        let mut text = String::new();
        let mut expected = Vec::new();
        for order in &table.orders {
            let cells = order.cells();
            let fields: Vec<String> = header
                .iter()
                .zip(&cells)
                .map(|(name, cell)| format!("{}:{}", serde_json::json!(name), serde_json::json!(cell)))
                .collect();
            text += &format!("{{{}}}\n", fields.join(","));
            // A record of text has a blank where JSON has a line break.
            expected.push(cells.iter().map(|cell| cell.replace(['\r', '\n'], " ")).collect::<Vec<_>>());
        }
        let path = write(folder.path(), "orders.ndjson", text);
        let (read_header, rows) = read(&path, threads).map_err(TestCaseError::fail)?;
        prop_assert_eq!(read_header, header);
        prop_assert_eq!(rows.into_iter().map(|(_, cells)| cells).collect::<Vec<_>>(), expected);
        Ok(())
    });
}

/// A cell of a workbook.
#[derive(Debug, Clone)]
enum Cell {
    Nothing,
    Text(String),
    Number(f64),
    Flag(bool),
    /// Days and seconds: a date with a time.
    Moment(u32, u32),
    Formula(f64),
}

fn workbook_cell() -> impl Strategy<Value = Cell> {
    prop_oneof![
        2 => Just(Cell::Nothing),
        4 => cell().prop_map(Cell::Text),
        1 => "_x[0-9A-F]{4}_[a-z]?".prop_map(Cell::Text),
        2 => (-1_000_000_000_i64..1_000_000_000).prop_map(|cents| Cell::Number(cents as f64 / 100.0)),
        1 => (0_i64..1 << 52).prop_map(|whole| Cell::Number(whole as f64)),
        1 => (-1e-4..1e-4).prop_map(Cell::Number),
        1 => any::<bool>().prop_map(Cell::Flag),
        2 => (61_u32..70_000, 0_u32..86_400).prop_map(|(day, second)| Cell::Moment(day, second)),
        1 => (-1e6..1e6).prop_map(Cell::Formula),
    ]
}

/// Rows at random places of a sheet, below a header in row 1; each has something in its first column.
fn sheet() -> impl Strategy<Value = Vec<(u32, Vec<Cell>)>> {
    (1_usize..6).prop_flat_map(|columns| {
        let row = (1_u32..4, prop::collection::vec(workbook_cell(), columns));
        prop::collection::vec(row, 1..25).prop_map(|rows| {
            let mut at = 0;
            rows.into_iter()
                .map(|(step, cells)| {
                    at += step;
                    (at, [vec![Cell::Text(format!("r{at}"))], cells].concat())
                })
                .collect()
        })
    })
}

fn xlsx(rows: &[(u32, Vec<Cell>)]) -> Vec<u8> {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    let format = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
    let width = rows.iter().map(|(_, cells)| cells.len()).max().unwrap_or(1);
    for column in 0..width {
        sheet.write_string(0, column as u16, format!("column {column}")).unwrap();
    }
    for (row, cells) in rows {
        for (column, cell) in cells.iter().enumerate() {
            let column = column as u16;
            match cell {
                Cell::Nothing => continue,
                Cell::Text(text) => sheet.write_string(*row, column, text).unwrap(),
                Cell::Number(value) => sheet.write_number(*row, column, *value).unwrap(),
                Cell::Flag(value) => sheet.write_boolean(*row, column, *value).unwrap(),
                Cell::Moment(day, second) => {
                    let serial = f64::from(*day) + f64::from(*second) / 86_400.0;
                    sheet.write_number_with_format(*row, column, serial, &format).unwrap()
                }
                Cell::Formula(value) => {
                    let formula = rust_xlsxwriter::Formula::new("=1+1").set_result(value.to_string());
                    sheet.write_formula(*row, column, formula).unwrap()
                }
            };
        }
    }
    workbook.save_to_buffer().unwrap()
}

/// How a cell that calamine has read should read with us; `None`: by another measure.
fn agrees(ours: &str, theirs: &Data) -> bool {
    let near = |value: f64| {
        ours.parse::<f64>().is_ok_and(|read| (read - value).abs() <= value.abs() * 1e-14 || read == value)
    };
    match theirs {
        Data::Empty => ours.is_empty(),
        Data::String(text) => ours == text.replace("\r\n", "\n").replace(['\r', '\n'], " "),
        Data::Float(value) => near(*value),
        Data::Int(value) => near(*value as f64),
        Data::Bool(value) => ours == if *value { "TRUE" } else { "FALSE" },
        Data::DateTime(moment) => {
            // From 1899-12-30 on; ours to the millisecond, without a fraction that is none.
            let theirs = (moment.as_f64() * 86_400_000.0).round() as i64 - 25_569 * 86_400_000;
            let read = chrono::NaiveDateTime::parse_from_str(ours, "%Y-%m-%d %H:%M:%S%.f");
            read.is_ok_and(|read| (read.and_utc().timestamp_millis() - theirs).abs() <= 1)
        }
        _ => false,
    }
}

/// Our reading of workbooks cell by cell beside calamine's.
#[test]
fn workbooks_are_read_as_calamine_reads_them() {
    let folder = folder();
    hold(200, &sheet(), |rows| {
        let bytes = xlsx(&rows);
        let mut theirs = calamine::Xlsx::new(Cursor::new(&bytes))
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
        let range =
            theirs.worksheet_range("Sheet1").map_err(|error| TestCaseError::fail(error.to_string()))?;
        let path = write(folder.path(), "book.xlsx", &bytes);
        let (header, ours) = read(&path, 1).map_err(TestCaseError::fail)?;
        let width = rows.iter().map(|(_, cells)| cells.len()).max().unwrap_or(1);
        prop_assert_eq!(header, (0..width).map(|column| format!("column {column}")).collect::<Vec<_>>());
        let numbers: Vec<u64> = rows.iter().map(|(row, _)| u64::from(*row) + 1).collect();
        prop_assert_eq!(ours.iter().map(|(row, _)| *row).collect::<Vec<_>>(), numbers);
        for (row, cells) in &ours {
            prop_assert_eq!(cells.len(), width);
            for (column, ours) in cells.iter().enumerate() {
                let theirs = range.get_value((*row as u32 - 1, column as u32)).unwrap_or(&Data::Empty);
                prop_assert!(agrees(ours, theirs), "row {row}, column {column}: {ours:?} and {theirs:?}");
            }
        }
        Ok(())
    });
}
