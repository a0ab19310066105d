//! Records and fields of a piece of text, and columns of them.

use std::borrow::Cow;

use memchr::memchr;
use polars::prelude::*;

use super::chunks::{Chunk, count_lines};
use super::outline::without;
use super::{RawFile, ScanError, malformed, marks};
use crate::error::{Error, Result};
use crate::input::raw::{FileFormat, RawBatch, RowNumbers, internal};

/// Rows per batch at most.
const BATCH_ROWS: usize = 128 << 10;

/// What stands in a text, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A field as written (from, to), quotes included.
    Field(usize, usize),
    /// A record that began on that line ends; the next one begins at `next`.
    End { line: u64, next: usize },
}

/// Walks through the records of `text` until `on` says false (asked after each record). Lines without any character
/// are skipped. Not `complete`: the text is cut off somewhere, so what is behind the last line end is no record.
pub fn walk(text: &[u8], delimiter: u8, first_line: u64, complete: bool, on: impl FnMut(Event) -> bool) {
    let quotes = memchr(b'"', text).is_some();
    let returns = memchr(b'\r', text).is_some();
    match (quotes, returns) {
        (false, false) => walk_marks(text, delimiter, [delimiter, b'\n'], first_line, complete, on),
        (false, true) => walk_marks(text, delimiter, [delimiter, b'\n', b'\r'], first_line, complete, on),
        (true, false) => walk_marks(text, delimiter, [delimiter, b'\n', b'"'], first_line, complete, on),
        (true, true) => {
            walk_marks(text, delimiter, [delimiter, b'\n', b'\r', b'"'], first_line, complete, on)
        }
    }
}

/// `marks`: the bytes to stop at.
fn walk_marks<const N: usize>(
    text: &[u8],
    delimiter: u8,
    marks: [u8; N],
    first_line: u64,
    complete: bool,
    mut on: impl FnMut(Event) -> bool,
) {
    let (mut record, mut field) = (0, 0);
    let (mut record_line, mut line) = (first_line, first_line);
    let mut quoted = false;
    // The second quote of a pair.
    let mut paired = usize::MAX;
    let mut stopped = false;
    marks::each(text, marks, |at| {
        let byte = text[at];
        let second_half = || byte == b'\n' && at > 0 && text[at - 1] == b'\r';
        if quoted {
            if byte == b'"' {
                if at != paired {
                    if text.get(at + 1) == Some(&b'"') {
                        paired = at + 1;
                    } else {
                        quoted = false;
                    }
                }
            } else if byte != delimiter {
                line += u64::from(!second_half());
            }
        } else if byte == delimiter {
            on(Event::Field(field, at));
            field = at + 1;
        } else if byte == b'"' {
            quoted = at == field;
        } else {
            if at > record {
                on(Event::Field(field, at));
                stopped = !on(Event::End { line: record_line, next: after_line_end(text, at) });
                line += 1;
            } else {
                line += u64::from(!second_half());
            }
            record_line = line;
            record = at + 1;
            field = at + 1;
        }
        !stopped
    });
    if complete && !stopped && record < text.len() {
        on(Event::Field(field, text.len()));
        on(Event::End { line: record_line, next: text.len() });
    }
}

/// `at` is a CR or LF.
pub fn after_line_end(text: &[u8], at: usize) -> usize {
    let pair = text[at] == b'\r' && text.get(at + 1) == Some(&b'\n');
    at + 1 + usize::from(pair)
}

/// `at` is a quote that opens a field.
pub fn after_closing_quote(text: &[u8], at: usize) -> Option<usize> {
    let mut from = at + 1;
    loop {
        let quote = from + memchr(b'"', &text[from..])?;
        if text.get(quote + 1) != Some(&b'"') {
            return Some(quote + 1);
        }
        from = quote + 2;
    }
}

/// The content of a field as written.
pub fn content(written: &str) -> Cow<'_, str> {
    let Some(inner) = written.strip_prefix('"') else { return Cow::Borrowed(written) };
    match memchr(b'"', inner.as_bytes()) {
        Some(close) if close + 1 == inner.len() => Cow::Borrowed(&inner[..close]),
        _ => Cow::Owned(unescape(inner)),
    }
}

/// Behind the opening quote: `""` is a quote, a single one closes; what follows it belongs to the field as it stands.
fn unescape(mut inner: &str) -> String {
    let mut content = String::with_capacity(inner.len());
    while let Some(quote) = memchr(b'"', inner.as_bytes()) {
        content.push_str(&inner[..quote]);
        inner = &inner[quote + 1..];
        match inner.strip_prefix('"') {
            Some(rest) => {
                content.push('"');
                inner = rest;
            }
            None => break,
        }
    }
    content + inner
}

/// The first record of a text.
pub enum First<'t> {
    Whole {
        fields: Vec<String>,
        /// The text behind it, and the line on which that begins.
        rest: &'t str,
        line: u64,
    },
    /// It has more fields than this.
    TooWide,
    /// It does not end.
    Unfinished,
}

/// The first record, which may have up to `most` fields.
pub fn first(text: &str, delimiter: u8, complete: bool, most: usize) -> First<'_> {
    let mut fields = Vec::new();
    let mut end = None;
    walk(text.as_bytes(), delimiter, 1, complete, |event| match event {
        Event::Field(from, to) => {
            if fields.len() <= most {
                fields.push(content(&text[from..to]).into_owned());
            }
            true
        }
        Event::End { next, .. } => {
            end = Some(next);
            false
        }
    });
    if fields.len() > most {
        return First::TooWide;
    }
    let Some(end) = end else { return First::Unfinished };
    // A quote never closed swallows the rest of a complete text.
    if complete && end == text.len() && is_unclosed(text.as_bytes(), delimiter) {
        return First::Unfinished;
    }
    First::Whole { fields, rest: &text[end..], line: 1 + count_lines(&text.as_bytes()[..end]) }
}

fn is_unclosed(text: &[u8], delimiter: u8) -> bool {
    let mut finished = false;
    walk(text, delimiter, 1, false, |event| {
        finished = matches!(event, Event::End { .. });
        !finished
    });
    if finished || text.is_empty() {
        return false;
    }
    // Only the last field can be open.
    let mut last = 0;
    walk(text, delimiter, 1, true, |event| {
        if let Event::Field(from, _) = event {
            last = from;
        }
        matches!(event, Event::Field(..))
    });
    text.get(last) == Some(&b'"') && after_closing_quote(text, last).is_none()
}

/// Where the first record of `text`, which consists of whole records, ends.
pub fn first_end(text: &[u8], delimiter: u8) -> Option<usize> {
    let mut end = None;
    walk(text, delimiter, 1, true, |event| {
        if let Event::End { next, .. } = event {
            end = Some(next);
        }
        end.is_none()
    });
    end
}

/// Which fields of a record become which columns.
pub struct Layout {
    delimiter: u8,
    /// Per field of the header its place among `names`, if it is wanted.
    slots: Vec<Option<usize>>,
    names: Vec<String>,
    pub batch_rows: usize,
}

impl Layout {
    /// `fields[i]` becomes the column `names[i]`.
    pub fn new(file: &RawFile, fields: Vec<usize>, names: Vec<String>) -> Self {
        let delimiter = match file.format {
            FileFormat::Csv { delimiter, .. } => delimiter,
            FileFormat::Parquet { .. } => b',',
        };
        let mut slots = vec![None; file.own_columns().len()];
        for (slot, field) in fields.into_iter().enumerate() {
            slots[field] = Some(slot);
        }
        Self { delimiter, slots, names, batch_rows: BATCH_ROWS }
    }

    pub fn all(delimiter: u8, names: Vec<String>) -> Self {
        Self { delimiter, slots: (0..names.len()).map(Some).collect(), names, batch_rows: BATCH_ROWS }
    }

    pub fn empty_frame(&self) -> Result<DataFrame> {
        Ok(Columns::new(self, 0).take()?.frame)
    }
}

/// Rows of a text as columns.
pub struct Batch {
    pub frame: DataFrame,
    pub rows: RowNumbers,
    pub overlong: Vec<(u32, u32)>,
    pub short: Vec<(u32, u32)>,
    /// Every overlong row has one field more than the header, and that is empty.
    pub overlong_are_one_empty: bool,
}

/// Columns that grow row by row.
struct Columns<'a> {
    layout: &'a Layout,
    builders: Vec<StringChunkedBuilder>,
    capacity: usize,
    height: usize,
    first: u64,
    /// Once the lines of the rows are not consecutive.
    lines: Option<Vec<u64>>,
    overlong: Vec<(u32, u32)>,
    short: Vec<(u32, u32)>,
    overlong_are_one_empty: bool,
}

impl<'a> Columns<'a> {
    fn new(layout: &'a Layout, capacity: usize) -> Self {
        let builder = |name: &String| StringChunkedBuilder::new(name.as_str().into(), capacity);
        Self {
            layout,
            builders: layout.names.iter().map(builder).collect(),
            capacity,
            height: 0,
            first: 0,
            lines: None,
            overlong: Vec::new(),
            short: Vec::new(),
            overlong_are_one_empty: true,
        }
    }

    #[inline]
    fn field(&mut self, field: usize, written: &str) {
        let Some(Some(slot)) = self.layout.slots.get(field) else { return };
        let builder = &mut self.builders[*slot];
        if written.is_empty() {
            builder.append_null();
        } else if written.as_bytes()[0] != b'"' {
            builder.append_value(written);
        } else {
            let content = content(written);
            builder.append_option((!content.is_empty()).then_some(content));
        }
    }

    fn end(&mut self, fields: usize, line: u64, last_is_empty: bool) {
        let width = self.layout.slots.len();
        if fields != width {
            let entry = (self.height as u32, fields as u32);
            if fields < width {
                self.short.push(entry);
                for slot in self.layout.slots[fields..].iter().flatten() {
                    self.builders[*slot].append_null();
                }
            } else {
                self.overlong.push(entry);
                self.overlong_are_one_empty &= fields == width + 1 && last_is_empty;
            }
        }
        if self.height == 0 {
            self.first = line;
        }
        match &mut self.lines {
            Some(lines) => lines.push(line),
            None if line == self.first + self.height as u64 => {}
            None => {
                let mut lines: Vec<u64> = (self.first..self.first + self.height as u64).collect();
                lines.push(line);
                self.lines = Some(lines);
            }
        }
        self.height += 1;
    }

    fn take(&mut self) -> Result<Batch> {
        let rest = Self::new(self.layout, self.capacity);
        let full = std::mem::replace(self, rest);
        // Where the text is cut off within a record, its first fields are there already.
        let columns =
            full.builders.into_iter().map(|builder| builder.finish().into_column().head(Some(full.height)));
        let frame = DataFrame::new(full.height, columns.collect())
            .map_err(|error| internal("building text columns", &error))?;
        Ok(Batch {
            frame,
            rows: full.lines.map_or(RowNumbers::Sequence { first: full.first }, RowNumbers::Each),
            overlong: full.overlong,
            short: full.short,
            overlong_are_one_empty: full.overlong_are_one_empty,
        })
    }
}

/// Parses text that begins where a record begins; `emit` takes the batches and says whether it wants more.
pub fn parse(
    text: &str,
    first_line: u64,
    layout: &Layout,
    complete: bool,
    emit: &mut dyn FnMut(Batch) -> Result<bool>,
) -> Result<()> {
    let capacity = layout.batch_rows.min(text.len() / (2 * layout.slots.len()).max(32) + 1);
    let mut columns = Columns::new(layout, capacity);
    let mut fields = 0;
    let mut last_is_empty = false;
    let mut outcome = Ok(true);
    walk(text.as_bytes(), layout.delimiter, first_line, complete, |event| match event {
        Event::Field(from, to) => {
            columns.field(fields, &text[from..to]);
            fields += 1;
            last_is_empty = from == to;
            true
        }
        Event::End { line, .. } => {
            columns.end(fields, line, last_is_empty);
            fields = 0;
            if columns.height < layout.batch_rows {
                return true;
            }
            outcome = columns.take().and_then(&mut *emit);
            matches!(outcome, Ok(true))
        }
    });
    if outcome? && columns.height > 0 {
        emit(columns.take()?)?;
    }
    Ok(())
}

impl Chunk {
    /// The text, checked and without comment lines. `index`: of the file.
    pub fn text(&self, file: &RawFile, index: usize) -> Result<Cow<'_, str>, ScanError> {
        let FileFormat::Csv { encoding, detected, .. } = file.format else { return Ok(Cow::Borrowed("")) };
        let text = match simdutf8::compat::from_utf8(&self.text) {
            Ok(text) => text,
            Err(error) => {
                let at = error.valid_up_to();
                let offset = self.offset + at as u64;
                if detected {
                    return Err(ScanError::Encoding { file: index, offset });
                }
                let line = self.line + count_lines(&self.text[..at]);
                return Err(malformed(&file.label, encoding, offset, line).into());
            }
        };
        if let Some(at) = memchr(0, text.as_bytes()) {
            return Err(null_byte(&file.label, self.line + count_lines(&self.text[..at])).into());
        }
        Ok(if self.comments.is_empty() {
            Cow::Borrowed(text)
        } else {
            Cow::Owned(without(text, &self.comments))
        })
    }

    /// Checks and parses the chunk.
    pub fn parse(
        self,
        file: &RawFile,
        index: usize,
        layout: &Layout,
        emit: &mut dyn FnMut(RawBatch) -> Result<()>,
    ) -> Result<(), ScanError> {
        parse(&self.text(file, index)?, self.line, layout, true, &mut |batch| {
            let Batch { frame, rows, overlong, short, .. } = batch;
            emit(RawBatch { file: index, frame, rows, overlong, short })?;
            Ok(true)
        })?;
        Ok(())
    }
}

pub fn null_byte(label: &str, line: u64) -> Error {
    Error::Damaged {
        path: label.to_owned(),
        why: format!("line {line} holds a NUL byte, which no text has"),
        hint: Some("is it binary, damaged, or UTF-16 (--encoding utf-16le)?".into()),
    }
}
