use super::super::testing::{HandMade, Packed, deflated_many, raw_zip, zip};
use crate::input::raw;
use crate::input::raw::testing::{Folder, complaint, options, read_by, row};

fn gbk(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}

#[test]
fn every_member_with_a_table_is_an_input() {
    let workbook = HandMade {
        sheets: &[(
            "export",
            "",
            "<sheetData><row><c t=\"str\"><v>x</v></c></row><row><c><v>7</v></c></row></sheetData>",
        )],
        ..HandMade::EMPTY
    }
    .bytes();
    let bill = gbk("订单,金额\r\n1,2.00\r\n");
    let gzip = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, b"z,y\n8,9\n").unwrap();
        encoder.finish().unwrap()
    };
    let archive = raw_zip(&[
        Packed::of(&gbk("账单/业务明细.csv"), &bill),
        Packed::of("b.xlsx".as_bytes(), &workbook),
        Packed::of(b"__MACOSX/._b.xlsx", b"junk"),
        Packed::of(b"folder/", b""),
        Packed::of(b".DS_Store", b"junk"),
        Packed::of(&gbk("说明.txt"), "本文件由系统生成。\n请勿修改，谢谢\n".as_bytes()),
        Packed::of(b"help.pdf", b"%PDF-1.4"),
        Packed::of(b"list.txt", b"id\tname\n1\ta\n2\tb\n"),
        Packed::of(b"c.csv.gz", &gzip),
    ]);
    let folder = Folder::new();
    let path = folder.put("export.zip", &archive);
    let options = options(&[&path]);
    let files = raw::open(&options).unwrap();
    let labels: Vec<String> = files.iter().map(|file| file.label.replace(&folder.path(""), "")).collect();
    let labels: Vec<&str> = labels.iter().map(|label| label.trim_start_matches('/')).collect();
    assert_eq!(
        labels,
        ["export.zip/b.xlsx", "export.zip/c.csv.gz", "export.zip/list.txt", "export.zip/账单/业务明细.csv"]
    );
    assert_eq!(files[0].describe(), "zip, b.xlsx; xlsx, sheet export");
    assert_eq!(files[1].describe(), "zip, c.csv.gz; csv, comma, UTF-8, gzip");
    assert_eq!(files[0].passed_over, ["help.pdf", "说明.txt"]);
    let contents = read_by(1 << 20, &options).unwrap();
    assert_eq!(contents[0].rows, [row(2, &["7"])]);
    assert_eq!(contents[1].rows, [row(2, &["8", "9"])]);
    assert_eq!(contents[2].rows, [row(2, &["1", "a"]), row(3, &["2", "b"])]);
    assert_eq!(contents[3].rows, [row(2, &["1", "2.00"])]);
}

#[test]
fn parquet_in_an_archive() {
    use polars::prelude::*;
    let mut bytes = Vec::new();
    let mut frame = df!("id" => ["a", "b"]).unwrap();
    ParquetWriter::new(&mut bytes).finish(&mut frame).unwrap();
    let folder = Folder::new();
    let path = folder.put("a.zip", zip(&[("x.parquet", &bytes)]));
    let contents = read_by(1 << 20, &options(&[&path])).unwrap();
    assert_eq!(contents[0].rows, [row(1, &["a"]), row(2, &["b"])]);
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = Folder::new();
    let refused = |bytes: &[u8]| complaint(&options(&[&folder.put("a.zip", bytes)]));
    assert!(refused(&zip(&[])).contains("a zip archive with nothing in it"));
    let said = refused(&zip(&[("a.pdf", b"%PDF"), ("b.md", b"x,y\n1,2\n")]));
    assert!(said.contains("a zip archive without a table; it holds a.pdf, b.md"), "{said}");
    let inner = zip(&[("a.csv", b"a,b\n1,2\n")]);
    assert!(refused(&zip(&[("in.zip", &inner)])).contains("a.zip/in.zip: an archive within an archive"));
    let encrypted = Packed { flags: 1, ..Packed::of(b"orders.csv", b"a,b\n1,2\n") };
    let said = refused(&raw_zip(&[encrypted]));
    assert!(said.contains("a.zip/orders.csv: it is encrypted"), "{said}");
    let whole = zip(&[("a.csv", &b"a,b\n1,2\n".repeat(1000))]);
    assert!(refused(&whole[..whole.len() / 2]).contains("the zip archive is damaged or cut off"));
    let damaged = Packed { checksum: 7, ..Packed::of(b"orders.csv", b"a,b\n1,2\n") };
    let said = refused(&raw_zip(&[damaged]));
    assert!(said.contains("orders.csv: it is damaged within the archive"), "{said}");
}

#[test]
fn a_bomb_ends_whatever_its_directory_says() {
    let folder = Folder::new();
    let deflated = deflated_many(&vec![b'x'; 1 << 20], 300);
    let bomb = raw_zip(&[Packed { name: b"a.csv", deflated, flags: 0, checksum: 0, size: 100 }]);
    assert!(bomb.len() < 400_000);
    let said = complaint(&options(&[&folder.put("a.zip", bomb)]));
    assert!(said.contains("a.zip/a.csv: unpacks to more than "), "{said}");
}
