//! Candidates for key opinion consumers: members who are among the first in several things at once.

mod ranks;

use hashbrown::{HashMap, HashSet};

use super::Orders;
use super::kinds::{Kinds, Role};
use super::touches::{KocSettings, Roles, Shown, money};
use crate::error::Result;
use crate::facts::Members;
use crate::facts::journeys::{Journey, Journeys};
use crate::output::grouped;
use crate::output::report::{Cells, Column, Kind, Label, Note, Table};
use ranks::Ranks;

/// What members are compared in. Keys of `[koc_dimensions]`.
const DIMENSIONS: [&str; 4] = ["interactions", "content", "invitations", "orders"];
const INTERACTIONS: usize = 0;
const CONTENT: usize = 1;
const INVITATIONS: usize = 2;
const ORDERS: usize = 3;

/// What the candidates are found in.
#[derive(Clone, Copy)]
pub(super) struct KocInput<'a> {
    pub journeys: &'a Journeys,
    pub kinds: &'a Kinds,
    /// The attribute that holds who invited; `None`: the file has no such column.
    pub inviter_id: Option<usize>,
    /// Members may say who invited them.
    pub members: Option<&'a Members>,
    /// Orders and value come from here; `None`: from the conversions among the events.
    pub orders: Option<&'a Orders>,
    pub threads: usize,
}

/// What a member did.
#[derive(Debug, Clone, Copy, Default)]
struct Deeds {
    interactions: u64,
    published: u64,
    shared: u64,
    /// Events of inviting.
    attempts: u64,
    /// People who were invited by the member.
    invited: u64,
    orders: u64,
    value_e4: i128,
}

/// A member who did something of it.
#[derive(Debug)]
struct Person {
    id: String,
    deeds: Deeds,
    /// What each dimension compares; 0: nothing.
    amounts: [i128; 4],
}

/// What was counted of some journeys.
#[derive(Debug, Default)]
struct State {
    deeds: Vec<(String, Deeds)>,
    /// Who was invited, and the code of who did it.
    invited: Vec<(String, u32)>,
    has_values: bool,
}

/// The tables `koc` and `koc_summary`.
pub(super) fn koc(input: &KocInput<'_>, settings: &KocSettings) -> Result<Shown> {
    let roles = Roles::new(input.journeys, input.kinds);
    let states = input.journeys.visit(input.threads, State::default, |state, journey| {
        count(&roles, input, state, journey);
        Ok(())
    })?;
    let has_values = input.orders.is_some() || states.iter().any(|state| state.has_values);
    let publishes = roles.has(Role::Publish);
    let people = people(input, states, publishes, has_values);
    let ranks: [Option<Ranks>; 4] =
        [0, 1, 2, 3].map(|at| Ranks::new(people.iter().map(|p| p.amounts[at]), settings.share_ppm));
    let known = ranks.iter().flatten().count();
    let needed = settings.dimensions.min(known);

    let mut candidates: Vec<Candidate<'_>> = people
        .iter()
        .filter(|person| needed > 0 && tops(&ranks, person).count() >= needed)
        .map(|person| Candidate { person, score: score(&ranks, person) })
        .collect();
    candidates.sort_unstable_by(|a, b| b.score.0.cmp(&a.score.0).then_with(|| a.person.id.cmp(&b.person.id)));

    let mut shown = Shown::default();
    let missing = ["koc_no_interactions", "koc_no_content", "koc_no_invitations", "koc_no_orders"];
    let missing = missing.into_iter().zip(&ranks).filter(|(_, ranks)| ranks.is_none());
    shown.notes.extend(missing.map(|(key, _)| Note::new(key)));
    if ranks[CONTENT].is_some() && !publishes {
        shown.notes.push(Note::new("koc_content_is_shares"));
    }
    if ranks[ORDERS].is_some() && !has_values {
        shown.notes.push(Note::new("koc_orders_without_value"));
    }
    if known < settings.dimensions && known > 0 {
        let note = Note::new("koc_fewer_dimensions").with("known", known);
        shown.notes.push(note.with("dimensions", settings.dimensions));
    }
    if known > 0 {
        shown.notes.push(
            Note::new("koc_candidates")
                .with("candidates", grouped(candidates.len() as i128))
                .with("needed", needed)
                .with("known", known),
        );
    }
    let labels = &mut shown.labels;
    let reasons: Vec<String> = candidates.iter().map(|of| reason(&ranks, of.person, labels)).collect();
    labels.sort_by(|a, b| a.key.cmp(&b.key));
    labels.dedup_by(|a, b| a.key == b.key);
    let facts = Facts {
        ranks: &ranks,
        candidates: &candidates,
        publishes,
        invites: roles.has(Role::Invite),
        has_values,
        counts_orders: ranks[ORDERS].is_some(),
    };
    shown.tables = vec![facts.list(reasons)?, facts.summary()];
    Ok(shown)
}

fn count(roles: &Roles<'_>, input: &KocInput<'_>, state: &mut State, journey: Journey<'_>) {
    let mut deeds = Deeds::default();
    let mut inviter: Option<(i64, u32)> = None;
    for event in journey.events {
        if let Some(code) = input.inviter_id.and_then(|attribute| journey.code(event, attribute)) {
            let this = (event.at_us, code);
            inviter = Some(inviter.map_or(this, |known| known.min(this)));
        }
        match roles.of(event) {
            Some(Role::Like | Role::Comment | Role::Favourite) => deeds.interactions += 1,
            Some(Role::Share) => {
                deeds.interactions += 1;
                deeds.shared += 1;
            }
            Some(Role::Publish) => deeds.published += 1,
            Some(Role::Invite) => deeds.attempts += 1,
            Some(Role::Conversion) if input.orders.is_none() => {
                let value = journey.value_e4(event);
                state.has_values |= value.is_some();
                deeds.orders += 1;
                deeds.value_e4 += i128::from(value.unwrap_or(0));
            }
            _ => {}
        }
    }
    if let Some((_, code)) = inviter {
        state.invited.push((journey.unit.to_owned(), code));
    }
    state.deeds.push((journey.unit.to_owned(), deeds));
}

/// Everybody in the events, every member and whoever is named as an inviter, of those who did something, in byte order of ids.
/// Customers who have orders alone are not among them.
fn people(input: &KocInput<'_>, states: Vec<State>, publishes: bool, has_values: bool) -> Vec<Person> {
    let mut by_id: HashMap<String, Deeds> = HashMap::new();
    let mut invited_by: HashMap<&str, u64> = HashMap::new();
    let mut settled: HashSet<&str> = HashSet::new();
    if let Some(members) = input.members {
        for member in members.rows() {
            let Some(inviter) = member.inviter_id.as_deref() else { continue };
            settled.insert(member.customer_id.as_str());
            if inviter != member.customer_id {
                *invited_by.entry(inviter).or_default() += 1;
            }
        }
    }
    for state in &states {
        for (id, code) in state.invited.iter().filter(|(id, _)| !settled.contains(id.as_str())) {
            let names = input.inviter_id.and_then(|attribute| input.journeys.values.get(attribute));
            let inviter = names.map(|names| names.get(*code as usize));
            if let Some(inviter) = inviter.filter(|inviter| inviter != id) {
                *invited_by.entry(inviter).or_default() += 1;
            }
        }
    }
    by_id.extend(states.iter().flat_map(|state| state.deeds.iter().cloned()));
    for member in input.members.into_iter().flat_map(|members| members.rows()) {
        by_id.entry_ref(member.customer_id.as_str()).or_default();
    }
    if let Some(orders) = input.orders {
        for (id, deeds) in &mut by_id {
            let (count, value_e4) = orders.of(id);
            (deeds.orders, deeds.value_e4) = (count, value_e4.into());
        }
    }
    for (id, count) in invited_by {
        by_id.entry_ref(id).or_default().invited = count;
    }
    let person = |(id, deeds): (String, Deeds)| {
        let content = if publishes { deeds.published } else { deeds.shared };
        let orders = if has_values { deeds.value_e4.max(0) } else { deeds.orders.into() };
        let amounts = [deeds.interactions.into(), content.into(), deeds.invited.into(), orders];
        Person { id, deeds, amounts }
    };
    let mut people: Vec<Person> = by_id.into_iter().map(person).collect();
    people.retain(|person| person.amounts.iter().any(|amount| *amount > 0));
    people.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    people
}

/// The dimensions in which a person is among the first.
fn tops<'a>(ranks: &'a [Option<Ranks>; 4], person: &'a Person) -> impl Iterator<Item = (usize, &'a Ranks)> {
    let known = ranks.iter().enumerate().filter_map(|(at, ranks)| ranks.as_ref().map(|ranks| (at, ranks)));
    known.filter(|(at, ranks)| ranks.is_top(person.amounts[*at]))
}

/// Mean of the percentile ranks over the dimensions there are: as a whole number to order by (all candidates have the same
/// denominator), and divided.
fn score(ranks: &[Option<Ranks>; 4], person: &Person) -> (u128, f64) {
    let known =
        || ranks.iter().zip(person.amounts).filter_map(|(of, amount)| of.as_ref().map(|of| (of, amount)));
    let denominator: u128 = known().map(|(of, _)| of.double_count()).product();
    let sum: u128 =
        known().map(|(of, amount)| of.double_rank(amount) * (denominator / of.double_count())).sum();
    let dimensions = known().count().max(1) as f64;
    (sum, sum as f64 / denominator as f64 / dimensions)
}

/// Why a person is a candidate: `interactions:top 2 %; orders:top 10 %`, the percent rounded up.
fn reason(ranks: &[Option<Ranks>; 4], person: &Person, labels: &mut Vec<Label>) -> String {
    let tops: Vec<(usize, u64)> =
        tops(ranks, person).map(|(at, of)| (at, of.top_percent(person.amounts[at]))).collect();
    let text = |word: &dyn Fn(usize) -> &'static str, joint: &str, sign: &str, between: &str| {
        let parts = tops.iter().map(|(at, percent)| format!("{}{joint}{percent}{sign}", word(*at)));
        parts.collect::<Vec<String>>().join(between)
    };
    let key = text(&|at| DIMENSIONS[at], ":top ", " %", "; ");
    labels.push(Label {
        section: "koc_reasons",
        en: text(&|at| DIMENSIONS[at], " top ", " %", ", "),
        zh: text(&|at| ["互动", "内容", "邀请", "订单"][at], "前", "%", "、"),
        key: key.clone(),
    });
    key
}

struct Candidate<'a> {
    person: &'a Person,
    score: (u128, f64),
}

/// What the tables show.
struct Facts<'a> {
    ranks: &'a [Option<Ranks>; 4],
    candidates: &'a [Candidate<'a>],
    publishes: bool,
    invites: bool,
    has_values: bool,
    counts_orders: bool,
}

impl Facts<'_> {
    /// `koc`: a row per candidate.
    fn list(&self, reasons: Vec<String>) -> Result<Table> {
        let each = || self.candidates.iter().map(|of| of.person);
        let counts = |name: &str, there: bool, of: &dyn Fn(&Person) -> u64| {
            let cells = each().map(|person| there.then(|| of(person) as i64)).collect();
            Column::new(name, Kind::Count, Cells::Int(cells))
        };
        let shares = |name: &str, at: usize| {
            let share = |person: &Person| self.ranks[at].as_ref()?.share_from(person.amounts[at]);
            Column::new(name, Kind::Ratio, Cells::Float(each().map(share).collect()))
        };
        let there = |at: usize| self.ranks[at].is_some();
        let of_content = |deeds: &Deeds| if self.publishes { deeds.published } else { deeds.shared };
        let values = each().map(|person| match self.counts_orders && self.has_values {
            true => money(person.deeds.value_e4).map(Some),
            false => Ok(None),
        });
        let tops = self.candidates.iter().map(|of| tops(self.ranks, of.person).count() as i64);
        let scores = self.candidates.iter().map(|of| Some(of.score.1)).collect();
        let columns = vec![
            Column::new("customer_id", Kind::Id, Cells::texts(each().map(|person| person.id.as_str()))),
            Column::new("score", Kind::Number(3), Cells::Float(scores)),
            Column::new("dimensions", Kind::Count, Cells::ints(tops)),
            Column::new("reasons", Kind::Key("koc_reasons"), Cells::texts(reasons)),
            counts("interactions", there(INTERACTIONS), &|person| person.deeds.interactions),
            shares("interactions_rank_share", INTERACTIONS),
            counts("content", there(CONTENT), &|person| of_content(&person.deeds)),
            shares("content_rank_share", CONTENT),
            counts("invitations", there(INVITATIONS), &|person| person.deeds.invited),
            shares("invitations_rank_share", INVITATIONS),
            counts("invitation_attempts", self.invites, &|person| person.deeds.attempts),
            counts("orders", self.counts_orders, &|person| person.deeds.orders),
            Column::new("value", Kind::Money, Cells::Money(values.collect::<Result<_>>()?)),
            shares("orders_rank_share", ORDERS),
        ];
        Ok(Table::new("koc", true, columns))
    }

    /// `koc_summary`: a row per dimension that the data has.
    fn summary(&self) -> Table {
        let known: Vec<(usize, &Ranks)> =
            self.ranks.iter().enumerate().filter_map(|(at, of)| of.as_ref().map(|of| (at, of))).collect();
        let is_money = |at: usize| at == ORDERS && self.has_values;
        let thresholds = known.iter().map(|(at, ranks)| {
            let threshold = ranks.threshold() as f64;
            Some(if is_money(*at) { threshold / 10_000.0 } else { threshold })
        });
        let kinds = known.iter().map(|(at, _)| if is_money(*at) { Kind::Money } else { Kind::Number(0) });
        let counts = |name: &str, of: &dyn Fn(usize, &Ranks) -> u64| {
            let cells = Cells::ints(known.iter().map(|(at, ranks)| of(*at, ranks) as i64));
            Column::new(name, Kind::Count, cells)
        };
        let candidates = |at: usize| {
            let is_in = |of: &&Candidate<'_>| tops(self.ranks, of.person).any(|(top, _)| top == at);
            self.candidates.iter().filter(is_in).count() as u64
        };
        let shares = known.iter().map(|(_, ranks)| ranks.share_from(ranks.threshold())).collect();
        Table::new(
            "koc_summary",
            false,
            vec![
                Column::new(
                    "dimension",
                    Kind::Key("koc_dimensions"),
                    Cells::texts(known.iter().map(|(at, _)| DIMENSIONS[*at])),
                ),
                counts("members_with_any", &|_, ranks| ranks.count()),
                Column::new("threshold", Kind::Number(2), Cells::Float(thresholds.collect()))
                    .of_kinds(kinds.collect()),
                counts("members_in_top", &|_, ranks| ranks.tops()),
                Column::new("members_in_top_share", Kind::Ratio, Cells::Float(shares)),
                counts("candidates", &|at, _| candidates(at)),
            ],
        )
    }
}

#[cfg(test)]
mod tests;
