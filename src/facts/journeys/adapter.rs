//! The kernel fed with columns of polars.

use polars::prelude::*;

use super::kernel::{EventRows, JourneyKernel, Marks};
use super::shard::fault;
use crate::error::Result;

/// Rows of events; columns of one length.
#[derive(Debug)]
pub struct EventColumns<'a> {
    /// Null: counted, and in no journey.
    pub units: &'a StringChunked,
    pub kinds: &'a StringChunked,
    /// Microseconds of local time, without nulls.
    pub at_us: &'a Int64Chunked,
    /// What `KindSelector::condition` points into.
    pub conditions: &'a [BooleanChunked],
    /// As many as the spec has.
    pub attributes: Vec<&'a StringChunked>,
    /// In 1/10,000 of the unit, where the spec asks for them.
    pub values_e4: Option<&'a Int128Chunked>,
}

impl JourneyKernel {
    /// Takes a batch, from any number of threads at once; the kernel's selectors mark its rows. After an error `finish` is
    /// one, too.
    pub fn push_columns(&self, columns: &EventColumns<'_>) -> Result<()> {
        let units = columns.units.rechunk();
        let kinds = columns.kinds.rechunk();
        let moments = columns.at_us.rechunk();
        let at_us = moments.cont_slice().map_err(|_| fault("an event without a moment"))?;
        if kinds.has_nulls() {
            return Err(fault("an event of no kind"));
        }
        if at_us.is_empty() {
            return Ok(());
        }
        let attributes: Vec<_> = columns.attributes.iter().map(|values| values.rechunk()).collect();
        let conditions: Vec<_> = columns.conditions.iter().map(BooleanChunked::rechunk).collect();
        let holds = |condition: usize, row: usize| conditions[condition].get(row) == Some(true);
        let values = columns.values_e4.map(Int128Chunked::rechunk);
        // What does not fit is no money.
        let money = |row: usize| {
            let value = values.as_ref().and_then(|values| values.get(row));
            value.and_then(|value| i64::try_from(value).ok())
        };
        self.push_rows(&EventRows {
            units: units.downcast_as_array(),
            units_have_nulls: units.has_nulls(),
            kinds: kinds.downcast_as_array(),
            at_us,
            marks: Marks::OfKind(&holds),
            attributes: attributes.iter().map(|values| values.downcast_as_array()).collect(),
            money: values.is_some().then_some(&money as &dyn Fn(usize) -> Option<i64>),
        })
    }
}
