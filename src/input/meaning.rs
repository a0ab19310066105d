//! What the rows of a recognised export mean: which statuses are sales, how refunds are told, which rows are no sales,
//! whether the numbers add up as the platform's do.
//!
//! Paid means that a time of payment is there. Statuses decide only where the file has none, and tell of refunds where
//! the preset says that nothing else does. A status that the preset does not know counts as paid, and is listed.

use std::collections::HashMap;
use std::sync::Arc;

use polars::prelude::*;

use super::cells::{self, Cells, State};
use super::columns::{Found, Mapping, column_named, matches};
use super::derive;
use super::names::Projection;
use super::order_index::{self, OrderKeys, Standing};
use super::presets::{DropReason, Grain, Kind, Preset, RefundSemantics, StatusMatch, StatusRules};
use super::raw::RawFile;
use super::values::trimmed;
use super::verdict::Verdict;
use super::{InputOptions, columns};
use crate::error::{Error, Result};

/// What a preset says of the rows of one file, fitted to the columns that this file has.
#[derive(Debug, Clone)]
pub struct Meaning {
    pub preset: Arc<Preset>,
    /// The amount of a line, where `amount` is its order's: a column or a derived one.
    pub line_amount: Option<String>,
    /// The zone of times that are written without an offset.
    pub zone: Option<chrono_tz::Tz>,
    /// Refunds have a column of their own on this platform, and this file does not hold it.
    pub lacks_refunds: bool,
    status: Option<String>,
    detail: Option<String>,
    words: Arc<StatusWords>,
    /// Rows that are no sales: why, and the derived column that is true of them.
    drops: Vec<(DropReason, String)>,
    /// The derived column that says whether the equation of the preset holds.
    identity: Option<String>,
    keys: Option<OrderKeys>,
}

impl Meaning {
    /// `None` for a file of no preset.
    pub(super) fn of(file: &RawFile, mapping: &Mapping, options: &InputOptions) -> Result<Option<Self>> {
        let Some(preset) = &file.preset else { return Ok(None) };
        let first = |names: &[String]| names.iter().find_map(|name| column_named(file, name));
        let given = mapping.columns.iter().find(|m| m.canonical == "status" && m.found == Found::Given);
        let status = match (&preset.status, given) {
            (None, _) => None,
            (Some(_), Some(given)) => Some(given.source.as_str()),
            (Some(rules), None) => first(&rules.column),
        };
        let mut drops = Vec::new();
        for rule in &preset.drop {
            if let Some(flag) = derive::find_formula(file, preset, "drop.when", &rule.when)? {
                drops.push((rule.reason, flag.name().to_owned()));
            }
        }
        let named = |found: Option<derive::Stands>| found.map(|stands| stands.name().to_owned());
        let identity = match &preset.identity {
            Some(identity) => {
                named(derive::find_formula(file, preset, "identity.equation", &identity.equation)?)
            }
            None => None,
        };
        let line_amount = match preset.amounts.as_ref().and_then(|amounts| amounts.line_amount.as_ref()) {
            Some(source) => named(derive::find(file, preset, "amounts.line_amount", source)?),
            None => None,
        };
        let zone = match &preset.time_zone {
            Some(zone) => Some(zone.parse().map_err(|_| Error::Config {
                at: format!("{}.toml", preset.id),
                why: format!("time_zone {zone:?} is no IANA time zone"),
                hint: Some("for example Asia/Shanghai".into()),
            })?),
            None => None,
        };
        let refunds = preset.amounts.as_ref().map(|amounts| amounts.refunds);
        let is_gross = refunds == Some(RefundSemantics::Gross);
        let can_tell = is_gross && preset.columns.contains_key("refund_amount");
        Ok(Some(Self {
            line_amount,
            zone,
            lacks_refunds: can_tell && mapping.source("refund_amount").is_none(),
            status: status.map(str::to_owned),
            detail: preset.status.as_ref().and_then(|rules| first(&rules.detail)).map(str::to_owned),
            words: Arc::new(preset.status.as_ref().map(StatusWords::new).unwrap_or_default()),
            drops,
            identity,
            keys: order_keys(file, preset, mapping, options)?,
            preset: preset.clone(),
        }))
    }

    /// What names the orders (payments) of the file, where it has them.
    pub(super) fn order_keys(&self) -> Option<&OrderKeys> {
        self.keys.as_ref()
    }

    /// What stands on the first line of an order alone: the column of order ids, and those to be filled from there.
    pub(super) fn blanks(&self, file: &RawFile, mapping: &Mapping) -> Option<(String, Vec<String>)> {
        // A discount of the order adds up over its lines: it stays on the first alone.
        const OF_LINES: [&str; 8] = [
            "order_id",
            "product_id",
            "product_name",
            "category",
            "quantity",
            "unit_price",
            "unit_cost",
            "discount",
        ];
        if self.preset.grain != Grain::LineOrderBlank {
            return None;
        }
        let key = mapping.source("order_id")?.to_owned();
        let of_line = self.preset.amounts.as_ref().is_some_and(|amounts| amounts.refund_of_line);
        let of_order = mapping.columns.iter().filter(|mapped| {
            let is_of_line = of_line && mapped.canonical == "refund_amount";
            !is_of_line && !OF_LINES.contains(&mapped.canonical)
        });
        let mut columns: Vec<String> = Vec::new();
        let sources = of_order.map(|mapped| mapped.source.as_str());
        for source in sources.chain(self.status.as_deref()).chain(self.detail.as_deref()) {
            match file.derived.iter().find(|derived| derived.name == source) {
                Some(derived) => columns.extend(derived.inputs.iter().cloned()),
                None => columns.push(source.to_owned()),
            }
        }
        columns.sort();
        columns.dedup();
        columns.retain(|column| *column != key);
        Some((key, columns))
    }

    fn refunds(&self) -> RefundSemantics {
        self.preset.amounts.as_ref().map_or(RefundSemantics::None, |amounts| amounts.refunds)
    }
}

/// Exports of other things are not read as orders.
pub(super) fn refuse_other_kinds(file: &RawFile) -> Result<()> {
    let Some(preset) = &file.preset else { return Ok(()) };
    let holds = match preset.kind {
        Kind::Orders | Kind::Lines | Kind::Payments | Kind::Refunds => return Ok(()),
        Kind::Events => "events",
        Kind::Spend => "spend",
        Kind::Members => "members",
    };
    Err(Error::BadOption {
        option: "INPUT".into(),
        value: file.label.clone(),
        why: format!("is a {} and holds {holds}, no orders", preset.name.en),
        hint: Some("--preset none reads it by the names of its columns alone".into()),
    })
}

/// What names the orders of a file that was not recognised. Its rows of one order may be lines in several files, so that only
/// who asks for the latest state (`--latest-by`) has said that they are exports of the same.
pub(super) fn keys_without_preset(
    file: &RawFile,
    mapping: &Mapping,
    options: &InputOptions,
) -> Result<Option<OrderKeys>> {
    let (Some(_), Some(order_id)) = (&options.latest_by, mapping.source("order_id")) else { return Ok(None) };
    Ok(Some(OrderKeys {
        platform: String::new(),
        store: mapping.source("store").map(str::to_owned),
        id: vec![order_id.to_owned()],
        once: false,
        latest_by: order_index::latest_by(file, options)?,
    }))
}

fn order_keys(
    file: &RawFile,
    preset: &Preset,
    mapping: &Mapping,
    options: &InputOptions,
) -> Result<Option<OrderKeys>> {
    let of_object = preset.kind == Kind::Payments && !preset.key.is_empty();
    let id: Option<Vec<String>> = match preset.kind {
        Kind::Payments if of_object => {
            preset.key.iter().map(|name| column_named(file, name).map(str::to_owned)).collect()
        }
        Kind::Orders | Kind::Lines | Kind::Payments => {
            mapping.source("order_id").map(|source| vec![source.to_owned()])
        }
        Kind::Refunds | Kind::Events | Kind::Spend | Kind::Members => None,
    };
    let Some(id) = id else { return Ok(None) };
    Ok(Some(OrderKeys {
        platform: preset.platform.clone(),
        store: mapping.source("store").map(str::to_owned),
        id,
        once: matches!(preset.grain, Grain::LineOrderRepeated | Grain::LineOrderBlank),
        latest_by: order_index::latest_by(file, options)?,
    }))
}

/// What a status says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Paid,
    Refunded,
    Unpaid,
    Cancelled,
    RefundRow,
    Ignored,
    Unknown,
}

/// The statuses of a preset, ready to be looked up.
#[derive(Debug, Clone, Default)]
struct StatusWords {
    /// As they are compared: status, detail, class. The more definite first.
    words: Vec<(String, Option<String>, Class)>,
}

impl StatusWords {
    fn new(rules: &StatusRules) -> Self {
        let lists = [
            (&rules.ignored, Class::Ignored),
            (&rules.refund_rows, Class::RefundRow),
            (&rules.refunded, Class::Refunded),
            (&rules.unpaid, Class::Unpaid),
            (&rules.cancelled, Class::Cancelled),
            (&rules.paid, Class::Paid),
        ];
        let mut words = Vec::new();
        for (list, class) in lists {
            for word in list {
                words.push(match word {
                    StatusMatch::Status(status) => (plain(status), None, class),
                    StatusMatch::WithDetail([status, detail]) => (plain(status), Some(plain(detail)), class),
                });
            }
        }
        // Two columns before one, words before patterns, long patterns before short ones.
        words.sort_by_key(|(status, detail, _)| {
            let loose = status.contains('*') || detail.as_ref().is_some_and(|detail| detail.contains('*'));
            (detail.is_none(), loose, loose.then_some(std::cmp::Reverse(status.len())))
        });
        Self { words }
    }

    fn class(&self, status: &str, detail: &str) -> Class {
        let (status, detail) = (plain(status), plain(detail));
        let fits = |(word, second, _): &&(String, Option<String>, Class)| {
            matches(word, &status) && second.as_ref().is_none_or(|second| matches(second, &detail))
        };
        self.words.iter().find(fits).map_or(Class::Unknown, |(_, _, class)| *class)
    }
}

/// A status as it is compared: half width, small letters, without white space and what exports put around a cell.
fn plain(status: &str) -> String {
    columns::half_width(trimmed(status)).filter(|c| !c.is_whitespace()).collect()
}

/// What the rows of a file mean, by places in its projection.
pub(super) struct MeaningPlan {
    status: Option<usize>,
    detail: Option<usize>,
    words: Arc<StatusWords>,
    /// In the order in which they overwrite one another: the first of the verdicts last.
    drops: Vec<(Verdict, usize)>,
    identity: Option<usize>,
    refunds: RefundSemantics,
    has_paid_at: bool,
    /// `amount` is the order's on every row of it.
    pub(super) once: bool,
    refund_of_line: bool,
    keeps_ignored: bool,
}

/// What is known of the rows of a batch.
#[derive(Default)]
pub(super) struct Look {
    /// Empty: the file has no statuses.
    classes: Vec<Class>,
    /// Statuses that the preset does not know, with their first row and number of rows.
    pub(super) unknown: Vec<(String, usize, u64)>,
    /// Whether the preset's equation holds.
    pub(super) held: Option<BooleanChunked>,
}

impl MeaningPlan {
    pub(super) fn new(
        meaning: &Meaning,
        mapping: &Mapping,
        projection: &mut Projection,
        options: &InputOptions,
    ) -> Self {
        let mut drops: Vec<(Verdict, usize)> = Vec::new();
        for (reason, flag) in &meaning.drops {
            if !options.keep.contains(reason) {
                drops.push((Verdict::from(*reason), projection.place(flag)));
            }
        }
        drops.sort_by_key(|(verdict, _)| std::cmp::Reverse(*verdict));
        Self {
            status: meaning.status.as_ref().map(|name| projection.place(name)),
            detail: meaning.detail.as_ref().map(|name| projection.place(name)),
            words: meaning.words.clone(),
            drops,
            identity: meaning.identity.as_ref().map(|name| projection.place(name)),
            refunds: meaning.refunds(),
            has_paid_at: mapping.source("paid_at").is_some(),
            once: meaning.keys.as_ref().is_some_and(|keys| keys.once),
            refund_of_line: meaning.preset.amounts.as_ref().is_some_and(|amounts| amounts.refund_of_line),
            keeps_ignored: options.keep.contains(&DropReason::Ignored),
        }
    }

    pub(super) fn status_place(&self) -> Option<usize> {
        self.status
    }

    pub(super) fn identity_place(&self) -> Option<usize> {
        self.identity
    }

    /// Looks up the statuses of a batch, each pair of words once.
    pub(super) fn look(&self, frame: &DataFrame) -> Result<Look> {
        let mut look = Look::default();
        if let Some(identity) = self.identity {
            look.held = frame.columns()[identity].bool().ok().cloned();
        }
        let Some(status) = self.status else { return Ok(look) };
        let statuses = cells::as_text(&frame.columns()[status])?;
        let details = self.detail.map(|place| cells::as_text(&frame.columns()[place])).transpose()?;
        // Where a status stands that is not known: its place in `unknown`.
        let mut known: HashMap<(&str, &str), (Class, usize)> = HashMap::new();
        let mut details = details.as_ref().map(|details| details.iter());
        for (row, status) in statuses.iter().enumerate() {
            let status = status.unwrap_or_default();
            let detail = details.as_mut().and_then(Iterator::next).flatten().unwrap_or_default();
            let (class, place) = *known.entry((status, detail)).or_insert_with(|| {
                let class = self.words.class(status, detail);
                if class == Class::Unknown {
                    let shown = trimmed(status);
                    let shown = if detail.is_empty() {
                        shown.to_owned()
                    } else {
                        format!("{shown} / {}", trimmed(detail))
                    };
                    look.unknown.push((shown, row, 0));
                }
                (class, look.unknown.len().saturating_sub(1))
            });
            if class == Class::Unknown {
                look.unknown[place].2 += 1;
            }
            look.classes.push(class);
        }
        Ok(look)
    }

    /// Makes amount and refund what was paid and what went back, by the preset's semantics, and once for each order.
    pub(super) fn settle_refunds(
        &self,
        look: &Look,
        paid: Option<&[bool]>,
        standings: Option<&[Standing]>,
        amount: &mut Cells,
        refund: &mut Option<Cells>,
    ) {
        let height = amount.values.len();
        let mut back = |row: usize, e4: i64| {
            let refund = refund.get_or_insert_with(|| Cells::all_missing(height));
            refund.values[row] = e4;
            refund.states[row] = State::Good;
        };
        match self.refunds {
            RefundSemantics::Status => {
                for (row, class) in look.classes.iter().enumerate() {
                    let was_paid = paid.is_some_and(|paid| paid[row]);
                    let all = *class == Class::Refunded || *class == Class::Cancelled && was_paid;
                    if all && amount.states[row] == State::Good && amount.values[row] > 0 {
                        back(row, amount.values[row]);
                    }
                }
            }
            RefundSemantics::Rows => {
                for (row, class) in look.classes.iter().enumerate() {
                    if *class == Class::RefundRow && amount.states[row] != State::Invalid {
                        self.settle_refund_row(row, amount, refund);
                    }
                }
            }
            RefundSemantics::Net | RefundSemantics::Gross | RefundSemantics::None => {}
        }
        let Some(standings) = standings.filter(|_| self.once) else { return };
        for (row, standing) in standings.iter().enumerate() {
            if *standing != Standing::Further {
                continue;
            }
            if amount.states[row] == State::Good {
                amount.values[row] = 0;
            }
            if let Some(refund) = refund.as_mut().filter(|_| !self.refund_of_line)
                && refund.states[row] == State::Good
            {
                refund.values[row] = 0;
            }
        }
    }

    /// A row that is a refund has no gross: its refund, else its amount of either sign, went back.
    fn settle_refund_row(&self, row: usize, amount: &mut Cells, refund: &mut Option<Cells>) {
        let height = amount.values.len();
        let refund = refund.get_or_insert_with(|| Cells::all_missing(height));
        if refund.states[row] == State::Invalid {
            return;
        }
        if refund.values[row] == 0 {
            if amount.states[row] != State::Good {
                return;
            }
            refund.values[row] = amount.values[row].checked_abs().unwrap_or(i64::MAX);
            refund.states[row] = State::Good;
        }
        amount.values[row] = 0;
        amount.states[row] = State::Good;
    }

    /// Rows that nothing was paid for.
    pub(super) fn mark_unpaid(&self, look: &Look, verdicts: &mut [Verdict]) {
        if self.has_paid_at {
            return;
        }
        for (verdict, class) in verdicts.iter_mut().zip(&look.classes) {
            if matches!(class, Class::Unpaid | Class::Cancelled) {
                *verdict = Verdict::NotPaidByStatus;
            }
        }
    }

    /// Rows that are no sales. `amounts` are those of the orders where `once`: a line that is a gift takes no order's
    /// total with it.
    pub(super) fn mark_no_sales(
        &self,
        look: &Look,
        frame: &DataFrame,
        standings: Option<&[Standing]>,
        amount: &Cells,
        verdicts: &mut [Verdict],
    ) -> Result<()> {
        if let Some(standings) = standings {
            for (verdict, standing) in verdicts.iter_mut().zip(standings) {
                if *standing == Standing::Superseded {
                    *verdict = Verdict::Superseded;
                }
            }
        }
        for (reason, place) in &self.drops {
            let of_line = matches!(reason, Verdict::Gift | Verdict::Trial | Verdict::PriceDifference);
            let flags = frame.columns()[*place]
                .bool()
                .map_err(|error| super::raw::internal("applying a preset's rules", &error))?;
            for (row, flag) in flags.iter().enumerate() {
                let holds_total = self.once && of_line && amount.values[row] != 0;
                if flag == Some(true) && !holds_total {
                    verdicts[row] = *reason;
                }
            }
        }
        if !self.keeps_ignored {
            for (verdict, class) in verdicts.iter_mut().zip(&look.classes) {
                if *class == Class::Ignored && *verdict != Verdict::Total {
                    *verdict = Verdict::Ignored;
                }
            }
        }
        Ok(())
    }
}

/// Whether the first words of a row say that it is a sum of others.
pub(super) fn is_total(cell: &str) -> bool {
    const WORDS: [&str; 5] = ["合计", "总计", "小计", "total", "grandtotal"];
    let text = plain(cell);
    WORDS.contains(&text.trim_end_matches(':'))
}

#[cfg(test)]
#[path = "meaning_tests.rs"]
mod tests;
