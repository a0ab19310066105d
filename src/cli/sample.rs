//! `siyu sample`: data with known answers.

use clap::Args;

use super::params::{OutputParams, RunParams};
use super::progress::{Bar, Unit};
use crate::error::Result;
use crate::sample::SampleParams;

#[derive(Args, Debug)]
pub struct SampleArgs {
    #[command(flatten)]
    sample: SampleParams,
    #[command(flatten)]
    run: RunParams,
}

pub fn run(args: &SampleArgs) -> Result<u8> {
    super::prepare_process(&args.run)?;
    let printer = super::settings::printer(&args.run, &OutputParams::default());
    let bar =
        Bar::new(!args.run.no_progress.unwrap_or(false) && !args.run.quiet.unwrap_or(false), Unit::Parts);
    let callback = bar.as_ref().map(Bar::callback);
    let threads = args
        .run
        .threads
        .map_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get), usize::from);
    let report: Option<&(dyn Fn(u64, u64) + Sync)> = match &callback {
        Some(callback) => Some(&*callback.0),
        None => None,
    };
    let summary = crate::sample::run(&args.sample, threads, report)?;
    drop(bar);
    for line in summary.lines() {
        printer.line(&line);
    }
    Ok(0)
}
