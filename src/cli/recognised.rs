//! What was recognised of each file, in sentences and in rows of tables.

use crate::input::columns::{ValueKind, vocabulary};
use crate::input::formula::Formula;
use crate::input::presets::names::{ColumnName, HeaderKeys};
use crate::input::presets::{Alternative, Kind, Match, Preset, PresetChoice, canonical_columns};
use crate::input::{Frame, InputOptions, RawFile, raw};
use crate::output::{self, InputAccount, Note};
use crate::reports::inspect::{ColumnSeen, RowsSeen};
use crate::text::{Catalogue, Lang};

use crate::error::Result;

/// The names of the file's own columns as they are written in it.
pub fn written_header(file: &RawFile) -> Vec<&str> {
    let own = file.header.len().saturating_sub(file.hive.len());
    file.header[..own]
        .iter()
        .map(|name| {
            let written = file.repeated.iter().find(|(here, _)| here == name).map(|(_, written)| written);
            written.unwrap_or(name).as_str()
        })
        .collect()
}

/// How surely the file is its preset's, 0 to 1. `None` without a preset, and where the user names one that does not fit.
pub fn score(file: &RawFile) -> Option<f64> {
    file.preset.as_ref().and_then(|preset| preset.fit(&written_header(file)).score)
}

/// `xlsx`, `zip > xlsx`: what the table was taken out of.
pub fn containers(file: &RawFile) -> Option<String> {
    let kinds: Vec<&str> = file.container.iter().map(|container| container.kind).collect();
    (!kinds.is_empty()).then(|| kinds.join(" > "))
}

/// The sheet of a workbook.
pub fn sheet(file: &RawFile) -> Option<String> {
    let last = file.container.iter().rev().find(|container| container.kind != "zip")?;
    last.part.clone()
}

/// How the file is written, in words: `csv, comma, GB18030`, `xlsx sheet export`, `zip, csv, comma, UTF-8`.
fn written(file: &RawFile, words: &Catalogue) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut is_text = true;
    for container in &file.container {
        // Of what is no archive the text is ours: how it is delimited says nothing.
        is_text &= container.kind == "zip";
        parts.push(match &container.part {
            Some(part) if container.kind != "zip" => {
                format!("{} {} {part}", container.kind, words.column("sheet"))
            }
            _ => container.kind.to_owned(),
        });
    }
    if is_text {
        parts.push(file.format.describe());
    }
    parts.join(", ")
}

/// A name in the language of the run.
fn name(preset: &Preset, lang: Lang) -> String {
    match lang {
        Lang::En => preset.name.en.clone(),
        Lang::Zh => preset.name.zh.clone(),
    }
}

/// What is said of each file: what it is and what it holds, how sure that is, what comes second, what it lacks. `rows` are
/// those of all files that are read as orders: told with the file where there is just one.
pub fn lines(options: &InputOptions, files: &[RawFile], rows: Option<&RowsSeen>, lang: Lang) -> Vec<String> {
    let words = Catalogue::get(lang);
    let mut lines = Vec::new();
    for file in files {
        let mut say = |note: Note| lines.push(words.note(&note));
        let about = |note: Note| {
            note.with("file", &file.label)
                .with("columns", file.header.len())
                .with("written", written(file, words))
        };
        let Some(preset) = &file.preset else {
            if matches!(options.preset, PresetChoice::Auto) {
                say(about(Note::new("not_recognised")));
            }
            continue;
        };
        let recognised = words.note(&about(Note::new("recognised")).with("name", name(preset, lang)));
        match rows.filter(|_| files.len() == 1) {
            Some(rows) => say(Note::new("recognised_totals")
                .with("recognised", recognised)
                .with("net", money(rows.net_e4))
                .with("used", output::grouped(i128::from(rows.account.rows_used)))
                .with("read", output::grouped(i128::from(rows.account.rows_read)))),
            None => say(Note::new("recognised_alone").with("recognised", recognised)),
        }
        for note in details(options, file, preset, words) {
            say(note);
        }
    }
    lines
}

fn details(options: &InputOptions, file: &RawFile, preset: &Preset, words: &Catalogue) -> Vec<Note> {
    let header = written_header(file);
    let level = |key: &str| words.label("levels", key).unwrap_or(key).to_owned();
    let mut notes = Vec::new();
    match score(file) {
        Some(score) => notes.push(
            Note::new("recognised_by")
                .with("preset", &preset.id)
                .with("score", output::percent(score))
                .with("header", level(preset.confidence.header.key()))
                .with("meaning", level(preset.confidence.meaning.key())),
        ),
        None => {
            let fit = preset.fit(&header);
            let missing = if fit.missing.is_empty() { "-".to_owned() } else { fit.missing.join(", ") };
            notes.push(Note::new("recognised_not").with("preset", &preset.id).with("missing", missing));
        }
    }
    let ranking = options.presets.ranking(&header);
    if let Some(second) = ranking.iter().find(|other| other.preset.id != preset.id) {
        notes.push(second_best(second));
    }
    for lacking in preset.lacking(&header) {
        let note = if lacking.columns.is_empty() {
            Note::new("recognised_never")
        } else {
            Note::new("recognised_lacks").with("columns", lacking.columns.join(" / "))
        };
        notes.push(note.with("canonical", lacking.canonical));
    }
    notes
}

fn second_best(second: &Match) -> Note {
    Note::new("recognised_runner_up")
        .with("preset", &second.preset.id)
        .with("score", output::percent(second.score))
}

/// Rounded to cents, as people read it.
fn money(e4: i128) -> String {
    match i64::try_from(e4) {
        Ok(e4) => output::money(e4),
        // Beyond all money; cents say nothing there.
        Err(_) => output::grouped(e4 / 10_000),
    }
}

/// The columns of a file that is not read as orders, as its preset maps them.
pub fn columns_by_preset(
    file: &RawFile,
    preset: &Preset,
    values: impl Fn(&str) -> (Option<f64>, Vec<String>),
) -> Vec<ColumnSeen> {
    let header = written_header(file);
    let keys = HeaderKeys::new(&header);
    // The file's own name, under which its values are kept.
    let here = |name: &str| keys.find(&ColumnName::new(name)).map(|at| file.header[at].clone());
    let sources = preset.sources(&header);
    let lacking = preset.lacking(&header);
    let mut used: Vec<String> = Vec::new();
    let mut seen = Vec::new();
    for canonical in canonical_columns(preset.kind) {
        let of = |column: Option<String>, found: &'static str| ColumnSeen {
            file: file.label.clone(),
            canonical: Some(canonical),
            column,
            found,
            kind: kind_of(preset.kind, canonical),
            ..ColumnSeen::default()
        };
        match sources.get(canonical) {
            Some(Alternative::Column(name)) => {
                let column = here(name).unwrap_or_else(|| name.clone());
                let (filled, examples) = values(&column);
                used.push(column.clone());
                seen.push(ColumnSeen { filled, examples, ..of(Some(column), "preset") });
            }
            Some(Alternative::Formula { formula }) => {
                let columns = Formula::parse(formula, "").map(|f| f.columns().to_vec()).unwrap_or_default();
                used.extend(columns.iter().filter_map(|name| here(name)));
                seen.push(of(Some(formula.clone()), "preset"));
            }
            Some(Alternative::Constant { constant }) => {
                seen.push(of(Some(format!("'{constant}'")), "preset"))
            }
            None if lacking.iter().any(|lacking| lacking.canonical == canonical) => {
                seen.push(of(None, "missing"));
            }
            None => {}
        }
    }
    for name in file.header.iter().filter(|name| !used.contains(name)) {
        let (filled, examples) = values(name);
        seen.push(ColumnSeen {
            file: file.label.clone(),
            column: Some(name.clone()),
            found: "unused",
            filled,
            examples,
            ..ColumnSeen::default()
        });
    }
    seen
}

/// How values are read, where the vocabulary of orders says it.
fn kind_of(kind: Kind, canonical: &str) -> Option<&'static str> {
    let known = vocabulary(Frame::Orders).iter().find(|column| column.name == canonical)?;
    (kind == Kind::Refunds).then_some(match known.kind {
        ValueKind::Text => "text",
        ValueKind::DateTime => "date",
        ValueKind::Number => "number",
    })
}

/// How many rows there are in files that are not read as orders, one account for each kind of them.
pub fn count(options: &InputOptions, files: Vec<RawFile>) -> Result<Vec<InputAccount>> {
    let mut accounts: Vec<InputAccount> = Vec::new();
    for file in files {
        let Some(preset) = file.preset.clone() else { continue };
        let label = file.label.clone();
        let rows = raw::count_rows(file, options)?;
        let frame = preset.kind.key();
        let at = accounts.iter().position(|account| account.frame == frame).unwrap_or_else(|| {
            accounts.push(InputAccount { frame: frame.to_owned(), ..InputAccount::default() });
            accounts.len() - 1
        });
        let account = &mut accounts[at];
        account.files.push(label);
        account.rows_read += rows;
        account.rows_used += rows;
        if !account.preset.split(", ").any(|id| id == preset.id) {
            let comma = if account.preset.is_empty() { "" } else { ", " };
            account.preset.push_str(&format!("{comma}{}", preset.id));
        }
    }
    Ok(accounts)
}

/// Whether the file's rows are orders, or are taken for orders since nothing is known of them.
pub fn is_orders(file: &RawFile) -> bool {
    file.preset.as_ref().is_none_or(|preset| preset.kind.is_orders())
}
