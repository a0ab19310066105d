//! What stands in `--compare`: with what the funnel is compared.

use chrono::NaiveDate;

use super::{Chosen, Side};
use crate::error::{Error, Result, nearest};
use crate::facts::IdColumn;
use crate::facts::customers::DAY_US;
use crate::output::Note;
use crate::reports::funnel::count::Entrants;

const OPTION: &str = "--compare";
const HINT: &str =
    "previous, 2025-01-01..2025-03-31, channel=wechat (against all others), or channel=wechat|douyin";

/// The other of two funnels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    /// As long a time, just before.
    Previous,
    /// Days since 1970-01-01, both included.
    Dates { from: i32, to: i32 },
    /// Those with one value at the entry against those with another, or against all others.
    Segment { column: String, value: String, other: Option<String> },
}

impl Comparison {
    /// Reads what was typed.
    pub fn parse(text: &str) -> Result<Self> {
        let bad = |why: &str| Error::BadOption {
            option: OPTION.into(),
            value: text.into(),
            why: why.into(),
            hint: Some(HINT.into()),
        };
        let typed = text.trim();
        if typed == "previous" {
            return Ok(Self::Previous);
        }
        if let Some((column, values)) = typed.split_once('=') {
            let mut values = values.split('|').map(str::trim);
            let (column, value, other) = (column.trim(), values.next().unwrap_or_default(), values.next());
            if column.is_empty() || value.is_empty() || other == Some("") {
                return Err(bad("lacks a column or a value"));
            }
            if values.next().is_some() {
                return Err(bad("has more than two values: a comparison is of two, --by shows all"));
            }
            if other == Some(value) {
                return Err(bad("has one value twice"));
            }
            return Ok(Self::Segment {
                column: column.to_owned(),
                value: value.to_owned(),
                other: other.map(str::to_owned),
            });
        }
        let Some((from, to)) = typed.split_once("..") else {
            return Err(bad("is no stretch of days and no segment"));
        };
        let day = |text: &str| {
            let date: NaiveDate = text.trim().parse().map_err(|_| bad("has no dates like 2025-01-31"))?;
            Ok((date - NaiveDate::default()).num_days() as i32)
        };
        let (from, to) = (day(from)?, day(to)?);
        if from > to {
            return Err(bad("ends before it begins"));
        }
        Ok(Self::Dates { from, to })
    }

    /// The column whose values must come with the events.
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::Segment { column, .. } => Some(column),
            _ => None,
        }
    }

    /// The first and the last moment of the other stretch, inclusive, if there is one; the report's own goes from `since_us`
    /// (`--since`) to `end_us` (the end of the observed time, or `--until`), inclusive. Stretches that overlap are refused: the
    /// same people would stand on both sides.
    pub fn stretch(&self, since_us: Option<i64>, end_us: i64) -> Result<Option<(i64, i64)>> {
        let needs_since = |why: &str| Error::BadOption {
            option: OPTION.into(),
            value: self.text(),
            why: why.into(),
            hint: Some("--since DATE says where the report's own stretch begins".into()),
        };
        match self {
            Self::Segment { .. } => Ok(None),
            Self::Previous => {
                let Some(since) = since_us else {
                    return Err(needs_since("needs to know before what"));
                };
                let length = end_us.saturating_sub(since).saturating_add(1).max(1);
                Ok(Some((since.saturating_sub(length), since.saturating_sub(1))))
            }
            Self::Dates { from, to } => {
                let first = i64::from(*from) * DAY_US;
                let last = (i64::from(*to) + 1) * DAY_US - 1;
                if first <= end_us && since_us.is_none_or(|since| last >= since) {
                    return Err(needs_since(
                        "overlaps the time of the report: nobody can be compared with himself",
                    ));
                }
                if first > end_us {
                    return Err(needs_since("is after the end of the report's time"));
                }
                Ok(Some((first, last)))
            }
        }
    }

    /// The two sides of a segment; `attribute` is its place among the attributes read, `values` are its values. `None`: this is no
    /// segment. A value that nobody has is an error, with the nearest ones.
    pub fn sides<'a>(
        &self,
        entrants: &'a Entrants,
        attribute: usize,
        values: &IdColumn,
    ) -> Result<Option<(Side<'a>, Side<'a>)>> {
        let Self::Segment { value, other, .. } = self else { return Ok(None) };
        let code = |wanted: &str| {
            let found = values.iter().position(|value| value == wanted);
            found.map(|at| at as u32 + 1).ok_or_else(|| Error::UnknownName {
                what: "value",
                name: wanted.to_owned(),
                nearest: nearest(wanted, values.iter()),
                known: values.iter().take(MOST_NAMED).map(str::to_owned).collect(),
            })
        };
        let first = code(value)?;
        let second = match other {
            Some(other) => Chosen::With { attribute, code: code(other)? },
            None => Chosen::Without { attribute, code: first },
        };
        let this = Side { entrants, chosen: Chosen::With { attribute, code: first } };
        Ok(Some((this, Side { entrants, chosen: second })))
    }

    /// Who stands on which side.
    pub(super) fn segment_in_words(&self) -> Note {
        let Self::Segment { column, value, other } = self else { return Note::new("funnel_compare_others") };
        let note = match other {
            Some(other) => Note::new("funnel_compare_values").with("other", other),
            None => Note::new("funnel_compare_others"),
        };
        note.with("column", column).with("value", value)
    }

    /// From where events must be read, given `--since` and the end of the observed time as far as it is known before reading;
    /// `None`: from the first one. Refuses what needs no events to be seen as nonsense.
    pub fn read_since(&self, since_us: Option<i64>, end_us: Option<i64>) -> Result<Option<i64>> {
        let stretch = self.stretch(since_us, end_us.unwrap_or(i64::MAX))?;
        Ok(match (self, stretch) {
            (_, None) => since_us,
            // As long as what comes after: not known yet.
            (Self::Previous, _) if end_us.is_none() => None,
            (_, Some((first, _))) => since_us.map(|since| since.min(first)),
        })
    }

    /// As it is typed.
    pub fn text(&self) -> String {
        match self {
            Self::Previous => "previous".into(),
            Self::Dates { from, to } => {
                let date = crate::reports::period::date;
                format!("{}..{}", date(*from), date(*to))
            }
            Self::Segment { column, value, other: None } => format!("{column}={value}"),
            Self::Segment { column, value, other: Some(other) } => format!("{column}={value}|{other}"),
        }
    }
}

/// Values that an error names at most.
const MOST_NAMED: usize = 50;
