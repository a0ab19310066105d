//! Rows from many threads to customers: each row goes to the shard that its customer's id hashes to.
//!
//! A window of rows is sorted by shard before any lock is taken, so that a thread holds each shard once per window and finds
//! its tables in the cache for all rows of the window. Shards share nothing: `finish` reduces them side by side, and frees
//! each as soon as it is done.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::batch::{Rows, Texts, fault};
use super::customers::{CustomerFacts, Pick, Spec};
use super::direct::Accounts;
use super::hash::hash64;
use super::histories::{Histories, HistoriesPart};
use super::intern::{Interner, key};
use super::orders::{self, OWN_ORDER, RowStore, Staging};
use super::part::{Dictionary, Part};
use super::shards::{Place, SHARDS, WINDOW, into_inner, lock, number_values, side_by_side, sort_by_shard};
use crate::error::Result;

/// The reduction of order rows to customer facts: `push` batches from any number of threads, then `finish`.
#[derive(Debug)]
pub struct CustomerKernel {
    plan: Plan,
    shards: Vec<Mutex<Shard>>,
    /// The distinct values of each attribute in use.
    values: Vec<Mutex<Interner>>,
    /// Working memory of threads that are not in `push` just now.
    scratch: Mutex<Vec<Scratch>>,
    /// Threads begin at different shards, so that they seldom meet.
    windows: AtomicUsize,
    failed: AtomicBool,
}

/// A `Spec` made ready: each attribute once.
#[derive(Debug)]
pub(super) struct Plan {
    pub cutoffs: Vec<i64>,
    pub order_ids: bool,
    pub purchase_days: bool,
    pub units: bool,
    /// The attributes in use: indexes into those of a batch.
    pub columns: Vec<usize>,
    /// Index into `columns`.
    pub channels: Option<usize>,
    pub picks: Vec<PickPlan>,
    pub zero_orders: bool,
    pub histories: bool,
    /// Index into `columns`.
    pub items: Option<usize>,
    /// Rows after it are in no result.
    last_cutoff: i64,
}

#[derive(Debug)]
pub(super) struct PickPlan {
    /// Index into `Plan::columns`.
    pub column: usize,
    pub pick: Pick,
}

impl Plan {
    fn new(spec: Spec) -> Self {
        let mut columns = Vec::new();
        let mut column = |index: usize| {
            columns.iter().position(|known| *known == index).unwrap_or_else(|| {
                columns.push(index);
                columns.len() - 1
            })
        };
        let channels = spec.channels.map(&mut column);
        let items = spec.items.map(&mut column);
        let picks = spec
            .attributes
            .iter()
            .map(|attribute| PickPlan { column: column(attribute.index), pick: attribute.pick })
            .collect();
        Self {
            last_cutoff: spec.cutoffs.iter().copied().max().unwrap_or(i64::MIN),
            cutoffs: spec.cutoffs,
            order_ids: spec.order_ids,
            purchase_days: spec.purchase_days,
            units: spec.units,
            columns,
            channels,
            picks,
            zero_orders: spec.zero_orders,
            histories: spec.histories,
            items,
        }
    }

    /// Whether each row can be added to its customer at once, and forgotten.
    fn is_direct(&self) -> bool {
        !self.histories
            && !self.order_ids
            && !self.purchase_days
            && !self.zero_orders
            && self.columns.is_empty()
    }
}

/// The customers whose ids hash to one place.
#[derive(Debug, Default)]
struct Shard {
    customers: Interner,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Direct(Accounts),
    Rows(RowStore),
}

impl Default for Body {
    fn default() -> Self {
        Self::Direct(Accounts::default())
    }
}

/// The rows of a window that belong to one shard: `places` and `slots` side by side, the other columns by `Place::row`.
#[derive(Debug)]
pub(super) struct Taken<'a> {
    pub places: &'a [Place],
    /// Numbers of the customers within their shard.
    pub slots: &'a [u32],
    pub at_us: &'a [i64],
    pub net_e4: &'a [i64],
    pub refund_e4: &'a [i64],
    /// `None` unless asked for.
    pub units_e4: Option<&'a [i64]>,
    /// Hashes of the order ids, or `OWN_ORDER`; `None` where every row is an order.
    pub orders: Option<&'a [u64]>,
    /// Per attribute in use: 0 for no value, else 1 + its number in `CustomerKernel::values`.
    pub codes: &'a [Vec<u32>],
}

/// Working memory of one thread.
#[derive(Debug, Default)]
struct Scratch {
    hashes: Vec<u64>,
    places: Vec<Place>,
    keys: Vec<u128>,
    slots: Vec<u32>,
    orders: Vec<u64>,
    codes: Vec<Vec<u32>>,
    staging: Staging,
}

impl CustomerKernel {
    pub fn new(spec: Spec) -> Self {
        let plan = Plan::new(spec);
        let shard = || {
            let body = if plan.is_direct() {
                Body::Direct(Accounts::default())
            } else {
                Body::Rows(RowStore::new(&plan))
            };
            Mutex::new(Shard { customers: Interner::default(), body })
        };
        Self {
            shards: (0..SHARDS).map(|_| shard()).collect(),
            values: plan.columns.iter().map(|_| Mutex::default()).collect(),
            scratch: Mutex::default(),
            windows: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
            plan,
        }
    }

    /// `push` for rows of any origin.
    pub(super) fn push_rows<T: Texts>(&self, rows: &Rows<'_, T>) -> Result<()> {
        rows.check()?;
        if self.plan.columns.iter().any(|column| *column >= rows.attributes.len()) {
            return Err(fault("an attribute that the batch does not have"));
        }
        let mut scratch = lock(&self.scratch)?.pop().unwrap_or_default();
        let result = (0..rows.len()).step_by(WINDOW).try_for_each(|start| {
            let window = start..rows.len().min(start + WINDOW);
            self.push_window(rows, window, &mut scratch)
        });
        lock(&self.scratch)?.push(scratch);
        if result.is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
        result
    }

    fn push_window<T: Texts>(
        &self,
        rows: &Rows<'_, T>,
        window: Range<usize>,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let start = window.start;
        let at_us = &rows.at_us[window.clone()];
        let Scratch { hashes, places, keys, slots, orders, codes, staging } = scratch;

        hashes.clear();
        hashes.extend(window.clone().map(|row| hash64(rows.customers.value(row).as_bytes())));
        let text = |row: u32| rows.customers.value(start + row as usize);
        let last_cutoff = self.plan.last_cutoff;
        let bounds =
            sort_by_shard(hashes, |row| at_us[row] <= last_cutoff, |row| key(text(row as u32)), places, keys);
        let with_ids = rows.orders.as_ref().filter(|_| self.plan.order_ids);
        if let Some(ids) = with_ids {
            orders.clear();
            orders.extend(window.clone().map(|row| match ids.get(row) {
                None | Some("") => OWN_ORDER,
                Some(id) => hash64(id.as_bytes()).max(OWN_ORDER + 1),
            }));
        }
        codes.resize_with(self.values.len(), Vec::new);
        for ((codes, values), &column) in codes.iter_mut().zip(&self.values).zip(&self.plan.columns) {
            number_values(&rows.attributes[column], window.clone(), values, codes)?;
        }

        let first = self.windows.fetch_add(1, Ordering::Relaxed) * (SHARDS / 2 + 5);
        for shard in (first..first + SHARDS).map(|shard| shard % SHARDS) {
            let of_shard = bounds[shard]..bounds[shard + 1];
            let (places, keys) = (&places[of_shard.clone()], &keys[of_shard]);
            if places.is_empty() {
                continue;
            }
            let mut shard = lock(&self.shards[shard])?;
            let Shard { customers, body } = &mut *shard;
            let tags = places.iter().map(|place| place.tag);
            customers.intern_all(keys, tags, |i| text(places[i].row), slots);
            let taken = Taken {
                places,
                slots,
                at_us,
                net_e4: &rows.net_e4[window.clone()],
                refund_e4: &rows.refund_e4[window.clone()],
                units_e4: rows.units_e4.filter(|_| self.plan.units).map(|units| &units[window.clone()]),
                orders: with_ids.map(|_| orders.as_slice()),
                codes,
            };
            match body {
                Body::Direct(accounts) => accounts.add(&taken, customers.len(), &self.plan)?,
                Body::Rows(store) => store.add(&taken, staging, &self.plan)?,
            }
        }
        Ok(())
    }

    /// The facts, one per cutoff; customers are in no order. Uses up to `threads` threads.
    pub fn finish(self, threads: usize) -> Result<Vec<CustomerFacts>> {
        let (plan, dictionaries, parts) = self.reduce(threads, Shard::into_parts)?;
        let mut by_cutoff: Vec<Vec<Part>> = plan.cutoffs.iter().map(|_| Vec::new()).collect();
        for parts in parts {
            for (all, part) in by_cutoff.iter_mut().zip(parts) {
                all.push(part);
            }
        }
        by_cutoff.into_iter().map(|parts| Part::new(&plan, &dictionaries).join(parts)).collect()
    }

    /// What each customer bought, day by day, up to the one cutoff; customers are in no order. The spec said `histories`.
    pub fn finish_histories(self, threads: usize) -> Result<Histories> {
        let asked = self.plan.histories && self.plan.cutoffs.len() == 1;
        if !asked {
            return Err(fault("histories were not asked for"));
        }
        let (plan, dictionaries, parts) = self.reduce(threads, Shard::into_histories)?;
        HistoriesPart::new(&plan, &dictionaries).join(parts)
    }

    /// Reduces the shards side by side.
    fn reduce<P: Send>(
        self,
        threads: usize,
        reduce: impl Fn(Shard, &Plan, &[Dictionary]) -> Result<P> + Sync,
    ) -> Result<(Plan, Vec<Dictionary>, Vec<P>)> {
        if self.failed.into_inner() {
            return Err(fault("a batch of rows had failed"));
        }
        let Self { plan, shards, values, scratch, .. } = self;
        drop(scratch);
        let dictionaries = values
            .into_iter()
            .map(|values| Ok(Dictionary::new(&into_inner(values)?.into_texts().to_column())))
            .collect::<Result<Vec<_>>>()?;

        let parts = side_by_side(shards, threads, |shard| reduce(shard, &plan, &dictionaries))?;
        Ok((plan, dictionaries, parts))
    }
}

impl Shard {
    fn into_parts(self, plan: &Plan, dictionaries: &[Dictionary]) -> Result<Vec<Part>> {
        let ids = self.customers.into_texts();
        match self.body {
            Body::Direct(accounts) => accounts.into_parts(&ids, plan),
            Body::Rows(store) => orders::reduce(store, &ids, plan, dictionaries),
        }
    }

    fn into_histories(self, plan: &Plan, dictionaries: &[Dictionary]) -> Result<HistoriesPart> {
        let ids = self.customers.into_texts();
        match self.body {
            Body::Rows(store) => orders::reduce_histories(store, &ids, plan, dictionaries),
            Body::Direct(_) => Err(fault("rows were not kept")),
        }
    }
}
