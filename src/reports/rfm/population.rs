//! Who is scored, and on what: recency, frequency and monetary of every customer, and the groups of `--by`.

use std::cell::OnceCell;

use super::params::FrequencyCount;
use super::settings::RfmSettings;
use crate::facts::customers::{CustomerFacts, DAY_US};
use crate::reports::groups::Groups;

/// The customers at one moment. Columns are in the order of the facts.
pub(super) struct Population<'a> {
    pub facts: &'a CustomerFacts,
    /// Whole days from the date of the last purchase to the date of the moment.
    pub recency: Vec<i64>,
    /// Orders or purchase days.
    pub frequency: Vec<i64>,
    /// Net revenue in 1/10,000 of the unit.
    pub monetary: &'a [i64],
    /// The values of `--by`.
    pub groups: Option<Groups<'a>>,
    /// Customers in the order of the bytes of their ids, once somebody asks.
    by_id: OnceCell<Vec<u32>>,
}

impl<'a> Population<'a> {
    /// `by`: `facts.attributes[0]` holds the groups.
    pub fn new(settings: &RfmSettings, facts: &'a CustomerFacts, moment_us: i64, by: bool) -> Self {
        let today = moment_us.div_euclid(DAY_US);
        let counts = match settings.frequency {
            FrequencyCount::PurchaseDays => facts.purchase_days.as_ref().unwrap_or(&facts.orders),
            FrequencyCount::Orders => &facts.orders,
        };
        Self {
            facts,
            recency: facts.last_at_us.iter().map(|at| today - at.div_euclid(DAY_US)).collect(),
            frequency: counts.iter().map(|n| i64::from(*n)).collect(),
            monetary: &facts.net_e4,
            groups: facts.attributes.first().filter(|_| by).map(Groups::new),
            by_id: OnceCell::new(),
        }
    }

    pub fn len(&self) -> usize {
        self.monetary.len()
    }

    pub fn id(&self, at: usize) -> &'a str {
        self.facts.customer_id.get(at)
    }

    /// Customers in the order of the bytes of their ids.
    pub fn by_id(&self) -> impl Iterator<Item = usize> {
        self.by_id.get_or_init(|| self.facts.customer_id.sorted_order()).iter().map(|at| *at as usize)
    }

    /// How many groups there are: one without `--by`.
    pub fn group_count(&self) -> usize {
        self.groups.as_ref().map_or(1, |groups| groups.values.len())
    }

    pub fn group(&self, at: usize) -> usize {
        self.groups.as_ref().map_or(0, |groups| groups.of[at] as usize)
    }

    /// The customer's value of `--by`.
    pub fn by_value(&self, at: usize) -> Option<&'a str> {
        self.groups.as_ref().and_then(|groups| groups.values[groups.of[at] as usize])
    }
}
