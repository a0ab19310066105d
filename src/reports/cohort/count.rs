//! The reduction: who is in which cohort, and one pass over all entries into cells of whole numbers. Sums of whole numbers are
//! the same in any order, so neither threads nor the order of customers show in the result.

use std::ops::Range;

use super::joined::Joined;
use super::params::Measure;
use super::settings::{CohortSettings, Spans};
use crate::error::{Error, Result};
use crate::facts::Histories;
use crate::facts::histories::History;
use crate::reports::groups::Groups;
use crate::reports::period::Periods;

/// More cells than this make no table that anybody reads, and a run that does not end.
const MOST_CELLS: usize = 2_000_000;
/// Fewer customers are not worth another thread.
const CUSTOMERS_PER_THREAD: usize = 50_000;
/// Days of which the period is looked up in a list, some 11,000 years.
const MOST_LISTED_DAYS: i64 = 4_000_000;

/// The cohorts and their cells.
pub(super) struct Counted<'a> {
    /// The values of `--by`; one without it.
    pub groups: Vec<Option<&'a str>>,
    /// By group, then by cohort. No row is of nobody.
    pub rows: Vec<Row>,
    /// The cells of each row from period 0 on, one row behind the other: what is measured, customers, orders or 1/10,000.
    pub numerators: Vec<i128>,
    /// Orders of each cell, where the average order is measured; else empty.
    pub orders: Vec<i64>,
    pub early: Early,
}

/// Refunds and the like before the first purchase: they are in period 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Early {
    pub customers: u64,
    pub net_e4: i128,
}

/// One cohort of one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    /// Index into `Counted::groups`.
    pub group: usize,
    /// The period whose customers it holds.
    pub cohort: i32,
    pub size: u64,
    /// The least and the latest of its customers' first days.
    pub first_day: i32,
    pub last_day: i32,
    /// The place of its period 0 in `Counted::numerators`.
    pub at: usize,
    /// Periods that have begun and are shown.
    pub periods: usize,
}

/// When periods begin and end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    pub periods: Periods,
    pub spans: Spans,
    /// The last day of the observed time.
    pub as_of_day: i32,
}

impl Clock {
    /// Periods of a cohort that have begun for one of its customers at least.
    fn begun(self, cohort: i32, first_day: i32) -> i64 {
        match self.spans {
            Spans::Calendar => i64::from(self.periods.of(self.as_of_day)) - i64::from(cohort) + 1,
            Spans::Elapsed(days) => {
                (i64::from(self.as_of_day) - i64::from(first_day)).div_euclid(days.into()) + 1
            }
        }
    }

    /// Whether the period is over for everybody who is or can come to be in the cohort.
    pub fn is_over(self, row: &Row, index: usize) -> bool {
        match self.spans {
            Spans::Calendar => self.periods.end(row.cohort.saturating_add(index as i32)) <= self.as_of_day,
            Spans::Elapsed(days) => {
                let end = i64::from(row.last_day) + (index as i64 + 1) * i64::from(days) - 1;
                self.periods.end(row.cohort) <= self.as_of_day && end <= i64::from(self.as_of_day)
            }
        }
    }

    /// The first day of the period; with windows, that of the customer who was first.
    pub fn start(self, row: &Row, index: usize) -> i32 {
        match self.spans {
            Spans::Calendar => self.periods.start(row.cohort.saturating_add(index as i32)),
            Spans::Elapsed(days) => {
                let start = i64::from(row.first_day) + index as i64 * i64::from(days);
                i32::try_from(start).unwrap_or(i32::MAX)
            }
        }
    }
}

/// What an entry adds to its cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Adds {
    /// 1 in each period with a purchase.
    Active,
    /// 1 in the first period after period 0 with a purchase.
    FirstReturn,
    /// 1 in the period of the second day with a purchase.
    SecondPurchase,
    Orders,
    Net,
    NetAndOrders,
}

impl Measure {
    fn adds(self) -> Adds {
        match self {
            Self::Retention => Adds::Active,
            Self::CumulativeRetention => Adds::FirstReturn,
            Self::RepeatShare => Adds::SecondPurchase,
            Self::Orders | Self::CumulativeOrders => Adds::Orders,
            Self::Revenue | Self::RevenuePerCustomer => Adds::Net,
            Self::CumulativeRevenue | Self::CumulativeTotalRevenue => Adds::Net,
            Self::AverageOrderValue => Adds::NetAndOrders,
        }
    }

    /// Whether a cell holds all that was added up to its period.
    fn is_cumulative(self) -> bool {
        matches!(
            self,
            Self::CumulativeRetention
                | Self::RepeatShare
                | Self::CumulativeOrders
                | Self::CumulativeRevenue
                | Self::CumulativeTotalRevenue
        )
    }
}

/// Counts cohorts by first purchase, or by the joining days of `joined`. `by`: attribute 0 of the histories holds the groups.
pub(super) fn count<'a>(
    settings: &CohortSettings,
    clock: Clock,
    histories: &'a Histories,
    by: bool,
    joined: Option<&Joined>,
    threads: usize,
) -> Result<Counted<'a>> {
    let mut groups = match histories.attributes.first().filter(|_| by) {
        Some(column) => Groups::new(column),
        None => Groups::one(histories.len()),
    };
    // Members who never bought have no value.
    let strangers = joined.map_or(&[][..], |joined| &joined.without_purchase);
    if !strangers.is_empty() && groups.values.last() != Some(&None) {
        groups.values.push(None);
    }
    let customers = Customers { histories, joined, as_of_day: clock.as_of_day };
    let threads = threads.min(histories.len().div_ceil(CUSTOMERS_PER_THREAD)).max(1);

    let ends = in_parts(histories.len(), threads, |part| customers.ends(part));
    let Some((first, last)) = ends.into_iter().flatten().chain(days(strangers)).reduce(widest) else {
        return Ok(Counted::of_nobody(groups.values));
    };
    let calendar = Calendar::new(clock.periods, first, clock.as_of_day);
    let earliest = calendar.of(first);
    let cohorts = (i64::from(calendar.of(last)) - i64::from(earliest) + 1) as usize;
    if groups.values.len().saturating_mul(cohorts) > 2 * MOST_CELLS {
        return Err(too_many(settings, groups.values.len().saturating_mul(cohorts)));
    }
    let places = Places { calendar, earliest, cohorts, groups: &groups };

    // Who is in which cohort.
    let count = |part| {
        let mut sizes = vec![Size::default(); groups.values.len() * cohorts];
        for (customer, first_day) in customers.first_days(part) {
            sizes[places.of(groups.of[customer], first_day)].add(first_day);
        }
        sizes
    };
    let mut sizes = in_parts(histories.len(), threads, count)
        .into_iter()
        .reduce(|mut all, more| {
            all.iter_mut().zip(&more).for_each(|(size, more)| size.merge(more));
            all
        })
        .unwrap_or_default();
    let no_value = groups.values.len() as u32 - 1;
    for day in strangers {
        sizes[places.of(no_value, *day)].add(*day);
    }
    let (rows, row_of) = rows(settings, clock, &places, &sizes)?;
    let cells = rows.last().map_or(0, |row| row.at + row.periods);

    // What they did.
    let adds = settings.measure.adds();
    let sum = |part| {
        let mut sums = Sums::new(cells, adds == Adds::NetAndOrders);
        for (customer, first_day) in customers.first_days(part) {
            let row = &rows[row_of[places.of(groups.of[customer], first_day)] as usize];
            let shown = until(histories.get(customer), clock.as_of_day);
            let of_window = |day: i32, days: i32| (i64::from(day) - i64::from(first_day)) / i64::from(days);
            let of_calendar = |day: i32| i64::from(places.calendar.of(day)) - i64::from(row.cohort);
            match clock.spans {
                Spans::Calendar => sums.add(adds, shown, row, first_day, joined.is_none(), of_calendar),
                Spans::Elapsed(days) => {
                    sums.add(adds, shown, row, first_day, joined.is_none(), |day| of_window(day, days));
                }
            }
        }
        sums
    };
    let parts = in_parts(histories.len(), threads, sum);
    let mut sums = parts.into_iter().reduce(Sums::merged).unwrap_or_default();
    if settings.measure.is_cumulative() {
        for row in &rows {
            let cells = &mut sums.numerators[row.at..row.at + row.periods];
            for index in 1..cells.len() {
                cells[index] += cells[index - 1];
            }
        }
    }
    let Sums { numerators, orders, early } = sums;
    Ok(Counted { groups: groups.values, rows, numerators, orders, early })
}

impl<'a> Counted<'a> {
    fn of_nobody(groups: Vec<Option<&'a str>>) -> Self {
        Self { groups, rows: Vec::new(), numerators: Vec::new(), orders: Vec::new(), early: Early::default() }
    }
}

/// The cohorts that somebody is in, in order, and which one each place is.
fn rows(
    settings: &CohortSettings,
    clock: Clock,
    places: &Places<'_>,
    sizes: &[Size],
) -> Result<(Vec<Row>, Vec<u32>)> {
    let most = settings.max_periods.map_or(i64::MAX, |most| i64::from(most) + 1);
    let mut rows: Vec<Row> = Vec::new();
    let mut row_of = vec![u32::MAX; sizes.len()];
    let mut at = 0usize;
    for (place, size) in sizes.iter().enumerate().filter(|(_, size)| size.customers > 0) {
        let cohort = places.earliest + (place % places.cohorts) as i32;
        let periods = clock.begun(cohort, size.first_day).clamp(0, most) as usize;
        row_of[place] = rows.len() as u32;
        rows.push(Row {
            group: place / places.cohorts,
            cohort,
            size: size.customers,
            first_day: size.first_day,
            last_day: size.last_day,
            at,
            periods,
        });
        at = at.saturating_add(periods);
    }
    if at > MOST_CELLS { Err(too_many(settings, at)) } else { Ok((rows, row_of)) }
}

fn too_many(settings: &CohortSettings, cells: usize) -> Error {
    Error::BadOption {
        option: "--period".into(),
        value: settings.periods.unit.key().into(),
        why: format!("makes {cells} cells of the data, and {MOST_CELLS} is the most"),
        hint: Some("a longer --period, --max-periods N, --since DATE, or --by with fewer values".into()),
    }
}

/// Customers of a cohort, and the ends of their first days.
#[derive(Debug, Clone, Copy)]
struct Size {
    customers: u64,
    first_day: i32,
    last_day: i32,
}

impl Default for Size {
    fn default() -> Self {
        Self { customers: 0, first_day: i32::MAX, last_day: i32::MIN }
    }
}

impl Size {
    fn add(&mut self, day: i32) {
        self.merge(&Self { customers: 1, first_day: day, last_day: day });
    }

    fn merge(&mut self, other: &Self) {
        self.customers += other.customers;
        self.first_day = self.first_day.min(other.first_day);
        self.last_day = self.last_day.max(other.last_day);
    }
}

/// The customers who are in a cohort, with the day that put them there.
#[derive(Clone, Copy)]
struct Customers<'a> {
    histories: &'a Histories,
    joined: Option<&'a Joined>,
    as_of_day: i32,
}

impl Customers<'_> {
    fn first_days(self, part: Range<usize>) -> impl Iterator<Item = (usize, i32)> {
        part.filter_map(move |customer| {
            let day = match self.joined {
                Some(joined) => joined.day_of[customer]?,
                None => self.histories.get(customer).first_day(),
            };
            (day <= self.as_of_day).then_some((customer, day))
        })
    }

    fn ends(self, part: Range<usize>) -> Option<(i32, i32)> {
        self.first_days(part).map(|(_, day)| (day, day)).reduce(widest)
    }
}

fn days(days: &[i32]) -> impl Iterator<Item = (i32, i32)> {
    days.iter().map(|day| (*day, *day))
}

fn widest(a: (i32, i32), b: (i32, i32)) -> (i32, i32) {
    (a.0.min(b.0), a.1.max(b.1))
}

/// Where the cohorts of each group stand in a list of all that there can be.
struct Places<'a> {
    calendar: Calendar,
    earliest: i32,
    cohorts: usize,
    groups: &'a Groups<'a>,
}

impl Places<'_> {
    fn of(&self, group: u32, first_day: i32) -> usize {
        debug_assert!((group as usize) < self.groups.values.len());
        group as usize * self.cohorts + (self.calendar.of(first_day) - self.earliest) as usize
    }
}

/// The period of each day, as a list: the calendar is asked once for a period, not once for an order.
struct Calendar {
    periods: Periods,
    first: i32,
    period_of: Vec<i32>,
}

impl Calendar {
    fn new(periods: Periods, first: i32, last: i32) -> Self {
        let days = i64::from(last) - i64::from(first) + 1;
        let mut period_of = Vec::new();
        if (1..=MOST_LISTED_DAYS).contains(&days) {
            period_of.reserve_exact(days as usize);
            let mut day = first;
            while day <= last {
                let period = periods.of(day);
                let end = periods.end(period).clamp(day, last);
                period_of.resize(period_of.len() + (end - day) as usize + 1, period);
                day = end + 1;
            }
        }
        Self { periods, first, period_of }
    }

    #[inline]
    fn of(&self, day: i32) -> i32 {
        let place = usize::try_from(i64::from(day) - i64::from(self.first)).ok();
        match place.and_then(|place| self.period_of.get(place)) {
            Some(period) => *period,
            None => self.periods.of(day),
        }
    }
}

/// The cells of all rows, and what is told of customers on the way.
#[derive(Default)]
struct Sums {
    numerators: Vec<i128>,
    orders: Vec<i64>,
    early: Early,
}

impl Sums {
    fn new(cells: usize, orders: bool) -> Self {
        Self {
            numerators: vec![0; cells],
            orders: vec![0; if orders { cells } else { 0 }],
            early: Early::default(),
        }
    }

    /// Adds a customer. What was before `first_day` is in period 0 where the first purchase is that day (refunds alone can be
    /// earlier), and in no period where it is the day of joining.
    #[inline]
    fn add(
        &mut self,
        adds: Adds,
        history: History<'_>,
        row: &Row,
        first_day: i32,
        counts_earlier: bool,
        index: impl Fn(i32) -> i64,
    ) {
        let skipped = history.day.partition_point(|day| *day < first_day);
        let (early, from) = if counts_earlier { (skipped, 0) } else { (0, skipped) };
        if early > 0 {
            self.early.customers += 1;
            self.early.net_e4 += history.net_e4[..early].iter().map(|net| i128::from(*net)).sum::<i128>();
        }
        let entries = (from..history.day.len())
            .map(|at| (index(history.day[at]).max(0) as usize, history.orders[at], history.net_e4[at]));
        let shown = entries.filter(|(index, ..)| *index < row.periods);
        let purchases = shown.clone().filter(|(_, orders, _)| *orders > 0);
        let cells = &mut self.numerators[row.at..row.at + row.periods];
        match adds {
            Adds::Active => {
                let mut counted = usize::MAX;
                for (index, ..) in purchases {
                    if index != counted {
                        cells[index] += 1;
                        counted = index;
                    }
                }
            }
            Adds::FirstReturn => {
                if let Some((index, ..)) = purchases.into_iter().find(|(index, ..)| *index > 0) {
                    cells[index] += 1;
                }
            }
            Adds::SecondPurchase => {
                if let Some((index, ..)) = purchases.into_iter().nth(1) {
                    cells[index] += 1;
                }
            }
            Adds::Orders => purchases.for_each(|(index, orders, _)| cells[index] += i128::from(orders)),
            Adds::Net => shown.for_each(|(index, _, net)| cells[index] += i128::from(net)),
            Adds::NetAndOrders => {
                let counts = &mut self.orders[row.at..row.at + row.periods];
                for (index, orders, net) in shown {
                    cells[index] += i128::from(net);
                    counts[index] += i64::from(orders);
                }
            }
        }
    }

    fn merged(mut self, other: Self) -> Self {
        self.numerators.iter_mut().zip(&other.numerators).for_each(|(sum, more)| *sum += more);
        self.orders.iter_mut().zip(&other.orders).for_each(|(sum, more)| *sum += more);
        self.early.customers += other.early.customers;
        self.early.net_e4 += other.early.net_e4;
        self
    }
}

/// The entries up to a day.
fn until(history: History<'_>, day: i32) -> History<'_> {
    let end = match history.day.last() {
        Some(last) if *last <= day => history.day.len(),
        _ => history.day.partition_point(|at| *at <= day),
    };
    History { day: &history.day[..end], orders: &history.orders[..end], net_e4: &history.net_e4[..end] }
}

/// Work on all customers in as many parts as there are threads; the results in the order of the parts.
fn in_parts<T: Send>(customers: usize, threads: usize, work: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    let bound = |part: usize| customers * part / threads;
    if threads == 1 {
        return vec![work(0..customers)];
    }
    std::thread::scope(|scope| {
        let work = &work;
        let parts: Vec<_> =
            (0..threads).map(|part| scope.spawn(move || work(bound(part)..bound(part + 1)))).collect();
        let joined = parts
            .into_iter()
            .map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        joined.collect()
    })
}
