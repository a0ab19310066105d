use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::facts::customers::DAY_US;
use crate::facts::{AttributeColumn, Histories};
use crate::reports::repurchase::{RepurchaseInput, RepurchaseParams};

/// What a customer bought: a day and the values of that day, `None` a row without one.
type Bought = BTreeMap<i32, BTreeSet<Option<char>>>;

fn settings(top: Option<usize>) -> RepurchaseSettings {
    RepurchaseParams { top, ..RepurchaseParams::default() }.resolve().expect("settings")
}

fn input(customers: &[(&str, Bought)], by: Option<Vec<Option<String>>>, as_of: i32) -> RepurchaseInput {
    let entries = |bought: &Bought| bought.keys().map(|day| (*day, 1, 10_000)).collect();
    let mut histories = Histories::of(customers.iter().map(|(id, bought)| (*id, entries(bought))));
    let values: BTreeSet<char> =
        customers.iter().flat_map(|(_, bought)| bought.values().flatten()).flatten().copied().collect();
    let mut items =
        Items { values: Arc::new(values.iter().map(char::to_string).collect()), ..Items::default() };
    let code = |value: &char| values.iter().position(|known| known == value).expect("known") as u32;
    for (_, bought) in customers {
        for (day, of_day) in bought {
            let mut codes: Vec<u32> =
                of_day.iter().map(|value| value.as_ref().map_or(AttributeColumn::NO_VALUE, code)).collect();
            codes.sort_unstable();
            items.day.extend(codes.iter().map(|_| *day));
            items.code.extend(codes);
        }
        items.ends.push(items.day.len() as u32);
    }
    histories.items = Some(items);
    let by_name = by.as_ref().map(|_| "first_channel".to_owned());
    histories.attributes = by.into_iter().map(AttributeColumn::from_iter).collect();
    RepurchaseInput { as_of_us: i64::from(as_of) * DAY_US, histories, by_name }
}

fn table_of(input: &RepurchaseInput, top: Option<usize>) -> (Table, Vec<Note>) {
    let mut notes = Vec::new();
    let items = input.histories.items.as_ref().expect("items");
    let table = table(&settings(top), &People::new(input), items, &mut notes);
    (table, notes)
}

/// A row: the value; customers, came back, again, first, first came back; shares and medians.
#[derive(Debug, Clone, PartialEq)]
struct Line {
    value: Option<String>,
    counts: [i64; 5],
    numbers: [Option<f64>; 6],
}

fn lines(table: &Table) -> Vec<Line> {
    let ints = |name: &str| match &table.column(name).expect("a column").cells {
        Cells::Int(values) => values.iter().map(|value| value.expect("a count")).collect::<Vec<i64>>(),
        other => panic!("{other:?}"),
    };
    let floats = |name: &str| match &table.column(name).expect("a column").cells {
        Cells::Float(values) => values.clone(),
        other => panic!("{other:?}"),
    };
    let Cells::Text(values) = &table.column("value").expect("values").cells else { panic!("texts") };
    let counts = [
        "customers",
        "repeat_customers",
        "same_again_customers",
        "first_customers",
        "first_repeat_customers",
    ]
    .map(ints);
    let numbers = [
        "buyers_share",
        "repeat_share",
        "median_days_to_next",
        "same_again_share",
        "median_days_to_same_again",
        "first_repeat_share",
    ]
    .map(floats);
    let line = |row: usize| Line {
        value: values[row].clone(),
        counts: counts.each_ref().map(|column| column[row]),
        numbers: numbers.each_ref().map(|column| column[row]),
    };
    (0..values.len()).map(line).collect()
}

/// The definition, slowly: value by value, customer by customer.
fn expected(customers: &[Bought], as_of: i32) -> Vec<Line> {
    let until_as_of = |bought: &Bought| -> Bought {
        bought.iter().filter(|(day, _)| **day <= as_of).map(|(day, values)| (*day, values.clone())).collect()
    };
    let customers: Vec<Bought> =
        customers.iter().map(until_as_of).filter(|bought| !bought.is_empty()).collect();
    let values: BTreeSet<Option<char>> =
        customers.iter().flat_map(|bought| bought.values().flatten()).copied().collect();
    let mut lines: Vec<Line> = values
        .into_iter()
        .map(|value| {
            let (mut counts, mut next, mut again) = ([0; 5], Vec::new(), Vec::new());
            for bought in &customers {
                let with: Vec<i32> =
                    bought.iter().filter(|(_, of)| of.contains(&value)).map(|(day, _)| *day).collect();
                let Some(&day) = with.first() else { continue };
                let is_first = bought.keys().next() == Some(&day);
                let later = bought.keys().find(|other| **other > day);
                counts[0] += 1;
                counts[1] += i64::from(later.is_some());
                counts[2] += i64::from(with.len() > 1);
                counts[3] += i64::from(is_first);
                counts[4] += i64::from(is_first && later.is_some());
                next.push((later.unwrap_or(&as_of) - day, later.is_some()));
                again.push((with.get(1).unwrap_or(&as_of) - day, with.len() > 1));
            }
            let [all, back, again_count, first, first_back] = counts.map(|count| count as f64);
            let share = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
            Line {
                value: value.map(String::from),
                counts,
                numbers: [
                    share(all, customers.len() as f64),
                    share(back, all),
                    naive_median(&next),
                    share(again_count, all),
                    naive_median(&again),
                    share(first_back, first),
                ],
            }
        })
        .collect();
    // Most customers first, then by value, none last.
    lines.sort_by_key(|line| (-line.counts[0], line.value.is_none(), line.value.clone()));
    lines
}

/// The first day by which the product-limit estimate is at most a half; where it is a half for some days, their middle.
fn naive_median(waits: &[(i32, bool)]) -> Option<f64> {
    let longest = waits.iter().map(|wait| wait.0).max()?;
    let survival = |day: i32| -> f64 {
        let at = |time: i32| waits.iter().filter(|wait| wait.0 >= time).count() as f64;
        let came = |time: i32| waits.iter().filter(|wait| **wait == (time, true)).count() as f64;
        (0..=day).filter(|time| at(*time) > 0.0).map(|time| 1.0 - came(time) / at(time)).product()
    };
    let first = (0..=longest).find(|day| survival(*day) <= 0.5 + 1e-8)?;
    if survival(first) < 0.5 - 1e-8 {
        return Some(f64::from(first));
    }
    let last = (first..=longest).find(|day| survival(*day) < 0.5 - 1e-8).unwrap_or(longest);
    Some(f64::from(first + last) / 2.0)
}

fn any_bought() -> impl Strategy<Value = Bought> {
    let values = prop::collection::btree_set(prop::option::of(prop::char::range('a', 'd')), 1..4);
    prop::collection::btree_map(-20..60i32, values, 1..7)
}

const IDS: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

proptest! {
    #[test]
    fn as_the_definition_says_in_any_order_of_customers(
        (customers, shuffled) in prop::collection::vec(any_bought(), 1..12)
            .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        as_of in 0..70i32)
    {
        let named = |all: &[Bought]| IDS.into_iter().zip(all.to_vec()).collect::<Vec<_>>();
        let (table, notes) = table_of(&input(&named(&customers), None, as_of), None);
        prop_assert_eq!(lines(&table), expected(&customers, as_of));
        prop_assert!(notes.is_empty());
        let (again, _) = table_of(&input(&named(&shuffled), None, as_of), None);
        prop_assert_eq!(lines(&again), lines(&table));
    }
}

fn bought(days: &[(i32, &str)]) -> Bought {
    days.iter().map(|(day, values)| (*day, values.chars().map(Some).collect())).collect()
}

#[test]
fn what_one_customer_alone_bought_has_no_median() {
    let customers = [("c1", bought(&[(10, "x")])), ("c2", bought(&[(0, "y"), (5, "y"), (9, "z")]))];
    let (table, _) = table_of(&input(&customers, None, 100), None);
    let lines = lines(&table);
    let line = |value: &str| lines.iter().find(|line| line.value.as_deref() == Some(value)).expect("a row");
    assert_eq!(line("x").numbers, [Some(0.5), Some(0.0), None, Some(0.0), None, Some(0.0)]);
    assert_eq!(line("y").numbers, [Some(0.5), Some(1.0), Some(5.0), Some(1.0), Some(5.0), Some(1.0)]);
    // It was never in a first purchase: a share of nobody is absent.
    assert_eq!(line("z").numbers, [Some(0.5), Some(0.0), None, Some(0.0), None, None]);
}

#[test]
fn what_is_not_shown_is_told() {
    let customers =
        [("c1", bought(&[(0, "abc")])), ("c2", bought(&[(0, "bc")])), ("c3", bought(&[(3, "c")]))];
    let (table, notes) = table_of(&input(&customers, None, 9), Some(2));
    let values: Vec<_> = lines(&table).into_iter().map(|line| (line.value, line.counts[0])).collect();
    assert_eq!(values, [(Some("c".into()), 3), (Some("b".into()), 2)]);
    assert_eq!(notes, [Note::new("repurchase_products_hidden").with("values", 1).with("top", 2)]);
}

/// With `--by` shares are of the customers of each group, and each has its own most bought products.
#[test]
fn groups_have_their_own_rows() {
    let customers =
        [("c1", bought(&[(0, "a"), (4, "b")])), ("c2", bought(&[(0, "b")])), ("c3", bought(&[(3, "b")]))];
    let by = Some(vec![Some("web".to_owned()), Some("app".to_owned()), None]);
    let (table, notes) = table_of(&input(&customers, by, 9), Some(1));
    let groups = Cells::Text(vec![Some("app".into()), Some("web".into()), None]);
    assert_eq!((table.columns[0].name.as_str(), &table.columns[0].cells), ("first_channel", &groups));
    let lines = lines(&table);
    assert_eq!(
        lines.iter().map(|line| line.value.as_deref()).collect::<Vec<_>>(),
        [Some("b"), Some("a"), Some("b")]
    );
    assert!(lines.iter().all(|line| line.numbers[0] == Some(1.0)));
    assert_eq!(notes.len(), 1);
}

#[test]
fn nobody_bought_nothing() {
    let (table, notes) = table_of(&input(&[], None, 0), None);
    assert!(table.height() == 0 && notes.is_empty());
    let before = [("c1", bought(&[(10, "a")]))];
    assert_eq!(table_of(&input(&before, None, 9), None).0.height(), 0);
}
