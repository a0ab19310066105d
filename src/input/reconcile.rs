//! What can be held against the platform's own figures after reading: orders, the preset's equation, statuses that it does
//! not know. Adding batches up in any order gives the same.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};

use super::InputOptions;
use super::account::{BadKind, FirstPlaces, grouped, percent};
use super::rows::MappedFile;
use crate::error::{Error, Result};
use crate::output::report::{IdentityCheck, Note, Reconciliation};

/// Unknown statuses of a file that are kept by their text, the first in alphabetical order: a column that holds no statuses
/// at all must not fill the memory.
const MOST_STATUSES: usize = 1000;

/// Statuses that a note names.
const SHOWN_STATUSES: usize = 8;

/// Hands on a number that is a hash already.
#[derive(Debug, Clone, Copy, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

/// The count of one batch, or of many.
#[derive(Debug, Clone, Default)]
pub(super) struct Reckoning {
    /// By file: rows of each unknown status, and of all together.
    unknown: BTreeMap<usize, (BTreeMap<String, u64>, u64)>,
    unknown_places: FirstPlaces,
    /// By file: rows in use, and those of them on which the equation holds.
    identity: BTreeMap<usize, (u64, u64)>,
    not_held: FirstPlaces,
    /// 64-bit hashes of platform, store and order id: two of n orders are taken for one with a probability of n²/2⁶⁵.
    orders: HashSet<u64, BuildHasherDefault<AsItIs>>,
    /// Rows in use without an order id: each an order of its own.
    pub(super) orders_without_name: u64,
}

impl Reckoning {
    pub(super) fn unknown_status(
        &mut self,
        file: usize,
        row: u64,
        column: String,
        status: String,
        rows: u64,
    ) {
        self.unknown_places.add(file, row, || (column, status.clone()));
        let (statuses, all) = self.unknown.entry(file).or_default();
        *statuses.entry(status).or_default() += rows;
        *all += rows;
        keep_first(statuses);
    }

    pub(super) fn identity(&mut self, file: usize, row: u64, equation: &str, held: bool) {
        let (rows, holding) = self.identity.entry(file).or_default();
        *rows += 1;
        *holding += u64::from(held);
        if !held {
            self.not_held.add(file, row, || (equation.to_owned(), String::new()));
        }
    }

    pub(super) fn order(&mut self, platform: &str, store: Option<&str>, id: &str) {
        let mut hasher = DefaultHasher::new();
        (platform, store, id).hash(&mut hasher);
        self.orders.insert(hasher.finish());
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (file, (statuses, rows)) in other.unknown {
            let (mine, all) = self.unknown.entry(file).or_default();
            for (status, rows) in statuses {
                *mine.entry(status).or_default() += rows;
            }
            *all += rows;
            keep_first(mine);
        }
        self.unknown_places.merge(other.unknown_places);
        for (file, (rows, held)) in other.identity {
            let mine = self.identity.entry(file).or_default();
            (mine.0, mine.1) = (mine.0 + rows, mine.1 + held);
        }
        self.not_held.merge(other.not_held);
        if self.orders.is_empty() {
            self.orders = other.orders;
        } else {
            self.orders.extend(other.orders);
        }
        self.orders_without_name += other.orders_without_name;
    }

    /// The figures, notes on what does not add up, and what is an error under `--strict`.
    pub(super) fn finish(self, files: &[MappedFile], sums: (i128, i128)) -> Reckoned {
        let labels: Vec<String> = files.iter().map(|file| file.raw.label.clone()).collect();
        let (net_e4, refund_e4) = sums;
        let is_recognised = files.iter().any(|file| file.meaning.is_some());
        let orders = self.orders.len() as u64 + self.orders_without_name;
        let mut unknown: BTreeMap<String, u64> = BTreeMap::new();
        let mut notes = Vec::new();
        let mut unknown_rows = 0;
        for (statuses, rows) in self.unknown.values() {
            unknown_rows += rows;
            let named: u64 = statuses.values().sum();
            for (status, rows) in statuses {
                *unknown.entry(status.clone()).or_default() += rows;
            }
            if *rows > named {
                *unknown.entry("…".into()).or_default() += rows - named;
            }
        }
        let mut unknown_statuses: Vec<(String, u64)> = unknown.into_iter().collect();
        unknown_statuses.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        if unknown_rows > 0 {
            let note = Note::new("statuses_unknown").with("rows", grouped(unknown_rows));
            notes.push(note.with("statuses", listed(&unknown_statuses)));
        }

        let mut checks: Vec<IdentityCheck> = Vec::new();
        let mut failing = false;
        for (file, (rows, held)) in &self.identity {
            let Some(identity) = files[*file].meaning.as_ref().and_then(|m| m.preset.identity.as_ref())
            else {
                continue;
            };
            match checks.iter_mut().find(|check| check.equation == identity.equation) {
                Some(check) => (check.rows, check.held) = (check.rows + rows, check.held + held),
                None => checks.push(IdentityCheck {
                    equation: identity.equation.clone(),
                    rows: *rows,
                    held: *held,
                }),
            }
            if (*held as f64) < identity.least * *rows as f64 {
                failing = true;
                notes.push(
                    Note::new("identity_broken")
                        .with("file", &labels[*file])
                        .with("equation", &identity.equation)
                        .with("share", percent(share(*held, *rows)))
                        .with("rows", grouped(*rows))
                        .with("least", percent(identity.least)),
                );
            }
        }
        let mut identity = checks.into_iter();
        let identity = identity.next().map(|first| {
            identity.fold(first, |all, one| IdentityCheck {
                equation: format!("{}; {}", all.equation, one.equation),
                rows: all.rows + one.rows,
                held: all.held + one.held,
            })
        });
        Reckoned {
            reconciliation: Reconciliation {
                orders: is_recognised.then_some(orders),
                gross_e4: net_e4 + refund_e4,
                refund_e4,
                net_e4,
                identity,
                unknown_statuses,
            },
            notes,
            unknown_statuses: self
                .unknown_places
                .into_kind("unknown status", &labels)
                .map(|kind| BadKind { rows: unknown_rows, ..kind }),
            broken_identity: self
                .not_held
                .into_kind("the equation does not hold", &labels)
                .filter(|_| failing),
        }
    }
}

fn keep_first(statuses: &mut BTreeMap<String, u64>) {
    while statuses.len() > MOST_STATUSES {
        statuses.pop_last();
    }
}

fn share(part: u64, of: u64) -> f64 {
    // To a tenth of a per mille: what a note needs.
    if of == 0 { 1.0 } else { (part as f64 / of as f64 * 1e4).floor() / 1e4 }
}

/// `暂停订单 (12), (empty) (3), …`
fn listed(statuses: &[(String, u64)]) -> String {
    let shown = statuses.iter().take(SHOWN_STATUSES).map(|(status, rows)| {
        let status = if status.is_empty() { "\"\"" } else { status };
        format!("{status} ({})", grouped(*rows))
    });
    let mut list = shown.collect::<Vec<_>>().join(", ");
    if statuses.len() > SHOWN_STATUSES {
        list.push_str(", …");
    }
    list
}

/// What the count comes to.
#[derive(Debug, Clone, Default)]
pub struct Reckoned {
    pub reconciliation: Reconciliation,
    pub notes: Vec<Note>,
    pub unknown_statuses: Option<BadKind>,
    pub broken_identity: Option<BadKind>,
}

/// Under `--strict` no status may be unknown and every equation must hold.
pub(super) fn judge(
    unknown: Option<&BadKind>,
    broken: Option<&BadKind>,
    statuses: &[(String, u64)],
    rows_read: u64,
    options: &InputOptions,
) -> Result<()> {
    if !options.strict {
        return Ok(());
    }
    if let Some(kind) = unknown {
        return Err(Error::BadValues {
            what: format!("{}: {}", kind.reason, listed(statuses)),
            rows: kind.rows,
            of: rows_read,
            limit: "--strict".into(),
            places: kind.places.clone(),
            hint: Some(
                "add them to the classes of the preset (siyu presets show ID > my.toml), or leave out --strict"
                    .into(),
            ),
        });
    }
    if let Some(kind) = broken {
        return Err(Error::Unsound {
            what: format!("{} on {} rows in use (--strict)", kind.reason, grouped(kind.rows)),
            places: kind.places.clone(),
            hint:
                "the platform may have changed what its columns mean: hold a few rows against its own pages"
                    .into(),
        });
    }
    Ok(())
}
