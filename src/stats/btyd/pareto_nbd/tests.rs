use super::*;
use crate::stats::btyd::{Model, ModelKind, Row, fit};

/// CDNOW in weeks, as in ../shared/truth/README.md.
const ROUNDED: [f64; 4] = [0.553, 10.578, 0.606, 11.669];

/// Parameters, (x, t_x, T), ln L, P(alive), gradient: the integral form by mpmath 1.4.1 (40 digits, adaptive panels); the
/// gradient by central differences of it, good to 1e-12.
type Case = ([f64; 4], u32, f64, f64, f64, f64, [f64; 4]);
#[rustfmt::skip]
const MPMATH: [Case; 22] = [
    ([0.55, 74.0, 0.6, 82.0], 0, 0.0, 272.0, -0.52135745483870531, 0.29984348123145734, [-0.861046473852718, 0.00376812753446224, 0.356969430837226, -0.00181948937685554]),
    ([0.55, 74.0, 0.6, 82.0], 0, 0.0, 0.0, 0.0, 1.0, [0.0, 0.0, 0.0, 0.0]),
    ([0.55, 74.0, 0.6, 82.0], 3, 100.0, 272.0, -17.308485833813568, 0.30722609810293827, [1.65051428396005, -0.0074397811160134, 0.0193597674982224, 0.00171234408434867]),
    ([0.55, 74.0, 0.6, 82.0], 300, 495.0, 500.0, -496.20757024862796, 0.97520727994060163, [5.39149588199578, -0.516253356867775, -1.9182807435365, 0.0062431344395631]),
    ([0.55, 74.0, 0.6, 82.0], 300, 5.0, 500.0, 94.638467746006206, 2.4429972560031338e-257, [7.37120386396051, -3.78440065240717, 1.60446014980479, -0.0110184015151496]),
    ([1.0, 1.0, 1.0, 1.0], 0, 0.0, 10000.0, -0.69314717056194506, 1.9996000399999992e-8, [-0.500000082087984, 0.333333339997334, 0.499999897916015, -0.333333320003333]),
    ([0.01, 0.01, 0.01, 0.01], 0, 0.0, 10000.0, -0.12864190290966322, 0.86271720642113529, [-12.8235794472259, 0.988849314432063, 0.904699910660529, -0.126132970727271]),
    ([0.01, 0.01, 5.0, 1000.0], 1, 1.0, 10000.0, -8.443954362847423, 2.5130372195724351e-8, [92.9091989722038, 0.787434219302768, 0.161849378776823, -0.000789519017099584]),
    ([5.0, 1000.0, 0.01, 0.01], 1, 1.0, 10000.0, -8.4439429651348738, 1.142277768121995e-5, [0.161822488264886, -0.000789459249385322, 92.9079800485548, 0.787436642043743]),
    ([0.5, 20.0, 0.5, 1000000.0], 10, 200.0, 700.0, -52.84195874245119, 0.25299072577155006, [1.49004620863627, -0.0109470857805236, 1.4936728063617, -7.46667752650054e-7]),
    ([0.5, 1000000.0, 0.5, 20.0], 10, 200.0, 700.0, -125.99162714938247, 0.55193496774083279, [4.26595560071752, -9.9941694731174e-6, -2.39546154916384, 0.0227234724484114]),
    ([30.0, 3000.0, 20.0, 8000.0], 2, 10.0, 9000.0, -10.956065405479966, 9.1054366646761823e-26, [0.0367172307884081, -0.000366384436026785, 0.0389974433073099, -9.64023530036675e-5]),
    ([2.0, 5.0, 1.0, 300.0], 20000, 9000.0, 10000.0, -4053.5419281373794, 0.0, [1.98463087689383, -1.82109939997881, -2.4340356114329, 0.00311828997948487]),
    ([2.0, 300.0, 1.0, 5.0], 20000, 9000.0, 10000.0, -4694.1037862261538, 0.0, [6.04674101790691, -2.1439785057263, -6.49614897515667, 0.199777912632385]),
    ([2.0, 300.0, 1.0, 5.0], 20000, 10000.0, 10000.0, -6727.1318453382631, 1.0, [5.94466151516793, -1.93527508090615, -7.60140233458373, 0.199900049975012]),
    ([0.7, 0.1, 0.7, 5000.0], 2, 0.5, 4000.0, -9.9744072412738988, 6.3546983782372325e-7, [-0.362794644114757, 4.16618998732469, 1.4283010592843, -0.00019990846453027]),
    ([0.7, 5000.0, 0.7, 0.1], 2, 0.5, 4000.0, -18.124003309023784, 0.00043458649078737985, [2.01410498923962, -0.000398631088456587, -1.74409796762274, 5.82324366071356]),
    ([0.7, 5000.0, 0.7, 0.1], 500, 0.5, 4000.0, -1650.9622953197714, 4.4233648137969329e-131, [7.43462474046992, -0.0999592661254893, -1.2694321655275, 5.57730043418216]),
    ([0.7, 0.1, 0.7, 5000.0], 500, 0.5, 4000.0, 2847.7647069886687, 0.0, [5.64127106954644, -825.833334015037, 1.42847119296969, -0.00019996592160338]),
    ([100000.0, 10000000.0, 0.3, 50.0], 4, 30.0, 400.0, -20.504647149862785, 0.076136997181672653, [2.90615190948174e-5, -2.90617921626825e-7, 2.05854408174761, -0.00415131469527393]),
    ([0.3, 50.0, 100000.0, 10000000.0], 4, 30.0, 400.0, -18.570384882062326, 7.9443079586814347e-5, [4.15108546024111, -0.0380060468020269, 4.79237451868726e-6, -4.79233942714637e-8]),
    ([12.0, 0.5, 0.02, 0.001], 35, 1.0, 2000.0, 80.568903652377584, 1.8067207595489397e-144, [0.277144210169073, -6.68726597647731, 43.0600146883091, 19.0118870776383]),
];

fn close(got: f64, expected: f64, tolerance: f64, what: &str) {
    let scale = expected.abs().max(1e-300);
    assert!(got == expected || (got - expected).abs() <= tolerance * scale, "{what}: {got}, not {expected}");
}

#[test]
fn mpmath_at_ordinary_and_extreme_places() {
    for (parameters, x, t_x, t, ln, alive, gradient) in MPMATH {
        let what = format!("{parameters:?} {x} {t_x} {t}");
        let got = ln_likelihood(&parameters, x, t_x, t);
        assert!((got - ln).abs() <= 1e-10 * ln.abs().max(1.0), "{what}: {got}, not {ln}");
        // Below 1e-300 it may be 0; a probability of e^-1000 has lost three digits to its exponent.
        if alive > 1e-300 {
            close(p_alive(&parameters, x, t_x, t), alive, 1e-10, &what);
        }
        let (value, slopes) = ln_likelihood_with_gradient(&parameters, x, t_x, t);
        assert!((value - ln).abs() <= 1e-10 * ln.abs().max(1.0), "{what}: {value}, not {ln}");
        for ((slope, expected), parameter) in slopes.into_iter().zip(gradient).zip(parameters) {
            // By the logarithm of the parameter, as a fit uses it.
            let (slope, expected) = (slope * parameter, expected * parameter);
            let scale = 1.0 + f64::from(x) + expected.abs();
            assert!((slope - expected).abs() <= 1e-9 * scale, "{what}: {slope}, not {expected}");
        }
    }
}

#[test]
fn mpmath_alive_where_it_underflows() {
    for (parameters, x, t_x, t, _, alive, _) in MPMATH {
        if alive == 0.0 {
            assert!(p_alive(&parameters, x, t_x, t) < 1e-300);
        }
    }
}

/// ../shared/truth/README.md, LTV (BTYD's and lifetimes' own tests): to 1e-8 and to the digits given. Times there are
/// rounded; they are whole days.
#[test]
fn truth_of_cdnow() {
    let cases = [
        (0, 0.0, 272.0, -0.5210368564),
        (1, 12.0, 272.0, -4.4508130281),
        (2, 213.0, 272.0, -9.5541228242),
        (26, 216.0, 217.0, -39.1316269761),
    ];
    for (x, t_x, t, expected) in cases {
        let got = ln_likelihood(&ROUNDED, x, t_x / 7.0, t / 7.0);
        assert!((got - expected).abs() < 1e-8, "{x}: {got}, not {expected}");
    }
    let fitted = [0.5532700, 10.5778007, 0.6060200, 11.6639145];
    let (t_x, t) = (30.0 + 3.0 / 7.0, 38.0 + 6.0 / 7.0);
    // The parameters are given to 7 digits.
    assert!((expected_purchases(&fitted, 2, t_x, t, 39.0) - 1.4553208).abs() < 1e-6);
    assert!((p_alive(&fitted, 2, t_x, t) - 0.8691655).abs() < 1e-6);
}

const PARAMETERS: [[f64; 4]; 6] = [
    [0.55, 74.0, 0.6, 82.0],
    [1.12, 33.8, 0.71, 324.0],
    [3.0, 20.0, 1.0, 20.0],
    [0.2, 300.0, 2.5, 40.0],
    [8.0, 200.0, 0.05, 1.0],
    [0.4, 3.0, 4.0, 2000.0],
];

#[test]
fn probabilities_sum_to_1_and_give_the_expectation() {
    for parameters in PARAMETERS {
        for t in [1.0, 30.0, 365.0] {
            let (mut sum, mut mean, mut n) = (0.0, 0.0, 0);
            loop {
                let p = probability_of_repeats(&parameters, n, t);
                assert!((0.0..=1.0).contains(&p), "{parameters:?} {t} {n}: {p}");
                sum += p;
                mean += f64::from(n) * p;
                n += 1;
                if f64::from(n) * p < 1e-14 && n > 5 {
                    break;
                }
            }
            assert!((sum - 1.0).abs() < 1e-9, "{parameters:?} {t}: {sum}");
            close(mean, expected_repeats(&parameters, t), 1e-8, &format!("{parameters:?} {t}"));
        }
    }
}

/// P(X(t) = 0) is the likelihood of nothing within t.
#[test]
fn nobody_buys_as_often_as_the_likelihood_says() {
    for parameters in PARAMETERS {
        for t in [0.5, 30.0, 5000.0] {
            let likelihood = libm::exp(ln_likelihood(&parameters, 0, 0.0, t));
            close(
                probability_of_repeats(&parameters, 0, t),
                likelihood,
                1e-10,
                &format!("{parameters:?} {t}"),
            );
        }
    }
}

/// Where nobody leaves (s near 0, or beta without bound) it is the negative binomial distribution.
#[test]
fn without_leaving_it_is_nbd() {
    let (r, alpha, t) = (0.7, 40.0, 300.0);
    for (s, beta) in [(1e-11, 50.0), (0.5, 1e14)] {
        let parameters = [r, alpha, s, beta];
        for n in [0, 1, 5, 50] {
            let count = f64::from(n);
            let nbd = libm::exp(
                ln_gamma_ratio(r, count)
                    - ln_gamma_ratio(1.0, count)
                    - r * libm::log1p(t / alpha)
                    - count * libm::log1p(alpha / t),
            );
            close(probability_of_repeats(&parameters, n, t), nbd, 1e-8, "pmf");
            let ln_nbd = ln_gamma_ratio(r, count) + r * libm::log(alpha) - (r + count) * libm::log(alpha + t);
            close(ln_likelihood(&parameters, n, t, t), ln_nbd, 1e-9, "likelihood");
        }
        assert!((p_alive(&parameters, 3, 200.0, t) - 1.0).abs() < 1e-8);
        close(expected_repeats(&parameters, t), r * t / alpha, 1e-8, "repeats");
        let rate = (r + 3.0) / (alpha + t);
        close(expected_purchases(&parameters, 3, 200.0, t, 90.0), rate * 90.0, 1e-8, "purchases");
    }
}

#[test]
fn s_of_one_is_no_exception() {
    for horizon in [1.0, 90.0, 3000.0] {
        let below = expected_purchases(&[0.5, 20.0, 1.0 - 1e-7, 30.0], 3, 10.0, 50.0, horizon);
        let above = expected_purchases(&[0.5, 20.0, 1.0 + 1e-7, 30.0], 3, 10.0, 50.0, horizon);
        let at = expected_purchases(&[0.5, 20.0, 1.0, 30.0], 3, 10.0, 50.0, horizon);
        close(at, (below + above) / 2.0, 1e-10, "s = 1");
    }
}

/// Days or weeks: the likelihood is a density of x times, the predictions have no unit of time.
#[test]
fn units_change_nothing() {
    let days = [0.55, 74.0, 0.6, 82.0];
    let weeks = [0.55, 74.0 / 7.0, 0.6, 82.0 / 7.0];
    for (x, t_x, t) in [(0, 0.0, 70.0), (4, 35.0, 84.0), (90, 700.0, 700.0)] {
        let density = f64::from(x) * libm::log(7.0);
        let (a, b) = (ln_likelihood(&days, x, t_x, t), ln_likelihood(&weeks, x, t_x / 7.0, t / 7.0));
        assert!((a + density - b).abs() < 1e-10);
        close(p_alive(&days, x, t_x, t), p_alive(&weeks, x, t_x / 7.0, t / 7.0), 1e-12, "alive");
        let (a, b) = (
            expected_purchases(&days, x, t_x, t, 91.0),
            expected_purchases(&weeks, x, t_x / 7.0, t / 7.0, 13.0),
        );
        close(a, b, 1e-12, "purchases");
    }
}

#[test]
fn nothing_is_ever_not_a_number() {
    let values = [1e-6, 1e-2, 1.0, 50.0, 1e4, 1e8];
    for r in values {
        for alpha in values {
            for s in values {
                for beta in values {
                    let parameters = [r, alpha, s, beta];
                    for (x, t_x, t) in [
                        (0, 0.0, 0.0),
                        (0, 0.0, 9999.0),
                        (1, 1.0, 1.0),
                        (40_000, 3.0, 1e4),
                        (40_000, 1e4, 1e4),
                    ] {
                        let (value, gradient) = ln_likelihood_with_gradient(&parameters, x, t_x, t);
                        let alive = p_alive(&parameters, x, t_x, t);
                        let bought = expected_purchases(&parameters, x, t_x, t, 365.0);
                        let all = [value, ln_likelihood(&parameters, x, t_x, t), alive, bought];
                        let finite = all.iter().chain(&gradient).all(|part| part.is_finite());
                        assert!(
                            finite && (0.0..=1.0).contains(&alive),
                            "{parameters:?} {x} {t_x} {t}: {all:?} {gradient:?}"
                        );
                    }
                    for n in [0, 3, 500] {
                        let p = probability_of_repeats(&parameters, n, 200.0);
                        assert!((0.0..=1.0).contains(&p), "{parameters:?} {n}: {p}");
                    }
                }
            }
        }
    }
}

/// The customers of CDNOW; `None` where the folder of references is not there.
fn cdnow() -> Option<Vec<(Row, f64)>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/truth/ltv/btyd_cdnowSummary_cbs.csv");
    let Ok(text) = std::fs::read_to_string(path) else {
        eprintln!("skipped: {path} is not there");
        return None;
    };
    let row = |line: &str| {
        let fields: Vec<f64> = line.split(',').map(|field| field.parse().unwrap()).collect();
        // Weeks, written with 15 digits, of whole days.
        let days = |weeks: f64| (weeks * 7.0).round();
        (Row { x: fields[1] as u32, t_x: days(fields[2]), t: days(fields[3]), weight: 1.0 }, fields[4])
    };
    Some(text.lines().skip(1).map(row).collect())
}

/// ../shared/truth/README.md: log-likelihood (weeks) within 1e-3, the total of the 39 hold-out weeks to 0.02 %, as beta is
/// flat and the truth's parameters are not at the very maximum.
#[test]
fn truth_of_the_fit_to_cdnow() {
    let Some(customers) = cdnow() else { return };
    let rows: Vec<Row> = customers.iter().map(|(row, _)| *row).collect();
    let found = fit(ModelKind::ParetoNbd, &rows, None, 1).unwrap();
    let ln = found.ln_likelihood_in_unit(7.0);
    assert!((ln + 9594.976181).abs() < 1e-3, "{ln}");
    let weeks = found.model.in_unit(7.0);
    for (got, truth) in weeks.into_iter().zip([0.5532700, 10.5778007, 0.6060200, 11.6639145]) {
        close(got, truth, 3e-3, "parameter");
    }
    let total: f64 =
        rows.iter().map(|row| found.model.expected_purchases(row.x, row.t_x, row.t, 273.0)).sum();
    assert!((total - 1665.69).abs() < 0.3, "{total}");
    let truth = Model::from_unit(ModelKind::ParetoNbd, [0.5532700, 10.5778007, 0.6060200, 11.6639145], 7.0);
    let total: f64 = rows.iter().map(|row| truth.expected_purchases(row.x, row.t_x, row.t, 273.0)).sum();
    assert!((total - 1665.69).abs() < 0.005, "{total}");
}
