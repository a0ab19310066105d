use super::*;

fn near(found: f64, expected: f64, relative: f64) {
    assert!((found - expected).abs() <= relative * expected.abs(), "{found:e} is not {expected:e}");
}

/// scipy 1.x: norm.cdf, norm.sf.
#[test]
fn normal_probabilities_are_scipys() {
    near(normal_cdf(-10.0), 7.61985302416047e-24, 1e-13);
    near(normal_cdf(-5.0), 2.866515718791933e-07, 1e-13);
    near(normal_cdf(-1.5), 0.06680720126885807, 1e-14);
    near(normal_cdf(0.0), 0.5, 0.0);
    near(normal_cdf(0.3), 0.6179114221889526, 1e-14);
    near(normal_survival(2.0), 0.022750131948179195, 1e-14);
    near(normal_survival(6.0), 9.865876450376946e-10, 1e-13);
    near(normal_survival(-5.0), 0.9999997133484281, 1e-15);
}

/// scipy: norm.ppf.
#[test]
fn normal_quantiles_are_scipys() {
    let known = [
        (1e-300, -37.0470962993612),
        (1e-20, -9.262340089798409),
        (1e-06, -4.753424308822899),
        (0.025, -1.9599639845400545),
        (0.3, -0.5244005127080409),
        (0.9, 1.2815515655446004),
        (0.975, 1.959963984540054),
        (0.999999, 4.753424308817087),
    ];
    for (p, z) in known {
        near(normal_quantile(p), z, 1e-13);
    }
    assert_eq!(normal_quantile(0.5), 0.0);
    assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
    assert_eq!(normal_quantile(1.0), f64::INFINITY);
    assert!(normal_quantile(1.5).is_nan() && normal_quantile(f64::NAN).is_nan());
}

#[test]
fn a_quantile_has_its_probability() {
    for at in 1..10_000 {
        let p = f64::from(at) / 10_000.0;
        near(normal_cdf(normal_quantile(p)), p, 1e-13);
        // The upper tail is read with the rounding of 1 - p: 1e-16 of 1e-4.
        near(normal_survival(normal_quantile(p)), 1.0 - p, 1e-11);
    }
}

/// scipy: chi2.sf; the ones in the far tail are those of p-values that reports print.
#[test]
fn chi_squared_tails_are_scipys() {
    let known = [
        (34.97361, 1.0, 3.3420429047223136e-09),
        (122.2491, 1.0, 2.0360094651622873e-28),
        (3.841458820694124, 1.0, 0.04999999999999989),
        (0.1, 1.0, 0.7518296340458492),
        (5.0, 2.0, 0.0820849986238988),
        (5.0, 10.0, 0.8911780189141513),
        (1000.0, 1.0, 1.7958327848007363e-219),
        (150.0, 100.0, 0.0009039320423540184),
        (1400.0, 3.0, 2.945619361016289e-303),
    ];
    for (x, df, p) in known {
        near(chi_squared_survival(x, df), p, 1e-12);
    }
    assert_eq!(chi_squared_survival(0.0, 3.0), 1.0);
    assert_eq!(chi_squared_survival(-1.0, 3.0), 1.0);
    assert_eq!(chi_squared_survival(f64::INFINITY, 3.0), 0.0);
}

/// Of one degree of freedom X is the square of a standard normal; of two, an exponential.
#[test]
fn chi_squared_agrees_with_what_it_is_made_of() {
    for at in 1..400 {
        let z = f64::from(at) / 20.0;
        near(chi_squared_survival(z * z, 1.0), 2.0 * normal_survival(z), 1e-12);
        near(chi_squared_survival(z, 2.0), libm::exp(-z / 2.0), 1e-13);
    }
    assert!(gamma_survival(0.0, 1.0).is_nan() && gamma_survival(1.0, -1.0).is_nan());
}
