//! What members of a private domain do: messages sent to them and what comes of it, posts, sign-ins, invitations; and who
//! among them is a key opinion consumer.

mod truth;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::columns::{Column, NONE};
use super::customers::Customer;
use super::draws::{Draws, Purpose};
use super::ids::customer_id;
use super::journeys::journey;
use super::plan::Plan;
use super::planted::*;
use super::tables::{Texts, tables};

pub use truth::InteractionTruth;

/// Kinds of event; the code is the place in the list.
pub const EVENTS: [&str; 14] = [
    "",
    "sent",
    "delivered",
    "opened",
    "clicked",
    "pay",
    "view",
    "like",
    "comment",
    "share",
    "favourite",
    "sign_in",
    "publish",
    "invite",
];
const SENT: u16 = 1;
const DELIVERED_EVENT: u16 = 2;
const OPENED_EVENT: u16 = 3;
const CLICKED_EVENT: u16 = 4;
const PAY_EVENT: u16 = 5;
const VIEW: u16 = 6;
const LIKE: u16 = 7;
const SIGN_IN: u16 = 11;
const PUBLISH: u16 = 12;
const INVITE: u16 = 13;

static KINDS: LazyLock<Texts> = LazyLock::new(|| EVENTS.map(str::to_owned).into());
/// Codes of content: messages, then posts.
static CONTENTS: LazyLock<Texts> = LazyLock::new(|| {
    let messages = (1..=MESSAGES).map(|number| format!("message_{number:02}"));
    let posts = (1..=POSTS.len()).map(|number| format!("post_{number:02}"));
    std::iter::once(String::new()).chain(messages).chain(posts).collect()
});

/// How active a member is planted to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    Heavy,
    Regular,
    /// Active like a regular one, until `LAPSED_DAYS` before the end.
    Lapsed,
    Never,
}

/// One event; `content` 0 and `value` `NONE` are missing. In order of time, then of the fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    at: i64,
    kind: u16,
    content: u16,
    value: i64,
}

/// First day of the interactions on the models' clock.
pub fn first_day(plan: &Plan) -> u32 {
    plan.calendar.days.saturating_sub(INTERACTION_DAYS)
}

/// The key opinion consumers of a block: those who brought the most members (as members.csv tells), one per `KOC_PERIOD`.
/// In order of their numbers.
fn opinion_consumers(plan: &Plan, customers: &[Customer]) -> Vec<u64> {
    let joined: BTreeMap<u64, f64> = customers.iter().map(|c| (c.number, c.joined)).collect();
    let mut brought: BTreeMap<u64, u64> = BTreeMap::new();
    for customer in customers {
        match customer.written_inviter(plan) {
            Some(inviter) if inviter != customer.number => *brought.entry(inviter).or_default() += 1,
            _ => {}
        }
    }
    let from = f64::from(first_day(plan));
    brought.retain(|inviter, _| joined.get(inviter).is_some_and(|joined| *joined < from));
    let mut ranked: Vec<(u64, u64)> =
        brought.into_iter().map(|(inviter, n)| (u64::MAX - n, inviter)).collect();
    ranked.sort_unstable();
    let mut chosen: Vec<u64> =
        ranked.into_iter().take(customers.len().div_ceil(KOC_PERIOD)).map(|(_, inviter)| inviter).collect();
    chosen.sort_unstable();
    chosen
}

/// The interactions of a block, with what is true of them. Rows are in order of customer and time.
pub fn block(plan: &Plan, customers: &[Customer]) -> (InteractionTruth, Vec<Column>) {
    let chosen = opinion_consumers(plan, customers);
    let mut truth = InteractionTruth::default();
    let (mut ids, mut kinds, mut moments) = (Vec::new(), Vec::new(), Vec::new());
    let (mut channels, mut contents, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for customer in customers {
        let is_koc = chosen.binary_search(&customer.number).is_ok();
        let mut member = Member::new(plan, customer, is_koc);
        member.live(&mut truth);
        member.events.sort_unstable();
        truth.member(plan, customer.number, &member.events, member.layer, is_koc);
        for event in &member.events {
            ids.push(customer_id(customer.number));
            kinds.push(event.kind);
            moments.push(event.at);
            channels.push(customer.channel as u16 + 1);
            contents.push(event.content);
            values.push(event.value);
        }
    }
    truth.rows = kinds.len() as u64;
    let columns = vec![
        Column::id("customer_id", ids),
        Column::code("event", kinds, KINDS.clone()),
        Column::seconds("at", moments),
        Column::code("channel", channels, tables().channels.clone()),
        Column::code("content_id", contents, CONTENTS.clone()),
        Column::cents("value", values),
    ];
    (truth, columns)
}

/// One member while her days are made.
struct Member<'a> {
    plan: &'a Plan,
    draws: Draws,
    layer: Layer,
    is_koc: bool,
    /// Her days on the models' clock: from the day after joining, until she leaves or the window ends.
    days: std::ops::Range<u32>,
    events: Vec<Event>,
}

impl<'a> Member<'a> {
    fn new(plan: &'a Plan, customer: &Customer, is_koc: bool) -> Self {
        let mut draws = Draws::new(plan.seed, Purpose::Interactions, customer.number);
        let drawn = draws.uniform();
        let lapsed = draws.chance(LAPSED);
        let layer = match drawn {
            _ if is_koc => Layer::Heavy,
            drawn if drawn < HEAVY => Layer::Heavy,
            drawn if drawn < HEAVY + REGULAR => Layer::Regular,
            _ if lapsed => Layer::Lapsed,
            _ => Layer::Never,
        };
        let registered = plan.calendar.second(journey(plan, customer).0.register).div_euclid(86_400);
        let joined = (registered - i64::from(plan.calendar.start)).max(-1) + 1;
        let from = first_day(plan).max(joined as u32);
        let until = match layer {
            Layer::Heavy | Layer::Regular => plan.calendar.days,
            Layer::Lapsed => plan.calendar.days - LAPSED_DAYS,
            Layer::Never => 0,
        };
        Self { plan, draws, layer, is_koc, days: from..until.max(from), events: Vec::new() }
    }

    /// Index into the rates by activity.
    fn pace(&self) -> usize {
        usize::from(self.layer != Layer::Heavy)
    }

    fn push(&mut self, at: i64, kind: u16, content: u16, value: i64) {
        self.events.push(Event { at, kind, content, value });
    }

    /// A second of a day, by the rhythm of the day.
    fn second_of(&mut self, day: u32) -> i64 {
        let moment = f64::from(day) + self.draws.between(0.0, 0.999);
        self.plan.calendar.second(moment)
    }

    fn amount(&mut self) -> i64 {
        3_000 + self.draws.below(22_000) as i64
    }

    fn live(&mut self, truth: &mut InteractionTruth) {
        self.sign_ins(truth);
        self.posts();
        if self.layer != Layer::Lapsed {
            self.messages(truth);
        }
        self.contributions();
    }

    /// A Markov chain by day; the day before the first is without a sign-in.
    fn sign_ins(&mut self, truth: &mut InteractionTruth) {
        let mut yesterday = false;
        for day in self.days.clone() {
            let rates = if yesterday { SIGN_IN_AFTER_ONE } else { SIGN_IN_AFTER_NONE };
            let pace = self.pace();
            let today = self.draws.chance(rates[pace]);
            let transitions = &mut truth.transitions[pace][usize::from(yesterday)];
            transitions[usize::from(today)] += 1;
            if today {
                let at = self.second_of(day);
                self.push(at, SIGN_IN, 0, NONE);
            }
            yesterday = today;
        }
    }

    /// Days with content: one or two posts are looked at; whether a member interacts with a post is decided when she sees it
    /// first.
    fn posts(&mut self) {
        let mut seen = [false; POSTS.len()];
        let weights = POSTS.map(|post| post.0);
        for day in self.days.clone() {
            if !self.draws.chance(CONTENT_DAY[self.pace()]) {
                continue;
            }
            let views = 1 + self.draws.below(2);
            for _ in 0..views {
                let post = self.draws.weighted(&weights);
                let content = 1 + MESSAGES as u16 + post as u16;
                let at = self.second_of(day);
                self.push(at, VIEW, content, NONE);
                if std::mem::replace(&mut seen[post], true) {
                    continue;
                }
                if !self.draws.chance(POSTS[post].1) && !self.is_koc {
                    continue;
                }
                let mut acts = POST_ACTIONS.map(|action| self.draws.chance(action.1) || self.is_koc);
                acts[0] |= acts.iter().all(|acts| !acts);
                let midnight = at - at.rem_euclid(86_400) + 86_399;
                for (action, _) in acts.into_iter().enumerate().filter(|(_, acts)| *acts) {
                    let after = 5 + self.draws.below(120) as i64;
                    self.push((at + after).min(midnight), LIKE + action as u16, content, NONE);
                }
            }
        }
    }

    /// A message a week, the last one more than a week before the end.
    fn messages(&mut self, truth: &mut InteractionTruth) {
        let first = first_day(self.plan);
        for message in 0..MESSAGES {
            let day = first + message * 7;
            let hour = MESSAGE_HOURS[self.draws.below(MESSAGE_HOURS.len() as u64) as usize];
            if !self.days.contains(&day) || day + 7 > self.plan.calendar.days {
                continue;
            }
            let content = 1 + message as u16;
            let midnight = (i64::from(self.plan.calendar.start) + i64::from(day)) * 86_400;
            let sent = midnight + i64::from(hour) * 3_600 + self.draws.below(600) as i64;
            let mut reached = 1;
            self.push(sent, SENT, content, NONE);
            if self.draws.chance(DELIVERED) {
                reached += 1;
                let delivered = sent + 1 + self.draws.below(20) as i64;
                self.push(delivered, DELIVERED_EVENT, content, NONE);
                if self.draws.chance(if hour == BEST_HOUR { OPENED_BEST } else { OPENED }) {
                    reached += 1;
                    let hours = self.draws.exponential(1.0 / 1.5).min(20.0);
                    let opened = delivered + 5 + (hours * 3_600.0) as i64;
                    self.push(opened, OPENED_EVENT, content, NONE);
                    if self.draws.chance(CLICKED) {
                        reached += 1;
                        let clicked = opened + 2 + self.draws.below(120) as i64;
                        self.push(clicked, CLICKED_EVENT, content, NONE);
                        if self.draws.chance(MESSAGE_PAID) {
                            reached += 1;
                            let days = self.draws.exponential(1.0).min(5.0);
                            let (paid, amount) = (clicked + 60 + (days * 86_400.0) as i64, self.amount());
                            self.push(paid, PAY_EVENT, 0, amount);
                        }
                    }
                }
            }
            truth.message(message as usize, hour, reached);
        }
    }

    /// Pieces published, invitations, and what a key opinion consumer buys.
    fn contributions(&mut self) {
        let some = |draws: &mut Draws, (least, most): (u64, u64)| least + draws.below(most - least + 1);
        let (published, invitations, paid) = if self.is_koc {
            (
                some(&mut self.draws, KOC_PUBLISHED),
                some(&mut self.draws, KOC_INVITATIONS),
                some(&mut self.draws, KOC_PAID),
            )
        } else {
            (u64::from(self.draws.chance(PUBLISHES)), u64::from(self.draws.chance(INVITES)), 0)
        };
        if self.days.is_empty() {
            return;
        }
        for (kind, times) in [(PUBLISH, published), (INVITE, invitations), (PAY_EVENT, paid)] {
            for _ in 0..times {
                let day = self.days.start + self.draws.below(self.days.len() as u64) as u32;
                let at = self.second_of(day);
                let value = if kind == PAY_EVENT { self.amount() } else { NONE };
                self.push(at, kind, 0, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_their_codes() {
        let name = |code: u16| EVENTS[code as usize];
        assert_eq!([name(SENT), name(DELIVERED_EVENT), name(OPENED_EVENT)], ["sent", "delivered", "opened"]);
        assert_eq!([name(CLICKED_EVENT), name(PAY_EVENT), name(VIEW)], ["clicked", "pay", "view"]);
        assert_eq!([name(SIGN_IN), name(PUBLISH), name(INVITE)], ["sign_in", "publish", "invite"]);
        for (action, (kind, _)) in POST_ACTIONS.iter().enumerate() {
            assert_eq!(name(LIKE + action as u16), *kind);
        }
    }
}
