//! What a report is: tables, alerts, notes and the account of its input. The one thing that reports make and formats show.

use chrono::NaiveDateTime;
use serde_json::{Map, Value};

use crate::text::{Catalogue, Lang};

/// The result of one command, whatever the format it is shown in.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub command: String,
    /// End of the observed time. `None` only where a report has no time.
    pub as_of: Option<NaiveDateTime>,
    /// The parameters that produced it, defaults included.
    pub params: Map<String, Value>,
    pub input: Vec<InputAccount>,
    pub tables: Vec<Table>,
    pub alerts: Vec<Alert>,
    pub notes: Vec<Note>,
    /// The report's NAME.md: what `siyu explain NAME` prints and the workbook's last sheet carries. Empty where there is none.
    pub definitions: String,
    /// Labels that the user's own files brought along (a segment map): they go before ours.
    pub labels: Vec<Label>,
}

/// A label of the user's for a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The section of text/*.toml that it belongs to: `segments` or `actions`.
    pub section: &'static str,
    pub key: String,
    pub en: String,
    pub zh: String,
}

/// What was read for one frame, and what became of every row: `rows_read` = `rows_used` + the sum of `dropped`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InputAccount {
    /// `orders`, `events`, `spend` or `members`.
    pub frame: String,
    pub files: Vec<String>,
    pub preset: String,
    pub rows_read: u64,
    pub rows_used: u64,
    /// Reasons in the order in which they are tested; a row is counted under the first that holds. No zero entries.
    pub dropped: Vec<(String, u64)>,
    /// Of orders: what the rows in use come to.
    pub reconciliation: Option<Reconciliation>,
}

/// What the rows in use come to, to be held against the platform's own figures. Money in 1/10,000 of the unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciliation {
    /// Distinct orders; known where a preset says what an order is.
    pub orders: Option<u64>,
    /// gross = net + refund.
    pub gross_e4: i128,
    pub refund_e4: i128,
    pub net_e4: i128,
    /// Of the preset's equation.
    pub identity: Option<IdentityCheck>,
    /// Statuses that the preset does not know and their rows, most rows first.
    pub unknown_statuses: Vec<(String, u64)>,
}

/// On how many paid rows in use a preset's equation holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityCheck {
    pub equation: String,
    pub rows: u64,
    pub held: u64,
}

impl IdentityCheck {
    /// 0 to 1; `None` without rows.
    pub fn share(&self) -> Option<f64> {
        (self.rows > 0).then(|| self.held as f64 / self.rows as f64)
    }
}

/// Something that the reader was to be told when a line was crossed.
#[derive(Debug, Clone)]
pub struct Alert {
    pub id: String,
    pub severity: Severity,
    /// In English, whatever the language of labels: programs read it.
    pub message: String,
    pub value: Option<f64>,
    pub threshold: Option<f64>,
    /// The same for people, in their language; `None`: the message is all there is.
    pub note: Option<Note>,
}

impl Alert {
    /// An alert that says what the note says.
    pub fn new(id: &str, severity: Severity, note: Note) -> Self {
        let message = Catalogue::get(Lang::En).note(&note);
        Self { id: id.to_owned(), severity, message, value: None, threshold: None, note: Some(note) }
    }

    /// The same with the value that crossed a line, and the line.
    pub fn of(self, value: f64, threshold: Option<f64>) -> Self {
        Self { value: Some(value), threshold, ..self }
    }

    /// The message in the language of `words`.
    pub fn text(&self, words: &Catalogue) -> String {
        self.note.as_ref().map_or_else(|| self.message.clone(), |note| words.note(note))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Info,
    Warning,
    Error,
}

impl Severity {
    pub fn key(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A sentence for the reader. `key` names it in text/*.toml under `[notes]`, where `{name}` stands for an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub key: &'static str,
    pub args: Vec<(&'static str, String)>,
}

impl Note {
    pub fn new(key: &'static str) -> Self {
        Self { key, args: Vec::new() }
    }

    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.args.push((name, value.to_string()));
        self
    }
}

/// A table with a name, typed columns of one length, and a total order of its rows.
#[derive(Debug, Clone)]
pub struct Table {
    /// snake_case; the same in every language.
    pub name: &'static str,
    /// A row per customer (or the like): shown only when named by `--table`, or asked for by `all`.
    pub long: bool,
    /// This table says for programs, at length, what the table of that name shows to the eye: where that one is shown on a
    /// terminal, this one comes only when named.
    pub twin_of: Option<&'static str>,
    /// On a terminal it is drawn, where it can be.
    pub drawn_as: Option<Drawing>,
    /// On a terminal, unless it is named, this is what stands for the whole.
    pub extract: Extract,
    pub columns: Vec<Column>,
}

/// What of a table is shown to the eye that did not ask for it by name; a line below it says how much is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extract {
    /// Columns that go where not all have room side by side: one group after the other until they have.
    pub without: Vec<Vec<String>>,
    /// Whether each row is shown; empty: all are.
    pub rows: Vec<bool>,
}

/// How a table may be drawn on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawing {
    /// Steps one below the other, with bars. The columns are known by their keys: `step` and those before it (the values by
    /// which the table is broken down; `part` = all: the rows of all values together), `name`, `users`, `from_first`, `from_previous`; and where there are any
    /// `dropped`, `open`, `from_previous_closed`, `median_seconds`, `p90_seconds`, each about the way from the step before.
    Steps,
}

impl Table {
    pub fn new(name: &'static str, long: bool, columns: Vec<Column>) -> Self {
        Self { name, long, twin_of: None, drawn_as: None, extract: Extract::default(), columns }
    }

    /// The same; on a terminal without room for all of it these columns go first, group after group.
    pub fn without(mut self, groups: &[&[&str]]) -> Self {
        let group = |names: &&[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        self.extract.without = groups.iter().map(group).collect();
        self
    }

    /// The same; on a terminal only the rows are shown of which `is_shown` is true.
    pub fn showing(mut self, is_shown: impl Fn(usize) -> bool) -> Self {
        let rows: Vec<bool> = (0..self.height()).map(is_shown).collect();
        self.extract.rows = if rows.contains(&false) { rows } else { Vec::new() };
        self
    }

    /// The number of rows.
    pub fn height(&self) -> usize {
        self.columns.first().map_or(0, |c| c.cells.len())
    }

    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|c| c.name == name)
    }

    /// Keeps the rows of which `keep` is true.
    pub fn retain(&mut self, keep: &[bool]) {
        fn only<T>(values: &mut Vec<T>, keep: &[bool]) {
            let mut keep = keep.iter();
            values.retain(|_| keep.next().is_none_or(|keep| *keep));
        }
        for column in &mut self.columns {
            only(&mut column.provisional, keep);
            only(&mut column.kinds, keep);
            match &mut column.cells {
                Cells::Text(values) => only(values, keep),
                Cells::Int(values) | Cells::Money(values) | Cells::DateTime(values) => only(values, keep),
                Cells::Float(values) => only(values, keep),
                Cells::Date(values) => only(values, keep),
                Cells::Bool(values) => only(values, keep),
            }
        }
    }
}

/// A column: its key, what its values mean (hence how they are shown), the values.
#[derive(Debug, Clone)]
pub struct Column {
    /// snake_case key; `[columns]` in text/*.toml has its label.
    pub name: String,
    pub kind: Kind,
    pub cells: Cells,
    /// The values are shaded from least to largest, on one scale with all shaded columns of the table.
    pub shaded: bool,
    /// What the value of each row is, where rows differ (a column of totals); empty where all are of `kind`.
    pub kinds: Vec<Kind>,
    /// Rows whose value is provisional (its period is still running), hence marked; empty where none is.
    pub provisional: Vec<bool>,
}

impl Column {
    pub fn new(name: impl Into<String>, kind: Kind, cells: Cells) -> Self {
        Self { name: name.into(), kind, cells, shaded: false, kinds: Vec::new(), provisional: Vec::new() }
    }

    /// The same, with a kind for each row.
    pub fn of_kinds(self, kinds: Vec<Kind>) -> Self {
        Self { kinds, ..self }
    }

    /// What the value in `row` is.
    pub fn kind_of(&self, row: usize) -> Kind {
        self.kinds.get(row).copied().unwrap_or(self.kind)
    }

    /// The same, shaded; `provisional`: as the field.
    pub fn shaded(self, provisional: Vec<bool>) -> Self {
        Self { shaded: true, provisional, ..self }
    }
}

/// What the values of a column are, hence how table, markdown and xlsx show them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An identifier (customer_id): text, left, masked under `--mask`.
    Id,
    /// A key of ours with a label per language: the namespace is the section of text/*.toml (`segments`, `actions`, ...).
    /// csv, json and parquet carry the key; table, markdown and xlsx the label (or the key itself where it has none).
    Key(&'static str),
    /// Text of the user's.
    Text,
    /// A count or another whole number.
    Count,
    /// Whole days.
    Days,
    /// A length of time in seconds, shown by its two largest units: `2 h 10 min`.
    Seconds,
    /// Days until something has happened to enough people: absent is "not reached" and says so to people (null, or an empty
    /// cell, in csv, json and parquet).
    Reached,
    /// A probability that may be tiny, of a test: four decimals, or `<0.0001`.
    Probability,
    /// A small whole number that is a score or a rank.
    Score,
    /// Money: `Cells::Money` (exact) or `Cells::Float` (means, in currency units). Shown with two decimals.
    Money,
    /// A ratio, 0 to 1, shown as a percentage. A bar may stand beside it where there is room.
    Ratio,
    /// Any other number, shown with this many decimals.
    Number(u8),
    Date,
    DateTime,
    Bool,
}

/// The values of a column. `None` is "not available": null in json, an empty cell elsewhere, never 0 or NaN.
#[derive(Debug, Clone, PartialEq)]
pub enum Cells {
    Text(Vec<Option<String>>),
    Int(Vec<Option<i64>>),
    /// 1/10,000 of the currency unit.
    Money(Vec<Option<i64>>),
    /// Finite; NaN and infinities are `None`.
    Float(Vec<Option<f64>>),
    /// Days since 1970-01-01.
    Date(Vec<Option<i32>>),
    /// Microseconds since 1970-01-01T00:00:00, local time.
    DateTime(Vec<Option<i64>>),
    Bool(Vec<Option<bool>>),
}

impl Cells {
    pub fn len(&self) -> usize {
        match self {
            Self::Text(v) => v.len(),
            Self::Int(v) | Self::Money(v) | Self::DateTime(v) => v.len(),
            Self::Float(v) => v.len(),
            Self::Date(v) => v.len(),
            Self::Bool(v) => v.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whole numbers without gaps.
    pub fn ints<T: Into<i64>>(values: impl IntoIterator<Item = T>) -> Self {
        Self::Int(values.into_iter().map(|v| Some(v.into())).collect())
    }

    /// Text without gaps.
    pub fn texts<T: Into<String>>(values: impl IntoIterator<Item = T>) -> Self {
        Self::Text(values.into_iter().map(|v| Some(v.into())).collect())
    }
}

/// Which tables a run is to compute and show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableChoice {
    /// All but the long ones.
    Standard,
    /// Only the report's first table (formats that hold one).
    First,
    /// These, in this order.
    Named(Vec<String>),
    All,
}

impl TableChoice {
    /// Whether a report with these tables (name, and whether it is long) must compute the one called `name`.
    pub fn wants_of(&self, tables: &[(&str, bool)], name: &str) -> bool {
        let at = tables.iter().position(|table| table.0 == name);
        at.is_some_and(|at| self.wants(name, tables[at].1, at == 0))
    }

    /// Whether a report must compute its table `name`. A report calls it before it builds a costly table.
    pub fn wants(&self, name: &str, long: bool, first: bool) -> bool {
        match self {
            Self::All => true,
            Self::Standard => !long,
            Self::First => first,
            Self::Named(names) => names.iter().any(|n| n == name),
        }
    }
}
