//! What visitors and customers do: the funnel, touches before it, later purchases, the campaign, invitations.

use std::sync::{Arc, LazyLock};

use super::columns::{Column, NONE};
use super::customers::{Arm, Customer};
use super::draws::{Draws, Purpose};
use super::ids::{customer_id, session_id, visitor_id};
use super::journeys::{Journey, VARIANT_CODES, Visitor, journey, seconds_to_pay, soon};
use super::orders::{Order, orders};
use super::plan::Plan;
use super::planted::{ACCEPTED, ADD_TO_CART, BROWSE, CAMPAIGN_COUPON, EARLIER_TOUCH, EARLIER_TOUCH_CHANNELS};
use super::tables::tables;
use super::truth::EventTruth;

/// Kinds of event; the code is the place in the list.
pub const EVENTS: [&str; 11] = [
    "",
    "exposure",
    "click",
    "register",
    "pay",
    "view",
    "browse",
    "add_to_cart",
    "assigned",
    "coupon",
    "invite",
];
const EXPOSURE: u16 = 1;
const CLICK: u16 = 2;
const REGISTER: u16 = 3;
const PAY: u16 = 4;
const VIEW: u16 = 5;
const BROWSING: u16 = 6;
const CART: u16 = 7;
const ASSIGNED: u16 = 8;
const COUPON: u16 = 9;
const INVITE: u16 = 10;

/// Variants; the first two belong to the landing page, the others to the campaign.
const VARIANTS: [&str; 5] = ["", "a", "b", "control", "treatment"];
const CONTROL: u16 = 3;
const TREATMENT: u16 = 4;

/// Pieces of content that exposures, clicks and views are of.
const CONTENTS: u64 = 12;
/// Sessions of visitors are numbered from here, sessions of orders below.
const VISITOR_SESSIONS: u32 = 9_900;
/// Seven days, the window of the written funnel.
const WINDOW: i64 = 7 * 86_400;

struct EventTables {
    events: Arc<[String]>,
    variants: Arc<[String]>,
    contents: Arc<[String]>,
}

static TABLES: LazyLock<EventTables> = LazyLock::new(|| EventTables {
    events: EVENTS.iter().map(|e| (*e).to_owned()).collect(),
    variants: VARIANTS.iter().map(|v| (*v).to_owned()).collect(),
    contents: std::iter::once(String::new()).chain((1..=CONTENTS).map(|n| format!("note_{n:02}"))).collect(),
});

#[derive(Default)]
struct EventRows {
    customer_id: Vec<u64>,
    event: Vec<u16>,
    at: Vec<i64>,
    session_id: Vec<u64>,
    channel: Vec<u16>,
    campaign: Vec<u16>,
    content_id: Vec<u16>,
    variant: Vec<u16>,
    value: Vec<i64>,
    inviter_id: Vec<u64>,
}

/// One event; what it does not have is 0, a missing value is `NONE`.
struct Event {
    who: u64,
    kind: u16,
    at: i64,
    session: u64,
    channel: u16,
    campaign: u16,
    content: u16,
    variant: u16,
    value: i64,
    inviter: u64,
}

impl Event {
    fn new(who: u64, kind: u16, at: i64) -> Self {
        Self {
            who,
            kind,
            at,
            session: 0,
            channel: 0,
            campaign: 0,
            content: 0,
            variant: 0,
            value: NONE,
            inviter: 0,
        }
    }
}

impl EventRows {
    fn push(&mut self, event: Event) {
        self.customer_id.push(event.who);
        self.event.push(event.kind);
        self.at.push(event.at);
        self.session_id.push(event.session);
        self.channel.push(event.channel);
        self.campaign.push(event.campaign);
        self.content_id.push(event.content);
        self.variant.push(event.variant);
        self.value.push(event.value);
        self.inviter_id.push(event.inviter);
    }

    fn into_columns(self, plan: &Plan) -> Vec<Column> {
        vec![
            Column::id("customer_id", self.customer_id),
            Column::code("event", self.event, TABLES.events.clone()),
            Column::seconds("at", self.at),
            Column::id("session_id", self.session_id),
            Column::code("channel", self.channel, tables().channels.clone()),
            Column::code("campaign", self.campaign, plan.campaigns.clone()),
            Column::code("content_id", self.content_id, TABLES.contents.clone()),
            Column::code("variant", self.variant, TABLES.variants.clone()),
            Column::cents("value", self.value),
            Column::id("inviter_id", self.inviter_id),
        ]
    }
}

/// The events of a block, with what is true of them.
pub fn block(plan: &Plan, customers: &[Customer]) -> (EventTruth, Vec<Column>) {
    let mut rows = EventRows::default();
    let mut truth = EventTruth::default();
    for customer in customers {
        let mut scene = Scene {
            plan,
            customer,
            draws: Draws::new(plan.seed, Purpose::Events, customer.number),
            rows: &mut rows,
            truth: &mut truth,
        };
        scene.play();
    }
    truth.rows = rows.event.len() as u64;
    (truth, rows.into_columns(plan))
}

/// All that happens around one customer.
struct Scene<'a> {
    plan: &'a Plan,
    customer: &'a Customer,
    draws: Draws,
    rows: &'a mut EventRows,
    truth: &'a mut EventTruth,
}

impl Scene<'_> {
    fn play(&mut self) {
        let (journey, visitors) = journey(self.plan, self.customer);
        let orders = orders(self.plan, self.customer);
        for (number, visitor) in visitors.iter().enumerate() {
            self.visitor(number as u32, visitor, &journey);
        }
        self.invitations(&journey);
        if let Some(first) = orders.iter().find(|order| order.kind.is_purchase()) {
            self.becomes_customer(&journey, first);
        }
        self.assigned();
        for order in orders.iter().filter(|order| order.kind.is_purchase()).skip(1) {
            self.later_purchase(order);
        }
    }

    /// Someone who sees the same as the customer, up to six days before her, and leaves on the way.
    fn visitor(&mut self, number: u32, visitor: &Visitor, journey: &Journey) {
        let who = visitor_id(self.customer.number, number);
        let session = session_id(self.customer.number, VISITOR_SESSIONS + number);
        let exposure = journey.exposure - self.draws.between(0.0, 6.0);
        self.earlier_touches(who, exposure);
        let click = soon(&mut self.draws, exposure, 60.0);
        let register = soon(&mut self.draws, click, 300.0);
        let moments = [(EXPOSURE, exposure), (CLICK, click), (REGISTER, register)];
        let content = self.content();
        for (kind, moment) in moments.into_iter().take(visitor.steps as usize) {
            self.step(who, kind, moment, session, content, visitor.variant);
        }
        self.truth.funnel(self.customer.channel, visitor.variant, visitor.steps);
    }

    fn becomes_customer(&mut self, journey: &Journey, first: &Order) {
        let who = customer_id(self.customer.number);
        let session = session_id(self.customer.number, 0);
        self.earlier_touches(who, journey.exposure);
        let content = self.content();
        self.step(who, EXPOSURE, journey.exposure, session, content, journey.variant);
        self.step(who, CLICK, journey.click, session, content, journey.variant);
        self.step(who, REGISTER, journey.register, session, content, journey.variant);
        let campaign = first.campaign;
        let event = Event {
            session,
            channel: self.customer.channel as u16 + 1,
            campaign,
            variant: VARIANT_CODES[journey.variant],
            value: first.amount,
            ..Event::new(who, PAY, self.plan.calendar.second(first.moment))
        };
        self.rows.push(event);
        self.truth.pays += 1;
        self.truth.funnel(self.customer.channel, journey.variant, 4);
        if seconds_to_pay(self.plan, journey) > WINDOW {
            self.truth.late_payers[self.customer.channel] += 1;
        }
    }

    /// A step of the funnel.
    fn step(&mut self, who: u64, kind: u16, moment: f64, session: u64, content: u16, variant: usize) {
        let channel = self.customer.channel;
        let invited_by =
            self.customer.inviter.filter(|_| kind == REGISTER && who == customer_id(self.customer.number));
        self.rows.push(Event {
            session,
            channel: channel as u16 + 1,
            campaign: self.plan.acquisition_campaign(channel, self.customer.joined),
            content,
            variant: VARIANT_CODES[variant],
            inviter: invited_by.map_or(0, |inviter| customer_id(inviter.number)),
            ..Event::new(who, kind, self.plan.calendar.second(moment))
        });
    }

    /// Touches by any channel in the five days before the exposure; they change nobody's chances.
    fn earlier_touches(&mut self, who: u64, exposure: f64) {
        let mut moment = exposure;
        while self.draws.chance(EARLIER_TOUCH) {
            moment -= self.draws.between(0.05, 1.5);
            let channel = self.draws.weighted(&EARLIER_TOUCH_CHANNELS);
            let content = self.content();
            self.rows.push(Event {
                channel: channel as u16 + 1,
                content,
                ..Event::new(who, VIEW, self.plan.calendar.second(moment))
            });
            self.truth.views += 1;
        }
    }

    fn content(&mut self) -> u16 {
        1 + self.draws.below(CONTENTS) as u16
    }

    /// The invitation that brought the customer, and the inviter's other ones that brought nobody.
    fn invitations(&mut self, journey: &Journey) {
        let Some(inviter) = self.customer.inviter else { return };
        let who = customer_id(inviter.number);
        let room = journey.exposure - inviter.joined;
        let mut moment = journey.exposure - room * self.draws.between(0.01, 0.1);
        loop {
            self.rows.push(Event {
                channel: self.customer.channel as u16 + 1,
                ..Event::new(who, INVITE, self.plan.calendar.second(moment))
            });
            self.truth.invitations += 1;
            if self.draws.chance(ACCEPTED) {
                break;
            }
            moment -= (moment - inviter.joined) * self.draws.between(0.0, 0.2);
        }
        self.truth.accepted += 1;
    }

    /// Everybody who was a customer when the campaign began is put into one of its arms.
    fn assigned(&mut self) {
        let Some(arm) = self.customer.arm else { return };
        let who = customer_id(self.customer.number);
        let variant = if arm == Arm::Treatment { TREATMENT } else { CONTROL };
        let campaign = self.plan.recall();
        let start = self.plan.campaign.0;
        let event =
            Event { campaign, variant, ..Event::new(who, ASSIGNED, self.plan.calendar.second(start)) };
        self.rows.push(event);
        self.truth.assigned[usize::from(arm == Arm::Treatment)] += 1;
        if arm == Arm::Treatment && self.draws.chance(CAMPAIGN_COUPON) {
            let at = self.plan.calendar.second(start + self.draws.between(0.3, 5.0));
            self.rows.push(Event { campaign, variant, ..Event::new(who, COUPON, at) });
            self.truth.coupons += 1;
        }
    }

    fn later_purchase(&mut self, order: &Order) {
        let who = customer_id(self.customer.number);
        let session = session_id(self.customer.number, order.number.min(VISITOR_SESSIONS - 1));
        let pay = self.plan.calendar.second(order.moment);
        let channel = order.channel as u16 + 1;
        let before = |kind, minutes: f64| Event {
            session,
            channel,
            ..Event::new(who, kind, pay - (minutes * 60.0) as i64)
        };
        if self.draws.chance(BROWSE) {
            let event = before(BROWSING, self.draws.between(6.0, 40.0));
            self.rows.push(event);
        }
        if self.draws.chance(ADD_TO_CART) {
            let event = before(CART, self.draws.between(1.0, 5.0));
            self.rows.push(event);
        }
        self.rows.push(Event {
            session,
            channel,
            campaign: order.campaign,
            value: order.amount,
            ..Event::new(who, PAY, pay)
        });
        self.truth.pays += 1;
    }
}
