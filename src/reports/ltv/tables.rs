//! The tables of the forecast: model, totals, deciles, customers.

use super::Study;
use super::bootstrap::{Bootstrap, Interval, wald};
use super::fitting::Fitted;
use super::predictive::purchase_interval;
use super::totals::{Concentration, Expected, cells, expected};
use super::valuation::each;
use crate::output::report::{Cells, Column, Kind, Table};
use crate::stats::btyd::Fit;
use crate::stats::btyd::gamma_gamma::SpendFit;

/// A row of the table of models: one parameter.
#[derive(Default)]
struct ParameterRow {
    model: &'static str,
    parameter: &'static str,
    value: f64,
    se: Option<f64>,
    interval: Option<Interval>,
    interval_by: Option<&'static str>,
    ln_likelihood: f64,
    held_out: Option<f64>,
    customers: f64,
    repeaters: Option<f64>,
    chosen: bool,
}

/// A row of the table of totals: group, measure, value, interval.
type TotalRow = (usize, &'static str, Option<f64>, Option<Interval>);

/// A row of the table of deciles: decile, customers, sum, least, most.
type DecileRow = (u8, i64, f64, f64, f64);

impl Study<'_> {
    /// A row for each parameter of each model that was fitted, that of spend last.
    pub(super) fn model_table(&self, bootstrap: Option<&Bootstrap>) -> Table {
        let mut rows = Vec::new();
        for (kind, fit) in &self.fitted.candidates {
            if let Ok(fit) = fit {
                let chosen = *kind == self.fitted.chosen;
                self.push_purchases(&mut rows, fit, bootstrap.filter(|_| chosen));
            }
        }
        if let Ok(fit) = &self.fitted.spend.fit {
            push_spend(&mut rows, fit, bootstrap);
        }
        let float = |value: &dyn Fn(&ParameterRow) -> Option<f64>| {
            Cells::Float(rows.iter().map(|row| value(row).filter(|value| value.is_finite())).collect())
        };
        let columns = vec![
            Column::new("model", Kind::Key("models"), Cells::texts(rows.iter().map(|row| row.model))),
            Column::new("parameter", Kind::Text, Cells::texts(rows.iter().map(|row| row.parameter))),
            Column::new("value", Kind::Number(4), float(&|row| Some(row.value))),
            Column::new("se", Kind::Number(4), float(&|row| row.se)),
            Column::new("lower", Kind::Number(4), float(&|row| row.interval.map(|of| of.0))),
            Column::new("upper", Kind::Number(4), float(&|row| row.interval.map(|of| of.1))),
            Column::new(
                "interval",
                Kind::Key("intervals"),
                Cells::Text(rows.iter().map(|row| row.interval_by.map(str::to_owned)).collect()),
            ),
            Column::new("log_likelihood", Kind::Number(2), float(&|row| Some(row.ln_likelihood))),
            Column::new("holdout_log_likelihood", Kind::Number(2), float(&|row| row.held_out)),
            Column::new("customers", Kind::Count, Cells::ints(rows.iter().map(|row| row.customers as i64))),
            Column::new(
                "repeaters",
                Kind::Count,
                Cells::Int(rows.iter().map(|row| row.repeaters.map(|number| number as i64)).collect()),
            ),
            Column::new("chosen", Kind::Bool, Cells::Bool(rows.iter().map(|row| Some(row.chosen)).collect())),
        ];
        Table::new("model", false, columns)
    }

    fn push_purchases(&self, rows: &mut Vec<ParameterRow>, fit: &Fit, bootstrap: Option<&Bootstrap>) {
        let kind = fit.model.kind;
        let days = self.settings.time_unit.days();
        let errors = fit.standard_errors();
        let intervals = bootstrap.map_or_else(|| Fitted::wald(fit), |bootstrap| bootstrap.parameters);
        let held_out = self.holdout.as_ref().and_then(|holdout| {
            // A density per unit of time, to the power of the purchases: as `ln_likelihood_in_unit`.
            Some(holdout.ln_likelihood_of(kind)? + holdout.repeats as f64 * libm::log(days))
        });
        for (at, parameter) in kind.parameter_names().into_iter().enumerate() {
            let unit = if kind.is_time(at) { days } else { 1.0 };
            rows.push(ParameterRow {
                model: kind.key(),
                parameter,
                value: fit.model.in_unit(days)[at],
                se: errors.map(|errors| errors[at] / unit),
                interval: intervals[at].map(|(lower, upper)| (lower / unit, upper / unit)),
                interval_by: intervals[at].map(|_| if bootstrap.is_some() { "bootstrap" } else { "wald" }),
                ln_likelihood: fit.ln_likelihood_in_unit(days),
                held_out,
                customers: fit.customers,
                repeaters: Some(fit.repeaters),
                chosen: kind == self.fitted.chosen,
            });
        }
    }

    /// Sums, per value of `--by`.
    pub(super) fn totals_table(&self, bootstrap: Option<&Bootstrap>) -> Table {
        let groups = self.groups.values.len();
        let expected = self.valuation.as_ref().map(|valuation| {
            let cells = cells(&self.population, &self.groups.of);
            expected(&cells, groups, &valuation.forecasts, &valuation.spend, valuation.worth)
        });
        let mut rows: Vec<TotalRow> = Vec::new();
        for (group, known) in self.known().into_iter().enumerate() {
            let mut push = |measure, value: Option<f64>, interval| {
                rows.push((group, measure, value.filter(|value| value.is_finite()), interval));
            };
            push("customers", Some(known.customers as f64), None);
            push("repeaters", Some(known.repeaters as f64), None);
            push("revenue_to_date", Some(known.revenue()), None);
            if let Some(margin) = self.settings.margin {
                push("margin_to_date", Some(known.revenue() * margin), None);
            }
            let values = expected.as_ref().map(|groups| groups[group].values());
            for (at, measure) in Expected::MEASURES.into_iter().enumerate() {
                let interval = bootstrap.and_then(|bootstrap| bootstrap.totals[group][at]);
                push(measure, values.and_then(|values| values[at]), interval);
            }
            let concentration = Concentration::new(known.values);
            push("top_10_share", concentration.top_10_share, None);
            push("top_20_share", concentration.top_20_share, None);
            push("gini", concentration.gini, None);
        }
        let mut columns = Vec::new();
        self.push_by(&mut columns, rows.iter().map(|row| row.0));
        let float = |value: &dyn Fn(&TotalRow) -> Option<f64>| Cells::Float(rows.iter().map(value).collect());
        let number = |name: &str, cells: Cells| {
            let kinds = rows.iter().map(|row| kind_of_total(row.1)).collect();
            Column::new(name, Kind::Number(2), cells).of_kinds(kinds)
        };
        columns.extend([
            Column::new("measure", Kind::Key("measures"), Cells::texts(rows.iter().map(|row| row.1))),
            number("value", float(&|row| row.2)),
            number("lower", float(&|row| row.3.map(|of| of.0))),
            number("upper", float(&|row| row.3.map(|of| of.1))),
        ]);
        Table::new("totals", false, columns)
    }

    /// Tenths of the customers by CLV, the best first; those that nobody is in are left out.
    pub(super) fn deciles_table(&self) -> Table {
        let mut sums: Vec<DecileRow> = Vec::new();
        let deciles = self.deciles();
        for decile in 1..=10 {
            let mut values: Vec<f64> = (0..deciles.len())
                .filter(|at| deciles[*at] == Some(decile))
                .filter_map(|at| self.clv(at))
                .collect();
            values.sort_unstable_by(f64::total_cmp);
            if let (Some(least), Some(most)) = (values.first(), values.last()) {
                sums.push((decile, values.len() as i64, values.iter().sum(), *least, *most));
            }
        }
        let total: f64 = sums.iter().map(|row| row.2).sum();
        let share = |part: f64| (total > 0.0).then(|| part / total);
        let mut so_far = 0.0;
        let cumulative: Vec<f64> = sums
            .iter()
            .map(|row| {
                so_far += row.2;
                so_far
            })
            .collect();
        let float =
            |value: &dyn Fn(&DecileRow) -> Option<f64>| Cells::Float(sums.iter().map(value).collect());
        let columns = vec![
            Column::new("decile", Kind::Score, Cells::ints(sums.iter().map(|row| row.0))),
            Column::new("customers", Kind::Count, Cells::ints(sums.iter().map(|row| row.1))),
            Column::new("clv", Kind::Money, float(&|row| Some(row.2))),
            Column::new("clv_mean", Kind::Money, float(&|row| Some(row.2 / row.1 as f64))),
            Column::new("share", Kind::Ratio, float(&|row| share(row.2))),
            Column::new(
                "cumulative_share",
                Kind::Ratio,
                Cells::Float(cumulative.into_iter().map(share).collect()),
            ),
            Column::new("clv_least", Kind::Money, float(&|row| Some(row.3))),
            Column::new("clv_most", Kind::Money, float(&|row| Some(row.4))),
        ];
        Table::new("deciles", false, columns)
    }

    /// A row per customer, by id.
    pub(super) fn customers_table(&self) -> Table {
        let population = &self.population;
        let customers = &population.customers;
        let count = |value: &dyn Fn(usize) -> i64| Cells::ints((0..customers.len()).map(value));
        let float = |value: &dyn Fn(usize) -> Option<f64>| {
            Cells::Float((0..customers.len()).map(|at| value(at).filter(|value| value.is_finite())).collect())
        };
        let forecast = |at: usize| {
            let valuation = self.valuation.as_ref()?;
            Some(valuation.forecasts[population.row_of[at] as usize])
        };
        let intervals = self.purchase_intervals();
        // The value of one purchase: what discounting leaves of it, times spend and margin.
        let of_purchase = |at: usize, side: fn(Interval) -> f64| {
            let (lower_or_upper, purchases) =
                (side(intervals[population.row_of[at] as usize]?), forecast(at)?);
            let purchases = purchases.purchases?;
            let value = self.clv(at)?;
            Some(if purchases > 0.0 { lower_or_upper * value / purchases } else { 0.0 })
        };
        let ids = customers.iter().map(|c| self.input.histories.customer_id.get(c.place as usize));
        let mut columns = vec![Column::new("customer_id", Kind::Id, Cells::texts(ids))];
        self.push_by(&mut columns, customers.iter().map(|c| self.groups.of[c.place as usize] as usize));
        columns.extend([
            Column::new("frequency", Kind::Count, count(&|at| customers[at].x.into())),
            Column::new("t_x_days", Kind::Days, count(&|at| customers[at].t_x.into())),
            Column::new("age_days", Kind::Days, count(&|at| customers[at].t.into())),
            Column::new(
                "recency_days",
                Kind::Days,
                count(&|at| (customers[at].t - customers[at].t_x).into()),
            ),
            Column::new("p_alive", Kind::Ratio, float(&|at| forecast(at)?.p_alive)),
            Column::new("expected_purchases", Kind::Number(3), float(&|at| forecast(at)?.purchases)),
            Column::new(
                "expected_spend",
                Kind::Money,
                float(&|at| self.valuation.as_ref().and_then(|valuation| valuation.spend(population, at))),
            ),
            Column::new("clv", Kind::Money, float(&|at| self.clv(at))),
            Column::new("clv_lower", Kind::Money, float(&|at| of_purchase(at, |of| of.0))),
            Column::new("clv_upper", Kind::Money, float(&|at| of_purchase(at, |of| of.1))),
            Column::new(
                "revenue_to_date",
                Kind::Money,
                Cells::Money(customers.iter().map(|customer| Some(customer.net_e4)).collect()),
            ),
            Column::new(
                "decile",
                Kind::Score,
                Cells::Int(self.deciles().into_iter().map(|decile| decile.map(i64::from)).collect()),
            ),
        ]);
        Table::new("customers", true, columns)
    }

    /// Of each of `Population::rows`: between how many purchases 8 of 10 such customers end.
    fn purchase_intervals(&self) -> Vec<Option<Interval>> {
        let rows = &self.population.rows;
        let (Some(model), Some(valuation)) = (self.fitted.model(), &self.valuation) else {
            return vec![None; rows.len()];
        };
        let horizon = self.settings.horizon.days;
        let with_forecasts: Vec<_> = rows.iter().zip(&valuation.forecasts).collect();
        each(&with_forecasts, super::valuation::CHUNK, self.input.threads, |(row, forecast)| {
            purchase_interval(model, row, horizon, forecast.p_alive?, forecast.purchases?)
        })
    }

    /// The column of `--by`, if it is given: for each row the number of its group.
    pub(super) fn push_by(&self, columns: &mut Vec<Column>, groups: impl Iterator<Item = usize>) {
        if let Some(name) = &self.input.by_name {
            let values = groups.map(|group| self.groups.values[group].map(str::to_owned)).collect();
            columns.push(Column::new(name.as_str(), Kind::Text, Cells::Text(values)));
        }
    }
}

/// What a row of the table of totals is.
fn kind_of_total(measure: &str) -> Kind {
    match measure {
        "customers" | "repeaters" => Kind::Number(0),
        "alive_customers" | "expected_purchases" => Kind::Number(1),
        "top_10_share" | "top_20_share" => Kind::Ratio,
        "gini" => Kind::Number(3),
        _ => Kind::Money,
    }
}

fn push_spend(rows: &mut Vec<ParameterRow>, fit: &SpendFit, bootstrap: Option<&Bootstrap>) {
    let values = [fit.model.p, fit.model.q, fit.model.v];
    for (at, parameter) in ["p", "q", "v"].into_iter().enumerate() {
        let variance = fit.ln_covariance.as_ref().map(|covariance| covariance[at][at]);
        let interval = match bootstrap {
            Some(bootstrap) => bootstrap.spend[at],
            None => variance.and_then(|variance| wald(values[at], variance)),
        };
        rows.push(ParameterRow {
            model: "gamma-gamma",
            parameter,
            value: values[at],
            se: variance.map(|variance| values[at] * variance.sqrt()),
            interval,
            interval_by: interval.map(|_| if bootstrap.is_some() { "bootstrap" } else { "wald" }),
            ln_likelihood: fit.ln_likelihood,
            held_out: None,
            customers: fit.customers,
            repeaters: None,
            chosen: true,
        });
    }
}
