//! What `reach`, `content` and `koc` have in common: their settings, where their columns are, and the role of each event.

use super::kinds::{Kinds, Role};
use super::params::EngagementParams;
use super::{EngagementInput, EngagementSettings, content, koc, reach};
use crate::error::{Error, Result};
use crate::facts::journeys::{JourneyEvent, Journeys};
use crate::output::report::{Cells, Column, Kind, Label, Note, Table};
use crate::reports::duration::microseconds;
use crate::reports::rates::{self, ratio};

/// How `reach` and `content` count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TouchSettings {
    /// `--conversion-window` as typed, and in microseconds, inclusive.
    pub window: String,
    pub window_us: i64,
    /// `--top`: rows of `reach` and of `content` at most.
    pub top: usize,
}

/// How `koc` chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KocSettings {
    /// `--koc-share` in millionths.
    pub share_ppm: u64,
    /// `--koc-dimensions`, 1 to 4.
    pub dimensions: usize,
}

impl TouchSettings {
    pub(super) fn of(params: &EngagementParams) -> Result<Self> {
        let window = params.conversion_window.as_deref().unwrap_or("7d").trim();
        let top = params.top.unwrap_or(100);
        if top == 0 {
            return Err(bad("--top", "0", "shows nothing", "a number of rows from 1"));
        }
        Ok(Self { window: window.to_owned(), window_us: microseconds("--conversion-window", window)?, top })
    }
}

impl KocSettings {
    pub(super) fn of(params: &EngagementParams) -> Result<Self> {
        let share = params.koc_share.unwrap_or(0.1);
        let share_ppm = (share * 1e6).round();
        if !(1.0..=1e6).contains(&share_ppm) {
            return Err(bad("--koc-share", &share.to_string(), "is not above 0 and up to 1", "0.1 or 10%"));
        }
        let dimensions = params.koc_dimensions.unwrap_or(3);
        if !(1..=4).contains(&dimensions) {
            let why = "is not from 1 to 4: interactions, content, invitations, orders";
            return Err(bad("--koc-dimensions", &dimensions.to_string(), why, "3"));
        }
        Ok(Self { share_ppm: share_ppm as u64, dimensions })
    }
}

fn bad(option: &str, value: &str, why: &str, hint: &str) -> Error {
    Error::BadOption { option: option.into(), value: value.into(), why: why.into(), hint: Some(hint.into()) }
}

/// Tables, what is to be told of them, and what their values are called.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub tables: Vec<Table>,
    pub notes: Vec<Note>,
    pub labels: Vec<Label>,
}

impl Shown {
    /// The table of this name, if it was made.
    pub fn take(&mut self, name: &str) -> Option<Table> {
        let place = self.tables.iter().position(|table| table.name == name)?;
        Some(self.tables.swap_remove(place))
    }

    fn add(&mut self, more: Self) {
        self.tables.extend(more.tables);
        self.notes.extend(more.notes);
        self.labels.extend(more.labels);
    }
}

/// The tables of reach, content and koc that are wanted.
pub(super) fn answer(
    settings: &EngagementSettings,
    input: &EngagementInput,
    kinds: &Kinds,
    wants: impl Fn(&str) -> bool,
) -> Result<Shown> {
    let (journeys, threads, attributes) = (&input.journeys, input.threads, &input.attributes);
    let mut shown = Shown::default();
    if ["reach", "best_hour", "weekday_hours"].into_iter().any(&wants) {
        let column = |name: &str, attribute: Option<usize>| attribute.map(|at| (name.to_owned(), at));
        let columns: Vec<(String, usize)> = match &settings.reach_by {
            Some(name) => column(name, attributes.reach_by).into_iter().collect(),
            None => {
                let usual = [("content_id", attributes.content_id), ("campaign", attributes.campaign)];
                usual.into_iter().filter_map(|(name, attribute)| column(name, attribute)).collect()
            }
        };
        shown.add(reach::reach(journeys, kinds, &columns, &settings.touches, input.as_of_us, threads)?);
    }
    if wants("content") {
        shown.add(content::content(journeys, kinds, attributes.content_id, &settings.touches, threads)?);
    }
    if ["koc_summary", "koc"].into_iter().any(&wants) {
        let input = koc::KocInput {
            journeys,
            kinds,
            inviter_id: attributes.inviter_id,
            members: input.members.as_ref(),
            orders: input.orders.as_ref(),
            threads,
        };
        shown.add(koc::koc(&input, &settings.koc)?);
    }
    Ok(shown)
}

/// The role of every event, and which roles the file has.
pub(super) struct Roles<'a> {
    journeys: &'a Journeys,
    kinds: &'a Kinds,
    of_signatures: Vec<Option<Role>>,
}

impl<'a> Roles<'a> {
    pub fn new(journeys: &'a Journeys, kinds: &'a Kinds) -> Self {
        let of_kinds: Vec<Option<Role>> = journeys.kinds.iter().map(|kind| kinds.role(&kind.name)).collect();
        let of_signatures = journeys.signatures.iter().map(|s| of_kinds[s.kind as usize]).collect();
        Self { journeys, kinds, of_signatures }
    }

    pub fn of(&self, event: &JourneyEvent) -> Option<Role> {
        self.of_signatures[event.signature as usize]
    }

    /// Whether the file has rows in use of this role.
    pub fn has(&self, role: Role) -> bool {
        self.journeys.kinds.iter().any(|kind| kind.rows > 0 && self.kinds.role(&kind.name) == Some(role))
    }
}

/// Whether a conversion (moments in order) came within the window after one of these moments, both ends included.
pub(super) fn converted_after(
    moments: impl Iterator<Item = i64>,
    conversions: &[i64],
    window_us: i64,
) -> bool {
    let mut moments = moments;
    moments.any(|moment| {
        let next = conversions.partition_point(|conversion| *conversion < moment);
        conversions.get(next).is_some_and(|conversion| *conversion <= moment.saturating_add(window_us))
    })
}

/// A count of something that the file can have.
pub(super) fn count_column(name: &str, is_there: bool, values: impl Iterator<Item = u64>) -> Column {
    let values = values.map(|value| is_there.then_some(value as i64)).collect();
    Column::new(name, Kind::Count, Cells::Int(values))
}

/// Parts of wholes, where the file can have both.
pub(super) fn ratio_column(name: &str, is_there: bool, pairs: impl Iterator<Item = (u64, u64)>) -> Column {
    let ratios = pairs.map(|(part, whole)| if is_there { ratio(part, whole) } else { None }).collect();
    Column::new(name, Kind::Ratio, Cells::Float(ratios))
}

/// The bounds of parts of wholes, where the file can have both.
pub(super) fn bounds_columns(
    names: [&str; 2],
    is_there: bool,
    pairs: impl Iterator<Item = (u64, u64)>,
) -> [Column; 2] {
    // Nothing of nothing has no bounds.
    rates::bounds_columns(names, pairs.map(|pair| if is_there { pair } else { (0, 0) }))
}

/// A sum of money as exact money.
pub(super) fn money(sum: i128) -> Result<i64> {
    i64::try_from(sum).map_err(|_| Error::Numeric {
        what: "the sum of values is larger than exact money can be (about 922 trillion units)".into(),
        hint: Some("value may be mapped from a wrong column; see `siyu inspect`".into()),
    })
}

#[cfg(test)]
pub(super) mod testing;
