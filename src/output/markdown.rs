//! markdown: one table as GitHub writes it, with rounded, labelled values. What is special to Markdown or HTML in a value
//! is escaped: a customer's name is text, no markup.

use std::io::Write;

use unicode_width::UnicodeWidthStr;

use super::layout;
use super::numbers::ABSENT;
use super::report::{Column, Table};
use super::shown;
use super::sink::Failure;
use crate::text::Catalogue;

/// Longer tables are written as they come, without padding: nobody reads their source by eye.
const PADDED_ROWS: usize = 500;
/// No column is padded beyond this.
const PADDED_WIDTH: usize = 60;

pub fn write(table: &Table, words: &Catalogue, out: &mut dyn Write) -> Result<(), Failure> {
    let header: Vec<String> = table.columns.iter().map(|c| escaped(&words.column(&c.name))).collect();
    let right: Vec<bool> = table.columns.iter().map(shown::is_number).collect();
    let row_of = |row: usize| -> Vec<String> {
        let cell = |c: &Column| {
            let mark = if shown::is_provisional(c, row) { "\\*" } else { "" };
            let absent = || if c.shaded { String::new() } else { ABSENT.to_owned() };
            shown::cell(c, row, words).map_or_else(absent, |v| escaped(&v) + mark)
        };
        table.columns.iter().map(cell).collect()
    };

    let mut widths = vec![0; header.len()];
    if table.height() <= PADDED_ROWS {
        for cells in std::iter::once(header.clone()).chain((0..table.height()).map(row_of)) {
            for (width, cell) in widths.iter_mut().zip(&cells) {
                *width = cell.width().min(PADDED_WIDTH).max(*width).max(4);
            }
        }
    }
    line(out, &header, &widths, &right)?;
    let rules: Vec<String> = right
        .iter()
        .zip(&widths)
        .map(|(right, width)| {
            let dashes = "-".repeat(width.saturating_sub(1).max(3));
            if *right { dashes + ":" } else { format!(":{dashes}") }
        })
        .collect();
    line(out, &rules, &widths, &right)?;
    for row in 0..table.height() {
        line(out, &row_of(row), &widths, &right)?;
    }
    if table.columns.iter().any(shown::any_provisional) {
        writeln!(out, "\n\\* {}", escaped(&words.ui("provisional")))?;
    }
    Ok(())
}

fn line(out: &mut dyn Write, cells: &[String], widths: &[usize], right: &[bool]) -> Result<(), Failure> {
    let mut text = String::from("|");
    for ((cell, width), right) in cells.iter().zip(widths).zip(right) {
        let pad = " ".repeat(width.saturating_sub(cell.width()));
        let (before, after) = if *right { (pad, String::new()) } else { (String::new(), pad) };
        text.extend([" ", &before, cell, &after, " |"]);
    }
    text.push('\n');
    out.write_all(text.as_bytes())?;
    Ok(())
}

/// Text that shows as itself in a cell of a table.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    let mut before = ' ';
    while let Some(c) = characters.next() {
        match c {
            '\r' if characters.peek() == Some(&'\n') => {}
            '\n' | '\r' => safe.push_str("<br>"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '\\' | '|' | '`' | '*' | '[' | ']' | '~' => safe.extend(['\\', c]),
            // Between letters an underscore is one; elsewhere it would be emphasis.
            '_' => {
                let inside =
                    before.is_alphanumeric() && characters.peek().is_some_and(|next| next.is_alphanumeric());
                safe.push_str(if inside { "_" } else { "\\_" });
            }
            c if layout::is_bidi_control(c) => {}
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
        before = c;
    }
    safe
}
