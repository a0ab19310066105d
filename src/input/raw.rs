//! What the file readers hand on: original columns, in batches, with the place of every row.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use polars::prelude::*;

pub use super::container::Container;
use super::container::{Compression, PARQUET_MAGIC, Stream, refuse_foreign};
use super::derive::Derived;
use super::encoding::Encoding;
pub use super::layout::LeftOut;
use super::layout::find_header;
use super::presets::Preset;
use super::sheets::{self, Part, Spooler};
use super::source::{Found, Source};
use super::{InputOptions, csv, json, parquet, source};
use crate::error::{Error, Result};

/// An opened input file: what was detected of it, and its first rows. Rows are read by `raw::scan`.
#[derive(Debug, Clone)]
pub struct RawFile {
    /// As the user named it (`-` is `<stdin>`), or as the glob or directory gave it.
    pub label: String,
    /// `-` for standard input.
    pub path: PathBuf,
    /// Where the bytes are.
    pub source: Source,
    /// `csv` or `parquet`, with what was detected.
    pub format: FileFormat,
    pub compression: Compression,
    /// Bytes as stored, for progress.
    pub bytes: u64,
    /// Column names as written (hive partition columns last). Duplicates get a suffix `_2`, `_3`; empty names `column_N`.
    pub header: Vec<String>,
    /// Of the names with such a suffix: (name here, name in the file).
    pub repeated: Vec<(String, String)>,
    /// Hive partitions from the path (`channel=jd/`): constant columns; the empty value is null.
    pub hive: Vec<(String, String)>,
    /// What the bytes were taken out of, outermost first: `zip: orders.csv`, `xlsx, sheet export`. Rows are read from text
    /// that was made of it.
    pub container: Vec<Container>,
    /// Members of the archive that hold no table; they stand with the first member that does.
    pub passed_over: Vec<String>,
    /// Where in the text the table stands.
    pub layout: TableLayout,
    /// Lines that hold something and are no part of the table.
    pub left_out: Arc<LeftOut>,
    /// The platform's export that this is.
    pub preset: Option<Arc<Preset>>,
    /// Columns that its preset computes of others; `scan` gives them by their names, like those of the header.
    pub derived: Vec<Derived>,
    /// Up to 1,000 first rows (csv: every column as text; parquet: native types, only flat columns).
    pub head: DataFrame,
}

impl RawFile {
    /// Columns that stand in the file itself.
    pub(super) fn own_columns(&self) -> &[String] {
        &self.header[..self.header.len() - self.hive.len()]
    }

    /// As people say it: `xlsx, sheet export`; `zip, orders.csv; csv, comma, GBK, gzip`.
    pub fn describe(&self) -> String {
        let mut parts: Vec<String> = self.container.iter().map(Container::describe).collect();
        if !self.is_spooled() {
            let packed = match self.compression {
                Compression::None => String::new(),
                packed => format!(", {}", packed.name()),
            };
            parts.push(format!("{}{packed}", self.format.describe()));
        }
        parts.join("; ")
    }

    /// The text was made by us of something else, so that its encoding and delimiter are no one's choice.
    pub fn is_spooled(&self) -> bool {
        self.container.last().is_some_and(|container| container.kind != "zip")
    }

    /// The sheet of the workbook that was read.
    pub fn sheet(&self) -> Option<&str> {
        let workbook =
            self.container.iter().find(|container| matches!(container.kind, "xlsx" | "xls" | "ods"))?;
        workbook.part.as_deref()
    }

    /// A constant column of the path.
    pub(super) fn hive_column(&self, name: &str, height: usize) -> Option<Column> {
        let (_, value) = self.hive.iter().find(|(key, _)| key == name)?;
        let value =
            if value.is_empty() { AnyValue::Null } else { AnyValue::StringOwned(value.as_str().into()) };
        Some(Column::new_scalar(name.into(), Scalar::new(DataType::String, value), height))
    }

    /// Adds the columns of the path to header and head, those that the file itself does not have.
    pub(super) fn add_hive(&mut self) -> Result<()> {
        let header = &self.header;
        self.hive.retain(|(key, _)| !header.contains(key));
        let keys: Vec<String> = self.hive.iter().map(|(key, _)| key.clone()).collect();
        let height = self.head.height();
        let mut columns = self.head.columns().to_vec();
        columns.extend(keys.iter().filter_map(|key| self.hive_column(key, height)));
        self.head = DataFrame::new(height, columns)
            .map_err(|error| internal("adding the columns of a path", &error))?;
        self.header.extend(keys);
        Ok(())
    }
}

/// Where in a text the table stands. The default: the header is the first record, and everything behind it is data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableLayout {
    /// Bytes of decoded text in front of the header, and the line of the header less one.
    pub skip_bytes: u64,
    pub skip_lines: u64,
    /// A record whose first cell begins with one of these ends the table.
    pub footer: Vec<String>,
    /// Lines that begin with this are no records.
    pub comment: Option<String>,
    /// The header is no line of the user's file (JSON): rows are numbered as if it stood above the first.
    pub header_is_above: bool,
}

impl TableLayout {
    /// From the header on all lines are records of the table.
    pub(super) fn is_plain(&self) -> bool {
        self.footer.is_empty() && self.comment.is_none()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileFormat {
    Csv {
        delimiter: u8,
        encoding: Encoding,
        /// The encoding was not given by the user.
        detected: bool,
    },
    Parquet {
        rows: u64,
    },
}

impl FileFormat {
    /// As people say it: `csv, comma, UTF-8`.
    pub fn describe(&self) -> String {
        match self {
            Self::Csv { delimiter, encoding, .. } => {
                let delimiter = match delimiter {
                    b',' => "comma".to_owned(),
                    b';' => "semicolon".to_owned(),
                    b'\t' => "tab".to_owned(),
                    b'|' => "bar".to_owned(),
                    other => char::from(*other).escape_default().to_string(),
                };
                format!("csv, {delimiter}, {}", encoding.name())
            }
            Self::Parquet { rows } => format!("parquet, {rows} rows"),
        }
    }
}

/// Rows of one file as they stand there.
pub struct RawBatch {
    /// Index into the list of files.
    pub file: usize,
    /// The columns asked for, in that order, under their original names. csv: text, empty cells are null.
    pub frame: DataFrame,
    pub rows: RowNumbers,
    /// Rows (index in this batch, number of fields) that have more fields than the header: their cells may be shifted.
    pub overlong: Vec<(u32, u32)>,
    /// Likewise rows that have fewer; the missing cells are null.
    pub short: Vec<(u32, u32)>,
}

/// The place of each row of a batch: 1-based line of a text file, 1-based row of a Parquet file.
#[derive(Debug, Clone)]
pub enum RowNumbers {
    /// `first`, `first` + 1, ...
    Sequence {
        first: u64,
    },
    Each(Vec<u64>),
}

impl RowNumbers {
    pub fn get(&self, index: usize) -> u64 {
        match self {
            Self::Sequence { first } => first + index as u64,
            Self::Each(rows) => rows[index],
        }
    }

    /// Every number less one, for text whose header is not in the user's file.
    pub(super) fn one_less(self) -> Self {
        match self {
            Self::Sequence { first } => Self::Sequence { first: first.saturating_sub(1) },
            Self::Each(rows) => Self::Each(rows.into_iter().map(|row| row.saturating_sub(1)).collect()),
        }
    }
}

/// A column of text; cheap to filter and to hand to another thread.
#[derive(Debug, Clone)]
pub struct TextColumn(pub StringChunked);

/// Why a scan ended before its end.
#[derive(Debug)]
pub enum ScanError {
    /// The bytes contradict the encoding that was detected from the head: call `redetect` and scan again.
    Encoding {
        file: usize,
        offset: u64,
    },
    Failed(Error),
}

impl From<Error> for ScanError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Finds and opens the inputs: what each file is, its columns and its first rows. An archive is as many files as it holds.
pub fn open(options: &InputOptions) -> Result<Vec<RawFile>> {
    open_found(source::expand(&options.paths)?, options)
}

/// The same for inputs that are found already.
pub(super) fn open_found(inputs: Vec<Found>, options: &InputOptions) -> Result<Vec<RawFile>> {
    let mut spooler = Spooler::default();
    let mut parts = Vec::new();
    for found in inputs {
        parts.extend(sheets::unpack(found, options, &mut spooler)?);
    }
    // Many files: shorter heads, so that they do not add up.
    let head_rows = (64_000 / parts.len().max(1)).clamp(20, 1000);
    parts.into_iter().map(|part| open_one(part, options, head_rows)).collect()
}

fn open_one(part: Part, options: &InputOptions, head_rows: usize) -> Result<RawFile> {
    let Part { found, mut compression, container, is_spooled, passed_over } = part;
    let Found { label, path, mut source, mut bytes, hive } = found;
    let mut head = Vec::new();
    Stream::open(&source, compression, &label)?.fill(&mut head, 4096)?;
    if compression != Compression::None && head.starts_with(PARQUET_MAGIC) {
        // Parquet is read from its end: it must be unpacked as a whole.
        (source, bytes) = Stream::open(&source, compression, &label)?.spool()?;
        compression = Compression::None;
    }
    if !is_spooled {
        refuse_foreign(&head, &label)?;
    }
    let mut file = RawFile {
        label,
        path,
        source,
        format: FileFormat::Parquet { rows: 0 },
        compression,
        bytes,
        header: Vec::new(),
        repeated: Vec::new(),
        hive,
        container,
        passed_over,
        layout: TableLayout::default(),
        left_out: Arc::default(),
        preset: None,
        derived: Vec::new(),
        head: DataFrame::empty(),
    };
    if is_spooled {
        csv::open(&mut file, &of_spooled_text(options), head_rows)?;
    } else if head.starts_with(PARQUET_MAGIC) {
        parquet::open(&mut file, head_rows)?;
        file.preset = find_header(std::slice::from_ref(&file.header), options, &file.label)?.preset;
    } else if json::is_json(&head) {
        json::open(&mut file, options, head_rows)?;
    } else {
        csv::open(&mut file, options, head_rows)?;
    }
    file.add_hive()?;
    Ok(file)
}

/// The options for text that we have written ourselves: what the user says of encoding and delimiter is about the others.
fn of_spooled_text(options: &InputOptions) -> InputOptions {
    InputOptions { encoding: Some("utf-8".into()), delimiter: Some(",".into()), ..options.clone() }
}

/// Detects a file's encoding again, from all of its bytes, after `ScanError::Encoding`; header and head are read anew.
pub fn redetect(file: &mut RawFile, options: &InputOptions) -> Result<()> {
    let head_rows = file.head.height().max(20);
    let hive = std::mem::take(&mut file.hive);
    csv::open_after_reading_all(file, options, head_rows)?;
    file.hive = hive;
    file.add_hive()
}

/// The number of rows of one file, whatever is in them.
pub fn count_rows(file: RawFile, options: &InputOptions) -> Result<u64> {
    let mut files = [file];
    for _ in 0..2 {
        let rows = AtomicU64::new(0);
        let scanned = scan(&files, &[Vec::new()], options, &|batch| {
            rows.fetch_add(batch.frame.height() as u64, Ordering::Relaxed);
            Ok(())
        });
        match scanned {
            Ok(()) => return Ok(rows.into_inner()),
            Err(ScanError::Failed(error)) => return Err(error),
            Err(ScanError::Encoding { .. }) => redetect(&mut files[0], options)?,
        }
    }
    Err(internal("detecting an encoding", &"the file was detected anew and still does not fit"))
}

/// Runs something and turns a panic into an error.
pub(super) fn guarded<T, E: From<Error>>(doing: &str, run: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|panic| Err(internal(doing, &panic_text(&*panic)).into()))
}

pub(super) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic".to_owned())
}

pub(super) fn internal(doing: &str, why: &dyn std::fmt::Display) -> Error {
    Error::Internal { doing: doing.to_owned(), why: why.to_string() }
}

pub(super) use super::scan::{Offer, Work, scan_by};
pub use super::scan::{scan, scan_in_order};
#[cfg(test)]
#[path = "raw_testing.rs"]
pub(super) mod testing;

#[cfg(test)]
mod tests {
    use super::testing::{Folder, options, order_of};

    #[test]
    fn rows_come_in_the_order_of_the_input_on_any_number_of_threads() {
        let folder = Folder::new();
        let rows: String = (0..400_000).map(|row| format!("{row},{}\n", "x".repeat(row % 30))).collect();
        let a = folder.put("a.csv", format!("id,text\n{rows}"));
        let b = folder.put("b.csv", "id,text\n1,a\n2,b\n");
        for threads in [1, 4] {
            let mut options = options(&[&a, &b]);
            options.threads = threads;
            let expected: Vec<(usize, u64)> =
                (2..400_002).map(|row| (0, row)).chain([(1, 2), (1, 3)]).collect();
            assert_eq!(order_of(&options), expected);
        }
    }
}
