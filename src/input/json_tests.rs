//! Shapes of JSON files, line numbers, bad records, limits, and the way through the csv reader.

use std::io::Write;

use proptest::prelude::*;

use super::is_json;
use crate::input::raw::testing::{Content, Folder, complaint, options, read, read_by, row};

fn content(text: &str) -> Content {
    let folder = Folder::new();
    read(&options(&[&folder.put("events.json", text)])).unwrap()
}

fn refused(text: impl AsRef<[u8]>) -> String {
    let folder = Folder::new();
    complaint(&options(&[&folder.put("events.json", text)]))
}

#[test]
fn json_is_known_by_its_first_bytes() {
    for head in ["{\"a\":1}", "\u{feff}{\n  \"a\": 1", " \r\n[\n {\"a\"", "[{\"a\":1}]", "[]", "{}", "[{"] {
        assert!(is_json(head.as_bytes()), "{head}");
    }
    for head in ["", "a,b", "[id],[name]", "{id},{name}", "[1,2]", "\"{\"\"a\"\":1}\"", "{"] {
        assert!(!is_json(head.as_bytes()), "{head}");
    }
}

#[test]
fn one_record_a_line() {
    // As Mixpanel exports it; a blank line, a record without some names, CRLF, no line end at the end.
    let text = "{\"event\":\"view\",\"properties\":{\"time\":1700000000,\"distinct_id\":\"u1\",\"$os\":\"iOS, 17\"}}\r\n\
                \r\n\
                {\"event\":\"buy\",\"properties\":{\"time\":1700000060,\"distinct_id\":12345678901234567890,\"say\":\"\\\"hi\\\"\\nyou\"}}";
    let content = content(text);
    assert_eq!(
        content.header,
        ["event", "properties.time", "properties.distinct_id", "properties.$os", "properties.say"]
    );
    assert_eq!(
        content.rows,
        [
            row(1, &["view", "1700000000", "u1", "iOS, 17", ""]),
            row(3, &["buy", "1700000060", "12345678901234567890", "", "\"hi\" you"]),
        ]
    );
    assert!(content.short.is_empty() && content.overlong.is_empty());
}

#[test]
fn arrays_and_records_over_several_lines() {
    let pretty = "[\n  {\n    \"id\": 1,\n    \"x\": [1, 2]\n  },\n  {\n    \"id\": 2\n  }\n]\n";
    assert_eq!(content(pretty).rows, [row(2, &["1", "[1,2]"]), row(6, &["2", ""])]);
    let pretty = "{\n \"id\": 1\n}\n\n{\n \"id\": 2\n}\n";
    assert_eq!(content(pretty).rows, [row(1, &["1"]), row(5, &["2"])]);
    // Records that share a line take the next numbers.
    let array = "[{\"id\":1},{\"id\":2}, {\"id\":3},\n{\"id\":9}]";
    assert_eq!(content(array).rows, [row(1, &["1"]), row(2, &["2"]), row(3, &["3"]), row(4, &["9"])]);
    assert_eq!(content("{\"id\":1}{\"id\":2}\n {\"id\":3}").rows.len(), 3);
}

#[test]
fn records_without_any_value_are_rows() {
    assert_eq!(
        content("{\"a\":null}\n{}\n{\"a\":\"\"}\n").rows,
        [row(1, &[""]), row(2, &[""]), row(3, &[""])]
    );
}

#[test]
fn packed_and_in_other_encodings() {
    let folder = Folder::new();
    let text = "{\"客户\":\"张三\",\"n\":1}\n{\"客户\":\"李四\",\"n\":2}\n".repeat(50);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let (gbk, _, _) = encoding_rs::GB18030.encode(&text);
    for (name, bytes) in [
        ("a.json", text.clone().into_bytes()),
        ("b.json", format!("\u{feff}{text}").into_bytes()),
        ("c.ndjson.gz", gzip.finish().unwrap()),
        ("d.json", gbk.into_owned()),
    ] {
        let content = read(&options(&[&folder.put(name, bytes)])).unwrap();
        assert_eq!(content.header, ["客户", "n"], "{name}");
        assert_eq!(content.rows.len(), 100, "{name}");
        assert_eq!(content.rows[99], row(100, &["李四", "2"]), "{name}");
    }
}

#[test]
fn options_of_text_files_do_not_disturb() {
    let folder = Folder::new();
    let path = folder.put("a.json", "{\"a\":\"1;2,3\"}\n");
    let options = crate::input::InputOptions {
        encoding: Some("gbk".into()),
        delimiter: Some(";".into()),
        ..options(&[&path])
    };
    assert_eq!(read(&options).unwrap().rows, [row(1, &["1;2,3"])]);
}

#[test]
fn bad_records_are_named_by_line() {
    for (text, said) in [
        ("{\"a\":1}\n{\"a\":2\n{\"a\":3}\n", "line 2: a comma or } is expected, not the end"),
        ("{\"a\":1}\n\n{\"a\":2} x\n", "line 3: x follows the end of the record"),
        ("{\"a\":1}\n[1]\n", "line 2: an object ({...}) is expected here, not an array"),
        ("{\"a\":1}\n{\"a\":\"x\n\"}\n", "line 2: a text begins here that is never closed"),
        ("{\"a\":1\n{\"a\":2}\n", "line 2, record 1: a comma or } is expected, not an object"),
        ("{\n\"a\":1,\n\"b\":NaN\n}\n", "line 3, record 1: NaN is no value"),
        ("[{\"a\":1},{\"a\":tru}]", "line 1, record 2: tru is no value"),
        ("[{\"a\":1}\n{\"a\":2}]", "line 2: a comma or ] is expected behind a record"),
        ("[{\"a\":1},\n]", "line 2: a record is expected behind the comma"),
        ("[{\"a\":1}]\n{}", "line 2: something follows the end of the array"),
        ("[{\"a\":1},3]", "line 1, record 2: an object ({...}) is expected here, not a number"),
        ("{\"a\":1}\n{\"a\":1,\"a\":2}\n", "line 2: there are two different values of \"a\" in the record"),
        (
            "[{\"a\":1},{\"a\":2",
            "line 1, record 2: a comma or } is expected, not the end | the file may be cut off",
        ),
        ("[]", "there are no records in it"),
        ("{}\n{}\n", "its records are empty"),
    ] {
        let complaint = refused(text);
        assert!(complaint.contains(said), "{text}: {complaint}");
    }
    // A name that is there twice with one value is no contradiction.
    assert_eq!(content("{\"a.b\":1,\"a\":{\"b\":1}}").rows, [row(1, &["1"])]);
    let mut broken = b"{\"a\":\"x\"}\n".repeat(3);
    broken.extend_from_slice(b"{\"a\":\"\xff\xff\xff\"}\n");
    assert!(!refused(broken).is_empty());
}

#[test]
fn limits() {
    let many: String = (0..10_001).map(|n| format!("{{\"c{n}\":1}}\n")).collect();
    let said = refused(many);
    assert!(said.contains("line 10001: more than 10000 different names: the next is \"c10000\""), "{said}");
    assert!(said.contains("cannot be columns"), "{said}");
    let many: String = (0..9_999).map(|n| format!("\"c{n}\":1,")).collect();
    assert_eq!(content(&format!("{{{many}\"z\":1}}\n")).header.len(), 10_000);
    for start in ["{\"a\":1}\n{\"a\":\"", "[{\"a\":\"", "{\n\"a\":\"", "{\"a\":\""] {
        let said = refused(format!("{start}{}\"}}", "x".repeat(17 << 20)));
        assert!(said.contains("a record of more than 16 MiB"), "{start}: {said:.200}");
    }
    let said = refused(format!("{{\"{}\":1}}", "n".repeat(2000)));
    assert!(said.contains("a name of more than 1024 bytes"), "{said}");
}

#[test]
fn long_files_keep_their_lines() {
    // Over several pieces of text, in both shapes; every fifth line is blank.
    let rows: Vec<(u64, String)> = (1..=60_000_u64)
        .filter(|line| line % 5 != 0)
        .map(|line| (line, format!("{{\"id\":{line},\"text\":\"{}\"}}", "t".repeat(line as usize % 40))))
        .collect();
    let mut lines = vec![String::new(); 60_000];
    for (line, record) in &rows {
        lines[*line as usize - 1] = record.clone();
    }
    let ndjson = lines.join("\n");
    let folder = Folder::new();
    let mut array_lines = lines.clone();
    array_lines[0] = format!("[{}", array_lines[0]);
    for line in array_lines.iter_mut().filter(|line| !line.is_empty()) {
        line.push(',');
    }
    let array = array_lines.join("\n");
    let array = format!("{}]", array.trim_end().trim_end_matches(','));
    for (name, text) in [("a.ndjson", ndjson), ("b.json", array)] {
        let path = folder.put(name, text);
        for (chunk, threads) in [(1 << 20, 1), (10_000, 4)] {
            let options = crate::input::InputOptions { threads, ..options(&[&path]) };
            let content = read_by(chunk, &options).unwrap().remove(0);
            assert_eq!(content.rows.len(), rows.len());
            for ((line, _), (number, cells)) in rows.iter().zip(&content.rows) {
                assert_eq!(line, number);
                assert_eq!(cells[0].as_deref(), Some(line.to_string().as_str()));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any rows of any text come back as they were, in every shape.
    #[test]
    fn rows_come_back(rows in prop::collection::vec(prop::collection::vec("[^\\r\\n\\x00]{0,8}", 3), 1..8)) {
        let objects: Vec<serde_json::Value> = rows
            .iter()
            .map(|row| serde_json::json!({"a": row[0], "b": {"c": row[1], "d": row[2]}}))
            .collect();
        let lines: String = objects.iter().map(|object| format!("{object}\n")).collect();
        let array = serde_json::Value::from(objects);
        for text in [lines, array.to_string(), serde_json::to_string_pretty(&array).unwrap()] {
            let content = content(&text);
            prop_assert_eq!(&content.header, &["a", "b.c", "b.d"]);
            let cells: Vec<Vec<String>> = content
                .rows
                .iter()
                .map(|(_, cells)| cells.iter().map(|cell| cell.clone().unwrap_or_default()).collect())
                .collect();
            prop_assert_eq!(&cells, &rows);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(text in "[\\[\\]{}\",:a1.\\n\\\\ ]{0,40}") {
        let folder = Folder::new();
        let path = folder.put("x.json", format!("[{{\"k\":1}}{text}"));
        let _ = read(&options(&[&path]));
        let path = folder.put("y.json", format!("{{\"k\":1}}\n{text}"));
        let _ = read(&options(&[&path]));
    }
}
