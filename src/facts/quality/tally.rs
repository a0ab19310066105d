//! How many rows share a trait, and where the first of them stand: the same whatever the order in which rows arrive.

use super::{Counted, Example};

/// Examples that are kept of each kind.
pub(super) const SHOWN: usize = 3;

/// Where a row stands, as one number that sorts by file and row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct RowPlace(u64);

/// Bits of the row: 17 * 10^12 rows in each of a million files.
const ROW_BITS: u32 = 44;

impl RowPlace {
    pub(super) fn new(file: usize, row: u64) -> Self {
        Self((file as u64) << ROW_BITS | row)
    }

    pub(super) fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(super) fn bits(self) -> u64 {
        self.0
    }

    pub(super) fn file(self) -> usize {
        (self.0 >> ROW_BITS) as usize
    }

    pub(super) fn row(self) -> u64 {
        self.0 & ((1 << ROW_BITS) - 1)
    }
}

/// A cell: where, of which canonical column, and what it holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    pub(super) place: RowPlace,
    pub(super) column: &'static str,
    pub(super) value: String,
}

impl Spot {
    pub(super) fn new(place: RowPlace, column: &'static str, value: impl Into<String>) -> Self {
        Self { place, column, value: value.into() }
    }

    /// In the words of the user: the file as named, the column as written there.
    pub(super) fn example(&self, files: &[FileNames]) -> Example {
        let file = files.get(self.place.file());
        Example {
            file: file.map(|file| file.label.clone()),
            row: Some(self.place.row()),
            column: file.map_or(self.column, |file| file.column(self.column)).to_owned(),
            value: self.value.clone(),
            is_id: is_id(self.column),
            is_customer: self.column == "customer_id",
        }
    }
}

/// Whether the values of a canonical column say who somebody is, so that `--mask` must hide them.
pub(super) fn is_id(canonical: &str) -> bool {
    matches!(canonical, "customer_id" | "order_id")
}

/// What a file and its columns are called.
#[derive(Debug, Clone, Default)]
pub(super) struct FileNames {
    pub(super) label: String,
    /// canonical, original
    pub(super) columns: Vec<(&'static str, String)>,
}

impl FileNames {
    fn column<'a>(&'a self, canonical: &'a str) -> &'a str {
        self.columns.iter().find(|(name, _)| *name == canonical).map_or(canonical, |(_, original)| original)
    }
}

/// A count of rows and the first of them by file and row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) rows: u64,
    pub(super) first: Vec<Spot>,
}

impl Tally {
    /// Counts a row. Rows of one batch come in their order, so that only the first can be shown.
    pub(super) fn add(&mut self, place: RowPlace, column: &'static str, value: impl FnOnce() -> String) {
        self.rows += 1;
        if self.first.len() < SHOWN {
            self.first.push(Spot { place, column, value: value() });
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.first.extend(other.first);
        self.first.sort();
        self.first.truncate(SHOWN);
    }

    pub(super) fn counted(&self, files: &[FileNames]) -> Counted {
        Counted { rows: self.rows, examples: self.first.iter().map(|spot| spot.example(files)).collect() }
    }
}
