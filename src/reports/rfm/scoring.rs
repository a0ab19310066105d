//! From values to scores to segments. Every way of scoring ends in whole upper bounds, so that no score hangs on rounding.

use super::population::Population;
use super::segment_map::Rule;
use super::settings::{MONEY_UNIT, Rescale, RfmSettings, SCORE_UNIT, Split};
use crate::output::report::Note;
use crate::stats::natural_breaks::natural_breaks;
use crate::stats::quantile::{Fraction, cut_points, median};

/// R, F and M, in this order everywhere.
pub(super) const DIMENSIONS: [&str; 3] = ["recency", "frequency", "monetary"];
const UNITS: [i64; 3] = [1, 1, MONEY_UNIT];

/// Scores and segments of a population.
pub(super) struct Scored {
    /// R, F and M scores from 1 to bins.
    pub scores: [Vec<u8>; 3],
    /// Index into the segments of the map.
    pub segment: Vec<u16>,
    /// One per group that was scored apart; one in all otherwise.
    pub scales: Vec<GroupScale>,
    within: bool,
    natural: bool,
}

/// How one group was scored.
pub(super) struct GroupScale {
    pub dimensions: [Scale; 3],
    /// Where high begins, with a map over high and low.
    pub split: Option<[Fraction; 3]>,
    /// Least and largest value of each dimension.
    pub range: [Option<(i64, i64)>; 3],
    /// Scores that no customer got, ascending.
    unused: [Vec<u8>; 3],
}

/// The classes of one dimension, by ascending value. Recency is scored backwards: its first class has the highest score.
pub(super) struct Scale {
    /// Inclusive upper bound of every class but the last.
    bounds: Vec<i64>,
    /// What the table of thresholds shows for each class, in the unit of the dimension; `None`: no value can fall there.
    pub edges: Vec<Option<(f64, f64)>>,
}

impl Scored {
    pub fn new(settings: &RfmSettings, population: &Population<'_>) -> Self {
        let within = settings.score_within && population.groups.is_some();
        let values: [&[i64]; 3] = [&population.recency, &population.frequency, population.monetary];
        let groups = if within { population.group_count() } else { 1 };
        let group = |at: usize| if within { population.group(at) } else { 0 };
        let mut of_group: Vec<[Vec<i64>; 3]> = vec![Default::default(); groups];
        for (dimension, column) in values.iter().enumerate() {
            if within {
                for (at, value) in column.iter().enumerate() {
                    of_group[group(at)][dimension].push(*value);
                }
            } else {
                of_group[0][dimension] = column.to_vec();
            }
        }
        let mut scales: Vec<GroupScale> =
            of_group.into_iter().map(|columns| GroupScale::new(settings, columns)).collect();

        let bins = settings.bins;
        let mut used = vec![[[false; 11]; 3]; groups];
        let scores: [Vec<u8>; 3] = std::array::from_fn(|dimension| {
            let column = values[dimension].iter().enumerate();
            column
                .map(|(at, value)| {
                    let class = scales[group(at)].dimensions[dimension].class(*value);
                    let score = if dimension == 0 { bins + 1 - class } else { class };
                    used[group(at)][dimension][usize::from(score)] = true;
                    score
                })
                .collect()
        });
        for (scale, used) in scales.iter_mut().zip(used) {
            scale.unused = used.map(|scores| (1..=bins).filter(|s| !scores[usize::from(*s)]).collect());
        }
        let [r, f, m] = &scores;
        let tiers: Vec<i64> = settings.tier_cuts.iter().map(|cut| cut.ceil()).collect();
        let segment = (0..population.len())
            .map(|at| match (&settings.map.rule, &scales[group(at)].split) {
                (Rule::Score { .. }, _) => {
                    let score = settings.score(r[at], f[at], m[at]);
                    tiers.iter().filter(|cut| score >= **cut).count() as u16
                }
                (_, Some([recent, often, much])) => {
                    let high_r = values[0][at] <= recent.floor();
                    let high_f = values[1][at] >= often.ceil();
                    let high_m = values[2][at] >= much.ceil();
                    settings.map.segment(high_r.into(), high_f.into(), high_m.into())
                }
                (_, None) => settings.map.segment(r[at], f[at], m[at]),
            })
            .collect();
        let natural = settings.scoring == Rescale::Natural;
        Self { scores, segment, scales, within, natural }
    }

    /// Whether each value of `--by` was scored apart.
    pub fn is_within(&self) -> bool {
        self.within
    }

    /// Scores that nobody got, as notes.
    pub fn left_out(&self) -> Vec<Note> {
        const KEYS: [[&str; 3]; 3] = [
            ["rfm_left_out_recency", "rfm_left_out_frequency", "rfm_left_out_monetary"],
            ["rfm_few_values_recency", "rfm_few_values_frequency", "rfm_few_values_monetary"],
            ["rfm_left_out_within_recency", "rfm_left_out_within_frequency", "rfm_left_out_within_monetary"],
        ];
        (0..3)
            .filter_map(|dimension| {
                let lacking = || self.scales.iter().filter(|s| !s.unused[dimension].is_empty());
                let unused = &lacking().next()?.unused[dimension];
                Some(if self.within {
                    Note::new(KEYS[2][dimension])
                        .with("values", lacking().count())
                        .with("of", self.scales.len())
                } else {
                    let scores: Vec<String> = unused.iter().map(u8::to_string).collect();
                    Note::new(KEYS[usize::from(self.natural)][dimension]).with("scores", scores.join(", "))
                })
            })
            .collect()
    }
}

impl GroupScale {
    fn new(settings: &RfmSettings, mut columns: [Vec<i64>; 3]) -> Self {
        let range = [0, 1, 2].map(|dimension: usize| {
            let column = &columns[dimension];
            column.iter().min().copied().zip(column.iter().max().copied())
        });
        let split = matches!(settings.map.rule, Rule::HighLow { .. }).then(|| match &settings.split {
            Split::Given(values) => *values,
            Split::Mean => [0, 1, 2].map(|d: usize| {
                let sum: i128 = columns[d].iter().map(|v| i128::from(*v)).sum();
                Fraction::new(sum, columns[d].len().max(1) as i128)
            }),
            Split::Median => [0, 1, 2].map(|d: usize| median(&mut columns[d]).unwrap_or(Fraction::whole(0))),
        });
        let dimensions = std::array::from_fn(|d| Scale::new(settings, d, &mut columns[d], range[d]));
        Self { dimensions, split, range, unused: Default::default() }
    }
}

impl Scale {
    fn new(settings: &RfmSettings, dimension: usize, values: &mut [i64], range: Option<(i64, i64)>) -> Self {
        let bins = usize::from(settings.bins);
        let unit = UNITS[dimension];
        let Some((least, largest)) = range else {
            return Self { bounds: Vec::new(), edges: vec![None; bins] };
        };
        match &settings.scoring {
            Rescale::Quantile => {
                let cuts = cut_points(values, bins as u32);
                let bounds = cuts.iter().map(|cut| cut.floor()).collect();
                Self::between(bounds, &cuts, unit, least, largest)
            }
            Rescale::RRfm => {
                let one_more = |cut: Fraction| cut.plus(unit);
                let cuts: Vec<Fraction> = cut_points(values, bins as u32).into_iter().map(one_more).collect();
                let bounds = cuts.iter().map(|cut| cut.ceil() - 1).collect();
                Self::between(bounds, &cuts, unit, least, largest)
            }
            Rescale::Fixed(cuts) => {
                let bounds = cuts[dimension].clone();
                let cuts: Vec<Fraction> = bounds.iter().map(|cut| Fraction::whole(*cut)).collect();
                Self::between(bounds, &cuts, unit, least, largest)
            }
            Rescale::Natural => Self::natural(values, bins, unit),
        }
    }

    /// Classes between cut points; the outer edges are what was observed.
    fn between(bounds: Vec<i64>, cuts: &[Fraction], unit: i64, least: i64, largest: i64) -> Self {
        let shown = |cut: &Fraction| cut.to_f64(unit);
        let money = |value: i64| Fraction::whole(value).to_f64(unit);
        let edges = (0..=cuts.len())
            .map(|class| {
                let above = if class == 0 { least.checked_sub(1) } else { Some(bounds[class - 1]) };
                let up_to = if class == cuts.len() { largest } else { bounds[class] };
                let lower = if class == 0 { money(least) } else { shown(&cuts[class - 1]) };
                let upper = if class == cuts.len() { money(largest) } else { shown(&cuts[class]) };
                above.is_none_or(|above| above < up_to).then_some((lower, upper))
            })
            .collect();
        Self { bounds, edges }
    }

    /// Natural classes show their least and largest value.
    fn natural(values: &mut [i64], bins: usize, unit: i64) -> Self {
        values.sort_unstable();
        let distinct: Vec<(i64, u64)> =
            values.chunk_by(|a, b| a == b).map(|equal| (equal[0], equal.len() as u64)).collect();
        let mut bounds = natural_breaks(&distinct, bins);
        let shown = |value: i64| Fraction::whole(value).to_f64(unit);
        let mut edges = vec![None; bins];
        let mut from = 0;
        for (edge, upper) in edges.iter_mut().zip(&bounds) {
            *edge = Some((shown(distinct[from].0), shown(*upper)));
            from = distinct.partition_point(|(value, _)| value <= upper);
        }
        bounds.pop();
        Self { bounds, edges }
    }

    /// From 1, by ascending value.
    fn class(&self, value: i64) -> u8 {
        1 + self.bounds.iter().map(|bound| u8::from(value > *bound)).sum::<u8>()
    }
}

/// Which values lead to a score.
pub(super) struct Threshold {
    /// A key of `[dimensions]` in text/*.toml.
    pub dimension: &'static str,
    pub score: i64,
    /// Lower and upper end in the unit of the dimension; `None`: no value leads there.
    pub ends: Option<(f64, f64)>,
}

/// The rows of the table of thresholds for one group.
pub(super) fn threshold_rows(settings: &RfmSettings, scale: &GroupScale) -> Vec<Threshold> {
    let mut rows = Vec::new();
    for (dimension, name) in DIMENSIONS.into_iter().enumerate() {
        let edges = &scale.dimensions[dimension].edges;
        let classes = edges.len();
        for score in 1..=classes {
            let class = if dimension == 0 { classes - score } else { score - 1 };
            rows.push(Threshold { dimension: name, score: score as i64, ends: edges[class] });
        }
    }
    if let Some(split) = &scale.split {
        const NAMES: [&str; 3] = ["recency_split", "frequency_split", "monetary_split"];
        for (dimension, name) in NAMES.into_iter().enumerate() {
            let at = split[dimension].to_f64(UNITS[dimension]);
            let edge = scale.range[dimension].map(|(least, largest)| {
                let of = |value: i64| Fraction::whole(value).to_f64(UNITS[dimension]);
                [(of(least), at), (at, of(largest))]
            });
            for score in 0..2 {
                let side = if dimension == 0 { 1 - score } else { score };
                // A given split can lie beyond all customers: then one side is empty.
                let ends = edge.map(|sides| sides[side]).filter(|(low, high)| low <= high);
                rows.push(Threshold { dimension: name, score: score as i64, ends });
            }
        }
    }
    if let Rule::Score { .. } = settings.map.rule {
        let (lowest, highest) = settings.score_range();
        let mut edges = vec![Fraction::whole(lowest)];
        edges.extend(&settings.tier_cuts);
        edges.push(Fraction::whole(highest));
        for (tier, pair) in edges.windows(2).enumerate() {
            let ends = Some((pair[0].to_f64(SCORE_UNIT), pair[1].to_f64(SCORE_UNIT)));
            rows.push(Threshold { dimension: "tier", score: tier as i64 + 1, ends });
        }
    }
    rows
}
