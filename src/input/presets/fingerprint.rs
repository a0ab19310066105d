//! Whether a header is a preset's, how surely, and what of it is missing.

use std::collections::BTreeMap;

use super::names::{ColumnName, HeaderKeys};
use super::{Alternative, Kind, Preset};
use crate::input::formula::Formula;

/// The share of a score that tells twins apart which have the same distinctive columns: how alike the headers are as a whole.
const WEIGHT_OF_HEADER: f64 = 0.1;

/// Where a preset has no distinctive columns at all, its required ones are worth this much.
const WITHOUT_DISTINCTIVE: f64 = 0.5;

/// Distinctive columns that are enough by themselves. With fewer, at least half of the file's own columns must be known to
/// the preset: sellers choose the columns of an export, and Tmall's have been seen with one distinctive column of eight.
const ENOUGH: usize = 2;

/// A preset's fingerprint, ready to be compared.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    required: Vec<ColumnName>,
    any_of: Vec<Vec<ColumnName>>,
    distinctive: Vec<ColumnName>,
    forbidden: Vec<ColumnName>,
    header: Vec<ColumnName>,
}

/// How a header fits a preset.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fit {
    /// 0 to 1; `None`: it is not this preset's.
    pub score: Option<f64>,
    /// Of the distinctive columns, those that are there.
    pub distinctive: usize,
    /// The columns that the fingerprint requires and the header lacks. Of a group of which one would do: `a or b`.
    pub missing: Vec<String>,
    /// Columns that are there and belong to another export.
    pub forbidden: Vec<String>,
}

/// A canonical column that a preset has and a file does not give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    pub canonical: String,
    /// The columns of the export of which it could be read, as the preset writes them: of each alternative those that the
    /// file lacks. Empty: the export never says it.
    pub columns: Vec<String>,
}

fn names(written: &[String]) -> Vec<ColumnName> {
    written.iter().map(|name| ColumnName::new(name)).collect()
}

impl Prepared {
    pub(super) fn new(preset: &Preset) -> Self {
        let print = &preset.fingerprint;
        Self {
            required: names(&print.required),
            any_of: print.any_of.iter().map(|group| names(group)).collect(),
            distinctive: names(&print.distinctive),
            forbidden: names(&print.forbidden),
            header: preset
                .header
                .iter()
                .filter(|name| !name.trim().is_empty())
                .map(|name| ColumnName::new(name))
                .collect(),
        }
    }

    /// The score of a header that fits.
    pub(super) fn score(&self, header: &HeaderKeys) -> Option<f64> {
        let fits = self.required.iter().all(|name| header.has(name))
            && self.any_of.iter().all(|group| group.iter().any(|name| header.has(name)))
            && !self.forbidden.iter().any(|name| header.has(name));
        if !fits {
            return None;
        }
        let distinctive = self.distinctive.iter().filter(|name| header.has(name)).count();
        if distinctive < self.distinctive.len().min(1) {
            return None;
        }
        let known = self.header.iter().filter(|name| header.has(name)).count();
        if distinctive < ENOUGH && distinctive < self.distinctive.len() && known * 2 < header.len() {
            return None;
        }
        let share = if self.distinctive.is_empty() {
            WITHOUT_DISTINCTIVE
        } else {
            distinctive as f64 / self.distinctive.len() as f64
        };
        // Twice what both have, by what each has: 1 for equal headers.
        let alike = 2.0 * known as f64 / (self.header.len() + header.len()).max(1) as f64;
        Some((1.0 - WEIGHT_OF_HEADER) * share + WEIGHT_OF_HEADER * alike.min(1.0))
    }

    fn fit(&self, header: &HeaderKeys) -> Fit {
        let lacking = self.required.iter().filter(|name| !header.has(name)).map(|name| name.written.clone());
        let groups = self.any_of.iter().filter(|group| !group.iter().any(|name| header.has(name)));
        let one_of = |group: &Vec<ColumnName>| {
            group.iter().map(|name| name.written.as_str()).collect::<Vec<_>>().join(" or ")
        };
        Fit {
            score: self.score(header),
            distinctive: self.distinctive.iter().filter(|name| header.has(name)).count(),
            missing: lacking.chain(groups.map(one_of)).collect(),
            forbidden: self
                .forbidden
                .iter()
                .filter(|name| header.has(name))
                .map(|name| name.written.clone())
                .collect(),
        }
    }
}

impl Preset {
    /// How a header (names as written in the file) fits.
    pub fn fit<S: AsRef<str>>(&self, header: &[S]) -> Fit {
        Prepared::new(self).fit(&HeaderKeys::new(header))
    }

    /// canonical column -> what it is read from in a file with this header: the first alternative whose columns are all
    /// there. Formulas that cannot be read are passed over: presets are validated when they are loaded.
    pub fn sources<S: AsRef<str>>(&self, header: &[S]) -> BTreeMap<&str, &Alternative> {
        let header = HeaderKeys::new(header);
        let found =
            |alternative: &&Alternative| lacks(alternative, &header).is_some_and(|none| none.is_empty());
        self.columns
            .iter()
            .filter_map(|(canonical, source)| Some((canonical.as_str(), source.0.iter().find(found)?)))
            .collect()
    }

    /// The canonical columns that reports on this kind of data need and that a file with this header does not give.
    pub fn lacking<S: AsRef<str>>(&self, header: &[S]) -> Vec<Lacking> {
        let keys = HeaderKeys::new(header);
        let there = self.sources(header);
        let has = |canonical: &str| there.contains_key(canonical);
        let mut lacking = Vec::new();
        for canonical in needed(self.kind) {
            let is_product = *canonical == "amount" && has("quantity") && has("unit_price");
            if has(canonical) || is_product {
                continue;
            }
            let mut columns: Vec<String> = Vec::new();
            for alternative in self.columns.get(*canonical).iter().flat_map(|source| &source.0) {
                for name in lacks(alternative, &keys).unwrap_or_default() {
                    if !columns.contains(&name) {
                        columns.push(name);
                    }
                }
            }
            lacking.push(Lacking { canonical: (*canonical).to_owned(), columns });
        }
        lacking
    }
}

/// What reports cannot do without.
pub(super) fn needed(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Orders | Kind::Lines | Kind::Payments => &["customer_id", "ordered_at", "amount", "order_id"],
        Kind::Refunds => &["order_id", "refund_amount"],
        Kind::Events => &["customer_id", "event", "at"],
        Kind::Spend => &["campaign", "amount"],
        Kind::Members => &["customer_id"],
    }
}

/// The columns of an alternative that are not in the header; `None` for a formula that cannot be read.
fn lacks(alternative: &Alternative, header: &HeaderKeys) -> Option<Vec<String>> {
    let columns = match alternative {
        Alternative::Column(name) => vec![name.clone()],
        Alternative::Constant { .. } => Vec::new(),
        Alternative::Formula { formula } => Formula::parse(formula, "").ok()?.columns().to_vec(),
    };
    Some(columns.into_iter().filter(|name| !header.has(&ColumnName::new(name))).collect())
}
