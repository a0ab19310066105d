//! Journeys against plain ones, made by a map and a sort.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::*;
use proptest::prelude::*;

use super::*;

/// An event as it is read.
#[derive(Debug, Clone)]
struct Event {
    unit: Option<String>,
    kind: String,
    at_us: i64,
    conditions: [bool; 2],
    attributes: [Option<String>; 2],
    value_e4: Option<i64>,
}

/// Moment, kind, marks, attributes, money.
type PlainEvent = (i64, String, u128, Vec<Option<String>>, Option<i64>);

#[derive(Debug, Default, PartialEq, Eq)]
struct Plain {
    kinds: Vec<(String, u64)>,
    signatures: Vec<(String, u128)>,
    values: Vec<Vec<String>>,
    without_unit: u64,
    units: BTreeMap<String, Vec<PlainEvent>>,
}

fn selectors() -> Vec<KindSelector> {
    let selector = |bit, kinds: &[&str], condition| KindSelector {
        bit,
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        condition,
    };
    vec![
        selector(0, &["a", "pay"], None),
        selector(3, &["pay"], Some(0)),
        selector(64, &[], Some(1)),
        selector(127, &["a kind with a long name, and then some"], None),
    ]
}

fn marks(event: &Event) -> u128 {
    let met = |selector: &KindSelector| {
        (selector.kinds.is_empty() || selector.kinds.contains(&event.kind))
            && selector.condition.is_none_or(|condition| event.conditions[condition])
    };
    selectors().iter().filter(|selector| met(selector)).fold(0, |marks, selector| marks | 1 << selector.bit)
}

/// What the journeys are to be.
fn plain(events: &[Event], spec: &JourneySpec) -> Plain {
    let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
    let mut signatures = BTreeSet::new();
    let mut values = vec![BTreeSet::new(); spec.attributes];
    let mut plain = Plain::default();
    for event in events {
        *kinds.entry(event.kind.clone()).or_default() += 1;
        let Some(unit) = &event.unit else {
            plain.without_unit += 1;
            continue;
        };
        let marks = marks(event);
        if marks == 0 && !spec.keep_all {
            continue;
        }
        signatures.insert((event.kind.clone(), marks));
        let attributes = event.attributes[..spec.attributes].to_vec();
        for (values, value) in values.iter_mut().zip(&attributes) {
            values.extend(value.clone());
        }
        let value = event.value_e4.filter(|_| spec.values);
        let kept = (event.at_us, event.kind.clone(), marks, attributes, value);
        plain.units.entry(unit.clone()).or_default().push(kept);
    }
    plain.units.values_mut().for_each(|events| events.sort());
    plain.kinds = kinds.into_iter().collect();
    plain.signatures = signatures.into_iter().collect();
    plain.values = values.into_iter().map(|values| values.into_iter().collect()).collect();
    plain
}

/// What they are.
fn read(journeys: &Journeys, spec: &JourneySpec, threads: usize) -> Plain {
    let kind = |signature: &Signature| journeys.kinds[signature.kind as usize].name.clone();
    let units = journeys
        .visit(threads, Vec::new, |found, journey| {
            let event = |event: &JourneyEvent| {
                let signature = &journeys.signatures[event.signature as usize];
                let value = |at: usize| {
                    journey.code(event, at).map(|code| journeys.values[at].get(code as usize).to_owned())
                };
                let attributes = (0..spec.attributes).map(value).collect();
                (event.at_us, kind(signature), signature.marks, attributes, journey.value_e4(event))
            };
            found.push((journey.unit.to_owned(), journey.events.iter().map(event).collect()));
            Ok(())
        })
        .unwrap();
    assert!(units.len() <= threads.max(1));
    let units: Vec<(String, Vec<PlainEvent>)> = units.into_iter().flatten().collect();
    assert_eq!(units.len(), journeys.units());
    assert_eq!(units.iter().map(|unit| unit.1.len() as u64).sum::<u64>(), journeys.events());
    Plain {
        kinds: journeys.kinds.iter().map(|kind| (kind.name.clone(), kind.rows)).collect(),
        signatures: journeys.signatures.iter().map(|known| (kind(known), known.marks)).collect(),
        values: journeys.values.iter().map(|values| values.iter().map(str::to_owned).collect()).collect(),
        without_unit: journeys.without_unit,
        units: units.into_iter().collect(),
    }
}

fn text<'a>(values: impl Iterator<Item = Option<&'a str>>) -> StringChunked {
    StringChunked::from_iter_options("text".into(), values)
}

fn push(kernel: &JourneyKernel, events: &[Event], spec: &JourneySpec) -> Result<()> {
    // In two chunks, as columns sometimes come.
    let (first, second) = events.split_at(events.len() / 2);
    let column = |read: &dyn Fn(&Event) -> Option<&str>| {
        // The closure's lifetime is that of one call: texts are copied.
        let own = |events: &[Event]| -> Vec<Option<String>> {
            events.iter().map(|event| read(event).map(str::to_owned)).collect()
        };
        let mut column = text(own(first).iter().map(Option::as_deref));
        column.append(&text(own(second).iter().map(Option::as_deref))).unwrap();
        column
    };
    let units = column(&|event| event.unit.as_deref());
    let kinds = column(&|event| Some(&event.kind));
    let attributes: Vec<StringChunked> =
        (0..spec.attributes).map(|at| column(&|event| event.attributes[at].as_deref())).collect();
    let at_us = Int64Chunked::from_vec("at".into(), events.iter().map(|event| event.at_us).collect());
    let conditions: Vec<BooleanChunked> =
        (0..2).map(|at| events.iter().map(|event| Some(event.conditions[at])).collect()).collect();
    let values = events.iter().map(|event| event.value_e4.map(i128::from));
    let values = spec.values.then(|| Int128Chunked::from_iter_options("value".into(), values));
    kernel.push_columns(&EventColumns {
        units: &units,
        kinds: &kinds,
        at_us: &at_us,
        conditions: &conditions,
        attributes: attributes.iter().collect(),
        values_e4: values.as_ref(),
    })
}

/// A spill in memory, that fails when it has taken so many bytes.
#[derive(Debug)]
struct Memory(Mutex<Vec<u8>>, usize);

impl Spill for Memory {
    fn append(&self, bytes: &[u8]) -> Result<u64> {
        let mut all = self.0.lock().unwrap();
        if all.len() + bytes.len() > self.1 {
            let source = std::io::ErrorKind::StorageFull.into();
            return Err(Error::Io { action: "write a temporary file in", path: "/full".into(), source });
        }
        let start = all.len() as u64;
        all.extend_from_slice(bytes);
        Ok(start)
    }

    fn read(&self, start: u64, bytes: &mut [u8]) -> Result<()> {
        let start = start as usize;
        bytes.copy_from_slice(&self.0.lock().unwrap()[start..start + bytes.len()]);
        Ok(())
    }
}

fn journeys(
    events: &[Event],
    spec: &JourneySpec,
    batch: usize,
    threads: usize,
    budget: Option<usize>,
    room: usize,
) -> Result<Journeys> {
    let mut kernel = JourneyKernel::new(spec.clone()).selecting(selectors());
    if let Some(budget) = budget {
        kernel = kernel.spilling(budget, Box::new(Memory(Mutex::default(), room)));
    }
    let batches: Vec<&[Event]> = events.chunks(batch).collect();
    let next = AtomicUsize::new(0);
    let work = || loop {
        match batches.get(next.fetch_add(1, Ordering::Relaxed)) {
            Some(batch) => push(&kernel, batch, spec)?,
            None => return Ok(()),
        }
    };
    std::thread::scope(|scope| {
        let working: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        working.into_iter().try_for_each(|thread| thread.join().unwrap())
    })?;
    kernel.finish(threads)
}

fn event() -> impl Strategy<Value = Event> {
    let units = "u[0-9]|[a-z]{0,3}|a unit with a rather long id [0-9]";
    let kinds = prop_oneof![
        Just("a".to_owned()),
        Just("pay".to_owned()),
        Just("a kind with a long name, and then some".to_owned()),
        "|[b-d]{1,2}|客户|thirteen byt[0-9]|a kind with a long name, and [a-c]",
    ];
    let value = "[a-c]{0,2}|some value that is long [0-3]";
    (
        prop::option::weighted(0.9, units),
        kinds,
        prop_oneof![0..5_i64, any::<i64>()],
        any::<[bool; 2]>(),
        [prop::option::of(value), prop::option::of(value)],
        prop::option::of(prop_oneof![-2..3_i64, any::<i64>()]),
    )
        .prop_map(|(unit, kind, at_us, conditions, attributes, value_e4)| Event {
            unit,
            kind,
            at_us,
            conditions,
            attributes,
            value_e4,
        })
}

proptest! {
    #[test]
    fn journeys_are_the_plain_ones(
        events in prop::collection::vec(event(), 0..120),
        (keep_all, attributes, values) in (any::<bool>(), 0..3_usize, any::<bool>()),
        (batch, threads) in (1..50_usize, 1..4_usize),
        budget in prop::option::of(prop_oneof![Just(0_usize), 100..2000_usize, Just(1 << 30)]),
    ) {
        let spec = JourneySpec { keep_all, attributes, values };
        let expected = plain(&events, &spec);
        let found = journeys(&events, &spec, batch, threads, budget, usize::MAX).unwrap();
        prop_assert_eq!(&read(&found, &spec, threads), &expected);
        // Again, by another number of threads.
        prop_assert_eq!(&read(&found, &spec, 4 - threads), &expected);

        // One event after the other, from the last to the first.
        let kernel = JourneyKernel::new(spec.clone());
        for event in events.iter().rev() {
            let attributes: Vec<Option<&str>> =
                event.attributes[..attributes].iter().map(Option::as_deref).collect();
            kernel.push(EventRow {
                unit: event.unit.as_deref(),
                kind: &event.kind,
                at_us: event.at_us,
                marks: marks(event),
                attributes: &attributes,
                value_e4: event.value_e4,
            });
        }
        prop_assert_eq!(&read(&kernel.finish(1).unwrap(), &spec, 1), &expected);
    }
}

/// Events by a rule, without chance: many units, one of them with half of the events, many kinds, moments in no order.
fn many(rows: u64, kinds: u64) -> Vec<Event> {
    let event = |row: u64| {
        let mixed = row.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        let unit =
            if row % 2 == 0 { "the heaviest of all units".into() } else { format!("C{:06}", mixed % 5000) };
        let kind = if row % 3 == 0 { "pay".into() } else { format!("kind {}", mixed % kinds) };
        Event {
            unit: (row % 1009 != 0).then_some(unit),
            kind,
            at_us: (mixed % 10_007) as i64,
            conditions: [row % 5 == 0, row % 7 == 0],
            attributes: [(row % 11 != 0).then(|| format!("{}", mixed % 3000)), None],
            value_e4: (row % 13 != 0).then_some(row as i64),
        }
    };
    (0..rows).map(event).collect()
}

#[test]
fn many_rows_fill_windows_blocks_and_tables_of_kinds() {
    let events = many(300_000, 20_000);
    for (keep_all, budget) in [(true, None), (true, Some(1 << 20)), (false, Some(0))] {
        let spec = JourneySpec { keep_all, attributes: 1, values: true };
        let found = journeys(&events, &spec, 100_000, 2, budget, usize::MAX).unwrap();
        assert!(read(&found, &spec, 2) == plain(&events, &spec), "{keep_all} {budget:?}");
    }
}

#[test]
fn nothing_gives_nothing() {
    let spec = JourneySpec { keep_all: true, attributes: 1, values: true };
    let found = journeys(&[], &spec, 1, 2, Some(0), 0).unwrap();
    assert_eq!((found.units(), found.events()), (0, 0));
    assert_eq!(read(&found, &spec, 2), Plain { values: vec![Vec::new()], ..Plain::default() });
    assert_eq!(read(&Journeys::default(), &JourneySpec::default(), 1), Plain::default());
}

#[test]
fn a_full_spill_is_an_error_with_its_place() {
    let events = many(1000, 10);
    let spec = JourneySpec { keep_all: true, attributes: 0, values: false };
    let kernel = JourneyKernel::new(spec.clone()).selecting(selectors());
    let kernel = kernel.spilling(0, Box::new(Memory(Mutex::default(), 2000)));
    let error = push(&kernel, &events, &spec).unwrap_err();
    assert!(error.to_string().starts_with("cannot write a temporary file in /full: "), "{error}");
    assert!(kernel.finish(1).is_err());
    // While journeys are finished: what was held goes there at last.
    for room in [0, 1000, 15_000] {
        let error = journeys(&events, &spec, 10, 2, Some(0), room).unwrap_err();
        assert_eq!(error.code(), "io");
    }
}

#[test]
fn the_error_of_a_visitor_ends_the_visit() {
    let events = many(1000, 10);
    let spec = JourneySpec { keep_all: true, ..JourneySpec::default() };
    let found = journeys(&events, &spec, 100, 2, None, 0).unwrap();
    let failing = found.visit(
        2,
        || (),
        |(), journey| match journey.events.len() {
            400.. => Err(shard::fault("heavy")),
            _ => Ok(()),
        },
    );
    assert!(failing.unwrap_err().to_string().contains("heavy"));
}
