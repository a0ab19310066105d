//! Small files that are huge inside, and huge files without structure: each ends in bounded time and memory, with a clear
//! message where there is nothing to read.

#![cfg(target_os = "linux")] // peak memory is read from /proc

use std::io::Read;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{command, folder, write};

#[path = "../../src/input/sheets/testing.rs"]
#[allow(dead_code, clippy::unwrap_used)]
mod archives;
use archives::{Packed, raw_zip, zip};

/// Megabytes that no run may take.
const MOST_MEMORY: u64 = 500;
const MOST_TIME: Duration = Duration::from_secs(300);

const HEADER: &str = "order_id,customer_id,ordered_at,amount\n";

/// Status and messages of `siyu inspect FILE`, within the limits.
fn inspect(folder: &Path, name: &str) -> (i32, String) {
    let begin = Instant::now();
    let mut siyu = command(folder);
    siyu.args(["inspect", name, "--threads", "2"]).env("TMPDIR", folder);
    let mut child = siyu
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut pipe = child.stderr.take().expect("a pipe");
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let status = loop {
        let text = std::fs::read_to_string(&status_file).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0).max(peak);
        if let Some(status) = child.try_wait().expect("the binary runs") {
            break status;
        }
        if peak >> 10 > 4 * MOST_MEMORY || begin.elapsed() > MOST_TIME {
            child.kill().expect("it can be ended");
            child.wait().expect("it ends");
            panic!("{name}: {} MB after {:?}, and no end", peak >> 10, begin.elapsed());
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let said = reader.join().expect("the messages are read").replace(&format!("{}/", folder.display()), "");
    eprintln!(
        "{name}: {} MB, {:.1?}, {status}: {}",
        peak >> 10,
        begin.elapsed(),
        said.lines().next().unwrap_or("")
    );
    assert!(peak >> 10 < MOST_MEMORY, "{name}: {} MB", peak >> 10);
    assert!(!said.contains("panicked") && !said.contains("internal error"), "{name}: {said}");
    (status.code().unwrap_or(-1), said)
}

#[track_caller]
fn refused(name: &str, bytes: impl AsRef<[u8]>, why: &str) {
    let folder = folder();
    write(folder.path(), name, bytes);
    let (status, said) = inspect(folder.path(), name);
    assert_eq!(status, 2, "{name}: {said}");
    assert!(said.contains(why), "{name}: {said}");
}

/// A gzip file of this text so often.
fn gzip_many(text: &[u8], times: usize) -> Vec<u8> {
    crate::support::gzip(text).repeat(times)
}

/// A member that is packed already: `begin`, then `piece` so often, then `end`.
fn member<'a>(name: &'a str, begin: &str, piece: &[u8], times: usize, end: &str) -> Packed<'a> {
    // Stored blocks around the packed ones: both may stand in one stream.
    let stored = |text: &str, last: bool| -> Vec<u8> {
        let length = u16::try_from(text.len()).unwrap();
        [&[u8::from(last)][..], &length.to_le_bytes(), &(!length).to_le_bytes(), text.as_bytes()].concat()
    };
    let mut checksum = flate2::Crc::new();
    checksum.update(begin.as_bytes());
    for _ in 0..times {
        checksum.update(piece);
    }
    checksum.update(end.as_bytes());
    let mut compress = flate2::Compress::new(flate2::Compression::fast(), false);
    let mut packed = Vec::with_capacity(piece.len() + 1024);
    compress.compress_vec(piece, &mut packed, flate2::FlushCompress::Full).unwrap();
    let deflated = [stored(begin, false), packed.repeat(times), stored(end, true)].concat();
    let size = (begin.len() + piece.len() * times + end.len()) as u64;
    Packed {
        name: name.as_bytes(),
        deflated,
        flags: 0,
        checksum: checksum.sum(),
        size: u32::try_from(size).unwrap_or(u32::MAX),
    }
}

const RELATIONS: &str = "<Relationships><Relationship Id=\"r1\" Type=\"http://x/worksheet\" Target=\"s.xml\"/>\
    <Relationship Id=\"r2\" Type=\"http://x/sharedStrings\" Target=\"ss.xml\"/></Relationships>";

/// An xlsx workbook of this sheet and these shared texts.
fn workbook(sheets: &str, sheet: Packed, strings: Packed) -> Vec<u8> {
    let sheets = format!("<workbook><sheets>{sheets}</sheets></workbook>");
    raw_zip(&[
        Packed::of(b"[Content_Types].xml", b"<Types/>"),
        Packed::of(b"xl/workbook.xml", sheets.as_bytes()),
        Packed::of(b"xl/_rels/workbook.xml.rels", RELATIONS.as_bytes()),
        sheet,
        strings,
    ])
}

const SHEET: &str = "<sheet name=\"a\" r:id=\"r1\"/>";
const SMALL_SHEET: &str =
    "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c></row></sheetData></worksheet>";

fn small_sheet() -> Packed<'static> {
    Packed::of(b"xl/s.xml", SMALL_SHEET.as_bytes())
}

fn no_strings() -> Packed<'static> {
    Packed::of(b"xl/ss.xml", b"<sst><si><t>x</t></si></sst>")
}

#[test]
fn zip_bombs() {
    let zeros = vec![b'0'; 1 << 20];
    refused(
        "zeros.zip",
        raw_zip(&[member("a.csv", HEADER, &zeros, 300, "\n")]),
        "does not end within 16 MiB",
    );
    let mut lying = member("a.csv", HEADER, &zeros, 300, "\n");
    lying.size = 10;
    refused("lying.zip", raw_zip(&[lying]), "a.csv");
    let inner = raw_zip(&[member("a.csv", HEADER, &zeros, 100, "\n")]);
    refused("nested.zip", zip(&[("inner.zip", &inner)]), "an archive within an archive");
}

#[test]
fn archives_of_very_many_members() {
    let names: Vec<String> = (0..10_001).map(|number| format!("{number}.csv")).collect();
    let row = format!("{HEADER}1,a,2024-01-05,1\n");
    let members: Vec<Packed> = names.iter().map(|name| Packed::of(name.as_bytes(), row.as_bytes())).collect();
    refused("many.zip", raw_zip(&members), "a zip archive of 10001 members");
    let folder = folder();
    write(folder.path(), "fewer.zip", raw_zip(&members[..2000]));
    let (_, said) = inspect(folder.path(), "fewer.zip");
    assert!(said.contains("fewer.zip/1999.csv"), "{said}");
}

#[test]
fn workbook_bombs() {
    let row = b"<row><c t=\"s\"><v>0</v></c></row>".repeat(30_000);
    let endless = member("xl/s.xml", "<worksheet><sheetData>", &row, 40, "</sheetData></worksheet>");
    refused("rows.xlsx", workbook(SHEET, endless, no_strings()), "impossible number");
    let blanks = vec![b' '; 1 << 20];
    let wide = member(
        "xl/s.xml",
        "<worksheet><sheetData><row><c t=\"str\"><v>",
        &blanks,
        400,
        "</v></c></row></sheetData></worksheet>",
    );
    refused("cell.xlsx", workbook(SHEET, wide, no_strings()), "cell.xlsx");
    let texts = member("xl/ss.xml", "<sst><si><t>", &vec![b'x'; 1 << 20], 400, "</t></si></sst>");
    refused("text.xlsx", workbook(SHEET, small_sheet(), texts), "text.xlsx");
    let tag = member(
        "xl/s.xml",
        "<worksheet><sheetData><row x=\"",
        &vec![b'x'; 1 << 20],
        400,
        "\"/></sheetData></worksheet>",
    );
    refused("tag.xlsx", workbook(SHEET, tag, no_strings()), "tag.xlsx");
    let many = b"<si><t>0123456789</t></si>".repeat(40_000);
    let strings = member("xl/ss.xml", "<sst>", &many, 100, "</sst>");
    refused("texts.xlsx", workbook(SHEET, small_sheet(), strings), "texts.xlsx");
}

/// One long text, named in every cell of a row.
#[test]
fn a_text_repeated_in_every_cell() {
    let strings =
        || member("xl/ss.xml", "<sst><si><t>", &vec![b'x'; 1 << 20], 3, "</t></si><si><t>h</t></si></sst>");
    let cells = b"<c t=\"s\"><v>0</v></c>".repeat(1000);
    let sheet =
        member("xl/s.xml", "<worksheet><sheetData><row>", &cells, 16, "</row></sheetData></worksheet>");
    refused("row.xlsx", workbook(SHEET, sheet, strings()), "row 1 holds more than 4 MiB of text");
    // Each row in another column, below the limit.
    let rows: String = (0..40)
        .map(|column| {
            let letters = [b'A' + column / 26, b'A' + column % 26].map(char::from);
            format!("<row><c r=\"{}{}1\" t=\"s\"><v>0</v></c></row>", letters[0], letters[1])
        })
        .collect();
    // Behind those among which the header is looked for.
    let rows = "<row><c t=\"s\"><v>1</v></c><c t=\"s\"><v>1</v></c></row>".repeat(30) + &rows;
    let sheet = format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
    let folder = folder();
    write(
        folder.path(),
        "diagonal.xlsx",
        workbook(SHEET, Packed::of(b"xl/s.xml", sheet.as_bytes()), strings()),
    );
    inspect(folder.path(), "diagonal.xlsx");
    let long = "x".repeat(1 << 20);
    let content = format!(
        "<document-content><body><spreadsheet><table name=\"a\"><table-row><table-cell number-columns-repeated=\"16000\">\
         <p>{long}</p></table-cell></table-row></table></spreadsheet></body></document-content>"
    );
    let kind = b"application/vnd.oasis.opendocument.spreadsheet";
    refused(
        "row.ods",
        zip(&[("mimetype", kind), ("content.xml", content.as_bytes())]),
        "row 1 holds more than 4 MiB of text",
    );
}

#[test]
fn workbooks_of_very_many_sheets() {
    let sheets: String =
        (0..100_000).map(|number| format!("<sheet name=\"{number}\" r:id=\"r1\"/>")).collect();
    let folder = folder();
    write(folder.path(), "sheets.xlsx", workbook(&sheets, small_sheet(), no_strings()));
    let (_, said) = inspect(folder.path(), "sheets.xlsx");
    assert!(!said.is_empty());
}

#[test]
fn streams_without_end() {
    refused("line.csv.gz", gzip_many(&vec![b'x'; 1 << 20], 200), "line.csv.gz");
    let quote =
        [crate::support::gzip(format!("{HEADER}1,\"").as_bytes()), gzip_many(&b"a,b\n".repeat(1 << 18), 200)];
    refused("quote.csv.gz", quote.concat(), "quote.csv.gz");
    refused("bomb.csv.gz", gzip_many(&vec![b'\n'; 1 << 20], 3000), "bomb.csv.gz");
    refused("line.csv", vec![b'x'; 100 << 20], "line.csv");
    let mut quoted = format!("{HEADER}1,\"").into_bytes();
    quoted.resize(200 << 20, b'z');
    refused("quote.csv", quoted, "quote");
}

#[test]
fn headers_of_a_million_columns() {
    let names: Vec<String> = (0..1_000_000).map(|number| format!("c{number}")).collect();
    refused("wide.csv", format!("{}\n{}\n", names.join(","), "1,".repeat(999_999)), "16384 columns");
    let cells: String = names.iter().map(|name| format!("<c t=\"str\"><v>{name}</v></c>")).collect();
    let sheet = format!("<worksheet><sheetData><row>{cells}</row></sheetData></worksheet>");
    let sheet = Packed::of(b"xl/s.xml", sheet.as_bytes());
    refused("wide.xlsx", workbook(SHEET, sheet, no_strings()), "16384");
    let fields: Vec<String> = names.iter().map(|name| format!("\"{name}\":1")).collect();
    refused("wide.json", format!("[{{{}}}]", fields.join(",")), "more than 10000 different names");
    let rows: Vec<String> = (0..200_000).map(|number| format!("{{\"c{number}\":1}}")).collect();
    refused("ragged.ndjson", rows.join("\n"), "more than 10000 different names");
    let cells: String = names.iter().map(|name| format!("<td>{name}")).collect();
    refused("wide.html", format!("<html><table><tr>{cells}</table>"), "wide.html");
}

#[test]
fn deep_documents() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
        let deep = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        refused("deep.json", &deep, "deep.json");
        refused("open.json", open.repeat(100_000), "open.json");
    }
    let row = format!("{{\"customer_id\":{}1{}}}\n", "[".repeat(100_000), "]".repeat(100_000));
    refused("deep.ndjson", row.repeat(20), "deep.ndjson");
    refused("deep.html", "<table><tr><td>".repeat(100_000), "deep.html");
    let folder = folder();
    write(
        folder.path(),
        "b.xlsx",
        workbook(SHEET, Packed::of(b"xl/s.xml", "<a>".repeat(1_000_000).as_bytes()), no_strings()),
    );
    inspect(folder.path(), "b.xlsx");
}

#[test]
fn cells_that_claim_to_be_huge() {
    for (name, cell) in [
        ("rows.html", "<td rowspan=1000000000>a<td>b"),
        ("columns.html", "<td colspan=1000000000>a<td>b"),
        ("both.html", "<td rowspan=1000000000 colspan=1000000000>a<td>b"),
    ] {
        let rows = "<tr><td>1<td>2</tr>".repeat(3000);
        let folder = folder();
        write(folder.path(), name, format!("<html><table><tr>{cell}</tr>{rows}</table></html>"));
        inspect(folder.path(), name);
    }
}
