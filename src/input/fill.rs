//! Orders whose later lines leave blank what stands on their first line.

use super::raw::RawFile;
use crate::error::Result;

/// Fills blank cells of the order's columns from the order's first line.
pub(super) fn fill_down(_file: &mut RawFile, _key: &str, _order_columns: &[String]) -> Result<()> {
    Ok(())
}
