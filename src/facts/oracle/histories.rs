//! Histories held to their definition, and to the customer facts of the same rows.

use super::*;
use crate::facts::{AttributeColumn, Histories};

/// A customer's history: entries (day, purchases, net), attributes, items (day, value or none).
#[derive(Debug, Clone, Default, PartialEq)]
struct History {
    entries: Vec<(i32, u32, i64)>,
    attributes: Vec<Option<String>>,
    /// No value is after every value.
    items: Vec<(i32, std::result::Result<String, ()>)>,
}

/// Customers with a purchase; number and net of those without.
type AllHistories = (BTreeMap<String, History>, u64, i64);

fn expected_histories(rows: &[Row], spec: &Spec) -> AllHistories {
    let (mut histories, mut without, mut without_net) = (BTreeMap::new(), 0, 0);
    for (id, orders) in orders_of(rows, spec, spec.cutoffs[0]) {
        let purchases = purchases(&orders, spec);
        if purchases.is_empty() {
            without += 1;
            without_net += orders.values().flatten().map(|row| row.net_e4).sum::<i64>();
            continue;
        }
        // Of a day: purchases (false) before the rest.
        let mut entries: BTreeMap<(i32, bool), (u32, i64)> = BTreeMap::new();
        let mut items = BTreeSet::new();
        for rows in orders.values() {
            let day = day(moment(rows).expect("an order has rows")) as i32;
            let is_purchase = is_purchase(rows, spec.zero_orders);
            let entry = entries.entry((day, !is_purchase)).or_default();
            entry.0 += u32::from(is_purchase);
            entry.1 += rows.iter().map(|row| row.net_e4).sum::<i64>();
            if let Some(column) = spec.items.filter(|_| is_purchase) {
                let only_gives_back = |row: &Row| row.net_e4 < 0 && row.net_e4 + row.refund_e4 <= 0;
                let bought = rows.iter().filter(|row| !only_gives_back(row));
                items.extend(bought.map(|row| (day, row.attributes[column].clone().ok_or(()))));
            }
        }
        let history = History {
            entries: entries.into_iter().map(|((day, _), (orders, net))| (day, orders, net)).collect(),
            attributes: spec.attributes.iter().map(|attribute| pick(&purchases, attribute)).collect(),
            items: items.into_iter().collect(),
        };
        histories.insert(id.to_owned(), history);
    }
    (histories, without, without_net)
}

/// The same shape from the kernel's columns.
fn found_histories(histories: &Histories) -> AllHistories {
    let of_customer = |at: usize| {
        let history = histories.get(at);
        let days = history.day.iter().zip(history.orders).zip(history.net_e4);
        let items = histories.items.iter().flat_map(|items| {
            let has_value = |code: u32| code != AttributeColumn::NO_VALUE;
            let value = move |code: u32| has_value(code).then(|| items.values.get(code as usize).to_owned());
            items.get(at).map(move |(day, code)| (day, value(code).ok_or(())))
        });
        History {
            entries: days.map(|((day, orders), net)| (*day, *orders, *net)).collect(),
            attributes: histories.attributes.iter().map(|of| of.get(at).map(str::to_owned)).collect(),
            items: items.collect(),
        }
    };
    let customers =
        (0..histories.len()).map(|at| (histories.customer_id.get(at).to_owned(), of_customer(at)));
    (customers.collect(), histories.without_purchase, histories.without_purchase_net_e4)
}

fn run_histories(rows: &[Row], spec: &Spec, batch: usize, threads: usize) -> Result<Histories> {
    let (kernel, pushed) = pushed(rows, spec, batch, threads);
    let histories = kernel.finish_histories(threads);
    pushed.and(histories)
}

fn any_histories_spec() -> impl Strategy<Value = Spec> {
    let cutoff = prop_oneof![Just(i64::MAX), -2 * DAY_US..4 * DAY_US];
    (any_spec(), cutoff, prop::option::of(0..2usize)).prop_map(|(spec, cutoff, items)| Spec {
        cutoffs: vec![cutoff],
        order_ids: spec.order_ids,
        zero_orders: spec.zero_orders,
        attributes: spec.attributes,
        histories: true,
        items,
        ..Spec::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn histories_are_those_of_the_definition(
        rows in prop::collection::vec(any_row(), 0..120), spec in any_histories_spec(), batch in 1..50usize)
    {
        let histories = run_histories(&rows, &spec, batch, 1).expect("no overflow");
        prop_assert_eq!(histories.items.is_some(), spec.items.is_some());
        prop_assert_eq!(histories.attributes.len(), spec.attributes.len());
        prop_assert_eq!(found_histories(&histories), expected_histories(&rows, &spec));
    }

    #[test]
    fn histories_add_up_to_customer_facts(
        rows in prop::collection::vec(any_row(), 0..120), spec in any_histories_spec(), batch in 1..50usize)
    {
        let histories = run_histories(&rows, &spec, batch, 2).expect("no overflow");
        let of_facts = Spec { purchase_days: true, histories: false, items: None, ..spec };
        let facts = run(&rows, &of_facts, batch, 2).expect("no overflow").remove(0);
        prop_assert_eq!(histories.len(), facts.len());
        prop_assert_eq!(histories.without_purchase, facts.without_purchase);
        prop_assert_eq!(histories.without_purchase_net_e4, facts.without_purchase_net_e4);
        for (at, place) in histories.customer_id.sorted_order().into_iter().enumerate() {
            let history = histories.get(place as usize);
            prop_assert_eq!(histories.customer_id.get(place as usize), facts.customer_id.get(at));
            prop_assert_eq!(history.net_e4.iter().sum::<i64>(), facts.net_e4[at]);
            prop_assert_eq!(history.orders.iter().sum::<u32>(), facts.orders[at]);
            prop_assert_eq!(Some(history.occasions().count() as u32), facts.purchase_days.as_ref().map(|days| days[at]));
            prop_assert_eq!(i64::from(history.first_day()), facts.first_at_us[at].div_euclid(DAY_US));
            prop_assert_eq!(i64::from(history.last_day()), facts.last_at_us[at].div_euclid(DAY_US));
            for (of_history, of_facts) in histories.attributes.iter().zip(&facts.attributes) {
                prop_assert_eq!(of_history.get(place as usize), of_facts.get(at));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn order_of_rows_batches_and_threads_change_no_history(
        (rows, shuffled) in prop::collection::vec(any_row(), 0..100)
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        spec in any_histories_spec(), batch in 1..40usize)
    {
        let found = found_histories(&run_histories(&rows, &spec, usize::MAX, 1).expect("no overflow"));
        for threads in [1, 3] {
            let again = run_histories(&shuffled, &spec, batch, threads).expect("no overflow");
            prop_assert_eq!(&found_histories(&again), &found);
        }
    }
}

fn spec() -> Spec {
    Spec { cutoffs: vec![i64::MAX], histories: true, ..Spec::default() }
}

/// A gift beside a refund of one order, moment and value: the gift was bought, however the rows come.
#[test]
fn a_gift_is_an_item_although_a_refund_of_it_stands_beside() {
    let row = |net_e4: i64, refund_e4: i64, value: &str| Row {
        order: Some("1".into()),
        refund_e4,
        attributes: [Some(value.into()), None],
        ..sale("a", 5, net_e4)
    };
    let rows = [row(900, 0, "tea"), row(0, 0, "cup"), row(-100, 100, "cup"), row(-100, 100, "bag")];
    let spec = Spec { order_ids: true, items: Some(0), ..spec() };
    let histories = run_histories(&rows, &spec, 9, 1).expect("histories");
    let (found, ..) = found_histories(&histories);
    assert_eq!(found["a"].items, [(0, Ok("cup".to_owned())), (0, Ok("tea".to_owned()))]);
    assert_eq!(found["a"].entries, [(0, 1, 700)]);
}

/// Sums beyond 64 bits on the way there are no error: the order of customers would decide.
#[test]
fn net_without_a_purchase_is_summed_exactly() {
    let rows: Vec<Row> = (0..200)
        .flat_map(|i| [sale(&format!("a{i}"), 0, -i64::MAX / 100), sale(&format!("b{i}"), 0, -1)])
        .collect();
    let error = run_histories(&rows, &spec(), 9, 1).expect_err("too large");
    assert!(matches!(error, Error::Numeric { .. }), "{error}");
    let fits = run_histories(&rows[..150], &spec(), 9, 1).expect("75 customers");
    assert_eq!((fits.without_purchase, fits.without_purchase_net_e4), (150, -i64::MAX / 100 * 75 - 75));
}

#[test]
fn the_ends_of_time_and_nobody_at_all() {
    let histories = run_histories(&[sale("a", i64::MAX, 1), sale("a", i64::MIN, 2)], &spec(), 1, 1);
    assert_eq!(histories.expect("two days").day, [-106_751_992, 106_751_991]);
    assert!(run_histories(&[], &spec(), 1, 2).expect("nobody").is_empty());
    assert!(CustomerKernel::new(Spec { histories: false, ..spec() }).finish_histories(1).is_err());
}

#[test]
fn many_rows_make_histories_as_defined() {
    let row = |i: i64| Row {
        order: (i % 3 > 0).then(|| (i / 5).to_string()),
        attributes: [(i % 11 > 0).then(|| (i % 13).to_string()), Some((i * i % 1_000).to_string())],
        ..sale(
            &format!("C{}", if i % 2 == 0 { 0 } else { i % 30_011 }),
            i * 77_777_777,
            i % 900 * 100 - 5_000,
        )
    };
    let rows: Vec<Row> = (0..150_000).map(row).collect();
    let attributes = vec![AttributeSpec { index: 0, pick: Pick::First }];
    let spec = Spec { order_ids: true, items: Some(1), attributes, ..spec() };
    let histories = run_histories(&rows, &spec, 100_000, 2).expect("histories");
    assert_eq!(found_histories(&histories), expected_histories(&rows, &spec));
}
