//! JSON as a table: one object a line (ndjson), objects one behind the other, or one array of objects. They are turned
//! into the text of a csv, which is then read like any other.
//!
//! The text is made in two passes, one for the names and one for the rows, and holds one record in memory at a time.
//! What is nested becomes columns whose names are joined by dots (`properties.distinct_id`); arrays stay JSON text, but for
//! GA4's lists of parameters (`event_params.page_location`). Numbers keep the digits that they are written with.
//!
//! A row of the table has the number of the line on which its record begins. Where several records share a line, those
//! behind the first have the next numbers.

use std::cell::RefCell;
use std::io::{self, Read};
use std::ops::Range;

use hashbrown::HashMap;

use super::container::{Compression, Stream};
use super::encoding::{Detector, Encoding, malformed};
use super::raw::{Container, RawFile};
use super::{InputOptions, csv, source};
use crate::error::{Error, Result};

mod flatten;
mod records;

use flatten::{Cells, Flattener};
use records::Records;

/// The longest record: more is no event and no order.
const LONGEST_RECORD: usize = 16 << 20;

/// More names than this mean that values (ids, dates) are used as names.
const MOST_COLUMNS: usize = 10_000;

/// Text read at a time.
const PIECE: usize = 1 << 20;

/// Whether the first bytes of a file are those of an object, or of an array of objects.
pub(super) fn is_json(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    match head.split_first() {
        Some((b'{', rest)) => matches!(rest.trim_ascii_start().first(), Some(b'"' | b'}')),
        Some((b'[', rest)) => {
            let rest = rest.trim_ascii_start();
            match rest.split_first() {
                Some((b'{', rest)) => matches!(rest.trim_ascii_start().first(), Some(b'"' | b'}') | None),
                Some((b']', rest)) => rest.trim_ascii().is_empty(),
                _ => false,
            }
        }
        _ => false,
    }
}

/// Turns the file's content into the text of a csv, and opens that: fills in format, header and head.
pub(super) fn open(file: &mut RawFile, options: &InputOptions, head_rows: usize) -> Result<()> {
    let given = options.encoding.as_deref().map(Encoding::from_label).transpose()?;
    let mut encoding = given.unwrap_or(Encoding::UTF_8);
    let names = match names(file, encoding) {
        // JSON is UTF-8; when it is not, it is what the bytes say.
        Err(ReadError::Malformed { .. }) if given.is_none() => {
            encoding = detect(file)?;
            names(file, encoding)
        }
        names => names,
    };
    let names = names.map_err(|error| error.told(&file.label, encoding))?;
    let failure = RefCell::new(None);
    let rows = Rows {
        records: Records::open(file, encoding)?,
        flattener: Flattener::default(),
        row: Row::new(&names),
        text: header(&names),
        written: 0,
        next_line: 2,
        failure: &failure,
    };
    let (source, bytes) = source::spool(rows, |source| match failure.take() {
        Some(error) => ReadError::told(error, &file.label, encoding),
        None => Error::Io { action: "read", path: file.label.clone(), source },
    })?;
    file.source = source;
    file.bytes = bytes;
    file.compression = Compression::None;
    file.container.push(Container { kind: "json", part: None });
    let options =
        InputOptions { encoding: Some("utf-8".into()), delimiter: Some(",".into()), ..options.clone() };
    csv::open(file, &options, head_rows)?;
    file.layout.header_is_above = true;
    Ok(())
}

fn detect(file: &RawFile) -> Result<Encoding> {
    let mut detector = Detector::default();
    let mut stream = Stream::open(&file.source, file.compression, &file.label)?;
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let complete = stream.fill(&mut bytes, PIECE)?;
        detector.push(&bytes);
        if complete {
            return detector.finish(true, &file.label);
        }
    }
}

/// Why reading ended before the end.
#[derive(Debug)]
enum ReadError {
    /// A byte that the encoding does not have.
    Malformed {
        offset: u64,
        line: u64,
    },
    /// A record that is none; `number` where the line alone does not say which.
    Bad {
        line: u64,
        number: Option<u64>,
        what: String,
        hint: Option<&'static str>,
    },
    Failed(Error),
}

impl From<Error> for ReadError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl ReadError {
    fn bad(line: u64, what: impl Into<String>) -> Self {
        Self::Bad { line, number: None, what: what.into(), hint: None }
    }

    fn told(self, label: &str, encoding: Encoding) -> Error {
        match self {
            Self::Failed(error) => error,
            Self::Malformed { offset, line } => malformed(label, encoding, offset, line),
            Self::Bad { line, number, what, hint } => {
                let record = number.map(|number| format!(", record {number}")).unwrap_or_default();
                Error::Damaged {
                    path: label.to_owned(),
                    why: format!("line {line}{record}: {what}"),
                    hint: hint.map(str::to_owned),
                }
            }
        }
    }
}

/// The names of all records, in order of their first appearance.
#[derive(Default)]
struct Names {
    order: Vec<String>,
    places: HashMap<String, usize>,
}

impl Cells for Names {
    fn cell(&mut self, name: &str, _: Option<&str>) -> Result<(), String> {
        if self.places.contains_key(name) {
            return Ok(());
        }
        if self.order.len() == MOST_COLUMNS {
            return Err(format!("more than {MOST_COLUMNS} different names: the next is {name:?}"));
        }
        self.places.insert(name.to_owned(), self.order.len());
        self.order.push(name.to_owned());
        Ok(())
    }
}

fn names(file: &RawFile, encoding: Encoding) -> Result<Names, ReadError> {
    let mut records = Records::open(file, encoding)?;
    let mut names = Names::default();
    let mut flattener = Flattener::default();
    while let Some(record) = records.next()? {
        let before = names.order.len();
        flattener.flatten(records.text_of(&record)?, &mut names).map_err(|fault| {
            let mut error = records.bad(&record, fault);
            if let ReadError::Bad { hint, .. } = &mut error
                && before.max(names.order.len()) == MOST_COLUMNS
            {
                *hint = Some("ids or dates that are used as names cannot be columns");
            }
            error
        })?;
    }
    if names.order.is_empty() {
        let why = if records.number == 0 { "there are no records in it" } else { "its records are empty" };
        return Err(Error::Empty { path: records.label, why: why.into() }.into());
    }
    Ok(names)
}

fn header(names: &Names) -> Vec<u8> {
    let mut text = Vec::new();
    for (at, name) in names.order.iter().enumerate() {
        if at > 0 {
            text.push(b',');
        }
        push_field(&mut text, name);
    }
    end_row(&mut text, names.order.len(), 0);
    text
}

/// Writes a field, in quotes where it must. A table's cell has one line: line breaks and NUL become blanks.
fn push_field(out: &mut Vec<u8>, field: &str) {
    let special = |byte: u8| matches!(byte, b',' | b'"' | b'\n' | b'\r' | 0);
    if !field.bytes().any(special) {
        out.extend_from_slice(field.as_bytes());
        return;
    }
    out.push(b'"');
    for byte in field.bytes() {
        match byte {
            b'\n' | b'\r' | 0 => out.push(b' '),
            b'"' => out.extend_from_slice(b"\"\""),
            byte => out.push(byte),
        }
    }
    out.push(b'"');
}

/// Ends a row that began at `from`. One empty field alone would be no row.
fn end_row(out: &mut Vec<u8>, fields: usize, from: usize) {
    if fields == 1 && out.len() == from {
        out.extend_from_slice(b"\"\"");
    }
    out.push(b'\n');
}

/// The cells of one record.
struct Row<'a> {
    names: &'a Names,
    /// Per column where in `text` its value stands.
    values: Vec<Option<Range<usize>>>,
    text: String,
}

impl<'a> Row<'a> {
    fn new(names: &'a Names) -> Self {
        Self { names, values: vec![None; names.order.len()], text: String::new() }
    }

    fn clear(&mut self) {
        self.values.fill(None);
        self.text.clear();
    }

    fn write(&self, out: &mut Vec<u8>) {
        let from = out.len();
        for (at, value) in self.values.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            if let Some(value) = value {
                push_field(out, &self.text[value.clone()]);
            }
        }
        end_row(out, self.values.len(), from);
    }
}

impl Cells for Row<'_> {
    fn cell(&mut self, name: &str, value: Option<&str>) -> Result<(), String> {
        let Some(value) = value else { return Ok(()) };
        let Some(place) = self.names.places.get(name) else {
            return Err(format!("the file has changed while it was read: {name:?} is new"));
        };
        let slot = &mut self.values[*place];
        if let Some(there) = slot {
            if self.text[there.clone()] == *value {
                return Ok(());
            }
            return Err(format!("there are two different values of {name:?} in the record"));
        }
        let start = self.text.len();
        self.text.push_str(value);
        *slot = Some(start..self.text.len());
        Ok(())
    }
}

/// The text of the csv, made as it is read.
struct Rows<'a> {
    records: Records,
    flattener: Flattener,
    row: Row<'a>,
    /// Made and not yet read.
    text: Vec<u8>,
    written: usize,
    /// The number of the next line of the csv; its header is the first, and record n of ndjson stands on line n + 1.
    next_line: u64,
    failure: &'a RefCell<Option<ReadError>>,
}

impl Rows<'_> {
    /// False at the end.
    fn make(&mut self) -> Result<bool, ReadError> {
        let Some(record) = self.records.next()? else { return Ok(false) };
        self.row.clear();
        self.flattener
            .flatten(self.records.text_of(&record)?, &mut self.row)
            .map_err(|fault| self.records.bad(&record, fault))?;
        while self.next_line <= record.line {
            self.text.push(b'\n');
            self.next_line += 1;
        }
        self.row.write(&mut self.text);
        self.next_line += 1;
        Ok(true)
    }
}

impl Read for Rows<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.written == self.text.len() {
            self.text.clear();
            self.written = 0;
            while self.text.len() < 64 << 10 {
                match self.make() {
                    Ok(true) => {}
                    Ok(false) if self.text.is_empty() => return Ok(0),
                    Ok(false) => break,
                    Err(error) => {
                        *self.failure.borrow_mut() = Some(error);
                        return Err(io::Error::other("a record cannot be read"));
                    }
                }
            }
        }
        let length = buffer.len().min(self.text.len() - self.written);
        buffer[..length].copy_from_slice(&self.text[self.written..self.written + length]);
        self.written += length;
        Ok(length)
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
