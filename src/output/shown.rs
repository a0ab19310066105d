//! Values as people read them (table, markdown, and the headings of the workbook): rounded, labelled, localised.

use chrono::{NaiveDateTime, NaiveTime, Timelike};
use serde_json::Value;

use super::exact;
use super::lengths;
use super::numbers;
use super::report::{Cells, Column, IdentityCheck, InputAccount, Kind};
use crate::text::Catalogue;

/// What the value in `row` looks like; `None` is absent.
pub fn cell(column: &Column, row: usize, words: &Catalogue) -> Option<String> {
    let value = value(column, row, words);
    if column.kind == Kind::Reached { value.or_else(|| Some(words.ui("not_reached"))) } else { value }
}

fn value(column: &Column, row: usize, words: &Catalogue) -> Option<String> {
    match (&column.cells, column.kind_of(row)) {
        (Cells::Text(v), Kind::Key(section)) => {
            v[row].as_ref().map(|key| words.label(section, key).unwrap_or(key).to_owned())
        }
        (Cells::Text(v), _) => v[row].clone(),
        (Cells::Int(v), Kind::Id | Kind::Text | Kind::Key(_)) => v[row].map(|n| n.to_string()),
        (Cells::Int(v), Kind::Money) => v[row].map(|n| numbers::grouped(n) + ".00"),
        (Cells::Int(v), Kind::Seconds) => v[row].map(|n| lengths::length(n as f64, words)),
        (Cells::Int(v), Kind::Ratio) => v[row].map(|n| numbers::percent(n as f64)),
        (Cells::Int(v), _) => v[row].map(numbers::grouped),
        (Cells::Money(v), _) => v[row].map(numbers::money),
        (Cells::Float(v), Kind::Seconds) => {
            v[row].filter(|x| x.is_finite()).map(|x| lengths::length(x, words))
        }
        (Cells::Float(v), kind) => v[row].filter(|x| x.is_finite()).map(|x| float(x, kind)),
        (Cells::Date(v), _) => v[row].and_then(exact::date).map(|d| d.to_string()),
        (Cells::DateTime(v), _) => v[row].and_then(exact::datetime).map(minute),
        (Cells::Bool(v), _) => v[row].map(|b| words.ui(if b { "yes" } else { "no" })),
    }
}

fn float(value: f64, kind: Kind) -> String {
    match kind {
        Kind::Ratio => numbers::percent(value),
        Kind::Money => numbers::number(value, 2),
        Kind::Number(decimals) => numbers::number(value, decimals),
        // Whole days as such: only the midpoint of a flat stretch has a half.
        Kind::Reached if value.fract() == 0.0 => numbers::number(value, 0),
        Kind::Reached => numbers::number(value, 1),
        Kind::Probability if value < 0.0001 => "<0.0001".to_owned(),
        Kind::Probability => numbers::number(value, 4),
        Kind::Count | Kind::Days | Kind::Score => numbers::number(value, 1),
        _ => value.to_string(),
    }
}

/// The ratio in `row`, for a bar.
pub fn ratio(column: &Column, row: usize) -> Option<f64> {
    match (&column.cells, column.kind) {
        (Cells::Float(v), Kind::Ratio) => v[row].filter(|x| x.is_finite()),
        _ => None,
    }
}

/// Whether the column is an end of an interval around another one.
fn is_bound(column: &Column) -> bool {
    ["lower", "upper"].iter().any(|end| column.name.ends_with(end))
}

/// Whether the value in `row` is there and of a period that is still running.
pub fn is_provisional(column: &Column, row: usize) -> bool {
    let is_there = || match &column.cells {
        Cells::Text(v) => v[row].is_some(),
        Cells::Int(v) | Cells::Money(v) | Cells::DateTime(v) => v[row].is_some(),
        Cells::Float(v) => v[row].is_some_and(f64::is_finite),
        Cells::Date(v) => v[row].is_some(),
        Cells::Bool(v) => v[row].is_some(),
    };
    column.provisional.get(row).copied().unwrap_or(false) && is_there()
}

/// Whether some value is of a period that is still running.
pub fn any_provisional(column: &Column) -> bool {
    (0..column.provisional.len().min(column.cells.len())).any(|row| is_provisional(column, row))
}

/// The largest ratio of a column whose values are shares, which bars can show: no deviations (they may be negative), and no
/// bounds of other values.
pub fn largest_share(column: &Column) -> Option<f64> {
    let ratios = || (0..column.cells.len()).filter_map(|row| ratio(column, row));
    let largest = ratios().fold(0.0, f64::max);
    (!is_bound(column) && largest > 0.0 && ratios().all(|ratio| ratio >= 0.0)).then_some(largest)
}

/// Whether the column stands at the right.
pub fn is_number(column: &Column) -> bool {
    match column.cells {
        Cells::Int(_) => !matches!(column.kind, Kind::Id | Kind::Text | Kind::Key(_)),
        Cells::Money(_) | Cells::Float(_) => true,
        _ => false,
    }
}

/// `2011-12-09 12:50`: seconds are for csv and json, and would make a column of them ragged.
fn minute(at: NaiveDateTime) -> String {
    at.format("%Y-%m-%d %H:%M").to_string()
}

/// `2011-12-09 12:50`, with seconds where there are any.
fn moment(at: NaiveDateTime) -> String {
    let pattern = if at.time().with_nanosecond(0).is_some_and(|t| t.second() == 0) {
        "%Y-%m-%d %H:%M"
    } else {
        "%Y-%m-%d %H:%M:%S"
    };
    at.format(pattern).to_string()
}

/// The moment of a report; the end of a day is the day.
pub fn as_of(at: NaiveDateTime) -> String {
    let last_second = NaiveTime::from_hms_opt(23, 59, 59);
    if at.time().with_nanosecond(0) == last_second { at.date().to_string() } else { moment(at) }
}

/// A parameter's value in one line.
pub fn param(value: &Value, words: &Catalogue) -> String {
    match value {
        Value::Null => numbers::ABSENT.to_owned(),
        Value::Bool(b) => words.ui(if *b { "yes" } else { "no" }),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(|item| param(item, words)).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// What became of the rows of one frame, in one line.
pub fn account(account: &InputAccount, words: &Catalogue) -> String {
    let count = |rows: u64| numbers::grouped(rows);
    let mut line = words
        .ui("account_of_rows")
        .replace("{frame}", words.label("frames", &account.frame).unwrap_or(&account.frame))
        .replace("{read}", &count(account.rows_read))
        .replace("{used}", &count(account.rows_used));
    if !account.dropped.is_empty() {
        let dropped: Vec<String> = account
            .dropped
            .iter()
            .map(|(reason, rows)| {
                words
                    .ui("rows_by_reason")
                    .replace("{rows}", &count(*rows))
                    .replace("{reason}", &words.reason(reason))
            })
            .collect();
        line.push_str(
            &words.ui("account_of_dropped").replace("{dropped}", &dropped.join(&words.ui("list_separator"))),
        );
    }
    line
}

/// What the rows in use of recognised files come to, in one line; `None` for other files.
pub fn reconciliation(account: &InputAccount, words: &Catalogue) -> Option<String> {
    let found = account.reconciliation.as_ref()?;
    let orders = found.orders?;
    let mut line = words
        .ui("reconciliation")
        .replace("{frame}", words.label("frames", &account.frame).unwrap_or(&account.frame))
        .replace("{orders}", &numbers::grouped(orders))
        .replace("{gross}", &numbers::sum(found.gross_e4))
        .replace("{refunds}", &numbers::sum(found.refund_e4))
        .replace("{net}", &numbers::sum(found.net_e4));
    if let Some((identity, share)) = found.identity.as_ref().and_then(|i| Some((i, i.share()?))) {
        line.push_str(
            &words
                .ui("reconciliation_identity")
                .replace("{rows}", &numbers::grouped(identity.rows))
                .replace("{share}", &held(identity, share))
                .replace("{equation}", &identity.equation),
        );
    }
    Some(line)
}

/// A share that is not whole is not shown as 100.0%.
fn held(identity: &IdentityCheck, share: f64) -> String {
    numbers::percent(if identity.held < identity.rows { share.min(0.999) } else { share })
}
