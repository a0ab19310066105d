//! The tables against a naive oracle, identities, extremes.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::facts::Member;
use crate::facts::customers::DAY_US;
use crate::facts::journeys::{EventRow, JourneyKernel, JourneySpec};
use crate::output::report::{Cells, Table};
use crate::reports::period::{PeriodUnit, Periods, WeekStart};

/// A day on which months and weeks begin somewhere inside of what follows.
const FIRST: i32 = 20_000;

#[derive(Debug, Clone)]
struct Event {
    who: String,
    kind: &'static str,
    day: i32,
    value_e4: Option<i64>,
}

fn event(who: &str, kind: &'static str, day: i32) -> Event {
    Event { who: who.to_owned(), kind, day: FIRST + day, value_e4: None }
}

fn journeys(events: &[Event]) -> Journeys {
    let spec = JourneySpec { keep_all: true, attributes: 0, values: true };
    let kernel = JourneyKernel::new(spec);
    for (at, event) in events.iter().enumerate() {
        kernel.push(EventRow {
            unit: Some(&event.who),
            kind: event.kind,
            at_us: i64::from(event.day) * DAY_US + at as i64,
            marks: 0,
            attributes: &[],
            value_e4: event.value_e4,
        });
    }
    kernel.finish(2).unwrap()
}

fn member(id: &str, joined: Option<i32>, by: Option<&str>) -> Member {
    let joined_day = joined.map(|day| FIRST + day);
    let by = by.map(str::to_owned);
    Member { customer_id: id.to_owned(), joined_day, by, ..Member::default() }
}

fn input(events: &[Event], as_of: i32, members: Option<Vec<Member>>) -> EngagementInput {
    EngagementInput {
        as_of_us: i64::from(FIRST + as_of + 1) * DAY_US - 1,
        journeys: journeys(events),
        members: members.map(Members::of),
        threads: 2,
        ..EngagementInput::default()
    }
}

fn params(members: bool) -> EngagementParams {
    EngagementParams { members: members.then(|| vec!["members.csv".into()]), ..EngagementParams::default() }
}

fn answer(params: &EngagementParams, input: &EngagementInput) -> BTreeMap<&'static str, Table> {
    let report = run(&params.resolve().unwrap(), input, &TableChoice::All).unwrap();
    report.tables.into_iter().map(|table| (table.name, table)).collect()
}

/// The cells of a column of whole numbers.
fn ints(table: &Table, column: &str) -> Vec<Option<i64>> {
    match &table.column(column).unwrap_or_else(|| panic!("{column}")).cells {
        Cells::Int(values) | Cells::Money(values) | Cells::DateTime(values) => values.clone(),
        other => panic!("{column}: {other:?}"),
    }
}

fn counts(table: &Table, column: &str) -> Vec<i64> {
    ints(table, column).into_iter().map(Option::unwrap).collect()
}

fn floats(table: &Table, column: &str) -> Vec<Option<f64>> {
    match &table.column(column).unwrap_or_else(|| panic!("{column}")).cells {
        Cells::Float(values) => values.clone(),
        other => panic!("{column}: {other:?}"),
    }
}

fn texts(table: &Table, column: &str) -> Vec<String> {
    match &table.column(column).unwrap_or_else(|| panic!("{column}")).cells {
        Cells::Text(values) => values.iter().map(|value| value.clone().unwrap_or_default()).collect(),
        other => panic!("{column}: {other:?}"),
    }
}

/// Every day on which somebody is active.
fn active_days(events: &[Event]) -> BTreeSet<(String, i32)> {
    let is_activity = |event: &&Event| !["sent", "delivered", "assigned"].contains(&event.kind);
    events.iter().filter(is_activity).map(|event| (event.who.clone(), event.day)).collect()
}

fn people(days: &BTreeSet<(String, i32)>, from: i32, to: i32) -> BTreeSet<&str> {
    days.iter().filter(|(_, day)| (from..=to).contains(day)).map(|(who, _)| who.as_str()).collect()
}

fn some_events() -> impl Strategy<Value = Vec<Event>> {
    let kind =
        prop::sample::select(vec!["view", "like", "share", "sign_in", "pay", "sent", "wave", "assigned"]);
    let event = ("[a-f]", kind, 0..80_i32, prop::option::of(-5..100_i64));
    let event = event.prop_map(|(who, kind, day, value_e4)| Event { who, kind, day: FIRST + day, value_e4 });
    prop::collection::vec(event, 0..60)
}

fn some_members() -> impl Strategy<Value = Vec<Member>> {
    let by = prop::option::of(prop::sample::select(vec!["x", "y"]));
    let one = ("[a-h]", prop::option::of(-50..80_i32), by);
    prop::collection::vec(one.prop_map(|(id, joined, by)| member(&id, joined, by)), 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn activity_is_what_sets_of_people_say(events in some_events(), more in 0..3_i32) {
        let days = active_days(&events);
        let as_of = events.iter().map(|event| event.day).max().unwrap_or(FIRST) - FIRST + more;
        let tables = answer(&params(false), &input(&events, as_of, None));
        let table = &tables["activity"];
        let Some(first) = days.iter().map(|(_, day)| *day).min() else {
            prop_assert_eq!(table.height(), 0);
            return Ok(());
        };
        let all: Vec<i32> = (first..=FIRST + as_of).collect();
        prop_assert_eq!(table.height(), all.len());
        for (row, day) in all.iter().enumerate() {
            let (today, before) = (people(&days, *day, *day), people(&days, first, day - 1));
            let yesterday = people(&days, day - 1, day - 1);
            prop_assert_eq!(counts(table, "active")[row], today.len() as i64);
            let new = today.difference(&before).count();
            let returning = today.intersection(&yesterday).count();
            prop_assert_eq!(counts(table, "new")[row], new as i64);
            prop_assert_eq!(counts(table, "returning")[row], returning as i64);
            prop_assert_eq!(counts(table, "resurrected")[row], (today.len() - new - returning) as i64);
            prop_assert_eq!(counts(table, "lapsed")[row], yesterday.difference(&today).count() as i64);
            let over = |length: i32| {
                (day - first + 1 >= length).then(|| people(&days, day - length + 1, *day).len() as i64)
            };
            prop_assert_eq!(ints(table, "active_7d")[row], over(7));
            prop_assert_eq!(ints(table, "active_30d")[row], over(30));
            let month = over(30).filter(|month| *month > 0);
            let mean = month.map(|month| {
                let sum: usize = (day - 29..=*day).map(|day| people(&days, day, day).len()).sum();
                sum as f64 / (30 * month) as f64
            });
            prop_assert_eq!(floats(table, "stickiness_mean")[row], mean);
        }
        // The last row once more, as the summary has it.
        let summary = &tables["summary"];
        let of = |measure: &str| {
            let row = texts(summary, "measure").iter().position(|name| name == measure).unwrap();
            floats(summary, "value")[row]
        };
        let last = all.len() - 1;
        prop_assert_eq!(of("active_30d"), ints(table, "active_30d")[last].map(|n| n as f64));
        prop_assert_eq!(of("active_7d"), ints(table, "active_7d")[last].map(|n| n as f64));
        prop_assert_eq!(of("stickiness_mean"), floats(table, "stickiness_mean")[last]);
    }

    #[test]
    fn longer_periods_hold_their_days(events in some_events()) {
        let days = active_days(&events);
        for unit in [PeriodUnit::Week, PeriodUnit::Month] {
            let params = EngagementParams { period: Some(unit), ..params(false) };
            let table = &answer(&params, &input(&events, 80, None))["activity"];
            let periods = Periods::new(unit, WeekStart::Monday);
            let (active, new) = (counts(table, "active"), counts(table, "new"));
            let (lapsed, resurrected) = (counts(table, "lapsed"), counts(table, "resurrected"));
            for (row, label) in texts(table, "period").iter().enumerate() {
                let within: BTreeSet<&str> = days.iter()
                    .filter(|(_, day)| periods.label(periods.of(*day)) == *label)
                    .map(|(who, _)| who.as_str())
                    .collect();
                prop_assert_eq!(active[row], within.len() as i64);
                let before = if row == 0 { 0 } else { active[row - 1] };
                prop_assert_eq!(active[row], before - lapsed[row] + new[row] + resurrected[row]);
            }
            prop_assert_eq!(new.iter().sum::<i64>(), people(&days, FIRST, FIRST + 80).len() as i64);
        }
    }

    #[test]
    fn layers_streaks_and_depth_are_what_members_did(events in some_events(), members in some_members()) {
        let days = active_days(&events);
        let as_of = FIRST + 80;
        let params = EngagementParams { high_frequency: Some(3), ..params(true) };
        let tables = answer(&params, &input(&events, 80, Some(members.clone())));
        let ids: BTreeSet<&str> = members.iter().map(|member| member.customer_id.as_str()).collect();
        let of = |who: &str, from: i32| days.iter().filter(|(id, day)| id == who && *day >= from).count();
        let mut expected = BTreeMap::from([("high_frequency", 0), ("regular", 0), ("silent", 0), ("never", 0)]);
        for who in &ids {
            let layer = match (of(who, as_of - 29), of(who, 0)) {
                (window, _) if window >= 3 => "high_frequency",
                (0, 0) => "never",
                (0, _) => "silent",
                _ => "regular",
            };
            *expected.get_mut(layer).unwrap() += 1;
        }
        let layers = &tables["layers"];
        for (layer, members) in texts(layers, "layer").iter().zip(counts(layers, "members")) {
            match layer.as_str() {
                "all" => prop_assert_eq!(members, ids.len() as i64),
                layer => if let Some(expected) = expected.get(layer) { prop_assert_eq!(members, *expected) },
            }
        }

        let mut depth = [0_i64; 5];
        let mut longest = BTreeMap::<i64, i64>::new();
        let mut current = BTreeMap::<i64, i64>::new();
        for who in &ids {
            let of_who = || events.iter().filter(|event| event.who == **who);
            let number = of_who().filter(|event| ["like", "share", "sign_in"].contains(&event.kind)).count();
            depth[match number { 0 => 0, 1 => 1, 2..=3 => 2, 4..=7 => 3, _ => 4 }] += 1;
            let signed: BTreeSet<i32> = of_who().filter(|e| e.kind == "sign_in").map(|e| e.day).collect();
            let run_to = |day: i32| (0..).take_while(|back| signed.contains(&(day - back))).count() as i64;
            if let Some(best) = signed.iter().map(|day| run_to(*day)).max() {
                *longest.entry(best).or_default() += 1;
            }
            let running = run_to(as_of).max(run_to(as_of - 1));
            if running > 0 {
                *current.entry(running).or_default() += 1;
            }
        }
        prop_assert_eq!(counts(&tables["depth"], "members"), depth);
        let streaks = &tables["streaks"];
        for (row, days) in counts(streaks, "streak_days").into_iter().enumerate() {
            prop_assert_eq!(counts(streaks, "longest")[row], longest.get(&days).copied().unwrap_or(0));
            prop_assert_eq!(counts(streaks, "current")[row], current.get(&days).copied().unwrap_or(0));
            prop_assert_eq!(counts(streaks, "reached")[row], longest.range(days..).map(|(_, n)| n).sum::<i64>());
            let running = current.range(days..).map(|(_, n)| n).sum::<i64>();
            prop_assert_eq!(counts(streaks, "current_reached")[row], running);
        }
    }

    #[test]
    fn values_of_by_add_up(events in some_events(), members in some_members()) {
        let whole = answer(&params(true), &input(&events, 80, Some(members.clone())));
        let by = By { name: "city".into(), attribute: None };
        let split = EngagementInput { by: Some(by), ..input(&events, 80, Some(members)) };
        let split = answer(&params(true), &split);
        for (table, key, column) in [
            ("activity", "period", "active"),
            ("activity", "period", "visitors"),
            ("activity", "period", "lapsed"),
            ("interactions", "kinds", "events"),
            ("interactions", "kinds", "members"),
            ("interactions", "kinds", "visitor_events"),
            ("depth", "depth", "members"),
            ("layers", "layer", "members"),
            ("layers", "layer", "conversions"),
        ] {
            let sums = |table: &Table| {
                let mut sums = BTreeMap::<String, i64>::new();
                for (key, value) in texts(table, key).into_iter().zip(counts(table, column)) {
                    *sums.entry(key).or_default() += value;
                }
                sums.retain(|_, sum| *sum != 0);
                sums
            };
            prop_assert_eq!(sums(&whole[table]), sums(&split[table]), "{} {}", table, column);
        }
        prop_assert_eq!(counts(&whole["members"], "value"), counts(&split["members"], "value"));
    }
}

/// Of two channels at one moment the first in byte order, whatever kinds and columns the events have beside it.
#[test]
fn the_first_channel_does_not_depend_on_other_columns() {
    let rows = [
        ("like", Some("a"), Some("wx"), 0),
        ("wave", Some("b"), Some("dy"), 0),
        ("like", None, Some("aa"), 1),
    ];
    for with_content in [false, true] {
        let attributes = 1 + usize::from(with_content);
        let kernel = JourneyKernel::new(JourneySpec { keep_all: true, attributes, values: false });
        for (kind, content, channel, at_us) in rows {
            let both = [content, channel];
            let attributes = if with_content { &both[..] } else { &both[1..] };
            kernel.push(EventRow { unit: Some("c"), kind, at_us, marks: 0, attributes, value_e4: None });
        }
        let by = By { name: "first_channel".into(), attribute: Some(attributes - 1) };
        let input = EngagementInput {
            as_of_us: DAY_US,
            journeys: kernel.finish(1).unwrap(),
            by: Some(by),
            ..EngagementInput::default()
        };
        assert_eq!(texts(&answer(&params(false), &input)["members"], "first_channel"), ["dy"]);
    }
}

#[test]
fn nobody_and_nothing() {
    let tables = answer(&params(false), &input(&[], 0, None));
    assert_eq!(tables["activity"].height(), 0);
    assert_eq!(tables["members"].height(), 0);
    assert_eq!(counts(&tables["layers"], "members"), [0, 0, 0, 0, 0]);
    assert_eq!(tables["comparison"].height(), 0);
    // A member who never came, and nobody else.
    let tables = answer(&params(true), &input(&[], 0, Some(vec![member("m", None, None)])));
    assert_eq!(texts(&tables["members"], "layer"), ["never"]);
    assert_eq!(counts(&tables["layers"], "members"), [0, 0, 0, 1, 1]);
}

#[test]
fn a_message_that_is_sent_makes_nobody_active() {
    let events = [event("a", "sent", 0), event("a", "assigned", 3), event("b", "opened", 2)];
    let tables = answer(&params(false), &input(&events, 4, None));
    assert_eq!(texts(&tables["members"], "layer"), ["never", "regular"]);
    assert_eq!(counts(&tables["activity"], "active"), [1, 0, 0]);
    let interactions = &tables["interactions"];
    assert_eq!(texts(interactions, "role"), ["interaction", "sent", "opened", "passive"]);
    assert_eq!(floats(interactions, "share_of_members"), [Some(0.0), Some(0.5), Some(0.5), Some(0.5)]);
}

#[test]
fn orders_take_the_place_of_conversions() {
    let events = [
        Event { value_e4: Some(70_000), ..event("a", "pay", 40) },
        event("b", "view", 0),
        Event { value_e4: Some(30_000), ..event("a", "pay", 0) },
    ];
    let by_events = input(&events, 60, None);
    let tables = answer(&params(false), &by_events);
    assert_eq!(counts(&tables["members"], "value"), [100_000, 0]);
    let layers = &tables["layers"];
    assert_eq!(counts(layers, "conversions"), [0, 1, 0, 0, 1]);
    assert_eq!(floats(layers, "value_per_member"), [None, Some(7.0), Some(0.0), None, Some(3.5)]);
    assert_eq!(floats(layers, "value_to_date_per_member")[4], Some(5.0));

    let histories = Histories::of([
        ("a", vec![(FIRST + 10, 2, 50_000), (FIRST + 59, 0, -20_000)]),
        ("b", vec![(FIRST + 31, 1, 10_000)]),
        ("stranger", vec![(FIRST + 31, 9, 10_000)]),
    ]);
    let tables = answer(
        &params(false),
        &EngagementInput { orders: Some(Orders::new(histories)), ..input(&events, 60, None) },
    );
    assert_eq!(counts(&tables["members"], "conversions"), [2, 1]);
    assert_eq!(counts(&tables["members"], "value"), [30_000, 10_000]);
    // The window is days 31 to 60.
    assert_eq!(counts(&tables["layers"], "conversions")[4], 1);
    assert_eq!(floats(&tables["layers"], "value_per_member")[4], Some(-0.5));
}

#[test]
fn new_members_are_compared_with_old_ones() {
    let mut members = Vec::new();
    let mut events = vec![event("m00", "sign_in", 100)];
    for number in 0..40 {
        let id = format!("m{number:02}");
        // The first twenty joined on the first day that is still new.
        members.push(member(&id, Some(if number < 20 { 71 } else { 70 }), None));
        if number % 4 == 0 || number < 10 {
            events.push(Event { who: id, ..event("", "like", 90) });
        }
    }
    let tables = answer(&params(true), &input(&events, 100, Some(members)));
    let layers = &tables["layers"];
    assert_eq!(texts(layers, "layer")[4..], ["new", "old", "all"]);
    assert_eq!(counts(layers, "members")[4..], [20, 20, 40]);
    let comparison = &tables["comparison"];
    assert_eq!(texts(comparison, "measure")[0], "active_share");
    // 12 of 20 against 5 of 20. scipy: chi2_contingency([[12, 8], [5, 15]], correction=False), tolerance 1e-9.
    assert_eq!(
        (floats(comparison, "new_value")[0], floats(comparison, "old_value")[0]),
        (Some(0.6), Some(0.25))
    );
    let p = floats(comparison, "p")[0].unwrap();
    assert!((p - 0.025160759200408785).abs() < 1e-9, "{p}");
    assert_eq!(texts(comparison, "test")[0], "pooled_z");
    let row = texts(comparison, "measure").iter().position(|name| name == "active_days_per_member").unwrap();
    assert_eq!(texts(comparison, "test")[row], "welch");
}

#[test]
fn too_many_cells_are_refused() {
    let events = [event("a", "view", -19_000), event("b", "view", 100_000)];
    let members = (0..30).map(|number| member(&number.to_string(), None, Some("v"))).collect::<Vec<_>>();
    let members =
        members.into_iter().enumerate().map(|(at, m)| Member { by: Some(at.to_string()), ..m }).collect();
    let by = Some(By { name: "city".into(), attribute: None });
    let input = EngagementInput { by, ..input(&events, 100_000, Some(members)) };
    let refused = run(&params(true).resolve().unwrap(), &input, &TableChoice::All).unwrap_err();
    assert_eq!(refused.code(), "bad_option");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let refuse = |params: EngagementParams| params.resolve().unwrap_err().code();
    let text = |text: &str| Some(text.to_owned());
    let with = |change: fn(&mut EngagementParams)| {
        let mut params = params(false);
        change(&mut params);
        params
    };
    assert_eq!(refuse(with(|p| p.week_start = Some(WeekStart::Sunday))), "does_not_apply");
    assert_eq!(refuse(with(|p| p.high_frequency = Some(1))), "bad_option");
    assert_eq!(refuse(with(|p| p.high_frequency = Some(31))), "bad_option");
    assert_eq!(refuse(EngagementParams { new_within: text("30d"), ..params(false) }), "does_not_apply");
    for bad in ["30", "36h", "200y"] {
        assert_eq!(
            refuse(EngagementParams { layer_window: text(bad), ..params(false) }),
            "bad_option",
            "{bad}"
        );
    }
}

#[test]
fn kinds_in_the_file_are_a_list_or_a_table() {
    for text in ["kinds = [\"like=a|b\", \"seen=c\"]", "[kinds]\nlike = [\"a\", \"b\"]\nseen = \"c\""] {
        let params: EngagementParams = toml::from_str(text).unwrap();
        let given = params.resolve().unwrap().kinds;
        assert_eq!(given.len(), 2, "{text}");
        assert_eq!(given[0].1, ["a", "b"]);
    }
    assert!(toml::from_str::<EngagementParams>("kind = 3").is_err());
}
