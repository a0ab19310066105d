//! Fits a model to (x, t_x, T) in days from a CSV with the columns x, t_x, t, and prints the parameters in weeks with the
//! seconds that the fit took on one thread. benches/ltv_vs_lifetimes.py measures with it.
//!
//! ```sh
//! cargo run --release --example fit_model -- bg-nbd customers.csv
//! ```

#![allow(clippy::print_stdout)] // an example prints

use std::time::Instant;

use siyu::stats::btyd::{ModelKind, Row, bootstrap, fit};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, path, more @ ..] = arguments.as_slice() else {
        anyhow::bail!("usage: fit_model bg-nbd|mbg-nbd|pareto-nbd FILE [BOOTSTRAPS]");
    };
    let kind = ModelKind::ALL.into_iter().find(|kind| kind.key() == name.as_str());
    let kind = kind.ok_or_else(|| anyhow::anyhow!("no model is called {name}"))?;
    let mut rows = Vec::new();
    for record in csv::Reader::from_path(path)?.deserialize() {
        let (x, t_x, t): (u32, f64, f64) = record?;
        rows.push(Row { x, t_x, t, weight: 1.0 });
    }
    let start = Instant::now();
    let found = fit(kind, &rows, None, 1).map_err(|why| anyhow::anyhow!("no fit: {why:?}"))?;
    let seconds = start.elapsed().as_secs_f64();
    let parameters = found.model.in_unit(7.0);
    let errors = found.standard_errors();
    println!("parameters (weeks) {parameters:?}");
    println!("standard errors (days) {errors:?}");
    println!("log_likelihood {}", found.ln_likelihood);
    println!("evaluations {} doubts {:?}", found.evaluations, found.doubts);
    println!("seconds {seconds}");
    if let [count] = more {
        let count: u32 = count.parse()?;
        let start = Instant::now();
        let mut sum = 0.0;
        for number in 0..count {
            let drawn = bootstrap::resample(&rows, 42, number);
            let again = fit(kind, &drawn, Some(found.model.parameters), 1);
            sum += again.map_or(0.0, |fit| fit.model.parameters[0]);
        }
        println!("mean of r {} bootstrap_seconds {}", sum / f64::from(count), start.elapsed().as_secs_f64());
    }
    Ok(())
}
