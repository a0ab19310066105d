//! Columns as the preset of a recognised file names them.

use super::{Finder, Found, Mapping, ValueKind, find_column, key, vocabulary};
use crate::error::{Error, Result};
use crate::input::derive::{self, Stands};
use crate::input::presets::{Alternative, Grain, Kind, Preset, RefundSemantics, Source};
use crate::input::raw::RawFile;
use crate::input::{Frame, formula};

/// The column of a file that a preset calls by this name: as written, else by its `key`; `*` stands for any text.
/// Of columns with one name it is the first.
pub(in crate::input) fn column_named<'a>(file: &'a RawFile, name: &str) -> Option<&'a str> {
    if let Some(at) = find_column(&file.header, name) {
        return Some(&file.header[at]);
    }
    let pattern = key(name);
    file.header.iter().find(|column| matches(&pattern, &key(column))).map(String::as_str)
}

/// Whether a text fits a pattern, in which `*` stands for any text.
pub(in crate::input) fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, mut rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    while let Some((middle, behind)) = rest.split_once('*') {
        let Some(at) = text.find(middle) else { return false };
        text = &text[at + middle.len()..];
        rest = behind;
    }
    text.ends_with(rest)
}

/// Canonical columns that a recognised file has only if its preset says so: a wrong one would change every number.
const OF_THE_PRESET: [&str; 8] =
    ["customer_id", "ordered_at", "amount", "order_id", "paid_at", "refund_amount", "quantity", "status"];

impl Finder<'_> {
    /// The preset's columns, then attributes that have their canonical name in the file.
    pub(super) fn by_preset(&mut self, preset: &Preset) -> Result<()> {
        for column in vocabulary(self.frame) {
            if self.slots.contains_key(column.name) {
                continue;
            }
            let Some(source) = preset.columns.get(column.name) else { continue };
            let key = format!("columns.{}", column.name);
            let Some(stands) = derive::find(self.file, preset, &key, source)? else { continue };
            let at = match stands {
                Stands::Column(name) => self.header.iter().position(|column| *column == name),
                Stands::Derived(derived) => {
                    self.derived.push((column.name, derived.name));
                    continue;
                }
            };
            if let Some(at) = at {
                self.taken[at] = true;
                self.slots.insert(column.name, Some((at, Found::Preset)));
            }
        }
        for column in vocabulary(self.frame) {
            let is_settled = self.slots.contains_key(column.name)
                || self.derived.iter().any(|(name, _)| *name == column.name);
            if is_settled || column.kind != ValueKind::Text || OF_THE_PRESET.contains(&column.name) {
                continue;
            }
            if let Some(at) = self.header.iter().position(|name| name == column.name)
                && !self.taken[at]
            {
                self.taken[at] = true;
                self.slots.insert(column.name, Some((at, Found::Name)));
            }
        }
        Ok(())
    }
}

impl Mapping {
    /// Whether what the preset needs is in the file; `given` are the user's own, which may say that there is none.
    pub(super) fn require_of_preset(
        &self,
        frame: Frame,
        file: &RawFile,
        preset: &Preset,
        given: &[(String, String)],
    ) -> Result<()> {
        if frame != Frame::Orders {
            return Ok(());
        }
        let is_by_hand = |canonical: &str| given.iter().any(|(name, _)| name == canonical);
        let lacks = |canonical: &str| self.source(canonical).is_none();
        let source = |canonical: &str| preset.columns.get(canonical);
        if lacks("ordered_at") {
            return Err(lacking(file, preset, "ordered_at", source("ordered_at")));
        }
        let has_factors = !lacks("quantity") && !lacks("unit_price");
        let may_multiply = source("amount").is_none() || is_by_hand("unit_price");
        if lacks("amount") && preset.kind != Kind::Refunds && !(has_factors && may_multiply) {
            return Err(lacking(file, preset, "amount", source("amount")));
        }
        let repeats = matches!(preset.grain, Grain::LineOrderRepeated | Grain::LineOrderBlank);
        if repeats && lacks("order_id") {
            return Err(lacking(file, preset, "order_id", source("order_id")));
        }
        let Some(status) = &preset.status else { return Ok(()) };
        let has_status = status.column.iter().any(|name| column_named(file, name).is_some())
            || self.columns.iter().any(|m| m.canonical == "status" && m.found == Found::Given);
        if has_status || is_by_hand("status") {
            return Ok(());
        }
        let status_source = Source(status.column.iter().cloned().map(Alternative::Column).collect());
        if lacks("paid_at") && !is_by_hand("paid_at") {
            let what = if source("paid_at").is_some() { "paid_at, nor status" } else { "status" };
            let mut both = source("paid_at").cloned().unwrap_or(Source(Vec::new()));
            both.0.extend(status_source.0);
            return Err(lacking(file, preset, what, Some(&both)));
        }
        let tells_refunds = preset.amounts.as_ref().is_some_and(|a| a.refunds == RefundSemantics::Status);
        if tells_refunds && lacks("refund_amount") && !is_by_hand("refund_amount") {
            return Err(lacking(file, preset, "status", Some(&status_source)));
        }
        Ok(())
    }
}

/// An error for a recognised file without a column that it needs: which columns to choose when exporting it again.
fn lacking(file: &RawFile, preset: &Preset, canonical: &str, source: Option<&Source>) -> Error {
    let wanted: Vec<String> = source.iter().flat_map(|source| &source.0).filter_map(columns_of).collect();
    let first = canonical.split([',', ' ']).next().unwrap_or(canonical);
    let hint = if wanted.is_empty() {
        format!("--col {first}=COLUMN   names the column")
    } else {
        format!(
            "export the file again with {} among its columns, or name another with --col {first}=COLUMN",
            wanted.join(", or with ")
        )
    };
    Error::MissingColumn {
        path: file.label.clone(),
        canonical: format!("{canonical} (read as: {})", preset.name.en),
        columns: file.header.clone(),
        hint,
    }
}

/// The columns that an alternative reads, as one says them.
fn columns_of(alternative: &Alternative) -> Option<String> {
    match alternative {
        Alternative::Column(name) => Some(name.clone()),
        Alternative::Constant { .. } => None,
        Alternative::Formula { formula } => {
            Some(formula::Formula::parse(formula, "").ok()?.columns().join(" and "))
        }
    }
}
