//! Files in which what belongs to an order stands on its first line alone: the cells that the other lines leave empty are
//! filled from it, before anything else looks at the rows.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::io::{self, Read};
use std::sync::Arc;

use super::csv::{self, Lines, Record};
use super::presets::PresetChoice;
use super::raw::{FileFormat, RawFile, ScanError, TableLayout, internal};
use super::values::trimmed;
use super::{InputOptions, source};
use crate::error::{Error, Result};

/// Orders that are remembered, and the text of theirs, whichever is reached first.
const ORDERS: usize = 100_000;
const BYTES: usize = 64 << 20;

/// Text that is made before it is handed on.
const PIECE: usize = 1 << 20;

/// Rewrites the text of `file` with the empty cells of `order_columns` taken from the latest earlier row that has the same
/// `key`: its first line, or where that left the cell empty too, a later one. Rows without a key stay as they are, and so
/// do cells that a short row does not have. Columns that the file does not have are passed over.
///
/// The text is kept as UTF-8 with commas in memory or, when it is large, in a temporary file without a name; every row
/// stays on its line (for which line breaks in a cell that is copied become blanks), and what was above or behind the
/// table is gone (and counted in `file.left_out`). An order whose lines do
/// not follow each other is filled too, as long as not more than 100,000 other orders, or 64 MiB of their cells, lie
/// between two of its lines.
///
/// Errors: what the file holds is unreadable; no temporary file can be written. A Parquet file stays as it is.
pub(super) fn fill_down(file: &mut RawFile, key: &str, order_columns: &[String]) -> Result<()> {
    if !matches!(file.format, FileFormat::Csv { .. }) {
        return Ok(());
    }
    let (filled, bytes) = match rewrite(file, key, order_columns) {
        Ok(filled) => filled,
        Err(ScanError::Failed(error)) => return Err(error),
        Err(ScanError::Encoding { .. }) => {
            detect_again(file)?;
            rewrite(file, key, order_columns).map_err(|error| match error {
                ScanError::Failed(error) => error,
                ScanError::Encoding { .. } => internal("filling orders", &"the encoding was detected twice"),
            })?
        }
    };
    let head_rows = file.head.height().max(20);
    file.source = filled;
    file.bytes = bytes;
    file.compression = super::container::Compression::None;
    file.format =
        FileFormat::Csv { delimiter: b',', encoding: super::encoding::Encoding::UTF_8, detected: false };
    // One byte per line above the header, so that it stays on its line.
    let skip_lines = file.layout.skip_lines;
    file.layout = TableLayout { skip_bytes: skip_lines, skip_lines, footer: Vec::new(), comment: None };
    let hive = std::mem::take(&mut file.hive);
    file.header.truncate(file.header.len() - hive.len());
    csv::read_head_again(file, head_rows)?;
    file.hive = hive;
    file.add_hive()
}

/// The encoding of the first part was not that of the whole: header and head are read again under the right one.
fn detect_again(file: &mut RawFile) -> Result<()> {
    let mut options = InputOptions::default();
    if let Some(preset) = &file.preset {
        options.preset = PresetChoice::Given(preset.clone());
    }
    if let FileFormat::Csv { delimiter, .. } = file.format {
        options.delimiter = Some(char::from(delimiter).to_string());
    }
    super::raw::redetect(file, &options)
}

fn rewrite(file: &RawFile, key: &str, order_columns: &[String]) -> Result<(source::Source, u64), ScanError> {
    let columns = file.own_columns();
    let place = |name: &str| columns.iter().position(|column| column == name);
    let Some(key) = place(key) else {
        return Err(Error::UnknownName {
            what: "column",
            name: key.to_owned(),
            nearest: crate::error::nearest(key, columns.iter().map(String::as_str)),
            known: columns.to_vec(),
        }
        .into());
    };
    let mut places: Vec<usize> =
        order_columns.iter().filter_map(|name| place(name)).filter(|place| *place != key).collect();
    places.sort_unstable();
    places.dedup();

    let mut out = Writer { text: Vec::with_capacity(PIECE + PIECE / 4), line: 1 };
    out.line_breaks_to(1 + file.layout.skip_lines);
    out.record(columns.iter().map(|name| Cow::Borrowed(name.as_str())));
    let mut text = Filled {
        lines: Lines::open(file)?,
        filler: Filler { key, places, orders: Orders::default() },
        out,
        handed_out: 0,
        failure: None,
    };
    let label = file.label.clone();
    let failed = |source| Error::Io { action: "read", path: label.clone(), source };
    let spooled = source::spool(&mut text, failed);
    match (text.failure, spooled) {
        (Some(failure), _) => Err(failure),
        (None, spooled) => Ok(spooled?),
    }
}

/// The rewritten text, made as it is read.
struct Filled<'a> {
    lines: Lines<'a>,
    filler: Filler,
    out: Writer,
    /// Bytes of `out` that have been read.
    handed_out: usize,
    /// Why it ended too early.
    failure: Option<ScanError>,
}

impl Read for Filled<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.handed_out == self.out.text.len() {
            self.handed_out = 0;
            self.out.text.clear();
            let (filler, out) = (&mut self.filler, &mut self.out);
            match self.lines.next_chunk(&mut |record| filler.pass(record, out)) {
                Ok(true) => {}
                Ok(false) => return Ok(0),
                Err(error) => {
                    self.failure = Some(error);
                    return Err(io::Error::other("the input could not be read"));
                }
            }
        }
        let rest = &self.out.text[self.handed_out..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.handed_out += length;
        Ok(length)
    }
}

/// Fills record by record.
struct Filler {
    key: usize,
    /// The columns of the order, in their order in the file.
    places: Vec<usize>,
    orders: Orders,
}

impl Filler {
    fn pass(&mut self, record: &Record<'_>, out: &mut Writer) {
        out.line_breaks_to(record.line);
        let fields = record.fields;
        let order = match fields.get(self.key).map(|key| trimmed(key)).filter(|key| !key.is_empty()) {
            Some(key) => self.orders.of(key, self.places.len()),
            None => {
                out.record(fields.iter().map(|field| Cow::Borrowed(&**field)));
                return;
            }
        };
        for (cell, place) in order.iter_mut().zip(&self.places) {
            if let Some(field) = fields.get(*place).filter(|field| !trimmed(field).is_empty())
                && **cell != **field
            {
                *cell = (&**field).into();
            }
        }
        let mut places = self.places.iter().zip(order.iter()).peekable();
        out.record(fields.iter().enumerate().map(|(index, field)| {
            // A cell that is there is its order's latest.
            match places.next_if(|(place, _)| **place == index) {
                Some((_, cell)) if !cell.is_empty() && trimmed(field).is_empty() => {
                    Cow::Owned(cell.replace(['\r', '\n'], " "))
                }
                _ => Cow::Borrowed(&**field),
            }
        }));
        self.orders.weigh();
    }
}

/// The cells of the latest orders, empty where nothing has been seen yet.
#[derive(Default)]
struct Orders {
    known: HashMap<Arc<str>, Order>,
    /// Keys by the time of their last turn; those with an older number have had another since.
    turns: VecDeque<(u64, Arc<str>)>,
    next_turn: u64,
    latest: Option<Arc<str>>,
    /// Text of all orders but the latest.
    bytes: usize,
}

struct Order {
    turn: u64,
    cells: Vec<Box<str>>,
    bytes: usize,
}

impl Orders {
    /// The cells of an order, which is the latest from now on.
    fn of(&mut self, key: &str, width: usize) -> &mut Vec<Box<str>> {
        let key: Arc<str> = match &self.latest {
            Some(latest) if **latest == *key => latest.clone(),
            _ => {
                let key: Arc<str> = match self.known.get_key_value(key) {
                    Some((known, _)) => known.clone(),
                    None => key.into(),
                };
                self.turns.push_back((self.next_turn, key.clone()));
                self.next_turn += 1;
                self.latest = Some(key.clone());
                key
            }
        };
        let turn = self.next_turn - 1;
        let order = self.known.entry(key).or_insert_with(|| Order {
            turn,
            cells: vec![Box::default(); width],
            bytes: 0,
        });
        order.turn = turn;
        &mut order.cells
    }

    /// Forgets the oldest orders where there are too many.
    fn weigh(&mut self) {
        if let Some(order) = self.latest.as_ref().and_then(|latest| self.known.get_mut(latest)) {
            let bytes = order.cells.iter().map(|cell| cell.len() + 16).sum();
            self.bytes = self.bytes + bytes - order.bytes;
            order.bytes = bytes;
        }
        while (self.known.len() > ORDERS || self.bytes > BYTES) && self.known.len() > 1 {
            let Some((turn, key)) = self.turns.pop_front() else { return };
            if self.known.get(&key).is_some_and(|order| order.turn == turn) {
                self.bytes -= self.known.remove(&key).map_or(0, |order| order.bytes);
            }
        }
        if self.turns.len() > 2 * ORDERS {
            let known = &self.known;
            self.turns.retain(|(turn, key)| known.get(key).is_some_and(|order| order.turn == *turn));
        }
    }
}

/// Writes records with commas, each on the line where it stood.
struct Writer {
    text: Vec<u8>,
    /// The line that the next byte stands on.
    line: u64,
}

impl Writer {
    fn line_breaks_to(&mut self, line: u64) {
        while self.line < line {
            self.text.push(b'\n');
            self.line += 1;
        }
    }

    fn record<'f>(&mut self, fields: impl Iterator<Item = Cow<'f, str>>) {
        let start = self.text.len();
        for (index, field) in fields.enumerate() {
            if index > 0 {
                self.text.push(b',');
            }
            if field.starts_with('"') || field.contains([',', '\n', '\r']) {
                self.text.push(b'"');
                self.text.extend_from_slice(field.replace('"', "\"\"").as_bytes());
                self.text.push(b'"');
            } else {
                self.text.extend_from_slice(field.as_bytes());
            }
        }
        if self.text.len() == start {
            // One empty cell, which would else be a blank line.
            self.text.extend_from_slice(b"\"\"");
        }
        self.text.push(b'\n');
        self.line += csv::count_lines(&self.text[start..]);
    }
}

#[cfg(test)]
#[path = "fill_tests.rs"]
mod tests;
