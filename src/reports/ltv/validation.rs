//! Does the model beat the simple guess? Everything here is foreseen from what was known when the hold-out began, then held
//! against what came: by the models, by each customer's own past rate, by the mean of customers alike.

mod segments;
mod tables;

use super::fitting::Holdout;
use super::population::{Customer, MONEY_UNIT, Population};
use super::valuation::{CHUNK, each, expected_spend};
use super::{Study, model_name};
use crate::error::Result;
use crate::facts::Histories;
use crate::output::report::{Note, Report};
use crate::output::{number, percent};
use crate::stats::btyd::{Model, ModelKind, Row};
use crate::stats::rank_correlation::spearman;
use segments::SegmentMeans;

/// The keys of the guesses that models have to beat.
pub(super) const OWN_RATE: &str = "own_rate";
pub(super) const SEGMENT_MEAN: &str = "segment_mean";

/// Adds the table `validation`, and the verdict as a note.
pub(super) fn validation(study: &Study<'_>, report: &mut Report) -> Result<()> {
    let validation = Validation::of(study);
    report.tables.push(validation.table()?);
    match study.holdout {
        Some(_) => report.notes.push(validation.verdict()),
        None => report.notes.push(Note::new("ltv_no_holdout")),
    }
    Ok(())
}

/// Adds the table `bins`.
pub(super) fn bins(study: &Study<'_>, report: &mut Report) -> Result<()> {
    report.tables.push(Validation::of(study).bins());
    Ok(())
}

/// What came in the hold-out, customer by customer in the order of ids, and what was foreseen.
#[derive(Debug, Clone, Default)]
struct Validation {
    /// Length of the hold-out, days.
    days: u32,
    /// Repeat purchases before the hold-out.
    frequency: Vec<u32>,
    actual: Vec<Actual>,
    /// The report's model.
    chosen: Option<ModelKind>,
    /// Models first, then the simple guesses.
    predictors: Vec<Predictor>,
}

/// What a customer did in the hold-out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Actual {
    /// Purchase occasions.
    purchases: u32,
    /// Net revenue of all entries, 1/10,000 of the unit.
    net_e4: i128,
}

/// One way to foresee, and how well it did.
#[derive(Debug, Clone)]
struct Predictor {
    key: &'static str,
    /// Of a model: which one.
    kind: Option<ModelKind>,
    /// Per customer.
    purchases: Vec<f64>,
    measures: Measures,
}

/// How well purchases and revenue were foreseen; `None` where a measure has no value.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Measures {
    purchases: Option<f64>,
    /// Expected over actual, less 1.
    total_error: Option<f64>,
    /// Mean absolute error per customer, purchases.
    mae: Option<f64>,
    /// Root of the mean squared error per customer, purchases.
    rmse: Option<f64>,
    /// Spearman's, of expected with actual purchases.
    rank_correlation: Option<f64>,
    revenue: Option<f64>,
    revenue_error: Option<f64>,
    revenue_mae: Option<f64>,
}

impl Validation {
    fn of(study: &Study<'_>) -> Self {
        match &study.holdout {
            Some(holdout) => {
                let as_of_day = study.population.last_day;
                Self::new(&study.input.histories, holdout, as_of_day, study.input.threads)
            }
            None => Self::default(),
        }
    }

    fn new(histories: &Histories, holdout: &Holdout, as_of_day: i32, threads: usize) -> Self {
        let before = &holdout.before;
        let mut this = Self {
            days: holdout.days,
            frequency: before.customers.iter().map(|customer| customer.x).collect(),
            actual: actuals(histories, before, as_of_day),
            chosen: Some(holdout.fitted.chosen),
            predictors: Vec::new(),
        };
        let spend = expected_spend(before, &holdout.fitted.spend);
        for (kind, fit) in &holdout.fitted.candidates {
            let Ok(fit) = fit else { continue };
            let purchases = by_model(&fit.model, before, holdout.days, threads);
            let per_purchase = before.spend_of.iter().map(|at| spend[*at as usize]);
            let revenue = purchases.iter().zip(per_purchase).map(|(n, spend)| Some(n * spend?)).collect();
            this.add(kind.key(), Some(*kind), purchases, revenue);
        }
        let (purchases, revenue) = by_own_rate(before, holdout.days);
        this.add(OWN_RATE, None, purchases, Some(revenue));
        if let Some(means) = SegmentMeans::learn(histories, before, holdout.days) {
            let (purchases, revenue) = means.foresee(before);
            this.add(SEGMENT_MEAN, None, purchases, Some(revenue));
        }
        this
    }

    fn add(
        &mut self,
        key: &'static str,
        kind: Option<ModelKind>,
        purchases: Vec<f64>,
        revenue: Option<Vec<f64>>,
    ) {
        let measures = Measures::new(&self.actual, &purchases, revenue.as_deref());
        self.predictors.push(Predictor { key, kind, purchases, measures });
    }

    fn is_chosen(&self, predictor: &Predictor) -> bool {
        predictor.kind.is_some() && predictor.kind == self.chosen
    }

    fn purchases(&self) -> u64 {
        self.actual.iter().map(|actual| u64::from(actual.purchases)).sum()
    }

    fn net_e4(&self) -> i128 {
        self.actual.iter().map(|actual| actual.net_e4).sum()
    }

    /// The place of the predictor with the least squared error, which is least for the expected value; of equals the one whose
    /// total is nearer, then the first. (The mean absolute error would favour whoever foresees nothing for everybody.)
    fn best(&self) -> Option<usize> {
        let score = |predictor: &Predictor| {
            let measures = predictor.measures;
            Some((measures.rmse?, measures.total_error.unwrap_or(0.0).abs()))
        };
        let scored = self.predictors.iter().enumerate().filter_map(|(at, p)| Some((score(p)?, at)));
        let least = scored.min_by(|((rmse, total), at), ((other_rmse, other_total), other)| {
            rmse.total_cmp(other_rmse).then(total.total_cmp(other_total)).then(at.cmp(other))
        });
        least.map(|(_, at)| at)
    }

    /// One plain sentence: is the model better than the simple guesses?
    fn verdict(&self) -> Note {
        let of = |key: &str| self.predictors.iter().find(|predictor| predictor.key == key);
        let (own, segment) = (of(OWN_RATE), of(SEGMENT_MEAN));
        let chosen = self.predictors.iter().find(|predictor| self.is_chosen(predictor));
        let Some((model, kind)) = chosen.zip(self.chosen) else {
            return Note::new("ltv_verdict_no_model").with("days", self.days);
        };
        if self.purchases() == 0 {
            let total = |predictor: Option<&Predictor>| {
                predictor.and_then(|p| p.measures.purchases).map_or(ABSENT.into(), |total| number(total, 1))
            };
            return Note::new("ltv_verdict_nothing_came")
                .with("days", self.days)
                .with("model", model_name(kind))
                .with("expected", total(Some(model)))
                .with("own", total(own))
                .with("segment", total(segment));
        }
        let rivals = || [own, segment].into_iter().flatten();
        let least = |value: fn(&Measures) -> Option<f64>| {
            rivals().filter_map(|rival| value(&rival.measures)).min_by(f64::total_cmp)
        };
        let rival = rivals().min_by(|a, b| {
            let rmse = |p: &Predictor| p.measures.rmse.unwrap_or(f64::MAX);
            rmse(a).total_cmp(&rmse(b))
        });
        let total = |measures: &Measures| measures.total_error.map(f64::abs);
        let total_is_nearer = total(&model.measures) <= least(total);
        let key = match rival.and_then(|rival| self.lead(model, rival)) {
            Some(lead) if lead > CLEAR && total_is_nearer => "ltv_verdict_model",
            Some(lead) if lead > CLEAR => "ltv_verdict_model_but_total",
            Some(lead) if lead < -CLEAR && total_is_nearer => "ltv_verdict_guess_but_total",
            Some(lead) if lead < -CLEAR => "ltv_verdict_guess",
            _ if total_is_nearer => "ltv_verdict_even_total_model",
            _ => "ltv_verdict_even_total_guess",
        };
        let mut note = Note::new(key).with("model", model_name(kind)).with("days", self.days);
        for (predictor, [total, error, rank]) in [
            (Some(model), ["model_total", "model_error", "model_rank"]),
            (own, ["own_total", "own_error", "own_rank"]),
            (segment, ["segment_total", "segment_error", "segment_rank"]),
        ] {
            let measures = predictor.map(|predictor| predictor.measures).unwrap_or_default();
            let shown = |value: Option<f64>| value.map_or(ABSENT.into(), |value| number(value, 2));
            note = note
                .with(total, measures.total_error.map_or(ABSENT.into(), signed_percent))
                .with(error, shown(measures.rmse))
                .with(rank, shown(measures.rank_correlation));
        }
        note
    }

    /// How clearly the squared error of `one` is less than that of `other`: the mean difference per customer over its
    /// standard error (the paired comparison of forecasts of Diebold and Mariano 1995, customers taken as independent).
    /// `None` where it has no spread.
    fn lead(&self, one: &Predictor, other: &Predictor) -> Option<f64> {
        let n = self.actual.len() as f64;
        let squared = |expected: f64, actual: &Actual| {
            let error = expected - f64::from(actual.purchases);
            error * error
        };
        let pairs = || self.actual.iter().zip(one.purchases.iter().zip(&other.purchases));
        let differences =
            || pairs().map(|(actual, (one, other))| squared(*other, actual) - squared(*one, actual));
        let mean = differences().sum::<f64>() / n;
        let variance = differences().map(|difference| (difference - mean) * (difference - mean)).sum::<f64>();
        let standard_error = (variance / (n * (n - 1.0))).sqrt();
        let lead = mean / standard_error;
        lead.is_finite().then_some(lead)
    }
}

/// A difference of this many standard errors is no accident: 5 %, two-sided.
const CLEAR: f64 = 1.96;

/// What stands for a number that is not there.
const ABSENT: &str = "–";

fn signed_percent(share: f64) -> String {
    let sign = if share > 0.0 { "+" } else { "" };
    format!("{sign}{}", percent(share))
}

impl Measures {
    fn new(actual: &[Actual], purchases: &[f64], revenue: Option<&[f64]>) -> Self {
        if actual.is_empty() {
            return Self::default();
        }
        let n = actual.len() as f64;
        let came: Vec<f64> = actual.iter().map(|actual| f64::from(actual.purchases)).collect();
        let errors = || purchases.iter().zip(&came).map(|(expected, came)| expected - came);
        let expected: f64 = purchases.iter().sum();
        let came_total: f64 = came.iter().sum();
        let pairs: Vec<_> =
            purchases.iter().zip(&came).map(|(expected, came)| (*expected, *came, 1.0)).collect();
        let finite = |value: f64| value.is_finite().then_some(value);
        let mut measures = Self {
            purchases: finite(expected),
            total_error: finite(expected / came_total - 1.0),
            mae: finite(errors().map(f64::abs).sum::<f64>() / n),
            rmse: finite((errors().map(|error| error * error).sum::<f64>() / n).sqrt()),
            rank_correlation: spearman(&pairs),
            ..Self::default()
        };
        if let Some(revenue) = revenue {
            let came = |actual: &Actual| actual.net_e4 as f64 / MONEY_UNIT;
            let expected: f64 = revenue.iter().sum();
            let came_e4: i128 = actual.iter().map(|actual| actual.net_e4).sum();
            let error = revenue.iter().zip(actual).map(|(expected, actual)| (expected - came(actual)).abs());
            measures.revenue = finite(expected);
            // A share of what was lost says nothing.
            let is_gain = came_e4 > 0;
            measures.revenue_error =
                finite(expected / (came_e4 as f64 / MONEY_UNIT) - 1.0).filter(|_| is_gain);
            measures.revenue_mae = finite(error.sum::<f64>() / n);
        }
        measures
    }
}

/// What each customer of `before` did from the day after its end to `as_of_day`.
fn actuals(histories: &Histories, before: &Population, as_of_day: i32) -> Vec<Actual> {
    let of = |customer: &Customer| {
        let history = histories.get(customer.place as usize);
        let from = history.day.partition_point(|day| *day <= before.last_day);
        let to = history.day.partition_point(|day| *day <= as_of_day);
        Actual {
            purchases: history.orders[from..to].iter().filter(|orders| **orders > 0).count() as u32,
            net_e4: history.net_e4[from..to].iter().map(|net_e4| i128::from(*net_e4)).sum(),
        }
    };
    before.customers.iter().map(of).collect()
}

/// Purchases that the model expects of each customer in the next `days`.
fn by_model(model: &Model, before: &Population, days: u32, threads: usize) -> Vec<f64> {
    let horizon = f64::from(days);
    let of_rows = each(&before.rows, CHUNK, threads, |row: &Row| {
        model.expected_purchases(row.x, row.t_x, row.t, horizon).max(0.0)
    });
    before.row_of.iter().map(|at| of_rows[*at as usize]).collect()
}

/// Purchases and revenue (currency units) if each customer went on as before: repeat purchases over the time since the
/// first, each at the customer's mean net revenue. Nobody who has not come back yet is expected to.
fn by_own_rate(before: &Population, days: u32) -> (Vec<f64>, Vec<f64>) {
    let of = |customer: &Customer| {
        if customer.x == 0 || customer.t == 0 {
            return (0.0, 0.0);
        }
        // The product is exact, so that equal rates are equal numbers, and ties in ranks.
        let purchases = f64::from(customer.x) * f64::from(days) / f64::from(customer.t);
        let mean = customer.net_e4 as f64 / MONEY_UNIT / (f64::from(customer.x) + 1.0);
        (purchases, purchases * mean)
    };
    before.customers.iter().map(of).unzip()
}

#[cfg(test)]
mod tests;
