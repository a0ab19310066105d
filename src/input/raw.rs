//! What the file readers hand on: original columns, in batches, with the place of every row.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use polars::prelude::*;

pub use super::container::Container;
use super::container::{Compression, PARQUET_MAGIC, Stream, refuse_foreign};
use super::encoding::Encoding;
use super::presets::Preset;
use super::sheets::{self, Part, Spooler};
use super::source::{Found, Source};
use super::{InputOptions, csv, parquet, source};
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
    /// The platform's export that this is.
    pub preset: Option<Arc<Preset>>,
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
    fn add_hive(&mut self) -> Result<()> {
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
    let mut spooler = Spooler::default();
    let mut parts = Vec::new();
    for found in source::expand(&options.paths)? {
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
        preset: None,
        head: DataFrame::empty(),
    };
    if is_spooled {
        csv::open(&mut file, &of_spooled_text(options), head_rows)?;
    } else if head.starts_with(PARQUET_MAGIC) {
        parquet::open(&mut file, head_rows)?;
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

/// Work for one worker.
pub(super) enum Work {
    Text(csv::Chunk),
    Run(parquet::Run),
    /// Rows already decoded, and the number of the first.
    Rows {
        frame: DataFrame,
        first: u64,
    },
}

/// Where the producers of work put it; false: stop, nobody wants more.
pub(super) type Offer<'a> = &'a (dyn Fn(usize, Work) -> bool + Sync);

/// Streams every row of every file, projected to the named columns (`projection[i]` for file `i`; none: just the number
/// of rows), to `sink`, which is called by `options.threads` threads at a time, in no order.
/// After an error the sink may have seen rows before and behind it; of several errors the first by position is returned.
pub fn scan(
    files: &[RawFile],
    projection: &[Vec<String>],
    options: &InputOptions,
    sink: &(dyn Fn(RawBatch) -> Result<()> + Sync),
) -> Result<(), ScanError> {
    scan_by(csv::CHUNK, files, projection, options, sink)
}

/// `scan` with another size of text chunks, for tests.
pub(super) fn scan_by(
    chunk_bytes: usize,
    files: &[RawFile],
    projection: &[Vec<String>],
    options: &InputOptions,
    sink: &(dyn Fn(RawBatch) -> Result<()> + Sync),
) -> Result<(), ScanError> {
    let plans: Vec<Plan> =
        files.iter().zip(projection).map(|(file, names)| Plan::new(file, names)).collect::<Result<_>>()?;
    let threads = options.threads.max(1);
    let failure = FirstFailure::default();
    let (sender, receiver) = crossbeam_channel::bounded::<(u64, usize, Work)>(threads + 1);
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let receiver = receiver.clone();
            let (failure, plans) = (&failure, &plans);
            scope.spawn(move || {
                for (number, file, work) in receiver {
                    if failure.is_before(number) {
                        continue;
                    }
                    if let Err(error) = guarded("reading rows", || plans[file].perform(file, work, sink)) {
                        failure.note(number, error);
                    }
                }
            });
        }
        let offer = |file: usize, work: Work| {
            let number = next.fetch_add(1, Ordering::Relaxed);
            !failure.is_before(number) && sender.send((number, file, work)).is_ok()
        };
        let total: u64 = files.iter().map(|file| file.bytes).sum();
        let mut done = 0;
        for (index, plan) in plans.iter().enumerate() {
            let before = done;
            let progress = |bytes: u64| {
                if let Some(progress) = &options.progress {
                    progress.0((before + bytes).min(total), total);
                }
            };
            let produced = guarded("reading a file", || match plan.file.format {
                FileFormat::Csv { .. } => csv::produce(plan.file, index, chunk_bytes, &offer, &progress),
                FileFormat::Parquet { .. } => {
                    parquet::produce(plan.file, index, &plan.own, threads, &offer, &progress)
                        .map_err(ScanError::from)
                }
            });
            if let Err(error) = produced {
                failure.note(next.fetch_add(1, Ordering::Relaxed), error);
            }
            if failure.is_before(u64::MAX) {
                break;
            }
            progress(plan.file.bytes);
            done += plan.file.bytes;
        }
        drop(sender);
    });
    failure.into_result()
}

/// What is read of one file.
struct Plan<'a> {
    file: &'a RawFile,
    /// Asked for.
    names: &'a [String],
    /// Those of them that stand in the file itself.
    own: Vec<String>,
    layout: csv::Layout,
}

impl<'a> Plan<'a> {
    fn new(file: &'a RawFile, names: &'a [String]) -> Result<Self> {
        let columns = file.own_columns();
        let mut own = Vec::new();
        let mut fields = Vec::new();
        for name in names {
            match columns.iter().position(|column| column == name) {
                Some(field) => {
                    own.push(name.clone());
                    fields.push(field);
                }
                None if file.hive.iter().any(|(key, _)| key == name) => {}
                None => {
                    return Err(internal(
                        "choosing columns",
                        &format!("{} has no column {name:?}", file.label),
                    ));
                }
            }
        }
        let layout = csv::Layout::new(file, fields, own.clone());
        Ok(Self { file, names, own, layout })
    }

    fn perform(
        &self,
        file: usize,
        work: Work,
        sink: &(dyn Fn(RawBatch) -> Result<()> + Sync),
    ) -> Result<(), ScanError> {
        let take = |frame: DataFrame, first: u64| {
            let frame = self.complete(frame)?;
            let rows = RowNumbers::Sequence { first };
            sink(RawBatch { file, frame, rows, overlong: Vec::new(), short: Vec::new() }).map(|()| true)
        };
        match work {
            Work::Rows { frame, first } => Ok(take(frame, first).map(drop)?),
            Work::Run(run) => {
                Ok(run.decode(self.file, &self.own, ParallelStrategy::None, &mut |frame, first| {
                    take(frame, first)
                })?)
            }
            Work::Text(chunk) => chunk.parse(self.file, file, &self.layout, &mut |mut batch| {
                batch.frame = self.complete(batch.frame)?;
                sink(batch)
            }),
        }
    }

    /// Puts the columns of the path between those of the file, in the order asked for.
    fn complete(&self, frame: DataFrame) -> Result<DataFrame> {
        if self.own.len() == self.names.len() {
            return Ok(frame);
        }
        let height = frame.height();
        let columns = self.names.iter().filter_map(|name| {
            frame.column(name).ok().cloned().or_else(|| self.file.hive_column(name, height))
        });
        DataFrame::new(height, columns.collect())
            .map_err(|error| internal("adding the columns of a path", &error))
    }
}

/// Of the failures of all threads the one that stands first in the input, so that a message does not depend on luck.
#[derive(Default)]
struct FirstFailure {
    found: Mutex<Option<(u64, ScanError)>>,
}

impl FirstFailure {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(u64, ScanError)>> {
        self.found.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn note(&self, number: u64, error: ScanError) {
        let mut found = self.lock();
        if found.as_ref().is_none_or(|(first, _)| number < *first) {
            *found = Some((number, error));
        }
    }

    fn is_before(&self, number: u64) -> bool {
        self.lock().as_ref().is_some_and(|(first, _)| *first < number)
    }

    fn into_result(self) -> Result<(), ScanError> {
        match self.found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
            None => Ok(()),
            Some((_, error)) => Err(error),
        }
    }
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

/// Files in a temporary folder, and their rows as plain values.
#[cfg(test)]
pub(super) mod testing {
    use super::*;

    pub struct Folder(tempfile::TempDir);

    impl Folder {
        pub fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        /// Writes a file (folders in its name are made) and returns its path.
        pub fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
            let path = self.0.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, bytes).unwrap();
            path.display().to_string()
        }

        pub fn path(&self, name: &str) -> String {
            self.0.path().join(name).display().to_string()
        }
    }

    pub fn options(paths: &[&str]) -> InputOptions {
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        InputOptions { paths, threads: 2, ..InputOptions::default() }
    }

    pub type Row = (u64, Vec<Option<String>>);

    /// Everything that is in the files: header and rows with their numbers, per file.
    #[derive(Debug, Default, PartialEq)]
    pub struct Content {
        pub header: Vec<String>,
        pub rows: Vec<Row>,
        pub overlong: Vec<(u64, u32)>,
        pub short: Vec<(u64, u32)>,
    }

    pub fn read_by(chunk: usize, options: &InputOptions) -> Result<Vec<Content>> {
        let mut files = open(options)?;
        loop {
            let projection: Vec<Vec<String>> = files.iter().map(|file| file.header.clone()).collect();
            let contents: Mutex<Vec<Content>> =
                Mutex::new(files.iter().map(|_| Content::default()).collect());
            let outcome = scan_by(chunk, &files, &projection, options, &|batch| {
                let mut contents = contents.lock().unwrap();
                let content = &mut contents[batch.file];
                assert!(batch.frame.height() > 0, "an empty batch");
                for row in 0..batch.frame.height() {
                    content.rows.push((batch.rows.get(row), cells(&batch.frame, row)));
                }
                content
                    .overlong
                    .extend(batch.overlong.iter().map(|(row, n)| (batch.rows.get(*row as usize), *n)));
                content.short.extend(batch.short.iter().map(|(row, n)| (batch.rows.get(*row as usize), *n)));
                Ok(())
            });
            match outcome {
                Err(ScanError::Encoding { file, .. }) => redetect(&mut files[file], options)?,
                Err(ScanError::Failed(error)) => return Err(error),
                Ok(()) => {
                    let mut contents = contents.into_inner().unwrap();
                    for (content, file) in contents.iter_mut().zip(&files) {
                        content.header.clone_from(&file.header);
                        content.rows.sort();
                        content.overlong.sort_unstable();
                        content.short.sort_unstable();
                        let head: Vec<_> =
                            (0..file.head.height()).map(|row| cells(&file.head, row)).collect();
                        let rows = content.rows.iter().map(|(_, cells)| cells.clone());
                        assert_eq!(
                            head,
                            rows.take(head.len()).collect::<Vec<_>>(),
                            "the head is the first rows"
                        );
                    }
                    return Ok(contents);
                }
            }
        }
    }

    pub fn read(options: &InputOptions) -> Result<Content> {
        Ok(read_by(csv::CHUNK, options)?.remove(0))
    }

    /// The message and the hints, as a user sees them, without the folder.
    pub fn complaint(options: &InputOptions) -> String {
        let error = match read(options) {
            Ok(content) => panic!("{} rows were read", content.rows.len()),
            Err(error) => error,
        };
        let folder = std::path::Path::new(&options.paths[0]).parent().unwrap().display().to_string();
        let lines: Vec<String> = std::iter::once(error.to_string()).chain(error.hints()).collect();
        lines.join(" | ").replace(&format!("{folder}/"), "").replace(&folder, ".")
    }

    fn cells(frame: &DataFrame, row: usize) -> Vec<Option<String>> {
        let text = |column: &Column| match column.get(row).unwrap() {
            AnyValue::Null => None,
            AnyValue::String(text) => Some(text.to_owned()),
            AnyValue::StringOwned(text) => Some(text.to_string()),
            other => Some(other.to_string()),
        };
        frame.columns().iter().map(text).collect()
    }

    pub fn row(number: u64, cells: &[&str]) -> Row {
        (number, cells.iter().map(|cell| (!cell.is_empty()).then(|| (*cell).to_owned())).collect())
    }
}
