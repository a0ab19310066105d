//! Who does what, and how much: the tables `interactions` and `depth`.

use super::kinds::{Kinds, Role};
use super::population::Population;
use super::tables::{Groups, float, ratio};
use crate::facts::journeys::KindOfEvent;
use crate::output::report::{Cells, Column, Kind, Table};

/// The classes of `depth`: from so many interactions on.
const DEPTHS: [(u64, &str); 5] = [(0, "0"), (1, "1"), (2, "2-3"), (4, "4-7"), (8, "8+")];

/// Events and people of each line of the table, by group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Interactions {
    lines: Vec<Line>,
    /// Per kind of event: its line.
    line_of: Vec<u32>,
    /// Per kind of event: it is an interaction.
    is_interaction: Vec<bool>,
    /// By group, then line.
    cells: Vec<Cell>,
    /// 0: nothing is counted.
    groups: usize,
    /// Of the journey at hand: events by line, and the lines that have some.
    now: Vec<u64>,
    touched: Vec<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    /// As the column has it.
    role: &'static str,
    kinds: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Cell {
    events: u64,
    members: u64,
    visitor_events: u64,
}

/// The line of all interactions together.
const ANY: u32 = 0;

impl Interactions {
    /// `is_wanted`: the table is to be made; else nothing is counted.
    pub fn new(
        kinds: &Kinds,
        file: &[KindOfEvent],
        roles: &[Option<Role>],
        groups: usize,
        is_wanted: bool,
    ) -> Self {
        let mut lines = Vec::new();
        let mut places = [ANY; Role::ALL.len()];
        let of_interactions: Vec<String> =
            Role::INTERACTIONS.iter().flat_map(|role| kinds.of(*role)).cloned().collect();
        lines.push(Line { role: "interaction", kinds: of_interactions.join(", ") });
        for role in Role::ALL.into_iter().filter(|role| kinds.has(*role)) {
            places[role as usize] = lines.len() as u32;
            lines.push(Line { role: role.key(), kinds: kinds.of(role).join(", ") });
        }
        let mut line_of = Vec::with_capacity(file.len());
        for (kind, role) in file.iter().zip(roles) {
            line_of.push(role.map_or(lines.len() as u32, |role| places[role as usize]));
            if role.is_none() {
                lines.push(Line { role: "other", kinds: kind.name.clone() });
            }
        }
        let groups = if is_wanted { groups } else { 0 };
        let cells = groups.saturating_mul(lines.len());
        Self {
            line_of,
            is_interaction: roles.iter().map(|role| role.is_some_and(Role::is_interaction)).collect(),
            cells: vec![Cell::default(); if cells <= super::tables::MOST_CELLS { cells } else { 0 }],
            groups,
            now: vec![0; lines.len()],
            touched: Vec::new(),
            lines,
        }
    }

    /// Cells of the table.
    pub fn cells(&self) -> usize {
        self.groups.saturating_mul(self.lines.len())
    }

    /// Takes an event of the journey at hand.
    pub fn event(&mut self, kind: u32) {
        if self.groups == 0 {
            return;
        }
        let line = self.line_of[kind as usize];
        let any = self.is_interaction[kind as usize].then_some(ANY);
        for line in [Some(line), any].into_iter().flatten() {
            let count = &mut self.now[line as usize];
            if *count == 0 {
                self.touched.push(line);
            }
            *count += 1;
        }
    }

    /// Ends the journey at hand.
    pub fn finish_journey(&mut self, group: usize, is_member: bool) {
        for line in self.touched.drain(..) {
            let events = std::mem::take(&mut self.now[line as usize]);
            let cell = &mut self.cells[group * self.lines.len() + line as usize];
            if is_member {
                cell.members += 1;
                cell.events += events;
            } else {
                cell.visitor_events += events;
            }
        }
    }

    pub fn merge(&mut self, other: &Self) {
        for (sum, more) in self.cells.iter_mut().zip(&other.cells) {
            sum.events += more.events;
            sum.members += more.members;
            sum.visitor_events += more.visitor_events;
        }
    }

    /// A row for each group and line: all interactions, each role that some kind has, each kind without a role.
    pub fn table(&self, population: &Population, groups: &Groups<'_>, with_visitors: bool) -> Table {
        let mut members = vec![0_u64; population.groups.len()];
        let mut active = vec![0_u64; population.groups.len()];
        for person in population.members() {
            members[person.group] += 1;
            active[person.group] += u64::from(person.active_days > 0);
        }
        let shown = population.groups_of(|_| true);
        let lines = self.lines.len();
        let rows: Vec<(usize, usize)> =
            shown.iter().flat_map(|group| (0..lines).map(move |line| (*group, line))).collect();
        let cell = |row: &(usize, usize)| self.cells[row.0 * lines + row.1];
        let ints = |value: &dyn Fn(Cell) -> u64| Cells::ints(rows.iter().map(|row| value(cell(row)) as i64));
        let floats = |value: &dyn Fn(usize, Cell) -> Option<f64>| {
            Cells::Float(rows.iter().map(|row| value(row.0, cell(row))).collect())
        };
        let mut columns = Vec::new();
        groups.push(&mut columns, rows.iter().map(|row| row.0));
        let roles = Cells::texts(rows.iter().map(|row| self.lines[row.1].role));
        columns.push(Column::new("role", Kind::Key("engagement_roles"), roles));
        let kinds =
            rows.iter().map(|row| Some(self.lines[row.1].kinds.clone()).filter(|kinds| !kinds.is_empty()));
        columns.push(Column::new("kinds", Kind::Text, Cells::Text(kinds.collect())));
        columns.push(Column::new("events", Kind::Count, ints(&|cell| cell.events)));
        columns.push(Column::new("members", Kind::Count, ints(&|cell| cell.members)));
        let of_active = floats(&|group, cell| ratio(cell.members, active[group]));
        columns.push(Column::new("share_of_active", Kind::Ratio, of_active));
        let of_members = floats(&|group, cell| ratio(cell.members, members[group]));
        columns.push(Column::new("share_of_members", Kind::Ratio, of_members));
        let per_active = floats(&|group, cell| float(cell.events, active[group]));
        columns.push(Column::new("events_per_active", Kind::Number(2), per_active));
        let per_member = floats(&|group, cell| float(cell.events, members[group]));
        columns.push(Column::new("events_per_member", Kind::Number(2), per_member));
        if with_visitors {
            columns.push(Column::new("visitor_events", Kind::Count, ints(&|cell| cell.visitor_events)));
        }
        Table::new("interactions", false, columns)
    }
}

/// How many interactions members have: a row for each group and class.
pub(super) fn depth(population: &Population, groups: &Groups<'_>) -> Table {
    let mut classes = vec![[(0_u64, 0_u64); DEPTHS.len()]; population.groups.len()];
    for person in population.members() {
        let sum = person.all.sum();
        let class = DEPTHS.partition_point(|(from, _)| *from <= sum) - 1;
        let (members, interactions) = &mut classes[person.group][class];
        *members += 1;
        *interactions += sum;
    }
    let shown = population.groups_of(|person| person.is_member);
    let rows: Vec<(usize, usize)> =
        shown.iter().flat_map(|group| (0..DEPTHS.len()).map(move |class| (*group, class))).collect();
    let at = |row: &(usize, usize)| classes[row.0][row.1];
    let whole = |group: usize, part: fn(&(u64, u64)) -> u64| classes[group].iter().map(part).sum::<u64>();
    let mut columns = Vec::new();
    groups.push(&mut columns, rows.iter().map(|row| row.0));
    let names = Cells::texts(rows.iter().map(|row| DEPTHS[row.1].1));
    columns.push(Column::new("depth", Kind::Text, names));
    columns.push(Column::new("members", Kind::Count, Cells::ints(rows.iter().map(|row| at(row).0 as i64))));
    let shares = rows.iter().map(|row| ratio(at(row).0, whole(row.0, |class| class.0)));
    columns.push(Column::new("share_of_members", Kind::Ratio, Cells::Float(shares.collect())));
    let interactions = Cells::ints(rows.iter().map(|row| at(row).1 as i64));
    columns.push(Column::new("interactions", Kind::Count, interactions));
    let shares = rows.iter().map(|row| ratio(at(row).1, whole(row.0, |class| class.1)));
    columns.push(Column::new("share_of_interactions", Kind::Ratio, Cells::Float(shares.collect())));
    Table::new("depth", false, columns)
}
