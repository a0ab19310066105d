//! The Kaplan-Meier estimate of a survival curve, from counts per distinct time: how many are still waiting after t days.
//!
//! Who was censored (whose waiting was cut short by the end of the observed time) counts as waiting up to and at that time.
//!
//! Sources: Kaplan, E. L. and Meier, P. (1958), Nonparametric estimation from incomplete observations, Journal of the American
//! Statistical Association 53(282), 457-481; Greenwood, M. (1926); Klein, J. P. and Moeschberger, M. L. (2003), Survival
//! Analysis, 2nd edition: 4.2.1 and 4.2.2 (curve, Greenwood), 4.3.1 to 4.3.3 (intervals), 4.5.1 and 4.5.2 (restricted mean).
//! Intervals and quantiles are those of `survfit` and `quantile.survfit` of the R package survival.

use super::proportions::{Bounds, LEVEL, two_sided_z};

/// How the interval around a survival is made: on which scale it is symmetrical.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Interval {
    /// log(-log S)
    #[default]
    LogLog,
    /// log S
    Log,
    /// S
    Plain,
}

impl Interval {
    pub fn key(self) -> &'static str {
        match self {
            Self::LogLog => "log-log",
            Self::Log => "log",
            Self::Plain => "plain",
        }
    }

    /// The interval around `survival`, of which `sum` is Greenwood's: the variance of log S. At 1 it is from 1 to 1 (nobody
    /// has had the event: R says NA with log-log, lifelines 1), at 0 there is none (R: NA).
    fn around(self, survival: f64, sum: f64, z: f64) -> Option<Bounds> {
        if survival <= 0.0 {
            return None;
        }
        if survival >= 1.0 {
            return Some(Bounds { lower: 1.0, upper: 1.0 });
        }
        let error = z * sum.sqrt();
        let log = libm::log(survival);
        let (lower, upper) = match self {
            Self::LogLog => {
                let (middle, half) = (libm::log(-log), error / log.abs());
                (libm::exp(-libm::exp(middle + half)), libm::exp(-libm::exp(middle - half)))
            }
            Self::Log => (libm::exp(log - error), libm::exp(log + error)),
            Self::Plain => (survival - survival * error, survival + survival * error),
        };
        Some(Bounds { lower: lower.max(0.0), upper: upper.min(1.0) })
    }
}

/// What happened at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Days, or any other whole unit.
    pub time: u32,
    pub events: u64,
    pub censored: u64,
}

/// One time at which something happened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    pub time: u32,
    /// Waiting just before this time.
    pub at_risk: u64,
    pub events: u64,
    pub censored: u64,
    /// S(t): the share still waiting after this time.
    pub survival: f64,
    /// Greenwood's sum of d / (n (n - d)), the variance of log S; `None` where S is 0.
    pub greenwood: Option<f64>,
    /// `None` where S is 0.
    pub bounds: Option<Bounds>,
}

impl Step {
    /// The standard error of S; `None` where S is 0.
    pub fn standard_error(&self) -> Option<f64> {
        self.greenwood.map(|sum| self.survival * sum.sqrt())
    }
}

/// S at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Survival {
    pub survival: f64,
    /// `None` where S is 0.
    pub bounds: Option<Bounds>,
}

/// The time at which the curve reaches a share. `None`: not reached.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Reached {
    pub time: Option<f64>,
    /// Where the lower bound of the curve reaches it.
    pub lower: Option<f64>,
    /// Where the upper bound of the curve reaches it.
    pub upper: Option<f64>,
}

/// A mean with its variance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    pub mean: f64,
    pub variance: f64,
}

/// A Kaplan-Meier curve; it is 1 before the first step.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Curve {
    /// In time, each time once.
    pub steps: Vec<Step>,
}

impl Curve {
    /// `counts` in any order; those of one time are added. Intervals are of 95 %.
    pub fn new(counts: &[Count], interval: Interval) -> Self {
        Self::with_level(counts, interval, LEVEL)
    }

    /// The same with intervals of another level, e.g. 0.9.
    pub fn with_level(counts: &[Count], interval: Interval, level: f64) -> Self {
        let z = two_sided_z(level);
        let counts = merged(counts);
        let mut at_risk: u64 = counts.iter().map(|count| count.events + count.censored).sum();
        let (mut survival, mut greenwood) = (1.0, 0.0);
        let mut steps = Vec::with_capacity(counts.len());
        for Count { time, events, censored } in counts {
            let left = at_risk - events;
            if events > 0 {
                survival *= left as f64 / at_risk as f64;
                if left > 0 {
                    greenwood += events as f64 / (at_risk as f64 * left as f64);
                }
            }
            steps.push(Step {
                time,
                at_risk,
                events,
                censored,
                survival,
                greenwood: (survival > 0.0).then_some(greenwood),
                bounds: interval.around(survival, greenwood, z),
            });
            at_risk = left - censored;
        }
        Self { steps }
    }

    /// How many the curve is of.
    pub fn people(&self) -> u64 {
        self.steps.first().map_or(0, |step| step.at_risk)
    }

    pub fn events(&self) -> u64 {
        self.steps.iter().map(|step| step.events).sum()
    }

    /// The longest time anybody was observed; `None` without people.
    pub fn longest(&self) -> Option<u32> {
        self.steps.last().map(|step| step.time)
    }

    /// S at `time`. `None` without people, and after the longest time unless S is 0 there: nothing is known of it.
    pub fn at(&self, time: u32) -> Option<Survival> {
        let last = self.steps.last()?;
        if time > last.time && last.survival > 0.0 {
            return None;
        }
        let after = self.steps.partition_point(|step| step.time <= time);
        Some(match after.checked_sub(1).map(|at| &self.steps[at]) {
            Some(step) => Survival { survival: step.survival, bounds: step.bounds },
            None => Survival { survival: 1.0, bounds: Some(Bounds { lower: 1.0, upper: 1.0 }) },
        })
    }

    /// The time at which the share `gone` (0 to 1) has had the event: 0.5 is the median.
    ///
    /// The first time with S <= 1 - gone. Where S equals it over a flat stretch (to 1.5e-8, as in R), the middle of the
    /// stretch: from where it begins to the next event, or to the longest time where no event follows. Its interval is made
    /// the same way from the curve's bounds (Brookmeyer and Crowley 1982, as R's).
    pub fn reached(&self, gone: f64) -> Reached {
        let bound = |of: fn(&Bounds) -> f64| self.crossing(gone, |step| step.bounds.as_ref().map(of));
        Reached {
            time: self.crossing(gone, |step| Some(step.survival)),
            lower: bound(|bounds| bounds.lower),
            upper: bound(|bounds| bounds.upper),
        }
    }

    fn crossing(&self, gone: f64, value: impl Fn(&Step) -> Option<f64>) -> Option<f64> {
        const TOLERANCE: f64 = 1.490_116_119_384_765_6e-8;
        let aim = 1.0 - gone;
        let mut values = self.steps.iter().filter_map(|step| value(step).map(|value| (step.time, value)));
        let (time, first) = values.find(|(_, value)| *value <= aim + TOLERANCE)?;
        if first < aim - TOLERANCE {
            return Some(f64::from(time));
        }
        let end = values.find(|(_, value)| *value < aim - TOLERANCE).map(|(time, _)| time);
        let end = end.or(self.longest()).unwrap_or(time);
        Some((f64::from(time) + f64::from(end)) / 2.0)
    }

    /// The restricted mean: the mean of the time to the event, each counted as `horizon` at most; the area under the curve up
    /// to there. `None` where the curve is not known as far as that.
    ///
    /// Its variance is the sum over events up to the horizon of (area from there to the horizon)^2 d / (n (n - d)).
    pub fn restricted_mean(&self, horizon: u32) -> Option<Mean> {
        self.at(horizon)?;
        let within = &self.steps[..self.steps.partition_point(|step| step.time <= horizon)];
        // From the right, so that the area behind each step is there.
        let (mut area, mut variance) = (0.0, 0.0);
        let mut end = horizon;
        for step in within.iter().rev() {
            area += step.survival * f64::from(end - step.time);
            end = step.time;
            let left = step.at_risk - step.events;
            if step.events > 0 && left > 0 {
                variance += area * area * step.events as f64 / (step.at_risk as f64 * left as f64);
            }
        }
        Some(Mean { mean: area + f64::from(end), variance })
    }
}

/// In time, each time once, those at which nothing happened left out.
pub(super) fn merged(counts: &[Count]) -> Vec<Count> {
    let mut sorted: Vec<Count> =
        counts.iter().copied().filter(|count| count.events + count.censored > 0).collect();
    sorted.sort_unstable_by_key(|count| count.time);
    sorted.dedup_by(|next, kept| {
        let same = next.time == kept.time;
        if same {
            kept.events += next.events;
            kept.censored += next.censored;
        }
        same
    });
    sorted
}

#[cfg(test)]
mod tests;
