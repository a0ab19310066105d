//! The options of `retention` as they are typed: flags, `[retention]` of siyu.toml and the help at once.

use serde::{Deserialize, Serialize};

/// Options of `retention`. What is not given is decided by [`RetentionParams::resolve`].
#[derive(clap::Args, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "Retention")]
pub struct RetentionParams {}
