//! Fits a model to (x, t_x, T) in days from a CSV with the columns x, t_x, t, and prints the parameters in weeks with the
//! seconds of CPU that the fit took on one thread. benches/ltv_vs_lifetimes.py measures with it.
//!
//! ```sh
//! cargo run --release --example fit_model -- bg-nbd customers.csv
//! ```

#![allow(clippy::print_stdout)] // an example prints

use std::time::Instant;

use siyu::stats::btyd::{Model, ModelKind, Row, bootstrap, compressed, fit};

/// Seconds for which this thread has run on a CPU; where the system does not tell (it is Linux that does), of wall time.
fn cpu_seconds(begin: Instant) -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| begin.elapsed().as_secs_f64(), |run| run / 1e9)
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, path, more @ ..] = arguments.as_slice() else {
        anyhow::bail!("usage: fit_model bg-nbd|mbg-nbd|pareto-nbd FILE [BOOTSTRAPS | --at PARAMETERS]");
    };
    let kind = ModelKind::ALL.into_iter().find(|kind| kind.key() == name.as_str());
    let kind = kind.ok_or_else(|| anyhow::anyhow!("no model is called {name}"))?;
    let mut rows = Vec::new();
    for record in csv::Reader::from_path(path)?.deserialize() {
        let (x, t_x, t): (u32, f64, f64) = record?;
        rows.push(Row { x, t_x, t, weight: 1.0 });
    }
    if let [option, at] = more
        && option == "--at"
    {
        let at: Vec<f64> = at.split(',').map(str::parse).collect::<Result<_, _>>()?;
        let at: [f64; 4] = at.try_into().map_err(|_| anyhow::anyhow!("four parameters, in weeks"))?;
        let model = Model::from_unit(kind, at, 7.0);
        let sum: f64 = rows.iter().map(|row| model.ln_likelihood(row.x, row.t_x, row.t)).sum();
        let repeats: f64 = rows.iter().map(|row| f64::from(row.x)).sum();
        println!("log_likelihood {}", sum + repeats * 7f64.ln());
        return Ok(());
    }
    let begin = Instant::now();
    let start = cpu_seconds(begin);
    let found = fit(kind, &rows, None, 1).map_err(|why| anyhow::anyhow!("no fit: {why:?}"))?;
    let seconds = cpu_seconds(begin) - start;
    let parameters = found.model.in_unit(7.0);
    let errors = found.standard_errors();
    println!("parameters (weeks) {parameters:?}");
    println!("standard errors (days) {errors:?}");
    println!("log_likelihood {}", found.ln_likelihood_in_unit(7.0));
    println!("evaluations {} doubts {:?}", found.evaluations, found.doubts);
    println!("seconds {seconds}");
    if let [count] = more {
        let count: u32 = count.parse()?;
        let start = cpu_seconds(begin);
        let mut sum = 0.0;
        let rows = compressed(&rows);
        for number in 0..count {
            let drawn = bootstrap::resample(&rows, 42, number);
            let again = fit(kind, &drawn, Some(found.model.parameters), 1);
            sum += again.map_or(0.0, |fit| fit.model.parameters[0]);
        }
        println!("mean of r {} bootstrap_seconds {}", sum / f64::from(count), cpu_seconds(begin) - start);
    }
    Ok(())
}
