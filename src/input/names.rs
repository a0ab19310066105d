//! Names to columns: what `--by`, `--where` and the commands ask for, canonical or original, and where it stands.

use polars::prelude::PlSmallStr;

use super::Frame;
use super::columns::{Mapping, ValueKind, ambiguous, find_column, vocabulary};
use super::filter::Filter;
use super::raw::FileFormat;
use super::rows::MappedFile;
use crate::error::{Error, Result};

/// Original columns to be read, each once.
#[derive(Default)]
pub(super) struct Projection(pub(super) Vec<String>);

impl Projection {
    pub(super) fn place(&mut self, name: &str) -> usize {
        self.0.iter().position(|known| known == name).unwrap_or_else(|| {
            self.0.push(name.to_owned());
            self.0.len() - 1
        })
    }
}

/// What `--where` sees under one of its names.
#[derive(Debug, Clone, Copy)]
pub(super) enum FilterColumn {
    CustomerId,
    OrderId,
    OrderedAt,
    Amount,
    Refund,
    /// The factors of the amount.
    Quantity,
    UnitPrice,
    Moment(usize),
    Number(usize),
    Text(usize),
    Native(usize),
}

/// Names by which the columns of a file can be asked for: canonical ones, then those original ones that are not mapped.
pub(super) fn known_names(file: &MappedFile) -> Vec<String> {
    let canonical = file.mapping.columns.iter().map(|m| m.canonical.to_owned());
    canonical.chain(file.mapping.unused.iter().cloned()).collect()
}

/// The original column of an attribute, by canonical or original name.
pub(super) fn attribute_source<'a>(file: &'a MappedFile, name: &str) -> Result<Option<&'a str>> {
    if let Some(source) = file.mapping.source(name) {
        return Ok(Some(source));
    }
    let header = &file.raw.header;
    if let Some(at) = find_column(header, name) {
        return Ok(Some(&header[at]));
    }
    refuse_ambiguous(file, name)?;
    Ok(None)
}

pub(super) fn refuse_ambiguous(file: &MappedFile, name: &str) -> Result<()> {
    match file.mapping.ambiguous.iter().find(|(canonical, _)| *canonical == name) {
        Some((canonical, candidates)) => Err(ambiguous(&file.raw.label, canonical, candidates)),
        None => Ok(()),
    }
}

pub(super) fn no_quantity(file: &MappedFile) -> Error {
    if let Err(error) = refuse_ambiguous(file, "quantity") {
        return error;
    }
    Error::MissingColumn {
        path: file.raw.label.clone(),
        canonical: "quantity".into(),
        columns: file.raw.header.clone(),
        hint: "--col quantity=COLUMN   names the column".into(),
    }
}

/// What `--where` reads of a file.
pub(super) fn filter_columns<'a>(
    frame: Frame,
    file: &MappedFile,
    filter: &'a Filter,
    projection: &mut Projection,
) -> Result<(&'a Filter, Vec<(PlSmallStr, FilterColumn)>)> {
    let mapping = &file.mapping;
    let mut columns = Vec::new();
    for name in filter.columns() {
        let computed = name == "amount" && mapping.source("amount").is_none();
        let what = if computed {
            FilterColumn::Amount
        } else if let Some(source) = mapping.source(name) {
            canonical_column(frame, mapping, name, projection.place(source))
        } else if let Some(at) = find_column(&file.raw.header, name) {
            let source = &file.raw.header[at];
            let place = projection.place(source);
            match (mapping.canonical_of(source), &file.raw.format) {
                (Some(canonical), _) => canonical_column(frame, mapping, canonical, place),
                (None, FileFormat::Csv { .. }) => FilterColumn::Text(place),
                (None, FileFormat::Parquet { .. }) => FilterColumn::Native(place),
            }
        } else {
            refuse_ambiguous(file, name)?;
            let mut known = known_names(file);
            if mapping.source("amount").is_none() {
                known.push("amount".into());
            }
            return Err(filter.unknown_column(name, &file.raw.label, known));
        };
        columns.push((PlSmallStr::from_str(name), what));
    }
    Ok((filter, columns))
}

fn canonical_column(frame: Frame, mapping: &Mapping, canonical: &str, place: usize) -> FilterColumn {
    let is_factor = mapping.source("amount").is_none();
    match canonical {
        "customer_id" => FilterColumn::CustomerId,
        "order_id" => FilterColumn::OrderId,
        "ordered_at" => FilterColumn::OrderedAt,
        "amount" => FilterColumn::Amount,
        "refund_amount" => FilterColumn::Refund,
        "quantity" if is_factor => FilterColumn::Quantity,
        "unit_price" if is_factor => FilterColumn::UnitPrice,
        other => match vocabulary(frame).iter().find(|c| c.name == other).map(|c| c.kind) {
            Some(ValueKind::DateTime) => FilterColumn::Moment(place),
            Some(ValueKind::Number) => FilterColumn::Number(place),
            Some(ValueKind::Text) | None => FilterColumn::Text(place),
        },
    }
}
