//! `siyu rfm`: from orders to the report.

use super::ReportArgs;
use super::run_report::{By, Job};
use super::settings;
use crate::error::{Error, Result};
use crate::facts::{AttributeSpec, CustomerKernel, Spec};
use crate::input::masks::names_person;
use crate::input::{Inputs, RowBatch, Wanted};
use crate::output::Note;
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
        let is_id = |name: &str| {
            let is_source = |canonical: &str| {
                inputs.files.iter().any(|file| file.mapping.source(canonical) == Some(name))
            };
            let ids = ["customer_id", "order_id"];
            names_person(name) || ids.iter().any(|canonical| name == *canonical || is_source(canonical))
        };
        if job.plan.mask.is_some() && is_id(&by.attribute) {
            let why = format!("its values are ids or names, which --mask hides ({})", by.attribute);
            return Err(Error::DoesNotApply { option: "--by".into(), why });
        }
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
        channels: None,
        attributes: Vec::new(),
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

/// Where a file that was not recognised has statuses of several kinds and `--where` does not choose among them: rows count whatever they say.
fn status_is_not_used(inputs: &Inputs) -> Option<Note> {
    if inputs.filters_on("status") {
        return None;
    }
    let mut values: Vec<String> = Vec::new();
    let mut source = None;
    for file in inputs.files.iter().filter(|file| file.meaning.is_none()) {
        let Some(name) = file.mapping.source("status") else { continue };
        let Ok(column) = file.raw.head.column(name) else { continue };
        for row in 0..column.len() {
            let value = RowBatch::cell_text(column, row);
            if !value.is_empty() && !values.contains(&value) {
                values.push(value);
            }
        }
        source = Some(name);
    }
    values.sort();
    let several = values.len() > 1;
    source.filter(|_| several).map(|name| {
        values.truncate(6);
        Note::new("status_not_used").with("column", name).with("values", values.join(", "))
    })
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
