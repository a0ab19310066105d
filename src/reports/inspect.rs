//! `inspect`: what was detected of the input and how it is read. The definitions are in inspect.md, which
//! `siyu explain inspect` prints.

use serde::{Deserialize, Serialize};

use crate::output::mask::Key;
use crate::output::report::{Cells, Column, InputAccount, Kind, Report, Table};
use crate::output::shortened::shown;
use crate::reports::period::moment;

/// The tables in the order in which they are shown, and whether they are long.
pub const TABLES: &[(&str, bool)] =
    &[("columns", false), ("files", false), ("overview", false), ("config", false)];

/// The definitions, for users.
pub const DOC: &str = include_str!("inspect.md");

/// Characters of an example.
const EXAMPLE_CHARS: usize = 20;

/// Options of `inspect`.
#[derive(clap::Args, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "Inspect")]
pub struct InspectParams {
    /// Print nothing but the block for siyu.toml, e.g. `siyu inspect orders.csv --toml > siyu.toml`
    #[arg(long)]
    #[serde(skip)]
    pub toml: bool,
}

/// What was found out.
#[derive(Debug, Clone, Default)]
pub struct Inspection {
    pub files: Vec<FileSeen>,
    /// Of each distinct layout of files: columns with a meaning, then those that nothing uses.
    pub columns: Vec<ColumnSeen>,
    /// `None` where the columns are not settled, so that no row could be read.
    pub rows: Option<RowsSeen>,
    /// Of files that are recognised and hold no orders: how many rows there are.
    pub counted: Vec<InputAccount>,
    /// The block for siyu.toml; empty where the columns are not settled.
    pub config: String,
}

/// A file as it was opened.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FileSeen {
    pub file: String,
    /// `csv` or `parquet`, or what it was taken out of: `xlsx, sheet export`, `zip, orders.csv; csv`.
    pub format: String,
    pub compression: &'static str,
    /// Of text files.
    pub encoding: Option<String>,
    /// `comma`, `tab`, `semicolon`, ... or the character.
    pub delimiter: Option<String>,
    pub columns: usize,
    /// As stored.
    pub bytes: u64,
    /// The id of the preset that it is read with.
    pub preset: Option<String>,
    /// How surely the header is that preset's, 0 to 1.
    pub preset_score: Option<f64>,
    /// What the table was taken out of: `xlsx`, `zip > xlsx`.
    pub container: Option<String>,
    pub sheet: Option<String>,
    /// 1-based line (row of a sheet) of the header; `None` where there are no lines.
    pub header_line: Option<u64>,
}

/// A column of a file, or a canonical column that none was found for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ColumnSeen {
    /// The first file of this layout.
    pub file: String,
    pub canonical: Option<&'static str>,
    pub column: Option<String>,
    /// `given`, `preset`, `name`, `synonym`, `product`, `ambiguous`, `missing`, `unused`.
    pub found: &'static str,
    /// `text`, `date` or `number`.
    pub kind: Option<&'static str>,
    /// What was decided about how values are read, and by what.
    pub read_as: Option<String>,
    /// Share of the first rows that hold a value.
    pub filled: Option<f64>,
    /// The first distinct values, whole.
    pub examples: Vec<String>,
}

/// What a pass over the rows found. Money in 1/10,000 of the unit.
#[derive(Debug, Clone, Default)]
pub struct RowsSeen {
    pub account: InputAccount,
    pub first_at_us: Option<i64>,
    pub last_at_us: Option<i64>,
    pub gross_e4: i128,
    pub refund_e4: i128,
    pub net_e4: i128,
}

/// Answers `inspect`. `mask` hides ids in examples, and with them the values of columns of which nothing is known.
pub fn run(inspection: &Inspection, as_of_us: Option<i64>, mask: Option<&Key>) -> Report {
    let mut tables = vec![columns_table(&inspection.columns, mask), files_table(&inspection.files)];
    if let Some(rows) = &inspection.rows {
        tables.push(overview_table(rows));
    }
    if !inspection.config.is_empty() {
        tables.push(Table {
            name: "config",
            long: false,
            twin_of: None,
            drawn_as: None,
            extract: Default::default(),
            columns: vec![Column::new("line", Kind::Text, Cells::texts(inspection.config.lines()))],
        });
    }
    Report {
        command: "inspect".into(),
        as_of: as_of_us.and_then(moment),
        input: inspection.rows.iter().map(|rows| &rows.account).chain(&inspection.counted).cloned().collect(),
        tables,
        definitions: DOC.into(),
        ..Report::default()
    }
}

fn columns_table(columns: &[ColumnSeen], mask: Option<&Key>) -> Table {
    let text = |pick: &dyn Fn(&ColumnSeen) -> Option<String>| Cells::Text(columns.iter().map(pick).collect());
    Table {
        name: "columns",
        long: false,
        twin_of: None,
        drawn_as: None,
        extract: Default::default(),
        columns: vec![
            Column::new("canonical", Kind::Text, text(&|c| c.canonical.map(str::to_owned))),
            Column::new("column", Kind::Text, text(&|c| c.column.clone())),
            Column::new("found", Kind::Key("found"), text(&|c| Some(c.found.to_owned()))),
            Column::new("kind", Kind::Key("value_kinds"), text(&|c| c.kind.map(str::to_owned))),
            Column::new("read_as", Kind::Text, text(&|c| c.read_as.clone())),
            Column::new("filled", Kind::Ratio, Cells::Float(columns.iter().map(|c| c.filled).collect())),
            Column::new("examples", Kind::Text, text(&|c| examples(c, mask))),
            Column::new("file", Kind::Text, text(&|c| Some(c.file.clone()))),
        ],
    }
}

/// Under a mask ids are hashed, and of columns that have no meaning to us nothing is shown: they may hold names.
fn examples(column: &ColumnSeen, mask: Option<&Key>) -> Option<String> {
    let name = column.column.as_deref().unwrap_or_default();
    let shown: Vec<String> = match (mask, column.canonical) {
        (None, canonical) => {
            let is_customer = canonical == Some("customer_id");
            column.examples.iter().map(|value| clipped(&shown(name, is_customer, value))).collect()
        }
        (Some(key), Some("customer_id" | "order_id")) => {
            column.examples.iter().map(|id| key.mask(id)).collect()
        }
        (Some(_), Some(_)) if matches!(column.kind, Some("date" | "number")) => {
            column.examples.iter().map(|value| clipped(value)).collect()
        }
        (Some(_), _) => Vec::new(),
    };
    (!shown.is_empty()).then(|| shown.join(" | "))
}

/// As much of a value as an example shows.
fn clipped(value: &str) -> String {
    match value.char_indices().nth(EXAMPLE_CHARS) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

fn files_table(files: &[FileSeen]) -> Table {
    let text = |pick: &dyn Fn(&FileSeen) -> Option<String>| Cells::Text(files.iter().map(pick).collect());
    let int = |pick: &dyn Fn(&FileSeen) -> u64| {
        Cells::Int(files.iter().map(|file| i64::try_from(pick(file)).ok()).collect())
    };
    Table {
        name: "files",
        long: false,
        twin_of: None,
        drawn_as: None,
        extract: Default::default(),
        columns: vec![
            Column::new("file", Kind::Text, text(&|f| Some(f.file.clone()))),
            Column::new("format", Kind::Text, text(&|f| Some(f.format.clone()))),
            Column::new("compression", Kind::Text, text(&|f| Some(f.compression.to_owned()))),
            Column::new("encoding", Kind::Text, text(&|f| f.encoding.clone())),
            Column::new("delimiter", Kind::Text, text(&|f| f.delimiter.clone())),
            Column::new("columns", Kind::Count, int(&|f| f.columns as u64)),
            Column::new("bytes", Kind::Count, int(&|f| f.bytes)),
            Column::new("preset", Kind::Text, text(&|f| f.preset.clone())),
            Column::new(
                "preset_score",
                Kind::Ratio,
                Cells::Float(files.iter().map(|f| f.preset_score).collect()),
            ),
            Column::new("container", Kind::Text, text(&|f| f.container.clone())),
            Column::new("sheet", Kind::Text, text(&|f| f.sheet.clone())),
            Column::new(
                "header_line",
                Kind::Count,
                Cells::Int(
                    files.iter().map(|f| f.header_line.and_then(|line| i64::try_from(line).ok())).collect(),
                ),
            ),
        ],
    }
}

/// `not paid (paid_at is empty)` as a key: `left_out_not_paid_paid_at_is_empty`.
fn left_out(reason: &str) -> String {
    let words = reason.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.fold("left_out".to_owned(), |key, word| key + "_" + word)
}

fn overview_table(rows: &RowsSeen) -> Table {
    use super::check::{exact, moment_text};
    let mut measures: Vec<(String, String)> = vec![
        ("rows_read".into(), rows.account.rows_read.to_string()),
        ("rows_used".into(), rows.account.rows_used.to_string()),
    ];
    let dropped = rows.account.dropped.iter();
    measures.extend(dropped.map(|(reason, rows)| (left_out(reason), rows.to_string())));
    for (measure, moment) in [("first_at", rows.first_at_us), ("last_at", rows.last_at_us)] {
        measures.extend(moment.and_then(moment_text).map(|text| (measure.to_owned(), text)));
    }
    measures.extend([
        ("gross_revenue".into(), exact(rows.gross_e4)),
        ("refunds".into(), exact(rows.refund_e4)),
        ("net_revenue".into(), exact(rows.net_e4)),
    ]);
    let (names, values): (Vec<String>, Vec<String>) = measures.into_iter().unzip();
    Table {
        name: "overview",
        long: false,
        twin_of: None,
        drawn_as: None,
        extract: Default::default(),
        columns: vec![
            Column::new("measure", Kind::Key("measures"), Cells::texts(names)),
            Column::new("value", Kind::Text, Cells::texts(values)),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(canonical: Option<&'static str>, kind: &'static str, example: &str) -> ColumnSeen {
        ColumnSeen {
            file: "orders.csv".into(),
            canonical,
            column: Some("x".into()),
            found: "name",
            kind: Some(kind),
            examples: vec![example.into()],
            ..ColumnSeen::default()
        }
    }

    fn examples_shown(report: &Report) -> Vec<Option<String>> {
        match &report.tables[0].column("examples").unwrap().cells {
            Cells::Text(values) => values.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn under_a_mask_no_id_and_no_unknown_value_is_shown() {
        let inspection = Inspection {
            columns: vec![
                column(Some("customer_id"), "text", "13800001234"),
                column(Some("ordered_at"), "date", "2025-01-01"),
                column(Some("channel"), "text", "shop"),
                column(None, "text", "张三"),
            ],
            ..Inspection::default()
        };
        let open = examples_shown(&run(&inspection, None, None));
        assert_eq!(open[0].as_deref(), Some("138******34"), "enough to know it by");
        assert_eq!(open[3].as_deref(), Some("张三"));

        let key = Key::from_bytes(b"0123456789abcdef").unwrap();
        let masked = examples_shown(&run(&inspection, None, Some(&key)));
        assert_eq!(masked[0], Some(key.mask("13800001234")));
        assert_eq!(masked[1].as_deref(), Some("2025-01-01"));
        assert_eq!(masked[2..], [None, None]);
    }

    #[test]
    fn reasons_become_keys_that_have_labels() {
        assert_eq!(left_out("not paid (paid_at is empty)"), "left_out_not_paid_paid_at_is_empty");
        for verdict in &crate::input::Verdict::ALL[1..] {
            for lang in [crate::text::Lang::En, crate::text::Lang::Zh] {
                let key = left_out(verdict.reason());
                assert!(crate::text::Catalogue::get(lang).label("measures", &key).is_some(), "{key}");
            }
        }
    }

    #[test]
    fn without_rows_there_is_neither_overview_nor_config() {
        let report = run(&Inspection::default(), None, None);
        let names: Vec<&str> = report.tables.iter().map(|table| table.name).collect();
        assert_eq!(names, ["columns", "files"]);
    }
}
