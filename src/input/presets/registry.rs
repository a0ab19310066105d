//! All presets that a run knows, and which of them a header is.

use std::path::Path;
use std::sync::Arc;

use super::Preset;
use crate::error::Result;

/// The built-in presets, and the user's before them.
#[derive(Debug, Clone, Default)]
pub struct Presets {
    all: Vec<Arc<Preset>>,
}

/// What a header says of the platform.
#[derive(Debug, Clone, Default)]
pub enum Detection {
    #[default]
    Unknown,
    One(Match),
    /// Equally good ones that read amounts differently.
    Several(Vec<Match>),
}

/// A preset whose fingerprint fits.
#[derive(Debug, Clone)]
pub struct Match {
    pub preset: Arc<Preset>,
    /// 0 to 1.
    pub score: f64,
}

impl Presets {
    /// Those that are part of the program.
    pub fn built_in() -> Arc<Self> {
        Arc::default()
    }

    /// With those of a folder in front: one of the same id takes the place of the built-in one.
    pub fn with_folder(_folder: &Path) -> Result<Arc<Self>> {
        Ok(Self::built_in())
    }

    /// Sorted by platform, kind and id.
    pub fn all(&self) -> &[Arc<Preset>] {
        &self.all
    }

    /// Which preset a header is.
    pub fn detect(&self, _header: &[String]) -> Detection {
        Detection::Unknown
    }
}
