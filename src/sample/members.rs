//! The customers as the member system has them: who they are, since when, by whose invitation.

use super::columns::Column;
use super::customers::Customer;
use super::draws::{Draws, Purpose};
use super::ids::customer_id;
use super::journeys::journey;
use super::names::Person;
use super::orders::orders;
use super::plan::Plan;
use super::tables::{Texts, tables};
use super::truth::MemberTruth;

/// Tiers by net spending in the window, in cents: from each of these on.
const TIERS: [(i64, &str); 4] = [(0, "bronze"), (50_000, "silver"), (150_000, "gold"), (500_000, "diamond")];

/// The members of a block, with what is true of them.
pub fn block(plan: &Plan, customers: &[Customer]) -> (MemberTruth, Vec<Column>) {
    let mut truth = MemberTruth::default();
    let (mut ids, mut names, mut joined) = (Vec::new(), Vec::new(), Vec::new());
    let (mut genders, mut cities, mut channels) = (Vec::new(), Vec::new(), Vec::new());
    let (mut inviters, mut tiers, mut points) = (Vec::new(), Vec::new(), Vec::new());
    // Who invited whom is known within the block: invitations do not leave it.
    let mut invited_by = vec![0_u32; customers.len()];
    for customer in customers {
        let person = Person::draw(&mut Draws::new(plan.seed, Purpose::Member, customer.number));
        let spent: i64 = orders(plan, customer)
            .iter()
            .filter(|o| o.kind.is_purchase() || o.kind == super::orders::Kind::Refund)
            .map(|o| o.amount - o.refund)
            .sum();
        let inviter = customer.written_inviter(plan);
        ids.push(customer_id(customer.number));
        names.push(person.name);
        genders.push(person.gender as u16 + 1);
        cities.push(person.city as u16 + 1);
        joined.push(plan.calendar.second(journey(plan, customer).0.register));
        channels.push(customer.channel as u16 + 1);
        inviters.push(inviter.map_or(0, customer_id));
        tiers.push(TIERS.iter().filter(|(from, _)| spent >= *from).count().max(1) as u16);
        points.push((spent / 100).max(0));

        truth.rows += 1;
        if inviter != customer.inviter.map(|i| i.number) {
            truth.invented_inviters += 1;
            truth.self_referrals += u64::from(inviter == Some(customer.number));
        } else if let Some(inviter) = customer.inviter {
            truth.invited += 1;
            truth.deepest = truth.deepest.max(u64::from(inviter.generation));
            let first = customers[0].number;
            invited_by[(inviter.number - first) as usize] += 1;
        }
    }
    truth.inviters = invited_by.iter().filter(|n| **n > 0).count() as u64;
    truth.most_invited = u64::from(invited_by.iter().copied().max().unwrap_or(0));
    let tier_names: Texts =
        std::iter::once("").chain(TIERS.map(|(_, name)| name)).map(str::to_owned).collect();
    let columns = vec![
        Column::id("customer_id", ids),
        Column::text("name", names),
        Column::code("gender", genders, tables().genders.clone()),
        Column::code("city", cities, tables().cities.clone()),
        Column::seconds("joined_at", joined),
        Column::code("channel", channels, tables().channels.clone()),
        Column::id("inviter_id", inviters),
        Column::code("tier", tiers, tier_names),
        Column::integer("points", points),
    ];
    (truth, columns)
}
