//! What of a table is shown to the eye that did not ask for it by name.

use std::borrow::Cow;

use super::{Grid, Paint};
use crate::output::numbers::grouped;
use crate::output::report::Table;
use crate::text::Catalogue;

/// The rows that stand for all, and as many columns as have room side by side.
pub(super) fn of<'a>(table: &'a Table, words: &Catalogue, room: usize) -> Cow<'a, Table> {
    let mut shown = Cow::Borrowed(table);
    if !table.extract.rows.is_empty() {
        shown.to_mut().retain(&table.extract.rows);
    }
    if table.drawn_as.is_some() {
        return shown;
    }
    let fits = |table: &Table| Grid::of(table, words, room, Paint(None)).blocks.len() < 2;
    for names in &table.extract.without {
        if fits(&shown) {
            break;
        }
        shown.to_mut().columns.retain(|column| !names.contains(&column.name));
    }
    shown
}

/// How much of it that leaves out.
pub(super) fn left_out(table: &Table, shown: &Table, words: &Catalogue) -> Option<String> {
    let counts = [
        ("left_out_rows", table.height(), shown.height()),
        ("left_out_columns", table.columns.len(), shown.columns.len()),
    ];
    let parts = counts.iter().filter(|(_, all, shown)| all > shown).map(|(key, all, shown)| {
        let counted = |count: usize| grouped(count as i128);
        words.ui(key).replace("{count}", &counted(all - shown)).replace("{all}", &counted(*all))
    });
    let parts: Vec<String> = parts.collect();
    let what = parts.join(&words.ui("list_separator"));
    (!parts.is_empty()).then(|| words.ui("left_out").replace("{what}", &what).replace("{table}", table.name))
}
