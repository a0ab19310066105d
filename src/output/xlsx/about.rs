//! The sheet about the run: what was asked, what was read and what became of every row, notes, definitions.

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, Worksheet, XlsxError};

use super::{LINE_HEIGHT, shortened};
use crate::output::layout;
use crate::output::numbers;
use crate::output::report::Report;
use crate::output::shown;
use crate::text::Catalogue;

const KEY_WIDTH: u16 = 34;
const VALUE_WIDTH: u16 = 100;
/// A cell of this sheet shows no more; the whole is in json.
const MOST_SHOWN: usize = 2_000;

/// `provisional`: the tables have marked values.
pub fn fill(
    sheet: &mut Worksheet,
    report: &Report,
    provisional: bool,
    words: &Catalogue,
) -> Result<(), XlsxError> {
    let mut page = Page::new(sheet)?;
    page.title(&words.report(&report.command))?;
    page.pair(&words.ui("command"), &report.command)?;
    if let Some(at) = report.as_of {
        page.pair(&words.ui("as_of"), &shown::as_of(at))?;
    }
    page.pair(&words.ui("made_with"), concat!("siyu ", env!("CARGO_PKG_VERSION")))?;

    if !report.params.is_empty() {
        page.heading(&words.ui("parameters"))?;
        for (key, value) in &report.params {
            page.pair(&words.param(key), &shown::param(value, words))?;
        }
    }
    for account in &report.input {
        let frame = words.label("frames", &account.frame).unwrap_or(&account.frame);
        page.heading(&words.ui("input_of").replace("{}", frame))?;
        for (i, file) in account.files.iter().enumerate() {
            page.pair(&if i == 0 { words.ui("files") } else { String::new() }, file)?;
        }
        if !account.preset.is_empty() {
            page.pair(&words.ui("preset"), &account.preset)?;
        }
        page.count(&words.ui("rows_read"), account.rows_read)?;
        for (reason, rows) in &account.dropped {
            page.count(&words.ui("dropped_by").replace("{}", &words.reason(reason)), *rows)?;
        }
        page.count(&words.ui("rows_used"), account.rows_used)?;
    }
    if !report.alerts.is_empty() {
        page.heading(&words.ui("alerts"))?;
        for alert in &report.alerts {
            page.pair(&words.ui(alert.severity.key()), &alert.text(words))?;
        }
    }
    if provisional || !report.notes.is_empty() {
        page.heading(&words.ui("notes"))?;
        if provisional {
            page.pair("*", &words.ui("provisional"))?;
        }
        for note in &report.notes {
            page.pair("", &words.note(note))?;
        }
    }
    if !report.definitions.trim().is_empty() {
        page.heading(&words.ui("definitions"))?;
        page.definitions(&report.definitions)?;
    }
    sheet.set_screen_gridlines(false).set_print_fit_to_pages(1, 0);
    Ok(())
}

/// Lines from the top down: a key at the left, its value beside it.
struct Page<'a> {
    sheet: &'a mut Worksheet,
    line: u32,
    key: Format,
    value: Format,
    count: Format,
    heading: Format,
}

impl<'a> Page<'a> {
    fn new(sheet: &'a mut Worksheet) -> Result<Self, XlsxError> {
        sheet.set_column_width(0, KEY_WIDTH)?;
        sheet.set_column_width(1, VALUE_WIDTH)?;
        let top = Format::new().set_align(FormatAlign::Top).set_align(FormatAlign::Left);
        Ok(Self {
            sheet,
            line: 0,
            key: top.clone().set_font_color(Color::RGB(0x5A6B80)).set_text_wrap(),
            count: top.clone().set_num_format("#,##0"),
            heading: Format::new()
                .set_bold()
                .set_border_bottom(FormatBorder::Thin)
                .set_border_color(Color::RGB(0x8EA9C9)),
            value: top.set_text_wrap().set_quote_prefix(),
        })
    }

    fn title(&mut self, text: &str) -> Result<(), XlsxError> {
        let title = Format::new().set_bold().set_font_size(14);
        self.sheet.write_string_with_format(self.line, 0, text, &title)?;
        self.line += 2;
        Ok(())
    }

    fn heading(&mut self, text: &str) -> Result<(), XlsxError> {
        self.line += 1;
        self.sheet.write_string_with_format(self.line, 0, text, &self.heading)?;
        self.sheet.write_blank(self.line, 1, &self.heading)?;
        self.line += 1;
        Ok(())
    }

    fn pair(&mut self, key: &str, value: &str) -> Result<(), XlsxError> {
        self.sheet.write_string_with_format(self.line, 0, key, &self.key)?;
        self.text(value, layout::wrap(key, usize::from(KEY_WIDTH) - 2, usize::MAX).len())
    }

    /// Text on the right, in a row that is high enough for it and for `least` lines.
    fn text(&mut self, text: &str, least: usize) -> Result<(), XlsxError> {
        let text = shortened(text, MOST_SHOWN);
        let lines = |line| layout::wrap(line, usize::from(VALUE_WIDTH) - 4, usize::MAX).len();
        let lines = text.split('\n').map(lines).sum::<usize>().max(least);
        if lines > 1 {
            self.sheet.set_row_height(self.line, (LINE_HEIGHT * lines as f64).min(400.0))?;
        }
        self.sheet.write_string_with_format(self.line, 1, text, &self.value)?;
        self.line += 1;
        Ok(())
    }

    fn count(&mut self, key: &str, rows: u64) -> Result<(), XlsxError> {
        self.sheet.write_string_with_format(self.line, 0, key, &self.key)?;
        if rows < 1 << 53 {
            self.sheet.write_number_with_format(self.line, 1, rows as f64, &self.count)?;
        } else {
            let rows = numbers::grouped(rows);
            self.sheet.write_string_with_format(self.line, 1, rows, &self.value)?;
        }
        self.line += 1;
        Ok(())
    }

    /// Markdown, a paragraph or list item per line; headings stand at the left.
    fn definitions(&mut self, text: &str) -> Result<(), XlsxError> {
        let mut alone = false;
        for paragraph in paragraphs(text) {
            match paragraph.strip_prefix('#') {
                Some(heading) => {
                    self.line += u32::from(alone);
                    alone = true;
                    let bold = self.key.clone().set_bold();
                    let heading = heading.trim_start_matches('#').trim();
                    self.sheet.write_string_with_format(self.line, 0, heading, &bold)?;
                    // What follows stands beside it.
                }
                None => {
                    alone = false;
                    self.text(&paragraph, 1)?;
                }
            }
        }
        Ok(())
    }
}

/// Lines of running text are joined; list items, rows of tables and headings stay lines of their own. Marks of emphasis
/// and the rules of tables go.
fn paragraphs(text: &str) -> Vec<String> {
    let mut paragraphs: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        let line = line.trim().replace("**", "").replace('`', "");
        if line.is_empty() {
            open = false;
            continue;
        }
        if let Some(row) = line.strip_prefix('|') {
            if !row.chars().all(|c| "|-: ".contains(c)) {
                paragraphs.push(row.trim_end_matches('|').trim().to_owned());
            }
            open = false;
            continue;
        }
        let is_heading = line.starts_with('#');
        let item = line.strip_prefix("- ").or_else(|| line.strip_prefix("* "));
        let is_own = is_heading
            || item.is_some()
            || line.split_once(". ").is_some_and(|(n, _)| n.parse::<u8>().is_ok());
        match paragraphs.last_mut().filter(|_| open && !is_own) {
            Some(last) => {
                last.push(' ');
                last.push_str(&line);
            }
            None => paragraphs.push(item.map_or(line.clone(), |item| format!("• {item}"))),
        }
        open = !is_heading;
    }
    paragraphs
}

#[cfg(test)]
mod tests {
    use super::paragraphs;

    #[test]
    fn definitions_become_lines() {
        let text = "# RFM\n\nRecency of `each`\n**customer**.\n\n- one\n  more\n- two\n\n| a | b |\n| --- | ---: |\n| 1 | 2 |\nEnd";
        let lines = ["# RFM", "Recency of each customer.", "• one more", "• two", "a | b", "1 | 2", "End"];
        assert_eq!(paragraphs(text), lines);
    }
}
