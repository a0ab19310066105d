//! Workbooks: which sheet holds the table, and its rows as text.

use std::io::{self, Read};

use calamine::{Data, Reader, SheetType, SheetVisible, Xls, XlsError};
use zip::ZipArchive;
use zip::result::ZipError;

use super::ods::Ods;
use super::spool::{RowWriter, Spooler};
use super::values::{NumberFormat, formatted, iso, iso_duration, number};
use super::xlsx::Xlsx;
use crate::error::{Error, Result, nearest};
use crate::input::container::{Bomb, Bounded, Stored};
use crate::input::raw::guarded;
use crate::input::source::{ReadSeek, Source};
use crate::input::{InputOptions, layout};

/// Rows in which the header is looked for.
pub(super) const HEAD_ROWS: usize = 30;

pub(super) type Archive = ZipArchive<Box<dyn ReadSeek + Send>>;

/// Takes a row by its number, counted from 1; false: enough.
pub(super) type RowSink<'a> = &'a mut dyn FnMut(u64, &[String]) -> Result<bool>;

/// A sheet of a workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sheet {
    pub name: String,
    pub hidden: bool,
}

/// A workbook of any kind.
pub(super) enum Workbook {
    Xlsx(Box<Xlsx>),
    Ods(Box<Ods>),
    Xls(Box<OldWorkbook>),
}

impl Workbook {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Xlsx(_) => "xlsx",
            Self::Ods(_) => "ods",
            Self::Xls(_) => "xls",
        }
    }

    pub fn sheets(&self) -> &[Sheet] {
        match self {
            Self::Xlsx(workbook) => &workbook.sheets,
            Self::Ods(workbook) => &workbook.sheets,
            Self::Xls(workbook) => &workbook.sheets,
        }
    }

    fn rows(&mut self, sheet: usize, sink: RowSink) -> Result<()> {
        match self {
            Self::Xlsx(workbook) => workbook.rows(sheet, sink),
            Self::Ods(workbook) => workbook.rows(sheet, sink),
            Self::Xls(workbook) => workbook.rows(sheet, sink),
        }
    }

    /// The first rows that hold anything.
    fn head(&mut self, sheet: usize) -> Result<Vec<Vec<String>>> {
        let mut head = Vec::new();
        self.rows(sheet, &mut |_, cells| {
            if super::spool::used(cells) > 0 {
                head.push(cells.to_vec());
            }
            Ok(head.len() < HEAD_ROWS)
        })?;
        Ok(head)
    }

    /// The table of the workbook as CSV text, and the name of its sheet. `bytes`: the size of the workbook.
    pub fn spool(
        mut self,
        options: &InputOptions,
        spooler: &mut Spooler,
        label: &str,
        bytes: u64,
    ) -> Result<(Source, u64, String)> {
        let (sheet, head) = self.choose(options, label)?;
        // All rows are as wide as the widest: in a sheet, cells behind the last one are empty, not missing.
        let width = head.iter().map(|cells| super::spool::used(cells)).max().unwrap_or(0);
        let mut writer = RowWriter::new(spooler.begin(label, bytes), width);
        loop {
            self.rows(sheet, &mut |row, cells| writer.push(row, cells).map(|()| true))?;
            if writer.widest <= writer.width {
                break;
            }
            // Wider further down: once more from the top.
            let width = writer.widest;
            let mut spool = writer.spool;
            spool.restart();
            writer = RowWriter::new(spool, width);
        }
        let (source, length) = writer.spool.finish()?;
        Ok((source, length, self.sheets()[sheet].name.clone()))
    }

    /// The sheet that the user names, else the one with the best header: of the visible ones, then of the hidden. With it
    /// its first rows.
    fn choose(&mut self, options: &InputOptions, label: &str) -> Result<(usize, Vec<Vec<String>>)> {
        if let Some(wanted) = &options.sheet {
            let names: Vec<String> = self.sheets().iter().map(|sheet| sheet.name.clone()).collect();
            let sheet = named(wanted, &names, "sheet")?;
            let head = self.head(sheet)?;
            if head.is_empty() {
                let why = format!("the sheet {} is empty", names[sheet]);
                return Err(Error::Empty { path: label.to_owned(), why });
            }
            return Ok((sheet, head));
        }
        for hidden in [false, true] {
            let mut best: Option<(f64, bool, usize, Vec<Vec<String>>)> = None;
            for index in 0..self.sheets().len() {
                if self.sheets()[index].hidden != hidden {
                    continue;
                }
                let head = self.head(index)?;
                if head.is_empty() {
                    continue;
                }
                let (score, named) = judge(&head, &self.sheets()[index].name, options, label);
                let is_better = best.as_ref().is_none_or(|(best_score, best_named, ..)| {
                    score > *best_score || (score == *best_score && named && !best_named)
                });
                if is_better {
                    best = Some((score, named, index, head));
                }
            }
            if let Some((.., index, head)) = best {
                return Ok((index, head));
            }
        }
        let why = match self.sheets() {
            [] => "a workbook without any sheet".to_owned(),
            [sheet] => format!("there is nothing in its sheet {}", sheet.name),
            sheets => format!("there is nothing in any of its {} sheets", sheets.len()),
        };
        Err(Error::Empty { path: label.to_owned(), why })
    }
}

/// How good the header is, and whether the preset that it is names this sheet.
pub(super) fn judge(head: &[Vec<String>], sheet: &str, options: &InputOptions, label: &str) -> (f64, bool) {
    match layout::find_header(head, options, label) {
        Ok(found) => {
            let named = found.preset.as_ref().and_then(|preset| preset.file.sheet.as_ref());
            (found.score, named.is_some_and(|name| name.trim() == sheet.trim()))
        }
        // Several presets fit equally well, so this is a header; which one it is the reader of the text asks.
        Err(_) => (f64::MAX, false),
    }
}

/// Which of the names `--sheet` means: a name as it is, then without regard to case and blanks, then a number from 1.
pub(super) fn named(wanted: &str, names: &[String], what: &'static str) -> Result<usize> {
    let plain = |name: &str| name.trim().to_lowercase();
    let by_name = names
        .iter()
        .position(|name| name == wanted)
        .or_else(|| names.iter().position(|name| plain(name) == plain(wanted)));
    let by_number =
        || wanted.trim().parse::<usize>().ok().filter(|number| (1..=names.len()).contains(number));
    by_name.or_else(|| by_number().map(|number| number - 1)).ok_or_else(|| Error::UnknownName {
        what,
        name: wanted.to_owned(),
        nearest: match wanted.trim().parse::<usize>() {
            Ok(_) => Vec::new(),
            Err(_) => nearest(wanted, names.iter().map(String::as_str)),
        },
        known: names.to_vec(),
    })
}

/// A member of the archive, if it is there, as a stream that ends when it gets out of hand.
pub(super) fn member<'a>(
    archive: &'a mut Archive,
    path: &str,
    label: &str,
) -> Result<Option<impl Read + use<'a>>> {
    let plain = |name: &str| name.replace('\\', "/").to_lowercase();
    let index = archive.index_for_name(path).or_else(|| {
        let path = plain(path);
        (0..archive.len())
            .find(|index| archive.name_for_index(*index).is_some_and(|name| plain(name) == path))
    });
    let Some(index) = index else { return Ok(None) };
    match archive.by_index(index) {
        Ok(file) => {
            let stored = Stored::Known(file.compressed_size());
            Ok(Some(Bounded::new(file, stored)))
        }
        Err(ZipError::Io(error)) => Err(unreadable(label, path, error)),
        Err(ZipError::UnsupportedArchive(why)) if why == ZipError::PASSWORD_REQUIRED => Err(protected(label)),
        Err(error) => Err(damaged(label, &format!("{path} within it cannot be read: {error}"))),
    }
}

pub(super) fn damaged(label: &str, why: &str) -> Error {
    Error::Damaged {
        path: label.to_owned(),
        why: why.to_owned(),
        hint: Some("export it again, or open it in a spreadsheet and save it as CSV (UTF-8)".to_owned()),
    }
}

pub(super) fn protected(label: &str) -> Error {
    Error::Damaged {
        path: label.to_owned(),
        why: "the workbook is protected by a password".to_owned(),
        hint: Some("open it in a spreadsheet and save it without the password".to_owned()),
    }
}

/// An error while reading a part of a workbook.
pub(super) fn unreadable(label: &str, part: &str, error: io::Error) -> Error {
    if let Some(bomb) = Bomb::of(&error) {
        return bomb.error(label);
    }
    if error.raw_os_error().is_some() {
        return Error::Io { action: "read", path: label.to_owned(), source: error };
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            damaged(label, &format!("{part} within it ends too early: the file is cut off"))
        }
        _ => damaged(label, &format!("{part} within it is damaged: {error}")),
    }
}

/// A workbook of Excel 97 to 2003 (BIFF), which calamine reads as a whole: it has 65,536 rows at most.
pub(super) struct OldWorkbook {
    workbook: Xls<io::Cursor<Vec<u8>>>,
    label: String,
    pub sheets: Vec<Sheet>,
}

/// The file is held in memory. The format ends at 65,536 rows of 256 columns a sheet.
const LARGEST_XLS: u64 = 1 << 30;

impl OldWorkbook {
    pub fn open(source: &Source, label: &str) -> Result<Self> {
        let mut bytes = Vec::new();
        let failed = |source| Error::Io { action: "read", path: label.to_owned(), source };
        source.reader(label)?.take(LARGEST_XLS + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > LARGEST_XLS {
            return Err(damaged(label, &format!("a workbook (xls) of more than {} MiB", LARGEST_XLS >> 20)));
        }
        let holds = |name: &str| {
            let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
            memchr::memmem::find(&bytes, &name).is_some()
        };
        if holds("EncryptedPackage") {
            return Err(protected(label));
        }
        if !holds("Workbook") && !holds("Book") {
            return Err(Error::Damaged {
                path: label.to_owned(),
                why: "this is a document of an older Office, but no workbook".to_owned(),
                hint: Some("export the table as xlsx, CSV or Parquet".to_owned()),
            });
        }
        refuse_impossible_size(&bytes, label)?;
        super::compound::check(&bytes)
            .map_err(|why| damaged(label, &format!("the workbook (xls) is damaged or cut off: {why}")))?;
        let workbook = guarded("reading an Excel workbook (xls)", || {
            Xls::new(io::Cursor::new(bytes)).map_err(|error| match error {
                XlsError::Password => protected(label),
                error => damaged(label, &format!("the workbook (xls) is damaged or cut off: {error}")),
            })
        })
        .map_err(|error| match error {
            // A panic of calamine's: the file's fault.
            Error::Internal { why, .. } => damaged(label, &format!("the workbook (xls) is damaged: {why}")),
            error => error,
        })?;
        let sheets = workbook
            .sheets_metadata()
            .iter()
            .filter(|sheet| sheet.typ == SheetType::WorkSheet)
            .map(|sheet| Sheet { name: sheet.name.clone(), hidden: sheet.visible != SheetVisible::Visible })
            .collect();
        Ok(Self { workbook, label: label.to_owned(), sheets })
    }

    fn rows(&mut self, sheet: usize, sink: RowSink) -> Result<()> {
        let name = &self.sheets[sheet].name;
        let range = self
            .workbook
            .worksheet_range(name)
            .map_err(|error| damaged(&self.label, &format!("the sheet {name} cannot be read: {error}")))?;
        let Some((first_row, first_column)) = range.start() else { return Ok(()) };
        let is_1904 = self.workbook.has_1904_epoch();
        let mut cells: Vec<String> = vec![String::new(); first_column as usize];
        for (index, row) in range.rows().enumerate() {
            cells.truncate(first_column as usize);
            cells.extend(row.iter().map(|cell| text(cell, is_1904)));
            if !sink(u64::from(first_row) + index as u64 + 1, &cells)? {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// A DIMENSIONS record with more rows or columns than there can be would make calamine reserve as much memory.
fn refuse_impossible_size(bytes: &[u8], label: &str) -> Result<()> {
    let number = |at: usize, length: usize| {
        let bytes = bytes.get(at..at + length)?;
        Some(bytes.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)))
    };
    // Two shapes: numbers of rows in four bytes (Excel 97 and later) or in two.
    for (record, width) in [(b"\x00\x02\x0e\x00", 4), (b"\x00\x02\x0a\x00", 2)] {
        for at in memchr::memmem::find_iter(bytes, record) {
            let at = at + record.len();
            let (Some(first), Some(rows)) = (number(at, width), number(at + width, width)) else { continue };
            let (Some(columns), Some(0)) = (number(at + 2 * width + 2, 2), number(at + 2 * width + 4, 2))
            else {
                continue;
            };
            if rows > 65_536 || columns > 256 || (first > rows && rows > 0) {
                let why = format!("a sheet (xls) that claims rows {first} to {rows} and {columns} columns");
                return Err(damaged(label, &why));
            }
        }
    }
    Ok(())
}

fn text(cell: &Data, is_1904: bool) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::String(text) => text.clone(),
        Data::Int(value) => number(*value as f64),
        Data::Float(value) => number(*value),
        Data::Bool(value) => if *value { "TRUE" } else { "FALSE" }.to_owned(),
        Data::Error(error) => error.to_string(),
        Data::DateTimeIso(text) => iso(text),
        Data::DurationIso(text) => iso_duration(text),
        Data::DateTime(moment) => {
            let value = moment.as_f64();
            let format = if moment.is_duration() {
                NumberFormat::Duration
            } else if value.fract() == 0.0 {
                NumberFormat::Date
            } else if value < 1.0 {
                NumberFormat::Time
            } else {
                NumberFormat::DateTime
            };
            formatted(value, format, is_1904)
        }
    }
}
