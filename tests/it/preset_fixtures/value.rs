//! Cells, and how platforms write them.

use chrono::{DateTime, Timelike};

use super::draw::Draw;

/// What a cell says, however it is written.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Missing,
    Text(String),
    /// In 1/10,000.
    Number(i64),
    /// Wall time in microseconds.
    Moment(i64),
}

impl Value {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub fn of(text: &Option<String>) -> Self {
        text.clone().map_or(Self::Missing, Self::Text)
    }
}

/// A number of 1/10,000 with its decimals, at least `least` of them.
pub fn decimal(e4: i64, least: usize) -> String {
    let sign = if e4 < 0 { "-" } else { "" };
    let (units, decimals) = (e4.unsigned_abs() / 10_000, e4.unsigned_abs() % 10_000);
    let mut digits = format!("{decimals:04}");
    while digits.len() > least && digits.ends_with('0') {
        digits.pop();
    }
    if digits.is_empty() { format!("{sign}{units}") } else { format!("{sign}{units}.{digits}") }
}

fn with_commas(e4: i64) -> String {
    let text = decimal(e4, 2);
    let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |text| ("-", text));
    let (units, decimals) = text.split_once('.').unwrap_or((text, "00"));
    let mut out = String::new();
    for (at, digit) in units.chars().enumerate() {
        if at > 0 && (units.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    format!("{sign}{out}.{decimals}")
}

/// An amount as an export may write it.
pub fn written_number(e4: i64, is_chinese: bool, draw: &mut Draw) -> String {
    match draw.below(8) {
        0 => decimal(e4, 0),
        1 => with_commas(e4),
        2 if is_chinese => format!("￥{}", with_commas(e4)).replace("￥-", "-￥"),
        3 if is_chinese => format!("{}元", decimal(e4, 2)),
        2 => format!("${}", with_commas(e4)).replace("$-", "-$"),
        3 => decimal(e4, 4),
        _ => decimal(e4, 2),
    }
}

/// A moment by a strftime pattern; `%z` is some offset, whose wall time it is.
pub fn written_moment(us: i64, pattern: &str) -> String {
    let moment = DateTime::from_timestamp_micros(us).unwrap_or_default();
    let zone = if moment.minute().is_multiple_of(2) { "+0800" } else { "-0500" };
    // Excel writes 2026/6/6 9:05.
    let pattern = pattern.replace("%Y/%m/%d %H:%M", "%Y/%-m/%-d %-H:%M").replace("%z", zone);
    moment.naive_utc().format(&pattern).to_string()
}

/// As the canonical file writes it.
pub fn iso(us: i64) -> String {
    let moment = DateTime::from_timestamp_micros(us).unwrap_or_default().naive_utc();
    match us.rem_euclid(1_000_000) {
        0 => moment.format("%Y-%m-%dT%H:%M:%S").to_string(),
        micros if micros % 1_000 == 0 => moment.format("%Y-%m-%dT%H:%M:%S%.3f").to_string(),
        _ => moment.format("%Y-%m-%dT%H:%M:%S%.6f").to_string(),
    }
}
