//! What is known of the data at the moment they are made: exact counts and sums, added up over blocks.

use super::customers::{Arm, Customer};
use super::orders::{Kind, Order};
use super::plan::Plan;
use super::planted::{ALPHA, R};

/// Money of some rows, in cents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Money {
    /// Rows with their duplicates.
    pub rows: u64,
    /// Amounts above zero.
    pub paid: i64,
    /// `refund_amount`.
    pub refund_amount: i64,
    /// Amounts below zero, as a positive number.
    pub negative: i64,
}

impl Money {
    pub fn net(&self) -> i64 {
        self.paid - self.refund_amount - self.negative
    }

    pub fn add(&mut self, order: &Order, rows: u32) {
        self.rows += u64::from(rows);
        self.paid += order.amount.max(0);
        self.negative += (-order.amount).max(0);
        self.refund_amount += order.refund;
    }

    fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.paid += other.paid;
        self.refund_amount += other.refund_amount;
        self.negative += other.negative;
    }
}

/// What is true of one arm of the campaign, in its window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ArmTruth {
    pub customers: u64,
    /// Purchases in the window.
    pub orders: u64,
    /// Customers with one at least.
    pub buyers: u64,
    /// Net value of these purchases, in cents (negative rows are not taken off).
    pub net: i64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ChannelTruth {
    pub customers: u64,
    pub purchases: u64,
    /// Net value of the purchases in cents, as they were planted.
    pub net: i64,
    /// Sum of the planted purchase rates per day.
    pub rates: f64,
}

/// What is true of orders.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OrderTruth {
    pub customers: u64,
    /// The file as it is.
    pub all: Money,
    /// Without the second copies of rows, rows without a customer, and cancelled orders.
    pub sound: Money,
    /// Distinct order ids by what the order is.
    pub model: u64,
    pub extra: u64,
    pub returned: u64,
    pub cancelled: u64,
    pub refunds: u64,
    pub guests: u64,
    pub guest_amount: i64,
    pub refunded_in_part: u64,
    pub several_rows: u64,
    /// Rows that are written a second time, and their amount.
    pub twice: u64,
    pub twice_amount: i64,
    /// Customers with a second purchase of the model, and how many the BG/NBD expects for these ages.
    pub repeaters: u64,
    pub repeaters_expected: f64,
    /// Days with a purchase, summed over customers.
    pub purchase_days: u64,
    pub channels: [ChannelTruth; 3],
    pub arms: [ArmTruth; 2],
}

impl OrderTruth {
    /// A customer with her orders in time.
    pub fn customer(&mut self, plan: &Plan, customer: &Customer, orders: &[Order]) {
        self.customers += 1;
        let age = plan.calendar.end() - customer.joined;
        // P(X(t) = 0) = (alpha / (alpha + t))^r: nobody leaves before the first repeat purchase.
        self.repeaters_expected += 1.0 - libm::pow(ALPHA / (ALPHA + age), R);
        let mut of_model = 0;
        let mut last_day = i32::MIN;
        let channel = &mut self.channels[customer.channel];
        channel.customers += 1;
        channel.rates += customer.rate;
        let mut in_window = 0;
        let mut in_window_net = 0;
        for order in orders.iter().filter(|o| o.kind.is_purchase()) {
            of_model += u64::from(order.kind == Kind::Model);
            let day = plan.calendar.day(order.moment);
            self.purchase_days += u64::from(day != last_day);
            last_day = day;
            channel.purchases += 1;
            channel.net += order.amount - order.refund;
            if (plan.campaign.0..plan.campaign.1).contains(&order.moment) {
                in_window += 1;
                in_window_net += order.amount - order.refund;
            }
        }
        for order in orders.iter().filter(|o| o.kind == Kind::Refund) {
            channel.net += order.amount;
        }
        self.repeaters += u64::from(of_model > 1);
        if let Some(arm) = customer.arm {
            let arm = &mut self.arms[usize::from(arm == Arm::Treatment)];
            arm.customers += 1;
            arm.orders += in_window;
            arm.buyers += u64::from(in_window > 0);
            arm.net += in_window_net;
        }
    }

    /// An order with the number of its rows, and whether they are written twice.
    pub fn order(&mut self, order: &Order, rows: u32, twice: bool) {
        self.all.add(order, rows);
        match order.kind {
            Kind::Model => self.model += 1,
            Kind::Extra => self.extra += 1,
            Kind::Returned => self.returned += 1,
            Kind::Refund => self.refunds += 1,
            Kind::Cancelled => self.cancelled += 1,
            Kind::Guest => {
                self.guests += 1;
                self.guest_amount += order.amount;
            }
        }
        self.refunded_in_part += u64::from(order.kind.is_purchase() && order.refund > 0);
        self.several_rows += u64::from(rows > 1);
        if !matches!(order.kind, Kind::Cancelled | Kind::Guest) {
            self.sound.add(order, rows);
        }
        if twice {
            self.all.add(order, rows);
            self.twice += u64::from(rows);
            self.twice_amount += order.amount - order.refund;
        }
    }

    /// Distinct order ids.
    pub fn order_ids(&self) -> u64 {
        self.model + self.extra + self.returned + self.cancelled + self.refunds + self.guests
    }

    pub fn purchases(&self) -> u64 {
        self.model + self.extra
    }

    /// Orders per treated customer against orders per customer of the control group, minus 1.
    pub fn lift(&self) -> Option<f64> {
        let per_head = |arm: &ArmTruth| arm.orders as f64 / arm.customers as f64;
        let [control, treatment] = &self.arms;
        (control.orders > 0 && treatment.customers > 0).then(|| per_head(treatment) / per_head(control) - 1.0)
    }

    /// The truth of the next block, added to this one.
    pub fn merge(&mut self, other: &Self) {
        self.customers += other.customers;
        self.all.merge(&other.all);
        self.sound.merge(&other.sound);
        self.model += other.model;
        self.extra += other.extra;
        self.returned += other.returned;
        self.cancelled += other.cancelled;
        self.refunds += other.refunds;
        self.guests += other.guests;
        self.guest_amount += other.guest_amount;
        self.refunded_in_part += other.refunded_in_part;
        self.several_rows += other.several_rows;
        self.twice += other.twice;
        self.twice_amount += other.twice_amount;
        self.repeaters += other.repeaters;
        self.repeaters_expected += other.repeaters_expected;
        self.purchase_days += other.purchase_days;
        for (mine, theirs) in self.channels.iter_mut().zip(&other.channels) {
            mine.customers += theirs.customers;
            mine.purchases += theirs.purchases;
            mine.net += theirs.net;
            mine.rates += theirs.rates;
        }
        for (mine, theirs) in self.arms.iter_mut().zip(&other.arms) {
            mine.customers += theirs.customers;
            mine.orders += theirs.orders;
            mine.buyers += theirs.buyers;
            mine.net += theirs.net;
        }
    }
}

/// What is true of events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventTruth {
    pub rows: u64,
    /// People by channel, variant of the landing page and steps taken (1 to 4, at 0 to 3).
    pub funnel: [[[u64; 4]; 2]; 3],
    /// Payers more than seven days after the exposure, by channel.
    pub late_payers: [u64; 3],
    pub pays: u64,
    pub views: u64,
    pub invitations: u64,
    pub accepted: u64,
    /// Control, treatment.
    pub assigned: [u64; 2],
    pub coupons: u64,
}

impl EventTruth {
    pub fn funnel(&mut self, channel: usize, variant: usize, steps: u32) {
        self.funnel[channel][variant][steps as usize - 1] += 1;
    }

    /// People who took each step at least, of the channels and variants that are asked for.
    pub fn steps(&self, channels: &[usize], variants: &[usize]) -> [u64; 4] {
        let mut reached = [0; 4];
        for channel in channels {
            for variant in variants {
                for (steps, people) in self.funnel[*channel][*variant].iter().enumerate() {
                    reached[..=steps].iter_mut().for_each(|r| *r += people);
                }
            }
        }
        reached
    }

    pub fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        for (mine, theirs) in
            self.funnel.iter_mut().flatten().flatten().zip(other.funnel.iter().flatten().flatten())
        {
            *mine += theirs;
        }
        for (mine, theirs) in self.late_payers.iter_mut().zip(other.late_payers) {
            *mine += theirs;
        }
        for (mine, theirs) in self.assigned.iter_mut().zip(other.assigned) {
            *mine += theirs;
        }
        self.pays += other.pays;
        self.views += other.views;
        self.invitations += other.invitations;
        self.accepted += other.accepted;
        self.coupons += other.coupons;
    }
}

/// What is true of spend, in cents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SpendTruth {
    pub rows: u64,
    pub total: i64,
    pub channels: [i64; 3],
    pub running: i64,
    pub campaign: i64,
}

/// What is true of members.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemberTruth {
    pub rows: u64,
    /// With a true inviter in the file, and without the invented ones below.
    pub invited: u64,
    /// Members who invited one at least.
    pub inviters: u64,
    pub most_invited: u64,
    /// Invitations between the deepest member and the one who came by herself.
    pub deepest: u64,
    /// Inviters that are dirt: members who name themselves, or each other.
    pub invented_inviters: u64,
    pub self_referrals: u64,
}

impl MemberTruth {
    pub fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.invited += other.invited;
        self.inviters += other.inviters;
        self.most_invited = self.most_invited.max(other.most_invited);
        self.deepest = self.deepest.max(other.deepest);
        self.invented_inviters += other.invented_inviters;
        self.self_referrals += other.self_referrals;
    }
}
