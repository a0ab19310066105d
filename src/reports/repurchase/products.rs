//! Which goods bring people back.

use super::RepurchaseSettings;
use super::people::People;
use crate::error::Result;
use crate::facts::histories::Items;
use crate::output::report::{Note, Table};

/// The table `products`; helper's work to come.
pub(super) fn table(
    _settings: &RepurchaseSettings,
    _people: &People<'_>,
    _items: &Items,
    _notes: &mut Vec<Note>,
) -> Result<Option<Table>> {
    Ok(None)
}
