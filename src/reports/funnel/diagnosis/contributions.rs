//! For whom a rate fell: the change split among the values of an attribute at the entry.
//!
//! Source: Kitagawa, E. M. (1955), Components of a difference between two rates, Journal of the American Statistical Association
//! 50(272), 1168-1194: of each value the effect of its own rate and that of its share of the users; both add up to the change
//! exactly. The effect of a share is counted from the rate of all, so that a value of which there are more does harm where its
//! rate is below that of the others (the sum over values is the same).

use super::Finding;
use super::history::History;
use crate::facts::IdColumn;
use crate::output::report::{Cells, Column, Kind, Table};
use crate::reports::funnel::FunnelSettings;
use crate::reports::funnel::count::Entrants;
use crate::reports::funnel::side::reached;
use crate::stats::two_proportions::Proportion;

/// Values of an attribute that are shown; the rest are one row.
const MOST_VALUES: usize = 20;

/// A column by whose values at the entry a fall is explained.
#[derive(Debug, Clone, Copy)]
pub struct Attribute<'a> {
    pub name: &'a str,
    /// Index into `Entrants::attributes`.
    pub index: usize,
    /// Its values: `Journeys::values` of the same index.
    pub values: &'a IdColumn,
}

/// What one value adds to a change.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    /// Index into the attributes.
    pub attribute: usize,
    pub value: PartValue,
    pub before: Proportion,
    pub since: Proportion,
    pub rate_effect: f64,
    pub mix_effect: f64,
    /// By the change of all; positive where it goes the same way.
    pub share: Option<f64>,
    /// Its part of the users, mean of before and since.
    pub weight: f64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PartValue {
    Value(String),
    /// The event of the entry has none.
    None,
    /// So many values with less effect, together.
    Rest(usize),
}

impl Part {
    pub fn contribution(&self) -> f64 {
        self.rate_effect + self.mix_effect
    }
}

/// The parts of each attribute, those that add most to the fall first, and the change that they add up to.
pub(super) fn parts(
    settings: &FunnelSettings,
    entrants: &Entrants,
    history: &History,
    finding: &Finding,
    attributes: &[Attribute<'_>],
) -> (Vec<Part>, f64) {
    let (Some(split), Some(previous), Some(change)) =
        (finding.split, settings.previous(finding.step), finding.change())
    else {
        return (Vec::new(), 0.0);
    };
    let mut parts = Vec::new();
    for (at, attribute) in attributes.iter().enumerate() {
        let mut sides = vec![[Proportion::default(); 2]; attribute.values.len() + 1];
        for (period_at, period) in history.periods.iter().enumerate() {
            let side = usize::from(period_at >= split);
            for unit in period.units.iter().copied() {
                if reached(settings, entrants, unit, previous) {
                    let code = entrants.attributes[attribute.index][unit] as usize;
                    let count = &mut sides[code][side];
                    count.trials += 1;
                    count.successes += u64::from(reached(settings, entrants, unit, finding.step));
                }
            }
        }
        let name = |code: usize| match code.checked_sub(1) {
            Some(index) => PartValue::Value(attribute.values.get(index).to_owned()),
            None => PartValue::None,
        };
        // Values in the order of their bytes, none last.
        let codes = (1..sides.len()).chain(std::iter::once(0));
        let own = codes.map(|code| (name(code), sides[code]));
        parts.extend(of_attribute(at, own.collect(), change));
    }
    (parts, change)
}

/// The split of one attribute: `sides` are before and since, by value.
pub(super) fn of_attribute(
    attribute: usize,
    mut sides: Vec<(PartValue, [Proportion; 2])>,
    change: f64,
) -> Vec<Part> {
    sides.retain(|(_, [before, since])| before.trials + since.trials > 0);
    let total = |side: usize| {
        let add = |sum: Proportion, one: &(PartValue, [Proportion; 2])| {
            Proportion::new(sum.successes + one.1[side].successes, sum.trials + one.1[side].trials)
        };
        sides.iter().fold(Proportion::default(), add)
    };
    let (all_before, all_since) = (total(0), total(1));
    let (Some(rate_before), Some(rate_since)) = (all_before.share(), all_since.share()) else {
        return Vec::new();
    };
    let middle = (rate_before + rate_since) / 2.0;
    let mut parts: Vec<Part> = sides
        .into_iter()
        .map(|(value, [before, since])| {
            let weight_before = before.trials as f64 / all_before.trials as f64;
            let weight_since = since.trials as f64 / all_since.trials as f64;
            // A value that was not there on one side has no rate there: all of its effect is that of its share.
            let own_before = before.share().or(since.share()).unwrap_or(middle);
            let own_since = since.share().unwrap_or(own_before);
            let weight = (weight_before + weight_since) / 2.0;
            let rate_effect = weight * (own_since - own_before);
            let mix_effect = ((own_before + own_since) / 2.0 - middle) * (weight_since - weight_before);
            let share = (change != 0.0).then(|| (rate_effect + mix_effect) / change);
            Part { attribute, value, before, since, rate_effect, mix_effect, share, weight }
        })
        .collect();
    // Stable: equal ones stay in the order of their values.
    parts.sort_by(|a, b| a.contribution().total_cmp(&b.contribution()));
    if parts.len() > MOST_VALUES {
        // Those with most effect either way stay.
        let mut order: Vec<usize> = (0..parts.len()).collect();
        order.sort_by(|a, b| parts[*b].contribution().abs().total_cmp(&parts[*a].contribution().abs()));
        let mut kept = vec![false; parts.len()];
        for at in &order[..MOST_VALUES] {
            kept[*at] = true;
        }
        let rest: Vec<Part> =
            parts.iter().zip(&kept).filter(|(_, kept)| !**kept).map(|(part, _)| part.clone()).collect();
        let mut kept = kept.into_iter();
        parts.retain(|_| kept.next().unwrap_or(false));
        parts.push(together(attribute, &rest, change));
    }
    parts
}

fn together(attribute: usize, rest: &[Part], change: f64) -> Part {
    let sum = |value: fn(&Part) -> f64| rest.iter().map(value).sum::<f64>();
    let side = |value: fn(&Part) -> Proportion| {
        let add = |sum: Proportion, part: &Part| {
            Proportion::new(sum.successes + value(part).successes, sum.trials + value(part).trials)
        };
        rest.iter().fold(Proportion::default(), add)
    };
    let (rate_effect, mix_effect) = (sum(|part| part.rate_effect), sum(|part| part.mix_effect));
    Part {
        attribute,
        value: PartValue::Rest(rest.len()),
        before: side(|part| part.before),
        since: side(|part| part.since),
        rate_effect,
        mix_effect,
        share: (change != 0.0).then(|| (rate_effect + mix_effect) / change),
        weight: sum(|part| part.weight),
    }
}

/// The value that explains far more of the fall than its part of the users, if one does.
pub(super) fn concentrated(parts: &[Part]) -> Option<&Part> {
    /// A value that explains less, or hardly more than its part of the users, is no explanation.
    const LEAST_SHARE: f64 = 0.3;
    const LEAST_EXCESS: f64 = 0.15;
    let excess = |part: &Part| part.share.unwrap_or(0.0) - part.weight;
    let named = parts.iter().filter(|part| !matches!(part.value, PartValue::Rest(_)));
    let clear = named.filter(|part| part.share.unwrap_or(0.0) >= LEAST_SHARE && excess(part) >= LEAST_EXCESS);
    // The first of equal ones.
    clear.reduce(|best, part| if excess(part) > excess(best) { part } else { best })
}

pub(super) fn table(
    finding: Option<&Finding>,
    parts: &[Part],
    change: f64,
    attributes: &[Attribute<'_>],
) -> Table {
    let step = finding.map_or(0, |finding| finding.step as i64 + 1);
    let floats = |value: &dyn Fn(&Part) -> Option<f64>| {
        Cells::Float(parts.iter().map(|part| value(part).filter(|value| value.is_finite())).collect())
    };
    let counts = |value: &dyn Fn(&Part) -> u64| {
        Cells::Int(parts.iter().map(|part| i64::try_from(value(part)).ok()).collect())
    };
    let part = |part: &Part| match part.value {
        PartValue::Value(_) => "value",
        PartValue::None => "no_value",
        PartValue::Rest(_) => "rest",
    };
    let value = |part: &Part| match &part.value {
        PartValue::Value(value) => Some(value.clone()),
        _ => None,
    };
    let values = |part: &Part| match part.value {
        PartValue::Rest(values) => values as u64,
        _ => 1,
    };
    let columns = vec![
        Column::new("step", Kind::Score, Cells::ints(parts.iter().map(|_| step))),
        Column::new(
            "attribute",
            Kind::Key("columns"),
            Cells::texts(parts.iter().map(|part| attributes[part.attribute].name)),
        ),
        Column::new("group_kind", Kind::Key("funnel_group_kinds"), Cells::texts(parts.iter().map(part))),
        Column::new("value", Kind::Text, Cells::Text(parts.iter().map(value).collect())),
        Column::new("values", Kind::Count, counts(&values)),
        Column::new("users_before", Kind::Count, counts(&|part| part.before.trials)),
        Column::new("rate_before", Kind::Ratio, floats(&|part| part.before.share())),
        Column::new("users_since", Kind::Count, counts(&|part| part.since.trials)),
        Column::new("rate_since", Kind::Ratio, floats(&|part| part.since.share())),
        Column::new("rate_effect", Kind::Ratio, floats(&|part| Some(part.rate_effect))),
        Column::new("mix_effect", Kind::Ratio, floats(&|part| Some(part.mix_effect))),
        Column::new("contribution", Kind::Ratio, floats(&|part| Some(part.contribution()))),
        Column::new("total_change", Kind::Ratio, floats(&|_| Some(change))),
        Column::new("share_of_change", Kind::Ratio, floats(&|part| part.share)),
    ];
    Table::new("contributions", false, columns).without(&[
        &["values"],
        &["total_change"],
        &["rate_effect", "mix_effect"],
        &["users_before", "users_since"],
    ])
}
