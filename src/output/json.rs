//! json: one object, contract of docs (schema version 1); ndjson: one table, one object per line.
//!
//! Streamed: rows are written one by one, each on a line of its own, so that a big table stays compact and two results
//! can be compared by `diff`. Money is written from its exact digits. Texts are English whatever `--lang` says.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::report::{Alert, Cells, InputAccount, Reconciliation, Report, Table};
use super::sink::Failure;
use super::{exact, numbers};
use crate::text::{Catalogue, Lang};

const SCHEMA_VERSION: u32 = 1;

pub fn write(report: &Report, tables: &[&Table], out: &mut dyn Write) -> Result<(), Failure> {
    let words = Catalogue::get(Lang::En);
    let as_of = report.as_of.map(exact::iso);
    write!(out, "{{\n  \"schema_version\": {SCHEMA_VERSION},\n  \"command\": ")?;
    out.write_all(&compact(&json!(report.command)))?;
    out.write_all(b",\n  \"as_of\": ")?;
    out.write_all(&compact(&json!(as_of)))?;
    out.write_all(b",\n  \"params\": ")?;
    let params = report.params.iter().map(|(key, value)| {
        let mut line = compact(&json!(key));
        line.extend_from_slice(b": ");
        line.extend(compact(value));
        line
    });
    block(out, b"{}", "  ", params)?;
    out.write_all(b",\n  \"input\": ")?;
    block(out, b"[]", "  ", report.input.iter().map(account))?;
    out.write_all(b",\n  \"tables\": {")?;
    for (i, table) in tables.iter().enumerate() {
        out.write_all(if i == 0 { b"\n    " } else { b",\n    " })?;
        out.write_all(&compact(&json!(table.name)))?;
        out.write_all(b": ")?;
        let mut row_of = Rows::of(table);
        rows(out, table.height(), &mut row_of)?;
    }
    out.write_all(if tables.is_empty() { b"}" } else { b"\n  }" })?;
    out.write_all(b",\n  \"alerts\": ")?;
    block(out, b"[]", "  ", report.alerts.iter().map(alert))?;
    out.write_all(b",\n  \"notes\": ")?;
    let notes = report.notes.iter().map(|note| compact(&json!(words.note(note))));
    block(out, b"[]", "  ", notes)?;
    out.write_all(b"\n}\n")?;
    Ok(())
}

pub fn write_lines(table: &Table, out: &mut dyn Write) -> Result<(), Failure> {
    let mut row_of = Rows::of(table);
    for row in 0..table.height() {
        out.write_all(row_of.object(row))?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn rows(out: &mut dyn Write, height: usize, row_of: &mut Rows<'_>) -> io::Result<()> {
    out.write_all(b"[")?;
    for row in 0..height {
        out.write_all(if row == 0 { b"\n      " } else { b",\n      " })?;
        out.write_all(row_of.object(row))?;
    }
    out.write_all(if height == 0 { b"]" } else { b"\n    ]" })
}

/// Items between `ends`, one per line, indented by `indent` and two blanks more.
fn block(
    out: &mut dyn Write,
    ends: &[u8; 2],
    indent: &str,
    items: impl Iterator<Item = Vec<u8>>,
) -> io::Result<()> {
    out.write_all(&ends[..1])?;
    let mut any = false;
    for item in items {
        write!(out, "{}\n{indent}  ", if any { "," } else { "" })?;
        out.write_all(&item)?;
        any = true;
    }
    if any {
        write!(out, "\n{indent}")?;
    }
    out.write_all(&ends[1..])
}

/// Writes rows of a table as objects, into one buffer that is used again.
struct Rows<'a> {
    /// `"name": ` and the cells.
    columns: Vec<(Vec<u8>, &'a Cells)>,
    buffer: Vec<u8>,
}

impl<'a> Rows<'a> {
    fn of(table: &'a Table) -> Self {
        let column = |c: &'a super::report::Column| {
            let mut key = compact(&json!(c.name));
            key.extend_from_slice(b": ");
            (key, &c.cells)
        };
        Self { columns: table.columns.iter().map(column).collect(), buffer: Vec::new() }
    }

    fn object(&mut self, row: usize) -> &[u8] {
        let buffer = &mut self.buffer;
        buffer.clear();
        buffer.push(b'{');
        for (i, (key, cells)) in self.columns.iter().enumerate() {
            if i > 0 {
                buffer.extend_from_slice(b", ");
            }
            buffer.extend_from_slice(key);
            push_value(cells, row, buffer);
        }
        buffer.push(b'}');
        buffer
    }
}

fn push_value(cells: &Cells, row: usize, buffer: &mut Vec<u8>) {
    let there = match cells {
        Cells::Text(v) => match &v[row] {
            Some(text) => serde_json::to_writer(&mut *buffer, text).is_ok(),
            None => false,
        },
        Cells::Date(_) | Cells::DateTime(_) => {
            let start = buffer.len();
            buffer.push(b'"');
            let there = exact::push(cells, row, buffer);
            if there {
                buffer.push(b'"');
            } else {
                buffer.truncate(start);
            }
            there
        }
        _ => exact::push(cells, row, buffer),
    };
    if !there {
        buffer.extend_from_slice(b"null");
    }
}

fn account(account: &InputAccount) -> Vec<u8> {
    let mut line = b"{\"frame\": ".to_vec();
    line.extend(compact(&json!(account.frame)));
    line.extend_from_slice(b", \"files\": ");
    line.extend(compact(&json!(account.files)));
    line.extend_from_slice(b", \"preset\": ");
    line.extend(compact(&json!(account.preset)));
    line.extend(
        format!(
            ", \"rows_read\": {}, \"rows_used\": {}, \"dropped\": [",
            account.rows_read, account.rows_used
        )
        .bytes(),
    );
    for (i, (reason, rows)) in account.dropped.iter().enumerate() {
        if i > 0 {
            line.extend_from_slice(b", ");
        }
        line.extend_from_slice(b"{\"reason\": ");
        line.extend(compact(&json!(reason)));
        line.extend(format!(", \"rows\": {rows}}}").bytes());
    }
    line.push(b']');
    if let Some(reconciliation) = &account.reconciliation {
        line.extend_from_slice(b", \"reconciliation\": ");
        push_reconciliation(reconciliation, &mut line);
    }
    line.push(b'}');
    line
}

fn push_reconciliation(reconciliation: &Reconciliation, line: &mut Vec<u8>) {
    line.extend_from_slice(b"{\"orders\": ");
    line.extend(compact(&json!(reconciliation.orders)));
    for (key, e4) in [
        ("paid_gross", reconciliation.gross_e4),
        ("refunds", reconciliation.refund_e4),
        ("net", reconciliation.net_e4),
    ] {
        line.extend(format!(", \"{key}\": {}", numbers::exact_sum(e4)).bytes());
    }
    line.extend_from_slice(b", \"identity\": ");
    match &reconciliation.identity {
        None => line.extend_from_slice(b"null"),
        Some(identity) => {
            line.extend_from_slice(b"{\"equation\": ");
            line.extend(compact(&json!(identity.equation)));
            line.extend(
                format!(", \"rows\": {}, \"held\": {}, \"share\": ", identity.rows, identity.held).bytes(),
            );
            line.extend(compact(&json!(identity.share())));
            line.push(b'}');
        }
    }
    line.extend_from_slice(b", \"unknown_statuses\": ");
    line.push(b'[');
    for (i, (status, rows)) in reconciliation.unknown_statuses.iter().enumerate() {
        line.extend_from_slice(if i == 0 { b"{\"status\": " } else { b", {\"status\": " });
        line.extend(compact(&json!(status)));
        line.extend(format!(", \"rows\": {rows}}}").bytes());
    }
    line.push(b']');
    line.push(b'}');
}

fn alert(alert: &Alert) -> Vec<u8> {
    let mut line = b"{\"id\": ".to_vec();
    line.extend(compact(&json!(alert.id)));
    line.extend_from_slice(b", \"severity\": ");
    line.extend(compact(&json!(alert.severity.key())));
    line.extend_from_slice(b", \"message\": ");
    line.extend(compact(&json!(alert.message)));
    for (key, value) in [("value", alert.value), ("threshold", alert.threshold)] {
        line.extend(format!(", \"{key}\": ").bytes());
        line.extend(compact(&json!(value.filter(|v| v.is_finite()))));
    }
    line.push(b'}');
    line
}

/// A value on one line, with a blank after each `:` and `,` as in the rows.
fn compact(value: &Value) -> Vec<u8> {
    let mut line = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut line, OneLine);
    // Writing a `Value` into memory cannot fail; were it to, an empty text would not pass as json.
    let _ = serde::Serialize::serialize(value, &mut serializer);
    line
}

struct OneLine;

impl serde_json::ser::Formatter for OneLine {
    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }
}
