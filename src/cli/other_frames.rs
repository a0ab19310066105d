//! Frames that a report reads beside its orders, by options of their own: `--spend FILE...`, `--members FILE...`.
//!
//! What the user said about the orders is not said about them: columns, preset, `--where`, `--since`, `--until`,
//! `--customer-key`, `--identities`, `--latest-by`, `--keep`, encoding, delimiter and sheet are found afresh in each file.
//! `--as-of`, `--tz`, `--max-bad`, `--strict` and the folder of presets hold for all frames. `--date-format` is tried where
//! nothing in the file decides how its dates are written. `--col spend.amount=COLUMN` names a column of another frame.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use hashbrown::HashMap;
use polars::prelude::*;

use super::Resolved;
use super::run_report::Job;
use crate::error::{Error, Result, nearest};
use crate::facts::customers::DAY_US;
use crate::facts::{JoinedDays, SpendRow};
use crate::input::columns::{ValueKind, ambiguous, vocabulary};
use crate::input::presets::PresetChoice;
use crate::input::table_reader::{TableBatch, TableSink, TableSummary, Tables};
use crate::input::{Frame, InputOptions};
use crate::output::{Note, refuse_to_overwrite};

const FRAMES: [Frame; 4] = [Frame::Orders, Frame::Events, Frame::Spend, Frame::Members];

/// Takes what is said of other frames (`spend.amount`) out of what `--col` and `[columns]` say of the main one. A column that
/// was typed for a frame that the report does not read is refused; what siyu.toml says waits for a run that it suits.
pub fn take_columns<P: serde::Serialize>(
    columns: &mut Vec<(String, String)>,
    resolved: &Resolved<P>,
) -> Result<Vec<(Frame, String, String)>> {
    let mut others = Vec::new();
    let mut refused = None;
    columns.retain(|(name, column)| {
        let Some((frame, canonical)) = of_other_frame(name) else { return true };
        let is_typed =
            resolved.input.col.iter().any(|col| {
                col.split_once('=').is_some_and(|(typed, to)| typed.trim() == name && to == column)
            });
        if is_named(&resolved.params, frame) {
            others.push((frame, canonical.to_owned(), column.clone()));
        } else if is_typed {
            refused = Some(Error::DoesNotApply {
                option: format!("--col {name}"),
                why: format!("this run reads no files of {}", frame.key()),
            });
        }
        false
    });
    match refused {
        Some(error) => Err(error),
        None => Ok(others),
    }
}

/// `spend.amount`: the frame and the canonical name in it.
fn of_other_frame(name: &str) -> Option<(Frame, &str)> {
    let (frame, canonical) = name.split_once('.')?;
    let frame = FRAMES.into_iter().find(|known| known.key() == frame)?;
    Some((frame, canonical))
}

/// Whether a report's own options name files of the frame.
fn is_named<P: serde::Serialize>(params: &P, frame: Frame) -> bool {
    let params = serde_json::to_value(params).unwrap_or_default();
    match params.get(frame.key()) {
        Some(serde_json::Value::Array(files)) => !files.is_empty(),
        Some(serde_json::Value::String(file)) => !file.is_empty(),
        _ => false,
    }
}

/// What was spent, from the files of `--spend`: in order of day, campaign, channel, kind and amount. Rows after `--as-of` are
/// left out where it was given; where it was not, those after the last order are still there. The account of the rows goes
/// into the report by `Job::finish`.
pub fn read_spend(job: &Job, files: &[String]) -> Result<Vec<SpendRow>> {
    let (rows, read) = spend(&Other::of(job, Frame::Spend, files)?)?;
    job.others.borrow_mut().push(read);
    Ok(rows)
}

fn spend(other: &Other) -> Result<(Vec<SpendRow>, TableSummary)> {
    let wanted = ["date", "campaign", "channel", "kind", "amount"];
    let (rows, read) = other.read(&wanted, SpendSink::default)?;
    let mut rows = rows.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    rows.sort_unstable();
    Ok((rows, read))
}

/// The day of each member in a column of times (`joined_at`), from the files of `--members`: customer_id -> day, the earliest
/// where a member stands in several rows. Notes tell of those, and of members without a day; the account of the rows goes
/// into the report by `Job::finish`.
pub fn read_joined(job: &Job, files: &[String], column: &str) -> Result<JoinedDays> {
    let (joined, read) = joined(&Other::of(job, Frame::Members, files)?, column)?;
    job.others.borrow_mut().push(read);
    Ok(joined)
}

fn joined(other: &Other, column: &str) -> Result<(JoinedDays, TableSummary)> {
    let moments = vocabulary(Frame::Members).iter().filter(|known| known.kind == ValueKind::DateTime);
    if !moments.clone().any(|known| known.name == column) {
        return Err(Error::UnknownName {
            what: "column of members with a time",
            name: column.to_owned(),
            nearest: nearest(column, moments.clone().map(|known| known.name)),
            known: moments.map(|known| known.name.to_owned()).collect(),
        });
    }
    let (found, mut read) = other.read(&["customer_id", column], JoinedSink::default)?;
    let found = found.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut joined = JoinedDays::default();
    joined.days.reserve(found.len());
    for (id, member) in found {
        joined.repeated += u64::from(member.rows > 1);
        match member.day {
            Some(day) => drop(joined.days.insert(id, day)),
            None => joined.without_day += 1,
        }
    }
    for (key, members) in [("members_repeated", joined.repeated), ("members_without_day", joined.without_day)]
    {
        if members > 0 {
            let members = crate::output::grouped(i128::from(members));
            read.notes.push(Note::new(key).with("members", members).with("column", column));
        }
    }
    Ok((joined, read))
}

/// Files of another frame, and how they are read.
struct Other {
    frame: Frame,
    /// Columns of members that are not there are left out; else they are an error.
    as_far_as_there: bool,
    options: InputOptions,
    /// `--date-format`, for what the file leaves open.
    date_format: Option<String>,
}

impl Other {
    fn of(job: &Job, frame: Frame, files: &[String]) -> Result<Self> {
        let paths: Vec<PathBuf> = files.iter().filter(|f| *f != "-").map(PathBuf::from).collect();
        refuse_to_overwrite(&job.plan.target, &paths)?;
        Self::beside(&job.options, &job.other_columns, frame, files)
    }

    /// What holds for all frames of what is said about the main one.
    fn beside(
        main: &InputOptions,
        columns: &[(Frame, String, String)],
        frame: Frame,
        files: &[String],
    ) -> Result<Self> {
        let refused = |value: &str, why: &str| Error::BadOption {
            option: format!("--{}", frame.key()),
            value: value.into(),
            why: why.into(),
            hint: None,
        };
        if files.is_empty() {
            return Err(refused("", "no file is named"));
        }
        let is_stdin = |path: &String| path == "-";
        if files.iter().any(is_stdin) && main.paths.iter().any(is_stdin) {
            return Err(refused("-", "standard input can be read but once, and it is the main input"));
        }
        let columns = columns.iter().filter(|(of, ..)| *of == frame);
        let options = InputOptions {
            paths: files.to_vec(),
            columns: columns.map(|(_, canonical, column)| (canonical.clone(), column.clone())).collect(),
            preset: PresetChoice::Auto,
            presets: main.presets.clone(),
            tz: main.tz,
            max_bad: main.max_bad,
            strict: main.strict,
            as_of_us: main.as_of_us,
            threads: main.threads,
            lang: main.lang,
            ..InputOptions::default()
        };
        Ok(Self { frame, as_far_as_there: false, options, date_format: main.date_format.clone() })
    }

    /// Reads those of the columns `wanted` that are there; of members all must be.
    fn read<S: TableSink>(&self, wanted: &[&str], make: impl Fn() -> S) -> Result<(S, TableSummary)> {
        let result = match self.read_with(self.options.clone(), wanted, &make) {
            Err(Error::AmbiguousDates { .. }) if self.date_format.is_some() => {
                let date_format = self.date_format.clone();
                self.read_with(InputOptions { date_format, ..self.options.clone() }, wanted, &make)
            }
            result => result,
        };
        result.map_err(|error| about(self.frame, error))
    }

    fn read_with<S: TableSink>(
        &self,
        options: InputOptions,
        wanted: &[&str],
        make: impl Fn() -> S,
    ) -> Result<(S, TableSummary)> {
        let tables = Tables::open(self.frame, options)?;
        // Of spend, what is required is asked for by the reader of tables, and the rest may be missing.
        let is_needed = self.frame == Frame::Members && !self.as_far_as_there;
        let must_be_there = |name: &&&str| is_needed && !tables.has(name);
        for name in wanted.iter().filter(must_be_there) {
            let Some(file) = tables.files.first() else { continue };
            if let Some((canonical, candidates)) = file.mapping.ambiguous.iter().find(|(c, _)| c == name) {
                return Err(ambiguous(&file.raw.label, canonical, candidates));
            }
            return Err(Error::MissingColumn {
                path: file.raw.label.clone(),
                canonical: (*name).to_owned(),
                columns: file.raw.header.clone(),
                hint: format!("--col {name}=COLUMN   names the column"),
            });
        }
        // What is no canonical name is an original one; where that is not there, the reader of tables says so.
        let known = |name: &str| vocabulary(self.frame).iter().any(|column| column.name == name);
        let wanted: Vec<&str> =
            wanted.iter().copied().filter(|name| tables.has(name) || !known(name)).collect();
        tables.read(&wanted, &make)
    }
}

/// Hints that say what to type name the frame; those about options that do not reach it go.
fn about(frame: Frame, error: Error) -> Error {
    let named = |hint: String| hint.replace("--col ", &format!("--col {}.", frame.key()));
    match error {
        Error::MissingColumn { path, canonical, columns, hint } => {
            let one_column = "there is one column: no delimiter was found that the file could have";
            let hint = if hint.contains("--delimiter") { one_column.to_owned() } else { named(hint) };
            Error::MissingColumn { path, canonical: format!("{}.{canonical}", frame.key()), columns, hint }
        }
        Error::AmbiguousColumn { path, canonical, candidates } => {
            Error::AmbiguousColumn { path, canonical: format!("{}.{canonical}", frame.key()), candidates }
        }
        Error::UnknownName { what: "canonical column", name, nearest, known } => {
            let name = format!("{}.{name}", frame.key());
            Error::UnknownName { what: "canonical column", name, nearest, known }
        }
        Error::BadValues { what, rows, of, limit, places, hint } => {
            Error::BadValues { what, rows, of, limit, places, hint: hint.map(named) }
        }
        Error::NoRows { read, account, hint } => Error::NoRows { read, account, hint: hint.map(named) },
        Error::BadOption { option, value, why, hint } if option == format!("--{}", frame.key()) => {
            let hint = hint.filter(|hint| !hint.contains("--preset"));
            Error::BadOption { option, value, why, hint }
        }
        error => error,
    }
}

#[derive(Default)]
struct SpendSink(Mutex<Vec<SpendRow>>);

impl TableSink for SpendSink {
    fn push(&self, batch: TableBatch) -> Result<()> {
        let texts = |name: &str| batch.frame.column(name).ok().map(|column| column.str());
        let (campaigns, channels, kinds) = (texts("campaign"), texts("channel"), texts("kind"));
        let [campaigns, channels, kinds] =
            [campaigns, channels, kinds].map(|column| column.transpose().map_err(|error| fault(&error)));
        let (campaigns, channels, kinds) = (campaigns?, channels?, kinds?);
        let days = days(&batch.frame, "date")?;
        let amounts = batch.frame.column("amount").and_then(|column| column.decimal());
        let amounts = amounts.map_err(|error| fault(&error))?.physical();
        let text = |column: Option<&StringChunked>, row| column.and_then(|c| c.get(row)).map(str::to_owned);
        let mut rows = Vec::with_capacity(batch.frame.height());
        for row in 0..batch.frame.height() {
            let amount = amounts.get(row).unwrap_or_default();
            rows.push(SpendRow {
                day: days.as_ref().and_then(|days| days[row]),
                campaign: text(campaigns, row).unwrap_or_default(),
                channel: text(channels, row),
                kind: text(kinds, row),
                amount_e4: i64::try_from(amount).map_err(|_| Error::Numeric {
                    what: "an amount of spend is too large to add up exactly".into(),
                    hint: None,
                })?,
            });
        }
        self.0.lock().unwrap_or_else(PoisonError::into_inner).append(&mut rows);
        Ok(())
    }
}

/// Of one member: the earliest day, and in how many rows it stands.
#[derive(Clone, Copy)]
struct Member {
    day: Option<i32>,
    rows: u32,
}

#[derive(Default)]
struct JoinedSink(Mutex<HashMap<Box<str>, Member>>);

impl TableSink for JoinedSink {
    fn push(&self, batch: TableBatch) -> Result<()> {
        let [ids, times] = batch.frame.columns() else {
            return Err(fault(&"two columns were asked for"));
        };
        let ids = ids.str().map_err(|error| fault(&error))?;
        let days = days(&batch.frame, times.name())?;
        let mut members = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (row, id) in ids.iter().enumerate() {
            let Some(id) = id else { continue };
            let day = days.as_ref().and_then(|days| days[row]);
            match members.get_mut(id) {
                Some(member) => {
                    member.rows = member.rows.saturating_add(1);
                    member.day = member.day.into_iter().chain(day).min();
                }
                None => drop(members.insert(id.into(), Member { day, rows: 1 })),
            }
        }
        Ok(())
    }
}

/// A column of times as days since 1970-01-01; `None`: there is no such column.
fn days(frame: &DataFrame, name: &str) -> Result<Option<Vec<Option<i32>>>> {
    let Ok(column) = frame.column(name) else { return Ok(None) };
    let moments = column.datetime().map_err(|error| fault(&error))?.physical();
    let day = |at: i64| i32::try_from(at.div_euclid(DAY_US)).ok();
    Ok(Some(moments.iter().map(|at| at.and_then(day)).collect()))
}

fn fault(error: &dyn std::fmt::Display) -> Error {
    Error::Internal { doing: "reading a frame beside the orders".into(), why: error.to_string() }
}

mod members;
mod orders;

pub use members::{MemberFiles, read_members};
pub use orders::read_orders;

#[cfg(test)]
mod tests;
