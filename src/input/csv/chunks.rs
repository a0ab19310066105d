//! Cutting text into chunks that end where records end.

use std::ops::Range;

use memchr::{memchr, memchr_iter, memrchr2};

use super::outline::{FilledLines, outline};
use super::{marks, records};
use crate::error::{Error, Result};
use crate::input::encoding::{TextError, TextReader};
use crate::input::raw::{RawFile, TableLayout};

/// Whole records, header excluded.
pub struct Chunk {
    pub text: Vec<u8>,
    /// 1-based number of the first line.
    pub line: u64,
    /// Where the text begins in the unpacked file, if that is UTF-8.
    pub offset: u64,
    /// Stretches of the text that are comment lines, without their line ends.
    pub comments: Vec<Range<usize>>,
}

/// Cuts the text of one file.
pub struct Chunker<'a> {
    reader: TextReader,
    label: &'a str,
    layout: &'a TableLayout,
    delimiter: u8,
    chunk_bytes: usize,
    longest_record: usize,
    /// Text not yet handed out; it begins where a record begins.
    text: Vec<u8>,
    /// Number of the first line of `text`.
    line: u64,
    /// Bytes of text handed out.
    handed_out: u64,
    /// How far `text` has been looked at.
    seen: usize,
    /// Where the last whole record seen ends.
    records_end: usize,
    /// Where the quote that is open at `seen` was opened.
    open_quote: Option<usize>,
    /// What is in front of the header has been passed.
    begun: bool,
    header_passed: bool,
    ended: bool,
    /// Comment lines in `text`.
    comments: Vec<Range<usize>>,
    comment_lines: u64,
    /// Lines from the one on that ended the table.
    footer_lines: u64,
    /// Stretches outside quotes, for `look`.
    plain: Vec<(usize, usize)>,
}

impl<'a> Chunker<'a> {
    pub fn new(
        reader: TextReader,
        delimiter: u8,
        chunk_bytes: usize,
        longest_record: usize,
        file: &'a RawFile,
    ) -> Self {
        Self {
            reader,
            label: &file.label,
            layout: &file.layout,
            delimiter,
            chunk_bytes,
            longest_record,
            text: Vec::new(),
            line: 1,
            handed_out: 0,
            seen: 0,
            records_end: 0,
            open_quote: None,
            begun: false,
            header_passed: false,
            ended: false,
            comments: Vec::new(),
            comment_lines: 0,
            footer_lines: 0,
            plain: Vec::new(),
        }
    }

    /// Stored bytes read so far.
    pub fn taken(&self) -> u64 {
        self.reader.taken()
    }

    /// The line of the last character read.
    pub fn line_at_end(&self) -> u64 {
        self.line + count_lines(&self.text)
    }

    /// At the end of the file: notes how many lines were passed over.
    pub fn tell(&self, file: &RawFile) {
        if !self.layout.is_plain() {
            file.left_out.set(self.footer_lines, self.comment_lines);
        }
    }

    /// Passes over what is in front of the header.
    fn begin(&mut self) -> Result<(), TextError> {
        self.begun = true;
        let skip = usize::try_from(self.layout.skip_bytes).unwrap_or(usize::MAX);
        while !self.ended && self.text.len() < skip {
            self.ended = self.reader.fill(&mut self.text, self.chunk_bytes)?;
        }
        self.text.drain(..skip.min(self.text.len()));
        self.line += self.layout.skip_lines;
        self.handed_out += self.layout.skip_bytes;
        Ok(())
    }

    /// The next chunk; `None` at the end.
    pub fn next(&mut self) -> Result<Option<Chunk>, TextError> {
        if !self.begun {
            self.begin()?;
        }
        while !(self.ended && self.text.is_empty()) {
            if !self.ended {
                let missing = self.chunk_bytes.saturating_sub(self.text.len()).max(self.chunk_bytes / 4);
                self.ended = self.reader.fill(&mut self.text, missing)?;
            }
            if self.layout.is_plain() {
                self.look();
            } else {
                self.look_at_each_record()?;
            }
            let end = if self.ended { self.text.len() } else { self.records_end };
            if self.ended
                && let Some(quote) = self.open_quote
            {
                return Err(unclosed(self.label, self.line + count_lines(&self.text[..quote])).into());
            }
            if end == 0 {
                if self.text.len() > self.longest_record {
                    return Err(self.endless_record().into());
                }
                continue;
            }
            if let Some(chunk) = self.cut(end) {
                return Ok(Some(chunk));
            }
        }
        Ok(None)
    }

    fn endless_record(&self) -> Error {
        match self.open_quote {
            Some(quote) => unclosed(self.label, self.line + count_lines(&self.text[..quote])),
            None => Error::Damaged {
                path: self.label.to_owned(),
                why: format!(
                    "line {} does not end within {} MiB: is this a table?",
                    self.line,
                    self.longest_record >> 20
                ),
                hint: None,
            },
        }
    }

    /// As `look`, for tables that have a footer or comment lines.
    fn look_at_each_record(&mut self) -> Result<(), TextError> {
        let header = !self.header_passed && self.records_end == 0;
        let found = outline(&self.text, self.records_end, self.delimiter, self.layout, header, self.ended);
        self.comment_lines += found.comments.len() as u64;
        self.comments.extend(found.comments);
        self.records_end = found.end;
        self.open_quote = found.open_quote;
        if let Some(footer) = found.footer {
            let mut lines = FilledLines::default();
            lines.push(&self.text[footer..]);
            self.text.truncate(footer);
            let mut rest = Vec::new();
            while !self.ended {
                rest.clear();
                self.ended = self.reader.fill(&mut rest, self.chunk_bytes)?;
                lines.push(&rest);
            }
            self.footer_lines = lines.count;
        }
        self.seen = self.records_end;
        Ok(())
    }

    /// Follows quotes up to the end of the text, and finds the last end of a record.
    fn look(&mut self) {
        let (text, from, ended) = (self.text.as_slice(), self.seen, self.ended);
        let mut open = self.open_quote;
        let mut records_end = self.records_end;
        let mut plain_from = from;
        let mut paired = usize::MAX;
        // A quote whose meaning the next byte, not yet read, decides.
        let mut undecided = None;
        self.plain.clear();
        marks::each(&text[from..], [b'"'], |at| {
            let at = from + at;
            if at == paired {
                return true;
            }
            if open.is_some() {
                match text.get(at + 1) {
                    Some(b'"') => paired = at + 1,
                    None if !ended => undecided = Some(at),
                    _ => {
                        open = None;
                        plain_from = at + 1;
                    }
                }
            } else {
                let before = at.checked_sub(1).map_or(b'\n', |before| text[before]);
                if before == self.delimiter || before == b'\n' || before == b'\r' {
                    open = Some(at);
                    if before != self.delimiter {
                        records_end = at;
                    } else if at - plain_from > 1 {
                        self.plain.push((plain_from, at));
                    }
                }
            }
            undecided.is_none()
        });
        if open.is_none() {
            self.plain.push((plain_from, text.len()));
        }
        for &(start, end) in self.plain.iter().rev().take_while(|(_, end)| *end > records_end) {
            if let Some(found) = last_line_end(&text[start..end], end == text.len() && !ended) {
                records_end = records_end.max(start + found);
                break;
            }
        }
        self.records_end = records_end;
        self.open_quote = open;
        // A CR at the end is looked at again, with what follows it.
        let half_line_end = open.is_none() && !ended && text.last() == Some(&b'\r');
        self.seen = undecided.unwrap_or(text.len() - usize::from(half_line_end));
    }

    /// Takes the records up to `end` out of the text; `None` if only the header or blank lines were there.
    fn cut(&mut self, end: usize) -> Option<Chunk> {
        let mut rest = Vec::with_capacity(self.chunk_bytes + self.chunk_bytes / 4 + (self.text.len() - end));
        rest.extend_from_slice(&self.text[end..]);
        self.text.truncate(end);
        let mut text = std::mem::replace(&mut self.text, rest);
        let mut line = self.line;
        let mut offset = self.handed_out;
        self.line += count_lines(&text);
        self.handed_out += end as u64;
        self.seen -= end;
        self.records_end = 0;
        self.open_quote = self.open_quote.map(|quote| quote - end);
        let mut comments = std::mem::take(&mut self.comments);
        if !self.header_passed {
            let header = records::first_end(&text, self.delimiter)?;
            self.header_passed = true;
            line += count_lines(&text[..header]);
            offset += header as u64;
            text.drain(..header);
            for comment in &mut comments {
                *comment = comment.start - header..comment.end - header;
            }
        }
        (!text.is_empty()).then(|| Chunk { text, line, offset: offset + self.reader.mark(), comments })
    }
}

/// Where the last line of `text` ends. `open`: more follows, so that a CR at the end may be the half of a CRLF.
fn last_line_end(text: &[u8], open: bool) -> Option<usize> {
    let last = memrchr2(b'\n', b'\r', text)?;
    if open && last + 1 == text.len() && text[last] == b'\r' {
        return memrchr2(b'\n', b'\r', &text[..last]).map(|before| before + 1);
    }
    Some(last + 1)
}

/// Line ends in `text`: LF, CRLF, and CR alone.
pub fn count_lines(text: &[u8]) -> u64 {
    let feeds = memchr_iter(b'\n', text).count() as u64;
    if memchr(b'\r', text).is_none() {
        return feeds;
    }
    // Sums of bytes, so that the compiler can count many at once.
    let pairs = |piece: &[u8], next: &[u8]| {
        piece
            .iter()
            .zip(next)
            .map(|(byte, next)| u8::from(*byte == b'\r') & u8::from(*next == b'\n'))
            .sum::<u8>()
    };
    let pieces = text.chunks(128).zip(text[1..].chunks(128));
    let pairs: u64 = pieces.map(|(piece, next)| u64::from(pairs(piece, next))).sum();
    feeds + memchr_iter(b'\r', text).count() as u64 - pairs
}

pub fn unclosed(label: &str, line: u64) -> Error {
    Error::Damaged {
        path: label.to_owned(),
        why: format!("line {line}: a quote (\") is opened and never closed"),
        hint: Some("is the file cut off? else double that quote, or take it out".into()),
    }
}
