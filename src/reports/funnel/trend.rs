//! The table `trend`: the funnel by the period of entry.

use std::collections::BTreeMap;

use super::FunnelSettings;
use super::blocks::{Block, Blocks};
use super::count::{Entrants, NEVER};
use super::steps::SECOND_US;
use crate::error::Result;
use crate::facts::journeys::Journeys;
use crate::output::report::{Cells, Column, Kind, Table};
use crate::reports::period::{Periods, day};
use crate::reports::rates::ratio;
use crate::stats::proportions::{Bounds, wilson_95};
use crate::stats::quantile::{Fraction, cut_point};

/// Where entries are further apart than this many periods, those without any are left out.
const MOST_PERIODS: i64 = 10_000;

/// Periods of all together that a terminal shows: a quarter in weeks.
const LATEST: usize = 13;

/// What a row says of a period and a block.
#[derive(Debug, Clone, Default)]
struct Row {
    entrants: u64,
    converted: u64,
    open: u64,
    entrants_closed: u64,
    converted_closed: u64,
    median: Option<Fraction>,
}

/// The periods that have a row: from that of the first entry to that of the last.
fn rows_of(periods: Periods, entrants: &Entrants) -> Vec<i32> {
    let mut with: Vec<i32> =
        (0..entrants.len()).map(|unit| periods.of(day(entrants.entered_us(unit)))).collect();
    with.sort_unstable();
    with.dedup();
    match (with.first(), with.last()) {
        (Some(first), Some(last)) if i64::from(*last) - i64::from(*first) < MOST_PERIODS => {
            (*first..=*last).collect()
        }
        _ => with,
    }
}

/// The rows of one block.
fn block_rows(
    settings: &FunnelSettings,
    entrants: &Entrants,
    block: &Block<'_>,
    periods: &[i32],
) -> Vec<Row> {
    let mut rows = vec![Row::default(); periods.len()];
    let mut spans: BTreeMap<usize, Vec<i64>> = BTreeMap::new();
    for unit in block.units() {
        let entered = entrants.entered_us(unit);
        let Ok(place) = periods.binary_search(&settings.periods.of(day(entered))) else { continue };
        let row = &mut rows[place];
        let converted = usize::from(entrants.level[unit]) == entrants.steps;
        row.entrants += 1;
        row.converted += u64::from(converted);
        row.open += u64::from(entrants.open[unit]);
        row.entrants_closed += u64::from(entrants.closed[unit]);
        row.converted_closed += u64::from(converted && entrants.closed[unit]);
        if converted && entrants.steps > 1 {
            let last = entrants.moments(unit).iter().copied().filter(|at| *at != NEVER).max();
            spans.entry(place).or_default().push(last.unwrap_or(entered).saturating_sub(entered));
        }
    }
    for (place, mut spans) in spans {
        rows[place].median = cut_point(&mut spans, 1, 2);
    }
    rows
}

/// A row per period of entry; with `--by` for all together first, then for each value, in the same periods. The observed time
/// ends at `as_of_us`: periods that are not over then are marked.
pub fn trend(
    settings: &FunnelSettings,
    journeys: &Journeys,
    entrants: &Entrants,
    as_of_us: i64,
) -> Result<Table> {
    let blocks = Blocks::new(settings, journeys, entrants);
    let periods = rows_of(settings.periods, entrants);
    let rows: Vec<Row> =
        blocks.all.iter().flat_map(|block| block_rows(settings, entrants, block, &periods)).collect();
    let each = || blocks.all.iter().flat_map(|_| periods.iter().copied());
    let today = day(as_of_us);
    let over: Vec<bool> = each().map(|period| settings.periods.end(period) <= today).collect();
    let running: Vec<bool> = over.iter().map(|over| !over).collect();
    let running = if running.contains(&true) { running } else { Vec::new() };
    let counts = |name: &str, value: fn(&Row) -> u64| {
        Column::new(name, Kind::Count, Cells::ints(rows.iter().map(|row| value(row) as i64)))
    };
    let floats = |value: &dyn Fn(&Row) -> Option<f64>| Cells::Float(rows.iter().map(value).collect());
    let bound = |which: fn(Bounds) -> f64| floats(&|row| wilson_95(row.converted, row.entrants).map(which));
    let rate = |name: &str, cells: Cells| Column {
        provisional: running.clone(),
        ..Column::new(name, Kind::Ratio, cells)
    };
    let mut columns = blocks.columns(settings, periods.len());
    columns.extend([
        Column::new(
            "entry_period",
            Kind::Text,
            Cells::texts(each().map(|period| settings.periods.label(period))),
        ),
        Column::new(
            "period_start",
            Kind::Date,
            Cells::Date(each().map(|period| Some(settings.periods.start(period))).collect()),
        ),
        counts("entrants", |row| row.entrants),
        counts("converted", |row| row.converted),
        rate("conversion", floats(&|row| ratio(row.converted, row.entrants))),
        counts("open", |row| row.open),
        rate("conversion_closed", floats(&|row| ratio(row.converted_closed, row.entrants_closed))),
        Column::new(
            "median_seconds",
            Kind::Seconds,
            floats(&|row| row.median.map(|median| median.to_f64(SECOND_US))),
        ),
        Column::new("conversion_lower", Kind::Ratio, bound(|bounds| bounds.lower)),
        Column::new("conversion_upper", Kind::Ratio, bound(|bounds| bounds.upper)),
        counts("entrants_closed", |row| row.entrants_closed),
        Column::new("complete", Kind::Bool, Cells::Bool(over.iter().map(|over| Some(*over)).collect())),
    ]);
    let latest = periods.len().saturating_sub(LATEST);
    let table = Table::new("trend", false, columns).showing(|row| (latest..periods.len()).contains(&row));
    Ok(table.without(&[
        &["period_start"],
        &["complete"],
        &["entrants_closed"],
        &["conversion_lower", "conversion_upper"],
        &["median_seconds"],
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::customers::DAY_US;
    use crate::reports::funnel::FunnelParams;
    use crate::reports::period::PeriodUnit;

    /// Entrants of a funnel of two steps: the day of entry and after how many hours they got through.
    fn entrants(all: &[(i64, Option<i64>)], as_of_us: i64, window_us: i64) -> Entrants {
        let mut entrants = Entrants { steps: 2, ..Entrants::default() };
        for (day, hours) in all {
            let entered = day * DAY_US;
            let closed = entered + window_us <= as_of_us;
            entrants.level.push(if hours.is_some() { 2 } else { 1 });
            entrants.at_us.extend([entered, hours.map_or(NEVER, |hours| entered + hours * DAY_US / 24)]);
            entrants.open.push(hours.is_none() && !closed);
            entrants.closed.push(closed);
        }
        entrants
    }

    fn made(all: &[(i64, Option<i64>)], period: PeriodUnit, as_of_us: i64) -> Table {
        let params =
            FunnelParams { steps: Some("a,b".into()), period: Some(period), ..FunnelParams::default() };
        let settings = params.resolve().unwrap();
        trend(&settings, &Journeys::default(), &entrants(all, as_of_us, 2 * DAY_US), as_of_us).unwrap()
    }

    fn ints(table: &Table, name: &str) -> Vec<i64> {
        match &table.column(name).unwrap().cells {
            Cells::Int(values) => values.iter().map(|value| value.unwrap()).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn floats(table: &Table, name: &str) -> Vec<Option<f64>> {
        match &table.column(name).unwrap().cells {
            Cells::Float(values) => values.clone(),
            other => panic!("{other:?}"),
        }
    }

    /// By hand: days 0, 2 and 3 of January 1970, a window of two days, as of the end of day 3.
    #[test]
    fn counts_by_day() {
        let all = [(0, Some(1)), (0, Some(5)), (0, None), (2, Some(3)), (2, None), (3, None)];
        let table = made(&all, PeriodUnit::Day, 4 * DAY_US - 1);
        assert_eq!(ints(&table, "entrants"), [3, 0, 2, 1]);
        assert_eq!(ints(&table, "converted"), [2, 0, 1, 0]);
        assert_eq!(ints(&table, "open"), [0, 0, 1, 1]);
        assert_eq!(ints(&table, "entrants_closed"), [3, 0, 0, 0]);
        assert_eq!(floats(&table, "conversion"), [Some(2.0 / 3.0), None, Some(0.5), Some(0.0)]);
        assert_eq!(floats(&table, "conversion_closed"), [Some(2.0 / 3.0), None, None, None]);
        assert_eq!(floats(&table, "median_seconds"), [Some(3.0 * 3600.0), None, Some(3.0 * 3600.0), None]);
        // statsmodels 0.15: proportion_confint(2, 3, method="wilson") is (0.2076596, 0.9385081).
        let lower = floats(&table, "conversion_lower")[0].unwrap();
        let upper = floats(&table, "conversion_upper")[0].unwrap();
        assert!((lower - 0.207_659_6).abs() < 1e-6 && (upper - 0.938_508_1).abs() < 1e-6, "{lower} {upper}");
    }

    /// 1970-01-01 was a Thursday of 1970-W01; the second week is running.
    #[test]
    fn weeks_are_marked_until_they_are_over() {
        let table = made(&[(0, Some(1)), (5, None)], PeriodUnit::Week, 6 * DAY_US);
        let complete = &table.column("complete").unwrap().cells;
        assert_eq!(*complete, Cells::Bool(vec![Some(true), Some(false)]));
        assert_eq!(table.column("conversion").unwrap().provisional, [false, true]);
        let Cells::Text(labels) = &table.column("entry_period").unwrap().cells else { panic!() };
        assert_eq!(labels.iter().flatten().collect::<Vec<_>>(), ["1970-W01", "1970-W02"]);
    }

    #[test]
    fn nobody_and_entries_ages_apart() {
        assert_eq!(made(&[], PeriodUnit::Day, 0).height(), 0);
        assert_eq!(made(&[(0, None), (40_000, None)], PeriodUnit::Day, 0).height(), 2);
        assert_eq!(made(&[(0, None), (9_999, None)], PeriodUnit::Day, 0).height(), 10_000);
    }
}
