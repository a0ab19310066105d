//! Which of a report's tables are shown.

use super::format::Format;
use super::plan::OutputPlan;
use super::report::{Report, Table, TableChoice};
use crate::error::{Error, Result, nearest};

/// The tables to show, in the order named, else in the report's; exactly one where the format holds one.
pub fn tables<'a>(report: &'a Report, plan: &OutputPlan) -> Result<Vec<&'a Table>> {
    let mut chosen: Vec<&Table> = match &plan.choice {
        TableChoice::All => report.tables.iter().collect(),
        TableChoice::Standard => {
            let for_eyes = plan.format == Format::Table;
            let is_seen = |name: &str| report.tables.iter().any(|t| t.name == name);
            let is_twin = |t: &Table| for_eyes && t.twin_of.is_some_and(is_seen);
            report.tables.iter().filter(|t| !t.long && !is_twin(t)).collect()
        }
        TableChoice::First => report.tables.iter().take(1).collect(),
        TableChoice::Named(names) => names.iter().map(|name| named(report, name)).collect::<Result<_>>()?,
    };
    if plan.format.holds_many() {
        if plan.format == Format::Xlsx && !matches!(plan.choice, TableChoice::Named(_)) {
            // Who opens a workbook sees the tables for the eye first.
            chosen.sort_by_key(|table| table.twin_of.is_some());
        }
        return Ok(chosen);
    }
    if plan.choice == TableChoice::Standard {
        chosen.truncate(1);
    }
    match chosen.len() {
        1 => Ok(chosen),
        0 => Err(Error::Internal {
            doing: format!("writing {}", plan.format.key()),
            why: format!("the report {} has no table", report.command),
        }),
        _ => Err(Error::OneTable {
            format: plan.format.key(),
            tables: chosen.iter().map(|t| t.name.to_owned()).collect(),
        }),
    }
}

fn named<'a>(report: &'a Report, name: &str) -> Result<&'a Table> {
    report.tables.iter().find(|t| t.name == name).ok_or_else(|| {
        let known: Vec<String> = report.tables.iter().map(|t| t.name.to_owned()).collect();
        Error::UnknownName {
            what: "table",
            name: name.to_owned(),
            nearest: nearest(name, known.iter().map(String::as_str)),
            known,
        }
    })
}
