//! What there is to be told beside the tables.

use super::kinds::{Kinds, Role};
use super::population::Population;
use super::{EngagementInput, EngagementSettings, layers};
use crate::output::grouped;
use crate::output::report::Note;

/// Kinds of event that a note names before it says how many more there are.
const NAMED: usize = 12;

pub(super) fn notes(
    settings: &EngagementSettings,
    kinds: &Kinds,
    input: &EngagementInput,
    population: &Population,
) -> Vec<Note> {
    let mut notes = Vec::new();
    // Kinds that are called as their role need no word.
    let is_telling = |role: Role, kinds: &[String]| !kinds.is_empty() && *kinds != [role.key()];
    let roles = kinds.roles.iter().filter(|(role, kinds)| is_telling(*role, kinds));
    let roles: Vec<String> =
        roles.map(|(role, kinds)| format!("{}={}", role.key(), kinds.join("|"))).collect();
    if !roles.is_empty() {
        notes.push(Note::new("engagement_roles").with("roles", roles.join(", ")));
    }
    let without: Vec<&str> = input.journeys.kinds.iter().map(|kind| kind.name.as_str()).collect();
    let without: Vec<&str> = without.into_iter().filter(|kind| kinds.role(kind).is_none()).collect();
    if !without.is_empty() {
        let more = if without.len() > NAMED { ", ..." } else { "" };
        let named = without[..without.len().min(NAMED)].join(", ") + more;
        notes.push(Note::new("engagement_without_role").with("kinds", named));
    }
    if Role::INTERACTIONS.iter().all(|role| !kinds.has(*role)) && !input.journeys.kinds.is_empty() {
        notes.push(Note::new("engagement_no_interactions"));
    }
    if let Some(by) = &input.by {
        let key = if by.attribute.is_some() { "engagement_by_first" } else { "engagement_by_members" };
        notes.push(Note::new(key).with("by", &by.name));
    }
    if let Some(first) = population.activity.begins() {
        notes.push(Note::new("engagement_begins").with("date", first));
    }
    match &input.members {
        None => notes.push(Note::new("engagement_everybody")),
        Some(_) => {
            let visitors = population.people.iter().filter(|person| !person.is_member);
            let number = visitors.clone().count();
            if number > 0 {
                notes.push(Note::new("engagement_visitors").with("visitors", grouped(number as i128)));
            }
            if !layers::knows_days(settings, population) {
                notes.push(Note::new("engagement_no_joined_at"));
            }
        }
    }
    if input.journeys.without_unit > 0 {
        let rows = grouped(i128::from(input.journeys.without_unit));
        notes.push(Note::new("engagement_without_unit").with("rows", rows));
    }
    if input.orders.is_none() && !kinds.has(Role::Conversion) && !input.journeys.kinds.is_empty() {
        notes.push(Note::new("engagement_no_conversions"));
    }
    notes
}
