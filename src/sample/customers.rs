//! Who the customers are: latent rates, channel, day of the first purchase, arm of the campaign, who invited them.

use super::draws::{Draws, Purpose};
use super::plan::{BLOCK, Plan};
use super::planted::{
    A, ALPHA, B, DIRT_CYCLE, DIRT_CYCLE_PERIOD, DIRT_SELF, DIRT_SELF_PERIOD, GAMMA, INVITED, Q, R, SHARERS,
    TREATED, channel_weights,
};

/// Arm of the campaign with the control group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arm {
    Control,
    Treatment,
}

/// One customer, before anything has happened.
#[derive(Debug, Clone)]
pub struct Customer {
    /// 1-based: the number in the id.
    pub number: u64,
    /// Number in the block.
    pub local: u32,
    /// Moment of the first purchase.
    pub joined: f64,
    /// Purchases per day while active (lambda).
    pub rate: f64,
    /// Probability to leave after each repeat purchase (p).
    pub dropout: f64,
    /// Rate of the Gamma of order values (nu).
    pub value_rate: f64,
    /// Index into CHANNELS.
    pub channel: usize,
    /// `None`: not a customer yet when the campaign began.
    pub arm: Option<Arm>,
    pub inviter: Option<Inviter>,
}

/// Who invited a customer.
#[derive(Debug, Clone, Copy)]
pub struct Inviter {
    pub number: u64,
    /// Moment of the inviter's first purchase; before the invited one's.
    pub joined: f64,
    /// 1 when the inviter was not invited.
    pub generation: u32,
}

impl Customer {
    /// How many invitations deep: 0 for one who came by herself.
    pub fn generation(&self) -> u32 {
        self.inviter.map_or(0, |inviter| inviter.generation)
    }

    /// The inviter as the members file names her, dirt included.
    pub fn written_inviter(&self, plan: &Plan) -> Option<u64> {
        if plan.dirty(self.local, DIRT_SELF_PERIOD, DIRT_SELF) {
            return Some(self.number);
        }
        if plan.dirty(self.local, DIRT_CYCLE_PERIOD, DIRT_CYCLE) {
            return Some(self.number - 1);
        }
        if plan.dirty(self.local + 1, DIRT_CYCLE_PERIOD, DIRT_CYCLE) && self.number < plan.customers {
            return Some(self.number + 1);
        }
        self.inviter.map(|inviter| inviter.number)
    }
}

/// The customers of one block, in order of their first purchase.
pub fn block(plan: &Plan, block: u64) -> Vec<Customer> {
    let first = block * BLOCK;
    let size = BLOCK.min(plan.customers - first) as usize;
    let mut draws = Draws::new(plan.seed, Purpose::Block, block);

    let mut arrivals: Vec<f64> = (0..size).map(|_| plan.calendar.arrival(draws.uniform())).collect();
    arrivals.sort_by(f64::total_cmp);
    let sharers: Vec<bool> = (0..size).map(|_| draws.chance(SHARERS)).collect();

    let mut customers: Vec<Customer> = Vec::with_capacity(size);
    for (local, joined) in arrivals.into_iter().enumerate() {
        let rate = draws.gamma(R, ALPHA);
        let dropout = draws.beta(A, B);
        let value_rate = draws.gamma(Q, GAMMA);
        let channel = draws.weighted(&channel_weights(rate * ALPHA / R));
        let arm = if draws.chance(TREATED) { Arm::Treatment } else { Arm::Control };
        let inviter =
            draws.chance(INVITED).then(|| inviter(&mut draws, &customers, &sharers, joined)).flatten();
        customers.push(Customer {
            number: first + local as u64 + 1,
            local: local as u32,
            joined,
            rate,
            dropout,
            value_rate,
            channel,
            arm: (joined < plan.campaign.0).then_some(arm),
            inviter,
        });
    }
    customers
}

/// Someone of the fifth of the block that joined just before, a sharer where one is near.
fn inviter(draws: &mut Draws, before: &[Customer], sharers: &[bool], joined: f64) -> Option<Inviter> {
    let newest = before.len().checked_sub(1)?;
    let back = draws.below(before.len() as u64 / 5 + 1) as usize;
    let start = newest - back;
    let chosen = (0..16.min(start + 1)).map(|step| start - step).find(|i| sharers[*i]).unwrap_or(start);
    let inviter = &before[chosen];
    (inviter.joined < joined).then(|| Inviter {
        number: inviter.number,
        joined: inviter.joined,
        generation: inviter.generation() + 1,
    })
}
