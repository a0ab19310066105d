//! What marketing cost: acquisition by week and channel, the campaign with the control group, running costs by month.

use std::sync::Arc;

use super::calendar::civil;
use super::columns::Column;
use super::draws::{Draws, Purpose};
use super::plan::Plan;
use super::planted::{CAC, CAMPAIGN_COST, CHANNELS, EXPECTED_SHARES, TREATED};
use super::tables::{Texts, tables};
use super::truth::SpendTruth;

/// Kinds of cost; the code is the place in the list.
pub const KINDS: [&str; 6] = ["", "promotion", "incentive", "labour", "material", "technology"];

/// Costs that belong to no acquisition campaign, per customer of the run and month, in cents: kind and amount.
const RUNNING: [(u16, f64); 3] = [(3, 60.0), (4, 25.0), (5, 15.0)];

/// The whole frame: its size depends on the window alone.
pub fn rows(plan: &Plan) -> (SpendTruth, Vec<Column>) {
    let mut draws = Draws::new(plan.seed, Purpose::Spend, 0);
    let customers = plan.customers as f64;
    let campaigns: Texts = plan.campaigns.iter().cloned().chain(["always_on".to_owned()]).collect();
    let always_on = (campaigns.len() - 1) as u16;
    let mut truth = SpendTruth::default();
    let mut rows: Vec<(i32, u16, u16, u16, i64)> = Vec::new();

    for week in (0..plan.calendar.days).step_by(7) {
        let share = plan.calendar.arrivals_between(week, week + 7);
        let moment = f64::from(week) + 0.5;
        for channel in 0..CHANNELS.len() {
            let budget =
                customers * share * EXPECTED_SHARES[channel] * CAC[channel] * draws.between(0.9, 1.1);
            let campaign = plan.acquisition_campaign(channel, moment);
            let cents = libm::round(budget) as i64;
            rows.push((plan.calendar.day(moment), campaign, channel as u16 + 1, 1, cents));
            truth.channels[channel] += cents;
        }
    }
    for day in (0..plan.calendar.days).filter(|day| civil(plan.calendar.start + *day as i32).2 == 1) {
        for (kind, per_customer) in RUNNING {
            let cents = libm::round(customers * per_customer * draws.between(0.95, 1.05)) as i64;
            rows.push((plan.calendar.start + day as i32, always_on, 0, kind, cents));
            truth.running += cents;
        }
    }
    let start = plan.calendar.day(plan.campaign.0 + 0.5);
    let treated = customers * plan.calendar.arrivals_between(0, plan.campaign.0 as u32) * TREATED;
    for (kind, share) in [(2, 0.8), (5, 0.2)] {
        let cents = libm::round(treated * CAMPAIGN_COST * share) as i64;
        rows.push((start, plan.recall(), 0, kind, cents));
        truth.campaign += cents;
    }
    rows.sort();
    truth.rows = rows.len() as u64;
    truth.total = rows.iter().map(|row| row.4).sum();

    let kinds: Texts = Arc::from(KINDS.map(str::to_owned));
    let columns = vec![
        Column::days("date", rows.iter().map(|r| r.0).collect()),
        Column::code("campaign", rows.iter().map(|r| r.1).collect(), campaigns),
        Column::code("channel", rows.iter().map(|r| r.2).collect(), tables().channels.clone()),
        Column::code("kind", rows.iter().map(|r| r.3).collect(), kinds),
        Column::cents("amount", rows.iter().map(|r| r.4).collect()),
    ];
    (truth, columns)
}
