use super::predictive::{going_on, purchase_interval};
use super::*;
use crate::output::report::{Cells, Severity, Table};
use crate::stats::btyd::Model;

mod hostile;
mod options;
mod properties;
mod reference;

const DAY_US: i64 = 86_400_000_000;

/// `ltv` of these histories at the end of `day`, all tables.
fn report(params: &LtvParams, histories: &Histories, day: i32, threads: usize) -> Report {
    let settings = params.resolve().expect("settings that make sense");
    let input = LtvInput {
        as_of_us: (i64::from(day) + 1) * DAY_US - 1,
        histories: histories.clone(),
        threads,
        ..LtvInput::of(Histories::default(), 0)
    };
    run(&settings, &input, &TableChoice::All).expect("a report")
}

fn table<'a>(report: &'a Report, name: &str) -> &'a Table {
    report.tables.iter().find(|table| table.name == name).unwrap_or_else(|| panic!("no table {name}"))
}

fn floats(table: &Table, column: &str) -> Vec<Option<f64>> {
    match &table.column(column).unwrap_or_else(|| panic!("no column {column}")).cells {
        Cells::Float(values) => values.clone(),
        Cells::Int(values) => values.iter().map(|value| value.map(|v| v as f64)).collect(),
        Cells::Money(values) => values.iter().map(|value| value.map(|v| v as f64 / 10_000.0)).collect(),
        other => panic!("{column} is {other:?}"),
    }
}

fn texts(table: &Table, column: &str) -> Vec<String> {
    match &table.column(column).unwrap_or_else(|| panic!("no column {column}")).cells {
        Cells::Text(values) => values.iter().map(|value| value.clone().unwrap_or_default()).collect(),
        other => panic!("{column} is {other:?}"),
    }
}

/// A value of the table `totals`.
fn total(report: &Report, measure: &str) -> Option<f64> {
    let totals = table(report, "totals");
    let at = texts(totals, "measure").iter().position(|name| name == measure);
    floats(totals, "value")[at.unwrap_or_else(|| panic!("no measure {measure}"))]
}

/// A parameter in the table `model`: value, standard error, log-likelihood.
fn parameter(report: &Report, model: &str, name: &str) -> (f64, f64, f64) {
    let models = table(report, "model");
    let keys = texts(models, "model").into_iter().zip(texts(models, "parameter"));
    let at = keys.into_iter().position(|(m, p)| m == model && p == name).expect("the parameter is there");
    let cell = |column| floats(models, column)[at].expect("a value");
    (cell("value"), cell("se"), cell("log_likelihood"))
}

fn alert_ids(report: &Report) -> Vec<&str> {
    report.alerts.iter().map(|alert| alert.id.as_str()).collect()
}

/// Everything that a report holds, to compare reports byte by byte.
fn bytes(report: &Report) -> String {
    format!("{:?}\n{:?}\n{:?}", report.tables, report.alerts, report.notes)
}

/// A small generator (SplitMix64), so that examples are the same everywhere.
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// In (0, 1].
    fn uniform(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / 9_007_199_254_740_992.0
    }
}

/// Customers by hand: (day, net in 1/10,000) of occasions.
fn histories_of(customers: &[(String, Vec<(i32, i64)>)]) -> Histories {
    Histories::of(customers.iter().map(|(id, occasions)| {
        (id.as_str(), occasions.iter().map(|(day, net)| (*day, u32::from(*net >= 0), *net)).collect())
    }))
}

/// Customers who buy at rates of their own and leave after any purchase with one chance in four; 400 days.
fn shop(customers: usize, seed: u64) -> Vec<(String, Vec<(i32, i64)>)> {
    let mut draws = Draws(seed);
    (0..customers)
        .map(|at| {
            let rate = -libm::log(draws.uniform()) / 40.0;
            let typical = libm::exp(3.0 + draws.uniform());
            let mut time = draws.uniform() * 300.0;
            let mut occasions: Vec<(i32, i64)> = Vec::new();
            while time < 400.0 {
                let amount = (typical * (0.5 + draws.uniform()) * 100.0) as i64 * 100;
                match occasions.last_mut() {
                    Some((day, net)) if *day == time as i32 => *net += amount,
                    _ => occasions.push((time as i32, amount)),
                }
                if draws.uniform() < 0.25 {
                    break;
                }
                time -= libm::log(draws.uniform()) / rate;
            }
            (format!("C{at:05}"), occasions)
        })
        .collect()
}

#[test]
fn the_future_of_a_customer_has_the_mean_that_the_model_forecasts() {
    // P(alive) x E[X(t)] with the posterior's parameters is E[Y(t)]: two roads to one number. Tolerance: 1e-9 relative.
    let models = [
        Model::new(ModelKind::BgNbd, [0.243, 30.9, 0.793, 2.426]),
        Model::new(ModelKind::MbgNbd, [0.525, 43.3, 0.891, 1.614]),
        Model::new(ModelKind::ParetoNbd, [0.553, 74.0, 0.606, 81.7]),
    ];
    let rows = [(0, 0.0, 272.0), (1, 12.0, 272.0), (2, 213.0, 272.0), (26, 216.0, 217.0), (0, 0.0, 1.0)];
    for model in models {
        for (x, t_x, t) in rows {
            let row = crate::stats::btyd::Row { x, t_x, t, weight: 1.0 };
            let expected = model.expected_purchases(x, t_x, t, 273.0);
            let alive = model.p_alive(x, t_x, t);
            let mean = alive * going_on(&model, &row).expected_repeats(273.0);
            assert!(
                (mean - expected).abs() <= 1e-9 * expected.max(1e-3),
                "{model:?} {row:?} {mean} {expected}"
            );
            let (lower, upper) =
                purchase_interval(&model, &row, 273.0, alive, expected).expect("an interval");
            assert!(
                lower <= upper && lower <= expected && expected <= upper + 1.0,
                "{row:?} {lower} {upper}"
            );
        }
    }
}

#[test]
fn concentration_of_simple_cases() {
    use super::totals::Concentration;
    let all_alike = Concentration::new(vec![3.0; 10]);
    assert_eq!(all_alike.gini, Some(0.0));
    assert!((all_alike.top_20_share.unwrap() - 0.2).abs() < 1e-12);
    let mut one_has_all = vec![0.0; 9];
    one_has_all.push(5.0);
    let one_has_all = Concentration::new(one_has_all);
    assert!((one_has_all.gini.unwrap() - 0.9).abs() < 1e-12);
    assert_eq!(one_has_all.top_10_share, Some(1.0));
    assert_eq!(Concentration::new(vec![0.0; 4]), Concentration::default());
    assert_eq!(Concentration::new(Vec::new()), Concentration::default());
}
