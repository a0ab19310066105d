//! "Buy till you die" models: how often customers buy, when they leave, what they spend. Without a contract nobody says
//! goodbye, so both are inferred from when each customer bought.
//!
//! Every time is in days here. Parameters scale with the unit of time, predictions do not: the unit in which parameters are
//! reported is the affair of a report ([`Model::in_unit`]).
//!
//! | symbol | meaning |
//! | --- | --- |
//! | x | repeat purchases (occasions after the first) |
//! | t_x | time of the last purchase, counted from the first; 0 where x = 0 |
//! | t (T) | time from the first purchase to the end of the observed time |

pub mod bg_nbd;
pub mod bootstrap;
pub mod discount;
mod dropout;
mod edges;
mod fitting;
pub mod gamma_gamma;
pub mod mbg_nbd;
pub mod pareto_nbd;
mod quadrature;

/// Customers who have one and the same history.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    pub x: u32,
    /// Days.
    pub t_x: f64,
    /// Days.
    pub t: f64,
    /// How many customers.
    pub weight: f64,
}

/// Which model of purchases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ModelKind {
    /// Fader, Hardie, Lee (2005): r, alpha, a, b.
    BgNbd,
    /// Batislam, Denizel, Filiztekin (2007): r, alpha, a, b.
    MbgNbd,
    /// Schmittlein, Morrison, Colombo (1987): r, alpha, s, beta.
    ParetoNbd,
}

impl ModelKind {
    pub const ALL: [Self; 3] = [Self::BgNbd, Self::MbgNbd, Self::ParetoNbd];

    pub fn key(self) -> &'static str {
        match self {
            Self::BgNbd => "bg-nbd",
            Self::MbgNbd => "mbg-nbd",
            Self::ParetoNbd => "pareto-nbd",
        }
    }

    /// The names of the parameters, in their order.
    pub fn parameter_names(self) -> [&'static str; 4] {
        match self {
            Self::BgNbd | Self::MbgNbd => ["r", "alpha", "a", "b"],
            Self::ParetoNbd => ["r", "alpha", "s", "beta"],
        }
    }

    /// Whether the parameter at this place is a time (it scales with the unit).
    pub fn is_time(self, place: usize) -> bool {
        place == 1 || (self == Self::ParetoNbd && place == 3)
    }
}

/// A model with its parameters, times in days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Model {
    pub kind: ModelKind,
    /// In the order of [`ModelKind::parameter_names`]; all are positive.
    pub parameters: [f64; 4],
}

impl Model {
    pub fn new(kind: ModelKind, parameters: [f64; 4]) -> Self {
        Self { kind, parameters }
    }

    /// The parameters with times counted in units of `days`: 7 for weeks.
    pub fn in_unit(&self, days: f64) -> [f64; 4] {
        let mut parameters = self.parameters;
        for (place, value) in parameters.iter_mut().enumerate() {
            if self.kind.is_time(place) {
                *value /= days;
            }
        }
        parameters
    }

    /// The model whose parameters are counted in units of `days`: the inverse of [`Model::in_unit`].
    pub fn from_unit(kind: ModelKind, parameters: [f64; 4], days: f64) -> Self {
        Self { kind, parameters: Self::new(kind, parameters).in_unit(1.0 / days) }
    }

    /// Log-likelihood of one customer.
    pub fn ln_likelihood(&self, x: u32, t_x: f64, t: f64) -> f64 {
        match self.kind {
            ModelKind::BgNbd => bg_nbd::ln_likelihood(&self.parameters, x, t_x, t),
            ModelKind::MbgNbd => mbg_nbd::ln_likelihood(&self.parameters, x, t_x, t),
            ModelKind::ParetoNbd => pareto_nbd::ln_likelihood(&self.parameters, x, t_x, t),
        }
    }

    /// The probability that a customer is still one at the end of the observed time. By BG/NBD it is 1 for everybody who
    /// bought once: that model lets nobody leave before the first repeat purchase.
    pub fn p_alive(&self, x: u32, t_x: f64, t: f64) -> f64 {
        match self.kind {
            ModelKind::BgNbd => bg_nbd::p_alive(&self.parameters, x, t_x, t),
            ModelKind::MbgNbd => mbg_nbd::p_alive(&self.parameters, x, t_x, t),
            ModelKind::ParetoNbd => pareto_nbd::p_alive(&self.parameters, x, t_x, t),
        }
    }

    /// Purchases that a customer with this history is expected to make in the next `horizon` days.
    pub fn expected_purchases(&self, x: u32, t_x: f64, t: f64, horizon: f64) -> f64 {
        match self.kind {
            ModelKind::BgNbd => bg_nbd::expected_purchases(&self.parameters, x, t_x, t, horizon),
            ModelKind::MbgNbd => mbg_nbd::expected_purchases(&self.parameters, x, t_x, t, horizon),
            ModelKind::ParetoNbd => pareto_nbd::expected_purchases(&self.parameters, x, t_x, t, horizon),
        }
    }

    /// Repeat purchases that a customer is expected to make in the `t` days after the first.
    pub fn expected_repeats(&self, t: f64) -> f64 {
        match self.kind {
            ModelKind::BgNbd => bg_nbd::expected_repeats(&self.parameters, t),
            ModelKind::MbgNbd => mbg_nbd::expected_repeats(&self.parameters, t),
            ModelKind::ParetoNbd => pareto_nbd::expected_repeats(&self.parameters, t),
        }
    }

    /// The probability of exactly `n` repeat purchases in the `t` days after the first.
    pub fn probability_of_repeats(&self, n: u32, t: f64) -> f64 {
        match self.kind {
            ModelKind::BgNbd => bg_nbd::probability_of_repeats(&self.parameters, n, t),
            ModelKind::MbgNbd => mbg_nbd::probability_of_repeats(&self.parameters, n, t),
            ModelKind::ParetoNbd => pareto_nbd::probability_of_repeats(&self.parameters, n, t),
        }
    }
}

/// A model found by maximum likelihood.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    pub model: Model,
    pub ln_likelihood: f64,
    /// Covariance of the logarithms of the parameters (days), from the Hessian; `None` where it is not positive definite.
    pub ln_covariance: Option<[[f64; 4]; 4]>,
    /// Customers, those without a repeat purchase included.
    pub customers: f64,
    /// Customers with a repeat purchase.
    pub repeaters: f64,
    /// Repeat purchases.
    pub repeats: f64,
    /// Evaluations of the likelihood over all customers.
    pub evaluations: u32,
    /// What is doubtful of it.
    pub doubts: Vec<Doubt>,
}

impl Fit {
    /// Standard errors of the parameters (days), by the delta method.
    pub fn standard_errors(&self) -> Option<[f64; 4]> {
        let covariance = self.ln_covariance.as_ref()?;
        let mut errors = self.model.parameters;
        for (place, error) in errors.iter_mut().enumerate() {
            *error *= covariance[place][place].sqrt();
        }
        Some(errors)
    }

    /// The log-likelihood with times counted in units of `days` (7 for weeks): a density per unit of time, to the power of
    /// the purchases, so that it depends on the unit.
    pub fn ln_likelihood_in_unit(&self, days: f64) -> f64 {
        self.ln_likelihood + self.repeats * libm::log(days)
    }
}

/// Why there is no fit.
#[derive(Debug, Clone, PartialEq)]
pub enum NoFit {
    /// Nobody.
    NoCustomers,
    /// Nobody bought on a second day: nothing tells how often customers buy.
    NoRepeaters,
    /// Nobody was observed for a day after the first purchase.
    NoTime,
    /// The likelihood is not finite anywhere near a start.
    Numbers,
}

/// Why a fit, though found, is doubtful.
#[derive(Debug, Clone, PartialEq)]
pub enum Doubt {
    /// So few repeaters that the parameters say little (see `FEW_REPEATERS`).
    FewRepeaters { repeaters: f64 },
    /// The likelihood hardly changes along this parameter: its value says nothing, predictions may still hold.
    Flat { parameter: &'static str },
    /// The optimum is at the edge: this parameter runs towards 0 or without bound.
    Boundary { parameter: &'static str, value: f64 },
    /// The search ended before it was certain.
    NotConverged { gradient: f64 },
}

/// Fewer repeaters than this make a doubt.
pub const FEW_REPEATERS: f64 = 30.0;

/// Fits `kind` to customers. The result does not depend on `threads`; rows of any order are sorted here. `start`: parameters
/// (days) to begin with, e.g. those of the whole for a bootstrap; without it a deterministic start from the data.
///
/// ## Errors
/// [`NoFit`], where the data cannot tell.
pub fn fit(kind: ModelKind, rows: &[Row], start: Option<[f64; 4]>, threads: usize) -> Result<Fit, NoFit> {
    match kind {
        ModelKind::BgNbd => fitting::run::<bg_nbd::Terms>(kind, rows, start, threads),
        ModelKind::MbgNbd => fitting::run::<mbg_nbd::Terms>(kind, rows, start, threads),
        ModelKind::ParetoNbd => fitting::run::<pareto_nbd::Terms>(kind, rows, start, threads),
    }
}

/// Rows sorted by x, t_x, t, equal ones merged, those without a customer left out. A bootstrap draws from these, so that it
/// does not depend on the order of customers.
pub fn compressed(rows: &[Row]) -> Vec<Row> {
    fitting::compressed(rows)
}
