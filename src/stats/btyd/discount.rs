//! What future purchases are worth today: a purchase in tau days counts e^(-rate tau), where `rate` is the continuous rate of
//! interest per day.
//!
//! Sources: Fader, P. S., Hardie, B. G. S., Lee, K. L. (2005), RFM and CLV: using iso-value curves for customer base analysis,
//! Journal of Marketing Research 42 ("FHL"), of discounted expected residual transactions (DERT); the sum over months is that
//! of lifetimes 0.11.3 (`customer_lifetime_value`).

use super::quadrature::{LONGEST, STEEPEST, panel};
use super::{Model, ModelKind, pareto_nbd};

#[cfg(test)]
mod tests;

/// Beyond e^-50 of a purchase nothing is counted.
const NOTHING: f64 = 50.0;

/// Discounted purchases of the next `horizon` days: the integral of e^(-rate tau) dE\[Y(tau)\]. A rate of 0 gives
/// E\[Y(horizon)\] itself. `rate_per_day` is not negative.
///
/// By Pareto/NBD the rate of purchases is integrated; else, by parts, e^(-rate H) E\[Y(H)\] + rate Int e^(-rate tau)
/// E\[Y(tau)\] dtau, on the axis ln(1 + tau / (alpha + T)). Both with a relative error below 1e-10.
pub fn discounted_purchases(
    model: &Model,
    x: u32,
    t_x: f64,
    t: f64,
    horizon_days: f64,
    rate_per_day: f64,
) -> f64 {
    if horizon_days <= 0.0 {
        return 0.0;
    }
    if rate_per_day <= 0.0 {
        return model.expected_purchases(x, t_x, t, horizon_days);
    }
    match model.kind {
        ModelKind::ParetoNbd => {
            let [_, _, s, beta] = model.parameters;
            rate_now(model, x, t_x, t) * discounted_lifetime(s, beta + t, horizon_days, rate_per_day)
        }
        ModelKind::BgNbd | ModelKind::MbgNbd => by_parts(model, (x, t_x, t), horizon_days, rate_per_day),
    }
}

/// Discounted expected residual transactions: all purchases that are still to come (FHL 6, by Pareto/NBD with the confluent
/// hypergeometric function, here its integral). `None` where the rate is not positive, unless by Pareto/NBD with s > 1: all
/// purchases to come are infinitely many else, or no model tells.
pub fn dert(model: &Model, x: u32, t_x: f64, t: f64, rate_per_day: f64) -> Option<f64> {
    let [_, _, s, beta] = model.parameters;
    let residual = match model.kind {
        ModelKind::ParetoNbd if rate_per_day > 0.0 => {
            rate_now(model, x, t_x, t) * discounted_lifetime(s, beta + t, f64::INFINITY, rate_per_day)
        }
        ModelKind::ParetoNbd if rate_per_day == 0.0 && s > 1.0 => {
            rate_now(model, x, t_x, t) * (beta + t) / (s - 1.0)
        }
        ModelKind::BgNbd | ModelKind::MbgNbd if rate_per_day > 0.0 => {
            by_parts(model, (x, t_x, t), NOTHING / rate_per_day, rate_per_day)
        }
        _ => return None,
    };
    residual.is_finite().then_some(residual)
}

/// The value of the next `months` months as published with BG/NBD and Gamma-Gamma: the purchases of each month count at its
/// end, `spend` each, discounted by (1 + `rate_per_month`) to the number of the month.
pub fn monthly_discounted_value(
    model: &Model,
    history: (u32, f64, f64),
    spend: f64,
    months: u32,
    month_days: f64,
    rate_per_month: f64,
) -> f64 {
    let (x, t_x, t) = history;
    let (mut value, mut before, mut factor) = (0.0, 0.0, 1.0);
    for month in 1..=months {
        factor /= 1.0 + rate_per_month;
        let until = model.expected_purchases(x, t_x, t, f64::from(month) * month_days);
        value += spend * (until - before) * factor;
        before = until;
    }
    value
}

/// Purchases per day at T, by Pareto/NBD: P(alive) (r + x) / (alpha + T).
fn rate_now(model: &Model, x: u32, t_x: f64, t: f64) -> f64 {
    let [r, alpha, ..] = model.parameters;
    pareto_nbd::p_alive(&model.parameters, x, t_x, t) * (r + f64::from(x)) / (alpha + t)
}

/// Int_0^H e^(-rate tau) (1 + tau / beta)^-s dtau, with u = ln(1 + tau / beta); for H without bound it is beta U(1, 2 - s,
/// rate beta), U the confluent hypergeometric function of the second kind.
fn discounted_lifetime(s: f64, beta: f64, horizon: f64, rate: f64) -> f64 {
    let scaled = rate * beta;
    // A rate or beta without bound would leave no digit of e^u - 1 to the logarithm.
    let end = libm::log1p(horizon.min(NOTHING / rate) / beta);
    let height = |u: f64| libm::exp((1.0 - s) * u - scaled * libm::expm1(u));
    let mut integral = 0.0;
    panels(
        end,
        |u| (s - 1.0).abs() + scaled * libm::exp(u),
        |from, to| {
            let part = panel(from, to, height);
            integral += part;
            // With s large it is over long before the end.
            s <= 1.0 || part > integral * 1e-18
        },
    );
    beta * integral
}

/// e^(-rate H) E[Y(H)] + rate Int_0^H e^(-rate tau) E[Y(tau)] dtau.
fn by_parts(model: &Model, history: (u32, f64, f64), horizon: f64, rate: f64) -> f64 {
    let (x, t_x, t) = history;
    let horizon = horizon.min(NOTHING / rate);
    let unit = model.parameters[1] + t;
    let scaled = rate * unit;
    let mut integral = 0.0;
    panels(
        libm::log1p(horizon / unit),
        |u| 1.0 + scaled * libm::exp(u),
        |from, to| {
            integral += panel(from, to, |u| {
                let grown = libm::expm1(u);
                libm::exp(u - scaled * grown) * model.expected_purchases(x, t_x, t, unit * grown)
            });
            true
        },
    );
    libm::exp(-rate * horizon) * model.expected_purchases(x, t_x, t, horizon) + scaled * integral
}

/// Visits panels from 0 to `end`, along which the integrand changes by `STEEPEST` powers of e at most; `steepness` grows
/// with u, by e at most per unit. Ends when a visit returns false.
fn panels(end: f64, steepness: impl Fn(f64) -> f64, mut visit: impl FnMut(f64, f64) -> bool) {
    let mut from = 0.0;
    while from < end {
        let rest = end - from;
        let mut length = LONGEST.min(rest);
        while steepness(from + length) * length > STEEPEST {
            length /= 2.0;
        }
        let to = if length < rest { from + length } else { end };
        if to <= from || !visit(from, to) {
            return;
        }
        from = to;
    }
}
