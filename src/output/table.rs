//! The table for the eye. It fits the width it is given: long text is wrapped to two lines or so, or stands in a block of
//! its own; bars go; columns are folded into several blocks that each begin with the first column. No row and no column
//! is left out.

use std::io::Write;

use super::layout::{harmless, heading_width, width, wrap};
use super::numbers::ABSENT;
use super::report::{Column, Report, Table};
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
/// Headings take this many.
const HEADING_LINES: usize = 2;

const BOLD: &str = "\u{1b}[1m";
const DIM: &str = "\u{1b}[2m";
const CYAN: &str = "\u{1b}[36m";
const RESET: &str = "\u{1b}[0m";

pub fn write(
    report: &Report,
    tables: &[&Table],
    words: &Catalogue,
    room: usize,
    color: bool,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let paint = Paint(color);
    let mut title = paint.with(BOLD, &harmless(words.report(&report.command)));
    if let Some(as_of) = report.as_of {
        let as_of = words.ui("as_of_moment").replace("{}", &shown::as_of(as_of));
        title.push_str(&paint.with(DIM, &format!(" · {as_of}")));
    }
    writeln!(out, "{title}")?;
    for table in tables {
        writeln!(out, "\n{}", paint.with(BOLD, &words.table(table.name)))?;
        let grid = Grid::of(table, words, room);
        for (i, block) in grid.blocks.iter().enumerate() {
            if i > 0 {
                writeln!(out)?;
            }
            grid.write(block, paint, out)?;
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Paint(bool);

impl Paint {
    fn with(self, style: &str, text: &str) -> String {
        if self.0 && !text.trim().is_empty() { format!("{style}{text}{RESET}") } else { text.to_owned() }
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
}

impl<'a> Measured<'a> {
    fn of(column: &'a Column, height: usize, words: &Catalogue) -> Self {
        let heading = harmless(words.column(&column.name));
        let mut values = 0;
        let mut largest: f64 = 0.0;
        for row in 0..height {
            values = values.max(width(&cell(column, row, words)));
            largest = largest.max(shown::ratio(column, row).unwrap_or(0.0));
        }
        let right = shown::is_number(column);
        Self {
            bar_of: (largest > 0.0).then_some(largest),
            wraps: !right && values > TEXT_LEAST,
            column,
            heading_least: heading_width(&heading),
            heading,
            right,
            values,
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
    width: usize,
    bar: bool,
}

impl Placed {
    fn total(&self) -> usize {
        self.width + if self.bar { 1 + BAR } else { 0 }
    }
}

/// Columns side by side.
type Block = Vec<Placed>;

struct Grid<'a> {
    columns: Vec<Measured<'a>>,
    height: usize,
    words: &'a Catalogue,
    blocks: Vec<Block>,
}

impl<'a> Grid<'a> {
    fn of(table: &'a Table, words: &'a Catalogue, room: usize) -> Self {
        let height = table.height();
        let columns: Vec<Measured<'a>> =
            table.columns.iter().map(|c| Measured::of(c, height, words)).collect();
        let mut blocks = blocks(&columns, room);
        for block in &mut blocks {
            widen(block, &columns, room);
        }
        Self { columns, height, words, blocks }
    }

    fn write(&self, block: &Block, paint: Paint, out: &mut dyn Write) -> Result<(), Failure> {
        let headings: Vec<Vec<String>> =
            block.iter().map(|p| wrap(&self.columns[p.index].heading, p.width, HEADING_LINES)).collect();
        let lines = headings.iter().map(Vec::len).max().unwrap_or(0);
        for line in 0..lines {
            let mut written = Line::default();
            for (placed, heading) in block.iter().zip(&headings) {
                // Headings stand on the rule.
                let text = (line + heading.len()).checked_sub(lines).map(|i| heading[i].as_str());
                let text = text.unwrap_or("");
                let right = self.columns[placed.index].right;
                written.put(text, &paint.with(DIM, text), placed.width, right);
                written.skip(placed.total() - placed.width);
            }
            written.end(out)?;
        }
        writeln!(out, "{}", paint.with(DIM, &"─".repeat(taken(block))))?;
        for row in 0..self.height {
            self.write_row(block, row, paint, out)?;
        }
        if self.height == 0 {
            writeln!(out, "{}", paint.with(DIM, &self.words.ui("no_rows")))?;
        }
        Ok(())
    }

    fn write_row(&self, block: &Block, row: usize, paint: Paint, out: &mut dyn Write) -> Result<(), Failure> {
        let mut cells: Vec<Vec<String>> = Vec::with_capacity(block.len());
        for placed in block {
            let text = cell(self.columns[placed.index].column, row, self.words);
            cells.push(if width(&text) > placed.width && !self.columns[placed.index].right {
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
                let painted = if text == ABSENT { paint.with(DIM, text) } else { text.to_owned() };
                written.put(text, &painted, placed.width, measured.right);
                if placed.bar {
                    let ratio = shown::ratio(measured.column, row).filter(|_| line == 0);
                    let bar = bar(ratio.unwrap_or(0.0), measured.bar_of.unwrap_or(1.0));
                    written.stick(&bar, &paint.with(CYAN, &bar), 1, BAR);
                }
            }
            written.end(out)?;
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
    let place = |index: usize, bar: bool| Placed {
        index,
        width: columns[index].least(),
        bar: bar && columns[index].bar_of.is_some(),
    };
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

/// The width of columns side by side.
fn taken(block: &Block) -> usize {
    block.iter().map(|p| p.total() + GAP).sum::<usize>().saturating_sub(GAP)
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
fn bar(value: f64, largest: f64) -> String {
    if value <= 0.0 {
        return String::new();
    }
    let eighths = ((value / largest).min(1.0) * (BAR * 8) as f64).round().max(1.0) as usize;
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
    fn put(&mut self, plain: &str, painted: &str, columns: usize, right: bool) {
        if self.begun {
            self.blanks += GAP;
        }
        self.begun = true;
        let pad = columns.saturating_sub(width(plain));
        let (before, after) = if right { (pad, 0) } else { (0, pad) };
        self.blanks += before;
        self.write(plain, painted);
        self.blanks += after;
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
