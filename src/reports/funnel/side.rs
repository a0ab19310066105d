//! What the comparison and the diagnosis have in common: who got to a step, what steps are called.

use super::count::Entrants;
use super::settings::{ByAt, FunnelSettings};
use crate::error::{Error, Result};
use crate::facts::funnel::Order;
use crate::output::Kind;

/// Findings at this level are told.
pub(super) const SIGNIFICANT: f64 = 0.05;

/// Whether a unit got to a step (from 0): it came as far; a step that may be left out it must have done.
pub(super) fn reached(settings: &FunnelSettings, entrants: &Entrants, unit: usize, step: usize) -> bool {
    if settings.is_optional(step) && settings.funnel.order != Order::Any {
        entrants.moment(unit, step).is_some()
    } else {
        usize::from(entrants.level[unit]) > step
    }
}

/// The units that entered early enough: with a window those whose window was over at the end of the observed time, whether they
/// got through or not; without one everybody.
pub(super) fn closed(settings: &FunnelSettings, entrants: &Entrants) -> Vec<usize> {
    let everybody = settings.longest_us().is_none();
    (0..entrants.len()).filter(|unit| everybody || entrants.closed[*unit]).collect()
}

/// What a step (from 0) is called in a table, and of which kind that column is: steps without an order are counted.
pub(super) fn step_names(settings: &FunnelSettings) -> (Kind, Vec<String>) {
    let steps = settings.steps.len();
    match settings.funnel.order {
        Order::Any => {
            (Kind::Key("funnel_levels"), (0..steps).map(|step| format!("{}_of_{steps}", step + 1)).collect())
        }
        _ => (Kind::Text, settings.steps.iter().map(|step| step.name.clone()).collect()),
    }
}

/// What a step (from 0) is called in a sentence.
pub(super) fn step_in_words(settings: &FunnelSettings, step: usize) -> String {
    match settings.funnel.order {
        Order::Any => format!("{}/{}", step + 1, settings.steps.len()),
        _ => settings.steps[step].name.clone(),
    }
}

/// Refuses `--by-at` where values at the entry are asked for.
pub(super) fn refuse_by_at(settings: &FunnelSettings, option: &str) -> Result<()> {
    if settings.by_at == ByAt::Entry {
        return Ok(());
    }
    Err(Error::DoesNotApply {
        option: "--by-at".into(),
        why: format!("{option} goes by the values at the entry: those of later steps are no fair groups"),
    })
}
