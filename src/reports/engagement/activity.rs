//! Who is active when: the tables `activity` and `summary`.

use super::population::Population;
use super::tables::{Groups, MOST_CELLS, float, ratio};
use crate::output::report::{Cells, Column, Kind, Table};
use crate::reports::period::{PeriodUnit, Periods, date};

/// Days of a week, and of the month that MAU is about.
const WEEK: i32 = 7;
const MONTH: i32 = 30;

/// On a terminal more rows than this come only when named: `summary` is there instead.
const ROWS_TO_READ: usize = 62;

/// Sums by group and period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Activity {
    periods: Periods,
    first_day: i32,
    as_of_day: i32,
    first_period: i32,
    /// Periods from the first event to the end; 0: nobody is ever active.
    length: usize,
    /// Periods are counted; else the end of the observed time alone.
    by_period: bool,
    /// By group, then period.
    cells: Vec<Cell>,
    /// By group, then day: how many more people than on the day before were active within 7 (30) days. One day more than there
    /// are.
    week: Vec<i64>,
    month: Vec<i64>,
    recent: Vec<Recent>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Cell {
    active: u64,
    /// Of these: no members.
    visitors: u64,
    /// Active for the first time; after a period without activity; in the period before, and not in this.
    new: u64,
    resurrected: u64,
    lapsed: u64,
    events: u64,
    /// Sum over days of the people active on each.
    person_days: u64,
}

/// The end of the observed time, of one group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Recent {
    day: u64,
    week: u64,
    month: u64,
    /// Of the people of `month`: members.
    members: u64,
    /// Person-days of the last 30 days.
    person_days: u64,
}

impl Activity {
    /// `by_period`: as the field; more than [`MOST_CELLS`] cells are not kept, and the caller is to refuse them.
    pub fn new(
        periods: Periods,
        first_day: Option<i32>,
        as_of_day: i32,
        groups: usize,
        by_period: bool,
    ) -> Self {
        let first = first_day.unwrap_or(as_of_day);
        let first_period = periods.of(first);
        let length = match first_day {
            Some(_) => (periods.of(as_of_day) - first_period + 1).max(0) as usize,
            None => 0,
        };
        let cells = groups.saturating_mul(length);
        let is_kept = by_period && cells <= MOST_CELLS;
        let diffs = if is_kept && periods.unit == PeriodUnit::Day { groups * (length + 1) } else { 0 };
        Self {
            periods,
            first_day: first,
            as_of_day,
            first_period,
            length,
            by_period,
            cells: vec![Cell::default(); if is_kept { cells } else { 0 }],
            week: vec![0; diffs],
            month: vec![0; diffs],
            recent: vec![Recent::default(); groups],
        }
    }

    /// Cells of the table.
    pub fn cells(&self) -> usize {
        if self.by_period { self.recent.len().saturating_mul(self.length) } else { 0 }
    }

    /// Adds somebody's days of activity and the events of each.
    pub fn add(&mut self, group: usize, is_member: bool, days: &[(i32, u64)]) {
        let periods = self.periods;
        let mut before: Option<i32> = None;
        for days in days.chunk_by(|a, b| periods.of(a.0) == periods.of(b.0)) {
            let period = self.periods.of(days[0].0) - self.first_period;
            let Some(cell) = self.cell(group, period) else { continue };
            cell.active += 1;
            cell.visitors += u64::from(!is_member);
            cell.events += days.iter().map(|(_, events)| events).sum::<u64>();
            cell.person_days += days.len() as u64;
            match before {
                None => cell.new += 1,
                Some(before) if before + 1 < period => cell.resurrected += 1,
                Some(_) => {}
            }
            if let Some(before) = before.filter(|before| before + 1 < period) {
                self.lapse(group, before + 1);
            }
            before = Some(period);
        }
        if let Some(before) = before {
            self.lapse(group, before + 1);
        }
        if self.by_period && self.periods.unit == PeriodUnit::Day {
            let at = group * (self.length + 1);
            let (first, length) = (self.first_day, self.length);
            cover(&mut self.week[at..=at + length], days, first, WEEK);
            cover(&mut self.month[at..=at + length], days, first, MONTH);
        }
        let end = self.as_of_day;
        let within =
            |length: i32| days.iter().filter(|(day, _)| *day > end.saturating_sub(length)).count() as u64;
        let (day, week, person_days) = (within(1).min(1), within(WEEK).min(1), within(MONTH));
        let month = person_days.min(1);
        let recent = &mut self.recent[group];
        recent.day += day;
        recent.week += week;
        recent.month += month;
        recent.members += month * u64::from(is_member);
        recent.person_days += person_days;
    }

    fn cell(&mut self, group: usize, period: i32) -> Option<&mut Cell> {
        let period = usize::try_from(period).ok().filter(|period| *period < self.length)?;
        self.cells.get_mut(group * self.length + period)
    }

    fn lapse(&mut self, group: usize, period: i32) {
        if let Some(cell) = self.cell(group, period) {
            cell.lapsed += 1;
        }
    }

    pub fn merge(&mut self, other: &Self) {
        for (sum, more) in self.cells.iter_mut().zip(&other.cells) {
            sum.active += more.active;
            sum.visitors += more.visitors;
            sum.new += more.new;
            sum.resurrected += more.resurrected;
            sum.lapsed += more.lapsed;
            sum.events += more.events;
            sum.person_days += more.person_days;
        }
        for (sum, more) in [(&mut self.week, &other.week), (&mut self.month, &other.month)] {
            sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        }
        for (sum, more) in self.recent.iter_mut().zip(&other.recent) {
            sum.day += more.day;
            sum.week += more.week;
            sum.month += more.month;
            sum.members += more.members;
            sum.person_days += more.person_days;
        }
    }

    /// Days of a period that lie in the observed time.
    fn days_of(&self, period: i32) -> u64 {
        let first = self.periods.start(period).max(self.first_day);
        let last = self.periods.end(period).min(self.as_of_day);
        (i64::from(last) - i64::from(first) + 1).max(0) as u64
    }

    /// Days observed up to a day, it included.
    fn days_to(&self, day: i32) -> i64 {
        i64::from(day) - i64::from(self.first_day) + 1
    }

    /// A row for each group and period.
    pub fn table(&self, population: &Population, groups: &Groups<'_>, with_visitors: bool) -> Table {
        let shown = population.groups_of(|person| person.active_days > 0);
        let by_day = self.periods.unit == PeriodUnit::Day;
        let mut rows = Vec::with_capacity(shown.len() * self.length);
        for group in shown {
            let (mut week, mut month, mut person_days) = (0, 0, 0);
            for index in 0..self.length {
                let at = group * self.length + index;
                let cell = self.cells[at];
                let period = self.first_period + index as i32;
                let mut row = Row { group, period, cell, ..Row::default() };
                if by_day {
                    week += self.week[group * (self.length + 1) + index];
                    month += self.month[group * (self.length + 1) + index];
                    person_days += cell.active;
                    if index >= MONTH as usize {
                        person_days -= self.cells[at - MONTH as usize].active;
                    }
                    row.week = (self.days_to(period) >= WEEK.into()).then_some(week);
                    row.month = (self.days_to(period) >= MONTH.into()).then_some(month);
                    row.person_days = person_days;
                }
                rows.push(row);
            }
        }
        let ints = |value: &dyn Fn(&Row) -> u64| Cells::ints(rows.iter().map(|row| value(row) as i64));
        let count = |name: &str, value: &dyn Fn(&Row) -> u64| Column::new(name, Kind::Count, ints(value));
        let labels = rows.iter().map(|row| self.periods.label(row.period));
        let mut columns = Vec::new();
        groups.push(&mut columns, rows.iter().map(|row| row.group));
        columns.push(Column::new("period", Kind::Text, Cells::texts(labels)));
        columns.push(count("active", &|row| row.cell.active));
        if by_day {
            let maybe = |value: &dyn Fn(&Row) -> Option<i64>| Cells::Int(rows.iter().map(value).collect());
            columns.push(Column::new("active_7d", Kind::Count, maybe(&|row| row.week)));
            columns.push(Column::new("active_30d", Kind::Count, maybe(&|row| row.month)));
            let of_month = |row: &Row, part: u64, times: i64| {
                let month = u64::try_from(row.month? * times).ok()?;
                ratio(part, month)
            };
            let today = rows.iter().map(|row| of_month(row, row.cell.active, 1)).collect();
            let mean = rows.iter().map(|row| of_month(row, row.person_days, MONTH.into())).collect();
            columns.push(Column::new("stickiness", Kind::Ratio, Cells::Float(today)));
            columns.push(Column::new("stickiness_mean", Kind::Ratio, Cells::Float(mean)));
        } else {
            let mean = |row: &Row| float(row.cell.person_days, self.days_of(row.period));
            let stickiness =
                |row: &Row| ratio(row.cell.person_days, self.days_of(row.period) * row.cell.active);
            let means = rows.iter().map(mean).collect();
            columns.push(Column::new("daily_active_mean", Kind::Number(1), Cells::Float(means)));
            let shares = rows.iter().map(stickiness).collect();
            columns.push(Column::new("stickiness_mean", Kind::Ratio, Cells::Float(shares)));
        }
        let returning = |row: &Row| row.cell.active - row.cell.new - row.cell.resurrected;
        columns.push(count("new", &|row| row.cell.new));
        columns.push(count("returning", &returning));
        columns.push(count("resurrected", &|row| row.cell.resurrected));
        columns.push(count("lapsed", &|row| row.cell.lapsed));
        if with_visitors {
            columns.push(count("visitors", &|row| row.cell.visitors));
        }
        columns.push(count("events", &|row| row.cell.events));
        let per_active = rows.iter().map(|row| float(row.cell.events, row.cell.active)).collect();
        columns.push(Column::new("events_per_active", Kind::Number(2), Cells::Float(per_active)));
        if !by_day {
            let complete = rows.iter().map(|row| Some(self.periods.end(row.period) <= self.as_of_day));
            columns.push(Column::new("complete", Kind::Bool, Cells::Bool(complete.collect())));
        }
        let twin_of = (rows.len() > ROWS_TO_READ).then_some("summary");
        Table { twin_of, ..Table::new("activity", false, columns) }
    }

    /// The end of the observed time in a few figures, a row for each group and measure.
    pub fn summary(&self, population: &Population, groups: &Groups<'_>, with_visitors: bool) -> Table {
        let shown = population.groups_of(|_| true);
        let mut rows: Vec<(usize, &'static str, Kind, Option<f64>)> = Vec::new();
        let observed = if self.length == 0 { 0 } else { self.days_to(self.as_of_day) };
        let mut members = vec![0_u64; population.groups.len()];
        let mut active = vec![0_u64; population.groups.len()];
        let mut visitors = vec![0_u64; population.groups.len()];
        for person in &population.people {
            members[person.group] += u64::from(person.is_member);
            let is_active = u64::from(person.active_days > 0);
            active[person.group] += is_active * u64::from(person.is_member);
            visitors[person.group] += is_active * u64::from(!person.is_member);
        }
        for group in shown {
            let recent = self.recent[group];
            let mut push = |name, kind, value: Option<f64>| rows.push((group, name, kind, value));
            let count = |count: u64| Some(count as f64);
            push("members", Kind::Number(0), count(members[group]));
            push("active_members", Kind::Number(0), count(active[group]));
            push("active_member_share", Kind::Ratio, ratio(active[group], members[group]));
            if with_visitors {
                push("visitors", Kind::Number(0), count(visitors[group]));
            }
            let after = |days: i32, value: Option<f64>| value.filter(|_| observed >= days.into());
            push("active_1d", Kind::Number(0), after(1, count(recent.day)));
            push("active_7d", Kind::Number(0), after(WEEK, count(recent.week)));
            push("active_30d", Kind::Number(0), after(MONTH, count(recent.month)));
            push("active_member_share_30d", Kind::Ratio, after(MONTH, ratio(recent.members, members[group])));
            push("daily_active_mean", Kind::Number(1), after(MONTH, float(recent.person_days, MONTH as u64)));
            push("stickiness", Kind::Ratio, after(MONTH, ratio(recent.day, recent.month)));
            let mean = ratio(recent.person_days, recent.month * MONTH as u64);
            push("stickiness_mean", Kind::Ratio, after(MONTH, mean));
        }
        let mut columns = Vec::new();
        groups.push(&mut columns, rows.iter().map(|row| row.0));
        let names = Cells::texts(rows.iter().map(|row| row.1));
        columns.push(Column::new("measure", Kind::Key("engagement_measures"), names));
        let values = Cells::Float(rows.iter().map(|row| row.3).collect());
        let kinds = rows.iter().map(|row| row.2).collect();
        columns.push(Column::new("value", Kind::Number(2), values).of_kinds(kinds));
        Table::new("summary", false, columns)
    }

    /// The day that the observed time begins with.
    pub fn begins(&self) -> Option<String> {
        (self.length > 0).then(|| date(self.first_day).to_string())
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Row {
    group: usize,
    period: i32,
    cell: Cell,
    week: Option<i64>,
    month: Option<i64>,
    /// Of the 30 days that end with this one.
    person_days: u64,
}

/// Adds somebody to every day that has one of `days` among the `length` days that end with it. `diffs` begins with `first`.
fn cover(diffs: &mut [i64], days: &[(i32, u64)], first: i32, length: i32) {
    let last = diffs.len() - 1;
    // Days from `from` to `to` (not included) are covered, and not yet counted.
    let mut open: Option<(usize, usize)> = None;
    let mut count = |(from, to): (usize, usize)| {
        diffs[from] += 1;
        diffs[to] -= 1;
    };
    for (day, _) in days {
        let Ok(from) = usize::try_from(i64::from(*day) - i64::from(first)) else { continue };
        let (from, to) = (from.min(last), (from + length as usize).min(last));
        open = match open {
            Some((begun, end)) if from <= end => Some((begun, to)),
            other => {
                other.into_iter().for_each(&mut count);
                Some((from, to))
            }
        };
    }
    open.into_iter().for_each(&mut count);
}
