//! Events from many threads to the shards of their units.
//!
//! A row's kind is looked at first: what can meet no selector is counted and forgotten before anybody looks at whose it is.
//! The rows that are left are staged, and sorted by shard before a lock is taken (`shards`).

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::super::batch::Texts;
use super::super::hash::hash_key;
use super::super::intern::{Interner, is_long, length};
use super::super::shards::{
    Place, SHARDS, WINDOW, into_inner, lock, number_values, side_by_side, sort_by_shard,
};
use super::kinds::{KindSelector, Local, Shared, add_kind};
use super::shard::{Columns, Filling, Ranks, Row, fault};
use super::spill::Spill;
use super::{EventRow, JourneySpec, Journeys, Signature};
use crate::error::{Error, Result};

/// Rows that a thread holds before they go to the shards, and bytes of long ids.
const STAGED: usize = if cfg!(test) { 1 << 10 } else { 1 << 18 };
const STAGED_TEXT: usize = 4 << 20;

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
    chosen: Chosen,
    staged: Staged,
    codes: Vec<u32>,
    places: Vec<Place>,
    keys: Vec<u128>,
    units: Vec<u32>,
}

/// The rows of a batch that are kept.
#[derive(Debug, Default)]
struct Chosen {
    rows: Vec<u32>,
    signatures: Vec<u32>,
}

/// Rows of one thread on their way to the shards. They go there many at a time, so that a shard's table of units is in the
/// cache for thousands of them. Rows of one unit that come one after the other are a run, and looked up once.
#[derive(Debug, Default)]
struct Staged {
    /// Of each run the key of its unit, its hash, and the place of its first row.
    keys: Vec<u128>,
    hashes: Vec<u64>,
    firsts: Vec<u32>,
    /// Where the ids stand in `long` that are longer than their keys.
    starts: Vec<u64>,
    long: String,
    at_us: Vec<i64>,
    signatures: Vec<u32>,
    codes: Vec<Vec<u32>>,
    money: Vec<Option<i64>>,
}

impl Staged {
    fn is_full(&self) -> bool {
        self.at_us.len() >= STAGED || self.long.len() >= STAGED_TEXT
    }

    /// The id of a run whose key has only its length.
    fn text(&self, run: usize) -> &str {
        let start = self.starts[run] as usize;
        &self.long[start..start + length(self.keys[run])]
    }

    /// The rows of a run.
    #[inline]
    fn rows(&self, run: u32) -> Range<usize> {
        let end = self.firsts.get(run as usize + 1).map_or(self.at_us.len(), |next| *next as usize);
        self.firsts[run as usize] as usize..end
    }

    fn clear(&mut self) {
        self.keys.clear();
        self.hashes.clear();
        self.firsts.clear();
        self.starts.clear();
        self.long.clear();
        self.at_us.clear();
        self.signatures.clear();
        self.codes.iter_mut().for_each(Vec::clear);
        self.money.clear();
    }
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
            self.choose(rows, window, &mut scratch.kinds, &mut scratch.chosen);
            self.stage(rows, &mut scratch)?;
            if scratch.staged.is_full() { self.distribute(&mut scratch) } else { Ok(()) }
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
        chosen: &mut Chosen,
    ) {
        let shared = || self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let keep_all = self.spec.keep_all;
        chosen.rows.clear();
        chosen.signatures.clear();
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
            chosen.rows.push(row as u32);
            chosen.signatures.push(signature);
        }
    }

    /// Takes what is kept of the chosen rows, with keys and hashes of their units.
    fn stage<T: Texts>(&self, rows: &EventRows<'_, T>, scratch: &mut Scratch) -> Result<()> {
        let Scratch { chosen, staged, codes, .. } = scratch;
        let of_batch = || chosen.rows.iter().map(|row| *row as usize);
        let Staged { keys, hashes, firsts, starts, long, .. } = staged;
        for (row, place) in of_batch().zip(staged.at_us.len() as u32..) {
            let key = rows.units.key(row);
            // Long ids that differ may have one key: each is a run of its own.
            if keys.last() == Some(&key) && !is_long(key) {
                continue;
            }
            keys.push(key);
            hashes.push(hash_key(key, || rows.units.value(row)));
            firsts.push(place);
            starts.push(long.len() as u64);
            if is_long(key) {
                long.push_str(rows.units.value(row));
            }
        }
        staged.at_us.extend(of_batch().map(|row| rows.at_us[row]));
        staged.signatures.extend_from_slice(&chosen.signatures);
        staged.codes.resize_with(self.values.len(), Vec::new);
        for ((staged, values), texts) in staged.codes.iter_mut().zip(&self.values).zip(&rows.attributes) {
            number_values(texts, of_batch(), values, codes)?;
            staged.extend_from_slice(codes);
        }
        if let Some(value) = rows.money {
            staged.money.extend(of_batch().map(value));
        }
        Ok(())
    }

    /// Puts the rows staged into the shards of their units.
    fn distribute(&self, scratch: &mut Scratch) -> Result<()> {
        let Scratch { staged, places, keys, units, .. } = scratch;
        let bounds = sort_by_shard(&staged.hashes, |_| true, |row| staged.keys[row], places, keys);
        let first = self.windows.fetch_add(1, Ordering::Relaxed) * (SHARDS / 2 + 5);
        for shard in (first..first + SHARDS).map(|shard| shard % SHARDS) {
            let of_shard = bounds[shard]..bounds[shard + 1];
            let (places, keys) = (&places[of_shard.clone()], &keys[of_shard]);
            if places.is_empty() {
                continue;
            }
            let mut filling = lock(&self.shards[shard])?;
            let tags = places.iter().map(|place| place.tag);
            filling.units.intern_all(keys, tags, |i| staged.text(places[i].row as usize), units);
            let Columns { rows: held, attributes, money, has_money } = &mut filling.held;
            let before = held.len();
            for (place, unit) in places.iter().zip(&*units) {
                held.extend(staged.rows(place.row).map(|row| Row {
                    at_us: staged.at_us[row],
                    unit: *unit,
                    signature: staged.signatures[row],
                }));
            }
            let added = held.len() - before;
            let rows = || places.iter().flat_map(|place| staged.rows(place.row));
            for (attribute, codes) in attributes.iter_mut().zip(&staged.codes) {
                attribute.extend(rows().map(|row| codes[row]));
            }
            if self.spec.values {
                money.extend(rows().map(|row| staged.money[row].unwrap_or_default()));
                has_money.extend(rows().map(|row| staged.money[row].is_some()));
            }
            self.spill_if_too_large(&mut filling, added)?;
        }
        staged.clear();
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
        if let Some(error) = lock(&self.untold)?.take() {
            return Err(error);
        }
        if self.failed.load(Ordering::Relaxed) {
            return Err(fault("a batch of rows had failed"));
        }
        for mut scratch in std::mem::take(&mut *lock(&self.scratch)?) {
            self.distribute(&mut scratch)?;
            scratch.kinds.count_into(&mut *lock(&self.kinds)?);
        }
        let Self { spec, shards, kinds, values, without_unit, spill, .. } = self;
        let (kinds, signatures, signature_ranks) = into_inner(kinds)?.finish();
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
