//! The kernel held to its definition: a slow and obvious computation on random rows, and what must not change a result.

mod histories;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::batch::{Rows, Texts};
use super::customers::{AttributeSpec, CustomerFacts, DAY_US, Pick, Spec};
use super::kernel::CustomerKernel;
use crate::error::{Error, Result};

#[derive(Debug, Clone)]
struct Row {
    customer: String,
    order: Option<String>,
    at_us: i64,
    net_e4: i64,
    refund_e4: i64,
    units_e4: i64,
    attributes: [Option<String>; 2],
}

impl Texts for Vec<Option<&str>> {
    fn len(&self) -> usize {
        self.len()
    }

    fn get(&self, row: usize) -> Option<&str> {
        self[row]
    }
}

/// What is to be said of a customer; the columns of `CustomerFacts`, row by row.
#[derive(Debug, Clone, PartialEq)]
struct Facts {
    first_at_us: i64,
    last_at_us: i64,
    orders: u32,
    net_e4: i64,
    refund_e4: i64,
    purchase_days: u32,
    units_e4: i64,
    channels: u32,
    attributes: Vec<Option<String>>,
}

#[derive(Debug)]
struct Purchase {
    at_us: i64,
    values: [Option<String>; 2],
}

/// Customers with a purchase; number and net of those without.
type Expected = (BTreeMap<String, Facts>, u64, i64);

/// The orders of each customer: the rows of each.
type Orders<'a> = BTreeMap<&'a str, BTreeMap<String, Vec<&'a Row>>>;

fn orders_of<'a>(rows: &'a [Row], spec: &Spec, cutoff: i64) -> Orders<'a> {
    let mut customers = Orders::new();
    for (i, row) in rows.iter().enumerate().filter(|(_, row)| row.at_us <= cutoff) {
        let order = match row.order.as_deref() {
            Some(id) if spec.order_ids && !id.is_empty() => format!("id {id}"),
            _ => format!("row {i}"),
        };
        customers.entry(&row.customer).or_default().entry(order).or_default().push(row);
    }
    customers
}

fn expected(rows: &[Row], spec: &Spec, cutoff: i64) -> Expected {
    let (mut facts, mut without, mut without_net) = (BTreeMap::new(), 0, 0);
    for (id, orders) in orders_of(rows, spec, cutoff) {
        let sum = |value: fn(&Row) -> i64| orders.values().flatten().map(|row| value(row)).sum::<i64>();
        let net_e4 = sum(|row| row.net_e4);
        let purchases = purchases(&orders, spec);
        let (Some(first), Some(last)) = (purchases.first(), purchases.last()) else {
            without += 1;
            without_net += net_e4;
            continue;
        };
        let days: BTreeSet<i64> = purchases.iter().map(|p| day(p.at_us)).collect();
        let channels: BTreeSet<&String> = spec.channels.map_or(BTreeSet::new(), |index| {
            purchases.iter().filter_map(|p| p.values[index].as_ref()).collect()
        });
        let attributes = spec.attributes.iter().map(|attribute| pick(&purchases, attribute)).collect();
        let of_customer = Facts {
            first_at_us: first.at_us,
            last_at_us: last.at_us,
            orders: purchases.len() as u32,
            net_e4,
            refund_e4: sum(|row| row.refund_e4),
            purchase_days: if spec.purchase_days { days.len() as u32 } else { 0 },
            units_e4: if spec.units { sum(|row| row.units_e4) } else { 0 },
            channels: channels.len() as u32,
            attributes,
        };
        facts.insert(id.to_owned(), of_customer);
    }
    (facts, without, without_net)
}

fn day(at_us: i64) -> i64 {
    (at_us as f64 / DAY_US as f64).floor() as i64
}

fn purchases(orders: &BTreeMap<String, Vec<&Row>>, spec: &Spec) -> Vec<Purchase> {
    let purchases = orders.values().filter(|rows| is_purchase(rows, spec.zero_orders));
    let mut purchases: Vec<Purchase> = purchases.filter_map(|rows| purchase(rows)).collect();
    purchases.sort_by_key(|purchase| purchase.at_us);
    purchases
}

fn is_purchase(rows: &[&Row], zero_orders: bool) -> bool {
    let is_zero = rows.iter().all(|row| row.net_e4 == 0 && row.refund_e4 == 0);
    zero_orders && is_zero || rows.iter().map(|row| row.net_e4).sum::<i64>() > 0
}

fn moment(rows: &[&Row]) -> Option<i64> {
    let sales = rows.iter().filter(|row| row.net_e4 + row.refund_e4 > 0).map(|row| row.at_us).min();
    sales.or(rows.iter().map(|row| row.at_us).min())
}

fn purchase(rows: &[&Row]) -> Option<Purchase> {
    let value = |index: usize| {
        let with_value = rows.iter().filter_map(|row| Some((row.at_us, row.attributes[index].clone()?)));
        with_value.min().map(|(_, value)| value)
    };
    Some(Purchase { at_us: moment(rows)?, values: [value(0), value(1)] })
}

fn pick(purchases: &[Purchase], attribute: &AttributeSpec) -> Option<String> {
    let at = |at_us: i64| {
        let then = purchases.iter().filter(|p| p.at_us == at_us);
        then.filter_map(|p| p.values[attribute.index].clone()).min()
    };
    match attribute.pick {
        Pick::First => at(purchases.first()?.at_us),
        Pick::Last => at(purchases.last()?.at_us),
        Pick::Top => {
            let mut counts: BTreeMap<String, u32> = BTreeMap::new();
            for value in purchases.iter().filter_map(|p| p.values[attribute.index].clone()) {
                *counts.entry(value).or_default() += 1;
            }
            let most = counts.values().copied().max()?;
            counts.into_iter().find(|(_, n)| *n == most).map(|(value, _)| value)
        }
    }
}

/// The same shape from the kernel's columns.
fn found(facts: &CustomerFacts) -> Expected {
    let customer = |i: usize| Facts {
        first_at_us: facts.first_at_us[i],
        last_at_us: facts.last_at_us[i],
        orders: facts.orders[i],
        net_e4: facts.net_e4[i],
        refund_e4: facts.refund_e4_at(i),
        purchase_days: facts.purchase_days.as_ref().map_or(0, |days| days[i]),
        units_e4: facts.units_e4.as_ref().map_or(0, |units| units[i]),
        channels: facts.channels.as_ref().map_or(0, |channels| channels[i]),
        attributes: facts.attributes.iter().map(|values| values.get(i).map(str::to_owned)).collect(),
    };
    let customers = (0..facts.len()).map(|i| (facts.customer_id.get(i).to_owned(), customer(i)));
    (customers.collect(), facts.without_purchase, facts.without_purchase_net_e4)
}

/// Runs the kernel on batches of `batch` rows, pushed by `threads` threads, and sorts what comes.
fn run(rows: &[Row], spec: &Spec, batch: usize, threads: usize) -> Result<Vec<CustomerFacts>> {
    let (kernel, pushed) = pushed(rows, spec, batch, threads);
    let facts = kernel.finish(threads);
    if pushed.is_err() {
        assert!(facts.is_err());
    }
    pushed?;
    let mut facts = facts?;
    facts.iter_mut().for_each(CustomerFacts::sort_by_id);
    Ok(facts)
}

/// A kernel that was given batches of `batch` rows by `threads` threads, and whether all went well.
fn pushed(rows: &[Row], spec: &Spec, batch: usize, threads: usize) -> (CustomerKernel, Result<()>) {
    let kernel = CustomerKernel::new(spec.clone());
    let batches: Vec<&[Row]> = rows.chunks(batch.max(1)).collect();
    let results: Vec<Result<()>> = std::thread::scope(|scope| {
        let worker = |first: usize| {
            let (kernel, batches) = (&kernel, &batches);
            move || batches.iter().skip(first).step_by(threads).try_for_each(|rows| push(kernel, rows))
        };
        let workers: Vec<_> = (0..threads).map(|first| scope.spawn(worker(first))).collect();
        workers.into_iter().map(|worker| worker.join().expect("no panic")).collect()
    });
    (kernel, results.into_iter().collect())
}

fn push(kernel: &CustomerKernel, rows: &[Row]) -> Result<()> {
    let numbers = |value: fn(&Row) -> i64| rows.iter().map(value).collect::<Vec<i64>>();
    let attribute =
        |index: usize| rows.iter().map(|row| row.attributes[index].as_deref()).collect::<Vec<_>>();
    kernel.push_rows(&Rows {
        customers: rows.iter().map(|row| Some(row.customer.as_str())).collect(),
        orders: Some(rows.iter().map(|row| row.order.as_deref()).collect()),
        at_us: &numbers(|row| row.at_us),
        net_e4: &numbers(|row| row.net_e4),
        refund_e4: &numbers(|row| row.refund_e4),
        units_e4: Some(&numbers(|row| row.units_e4)),
        attributes: vec![attribute(0), attribute(1)],
    })
}

fn any_row() -> impl Strategy<Value = Row> {
    let moment = prop_oneof![
        (-4..8i64).prop_map(|half_days| half_days * DAY_US / 2),
        -3 * DAY_US..3 * DAY_US,
        (0..1_000i64).prop_map(|seconds| seconds * 1_000_000),
    ];
    // Paid, and what came back: nothing, a part, all, more, or a row that is a refund alone.
    let money = prop_oneof![
        6 => (1..5i64).prop_map(|paid| (paid * 100, 0)),
        1 => (1..5i64, 0..6i64).prop_map(|(paid, back)| (paid - back, back)),
        1 => (1..5i64).prop_map(|back| (-back * 100, back * 100)),
        1 => Just((0, 0)),
        1 => (1..i64::MAX / 1_000_000).prop_map(|paid| (paid, 0)),
    ];
    let value = || prop_oneof![2 => Just(None), 5 => "[abc]|店|".prop_map(Some)];
    let order = prop_oneof![1 => Just(None), 1 => Just(Some(String::new())), 8 => "[1-9]|order-with-long-id-1[1-5]".prop_map(Some)];
    ("[a-e]|客户-with-a-long-id-[1-3]", order, moment, money, -2..4i64, value(), value()).prop_map(
        |(customer, order, at_us, (net_e4, refund_e4), units, first, second)| Row {
            customer,
            order,
            at_us,
            net_e4,
            refund_e4,
            units_e4: units * 5_000,
            attributes: [first, second],
        },
    )
}

fn any_spec() -> impl Strategy<Value = Spec> {
    let attribute = (0..2usize, prop_oneof![Just(Pick::First), Just(Pick::Last), Just(Pick::Top)])
        .prop_map(|(index, pick)| AttributeSpec { index, pick });
    let cutoff = prop_oneof![Just(i64::MAX), -2 * DAY_US..4 * DAY_US];
    (
        prop::collection::vec(cutoff, 0..4),
        any::<[bool; 4]>(),
        prop::option::of(0..2usize),
        prop_oneof![Just(Vec::new()), prop::collection::vec(attribute, 1..5)],
    )
        .prop_map(|(cutoffs, [order_ids, purchase_days, units, zero_orders], channels, attributes)| {
            Spec {
                cutoffs,
                order_ids,
                purchase_days,
                units,
                channels,
                attributes,
                zero_orders,
                ..Spec::default()
            }
        })
}

/// Half of the specifications ask for so little that rows are added up directly.
fn any_or_direct_spec() -> impl Strategy<Value = Spec> {
    prop_oneof![
        any_spec(),
        any_spec().prop_map(|spec| Spec { units: spec.units, cutoffs: spec.cutoffs, ..Spec::default() }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn facts_are_those_of_the_definition(
        rows in prop::collection::vec(any_row(), 0..120), spec in any_or_direct_spec(), batch in 1..50usize)
    {
        let facts = run(&rows, &spec, batch, 1).expect("no overflow");
        prop_assert_eq!(facts.len(), spec.cutoffs.len());
        for (facts, &cutoff) in facts.iter().zip(&spec.cutoffs) {
            prop_assert_eq!(found(facts), expected(&rows, &spec, cutoff));
            prop_assert_eq!(facts.units_e4.is_some(), spec.units);
            prop_assert_eq!(facts.purchase_days.is_some(), spec.purchase_days);
            prop_assert_eq!(facts.channels.is_some(), spec.channels.is_some());
            prop_assert_eq!(facts.refund_e4.is_some(), (0..facts.len()).any(|i| facts.refund_e4_at(i) != 0));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn order_of_rows_batches_and_threads_change_nothing(
        (rows, shuffled) in prop::collection::vec(any_row(), 0..100)
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        spec in any_or_direct_spec(), batch in 1..40usize)
    {
        let facts = run(&rows, &spec, usize::MAX, 1).expect("no overflow");
        for threads in [1, 2, 4] {
            prop_assert_eq!(&run(&shuffled, &spec, batch, threads).expect("no overflow"), &facts);
        }
    }

    /// Sums near the ends of 64 bits: right, or an error, and the same one way or the other whatever the order of rows.
    #[test]
    fn sums_are_right_or_refused(
        (rows, shuffled) in prop::collection::vec((0..2u8, prop_oneof![any::<i64>(), Just(i64::MAX), Just(i64::MIN), Just(1)]), 0..8)
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        order_ids in any::<bool>())
    {
        let rows_of = |rows: &[(u8, i64)]| rows.iter().map(|(customer, net)| sale(&customer.to_string(), 0, *net)).collect::<Vec<_>>();
        let spec = Spec { cutoffs: vec![0], order_ids, ..Spec::default() };
        let mut nets: BTreeMap<u8, (i128, bool)> = BTreeMap::new();
        for (customer, net) in &rows {
            let sum = nets.entry(*customer).or_default();
            *sum = (sum.0 + i128::from(*net), sum.1 | (*net > 0));
        }
        let without: i128 = nets.values().filter(|(_, buys)| !buys).map(|(net, _)| net).sum();
        let fits = |sum: i128| i64::try_from(sum).is_ok();
        let all_fit = fits(without) && nets.values().filter(|(_, buys)| *buys).all(|(net, _)| fits(*net));
        let (facts, again) = (run(&rows_of(&rows), &spec, 3, 1), run(&rows_of(&shuffled), &spec, 2, 2));
        prop_assert_eq!(facts.is_ok(), all_fit);
        prop_assert_eq!(again.is_ok(), all_fit);
        if let (Ok(facts), Ok(again)) = (facts, again) {
            let total: i128 = nets.values().map(|(net, _)| net).sum();
            let found: i128 = facts[0].net_e4.iter().chain([&facts[0].without_purchase_net_e4]).map(|net| i128::from(*net)).sum();
            prop_assert_eq!(found, total);
            prop_assert_eq!(facts, again);
        }
    }
}

fn sale(customer: &str, at_us: i64, net_e4: i64) -> Row {
    Row {
        customer: customer.into(),
        order: None,
        at_us,
        net_e4,
        refund_e4: 0,
        units_e4: 0,
        attributes: [None, None],
    }
}

fn every_fact() -> Spec {
    let attributes = [Pick::First, Pick::Last, Pick::Top].map(|pick| AttributeSpec { index: 1, pick });
    Spec {
        cutoffs: vec![i64::MAX],
        order_ids: true,
        purchase_days: true,
        units: true,
        channels: Some(0),
        attributes: attributes.into(),
        ..Spec::default()
    }
}

#[test]
fn nothing_gives_nothing() {
    for spec in [every_fact(), Spec { cutoffs: vec![0, 1], ..Spec::default() }] {
        let facts = run(&[], &spec, 1, 2).expect("no rows, no error");
        assert_eq!(facts.len(), spec.cutoffs.len());
        assert!(facts.iter().all(|facts| facts.is_empty() && facts.without_purchase == 0));
    }
}

#[test]
fn one_row_is_one_customer() {
    let facts = run(&[sale("", i64::MIN, 1)], &every_fact(), 1, 4).expect("facts");
    assert_eq!((facts[0].customer_id.get(0), facts[0].first_at_us[0], facts[0].orders[0]), ("", i64::MIN, 1));
    assert_eq!(facts[0].attributes[0].get(0), None);
}

#[test]
fn rows_after_the_cutoff_leave_no_trace() {
    let spec = Spec { cutoffs: vec![5, 4], ..Spec::default() };
    let facts = run(&[sale("a", 5, 7), sale("a", 6, 7), sale("b", 6, -1)], &spec, 9, 1).expect("facts");
    assert_eq!((facts[0].len(), facts[0].net_e4[0], facts[0].without_purchase), (1, 7, 0));
    assert!(facts[1].is_empty() && facts[1].without_purchase == 0);
}

#[test]
fn a_refund_does_not_move_its_order() {
    let with_id = |row: Row| Row { order: Some("1".into()), ..row };
    let refund = Row { refund_e4: 3, ..with_id(sale("a", 1, -3)) };
    let spec = Spec { cutoffs: vec![i64::MAX], order_ids: true, ..Spec::default() };
    let facts =
        run(&[refund, with_id(sale("a", 2, 10)), with_id(sale("b", 0, 10))], &spec, 1, 1).expect("facts");
    assert_eq!(facts[0].first_at_us, [2, 0]);
    assert_eq!(facts[0].net_e4, [7, 10]);
    assert_eq!(facts[0].refund_e4, Some(vec![3, 0]));
}

#[test]
fn overflow_is_an_error_with_a_name() {
    for order_ids in [false, true] {
        let spec = Spec { cutoffs: vec![0], order_ids, ..Spec::default() };
        let error = run(&[sale("a", 0, i64::MAX), sale("a", 0, 1)], &spec, 1, 1).expect_err("too large");
        assert!(matches!(error, Error::Numeric { .. }), "{error}");
    }
}

#[test]
fn many_rows_fill_windows_segments_and_tables() {
    let row = |i: i64| Row {
        order: (i % 3 > 0).then(|| (i / 5).to_string()),
        units_e4: i % 7 * 10_000,
        attributes: [(i % 11 > 0).then(|| (i % 13).to_string()), Some((i * i % 1_000).to_string())],
        ..sale(&format!("C{}", if i % 2 == 0 { 0 } else { i % 30_011 }), i * 777_777, i % 900 * 100 - 5_000)
    };
    let rows: Vec<Row> = (0..150_000).map(row).collect();
    let facts = run(&rows, &every_fact(), 100_000, 2).expect("facts");
    assert_eq!(found(&facts[0]), expected(&rows, &every_fact(), i64::MAX));
    let direct = Spec { cutoffs: vec![i64::MAX], ..Spec::default() };
    let facts = run(&rows, &direct, 100_000, 2).expect("facts");
    assert_eq!(found(&facts[0]), expected(&rows, &direct, i64::MAX));
}
