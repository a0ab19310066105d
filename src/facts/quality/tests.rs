use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::*;
use proptest::prelude::*;

use super::values::{gaps, is_spreadsheet_error, long_number_is_rounded};
use super::*;
use crate::input::{
    Frame, InputOptions, Inputs, ReadSummary, RowBatch, RowNumbers, RowSink, TextColumn, Verdict, Wanted,
};

const DAY_US: i64 = 86_400_000_000;
/// 2020-01-01
const START_US: i64 = 18_262 * DAY_US;

/// A row in use of file 0.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Sale {
    customer: String,
    order: Option<String>,
    day: i64,
    amount: i64,
    refund: i64,
    product: Option<String>,
}

fn sale(customer: &str, order: Option<&str>, day: i64, amount: i64) -> Sale {
    Sale { customer: customer.into(), order: order.map(Into::into), day, amount, refund: 0, product: None }
}

fn text(values: impl Iterator<Item = Option<String>>) -> TextColumn {
    TextColumn(StringChunked::from_iter_options("x".into(), values))
}

/// Rows with their numbers, in a batch.
fn batch(rows: &[(u64, Sale)]) -> RowBatch {
    let sales = || rows.iter().map(|(_, sale)| sale);
    let amounts = sales().map(|s| Some(s.amount.to_string()));
    RowBatch {
        file: 0,
        rows: RowNumbers::Each(rows.iter().map(|(row, _)| *row).collect()),
        verdicts: vec![Verdict::Used; rows.len()],
        customer_id: text(sales().map(|s| Some(s.customer.clone()))),
        order_id: Some(text(sales().map(|s| s.order.clone()))),
        at_us: sales().map(|s| Some(START_US + s.day * DAY_US)).collect(),
        amount_e4: sales().map(|s| Some(s.amount * 10_000)).collect(),
        refund_amount_e4: sales().map(|s| s.refund * 10_000).collect(),
        net_e4: sales().map(|s| Some((s.amount - s.refund) * 10_000)).collect(),
        units_e4: None,
        paid_at_us: None,
        numbers_e4: Vec::new(),
        attributes: vec![text(sales().map(|s| s.product.clone()))],
        raw_at: Column::new_empty("at".into(), &DataType::String),
        raw_amount: StringChunked::from_iter_options("amount".into(), amounts).into_column(),
    }
}

fn look(batches: &[RowBatch]) -> Quality {
    let spec = QualitySpec { outlier_z: 5.0, currency: None, has_product: true };
    let sink = QualitySink::new(spec);
    for batch in batches {
        sink.push(batch.clone()).unwrap();
    }
    sink.finish(&ReadSummary::default())
}

fn look_at(sales: &[Sale]) -> Quality {
    look(&[batch(&numbered(sales))])
}

fn numbered(sales: &[Sale]) -> Vec<(u64, Sale)> {
    (2..).zip(sales.iter().cloned()).collect()
}

fn places(counted: &Counted) -> Vec<(u64, &str)> {
    counted.examples.iter().map(|e| (e.row.unwrap(), e.value.as_str())).collect()
}

#[test]
fn repeated_rows_are_counted_beyond_the_first() {
    let a = sale("a", Some("1"), 0, 10);
    let mut other = a.clone();
    other.product = Some("tea".into());
    let mut empty = a.clone();
    empty.product = Some(String::new());
    let quality = look_at(&[a.clone(), other.clone(), a.clone(), empty, a.clone(), other]);
    assert_eq!(quality.duplicate_rows.rows, 3);
    assert_eq!(
        places(&quality.duplicate_rows),
        [(4, "repeats row 2"), (6, "repeats row 2"), (7, "repeats row 3")]
    );
    assert!(quality.duplicates_are_certain);
}

#[test]
fn orders_and_their_customers() {
    let quality = look_at(&[
        sale("a", Some("1"), 0, 10),
        sale("a", Some("1"), 0, 11),
        sale("b", Some("1"), 0, 12),
        sale("c", Some("1"), 0, 12),
        sale("b", Some("2"), 0, 13),
        sale("b", None, 0, 14),
        sale("b", None, 0, 15),
    ]);
    assert_eq!((quality.customers, quality.orders), (3, 6));
    assert_eq!(quality.orders_with_several_customers.rows, 4);
    assert_eq!(places(&quality.orders_with_several_customers), [(4, "1")]);
    assert!(quality.orders_with_several_customers.examples[0].is_id);
    assert_eq!(quality.missing_order_ids.rows, 2);
}

#[test]
fn a_customer_with_most_orders_is_seen() {
    let mut sales: Vec<Sale> =
        (0..90).map(|i| sale(&format!("c{i}"), Some(&format!("o{i}")), i, 10)).collect();
    sales.extend((0..51).map(|i| sale("counter", Some(&format!("x{i}")), i, 10)));
    let quality = look_at(&sales);
    assert_eq!((quality.dominant_customers.rows, quality.dominant_orders), (51, 51));
    assert_eq!(places(&quality.dominant_customers), [(92, "counter")]);
    // 50 times the median is not more than 50 times.
    sales.pop();
    assert_eq!(look_at(&sales).dominant_customers.rows, 0);
}

#[test]
fn amounts_by_kind() {
    let mut sales: Vec<Sale> = (0..200).map(|i| sale(&format!("c{i}"), None, 0, 90 + i % 21)).collect();
    sales.push(sale("z", None, 0, 0));
    sales.push(sale("n", None, 0, -5));
    sales.push(sale("far", None, 0, 1_000_000));
    sales.push(sale("near", None, 0, 1));
    let mut refunded = sale("r", None, 0, 100);
    refunded.refund = 101;
    sales.push(refunded);
    let quality = look_at(&sales);
    assert_eq!(places(&quality.zero_amounts), [(202, "0")]);
    assert_eq!(places(&quality.negative_amounts), [(203, "-5")]);
    assert_eq!(places(&quality.refunds_above_amount), [(206, "101")]);
    assert_eq!(quality.outlying_amounts.rows, 2);
    assert_eq!(places(&quality.outlying_amounts), [(204, "1000000"), (205, "1")]);
    let outliers = quality.outliers.unwrap();
    assert_eq!((outliers.lowest_e4, outliers.highest_e4), (Some(900_000), Some(1_100_000)));
    assert_eq!(outliers.sum_e4, 10_000_010_000);
}

#[test]
fn days_without_rows() {
    let days = |days: &[i32]| days.iter().map(|day| (*day, 1)).collect::<BTreeMap<i32, u64>>();
    let daily: Vec<i32> = (0..40).filter(|day| !(10..16).contains(day)).chain([47]).collect();
    // Six missing days are no gap, seven are.
    assert_eq!(gaps(&days(&daily)), (Some(1), vec![Gap { first: 40, last: 46 }]));
    let weekly: Vec<i32> = (0..40).map(|week| 7 * week).chain([39 * 7 + 49, 39 * 7 + 49 + 56]).collect();
    let (usual, found) = gaps(&days(&weekly));
    assert_eq!(usual, Some(7));
    assert_eq!(found.iter().map(Gap::days).collect::<Vec<_>>(), [55]);
    assert_eq!(gaps(&days(&[0, 1, 2, 500])), (None, Vec::new()));
}

#[test]
fn dates_before_1990_make_no_gap() {
    let mut sales: Vec<Sale> = (0..40).map(|day| sale("a", None, day, 10)).collect();
    sales.push(sale("a", None, -START_US / DAY_US, 10));
    let quality = look_at(&sales);
    assert_eq!(places(&quality.dates_before_1990), [(42, "1970-01-01T00:00:00")]);
    assert_eq!(quality.gaps, []);
}

#[test]
fn ids_that_are_none() {
    assert!(is_spreadsheet_error("#REF!") && is_spreadsheet_error("#####"));
    assert!(!is_spreadsheet_error("#1") && !is_spreadsheet_error("##") && !is_spreadsheet_error("REF!"));
    assert_eq!(long_number_is_rounded("123456789012345000"), Some(true));
    assert_eq!(long_number_is_rounded("123456789012345001"), Some(false));
    assert_eq!(long_number_is_rounded("123456789012340"), None);
    assert_eq!(long_number_is_rounded("A23456789012345000"), None);
}

#[test]
fn currencies_beside_amounts() {
    let rows = numbered(&[
        sale("a", None, 0, 1),
        sale("b", None, 1, 2),
        sale("c", None, 2, 3),
        sale("d", None, 3, 4),
    ]);
    let mut batch = batch(&rows);
    let written = ["￥1", "2元", "$3", "4"].map(|cell| Some(cell.to_owned()));
    batch.raw_amount = StringChunked::from_iter_options("amount".into(), written.into_iter()).into_column();
    let quality = look(&[batch]);
    assert_eq!(quality.currencies, [("CNY".to_owned(), 2), ("USD".to_owned(), 1)]);
    assert_eq!(places(&quality.mixed_currencies), [(4, "$3")]);
}

#[test]
fn rows_that_are_not_in_use_are_not_looked_at() {
    let rows = numbered(&[sale("a", None, 0, 0), sale("a", None, 0, 0), sale("a**b", None, 9, 5)]);
    let mut batch = batch(&rows);
    batch.verdicts = vec![Verdict::Where, Verdict::Used, Verdict::AfterAsOf];
    let quality = look(&[batch]);
    assert_eq!((quality.duplicate_rows.rows, quality.zero_amounts.rows, quality.masked_ids.rows), (0, 1, 0));
    assert_eq!(places(&quality.dates_after_as_of), [(4, "2020-01-10T00:00:00")]);
}

/// A file with one of each defect, read as `check` reads it.
fn look_at_file(text: &str, options: InputOptions) -> Quality {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.csv");
    std::fs::write(&path, text).unwrap();
    let options = InputOptions { paths: vec![path.display().to_string()], ..options };
    let inputs = Inputs::open(Frame::Orders, options).unwrap();
    let wanted = Wanted { customers: true, attributes: vec!["币种".into()], ..Wanted::default() };
    let spec = QualitySpec { outlier_z: 5.0, currency: Some((0, "币种".into())), has_product: false };
    let (sink, read) = inputs.read_rows(&wanted, || QualitySink::new(spec.clone())).unwrap();
    sink.finish(&read)
}

const DEFECTS: &str = "customer_id;order_id;ordered_at;amount;退款金额;币种
138****1234;1;13/06/2018;\"￥12,5\";0;CNY
138****1234;1;13/06/2018;\"￥12,5\";0;CNY
张**;2;14/06/2018;$100;120;USD
1.23E+18;3;15/06/2018;50;0;CNY
bob;4;99/99/2018;50;0;CNY
bob;5;;50;0;CNY
;6;15/06/2018;abc;0;CNY
bob;1;15/06/2018;0;0;CNY
bob;;01/01/1970;-3;0;CNY
bob;8;15/06/2018;9;0;CNY;extra
bob;9;15/06/2018
#REF!;10;16/06/2018;7;0;
bob;11;15/06/2018;abc;0;CNY
";

#[test]
fn defects_of_a_file_are_found_where_they_stand() {
    let quality = look_at_file(DEFECTS, InputOptions { threads: 2, ..InputOptions::default() });
    assert_eq!((quality.rows_read, quality.rows_used), (13, 4));
    for (counted, expected) in [
        (&quality.masked_ids, vec![(2, "138****1234"), (3, "138****1234"), (4, "张**")]),
        (&quality.duplicate_rows, vec![(3, "repeats row 2")]),
        (&quality.mixed_currencies, vec![(4, "USD")]),
        (&quality.refunds_above_amount, vec![(4, "120")]),
        (&quality.destroyed_customer_ids, vec![(5, "1.23E+18")]),
        (&quality.unreadable_dates, vec![(6, "99/99/2018")]),
        (&quality.missing_dates, vec![(7, "")]),
        (&quality.missing_customer_ids, vec![(8, "")]),
        (&quality.orders_with_several_customers, vec![(9, "1")]),
        (&quality.zero_amounts, vec![(9, "0")]),
        (&quality.dates_before_1990, vec![(10, "1970-01-01T00:00:00")]),
        (&quality.missing_order_ids, vec![(10, "")]),
        (&quality.negative_amounts, vec![(10, "-3")]),
        (&quality.overlong_rows, vec![(11, "7 fields")]),
        (&quality.short_rows, vec![(12, "3 fields")]),
        (&quality.missing_amounts, vec![(12, "")]),
        (&quality.spreadsheet_errors, vec![(13, "#REF!")]),
        (&quality.unreadable_amounts, vec![(14, "abc")]),
    ] {
        assert_eq!(places(counted), expected);
    }
    assert_eq!(quality.mixed_currencies.examples[0].column, "币种");
    assert_eq!(quality.refunds_above_amount.examples[0].column, "退款金额");
    assert!(
        quality.missing_customer_ids.examples[0].is_id && quality.destroyed_customer_ids.examples[0].is_id
    );
    assert!(quality.orders_with_several_customers.rows == 3 && !quality.unreadable_dates.examples[0].is_id);
}

#[test]
fn a_file_without_one_good_row_is_looked_at_all_the_same() {
    let text = "customer_id,ordered_at,amount,币种\n,2020-01-01,1,\n,2020-01-02,x,\n";
    let quality = look_at_file(text, InputOptions::default());
    assert_eq!((quality.rows_read, quality.rows_used, quality.missing_customer_ids.rows), (2, 0, 2));
}

fn any_sale() -> impl Strategy<Value = Sale> {
    let order = prop::option::of(prop::sample::select(vec!["1", "2", "3", "4"]));
    let product = prop::option::of(prop::sample::select(vec!["", "tea", "ink"]));
    (prop::sample::select(vec!["a", "b", "c", "d*"]), order, 0i64..3, -1i64..4, 0i64..2, product).prop_map(
        |(customer, order, day, amount, refund, product)| Sale {
            customer: customer.into(),
            order: order.map(Into::into),
            day,
            amount,
            refund,
            product: product.map(Into::into),
        },
    )
}

/// Duplicates and shared orders by their definition, in quadratic time.
fn naive(sales: &[Sale]) -> (Vec<u64>, u64, Vec<u64>, u64, u64) {
    let duplicates: Vec<u64> =
        (0..sales.len()).filter(|at| sales[..*at].contains(&sales[*at])).map(|at| at as u64 + 2).collect();
    let mut shared_rows = 0;
    let mut shared_first = Vec::new();
    for id in sales.iter().filter_map(|s| s.order.as_ref()).collect::<BTreeSet<_>>() {
        let rows: Vec<(u64, &Sale)> =
            (2..).zip(sales).filter(|(_, sale)| sale.order.as_ref() == Some(id)).collect();
        if let Some((row, _)) = rows.iter().find(|(_, sale)| sale.customer != rows[0].1.customer) {
            shared_rows += rows.len() as u64;
            shared_first.push(*row);
        }
    }
    shared_first.sort_unstable();
    shared_first.truncate(3);
    let customers: BTreeSet<&String> = sales.iter().map(|s| &s.customer).collect();
    let pairs: BTreeSet<(&String, &String)> =
        sales.iter().filter_map(|s| Some((s.order.as_ref()?, &s.customer))).collect();
    let loose = sales.iter().filter(|s| s.order.is_none()).count();
    (duplicates, shared_rows, shared_first, customers.len() as u64, (pairs.len() + loose) as u64)
}

proptest! {
    #[test]
    fn as_the_definition_says_in_any_order_and_in_any_batches(
        sales in prop::collection::vec(any_sale(), 0..40),
        size in 1usize..12,
        seed in any::<u64>(),
    ) {
        let rows = numbered(&sales);
        let whole = look(&[batch(&rows)]);
        let (duplicates, shared_rows, shared_first, customers, orders) = naive(&sales);
        prop_assert_eq!(whole.duplicate_rows.rows, duplicates.len() as u64);
        let shown: Vec<u64> = places(&whole.duplicate_rows).iter().map(|(row, _)| *row).collect();
        prop_assert_eq!(shown, duplicates.into_iter().take(3).collect::<Vec<_>>());
        prop_assert_eq!(whole.orders_with_several_customers.rows, shared_rows);
        let shown: Vec<u64> = places(&whole.orders_with_several_customers).iter().map(|(row, _)| *row).collect();
        prop_assert_eq!(shown, shared_first);
        prop_assert_eq!((whole.customers, whole.orders), (customers, orders));

        // Batches keep the order of their rows, and come in any order.
        let mut parts: Vec<RowBatch> = rows.chunks(size).map(batch).collect();
        let n = parts.len().max(1);
        parts.rotate_left(seed as usize % n);
        if seed % 2 == 1 {
            parts.reverse();
        }
        prop_assert_eq!(format!("{:?}", look(&parts)), format!("{whole:?}"));
    }
}
