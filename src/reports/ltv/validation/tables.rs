//! The tables of the hold-out: `validation` and `bins`.

use super::segments::{LAST_BIN, bin};
use super::{Measures, Predictor, Validation};
use crate::error::{Error, Result};
use crate::output::report::{Cells, Column, Kind, Table};

impl Validation {
    /// A row per predictor: models, then the simple guesses.
    pub fn table(&self) -> Result<Table> {
        let rows = &self.predictors;
        let best = self.best();
        let floats = |value: fn(&Measures) -> Option<f64>| {
            Cells::Float(rows.iter().map(|predictor| value(&predictor.measures)).collect())
        };
        let bools = |value: &dyn Fn(usize, &Predictor) -> bool| {
            Cells::Bool(rows.iter().enumerate().map(|(at, predictor)| Some(value(at, predictor))).collect())
        };
        let same = |value: i64| Cells::ints(rows.iter().map(|_| value));
        let net = i64::try_from(self.net_e4()).map_err(|_| Error::Numeric {
            what: "the revenue of the hold-out is larger than exact money can be (about 922 trillion units)"
                .into(),
            hint: Some("amounts may be mapped from a wrong column; see `siyu inspect`".into()),
        })?;
        let revenue = rows.iter().map(|_| Some(net)).collect();
        let columns = vec![
            Column::new(
                "predictor",
                Kind::Key("predictors"),
                Cells::texts(rows.iter().map(|predictor| predictor.key)),
            ),
            Column::new("chosen", Kind::Bool, bools(&|_, predictor| self.is_chosen(predictor))),
            Column::new("best", Kind::Bool, bools(&|at, _| best == Some(at))),
            Column::new("customers", Kind::Count, same(self.actual.len() as i64)),
            Column::new("expected_purchases", Kind::Number(1), floats(|m| m.purchases)),
            Column::new("actual_purchases", Kind::Count, same(self.purchases() as i64)),
            Column::new("total_error", Kind::Ratio, floats(|m| m.total_error)),
            Column::new("mae", Kind::Number(3), floats(|m| m.mae)),
            Column::new("rmse", Kind::Number(3), floats(|m| m.rmse)),
            Column::new("rank_correlation", Kind::Number(3), floats(|m| m.rank_correlation)),
            Column::new("expected_revenue", Kind::Money, floats(|m| m.revenue)),
            Column::new("actual_revenue", Kind::Money, Cells::Money(revenue)),
            Column::new("revenue_error", Kind::Ratio, floats(|m| m.revenue_error)),
            Column::new("revenue_mae", Kind::Money, floats(|m| m.revenue_mae)),
        ];
        Ok(Table::new("validation", false, columns))
    }

    /// A row per number of repeat purchases before the hold-out in which there are customers: what they did in it on average,
    /// and what each predictor expected.
    pub fn bins(&self) -> Table {
        let members: Vec<Vec<usize>> = (0..=LAST_BIN as usize)
            .map(|at| (0..self.frequency.len()).filter(|i| bin(self.frequency[*i]) == at).collect())
            .collect();
        let filled = || members.iter().enumerate().filter(|(_, members)| !members.is_empty());
        let label = |at: usize| match at {
            at if at == LAST_BIN as usize => format!("{at}+"),
            at => at.to_string(),
        };
        let mean = |value: &dyn Fn(usize) -> f64| {
            let mean =
                |members: &[usize]| members.iter().map(|i| value(*i)).sum::<f64>() / members.len() as f64;
            Cells::Float(filled().map(|(_, members)| Some(mean(members)).filter(|m| m.is_finite())).collect())
        };
        let mut columns = vec![
            Column::new("frequency_bin", Kind::Text, Cells::texts(filled().map(|(at, _)| label(at)))),
            Column::new("customers", Kind::Count, Cells::ints(filled().map(|(_, m)| m.len() as i64))),
            Column::new("actual_mean", Kind::Number(3), mean(&|i| f64::from(self.actual[i].purchases))),
        ];
        columns.extend(self.predictors.iter().map(|predictor| {
            let name = format!("expected_{}", predictor.key.replace('-', "_"));
            Column::new(name, Kind::Number(3), mean(&|i| predictor.purchases[i]))
        }));
        Table::new("bins", false, columns)
    }
}
