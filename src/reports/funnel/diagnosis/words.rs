//! The diagnosis in sentences.

use super::contributions::{Part, PartValue, concentrated};
use super::history::History;
use super::{Attribute, Finding};
use crate::output::report::{Alert, Note, Severity};
use crate::output::{grouped, number, percent};
use crate::reports::funnel::FunnelSettings;
use crate::reports::funnel::count::Entrants;
use crate::reports::funnel::side::{reached, step_in_words};
use crate::reports::period::PeriodUnit;
use crate::stats::split_test::LEAST_BEFORE;

/// `= 0.0123`, `< 0.0001`.
fn p_text(p: f64) -> String {
    if p < 0.0001 { "< 0.0001".into() } else { format!("= {}", number(p, 4)) }
}

/// A whole number of users; below 10 with a decimal.
fn users_text(users: f64) -> String {
    number(users, if users < 10.0 { 1 } else { 0 })
}

fn of_step(note: Note, settings: &FunnelSettings, step: usize) -> Note {
    let previous = settings.previous(step).unwrap_or_default();
    note.with("from", step_in_words(settings, previous)).with("to", step_in_words(settings, step))
}

/// A step fell: by how much and since when, for whom, what it costs.
pub(super) fn fell(
    settings: &FunnelSettings,
    history: &History,
    finding: &Finding,
    parts: &[Part],
    attributes: &[Attribute<'_>],
    notes: &mut Vec<Note>,
    alerts: &mut Vec<Alert>,
) {
    let (Some(before), Some(since), Some(split)) =
        (finding.before.share(), finding.since.share(), finding.split)
    else {
        return;
    };
    let note = of_step(Note::new("funnel_step_fell"), settings, finding.step)
        .with("before", percent(before))
        .with("rate", percent(since))
        .with("since", history.label(split))
        .with("p", p_text(finding.p_adjusted.unwrap_or(1.0)));
    let alert = Alert::new("funnel_step_fell", Severity::Warning, note);
    alerts.push(alert.of(since, Some(before)));
    if let Some(part) = concentrated(parts) {
        // More than all of it where other values rose meanwhile: the table says how much.
        let share = percent(part.share.unwrap_or(0.0).min(1.0));
        let attribute = attributes.get(part.attribute).map_or("", |attribute| attribute.name);
        let note = match &part.value {
            PartValue::Value(value) => Note::new("funnel_fall_explained").with("value", value),
            _ => Note::new("funnel_fall_explained_without_value"),
        };
        let note = note.with("attribute", attribute).with("share", share);
        notes.push(note.with("weight", percent(part.weight)));
    } else if !parts.is_empty() {
        notes.push(Note::new("funnel_fall_spread"));
    }
    if let Some(stake) = finding.stake {
        let key = match history.calendar.unit {
            PeriodUnit::Day => "funnel_fall_costs_day",
            PeriodUnit::Week => "funnel_fall_costs_week",
            PeriodUnit::Month => "funnel_fall_costs_month",
            PeriodUnit::Quarter => "funnel_fall_costs_quarter",
            PeriodUnit::Year => "funnel_fall_costs_year",
        };
        let note = of_step(Note::new(key), settings, finding.step)
            .with("users", users_text(stake.users))
            .with("conversions", users_text(stake.conversions));
        notes.push(note);
        if let Some((value, mean)) = stake.value.zip(stake.mean) {
            let note = Note::new("funnel_fall_value").with("value", number(value, 2));
            notes.push(note.with("mean", number(mean, 2)));
        }
    }
}

/// No step fell, or nobody can tell.
pub(super) fn stable(
    settings: &FunnelSettings,
    history: &History,
    findings: &[Finding],
    notes: &mut Vec<Note>,
) {
    let periods = history.periods.len();
    if periods <= LEAST_BEFORE {
        let note = Note::new("funnel_history_short").with("periods", grouped(periods as u64));
        notes.push(note.with("least", LEAST_BEFORE + 1));
        return;
    }
    let ends = |note: Note| {
        note.with("periods", grouped(periods as u64))
            .with("first", history.label(0))
            .with("last", history.label(periods - 1))
    };
    let recovered = findings.iter().filter(|finding| finding.verdict == Some("recovered"));
    for finding in recovered {
        if let Some(split) = finding.split {
            let note = of_step(Note::new("funnel_step_recovered"), settings, finding.step);
            notes.push(note.with("since", history.label(split)));
        }
    }
    match findings.iter().filter_map(|finding| finding.p_adjusted).min_by(f64::total_cmp) {
        Some(p) => notes.push(ends(Note::new("funnel_no_step_fell")).with("p", p_text(p))),
        None => notes.push(ends(Note::new("funnel_too_few_to_test"))),
    }
}

/// The step before which most users are lost.
pub(super) fn leak(settings: &FunnelSettings, entrants: &Entrants, units: &[usize], notes: &mut Vec<Note>) {
    let got_to =
        |step: usize| units.iter().filter(|unit| reached(settings, entrants, **unit, step)).count() as u64;
    let must = (1..settings.steps.len()).filter(|step| !settings.is_optional(*step));
    let lost = must.filter_map(|step| {
        let of = got_to(settings.previous(step)?);
        Some((of - got_to(step).min(of), of, step))
    });
    // The first of equal ones.
    let most = lost.reduce(|most, one| if one.0 > most.0 { one } else { most });
    if let Some((lost, of, step)) = most.filter(|most| most.0 > 0) {
        let note = of_step(Note::new("funnel_largest_leak"), settings, step)
            .with("lost", grouped(lost))
            .with("of", grouped(of));
        notes.push(note.with("share", percent(lost as f64 / of as f64)));
    }
}
