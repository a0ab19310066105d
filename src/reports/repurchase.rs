//! `repurchase`: how long until the next purchase, who comes back, whose next purchase is due. The definitions are in
//! repurchase.md, which `siyu explain repurchase` prints.

mod cycle;
mod gaps;
mod ladder;
mod params;
mod people;
mod products;
mod settings;
mod survival;
mod windows;

pub use params::{IntervalScale, RepurchaseParams};
pub use settings::{FromOrder, RepurchaseSettings};

use crate::error::{Error, Result};
use crate::facts::Histories;
use crate::output::report::{Note, Report, TableChoice};
use crate::reports::period::moment;
use gaps::Gaps;
use people::People;
use survival::Survival;

/// The tables in the order in which they are shown, and whether they are long.
pub const TABLES: &[(&str, bool)] = &[
    ("survival", false),
    ("curve", true),
    ("tests", false),
    ("intervals", false),
    ("windows", false),
    ("ladder", false),
    ("products", false),
    ("cycle", true),
    ("due", true),
];

/// The definitions, for users.
pub const DOC: &str = include_str!("repurchase.md");

/// What the report is made of.
#[derive(Debug, Clone)]
pub struct RepurchaseInput {
    /// End of the observed time, microseconds since 1970-01-01, local time.
    pub as_of_us: i64,
    /// With `by_name`, `attributes[0]` holds each customer's value. `items`: for the table products, where the data has them.
    pub histories: Histories,
    /// `--by`, as resolved, e.g. `first_channel`.
    pub by_name: Option<String>,
}

/// Whether the table `name` is wanted.
pub fn wants(tables: &TableChoice, name: &str) -> bool {
    tables.wants_of(TABLES, name)
}

/// Answers `repurchase`. Accounts of the input, and notes about it, are the caller's to add.
pub fn run(settings: &RepurchaseSettings, input: &RepurchaseInput, tables: &TableChoice) -> Result<Report> {
    let wants = |name: &str| wants(tables, name);
    refuse_tables(input.by_name.is_some(), tables)?;
    let people = People::new(input);
    let mut report = Report {
        command: "repurchase".into(),
        as_of: moment(input.as_of_us),
        params: settings.to_params_json(),
        definitions: DOC.into(),
        notes: notes(&people),
        ..Report::default()
    };
    if settings.from_order == FromOrder::All {
        report.notes.push(Note::new("repurchase_gaps_depend"));
    }
    let wants_tests = wants("tests") && people.by_name.is_some();
    if wants("survival") || wants("curve") || wants_tests || wants("intervals") {
        let gaps = Gaps::new(&people, settings.from_order);
        let waiting = Survival::new(settings, &people, &gaps);
        if wants("survival") || wants("curve") || wants_tests {
            waiting.remarks(&mut report.notes, &mut report.alerts);
        }
        if wants("survival") {
            report.tables.push(waiting.survival());
        }
        if wants("curve") {
            report.tables.push(waiting.curve());
        }
        if wants_tests {
            report.tables.push(waiting.tests(&mut report.notes));
        }
        if wants("intervals") {
            let all = (settings.from_order != FromOrder::All).then(|| Gaps::new(&people, FromOrder::All));
            let choices: Vec<&Gaps> = std::iter::once(&gaps).chain(&all).collect();
            report.tables.push(ladder::intervals(settings, &people, &choices, &mut report.notes));
        }
    }
    if wants("windows") {
        report.tables.push(windows::table(settings, &people, &mut report.notes));
    }
    if wants("ladder") {
        report.tables.push(ladder::ladder(settings, &people));
    }
    if wants("products")
        && let Some(items) = &input.histories.items
    {
        report.tables.push(products::table(settings, &people, items, &mut report.notes));
    }
    let (notes, alerts) = (&mut report.notes, &mut report.alerts);
    report.tables.extend(cycle::tables(settings, &people, &wants, notes, alerts));
    Ok(report)
}

/// Notes that do not depend on the tables.
fn notes(people: &People<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    if let Some(by) = people.by_name {
        notes.push(Note::new("repurchase_by").with("by", by));
    }
    let without = people.histories.without_purchase;
    if without > 0 {
        notes.push(Note::new("repurchase_without_purchase").with("customers", without));
    }
    notes
}

/// Refuses tables that need what is not given; before anything is read.
pub fn refuse_tables(by: bool, tables: &TableChoice) -> Result<()> {
    if !by
        && let TableChoice::Named(names) = tables
        && names.iter().any(|name| name == "tests")
    {
        return Err(Error::DoesNotApply {
            option: "--table tests".into(),
            why: "they compare groups: say which with --by".into(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
