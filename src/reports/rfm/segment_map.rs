//! Segment maps: which segment a customer's scores lead to. Ours and the user's are TOML of one form:
//!
//! ```toml
//! name = "mine"
//! over = "scores"        # "scores" (r, f, m from 1 to bins; the default), "high-low" (0 or 1) or "score" (the total)
//! bins = 5               # only with "scores": how many scores the map is made for; left out: whatever --bins says
//! cuts = [6, 9, 12]      # only with "score": where the second, third, ... segment begins
//!
//! [[segment]]
//! key = "vip"
//! r = "4-5"              # "4", "4-5", "1,4-5" or "*", which is also what is meant when a line is left out
//! f = "4-5"
//! label = { en = "VIP", zh = "贵宾" }
//! action = { en = "Call them.", zh = "电话回访。" }
//!
//! [[segment]]
//! key = "others"         # several boxes make one segment
//! cells = [{ r = "1-3" }, { r = "4-5", f = "1-3" }]
//! ```

use std::fmt;

use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::error::{Error, Result};
use crate::output::report::Label;

#[derive(Debug, Clone)]
pub(super) struct SegmentMap {
    pub name: String,
    /// The file as the user named it, or the name of a map of ours.
    path: String,
    /// Scores per dimension for which the map is made; `None`: any.
    pub bins: Option<u8>,
    /// In the order in which tables list them.
    pub segments: Vec<Segment>,
    pub rule: Rule,
    pub labels: Vec<Label>,
    /// The segment of each cell, once checked.
    cells: Vec<u16>,
    bins_checked: usize,
}

#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub key: String,
    /// A key of `[actions]`, or a text of the user's.
    pub action: Option<String>,
}

/// What a map looks at. Boxes are one list per segment.
#[derive(Debug, Clone)]
pub(super) enum Rule {
    Scores { boxes: Vec<Vec<CellBox>> },
    HighLow { boxes: Vec<Vec<CellBox>> },
    Score { cuts: Option<Vec<f64>> },
}

/// Names that the migration table needs for itself.
const RESERVED: [&str; 2] = [super::migration::GONE, super::migration::WAS_NEW];
/// How many cells an error lists.
const CELLS_SHOWN: usize = 20;

impl SegmentMap {
    pub const BUILT_IN: [(&'static str, &'static str); 3] = [
        ("rf10", include_str!("maps/rf10.toml")),
        ("eight", include_str!("maps/eight.toml")),
        ("tiers", include_str!("maps/tiers.toml")),
    ];

    /// A map of ours.
    pub fn built_in(name: &str) -> Option<Result<Self>> {
        Self::BUILT_IN.iter().find(|m| m.0 == name).map(|(name, text)| Self::parse(text, name))
    }

    /// `path` names the text in messages.
    pub fn parse(text: &str, path: &str) -> Result<Self> {
        let file: MapFile = toml::from_str(text).map_err(|error| Error::from_toml(text, path, &error))?;
        let wrong = |why: String| Error::Config { at: path.into(), why, hint: None };
        if file.over != Over::Scores && file.bins.is_some() {
            return Err(wrong("`bins` belongs to maps with over = \"scores\"".into()));
        }
        if file.over != Over::Score && file.cuts.is_some() {
            return Err(wrong("`cuts` belongs to maps with over = \"score\"".into()));
        }
        if file.bins.is_some_and(|bins| !(3..=10).contains(&bins)) {
            return Err(wrong("`bins` must be from 3 to 10".into()));
        }
        if file.segments.len() < 2 {
            return Err(wrong("a map needs two segments or more".into()));
        }
        let (mut segments, mut labels, mut boxes) = (Vec::<Segment>::new(), Vec::new(), Vec::new());
        for segment in file.segments {
            let key = segment.key.trim().to_owned();
            if key.is_empty() || RESERVED.contains(&key.as_str()) {
                return Err(wrong(format!("{key:?} cannot be the key of a segment")));
            }
            if segments.iter().any(|s| s.key == key) {
                return Err(wrong(format!("segment {key:?} is there twice; `cells` takes several boxes")));
            }
            let own = CellBox { r: segment.r, f: segment.f, m: segment.m };
            let cells = match segment.cells {
                Some(_) if !own.is_everything() => {
                    return Err(wrong(format!("segment {key}: give r, f, m or `cells`, not both")));
                }
                Some(cells) => cells,
                None => vec![own],
            };
            if file.over == Over::Score && !cells.iter().all(CellBox::is_everything) {
                return Err(wrong(format!(
                    "segment {key}: with over = \"score\" there is no r, f, m or `cells`"
                )));
            }
            boxes.push(cells);
            let mut say = |section, key: &str, wording: Wording| {
                labels.push(Label { section, key: key.to_owned(), en: wording.en, zh: wording.zh });
            };
            if let Some(label) = segment.label {
                say("segments", &key, label);
            }
            let action = match segment.action {
                None => None,
                Some(text) if text.en == text.zh => Some(text.en),
                Some(texts) => {
                    say("actions", &key, texts);
                    Some(key.clone())
                }
            };
            segments.push(Segment { key, action });
        }
        let rule = match file.over {
            Over::Scores => Rule::Scores { boxes },
            Over::HighLow => Rule::HighLow { boxes },
            Over::Score => Rule::Score { cuts: file.cuts },
        };
        Ok(Self {
            name: file.name.unwrap_or_else(|| path.to_owned()),
            path: path.into(),
            bins: file.bins,
            segments,
            rule,
            labels,
            cells: Vec::new(),
            bins_checked: 0,
        })
    }

    /// Holds the map against every cell there is with so many scores: each must belong to exactly one segment.
    pub fn checked(mut self, bins: u8) -> Result<Self> {
        let (boxes, low, high) = match &self.rule {
            Rule::Scores { boxes } => (boxes, 1, bins),
            Rule::HighLow { boxes } => (boxes, 0, 1),
            Rule::Score { .. } => return Ok(self),
        };
        for (segment, cell) in
            self.segments.iter().zip(boxes).flat_map(|(s, b)| b.iter().map(move |c| (s, c)))
        {
            let outside = [("r", &cell.r), ("f", &cell.f), ("m", &cell.m)]
                .into_iter()
                .find(|(_, range)| range.goes_beyond(low, high));
            if let Some((dimension, _)) = outside {
                return Err(Error::Config {
                    at: self.path,
                    why: format!("segment {}: {dimension} goes beyond {low} to {high}", segment.key),
                    hint: None,
                });
            }
        }
        let uses_m = boxes.iter().flatten().any(|cell| !matches!(cell.m, Ranges::All));
        let (mut gaps, mut overlaps) = (Vec::new(), Vec::new());
        let mut cells = Vec::new();
        for (r, f, m) in all_cells(low, high) {
            let mut found = boxes
                .iter()
                .enumerate()
                .filter(|(_, boxes)| boxes.iter().any(|cell| cell.contains(r, f, m)))
                .map(|(at, _)| at);
            let first = found.next();
            let others: Vec<usize> = found.collect();
            cells.push(first.unwrap_or(0) as u16);
            if !uses_m && m > low {
                continue;
            }
            let cell = if uses_m { format!("r{r} f{f} m{m}") } else { format!("r{r} f{f}") };
            match first {
                None => gaps.push(cell),
                Some(_) if others.is_empty() => {}
                Some(first) => {
                    let keys: Vec<&str> =
                        [first].iter().chain(&others).map(|at| self.segments[*at].key.as_str()).collect();
                    overlaps.push(format!("{cell} ({})", keys.join(", ")));
                }
            }
        }
        if !gaps.is_empty() || !overlaps.is_empty() {
            let (gaps, overlaps) = (shortened(gaps), shortened(overlaps));
            return Err(Error::BadSegmentMap { path: self.path, gaps, overlaps });
        }
        self.cells = cells;
        self.bins_checked = usize::from(high - low) + 1;
        Ok(self)
    }

    /// The segment of a cell, of a checked map over scores (from 1) or high and low (0 or 1).
    pub fn segment(&self, r: u8, f: u8, m: u8) -> u16 {
        let low = u8::from(matches!(self.rule, Rule::Scores { .. }));
        let at = |v: u8| usize::from(v - low);
        self.cells[(at(r) * self.bins_checked + at(f)) * self.bins_checked + at(m)]
    }
}

/// Every cell, m fastest, then f.
pub(super) fn all_cells(low: u8, high: u8) -> impl Iterator<Item = (u8, u8, u8)> {
    (low..=high).flat_map(move |r| (low..=high).flat_map(move |f| (low..=high).map(move |m| (r, f, m))))
}

fn shortened(mut cells: Vec<String>) -> Vec<String> {
    if cells.len() > CELLS_SHOWN {
        let more = cells.len() - CELLS_SHOWN;
        cells.truncate(CELLS_SHOWN);
        cells.push(format!("and {more} more"));
    }
    cells
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MapFile {
    name: Option<String>,
    #[serde(default)]
    over: Over,
    bins: Option<u8>,
    cuts: Option<Vec<f64>>,
    #[serde(rename = "segment")]
    segments: Vec<SegmentFile>,
}

#[derive(Deserialize, Default, PartialEq, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum Over {
    #[default]
    Scores,
    HighLow,
    Score,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SegmentFile {
    key: String,
    #[serde(default)]
    r: Ranges,
    #[serde(default)]
    f: Ranges,
    #[serde(default)]
    m: Ranges,
    cells: Option<Vec<CellBox>>,
    label: Option<Wording>,
    action: Option<Wording>,
}

/// A box of cells.
#[derive(Deserialize, Debug, Clone, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CellBox {
    r: Ranges,
    f: Ranges,
    m: Ranges,
}

impl CellBox {
    fn contains(&self, r: u8, f: u8, m: u8) -> bool {
        [(&self.r, r), (&self.f, f), (&self.m, m)].iter().all(|(ranges, value)| match ranges {
            Ranges::All => true,
            Ranges::Some(ranges) => ranges.iter().any(|(low, high)| (low..=high).contains(&value)),
        })
    }

    fn is_everything(&self) -> bool {
        [&self.r, &self.f, &self.m].iter().all(|ranges| matches!(ranges, Ranges::All))
    }
}

/// Scores of one dimension: "4-5", "3", "1,4-5" (inclusive), or "*".
#[derive(Debug, Clone, Default)]
enum Ranges {
    #[default]
    All,
    Some(Vec<(u8, u8)>),
}

impl Ranges {
    fn goes_beyond(&self, low: u8, high: u8) -> bool {
        match self {
            Self::All => false,
            Self::Some(ranges) => ranges.iter().any(|(a, b)| *a < low || *b > high),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        if text.trim() == "*" {
            return Some(Self::All);
        }
        text.split(',')
            .map(|part| {
                let (low, high) = part.split_once('-').unwrap_or((part, part));
                let (low, high) = (low.trim().parse().ok()?, high.trim().parse().ok()?);
                (low <= high).then_some((low, high))
            })
            .collect::<Option<_>>()
            .map(Self::Some)
    }
}

impl<'de> Deserialize<'de> for Ranges {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Scores;
        impl Visitor<'_> for Scores {
            type Value = Ranges;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("scores such as \"4\", \"4-5\", \"1,4-5\" or \"*\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Ranges, E> {
                Ranges::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }

            fn visit_i64<E: de::Error>(self, score: i64) -> Result<Ranges, E> {
                let score = u8::try_from(score)
                    .map_err(|_| E::invalid_value(de::Unexpected::Signed(score), &self))?;
                Ok(Ranges::Some(vec![(score, score)]))
            }
        }
        deserializer.deserialize_any(Scores)
    }
}

/// A text for people: one for all languages, or one for each.
struct Wording {
    en: String,
    zh: String,
}

impl<'de> Deserialize<'de> for Wording {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = Wording;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or { en = \"...\", zh = \"...\" }")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Wording, E> {
                Ok(Wording { en: text.to_owned(), zh: text.to_owned() })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Wording, A::Error> {
                let (mut en, mut zh) = (None, None);
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "en" => en = Some(map.next_value::<String>()?),
                        "zh" => zh = Some(map.next_value::<String>()?),
                        other => return Err(de::Error::unknown_field(other, &["en", "zh"])),
                    }
                }
                match (en, zh) {
                    (Some(en), zh) => Ok(Wording { zh: zh.unwrap_or_else(|| en.clone()), en }),
                    (None, Some(zh)) => Ok(Wording { en: zh.clone(), zh }),
                    (None, None) => Err(de::Error::missing_field("en")),
                }
            }
        }
        deserializer.deserialize_any(Texts)
    }
}
