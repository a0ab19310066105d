//! Where in a file the table stands: which of its first rows is the header.

use std::sync::Arc;

use super::InputOptions;
use super::presets::Preset;
use crate::error::Result;

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
pub(super) fn find_header(
    _rows: &[Vec<String>],
    _options: &InputOptions,
    _label: &str,
) -> Result<HeaderFound> {
    Ok(HeaderFound { row: 0, preset: None, score: 0.0 })
}
