//! What cohorts have brought in so far, what is expected of them, and when they have paid back what winning them cost.
//!
//! Sums are exact integers; the expected values of a cohort are added up in the order of their size, so that neither the
//! order of customers nor the number of threads changes a bit of it.

mod tables;

use std::collections::BTreeMap;

use super::Study;
use super::population::MONEY_UNIT;
use crate::error::{Error, Result};
use crate::facts::{Histories, SpendRow};
use crate::output::report::{Note, Report};
use crate::output::sum as money_text;
use crate::reports::groups::Groups;
use crate::reports::period::{Periods, WeekStart};

/// Adds the table `cohorts`, with what is to be said of it.
pub(super) fn cohorts(study: &Study<'_>, report: &mut Report) -> Result<()> {
    let expected = expected(study);
    let historic = Historic::new(input(study, expected.as_deref()))?;
    report.tables.push(historic.cohorts()?);
    report.notes.extend(historic.notes());
    Ok(())
}

/// Adds the table `curve`.
pub(super) fn curve(study: &Study<'_>, report: &mut Report) -> Result<()> {
    report.tables.push(Historic::new(CohortInput { spend: None, ..input(study, None) })?.curve());
    Ok(())
}

fn input<'a>(study: &'a Study<'_>, expected: Option<&'a [Option<f64>]>) -> CohortInput<'a> {
    CohortInput {
        histories: &study.input.histories,
        groups: &study.groups,
        by_name: study.input.by_name.as_deref(),
        as_of_day: study.population.last_day,
        periods: Periods::new(study.settings.period, WeekStart::Monday),
        margin: study.settings.margin,
        expected,
        spend: study.input.spend.as_deref(),
    }
}

/// Of each place in the histories: the discounted value that is expected of the customer.
fn expected(study: &Study<'_>) -> Option<Vec<Option<f64>>> {
    let valuation = study.valuation.as_ref()?;
    let mut expected = vec![None; study.input.histories.len()];
    for (number, customer) in study.population.customers.iter().enumerate() {
        expected[customer.place as usize] = valuation.clv(&study.population, number);
    }
    Some(expected)
}

/// What the tables of cohorts are made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct CohortInput<'a> {
    pub histories: &'a Histories,
    /// The groups of `--by`, or [`Groups::one`].
    pub groups: &'a Groups<'a>,
    /// `--by` as resolved, e.g. `first_channel`.
    pub by_name: Option<&'a str>,
    /// Days since 1970-01-01; nothing after it is counted.
    pub as_of_day: i32,
    pub periods: Periods,
    /// The share of revenue that is margin; `None` where it was not given: margins are revenue then, and have no column.
    pub margin: Option<f64>,
    /// Of each customer: the discounted margin that is expected in the horizon. `None` without a model.
    pub expected: Option<&'a [Option<f64>]>,
    pub spend: Option<&'a [SpendRow]>,
}

/// One cohort of one group.
#[derive(Debug, Clone, Default)]
struct Cohort {
    customers: u64,
    orders: u64,
    /// Net revenue (1/10,000) by period after the first; what is before the first purchase is in the first.
    revenue_e4: Vec<i128>,
    /// Of each customer of whom something can be expected.
    expected: Vec<f64>,
    /// `None`: no spend is known for its period.
    spend_e4: Option<i128>,
}

/// Cohorts by the period of the first purchase.
#[derive(Debug, Clone)]
pub(super) struct Historic<'a> {
    input: CohortInput<'a>,
    /// The values of `--by`, also those on which money was spent without winning anybody; none last.
    values: Vec<Option<&'a str>>,
    /// By index into `values` and period.
    cohorts: BTreeMap<(usize, i32), Cohort>,
    /// Rows of spend outside of the observed periods, and what they come to (1/10,000).
    outside: (u64, i128),
}

impl<'a> Historic<'a> {
    /// ## Errors
    /// Spend that cannot be laid to cohorts: rows without a date; a `--by` of which spend knows nothing.
    pub fn new(input: CohortInput<'a>) -> Result<Self> {
        let spent_on = match input.spend {
            Some(spend) => spent_on(input.by_name, spend)?,
            None => Vec::new(),
        };
        // None sorts behind every value.
        let place_of = |value: Option<&'a str>| (value.is_none(), value);
        let mut places: BTreeMap<(bool, Option<&'a str>), usize> = BTreeMap::new();
        for value in input.groups.values.iter().chain(&spent_on) {
            places.insert(place_of(*value), 0);
        }
        places.values_mut().enumerate().for_each(|(number, place)| *place = number);
        let number = |value: &Option<&'a str>| places.get(&place_of(*value)).copied().unwrap_or(0);
        let of_group: Vec<usize> = input.groups.values.iter().map(number).collect();
        let of_spend: Vec<usize> = spent_on.iter().map(number).collect();

        let values = places.into_keys().map(|(_, value)| value).collect();
        let mut this = Self { input, values, cohorts: BTreeMap::new(), outside: (0, 0) };
        this.add_customers(&of_group);
        this.add_spend(&of_spend);
        Ok(this)
    }

    /// What the reader is to know.
    pub fn notes(&self) -> Vec<Note> {
        let mut notes = Vec::new();
        let (rows, e4) = self.outside;
        if rows > 0 {
            notes.push(Note::new("ltv_spend_outside").with("rows", rows).with("amount", money_text(e4)));
        }
        notes
    }

    fn add_customers(&mut self, of_group: &[usize]) {
        let CohortInput { histories, groups, as_of_day, .. } = self.input;
        let days = histories.day.iter().filter(|day| **day <= as_of_day);
        let Some(earliest) = days.clone().min().copied() else { return };
        let calendar = Calendar::new(self.input.periods, earliest, as_of_day);
        // Looked up by customer, ordered at the end.
        let mut cohorts: hashbrown::HashMap<(usize, i32), Cohort> = hashbrown::HashMap::new();
        for (customer, history) in histories.iter().enumerate() {
            let first = history.first_day();
            if first > as_of_day {
                continue;
            }
            let period = calendar.period(first);
            let cohort = cohorts.entry((of_group[groups.of[customer] as usize], period)).or_default();
            cohort.customers += 1;
            for ((day, orders), net_e4) in history.day.iter().zip(history.orders).zip(history.net_e4) {
                if *day > as_of_day {
                    break;
                }
                let index = calendar.period(*day).saturating_sub(period).max(0) as usize;
                if index >= cohort.revenue_e4.len() {
                    cohort.revenue_e4.resize(index + 1, 0);
                }
                cohort.revenue_e4[index] += i128::from(*net_e4);
                cohort.orders += u64::from(*orders);
            }
            if let Some(expected) = self.input.expected {
                cohort.expected.extend(expected[customer]);
            }
        }
        self.cohorts = cohorts.into_iter().collect();
        let last = self.last_period();
        for ((_, period), cohort) in &mut self.cohorts {
            cohort.revenue_e4.resize((last - period + 1).max(1) as usize, 0);
            cohort.expected.sort_unstable_by(f64::total_cmp);
        }
    }

    /// Money belongs to the cohort that was won in the period in which it was spent.
    fn add_spend(&mut self, of_spend: &[usize]) {
        let Some(first) = self.cohorts.keys().map(|(_, period)| *period).min() else { return };
        for (row, group) in self.input.spend.unwrap_or_default().iter().zip(of_spend) {
            let period = row.day.map(|day| self.input.periods.of(day)).filter(|period| *period >= first);
            match period {
                Some(period) if row.day <= Some(self.input.as_of_day) => {
                    let cohort = self.cohorts.entry((*group, period)).or_default();
                    *cohort.spend_e4.get_or_insert(0) += i128::from(row.amount_e4);
                }
                _ => {
                    self.outside.0 += 1;
                    self.outside.1 += i128::from(row.amount_e4);
                }
            }
        }
    }

    /// The period of as_of.
    fn last_period(&self) -> i32 {
        self.input.periods.of(self.input.as_of_day)
    }

    /// Whether all days of a period are observed.
    fn is_over(&self, period: i32) -> bool {
        self.input.periods.end(period) <= self.input.as_of_day
    }

    /// The share of revenue that counts against what winning customers cost.
    fn margin(&self) -> f64 {
        self.input.margin.unwrap_or(1.0)
    }
}

impl Cohort {
    fn revenue_e4(&self) -> i128 {
        self.revenue_e4.iter().sum()
    }

    /// Money per customer, in units; `None` without customers.
    fn per_customer(&self, e4: i128) -> Option<f64> {
        (self.customers > 0).then(|| e4 as f64 / MONEY_UNIT / self.customers as f64)
    }

    /// Whether the margin has ever come to what winning the cohort cost; `None` where nobody was won, or no spend is known.
    fn paid_back(&self, margin: f64) -> Option<bool> {
        (self.customers > 0 && self.spend_e4.is_some()).then(|| self.payback(margin).is_some())
    }

    /// The first period by which the margin has come to what winning the cohort cost; `None`: not yet.
    fn payback(&self, margin: f64) -> Option<i64> {
        let spend = self.spend_e4? as f64;
        let mut revenue_e4 = 0i128;
        let paid = self.revenue_e4.iter().position(|more| {
            revenue_e4 += more;
            revenue_e4 as f64 * margin >= spend
        })?;
        (self.customers > 0).then_some(paid as i64)
    }
}

/// The periods of the observed days, worked out once.
struct Calendar {
    first: i32,
    periods: Vec<i32>,
}

impl Calendar {
    fn new(periods: Periods, first: i32, last: i32) -> Self {
        Self { first, periods: (first..=last).map(|day| periods.of(day)).collect() }
    }

    /// Of a day between the first and the last.
    fn period(&self, day: i32) -> i32 {
        self.periods[(day - self.first) as usize]
    }
}

/// The value of `--by` that each row of spend belongs to.
fn spent_on<'a>(by_name: Option<&str>, spend: &'a [SpendRow]) -> Result<Vec<Option<&'a str>>> {
    let undated = spend.iter().filter(|row| row.day.is_none()).count();
    if undated > 0 {
        return Err(Error::Unsound {
            what: format!("--spend: {undated} of {} rows have no date", spend.len()),
            places: Vec::new(),
            hint: "a cohort is charged what was spent while it was won: export spend by day, week or month, with a \
                   column `date`"
                .into(),
        });
    }
    let refused = |why: String| Err(Error::DoesNotApply { option: "--spend".into(), why });
    match by_name {
        None => Ok(vec![None; spend.len()]),
        Some("first_channel") if spend.iter().any(|row| row.channel.is_some()) => {
            Ok(spend.iter().map(|row| row.channel.as_deref()).collect())
        }
        Some("first_campaign") if spend.iter().any(|row| !row.campaign.is_empty()) => {
            Ok(spend.iter().map(|row| Some(row.campaign.as_str()).filter(|name| !name.is_empty())).collect())
        }
        Some(by @ ("first_channel" | "first_campaign")) => {
            refused(format!("the report is broken down by {by}, and no row of spend has one"))
        }
        Some(by) => refused(format!(
            "spend is known by channel and campaign, and the report is broken down by {by}: take --by channel, \
             --by campaign, or none"
        )),
    }
}

#[cfg(test)]
mod tests;
