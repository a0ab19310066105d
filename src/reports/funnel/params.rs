//! The options of `funnel` as they are typed: flags, `[funnel]` of siyu.toml and the help at once.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::reports::period::{PeriodUnit, WeekStart};

/// Options of `funnel`. What is not given is decided by [`FunnelParams::resolve`].
#[derive(clap::Args, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "Funnel")]
pub struct FunnelParams {
    /// The steps in their order, needed: "exposure, click|scan, survey?, pay[value>=100]" (a|b: one or the other; [SQL]: a
    /// condition on the event; ?: may be left out; *: any event)
    #[arg(long, value_name = "STEP,...")]
    pub steps: Option<String>,

    /// Which chains of events count; ClickHouse's go together, with commas [default: loose]
    #[arg(long, value_enum, value_name = "MODE,...", value_delimiter = ',')]
    pub mode: Option<Vec<Mode>>,

    /// Which event of the first step a chain begins with [default: latest]
    #[arg(long, value_enum)]
    pub entry: Option<EntryChoice>,

    /// The longest time from the first step to the last, inclusive: 30m, 24h, 7d, ..., or none [default: 7d]
    #[arg(long, value_name = "DURATION|none")]
    pub window: Option<String>,

    /// The longest time from the step before: one for all steps (1d), or by step (2=1d,3=2h)
    #[arg(long, value_name = "DURATION|STEP=DURATION,...")]
    pub step_window: Option<String>,

    /// Events that take a user out of the funnel when they stand between the first step and the last: refund_request, or
    /// between two others: refund_request@2..3; several with commas, may be repeated
    #[arg(long, value_name = "EVENT[@STEP..STEP],...")]
    pub exclude: Option<Vec<String>>,

    /// Whose steps are counted: each customer's, each session's, or each value's of a column [default: customer]
    #[arg(long, value_name = "customer|session|COLUMN")]
    pub unit: Option<String>,

    /// With --by: the event of the chain whose value counts [default: entry]
    #[arg(long, value_name = "entry|step-N|last")]
    pub by_at: Option<String>,

    /// Table users: those who got to this step, counted from 1
    #[arg(long, value_name = "N")]
    pub step: Option<u32>,

    /// Table users: those who got to the step before --step and not to it; without --step all who did not get through
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub dropped: Option<bool>,

    /// Table users: those who got to --step (the default with --step)
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub reached: Option<bool>,

    /// Tables trend and diagnosis: the unit of time of entries [default: week]
    #[arg(long, value_enum, value_name = "UNIT")]
    pub period: Option<PeriodUnit>,

    /// With --period week: the day that weeks begin with [default: monday]
    #[arg(long, value_enum, value_name = "DAY")]
    pub week_start: Option<WeekStart>,

    /// Table times: the step from which time is taken [default: 1]
    #[arg(long, value_name = "N")]
    pub times_from: Option<u32>,

    /// Table times: the step to which time is taken [default: the last]
    #[arg(long, value_name = "N")]
    pub times_to: Option<u32>,

    /// Table times: number of bins, 1 to 90 [default: the cube root of the number of users]
    #[arg(long, value_name = "N")]
    pub bins: Option<u32>,

    /// Put another funnel beside this one: previous (as long a time just before --since), DATE..DATE, COLUMN=VALUE (against
    /// all others) or COLUMN=VALUE|VALUE
    #[arg(long, value_name = "previous|DATE..DATE|COLUMN=VALUE")]
    pub compare: Option<String>,

    /// Find the step whose rate fell most against its own history, for whom, since when, and what it costs
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub diagnose: Option<bool>,

    /// With --diagnose: columns by whose values a fall is explained [default: channel, campaign, variant, content_id, as far
    /// as they are there]
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',')]
    pub attributes: Option<Vec<String>>,

    /// Table correlation: an event counts when this many users did it [default: 25, or 2 % of those who
    /// entered if that is fewer]
    #[arg(long, value_name = "N")]
    pub min_support: Option<u64>,
}

/// What is asked of a chain (`--mode`).
#[derive(ValueEnum, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Steps in order, anything between them: ClickHouse's windowFunnel as it is
    Loose,
    /// Steps in any order, as PostHog's unordered funnels
    #[value(alias = "any_order")]
    #[serde(alias = "any_order")]
    AnyOrder,
    /// Nothing between the steps, as PostHog's strict order
    Strict,
    /// ClickHouse's strict_order: no other events between the steps
    #[value(alias = "strict_order")]
    #[serde(alias = "strict_order")]
    StrictOrder,
    /// ClickHouse's strict_deduplication: a step done again ends the chain
    #[value(alias = "strict_deduplication")]
    #[serde(alias = "strict_deduplication")]
    StrictDeduplication,
    /// ClickHouse's strict_increase: each step later than the one before
    #[value(alias = "strict_increase")]
    #[serde(alias = "strict_increase")]
    StrictIncrease,
    /// ClickHouse's strict_once: each event serves one step
    #[value(alias = "strict_once")]
    #[serde(alias = "strict_once")]
    StrictOnce,
    /// ClickHouse's allow_reentry: with strict-order, the first step may come again
    #[value(alias = "allow_reentry")]
    #[serde(alias = "allow_reentry")]
    AllowReentry,
}

impl Mode {
    /// As it is typed.
    pub fn key(self) -> &'static str {
        match self {
            Self::Loose => "loose",
            Self::AnyOrder => "any-order",
            Self::Strict => "strict",
            Self::StrictOrder => "strict-order",
            Self::StrictDeduplication => "strict-deduplication",
            Self::StrictIncrease => "strict-increase",
            Self::StrictOnce => "strict-once",
            Self::AllowReentry => "allow-reentry",
        }
    }
}

/// Which event of the first step a chain begins with (`--entry`).
#[derive(ValueEnum, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum EntryChoice {
    /// Any that gets farthest, the latest possible: as ClickHouse and PostHog
    #[default]
    Latest,
    /// The first one alone: as classic Mixpanel
    First,
}
