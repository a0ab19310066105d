//! Data sets on which packages of today fail silently: a diagnosis or a right answer in every one, and no NaN.

use super::*;

fn checked(params: &LtvParams, histories: &Histories, day: i32) -> Report {
    let report = report(params, histories, day, 2);
    for table in &report.tables {
        for column in &table.columns {
            assert_eq!(column.cells.len(), table.height(), "{}.{}", table.name, column.name);
            if let Cells::Float(values) = &column.cells {
                let finite = values.iter().flatten().all(|value| value.is_finite());
                assert!(finite, "{}.{} holds {values:?}", table.name, column.name);
            }
        }
    }
    for alert in &report.alerts {
        assert!(!alert.message.contains('{') && !alert.message.contains("NaN"), "{}", alert.message);
        assert!(alert.value.is_none_or(f64::is_finite), "{alert:?}");
    }
    assert_eq!(table(&report, "customers").height(), histories.len());
    report
}

/// With every model and with bootstrap.
fn all(histories: &Histories, day: i32) -> Vec<Report> {
    let choices = [ModelChoice::Auto, ModelChoice::BgNbd, ModelChoice::MbgNbd, ModelChoice::ParetoNbd];
    let report = |choice| {
        let params = LtvParams {
            model: Some(choice),
            bootstrap: (choice == ModelChoice::BgNbd).then_some(20),
            discount: Some(0.1),
            ..LtvParams::default()
        };
        checked(&params, histories, day)
    };
    choices.into_iter().map(report).collect()
}

fn each_says(histories: &[(String, Vec<(i32, i64)>)], day: i32, id: &str) -> Vec<Report> {
    let reports = all(&histories_of(histories), day);
    for report in &reports {
        assert!(alert_ids(report).contains(&id), "no {id} among {:?}", alert_ids(report));
    }
    reports
}

fn named(customers: impl IntoIterator<Item = Vec<(i32, i64)>>) -> Vec<(String, Vec<(i32, i64)>)> {
    customers.into_iter().enumerate().map(|(at, occasions)| (format!("K{at:04}"), occasions)).collect()
}

#[test]
fn nobody() {
    each_says(&[], 10, "no_customers");
}

#[test]
fn one_customer() {
    each_says(&named([vec![(0, 10_000)]]), 100, "no_repeaters");
    each_says(&named([vec![(0, 10_000), (30, 20_000), (60, 15_000)]]), 100, "few_repeaters");
}

#[test]
fn no_repeater() {
    let reports =
        each_says(&named((0..300).map(|at| vec![(at, 10_000 + i64::from(at))])), 400, "no_repeaters");
    for report in reports {
        assert_eq!(total(&report, "clv_total"), None);
        assert_eq!(total(&report, "customers"), Some(300.0));
        assert_eq!(table(&report, "deciles").height(), 0);
        assert!(floats(table(&report, "customers"), "clv").iter().all(Option::is_none));
        assert!(report.alerts.iter().any(|alert| alert.severity == Severity::Error));
    }
}

#[test]
fn one_repeater_in_500() {
    let mut customers = named((0..500).map(|at| vec![(at % 200, 10_000)]));
    customers[7].1.push((300, 20_000));
    each_says(&customers, 400, "few_repeaters");
}

#[test]
fn all_equal() {
    for report in
        all(&histories_of(&named((0..200).map(|_| vec![(0, 10_000), (30, 10_000), (60, 10_000)]))), 100)
    {
        assert!(!report.alerts.is_empty());
        assert!(alert_ids(&report).contains(&"constant_spend"));
        let spend = floats(table(&report, "customers"), "expected_spend");
        assert!(spend.iter().all(|value| value.is_none_or(|value| (value - 1.0).abs() < 1e-9)), "{spend:?}");
    }
}

#[test]
fn three_hundred_purchases_in_500_days() {
    let mut customers = shop(200, 5);
    customers.push(("W".into(), (0..300).map(|at| (at * 4 / 3, 30_000 + i64::from(at) * 7)).collect()));
    for report in each_says(&customers, 499, "very_frequent_buyers") {
        let ids = texts(table(&report, "customers"), "customer_id");
        let at = ids.iter().position(|id| id == "W").unwrap();
        let expected = floats(table(&report, "customers"), "expected_purchases")[at];
        assert!(expected.is_some_and(|expected| expected >= 0.0), "{expected:?}");
    }
    // Alone among those who buy at their leisure, and until the end.
    let last = customers.len() - 1;
    customers[last].1 = (0..300).map(|at| (at * 5 / 3, 30_000 + i64::from(at) * 7)).collect();
    for report in all(&histories_of(&customers), 499) {
        let ids = texts(table(&report, "customers"), "customer_id");
        let at = ids.iter().position(|id| id == "W").unwrap();
        let expected = floats(table(&report, "customers"), "expected_purchases")[at].expect("a forecast");
        assert!(expected > 50.0 && expected < 260.0, "{expected}");
        let upper = floats(table(&report, "customers"), "clv_upper")[at].expect("an upper end");
        assert!(upper >= floats(table(&report, "customers"), "clv")[at].unwrap());
    }
}

#[test]
fn constant_spend() {
    let mut customers = shop(300, 6);
    customers.iter_mut().flat_map(|(_, occasions)| occasions).for_each(|(_, net)| *net = 99_000);
    for report in each_says(&customers, 399, "constant_spend") {
        let (purchases, revenue) = (total(&report, "expected_purchases"), total(&report, "expected_revenue"));
        assert!((purchases.unwrap() * 9.9 - revenue.unwrap()).abs() < 1e-6);
    }
}

#[test]
fn a_heavy_tail() {
    let mut customers = shop(300, 7);
    let mut draws = Draws(1);
    for (_, occasions) in &mut customers {
        let level = libm::pow(draws.uniform(), -2.0);
        occasions
            .iter_mut()
            .for_each(|(_, net)| *net = ((level * (0.9 + 0.2 * draws.uniform()) * 10_000.0) as i64).max(1));
    }
    each_says(&customers, 399, "infinite_mean_spend");
}

#[test]
fn negative_and_zero_revenue() {
    // Occasions of 0 (with --zero-orders), refunds that outweigh everything.
    let customers = shop(300, 8);
    let histories = Histories::of(customers.iter().enumerate().map(|(at, (id, occasions))| {
        let sum: i64 = occasions.iter().map(|(_, net)| net).sum();
        let free = at % 3 == 0;
        let mut entries: Vec<(i32, u32, i64)> =
            occasions.iter().map(|(day, net)| (*day, 1, if free { 0 } else { *net })).collect();
        entries.push((399, 0, -2 * sum));
        (id.as_str(), entries)
    }));
    for report in all(&histories, 399) {
        assert!(alert_ids(&report).contains(&"refunds_outweigh"));
        assert_eq!(total(&report, "clv_total"), Some(0.0));
        assert!(total(&report, "revenue_to_date").unwrap() < 0.0);
    }
}

#[test]
fn all_on_one_day() {
    each_says(&named((0..50).map(|at| vec![(100, 10_000 + at)])), 100, "one_day");
    each_says(&named((0..50).map(|at| vec![(100, 10_000 + at)])), 130, "no_repeaters");
}

#[test]
fn one_cohort() {
    let mut customers = shop(400, 9);
    for (_, occasions) in &mut customers {
        let first = occasions[0].0;
        occasions.iter_mut().for_each(|(day, _)| *day -= first);
    }
    for report in all(&histories_of(&customers), 399) {
        assert!(total(&report, "clv_total").unwrap() > 0.0);
    }
}

#[test]
fn a_gap_of_a_year() {
    let mut customers = shop(300, 10);
    for (_, occasions) in &mut customers {
        occasions.iter_mut().filter(|(day, _)| *day > 200).for_each(|(day, _)| *day += 365);
    }
    for report in all(&histories_of(&customers), 765) {
        assert!(total(&report, "clv_total").unwrap() >= 0.0);
    }
}

#[test]
fn a_history_shorter_than_the_gap() {
    let mut customers = named((0..400).map(|at| vec![(at % 20, 10_000 + i64::from(at))]));
    for (at, customer) in customers.iter_mut().take(40).enumerate() {
        let first = customer.1[0].0;
        customer.1.push((first + 1 + (at as i32 % 8), 12_000 + at as i64));
    }
    let report = checked(
        &LtvParams { model: Some(ModelChoice::MbgNbd), ..LtvParams::default() },
        &histories_of(&customers),
        29,
    );
    assert!(total(&report, "clv_total").is_some());
}

#[test]
fn as_of_is_the_last_day_of_a_few() {
    let customers = named([vec![(0, 10_000)], vec![(1, 10_000)], vec![(0, 10_000), (1, 10_000)]]);
    for report in all(&histories_of(&customers), 1) {
        assert!(!report.alerts.is_empty());
    }
}
