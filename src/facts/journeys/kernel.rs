//! Events from many threads to the shards of their units.
//!
//! A row's kind is looked at first: what can meet no selector is counted and forgotten before anybody looks at whose it is.
//! The rows of a window that are left are sorted by shard before a lock is taken (`shards`).

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::super::batch::Texts;
use super::super::hash::hash_key;
use super::super::intern::Interner;
use super::super::shards::{
    Place, SHARDS, WINDOW, into_inner, lock, number_values, side_by_side, sort_by_shard,
};
use super::kinds::{KindSelector, Local, Shared, add_kind};
use super::shard::{Columns, Filling, Ranks, Row, fault};
use super::spill::Spill;
use super::{EventRow, JourneySpec, Journeys, Signature};
use crate::error::{Error, Result};

/// Takes events from several threads and makes journeys of them.
#[derive(Debug)]
pub struct JourneyKernel {
    spec: JourneySpec,
    selectors: Vec<KindSelector>,
    shards: Vec<Mutex<Filling>>,
    kinds: Mutex<Shared>,
    /// The distinct values of each attribute.
    values: Vec<Mutex<Interner>>,
    /// Working memory of threads that are not in `push` just now.
    scratch: Mutex<Vec<Scratch>>,
    /// Threads begin at different shards, so that they seldom meet.
    windows: AtomicUsize,
    without_unit: AtomicUsize,
    /// Where rows go beyond so many bytes held.
    spill: Option<(usize, Box<dyn Spill>)>,
    held_bytes: AtomicUsize,
    /// A batch had failed.
    failed: AtomicBool,
    /// Of `push`, which cannot tell.
    untold: Mutex<Option<Error>>,
}

/// A batch of rows; columns of one length.
pub(super) struct EventRows<'a, T> {
    pub units: T,
    pub units_have_nulls: bool,
    /// Without nulls.
    pub kinds: T,
    pub at_us: &'a [i64],
    pub marks: Marks<'a>,
    pub attributes: Vec<T>,
    /// `None` unless asked for.
    pub money: Option<&'a dyn Fn(usize) -> Option<i64>>,
}

/// Which selectors a row meets.
pub(super) enum Marks<'a> {
    /// Those that its kind meets, and of whose conditions this holds: by condition and row.
    OfKind(&'a dyn Fn(usize, usize) -> bool),
    Given(u128),
}

/// Working memory of one thread.
#[derive(Debug, Default)]
struct Scratch {
    kinds: Local,
    kept: Kept,
    places: Vec<Place>,
    keys: Vec<u128>,
    units: Vec<u32>,
}

/// The rows of a window that are kept, column by column.
#[derive(Debug, Default)]
struct Kept {
    /// In the batch.
    rows: Vec<u32>,
    signatures: Vec<u32>,
    keys: Vec<u128>,
    hashes: Vec<u64>,
    codes: Vec<Vec<u32>>,
}

impl JourneyKernel {
    pub fn new(spec: JourneySpec) -> Self {
        Self {
            selectors: Vec::new(),
            shards: (0..SHARDS).map(|_| Mutex::new(Filling::new(&spec))).collect(),
            kinds: Mutex::default(),
            values: (0..spec.attributes).map(|_| Mutex::default()).collect(),
            scratch: Mutex::default(),
            windows: AtomicUsize::new(0),
            without_unit: AtomicUsize::new(0),
            spill: None,
            held_bytes: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
            untold: Mutex::new(None),
            spec,
        }
    }

    /// The same with the selectors by which `push_columns` marks rows.
    pub fn selecting(self, selectors: Vec<KindSelector>) -> Self {
        Self { selectors, ..self }
    }

    /// The same with a place for rows beyond `budget` bytes of all shards together. Ids stay in memory.
    pub fn spilling(self, budget: usize, spill: Box<dyn Spill>) -> Self {
        Self { spill: Some((budget, spill)), ..self }
    }

    /// Takes one event. What goes wrong is told by `finish`.
    pub fn push(&self, row: EventRow<'_>) {
        let money = |_: usize| row.value_e4;
        let rows = EventRows {
            units: One(row.unit),
            units_have_nulls: true,
            kinds: One(Some(row.kind)),
            at_us: &[row.at_us],
            marks: Marks::Given(row.marks),
            attributes: row.attributes.iter().map(|value| One(*value)).collect(),
            money: self.spec.values.then_some(&money as &dyn Fn(usize) -> Option<i64>),
        };
        if let Err(error) = self.push_rows(&rows) {
            self.untold.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    }

    /// Takes a batch, from any number of threads at once. After an error `finish` is one, too.
    pub(super) fn push_rows<T: Texts>(&self, rows: &EventRows<'_, T>) -> Result<()> {
        self.try_push_rows(rows).inspect_err(|_| self.failed.store(true, Ordering::Relaxed))
    }

    fn try_push_rows<T: Texts>(&self, rows: &EventRows<'_, T>) -> Result<()> {
        let len = rows.at_us.len();
        let texts = rows.attributes.iter().chain([&rows.units, &rows.kinds]);
        if !texts.map(Texts::len).all(|texts| texts == len)
            || rows.attributes.len() != self.spec.attributes
            || rows.money.is_some() != self.spec.values
            || u32::try_from(len).is_err()
        {
            return Err(fault("columns that do not fit"));
        }
        if rows.units_have_nulls {
            let missing = (0..len).filter(|row| rows.units.get(*row).is_none()).count();
            self.without_unit.fetch_add(missing, Ordering::Relaxed);
        }
        let mut scratch = lock(&self.scratch)?.pop().unwrap_or_default();
        if scratch.kinds.is_large() {
            let mut kinds = std::mem::take(&mut scratch.kinds);
            kinds.count_into(&mut *lock(&self.kinds)?);
        }
        let result = (0..len).step_by(WINDOW).try_for_each(|start| {
            let window = start..len.min(start + WINDOW);
            self.choose(rows, window, &mut scratch.kinds, &mut scratch.kept)?;
            self.distribute(rows, &mut scratch)
        });
        lock(&self.scratch)?.push(scratch);
        result
    }

    /// Counts rows by kind, and finds those of a window that are kept.
    fn choose<T: Texts>(
        &self,
        rows: &EventRows<'_, T>,
        window: Range<usize>,
        kinds: &mut Local,
        kept: &mut Kept,
    ) -> Result<()> {
        let shared = || self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let keep_all = self.spec.keep_all;
        kept.rows.clear();
        kept.signatures.clear();
        for row in window {
            let place = kinds.find(
                rows.kinds.key(row),
                || rows.kinds.value(row),
                |name, tag| add_kind(&mut shared(), name, tag, &self.selectors, keep_all),
            );
            let kind = &mut kinds.kinds[place];
            kind.rows += 1;
            let marks = match rows.marks {
                Marks::Given(marks) => marks,
                Marks::OfKind(_) if !kind.class.matters => continue,
                Marks::OfKind(holds) => {
                    let conditional = kind.class.conditional.iter();
                    conditional.fold(kind.class.marks, |marks, (bit, condition)| {
                        if holds(*condition, row) { marks | bit } else { marks }
                    })
                }
            };
            let is_kept = marks != 0 || keep_all;
            if !is_kept || rows.units_have_nulls && rows.units.get(row).is_none() {
                continue;
            }
            let signature = match kind.last {
                Some((last, number)) if last == marks => number,
                _ => {
                    let number = shared().signature(Signature { kind: kind.number, marks });
                    kind.last = Some((marks, number));
                    number
                }
            };
            kept.rows.push(row as u32);
            kept.signatures.push(signature);
        }
        Ok(())
    }

    /// Puts the rows kept into the shards of their units.
    fn distribute<T: Texts>(&self, rows: &EventRows<'_, T>, scratch: &mut Scratch) -> Result<()> {
        let Scratch { kept, places, keys, units, .. } = scratch;
        let of_batch = |kept: &Kept, place: usize| kept.rows[place] as usize;
        kept.keys.clear();
        kept.keys.extend(kept.rows.iter().map(|row| rows.units.key(*row as usize)));
        kept.hashes.clear();
        let hashes = kept.rows.iter().zip(&kept.keys);
        kept.hashes.extend(hashes.map(|(row, key)| hash_key(*key, || rows.units.value(*row as usize))));
        kept.codes.resize_with(self.values.len(), Vec::new);
        for ((codes, values), texts) in kept.codes.iter_mut().zip(&self.values).zip(&rows.attributes) {
            number_values(texts, kept.rows.iter().map(|row| *row as usize), values, codes)?;
        }
        let bounds = sort_by_shard(&kept.hashes, |_| true, |place| kept.keys[place], places, keys);
        let text = |place: u32| rows.units.value(of_batch(kept, place as usize));

        let first = self.windows.fetch_add(1, Ordering::Relaxed) * (SHARDS / 2 + 5);
        for shard in (first..first + SHARDS).map(|shard| shard % SHARDS) {
            let of_shard = bounds[shard]..bounds[shard + 1];
            let (places, keys) = (&places[of_shard.clone()], &keys[of_shard]);
            if places.is_empty() {
                continue;
            }
            let mut filling = lock(&self.shards[shard])?;
            let tags = places.iter().map(|place| place.tag);
            filling.units.intern_all(keys, tags, |i| text(places[i].row), units);
            let Columns { rows: held, attributes, money, has_money } = &mut filling.held;
            held.extend(places.iter().zip(&*units).map(|(place, unit)| Row {
                at_us: rows.at_us[of_batch(kept, place.row as usize)],
                unit: *unit,
                signature: kept.signatures[place.row as usize],
            }));
            for (attribute, codes) in attributes.iter_mut().zip(&kept.codes) {
                attribute.extend(places.iter().map(|place| codes[place.row as usize]));
            }
            if let Some(value) = rows.money {
                let values = || places.iter().map(|place| value(of_batch(kept, place.row as usize)));
                money.extend(values().map(Option::unwrap_or_default));
                has_money.extend(values().map(|value| value.is_some()));
            }
            self.spill_if_too_large(&mut filling, places.len())?;
        }
        Ok(())
    }

    /// Beyond the budget a shard that holds its share of it, or nearly so, goes to the spill.
    fn spill_if_too_large(&self, filling: &mut Filling, added: usize) -> Result<()> {
        let Some((budget, spill)) = &self.spill else { return Ok(()) };
        let width = self.spec.row_bytes();
        let held = self.held_bytes.fetch_add(added * width, Ordering::Relaxed) + added * width;
        let of_shard = filling.held.rows.len() * width;
        if held > *budget && of_shard >= budget / (2 * SHARDS) {
            filling.spill(&self.spec, &**spill)?;
            self.held_bytes.fetch_sub(of_shard, Ordering::Relaxed);
        }
        Ok(())
    }

    /// The journeys.
    pub fn finish(self, threads: usize) -> Result<Journeys> {
        let Self { spec, shards, kinds, values, scratch, without_unit, spill, failed, untold, .. } = self;
        if let Some(error) = into_inner(untold)? {
            return Err(error);
        }
        if failed.into_inner() {
            return Err(fault("a batch of rows had failed"));
        }
        let mut kinds = into_inner(kinds)?;
        for mut scratch in into_inner(scratch)? {
            scratch.kinds.count_into(&mut kinds);
        }
        let (kinds, signatures, signature_ranks) = kinds.finish();
        let mut ranks = Ranks { signatures: signature_ranks, codes: Vec::new() };
        let mut sorted_values = Vec::new();
        for values in values {
            let values = into_inner(values)?.into_texts().to_column();
            let order = values.sorted_order();
            let mut codes = vec![0; values.len() + 1];
            for (number, code) in order.iter().zip(1..) {
                codes[*number as usize + 1] = code;
            }
            ranks.codes.push(codes);
            sorted_values.push(values.reordered(&order));
        }
        let spill = spill.map(|(_, spill)| spill);
        let shards = side_by_side(shards, threads, |filling: Filling| {
            filling.finish(&spec, &ranks, spill.as_deref())
        })?;
        Ok(Journeys {
            kinds,
            signatures,
            values: sorted_values,
            without_unit: without_unit.into_inner() as u64,
            spec,
            shards,
            ranks,
            spill,
        })
    }
}

/// A column of one row.
struct One<'a>(Option<&'a str>);

impl Texts for One<'_> {
    fn len(&self) -> usize {
        1
    }

    fn get(&self, _: usize) -> Option<&str> {
        self.0
    }
}
