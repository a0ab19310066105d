//! The options of `engagement` as they are typed: flags, `[engagement]` of siyu.toml and the help at once.

use serde::{Deserialize, Serialize};

/// Options of `engagement`. What is not given is decided by [`EngagementParams::resolve`].
#[derive(clap::Args, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "Engagement")]
pub struct EngagementParams {}
