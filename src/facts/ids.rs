//! Columns of text that cost little more than their bytes.

use std::collections::BTreeSet;
use std::sync::Arc;

/// Ids of this many places share one base, so that an id costs four bytes beside its text.
const BLOCK: usize = 4096;

/// A column of ids in one piece of memory: the bytes of each and four more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdColumn {
    text: String,
    /// Where each block of ids begins in `text`.
    bases: Vec<u64>,
    /// Where each id ends, counted from the base of its block.
    ends: Vec<u32>,
}

impl IdColumn {
    pub fn new() -> Self {
        Self::default()
    }

    /// Room for `ids` ids of `bytes` bytes in all.
    pub fn with_capacity(ids: usize, bytes: usize) -> Self {
        Self {
            text: String::with_capacity(bytes),
            bases: Vec::with_capacity(ids.div_ceil(BLOCK)),
            ends: Vec::with_capacity(ids),
        }
    }

    /// ## Panics
    /// When 4,096 ids in a row take more than 4 GiB: a mebibyte each is no id.
    pub fn push(&mut self, id: &str) {
        if self.ends.len().is_multiple_of(BLOCK) {
            self.bases.push(self.text.len() as u64);
        }
        self.text.push_str(id);
        let base = self.bases[self.ends.len() / BLOCK];
        let end = u32::try_from(self.text.len() as u64 - base).expect("ids shorter than 1 MiB");
        self.ends.push(end);
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes of all ids together.
    pub fn text_len(&self) -> usize {
        self.text.len()
    }

    /// ## Panics
    /// When there is no such place.
    #[inline]
    pub fn get(&self, index: usize) -> &str {
        let base = self.bases[index / BLOCK] as usize;
        let start = if index.is_multiple_of(BLOCK) { base } else { base + self.ends[index - 1] as usize };
        &self.text[start..base + self.ends[index] as usize]
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|index| self.get(index))
    }

    pub(super) fn append(&mut self, other: &Self) {
        for id in other.iter() {
            self.push(id);
        }
    }

    /// The places in byte order of their ids; equal ids by place.
    pub fn sorted_order(&self) -> Vec<u32> {
        let common = self.common_prefix();
        // Eight bytes behind the common beginning settle most comparisons without a look at the text.
        let mut keys: Vec<(u64, u32)> = self
            .iter()
            .zip(0..)
            .map(|(id, place)| (leading_bytes(&id.as_bytes()[common..]), place))
            .collect();
        keys.sort_unstable_by(|a, b| {
            a.0.cmp(&b.0).then_with(|| self.get(a.1 as usize).cmp(self.get(b.1 as usize))).then(a.1.cmp(&b.1))
        });
        keys.into_iter().map(|(_, place)| place).collect()
    }

    pub(super) fn reordered(&self, order: &[u32]) -> Self {
        let mut ids = Self::with_capacity(order.len(), self.text.len());
        for &place in order {
            ids.push(self.get(place as usize));
        }
        ids
    }

    /// Length of the bytes with which all ids begin.
    fn common_prefix(&self) -> usize {
        let mut ids = self.iter().map(str::as_bytes);
        let Some(first) = ids.next() else { return 0 };
        let mut common = first;
        for id in ids {
            if !id.starts_with(common) {
                let equal = common.iter().zip(id).take_while(|(a, b)| a == b).count();
                common = &common[..equal];
            }
        }
        common.len()
    }
}

/// The first eight bytes as a number of the same order; shorter texts are filled up with zeros.
fn leading_bytes(bytes: &[u8]) -> u64 {
    let mut key = [0; 8];
    let len = bytes.len().min(8);
    key[..len].copy_from_slice(&bytes[..len]);
    u64::from_be_bytes(key)
}

impl<S: AsRef<str>> FromIterator<S> for IdColumn {
    fn from_iter<I: IntoIterator<Item = S>>(ids: I) -> Self {
        let mut column = Self::new();
        for id in ids {
            column.push(id.as_ref());
        }
        column
    }
}

/// One value of an order attribute per customer: a code into the sorted distinct values.
#[derive(Debug, Clone, Default)]
pub struct AttributeColumn {
    codes: Vec<u32>,
    values: Arc<IdColumn>,
}

impl AttributeColumn {
    /// The code of "no value"; larger than every code, so that it sorts last.
    pub const NO_VALUE: u32 = u32::MAX;

    /// `values` are sorted and distinct; `codes` point into them or are `NO_VALUE`.
    pub(super) fn new(codes: Vec<u32>, values: Arc<IdColumn>) -> Self {
        Self { codes, values }
    }

    /// Of values by hand, one per customer; for tests, and for those who embed the library.
    pub fn of<'a>(values: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        let given: Vec<Option<&str>> = values.into_iter().collect();
        let distinct: Vec<&str> =
            given.iter().copied().flatten().collect::<BTreeSet<_>>().into_iter().collect();
        let place = |value: &str| distinct.partition_point(|known| *known < value) as u32;
        let codes = given.iter().map(|value| value.map_or(Self::NO_VALUE, place)).collect();
        let mut column = IdColumn::new();
        distinct.iter().for_each(|value| column.push(value));
        Self::new(codes, Arc::new(column))
    }

    pub fn len(&self) -> usize {
        self.codes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// ## Panics
    /// When there is no such place.
    pub fn get(&self, index: usize) -> Option<&str> {
        let code = self.codes[index];
        (code != Self::NO_VALUE).then(|| self.values.get(code as usize))
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<&str>> {
        (0..self.len()).map(|index| self.get(index))
    }

    /// The code of each place: index into `values`, or `NO_VALUE`. Codes sort as their values do.
    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// The distinct values in byte order; some may belong to no customer.
    pub fn values(&self) -> &IdColumn {
        &self.values
    }

    pub(super) fn push_code(&mut self, code: u32) {
        self.codes.push(code);
    }

    pub(super) fn reserve(&mut self, additional: usize) {
        self.codes.reserve_exact(additional);
    }

    pub(super) fn append(&mut self, other: &Self) {
        self.codes.extend_from_slice(&other.codes);
    }

    pub(super) fn reordered(&self, order: &[u32]) -> Self {
        let codes = order.iter().map(|&place| self.codes[place as usize]).collect();
        Self { codes, values: Arc::clone(&self.values) }
    }
}

/// Equal when the values are, whatever their codes.
impl PartialEq for AttributeColumn {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<S: AsRef<str>> FromIterator<Option<S>> for AttributeColumn {
    fn from_iter<I: IntoIterator<Item = Option<S>>>(values: I) -> Self {
        let given: Vec<Option<S>> = values.into_iter().collect();
        let mut distinct: Vec<&str> = given.iter().flatten().map(AsRef::as_ref).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let code = |value: &S| distinct.partition_point(|known| *known < value.as_ref()) as u32;
        let codes = given.iter().map(|value| value.as_ref().map_or(Self::NO_VALUE, code)).collect();
        Self { codes, values: Arc::new(distinct.iter().collect()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ids_come_back_and_sort_by_bytes(ids in prop::collection::vec("(order-)?[a-c]{0,10}|[é客户]{0,3}", 0..50)) {
            let column: IdColumn = ids.iter().collect();
            prop_assert!(column.iter().eq(ids.iter().map(String::as_str)));
            let mut expected = ids.clone();
            expected.sort();
            let sorted = column.reordered(&column.sorted_order());
            prop_assert!(sorted.iter().eq(expected.iter().map(String::as_str)));
        }

        #[test]
        fn attributes_come_back(values in prop::collection::vec(prop::option::of("[a-c]{0,2}"), 0..30)) {
            let column: AttributeColumn = values.iter().cloned().collect();
            prop_assert!(column.iter().eq(values.iter().map(Option::as_deref)));
        }
    }

    #[test]
    fn blocks_join_without_a_seam() {
        let ids: Vec<String> = (0..3 * BLOCK + 7).map(|i| "x".repeat(i % 5)).collect();
        let column: IdColumn = ids.iter().collect();
        assert!(column.iter().eq(ids.iter().map(String::as_str)));
    }

    #[test]
    fn zero_bytes_sort_behind_the_end() {
        let column: IdColumn = ["a\0", "a", "a\0\0"].iter().collect();
        assert_eq!(column.sorted_order(), [1, 0, 2]);
    }
}
