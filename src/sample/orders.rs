//! What customers buy and what goes back: order values by Gamma-Gamma (Fader, Hardie 2013), baskets, refunds, dirt.
//!
//! The models' purchases are the net values. A partial refund is added to what was paid first, so that net revenue per
//! purchase follows the Gamma-Gamma exactly; orders that go back whole, or are cancelled, stand beside the purchases.

use super::columns::Column;
use super::customers::{Arm, Customer};
use super::draws::{Draws, Purpose};
use super::ids::{ORDER_NUMBERS, customer_id, order_id};
use super::plan::Plan;
use super::planted::{
    CAMPAIGN_TAGGED, CANCELLED, COUPONS, DIRT_GUEST, DIRT_PERIOD, DIRT_TWICE, P, REFUND_COLUMN, REFUND_PART,
    REFUND_ROW, RETURNED, SAME_CHANNEL, SEVERAL_LINES, THREE_LINES, WECHAT,
};
use super::purchases::purchases;

/// What an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A purchase of the BG/NBD.
    Model,
    /// A purchase that the campaign brought about.
    Extra,
    /// Paid and refunded whole by refund_amount.
    Returned,
    /// Never paid.
    Cancelled,
    /// A negative row: part of an earlier order goes back.
    Refund,
    /// A purchase whose customer id is missing.
    Guest,
}

impl Kind {
    /// Code into STATUSES.
    fn status(self) -> u16 {
        match self {
            Self::Model | Self::Extra | Self::Guest => 1,
            Self::Returned => 3,
            Self::Cancelled => 4,
            Self::Refund => 2,
        }
    }

    pub fn is_purchase(self) -> bool {
        matches!(self, Self::Model | Self::Extra)
    }
}

pub const STATUSES: [&str; 5] = ["", "paid", "completed", "refunded", "cancelled"];

/// One order, still whole.
#[derive(Debug, Clone)]
pub struct Order {
    /// Number among the orders of the customer, in the order in which they are written.
    pub number: u32,
    pub kind: Kind,
    pub moment: f64,
    /// Cents; below zero for a negative row.
    pub amount: i64,
    /// Cents that went back by refund_amount.
    pub refund: i64,
    /// Index into CHANNELS.
    pub channel: usize,
    /// Code of the campaign, 0 for none.
    pub campaign: u16,
    /// Code of the coupon, 0 for none.
    pub coupon: u16,
    /// Index into PRODUCTS of the first row.
    pub product: usize,
}

/// All orders of one customer, in time.
pub fn orders(plan: &Plan, customer: &Customer) -> Vec<Order> {
    let mut draws = Draws::new(plan.seed, Purpose::Amounts, customer.number);
    let end = plan.calendar.end();
    let mut orders = Vec::new();
    for (index, purchase) in purchases(plan, customer).into_iter().enumerate() {
        let kind = if purchase.extra { Kind::Extra } else { Kind::Model };
        let net = value(&mut draws, customer);
        let mut order = Order {
            number: 0,
            kind,
            moment: purchase.moment,
            amount: net,
            refund: 0,
            channel: if index == 0 || draws.chance(SAME_CHANNEL) { customer.channel } else { WECHAT },
            campaign: 0,
            coupon: 0,
            product: product(&mut draws),
        };
        let in_campaign = (plan.campaign.0..plan.campaign.1).contains(&order.moment);
        let tagged = draws.chance(CAMPAIGN_TAGGED);
        if index == 0 {
            order.campaign = plan.acquisition_campaign(customer.channel, order.moment);
            order.coupon = u16::from(draws.chance(0.5));
        } else if in_campaign && customer.arm == Some(Arm::Treatment) && tagged {
            order.campaign = plan.recall();
            order.coupon = COUPONS.len() as u16 + 1;
        } else if draws.chance(0.15) {
            order.coupon = 2 + draws.below(COUPONS.len() as u64 - 1) as u16;
        }

        let fate = draws.uniform();
        // The first purchase has no negative row: what is earned after it would be less than its purchases.
        if fate < REFUND_COLUMN || (index == 0 && fate < REFUND_COLUMN + REFUND_ROW) {
            order.refund = part(&mut draws, net);
            order.amount += order.refund;
        } else if fate < REFUND_COLUMN + REFUND_ROW {
            let back = part(&mut draws, net);
            order.amount += back;
            let moment = later(&mut draws, order.moment, 14.0, end);
            orders.push(Order { kind: Kind::Refund, moment, amount: -back, coupon: 0, ..order.clone() });
        } else if fate < REFUND_COLUMN + REFUND_ROW + RETURNED + CANCELLED {
            let moment = order.moment + draws.between(0.2, 10.0);
            let amount = value(&mut draws, customer);
            let returned = fate < REFUND_COLUMN + REFUND_ROW + RETURNED;
            // Nothing was paid for what was cancelled before payment.
            let (kind, amount, refund) =
                if returned { (Kind::Returned, amount, amount) } else { (Kind::Cancelled, 0, 0) };
            if moment < end {
                let product = product(&mut draws);
                orders.push(Order {
                    kind,
                    moment,
                    amount,
                    refund,
                    campaign: 0,
                    coupon: 0,
                    product,
                    ..order.clone()
                });
            }
        }
        orders.push(order);
    }
    if plan.dirty(customer.local, DIRT_PERIOD, DIRT_GUEST) {
        let amount = value(&mut draws, customer);
        let moment = draws.between(customer.joined, end);
        let product = product(&mut draws);
        let like = orders[0].clone();
        orders.push(Order {
            kind: Kind::Guest,
            moment,
            amount,
            refund: 0,
            campaign: 0,
            coupon: 0,
            product,
            ..like
        });
    }
    orders.sort_by(|a, b| a.moment.total_cmp(&b.moment));
    orders.truncate(ORDER_NUMBERS as usize);
    for (number, order) in orders.iter_mut().enumerate() {
        order.number = number as u32;
    }
    orders
}

/// The net value of a purchase in cents, at least 1.
fn value(draws: &mut Draws, customer: &Customer) -> i64 {
    let cents = libm::round(draws.gamma(P, customer.value_rate) * 100.0);
    (cents as i64).clamp(1, 100_000_000)
}

/// What goes back beside a net value that stays, in cents.
fn part(draws: &mut Draws, net: i64) -> i64 {
    let part = draws.between(REFUND_PART.0, REFUND_PART.1);
    (libm::round(net as f64 * part / (1.0 - part)) as i64).max(1)
}

/// A moment up to `days` later, within the window.
fn later(draws: &mut Draws, moment: f64, days: f64, end: f64) -> f64 {
    let wanted = moment + draws.between(0.5, days);
    if wanted < end { wanted } else { moment + (end - moment) * draws.between(0.2, 0.9) }
}

/// The earlier in the list, the more wanted.
fn product(draws: &mut Draws) -> usize {
    let u = draws.uniform();
    (u * (0.6 + 0.4 * u) * super::planted::PRODUCTS.len() as f64) as usize
}

/// Orders as rows of the frame: the columns of one block.
pub struct OrderRows {
    pub order_id: Vec<u64>,
    pub customer_id: Vec<u64>,
    pub ordered_at: Vec<i64>,
    pub status: Vec<u16>,
    pub amount: Vec<i64>,
    pub refund_amount: Vec<i64>,
    pub quantity: Vec<i64>,
    pub product: Vec<u16>,
    pub category: Vec<u16>,
    pub channel: Vec<u16>,
    pub campaign: Vec<u16>,
    pub coupon: Vec<u16>,
}

impl OrderRows {
    pub fn with_capacity(rows: usize) -> Self {
        Self {
            order_id: Vec::with_capacity(rows),
            customer_id: Vec::with_capacity(rows),
            ordered_at: Vec::with_capacity(rows),
            status: Vec::with_capacity(rows),
            amount: Vec::with_capacity(rows),
            refund_amount: Vec::with_capacity(rows),
            quantity: Vec::with_capacity(rows),
            product: Vec::with_capacity(rows),
            category: Vec::with_capacity(rows),
            channel: Vec::with_capacity(rows),
            campaign: Vec::with_capacity(rows),
            coupon: Vec::with_capacity(rows),
        }
    }

    /// Writes the rows of an order; gives their number.
    pub fn push(&mut self, plan: &Plan, customer: &Customer, order: &Order, baskets: &mut Draws) -> u32 {
        let lines = match order.kind {
            Kind::Refund | Kind::Returned | Kind::Guest => 1,
            _ if order.amount - order.refund < 100 || !baskets.chance(SEVERAL_LINES) => 1,
            _ if baskets.chance(THREE_LINES) => 3,
            _ => 2,
        };
        let second = plan.calendar.second(order.moment);
        let year = super::calendar::civil(plan.calendar.day(order.moment)).0 as u64;
        let mut left = order.amount - order.refund;
        for line in 0..lines {
            let (amount, product) = if line + 1 == lines {
                (left, if line == 0 { order.product } else { product(baskets) })
            } else {
                // Each of the others leaves at least a third of what is left, and takes a cent or more.
                let share = baskets.between(0.2, 0.65);
                let amount = (left as f64 * share) as i64;
                left -= amount;
                (amount, if line == 0 { order.product } else { product(baskets) })
            };
            let refund = if line == 0 { order.refund } else { 0 };
            self.order_id.push(order_id(year, customer.number, order.number));
            self.customer_id.push(if order.kind == Kind::Guest { 0 } else { customer_id(customer.number) });
            self.ordered_at.push(second);
            self.status.push(order.kind.status());
            self.amount.push(amount + refund);
            self.refund_amount.push(refund);
            self.quantity.push(1 + (baskets.below(10) / 7) as i64);
            self.product.push(product as u16 + 1);
            self.category.push(super::tables::category_of(product));
            self.channel.push(order.channel as u16 + 1);
            self.campaign.push(order.campaign);
            self.coupon.push(order.coupon);
        }
        lines
    }

    /// The last `rows` rows once more.
    pub fn repeat_last(&mut self, rows: u32) {
        fn again<T: Copy>(column: &mut Vec<T>, rows: u32) {
            let start = column.len() - rows as usize;
            column.extend_from_within(start..);
        }
        again(&mut self.order_id, rows);
        again(&mut self.customer_id, rows);
        again(&mut self.ordered_at, rows);
        again(&mut self.status, rows);
        again(&mut self.amount, rows);
        again(&mut self.refund_amount, rows);
        again(&mut self.quantity, rows);
        again(&mut self.product, rows);
        again(&mut self.category, rows);
        again(&mut self.channel, rows);
        again(&mut self.campaign, rows);
        again(&mut self.coupon, rows);
    }

    pub fn into_columns(self, plan: &Plan) -> Vec<Column> {
        let tables = super::tables::tables();
        let code = |name, codes, table: &std::sync::Arc<[String]>| Column::code(name, codes, table.clone());
        vec![
            Column::id("order_id", self.order_id),
            Column::id("customer_id", self.customer_id),
            Column::seconds("ordered_at", self.ordered_at),
            code("status", self.status, &tables.statuses),
            Column::cents("amount", self.amount),
            Column::cents("refund_amount", self.refund_amount),
            Column::integer("quantity", self.quantity),
            code("product_id", self.product.clone(), &tables.product_ids),
            code("product_name", self.product, &tables.product_names),
            code("category", self.category, &tables.categories),
            code("channel", self.channel, &tables.channels),
            code("campaign", self.campaign, &plan.campaigns),
            code("coupon", self.coupon, &tables.coupons),
        ]
    }
}

/// Whether the rows of this order are to be written twice: the first order of the customer that is dirty that way.
pub fn is_written_twice(plan: &Plan, customer: &Customer, order: &Order) -> bool {
    order.number == 0 && plan.dirty(customer.local, DIRT_PERIOD, DIRT_TWICE)
}
