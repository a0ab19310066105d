//! Reach: who was sent a message, who got, opened and clicked it, who converted; when messages are opened.

mod hours;

use std::cmp::Reverse;

use hashbrown::HashMap;

use super::kinds::{Kinds, Role};
use super::touches::{
    Roles, Shown, TouchSettings, bounds_columns, converted_after, count_column, ratio_column,
};
use crate::error::Result;
use crate::facts::journeys::{Journey, Journeys};
use crate::output::grouped;
use crate::output::report::{Cells, Column, Kind, Note, Table};
use crate::stats::quantile::cut_points;
use hours::Hours;

/// The stages of a message, in their order.
const STAGES: [Role; 4] = [Role::Sent, Role::Delivered, Role::Opened, Role::Clicked];
/// Places in [`STAGES`].
const SENT: usize = 0;
const DELIVERED: usize = 1;
const OPENED: usize = 2;
const CLICKED: usize = 3;

/// The name of the share of the members of the last stage that converted, by that stage.
const CONVERSION_RATES: [&str; 4] = [
    "conversion_rate_sent",
    "conversion_rate_delivered",
    "conversion_rate_opened",
    "conversion_rate_clicked",
];

/// Seconds in microseconds.
const SECOND_US: i64 = 1_000_000;

/// The tables `reach`, `best_hour` and `weekday_hours`. `columns`: names and attributes of the columns that may tell messages
/// apart, the one to be preferred first. `as_of_us`: end of the observed time.
pub(super) fn reach(
    journeys: &Journeys,
    kinds: &Kinds,
    columns: &[(String, usize)],
    settings: &TouchSettings,
    as_of_us: i64,
    threads: usize,
) -> Result<Shown> {
    let roles = Roles::new(journeys, kinds);
    let stages = STAGES.map(|role| roles.has(role));
    let mut shown = Shown::default();
    let first = stages.iter().position(|there| *there);
    let column = match first {
        Some(first) => key_column(journeys, &roles, columns, STAGES[first], threads)?,
        None => None,
    };
    let counter = Counter {
        roles,
        attribute: column.map(|(_, attribute)| *attribute),
        stages,
        first: first.unwrap_or(CLICKED),
        deepest: stages.iter().rposition(|there| *there).unwrap_or(CLICKED),
        window_us: settings.window_us,
        as_of_us,
    };
    if first.is_none() {
        shown.notes.push(Note::new("reach_no_stage"));
        counter.tables(journeys, settings, State::default(), &mut shown);
        return Ok(shown);
    }
    let mut states = journeys.visit(threads, State::default, |state, journey| {
        counter.count(state, journey);
        Ok(())
    })?;
    let mut all = states.pop().unwrap_or_default();
    for state in states {
        all.add(state);
    }
    shown.notes.push(match column {
        Some((name, _)) => Note::new("reach_by").with("column", name),
        None => Note::new("reach_by_nothing"),
    });
    counter.notes(&all, &mut shown);
    counter.tables(journeys, settings, all, &mut shown);
    Ok(shown)
}

/// The first column of which an event of the first stage has a value.
fn key_column<'a>(
    journeys: &Journeys,
    roles: &Roles<'_>,
    columns: &'a [(String, usize)],
    stage: Role,
    threads: usize,
) -> Result<Option<&'a (String, usize)>> {
    if columns.len() < 2 {
        return Ok(columns.first());
    }
    let found = journeys.visit(
        threads,
        || vec![false; columns.len()],
        |found, journey| {
            if found[0] {
                return Ok(());
            }
            for event in journey.events.iter().filter(|event| roles.of(event) == Some(stage)) {
                for (found, (_, attribute)) in found.iter_mut().zip(columns) {
                    *found |= journey.code(event, *attribute).is_some();
                }
            }
            Ok(())
        },
    )?;
    let has = |at: &usize| found.iter().any(|found| found[*at]);
    Ok((0..columns.len()).find(has).map_or(columns.first(), |at| columns.get(at)))
}

/// One message.
#[derive(Debug, Default)]
struct Message {
    /// Per stage the members who reached it.
    members: [u64; 4],
    converted: u64,
    /// Per stage its events.
    events: [u64; 4],
    /// Microseconds from the last sending before it to the first open, per member; the same of clicks.
    to_open: Vec<i64>,
    to_click: Vec<i64>,
}

/// What was counted of some journeys.
#[derive(Debug, Default)]
struct State {
    /// By the code of the message.
    messages: HashMap<Option<u32>, Message>,
    hours: Hours,
    /// Pairs of member and message that have not converted and still can.
    may_convert: u64,
    /// Events of stages that name no message.
    without_key: u64,
    touches: Vec<Touch>,
    conversions: Vec<i64>,
}

impl State {
    fn add(&mut self, other: Self) {
        for (code, message) in other.messages {
            let into = self.messages.entry(code).or_default();
            for stage in 0..STAGES.len() {
                into.members[stage] += message.members[stage];
                into.events[stage] += message.events[stage];
            }
            into.converted += message.converted;
            into.to_open.extend(message.to_open);
            into.to_click.extend(message.to_click);
        }
        self.hours.add(&other.hours);
        self.may_convert += other.may_convert;
        self.without_key += other.without_key;
    }
}

/// A stage of a message that a member came to. In order of message, moment and stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Touch {
    message: Option<u32>,
    at_us: i64,
    stage: usize,
}

/// Counts journeys.
struct Counter<'a> {
    roles: Roles<'a>,
    attribute: Option<usize>,
    /// Which stages the file has, the first of them and the last.
    stages: [bool; 4],
    first: usize,
    deepest: usize,
    window_us: i64,
    as_of_us: i64,
}

impl Counter<'_> {
    fn count(&self, state: &mut State, journey: Journey<'_>) {
        let mut touches = std::mem::take(&mut state.touches);
        let mut conversions = std::mem::take(&mut state.conversions);
        touches.clear();
        conversions.clear();
        for event in journey.events {
            let Some(role) = self.roles.of(event) else { continue };
            if role == Role::Conversion {
                conversions.push(event.at_us);
            } else if let Some(stage) = STAGES.iter().position(|known| *known == role) {
                let message = self.attribute.and_then(|attribute| journey.code(event, attribute));
                state.without_key += u64::from(self.attribute.is_some() && message.is_none());
                touches.push(Touch { message, at_us: event.at_us, stage });
            }
        }
        touches.sort_unstable();
        for touches in touches.chunk_by(|a, b| a.message == b.message) {
            self.count_message(state, touches, &conversions);
        }
        state.touches = touches;
        state.conversions = conversions;
    }

    /// `touches`: of one member and one message, in order of time, at least one.
    fn count_message(&self, state: &mut State, touches: &[Touch], conversions: &[i64]) {
        let of_stage =
            |stage: usize| touches.iter().filter(move |touch| touch.stage == stage).map(|touch| touch.at_us);
        let message = state.messages.entry(touches[0].message).or_default();
        let farthest = touches.iter().map(|touch| touch.stage).max().unwrap_or_default();
        for members in &mut message.members[..=farthest] {
            *members += 1;
        }
        for touch in touches {
            message.events[touch.stage] += 1;
        }
        if farthest == self.deepest {
            let converted = converted_after(of_stage(self.deepest), conversions, self.window_us);
            message.converted += u64::from(converted);
            let last = of_stage(self.deepest).next_back();
            let is_open = last.is_some_and(|last| last.saturating_add(self.window_us) > self.as_of_us);
            state.may_convert += u64::from(!converted && is_open);
        }
        // Where the file has no sendings, messages begin with being delivered.
        let Some(start) = [SENT, DELIVERED].into_iter().find(|stage| self.stages[*stage]) else {
            of_stage(OPENED).for_each(|open| state.hours.opened(open));
            return;
        };
        let mut sendings: Vec<i64> = of_stage(start).collect();
        sendings.dedup();
        let since_sending = |stage: usize| {
            let first = sendings.first()?;
            let then = of_stage(stage).find(|then| then >= first)?;
            let sent = sendings[..sendings.partition_point(|sent| *sent <= then)].last()?;
            Some(then - sent)
        };
        message.to_open.extend(since_sending(OPENED));
        message.to_click.extend(since_sending(CLICKED));
        of_stage(OPENED).for_each(|open| state.hours.opened(open));
        for (at, sent) in sendings.iter().enumerate() {
            let next = sendings.get(at + 1).copied();
            let seen = touches.iter().filter(|touch| touch.stage >= OPENED).map(|touch| touch.at_us);
            let mut seen = seen.filter(|then| then >= sent && next.is_none_or(|next| *then < next));
            state.hours.sent(*sent, seen.next(), self.as_of_us);
        }
    }

    fn notes(&self, all: &State, shown: &mut Shown) {
        let converts = self.roles.has(Role::Conversion);
        let missing = [
            ("reach_no_sent", self.stages[SENT]),
            ("reach_no_delivered", self.stages[DELIVERED]),
            ("reach_no_opened", self.stages[OPENED]),
            ("reach_no_clicked", self.stages[CLICKED]),
            ("reach_no_conversion", converts),
        ];
        let missing = missing.into_iter().filter(|(_, there)| !there);
        shown.notes.extend(missing.map(|(key, _)| Note::new(key)));
        let counts = [
            ("reach_without_key", all.without_key),
            ("reach_may_convert", if converts { all.may_convert } else { 0 }),
        ];
        for (key, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            shown.notes.push(Note::new(key).with("count", grouped(i128::from(count))));
        }
    }

    fn tables(&self, journeys: &Journeys, settings: &TouchSettings, all: State, shown: &mut Shown) {
        let converts = self.roles.has(Role::Conversion);
        let mut messages: Vec<(Option<u32>, Message)> = all.messages.into_iter().collect();
        // None is last: its key is the greatest.
        let place = |code: Option<u32>| code.map_or(u64::MAX, u64::from);
        messages.sort_unstable_by_key(|(code, message)| {
            (code.is_none(), Reverse(message.members[self.first]), place(*code))
        });
        if messages.len() > settings.top {
            let hidden = messages.len() - settings.top;
            let hidden = grouped(hidden as i128);
            shown.notes.push(Note::new("reach_hidden").with("hidden", hidden).with("top", settings.top));
            messages.truncate(settings.top);
        }
        shown.tables.push(self.table(journeys, converts, &mut messages));
        let measures = hours::Measures {
            sendings: self.stages[SENT] || self.stages[DELIVERED],
            opens: self.stages[OPENED],
        };
        shown.tables.extend(all.hours.tables(measures));
        shown.notes.extend(all.hours.notes(measures));
    }

    fn table(&self, journeys: &Journeys, converts: bool, rows: &mut [(Option<u32>, Message)]) -> Table {
        let quantiles: Vec<[Option<f64>; 4]> = rows
            .iter_mut()
            .map(|(_, message)| {
                let [open, click] = [&mut message.to_open, &mut message.to_click].map(|of| tenths(of));
                [open.0, open.1, click.0, click.1]
            })
            .collect();
        let rows = &*rows;
        let value = |code: &Option<u32>| {
            let values = journeys.values.get(self.attribute?)?;
            code.map(|code| values.get(code as usize).to_owned())
        };
        let has = |stage: usize| self.stages[stage];
        let members = |name: &str, stage: usize| {
            count_column(name, has(stage), rows.iter().map(|(_, m)| m.members[stage]))
        };
        let events = |name: &str, stage: usize| {
            count_column(name, has(stage), rows.iter().map(|(_, m)| m.events[stage]))
        };
        let pairs =
            |part: usize, whole: usize| rows.iter().map(move |(_, m)| (m.members[part], m.members[whole]));
        let rate = |name: &str, part: usize, whole: usize| {
            ratio_column(name, has(part) && has(whole), pairs(part, whole))
        };
        let bounds = |names: [&str; 2], part: usize, wholes: &[usize]| {
            let whole = wholes.iter().copied().find(|whole| has(*whole));
            bounds_columns(names, has(part) && whole.is_some(), pairs(part, whole.unwrap_or(part)))
        };
        let seconds = |name: &str, at: usize| {
            Column::new(name, Kind::Seconds, Cells::Float(quantiles.iter().map(|of| of[at]).collect()))
        };
        let mut columns = vec![
            Column::new(
                "message",
                Kind::Text,
                Cells::Text(rows.iter().map(|(code, _)| value(code)).collect()),
            ),
            members("sent_members", SENT),
            members("delivered_members", DELIVERED),
            members("opened_members", OPENED),
            members("clicked_members", CLICKED),
            count_column("converted_members", converts, rows.iter().map(|(_, m)| m.converted)),
            rate("delivery_rate_sent", DELIVERED, SENT),
            rate("open_rate_delivered", OPENED, DELIVERED),
            rate("open_rate_sent", OPENED, SENT),
        ];
        columns.extend(bounds(["open_rate_lower", "open_rate_upper"], OPENED, &[DELIVERED, SENT]));
        columns.push(rate("click_rate_opened", CLICKED, OPENED));
        columns.extend(bounds(["click_rate_lower", "click_rate_upper"], CLICKED, &[OPENED, DELIVERED, SENT]));
        let converted = rows.iter().map(|(_, m)| (m.converted, m.members[self.deepest]));
        columns.extend([
            rate("click_rate_delivered", CLICKED, DELIVERED),
            rate("click_rate_sent", CLICKED, SENT),
            ratio_column(CONVERSION_RATES[self.deepest], converts, converted),
            seconds("open_seconds_median", 0),
            seconds("open_seconds_p90", 1),
            seconds("click_seconds_median", 2),
            seconds("click_seconds_p90", 3),
            events("open_events", OPENED),
            events("click_events", CLICKED),
        ]);
        Table::new("reach", false, columns)
    }
}

/// Median and 90th percentile in seconds (definition 7 of Hyndman and Fan).
fn tenths(values: &mut [i64]) -> (Option<f64>, Option<f64>) {
    let cuts = cut_points(values, 10);
    let at = |at: usize| cuts.get(at).map(|cut| cut.to_f64(SECOND_US));
    (at(4), at(8))
}

#[cfg(test)]
mod tests;
