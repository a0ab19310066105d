//! Parts of wholes: what the columns of rates of all reports have in common.

use crate::output::report::{Cells, Column, Kind};
use crate::stats::proportions::{Bounds, wilson_95};

/// `part` divided by `whole`, which need be no part of it (events per member); `None` where there is no whole.
pub(super) fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The bounds of 95 % (Wilson) of parts of wholes, in two columns.
pub(super) fn bounds_columns(names: [&str; 2], pairs: impl Iterator<Item = (u64, u64)>) -> [Column; 2] {
    let bounds: Vec<Option<Bounds>> = pairs.map(|(part, whole)| wilson_95(part, whole)).collect();
    let side = |side: fn(Bounds) -> f64| Cells::Float(bounds.iter().map(|b| b.map(side)).collect());
    [
        Column::new(names[0], Kind::Ratio, side(|b| b.lower)),
        Column::new(names[1], Kind::Ratio, side(|b| b.upper)),
    ]
}
