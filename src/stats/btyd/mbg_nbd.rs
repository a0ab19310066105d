//! MBG/NBD (Batislam, Denizel, Filiztekin 2007, "Empirical validation and comparison of models for customer base analysis",
//! International Journal of Research in Marketing 24; the same model by Hoppe, Wagner 2007 is "CBG/NBD"): BG/NBD, but a
//! customer may also leave right after the first purchase.
//!
//! Parameters: r, alpha, a, b.

use super::dropout::{self, OfCount, OfTime};
use super::fitting::{self, Prepared, Summed};
use crate::stats::special::{digamma_difference, ln_gamma_ratio};

/// The pieces of the likelihood (Batislam et al. 2007, section 3):
///
/// L = B(a, b+x+1)/B(a, b) * G(r+x)/G(r) * alpha^r * { (alpha+t)^-(r+x) + a/(b+x) * (alpha+t_x)^-(r+x) }
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
        let stays = n + 1.0;
        let by_sum = digamma_difference(a + b, stays);
        OfCount {
            shape: r + n,
            front: ln_gamma_ratio(b, stays) - ln_gamma_ratio(a + b, stays) + ln_gamma_ratio(r, n)
                - n * ln_alpha,
            by: [digamma_difference(r, n), -n / alpha, -by_sum, digamma_difference(b, stays) - by_sum],
            ln_odds: ln_odds(a, b, x),
            odds: [1.0 / a, -1.0 / (b + n)],
        }
    }

    fn of_time(&self, time: f64) -> OfTime {
        OfTime::new(self.alpha, time)
    }

    fn sum(&self, count: &OfCount, rows: &[Prepared], times: &[OfTime]) -> Summed {
        count.sum(rows, times)
    }
}

fn ln_odds(a: f64, b: f64, x: u32) -> f64 {
    libm::log(a / (b + f64::from(x)))
}

/// Log-likelihood of one customer.
pub fn ln_likelihood(parameters: &[f64; 4], x: u32, t_x: f64, t: f64) -> f64 {
    ln_likelihood_with_gradient(parameters, x, t_x, t).0
}

/// Log-likelihood of one customer, and its derivatives by r, alpha, a, b.
pub fn ln_likelihood_with_gradient(parameters: &[f64; 4], x: u32, t_x: f64, t: f64) -> (f64, [f64; 4]) {
    fitting::of_customer::<Terms>(parameters, x, t_x, t)
}

/// The probability that the customer is still there: the share of the first term of the likelihood.
pub fn p_alive(&[r, alpha, a, b]: &[f64; 4], x: u32, t_x: f64, t: f64) -> f64 {
    dropout::alive(alpha, r + f64::from(x), ln_odds(a, b, x), t_x, t)
}

/// Purchases expected in the next `horizon`.
pub fn expected_purchases(parameters: &[f64; 4], x: u32, t_x: f64, t: f64, horizon: f64) -> f64 {
    p_alive(parameters, x, t_x, t) * expected_if_alive(parameters, x, t, horizon)
}

/// The same of a customer who is known to be there; it does not depend on t_x. Given x purchases in t, the rate is
/// gamma(r+x, alpha+t), and the probability of leaving, having stayed x+1 times, beta(a, b+x+1).
pub fn expected_if_alive(&[r, alpha, a, b]: &[f64; 4], x: u32, t: f64, horizon: f64) -> f64 {
    let n = f64::from(x);
    dropout::expected(&[r + n, alpha + t, a, b + n + 1.0], horizon)
}

/// Repeat purchases expected in the time `t` after the first: of those who stayed at the first, b/(a+b) of all, of whom the
/// probability of leaving is beta(a, b+1).
pub fn expected_repeats(&[r, alpha, a, b]: &[f64; 4], t: f64) -> f64 {
    b / (a + b) * dropout::expected(&[r, alpha, a, b + 1.0], t)
}

/// The probability of exactly `n` repeat purchases in the time `t` after the first: n purchases and still there, or left at
/// the n-th (the first purchase is the 0th) when there would have been as many or more.
pub fn probability_of_repeats(&[r, alpha, a, b]: &[f64; 4], n: u32, t: f64) -> f64 {
    let count = f64::from(n);
    let (exactly, at_least) = dropout::purchases(r, alpha, n, t);
    // E[(1-p)^(n+1)], and E[p (1-p)^n] = a/(b+n) of it.
    let stays = libm::exp(ln_gamma_ratio(b, count + 1.0) - ln_gamma_ratio(a + b, count + 1.0));
    stays * exactly + stays * a / (b + count) * at_least
}

#[cfg(test)]
mod tests;
