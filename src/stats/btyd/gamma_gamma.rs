//! The Gamma-Gamma model of spend (Fader, Hardie 2013): SKELETON

/// Customers with one and the same history of spend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpendRow {
    /// Purchases over which the mean is taken.
    pub x: u32,
    /// Mean spend per purchase, currency units; positive.
    pub mean: f64,
    /// How many customers.
    pub weight: f64,
}

/// The model with its parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GammaGamma {
    pub p: f64,
    pub q: f64,
    /// Currency units (gamma in the first papers).
    pub v: f64,
}

impl GammaGamma {
    /// Log-likelihood of a customer's mean spend over `x` > 0 purchases.
    pub fn ln_likelihood(&self, _x: u32, _mean: f64) -> f64 {
        unimplemented!()
    }

    /// Expected mean spend per purchase of a customer; of somebody without such purchases (x = 0) the population's.
    pub fn expected_spend(&self, _x: u32, _mean: f64) -> f64 {
        unimplemented!()
    }

    /// Mean spend over the population: p v / (q - 1). `None` where q <= 1, as it is infinite then.
    pub fn population_mean(&self) -> Option<f64> {
        (self.q > 1.0).then(|| self.p * self.v / (self.q - 1.0))
    }
}

/// Gamma-Gamma found by maximum likelihood.
#[derive(Debug, Clone, PartialEq)]
pub struct SpendFit {
    pub model: GammaGamma,
    pub ln_likelihood: f64,
    /// Covariance of the logarithms of p, q, v; `None` where the Hessian is not positive definite.
    pub ln_covariance: Option<[[f64; 3]; 3]>,
    /// Customers with such purchases.
    pub customers: f64,
    pub evaluations: u32,
    pub doubts: Vec<SpendDoubt>,
}

/// Why there is no fit of spend.
#[derive(Debug, Clone, PartialEq)]
pub enum NoSpendFit {
    /// Fewer than two customers with purchases to learn from.
    TooFew { customers: f64 },
    /// Everybody spends the same each time: there is nothing to model, the constant is the forecast.
    Constant { spend: f64 },
    /// The likelihood is not finite anywhere near a start.
    Numbers,
}

/// Why a fit of spend, though found, is doubtful.
#[derive(Debug, Clone, PartialEq)]
pub enum SpendDoubt {
    FewCustomers {
        customers: f64,
    },
    /// q <= 1: the mean over the population is infinite; a few huge orders dominate.
    InfiniteMean {
        q: f64,
    },
    Flat {
        parameter: &'static str,
    },
    Boundary {
        parameter: &'static str,
        value: f64,
    },
    NotConverged {
        gradient: f64,
    },
}

/// Fits the model. The result does not depend on the order of rows.
pub fn fit(rows: &[SpendRow], start: Option<GammaGamma>) -> Result<SpendFit, NoSpendFit> {
    let _ = (rows, start);
    unimplemented!()
}
