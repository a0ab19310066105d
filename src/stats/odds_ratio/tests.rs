use super::super::proportions::LEVEL;
use super::*;

/// statsmodels 0.15: Table2x2 of the four counts with 1 added: oddsratio, oddsratio_confint. To 1e-12.
#[test]
fn ratios_are_those_of_statsmodels() {
    for ((a, of_a, b, of_b), ratio, lower, upper) in [
        ((5, 7, 1, 11), 11.0, 1.420174364079867, 85.2008056619133),
        ((40, 100, 30, 300), 5.875727128503438, 3.414086401341539, 10.112271697361034),
        ((0, 20, 9, 50), 0.2, 0.023974680430832344, 1.6684268270186609),
    ] {
        let found = odds_ratio_plus_one(Proportion::new(a, of_a), Proportion::new(b, of_b), LEVEL).unwrap();
        for (found, expected) in [(found.ratio, ratio), (found.lower, lower), (found.upper, upper)] {
            assert!((found / expected - 1.0).abs() < 1e-12, "{found} {expected}");
        }
        assert!((found.log - libm::log(ratio)).abs() < 1e-12);
    }
    let nobody = odds_ratio_plus_one(Proportion::new(0, 0), Proportion::new(0, 0), LEVEL).unwrap();
    assert!(nobody.ratio == 1.0 && nobody.lower < 1.0 && nobody.upper.is_finite());
    assert_eq!(odds_ratio_plus_one(Proportion::new(2, 1), Proportion::new(0, 0), LEVEL), None);
}
