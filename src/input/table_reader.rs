//! Reading a frame that is not orders: events, spend, members. Typed canonical columns in batches, each row used or counted
//! under a reason.
//!
//! | kind of column | as |
//! | --- | --- |
//! | text, and original columns that nothing is mapped to | String, trimmed, null where missing |
//! | date-times | Datetime in microseconds of local time |
//! | numbers and money | Decimal(38, 4): exact to 1/10,000, rounded half away from zero beyond (told in a note) |
//!
//! A row is left out where a required value is missing or unreadable, where it sums up others (`total row`), by the drop
//! rules of its preset, outside of the time in use, and by `--where`. Where a value that is not required is unreadable, the
//! row stays and the value is null; such rows count for `--max-bad` and `--strict` too.
//!
//! The time in use is about the moment of events and the date of spend. Members have none: somebody who joined before
//! `--since` is still a member. Spend without a date column is used as a whole, and a note says so where `--as-of` is given;
//! `--since` and `--until` are refused then.

use std::sync::{Mutex, PoisonError};

use chrono_tz::Tz;
use polars::prelude::*;

use super::columns::{Mapping, ValueKind, find_column, required, vocabulary};
use super::derive;
use super::filter::Filter;
use super::presets::{Kind, Preset};
use super::raw::{self, RawFile, RowNumbers, ScanError, internal};
use super::reading_notes::dates_decided;
use super::rows::{BadKind, DateReading, DecidedBy, ReadSummary, date_reading};
use super::values::dates::DateOrder;
use super::{Frame, InputOptions};
use crate::error::{Error, Result, nearest};
use crate::output::report::{InputAccount, Note};

mod account;
mod plan;

use account::Tally;
use plan::TablePlan;

/// Rows in use of one file. No batch is empty.
#[derive(Debug, Clone)]
pub struct TableBatch {
    /// Index into the list of files.
    pub file: usize,
    /// The places of the rows of `frame`.
    pub rows: RowNumbers,
    /// The columns asked for, in that order, under the names that they were asked for by.
    pub frame: DataFrame,
    /// Per condition asked for: the rows that meet it.
    pub conditions: Vec<BooleanChunked>,
}

/// Takes rows in use from several threads, in no order.
pub trait TableSink: Sync + Send {
    fn push(&self, batch: TableBatch) -> Result<()>;
}

/// A file with what its columns mean.
#[derive(Debug, Clone)]
pub struct TableFile {
    pub raw: RawFile,
    pub mapping: Mapping,
    /// Of every canonical column of date-times.
    pub dates: Vec<TableDates>,
}

/// How a column of date-times is read.
#[derive(Debug, Clone)]
pub struct TableDates {
    pub canonical: &'static str,
    /// The error is a value that can be read two ways, where nothing decides: told only when the column is read.
    pub reading: std::result::Result<DateReading, String>,
}

/// Files of one frame, ready to be read.
#[derive(Debug)]
pub struct Tables {
    pub frame: Frame,
    pub files: Vec<TableFile>,
    pub options: InputOptions,
    filter: Option<Filter>,
    /// What is asked of each row besides, and told with it.
    conditions: Vec<Filter>,
}

/// What a pass over the rows found, besides the rows.
#[derive(Debug, Clone, Default)]
pub struct TableSummary {
    pub account: InputAccount,
    /// Of the rows with all that is required, not after as_of and until, `--where` or not; microseconds of local time. `None`
    /// for members, and for spend without dates.
    pub first_at_us: Option<i64>,
    pub last_at_us: Option<i64>,
    /// Rows with values that are there but unreadable, whether the row is in use or not, and rows with more fields than the
    /// header.
    pub bad: Vec<BadKind>,
    /// Rows without a required value.
    pub missing: Vec<BadKind>,
    /// Rows with fewer fields than the header: what is missing counts as empty.
    pub short: Option<BadKind>,
    /// Ids that a spreadsheet or a float has destroyed, by column.
    pub destroyed: Vec<BadKind>,
    /// The files as they were read in the end.
    pub files: Vec<TableFile>,
    pub notes: Vec<Note>,
}

/// Opens the files of `options`, reads the columns `wanted` (canonical or original names; none: all canonical ones that are
/// there) and judges the rows. The frame must not be `Frame::Orders`: `rows::Inputs` reads those.
pub fn read_table<S: TableSink>(
    frame: Frame,
    options: InputOptions,
    wanted: &[&str],
    make: impl Fn() -> S,
) -> Result<(S, TableSummary)> {
    Tables::open(frame, options)?.read(wanted, make)
}

impl Tables {
    /// Opens the files, maps their columns, settles how dates are read, checks `--where` on the first rows.
    pub fn open(frame: Frame, options: InputOptions) -> Result<Self> {
        options.filter.as_deref().map(Filter::parse).transpose()?;
        let raw = raw::open(&options)?;
        Self::of_files(frame, options, raw)
    }

    /// The same for files that are open already.
    pub fn of_files(frame: Frame, options: InputOptions, raw: Vec<RawFile>) -> Result<Self> {
        if frame == Frame::Orders {
            return Err(internal("reading a table", &"orders have a reader of their own"));
        }
        let filter = options.filter.as_deref().map(Filter::parse).transpose()?;
        let mut tables = Self { frame, files: Vec::new(), options, filter, conditions: Vec::new() };
        for raw in raw {
            let file = tables.understand(raw)?;
            tables.files.push(file);
        }
        settle_by_other_files(&mut tables.files);
        tables.check_filter()?;
        Ok(tables)
    }

    /// The same with conditions whose truth every batch tells of each row, in SQL as `--where` is. Checks them on the first rows.
    pub fn with_conditions(self, conditions: &[String]) -> Result<Self> {
        let conditions = conditions.iter().map(|text| Filter::parse(text)).collect::<Result<_>>()?;
        let tables = Self { conditions, ..self };
        tables.check_filter()?;
        Ok(tables)
    }

    /// The columns that the conditions compare with values of theirs.
    pub fn compared_columns(&self) -> impl Iterator<Item = &str> {
        self.conditions.iter().flat_map(Filter::compared_columns).map(String::as_str)
    }

    /// The same with all rows in use, whenever they are and whatever `--where` says of them.
    pub fn with_all_rows(self) -> Self {
        let options =
            InputOptions { since_us: None, until_us: None, as_of_us: None, filter: None, ..self.options };
        Self { options, filter: None, conditions: Vec::new(), ..self }
    }

    /// Whether some file has a column for `canonical`.
    pub fn has(&self, canonical: &str) -> bool {
        self.files.iter().any(|file| file.mapping.source(canonical).is_some())
    }

    /// The canonical columns that some file has, in the order of the vocabulary.
    pub fn canonical_columns(&self) -> Vec<&'static str> {
        vocabulary(self.frame).iter().map(|column| column.name).filter(|name| self.has(name)).collect()
    }

    /// Names that `read` and `--where` take: canonical ones, then original ones, each once.
    pub fn column_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.canonical_columns().into_iter().map(str::to_owned).collect();
        for name in self.files.iter().flat_map(|file| &file.raw.header) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }

    /// The rows in use; an error where too many rows are doubtful, or none is left. `wanted`: as in `read_table`.
    pub fn read<S: TableSink>(&self, wanted: &[&str], make: impl Fn() -> S) -> Result<(S, TableSummary)> {
        let (sink, summary) = self.read_unjudged(wanted, make)?;
        summary.judge(&self.options)?;
        Ok((sink, summary))
    }

    /// The same with the files as they were read in the end.
    pub fn with_files(self, files: Vec<TableFile>) -> Self {
        Self { files, ..self }
    }

    /// The rows in use in the order of the input. What was taken cannot be taken back: the files are those that an earlier
    /// pass has read to their end and judged.
    pub fn read_in_order(
        &self,
        wanted: &[&str],
        take: &mut dyn FnMut(TableBatch) -> Result<()>,
    ) -> Result<()> {
        let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
        self.check_wanted(&wanted)?;
        let plans = self.plans(&self.files, &wanted)?;
        let projection: Vec<Vec<String>> = plans.iter().map(|plan| plan.projection().to_vec()).collect();
        let raw: Vec<RawFile> = self.files.iter().map(|file| file.raw.clone()).collect();
        let scanned = raw::scan_in_order(
            &raw,
            &projection,
            &self.options,
            &|batch| Ok(plans[batch.file].read(&batch)?.0),
            &mut |used| used.map_or(Ok(()), &mut *take),
        );
        match scanned {
            Ok(()) => Ok(()),
            Err(ScanError::Failed(error)) => Err(error),
            Err(ScanError::Encoding { file, .. }) => {
                let why = format!("the encoding of {} is not settled", raw[file].label);
                Err(internal("reading rows in order", &why))
            }
        }
    }

    /// The same for a command that shows the defects: `TableSummary::judge` says whether they are too many.
    pub fn read_unjudged<S: TableSink>(
        &self,
        wanted: &[&str],
        make: impl Fn() -> S,
    ) -> Result<(S, TableSummary)> {
        let wanted: Vec<String> = match wanted {
            [] => self.canonical_columns().into_iter().map(str::to_owned).collect(),
            names => names.iter().map(|name| (*name).to_owned()).collect(),
        };
        self.check_wanted(&wanted)?;
        let mut files = self.files.clone();
        for _ in 0..=files.len() {
            let plans = self.plans(&files, &wanted)?;
            let projection: Vec<Vec<String>> = plans.iter().map(|plan| plan.projection().to_vec()).collect();
            let raw: Vec<RawFile> = files.iter().map(|file| file.raw.clone()).collect();
            let sink = make();
            let all = Mutex::new(Tally::default());
            let scanned = raw::scan(&raw, &projection, &self.options, &|batch| {
                let (used, tally) = plans[batch.file].read(&batch)?;
                all.lock().unwrap_or_else(PoisonError::into_inner).merge(tally);
                used.map_or(Ok(()), |batch| sink.push(batch))
            });
            match scanned {
                Ok(()) => {
                    let tally = all.into_inner().unwrap_or_else(PoisonError::into_inner);
                    let notes = self.notes(&files);
                    return Ok((sink, tally.into_summary(self.frame, files, notes)));
                }
                Err(ScanError::Failed(error)) => return Err(error),
                Err(ScanError::Encoding { file, .. }) => {
                    let mut raw = files[file].raw.clone();
                    raw::redetect(&mut raw, &self.options)?;
                    let old = std::mem::replace(&mut files[file], self.understand(raw)?);
                    for (fresh, old) in files[file].dates.iter_mut().zip(old.dates) {
                        if fresh.reading.is_err() {
                            fresh.reading = old.reading;
                        }
                    }
                }
            }
        }
        Err(internal("detecting an encoding", &"each file was detected anew and still does not fit"))
    }

    fn understand(&self, raw: RawFile) -> Result<TableFile> {
        let mut raw = raw;
        loop {
            if let Some(preset) = &raw.preset {
                refuse_other_kind(self.frame, preset, &raw.label)?;
            }
            derive::add(&mut raw)?;
            let mapping = Mapping::find(self.frame, &raw, &self.options.columns)?;
            derive::settle(&mut raw, &mapping)?;
            let mut dates = Vec::new();
            let mut encoding_fails = false;
            for column in vocabulary(self.frame).iter().filter(|column| column.kind == ValueKind::DateTime) {
                let Some(source) = mapping.source(column.name) else { continue };
                match date_reading(&self.options, &raw, source) {
                    Ok(reading) => dates.push(TableDates { canonical: column.name, reading }),
                    Err(ScanError::Failed(error)) => return Err(error),
                    Err(ScanError::Encoding { .. }) => encoding_fails = true,
                }
            }
            if !encoding_fails {
                return Ok(TableFile { raw, mapping, dates });
            }
            raw::redetect(&mut raw, &self.options)?;
        }
    }

    /// Every column must be there in some file.
    fn check_wanted(&self, wanted: &[String]) -> Result<()> {
        for name in wanted {
            let mut found = false;
            for file in &self.files {
                found |= plan::source_of(file, name)?.is_some();
            }
            if !found && !self.files.is_empty() {
                let known = self.column_names();
                return Err(Error::UnknownName {
                    what: "column",
                    name: name.clone(),
                    nearest: nearest(name, known.iter().map(String::as_str)),
                    known,
                });
            }
        }
        Ok(())
    }

    fn plans(&self, files: &[TableFile], wanted: &[String]) -> Result<Vec<TablePlan>> {
        let plan = |(index, file)| {
            TablePlan::new(
                self.frame,
                index,
                file,
                wanted,
                self.filter.as_ref(),
                &self.conditions,
                &self.options,
            )
        };
        files.iter().enumerate().map(plan).collect()
    }

    /// Runs `--where` over the first rows of each file, so that its errors come before the work.
    fn check_filter(&self) -> Result<()> {
        if self.filter.is_none() && self.conditions.is_empty() {
            return Ok(());
        }
        for (plan, file) in self.plans(&self.files, &[])?.iter().zip(&self.files) {
            let frame = file
                .raw
                .head
                .select(plan.projection().iter().map(String::as_str))
                .map_err(|error| internal("reading the first rows", &error))?;
            let rows = RowNumbers::Sequence { first: 1 };
            plan.read(&raw::RawBatch { file: 0, frame, rows, overlong: Vec::new(), short: Vec::new() })?;
        }
        Ok(())
    }

    fn notes(&self, files: &[TableFile]) -> Vec<Note> {
        let readings = files.iter().flat_map(|file| &file.dates).flat_map(|dates| &dates.reading);
        let mut notes = dates_decided(readings);
        if self.frame == Frame::Spend && self.options.as_of_us.is_some() {
            for file in files.iter().filter(|file| file.mapping.source("date").is_none()) {
                notes.push(Note::new("spend_without_date").with("file", &file.raw.label));
            }
        }
        notes
    }
}

impl TableSummary {
    /// Whether the rows are good enough to compute on, by the rules of orders.
    pub fn judge(&self, options: &InputOptions) -> Result<()> {
        let judged = ReadSummary {
            account: self.account.clone(),
            bad: self.bad.clone(),
            missing: self.missing.clone(),
            short: self.short.clone(),
            destroyed: self.destroyed.clone(),
            ..ReadSummary::default()
        };
        judged.judge(options).map_err(|error| match error {
            Error::NoRows { read, account, .. } => {
                let most = account.iter().max_by_key(|(_, rows)| *rows);
                let hint = most.map(|(reason, _)| self.hint_for_no_rows(reason));
                Error::NoRows { read, account, hint }
            }
            Error::BadValues { what, rows, of, limit, places, hint: None } => {
                let hint = account::hint_for(places.first().map_or("", |place| place.column.as_str()), &what);
                Error::BadValues { what, rows, of, limit, places, hint }
            }
            error => error,
        })
    }

    fn hint_for_no_rows(&self, reason: &str) -> String {
        match (reason, reason.strip_prefix("missing ")) {
            (_, Some(canonical)) => {
                let column = self.files.iter().find_map(|file| file.mapping.source(canonical));
                format!(
                    "column {} is empty: --col {canonical}=COLUMN names another",
                    column.unwrap_or(canonical)
                )
            }
            ("where", _) => "loosen --where".into(),
            ("after as_of", _) => "--as-of is before the first row".into(),
            ("before since" | "after until", _) => "--since and --until leave nothing".into(),
            _ => "siyu inspect shows how the columns were read".into(),
        }
    }
}

/// A file of another kind has other columns under the same names: a file of orders is no file of events.
fn refuse_other_kind(frame: Frame, preset: &Preset, label: &str) -> Result<()> {
    let is = match preset.kind {
        Kind::Events => "events",
        Kind::Spend => "spend",
        Kind::Members => "members",
        Kind::Orders | Kind::Lines | Kind::Payments | Kind::Refunds => "orders",
    };
    if is == frame.key() {
        return Ok(());
    }
    Err(Error::BadOption {
        option: format!("--{}", frame.key()),
        value: label.to_owned(),
        why: format!("the file was recognised as {} ({}), which holds {is}", preset.name.en, preset.id),
        hint: Some("--preset none   reads it by the names of its columns alone".into()),
    })
}

/// A column that nothing decides is read as the same column of the other files is, if they all agree.
fn settle_by_other_files(files: &mut [TableFile]) {
    let orders: Vec<(&'static str, DateOrder)> = files
        .iter()
        .flat_map(|file| &file.dates)
        .filter_map(|dates| Some((dates.canonical, dates.reading.as_ref().ok()?.order()?)))
        .collect();
    for dates in files.iter_mut().flat_map(|file| &mut file.dates) {
        let mut same = orders.iter().filter(|(canonical, _)| *canonical == dates.canonical);
        let Some((_, first)) = same.next() else { continue };
        if dates.reading.is_err() && same.all(|(_, order)| order == first) {
            dates.reading = Ok(DateReading::decided(*first, DecidedBy::OtherFiles));
        }
    }
}

/// The zone in which a file's preset says that times are written.
fn written_zone(file: &RawFile) -> Result<Option<Tz>> {
    let Some(preset) = &file.preset else { return Ok(None) };
    let Some(name) = &preset.time_zone else { return Ok(None) };
    name.parse().map(Some).map_err(|_| Error::Config {
        at: format!("preset {}, time_zone", preset.id),
        why: format!("{name:?} is no time zone"),
        hint: Some("an IANA name such as Asia/Shanghai or UTC".into()),
    })
}

#[cfg(test)]
#[path = "table_reader_tests.rs"]
mod tests;
