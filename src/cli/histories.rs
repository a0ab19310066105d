//! What `cohort`, `repurchase` and `ltv` have in common: orders read as histories, day by day.

use super::run_report::{By, Job};
use crate::error::Result;
use crate::facts::{AttributeSpec, CustomerKernel, Histories, Spec};
use crate::input::{Inputs, ReadSummary, Wanted};

/// What such a report asks of the orders.
#[derive(Debug, Clone, Copy, Default)]
pub struct HistoriesWanted<'a> {
    /// `--by`: its values are in `Histories::attributes[0]`.
    pub by: Option<&'a str>,
    /// Orders of value 0 are purchases.
    pub zero_orders: bool,
    /// The column whose values are `Histories::items`.
    pub items: Option<&'a str>,
}

/// Orders as histories, with what is to be told of reading them.
pub struct OrderHistories {
    pub inputs: Inputs,
    pub read: ReadSummary,
    pub histories: Histories,
    /// End of the observed time, microseconds of local time.
    pub as_of_us: i64,
    /// `--by` as resolved, e.g. `first_channel`.
    pub by_name: Option<String>,
}

impl OrderHistories {
    pub fn read(job: &Job, inputs: Inputs, wanted: HistoriesWanted<'_>) -> Result<Self> {
        let by = wanted.by.map(|by| By::find(by, &inputs)).transpose()?;
        if let Some(by) = &by {
            by.refuse_ids_under_mask(job, &inputs)?;
        }
        let mut columns = Wanted { customers: true, ..Wanted::default() };
        let mut spec = Spec {
            // Without --as-of the last moment in the data is not known yet, and nothing is after it.
            cutoffs: vec![i64::MAX],
            order_ids: inputs.has("order_id"),
            zero_orders: wanted.zero_orders,
            histories: true,
            ..Spec::default()
        };
        if let Some(by) = &by {
            spec.attributes.push(AttributeSpec { index: columns.attributes.len(), pick: by.pick });
            columns.attributes.push(by.attribute.clone());
        }
        if let Some(items) = wanted.items {
            spec.items = Some(columns.attributes.len());
            columns.attributes.push(items.to_owned());
        }
        let (kernel, read) = inputs.read_orders(&columns, || CustomerKernel::new(spec.clone()))?;
        let histories = kernel.finish_histories(job.options.threads)?;
        let as_of_us = inputs.as_of_us(&read);
        Ok(Self { inputs, read, histories, as_of_us, by_name: by.map(|by| by.name) })
    }
}
