//! For the tests of cohorts, validation and tracking: customers by hand, CDNOW, and looking into tables.

use std::collections::BTreeMap;

use crate::facts::Histories;
use crate::output::report::{Cells, Table};
use crate::reports::period::date;

pub fn day(text: &str) -> i32 {
    let date: chrono::NaiveDate = text.parse().expect("a date");
    (date - self::date(0)).num_days() as i32
}

/// Date, purchases, net revenue in units.
type Dated<'a> = (&'a str, u32, i64);
/// A customer's id and (day, purchases, net in 1/10,000), as [`Histories::of`] takes them.
pub type Person = (String, Vec<(i32, u32, i64)>);

/// Customers by id, with their entries in time.
pub fn customers(of: &[(&str, &[Dated<'_>])]) -> Histories {
    Histories::of(of.iter().map(|(id, entries)| {
        (*id, entries.iter().map(|(on, orders, net)| (day(on), *orders, net * 10_000)).collect())
    }))
}

/// The sample of CDNOW; purchases at 0.00 are purchases. `None` where the file is not there.
pub fn cdnow() -> Option<Histories> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/cdnow/CDNOW_sample.txt");
    let Ok(text) = std::fs::read_to_string(path) else {
        skipped(path);
        return None;
    };
    let mut customers: BTreeMap<&str, BTreeMap<i32, (u32, i64)>> = BTreeMap::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let on = format!("{}-{}-{}", &fields[2][..4], &fields[2][4..6], &fields[2][6..]);
        let (units, cents) = fields[4].split_once('.').expect("cents");
        let net = units.parse::<i64>().expect("units") * 10_000 + cents.parse::<i64>().expect("cents") * 100;
        let entry = customers.entry(fields[0]).or_default().entry(day(&on)).or_default();
        *entry = (entry.0 + 1, entry.1 + net);
    }
    Some(Histories::of(
        customers
            .iter()
            .map(|(id, days)| (*id, days.iter().map(|(day, (orders, net))| (*day, *orders, *net)).collect())),
    ))
}

#[expect(clippy::print_stderr, reason = "whoever runs the tests is to know")]
fn skipped(path: &str) {
    eprintln!("skipped: {path} is not here");
}

fn cells<'a>(table: &'a Table, name: &str) -> &'a Cells {
    &table.column(name).unwrap_or_else(|| panic!("no column {name}")).cells
}

pub fn floats(table: &Table, name: &str) -> Vec<Option<f64>> {
    match cells(table, name) {
        Cells::Float(values) => values.clone(),
        other => panic!("{name} is {other:?}"),
    }
}

pub fn ints(table: &Table, name: &str) -> Vec<Option<i64>> {
    match cells(table, name) {
        Cells::Int(values) => values.clone(),
        other => panic!("{name} is {other:?}"),
    }
}

pub fn money(table: &Table, name: &str) -> Vec<Option<i64>> {
    match cells(table, name) {
        Cells::Money(values) => values.clone(),
        other => panic!("{name} is {other:?}"),
    }
}

pub fn bools(table: &Table, name: &str) -> Vec<bool> {
    match cells(table, name) {
        Cells::Bool(values) => values.iter().map(|value| value.expect("a value")).collect(),
        other => panic!("{name} is {other:?}"),
    }
}

/// Absent is the empty text.
pub fn texts(table: &Table, name: &str) -> Vec<String> {
    match cells(table, name) {
        Cells::Text(values) => values.iter().map(|value| value.clone().unwrap_or_default()).collect(),
        other => panic!("{name} is {other:?}"),
    }
}
