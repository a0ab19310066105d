//! BG/NBD (Fader, Hardie, Lee 2005, "Counting your customers the easy way: an alternative to the Pareto/NBD model",
//! Marketing Science 24(2)): purchases come at random at a rate that is gamma distributed (r, alpha) among customers; after
//! each repeat purchase the customer leaves with a probability that is beta distributed (a, b).
//!
//! Parameters: r, alpha, a, b.

use super::fitting;
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

pub(super) struct OfCount {
    /// r + x.
    shape: f64,
    /// ln(B(a, b+x)/B(a, b) * G(r+x)/G(r) * alpha^r) and its derivatives.
    front: f64,
    by: [f64; 4],
    /// b + x - 1 and ln(a/(b+x-1)), where x > 0.
    left: Option<(f64, f64)>,
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
        Self { r, alpha, a, b, ln_alpha: libm::log(alpha) }
    }

    fn of_count(&self, x: u32) -> OfCount {
        let &Self { r, alpha, a, b, ln_alpha } = self;
        let n = f64::from(x);
        let by_sum = digamma_difference(a + b, n);
        OfCount {
            shape: r + n,
            front: ln_gamma_ratio(b, n) - ln_gamma_ratio(a + b, n) + ln_gamma_ratio(r, n) + r * ln_alpha,
            by: [digamma_difference(r, n) + ln_alpha, r / alpha, -by_sum, digamma_difference(b, n) - by_sum],
            left: (x > 0).then(|| (b + n - 1.0, libm::log(a / (b + n - 1.0)))),
        }
    }

    fn of_time(&self, time: f64) -> OfTime {
        let sum = self.alpha + time;
        OfTime { sum, ln: libm::log(sum) }
    }

    fn value(&self, count: &OfCount, last: &OfTime, end: &OfTime) -> (f64, [f64; 4]) {
        let shape = count.shape;
        let [by_r, by_alpha, by_a, by_b] = count.by;
        let Some((rest, ln_odds)) = count.left else {
            let gradient = [by_r - end.ln, by_alpha - shape / end.sum, by_a, by_b];
            return (count.front - shape * end.ln, gradient);
        };
        let (stays, leaves) = (-shape * end.ln, ln_odds - shape * last.ln);
        let (total, stayed, left) = share(stays, leaves);
        let gradient = [
            by_r - stayed * end.ln - left * last.ln,
            by_alpha - shape * (stayed / end.sum + left / last.sum),
            by_a + left / self.a,
            by_b - left / rest,
        ];
        (count.front + total, gradient)
    }
}

/// ln(e^stays + e^leaves) and the share of each in the sum.
pub(super) fn share(stays: f64, leaves: f64) -> (f64, f64, f64) {
    let smaller = libm::exp(-(stays - leaves).abs());
    let (large, small) = (1.0 / (1.0 + smaller), smaller / (1.0 + smaller));
    if stays > leaves {
        (stays + libm::log1p(smaller), large, small)
    } else {
        (leaves + libm::log1p(smaller), small, large)
    }
}

/// Log-likelihood of one customer, equation (6).
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
