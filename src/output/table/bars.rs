//! A table drawn as steps one below the other: a bar for the share of the first step, and between two steps how many were
//! lost and how long it took. Columns that the drawing has no place for are left to the other formats.

use std::io::Write;

use super::{ABSENT, BOLD, CYAN, DIM, FOOT_LINES, Paint, TEXT_LINES, bar_of};
use crate::output::layout::{harmless, width, wrap};
use crate::output::numbers;
use crate::output::report::{Cells, Column, Kind, Table};
use crate::output::shown;
use crate::output::sink::Failure;
use crate::text::Catalogue;

/// The bars take what room there is, from this much to this much.
const BAR_LEAST: usize = 8;
const BAR_MOST: usize = 60;
/// Names take no more than this part of the room.
const NAME_PART: usize = 3;
/// Blanks between columns.
const GAP: &str = "  ";

/// The columns of a table of steps. Those behind `from_previous` may be missing.
pub(super) struct Steps<'a> {
    step: &'a Column,
    name: &'a Column,
    users: &'a Column,
    from_first: &'a Column,
    from_previous: &'a Column,
    dropped: Option<&'a Column>,
    open: Option<&'a Column>,
    from_previous_closed: Option<&'a Column>,
    median_seconds: Option<&'a Column>,
    p90_seconds: Option<&'a Column>,
    /// Columns in front of the steps: the values by which the table is broken down.
    by: &'a [Column],
    height: usize,
    words: &'a Catalogue,
    paint: Paint,
}

/// How wide the columns are.
struct Widths {
    step: usize,
    name: usize,
    users: usize,
    bar: usize,
    first: usize,
    previous: usize,
}

impl<'a> Steps<'a> {
    /// `None`: the table has no rows, or not the columns of steps.
    pub fn of(table: &'a Table, words: &'a Catalogue, paint: Paint) -> Option<Self> {
        let at = table.columns.iter().position(|column| column.name == "step")?;
        let column = |name: &str| table.column(name);
        Some(Self {
            step: &table.columns[at],
            name: column("name")?,
            users: column("users")?,
            from_first: column("from_first")?,
            from_previous: column("from_previous")?,
            dropped: column("dropped"),
            open: column("open"),
            from_previous_closed: column("from_previous_closed"),
            median_seconds: column("median_seconds"),
            p90_seconds: column("p90_seconds"),
            by: &table.columns[..at],
            height: Some(table.height()).filter(|height| *height > 0)?,
            words,
            paint,
        })
    }

    pub fn write(&self, room: usize, out: &mut dyn Write) -> Result<(), Failure> {
        let widths = self.widths(room);
        self.write_headings(&widths, out)?;
        let mut blocks = 0;
        for row in 0..self.height {
            let is_first = row == 0 || self.values(row) != self.values(row - 1);
            if is_first {
                blocks += 1;
                if blocks > 1 {
                    writeln!(out)?;
                }
                for line in
                    self.heading(row, blocks == 1).iter().flat_map(|heading| wrap(heading, room, TEXT_LINES))
                {
                    writeln!(out, "{}", self.paint.with(BOLD, &line))?;
                }
            } else if blocks == 1 {
                // The first block stands for all; of the others the bars are enough.
                self.write_between(row, widths.step + GAP.len(), room, out)?;
            }
            self.write_step(row, &widths, out)?;
        }
        Ok(())
    }

    fn widths(&self, room: usize) -> Widths {
        let widest =
            |column: &Column| (0..self.height).map(|row| width(&self.text(column, row))).max().unwrap_or(0);
        let with_heading = |column: &Column| widest(column).max(width(&self.words.column(&column.name)));
        let (step, users) = (widest(self.step), with_heading(self.users));
        let (first, previous) = (widest(self.from_first), with_heading(self.from_previous));
        let name = widest(self.name).max(width(&self.words.column(&self.step.name)));
        let gaps = 5 * GAP.len() - 1;
        let left = |name: usize| room.saturating_sub(step + name + users + first + previous + gaps);
        let name = name.min((room / NAME_PART).max(BAR_LEAST));
        let name = name.min((name + left(name)).saturating_sub(BAR_LEAST)).max(BAR_LEAST.min(name));
        Widths { step, name, users, bar: left(name).clamp(1, BAR_MOST), first, previous }
    }

    fn write_headings(&self, widths: &Widths, out: &mut dyn Write) -> Result<(), Failure> {
        let label = |column: &Column| harmless(self.words.column(&column.name));
        let share = widths.bar + 1 + widths.first;
        let name = wrap(&label(self.step), widths.step + GAP.len() + widths.name, 1).concat();
        let first = wrap(&label(self.from_first), share, 1).concat();
        let cells = [
            padded(&name, widths.step + GAP.len() + widths.name, false),
            padded(&label(self.users), widths.users, true),
            padded(&first, share, false),
            padded(&label(self.from_previous), widths.previous, true),
        ];
        writeln!(out, "{}", self.paint.with(DIM, cells.join(GAP).trim_end()))?;
        let all = widths.step + widths.name + widths.users + share + widths.previous + 4 * GAP.len();
        writeln!(out, "{}", self.paint.with(DIM, &"─".repeat(all)))?;
        Ok(())
    }

    fn write_step(&self, row: usize, widths: &Widths, out: &mut dyn Write) -> Result<(), Failure> {
        let share = shown::ratio(self.from_first, row).unwrap_or(0.0);
        let bar = bar_of(share, 1.0, widths.bar);
        let rest = widths.bar.saturating_sub(width(&bar));
        let names = wrap(&self.text(self.name, row), widths.name, TEXT_LINES);
        let line = [
            padded(&self.text(self.step, row), widths.step, true),
            padded(names.first().map_or("", String::as_str), widths.name, false),
            padded(&self.text(self.users, row), widths.users, true),
            format!(
                "{}{} {}",
                self.paint.with(CYAN, &bar),
                " ".repeat(rest),
                padded(&self.text(self.from_first, row), widths.first, true)
            ),
            match self.is_absent(self.from_previous, row) {
                true => String::new(),
                false => padded(&self.text(self.from_previous, row), widths.previous, true),
            },
        ];
        writeln!(out, "{}", line.join(GAP).trim_end())?;
        for more in names.iter().skip(1) {
            writeln!(out, "{}{GAP}{more}", " ".repeat(widths.step))?;
        }
        Ok(())
    }

    /// What was lost between the step before and this one, and the time it took.
    fn write_between(
        &self,
        row: usize,
        indent: usize,
        room: usize,
        out: &mut dyn Write,
    ) -> Result<(), Failure> {
        let mut parts = Vec::new();
        let there = |column: Option<&'a Column>| column.filter(|column| !self.is_absent(column, row));
        // Where nobody was, nobody left.
        let somebody =
            |dropped: &&Column| !is_zero(dropped, row) || shown::ratio(self.from_previous, row).is_some();
        if let Some(dropped) = there(self.dropped).filter(somebody) {
            let left = self.words.ui("steps_left").replace("{dropped}", &self.text(dropped, row));
            // Where somebody went on, not all are lost.
            let most = if is_zero(self.users, row) { 1.0 } else { 0.999 };
            let lost = |kept: f64| numbers::percent((1.0 - kept).min(most));
            let share = shown::ratio(self.from_previous, row).map(lost);
            parts.push(left.replace("{share}", share.as_deref().unwrap_or(ABSENT)));
        }
        if let Some(open) = there(self.open).filter(|open| !is_zero(open, row)) {
            parts.push(self.words.ui("steps_open").replace("{open}", &self.text(open, row)));
            // Where it looks like the other rate it says nothing new.
            let is_news = |closed: &&Column| self.text(closed, row) != self.text(self.from_previous, row);
            if let Some(closed) = there(self.from_previous_closed).filter(is_news) {
                parts.push(self.words.ui("steps_closed").replace("{share}", &self.text(closed, row)));
            }
        }
        if let Some(median) = there(self.median_seconds) {
            parts.push(self.words.ui("steps_median").replace("{time}", &self.text(median, row)));
        }
        if let Some(p90) = there(self.p90_seconds) {
            parts.push(self.words.ui("steps_p90").replace("{time}", &self.text(p90, row)));
        }
        if parts.is_empty() {
            return Ok(());
        }
        let limit = room.saturating_sub(indent + GAP.len());
        for (at, line) in self.joined(&parts, limit).iter().enumerate() {
            let mark = if at == 0 { "▼" } else { " " };
            writeln!(out, "{}{}", " ".repeat(indent), self.paint.with(DIM, &format!("{mark} {line}")))?;
        }
        Ok(())
    }

    /// A list in lines that end between its parts where they can.
    fn joined(&self, parts: &[String], limit: usize) -> Vec<String> {
        let separator = self.words.ui("list_separator");
        // The separator may stand at the end.
        let limit_of_parts = limit.saturating_sub(2 * width(&separator));
        let mut lines: Vec<String> = Vec::new();
        for part in parts {
            match lines.last_mut() {
                Some(line) if width(line) + width(part) <= limit_of_parts => {
                    line.push_str(&separator);
                    line.push_str(part);
                }
                Some(line) => {
                    line.push_str(separator.trim_end());
                    lines.push(part.clone());
                }
                None => lines.push(part.clone()),
            }
        }
        lines.iter().flat_map(|line| wrap(line, limit, FOOT_LINES)).collect()
    }

    /// The values by which the table is broken down; `None` where it is not. Keys say what the first block is, and nothing
    /// of the others that their values do not say.
    fn heading(&self, row: usize, is_first: bool) -> Option<String> {
        let is_key = |column: &&Column| matches!(column.kind, Kind::Key(_));
        let has_keys = self.by.iter().any(|column| is_key(&column));
        let named = self.by.iter().filter(|column| !has_keys || is_key(column) == is_first).map(|column| {
            let value = self.text(column, row);
            match is_key(&column) {
                true => value,
                false => format!("{}: {value}", harmless(self.words.column(&column.name))),
            }
        });
        let named: Vec<String> = named.collect();
        (!named.is_empty()).then(|| named.join(&self.words.ui("list_separator")))
    }

    fn values(&self, row: usize) -> Vec<Option<String>> {
        self.by.iter().map(|column| shown::cell(column, row, self.words)).collect()
    }

    fn text(&self, column: &Column, row: usize) -> String {
        shown::cell(column, row, self.words).map_or_else(|| ABSENT.to_owned(), harmless)
    }

    fn is_absent(&self, column: &Column, row: usize) -> bool {
        shown::cell(column, row, self.words).is_none()
    }
}

fn is_zero(column: &Column, row: usize) -> bool {
    matches!(&column.cells, Cells::Int(values) if values[row] == Some(0))
}

fn padded(text: &str, columns: usize, right: bool) -> String {
    let blanks = " ".repeat(columns.saturating_sub(width(text)));
    if right { format!("{blanks}{text}") } else { format!("{text}{blanks}") }
}
