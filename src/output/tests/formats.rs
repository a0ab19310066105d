use std::io::{Cursor, Read};

use polars::prelude::{DataFrame, DataType, ParquetReader, SerReader, TimeUnit};
use serde_json::Value;

use super::*;
use crate::output::sample::{HOSTILE, hostile, ordinary};

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn json_has_the_shape_of_the_contract() {
    let text = text(&ordinary(), &plan_of(Format::Json, TableChoice::Standard));
    let keys: Vec<usize> =
        ["schema_version", "command", "as_of", "params", "input", "tables", "alerts", "notes"]
            .iter()
            .map(|key| text.find(&format!("\n  \"{key}\": ")).unwrap_or_else(|| panic!("{key}")))
            .collect();
    assert!(keys.is_sorted(), "{keys:?}");
    assert!(text.contains("\"revenue\": 4498187.3904,"), "{text}");
    assert!(text.contains("\n      {\"segment\": \"champions\", \"customers\": 633, "), "{text}");

    let whole = parsed(&text);
    assert_eq!(whole["schema_version"], 1);
    assert_eq!(whole["as_of"], "2011-12-09T12:50:00");
    assert_eq!(whole["params"]["weights"][1], 1.5);
    assert_eq!(whole["input"][0]["dropped"][0]["rows"], 135_080);
    assert_eq!(whole["tables"]["segments"].as_array().map(Vec::len), Some(6));
    assert_eq!(whole["tables"]["segments"][3]["avg_order_value"], Value::Null);
    assert!(whole["tables"].get("customers").is_none(), "long tables come when named");
    assert_eq!(whole["alerts"][0]["threshold"], 1.0);
    assert_eq!(whole["notes"][0], "sample note, customers: 12");
}

#[test]
fn json_is_the_same_in_every_language() {
    let mut plan = plan_of(Format::Json, TableChoice::All);
    let english = bytes(&ordinary(), &plan);
    plan.lang = Lang::Zh;
    assert_eq!(bytes(&ordinary(), &plan), english);
}

#[test]
fn json_survives_anything() {
    let report = hostile();
    let whole = parsed(&text(&report, &plan_of(Format::Json, TableChoice::All)));
    assert_eq!(whole["as_of"], Value::Null);
    assert_eq!(whole["tables"]["empty"], Value::Array(Vec::new()));
    let rows = whole["tables"]["mixed"].as_array().cloned().unwrap_or_default();
    for (row, text) in rows.iter().zip(HOSTILE) {
        assert_eq!(row["id"], text);
    }
    assert_eq!(rows[0]["count"], i64::MIN);
    assert_eq!(rows[0]["mean"], 1e300);
    assert_eq!(rows[1]["mean"], Value::Null, "NaN is no value");
    assert_eq!(rows[2]["ratio"], Value::Null, "an infinity is no value");
    assert_eq!(rows[3]["at"], "1969-12-31T23:59:59.999999");
    assert_eq!(rows[3]["date"], "1887-11-12");
}

#[test]
fn ndjson_has_the_rows_of_the_json() {
    let report = hostile();
    let lines = text(&report, &plan_of(Format::Ndjson, named("mixed")));
    let rows: Vec<Value> = lines.lines().map(parsed).collect();
    let whole = parsed(&text(&report, &plan_of(Format::Json, named("mixed"))));
    assert_eq!(Value::Array(rows), whole["tables"]["mixed"]);
}

fn records(text: &[u8], delimiter: u8) -> Vec<Vec<String>> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(delimiter)
        .from_reader(text)
        .records()
        .map(|r| r.unwrap_or_else(|e| panic!("{e}")).iter().map(str::to_owned).collect())
        .collect()
}

#[test]
fn csv_and_tsv_hold_the_exact_values() {
    let report = hostile();
    for (format, delimiter) in [(Format::Csv, b','), (Format::Tsv, b'\t')] {
        let bytes = bytes(&report, &plan_of(format, named("mixed")));
        let records = records(&bytes, delimiter);
        assert_eq!(records[0][..3], ["id", "=name|", "key"]);
        for (record, text) in records[1..].iter().zip(HOSTILE) {
            assert_eq!(record[0], text);
        }
        assert_eq!(records[1][3..6], ["-9223372036854775808", "-922337203685477.5808", "1e+300"]);
        assert_eq!(records[5][4..7], ["8911407.904", "-1e-7", "0.3333333333333333"]);
        assert_eq!(records[3][3..6], ["", "", ""]);
        assert_eq!(records[1][8..], ["2011-12-09", "2011-12-09T12:50:00", "true"]);
    }
    let plain = text(&ordinary(), &plan_of(Format::Csv, TableChoice::First));
    assert!(plain.starts_with("segment,customers,customer_share,revenue,"), "{plain}");
    assert!(!plain.contains('\r'));
}

#[test]
fn csv_can_be_made_safe_for_spreadsheets() {
    let mut plan = plan_of(Format::Csv, named("mixed"));
    plan.bom = true;
    plan.excel_safe = true;
    let bytes = bytes(&hostile(), &plan);
    assert_eq!(bytes[..3], [0xef, 0xbb, 0xbf]);
    let records = records(&bytes[3..], b',');
    assert_eq!(records[0][1], "'=name|");
    for (record, text) in records[1..].iter().zip(HOSTILE) {
        let expected = if text.starts_with(['=', '+', '-', '@', '\t', '＝']) {
            format!("'{text}")
        } else {
            text.into()
        };
        assert_eq!(record[0], expected);
    }
    assert_eq!(records[1][3], "-9223372036854775808", "numbers are no formulas");
}

#[test]
fn markdown_is_one_table_whatever_its_values() {
    let report = hostile();
    let text = text(&report, &plan_of(Format::Markdown, named("mixed")));
    assert_eq!(text.lines().count(), 2 + report.tables[0].height());
    for line in text.lines() {
        assert_eq!(
            line.replace("\\|", "").matches('|').count(),
            report.tables[0].columns.len() + 1,
            "{line}"
        );
        assert!(!line.contains(['\u{1b}', '\u{202e}', '<']) || line.replace("<br>", "").find('<').is_none());
    }
    assert!(text.contains("two<br>lines<br>and three"));
    assert!(text.contains("&lt;script&gt;"));
    assert!(text.contains(r"\_em\_"));
    let ordinary = super::text(&ordinary(), &plan_of(Format::Markdown, TableChoice::First));
    assert!(ordinary.lines().nth(1).is_some_and(|rule| rule.starts_with("| :---") && rule.contains("-: |")));
    assert!(ordinary.contains("| 4,498,187.39 |"), "{ordinary}");
}

#[test]
fn the_table_never_overflows_where_it_can_be_helped() {
    for lang in [Lang::En, Lang::Zh] {
        for width in 50..220 {
            let mut plan = plan_of(Format::Table, TableChoice::All);
            (plan.width, plan.lang) = (width, lang);
            for line in text(&ordinary(), &plan).lines() {
                assert!(layout::width(line) <= width, "{width}: {line}");
            }
            plan.width = width.max(70);
            for line in text(&hostile(), &plan).lines() {
                assert!(layout::width(line) <= plan.width, "{width}: {line}");
                assert!(!line.chars().any(char::is_control), "{line:?}");
            }
        }
    }
}

#[test]
fn the_table_is_rounded_and_labelled_and_has_every_row() {
    let mut plan = plan_of(Format::Table, TableChoice::All);
    plan.width = 160;
    let shown = text(&ordinary(), &plan);
    for part in ["as of 2011-12-09 12:50", "4,498,187.39", "55.5% ████████", "–", "2011-01-18 10:21", "张三"]
    {
        assert!(shown.contains(part), "{part} in\n{shown}");
    }
    assert!(!shown.contains('\u{1b}'));
    plan.color = true;
    let painted = text(&ordinary(), &plan);
    assert!(painted.contains("\u{1b}[1m"));
    let mut plain = painted;
    for style in ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[2m", "\u{1b}[36m"] {
        plain = plain.replace(style, "");
    }
    assert_eq!(plain, shown, "colours change nothing else");
}

/// The files in a zip archive, by its central directory.
pub(super) fn unzipped(zip: &[u8]) -> Vec<(String, String)> {
    let u16_at = |at: usize| usize::from(u16::from_le_bytes([zip[at], zip[at + 1]]));
    let u32_at = |at: usize| u16_at(at) + (u16_at(at + 2) << 16);
    let end = zip.windows(4).rposition(|w| w == b"PK\x05\x06").unwrap_or_else(|| panic!("no zip"));
    let mut at = u32_at(end + 16);
    let mut files = Vec::new();
    for _ in 0..u16_at(end + 10) {
        let name = String::from_utf8_lossy(&zip[at + 46..at + 46 + u16_at(at + 28)]).into_owned();
        let (packed, local) = (u32_at(at + 20), u32_at(at + 42));
        let start = local + 30 + u16_at(local + 26) + u16_at(local + 28);
        let mut content = String::new();
        flate2::read::DeflateDecoder::new(&zip[start..start + packed])
            .read_to_string(&mut content)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        files.push((name, content));
        at += 46 + u16_at(at + 28) + u16_at(at + 30) + u16_at(at + 32);
    }
    files
}

#[test]
fn xlsx_holds_text_as_text_and_numbers_as_numbers() {
    let files = unzipped(&bytes(&hostile(), &plan_of(Format::Xlsx, TableChoice::All)));
    let file = |name: &str| {
        let found = files.iter().find(|(n, _)| n == name);
        found.map(|(_, content)| content.clone()).unwrap_or_else(|| panic!("{name}"))
    };
    let sheets: Vec<&str> =
        files.iter().filter(|(n, _)| n.starts_with("xl/worksheets/")).map(|(_, c)| c.as_str()).collect();
    assert_eq!(sheets.len(), 3, "two tables and the sheet about the run");
    assert!(sheets.iter().all(|s| !s.contains("<f>")), "no formula");
    let strings = file("xl/sharedStrings.xml");
    assert!(strings.contains("=HYPERLINK("));
    assert!(strings.contains("&lt;script&gt;"));
    assert!(strings.contains("<t>00123</t>"));
    let first = sheets[0];
    assert!(first.contains("numberStoredAsText=\"1\""));
    assert!(first.contains("<v>40886</v>"), "a date is a number");
    assert!(first.contains("<autoFilter ref=\"A1:K17\"/>"));
    assert!(first.contains("state=\"frozen\""));
    assert!(file("xl/styles.xml").contains("quotePrefix=\"1\""));
    assert!(file("xl/styles.xml").contains("yyyy\\-mm\\-dd") || file("xl/styles.xml").contains("yyyy-mm-dd"));
}

#[test]
fn xlsx_speaks_about_the_run() {
    let mut plan = plan_of(Format::Xlsx, TableChoice::All);
    plan.lang = Lang::Zh;
    let files = unzipped(&bytes(&ordinary(), &plan));
    let all: String = files.iter().map(|(_, content)| content.as_str()).collect();
    for part in [
        "说明",
        "RFM 客户分层",
        "541909",
        "397884",
        "quantity &gt; 0 AND unit_price &gt; 0",
        "• paid orders",
        "2011-12-09T12:50:00Z",
    ] {
        assert!(all.contains(part), "{part}");
    }
}

#[test]
fn xlsx_refuses_what_a_sheet_cannot_hold() {
    let table = |cells: Cells| Report {
        tables: vec![Table {
            name: "big",
            long: false,
            twin_of: None,
            drawn_as: None,
            extract: Default::default(),
            columns: vec![Column::new("x", Kind::Text, cells)],
        }],
        ..Report::default()
    };
    let plan = plan_of(Format::Xlsx, TableChoice::All);
    for cells in [Cells::texts(["x".repeat(32_768)]), Cells::Int(vec![None; 1_048_576])] {
        let error = to_bytes(&table(cells), &plan).map(|_| ()).expect_err("refused");
        assert_eq!(error.code(), "does_not_fit", "{error}");
    }
    assert!(to_bytes(&table(Cells::texts(["x".repeat(32_767)])), &plan).is_ok());
}

#[test]
fn parquet_holds_the_types() {
    let report = hostile();
    let bytes = bytes(&report, &plan_of(Format::Parquet, named("mixed")));
    let frame: DataFrame =
        ParquetReader::new(Cursor::new(bytes)).finish().unwrap_or_else(|error| panic!("{error}"));
    let types: Vec<DataType> = frame.columns().iter().map(|c| c.dtype().clone()).collect();
    assert_eq!(frame.height(), report.tables[0].height());
    assert_eq!(types[0], DataType::String);
    assert_eq!(types[3], DataType::Int64);
    assert_eq!(types[4], DataType::Decimal(38, 4));
    assert_eq!(types[5], DataType::Float64);
    assert_eq!(types[8], DataType::Date);
    assert_eq!(types[9], DataType::Datetime(TimeUnit::Microseconds, None));
    assert_eq!(types[10], DataType::Boolean);
    let cell = |column: usize, row: usize| {
        frame.columns()[column].get(row).map(|v| v.to_string()).unwrap_or_default()
    };
    assert_eq!(cell(4, 0), "-922337203685477.5808");
    assert_eq!(cell(4, 4), "8911407.9040");
    assert_eq!(cell(5, 1), "null", "NaN is no value");
    assert_eq!(cell(0, 11), "\"00123\"");
}

#[test]
fn an_empty_table_is_a_table_in_every_format() {
    for format in Format::ALL {
        let bytes = bytes(&hostile(), &plan_of(format, named("empty")));
        assert_eq!(bytes.is_empty(), format == Format::Ndjson, "{}", format.key());
    }
}

#[test]
fn equal_reports_give_equal_bytes() {
    for report in [ordinary(), hostile()] {
        for format in Format::ALL {
            let plan = plan_of(format, TableChoice::First);
            let first = bytes(&report, &plan);
            if format == Format::Xlsx {
                std::thread::sleep(std::time::Duration::from_millis(1_100));
            }
            assert_eq!(first, bytes(&report, &plan), "{}", format.key());
        }
    }
}

#[test]
fn masked_ids_are_in_no_format() {
    let key = mask::Key::from_bytes(b"0123456789abcdef").unwrap_or_else(|n| panic!("{n}"));
    let masked = key.mask("00123");
    assert_eq!(masked.len(), 16);
    assert_eq!(format!("{key:?}"), "Key(hidden)");
    for format in Format::ALL {
        let mut plan = plan_of(format, named("customers"));
        plan.mask = Some(key.clone());
        let mut bytes = bytes(&ordinary(), &plan);
        if format == Format::Xlsx {
            bytes = unzipped(&bytes).into_iter().flat_map(|(_, content)| content.into_bytes()).collect();
        }
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("00123") && !text.contains("张三"), "{}", format.key());
        if format != Format::Parquet {
            assert!(text.contains(&masked), "{}", format.key());
        }
    }
}

/// RFC 4231, test case 6: a key of 131 bytes.
#[test]
fn the_mask_is_hmac_sha_256() {
    let key = mask::Key::from_bytes(&[0xaa; 131]).unwrap_or_else(|n| panic!("{n}"));
    assert_eq!(key.mask("Test Using Larger Than Block-Size Key - Hash Key First"), "60e431591ee0b67f");
    assert_eq!(mask::Key::from_bytes(b"short").map(|_| ()), Err(5));
}

#[test]
fn a_terminal_may_be_shown_an_extract_and_says_so() {
    let names = ["day", "users", "open", "users_closed", "complete"];
    let columns = names.map(|name| Column::new(name, Kind::Count, Cells::ints(1_000_001_i64..=1_000_009)));
    let table = Table::new("trend", false, columns.to_vec()).showing(|row| row > 6);
    let groups: [&[&str]; 3] = [&["complete"], &["open", "users_closed"], &["users"]];
    let report = Report { tables: vec![table.without(&groups)], ..Report::default() };
    let plan = |format, choice, width| OutputPlan { width, ..plan_of(format, choice) };
    let shown = |width| text(&report, &plan(Format::Table, TableChoice::Standard, width));
    let rows = |text: &str| (1..=9).filter(|row| text.contains(&format!("1,000,00{row}"))).count();
    let wide = shown(120);
    assert_eq!((rows(&wide), wide.matches("1,000,009").count()), (2, 5), "{wide}");
    assert!(wide.ends_with("Left out: 7 of 9 rows (--table trend)\n"), "{wide}");
    let narrow = shown(40);
    assert_eq!((rows(&narrow), narrow.matches("1,000,009").count()), (2, 2), "{narrow}");
    assert!(narrow.contains("7 of 9 rows, 3 of 5"), "{narrow}");
    // Who names it, and every other format, has all.
    let whole = text(&report, &plan(Format::Table, named("trend"), 40));
    assert_eq!((rows(&whole), whole.contains("Left out")), (9, false), "{whole}");
    let json = text(&report, &plan(Format::Json, TableChoice::Standard, 40));
    assert_eq!((json.matches("1000001").count(), json.matches("complete").count()), (5, 9), "{json}");
}
