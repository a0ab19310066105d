//! The kernel fed with batches of polars text.

use polars::prelude::{PolarsDataType, StringType};

use super::batch::{Rows, Texts};
use super::intern::key;
use super::kernel::CustomerKernel;
use crate::error::Result;
use crate::input::{OrderBatch, OrderSink, TextColumn};

/// What one chunk of a polars text column is made of: short texts in place, long ones behind a pointer.
type Utf8Array = <StringType as PolarsDataType>::Array;

impl Texts for &Utf8Array {
    fn len(&self) -> usize {
        (**self).len()
    }

    #[inline]
    fn get(&self, row: usize) -> Option<&str> {
        (**self).get(row)
    }

    #[inline]
    fn value(&self, row: usize) -> &str {
        (**self).value(row)
    }

    #[inline]
    fn key(&self, row: usize) -> u128 {
        let view = &self.views()[row];
        // A short text stands in its view behind four bytes of length, with zeros behind it.
        if view.is_inline() {
            view.as_u128() >> 32 | u128::from(view.length) << 120
        } else {
            key(self.value(row))
        }
    }
}

impl OrderSink for CustomerKernel {
    fn push(&self, batch: OrderBatch) -> Result<()> {
        CustomerKernel::push(self, &batch)
    }
}

impl CustomerKernel {
    /// Takes the rows of a batch; from any number of threads at once. After an error `finish` is one, too.
    pub fn push(&self, batch: &OrderBatch) -> Result<()> {
        if batch.at_us.is_empty() {
            return Ok(());
        }
        let customers = batch.customer_id.0.rechunk();
        let orders = batch.order_id.as_ref().map(|ids| ids.0.rechunk());
        let attributes: Vec<_> = batch.attributes.iter().map(|TextColumn(values)| values.rechunk()).collect();
        self.push_rows(&Rows {
            customers: customers.downcast_as_array(),
            orders: orders.as_ref().map(|ids| ids.downcast_as_array()),
            at_us: &batch.at_us,
            net_e4: &batch.net_e4,
            refund_e4: &batch.refund_e4,
            units_e4: batch.units_e4.as_deref(),
            attributes: attributes.iter().map(|values| values.downcast_as_array()).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::*;

    use super::*;
    use crate::facts::{AttributeSpec, Pick, Spec};

    fn texts<const N: usize>(values: [Option<&str>; N]) -> StringChunked {
        StringChunked::from_slice_options("texts".into(), &values)
    }

    #[test]
    fn columns_in_several_chunks_with_nulls_are_read() {
        let long = "a-customer-with-an-id-of-some-length";
        let mut customers = texts([Some("b"), Some(long)]);
        customers.append(&texts([Some("b"), Some("")])).expect("one type");
        let batch = OrderBatch {
            customer_id: TextColumn(customers),
            order_id: Some(TextColumn(texts([Some("1"), None, Some("1"), Some("")]))),
            at_us: vec![1, 2, 3, 4],
            net_e4: vec![10, 20, 30, 40],
            refund_e4: vec![0; 4],
            units_e4: None,
            attributes: vec![TextColumn(texts([None, None, Some("web"), Some("app")]))],
        };
        let kernel = CustomerKernel::new(Spec {
            cutoffs: vec![i64::MAX],
            order_ids: true,
            attributes: vec![AttributeSpec { index: 0, pick: Pick::First }],
            ..Spec::default()
        });
        kernel.push(&batch).expect("taken");
        let mut facts = kernel.finish(2).expect("facts");
        facts[0].sort_by_id();
        assert!(facts[0].customer_id.iter().eq(["", long, "b"]));
        assert!(facts[0].attributes[0].iter().eq([Some("app"), None, Some("web")]));
        assert_eq!((&facts[0].orders[..], &facts[0].net_e4[..]), (&[1, 1, 1][..], &[40, 20, 40][..]));
    }
}
