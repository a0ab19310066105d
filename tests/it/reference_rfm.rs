//! The R package rfm 0.3.0 on its own example data: 995 customers, scores with 5 bins, as of 2006-12-31.

use std::collections::BTreeMap;

use crate::support::{folder, root, shared, siyu_in};

type Scores = (i64, i64, i64, String);

#[test]
fn r_rfm_scoring_gives_the_packages_995_rows() {
    let Some(orders) = shared("truth/rfm/r_rfm_data_orders_noname.csv") else { return };
    let Some(truth) = shared("truth/rfm/truth_r_rfm_orders_table_noname.csv") else { return };
    let mut expected: BTreeMap<String, Scores> = BTreeMap::new();
    for row in csv::Reader::from_path(truth).unwrap().deserialize() {
        let row: BTreeMap<String, String> = row.unwrap();
        let int = |name: &str| row[name].parse::<i64>().unwrap();
        expected.insert(
            row["customer_no"].clone(),
            (int("recency_days"), int("transaction_count"), int("amount"), row["rfm_score"].clone()),
        );
    }
    assert_eq!(expected.len(), 995);

    let orders = orders.display().to_string();
    let run = siyu_in(
        folder().path(),
        &["rfm", &orders, "--scoring", "r-rfm", "--as-of", "2006-12-31", "--table", "customers", "-f", "csv"],
    )
    .ok();
    let mut found: BTreeMap<String, Scores> = BTreeMap::new();
    for row in csv::Reader::from_reader(run.stdout.as_bytes()).deserialize() {
        let row: BTreeMap<String, String> = row.unwrap();
        let int = |name: &str| row[name].parse::<i64>().unwrap();
        let code = format!("{}{}{}", row["r"], row["f"], row["m"]);
        found.insert(
            row["customer_id"].clone(),
            (int("recency_days"), int("frequency"), int("monetary"), code),
        );
    }
    assert_eq!(found, expected);
}

/// The package's printed thresholds, restated in tests/reference/.
#[test]
fn r_rfm_thresholds_are_the_packages() {
    let Some(orders) = shared("truth/rfm/r_rfm_data_orders_noname.csv") else { return };
    let reference = std::fs::read_to_string(root().join("tests/reference/rfm_r_package.toml")).unwrap();
    let reference: BTreeMap<String, Vec<f64>> = toml::from_str(&reference).unwrap();
    let orders = orders.display().to_string();
    let run = siyu_in(
        folder().path(),
        &[
            "rfm",
            &orders,
            "--scoring",
            "r-rfm",
            "--as-of",
            "2006-12-31",
            "--table",
            "thresholds",
            "-f",
            "json",
        ],
    )
    .ok();
    let json = run.json();
    for (dimension, expected) in reference {
        let mut lower: Vec<(i64, f64)> = json["tables"]["thresholds"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|row| row["dimension"] == dimension.as_str())
            .map(|row| (row["score"].as_i64().unwrap(), row["lower"].as_f64().unwrap()))
            .collect();
        // The reference lists bounds upwards; with recency the fewest days have the highest score.
        lower.sort_by_key(|(score, _)| if dimension == "recency" { -score } else { *score });
        let bounds: Vec<f64> = lower.into_iter().map(|(_, bound)| bound).collect();
        assert_eq!(bounds, expected, "{dimension}");
    }
}
