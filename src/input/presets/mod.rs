//! Presets: what a platform's export looks like and what its cells mean. Data, one TOML file each.

mod built_in;
#[cfg(test)]
mod cn_tests;
mod fingerprint;
pub mod names;
mod registry;
mod schema;
mod validate;
mod words;

use std::sync::Arc;

pub use fingerprint::{Fit, Lacking};
pub use registry::{Detection, Match, Presets};
pub use schema::{
    Alternative, Amounts, Confidence, DropReason, DropRule, FileRules, Fingerprint, Grain, Identity, Items,
    Kind, Level, Names, Preset, RefundSemantics, Source, StatusMatch, StatusRules, WayOut,
};
pub use validate::canonical_columns;

/// Which preset a file is read with (`--preset`).
#[derive(Debug, Clone, Default)]
pub enum PresetChoice {
    /// Each file is recognised by its header.
    #[default]
    Auto,
    /// Columns are found by name and synonym alone.
    None,
    /// This one, whatever the header says of others.
    Given(Arc<Preset>),
}

#[cfg(test)]
mod western_tests;
