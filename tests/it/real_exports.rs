//! What platforms really export: the real files of ../shared without flags, the same data under other platforms' headers,
//! and exports of one shop day after day.

mod make;
mod real_files;
mod reexports;
mod renamed;

use std::path::Path;

use serde_json::Value;

use crate::support::{Run, folder, siyu_in};

/// Runs the binary in a folder of its own on one file.
fn siyu_on(command: &str, file: &Path, more: &[&str]) -> Run {
    let file = file.display().to_string();
    let mut arguments = vec![command, file.as_str()];
    arguments.extend(more);
    siyu_in(folder().path(), &arguments)
}

/// The account of the only frame: `rows_read`, `rows_used`, `dropped`, `reconciliation`.
fn account(json: &Value) -> &Value {
    assert_eq!(json["input"].as_array().map(Vec::len), Some(1));
    &json["input"][0]
}

/// A measure of the table `overview`.
fn measure<'a>(json: &'a Value, name: &str) -> Option<&'a str> {
    let rows = json["tables"]["overview"].as_array().expect("the overview is there");
    rows.iter().find(|row| row["measure"] == name).and_then(|row| row["value"].as_str())
}

/// A number of the JSON, as it stands there, in 1/10,000.
fn e4(number: &Value) -> i64 {
    decimal_e4(&number.to_string())
}

/// "12.5" -> 125,000; four decimals at most.
fn decimal_e4(text: &str) -> i64 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    assert!(fraction.len() <= 4, "{text}");
    format!("{whole}{fraction:0<4}").parse().unwrap_or_else(|_| panic!("no number: {text}"))
}

/// A column of a table, added up.
fn sum(json: &Value, table: &str, column: &str) -> i64 {
    let rows = json["tables"][table].as_array().expect("the table is there");
    rows.iter().map(|row| e4(&row[column])).sum()
}
