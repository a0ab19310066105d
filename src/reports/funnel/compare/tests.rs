use super::super::count::NEVER;
use super::super::params::FunnelParams;
use super::*;
use crate::facts::IdColumn;
use crate::facts::customers::DAY_US;

fn settings(steps: &str, window: &str) -> FunnelSettings {
    let params =
        FunnelParams { steps: Some(steps.into()), window: Some(window.into()), ..FunnelParams::default() };
    params.resolve().unwrap()
}

/// Units by level, code of the only attribute, and whether their window is over.
fn entrants(steps: usize, units: &[(u8, u32, bool)]) -> Entrants {
    let mut entrants = Entrants { steps, attributes: vec![Vec::new()], ..Entrants::default() };
    for (level, code, closed) in units {
        entrants.level.push(*level);
        entrants
            .at_us
            .extend((0..steps).map(|step| if step < usize::from(*level) { step as i64 } else { NEVER }));
        entrants.open.push(!closed && usize::from(*level) < steps);
        entrants.closed.push(*closed);
        entrants.attributes[0].push(*code);
        entrants.value_e4.push(None);
    }
    entrants
}

fn many(parts: &[(usize, (u8, u32, bool))]) -> Vec<(u8, u32, bool)> {
    parts.iter().flat_map(|(times, unit)| std::iter::repeat_n(*unit, *times)).collect()
}

fn floats(table: &Table, name: &str) -> Vec<Option<f64>> {
    match &table.column(name).unwrap().cells {
        Cells::Float(values) => values.clone(),
        Cells::Int(values) => values.iter().map(|value| value.map(|value| value as f64)).collect(),
        other => panic!("{other:?}"),
    }
}

fn texts(table: &Table, name: &str) -> Vec<Option<String>> {
    match &table.column(name).unwrap().cells {
        Cells::Text(values) => values.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_typed_is_read() {
    assert_eq!(Comparison::parse(" previous").unwrap(), Comparison::Previous);
    let dates = Comparison::parse("1970-01-02..1970-01-03").unwrap();
    assert_eq!(dates, Comparison::Dates { from: 1, to: 2 });
    assert_eq!(dates.text(), "1970-01-02..1970-01-03");
    let segment = Comparison::parse("channel = wechat | douyin").unwrap();
    assert_eq!(segment.text(), "channel=wechat|douyin");
    assert_eq!(segment.column(), Some("channel"));
    for text in [
        "",
        "before",
        "2025-02-01..2025-01-01",
        "2025-13-01..2026-01-01",
        "2025-01-01",
        "=x",
        "a=",
        "a=b|",
        "a=b|b",
        "a=b|c|d",
    ] {
        assert!(Comparison::parse(text).is_err(), "{text}");
    }
}

#[test]
fn stretches_are_as_long_and_do_not_overlap() {
    let (since, end) = (10 * DAY_US, 20 * DAY_US - 1);
    let previous = Comparison::Previous.stretch(Some(since), end).unwrap();
    assert_eq!(previous, Some((0, since - 1)));
    assert!(Comparison::Previous.stretch(None, end).is_err());
    let of = |from, to| Comparison::Dates { from, to }.stretch(Some(since), end);
    assert_eq!(of(3, 4).unwrap(), Some((3 * DAY_US, 5 * DAY_US - 1)));
    assert_eq!(of(3, 9).unwrap(), Some((3 * DAY_US, since - 1)));
    assert!(of(3, 10).is_err() && of(12, 13).is_err() && of(20, 22).is_err());
    assert!(Comparison::Dates { from: 3, to: 4 }.stretch(None, end).is_err());
    assert_eq!(Comparison::parse("a=b").unwrap().stretch(None, end).unwrap(), None);
}

/// Against statsmodels 0.15: proportions_ztest and confint_proportions_2indep(method="newcomb") of 412 of 1,070 and 300 of 980.
#[test]
fn a_segment_stands_beside_another() {
    let settings = settings("a,b,c", "7d");
    let units = many(&[
        (658, (1, 1, true)),
        (300, (2, 1, true)),
        (112, (3, 1, true)),
        (680, (1, 2, true)),
        (200, (2, 2, true)),
        (100, (3, 2, true)),
        // Too late: on neither side, though two of them got through.
        (2, (3, 1, false)),
        (5, (1, 2, false)),
        (4, (2, 0, true)),
    ]);
    let entrants = entrants(3, &units);
    let values: IdColumn = ["wechat", "weibo"].into_iter().collect();
    let segment = Comparison::parse("channel=wechat|weibo").unwrap();
    let (this, other) = segment.sides(&entrants, 0, &values).unwrap().unwrap();
    let (table, notes) = table(&settings, this, other);
    assert_eq!(
        texts(&table, "rate_of").into_iter().flatten().collect::<Vec<_>>(),
        ["entered", "from_previous", "from_previous", "from_first"]
    );
    assert_eq!(floats(&table, "users"), [1070.0, 412.0, 112.0, 112.0].map(Some));
    assert_eq!(floats(&table, "users_other"), [980.0, 300.0, 100.0, 100.0].map(Some));
    let close = |name: &str, row: usize, expected: f64| {
        let found = floats(&table, name)[row].unwrap();
        assert!((found - expected).abs() < 1e-10, "{name}: {found}");
    };
    close("z", 1, 3.7490776222048967);
    close("p", 1, 0.00017748614939453638);
    close("difference_lower", 1, 0.037722479185038196);
    close("difference_upper", 1, 0.11964568689833134);
    close("relative_change", 1, (412.0 / 1070.0) / (300.0 / 980.0) - 1.0);
    assert_eq!(texts(&table, "verdict")[..2], [None, Some("better".into())]);
    assert_eq!(texts(&table, "verdict")[3], Some("no_evidence".into()));
    let left_out: Vec<&str> = notes[0].args.iter().map(|arg| arg.1.as_str()).collect();
    assert_eq!(left_out, ["2", "1,072", "5", "985"]);

    // Against all others: those without a value are among them.
    let others = Comparison::parse("channel=wechat").unwrap();
    let (this, other) = others.sides(&entrants, 0, &values).unwrap().unwrap();
    let (table, _) = super::table(&settings, this, other);
    assert_eq!(floats(&table, "users_other")[0], Some(984.0));
    let unknown = Comparison::parse("channel=wechta").unwrap().sides(&entrants, 0, &values);
    assert!(
        matches!(unknown, Err(crate::error::Error::UnknownName { nearest, .. }) if nearest == ["wechat"])
    );
}

#[test]
fn swapping_the_sides_turns_the_verdict() {
    let settings = settings("a,b", "1d");
    let (few, lots) = (
        entrants(2, &many(&[(70, (1, 0, true)), (30, (2, 0, true))])),
        entrants(2, &many(&[(30, (1, 0, true)), (70, (2, 0, true))])),
    );
    let all = |entrants| Side { entrants, chosen: Chosen::All };
    let (ab, _) = table(&settings, all(&few), all(&lots));
    let (ba, _) = table(&settings, all(&lots), all(&few));
    assert_eq!(texts(&ab, "verdict")[1].as_deref(), Some("worse"));
    assert_eq!(texts(&ba, "verdict")[1].as_deref(), Some("better"));
    assert_eq!(floats(&ab, "p"), floats(&ba, "p"));
}

#[test]
fn nobody_on_a_side_leaves_cells_empty() {
    let settings = settings("a,b?,c", "none");
    let nobody = entrants(3, &[]);
    let some = entrants(3, &[(3, 0, false), (1, 0, false)]);
    let all = |entrants| Side { entrants, chosen: Chosen::All };
    let (table, notes) = table(&settings, all(&some), all(&nobody));
    // Without a window everybody counts.
    assert_eq!(floats(&table, "users")[0], Some(2.0));
    assert!(floats(&table, "p").iter().chain(&floats(&table, "difference")).all(Option::is_none));
    assert!(texts(&table, "verdict").iter().all(Option::is_none));
    let keys: Vec<&str> = notes.iter().map(|note| note.key).collect();
    assert_eq!(keys, ["funnel_compare_without_end", "funnel_compare_nobody"]);
}
