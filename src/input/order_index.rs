//! Which row stands for an order: where its totals are taken once, and which of several exports tells its latest state.
//!
//! Sellers export the same days again and again, and the state of an old order changes. An order is (platform, store, order
//! id); of the files that hold it one wins, and its rows in the others are superseded.
//!
//! Orders are known by a 128-bit hash with a key that is drawn for each run: nobody can choose ids that meet, and two of a
//! hundred million orders meet with a chance of 1 in 10^22. Nothing else depends on the hash. An order takes 32
//! bytes; building the index of five million orders in two exports took 334 MiB at the peak, 70 bytes an order, the buffers
//! of reading included. With `--latest-by COLUMN` an order takes that for each file that holds it while the index grows.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, DefaultHasher, Hasher, RandomState};
use std::sync::{Mutex, PoisonError};

use polars::prelude::*;

use super::InputOptions;
use super::cells::{self, State};
use super::day_order::Shared;
use super::raw::{self, RawBatch, RawFile, ScanError};
use super::values::dates::{DateError, DateFormat, DateOrder, DateParser, parse_date_format};
use crate::error::{Error, Place, Result, nearest};

/// What names an order in one file. Names of columns are those of `RawFile::header`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OrderKeys {
    pub platform: String,
    /// Files with and without such a column do not share orders, unless the column is empty.
    pub store: Option<String>,
    /// Together they are the id; a row in which one of them is empty has none.
    pub id: Vec<String>,
    /// Totals of an order stand on each of its rows and count on the first: for the reader, no matter to the index.
    pub once: bool,
    /// The column whose larger value wins (`latest_by`); `None`: the later file of the inputs does.
    pub latest_by: Option<String>,
}

/// What a row is to its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// The first row of the order in the file that wins, or a row without an order id.
    First,
    /// Another row there.
    Further,
    /// A row in a file that tells an older state of the order.
    Superseded,
}

/// The orders of all files that have keys.
#[derive(Debug)]
pub(super) struct OrderIndex {
    labels: Vec<String>,
    keys: Vec<Option<OrderKeys>>,
    namer: Namer,
    /// By the highest bits of the key; sorted, one entry an order.
    shards: Vec<Vec<Entry>>,
    superseded: u64,
}

/// The value of `--latest-by` that means the order of the inputs.
const BY_FILE: &str = "file";

/// What `--latest-by` is for one file; an error where the file has no such column.
pub(super) fn latest_by(file: &RawFile, options: &InputOptions) -> Result<Option<String>> {
    let Some(name) = options.latest_by.as_deref().filter(|name| *name != BY_FILE) else { return Ok(None) };
    match super::columns::find_column(&file.header, name) {
        Some(at) => Ok(Some(file.header[at].clone())),
        None => Err(Error::UnknownName {
            what: "column for --latest-by",
            name: format!("{name} ({})", file.label),
            nearest: nearest(name, file.header.iter().map(String::as_str)),
            known: std::iter::once(BY_FILE.to_owned()).chain(file.header.iter().cloned()).collect(),
        }),
    }
}

const SHARDS: usize = 64;
/// Entries that a shard takes before it is put in order, at least.
const FRESH: usize = 512;

/// An order in a file, or in all files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    key: [u64; 2],
    /// Its `latest_by`: a moment, a text's rank, `NONE`; 0 where files win by their order.
    latest: i64,
    place: Spot,
}

/// Whether several files hold the order (1 bit), the file (22 bits), the row (41 bits).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Spot(u64);

const ROW_BITS: u32 = 41;
const FILE_BITS: u32 = 22;
const NONE: i64 = i64::MIN;

impl Spot {
    fn new(file: usize, row: u64) -> Result<Self> {
        let file = file as u64;
        if file >> FILE_BITS != 0 || row >> ROW_BITS != 0 {
            let what = format!("file {file}, row {row}: more than orders can be followed through");
            return Err(Error::Numeric { what, hint: Some("read fewer files in one run".into()) });
        }
        Ok(Self(file << ROW_BITS | row))
    }

    fn file(self) -> u64 {
        self.0 >> ROW_BITS & ((1 << FILE_BITS) - 1)
    }

    fn row(self) -> u64 {
        self.0 & ((1 << ROW_BITS) - 1)
    }

    fn in_several(self) -> bool {
        self.0 >> 63 == 1
    }

    fn mark_several(&mut self) {
        self.0 |= 1 << 63;
    }
}

impl Entry {
    fn sort_key(&self) -> ([u64; 2], u64, u64) {
        (self.key, self.place.file(), self.place.row())
    }

    /// Takes in an entry of the same order. Adding up in any order gives the same as long as the entries of one file are
    /// added up before those of another, or no `latest` differs.
    fn take(&mut self, other: Self) {
        let several = self.place.in_several() || other.place.in_several();
        if self.place.file() == other.place.file() {
            self.latest = self.latest.max(other.latest);
            if other.place.row() < self.place.row() {
                self.place = other.place;
            }
            if several {
                self.place.mark_several();
            }
            return;
        }
        if (other.latest, other.place.file()) > (self.latest, self.place.file()) {
            *self = other;
        }
        self.place.mark_several();
    }
}

/// A part of the orders while they are collected.
#[derive(Default)]
struct Shard {
    sorted: Vec<Entry>,
    fresh: Vec<Entry>,
}

impl Shard {
    fn add(&mut self, entries: &[Entry], across_files: bool) {
        self.fresh.extend_from_slice(entries);
        if self.fresh.len() >= FRESH.max(self.sorted.len() / 4) {
            self.settle(across_files);
        }
    }

    /// Merges what is fresh. `across_files`: to one entry an order; else to one for each file that holds it.
    fn settle(&mut self, across_files: bool) {
        self.fresh.sort_unstable_by_key(Entry::sort_key);
        let is_same =
            |a: &Entry, b: &Entry| a.key == b.key && (across_files || a.place.file() == b.place.file());
        self.fresh.dedup_by(|later, first| {
            let same = is_same(later, first);
            if same {
                first.take(*later);
            }
            same
        });
        let mut merged: Vec<Entry> = Vec::with_capacity(self.sorted.len() + self.fresh.len());
        let (mut old, mut new) = (self.sorted.iter().peekable(), self.fresh.iter().peekable());
        loop {
            let next = match (old.peek(), new.peek()) {
                (None, None) => break,
                (Some(a), Some(b)) if a.sort_key() > b.sort_key() => new.next(),
                (None, Some(_)) => new.next(),
                (Some(_), _) => old.next(),
            };
            let Some(next) = next else { break };
            match merged.last_mut() {
                Some(last) if is_same(last, next) => last.take(*next),
                _ => merged.push(*next),
            }
        }
        merged.shrink_to_fit();
        self.sorted = merged;
        self.fresh.clear();
    }

    /// One entry an order.
    fn finish(mut self) -> Vec<Entry> {
        self.settle(false);
        self.fresh = Vec::new();
        self.sorted.dedup_by(|later, first| {
            let same = later.key == first.key;
            if same {
                first.take(*later);
            }
            same
        });
        self.sorted.shrink_to_fit();
        self.sorted
    }
}

/// Gives orders their keys.
#[derive(Debug, Default)]
struct Namer(RandomState, RandomState);

impl Namer {
    /// The key of each row; `None` without an id.
    fn keys(&self, keys: &OrderKeys, batch: &RawBatch) -> Result<Vec<Option<[u64; 2]>>> {
        let column = |name: &String| -> Result<StringChunked> {
            let column = batch.frame.column(name).map_err(|e| raw::internal("looking up order ids", &e))?;
            Ok(cells::ids(column)?.text)
        };
        let store = keys.store.as_ref().map(column).transpose()?;
        let ids: Vec<StringChunked> = keys.id.iter().map(column).collect::<Result<_>>()?;
        let begin = |state: &RandomState| {
            let mut hasher = state.build_hasher();
            put(&mut hasher, &keys.platform);
            hasher
        };
        let begun = [begin(&self.0), begin(&self.1)];
        let mut parts: Vec<_> = ids.iter().map(StringChunked::iter).collect();
        let mut stores = store.as_ref().map(StringChunked::iter);
        let mut found = Vec::with_capacity(batch.frame.height());
        for _ in 0..batch.frame.height() {
            let mut hashers = begun.clone();
            let store = stores.as_mut().and_then(Iterator::next).flatten().unwrap_or("");
            hashers.iter_mut().for_each(|hasher| put(hasher, store));
            let mut is_whole = !parts.is_empty();
            for part in &mut parts {
                match part.next().flatten() {
                    Some(part) => hashers.iter_mut().for_each(|hasher| put(hasher, part)),
                    None => is_whole = false,
                }
            }
            found.push(is_whole.then(|| hashers.map(|hasher| hasher.finish())));
        }
        Ok(found)
    }
}

/// A text and its end, so that `a`, `bc` is not `ab`, `c`.
fn put(hasher: &mut DefaultHasher, text: &str) {
    hasher.write_usize(text.len());
    hasher.write(text.as_bytes());
}

fn shard_of(key: [u64; 2]) -> usize {
    (key[0] >> (u64::BITS - SHARDS.ilog2())) as usize
}

impl OrderIndex {
    /// Looks through the key columns of the files that have keys (twice with `latest_by`). Of the files with an order the
    /// one with the largest `latest_by` wins (moments by time; before them texts, numbers among them by size; before those
    /// what is missing), else the later one in the list.
    pub fn build(
        files: &[RawFile],
        keys: &[Option<OrderKeys>],
        options: &InputOptions,
    ) -> Result<Self, ScanError> {
        Self::build_by(super::csv::CHUNK, files, keys, options)
    }

    /// `build` with another size of text chunks, for tests.
    pub fn build_by(
        chunk: usize,
        files: &[RawFile],
        keys: &[Option<OrderKeys>],
        options: &InputOptions,
    ) -> Result<Self, ScanError> {
        let options = InputOptions { progress: None, ..options.clone() };
        let latest = Latest::of(chunk, files, keys, &options)?;
        let across_files = latest.readers.iter().all(Option::is_none);
        let namer = Namer::default();
        let shards: Vec<Mutex<Shard>> = (0..SHARDS).map(|_| Mutex::default()).collect();
        let (places, some): (Vec<usize>, Vec<RawFile>) =
            files.iter().enumerate().filter(|(i, _)| keys[*i].is_some()).map(|(i, f)| (i, f.clone())).unzip();
        let projection: Vec<Vec<String>> =
            places.iter().map(|at| keys[*at].as_ref().map(columns).unwrap_or_default()).collect();
        raw::scan_by(chunk, &some, &projection, &options, &|batch| {
            let file = places[batch.file];
            let Some(keys) = &keys[file] else { return Ok(()) };
            let names = namer.keys(keys, &batch)?;
            let latest = latest.values(file, &files[file].label, keys, &batch)?;
            let mut entries: Vec<Vec<Entry>> = vec![Vec::new(); SHARDS];
            for (row, key) in names.into_iter().enumerate() {
                let Some(key) = key else { continue };
                let latest = latest.as_ref().map_or(0, |latest| latest[row]);
                let place = Spot::new(file, batch.rows.get(row))?;
                entries[shard_of(key)].push(Entry { key, latest, place });
            }
            for (shard, entries) in shards.iter().zip(entries).filter(|(_, entries)| !entries.is_empty()) {
                shard.lock().unwrap_or_else(PoisonError::into_inner).add(&entries, across_files);
            }
            Ok(())
        })
        .map_err(|error| with_file(error, &places))?;
        let shards: Vec<Vec<Entry>> = shards
            .into_iter()
            .map(|shard| shard.into_inner().unwrap_or_else(PoisonError::into_inner).finish())
            .collect();
        let superseded = shards.iter().flatten().filter(|entry| entry.place.in_several()).count() as u64;
        let labels = files.iter().map(|file| file.label.clone()).collect();
        Ok(Self { labels, keys: keys.to_vec(), namer, shards, superseded })
    }

    /// What each row of a batch is to its order. The batch must hold the key columns (not `latest_by`).
    pub fn standings(&self, file: usize, batch: &RawBatch) -> Result<Vec<Standing>> {
        let Some(keys) = &self.keys[file] else { return Ok(vec![Standing::First; batch.frame.height()]) };
        let names = self.namer.keys(keys, batch)?;
        let standing = |(row, key): (usize, Option<[u64; 2]>)| {
            let Some(key) = key else { return Ok(Standing::First) };
            let shard = &self.shards[shard_of(key)];
            let at = shard.binary_search_by(|entry| entry.key.cmp(&key)).map_err(|_| Error::Damaged {
                path: self.labels[file].clone(),
                why: "has changed while it was read".into(),
                hint: Some("run again when nobody writes to it".into()),
            })?;
            let first = shard[at].place;
            Ok(if first.file() != file as u64 {
                Standing::Superseded
            } else if first.row() == batch.rows.get(row) {
                Standing::First
            } else {
                Standing::Further
            })
        };
        names.into_iter().enumerate().map(standing).collect()
    }

    /// Orders that several files hold.
    pub fn superseded_orders(&self) -> u64 {
        self.superseded
    }

    /// Orders with an id.
    #[cfg(test)]
    pub fn orders(&self) -> u64 {
        self.shards.iter().map(|shard| shard.len() as u64).sum()
    }
}

/// The columns to read, each once.
fn columns(keys: &OrderKeys) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for name in keys.id.iter().chain(&keys.store).chain(&keys.latest_by) {
        if !columns.contains(name) {
            columns.push(name.clone());
        }
    }
    columns
}

/// The place of a file among all, where some were looked at.
fn with_file(error: ScanError, places: &[usize]) -> ScanError {
    match error {
        ScanError::Encoding { file, offset } => ScanError::Encoding { file: places[file], offset },
        failed @ ScanError::Failed(_) => failed,
    }
}

/// How the values of `latest_by` are compared.
struct Latest {
    /// Of each file that has such a column: as the user says, then as dates are usually written.
    readers: Vec<Option<Vec<DateParser>>>,
    /// Texts that are no moments, and their ranks: below all moments.
    ranks: HashMap<String, i64>,
}

impl Latest {
    /// A pass over the columns: the order of day and month in dates, and all texts that are no dates.
    fn of(
        chunk: usize,
        files: &[RawFile],
        keys: &[Option<OrderKeys>],
        options: &InputOptions,
    ) -> Result<Self, ScanError> {
        let column = |at: usize| keys[at].as_ref().and_then(|keys| keys.latest_by.clone());
        let places: Vec<usize> = (0..files.len()).filter(|at| column(*at).is_some()).collect();
        let mut latest = Self { readers: vec![None; files.len()], ranks: HashMap::new() };
        if places.is_empty() {
            return Ok(latest);
        }
        let given = options.date_format.as_deref().map(parse_date_format).transpose()?;
        let given = given.filter(|format| *format != DateFormat::default());
        let parsers = |order: Option<DateOrder>| -> Vec<DateParser> {
            let formats = match &given {
                Some(DateFormat::Auto { order }) => vec![DateFormat::Auto { order: *order }],
                Some(pattern) => vec![pattern.clone(), DateFormat::Auto { order }],
                None => vec![DateFormat::Auto { order }],
            };
            formats.into_iter().map(|format| DateParser::new(format, options.tz)).collect()
        };
        let some: Vec<RawFile> = places.iter().map(|at| files[*at].clone()).collect();
        let projection: Vec<Vec<String>> =
            places.iter().map(|at| column(*at).into_iter().collect()).collect();
        let evidence: Vec<Shared> = places.iter().map(|_| Shared::default()).collect();
        let texts: Mutex<BTreeSet<(bool, usize, String)>> = Mutex::default();
        let undecided = parsers(None);
        raw::scan_by(chunk, &some, &projection, options, &|batch| {
            let column = &batch.frame.columns()[0];
            evidence[batch.file].add(column, &batch.rows)?;
            if is_moment(column) {
                return Ok(());
            }
            let cells = cells::text(column)?;
            let no_dates = cells.iter().flatten().filter(|cell| {
                matches!(parse(&undecided, cell), Err(DateError::NotADate | DateError::OutOfRange))
            });
            let no_dates: BTreeSet<_> = no_dates.map(text_key).collect();
            texts.lock().unwrap_or_else(PoisonError::into_inner).extend(no_dates);
            Ok(())
        })
        .map_err(|error| with_file(error, &places))?;
        let evidence: Vec<_> = evidence.into_iter().map(Shared::into_inner).collect();
        let label = |at: usize| (files[places[at]].label.clone(), column(places[at]).unwrap_or_default());
        let orders: Vec<Option<DateOrder>> = evidence
            .iter()
            .enumerate()
            .map(|(at, found)| found.decision(&label(at).0, &label(at).1).map(|(order, _)| order))
            .collect();
        let mut known = orders.iter().flatten();
        let agreed = known.next().copied().filter(|first| known.all(|order| order == first));
        for (at, found) in evidence.iter().enumerate() {
            let order = orders[at].or(agreed);
            let is_given = matches!(given, Some(DateFormat::Auto { .. }));
            if order.is_none() && found.needs_order() && !is_given {
                let (path, column) = label(at);
                return Err(Error::AmbiguousDates { path, column, example: found.example() }.into());
            }
            latest.readers[places[at]] = Some(parsers(order));
        }
        let texts = texts.into_inner().unwrap_or_else(PoisonError::into_inner);
        latest.ranks = texts.into_iter().zip(NONE + 1..).map(|((_, _, text), rank)| (text, rank)).collect();
        Ok(latest)
    }

    /// Of each row; `None`: the file has no such column, and its place in the list decides.
    fn values(
        &self,
        file: usize,
        label: &str,
        keys: &OrderKeys,
        batch: &RawBatch,
    ) -> Result<Option<Vec<i64>>> {
        let (Some(readers), Some(name)) = (&self.readers[file], &keys.latest_by) else { return Ok(None) };
        let column = batch.frame.column(name).map_err(|e| raw::internal("looking up export times", &e))?;
        let bad = |row: usize| Error::Unsound {
            what: format!("--latest-by {name}: a value cannot be compared with the others"),
            places: vec![Place {
                file: label.to_owned(),
                row: batch.rows.get(row),
                column: name.clone(),
                value: super::masks::shortened(&cells::as_written(column, row)).into_owned(),
            }],
            hint: "--date-format dmy or mdy, if it is a date; else --latest-by file, and the later file wins"
                .into(),
        };
        if is_moment(column) {
            let moments = cells::moments(column, &readers[0], None)?;
            let value = |row: usize| match moments.states[row] {
                State::Good => Ok(moments.values[row]),
                State::Missing => Ok(NONE),
                State::Invalid => Err(bad(row)),
            };
            return (0..batch.frame.height()).map(value).collect::<Result<_>>().map(Some);
        }
        let texts = cells::text(column)?;
        let value = |(row, cell): (usize, Option<&str>)| {
            let Some(cell) = cell else { return Ok(NONE) };
            match parse(readers, cell) {
                Ok(us) => Ok(us),
                Err(DateError::Empty) => Ok(NONE),
                Err(_) => self.ranks.get(cell).copied().ok_or_else(|| bad(row)),
            }
        };
        texts.iter().enumerate().map(value).collect::<Result<_>>().map(Some)
    }
}

fn is_moment(column: &Column) -> bool {
    matches!(column.dtype(), DataType::Date | DataType::Datetime(..))
}

/// As the first reader that can reads it, else what the last says.
fn parse(readers: &[DateParser], cell: &str) -> Result<i64, DateError> {
    readers.iter().fold(Err(DateError::NotADate), |found, reader| found.or_else(|_| reader.parse(cell)))
}

/// Whole numbers by size, then other texts by their bytes.
fn text_key(text: &str) -> (bool, usize, String) {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let digits = if is_number { text.trim_start_matches('0').len() } else { 0 };
    (!is_number, digits, text.to_owned())
}

#[cfg(test)]
#[path = "order_index_tests.rs"]
mod tests;
