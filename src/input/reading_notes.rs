//! What is to be said of how the files of a run were understood.

use std::collections::BTreeMap;

use super::presets::Kind;
use super::rows::{DateReading, DecidedBy, MappedFile};
use super::values::dates::DateOrder;
use crate::output::report::Note;

/// What is to be said of how the files were understood.
pub(super) fn notes_on(files: &[MappedFile], tz: Option<chrono_tz::Tz>) -> Vec<Note> {
    let mut notes = Vec::new();
    notes.extend(zones_differ(files).filter(|_| tz.is_none()));
    notes.extend(orders_beside_payments(files));
    for file in files {
        if let Some(meaning) = file.meaning.as_ref().filter(|meaning| meaning.lacks_refunds) {
            let note = Note::new("refunds_not_exported").with("file", &file.raw.label);
            notes.push(note.with("name", &meaning.preset.name.en));
        }
    }
    notes.extend(dates_decided(files.iter().map(|file| &file.dates)));
    if let Some((file, refund)) =
        files.iter().find_map(|file| file.mapping.refund_in_amount.as_ref().map(|refund| (file, refund)))
    {
        let amount = file.mapping.source("amount").unwrap_or_default();
        notes.push(Note::new("amount_net_of_refunds").with("amount", amount).with("refund", refund));
    }
    notes
}

/// For each order of day and month that values decided, the first of them.
pub(super) fn dates_decided<'a>(readings: impl Iterator<Item = &'a DateReading> + Clone) -> Vec<Note> {
    let first = |(order, key): (DateOrder, &'static str)| {
        let place = readings.clone().find_map(|reading| match &reading.decided_by {
            DecidedBy::Value(place) if reading.order() == Some(order) => Some(place),
            _ => None,
        })?;
        let note = Note::new(key).with("column", &place.column).with("value", &place.value);
        Some(note.with("place", format!("{}:{}", place.file, place.row)))
    };
    let keys = [
        (DateOrder::Dmy, "dates_day_first"),
        (DateOrder::Mdy, "dates_month_first"),
        (DateOrder::Ymd, "dates_year_first"),
    ];
    keys.into_iter().filter_map(first).collect()
}

/// A note where a sale may stand both in its platform's list of orders and in a bill of payments.
fn orders_beside_payments(files: &[MappedFile]) -> Option<Note> {
    let named = |payments: bool| {
        let kinds = files.iter().filter_map(|file| file.meaning.as_ref());
        let mut kinds = kinds.filter(|meaning| (meaning.preset.kind == Kind::Payments) == payments);
        kinds.next().map(|meaning| meaning.preset.id.clone())
    };
    let (orders, payments) = (named(false)?, named(true)?);
    Some(Note::new("orders_and_payments").with("orders", orders).with("payments", payments))
}

/// A note where times that are written without an offset are of different zones.
fn zones_differ(files: &[MappedFile]) -> Option<Note> {
    let mut zones: BTreeMap<&str, &str> = BTreeMap::new();
    for file in files {
        if let Some(zone) = file.meaning.as_ref().and_then(|meaning| meaning.zone) {
            zones.entry(zone.name()).or_insert(&file.raw.label);
        }
    }
    let listed: Vec<String> = zones.iter().map(|(zone, file)| format!("{zone}: {file}")).collect();
    (zones.len() > 1).then(|| Note::new("zones_differ").with("zones", listed.join(", ")))
}
