//! Content by a naive count over all events, hand counts, extremes.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::reports::engagement::touches::testing::*;
use crate::stats::proportions::wilson_95;

const WINDOW: i64 = 2 * DAY;

fn answer(events: &[Event], content_id: Option<usize>) -> Shown {
    let journeys = journeys(events);
    let settings = TouchSettings { window: "2d".into(), window_us: WINDOW, top: 100 };
    let shown = content(&journeys, &kinds(&journeys), content_id, &settings, 2).unwrap();
    assert_sound(&shown.tables);
    shown
}

fn pay(who: &str, at_us: i64, value_e4: i64) -> Event {
    Event { value_e4: Some(value_e4), ..event(who, "pay", at_us, "") }
}

/// C1 sees a, likes b, pays: b brought it. C2 sees a twice, shares it, pays too late. C3 sees something without an id and
/// pays: nothing brought it.
#[test]
fn contents_by_hand() {
    let events = [
        event("C1", "view", 0, "a"),
        event("C1", "like", HOUR, "b"),
        pay("C1", 2 * HOUR, 100_000),
        pay("C1", 3 * HOUR, 50_000),
        event("C2", "view", 0, "a"),
        event("C2", "view", HOUR, "a"),
        event("C2", "share", HOUR, "a"),
        pay("C2", HOUR + WINDOW + 1, 70_000),
        event("C3", "view", 0, ""),
        pay("C3", HOUR, 10_000),
    ];
    let shown = answer(&events, Some(0));
    let content = &shown.tables[0];
    assert_eq!(texts(content, "content_id"), [Some("a".into()), Some("b".into()), None]);
    let column = |name: &str| numbers(content, name);
    assert_eq!(column("reached_members"), [2.0, 1.0, 1.0].map(Some));
    assert_eq!(column("views"), [3.0, 0.0, 1.0].map(Some));
    assert_eq!(column("interacted_members"), [1.0, 1.0, 0.0].map(Some));
    assert_eq!(column("engagement_rate_reached"), [0.5, 1.0, 0.0].map(Some));
    assert_eq!(column("engagement_rate_upper")[0], wilson_95(1, 2).map(|b| b.upper));
    assert_eq!(column("share_rate_reached"), [0.5, 0.0, 0.0].map(Some));
    assert_eq!(column("favourite_events"), [None; 3]);
    assert_eq!(column("conversions"), [Some(0.0), Some(2.0), None]);
    assert_eq!(column("converted_members"), [Some(0.0), Some(1.0), None]);
    assert_eq!(column("conversion_value"), [Some(0.0), Some(150_000.0), None]);
    assert_eq!(column("conversion_rate_reached"), [Some(0.0), Some(1.0), None]);
    assert_eq!(column("first_met_members"), [Some(2.0), Some(0.0), None]);
    assert_eq!(argument(&shown.notes, "content_conversions", "attributed"), Some("2"));
    assert_eq!(argument(&shown.notes, "content_conversions", "all"), Some("4"));
}

#[test]
fn at_one_moment_the_first_in_byte_order_counts() {
    let events = [event("C1", "view", 0, "b"), event("C1", "like", 0, "a"), pay("C1", 0, 1)];
    let shown = answer(&events, Some(0));
    assert_eq!(numbers(&shown.tables[0], "conversions"), [1.0, 0.0].map(Some));
    assert_eq!(numbers(&shown.tables[0], "first_met_members"), [1.0, 0.0].map(Some));
    // The window's end is within.
    let at_the_end = [event("C1", "view", 0, "b"), pay("C1", WINDOW, 1)];
    assert_eq!(numbers(&answer(&at_the_end, Some(0)).tables[0], "conversions"), [Some(1.0)]);
}

#[test]
fn nothing_to_tell() {
    let shown = answer(&[event("C1", "view", 0, "a")], None);
    assert_eq!(shown.notes[0].key, "content_no_id");
    assert_eq!(shown.tables[0].height(), 0);
    let shown = answer(&[], Some(0));
    assert_eq!((shown.tables[0].height(), shown.notes[0].key), (0, "content_no_conversion"));
    for at in [i64::MIN, i64::MAX - 1] {
        let shown = answer(&[event("C1", "view", at, "a"), pay("C1", at, i64::MAX)], Some(0));
        assert_eq!(numbers(&shown.tables[0], "conversions"), [Some(1.0)]);
    }
    let much = [event("C1", "view", 0, "a"), pay("C1", 0, i64::MAX), pay("C1", 1, i64::MAX)];
    let journeys = journeys(&much);
    let settings = TouchSettings { window: "2d".into(), window_us: WINDOW, top: 100 };
    assert!(content(&journeys, &kinds(&journeys), Some(0), &settings, 1).is_err());
}

const KINDS: &[&str] =
    &["view", "opened", "click", "like", "comment", "share", "collect", "pay", "pay", "register", "sent"];
const TOUCHING: [&str; 7] = ["view", "opened", "click", "like", "comment", "share", "collect"];

/// The content that a conversion belongs to: all touches before it, the latest of them, the first id of these.
fn brought_by<'a>(events: &'a [Event], pay: &Event) -> Option<&'a str> {
    let touches = || {
        events.iter().filter(|e| {
            e.who == pay.who && TOUCHING.contains(&e.kind) && e.content.is_some() && e.at_us <= pay.at_us
        })
    };
    let last = touches().map(|e| e.at_us).max()?;
    let first = touches().filter(|e| e.at_us == last).filter_map(|e| e.content.as_deref()).min();
    first.filter(|_| pay.at_us - last <= WINDOW)
}

proptest! {
    #[test]
    fn equals_the_naive_count(events in events(KINDS)) {
        let shown = answer(&events, Some(0));
        let table = &shown.tables[0];
        let is_there = |kinds: &[&str]| events.iter().any(|e| kinds.contains(&e.kind));
        let pays: Vec<&Event> = events.iter().filter(|e| e.kind == "pay").collect();
        let has_values = pays.iter().any(|e| e.value_e4.is_some());
        let mut attributed = 0.0;
        for (place, id) in texts(table, "content_id").iter().enumerate() {
            let value = |name: &str| numbers(table, name)[place];
            let of = |kinds: &[&str]| {
                let mine = events.iter().filter(|e| kinds.contains(&e.kind) && e.content == *id);
                mine.map(|e| e.who.as_str()).collect::<Vec<_>>()
            };
            let members = |kinds: &[&str]| of(kinds).into_iter().collect::<BTreeSet<_>>().len() as f64;
            let there = |kinds: &[&str], count: f64| is_there(kinds).then_some(count);
            prop_assert_eq!(value("reached_members"), Some(members(&TOUCHING)));
            prop_assert_eq!(value("views"), there(&["view"], of(&["view"]).len() as f64));
            prop_assert_eq!(value("comment_events"), there(&["comment"], of(&["comment"]).len() as f64));
            let interactions = &TOUCHING[3..];
            prop_assert_eq!(value("interacted_members"), there(interactions, members(interactions)));
            let share = members(&["share"]) / members(&TOUCHING);
            prop_assert_eq!(value("share_rate_reached"), there(&["share"], share).filter(|s| s.is_finite()));
            let Some(id) = id else {
                prop_assert_eq!((value("conversions"), value("first_met_members")), (None, None));
                continue;
            };
            let mine: Vec<_> = pays.iter().filter(|pay| brought_by(&events, pay) == Some(id)).collect();
            prop_assert_eq!(value("conversions"), there(&["pay"], mine.len() as f64));
            attributed += mine.len() as f64;
            let converted = mine.iter().map(|pay| &pay.who).collect::<BTreeSet<_>>().len() as f64;
            prop_assert_eq!(value("converted_members"), there(&["pay"], converted));
            prop_assert!(converted <= members(&TOUCHING));
            let sum: i64 = mine.iter().filter_map(|pay| pay.value_e4).sum();
            prop_assert_eq!(value("conversion_value"), has_values.then_some(sum as f64));
            // Being sent something is no doing.
            let doings: Vec<&Event> = events.iter().filter(|e| e.kind != "sent").collect();
            let everybody: BTreeSet<&str> = events.iter().map(|e| e.who.as_str()).collect();
            let new = everybody.into_iter().filter(|who| {
                let first = doings.iter().filter(|e| e.who == *who).map(|e| e.at_us).min();
                let at_first = doings.iter().filter(|e| e.who == *who && Some(e.at_us) == first);
                at_first.filter_map(|e| e.content.as_deref()).min() == Some(id.as_str())
            });
            prop_assert_eq!(value("first_met_members"), Some(new.count() as f64));
        }
        prop_assert!(attributed <= pays.len() as f64);
        let told = pays.iter().filter(|pay| brought_by(&events, pay).is_some()).count();
        prop_assert_eq!(attributed, told as f64, "no content is missing");
    }

    #[test]
    fn the_order_of_rows_does_not_matter(events in events(KINDS)) {
        let back: Vec<Event> = events.iter().rev().cloned().collect();
        prop_assert_eq!(format!("{:?}", answer(&events, Some(0))), format!("{:?}", answer(&back, Some(0))));
    }
}
