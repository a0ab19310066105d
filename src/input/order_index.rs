//! Which rows of the files are the first of their order, and which orders stand in a later export.

use std::collections::HashMap;
use std::sync::Mutex;

use super::InputOptions;
use super::raw::{self, RawBatch, RawFile, ScanError};
use crate::error::Result;

/// What names an order; columns of the file, or derived ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OrderKeys {
    pub platform: String,
    pub store: Option<String>,
    pub id: Vec<String>,
    pub once: bool,
    pub latest_by: Option<String>,
}

/// What a row is to its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// The first row of the order in the winning file.
    First,
    /// Another row of it there.
    Further,
    /// The order stands in a later export.
    Superseded,
}

type Id = (String, String, Vec<String>);

/// The orders of all files.
pub(super) struct OrderIndex {
    /// File and row that come first in the winning file.
    first: HashMap<Id, (usize, u64)>,
    keys: Vec<Option<OrderKeys>>,
    superseded: u64,
}

fn id(batch: &RawBatch, keys: &OrderKeys, row: usize) -> Option<Id> {
    let text = |name: &String| {
        batch.frame.column(name).map(|column| super::cells::as_written(column, row)).unwrap_or_default()
    };
    let ids: Vec<String> = keys.id.iter().map(text).collect();
    if ids.iter().any(|id| super::values::is_missing(id)) {
        return None;
    }
    Some((keys.platform.clone(), keys.store.as_ref().map(text).unwrap_or_default(), ids))
}

impl OrderIndex {
    pub fn build(
        files: &[RawFile],
        keys: &[Option<OrderKeys>],
        options: &InputOptions,
    ) -> Result<Self, ScanError> {
        let projection: Vec<Vec<String>> = keys
            .iter()
            .map(|keys| {
                keys.iter().flat_map(|k| k.id.iter().chain(&k.store).chain(&k.latest_by)).cloned().collect()
            })
            .collect();
        let first: Mutex<HashMap<Id, (usize, u64)>> = Mutex::default();
        let superseded: Mutex<std::collections::HashSet<Id>> = Mutex::default();
        let options = InputOptions { progress: None, ..options.clone() };
        raw::scan(files, &projection, &options, &|batch| {
            let Some(keys) = &keys[batch.file] else { return Ok(()) };
            let mut first = first.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            for row in 0..batch.frame.height() {
                let Some(id) = id(&batch, keys, row) else { continue };
                let here = (batch.file, batch.rows.get(row));
                let known = first.entry(id.clone()).or_insert(here);
                if known.0 != here.0 {
                    superseded.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(id);
                }
                if here.0 > known.0 || here.0 == known.0 && here.1 < known.1 {
                    *known = here;
                }
            }
            Ok(())
        })?;
        let first = first.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        let superseded =
            superseded.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).len() as u64;
        Ok(Self { first, keys: keys.to_vec(), superseded })
    }

    pub fn standings(&self, file: usize, batch: &RawBatch) -> Result<Vec<Standing>> {
        let keys = self.keys[file].as_ref();
        Ok((0..batch.frame.height())
            .map(|row| {
                let known = keys.and_then(|keys| id(batch, keys, row)).and_then(|id| self.first.get(&id));
                match known {
                    Some(first) if *first == (file, batch.rows.get(row)) => Standing::First,
                    Some(first) if first.0 == file => Standing::Further,
                    Some(_) => Standing::Superseded,
                    None => Standing::First,
                }
            })
            .collect())
    }

    pub fn superseded_orders(&self) -> u64 {
        self.superseded
    }
}
