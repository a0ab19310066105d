//! The table `steps`: who got how far.

use super::FunnelSettings;
use super::blocks::{Block, Blocks};
use super::count::{Entrants, NEVER};
use crate::error::Result;
use crate::facts::funnel::Order;
use crate::facts::journeys::Journeys;
use crate::output::report::{Cells, Column, Drawing, Kind, Table};
use crate::reports::rates::ratio;
use crate::stats::proportions::wilson_95;
use crate::stats::quantile::{Fraction, cut_point};

/// Microseconds of a second.
pub(super) const SECOND_US: i64 = 1_000_000;

/// What a row of the table says of a step and a block.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct StepRow {
    pub users: u64,
    /// Of those whose window is over.
    pub users_closed: u64,
    /// `None` where nobody can drop out: before the first step, and before one that may be left out.
    pub dropped: Option<u64>,
    pub open: Option<u64>,
    /// The step (from 0) that rates from the previous one are of.
    pub previous: Option<usize>,
    pub median: Option<Fraction>,
    pub p90: Option<Fraction>,
}

/// Values of `--by` that a terminal shows.
const VALUES_SHOWN: usize = 8;

/// The key of the name of a row where steps have no order: labels say it in words.
pub(super) fn any_order_name(step: usize, steps: usize) -> String {
    format!("{}_of_{steps}", step + 1)
}

/// A row per step; with `--by` for all together first, then for each value.
pub(super) fn table(settings: &FunnelSettings, journeys: &Journeys, entrants: &Entrants) -> Result<Table> {
    let blocks = Blocks::new(settings, journeys, entrants);
    let steps = settings.funnel.steps;
    let rows: Vec<Vec<StepRow>> =
        blocks.all.iter().map(|block| step_rows(settings, entrants, block)).collect();
    let each = || rows.iter().flat_map(|block| block.iter().map(move |row| (block, row)));
    let counts = |value: &dyn Fn(&StepRow) -> Option<u64>| {
        Cells::Int(each().map(|(_, row)| value(row).and_then(|count| i64::try_from(count).ok())).collect())
    };
    let ratios = |value: &dyn Fn(&[StepRow], &StepRow) -> Option<f64>| {
        Column::new("", Kind::Ratio, Cells::Float(each().map(|(block, row)| value(block, row)).collect()))
    };
    let named = |name: &str, column: Column| Column { name: name.into(), ..column };
    let seconds = |value: &dyn Fn(&StepRow) -> Option<Fraction>| {
        Cells::Float(each().map(|(_, row)| value(row).map(|time| time.to_f64(SECOND_US))).collect())
    };
    let numbers = || blocks.all.iter().flat_map(|_| 0..steps);
    let (kind, names) = match settings.funnel.order {
        Order::Any => {
            (Kind::Key("funnel_levels"), Cells::texts(numbers().map(|step| any_order_name(step, steps))))
        }
        _ => (Kind::Text, Cells::texts(numbers().map(|step| settings.steps[step].name.clone()))),
    };
    let previous = |block: &[StepRow], row: &StepRow| row.previous.map(|at| block[at].clone());

    let mut columns = blocks.columns(settings, steps);
    columns.extend([
        Column::new("step", Kind::Score, Cells::ints(numbers().map(|step| step as i64 + 1))),
        Column::new("name", kind, names),
        Column::new("users", Kind::Count, counts(&|row| Some(row.users))),
        named("from_first", ratios(&|block, row| ratio(row.users, block[0].users))),
        named(
            "from_previous",
            ratios(&|block, row| previous(block, row).and_then(|before| ratio(row.users, before.users))),
        ),
        Column::new("dropped", Kind::Count, counts(&|row| row.dropped)),
        Column::new("open", Kind::Count, counts(&|row| row.open)),
        Column::new("median_seconds", Kind::Seconds, seconds(&|row| row.median)),
        Column::new("p90_seconds", Kind::Seconds, seconds(&|row| row.p90)),
    ]);
    for (name, is_upper) in [("from_previous_lower", false), ("from_previous_upper", true)] {
        let bound = ratios(&|block, row| {
            let bounds = wilson_95(row.users, previous(block, row)?.users)?;
            Some(if is_upper { bounds.upper } else { bounds.lower })
        });
        columns.push(named(name, bound));
    }
    columns.extend([
        Column::new("users_closed", Kind::Count, counts(&|row| Some(row.users_closed))),
        named("from_first_closed", ratios(&|block, row| ratio(row.users_closed, block[0].users_closed))),
        named(
            "from_previous_closed",
            ratios(&|block, row| {
                previous(block, row).and_then(|before| ratio(row.users_closed, before.users_closed))
            }),
        ),
    ]);
    let table = Table { drawn_as: Some(Drawing::Steps), ..Table::new("steps", false, columns) };
    Ok(table.showing(|row| row < (1 + VALUES_SHOWN) * steps))
}

/// The rows of one block.
pub(super) fn step_rows(settings: &FunnelSettings, entrants: &Entrants, block: &Block<'_>) -> Vec<StepRow> {
    let steps = settings.funnel.steps;
    let any = settings.funnel.order == Order::Any;
    let mut rows = vec![StepRow::default(); steps];
    let mut gaps: Vec<Vec<i64>> = vec![Vec::new(); steps];
    // Open entrants by level.
    let mut open = vec![0_u64; steps + 1];
    let mut chain: Vec<(usize, i64)> = Vec::with_capacity(steps);
    for unit in block.units() {
        chain.clear();
        let moments = entrants.moments(unit).iter().copied().enumerate();
        chain.extend(moments.filter(|(_, at)| *at != NEVER));
        if any {
            // The first, the second, ... of the steps, whichever they are.
            chain.sort_unstable_by_key(|(step, at)| (*at, *step));
            for (rank, (step, _)) in chain.iter_mut().enumerate() {
                *step = rank;
            }
        }
        let mut before = None;
        for (step, at) in &chain {
            rows[*step].users += 1;
            rows[*step].users_closed += u64::from(entrants.closed[unit]);
            if let Some(before) = before {
                gaps[*step].push(at.saturating_sub(before));
            }
            before = Some(*at);
        }
        if entrants.open[unit] {
            open[usize::from(entrants.level[unit]).min(steps)] += 1;
        }
    }
    for step in 0..steps {
        let previous = settings.previous(step);
        if let Some(previous) = previous.filter(|_| !settings.is_optional(step)) {
            rows[step].dropped = Some(rows[previous].users.saturating_sub(rows[step].users));
            rows[step].open = Some(open[previous + 1..=step].iter().sum());
        }
        rows[step].previous = previous;
        rows[step].median = cut_point(&mut gaps[step], 1, 2);
        rows[step].p90 = cut_point(&mut gaps[step], 9, 10);
    }
    rows
}
