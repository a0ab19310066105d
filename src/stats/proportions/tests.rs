use super::*;

/// statsmodels: proportion_confint(x, n, method="wilson"); 15 digits.
#[test]
fn wilsons_intervals_are_those_of_statsmodels() {
    let known = [
        (0, 10, 0.0, 0.27753279986288926),
        (1, 10, 0.017876213095072924, 0.40415002679523854),
        (5, 10, 0.23659309051256394, 0.7634069094874361),
        (10, 10, 0.7224672001371106, 1.0),
        (345, 2357, 0.13267765184973665, 0.1612181776344199),
        (1139, 2357, 0.46311097635607423, 0.5034263784905053),
    ];
    for (successes, trials, lower, upper) in known {
        let found = wilson_95(successes, trials).unwrap();
        assert!((found.lower - lower).abs() < 1e-13 && (found.upper - upper).abs() < 1e-13, "{found:?}");
    }
}

#[test]
fn wilsons_interval_keeps_to_shares() {
    assert_eq!(wilson_95(0, 0), None);
    assert_eq!(wilson_95(2, 1), None);
    for trials in 1..60 {
        for successes in 0..=trials {
            let share = successes as f64 / trials as f64;
            let Bounds { lower, upper } = wilson_95(successes, trials).unwrap();
            assert!(0.0 <= lower && lower <= share && share <= upper && upper <= 1.0);
            let mirror = wilson_95(trials - successes, trials).unwrap();
            assert!((mirror.lower - (1.0 - upper)).abs() < 1e-14);
            // What defines it: at its ends the score statistic is z.
            if successes > 0 {
                let z = (share - lower) / (lower * (1.0 - lower) / trials as f64).sqrt();
                assert!((z - two_sided_z(LEVEL)).abs() < 1e-9, "{successes} of {trials}: {z}");
            }
        }
    }
    assert_eq!(wilson_95(0, 5).unwrap().lower, 0.0);
    assert_eq!(wilson_95(5, 5).unwrap().upper, 1.0);
    assert!(wilson(5, 10, 0.99).unwrap().lower < wilson_95(5, 10).unwrap().lower);
}
