//! The table windows: shares of customers who came back within so many days, under three definitions.

use super::gaps::days_between;
use super::people::{People, counts, ratios, share};
use super::settings::{FromOrder, RepurchaseSettings};
use crate::output::report::{Cells, Column, Kind, Note, Table};
use crate::stats::proportions::wilson_95;

/// Of one group and window.
#[derive(Debug, Clone, Copy, Default)]
struct Row {
    eligible: u64,
    repurchased: u64,
    /// Customers with a purchase in the last window, and with two purchase days or more in it.
    buyers: u64,
    repeat_buyers: u64,
    /// Customers with a purchase in the window before it, and in both.
    earlier_buyers: u64,
    returned_buyers: u64,
}

/// A row per group and window.
pub(super) fn table(settings: &RepurchaseSettings, people: &People<'_>, notes: &mut Vec<Note>) -> Table {
    let windows = &settings.windows;
    let groups = people.groups.values.len();
    let mut rows = vec![Row::default(); groups * windows.len()];
    let mut first_day: Option<i32> = None;
    for customer in 0..people.len() {
        let first = people.group(customer) * windows.len();
        let own = &mut rows[first..first + windows.len()];
        for (row, window) in own.iter_mut().zip(windows) {
            add_waiting(row, *window, settings.from_order, people, customer);
            add_last_windows(row, *window, people, customer);
        }
        first_day = first_day.into_iter().chain(people.days(customer).next()).min();
    }

    // The days of the data, counting both the first one and as_of's.
    let observed = first_day.map_or(0, |first| days_between(people.as_of_day, first).saturating_add(1));
    let knows_last = |at: usize| observed >= windows[at % windows.len()];
    let knows_both = |at: usize| observed >= windows[at % windows.len()].saturating_mul(2);
    if let Some(window) = windows.iter().find(|window| observed < window.saturating_mul(2)) {
        let note = Note::new("repurchase_windows_unknown").with("days", observed);
        notes.push(note.with("window", window).with("half", observed / 2));
    }

    let each = |of: fn(&Row) -> u64| counts(rows.iter().map(of));
    let only = |known: &dyn Fn(usize) -> bool, of: fn(&Row) -> u64| {
        Cells::Int(
            rows.iter()
                .enumerate()
                .map(|(at, row)| known(at).then(|| i64::try_from(of(row)).unwrap_or(i64::MAX)))
                .collect(),
        )
    };
    let rate = |known: &dyn Fn(usize) -> bool, numer: fn(&Row) -> u64, denom: fn(&Row) -> u64| {
        let of = |(at, row): (usize, &Row)| known(at).then(|| share(numer(row), denom(row))).flatten();
        ratios(rows.iter().enumerate().map(of))
    };
    let always = |_: usize| true;
    let bounds: Vec<_> = rows.iter().map(|row| wilson_95(row.repurchased, row.eligible)).collect();
    let window_days = (0..rows.len()).map(|at| windows[at % windows.len()]);

    let mut columns: Vec<Column> =
        people.by_column((0..rows.len()).map(|at| at / windows.len())).into_iter().collect();
    columns.extend([
        Column::new("window_days", Kind::Days, Cells::ints(window_days)),
        Column::new("eligible", Kind::Count, each(|row| row.eligible)),
        Column::new("repurchased", Kind::Count, each(|row| row.repurchased)),
        Column::new("rate", Kind::Ratio, rate(&always, |row| row.repurchased, |row| row.eligible)),
        Column::new("lower", Kind::Ratio, ratios(bounds.iter().map(|b| b.map(|b| b.lower)))),
        Column::new("upper", Kind::Ratio, ratios(bounds.iter().map(|b| b.map(|b| b.upper)))),
        Column::new("buyers", Kind::Count, only(&knows_last, |row| row.buyers)),
        Column::new("repeat_buyers", Kind::Count, only(&knows_last, |row| row.repeat_buyers)),
        Column::new("repeat_rate", Kind::Ratio, rate(&knows_last, |row| row.repeat_buyers, |row| row.buyers)),
        Column::new("earlier_buyers", Kind::Count, only(&knows_both, |row| row.earlier_buyers)),
        Column::new("returned_buyers", Kind::Count, only(&knows_both, |row| row.returned_buyers)),
        Column::new(
            "buy_back_rate",
            Kind::Ratio,
            rate(&knows_both, |row| row.returned_buyers, |row| row.earlier_buyers),
        ),
    ]);
    Table::new("windows", false, columns)
}

/// Of those whose purchase lies at least the window back: who bought again within it.
fn add_waiting(row: &mut Row, window: u32, from_order: FromOrder, people: &People<'_>, customer: usize) {
    let before = match from_order {
        FromOrder::Nth(n) => n as usize - 1,
        FromOrder::All => 0,
    };
    let mut days = people.days(customer).skip(before).peekable();
    while let Some(day) = days.next() {
        if days_between(people.as_of_day, day) < window {
            break;
        }
        row.eligible += 1;
        row.repurchased += u64::from(days.peek().is_some_and(|next| days_between(*next, day) <= window));
        if from_order != FromOrder::All {
            break;
        }
    }
}

/// Who bought in the last `window` days, as_of's day among them, and in as many days before.
fn add_last_windows(row: &mut Row, window: u32, people: &People<'_>, customer: usize) {
    let (mut last, mut earlier) = (0_u32, false);
    for day in people.days(customer).rev() {
        let back = days_between(people.as_of_day, day);
        if back < window {
            last += 1;
        } else {
            earlier = back < window.saturating_mul(2);
            break;
        }
    }
    row.buyers += u64::from(last > 0);
    row.repeat_buyers += u64::from(last > 1);
    row.earlier_buyers += u64::from(earlier);
    row.returned_buyers += u64::from(earlier && last > 0);
}
