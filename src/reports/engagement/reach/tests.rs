//! Reach by a naive count over all events, hand counts, extremes.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::reports::engagement::touches::testing::*;
use crate::stats::proportions::wilson_95;

const WINDOW: i64 = 2 * DAY;

fn columns() -> Vec<(String, usize)> {
    vec![("content_id".to_owned(), 0)]
}

fn answer(events: &[Event], as_of_us: i64) -> Shown {
    let journeys = journeys(events);
    let settings = TouchSettings { window: "2d".into(), window_us: WINDOW, top: 100 };
    let shown = reach(&journeys, &kinds(&journeys), &columns(), &settings, as_of_us, 2).unwrap();
    assert_sound(&shown.tables);
    shown
}

fn keys(shown: &Shown) -> Vec<&'static str> {
    shown.notes.iter().map(|note| note.key).collect()
}

const COUNTS: [&str; 7] = [
    "sent_members",
    "delivered_members",
    "opened_members",
    "clicked_members",
    "converted_members",
    "open_events",
    "click_events",
];

/// Four members, one message. C1: all stages, two opens, pays within the window. C2: sent and clicked, nothing between.
/// C3: delivered alone. C4: sent, pays without a click.
#[test]
fn a_message_by_hand() {
    let events = [
        event("C1", "sent", 0, "m"),
        event("C1", "delivered", 60 * 1_000_000, "m"),
        event("C1", "opened", 2 * HOUR, "m"),
        event("C1", "opened", 3 * HOUR, "m"),
        event("C1", "clicked", 4 * HOUR, "m"),
        event("C1", "pay", 5 * HOUR, ""),
        event("C2", "sent", 0, "m"),
        event("C2", "clicked", HOUR, "m"),
        event("C2", "pay", HOUR + WINDOW + 1, ""),
        event("C3", "delivered", HOUR, "m"),
        event("C4", "sent", 0, "m"),
        event("C4", "pay", HOUR, ""),
    ];
    let shown = answer(&events, 30 * DAY);
    let reach = table(&shown.tables, "reach");
    let counts = [4, 3, 2, 2, 1, 2, 2].map(|n: i64| Some(n as f64));
    assert_eq!(row(reach, 0, &COUNTS), counts);
    let rates = [
        ("delivery_rate_sent", 0.75),
        ("open_rate_sent", 0.5),
        ("open_rate_delivered", 2.0 / 3.0),
        ("click_rate_sent", 0.5),
        ("click_rate_delivered", 2.0 / 3.0),
        ("click_rate_opened", 1.0),
        ("conversion_rate_clicked", 0.5),
        ("open_seconds_median", 7_200.0),
        ("open_seconds_p90", 7_200.0),
        ("click_seconds_median", 2.5 * 3_600.0),
        ("click_seconds_p90", 3.7 * 3_600.0),
    ];
    for (name, value) in rates {
        assert_eq!(numbers(reach, name), [Some(value)], "{name}");
    }
    let open = wilson_95(2, 3).unwrap();
    assert_eq!(row(reach, 0, &["open_rate_lower", "open_rate_upper"]), [Some(open.lower), Some(open.upper)]);
    // Sendings, not deliveries: C1 and C4 unopened; a click says that it was opened.
    let hours = table(&shown.tables, "best_hour");
    assert_eq!(hours.height(), 24);
    assert_eq!(row(hours, 0, &["sendings", "opened_within_24h", "opens_in_hour"]), [3.0, 2.0, 0.0].map(Some));
    assert_eq!(row(hours, 2, &["sendings", "opened_within_24h", "opens_in_hour"]), [0.0, 0.0, 1.0].map(Some));
    assert_eq!(numbers(hours, "open_rate_24h")[2], None);
    // 1970-01-01 was a Thursday.
    let week = table(&shown.tables, "weekday_hours");
    assert_eq!(texts(week, "weekday")[0].as_deref(), Some("thursday"));
    assert_eq!(keys(&shown), ["reach_by", "best_hour_only"]);
}

#[test]
fn stages_that_the_file_lacks_are_absent() {
    let events =
        [event("C1", "opened", HOUR, "m"), event("C1", "clicked", HOUR, "m"), event("C2", "opened", 0, "")];
    let shown = answer(&events, DAY);
    let reach = table(&shown.tables, "reach");
    assert_eq!(texts(reach, "message"), [Some("m".to_owned()), None]);
    let none = |name: &str| numbers(reach, name).iter().all(Option::is_none);
    for name in
        ["sent_members", "delivered_members", "converted_members", "open_rate_sent", "open_rate_delivered"]
    {
        assert!(none(name), "{name}");
    }
    assert!(none("open_rate_lower") && none("open_seconds_median"));
    assert_eq!(numbers(reach, "click_rate_opened"), [Some(1.0), Some(0.0)]);
    assert!(numbers(table(&shown.tables, "best_hour"), "sendings").iter().all(Option::is_none));
    let told =
        ["reach_by", "reach_no_sent", "reach_no_delivered", "reach_no_conversion", "reach_without_key"];
    assert_eq!(keys(&shown), told);
}

#[test]
fn without_stages_there_is_no_row() {
    for events in [vec![], vec![event("C1", "browse", 0, "m")]] {
        let shown = answer(&events, DAY);
        assert_eq!(keys(&shown), ["reach_no_stage"]);
        assert!(shown.tables.iter().all(|table| table.height() == 0 && table.columns.len() > 5));
    }
}

/// A message that is sent again: opens belong to the sending before them; what was sent less than a day ago is not judged.
#[test]
fn a_message_sent_again() {
    let at = |day: i64, hour: i64| day * DAY + hour * HOUR;
    let events = [
        event("C1", "sent", at(0, 9), "m"),
        event("C1", "sent", at(3, 9), "m"),
        event("C1", "opened", at(3, 9), "m"),
        event("C1", "sent", at(9, 10), "m"),
        event("C2", "sent", at(0, 10), "m"),
        event("C2", "opened", at(1, 10), "m"),
        event("C3", "sent", at(0, 10), "m"),
        event("C3", "opened", at(1, 10) + 1, "m"),
    ];
    let shown = answer(&events, at(10, 0));
    let hours = table(&shown.tables, "best_hour");
    let names = ["sendings", "opened_within_24h", "opens_in_hour"];
    assert_eq!(row(hours, 9, &names), [2.0, 1.0, 1.0].map(Some));
    assert_eq!(row(hours, 10, &names), [2.0, 1.0, 2.0].map(Some));
    assert_eq!(argument(&shown.notes, "best_hour_too_young", "count"), Some("1"));
    assert_eq!(numbers(table(&shown.tables, "reach"), "open_seconds_median"), [Some(86_400.0)]);
    assert!(keys(&shown).contains(&"best_hour_thin"));
}

#[test]
fn the_best_hour_is_named_where_it_stands_clear() {
    let mut events = Vec::new();
    for member in 0..400 {
        let who = format!("C{member}");
        let hour = if member % 2 == 0 { 9 } else { 20 };
        events.push(event(&who, "sent", hour * HOUR, "m"));
        if member % 2 == 1 || member % 10 == 0 {
            events.push(event(&who, "opened", hour * HOUR + 1, "m"));
        }
    }
    let shown = answer(&events, 9 * DAY);
    assert_eq!(argument(&shown.notes, "best_hour", "hour"), Some("20:00-20:59"));
    assert_eq!(argument(&shown.notes, "best_hour", "rate"), Some("100.0%"));
    assert_eq!(argument(&shown.notes, "best_hour", "overall"), Some("60.0%"));
}

/// The campaign tells messages apart where no sending has a content_id.
#[test]
fn the_column_that_sendings_have_is_taken() {
    let mut sent = event("C1", "sent", 0, "");
    sent.inviter = Some("spring".into());
    let mut opened = event("C1", "opened", 1, "note");
    opened.inviter = Some("spring".into());
    let journeys = journeys(&[sent, opened]);
    let settings = TouchSettings { window: "2d".into(), window_us: WINDOW, top: 100 };
    let columns = [("content_id".to_owned(), 0), ("campaign".to_owned(), 1)];
    let shown = reach(&journeys, &kinds(&journeys), &columns, &settings, DAY, 1).unwrap();
    assert_eq!(argument(&shown.notes, "reach_by", "column"), Some("campaign"));
    assert_eq!(texts(&shown.tables[0], "message"), [Some("spring".to_owned())]);
    let all = reach(&journeys, &kinds(&journeys), &[], &settings, DAY, 1).unwrap();
    assert_eq!(keys(&all)[0], "reach_by_nothing");
    assert_eq!(row(&all.tables[0], 0, &["sent_members", "opened_members"]), [1.0, 1.0].map(Some));
}

#[test]
fn moments_at_the_ends_of_time() {
    for at in [i64::MIN, i64::MAX - 1] {
        let events = ["sent", "opened", "clicked", "pay"].map(|kind| event("C1", kind, at, "m"));
        let shown = answer(&events, at);
        assert_eq!(row(table(&shown.tables, "reach"), 0, &COUNTS[..1]), [Some(1.0)]);
    }
}

/// Message -> the naive counts, in the order of [`COUNTS`], with the times to the first open.
fn naive(events: &[Event]) -> BTreeMap<Option<String>, (Vec<u64>, Vec<i64>)> {
    let stages = ["sent", "delivered", "opened", "clicked"];
    let stage_of = |event: &Event| stages.iter().position(|stage| *stage == event.kind);
    let messages: BTreeSet<Option<String>> =
        events.iter().filter(|event| stage_of(event).is_some()).map(|event| event.content.clone()).collect();
    let of_message = |message: Option<String>| {
        let mine: Vec<&Event> =
            events.iter().filter(|e| stage_of(e).is_some() && e.content == message).collect();
        let members = |from: usize| {
            let reached = mine.iter().filter(|e| stage_of(e).unwrap() >= from);
            reached.map(|e| &e.who).collect::<BTreeSet<_>>()
        };
        let mut counts: Vec<u64> = (0..4).map(|stage| members(stage).len() as u64).collect();
        let last = (0..4).rev().find(|s| events.iter().any(|e| stage_of(e) == Some(*s))).unwrap();
        let converted = members(0).into_iter().filter(|who| {
            let clicks = mine.iter().filter(|e| stage_of(e) == Some(last) && e.who == **who);
            clicks.into_iter().any(|click| {
                let pays = events.iter().filter(|e| e.kind == "pay" && e.who == **who);
                pays.into_iter().any(|pay| (0..=WINDOW).contains(&(pay.at_us - click.at_us)))
            })
        });
        counts.push(converted.count() as u64);
        counts.extend([2, 3].map(|stage| mine.iter().filter(|e| stage_of(e) == Some(stage)).count() as u64));
        let start = [0, 1].into_iter().find(|s| events.iter().any(|e| stage_of(e) == Some(*s)));
        let mut times = Vec::new();
        for who in members(0) {
            let at = |stage: Option<usize>| {
                let of = mine.iter().filter(move |e| stage_of(e) == stage && e.who == *who);
                of.map(|e| e.at_us).collect::<Vec<i64>>()
            };
            let sendings = if start.is_some() { at(start) } else { Vec::new() };
            let after = at(Some(2)).into_iter().filter(|open| sendings.iter().any(|sent| sent <= open));
            if let Some(open) = after.min() {
                times.push(open - sendings.iter().filter(|sent| **sent <= open).max().unwrap());
            }
        }
        times.sort_unstable();
        (message, (counts, times))
    };
    messages.into_iter().map(of_message).collect()
}

const KINDS: &[&str] = &["sent", "sent", "delivered", "opened", "opened", "clicked", "pay", "browse"];

proptest! {
    #[test]
    fn equals_the_naive_count(events in events(KINDS)) {
        let as_of = events.iter().map(|event| event.at_us).max().unwrap_or(0);
        let shown = answer(&events, as_of);
        let reach = table(&shown.tables, "reach");
        let naive = naive(&events);
        let messages = texts(reach, "message");
        prop_assert_eq!(messages.iter().cloned().collect::<BTreeSet<_>>(), naive.keys().cloned().collect::<BTreeSet<_>>());
        let is_there = |kind: &str| events.iter().any(|event| event.kind == kind);
        let kinds = ["sent", "delivered", "opened", "clicked", "pay", "opened", "clicked"];
        for (place, message) in messages.iter().enumerate() {
            let (counts, times) = &naive[message];
            for ((name, kind), count) in COUNTS.iter().zip(kinds).zip(counts) {
                let expected = is_there(kind).then_some(*count as f64);
                prop_assert_eq!(numbers(reach, name)[place], expected, "{} {:?}", name, message);
            }
            // A stage is within the one before it.
            prop_assert!(counts[..4].is_sorted_by(|a, b| a >= b) && counts[4] <= counts[0], "{:?}", counts);
            let middle = (!times.is_empty()).then(|| {
                let (low, high) = (times[(times.len() - 1) / 2], times[times.len() / 2]);
                (low + high) as f64 / 2e6
            });
            prop_assert_eq!(numbers(reach, "open_seconds_median")[place], middle);
        }
        // Most members first, none last.
        let members: Vec<usize> = messages.iter().map(|m| naive[m].0[0] as usize).collect();
        let named = &members[..members.len() - usize::from(messages.contains(&None))];
        prop_assert!(named.is_sorted_by(|a, b| a >= b));
        prop_assert!(messages.iter().rev().skip(1).all(Option::is_some));
        // Sendings are in one hour each, or too young; opens in one hour each.
        let hours = table(&shown.tables, "best_hour");
        let sum = |table: &Table, name: &str| numbers(table, name).iter().flatten().sum::<f64>();
        let week = table(&shown.tables, "weekday_hours");
        for name in ["sendings", "opened_within_24h", "opens_in_hour"] {
            prop_assert_eq!(sum(hours, name), sum(week, name));
        }
        if is_there("opened") {
            let opens = events.iter().filter(|event| event.kind == "opened").count();
            prop_assert_eq!(sum(hours, "opens_in_hour"), opens as f64);
        }
        if is_there("sent") {
            let sendings: BTreeSet<_> = events
                .iter()
                .filter(|event| event.kind == "sent" && event.at_us + DAY <= as_of)
                .map(|event| (&event.who, &event.content, event.at_us))
                .collect();
            prop_assert_eq!(sum(hours, "sendings"), sendings.len() as f64);
        }
    }

    #[test]
    fn the_order_of_rows_does_not_matter(events in events(KINDS)) {
        let forth = answer(&events, 300 * DAY);
        let back: Vec<Event> = events.into_iter().rev().collect();
        let back = answer(&back, 300 * DAY);
        prop_assert_eq!(format!("{forth:?}"), format!("{back:?}"));
    }
}
