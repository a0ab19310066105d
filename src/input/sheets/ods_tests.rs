use super::super::testing::zip;
use crate::input::raw::testing::{Content, Folder, complaint, options, read, row};

fn ods(tables: &str) -> Vec<u8> {
    let content = format!(
        "<?xml version=\"1.0\"?><office:document-content><office:automatic-styles>\
         <style:style style:name=\"ta1\" style:family=\"table\"><style:table-properties table:display=\"true\"/></style:style>\
         <style:style style:name=\"ta2\" style:family=\"table\"><style:table-properties table:display=\"false\"/></style:style>\
         </office:automatic-styles><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    );
    zip(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("content.xml", content.as_bytes()),
    ])
}

fn read_bytes(bytes: &[u8]) -> Content {
    let folder = Folder::new();
    read(&options(&[&folder.put("a.xlsx", bytes)])).unwrap()
}

fn refused(bytes: &[u8]) -> String {
    let folder = Folder::new();
    complaint(&options(&[&folder.put("a.ods", bytes)]))
}

#[test]
fn values_and_repetitions() {
    let content = read_bytes(&ods(
        "<table:table table:name=\"hidden\" table:style-name=\"ta2\"><table:table-row>\
         <table:table-cell office:value-type=\"string\"><text:p>no</text:p></table:table-cell></table:table-row></table:table>\
         <table:table table:name=\"orders\" table:style-name=\"ta1\"><table:table-column table:number-columns-repeated=\"16384\"/>\
         <table:table-row table:number-rows-repeated=\"2\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>\
         <table:table-header-rows><table:table-row>\
         <table:table-cell office:value-type=\"string\"><office:annotation><text:p>aside</text:p></office:annotation><text:p>订单<text:s text:c=\"2\"/>号</text:p></table:table-cell>\
         <table:table-cell office:value-type=\"string\"><text:p>at</text:p></table:table-cell>\
         <table:table-cell office:value-type=\"string\"><text:p>paid</text:p></table:table-cell>\
         <table:table-cell office:value-type=\"string\"><text:p>n</text:p><text:p>m</text:p></table:table-cell>\
         </table:table-row></table:table-header-rows>\
         <table:table-row table:number-rows-repeated=\"2\">\
         <table:table-cell office:value-type=\"float\" office:value=\"12.50\" calcext:value-type=\"float\"><text:p>12,5</text:p></table:table-cell>\
         <table:table-cell office:value-type=\"date\" office:date-value=\"2026-06-08T13:20:43\"><text:p>8.6.</text:p></table:table-cell>\
         <table:table-cell office:value-type=\"time\" office:time-value=\"PT13H20M43S\"><text:p>x</text:p></table:table-cell>\
         <table:covered-table-cell/></table:table-row>\
         <table:table-row/>\
         <table:table-row>\
         <table:table-cell office:value-type=\"boolean\" office:boolean-value=\"true\"><text:p>WAHR</text:p></table:table-cell>\
         <table:table-cell office:value-type=\"float\" office:value=\"1\" table:number-columns-repeated=\"2\"/>\
         <table:table-cell office:value-type=\"string\"><text:p>#N/A &amp; <text:span>more</text:span></text:p></table:table-cell>\
         <table:table-cell table:number-columns-repeated=\"16380\"/></table:table-row>\
         <table:table-row table:number-rows-repeated=\"1048569\"><table:table-cell/></table:table-row></table:table>",
    ));
    assert_eq!(content.header, ["订单  号", "at", "paid", "n m"]);
    assert_eq!(
        content.rows,
        [
            row(4, &["12.5", "2026-06-08 13:20:43", "13:20:43", ""]),
            row(5, &["12.5", "2026-06-08 13:20:43", "13:20:43", ""]),
            row(7, &["TRUE", "1", "1", "#N/A & more"]),
        ]
    );
}

#[test]
fn what_cannot_be_read_is_named() {
    let whole = "<table:table table:name=\"a\"><table:table-row><table:table-cell office:value-type=\"float\" office:value=\"1\"/></table:table-row></table:table>";
    let cut = zip(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("content.xml", &whole.as_bytes()[..whole.len() - 20]),
    ]);
    assert!(refused(&cut).contains("ends"), "{}", refused(&cut));
    let cell = "<table:table-cell office:value-type=\"float\" office:value=\"1\" table:number-columns-repeated=\"16385\"/>";
    let wide = ods(&format!("<table:table><table:table-row>{cell}</table:table-row></table:table>"));
    assert!(refused(&wide).contains("row 1 has more than 16384 cells"));
    let long = ods(&whole
        .replace("table-row>", "table-row table:number-rows-repeated=\"99999999\">")
        .replace("</table:table-row table:number-rows-repeated=\"99999999\">", "</table:table-row>"));
    assert!(refused(&long).contains("row 1 stands there 99999999 times"), "{}", refused(&long));
    // All cells of a sheet, from a few bytes.
    let full = cell.replace("16385", "16384");
    let bomb = ods(&format!(
        "<table:table><table:table-row table:number-rows-repeated=\"1048576\">{full}</table:table-row></table:table>"
    ));
    assert!(refused(&bomb).contains("a trap for memory and disk"));
    let encrypted = zip(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", b"<manifest:manifest><manifest:file-entry><manifest:encryption-data/></manifest:file-entry></manifest:manifest>"),
    ]);
    assert!(refused(&encrypted).contains("the workbook is protected by a password"));
    assert!(refused(&ods("")).contains("a workbook without any sheet"));
}
