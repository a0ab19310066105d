//! Which character separates the fields.

use super::records::{self, Event};
use crate::error::{Error, Result};

/// The usual first: of equals the earlier is taken.
pub const CANDIDATES: [u8; 5] = *b",\t;|\x01";

/// Records that are looked at.
const SAMPLE: usize = 200;

/// `--delimiter`.
pub fn parse(given: &str) -> Result<u8> {
    match given {
        "tab" | "\\t" | "\t" => return Ok(b'\t'),
        "comma" => return Ok(b','),
        "semicolon" => return Ok(b';'),
        "pipe" => return Ok(b'|'),
        "\\x01" | "^A" => return Ok(1),
        _ => {}
    }
    let problem = match given.as_bytes() {
        [b'"' | b'\r' | b'\n' | 0] => "a quote or a line end cannot separate fields",
        [byte] if byte.is_ascii() => return Ok(*byte),
        _ => "not one ASCII character",
    };
    Err(Error::BadOption {
        option: "--delimiter".into(),
        value: given.into(),
        why: problem.into(),
        hint: Some("one character, or tab".into()),
    })
}

/// The delimiter under which the most records have as many fields as the header; of equals the one with more fields.
/// A text that none of them splits has one column.
pub fn detect(text: &str, complete: bool) -> u8 {
    let mut best = (b',', 0.0, 1);
    for delimiter in CANDIDATES {
        let Some((score, width)) = judge(text, delimiter, complete) else { continue };
        if score > best.1 + 0.02 || (score > best.1 - 0.02 && width > best.2) {
            best = (delimiter, score, width);
        }
    }
    best.0
}

/// Share of records that are as wide as the header, and that width; `None` if the header is not split.
fn judge(text: &str, delimiter: u8, complete: bool) -> Option<(f64, usize)> {
    let bytes = text.as_bytes();
    let mut widths = Vec::new();
    let mut width = 0;
    let mut fields = 0usize;
    // Fields that begin with another delimiter (but a tab: some exports end their cells with one) or that go on behind
    // their closing quote show a wrong split.
    let mut odd = 0usize;
    records::walk(bytes, delimiter, 1, complete, |event| {
        match event {
            Event::Field(start, end) => {
                odd += usize::from(match bytes[start..end] {
                    [b',' | b';' | b'|', ..] => width > 0,
                    [b'"', ref inner @ ..] => inner.last() != Some(&b'"'),
                    _ => false,
                });
                width += 1;
                fields += 1;
            }
            Event::End { .. } => {
                widths.push(width);
                width = 0;
            }
        }
        widths.len() < SAMPLE
    });
    let header = *widths.first()?;
    if header < 2 {
        return None;
    }
    let equal = widths.iter().filter(|width| **width == header).count();
    let share = equal as f64 / widths.len() as f64;
    let doubt = if odd * 2 > fields.saturating_sub(widths.len()) { 0.1 } else { 1.0 };
    Some((share * doubt, header))
}
