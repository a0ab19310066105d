//! Whether the day or the month comes first in a column of dates: decided from the data, or left open.

use std::sync::Mutex;

use polars::prelude::*;

use super::cells;
use super::raw::RowNumbers;
use super::values::dates::{DateClass, DateOrder, classify};
use super::values::trimmed;
use crate::error::{Place, Result};

/// What a column says of its order. Adding up in any order gives the same.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    day_first: u64,
    month_first: u64,
    /// The smallest row with a value of each kind.
    day_place: Option<(u64, String)>,
    month_place: Option<(u64, String)>,
    open_place: Option<(u64, String)>,
    /// Some value begins with a number of one or two digits, so that the order may matter further down.
    short_start: bool,
}

impl Evidence {
    pub(super) fn add(&mut self, column: &Column, rows: &RowNumbers) -> Result<()> {
        let Some(text) = cells::written_text(column)? else { return Ok(()) };
        for (index, cell) in text.iter().enumerate() {
            let Some(cell) = cell else { continue };
            // Dates that begin with the year are most of all; they say nothing.
            if !starts_short(cell) {
                continue;
            }
            self.short_start = true;
            let (count, place) = match classify(cell) {
                DateClass::DayFirst => (Some(&mut self.day_first), &mut self.day_place),
                DateClass::MonthFirst => (Some(&mut self.month_first), &mut self.month_place),
                DateClass::Either => (None, &mut self.open_place),
                DateClass::Unambiguous | DateClass::NotADate => continue,
            };
            if let Some(count) = count {
                *count += 1;
            }
            let row = rows.get(index);
            if place.as_ref().is_none_or(|(first, _)| row < *first) {
                *place = Some((row, cell.to_owned()));
            }
        }
        Ok(())
    }

    /// The order, and the first value that says so. Where single values contradict the others, the majority decides:
    /// what does not fit is counted as invalid.
    pub(super) fn decision(&self, file: &str, column: &str) -> Option<(DateOrder, Place)> {
        let (order, place) = match self.day_first.cmp(&self.month_first) {
            std::cmp::Ordering::Greater => (DateOrder::Dmy, &self.day_place),
            std::cmp::Ordering::Less => (DateOrder::Mdy, &self.month_place),
            std::cmp::Ordering::Equal => return None,
        };
        let (row, value) = place.clone()?;
        Some((order, Place { file: file.to_owned(), row, column: column.to_owned(), value }))
    }

    /// Whether an order is needed, as far as this evidence goes.
    pub(super) fn needs_order(&self) -> bool {
        self.open_place.is_some() || self.day_first > 0 || self.month_first > 0
    }

    /// Whether rows that were not looked at could need or decide an order.
    pub(super) fn may_need_order(&self) -> bool {
        self.short_start
    }

    pub(super) fn example(&self) -> String {
        let place = self.open_place.as_ref().or(self.day_place.as_ref()).or(self.month_place.as_ref());
        place.map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

/// Evidence that several threads add to.
#[derive(Default)]
pub(super) struct Shared(Mutex<Evidence>);

impl Shared {
    pub(super) fn add(&self, column: &Column, rows: &RowNumbers) -> Result<()> {
        let mut batch = Evidence::default();
        batch.add(column, rows)?;
        let mut all = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.merge(batch);
        Ok(())
    }

    pub(super) fn into_inner(self) -> Evidence {
        self.0.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Evidence {
    fn merge(&mut self, other: Self) {
        self.day_first += other.day_first;
        self.month_first += other.month_first;
        self.short_start |= other.short_start;
        for (mine, theirs) in [
            (&mut self.day_place, other.day_place),
            (&mut self.month_place, other.month_place),
            (&mut self.open_place, other.open_place),
        ] {
            *mine = mine.take().into_iter().chain(theirs).min();
        }
    }
}

/// `9/12/2011`, `09.12.11`: a number of one or two digits, then something else. (`2011-12-09` and `20111209` are not.)
fn starts_short(cell: &str) -> bool {
    let text = trimmed(cell);
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    // Full-width digits and the like are left to the classifier.
    (1..=2).contains(&digits) || digits == 0 && !text.is_ascii()
}
