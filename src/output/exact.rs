//! Values as machines read them (csv, tsv, json, ndjson): unrounded, and the same text for the same value in each.

use std::io::Write;

use chrono::{DateTime, NaiveDate, NaiveDateTime};

use super::numbers;
use super::report::Cells;

/// Appends the value in `row` as plain text; says whether there is one.
pub fn push(cells: &Cells, row: usize, out: &mut Vec<u8>) -> bool {
    match cells {
        Cells::Text(v) => v[row].as_ref().is_some_and(|text| {
            out.extend_from_slice(text.as_bytes());
            true
        }),
        Cells::Int(v) => put(out, v[row]),
        Cells::Money(v) => put(out, v[row].map(numbers::exact_money)),
        Cells::Float(v) => v[row].is_some_and(|value| push_float(value, out)),
        Cells::Date(v) => put(out, v[row].and_then(date)),
        Cells::DateTime(v) => put(out, v[row].and_then(datetime).map(iso)),
        Cells::Bool(v) => put(out, v[row]),
    }
}

/// The shortest decimal that reads back as the same float; a float that is no number is no value.
pub fn push_float(value: f64, out: &mut Vec<u8>) -> bool {
    value.is_finite() && serde_json::to_writer(out, &value).is_ok()
}

fn put(out: &mut Vec<u8>, value: Option<impl std::fmt::Display>) -> bool {
    value.is_some_and(|value| write!(out, "{value}").is_ok())
}

/// Days since 1970-01-01.
pub fn date(days: i32) -> Option<NaiveDate> {
    NaiveDate::from_epoch_days(days)
}

/// Microseconds since 1970-01-01T00:00:00.
pub fn datetime(micros: i64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp_micros(micros).map(|t| t.naive_utc())
}

/// `2011-12-09T12:50:00`, and the fraction if there is one.
pub fn iso(at: NaiveDateTime) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.f").to_string()
}
