//! Finding the least value of a smooth function of a few variables.

#[cfg(test)]
mod tests;

/// When a search ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// The search has converged when no part of the gradient is larger.
    pub gradient: f64,
    /// Where rounding stops the search before that, a gradient as small as this is good enough.
    pub rounding: f64,
    pub iterations: u32,
    /// No variable moves further in one step.
    pub step: f64,
}

impl Default for Limits {
    /// For functions and variables of the order of 1, as logarithms of parameters and a mean log-likelihood are.
    fn default() -> Self {
        Self { gradient: 1e-9, rounding: 1e-6, iterations: 200, step: 2.0 }
    }
}

/// The least value that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Minimum<const N: usize> {
    pub point: [f64; N],
    pub value: f64,
    pub gradient: [f64; N],
    pub evaluations: u32,
    pub converged: bool,
}

impl<const N: usize> Minimum<N> {
    /// The largest part of the gradient.
    pub fn largest_gradient(&self) -> f64 {
        largest(&self.gradient)
    }
}

/// The function at a point.
#[derive(Clone, Copy)]
struct Place<const N: usize> {
    point: [f64; N],
    value: f64,
    gradient: [f64; N],
}

impl<const N: usize> Place<N> {
    fn is_finite(&self) -> bool {
        self.value.is_finite() && self.gradient.iter().all(|part| part.is_finite())
    }
}

/// Searches for the least value of `function` (value and gradient) from `start` on by BFGS (Nocedal, Wright 2006,
/// algorithm 6.1), its first Hessian from differences of the gradient. Deterministic. Points where the function is not
/// finite are not gone to; where it is not finite at the start, that is what is returned.
pub fn minimise<const N: usize>(
    function: impl FnMut(&[f64; N]) -> (f64, [f64; N]),
    start: [f64; N],
    limits: &Limits,
) -> Minimum<N> {
    minimise_with(function, start, None, limits)
}

/// [`minimise`] with an inverse Hessian to begin with, that of a similar function: what is near the optimum already needs few
/// evaluations.
pub fn minimise_with<const N: usize>(
    mut function: impl FnMut(&[f64; N]) -> (f64, [f64; N]),
    start: [f64; N],
    first: Option<[[f64; N]; N]>,
    limits: &Limits,
) -> Minimum<N> {
    let mut evaluations = 0;
    let mut at = |point: [f64; N]| {
        evaluations += 1;
        let (value, gradient) = function(&point);
        Place { point, value, gradient }
    };
    let mut here = at(start);
    let mut converged = false;
    if here.is_finite() {
        let mut fresh = first.is_none();
        let mut inverse = first.unwrap_or_else(|| start_inverse(&mut at, &here));
        for _ in 0..limits.iterations {
            if largest(&here.gradient) <= limits.gradient {
                converged = true;
                break;
            }
            let mut direction = times(&inverse, &here.gradient).map(|part| -part);
            let longest = largest(&direction);
            if longest > limits.step {
                direction = direction.map(|part| part * (limits.step / longest));
            }
            let downhill = dot(&direction, &here.gradient);
            let there = if downhill < 0.0 { line_search(&mut at, &here, &direction) } else { None };
            match there {
                Some(there) => {
                    update(&mut inverse, &here, &there);
                    here = there;
                    fresh = false;
                }
                None if fresh => break,
                None => {
                    inverse = start_inverse(&mut at, &here);
                    fresh = true;
                }
            }
        }
        converged |= largest(&here.gradient) <= limits.rounding;
    }
    Minimum { point: here.point, value: here.value, gradient: here.gradient, evaluations, converged }
}

/// An inverse Hessian that is positive definite, by forward differences: directions of negative curvature are turned round,
/// flat ones held back.
fn start_inverse<const N: usize>(
    at: &mut impl FnMut([f64; N]) -> Place<N>,
    here: &Place<N>,
) -> [[f64; N]; N] {
    const STEP: f64 = 1e-4;
    let mut hessian = [[0.0; N]; N];
    for (place, row) in hessian.iter_mut().enumerate() {
        let mut point = here.point;
        point[place] += STEP;
        let there = at(point);
        if !there.is_finite() {
            return unit();
        }
        for (cell, (there, here)) in row.iter_mut().zip(there.gradient.iter().zip(&here.gradient)) {
            *cell = (there - here) / STEP;
        }
    }
    let (values, vectors) = eigen(&symmetric(&hessian));
    let greatest = values.iter().fold(0.0_f64, |greatest, value| greatest.max(value.abs()));
    if greatest == 0.0 {
        return unit();
    }
    let mut inverse = [[0.0; N]; N];
    for (value, vector) in values.iter().zip(&vectors) {
        let curvature = value.abs().max(1e-4 * greatest);
        for (row, left) in inverse.iter_mut().zip(vector) {
            for (cell, right) in row.iter_mut().zip(vector) {
                *cell += left * right / curvature;
            }
        }
    }
    inverse
}

/// The BFGS update of the inverse Hessian (Nocedal, Wright 2006, equation 6.17).
fn update<const N: usize>(inverse: &mut [[f64; N]; N], here: &Place<N>, there: &Place<N>) {
    let step: [f64; N] = std::array::from_fn(|i| there.point[i] - here.point[i]);
    let change: [f64; N] = std::array::from_fn(|i| there.gradient[i] - here.gradient[i]);
    let along = dot(&step, &change);
    // Without positive curvature (rounding near the end) the old one stays.
    let least = 1e-12 * libm::sqrt(dot(&step, &step) * dot(&change, &change));
    if along.is_nan() || along <= least {
        return;
    }
    let turned = times(inverse, &change);
    let scale = (1.0 + dot(&change, &turned) / along) / along;
    for (i, row) in inverse.iter_mut().enumerate() {
        for (j, cell) in row.iter_mut().enumerate() {
            *cell += scale * step[i] * step[j] - (turned[i] * step[j] + step[i] * turned[j]) / along;
        }
    }
}

/// A step along `direction` that fulfils the strong Wolfe conditions (Nocedal, Wright 2006, algorithms 3.5 and 3.6), near
/// the limit of rounding the approximate ones (Hager, Zhang 2005). `None` where there is no such step.
fn line_search<const N: usize>(
    at: &mut impl FnMut([f64; N]) -> Place<N>,
    here: &Place<N>,
    direction: &[f64; N],
) -> Option<Place<N>> {
    const DECREASE: f64 = 1e-4;
    const CURVATURE: f64 = 0.9;
    const TRIALS: u32 = 40;
    let slope = dot(direction, &here.gradient);
    let rounding = 1e-14 * here.value.abs();
    let mut low = (0.0, here.value, slope);
    let mut best: Option<Place<N>> = None;
    // Length, value and slope of the other end, once there is one.
    let mut high: Option<(f64, f64, f64)> = None;
    let mut length = 1.0;
    for _ in 0..TRIALS {
        let there = at(std::array::from_fn(|i| here.point[i] + length * direction[i]));
        let steep = dot(direction, &there.gradient);
        if !there.is_finite() {
            high = Some((length, f64::INFINITY, f64::INFINITY));
            length = 0.5 * (low.0 + length);
            continue;
        }
        let lower = there.value <= here.value + DECREASE * length * slope;
        let nearly = there.value <= here.value + rounding && steep <= (2.0 * DECREASE - 1.0) * slope;
        if nearly && steep >= CURVATURE * slope || lower && steep.abs() <= -CURVATURE * slope {
            return Some(there);
        }
        if !lower || there.value >= low.1 {
            high = Some((length, there.value, steep));
        } else {
            let far = high.map_or(f64::INFINITY, |high| high.0);
            // The slope says on which side of this point the least value is.
            if steep * (far - low.0) >= 0.0 {
                high = Some(low);
            }
            low = (length, there.value, steep);
            best = Some(there);
        }
        length = match high {
            None => 3.0 * length,
            Some(high) => between(low, high),
        };
        if high.is_some_and(|high| (high.0 - low.0).abs() <= 1e-12 * low.0.abs().max(1e-6)) {
            break;
        }
    }
    best
}

/// The least value of the cubic through two points with their slopes, kept off both ends.
fn between(low: (f64, f64, f64), high: (f64, f64, f64)) -> f64 {
    let width = high.0 - low.0;
    let middle = low.0 + 0.5 * width;
    if !high.1.is_finite() {
        return middle;
    }
    let first = low.2 + high.2 - 3.0 * (low.1 - high.1) / (low.0 - high.0);
    let square = first * first - low.2 * high.2;
    if square.is_nan() || square < 0.0 {
        return middle;
    }
    let second = libm::copysign(libm::sqrt(square), width);
    let length = high.0 - width * (high.2 + second - first) / (high.2 - low.2 + 2.0 * second);
    let share = (length - low.0) / width;
    if share > 0.1 && share < 0.9 { length } else { middle }
}

/// The Hessian at a point by central differences of the gradient.
pub fn hessian<const N: usize>(
    mut gradient: impl FnMut(&[f64; N]) -> [f64; N],
    point: &[f64; N],
    step: f64,
) -> [[f64; N]; N] {
    let mut hessian = [[0.0; N]; N];
    for (place, row) in hessian.iter_mut().enumerate() {
        let mut moved = *point;
        moved[place] = point[place] + step;
        let above = gradient(&moved);
        moved[place] = point[place] - step;
        let below = gradient(&moved);
        *row = std::array::from_fn(|other| (above[other] - below[other]) / (2.0 * step));
    }
    symmetric(&hessian)
}

/// The inverse of a symmetric matrix by Cholesky's decomposition; `None` where it is not positive definite (to within
/// rounding).
pub fn inverse<const N: usize>(matrix: &[[f64; N]; N]) -> Option<[[f64; N]; N]> {
    let mut lower = [[0.0; N]; N];
    for i in 0..N {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            let rest = matrix[i][j] - known;
            if i != j {
                lower[i][j] = rest / lower[j][j];
            } else if rest > 1e-13 * matrix[i][i].abs() && rest.is_finite() {
                lower[i][i] = libm::sqrt(rest);
            } else {
                return None;
            }
        }
    }
    let mut inverse = [[0.0; N]; N];
    for column in 0..N {
        let mut solution = [0.0; N];
        for i in 0..N {
            let known: f64 = (0..i).map(|k| lower[i][k] * solution[k]).sum();
            solution[i] = (f64::from(u8::from(i == column)) - known) / lower[i][i];
        }
        for i in (0..N).rev() {
            let known: f64 = (i + 1..N).map(|k| lower[k][i] * solution[k]).sum();
            solution[i] = (solution[i] - known) / lower[i][i];
        }
        for (row, value) in inverse.iter_mut().zip(solution) {
            row[column] = value;
        }
    }
    let finite = inverse.iter().flatten().all(|cell| cell.is_finite());
    finite.then(|| symmetric(&inverse))
}

/// Eigenvalues, ascending, of a symmetric matrix and their vectors (of length 1), by Jacobi's rotations.
pub fn eigen<const N: usize>(matrix: &[[f64; N]; N]) -> ([f64; N], [[f64; N]; N]) {
    let mut turned = *matrix;
    let mut vectors = unit::<N>();
    for _ in 0..60 {
        let off: f64 =
            (0..N).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| turned[i][j].abs()).sum();
        if off == 0.0 || !off.is_finite() {
            break;
        }
        for p in 0..N {
            for q in p + 1..N {
                if turned[p][q] == 0.0 {
                    continue;
                }
                let theta = (turned[q][q] - turned[p][p]) / (2.0 * turned[p][q]);
                let tangent = libm::copysign(1.0, theta) / (theta.abs() + libm::sqrt(theta * theta + 1.0));
                let cosine = 1.0 / libm::sqrt(tangent * tangent + 1.0);
                let sine = tangent * cosine;
                for row in &mut turned {
                    let (left, right) = (row[p], row[q]);
                    row[p] = cosine * left - sine * right;
                    row[q] = sine * left + cosine * right;
                }
                rotate(&mut turned, p, q, cosine, sine);
                turned[p][q] = 0.0;
                turned[q][p] = 0.0;
                rotate(&mut vectors, p, q, cosine, sine);
            }
        }
    }
    let mut order: [usize; N] = std::array::from_fn(|i| i);
    order.sort_by(|i, j| turned[*i][*i].total_cmp(&turned[*j][*j]));
    (order.map(|i| turned[i][i]), order.map(|i| vectors[i]))
}

/// Turns two rows into each other.
fn rotate<const N: usize>(rows: &mut [[f64; N]; N], p: usize, q: usize, cosine: f64, sine: f64) {
    let (left, right) = (rows[p], rows[q]);
    rows[p] = std::array::from_fn(|k| cosine * left[k] - sine * right[k]);
    rows[q] = std::array::from_fn(|k| sine * left[k] + cosine * right[k]);
}

fn unit<const N: usize>() -> [[f64; N]; N] {
    std::array::from_fn(|i| std::array::from_fn(|j| f64::from(u8::from(i == j))))
}

fn symmetric<const N: usize>(matrix: &[[f64; N]; N]) -> [[f64; N]; N] {
    std::array::from_fn(|i| std::array::from_fn(|j| 0.5 * (matrix[i][j] + matrix[j][i])))
}

fn times<const N: usize>(matrix: &[[f64; N]; N], vector: &[f64; N]) -> [f64; N] {
    std::array::from_fn(|i| dot(&matrix[i], vector))
}

fn dot<const N: usize>(left: &[f64; N], right: &[f64; N]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

fn largest<const N: usize>(vector: &[f64; N]) -> f64 {
    vector.iter().fold(0.0, |largest, part| if part.abs() > largest { part.abs() } else { largest })
}
