//! Gauss's hypergeometric function.

use super::{ln_beta, ln_beta_integral};

/// More terms of the series than this, and the integral is faster.
const TERMS: u32 = 2000;
/// What the sum is divided by before it overflows.
const LARGE: f64 = 1e200;

/// ln 2F1(a, b; c; z) for a, b, c > 0 and 0 <= z < 1, to about 1e-13 of the larger of 1 and the result.
///
/// By the series (Abramowitz, Stegun 15.1.1), all of whose terms are positive, or, where that would be slow and c > a or
/// c > b, by Euler's integral (15.3.1). `None` out of that domain, and where neither will do (z next to 1, c below both).
pub fn ln_hyp2f1(a: f64, b: f64, c: f64, z: f64) -> Option<f64> {
    let sound = |value: f64| value > 0.0 && value.is_finite();
    if !(sound(a) && sound(b) && sound(c) && (0.0..1.0).contains(&z)) {
        return None;
    }
    series(a, b, c, z, TERMS).or_else(|| {
        // The larger one that Euler's integral can take for the beta density leaves the smaller exponent.
        let (exponent, shape) = if c > b && (b >= a || c <= a) { (a, b) } else { (b, a) };
        if c > shape {
            let scale = (1.0 + exponent) / (1.0 - z);
            let ln_g = |p: f64, q: f64| {
                let left = if p < 0.5 { libm::log1p(-z * p) } else { libm::log((1.0 - z) + z * q) };
                -exponent * left
            };
            Some(ln_beta_integral(shape, c - shape, scale, ln_g) - ln_beta(shape, c - shape))
        } else {
            series(a, b, c, z, 4_000_000)
        }
    })
}

/// 2F1(a, b; c; z) for a, b, c > 0 and 0 <= z < 1; `None` out of that domain, or where it is too large for a number.
pub fn hyp2f1(a: f64, b: f64, c: f64, z: f64) -> Option<f64> {
    ln_hyp2f1(a, b, c, z).map(libm::exp).filter(|value| value.is_finite())
}

/// `None` where it has not converged after that many terms.
fn series(a: f64, b: f64, c: f64, z: f64, terms: u32) -> Option<f64> {
    let (mut sum, mut term, mut ln_scale) = (1.0, 1.0, 0.0);
    for n in 0..terms {
        let n = f64::from(n);
        let ratio = (a + n) / (c + n) * ((b + n) / (1.0 + n)) * z;
        term *= ratio;
        sum += term;
        if sum > LARGE {
            sum /= LARGE;
            term /= LARGE;
            ln_scale += libm::log(LARGE);
        }
        // What is left is less than a geometric series, once the ratio falls or stays below its limit z.
        let bound = ratio.max(z);
        if bound < 1.0 && term < 1e-17 * (1.0 - bound) * sum {
            return Some(libm::log(sum) + ln_scale);
        }
    }
    None
}
