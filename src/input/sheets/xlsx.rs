//! Excel workbooks (xlsx): XML in a zip archive, read cell by cell.
//!
//! Read by ourselves and not by calamine, which fails on what real exports hold (an error value of a newer Excel, an
//! element it does not know within a cell), reserves memory by what a file claims, and does not say how long a piece of
//! text may get. `<dimension>` is not looked at: it is often wrong.

use std::collections::HashMap;
use std::io::{self, Read};

use zip::ZipArchive;

use super::spool::{LARGEST_ROW, MOST_COLUMNS, MOST_ROWS, too_large};
use super::values::{NumberFormat, formatted, iso};
use super::workbook::{Archive, RowSink, Sheet, damaged, member};
use super::xml::{Attributes, Token, XmlReader, unescape};
use crate::error::{Error, Result};

/// All different texts of a workbook together; they are held in memory.
const SHARED_STRINGS: usize = 2 << 30;

/// An opened workbook: everything but the sheets.
pub(super) struct Xlsx {
    archive: Archive,
    label: String,
    pub sheets: Vec<Sheet>,
    /// The member of each sheet.
    paths: Vec<String>,
    strings: Strings,
    /// By the `s` of a cell.
    formats: Vec<NumberFormat>,
    is_1904: bool,
}

/// The texts that cells share, one behind the other.
#[derive(Default)]
struct Strings {
    text: String,
    ends: Vec<usize>,
}

impl Strings {
    fn get(&self, index: usize) -> Option<&str> {
        let start = if index == 0 { 0 } else { *self.ends.get(index - 1)? };
        self.text.get(start..*self.ends.get(index)?)
    }
}

impl Xlsx {
    pub fn open(mut archive: Archive, label: &str) -> Result<Self> {
        let of_package = relationships(&mut archive, "_rels/.rels", label)?;
        let workbook = of_package
            .values()
            .find(|(kind, _)| kind.ends_with("/officeDocument"))
            .map_or_else(|| "xl/workbook.xml".to_owned(), |(_, target)| resolve("", target));
        let (folder, name) = workbook.rsplit_once('/').unwrap_or(("", &workbook));
        let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let related = relationships(&mut archive, &format!("{folder}_rels/{name}.rels"), label)?;
        let path_of = |kind: &str, usual: &str| {
            let mut found = related.values().filter(|(known, _)| known.ends_with(kind));
            found.next().map_or_else(|| format!("{folder}{usual}"), |(_, target)| resolve(&folder, target))
        };
        let (strings_path, styles_path) =
            (path_of("/sharedStrings", "sharedStrings.xml"), path_of("/styles", "styles.xml"));
        let mut xlsx = Self {
            label: label.to_owned(),
            sheets: Vec::new(),
            paths: Vec::new(),
            strings: Strings::default(),
            formats: Vec::new(),
            is_1904: false,
            archive,
        };
        xlsx.read_workbook(&workbook, &folder, &related)?;
        xlsx.read_styles(&styles_path)?;
        xlsx.read_strings(&strings_path)?;
        Ok(xlsx)
    }

    fn read_workbook(
        &mut self,
        path: &str,
        folder: &str,
        related: &HashMap<String, (String, String)>,
    ) -> Result<()> {
        let label = self.label.clone();
        let Some(stream) = member(&mut self.archive, path, &label)? else {
            return Err(damaged(&label, &format!("the workbook holds no {path}")));
        };
        let mut xml = XmlReader::new(stream);
        while let Some(token) = xml.next().map_err(|error| unreadable(&label, path, error))? {
            let Token::Open { name, attributes, .. } = token else { continue };
            match name {
                b"workbookPr" => {
                    self.is_1904 = matches!(attributes.raw(b"date1904"), Some(b"1" | b"true" | b"on"));
                }
                b"sheet" => {
                    let (Some(name), Some(id)) = (attributes.text(b"name"), attributes.text(b"id")) else {
                        continue;
                    };
                    let Some((kind, target)) = related.get(&id) else { continue };
                    // Charts and macros have sheets of their own.
                    if kind.ends_with("/worksheet") {
                        let hidden = attributes.raw(b"state").is_some_and(|state| state != b"visible");
                        self.sheets.push(Sheet { name, hidden });
                        self.paths.push(resolve(folder, target));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn read_styles(&mut self, path: &str) -> Result<()> {
        let label = self.label.clone();
        let Some(stream) = member(&mut self.archive, path, &label)? else { return Ok(()) };
        let mut xml = XmlReader::new(stream);
        let mut written: HashMap<u64, NumberFormat> = HashMap::new();
        let mut in_cells = false;
        while let Some(token) = xml.next().map_err(|error| unreadable(&label, path, error))? {
            match token {
                Token::Open { name: b"numFmt", attributes, .. } => {
                    if let (Some(id), Some(code)) =
                        (attributes.number(b"numFmtId"), attributes.text(b"formatCode"))
                    {
                        written.insert(id, NumberFormat::of_code(&code));
                    }
                }
                Token::Open { name: b"cellXfs", empty, .. } => in_cells = !empty,
                Token::Close { name: b"cellXfs" } => in_cells = false,
                Token::Open { name: b"xf", attributes, .. } if in_cells => {
                    let id = attributes.number(b"numFmtId").unwrap_or(0);
                    let format = written.get(&id).copied();
                    self.formats.push(format.unwrap_or_else(|| NumberFormat::built_in(id)));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn read_strings(&mut self, path: &str) -> Result<()> {
        let label = self.label.clone();
        let Some(stream) = member(&mut self.archive, path, &label)? else { return Ok(()) };
        let mut xml = XmlReader::new(stream);
        let strings = &mut self.strings;
        // Only the text itself: not how it is pronounced (rPh).
        let (mut in_text, mut in_phonetic) = (false, false);
        let mut text = String::new();
        while let Some(token) = xml.next().map_err(|error| unreadable(&label, path, error))? {
            match token {
                Token::Open { name: b"t", empty, .. } => in_text = !empty && !in_phonetic,
                Token::Close { name: b"t" } => in_text = false,
                Token::Open { name: b"rPh", empty, .. } => in_phonetic = !empty,
                Token::Close { name: b"rPh" } => in_phonetic = false,
                Token::Open { name: b"si", empty: true, .. } => strings.ends.push(strings.text.len()),
                Token::Close { name: b"si" } => {
                    unescape_excel(&text, &mut strings.text);
                    text.clear();
                    strings.ends.push(strings.text.len());
                    let size = strings.text.len() + size_of_val(&strings.ends[..]);
                    if size > SHARED_STRINGS {
                        return Err(damaged(
                            &label,
                            &format!(
                                "its cells hold more than {} GiB of different texts",
                                SHARED_STRINGS >> 30
                            ),
                        ));
                    }
                }
                Token::Text(raw) if in_text => unescape(raw, &mut text),
                Token::Literal(raw) if in_text => text.push_str(&String::from_utf8_lossy(raw)),
                _ => {}
            }
            if text.len() > SHARED_STRINGS {
                return Err(damaged(&label, "a text without end among its shared texts"));
            }
        }
        Ok(())
    }

    /// Hands every row that has a cell to `sink`, until it wants no more.
    pub fn rows(&mut self, sheet: usize, sink: RowSink) -> Result<()> {
        let (label, path) = (self.label.clone(), self.paths[sheet].clone());
        let Some(stream) = member(&mut self.archive, &path, &label)? else {
            let name = &self.sheets[sheet].name;
            return Err(damaged(&label, &format!("the sheet {name} is not in the file ({path})")));
        };
        let mut reader = SheetReader {
            label: &label,
            strings: &self.strings,
            formats: &self.formats,
            is_1904: self.is_1904,
            row: 0,
            cells: Vec::new(),
            used: 0,
            size: 0,
            kept: 0,
            cell: CellSeen::default(),
        };
        reader.read(XmlReader::new(stream), &path, sink)
    }
}

/// A sheet while it is read.
struct SheetReader<'a> {
    label: &'a str,
    strings: &'a Strings,
    formats: &'a [NumberFormat],
    is_1904: bool,
    /// Counted from 1.
    row: u64,
    cells: Vec<String>,
    /// Of `cells`, those of this row.
    used: usize,
    /// Bytes of this row's texts, and of all that `cells` held since it was empty.
    size: usize,
    kept: usize,
    cell: CellSeen,
}

/// A cell while it is read.
#[derive(Default)]
struct CellSeen {
    column: usize,
    style: Option<usize>,
    kind: Kind,
    /// What stands in `<v>`, or in the `<t>` of `<is>`.
    value: String,
    inline: String,
}

#[derive(Default, Clone, Copy, PartialEq)]
enum Kind {
    #[default]
    Number,
    Shared,
    Text,
    Boolean,
    Date,
}

/// The text of which element comes.
#[derive(Clone, Copy, PartialEq)]
enum Within {
    Nothing,
    Value,
    Inline,
}

impl SheetReader<'_> {
    fn read<R: Read>(&mut self, mut xml: XmlReader<R>, path: &str, sink: RowSink) -> Result<()> {
        let (mut in_data, mut in_row, mut in_cell, mut in_phonetic) = (false, false, false, false);
        let mut within = Within::Nothing;
        loop {
            let position = xml.position();
            let Some(token) = xml.next().map_err(|error| unreadable(self.label, path, error))? else { break };
            match token {
                Token::Open { name: b"sheetData", empty, .. } => in_data = !empty,
                Token::Close { name: b"sheetData" } => return Ok(()),
                Token::Open { name: b"row", attributes, empty } if in_data => {
                    self.begin_row(attributes, position)?;
                    in_row = !empty;
                }
                Token::Close { name: b"row" } if in_row => {
                    in_row = false;
                    if self.used > 0 && !sink(self.row, &self.cells[..self.used])? {
                        return Ok(());
                    }
                }
                Token::Open { name: b"c", attributes, empty } if in_row => {
                    self.begin_cell(attributes)?;
                    in_cell = !empty;
                    if empty {
                        self.cell.column += 1;
                    }
                }
                Token::Close { name: b"c" } if in_cell => {
                    in_cell = false;
                    within = Within::Nothing;
                    self.end_cell()?;
                }
                Token::Open { name: b"v", empty: false, .. } if in_cell => within = Within::Value,
                Token::Open { name: b"rPh", empty, .. } => in_phonetic = !empty,
                Token::Close { name: b"rPh" } => in_phonetic = false,
                Token::Open { name: b"t", empty: false, .. } if in_cell && !in_phonetic => {
                    within = Within::Inline
                }
                Token::Close { name: b"v" | b"t" } => within = Within::Nothing,
                Token::Text(raw) if within == Within::Value => unescape(raw, &mut self.cell.value),
                Token::Text(raw) if within == Within::Inline => unescape(raw, &mut self.cell.inline),
                Token::Literal(raw) if within != Within::Nothing => {
                    let text = String::from_utf8_lossy(raw);
                    match within {
                        Within::Value => self.cell.value.push_str(&text),
                        _ => self.cell.inline.push_str(&text),
                    }
                }
                _ => {}
            }
        }
        if in_data {
            return Err(damaged(
                self.label,
                &format!("{path} ends within its rows, behind row {}", self.row),
            ));
        }
        Ok(())
    }

    fn begin_row(&mut self, attributes: Attributes, position: u64) -> Result<()> {
        let row = match attributes.raw(b"r") {
            Some(_) => attributes.number(b"r").filter(|row| (1..=MOST_ROWS).contains(row)),
            None => Some(self.row + 1).filter(|row| *row <= MOST_ROWS),
        };
        self.row = row.ok_or_else(|| {
            damaged(
                self.label,
                &format!("behind row {} (byte {position}) a row with an impossible number", self.row),
            )
        })?;
        // Cells keep their room for the next row, but not that of every long text there has been.
        self.kept += self.size;
        if self.kept > LARGEST_ROW {
            self.cells.clear();
            self.kept = 0;
        }
        self.used = 0;
        self.size = 0;
        self.cell.column = 0;
        Ok(())
    }

    fn begin_cell(&mut self, attributes: Attributes) -> Result<()> {
        if let Some(reference) = attributes.raw(b"r") {
            self.cell.column = column_of(reference).ok_or_else(|| {
                let reference = String::from_utf8_lossy(reference);
                damaged(self.label, &format!("row {} has a cell {reference:?}, which cannot be", self.row))
            })?;
        } else if self.cell.column >= MOST_COLUMNS {
            return Err(damaged(self.label, &format!("row {} has more than {MOST_COLUMNS} cells", self.row)));
        }
        self.cell.style = attributes.number(b"s").and_then(|style| usize::try_from(style).ok());
        self.cell.kind = match attributes.raw(b"t") {
            Some(b"s") => Kind::Shared,
            Some(b"b") => Kind::Boolean,
            Some(b"d") => Kind::Date,
            None | Some(b"n") => Kind::Number,
            // str, inlineStr, e (an error as it is shown), and what may come.
            Some(_) => Kind::Text,
        };
        self.cell.value.clear();
        self.cell.inline.clear();
        Ok(())
    }

    fn end_cell(&mut self) -> Result<()> {
        let cell = &mut self.cell;
        let column = cell.column;
        cell.column += 1;
        if cell.value.is_empty() && cell.inline.is_empty() {
            return Ok(());
        }
        while self.used <= column {
            match self.cells.get_mut(self.used) {
                Some(cell) => cell.clear(),
                None => self.cells.push(String::new()),
            }
            self.used += 1;
        }
        let text = &mut self.cells[column];
        text.clear();
        match cell.kind {
            Kind::Shared => {
                let shared = cell.value.trim().parse().ok().and_then(|index| self.strings.get(index));
                let Some(shared) = shared else {
                    let (row, value) = (self.row, &cell.value);
                    return Err(damaged(
                        self.label,
                        &format!(
                            "row {row}, cell {}: the shared text number {value:?} is not in the file",
                            column + 1
                        ),
                    ));
                };
                text.push_str(shared);
            }
            Kind::Boolean => text.push_str(match cell.value.trim() {
                "1" => "TRUE",
                "0" => "FALSE",
                other => other,
            }),
            Kind::Date => text.push_str(&iso(&cell.value)),
            Kind::Text if cell.inline.is_empty() => unescape_excel(&cell.value, text),
            Kind::Text => unescape_excel(&cell.inline, text),
            Kind::Number if cell.value.is_empty() => unescape_excel(&cell.inline, text),
            Kind::Number => match cell.value.trim().parse::<f64>() {
                Ok(value) => {
                    let format = cell.style.and_then(|style| self.formats.get(style));
                    let format = format.copied().unwrap_or(NumberFormat::Number);
                    text.push_str(&formatted(value, format, self.is_1904));
                }
                Err(_) => text.push_str(&cell.value),
            },
        }
        self.size += text.len();
        if self.size > LARGEST_ROW {
            return Err(too_large(self.label, self.row));
        }
        Ok(())
    }
}

/// The column of `AB12`, counted from 0.
fn column_of(reference: &[u8]) -> Option<usize> {
    let mut column = 0;
    let letters = reference.iter().take_while(|byte| byte.is_ascii_alphabetic()).take(4);
    for letter in letters {
        column = column * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1;
    }
    (1..=MOST_COLUMNS).contains(&column).then(|| column - 1)
}

/// Excel writes characters that XML has no place for as `_x000D_`.
fn unescape_excel(raw: &str, text: &mut String) {
    let mut rest = raw;
    while let Some(at) = rest.find("_x") {
        let code = rest.get(at + 2..at + 6).filter(|_| rest.as_bytes().get(at + 6) == Some(&b'_'));
        let character = code
            .filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|code| u32::from_str_radix(code, 16).ok())
            .and_then(char::from_u32)
            .filter(|character| *character != '\0');
        match character {
            Some(character) => {
                text.push_str(&rest[..at]);
                text.push(character);
                rest = &rest[at + 7..];
            }
            None => {
                text.push_str(&rest[..at + 2]);
                rest = &rest[at + 2..];
            }
        }
    }
    text.push_str(rest);
}

/// Id -> (type, target).
fn relationships(
    archive: &mut Archive,
    path: &str,
    label: &str,
) -> Result<HashMap<String, (String, String)>> {
    let mut found = HashMap::new();
    let Some(stream) = member(archive, path, label)? else { return Ok(found) };
    let mut xml = XmlReader::new(stream);
    while let Some(token) = xml.next().map_err(|error| unreadable(label, path, error))? {
        if let Token::Open { name: b"Relationship", attributes, .. } = token
            && let (Some(id), Some(kind), Some(target)) =
                (attributes.text(b"Id"), attributes.text(b"Type"), attributes.text(b"Target"))
        {
            found.insert(id, (kind, target));
        }
    }
    Ok(found)
}

/// A path within the archive: relative to a folder, or from the root.
fn resolve(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let whole = if target.starts_with('/') { target } else { format!("{folder}{target}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn unreadable(label: &str, part: &str, error: io::Error) -> Error {
    super::workbook::unreadable(label, part, error)
}

/// Whether the members of a zip archive are those of an Excel workbook.
pub(super) fn is_one<R: Read + io::Seek>(archive: &ZipArchive<R>) -> bool {
    let mut named = archive.file_names().map(|name| name.replace('\\', "/").to_ascii_lowercase());
    named.any(|name| name == "xl/workbook.xml")
        || (archive.file_names().any(|name| name.eq_ignore_ascii_case("[Content_Types].xml"))
            && archive.file_names().any(|name| name.to_ascii_lowercase().ends_with("workbook.xml")))
}

#[cfg(test)]
#[path = "xlsx_tests.rs"]
mod tests;
