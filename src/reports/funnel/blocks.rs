//! The entrants by the values of `--by`.

use super::FunnelSettings;
use super::count::Entrants;
use crate::facts::journeys::Journeys;
use crate::output::report::{Cells, Column, Kind};

/// All entrants, then those of each value.
#[derive(Debug, Clone)]
pub(super) struct Blocks<'a> {
    pub all: Vec<Block<'a>>,
}

/// Some entrants.
#[derive(Debug, Clone)]
pub(super) struct Block<'a> {
    /// `None`: all; else those with this value, or those that have none.
    pub value: Option<Option<&'a str>>,
    members: Members,
}

#[derive(Debug, Clone)]
enum Members {
    First(usize),
    These(Vec<u32>),
}

impl Block<'_> {
    /// The places of its entrants.
    pub fn units(&self) -> impl Iterator<Item = usize> + '_ {
        let (first, these) = match &self.members {
            Members::First(units) => (*units, &[][..]),
            Members::These(units) => (0, units.as_slice()),
        };
        (0..first).chain(these.iter().map(|unit| *unit as usize))
    }
}

impl<'a> Blocks<'a> {
    /// Values in order of their entrants, most first, then of their bytes; who has none comes last.
    pub fn new(settings: &FunnelSettings, journeys: &'a Journeys, entrants: &Entrants) -> Self {
        let mut all = vec![Block { value: None, members: Members::First(entrants.len()) }];
        if settings.by.is_some()
            && let (Some(codes), Some(values)) = (entrants.attributes.first(), journeys.values.first())
        {
            let mut members: Vec<Vec<u32>> = vec![Vec::new(); values.len() + 1];
            for (unit, code) in (0_u32..).zip(codes) {
                members[*code as usize].push(unit);
            }
            let none = std::mem::take(&mut members[0]);
            let mut some: Vec<(usize, Vec<u32>)> =
                members.into_iter().enumerate().filter(|(_, units)| !units.is_empty()).collect();
            // Codes are in byte order of the values.
            some.sort_by_key(|(code, units)| (std::cmp::Reverse(units.len()), *code));
            all.extend(some.into_iter().map(|(code, units)| Block {
                value: Some(Some(values.get(code - 1))),
                members: Members::These(units),
            }));
            if !none.is_empty() {
                all.push(Block { value: Some(None), members: Members::These(none) });
            }
        }
        Self { all }
    }

    /// With `--by`: whether a row is of all or of a value, and the value; each block has `rows` rows.
    pub fn columns(&self, settings: &FunnelSettings, rows: usize) -> Vec<Column> {
        let Some(by) = &settings.by else { return Vec::new() };
        let each = || self.all.iter().flat_map(|block| std::iter::repeat_n(block.value, rows));
        let part = |value: Option<Option<&str>>| if value.is_none() { "all" } else { "value" };
        vec![
            Column::new("part", Kind::Key("funnel_parts"), Cells::texts(each().map(part))),
            Column::new(
                by_name(by),
                Kind::Text,
                Cells::Text(each().map(|value| value.flatten().map(str::to_owned)).collect()),
            ),
        ]
    }
}

/// The column of `--by`: its name, unless a column of ours has it.
pub(super) fn by_name(by: &str) -> String {
    const OURS: [&str; 28] = [
        "part",
        "step",
        "name",
        "users",
        "open",
        "dropped",
        "level",
        "last_step",
        "entered_at",
        "dropped_before",
        "seconds",
        "from_first",
        "from_previous",
        "median_seconds",
        "p90_seconds",
        "users_closed",
        "to_seconds",
        "share",
        "entry_period",
        "period_start",
        "entrants",
        "converted",
        "conversion",
        "conversion_lower",
        "conversion_upper",
        "entrants_closed",
        "conversion_closed",
        "complete",
    ];
    if OURS.contains(&by) || by.starts_with("at_") || by.starts_with("from_") {
        format!("by_{by}")
    } else {
        by.to_owned()
    }
}
