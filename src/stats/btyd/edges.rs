//! Where a parameter runs without bound, or towards 0: how far a search follows, and what is made of the end. Parameters are
//! logarithms here, times (and spend) counted in their mean.

use crate::stats::optimise::{Minimum, eigen, inverse};

/// Beyond e^12 a parameter makes no difference that data could tell from the limit; a gentle slope keeps the search from
/// walking on.
const FENCE: f64 = 12.0;
const FENCE_SLOPE: f64 = 1e-3;
/// Where a parameter counts as having run to the edge: beyond e^-9 .. e^9, about 1/8,000 .. 8,000.
const EDGE: f64 = 9.0;
/// There the sums cancel (r of 10^5), and a gradient as small as this is rounding.
const EDGE_GRADIENT: f64 = 1e-4;
/// A logarithm of a parameter with a larger standard error (95 % of e^-3 .. e^3, twentyfold either way) is flat.
const FLAT: f64 = 1.5;
/// Step of the differences in the Hessian.
pub(super) const STEP: f64 = 1e-4;

/// The slope beyond the fence, added to the objective and its gradient.
pub(super) fn fence<const N: usize>(logs: &[f64; N], objective: (f64, [f64; N])) -> (f64, [f64; N]) {
    let (mut value, mut gradient) = objective;
    for (log, part) in logs.iter().zip(&mut gradient) {
        let beyond = log.abs() - FENCE;
        if beyond > 0.0 {
            value += 0.5 * FENCE_SLOPE * beyond * beyond;
            *part += FENCE_SLOPE * libm::copysign(beyond, *log);
        }
    }
    (value, gradient)
}

/// Whether a search has come to its end, be it at an edge.
pub(super) fn has_settled<const N: usize>(found: &Minimum<N>) -> bool {
    let at_edge = found.point.into_iter().any(is_at_edge);
    found.converged || at_edge && found.largest_gradient() <= EDGE_GRADIENT
}

pub(super) fn is_at_edge(log: f64) -> bool {
    log.abs() > EDGE
}

/// The inverse of the Hessian, where it is positive definite beyond the error of its differences.
pub(super) fn covariance<const N: usize>(curvature: &[[f64; N]; N]) -> Option<[[f64; N]; N]> {
    if !curvature.iter().flatten().all(|cell| cell.is_finite()) {
        return None;
    }
    let (values, _) = eigen(curvature);
    (values[0] > 1e-9 * values[N - 1]).then(|| inverse(curvature)).flatten()
}

/// Which parameters the likelihood hardly tells; `covariance` is that of their logarithms. Without one, and away from the
/// edges, those that the flattest direction is made of most.
pub(super) fn flat<const N: usize>(
    curvature: &[[f64; N]; N],
    covariance: Option<&[[f64; N]; N]>,
    at_edge: [bool; N],
) -> [bool; N] {
    match covariance {
        Some(covariance) => std::array::from_fn(|place| covariance[place][place] > FLAT * FLAT),
        None if at_edge.contains(&true) => [false; N],
        None => {
            let (_, vectors) = eigen(curvature);
            let most = vectors[0].iter().fold(0.0_f64, |most, part| most.max(part.abs()));
            vectors[0].map(|part| part.abs() >= most)
        }
    }
}
