//! What people are told on standard error: notes, the account of rows, errors. Standard output carries data alone.

use std::io::{IsTerminal, Write};

use crate::error::Error;
use crate::output::ColorChoice;

/// Knows how much to say and whether in colour.
#[derive(Debug, Clone, Copy)]
pub struct Printer {
    level: Level,
    color: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Quiet,
    Normal,
    Verbose,
}

impl Printer {
    pub fn new(level: Level, color: ColorChoice) -> Self {
        let color = match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                std::io::stderr().is_terminal()
                    && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
                    && std::env::var_os("TERM").is_none_or(|t| t != "dumb")
            }
        };
        Self { level, color }
    }

    /// A plain line, unless quiet.
    pub fn line(&self, text: &str) {
        if self.level >= Level::Normal {
            put(text);
        }
    }

    /// `note: ...`, unless quiet.
    pub fn note(&self, text: &str) {
        if self.level >= Level::Normal {
            put(&format!("{} {text}", self.paint("note:", "36")));
        }
    }

    /// `warning: ...`, unless quiet.
    pub fn warning(&self, text: &str) {
        if self.level >= Level::Normal {
            put(&format!("{} {text}", self.paint("warning:", "33")));
        }
    }

    /// An alert's line, which begins with its severity, unless quiet.
    pub fn alert(&self, line: &str) {
        if self.level >= Level::Normal {
            match line.split_once(": ") {
                Some((severity, text)) => {
                    put(&format!("{} {text}", self.paint(&format!("{severity}:"), "33")))
                }
                None => put(line),
            }
        }
    }

    /// A plain line under `-v`.
    pub fn detail(&self, text: &str) {
        if self.level >= Level::Verbose {
            put(text);
        }
    }

    /// What was asked for by name (`--explain`), also when quiet.
    pub fn always(&self, text: &str) {
        put(text);
    }

    /// The error and what to do about it; also when quiet.
    pub fn error(&self, error: &Error) {
        let mut text = format!("{} {error}", self.paint("error:", "1;31"));
        for hint in error.hints() {
            text.push_str(&format!("\n  {} {hint}", self.paint("hint:", "36")));
        }
        put(&text);
    }

    fn paint(&self, text: &str, code: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// A line on standard error; if nobody is there to read it, nothing is to be done about that.
fn put(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
