//! What the tables have in common.

use super::By;
use super::population::Population;
use crate::output::report::{Cells, Column, Kind};

/// The most cells that one table can come to (groups of `--by` times periods, or times kinds of event).
pub(super) const MOST_CELLS: usize = 2_000_000;

/// The column of `--by`.
pub(super) struct Groups<'a> {
    pub by: Option<&'a By>,
    pub population: &'a Population,
}

impl Groups<'_> {
    /// Adds the column, where there is one: for each row the number of its group.
    pub fn push(&self, columns: &mut Vec<Column>, rows: impl Iterator<Item = usize>) {
        if let Some(by) = self.by {
            let values = rows.map(|group| self.population.groups[group].clone()).collect();
            columns.push(Column::new(&by.name, Kind::Text, Cells::Text(values)));
        }
    }
}
