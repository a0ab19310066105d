//! CDNOW's published numbers from tests/reference alone: what a clone without the developers' shared folder tests.

use std::collections::BTreeMap;

use serde::Deserialize;
use siyu::stats::btyd::gamma_gamma::{self, SpendRow};
use siyu::stats::btyd::{Fit, Model, ModelKind, Row, fit};
use siyu::stats::kaplan_meier::{Count, Curve, Interval};
use siyu::stats::log_rank::log_rank;

use crate::support::root;

const WEEK: f64 = 7.0;

/// tests/reference/cdnow.toml.
#[derive(Deserialize)]
struct Reference {
    models: BTreeMap<String, Published>,
    single: Vec<BTreeMap<String, Numbers>>,
    rounded: BTreeMap<String, [f64; 4]>,
    forecast: BTreeMap<String, Vec<f64>>,
    gamma_gamma: Published,
    survival: Survival,
}

#[derive(Deserialize)]
struct Published {
    parameters: Vec<f64>,
    relative_tolerance: f64,
    standard_errors: Option<Vec<f64>>,
    log_likelihood: f64,
    holdout_purchases: Option<f64>,
    holdout_tolerance: Option<f64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Numbers {
    One(f64),
    Customer(u32, f64, f64),
}

#[derive(Deserialize)]
struct Survival {
    customers: u64,
    repurchased: u64,
    curve: Vec<(u32, f64, f64, f64)>,
    reached: Vec<(f64, f64, f64, f64)>,
    restricted_mean_365: f64,
    log_rank_chi_squared: f64,
    log_rank_p: f64,
}

fn reference() -> Reference {
    toml::from_str(&std::fs::read_to_string(root().join("tests/reference/cdnow.toml")).unwrap()).unwrap()
}

fn rows<T: serde::de::DeserializeOwned>(name: &str) -> Vec<T> {
    let path = root().join("tests/reference").join(name);
    csv::Reader::from_path(path).unwrap().deserialize().map(|row| row.unwrap()).collect()
}

fn histories() -> Vec<Row> {
    let row = |(x, t_x, t, weight)| Row { x, t_x, t, weight };
    rows("cdnow_histories.csv").into_iter().map(row).collect()
}

#[track_caller]
fn near(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{found} is not {expected} within {tolerance}");
}

fn check_fit(kind: ModelKind, found: &Fit, rows: &[Row], published: &Published) {
    assert_eq!((found.customers, found.repeaters, found.repeats), (2357.0, 946.0, 2457.0));
    near(found.ln_likelihood_in_unit(WEEK), published.log_likelihood, 1e-3);
    for (found, expected) in found.model.in_unit(WEEK).iter().zip(&published.parameters) {
        near(found / expected, 1.0, published.relative_tolerance);
    }
    if let Some(errors) = &published.standard_errors {
        // Errors of times are in days.
        let unit = |place: usize| if kind.is_time(place) { WEEK } else { 1.0 };
        for (place, (found, expected)) in found.standard_errors().unwrap().iter().zip(errors).enumerate() {
            near(found / unit(place) / expected, 1.0, 5e-5);
        }
    }
    let expected =
        |row: &Row| row.weight * found.model.expected_purchases(row.x, row.t_x, row.t, 39.0 * WEEK);
    let total = rows.iter().map(expected).sum::<f64>();
    near(total, published.holdout_purchases.unwrap(), published.holdout_tolerance.unwrap());
}

#[test]
fn fits_of_cdnow_are_the_published_ones() {
    let (reference, rows) = (reference(), histories());
    assert_eq!(reference.models.len(), ModelKind::ALL.len());
    for kind in ModelKind::ALL {
        let found = fit(kind, &rows, None, 1).unwrap();
        check_fit(kind, &found, &rows, &reference.models[kind.key()]);
    }
}

#[test]
fn single_customers_of_cdnow_are_the_published_ones() {
    let reference = reference();
    assert_eq!(reference.single.len(), 4);
    for kind in ModelKind::ALL {
        let rounded = Model::from_unit(kind, reference.rounded[kind.key()], WEEK);
        for single in &reference.single {
            let (Numbers::Customer(x, t_x, t), Numbers::One(expected)) =
                (&single["customer"], &single[kind.key()])
            else {
                panic!("a customer and a number for each model");
            };
            // The densities of x moments: by week and by day they differ by 7^x.
            let found = rounded.ln_likelihood(*x, t_x * WEEK, t * WEEK) + f64::from(*x) * WEEK.ln();
            near(found, *expected, 1e-8);
        }
        let published = &reference.models[kind.key()].parameters;
        let model = Model::from_unit(kind, published.as_slice().try_into().unwrap(), WEEK);
        let [x, t_x, t] = reference.forecast["customer"][..] else { panic!("x, t_x, T") };
        let (x, t_x, t) = (x as u32, t_x * WEEK, t * WEEK);
        near(model.expected_purchases(x, t_x, t, 39.0 * WEEK), reference.forecast[kind.key()][0], 2e-6);
        near(model.p_alive(x, t_x, t), reference.forecast[kind.key()][1], 2e-6);
    }
}

#[test]
fn spend_of_cdnow_is_the_published_one() {
    let published = reference().gamma_gamma;
    let row =
        |(x, cents, weight): (u32, f64, f64)| SpendRow { x, mean: cents / 100.0 / f64::from(x), weight };
    let rows: Vec<SpendRow> = rows("cdnow_repeat_spend.csv").into_iter().map(row).collect();
    let found = gamma_gamma::fit(&rows, None).unwrap();
    assert_eq!(found.customers, 946.0);
    near(found.ln_likelihood, published.log_likelihood, 1e-3);
    let parameters = [found.model.p, found.model.q, found.model.v];
    for (found, expected) in parameters.iter().zip(&published.parameters) {
        near(found / expected, 1.0, published.relative_tolerance);
    }
    for (found, expected) in found.standard_errors().unwrap().iter().zip(published.standard_errors.unwrap()) {
        near(found / expected, 1.0, 1e-3);
    }
}

#[test]
fn survival_of_cdnow_is_the_published_one() {
    let published = reference().survival;
    let mut groups: BTreeMap<String, Vec<Count>> = BTreeMap::new();
    for (time, came, group, customers) in rows::<(u32, u64, String, u64)>("cdnow_first_repurchase.csv") {
        let count = Count { time, events: came * customers, censored: (1 - came) * customers };
        groups.entry(group).or_default().push(count);
    }
    let curve = Curve::new(&groups.values().flatten().copied().collect::<Vec<_>>(), Interval::LogLog);
    assert_eq!((curve.people(), curve.events()), (published.customers, published.repurchased));
    for (day, survival, lower, upper) in published.curve {
        let found = curve.at(day).unwrap();
        let bounds = found.bounds.unwrap();
        near(found.survival, survival, 6e-8);
        near(bounds.lower, lower, 6e-8);
        near(bounds.upper, upper, 6e-8);
    }
    for (share, day, lower, upper) in published.reached {
        let found = curve.reached(share);
        assert_eq!((found.time, found.lower, found.upper), (Some(day), Some(lower), Some(upper)));
    }
    assert_eq!(curve.reached(0.5).time, None);
    near(curve.restricted_mean(365).unwrap().mean, published.restricted_mean_365, 5e-4);
    let test = log_rank(&groups.values().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
    near(test.chi_squared, published.log_rank_chi_squared, 5e-6);
    near(test.p / published.log_rank_p, 1.0, 2e-4);
}
