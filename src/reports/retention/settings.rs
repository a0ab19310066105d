//! The options of `retention` resolved: every value concrete, nonsense refused. SKELETON

use serde_json::{Map, Value};

use super::params::RetentionParams;
use crate::error::Result;

/// What `retention` is to do.
#[derive(Debug, Clone, Default)]
pub struct RetentionSettings {}

impl RetentionParams {
    /// Makes every value concrete, and refuses what makes no sense.
    pub fn resolve(&self) -> Result<RetentionSettings> {
        Ok(RetentionSettings::default())
    }
}

impl RetentionSettings {
    /// For `params` of the report.
    pub fn to_params_json(&self) -> Map<String, Value> {
        Map::new()
    }
}
