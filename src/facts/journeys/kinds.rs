//! Kinds of events and signatures: numbered as they come by all threads together, renumbered in sorted order at the end.

use std::collections::HashMap;

use super::super::hash::hash64;
use super::super::intern::Interner;
use super::{KindOfEvent, Signature};

/// A thread's own table of kinds is made anew beyond this.
const LOCAL_KINDS: usize = 1 << 13;
const LOCAL_BYTES: usize = 4 << 20;

/// Kinds looked up last, by the last bits of their keys' hash.
const RECENT: usize = 256;

/// Which rows meet a selector: those of its kinds, or of any, where its condition holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KindSelector {
    /// Its place among the marks, less than [`super::MOST_SELECTORS`].
    pub bit: usize,
    /// Empty: any kind.
    pub kinds: Vec<String>,
    /// Index into the conditions of a batch; `None`: each row.
    pub condition: Option<usize>,
}

/// What a kind meets.
#[derive(Debug, Clone, Default)]
pub struct Class {
    /// Marks of each row.
    pub marks: u128,
    /// Marks of the rows where a condition holds.
    pub conditional: Vec<(u128, usize)>,
    /// Some row of it may be kept.
    pub matters: bool,
}

impl Class {
    pub fn of(kind: &str, selectors: &[KindSelector], keep_all: bool) -> Self {
        let mut class = Self { matters: keep_all, ..Self::default() };
        let met = |selector: &&KindSelector| {
            selector.kinds.is_empty() || selector.kinds.iter().any(|name| name == kind)
        };
        for selector in selectors.iter().filter(met) {
            class.matters = true;
            match selector.condition {
                None => class.marks |= 1 << selector.bit,
                Some(condition) => class.conditional.push((1 << selector.bit, condition)),
            }
        }
        class
    }
}

/// What all threads share.
#[derive(Debug, Default)]
pub struct Shared {
    names: Interner,
    rows: Vec<u64>,
    numbers: HashMap<Signature, u32>,
    /// With kinds by their numbers here.
    signatures: Vec<Signature>,
}

impl Shared {
    fn kind(&mut self, name: &str, tag: u32) -> u32 {
        let number = self.names.intern(name, tag);
        self.rows.resize(self.names.len(), 0);
        number
    }

    fn count(&mut self, kinds: &mut [LocalKind]) {
        for kind in kinds {
            self.rows[kind.number as usize] += std::mem::take(&mut kind.rows);
        }
    }

    pub fn signature(&mut self, signature: Signature) -> u32 {
        let Self { numbers, signatures, .. } = self;
        *numbers.entry(signature).or_insert_with(|| {
            signatures.push(signature);
            signatures.len() as u32 - 1
        })
    }

    /// Both in sorted order, and the places of the signatures there by their numbers.
    pub fn finish(self) -> (Vec<KindOfEvent>, Vec<Signature>, Vec<u32>) {
        let names = self.names.into_texts().to_column();
        let mut kind_ranks = vec![0; names.len()];
        let mut kinds = Vec::with_capacity(names.len());
        for number in names.sorted_order() {
            kind_ranks[number as usize] = kinds.len() as u32;
            let (name, rows) = (names.get(number as usize).to_owned(), self.rows[number as usize]);
            kinds.push(KindOfEvent { name, rows });
        }
        let ranked =
            |signature: &Signature| Signature { kind: kind_ranks[signature.kind as usize], ..*signature };
        let signatures: Vec<Signature> = self.signatures.iter().map(ranked).collect();
        let mut sorted = signatures.clone();
        sorted.sort_unstable();
        let ranks =
            signatures.iter().map(|signature| sorted.partition_point(|known| known < signature) as u32);
        let ranks = ranks.collect();
        (kinds, sorted, ranks)
    }
}

/// The kinds that one thread has met.
#[derive(Debug)]
pub struct Local {
    names: Interner,
    pub kinds: Vec<LocalKind>,
    /// Keys and numbers in `kinds`; never equal keys for long texts, which are not looked up here.
    recent: Vec<(u128, u32)>,
    bytes: usize,
}

#[derive(Debug)]
pub struct LocalKind {
    /// In `Shared`.
    pub number: u32,
    pub rows: u64,
    pub class: Class,
    /// Marks met last, and the number of their signature.
    pub last: Option<(u128, u32)>,
}

impl Default for Local {
    fn default() -> Self {
        Self { names: Interner::default(), kinds: Vec::new(), recent: vec![(u128::MAX, 0); RECENT], bytes: 0 }
    }
}

impl Local {
    /// The number in `kinds` of a kind by its key; `add` is asked for one that is new here.
    #[inline]
    pub fn find<'a>(
        &mut self,
        key: u128,
        text: impl Fn() -> &'a str,
        add: impl FnOnce(&str, u32) -> (u32, Class),
    ) -> usize {
        let is_short = key >> 120 != 255;
        let mixed = (key as u64 ^ (key >> 64) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let recent = (mixed >> 56) as usize % RECENT;
        if self.recent[recent].0 == key && is_short {
            return self.recent[recent].1 as usize;
        }
        let text = text();
        let tag = hash64(text.as_bytes()) as u32;
        let number = self.names.intern(text, tag);
        if number as usize == self.kinds.len() {
            let (shared, class) = add(text, tag);
            self.bytes += text.len();
            self.kinds.push(LocalKind { number: shared, rows: 0, class, last: None });
        }
        if is_short {
            self.recent[recent] = (key, number);
        }
        number as usize
    }

    /// Hands the counts of rows over.
    pub fn count_into(&mut self, shared: &mut Shared) {
        shared.count(&mut self.kinds);
    }

    pub fn is_large(&self) -> bool {
        self.kinds.len() > LOCAL_KINDS || self.bytes > LOCAL_BYTES
    }
}

/// A kind that this thread meets for the first time.
pub fn add_kind(
    shared: &mut Shared,
    name: &str,
    tag: u32,
    selectors: &[KindSelector],
    keep_all: bool,
) -> (u32, Class) {
    (shared.kind(name, tag), Class::of(name, selectors, keep_all))
}
