use super::*;

/// The optimum on CDNOW, weeks (BTYD 2.4).
const CDNOW: [f64; 4] = [0.2425945, 4.4136019, 0.7929199, 2.4258881];
const ROUNDED: [f64; 4] = [0.243, 4.414, 0.793, 2.426];
/// CDNOW's days as weeks.
const CUSTOMERS: [(u32, f64, f64); 4] = [
    (0, 0.0, 272.0 / 7.0),
    (1, 12.0 / 7.0, 272.0 / 7.0),
    (2, 213.0 / 7.0, 272.0 / 7.0),
    (26, 216.0 / 7.0, 31.0),
];

#[track_caller]
fn near(got: f64, expected: f64, tolerance: f64) {
    assert!((got - expected).abs() <= tolerance, "{got} for {expected}");
}

#[test]
fn likelihoods_of_single_customers() {
    // ../shared/truth/README.md: BTYD, ten digits.
    let expected = [-0.5546972320, -4.4697609295, -9.4584735575, -37.7265133283];
    for ((x, t_x, t), expected) in CUSTOMERS.into_iter().zip(expected) {
        near(ln_likelihood(&ROUNDED, x, t_x, t), expected, 1e-8);
    }
    let other = [0.25, 4.0, 0.8, 2.5];
    near(ln_likelihood(&other, 0, 0.0, 40.0), -0.5994738182, 1e-10);
    // B(a, b+x) is 1e-82 here and (alpha+t)^-(r+x) underflows.
    near(ln_likelihood(&other, 200, 38.0, 40.0), 100.7956930927, 1e-10);
}

#[test]
fn predictions_as_published() {
    // ../shared/truth/README.md, to the digits given there.
    let times = [(0.1429, 0.0078), (1.0, 0.0532), (3.0, 0.1506), (31.8571, 1.0405), (32.0, 1.0437)];
    for (t, expected) in times {
        near(expected_repeats(&CDNOW, t), expected, 5.1e-5);
    }
    // At 78 weeks the published 1.8576 is the spreadsheet's series, broken off after 150 terms (1.85762); scipy has 1.85796.
    near(expected_repeats(&CDNOW, 78.0), 1.85796, 5.1e-6);
    near(expected_repeats(&CDNOW, 78.0), 1.8576, 4e-4);
    let (x, t_x, t) = CUSTOMERS[2];
    near(expected_purchases(&CDNOW, x, t_x, t, 39.0), 1.2259933, 2e-6);
    near(p_alive(&CDNOW, x, t_x, t), 0.7266198, 1e-6);
    assert_eq!(p_alive(&CDNOW, 0, 0.0, 38.857), 1.0);
}

#[test]
fn expectation_in_every_corner() {
    // Equation (9) by mpmath with 60 digits. The last is out of reach of the series: the quadrature.
    let table = [
        (0.243, 4.414, 0.793, 2.426, 1e-4, 5.505191597713633e-06),
        (0.243, 4.414, 0.793, 2.426, 78.0, 1.8605190579427686),
        (0.243, 4.414, 1.0, 2.426, 78.0, 1.6205935075393698),
        (0.9, 3.5, 1.0000001, 7.0, 52.0, 6.354952828356982),
        (5.2, 40.0, 0.8, 7.4, 52.0, 5.059139211497434),
        (300.5, 500.0, 0.6, 300.0, 365.0, 184.08329576450774),
        (0.5, 1.0, 0.01, 5.0, 1000.0, 478.15630576646663),
        (20000.0, 800.0, 0.7, 20000.0, 500.0, 10452.906858001452),
    ];
    for (r, alpha, a, b, t, expected) in table {
        near(expected_repeats(&[r, alpha, a, b], t) / expected, 1.0, 2e-13);
    }
    assert_eq!(expected_repeats(&CDNOW, 0.0), 0.0);
    // Whoever never leaves buys r t/alpha times.
    near(expected_repeats(&[0.5, 10.0, 1e-12, 5.0], 40.0), 2.0, 1e-10);
    for wild in [[1e-6, 1e6, 1e-6, 1e6], [1e5, 1e-3, 1e5, 1e-5], [3.0, 1e-9, 2.0, 1e3], [1e5, 1e5, 1e-5, 1e5]]
    {
        for t in [1e-9, 1.0, 1e5] {
            let expected = expected_repeats(&wild, t);
            assert!(expected.is_finite() && expected >= 0.0, "{wild:?} {t}: {expected}");
            assert!(expected <= wild[0] * t / wild[1] * (1.0 + 1e-9), "{wild:?} {t}: {expected}");
        }
    }
}

#[test]
fn gauss_form_of_the_expectation() {
    // Equation (9), the other road, where it is well-conditioned.
    for (parameters, t) in [(CDNOW, 39.0), ([1.7, 20.0, 3.1, 4.4], 60.0), ([0.9, 3.0, 0.4, 9.0], 200.0)] {
        let [r, alpha, a, b]: [f64; 4] = parameters;
        let z = t / (alpha + t);
        let gauss = crate::stats::special::hyp2f1(r, b, a + b - 1.0, z).unwrap();
        let expected = (a + b - 1.0) / (a - 1.0) * (1.0 - libm::pow(alpha / (alpha + t), r) * gauss);
        near(expected_repeats(&parameters, t) / expected, 1.0, 1e-12);
    }
}

#[test]
fn probabilities_sum_to_one_and_to_the_expectation() {
    for (parameters, t) in [(CDNOW, 39.0), ([1.7, 20.0, 3.1, 4.4], 60.0), ([40.0, 10.0, 0.4, 90.0], 30.0)] {
        let all: Vec<f64> = (0..2000).map(|n| probability_of_repeats(&parameters, n, t)).collect();
        near(all.iter().sum(), 1.0, 1e-12);
        let mean: f64 = all.iter().zip(0_u32..).map(|(probability, n)| probability * f64::from(n)).sum();
        near(mean / expected_repeats(&parameters, t), 1.0, 1e-10);
    }
    assert_eq!(probability_of_repeats(&CDNOW, 0, 0.0), 1.0);
    assert_eq!(probability_of_repeats(&CDNOW, 3, 0.0), 0.0);
}

/// The likelihood integrated over all times of purchases is their probability: for one repeat purchase, over its time.
#[test]
fn the_likelihood_is_the_density_of_the_probability() {
    let (steps, t) = (20_000, 39.0);
    let at =
        |step: u32| libm::exp(ln_likelihood(&CDNOW, 1, t * (f64::from(step) + 0.5) / f64::from(steps), t));
    let integral = (0..steps).map(at).sum::<f64>() * t / f64::from(steps);
    near(integral / probability_of_repeats(&CDNOW, 1, t), 1.0, 1e-7);
}

#[test]
fn gradients_are_derivatives() {
    for parameters in [ROUNDED, [3.0, 0.5, 0.01, 40.0], [1e-3, 700.0, 50.0, 0.2]] {
        for (x, t_x, t) in
            CUSTOMERS.into_iter().chain([(20_000, 900.0, 1000.0), (3, 10.0, 10.0), (0, 0.0, 0.0)])
        {
            let (value, gradient) = ln_likelihood_with_gradient(&parameters, x, t_x, t);
            for place in 0..4 {
                let step = parameters[place] * 1e-5;
                let moved = |by: f64| {
                    let mut moved = parameters;
                    moved[place] += by;
                    ln_likelihood(&moved, x, t_x, t)
                };
                let difference = (moved(step) - moved(-step)) / (2.0 * step);
                let scale = gradient[place].abs().max(f64::from(x) / parameters[place]).max(1e-3);
                let rounding = 4.0 * f64::EPSILON * (1.0 + value.abs()) / step;
                near(gradient[place], difference, 1e-6 * scale + rounding);
            }
        }
    }
}
