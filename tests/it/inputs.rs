//! The same orders in every written form give the same answer.

use std::io::Write;

use crate::support::{folder, gzip, shared, siyu_in, write};

const ORDERS: &str = "order_id,customer_id,ordered_at,amount,channel\n\
    1,00123,2024-01-25 08:26:00,1200.50,天猫\n\
    2,00124,2024-02-20 18:00:00,20.5,抖音\n\
    3,00123,2024-03-14 00:00:00,5,抖音\n\
    4,00125,2024-03-31 23:59:00,7.25,天猫\n";

fn answer(folder: &std::path::Path, input: &str, more: &[&str]) -> String {
    let mut arguments = vec!["rfm", input, "--table", "customers", "-f", "csv", "--by", "first_channel"];
    arguments.extend(more);
    siyu_in(folder, &arguments).ok().stdout
}

#[test]
fn every_written_form_gives_one_answer() {
    let folder = folder();
    let path = folder.path();
    write(path, "orders.csv", ORDERS);
    let expected = answer(path, "orders.csv", &[]);
    assert!(expected.contains("\n00123,"), "{expected}");

    let gbk = encoding_rs::GB18030.encode(ORDERS).0.into_owned();
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(ORDERS.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let mut zstd_bytes = Vec::new();
    let mut encoder = zstd::Encoder::new(&mut zstd_bytes, 1).unwrap();
    encoder.write_all(ORDERS.as_bytes()).unwrap();
    encoder.finish().unwrap();
    let forms: &[(&str, Vec<u8>)] = &[
        ("bom.csv", [b"\xef\xbb\xbf", ORDERS.as_bytes()].concat()),
        ("gbk.csv", gbk.clone()),
        ("gbk.csv.gz", gzip(&gbk)),
        ("utf16.csv", utf16),
        ("zst.csv", zstd_bytes),
        ("gzip without its suffix.csv", gzip(ORDERS.as_bytes())),
        ("crlf.csv", ORDERS.replace('\n', "\r\n").into_bytes()),
        ("no end.csv", ORDERS.trim_end().as_bytes().to_vec()),
        ("tab.tsv", ORDERS.replace(',', "\t").into_bytes()),
        ("semicolon.csv", ORDERS.replace(',', ";").into_bytes()),
        ("pipe.txt", ORDERS.replace(',', "|").into_bytes()),
        ("money.csv", ORDERS.replace("1200.50", "\"￥1,200.50\"").into_bytes()),
        ("slashes.csv", ORDERS.replace("2024-01-25 08:26:00", "2024/1/25 8:26").into_bytes()),
        ("epoch.csv", ORDERS.replace("2024-01-25 08:26:00", "1706171160").into_bytes()),
        ("millis.csv", ORDERS.replace("2024-01-25 08:26:00", "1706171160000").into_bytes()),
        ("offset.csv", ORDERS.replace("2024-01-25 08:26:00", "2024-01-25T08:26:00+08:00").into_bytes()),
        ("compact.csv", ORDERS.replace("2024-03-14 00:00:00", "20240314").into_bytes()),
        (
            "chinese.csv",
            ORDERS
                .replace(
                    "order_id,customer_id,ordered_at,amount,channel",
                    "订单编号,会员ID,下单时间,实付金额,渠道",
                )
                .into_bytes(),
        ),
        ("quoted.csv", ORDERS.replace("天猫", "\"天猫\"").into_bytes()),
    ];
    for (name, bytes) in forms {
        write(path, name, bytes);
        assert_eq!(answer(path, name, &[]), expected, "{name}");
    }
    write(
        path,
        "mdy.csv",
        ORDERS
            .replace("2024-01-25 08:26:00", "1/25/2024 8:26")
            .replace("2024-02-20 18:00:00", "2/20/2024 6:00 PM"),
    );
    assert_eq!(answer(path, "mdy.csv", &[]), expected);
    write(path, "utc.csv", ORDERS.replace("2024-01-25 08:26:00", "2024-01-25T00:26:00Z"));
    assert_eq!(answer(path, "utc.csv", &["--tz", "Asia/Shanghai"]), expected);
    write(
        path,
        "hive/channel=天猫/a.csv",
        "order_id,customer_id,ordered_at,amount\n1,00123,2024-01-25 08:26:00,1200.50\n4,00125,2024-03-31 23:59:00,7.25\n",
    );
    write(
        path,
        "hive/channel=抖音/b.csv",
        "order_id,customer_id,ordered_at,amount\n2,00124,2024-02-20 18:00:00,20.5\n3,00123,2024-03-14 00:00:00,5\n",
    );
    assert_eq!(answer(path, "hive", &[]), expected);
    assert_eq!(answer(path, "hive/*/*.csv", &[]), expected);
}

/// Rows of one order are one order; a refund lowers the value and is no purchase.
#[test]
fn orders_refunds_and_bounds_are_counted_as_defined() {
    let folder = folder();
    write(
        folder.path(),
        "orders.csv",
        "order_id,customer_id,ordered_at,amount,refund_amount\n\
         1,a,2024-01-01,10,\n1,a,2024-01-01,5,\n2,a,2024-02-01,20,\nR2,a,2024-02-03,-4,\n\
         3,b,2024-02-01,50,50\n4,c,2024-02-10,8,3\n5,c,2024-03-01,9,\n",
    );
    let rows = |more: &[&str]| {
        let mut arguments =
            vec!["rfm", "orders.csv", "--table", "customers", "-f", "json", "--as-of", "2024-02-29"];
        arguments.extend(more);
        siyu_in(folder.path(), &arguments).ok().json()
    };
    let json = rows(&[]);
    let customers = json["tables"]["customers"].as_array().unwrap();
    assert_eq!(customers.len(), 2, "b got everything back");
    let a = &customers[0];
    assert_eq!((&a["frequency"], &a["monetary"], &a["recency_days"]), (&2.into(), &31.into(), &28.into()));
    let c = &customers[1];
    assert_eq!((&c["frequency"], &c["monetary"], &c["recency_days"]), (&1.into(), &5.into(), &19.into()));
    assert_eq!(json["input"][0]["dropped"], serde_json::json!([{"reason": "after as_of", "rows": 1}]));
    assert!(
        json["notes"].as_array().unwrap().iter().any(|n| n.as_str().unwrap().contains("no purchase")),
        "{json}"
    );

    let json = rows(&["--since", "2024-02-01"]);
    assert_eq!(json["tables"]["customers"][0]["frequency"], 1);
    assert_eq!(json["input"][0]["dropped"][1]["reason"], "before since");
}

#[test]
fn the_real_chinese_and_western_files_are_read() {
    let out = folder();
    let total = |path: &str, more: &[&str]| -> Option<(u64, f64)> {
        let path = shared(path)?.display().to_string();
        let mut arguments = vec!["rfm", path.as_str(), "-f", "json"];
        arguments.extend(more);
        let json = siyu_in(out.path(), &arguments).ok().json();
        let revenue = json["tables"]["segments"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s["revenue"].as_f64().unwrap())
            .sum();
        Some((json["input"][0]["rows_read"].as_u64().unwrap(), revenue))
    };
    if let Some((rows, revenue)) = total("data/superstore/Sample - Superstore.csv", &[]) {
        assert_eq!(rows, 9_994);
        assert!((revenue - 2_297_200.86).abs() < 0.01, "{revenue}");
    }
    if let Some((rows, revenue)) =
        total("data/yandex_afisha_ltv/orders.csv", &["--col", "amount=profit", "--col", "customer_id=uid"])
    {
        assert_eq!(rows, 50_415);
        assert!((revenue - 252_057.20).abs() < 0.01, "{revenue}");
    }
    if let Some((rows, _)) = total("data/zh_taobao_shop_mingri/TB2018_gbk.csv", &[]) {
        assert_eq!(rows, 1_783);
    }
}

/// What one cell leaves open, the others of the file decide: 1.234 is a thousand where 12,50 has a decimal comma.
#[test]
fn amounts_follow_the_decimal_mark_of_their_file() {
    let folder = folder();
    let total = |text: &str| {
        write(folder.path(), "orders.csv", format!("customer_id;ordered_at;amount\n{text}"));
        let run = siyu_in(folder.path(), &["rfm", "orders.csv", "--table", "customers", "-f", "json"]);
        (run.status == 0).then(|| run.json()["tables"]["customers"][0]["monetary"].to_string())
    };
    assert_eq!(total("a;2024-01-05;1.234\na;2024-01-06;12,50\n").as_deref(), Some("1246.5"));
    assert_eq!(total("a;2024-01-05;1,234\na;2024-01-06;12.50\n").as_deref(), Some("1246.5"));
    assert_eq!(total("a;2024-01-05;1.234\na;2024-01-06;12,50\na;2024-01-07;12.50\n"), None);
}

/// A name that stands twice in the header is two candidates.
#[test]
fn a_repeated_header_is_ambiguous() {
    let folder = folder();
    write(folder.path(), "orders.csv", "customer_id,ordered_at,amount,amount\na,2024-01-05,1,2\n");
    let run = siyu_in(folder.path(), &["rfm", "orders.csv"]);
    assert!(run.status == 2 && run.stderr.contains("--col amount=amount_2"), "{}", run.stderr);
    // A column that the file itself calls so is none: the exact name wins.
    write(folder.path(), "orders.csv", "customer_id,ordered_at,amount,amount_2\na,2024-01-05,1,2\n");
    let run = siyu_in(folder.path(), &["rfm", "orders.csv", "--table", "customers", "-f", "json"]).ok();
    assert_eq!(run.json()["tables"]["customers"][0]["monetary"], 1);
}
