//! Special functions. All of them by the pure-Rust `libm`, so that their bits are equal on every machine.

/// The logarithm of the gamma function at x > 0.
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// The logarithm of the beta function at a, b > 0.
pub fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}
