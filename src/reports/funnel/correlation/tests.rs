use super::super::params::FunnelParams;
use super::*;
use crate::facts::journeys::{EventRow, JourneyKernel, JourneySpec};

fn steps(text: &str) -> Vec<Step> {
    FunnelParams { steps: Some(text.into()), ..FunnelParams::default() }.resolve().unwrap().steps
}

fn journeys(units: &[(&str, &[(i64, &str)])]) -> Journeys {
    let kernel = JourneyKernel::new(JourneySpec { keep_all: true, ..JourneySpec::default() });
    for (unit, events) in units {
        for (at_us, kind) in *events {
            let marks = u128::from(*kind == "a") | u128::from(*kind == "z") << 1;
            let row =
                EventRow { unit: Some(unit), kind, at_us: *at_us, marks, attributes: &[], value_e4: None };
            kernel.push(row);
        }
    }
    kernel.finish(1).unwrap()
}

fn feed(journeys: &Journeys) -> Correlation {
    let mut sum = Correlation::default();
    let states = journeys
        .visit(
            1,
            || Correlation::new(journeys.kinds.len()),
            |state, journey| {
                // Entry at 0, window 100; through at z.
                let is = |kind: &str, event: &JourneyEvent| {
                    let kind_of = journeys.signatures[event.signature as usize].kind;
                    journeys.kinds[kind_of as usize].name == kind
                };
                let last = journey.events.iter().find(|event| is("z", event)).map(|event| event.at_us);
                state.add(journey.events, journeys, 0, last.unwrap_or(100), last.is_some());
                Ok(())
            },
        )
        .unwrap();
    for state in &states {
        sum.merge(state);
    }
    sum
}

#[test]
fn events_count_once_and_between_entry_and_end() {
    let journeys = journeys(&[
        (
            "u1",
            &[
                (-5, "early"),
                (0, "a"),
                (0, "tie"),
                (10, "video"),
                (20, "video"),
                (30, "z"),
                (30, "last"),
                (40, "late"),
            ],
        ),
        ("u2", &[(0, "a"), (10, "video"), (99, "help"), (100, "late")]),
        ("u3", &[(0, "a"), (50, "help")]),
    ]);
    let correlation = feed(&journeys);
    let (table, _) = correlation.table(&journeys.kinds, &steps("a,z"), Some(1));
    let Cells::Text(events) = &table.column("event").unwrap().cells else { panic!() };
    let mut names: Vec<&str> = events.iter().flatten().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["help", "video"]);
    let row = events.iter().position(|event| event.as_deref() == Some("video")).unwrap();
    let cell = |name: &str| match &table.column(name).unwrap().cells {
        Cells::Int(values) => values[row].unwrap() as f64,
        Cells::Float(values) => values[row].unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!((cell("success_users"), cell("failure_users")), (1.0, 1.0));
    // (1 + 1) (2 - 1 + 1) / ((1 - 1 + 1) (1 + 1))
    assert_eq!(cell("odds_ratio"), 2.0);
}

/// The example in the code of PostHog: watched 5 and 1, did not watch 2 and 10; with one added to each 6 * 11 / (3 * 2) = 11.
/// scipy's fisher_exact of it: 0.012820512820512822.
#[test]
fn posthogs_example_has_posthogs_ratio() {
    let mut units: Vec<(String, Vec<(i64, &str)>)> = Vec::new();
    for at in 0..18 {
        let mut events = vec![(0, "a")];
        if at < 5 || at == 7 {
            events.push((1, "video"));
        }
        if at < 7 {
            events.push((2, "z"));
        }
        units.push((format!("u{at:02}"), events));
    }
    let borrowed: Vec<(&str, &[(i64, &str)])> =
        units.iter().map(|(unit, events)| (unit.as_str(), events.as_slice())).collect();
    let journeys = journeys(&borrowed);
    let correlation = feed(&journeys);
    let (table, notes) = correlation.table(&journeys.kinds, &steps("a,z"), None);
    let cell = |name: &str| match &table.column(name).unwrap().cells {
        Cells::Float(values) => values[0].unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(cell("odds_ratio"), 11.0);
    assert!((cell("p") - 0.012820512820512822).abs() < 1e-12, "{}", cell("p"));
    assert_eq!(cell("p"), cell("p_adjusted"));
    assert_eq!(notes[0].key, "funnel_correlation_of");
    let Cells::Text(direction) = &table.column("direction").unwrap().cells else { panic!() };
    assert_eq!(direction[0].as_deref(), Some("more_often"));
}

#[test]
fn the_least_support_is_posthogs() {
    let of = |through, not| Correlation { all: [through, not], ..Correlation::default() };
    assert_eq!(of(100, 900).least(None), 20);
    assert_eq!(of(100, 2_000).least(None), 25);
    assert_eq!(of(1, 1).least(None), 1);
    assert_eq!(of(1, 1).least(Some(7)), 7);
}

#[test]
fn where_all_or_none_got_through_there_is_nothing_to_compare() {
    let journeys = journeys(&[("u1", &[(0, "a"), (1, "video")])]);
    let (table, notes) = feed(&journeys).table(&journeys.kinds, &steps("a,z"), None);
    assert_eq!((table.height(), notes[0].key), (0, "funnel_correlation_one_side"));
    let (table, _) = feed(&journeys).table(&journeys.kinds, &steps("a,*"), None);
    assert_eq!(table.height(), 0);
    let (table, _) = Correlation::default().table(&[], &steps("a,z"), None);
    assert_eq!(table.height(), 0);
}
