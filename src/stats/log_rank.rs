//! The log-rank test: do groups wait equally long?
//!
//! Sources: Mantel, N. (1966), Evaluation of survival data and two new rank order statistics, Cancer Chemotherapy Reports
//! 50(3), 163-170; Peto, R. and Peto, J. (1972); Klein and Moeschberger (2003), Survival Analysis, 7.3.1 to 7.3.5, with
//! W(t) = 1; as `survdiff` of the R package survival.

use super::distributions::chi_squared_survival;
use super::kaplan_meier::{Count, merged};

/// The result of a test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogRank {
    pub chi_squared: f64,
    /// Degrees of freedom.
    pub df: u32,
    /// 0 to 1.
    pub p: f64,
}

/// Tests whether all groups have one survival curve. `None` where the data cannot tell: no events, or not two groups that
/// were at risk at a time of an event.
pub fn log_rank(groups: &[&[Count]]) -> Option<LogRank> {
    let mut test = Test::new(groups);
    test.run();
    test.result()
}

/// Events at one time, of one group.
struct At {
    time: u32,
    group: usize,
    events: u64,
    leaving: u64,
}

struct Test {
    entries: Vec<At>,
    at_risk: Vec<u64>,
    /// Observed less expected events.
    excess: Vec<f64>,
    expected: Vec<f64>,
    /// Row by row.
    covariance: Vec<f64>,
}

impl Test {
    fn new(groups: &[&[Count]]) -> Self {
        let mut entries = Vec::new();
        let mut at_risk = vec![0; groups.len()];
        for (group, counts) in groups.iter().enumerate() {
            for count in merged(counts) {
                let leaving = count.events + count.censored;
                at_risk[group] += leaving;
                entries.push(At { time: count.time, group, events: count.events, leaving });
            }
        }
        // A total order, so that sums of floats have one order.
        entries.sort_unstable_by_key(|at| (at.time, at.group));
        let k = groups.len();
        Self { entries, at_risk, excess: vec![0.0; k], expected: vec![0.0; k], covariance: vec![0.0; k * k] }
    }

    fn run(&mut self) {
        let k = self.at_risk.len();
        let entries = std::mem::take(&mut self.entries);
        for now in entries.chunk_by(|a, b| a.time == b.time) {
            let events: u64 = now.iter().map(|at| at.events).sum();
            let all: u64 = self.at_risk.iter().sum();
            if events > 0 {
                let (d, n) = (events as f64, all as f64);
                for at in now {
                    self.excess[at.group] += at.events as f64;
                }
                // Of the hypergeometric distribution; a single one at risk has no choice.
                let spread = if all > 1 { d * (n - d) / (n - 1.0) } else { 0.0 };
                let share: Vec<f64> = self.at_risk.iter().map(|r| *r as f64 / n).collect();
                for i in 0..k {
                    self.excess[i] -= d * share[i];
                    self.expected[i] += d * share[i];
                    let row = &mut self.covariance[i * k..(i + 1) * k];
                    for (j, value) in row.iter_mut().enumerate() {
                        *value += spread * share[i] * (f64::from(u8::from(i == j)) - share[j]);
                    }
                }
            }
            for at in now {
                self.at_risk[at.group] -= at.leaving;
            }
        }
    }

    /// z' V^-1 z over the groups that were at risk at all, one of them left out: z sums to 0.
    fn result(&self) -> Option<LogRank> {
        let k = self.at_risk.len();
        let present: Vec<usize> = (0..k).filter(|i| self.expected[*i] > 0.0).collect();
        let (_, rest) = present.split_last()?;
        let mut matrix: Vec<Vec<f64>> =
            rest.iter().map(|i| rest.iter().map(|j| self.covariance[i * k + j]).collect()).collect();
        let mut excess: Vec<f64> = rest.iter().map(|i| self.excess[*i]).collect();
        let (chi_squared, df) = quadratic_form(&mut matrix, &mut excess);
        (df > 0).then(|| LogRank { chi_squared, df, p: chi_squared_survival(chi_squared, f64::from(df)) })
    }
}

/// z' A^-1 z and the rank of A, a covariance matrix, by its Cholesky decomposition; what adds nothing to the rank is left out.
fn quadratic_form(a: &mut [Vec<f64>], z: &mut [f64]) -> (f64, u32) {
    let k = z.len();
    let least = 1e-9 * (0..k).map(|i| a[i][i]).fold(0.0, f64::max);
    let (mut sum, mut rank) = (0.0, 0);
    for i in 0..k {
        let pivot = a[i][i];
        if pivot <= least {
            continue;
        }
        sum += z[i] * z[i] / pivot;
        rank += 1;
        let row = a[i].clone();
        for j in i + 1..k {
            let factor = a[j][i] / pivot;
            for (value, above) in a[j][i..].iter_mut().zip(&row[i..]) {
                *value -= factor * above;
            }
            z[j] -= factor * z[i];
        }
    }
    (sum, rank)
}

#[cfg(test)]
mod tests;
