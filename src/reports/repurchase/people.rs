//! The customers as the tables of `repurchase` see them: their purchase days up to as_of, and their groups.

use super::RepurchaseInput;
use crate::facts::Histories;
use crate::facts::customers::DAY_US;
use crate::output::report::{Cells, Column, Kind};
use crate::reports::groups::Groups;

/// Customers, in the order of [`Histories`] (which is none).
pub(super) struct People<'a> {
    pub histories: &'a Histories,
    /// Days since 1970-01-01.
    pub as_of_day: i32,
    pub groups: Groups<'a>,
    /// `--by`, as resolved.
    pub by_name: Option<&'a str>,
}

impl<'a> People<'a> {
    pub fn new(input: &'a RepurchaseInput) -> Self {
        let histories = &input.histories;
        let by = input.by_name.as_ref().and_then(|_| histories.attributes.first());
        let day = input.as_of_us.div_euclid(DAY_US);
        Self {
            histories,
            as_of_day: day.clamp(i32::MIN.into(), i32::MAX.into()) as i32,
            groups: by.map_or_else(|| Groups::one(histories.len()), Groups::new),
            by_name: input.by_name.as_deref(),
        }
    }

    /// Customers with a purchase; those whose purchases are all after as_of are among them, and have no `days`.
    pub fn len(&self) -> usize {
        self.histories.len()
    }

    /// The days on which a customer bought, in time, none after as_of.
    pub fn days(&self, customer: usize) -> impl DoubleEndedIterator<Item = i32> + Clone + '_ {
        let as_of = self.as_of_day;
        self.histories.get(customer).into_occasions().map(|(day, _, _)| day).filter(move |day| *day <= as_of)
    }

    /// Index into `groups.values`.
    pub fn group(&self, customer: usize) -> usize {
        self.groups.of[customer] as usize
    }

    /// With `--by`: the column of each row's group, which comes first.
    pub fn by_column(&self, groups_of_rows: impl Iterator<Item = usize>) -> Option<Column> {
        let values = groups_of_rows.map(|group| self.groups.values[group].map(str::to_owned)).collect();
        self.by_name.map(|by| Column::new(by, Kind::Text, Cells::Text(values)))
    }
}

/// Counts as cells.
pub(super) fn counts(values: impl IntoIterator<Item = u64>) -> Cells {
    Cells::Int(values.into_iter().map(|value| Some(i64::try_from(value).unwrap_or(i64::MAX))).collect())
}

/// Ratios as cells.
pub(super) fn ratios(values: impl IntoIterator<Item = Option<f64>>) -> Cells {
    Cells::Float(values.into_iter().collect())
}

/// `None` without a denominator.
pub(super) fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
