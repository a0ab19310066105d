use super::*;
use crate::input::raw::testing::options as options_for;

fn options() -> InputOptions {
    options_for(&[])
}

fn rows(lines: &[&str]) -> Vec<Vec<String>> {
    lines.iter().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

fn header_of(lines: &[&str]) -> usize {
    find_header(&rows(lines), &options(), "a.csv").unwrap().row
}

pub(in crate::input) fn preset(id: &str, rules: &str) -> Arc<Preset> {
    let text = format!(
        "id = \"{id}\"\nname = {{ en = \"{id}\", zh = \"{id}\" }}\nplatform = \"p\"\nkind = \"orders\"\n\
         grain = \"order\"\nconfidence = {{ header = \"high\", meaning = \"high\" }}\nevidence = \"a test\"\n\
         {rules}\n[columns]\n"
    );
    Arc::new(toml::from_str(&text).unwrap())
}

const TAOBAO: &str = r#"
header = ["订单编号", "买家会员名", "买家应付货款", "买家实际支付金额", "订单付款时间"]
[fingerprint]
required = ["订单编号", "买家实际支付金额"]
any_of = [["买家会员名", "买家昵称"]]
distinctive = ["打款商家金额*"]
"#;

#[test]
fn the_first_row_is_the_header_unless_another_is_clearly_one() {
    assert_eq!(header_of(&["customer_id,ordered_at,amount", "a,2024-01-01,3"]), 0);
    assert_eq!(header_of(&["店铺订单", "", "订单编号,买家会员名,付款时间,金额", "1,a,2024-01-01,3"]), 2);
    assert_eq!(header_of(&["title", "customer_id,x"]), 0, "one name is not enough");
    assert_eq!(
        header_of(&["title", "customer_id,ordered_at,amount", "order_id,ordered_at,amount"]),
        0,
        "a tie"
    );
    assert_eq!(header_of(&["id,when,金额", "customer_id,amount,x,y"]), 0, "but one more than row 0");
    assert_eq!(header_of(&["a,b,c,d", "order_id,customer_id,3,2024-01-01"]), 0, "numbers and dates are data");
    let mut deep = vec!["x"; ROWS];
    deep.push("customer_id,ordered_at,amount");
    assert_eq!(header_of(&deep), 0, "no deeper than 30 rows");
    assert_eq!(find_header(&[], &options(), "a.csv").unwrap().row, 0);
    assert_eq!(find_header(&rows(&["customer_id,金额,x"]), &options(), "a.csv").unwrap().score, 2.0);
}

#[test]
fn a_name_counts_once_and_the_users_columns_count() {
    let mut options = options();
    assert_eq!(names_known(&rows(&["customer_id,Customer ID,客户编号"])[0], &options), 1);
    assert_eq!(names_known(&rows(&["客户编号,订单编号\u{3000},实付金额（元）,订单\n状态"])[0], &options), 4);
    let table = rows(&["Bericht", "Wer,Wann", "a,2024-01-01"]);
    assert_eq!(find_header(&table, &options, "a.csv").unwrap().row, 0);
    options.columns = vec![("customer_id".into(), "Wer".into()), ("ordered_at".into(), "Wann".into())];
    assert_eq!(find_header(&table, &options, "a.csv").unwrap().row, 1);
}

#[test]
fn a_given_preset_is_looked_for_in_all_rows() {
    let mut options = options();
    options.preset = PresetChoice::Given(preset("taobao", TAOBAO));
    let table = rows(&[
        "订单编号",
        "订单编号,买家昵称,买家实际支付金额",
        "订单编号 ,买家会员名,买家应付货款（元）,买家实际支付金额(元),订单付款时间 ",
        "1,a,2.00,2.00,2024-01-01 00:00:00",
    ]);
    let found = find_header(&table, &options, "a.csv").unwrap();
    assert_eq!(found.row, 2, "the row with the most of its columns");
    assert_eq!(found.preset.unwrap().id, "taobao");
    assert!(found.score > MOST_COLUMNS as f64);

    let error = find_header(&rows(&["title", "订单编号,金额"]), &options, "a.csv").unwrap_err();
    assert_eq!(
        error.to_string(),
        "a.csv: no column for 买家实际支付金额, 买家会员名 or 买家昵称, which preset taobao requires; \
         columns there: 订单编号, 金额"
    );
    assert_eq!(error.code(), "missing_column");
    assert!(find_header(&[], &options, "a.csv").is_err());
}

#[test]
fn a_star_stands_for_any_text() {
    for (pattern, key, expected) in [
        ("amountspent*", "amountspent(usd)", true),
        ("*实付*", "买家实付金额", true),
        ("a*b*c", "abc", true),
        ("a*b*c", "a1b2c", true),
        ("a*b*c", "acb", false),
        ("ab*bc", "abc", false),
        ("*", "", true),
        ("a", "ab", false),
    ] {
        assert_eq!(fits(pattern, key), expected, "{pattern} {key}");
    }
}

#[test]
fn the_best_of_the_recognised_rows_is_taken() {
    let (one, other) = (preset("one", TAOBAO), preset("other", TAOBAO));
    let fit = |preset: &Arc<Preset>, score| Match { preset: preset.clone(), score };
    let detect = |row: &[String]| match row[0].as_str() {
        "weak" => Detection::One(fit(&one, 0.5)),
        "good" => Detection::One(fit(&other, 0.75)),
        "both" => Detection::Several(vec![fit(&one, 0.75), fit(&other, 0.75)]),
        "best" => Detection::Several(vec![fit(&one, 0.9), fit(&other, 0.9)]),
        _ => Detection::Unknown,
    };
    let find = |lines: &[&str]| recognised(&rows(lines), &detect, "a.csv");
    assert!(find(&["x,y", "z,y"]).unwrap().is_none());
    let (row, found) = find(&["x", "weak,y", "good,y", "good,z"]).unwrap().unwrap();
    assert_eq!((row, found.preset.id.as_str()), (2, "other"));
    assert_eq!(find(&["both,y", "good,y"]).unwrap().unwrap().0, 1, "the one that is sure");
    let error = find(&["good,y", "best,y"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "--preset \"auto\": the columns of a.csv fit 2 presets equally well, which read amounts differently: one, other"
    );
    assert_eq!(
        error.hints(),
        ["--preset one or --preset other, whichever it is; --preset none reads it by column names"]
    );
}

#[test]
fn what_was_left_out_is_said() {
    assert_eq!(LeftOut::default().describe(), None);
    let left_out = LeftOut::with_preamble(24);
    left_out.set(1, 0);
    assert_eq!(left_out.describe().as_deref(), Some("24 lines above the header, 1 line behind the table"));
}
