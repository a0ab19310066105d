//! BG/NBD (Fader, Hardie, Lee 2005, "Counting your customers the easy way: an alternative to the Pareto/NBD model",
//! Marketing Science 24(2)): purchases come at random at a rate that is gamma distributed (r, alpha) among customers; after
//! each repeat purchase the customer leaves with a probability that is beta distributed (a, b).
//!
//! Parameters: r, alpha, a, b.

use super::dropout::{self, OfCount, OfTime};
use super::fitting::{self, Prepared, Summed};
use crate::stats::special::{digamma_difference, ln_gamma_ratio};

/// The pieces of the likelihood, equation (6):
///
/// L = B(a, b+x)/B(a, b) * G(r+x)/G(r) * alpha^r * { (alpha+t)^-(r+x) + [x > 0] * a/(b+x-1) * (alpha+t_x)^-(r+x) }
pub(super) struct Terms {
    r: f64,
    alpha: f64,
    a: f64,
    b: f64,
    ln_alpha: f64,
}

impl fitting::Terms for Terms {
    type OfCount = OfCount;
    type OfTime = OfTime;

    fn new(&[r, alpha, a, b]: &[f64; 4]) -> Self {
        Self { r, alpha, a, b, ln_alpha: libm::log(alpha) }
    }

    fn of_count(&self, x: u32) -> OfCount {
        let &Self { r, alpha, a, b, ln_alpha } = self;
        let n = f64::from(x);
        let by_sum = digamma_difference(a + b, n);
        OfCount {
            shape: r + n,
            front: ln_gamma_ratio(b, n) - ln_gamma_ratio(a + b, n) + ln_gamma_ratio(r, n) - n * ln_alpha,
            by: [digamma_difference(r, n), -n / alpha, -by_sum, digamma_difference(b, n) - by_sum],
            ln_odds: ln_odds(a, b, x),
            odds: if x == 0 { [0.0; 2] } else { [1.0 / a, -1.0 / (b + n - 1.0)] },
        }
    }

    fn of_time(&self, time: f64) -> OfTime {
        OfTime::new(self.alpha, time)
    }

    fn sum(&self, count: &OfCount, rows: &[Prepared], times: &[OfTime]) -> Summed {
        count.sum(rows, times)
    }
}

/// Nobody leaves before the first repeat purchase.
fn ln_odds(a: f64, b: f64, x: u32) -> f64 {
    if x == 0 { f64::NEG_INFINITY } else { libm::log(a / (b + f64::from(x) - 1.0)) }
}

/// Log-likelihood of one customer, equation (6).
pub fn ln_likelihood(parameters: &[f64; 4], x: u32, t_x: f64, t: f64) -> f64 {
    ln_likelihood_with_gradient(parameters, x, t_x, t).0
}

/// Log-likelihood of one customer, and its derivatives by r, alpha, a, b.
pub fn ln_likelihood_with_gradient(parameters: &[f64; 4], x: u32, t_x: f64, t: f64) -> (f64, [f64; 4]) {
    fitting::of_customer::<Terms>(parameters, x, t_x, t)
}

/// The probability that the customer is still there (Fader, Hardie, Lee 2008, "Computing P(alive) using the BG/NBD model",
/// equation 3): 1 for everybody without a repeat purchase.
pub fn p_alive(&[r, alpha, a, b]: &[f64; 4], x: u32, t_x: f64, t: f64) -> f64 {
    dropout::alive(alpha, r + f64::from(x), ln_odds(a, b, x), t_x, t)
}

/// Purchases expected in the next `horizon`, equation (10).
pub fn expected_purchases(parameters: &[f64; 4], x: u32, t_x: f64, t: f64, horizon: f64) -> f64 {
    p_alive(parameters, x, t_x, t) * expected_if_alive(parameters, x, t, horizon)
}

/// The same of a customer who is known to be there; it does not depend on t_x. Given x purchases in t, the rate is
/// gamma(r+x, alpha+t), and the probability of leaving, having stayed x times, beta(a, b+x).
pub fn expected_if_alive(&[r, alpha, a, b]: &[f64; 4], x: u32, t: f64, horizon: f64) -> f64 {
    let n = f64::from(x);
    dropout::expected(&[r + n, alpha + t, a, b + n], horizon)
}

/// Repeat purchases expected in the time `t` after the first, equation (9).
pub fn expected_repeats(parameters: &[f64; 4], t: f64) -> f64 {
    dropout::expected(parameters, t)
}

/// The probability of exactly `n` repeat purchases in the time `t` after the first, equation (8): n purchases and still
/// there, or left at the n-th when there would have been as many or more.
pub fn probability_of_repeats(&[r, alpha, a, b]: &[f64; 4], n: u32, t: f64) -> f64 {
    let count = f64::from(n);
    let (exactly, at_least) = dropout::purchases(r, alpha, n, t);
    // E[(1-p)^n], and E[p (1-p)^(n-1)] = a/(b+n-1) of it.
    let stays = libm::exp(ln_gamma_ratio(b, count) - ln_gamma_ratio(a + b, count));
    let leaves = if n == 0 { 0.0 } else { stays * a / (b + count - 1.0) };
    stays * exactly + leaves * at_least
}

#[cfg(test)]
mod tests;
