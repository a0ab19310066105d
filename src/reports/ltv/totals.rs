//! Sums over customers and how unevenly they are spread.

use super::Study;
use super::population::{MONEY_UNIT, Population};
use super::valuation::{Forecast, Valuation};

/// Customers with equal history, equal spend and one group: what sums need of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub group: u32,
    pub row: u32,
    pub spend: u32,
    pub customers: f64,
}

/// Distinct cells in the order of group, row, spend.
pub(super) fn cells(population: &Population, group_of: &[u32]) -> Vec<Cell> {
    let mut keys: Vec<(u32, u32, u32)> = (0..population.len())
        .map(|at| {
            let place = population.customers[at].place as usize;
            (group_of[place], population.row_of[at], population.spend_of[at])
        })
        .collect();
    keys.sort_unstable();
    let cell = |equal: &[(u32, u32, u32)]| {
        let (group, row, spend) = equal[0];
        Cell { group, row, spend, customers: equal.len() as f64 }
    };
    keys.chunk_by(|a, b| a == b).map(cell).collect()
}

/// What a group is expected to do. Customers without a finite forecast are not in it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Expected {
    pub alive: f64,
    pub purchases: f64,
    /// Net revenue, not discounted, without regard to the margin.
    pub revenue: f64,
    pub clv: f64,
    pub customers: f64,
}

impl Expected {
    pub const MEASURES: [&'static str; 5] =
        ["alive_customers", "expected_purchases", "expected_revenue", "clv_total", "clv_mean"];

    /// In the order of `MEASURES`.
    pub fn values(&self) -> [Option<f64>; 5] {
        let mean = (self.customers > 0.0).then(|| self.clv / self.customers);
        [Some(self.alive), Some(self.purchases), Some(self.revenue), Some(self.clv), mean]
    }
}

/// Per group, summed in the order of cells.
pub(super) fn expected(
    cells: &[Cell],
    groups: usize,
    forecasts: &[Forecast],
    spend: &[Option<f64>],
    worth: f64,
) -> Vec<Expected> {
    let mut sums = vec![Expected::default(); groups];
    for cell in cells {
        let sum = &mut sums[cell.group as usize];
        let forecast = &forecasts[cell.row as usize];
        sum.alive += cell.customers * forecast.p_alive.unwrap_or(0.0);
        sum.customers += cell.customers;
        sum.purchases += cell.customers * forecast.purchases.unwrap_or(0.0);
        if let Some(spend) = spend[cell.spend as usize] {
            sum.revenue += cell.customers * forecast.purchases.unwrap_or(0.0) * spend;
            sum.clv += cell.customers * forecast.discounted.unwrap_or(0.0) * spend * worth;
        }
    }
    sums
}

/// How unevenly values are spread. Absent where their sum is not positive.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Concentration {
    pub top_10_share: Option<f64>,
    pub top_20_share: Option<f64>,
    /// 0: everybody has the same; towards 1: one has it all.
    pub gini: Option<f64>,
}

impl Concentration {
    /// The top tenth is rounded up to whole customers. Gini: 2 sum(i v_i) / (n sum v) - (n + 1) / n, v ascending.
    pub fn new(mut values: Vec<f64>) -> Self {
        values.sort_unstable_by(f64::total_cmp);
        let count = values.len();
        let total: f64 = values.iter().sum();
        if total.is_nan() || total <= 0.0 {
            return Self::default();
        }
        let top = |parts: usize| {
            let most = count.div_ceil(parts);
            let rest: f64 = values[..count - most].iter().sum();
            Some((1.0 - rest / total).clamp(0.0, 1.0))
        };
        let weighted: f64 = values.iter().enumerate().map(|(at, value)| (at + 1) as f64 * value).sum();
        let n = count as f64;
        let gini = (2.0 * weighted / (n * total) - (n + 1.0) / n).clamp(0.0, 1.0);
        Self { top_10_share: top(10), top_20_share: top(5), gini: Some(gini) }
    }
}

/// What is known of a group without any model.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    pub customers: u64,
    pub repeaters: u64,
    pub net_e4: i128,
    /// CLV of its customers, in the order of ids.
    pub values: Vec<f64>,
}

impl Known {
    /// Currency units.
    pub fn revenue(&self) -> f64 {
        self.net_e4 as f64 / MONEY_UNIT
    }
}

impl Study<'_> {
    /// Per group of `--by`.
    pub(super) fn known(&self) -> Vec<Known> {
        let mut groups = vec![Known::default(); self.groups.values.len()];
        for (at, customer) in self.population.customers.iter().enumerate() {
            let group = &mut groups[self.groups.of[customer.place as usize] as usize];
            group.customers += 1;
            group.repeaters += u64::from(customer.x > 0);
            group.net_e4 += i128::from(customer.net_e4);
            group.values.extend(self.clv(at));
        }
        groups
    }

    /// The CLV of a customer: a place in `Population::customers`.
    pub(super) fn clv(&self, customer: usize) -> Option<f64> {
        self.valuation.as_ref().and_then(|valuation| valuation.clv(&self.population, customer))
    }

    /// Deciles by CLV, 1 the best: equal parts of the customers. Of equal CLV those with more revenue to date are better,
    /// then those with the smaller id. `None` for all without a model.
    pub(super) fn deciles(&self) -> Vec<Option<u8>> {
        let mut deciles = vec![None; self.population.len()];
        let valued: Option<&Valuation> = self.valuation.as_ref();
        let mut ranked: Vec<(usize, f64)> = match valued {
            Some(_) => (0..self.population.len()).filter_map(|at| Some((at, self.clv(at)?))).collect(),
            None => Vec::new(),
        };
        let net = |at: usize| self.population.customers[at].net_e4;
        ranked.sort_unstable_by(|a, b| {
            b.1.total_cmp(&a.1).then_with(|| net(b.0).cmp(&net(a.0))).then(a.0.cmp(&b.0))
        });
        let count = ranked.len();
        for (rank, (at, _)) in ranked.into_iter().enumerate() {
            deciles[at] = Some((rank * 10 / count) as u8 + 1);
        }
        deciles
    }
}
