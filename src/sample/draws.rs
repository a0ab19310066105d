//! Random draws whose bits are equal on every machine: PCG64 and the pure-Rust `libm`, never the system's logarithm.
//!
//! (`rand_distr` would take the system's: another crate of the tree turns on the std mathematics of `num-traits`.)

use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng;

/// What a stream of draws is for. A stream belongs to one purpose and one customer (or block), so that more draws in one
/// place change nothing in another.
#[derive(Debug, Clone, Copy)]
pub enum Purpose {
    Block = 1,
    Purchases = 2,
    Amounts = 3,
    Baskets = 4,
    Journey = 5,
    Events = 6,
    Member = 7,
    Spend = 8,
    Clicks = 9,
    Interactions = 10,
    Leak = 11,
}

/// One independent stream.
pub struct Draws {
    rng: Pcg64,
    /// The polar method yields normals in pairs.
    spare_normal: Option<f64>,
}

/// SplitMix64 (Steele, Lea, Flood 2014): spreads neighbouring seeds over all bits.
fn spread(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Draws {
    pub fn new(seed: u64, purpose: Purpose, index: u64) -> Self {
        let mut base = seed;
        let mut state = spread(&mut base) ^ (purpose as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        let mut mixed = spread(&mut state) ^ index;
        let mut word = || u128::from(spread(&mut mixed));
        let start = word() << 64 | word();
        let stream = word() << 64 | word();
        Self { rng: Pcg64::new(start, stream), spare_normal: None }
    }

    /// In [0, 1), with 53 bits.
    pub fn uniform(&mut self) -> f64 {
        (self.rng.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// In (0, 1]: safe under a logarithm.
    fn positive(&mut self) -> f64 {
        1.0 - self.uniform()
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// 0..n, by multiplication (Lemire 2019, without the rejection: n is tiny beside 2^64).
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.rng.next_u64()) * u128::from(n)) >> 64) as u64
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    /// An index, with probability proportional to its weight.
    pub fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.uniform() * weights.iter().sum::<f64>();
        for (index, weight) in weights.iter().enumerate() {
            if left < *weight {
                return index;
            }
            left -= weight;
        }
        weights.len() - 1
    }

    /// Exponential with the given rate.
    pub fn exponential(&mut self, rate: f64) -> f64 {
        -libm::log(self.positive()) / rate
    }

    /// Standard normal (Marsaglia's polar method).
    fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare_normal.take() {
            return spare;
        }
        loop {
            let (u, v) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                let scale = libm::sqrt(-2.0 * libm::log(s) / s);
                self.spare_normal = Some(v * scale);
                return u * scale;
            }
        }
    }

    /// Gamma with the given shape and rate (Marsaglia, Tsang 2000; shapes below 1 by their section 6).
    pub fn gamma(&mut self, shape: f64, rate: f64) -> f64 {
        if shape < 1.0 {
            let boost = libm::pow(self.positive(), 1.0 / shape);
            return self.gamma(shape + 1.0, rate) * boost;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / libm::sqrt(9.0 * d);
        loop {
            let x = self.normal();
            let root = 1.0 + c * x;
            if root <= 0.0 {
                continue;
            }
            let v = root * root * root;
            let u = self.positive();
            if u < 1.0 - 0.0331 * x * x * x * x || libm::log(u) < 0.5 * x * x + d * (1.0 - v + libm::log(v)) {
                return d * v / rate;
            }
        }
    }

    /// Beta, as a share of two gammas.
    pub fn beta(&mut self, a: f64, b: f64) -> f64 {
        let (x, y) = (self.gamma(a, 1.0), self.gamma(b, 1.0));
        if x + y > 0.0 { x / (x + y) } else { 0.5 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(n: usize, mut draw: impl FnMut() -> f64) -> (f64, f64) {
        let values: Vec<f64> = (0..n).map(|_| draw()).collect();
        let mean = values.iter().sum::<f64>() / n as f64;
        let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n as f64;
        (mean, variance)
    }

    #[test]
    fn distributions_have_their_moments() {
        let mut draws = Draws::new(7, Purpose::Block, 0);
        let near = |got: (f64, f64), mean: f64, variance: f64| {
            assert!((got.0 / mean - 1.0).abs() < 0.02, "mean {} for {mean}", got.0);
            assert!((got.1 / variance - 1.0).abs() < 0.06, "variance {} for {variance}", got.1);
        };
        near(moments(100_000, || draws.gamma(0.9, 25.0)), 0.9 / 25.0, 0.9 / 625.0);
        near(moments(100_000, || draws.gamma(6.25, 2.0)), 3.125, 6.25 / 4.0);
        near(moments(100_000, || draws.exponential(4.0)), 0.25, 1.0 / 16.0);
        near(moments(100_000, || draws.beta(0.6, 7.4)), 0.075, 0.6 * 7.4 / (64.0 * 9.0));
    }

    #[test]
    fn neighbouring_streams_are_unrelated() {
        let n = 20_000;
        let pairs: Vec<(f64, f64)> = (0..n)
            .map(|i| {
                (
                    Draws::new(1, Purpose::Amounts, i).uniform(),
                    Draws::new(1, Purpose::Amounts, i + 1).uniform(),
                )
            })
            .collect();
        let covariance = pairs.iter().map(|(a, b)| (a - 0.5) * (b - 0.5)).sum::<f64>() / n as f64;
        assert!((covariance * 12.0).abs() < 0.03, "correlation {}", covariance * 12.0);
    }
}
