//! SKELETON

pub fn ln_likelihood(_parameters: &[f64; 4], _x: u32, _t_x: f64, _t: f64) -> f64 {
    unimplemented!()
}

pub fn p_alive(_parameters: &[f64; 4], _x: u32, _t_x: f64, _t: f64) -> f64 {
    unimplemented!()
}

pub fn expected_purchases(_parameters: &[f64; 4], _x: u32, _t_x: f64, _t: f64, _horizon: f64) -> f64 {
    unimplemented!()
}

pub fn expected_repeats(_parameters: &[f64; 4], _t: f64) -> f64 {
    unimplemented!()
}

pub fn probability_of_repeats(_parameters: &[f64; 4], _n: u32, _t: f64) -> f64 {
    unimplemented!()
}

pub fn ln_likelihood_with_gradient(_parameters: &[f64; 4], _x: u32, _t_x: f64, _t: f64) -> (f64, [f64; 4]) {
    unimplemented!()
}
