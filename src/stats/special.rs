//! Special functions. All of them by the pure-Rust `libm`, so that their bits are equal on every machine.

mod beta_integral;
mod hypergeometric;
mod incomplete_beta;
#[cfg(test)]
mod tests;

pub use beta_integral::ln_beta_integral;
pub use hypergeometric::{hyp2f1, ln_hyp2f1};
pub use incomplete_beta::beta_regularised;

/// From here on the asymptotic series below are exact to the last bit.
const ASYMPTOTIC: f64 = 15.0;

/// The logarithm of the gamma function at x > 0.
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// The logarithm of the beta function at a, b > 0.
///
/// Of a large and a small argument it is as good as of two small ones: the large gammas cancel in the formula, not in the
/// numbers.
pub fn ln_beta(a: f64, b: f64) -> f64 {
    let (small, large) = if a < b { (a, b) } else { (b, a) };
    ln_gamma(small) - ln_gamma_ratio(large, small)
}

/// ln(gamma(z + n) / gamma(z)) for z > 0, n >= 0, without the cancellation of two large logarithms: by Stirling's series
/// (Abramowitz, Stegun 6.1.40), to which small z is lifted by the recurrence gamma(z + 1) = z gamma(z).
pub fn ln_gamma_ratio(z: f64, n: f64) -> f64 {
    if n == 0.0 {
        return 0.0;
    }
    // gamma(z + n) / gamma(z) = gamma(z + k + n) / gamma(z + k) * prod (z + i) / (z + n + i)
    let mut lifted = z;
    let mut product = 1.0;
    while lifted < ASYMPTOTIC {
        product *= lifted / (lifted + n);
        lifted += 1.0;
        // Tiny z beside a huge n: before the product underflows, its logarithm is taken.
        if product < 1e-200 {
            return libm::log(product) + ln_gamma_ratio(lifted, n);
        }
    }
    let top = lifted + n;
    let main = (lifted - 0.5) * libm::log1p(n / lifted) + n * (libm::log(top) - 1.0);
    main + (stirling_rest(top) - stirling_rest(lifted)) + libm::log(product)
}

/// What Stirling's formula lacks: ln gamma(z) - ((z - 1/2) ln z - z + ln(2 pi) / 2), for z >= 15.
fn stirling_rest(z: f64) -> f64 {
    let square = 1.0 / (z * z);
    let series = 1.0 / 1680.0 - square * (1.0 / 1188.0 - square * (691.0 / 360_360.0 - square / 156.0));
    (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square * series))) / z
}

/// The digamma function, the derivative of [`ln_gamma`], at x > 0 (Abramowitz, Stegun 6.3.5 and 6.3.18).
pub fn digamma(x: f64) -> f64 {
    let mut sum = 0.0;
    let mut lifted = x;
    while lifted < ASYMPTOTIC {
        sum += 1.0 / lifted;
        lifted += 1.0;
    }
    libm::log(lifted) - digamma_rest(lifted) - sum
}

/// digamma(z + n) - digamma(z) for z > 0, n >= 0, without cancellation.
pub fn digamma_difference(z: f64, n: f64) -> f64 {
    let mut sum = 0.0;
    let mut lifted = z;
    while lifted < ASYMPTOTIC {
        sum += n / (lifted * (lifted + n));
        lifted += 1.0;
    }
    libm::log1p(n / lifted) - (digamma_rest(lifted + n) - digamma_rest(lifted)) + sum
}

/// ln z - digamma(z) for z >= 15.
fn digamma_rest(z: f64) -> f64 {
    let square = 1.0 / (z * z);
    let series = 1.0 / 240.0 - square * (1.0 / 132.0 - square * (691.0 / 32_760.0 - square / 12.0));
    0.5 / z + square * (1.0 / 12.0 - square * (1.0 / 120.0 - square * (1.0 / 252.0 - square * series)))
}

/// The trigamma function, the derivative of [`digamma`], at x > 0 (Abramowitz, Stegun 6.4.6 and 6.4.12).
pub fn trigamma(x: f64) -> f64 {
    let mut sum = 0.0;
    let mut lifted = x;
    while lifted < ASYMPTOTIC {
        sum += 1.0 / (lifted * lifted);
        lifted += 1.0;
    }
    let square = 1.0 / (lifted * lifted);
    let series = 1.0 / 30.0 - square * (1.0 / 42.0 - square * (1.0 / 30.0 - square * (5.0 / 66.0)));
    sum + 1.0 / lifted + 0.5 * square + square / lifted * (1.0 / 6.0 - square * series)
}

/// ln(e^a + e^b). Minus infinity stands for a term that is 0.
pub fn ln_add(a: f64, b: f64) -> f64 {
    let (small, large) = if a < b { (a, b) } else { (b, a) };
    if large == f64::NEG_INFINITY { large } else { large + libm::log1p(libm::exp(small - large)) }
}
