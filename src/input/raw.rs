//! What the file readers hand on: original columns, in batches, with the place of every row.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use polars::prelude::*;

use super::container::{Compression, PARQUET_MAGIC, Stream, refuse_foreign};
use super::derive::Derived;
use super::encoding::Encoding;
pub use super::layout::LeftOut;
use super::layout::find_header;
use super::presets::Preset;
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

/// Something that holds a table and is not the table itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// `xlsx`, `xls`, `ods`, `html`, `json`, `zip`.
    pub kind: &'static str,
    /// The sheet of a workbook, the member of an archive.
    pub part: Option<String>,
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

/// Finds and opens the inputs: what each file is, its columns and its first rows.
pub fn open(options: &InputOptions) -> Result<Vec<RawFile>> {
    let found = source::expand(&options.paths)?;
    // Many files: shorter heads, so that they do not add up.
    let head_rows = (64_000 / found.len().max(1)).clamp(20, 1000);
    found.into_iter().map(|found| open_one(found, options, head_rows)).collect()
}

fn open_one(found: Found, options: &InputOptions, head_rows: usize) -> Result<RawFile> {
    let Found { label, path, mut source, mut bytes, hive } = found;
    let mut head = Vec::new();
    Stream::open(&source, Compression::None, &label)?.fill(&mut head, 4096)?;
    let mut compression = Compression::of(&head);
    if compression != Compression::None {
        head.clear();
        Stream::open(&source, compression, &label)?.fill(&mut head, 4096)?;
        if head.starts_with(PARQUET_MAGIC) {
            // Parquet is read from its end: it must be unpacked as a whole.
            (source, bytes) = Stream::open(&source, compression, &label)?.spool()?;
            compression = Compression::None;
        }
    }
    refuse_foreign(&head, &label)?;
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
        container: Vec::new(),
        layout: TableLayout::default(),
        left_out: Arc::default(),
        preset: None,
        derived: Vec::new(),
        head: DataFrame::empty(),
    };
    if head.starts_with(PARQUET_MAGIC) {
        parquet::open(&mut file, head_rows)?;
        file.preset = find_header(std::slice::from_ref(&file.header), options, &file.label)?.preset;
    } else {
        csv::open(&mut file, options, head_rows)?;
    }
    file.add_hive()?;
    Ok(file)
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
    scan_works(chunk_bytes, files, projection, options, &|_, batch| sink(batch), &|_| Ok(()))
}

/// As `scan`, but what `make` (called by several threads) makes of each batch is handed to `take` one after another, in the
/// order of the input. What is made ahead of its turn waits in memory.
pub fn scan_in_order<T: Send>(
    files: &[RawFile],
    projection: &[Vec<String>],
    options: &InputOptions,
    make: &(dyn Fn(RawBatch) -> Result<T> + Sync),
    take: &mut (dyn FnMut(T) -> Result<()> + Send),
) -> Result<(), ScanError> {
    let queue = Mutex::new(InOrder { next: 0, waiting: BTreeMap::new(), take });
    let lock = || queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    scan_works(
        csv::CHUNK,
        files,
        projection,
        options,
        &|number, batch| {
            let made = make(batch)?;
            lock().push(number, made)
        },
        &|number| lock().finished(number),
    )
}

/// What pieces of work have given, waiting for its turn.
struct InOrder<'a, T> {
    /// The work whose turn it is.
    next: u64,
    /// Of later ones what they have given so far, and whether that is all.
    waiting: BTreeMap<u64, (Vec<T>, bool)>,
    take: &'a mut (dyn FnMut(T) -> Result<()> + Send),
}

impl<T> InOrder<'_, T> {
    fn push(&mut self, number: u64, made: T) -> Result<()> {
        if number == self.next {
            return (self.take)(made);
        }
        self.waiting.entry(number).or_insert_with(|| (Vec::new(), false)).0.push(made);
        Ok(())
    }

    fn finished(&mut self, number: u64) -> Result<()> {
        if number != self.next {
            self.waiting.entry(number).or_insert_with(|| (Vec::new(), false)).1 = true;
            return Ok(());
        }
        loop {
            self.next += 1;
            let Some((given, is_all)) = self.waiting.remove(&self.next) else { return Ok(()) };
            for made in given {
                (self.take)(made)?;
            }
            if !is_all {
                return Ok(());
            }
        }
    }
}

fn scan_works(
    chunk_bytes: usize,
    files: &[RawFile],
    projection: &[Vec<String>],
    options: &InputOptions,
    sink: &(dyn Fn(u64, RawBatch) -> Result<()> + Sync),
    finished: &(dyn Fn(u64) -> Result<()> + Sync),
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
                    let performed = guarded("reading rows", || {
                        plans[file].perform(file, work, &|batch| sink(number, batch))?;
                        finished(number).map_err(ScanError::from)
                    });
                    if let Err(error) = performed {
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
    /// Those of them, and of what derived ones are computed of, that stand in the file itself.
    own: Vec<String>,
    layout: csv::Layout,
}

impl<'a> Plan<'a> {
    fn new(file: &'a RawFile, names: &'a [String]) -> Result<Self> {
        let columns = file.own_columns();
        let mut own: Vec<String> = Vec::new();
        let mut fields = Vec::new();
        let derived = |name: &String| file.derived.iter().find(|derived| derived.name == *name);
        let needed = names.iter().flat_map(|name| match derived(name) {
            Some(derived) => derived.inputs.as_slice(),
            None => std::slice::from_ref(name),
        });
        for name in needed {
            match columns.iter().position(|column| column == name) {
                Some(_) if own.contains(name) => {}
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

    /// Puts the columns of the path and the derived ones between those of the file, in the order asked for.
    fn complete(&self, frame: DataFrame) -> Result<DataFrame> {
        if self.own == self.names {
            return Ok(frame);
        }
        let height = frame.height();
        let of_file =
            |name: &str| frame.column(name).ok().cloned().or_else(|| self.file.hive_column(name, height));
        let mut columns = Vec::with_capacity(self.names.len());
        for name in self.names {
            match self.file.derived.iter().find(|derived| derived.name == *name) {
                Some(derived) => columns.push(derived.compute(height, &of_file)?),
                None => columns.extend(of_file(name)),
            }
        }
        DataFrame::new(height, columns).map_err(|error| internal("adding computed columns", &error))
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

    /// The numbers of all rows (file, row), in the order in which `scan_in_order` gives them.
    pub fn order_of(options: &InputOptions) -> Vec<(usize, u64)> {
        let files = open(options).unwrap();
        let projection: Vec<Vec<String>> = files.iter().map(|file| file.header.clone()).collect();
        let mut seen = Vec::new();
        let numbers = |batch: RawBatch| -> Result<Vec<(usize, u64)>> {
            Ok((0..batch.frame.height()).map(|row| (batch.file, batch.rows.get(row))).collect())
        };
        scan_in_order(&files, &projection, options, &numbers, &mut |rows| {
            seen.extend(rows);
            Ok(())
        })
        .unwrap();
        seen
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
