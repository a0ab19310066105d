//! Fits by maximum likelihood: the same road for every model.
//!
//! - Times are divided by their mean, parameters searched for as logarithms, the likelihood taken per customer: the unit of
//!   time and the number of customers change nothing in the search.
//! - Rows are sorted and equal ones merged, then summed in chunks of a fixed size, the chunks in their order: any order of
//!   rows and any number of threads gives the same bits.
//! - What only depends on x or only on a time is computed once for all rows that share it.

use super::edges::{STEP, covariance, fence, flat, has_settled, is_at_edge};
use super::{Doubt, FEW_REPEATERS, Fit, Model, ModelKind, NoFit, Row};
use crate::stats::optimise::{Limits, Minimum, hessian, inverse, minimise_with};

/// Rows summed up by themselves, then added to the others.
const CHUNK: usize = 4096;
/// With fewer rows, threads cost more than they save.
const ROWS_PER_THREAD: usize = 4 * CHUNK;
/// From so many rows on, the search begins with a sample of them, of so many rows.
const MANY: usize = 60_000;
const SAMPLE: usize = 15_000;

/// The likelihood of a model at given parameters, in the pieces that rows share.
pub(super) trait Terms: Sync {
    /// What rows with one x share.
    type OfCount;
    /// What rows with one time share; t_x and t are looked up in one table.
    type OfTime: Copy + Send + Sync;

    fn new(parameters: &[f64; 4]) -> Self;
    fn of_count(&self, x: u32) -> Self::OfCount;
    fn of_time(&self, time: f64) -> Self::OfTime;
    /// Log-likelihood of a customer and its derivatives by the parameters (not by their logarithms). A model has to have
    /// either this or [`Terms::sum`].
    fn value(&self, count: &Self::OfCount, last: &Self::OfTime, end: &Self::OfTime) -> (f64, [f64; 4]) {
        let row = Prepared { x: 0, last: 0, end: 1, weight: 1.0 };
        let [value, gradient @ ..] = self.sum(count, &[row], &[*last, *end]);
        (value, gradient)
    }
    /// The weighted sum of it over rows with one x, in their order.
    fn sum(&self, count: &Self::OfCount, rows: &[Prepared], times: &[Self::OfTime]) -> Summed {
        let mut sum = [0.0; 5];
        for row in rows {
            let (value, gradient) = self.value(count, &times[row.last as usize], &times[row.end as usize]);
            sum[0] += row.weight * value;
            for (sum, part) in sum[1..].iter_mut().zip(gradient) {
                *sum += row.weight * part;
            }
        }
        sum
    }
}

/// A log-likelihood and its derivatives by the parameters.
pub(super) type Summed = [f64; 5];

/// Log-likelihood of one customer with its gradient, from the pieces.
pub(super) fn of_customer<T: Terms>(parameters: &[f64; 4], x: u32, t_x: f64, t: f64) -> (f64, [f64; 4]) {
    let terms = T::new(parameters);
    terms.value(&terms.of_count(x), &terms.of_time(t_x), &terms.of_time(t))
}

/// Customers with one history. Its x is that of the [`Terms::OfCount`] given with it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prepared {
    x: u32,
    /// t_x and t: places in the table of times.
    pub(super) last: u32,
    pub(super) end: u32,
    pub(super) weight: f64,
}

/// Rows sorted by x, t_x, t, equal ones merged, those without a customer left out.
pub(super) fn compressed(rows: &[Row]) -> Vec<Row> {
    // Adding 0 makes one of both zeros.
    let last = |row: &Row| if row.x == 0 { 0.0 } else { row.t_x + 0.0 };
    let used = rows.iter().filter(|row| row.weight > 0.0);
    // Whole days make a key of one word.
    let whole = |row: &Row| {
        let (t_x, t) = (last(row) as u16, row.t as u16);
        let key = u64::from(row.x) << 32 | u64::from(t_x) << 16 | u64::from(t);
        (f64::from(t_x) == last(row) && f64::from(t) == row.t).then_some((key, row.weight))
    };
    if let Some(keyed) = used.clone().map(whole).collect::<Option<Vec<(u64, f64)>>>() {
        let back = |(key, weight): (u64, f64)| Row {
            x: (key >> 32) as u32,
            t_x: f64::from((key >> 16) as u16),
            t: f64::from(key as u16),
            weight,
        };
        return merged(keyed).into_iter().map(back).collect();
    }
    // Times are not negative, so that their bits are in the order of their values.
    let keyed = used.map(|row| ((row.x, last(row).to_bits(), (row.t + 0.0).to_bits()), row.weight));
    let back = |((x, t_x, t), weight): ((u32, u64, u64), f64)| Row {
        x,
        t_x: f64::from_bits(t_x),
        t: f64::from_bits(t),
        weight,
    };
    merged(keyed.collect()).into_iter().map(back).collect()
}

/// Sorted by the key (and weight, so that sums of weights do not depend on the order either), weights of one key added up.
fn merged<K: Ord + Copy>(mut keyed: Vec<(K, f64)>) -> Vec<(K, f64)> {
    keyed.sort_unstable_by_key(|(key, weight)| (*key, weight.to_bits()));
    keyed.dedup_by(|next, kept| {
        let equal = next.0 == kept.0;
        if equal {
            kept.1 += next.1;
        }
        equal
    });
    keyed
}

/// Where a time is in the table of times, by a table of where to begin.
struct Places {
    starts: Vec<u32>,
    buckets: usize,
    longest: f64,
}

impl Places {
    fn new(times: &[f64]) -> Self {
        let longest = times.last().copied().unwrap_or(0.0).max(f64::MIN_POSITIVE);
        let mut places = Self { starts: Vec::new(), buckets: times.len(), longest };
        for (place, time) in times.iter().enumerate() {
            let bucket = places.bucket(*time);
            if places.starts.len() <= bucket {
                places.starts.resize(bucket + 1, place as u32);
            }
        }
        places
    }

    fn bucket(&self, time: f64) -> usize {
        (time / self.longest * self.buckets as f64) as usize
    }

    fn of(&self, times: &[f64], time: f64) -> u32 {
        let bucket = self.bucket(time);
        let end = self.starts.get(bucket + 1).map_or(times.len(), |end| *end as usize);
        let start = self.starts[bucket] as usize;
        (start + times[start..end].partition_point(|other| *other < time)) as u32
    }
}

/// Customers, ready to be summed.
struct Customers {
    /// Sorted by x, t_x, t; each once.
    rows: Vec<Prepared>,
    /// Distinct, ascending, in units of `unit`.
    times: Vec<f64>,
    /// Days: the mean observed time of those who have one.
    unit: f64,
    customers: f64,
    repeaters: f64,
    repeats: f64,
    /// Squares of x, weighted: for the start.
    squares: f64,
}

impl Customers {
    fn new(rows: &[Row]) -> Result<Self, NoFit> {
        let used = |row: &&Row| row.weight > 0.0;
        let sound =
            |row: &Row| row.t.is_finite() && row.t_x >= 0.0 && row.t_x <= row.t && row.weight.is_finite();
        if !rows.iter().filter(used).all(sound) {
            return Err(NoFit::Numbers);
        }
        let sorted = compressed(rows);
        let total = |of: fn(&Row) -> f64| sorted.iter().map(|row| row.weight * of(row)).sum::<f64>();
        let customers = total(|_| 1.0);
        // The mean of those who were observed at all.
        let unit = total(|row| row.t) / total(|row| f64::from(u8::from(row.t > 0.0)));
        if sorted.is_empty() {
            return Err(NoFit::NoCustomers);
        }
        if unit.is_nan() {
            return Err(NoFit::NoTime);
        }
        if sorted.iter().all(|row| row.x == 0) {
            return Err(NoFit::NoRepeaters);
        }
        let mut times: Vec<f64> = sorted.iter().map(|row| row.t).collect();
        times.extend(sorted.chunk_by(|left, right| left.t_x == right.t_x).map(|rows| rows[0].t_x));
        times.sort_unstable_by_key(|time| time.to_bits());
        times.dedup();
        let places = Places::new(&times);
        let place = |time: f64| places.of(&times, time);
        let prepared =
            |row: &Row| Prepared { x: row.x, last: place(row.t_x), end: place(row.t), weight: row.weight };
        Ok(Self {
            rows: sorted.iter().map(prepared).collect(),
            unit,
            customers,
            repeaters: total(|row| f64::from(u8::from(row.x > 0))),
            repeats: total(|row| f64::from(row.x)),
            squares: total(|row| f64::from(row.x) * f64::from(row.x)),
            times: times.iter().map(|time| time / unit).collect(),
        })
    }

    /// Log-likelihood and gradient over all, at scaled parameters.
    fn sum<T: Terms>(&self, parameters: &[f64; 4], threads: usize) -> Summed {
        let terms = T::new(parameters);
        let times: Vec<T::OfTime> = self.times.iter().map(|time| terms.of_time(*time)).collect();
        let chunks: Vec<&[Prepared]> = self.rows.chunks(CHUNK).collect();
        let mut sums = vec![[0.0; 5]; chunks.len()];
        let threads = threads.min(self.rows.len() / ROWS_PER_THREAD).max(1);
        let share = chunks.len().div_ceil(threads);
        let work = |chunks: &[&[Prepared]], sums: &mut [Summed]| {
            for (chunk, sum) in chunks.iter().zip(sums) {
                *sum = sum_chunk(&terms, &times, chunk);
            }
        };
        if threads == 1 {
            work(&chunks, &mut sums);
        } else {
            std::thread::scope(|scope| {
                for (chunks, sums) in chunks.chunks(share).zip(sums.chunks_mut(share)) {
                    scope.spawn(move || work(chunks, sums));
                }
            });
        }
        let mut total = [0.0; 5];
        for sum in sums {
            for (total, part) in total.iter_mut().zip(sum) {
                *total += part;
            }
        }
        total
    }

    /// What is minimised: minus the log-likelihood per customer by the logarithms of scaled parameters.
    fn objective<T: Terms>(&self, logs: &[f64; 4], threads: usize) -> (f64, [f64; 4]) {
        if !logs.iter().all(|log| log.abs() < 60.0) {
            return (f64::INFINITY, [f64::INFINITY; 4]);
        }
        let parameters = logs.map(libm::exp);
        let sum = self.sum::<T>(&parameters, threads);
        let gradient = std::array::from_fn(|place| -sum[place + 1] * parameters[place] / self.customers);
        (-sum[0] / self.customers, gradient)
    }

    /// The Hessian of [`Customers::objective`].
    fn curvature<T: Terms>(&self, logs: &[f64; 4], threads: usize) -> [[f64; 4]; 4] {
        hessian(|logs: &[f64; 4]| self.objective::<T>(logs, threads).1, logs, STEP)
    }

    /// Every so manieth row of many: its optimum is next to that of all, and costs little.
    fn sample(&self) -> Option<Self> {
        if self.rows.len() < MANY {
            return None;
        }
        let stride = self.rows.len() / SAMPLE;
        let rows: Vec<Prepared> = self.rows.iter().skip(stride / 2).step_by(stride).copied().collect();
        let total = |of: fn(&Prepared) -> f64| rows.iter().map(|row| row.weight * of(row)).sum::<f64>();
        Some(Self {
            customers: total(|_| 1.0),
            repeaters: total(|row| f64::from(u8::from(row.x > 0))),
            repeats: total(|row| f64::from(row.x)),
            squares: total(|row| f64::from(row.x) * f64::from(row.x)),
            times: self.times.clone(),
            unit: self.unit,
            rows,
        })
    }

    /// Where to begin (scaled parameters), the most promising first.
    fn starts(&self, kind: ModelKind) -> Vec<[f64; 4]> {
        let mean = self.repeats / self.customers;
        // The negative binomial distribution's moments, as if nobody ever left.
        let excess = self.squares / self.customers - mean * mean - mean;
        let r = if excess > 0.0 { (mean * mean / excess).clamp(0.1, 5.0) } else { 5.0 };
        // The mean time is 1 here; those who leave make the others buy somewhat more often than the mean.
        let with = |r: f64, third: f64, fourth: f64| [r, r / (1.5 * mean), third, fourth];
        match kind {
            ModelKind::BgNbd | ModelKind::MbgNbd => {
                vec![with(r, 0.8, 2.5), with(0.5, 0.1, 5.0), with(1.0, 2.0, 2.0), with(3.0, 0.3, 0.3)]
            }
            ModelKind::ParetoNbd => {
                vec![with(r, 0.5, 0.5), with(0.5, 0.1, 1.0), with(1.0, 2.0, 5.0), with(3.0, 0.3, 0.1)]
            }
        }
    }
}

fn sum_chunk<T: Terms>(terms: &T, times: &[T::OfTime], rows: &[Prepared]) -> Summed {
    let mut total = [0.0; 5];
    for rows in rows.chunk_by(|left, right| left.x == right.x) {
        let Some(first) = rows.first() else { continue };
        let sum = terms.sum(&terms.of_count(first.x), rows, times);
        for (total, part) in total.iter_mut().zip(sum) {
            *total += part;
        }
    }
    total
}

/// Where a search begins: logarithms of scaled parameters, and the inverse Hessian, if it is known.
struct Start {
    logs: [f64; 4],
    inverse: Option<[[f64; 4]; 4]>,
}

impl Start {
    fn new(parameters: [f64; 4]) -> Option<Self> {
        let sound = parameters.iter().all(|value| value.is_finite() && *value > 0.0);
        sound.then(|| Self { logs: parameters.map(libm::log), inverse: None })
    }
}

/// The best end of the searches from `starts`, and the evaluations that they took.
fn search<T: Terms>(customers: &Customers, starts: &[Start], threads: usize) -> (Option<Minimum<4>>, u32) {
    let mut best: Option<Minimum<4>> = None;
    let mut evaluations = 0;
    for start in starts {
        let objective = |logs: &[f64; 4]| fence(logs, customers.objective::<T>(logs, threads));
        let found = minimise_with(objective, start.logs, start.inverse, &Limits::default());
        evaluations += found.evaluations;
        let better = best.is_none_or(|best| found.value < best.value - 1e-10 * best.value.abs());
        if found.value.is_finite() && better {
            best = Some(found);
        }
        // The first good end is taken: likelihoods of these models have one maximum where the data tell anything. An edge is
        // good only where the search began at it, as that of a bootstrap or after a sample does.
        let known = start.logs.into_iter().any(is_at_edge);
        if best.is_some_and(|best| has_settled(&best) && (known || !best.point.into_iter().any(is_at_edge))) {
            break;
        }
    }
    (best, evaluations)
}

pub(super) fn run<T: Terms>(
    kind: ModelKind,
    rows: &[Row],
    start: Option<[f64; 4]>,
    threads: usize,
) -> Result<Fit, NoFit> {
    let customers = Customers::new(rows)?;
    let given = start.map(|start| Model::new(kind, start).in_unit(customers.unit));
    let mut starts: Vec<Start> =
        given.into_iter().chain(customers.starts(kind)).filter_map(Start::new).collect();
    if let Some(sample) = customers.sample() {
        let (found, _) = search::<T>(&sample, &starts, 1);
        if let Some(found) = found {
            let curvature = sample.curvature::<T>(&found.point, 1);
            starts.insert(0, Start { logs: found.point, inverse: inverse(&curvature) });
        }
    }
    let (best, evaluations) = search::<T>(&customers, &starts, threads);
    let best = best.ok_or(NoFit::Numbers)?;
    let parameters = best.point.map(libm::exp);
    let curvature = customers.curvature::<T>(&best.point, threads);
    let curvature = curvature.map(|row| row.map(|cell| cell * customers.customers));
    let ln_likelihood =
        customers.sum::<T>(&parameters, threads)[0] - customers.repeats * libm::log(customers.unit);
    let at_edge = best.point.into_iter().any(is_at_edge);
    let ln_covariance = covariance(&curvature).filter(|_| !at_edge);
    if !ln_likelihood.is_finite() {
        return Err(NoFit::Numbers);
    }
    let model = Model::from_unit(kind, parameters, customers.unit);
    Ok(Fit {
        model,
        ln_likelihood,
        ln_covariance,
        customers: customers.customers,
        repeaters: customers.repeaters,
        repeats: customers.repeats,
        evaluations: evaluations + 9,
        doubts: doubts(&model, &customers, &best, &curvature, ln_covariance.as_ref()),
    })
}

fn doubts(
    model: &Model,
    customers: &Customers,
    best: &Minimum<4>,
    curvature: &[[f64; 4]; 4],
    covariance: Option<&[[f64; 4]; 4]>,
) -> Vec<Doubt> {
    let names = model.kind.parameter_names();
    let mut doubts = Vec::new();
    if customers.repeaters < FEW_REPEATERS {
        doubts.push(Doubt::FewRepeaters { repeaters: customers.repeaters });
    }
    let at_edge = best.point.map(is_at_edge);
    let flat = flat(curvature, covariance, at_edge);
    for (place, parameter) in names.into_iter().enumerate() {
        if at_edge[place] {
            doubts.push(Doubt::Boundary { parameter, value: model.parameters[place] });
        } else if flat[place] {
            doubts.push(Doubt::Flat { parameter });
        }
    }
    if !has_settled(best) {
        doubts.push(Doubt::NotConverged { gradient: best.largest_gradient() });
    }
    doubts
}

#[cfg(test)]
mod tests;
