//! Which column of a file is which canonical column: as the user says, by the canonical name, by a table of synonyms.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

mod by_preset;
mod keys;

pub(super) use by_preset::{column_named, matches};
pub(super) use keys::half_width;
pub use keys::{key, normalise};

use super::{Frame, RawFile};
use crate::error::{Error, Result, nearest, quote_for_shell};
use crate::text::Lang;

mod vocabulary;

pub use vocabulary::required;
use vocabulary::{EVENTS, MEMBERS, SPEND};

/// What the columns of one file are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    /// In the order of the vocabulary.
    pub columns: Vec<Mapped>,
    /// Original columns that nothing is mapped to, in the order of the file.
    pub unused: Vec<String>,
    /// Optional columns that several columns could be: left alone until somebody asks for one.
    pub ambiguous: Vec<(&'static str, Vec<String>)>,
    /// A refund column that was left alone because the amount is already net of refunds.
    pub refund_in_amount: Option<String>,
}

/// One canonical column and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    pub canonical: &'static str,
    pub source: String,
    pub found: Found,
}

/// How a column was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// `--col` or `[columns]`.
    Given,
    /// By the preset that the file was recognised as.
    Preset,
    /// It has the canonical name.
    Name,
    /// By the table of synonyms.
    Synonym,
}

impl Found {
    /// A stable key: `given`, `preset`, `name`, `synonym`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Preset => "preset",
            Self::Name => "name",
            Self::Synonym => "synonym",
        }
    }
}

/// How the values of a canonical column are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    Text,
    DateTime,
    Number,
}

/// A column of the vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Canonical {
    pub name: &'static str,
    pub kind: ValueKind,
    /// Read by every command, so that an ambiguity cannot wait until somebody asks for it.
    always_read: bool,
}

const fn canonical(name: &'static str, kind: ValueKind, always_read: bool) -> Canonical {
    Canonical { name, kind, always_read }
}

const ORDERS: &[Canonical] = &[
    canonical("customer_id", ValueKind::Text, true),
    canonical("ordered_at", ValueKind::DateTime, true),
    canonical("amount", ValueKind::Number, true),
    canonical("order_id", ValueKind::Text, true),
    canonical("paid_at", ValueKind::DateTime, true),
    canonical("refund_amount", ValueKind::Number, true),
    canonical("status", ValueKind::Text, false),
    canonical("product_id", ValueKind::Text, false),
    canonical("product_name", ValueKind::Text, false),
    canonical("category", ValueKind::Text, false),
    canonical("quantity", ValueKind::Number, false),
    canonical("unit_price", ValueKind::Number, false),
    canonical("unit_cost", ValueKind::Number, false),
    canonical("discount", ValueKind::Number, false),
    canonical("coupon", ValueKind::Text, false),
    canonical("channel", ValueKind::Text, false),
    canonical("store", ValueKind::Text, false),
    canonical("campaign", ValueKind::Text, false),
    canonical("tier", ValueKind::Text, false),
];

/// The canonical columns of a frame, in the order of the vocabulary.
pub fn vocabulary(frame: Frame) -> &'static [Canonical] {
    match frame {
        Frame::Orders => ORDERS,
        Frame::Events => EVENTS,
        Frame::Spend => SPEND,
        Frame::Members => MEMBERS,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SynonymFile {
    orders: Tiers,
    events: Tiers,
    spend: Tiers,
    members: Tiers,
    net_of_refunds: HashMap<String, Vec<String>>,
}

/// canonical -> tiers of names, the best first.
type Tiers = HashMap<String, Vec<Vec<String>>>;

impl SynonymFile {
    fn read() -> Self {
        toml::from_str(include_str!("synonyms.toml")).expect("synonyms.toml is part of the build and tested")
    }

    fn of(&self, frame: Frame) -> &Tiers {
        match frame {
            Frame::Orders => &self.orders,
            Frame::Events => &self.events,
            Frame::Spend => &self.spend,
            Frame::Members => &self.members,
        }
    }
}

struct Synonyms {
    /// canonical -> normalised name -> tier, 0 the best.
    tiers: HashMap<&'static str, HashMap<String, usize>>,
    net_of_refunds: Vec<String>,
}

impl Synonyms {
    fn of(frame: Frame) -> Self {
        let file = SynonymFile::read();
        let tiers = vocabulary(frame)
            .iter()
            .map(|column| {
                let names = file.of(frame).get(column.name).into_iter().flatten().enumerate();
                let names =
                    names.flat_map(|(tier, names)| names.iter().map(move |name| (name.clone(), tier)));
                (column.name, names.collect())
            })
            .collect();
        let net_of_refunds = file.net_of_refunds.get(frame.key()).cloned().unwrap_or_default();
        Self { tiers, net_of_refunds }
    }
}

static ORDER_SYNONYMS: LazyLock<Synonyms> = LazyLock::new(|| Synonyms::of(Frame::Orders));
static EVENT_SYNONYMS: LazyLock<Synonyms> = LazyLock::new(|| Synonyms::of(Frame::Events));
static SPEND_SYNONYMS: LazyLock<Synonyms> = LazyLock::new(|| Synonyms::of(Frame::Spend));
static MEMBER_SYNONYMS: LazyLock<Synonyms> = LazyLock::new(|| Synonyms::of(Frame::Members));

fn synonyms(frame: Frame) -> &'static Synonyms {
    match frame {
        Frame::Orders => &ORDER_SYNONYMS,
        Frame::Events => &EVENT_SYNONYMS,
        Frame::Spend => &SPEND_SYNONYMS,
        Frame::Members => &MEMBER_SYNONYMS,
    }
}

/// Name as `normalise` writes it -> the canonical columns of all frames that it may be.
static KNOWN_NAMES: LazyLock<HashMap<String, Vec<&'static str>>> = LazyLock::new(|| {
    let mut known: HashMap<String, Vec<&'static str>> = HashMap::new();
    for frame in [Frame::Orders, Frame::Events, Frame::Spend, Frame::Members] {
        for column in vocabulary(frame) {
            let synonyms = synonyms(frame).tiers.get(column.name).into_iter().flat_map(HashMap::keys);
            for name in synonyms.cloned().chain([normalise(column.name)]) {
                let canonical = known.entry(name).or_default();
                if !canonical.contains(&column.name) {
                    canonical.push(column.name);
                }
            }
        }
    }
    known
});

/// How many distinct canonical columns, of all frames, the names of a row give: each name one at most. A column that the
/// user named by `--col` or `[columns]` is one too.
pub(super) fn canonical_count(names: &[String], given: &[(String, String)]) -> usize {
    const LONGEST_NAME: usize = 200;
    let mut found: Vec<&str> = Vec::new();
    for name in names.iter().filter(|name| name.len() <= LONGEST_NAME) {
        let plain = normalise(name);
        if plain.is_empty() {
            continue;
        }
        let by_hand = given.iter().filter(|(_, column)| column.trim() == name.trim());
        let mut canonical = by_hand
            .map(|(canonical, _)| canonical.as_str())
            .chain(KNOWN_NAMES.get(&plain).into_iter().flatten().copied());
        found.extend(canonical.find(|canonical| !found.contains(canonical)));
    }
    found.len()
}

impl Mapping {
    /// Decides what every column of `header` is. `given` are the pairs of `--col` and `[columns]`: of several columns for one
    /// canonical column the first that is there counts (files of different shops), an empty one means "none of them".
    pub fn find(frame: Frame, file: &RawFile, given: &[(String, String)]) -> Result<Mapping> {
        let mapping = Self::of_what_is_there(frame, file, given)?;
        match &file.preset {
            Some(preset) => mapping.require_of_preset(frame, file, preset, given)?,
            None => mapping.require(frame, &file.label, &file.header)?,
        }
        Ok(mapping)
    }

    /// For showing a file that cannot be read yet: nothing is required, what several columns could be stays open, and
    /// columns of the user's that are not there are passed over.
    pub fn as_far_as_it_goes(frame: Frame, file: &RawFile, given: &[(String, String)]) -> Mapping {
        let mut given = given.to_vec();
        let mut open: Vec<(&'static str, Vec<String>)> = Vec::new();
        loop {
            match Self::of_what_is_there(frame, file, &given) {
                Ok(mut mapping) => {
                    mapping.ambiguous.extend(open);
                    return mapping;
                }
                Err(Error::AmbiguousColumn { canonical, candidates, .. })
                    if !given.iter().any(|(name, column)| *name == canonical && column.is_empty()) =>
                {
                    given.retain(|(name, _)| *name != canonical);
                    let known = vocabulary(frame).iter().find(|column| column.name == canonical);
                    open.extend(known.map(|column| (column.name, candidates)));
                    given.push((canonical, String::new()));
                }
                Err(_) if given.iter().any(|(_, column)| !column.is_empty()) => {
                    given.retain(|(_, column)| column.is_empty());
                }
                Err(_) => {
                    return Mapping { unused: file.header.clone(), ambiguous: open, ..Mapping::default() };
                }
            }
        }
    }

    fn of_what_is_there(frame: Frame, file: &RawFile, given: &[(String, String)]) -> Result<Mapping> {
        let header = &file.header;
        let mut found = Finder {
            frame,
            file,
            header,
            taken: vec![false; header.len()],
            slots: HashMap::new(),
            derived: Vec::new(),
        };
        found.by_hand(given)?;
        let mut mapping = Mapping::default();
        match &file.preset {
            Some(preset) => found.by_preset(preset)?,
            None => {
                found.by_name(&mut mapping)?;
                found.fall_back_for_required();
            }
        }
        let derived = |name: &str| found.derived.iter().find(|(canonical, _)| *canonical == name);
        mapping.columns = vocabulary(frame)
            .iter()
            .filter_map(|column| match (found.slots.get(column.name), derived(column.name)) {
                (Some(Some((at, how))), _) => {
                    Some(Mapped { canonical: column.name, source: header[*at].clone(), found: *how })
                }
                (None, Some((_, source))) => {
                    Some(Mapped { canonical: column.name, source: source.clone(), found: Found::Preset })
                }
                _ => None,
            })
            .collect();
        match &file.preset {
            Some(preset) => mapping.leave_net_columns_alone(preset),
            None => mapping.leave_net_amounts_alone(frame),
        }
        mapping.unused = header
            .iter()
            .filter(|name| !mapping.columns.iter().any(|m| &m.source == *name))
            .cloned()
            .collect();
        Ok(mapping)
    }

    /// The original column that `canonical` is read from.
    pub fn source(&self, canonical: &str) -> Option<&str> {
        self.columns.iter().find(|m| m.canonical == canonical).map(|m| m.source.as_str())
    }

    /// The canonical column that an original column is read as.
    pub fn canonical_of(&self, source: &str) -> Option<&'static str> {
        self.columns.iter().find(|m| m.source == source).map(|m| m.canonical)
    }

    /// The mapping as a `[columns]` block for siyu.toml.
    pub fn as_config(&self) -> String {
        let mut out = String::from("[columns]\n");
        for mapped in &self.columns {
            out.push_str(&format!("{} = {}\n", mapped.canonical, toml::Value::String(mapped.source.clone())));
        }
        out
    }

    /// For commands about customers: an error where a file does not say who they are, with the preset's way out of it.
    pub(super) fn require_customers(&self, frame: Frame, file: &RawFile, lang: Lang) -> Result<()> {
        if self.source("customer_id").is_some() {
            return Ok(());
        }
        let way_out = file.preset.as_ref().and_then(|preset| preset.way_out.as_ref());
        let (Some(way_out), Some(preset)) = (way_out, &file.preset) else {
            let canonical = "customer_id";
            return Err(missing(frame, &file.label, &file.header, &self.unused, canonical, canonical));
        };
        Err(Error::MissingColumn {
            path: file.label.clone(),
            canonical: format!("customer_id (read as: {})", preset.name.en),
            // What there is does not help: the way out says what to do.
            columns: Vec::new(),
            hint: match lang {
                Lang::En => way_out.en.clone(),
                Lang::Zh => way_out.zh.clone(),
            },
        })
    }

    fn leave_net_amounts_alone(&mut self, frame: Frame) {
        let amount_is_net = self.columns.iter().any(|m| {
            m.canonical == "amount" && synonyms(frame).net_of_refunds.contains(&normalise(&m.source))
        });
        let refund =
            self.columns.iter().position(|m| m.canonical == "refund_amount" && m.found != Found::Given);
        if let (true, Some(refund)) = (amount_is_net, refund) {
            self.refund_in_amount = Some(self.columns.remove(refund).source);
        }
    }

    fn require(&self, frame: Frame, label: &str, header: &[String]) -> Result<()> {
        match frame {
            Frame::Orders => {
                if self.source("ordered_at").is_none() {
                    return Err(missing(frame, label, header, &self.unused, "ordered_at", "ordered_at"));
                }
                if self.source("amount").is_none() {
                    for required in ["quantity", "unit_price"] {
                        if let Some((canonical, candidates)) =
                            self.ambiguous.iter().find(|(c, _)| *c == required)
                        {
                            return Err(ambiguous(label, canonical, candidates));
                        }
                    }
                    if self.source("quantity").is_none() || self.source("unit_price").is_none() {
                        let what = "amount (nor quantity and unit_price)";
                        return Err(missing(frame, label, header, &self.unused, "amount", what));
                    }
                }
                Ok(())
            }
            Frame::Events | Frame::Spend | Frame::Members => {
                match required(frame).iter().find(|required| self.source(required).is_none()) {
                    None => Ok(()),
                    Some(missed) => Err(missing(frame, label, header, &self.unused, missed, missed)),
                }
            }
        }
    }
}

/// An error for a column that several columns could be.
pub fn ambiguous(label: &str, canonical: &str, candidates: &[String]) -> Error {
    Error::AmbiguousColumn {
        path: label.into(),
        canonical: canonical.into(),
        candidates: candidates.to_vec(),
    }
}

fn missing(
    frame: Frame,
    label: &str,
    header: &[String],
    unused: &[String],
    canonical: &str,
    what: &str,
) -> Error {
    let likely = most_alike(frame, unused, canonical);
    let hint = match likely.as_slice() {
        [] => match header {
            [only] if only.contains([',', ';', '\t', '|']) => {
                "there is one column: is it --delimiter that is wrong?".to_owned()
            }
            _ => format!("--col {canonical}=COLUMN   names the column"),
        },
        names => {
            let flags: Vec<String> =
                names.iter().map(|name| format!("--col {canonical}={}", quote_for_shell(name))).collect();
            format!("{}   if that is the column", flags.join("  or  "))
        }
    };
    Error::MissingColumn { path: label.into(), canonical: what.into(), columns: header.to_vec(), hint }
}

/// Up to two of the columns whose names come close to a synonym.
fn most_alike(frame: Frame, header: &[String], canonical: &str) -> Vec<String> {
    let Some(names) = synonyms(frame).tiers.get(canonical) else { return Vec::new() };
    let mut scored: Vec<(f64, &String)> = header
        .iter()
        .map(|column| {
            let plain = normalise(column);
            let score = names.keys().map(|name| strsim::jaro_winkler(&plain, name)).fold(0.0, f64::max);
            (score, column)
        })
        .filter(|(score, _)| *score > 0.88)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.into_iter().take(2).map(|(_, column)| column.clone()).collect()
}

/// The work of `Mapping::find`: which canonical columns are settled, which columns of the file are taken.
struct Finder<'a> {
    frame: Frame,
    file: &'a RawFile,
    header: &'a [String],
    taken: Vec<bool>,
    /// `Some(None)`: settled that there is none.
    slots: HashMap<&'static str, Option<(usize, Found)>>,
    /// Canonical columns that the preset computes, and the names of the derived columns.
    derived: Vec<(&'static str, String)>,
}

impl Finder<'_> {
    fn by_hand(&mut self, given: &[(String, String)]) -> Result<()> {
        let known = vocabulary(self.frame);
        for (name, column) in given {
            let Some(canonical) = known.iter().find(|c| c.name == name).map(|c| c.name) else {
                return Err(Error::UnknownName {
                    what: "canonical column",
                    name: name.clone(),
                    nearest: nearest(name, known.iter().map(|c| c.name)),
                    known: known.iter().map(|c| c.name.to_owned()).collect(),
                });
            };
            if matches!(self.slots.get(canonical), Some(Some(_))) {
                continue;
            }
            if column.is_empty() {
                self.slots.insert(canonical, None);
                continue;
            }
            match find_column(self.header, column) {
                Some(at) => {
                    self.taken[at] = true;
                    self.slots.insert(canonical, Some((at, Found::Given)));
                }
                None if given.iter().any(|(n, c)| n == name && find_column(self.header, c).is_some()) => {}
                None => {
                    return Err(Error::UnknownName {
                        what: "column",
                        name: column.clone(),
                        nearest: nearest(column, self.header.iter().map(String::as_str)),
                        known: self.header.to_vec(),
                    });
                }
            }
        }
        Ok(())
    }

    /// Rank by rank over all canonical columns: the exact name, the normalised name, then the tiers of synonyms.
    fn by_name(&mut self, mapping: &mut Mapping) -> Result<()> {
        // A repeated name was given a number when the file was opened: it is as much a candidate as the first.
        let written = |name: &String| {
            self.file.repeated.iter().find(|(here, _)| here == name).map(|(_, written)| written)
        };
        let header: Vec<&String> = self.header.iter().map(|name| written(name).unwrap_or(name)).collect();
        let plain: Vec<String> = header.iter().map(|name| normalise(name)).collect();
        let tiers = &synonyms(self.frame).tiers;
        let deepest = tiers.values().flat_map(HashMap::values).max().map_or(0, |t| t + 1);
        for rank in 0..deepest + 2 {
            for column in vocabulary(self.frame) {
                if self.slots.contains_key(column.name) {
                    continue;
                }
                let fits = |at: usize| match rank {
                    0 => header[at].as_str() == column.name,
                    1 => plain[at] == normalise(column.name),
                    _ => tiers[column.name].get(&plain[at]) == Some(&(rank - 2)),
                };
                let candidates: Vec<usize> =
                    (0..self.header.len()).filter(|at| !self.taken[*at] && fits(*at)).collect();
                match candidates.as_slice() {
                    [] => {}
                    [at] => {
                        let how = if rank < 2 { Found::Name } else { Found::Synonym };
                        self.taken[*at] = true;
                        self.slots.insert(column.name, Some((*at, how)));
                    }
                    several => {
                        let names: Vec<String> = several.iter().map(|at| self.header[*at].clone()).collect();
                        if column.always_read {
                            return Err(ambiguous(&self.file.label, column.name, &names));
                        }
                        self.slots.insert(column.name, None);
                        mapping.ambiguous.push((column.name, names));
                    }
                }
            }
        }
        Ok(())
    }

    /// A required column that was left empty may take what an optional one has: a file with a time of payment alone.
    fn fall_back_for_required(&mut self) {
        let tiers = &synonyms(self.frame).tiers;
        let pairs: &[(&str, &str)] = match self.frame {
            Frame::Orders => &[("ordered_at", "paid_at")],
            // A list of members that are known by their phones.
            Frame::Members => &[("customer_id", "phone"), ("customer_id", "name")],
            Frame::Events | Frame::Spend => &[],
        };
        for &(required, optional) in pairs {
            if self.slots.contains_key(required) {
                continue;
            }
            if let Some(Some((at, Found::Synonym | Found::Name))) = self.slots.get(optional).copied()
                && (tiers[required].contains_key(&normalise(&self.header[at])))
            {
                self.slots.remove(optional);
                self.slots.insert(required, Some((at, Found::Synonym)));
            }
        }
    }
}

/// A column by its name as written, else by its name without the blanks around it.
pub fn find_column(header: &[String], name: &str) -> Option<usize> {
    header.iter().position(|h| h == name).or_else(|| {
        let mut same = (0..header.len()).filter(|at| header[*at].trim() == name.trim());
        match (same.next(), same.next()) {
            (Some(at), None) => Some(at),
            _ => None,
        }
    })
}

#[cfg(test)]
#[path = "columns_tests.rs"]
mod tests;
