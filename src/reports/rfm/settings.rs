//! The options of `rfm` resolved: every value concrete, every combination that makes no sense refused.

use serde_json::{Map, Value, json};

use super::params::{FrequencyCount, RfmParams, Scoring};
use super::segment_map::{Rule, SegmentMap};
use crate::error::{Error, Result};
use crate::output::report::{Label, TableChoice};
use crate::stats::quantile::Fraction;

/// Scores and weights in 1/1,000,000, so that weighted scores and their thresholds compare exactly.
pub(super) const SCORE_UNIT: i64 = 1_000_000;
/// Money in 1/10,000 of the unit.
pub(super) const MONEY_UNIT: i64 = 10_000;

/// What `rfm` is to do.
#[derive(Debug, Clone)]
pub struct RfmSettings {
    pub(super) scoring: Rescale,
    pub(super) bins: u8,
    /// R, F, M in `SCORE_UNIT`; `None`: the plain sum.
    pub(super) weights: Option<[i64; 3]>,
    pub(super) map: SegmentMap,
    /// With a map over high and low.
    pub(super) split: Split,
    /// With a map over the score: where its second, third, ... segment begins, in `SCORE_UNIT`.
    pub(super) tier_cuts: Vec<Fraction>,
    pub(super) score_within: bool,
    /// As typed, and in microseconds.
    compare_to: Option<(String, i64)>,
    pub(super) frequency: FrequencyCount,
}

/// How values become scores; `Fixed` holds inclusive upper bounds of R (days), F, M (1/10,000).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rescale {
    Quantile,
    RRfm,
    Natural,
    Fixed([Vec<i64>; 3]),
}

/// Where high begins in R, F and M.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Split {
    Mean,
    Median,
    /// In days, purchases, 1/10,000 of the unit.
    Given([Fraction; 3]),
}

/// Facts of which `rfm` makes use, beyond those that are always there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FactsNeeded {
    pub purchase_days: bool,
    /// Only if the data has them: both merely fill columns of the table `facts`.
    pub units: bool,
    pub channels: bool,
}

impl RfmParams {
    /// Makes every value concrete. `by`: whether `--by` is given. `compare_to_us`: the end of the moment of `--compare-to`.
    /// `read_map` gives the text of a segment map's file; it is called for nothing else.
    pub fn resolve(
        &self,
        by: bool,
        compare_to_us: Option<i64>,
        read_map: impl FnOnce(&str) -> Result<String>,
    ) -> Result<RfmSettings> {
        let scoring = self.resolve_scoring()?;
        if let Some(bins) = self.bins
            && !(3..=10).contains(&bins)
        {
            return Err(bad("--bins", bins, "is not from 3 to 10", None));
        }
        let named = self.segments.as_deref().unwrap_or("rf10");
        let map = match SegmentMap::built_in(named) {
            Some(map) => map?,
            None if named.contains(['.', '/', '\\']) => SegmentMap::parse(&read_map(named)?, named)?,
            None => return Err(unknown_map(named)),
        };
        let bins = self.resolve_bins(&scoring, &map)?;
        let map = map.checked(bins)?;
        let weights = self.resolve_weights()?;
        let split = self.resolve_split(&map)?;
        let tier_cuts = self.resolve_tier_cuts(&map, weights.unwrap_or([SCORE_UNIT; 3]), bins)?;
        let score_within = self.score_within.unwrap_or(false);
        if score_within && !by {
            return Err(does_not_apply(
                "--score-within",
                "it scores each value of --by apart, and --by is not given",
            ));
        }
        Ok(RfmSettings {
            scoring,
            bins,
            weights,
            map,
            split,
            tier_cuts,
            score_within,
            compare_to: self.compare_to.clone().zip(compare_to_us),
            frequency: self.frequency.unwrap_or_default(),
        })
    }

    fn resolve_scoring(&self) -> Result<Rescale> {
        let given = [
            ("--recency-cuts", self.recency_cuts.as_ref().map(|v| v.iter().map(|c| f64::from(*c)).collect())),
            (
                "--frequency-cuts",
                self.frequency_cuts.as_ref().map(|v| v.iter().map(|c| f64::from(*c)).collect()),
            ),
            ("--monetary-cuts", self.monetary_cuts.clone()),
        ];
        let scoring = match self.scoring.unwrap_or_default() {
            Scoring::Fixed => {
                let mut cuts = [Vec::new(), Vec::new(), Vec::new()];
                let units = [1, 1, MONEY_UNIT];
                for (at, (option, values)) in given.iter().enumerate() {
                    let Some(values) = values else {
                        return Err(bad(
                            "--scoring",
                            "fixed",
                            format!("needs {option} too"),
                            Some(
                                "--recency-cuts 30,60,90,180 --frequency-cuts 1,2,4,8 --monetary-cuts 50,100,300,1000",
                            ),
                        ));
                    };
                    cuts[at] = ascending(option, values, units[at])?;
                    if cuts[at].len() != cuts[0].len() {
                        let why = format!(
                            "has {} cut points and --recency-cuts {}: the three need equally many",
                            cuts[at].len(),
                            cuts[0].len()
                        );
                        return Err(bad(*option, list(values), why, None));
                    }
                    if !(2..=9).contains(&cuts[at].len()) {
                        return Err(bad(
                            *option,
                            list(values),
                            "2 to 9 cut points make 3 to 10 scores",
                            None,
                        ));
                    }
                }
                return Ok(Rescale::Fixed(cuts));
            }
            Scoring::Quantile => Rescale::Quantile,
            Scoring::Natural => Rescale::Natural,
            Scoring::RRfm => Rescale::RRfm,
        };
        match given.iter().find(|(_, values)| values.is_some()) {
            Some((option, _)) => {
                Err(does_not_apply(*option, "cut points are given only with --scoring fixed"))
            }
            None => Ok(scoring),
        }
    }

    fn resolve_bins(&self, scoring: &Rescale, map: &SegmentMap) -> Result<u8> {
        if let Rescale::Fixed(cuts) = scoring {
            let bins = cuts[0].len() as u8 + 1;
            if self.bins.is_some_and(|given| given != bins) {
                return Err(does_not_apply(
                    "--bins",
                    format!("the cut points of --scoring fixed make {bins} scores"),
                ));
            }
            return match map.bins {
                Some(needed) if needed != bins => Err(does_not_apply(
                    format!("a set of {} cut points", cuts[0].len()),
                    self.needs(map, needed, "give as many cut points as make them, or choose another map:"),
                )),
                _ => Ok(bins),
            };
        }
        match (self.bins, map.bins) {
            (Some(bins), Some(needed)) if bins != needed => Err(does_not_apply(
                format!("--bins {bins}"),
                self.needs(map, needed, "leave --bins out, or choose another map:"),
            )),
            (bins, needed) => Ok(bins.or(needed).unwrap_or(5)),
        }
    }

    fn needs(&self, map: &SegmentMap, needed: u8, way_out: &str) -> String {
        let which = if self.segments.is_none() { "the default segment map" } else { "the segment map" };
        format!(
            "{which} {} needs {needed} scores per dimension; {way_out} --segments tiers and --segments eight take any number, \
             and so may a TOML file of your own",
            map.name
        )
    }

    fn resolve_weights(&self) -> Result<Option<[i64; 3]>> {
        let Some(values) = &self.weights else { return Ok(None) };
        let refuse = |why: &str| Err(bad("--weights", list(values), why, None));
        let Ok::<[f64; 3], _>(three) = values.as_slice().try_into() else {
            return refuse("three numbers are needed: of recency, frequency, monetary");
        };
        let mut weights = [0; 3];
        for (weight, value) in weights.iter_mut().zip(three) {
            match scaled(value, SCORE_UNIT) {
                Some(w) if (0..=1_000_000 * SCORE_UNIT).contains(&w) => *weight = w,
                _ => return refuse("weights are from 0 to 1000000, with at most 6 decimals"),
            }
        }
        if weights == [0; 3] {
            return refuse("one of the weights must be above 0");
        }
        Ok(Some(weights))
    }

    fn resolve_split(&self, map: &SegmentMap) -> Result<Split> {
        let Some(typed) = &self.split else { return Ok(Split::Mean) };
        if !matches!(map.rule, Rule::HighLow { .. }) {
            return Err(does_not_apply(
                "--split",
                format!("segment map {} does not tell high from low", map.name),
            ));
        }
        match typed.trim() {
            "mean" => Ok(Split::Mean),
            "median" => Ok(Split::Median),
            values => {
                let values: Vec<Option<i64>> = values
                    .split(',')
                    .map(|v| v.trim().parse().ok().and_then(|v| scaled(v, MONEY_UNIT)))
                    .collect();
                let [Some(r), Some(f), Some(m)] = values[..] else {
                    return Err(bad(
                        "--split",
                        typed,
                        "is not mean, median or three numbers (at most 4 decimals): days, purchases, amount",
                        Some("--split 30,3,500"),
                    ));
                };
                let of_unit = |v: i64| Fraction::new(v.into(), MONEY_UNIT.into());
                Ok(Split::Given([of_unit(r), of_unit(f), Fraction::whole(m)]))
            }
        }
    }

    fn resolve_tier_cuts(&self, map: &SegmentMap, weights: [i64; 3], bins: u8) -> Result<Vec<Fraction>> {
        let Rule::Score { cuts: of_map } = &map.rule else {
            return match self.tier_cuts {
                Some(_) => {
                    Err(does_not_apply("--tier-cuts", format!("segment map {} has no tiers", map.name)))
                }
                None => Ok(Vec::new()),
            };
        };
        let (lowest, highest) = score_range(weights, bins);
        let tiers = map.segments.len();
        let (option, values) = match (&self.tier_cuts, of_map) {
            (Some(values), _) => ("--tier-cuts".to_owned(), values),
            (None, Some(values)) => (format!("{}: cuts", map.name), values),
            (None, None) => {
                let parts = tiers as i128;
                return Ok((1..parts)
                    .map(|i| {
                        Fraction::new(i128::from(lowest) * parts + i * i128::from(highest - lowest), parts)
                    })
                    .collect());
            }
        };
        let cuts = ascending(&option, values, SCORE_UNIT)?;
        if cuts.len() + 1 != tiers {
            let why = format!(
                "{} thresholds are needed, one for each segment above {}",
                tiers - 1,
                map.segments[0].key
            );
            return Err(bad(option, list(values), why, None));
        }
        if cuts.iter().any(|c| *c <= lowest || *c > highest) {
            let shown = |v: i64| v as f64 / SCORE_UNIT as f64;
            let why = format!(
                "scores run from {} to {}: thresholds must be above the first and not above the second",
                shown(lowest),
                shown(highest)
            );
            return Err(bad(option, list(values), why, None));
        }
        Ok(cuts.into_iter().map(Fraction::whole).collect())
    }
}

impl RfmSettings {
    /// What the facts must hold for these tables.
    pub fn facts_needed(&self, tables: &TableChoice) -> FactsNeeded {
        let listed = tables.wants("facts", true, false);
        FactsNeeded {
            purchase_days: listed || self.frequency == FrequencyCount::PurchaseDays,
            units: listed,
            channels: listed,
        }
    }

    /// The moments for which facts are needed, the report's own last: as `Spec::cutoffs` wants them.
    pub fn cutoffs(&self, as_of_us: i64) -> Vec<i64> {
        self.compare_to_us().into_iter().chain([as_of_us]).collect()
    }

    /// `--compare-to` in microseconds.
    pub fn compare_to_us(&self) -> Option<i64> {
        self.compare_to.as_ref().map(|c| c.1)
    }

    pub(super) fn compare_to(&self) -> Option<&str> {
        self.compare_to.as_ref().map(|c| c.0.as_str())
    }

    /// Labels that a segment map of the user's brings along; they go before ours.
    pub fn labels(&self) -> &[Label] {
        &self.map.labels
    }

    /// The weighted or plain sum of the three scores, in `SCORE_UNIT`.
    pub(super) fn score(&self, r: u8, f: u8, m: u8) -> i64 {
        let [wr, wf, wm] = self.weights.unwrap_or([SCORE_UNIT; 3]);
        wr * i64::from(r) + wf * i64::from(f) + wm * i64::from(m)
    }

    /// The lowest and the highest score there can be, in `SCORE_UNIT`.
    pub(super) fn score_range(&self) -> (i64, i64) {
        score_range(self.weights.unwrap_or([SCORE_UNIT; 3]), self.bins)
    }

    /// Parameters for the report, defaults included; those that do not apply are left out.
    pub fn to_params_json(&self) -> Map<String, Value> {
        let mut params = Map::new();
        let mut put = |key: &str, value: Value| {
            params.insert(key.to_owned(), value);
        };
        let of = |values: &[i64], unit: i64| -> Value {
            values.iter().map(|v| number(*v, unit)).collect::<Vec<_>>().into()
        };
        let scoring = match self.scoring {
            Rescale::Quantile => Scoring::Quantile,
            Rescale::RRfm => Scoring::RRfm,
            Rescale::Natural => Scoring::Natural,
            Rescale::Fixed(_) => Scoring::Fixed,
        };
        put("scoring", json!(scoring));
        put("bins", json!(self.bins));
        if let Rescale::Fixed([r, f, m]) = &self.scoring {
            put("recency_cuts", of(r, 1));
            put("frequency_cuts", of(f, 1));
            put("monetary_cuts", of(m, MONEY_UNIT));
        }
        if let Some(weights) = &self.weights {
            put("weights", of(weights, SCORE_UNIT));
        }
        put("segments", json!(self.map.name));
        if matches!(self.map.rule, Rule::HighLow { .. }) {
            put(
                "split",
                match &self.split {
                    Split::Mean => json!("mean"),
                    Split::Median => json!("median"),
                    Split::Given([r, f, m]) => json!([r.to_f64(1), f.to_f64(1), m.to_f64(MONEY_UNIT)]),
                },
            );
        }
        if matches!(self.map.rule, Rule::Score { .. }) {
            put("tier_cuts", self.tier_cuts.iter().map(|c| c.to_f64(SCORE_UNIT)).collect::<Vec<_>>().into());
        }
        put("score_within", json!(self.score_within));
        if let Some(date) = self.compare_to() {
            put("compare_to", json!(date));
        }
        put("frequency", json!(self.frequency));
        params
    }
}

fn score_range(weights: [i64; 3], bins: u8) -> (i64, i64) {
    let lowest: i64 = weights.iter().sum();
    (lowest, lowest * i64::from(bins))
}

/// Whole where it is whole: 30, not 30.0.
fn number(value: i64, unit: i64) -> Value {
    if value % unit == 0 { json!(value / unit) } else { json!(value as f64 / unit as f64) }
}

/// A typed decimal as whole multiples of 1/unit; `None` where it has more decimals than that, or is beyond all bounds.
fn scaled(value: f64, unit: i64) -> Option<i64> {
    let exact = value * unit as f64;
    let near = exact.round();
    // A typed decimal and its nearest double differ by 1e-16 of the value at most; a further decimal differs by 0.1.
    (near.abs() < 9e15 && (exact - near).abs() <= 1e-3_f64.max(near.abs() * 1e-15)).then_some(near as i64)
}

fn ascending(option: &str, values: &[f64], unit: i64) -> Result<Vec<i64>> {
    let decimals = unit.ilog10();
    let Some(exact) = values.iter().map(|v| scaled(*v, unit)).collect::<Option<Vec<_>>>() else {
        return Err(bad(
            option,
            list(values),
            format!("a number is too large or has more than {decimals} decimals"),
            None,
        ));
    };
    if !exact.is_sorted_by(|a, b| a < b) {
        return Err(bad(option, list(values), "must ascend, each above the one before", None));
    }
    Ok(exact)
}

fn list(values: &[f64]) -> String {
    values.iter().map(f64::to_string).collect::<Vec<_>>().join(",")
}

fn bad(option: impl Into<String>, value: impl ToString, why: impl Into<String>, hint: Option<&str>) -> Error {
    Error::BadOption {
        option: option.into(),
        value: value.to_string(),
        why: why.into(),
        hint: hint.map(str::to_owned),
    }
}

fn does_not_apply(option: impl Into<String>, why: impl Into<String>) -> Error {
    Error::DoesNotApply { option: option.into(), why: why.into() }
}

fn unknown_map(name: &str) -> Error {
    let mut known: Vec<String> = SegmentMap::BUILT_IN.iter().map(|m| m.0.to_owned()).collect();
    let nearest = crate::error::nearest(name, known.iter().map(String::as_str));
    known.push("a TOML file (a path with a dot or a slash)".into());
    Error::UnknownName { what: "segment map", name: name.into(), nearest, known }
}
