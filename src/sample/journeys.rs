//! How a visitor becomes a customer: exposure > click > register > pay, with written rates by channel and variant.
//!
//! Visitors come one after another, each with the same chances, until one passes all steps: she is the customer. So the
//! visitors are independent trials with the written rates, and there are exactly as many payers as customers.

use super::customers::Customer;
use super::draws::{Draws, Purpose};
use super::plan::{Plan, SECOND};
use super::planted::{CLICK, LATE_PAYERS, PAY, REGISTER, VARIANT_B};

/// Codes into the table of variants.
pub const VARIANT_CODES: [u16; 2] = [1, 2];

/// The way of the customer herself, in moments of the models' clock.
#[derive(Debug, Clone, Copy)]
pub struct Journey {
    /// 0: variant a of the landing page, 1: variant b.
    pub variant: usize,
    pub exposure: f64,
    pub click: f64,
    pub register: f64,
    pub pay: f64,
}

/// A visitor who did not get through.
#[derive(Debug, Clone, Copy)]
pub struct Visitor {
    pub variant: usize,
    /// Steps taken: 1 to 3.
    pub steps: u32,
}

/// The customer's journey, and the visitors before her who left on the way.
pub fn journey(plan: &Plan, customer: &Customer) -> (Journey, Vec<Visitor>) {
    let mut draws = Draws::new(plan.seed, Purpose::Journey, customer.number);

    // From the payment back to the exposure, in days.
    let late = draws.chance(LATE_PAYERS);
    let mut to_pay =
        if late { draws.between(8.0, 20.0) } else { (0.002 + draws.exponential(1.0 / 0.7)).min(5.5) };
    let mut to_register = (0.0006 + draws.exponential(1.0 / 0.01)).min(0.1);
    let mut to_click = (0.0001 + draws.exponential(1.0 / 0.001)).min(0.02);
    if let Some(inviter) = customer.inviter {
        // Nobody is invited before the inviter has bought herself.
        let room = (customer.joined - inviter.joined) * 0.9;
        let shrink = (room / (to_pay + to_register + to_click)).min(1.0);
        to_pay *= shrink;
        to_register *= shrink;
        to_click *= shrink;
    }
    let register = customer.joined - to_pay;
    let click = register - to_register;
    let exposure = click - to_click;

    let mut visitors = Vec::new();
    let variant = loop {
        let variant = usize::from(draws.chance(0.5));
        let steps = steps_taken(&mut draws, customer.channel, variant);
        if steps == 4 || visitors.len() == 99 {
            break variant;
        }
        visitors.push(Visitor { variant, steps });
    };
    (Journey { variant, exposure, click, register, pay: customer.joined }, visitors)
}

/// Rate from click to register.
pub fn register_rate(channel: usize, variant: usize) -> f64 {
    REGISTER[channel] * if variant == 1 { VARIANT_B } else { 1.0 }
}

fn steps_taken(draws: &mut Draws, channel: usize, variant: usize) -> u32 {
    let rates = [CLICK[channel], register_rate(channel, variant), PAY[channel]];
    1 + rates.into_iter().take_while(|rate| draws.chance(*rate)).count() as u32
}

/// Seconds between the exposure and the payment as the files have them.
pub fn seconds_to_pay(plan: &Plan, journey: &Journey) -> i64 {
    plan.calendar.second(journey.pay) - plan.calendar.second(journey.exposure)
}

/// A moment a few seconds or minutes after another.
pub fn soon(draws: &mut Draws, moment: f64, seconds: f64) -> f64 {
    moment + (5.0 + draws.exponential(1.0 / seconds).min(seconds * 5.0)) * SECOND
}
