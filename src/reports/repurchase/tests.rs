//! The tables about everybody: extremes, options, identities. The naive oracle is in `oracle`.

mod oracle;

use super::*;
use crate::facts::AttributeColumn;
use crate::facts::customers::DAY_US;
use crate::output::report::{Cells, Table};

/// The tables of this part; `products`, `cycle` and `due` have tests of their own.
const OURS: [&str; 6] = ["survival", "curve", "tests", "intervals", "windows", "ladder"];

/// A customer: value of `--by`, days of purchases.
type Customer = (Option<&'static str>, Vec<i32>);

fn input(customers: &[Customer], as_of_day: i32, by: bool) -> RepurchaseInput {
    let ids: Vec<String> = (0..customers.len()).map(|at| format!("c{at}")).collect();
    let entries = |days: &[i32]| days.iter().map(|day| (*day, 1, 10_000)).collect::<Vec<_>>();
    let mut histories =
        Histories::of(ids.iter().zip(customers).map(|(id, (_, days))| (id.as_str(), entries(days))));
    histories.attributes = vec![customers.iter().map(|(value, _)| *value).collect::<AttributeColumn>()];
    let as_of_us = i64::from(as_of_day) * DAY_US + 3_600_000_000;
    RepurchaseInput { as_of_us, histories, by_name: by.then(|| "first_channel".to_owned()) }
}

fn report_of(params: &RepurchaseParams, input: &RepurchaseInput) -> Report {
    let names = OURS.iter().filter(|name| **name != "tests" || input.by_name.is_some());
    let choice = TableChoice::Named(names.map(|name| (*name).to_owned()).collect());
    let report = run(&params.resolve().unwrap(), input, &choice).unwrap();
    for table in &report.tables {
        for column in &table.columns {
            assert_eq!(column.cells.len(), table.height(), "{} {}", table.name, column.name);
            if let Cells::Float(values) = &column.cells {
                assert!(
                    values.iter().flatten().all(|value| value.is_finite()),
                    "{} {}",
                    table.name,
                    column.name
                );
            }
        }
    }
    report
}

fn from_order(text: &str) -> RepurchaseParams {
    RepurchaseParams { from_order: Some(text.to_owned()), ..RepurchaseParams::default() }
}

fn table<'a>(report: &'a Report, name: &str) -> &'a Table {
    report.tables.iter().find(|table| table.name == name).unwrap_or_else(|| panic!("no table {name}"))
}

/// The numbers of a column.
fn numbers(report: &Report, name: &str, column: &str) -> Vec<Option<f64>> {
    match &table(report, name).column(column).unwrap_or_else(|| panic!("no column {column}")).cells {
        Cells::Int(values) => values.iter().map(|value| value.map(|value| value as f64)).collect(),
        Cells::Float(values) => values.clone(),
        other => panic!("{column}: {other:?}"),
    }
}

fn texts(report: &Report, name: &str, column: &str) -> Vec<Option<String>> {
    match &table(report, name).column(column).unwrap_or_else(|| panic!("no column {column}")).cells {
        Cells::Text(values) => values.clone(),
        other => panic!("{column}: {other:?}"),
    }
}

fn notes(report: &Report) -> Vec<&'static str> {
    report.notes.iter().map(|note| note.key).collect()
}

#[test]
fn one_customer_who_bought_once() {
    let report = report_of(&RepurchaseParams::default(), &input(&[(None, vec![100])], 130, false));
    let one = |table, column| numbers(&report, table, column)[0];
    assert_eq!((one("survival", "customers"), one("survival", "repurchased")), (Some(1.0), Some(0.0)));
    assert_eq!((one("survival", "median_days"), one("survival", "rmst_days")), (None, None));
    assert_eq!(one("intervals", "complete_median_days"), None);
    assert_eq!((one("windows", "eligible"), one("windows", "rate")), (Some(1.0), Some(0.0)));
    assert_eq!(table(&report, "ladder").height(), 1);
    assert_eq!(numbers(&report, "curve", "day"), [Some(0.0), Some(30.0)]);
    assert_eq!(report.alerts.len(), 1);
    assert_eq!((report.alerts[0].id.as_str(), report.alerts[0].value), ("repurchase_few_events", Some(0.0)));
    assert!(notes(&report).contains(&"repurchase_not_reached"));
    assert!(notes(&report).contains(&"repurchase_rmst_unknown"));
}

#[test]
fn nobody_at_all_and_nobody_yet() {
    // As of before the data: customers, but no day of theirs.
    for customers in [Vec::new(), vec![(Some("web"), vec![100, 110]), (None, vec![105])]] {
        for by in [false, true] {
            for params in [from_order("1"), from_order("all"), from_order("7")] {
                let report = report_of(&params, &input(&customers, 99, by));
                assert!(numbers(&report, "survival", "customers").iter().all(|n| *n == Some(0.0)));
                assert!(numbers(&report, "windows", "rate").iter().all(Option::is_none));
                assert_eq!(table(&report, "curve").height(), 0);
                assert_eq!(report.alerts.len(), 1);
            }
        }
    }
}

#[test]
fn all_on_the_day_of_as_of() {
    let customers = vec![(Some("web"), vec![50]); 20];
    let report = report_of(&RepurchaseParams::default(), &input(&customers, 50, true));
    assert_eq!(numbers(&report, "curve", "day"), [Some(0.0)]);
    assert_eq!(numbers(&report, "curve", "censored"), [Some(20.0)]);
    assert_eq!(numbers(&report, "windows", "eligible")[0], Some(0.0));
    assert_eq!(numbers(&report, "windows", "rate")[0], None);
    // One day of data covers no window.
    assert_eq!(numbers(&report, "windows", "repeat_rate")[0], None);
    assert_eq!(numbers(&report, "tests", "chi2"), [None]);
}

#[test]
fn everybody_comes_back_on_one_day() {
    let customers = vec![(None, vec![0, 10]); 12];
    let report = report_of(&RepurchaseParams::default(), &input(&customers, 400, false));
    let one = |table, column| numbers(&report, table, column)[0];
    assert_eq!((one("survival", "median_days"), one("survival", "q75_days")), (Some(10.0), Some(10.0)));
    assert_eq!((one("survival", "rmst_days"), one("survival", "rmst_days_se")), (Some(10.0), Some(0.0)));
    assert_eq!(one("ladder", "share_by_365d"), Some(1.0));
    assert_eq!(one("ladder", "median_days_complete"), Some(10.0));
    assert!(report.alerts.is_empty());
}

/// R: quantile(c(3, 5, 5, 8, 21), c(.25, .5, .75, .9)) is 5 5 8 15.8; their mean is 8.4.
#[test]
fn complete_gaps_have_rs_quantiles() {
    let days = vec![0, 5, 8, 13, 34, 42];
    let report = report_of(&from_order("all"), &input(&[(None, days)], 100, false));
    let one = |column: &str| numbers(&report, "intervals", column);
    assert_eq!(one("complete_gaps"), [Some(5.0)]);
    assert_eq!(one("open_gaps"), [Some(1.0)]);
    let named = ["min", "q25", "median", "q75", "p90", "max", "mean"];
    let found: Vec<_> = named.iter().map(|name| one(&format!("complete_{name}_days"))[0]).collect();
    assert_eq!(found, [3.0, 5.0, 5.0, 8.0, 15.8, 21.0, 8.4].map(Some));
}

/// 复购率 and 回购率 by hand: windows of 10 days up to day 40 are 31..=40 and 21..=30.
#[test]
fn repeat_and_buy_back_rates() {
    let customers: Vec<Customer> = [
        vec![1, 31, 40], // twice in the last
        vec![30, 31],    // in both
        vec![21],        // in the one before
        vec![20, 35],    // in neither of the two before
        vec![25, 26],
    ]
    .map(|days| (None, days))
    .into();
    let params = RepurchaseParams { windows: Some(vec!["10d".into(), "30d".into()]), ..Default::default() };
    let report = report_of(&params, &input(&customers, 40, false));
    let of = |column| numbers(&report, "windows", column);
    assert_eq!((of("buyers")[0], of("repeat_buyers")[0]), (Some(3.0), Some(1.0)));
    assert_eq!((of("earlier_buyers")[0], of("returned_buyers")[0]), (Some(3.0), Some(1.0)));
    assert_eq!(of("buy_back_rate")[0], Some(1.0 / 3.0));
    // 40 days of data: one window of 30 days, not two.
    assert!(of("repeat_rate")[1].is_some());
    assert_eq!(
        (of("earlier_buyers")[1], of("returned_buyers")[1], of("buy_back_rate")[1]),
        (None, None, None)
    );
    // Purchases 1 on days 30, 21 (and so on): eligible for 10 days are all; back within them is 30 -> 31 and 25 -> 26.
    assert_eq!((of("eligible")[0], of("repurchased")[0]), (Some(5.0), Some(2.0)));
    assert_eq!(of("eligible")[1], Some(1.0));
}

#[test]
fn groups_without_a_value_are_in_no_test() {
    let mut customers: Vec<Customer> = Vec::new();
    for i in 0..12 {
        customers.push((Some("a"), vec![0, 5 + i]));
        customers.push((Some("b"), vec![0, 50 + 3 * i]));
        customers.push((None, vec![0]));
    }
    let report = report_of(&RepurchaseParams::default(), &input(&customers, 500, true));
    assert_eq!(texts(&report, "survival", "first_channel"), [Some("a".into()), Some("b".into()), None]);
    let comparisons = texts(&report, "tests", "comparison");
    assert_eq!(comparisons, [Some("overall".to_owned()), Some("pair".to_owned())]);
    assert_eq!(numbers(&report, "tests", "df"), [Some(1.0), Some(1.0)]);
    assert!(numbers(&report, "tests", "p")[0].unwrap() < 1e-6);
    assert_eq!(numbers(&report, "tests", "p_holm"), [None, numbers(&report, "tests", "p")[1]]);
    assert!(notes(&report).contains(&"repurchase_small_groups"));
    assert!(notes(&report).contains(&"repurchase_not_reached_groups"));
}

#[test]
fn too_many_groups_are_not_compared() {
    let names: Vec<&'static str> = (0..60).map(|at| &*Box::leak(format!("g{at}").into_boxed_str())).collect();
    let customers: Vec<Customer> = names.iter().map(|name| (Some(*name), vec![0, 3])).collect();
    let report = report_of(&RepurchaseParams::default(), &input(&customers, 10, true));
    assert_eq!(table(&report, "tests").height(), 0);
    assert!(notes(&report).contains(&"repurchase_too_many_groups"));
    assert_eq!(table(&report, "survival").height(), 60);
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let windows = |text: &str| RepurchaseParams {
        windows: Some(text.split(',').map(str::to_owned).collect()),
        ..RepurchaseParams::default()
    };
    for wrong in
        ["30", "0d", "-3d", "90m", "3h", "x", "d", "1.5d", "40000d", "99999999999999999999d", "3 apples"]
    {
        let error = windows(wrong).resolve().unwrap_err();
        assert_eq!(error.code(), "bad_option", "{wrong}");
        let rmst = RepurchaseParams { rmst: Some(wrong.to_owned()), ..RepurchaseParams::default() };
        assert!(rmst.resolve().is_err(), "{wrong}");
    }
    assert_eq!(windows("12w,30d, 6mo ,1y,84d").resolve().unwrap().windows, [30, 84, 183, 365]);
    assert!(windows(&vec!["1d"; 51].join(",")).resolve().is_err());
    for wrong in ["0", "-1", "two", "", "1.5", "99999999"] {
        assert!(from_order(wrong).resolve().is_err(), "{wrong}");
    }
    assert_eq!(from_order("all").resolve().unwrap().from_order, FromOrder::All);
    assert_eq!(from_order(" 3").resolve().unwrap().from_order, FromOrder::Nth(3));
    let tests = TableChoice::Named(vec!["tests".to_owned()]);
    let settings = RepurchaseParams::default().resolve().unwrap();
    let refused = run(&settings, &input(&[], 0, false), &tests).unwrap_err();
    assert_eq!(refused.code(), "does_not_apply");
}

#[test]
fn siyu_toml_says_the_same() {
    let params: RepurchaseParams =
        toml::from_str("from_order = 2\ninterval = \"log\"\nwindows = [\"7d\"]").unwrap();
    let settings = params.resolve().unwrap();
    assert_eq!((settings.from_order, settings.windows), (FromOrder::Nth(2), vec![7]));
    assert!(toml::from_str::<RepurchaseParams>("from_orders = 2").is_err());
    let all: RepurchaseParams = toml::from_str("from_order = \"all\"").unwrap();
    assert_eq!(all.resolve().unwrap().from_order, FromOrder::All);
}
