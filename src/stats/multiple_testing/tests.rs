use proptest::prelude::*;

use super::*;

fn close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-15, "{found} {expected}");
    }
}

/// R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm").
#[test]
fn holms_adjustment_is_rs() {
    close(&holm(&[0.01, 0.04, 0.03, 0.005]), &[0.03, 0.06, 0.06, 0.02]);
    assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0]);
    assert_eq!(holm(&[]), Vec::<f64>::new());
}

/// statsmodels 0.15: multipletests(p, method="fdr_bh").
#[test]
fn benjamini_and_hochbergs_adjustment_is_that_of_statsmodels() {
    let p = [0.01, 0.02, 0.03, 0.04, 0.2, 0.9, 0.005, 0.04];
    let third = 0.053_333_333_333_333_34;
    close(&benjamini_hochberg(&p), &[0.04, third, third, third, 0.228_571_428_571_428_57, 0.9, 0.04, third]);
    assert_eq!(benjamini_hochberg(&[]), Vec::<f64>::new());
    assert_eq!(benjamini_hochberg_of_some(&[None, Some(0.5), None]), [None, Some(0.5), None]);
}

/// ../shared/truth/abtest_cases.json: statsmodels' adjustments of 25 p-values, to 1e-15.
#[test]
#[allow(clippy::print_stderr)] // says why it is skipped
fn the_cases_agree() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/truth/abtest_cases.json");
    let Ok(text) = std::fs::read_to_string(path) else {
        eprintln!("skipped: {path} is not here");
        return;
    };
    let cases: serde_json::Value = serde_json::from_str(&text).unwrap();
    let case =
        cases["cases"].as_array().unwrap().iter().find(|case| case["name"] == "multiple_testing_25").unwrap();
    let numbers = |value: &serde_json::Value| -> Vec<f64> {
        value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
    };
    let p = numbers(&case["inputs"]["p_values"]);
    close(&benjamini_hochberg(&p), &numbers(&case["outputs"]["fdr_bh"]));
    close(&holm(&p), &numbers(&case["outputs"]["holm"]));
}

proptest! {
    #[test]
    fn adjusted_values_are_no_smaller_and_in_the_same_order(p in prop::collection::vec(0.0_f64..=1.0, 0..30)) {
        let adjusted = benjamini_hochberg(&p);
        for (i, own) in p.iter().enumerate() {
            prop_assert!(adjusted[i] >= *own && adjusted[i] <= 1.0);
            for (j, other) in p.iter().enumerate() {
                prop_assert!(own > other || adjusted[i] <= adjusted[j], "{i} {j}");
            }
        }
    }
}
