//! The Gamma-Gamma model of spend: a customer's purchases differ in value (gamma: p, and the customer's own rate), and so do
//! customers (their rates are gamma: q, v). What somebody spends does not depend on how often they buy: check that
//! (`stats::rank_correlation`) before you believe the model.
//!
//! Source: Fader, P. S., Hardie, B. G. S. (2013), The Gamma-Gamma model of monetary value ("FH"; v is gamma there).
//!
//! Rows with a mean that is not positive, or with x = 0, say nothing about spend: leave them out.

use super::edges::{STEP, covariance, fence, flat, has_settled, is_at_edge};
use crate::stats::optimise::{Limits, Minimum, hessian, minimise};
use crate::stats::special::{digamma_difference, ln_gamma, ln_gamma_ratio};

#[cfg(test)]
mod tests;

/// Customers with one and the same history of spend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpendRow {
    /// Purchases over which the mean is taken.
    pub x: u32,
    /// Mean spend per purchase, currency units; positive.
    pub mean: f64,
    /// How many customers.
    pub weight: f64,
}

/// The model with its parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GammaGamma {
    pub p: f64,
    pub q: f64,
    /// Currency units (gamma in the first papers).
    pub v: f64,
}

impl GammaGamma {
    /// Log-likelihood of a customer's mean spend over `x` > 0 purchases (FH 1a).
    pub fn ln_likelihood(&self, x: u32, mean: f64) -> f64 {
        let Self { p, q, v } = *self;
        let count = f64::from(x);
        let shape = p * count;
        let total = count * mean;
        // gamma(px + q) / (gamma(px) gamma(q)) (v / (v + x mean))^q (x mean / (v + x mean))^px / mean
        ln_gamma_ratio(shape, q)
            - ln_gamma(q)
            - q * libm::log1p(total / v)
            - shape * libm::log1p(v / total)
            - libm::log(mean)
    }

    /// Expected mean spend per purchase of a customer (FH 5); of somebody without such purchases (x = 0) the population's.
    ///
    /// Where the expectation is infinite (p x + q <= 1) this is the customer's own mean, or, with x = 0, the spend p v / q of
    /// a customer with the average rate: look at [`GammaGamma::expectation`] to tell.
    pub fn expected_spend(&self, x: u32, mean: f64) -> f64 {
        let fallback = if x == 0 { self.p * self.v / self.q } else { mean };
        self.expectation(x, mean).unwrap_or(fallback)
    }

    /// [`GammaGamma::expected_spend`]; `None` where it is infinite.
    pub fn expectation(&self, x: u32, mean: f64) -> Option<f64> {
        let Self { p, q, v } = *self;
        let count = f64::from(x);
        let total = if x == 0 { 0.0 } else { count * mean };
        let weight = p * count + q - 1.0;
        let spend = p * (v + total) / weight;
        (weight > 0.0 && spend.is_finite()).then_some(spend)
    }

    /// Mean spend over the population: p v / (q - 1). `None` where q <= 1, as it is infinite then.
    pub fn population_mean(&self) -> Option<f64> {
        (self.q > 1.0).then(|| self.p * self.v / (self.q - 1.0))
    }
}

/// Gamma-Gamma found by maximum likelihood.
#[derive(Debug, Clone, PartialEq)]
pub struct SpendFit {
    pub model: GammaGamma,
    pub ln_likelihood: f64,
    /// Covariance of the logarithms of p, q, v; `None` where the Hessian is not positive definite.
    pub ln_covariance: Option<[[f64; 3]; 3]>,
    /// Customers with such purchases.
    pub customers: f64,
    pub evaluations: u32,
    pub doubts: Vec<SpendDoubt>,
}

impl SpendFit {
    /// Standard errors of p, q, v, by the delta method.
    pub fn standard_errors(&self) -> Option<[f64; 3]> {
        let covariance = self.ln_covariance.as_ref()?;
        let GammaGamma { p, q, v } = self.model;
        let mut errors = [p, q, v];
        for (place, error) in errors.iter_mut().enumerate() {
            *error *= covariance[place][place].sqrt();
        }
        Some(errors)
    }
}

/// Why there is no fit of spend.
#[derive(Debug, Clone, PartialEq)]
pub enum NoSpendFit {
    /// Fewer than two customers with purchases to learn from.
    TooFew { customers: f64 },
    /// Everybody spends the same each time: there is nothing to model, the constant is the forecast.
    Constant { spend: f64 },
    /// The likelihood is not finite anywhere near a start.
    Numbers,
}

/// Why a fit of spend, though found, is doubtful.
#[derive(Debug, Clone, PartialEq)]
pub enum SpendDoubt {
    FewCustomers {
        customers: f64,
    },
    /// q <= 1: the mean over the population is infinite; a few huge orders dominate.
    InfiniteMean {
        q: f64,
    },
    Flat {
        parameter: &'static str,
    },
    Boundary {
        parameter: &'static str,
        value: f64,
    },
    NotConverged {
        gradient: f64,
    },
}

/// Fewer customers than this make a doubt.
pub const FEW_CUSTOMERS: f64 = 30.0;

/// Means that differ by less than this share are equal: sums of money rounded to the cent and divided.
const EQUAL: f64 = 1e-9;
const NAMES: [&str; 3] = ["p", "q", "v"];

/// Fits the model. The result does not depend on the order of rows. `start`: parameters to begin with; without it a
/// deterministic list.
///
/// Rows without purchases, of weight 0 or with a mean that is not positive are left out; the caller knows of them.
///
/// ## Errors
/// [`NoSpendFit`], where the data cannot tell.
pub fn fit(rows: &[SpendRow], start: Option<GammaGamma>) -> Result<SpendFit, NoSpendFit> {
    let customers = Customers::new(rows)?;
    let given = start.map(|start| [start.p, start.q, start.v / customers.unit]);
    let given = given.filter(|start| start.iter().all(|value| value.is_finite() && *value > 0.0));
    // Each with a mean over the population of 1, that of the data: p v / (q - 1).
    let starts =
        [(3.0, 4.0), (1.0, 2.0), (10.0, 3.0), (0.5, 10.0), (50.0, 50.0)].map(|(p, q)| [p, q, (q - 1.0) / p]);
    let mut best: Option<Minimum<3>> = None;
    let mut evaluations = 0;
    for start in given.into_iter().chain(starts) {
        let searched = |point: &[f64; 3]| fence(point, customers.along(point));
        let mut found = minimise(searched, to_search(start.map(libm::log)), &Limits::default());
        found.point = from_search(&found.point);
        evaluations += found.evaluations;
        // Two searches that end at one height: at the edge the third would not go elsewhere.
        let again =
            best.is_some_and(|best| (found.value - best.value).abs() <= 1e-8 * (1.0 + best.value.abs()));
        let better = best.is_none_or(|best| found.value < best.value - 1e-10 * best.value.abs());
        if found.value.is_finite() && better {
            best = Some(found);
        }
        if again || best.is_some_and(|best| best.converged && !best.point.into_iter().any(is_at_edge)) {
            break;
        }
    }
    let best = best.ok_or(NoSpendFit::Numbers)?;
    let curvature = hessian(|logs| customers.objective(logs).1, &best.point, STEP)
        .map(|row| row.map(|cell| cell * customers.customers));
    let [p, q, v] = best.point.map(libm::exp);
    let model = GammaGamma { p, q, v: v * customers.unit };
    let ln_likelihood = -customers.objective(&best.point).0 * customers.customers
        - customers.customers * libm::log(customers.unit);
    if !ln_likelihood.is_finite() {
        return Err(NoSpendFit::Numbers);
    }
    let ln_covariance = covariance(&curvature).filter(|_| !best.point.into_iter().any(is_at_edge));
    Ok(SpendFit {
        model,
        ln_likelihood,
        ln_covariance,
        customers: customers.customers,
        evaluations: evaluations + 7,
        doubts: doubts(&model, &customers, &best, &curvature, ln_covariance.as_ref()),
    })
}

/// Customers with the same number of purchases.
#[derive(Debug, Clone)]
struct Group {
    x: f64,
    weight: f64,
    /// Sum of the weighted logarithms of means.
    ln_mean: f64,
    /// Mean and weight, ascending; each mean once.
    means: Vec<(f64, f64)>,
}

/// Customers, ready to be summed: what depends on p, q and x alone is computed once for each x.
struct Customers {
    groups: Vec<Group>,
    customers: f64,
    /// Currency: the mean of the means. Theirs are divided by it.
    unit: f64,
}

impl Customers {
    fn new(rows: &[SpendRow]) -> Result<Self, NoSpendFit> {
        debug_assert!(rows.iter().all(|row| row.x == 0 || row.mean > 0.0), "a mean spend of 0 or less");
        let used = |row: &&SpendRow| row.x > 0 && row.weight > 0.0 && row.mean > 0.0;
        let mut sorted: Vec<SpendRow> = rows.iter().filter(used).copied().collect();
        if !sorted.iter().all(|row| row.mean.is_finite() && row.weight.is_finite()) {
            return Err(NoSpendFit::Numbers);
        }
        sorted.sort_unstable_by_key(|row| (row.x, row.mean.to_bits(), row.weight.to_bits()));
        sorted.dedup_by(|next, kept| {
            let equal = next.x == kept.x && next.mean == kept.mean;
            if equal {
                kept.weight += next.weight;
            }
            equal
        });
        // The empty sum is -0.0; adding 0 makes 0 of it.
        let customers = sorted.iter().map(|row| row.weight).sum::<f64>() + 0.0;
        let least = sorted.iter().fold(f64::INFINITY, |least, row| least.min(row.mean));
        let most = sorted.iter().fold(0.0_f64, |most, row| most.max(row.mean));
        if sorted.is_empty() || customers < 2.0 {
            return Err(NoSpendFit::TooFew { customers });
        }
        // Divided before they are summed: the sum of large numbers could be without bound.
        let unit = most * sorted.iter().map(|row| row.weight * (row.mean / most)).sum::<f64>() / customers;
        if most - least <= EQUAL * most {
            return Err(NoSpendFit::Constant { spend: unit });
        }
        let group = |rows: &[SpendRow]| {
            let means: Vec<(f64, f64)> = rows.iter().map(|row| (row.mean / unit, row.weight)).collect();
            Group {
                x: f64::from(rows.first().map_or(0, |row| row.x)),
                weight: means.iter().map(|(_, weight)| weight).sum(),
                ln_mean: means.iter().map(|(mean, weight)| weight * libm::log(*mean)).sum(),
                means,
            }
        };
        Ok(Self { groups: sorted.chunk_by(|a, b| a.x == b.x).map(group).collect(), customers, unit })
    }

    /// [`Customers::objective`] by the directions of the search.
    fn along(&self, point: &[f64; 3]) -> (f64, [f64; 3]) {
        let (value, [by_p, by_q, by_v]) = self.objective(&from_search(point));
        (value, [by_p - by_v, by_q + by_v, by_v])
    }

    /// What is minimised: minus the log-likelihood per customer, by the logarithms of p, q and v (in units of `unit`).
    fn objective(&self, logs: &[f64; 3]) -> (f64, [f64; 3]) {
        if !logs.iter().all(|log| log.abs() < 100.0) {
            return (f64::INFINITY, [f64::INFINITY; 3]);
        }
        let [p, q, v] = logs.map(libm::exp);
        let (mut value, mut by_p, mut by_q, mut by_v) = (0.0, 0.0, 0.0, 0.0);
        for group in &self.groups {
            let (x, shape) = (group.x, p * group.x);
            // Sums of ln(1 + x mean / v), ln(1 + v / (x mean)), v / (v + x mean), over the customers.
            let (mut below, mut share) = (0.0, 0.0);
            for (mean, weight) in &group.means {
                let ratio = v / (x * mean);
                below += weight * libm::log1p(ratio);
                share += weight * (ratio / (1.0 + ratio));
            }
            // ln(1 + 1 / ratio) = ln(1 + ratio) - ln ratio, ln ratio = ln v - ln x - ln mean.
            let above = below - group.weight * (logs[2] - libm::log(x)) + group.ln_mean;
            let weight = group.weight;
            value +=
                weight * (ln_gamma_ratio(shape, q) - ln_gamma(q)) - q * above - shape * below - group.ln_mean;
            by_p += x * (weight * digamma_difference(shape, q) - below);
            by_q += weight * digamma_difference(q, shape) - above;
            // d above / d ln v = share - weight; d below / d ln v = share.
            by_v += q * (weight - share) - shape * share;
        }
        let per = -1.0 / self.customers;
        (value * per, [by_p * p * per, by_q * q * per, by_v * per])
    }
}

/// The search goes along ln p, ln q, ln(p v / q): where q runs without bound (customers alike) p and p v / q alone matter,
/// where p does (each customer constant) q and p v / q; a search along ln v would have to follow a bent valley.
fn to_search(logs: [f64; 3]) -> [f64; 3] {
    let [p, q, v] = logs;
    [p, q, p + v - q]
}

fn from_search(point: &[f64; 3]) -> [f64; 3] {
    let [p, q, spend] = *point;
    [p, q, spend - p + q]
}

fn doubts(
    model: &GammaGamma,
    customers: &Customers,
    best: &Minimum<3>,
    curvature: &[[f64; 3]; 3],
    covariance: Option<&[[f64; 3]; 3]>,
) -> Vec<SpendDoubt> {
    let mut doubts = Vec::new();
    if customers.customers < FEW_CUSTOMERS {
        doubts.push(SpendDoubt::FewCustomers { customers: customers.customers });
    }
    if model.q <= 1.0 {
        doubts.push(SpendDoubt::InfiniteMean { q: model.q });
    }
    let at_edge = best.point.map(is_at_edge);
    let flat = flat(curvature, covariance, at_edge);
    let values = [model.p, model.q, model.v];
    for (place, parameter) in NAMES.into_iter().enumerate() {
        if at_edge[place] {
            doubts.push(SpendDoubt::Boundary { parameter, value: values[place] });
        } else if flat[place] {
            doubts.push(SpendDoubt::Flat { parameter });
        }
    }
    if !has_settled(best) {
        doubts.push(SpendDoubt::NotConverged { gradient: best.largest_gradient() });
    }
    doubts
}
