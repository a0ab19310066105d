//! The regularised incomplete beta function.

use super::ln_beta;

/// I_z(a, b) for a, b > 0 and 0 <= z <= 1: by the continued fraction DLMF 8.17.22, on the side where it converges fast,
/// evaluated by Lentz's method. `complement` is 1 - z, without the cancellation.
pub fn beta_regularised(a: f64, b: f64, z: f64, complement: f64) -> f64 {
    if z <= 0.0 {
        return 0.0;
    }
    if complement <= 0.0 {
        return 1.0;
    }
    let ln_front = a * libm::log(z) + b * libm::log(complement) - ln_beta(a, b);
    if z * (a + b + 2.0) < a + 1.0 {
        libm::exp(ln_front) * fraction(a, b, z) / a
    } else {
        1.0 - libm::exp(ln_front) * fraction(b, a, complement) / b
    }
    .clamp(0.0, 1.0)
}

fn fraction(a: f64, b: f64, z: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let guard = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut upper = 1.0;
    let mut lower = 1.0 / guard(1.0 - (a + b) * z / (a + 1.0));
    let mut value = lower;
    for m in 1..100_000_u32 {
        let m = f64::from(m);
        let even = m * (b - m) * z / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        lower = 1.0 / guard(1.0 + even * lower);
        upper = guard(1.0 + even / upper);
        value *= upper * lower;
        let odd = -(a + m) * (a + b + m) * z / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        lower = 1.0 / guard(1.0 + odd * lower);
        upper = guard(1.0 + odd / upper);
        let change = upper * lower;
        value *= change;
        if (change - 1.0).abs() < 1e-16 {
            break;
        }
    }
    value
}
