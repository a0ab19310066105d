//! Intervals by the bootstrap: customers drawn with replacement, models fitted again, forecasts made again for the
//! customers there are. What varies is what was learnt, not who is there.

use super::Study;
use super::fitting::{Fitted, SpendModel};
use super::population::Population;
use super::totals::{Cell, Expected, cells, expected};
use super::valuation::{Valuation, each, expected_spend, forecasts};
use crate::stats::btyd::gamma_gamma;
use crate::stats::btyd::{self, Row, bootstrap};

/// The interval leaves out this share of samples on either side: 95 % are within it.
const TAIL: f64 = 0.025;

/// From where to where.
pub(super) type Interval = (f64, f64);

/// Intervals of 95 % (percentiles of the samples, Efron 1979; type 7).
#[derive(Debug, Clone, Default)]
pub(super) struct Bootstrap {
    pub samples: u32,
    /// Samples in which the model of purchases had no fit.
    pub failed: u32,
    /// Of the chosen model's parameters, times in days.
    pub parameters: [Option<Interval>; 4],
    /// Of p, q, v.
    pub spend: [Option<Interval>; 3],
    /// Per group, in the order of `Expected::MEASURES`.
    pub totals: Vec<[Option<Interval>; 5]>,
}

/// What one sample gave.
#[derive(Debug, Clone)]
struct Sample {
    parameters: [f64; 4],
    spend: Option<[f64; 3]>,
    totals: Vec<Expected>,
}

impl Bootstrap {
    /// `None` where none is asked for, or there is no model.
    pub fn new(study: &Study<'_>) -> Option<Self> {
        let settings = study.settings;
        let valuation = study.valuation.as_ref().filter(|_| settings.bootstrap > 0)?;
        let drawn_from = cells(&study.population, &vec![0; study.input.histories.len()]);
        let summed = cells(&study.population, &study.groups.of);
        let numbers: Vec<u32> = (0..settings.bootstrap).collect();
        let weights: Vec<f64> = drawn_from.iter().map(|cell| cell.customers).collect();
        let samples = each(&numbers, 1, study.input.threads, |number| {
            let drawn = bootstrap::draw(&weights, settings.seed, *number);
            Sample::new(study, valuation, &drawn_from, &drawn, &summed)
        });
        Some(Self::of(samples, study.groups.values.len()))
    }

    fn of(samples: Vec<Option<Sample>>, groups: usize) -> Self {
        let count = samples.len();
        let found: Vec<Sample> = samples.into_iter().flatten().collect();
        let failed = (count - found.len()) as u32;
        let totals = (0..groups).map(|group| {
            std::array::from_fn(|at| {
                interval(found.iter().filter_map(|s| s.totals[group].values()[at]), count)
            })
        });
        Self {
            samples: count as u32,
            failed,
            parameters: std::array::from_fn(|at| interval(found.iter().map(|s| s.parameters[at]), count)),
            spend: std::array::from_fn(|at| {
                interval(found.iter().filter_map(|s| s.spend.map(|spend| spend[at])), count)
            }),
            totals: totals.collect(),
        }
    }
}

impl Sample {
    /// `drawn`: how often each of `cells` was drawn.
    fn new(
        study: &Study<'_>,
        valuation: &Valuation,
        cells: &[Cell],
        drawn: &[f64],
        summed: &[Cell],
    ) -> Option<Self> {
        let population = &study.population;
        let rows = rows(population, cells, drawn);
        let whole = study.fitted.fit()?;
        let fit = btyd::fit(whole.model.kind, &rows, Some(whole.model.parameters), 1).ok()?;
        let mut weights = vec![0.0; population.spends.len()];
        for (cell, times) in cells.iter().zip(drawn) {
            weights[cell.spend as usize] += times;
        }
        let start = study.fitted.spend.fit.as_ref().ok().map(|fit| fit.model);
        let spend = SpendModel {
            fit: match start {
                Some(_) => gamma_gamma::fit(&population.spend_rows(weights.into_iter()), start),
                None => study.fitted.spend.fit.clone(),
            },
            ..study.fitted.spend.clone()
        };
        let fitted_spend = spend.fit.as_ref().ok().map(|fit| [fit.model.p, fit.model.q, fit.model.v]);
        let forecasts = forecasts(study.settings, &fit.model, &population.rows, 1);
        let expected_spend = expected_spend(population, &spend);
        let groups = study.groups.values.len();
        Some(Self {
            parameters: fit.model.parameters,
            spend: fitted_spend,
            totals: expected(summed, groups, &forecasts, &expected_spend, valuation.worth),
        })
    }
}

/// The rows that were drawn.
fn rows(population: &Population, cells: &[Cell], drawn: &[f64]) -> Vec<Row> {
    let mut rows: Vec<Row> = population.rows.iter().map(|row| Row { weight: 0.0, ..*row }).collect();
    for (cell, times) in cells.iter().zip(drawn) {
        rows[cell.row as usize].weight += times;
    }
    rows.retain(|row| row.weight > 0.0);
    rows
}

/// Of the values that there are; `None` where fewer than nine in ten of `count` samples have one.
fn interval(values: impl Iterator<Item = f64>, count: usize) -> Option<Interval> {
    let mut values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    if values.is_empty() || values.len() * 10 < count * 9 {
        return None;
    }
    values.sort_unstable_by(f64::total_cmp);
    let quantile = |level: f64| {
        let at = (values.len() - 1) as f64 * level;
        let below = values[at.floor() as usize];
        let above = values[at.ceil() as usize];
        below + (at - at.floor()) * (above - below)
    };
    Some((quantile(TAIL), quantile(1.0 - TAIL)))
}

impl Fitted {
    /// Intervals of 95 % of a candidate's parameters (days) by the normal approximation of their logarithms (Wald).
    pub fn wald(fit: &btyd::Fit) -> [Option<Interval>; 4] {
        std::array::from_fn(|at| {
            let variance = fit.ln_covariance.as_ref()?[at][at];
            wald(fit.model.parameters[at], variance)
        })
    }
}

/// exp(ln value -+ 1.96 standard errors).
pub(super) fn wald(value: f64, ln_variance: f64) -> Option<Interval> {
    const QUANTILE: f64 = 1.959_963_984_540_054;
    let factor = libm::exp(QUANTILE * ln_variance.sqrt());
    let (lower, upper) = (value / factor, value * factor);
    (factor.is_finite() && upper.is_finite()).then_some((lower, upper))
}
