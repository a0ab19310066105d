//! Signing in day after day: the table `streaks`.

use std::collections::BTreeMap;

use super::population::Population;
use super::tables::Groups;
use crate::output::report::{Cells, Column, Kind, Table};
use crate::reports::rates::ratio;

/// Lengths that a terminal shows, and the longest.
const LENGTHS: [u32; 12] = [1, 2, 3, 4, 5, 6, 7, 10, 14, 21, 30, 90];

/// Somebody's days of signing in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Streak {
    /// Days with a sign-in.
    pub days: u32,
    /// Days of the longest run without a gap.
    pub longest: u32,
    /// Days of the run that ends with the day of as_of or the day before; 0: the last run is broken.
    pub current: u32,
}

/// Of distinct days in their order.
pub(super) fn of(days: &[i32], as_of_day: i32) -> Streak {
    let mut streak = Streak { days: days.len() as u32, ..Streak::default() };
    let mut last_run = 0;
    for run in days.chunk_by(|a, b| a.saturating_add(1) == *b) {
        last_run = run.len() as u32;
        streak.longest = streak.longest.max(last_run);
    }
    let is_alive = days.last().is_some_and(|last| last.saturating_add(1) >= as_of_day);
    streak.current = if is_alive { last_run } else { 0 };
    streak
}

/// Members by the length of their streaks: a row for each group and length that somebody has.
pub(super) fn table(population: &Population, groups: &Groups<'_>) -> Table {
    // By group and length: members whose longest, and whose current streak it is.
    let mut lengths: BTreeMap<(usize, u32), (u64, u64)> = BTreeMap::new();
    let mut members = vec![0_u64; population.groups.len()];
    for person in population.members() {
        members[person.group] += 1;
        if person.streak.longest > 0 {
            lengths.entry((person.group, person.streak.longest)).or_default().0 += 1;
        }
        if person.streak.current > 0 {
            lengths.entry((person.group, person.streak.current)).or_default().1 += 1;
        }
    }
    let rows: Vec<((usize, u32), (u64, u64))> = lengths.into_iter().collect();
    // From each row to the last of its group.
    let mut reached = vec![(0_u64, 0_u64); rows.len()];
    let mut signers = vec![0_u64; population.groups.len()];
    for (at, ((group, _), (longest, current))) in rows.iter().enumerate().rev() {
        let next = rows.get(at + 1).filter(|next| next.0.0 == *group).map(|_| reached[at + 1]);
        let (more_longest, more_current) = next.unwrap_or_default();
        reached[at] = (longest + more_longest, current + more_current);
        signers[*group] = reached[at].0;
    }
    let count = |name: &str, values: Vec<u64>| {
        Column::new(name, Kind::Count, Cells::ints(values.into_iter().map(|value| value as i64)))
    };
    let share = |name: &str, whole: &[u64]| {
        let shares =
            rows.iter().zip(&reached).map(|(((group, _), _), reached)| ratio(reached.0, whole[*group]));
        Column::new(name, Kind::Ratio, Cells::Float(shares.collect()))
    };
    let mut columns = Vec::new();
    groups.push(&mut columns, rows.iter().map(|row| row.0.0));
    columns.push(Column::new("streak_days", Kind::Days, Cells::ints(rows.iter().map(|row| row.0.1))));
    columns.push(count("longest", rows.iter().map(|row| row.1.0).collect()));
    columns.push(count("reached", reached.iter().map(|reached| reached.0).collect()));
    columns.push(share("reached_of_signers", &signers));
    columns.push(share("reached_of_members", &members));
    columns.push(count("current", rows.iter().map(|row| row.1.1).collect()));
    columns.push(count("current_reached", reached.iter().map(|reached| reached.1).collect()));
    let is_last = |row: usize| rows.get(row + 1).is_none_or(|next| next.0.0 != rows[row].0.0);
    Table::new("streaks", false, columns)
        .showing(|row| LENGTHS.contains(&rows[row].0.1) || is_last(row))
        .without(&[&["longest"], &["current"], &["reached_of_members"]])
}
