use super::*;

const DAY: i64 = 86_400_000_000;

fn params(steps: &str) -> FunnelParams {
    FunnelParams { steps: Some(steps.into()), ..FunnelParams::default() }
}

fn why(params: &FunnelParams) -> String {
    let error = params.resolve().unwrap_err();
    format!("{error}; {}", error.hints().join("; "))
}

#[test]
fn what_is_not_given_is_decided() {
    let settings = params("a,b?,c").resolve().unwrap();
    assert_eq!(settings.funnel.window_us, Some(7 * DAY));
    assert_eq!(settings.funnel.order, Order::Ordered(Strictness::default()));
    assert_eq!((settings.funnel.optional, settings.funnel.entry), (0b10, Entry::Latest));
    assert_eq!((settings.times, settings.longest_us()), ((0, 2), Some(7 * DAY)));
    assert_eq!((settings.previous(0), settings.previous(1), settings.previous(2)), (None, Some(0), Some(0)));
    let json = Value::Object(settings.to_params_json()).to_string();
    assert_eq!(
        json,
        r#"{"entry":"latest","mode":["loose"],"steps":["a","b?","c"],"unit":"customer_id","window":"7d"}"#
    );
}

#[test]
fn windows_of_steps_bound_the_whole() {
    let with = |window: &str, step_window: &str| {
        let params = FunnelParams {
            window: Some(window.into()),
            step_window: Some(step_window.into()),
            ..params("a,b,c")
        };
        params.resolve().map(|settings| (settings.funnel.step_windows_us.clone(), settings.longest_us()))
    };
    assert_eq!(with("none", "1d").unwrap(), (vec![None, Some(DAY), Some(DAY)], Some(2 * DAY)));
    assert_eq!(with("7d", "2=1d，3=48h").unwrap().1, Some(3 * DAY));
    assert_eq!(with("1d", "3=48h").unwrap(), (vec![None, None, Some(2 * DAY)], Some(DAY)));
    assert_eq!(with("none", "3=48h").unwrap().1, None);
    for bad in ["1", "1=1d", "4=1d", "2=1d,2=2d", "2=1d,3", "x=1d", "2="] {
        assert!(with("7d", bad).is_err(), "{bad}");
    }
}

#[test]
fn modes_combine_as_in_clickhouse() {
    let mode = |modes: &[Mode]| FunnelParams { mode: Some(modes.to_vec()), ..params("a,b") };
    let settings = mode(&[Mode::StrictOnce, Mode::StrictOrder, Mode::AllowReentry]).resolve().unwrap();
    let expected = Strictness { order: true, once: true, allow_reentry: true, ..Strictness::default() };
    assert_eq!(settings.funnel.order, Order::Ordered(expected));
    assert!(settings.needs_all_events());
    for (modes, part) in [
        (&[Mode::Loose, Mode::StrictOnce][..], "loose means none of the others"),
        (&[Mode::AnyOrder, Mode::StrictOnce], "any-order has none"),
        (&[Mode::Strict, Mode::StrictOnce], "goes alone"),
        (&[Mode::AllowReentry], "strict-order forbids"),
    ] {
        assert!(why(&mode(modes)).contains(part), "{}", why(&mode(modes)));
    }
}

#[test]
fn nonsense_is_refused_with_the_reason() {
    let base = || params("a,b?,c");
    let cases: [(FunnelParams, &str); 17] = [
        (FunnelParams::default(), "--steps: is needed"),
        (FunnelParams { window: Some("7".into()), ..base() }, "has no unit"),
        (FunnelParams { mode: Some(vec![Mode::AnyOrder]), ..base() }, "stands for itself"),
        (FunnelParams { mode: Some(vec![Mode::StrictOrder]), ..base() }, "ClickHouse's strict_order"),
        (FunnelParams { exclude: Some(vec!["x@3..1".into()]), ..base() }, "is not before the second"),
        (FunnelParams { exclude: Some(vec!["x@3..4".into()]), ..base() }, "steps go from 1 to 3"),
        (FunnelParams { exclude: Some(vec!["x".into()]), ..params("a") }, "nothing between"),
        (FunnelParams { step_window: Some("1d".into()), ..params("a") }, "no step before"),
        (FunnelParams { by_at: Some("step-4".into()), ..base() }, "steps go from 1 to 3"),
        (FunnelParams { by_at: Some("first".into()), ..base() }, "none of entry, step-N, last"),
        (FunnelParams { reached: Some(true), ..base() }, "needs --step"),
        (FunnelParams { step: Some(1), dropped: Some(true), ..base() }, "where all enter"),
        (FunnelParams { step: Some(2), dropped: Some(true), ..base() }, "may be left out"),
        (FunnelParams { step: Some(0), ..base() }, "is no step"),
        (FunnelParams { times_from: Some(3), ..base() }, "from step 3 to step 3"),
        (FunnelParams { bins: Some(91), ..base() }, "from 1 to 90"),
        (FunnelParams { min_support: Some(0), ..base() }, "is not above 0"),
    ];
    for (params, part) in cases {
        let said = why(&params);
        assert!(said.contains(part), "{part}: {said}");
    }
    let chosen =
        |step, dropped| FunnelParams { step, dropped: Some(dropped), ..base() }.resolve().unwrap().selected;
    assert_eq!(chosen(Some(3), true), Selected::Dropped(2));
    assert_eq!(chosen(Some(3), false), Selected::Reached(2));
    assert_eq!(chosen(None, true), Selected::DroppedAnywhere);
    assert_eq!(chosen(None, false), Selected::All);
}
