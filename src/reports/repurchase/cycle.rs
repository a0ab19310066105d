//! Each customer's own cycle, and whose next purchase is due.

use super::RepurchaseSettings;
use super::people::People;
use crate::error::Result;
use crate::output::report::{Note, Table};

/// The tables `cycle` and `due`, as wanted (in this order); helper's work to come.
pub(super) fn tables(
    _settings: &RepurchaseSettings,
    _people: &People<'_>,
    _wants: &dyn Fn(&str) -> bool,
    _notes: &mut Vec<Note>,
) -> Result<Vec<Table>> {
    Ok(Vec::new())
}
