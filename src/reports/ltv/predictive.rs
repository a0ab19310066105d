//! How many purchases one customer may make: not the mean, but the spread around it.
//!
//! Given that a customer with history (x, t_x, T) is still one, the posterior of the rates has the form of the prior, so
//! that the future is that of a new customer with other parameters (conjugacy: Fader, Hardie, Lee 2005, section 4, from which
//! their conditional expectation, equation 10, follows; a test holds its mean to the model's forecast):
//!
//! | model | future of one who is still a customer |
//! | --- | --- |
//! | BG/NBD | BG/NBD (r + x, alpha + T, a, b + x) |
//! | MBG/NBD | BG/NBD (r + x, alpha + T, a, b + x + 1): nobody leaves between now and the next purchase |
//! | Pareto/NBD | Pareto/NBD (r + x, alpha + T, s, beta + T) |

use crate::stats::btyd::{Model, ModelKind, Row};

/// The interval leaves out this share of outcomes on either side: 8 of 10 end within it.
const TAIL: f64 = 0.1;
/// The normal distribution's quantile at 1 - `TAIL`.
const NORMAL_QUANTILE: f64 = 1.281_551_565_544_600_4;
/// From this mean on the counts are those of a normal distribution with the negative binomial's variance.
const LARGE_MEAN: f64 = 2_000.0;
/// Terms of the probabilities that are added at most.
const MOST_TERMS: u32 = 10_000;

/// The model by which somebody with this history goes on buying, as long as they are a customer.
pub(super) fn going_on(model: &Model, row: &Row) -> Model {
    let x = f64::from(row.x);
    let [r, alpha, third, fourth] = model.parameters;
    let (kind, third, fourth) = match model.kind {
        ModelKind::BgNbd => (ModelKind::BgNbd, third, fourth + x),
        ModelKind::MbgNbd => (ModelKind::BgNbd, third, fourth + x + 1.0),
        ModelKind::ParetoNbd => (ModelKind::ParetoNbd, third, fourth + row.t),
    };
    Model::new(kind, [r + x, alpha + row.t, third, fourth])
}

/// The numbers of purchases in the horizon between which 8 of 10 customers with this history end (0.1 and 0.9 quantiles
/// of the predictive distribution). `p_alive` and `purchases` are the model's forecasts for them.
pub(super) fn purchase_interval(
    model: &Model,
    row: &Row,
    horizon: f64,
    p_alive: f64,
    purchases: f64,
) -> Option<(f64, f64)> {
    let going_on = going_on(model, row);
    let mean = if p_alive > 0.0 { purchases / p_alive } else { 0.0 };
    // Quantiles among those who are still customers; the others make no purchase.
    let among = |level: f64| (level - (1.0 - p_alive)) / p_alive;
    if mean > LARGE_MEAN {
        let spread = (mean + mean * mean / going_on.parameters[0]).sqrt();
        let (lower, upper) = (mean - NORMAL_QUANTILE * spread, mean + NORMAL_QUANTILE * spread);
        let lower = if among(TAIL) <= TAIL / 2.0 { 0.0 } else { lower.round().max(0.0) };
        let upper = if among(1.0 - TAIL) <= 0.0 { 0.0 } else { upper.round() };
        return (lower.is_finite() && upper.is_finite()).then_some((lower, upper));
    }
    let mut reached = 1.0 - p_alive;
    let mut lower = None;
    for n in 0..MOST_TERMS {
        let probability = going_on.probability_of_repeats(n, horizon);
        if !probability.is_finite() {
            return None;
        }
        reached += p_alive * probability.clamp(0.0, 1.0);
        if lower.is_none() && reached >= TAIL {
            lower = Some(f64::from(n));
        }
        if reached >= 1.0 - TAIL {
            return lower.map(|lower| (lower, f64::from(n)));
        }
    }
    None
}
