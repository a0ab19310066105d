//! The table `times`: how long it takes from one step to another, as a histogram with PostHog's bins.

use super::FunnelSettings;
use super::blocks::{Block, Blocks};
use super::count::{Entrants, NEVER};
use super::steps::SECOND_US;
use crate::error::Result;
use crate::facts::funnel::Order;
use crate::facts::journeys::Journeys;
use crate::output::report::{Cells, Column, Kind, Table};
use crate::reports::rates::ratio;

/// Bins of all together that a terminal shows.
const BINS_SHOWN: usize = 15;

/// The most bins that are made where their number is not given.
const MOST_AUTOMATIC_BINS: i64 = 60;

/// Bins of whole seconds. An upper end belongs to the next bin; that of the last one lies beyond the longest time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bins {
    first: i64,
    /// 0: all in one.
    width: i64,
    number: usize,
}

impl Bins {
    /// PostHog's: from the shortest time (whole seconds, down) to the longest (up) in as many bins as the cube root of the
    /// number of times says (up, 60 at most), each as wide as that takes (whole seconds, up), and one more that holds the
    /// longest. Bins beyond the longest time are left out here, and equal times are one bin.
    ///
    /// Source: PostHog, posthog/hogql_queries/insights/funnels, time to convert.
    fn of(times_us: &[i64], wanted: Option<u32>) -> Option<Self> {
        let (least, most) = (*times_us.iter().min()?, *times_us.iter().max()?);
        let first = least.div_euclid(SECOND_US);
        let last = most.saturating_add(SECOND_US - 1).div_euclid(SECOND_US);
        let bins = wanted.map_or_else(|| cube_root(times_us.len()).clamp(1, MOST_AUTOMATIC_BINS), i64::from);
        let width = (last.saturating_sub(first).saturating_add(bins - 1) / bins).max(0);
        let mut found = Self { first, width: if least == most { 0 } else { width }, number: 0 };
        found.number = found.place(most) + 1;
        Some(found)
    }

    fn place(self, time_us: i64) -> usize {
        let since = (i128::from(time_us) - i128::from(self.first) * i128::from(SECOND_US)).max(0);
        match i128::from(self.width) * i128::from(SECOND_US) {
            0 => 0,
            width => usize::try_from(since / width).unwrap_or(usize::MAX),
        }
    }

    fn start(self, bin: usize) -> i64 {
        self.first.saturating_add(self.width.saturating_mul(bin as i64))
    }
}

/// The smallest whole number whose cube is not below.
fn cube_root(count: usize) -> i64 {
    let count = count as u64;
    (0_u64..).find(|root| root.saturating_pow(3) >= count).map_or(0, |root| root as i64)
}

/// Times from the one step to the other, of those in a block who did both.
fn times_of(settings: &FunnelSettings, entrants: &Entrants, block: &Block<'_>) -> Vec<i64> {
    let (from, to) = settings.times;
    let mut moments = Vec::new();
    let time = |unit: usize| {
        moments.clear();
        moments.extend_from_slice(entrants.moments(unit));
        if settings.funnel.order == Order::Any {
            // The first, the second, ... of the steps, whichever they are.
            moments.retain(|at| *at != NEVER);
            moments.sort_unstable();
        }
        let at = |step: usize| moments.get(step).copied().filter(|at| *at != NEVER);
        Some(at(to)?.saturating_sub(at(from)?))
    };
    block.units().filter_map(time).collect()
}

/// A row per bin; with `--by` for all together first, then for each value, in the same bins.
pub fn times(settings: &FunnelSettings, journeys: &Journeys, entrants: &Entrants) -> Result<Table> {
    let blocks = Blocks::new(settings, journeys, entrants);
    let times: Vec<Vec<i64>> = blocks.all.iter().map(|block| times_of(settings, entrants, block)).collect();
    let bins = times.first().and_then(|all| Bins::of(all, settings.bins));
    let bins = bins.unwrap_or(Bins { first: 0, width: 0, number: 0 });
    let mut rows: Vec<(usize, u64, u64)> = Vec::with_capacity(bins.number * times.len());
    for times in &times {
        let mut users = vec![0_u64; bins.number];
        for time in times {
            users[bins.place(*time)] += 1;
        }
        rows.extend(users.into_iter().enumerate().map(|(bin, users)| (bin, users, times.len() as u64)));
    }
    let seconds = |plus: usize| {
        let starts = rows.iter().map(|(bin, ..)| Some(bins.start(bin + plus) as f64));
        Cells::Float(starts.collect())
    };
    let mut columns = blocks.columns(settings, bins.number);
    columns.extend([
        Column::new("from_seconds", Kind::Seconds, seconds(0)),
        Column::new("to_seconds", Kind::Seconds, seconds(1)),
        Column::new("users", Kind::Count, Cells::ints(rows.iter().map(|(_, users, _)| *users as i64))),
        Column::new(
            "share",
            Kind::Ratio,
            Cells::Float(rows.iter().map(|(_, users, all)| ratio(*users, *all)).collect()),
        ),
    ]);
    Ok(Table::new("times", false, columns).showing(|row| row < bins.number.min(BINS_SHOWN)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::funnel::FunnelParams;
    use proptest::prelude::*;

    /// Entrants of a funnel of two steps that take so long, in microseconds; `None`: never.
    fn entrants(times: &[Option<i64>]) -> Entrants {
        let mut entrants = Entrants { steps: 2, ..Entrants::default() };
        for time in times {
            entrants.level.push(if time.is_some() { 2 } else { 1 });
            entrants.at_us.extend([1_000_000_000, time.map_or(NEVER, |time| 1_000_000_000 + time)]);
        }
        entrants
    }

    /// (from_seconds, users) by bin.
    fn shown(times: &[Option<i64>], bins: Option<u32>) -> Vec<(f64, i64)> {
        let params = FunnelParams { steps: Some("a,b".into()), bins, ..FunnelParams::default() };
        let settings = params.resolve().unwrap();
        let table = super::times(&settings, &Journeys::default(), &entrants(times)).unwrap();
        match (&table.column("from_seconds").unwrap().cells, &table.column("users").unwrap().cells) {
            (Cells::Float(from), Cells::Int(users)) => {
                from.iter().map(|from| from.unwrap()).zip(users.iter().map(|users| users.unwrap())).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    fn seconds(times: &[i64]) -> Vec<Option<i64>> {
        times.iter().map(|time| Some(time * SECOND_US)).collect()
    }

    /// ../shared/truth/funnel_cases.json: ph_ttc_auto_bins and ph_ttc_repeat_event, ph_ttc_latest_first_step. Exact.
    #[test]
    fn bins_as_posthog_makes_them() {
        let bins = shown(&seconds(&[3600, 2220, 82800]), None);
        assert_eq!(bins, [(2220.0, 2), (42510.0, 0), (82800.0, 1)]);
        let mut two = seconds(&[60, 360]);
        two.push(None);
        assert_eq!(shown(&two, None), [(60.0, 1), (210.0, 0), (360.0, 1)]);
    }

    #[test]
    fn nobody_one_and_equal_times() {
        assert_eq!(shown(&[], None), []);
        assert_eq!(shown(&[None], None), []);
        assert_eq!(shown(&[Some(1_500_000)], None), [(1.0, 1)]);
        assert_eq!(shown(&seconds(&[7, 7, 7]), Some(90)), [(7.0, 3)]);
        assert_eq!(shown(&seconds(&[0, 5]), Some(90)).len(), 6);
        assert_eq!(shown(&seconds(&[0, 5]), Some(1)), [(0.0, 1), (5.0, 1)]);
        assert_eq!(shown(&seconds(&[0; 0]), Some(1)), []);
    }

    proptest! {
        #[test]
        fn everybody_stands_in_one_bin(times in prop::collection::vec(0i64..100_000_000_000, 1..300)) {
            let typed: Vec<Option<i64>> = times.iter().map(|time| Some(*time)).collect();
            let bins = shown(&typed, None);
            prop_assert_eq!(bins.iter().map(|bin| bin.1).sum::<i64>(), times.len() as i64);
            prop_assert!(bins.len() as i64 <= cube_root(times.len()) + 1);
            prop_assert!(bins[0].1 > 0 && bins[bins.len() - 1].1 > 0);
        }
    }
}
