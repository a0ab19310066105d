use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::chunks::count_lines;
use super::records::{self, Event};
use crate::error::{Error, Result};
use crate::input::raw::testing::{Content, Folder, complaint, options, read, read_by, row};
use crate::input::raw::{self, RawBatch, ScanError};

fn content(text: impl AsRef<[u8]>) -> Content {
    let folder = Folder::new();
    read(&options(&[&folder.put("a.csv", text)])).unwrap()
}

fn refused(text: impl AsRef<[u8]>) -> String {
    let folder = Folder::new();
    complaint(&options(&[&folder.put("a.csv", text)]))
}

#[test]
fn lines_are_counted_from_the_header_and_blank_lines_count() {
    let found = content("\n\nid,name\r\n1,a\r\n\r\n2,\"b\r\nb\"\r\n3,c");
    assert_eq!(found.header, ["id", "name"]);
    assert_eq!(found.rows, [row(4, &["1", "a"]), row(6, &["2", "b\r\nb"]), row(8, &["3", "c"])]);
    assert_eq!(content("id,n\r1,a\r2,b\r").rows, [row(2, &["1", "a"]), row(3, &["2", "b"])]);
}

#[test]
fn quotes_follow_the_csv_crate() {
    let found = content("a,b,c\n\"x, \"\"y\"\"\",5\" pipe,\"\"\n\"q\"z,\"\"\"\",\" \"\n");
    assert_eq!(found.rows, [row(2, &["x, \"y\"", "5\" pipe", ""]), row(3, &["qz", "\"", " "])]);
}

#[test]
fn ragged_rows_are_reported() {
    let found = content("a,b,c\n1,2,3\n1,2\n1,2,3,4\n1,2,3,\n");
    assert_eq!(found.short, [(3, 2)]);
    assert_eq!(found.overlong, [(4, 4), (5, 4)]);
    assert_eq!(found.rows[1], row(3, &["1", "2", ""]));
}

#[test]
fn names_are_unique_and_never_empty() {
    assert_eq!(
        content("id,,id,id_2, x ,\n1,2,3,4,5,\n").header,
        ["id", "column_2", "id_3", "id_2", "x", "column_6"]
    );
    assert_eq!(content("a,b\n1,2,\n3,4,\n").header, ["a", "b", "column_3"], "a delimiter more in every row");
    assert!(content("a,b\n1,2,\n3,4,\n").overlong.is_empty());
}

#[test]
fn delimiters_are_found() {
    for (text, header) in [
        ("a;b;c\n1,5;2,5;3\n2,5;1,5;4\n", &["a", "b", "c"][..]),
        ("a\tb\n1,2\t3\n", &["a", "b"]),
        ("a|b\n1|2\n", &["a", "b"]),
        ("a\x01b\n1\x012\n", &["a", "b"]),
        ("\"a\t\",\"b\t\",\"c\t\"\n\"1\t\",\"2\t\",\"3\t\"\n", &["a", "b", "c"]),
        ("a,b,c\n1\t,2\t,3\t\n4\t,5\t,6\t\n", &["a", "b", "c"]),
        ("Umsatz, netto;Kunde;Tag\n1,5;K1;1.1.24\n2;K2;1.1.24\n", &["Umsatz, netto", "Kunde", "Tag"]),
        ("\"a,b;c\";d\n\"1;2;3,4\";5\n", &["a,b;c", "d"]),
        ("email\nx@y.z\n", &["email"]),
        ("date time\n2024-01-01 10:00\n", &["date time"]),
    ] {
        assert_eq!(content(text).header, header, "{text:?}");
    }
}

#[test]
fn the_delimiter_can_be_given() {
    let folder = Folder::new();
    let path = folder.put("a.csv", "a b,c\n1 2,3\n");
    let mut options = options(&[&path]);
    options.delimiter = Some(" ".into());
    assert_eq!(read(&options).unwrap().header, ["a", "b,c"]);
    for wrong in ["", "ab", "\"", "，", "\n"] {
        options.delimiter = Some(wrong.into());
        assert!(matches!(read(&options), Err(Error::BadOption { .. })), "{wrong:?}");
    }
}

#[test]
fn broken_text_is_refused_with_its_line() {
    assert_eq!(refused(""), "a.csv: the file is empty");
    assert_eq!(refused("\u{feff}\r\n"), "a.csv: there is nothing in it");
    let hint = "is the file cut off? else double that quote, or take it out";
    let unclosed = |line| format!("a.csv: line {line}: a quote (\") is opened and never closed | {hint}");
    assert_eq!(refused("a,b\n1,2\n3,\"4\n5,6\n"), unclosed(3));
    assert_eq!(refused("\na,\"b\n1,2\n"), unclosed(2));
    let hint = "is it binary, damaged, or UTF-16 (--encoding utf-16le)?";
    assert_eq!(
        refused("a,b\n1,2\n3,\0\n"),
        format!("a.csv: line 3 holds a NUL byte, which no text has | {hint}")
    );
    let late = format!("a,b\n{}x,\0\n", "1,2\n".repeat(400_000));
    assert_eq!(refused(late), format!("a.csv: line 400002 holds a NUL byte, which no text has | {hint}"));
}

#[test]
fn records_without_end_are_refused() {
    let quote = format!("a,b\n1,2\n3,\"{}", "4,5\n".repeat(6 << 20));
    let said = refused(quote);
    assert!(said.starts_with("a.csv: line 3: a quote (\") is opened and never closed"), "{said}");
    let line = format!("a,b\n1,2\n{}", "4,5;".repeat(6 << 20));
    let said = refused(line);
    assert!(said.starts_with("a.csv: line 3 does not end within 16 MiB"), "{said}");
}

#[test]
fn a_header_alone_has_no_rows() {
    let found = content("a,b\n");
    assert_eq!((found.header.len(), found.rows.len()), (2, 0));
    assert_eq!(content("a,b").header, ["a", "b"]);
}

#[test]
fn rows_are_counted_without_columns() {
    let folder = Folder::new();
    let options = options(&[&folder.put("a.csv", format!("a,b\n{}", "1,2\n".repeat(300_000)))]);
    let rows = AtomicUsize::new(0);
    let count = |batch: RawBatch| {
        rows.fetch_add(batch.frame.height(), Ordering::Relaxed);
        Ok(())
    };
    raw::scan(&raw::open(&options).unwrap(), &[Vec::new()], &options, &count).unwrap();
    assert_eq!(rows.into_inner(), 300_000);
}

#[test]
fn the_first_error_in_the_file_is_returned() {
    let folder = Folder::new();
    let options = options(&[&folder.put("a.csv", format!("a\n{}", "1\n".repeat(100_000)))]);
    let files = raw::open(&options).unwrap();
    let projection = [vec!["a".to_owned()]];
    for _ in 0..20 {
        let fail = |batch: RawBatch| -> Result<()> {
            let line = batch.rows.get(0);
            if line < 5_000 { Ok(()) } else { Err(Error::Numeric { what: format!("{line}"), hint: None }) }
        };
        let Err(ScanError::Failed(error)) = raw::scan_by(1000, &files, &projection, &options, &fail) else {
            panic!("no error");
        };
        assert!((5_000..5_600).contains(&error.to_string().parse::<u64>().unwrap()), "{error}");
        let panics = |_| -> Result<()> { panic!("in the sink") };
        let Err(ScanError::Failed(error)) = raw::scan_by(1000, &files, &projection, &options, &panics) else {
            panic!("no error");
        };
        assert!(error.to_string().contains("in the sink"));
    }
}

fn walk(text: &str, complete: bool) -> Vec<(u64, Vec<String>)> {
    let mut records = Vec::new();
    let mut fields = Vec::new();
    records::walk(text.as_bytes(), b',', 1, complete, |event| {
        match event {
            Event::Field(from, to) => fields.push(records::content(&text[from..to]).into_owned()),
            Event::End { line, .. } => records.push((line, std::mem::take(&mut fields))),
        }
        true
    });
    records
}

fn by_csv_crate(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

proptest! {
    #[test]
    fn records_are_those_of_the_csv_crate(text in "[ab,\"\n\r]{0,24}") {
        let ours: Vec<_> = walk(&text, true).into_iter().map(|(_, fields)| fields).collect();
        prop_assert_eq!(ours, by_csv_crate(&text));
    }

    #[test]
    fn a_table_is_read_as_it_was_written(
        table in (1usize..4).prop_flat_map(|width| {
            prop::collection::vec(prop::collection::vec("[ab,;\"\n\r é中]{0,4}", width), 0..12)
        }),
        width in 1usize..4,
        crlf in any::<bool>(),
        always in any::<bool>(),
        chunk in 1usize..64,
    ) {
        let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let style = if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
        let width = table.first().map_or(width, Vec::len);
        let mut writer = csv::WriterBuilder::new().terminator(terminator).quote_style(style).from_writer(Vec::new());
        writer.write_record((0..width).map(|column| format!("c{column}"))).unwrap();
        let mut expected = Vec::new();
        for cells in &table {
            writer.flush().unwrap();
            let line = 1 + count_lines(writer.get_ref());
            writer.write_record(cells).unwrap();
            expected.push(row(line, &cells.iter().map(String::as_str).collect::<Vec<_>>()));
        }
        let folder = Folder::new();
        let mut options = options(&[&folder.put("a.csv", writer.into_inner().unwrap())]);
        options.delimiter = Some(",".into());
        let found = read_by(chunk, &options).unwrap().remove(0);
        prop_assert_eq!(&found.rows, &expected);
        prop_assert!(found.short.is_empty() && found.overlong.is_empty());
    }

    #[test]
    fn chunks_change_nothing(text in "[ab,\"\n\r]{0,40}", chunk in 1usize..48) {
        let folder = Folder::new();
        let mut options = options(&[&folder.put("a.csv", format!("h,i\n{text}"))]);
        options.delimiter = Some(",".into());
        let whole = read(&options).map_err(|error| error.to_string());
        let pieces = read_by(chunk, &options).map(|mut files| files.remove(0)).map_err(|error| error.to_string());
        prop_assert_eq!(&whole, &pieces);
        if let Ok(found) = whole {
            let lines: Vec<u64> = walk(&format!("h,i\n{text}"), true).iter().skip(1).map(|(line, _)| *line).collect();
            prop_assert_eq!(found.rows.iter().map(|(line, _)| *line).collect::<Vec<_>>(), lines);
        }
    }
}
