//! The tables of cohorts: `cohorts` and `curve`.

use super::super::population::MONEY_UNIT;
use super::{Cohort, Historic};
use crate::error::{Error, Result};
use crate::output::report::{Cells, Column, Kind, Table};

/// A point of a curve: group, cohort (`None`: all mature ones together), periods after the first, customers, revenue so far
/// (1/10,000), whether the period is over.
struct Point {
    group: usize,
    cohort: Option<i32>,
    index: usize,
    customers: u64,
    revenue_e4: i128,
    complete: bool,
}

impl Historic<'_> {
    /// A row per cohort.
    pub fn cohorts(&self) -> Result<Table> {
        let all: Vec<(&(usize, i32), &Cohort)> = self.cohorts.iter().collect();
        let floats = |value: &dyn Fn(&Cohort) -> Option<f64>| {
            Cells::Float(all.iter().map(|(_, cohort)| value(cohort).filter(|v| v.is_finite())).collect())
        };
        let revenue = all.iter().map(|(_, cohort)| money(cohort.revenue_e4()).map(Some));
        let margin = |cohort: &Cohort| self.margin() * (cohort.revenue_e4() as f64 / MONEY_UNIT);
        let expected = |cohort: &Cohort| {
            let is_known = cohort.customers > 0 && cohort.expected.len() as u64 == cohort.customers;
            is_known.then(|| cohort.expected.iter().sum::<f64>())
        };
        let ltv = |cohort: &Cohort| Some(margin(cohort) + expected(cohort)?);
        let each = |cohort: &Cohort, total: Option<f64>| Some(total? / cohort.customers as f64);

        let mut columns = Vec::new();
        self.push_by(&mut columns, all.iter().map(|(key, _)| key.0));
        columns.extend([
            Column::new("cohort", Kind::Text, Cells::texts(all.iter().map(|(key, _)| self.label(key.1)))),
            Column::new(
                "complete",
                Kind::Bool,
                Cells::Bool(all.iter().map(|(key, _)| Some(self.is_over(key.1))).collect()),
            ),
            Column::new("customers", Kind::Count, Cells::ints(all.iter().map(|(_, c)| c.customers as i64))),
            Column::new("orders", Kind::Count, Cells::ints(all.iter().map(|(_, c)| c.orders as i64))),
            Column::new("revenue", Kind::Money, Cells::Money(revenue.collect::<Result<_>>()?)),
            Column::new("revenue_per_customer", Kind::Money, floats(&|c| c.per_customer(c.revenue_e4()))),
        ]);
        if self.input.margin.is_some() {
            columns.extend([
                Column::new("margin", Kind::Money, floats(&|c| Some(margin(c)))),
                Column::new("margin_per_customer", Kind::Money, floats(&|c| each(c, Some(margin(c))))),
            ]);
        }
        columns.extend([
            Column::new("expected", Kind::Money, floats(&expected)),
            Column::new("ltv", Kind::Money, floats(&ltv)),
            Column::new("ltv_per_customer", Kind::Money, floats(&|c| each(c, ltv(c)))),
        ]);
        if self.input.spend.is_some() {
            let spend = |cohort: &Cohort| Some(cohort.spend_e4? as f64 / MONEY_UNIT);
            let exact = all.iter().map(|(_, cohort)| cohort.spend_e4.map(money).transpose());
            columns.extend([
                Column::new("spend", Kind::Money, Cells::Money(exact.collect::<Result<_>>()?)),
                Column::new("cac", Kind::Money, floats(&|c| c.per_customer(c.spend_e4?))),
                Column::new(
                    "ltv_to_cac",
                    Kind::Number(2),
                    floats(&|c| Some(ltv(c)? / spend(c).filter(|spend| *spend > 0.0)?)),
                ),
                Column::new(
                    "paid_back",
                    Kind::Bool,
                    Cells::Bool(all.iter().map(|(_, cohort)| cohort.paid_back(self.margin())).collect()),
                ),
                Column::new(
                    "payback_periods",
                    Kind::Count,
                    Cells::Int(all.iter().map(|(_, cohort)| cohort.payback(self.margin())).collect()),
                ),
            ]);
        }
        Ok(Table::new("cohorts", false, columns))
    }

    /// A row per cohort and period since: what its customers have brought in by then. Rows without a cohort are the mature
    /// cohorts together: at each period those of which it is over.
    pub fn curve(&self) -> Table {
        let points = self.points();
        let per_customer = |factor: f64| {
            let value =
                |point: &Point| point.revenue_e4 as f64 / MONEY_UNIT / point.customers as f64 * factor;
            Cells::Float(points.iter().map(|point| Some(value(point)).filter(|v| v.is_finite())).collect())
        };
        let labels = points.iter().map(|point| point.cohort.map(|period| self.label(period))).collect();
        let mut columns = Vec::new();
        self.push_by(&mut columns, points.iter().map(|point| point.group));
        columns.extend([
            Column::new("cohort", Kind::Text, Cells::Text(labels)),
            Column::new("period_index", Kind::Count, Cells::ints(points.iter().map(|p| p.index as i64))),
            Column::new("customers", Kind::Count, Cells::ints(points.iter().map(|p| p.customers as i64))),
            Column::new("cumulative_revenue_per_customer", Kind::Money, per_customer(1.0)),
        ]);
        if let Some(margin) = self.input.margin {
            columns.push(Column::new("cumulative_margin_per_customer", Kind::Money, per_customer(margin)));
        }
        let complete = points.iter().map(|point| Some(point.complete)).collect();
        columns.push(Column::new("complete", Kind::Bool, Cells::Bool(complete)));
        Table { twin_of: Some("cohorts"), ..Table::new("curve", false, columns) }
    }

    fn points(&self) -> Vec<Point> {
        let mut points = Vec::new();
        for group in 0..self.values.len() {
            let mut pooled: Vec<(u64, i128)> = Vec::new();
            let of_group = self.cohorts.range((group, i32::MIN)..=(group, i32::MAX));
            for ((_, period), cohort) in of_group.filter(|(_, cohort)| cohort.customers > 0) {
                let mut revenue_e4 = 0i128;
                for (index, more) in cohort.revenue_e4.iter().enumerate() {
                    revenue_e4 += more;
                    let complete = self.is_over(period + index as i32);
                    if complete {
                        pooled.resize(pooled.len().max(index + 1), (0, 0));
                        pooled[index].0 += cohort.customers;
                        pooled[index].1 += revenue_e4;
                    }
                    let (cohort, customers) = (Some(*period), cohort.customers);
                    points.push(Point { group, cohort, index, customers, revenue_e4, complete });
                }
            }
            points.extend(pooled.into_iter().enumerate().map(|(index, (customers, revenue_e4))| Point {
                group,
                cohort: None,
                index,
                customers,
                revenue_e4,
                complete: true,
            }));
        }
        points
    }

    fn label(&self, period: i32) -> String {
        self.input.periods.label(period)
    }

    fn push_by(&self, columns: &mut Vec<Column>, rows: impl Iterator<Item = usize>) {
        if let Some(name) = self.input.by_name {
            let values = rows.map(|group| self.values[group].map(str::to_owned)).collect();
            columns.push(Column::new(name, Kind::Text, Cells::Text(values)));
        }
    }
}

/// A sum of money as a cell.
fn money(e4: i128) -> Result<i64> {
    i64::try_from(e4).map_err(|_| Error::Numeric {
        what: "the sum of money of a cohort is larger than exact money can be (about 922 trillion units)"
            .into(),
        hint: Some("amounts may be mapped from a wrong column; see `siyu inspect`".into()),
    })
}
