//! What `cohort` must hold: a naive oracle on random histories, identities, extremes, refusals.

mod extremes;
mod oracle;

use chrono::{Datelike, NaiveDate};

use super::*;
use crate::facts::AttributeColumn;
use crate::output::report::{Cells, Table};

/// A customer: id, value of `--by`, entries (day, purchases, 1/10,000).
pub(super) type Customer = (String, Option<&'static str>, Vec<(i32, u32, i64)>);

pub(super) fn day(text: &str) -> i32 {
    NaiveDate::num_days_from_ce(&text.parse::<NaiveDate>().unwrap()) - 719_163
}

pub(super) fn input(customers: &[Customer], as_of_day: i32) -> CohortInput {
    let mut histories =
        Histories::of(customers.iter().map(|(id, _, entries)| (id.as_str(), entries.clone())));
    histories.attributes = vec![customers.iter().map(|(_, by, _)| *by).collect::<AttributeColumn>()];
    CohortInput {
        as_of_us: i64::from(as_of_day) * DAY_US + 77,
        histories,
        by_name: None,
        joined: JoinedDays::default(),
        threads: 2,
    }
}

/// The earliest day of each.
pub(super) fn joined(rows: &[(String, i32)]) -> JoinedDays {
    let mut joined = JoinedDays::default();
    for (id, day) in rows {
        let earliest = joined.days.entry(id.as_str().into()).or_insert(*day);
        *earliest = (*earliest).min(*day);
    }
    joined
}

pub(super) fn table<'a>(report: &'a Report, name: &str) -> &'a Table {
    report.tables.iter().find(|t| t.name == name).unwrap()
}

pub(super) fn ints(table: &Table, column: &str) -> Vec<Option<i64>> {
    match &table.column(column).unwrap_or_else(|| panic!("no column {column}")).cells {
        Cells::Int(values) | Cells::Money(values) => values.clone(),
        other => panic!("{column}: {other:?}"),
    }
}

/// The values of a column as numbers, money in units.
pub(super) fn numbers(table: &Table, column: &str) -> Vec<Option<f64>> {
    match &table.column(column).unwrap_or_else(|| panic!("no column {column}")).cells {
        Cells::Int(values) => values.iter().map(|v| v.map(|v| v as f64)).collect(),
        Cells::Money(values) => values.iter().map(|v| v.map(|v| v as f64 / 1e4)).collect(),
        Cells::Float(values) => values.clone(),
        other => panic!("{column}: {other:?}"),
    }
}

pub(super) fn texts(table: &Table, column: &str) -> Vec<Option<String>> {
    match &table.column(column).unwrap().cells {
        Cells::Text(values) => values.clone(),
        other => panic!("{column}: {other:?}"),
    }
}

pub(super) fn bools(table: &Table, column: &str) -> Vec<bool> {
    match &table.column(column).unwrap().cells {
        Cells::Bool(values) => values.iter().map(|v| v.unwrap()).collect(),
        other => panic!("{column}: {other:?}"),
    }
}

pub(super) fn dates(table: &Table, column: &str) -> Vec<i32> {
    match &table.column(column).unwrap().cells {
        Cells::Date(values) => values.iter().map(|v| v.unwrap()).collect(),
        other => panic!("{column}: {other:?}"),
    }
}

/// The text of a note's argument, if the note is there.
pub(super) fn told<'a>(report: &'a Report, key: &str, name: &str) -> Option<&'a str> {
    let note = report.notes.iter().find(|note| note.key == key)?;
    note.args.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
}
