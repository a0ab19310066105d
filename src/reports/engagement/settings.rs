//! The options of `engagement` resolved: every value concrete, nonsense refused. SKELETON

use serde_json::{Map, Value};

use super::params::EngagementParams;
use crate::error::Result;

/// What `engagement` is to do.
#[derive(Debug, Clone, Default)]
pub struct EngagementSettings {}

impl EngagementParams {
    /// Makes every value concrete, and refuses what makes no sense.
    pub fn resolve(&self) -> Result<EngagementSettings> {
        Ok(EngagementSettings::default())
    }
}

impl EngagementSettings {
    /// For `params` of the report.
    pub fn to_params_json(&self) -> Map<String, Value> {
        Map::new()
    }
}
