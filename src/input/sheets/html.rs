//! HTML tables that are called .xls: a spreadsheet opens them, and so some platforms export them.
//!
//! Cells that span several columns or rows hold their value once, in the first place, as in a spreadsheet that has opened
//! the file: an amount that spans three rows is one amount.

use encoding_rs::Encoding as Charset;
use html5gum::{DefaultEmitter, HtmlString, StartTag, Token, Tokenizer};

use super::spool::{MOST_COLUMNS, RowWriter, Spooler, used};
use super::workbook::{HEAD_ROWS, judge, named};
use crate::error::{Error, Result};
use crate::input::InputOptions;
use crate::input::container::Stream;
use crate::input::encoding::{Detector, Encoding};
use crate::input::source::Source;

/// The page is held in memory twice over.
const LARGEST: usize = 256 << 20;

/// Where a page says what its encoding is.
const CHARSET_WITHIN: usize = 4096;

/// The limits of the HTML standard.
const WIDEST_SPAN: usize = 1000;
const LONGEST_SPAN: usize = 65_534;

/// Tables within tables within tables; deeper ones are read as part of the last.
const DEEPEST: usize = 32;

/// The best table of the page as CSV text; and its number, where there are several.
pub(super) fn spool(
    stream: Stream,
    options: &InputOptions,
    spooler: &mut Spooler,
    label: &str,
) -> Result<(Source, u64, Option<String>)> {
    let page = read(stream, options, label)?;
    let (table, head, tables) = choose(&page, options, label)?;
    let mut width = head.iter().map(|cells| used(cells)).max().unwrap_or(0);
    let mut spool = spooler.begin(label, page.len() as u64);
    let spool = loop {
        let mut writer = RowWriter::new(spool, width);
        walk(&page, &mut |number, row, cells| {
            // Tables stand within tables: the others' rows may go on behind this one's.
            if number == table { writer.push(row, cells).map(|()| true) } else { Ok(true) }
        })?;
        if writer.widest <= width {
            break writer.spool;
        }
        width = writer.widest;
        spool = writer.spool;
        spool.restart();
    };
    let (source, length) = spool.finish()?;
    Ok((source, length, (tables > 1).then(|| format!("table {}", table + 1))))
}

/// The page as text: by what the user says, else by its byte order mark, else by what it says itself if that fits its
/// bytes, else as any text is.
fn read(mut stream: Stream, options: &InputOptions, label: &str) -> Result<String> {
    let mut bytes = Vec::new();
    if !stream.fill(&mut bytes, LARGEST + 1)? || bytes.len() > LARGEST {
        return Err(Error::Damaged {
            path: label.to_owned(),
            why: format!("an HTML page of more than {} MiB", LARGEST >> 20),
            hint: Some("export it in parts, or as CSV".to_owned()),
        });
    }
    if let Some(given) = &options.encoding {
        let encoding = Encoding::from_label(given)?;
        let charset = Charset::for_label(encoding.name().as_bytes()).unwrap_or(encoding_rs::UTF_8);
        return Ok(charset.decode(&bytes).0.into_owned());
    }
    let charset = match Charset::for_bom(&bytes) {
        Some((charset, _)) => Some(charset),
        // A page that calls itself GB2312 holds GBK or GB18030, which GB18030 reads all.
        None => declared(&bytes)
            .map(|charset| if charset == encoding_rs::GBK { encoding_rs::GB18030 } else { charset }),
    };
    if let Some(charset) = charset {
        let (text, _, is_wrong) = charset.decode(&bytes);
        if !is_wrong {
            return Ok(text.into_owned());
        }
    }
    let mut detector = Detector::default();
    detector.push(&bytes);
    let encoding = detector.finish(true, label)?;
    let charset = Charset::for_label(encoding.name().as_bytes()).unwrap_or(encoding_rs::UTF_8);
    Ok(charset.decode(&bytes).0.into_owned())
}

/// `<meta charset="gb2312">` or `content="text/html; charset=gbk"`. One that names UTF-16 cannot be read as such.
fn declared(bytes: &[u8]) -> Option<&'static Charset> {
    let head = bytes[..bytes.len().min(CHARSET_WITHIN)].to_ascii_lowercase();
    let at = memchr::memmem::find(&head, b"charset")? + 7;
    let rest = head[at..].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
    let end = rest.iter().position(|byte| !(byte.is_ascii_alphanumeric() || b"-_:.".contains(byte)));
    let charset = Charset::for_label(&rest[..end.unwrap_or(rest.len())])?;
    Some(if charset == encoding_rs::UTF_16LE || charset == encoding_rs::UTF_16BE {
        encoding_rs::UTF_8
    } else {
        charset
    })
}

/// The table with the best header (or the one that `--sheet` numbers), its first rows, and how many tables there are.
fn choose(page: &str, options: &InputOptions, label: &str) -> Result<(usize, Vec<Vec<String>>, usize)> {
    let mut heads: Vec<Vec<Vec<String>>> = Vec::new();
    walk(page, &mut |table, _, cells| {
        if heads.len() <= table {
            heads.resize(table + 1, Vec::new());
        }
        if heads[table].len() < HEAD_ROWS && used(cells) > 0 {
            heads[table].push(cells.to_vec());
        }
        Ok(true)
    })?;
    let tables = heads.iter().filter(|head| !head.is_empty()).count();
    let nothing = || Error::Empty {
        path: label.to_owned(),
        why: "an HTML page without a table that holds anything".to_owned(),
    };
    if let Some(wanted) = &options.sheet {
        let names: Vec<String> = (1..=heads.len()).map(|number| number.to_string()).collect();
        let table = named(wanted, &names, "table of the HTML page")?;
        let head = heads.swap_remove(table);
        return if head.is_empty() { Err(nothing()) } else { Ok((table, head, tables)) };
    }
    let mut best: Option<(f64, usize)> = None;
    for (table, head) in heads.iter().enumerate().filter(|(_, head)| !head.is_empty()) {
        let (score, _) = judge(head, "", options, label);
        // Of equals the longer one: pages begin with small tables for their layout.
        let is_better = best.is_none_or(|(best_score, known)| {
            score > best_score || (score == best_score && size(head) > size(&heads[known]))
        });
        if is_better {
            best = Some((score, table));
        }
    }
    let (_, table) = best.ok_or_else(nothing)?;
    let head = heads.swap_remove(table);
    Ok((table, head, tables))
}

fn size(head: &[Vec<String>]) -> usize {
    head.iter().map(|cells| cells.iter().filter(|cell| !cell.is_empty()).count()).sum()
}

/// Takes the number of a table, of a row in it (from 1), and its cells; false: enough.
type TableSink<'a> = &'a mut dyn FnMut(usize, u64, &[String]) -> Result<bool>;

/// A table whose end has not come.
struct OpenTable {
    number: usize,
    row: u64,
    in_row: bool,
    cells: Vec<String>,
    /// The place of the present row's next cell.
    column: usize,
    in_cell: bool,
    /// Rows below that a cell further up covers, by column.
    covered: Vec<usize>,
}

impl OpenTable {
    fn new(number: usize) -> Self {
        Self {
            number,
            row: 0,
            in_row: false,
            cells: Vec::new(),
            column: 0,
            in_cell: false,
            covered: Vec::new(),
        }
    }

    /// End tags of rows and cells may be left out.
    fn begin_row(&mut self, sink: TableSink) -> Result<bool> {
        let goes_on = self.end_row(sink)?;
        self.in_row = true;
        self.row += 1;
        self.column = 0;
        self.cells.clear();
        Ok(goes_on)
    }

    fn end_row(&mut self, sink: TableSink) -> Result<bool> {
        self.end_cell();
        if !std::mem::take(&mut self.in_row) {
            return Ok(true);
        }
        for rows in self.covered.iter_mut().skip(self.column) {
            *rows = rows.saturating_sub(1);
        }
        sink(self.number, self.row, &self.cells)
    }

    fn begin_cell(&mut self, tag: &StartTag<()>) {
        self.end_cell();
        self.skip_covered();
        let span = |name: &[u8], most: usize| {
            let value = tag.attributes.get(&HtmlString(name.to_vec()));
            let number =
                value.and_then(|value| std::str::from_utf8(value).ok()?.trim().parse::<usize>().ok());
            number.unwrap_or(1).clamp(1, most)
        };
        let (columns, rows) = (span(b"colspan", WIDEST_SPAN), span(b"rowspan", LONGEST_SPAN));
        let is_beyond = self.column == MOST_COLUMNS;
        if is_beyond && self.cells.get(self.column).is_some_and(|cell| !cell.is_empty()) {
            // Too wide already: what else there is need not be collected.
            return;
        }
        self.in_cell = true;
        // Wider than any sheet: `RowWriter` refuses it, if there is anything in it.
        let end = (self.column + columns).min(MOST_COLUMNS + 1);
        self.cells.resize(self.column + 1, String::new());
        if rows > 1 || self.covered.len() > self.column {
            self.covered.resize(self.covered.len().max(end), 0);
            // This row is one of them; what stands behind `column` is counted down at the row's end.
            self.covered[self.column..end].fill(rows - 1);
        }
        self.column = end.min(MOST_COLUMNS);
    }

    /// Passes over the places that a cell further up covers.
    fn skip_covered(&mut self) {
        while self.covered.get(self.column).is_some_and(|rows| *rows > 0) {
            self.covered[self.column] -= 1;
            self.column += 1;
        }
    }

    /// Blanks are as in a browser: one for many, none at the ends.
    fn end_cell(&mut self) {
        if std::mem::take(&mut self.in_cell)
            && let Some(cell) = self.cells.last_mut()
        {
            let plain = !cell.contains("  ")
                && !cell.contains(['\n', '\t', '\r', '\u{a0}'])
                && !cell.starts_with(' ')
                && !cell.ends_with(' ');
            if !plain {
                *cell = cell.split_whitespace().collect::<Vec<_>>().join(" ");
            }
        }
    }
}

fn walk(page: &str, sink: TableSink) -> Result<()> {
    let mut emitter = DefaultEmitter::default();
    // What stands in <script> and <style> is no markup.
    emitter.naively_switch_states(true);
    let mut open: Vec<OpenTable> = Vec::new();
    let mut tables = 0;
    // <td><script>, <td><select>: what is no text of the cell.
    let mut unseen: Option<Vec<u8>> = None;
    for Ok(token) in Tokenizer::new_with_emitter(page, emitter) {
        match token {
            Token::StartTag(tag) => {
                let name: &[u8] = &tag.name;
                if unseen.is_none()
                    && !tag.self_closing
                    && matches!(name, b"script" | b"style" | b"select" | b"textarea")
                {
                    unseen = Some(name.to_vec());
                }
                if name == b"table" && open.len() < DEEPEST {
                    open.push(OpenTable::new(tables));
                    tables += 1;
                    continue;
                }
                let goes_on = match (name, open.last_mut()) {
                    (b"tr", Some(table)) => table.begin_row(sink)?,
                    (b"td" | b"th", Some(table)) => {
                        // A cell without a row begins one.
                        let goes_on = table.in_row || table.begin_row(sink)?;
                        table.begin_cell(&tag);
                        goes_on
                    }
                    (b"thead" | b"tbody" | b"tfoot" | b"caption", Some(table)) => table.end_row(sink)?,
                    (b"br" | b"p" | b"div" | b"li", Some(table)) => {
                        push(table, " ");
                        true
                    }
                    _ => true,
                };
                if !goes_on {
                    return Ok(());
                }
            }
            Token::EndTag(tag) => {
                let name: &[u8] = &tag.name;
                if unseen.as_deref() == Some(name) {
                    unseen = None;
                }
                let goes_on = match (name, open.last_mut()) {
                    (b"table", Some(table)) => {
                        let goes_on = table.end_row(sink)?;
                        open.pop();
                        goes_on
                    }
                    (b"tr" | b"thead" | b"tbody" | b"tfoot", Some(table)) => table.end_row(sink)?,
                    (b"td" | b"th", Some(table)) => {
                        table.end_cell();
                        true
                    }
                    (b"p" | b"div" | b"li", Some(table)) => {
                        push(table, " ");
                        true
                    }
                    _ => true,
                };
                if !goes_on {
                    return Ok(());
                }
            }
            Token::String(text) if unseen.is_none() => {
                if let Some(table) = open.last_mut() {
                    push(table, &String::from_utf8_lossy(&text));
                }
            }
            _ => {}
        }
    }
    // A page that was cut off: its last rows are there all the same.
    while let Some(mut table) = open.pop() {
        if !table.end_row(sink)? {
            break;
        }
    }
    Ok(())
}

fn push(table: &mut OpenTable, text: &str) {
    if table.in_cell
        && let Some(cell) = table.cells.last_mut()
    {
        cell.push_str(text);
    }
}

/// Whether a text begins as an HTML page does.
pub(super) fn is_one(head: &[u8]) -> bool {
    let text = match Charset::for_bom(head) {
        Some((charset, _)) => charset.decode(head).0,
        None => String::from_utf8_lossy(head),
    };
    let mut text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\0');
    // Word and Excel put comments and an XML declaration in front.
    loop {
        let rest = if text.starts_with("<!--") {
            text.find("-->").map(|end| &text[end + 3..])
        } else if text.starts_with("<?xml") {
            text.find("?>").map(|end| &text[end + 2..])
        } else {
            None
        };
        match rest {
            Some(rest) => text = rest.trim_start(),
            None => break,
        }
    }
    let begins = |tag: &str| {
        text.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag))
            && !text[tag.len()..].starts_with(|c: char| c.is_ascii_alphanumeric())
    };
    [
        "<html",
        "<!doctype html",
        "<table",
        "<meta",
        "<head",
        "<body",
        "<style",
        "<div",
        "<center",
        "<thead",
        "<tr",
    ]
    .iter()
    .any(|tag| begins(tag))
}

#[cfg(test)]
#[path = "html_tests.rs"]
mod tests;
