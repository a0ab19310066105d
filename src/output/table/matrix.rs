//! The layout of a table with shaded columns: cohorts by periods. Its cells stand close to each other on one scale of
//! colours (or of `░▒▓█` where there are none and there is room), blank where a value is absent, so that a triangle is
//! seen. Numbers are shown as in every table where the whole fits; else as brief as it takes for the fewest blocks, and a
//! line below the table says so. Every block begins with the columns in front of the cells.

use super::{Block, GAP, MARK, Measured, Paint, Placed, taken, widen};
use crate::output::brief::{Brevity, Brief};
use crate::output::layout::{harmless, width};
use crate::output::report::{Column, Table};
use crate::output::shade::{self, Scale};
use crate::output::shown;
use crate::text::Catalogue;

/// How the cells of a matrix look.
pub(super) struct Matrix {
    scale: Option<Scale>,
    brief: Brief,
    /// Marks of the scale stand beside the values.
    has_ticks: bool,
    /// Some number is shown with fewer digits than usual.
    pub is_rounded: bool,
}

/// How a value is set off.
pub(super) enum Tile {
    Plain,
    /// The sequence that paints it and its ground.
    Painted(String),
    Ticked(char),
}

impl Matrix {
    pub fn tile(&self, measured: &Measured<'_>, row: usize, paint: Paint) -> Tile {
        let place = self.scale.filter(|_| measured.is_cell).and_then(|s| s.place(measured.column, row));
        match (place, paint.0) {
            (Some(place), Some(palette)) => Tile::Painted(shade::style(place, palette)),
            (Some(place), None) if self.has_ticks => Tile::Ticked(shade::tick(place)),
            _ => Tile::Plain,
        }
    }

    /// What stands in a cell.
    pub fn text(&self, column: &Column, row: usize, words: &Catalogue) -> String {
        self.brief.cell(column, row, words).map_or_else(String::new, harmless)
    }
}

/// The table as a matrix; `None`: no column of it is shaded.
pub(super) fn arranged<'a>(
    table: &'a Table,
    words: &Catalogue,
    room: usize,
    paint: Paint,
) -> Option<(Matrix, Vec<Measured<'a>>, Vec<Block>)> {
    if !table.columns.iter().any(|column| column.shaded) {
        return None;
    }
    let scale = Scale::of(table);
    let mut best: Option<(Matrix, Vec<Measured<'a>>, Vec<Block>)> = None;
    let mut gap = 1;
    for brevity in Brevity::ALL {
        let brief = Brief::of(table.columns.iter().filter(|c| is_cell(c)), brevity, words);
        let matrix = Matrix { scale, brief, has_ticks: false, is_rounded: brevity != Brevity::Full };
        let columns = measured(table, &matrix, words);
        let mut found = blocks(&columns, room, 1);
        let mut found_gap = 1;
        // Where there is room for marks, that is distance enough: few values are marked.
        if found.len() > 1 && columns.iter().all(|column| !column.is_cell || column.marks > 0) {
            let close = blocks(&columns, room, 0);
            if close.len() < found.len() {
                (found, found_gap) = (close, 0);
            }
        }
        if best.as_ref().is_none_or(|(_, _, fewest)| found.len() < fewest.len()) {
            best = Some((matrix, columns, found));
            gap = found_gap;
        }
    }
    let (mut matrix, mut columns, mut best) = best?;
    if paint.0.is_none() && scale.is_some() {
        let is_shaded = |column: &&mut Measured<'_>| column.column.shaded;
        columns.iter_mut().filter(is_shaded).for_each(|column| column.marks += 1);
        let ticked = blocks(&columns, room, gap);
        let composition = |blocks: &[Block]| blocks.iter().map(Vec::len).collect::<Vec<_>>();
        matrix.has_ticks = composition(&ticked) == composition(&best);
        if matrix.has_ticks {
            best = ticked;
        } else {
            columns.iter_mut().filter(is_shaded).for_each(|column| column.marks -= 1);
        }
    }
    if matrix.is_rounded {
        matrix.is_rounded = columns.iter().filter(|c| c.is_cell).any(|c| {
            (0..table.height()).any(|row| {
                shown::cell(c.column, row, words)
                    .is_some_and(|full| full != matrix.text(c.column, row, words))
            })
        });
    }
    for block in &mut best {
        widen(block, &columns, room);
    }
    Some((matrix, columns, best))
}

/// Shaded, or the period of a cohort that is left out of the scale.
fn is_cell(column: &Column) -> bool {
    let number = column.name.strip_prefix("period_");
    column.shaded || (shown::is_number(column) && number.is_some_and(|n| n.parse::<u32>().is_ok()))
}

fn measured<'a>(table: &'a Table, matrix: &Matrix, words: &Catalogue) -> Vec<Measured<'a>> {
    let height = table.height();
    let column = |column: &'a Column| {
        if !is_cell(column) {
            return Measured { bar_of: None, ..Measured::of(column, height, words) };
        }
        let text = |row| matrix.text(column, row, words);
        Measured { is_cell: true, ..Measured::with_values(column, height, words, &text) }
    };
    let mut columns: Vec<Measured<'a>> = table.columns.iter().map(column).collect();
    // Marked cells in some columns: all of them leave room for a mark, and the tiles are of one size.
    if columns.iter().any(|column| column.is_cell && column.marks > 0) {
        columns.iter_mut().filter(|column| column.is_cell).for_each(|column| column.marks = width(MARK));
    }
    columns
}

/// Which columns stand side by side: all, or as many as fit, evenly, behind those in front of the cells. `gap`: blanks
/// between two cells.
fn blocks(columns: &[Measured<'_>], room: usize, gap: usize) -> Vec<Block> {
    let cells = || columns.iter().filter(|column| column.is_cell);
    let widest = cells().map(|column| column.least() + column.marks).max().unwrap_or(0);
    let first_cell = columns.iter().position(|column| column.is_cell).unwrap_or(0);
    let mut leads = first_cell;
    while leads > 1 && taken(&block_of(0..leads, columns, gap)) + GAP + widest > room {
        leads -= 1;
    }
    let rest = leads..columns.len();
    let mut blocks = folded(leads, rest.clone(), columns, gap, (room, usize::MAX));
    if blocks.len() > 1 {
        let evenly = folded(leads, rest.clone(), columns, gap, (room, rest.len().div_ceil(blocks.len())));
        if evenly.len() == blocks.len() {
            blocks = evenly;
        }
    }
    let common = cells().map(Measured::least).max().unwrap_or(0);
    let is_cell = |placed: &Placed| columns[placed.index].is_cell;
    let grown = |block: &Block| {
        let more: usize = block.iter().filter(|p| is_cell(p)).map(|p| common - p.width.min(common)).sum();
        taken(block) + more
    };
    if blocks.iter().all(|block| grown(block) <= room) {
        for placed in blocks.iter_mut().flatten().filter(|placed| is_cell(placed)) {
            placed.width = placed.width.max(common);
        }
    }
    blocks
}

/// Blocks as wide as the room and of at most `most` columns of `rest`, each behind the first `leads` columns.
fn folded(
    leads: usize,
    rest: std::ops::Range<usize>,
    columns: &[Measured<'_>],
    gap: usize,
    (room, most): (usize, usize),
) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut block = block_of(0..leads, columns, gap);
    for index in rest {
        push(&mut block, index, columns, gap);
        let is_alone = block.len() == leads + 1;
        if !is_alone && (taken(&block) > room || block.len() - leads > most) {
            block.pop();
            blocks.push(std::mem::replace(&mut block, block_of(0..leads, columns, gap)));
            push(&mut block, index, columns, gap);
        }
    }
    blocks.push(block);
    blocks
}

fn block_of(indices: std::ops::Range<usize>, columns: &[Measured<'_>], gap: usize) -> Block {
    let mut block = Block::new();
    indices.for_each(|index| push(&mut block, index, columns, gap));
    block
}

fn push(block: &mut Block, index: usize, columns: &[Measured<'_>], cell_gap: usize) {
    let gap = match block.last() {
        None => 0,
        Some(before) if columns[before.index].is_cell && columns[index].is_cell => cell_gap,
        Some(_) => GAP,
    };
    block.push(Placed { gap, ..Placed::new(index, columns, false) });
}
