use proptest::prelude::*;

use super::*;

fn history(counts: &[(u64, u64)]) -> Vec<Proportion> {
    counts.iter().map(|(x, n)| Proportion::new(*x, *n)).collect()
}

/// A linear congruential generator (Knuth, MMIX), 0 to 1: enough for counts of coin tosses.
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn successes(&mut self, trials: u64, share: f64) -> u64 {
        (0..trials).filter(|_| self.next() < share).count() as u64
    }
}

/// Simulated with numpy: 400,000 chains of the same correlations, standard error at most 0.0007.
#[test]
fn chances_are_those_of_simulated_chains() {
    for (periods, truth) in [
        (12_u32, [(2.0, 0.1058), (2.5, 0.0338), (3.0, 0.0085)]),
        (52, [(2.0, 0.2160), (2.5, 0.0787), (3.0, 0.0216)]),
        (6, [(2.0, 0.0537), (2.5, 0.0156), (3.0, 0.0036)]),
    ] {
        let times: Vec<f64> = (3..periods).map(|at| f64::from(at) / f64::from(periods)).collect();
        for (c, chance) in truth {
            let found = chance_to_exceed(c, &times);
            assert!((found - chance).abs() < 0.002, "{periods} {c}: {found} {chance}");
        }
    }
    assert!((chance_to_exceed(1.959963984540054, &[0.5]) - 0.025).abs() < 1e-12);
    // Independent times: 1 - (1 - p)^2.
    let apart = chance_to_exceed(1.0, &[1e-12, 1.0 - 1e-12]);
    let p = normal_survival(1.0);
    assert!((apart - (2.0 * p - p * p)).abs() < 1e-6, "{apart}");
    // No jump where the far tail begins, and no times so close that the grid loses them.
    let times: Vec<f64> = (3..12).map(|at| f64::from(at) / 12.0).collect();
    let (near, far) = (chance_to_exceed(5.999, &times), chance_to_exceed(6.0, &times));
    assert!(near < far * 1.01 && near > far * 0.7, "{near} {far}");
    let close: Vec<f64> = (0..50).map(|at| 0.5 + 1e-9 * f64::from(at)).collect();
    assert!((0.025..0.3).contains(&chance_to_exceed(1.96, &close)));
    let tiny = chance_to_exceed(30.0, &[0.2, 0.4, 0.6]);
    assert!(tiny > 0.0 && tiny < 1e-190, "{tiny}");
    assert_eq!(chance_to_exceed(0.0, &[0.5]), 1.0);
}

#[test]
fn a_planted_fall_is_found_where_it_is() {
    let mut draws = Draws(7);
    let counts: Vec<Proportion> = (0..16)
        .map(|week| Proportion::new(draws.successes(200, if week < 9 { 0.6 } else { 0.4 }), 200))
        .collect();
    let fall = clearest_fall(&counts).unwrap();
    assert_eq!(fall.split, 9);
    assert!(fall.p < 1e-10 && fall.z > 6.0, "{fall:?}");
    assert_eq!(fall.before.trials, 1800);
    // A rise is no fall.
    let risen: Vec<Proportion> = counts.iter().rev().copied().collect();
    assert!(clearest_fall(&risen).unwrap().p > 0.5);
}

/// Histories without any change may be called changed at 5 % in one of 20. Found: 10 of 400.
#[test]
fn false_alarms_are_as_rare_as_claimed() {
    let mut draws = Draws(11);
    let mut alarms = 0;
    for _ in 0..400 {
        let counts: Vec<Proportion> =
            (0..12).map(|_| Proportion::new(draws.successes(80, 0.5), 80)).collect();
        alarms += u32::from(clearest_fall(&counts).unwrap().p < 0.05);
    }
    // 20 expected, with a standard error of 4.4; taking off the dispersion makes it careful.
    assert!((5..=33).contains(&alarms), "{alarms} of 400");
}

/// Where the rate itself wanders from week to week, a test of counts alone would cry wolf. Found: 18 of 300 at 5 %.
#[test]
fn wandering_rates_are_no_falls() {
    let mut draws = Draws(3);
    let mut alarms = 0;
    for _ in 0..300 {
        let counts: Vec<Proportion> = (0..12)
            .map(|_| {
                let share = 0.5 + 0.2 * (draws.next() - 0.5);
                Proportion::new(draws.successes(1000, share), 1000)
            })
            .collect();
        let fall = clearest_fall(&counts).unwrap();
        assert!(fall.dispersion > 1.0);
        alarms += u32::from(fall.p < 0.05);
    }
    assert!(alarms <= 27, "{alarms} of 300");
}

#[test]
fn short_and_empty_histories_cannot_be_tested() {
    assert_eq!(clearest_fall(&[]), None);
    assert_eq!(clearest_fall(&history(&[(5, 10); 3])), None);
    assert_eq!(clearest_fall(&history(&[(0, 100); 8])), None);
    assert_eq!(clearest_fall(&history(&[(100, 100); 8])), None);
    assert_eq!(clearest_fall(&history(&[(0, 0); 8])), None);
    assert_eq!(clearest_fall(&history(&[(1, 2); 8])), None);
    assert!(clearest_fall(&history(&[(50, 100); 4])).unwrap().p > 0.3);
}

proptest! {
    #[test]
    fn numbers_are_finite(counts in prop::collection::vec((0_u64..400, 0_u64..400), 0..30)) {
        let counts: Vec<Proportion> = counts.iter().map(|(x, n)| Proportion::new((*x).min(*n), *n)).collect();
        if let Some(fall) = clearest_fall(&counts) {
            prop_assert!(fall.z.is_finite() && (0.0..=1.0).contains(&fall.p) && fall.dispersion >= 1.0);
            prop_assert_eq!(fall.before.trials + fall.since.trials, counts.iter().map(|c| c.trials).sum::<u64>());
            prop_assert!(fall.split >= LEAST_BEFORE && fall.split < counts.len());
        }
    }
}
