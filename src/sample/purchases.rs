//! When customers buy: BG/NBD (Fader, Hardie, Lee 2005), and the campaign's extra purchases on top of it.

use super::customers::{Arm, Customer};
use super::draws::{Draws, Purpose};
use super::plan::Plan;

/// A purchase at a moment of the models' clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Purchase {
    pub moment: f64,
    /// Made because of the campaign: the model alone would not have it.
    pub extra: bool,
}

/// All purchases of one customer within the window, in time.
///
/// The first is the acquisition. Gaps are exponential with the customer's rate; after each repeat purchase the customer
/// leaves with her dropout probability. A treated customer has, while the campaign runs and she is active, a second
/// stream of purchases with rate `lift * rate`: her expected orders in the window are exactly `1 + lift` times those
/// without treatment, and the BG/NBD purchases stay what they are.
///
/// Whoever counts purchases counts days: a purchase of the model that would fall on the day of the one before moves to
/// the next free day. So days keep the model's count exactly, and its last moment to a day.
pub fn purchases(plan: &Plan, customer: &Customer) -> Vec<Purchase> {
    let mut draws = Draws::new(plan.seed, Purpose::Purchases, customer.number);
    let end = plan.calendar.end();
    let mut purchases = vec![Purchase { moment: customer.joined, extra: false }];
    let mut moment = customer.joined;
    let mut taken = libm::floor(moment);
    let active_until = loop {
        moment += draws.exponential(customer.rate);
        // (A rate that underflows to 0 gives an infinite gap, and ends here as well.)
        if moment.is_nan() || moment >= end {
            break end;
        }
        let day = libm::floor(moment);
        let free = if day > taken { day } else { taken + 1.0 };
        // At the end of the window there may be no free day left.
        let placed = if free < end { free + (moment - day) } else { moment };
        taken = libm::floor(placed);
        purchases.push(Purchase { moment: placed, extra: false });
        if draws.chance(customer.dropout) {
            break placed;
        }
    };
    // (What found no free day may stand out of order.)
    purchases.sort_by(|a, b| a.moment.total_cmp(&b.moment));
    if customer.arm == Some(Arm::Treatment) && plan.lift > 0.0 {
        let until = active_until.min(plan.campaign.1);
        let mut moment = plan.campaign.0;
        loop {
            moment += draws.exponential(customer.rate * plan.lift);
            if moment.is_nan() || moment >= until {
                break;
            }
            purchases.push(Purchase { moment, extra: true });
        }
        purchases.sort_by(|a, b| a.moment.total_cmp(&b.moment));
    }
    purchases
}
