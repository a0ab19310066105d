//! Exports as platforms write them, of orders that a test knows.

use std::collections::HashMap;
use std::path::Path;

use crate::support::{folder, siyu_in};

/// An order as it is at some moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub id: String,
    pub customer: String,
    /// `2010-12-01 08:26:00`.
    pub at: String,
    pub is_paid: bool,
    /// What was paid, and how much of it went back, in 1/10,000.
    pub gross_e4: i64,
    pub refund_e4: i64,
    pub pieces: i64,
}

/// Rows of text, the header first.
pub type Rows = Vec<Vec<String>>;

/// The header of a preset, as the platform writes it.
pub fn header_of(preset: &str) -> Vec<String> {
    let run = siyu_in(folder().path(), &["presets", "show", preset]).ok();
    let preset: toml::Table = run.stdout.parse().expect("a preset is TOML");
    let names = preset["header"].as_array().expect("a preset has a header");
    names.iter().map(|name| name.as_str().expect("a name").to_owned()).collect()
}

/// An export with all columns of the preset, of which those that `cell` knows are filled.
pub fn export<T>(preset: &str, orders: &[T], empty: &str, cell: impl Fn(&T, &str) -> Option<String>) -> Rows {
    let header = header_of(preset);
    let row = |order: &T| {
        header.iter().map(|name| cell(order, name.trim()).unwrap_or_else(|| empty.to_owned())).collect()
    };
    std::iter::once(header.clone()).chain(orders.iter().map(row)).collect()
}

/// Youzan's report of orders: what was paid stays, what went back has a column of its own.
pub fn youzan(orders: &[Order]) -> Rows {
    export("youzan_orders_59", orders, "——", |order, name| {
        Some(match name {
            "订单号" => order.id.clone(),
            "买家手机号" => order.customer.clone(),
            "订单创建时间" => order.at.clone(),
            "买家付款时间" if order.is_paid => order.at.clone(),
            "订单实付金额" => money(order.gross_e4),
            "订单已退款金额" => money(order.refund_e4),
            "订单状态" => youzan_status(order).to_owned(),
            "归属店铺" => "总店".to_owned(),
            _ => return None,
        })
    })
}

fn youzan_status(order: &Order) -> &'static str {
    match order {
        Order { is_paid: false, .. } => "待付款",
        order if order.refund_e4 >= order.gross_e4 => "交易关闭",
        _ => "交易完成",
    }
}

/// The list of orders that Taobao wrote until 2021: the amount is what is left after refunds. Ids are formulas.
pub fn taobao(orders: &[Order]) -> Rows {
    export("taobao_order_list_legacy", orders, "", |order, name| {
        let (paid, is_refunded) = (order.is_paid, order.refund_e4 >= order.gross_e4);
        Some(match name {
            "订单编号" => format!("=\"{}\"", order.id),
            "买家会员名" => order.customer.clone(),
            "订单创建时间" => order.at.clone(),
            "订单付款时间" if paid => order.at.clone(),
            "总金额" => money(order.gross_e4),
            "买家实际支付金额" if paid => money(order.gross_e4 - order.refund_e4),
            "买家实际支付金额" => "0".to_owned(),
            "退款金额" => money(order.refund_e4),
            "宝贝总数量" => order.pieces.to_string(),
            "订单状态" if !paid => "等待买家付款".to_owned(),
            "订单状态" if is_refunded => "交易关闭".to_owned(),
            "订单状态" => "交易成功".to_owned(),
            "订单关闭原因" if paid && is_refunded => "退款".to_owned(),
            _ => return None,
        })
    })
}

/// Tmall's list of orders of today, net like the old one, with the nickname ticked.
pub fn tmall(orders: &[Order]) -> Rows {
    export("tmall_order_list", orders, "", |order, name| {
        let (paid, is_refunded) = (order.is_paid, order.refund_e4 >= order.gross_e4);
        Some(match name {
            "订单编号" => order.id.clone(),
            "买家会员名" | "买家昵称" => order.customer.clone(),
            "订单创建时间" => order.at.clone(),
            "订单付款时间" if paid => order.at.clone(),
            "买家应付货款" => money(order.gross_e4),
            "买家应付邮费" => "0.00".to_owned(),
            // The list price, which is nobody's revenue.
            "总金额" => money(order.gross_e4 * 2),
            "买家实付金额" if paid => money(order.gross_e4 - order.refund_e4),
            "买家实付金额" => "0.00".to_owned(),
            "退款金额" => money(order.refund_e4),
            "宝贝总数量" => order.pieces.to_string(),
            "订单状态" if !paid => "等待买家付款".to_owned(),
            "订单状态" if is_refunded => "交易关闭".to_owned(),
            "订单状态" => "卖家已发货，等待买家确认".to_owned(),
            "订单关闭原因" if paid && is_refunded => "退款".to_owned(),
            "店铺名称" => "旗舰店".to_owned(),
            _ => return None,
        })
    })
}

/// The same orders under siyu's own names.
pub fn canonical(orders: &[Order]) -> Rows {
    let header = ["customer_id", "order_id", "ordered_at", "paid_at", "amount", "refund_amount", "quantity"];
    let row = |order: &Order| {
        let paid_at = if order.is_paid { order.at.clone() } else { String::new() };
        vec![
            order.customer.clone(),
            order.id.clone(),
            order.at.clone(),
            paid_at,
            money(order.gross_e4),
            money(order.refund_e4),
            order.pieces.to_string(),
        ]
    };
    std::iter::once(header.map(str::to_owned).to_vec()).chain(orders.iter().map(row)).collect()
}

/// 1/10,000 as a decimal.
pub fn money(e4: i64) -> String {
    let sign = if e4 < 0 { "-" } else { "" };
    let (whole, rest) = (e4.unsigned_abs() / 10_000, e4.unsigned_abs() % 10_000);
    if rest % 100 == 0 {
        format!("{sign}{whole}.{:02}", rest / 100)
    } else {
        format!("{sign}{whole}.{rest:04}")
    }
}

pub fn csv_text(rows: &[Vec<String>]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).expect("memory takes it");
    }
    String::from_utf8(writer.into_inner().expect("memory takes it")).expect("text")
}

pub fn gb18030(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}

/// A workbook whose cells are all text, as Tmall writes it.
pub fn xlsx(path: &Path, sheet: &str, rows: &[Vec<String>]) {
    let mut book = rust_xlsxwriter::Workbook::new();
    let page = book.add_worksheet();
    page.set_name(sheet).expect("a name for a sheet");
    for (row, cells) in rows.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            let (row, column) = (u32::try_from(row).unwrap(), u16::try_from(column).unwrap());
            page.write_string(row, column, cell).expect("a cell");
        }
    }
    book.save(path).expect("the workbook can be written");
}

/// Every table of `rfm` as csv, by name; of `facts` without `units` and `channels`, since not every export counts pieces
/// or names channels.
pub fn rfm_tables(folder: &Path, arguments: &[&str]) -> HashMap<&'static str, String> {
    let tables = ["segments", "customers", "grid", "thresholds", "migration", "moves", "facts"];
    let table = |name: &'static str| {
        let more = ["-f", "csv", "--table", name, "-q"];
        let arguments: Vec<&str> = ["rfm"].iter().chain(arguments).chain(&more).copied().collect();
        let csv = siyu_in(folder, &arguments).ok().stdout;
        (name, if name == "facts" { without_what_is_not_everywhere(&csv) } else { csv })
    };
    tables.into_iter().map(table).collect()
}

/// The JSON of one run with all tables; `facts` as above.
pub fn rfm_json(folder: &Path, arguments: &[&str]) -> serde_json::Value {
    let all = ["-f", "json", "--table", "all", "-q"];
    let arguments: Vec<&str> = ["rfm"].iter().chain(arguments).chain(&all).copied().collect();
    let mut json = siyu_in(folder, &arguments).ok().json();
    for row in json["tables"]["facts"].as_array_mut().into_iter().flatten() {
        let row = row.as_object_mut().expect("a row");
        for column in NOT_EVERYWHERE {
            row.remove(column);
        }
    }
    json
}

const NOT_EVERYWHERE: [&str; 2] = ["units", "channels"];

fn without_what_is_not_everywhere(csv: &str) -> String {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a record")).collect();
    let kept: Vec<usize> = (0..rows[0].len()).filter(|at| !NOT_EVERYWHERE.contains(&&rows[0][*at])).collect();
    let row = |row: &csv::StringRecord| kept.iter().map(|at| row[*at].to_owned()).collect::<Vec<_>>();
    csv_text(&rows.iter().map(row).collect::<Vec<_>>())
}
