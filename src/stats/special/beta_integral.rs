//! Means over a beta distribution by the trapezoidal rule on the logistic scale.

/// The step: the integrands used here are analytic in |Im y| < pi/2 at least, the error of the rule is of the order of
/// exp(-2 pi (pi/2) / step) = e^-39.
const STEP: f64 = 0.25;
/// Terms below e^-40 of the largest are left out.
const NEGLIGIBLE: f64 = 40.0;

/// ln of the integral of p^(a-1) (1-p)^(b-1) g(p) dp over 0..1, for a, b > 0 and a positive g of which `ln_g(p, 1-p)` is the
/// logarithm. g has to be without steps, and the same to 17 digits within `1e-17/scale` of 0 and within as much of 1.
///
/// With p = 1/(1 + e^-y) the integrand p^a (1-p)^b g falls off exponentially on both sides: there the rule's terms become a
/// geometric series, which is summed in closed form (a and b may be tiny).
pub fn ln_beta_integral(a: f64, b: f64, scale: f64, ln_g: impl Fn(f64, f64) -> f64) -> f64 {
    let ln_term = |y: f64| {
        // ln p and ln (1-p), from the side without cancellation.
        let small = libm::exp(-y.abs());
        let rest = libm::log1p(small);
        let (ln_p, ln_q) = if y < 0.0 { (y - rest, -rest) } else { (-rest, -y - rest) };
        let (large, small) = (1.0 / (1.0 + small), small / (1.0 + small));
        let (p, q) = if y < 0.0 { (small, large) } else { (large, small) };
        a * ln_p + b * ln_q + ln_g(p, q)
    };
    let far = NEGLIGIBLE + libm::log1p(scale.max(0.0)) + libm::log1p(a + b);
    let (top, height) = peak(&ln_term, far);
    // Near its top the term is like a normal density: its width says how fine the step has to be.
    let probe = 1e-3;
    let bend = (ln_term(top - probe) + ln_term(top + probe) - 2.0 * height) / (probe * probe);
    let step = if bend < 0.0 { STEP.min(0.5 / libm::sqrt(-bend)) } else { STEP };
    let side = |direction: f64, slope: f64| {
        let mut sum = 0.0;
        let mut place = direction * step;
        loop {
            let y = top + place;
            let ln_share = ln_term(y) - height;
            let share = libm::exp(ln_share);
            sum += share;
            if ln_share < -NEGLIGIBLE {
                return sum;
            }
            if y.abs() > far {
                // All further terms are exp(-slope * step) of the one before.
                return sum + share / libm::expm1(slope * step);
            }
            place += direction * step;
        }
    };
    let sum = 1.0 + side(-1.0, a) + side(1.0, b);
    height + libm::log(sum * step)
}

/// Where the term is largest, and its logarithm there: a coarse look, then thirds.
fn peak(ln_term: &impl Fn(f64) -> f64, far: f64) -> (f64, f64) {
    let mut best = (0.0, ln_term(0.0));
    let coarse = far.ceil() as i32;
    for whole in -coarse..=coarse {
        let y = f64::from(whole);
        let value = ln_term(y);
        if value > best.1 {
            best = (y, value);
        }
    }
    let (mut low, mut high) = (best.0 - 1.0, best.0 + 1.0);
    for _ in 0..24 {
        let third = (high - low) / 3.0;
        if ln_term(low + third) < ln_term(high - third) {
            low += third;
        } else {
            high -= third;
        }
    }
    let y = 0.5 * (low + high);
    (y, ln_term(y))
}
