//! The tables: cells, matrix, pooled.

use super::count::{Clock, Counted, Row};
use super::params::{CohortBy, Measure};
use super::settings::CohortSettings;
use crate::error::{Error, Result};
use crate::output::report::{Cells, Column, Kind, Table};
use crate::reports::rates::bounds_columns;
use crate::reports::triangle;

/// Money in 1/10,000 of the unit.
const MONEY_UNIT: i128 = 10_000;

/// Cohorts as the tables show them.
pub(super) struct Shown<'a> {
    pub settings: &'a CohortSettings,
    pub clock: Clock,
    pub counted: &'a Counted<'a>,
    /// `--by`.
    pub by_name: Option<&'a str>,
}

/// What kind of number a measure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nature {
    /// Customers of the cohort's customers.
    Rate,
    /// Orders.
    Count,
    /// Net revenue as a whole.
    Money,
    /// Net revenue per customer of the cohort.
    PerCustomer,
    /// Net revenue per order.
    PerOrder,
}

impl Measure {
    fn nature(self) -> Nature {
        match self {
            Self::Retention | Self::CumulativeRetention | Self::RepeatShare => Nature::Rate,
            Self::Orders | Self::CumulativeOrders => Nature::Count,
            Self::Revenue | Self::CumulativeTotalRevenue => Nature::Money,
            Self::RevenuePerCustomer | Self::CumulativeRevenue => Nature::PerCustomer,
            Self::AverageOrderValue => Nature::PerOrder,
        }
    }

    /// Whether period 0 is of another size than the others by definition: all bought in it, or none could come back in it.
    fn sets_period_0_apart(self, cohort_by: CohortBy) -> bool {
        match self {
            Self::CumulativeRetention => true,
            Self::Retention | Self::Orders | Self::Revenue | Self::RevenuePerCustomer => {
                cohort_by == CohortBy::FirstPurchase
            }
            _ => false,
        }
    }
}

impl Shown<'_> {
    /// A row per group, cohort and period that has begun.
    pub fn cells(&self) -> Result<Table> {
        let rows = &self.counted.rows;
        let each = || rows.iter().flat_map(|row| (0..row.periods).map(move |index| (row, index)));
        let nature = self.settings.measure.nature();
        let periods = self.clock.periods;
        let mut columns = Vec::new();
        self.push_by(&mut columns, each().map(|(row, _)| row.group));
        let starts = each().map(|(row, index)| Some(self.clock.start(row, index)));
        columns.extend([
            Column::new("cohort", Kind::Text, Cells::texts(each().map(|(row, _)| periods.label(row.cohort)))),
            Column::new(
                "cohort_start",
                Kind::Date,
                Cells::Date(each().map(|(row, _)| Some(periods.start(row.cohort))).collect()),
            ),
            Column::new("cohort_size", Kind::Count, Cells::ints(each().map(|(row, _)| row.size as i64))),
            Column::new("period_index", Kind::Count, Cells::ints(each().map(|(_, index)| index as i64))),
            Column::new("period_start", Kind::Date, Cells::Date(starts.collect())),
        ]);
        let parts: Vec<Part> = each().map(|(row, index)| self.part(row, index)).collect();
        columns.push(value_column("value", nature, parts.iter().copied().map(Some))?);
        let denominator = !matches!(nature, Nature::Count | Nature::Money);
        columns.extend(self.beside(nature, denominator, &parts)?);
        let complete = each().map(|(row, index)| Some(self.clock.is_over(row, index)));
        columns.push(Column::new("complete", Kind::Bool, Cells::Bool(complete.collect())));
        Ok(Table { twin_of: Some("matrix"), ..Table::new("cells", false, columns) })
    }

    /// A row per group and cohort, a column per period.
    pub fn matrix(&self) -> Result<Table> {
        let rows = &self.counted.rows;
        let measure = self.settings.measure;
        let periods = self.clock.periods;
        let mut columns = Vec::new();
        self.push_by(&mut columns, rows.iter().map(|row| row.group));
        columns.extend([
            Column::new("cohort", Kind::Text, Cells::texts(rows.iter().map(|row| periods.label(row.cohort)))),
            Column::new("cohort_size", Kind::Count, Cells::ints(rows.iter().map(|row| row.size as i64))),
        ]);
        let begun: Vec<usize> = rows.iter().map(|row| row.periods).collect();
        columns.extend(triangle::period_columns(
            &begun,
            !measure.sets_period_0_apart(self.settings.cohort_by),
            |index, name| {
                let parts = rows.iter().map(|row| (index < row.periods).then(|| self.part(row, index)));
                value_column(&name, measure.nature(), parts)
            },
            |row, index| !self.clock.is_over(&rows[row], index),
        )?);
        Ok(Table::new("matrix", false, columns))
    }

    /// A row per group and period that some cohort has behind it: those cohorts together.
    pub fn pooled(&self) -> Result<Table> {
        let nature = self.settings.measure.nature();
        let mut pools: Vec<Pool> = Vec::new();
        for group in self.counted.rows.chunk_by(|a, b| a.group == b.group) {
            for index in 0..group.iter().map(|row| row.periods).max().unwrap_or(0) {
                let mature = |row: &&Row| index < row.periods && self.clock.is_over(row, index);
                let mut pool = Pool { group: group[0].group, index, ..Pool::default() };
                for row in group.iter().filter(mature) {
                    let part = self.part(row, index);
                    pool.cohorts += 1;
                    pool.customers += row.size as i64;
                    pool.part.numerator += part.numerator;
                    pool.part.denominator += part.denominator;
                }
                // A total becomes the mean of the cohorts.
                if matches!(nature, Nature::Count | Nature::Money) {
                    pool.part.denominator = pool.cohorts;
                }
                if pool.cohorts > 0 {
                    pools.push(pool);
                }
            }
        }
        let parts: Vec<Part> = pools.iter().map(|pool| pool.part).collect();
        let mut columns = Vec::new();
        self.push_by(&mut columns, pools.iter().map(|pool| pool.group));
        columns.extend([
            Column::new("period_index", Kind::Count, Cells::ints(pools.iter().map(|pool| pool.index as i64))),
            Column::new("cohorts", Kind::Count, Cells::ints(pools.iter().map(|pool| pool.cohorts))),
            Column::new("customers", Kind::Count, Cells::ints(pools.iter().map(|pool| pool.customers))),
        ]);
        columns.push(match nature {
            Nature::Count => {
                let means = parts.iter().map(|part| part.mean(1));
                Column::new("value", Kind::Number(1), Cells::Float(means.collect()))
            }
            Nature::Money => {
                let means = parts.iter().map(|part| part.mean(MONEY_UNIT));
                Column::new("value", Kind::Money, Cells::Float(means.collect()))
            }
            _ => value_column("value", nature, parts.iter().copied().map(Some))?,
        });
        // Else it is the customers, or the cohorts.
        columns.extend(self.beside(nature, nature == Nature::PerOrder, &parts)?);
        Ok(Table::new("pooled", false, columns))
    }

    /// What a cell's value is made of.
    fn part(&self, row: &Row, index: usize) -> Part {
        let at = row.at + index;
        let denominator = match self.settings.measure.nature() {
            Nature::PerOrder => self.counted.orders[at],
            Nature::Rate | Nature::PerCustomer => row.size as i64,
            Nature::Count | Nature::Money => 1,
        };
        Part { numerator: self.counted.numerators[at], denominator }
    }

    /// The numerator, if wanted the denominator, and for rates the interval.
    fn beside(&self, nature: Nature, denominator: bool, parts: &[Part]) -> Result<Vec<Column>> {
        let is_count = matches!(nature, Nature::Rate | Nature::Count);
        let numerators = parts.iter().map(|part| whole(part.numerator).map(Some));
        let numerators = numerators.collect::<Result<Vec<_>>>()?;
        let mut columns = vec![if is_count {
            Column::new("numerator", Kind::Count, Cells::Int(numerators))
        } else {
            Column::new("numerator", Kind::Money, Cells::Money(numerators))
        }];
        if denominator {
            let denominators = parts.iter().map(|part| part.denominator);
            columns.push(Column::new("denominator", Kind::Count, Cells::ints(denominators)));
        }
        if nature == Nature::Rate {
            let pairs = parts.iter().map(|part| part.counts().unwrap_or_default());
            columns.extend(bounds_columns(["lower", "upper"], pairs));
        }
        Ok(columns)
    }

    /// The column of `--by`, if it is given: for each row the number of its group.
    fn push_by(&self, columns: &mut Vec<Column>, rows: impl Iterator<Item = usize>) {
        if let Some(name) = self.by_name {
            let values = rows.map(|group| self.counted.groups[group].map(str::to_owned)).collect();
            columns.push(Column::new(name, Kind::Text, Cells::Text(values)));
        }
    }
}

/// Mature cohorts of a group in one period.
#[derive(Debug, Clone, Copy, Default)]
struct Pool {
    group: usize,
    index: usize,
    cohorts: i64,
    customers: i64,
    part: Part,
}

/// Sums in whole numbers, divided once: customers, orders or 1/10,000 by customers, orders or cohorts.
#[derive(Debug, Clone, Copy, Default)]
struct Part {
    numerator: i128,
    denominator: i64,
}

impl Part {
    fn mean(self, unit: i128) -> Option<f64> {
        let whole = i128::from(self.denominator) * unit;
        (whole > 0).then(|| self.numerator as f64 / whole as f64)
    }

    /// Customers of customers.
    fn counts(self) -> Option<(u64, u64)> {
        Some((u64::try_from(self.numerator).ok()?, u64::try_from(self.denominator).ok()?))
    }
}

fn value_column(name: &str, nature: Nature, parts: impl Iterator<Item = Option<Part>>) -> Result<Column> {
    let column = |kind, cells| Column::new(name, kind, cells);
    let wholes = |parts: &mut dyn Iterator<Item = Option<Part>>| -> Result<Vec<Option<i64>>> {
        parts.map(|part| part.map(|part| whole(part.numerator)).transpose()).collect()
    };
    let mut parts = parts;
    Ok(match nature {
        Nature::Count => column(Kind::Count, Cells::Int(wholes(&mut parts)?)),
        Nature::Money => column(Kind::Money, Cells::Money(wholes(&mut parts)?)),
        Nature::Rate => column(Kind::Ratio, Cells::Float(parts.map(|part| part?.mean(1)).collect())),
        Nature::PerCustomer | Nature::PerOrder => {
            column(Kind::Money, Cells::Float(parts.map(|part| part?.mean(MONEY_UNIT)).collect()))
        }
    })
}

fn whole(sum: i128) -> Result<i64> {
    i64::try_from(sum).map_err(|_| Error::Numeric {
        what: "the sum of revenue is larger than exact money can be (about 922 trillion units)".into(),
        hint: Some("amounts may be mapped from a wrong column; see `siyu inspect`".into()),
    })
}
