//! `check`: what is doubtful in the data, how grave it is, and what to do. The definitions are in check.md, which
//! `siyu explain check` prints.

mod findings;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

use crate::error::{Error, Result};
use crate::facts::quality::{Example, Quality};
use crate::output::mask::Key;
use crate::output::report::{Cells, Column, Kind, Note, Report, Severity, Table};
use crate::output::shortened::{names_person, shown};
use crate::reports::period::moment;
use findings::Finding;

/// The tables in the order in which they are shown, and whether they are long.
pub const TABLES: &[(&str, bool)] = &[("findings", false), ("examples", false), ("overview", false)];

/// The definitions, for users.
pub const DOC: &str = include_str!("check.md");

/// Options of `check`.
#[derive(clap::Args, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "Check")]
pub struct CheckParams {
    /// An amount is far out beyond this many robust standard deviations of its logarithm [default: 5]
    #[arg(long, value_name = "Z", value_parser = super::finite)]
    pub outlier_z: Option<f64>,
}

/// What `check` is to do.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckSettings {
    pub outlier_z: f64,
    /// The share of unreadable rows above which other reports refuse the data.
    pub max_bad: f64,
    /// Whether other reports would refuse any doubtful row.
    pub strict: bool,
}

impl CheckParams {
    pub fn resolve(&self, max_bad: f64, strict: bool) -> Result<CheckSettings> {
        let outlier_z = self.outlier_z.unwrap_or(5.0);
        if !(outlier_z.is_finite() && outlier_z > 0.0) {
            return Err(Error::BadOption {
                option: "--outlier-z".into(),
                value: outlier_z.to_string(),
                why: "is not a number above 0".into(),
                hint: None,
            });
        }
        Ok(CheckSettings { outlier_z, max_bad, strict })
    }
}

/// The report, and whether nothing in it is an error or a warning.
#[derive(Debug, Clone)]
pub struct Checked {
    pub report: Report,
    pub is_sound: bool,
}

/// Answers `check`. `as_of_us` is the end of the observed time, where there is any; `mask` hides the ids in examples.
pub fn run(
    settings: &CheckSettings,
    quality: &Quality,
    as_of_us: Option<i64>,
    mask: Option<&Key>,
) -> Checked {
    let findings = findings::all(settings, quality);
    let is_sound = findings.iter().all(|finding| finding.severity == Severity::Info);
    let mut params = Map::new();
    params.insert("outlier_z".into(), json!(settings.outlier_z));
    params.insert("max_bad".into(), json!(settings.max_bad));
    params.insert("strict".into(), json!(settings.strict));
    let mut report = Report {
        command: "check".into(),
        as_of: as_of_us.and_then(moment),
        params,
        tables: vec![
            findings_table(&findings, quality.rows_read),
            examples_table(&findings, mask),
            overview_table(quality),
        ],
        definitions: DOC.into(),
        ..Report::default()
    };
    if findings.is_empty() {
        report.notes.push(Note::new("check_nothing_found"));
    }
    Checked { report, is_sound }
}

fn findings_table(findings: &[Finding], rows_read: u64) -> Table {
    let share = |rows: u64| (rows_read > 0).then(|| rows as f64 / rows_read as f64);
    Table {
        name: "findings",
        long: false,
        twin_of: None,
        drawn_as: None,
        extract: Default::default(),
        columns: vec![
            Column::new("check", Kind::Key("checks"), Cells::texts(findings.iter().map(|f| f.check))),
            Column::new(
                "severity",
                Kind::Key("severities"),
                Cells::texts(findings.iter().map(|f| f.severity.key())),
            ),
            Column::new(
                "rows",
                Kind::Count,
                Cells::Int(
                    findings.iter().map(|f| f.rows.and_then(|rows| i64::try_from(rows).ok())).collect(),
                ),
            ),
            Column::new(
                "share",
                Kind::Ratio,
                Cells::Float(findings.iter().map(|f| f.rows.and_then(share)).collect()),
            ),
            Column::new("what_to_do", Kind::Key("advice"), Cells::texts(findings.iter().map(|f| f.advice))),
        ],
    }
}

fn examples_table(findings: &[Finding], mask: Option<&Key>) -> Table {
    let rows: Vec<(&str, &Example)> = findings
        .iter()
        .flat_map(|finding| finding.examples.iter().map(move |example| (finding.check, example)))
        .collect();
    let text = |pick: &dyn Fn(&Example) -> Option<String>| {
        Cells::Text(rows.iter().map(|(_, example)| pick(example).filter(|text| !text.is_empty())).collect())
    };
    let value = |(check, example): &(&str, &Example)| match mask {
        _ if example.value.is_empty() => None,
        Some(key) if example.is_id => Some(key.mask(&example.value)),
        // What cannot be read may be anything, also an id that has slipped into another column.
        Some(_) if check.starts_with("unreadable_") || names_person(&example.column) => None,
        Some(_) => Some(example.value.clone()),
        None => Some(shown(&example.column, example.is_customer, &example.value).into_owned()),
    };
    Table {
        name: "examples",
        long: false,
        twin_of: None,
        drawn_as: None,
        extract: Default::default(),
        columns: vec![
            Column::new("check", Kind::Key("checks"), Cells::texts(rows.iter().map(|(check, _)| *check))),
            Column::new("file", Kind::Text, text(&|example| example.file.clone())),
            // Text, so that row 12345 is not shown as 12,345: it is typed into an editor.
            Column::new(
                "row",
                Kind::Text,
                Cells::Int(rows.iter().map(|(_, e)| e.row.and_then(|row| i64::try_from(row).ok())).collect()),
            ),
            Column::new("column", Kind::Text, text(&|example| Some(example.column.clone()))),
            Column::new("value", Kind::Text, Cells::Text(rows.iter().map(value).collect())),
        ],
    }
}

fn overview_table(quality: &Quality) -> Table {
    let moment = |us: Option<i64>| us.and_then(moment_text);
    let money = |e4: i64| exact(i128::from(e4));
    let outliers = quality.outliers.as_ref();
    let currencies: Vec<String> =
        quality.currencies.iter().map(|(code, rows)| format!("{code} {rows}")).collect();
    let is_someone_known = quality.customers > 0 || quality.orders_of_nobody == 0;
    let measures: Vec<(&str, Option<String>)> = vec![
        ("rows_read", Some(quality.rows_read.to_string())),
        ("rows_used", Some(quality.rows_used.to_string())),
        ("customers", is_someone_known.then(|| quality.customers.to_string())),
        ("orders", Some((quality.orders + quality.orders_of_nobody).to_string())),
        ("first_at", moment(quality.first_at_us)),
        ("last_at", moment(quality.last_at_us)),
        ("gross_revenue", Some(exact(quality.gross_e4))),
        ("refunds", Some(exact(quality.refund_e4))),
        ("net_revenue", Some(exact(quality.net_e4))),
        ("typical_amount", outliers.map(|o| money(o.typical_e4))),
        ("lowest_usual_amount", outliers.and_then(|o| o.lowest_e4).map(money)),
        ("highest_usual_amount", outliers.and_then(|o| o.highest_e4).map(money)),
        ("currencies", (!currencies.is_empty()).then(|| currencies.join(", "))),
    ];
    let (names, values): (Vec<&str>, Vec<Option<String>>) =
        measures.into_iter().filter(|(_, value)| value.is_some()).unzip();
    Table {
        name: "overview",
        long: false,
        twin_of: None,
        drawn_as: None,
        extract: Default::default(),
        columns: vec![
            Column::new("measure", Kind::Key("measures"), Cells::texts(names)),
            Column::new("value", Kind::Text, Cells::Text(values)),
        ],
    }
}

/// A moment in ISO 8601.
pub(super) fn moment_text(us: i64) -> Option<String> {
    moment(us).map(|at| at.format("%Y-%m-%dT%H:%M:%S%.f").to_string())
}

/// 1/10,000 of the unit as an exact decimal without idle zeros.
pub(super) fn exact(e4: i128) -> String {
    let sign = if e4 < 0 { "-" } else { "" };
    let (whole, rest) = (e4.unsigned_abs() / 10_000, e4.unsigned_abs() % 10_000);
    match rest {
        0 => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{rest:04}").trim_end_matches('0').to_owned(),
    }
}
