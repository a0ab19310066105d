//! The options of `funnel` as they are typed: flags, `[funnel]` of siyu.toml and the help at once.

use serde::{Deserialize, Serialize};

/// Options of `funnel`. What is not given is decided by [`FunnelParams::resolve`].
#[derive(clap::Args, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "Funnel")]
pub struct FunnelParams {
    /// The steps: exposure,click|scan,pay[value>=100],survey?
    #[arg(long, value_name = "STEP,...")]
    pub steps: Option<String>,
}
