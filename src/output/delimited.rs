//! csv and tsv: the keys as header, then the values as in json. RFC 4180 quoting, lines end in LF, absent is empty.

use std::io::Write;

use super::exact;
use super::report::{Cells, Table};
use super::sink::Failure;

#[derive(Debug, Clone, Copy, Default)]
pub struct Style {
    pub tab: bool,
    /// Begin with a byte order mark, by which Excel knows that the text is UTF-8.
    pub bom: bool,
    /// Put an apostrophe before text that a spreadsheet would run as a formula.
    pub excel_safe: bool,
}

/// Begins the text in this style; lines are to follow.
pub(super) fn begin(style: Style, out: &mut dyn Write) -> Result<csv::Writer<&mut dyn Write>, Failure> {
    if style.bom {
        out.write_all("\u{feff}".as_bytes())?;
    }
    Ok(csv::WriterBuilder::new()
        .delimiter(if style.tab { b'\t' } else { b',' })
        .terminator(csv::Terminator::Any(b'\n'))
        .from_writer(out))
}

pub fn write(table: &Table, style: Style, out: &mut dyn Write) -> Result<(), Failure> {
    let mut lines = begin(style, out)?;
    let mut field = Vec::new();
    for column in &table.columns {
        field.clear();
        if style.excel_safe && is_formula(&column.name) {
            field.push(b'\'');
        }
        field.extend_from_slice(column.name.as_bytes());
        lines.write_field(&field).map_err(failure)?;
    }
    lines.write_record(None::<&[u8]>).map_err(failure)?;
    for row in 0..table.height() {
        for column in &table.columns {
            field.clear();
            if style.excel_safe && holds_formula(&column.cells, row) {
                field.push(b'\'');
            }
            exact::push(&column.cells, row, &mut field);
            lines.write_field(&field).map_err(failure)?;
        }
        lines.write_record(None::<&[u8]>).map_err(failure)?;
    }
    lines.flush()?;
    Ok(())
}

/// Numbers and dates are what they are; only text can pretend.
fn holds_formula(cells: &Cells, row: usize) -> bool {
    matches!(cells, Cells::Text(v) if v[row].as_deref().is_some_and(is_formula))
}

/// Whether a spreadsheet would take the text for a formula or a command: by its first character, half or full width.
pub(super) fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'])
}

/// The writer's own error inside csv's: its kind tells a closed pipe from a full disk.
pub(super) fn failure(error: csv::Error) -> Failure {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Failure::Io(error),
        other => Failure::Io(std::io::Error::other(format!("{other:?}"))),
    }
}
