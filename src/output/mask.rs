//! Ids that leave the house as keyed hashes: equal ids stay equal, and nobody without the key can tell whose they are.

use std::borrow::Cow;
use std::fmt;
use std::fs;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::exact;
use super::report::{Cells, Column, Kind, Note, Table};
use super::shortened::shortened;
use crate::error::{Error, Result};

/// Fewer bytes could be guessed.
const LEAST_BYTES: usize = 16;
/// 16 hexadecimal digits: two of a million customers meet with a chance of 3 in 100 million.
const DIGEST_BYTES: usize = 8;

/// A secret key, ready for use. It is never shown.
#[derive(Clone)]
pub struct Key(Hmac<Sha256>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(hidden)")
    }
}

impl Key {
    /// The key is the file's bytes without the white space around them.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let shown = path.display().to_string();
        let bytes = fs::read(path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => Error::NotFound {
                path: shown.clone(),
                hint: Some(format!(
                    "make a key: head -c 32 /dev/urandom | base64 > {}",
                    crate::error::quote_for_shell(&shown)
                )),
            },
            _ => Error::Io { action: "read", path: shown.clone(), source },
        })?;
        Self::from_bytes(bytes.trim_ascii()).map_err(|length| Error::BadOption {
            option: "--mask-key-file".into(),
            value: shown,
            why: format!("the key has {length} bytes; it needs {LEAST_BYTES} or more"),
            hint: Some("make one: head -c 32 /dev/urandom | base64".into()),
        })
    }

    /// A key of too few bytes is refused with their number.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, usize> {
        if bytes.len() < LEAST_BYTES {
            return Err(bytes.len());
        }
        Hmac::new_from_slice(bytes).map(Self).map_err(|_| bytes.len())
    }

    /// The first 16 hexadecimal digits of HMAC-SHA-256.
    pub fn mask(&self, id: &str) -> String {
        let mut mac = self.0.clone();
        mac.update(id.as_bytes());
        let digest = mac.finalize().into_bytes();
        let mut hex = String::with_capacity(2 * DIGEST_BYTES);
        for byte in &digest[..DIGEST_BYTES] {
            for digit in [byte >> 4, byte & 15] {
                hex.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
            }
        }
        hex
    }
}

/// The tables with their ids masked, if there is a key.
pub(super) fn tables<'a>(tables: &[&'a Table], key: Option<&Key>) -> Vec<Cow<'a, Table>> {
    tables
        .iter()
        .map(|table| match key {
            Some(key) if table.columns.iter().any(|c| c.kind == Kind::Id) => Cow::Owned(masked(table, key)),
            _ => Cow::Borrowed(*table),
        })
        .collect()
}

/// Notes with their ids (arguments called `id`) masked, or shortened where there is no key.
pub fn notes(mut notes: Vec<Note>, key: Option<&Key>) -> Vec<Note> {
    for (_, value) in notes.iter_mut().flat_map(|note| &mut note.args).filter(|(name, _)| *name == "id") {
        *value = match key {
            Some(key) => key.mask(value),
            None => shortened(value).into_owned(),
        };
    }
    notes
}

fn masked(table: &Table, key: &Key) -> Table {
    let columns = table.columns.iter().map(|column| match column.kind {
        Kind::Id => Column { cells: masked_cells(&column.cells, key), ..column.clone() },
        _ => column.clone(),
    });
    Table {
        twin_of: table.twin_of,
        drawn_as: table.drawn_as,
        extract: table.extract.clone(),
        ..Table::new(table.name, table.long, columns.collect())
    }
}

fn masked_cells(cells: &Cells, key: &Key) -> Cells {
    let mut text = Vec::new();
    let one = |row| {
        text.clear();
        exact::push(cells, row, &mut text).then(|| key.mask(&String::from_utf8_lossy(&text)))
    };
    Cells::Text((0..cells.len()).map(one).collect())
}
