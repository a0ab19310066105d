//! Where in a file the table stands: which of its first rows is the header.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::InputOptions;
use super::columns;
use super::presets::{Detection, Match, Preset, PresetChoice};
use super::values::money::parse_decimal;
use super::values::trimmed;
use crate::error::{Error, Result};

/// Rows among which the header is looked for.
pub(super) const ROWS: usize = 30;

/// The most columns that a text table may have: as many as a spreadsheet. More is no table but a wrong delimiter, a
/// table on its side, or an attack.
pub(super) const MOST_COLUMNS: usize = 16_384;

/// The header among the first rows.
#[derive(Debug, Clone)]
pub(super) struct HeaderFound {
    /// Index into the rows.
    pub row: usize,
    pub preset: Option<Arc<Preset>>,
    /// How much it is like a header, to compare sheets and members of archives: a preset's fingerprint counts most, then
    /// the number of canonical columns found.
    pub score: f64,
}

/// Of up to 30 first rows the one that is most like a header. An error where several presets fit equally well.
///
/// With a preset given by the user it is the row that holds the most of that preset's columns, and an error names the
/// required ones that are missing. Otherwise it is the row that a preset fits best; where none fits, the row whose names
/// give the most canonical columns, if they are at least two more than those of row 0, which is the header else.
pub(super) fn find_header(rows: &[Vec<String>], options: &InputOptions, label: &str) -> Result<HeaderFound> {
    let rows = &rows[..rows.len().min(ROWS)];
    match &options.preset {
        PresetChoice::Given(preset) => of_preset(rows, preset, options, label),
        PresetChoice::None => Ok(by_names(rows, options)),
        PresetChoice::Auto => match recognised(rows, &|row| options.presets.detect(row), label)? {
            Some((row, found)) => {
                let score = preset_score(found.score, &rows[row], options);
                Ok(HeaderFound { row, preset: Some(found.preset), score })
            }
            None => Ok(by_names(rows, options)),
        },
    }
}

/// Above all scores by names alone.
fn preset_score(fit: f64, row: &[String], options: &InputOptions) -> f64 {
    let most = MOST_COLUMNS as f64;
    most * (1.0 + fit.clamp(0.0, 1.0)) + names_known(row, options) as f64
}

/// How many canonical columns the names of a row give, also by `--col`.
pub(super) fn names_known(row: &[String], options: &InputOptions) -> usize {
    columns::canonical_count(row, &options.columns)
}

/// A row that may be a header where row 0 is none.
fn may_be_header(row: &[String]) -> bool {
    row.len() > 1 && !is_data(row)
}

/// Whether at least a quarter of the cells that are not empty are numbers, dates or times.
fn is_data(row: &[String]) -> bool {
    let mut filled = 0;
    let mut data = 0;
    for cell in row.iter().map(|cell| trimmed(cell)).filter(|cell| !cell.is_empty()) {
        filled += 1;
        data += usize::from(is_datum(cell));
    }
    data > 0 && data * 4 >= filled
}

fn is_datum(cell: &str) -> bool {
    let is_moment = |cell: &str| {
        cell.len() <= 40
            && cell.starts_with(|c: char| c.is_ascii_digit())
            && cell.chars().all(|c| c.is_ascii_digit() || "-/:. TZ+年月日时分秒点".contains(c))
    };
    is_moment(cell) || parse_decimal(cell).is_ok()
}

fn by_names(rows: &[Vec<String>], options: &InputOptions) -> HeaderFound {
    let first = rows.first().map_or(0, |row| names_known(row, options));
    let mut best = (0, first);
    let mut is_tie = false;
    for (index, row) in rows.iter().enumerate().skip(1).filter(|(_, row)| may_be_header(row)) {
        let known = names_known(row, options);
        if known > best.1 {
            best = (index, known);
            is_tie = false;
        } else {
            is_tie |= known == best.1;
        }
    }
    if is_tie || best.1 < first + 2 {
        best = (0, first);
    }
    HeaderFound { row: best.0, preset: None, score: best.1 as f64 }
}

/// The row that a known preset fits best, the first of equals.
fn recognised(
    rows: &[Vec<String>],
    detect: &dyn Fn(&[String]) -> Detection,
    label: &str,
) -> Result<Option<(usize, Match)>> {
    let mut one: Option<(usize, Match)> = None;
    let mut several: Option<Vec<Match>> = None;
    for (index, row) in rows.iter().enumerate().filter(|(index, row)| *index == 0 || may_be_header(row)) {
        match detect(row) {
            Detection::Unknown => {}
            Detection::One(found) => {
                if one.as_ref().is_none_or(|(_, best)| found.score > best.score) {
                    one = Some((index, found));
                }
            }
            Detection::Several(found) => {
                if several.as_ref().is_none_or(|best| score_of(&found) > score_of(best)) {
                    several = Some(found);
                }
            }
        }
    }
    match (one, several) {
        (one, Some(several)) if one.as_ref().is_none_or(|(_, one)| score_of(&several) > one.score) => {
            Err(undecided(&several, label))
        }
        (one, _) => Ok(one),
    }
}

fn score_of(several: &[Match]) -> f64 {
    several.iter().map(|found| found.score).fold(0.0, f64::max)
}

fn undecided(several: &[Match], label: &str) -> Error {
    let ids: Vec<&str> = several.iter().map(|found| found.preset.id.as_str()).collect();
    let flags: Vec<String> = ids.iter().map(|id| format!("--preset {id}")).collect();
    Error::BadOption {
        option: "--preset".into(),
        value: "auto".into(),
        why: format!(
            "the columns of {label} fit {} presets equally well, which read amounts differently: {}",
            ids.len(),
            ids.join(", ")
        ),
        hint: Some(format!(
            "{}, whichever it is; --preset none reads it by column names",
            flags.join(" or ")
        )),
    }
}

/// The row that fits the preset that the user named. Columns that this preset forbids are for recognising alone: the user
/// knows better.
fn of_preset(
    rows: &[Vec<String>],
    preset: &Arc<Preset>,
    options: &InputOptions,
    label: &str,
) -> Result<HeaderFound> {
    let fingerprint = &preset.fingerprint;
    let names: Vec<String> = preset
        .header
        .iter()
        .chain(&fingerprint.required)
        .chain(fingerprint.any_of.iter().flatten())
        .chain(&fingerprint.distinctive)
        .map(|name| columns::key(name))
        .collect();
    let mut best: Option<(usize, usize, Vec<String>)> = None;
    for (index, row) in rows.iter().enumerate() {
        let keys: Vec<String> =
            row.iter().map(|cell| columns::key(cell)).filter(|key| !key.is_empty()).collect();
        let has = |name: &String| keys.iter().any(|key| fits(&columns::key(name), key));
        let one_of = fingerprint.any_of.iter().filter(|group| !group.is_empty() && !group.iter().any(has));
        let missing: Vec<String> = fingerprint
            .required
            .iter()
            .filter(|name| !has(name))
            .cloned()
            .chain(one_of.map(|group| group.join(" or ")))
            .collect();
        let known = keys.iter().filter(|key| names.iter().any(|name| fits(name, key))).count();
        let is_better = best.as_ref().is_none_or(|(_, best_known, best_missing)| {
            (missing.len(), std::cmp::Reverse(known)) < (best_missing.len(), std::cmp::Reverse(*best_known))
        });
        if is_better {
            best = Some((index, known, missing));
        }
    }
    match best {
        Some((row, known, missing)) if missing.is_empty() => {
            let fit = known as f64 / names.len().max(1) as f64;
            let score = preset_score(fit, &rows[row], options);
            Ok(HeaderFound { row, preset: Some(preset.clone()), score })
        }
        Some((row, _, missing)) => Err(not_of_preset(preset, &missing, &rows[row], label)),
        None => Err(not_of_preset(preset, &fingerprint.required, &[], label)),
    }
}

fn not_of_preset(preset: &Preset, missing: &[String], row: &[String], label: &str) -> Error {
    let columns = row.iter().map(|cell| trimmed(cell)).filter(|cell| !cell.is_empty());
    Error::MissingColumn {
        path: label.to_owned(),
        canonical: format!("{}, which preset {} requires", missing.join(", "), preset.id),
        columns: columns.map(str::to_owned).collect(),
        hint:
            "--preset auto   recognises the export by its header; or export the file again with these columns"
                .into(),
    }
}

/// Whether a header name is what a preset writes, both as `columns::key` writes them; `*` stands for any text.
fn fits(pattern: &str, key: &str) -> bool {
    let Some((begin, rest)) = pattern.split_once('*') else { return pattern == key };
    let Some(mut text) = key.strip_prefix(begin) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let Some(end) = parts.pop() else { return true };
    for part in parts {
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
    }
    text.ends_with(end)
}

/// Lines of a text file that hold something and are no part of its table. What stands behind the table and comments are
/// known when a scan has come to the end of the file.
#[derive(Debug, Default)]
pub struct LeftOut {
    preamble: AtomicU64,
    footer: AtomicU64,
    comments: AtomicU64,
}

impl LeftOut {
    pub(super) fn with_preamble(lines: u64) -> Self {
        Self { preamble: lines.into(), ..Self::default() }
    }

    /// Of a scan to the end; another scan finds the same.
    pub(super) fn set(&self, footer: u64, comments: u64) {
        self.footer.store(footer, Ordering::Relaxed);
        self.comments.store(comments, Ordering::Relaxed);
    }

    /// Lines above the header.
    pub fn preamble(&self) -> u64 {
        self.preamble.load(Ordering::Relaxed)
    }

    /// Lines from the one on that ended the table.
    pub fn footer(&self) -> u64 {
        self.footer.load(Ordering::Relaxed)
    }

    /// Comment lines within the table.
    pub fn comments(&self) -> u64 {
        self.comments.load(Ordering::Relaxed)
    }

    /// `24 lines above the header, 2 lines behind the table, 1 comment line`; `None`: nothing was left out.
    pub fn describe(&self) -> Option<String> {
        let line = |count: u64, one: &str, many: &str| match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            _ => Some(format!("{count} {many}")),
        };
        let parts: Vec<String> = [
            line(self.preamble(), "line above the header", "lines above the header"),
            line(self.footer(), "line behind the table", "lines behind the table"),
            line(self.comments(), "comment line", "comment lines"),
        ]
        .into_iter()
        .flatten()
        .collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

#[cfg(test)]
#[path = "layout_tests.rs"]
pub(super) mod tests;
