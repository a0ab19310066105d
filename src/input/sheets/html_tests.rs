use crate::input::raw::testing::{Content, Folder, complaint, options, read, row};
use crate::input::{InputOptions, raw};

fn read_bytes(bytes: &[u8]) -> Content {
    let folder = Folder::new();
    read(&options(&[&folder.put("a.xls", bytes)])).unwrap()
}

fn gb18030(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}

fn utf16(text: &str) -> Vec<u8> {
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

#[test]
fn pages_of_platforms_are_read_in_every_encoding() {
    let page = |meta: &str| {
        format!(
            "\n\n<html xmlns:x=\"urn:schemas-microsoft-com:office:excel\"><head>{meta}<style>td {{ color: <red> }}</style></head>\
             <body><table border=1><thead><tr><th>商品ID</th><th>商品名称</th><th>支付金额</th></tr></thead>\
             <tr><td style=\"mso-number-format:'\\@'\">3377224851063389012</td><td>手机&nbsp;壳 &amp; <b>膜</b><br>红</td><td>1,234.50</td></tr>\n\
             <tr><td>2<td><td>3</tr></table></body></html>"
        )
    };
    let content = read_bytes(page("<meta charset=utf-8>").as_bytes());
    assert_eq!(content.header, ["商品ID", "商品名称", "支付金额"]);
    assert_eq!(
        content.rows,
        [row(2, &["3377224851063389012", "手机 壳 & 膜 红", "1,234.50"]), row(3, &["2", "", "3"])]
    );
    let declared = page("<meta http-equiv=\"Content-Type\" content=\"text/html; charset=gb2312\"/>");
    for bytes in [
        gb18030(&declared),
        gb18030(&page("")),
        page("").into_bytes(),
        format!("\u{feff}{declared}").into_bytes(),
        // Says one thing and is another.
        declared.clone().into_bytes(),
        utf16(&page("<meta charset=utf-16>")),
    ] {
        assert_eq!(read_bytes(&bytes), content);
    }
    let folder = Folder::new();
    let given = InputOptions {
        encoding: Some("gbk".into()),
        ..options(&[&folder.put("a.xls", gb18030(&page("<meta charset=utf-8>")))])
    };
    assert_eq!(read(&given).unwrap(), content);
}

#[test]
fn spans_hold_their_value_once() {
    let content = read_bytes(
        b"<table><tr><th>a<th>b<th>c<th>d\
          <tr><td rowspan=3>1<td colspan=2>2<td>3\
          <tr><td>4<td rowspan=2>5<td>6\
          <tr><td>7<td>8\
          <tr><td colspan=99999 rowspan='x'>9<td rowspan=9999999>\
          <tr><td>10</table>",
    );
    assert_eq!(content.header, ["a", "b", "c", "d"]);
    assert_eq!(
        content.rows,
        [
            row(2, &["1", "2", "", "3"]),
            row(3, &["", "4", "5", "6"]),
            row(4, &["", "7", "", "8"]),
            row(5, &["9", "", "", ""]),
            row(6, &["10", "", "", ""]),
        ]
    );
}

#[test]
fn a_table_among_tables() {
    let page = b"<!DOCTYPE html><table><tr><td>logo</td><td>\
        <table><tr><th>id</th><th>amount</th></tr><tr><td>1</td><td>2<script>if (1 < 2) '<td>'</script></td></tr></table>\
        </td></tr></table><table><tr><td>foot</td></tr></table>";
    let folder = Folder::new();
    let path = folder.put("a.xls", page);
    let content = read(&options(&[&path])).unwrap();
    assert_eq!(content.header, ["id", "amount"]);
    assert_eq!(content.rows, [row(2, &["1", "2"])]);
    assert_eq!(raw::open(&options(&[&path])).unwrap()[0].describe(), "html, table 2");
    let third = InputOptions { sheet: Some("3".into()), ..options(&[&path]) };
    assert_eq!(read(&third).unwrap().header, ["foot"]);
    let none = InputOptions { sheet: Some("4".into()), ..options(&[&path]) };
    assert_eq!(complaint(&none), "unknown table of the HTML page \"4\" | known: 1, 2, 3");
}

#[test]
fn a_page_without_a_table_is_refused() {
    let folder = Folder::new();
    for page in ["<html><body>please log in</body></html>", "<table><tr><td> </td></tr></table>", "<table>"] {
        let said = complaint(&options(&[&folder.put("a.xls", page)]));
        assert!(said.contains("an HTML page without a table that holds anything"), "{said}");
    }
}
