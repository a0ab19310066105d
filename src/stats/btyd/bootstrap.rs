//! The bootstrap (Efron 1979): customers drawn with replacement.

#[cfg(test)]
mod tests;

use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng;

use super::Row;
use crate::stats::special::ln_gamma_ratio;

/// With a smaller mean a binomial is looked for from 0 on, else from its mode on.
const FROM_ZERO: f64 = 10.0;

/// The weights of one draw of as many customers as there are, with replacement; `weights` are how many customers each row
/// stands for. Equal seeds and numbers of the draw give equal weights. The order of rows matters: sort them.
///
/// A multinomial draw, row by row: how many of the customers still to be drawn fall on this row, given that they fall on it
/// or a later one, is binomial. The weights drawn are whole, their sum is that of `weights` (rounded).
pub fn draw(weights: &[f64], seed: u64, number: u32) -> Vec<f64> {
    let mut random = Random::new(seed, number);
    // Sums from the end: what a row and all after it weigh. The same sums are used for each row, so that the last row with a
    // weight gets what is left, to the last customer.
    let positive = |weight: &f64| if *weight > 0.0 && weight.is_finite() { *weight } else { 0.0 };
    let mut rest: Vec<f64> = weights.iter().map(positive).collect();
    let mut after = 0.0;
    for weight in rest.iter_mut().rev() {
        after += *weight;
        *weight = after;
    }
    let mut left = libm::round(after);
    let mut drawn = Vec::with_capacity(weights.len());
    for (place, weight) in weights.iter().enumerate() {
        let (here, later) = (rest[place], rest.get(place + 1).copied().unwrap_or(0.0));
        let count = match positive(weight) {
            _ if left == 0.0 => 0.0,
            0.0 => 0.0,
            _ if later == 0.0 => left,
            weight => random.binomial(left, (weight / here).min(1.0)),
        };
        left -= count;
        drawn.push(count);
    }
    drawn
}

/// The rows of one draw; rows that were not drawn are left out.
pub fn resample(rows: &[Row], seed: u64, number: u32) -> Vec<Row> {
    let weights: Vec<f64> = rows.iter().map(|row| row.weight).collect();
    let drawn = draw(&weights, seed, number);
    let with = rows.iter().zip(drawn).filter(|(_, weight)| *weight > 0.0);
    with.map(|(row, weight)| Row { weight, ..*row }).collect()
}

/// PCG64: its bits are equal on every machine.
struct Random(Pcg64);

impl Random {
    fn new(seed: u64, number: u32) -> Self {
        // SplitMix64 (Steele, Lea, Flood 2014) makes unrelated streams of neighbouring seeds and numbers.
        let mut state = seed;
        let mut mixed = spread(&mut state) ^ u64::from(number);
        let mut word = || u128::from(spread(&mut mixed));
        let start = word() << 64 | word();
        let stream = word() << 64 | word();
        Self(Pcg64::new(start, stream))
    }

    /// In [0, 1), with 53 bits.
    fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// How many of `n` trials succeed, by inversion: one uniform number, and as many steps as the draw is away from where the
    /// search begins.
    fn binomial(&mut self, n: f64, p: f64) -> f64 {
        if p > 0.5 {
            return n - self.binomial(n, 1.0 - p);
        }
        let odds = p / (1.0 - p);
        let mut uniform = self.uniform();
        if n * p < FROM_ZERO {
            let mut probability = libm::exp(n * libm::log1p(-p));
            let mut count = 0.0;
            while uniform >= probability && count < n {
                uniform -= probability;
                count += 1.0;
                probability *= odds * (n - count + 1.0) / count;
                // Beyond the last digit of the uniform number.
                if probability < 1e-18 && count > n * p {
                    break;
                }
            }
            return count;
        }
        let mode = libm::floor((n + 1.0) * p).min(n);
        // n! / (mode! (n-mode)!), without the cancellation of large logarithms.
        let ln_ways = ln_gamma_ratio(n - mode + 1.0, mode) - ln_gamma_ratio(1.0, mode);
        let at_mode = libm::exp(ln_ways + mode * libm::log(p) + (n - mode) * libm::log1p(-p));
        // Outward from the mode, above and below by turns.
        let (mut above, mut high) = (mode, at_mode);
        let (mut below, mut low) = (mode, at_mode);
        if uniform < at_mode {
            return mode;
        }
        uniform -= at_mode;
        loop {
            if above < n {
                above += 1.0;
                high *= odds * (n - above + 1.0) / above;
                if uniform < high {
                    return above;
                }
                uniform -= high;
            } else {
                high = 0.0;
            }
            if below > 0.0 {
                low *= below / (odds * (n - below + 1.0));
                below -= 1.0;
                if uniform < low {
                    return below;
                }
                uniform -= low;
            } else {
                low = 0.0;
            }
            if high + low < 1e-18 {
                return mode;
            }
        }
    }
}

/// SplitMix64.
fn spread(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
