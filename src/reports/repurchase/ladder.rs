//! The tables ladder (from each purchase to the next) and intervals (the complete gaps alone).

use super::gaps::{Complete, Gaps, Tally, days_between};
use super::people::{People, counts, ratios, share};
use super::settings::RepurchaseSettings;
use super::survival::from_order_column;
use crate::output::report::{Cells, Column, Kind, Note, Table};
use crate::stats::kaplan_meier::Curve;
use crate::stats::proportions::wilson_95;

/// Rungs of the ladder.
const RUNGS: usize = 10;
/// The day at which the ladder reads the curve.
const A_YEAR: u32 = 365;

/// A row per group and purchase number n: who reached it, who went on to the next. Rows that nobody reached are left out,
/// but for the first.
pub(super) fn ladder(settings: &RepurchaseSettings, people: &People<'_>) -> Table {
    let groups = people.groups.values.len();
    let mut tallies = Tally::several(groups * RUNGS);
    for customer in 0..people.len() {
        let first = people.group(customer) * RUNGS;
        let mut days = people.days(customer).peekable();
        for tally in &mut tallies[first..first + RUNGS] {
            let Some(day) = days.next() else { break };
            match days.peek() {
                Some(next) => tally.complete(days_between(*next, day)),
                None => tally.open(days_between(people.as_of_day, day)),
            }
        }
    }
    struct Rung {
        at: usize,
        curve: Curve,
        complete_median: Option<f64>,
    }
    let rungs: Vec<Rung> = tallies
        .iter()
        .enumerate()
        .map(|(at, tally)| {
            let counts = tally.counts();
            Rung {
                at,
                curve: Curve::new(&counts, settings.interval),
                complete_median: Complete::new(&counts).quantile(1, 2),
            }
        })
        .filter(|rung| rung.at % RUNGS == 0 || rung.curve.people() > 0)
        .collect();
    let went_on = |rung: &Rung| (rung.curve.events(), rung.curve.people());
    let bounds: Vec<_> = rungs.iter().map(went_on).map(|(events, all)| wilson_95(events, all)).collect();
    let by_a_year = |rung: &Rung| rung.curve.at(A_YEAR).map(|at| 1.0 - at.survival);

    let mut columns: Vec<Column> =
        people.by_column(rungs.iter().map(|rung| rung.at / RUNGS)).into_iter().collect();
    columns.extend([
        Column::new(
            "order_number",
            Kind::Count,
            Cells::ints(rungs.iter().map(|rung| (rung.at % RUNGS) as u32 + 1)),
        ),
        Column::new("customers", Kind::Count, counts(rungs.iter().map(|rung| rung.curve.people()))),
        Column::new("went_on", Kind::Count, counts(rungs.iter().map(|rung| rung.curve.events()))),
        Column::new(
            "share",
            Kind::Ratio,
            ratios(rungs.iter().map(went_on).map(|(events, all)| share(events, all))),
        ),
        Column::new("lower", Kind::Ratio, ratios(bounds.iter().map(|b| b.map(|b| b.lower)))),
        Column::new("upper", Kind::Ratio, ratios(bounds.iter().map(|b| b.map(|b| b.upper)))),
        Column::new("share_by_365d", Kind::Ratio, ratios(rungs.iter().map(by_a_year))),
        Column::new(
            "median_days",
            Kind::Reached,
            Cells::Float(rungs.iter().map(|rung| rung.curve.reached(0.5).time).collect()),
        ),
        Column::new(
            "median_days_complete",
            Kind::Number(1),
            Cells::Float(rungs.iter().map(|rung| rung.complete_median).collect()),
        ),
    ]);
    Table::new("ladder", false, columns)
}

/// A row per group and choice of gaps: the complete ones alone, beside the median with the open ones.
pub(super) fn intervals(
    settings: &RepurchaseSettings,
    people: &People<'_>,
    choices: &[&Gaps],
    notes: &mut Vec<Note>,
) -> Table {
    struct Row {
        group: usize,
        choice: usize,
        complete: Complete,
        open: u64,
        median: Option<f64>,
    }
    let mut rows = Vec::new();
    for group in 0..people.groups.values.len() {
        for (choice, gaps) in choices.iter().enumerate() {
            let counts = gaps.tallies[group].counts();
            rows.push(Row {
                group,
                choice,
                complete: Complete::new(&counts),
                open: counts.iter().map(|count| count.censored).sum(),
                median: Curve::new(&counts, settings.interval).reached(0.5).time,
            });
        }
    }
    if let (None, Some(all)) = (people.by_name, rows.last())
        && let Some(complete) = all.complete.quantile(1, 2)
    {
        let open = percent_of(all.open, all.open + all.complete.number);
        let key = match all.median {
            Some(_) => "repurchase_complete_gaps",
            None => "repurchase_complete_gaps_not_reached",
        };
        let note = Note::new(key).with("complete", complete).with("open", open);
        notes.push(match all.median {
            Some(days) => note.with("median", days),
            None => note,
        });
    }
    let float = |of: &dyn Fn(&Row) -> Option<f64>| Cells::Float(rows.iter().map(of).collect());
    let days = |of: &dyn Fn(&Row) -> Option<u32>| {
        Cells::Int(rows.iter().map(|row| of(row).map(i64::from)).collect())
    };
    let mut columns: Vec<Column> = people.by_column(rows.iter().map(|row| row.group)).into_iter().collect();
    columns.extend([
        from_order_column(rows.iter().map(|row| choices[row.choice].from_order)),
        Column::new("complete_gaps", Kind::Count, counts(rows.iter().map(|row| row.complete.number))),
        Column::new("open_gaps", Kind::Count, counts(rows.iter().map(|row| row.open))),
        Column::new("complete_median_days", Kind::Number(1), float(&|row| row.complete.quantile(1, 2))),
        Column::new("survival_median_days", Kind::Reached, float(&|row| row.median)),
        Column::new("complete_mean_days", Kind::Number(1), float(&|row| row.complete.mean())),
        Column::new("complete_min_days", Kind::Days, days(&|row| row.complete.least())),
        Column::new("complete_q25_days", Kind::Number(1), float(&|row| row.complete.quantile(1, 4))),
        Column::new("complete_q75_days", Kind::Number(1), float(&|row| row.complete.quantile(3, 4))),
        Column::new("complete_p90_days", Kind::Number(1), float(&|row| row.complete.quantile(9, 10))),
        Column::new("complete_max_days", Kind::Days, days(&|row| row.complete.most())),
    ]);
    Table::new("intervals", false, columns)
}

fn percent_of(part: u64, whole: u64) -> String {
    super::survival::percent(share(part, whole).unwrap_or(0.0))
}
