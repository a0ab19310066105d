use super::*;

fn rosenbrock<const N: usize>(x: &[f64; N]) -> (f64, [f64; N]) {
    let (mut value, mut gradient) = (0.0, [0.0; N]);
    for i in 0..N - 1 {
        let (valley, slope) = (x[i + 1] - x[i] * x[i], 1.0 - x[i]);
        value += 100.0 * valley * valley + slope * slope;
        gradient[i] -= 400.0 * valley * x[i] + 2.0 * slope;
        gradient[i + 1] += 200.0 * valley;
    }
    (value, gradient)
}

#[test]
fn a_curved_valley() {
    let found = minimise(rosenbrock, [-1.2, 1.0], &Limits::default());
    assert!(found.converged && found.value < 1e-18, "{found:?}");
    let found = minimise(rosenbrock, [0.5, 1.0, 0.5, 2.0], &Limits::default());
    assert!(found.converged && found.largest_gradient() <= 1e-9, "{found:?}");
    assert!(found.point.iter().all(|part| (part - 1.0).abs() < 1e-9));
    assert!(found.evaluations < 100, "{}", found.evaluations);
    assert_eq!(found, minimise(rosenbrock, [0.5, 1.0, 0.5, 2.0], &Limits::default()));
}

#[test]
fn scales_that_differ_by_a_million() {
    let bowl = |x: &[f64; 3]| {
        let weights = [1e6, 1.0, 1e-3];
        let value = x.iter().zip(weights).map(|(x, weight)| 0.5 * weight * (x - 3.0) * (x - 3.0)).sum();
        (value, std::array::from_fn(|i| weights[i] * (x[i] - 3.0)))
    };
    let found = minimise(bowl, [0.0, 7.0, 40.0], &Limits::default());
    assert!(found.converged && found.point.iter().all(|part| (part - 3.0).abs() < 1e-5), "{found:?}");
}

#[test]
fn where_the_function_is_not_a_number() {
    // x - ln x has its least value at 1; from 8 the first step leaves the domain.
    let narrow = |x: &[f64; 1]| {
        let value = if x[0] > 0.0 { x[0] - libm::log(x[0]) } else { f64::NAN };
        (value, [1.0 - 1.0 / x[0]])
    };
    let far = Limits { step: 100.0, ..Limits::default() };
    let found = minimise(narrow, [8.0], &far);
    assert!(found.converged && (found.point[0] - 1.0).abs() < 1e-8, "{found:?}");
    let nowhere = minimise(|_: &[f64; 2]| (f64::NAN, [0.0; 2]), [1.0, 1.0], &Limits::default());
    assert!(!nowhere.converged && nowhere.evaluations == 1);
    // Without a bottom the search ends all the same.
    let falling = minimise(|x: &[f64; 2]| (-x[0], [-1.0, 0.0]), [0.0, 0.0], &Limits::default());
    assert!(!falling.converged && falling.point.iter().all(|part| part.is_finite()));
    // From a top, where the first Hessian points the wrong way.
    let waves = |x: &[f64; 2]| (x[0].cos() + x[1] * x[1], [-x[0].sin(), 2.0 * x[1]]);
    let found = minimise(waves, [0.1, 1.0], &Limits::default());
    assert!(found.converged && (found.value + 1.0).abs() < 1e-12, "{found:?}");
}

#[test]
fn hessians_inverses_and_eigenvalues() {
    let at = hessian(|x: &[f64; 2]| rosenbrock(x).1, &[1.0, 1.0], 1e-4);
    for (got, expected) in at.iter().flatten().zip([802.0, -400.0, -400.0, 200.0]) {
        assert!((got - expected).abs() < 1e-4, "{at:?}");
    }
    let matrix = [[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]];
    let turned = inverse(&matrix).unwrap();
    // Both are symmetric: rows times rows.
    for (i, row) in matrix.iter().enumerate() {
        for (j, column) in turned.iter().enumerate() {
            assert!((dot(row, column) - f64::from(u8::from(i == j))).abs() < 1e-15);
        }
    }
    assert_eq!(inverse(&[[1.0, 2.0], [2.0, 1.0]]), None);
    assert_eq!(inverse(&[[1.0, 1.0], [1.0, 1.0]]), None);
    assert_eq!(inverse(&[[f64::NAN, 0.0], [0.0, 1.0]]), None);
    let (values, vectors) = eigen(&matrix);
    assert!(values[0] <= values[1] && values[1] <= values[2]);
    for (value, vector) in values.iter().zip(&vectors) {
        for i in 0..3 {
            assert!((dot(&matrix[i], vector) - value * vector[i]).abs() < 1e-14);
        }
    }
}
