use crate::input::InputOptions;
use crate::input::raw::testing::{Folder, complaint, options, read};

/// The old workbook is read as the csv that was made of it.
#[test]
#[allow(clippy::print_stderr)] // says why it is skipped
fn an_old_workbook_is_read_as_its_csv() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared = root.ancestors().map(|folder| folder.join("shared/data/zh_taobao_shop_mingri"));
    let Some(shared) = shared.into_iter().find(|folder| folder.is_dir()) else {
        eprintln!("skipped: shared/data is not here");
        return;
    };
    let of = |name: &str| options(&[&shared.join(name).display().to_string()]);
    let (workbook, text) = (read(&of("TB2018.xls")).unwrap(), read(&of("TB2018_gbk.csv")).unwrap());
    assert_eq!(workbook.rows.len(), 1783);
    assert_eq!(workbook.header, text.header);
    for (index, (ours, theirs)) in workbook.rows.iter().zip(&text.rows).enumerate() {
        // pandas, which made the csv, wrote 269.0 for the cell's 269.
        let mut theirs = theirs.clone();
        if let Some(amount) = &mut theirs.1[1] {
            *amount = amount.trim_end_matches(".0").to_owned();
        }
        assert_eq!(*ours, theirs, "row {index}");
    }
    let known = InputOptions { sheet: Some("nothing".into()), ..of("TB2018.xls") };
    assert!(complaint(&known).starts_with("unknown sheet \"nothing\""));
}

#[test]
fn an_old_workbook_that_claims_too_much_is_refused() {
    let mut bytes = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    bytes.extend("Workbook".encode_utf16().flat_map(u16::to_le_bytes));
    bytes.extend(b"\x00\x02\x0e\x00\x00\x00\x00\x00\xff\xff\xff\xff\x00\x00\xff\x00\x00\x00");
    let folder = Folder::new();
    let said = complaint(&options(&[&folder.put("a.xls", bytes)]));
    assert!(said.contains("claims rows 0 to 4294967295 and 255 columns"), "{said}");
}

/// A table of tabs in UTF-16 that is called a workbook, a csv likewise: text stays text.
#[test]
fn text_under_the_name_of_a_workbook() {
    let folder = Folder::new();
    let text: Vec<u8> = std::iter::once(0xfeff)
        .chain("id\t金额\r\n1\t2\r\n".encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    for path in [folder.put("a.xls", text), folder.put("b.xlsx", "id,金额\n1,2\n")] {
        assert_eq!(read(&options(&[&path])).unwrap().header, ["id", "金额"]);
    }
}

/// How long a large workbook takes, printed: `cargo test --release --lib a_large_workbook -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement; makes a file of 500,000 rows"]
#[allow(clippy::print_stdout)] // the figure
fn a_large_workbook() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet_with_constant_memory();
    for column in 0..20 {
        sheet.write(0, column, format!("column {column}")).unwrap();
    }
    for row in 1..=500_000_u32 {
        for column in 0..20_u16 {
            if column % 2 == 0 {
                sheet
                    .write(row, column, format!("{:019}", u64::from(row) * 7919 + u64::from(column)))
                    .unwrap();
            } else {
                sheet.write(row, column, f64::from(row) / 100.0).unwrap();
            }
        }
    }
    let folder = Folder::new();
    let path = folder.path("large.xlsx");
    workbook.save(&path).unwrap();
    let started = std::time::Instant::now();
    let files = crate::input::raw::open(&options(&[&path])).unwrap();
    println!("{} bytes of text in {:?}", files[0].bytes, started.elapsed());
}
