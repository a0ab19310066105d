//! Nothing, little, and much.

use super::super::{Chain, Entry, Exclusion, Funnel, MOST_STEPS, Order, Scratch, Strictness};
use super::oracle::Event;
use super::random::follow;
use crate::facts::journeys::{JourneyEvent, Signature};

fn funnel(steps: usize, order: Order) -> Funnel {
    Funnel {
        steps,
        optional: 0,
        exclusions: Vec::new(),
        window_us: Some(100),
        step_windows_us: vec![None; steps],
        order,
        entry: Entry::Latest,
    }
}

fn orders() -> [Order; 6] {
    let strict = Strictness::default();
    [
        Order::Ordered(strict),
        Order::Ordered(Strictness { once: true, ..strict }),
        Order::Ordered(Strictness { increase: true, ..strict }),
        Order::Ordered(Strictness { order: true, ..strict }),
        Order::Any,
        Order::NothingBetween,
    ]
}

fn level(funnel: &Funnel, events: &[Event]) -> usize {
    follow(funnel, events, &mut Scratch::default()).level
}

#[test]
fn nothing_gets_nowhere() {
    for order in orders() {
        assert_eq!(level(&funnel(3, order), &[]), 0);
        assert_eq!(level(&funnel(3, order), &[(5, 0), (6, 2), (7, 4)]), usize::from(order == Order::Any) * 2);
    }
}

#[test]
fn one_event_is_an_entry() {
    for order in orders() {
        let chain = follow(&funnel(2, order), &[(5, 1)], &mut Scratch::default());
        assert_eq!((chain.level, chain.events, chain.excluded), (1, vec![Some(0), None], false));
    }
}

#[test]
fn all_at_one_instant() {
    let events: Vec<Event> = vec![(5, 4), (5, 2), (5, 1)];
    let levels = orders().map(|order| level(&funnel(3, order), &events));
    assert_eq!(levels, [3, 3, 1, 3, 3, 3]);
    // One event that meets all steps.
    let levels = orders().map(|order| level(&funnel(3, order), &[(5, 7)]));
    assert_eq!(levels, [3, 1, 1, 3, 1, 1]);
}

#[test]
fn the_window_includes_its_end() {
    for order in orders() {
        assert_eq!(level(&funnel(2, order), &[(0, 1), (100, 2)]), 2);
        assert_eq!(level(&funnel(2, order), &[(0, 1), (101, 2)]), 1);
        let endless = Funnel { window_us: None, ..funnel(2, order) };
        assert_eq!(level(&endless, &[(i64::MIN + 2, 1), (i64::MAX, 2)]), 2);
    }
}

/// All 64 steps and all 64 exclusions have a bit of their own.
#[test]
fn all_bits() {
    for order in orders() {
        let mut all = funnel(MOST_STEPS, order);
        let events: Vec<Event> = (0..64).map(|step| (step, 1 << step)).collect();
        let chain = follow(&all, &events, &mut Scratch::default());
        assert_eq!((chain.level, chain.events), (64, (0..64).map(Some).collect::<Vec<_>>()));
        if order != Order::Any {
            all.exclusions = vec![Exclusion { after: 62, before: 63 }; 64];
            let mut spoilt = events.clone();
            spoilt[63].0 = 64;
            spoilt.insert(63, (63, 1 << 127));
            assert!(follow(&all, &spoilt, &mut Scratch::default()).excluded);
        }
    }
}

/// Working memory holds nothing of the journey before.
#[test]
fn memory_is_used_again() {
    let mut scratch = Scratch::default();
    for order in orders() {
        let one = Funnel { optional: 2, ..funnel(3, order) };
        let first = follow(&one, &[(1, 1), (2, 2), (3, 4)], &mut scratch);
        follow(&one, &[(1, 1), (1, 7), (2, 6)], &mut scratch);
        assert_eq!(follow(&one, &[(1, 1), (2, 2), (3, 4)], &mut scratch), first);
    }
}

/// Half a million events of one unit, all steps; two millions take four times as long.
#[test]
fn many_events_of_one_unit() {
    let signatures: Vec<Signature> = (0..64)
        .map(|step| Signature { kind: step, marks: 1 << (63 - step) })
        .chain([Signature { kind: 64, marks: u128::MAX }])
        .collect();
    let mut scratch = Scratch::default();
    let mut chain = Chain::default();
    for order in orders() {
        // Steps from the last to the first: one step further in each round of 64.
        let events: Vec<JourneyEvent> = (0..500_000)
            .map(|at| JourneyEvent { at_us: i64::from(at), signature: at % 64, place: at })
            .collect();
        let wide = Funnel { window_us: None, ..funnel(64, order) };
        wide.follow(&events, &signatures, &mut scratch, &mut chain);
        let expected = match order {
            Order::NothingBetween => 1,
            Order::Ordered(Strictness { order: true, .. }) => 1,
            _ => 64,
        };
        assert_eq!(chain.level, expected, "{order:?}");
        // Every event is every step, and spoils; the latest event of a step is never earlier than the one that would follow.
        let events: Vec<JourneyEvent> = (0..100_000)
            .map(|at| JourneyEvent { at_us: i64::from(at / 3), signature: 64, place: at })
            .collect();
        wide.follow(&events, &signatures, &mut scratch, &mut chain);
        let stuck = matches!(order, Order::Ordered(Strictness { increase: true, .. }));
        assert_eq!(chain.level, if stuck { 1 } else { 64 }, "{order:?}");
    }
}
