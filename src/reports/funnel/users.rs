//! The table `users`: the call list, one row for each unit that entered.

use super::blocks::by_name;
use super::count::{Entrants, NEVER};
use super::steps::SECOND_US;
use super::{FunnelSettings, Selected};
use crate::error::Result;
use crate::facts::funnel::Order;
use crate::facts::journeys::Journeys;
use crate::output::report::{Cells, Column, Kind, Table};

/// Those that `--step`, `--dropped` and `--reached` choose, in byte order of their ids.
pub(super) fn table(settings: &FunnelSettings, journeys: &Journeys, entrants: &Entrants) -> Result<Table> {
    let steps = settings.funnel.steps;
    let chosen: Vec<usize> =
        (0..entrants.len()).filter(|unit| is_selected(settings, entrants, *unit)).collect();
    let moments =
        |of: &dyn Fn(usize) -> Option<i64>| Cells::DateTime(chosen.iter().map(|unit| of(*unit)).collect());
    let texts =
        |of: &dyn Fn(usize) -> Option<String>| Cells::Text(chosen.iter().map(|unit| of(*unit)).collect());
    let unit = settings.unit_column();
    let mut columns = vec![Column::new(
        if unit == "customer_id" { unit.to_owned() } else { by_name(unit) },
        Kind::Id,
        texts(&|unit| Some(entrants.units.get(unit).to_owned())),
    )];
    if let Some(by) = &settings.by
        && let (Some(codes), Some(values)) = (entrants.attributes.first(), journeys.values.first())
    {
        let value = |unit: usize| codes[unit].checked_sub(1).map(|code| values.get(code as usize).to_owned());
        // A unit's own column may be asked for as well.
        let name = if by == unit { format!("by_{by}") } else { by_name(by) };
        columns.push(Column::new(name, Kind::Text, texts(&value)));
    }
    let level = |unit: usize| usize::from(entrants.level[unit]);
    columns.extend([
        Column::new("level", Kind::Score, Cells::ints(chosen.iter().map(|unit| level(*unit) as i64))),
        Column::new("last_step", Kind::Text, texts(&|unit| last_step(settings, entrants, unit))),
        Column::new("dropped_before", Kind::Text, texts(&|unit| missing(settings, entrants, unit))),
        Column::new(
            "open",
            Kind::Bool,
            Cells::Bool(chosen.iter().map(|unit| Some(entrants.open[*unit])).collect()),
        ),
        Column::new(
            "entered_at",
            Kind::DateTime,
            moments(&|unit| Some(entrants.entered_us(unit)).filter(|at| *at != NEVER)),
        ),
    ]);
    for step in 0..steps {
        let name = format!("at_{}", step + 1);
        columns.push(Column::new(name, Kind::DateTime, moments(&|unit| entrants.moment(unit, step))));
    }
    let seconds = chosen.iter().map(|unit| {
        let there = || entrants.moments(*unit).iter().copied().filter(|at| *at != NEVER);
        let (first, last) = (there().min()?, there().max()?);
        (there().count() > 1).then(|| last.saturating_sub(first) as f64 / SECOND_US as f64)
    });
    columns.push(Column::new("seconds", Kind::Seconds, Cells::Float(seconds.collect())));
    Ok(Table::new("users", true, columns))
}

fn is_selected(settings: &FunnelSettings, entrants: &Entrants, unit: usize) -> bool {
    let level = usize::from(entrants.level[unit]);
    let got_to = |step: usize| match settings.is_optional(step) {
        true => entrants.moment(unit, step).is_some(),
        false => level > step,
    };
    match settings.selected {
        Selected::All => true,
        Selected::DroppedAnywhere => level < settings.funnel.steps,
        Selected::Reached(step) => got_to(step),
        Selected::Dropped(step) => !got_to(step) && settings.previous(step).is_none_or(got_to),
    }
}

/// The name of the step that the chain ends with.
fn last_step(settings: &FunnelSettings, entrants: &Entrants, unit: usize) -> Option<String> {
    let there = (0..settings.funnel.steps).filter_map(|step| Some((entrants.moment(unit, step)?, step)));
    there.max().map(|(_, step)| settings.steps[step].name.clone())
}

/// The step that did not come; where steps have no order, all that did not. `None` for who got through.
fn missing(settings: &FunnelSettings, entrants: &Entrants, unit: usize) -> Option<String> {
    let steps = settings.funnel.steps;
    let name = |step: usize| settings.steps[step].name.as_str();
    match settings.funnel.order {
        Order::Any => {
            let names: Vec<&str> =
                (0..steps).filter(|step| entrants.moment(unit, *step).is_none()).map(name).collect();
            (!names.is_empty()).then(|| names.join(", "))
        }
        _ => {
            let level = usize::from(entrants.level[unit]);
            (level..steps).find(|step| !settings.is_optional(*step)).map(|step| name(step).to_owned())
        }
    }
}
