use proptest::prelude::*;

use super::super::proportions::LEVEL;
use super::*;

fn of(successes: u64, trials: u64) -> Proportion {
    Proportion::new(successes, trials)
}

fn close(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance * expected.abs().max(1e-300), "{found} {expected}");
}

/// statsmodels 0.15: proportions_ztest; confint_proportions_2indep(method="newcomb"); scipy 1.17: fisher_exact.
#[test]
fn tests_and_intervals_are_those_of_statsmodels_and_scipy() {
    let cases = [
        (
            56,
            70,
            48,
            80,
            2.6501719512585336,
            0.00804508136819656,
            0.05243147240236498,
            0.33387265403690614,
            0.012521129749209154,
        ),
        (
            6,
            7,
            2,
            7,
            2.160246899469287,
            0.030753561259274524,
            0.05822792748231209,
            0.8062496375242278,
            0.10256410256410256,
        ),
        (
            9,
            10,
            3,
            10,
            2.738612787525831,
            0.006169899320544151,
            0.1705227239345029,
            0.809017973535488,
            0.019766611097880443,
        ),
        (
            5,
            56,
            0,
            29,
            1.6586488692392285,
            0.09718656817057973,
            -0.038137147903536936,
            0.19256001385511165,
            0.1606214432094711,
        ),
        (
            10,
            10,
            0,
            20,
            5.47722557505166,
            4.320463057827506e-08,
            0.6790860371419145,
            1.0,
            3.328339160423118e-08,
        ),
        (
            412,
            1070,
            300,
            980,
            3.7490776222048967,
            0.00017748614939453638,
            0.037722479185038196,
            0.11964568689833134,
            0.00020142147561635164,
        ),
    ];
    for (x, n, y, m, z, p, lower, upper, exact) in cases {
        let (a, b) = (of(x, n), of(y, m));
        close(pooled_z(a, b).unwrap(), z, 1e-12);
        let bounds = newcombe(a, b, LEVEL).unwrap();
        close(bounds.lower, lower, 1e-10);
        close(bounds.upper, upper, 1e-10);
        close(fisher_exact(a, b).unwrap(), exact, 1e-10);
        let compared = compare(a, b).unwrap();
        let fisher = least_expected(a, b) < 5.0;
        assert_eq!(compared.test, if fisher { ProportionTest::Fisher } else { ProportionTest::Pooled });
        close(compared.p, if fisher { exact } else { p }, 1e-10);
    }
    let (a, b) = (of(120_000, 400_000), of(119_000, 400_000));
    close(compare(a, b).unwrap().p, 0.01457910375602918, 1e-10);
    close(newcombe(a, b, LEVEL).unwrap().lower, 0.0004940340649324947, 1e-10);
    // Nobody at all: no z, and nothing to tell.
    let none = compare(of(0, 10), of(0, 20)).unwrap();
    assert_eq!((none.z, none.p, none.test), (None, 1.0, ProportionTest::Fisher));
    let bounds = newcombe(of(0, 10), of(0, 20), LEVEL).unwrap();
    close(bounds.lower, -0.1611251580528194, 1e-10);
    close(bounds.upper, 0.27753279986288926, 1e-10);
}

/// scipy 1.17: fisher_exact, to 1e-10.
#[test]
fn tiny_counts_are_exact() {
    for (x, n, y, m, p) in [
        (1, 1000, 6, 900, 0.05774529944608862),
        (2, 7, 9, 400, 0.012974311676141086),
        (0, 50, 4, 60, 0.12435683249367552),
        (3, 3, 0, 3, 0.1),
    ] {
        close(fisher_exact(of(x, n), of(y, m)).unwrap(), p, 1e-10);
    }
}

#[test]
fn extremes_are_refused_or_finite() {
    assert_eq!(compare(of(0, 0), of(1, 2)), None);
    assert_eq!(newcombe(of(0, 0), of(1, 2), LEVEL), None);
    assert_eq!(compare(of(3, 2), of(1, 2)), None);
    let far = compare(of(1_000_000, 1_000_000), of(0, 1_000_000)).unwrap();
    assert!(far.p == 0.0 && far.z.unwrap().is_finite());
    let few = compare(of(3, 3), of(5, 1_000_000_000)).unwrap();
    assert!(few.test == ProportionTest::Fisher && few.p < 1e-12);
}

/// ../shared/truth/abtest_cases.json: statsmodels 0.15; there the difference is b - a.
#[test]
#[allow(clippy::print_stderr)] // says why it is skipped
fn the_cases_agree() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/truth/abtest_cases.json");
    let Ok(text) = std::fs::read_to_string(path) else {
        eprintln!("skipped: {path} is not here");
        return;
    };
    let cases: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut seen = 0;
    for case in cases["cases"].as_array().unwrap() {
        let (inputs, outputs) = (&case["inputs"], &case["outputs"]);
        let count = |name: &str| inputs[name].as_u64();
        let (Some(x), Some(n), Some(y), Some(m)) =
            (count("conversions_a"), count("n_a"), count("conversions_b"), count("n_b"))
        else {
            continue;
        };
        let (a, b) = (of(x, n), of(y, m));
        if let Some(z) = outputs["z_pooled"].as_f64() {
            close(pooled_z(b, a).unwrap(), z, 1e-10);
        }
        let bounds = newcombe(b, a, LEVEL).unwrap();
        let expected = &outputs["ci95_diff_newcomb"];
        close(bounds.lower, expected[0].as_f64().unwrap(), 1e-10);
        close(bounds.upper, expected[1].as_f64().unwrap(), 1e-10);
        if let (Some(p), ProportionTest::Pooled) =
            (outputs["p_two_sided_pooled"].as_f64(), compare(a, b).unwrap().test)
        {
            close(compare(a, b).unwrap().p, p, 1e-9);
        }
        seen += 1;
    }
    assert!(seen >= 6, "{seen} cases");
}

proptest! {
    /// By the definition: the hypergeometric probabilities from factorials.
    #[test]
    fn fisher_naively(n in 1_u64..20, m in 1_u64..20, x in 0_u64..20, y in 0_u64..20) {
        let (x, y) = (x.min(n), y.min(m));
        let factorial = |k: u64| (1..=k).map(|i| i as f64).product::<f64>();
        let choose = |n: u64, k: u64| factorial(n) / factorial(k) / factorial(n - k);
        let all = x + y;
        let probability = |k: u64| choose(n, k) * choose(m, all - k) / choose(n + m, all);
        let seen = probability(x) * (1.0 + 1e-7);
        let p: f64 = (all.saturating_sub(m)..=all.min(n)).map(probability).filter(|p| *p <= seen).sum();
        let found = fisher_exact(of(x, n), of(y, m)).unwrap();
        prop_assert!((found - p.min(1.0)).abs() < 1e-10, "{found} {p}");
    }

    #[test]
    fn swapping_the_sides_turns_the_sign(n in 1_u64..500, m in 1_u64..500, x in 0_u64..500, y in 0_u64..500) {
        let (a, b) = (of(x.min(n), n), of(y.min(m), m));
        let (ab, ba) = (newcombe(a, b, LEVEL).unwrap(), newcombe(b, a, LEVEL).unwrap());
        prop_assert!((ab.lower + ba.upper).abs() < 1e-12 && (ab.upper + ba.lower).abs() < 1e-12);
        prop_assert!(ab.lower <= ab.upper && ab.lower >= -1.0 && ab.upper <= 1.0);
        let difference = a.share().unwrap() - b.share().unwrap();
        prop_assert!(ab.lower <= difference + 1e-12 && difference <= ab.upper + 1e-12);
        let (ab, ba) = (compare(a, b).unwrap(), compare(b, a).unwrap());
        prop_assert!((ab.p - ba.p).abs() < 1e-9 && (0.0..=1.0).contains(&ab.p));
    }
}
