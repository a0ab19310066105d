//! Cohorts by periods, a row for each cohort and a column for each period: what the matrices of `cohort` and `retention`
//! have in common.

use crate::error::Result;
use crate::output::report::{Column, Label};

/// The name of the column of a period.
pub(super) fn period_key(index: usize) -> String {
    format!("period_{index}")
}

/// What the columns of the first `periods` periods are headed with: `M3`, `第3月`.
pub(super) fn period_labels(en: &str, zh: &str, periods: usize) -> impl Iterator<Item = Label> {
    (0..periods).map(move |index| Label {
        section: "columns",
        key: period_key(index),
        en: format!("{en}{index}"),
        zh: format!("第{index}{zh}"),
    })
}

/// The columns of the periods. `begun`: for each row how many of its periods have begun; `column`: the one of a period, with
/// nothing in rows whose period has not; `is_running`: whether a period of a row that has begun is not over.
pub(super) fn period_columns(
    begun: &[usize],
    shades_period_0: bool,
    column: impl Fn(usize, String) -> Result<Column>,
    is_running: impl Fn(usize, usize) -> bool,
) -> Result<Vec<Column>> {
    let mut columns = Vec::new();
    for index in 0..begun.iter().copied().max().unwrap_or(0) {
        let running: Vec<bool> =
            begun.iter().enumerate().map(|(row, begun)| index < *begun && is_running(row, index)).collect();
        let provisional = if running.contains(&true) { running } else { Vec::new() };
        let shaded = index > 0 || shades_period_0;
        columns.push(Column { shaded, provisional, ..column(index, period_key(index))? });
    }
    Ok(columns)
}
