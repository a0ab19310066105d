//! `siyu check`: from all rows, those that are left out included, to findings.

use super::ReportArgs;
use super::inspect::without_the_one_file;
use super::run_report::Job;
use crate::error::{Error, Result};
use crate::facts::quality::{QualitySink, QualitySpec};
use crate::input::columns::{ValueKind, normalise, vocabulary};
use crate::input::{Inputs, Wanted};
use crate::output::Format;
use crate::reports::check::{self, CheckParams};

/// 1: there are errors or warnings among the findings.
pub fn run(args: &ReportArgs<CheckParams>) -> Result<u8> {
    refuse_by(args)?;
    let resolved = args.resolve(|file| file.check.as_ref())?;
    let info = crate::reports::info("check");
    let job = Job::prepare(&resolved, info)?;
    let settings = resolved.params.resolve(job.options.max_bad, job.options.strict)?;

    let inputs = job.open_orders()?;
    let (wanted, spec) = what_to_read(&inputs, settings.outlier_z);
    let (sink, read) = inputs.read_rows(&wanted, || QualitySink::new(spec.clone()))?;
    let quality = sink.finish(&read);
    let as_of_us = job.options.as_of_us.or(read.last_at_us);
    let mut checked = check::run(&settings, &quality, as_of_us, job.plan.mask.as_ref());
    if job.plan.format == Format::Table {
        without_the_one_file(&mut checked.report, "examples");
    }
    job.finish(checked.report, &inputs, read, info)?;
    Ok(u8::from(!checked.is_sound))
}

fn refuse_by(args: &ReportArgs<CheckParams>) -> Result<()> {
    match args.input.by {
        Some(_) => Err(Error::DoesNotApply {
            option: "--by".into(),
            why: "check looks at the data as a whole; --where narrows it".into(),
        }),
        None => Ok(()),
    }
}

/// Everything that tells rows apart, and the column of currencies if there is one.
fn what_to_read(inputs: &Inputs, outlier_z: f64) -> (Wanted, QualitySpec) {
    let is_open = |name: &str| {
        inputs.files.iter().any(|file| file.mapping.ambiguous.iter().any(|(canonical, _)| *canonical == name))
    };
    let is_there = |name: &str| inputs.has(name) && !is_open(name);
    let mut wanted =
        Wanted { customers: inputs.know_customers(), units: is_there("quantity"), ..Wanted::default() };
    for column in vocabulary(inputs.frame) {
        let is_read_anyway = matches!(column.name, "customer_id" | "order_id");
        if column.kind == ValueKind::Text && !is_read_anyway && is_there(column.name) {
            wanted.attributes.push(column.name.to_owned());
        }
    }
    let has_product = is_there("product_id") || is_there("product_name");
    let currency =
        inputs.files.iter().flat_map(|file| &file.mapping.unused).find(|name| names_currency(name));
    let currency = currency.map(|name| {
        wanted.attributes.push(name.clone());
        (wanted.attributes.len() - 1, name.clone())
    });
    (wanted, QualitySpec { outlier_z, currency, has_product })
}

/// Whether a column is called like one that names the currency of each row.
fn names_currency(column: &str) -> bool {
    const NAMES: [&str; 12] = [
        "currency",
        "currencycode",
        "currencyiso",
        "ordercurrency",
        "paymentcurrency",
        "transactioncurrency",
        "币种",
        "货币",
        "货币类型",
        "货币代码",
        "结算币种",
        "支付币种",
    ];
    NAMES.contains(&normalise(column).as_str())
}
