//! Members with what the file says of them.

use std::sync::{Mutex, PoisonError};

use super::{Other, days, fault};
use crate::cli::run_report::Job;
use crate::error::{Error, Result};
use crate::facts::{Member, Members};
use crate::input::Frame;
use crate::input::columns::{ValueKind, vocabulary};
use crate::input::masks::names_person;
use crate::input::table_reader::{TableBatch, TableSink, TableSummary, Tables};
use crate::output::{Note, grouped};
use polars::prelude::*;

const COLUMNS: [&str; 6] = ["customer_id", "joined_at", "channel", "inviter_id", "tier", "points"];

/// The columns that files of members have, before their rows are read.
pub struct MemberFiles {
    other: Other,
    columns: Vec<String>,
    /// Columns that hold ids or names.
    of_persons: Vec<String>,
}

impl MemberFiles {
    pub fn open(job: &Job, files: &[String]) -> Result<Self> {
        Self::new(Other::of(job, Frame::Members, files)?)
    }

    fn new(other: Other) -> Result<Self> {
        let other = Other { as_far_as_there: true, ..other };
        let tables = match Tables::open(Frame::Members, other.options.clone()) {
            Ok(tables) => tables,
            Err(error) => return Err(super::about(Frame::Members, error)),
        };
        let columns = tables.column_names();
        let ids = ["customer_id", "inviter_id", "name", "phone", "birthday"];
        let is_id = |column: &str| {
            let is_source =
                |id: &&str| tables.files.iter().any(|file| file.mapping.source(id) == Some(column));
            names_person(column) || ids.contains(&column) || ids.iter().any(is_source)
        };
        let of_persons = columns.iter().filter(|column| is_id(column)).cloned().collect();
        Ok(Self { other, columns, of_persons })
    }

    /// Canonical names, then original ones.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Whether the values of a column are ids or names.
    pub fn is_of_persons(&self, column: &str) -> bool {
        self.of_persons.iter().any(|known| known == column)
    }

    fn read(&self, by: Option<&str>) -> Result<(Members, TableSummary)> {
        let is_text = |name: &str| {
            vocabulary(Frame::Members)
                .iter()
                .all(|column| column.name != name || column.kind == ValueKind::Text)
        };
        if let Some(by) = by.filter(|by| !is_text(by)) {
            let why = format!("{by} of members is no text: people are grouped by words");
            return Err(Error::DoesNotApply { option: "--by".into(), why });
        }
        let mut wanted = COLUMNS.to_vec();
        wanted.extend(by.filter(|by| !COLUMNS.contains(by)));
        let by = by.unwrap_or_default().to_owned();
        let (sink, mut read) =
            self.other.read(&wanted, || Sink { rows: Mutex::default(), by: by.clone() })?;
        let mut members = Members::of(sink.rows.into_inner().unwrap_or_else(PoisonError::into_inner));
        let has = |name: &str| self.columns.iter().any(|column| column == name);
        members.has_joined_at = has("joined_at");
        members.has_channel = has("channel");
        members.has_inviter_id = has("inviter_id");
        members.has_tier = has("tier");
        members.has_points = has("points");
        let without_day = members.rows().iter().filter(|member| member.joined_day.is_none()).count();
        let without_day = if members.has_joined_at { without_day as u64 } else { 0 };
        for (key, number) in [("members_repeated", members.repeated), ("members_without_day", without_day)] {
            if number > 0 {
                let number = grouped(i128::from(number));
                read.notes.push(Note::new(key).with("members", number).with("column", "joined_at"));
            }
        }
        Ok((members, read))
    }
}

/// The members, with the column `by` of theirs. Notes tell of those with several rows and those without a day; the account of
/// the rows goes into the report by `Job::finish_tables`.
pub fn read_members(job: &Job, files: &MemberFiles, by: Option<&str>) -> Result<Members> {
    let (members, read) = files.read(by)?;
    job.others.borrow_mut().push(read);
    Ok(members)
}

struct Sink {
    rows: Mutex<Vec<Member>>,
    by: String,
}

impl TableSink for Sink {
    fn push(&self, batch: TableBatch) -> Result<()> {
        let frame = &batch.frame;
        let text = |name: &str| -> Result<Option<&StringChunked>> {
            let Ok(column) = frame.column(name) else { return Ok(None) };
            Ok(Some(column.str().map_err(|error| fault(&error))?))
        };
        let ids = text("customer_id")?.ok_or_else(|| fault(&"members have ids"))?;
        let (channels, inviters, tiers) = (text("channel")?, text("inviter_id")?, text("tier")?);
        let by = if self.by.is_empty() { None } else { text(&self.by)? };
        let joined = days(frame, "joined_at")?;
        let points = frame.column("points").ok().map(|column| column.decimal()).transpose();
        let points = points.map_err(|error| fault(&error))?.map(|points| points.physical());
        let at = |column: Option<&StringChunked>, row| column.and_then(|c| c.get(row)).map(str::to_owned);
        let mut rows = Vec::with_capacity(frame.height());
        for (row, id) in ids.iter().enumerate() {
            let Some(id) = id else { continue };
            rows.push(Member {
                customer_id: id.to_owned(),
                joined_day: joined.as_ref().and_then(|days| days[row]),
                channel: at(channels, row),
                inviter_id: at(inviters, row),
                tier: at(tiers, row),
                points_e4: points.and_then(|c| c.get(row)).and_then(|value| i64::try_from(value).ok()),
                by: at(by, row),
            });
        }
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).append(&mut rows);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::input::InputOptions;

    fn read(folder: &Path, text: &str, by: Option<&str>) -> Result<(Members, TableSummary)> {
        let file = folder.join("members.csv");
        std::fs::write(&file, text).unwrap();
        let main = InputOptions { paths: vec!["events.csv".into()], threads: 2, ..InputOptions::default() };
        let other = Other::beside(&main, &[], Frame::Members, &[file.display().to_string()])?;
        MemberFiles::new(other)?.read(by)
    }

    #[test]
    fn members_have_what_their_earliest_row_says() {
        let folder = tempfile::tempdir().unwrap();
        let text = "customer_id,joined_at,tier,points,city\n\
                    b,2024-01-03,gold,5,x\n\
                    b,2024-01-02 23:59,,7,y\n\
                    a,,silver,,\n\
                    b,,bronze,9,z\n";
        let (members, read) = read(folder.path(), text, Some("city")).unwrap();
        let ids: Vec<&str> = members.rows().iter().map(|row| row.customer_id.as_str()).collect();
        assert_eq!((ids, members.repeated), (vec!["a", "b"], 1));
        let b = members.get("b").unwrap();
        assert_eq!(
            (b.joined_day, b.tier.as_deref(), b.by.as_deref()),
            (Some(19_724), Some("gold"), Some("y"))
        );
        assert_eq!(b.points_e4, Some(70_000));
        assert!(members.has_tier && !members.has_channel && members.get("c").is_none());
        assert_eq!(read.notes.len(), 2, "{:?}", read.notes);
    }

    #[test]
    fn ids_are_enough() {
        let folder = tempfile::tempdir().unwrap();
        let (members, read_) = read(folder.path(), "customer_id\nx\n", None).unwrap();
        assert_eq!((members.rows().len(), members.has_joined_at, read_.notes.len()), (1, false, 0));
        let refused = read(folder.path(), "customer_id,points\nx,1\n", Some("points"));
        assert_eq!(refused.unwrap_err().code(), "does_not_apply");
        let refused = read(folder.path(), "customer_id,points\nx,1\n", Some("city"));
        assert_eq!(refused.unwrap_err().code(), "unknown_name");
    }
}
