//! Tables with something above, within or behind them.

use std::sync::Arc;

use proptest::prelude::*;

use crate::input::InputOptions;
use crate::input::layout::tests::preset;
use crate::input::presets::PresetChoice;
use crate::input::raw::testing::{Content, Folder, complaint, options, read, read_by, row};
use crate::input::raw::{self, RawFile};

fn given(options: &mut InputOptions, rules: &str) {
    options.preset = PresetChoice::Given(preset("p", rules));
}

/// What is read in chunks of all sizes, and the file after the last scan.
fn both_ways(bytes: &[u8], change: impl FnOnce(&mut InputOptions)) -> (Content, RawFile) {
    let folder = Folder::new();
    let mut options = options(&[&folder.put("a.csv", bytes)]);
    change(&mut options);
    let whole = read(&options).unwrap();
    for chunk in [1, 7, 64] {
        assert_eq!(read_by(chunk, &options).unwrap()[0], whole, "chunks of {chunk}");
    }
    let files = raw::open(&options).unwrap();
    raw::scan(&files, &[Vec::new()], &options, &|_| Ok(())).unwrap();
    (whole, files.into_iter().next().unwrap())
}

fn content(text: &str) -> Content {
    both_ways(text.as_bytes(), |_| {}).0
}

const ALIPAY: &str = r#"
header = ["交易号", "商家订单号", "交易创建时间", "金额（元）"]
[fingerprint]
required = ["交易号", "商家订单号", "金额"]
[file]
footer = ["总交易单数"]
comment = "-"
"#;

#[test]
fn a_bill_of_alipay_has_a_preamble_and_padded_cells() {
    let preamble: String =
        (1..=22).map(|line| format!("{line}. 说明, \"带引号的文字; 第{line}条\n")).collect();
    let text = format!(
        "支付宝交易记录明细查询\r\n\r\n{preamble}---------交易记录明细列表---------\r\n\
         交易号                  ,商家订单号               ,交易创建时间              ,金额（元）   ,\r\n\
         2021\t ,`T200P1,2021-01-01 00:00:00 , 12.50 ,\r\n\
         ---, \"odd\r\n\
         2022\t ,\"T200P2\",2021-01-02 00:00:00 , 1.00 ,\r\n\
         `总交易单数：2,\"and an odd quote\r\n\r\n共2笔\r\n"
    );
    let gbk = encoding_rs::GB18030.encode(&text).0;
    for bytes in [text.as_bytes(), &gbk] {
        let (found, file) = both_ways(bytes, |options| given(options, ALIPAY));
        assert_eq!(found.header, ["交易号", "商家订单号", "交易创建时间", "金额（元）", "column_5"]);
        let expected = |line, cells: &[&str]| row(line, cells);
        assert_eq!(
            found.rows,
            [
                expected(27, &["2021\t ", "`T200P1", "2021-01-01 00:00:00 ", " 12.50 ", ""]),
                expected(29, &["2022\t ", "T200P2", "2021-01-02 00:00:00 ", " 1.00 ", ""]),
            ]
        );
        assert!(found.short.is_empty() && found.overlong.is_empty());
        assert_eq!(
            file.left_out.describe().unwrap(),
            "24 lines above the header, 2 lines behind the table, 1 comment line"
        );
        assert_eq!(file.preset.as_ref().unwrap().id, "p");
        assert_eq!(file.layout.skip_lines, 25);
    }
}

#[test]
fn google_ads_in_utf_16_with_tabs() {
    let text = "Campaign report\nJanuary 1, 2024 - January 31, 2024\nCampaign\tDay\tCost\tImpr.\n\
                Brand\t2024-01-01\t1,234.50\t 10\nTotal: account\t --\t1,234.50\t10\n";
    let bytes: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let rules = "header = [\"Campaign\", \"Day\", \"Cost\", \"Impr.\"]\n[fingerprint]\n\
                 required = [\"Campaign\", \"Cost\", \"Impr.\"]\n[file]\nfooter = [\"Total:\", \"Total :\"]";
    let (found, file) = both_ways(&bytes, |options| given(options, rules));
    assert_eq!(found.header, ["Campaign", "Day", "Cost", "Impr."]);
    assert_eq!(found.rows, [row(4, &["Brand", "2024-01-01", "1,234.50", " 10"])]);
    assert_eq!(file.format.describe(), "csv, tab, UTF-16LE");
    assert_eq!(file.left_out.describe().unwrap(), "2 lines above the header, 1 line behind the table");
}

#[test]
fn a_title_is_passed_over_without_a_preset() {
    let found = content(
        "店铺订单; 2024\n\n导出时间,2024-01-02\n\n订单编号;会员名;付款时间;金额\n1;a;2024-01-01;2,50\n",
    );
    assert_eq!(found.header, ["订单编号", "会员名", "付款时间", "金额"]);
    assert_eq!(found.rows, [row(6, &["1", "a", "2024-01-01", "2,50"])]);
    let found =
        content("an \"odd\",\"quote\norder_id\tcustomer_id\tordered_at\tamount\n1\ta\t2024-01-01\t3\n");
    assert_eq!(found.rows, [row(3, &["1", "a", "2024-01-01", "3"])]);
}

#[test]
fn a_header_in_line_1_stays_the_header() {
    let found = content("id,when,sum\ncustomer_id,amount,ordered_at\n");
    assert_eq!((found.header.len(), found.rows.len()), (3, 0), "a clear header below");
    let found = content("order_id,x,y\ncustomer_id,amount,z\n");
    assert_eq!(found.header, ["order_id", "x", "y"], "names as values");
}

#[test]
fn names_may_hold_line_breaks() {
    let found = content(
        "\"订单\n编号\t\",\"客户\r\n编号\",\"付款\n时间\",\" 实付\n金额\u{a0}\",\u{feff}状态,\n1,a,2024-01-01,3,x,\n",
    );
    assert_eq!(found.header, ["订单 编号", "客户 编号", "付款 时间", "实付 金额", "状态", "column_6"]);
    assert_eq!(found.rows, [row(6, &["1", "a", "2024-01-01", "3", "x", ""])]);
}

#[test]
fn excel_is_told_the_delimiter() {
    for (first, delimiter) in
        [("sep=;", ';'), ("SEP=|", '|'), ("\"sep=;\"", ';'), ("sep=\t", '\t'), ("sep=^", '^')]
    {
        let text = format!("{first}\r\na,1,2{delimiter}b\r\n1,5{delimiter}2\r\n");
        let (found, file) = both_ways(text.as_bytes(), |_| {});
        assert_eq!(found.header, ["a,1,2", "b"], "{first}");
        assert_eq!(found.rows, [row(3, &["1,5", "2"])]);
        assert_eq!(file.left_out.describe(), None);
    }
    assert_eq!(content("sep=;;\n1;2;3\n").header, ["sep=", "column_2", "column_3"]);
    let (found, _) = both_ways(b"sep=;\na;1,b\n1,2\n", |options| options.delimiter = Some(",".into()));
    assert_eq!(found.header, ["a;1", "b"], "the user knows better");
}

#[test]
fn a_preset_that_does_not_fit_is_refused() {
    let folder = Folder::new();
    let mut options = options(&[&folder.put("a.csv", "title\n交易号;金额\n1;2\n")]);
    given(&mut options, ALIPAY);
    assert_eq!(
        complaint(&options),
        "a.csv: no column for 商家订单号, which preset p requires; columns there: 交易号, 金额 | --preset auto   \
         recognises the export by its header; or export the file again with these columns"
    );
}

#[test]
fn a_header_without_end_is_refused() {
    let folder = Folder::new();
    let wide = |columns: usize| {
        let names: Vec<String> = (0..columns).map(|column| format!("c{column}")).collect();
        format!("{}\n", names.join(","))
    };
    let said = complaint(&options(&[&folder.put("a.csv", wide(1_000_000))]));
    assert_eq!(
        said,
        "a.csv: the header in line 1 has more than 16384 columns, which is the limit | is the delimiter right \
         (--delimiter)? a table lying on its side must be turned first"
    );
    let said = complaint(&options(&[&folder.put("a.csv", format!("\n{}", ",".repeat(16_384)))]));
    assert!(said.contains("line 2"), "{said}");
    let widest = read(&options(&[&folder.put("a.csv", "x,".repeat(16_383) + "x\n")])).unwrap();
    assert_eq!((widest.header.len(), widest.header[16_383].as_str()), (16_384, "x_16384"));
}

/// `unique_names` as it was first written: quadratic and plain.
fn unique_names_by_definition(written: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (index, name) in written.iter().enumerate() {
        let mut unique = name.clone();
        let mut count = 1;
        while names.contains(&unique) || (count > 1 && written[index..].contains(&unique)) {
            count += 1;
            unique = format!("{name}_{count}");
        }
        names.push(unique);
    }
    names
}

proptest! {
    #[test]
    fn names_are_made_unique_as_defined(written in prop::collection::vec("[ab](_[1-4]){0,2}", 0..12)) {
        prop_assert_eq!(super::unique_names(written.clone()).0, unique_names_by_definition(&written));
    }

    /// Random text above, comments within, a footer behind: the rows are those of the table alone, on their lines.
    #[test]
    fn what_is_around_a_table_changes_nothing(
        above in prop::collection::vec("[-x\",;中 ]{0,6}", 0..12),
        rows in prop::collection::vec(
            (prop::collection::vec("[ab,;\"\n\r 中-]{0,4}", 2), prop::option::of("#[ab\",; ]{0,5}")), 0..8),
        footer in prop::option::of("总计[ab\",\n]{0,8}"),
        crlf in any::<bool>(),
        chunk in 1usize..64,
    ) {
        let end = if crlf { "\r\n" } else { "\n" };
        let mut text: String = above.iter().map(|line| format!("{line}{end}")).collect();
        text.push_str(&format!("单号,\"金额\"{end}"));
        let mut expected = Vec::new();
        for (cells, comment) in &rows {
            if let Some(comment) = comment {
                text.push_str(&format!("{comment}{end}"));
            }
            let line = 1 + super::count_lines(text.as_bytes());
            let quoted: Vec<String> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
            text.push_str(&format!("{}{end}", quoted.join(",")));
            expected.push(row(line, &cells.iter().map(String::as_str).collect::<Vec<_>>()));
        }
        let preamble = above.iter().filter(|line| !line.is_empty()).count() as u64;
        let behind = footer.as_ref().map_or(0, |footer| super::outline::FilledLines::of(footer.as_bytes()));
        text.extend(footer);
        let folder = Folder::new();
        let mut options = options(&[&folder.put("a.csv", &text)]);
        given(&mut options, "header = [\"单号\", \"金额\"]\n[fingerprint]\nrequired = [\"单号\", \"金额\"]\n\
                             [file]\nfooter = [\"总计\"]\ncomment = \"#\"");
        let found = read_by(chunk, &options).unwrap().remove(0);
        prop_assert_eq!(&found.rows, &expected, "{:?}", text);
        let files = raw::open(&options).unwrap();
        raw::scan(&files, &[Vec::new()], &options, &|_| Ok(())).unwrap();
        let left_out = Arc::clone(&files[0].left_out);
        let comments = rows.iter().filter(|(_, comment)| comment.is_some()).count() as u64;
        prop_assert_eq!(
            (left_out.preamble(), left_out.comments(), left_out.footer()),
            (preamble, comments, behind)
        );
    }
}
