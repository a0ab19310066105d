//! OpenDocument spreadsheets (ods): one XML document in a zip archive, read cell by cell.
//!
//! Read by ourselves and not by calamine, which holds all cells of all sheets in memory and waits for ever on a document
//! that ends too early.

use std::collections::HashSet;

use super::spool::{LARGEST_ROW, MOST_COLUMNS, MOST_ROWS, too_large};
use super::values::{iso, iso_duration, number};
use super::workbook::{Archive, RowSink, Sheet, damaged, member, unreadable};
use super::xml::{Attributes, Token, XmlReader, unescape};
use crate::error::Result;

const CONTENT: &str = "content.xml";

/// An opened spreadsheet.
pub(super) struct Ods {
    archive: Archive,
    label: String,
    pub sheets: Vec<Sheet>,
}

impl Ods {
    pub fn open(mut archive: Archive, label: &str) -> Result<Self> {
        refuse_encrypted(&mut archive, label)?;
        let mut sheets = Vec::new();
        let Some(stream) = member(&mut archive, CONTENT, label)? else {
            return Err(damaged(label, "the spreadsheet holds no content.xml"));
        };
        let mut xml = XmlReader::new(stream);
        let mut hidden_styles: HashSet<String> = HashSet::new();
        let mut style = String::new();
        while let Some(token) = xml.next().map_err(|error| unreadable(label, CONTENT, error))? {
            let Token::Open { name, attributes, .. } = token else { continue };
            match name {
                b"style" => style = attributes.text(b"name").unwrap_or_default(),
                b"table-properties" if attributes.raw(b"display") == Some(b"false") => {
                    hidden_styles.insert(style.clone());
                }
                b"table" => sheets.push(Sheet {
                    name: attributes.text(b"name").unwrap_or_else(|| format!("sheet {}", sheets.len() + 1)),
                    hidden: attributes
                        .text(b"style-name")
                        .is_some_and(|style| hidden_styles.contains(&style)),
                }),
                _ => {}
            }
        }
        drop(xml);
        Ok(Self { archive, label: label.to_owned(), sheets })
    }

    /// Hands every row that has a cell to `sink`, until it wants no more.
    pub fn rows(&mut self, sheet: usize, sink: RowSink) -> Result<()> {
        let label = self.label.clone();
        let Some(stream) = member(&mut self.archive, CONTENT, &label)? else { return Ok(()) };
        let mut xml = XmlReader::new(stream);
        let mut reader = TableReader::new(&label);
        let mut tables = 0;
        while let Some(token) = xml.next().map_err(|error| unreadable(&label, CONTENT, error))? {
            match token {
                Token::Open { name: b"table", .. } => tables += 1,
                Token::Close { name: b"table" } if tables == sheet + 1 => return Ok(()),
                token if tables == sheet + 1 && !reader.take(&token, sink)? => return Ok(()),
                _ => {}
            }
        }
        Err(damaged(&label, &format!("content.xml ends within the sheet {}", self.sheets[sheet].name)))
    }
}

fn refuse_encrypted(archive: &mut Archive, label: &str) -> Result<()> {
    const MANIFEST: &str = "META-INF/manifest.xml";
    let Some(stream) = member(archive, MANIFEST, label)? else { return Ok(()) };
    let mut xml = XmlReader::new(stream);
    while let Some(token) = xml.next().map_err(|error| unreadable(label, MANIFEST, error))? {
        if let Token::Open { name: b"encryption-data", .. } = token {
            return Err(super::workbook::protected(label));
        }
    }
    Ok(())
}

/// A table while it is read.
struct TableReader<'a> {
    label: &'a str,
    /// The number of the last row, and how often the present one stands there.
    row: u64,
    repeated: u64,
    cells: Vec<String>,
    /// Bytes of this row's texts.
    size: usize,
    /// Where the next cell stands.
    column: usize,
    cell: Option<CellSeen>,
    /// Of elements within the cell that are no part of its text.
    aside: usize,
    in_paragraph: usize,
}

struct CellSeen {
    repeated: usize,
    /// From the attributes; else the text is the value.
    value: Option<String>,
    text: String,
    paragraphs: usize,
}

impl<'a> TableReader<'a> {
    fn new(label: &'a str) -> Self {
        Self {
            label,
            row: 0,
            repeated: 1,
            cells: Vec::new(),
            size: 0,
            column: 0,
            cell: None,
            aside: 0,
            in_paragraph: 0,
        }
    }

    /// False: nobody wants more.
    fn take(&mut self, token: &Token, sink: &mut dyn FnMut(u64, &[String]) -> Result<bool>) -> Result<bool> {
        match token {
            Token::Open { name: b"annotation", empty: false, .. } if self.cell.is_some() => self.aside += 1,
            Token::Close { name: b"annotation" } => self.aside = self.aside.saturating_sub(1),
            _ if self.aside > 0 => {}
            Token::Open { name: b"table-row", attributes, empty } => {
                self.repeated = attributes.number(b"number-rows-repeated").unwrap_or(1).max(1);
                self.cells.clear();
                self.size = 0;
                self.column = 0;
                if *empty {
                    self.row = self.row.saturating_add(self.repeated);
                }
            }
            Token::Close { name: b"table-row" } => return self.end_row(sink),
            Token::Open { name: b"table-cell" | b"covered-table-cell", attributes, empty } => {
                self.cell = Some(begin_cell(attributes));
                self.in_paragraph = 0;
                if *empty {
                    self.end_cell()?;
                }
            }
            Token::Close { name: b"table-cell" | b"covered-table-cell" } => self.end_cell()?,
            token => self.take_text(token),
        }
        Ok(true)
    }

    fn take_text(&mut self, token: &Token) {
        let Some(cell) = &mut self.cell else { return };
        match token {
            Token::Open { name: b"p", empty, .. } => {
                if cell.paragraphs > 0 {
                    cell.text.push(' ');
                }
                cell.paragraphs += 1;
                self.in_paragraph += usize::from(!empty);
            }
            Token::Close { name: b"p" } => self.in_paragraph = self.in_paragraph.saturating_sub(1),
            Token::Open { name: b"s", attributes, .. } => {
                let blanks = attributes.number(b"c").unwrap_or(1).min(1000);
                cell.text.extend(std::iter::repeat_n(' ', usize::try_from(blanks).unwrap_or(1)));
            }
            Token::Open { name: b"tab" | b"line-break", .. } => cell.text.push(' '),
            Token::Text(raw) if self.in_paragraph > 0 => unescape(raw, &mut cell.text),
            Token::Literal(raw) if self.in_paragraph > 0 => cell.text.push_str(&String::from_utf8_lossy(raw)),
            _ => {}
        }
    }

    fn end_cell(&mut self) -> Result<()> {
        let Some(cell) = self.cell.take() else { return Ok(()) };
        let value = cell.value.unwrap_or(cell.text);
        let next = self.column.saturating_add(cell.repeated);
        if !value.is_empty() {
            if next > MOST_COLUMNS {
                return Err(damaged(
                    self.label,
                    &format!("row {} has more than {MOST_COLUMNS} cells", self.row + 1),
                ));
            }
            self.size = self.size.saturating_add(value.len().saturating_mul(cell.repeated));
            if self.size > LARGEST_ROW {
                return Err(too_large(self.label, self.row + 1));
            }
            self.cells.resize(self.column, String::new());
            self.cells.resize(next, value);
        }
        self.column = next;
        Ok(())
    }

    fn end_row(&mut self, sink: &mut dyn FnMut(u64, &[String]) -> Result<bool>) -> Result<bool> {
        let repeated = std::mem::replace(&mut self.repeated, 1);
        let first = self.row + 1;
        self.row = self.row.saturating_add(repeated);
        if self.cells.is_empty() {
            return Ok(true);
        }
        if self.row > MOST_ROWS {
            return Err(damaged(self.label, &format!("row {first} stands there {repeated} times")));
        }
        for row in first..=self.row {
            if !sink(row, &self.cells)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn begin_cell(attributes: &Attributes) -> CellSeen {
    let repeated = attributes.number(b"number-columns-repeated").unwrap_or(1).max(1);
    let value = match attributes.raw(b"value-type") {
        Some(b"float" | b"currency" | b"percentage") => {
            attributes.text(b"value").map(|text| match text.trim().parse() {
                Ok(value) => number(value),
                Err(_) => text,
            })
        }
        Some(b"date") => attributes.text(b"date-value").map(|text| iso(&text)),
        Some(b"time") => attributes.text(b"time-value").map(|text| iso_duration(&text)),
        Some(b"boolean") => attributes.text(b"boolean-value").map(|text| text.to_ascii_uppercase()),
        Some(b"string") => attributes.text(b"string-value"),
        _ => None,
    };
    CellSeen {
        repeated: usize::try_from(repeated).unwrap_or(usize::MAX),
        value,
        text: String::new(),
        paragraphs: 0,
    }
}

/// Whether an archive's `mimetype` is that of a spreadsheet.
pub(super) fn is_one(archive: &mut Archive) -> bool {
    let Ok(Some(mut stream)) = member(archive, "mimetype", "") else { return false };
    let mut kind = [0; 64];
    let read = std::io::Read::read(&mut stream, &mut kind).unwrap_or(0);
    memchr::memmem::find(&kind[..read], b"opendocument.spreadsheet").is_some()
}

#[cfg(test)]
#[path = "ods_tests.rs"]
mod tests;
