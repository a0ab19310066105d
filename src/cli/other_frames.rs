//! Frames that come beside a report's main one (`--members FILE`).
//!
//! What the command line says of the input is about the main frame. Of it, the other frame takes `--tz`, `--as-of`,
//! `--max-bad`, `--strict`, `--threads`, `--preset none`, and `--date-format` where that is an order of day, month and year;
//! the rest of how it is written is found out. Columns are mapped with the frame's name before theirs:
//! `--col members.joined_at=注册时间`. A canonical name that the main frame does not have needs none.

use std::sync::{Mutex, PoisonError};

use polars::prelude::{DataType, TimeUnit};

use super::run_report::Job;
use crate::error::{Error, Result};
use crate::facts::customers::DAY_US;
use crate::input::columns::vocabulary;
use crate::input::presets::PresetChoice;
use crate::input::table_reader::{TableBatch, TableSink, TableSummary, Tables};
use crate::input::{Frame, InputOptions};
use crate::reports::cohort::Members;

/// The options for the files of another frame; what they say of its columns is taken out of the job's own.
pub fn options(job: &mut Job, main: Frame, frame: Frame, paths: &[String]) -> Result<InputOptions> {
    let option = format!("--{}", frame.key());
    if paths.iter().any(|path| path == "-") {
        return Err(Error::DoesNotApply {
            option: format!("{option} -"),
            why: "standard input is for the main input: name a file".into(),
        });
    }
    let prefix = format!("{}.", frame.key());
    let is_known = |frame: Frame, name: &str| vocabulary(frame).iter().any(|column| column.name == name);
    let mut columns = Vec::new();
    job.options.columns.retain(|(name, column)| {
        let own = match name.strip_prefix(&prefix) {
            Some(name) => name,
            None if is_known(frame, name) && !is_known(main, name) => name,
            None => return true,
        };
        columns.push((own.to_owned(), column.clone()));
        false
    });
    let options = &job.options;
    let is_order = |format: &String| !format.contains('%');
    Ok(InputOptions {
        paths: paths.to_vec(),
        columns,
        date_format: options.date_format.clone().filter(is_order),
        tz: options.tz,
        max_bad: options.max_bad,
        strict: options.strict,
        as_of_us: options.as_of_us,
        threads: options.threads,
        progress: options.progress.clone(),
        preset: match options.preset {
            PresetChoice::None => PresetChoice::None,
            PresetChoice::Auto | PresetChoice::Given(_) => PresetChoice::Auto,
        },
        presets: options.presets.clone(),
        lang: options.lang,
        ..InputOptions::default()
    })
}

/// Who joined when.
pub fn members(options: InputOptions) -> Result<(Members, TableSummary)> {
    let read = || {
        let tables = Tables::open(Frame::Members, options)?;
        if let Some(file) = tables.files.iter().find(|file| file.mapping.source("joined_at").is_none()) {
            return Err(Error::MissingColumn {
                path: file.raw.label.clone(),
                canonical: "joined_at".into(),
                columns: file.raw.header.clone(),
                hint: "--col joined_at=COLUMN   names the column".into(),
            });
        }
        tables.read(&["customer_id", "joined_at"], MemberRows::default)
    };
    let (rows, summary) = read().map_err(|error| of_frame(Frame::Members, error))?;
    Ok((rows.0.into_inner().unwrap_or_else(PoisonError::into_inner), summary))
}

/// An error with the options that mend it: `--col customer_id=` would be about the main frame.
fn of_frame(frame: Frame, error: Error) -> Error {
    let option = format!("--col {}.", frame.key());
    let prefixed = |hint: String| hint.replace("--col ", &option);
    match error {
        Error::MissingColumn { path, canonical, columns, hint } => {
            Error::MissingColumn { path, canonical, columns, hint: prefixed(hint) }
        }
        Error::AmbiguousColumn { path, canonical, candidates } => {
            Error::AmbiguousColumn { path, canonical: format!("{}.{canonical}", frame.key()), candidates }
        }
        Error::NoRows { read, account, hint } => Error::NoRows { read, account, hint: hint.map(prefixed) },
        error => error,
    }
}

#[derive(Default)]
struct MemberRows(Mutex<Members>);

impl TableSink for MemberRows {
    fn push(&self, batch: TableBatch) -> Result<()> {
        let failed = |error| Error::Internal { doing: "reading members".into(), why: format!("{error}") };
        let column = |at: usize, dtype: DataType| batch.frame.columns()[at].cast(&dtype).map_err(failed);
        let ids = column(0, DataType::String)?;
        let days = column(1, DataType::Datetime(TimeUnit::Microseconds, None))?;
        let days = days.datetime().map_err(failed)?.physical().clone();
        let ids = ids.str().map_err(failed)?;
        let mut members = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (row, at) in days.iter().enumerate() {
            members.customer_id.push(ids.get(row).unwrap_or_default());
            let day = at.and_then(|at| i32::try_from(at.div_euclid(DAY_US)).ok());
            members.joined_day.push(day);
        }
        Ok(())
    }
}
