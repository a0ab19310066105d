//! The options of `engagement` as they are typed: flags, `[engagement]` of siyu.toml and the help at once.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use crate::reports::period::{PeriodUnit, WeekStart};

/// Options of `engagement`. What is not given is decided by [`EngagementParams::resolve`].
#[derive(clap::Args, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "Engagement")]
pub struct EngagementParams {
    /// Which events mean what, e.g. 'like=赞|点赞' or clicked=tap, may be repeated; the roles: like, comment, share, favourite,
    /// sign_in, publish, invite, sent, delivered, opened, clicked, seen, conversion, passive [default: by the usual names]
    #[arg(long = "kind", value_name = "ROLE=EVENT[|EVENT]")]
    #[serde(deserialize_with = "list_or_table")]
    pub kinds: Option<Vec<String>>,

    /// Table activity: its unit of time [default: day]
    #[arg(long, value_enum, value_name = "UNIT")]
    pub period: Option<PeriodUnit>,

    /// With --period week: the day that weeks begin with [default: monday]
    #[arg(long, value_enum, value_name = "DAY")]
    pub week_start: Option<WeekStart>,

    /// File of members (customer_id, joined_at, ...), glob or folder: who is one, since when, who never came; may be repeated
    #[arg(long, value_name = "FILE")]
    pub members: Option<Vec<String>>,

    /// File of orders, glob or folder: orders and value come from it, else from the events that are conversions; may be repeated
    #[arg(long, value_name = "FILE")]
    pub orders: Option<Vec<String>>,

    /// Days up to the end by which members are put into layers and compared, e.g. 30d, 4w [default: 30d]
    #[arg(long, value_name = "DURATION")]
    pub layer_window: Option<String>,

    /// Active days within --layer-window from which on a member is high-frequency [default: 8]
    #[arg(long, value_name = "N")]
    pub high_frequency: Option<u32>,

    /// With --members: members who joined within this time before the end are new [default: 30d]
    #[arg(long, value_name = "DURATION")]
    pub new_within: Option<String>,

    /// Column that tells messages apart in the table reach [default: content_id, else campaign]
    #[arg(long, value_name = "COLUMN")]
    pub reach_by: Option<String>,

    /// How long after a click, or a touch of content, a conversion counts for it [default: 7d]
    #[arg(long, value_name = "DURATION")]
    pub conversion_window: Option<String>,

    /// Tables reach and content: rows to show, those with the most members [default: 100]
    #[arg(long, value_name = "N")]
    pub top: Option<usize>,

    /// Table koc: the share of those with any of a dimension who are among the first in it, e.g. 0.1 or 10% [default: 10%]
    #[arg(long, value_name = "SHARE", value_parser = crate::reports::share)]
    pub koc_share: Option<f64>,

    /// Table koc: in how many of interactions, content, invitations and orders a candidate is among the first [default: 3]
    #[arg(long, value_name = "N")]
    pub koc_dimensions: Option<usize>,
}

/// `kinds` in siyu.toml: a list as it is typed, or a table: `[engagement.kinds]`, `like = ["赞", "点赞"]`.
fn list_or_table<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<String>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Names {
        One(String),
        Several(Vec<String>),
    }
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a list such as [\"like=赞\"], or a table such as like = [\"赞\"]")]
    enum Kinds {
        List(Vec<String>),
        Table(BTreeMap<String, Names>),
    }
    Ok(Option::<Kinds>::deserialize(from)?.map(|kinds| match kinds {
        Kinds::List(list) => list,
        Kinds::Table(table) => {
            let entry = |(role, names): (String, Names)| match names {
                Names::One(name) => format!("{role}={name}"),
                Names::Several(names) => format!("{role}={}", names.join("|")),
            };
            table.into_iter().map(entry).collect()
        }
    }))
}
