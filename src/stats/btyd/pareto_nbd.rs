//! Pareto/NBD: customers buy as a Poisson process, each at their own rate (gamma: r, alpha), until they leave, each at their
//! own rate of leaving (gamma: s, beta); nobody sees when.
//!
//! Sources: Schmittlein, D. C., Morrison, D. G., Colombo, R. (1987), Counting your customers: who are they and what will they
//! do next?, Management Science 33(1) ("SMC"); Fader, P. S., Hardie, B. G. S. (2005), A note on deriving the Pareto/NBD
//! model and related expressions ("FH"); the same (2006), Deriving an expression for P(X(t) = x) under the Pareto/NBD model
//! ("pmf").
//!
//! FH write the likelihood with Gauss's hypergeometric function (equations 18 to 20). Here the integral from which it comes
//! is evaluated as it stands: with x purchases, the last at t_x, somebody is alive at T or left at some time t between:
//!
//! L = gamma(r + x) / gamma(r) alpha^r beta^s { (alpha + T)^-(r+x) (beta + T)^-s
//!     + s Int_{t_x}^{T} (alpha + t)^-(r+x) (beta + t)^-(s+1) dt }
//!
//! With u = ln((c + t) / (c + t_x)), where c is the smaller of alpha and beta, the integrand is all but an exponential; Gauss
//! and Legendre's rule takes it, on one panel mostly, with a relative error below 1e-11. There is no case to tell (alpha =
//! beta, z near 1), no difference of nearly equal numbers, nothing overflows, and derivatives come from the same nodes.
//!
//! Parameters are in the order r, alpha, s, beta; alpha, beta and all times in days.

use super::fitting;
use super::quadrature::{LONGEST, STEEPEST, rule};
use crate::stats::special::{digamma_difference, ln_gamma_ratio};

mod counts;
#[cfg(test)]
mod tests;

pub use counts::probability_of_repeats;

/// So many powers of e below the largest, a part of an integral is nothing.
const NOTHING: f64 = 45.0;

/// Up to here gamma(r + x) / gamma(r) is written out.
const WRITTEN_OUT: u32 = 24;

/// ln L (FH 18).
pub fn ln_likelihood(parameters: &[f64; 4], x: u32, t_x: f64, t: f64) -> f64 {
    let [r, alpha, s, beta] = *parameters;
    let outcome = Outcome::new::<false>(parameters, x, t_x, t);
    rising(r, x).0
        - r * libm::log1p(t_x / alpha)
        - f64::from(x) * libm::log(alpha + t_x)
        - s * libm::log1p(t_x / beta)
        + libm::log(outcome.sum())
}

/// ln L and its derivatives by r, alpha, s, beta.
pub fn ln_likelihood_with_gradient(parameters: &[f64; 4], x: u32, t_x: f64, t: f64) -> (f64, [f64; 4]) {
    fitting::of_customer::<Terms>(parameters, x, t_x, t)
}

/// The parts of the likelihood that customers share.
pub(super) struct Terms {
    parameters: [f64; 4],
    ln_alpha: f64,
}

/// What customers with x purchases share.
pub(super) struct OfCount {
    x: u32,
    /// ln(gamma(r + x) / gamma(r)) and its derivative by r.
    rising: (f64, f64),
}

/// What customers with one time share.
#[derive(Clone, Copy)]
pub(super) struct OfTime {
    time: f64,
    /// ln((alpha + time) / alpha).
    ln_alpha: f64,
    ln_beta: f64,
}

impl fitting::Terms for Terms {
    type OfCount = OfCount;
    type OfTime = OfTime;

    fn new(parameters: &[f64; 4]) -> Self {
        let [_, alpha, _, _] = *parameters;
        Self { parameters: *parameters, ln_alpha: libm::log(alpha) }
    }

    fn of_count(&self, x: u32) -> OfCount {
        OfCount { x, rising: rising(self.parameters[0], x) }
    }

    fn of_time(&self, time: f64) -> OfTime {
        let [_, alpha, _, beta] = self.parameters;
        OfTime { time, ln_alpha: libm::log1p(time / alpha), ln_beta: libm::log1p(time / beta) }
    }

    fn value(&self, count: &OfCount, last: &OfTime, end: &OfTime) -> (f64, [f64; 4]) {
        let [r, alpha, s, beta] = self.parameters;
        let x = f64::from(count.x);
        let m = r + x;
        let (t_x, t) = (last.time, end.time);
        let logs = (end.ln_alpha - last.ln_alpha, end.ln_beta - last.ln_beta);
        let outcome = Outcome::with_logs::<true>(&self.parameters, count.x, (t_x, t), logs);
        let per_sum = 1.0 / outcome.sum();
        let value = count.rising.0 - m * last.ln_alpha - x * self.ln_alpha - s * last.ln_beta
            + libm::log(outcome.sum());
        let by_r =
            count.rising.1 - last.ln_alpha - (outcome.alive * logs.0 + outcome.left_ln_alpha) * per_sum;
        let by_alpha = r / alpha - m * (outcome.alive / (alpha + t) + outcome.left_per_alpha) * per_sum;
        let by_s =
            (outcome.left / s - outcome.alive * logs.1 - outcome.left_ln_beta) * per_sum - last.ln_beta;
        let by_beta =
            s / beta - (s * outcome.alive / (beta + t) + (s + 1.0) * outcome.left_per_beta) * per_sum;
        (value, [by_r, by_alpha, by_s, by_beta])
    }
}

/// P(alive at T | x, t_x, T) (FH 36 and 37; SMC 11 to 13).
pub fn p_alive(parameters: &[f64; 4], x: u32, t_x: f64, t: f64) -> f64 {
    let outcome = Outcome::new::<false>(parameters, x, t_x, t);
    outcome.alive / outcome.sum()
}

/// E[Y(horizon) | x, t_x, T]: purchases in the `horizon` days after T (FH 41; SMC 22).
pub fn expected_purchases(parameters: &[f64; 4], x: u32, t_x: f64, t: f64, horizon: f64) -> f64 {
    let [r, alpha, s, beta] = *parameters;
    let rate = (r + f64::from(x)) / (alpha + t);
    p_alive(parameters, x, t_x, t) * rate * expected_lifetime(s, beta + t, horizon)
}

/// E[X(t)]: repeat purchases in the `t` days after the first (FH 27; SMC 17).
pub fn expected_repeats(parameters: &[f64; 4], t: f64) -> f64 {
    let [r, alpha, s, beta] = *parameters;
    r / alpha * expected_lifetime(s, beta, t)
}

/// Days of the next `horizon` that somebody is expected to stay whose rate of leaving has the distribution gamma(s, beta):
/// beta / (s - 1) (1 - (beta / (beta + horizon))^(s-1)); at s = 1 its limit, beta ln((beta + horizon) / beta).
fn expected_lifetime(s: f64, beta: f64, horizon: f64) -> f64 {
    let ln_ratio = libm::log1p(horizon / beta);
    let power = (s - 1.0) * ln_ratio;
    let share = if power.abs() < 1e-14 { ln_ratio } else { -libm::expm1(-power) / (s - 1.0) };
    beta * share
}

/// ln(gamma(r + x) / gamma(r)) and its derivative by r; for small x as the product r (r + 1) ... (r + x - 1).
fn rising(r: f64, x: u32) -> (f64, f64) {
    if x > WRITTEN_OUT || r > 1e10 {
        return (ln_gamma_ratio(r, f64::from(x)), digamma_difference(r, f64::from(x)));
    }
    let (mut product, mut derivative) = (1.0, 0.0);
    for j in 0..x {
        let factor = r + f64::from(j);
        derivative = derivative * factor + product;
        product *= factor;
    }
    if x == 0 { (0.0, 0.0) } else { (libm::log(product), derivative / product) }
}

/// The two parts of the likelihood, alive at T and left between t_x and T, both divided by (alpha + t_x)^-(r+x) (beta +
/// t_x)^-s; and, where asked for, the second with the factors that its derivatives need.
#[derive(Debug, Clone, Copy, Default)]
struct Outcome {
    alive: f64,
    left: f64,
    /// With ln((alpha + t) / (alpha + t_x)) under the integral.
    left_ln_alpha: f64,
    left_ln_beta: f64,
    /// With 1 / (alpha + t) under the integral.
    left_per_alpha: f64,
    left_per_beta: f64,
}

impl Outcome {
    /// Never 0: where `alive` is so small that it becomes 0, `left` is about 1 / (1 + (r + x) / s).
    fn sum(&self) -> f64 {
        self.alive + self.left
    }

    fn new<const GRADIENT: bool>(parameters: &[f64; 4], x: u32, t_x: f64, t: f64) -> Self {
        let [_, alpha, _, beta] = *parameters;
        let logs = (libm::log1p((t - t_x) / (alpha + t_x)), libm::log1p((t - t_x) / (beta + t_x)));
        Self::with_logs::<GRADIENT>(parameters, x, (t_x, t), logs)
    }

    /// `logs`: of (alpha + T) / (alpha + t_x) and of (beta + T) / (beta + t_x).
    fn with_logs<const GRADIENT: bool>(
        parameters: &[f64; 4],
        x: u32,
        times: (f64, f64),
        logs: (f64, f64),
    ) -> Self {
        let [r, alpha, s, beta] = *parameters;
        let m = r + f64::from(x);
        let ((t_x, t), (ln_alpha, ln_beta)) = (times, logs);
        let alive = libm::exp(-m * ln_alpha - s * ln_beta);
        if t <= t_x {
            return Self { alive, ..Self::default() };
        }
        let alpha_first = alpha <= beta;
        let integral = if alpha_first {
            Integral { near: alpha + t_x, near_power: m, far: beta + t_x, far_power: s + 1.0 }
        } else {
            Integral { near: beta + t_x, near_power: s + 1.0, far: alpha + t_x, far_power: m }
        };
        let distance = (beta - alpha).abs();
        let end = if alpha_first { (ln_alpha, alpha + t, beta + t) } else { (ln_beta, beta + t, alpha + t) };
        let parts = integral.over::<GRADIENT>(distance, end);
        let factor = s * integral.near / (beta + t_x);
        let mut outcome = Self { alive, left: factor * parts.value, ..Self::default() };
        if GRADIENT {
            let (near, far) = ([parts.near_ln, parts.near_per], [parts.far_ln, parts.far_per]);
            let (of_alpha, of_beta) = if alpha_first { (near, far) } else { (far, near) };
            outcome.left_ln_alpha = factor * of_alpha[0];
            outcome.left_per_alpha = factor * of_alpha[1] / (alpha + t_x);
            outcome.left_ln_beta = factor * of_beta[0];
            outcome.left_per_beta = factor * of_beta[1] / (beta + t_x);
        }
        outcome
    }
}

/// Int_0^U exp(-E(u)) du, E(u) = (near_power - 1) u + far_power ln y(u), y = (far + t) / far = 1 - q + q e^u, q = near / far
/// <= 1, u = ln((near + t) / near); t counts from t_x. E is convex.
struct Integral {
    near: f64,
    near_power: f64,
    far: f64,
    far_power: f64,
}

/// The integral; with u, ln y, e^-u, 1 / y under it.
#[derive(Default)]
struct Parts {
    value: f64,
    near_ln: f64,
    far_ln: f64,
    near_per: f64,
    far_per: f64,
}

impl Integral {
    /// `distance` is far - near; `end` is U and near and far at T.
    fn over<const GRADIENT: bool>(&self, distance: f64, end: (f64, f64, f64)) -> Parts {
        let (total, near_end, far_end) = end;
        let (q, rest) = (self.near / self.far, distance / self.far);
        let mut parts = Parts::default();
        // E'(u) at the end, where it is largest.
        let steepest = self.near_power - 1.0 + self.far_power * near_end / far_end;
        if total <= LONGEST && steepest * total <= STEEPEST {
            self.panel::<GRADIENT>((0.0, total), steepest * total, (q, rest), &mut parts);
            return parts;
        }
        let slope = |growth: f64| self.near_power - 1.0 + self.far_power * q * growth / (rest + q * growth);
        let mut from = 0.0;
        while from < total {
            let start = libm::exp(from);
            let mut length = LONGEST.min(total - from);
            let mut growth = libm::exp(length);
            while slope(start * growth) * length > STEEPEST {
                length /= 2.0;
                growth = growth.sqrt();
            }
            // What is left is below exp(-E) / E'.
            let height =
                libm::exp(-(self.near_power - 1.0) * from - self.far_power * libm::log(rest + q * start));
            let steep = slope(start);
            if steep > 0.0 && height < parts.value * steep * libm::exp(-NOTHING) {
                break;
            }
            let to = if length < total - from { from + length } else { total };
            let powers = slope(start * growth) * length;
            self.panel::<GRADIENT>((from, to), powers, (q, rest), &mut parts);
            from = to;
        }
        parts
    }

    #[inline]
    fn panel<const GRADIENT: bool>(
        &self,
        ends: (f64, f64),
        powers: f64,
        shape: (f64, f64),
        parts: &mut Parts,
    ) {
        let (middle, half) = ((ends.0 + ends.1) / 2.0, (ends.1 - ends.0) / 2.0);
        let (q, rest) = shape;
        let growth = libm::exp(middle);
        let shrinking = 1.0 / growth;
        let power = self.near_power - 1.0;
        for (node, weight) in rule(ends.1 - ends.0, powers.abs()) {
            let apart = half * node;
            let more = libm::exp(apart);
            let less = 1.0 / more;
            let below = (middle - apart, growth * less, shrinking * more);
            let above = (middle + apart, growth * more, shrinking * less);
            for (u, growth, shrinking) in [below, above] {
                let y = rest + q * growth;
                let ln_y = libm::log(y);
                let height = half * weight * libm::exp(-power * u - self.far_power * ln_y);
                parts.value += height;
                if GRADIENT {
                    parts.near_ln += height * u;
                    parts.far_ln += height * ln_y;
                    parts.near_per += height * shrinking;
                    parts.far_per += height / y;
                }
            }
        }
    }
}
