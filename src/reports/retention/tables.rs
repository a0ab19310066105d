//! The tables: cells, matrix, pooled.

use super::count::{Cohort, Counted};
use super::settings::RetentionSettings;
use crate::error::Result;
use crate::facts::IdColumn;
use crate::output::report::{Cells, Column, Kind, Table};
use crate::reports::period::day;
use crate::reports::rates::{bounds_columns, ratio};
use crate::reports::retention::calendar::Calendar;
use crate::reports::triangle;

/// Cohorts that a terminal shows, of each group of `--by`.
const LATEST: usize = 30;
const LATEST_BY: usize = 12;

/// Groups of `--by` that a terminal shows.
const GROUPS: usize = 8;

/// Cohorts as the tables show them.
pub(super) struct Shown<'a> {
    pub settings: &'a RetentionSettings,
    pub counted: &'a Counted,
    /// `--by`, and its values.
    pub by: Option<(&'a str, &'a IdColumn)>,
}

/// Units that came back, of units: whole numbers, divided once.
#[derive(Debug, Clone, Copy, Default)]
struct Part {
    users: u64,
    of: u64,
}

impl Part {
    fn rate(self) -> Option<f64> {
        ratio(self.users, self.of)
    }
}

impl Shown<'_> {
    /// A row per group, cohort and period that has begun.
    pub fn cells(&self) -> Table {
        let each = || {
            let cohorts = self.counted.cohorts.iter();
            cohorts.flat_map(|cohort| (0..cohort.retained.len()).map(move |index| (cohort, index)))
        };
        let periods = self.settings.periods();
        let parts: Vec<Part> =
            each().map(|(cohort, index)| Part { users: cohort.retained[index], of: cohort.size }).collect();
        let is_hour = matches!(periods, Calendar::Hours);
        let mut columns = Vec::new();
        self.push_by(&mut columns, each().map(|(cohort, _)| cohort.group));
        columns.extend([
            Column::new("cohort", Kind::Text, Cells::texts(each().map(|(c, _)| periods.label(c.number)))),
            moments("cohort_start", is_hour, each().map(|(c, _)| periods.start_us(c.number))),
            Column::new("cohort_size", Kind::Count, Cells::ints(each().map(|(c, _)| c.size as i64))),
            Column::new("period_index", Kind::Count, Cells::ints(each().map(|(_, index)| index as i64))),
            moments(
                "period_start",
                is_hour || self.settings.rolling,
                each().map(|(cohort, index)| self.period_start(cohort, index)),
            ),
        ]);
        columns.extend(rates(&parts));
        let complete = each().map(|(cohort, index)| Some(index < cohort.over));
        columns.push(Column::new("complete", Kind::Bool, Cells::Bool(complete.collect())));
        Table { twin_of: Some("matrix"), ..Table::new("cells", false, columns) }
    }

    /// A row per group and cohort, a column per period.
    pub fn matrix(&self) -> Result<Table> {
        let cohorts = &self.counted.cohorts;
        let periods = self.settings.periods();
        let mut columns = Vec::new();
        self.push_by(&mut columns, cohorts.iter().map(|cohort| cohort.group));
        columns.extend([
            Column::new("cohort", Kind::Text, Cells::texts(cohorts.iter().map(|c| periods.label(c.number)))),
            Column::new("cohort_size", Kind::Count, Cells::ints(cohorts.iter().map(|c| c.size as i64))),
        ]);
        let begun: Vec<usize> = cohorts.iter().map(|cohort| cohort.retained.len()).collect();
        columns.extend(triangle::period_columns(
            &begun,
            false,
            |index, name| {
                let rates = cohorts
                    .iter()
                    .map(|cohort| Part { users: *cohort.retained.get(index)?, of: cohort.size }.rate());
                Ok(Column::new(name, Kind::Ratio, Cells::Float(rates.collect())))
            },
            |row, index| index >= cohorts[row].over,
        )?);
        // From the latest back: how many of its group follow.
        let followed_by = |row: usize| {
            cohorts[row + 1..].iter().take(LATEST).take_while(|next| next.group == cohorts[row].group).count()
        };
        let most = if self.by.is_some() { LATEST_BY } else { LATEST };
        let groups = self.groups_shown();
        let is_shown = |row: usize| followed_by(row) < most && groups.contains(&cohorts[row].group);
        Ok(Table::new("matrix", false, columns).showing(is_shown))
    }

    /// A row per group and period that some cohort has behind it: those cohorts together.
    pub fn pooled(&self) -> Table {
        struct Pool {
            group: Option<u32>,
            index: usize,
            cohorts: i64,
            part: Part,
        }
        let mut pools: Vec<Pool> = Vec::new();
        for group in self.counted.cohorts.chunk_by(|a, b| a.group == b.group) {
            for index in 0..group.iter().map(|cohort| cohort.over).max().unwrap_or(0) {
                let mut pool = Pool { group: group[0].group, index, cohorts: 0, part: Part::default() };
                for cohort in group.iter().filter(|cohort| index < cohort.over) {
                    pool.cohorts += 1;
                    pool.part.users += cohort.retained[index];
                    pool.part.of += cohort.size;
                }
                pools.push(pool);
            }
        }
        let parts: Vec<Part> = pools.iter().map(|pool| pool.part).collect();
        let mut columns = Vec::new();
        self.push_by(&mut columns, pools.iter().map(|pool| pool.group));
        columns.extend([
            Column::new("period_index", Kind::Count, Cells::ints(pools.iter().map(|pool| pool.index as i64))),
            Column::new("cohorts", Kind::Count, Cells::ints(pools.iter().map(|pool| pool.cohorts))),
            Column::new("eligible", Kind::Count, Cells::ints(parts.iter().map(|part| part.of as i64))),
        ]);
        columns.extend(rates(&parts));
        let groups = self.groups_shown();
        Table::new("pooled", false, columns).showing(|row| groups.contains(&pools[row].group))
    }

    /// The groups that a terminal shows: those with the most units, of equal ones the first.
    fn groups_shown(&self) -> Vec<Option<u32>> {
        let groups = self.counted.cohorts.chunk_by(|a, b| a.group == b.group);
        let mut sizes: Vec<(u64, Option<u32>)> =
            groups.map(|group| (group.iter().map(|cohort| cohort.size).sum(), group[0].group)).collect();
        sizes.sort_by_key(|(size, _)| std::cmp::Reverse(*size));
        sizes.into_iter().take(GROUPS).map(|(_, group)| group).collect()
    }

    /// When a period begins, with windows from the start event: for the first unit of the cohort.
    fn period_start(&self, cohort: &Cohort, index: usize) -> i64 {
        match self.settings.window_us() {
            None => self.settings.periods().start_us(cohort.number + index as i64),
            Some(window_us) => cohort.first_us.saturating_add(window_us.saturating_mul(index as i64)),
        }
    }

    /// The column of `--by`, if it is given.
    fn push_by(&self, columns: &mut Vec<Column>, rows: impl Iterator<Item = Option<u32>>) {
        if let Some((name, values)) = self.by {
            let texts = rows.map(|group| group.map(|code| values.get(code as usize).to_owned()));
            columns.push(Column::new(name, Kind::Text, Cells::Text(texts.collect())));
        }
    }
}

fn moments(name: &str, has_time: bool, at_us: impl Iterator<Item = i64>) -> Column {
    if has_time {
        return Column::new(name, Kind::DateTime, Cells::DateTime(at_us.map(Some).collect()));
    }
    Column::new(name, Kind::Date, Cells::Date(at_us.map(|at_us| Some(day(at_us))).collect()))
}

/// Numerator, rate and its interval.
fn rates(parts: &[Part]) -> Vec<Column> {
    let mut columns = vec![
        Column::new("users", Kind::Count, Cells::ints(parts.iter().map(|part| part.users as i64))),
        Column::new("retention", Kind::Ratio, Cells::Float(parts.iter().map(|part| part.rate()).collect())),
    ];
    columns.extend(bounds_columns(["lower", "upper"], parts.iter().map(|part| (part.users, part.of))));
    columns
}
