//! Key opinion consumers by a naive ranking, hand counts, extremes.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::facts::{Histories, Member};
use crate::reports::engagement::touches::testing::*;

fn answer_of(events: &[Event], members: Option<&Members>, share_ppm: u64, dimensions: usize) -> Shown {
    let journeys = journeys(events);
    let kinds = kinds(&journeys);
    let (inviter_id, orders, threads) = (Some(1), None, 2);
    let input = KocInput { journeys: &journeys, kinds: &kinds, inviter_id, members, orders, threads };
    let shown = koc(&input, &KocSettings { share_ppm, dimensions }).unwrap();
    assert_sound(&shown.tables);
    shown
}

fn answer(events: &[Event], share_ppm: u64, dimensions: usize) -> Shown {
    answer_of(events, None, share_ppm, dimensions)
}

fn invited(who: &str, inviter: &str) -> Event {
    Event { inviter: Some(inviter.into()), ..event(who, "register", 0, "") }
}

fn pay(who: &str, value_e4: i64) -> Event {
    Event { value_e4: Some(value_e4), ..event(who, "pay", 0, "") }
}

/// Ten members with 1 to 10 likes; C10 also invited two, published most and paid most.
fn crowd() -> Vec<Event> {
    let mut events = Vec::new();
    for member in 1..=10 {
        let who = format!("C{member:02}");
        events.extend((0..member).map(|at| event(&who, "like", at, "a")));
        events.push(pay(&who, i64::from(member as i32) * 10_000));
        events.push(event(&who, "publish", 0, ""));
    }
    events.push(event("C10", "publish", 5, ""));
    events.extend([invited("N1", "C10"), invited("N2", "C10"), invited("N3", "C01"), invited("C09", "C09")]);
    events.extend([event("C10", "invite", 1, ""), event("C09", "invite", 1, "")]);
    events
}

#[test]
fn candidates_by_hand() {
    let shown = answer_of(&crowd(), None, 100_000, 3);
    let koc = table(&shown.tables, "koc");
    assert_eq!(texts(koc, "customer_id"), [Some("C10".to_owned())]);
    let reasons = "interactions:top 10 %; content:top 10 %; invitations:top 50 %; orders:top 10 %";
    assert_eq!(texts(koc, "reasons"), [Some(reasons.to_owned())]);
    assert_eq!(shown.labels.len(), 1);
    assert_eq!(shown.labels[0].zh, "互动前10%、内容前10%、邀请前50%、订单前10%");
    // (0.95 + 0.95 + 0.75 + 0.95) / 4
    assert_eq!(numbers(koc, "score"), [Some(0.9)]);
    let names =
        ["dimensions", "interactions", "content", "invitations", "invitation_attempts", "orders", "value"];
    assert_eq!(row(koc, 0, &names), [4.0, 10.0, 2.0, 2.0, 1.0, 1.0, 100_000.0].map(Some));
    let summary = table(&shown.tables, "koc_summary");
    assert_eq!(numbers(summary, "members_with_any"), [10.0, 10.0, 2.0, 10.0].map(Some));
    assert_eq!(numbers(summary, "threshold"), [10.0, 2.0, 2.0, 10.0].map(Some));
    assert_eq!(numbers(summary, "members_in_top"), [1.0; 4].map(Some));
    assert_eq!(numbers(summary, "candidates"), [1.0; 4].map(Some));
    assert_eq!(argument(&shown.notes, "koc_candidates", "candidates"), Some("1"));
}

/// Of 11 members a tenth is two, rounded up; who has as much as the second is in as well.
#[test]
fn ties_at_the_threshold_are_in() {
    let likes = |who: &str, count: i64| (0..count).map(|at| event(who, "like", at, "a")).collect::<Vec<_>>();
    let mut events = likes("C00", 9);
    for member in 1..=10 {
        events.extend(likes(&format!("C{member:02}"), if member <= 3 { 5 } else { 1 }));
    }
    let shown = answer(&events, 100_000, 1);
    let ids: Vec<_> = texts(table(&shown.tables, "koc"), "customer_id").into_iter().flatten().collect();
    assert_eq!(ids, ["C00", "C01", "C02", "C03"]);
    assert_eq!(numbers(table(&shown.tables, "koc_summary"), "members_in_top"), [Some(4.0)]);
}

#[test]
fn dimensions_that_the_data_lacks_are_told() {
    let shown = answer(&[event("C1", "share", 0, "a"), event("C1", "pay", 0, "")], 100_000, 4);
    let keys: Vec<_> = shown.notes.iter().map(|note| note.key).collect();
    let told = [
        "koc_no_invitations",
        "koc_content_is_shares",
        "koc_orders_without_value",
        "koc_fewer_dimensions",
        "koc_candidates",
    ];
    assert_eq!(keys, told);
    let koc = table(&shown.tables, "koc");
    assert_eq!(texts(koc, "customer_id"), [Some("C1".to_owned())]);
    assert_eq!((numbers(koc, "invitations"), numbers(koc, "value")), (vec![None], vec![None]));
    for events in [vec![], vec![event("C1", "browse", 0, "a")]] {
        let shown = answer(&events, 100_000, 3);
        assert!(shown.tables.iter().all(|table| table.height() == 0));
        assert_eq!(shown.notes.len(), 4);
    }
}

/// The file of members says who invited; a member who does nothing can have invited.
#[test]
fn members_say_who_invited() {
    let member = |id: &str, inviter: &str| Member {
        customer_id: id.to_owned(),
        inviter_id: Some(inviter.to_owned()),
        ..Member::default()
    };
    let members = Members::of(vec![member("N1", "X"), member("N2", "X"), member("X", "X")]);
    let shown = answer_of(&[invited("N1", "C1"), invited("N3", "C1")], Some(&members), 1_000_000, 1);
    let koc = table(&shown.tables, "koc");
    assert_eq!(texts(koc, "customer_id"), [Some("X".to_owned()), Some("C1".to_owned())]);
    assert_eq!(numbers(koc, "invitations"), [2.0, 1.0].map(Some));
}

/// With `--orders` the orders of members and of those in the events count, and of nobody else.
#[test]
fn orders_of_strangers_do_not_count() {
    let paid = [("C1", 50_000), ("N1", 30_000), ("S1", 90_000), ("S2", 90_000)];
    let histories = Histories::of(paid.map(|(id, net_e4)| (id, vec![(0, 1, net_e4)])));
    let orders = Orders::new(histories);
    let members = Members::of(vec![Member { customer_id: "N1".to_owned(), ..Member::default() }]);
    let journeys = journeys(&[event("C1", "like", 0, "a")]);
    let kinds = kinds(&journeys);
    let input = KocInput {
        journeys: &journeys,
        kinds: &kinds,
        inviter_id: None,
        members: Some(&members),
        orders: Some(&orders),
        threads: 1,
    };
    let shown = koc(&input, &KocSettings { share_ppm: 500_000, dimensions: 1 }).unwrap();
    let summary = table(&shown.tables, "koc_summary");
    assert_eq!(numbers(summary, "members_with_any"), [1.0, 2.0].map(Some));
    assert_eq!(numbers(summary, "threshold"), [1.0, 5.0].map(Some));
    assert_eq!(texts(table(&shown.tables, "koc"), "customer_id"), [Some("C1".to_owned())]);
}

const KINDS: &[&str] =
    &["like", "like", "comment", "share", "publish", "invite", "pay", "pay", "view", "sign_in"];

proptest! {
    #[test]
    fn equals_the_naive_ranking(
        events in events(KINDS),
        share in prop::sample::select(vec![1_u64, 100_000, 333_333, 500_000, 1_000_000]),
        dimensions in 1..=4_usize,
    ) {
        let shown = answer(&events, share, dimensions);
        let koc = table(&shown.tables, "koc");
        let count = |who: &str, kinds: &[&str]| {
            events.iter().filter(|e| e.who == who && kinds.contains(&e.kind)).count() as i64
        };
        let mut invitations: BTreeMap<&str, i64> = BTreeMap::new();
        let people: BTreeSet<&str> = events.iter().map(|e| e.who.as_str()).collect();
        for who in &people {
            let first = events.iter().filter(|e| e.who == *who).filter_map(|e| Some((e.at_us, e.inviter.as_deref()?)));
            if let Some((_, inviter)) = first.min().filter(|(_, inviter)| inviter != who) {
                *invitations.entry(inviter).or_default() += 1;
            }
        }
        let everybody: BTreeSet<&str> = people.iter().copied().chain(invitations.keys().copied()).collect();
        let publishes = events.iter().any(|e| e.kind == "publish");
        let pays = || events.iter().filter(|e| e.kind == "pay");
        let has_values = pays().any(|e| e.value_e4.is_some());
        let amounts = |who: &str| -> [i64; 4] {
            let value: i64 = pays().filter(|e| e.who == who).filter_map(|e| e.value_e4).sum();
            [
                count(who, &["like", "comment", "share"]),
                count(who, if publishes { &["publish"] } else { &["share"] }),
                invitations.get(who).copied().unwrap_or(0),
                if has_values { value.max(0) } else { count(who, &["pay"]) },
            ]
        };
        // Per dimension the amounts above 0, the greatest first.
        let ranked: Vec<Vec<i64>> = (0..4)
            .map(|at| {
                let mut all: Vec<i64> = everybody.iter().map(|who| amounts(who)[at]).filter(|n| *n > 0).collect();
                all.sort_unstable_by_key(|n| std::cmp::Reverse(*n));
                all
            })
            .collect();
        let known = ranked.iter().filter(|all| !all.is_empty()).count();
        let mut expected: Vec<(f64, &str)> = Vec::new();
        for who in &everybody {
            let (mut tops, mut score) = (0, 0.0);
            for (all, amount) in ranked.iter().zip(amounts(who)).filter(|(all, _)| !all.is_empty()) {
                let first = (all.len() as u64 * share).div_ceil(1_000_000).max(1) as usize;
                tops += usize::from(amount >= all[first - 1]);
                if amount > 0 {
                    let below = all.iter().filter(|n| **n < amount).count() as f64;
                    let equal = all.iter().filter(|n| **n == amount).count() as f64;
                    score += (below + equal / 2.0) / all.len() as f64;
                }
            }
            if known > 0 && tops >= dimensions.min(known) {
                expected.push((score / known as f64, who));
            }
        }
        let found = texts(koc, "customer_id").into_iter().flatten().collect::<Vec<_>>();
        let scores: Vec<f64> = numbers(koc, "score").into_iter().flatten().collect();
        prop_assert!(scores.is_sorted_by(|a, b| a >= b));
        prop_assert_eq!(found.len(), expected.len());
        for (id, score) in found.iter().zip(&scores) {
            let naive = expected.iter().find(|(_, who)| who == id).map(|(score, _)| *score);
            // Tolerance: the naive score is a sum of floats.
            prop_assert!(naive.is_some_and(|naive| (naive - score).abs() < 1e-12), "{} {} {:?}", id, score, naive);
            prop_assert!((0.0..1.0).contains(score));
        }
        for (pair, ids) in scores.windows(2).zip(found.windows(2)) {
            prop_assert!(pair[0] > pair[1] || ids[0] < ids[1]);
        }
        let back: Vec<Event> = events.iter().rev().cloned().collect();
        prop_assert_eq!(format!("{:?}", shown), format!("{:?}", answer(&back, share, dimensions)));
    }
}
