//! Where records begin and end, one by one: for tables with a footer or comment lines, and for the search of the header.

use std::ops::Range;

use memchr::{memchr2, memchr3};

use super::records;
use crate::input::raw::TableLayout;
use crate::input::values::trimmed;

/// How a record goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordEnd {
    /// The next record begins there.
    At(usize),
    /// The text ends before the record, within the quote opened there if one is open.
    Open(Option<usize>),
}

/// Follows the record that begins at `at`; `field` gets each field as written (from, to), and says whether it wants more:
/// if not, the end is taken to be where that field ends. Of a field that does not end in the text nothing is said, but of
/// one that ends with the text it is.
pub fn follow(
    text: &[u8],
    at: usize,
    delimiter: u8,
    mut field: impl FnMut(usize, usize) -> bool,
) -> RecordEnd {
    let mut from = at;
    loop {
        let mut behind_quotes = from;
        if text.get(from) == Some(&b'"') {
            match records::after_closing_quote(text, from) {
                Some(closed) => behind_quotes = closed,
                None => return RecordEnd::Open(Some(from)),
            }
        }
        let Some(end) = memchr3(delimiter, b'\n', b'\r', &text[behind_quotes..]).map(|at| behind_quotes + at)
        else {
            field(from, text.len());
            return RecordEnd::Open(None);
        };
        let goes_on = field(from, end);
        if !goes_on {
            return RecordEnd::At(end);
        }
        if text[end] != delimiter {
            return RecordEnd::At(records::after_line_end(text, end));
        }
        from = end + 1;
    }
}

/// What a stretch of text holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// Comment lines, without their line ends.
    pub comments: Vec<Range<usize>>,
    /// The first record that is behind the table.
    pub footer: Option<usize>,
    /// Where the last whole record ends.
    pub end: usize,
    /// Where the quote that is open at the end of the text was opened.
    pub open_quote: Option<usize>,
}

/// Outlines `text` from `from` on, where a record begins. `header`: the first record is the header, which is neither footer
/// nor comment. `ended`: the text goes on no further.
pub fn outline(
    text: &[u8],
    from: usize,
    delimiter: u8,
    layout: &TableLayout,
    mut header: bool,
    ended: bool,
) -> Outline {
    let mut outline = Outline { end: from, ..Outline::default() };
    let comment = layout.comment.as_deref().filter(|comment| !comment.is_empty());
    // A CR at the end may be the half of a CRLF.
    let is_whole = |end: usize| ended || end < text.len() || text.last() != Some(&b'\r');
    let mut at = from;
    while at < text.len() {
        if matches!(text[at], b'\n' | b'\r') {
            at += 1;
            continue;
        }
        if !header && comment.is_some_and(|comment| text[at..].starts_with(comment.as_bytes())) {
            let line_end = memchr2(b'\n', b'\r', &text[at..]).map(|length| at + length);
            let next = line_end.map_or(text.len(), |line_end| records::after_line_end(text, line_end));
            if !ended && (line_end.is_none() || !is_whole(next)) {
                return outline;
            }
            outline.comments.push(at..line_end.unwrap_or(text.len()));
            (at, outline.end) = (next, next);
            continue;
        }
        let mut first = None;
        let next = follow(text, at, delimiter, |from, to| {
            first.get_or_insert((from, to));
            true
        });
        let (from, to) = first.unwrap_or((at, text.len()));
        let first_is_whole = ended || (first.is_some() && to < text.len());
        if !header && first_is_whole && is_footer(&text[from..to], layout) {
            outline.footer = Some(at);
            return outline;
        }
        match next {
            RecordEnd::At(next) if is_whole(next) => (at, outline.end) = (next, next),
            RecordEnd::Open(None) if ended => (at, outline.end) = (text.len(), text.len()),
            RecordEnd::At(_) | RecordEnd::Open(None) => return outline,
            RecordEnd::Open(quote) => {
                outline.open_quote = quote;
                return outline;
            }
        }
        header = false;
    }
    if is_whole(text.len()) {
        outline.end = text.len();
    }
    outline
}

/// Whether the first cell of a record, as written, says that the table is over.
fn is_footer(written: &[u8], layout: &TableLayout) -> bool {
    if layout.footer.is_empty() {
        return false;
    }
    let Ok(written) = std::str::from_utf8(written) else { return false };
    let cell = records::content(written);
    let cell = trimmed(&cell);
    layout.footer.iter().any(|footer| !footer.trim().is_empty() && cell.starts_with(footer.trim()))
}

/// The text without these stretches of it.
pub fn without(text: &str, stretches: &[Range<usize>]) -> String {
    let mut rest = String::with_capacity(text.len());
    let mut from = 0;
    for stretch in stretches {
        rest.push_str(&text[from..stretch.start]);
        from = stretch.end;
    }
    rest.push_str(&text[from..]);
    rest
}

/// Counts lines that hold something, piece by piece.
#[derive(Debug, Default)]
pub struct FilledLines {
    pub count: u64,
    in_line: bool,
}

impl FilledLines {
    pub fn push(&mut self, text: &[u8]) {
        for byte in text {
            let is_end = matches!(byte, b'\n' | b'\r');
            self.count += u64::from(!is_end && !self.in_line);
            self.in_line = !is_end;
        }
    }

    pub fn of(text: &[u8]) -> u64 {
        let mut lines = Self::default();
        lines.push(text);
        lines.count
    }
}
