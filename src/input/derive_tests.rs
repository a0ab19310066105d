//! Derived columns: exact numbers, cells that are none, constants, csv and Parquet alike, threads.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Mutex;

use super::super::presets::{Preset, PresetChoice};
use super::super::raw::testing::{Folder, options};
use super::super::{InputOptions, raw};
use super::*;

fn preset(columns: &str) -> Arc<Preset> {
    let text = format!(
        "id = 'x'\nname = {{ en = 'x', zh = 'x' }}\nplatform = 'x'\nkind = 'orders'\ngrain = 'order'\n\
         confidence = {{ header = 'low', meaning = 'low' }}\nevidence = ''\nheader = []\n\
         fingerprint = {{ required = ['id'] }}\n[columns]\n{columns}\n"
    );
    Arc::new(toml::from_str(&text).unwrap())
}

/// All rows of the derived column, by row number, and its type.
fn column(options: &InputOptions, chunk: usize, name: &str) -> (BTreeMap<u64, String>, DataType) {
    let mut files = raw::open(options).unwrap();
    for file in &mut files {
        add(file).unwrap();
        settle(file, &Mapping::default()).unwrap();
    }
    let projection = vec![vec![name.to_owned()]; files.len()];
    let rows: Mutex<BTreeMap<u64, String>> = Mutex::default();
    raw::scan_by(chunk, &files, &projection, options, &|batch| {
        assert_eq!(batch.frame.width(), 1);
        for row in 0..batch.frame.height() {
            let cell = cells::as_written(&batch.frame.columns()[0], row);
            rows.lock().unwrap().insert(batch.rows.get(row), cell);
        }
        Ok(())
    })
    .unwrap();
    (rows.into_inner().unwrap(), files[0].head.column(name).unwrap().dtype().clone())
}

fn given(folder: &Folder, text: &str, columns: &str) -> InputOptions {
    let path = folder.put("a.csv", text);
    InputOptions { preset: PresetChoice::Given(preset(columns)), ..options(&[&path]) }
}

fn texts(rows: BTreeMap<u64, String>) -> Vec<String> {
    rows.into_values().collect()
}

#[test]
fn sums_are_exact_decimals() {
    let folder = Folder::new();
    let text = "id,实付(元),退款 \n1,0.1,0.2\n2,\"￥1,234.5000\",-\n3,,\n4,5,\n";
    let options = given(&folder, text, "amount = { formula = '实付 + coalesce(退款, 0)' }");
    let (rows, dtype) = column(&options, 1 << 20, "实付 + coalesce(退款, 0)");
    assert_eq!(dtype, DataType::Decimal(PRECISION, SCALE));
    assert_eq!(texts(rows), ["0.3000", "1234.5000", "", "5.0000"]);
}

#[test]
fn cells_that_are_no_numbers_are_shown_as_they_stand() {
    let folder = Folder::new();
    let text = "id,a,b\n1,12,1\n2,abc,1\n3,900000000000000,900000000000000\n";
    let options = given(&folder, text, "amount = { formula = 'a + b' }");
    let (rows, dtype) = column(&options, 1 << 20, "a + b");
    assert_eq!(dtype, DataType::String);
    let rows = texts(rows);
    assert_eq!(rows[..2], ["13.0000", "abc"]);
    assert!(DecimalMark::Point.read(&rows[2], parse_money).is_err(), "{}", rows[2]);
}

#[test]
fn the_mark_of_the_file_holds_for_formulas() {
    let folder = Folder::new();
    let text = "id;a;note\n1;1.234;big, 2.5\n2;12,50;x\n";
    let options = given(&folder, text, "amount = { formula = 'a * 2' }");
    assert_eq!(texts(column(&options, 1 << 20, "a * 2").0), ["2468.0000", "25.0000"]);
}

#[test]
fn texts_flags_and_constants_are_columns_too() {
    let folder = Folder::new();
    let columns = "ordered_at = { formula = \"Date || ' ' || Time\" }\nchannel = { constant = '天猫' }\n\
                   status = 'ID'\ntier = { formula = 'ID' }";
    let options = given(&folder, "id,Date,Time\n1,2024-01-02,10:00\n2,,\n", columns);
    assert_eq!(texts(column(&options, 1, "Date || ' ' || Time").0), ["2024-01-02 10:00", ""]);
    assert_eq!(texts(column(&options, 1, "'天猫'").0), ["天猫", "天猫"]);
    let mut file = raw::open(&options).unwrap().remove(0);
    add(&mut file).unwrap();
    // A formula that is a column is that column.
    assert_eq!(file.derived.len(), 2);
}

#[test]
fn an_alternative_counts_if_all_its_columns_are_there() {
    let folder = Folder::new();
    let columns = "amount = [{ formula = 'net + back' }, { formula = 'net + 0' }, 'net']";
    let options = given(&folder, "id,net\n1,5\n", columns);
    assert_eq!(texts(column(&options, 1, "net + 0").0), ["5.0000"]);
    let options = given(&folder, "id,spent (USD)\n1,5\n", "amount = { formula = '\"spent*\" + 0' }");
    assert_eq!(texts(column(&options, 1, "\"spent*\" + 0").0), ["5.0000"]);
}

#[test]
fn csv_and_parquet_and_any_threads_agree() {
    let folder = Folder::new();
    let n = 5000_i64;
    let mut csv = String::from("id,a,b\n");
    for row in 0..n {
        csv.push_str(&format!("{row},{}.{:02},{}\n", row * 7 % 1000, row % 100, row % 13));
    }
    let columns = "amount = { formula = 'a + b * 2' }";
    let expected: Vec<String> = (0..n)
        .map(|row| four_decimals(i128::from((row * 7 % 1000) * 10_000 + row % 100 * 100 + row % 13 * 20_000)))
        .collect();
    let text = given(&folder, &csv, columns);
    let mut frame = DataFrame::new_infer_height(vec![
        Column::new("id".into(), (0..n).collect::<Vec<_>>()),
        Column::new(
            "a".into(),
            (0..n).map(|r| (r * 7 % 1000 * 100 + r % 100) as f64 / 100.0).collect::<Vec<_>>(),
        ),
        Column::new("b".into(), (0..n).map(|r| r % 13).collect::<Vec<_>>()),
    ])
    .unwrap();
    let path = folder.path("a.parquet");
    ParquetWriter::new(File::create(&path).unwrap()).finish(&mut frame).unwrap();
    let parquet = InputOptions { paths: vec![path], ..text.clone() };
    for options in [&text, &parquet] {
        for threads in [1, 4] {
            let options = InputOptions { threads, ..options.clone() };
            assert_eq!(texts(column(&options, 1000, "a + b * 2").0), expected);
        }
    }
}
