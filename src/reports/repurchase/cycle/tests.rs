use std::collections::BTreeMap;

use super::*;
use crate::facts::Histories;
use crate::facts::customers::DAY_US;
use crate::output::report::TableChoice;
use crate::reports::repurchase::params::DueState;
use crate::reports::repurchase::{RepurchaseInput, RepurchaseParams};

/// Customers by id: entries of day, purchases, net in 1/10,000.
type Entries = Vec<(String, Vec<(i32, u32, i64)>)>;

fn input(customers: &Entries, as_of: i32) -> RepurchaseInput {
    let histories = Histories::of(customers.iter().map(|(id, entries)| (id.as_str(), entries.clone())));
    RepurchaseInput { as_of_us: i64::from(as_of) * DAY_US, histories, by_name: None }
}

/// The tables; notes, and behind them those of the alerts.
fn run(params: &RepurchaseParams, input: &RepurchaseInput) -> (Vec<Table>, Vec<Note>) {
    let settings = params.resolve().expect("settings");
    let (mut notes, mut alerts) = (Vec::new(), Vec::new());
    let wanted = TableChoice::Named(vec!["cycle".into(), "due".into()]);
    let wants = |name: &str| crate::reports::repurchase::wants(&wanted, name);
    let tables = tables(&settings, &People::new(input), &wants, &mut notes, &mut alerts);
    notes.extend(alerts.into_iter().filter_map(|alert| alert.note));
    (tables, notes)
}

fn keys(notes: &[Note]) -> Vec<&str> {
    notes.iter().map(|note| note.key).collect()
}

fn numbers(table: &Table, name: &str) -> Vec<Option<f64>> {
    match &table.column(name).expect("a column").cells {
        Cells::Float(values) => values.clone(),
        Cells::Int(values) => values.iter().map(|value| value.map(|value| value as f64)).collect(),
        Cells::Date(values) => values.iter().map(|value| value.map(f64::from)).collect(),
        other => panic!("{name}: {other:?}"),
    }
}

fn texts(table: &Table, name: &str) -> Vec<String> {
    match &table.column(name).expect("a column").cells {
        Cells::Text(values) => values.iter().map(|value| value.clone().unwrap_or_default()).collect(),
        other => panic!("{name}: {other:?}"),
    }
}

/// 400 customers who come at the rate of one in 20 to one in 80 days, a third of whom never come again; made without chance.
fn shop() -> Entries {
    (0..400)
        .map(|i: i32| {
            let first = i * 37 % 200;
            let gap = 20 + i * 13 % 61;
            let times = if i % 3 == 0 { 1 } else { 2 + i * 7 % 9 };
            let entries =
                (0..times).map(|n| (first + n * gap + n * n * 7 % 5, 1, i64::from(100 + i) * 10_000));
            (format!("C{i:03}"), entries.filter(|entry| entry.0 <= 500).collect())
        })
        .collect()
}

#[test]
fn columns_are_what_they_say() {
    let customers = shop();
    let (tables, notes) = run(&RepurchaseParams::default(), &input(&customers, 500));
    assert_eq!(tables.iter().map(|table| table.name).collect::<Vec<_>>(), ["cycle", "due"]);
    assert!(tables.iter().all(|table| table.long));
    assert_eq!(keys(&notes)[0], "repurchase_cycle_model");
    let cycle = &tables[0];
    let ids = texts(cycle, "customer_id");
    assert!(ids.is_sorted() && ids.len() == 400);
    let column =
        |name: &str| numbers(cycle, name).into_iter().map(Option::unwrap_or_default).collect::<Vec<f64>>();
    let (days_since, purchases) = (column("days_since"), column("purchases"));
    let (cycles, own, weights) = (column("cycle_days"), column("own_cycle_days"), column("own_weight"));
    let (next, overdue, last) =
        (column("next_expected_on"), column("days_overdue"), column("last_purchase_on"));
    let (value, stake, alive) = (column("value_per_purchase"), column("value_at_stake"), column("p_alive"));
    let states = texts(cycle, "state");
    for (i, (_, entries)) in customers.iter().enumerate() {
        assert_eq!(purchases[i], entries.len() as f64);
        assert_eq!(last[i], f64::from(entries.last().expect("a purchase").0));
        assert_eq!(days_since[i], 500.0 - last[i]);
        assert_eq!(value[i], 100.0 + i as f64);
        assert_eq!(next[i], last[i] + cycles[i].ceil());
        assert_eq!(overdue[i], 500.0 - next[i]);
        assert!(stake[i] > 0.0 && (0.0..=1.0).contains(&alive[i]) && (0.0..1.0).contains(&weights[i]));
        if entries.len() == 1 {
            assert_eq!((numbers(cycle, "own_cycle_days")[i], weights[i]), (None, 0.0));
        } else {
            assert_eq!(own[i], (last[i] - f64::from(entries[0].0)) / (purchases[i] - 1.0));
        }
        // Before the expected day one is early or due, unless gone; after it, later.
        match states[i].as_str() {
            "early" => assert!(overdue[i] < 0.0),
            "overdue" => assert!(overdue[i] > 0.0),
            "due" => assert!(alive[i] >= 0.5),
            "lapsed" => assert!(alive[i] < 0.5 || overdue[i] > 0.0),
            other => panic!("{other}"),
        }
    }
    for state in ["early", "due", "lapsed"] {
        assert!(states.iter().any(|known| known == state), "{state}");
    }
}

#[test]
fn due_is_by_value_at_stake_and_what_is_left_out_is_told() {
    let input = input(&shop(), 500);
    let (tables, notes) = run(&RepurchaseParams::default(), &input);
    let (cycle, due) = (&tables[0], &tables[1]);
    let is_due = |state: &&String| ["due", "overdue"].contains(&state.as_str());
    assert_eq!(due.height(), texts(cycle, "state").iter().filter(is_due).count());
    let stakes = numbers(due, "value_at_stake");
    assert!(due.height() > 3 && stakes.windows(2).all(|two| two[0] >= two[1]));
    assert!(!keys(&notes).contains(&"repurchase_due_limited"));

    let three = RepurchaseParams { limit: Some(3), ..RepurchaseParams::default() };
    let (limited, notes) = run(&three, &input);
    assert_eq!(texts(&limited[1], "customer_id"), texts(due, "customer_id")[..3]);
    let told = Note::new("repurchase_due_limited").with("shown", 3).with("customers", due.height());
    assert!(notes.contains(&told));

    let lapsed = RepurchaseParams { states: Some(vec![DueState::Lapsed]), ..RepurchaseParams::default() };
    let (others, _) = run(&lapsed, &input);
    assert!(texts(&others[1], "state").iter().all(|state| state == "lapsed"));
    assert_eq!(others[0].height(), 400);
}

#[test]
fn order_of_customers_changes_nothing() {
    let mut customers = shop();
    // Equal in all but the id, so that only the id can decide.
    customers.extend((0..9).map(|i| (format!("twin{i}"), vec![(300, 1, 50_000), (330, 1, 50_000)])));
    let all = RepurchaseParams {
        states: Some(vec![DueState::Lapsed, DueState::Due, DueState::Early, DueState::Overdue]),
        ..RepurchaseParams::default()
    };
    let (tables, _) = run(&all, &input(&customers, 500));
    customers.reverse();
    customers.swap(3, 200);
    let (again, _) = run(&all, &input(&customers, 500));
    assert_eq!(format!("{tables:?}"), format!("{again:?}"));
    let twins: Vec<String> =
        texts(&again[1], "customer_id").into_iter().filter(|id| id.starts_with("twin")).collect();
    assert!(twins.len() == 9 && twins.is_sorted());
}

/// A refund by itself lowers the value of a customer's purchases and is none.
#[test]
fn refunds_lower_value_and_are_no_purchase() {
    let mut customers = shop();
    customers
        .push(("Z".into(), vec![(10, 1, 300_000), (40, 1, 300_000), (45, 0, -500_000), (90, 2, 300_000)]));
    let (tables, _) = run(&RepurchaseParams::default(), &input(&customers, 120));
    let row = texts(&tables[0], "customer_id").iter().position(|id| id == "Z").expect("there");
    assert_eq!(numbers(&tables[0], "purchases")[row], Some(3.0));
    assert_eq!(numbers(&tables[0], "value_per_purchase")[row], Some(40.0 / 3.0));
    assert_eq!(numbers(&tables[0], "own_cycle_days")[row], Some(40.0));
}

#[test]
fn where_nothing_can_be_told_nothing_is() {
    let nobody = Vec::new();
    let once: Entries = (0..50).map(|i| (format!("C{i:02}"), vec![(i, 1, 10_000)])).collect();
    let one_day: Entries = (0..50).map(|i| (format!("C{i:02}"), vec![(9, 1, 10_000)])).collect();
    let cases = [
        (&nobody, 0, "repurchase_cycle_no_customers"),
        (&once, 99, "repurchase_cycle_no_repeaters"),
        (&one_day, 9, "repurchase_cycle_no_time"),
    ];
    for (customers, as_of, key) in cases {
        let (tables, notes) = run(&RepurchaseParams::default(), &input(customers, as_of));
        assert_eq!(keys(&notes), [key]);
        assert_eq!((tables[0].height(), tables[1].height()), (customers.len(), 0));
        for name in
            ["cycle_days", "own_weight", "p_alive", "value_at_stake", "next_expected_on", "days_overdue"]
        {
            assert!(numbers(&tables[0], name).iter().all(Option::is_none), "{key} {name}");
        }
        assert!(texts(&tables[0], "state").iter().all(String::is_empty));
    }
}

/// No number that is none, whatever the data.
#[test]
fn odd_shops_have_numbers_or_nothing() {
    let daily = |days: i32| (0..days).map(|day| (day, 1, 10_000)).collect::<Vec<_>>();
    let once = |i: i32| (format!("C{i:03}"), vec![(i % 90, 1, 10_000)]);
    let odd: Vec<(Entries, i32)> = vec![
        (vec![("one".into(), vec![(0, 1, 5), (9, 1, 5)])], 30),
        ((0..499).map(once).chain([("again".into(), vec![(0, 1, 1), (60, 1, 1)])]).collect(), 400),
        ((0..40).map(|i| (format!("C{i}"), daily(300))).collect(), 500),
        ((0..40).map(|i| (format!("C{i}"), vec![(0, 1, 1), (10, 1, 1)])).collect(), 10),
        ((0..40).map(|i| (format!("C{i}"), vec![(0, 1, i64::MIN / 2), (i + 1, 1, i64::MAX)])).collect(), 50),
        (
            (0..40).map(|i| (format!("C{i}"), vec![(0, 1, 1), (i * i, 1, 1), (2_900_000, 1, 1)])).collect(),
            2_930_000,
        ),
    ];
    for (customers, as_of) in &odd {
        let (tables, _) = run(&RepurchaseParams::default(), &input(customers, *as_of));
        for name in
            ["cycle_days", "own_weight", "p_alive", "value_at_stake", "value_per_purchase", "own_cycle_days"]
        {
            assert!(numbers(&tables[0], name).iter().flatten().all(|value| value.is_finite()), "{name}");
        }
        assert!(numbers(&tables[0], "next_expected_on").iter().flatten().all(|day| *day <= LAST_DATE));
    }
}

#[test]
fn groups_are_a_column() {
    let mut input = input(&shop(), 500);
    input.by_name = Some("first_channel".into());
    input.histories.attributes =
        vec![(0..400).map(|i| Some(if i % 2 == 0 { "web" } else { "app" })).collect()];
    let (tables, _) = run(&RepurchaseParams::default(), &input);
    for table in &tables {
        assert_eq!(table.columns[1].name, "first_channel");
    }
    assert_eq!(texts(&tables[0], "first_channel")[..3], ["web", "app", "web"]);
}

#[test]
fn figures_in_notes_are_short() {
    assert_eq!(
        [0.52484, 43.28165, 12_345.6, 1e-12, 0.0].map(rounded),
        ["0.5248", "43.28", "12346", "0.000000000", "0.000"]
    );
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let refused = [
        RepurchaseParams { limit: Some(0), ..RepurchaseParams::default() },
        RepurchaseParams { top: Some(0), ..RepurchaseParams::default() },
        RepurchaseParams { states: Some(Vec::new()), ..RepurchaseParams::default() },
    ];
    assert!(refused.iter().all(|params| params.resolve().is_err()));
    let twice = Some(vec![DueState::Overdue, DueState::Due, DueState::Overdue]);
    let settings = RepurchaseParams { states: twice, ..RepurchaseParams::default() }.resolve();
    assert_eq!(settings.expect("two states").states, [State::Due, State::Overdue]);
}

/// CDNOW's sample, days since 1970-01-01; `None` where ../shared is absent.
#[allow(clippy::print_stderr)]
fn cdnow() -> Option<Entries> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/cdnow/CDNOW_sample.txt");
    let Ok(text) = std::fs::read_to_string(path) else {
        eprintln!("skipped: {path} is not there");
        return None;
    };
    let mut customers = BTreeMap::<String, BTreeMap<i32, (u32, i64)>>::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, id, date, _, amount] = fields[..] else { panic!("{line}") };
        let date = chrono::NaiveDate::parse_from_str(date, "%Y%m%d").expect("a date");
        let day = (date - chrono::NaiveDate::default()).num_days() as i32;
        let entry = customers.entry(id.to_owned()).or_default().entry(day).or_default();
        entry.0 += 1;
        entry.1 += (amount.parse::<f64>().expect("an amount") * 10_000.0).round() as i64;
    }
    let entries = |days: BTreeMap<i32, (u32, i64)>| {
        days.into_iter().map(|(day, (orders, net))| (day, orders, net)).collect()
    };
    Some(customers.into_iter().map(|(id, days)| (id, entries(days))).collect())
}

/// As of 1997-09-30 the model is that of ../shared/truth/README.md: MBG/NBD .5248436, 6.1830928 weeks (to the digits of the
/// note), and the states tell who bought in the 30 days after: the figures of repurchase.md, counted in the data.
#[test]
fn states_of_cdnow_tell_who_comes() {
    let Some(customers) = cdnow() else { return };
    let as_of = 10_134;
    let (tables, notes) = run(&RepurchaseParams::default(), &input(&customers, as_of));
    let model = Note::new("repurchase_cycle_model")
        .with("customers", 2357)
        .with("repeaters", 946)
        .with("r", "0.5248")
        .with("alpha", "43.28")
        .with("median", "118.8");
    assert_eq!(notes, [model]);
    let came = |(_, entries): &(String, Vec<(i32, u32, i64)>)| {
        entries.iter().any(|(day, ..)| (as_of + 1..=as_of + 30).contains(day))
    };
    let states = texts(&tables[0], "state");
    let counts = State::ALL.map(|state| {
        let of_state = || states.iter().zip(&customers).filter(|(key, _)| *key == state.key());
        (of_state().count(), of_state().filter(|(_, customer)| came(customer)).count())
    });
    assert_eq!(counts, [(148, 31), (336, 72), (38, 9), (1835, 60)]);
}
