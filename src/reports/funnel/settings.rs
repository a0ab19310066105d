//! The options of `funnel` resolved: every value concrete, nonsense refused. SKELETON

use serde_json::{Map, Value};

use super::params::FunnelParams;
use super::selectors::Step;
use crate::error::Result;
use crate::facts::funnel::Funnel;

/// What `funnel` is to do.
#[derive(Debug, Clone, Default)]
pub struct FunnelSettings {
    pub steps: Vec<Step>,
    /// The rules; `None` in the skeleton.
    pub funnel: Option<Funnel>,
    /// Columns whose values come with each event: first that of `--by` (where given), then those of `--compare COLUMN=VALUE`
    /// and of the diagnosis, each once.
    pub attributes: Vec<String>,
}

impl FunnelParams {
    /// Makes every value concrete, and refuses what makes no sense.
    pub fn resolve(&self) -> Result<FunnelSettings> {
        Ok(FunnelSettings::default())
    }
}

impl FunnelSettings {
    /// For `params` of the report.
    pub fn to_params_json(&self) -> Map<String, Value> {
        Map::new()
    }
}
