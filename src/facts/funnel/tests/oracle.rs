//! What a funnel is, by exhaustive search: all chains are written down, then looked at. Exponential, for small journeys only.

use super::super::{Entry, Funnel, MOST_STEPS, Order, Strictness};

/// An event: its moment and its marks.
pub(super) type Event = (i64, u128);

/// A chain: (step, event) by (step, event).
type Path = Vec<(usize, usize)>;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) level: usize,
    pub(super) excluded: bool,
    /// Moments of the first and the last event of the chain.
    pub(super) ends: Option<(i64, i64)>,
}

pub(super) fn answer(funnel: &Funnel, events: &[Event]) -> Answer {
    if funnel.order == Order::Any { any(funnel, events) } else { ordered(funnel, events) }
}

fn within(span: i64, window: Option<i64>) -> bool {
    window.is_none_or(|window| span <= window)
}

/// Whether an event, standing after `step`, spoils a chain.
pub(super) fn spoils(funnel: &Funnel, event: Event, step: usize) -> bool {
    let covers = |i: usize| (funnel.exclusions[i].after..funnel.exclusions[i].before).contains(&step);
    (0..funnel.exclusions.len()).any(|i| event.1 >> (MOST_STEPS + i) & 1 == 1 && covers(i))
}

/// The next moment after `at`.
pub(super) fn next(events: &[Event], at: i64) -> Option<i64> {
    events.iter().map(|event| event.0).filter(|other| *other > at).min()
}

fn ordered(funnel: &Funnel, events: &[Event]) -> Answer {
    let strict = match funnel.order {
        Order::Ordered(strict) => strict,
        _ => Strictness { once: true, ..Strictness::default() },
    };
    let met = |event: usize| (0..funnel.steps).filter(move |step| events[event].1 >> step & 1 == 1);
    // As ClickHouse: pairs of moment and step, an event that meets no step first.
    let mut pairs: Vec<(i64, Option<usize>, usize)> = Vec::new();
    for event in 0..events.len() {
        pairs.extend(met(event).map(|step| (events[event].0, Some(step), event)));
        if met(event).next().is_none() {
            pairs.push((events[event].0, None, event));
        }
    }
    pairs.sort();
    let (all, used) = search(funnel, events, &pairs, strict, true);
    let stop = pairs.get(used).map_or(i64::MAX, |pair| pair.0);
    let Some(farthest) = (0..funnel.steps).rev().find(|step| !all[*step].is_empty()) else {
        return Answer::default();
    };
    let (unspoilt, _) = search(funnel, events, &pairs[..used], strict, false);
    let spoilt_after = |entry: i64, end: i64| {
        events.iter().any(|event| {
            let near = funnel.order != Order::NothingBetween || next(events, end) == Some(event.0);
            event.0 > end
                && event.0 <= stop
                && near
                && within(event.0 - entry, funnel.window_us)
                && spoils(funnel, *event, farthest)
        })
    };
    // Per moment of arrival the latest entry; the first that stays unspoilt.
    let mut arrivals: Vec<(i64, i64)> = unspoilt[farthest]
        .iter()
        .map(|path| (events[path[path.len() - 1].1].0, -events[path[0].1].0))
        .collect();
    arrivals.sort();
    arrivals.dedup_by_key(|arrival| arrival.0);
    match arrivals.into_iter().find(|(end, entry)| !spoilt_after(-entry, *end)) {
        Some((end, entry)) => Answer { level: farthest + 1, excluded: false, ends: Some((-entry, end)) },
        None => Answer { excluded: true, ..Answer::default() },
    }
}

/// All chains by their last step, and how many pairs were looked at before the options ended the search. `all`: with the
/// spoilt ones, the options ending it.
fn search(
    funnel: &Funnel,
    events: &[Event],
    pairs: &[(i64, Option<usize>, usize)],
    strict: Strictness,
    all: bool,
) -> (Vec<Vec<Path>>, usize) {
    let first = pairs.iter().find(|pair| pair.1 == Some(0)).map(|pair| pair.0);
    let mut paths: Vec<Vec<Path>> = vec![Vec::new(); funnel.steps];
    let mut latest = vec![i64::MIN; funnel.steps];
    for (place, (at, step, event)) in pairs.iter().copied().enumerate() {
        let Some(step) = step else {
            if all && strict.order && !paths[0].is_empty() {
                return (paths, place);
            }
            continue;
        };
        if step == 0 {
            if funnel.entry == Entry::Latest || Some(at) == first {
                paths[0].push(vec![(0, event)]);
                latest[0] = at;
            }
            continue;
        }
        let nearest = (0..step).rev().find(|before| funnel.optional >> before & 1 == 0).unwrap();
        if all && strict.deduplication && !paths[step].is_empty() {
            return (paths, place);
        }
        if all && strict.order && !paths[0].is_empty() && paths[nearest..step].iter().all(Vec::is_empty) {
            if strict.allow_reentry {
                continue;
            }
            return (paths, place);
        }
        let spoilt = |from: i64, to: i64, step: usize| {
            events.iter().any(|event| event.0 > from && event.0 < to && spoils(funnel, *event, step))
        };
        let goes_on = |path: &Path| {
            let (before, last) = path[path.len() - 1];
            within(at - events[path[0].1].0, funnel.window_us)
                && within(at - events[last].0, funnel.step_windows_us[step])
                && !(strict.once && path.iter().any(|used| used.1 == event))
                && !(strict.increase && if strict.once { events[last].0 } else { latest[before] } == at)
                && (funnel.order != Order::NothingBetween
                    || events[last].0 == at
                    || next(events, events[last].0) == Some(at))
                && (all || !spoilt(events[last].0, at, before))
        };
        let longer: Vec<Path> = paths[nearest..step]
            .iter()
            .flatten()
            .filter(|path| goes_on(path))
            .map(|path| path.iter().copied().chain([(step, event)]).collect())
            .collect();
        if !longer.is_empty() {
            latest[step] = at;
            paths[step].extend(longer);
        }
    }
    (paths, pairs.len())
}

/// The most different steps that these events can serve, each event one.
fn most(events: &[Event], steps: u64) -> usize {
    let Some((event, rest)) = events.split_first() else { return 0 };
    let serve = (0..MOST_STEPS).filter(|step| (event.1 as u64 & steps) >> step & 1 == 1);
    serve.map(|step| 1 + most(rest, steps & !(1 << step))).max().unwrap_or(0).max(most(rest, steps))
}

fn any(funnel: &Funnel, events: &[Event]) -> Answer {
    let all = (1u64 << funnel.steps) - 1;
    let moments = |i: usize| events[i].0;
    let first = events.iter().filter(|event| event.1 as u64 & all != 0).map(|event| event.0).min();
    let mut best = Answer::default();
    for end in 0..events.len() {
        for start in (0..events.len()).rev().filter(|start| moments(*start) <= moments(end)) {
            let (from, to) = (moments(start), moments(end));
            let cut = events.iter().any(|event| {
                event.0 > from && event.0 < to && (0..funnel.steps).any(|step| spoils(funnel, *event, step))
            });
            let entry = funnel.entry == Entry::Latest || Some(from) == first;
            if cut || !entry || !within(to - from, funnel.window_us) {
                continue;
            }
            let inside: Vec<Event> =
                events.iter().copied().filter(|event| event.0 >= from && event.0 <= to).collect();
            let level = most(&inside, all);
            if level > best.level {
                best = Answer { level, excluded: false, ends: Some((from, to)) };
            }
        }
    }
    best
}
