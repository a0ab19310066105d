//! Report -> bytes. A format is one file with one function that writes tables to a writer; where the bytes go (standard
//! output, an atomically replaced file) is `sink`'s business alone, and what a run may ask for is decided by `plan`.
//!
//! ```text
//! OutputSettings (as typed) --plan--> OutputPlan (resolved, checked) --write(report)--> table csv tsv json ... --> sink
//! ```

mod brief;
mod delimited;
mod exact;
mod format;
mod json;
mod layout;
mod lengths;
mod markdown;
pub mod mask;
mod numbers;
mod parquet;
mod plan;
pub mod report;
#[cfg(test)]
mod sample;
mod select;
mod shade;
pub mod shortened;
mod shown;
pub mod sink;
pub mod stream;
mod table;
#[cfg(test)]
mod tests;
mod xlsx;

use std::io::Write;

pub use self::format::{ColorChoice, Format};
pub use self::numbers::{grouped, money, number, percent, sum};
pub use self::plan::{OutputPlan, OutputSettings, plan, refuse_to_overwrite, terminal_width};
pub use self::report::{
    Alert, Cells, Column, Drawing, InputAccount, Kind, Label, Note, Report, Severity, Table, TableChoice,
};
pub use self::shade::Palette;
use crate::error::Result;
use crate::text::{Catalogue, Lang};

/// Renders `report` as `plan` says and puts the bytes where it says: all of them, or none in the case of a file.
pub fn write(report: &Report, plan: &OutputPlan) -> Result<()> {
    let chosen = select::tables(report, plan)?;
    let tables = mask::tables(&chosen, plan.mask.as_ref());
    let tables: Vec<&Table> = tables.iter().map(AsRef::as_ref).collect();
    sink::write(&plan.target, |out| render(report, &tables, plan, out))
}

/// The bytes that `write` would put out.
pub fn to_bytes(report: &Report, plan: &OutputPlan) -> Result<Vec<u8>> {
    let chosen = select::tables(report, plan)?;
    let tables = mask::tables(&chosen, plan.mask.as_ref());
    let tables: Vec<&Table> = tables.iter().map(AsRef::as_ref).collect();
    let mut bytes = Vec::new();
    render(report, &tables, plan, &mut bytes).map_err(|failure| failure.into_error("the result"))?;
    Ok(bytes)
}

/// `tables` are those to show, masked already; a format that holds one is given one.
fn render(
    report: &Report,
    tables: &[&Table],
    plan: &OutputPlan,
    out: &mut dyn Write,
) -> Result<(), sink::Failure> {
    let words = &*Catalogue::with_labels(plan.lang, &report.labels);
    match plan.format {
        Format::Table => {
            let colors = plan.color.then_some(plan.palette);
            table::write(report, tables, plan.choice != TableChoice::Standard, words, plan.width, colors, out)
        }
        Format::Csv | Format::Tsv => {
            let style = delimited::Style {
                tab: plan.format == Format::Tsv,
                bom: plan.bom,
                excel_safe: plan.excel_safe,
            };
            delimited::write(only(tables)?, style, out)
        }
        Format::Json => json::write(report, tables, out),
        Format::Ndjson => json::write_lines(only(tables)?, out),
        Format::Markdown => markdown::write(only(tables)?, words, out),
        Format::Xlsx => xlsx::write(report, tables, words, out),
        Format::Parquet => parquet::write(only(tables)?, out),
    }
}

/// The one table of a format that holds one; `select` has seen to it that there is exactly one.
fn only<'a>(tables: &[&'a Table]) -> Result<&'a Table, sink::Failure> {
    tables.first().copied().ok_or_else(|| {
        sink::Failure::Ours(crate::error::Error::Internal {
            doing: "choosing a table".into(),
            why: "the report has none".into(),
        })
    })
}

/// The report's notes as sentences, for standard error.
pub fn note_lines(report: &Report, lang: Lang) -> Vec<String> {
    let words = Catalogue::get(lang);
    report.notes.iter().map(|note| layout::harmless(words.note(note))).collect()
}

/// The report's alerts, one line each, for standard error.
pub fn alert_lines(report: &Report, lang: Lang) -> Vec<String> {
    let words = Catalogue::get(lang);
    report
        .alerts
        .iter()
        .map(|a| layout::harmless(format!("{}: {}", words.ui(a.severity.key()), a.text(words))))
        .collect()
}

/// What became of the rows, one line per frame, for standard error:
/// `orders: 541,909 rows read, 397,884 used; left out: 135,080 missing customer_id, 8,945 by --where`;
/// and of recognised files what the rows in use come to.
pub fn account_lines(report: &Report, lang: Lang) -> Vec<String> {
    let words = Catalogue::get(lang);
    let lines = report
        .input
        .iter()
        .flat_map(|account| [Some(shown::account(account, words)), shown::reconciliation(account, words)]);
    lines.flatten().map(layout::harmless).collect()
}
