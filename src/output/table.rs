//! The table for the eye. It fits the width it is given: long text is wrapped to two lines or so, or stands in a block of
//! its own; bars go; columns are folded into several blocks that each begin with the first column. No row and no column
//! is left out, unless an `extract` stands for the whole. A table with shaded columns is laid out as a `matrix`; one that
//! is drawn is the business of `bars`.

mod bars;
mod extract;
mod matrix;

use std::borrow::Cow;
use std::io::Write;

use self::bars::Steps;
use self::matrix::{Matrix, Tile};
use super::layout::{harmless, heading_width, width, wrap, wrap_heading};
use super::numbers::ABSENT;
use super::report::{Column, Drawing, Report, Table};
use super::shade::Palette;
use super::shown;
use super::sink::Failure;
use crate::text::Catalogue;

/// Blanks between columns.
const GAP: usize = 2;
/// A bar is this wide, with a blank before it.
const BAR: usize = 8;
/// Bars come where the table has this much room.
const BARS_FROM: usize = 100;
/// Text wider than this may be wrapped, to no less; two lines are what it should take, unless that is very much.
const TEXT_LEAST: usize = 24;
const TEXT_MUCH: usize = 48;
/// Text is given this much before headings are put on one line.
const TEXT_ENOUGH: usize = 60;
/// Text takes this many lines of a row at most; what is left over is cut with "…".
const TEXT_LINES: usize = 6;
/// Headings take this many, and what is said below a table.
const HEADING_LINES: usize = 2;
const FOOT_LINES: usize = 3;
/// Beside a value of a period that is still running.
const MARK: &str = "*";

const BOLD: &str = "\u{1b}[1m";
const DIM: &str = "\u{1b}[2m";
const CYAN: &str = "\u{1b}[36m";
const RESET: &str = "\u{1b}[0m";

/// `colors`: those of the terminal; `None`: nothing is coloured. `are_named`: the tables were asked for by name, so that all
/// of each is shown.
pub fn write(
    report: &Report,
    tables: &[&Table],
    are_named: bool,
    words: &Catalogue,
    room: usize,
    colors: Option<Palette>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let paint = Paint(colors);
    let mut title = paint.with(BOLD, &harmless(words.report(&report.command)));
    if let Some(as_of) = report.as_of {
        let as_of = words.ui("as_of_moment").replace("{}", &shown::as_of(as_of));
        title.push_str(&paint.with(DIM, &format!(" · {as_of}")));
    }
    writeln!(out, "{title}")?;
    for table in tables {
        writeln!(out, "\n{}", paint.with(BOLD, &words.table(table.name)))?;
        let shown = if are_named { Cow::Borrowed(*table) } else { extract::of(table, words, room) };
        let left_out = extract::left_out(table, &shown, words);
        let write_left_out = |out: &mut dyn Write| -> Result<(), Failure> {
            for line in left_out.iter().flat_map(|text| wrap(text, room, FOOT_LINES)) {
                writeln!(out, "{}", paint.with(DIM, &line))?;
            }
            Ok(())
        };
        let table = shown.as_ref();
        if table.drawn_as == Some(Drawing::Steps)
            && let Some(steps) = Steps::of(table, words, paint)
        {
            steps.write(room, out)?;
            write_left_out(out)?;
            continue;
        }
        let grid = Grid::of(table, words, room, paint);
        for (i, block) in grid.blocks.iter().enumerate() {
            if i > 0 {
                writeln!(out)?;
            }
            grid.write(block, out)?;
        }
        grid.write_foot(room, out)?;
        write_left_out(out)?;
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Paint(Option<Palette>);

impl Paint {
    fn with(self, style: &str, text: &str) -> String {
        if self.0.is_some() && !text.trim().is_empty() {
            format!("{style}{text}{RESET}")
        } else {
            text.to_owned()
        }
    }
}

/// A column, measured.
struct Measured<'a> {
    column: &'a Column,
    heading: String,
    right: bool,
    /// The widest value.
    values: usize,
    /// The heading on as many lines as it may take.
    heading_least: usize,
    /// Text that may be wrapped.
    wraps: bool,
    /// The largest ratio, where bars mean something.
    bar_of: Option<f64>,
    /// Cells behind the values for marks.
    marks: usize,
    /// A column of the cells of a matrix: close to its neighbours, blank where a value is absent.
    is_cell: bool,
}

impl<'a> Measured<'a> {
    fn of(column: &'a Column, height: usize, words: &Catalogue) -> Self {
        let cell = |row| cell(column, row, words);
        let measured = Self::with_values(column, height, words, &cell);
        Self { bar_of: shown::largest_share(column), ..measured }
    }

    fn with_values(
        column: &'a Column,
        height: usize,
        words: &Catalogue,
        cell: &dyn Fn(usize) -> String,
    ) -> Self {
        let heading = harmless(words.column(&column.name));
        let values = (0..height).map(|row| width(&cell(row))).fold(0, usize::max);
        let right = shown::is_number(column);
        Self {
            bar_of: None,
            wraps: !right && values > TEXT_LEAST,
            column,
            heading_least: heading_width(&heading),
            heading,
            right,
            values,
            marks: if (0..height).any(|row| shown::is_provisional(column, row)) { width(MARK) } else { 0 },
            is_cell: false,
        }
    }

    /// The width below which the column would break.
    fn least(&self) -> usize {
        let two_lines = (self.values * 11 / 20).clamp(TEXT_LEAST, TEXT_MUCH);
        let values = if self.wraps { two_lines } else { self.values };
        values.max(self.heading_least)
    }

    /// The width with every text up to `enough` on one line.
    fn roomy(&self, enough: usize) -> usize {
        self.values.min(enough.max(self.least())).max(self.least())
    }
}

struct Placed {
    index: usize,
    /// Blanks before it.
    gap: usize,
    width: usize,
    /// Cells behind the value for marks.
    marks: usize,
    bar: bool,
}

impl Placed {
    /// Where it stands in its block decides about its gap.
    fn new(index: usize, columns: &[Measured<'_>], bar: bool) -> Self {
        let measured = &columns[index];
        let bar = bar && measured.bar_of.is_some();
        Self { index, gap: GAP, width: measured.least(), marks: measured.marks, bar }
    }

    fn total(&self) -> usize {
        self.width + self.marks + if self.bar { 1 + BAR } else { 0 }
    }
}

/// Columns side by side.
type Block = Vec<Placed>;

struct Grid<'a> {
    columns: Vec<Measured<'a>>,
    height: usize,
    words: &'a Catalogue,
    blocks: Vec<Block>,
    paint: Paint,
    matrix: Option<Matrix>,
}

impl<'a> Grid<'a> {
    fn of(table: &'a Table, words: &'a Catalogue, room: usize, paint: Paint) -> Self {
        let height = table.height();
        if let Some((matrix, columns, blocks)) = matrix::arranged(table, words, room, paint) {
            return Self { columns, height, words, blocks, paint, matrix: Some(matrix) };
        }
        let columns: Vec<Measured<'a>> =
            table.columns.iter().map(|c| Measured::of(c, height, words)).collect();
        let mut blocks = blocks(&columns, room);
        for block in &mut blocks {
            widen(block, &columns, room);
        }
        Self { columns, height, words, blocks, paint, matrix: None }
    }

    fn write(&self, block: &Block, out: &mut dyn Write) -> Result<(), Failure> {
        let paint = self.paint;
        let headings: Vec<Vec<String>> = block
            .iter()
            .map(|p| wrap_heading(&self.columns[p.index].heading, p.width, HEADING_LINES))
            .collect();
        let lines = headings.iter().map(Vec::len).max().unwrap_or(0);
        for line in 0..lines {
            let mut written = Line::default();
            for (placed, heading) in block.iter().zip(&headings) {
                // Headings stand on the rule.
                let text = (line + heading.len()).checked_sub(lines).map(|i| heading[i].as_str());
                let text = text.unwrap_or("");
                let right = self.columns[placed.index].right;
                written.put(text, &paint.with(DIM, text), placed, right);
                written.skip(placed.total() - placed.width);
            }
            written.end(out)?;
        }
        writeln!(out, "{}", paint.with(DIM, &"─".repeat(taken(block))))?;
        for row in 0..self.height {
            self.write_row(block, row, out)?;
        }
        if self.height == 0 {
            writeln!(out, "{}", paint.with(DIM, &self.words.ui("no_rows")))?;
        }
        Ok(())
    }

    fn write_row(&self, block: &Block, row: usize, out: &mut dyn Write) -> Result<(), Failure> {
        let paint = self.paint;
        let mut cells: Vec<Vec<String>> = Vec::with_capacity(block.len());
        for placed in block {
            let measured = &self.columns[placed.index];
            let text = self.text(measured, row);
            cells.push(if width(&text) > placed.width && !measured.right {
                wrap(&text, placed.width, TEXT_LINES)
            } else {
                vec![text]
            });
        }
        let lines = cells.iter().map(Vec::len).max().unwrap_or(1);
        for line in 0..lines {
            let mut written = Line::default();
            for (placed, texts) in block.iter().zip(&cells) {
                let measured = &self.columns[placed.index];
                let text = texts.get(line).map_or("", String::as_str);
                let mark = if line == 0 && shown::is_provisional(measured.column, row) { MARK } else { "" };
                match self.matrix.as_ref().filter(|_| line == 0).map(|m| m.tile(measured, row, paint)) {
                    Some(Tile::Painted(style)) => {
                        // The tile covers the blank before it, so that tiles touch.
                        let before = placed.gap.min(1) + placed.width.saturating_sub(width(text));
                        let after = placed.marks.saturating_sub(width(mark));
                        let tile = format!("{}{text}{mark}{}", " ".repeat(before), " ".repeat(after));
                        written.tile(&tile, &paint.with(&style, &tile), placed.gap.saturating_sub(1));
                    }
                    Some(Tile::Ticked(tick)) => {
                        written.put(text, text, placed, measured.right);
                        let ticked = format!("{mark}{tick}");
                        let before = placed.marks.saturating_sub(width(&ticked));
                        let shown = ticked.trim_end();
                        written.stick(shown, shown, before, width(&ticked));
                    }
                    Some(Tile::Plain) | None => {
                        let painted = if text == ABSENT { paint.with(DIM, text) } else { text.to_owned() };
                        written.put(text, &painted, placed, measured.right);
                        written.stick(mark, mark, 0, placed.marks);
                    }
                }
                if placed.bar {
                    let ratio = shown::ratio(measured.column, row).filter(|_| line == 0);
                    let bar = bar_of(ratio.unwrap_or(0.0), measured.bar_of.unwrap_or(1.0), BAR);
                    written.stick(&bar, &paint.with(CYAN, &bar), 1, BAR);
                }
            }
            written.end(out)?;
        }
        Ok(())
    }

    /// What stands in a cell, before it is wrapped.
    fn text(&self, measured: &Measured<'_>, row: usize) -> String {
        match self.matrix.as_ref().filter(|_| measured.is_cell) {
            Some(matrix) => matrix.text(measured.column, row, self.words),
            None => cell(measured.column, row, self.words),
        }
    }

    /// What the marks mean, and that numbers were rounded.
    fn write_foot(&self, room: usize, out: &mut dyn Write) -> Result<(), Failure> {
        let mut notes = Vec::new();
        if self.columns.iter().any(|column| column.marks > 0 && shown::any_provisional(column.column)) {
            notes.push(format!("{MARK} {}", self.words.ui("provisional")));
        }
        if self.matrix.as_ref().is_some_and(|matrix| matrix.is_rounded) {
            notes.push(self.words.ui("rounded_to_fit"));
        }
        for note in notes {
            for line in wrap(&note, room, FOOT_LINES) {
                writeln!(out, "{}", self.paint.with(DIM, &line))?;
            }
        }
        Ok(())
    }
}

fn cell(column: &Column, row: usize, words: &Catalogue) -> String {
    shown::cell(column, row, words).map_or_else(|| ABSENT.to_owned(), harmless)
}

/// Which columns stand side by side. The first of these that fits:
/// all with bars; all but the long texts with bars, and those below; all without bars; as many as fit, and so on below.
fn blocks(columns: &[Measured<'_>], room: usize) -> Vec<Block> {
    let place = |index: usize, bar: bool| Placed::new(index, columns, bar);
    let fits = |block: &Block| taken(block) <= room;
    if room >= BARS_FROM && columns.iter().any(|c| c.bar_of.is_some()) {
        let all: Block = (0..columns.len()).map(|i| place(i, true)).collect();
        if fits(&all) {
            return vec![all];
        }
        let is_short = |i: &usize| *i == 0 || !columns[*i].wraps;
        let short: Block = (0..columns.len()).filter(is_short).map(|i| place(i, true)).collect();
        let long: Block = std::iter::once(0)
            .chain((0..columns.len()).filter(|i| !is_short(i)))
            .map(|i| place(i, false))
            .collect();
        if long.len() > 1 && fits(&short) && fits(&long) {
            return vec![short, long];
        }
    }
    let plain: Block = (0..columns.len()).map(|i| place(i, false)).collect();
    if plain.len() < 3 || fits(&plain) {
        return vec![plain];
    }
    let mut blocks = vec![vec![place(0, false)]];
    for index in 1..columns.len() {
        let last = blocks.len() - 1;
        let next = place(index, false);
        if taken(&blocks[last]) + GAP + next.width > room && blocks[last].len() > 1 {
            blocks.push(vec![place(0, false), next]);
        } else {
            blocks[last].push(next);
        }
    }
    blocks
}

/// The width of columns side by side. There is no gap before the first.
fn taken(block: &Block) -> usize {
    let gaps: usize = block.iter().skip(1).map(|p| p.gap).sum();
    block.iter().map(Placed::total).sum::<usize>() + gaps
}

/// Gives what room is left to the texts, then to the headings, then to the texts again; or takes from the texts.
fn widen(block: &mut Block, columns: &[Measured<'_>], room: usize) {
    let used = taken(block);
    let mut over = used.saturating_sub(room);
    for placed in block.iter_mut().rev().filter(|p| columns[p.index].wraps) {
        let given_up = over.min(placed.width.saturating_sub(BAR));
        placed.width -= given_up;
        over -= given_up;
    }
    let mut left = room.saturating_sub(used);
    let mut give = |placed: &mut Placed, wanted: usize| {
        let given = wanted.saturating_sub(placed.width).min(left);
        placed.width += given;
        left -= given;
    };
    for placed in block.iter_mut() {
        give(placed, columns[placed.index].roomy(TEXT_ENOUGH));
    }
    // One heading on two lines makes the row of headings two lines high: all of them on one, or none of them wider.
    let headings = |p: &Placed| width(&columns[p.index].heading);
    if taken(block) + block.iter().map(|p| headings(p).saturating_sub(p.width)).sum::<usize>() <= room {
        for placed in block.iter_mut() {
            give(placed, headings(placed));
        }
    }
    for placed in block.iter_mut() {
        give(placed, columns[placed.index].roomy(usize::MAX));
    }
}

/// `value` of `largest` in eighths of a cell; what is there at all shows.
fn bar_of(value: f64, largest: f64, cells: usize) -> String {
    if value <= 0.0 {
        return String::new();
    }
    let eighths = ((value / largest).min(1.0) * (cells * 8) as f64).round().max(1.0) as usize;
    let mut bar = "█".repeat(eighths / 8);
    if !eighths.is_multiple_of(8) {
        bar.push(['▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8 - 1]);
    }
    bar
}

/// A line being written: blanks are kept back until something follows them.
#[derive(Default)]
struct Line {
    text: String,
    blanks: usize,
    begun: bool,
}

impl Line {
    /// The next column: `painted` takes as many cells as `plain`.
    fn put(&mut self, plain: &str, painted: &str, placed: &Placed, right: bool) {
        if self.begun {
            self.blanks += placed.gap;
        }
        self.begun = true;
        let pad = placed.width.saturating_sub(width(plain));
        let (before, after) = if right { (pad, 0) } else { (0, pad) };
        self.blanks += before;
        self.write(plain, painted);
        self.blanks += after;
    }

    /// A painted column, the blanks in it and all.
    fn tile(&mut self, plain: &str, painted: &str, gap: usize) {
        self.begun = true;
        self.blanks += gap;
        self.write(plain, painted);
    }

    /// Something beside the column just put.
    fn stick(&mut self, plain: &str, painted: &str, gap: usize, columns: usize) {
        self.blanks += gap;
        self.write(plain, painted);
        self.blanks += columns.saturating_sub(width(plain));
    }

    fn skip(&mut self, columns: usize) {
        self.blanks += columns;
    }

    fn write(&mut self, plain: &str, painted: &str) {
        if plain.is_empty() {
            return;
        }
        self.text.extend(std::iter::repeat_n(' ', std::mem::take(&mut self.blanks)));
        self.text.push_str(painted);
    }

    fn end(self, out: &mut dyn Write) -> Result<(), Failure> {
        writeln!(out, "{}", self.text)?;
        Ok(())
    }
}
