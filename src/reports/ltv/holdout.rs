//! The hold-out: models fitted on the time before it, held against what came.

use super::fitting::{Fitted, Holdout, held_out};
use super::population::{Customer, Population};
use super::settings::LtvSettings;
use crate::error::{Error, Result};
use crate::facts::Histories;
use crate::stats::btyd::{FEW_REPEATERS, Row};

/// Without `--holdout`: days that it has at least.
const LEAST_DAYS: u32 = 14;

impl Holdout {
    /// The time before the hold-out, and the models fitted to it. Without `--holdout` a quarter of the observed time is
    /// held out, and none at all where that is less than 14 days or fewer than 30 customers repeated before it.
    pub fn new(
        settings: &LtvSettings,
        histories: &Histories,
        order: &[u32],
        whole: &Population,
        threads: usize,
    ) -> Result<Option<Self>> {
        let span = whole.span();
        let days = match &settings.holdout {
            Some(given) if given.days >= f64::from(span) => {
                return Err(Error::BadOption {
                    option: "--holdout".into(),
                    value: given.text.clone(),
                    why: format!(
                        "leaves nothing to learn from: the first purchase is {span} days before the end"
                    ),
                    hint: Some(format!(
                        "a shorter one, e.g. --holdout {}d, or more history",
                        (span / 4).max(1)
                    )),
                });
            }
            Some(given) => given.days as u32,
            None => span / 4,
        };
        if days == 0 || (settings.holdout.is_none() && days < LEAST_DAYS) {
            return Ok(None);
        }
        let last_day = whole.last_day.saturating_sub_unsigned(days);
        let before = Population::new(histories, order, last_day, settings.include_first_purchase);
        if settings.holdout.is_none() && (before.repeaters() as f64) < FEW_REPEATERS {
            return Ok(None);
        }
        let fitted = Fitted::new(&before, settings.kinds(), threads);
        let pairs = pairs(&before, whole);
        let ln_likelihood = fitted
            .candidates
            .iter()
            .map(|(kind, fit)| (*kind, fit.as_ref().ok().and_then(|fit| held_out(&fit.model, &pairs))))
            .collect();
        let repeats = pairs.iter().map(|(past, all)| u64::from(all.x - past.x) * past.weight as u64).sum();
        Ok(Some(Self { days, before, fitted, ln_likelihood, repeats }))
    }
}

/// Of each customer known before the hold-out the history then and the whole one; equal pairs once, in order.
fn pairs(before: &Population, whole: &Population) -> Vec<(Row, Row)> {
    let key = |customer: &Customer| (customer.x, customer.t_x, customer.t);
    let mut all = whole.customers.iter();
    let mut keys: Vec<_> = before
        .customers
        .iter()
        // Both are in the order of ids, and whoever was there before is there in the end.
        .filter_map(|past| Some((key(past), key(all.find(|customer| customer.place == past.place)?))))
        .collect();
    keys.sort_unstable();
    keys.chunk_by(|a, b| a == b)
        .map(|equal| {
            let row = |(x, t_x, t): (u32, u32, u32)| Row {
                x,
                t_x: f64::from(t_x),
                t: f64::from(t),
                weight: equal.len() as f64,
            };
            (row(equal[0].0), row(equal[0].1))
        })
        .collect()
}
