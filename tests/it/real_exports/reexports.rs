//! One shop exported day after day, and exports of several platforms in one run.

use serde_json::Value;

use super::make::{self, Order, Rows, export, money, rfm_json as rfm, rfm_tables};
use super::{account, e4};
use crate::support::{folder, siyu_in, write};

/// Orders of June 2026, one every three hours and a half, with the state that they have at the end of a day: most are paid
/// at once, some the day after, some never; of some a part goes back two days later, of some all.
fn shop_at_end_of(day: i64, first: i64) -> Vec<Order> {
    let mut orders = Vec::new();
    for number in 0..160_i64 {
        let hour = number * 7 / 2;
        let placed = hour / 24 + 1;
        if placed > day || placed < first {
            continue;
        }
        let age = day - placed;
        let gross_e4 = (2_990 + (number * 7_919) % 40_000) * 100;
        let refund_e4 = match number % 11 {
            4 if age >= 2 => gross_e4,
            6 if age >= 2 => gross_e4 / 200 * 100,
            6 if age >= 1 => gross_e4 / 400 * 100,
            _ => 0,
        };
        let is_paid = match number % 13 {
            5 => age >= 1,
            9 => false,
            _ => true,
        };
        orders.push(Order {
            id: format!("36000000000000{number:05}"),
            customer: format!("tb_{}", (number * number) % 37),
            at: format!("2026-06-{placed:02} {:02}:{:02}:00", hour % 24, number % 60),
            is_paid,
            gross_e4,
            refund_e4: if is_paid { refund_e4 } else { 0 },
            pieces: number % 3 + 1,
        });
    }
    orders
}

/// Each order as the last of these exports that holds it has it.
fn merged(exports: &[&[Order]]) -> Vec<Order> {
    let mut orders: Vec<Order> = Vec::new();
    for order in exports.iter().copied().flatten() {
        match orders.iter_mut().find(|known| known.id == order.id) {
            Some(known) => known.clone_from(order),
            None => orders.push(order.clone()),
        }
    }
    orders
}

fn paid_gross_and_refunds(orders: &[Order]) -> (u64, i64, i64) {
    let paid = orders.iter().filter(|order| order.is_paid);
    paid.fold((0, 0, 0), |(count, gross, back), o| (count + 1, gross + o.gross_e4, back + o.refund_e4))
}

/// Orders, gross and refunds of the reconciliation of a run.
fn books(json: &Value) -> (u64, i64, i64) {
    let books = &account(json)["reconciliation"];
    (books["orders"].as_u64().unwrap_or_default(), e4(&books["paid_gross"]), e4(&books["refunds"]))
}

/// The rows with a further column, when they were exported.
fn stamped(mut rows: Rows, at: &str) -> Rows {
    for (number, row) in rows.iter_mut().enumerate() {
        row.push(if number == 0 { "导出时间".to_owned() } else { at.to_owned() });
    }
    rows
}

#[test]
fn overlapping_exports_count_each_order_in_its_last_state() {
    let folder = folder();
    let here = folder.path();
    // Three exports of the last ten days each, on the 10th, the 12th and the 18th.
    let days = [shop_at_end_of(10, 1), shop_at_end_of(12, 3), shop_at_end_of(18, 9)];
    for (orders, day) in days.iter().zip([10, 12, 18]) {
        let rows = stamped(make::tmall(orders), &format!("2026-06-{day} 23:59:00"));
        make::xlsx(&here.join(format!("d{day}.xlsx")), "export", &rows);
    }
    let [first, second, third] = &days;
    let state = |name: &str, orders: &[Order]| {
        write(here, name, make::csv_text(&make::canonical(orders)));
        (rfm(here, &[name, "--preset", "none"])["tables"].clone(), paid_gross_and_refunds(orders))
    };
    let two = state("two.csv", &merged(&[first, second]));
    let three = state("three.csv", &merged(&[first, second, third]));
    let old = state("old.csv", &merged(&[third, second, first]));
    assert_ne!(three.1, old.1);

    let runs: [(&[&str], _); 7] = [
        (&["d10.xlsx", "d12.xlsx"], &two),
        (&["d10.xlsx", "d12.xlsx", "d18.xlsx"], &three),
        (&["d12.xlsx", "d10.xlsx", "d18.xlsx", "--latest-by", "导出时间"], &three),
        (&["d18.xlsx", "d12.xlsx", "d10.xlsx", "--latest-by", "导出时间"], &three),
        (&["d10.xlsx", "d12.xlsx", "d18.xlsx", "--latest-by", "file"], &three),
        // In the wrong order the oldest states are those named last.
        (&["d18.xlsx", "d12.xlsx", "d10.xlsx"], &old),
        (&["d1*.xlsx"], &three),
    ];
    for (files, (tables, totals)) in runs {
        let json = rfm(here, files);
        assert_eq!(books(&json), *totals, "{files:?}");
        assert!(json["tables"] == *tables, "{files:?}: the tables differ");
        let input = account(&json);
        let left_out: u64 =
            input["dropped"].as_array().unwrap().iter().filter_map(|d| d["rows"].as_u64()).sum();
        assert_eq!(input["rows_used"].as_u64().unwrap() + left_out, input["rows_read"].as_u64().unwrap());

        // The same through convert: an order is there once.
        let arguments = [&["convert", "-q", "-o", "merged.parquet"], files].concat();
        siyu_in(here, &arguments).ok();
        let json = rfm(here, &["merged.parquet", "--preset", "none"]);
        assert!(json["tables"] == *tables, "{files:?}: the tables differ after convert");
        let orders = account(&json)["rows_read"].as_u64();
        let expected = if files.len() == 2 && files[1] == "d12.xlsx" { 83 } else { 124 };
        assert_eq!(orders, Some(expected), "{files:?}");
    }
}

/// A payment or a refund of WeChat's bill: (time, order, customer, state, paid, refunded), in yuan.
type Payment = (&'static str, &'static str, &'static str, &'static str, i64, i64);

fn bill(payments: &[Payment]) -> String {
    let header = make::header_of("wechat_pay_bill");
    let mut text = format!("{}\n", header.join(","));
    for (time, order, customer, state, paid, refunded) in payments {
        let cells: Vec<String> = header
            .iter()
            .map(|name| match name.as_str() {
                "交易时间" => (*time).to_owned(),
                "微信订单号" => format!("42000{order}"),
                "商户订单号" => (*order).to_owned(),
                "用户标识" => (*customer).to_owned(),
                "交易状态" => (*state).to_owned(),
                "微信退款单号" if *state == "REFUND" => format!("50300{order}{refunded}"),
                "订单金额" | "总金额" | "应结订单金额" => format!("{paid}.00"),
                "申请退款金额" | "退款金额" => format!("{refunded}.00"),
                "退款状态" if *state == "REFUND" => "SUCCESS".to_owned(),
                _ => String::new(),
            })
            .collect();
        text.push_str(&cells.iter().map(|cell| format!("`{cell}")).collect::<Vec<_>>().join(","));
        text.push('\n');
    }
    let footer = "总交易单数,应结订单总金额,退款总金额\n";
    format!("{text}{footer}`{},`0.00,`0.00\n", payments.len())
}

const BILL_1: &[Payment] = &[
    ("2026-06-01 10:00:00", "P1", "openid_a", "SUCCESS", 100, 0),
    ("2026-06-01 11:00:00", "P2", "openid_b", "SUCCESS", 250, 0),
    ("2026-06-01 12:00:00", "P3", "openid_a", "SUCCESS", 80, 0),
    ("2026-06-01 15:00:00", "P3", "openid_a", "REFUND", 80, 30),
];
/// On the second day P2 goes back, and P3 for the second time in part.
const BILL_2: &[Payment] = &[
    ("2026-06-02 09:00:00", "P4", "openid_c", "SUCCESS", 60, 0),
    ("2026-06-02 09:30:00", "P2", "openid_b", "REFUND", 250, 250),
    ("2026-06-02 09:40:00", "P3", "openid_a", "REFUND", 80, 20),
];

#[test]
fn a_refund_on_the_second_day_of_a_bill_is_no_new_state_of_the_payment() {
    let folder = folder();
    let here = folder.path();
    write(here, "bill1.csv", bill(BILL_1));
    write(here, "bill2.csv", bill(BILL_2));
    let both: Vec<Payment> = BILL_1.iter().chain(BILL_2).copied().collect();
    write(here, "both.csv", bill(&both));
    let yuan = |yuan: i64| yuan * 10_000;
    let expected = rfm(here, &["both.csv"])["tables"].clone();
    // Whatever the order of the files, and if one is given twice under two names.
    write(here, "bill1_again.csv", bill(BILL_1));
    for files in [
        &["bill1.csv", "bill2.csv"][..],
        &["bill2.csv", "bill1.csv"],
        &["bill1.csv", "bill2.csv", "bill1_again.csv"],
    ] {
        let json = rfm(here, files);
        let (_, gross, refunds) = books(&json);
        assert_eq!((gross, refunds), (yuan(490), yuan(300)), "{files:?}");
        assert!(json["tables"] == expected, "{files:?}: the tables differ");
        siyu_in(here, &[&["convert", "-q", "-o", "bills.csv"], files].concat()).ok();
        let json = rfm(here, &["bills.csv", "--preset", "none", "--as-of", "2026-06-02"]);
        let as_of = rfm(here, &["both.csv", "--as-of", "2026-06-02"]);
        assert!(json["tables"] == as_of["tables"], "{files:?}: the tables differ after convert");
        // P1, P2, P3, P4.
        assert_eq!(account(&json)["rows_read"], 4, "{files:?}");
    }
    // b has no purchase left; a keeps 100 + 30, c 60.
    let customers = expected["customers"].as_array().unwrap();
    let kept: Vec<(&str, i64)> =
        customers.iter().map(|row| (row["customer_id"].as_str().unwrap(), e4(&row["monetary"]))).collect();
    assert_eq!(kept, [("openid_a", yuan(130)), ("openid_c", yuan(60))]);
}

fn pdd(orders: &[Order]) -> Rows {
    export("pdd_orders", orders, "\t", |order, name| {
        Some(match name {
            "商品" => "茶".to_owned(),
            "订单号" => format!("{}\t", order.id),
            "订单状态" if !order.is_paid => "已取消".to_owned(),
            "订单状态" if order.refund_e4 > 0 => "已发货，退款成功".to_owned(),
            "订单状态" => "已收货".to_owned(),
            "订单成交时间" | "支付时间" if order.is_paid => format!("{}\t", order.at),
            "用户实付金额(元)" | "商家实收金额(元)" | "商品总价(元)" => {
                money(order.gross_e4)
            }
            "邮费(元)" | "店铺优惠折扣(元)" | "平台优惠折扣(元)" => "0.00".to_owned(),
            "商品数量(件)" => order.pieces.to_string(),
            _ => return None,
        })
    })
}

/// Two lines per order; what belongs to the order stands on the first.
fn shopify(orders: &[Order]) -> Rows {
    let lines: Vec<(&Order, bool)> =
        orders.iter().flat_map(|order| [(order, true), (order, false)]).collect();
    export("shopify_orders", &lines, "", |(order, is_first), name| {
        Some(match name {
            "Name" => format!("#{}", order.id),
            "Lineitem name" => if *is_first { "Tea" } else { "Cup" }.to_owned(),
            "Lineitem quantity" => "1".to_owned(),
            "Lineitem price" => money(order.gross_e4 / 2),
            _ if !*is_first => return None,
            "Email" => format!("{}@example.com", order.customer),
            "Financial Status" if !order.is_paid => "pending".to_owned(),
            "Financial Status" if order.refund_e4 >= order.gross_e4 => "refunded".to_owned(),
            "Financial Status" => "paid".to_owned(),
            "Paid at" if order.is_paid => format!("{} +0800", order.at),
            "Created at" => format!("{} +0800", order.at),
            "Subtotal" | "Total" => money(order.gross_e4),
            "Refunded Amount" => money(order.refund_e4),
            _ => return None,
        })
    })
}

#[test]
fn five_platforms_become_one_file_with_the_same_numbers() {
    let folder = folder();
    let here = folder.path();
    let orders = shop_at_end_of(18, 1);
    // Of Pinduoduo only whole refunds can be seen.
    let mut whole = orders.clone();
    whole.retain(|order| order.refund_e4 == 0 || order.refund_e4 == order.gross_e4);
    make::xlsx(&here.join("tmall.xlsx"), "export", &make::tmall(&orders));
    write(here, "pdd.csv", format!("\u{feff}{}", make::csv_text(&pdd(&whole))));
    write(here, "youzan.csv", make::gb18030(&make::csv_text(&make::youzan(&orders))));
    write(here, "shopify.csv", make::csv_text(&shopify(&orders)));
    write(here, "wechat.csv", bill(&[BILL_1, BILL_2].concat()));
    let known = ["tmall.xlsx", "youzan.csv", "shopify.csv", "wechat.csv"];
    let all = [&known[..], &["pdd.csv"]].concat();

    // Each order has the same id on three platforms: nobody's order is taken for another's.
    let (_, gross, refunds) = paid_gross_and_refunds(&orders);
    let (_, pdd_gross, pdd_refunds) = paid_gross_and_refunds(&whole);
    let gross = 3 * gross + pdd_gross + 490 * 10_000;
    let refunds = 3 * refunds + pdd_refunds + 300 * 10_000;
    let before = siyu_in(here, &[&["inspect", "-f", "json"], &all[..]].concat()).ok().json();
    let (_, found_gross, found_refunds) = books(&before);
    assert_eq!((found_gross, found_refunds), (gross, refunds));

    let refused = siyu_in(here, &[&["rfm"], &all[..]].concat());
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("pdd.csv: no column for customer_id"), "{}", refused.stderr);

    for out in ["all.parquet", "all.csv"] {
        siyu_in(here, &[&["convert", "-q", "-o", out], &all[..]].concat()).ok();
        // What nobody is known to have bought is in the file, and only reports about customers leave it out.
        let json = siyu_in(here, &["inspect", out, "--preset", "none", "-f", "json"]).ok().json();
        let (_, with_customer, back) = books(&json);
        assert_eq!((with_customer, back), (gross - pdd_gross, refunds - pdd_refunds), "{out}");
        let reasons = account(&json)["dropped"].to_string();
        assert!(reasons.contains("missing customer_id"), "{reasons}");
        let json =
            siyu_in(here, &["inspect", out, "--preset", "none", "-f", "json", "--col", "customer_id="]);
        let (_, all_gross, all_refunds) = books(&json.ok().json());
        assert_eq!((all_gross, all_refunds), (gross, refunds), "{out}");

        let arguments = [out, "--preset", "none", "--compare-to", "2026-06-10"];
        let one = rfm_tables(here, &arguments);
        let many = rfm_tables(here, &[&known[..], &arguments[3..]].concat());
        for (name, table) in &many {
            assert!(table == &one[name], "{out}: the tables {name} differ");
        }
    }
}
