//! What is expected of each customer: computed once for each distinct history, on all threads, to the same bits.

use super::fitting::{Fitted, SpendModel};
use super::population::Population;
use super::settings::LtvSettings;
use crate::stats::btyd::discount::discounted_purchases;
use crate::stats::btyd::{Model, Row};

/// Rows of a piece of work: fixed, so that nothing depends on the number of threads.
pub(super) const CHUNK: usize = 512;

/// Forecasts for a population. A forecast that is not finite is absent.
#[derive(Debug, Clone)]
pub(super) struct Valuation {
    /// Of each of `Population::rows`.
    pub forecasts: Vec<Forecast>,
    /// Of each of `Population::spends`: expected net revenue per purchase, currency units.
    pub spend: Vec<Option<f64>>,
    /// What a unit of revenue is worth: the margin, or 1.
    pub worth: f64,
}

/// What a model expects after one history.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Forecast {
    pub p_alive: Option<f64>,
    /// Purchases in the horizon.
    pub purchases: Option<f64>,
    /// The same, each discounted from its day to the end of the observed time.
    pub discounted: Option<f64>,
}

impl Forecast {
    pub fn new(model: &Model, row: &Row, horizon: f64, rate: f64) -> Self {
        let known = |value: f64| value.is_finite().then_some(value);
        let p_alive = known(model.p_alive(row.x, row.t_x, row.t)).map(|p| p.clamp(0.0, 1.0));
        let purchases = known(model.expected_purchases(row.x, row.t_x, row.t, horizon)).map(|n| n.max(0.0));
        let discounted = match rate {
            0.0 => purchases,
            _ => known(discounted_purchases(model, row.x, row.t_x, row.t, horizon, rate)).map(|n| n.max(0.0)),
        };
        Self { p_alive, purchases, discounted }
    }
}

impl Valuation {
    /// `None` without a model of purchases.
    pub fn new(
        settings: &LtvSettings,
        population: &Population,
        fitted: &Fitted,
        threads: usize,
    ) -> Option<Self> {
        let model = fitted.model()?;
        Some(Self {
            forecasts: forecasts(settings, model, &population.rows, threads),
            spend: expected_spend(population, &fitted.spend),
            worth: settings.worth(),
        })
    }

    /// Expected purchases of a customer (a place in `Population::customers`) in the horizon.
    pub fn purchases(&self, population: &Population, customer: usize) -> Option<f64> {
        self.forecasts[population.row_of[customer] as usize].purchases
    }

    /// Expected net revenue per purchase of a customer, currency units.
    pub fn spend(&self, population: &Population, customer: usize) -> Option<f64> {
        self.spend[population.spend_of[customer] as usize]
    }

    /// The discounted value of a customer's purchases in the horizon: margin where `--margin` is given, else revenue.
    pub fn clv(&self, population: &Population, customer: usize) -> Option<f64> {
        let discounted = self.forecasts[population.row_of[customer] as usize].discounted?;
        let value = discounted * self.spend(population, customer)? * self.worth;
        value.is_finite().then_some(value)
    }
}

pub(super) fn forecasts(
    settings: &LtvSettings,
    model: &Model,
    rows: &[Row],
    threads: usize,
) -> Vec<Forecast> {
    let (horizon, rate) = (settings.horizon.days, settings.rate_per_day());
    each(rows, CHUNK, threads, |row| Forecast::new(model, row, horizon, rate))
}

pub(super) fn expected_spend(population: &Population, spend: &SpendModel) -> Vec<Option<f64>> {
    population.spends.iter().map(|row| spend.expected(row.x, row.mean)).collect()
}

/// `work` on every item, in pieces (of `piece` items) that threads take in turn; results are in the order of the items.
pub(super) fn each<T: Sync, U: Send + Clone + Default>(
    items: &[T],
    piece: usize,
    threads: usize,
    work: impl Fn(&T) -> U + Sync,
) -> Vec<U> {
    let mut results = vec![U::default(); items.len()];
    if threads <= 1 || items.len() <= piece {
        results.iter_mut().zip(items).for_each(|(result, item)| *result = work(item));
        return results;
    }
    let pieces = std::sync::Mutex::new(results.chunks_mut(piece).zip(items.chunks(piece)));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    // A thread that panicked ends the run anyhow; its lock is none of ours to judge.
                    let piece = pieces.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next();
                    let Some((results, items)) = piece else { break };
                    results.iter_mut().zip(items).for_each(|(result, item)| *result = work(item));
                }
            });
        }
    });
    results
}
