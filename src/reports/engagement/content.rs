//! Content: whom it reached, what they did with it, what it brought about.

use std::cmp::Reverse;

use hashbrown::HashMap;

use super::kinds::{Kinds, Role};
use super::touches::{Roles, Shown, TouchSettings, bounds_columns, count_column, money, ratio_column};
use crate::error::Result;
use crate::facts::journeys::{Journey, Journeys};
use crate::output::grouped;
use crate::output::report::{Cells, Column, Kind, Note, Table};

/// What a member can do with content, or have of it: each reaches the member.
const TOUCHES: [Role; 7] =
    [Role::Seen, Role::Opened, Role::Clicked, Role::Like, Role::Comment, Role::Share, Role::Favourite];
/// Places in [`TOUCHES`].
const SEEN: usize = 0;
const CLICKED: usize = 2;
const LIKE: usize = 3;
const COMMENT: usize = 4;
const SHARE: usize = 5;
const FAVOURITE: usize = 6;
/// The interactions are the touches from here on.
const INTERACTIONS: usize = LIKE;

/// The table `content`. `content_id`: the attribute; `None`: the file has no such column.
pub(super) fn content(
    journeys: &Journeys,
    kinds: &Kinds,
    content_id: Option<usize>,
    settings: &TouchSettings,
    threads: usize,
) -> Result<Shown> {
    let roles = Roles::new(journeys, kinds);
    let there = TOUCHES.map(|role| roles.has(role));
    let mut shown = Shown::default();
    let counter = Counter { roles, attribute: content_id, there, window_us: settings.window_us };
    let Some(attribute) = counter.attribute else {
        shown.notes.push(Note::new("content_no_id"));
        shown.tables.push(counter.table(journeys, State::default(), Vec::new())?);
        return Ok(shown);
    };
    let mut states = journeys.visit(threads, State::default, |state, journey| {
        counter.count(state, journey, attribute);
        Ok(())
    })?;
    let mut all = states.pop().unwrap_or_default();
    for state in states {
        all.add(state);
    }
    if counter.roles.has(Role::Conversion) {
        let attributed: u64 = all.contents.values().map(|content| content.conversions).sum();
        shown.notes.push(
            Note::new("content_conversions")
                .with("attributed", grouped(i128::from(attributed)))
                .with("all", grouped(i128::from(all.conversions))),
        );
    } else {
        shown.notes.push(Note::new("content_no_conversion"));
    }
    let mut rows: Vec<(Option<u32>, Content)> = all.contents.drain().collect();
    rows.sort_unstable_by_key(|(code, content)| (code.is_none(), Reverse(content.reached), *code));
    if rows.len() > settings.top {
        let hidden = grouped((rows.len() - settings.top) as i128);
        shown.notes.push(Note::new("content_hidden").with("hidden", hidden).with("top", settings.top));
        rows.truncate(settings.top);
    }
    shown.tables.push(counter.table(journeys, all, rows)?);
    Ok(shown)
}

/// One piece of content.
#[derive(Debug, Clone, Default)]
struct Content {
    /// Members with a touch of it.
    reached: u64,
    /// Members with an interaction.
    interacted: u64,
    /// Per kind of touch: events, and members with one.
    events: [u64; 7],
    members: [u64; 7],
    conversions: u64,
    converted: u64,
    value_e4: i128,
    new_members: u64,
}

/// What was counted of some journeys.
#[derive(Debug, Default)]
struct State {
    contents: HashMap<Option<u32>, Content>,
    /// All of them, whether they came after a touch or not.
    conversions: u64,
    /// Some conversion has money.
    has_values: bool,
    touches: Vec<Touch>,
    converted: Vec<u32>,
}

impl State {
    fn add(&mut self, other: Self) {
        for (code, content) in other.contents {
            let into = self.contents.entry(code).or_default();
            into.reached += content.reached;
            into.interacted += content.interacted;
            for touch in 0..TOUCHES.len() {
                into.events[touch] += content.events[touch];
                into.members[touch] += content.members[touch];
            }
            into.conversions += content.conversions;
            into.converted += content.converted;
            into.value_e4 += content.value_e4;
            into.new_members += content.new_members;
        }
        self.conversions += other.conversions;
        self.has_values |= other.has_values;
    }
}

/// A member's touch of content. In order of content and kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Touch {
    content: Option<u32>,
    kind: usize,
}

struct Counter<'a> {
    roles: Roles<'a>,
    attribute: Option<usize>,
    /// Which touches the file has.
    there: [bool; 7],
    window_us: i64,
}

impl Counter<'_> {
    fn count(&self, state: &mut State, journey: Journey<'_>, attribute: usize) {
        let mut touches = std::mem::take(&mut state.touches);
        touches.clear();
        for event in journey.events {
            let kind = self.roles.of(event).and_then(|role| TOUCHES.iter().position(|known| *known == role));
            touches.extend(kind.map(|kind| Touch { content: journey.code(event, attribute), kind }));
        }
        touches.sort_unstable();
        for touches in touches.chunk_by(|a, b| a.content == b.content) {
            let content = state.contents.entry(touches[0].content).or_default();
            content.reached += 1;
            content.interacted += u64::from(touches.iter().any(|touch| touch.kind >= INTERACTIONS));
            for same in touches.chunk_by(|a, b| a.kind == b.kind) {
                content.events[same[0].kind] += same.len() as u64;
                content.members[same[0].kind] += 1;
            }
        }
        state.touches = touches;
        self.attribute_conversions(state, &journey, attribute);
        // The content of the member's first own doing; of several at that moment the first in byte order.
        let doings =
            || journey.events.iter().filter(|event| self.roles.of(event).is_none_or(Role::is_activity));
        let first = doings().next().map(|event| event.at_us);
        let of_first = doings().take_while(|event| Some(event.at_us) == first);
        if let Some(code) = of_first.filter_map(|event| journey.code(event, attribute)).min() {
            state.contents.entry(Some(code)).or_default().new_members += 1;
        }
    }

    /// Each conversion goes to the content touched last at or before it, within the window; of contents touched at one
    /// moment to the first in byte order.
    fn attribute_conversions(&self, state: &mut State, journey: &Journey<'_>, attribute: usize) {
        let mut converted = std::mem::take(&mut state.converted);
        converted.clear();
        let mut last: Option<(i64, u32)> = None;
        for at_once in journey.events.chunk_by(|a, b| a.at_us == b.at_us) {
            let touched = at_once
                .iter()
                .filter(|event| self.roles.of(event).is_some_and(|role| TOUCHES.contains(&role)));
            let touched = touched.filter_map(|event| journey.code(event, attribute)).min();
            if let Some(code) = touched {
                last = Some((at_once[0].at_us, code));
            }
            for event in at_once.iter().filter(|event| self.roles.of(event) == Some(Role::Conversion)) {
                let value = journey.value_e4(event);
                state.conversions += 1;
                state.has_values |= value.is_some();
                let Some((at_us, code)) = last else { continue };
                if event.at_us > at_us.saturating_add(self.window_us) {
                    continue;
                }
                let content = state.contents.entry(Some(code)).or_default();
                content.conversions += 1;
                content.value_e4 += i128::from(value.unwrap_or(0));
                converted.push(code);
            }
        }
        converted.sort_unstable();
        converted.dedup();
        for code in &converted {
            state.contents.entry(Some(*code)).or_default().converted += 1;
        }
        state.converted = converted;
    }

    fn table(&self, journeys: &Journeys, all: State, rows: Vec<(Option<u32>, Content)>) -> Result<Table> {
        let id = |code: &Option<u32>| {
            let values = journeys.values.get(self.attribute?)?;
            code.map(|code| values.get(code as usize).to_owned())
        };
        let converts = self.roles.has(Role::Conversion);
        let interacts = self.there[INTERACTIONS..].contains(&true);
        let each = |of: fn(&Content) -> u64| rows.iter().map(move |(_, content)| of(content));
        let events = |name: &str, touch: usize| {
            count_column(name, self.there[touch], rows.iter().map(|(_, content)| content.events[touch]))
        };
        let rate = |name: &str, touch: usize| {
            let pairs = rows.iter().map(|(_, content)| (content.members[touch], content.reached));
            ratio_column(name, self.there[touch], pairs)
        };
        let engaged = || rows.iter().map(|(_, content)| (content.interacted, content.reached));
        let mut columns = vec![
            Column::new(
                "content_id",
                Kind::Text,
                Cells::Text(rows.iter().map(|(code, _)| id(code)).collect()),
            ),
            count_column("reached_members", true, each(|content| content.reached)),
            events("views", SEEN),
            count_column("interacted_members", interacts, each(|content| content.interacted)),
            ratio_column("engagement_rate_reached", interacts, engaged()),
        ];
        columns.extend(bounds_columns(
            ["engagement_rate_lower", "engagement_rate_upper"],
            interacts,
            engaged(),
        ));
        columns.extend([
            events("like_events", LIKE),
            events("comment_events", COMMENT),
            events("share_events", SHARE),
            events("favourite_events", FAVOURITE),
            rate("share_rate_reached", SHARE),
            rate("favourite_rate_reached", FAVOURITE),
            events("click_events", CLICKED),
            rate("click_rate_reached", CLICKED),
        ]);
        // Content without an id brings nothing about: who knows what it was.
        let known = |is_there: bool, value: fn(&Content) -> u64| {
            let cell = |(code, content): &(Option<u32>, Content)| {
                (is_there && code.is_some()).then(|| value(content) as i64)
            };
            Cells::Int(rows.iter().map(cell).collect())
        };
        let rates = rows.iter().map(|(code, content)| {
            // Nothing of nothing is no rate.
            if code.is_some() { (content.converted, content.reached) } else { (0, 0) }
        });
        let values = rows.iter().map(|(code, content)| match converts && all.has_values && code.is_some() {
            true => money(content.value_e4).map(Some),
            false => Ok(None),
        });
        columns.extend([
            Column::new("conversions", Kind::Count, known(converts, |content| content.conversions)),
            Column::new("converted_members", Kind::Count, known(converts, |content| content.converted)),
            ratio_column("conversion_rate_reached", converts, rates),
            Column::new("conversion_value", Kind::Money, Cells::Money(values.collect::<Result<_>>()?)),
            Column::new("first_met_members", Kind::Count, known(true, |content| content.new_members)),
        ]);
        Ok(Table::new("content", false, columns).without(&[
            &["like_events", "comment_events", "share_events", "favourite_events"],
            &["favourite_rate_reached"],
            &["click_events"],
            &["first_met_members"],
            &["engagement_rate_lower", "engagement_rate_upper"],
            &["conversions"],
            &["converted_members"],
            &["interacted_members"],
        ]))
    }
}

#[cfg(test)]
mod tests;
