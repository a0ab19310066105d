use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};

use super::super::testing::{HandMade, Packed, deflated_many, raw_zip, zip};
use crate::input::raw::testing::{Content, Folder, complaint, options, read, row};
use crate::input::{InputOptions, raw};

fn read_bytes(bytes: &[u8]) -> Content {
    let folder = Folder::new();
    read(&options(&[&folder.put("a.xlsx", bytes)])).unwrap()
}

fn read_sheet(xml: &str) -> Content {
    read_bytes(&HandMade { sheets: &[("export", "", xml)], ..HandMade::EMPTY }.bytes())
}

fn refused(bytes: &[u8]) -> String {
    let folder = Folder::new();
    complaint(&options(&[&folder.put("a.xlsx", bytes)]))
}

#[test]
fn what_a_spreadsheet_program_writes() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name("订单").unwrap();
    for (column, name) in
        ["订单编号", "付款时间", "日期", "时间", "金额", "件数", "赠品", "备注"].iter().enumerate()
    {
        sheet.write(0, column as u16, *name).unwrap();
    }
    let moment = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
    let date = Format::new().set_num_format("yyyy/m/d");
    let time = Format::new().set_num_format("h:mm:ss");
    let at = ExcelDateTime::from_ymd(2026, 6, 8).unwrap().and_hms(13, 20, 43.0).unwrap();
    sheet.write(1, 0, "3377224851063389012").unwrap();
    sheet.write_datetime_with_format(1, 1, &at, &moment).unwrap();
    sheet.write_datetime_with_format(1, 2, ExcelDateTime::from_ymd(2026, 6, 8).unwrap(), &date).unwrap();
    sheet.write_datetime_with_format(1, 3, ExcelDateTime::from_hms(13, 20, 43.0).unwrap(), &time).unwrap();
    sheet.write(1, 4, 1234.5).unwrap();
    sheet.write(1, 5, 1.0).unwrap();
    sheet.write(1, 6, true).unwrap();
    sheet.write(1, 7, "a, \"b\"\nc").unwrap();
    // Row 3 is blank; row 4 has a formula and a number that has lost its digits.
    sheet.write(3, 0, 1_234_567_890_123_456_789_f64).unwrap();
    sheet.write(3, 4, Formula::new("=1+1").set_result("2")).unwrap();
    let content = read_bytes(&workbook.save_to_buffer().unwrap());
    assert_eq!(content.header, ["订单编号", "付款时间", "日期", "时间", "金额", "件数", "赠品", "备注"]);
    assert_eq!(
        content.rows,
        [
            row(
                2,
                &[
                    "3377224851063389012",
                    "2026-06-08 13:20:43",
                    "2026-06-08",
                    "13:20:43",
                    "1234.5",
                    "1",
                    "TRUE",
                    "a, \"b\" c"
                ]
            ),
            row(4, &["1.2345678901234568E+18", "", "", "", "2", "", "", ""]),
        ]
    );
    assert!(content.short.is_empty() && content.overlong.is_empty());
}

#[test]
fn odd_but_usual_xml() {
    // No styles, a wrong dimension, no `r`, inline strings, prefixes, rich text, an unknown error, an extension.
    let content = read_sheet(
        "<dimension ref=\"A1:A1\"/><sheetData>\
         <row><c t=\"inlineStr\"><is><t>id</t></is></c><c t=\"inlineStr\"><is><r><t>am</t></r><r><t>ount</t></r></is></c>\
         <c t=\"str\"><v>note</v></c></row>\
         <row r=\"3\"><c r=\"A3\"><v>1.0</v></c><c r=\"C3\" t=\"e\"><v>#SPILL!</v></c></row>\
         <row><c/><c><f>A1&lt;2</f><v>12.50</v></c><c t=\"d\"><v>2026-06-08T13:20:43</v><extLst><x/></extLst></c></row>\
         <row r=\"7\"><c r=\"B7\" s=\"99\"><v>1e3</v></c><c r=\"A7\" t=\"inlineStr\"><is><t xml:space=\"preserve\">a_x000D_&amp;_x005F_x</t></is></c></row>\
         <row r=\"9\"><c r=\"E9\" t=\"str\"><v>far</v></c></row>\
         </sheetData><rowBreaks/>",
    );
    assert_eq!(content.header, ["id", "amount", "note", "column_4", "column_5"]);
    assert_eq!(
        content.rows,
        [
            row(3, &["1", "", "#SPILL!", "", ""]),
            row(4, &["", "12.5", "2026-06-08 13:20:43", "", ""]),
            row(7, &["a &_x", "1000", "", "", ""]),
            row(9, &["", "", "", "", "far"]),
        ]
    );
    assert!(content.short.is_empty() && content.overlong.is_empty());
}

#[test]
fn shared_strings_styles_and_the_1904_system() {
    let bytes = HandMade {
        sheets: &[(
            "export",
            "",
            "<sheetData><row r=\"4\"><c r=\"A4\" t=\"s\"><v>0</v></c><c r=\"B4\" t=\"s\"><v>2</v></c></row>\
             <row r=\"5\"><c r=\"A5\" s=\"1\"><v>44719</v></c><c r=\"B5\" s=\"2\"><v>44719.5</v></c></row></sheetData>",
        )],
        workbook: "<workbookPr date1904=\"1\"/>",
        strings: Some("<sst uniqueCount=\"99999999999999\"><si><t>日期</t><rPh><t>no</t></rPh></si><si/><si><r><t>付款</t></r><r><t>时间</t></r></si></sst>"),
        styles: Some(
            "<styleSheet><numFmts><numFmt numFmtId=\"170\" formatCode=\"yyyy&quot;-&quot;mm\\-dd hh:mm\"/></numFmts>\
             <cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs>\
             <cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"170\"><alignment/></xf></cellXfs></styleSheet>",
        ),
    }
    .bytes();
    let content = read_bytes(&bytes);
    assert_eq!(content.header, ["日期", "付款时间"]);
    assert_eq!(content.rows, [row(5, &["2026-06-08", "2026-06-08 12:00:00"])]);
}

#[test]
fn the_sheet_is_chosen() {
    let table = |name: &str| {
        format!("<sheetData><row><c t=\"str\"><v>{name}</v></c></row><row><c><v>1</v></c></row></sheetData>")
    };
    let (first, second, hidden) = (table("first"), table("second"), table("hidden"));
    let bytes = HandMade {
        sheets: &[
            ("empty", "", "<sheetData/>"),
            ("secret", "state=\"hidden\"", &hidden),
            ("one", "", &first),
            ("订单 报表", "", &second),
        ],
        ..HandMade::EMPTY
    }
    .bytes();
    let folder = Folder::new();
    let path = folder.put("a.csv", &bytes);
    let with = |sheet: Option<&str>| InputOptions { sheet: sheet.map(str::to_owned), ..options(&[&path]) };
    for (sheet, header) in
        [(None, "first"), (Some("订单 报表"), "second"), (Some("4"), "second"), (Some("SECRET"), "hidden")]
    {
        assert_eq!(read(&with(sheet)).unwrap().header, [header], "{sheet:?}");
    }
    assert_eq!(
        complaint(&with(Some("on"))),
        "unknown sheet \"on\" | did you mean one? | known: empty, secret, one, 订单 报表"
    );
    assert!(complaint(&with(Some("5"))).starts_with("unknown sheet \"5\""));
    assert!(complaint(&with(Some("empty"))).contains("the sheet empty is empty"));
    let file = &raw::open(&with(None)).unwrap()[0];
    assert_eq!(file.describe(), "xlsx, sheet one");
    // What the user says of text is about the other inputs.
    let options = InputOptions { encoding: Some("gbk".into()), delimiter: Some("tab".into()), ..with(None) };
    assert_eq!(read(&options).unwrap().header, ["first"]);
}

#[test]
fn what_cannot_be_read_is_named() {
    let whole = HandMade {
        sheets: &[("export", "", "<sheetData><row><c><v>1</v></c></row></sheetData>")],
        ..HandMade::EMPTY
    };
    let bytes = whole.bytes();
    for keep in [30, bytes.len() / 2, bytes.len() - 1] {
        assert!(refused(&bytes[..keep]).contains("the zip archive is damaged or cut off"), "{keep}");
    }
    let refused_sheet =
        |xml: &str| refused(&HandMade { sheets: &[("export", "", xml)], ..HandMade::EMPTY }.bytes());
    assert!(refused_sheet("<sheetData/>").contains("there is nothing in its sheet export"));
    let impossible = refused_sheet("<sheetData><row r=\"1048577\"><c><v>1</v></c></row></sheetData>");
    assert!(impossible.contains("a row with an impossible number"), "{impossible}");
    let far = refused_sheet("<sheetData><row><c r=\"XFE1\"><v>1</v></c></row></sheetData>");
    assert!(far.contains("row 1 has a cell \"XFE1\", which cannot be"), "{far}");
    let text = refused_sheet("<sheetData><row><c t=\"s\"><v>7</v></c></row></sheetData>");
    assert!(text.contains("row 1, cell 1: the shared text number \"7\" is not in the file"), "{text}");
    let twice = refused_sheet(
        "<sheetData><row r=\"2\"><c><v>1</v></c></row><row r=\"2\"><c><v>1</v></c></row></sheetData>",
    );
    assert!(twice.contains("row 2 stands behind its row 2"), "{twice}");
    assert!(refused(&HandMade::EMPTY.bytes()).contains("a workbook without any sheet"));
    assert!(refused(&zip(&[("xl/workbook.bin", b"")])).contains("a binary Excel workbook (xlsb)"));
    assert!(refused(&zip(&[("word/document.xml", b"<a/>")])).contains("a Word document"));
    // The encrypted container of newer workbooks.
    let mut encrypted = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    encrypted.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    assert!(refused(&encrypted).contains("the workbook is protected by a password"));
}

/// The sheet is a bomb: the same rows without end, a text without end.
#[test]
fn bombs_end() {
    let rels =
        b"<Relationships><Relationship Id=\"r\" Type=\"x/worksheet\" Target=\"s.xml\"/></Relationships>";
    let blank = vec![b' '; 1 << 20];
    let spaced = [&vec![b' '; 8 << 20][..], b"<row/>"].concat();
    for (begin, middle, times, expected) in [
        (&b"<worksheet><sheetData><row><c t=\"str\"><v>"[..], &blank[..], 40, "more than 16 MiB"),
        (b"<worksheet><sheetData>", &spaced[..], 8, "unpacks to more than"),
    ] {
        let mut sheet = deflated_many(begin, 1);
        sheet.truncate(sheet.len() - 2);
        sheet.extend(deflated_many(middle, times));
        let bytes = raw_zip(&[
            Packed::of(b"[Content_Types].xml", b"<Types/>"),
            Packed::of(
                b"xl/workbook.xml",
                b"<workbook><sheets><sheet name=\"a\" r:id=\"r\"/></sheets></workbook>",
            ),
            Packed::of(b"xl/_rels/workbook.xml.rels", rels),
            Packed { name: b"xl/s.xml", deflated: sheet, flags: 0, checksum: 0, size: 1000 },
        ]);
        let said = refused(&bytes);
        assert!(said.contains(expected), "{said}");
    }
}

/// A small sheet that would be a huge text: each row reaches to the last column.
#[test]
fn a_sheet_that_grows_is_a_bomb() {
    let rows: String =
        (1..=2_000).map(|row| format!("<row r=\"{row}\"><c r=\"XFD{row}\"><v>1</v></c></row>")).collect();
    let bytes =
        HandMade { sheets: &[("a", "", &format!("<sheetData>{rows}</sheetData>"))], ..HandMade::EMPTY }
            .bytes();
    assert!(bytes.len() < 17_000, "{}", bytes.len());
    let said = refused(&bytes);
    assert!(said.contains("a trap for memory and disk"), "{said}");
}
