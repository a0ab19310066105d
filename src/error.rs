//! Every way a run can fail, in one place: a stable code, the message, hints that say how to mend it, the exit status.
//!
//! A message says what is wrong and where (file, row, column) and carries the values concerned; a hint says what to type.
//! The texts live here, next to each other, so that they read alike; the places of failure fill in the fields.

use std::fmt;

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Where a value stands: the file as the user named it, the row (in text files: the line, header = line 1), the column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Place {
    pub file: String,
    /// 1-based line of a text file; 1-based row of a Parquet file.
    pub row: u64,
    pub column: String,
    pub value: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.row)?;
        if !self.column.is_empty() {
            write!(f, ", column {}", self.column)?;
        }
        if !self.value.is_empty() {
            write!(f, ": {:?}", self.value)?;
        }
        Ok(())
    }
}

/// What went wrong. One variant per kind of failure; `code()` is stable, the message is for people.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    // ---- usage and config
    /// An option's value cannot be used.
    BadOption { option: String, value: String, why: String, hint: Option<String> },
    /// A name that is none of the known ones; `nearest` are the closest spellings, `known` all of them.
    UnknownName { what: &'static str, name: String, nearest: Vec<String>, known: Vec<String> },
    /// An option that does nothing in this combination is refused, never ignored.
    DoesNotApply { option: String, why: String },
    /// siyu.toml or a map file that cannot be used; `at` is "file:line" where known.
    Config { at: String, why: String, hint: Option<String> },

    // ---- input: files
    /// Nothing at that path, or nothing that the pattern matches.
    NotFound { path: String, hint: Option<String> },
    /// The operating system said no.
    Io { action: &'static str, path: String, source: std::io::Error },
    /// A file that is not what its bytes begin as: cut off, damaged, not text, unclosed quote, ...
    Damaged { path: String, why: String, hint: Option<String> },
    /// A file without rows, or without anything.
    Empty { path: String, why: String },

    // ---- input: columns and values
    /// A required canonical column that nothing could be mapped to.
    MissingColumn { path: String, canonical: String, columns: Vec<String>, hint: String },
    /// Several columns could be the one canonical column.
    AmbiguousColumn { path: String, canonical: String, candidates: Vec<String> },
    /// Too many values that cannot be read (`--max-bad`), or any under `--strict`.
    BadValues { what: String, rows: u64, of: u64, limit: String, places: Vec<Place>, hint: Option<String> },
    /// Day/month order that no value decides.
    AmbiguousDates { path: String, column: String, example: String },
    /// Nothing is left to compute on; `account` lists rows by reason.
    NoRows { read: u64, account: Vec<(String, u64)>, hint: Option<String> },
    /// Ids that a spreadsheet has already destroyed, or any other data that would give wrong answers.
    Unsound { what: String, places: Vec<Place>, hint: String },
    /// A `--where` expression that cannot be used.
    BadWhere { expression: String, why: String, columns: Vec<String> },

    // ---- reports
    /// A segment map with holes or overlaps.
    BadSegmentMap { path: String, gaps: Vec<String>, overlaps: Vec<String> },
    /// Numbers too large for exact money, or a statistic that has no value here.
    Numeric { what: String, hint: Option<String> },

    // ---- output
    /// The output would overwrite an input.
    OutputIsInput { path: String },
    /// Several tables into a format that holds one.
    OneTable { format: &'static str, tables: Vec<String> },
    /// A table, or a value in it, that a format cannot hold.
    DoesNotFit { format: &'static str, what: String, hint: String },

    /// The reader of our standard output has gone; no failure.
    BrokenPipe,
    /// A bug or an engine failure that is not the user's: what we were doing and what was said.
    Internal { doing: String, why: String },
}

impl Error {
    /// What the TOML reader says of `text`, which `path` names: with its line, and for an unknown name the nearest one.
    pub fn from_toml(text: &str, path: &str, error: &toml::de::Error) -> Self {
        let line = error.span().map(|span| 1 + text[..span.start.min(text.len())].matches('\n').count());
        let at = line.map_or_else(|| path.to_owned(), |line| format!("{path}:{line}"));
        let message = error.message().trim();
        let mut quoted = message.split('`').skip(1).step_by(2);
        let why = message.lines().next().unwrap_or(message).to_owned();
        match quoted.next() {
            // "unknown field `x`, expected one of `a`, `b`"
            Some(name) if message.starts_with("unknown ") => {
                let known: Vec<&str> = quoted.collect();
                let close = nearest(name, known.iter().copied());
                let hint = if close.is_empty() {
                    format!("known: {}", known.join(", "))
                } else {
                    format!("did you mean {}?", close.join(" or "))
                };
                let is_key = message.starts_with("unknown field");
                let why = if is_key { format!("unknown key {name:?}") } else { why };
                Self::Config { at, why, hint: Some(hint) }
            }
            _ => Self::Config { at, why, hint: None },
        }
    }

    /// Without the values of the input, for `--mask`: rows and columns say where to look. Of columns those stay that look like
    /// names: in a file without a header line they are values.
    pub fn without_values(mut self) -> Self {
        let looks_like_value =
            |text: &str| text.contains('@') || text.bytes().filter(u8::is_ascii_digit).count() > 2;
        let hide = |names: &mut Vec<String>| {
            names.iter_mut().filter(|name| looks_like_value(name)).for_each(|name| *name = "(hidden)".into());
        };
        match &mut self {
            Self::BadValues { places, .. } | Self::Unsound { places, .. } => {
                for place in places {
                    place.value.clear();
                    if looks_like_value(&place.column) {
                        place.column = "(hidden)".into();
                    }
                }
            }
            Self::MissingColumn { columns, hint, .. } => {
                if columns.iter().any(|name| looks_like_value(name)) {
                    *hint = "--col CANONICAL=COLUMN, if the first line of the file is a header".into();
                }
                hide(columns);
            }
            Self::AmbiguousColumn { candidates, .. } => hide(candidates),
            Self::BadOption { hint: Some(hint), .. } => {
                const COLUMNS: &str = "columns there: ";
                if let Some((before, columns)) = hint.split_once(COLUMNS) {
                    let mut columns: Vec<String> = columns.split(", ").map(str::to_owned).collect();
                    hide(&mut columns);
                    *hint = format!("{before}{COLUMNS}{}", columns.join(", "));
                }
            }
            Self::UnknownName { nearest, known, .. } => {
                hide(nearest);
                hide(known);
            }
            Self::BadWhere { columns, .. } => hide(columns),
            Self::AmbiguousDates { example, .. } => *example = "(hidden)".into(),
            _ => {}
        }
        self
    }

    /// A stable, greppable name of the kind of failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadOption { .. } => "bad_option",
            Self::UnknownName { .. } => "unknown_name",
            Self::DoesNotApply { .. } => "does_not_apply",
            Self::Config { .. } => "config",
            Self::NotFound { .. } => "not_found",
            Self::Io { .. } => "io",
            Self::Damaged { .. } => "damaged",
            Self::Empty { .. } => "empty",
            Self::MissingColumn { .. } => "missing_column",
            Self::AmbiguousColumn { .. } => "ambiguous_column",
            Self::BadValues { .. } => "bad_values",
            Self::AmbiguousDates { .. } => "ambiguous_dates",
            Self::NoRows { .. } => "no_rows",
            Self::Unsound { .. } => "unsound",
            Self::BadWhere { .. } => "bad_where",
            Self::BadSegmentMap { .. } => "bad_segment_map",
            Self::Numeric { .. } => "numeric",
            Self::OutputIsInput { .. } => "output_is_input",
            Self::OneTable { .. } => "one_table",
            Self::DoesNotFit { .. } => "does_not_fit",
            Self::BrokenPipe => "broken_pipe",
            Self::Internal { .. } => "internal",
        }
    }

    /// 2: it could not be done. A closed pipe is 0.
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::BrokenPipe => 0,
            _ => 2,
        }
    }

    /// What to do about it, one line each.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::BadOption { hint, .. }
            | Self::Config { hint, .. }
            | Self::NotFound { hint, .. }
            | Self::Damaged { hint, .. }
            | Self::BadValues { hint, .. }
            | Self::NoRows { hint, .. }
            | Self::Numeric { hint, .. } => hint.iter().cloned().collect(),
            Self::Unsound { hint, .. } | Self::MissingColumn { hint, .. } => vec![hint.clone()],
            Self::UnknownName { nearest, known, .. } => {
                let mut hints = Vec::new();
                if !nearest.is_empty() {
                    let nearest: Vec<String> = nearest.iter().map(|name| shortened(name)).collect();
                    hints.push(format!("did you mean {}?", nearest.join(" or ")));
                }
                if !known.is_empty() {
                    let shown: Vec<String> =
                        known.iter().take(MANY_NAMES).map(|name| shortened(name)).collect();
                    let more = match known.len() {
                        all if all > MANY_NAMES => format!(", ... ({all} in all)"),
                        _ => String::new(),
                    };
                    hints.push(format!("known: {}{more}", shown.join(", ")));
                }
                hints
            }
            Self::AmbiguousColumn { canonical, candidates, .. } => {
                candidates.iter().map(|c| format!("--col {canonical}={}", quote_for_shell(c))).collect()
            }
            Self::AmbiguousDates { .. } => vec![
                "--date-format dmy   when the day comes first".into(),
                "--date-format mdy   when the month comes first".into(),
            ],
            Self::BadWhere { columns, .. } if !columns.is_empty() => {
                vec![format!("columns there: {}", columns.join(", "))]
            }
            Self::BadSegmentMap { .. } => {
                vec!["every cell of the map must belong to exactly one segment".into()]
            }
            Self::OutputIsInput { .. } => vec!["name another file with -o".into()],
            Self::OneTable { tables, .. } => vec![format!("tables: {}", tables.join(", "))],
            Self::DoesNotFit { hint, .. } => vec![hint.clone()],
            Self::Internal { .. } => {
                vec!["this is a fault in siyu: please report it with the command line".into()]
            }
            _ => Vec::new(),
        }
    }
}

/// More columns than this are not told one by one.
const MANY_COLUMNS: usize = 24;

/// More names than this are not listed.
const MANY_NAMES: usize = 100;

/// A name of data may be a page of text.
fn shortened(name: &str) -> String {
    const MOST: usize = 80;
    match name.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &name[..end]),
        None => name.to_owned(),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadOption { option, value, why, .. } if value.is_empty() => write!(f, "{option}: {why}"),
            Self::BadOption { option, value, why, .. } => write!(f, "{option} {value:?}: {why}"),
            Self::UnknownName { what, name, .. } => write!(f, "unknown {what} {:?}", shortened(name)),
            Self::DoesNotApply { option, why } => write!(f, "{option} does not apply: {why}"),
            Self::Config { at, why, .. } => write!(f, "{at}: {why}"),
            Self::NotFound { path, .. } => write!(f, "{path}: no such file or directory"),
            Self::Io { action, path, source } => write!(f, "cannot {action} {path}: {}", plain(source)),
            Self::Damaged { path, why, .. } => write!(f, "{path}: {why}"),
            Self::Empty { path, why } => write!(f, "{path}: {why}"),
            Self::MissingColumn { path, canonical, columns, .. } => {
                write!(f, "{path}: no column for {canonical}")?;
                match columns.len() {
                    0 => Ok(()),
                    all if all > MANY_COLUMNS => {
                        let first = columns[..MANY_COLUMNS].join(", ");
                        write!(f, "; columns there: {first}, ... ({all} in all: siyu inspect shows them)")
                    }
                    _ => write!(f, "; columns there: {}", columns.join(", ")),
                }
            }
            Self::AmbiguousColumn { path, canonical, candidates } => write!(
                f,
                "{path}: {} columns could be {canonical}: {}",
                candidates.len(),
                candidates.join(", ")
            ),
            Self::BadValues { what, rows, of, limit, places, .. } => {
                write!(f, "{what} in {rows} of {of} rows ({limit})")?;
                for place in places {
                    write!(f, "\n  {place}")?;
                }
                Ok(())
            }
            Self::AmbiguousDates { path, column, example } => write!(
                f,
                "{path}: column {column} holds dates like {example:?} and no value says whether the day or the month comes first"
            ),
            Self::NoRows { read, account, .. } => {
                write!(f, "no rows are left of {read} read")?;
                for (reason, rows) in account {
                    write!(f, "\n  {rows} {reason}")?;
                }
                Ok(())
            }
            Self::Unsound { what, places, .. } => {
                write!(f, "{what}")?;
                for place in places {
                    write!(f, "\n  {place}")?;
                }
                Ok(())
            }
            Self::BadWhere { expression, why, .. } => write!(f, "--where {expression:?}: {why}"),
            Self::BadSegmentMap { path, gaps, overlaps } => {
                write!(f, "{path}: the segment map does not partition its cells")?;
                if !gaps.is_empty() {
                    write!(f, "\n  in no segment: {}", gaps.join(", "))?;
                }
                if !overlaps.is_empty() {
                    write!(f, "\n  in several segments: {}", overlaps.join(", "))?;
                }
                Ok(())
            }
            Self::Numeric { what, .. } => write!(f, "{what}"),
            Self::OutputIsInput { path } => {
                write!(f, "{path} is an input of this run: it is not overwritten")
            }
            Self::OneTable { format, .. } => {
                write!(f, "{format} holds one table: name one with --table, or use json or xlsx")
            }
            Self::DoesNotFit { format, what, .. } => write!(f, "{format} cannot hold it: {what}"),
            Self::BrokenPipe => write!(f, "the reader of the output has gone"),
            Self::Internal { doing, why } => write!(f, "internal error while {doing}: {why}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// The operating system's words without Rust's "(os error 2)".
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_lowercase(),
        None => text,
    }
}

/// A word as one types it in a shell: quoted when it holds a blank or anything special.
pub fn quote_for_shell(word: &str) -> String {
    let safe = |c: char| c.is_alphanumeric() || "_-./=,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(safe) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Up to three of `known` that are spelt most like `name`: by Jaro-Winkler similarity, or a slip of one key in a short name.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let name = name.to_lowercase();
    let mut scored: Vec<(f64, &str)> = known
        .into_iter()
        .map(|k| {
            let other = k.to_lowercase();
            let slip = strsim::damerau_levenshtein(&name, &other) <= 1;
            (strsim::jaro_winkler(&name, &other).max(if slip { 0.9 } else { 0.0 }), k)
        })
        .filter(|(score, _)| *score > 0.75)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored.into_iter().take(3).map(|(_, k)| k.to_owned()).collect()
}
