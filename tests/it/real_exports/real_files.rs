//! The real files, without flags: every total of their SOURCE.md, found again in Python with decimal numbers.

use serde_json::Value;

use super::{account, decimal_e4, e4, measure, siyu_on, sum};
use crate::support::{folder, shared, siyu_in, write};

/// The day in the name of a folder.
const DAY: &str = "2008-03-20T00:00:00";
/// Hillstrom's three arms in place of customers, who have no ids.
const ARMS: &[&str] = &["customer_id=segment", "ordered_at=day", "amount=spend"];

/// Rows and money as `inspect` tells them.
struct Totals {
    rows: u64,
    used: u64,
    /// "reason: rows".
    dropped: &'static [&'static str],
    gross: &'static str,
    refunds: &'static str,
    net: &'static str,
    first: &'static str,
    last: &'static str,
}

impl Totals {
    /// Holds for what a command says of its input, and of its `overview`, if it has one.
    #[track_caller]
    fn hold_in(&self, json: &Value) {
        let input = account(json);
        assert_eq!(input["rows_read"], self.rows);
        assert_eq!(input["rows_used"], self.used);
        let dropped: Vec<String> = input["dropped"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|d| format!("{}: {}", d["reason"].as_str().unwrap_or_default(), d["rows"]))
            .collect();
        assert_eq!(dropped, self.dropped);
        let books = &input["reconciliation"];
        for (key, expected) in [("paid_gross", self.gross), ("refunds", self.refunds), ("net", self.net)] {
            assert_eq!(e4(&books[key]), decimal_e4(expected), "{key}");
        }
        if json["tables"]["overview"].is_null() {
            return;
        }
        for (name, expected) in
            [("gross_revenue", self.gross), ("refunds", self.refunds), ("net_revenue", self.net)]
        {
            assert_eq!(measure(json, name).map(decimal_e4), Some(decimal_e4(expected)), "{name}");
        }
        assert_eq!(measure(json, "first_at"), Some(self.first));
        assert_eq!(measure(json, "last_at"), Some(self.last));
    }
}

/// `inspect`'s files: format, encoding, delimiter, preset, container of the only one.
#[track_caller]
fn detected(json: &Value, expected: [Option<&str>; 5]) {
    let file = &json["tables"]["files"][0];
    let found = ["format", "encoding", "delimiter", "preset", "container"].map(|key| file[key].as_str());
    assert_eq!(found, expected);
}

/// The column of the file that stands for a canonical one.
fn column<'a>(json: &'a Value, canonical: &str) -> Option<&'a str> {
    let columns = json["tables"]["columns"].as_array().expect("the table is there");
    columns.iter().find(|row| row["canonical"] == canonical).and_then(|row| row["column"].as_str())
}

/// 28,010 orders of a Tmall shop, in UTF-8 and in GBK. SOURCE.md counts over all rows: 3,923 without a time of payment,
/// 5,646 with a refund, 9,055 with a net amount of 0. Siyu counts what was paid: 28,010 - 3,923 = 24,087 orders, whose
/// 买家实际支付金额 sum to 1,902,487.15 (unpaid rows have 0, so that this is the sum over all rows as well) and whose
/// 退款金额 to 572,335.92, none of it on unpaid rows; together 2,474,823.07, which is the sum of 总金额 over paid rows.
/// Days are those of 订单创建时间; the last payment is of March 1.
#[test]
fn tmall_orders_of_2020_agree_with_their_source() {
    let totals = Totals {
        rows: 28_010,
        used: 24_087,
        dropped: &["not paid (paid_at is empty): 3923"],
        gross: "2474823.07",
        refunds: "572335.92",
        net: "1902487.15",
        first: "2020-02-01T00:14:15",
        last: "2020-02-29T23:59:18",
    };
    for (name, encoding) in [("tmall_order_report.csv", "UTF-8"), ("tmall_order_report_gbk.csv", "gb18030")] {
        let Some(file) = shared(&format!("data/zh_tmall_orders/{name}")) else { return };
        let json = siyu_on("inspect", &file, &["-f", "json"]).ok().json();
        totals.hold_in(&json);
        detected(&json, [Some("csv"), Some(encoding), Some("comma"), Some("taobao_order_list_legacy"), None]);
        let books = &account(&json)["reconciliation"];
        assert_eq!(books["orders"], 24_087);
        assert_eq!(
            (&books["identity"]["rows"], &books["identity"]["held"]),
            (&24_087.into(), &24_087.into())
        );
        assert_eq!(books["unknown_statuses"], Value::Array(Vec::new()));
        // Both headers end with a blank: "订单付款时间 ", "收货地址 ".
        assert_eq!(column(&json, "paid_at"), Some("订单付款时间"));

        // Findings are the answer 1; that nobody is known is none of them.
        let check = siyu_on("check", &file, &["-f", "json"]);
        assert_eq!(check.status, 1, "{}", check.stderr);
        totals.hold_in(&check.json());
        assert_eq!(measure(&check.json(), "orders"), Some("24087"));
        assert_eq!(measure(&check.json(), "customers"), None);

        // How many rows have a refund, and how many of those nothing left: by --where, over canonical columns and the file's own.
        for (filter, rows) in [
            ("refund_amount > 0", 5_646),
            ("refund_amount > 0 AND amount = refund_amount", 5_132),
            ("refund_amount > 0 AND refund_amount > CAST(\"买家实际支付金额\" AS DOUBLE)", 5_336),
            // 9,055 rows have 0, of which 3,923 were not paid.
            ("amount - refund_amount = 0", 9_055 - 3_923),
        ] {
            let json = siyu_on("inspect", &file, &["-f", "json", "--where", filter]).ok().json();
            assert_eq!(account(&json)["rows_used"], rows, "{filter}");
        }

        let run = siyu_on("rfm", &file, &[]);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""));
        let message = run.stderr.replace(&file.display().to_string(), name);
        insta::with_settings!({snapshot_path => "../snapshots"}, {
            insta::assert_snapshot!(format!("rfm_of_{name}"), message);
        });
    }
}

/// 1,783 orders of a shop for books, the original .xls of 2018 and the same as GBK text: 317 without a time of payment.
/// Every order has its own buyer; 78 paid ones have an amount of 0, so that 1,388 of 1,466 customers are in a segment.
#[test]
fn taobao_orders_of_2018_agree_with_their_source() {
    let totals = Totals {
        rows: 1_783,
        used: 1_466,
        dropped: &["not paid (paid_at is empty): 317"],
        gross: "218711.61",
        refunds: "0",
        net: "218711.61",
        first: "2018-01-01T09:26:00",
        last: "2018-12-31T15:21:11",
    };
    let preset = Some("taobao_order_list_legacy");
    let mut segments = Vec::new();
    for (name, seen) in [
        ("TB2018.xls", [Some("xls, sheet sheet1"), None, None, preset, Some("xls")]),
        ("TB2018_gbk.csv", [Some("csv"), Some("gb18030"), Some("comma"), preset, None]),
    ] {
        let Some(file) = shared(&format!("data/zh_taobao_shop_mingri/{name}")) else { return };
        let json = siyu_on("inspect", &file, &["-f", "json"]).ok().json();
        totals.hold_in(&json);
        detected(&json, seen);
        assert_eq!(account(&json)["reconciliation"]["orders"], 1_466);
        let check = siyu_on("check", &file, &["-f", "json"]).json();
        totals.hold_in(&check);
        assert_eq!((measure(&check, "customers"), measure(&check, "orders")), (Some("1466"), Some("1466")));

        let rfm = siyu_on("rfm", &file, &["-f", "json", "--table", "all"]).ok().json();
        totals.hold_in(&rfm);
        assert_eq!(sum(&rfm, "segments", "customers"), (1_466 - 78) * 10_000);
        assert_eq!(sum(&rfm, "segments", "orders"), (1_466 - 78) * 10_000);
        assert_eq!(sum(&rfm, "segments", "revenue"), decimal_e4("218711.61"));
        segments.push(rfm["tables"].clone());
    }
    assert!(segments[0] == segments[1], "the workbook and the text give different tables");
}

/// 704 orders with 订单状态; two columns differ by a blank at the end. All have a time of payment, also the 30 that are
/// 交易关闭; those and 2 of 交易成功 have an amount of 0: 672 customers are in a segment.
#[test]
fn taobao_orders_with_a_status_agree_with_their_source() {
    let Some(file) = shared("data/zh_taobao_shop_mingri/mingribooks_gbk.csv") else { return };
    let totals = Totals {
        rows: 704,
        used: 704,
        dropped: &[],
        gross: "111219.80",
        refunds: "0",
        net: "111219.80",
        first: "2018-05-01T09:25:00",
        last: "2018-10-31T16:40:00",
    };
    let json = siyu_on("inspect", &file, &["-f", "json"]).ok().json();
    totals.hold_in(&json);
    detected(&json, [Some("csv"), Some("gb18030"), Some("comma"), Some("taobao_order_list_legacy"), None]);
    assert_eq!(account(&json)["reconciliation"]["unknown_statuses"], Value::Array(Vec::new()));
    for (status, rows) in [("交易成功", 627), ("卖家已发货，等待买家确认", 46), ("交易关闭", 30)]
    {
        let filter = format!("status = '{status}'");
        let json = siyu_on("inspect", &file, &["-f", "json", "--where", &filter]).ok().json();
        assert_eq!(account(&json)["rows_used"], rows, "{status}");
    }
    let rfm = siyu_on("rfm", &file, &["-f", "json"]).ok().json();
    totals.hold_in(&rfm);
    assert_eq!(sum(&rfm, "segments", "customers"), (704 - 32) * 10_000);
    assert_eq!(sum(&rfm, "segments", "revenue"), decimal_e4("111219.80"));
}

/// Tableau's sample, with a byte order mark and M/D/YYYY. SOURCE.md rounds the sum: it is 2,297,200.8603.
#[test]
fn superstore_agrees_with_its_source() {
    let Some(file) = shared("data/superstore/Sample - Superstore.csv") else { return };
    let totals = Totals {
        rows: 9_994,
        used: 9_994,
        dropped: &[],
        gross: "2297200.8603",
        refunds: "0",
        net: "2297200.8603",
        first: "2016-01-03T00:00:00",
        last: "2019-12-30T00:00:00",
    };
    let json = siyu_on("inspect", &file, &["-f", "json"]).ok().json();
    totals.hold_in(&json);
    detected(&json, [Some("csv"), Some("UTF-8"), Some("comma"), None, None]);
    assert_eq!(column(&json, "amount"), Some("Sales"));
    let check = siyu_on("check", &file, &["-f", "json"]).json();
    totals.hold_in(&check);
    assert_eq!((measure(&check, "customers"), measure(&check, "orders")), (Some("793"), Some("5009")));
    let rfm = siyu_on("rfm", &file, &["-f", "json"]).ok().json();
    totals.hold_in(&rfm);
    assert_eq!(sum(&rfm, "segments", "customers"), 793 * 10_000);
    assert_eq!(sum(&rfm, "segments", "orders"), 5_009 * 10_000);
    assert_eq!(sum(&rfm, "segments", "revenue"), decimal_e4("2297200.8603"));
}

/// 50,415 orders whose ids do not fit 64 bits with a sign: 36,523 buyers, 6,292 of them with two orders or more. `profit`
/// is no word for what was paid, so that one option is needed. 51 rows of 0 leave 14 customers without a purchase.
#[test]
fn yandex_afisha_agrees_with_its_source() {
    let Some(file) = shared("data/yandex_afisha_ltv/orders.csv") else { return };
    let run = siyu_on("rfm", &file, &[]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("no column for amount"), "{}", run.stderr);
    assert!(run.stderr.contains("--col amount="), "{}", run.stderr);

    let totals = Totals {
        rows: 50_415,
        used: 50_415,
        dropped: &[],
        gross: "252057.20",
        refunds: "0",
        net: "252057.20",
        first: "2017-06-01T00:10:00",
        last: "2018-06-01T00:02:00",
    };
    let amount = ["-f", "json", "--col", "amount=profit"];
    totals.hold_in(&siyu_on("inspect", &file, &amount).ok().json());
    let check = siyu_on("check", &file, &amount).json();
    totals.hold_in(&check);
    assert_eq!((measure(&check, "customers"), measure(&check, "orders")), (Some("36523"), Some("50415")));
    let rfm = siyu_on("rfm", &file, &[&amount[..], &["--table", "segments,customers"]].concat()).ok().json();
    totals.hold_in(&rfm);
    let customers = rfm["tables"]["customers"].as_array().expect("the table is there");
    assert_eq!(customers.len(), 36_509);
    assert_eq!(sum(&rfm, "segments", "orders"), 50_364 * 10_000);
    assert_eq!(sum(&rfm, "segments", "revenue"), decimal_e4("252057.20"));
    // Above 2^63 and above 2^53: neither rounded nor negative.
    let ids: Vec<&str> = customers.iter().filter_map(|row| row["customer_id"].as_str()).collect();
    assert!(ids.contains(&"10329302124590727494"));
    assert!(ids.iter().all(|id| id.bytes().all(|byte| byte.is_ascii_digit())));
}

/// Files without orders are shown, and then what is missing is said: status 2, and nothing is guessed.
#[test]
fn files_that_are_no_orders_are_shown_and_refused() {
    let rows = [
        ("zh_gbk_native/双十一淘宝美妆数据.csv", "gb18030", "comma", 7, "ordered_at"),
        ("zh_gbk_native/订单表.csv", "gb18030", "comma", 2, "ordered_at"),
        ("hillstrom_email/hillstrom.csv", "UTF-8", "comma", 12, "ordered_at"),
        ("yandex_afisha_ltv/costs.csv", "UTF-8", "comma", 3, "amount"),
        ("olist_partial/olist_orders_sample4998.csv", "UTF-8", "comma", 8, "amount"),
        ("olist_partial/olist_marketing_qualified_leads_ddmmyyyy.csv", "UTF-8", "comma", 4, "ordered_at"),
        ("olist_partial/olist_closed_deals_dataset.csv", "UTF-8", "comma", 14, "ordered_at"),
        ("online_shoppers_intention/online_shoppers_intention.csv", "UTF-8", "semicolon", 18, "ordered_at"),
    ];
    for (name, encoding, delimiter, columns, missing) in rows {
        let Some(file) = shared(&format!("data/{name}")) else { return };
        let inspect = siyu_on("inspect", &file, &["-f", "json"]);
        assert_eq!(inspect.status, 2, "{name}");
        let json = inspect.json();
        detected(&json, [Some("csv"), Some(encoding), Some(delimiter), None, None]);
        assert_eq!(json["tables"]["files"][0]["columns"], columns, "{name}");
        assert_eq!(column(&json, missing), None, "{name}");
        for command in ["inspect", "check", "rfm"] {
            let run = siyu_on(command, &file, &[]);
            assert_eq!(run.status, 2, "{command} {name}");
            assert!(run.stderr.contains(&format!("no column for {missing}")), "{}", run.stderr);
            assert!(run.stderr.contains(&format!("hint: --col {missing}=")), "{}", run.stderr);
        }
    }
}

/// What those files hold is read all the same once columns are named: every row, to the cent. What a file lacks stands in
/// the names of its folders: the day of the orders, and an amount of 1 that counts rows.
#[test]
fn files_that_are_no_orders_are_read_once_columns_are_named() {
    type Case = (&'static str, &'static [&'static str], &'static str, (u64, u64), &'static str, &'static str);
    let cases: [Case; 12] = [
        // Prices of 27,598 products and days, YYYY/M/D, GBK; the first and the last day.
        (
            "zh_gbk_native/双十一淘宝美妆数据.csv",
            &["ordered_at=update_time", "amount=price"],
            "",
            (27_598, 27_598),
            "10012098.89",
            "2016-11-14T00:00:00",
        ),
        (
            "zh_gbk_native/双十一淘宝美妆数据.csv",
            &["ordered_at=update_time", "amount=n"],
            "sale_count IS NULL",
            (27_598, 2_354),
            "2354",
            "2016-11-14T00:00:00",
        ),
        ("zh_gbk_native/订单表.csv", &["ordered_at=day", "amount=n"], "", (60_398, 60_398), "60398", DAY),
        // The first decimals of `spend` stand in row 218; CRLF, and no line end at the end.
        ("hillstrom_email/hillstrom.csv", ARMS, "", (64_000, 64_000), "67258.13", DAY),
        ("hillstrom_email/hillstrom.csv", ARMS, "segment = 'Mens E-Mail'", (64_000, 21_307), "30311.69", DAY),
        (
            "hillstrom_email/hillstrom.csv",
            ARMS,
            "segment = 'Womens E-Mail'",
            (64_000, 21_387),
            "23038.11",
            DAY,
        ),
        ("hillstrom_email/hillstrom.csv", ARMS, "segment = 'No E-Mail'", (64_000, 21_306), "13908.33", DAY),
        (
            "yandex_afisha_ltv/costs.csv",
            &["amount=costs"],
            "",
            (2_542, 2_542),
            "329131.62",
            "2018-05-31T00:00:00",
        ),
        // M/D/YYYY H:MM, as Excel saves it.
        (
            "olist_partial/olist_orders_sample4998.csv",
            &["amount=n"],
            "",
            (4_998, 4_998),
            "4998",
            "2018-09-20T13:54:00",
        ),
        // DD-MM-YYYY, with and without a time; 60 leads without an origin.
        (
            "olist_partial/olist_marketing_qualified_leads_ddmmyyyy.csv",
            &["ordered_at=first_contact_date", "amount=n"],
            "origin IS NOT NULL",
            (8_000, 7_940),
            "7940",
            "2018-05-31T00:00:00",
        ),
        (
            "olist_partial/olist_closed_deals_dataset.csv",
            &["ordered_at=won_date", "amount=declared_monthly_revenue"],
            "",
            (842, 842),
            "61784006",
            "2018-11-14T18:04:00",
        ),
        (
            "online_shoppers_intention/online_shoppers_intention.csv",
            &["ordered_at=day", "amount=n"],
            "\"Revenue\" = 'TRUE'",
            (12_330, 1_908),
            "1908",
            DAY,
        ),
    ];
    for (name, columns, filter, (rows, used), gross, last) in cases {
        let Some(file) = shared(&format!("data/{name}")) else { return };
        let folder = folder();
        let bytes = std::fs::read(&file).expect("the file is read");
        write(folder.path(), "in/day=2008-03-20/n=1/file.csv", bytes);
        let mut arguments = vec!["inspect", "in", "-f", "json"];
        arguments.extend(columns.iter().flat_map(|column| ["--col", column]));
        if !filter.is_empty() {
            arguments.extend(["--where", filter]);
        }
        let json = siyu_in(folder.path(), &arguments).ok().json();
        let input = account(&json);
        assert_eq!(
            (&input["rows_read"], &input["rows_used"]),
            (&rows.into(), &used.into()),
            "{name} {filter}"
        );
        assert_eq!(e4(&input["reconciliation"]["net"]), decimal_e4(gross), "{name} {filter}");
        assert_eq!(measure(&json, "last_at"), Some(last), "{name} {filter}");
    }
}
