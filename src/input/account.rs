//! The account of rows: what became of each, what was doubtful, and whether that is still good enough to compute on.

use super::reconcile::{self, Reckoning};
use super::verdict::Verdict;
use super::{InputOptions, masks};
use crate::error::{Error, Place, Result};
use crate::output::report::{InputAccount, Note};
use crate::text::Lang;

/// Places that are shown of each kind of doubtful rows.
const SHOWN: usize = 3;

/// What a pass over the rows found, besides the rows.
#[derive(Debug, Clone, Default)]
pub struct ReadSummary {
    pub account: InputAccount,
    /// Over all rows with a customer, a date and an amount that are not after as_of and until, `--where` or not: as_of is
    /// the end of the observed time, not of the selection.
    pub first_at_us: Option<i64>,
    pub last_at_us: Option<i64>,
    /// Of the rows in use, 1/10,000 of the unit. gross = net + refund.
    pub net_e4: i128,
    pub gross_e4: i128,
    pub refund_e4: i128,
    /// Rows with values that are there but unreadable, and rows with more fields than the header.
    pub bad: Vec<BadKind>,
    /// Rows without a required value.
    pub missing: Vec<BadKind>,
    /// Rows with fewer fields than the header: what is missing counts as empty, so they may be in use.
    pub short: Option<BadKind>,
    /// Ids that a spreadsheet or a float has destroyed, by column.
    pub destroyed: Vec<BadKind>,
    /// Rows with a status that the preset does not know: they count as paid.
    pub unknown_statuses: Option<BadKind>,
    /// Rows on which the preset's equation does not hold, where they are more than it allows.
    pub broken_identity: Option<BadKind>,
    /// The files as they were read in the end: the encoding of a file may have been found out on the way.
    pub files: Vec<super::rows::MappedFile>,
    pub notes: Vec<Note>,
    /// Of hints that presets give.
    pub lang: Lang,
}

/// Rows that share a defect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadKind {
    pub reason: &'static str,
    pub rows: u64,
    /// The first three by file and row.
    pub places: Vec<Place>,
}

impl ReadSummary {
    /// Whether the rows are good enough to compute on: ids intact, few enough unreadable values, something left.
    /// `check` shows the defects instead and does not ask.
    pub fn judge(&self, options: &InputOptions) -> Result<()> {
        if let Some(kind) = self.destroyed.first() {
            return Err(Error::Unsound {
                what: format!(
                    "{} in {} rows: different ids have become one",
                    kind.reason,
                    grouped(kind.rows)
                ),
                places: kind.places.clone(),
                hint:
                    "export the file again with the id column as text, and do not save it from a spreadsheet"
                        .into(),
            });
        }
        if self.account.rows_read == 0 {
            return Err(Error::Empty {
                path: self.account.files.join(", "),
                why: "there is a header but not one row".into(),
            });
        }
        self.judge_masked()?;
        self.judge_bad(options)?;
        let reconciliation = self.account.reconciliation.as_ref();
        reconcile::judge(
            self.unknown_statuses.as_ref(),
            self.broken_identity.as_ref(),
            reconciliation.map_or(&[], |reconciliation| &reconciliation.unknown_statuses),
            self.account.rows_read,
            options,
        )?;
        if self.account.rows_used == 0 {
            return Err(Error::NoRows {
                read: self.account.rows_read,
                account: self.account.dropped.clone(),
                hint: self.hint_for_no_rows(),
            });
        }
        Ok(())
    }

    /// Masked ids make one person of many: where they are more than a tenth of the ids, nothing is left to compute on.
    fn judge_masked(&self) -> Result<()> {
        let reason = Verdict::MaskedCustomer.reason();
        let Some(masked) = self.missing.iter().find(|kind| kind.reason == reason) else { return Ok(()) };
        let without: u64 = Verdict::ALL
            .iter()
            .filter(|v| v.is_no_sale() || matches!(v, Verdict::Overlong | Verdict::MissingCustomer))
            .filter_map(|v| self.account.dropped.iter().find(|(reason, _)| reason == v.reason()))
            .map(|(_, rows)| rows)
            .sum();
        let with_id = self.account.rows_read - without;
        if masked.rows.saturating_mul(10) <= with_id {
            return Ok(());
        }
        let hidden =
            |place: &Place| Place { value: masks::shortened(&place.value).into_owned(), ..place.clone() };
        let presets = self.files.iter().filter_map(|file| file.meaning.as_ref());
        let way_out = presets.filter_map(|meaning| meaning.preset.way_out.as_ref()).next();
        Err(Error::Unsound {
            what: format!(
                "customer_id is masked in {} of {} rows: such an id stands for several people",
                grouped(masked.rows),
                grouped(with_id)
            ),
            places: masked.places.iter().map(hidden).collect(),
            hint: match (way_out, self.lang) {
                (Some(way_out), Lang::En) => way_out.en.clone(),
                (Some(way_out), Lang::Zh) => way_out.zh.clone(),
                (None, _) => {
                    "name a column that says who the customers are with --col customer_id=COLUMN".into()
                }
            },
        })
    }

    fn judge_bad(&self, options: &InputOptions) -> Result<()> {
        let read = self.account.rows_read;
        let bad: u64 = self.bad.iter().map(|kind| kind.rows).sum();
        if options.strict {
            let doubtful: Vec<&BadKind> = self.bad.iter().chain(&self.missing).chain(&self.short).collect();
            return match doubtful.iter().map(|kind| kind.rows).sum() {
                0 => Ok(()),
                rows => Err(bad_values(&doubtful, rows, read, "--strict".into())),
            };
        }
        if bad as f64 > options.max_bad * read as f64 {
            let kinds: Vec<&BadKind> = self.bad.iter().collect();
            return Err(bad_values(&kinds, bad, read, format!("--max-bad {}", percent(options.max_bad))));
        }
        Ok(())
    }

    /// What the preset of the first file that has one says of missing customers.
    fn way_out(&self) -> Option<String> {
        let preset = self.files.iter().find_map(|file| file.raw.preset.as_ref())?;
        let way_out = preset.way_out.as_ref()?;
        Some(match self.lang {
            Lang::En => way_out.en.clone(),
            Lang::Zh => way_out.zh.clone(),
        })
    }

    fn hint_for_no_rows(&self) -> Option<String> {
        let (reason, _) = self.account.dropped.iter().max_by_key(|(_, rows)| *rows)?;
        Some(match reason.as_str() {
            "missing customer_id" if self.way_out().is_some() => self.way_out()?,
            "missing customer_id" => {
                let column =
                    self.files.first().and_then(|f| f.mapping.source("customer_id")).unwrap_or_default();
                format!(
                    "column {column} holds no ids: this export does not say who the customers are; \
                     name a column that does with --col customer_id=COLUMN"
                )
            }
            "not paid (paid_at is empty)" => {
                "if the time of payment is not kept in this file: --col paid_at= takes no column for it"
                    .into()
            }
            "not paid (status)" => "siyu inspect shows which column is read as status".into(),
            "where" => "loosen --where".into(),
            "after as_of" => "--as-of is before the first row".into(),
            "before since" | "after until" => "--since and --until leave nothing".into(),
            _ => "siyu inspect shows how the columns were read".into(),
        })
    }
}

fn bad_values(kinds: &[&BadKind], rows: u64, of: u64, limit: String) -> Error {
    let worst = kinds.iter().max_by_key(|kind| kind.rows);
    let what = match kinds {
        [one] => one.reason.to_owned(),
        several => several
            .iter()
            .filter(|kind| kind.rows > 0)
            .map(|kind| format!("{} ({})", kind.reason, grouped(kind.rows)))
            .collect::<Vec<_>>()
            .join(", "),
    };
    Error::BadValues {
        what,
        rows,
        of,
        limit,
        places: worst.map(|kind| kind.places.clone()).unwrap_or_default(),
        hint: worst.and_then(|kind| hint_for(kind.reason)),
    }
}

fn hint_for(reason: &str) -> Option<String> {
    let hint = match reason {
        "invalid ordered_at" => "--date-format dmy, mdy, ymd, or a pattern such as '%d.%m.%Y %H:%M'",
        "invalid amount" => "--col amount=COLUMN, if the amounts stand in another column",
        "invalid refund_amount" => {
            "--col refund_amount=COLUMN, if they stand in another column; --col refund_amount= for none"
        }
        "invalid quantity" => "--col quantity=COLUMN, if the pieces stand in another column",
        "invalid unit_price" => "--col unit_price=COLUMN, if the prices stand in another column",
        "more fields than the header" => {
            "--delimiter, if the columns are separated by another character; else quote the fields that hold it"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

/// The account in one line, for stderr.
pub fn one_line(account: &InputAccount) -> String {
    let mut line = format!(
        "{}: {} rows read, {} used",
        account.frame,
        grouped(account.rows_read),
        grouped(account.rows_used)
    );
    for (i, (reason, rows)) in account.dropped.iter().enumerate() {
        line.push_str(if i == 0 { "; dropped " } else { ", " });
        line.push_str(&format!("{} {reason}", grouped(*rows)));
    }
    line
}

/// 541909 as 541,909.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// 0.01 as 1%.
pub(super) fn percent(share: f64) -> String {
    // Six decimals of a percentage are more than anybody types, and hide the noise of the multiplication.
    let text = format!("{:.6}", share * 100.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

/// The first places of a defect by (file, row), whatever the order in which batches arrive.
#[derive(Debug, Clone, Default)]
pub(super) struct FirstPlaces {
    rows: u64,
    first: Vec<(usize, u64, String, String)>,
}

impl FirstPlaces {
    /// Counts a row; `cell` gives column and value, and is asked only when the place may be shown.
    /// Rows of one batch must come in their order.
    pub(super) fn add(&mut self, file: usize, row: u64, cell: impl FnOnce() -> (String, String)) {
        self.rows += 1;
        if self.first.len() < SHOWN {
            let (column, value) = cell();
            self.first.push((file, row, column, shortened(value)));
        }
    }

    /// Rows counted.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.first.extend(other.first);
        self.first.sort();
        self.first.truncate(SHOWN);
    }

    pub(super) fn into_kind(self, reason: &'static str, labels: &[String]) -> Option<BadKind> {
        let places = self
            .first
            .into_iter()
            .map(|(file, row, column, value)| Place { file: labels[file].clone(), row, column, value })
            .collect();
        (self.rows > 0).then_some(BadKind { reason, rows: self.rows, places })
    }
}

/// A value as it is shown: a cell can hold a whole page.
fn shortened(value: String) -> String {
    const MOST: usize = 60;
    match value.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value,
    }
}

/// The count of one batch, or of many: adding them up in any order gives the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    pub(super) rows: [u64; Verdict::ALL.len()],
    /// Where rows of each verdict stand; kept for defects only.
    pub(super) places: [FirstPlaces; Verdict::ALL.len()],
    pub(super) short: FirstPlaces,
    pub(super) destroyed_customer_id: FirstPlaces,
    pub(super) destroyed_order_id: FirstPlaces,
    pub(super) first_at_us: Option<i64>,
    pub(super) last_at_us: Option<i64>,
    pub(super) net_e4: i128,
    pub(super) refund_e4: i128,
    /// Rows in use whose amount was rounded to 1/10,000.
    pub(super) rounded: u64,
    /// Rows in use whose refund was written as a negative number.
    pub(super) negative_refunds: u64,
    /// Rows in use without a readable quantity, where pieces are wanted.
    pub(super) unreadable_units: u64,
    /// Rows in use without an order id, where the column exists.
    pub(super) without_order_id: u64,
    pub(super) reckoning: Reckoning,
}

impl Tally {
    pub(super) fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.rows.iter_mut().zip(other.rows) {
            *mine += theirs;
        }
        for (mine, theirs) in self.places.iter_mut().zip(other.places) {
            mine.merge(theirs);
        }
        self.short.merge(other.short);
        self.destroyed_customer_id.merge(other.destroyed_customer_id);
        self.destroyed_order_id.merge(other.destroyed_order_id);
        self.first_at_us = self.first_at_us.into_iter().chain(other.first_at_us).min();
        self.last_at_us = self.last_at_us.into_iter().chain(other.last_at_us).max();
        self.net_e4 += other.net_e4;
        self.refund_e4 += other.refund_e4;
        self.rounded += other.rounded;
        self.negative_refunds += other.negative_refunds;
        self.unreadable_units += other.unreadable_units;
        self.without_order_id += other.without_order_id;
        self.reckoning.merge(other.reckoning);
    }

    /// The summary of a whole pass. `notes` are those known before it.
    pub(super) fn into_summary(
        mut self,
        frame: &str,
        files: Vec<super::rows::MappedFile>,
        mut notes: Vec<Note>,
        lang: Lang,
    ) -> ReadSummary {
        let labels: Vec<String> = files.iter().map(|file| file.raw.label.clone()).collect();
        let rows_read: u64 = self.rows.iter().sum();
        let rows_used = self.rows[Verdict::Used as usize];
        let dropped: Vec<(String, u64)> = Verdict::ALL[1..]
            .iter()
            .map(|verdict| (verdict.reason().to_owned(), self.rows[*verdict as usize]))
            .filter(|(_, rows)| *rows > 0)
            .collect();
        debug_assert_eq!(rows_read, rows_used + dropped.iter().map(|(_, rows)| rows).sum::<u64>());

        for (key, rows) in [
            ("amounts_rounded", self.rounded),
            ("refunds_negative", self.negative_refunds),
            ("units_unreadable", self.unreadable_units),
            ("orders_without_id", self.without_order_id),
            ("rows_short", self.short.rows),
        ] {
            if rows > 0 {
                notes.push(Note::new(key).with("rows", grouped(rows)));
            }
        }
        let mut kinds = |wanted: fn(Verdict) -> bool| -> Vec<BadKind> {
            Verdict::ALL
                .into_iter()
                .filter(|verdict| wanted(*verdict))
                .filter_map(|verdict| {
                    std::mem::take(&mut self.places[verdict as usize]).into_kind(verdict.reason(), &labels)
                })
                .collect()
        };
        let reckoned = self.reckoning.finish(&files, (self.net_e4, self.refund_e4));
        notes.extend(reckoned.notes);
        let bad = kinds(Verdict::is_bad);
        let missing = kinds(Verdict::is_missing);
        let destroyed = [
            (self.destroyed_customer_id, "customer_id is destroyed (a number such as 1.23E+18)"),
            (self.destroyed_order_id, "order_id is destroyed (a number such as 1.23E+18)"),
        ];
        ReadSummary {
            account: InputAccount {
                frame: frame.to_owned(),
                files: labels.clone(),
                preset: presets_of(&files),
                rows_read,
                rows_used,
                dropped,
                reconciliation: Some(reckoned.reconciliation),
            },
            first_at_us: self.first_at_us,
            last_at_us: self.last_at_us,
            net_e4: self.net_e4,
            gross_e4: self.net_e4 + self.refund_e4,
            refund_e4: self.refund_e4,
            bad,
            missing,
            short: self.short.into_kind("fewer fields than the header", &labels),
            destroyed: destroyed
                .into_iter()
                .filter_map(|(places, reason)| places.into_kind(reason, &labels))
                .collect(),
            unknown_statuses: reckoned.unknown_statuses,
            broken_identity: reckoned.broken_identity,
            files,
            notes,
            lang,
        }
    }
}

/// The presets of the files, each once; `none` without.
fn presets_of(files: &[super::rows::MappedFile]) -> String {
    let mut ids: Vec<&str> = Vec::new();
    for meaning in files.iter().filter_map(|file| file.meaning.as_ref()) {
        if !ids.contains(&meaning.preset.id.as_str()) {
            ids.push(&meaning.preset.id);
        }
    }
    if ids.is_empty() { "none".into() } else { ids.join(",") }
}
