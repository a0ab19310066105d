//! What BG/NBD and MBG/NBD share. Both say: purchases come at random at a rate that is gamma distributed (r, alpha), and at
//! each of certain moments the customer leaves with a probability that is beta distributed (a, b). In BG/NBD the moments are
//! the repeat purchases, in MBG/NBD the first purchase as well.

use super::fitting::{Prepared, Summed};
use crate::stats::special::{beta_regularised, ln_beta_integral, ln_gamma_ratio};

/// More terms of the series than this, and the integral is faster.
const TERMS: f64 = 1500.0;

/// What is looked up for a time.
#[derive(Clone, Copy)]
pub(super) struct OfTime {
    /// ln((alpha + time)/alpha).
    ln: f64,
    /// Minus its derivative by alpha.
    slope: f64,
}

impl OfTime {
    pub(super) fn new(alpha: f64, time: f64) -> Self {
        let ratio = time / alpha;
        Self { ln: libm::log1p(ratio), slope: ratio / (alpha + time) }
    }
}

/// What is looked up for a number of repeat purchases x.
pub(super) struct OfCount {
    /// r + x.
    pub(super) shape: f64,
    /// ln(B(a, b+x)/B(a, b) * G(r+x)/G(r) * alpha^-x), in MBG/NBD with b+x+1 for b+x, and its derivatives by r, alpha, a, b.
    pub(super) front: f64,
    pub(super) by: [f64; 4],
    /// The logarithm of the weight of the second term of the braces (minus infinity: there is none), and its derivatives by
    /// a and b.
    pub(super) ln_odds: f64,
    pub(super) odds: [f64; 2],
}

impl OfCount {
    /// The log-likelihood of rows with this x, and its derivatives by r, alpha, a, b.
    pub(super) fn sum(&self, rows: &[Prepared], times: &[OfTime]) -> Summed {
        let sum = braces(self.shape, self.ln_odds, rows, times);
        [
            sum.weight * self.front + sum.ln,
            sum.weight * self.by[0] - sum.by_shape,
            sum.weight * self.by[1] + self.shape * sum.by_alpha,
            sum.weight * self.by[2] + sum.left * self.odds[0],
            sum.weight * self.by[3] + sum.left * self.odds[1],
        ]
    }
}

/// Sums over rows with one x, of which the likelihood is front * {(1+t/alpha)^-shape + e^ln_odds (1+t_x/alpha)^-shape}: of
/// the logarithm of the braces, and of what its derivatives are made of. (With alpha^r in the front and alpha + t in the
/// braces, as in the papers, a large r would lose digits.)
#[derive(Debug, Clone, Copy, PartialEq)]
struct Braces {
    weight: f64,
    ln: f64,
    /// Of the share of the second term, that is of 1 - P(alive).
    left: f64,
    /// Minus the derivative by shape.
    by_shape: f64,
    /// The derivative by alpha, divided by shape.
    by_alpha: f64,
}

/// `ln_odds` minus infinity: there is no second term.
fn braces(shape: f64, ln_odds: f64, rows: &[Prepared], times: &[OfTime]) -> Braces {
    let mut sum = Braces { weight: 0.0, ln: 0.0, left: 0.0, by_shape: 0.0, by_alpha: 0.0 };
    if ln_odds == f64::NEG_INFINITY {
        for row in rows {
            let end = &times[row.end as usize];
            sum.weight += row.weight;
            sum.by_shape += row.weight * end.ln;
            sum.by_alpha += row.weight * end.slope;
        }
        sum.ln = -shape * sum.by_shape;
        return sum;
    }
    // The logarithm of a product is cheaper than the sum of logarithms. Each factor is between 1 and 2.
    let (mut product, mut factors) = (1.0, 0_u32);
    for row in rows {
        let (last, end) = (&times[row.last as usize], &times[row.end as usize]);
        let between = last.ln - end.ln;
        let odds = ln_odds - shape * between;
        let smaller = libm::exp(-odds.abs());
        let small = smaller / (1.0 + smaller);
        let left = if odds > 0.0 { 1.0 - small } else { small };
        if row.weight == 1.0 {
            product *= 1.0 + smaller;
            factors += 1;
            if factors == 512 {
                sum.ln += libm::log(product);
                (product, factors) = (1.0, 0);
            }
        } else {
            sum.ln += row.weight * libm::log1p(smaller);
        }
        sum.ln += row.weight * (odds.max(0.0) - shape * end.ln);
        sum.weight += row.weight;
        sum.left += row.weight * left;
        sum.by_shape += row.weight * (end.ln + left * between);
        sum.by_alpha += row.weight * (end.slope + left * (last.slope - end.slope));
    }
    sum.ln += libm::log(product);
    sum
}

/// The share of those who are still there: 1/(1 + e^ln_odds ((alpha+t)/(alpha+t_x))^shape).
pub(super) fn alive(alpha: f64, shape: f64, ln_odds: f64, t_x: f64, t: f64) -> f64 {
    let odds = ln_odds + shape * libm::log1p((t - t_x) / (alpha + t_x));
    1.0 / (1.0 + libm::exp(odds.min(700.0)))
}

/// Purchases in a time `t` that are expected of a customer who is there at its beginning and may leave after each of them.
///
/// Given the rate and the probability p of leaving they are (1 - e^(-rate p t)) / p (Fader, Hardie, Lee 2005, appendix). Over
/// the gamma distribution of rates that makes (1 - (1 + p t/alpha)^-r) / p, and the mean of it over p is equation (9) of the
/// paper, (a+b-1)/(a-1) {1 - (alpha/(alpha+t))^r 2F1(r, b; a+b-1; t/(alpha+t))}. That form is 0/0 at a = 1, cancels near it,
/// and at small t. Here instead: as a sum over the purchases n that somebody who never leaves would make (NBD), of which
/// the customer is expected to be there for S_n = sum of E[(1-p)^k], k < n. All terms are positive; or, where there would be
/// too many of them, the mean over p by a quadrature.
pub(super) fn expected(&[r, alpha, a, b]: &[f64; 4], t: f64) -> f64 {
    if t <= 0.0 || t.is_nan() {
        return 0.0;
    }
    let (z, complement) = (t / (alpha + t), alpha / (alpha + t));
    let ln_none = r * libm::log(complement);
    // Terms fall like z^n beyond the mean.
    let needed = 2.0 * r * t / alpha - 40.0 / libm::log(z);
    if ln_none > -600.0 && needed < TERMS {
        let mut probability = libm::exp(ln_none);
        let (mut there, mut stays, mut sum, mut n) = (0.0, 1.0, 0.0, 0.0);
        while n < 2.0 * TERMS {
            probability *= (r + n) / (n + 1.0) * z;
            there += stays;
            stays *= (b + n) / (a + b + n);
            n += 1.0;
            let term = probability * there;
            sum += term;
            // S_n grows at most like n: the rest is below that of n z^n.
            let ratio = (r + n) / (n + 1.0) * z * (n + 1.0) / n;
            if ratio < 1.0 && term < 1e-17 * (1.0 - ratio.max(z)) * sum {
                return sum;
            }
        }
    }
    let reach = t / alpha;
    // (1 - (1 + p reach)^-r) / p
    let ln_g = |p: f64, _: f64| libm::log(-libm::expm1(-r * libm::log1p(p * reach)) / p);
    let scale = (1.0 + r) * (1.0 + reach);
    let mean = ln_beta_integral(a, b, scale, ln_g) - ln_beta_integral(a, b, 1.0, |_, _| 0.0);
    libm::exp(mean)
}

/// The negative binomial distribution of the purchases of those who never leave: the probability of exactly `n` in a time
/// `t`, and of `n` or more (Fader, Hardie, Lee 2005, appendix).
pub(super) fn purchases(r: f64, alpha: f64, n: u32, t: f64) -> (f64, f64) {
    if t <= 0.0 || t.is_nan() {
        let none = f64::from(u8::from(n == 0));
        return (none, none);
    }
    let (z, complement) = (t / (alpha + t), alpha / (alpha + t));
    let ln_none = -r * libm::log1p(t / alpha);
    if n == 0 {
        return (libm::exp(ln_none), 1.0);
    }
    let count = f64::from(n);
    // G(r+n) / (G(r) n!) as a ratio of gammas that does not cancel: G(r+n)/G(r) over G(1+n)/G(1).
    let ln_ways = ln_gamma_ratio(r, count) - ln_gamma_ratio(1.0, count);
    let exactly = libm::exp(ln_ways + ln_none + count * libm::log(z));
    (exactly, beta_regularised(count, r, z, complement))
}
