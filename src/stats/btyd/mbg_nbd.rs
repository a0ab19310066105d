//! MBG/NBD (Batislam, Denizel, Filiztekin 2007, "Empirical validation and comparison of models for customer base analysis",
//! International Journal of Research in Marketing 24; the same model by Hoppe, Wagner 2007 is "CBG/NBD"): BG/NBD, but a
//! customer may also leave right after the first purchase.
//!
//! Parameters: r, alpha, a, b.

use super::bg_nbd::share;
use super::fitting;
use crate::stats::special::{digamma_difference, ln_gamma_ratio};

/// The pieces of the likelihood (Batislam et al. 2007, equation 4; here with B(a, b+x+1) and B(a+1, b+x) written out):
///
/// L = (b)_x/(a+b)_(x+1) * G(r+x)/G(r) * alpha^r * { (b+x) (alpha+t)^-(r+x) + a (alpha+t_x)^-(r+x) }
pub(super) struct Terms {
    r: f64,
    alpha: f64,
    a: f64,
    b: f64,
    ln_alpha: f64,
    ln_a: f64,
}

pub(super) struct OfCount {
    /// r + x.
    shape: f64,
    /// ln of all before the braces, and its derivatives.
    front: f64,
    by: [f64; 4],
    /// b + x and its logarithm.
    stay: f64,
    ln_stay: f64,
}

#[derive(Clone, Copy)]
pub(super) struct OfTime {
    /// alpha + time.
    sum: f64,
    ln: f64,
}

impl fitting::Terms for Terms {
    type OfCount = OfCount;
    type OfTime = OfTime;

    fn new(&[r, alpha, a, b]: &[f64; 4]) -> Self {
        Self { r, alpha, a, b, ln_alpha: libm::log(alpha), ln_a: libm::log(a) }
    }

    fn of_count(&self, x: u32) -> OfCount {
        let &Self { r, alpha, a, b, ln_alpha, .. } = self;
        let n = f64::from(x);
        let all = a + b + n;
        let by_sum = digamma_difference(a + b, n) + 1.0 / all;
        let leaves = ln_gamma_ratio(b, n) - ln_gamma_ratio(a + b, n) - libm::log(all);
        OfCount {
            shape: r + n,
            front: leaves + ln_gamma_ratio(r, n) + r * ln_alpha,
            by: [digamma_difference(r, n) + ln_alpha, r / alpha, -by_sum, digamma_difference(b, n) - by_sum],
            stay: b + n,
            ln_stay: libm::log(b + n),
        }
    }

    fn of_time(&self, time: f64) -> OfTime {
        let sum = self.alpha + time;
        OfTime { sum, ln: libm::log(sum) }
    }

    fn value(&self, count: &OfCount, last: &OfTime, end: &OfTime) -> (f64, [f64; 4]) {
        let shape = count.shape;
        let (total, stayed, left) = share(count.ln_stay - shape * end.ln, self.ln_a - shape * last.ln);
        let [by_r, by_alpha, by_a, by_b] = count.by;
        let gradient = [
            by_r - stayed * end.ln - left * last.ln,
            by_alpha - shape * (stayed / end.sum + left / last.sum),
            by_a + left / self.a,
            by_b + stayed / count.stay,
        ];
        (count.front + total, gradient)
    }
}

/// Log-likelihood of one customer.
pub fn ln_likelihood(parameters: &[f64; 4], x: u32, t_x: f64, t: f64) -> f64 {
    ln_likelihood_with_gradient(parameters, x, t_x, t).0
}

/// Log-likelihood of one customer, and its derivatives by r, alpha, a, b.
pub fn ln_likelihood_with_gradient(parameters: &[f64; 4], x: u32, t_x: f64, t: f64) -> (f64, [f64; 4]) {
    fitting::of_customer::<Terms>(parameters, x, t_x, t)
}

pub fn p_alive(_parameters: &[f64; 4], _x: u32, _t_x: f64, _t: f64) -> f64 {
    unimplemented!()
}

pub fn expected_purchases(_parameters: &[f64; 4], _x: u32, _t_x: f64, _t: f64, _horizon: f64) -> f64 {
    unimplemented!()
}

pub fn expected_repeats(_parameters: &[f64; 4], _t: f64) -> f64 {
    unimplemented!()
}

pub fn probability_of_repeats(_parameters: &[f64; 4], _n: u32, _t: f64) -> f64 {
    unimplemented!()
}
