//! Everybody of the report, and what each has done: one pass over the journeys.

use super::EngagementInput;
use super::activity::Activity;
use super::interactions::Interactions;
use super::kinds::{Kinds, Role};
use super::settings::EngagementSettings;
use super::streaks::{self, Streak};
use super::tables::MOST_CELLS;
use crate::error::{Error, Result};
use crate::facts::customers::DAY_US;
use crate::facts::journeys::Journey;

/// Days since 1970-01-01 of a moment.
pub(super) fn day_of(at_us: i64) -> i32 {
    at_us.div_euclid(DAY_US).clamp(i32::MIN.into(), i32::MAX.into()) as i32
}

/// A member, or somebody in the events who is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Person {
    pub id: String,
    /// A member; without `--members` everybody.
    pub is_member: bool,
    /// Of the groups of `--by`.
    pub group: usize,
    pub joined_day: Option<i32>,
    pub active_days: u32,
    /// Moment of the last event that makes her active, microseconds.
    pub last_active_at_us: Option<i64>,
    pub streak: Streak,
    /// In the observed time.
    pub all: Counts,
    /// In the window of layers.
    pub window: Counts,
    pub active_days_in_window: u32,
}

/// What somebody did in some time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// By the order of [`Role::INTERACTIONS`].
    pub interactions: [u32; Role::INTERACTIONS.len()],
    /// Purchases of `--orders`, else events that are conversions.
    pub conversions: u64,
    /// Net revenue of the orders, or the values of the conversions: 1/10,000 of the unit.
    pub value_e4: i64,
}

impl Counts {
    /// Interactions of all kinds.
    pub fn sum(&self) -> u64 {
        self.interactions.iter().map(|count| u64::from(*count)).sum()
    }
}

/// Everybody, and the sums that are no person's.
#[derive(Debug)]
pub(super) struct Population {
    /// In byte order of their ids.
    pub people: Vec<Person>,
    /// The values of `--by` in byte order, none last; one without a value where there is no `--by`.
    pub groups: Vec<Option<String>>,
    pub activity: Activity,
    pub interactions: Interactions,
    pub as_of_day: i32,
}

impl Population {
    pub fn members(&self) -> impl Iterator<Item = &Person> + Clone {
        self.people.iter().filter(|person| person.is_member)
    }

    /// The groups that somebody is in; all of them count, whether members or not.
    pub fn groups_of(&self, is_in: impl Fn(&Person) -> bool) -> Vec<usize> {
        let mut found = vec![false; self.groups.len()];
        for person in self.people.iter().filter(|person| is_in(person)) {
            found[person.group] = true;
        }
        // Where there is no --by the one group is there though it be empty.
        if self.groups.len() == 1 {
            found[0] = true;
        }
        (0..found.len()).filter(|group| found[*group]).collect()
    }
}

/// What one thread has counted.
struct State {
    people: Vec<Person>,
    activity: Activity,
    interactions: Interactions,
    /// Per member of the file: has events.
    found: Vec<bool>,
    /// Day of activity and its events.
    days: Vec<(i32, u64)>,
    sign_in_days: Vec<i32>,
}

/// Counts what everybody did; of the sums that are no person's those that `wants` names the table of.
pub(super) fn count(
    settings: &EngagementSettings,
    kinds: &Kinds,
    input: &EngagementInput,
    wants: impl Fn(&str) -> bool,
) -> Result<Population> {
    let as_of_day = day_of(input.as_of_us);
    let roles = kinds.by_kind(&input.journeys.kinds);
    let role_of: Vec<Option<Role>> =
        input.journeys.signatures.iter().map(|signature| roles[signature.kind as usize]).collect();
    let is_activity = |signature: u32| role_of[signature as usize].is_none_or(Role::is_activity);
    let first_day = first_day(input, &is_activity)?;

    let grouping = Grouping::new(input);
    let window_first = as_of_day.saturating_sub(settings.layer_window - 1);
    let activity =
        Activity::new(settings.periods, first_day, as_of_day, grouping.values.len(), wants("activity"));
    let interactions =
        Interactions::new(kinds, &input.journeys.kinds, &roles, grouping.values.len(), wants("interactions"));
    let cells = activity.cells().max(interactions.cells());
    if cells > MOST_CELLS {
        return Err(Error::BadOption {
            option: if input.by.is_some() { "--by" } else { "--period" }.into(),
            value: input.by.as_ref().map_or_else(|| settings.periods.unit.key().into(), |by| by.name.clone()),
            why: format!("makes {cells} cells of a table, more than {MOST_CELLS}"),
            hint: Some("a column with fewer values, a longer --period, or --since".into()),
        });
    }
    let members = input.members.as_ref();
    let known = members.map_or(0, |members| members.rows().len());
    let new = || State {
        people: Vec::new(),
        activity: activity.clone(),
        interactions: interactions.clone(),
        found: vec![false; known],
        days: Vec::new(),
        sign_in_days: Vec::new(),
    };
    let each = |state: &mut State, journey: Journey<'_>| {
        let place = members.and_then(|members| members.place(journey.unit));
        let mut person = Person {
            id: journey.unit.to_owned(),
            is_member: members.is_none() || place.is_some(),
            group: grouping.of(place, &journey),
            ..Person::default()
        };
        if let Some((members, place)) = members.zip(place) {
            person.joined_day = members.rows()[place].joined_day;
            state.found[place] = true;
        }
        state.days.clear();
        state.sign_in_days.clear();
        for event in journey.events {
            let (day, role) = (day_of(event.at_us), role_of[event.signature as usize]);
            if is_activity(event.signature) {
                person.last_active_at_us = Some(event.at_us);
                match state.days.last_mut() {
                    Some((last, events)) if *last == day => *events += 1,
                    _ => state.days.push((day, 1)),
                }
            }
            let kind = input.journeys.signatures[event.signature as usize].kind;
            state.interactions.event(kind);
            let Some(role) = role else { continue };
            if role == Role::SignIn && state.sign_in_days.last() != Some(&day) {
                state.sign_in_days.push(day);
            }
            let is_conversion = role == Role::Conversion && input.orders.is_none();
            if !role.is_interaction() && !is_conversion {
                continue;
            }
            let value_e4 = if is_conversion { journey.value_e4(event).unwrap_or(0) } else { 0 };
            let window = (day >= window_first).then_some(&mut person.window);
            for counts in [Some(&mut person.all), window].into_iter().flatten() {
                if let Some(at) = Role::INTERACTIONS.iter().position(|known| *known == role) {
                    counts.interactions[at] = counts.interactions[at].saturating_add(1);
                }
                counts.conversions += u64::from(is_conversion);
                counts.value_e4 = counts.value_e4.checked_add(value_e4).ok_or_else(too_large)?;
            }
        }
        person.active_days = state.days.len() as u32;
        person.active_days_in_window =
            state.days.iter().filter(|(day, _)| *day >= window_first).count() as u32;
        person.streak = streaks::of(&state.sign_in_days, as_of_day);
        state.activity.add(person.group, person.is_member, &state.days);
        state.interactions.finish_journey(person.group, person.is_member);
        state.people.push(person);
        Ok(())
    };
    let states = input.journeys.visit(input.threads.max(1), new, each)?;

    let (mut all, mut found) = (new(), vec![false; known]);
    for mut state in states {
        all.people.append(&mut state.people);
        all.activity.merge(&state.activity);
        all.interactions.merge(&state.interactions);
        found.iter_mut().zip(state.found).for_each(|(found, more)| *found |= more);
    }
    for (place, member) in members.into_iter().flat_map(|members| members.rows()).enumerate() {
        if !found[place] {
            all.people.push(Person {
                id: member.customer_id.clone(),
                is_member: true,
                group: grouping.without_events(place),
                joined_day: member.joined_day,
                ..Person::default()
            });
        }
    }
    if let Some(orders) = &input.orders {
        for person in &mut all.people {
            (person.all.conversions, person.all.value_e4) = orders.of(&person.id);
            (person.window.conversions, person.window.value_e4) = orders.since(&person.id, window_first);
        }
    }
    all.people.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    Ok(Population {
        people: all.people,
        groups: grouping.values,
        activity: all.activity,
        interactions: all.interactions,
        as_of_day,
    })
}

fn too_large() -> Error {
    Error::Numeric {
        what: "the sum of value is larger than exact money can be (about 922 trillion units)".into(),
        hint: Some("values may be mapped from a wrong column; see `siyu inspect`".into()),
    }
}

/// The first day on which somebody was active.
fn first_day(input: &EngagementInput, is_activity: &(impl Fn(u32) -> bool + Sync)) -> Result<Option<i32>> {
    let first = |state: &mut Option<i64>, journey: Journey<'_>| {
        let at_us = journey.events.iter().find(|event| is_activity(event.signature)).map(|event| event.at_us);
        *state = state.iter().copied().chain(at_us).min();
        Ok(())
    };
    let states = input.journeys.visit(input.threads.max(1), || None, first)?;
    Ok(states.into_iter().flatten().min().map(day_of))
}

/// Which group of `--by` everybody is in.
struct Grouping {
    values: Vec<Option<String>>,
    /// The attribute of journeys; else the group of each member of the file.
    attribute: Option<usize>,
    of_members: Vec<usize>,
}

impl Grouping {
    fn new(input: &EngagementInput) -> Self {
        let mut grouping = Self { values: Vec::new(), attribute: None, of_members: Vec::new() };
        match input.by.as_ref().map(|by| by.attribute) {
            Some(Some(attribute)) => {
                grouping.attribute = Some(attribute);
                let values = input.journeys.values.get(attribute);
                grouping.values =
                    values.into_iter().flat_map(|v| v.iter()).map(|v| Some(v.to_owned())).collect();
            }
            Some(None) => {
                let rows = input.members.as_ref().map_or(&[][..], |members| members.rows());
                let mut values: Vec<&str> = rows.iter().filter_map(|member| member.by.as_deref()).collect();
                values.sort_unstable();
                values.dedup();
                let group =
                    |by: Option<&str>| by.map_or(values.len(), |by| values.partition_point(|v| *v < by));
                grouping.of_members = rows.iter().map(|member| group(member.by.as_deref())).collect();
                grouping.values = values.into_iter().map(|value| Some(value.to_owned())).collect();
            }
            None => {}
        }
        grouping.values.push(None);
        grouping
    }

    fn of(&self, member: Option<usize>, journey: &Journey<'_>) -> usize {
        match self.attribute {
            Some(attribute) => {
                let coded = |event| Some((event, journey.code(event, attribute)?));
                let mut coded =
                    journey.events.iter().filter_map(coded).map(|(event, code)| (event.at_us, code));
                // Of several at one moment the first in byte order: which it is does not depend on the other columns.
                let code = coded.next().map(|(first_us, first)| {
                    coded
                        .take_while(|(at_us, _)| *at_us == first_us)
                        .fold(first, |least, (_, code)| least.min(code))
                });
                code.map_or(self.values.len() - 1, |code| code as usize)
            }
            None => member.map_or(self.values.len() - 1, |place| self.without_events(place)),
        }
    }

    /// The group of a member without events.
    fn without_events(&self, place: usize) -> usize {
        self.of_members.get(place).copied().unwrap_or(self.values.len() - 1)
    }
}
