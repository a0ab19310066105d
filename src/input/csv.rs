//! Tables of delimited text.
//!
//! One thread cuts the text into chunks that end where records end (`chunks`), workers parse them (`records`). Both
//! follow the rule of the csv crate: a quote opens a field only where the field begins, `""` within is a quote, and CR,
//! LF and CRLF end a record; lines without any character are no records.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use polars::prelude::*;

use super::InputOptions;
use super::container::Stream;
use super::encoding::{Detector, Encoding, TextError, TextReader, malformed};
use super::layout::{LeftOut, MOST_COLUMNS};
use super::raw::{FileFormat, Offer, RawFile, ScanError, TableLayout, Work};
use super::values::trimmed;
use crate::error::{Error, Result};

mod chunks;
mod delimiter;
mod lines;
mod marks;
mod outline;
mod records;
mod start;
#[cfg(test)]
mod start_tests;
#[cfg(test)]
mod tests;

pub(super) use chunks::Chunk;
use chunks::Chunker;
pub(super) use chunks::count_lines;
pub(super) use lines::{Lines, Record};
use records::First;
pub(super) use records::Layout;
use start::Start;

/// Text per piece of work: small enough for the second-level cache, large enough for batches of 16k rows and more.
pub(super) const CHUNK: usize = 2 << 20;

/// The longest record; more means that a quote was never closed, or that this is no table.
const LONGEST_RECORD: usize = 16 << 20;

/// From this much of the file's begin encoding, delimiter, header and head are known, if it holds one whole record.
const HEAD_BYTES: usize = 1 << 20;

/// Fills in format, header and head.
pub(super) fn open(file: &mut RawFile, options: &InputOptions, head_rows: usize) -> Result<()> {
    let encoding = match &options.encoding {
        Some(label) => Some(Encoding::from_label(label)?),
        None => None,
    };
    for limit in [HEAD_BYTES, LONGEST_RECORD + HEAD_BYTES] {
        let mut bytes = Vec::new();
        let complete = stream(file)?.fill(&mut bytes, limit)?;
        let found = match encoding {
            Some(encoding) => encoding,
            None => {
                let mut detector = Detector::default();
                detector.push(&bytes);
                detector.finish(complete, &file.label)?
            }
        };
        drop(bytes);
        if begin(file, found, encoding.is_none(), options, head_rows, limit)? {
            return Ok(());
        }
    }
    Err(Error::Damaged {
        path: file.label.clone(),
        why: format!(
            "no end of the first record within {} MiB: this is no table, or a quote is never closed",
            LONGEST_RECORD >> 20
        ),
        hint: None,
    })
}

/// As `open`, but the encoding is detected from all bytes.
pub(super) fn open_after_reading_all(
    file: &mut RawFile,
    options: &InputOptions,
    head_rows: usize,
) -> Result<()> {
    let mut detector = Detector::default();
    let mut stream = stream(file)?;
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let complete = stream.fill(&mut bytes, HEAD_BYTES)?;
        detector.push(&bytes);
        if complete {
            break;
        }
    }
    let encoding = detector.finish(true, &file.label)?;
    for limit in [HEAD_BYTES, LONGEST_RECORD + HEAD_BYTES] {
        // No longer `detected`: another contradiction is an error, not a reason to look a third time.
        if begin(file, encoding, false, options, head_rows, limit)? {
            return Ok(());
        }
    }
    Ok(())
}

fn stream(file: &RawFile) -> Result<Stream> {
    Stream::open(&file.source, file.compression, &file.label)
}

/// Reads delimiter, header and head from the first `limit` bytes; false if they hold no whole record.
fn begin(
    file: &mut RawFile,
    encoding: Encoding,
    detected: bool,
    options: &InputOptions,
    head_rows: usize,
    limit: usize,
) -> Result<bool> {
    let mut text = Vec::new();
    let complete = match TextReader::new(stream(file)?, encoding).fill(&mut text, limit) {
        Ok(complete) => complete,
        Err(TextError::Failed(error)) => return Err(error),
        Err(TextError::Malformed { offset }) => {
            return Err(malformed(&file.label, encoding, offset, 1 + count_lines(&text)));
        }
    };
    let valid = match simdutf8::compat::from_utf8(&text) {
        Ok(_) => text.len(),
        Err(error) if error.error_len().is_none() && !complete => error.valid_up_to(),
        Err(error) => {
            let line = 1 + count_lines(&text[..error.valid_up_to()]);
            return Err(malformed(&file.label, encoding, error.valid_up_to() as u64, line));
        }
    };
    text.truncate(valid);
    if let Some(at) = memchr::memchr(0, &text) {
        return Err(records::null_byte(&file.label, 1 + count_lines(&text[..at])));
    }
    let text = std::str::from_utf8(&text).unwrap_or_default();
    if text.bytes().all(|byte| matches!(byte, b'\r' | b'\n')) {
        if !complete {
            return Ok(false);
        }
        let why = if file.bytes == 0 { "the file is empty" } else { "there is nothing in it" };
        return Err(Error::Empty { path: file.label.clone(), why: why.into() });
    }
    let Some(start) = start::find(text, complete, options, &file.label)? else { return Ok(false) };
    let Start { delimiter, lines, .. } = start;
    let table = &text[start.offset..];
    let (fields, body, line) = match records::first(table, delimiter, complete, MOST_COLUMNS) {
        First::Whole { fields, rest, line } => (fields, rest, line + lines),
        First::TooWide => return Err(too_wide(&file.label, 1 + lines + count_leading_lines(table))),
        // The only way: a quote that is never closed.
        First::Unfinished if complete => {
            return Err(chunks::unclosed(&file.label, 1 + lines + count_leading_lines(table)));
        }
        First::Unfinished => return Ok(false),
    };
    file.format = FileFormat::Csv { delimiter, encoding, detected };
    let rules = start.preset.as_ref().map(|preset| &preset.file);
    file.layout = TableLayout {
        skip_bytes: start.offset as u64,
        skip_lines: lines,
        footer: rules.map(|rules| rules.footer.clone()).unwrap_or_default(),
        comment: rules.and_then(|rules| rules.comment.clone()),
    };
    file.left_out = Arc::new(LeftOut::with_preamble(start.preamble));
    file.preset = start.preset;
    let body = &*without_rest(body, delimiter, &file.layout, complete);
    let (mut names, mut repeated) = unique_names(fields);
    let head = read_head(body, line, delimiter, &names, head_rows, complete)?;
    let mut frame = head.frame;
    // A delimiter at the end of every row but not of the header: a last column without name.
    let rows = frame.height();
    if rows > 0 && head.overlong.len() == rows && head.one_empty_more {
        names.push(format!("column_{}", names.len() + 1));
        let more;
        (names, more) = unique_names(names);
        repeated.extend(more);
        frame = read_head(body, line, delimiter, &names, head_rows, complete)?.frame;
    }
    file.header = names;
    file.repeated = repeated;
    file.head = frame;
    Ok(true)
}

/// Reads the head of a text in UTF-8 whose layout and header are known.
pub(super) fn read_head_again(file: &mut RawFile, head_rows: usize) -> Result<()> {
    let FileFormat::Csv { delimiter, encoding, .. } = file.format else { return Ok(()) };
    for limit in [HEAD_BYTES, LONGEST_RECORD + HEAD_BYTES] {
        let mut text = Vec::new();
        let complete = match TextReader::new(stream(file)?, encoding).fill(&mut text, limit) {
            Ok(complete) => complete,
            Err(TextError::Failed(error)) => return Err(error),
            Err(TextError::Malformed { offset }) => {
                return Err(malformed(&file.label, encoding, offset, 1 + count_lines(&text)));
            }
        };
        let valid = simdutf8::compat::from_utf8(&text).map_or_else(|error| error.valid_up_to(), str::len);
        let text = std::str::from_utf8(&text[..valid]).unwrap_or_default();
        let begin = usize::try_from(file.layout.skip_bytes).unwrap_or(usize::MAX);
        let table = text.get(begin..).unwrap_or_default();
        if let First::Whole { rest, line, .. } = records::first(table, delimiter, complete, MOST_COLUMNS) {
            let line = line + file.layout.skip_lines;
            file.head = read_head(rest, line, delimiter, &file.header, head_rows, complete)?.frame;
            return Ok(());
        }
    }
    Err(super::raw::internal("reading the first rows again", &"there is no header"))
}

fn too_wide(label: &str, line: u64) -> Error {
    Error::Damaged {
        path: label.to_owned(),
        why: format!("the header in line {line} has more than {MOST_COLUMNS} columns, which is the limit"),
        hint: Some(
            "is the delimiter right (--delimiter)? a table lying on its side must be turned first".into(),
        ),
    }
}

/// The first rows without comment lines and without what is behind the table.
fn without_rest<'t>(body: &'t str, delimiter: u8, layout: &TableLayout, complete: bool) -> Cow<'t, str> {
    if layout.is_plain() {
        return Cow::Borrowed(body);
    }
    let outline = outline::outline(body.as_bytes(), 0, delimiter, layout, false, complete);
    let body = &body[..outline.footer.unwrap_or(body.len())];
    Cow::Owned(outline::without(body, &outline.comments))
}

fn count_leading_lines(text: &str) -> u64 {
    let blank = text.len() - text.trim_start_matches(['\r', '\n']).len();
    count_lines(&text.as_bytes()[..blank])
}

struct Head {
    frame: DataFrame,
    overlong: Vec<(u32, u32)>,
    one_empty_more: bool,
}

fn read_head(
    body: &str,
    line: u64,
    delimiter: u8,
    names: &[String],
    head_rows: usize,
    complete: bool,
) -> Result<Head> {
    let mut layout = Layout::all(delimiter, names.to_vec());
    layout.batch_rows = head_rows;
    let mut head = Head { frame: layout.empty_frame()?, overlong: Vec::new(), one_empty_more: true };
    records::parse(body, line, &layout, complete, &mut |batch| {
        head.frame = batch.frame;
        head.overlong = batch.overlong;
        head.one_empty_more = batch.overlong_are_one_empty;
        Ok(false)
    })?;
    Ok(head)
}

/// Names as written but for what is around them, and with a blank for line breaks and tabs within; each name once. And for
/// those that had to be changed to be so, the name as written.
fn unique_names(fields: Vec<String>) -> (Vec<String>, Vec<(String, String)>) {
    let written: Vec<String> = fields
        .into_iter()
        .enumerate()
        .map(|(index, field)| match trimmed(&field) {
            "" => format!("column_{}", index + 1),
            name if name.contains(['\r', '\n', '\t']) => name
                .split(['\r', '\n', '\t'])
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" "),
            name => name.to_owned(),
        })
        .collect();
    let all: HashSet<&str> = written.iter().map(String::as_str).collect();
    let mut names: Vec<String> = Vec::with_capacity(written.len());
    let mut repeated = Vec::new();
    let mut taken: HashSet<String> = HashSet::with_capacity(written.len());
    // How far the numbers of a name that is there several times have got.
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for name in &written {
        let mut unique = name.clone();
        if taken.contains(&unique) {
            let count = counts.entry(name).or_insert(1);
            while taken.contains(&unique) || all.contains(unique.as_str()) {
                *count += 1;
                unique = format!("{name}_{count}");
            }
            repeated.push((unique.clone(), name.clone()));
        }
        taken.insert(unique.clone());
        names.push(unique);
    }
    (names, repeated)
}

/// Cuts a file into work.
pub(super) fn produce(
    file: &RawFile,
    index: usize,
    chunk_bytes: usize,
    offer: Offer,
    progress: &dyn Fn(u64),
) -> Result<(), ScanError> {
    let FileFormat::Csv { delimiter, encoding, detected } = file.format else { return Ok(()) };
    let reader = TextReader::new(stream(file)?, encoding);
    let mut chunker = Chunker::new(reader, delimiter, chunk_bytes, LONGEST_RECORD, file);
    loop {
        match chunker.next() {
            Ok(None) => {
                chunker.tell(file);
                return Ok(());
            }
            Ok(Some(chunk)) => {
                progress(chunker.taken());
                if !offer(index, Work::Text(chunk)) {
                    return Ok(());
                }
            }
            Err(TextError::Failed(error)) => return Err(ScanError::Failed(error)),
            Err(TextError::Malformed { offset }) if detected => {
                return Err(ScanError::Encoding { file: index, offset });
            }
            Err(TextError::Malformed { offset }) => {
                let line = chunker.line_at_end();
                return Err(ScanError::Failed(malformed(&file.label, encoding, offset, line)));
            }
        }
    }
}
