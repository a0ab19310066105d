//! Models fitted to a population, and the choice among them.

use super::population::Population;
use crate::stats::btyd::gamma_gamma::{self, NoSpendFit, SpendFit};
use crate::stats::btyd::{self, Fit, Model, ModelKind, NoFit, Row};

/// How spend per purchase is foreseen.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SpendModel {
    pub fit: Result<SpendFit, NoSpendFit>,
    /// Mean spend of an occasion where the model has no answer, currency units; `None` where nothing was ever spent.
    pub mean: Option<f64>,
    /// What is left of revenue after refunds that stand by themselves.
    pub refund_factor: f64,
}

impl SpendModel {
    pub fn new(population: &Population) -> Self {
        let rows = population.spend_rows(population.spends.iter().map(|row| row.weight));
        Self {
            fit: gamma_gamma::fit(&rows, None),
            mean: population.mean_spend().filter(|mean| *mean > 0.0),
            refund_factor: population.refund_factor(),
        }
    }

    /// Expected net revenue per purchase of a customer with this history of spend, refunds taken off. A model without a
    /// finite answer (q <= 1 and too little history) gives way to the mean of all purchases.
    pub fn expected(&self, x: u32, mean: f64) -> Option<f64> {
        let own = match &self.fit {
            Ok(fit) => fit.model.expectation(x, mean).filter(|spend| *spend >= 0.0),
            Err(NoSpendFit::Constant { spend }) => Some(*spend),
            Err(_) => None,
        };
        own.or(self.mean).map(|spend| spend * self.refund_factor)
    }
}

/// The models fitted to one population.
#[derive(Debug, Clone)]
pub(super) struct Fitted {
    /// One for each kind that was asked for, in their order.
    pub candidates: Vec<(ModelKind, Result<Fit, NoFit>)>,
    /// The kind that forecasts are made with.
    pub chosen: ModelKind,
    pub spend: SpendModel,
}

impl Fitted {
    /// Fits `kinds`; the first of them is chosen until a better one is known.
    pub fn new(population: &Population, kinds: &[ModelKind], threads: usize) -> Self {
        let fit = |kind: &ModelKind| (*kind, btyd::fit(*kind, &population.rows, None, threads));
        Self {
            candidates: kinds.iter().map(fit).collect(),
            chosen: kinds.first().copied().unwrap_or(ModelKind::BgNbd),
            spend: SpendModel::new(population),
        }
    }

    pub fn of(&self, kind: ModelKind) -> Option<&Fit> {
        let found = self.candidates.iter().find(|(candidate, _)| *candidate == kind);
        found.and_then(|(_, fit)| fit.as_ref().ok())
    }

    /// The fit that forecasts are made with.
    pub fn fit(&self) -> Option<&Fit> {
        self.of(self.chosen)
    }

    pub fn model(&self) -> Option<&Model> {
        self.fit().map(|fit| &fit.model)
    }
}

/// The time before the hold-out, and what models learnt from it.
#[derive(Debug, Clone)]
pub(super) struct Holdout {
    /// Whole days; its first day is the one after `before.last_day`.
    pub days: u32,
    /// Customers acquired before it, with what they did before it.
    pub before: Population,
    /// Fitted on what was before it; the chosen kind is that of the whole report.
    pub fitted: Fitted,
    /// Per candidate: log-likelihood (days) of what these customers did in the hold-out, given what they did before.
    pub ln_likelihood: Vec<(ModelKind, Option<f64>)>,
    /// Repeat occasions in it, of these customers.
    pub repeats: u64,
}

impl Holdout {
    pub fn ln_likelihood_of(&self, kind: ModelKind) -> Option<f64> {
        self.ln_likelihood.iter().find(|(candidate, _)| *candidate == kind).and_then(|(_, value)| *value)
    }
}

/// Sum over customers of the log-likelihood of the whole history less that of the part before the hold-out. `pairs`: the
/// two rows of each customer, distinct and in a fixed order, with how many customers have them.
pub(super) fn held_out(model: &Model, pairs: &[(Row, Row)]) -> Option<f64> {
    let mut sum = 0.0;
    for (before, whole) in pairs {
        let gain = model.ln_likelihood(whole.x, whole.t_x, whole.t)
            - model.ln_likelihood(before.x, before.t_x, before.t);
        sum += before.weight * gain;
    }
    sum.is_finite().then_some(sum)
}

impl Fitted {
    /// Chooses the candidate with the highest log-likelihood in the hold-out; without one, in the sample. Of equals the first.
    pub fn choose(&mut self, holdout: Option<&Holdout>) {
        let score = |kind: ModelKind| match holdout {
            Some(holdout) => holdout.ln_likelihood_of(kind).filter(|_| self.of(kind).is_some()),
            None => self.of(kind).map(|fit| fit.ln_likelihood),
        };
        let scored = |score: &dyn Fn(ModelKind) -> Option<f64>| {
            let mut best: Option<(ModelKind, f64)> = None;
            for (kind, _) in &self.candidates {
                if let Some(value) = score(*kind)
                    && best.is_none_or(|(_, most)| value > most)
                {
                    best = Some((*kind, value));
                }
            }
            best
        };
        let in_sample = |kind: ModelKind| self.of(kind).map(|fit| fit.ln_likelihood);
        if let Some((kind, _)) = scored(&score).or_else(|| scored(&in_sample)) {
            self.chosen = kind;
        }
    }
}
