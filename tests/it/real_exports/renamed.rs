//! Online Retail under the headers of Youzan and of Taobao, in GB18030: equal tables.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use super::make::{self, Order, rfm_json, rfm_tables};
use super::{account, decimal_e4, e4};
use crate::support::{folder, shared, siyu_in, write};

const CLEAN: &str = "quantity > 0 AND unit_price > 0 AND order_id NOT LIKE 'C%'";
const COMPARE: [&str; 2] = ["--compare-to", "2011-06-30"];

/// A line of Online Retail that has a customer.
struct Line {
    invoice: String,
    customer: String,
    at: String,
    pieces: i64,
    price_e4: i64,
}

fn lines(gz: &Path) -> Vec<Line> {
    let mut text = String::new();
    let file = std::fs::File::open(gz).expect("the file is there");
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("UTF-8");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    // InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
    let line = |record: csv::StringRecord| {
        (!record[6].is_empty()).then(|| Line {
            invoice: record[0].to_owned(),
            customer: record[6].to_owned(),
            at: record[4].to_owned(),
            pieces: record[3].parse().expect("pieces"),
            price_e4: decimal_e4(&record[5]),
        })
    };
    reader.records().filter_map(|record| line(record.expect("a record"))).collect()
}

/// One order per invoice and customer: positive lines are what was paid, negative ones what went back, and its moment is
/// that of the first positive line (of the first line where none is positive), as everywhere in siyu.
fn orders(lines: &[Line]) -> Vec<Order> {
    let mut places: HashMap<(&str, &str), usize> = HashMap::new();
    let mut orders: Vec<(Order, String, Option<String>)> = Vec::new();
    for line in lines {
        let place = *places.entry((&line.customer, &line.invoice)).or_insert(orders.len());
        if place == orders.len() {
            let order = Order {
                id: line.invoice.clone(),
                customer: line.customer.clone(),
                at: String::new(),
                is_paid: true,
                gross_e4: 0,
                refund_e4: 0,
                pieces: 0,
            };
            orders.push((order, line.at.clone(), None));
        }
        let (order, first, first_positive) = &mut orders[place];
        let amount = line.pieces * line.price_e4;
        order.gross_e4 += amount.max(0);
        order.refund_e4 += (-amount).max(0);
        order.pieces += line.pieces;
        *first = line.at.clone().min(std::mem::take(first));
        if amount > 0 {
            *first_positive =
                Some(first_positive.take().map_or(line.at.clone(), |at| at.min(line.at.clone())));
        }
    }
    let moment = |(order, first, positive): (Order, String, Option<String>)| Order {
        at: positive.unwrap_or(first),
        ..order
    };
    orders.into_iter().map(moment).collect()
}

/// Orders that were never paid: they must change nothing but the account.
fn with_unpaid(mut orders: Vec<Order>) -> Vec<Order> {
    let unpaid = orders.iter().step_by(50).map(|order| Order {
        id: format!("U{}", order.id),
        is_paid: false,
        refund_e4: 0,
        ..order.clone()
    });
    let unpaid: Vec<Order> = unpaid.collect();
    orders.extend(unpaid);
    orders
}

fn assert_equal(one: &HashMap<&str, String>, other: &HashMap<&str, String>, what: &str) {
    for (name, table) in one {
        assert!(table == &other[name], "{what}: the tables {name} differ");
        // At least a header and a row.
        assert!(table.lines().count() > 1, "{what}: {name} is empty");
    }
}

/// The rows, the orders and the money of one file, in the reconciliation.
fn books(folder: &Path, file: &str) -> (u64, u64, i64, i64, String) {
    let json = siyu_in(folder, &["rfm", file, "-f", "json", "-q"]).ok().json();
    let input = account(&json);
    let books = &input["reconciliation"];
    let number = |value: &serde_json::Value| value.as_u64().unwrap_or_default();
    let preset = input["preset"].as_str().unwrap_or_default().to_owned();
    (
        number(&input["rows_read"]),
        number(&books["orders"]),
        e4(&books["paid_gross"]),
        e4(&books["refunds"]),
        preset,
    )
}

/// Seven tables, none of them empty.
fn assert_same(one: &serde_json::Value, other: &serde_json::Value, what: &str) {
    let tables = one["tables"].as_object().expect("tables");
    assert_eq!(tables.len(), 7);
    for (name, table) in tables {
        assert!(table.as_array().is_some_and(|rows| !rows.is_empty()), "{what}: {name} is empty");
        assert!(*table == other["tables"][name], "{what}: the tables {name} differ");
    }
}

/// The published clean rule: 397,884 lines of sales. Youzan's and Taobao's grain is the order, so that the lines are first
/// added up to 18,532 orders here, without siyu; 370 orders that were never paid are put beside them. Compared are all
/// tables of `rfm`, number by number (the test below has them as csv, byte by byte): of the original lines under --where, of Youzan's file, of Taobao's, and of both
/// through `convert`.
#[test]
fn online_retail_as_youzan_and_as_taobao_gives_the_same_tables() {
    let Some(gz) = shared("data/online_retail/online_retail.csv.gz") else { return };
    let original = gz.display().to_string();
    let mut lines = lines(&gz);
    assert_eq!(lines.len(), 541_909 - 135_080);
    lines.retain(|line| line.pieces > 0 && line.price_e4 > 0 && !line.invoice.starts_with('C'));
    assert_eq!(lines.len(), 397_884);
    let orders = orders(&lines);
    assert_eq!(orders.len(), 18_532);
    assert_eq!(orders.iter().map(|order| order.gross_e4).sum::<i64>(), decimal_e4("8911407.904"));
    let orders = with_unpaid(orders);

    let folder = folder();
    let here = folder.path();
    write(here, "youzan.csv", make::gb18030(&make::csv_text(&make::youzan(&orders))));
    write(here, "taobao.csv", make::gb18030(&make::csv_text(&make::taobao(&orders))));
    let expected = (orders.len() as u64, 18_532, decimal_e4("8911407.904"), 0);
    for (file, preset) in [("youzan.csv", "youzan_orders_59"), ("taobao.csv", "taobao_order_list_legacy")] {
        let (rows, paid, gross, refunds, known) = books(here, file);
        assert_eq!((rows, paid, gross, refunds), expected, "{file}");
        assert_eq!(known, preset);
    }

    let clean = rfm_json(here, &[&[original.as_str(), "--where", CLEAN][..], &COMPARE].concat());
    for file in ["youzan.csv", "taobao.csv"] {
        assert_same(&clean, &rfm_json(here, &[&[file][..], &COMPARE].concat()), file);
        let converted = format!("{file}.parquet");
        siyu_in(here, &["convert", file, "-o", &converted, "-q"]).ok();
        let arguments = [converted.as_str(), "--preset", "none", COMPARE[0], COMPARE[1]];
        assert_same(&clean, &rfm_json(here, &arguments), &converted);
    }
}

/// All lines with a customer, cancellations too, which are negative: an invoice that cancels is an order of which nothing
/// was paid and its amount went back. Youzan writes it as paid 0.00 and refunded X, Taobao as -X net and refunded X.
#[test]
fn refunds_of_online_retail_lower_the_same_customers() {
    let Some(gz) = shared("data/online_retail/online_retail.csv.gz") else { return };
    let original = gz.display().to_string();
    let orders = with_unpaid(orders(&lines(&gz)));
    let (gross, refunds) = orders
        .iter()
        .filter(|order| order.is_paid)
        .fold((0, 0), |(gross, refunds), order| (gross + order.gross_e4, refunds + order.refund_e4));
    assert!(refunds > 0);

    let folder = folder();
    let here = folder.path();
    write(here, "youzan.csv", make::gb18030(&make::csv_text(&make::youzan(&orders))));
    write(here, "taobao.csv", make::gb18030(&make::csv_text(&make::taobao(&orders))));
    let all = rfm_json(here, &[&[original.as_str()][..], &COMPARE].concat());
    for file in ["youzan.csv", "taobao.csv"] {
        let (_, _, paid, back, _) = books(here, file);
        assert_eq!((paid, back), (gross, refunds), "{file}");
        assert_same(&all, &rfm_json(here, &[&[file][..], &COMPARE].concat()), file);
    }
    // The original itself through convert, as one row per order.
    siyu_in(here, &["convert", &original, "-o", "orders.csv", "-q"]).ok();
    let arguments = ["orders.csv", "--preset", "none", COMPARE[0], COMPARE[1]];
    assert_same(&all, &rfm_json(here, &arguments), "orders.csv");
}

/// Refunds in the row of their order, of a part and of the whole: net (Taobao, Tmall) and gross (Youzan) files say the same
/// as siyu's own columns; as workbooks too. 2,000 orders.
#[test]
fn net_and_gross_exports_and_workbooks_give_the_same_tables() {
    let Some(gz) = shared("data/online_retail/online_retail.csv.gz") else { return };
    let mut lines = lines(&gz);
    lines.retain(|line| line.pieces > 0 && line.price_e4 > 0);
    let mut orders = orders(&lines);
    orders.truncate(2_000);
    for (at, order) in orders.iter_mut().enumerate() {
        order.refund_e4 = match at % 12 {
            3 => order.gross_e4 / 3,
            7 => order.gross_e4,
            _ => 0,
        };
    }
    let orders = with_unpaid(orders);
    let folder = folder();
    let here = folder.path();
    write(here, "own.csv", make::csv_text(&make::canonical(&orders)));
    let expected = rfm_tables(here, &["own.csv", "--preset", "none", "--compare-to", "2010-12-20"]);
    let exports = [
        ("youzan", make::youzan(&orders)),
        ("taobao", make::taobao(&orders)),
        ("tmall", make::tmall(&orders)),
    ];
    for (name, rows) in exports {
        write(here, &format!("{name}.csv"), make::gb18030(&make::csv_text(&rows)));
        make::xlsx(&here.join(format!("{name}.xlsx")), "export", &rows);
        for file in [format!("{name}.csv"), format!("{name}.xlsx")] {
            let tables = rfm_tables(here, &[file.as_str(), "--compare-to", "2010-12-20"]);
            assert_equal(&expected, &tables, &file);
            let (rows, paid, gross, refunds, _) = books(here, &file);
            assert_eq!((rows, paid), (2_040, 2_000), "{file}");
            assert_eq!(
                gross,
                orders.iter().filter(|order| order.is_paid).map(|order| order.gross_e4).sum::<i64>()
            );
            assert_eq!(refunds, orders.iter().map(|order| order.refund_e4).sum::<i64>());
        }
    }
}
