//! Rows to shards by the hash of the id that they belong to: what the kernels of customers and of journeys have in common.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use super::batch::{Texts, fault};
use super::hash::hash64;
use super::intern::Interner;
use crate::error::Result;

/// The first bits of a hash choose the shard, the last 32 its place there.
const SHARD_BITS: u32 = 6;
pub(super) const SHARDS: usize = 1 << SHARD_BITS;

/// Rows that are sorted by shard at once.
pub(super) const WINDOW: usize = 1 << 16;

/// A row of a window, with the last bits of its id's hash.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    pub row: u32,
    pub tag: u32,
}

/// Sorts the rows of a window by shard, in their order within each, and leaves out those that are not kept. Gives the bounds
/// of the shards in `places` and `keys`.
pub(super) fn sort_by_shard(
    hashes: &[u64],
    kept: impl Fn(usize) -> bool,
    key: impl Fn(usize) -> u128,
    places: &mut Vec<Place>,
    keys: &mut Vec<u128>,
) -> [usize; SHARDS + 1] {
    let shard = |hash: u64| (hash >> (64 - SHARD_BITS)) as usize;
    let mut bounds = [0; SHARDS + 1];
    for (row, &hash) in hashes.iter().enumerate() {
        bounds[shard(hash) + 1] += usize::from(kept(row));
    }
    for i in 0..SHARDS {
        bounds[i + 1] += bounds[i];
    }
    places.clear();
    places.resize(bounds[SHARDS], Place::default());
    keys.clear();
    keys.resize(bounds[SHARDS], 0);
    let mut next = bounds;
    for (row, &hash) in hashes.iter().enumerate() {
        if kept(row) {
            let place = &mut next[shard(hash)];
            places[*place] = Place { row: row as u32, tag: hash as u32 };
            keys[*place] = key(row);
            *place += 1;
        }
    }
    bounds
}

/// The codes of an attribute's values in some rows: 0 for none, else 1 + the number of the value. The table that all threads
/// share is locked once, for the distinct values.
pub(super) fn number_values<T: Texts>(
    texts: &T,
    rows: impl Iterator<Item = usize>,
    shared: &Mutex<Interner>,
    codes: &mut Vec<u32>,
) -> Result<()> {
    let mut local = Interner::default();
    // Of each distinct value its first row and its tag.
    let mut firsts = Vec::new();
    codes.clear();
    codes.extend(rows.map(|row| {
        texts.get(row).map_or(0, |text| {
            let tag = hash64(text.as_bytes()) as u32;
            let number = local.intern(text, tag);
            if number as usize == firsts.len() {
                firsts.push((row, tag));
            }
            number + 1
        })
    }));
    let mut shared = lock(shared)?;
    let numbers: Vec<u32> =
        firsts.iter().map(|&(row, tag)| shared.intern(texts.value(row), tag) + 1).collect();
    drop(shared);
    for code in codes.iter_mut().filter(|code| **code != 0) {
        *code = numbers[*code as usize - 1];
    }
    Ok(())
}

/// Reduces the shards side by side, each freed as soon as it is done; the results are in the order of the shards.
pub(super) fn side_by_side<S: Default + Send, P: Send>(
    shards: Vec<Mutex<S>>,
    threads: usize,
    reduce: impl Fn(S) -> Result<P> + Sync,
) -> Result<Vec<P>> {
    let done: Vec<Mutex<Option<Result<P>>>> = shards.iter().map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(shard) = shards.get(place) else { break };
            let part = lock(shard).map(|mut shard| std::mem::take(&mut *shard)).and_then(&reduce);
            if let Ok(mut done) = done[place].lock() {
                *done = Some(part);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.min(shards.len()) {
            scope.spawn(work);
        }
        work();
    });
    done.into_iter()
        .map(|part| into_inner(part)?.unwrap_or_else(|| Err(fault("a shard was left out"))))
        .collect()
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> Result<MutexGuard<'_, T>> {
    mutex.lock().map_err(|_| fault("another thread has failed"))
}

pub(super) fn into_inner<T>(mutex: Mutex<T>) -> Result<T> {
    mutex.into_inner().map_err(|_| fault("another thread has failed"))
}
