//! What is told beside the tables.

use super::count::{Entrants, NEVER};
use super::selectors::Step;
use super::steps::any_order_name;
use super::{FunnelInput, FunnelSettings};
use crate::facts::funnel::{MOST_STEPS, Order};
use crate::output::grouped;
use crate::output::report::{Alert, Label, Note, Severity};

/// What columns of moments are called, and rows where steps have no order.
pub(super) fn labels(settings: &FunnelSettings) -> Vec<Label> {
    let moment = |(number, step): (usize, &Step)| {
        let name = format!("{number} {}", step.name);
        Label { section: "columns", key: format!("at_{number}"), en: name.clone(), zh: name }
    };
    let mut labels: Vec<Label> = (1..).zip(&settings.steps).map(moment).collect();
    if settings.funnel.order != Order::Any {
        return labels;
    }
    let steps = settings.funnel.steps;
    let label = |step: usize| Label {
        section: "funnel_levels",
        key: any_order_name(step, steps),
        en: format!("any {} of {steps}", step + 1),
        zh: format!("任意{}步（共{steps}步）", step + 1),
    };
    labels.extend((0..steps).map(label));
    labels
}

pub(super) fn notes(settings: &FunnelSettings, input: &FunnelInput, entrants: &Entrants) -> Vec<Note> {
    let mut notes = Vec::new();
    let journeys = &input.journeys;
    let duration = |us: i64| super::settings::duration_text(us);
    let unit = settings.unit_column();
    notes.push(match settings.funnel.window_us {
        Some(window) => Note::new("funnel_window").with("window", duration(window)),
        None if settings.longest_us().is_some() => Note::new("funnel_window_by_step"),
        None => Note::new("funnel_no_window"),
    });
    if let Some(unit) = &settings.unit {
        notes.push(Note::new("funnel_unit").with("unit", unit));
    }
    if let Some(by) = &settings.by {
        notes.push(Note::new("funnel_by").with("by", by));
    }
    let rows: u64 = journeys.kinds.iter().map(|kind| kind.rows).sum();
    let other = rows.saturating_sub(journeys.events()).saturating_sub(journeys.without_unit);
    if other > 0 && !settings.needs_all_events() {
        notes.push(Note::new("funnel_other_events").with("rows", count(other)));
    }
    if journeys.without_unit > 0 {
        notes.push(
            Note::new("funnel_without_unit").with("rows", count(journeys.without_unit)).with("unit", unit),
        );
    }
    if entrants.excluded > 0 {
        notes.push(Note::new("funnel_excluded").with("users", count(entrants.excluded)));
    }
    if let Some((first, second)) = shared_steps(settings, input) {
        let name = |step: usize| settings.steps[step].name.as_str();
        notes.push(Note::new("funnel_shared").with("first", name(first)).with("second", name(second)));
    }
    let ties = tied(entrants);
    if ties > 0 && settings.funnel.order != Order::Any {
        notes.push(Note::new("funnel_ties").with("users", count(ties)));
    }
    let open = entrants.open.iter().filter(|open| **open).count() as u64;
    if open > 0 && settings.longest_us().is_some() {
        notes.push(
            Note::new("funnel_open").with("users", count(open)).with("of", count(entrants.len() as u64)),
        );
    }
    notes
}

/// Where trend and diagnosis, which follow everybody from the first entry, see fewer get through than the steps do.
pub(super) fn first_entries(
    settings: &FunnelSettings,
    entrants: &Entrants,
    from_first: &Entrants,
) -> Option<Note> {
    let through = |entrants: &Entrants| {
        entrants.level.iter().filter(|level| usize::from(**level) == settings.funnel.steps).count() as u64
    };
    let (all, first) = (through(entrants), through(from_first));
    let note = Note::new("funnel_first_entries").with("first", count(first)).with("all", count(all));
    (first != all).then(|| note.with("of", count(entrants.len() as u64)))
}

pub(super) fn alerts(settings: &FunnelSettings, entrants: &Entrants) -> Vec<Alert> {
    let name = settings.steps.first().map_or("", |step| step.name.as_str());
    if entrants.is_empty() {
        let key = if entrants.excluded > 0 { "funnel_all_excluded" } else { "funnel_nobody" };
        return vec![Alert::new(key, Severity::Warning, Note::new(key).with("step", name))];
    }
    // Who has got through cannot get farther.
    if !entrants.closed.contains(&true) && entrants.open.contains(&true) && settings.longest_us().is_some() {
        let note = Note::new("funnel_all_open").with("users", count(entrants.len() as u64));
        return vec![Alert::new("funnel_all_open", Severity::Warning, note)];
    }
    Vec::new()
}

/// The first two steps that one event can be both of, where the mode lets it serve both.
fn shared_steps(settings: &FunnelSettings, input: &FunnelInput) -> Option<(usize, usize)> {
    if !matches!(settings.funnel.order, Order::Ordered(strictness) if !strictness.once && !strictness.increase)
    {
        return None;
    }
    let of_steps = |marks: u128| marks & ((1 << MOST_STEPS) - 1);
    let shared = input.journeys.signatures.iter().map(|signature| of_steps(signature.marks));
    shared
        .filter(|steps| steps.count_ones() > 1)
        .map(|steps| {
            let first = steps.trailing_zeros() as usize;
            (first, (steps & (steps - 1)).trailing_zeros() as usize)
        })
        .min()
}

/// Entrants who did two steps of their chain at one instant.
fn tied(entrants: &Entrants) -> u64 {
    let is_tied = |unit: &usize| {
        let mut before = NEVER;
        entrants.moments(*unit).iter().filter(|at| **at != NEVER).any(|at| {
            let same = *at == before;
            before = *at;
            same
        })
    };
    (0..entrants.len()).filter(is_tied).count() as u64
}

fn count(number: u64) -> String {
    grouped(i128::from(number))
}
