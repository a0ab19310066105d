//! The records of a file one by one, in order, as they are written.

use std::borrow::Cow;

use super::chunks::Chunker;
use super::records::{self, Event};
use super::{CHUNK, LONGEST_RECORD, stream};
use crate::error::Result;
use crate::input::encoding::{TextError, TextReader, malformed};
use crate::input::raw::{FileFormat, RawFile, ScanError, internal};

/// A record of a table.
pub struct Record<'t> {
    /// The line on which it begins.
    pub line: u64,
    /// Its cells without their quotes, as many as it has.
    pub fields: &'t [Cow<'t, str>],
}

/// Reads a table from its first record behind the header to its end.
pub struct Lines<'a> {
    file: &'a RawFile,
    chunker: Chunker<'a>,
    delimiter: u8,
}

impl<'a> Lines<'a> {
    pub fn open(file: &'a RawFile) -> Result<Self> {
        let FileFormat::Csv { delimiter, encoding, .. } = file.format else {
            return Err(internal("reading records", &format!("{} is no text", file.label)));
        };
        let reader = TextReader::new(stream(file)?, encoding);
        Ok(Self { file, chunker: Chunker::new(reader, delimiter, CHUNK, LONGEST_RECORD, file), delimiter })
    }

    /// Hands out the records of the next piece of the file; false: there are no more.
    /// `ScanError::Encoding` names file 0.
    pub fn next_chunk(&mut self, on: &mut dyn FnMut(&Record<'_>)) -> Result<bool, ScanError> {
        let FileFormat::Csv { encoding, detected, .. } = self.file.format else { return Ok(false) };
        let chunk = match self.chunker.next() {
            Ok(Some(chunk)) => chunk,
            Ok(None) => {
                self.chunker.tell(self.file);
                return Ok(false);
            }
            Err(TextError::Failed(error)) => return Err(error.into()),
            Err(TextError::Malformed { offset }) if detected => {
                return Err(ScanError::Encoding { file: 0, offset });
            }
            Err(TextError::Malformed { offset }) => {
                let line = self.chunker.line_at_end();
                return Err(malformed(&self.file.label, encoding, offset, line).into());
            }
        };
        let text = chunk.text(self.file, 0)?;
        let mut fields: Vec<Cow<'_, str>> = Vec::new();
        records::walk(text.as_bytes(), self.delimiter, chunk.line, true, |event| {
            match event {
                Event::Field(from, to) => fields.push(records::content(&text[from..to])),
                Event::End { line, .. } => {
                    on(&Record { line, fields: &fields });
                    fields.clear();
                }
            }
            true
        });
        Ok(true)
    }
}
