//! Random journeys against the oracle.

use proptest::prelude::*;

use super::super::{Chain, Entry, Exclusion, Funnel, MOST_STEPS, Order, Scratch, Strictness};
use super::oracle::{self, Event};
use crate::facts::journeys::{JourneyEvent, Signature};

/// Each event with a signature of its own.
pub(super) fn follow(funnel: &Funnel, events: &[Event], scratch: &mut Scratch) -> Chain {
    let signatures: Vec<Signature> = events
        .iter()
        .enumerate()
        .map(|(kind, event)| Signature { kind: kind as u32, marks: event.1 })
        .collect();
    let events: Vec<JourneyEvent> = events
        .iter()
        .enumerate()
        .map(|(index, event)| JourneyEvent { at_us: event.0, signature: index as u32, place: index as u32 })
        .collect();
    let mut chain = Chain::default();
    funnel.follow(&events, &signatures, scratch, &mut chain);
    chain
}

fn order() -> impl Strategy<Value = Order> {
    let strictness = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(order, deduplication, increase, once, reentry)| {
            Order::Ordered(Strictness {
                order,
                deduplication,
                increase,
                once,
                allow_reentry: reentry && order,
            })
        },
    );
    prop_oneof![
        2 => Just(Order::Ordered(Strictness::default())),
        2 => Just(Order::Ordered(Strictness { once: true, ..Strictness::default() })),
        4 => strictness,
        2 => Just(Order::NothingBetween),
        1 => Just(Order::Any),
    ]
}

fn window() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![Just(None), (0i64..8).prop_map(Some)]
}

/// A funnel and a journey; `plain`: neither optional steps nor step windows nor exclusions.
fn cases(plain: bool) -> impl Strategy<Value = (Funnel, Vec<Event>)> {
    let extras = move |steps: usize| {
        let optional = if plain { Just(0).boxed() } else { any::<u64>().boxed() };
        let windows =
            if plain { Just(None).boxed() } else { prop_oneof![3 => Just(None), 1 => window()].boxed() };
        let most = if plain || steps == 1 { 0 } else { 2 };
        let exclusions = prop::collection::vec((0..steps, 0..steps), 0..=most);
        (optional, prop::collection::vec(windows, steps), exclusions)
    };
    (prop_oneof![4 => 1usize..=4, 1 => 5usize..=8]).prop_flat_map(move |steps| {
        let many = steps <= 4;
        let marks = prop_oneof![
            1 => Just(0u64),
            4 => (0..steps).prop_map(|step| 1 << step),
            3 => any::<u64>().prop_map(move |bits| if many { bits & 15 } else { bits & bits >> 7 & bits >> 13 & 255 }),
        ];
        let spoils = prop_oneof![5 => Just(0u64), 1 => 1u64..4];
        let event = (0i64..9, marks, spoils);
        let least = if many { 0..=7 } else { 4..=10 };
        (Just(steps), extras(steps), window(), order(), any::<bool>(), prop::collection::vec(event, least)).prop_map(
            |(steps, (optional, step_windows_us, exclusions), window_us, order, first, events)| {
                let exclusions: Vec<Exclusion> = exclusions
                    .into_iter()
                    .filter(|(after, before)| after != before)
                    .map(|(one, other)| Exclusion { after: one.min(other), before: one.max(other) })
                    .collect();
                let inner = if steps > 2 { ((1u64 << (steps - 1)) - 1) & !1 } else { 0 };
                let funnel = Funnel {
                    steps,
                    optional: optional & inner,
                    exclusions,
                    window_us,
                    step_windows_us,
                    order,
                    entry: if first { Entry::First } else { Entry::Latest },
                };
                let mask = (1u64 << steps) - 1;
                let spoiling = (1u64 << funnel.exclusions.len()) - 1;
                let mut events: Vec<Event> = events
                    .into_iter()
                    .map(|(at, marks, spoils)| {
                        (at, u128::from(marks & mask) | u128::from(spoils & spoiling) << MOST_STEPS)
                    })
                    .collect();
                events.sort();
                (funnel, events)
            },
        )
    })
}

/// What any chain must be.
fn holds(funnel: &Funnel, events: &[Event], chain: &Chain) -> Result<(), TestCaseError> {
    let path: Vec<(usize, usize)> =
        (0..funnel.steps).filter_map(|step| chain.events[step].map(|event| (step, event as usize))).collect();
    let (once, increase) = match funnel.order {
        Order::Ordered(strict) => (strict.once, strict.increase),
        _ => (true, false),
    };
    for (step, event) in &path {
        prop_assert!(events[*event].1 >> step & 1 == 1, "step {} is not met", step);
    }
    if once {
        let mut used: Vec<usize> = path.iter().map(|pair| pair.1).collect();
        used.sort();
        used.dedup();
        prop_assert_eq!(used.len(), path.len(), "an event is used twice");
    }
    if funnel.order == Order::Any {
        prop_assert_eq!(path.len(), chain.level);
        return Ok(());
    }
    prop_assert_eq!(path.last().map_or(0, |last| last.0 + 1), chain.level);
    for step in 0..chain.level {
        prop_assert!(
            chain.events[step].is_some() || funnel.optional >> step & 1 == 1,
            "step {} is missing",
            step
        );
    }
    for pair in path.windows(2) {
        let (from, to) = (events[pair[0].1].0, events[pair[1].1].0);
        prop_assert!(from < to || (from == to && !increase), "not in order");
        prop_assert!(funnel.step_windows_us[pair[1].0].is_none_or(|window| to - from <= window), "too late");
        if funnel.order == Order::NothingBetween {
            prop_assert!(from == to || oracle::next(events, from) == Some(to), "something between");
        }
        let spoilt = events
            .iter()
            .any(|event| event.0 > from && event.0 < to && oracle::spoils(funnel, *event, pair[0].0));
        prop_assert!(!spoilt, "spoilt");
    }
    Ok(())
}

fn agrees(funnel: &Funnel, events: &[Event]) -> Result<(), TestCaseError> {
    let expected = oracle::answer(funnel, events);
    let chain = follow(funnel, events, &mut Scratch::default());
    prop_assert_eq!((chain.level, chain.excluded), (expected.level, expected.excluded));
    let moments = || chain.events.iter().flatten().map(|event| events[*event as usize].0);
    prop_assert_eq!(moments().min().zip(moments().max()), expected.ends);
    holds(funnel, events, &chain)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn plain_funnels_agree_with_an_exhaustive_search((funnel, events) in cases(true)) {
        agrees(&funnel, &events)?;
    }

    #[test]
    fn funnels_with_everything_agree_with_an_exhaustive_search((funnel, events) in cases(false)) {
        agrees(&funnel, &events)?;
    }

    /// The order of the rows of one instant is nothing to the result, but for ClickHouse's repetitions of shared events.
    #[test]
    fn ties_may_come_in_any_order((funnel, events) in cases(false), turn in 0usize..8) {
        let repetitions = matches!(funnel.order, Order::Ordered(Strictness { deduplication: true, once: true, .. }));
        if repetitions || events.is_empty() {
            return Ok(());
        }
        let mut other = events.clone();
        other.rotate_left(turn % events.len());
        other.sort_by_key(|event| event.0);
        let (one, two) = (
            follow(&funnel, &events, &mut Scratch::default()),
            follow(&funnel, &other, &mut Scratch::default()),
        );
        let moments = |chain: &Chain, of: &[Event]| -> Vec<Option<i64>> {
            chain.events.iter().map(|event| event.map(|event| of[event as usize].0)).collect()
        };
        prop_assert_eq!((one.level, one.excluded), (two.level, two.excluded));
        if funnel.order != Order::Any && funnel.optional == 0 {
            prop_assert_eq!(moments(&one, &events), moments(&two, &other));
        }
    }

    /// The way for plain funnels and the way for all of them are one.
    #[test]
    fn the_fast_way_is_the_careful_one((funnel, events) in cases(true)) {
        let funnel = Funnel { order: Order::Ordered(Strictness::default()), ..funnel };
        let wide = Funnel { step_windows_us: vec![Some(i64::MAX); funnel.steps], ..funnel.clone() };
        let (fast, careful) = (
            follow(&funnel, &events, &mut Scratch::default()),
            follow(&wide, &events, &mut Scratch::default()),
        );
        prop_assert_eq!(fast, careful);
    }
}

const CASES: u32 = 2000;
