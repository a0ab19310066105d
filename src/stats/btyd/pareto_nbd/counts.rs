//! How many purchases in a time (pmf).

use super::super::quadrature::{LONGEST, panel};
use super::NOTHING;
use crate::stats::special::ln_gamma_ratio;

/// Powers of e, and standard deviations of a peak, on one panel: both are below what the rule of 12 nodes takes.
const POWERS: f64 = 8.0;
const DEVIATIONS: f64 = 3.0;

/// P(X(t) = n): exactly `n` repeat purchases in the `t` days after the first. Stayed and bought n times, or left at some
/// time before: the integral that pmf writes with hypergeometric functions, taken as it stands.
pub fn probability_of_repeats(parameters: &[f64; 4], n: u32, t: f64) -> f64 {
    let [r, alpha, s, beta] = *parameters;
    if t <= 0.0 {
        return if n == 0 { 1.0 } else { 0.0 };
    }
    let count = f64::from(n);
    // gamma(r + n) / (gamma(r) n!)
    let ways = ln_gamma_ratio(r, count) - ln_gamma_ratio(1.0, count);
    let stayed =
        ways - r * libm::log1p(t / alpha) - count * libm::log1p(alpha / t) - s * libm::log1p(t / beta);
    let left = Left { n: count, power: r + s - 1.0, alpha, s, beta };
    let start = libm::log1p(alpha / t);
    let left = ways + libm::log(alpha * s / beta) + left.ln_integral(start);
    (libm::exp(stayed) + libm::exp(left)).clamp(0.0, 1.0)
}

/// Those who left: with v = t / (alpha + t) = e^-l the integral over l of v^(n+1) (1-v)^power ((1-v) + alpha / beta
/// v)^-(s+1), from l = ln((alpha + t) / t) on; power = r + s - 1.
struct Left {
    n: f64,
    power: f64,
    alpha: f64,
    s: f64,
    beta: f64,
}

impl Left {
    fn ln_height(&self, l: f64) -> f64 {
        let (v, not_v) = (libm::exp(-l), -libm::expm1(-l));
        let mix = not_v + self.alpha / self.beta * v;
        -(self.n + 1.0) * l + self.power * libm::log(not_v) - (self.s + 1.0) * libm::log(mix)
    }

    /// Slope of `ln_height`, and a bound of its curvature.
    fn shape(&self, l: f64) -> (f64, f64) {
        let grown = libm::expm1(l);
        let mix = self.beta * grown + self.alpha;
        let second = self.power / grown;
        let third = (self.s + 1.0) * (self.beta - self.alpha) / mix;
        let curvature = (second.abs() / grown + third.abs() * self.beta / mix) * (grown + 1.0);
        (second - third - (self.n + 1.0), curvature)
    }

    fn ln_integral(&self, start: f64) -> f64 {
        let start = self.rise(start);
        // Twice along the same panels: for the largest height, then for the integral.
        let highest = self.along(start, |_, _| ());
        let mut integral = 0.0;
        self.along(start, |from, to| integral += panel(from, to, |l| libm::exp(self.ln_height(l) - highest)));
        libm::log(integral) + highest
    }

    /// Where a peak lies beyond `start`, the place before it from which on the height is worth counting.
    fn rise(&self, start: f64) -> f64 {
        if self.shape(start).0 <= 0.0 {
            return start;
        }
        let mut peak = (start, 2.0 * start);
        while self.shape(peak.1).0 > 0.0 {
            peak = (peak.1, 2.0 * peak.1);
        }
        let peak = bisect(peak, |l| self.shape(l).0 > 0.0).1;
        let low = self.ln_height(peak) - NOTHING;
        if self.ln_height(start) >= low {
            start
        } else {
            bisect((start, peak), |l| self.ln_height(l) < low).0
        }
    }

    /// Visits the panels, returns the largest height at their ends.
    fn along(&self, start: f64, mut visit: impl FnMut(f64, f64)) -> f64 {
        let (mut from, mut highest) = (start, f64::NEG_INFINITY);
        let steepest = self.shape(start).0.abs().max(1.0);
        loop {
            let height = self.ln_height(from);
            highest = highest.max(height);
            let (slope, curvature) = self.shape(from);
            if slope < 0.0 && height - libm::log(-slope) < highest - libm::log(steepest) - NOTHING {
                return highest;
            }
            let length = LONGEST.min(from).min(POWERS / slope.abs()).min(DEVIATIONS / curvature.sqrt());
            let to = from + length;
            if to <= from {
                return highest;
            }
            visit(from, to);
            from = to;
        }
    }
}

/// Halves an interval, before whose end `below` turns from true to false.
fn bisect(interval: (f64, f64), below: impl Fn(f64) -> bool) -> (f64, f64) {
    let (mut low, mut high) = interval;
    for _ in 0..60 {
        let middle = low + (high - low) / 2.0;
        if below(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low, high)
}
