//! xlsx: a sheet per table with real numbers and dates, and a last sheet about the run. Text is always text: no id becomes
//! a number, no value a formula. No clock is read: equal reports give equal bytes.

mod about;

use std::io::Write;

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};
use rust_xlsxwriter::{
    Color, ConditionalFormat2ColorScale, ConditionalFormatDataBar, ConditionalFormatType, DocProperties,
    ExcelDateTime, Format, FormatAlign, FormatBorder, IgnoreError, Workbook, Worksheet, XlsxError,
};

use super::delimited::is_formula;
use super::exact;
use super::layout;
use super::report::{Cells, Column, Kind, Report, Table};
use super::shade::{RAMP, Scale};
use super::shown;
use super::sink::Failure;
use crate::error::Error;
use crate::text::Catalogue;

/// Sheets longer than this go to disk row by row while they are made (1 million rows of 10 columns: 300 MB instead of
/// 1.6 GB).
const IN_MEMORY_ROWS: usize = 50_000;

/// Rows of a sheet below its header.
const MOST_ROWS: usize = 1_048_575;
const MOST_COLUMNS: usize = 16_384;
/// Characters of a cell, as Excel counts them.
const MOST_TEXT: usize = 32_767;
/// Characters of a sheet's name.
const MOST_NAME: usize = 31;
/// Widths are fitted to the values of this many rows.
const FITTED_ROWS: usize = 20_000;
const WIDTHS: std::ops::RangeInclusive<usize> = 8..=60;
/// Room for the button of the filter.
const BUTTON: usize = 3;
/// Points of one line, and the lines that a row shows at most; a longer text is whole in the cell.
const LINE_HEIGHT: f64 = 15.0;
const MOST_LINES: usize = 8;
/// The darkest shade, on which black and grey text can be read.
const DARKEST: usize = 6;
/// Above this a number in all its digits is noise.
const HUGE: f64 = 1e15;
/// Excel counts time in days.
const DAY_SECONDS: f64 = 86_400.0;

pub fn write(
    report: &Report,
    tables: &[&Table],
    words: &Catalogue,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    for table in tables {
        check(table)?;
    }
    let mut book = Workbook::new();
    book.set_properties(&properties(report, words)?);
    let mut names = Vec::new();
    for table in tables {
        let name = sheet_name(&words.table(table.name), &names);
        let sheet = if table.height() > IN_MEMORY_ROWS {
            book.add_worksheet_with_constant_memory()
        } else {
            book.add_worksheet()
        };
        sheet.set_name(&name).map_err(failure)?;
        names.push(name);
        fill(sheet, table, words).map_err(failure)?;
    }
    let name = sheet_name(&words.ui("about"), &names);
    let sheet = book.add_worksheet();
    sheet.set_name(&name).map_err(failure)?;
    let provisional = tables.iter().any(|table| table.columns.iter().any(shown::any_provisional));
    about::fill(sheet, report, provisional, words).map_err(failure)?;
    out.write_all(&book.save_to_buffer().map_err(failure)?)?;
    Ok(())
}

/// What a sheet cannot hold is refused before anything is written.
fn check(table: &Table) -> Result<(), Error> {
    let refused = |what: String| {
        Err(Error::DoesNotFit {
            format: "xlsx",
            what,
            hint: "use csv or parquet, or name other tables with --table".into(),
        })
    };
    if table.height() > MOST_ROWS {
        return refused(format!("table {} has {} rows and a sheet {MOST_ROWS}", table.name, table.height()));
    }
    if table.columns.len() > MOST_COLUMNS {
        return refused(format!(
            "table {} has {} columns and a sheet {MOST_COLUMNS}",
            table.name,
            table.columns.len()
        ));
    }
    for column in &table.columns {
        let Cells::Text(texts) = &column.cells else { continue };
        let length = |text: &Option<String>| {
            text.as_ref().filter(|t| t.len() > MOST_TEXT).map_or(0, |t| t.encode_utf16().count())
        };
        if let Some(row) = texts.iter().position(|text| length(text) > MOST_TEXT) {
            return refused(format!(
                "table {}, column {}, row {}: a text of {} characters, and a cell holds {MOST_TEXT}",
                table.name,
                column.name,
                row + 1,
                length(&texts[row])
            ));
        }
    }
    Ok(())
}

/// Title and date of the file; the date is the report's, not the clock's.
fn properties(report: &Report, words: &Catalogue) -> Result<DocProperties, Failure> {
    let at = report.as_of.unwrap_or_default();
    let (date, time) = (at.date(), at.time());
    let year = u16::try_from(date.year()).unwrap_or(1970).clamp(1900, 9999);
    let created = ExcelDateTime::from_ymd(year, date.month() as u8, date.day() as u8)
        .and_then(|d| d.and_hms(time.hour() as u16, time.minute() as u8, time.second() as f64))
        .map_err(failure)?;
    Ok(DocProperties::new()
        .set_title(words.report(&report.command))
        .set_author(concat!("siyu ", env!("CARGO_PKG_VERSION")))
        .set_creation_datetime(&created))
}

fn fill(sheet: &mut Worksheet, table: &Table, words: &Catalogue) -> Result<(), XlsxError> {
    let height = table.height();
    let header = Format::new()
        .set_bold()
        .set_background_color(Color::RGB(0xE3ECF7))
        .set_border_bottom(FormatBorder::Thin)
        .set_border_color(Color::RGB(0x8EA9C9))
        .set_align(FormatAlign::VerticalCenter)
        .set_text_wrap();
    let styles: Vec<Style> = (0..).zip(&table.columns).map(|(at, column)| Style::of(at, column)).collect();
    let mut widths = Vec::new();
    let mut lines = 1;
    for (at, column) in (0_u16..).zip(&table.columns) {
        let label = words.column(&column.name);
        let header = if shown::is_number(column) {
            header.clone().set_align(FormatAlign::Right)
        } else {
            header.clone().set_indent(indent(at))
        };
        sheet.write_string_with_format(0, at, &label, &header)?;
        let width = fitted(column, &label, words).min(*WIDTHS.end());
        sheet.set_column_width(at, width as f64)?;
        lines = lines.max(layout::wrap(&label, width - BUTTON, 2).len());
        widths.push(width);
    }
    sheet.set_row_height(0, LINE_HEIGHT * lines as f64 + 4.0)?;
    for row in 0..height {
        let mut lines = 1;
        for (at, (column, style)) in (0_u16..).zip(table.columns.iter().zip(&styles)) {
            put(sheet, row, at, column, style, words)?;
            lines = lines.max(lines_of(column, row, widths[usize::from(at)], words));
        }
        if lines > 1 {
            sheet.set_row_height(row as u32 + 1, LINE_HEIGHT * lines as f64)?;
        }
    }
    // In front of a matrix the columns that say what its rows are stay in sight.
    let fixed = table.columns.iter().position(|column| column.shaded).unwrap_or(0);
    let fixed = table.columns[..fixed].iter().position(|c| c.name.starts_with("period_")).unwrap_or(fixed);
    sheet.set_freeze_panes(1, fixed.min(4) as u16)?;
    let (last_row, last_column) = (height as u32, table.columns.len().saturating_sub(1) as u16);
    if !table.columns.is_empty() {
        sheet.autofilter(0, 0, last_row, last_column)?;
        sheet.set_repeat_rows(0, 0)?;
    }
    sheet.set_landscape().set_print_fit_to_pages(1, 0);
    let is_matrix = table.columns.iter().any(|column| column.shaded);
    if Scale::of(table).is_some() {
        shade(sheet, table, last_row)?;
    }
    for (at, column) in (0_u16..).zip(&table.columns).filter(|_| height > 0) {
        if matches!(column.cells, Cells::Text(_)) || column.kind == Kind::Id {
            sheet.ignore_error_range(1, at, last_row, at, IgnoreError::NumberStoredAsText)?;
        }
        if !is_matrix && shown::largest_share(column).is_some() {
            let bars = ConditionalFormatDataBar::new()
                .set_minimum(ConditionalFormatType::Number, 0)
                .set_fill_color(Color::RGB(0xB7D0EC))
                .set_solid_fill(true)
                .set_border_off(true);
            sheet.add_conditional_format(1, at, last_row, at, &bars)?;
        }
    }
    Ok(())
}

/// One scale over all shaded columns; empty cells stay white.
fn shade(sheet: &mut Worksheet, table: &Table, last_row: u32) -> Result<(), XlsxError> {
    let shaded = || (0_u16..).zip(&table.columns).filter(|(_, column)| column.shaded).map(|(at, _)| at);
    let (Some(first), Some(last)) = (shaded().next(), shaded().last()) else { return Ok(()) };
    let color = |[r, g, b]: [u8; 3]| Color::RGB(u32::from_be_bytes([0, r, g, b]));
    let mut scale = ConditionalFormat2ColorScale::new()
        .set_minimum_color(color(RAMP[0]))
        .set_maximum_color(color(RAMP[DARKEST]));
    if shaded().count() < usize::from(last - first) + 1 {
        let range = |at| rust_xlsxwriter::utility::cell_range(1, at, last_row, at);
        scale = scale.set_multi_range(shaded().map(range).collect::<Vec<_>>().join(" "));
    }
    sheet.add_conditional_format(1, first, last_row, last, &scale)?;
    Ok(())
}

/// Text beside a column of numbers keeps off it.
fn indent(at: u16) -> u8 {
    u8::from(at > 0)
}

/// How many lines the text in `row` takes in a column of this width.
fn lines_of(column: &Column, row: usize, width: usize, words: &Catalogue) -> usize {
    let is_long = |text: &str| text.len() + 2 > width || text.contains('\n');
    match &column.cells {
        Cells::Text(v) if v[row].as_deref().is_some_and(is_long) || matches!(column.kind, Kind::Key(_)) => {
            let text = shown::cell(column, row, words).unwrap_or_default();
            text.split('\n')
                .take(MOST_LINES)
                .map(|line| layout::wrap(line, width, MOST_LINES).len())
                .sum::<usize>()
                .clamp(1, MOST_LINES)
        }
        _ => 1,
    }
}

/// How a column's cells look.
struct Style {
    usual: Format,
    huge: Format,
    /// For text that would turn into a formula when somebody edits the cell.
    quoted: Format,
    /// Of a period that is still running.
    provisional: Format,
}

impl Style {
    fn of(at: u16, column: &Column) -> Self {
        let top = Format::new().set_align(FormatAlign::Top);
        let usual = match (&column.cells, column.kind) {
            (Cells::Text(_), _) | (_, Kind::Id | Kind::Text | Kind::Key(_)) => {
                top.set_num_format("@").set_text_wrap().set_align(FormatAlign::Left)
            }
            (Cells::Date(_), _) => top.set_num_format("yyyy-mm-dd").set_align(FormatAlign::Left),
            (Cells::DateTime(_), _) => top.set_num_format("yyyy-mm-dd hh:mm:ss").set_align(FormatAlign::Left),
            _ => match number_format(column, column.kind) {
                Some(format) => top.set_num_format(format),
                None => top,
            },
        };
        // Words for what is absent stand where the numbers do.
        let usual = if column.kind == Kind::Reached { usual.set_align(FormatAlign::Right) } else { usual };
        let usual = if shown::is_number(column) { usual } else { usual.set_indent(indent(at)) };
        let provisional = usual.clone().set_italic().set_font_color(Color::RGB(0x40_40_40));
        // The mark is part of how the number is shown; the other numbers leave room for it.
        let (usual, provisional) = match number_format(column, column.kind) {
            Some(number) if shown::is_number(column) && shown::any_provisional(column) => (
                usual.set_num_format(format!("{number}_*")),
                provisional.set_num_format(format!("{number}\"*\"")),
            ),
            _ => (usual, provisional),
        };
        Self {
            provisional,
            huge: usual.clone().set_num_format("0.00E+00"),
            quoted: usual.clone().set_quote_prefix(),
            usual,
        }
    }
}

/// How the numbers of a column are shown, where they are of this kind.
fn number_format(column: &Column, kind: Kind) -> Option<String> {
    Some(match (&column.cells, kind) {
        (_, Kind::Money) | (Cells::Money(_), _) => "#,##0.00".into(),
        (_, Kind::Ratio) => "0.0%".into(),
        (_, Kind::Seconds) => "[h]:mm:ss".into(),
        (_, Kind::Number(0)) | (Cells::Int(_), _) => "#,##0".into(),
        (_, Kind::Number(decimals)) => "#,##0.".to_owned() + &"0".repeat(decimals.into()),
        (Cells::Float(_), Kind::Probability) => "[<0.0001]0.0E+00;0.0000".into(),
        (Cells::Float(_), _) => "#,##0.0".into(),
        _ => return None,
    })
}

fn put(
    sheet: &mut Worksheet,
    row: usize,
    at: u16,
    column: &Column,
    style: &Style,
    words: &Catalogue,
) -> Result<(), XlsxError> {
    let line = row as u32 + 1;
    let number = match (&column.cells, column.kind) {
        (Cells::Int(v), kind) if !matches!(kind, Kind::Id | Kind::Text | Kind::Key(_)) => {
            v[row].filter(|n| n.unsigned_abs() < 1 << 53).map(|n| n as f64)
        }
        (Cells::Money(v), _) => v[row].map(|e4| e4 as f64 / 1e4),
        (Cells::Float(v), _) => v[row].filter(|x| x.is_finite()),
        (Cells::Date(v), _) => v[row].and_then(exact::date).and_then(day_number),
        (Cells::DateTime(v), _) => v[row].and_then(exact::datetime).and_then(moment_number),
        _ => None,
    };
    // Excel's unit of time is a day. What is less than nothing has no such format.
    let is_length = column.kind_of(row) == Kind::Seconds;
    let number = number.filter(|number| !is_length || *number >= 0.0);
    if let Some(number) = number.map(|number| if is_length { number / DAY_SECONDS } else { number }) {
        let format = match number.abs() < HUGE {
            true if shown::is_provisional(column, row) => &style.provisional,
            true => &style.usual,
            false => &style.huge,
        };
        match number_format(column, column.kind_of(row)).filter(|_| !column.kinds.is_empty()) {
            Some(of_row) => {
                sheet.write_number_with_format(line, at, number, &format.clone().set_num_format(of_row))?
            }
            None => sheet.write_number_with_format(line, at, number, format)?,
        };
        return Ok(());
    }
    // Text, and what no number of Excel's can say: dates before 1900, whole numbers beyond 2^53.
    if let Some(text) = shown::cell(column, row, words) {
        let format = if is_formula(&text) { &style.quoted } else { &style.usual };
        sheet.write_string_with_format(line, at, text, format)?;
    }
    Ok(())
}

/// Excel's number of a day. It believes in a 29 February 1900, so that earlier days are off by one.
fn day_number(date: NaiveDate) -> Option<f64> {
    let days = i64::from(date.to_epoch_days()) + 25_569;
    let days = if days < 61 { days - 1 } else { days };
    (1..2_958_466).contains(&days).then_some(days as f64)
}

fn moment_number(at: NaiveDateTime) -> Option<f64> {
    let time = at.time();
    let seconds = f64::from(time.num_seconds_from_midnight()) + f64::from(time.nanosecond()) / 1e9;
    Some(day_number(at.date())? + seconds / 86_400.0)
}

/// The width in characters that the column's label and values need; a long label may take two lines.
fn fitted(column: &Column, label: &str, words: &Catalogue) -> usize {
    let rows = column.cells.len().min(FITTED_ROWS);
    let seconds = if matches!(column.cells, Cells::DateTime(_)) { 19 } else { 0 };
    let values = (0..rows)
        .filter_map(|row| shown::cell(column, row, words))
        .map(|text| text.lines().map(layout::width).max().unwrap_or(0))
        .fold(seconds, usize::max);
    // Bold type is wider by a tenth.
    let label = layout::heading_width(label) * 11 / 10 + BUTTON;
    (values + 2).max(label).max(*WIDTHS.start())
}

/// A name that Excel takes: short, without its special characters, like no other one.
fn sheet_name(label: &str, taken: &[String]) -> String {
    let clean: String =
        label.chars().map(|c| if "[]:*?/\\".contains(c) || c.is_control() { ' ' } else { c }).collect();
    let clean = clean.trim_matches(|c: char| c == '\'' || c.is_whitespace());
    let clean = if clean.is_empty() { "-" } else { clean };
    let is_taken = |name: &str| {
        let name = name.to_lowercase();
        name == "history" || taken.iter().any(|t| t.to_lowercase() == name)
    };
    let mut name = shortened(clean, MOST_NAME);
    for number in 2.. {
        if !is_taken(&name) {
            break;
        }
        let suffix = format!(" {number}");
        name = shortened(clean, MOST_NAME - suffix.len()) + &suffix;
    }
    name
}

/// At most `most` UTF-16 units, and no half character.
fn shortened(text: &str, most: usize) -> String {
    let mut units = 0;
    text.chars()
        .take_while(|c| {
            units += c.len_utf16();
            units <= most
        })
        .collect()
}

fn failure(error: XlsxError) -> Failure {
    match error {
        XlsxError::IoError(error) => Failure::Io(error),
        other => Failure::Ours(Error::Internal { doing: "writing xlsx".into(), why: other.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheet_names_are_what_excel_takes() {
        assert_eq!(sheet_name("Segments", &[]), "Segments");
        assert_eq!(sheet_name("a/b:c", &[]), "a b c");
        assert_eq!(sheet_name("SEGMENTS", &["Segments".into()]), "SEGMENTS 2");
        assert_eq!(sheet_name("History", &[]), "History 2");
        assert_eq!(sheet_name("''", &[]), "-");
        let long = "客".repeat(40);
        let first = sheet_name(&long, &[]);
        assert_eq!(first.chars().count(), 31);
        assert_eq!(sheet_name(&long, &[first]).chars().count(), 31);
    }

    #[test]
    fn days_have_excels_numbers() {
        let number = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).and_then(day_number);
        assert_eq!(number(2011, 12, 9), Some(40_886.0));
        assert_eq!(number(1900, 1, 1), Some(1.0));
        assert_eq!(number(1900, 2, 28), Some(59.0));
        assert_eq!(number(1900, 3, 1), Some(61.0));
        assert_eq!(number(1899, 12, 31), None);
        assert_eq!(number(9999, 12, 31), Some(2_958_465.0));
        assert_eq!(number(10_000, 1, 1), None);
    }
}
