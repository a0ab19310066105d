//! The tables of one moment: segments, customers, grid, thresholds, facts.

use super::population::Population;
use super::scoring::{Scored, threshold_rows};
use super::settings::{MONEY_UNIT, RfmSettings, SCORE_UNIT};
use crate::error::{Error, Result};
use crate::output::report::{Cells, Column, Kind, Table};
use crate::stats::quantile::median;

/// A population with its scores, as the tables show it.
pub(super) struct Shown<'a> {
    pub settings: &'a RfmSettings,
    pub population: &'a Population<'a>,
    pub scored: &'a Scored,
    pub by_name: Option<&'a str>,
}

/// Sums over the customers of one segment.
#[derive(Default, Clone)]
struct Sums {
    customers: i64,
    net_e4: i128,
    orders: i64,
    frequency: i64,
    recency: Vec<i64>,
}

impl Shown<'_> {
    /// A row per segment of the map, also where nobody is in it; with `--by`, for each value.
    pub fn segments(&self) -> Result<Table> {
        let map = &self.settings.map;
        let per_group = map.segments.len();
        let mut sums = vec![Sums::default(); self.population.group_count() * per_group];
        for at in 0..self.population.len() {
            let sum = &mut sums[self.population.group(at) * per_group + usize::from(self.scored.segment[at])];
            sum.customers += 1;
            sum.net_e4 += i128::from(self.population.monetary[at]);
            sum.orders += i64::from(self.population.facts.orders[at]);
            sum.frequency += self.population.frequency[at];
            sum.recency.push(self.population.recency[at]);
        }
        let totals: Vec<(i64, i128)> = sums
            .chunks(per_group)
            .map(|group| (group.iter().map(|s| s.customers).sum(), group.iter().map(|s| s.net_e4).sum()))
            .collect();
        let total = |row: usize| totals[row / per_group];
        let rows = || sums.iter().enumerate();
        let each = |value: &dyn Fn(&Sums) -> Option<f64>| Cells::Float(sums.iter().map(value).collect());
        let revenue = sums.iter().map(|s| money(s.net_e4)).collect::<Result<Vec<_>>>()?;
        let medians = sums.iter().map(|s| median(&mut s.recency.clone()).map(|m| m.to_f64(1))).collect();
        let segment = |row: usize| &map.segments[row % per_group];

        let mut columns = Vec::new();
        self.push_by(&mut columns, (0..sums.len()).map(|row| row / per_group));
        columns.extend([
            Column::new(
                "segment",
                SEGMENT,
                Cells::texts((0..sums.len()).map(|row| segment(row).key.clone())),
            ),
            Column::new("customers", Kind::Count, Cells::ints(sums.iter().map(|s| s.customers))),
            Column::new(
                "customer_share",
                Kind::Ratio,
                Cells::Float(rows().map(|(row, s)| ratio(s.customers.into(), total(row).0.into())).collect()),
            ),
            Column::new("revenue", Kind::Money, Cells::Money(revenue.into_iter().map(Some).collect())),
            Column::new(
                "revenue_share",
                Kind::Ratio,
                Cells::Float(rows().map(|(row, s)| ratio(s.net_e4, total(row).1)).collect()),
            ),
            Column::new("orders", Kind::Count, Cells::ints(sums.iter().map(|s| s.orders))),
            Column::new("avg_order_value", Kind::Money, each(&|s| money_mean(s.net_e4, s.orders))),
            Column::new("recency_days_median", Kind::Number(1), Cells::Float(medians)),
            Column::new(
                "frequency_mean",
                Kind::Number(2),
                each(&|s| mean(s.frequency.into(), s.customers, 1)),
            ),
            Column::new("monetary_mean", Kind::Money, each(&|s| money_mean(s.net_e4, s.customers))),
            Column::new(
                "action",
                Kind::Key("actions"),
                Cells::Text((0..sums.len()).map(|row| segment(row).action.clone()).collect()),
            ),
        ]);
        Ok(Table::new("segments", false, columns))
    }

    /// A row per customer.
    pub fn customers(&self) -> Table {
        let population = self.population;
        let order: Vec<usize> = population.by_id().collect();
        let int = |values: &[i64]| Cells::ints(order.iter().map(|at| values[*at]));
        let [r, f, m] = &self.scored.scores;
        let score = order.iter().map(|at| self.settings.score(r[*at], f[*at], m[*at]));
        let score = match self.settings.weights {
            None => Column::new("score", Kind::Score, Cells::ints(score.map(|s| s / SCORE_UNIT))),
            Some(_) => Column::new(
                "score",
                Kind::Number(2),
                Cells::Float(score.map(|s| Some(s as f64 / SCORE_UNIT as f64)).collect()),
            ),
        };
        let mut columns = vec![self.ids(&order)];
        self.push_by(&mut columns, order.iter().map(|at| population.group(*at)));
        let segments = &self.settings.map.segments;
        let last = order.iter().map(|at| Some(population.facts.last_at_us[*at])).collect();
        columns.extend([
            Column::new("last_order_at", Kind::DateTime, Cells::DateTime(last)),
            Column::new("recency_days", Kind::Days, int(&population.recency)),
            Column::new("frequency", Kind::Count, int(&population.frequency)),
            Column::new(
                "monetary",
                Kind::Money,
                Cells::Money(order.iter().map(|at| Some(population.monetary[*at])).collect()),
            ),
        ]);
        columns.extend(["r", "f", "m"].into_iter().zip(&self.scored.scores).map(|(name, scores)| {
            Column::new(name, Kind::Score, Cells::ints(order.iter().map(|at| scores[*at])))
        }));
        columns.push(score);
        let keys = order.iter().map(|at| segments[usize::from(self.scored.segment[*at])].key.clone());
        columns.push(Column::new("segment", SEGMENT, Cells::texts(keys)));
        Table::new("customers", true, columns)
    }

    /// Customers in each cell of recency and frequency scores.
    pub fn grid(&self) -> Table {
        let bins = usize::from(self.settings.bins);
        let mut cells = vec![(0i64, 0i128); self.population.group_count() * bins * bins];
        let [r, f, _] = &self.scored.scores;
        for at in 0..self.population.len() {
            let row = self.population.group(at) * bins + usize::from(r[at] - 1);
            let cell = &mut cells[row * bins + usize::from(f[at] - 1)];
            cell.0 += 1;
            cell.1 += i128::from(self.population.monetary[at]);
        }
        let score = |at: usize| (at % bins) as i64 + 1;
        let mut columns = Vec::new();
        self.push_by(&mut columns, (0..cells.len()).map(|at| at / (bins * bins)));
        columns.extend([
            Column::new("r", Kind::Score, Cells::ints((0..cells.len()).map(|at| score(at / bins)))),
            Column::new("f", Kind::Score, Cells::ints((0..cells.len()).map(score))),
            Column::new("customers", Kind::Count, Cells::ints(cells.iter().map(|c| c.0))),
            Column::new(
                "monetary_mean",
                Kind::Money,
                Cells::Float(cells.iter().map(|(customers, net)| money_mean(*net, *customers)).collect()),
            ),
        ]);
        Table::new("grid", false, columns)
    }

    /// Which values lead to which score.
    pub fn thresholds(&self) -> Table {
        let scales = &self.scored.scales;
        let rows: Vec<_> = scales
            .iter()
            .enumerate()
            .flat_map(|(group, scale)| {
                threshold_rows(self.settings, scale).into_iter().map(move |row| (group, row))
            })
            .collect();
        let mut columns = Vec::new();
        if self.scored.is_within() {
            self.push_by(&mut columns, rows.iter().map(|(group, _)| *group));
        }
        let edge = |side: fn((f64, f64)) -> f64| {
            Cells::Float(rows.iter().map(|(_, row)| row.ends.map(side)).collect())
        };
        columns.extend([
            Column::new(
                "dimension",
                Kind::Key("dimensions"),
                Cells::texts(rows.iter().map(|(_, row)| row.dimension)),
            ),
            Column::new("score", Kind::Score, Cells::ints(rows.iter().map(|(_, row)| row.score))),
            Column::new("lower", Kind::Number(2), edge(|e| e.0)),
            Column::new("upper", Kind::Number(2), edge(|e| e.1)),
        ]);
        Table::new("thresholds", false, columns)
    }

    /// A row per customer: what the orders say, before any score.
    pub fn facts(&self) -> Table {
        let facts = self.population.facts;
        let order: Vec<usize> = self.population.by_id().collect();
        let moments = |values: &[i64]| Cells::DateTime(order.iter().map(|at| Some(values[*at])).collect());
        let sums = |values: &[i64]| Cells::Money(order.iter().map(|at| Some(values[*at])).collect());
        let counts = |values: &[u32]| Cells::ints(order.iter().map(|at| values[*at]));
        let mut columns = vec![self.ids(&order)];
        self.push_by(&mut columns, order.iter().map(|at| self.population.group(*at)));
        columns.extend([
            Column::new("first_order_at", Kind::DateTime, moments(&facts.first_at_us)),
            Column::new("last_order_at", Kind::DateTime, moments(&facts.last_at_us)),
            Column::new("orders", Kind::Count, counts(&facts.orders)),
        ]);
        if let Some(days) = &facts.purchase_days {
            columns.push(Column::new("purchase_days", Kind::Count, counts(days)));
        }
        let refunds = order.iter().map(|at| Some(facts.refund_e4_at(*at))).collect();
        columns.push(Column::new("net_revenue", Kind::Money, sums(&facts.net_e4)));
        columns.push(Column::new("refunds", Kind::Money, Cells::Money(refunds)));
        if let Some(units) = &facts.units_e4 {
            let units = order.iter().map(|at| Some(units[*at] as f64 / MONEY_UNIT as f64)).collect();
            columns.push(Column::new("units", Kind::Number(2), Cells::Float(units)));
        }
        if let Some(channels) = &facts.channels {
            columns.push(Column::new("channels", Kind::Count, counts(channels)));
        }
        Table::new("facts", true, columns)
    }

    fn ids(&self, order: &[usize]) -> Column {
        Column::new("customer_id", Kind::Id, Cells::texts(order.iter().map(|at| self.population.id(*at))))
    }

    /// The column of `--by`, if it is given: for each row the number of its group.
    fn push_by(&self, columns: &mut Vec<Column>, rows: impl Iterator<Item = usize>) {
        if let (Some(name), Some(groups)) = (self.by_name, &self.population.groups) {
            let values = rows.map(|group| groups.values[group].map(str::to_owned)).collect();
            columns.push(Column::new(name, Kind::Text, Cells::Text(values)));
        }
    }
}

pub(super) const SEGMENT: Kind = Kind::Key("segments");

/// A sum of money as a cell.
pub(super) fn money(e4: i128) -> Result<i64> {
    i64::try_from(e4).map_err(|_| Error::Numeric {
        what: "the sum of revenue is larger than exact money can be (about 922 trillion units)".into(),
        hint: Some("amounts may be mapped from a wrong column; see `siyu inspect`".into()),
    })
}

/// None where the whole is not positive: a share of it would say nothing.
fn ratio(part: i128, whole: i128) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Exact sums, divided once.
fn mean(sum: i128, count: i64, unit: i64) -> Option<f64> {
    (count > 0).then(|| sum as f64 / (i128::from(count) * i128::from(unit)) as f64)
}

fn money_mean(net_e4: i128, count: i64) -> Option<f64> {
    mean(net_e4, count, MONEY_UNIT)
}
