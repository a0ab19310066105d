//! `siyu rfm`: from orders to the report.

use super::ReportArgs;
use super::run_report::{By, Job, status_is_not_used};
use super::settings;
use crate::error::{Error, Result};
use crate::facts::{AttributeSpec, CustomerKernel, Spec};
use crate::input::Wanted;
use crate::reports::rfm::{self, RfmInput, RfmParams};

pub fn run(args: &ReportArgs<RfmParams>) -> Result<u8> {
    let resolved = args.resolve(|file| file.rfm.as_ref())?;
    let info = crate::reports::info("rfm");
    let compare_to = settings::moment("--compare-to", resolved.params.compare_to.as_deref(), true)?;
    let params = resolved.params.resolve(resolved.input.by.is_some(), compare_to, read_map)?;
    let job = Job::prepare(&resolved, info)?;
    rfm::check_tables(&params, &job.plan.choice)?;

    let inputs = job.open_orders()?;
    let by = resolved.input.by.as_deref().map(|by| By::find(by, &inputs)).transpose()?;
    if let Some(by) = &by {
        by.refuse_ids_under_mask(&job, &inputs)?;
    }
    let needs = params.facts_needed(&job.plan.choice);
    let mut wanted =
        Wanted { customers: true, units: needs.units && inputs.has("quantity"), ..Wanted::default() };
    let mut spec = Spec {
        // Without --as-of the last moment in the data is not known yet, and nothing is after it.
        cutoffs: params.cutoffs(i64::MAX),
        order_ids: inputs.has("order_id"),
        purchase_days: needs.purchase_days,
        units: wanted.units,
        ..Spec::default()
    };
    if let Some(by) = &by {
        spec.attributes.push(AttributeSpec { index: wanted.attributes.len(), pick: by.pick });
        wanted.attributes.push(by.attribute.clone());
    }
    if needs.channels && inputs.has("channel") {
        spec.channels = Some(wanted.attributes.len());
        wanted.attributes.push("channel".to_owned());
    }

    let (kernel, read) = inputs.read_orders(&wanted, || CustomerKernel::new(spec.clone()))?;
    let as_of_us = inputs.as_of_us(&read);
    let mut facts = kernel.finish(job.options.threads)?;
    let now = facts.pop().unwrap_or_default();
    let before = compare_to.zip(facts.pop());
    let input = RfmInput { as_of_us, facts: now, before, by_name: by.as_ref().map(|by| by.name.clone()) };
    let mut report = rfm::run(&params, input, &job.plan.choice)?;
    report.notes.extend(status_is_not_used(&inputs));
    job.finish(report, &inputs, read, info)?;
    Ok(0)
}

/// The text of a segment map of the user's.
fn read_map(path: &str) -> Result<String> {
    std::fs::read_to_string(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => Error::NotFound {
            path: path.to_owned(),
            hint: Some(format!("built-in maps: {}", rfm::built_in_maps().join(", "))),
        },
        _ => Error::Io { action: "read", path: path.to_owned(), source },
    })
}
