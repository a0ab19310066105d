//! The bytes of an export: text in every encoding, workbooks, HTML, JSON, archives.

use std::io::Write;

use encoding_rs::{GB18030, WINDOWS_1252};
use rust_xlsxwriter::{Format, Workbook};
use serde_json::{Map, Value as Json};
use siyu::input::presets::Preset;

use super::draw::Draw;
use super::value::{Value, decimal, written_moment, written_number};

/// How a file is written.
#[derive(Debug, Clone)]
pub struct Variant {
    /// Of its name.
    pub suffix: &'static str,
    pub container: Container,
    pub pattern: String,
    /// Another order of the columns, full-width brackets, blanks behind names.
    pub rearranged: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    Text {
        encoding: &'static str,
        delimiter: char,
    },
    /// A csv in an archive.
    ZippedText {
        encoding: &'static str,
    },
    Xlsx {
        native: bool,
    },
    Html,
    Ndjson,
    JsonArray,
    /// An archive of gzip files, one event a line.
    ZippedJson,
    Parquet,
}

impl Container {
    /// Cells have tabs, signs and separators.
    fn is_text(self) -> bool {
        matches!(self, Self::Text { .. } | Self::ZippedText { .. })
    }

    fn is_json(self) -> bool {
        matches!(self, Self::Ndjson | Self::JsonArray | Self::ZippedJson)
    }
}

/// A table as it will be written.
pub struct Sheet<'a> {
    pub preset: &'a Preset,
    pub variant: &'a Variant,
    pub header: Vec<String>,
    pub rows: Vec<Vec<Value>>,
}

impl Sheet<'_> {
    /// The columns in another order, their names as another release wrote them.
    pub fn rearrange(&mut self, draw: &mut Draw) {
        let mut order: Vec<usize> = (0..self.header.len()).collect();
        // A text in the first column that begins as comments do would be one.
        let fixed = usize::from(self.preset.file.comment.is_some());
        draw.shuffle(&mut order[fixed..]);
        let moved = order.iter().map(|at| self.header[*at].clone());
        self.header = moved
            .map(|name| match draw.below(4) {
                0 => name.replace('(', "（").replace(')', "）"),
                1 if !name.is_empty() => format!("{name} "),
                2 => name.replace('账', "帐"),
                _ => name,
            })
            .collect();
        for row in &mut self.rows {
            *row = order.iter().map(|at| row[*at].clone()).collect();
        }
    }

    pub fn bytes(&self, draw: &mut Draw) -> Vec<u8> {
        match self.variant.container {
            Container::Text { encoding, delimiter } => encode(&self.text(delimiter, draw), encoding),
            Container::ZippedText { encoding } => {
                let text = encode(&self.text(',', draw), encoding);
                let note = encode("说明：见明细。\n", encoding);
                archive(&[("账单明细(业务明细).csv", &text), ("说明.txt", &note)])
            }
            Container::Xlsx { native } => self.xlsx(native, draw),
            Container::Html => encode(&self.html(draw), "gb18030"),
            Container::Ndjson => self.json_lines().into_bytes(),
            Container::JsonArray => {
                let lines = self.json_lines();
                format!("[\n{}\n]\n", lines.trim_end().replace('\n', ",\n")).into_bytes()
            }
            Container::ZippedJson => {
                let gzip = crate::support::gzip(self.json_lines().as_bytes());
                archive(&[("100011/100011_2026-06-08_1#1.json.gz", &gzip)])
            }
            Container::Parquet => self.parquet(),
        }
    }

    /// A cell as text.
    fn cell(&self, value: &Value, draw: &mut Draw) -> String {
        let file = &self.preset.file;
        let is_text = self.variant.container.is_text();
        let inner = match value {
            Value::Missing => match &file.empty {
                Some(empty) if draw.chance(2) => return empty.clone(),
                _ => String::new(),
            },
            Value::Text(text) => text.clone(),
            Value::Number(e4) if !self.variant.container.is_json() => {
                written_number(*e4, self.preset.time_zone.as_deref() == Some("Asia/Shanghai"), draw)
            }
            Value::Number(e4) => decimal(*e4, 0),
            Value::Moment(us) => self.moment(*us),
        };
        let around = |part: &Option<String>| part.clone().filter(|_| is_text).unwrap_or_default();
        format!("{}{inner}{}", around(&file.cell_prefix), around(&file.cell_suffix))
    }

    fn moment(&self, us: i64) -> String {
        match self.variant.pattern.as_str() {
            "micros" => us.to_string(),
            "millis" => (us / 1_000).to_string(),
            "seconds" => (us / 1_000_000).to_string(),
            pattern => written_moment(us, pattern),
        }
    }

    /// Lines behind the table.
    fn footer(&self) -> Vec<Vec<String>> {
        let mut lines = Vec::new();
        for word in &self.preset.file.footer {
            let mut line = vec![String::new(); self.header.len()];
            line[0] = format!("{word}{}", if word.starts_with("Total") { " Account" } else { "" });
            line[1..].iter_mut().for_each(|cell| *cell = "1,234.50".into());
            lines.push(line);
        }
        lines
    }

    fn text(&self, delimiter: char, draw: &mut Draw) -> String {
        let file = &self.preset.file;
        let mut out = String::new();
        for line in &file.preamble {
            out.push_str(line);
            out.push_str("\r\n");
        }
        let is_tsv = delimiter == '\t';
        let quoted = |cell: &str| {
            let must = cell.contains([delimiter, '"', '\n', '\r']);
            if must && !is_tsv { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
        };
        let mut write = |cells: &[String]| {
            let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
            out.push_str(&cells.join(&delimiter.to_string()));
            out.push_str(if is_tsv { "\n" } else { "\r\n" });
        };
        write(&self.header);
        let ids = self.excel_ids();
        for row in &self.rows {
            let mut cells: Vec<String> = row.iter().map(|value| self.cell(value, draw)).collect();
            for at in &ids {
                cells[*at] = format!("=\"{}\"", cells[*at]);
            }
            write(&cells);
        }
        for line in self.footer() {
            write(&line);
        }
        if let Some(comment) = &file.comment {
            out.push_str(&format!("{comment}{}\r\n{comment}交易合计：3笔\r\n", "-".repeat(40)));
        }
        out
    }

    /// Columns whose cells are written as `="1234"`.
    fn excel_ids(&self) -> Vec<usize> {
        if !self.preset.quirks.iter().any(|quirk| quirk.contains("=\"1234\"")) {
            return Vec::new();
        }
        self.header.iter().position(|name| name.trim() == "订单编号").into_iter().collect()
    }

    fn xlsx(&self, native: bool, draw: &mut Draw) -> Vec<u8> {
        let mut book = Workbook::new();
        let file = &self.preset.file;
        let times = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
        if file.sheet.is_some() {
            let other = book.add_worksheet();
            other.write_string(0, 0, "说明").expect("a cell");
        }
        let sheet = book.add_worksheet();
        if let Some(name) = &file.sheet {
            sheet.set_name(name).expect("a name");
        }
        let mut at = 0;
        for line in &file.preamble {
            sheet.write_string(at, 0, line).expect("a cell");
            at += 1;
        }
        for (column, name) in self.header.iter().enumerate() {
            sheet.write_string(at, column as u16, name).expect("a cell");
        }
        for row in &self.rows {
            at += 1;
            for (column, value) in row.iter().enumerate() {
                let column = column as u16;
                match value {
                    Value::Number(e4) if native => {
                        sheet.write_number(at, column, *e4 as f64 / 10_000.0).expect("a cell");
                    }
                    Value::Moment(us) if native => {
                        let days = *us as f64 / 86_400e6 + 25_569.0;
                        sheet.write_number_with_format(at, column, days, &times).expect("a cell");
                    }
                    value => {
                        let text = self.cell(value, draw);
                        if !text.is_empty() {
                            sheet.write_string(at, column, &text).expect("a cell");
                        }
                    }
                }
            }
        }
        for line in self.footer() {
            at += 1;
            for (column, cell) in line.iter().enumerate() {
                sheet.write_string(at, column as u16, cell).expect("a cell");
            }
        }
        book.save_to_buffer().expect("a workbook")
    }

    /// A table saved as .xls, as Chinese back offices write it.
    fn html(&self, draw: &mut Draw) -> String {
        let escaped = |cell: &str| {
            let cell = cell.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            cell.replace('"', "&quot;").replace('\n', "<br/>")
        };
        let mut out = String::from(
            "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=gb2312\"></head>\n\
             <body><table border=\"1\">\n",
        );
        let mut write = |cells: &[String], tag: &str| {
            let cells: Vec<String> =
                cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", escaped(cell))).collect();
            out.push_str(&format!("<tr>{}</tr>\n", cells.concat()));
        };
        for line in &self.preset.file.preamble {
            write(std::slice::from_ref(line), "td");
        }
        write(&self.header, "th");
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(|value| self.cell(value, draw)).collect();
            write(&cells, "td");
        }
        for line in self.footer() {
            write(&line, "td");
        }
        out.push_str("</table></body></html>\n");
        out
    }

    fn json_lines(&self) -> String {
        let mut out = String::new();
        for row in &self.rows {
            let mut record = Map::new();
            for (name, value) in self.header.iter().zip(row) {
                // Here an object of what stands beside it.
                if name == "properties" {
                    continue;
                }
                let value = match value {
                    Value::Missing => Json::Null,
                    Value::Text(text) => Json::String(text.clone()),
                    Value::Number(e4) => serde_json::from_str(&decimal(*e4, 0)).expect("a number"),
                    Value::Moment(us) => match self.moment(*us) {
                        digits if digits.bytes().all(|b| b.is_ascii_digit()) => {
                            serde_json::from_str(&digits).expect("a number")
                        }
                        text => Json::String(text),
                    },
                };
                insert(&mut record, name, value);
            }
            out.push_str(&Json::Object(record).to_string());
            out.push('\n');
        }
        out
    }

    fn parquet(&self) -> Vec<u8> {
        use polars::prelude::*;
        let mut columns = Vec::new();
        for (at, name) in self.header.iter().enumerate() {
            let cells = || self.rows.iter().map(|row| &row[at]);
            let is_time = cells().any(|value| matches!(value, Value::Moment(_)));
            columns.push(if is_time {
                let moments =
                    cells().map(|value| if let Value::Moment(us) = value { Some(*us) } else { None });
                let moments = Int64Chunked::from_iter_options(name.as_str().into(), moments);
                moments.into_datetime(TimeUnit::Microseconds, None).into_column()
            } else {
                let texts = cells().map(|value| match value {
                    Value::Text(text) => Some(text.clone()),
                    Value::Number(e4) => Some(decimal(*e4, 0)),
                    _ => None,
                });
                StringChunked::from_iter_options(name.as_str().into(), texts).into_column()
            });
        }
        let mut frame = DataFrame::new(self.rows.len(), columns).expect("columns of one length");
        let mut bytes = Vec::new();
        ParquetWriter::new(&mut bytes).finish(&mut frame).expect("a file");
        bytes
    }
}

/// `a.b` is a member of a member; GA4's parameters are lists.
fn insert(record: &mut Map<String, Json>, name: &str, value: Json) {
    let Some((outer, inner)) = name.split_once('.') else {
        record.insert(name.to_owned(), value);
        return;
    };
    if outer == "event_params" {
        let list = record.entry(outer).or_insert_with(|| Json::Array(Vec::new()));
        let kind = if value.is_number() { "double_value" } else { "string_value" };
        if let Json::Array(list) = list
            && !value.is_null()
        {
            list.push(serde_json::json!({"key": inner, "value": {kind: value}}));
        }
        return;
    }
    let object = record.entry(outer).or_insert_with(|| Json::Object(Map::new()));
    if let Json::Object(object) = object {
        insert(object, inner, value);
    }
}

pub fn encode(text: &str, encoding: &str) -> Vec<u8> {
    match encoding {
        "utf-8" => text.as_bytes().to_vec(),
        "utf-8-bom" => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        "gb18030" => GB18030.encode(text).0.into_owned(),
        "windows-1252" => WINDOWS_1252.encode(text).0.into_owned(),
        "utf-16le" => {
            let units = std::iter::once(0xfeff).chain(text.encode_utf16());
            units.flat_map(u16::to_le_bytes).collect()
        }
        other => panic!("{other}: say how it is written"),
    }
}

/// A zip archive whose names are in GBK, as Chinese back offices write them. Stored, not packed.
fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in members {
        let name = GB18030.encode(name).0;
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        let size = (bytes.len() as u32).to_le_bytes();
        let begin = (out.len() as u32).to_le_bytes();
        let mut common = vec![10, 0, 0, 0, 0, 0, 0, 0, 0x21, 0x5c];
        common.extend(crc.sum().to_le_bytes());
        common.extend(size);
        common.extend(size);
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(&*name);
        out.write_all(bytes).expect("memory takes it");
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(begin);
        directory.extend(&*name);
    }
    let (begin, length) = (out.len() as u32, directory.len() as u32);
    out.extend(directory);
    let count = (members.len() as u16).to_le_bytes();
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count);
    out.extend(count);
    out.extend(length.to_le_bytes());
    out.extend(begin.to_le_bytes());
    out.extend([0, 0]);
    out
}
