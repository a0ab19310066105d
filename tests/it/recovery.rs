//! What `siyu sample` plants, `siyu ltv` finds again: BG/NBD and Gamma-Gamma, for the seeds 1 to 20, none left out.
//!
//! What is asserted, and why:
//! - Each of the seven parameters is within 3 standard errors (those of the table `model`) of the planted one, in all 20 seeds.
//!   That is the promise to users, and it is a fact of these 140 estimates, not a law: of 140 normal ones 0.4 are expected
//!   beyond 3, and b, whose distribution is skew, makes it more. (2,000 customers is what was tried first. Another number of
//!   customers is another draw: with 1,500 one of the 140 is beyond, with 3,000 three.)
//! - The planted parameters together are no less likely than 3 standard errors are: twice the difference of log-likelihoods
//!   is below the chi-squared quantile at 0.9973 (4 parameters: 16.25, 3 parameters: 14.16). This has no regard for how a
//!   parameter is written down (b or ln b), and sees what the standard errors leave out, that estimates vary together.
//! - The mean of the 20 deviations is within 3 / sqrt(20) standard errors of 0: a bias common to all seeds would show.
//!
//! That the standard errors are right was seen apart from this test: of 100 other seeds (21 to 120) with 3,000 customers the
//! deviations of the logarithms have a root mean square of 0.96 to 1.01 standard errors, each of the seven; 1 of the 700 is
//! beyond 3 (expected: 1.9).
//!
//! What is planted is not what is read to the last bit, and that is much smaller than the errors here: days are whole, and 2
//! of 100 purchases were paid with more than their net value, of which a later row of its own takes back the rest. So spend
//! per occasion is 0.9 % higher than planted, and varies a little more (p is 0.3 standard errors lower).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use siyu::stats::btyd::gamma_gamma::GammaGamma;
use siyu::stats::btyd::{Model, ModelKind};

use crate::support::{folder, siyu_in};

/// src/sample/planted.rs: r, alpha (days), a, b; p, q, v.
const PLANTED: [(&str, f64); 7] =
    [("r", 0.9), ("alpha", 25.0), ("a", 0.6), ("b", 7.4), ("p", 6.25), ("q", 3.74), ("v", 44.0)];
const SEEDS: u32 = 20;
const CUSTOMERS: &str = "2000";
/// The last day of what `siyu sample` makes: 2025-12-31.
const END: &str = "2025-12-31";
/// Quantiles of chi-squared at 0.9973, the share of a normal distribution within 3 standard errors.
const CHI_SQUARED_4: f64 = 16.25;
const CHI_SQUARED_3: f64 = 14.16;

#[test]
fn planted_parameters_are_found_again_in_20_of_20_seeds() {
    let mut table =
        String::from("seed: z of r, alpha, a, b, p, q, v; likelihood ratio of BG/NBD, of Gamma-Gamma\n");
    let mut sums = [0.0; 7];
    let mut beyond = Vec::new();
    for seed in 1..=SEEDS {
        let found = Found::new(seed);
        let _ = write!(table, "{seed:4}:");
        for (at, (name, planted)) in PLANTED.into_iter().enumerate() {
            let z = (found.values[at] - planted) / found.errors[at];
            sums[at] += z;
            let _ = write!(table, " {z:+5.2}");
            if z.is_nan() || z.abs() > 3.0 {
                beyond.push(format!("seed {seed}: {name} by {z:.2} standard errors"));
            }
        }
        let ratios = found.likelihood_ratios();
        let _ = writeln!(table, " | {:5.2} {:5.2}", ratios[0], ratios[1]);
        for (ratio, limit) in ratios.into_iter().zip([CHI_SQUARED_4, CHI_SQUARED_3]) {
            // Nothing is likelier than the maximum.
            if !(-1e-6..=limit).contains(&ratio) {
                beyond.push(format!("seed {seed}: likelihood ratio {ratio:.2}, beyond {limit}"));
            }
        }
    }
    let means = sums.map(|sum| sum / f64::from(SEEDS));
    let _ = writeln!(table, "mean: {means:+.2?}");
    eprintln!("{table}");
    let limit = 3.0 / f64::from(SEEDS).sqrt();
    beyond.extend(means.iter().filter(|mean| mean.abs() > limit).map(|mean| format!("mean {mean:.2}")));
    assert!(beyond.is_empty(), "{beyond:#?}\n{table}");
}

/// x, t_x and T of a customer.
type Purchases = (u32, f64, f64);
/// Repeat purchases of a customer, and their mean net value.
type Spend = (u32, f64);

/// What `siyu ltv` says of one seed, and what its customers did, counted here from the rows.
struct Found {
    values: [f64; 7],
    errors: [f64; 7],
    ln_likelihoods: [f64; 2],
    histories: Vec<Purchases>,
    spends: Vec<Spend>,
}

impl Found {
    fn new(seed: u32) -> Self {
        let folder = folder();
        let seed = seed.to_string();
        let sample = ["sample", ".", "--customers", CUSTOMERS, "--seed", &seed, "--lift", "0", "--clean"];
        let only_orders = ["--frames", "orders", "--formats", "csv", "-q"];
        siyu_in(folder.path(), &[&sample[..], &only_orders].concat()).ok();
        let ltv = ["ltv", "orders.csv", "--model", "bg-nbd", "--time-unit", "day", "--as-of", END];
        let run =
            siyu_in(folder.path(), &[&ltv[..], &["--table", "model", "-f", "json", "-q"]].concat()).ok();
        let json = run.json();
        let rows = json["tables"]["model"].as_array().expect("rows");
        assert_eq!(rows.len(), 7, "{}", run.stdout);
        let number = |at: usize, column: &str| rows[at][column].as_f64().expect("a number");
        for (row, (name, _)) in rows.iter().zip(PLANTED) {
            assert_eq!(row["parameter"], name);
        }
        let (histories, spends) = count(folder.path());
        assert_eq!(histories.len() as f64, number(0, "customers"));
        assert_eq!(spends.len() as f64, number(4, "customers"));
        Self {
            values: std::array::from_fn(|at| number(at, "value")),
            errors: std::array::from_fn(|at| number(at, "se")),
            ln_likelihoods: [number(0, "log_likelihood"), number(4, "log_likelihood")],
            histories,
            spends,
        }
    }

    /// Twice the log-likelihood at the fit less that at what was planted.
    fn likelihood_ratios(&self) -> [f64; 2] {
        let [r, alpha, a, b, p, q, v] = PLANTED.map(|(_, value)| value);
        let model = Model::new(ModelKind::BgNbd, [r, alpha, a, b]);
        let purchases: f64 = self.histories.iter().map(|(x, t_x, t)| model.ln_likelihood(*x, *t_x, *t)).sum();
        let model = GammaGamma { p, q, v };
        let spend: f64 = self.spends.iter().map(|(x, mean)| model.ln_likelihood(*x, *mean)).sum();
        [2.0 * (self.ln_likelihoods[0] - purchases), 2.0 * (self.ln_likelihoods[1] - spend)]
    }
}

/// Histories and spend from the rows of the file: orders of a positive net value, by day.
fn count(folder: &Path) -> (Vec<Purchases>, Vec<Spend>) {
    let text = std::fs::read_to_string(folder.join("orders.csv")).expect("orders");
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let places = ["customer_id", "order_id", "ordered_at", "amount", "refund_amount"]
        .map(|name| header.iter().position(|column| *column == name).expect("a column"));
    let day = |text: &str| {
        let date: chrono::NaiveDate = text[..10].parse().expect("a date");
        chrono::Datelike::num_days_from_ce(&date)
    };
    let cents = |text: &str| (text.parse::<f64>().map_or(0.0, |value| (value * 100.0).round())) as i64;
    let mut orders: BTreeMap<(&str, &str), (i32, i64)> = BTreeMap::new();
    for line in lines {
        let fields: Vec<&str> = line.split(',').collect();
        let [customer, order, at, amount, refund] = places.map(|place| fields[place]);
        orders.entry((customer, order)).or_insert((day(at), 0)).1 += cents(amount) - cents(refund);
    }
    let mut customers: BTreeMap<&str, BTreeMap<i32, i64>> = BTreeMap::new();
    for ((customer, _), (day, net)) in orders.into_iter().filter(|(_, (_, net))| *net > 0) {
        *customers.entry(customer).or_default().entry(day).or_default() += net;
    }
    let end = day(END);
    let mut histories = Vec::new();
    let mut spends = Vec::new();
    for occasions in customers.values() {
        let (first, last) =
            (occasions.keys().next().expect("a day"), occasions.keys().last().expect("a day"));
        let x = occasions.len() as u32 - 1;
        histories.push((x, f64::from(last - first), f64::from(end - first)));
        if x > 0 {
            let net: i64 = occasions.values().skip(1).sum();
            spends.push((x, net as f64 / (100.0 * f64::from(x))));
        }
    }
    (histories, spends)
}
