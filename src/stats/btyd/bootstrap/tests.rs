use super::*;

#[test]
fn a_draw_has_the_total_and_is_repeatable() {
    let weights: Vec<f64> = (0..1000).map(|i| f64::from(i % 7)).collect();
    let total: f64 = weights.iter().sum();
    let drawn = draw(&weights, 42, 3);
    assert_eq!(drawn.iter().sum::<f64>(), total);
    assert_eq!(drawn, draw(&weights, 42, 3));
    assert_ne!(drawn, draw(&weights, 42, 4));
    assert_ne!(drawn, draw(&weights, 43, 3));
    assert!(drawn.iter().zip(&weights).all(|(drawn, weight)| *weight > 0.0 || *drawn == 0.0));
    assert!(drawn.iter().all(|drawn| *drawn >= 0.0 && drawn.fract() == 0.0));
}

#[test]
fn weights_have_the_moments_of_a_multinomial() {
    // Mean w, variance w (1 - w/W), covariance -w v/W; small and large weights, the last one included.
    let weights = [1.0, 3.0, 400.0, 0.0, 25.0, 9.0, 62.0];
    let total: f64 = weights.iter().sum();
    let draws = 20_000_u32;
    let drawn: Vec<Vec<f64>> = (0..draws).map(|number| draw(&weights, 7, number)).collect();
    for (place, weight) in weights.iter().enumerate() {
        let mean = drawn.iter().map(|drawn| drawn[place]).sum::<f64>() / f64::from(draws);
        let square = |drawn: &Vec<f64>| (drawn[place] - mean) * (drawn[place] - mean);
        let variance = drawn.iter().map(square).sum::<f64>() / f64::from(draws);
        let expected = weight * (1.0 - weight / total);
        let error = (expected / f64::from(draws)).sqrt();
        assert!((mean - weight).abs() <= 4.5 * error, "mean {mean} of {weight}");
        assert!((variance - expected).abs() <= 0.06 * expected, "variance {variance} for {expected}");
    }
    let covariance =
        drawn.iter().map(|drawn| (drawn[2] - 400.0) * (drawn[6] - 62.0)).sum::<f64>() / f64::from(draws);
    let expected = -400.0 * 62.0 / total;
    assert!((covariance / expected - 1.0).abs() < 0.08, "covariance {covariance} for {expected}");
}

#[test]
fn nobody_and_nonsense_are_not_drawn() {
    assert!(draw(&[], 1, 1).is_empty());
    assert_eq!(draw(&[0.0, 0.0], 1, 1), [0.0, 0.0]);
    assert_eq!(draw(&[5.0], 1, 1), [5.0]);
    assert_eq!(draw(&[0.0, 5.0, f64::NAN], 1, 1), [0.0, 5.0, 0.0]);
    let row = |x: u32, weight: f64| Row { x, t_x: 0.0, t: 1.0, weight };
    let rows = resample(&[row(0, 2.0), row(1, 0.0), row(2, 40.0)], 5, 6);
    assert_eq!(rows.iter().map(|row| row.weight).sum::<f64>(), 42.0);
    assert!(rows.iter().all(|row| row.x != 1));
}
