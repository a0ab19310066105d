//! What may not change the numbers, and sums that must agree.

use proptest::prelude::*;

use super::*;

fn shuffled(customers: &[(String, Vec<(i32, i64)>)]) -> Vec<(String, Vec<(i32, i64)>)> {
    let mut draws = Draws(99);
    let mut keyed: Vec<_> = customers.iter().map(|customer| (draws.next(), customer.clone())).collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, customer)| customer).collect()
}

#[test]
fn neither_threads_nor_the_order_of_customers_change_a_byte() {
    let customers = shop(700, 11);
    let params = LtvParams { bootstrap: Some(20), discount: Some(0.1), ..LtvParams::default() };
    let one = bytes(&report(&params, &histories_of(&customers), 399, 1));
    assert_eq!(one, bytes(&report(&params, &histories_of(&customers), 399, 3)));
    assert_eq!(one, bytes(&report(&params, &histories_of(&shuffled(&customers)), 399, 2)));
}

#[test]
fn the_unit_of_time_changes_reported_parameters_alone() {
    let histories = histories_of(&shop(600, 12));
    let of = |unit| {
        let params = LtvParams { time_unit: Some(unit), bootstrap: Some(20), ..LtvParams::default() };
        report(&params, &histories, 399, 1)
    };
    let (days, weeks) = (of(TimeUnit::Day), of(TimeUnit::Week));
    for name in ["totals", "deciles", "customers"] {
        assert_eq!(format!("{:?}", table(&days, name)), format!("{:?}", table(&weeks, name)), "{name}");
    }
    let (days, weeks) = (table(&days, "model"), table(&weeks, "model"));
    let names = texts(days, "model").into_iter().zip(texts(days, "parameter"));
    for (at, (model, parameter)) in names.enumerate() {
        let unit = if ["alpha", "beta"].contains(&parameter.as_str()) { 7.0 } else { 1.0 };
        for column in ["value", "se", "lower", "upper"] {
            match (floats(days, column)[at], floats(weeks, column)[at]) {
                (Some(day), Some(week)) => {
                    assert!((day / unit - week).abs() <= 1e-12 * day, "{model} {parameter}")
                }
                (day, week) => assert_eq!(day, week, "{model} {parameter}"),
            }
        }
    }
}

#[test]
fn sums_agree() {
    let histories = histories_of(&shop(700, 13));
    for choice in [ModelChoice::BgNbd, ModelChoice::MbgNbd, ModelChoice::ParetoNbd] {
        let params = LtvParams { model: Some(choice), discount: Some(0.2), ..LtvParams::default() };
        let report = report(&params, &histories, 399, 2);
        let customers = table(&report, "customers");
        let close = |a: f64, b: f64| assert!((a - b).abs() <= 1e-9 * a.abs().max(1.0), "{a} {b}");
        let sum = |column| floats(customers, column).into_iter().flatten().sum::<f64>();
        close(sum("clv"), total(&report, "clv_total").unwrap());
        close(sum("p_alive"), total(&report, "alive_customers").unwrap());
        close(sum("expected_purchases"), total(&report, "expected_purchases").unwrap());
        close(sum("revenue_to_date"), total(&report, "revenue_to_date").unwrap());
        let deciles = table(&report, "deciles");
        close(floats(deciles, "clv").into_iter().flatten().sum(), sum("clv"));
        close(floats(deciles, "cumulative_share")[9].unwrap(), 1.0);
        close(floats(deciles, "cumulative_share")[1].unwrap(), total(&report, "top_20_share").unwrap());
        assert_eq!(floats(deciles, "customers"), vec![Some(70.0); 10]);
        assert!(total(&report, "clv_total").unwrap() < total(&report, "expected_revenue").unwrap());
        // Nobody is expected to end outside by more than the mean's own rounding; p_alive is a probability.
        for (p, lower, clv, upper) in floats(customers, "p_alive")
            .into_iter()
            .zip(floats(customers, "clv_lower"))
            .zip(floats(customers, "clv"))
            .zip(floats(customers, "clv_upper"))
            .map(|(((p, lower), clv), upper)| (p, lower, clv, upper))
        {
            assert!((0.0..=1.0).contains(&p.unwrap()));
            assert!(lower.unwrap() <= upper.unwrap() && clv.unwrap() >= 0.0);
        }
    }
}

#[test]
fn intervals_hold_the_estimate() {
    let histories = histories_of(&shop(1000, 14));
    let params = LtvParams { model: Some(ModelChoice::MbgNbd), bootstrap: Some(60), ..LtvParams::default() };
    let report = report(&params, &histories, 399, 2);
    for name in ["totals", "model"] {
        let shown = table(&report, name);
        let rows = floats(shown, "value").into_iter().zip(floats(shown, "lower")).zip(floats(shown, "upper"));
        let mut with_interval = 0;
        for ((value, lower), upper) in rows {
            if let (Some(value), Some(lower), Some(upper)) = (value, lower, upper) {
                assert!(lower < value && value < upper, "{name}: {lower} {value} {upper}");
                with_interval += 1;
            }
        }
        assert!(with_interval >= 5, "{name}");
    }
    let other = LtvParams { seed: Some(7), ..params.clone() };
    let again = super::report(&other, &histories, 399, 1);
    assert_ne!(floats(table(&report, "totals"), "lower"), floats(table(&again, "totals"), "lower"));
}

#[test]
fn groups_add_up_to_the_whole() {
    let customers = shop(400, 15);
    let mut histories = histories_of(&customers);
    let whole = report(&LtvParams::default(), &histories, 399, 1);
    histories.attributes = vec![crate::facts::ids::AttributeColumn::of(
        (0..customers.len()).map(|at| [Some("app"), Some("web"), None][at % 3]),
    )];
    let settings = LtvParams::default().resolve().unwrap();
    let input = LtvInput {
        as_of_us: 400 * DAY_US - 1,
        by_name: Some("first_channel".into()),
        ..LtvInput::of(histories, 1)
    };
    let split = run(&settings, &input, &TableChoice::All).unwrap();
    let totals = table(&split, "totals");
    assert_eq!(totals.columns[0].name, "first_channel");
    for measure in ["customers", "expected_purchases", "clv_total", "revenue_to_date"] {
        let rows = texts(totals, "measure").into_iter().zip(floats(totals, "value"));
        let parts: Vec<f64> =
            rows.filter(|(name, _)| name == measure).filter_map(|(_, value)| value).collect();
        assert_eq!(parts.len(), 3);
        let whole = total(&whole, measure).unwrap();
        assert!((parts.iter().sum::<f64>() - whole).abs() <= 1e-9 * whole, "{measure}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Populations held to an oracle that looks at every customer by itself, at any cut.
    #[test]
    fn populations_are_what_the_histories_say(
        seed in any::<u64>(),
        customers in 1usize..40,
        cut in -5i32..420,
        include_first in any::<bool>(),
    ) {
        let shop = shop(customers, seed);
        let histories = histories_of(&shop);
        let order = histories.customer_id.sorted_order();
        let population = Population::new(&histories, &order, cut, include_first);
        let expected: Vec<_> = shop
            .iter()
            .enumerate()
            .filter_map(|(place, (_, occasions))| {
                let known: Vec<_> = occasions.iter().filter(|(day, _)| *day <= cut).collect();
                let (first, last) = (known.first()?.0, known.last()?.0);
                let spent = &known[usize::from(!include_first)..];
                Some((
                    place as u32,
                    known.len() as u32 - 1,
                    (last - first) as u32,
                    (cut - first) as u32,
                    spent.len() as u32,
                    spent.iter().map(|(_, net)| net).sum::<i64>(),
                    known.iter().map(|(_, net)| net).sum::<i64>(),
                ))
            })
            .collect();
        let found: Vec<_> = population
            .customers
            .iter()
            .map(|c| (c.place, c.x, c.t_x, c.t, c.spend_count, c.spend_e4, c.net_e4))
            .collect();
        prop_assert_eq!(&found, &expected);
        for (at, customer) in population.customers.iter().enumerate() {
            let row = population.rows[population.row_of[at] as usize];
            prop_assert_eq!((row.x, row.t_x as u32, row.t as u32), (customer.x, customer.t_x, customer.t));
            prop_assert_eq!(population.spends[population.spend_of[at] as usize].x, customer.spend_count);
        }
        let weight: f64 = population.rows.iter().map(|row| row.weight).sum();
        prop_assert_eq!(weight, expected.len() as f64);
        prop_assert!(population.rows.is_sorted_by(|a, b| (a.x, a.t_x, a.t) < (b.x, b.t_x, b.t)));
    }
}
