//! `--diagnose` (关键路径流失诊断): which step's rate fell most against its own history, since when, for whom, and what it costs.

mod contributions;
mod history;
mod words;

pub use contributions::Attribute;

use super::FunnelSettings;
use super::count::{Entrants, Pass};
use super::side::{SIGNIFICANT, closed, refuse_by_at, step_names};
use crate::error::{Error, Result};
use crate::output::report::{Alert, Cells, Column, Kind, Note, Table};
use crate::stats::multiple_testing::benjamini_hochberg_of_some;
use crate::stats::proportions::LEVEL;
use crate::stats::robust::Robust;
use crate::stats::split_test::{Fall, clearest_fall};
use crate::stats::two_proportions::{Proportion, newcombe};
use history::History;

/// Attributes that explain a fall where none are named, as far as the events have them.
pub const DEFAULT_ATTRIBUTES: &[&str] = &["channel", "campaign", "variant", "content_id"];

/// Refuses what makes no sense with `--diagnose`, before anything is read.
pub fn refuse(settings: &FunnelSettings) -> Result<()> {
    let refused = |why: &str| Err(Error::DoesNotApply { option: "--diagnose".into(), why: why.into() });
    if settings.longest_us().is_none() {
        return refused(
            "without an end of the window nobody's time is ever over: give --window a length, e.g. 7d",
        );
    }
    if settings.steps.len() < 2 {
        return refused("one step has no rate");
    }
    refuse_by_at(settings, "--diagnose")
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Diagnosis {
    /// A row per step but the first.
    pub diagnosis: Table,
    /// Of the step that fell most: who explains it. Without rows where none fell.
    pub contributions: Table,
    pub notes: Vec<Note>,
    pub alerts: Vec<Alert>,
}

/// The columns that explain a fall: as given, else the usual ones that `has` knows.
pub fn attributes(settings: &FunnelSettings, has: impl Fn(&str) -> bool) -> Vec<String> {
    let usual =
        || DEFAULT_ATTRIBUTES.iter().filter(|name| has(name)).map(|name| (*name).to_owned()).collect();
    settings.explained_by.clone().unwrap_or_else(usual)
}

/// The diagnosis of a funnel that was counted in `pass`.
pub fn answer(pass: &Pass<'_>, entrants: &Entrants) -> Diagnosis {
    let settings = pass.settings;
    let names = attributes(settings, |name| settings.attributes.iter().any(|one| one == name));
    let placed = names.iter().filter_map(|name| {
        let index = settings.attributes.iter().position(|one| one == name)?;
        Some(Attribute { name, index, values: pass.journeys.values.get(index)? })
    });
    let placed: Vec<Attribute<'_>> = placed.collect();
    diagnose(settings, entrants, &placed, pass.to_us)
}

/// Diagnoses the funnel that `entrants` went through; the observed time ended at `as_of_us`.
pub fn diagnose(
    settings: &FunnelSettings,
    entrants: &Entrants,
    attributes: &[Attribute<'_>],
    as_of_us: i64,
) -> Diagnosis {
    let units = closed(settings, entrants);
    let history = History::new(settings, entrants, &units, as_of_us);
    let findings = findings(settings, &history);
    let worst = worst(&findings);
    let (parts, change) = match worst {
        Some(finding) => contributions::parts(settings, entrants, &history, finding, attributes),
        None => (Vec::new(), 0.0),
    };
    let (mut notes, mut alerts) = (Vec::new(), Vec::new());
    match worst {
        Some(finding) => {
            words::fell(settings, &history, finding, &parts, attributes, &mut notes, &mut alerts)
        }
        None => words::stable(settings, &history, &findings, &mut notes),
    }
    if worst.is_none() {
        words::leak(settings, entrants, &units, &mut notes);
    }
    Diagnosis {
        diagnosis: table(settings, &history, &findings),
        contributions: contributions::table(worst, &parts, change, attributes),
        notes,
        alerts,
    }
}

/// What is known of a step's rate.
#[derive(Debug, Clone)]
struct Finding {
    /// From 0.
    step: usize,
    /// Index of the first period after the split: the clearest fall's, else the latest period; `None` where there are not two.
    split: Option<usize>,
    before: Proportion,
    since: Proportion,
    /// The latest complete period.
    latest: Proportion,
    /// Median rate of the periods before the split.
    baseline: Option<f64>,
    /// How far the latest is from it, in robust standard deviations.
    robust_z: Option<f64>,
    fall: Option<Fall>,
    p_adjusted: Option<f64>,
    verdict: Option<&'static str>,
    stake: Option<Stake>,
}

/// What is lost, per period since the fall.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stake {
    users: f64,
    conversions: f64,
    /// Mean value of a conversion, and what is lost, in units of the currency.
    mean: Option<f64>,
    value: Option<f64>,
}

impl Finding {
    /// Rate since less rate before.
    fn change(&self) -> Option<f64> {
        Some(self.since.share()? - self.before.share()?)
    }

    /// Logarithm of the rate since by the rate before; what the step adds to the fall of the whole.
    fn log_change(&self) -> f64 {
        // Half a success on either side, so that a rate of 0 has a logarithm.
        let rate = |side: Proportion| (side.successes as f64 + 0.5) / (side.trials as f64 + 1.0);
        libm::log(rate(self.since) / rate(self.before))
    }
}

fn findings(settings: &FunnelSettings, history: &History) -> Vec<Finding> {
    let steps = (1..settings.steps.len()).filter_map(|step| Some((step, settings.previous(step)?)));
    let mut findings: Vec<Finding> =
        steps.map(|(step, previous)| finding(step, &history.rates(step, previous))).collect();
    let p: Vec<Option<f64>> = findings.iter().map(|finding| finding.fall.map(|fall| fall.p)).collect();
    for (finding, adjusted) in findings.iter_mut().zip(benjamini_hochberg_of_some(&p)) {
        finding.p_adjusted = adjusted;
        finding.verdict = adjusted.map(|adjusted| match finding.latest.share().zip(finding.before.share()) {
            _ if adjusted >= SIGNIFICANT => "no_evidence",
            Some((latest, before)) if latest >= before => "recovered",
            _ => "fell",
        });
        if finding.verdict == Some("fell") {
            finding.stake = stake(finding, history);
        }
    }
    findings
}

fn finding(step: usize, rates: &[Proportion]) -> Finding {
    let fall = clearest_fall(rates);
    let real = fall.filter(|fall| fall.z > 0.0).map(|fall| fall.split);
    let split = real.or_else(|| rates.len().checked_sub(1).filter(|last| *last > 0));
    let sum = |part: &[Proportion]| {
        let add = |sum: Proportion, one: &Proportion| {
            Proportion::new(sum.successes + one.successes, sum.trials + one.trials)
        };
        part.iter().fold(Proportion::default(), add)
    };
    let (earlier, later) = rates.split_at(split.unwrap_or(rates.len()));
    let mut shares: Vec<(f64, u64)> =
        earlier.iter().filter_map(|rate| rate.share()).map(|share| (share, 1)).collect();
    shares.sort_by(|a, b| a.0.total_cmp(&b.0));
    let latest = split.and(rates.last().copied()).unwrap_or_default();
    Finding {
        step,
        split,
        before: sum(earlier),
        since: sum(later),
        latest,
        baseline: median(&shares),
        robust_z: Robust::of(&shares).zip(latest.share()).map(|(robust, latest)| robust.z(latest)),
        fall,
        p_adjusted: None,
        verdict: None,
        stake: None,
    }
}

/// Of ascending values.
fn median(values: &[(f64, u64)]) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let (low, high) = (values[last / 2].0, values[values.len() / 2].0);
    Some(low + (high - low) / 2.0)
}

/// Users lost at the step; those of them who would have got to the end as the others did before; their value.
fn stake(finding: &Finding, history: &History) -> Option<Stake> {
    let split = finding.split?;
    let periods = history.periods.len() - split;
    let users = -finding.change()? * finding.since.trials as f64 / periods as f64;
    let onward = history.onward(finding.step, split).share().unwrap_or(0.0);
    let conversions = users * onward;
    let mean = history.mean_value(split);
    Some(Stake { users, conversions, mean, value: mean.map(|mean| mean * conversions) })
}

/// The step that fell most: of those that fell the one whose rate is the smallest part of what it was, for the rate of the whole is
/// the product of the steps' rates.
fn worst(findings: &[Finding]) -> Option<&Finding> {
    let fell = findings.iter().filter(|finding| finding.verdict == Some("fell"));
    fell.min_by(|a, b| a.log_change().total_cmp(&b.log_change()).then(a.step.cmp(&b.step)))
}

fn table(settings: &FunnelSettings, history: &History, findings: &[Finding]) -> Table {
    let (kind, names) = step_names(settings);
    let floats = |value: &dyn Fn(&Finding) -> Option<f64>| {
        Cells::Float(
            findings.iter().map(|finding| value(finding).filter(|value| value.is_finite())).collect(),
        )
    };
    let counts = |value: &dyn Fn(&Finding) -> Option<u64>| {
        let count = |finding| value(finding).and_then(|count| i64::try_from(count).ok());
        Cells::Int(findings.iter().map(count).collect())
    };
    let since = |finding: &Finding| finding.split.map(|split| history.label(split));
    let bounds = |finding: &Finding| newcombe(finding.since, finding.before, LEVEL);
    let columns = vec![
        Column::new("step", Kind::Score, Cells::ints(findings.iter().map(|finding| finding.step as i64 + 1))),
        Column::new("name", kind, Cells::texts(findings.iter().map(|finding| names[finding.step].as_str()))),
        Column::new("since", Kind::Text, Cells::Text(findings.iter().map(since).collect())),
        Column::new("users_before", Kind::Count, counts(&|finding| Some(finding.before.trials))),
        Column::new("rate_before", Kind::Ratio, floats(&|finding| finding.before.share())),
        Column::new("users_since", Kind::Count, counts(&|finding| Some(finding.since.trials))),
        Column::new("rate_since", Kind::Ratio, floats(&|finding| finding.since.share())),
        Column::new("rate_difference", Kind::Ratio, floats(&Finding::change)),
        Column::new("rate_difference_lower", Kind::Ratio, floats(&|finding| Some(bounds(finding)?.lower))),
        Column::new("rate_difference_upper", Kind::Ratio, floats(&|finding| Some(bounds(finding)?.upper))),
        Column::new("baseline", Kind::Ratio, floats(&|finding| finding.baseline)),
        Column::new("rate_latest", Kind::Ratio, floats(&|finding| finding.latest.share())),
        Column::new("robust_z", Kind::Number(2), floats(&|finding| finding.robust_z)),
        Column::new("dispersion", Kind::Number(2), floats(&|finding| Some(finding.fall?.dispersion))),
        Column::new("z", Kind::Number(2), floats(&|finding| Some(-finding.fall?.z))),
        Column::new("p", Kind::Probability, floats(&|finding| Some(finding.fall?.p))),
        Column::new("p_adjusted", Kind::Probability, floats(&|finding| finding.p_adjusted)),
        Column::new(
            "verdict",
            Kind::Key("funnel_verdicts"),
            Cells::Text(findings.iter().map(|finding| finding.verdict.map(str::to_owned)).collect()),
        ),
        Column::new("lost_users", Kind::Number(1), floats(&|finding| Some(finding.stake?.users))),
        Column::new("lost_conversions", Kind::Number(1), floats(&|finding| Some(finding.stake?.conversions))),
        Column::new("value_at_risk", Kind::Money, floats(&|finding| finding.stake?.value)),
    ];
    Table::new("diagnosis", false, columns).without(&[
        &["dispersion"],
        &["robust_z"],
        &["z"],
        &["p"],
        &["baseline"],
        &["rate_latest"],
        &["rate_difference_lower", "rate_difference_upper"],
        &["users_before", "users_since"],
        &["p_adjusted"],
        &["lost_users"],
    ])
}

#[cfg(test)]
mod tests;
