use proptest::prelude::*;

use super::*;

fn count(time: u32, events: u64, censored: u64) -> Count {
    Count { time, events, censored }
}

/// Duration and event columns of a file of the developers' shared folder.
fn shared(name: &str, duration: usize, event: usize) -> Option<Vec<Count>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/truth/survival_cohort/");
    let Ok(text) = std::fs::read_to_string(format!("{path}{name}")) else {
        println!("skipped: {path}{name} is not here");
        return None;
    };
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let event = u64::from(fields[event] == "1");
        count(fields[duration].parse::<f64>().unwrap() as u32, event, 1 - event)
    };
    Some(text.lines().skip(1).map(row).collect())
}

fn near(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
}

/// ../shared/truth/README.md: R survival and lifelines, 6 digits and more.
#[test]
fn first_repurchase_of_cdnow() {
    let Some(counts) = shared("truth_cdnow_first_repurchase_survival.csv", 4, 3) else { return };
    let curve = Curve::new(&counts, Interval::LogLog);
    assert_eq!((curve.people(), curve.events()), (2_357, 1_139));
    let known = [
        (30, 0.8260501, 0.8101358, 0.8407645),
        (90, 0.7085278, 0.6897286, 0.7264238),
        (365, 0.5443360, 0.5239967, 0.5641974),
    ];
    for (day, survival, lower, upper) in known {
        let found = curve.at(day).unwrap();
        near(found.survival, survival, 6e-8);
        near(found.bounds.unwrap().lower, lower, 6e-8);
        near(found.bounds.unwrap().upper, upper, 6e-8);
    }
    let reached = |time: f64, lower: f64, upper: f64| Reached {
        time: Some(time),
        lower: Some(lower),
        upper: Some(upper),
    };
    assert_eq!(curve.reached(0.25), reached(59.0, 52.0, 69.0));
    assert_eq!(curve.reached(0.4), reached(224.0, 187.0, 265.0));
    // lifelines: the lower bound of the curve is at one half on day 472.
    assert_eq!(curve.reached(0.5), Reached { time: None, lower: Some(472.0), upper: None });
    let mean = curve.restricted_mean(365).unwrap();
    near(mean.mean, 239.104, 5e-4);
    near(mean.mean, 239.10436996181596, 1e-9);
    // The formula of Klein and Moeschberger in Python over statsmodels' curve.
    near(mean.variance.sqrt(), 3.117403453782724, 1e-9);
    assert_eq!(curve.restricted_mean(1_000), None);
}

/// The same source: every gap, the open ones censored.
#[test]
fn all_gaps_of_cdnow() {
    let Some(counts) = shared("truth_cdnow_all_intervals.csv", 4, 3) else { return };
    let curve = Curve::new(&counts, Interval::LogLog);
    assert_eq!((curve.people(), curve.events()), (6_696, 4_339));
    for (day, survival) in [(30, 0.688824), (90, 0.503225), (365, 0.329478)] {
        near(curve.at(day).unwrap().survival, survival, 6e-7);
    }
    // The interval: lifelines 0.30.
    assert_eq!(curve.reached(0.5), Reached { time: Some(93.0), lower: Some(85.0), upper: Some(100.0) });
    assert_eq!(curve.reached(0.75), Reached::default());
    near(curve.restricted_mean(365).unwrap().mean, 166.52830218752965, 1e-9);
}

/// lifelines' data set waltons; values of lifelines 0.30, the error of statsmodels.
#[test]
fn waltons() {
    let Some(counts) = shared("lifelines_waltons.csv", 0, 1) else { return };
    let curve = Curve::new(&counts, Interval::LogLog);
    assert_eq!(curve.reached(0.5), Reached { time: Some(56.0), lower: Some(53.0), upper: Some(58.0) });
    let at = |time: u32| curve.steps.iter().find(|step| step.time == time).unwrap();
    near(at(19).survival, 0.9136503067484664, 1e-14);
    near(at(56).survival, 0.4299026499659169, 1e-14);
    near(at(56).bounds.unwrap().lower, 0.352689, 6e-7);
    near(at(56).bounds.unwrap().upper, 0.50468, 6e-6);
    near(at(56).standard_error().unwrap(), 0.03901000483870582, 1e-12);
    assert_eq!((at(56).at_risk, at(56).events), (87, 18));
    let mean = curve.restricted_mean(60).unwrap();
    near(mean.mean, 48.27749481651898, 1e-10);
    near(mean.variance.sqrt(), 1.1937276572673892, 1e-10);
    // The other scales from S and its error, at 1.959964.
    let log = Curve::new(&counts, Interval::Log).at(56).unwrap().bounds.unwrap();
    let (z, survival, error) = (1.959963984540054, 0.42990264996591687_f64, 0.03901000483870582);
    near(log.lower, survival * (-z * error / survival).exp(), 1e-12);
    near(log.upper, survival * (z * error / survival).exp(), 1e-12);
    let plain = Curve::new(&counts, Interval::Plain).at(56).unwrap().bounds.unwrap();
    near(plain.lower, survival - z * error, 1e-12);
    near(plain.upper, survival + z * error, 1e-12);
}

/// Without censoring S is the share left and the quantile the usual one of R's rule: the middle of a flat stretch.
#[test]
fn a_flat_stretch_has_its_middle() {
    let four = [count(10, 1, 0), count(20, 1, 0), count(40, 1, 0), count(41, 1, 0)];
    let curve = Curve::new(&four, Interval::LogLog);
    assert_eq!(curve.reached(0.5).time, Some(30.0));
    assert_eq!(curve.reached(0.3).time, Some(20.0));
    // R: at the end of the curve, the middle from where it got there to the longest time.
    let ends_flat = [count(10, 1, 0), count(20, 0, 1)];
    assert_eq!(Curve::new(&ends_flat, Interval::LogLog).reached(0.5).time, Some(15.0));
    // A stretch that is not exactly there: 0.75 twice, never 0.5.
    let never = [count(10, 1, 0), count(20, 0, 3)];
    assert_eq!(Curve::new(&never, Interval::LogLog).reached(0.5).time, None);
}

#[test]
fn the_ends_of_a_curve() {
    let nobody = Curve::new(&[], Interval::LogLog);
    assert_eq!((nobody.people(), nobody.events(), nobody.longest()), (0, 0, None));
    assert_eq!((nobody.at(0), nobody.restricted_mean(10)), (None, None));
    assert_eq!(nobody.reached(0.5), Reached::default());

    let censored_at_once = Curve::new(&[count(0, 0, 3)], Interval::LogLog);
    assert_eq!(censored_at_once.at(0).unwrap().survival, 1.0);
    assert_eq!((censored_at_once.at(1), censored_at_once.restricted_mean(1)), (None, None));

    for interval in [Interval::LogLog, Interval::Log, Interval::Plain] {
        let all_back = Curve::new(&[count(5, 1, 0), count(3, 0, 1)], interval);
        assert_eq!(all_back.steps[0].bounds, Some(Bounds { lower: 1.0, upper: 1.0 }));
        assert_eq!(all_back.at(9).unwrap(), Survival { survival: 0.0, bounds: None });
        assert_eq!(all_back.reached(0.5).time, Some(5.0));
        assert_eq!(all_back.restricted_mean(8), Some(Mean { mean: 5.0, variance: 0.0 }));
        assert_eq!(all_back.restricted_mean(4), Some(Mean { mean: 4.0, variance: 0.0 }));
    }
}

/// Customer by customer, step by step, as the textbook has it.
fn naive(people: &[(u32, bool)], time: u32) -> (f64, f64) {
    let mut times: Vec<u32> = people.iter().filter(|p| p.1 && p.0 <= time).map(|p| p.0).collect();
    times.sort_unstable();
    times.dedup();
    let (mut survival, mut sum) = (1.0, 0.0);
    for t in times {
        let at_risk = people.iter().filter(|p| p.0 >= t).count() as f64;
        let events = people.iter().filter(|p| p.0 == t && p.1).count() as f64;
        survival *= 1.0 - events / at_risk;
        sum += events / (at_risk * (at_risk - events));
    }
    (survival, sum)
}

proptest! {
    #[test]
    fn a_curve_is_the_naive_one(
        people in prop::collection::vec((0_u32..40, any::<bool>()), 1..60),
        horizon in 0_u32..45,
    ) {
        let counts: Vec<Count> =
            people.iter().map(|(time, event)| count(*time, u64::from(*event), u64::from(!event))).collect();
        let longest = people.iter().map(|p| p.0).max().unwrap();
        for interval in [Interval::LogLog, Interval::Log, Interval::Plain] {
            let curve = Curve::new(&counts, interval);
            for time in 0..=longest {
                let (survival, sum) = naive(&people, time);
                let found = curve.at(time).unwrap();
                prop_assert!((found.survival - survival).abs() < 1e-12);
                if let Some(bounds) = found.bounds {
                    prop_assert!(0.0 <= bounds.lower && bounds.lower <= survival + 1e-12);
                    prop_assert!(survival <= bounds.upper + 1e-12 && bounds.upper <= 1.0);
                } else {
                    prop_assert_eq!(found.survival, 0.0);
                }
                let step = curve.steps.iter().rev().find(|step| step.time <= time);
                if let Some(greenwood) = step.and_then(|step| step.greenwood) {
                    prop_assert!((greenwood - sum).abs() < 1e-12);
                }
            }
            prop_assert_eq!(curve.at(longest + 1).is_some(), naive(&people, longest).0 == 0.0);
            let area: f64 = (0..horizon).map(|time| naive(&people, time).0).sum();
            match curve.restricted_mean(horizon) {
                Some(mean) => {
                    prop_assert!((mean.mean - area).abs() < 1e-9 && mean.variance >= 0.0);
                }
                None => prop_assert!(horizon > longest),
            }
            let median = curve.reached(0.5);
            let first = (0..=longest).find(|time| naive(&people, *time).0 <= 0.5 + 1e-9);
            prop_assert_eq!(median.time.is_some(), first.is_some());
            if let (Some(median), Some(first)) = (median.time, first) {
                prop_assert!(median >= f64::from(first));
                if naive(&people, first).0 < 0.5 - 1e-9 {
                    prop_assert_eq!(median, f64::from(first));
                }
            }
            if let (Some(lower), Some(time)) = (median.lower, median.time) {
                prop_assert!(lower <= time);
            }
        }
    }

    #[test]
    fn order_and_splitting_of_counts_change_nothing(
        people in prop::collection::vec((0_u32..40, any::<bool>()), 1..60),
    ) {
        let mut counts: Vec<Count> =
            people.iter().map(|(time, event)| count(*time, u64::from(*event), u64::from(!event))).collect();
        let curve = Curve::new(&counts, Interval::LogLog);
        counts.reverse();
        prop_assert_eq!(&Curve::new(&counts, Interval::LogLog), &curve);
        prop_assert_eq!(Curve::new(&merged(&counts), Interval::LogLog), curve);
    }
}
