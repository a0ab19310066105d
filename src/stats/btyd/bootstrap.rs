//! The bootstrap (Efron 1979): customers drawn with replacement. SKELETON

use super::Row;

/// The weights of one draw of as many customers as there are, with replacement; `weights` are how many customers each row
/// stands for. Equal seeds and numbers of the draw give equal weights.
pub fn draw(weights: &[f64], seed: u64, number: u32) -> Vec<f64> {
    let _ = (weights, seed, number);
    unimplemented!()
}

/// The rows of one draw; rows that were not drawn are left out.
pub fn resample(rows: &[Row], seed: u64, number: u32) -> Vec<Row> {
    let weights: Vec<f64> = rows.iter().map(|row| row.weight).collect();
    let drawn = draw(&weights, seed, number);
    let with = rows.iter().zip(drawn).filter(|(_, weight)| *weight > 0.0);
    with.map(|(row, weight)| Row { weight, ..*row }).collect()
}
