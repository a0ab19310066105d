//! Where rows wait that are too many for memory.

use std::fmt::Debug;

use crate::error::Result;

/// A place for bytes outside of memory, for several threads at once. Errors name the place.
pub trait Spill: Debug + Send + Sync {
    /// Keeps the bytes, and says where they begin.
    fn append(&self, bytes: &[u8]) -> Result<u64>;

    /// Fills `bytes` with what was kept from `start` on.
    fn read(&self, start: u64, bytes: &mut [u8]) -> Result<()>;
}
