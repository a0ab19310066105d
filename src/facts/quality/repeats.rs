//! Rows that are written twice: found by a 128-bit hash of what the reports read of a row.
//!
//! Two of n different rows are taken for equal with a probability of n²/2¹²⁹. Memory: 24 bytes per row in use.

use std::sync::{Mutex, PoisonError};

use super::super::hash::hash64;
use super::tally::{RowPlace, SHOWN};

/// The hash of a row, and its place.
type Record = [u64; 3];

const SHARD_BITS: u32 = 6;

/// Rows by hash, in shards; a shard holds the pieces of the batches as they came.
#[derive(Debug)]
pub(super) struct Repeats {
    shards: Vec<Mutex<Vec<Vec<Record>>>>,
}

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Repeated {
    /// Rows beyond the first of each set of equal ones.
    pub(super) rows: u64,
    /// The first of these rows, each with the place of the row that it repeats.
    pub(super) first: Vec<(RowPlace, RowPlace)>,
}

impl Repeats {
    pub(super) fn new() -> Self {
        Self { shards: (0..1 << SHARD_BITS).map(|_| Mutex::default()).collect() }
    }

    pub(super) fn push(&self, records: &[Record]) {
        let shard_of = |record: &Record| (record[0] >> (64 - SHARD_BITS)) as usize;
        let mut counts = [0; 1 << SHARD_BITS];
        for record in records {
            counts[shard_of(record)] += 1;
        }
        let mut pieces: Vec<Vec<Record>> = counts.iter().map(|n| Vec::with_capacity(*n)).collect();
        for record in records {
            pieces[shard_of(record)].push(*record);
        }
        for (shard, piece) in self.shards.iter().zip(pieces).filter(|(_, piece)| !piece.is_empty()) {
            shard.lock().unwrap_or_else(PoisonError::into_inner).push(piece);
        }
    }

    pub(super) fn finish(self) -> Repeated {
        let mut all = Repeated::default();
        for shard in self.shards {
            let mut records = shard.into_inner().unwrap_or_else(PoisonError::into_inner).concat();
            records.sort_unstable();
            for group in records.chunk_by(|a, b| a[..2] == b[..2]).filter(|group| group.len() > 1) {
                all.rows += group.len() as u64 - 1;
                let original = RowPlace::from_bits(group[0][2]);
                // Only the first of a set can be among the first of all.
                let repeats = group[1..].iter().take(SHOWN);
                all.first.extend(repeats.map(|record| (RowPlace::from_bits(record[2]), original)));
            }
            all.first.sort_unstable();
            all.first.truncate(SHOWN);
        }
        all
    }
}

/// The values of a row one after the other, none of which can run into the next.
#[derive(Debug, Default)]
pub(super) struct RowText(Vec<u8>);

/// Before the values in the second half of the hash, so that the halves have nothing in common.
const PREFIX: [u8; 8] = *b"siyu\xff\x00\xaa\x55";

impl RowText {
    pub(super) fn clear(&mut self) {
        self.0.clear();
        self.0.extend_from_slice(&PREFIX);
    }

    pub(super) fn number(&mut self, value: i64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// Nothing there is not the empty text.
    pub(super) fn text(&mut self, value: Option<&str>) {
        let len = value.map_or(u64::MAX, |text| text.len() as u64);
        self.0.extend_from_slice(&len.to_le_bytes());
        self.0.extend_from_slice(value.unwrap_or_default().as_bytes());
    }

    pub(super) fn record(&self, place: RowPlace) -> Record {
        [hash64(&self.0[PREFIX.len()..]), hash64(&self.0), place.bits()]
    }
}
