use proptest::prelude::*;

use super::super::testing::{Person, bools, cdnow, customers, day, floats, ints, money, texts};
use super::*;
use crate::output::report::{Cells, Table};
use crate::reports::period::PeriodUnit;

fn months() -> Periods {
    Periods::new(PeriodUnit::Month, WeekStart::Monday)
}

fn input<'a>(histories: &'a Histories, groups: &'a Groups<'a>, as_of: &str) -> CohortInput<'a> {
    CohortInput {
        histories,
        groups,
        by_name: None,
        as_of_day: day(as_of),
        periods: months(),
        margin: None,
        expected: None,
        spend: None,
    }
}

fn spend(on: &str, channel: Option<&str>, amount: i64) -> SpendRow {
    SpendRow {
        day: Some(day(on)),
        campaign: "c".into(),
        channel: channel.map(str::to_owned),
        kind: None,
        amount_e4: amount * 10_000,
    }
}

fn tables(input: CohortInput<'_>) -> (Table, Table, Vec<Note>) {
    let historic = Historic::new(input).expect("cohorts");
    (historic.cohorts().expect("money fits"), historic.curve(), historic.notes())
}

/// Three customers in January, one in March; a refund by itself in February.
fn shop() -> Histories {
    customers(&[
        ("a", &[("2024-01-05", 1, 100), ("2024-02-10", 2, 60), ("2024-02-20", 0, -30)]),
        ("b", &[("2024-01-31", 1, 50)]),
        ("c", &[("2024-01-01", 1, 30), ("2024-03-02", 1, 20)]),
        ("d", &[("2024-03-10", 1, 80), ("2024-04-10", 1, 1)]),
    ])
}

#[test]
fn cohorts_are_summed_by_the_month_of_the_first_purchase() {
    let histories = shop();
    let groups = Groups::one(histories.len());
    let (cohorts, curve, notes) = tables(input(&histories, &groups, "2024-04-15"));
    assert_eq!(texts(&cohorts, "cohort"), ["2024-01", "2024-03"]);
    assert_eq!(ints(&cohorts, "customers"), [Some(3), Some(1)]);
    assert_eq!(ints(&cohorts, "orders"), [Some(6), Some(2)]);
    assert_eq!(money(&cohorts, "revenue"), [Some(230 * 10_000), Some(81 * 10_000)]);
    assert_eq!(floats(&cohorts, "revenue_per_customer"), [Some(230.0 / 3.0), Some(81.0)]);
    assert_eq!(floats(&cohorts, "ltv"), [None, None]);
    assert!(["margin", "spend", "cac"].iter().all(|name| cohorts.column(name).is_none()));
    assert!(notes.is_empty());

    // The first cohort, the second, all mature ones together.
    assert_eq!(
        texts(&curve, "cohort"),
        ["2024-01", "2024-01", "2024-01", "2024-01", "2024-03", "2024-03", "", "", ""]
    );
    let indices: Vec<i64> = ints(&curve, "period_index").into_iter().flatten().collect();
    assert_eq!(indices, [0, 1, 2, 3, 0, 1, 0, 1, 2]);
    let so_far = floats(&curve, "cumulative_revenue_per_customer");
    let expected = [180.0, 210.0, 230.0, 230.0, 3.0 * 80.0, 3.0 * 81.0, 3.0 * 65.0, 210.0, 230.0];
    for (value, expected) in so_far.iter().zip(expected) {
        assert!((value.unwrap_or(f64::NAN) - expected / 3.0).abs() < 1e-12, "{so_far:?}");
    }
    assert_eq!(bools(&curve, "complete"), [true, true, true, false, true, false, true, true, true]);
}

#[test]
fn a_cohort_has_paid_back_when_its_margin_has_come_to_what_it_cost() {
    let histories = shop();
    let groups = Groups::one(histories.len());
    let rows = [
        spend("2023-12-31", None, 7),
        spend("2024-01-15", None, 75),
        spend("2024-01-31", None, 30),
        spend("2024-02-01", None, 10),
        spend("2024-03-31", None, 41),
        spend("2024-04-16", None, 9),
    ];
    let expected = [Some(10.0), Some(20.0), Some(0.25), Some(2.0)];
    let with = CohortInput {
        margin: Some(0.5),
        expected: Some(&expected),
        spend: Some(&rows),
        ..input(&histories, &groups, "2024-04-15")
    };
    let (cohorts, _, notes) = tables(with);
    assert_eq!(texts(&cohorts, "cohort"), ["2024-01", "2024-02", "2024-03"]);
    assert_eq!(ints(&cohorts, "customers"), [Some(3), Some(0), Some(1)]);
    assert_eq!(money(&cohorts, "spend"), [Some(105 * 10_000), Some(10 * 10_000), Some(41 * 10_000)]);
    assert_eq!(floats(&cohorts, "cac"), [Some(35.0), None, Some(41.0)]);
    // January: half of 180, 210, 230 against 105. March: half of 80, 81 against 41.
    assert_eq!(ints(&cohorts, "payback_periods"), [Some(1), None, None]);
    let paid_back = cohorts.column("paid_back").map(|column| column.cells.clone());
    assert_eq!(paid_back, Some(Cells::Bool(vec![Some(true), None, Some(false)])));
    assert_eq!(floats(&cohorts, "margin"), [Some(115.0), Some(0.0), Some(40.5)]);
    assert_eq!(floats(&cohorts, "expected"), [Some(30.25), None, Some(2.0)]);
    assert_eq!(floats(&cohorts, "ltv"), [Some(145.25), None, Some(42.5)]);
    assert_eq!(floats(&cohorts, "ltv_to_cac"), [Some(145.25 / 105.0), None, Some(42.5 / 41.0)]);
    assert_eq!(
        notes,
        [Note::new("ltv_spend_outside").with("rows", 2).with("amount", "16.00")],
        "before the first cohort and after as_of"
    );
    // What is expected of one customer is not known: the sum is not known either.
    let unknown = [Some(10.0), None, Some(0.25), Some(2.0)];
    let (cohorts, ..) = tables(CohortInput { expected: Some(&unknown), ..with });
    assert_eq!(floats(&cohorts, "expected"), [None, None, Some(2.0)]);
}

#[test]
fn without_spend_in_a_month_nothing_is_said_of_its_cost() {
    let histories = shop();
    let groups = Groups::one(histories.len());
    let rows = [spend("2024-01-15", None, 0)];
    let (cohorts, ..) =
        tables(CohortInput { spend: Some(&rows), ..input(&histories, &groups, "2024-04-15") });
    assert_eq!(money(&cohorts, "spend"), [Some(0), None]);
    assert_eq!(floats(&cohorts, "cac"), [Some(0.0), None]);
    assert_eq!(
        ints(&cohorts, "payback_periods"),
        [Some(0), None],
        "what costs nothing has paid back at once"
    );
    assert_eq!(floats(&cohorts, "ltv_to_cac"), [None, None]);
}

#[test]
fn spend_goes_to_the_channel_that_it_was_for() {
    let histories = shop();
    let groups = Groups { values: vec![Some("ads"), None], of: vec![0, 0, 1, 1] };
    let rows = [
        spend("2024-01-15", Some("ads"), 30),
        spend("2024-01-16", Some("shop"), 5),
        spend("2024-03-15", None, 2),
    ];
    let by = |name, rows: &[SpendRow]| {
        let input = CohortInput {
            by_name: Some(name),
            spend: Some(rows),
            ..input(&histories, &groups, "2024-04-15")
        };
        Historic::new(input).and_then(|historic| historic.cohorts())
    };
    let cohorts = by("first_channel", &rows).expect("cohorts");
    assert_eq!(texts(&cohorts, "first_channel"), ["ads", "shop", "", ""]);
    assert_eq!(texts(&cohorts, "cohort"), ["2024-01", "2024-01", "2024-01", "2024-03"]);
    assert_eq!(ints(&cohorts, "customers"), [Some(2), Some(0), Some(1), Some(1)]);
    assert_eq!(floats(&cohorts, "cac"), [Some(15.0), None, None, Some(2.0)]);

    let refused = |name, rows: &[SpendRow]| by(name, rows).expect_err("is refused").code();
    assert_eq!(refused("first_store", &rows), "does_not_apply");
    assert_eq!(refused("last_channel", &rows), "does_not_apply");
    assert_eq!(refused("first_channel", &[spend("2024-01-15", None, 5)]), "does_not_apply");
    assert!(by("first_campaign", &rows).is_ok());
    let undated = SpendRow { day: None, ..spend("2024-01-15", None, 5) };
    assert_eq!(refused("first_channel", &[undated]), "unsound");
}

/// Source: ../shared/truth/survival_cohort/truth_cdnow_month_cohort_cum_revenue_per_customer.csv, floats of pandas; 1e-9.
#[test]
fn the_curve_of_cdnow_is_that_of_the_truth() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../shared/truth/survival_cohort/truth_cdnow_month_cohort_cum_revenue_per_customer.csv"
    );
    let (Some(histories), Ok(truth)) = (cdnow(), std::fs::read_to_string(path)) else {
        return;
    };
    let groups = Groups::one(histories.len());
    let (cohorts, curve, _) = tables(input(&histories, &groups, "1998-06-30"));
    let named = texts(&curve, "cohort");
    let values = floats(&curve, "cumulative_revenue_per_customer");
    let mut compared = 0;
    let mut at = 0;
    for line in truth.lines().skip(1) {
        let (cohort, cells) = line.split_once(',').expect("a line");
        for expected in cells.split(',').filter(|cell| !cell.is_empty()) {
            assert_eq!(named[at], cohort);
            let value = values[at].expect("a value");
            let expected: f64 = expected.parse().expect("a number");
            assert!((value - expected).abs() < 1e-9, "{cohort}: {value} {expected}");
            (at, compared) = (at + 1, compared + 1);
        }
    }
    assert_eq!(compared, 18 + 17 + 16);
    // 244,091.94, the sum of the file's last column.
    assert_eq!(money(&cohorts, "revenue").into_iter().flatten().sum::<i64>(), 2_440_919_400);
}

#[test]
fn nobody_makes_empty_tables_and_one_customer_one_cohort() {
    let nobody = Histories::default();
    let groups = Groups::one(0);
    let (cohorts, curve, _) = tables(input(&nobody, &groups, "2024-04-15"));
    assert_eq!((cohorts.height(), curve.height()), (0, 0));

    let one = customers(&[("a", &[("2024-04-15", 1, 5)])]);
    let groups = Groups::one(1);
    let rows = [spend("2024-04-01", None, 6)];
    let (cohorts, curve, _) =
        tables(CohortInput { spend: Some(&rows), ..input(&one, &groups, "2024-04-15") });
    assert_eq!((cohorts.height(), curve.height()), (1, 1), "no mature cohort to pool");
    assert_eq!(bools(&cohorts, "complete"), [false]);
    assert_eq!(ints(&cohorts, "payback_periods"), [None]);
    // As of a day before the data.
    let (cohorts, curve, _) = tables(input(&one, &groups, "2023-04-15"));
    assert_eq!((cohorts.height(), curve.height()), (0, 0));
}

fn histories() -> impl Strategy<Value = Vec<Vec<(i32, u32, i64)>>> {
    let entry = (0i32..400, 0u32..3, -50_000i64..500_000);
    proptest::collection::vec(proptest::collection::vec(entry, 1..8), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Against sums made cell by cell from the entries; nothing is lost, and the order of customers does not matter.
    #[test]
    fn cohorts_hold_what_the_entries_say(
        made in histories(),
        as_of in 200i32..420,
        spent in proptest::collection::vec((0i32..420, 0i64..900_000), 0..6),
        margin in 0.05f64..1.0,
    ) {
        let mut people: Vec<Person> = made
            .into_iter()
            .enumerate()
            .map(|(number, mut entries)| {
                entries.sort_unstable();
                (format!("c{number}"), entries)
            })
            .filter(|(_, entries)| entries.iter().any(|entry| entry.1 > 0))
            .collect();
        let rows: Vec<SpendRow> = spent
            .iter()
            .map(|(day, amount_e4)| SpendRow {
                day: Some(*day),
                campaign: String::new(),
                channel: None,
                kind: None,
                amount_e4: *amount_e4,
            })
            .collect();
        let make = |people: &[Person]| {
            let number = |id: &str| id[1..].parse::<f64>().expect("a number");
            let expected: Vec<Option<f64>> =
                people.iter().map(|(id, _)| Some(1.0 / (3.0 + number(id)))).collect();
            let histories = Histories::of(people.iter().map(|(id, entries)| (id.as_str(), entries.clone())));
            let groups = Groups::one(histories.len());
            let (cohorts, curve, _) = tables(CohortInput {
                histories: &histories,
                groups: &groups,
                by_name: None,
                as_of_day: as_of,
                periods: months(),
                margin: Some(margin),
                expected: Some(&expected),
                spend: Some(&rows),
            });
            (cohorts, curve)
        };
        let (cohorts, curve) = make(&people);

        let periods = months();
        let first = |entries: &[(i32, u32, i64)]| entries.iter().find(|e| e.1 > 0).map_or(0, |e| e.0);
        let known: Vec<_> = people.iter().filter(|(_, entries)| first(entries) <= as_of).collect();
        let by = |cohort: &str, until: i32| -> (i64, i64) {
            let members = known.iter().filter(|(_, e)| periods.label(periods.of(first(e))) == cohort);
            let sum = members.clone().flat_map(|(_, e)| e).filter(|e| e.0 <= until.min(as_of)).map(|e| e.2).sum();
            (members.count() as i64, sum)
        };
        for (at, cohort) in texts(&cohorts, "cohort").iter().enumerate() {
            let (size, revenue) = by(cohort, as_of);
            prop_assert_eq!(ints(&cohorts, "customers")[at], Some(size));
            prop_assert_eq!(money(&cohorts, "revenue")[at], Some(revenue));
            let period = (0..20).map(|n| periods.of(0) + n).find(|p| &periods.label(*p) == cohort).expect("in range");
            let cost: Vec<i64> = spent
                .iter()
                .filter(|(day, _)| *day <= as_of && periods.of(*day) == period)
                .map(|(_, amount)| *amount)
                .collect();
            let cost = (!cost.is_empty()).then(|| cost.iter().sum::<i64>());
            prop_assert_eq!(money(&cohorts, "spend")[at], cost);
            let payback = cost.filter(|_| size > 0).and_then(|cost| {
                (0..=periods.of(as_of) - period).find(|index| {
                    by(cohort, periods.end(period + index)).1 as f64 * margin >= cost as f64
                })
            });
            prop_assert_eq!(ints(&cohorts, "payback_periods")[at], payback.map(i64::from));
        }
        let total: i64 = known.iter().flat_map(|(_, e)| e).filter(|e| e.0 <= as_of).map(|e| e.2).sum();
        prop_assert_eq!(money(&cohorts, "revenue").into_iter().flatten().sum::<i64>(), total);
        for (at, cohort) in texts(&curve, "cohort").iter().enumerate() {
            let value = floats(&curve, "cumulative_revenue_per_customer")[at].expect("a value");
            let index = ints(&curve, "period_index")[at].expect("an index") as i32;
            let (size, revenue) = match cohort.as_str() {
                "" => (0..20)
                    .map(|n| periods.of(0) + n)
                    .filter(|p| periods.end(p + index) <= as_of)
                    .map(|p| by(&periods.label(p), periods.end(p + index)))
                    .fold((0, 0), |sum, more| (sum.0 + more.0, sum.1 + more.1)),
                cohort => {
                    let period =
                        (0..20).map(|n| periods.of(0) + n).find(|p| periods.label(*p) == cohort).expect("in range");
                    by(cohort, periods.end(period + index))
                }
            };
            prop_assert!((value - revenue as f64 / 10_000.0 / size as f64).abs() < 1e-9);
        }

        people.reverse();
        let (again, curve_again) = make(&people);
        prop_assert_eq!(format!("{cohorts:?}"), format!("{again:?}"));
        prop_assert_eq!(format!("{curve:?}"), format!("{curve_again:?}"));
        let finite = |table: &Table| {
            table.columns.iter().all(|column| match &column.cells {
                Cells::Float(values) => values.iter().flatten().all(|value| value.is_finite()),
                _ => true,
            })
        };
        prop_assert!(finite(&cohorts) && finite(&curve));
    }
}
