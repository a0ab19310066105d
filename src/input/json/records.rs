//! The records of a JSON text, one at a time.

use std::ops::Range;

use memchr::{memchr, memchr_iter};

use super::flatten::Fault;
use super::{LONGEST_RECORD, PIECE, ReadError};
use crate::error::Result;
use crate::input::container::Stream;
use crate::input::encoding::{Encoding, TextError, TextReader};
use crate::input::raw::RawFile;

/// How the records stand in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// One a line.
    Lines,
    /// One behind the other, each over several lines.
    Objects,
    Array,
}

/// The records of a text, one at a time.
pub(super) struct Records {
    reader: TextReader,
    pub label: String,
    text: Vec<u8>,
    /// Where in `text` the rest begins, and on which line that is.
    at: usize,
    line: u64,
    /// Bytes of text that are no longer in `text`.
    passed: u64,
    ended: bool,
    /// Known with the first record.
    shape: Option<Shape>,
    /// The array is closed.
    closed: bool,
    /// Records handed out, and the line of the latest.
    pub number: u64,
    latest_line: u64,
}

/// Where a record stands in the text of `Records`.
pub(super) struct Record {
    place: Range<usize>,
    /// On which it begins.
    pub line: u64,
}

impl Records {
    pub fn open(file: &RawFile, encoding: Encoding) -> Result<Self> {
        let stream = Stream::open(&file.source, file.compression, &file.label)?;
        Ok(Self {
            reader: TextReader::new(stream, encoding),
            label: file.label.clone(),
            text: Vec::new(),
            at: 0,
            line: 1,
            passed: 0,
            ended: false,
            shape: None,
            closed: false,
            number: 0,
            latest_line: 0,
        })
    }

    /// Takes in more text, which moves the rest to the front.
    fn more(&mut self) -> Result<(), ReadError> {
        self.text.drain(..self.at);
        self.passed += self.at as u64;
        self.at = 0;
        self.ended = self.reader.fill(&mut self.text, PIECE).map_err(|error| match error {
            TextError::Failed(error) => ReadError::Failed(error),
            TextError::Malformed { offset } => {
                let line = self.line + memchr_iter(b'\n', &self.text[self.at..]).count() as u64;
                ReadError::Malformed { offset, line }
            }
        })?;
        Ok(())
    }

    /// The next byte that is not white space; its line is `self.line` then.
    fn next_byte(&mut self) -> Result<Option<u8>, ReadError> {
        loop {
            match self.text.get(self.at) {
                Some(b'\n') => {
                    self.line += 1;
                    self.at += 1;
                }
                Some(b' ' | b'\t' | b'\r') => self.at += 1,
                Some(byte) => return Ok(Some(*byte)),
                None if self.ended => return Ok(None),
                None => self.more()?,
            }
        }
    }

    pub fn next(&mut self) -> Result<Option<Record>, ReadError> {
        let Some(mut byte) = self.next_byte()? else {
            if self.shape == Some(Shape::Array) && !self.closed {
                return Err(self.cut_off());
            }
            return Ok(None);
        };
        let shape = match self.shape {
            Some(shape) => shape,
            None => {
                let shape = if byte == b'[' { Shape::Array } else { self.shape_of_objects()? };
                self.shape = Some(shape);
                if shape == Shape::Array {
                    self.at += 1;
                    byte = self.next_byte()?.ok_or_else(|| self.cut_off())?;
                }
                shape
            }
        };
        if shape == Shape::Array {
            if self.closed {
                return Err(ReadError::bad(self.line, "something follows the end of the array"));
            }
            if byte != b']' && self.number > 0 {
                if byte != b',' {
                    return Err(self.bad_here("a comma or ] is expected behind a record"));
                }
                self.at += 1;
                byte = self.next_byte()?.ok_or_else(|| self.cut_off())?;
                if byte == b']' {
                    return Err(self.bad_here("a record is expected behind the comma"));
                }
            }
            if byte == b']' {
                self.at += 1;
                self.closed = true;
                return self.next();
            }
        }
        let line = self.line;
        let place = match shape {
            Shape::Lines => self.rest_of_line()?,
            Shape::Objects | Shape::Array => self.object()?,
        };
        self.number += 1;
        self.latest_line = line;
        Ok(Some(Record { place, line }))
    }

    fn cut_off(&self) -> ReadError {
        ReadError::Bad {
            line: self.line,
            number: None,
            what: "the array is not closed: the file is cut off".into(),
            hint: Some("was the copy or the download finished? get the file again"),
        }
    }

    fn bad_here(&self, what: &str) -> ReadError {
        let number = (self.latest_line == self.line).then_some(self.number + 1);
        ReadError::Bad { line: self.line, number, what: what.into(), hint: None }
    }

    /// Whether the first object ends on its line.
    fn shape_of_objects(&mut self) -> Result<Shape, ReadError> {
        let mut searched = 0;
        loop {
            let rest = &self.text[self.at..];
            let end = memchr(b'\n', &rest[searched..]).map(|end| searched + end);
            if let Some(line) = end.or(self.ended.then_some(rest.len())) {
                let mut end = ObjectEnd::default();
                return Ok(match end.find(&rest[..line]) {
                    Found::End(length) if rest[length..line].trim_ascii().starts_with(b"{") => Shape::Objects,
                    Found::End(_) | Found::LineEnd => Shape::Lines,
                    // `{"a": 1` alone may be the first line of an object, or a bad record.
                    Found::NotYet => Shape::Objects,
                });
            }
            searched = rest.len();
            self.refuse_endless(searched)?;
            self.more()?;
        }
    }

    fn refuse_endless(&self, length: usize) -> Result<(), ReadError> {
        if length <= LONGEST_RECORD {
            return Ok(());
        }
        let what = format!("a record of more than {} MiB: this is no table", LONGEST_RECORD >> 20);
        Err(ReadError::bad(self.line, what))
    }

    fn rest_of_line(&mut self) -> Result<Range<usize>, ReadError> {
        let mut searched = 0;
        loop {
            let end = memchr(b'\n', &self.text[self.at + searched..]).map(|end| self.at + searched + end);
            if let Some(end) = end.or(self.ended.then_some(self.text.len())) {
                self.refuse_endless(end - self.at)?;
                let place = self.at..end;
                self.at = end;
                return Ok(place);
            }
            searched = self.text.len() - self.at;
            self.refuse_endless(searched)?;
            self.more()?;
        }
    }

    /// An object, however many lines it has. What is no object is left to the flattener, up to the end of the line.
    fn object(&mut self) -> Result<Range<usize>, ReadError> {
        if self.text.get(self.at) != Some(&b'{') {
            return self.rest_of_line();
        }
        let mut end = ObjectEnd::default();
        let mut searched = 0;
        loop {
            match end.find(&self.text[self.at + searched..]) {
                Found::End(length) => {
                    let place = self.at..self.at + searched + length;
                    self.refuse_endless(place.len())?;
                    self.line += memchr_iter(b'\n', &self.text[place.clone()]).count() as u64;
                    self.at = place.end;
                    return Ok(place);
                }
                // A text that is not closed: the flattener says where.
                Found::LineEnd => return self.rest_of_object(),
                Found::NotYet if self.ended => return self.rest_of_object(),
                Found::NotYet => {}
            }
            searched = self.text.len() - self.at;
            self.refuse_endless(searched)?;
            self.more()?;
        }
    }

    fn rest_of_object(&mut self) -> Result<Range<usize>, ReadError> {
        let place = self.at..self.text.len();
        self.at = place.end;
        Ok(place)
    }

    pub fn text_of(&self, record: &Record) -> Result<&str, ReadError> {
        let bytes = &self.text[record.place.clone()];
        simdutf8::compat::from_utf8(bytes).map_err(|error| {
            let at = error.valid_up_to();
            ReadError::Malformed {
                offset: self.passed + self.reader.mark() + (record.place.start + at) as u64,
                line: record.line + memchr_iter(b'\n', &bytes[..at]).count() as u64,
            }
        })
    }

    pub fn bad(&self, record: &Record, fault: Fault) -> ReadError {
        let before = &self.text[record.place.clone()][..fault.at.min(record.place.len())];
        let number = (self.shape != Some(Shape::Lines)).then_some(self.number);
        let line = record.line + memchr_iter(b'\n', before).count() as u64;
        let is_last = self.ended && self.text[record.place.start + before.len()..].trim_ascii().is_empty();
        let hint = is_last.then_some("the file may be cut off: was the copy or the download finished?");
        ReadError::Bad { line, number, what: fault.what, hint }
    }
}

/// Looks for the end of an object in text that comes piece by piece.
#[derive(Default)]
struct ObjectEnd {
    depth: usize,
    in_text: bool,
    escaped: bool,
}

enum Found {
    /// The length up to behind the last brace.
    End(usize),
    /// A line ends within a text, which JSON does not allow.
    LineEnd,
    NotYet,
}

impl ObjectEnd {
    fn find(&mut self, piece: &[u8]) -> Found {
        for (at, byte) in piece.iter().enumerate() {
            if self.in_text {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_text = false,
                    b'\n' => return Found::LineEnd,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Found::End(at + 1);
                    }
                }
                _ => {}
            }
        }
        Found::NotYet
    }
}
