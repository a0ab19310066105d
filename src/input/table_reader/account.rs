//! What became of the rows of a table, counted by reason.

use super::{TableFile, TableSummary};
use crate::input::Frame;
use crate::input::account::{FirstPlaces, grouped};
use crate::input::presets::DropReason;
use crate::output::report::{InputAccount, Note};

/// How a reason counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Used,
    /// Left out by a rule or an option: no defect.
    LeftOut,
    Missing,
    Bad,
}

/// What became of a row: an index into `REASONS`. Of several reasons the first in the table holds.
pub(super) type Fate = u8;

pub(super) const USED: Fate = 0;
pub(super) const OVERLONG: Fate = 1;

/// All reasons, in the order in which they hold; the same in every language.
pub(super) const REASONS: [(&str, Class); 22] = [
    ("used", Class::Used),
    ("more fields than the header", Class::Bad),
    ("gift", Class::LeftOut),
    ("price difference", Class::LeftOut),
    ("trial", Class::LeftOut),
    ("test", Class::LeftOut),
    ("deleted", Class::LeftOut),
    ("total row", Class::LeftOut),
    ("ignored", Class::LeftOut),
    ("missing customer_id", Class::Missing),
    ("missing event", Class::Missing),
    ("missing campaign", Class::Missing),
    ("missing at", Class::Missing),
    ("invalid at", Class::Bad),
    ("missing amount", Class::Missing),
    ("invalid amount", Class::Bad),
    ("missing date", Class::Missing),
    ("invalid date", Class::Bad),
    ("after as_of", Class::LeftOut),
    ("before since", Class::LeftOut),
    ("after until", Class::LeftOut),
    ("where", Class::LeftOut),
];

/// The fate of that name.
pub(super) fn fate(reason: &str) -> Fate {
    REASONS.iter().position(|(name, _)| *name == reason).unwrap_or(0) as Fate
}

pub(super) fn fate_of(reason: DropReason) -> Fate {
    fate(match reason {
        DropReason::Gift => "gift",
        DropReason::PriceDifference => "price difference",
        DropReason::Trial => "trial",
        DropReason::Test => "test",
        DropReason::Deleted => "deleted",
        DropReason::Total => "total row",
        DropReason::Ignored => "ignored",
    })
}

/// Reasons for values that are not required and cannot be read: the row stays, the value is null.
pub(super) const UNREADABLE: [&str; 8] = [
    "invalid date",
    "invalid value",
    "invalid impressions",
    "invalid clicks",
    "invalid conversions",
    "invalid revenue",
    "invalid joined_at",
    "invalid points",
];

/// The index into `UNREADABLE` for a canonical column.
pub(super) fn unreadable(canonical: &str) -> usize {
    UNREADABLE.iter().position(|reason| reason.strip_prefix("invalid ") == Some(canonical)).unwrap_or(0)
}

/// Ids that lose their digits in spreadsheets.
pub(super) const IDS: [(&str, &str); 5] = [
    ("customer_id", "customer_id is destroyed (a number such as 1.23E+18)"),
    ("session_id", "session_id is destroyed (a number such as 1.23E+18)"),
    ("content_id", "content_id is destroyed (a number such as 1.23E+18)"),
    ("inviter_id", "inviter_id is destroyed (a number such as 1.23E+18)"),
    ("order_id", "order_id is destroyed (a number such as 1.23E+18)"),
];

/// The count of one batch, or of many: adding them up in any order gives the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    pub rows: [u64; REASONS.len()],
    /// Kept for defects only.
    pub places: [FirstPlaces; REASONS.len()],
    /// Rows by the first value in them that is not required and unreadable.
    pub unreadable: [FirstPlaces; UNREADABLE.len()],
    pub destroyed: [FirstPlaces; IDS.len()],
    pub short: FirstPlaces,
    /// Rows in use with a number that was rounded to 1/10,000.
    pub rounded: u64,
    /// Rows in use with an unreadable value.
    pub used_with_unreadable: u64,
    pub first_at_us: Option<i64>,
    pub last_at_us: Option<i64>,
}

impl Tally {
    pub fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.rows.iter_mut().zip(other.rows) {
            *mine += theirs;
        }
        let places = self.places.iter_mut().zip(other.places);
        let unreadable = self.unreadable.iter_mut().zip(other.unreadable);
        let destroyed = self.destroyed.iter_mut().zip(other.destroyed);
        for (mine, theirs) in places.chain(unreadable).chain(destroyed) {
            mine.merge(theirs);
        }
        self.short.merge(other.short);
        self.rounded += other.rounded;
        self.used_with_unreadable += other.used_with_unreadable;
        self.first_at_us = self.first_at_us.into_iter().chain(other.first_at_us).min();
        self.last_at_us = self.last_at_us.into_iter().chain(other.last_at_us).max();
    }

    /// The summary of a whole pass. `notes` are those known before it.
    pub fn into_summary(self, frame: Frame, files: Vec<TableFile>, mut notes: Vec<Note>) -> TableSummary {
        let labels: Vec<String> = files.iter().map(|file| file.raw.label.clone()).collect();
        for (key, rows) in [
            ("numbers_rounded", self.rounded),
            ("values_unreadable", self.used_with_unreadable),
            ("rows_short", self.short.rows()),
        ] {
            if rows > 0 {
                notes.push(Note::new(key).with("rows", grouped(rows)));
            }
        }
        let mut account = InputAccount {
            frame: frame.key().to_owned(),
            files: labels.clone(),
            preset: presets(&files),
            rows_read: self.rows.iter().sum(),
            rows_used: self.rows[USED as usize],
            ..InputAccount::default()
        };
        account.dropped = REASONS
            .iter()
            .zip(self.rows)
            .skip(1)
            .filter(|(_, rows)| *rows > 0)
            .map(|((reason, _), rows)| ((*reason).to_owned(), rows))
            .collect();
        let mut bad = Vec::new();
        let mut missing = Vec::new();
        for ((reason, class), places) in REASONS.into_iter().zip(self.places) {
            match class {
                Class::Bad => bad.extend(places.into_kind(reason, &labels)),
                Class::Missing => missing.extend(places.into_kind(reason, &labels)),
                Class::Used | Class::LeftOut => {}
            }
        }
        for (reason, places) in UNREADABLE.into_iter().zip(self.unreadable) {
            bad.extend(places.into_kind(reason, &labels));
        }
        let destroyed = IDS.into_iter().zip(self.destroyed);
        TableSummary {
            account,
            first_at_us: self.first_at_us,
            last_at_us: self.last_at_us,
            bad,
            missing,
            short: self.short.into_kind("fewer fields than the header", &labels),
            destroyed: destroyed
                .filter_map(|((_, reason), places)| places.into_kind(reason, &labels))
                .collect(),
            files,
            notes,
        }
    }
}

/// The ids of the presets that the files were read with; `none` without.
fn presets(files: &[TableFile]) -> String {
    let mut ids: Vec<&str> = Vec::new();
    for preset in files.iter().filter_map(|file| file.raw.preset.as_ref()) {
        if !ids.contains(&preset.id.as_str()) {
            ids.push(&preset.id);
        }
    }
    if ids.is_empty() { "none".into() } else { ids.join(", ") }
}

/// What to do about values that cannot be read; `column` is where the first of them stands.
pub(super) fn hint_for(column: &str, what: &str) -> Option<String> {
    let first = what.split([' ', ',']).nth(1)?;
    match first {
        "at" | "date" | "joined_at" => {
            Some("--date-format dmy, mdy, ymd, or a pattern such as '%d.%m.%Y %H:%M'".into())
        }
        "fields" => None,
        canonical if what.starts_with("invalid ") => {
            Some(format!("--col {canonical}=COLUMN, if {canonical} stands in another column than {column}"))
        }
        _ => None,
    }
}
