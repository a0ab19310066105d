use super::*;

/// The optimum on CDNOW, weeks (BTYDplus).
const CDNOW: [f64; 4] = [0.5248436, 6.1830928, 0.8913878, 1.6140483];
const ROUNDED: [f64; 4] = [0.525, 6.183, 0.891, 1.614];
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
    // ../shared/truth/README.md: BTYDplus, ten digits.
    let expected = [-0.5398244842, -4.4610304196, -9.4854092563, -38.3220564278];
    for ((x, t_x, t), expected) in CUSTOMERS.into_iter().zip(expected) {
        near(ln_likelihood(&ROUNDED, x, t_x, t), expected, 1e-8);
    }
}

#[test]
fn predictions_as_published() {
    // ../shared/truth/README.md, to the digits given there.
    let (x, t_x, t) = CUSTOMERS[2];
    near(expected_purchases(&CDNOW, x, t_x, t, 39.0), 1.2627470, 1e-7);
    near(p_alive(&CDNOW, x, t_x, t), 0.7061345, 1e-7);
    near(p_alive(&CDNOW, 0, 0.0, 38.857), 0.3897221, 1e-6);
}

#[test]
fn probabilities_sum_to_one_and_to_the_expectation() {
    for (parameters, t) in [(CDNOW, 39.0), ([1.7, 20.0, 1.0, 4.4], 60.0), ([40.0, 10.0, 0.4, 90.0], 30.0)] {
        let all: Vec<f64> = (0..2000).map(|n| probability_of_repeats(&parameters, n, t)).collect();
        near(all.iter().sum(), 1.0, 1e-12);
        let mean: f64 = all.iter().zip(0_u32..).map(|(probability, n)| probability * f64::from(n)).sum();
        near(mean / expected_repeats(&parameters, t), 1.0, 1e-10);
    }
    // Some leave at the first purchase, but in no time nobody buys again.
    near(probability_of_repeats(&CDNOW, 0, 0.0), 1.0, 1e-15);
}

#[test]
fn the_likelihood_is_the_density_of_the_probability() {
    let (steps, t) = (20_000, 39.0);
    let at =
        |step: u32| libm::exp(ln_likelihood(&CDNOW, 1, t * (f64::from(step) + 0.5) / f64::from(steps), t));
    let integral = (0..steps).map(at).sum::<f64>() * t / f64::from(steps);
    near(integral / probability_of_repeats(&CDNOW, 1, t), 1.0, 1e-7);
    near(libm::exp(ln_likelihood(&CDNOW, 0, 0.0, t)), probability_of_repeats(&CDNOW, 0, t), 1e-14);
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
