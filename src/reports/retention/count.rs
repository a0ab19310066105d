//! From journeys to cohorts: who started when, and who came back how many periods later. Whole numbers alone, merged by
//! sums: neither the threads nor the order of the units show.

use std::collections::BTreeMap;

use super::calendar::Calendar;
use super::params::{PeriodZero, StartMode};
use super::settings::{RETURN, RetentionSettings, START};
use crate::error::{Error, Result};
use crate::facts::journeys::{Journey, Journeys};

/// More cells than this make no table that anybody reads.
const MOST_CELLS: usize = 2_000_000;
/// A period whose last second has come is over.
const SECOND_US: i64 = 1_000_000;

/// The units that did the start event in one period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cohort {
    /// The value of `--by` at the start event: index into the journeys' values.
    pub group: Option<u32>,
    /// Number of its period in the calendar.
    pub number: i64,
    pub size: u64,
    /// The earliest and the latest of the start events by which its units are in it.
    pub first_us: i64,
    pub last_us: i64,
    /// Units that came back, for each period that has begun (and is shown).
    pub retained: Vec<u64>,
    /// How many of them are over.
    pub over: usize,
}

/// The cohorts in order of the value of `--by` (none last) and of time, and how many units there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Counted {
    pub cohorts: Vec<Cohort>,
    /// Units that did the start event at least once.
    pub units: u64,
}

/// Counts. With `by` the first attribute of the events is that of `--by`.
pub(super) fn count(
    settings: &RetentionSettings,
    journeys: &Journeys,
    as_of_us: i64,
    by: bool,
    threads: usize,
) -> Result<Counted> {
    let counter = Counter {
        settings,
        periods: settings.periods(),
        window_us: settings.window_us(),
        most: settings.max_periods.map_or(usize::MAX - 1, |most| most as usize),
        as_of_us,
        by,
        roles: journeys
            .signatures
            .iter()
            .map(|signature| (signature.marks >> START & 1 == 1, signature.marks >> RETURN & 1 == 1))
            .collect(),
    };
    let states = journeys.visit(threads, State::default, |state, journey| counter.add(state, journey))?;
    let mut units = 0;
    let mut all: BTreeMap<(bool, Option<u32>, i64), Tally> = BTreeMap::new();
    for state in states {
        units += state.units;
        for ((group, number), tally) in state.tallies {
            match all.entry((group.is_none(), group, number)) {
                std::collections::btree_map::Entry::Vacant(entry) => {
                    entry.insert(tally);
                }
                std::collections::btree_map::Entry::Occupied(mut entry) => entry.get_mut().merge(&tally),
            }
        }
    }
    let mut cells = 0;
    let mut cohorts = Vec::with_capacity(all.len());
    for ((_, group, number), tally) in all {
        let begun = counter.begun(number, &tally);
        cells += begun;
        if cells > MOST_CELLS {
            return Err(counter.too_many());
        }
        cohorts.push(counter.cohort(group, number, tally, begun));
    }
    Ok(Counted { cohorts, units })
}

/// A cohort while it is counted.
#[derive(Debug, Clone)]
struct Tally {
    size: u64,
    first_us: i64,
    last_us: i64,
    /// For each period how many came back in it; with `--unbounded` how many came back in it for the last time.
    returned: Vec<u64>,
}

impl Tally {
    fn merge(&mut self, other: &Self) {
        self.size += other.size;
        self.first_us = self.first_us.min(other.first_us);
        self.last_us = self.last_us.max(other.last_us);
        if self.returned.len() < other.returned.len() {
            self.returned.resize(other.returned.len(), 0);
        }
        for (sum, more) in self.returned.iter_mut().zip(&other.returned) {
            *sum += more;
        }
    }
}

#[derive(Debug, Default)]
struct State {
    tallies: BTreeMap<(Option<u32>, i64), Tally>,
    units: u64,
    /// Lengths of all `returned`.
    cells: usize,
    /// Of the journey at hand: the first start event in each period, ...
    starts: Vec<Start>,
    /// ... the moments of the return events, ...
    returns_us: Vec<i64>,
    /// ... and the periods of the calendar in which there are enough of them.
    periods: Vec<i64>,
    /// The period looked up last: its number, its first moment, the first moment of the next.
    last: Option<(i64, i64, i64)>,
}

#[derive(Debug, Clone, Copy)]
struct Start {
    number: i64,
    at_us: i64,
    group: Option<u32>,
}

struct Counter<'a> {
    settings: &'a RetentionSettings,
    periods: Calendar,
    /// With `--rolling`.
    window_us: Option<i64>,
    /// The last index that is shown.
    most: usize,
    as_of_us: i64,
    by: bool,
    /// For each signature: whether it is a start, and a return.
    roles: Vec<(bool, bool)>,
}

impl Counter<'_> {
    fn add(&self, state: &mut State, journey: Journey<'_>) -> Result<()> {
        state.starts.clear();
        state.returns_us.clear();
        state.periods.clear();
        let is_recurring = self.settings.start_mode == StartMode::Recurring;
        // How many returns there are in the period of the last one.
        let mut in_period = (i64::MIN, 0);
        for event in journey.events.iter().take_while(|event| event.at_us <= self.as_of_us) {
            let (starts, returns) = self.roles[event.signature as usize];
            let number = self.number(&mut state.last, event.at_us);
            let is_in_it = state.starts.last().is_some_and(|start| start.number == number);
            if starts && !is_in_it && (is_recurring || state.starts.is_empty()) {
                let group = if self.by { journey.code(event, 0) } else { None };
                state.starts.push(Start { number, at_us: event.at_us, group });
            }
            if returns {
                state.returns_us.push(event.at_us);
                in_period = (number, if in_period.0 == number { in_period.1 + 1 } else { 1 });
                if in_period.1 == self.settings.min_events {
                    state.periods.push(number);
                }
            }
        }
        state.units += u64::from(!state.starts.is_empty());
        for at in 0..state.starts.len() {
            let start = state.starts[at];
            let tally = state.tallies.entry((start.group, start.number)).or_insert(Tally {
                size: 0,
                first_us: start.at_us,
                last_us: start.at_us,
                returned: Vec::new(),
            });
            tally.size += 1;
            tally.first_us = tally.first_us.min(start.at_us);
            tally.last_us = tally.last_us.max(start.at_us);
            let before = tally.returned.len();
            let mut count = |index: usize| {
                if tally.returned.len() <= index {
                    tally.returned.resize(index + 1, 0);
                }
                tally.returned[index] += 1;
            };
            match self.window_us {
                None => self.calendar(start, &state.returns_us, &state.periods, &mut count),
                Some(window_us) => self.rolling(start, &state.returns_us, window_us, &mut count),
            }
            state.cells += tally.returned.len() - before;
            if state.cells > MOST_CELLS {
                return Err(self.too_many());
            }
        }
        Ok(())
    }

    /// The number of the period that holds the moment; `last`: see [`State`].
    fn number(&self, last: &mut Option<(i64, i64, i64)>, at_us: i64) -> i64 {
        match *last {
            Some((number, from_us, to_us)) if (from_us..to_us).contains(&at_us) => number,
            _ => {
                let number = self.periods.of(at_us);
                *last = Some((number, self.periods.start_us(number), self.periods.start_us(number + 1)));
                number
            }
        }
    }

    /// Counts the periods of the calendar in which the unit came back; with `--unbounded` the last one.
    fn calendar(&self, start: Start, returns_us: &[i64], periods: &[i64], count: &mut dyn FnMut(usize)) {
        let later = periods.partition_point(|number| *number <= start.number);
        let index = |number: i64| usize::try_from(number - start.number).unwrap_or(usize::MAX);
        let in_period_0 = || {
            let end_us = self.periods.start_us(start.number + 1);
            let from = returns_us.partition_point(|at_us| *at_us < start.at_us);
            let to = returns_us.partition_point(|at_us| *at_us < end_us);
            (to - from) as u64 >= self.settings.min_events
        };
        if self.settings.unbounded {
            match periods[later..].last() {
                Some(number) => count(index(*number).min(self.most)),
                None if in_period_0() => count(0),
                None => {}
            }
            return;
        }
        if in_period_0() {
            count(0);
        }
        periods[later..]
            .iter()
            .map(|number| index(*number))
            .take_while(|index| *index <= self.most)
            .for_each(count);
    }

    /// The same for windows from the start event.
    fn rolling(&self, start: Start, returns_us: &[i64], window_us: i64, count: &mut dyn FnMut(usize)) {
        let returns_us = &returns_us[returns_us.partition_point(|at_us| *at_us < start.at_us)..];
        let index =
            |at_us: &i64| usize::try_from((at_us - start.at_us).div_euclid(window_us)).unwrap_or(usize::MAX);
        let are_enough = |window: &[i64]| window.len() as u64 >= self.settings.min_events;
        let mut windows =
            returns_us.chunk_by(|a, b| index(a) == index(b)).filter(|window| are_enough(window));
        if self.settings.unbounded {
            if let Some(last) = windows.next_back() {
                count(index(&last[0]).min(self.most));
            }
            return;
        }
        windows.map(|window| index(&window[0])).take_while(|index| *index <= self.most).for_each(count);
    }

    /// How many periods of a cohort have begun and are shown: for one unit of it at least.
    fn begun(&self, number: i64, tally: &Tally) -> usize {
        let last = match self.window_us {
            None => self.periods.of(self.as_of_us) - number,
            Some(window_us) => (self.as_of_us - tally.first_us).div_euclid(window_us),
        };
        usize::try_from(last).unwrap_or(0).min(self.most) + 1
    }

    fn cohort(&self, group: Option<u32>, number: i64, tally: Tally, begun: usize) -> Cohort {
        let mut retained = tally.returned;
        retained.resize(begun, 0);
        if self.settings.unbounded {
            let mut later = 0;
            for units in retained.iter_mut().rev() {
                later += *units;
                *units = later;
            }
        }
        if self.settings.period_zero == PeriodZero::Cohort {
            retained[0] = tally.size;
        }
        let end_us = self.as_of_us.saturating_add(SECOND_US);
        let is_over = |index: usize| {
            let periods = index as i64 + 1;
            match self.window_us {
                None => self.periods.start_us(number + periods) <= end_us,
                // For all of its units, and nobody can come into it any more.
                Some(window_us) => {
                    let last_us = tally.last_us.saturating_add(window_us.saturating_mul(periods));
                    last_us <= end_us && self.periods.start_us(number + 1) <= end_us
                }
            }
        };
        let over = (0..begun).take_while(|index| is_over(*index)).count();
        Cohort {
            group,
            number,
            size: tally.size,
            first_us: tally.first_us,
            last_us: tally.last_us,
            retained,
            over,
        }
    }

    fn too_many(&self) -> Error {
        Error::BadOption {
            option: "--period".into(),
            value: self.settings.period.key().into(),
            why: format!("makes more cells of the data than {MOST_CELLS}, the most that there can be"),
            hint: Some("a longer --period, --max-periods N, --since DATE, or --by with fewer values".into()),
        }
    }
}
