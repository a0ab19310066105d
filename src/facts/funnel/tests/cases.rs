//! Published cases: ../shared/truth/funnel_random.json (levels by ClickHouse 26.9.2.1) and funnel_cases.json (tests and
//! documentation of ClickHouse, PostHog, retentioneering, Mixpanel and Amplitude). All exact.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::{Chain, Entry, Exclusion, Funnel, MOST_STEPS, Order, Scratch, Strictness};
use super::oracle::Event;
use super::random::follow;

fn truth(name: &str) -> Option<Vec<Value>> {
    let path = format!("{}/../shared/truth/{name}", env!("CARGO_MANIFEST_DIR"));
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: no {path}");
        return None;
    };
    serde_json::from_str(&text).ok()
}

fn modes(case: &Value) -> Vec<&str> {
    case["mode"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The rules of another engine's mode in ours; the table in reports/funnel.md says the same in words.
fn order_and_entry(case: &Value) -> (Order, Entry) {
    let modes = modes(case);
    let has = |mode: &str| modes.contains(&mode);
    let once = Order::Ordered(Strictness { once: true, ..Strictness::default() });
    match case["engine"].as_str().unwrap_or_default() {
        "clickhouse_windowFunnel" => {
            let strictness = Strictness {
                order: has("strict_order"),
                deduplication: has("strict_deduplication"),
                increase: has("strict_increase"),
                once: has("strict_once"),
                allow_reentry: has("allow_reentry"),
            };
            (Order::Ordered(strictness), Entry::Latest)
        }
        "posthog_funnel" if has("strict") => (Order::NothingBetween, Entry::Latest),
        "posthog_funnel" if has("unordered") => (Order::Any, Entry::Latest),
        "posthog_funnel" | "amplitude_this_order" => (once, Entry::Latest),
        "mixpanel_uniques_classic" => (once, Entry::First),
        "retentioneering_funnel" => (Order::Ordered(Strictness::default()), Entry::First),
        other => panic!("unknown engine {other}"),
    }
}

fn meets(step: &Value, event: &str) -> bool {
    match step {
        Value::String(name) => name == "*" || name == event,
        Value::Array(names) => names.iter().any(|name| name == event),
        _ => false,
    }
}

/// The chains of a case, by user, with the events.
fn chains(case: &Value) -> BTreeMap<String, (Chain, Vec<Event>)> {
    let steps = case["steps"].as_array().unwrap();
    let excluded: Vec<&Value> = case["exclusions"].as_array().into_iter().flatten().collect();
    let (order, entry) = order_and_entry(case);
    let index = |value: &Value| value.as_u64().unwrap() as usize;
    let funnel = Funnel {
        steps: steps.len(),
        optional: 0,
        exclusions: excluded
            .iter()
            .map(|one| Exclusion { after: index(&one["from_step"]), before: index(&one["to_step"]) })
            .collect(),
        window_us: case["window_seconds"].as_i64().map(|seconds| seconds),
        step_windows_us: vec![None; steps.len()],
        order,
        entry,
    };
    let mut users: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    for event in case["events"].as_array().unwrap() {
        let name = event["event"].as_str().unwrap();
        let step_bits = steps.iter().enumerate().filter(|(_, step)| meets(step, name)).map(|(bit, _)| bit);
        let other_bits = excluded
            .iter()
            .enumerate()
            .filter(|(_, one)| one["event"] == name)
            .map(|(bit, _)| MOST_STEPS + bit);
        let marks = step_bits.chain(other_bits).fold(0, |marks, bit| marks | 1u128 << bit);
        let user = event["user"].as_str().unwrap().to_owned();
        users.entry(user).or_default().push((event["ts"].as_i64().unwrap(), marks));
    }
    let mut scratch = Scratch::default();
    let followed = users.into_iter().map(|(user, mut events)| {
        events.sort();
        let chain = follow(&funnel, &events, &mut scratch);
        (user, (chain, events))
    });
    followed.collect()
}

/// Users by the step they got to, from 1.
fn at_least(chains: &BTreeMap<String, (Chain, Vec<Event>)>, step: usize) -> Vec<&str> {
    let there = chains.iter().filter(|(_, (chain, _))| chain.level >= step);
    there.map(|(user, _)| user.as_str()).collect()
}

/// Time from one step to another (one is a second here, some cases are near 1e14), of those who did both, in ascending order.
fn spans(chains: &BTreeMap<String, (Chain, Vec<Event>)>, from: usize, to: usize) -> Vec<i64> {
    let span = |(chain, events): &(Chain, Vec<Event>)| {
        let at = |step: usize| chain.events[step].map(|event| events[event as usize].0);
        Some(at(to)? - at(from)?)
    };
    let mut spans: Vec<i64> = chains.values().filter_map(span).collect();
    spans.sort();
    spans
}

fn mean(spans: &[i64]) -> f64 {
    spans.iter().sum::<i64>() as f64 / spans.len() as f64
}

fn median(spans: &[i64]) -> f64 {
    let middle = spans.len() / 2;
    if spans.len() % 2 == 1 { spans[middle] as f64 } else { mean(&spans[middle - 1..=middle]) }
}

/// Checks all that a case says; returns how many figures that was.
fn check(case: &Value) -> usize {
    let name = case["name"].as_str().unwrap();
    let expected = &case["expected"];
    let chains = chains(case);
    let mut figures = 0;
    for levels in [&expected["level"], &case["port_level"]] {
        for (user, level) in levels.as_object().into_iter().flatten() {
            assert_eq!(chains[user].0.level as u64, level.as_u64().unwrap(), "{name}: level of {user}");
            figures += 1;
        }
    }
    for (place, count) in expected["counts"].as_array().into_iter().flatten().enumerate() {
        if let Some(count) = count.as_u64() {
            assert_eq!(
                at_least(&chains, place + 1).len() as u64,
                count,
                "{name}: count of step {}",
                place + 1
            );
            figures += 1;
        }
    }
    for (step, users) in expected["actors"].as_object().into_iter().flatten() {
        let users: Vec<&str> = users.as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert_eq!(at_least(&chains, step.parse().unwrap()), users, "{name}: actors of step {step}");
        figures += 1;
    }
    for (key, figure) in
        [("average_conversion_time", mean as fn(&[i64]) -> f64), ("median_conversion_time", median)]
    {
        for (step, seconds) in expected[key].as_array().into_iter().flatten().enumerate() {
            if let Some(seconds) = seconds.as_f64() {
                assert_eq!(
                    figure(&spans(&chains, step - 1, step)),
                    seconds,
                    "{name}: {key} of step {}",
                    step + 1
                );
                figures += 1;
            }
        }
    }
    if expected["bins"].is_array() {
        let step = |key: &str| expected[key].as_u64().unwrap() as usize;
        let spans = spans(&chains, step("from_step"), step("to_step"));
        assert_eq!(mean(&spans), expected["average_conversion_time"].as_f64().unwrap(), "{name}");
        let ends = |bin: usize| expected["bins"][bin][0].as_i64();
        let last = expected["bins"].as_array().unwrap().len() - 1;
        assert_eq!((spans.first().copied(), spans.last().copied()), (ends(0), ends(last)), "{name}");
        figures += 1;
    }
    figures
}

#[test]
fn all_random_cases_of_clickhouse() {
    let Some(cases) = truth("funnel_random.json") else { return };
    assert_eq!(cases.len(), 72);
    for case in &cases {
        assert!(check(case) > 0, "{}", case["name"]);
    }
}

/// Cases of what is done above the chain: values of a breakdown.
const ELSEWHERE: [&str; 2] = ["ph_breakdown_first_touch", "ph_breakdown_step_attribution_step0"];

#[test]
fn all_published_cases() {
    let Some(cases) = truth("funnel_cases.json") else { return };
    assert_eq!(cases.len(), 80);
    let here = cases.iter().filter(|case| !ELSEWHERE.iter().any(|name| case["name"] == *name));
    let checked = here.map(|case| (case, check(case))).inspect(|(case, figures)| {
        assert!(*figures > 0, "{} says nothing", case["name"]);
    });
    assert_eq!(checked.count(), 78);
}
