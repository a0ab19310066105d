//! Where in a text the table begins: the line of the header, and the delimiter under which it is one.

use std::sync::Arc;

use memchr::memchr2;

use super::chunks::count_lines;
use super::delimiter;
use super::outline::{FilledLines, RecordEnd, follow};
use super::records;
use crate::error::{Error, Result};
use crate::input::InputOptions;
use crate::input::layout::{self, MOST_COLUMNS};
use crate::input::presets::Preset;

/// A header behind other lines is no longer than this.
const LONGEST_HEADER: usize = 1 << 20;

/// Where a table begins.
pub struct Start {
    pub delimiter: u8,
    /// Bytes of the text in front of the header's line, or of blank lines before it.
    pub offset: usize,
    /// Lines in front of that.
    pub lines: u64,
    /// Of them those that hold something, but for Excel's `sep=;`.
    pub preamble: u64,
    pub preset: Option<Arc<Preset>>,
}

/// Looks for the header among the first 30 lines that hold something. A record is read from the begin of each line, not
/// from where the record before ends, since a line above the table may hold an odd quote. `None`: too little text.
pub fn find(text: &str, complete: bool, options: &InputOptions, label: &str) -> Result<Option<Start>> {
    let (told, begin) = match separator_line(text) {
        Some((delimiter, end)) => (Some(delimiter), end),
        None => (None, 0),
    };
    let given = options.delimiter.as_deref().map(delimiter::parse).transpose()?.or(told);
    let usual = given.unwrap_or_else(|| delimiter::detect(&text[begin..], complete));
    let mut delimiters = vec![usual];
    if given.is_none() {
        delimiters.extend(delimiter::CANDIDATES.into_iter().filter(|candidate| *candidate != usual));
    }

    let lines = first_lines(text.as_bytes(), begin);
    let mut best: Option<(f64, Start)> = None;
    let mut failure: Option<Error> = None;
    // Of names alone, under any delimiter: how many the first line gives.
    let mut first_line = 0;
    let mut unfinished = false;
    for delimiter in delimiters {
        let rows = rows_of(text, &lines, delimiter, complete);
        unfinished |= delimiter == usual && rows.first().is_some_and(Vec::is_empty);
        first_line = rows.first().map_or(0, |row| layout::names_known(row, options)).max(first_line);
        let found = match layout::find_header(&rows, options, label) {
            Ok(found) => found,
            Err(error) => {
                failure = Some(match failure {
                    Some(before) => nearer(before, error),
                    None => error,
                });
                continue;
            }
        };
        let has_preset = found.preset.is_some();
        if best.as_ref().is_some_and(|(score, _)| found.score <= *score) || (!has_preset && found.row == 0) {
            continue;
        }
        // In front of the first line only blank ones are left out, or nothing.
        let offset = if found.row == 0 { begin } else { lines[found.row] };
        let start = Start {
            delimiter,
            offset,
            lines: count_lines(&text.as_bytes()[..offset]),
            preamble: FilledLines::of(&text.as_bytes()[begin..offset]),
            preset: found.preset,
        };
        best = Some((found.score, start));
    }
    match (best, failure) {
        (Some((_, start)), _) if start.preset.is_some() => Ok(Some(start)),
        (_, Some(_)) if unfinished && !complete => Ok(None),
        (_, Some(error)) => Err(error),
        (Some((score, start)), _) if score >= (first_line + 2) as f64 => Ok(Some(start)),
        _ => Ok(Some(Start {
            delimiter: usual,
            offset: begin,
            lines: count_lines(&text.as_bytes()[..begin]),
            preamble: 0,
            preset: None,
        })),
    }
}

/// Of what is said under two delimiters the one that misses less of a preset.
fn nearer(one: Error, other: Error) -> Error {
    match (&one, &other) {
        (Error::MissingColumn { canonical: missing, .. }, Error::MissingColumn { canonical, .. })
            if canonical.len() < missing.len() =>
        {
            other
        }
        _ => one,
    }
}

/// Where lines that hold something begin.
fn first_lines(text: &[u8], begin: usize) -> Vec<usize> {
    let mut lines = Vec::with_capacity(layout::ROWS);
    let mut at = begin;
    while at < text.len() && lines.len() < layout::ROWS {
        if matches!(text[at], b'\n' | b'\r') {
            at += 1;
            continue;
        }
        lines.push(at);
        match memchr2(b'\n', b'\r', &text[at..]) {
            Some(length) => at += length,
            None => break,
        }
    }
    lines
}

/// The record that begins on each line. Without cells: it does not end, or the line is in the middle of an earlier record
/// of good form, such as a header with line breaks in its names.
fn rows_of(text: &str, lines: &[usize], delimiter: u8, complete: bool) -> Vec<Vec<String>> {
    let mut within = 0;
    let mut rows = Vec::with_capacity(lines.len());
    for (index, &at) in lines.iter().enumerate() {
        if at < within {
            rows.push(Vec::new());
            continue;
        }
        let mut end = text.len();
        if index > 0 && at + LONGEST_HEADER < end {
            end = at + LONGEST_HEADER;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
        }
        let is_end = complete && end == text.len();
        let part = &text[at..end];
        let mut cells = Vec::new();
        let mut well_formed = true;
        let next = follow(part.as_bytes(), 0, delimiter, |from, to| {
            let written = &part[from..to];
            well_formed &= !written.starts_with('"')
                || records::after_closing_quote(written.as_bytes(), 0) == Some(written.len());
            cells.push(records::content(written).into_owned());
            cells.len() <= MOST_COLUMNS
        });
        match next {
            RecordEnd::At(next) if well_formed && cells.len() > 1 => within = at + next,
            RecordEnd::At(_) => {}
            RecordEnd::Open(None) if is_end => {}
            RecordEnd::Open(_) => cells.clear(),
        }
        rows.push(cells);
    }
    rows
}

/// `sep=;` as the first line, by which Excel is told the delimiter: which one, and where the next line begins.
fn separator_line(text: &str) -> Option<(u8, usize)> {
    let begin = text.len() - text.trim_start_matches(['\r', '\n']).len();
    let bytes = text.as_bytes();
    let end = begin + memchr2(b'\n', b'\r', &bytes[begin..])?;
    let line = &text[begin..end];
    let line = line.strip_prefix('"').and_then(|line| line.strip_suffix('"')).unwrap_or(line);
    match line.as_bytes() {
        [s, e, p, b'=', delimiter]
            if [*s, *e, *p].eq_ignore_ascii_case(b"sep")
                && delimiter.is_ascii()
                && !matches!(delimiter, b'"' | 0) =>
        {
            Some((*delimiter, records::after_line_end(bytes, end)))
        }
        _ => None,
    }
}
