//! The options of `funnel` resolved: every value concrete, nonsense refused.

use serde_json::{Map, Value, json};

use super::compare::Comparison;
use super::diagnosis;
use super::params::{EntryChoice, FunnelParams, Mode};
use super::selectors::{self, ExcludedStep, Step};
use crate::error::{Error, Result};
use crate::facts::funnel::{Entry, Exclusion, Funnel, Order, Strictness};
use crate::reports::duration::microseconds;
use crate::reports::period::{PeriodUnit, Periods};

/// The window where none is given. Seven days: what Chinese analytics (Sensors, GrowingIO) begin with, and as long as a
/// purchase on a marketplace takes at most; PostHog begins with 14 days, Amplitude and Mixpanel with 30.
const DEFAULT_WINDOW: &str = "7d";

/// The most bins of the table times.
const MOST_BINS: u32 = 90;

/// What `funnel` is to do.
#[derive(Debug, Clone)]
pub struct FunnelSettings {
    pub steps: Vec<Step>,
    pub exclusions: Vec<ExcludedStep>,
    pub modes: Vec<Mode>,
    /// The rules.
    pub funnel: Funnel,
    /// The column whose values are the units; `None`: customer_id.
    pub unit: Option<String>,
    /// `--by`, whose values are the first of the attributes.
    pub by: Option<String>,
    /// Columns whose values come with each event: first that of `--by` (where given), then those of `--compare COLUMN=VALUE`
    /// and of the diagnosis, each once.
    pub attributes: Vec<String>,
    /// The event of a chain whose attributes count.
    pub by_at: ByAt,
    /// Who stands in the table users.
    pub selected: Selected,
    /// Of the table trend.
    pub periods: Periods,
    /// Steps (from 0) between which the table times takes time.
    pub times: (usize, usize),
    pub bins: Option<u32>,
    pub compare: Option<Comparison>,
    pub diagnose: bool,
    /// `--attributes`; `None`: the usual ones, as far as they are there.
    pub explained_by: Option<Vec<String>>,
    /// `--min-support`.
    pub min_support: Option<u64>,
}

/// The event of a chain whose attributes count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ByAt {
    /// The first of the chain.
    #[default]
    Entry,
    /// That of a step, from 0; who does not have it has no value.
    Step(usize),
    /// The last of the chain.
    Last,
}

/// Who stands in the table users. Steps from 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Selected {
    /// All who entered.
    #[default]
    All,
    Reached(usize),
    /// Got to the step before, not to this one.
    Dropped(usize),
    /// Did not get through.
    DroppedAnywhere,
}

impl FunnelParams {
    /// Makes every value concrete, and refuses what makes no sense. `--by` and attributes are the caller's to add
    /// ([`FunnelSettings::with_attributes`]): which there are is known when the input is open.
    pub fn resolve(&self) -> Result<FunnelSettings> {
        let Some(typed) = self.steps.as_deref() else {
            return Err(bad("--steps", "", "is needed", "e.g. --steps exposure,click,register,pay"));
        };
        let steps = selectors::steps("--steps", typed)?;
        let last = steps.len() - 1;
        let modes = modes(self.mode.as_deref().unwrap_or_default())?;
        let order = order(&modes);
        let optional = steps.iter().enumerate().filter(|(_, step)| step.optional);
        let optional = optional.fold(0_u64, |bits, (at, _)| bits | 1 << at);
        let exclusions = selectors::exclusions("--exclude", self.exclude.iter().flatten())?;
        refuse_for_order(order, &modes, optional != 0)?;
        let funnel = Funnel {
            steps: steps.len(),
            optional,
            exclusions: exclusions.iter().map(|one| between(one, last)).collect::<Result<_>>()?,
            window_us: window(self.window.as_deref().unwrap_or(DEFAULT_WINDOW))?,
            step_windows_us: step_windows(self.step_window.as_deref(), steps.len(), order)?,
            order,
            entry: match self.entry.unwrap_or_default() {
                EntryChoice::Latest => Entry::Latest,
                EntryChoice::First => Entry::First,
            },
        };
        let unit = self.period.unwrap_or(PeriodUnit::Week);
        if self.week_start.is_some() && unit != PeriodUnit::Week {
            return Err(does_not_apply(
                "--week-start",
                format!("--period is {}, and it is for week", unit.key()),
            ));
        }
        if self.attributes.is_some() && self.diagnose != Some(true) {
            return Err(does_not_apply("--attributes", "it is for --diagnose"));
        }
        Ok(FunnelSettings {
            unit: selectors::unit(self.unit.as_deref())?,
            by: None,
            attributes: Vec::new(),
            by_at: self
                .by_at
                .as_deref()
                .map(|text| by_at(text, steps.len()))
                .transpose()?
                .unwrap_or_default(),
            selected: self.selected(&steps, order)?,
            periods: Periods::new(unit, self.week_start.unwrap_or_default()),
            times: self.times(steps.len())?,
            bins: match self.bins {
                Some(bins) if !(1..=MOST_BINS).contains(&bins) => {
                    return Err(bad(
                        "--bins",
                        &bins.to_string(),
                        &format!("is not from 1 to {MOST_BINS}"),
                        "--bins 20",
                    ));
                }
                bins => bins,
            },
            compare: self.compare.as_deref().map(Comparison::parse).transpose()?,
            diagnose: self.diagnose.unwrap_or(false),
            explained_by: self.attributes.clone(),
            min_support: match self.min_support {
                Some(0) => return Err(bad("--min-support", "0", "is not above 0", "--min-support 25")),
                users => users,
            },
            steps,
            exclusions,
            modes,
            funnel,
        })
    }

    fn selected(&self, steps: &[Step], order: Order) -> Result<Selected> {
        let (dropped, reached) = (self.dropped == Some(true), self.reached == Some(true));
        if dropped && reached {
            return Err(does_not_apply("--reached", "--dropped is given, and it is one or the other"));
        }
        let Some(step) = self.step else {
            return match (dropped, reached) {
                (_, true) => Err(does_not_apply("--reached", "it needs --step N")),
                (true, _) => Ok(Selected::DroppedAnywhere),
                _ => Ok(Selected::All),
            };
        };
        let at = step_number("--step", step, steps.len())?;
        if !dropped {
            return Ok(Selected::Reached(at));
        }
        if at == 0 {
            return Err(does_not_apply("--dropped", "nobody drops out before step 1: it is where all enter"));
        }
        if order != Order::Any && steps[at].optional {
            let why = format!(
                "step {step} ({}) may be left out: who did not do it did not drop out",
                steps[at].name
            );
            return Err(does_not_apply("--dropped", why));
        }
        Ok(Selected::Dropped(at))
    }

    fn times(&self, steps: usize) -> Result<(usize, usize)> {
        let number = |option, given: Option<u32>, otherwise| {
            given.map_or(Ok(otherwise), |step| step_number(option, step, steps))
        };
        let from = number("--times-from", self.times_from, 0)?;
        let to = number("--times-to", self.times_to, steps - 1)?;
        let given = self.times_from.is_some() || self.times_to.is_some();
        if given && from >= to {
            let why = format!("time goes from step {} to step {}", from + 1, to + 1);
            return Err(bad("--times-from", &(from + 1).to_string(), &why, "the first is before the second"));
        }
        Ok((from, to))
    }
}

impl FunnelSettings {
    /// The same with `--by` and the other columns that are needed beside it, each once.
    pub fn with_attributes(mut self, by: Option<&str>, others: impl IntoIterator<Item = String>) -> Self {
        self.by = by.map(str::to_owned);
        self.attributes = by.map(str::to_owned).into_iter().collect();
        for column in others {
            if !self.attributes.contains(&column) {
                self.attributes.push(column);
            }
        }
        self
    }

    /// The longest time from a chain's first step to its last, microseconds: the window, or the sum of the windows of steps
    /// where each has one. `None`: without end.
    pub fn longest_us(&self) -> Option<i64> {
        let by_step = self.funnel.step_windows_us.iter().skip(1);
        let sum =
            by_step.copied().try_fold(0_i64, |sum, window| window.map(|window| sum.saturating_add(window)));
        let sum = sum.filter(|_| self.funnel.steps > 1);
        match (self.funnel.window_us, sum) {
            (Some(window), Some(sum)) => Some(window.min(sum)),
            (window, sum) => window.or(sum),
        }
    }

    /// The step (from 0) that a rate from the previous step is of: the nearest before `step` that may not be left out.
    pub fn previous(&self, step: usize) -> Option<usize> {
        (0..step).rev().find(|at| !self.is_optional(*at))
    }

    /// Whether a step (from 0) may be left out.
    pub fn is_optional(&self, step: usize) -> bool {
        self.funnel.optional >> step & 1 == 1
    }

    /// The name of the column with the units.
    pub fn unit_column(&self) -> &str {
        self.unit.as_deref().unwrap_or("customer_id")
    }

    /// Whether events that are no step must be there too.
    pub fn needs_all_events(&self) -> bool {
        match self.funnel.order {
            Order::NothingBetween => true,
            Order::Ordered(strictness) => strictness.order,
            Order::Any => false,
        }
    }

    /// For `params` of the report.
    pub fn to_params_json(&self) -> Map<String, Value> {
        let mut params = Map::new();
        let mut put = |key: &str, value: Value| {
            params.insert(key.to_owned(), value);
        };
        let name = |step: &Step| if step.optional { format!("{}?", step.name) } else { step.name.clone() };
        put("steps", json!(self.steps.iter().map(name).collect::<Vec<_>>()));
        put("mode", json!(self.modes.iter().map(|mode| mode.key()).collect::<Vec<_>>()));
        put("entry", json!(if self.funnel.entry == Entry::First { "first" } else { "latest" }));
        put("window", json!(self.funnel.window_us.map_or_else(|| "none".to_owned(), duration_text)));
        if self.funnel.step_windows_us.iter().any(Option::is_some) {
            let windows = self.funnel.step_windows_us.iter().enumerate();
            let text = |(at, window): (usize, &Option<i64>)| {
                window.map(|window| format!("{}={}", at + 1, duration_text(window)))
            };
            put("step_window", json!(windows.filter_map(text).collect::<Vec<_>>()));
        }
        if !self.exclusions.is_empty() {
            let text = |(one, rule): (&ExcludedStep, &Exclusion)| {
                format!("{}@{}..{}", one.name, rule.after + 1, rule.before + 1)
            };
            let texts = self.exclusions.iter().zip(&self.funnel.exclusions).map(text);
            put("exclude", json!(texts.collect::<Vec<_>>()));
        }
        put("unit", json!(self.unit_column()));
        if let Some(by) = &self.by {
            put("by", json!(by));
            let at = match self.by_at {
                ByAt::Entry => "entry".to_owned(),
                ByAt::Step(at) => format!("step-{}", at + 1),
                ByAt::Last => "last".to_owned(),
            };
            put("by_at", json!(at));
        }
        if let Some(compare) = &self.compare {
            put("compare", json!(compare.text()));
        }
        if self.diagnose {
            put("diagnose", json!(true));
            let names = diagnosis::attributes(self, |name| self.attributes.iter().any(|one| one == name));
            put("attributes", json!(names));
        }
        if let Some(users) = self.min_support {
            put("min_support", json!(users));
        }
        params
    }
}

/// The modes in one order, each once; combinations that make no sense are refused.
fn modes(typed: &[Mode]) -> Result<Vec<Mode>> {
    let mut modes = typed.to_vec();
    modes.sort_unstable();
    modes.dedup();
    if modes.is_empty() {
        modes.push(Mode::Loose);
    }
    for alone in [Mode::Loose, Mode::AnyOrder, Mode::Strict] {
        if let (true, Some(other)) = (modes.contains(&alone), modes.iter().find(|mode| **mode != alone)) {
            let why = match alone {
                Mode::Loose => "loose means none of the others".to_owned(),
                Mode::AnyOrder => format!("{} is about steps in order, and any-order has none", other.key()),
                _ => format!(
                    "strict is PostHog's strict order and goes alone; {} is ClickHouse's: combine it with strict-order",
                    other.key()
                ),
            };
            return Err(bad("--mode", &texts(&modes), &why, alone.key()));
        }
    }
    if modes.contains(&Mode::AllowReentry) && !modes.contains(&Mode::StrictOrder) {
        let why = "allow-reentry lets step 1 come again where strict-order forbids it, and that is not given";
        return Err(bad("--mode", &texts(&modes), why, "strict-order,allow-reentry"));
    }
    Ok(modes)
}

fn texts(modes: &[Mode]) -> String {
    modes.iter().map(|mode| mode.key()).collect::<Vec<_>>().join(",")
}

fn order(modes: &[Mode]) -> Order {
    let has = |mode| modes.contains(&mode);
    if has(Mode::AnyOrder) {
        return Order::Any;
    }
    if has(Mode::Strict) {
        return Order::NothingBetween;
    }
    Order::Ordered(Strictness {
        order: has(Mode::StrictOrder),
        deduplication: has(Mode::StrictDeduplication),
        increase: has(Mode::StrictIncrease),
        once: has(Mode::StrictOnce),
        allow_reentry: has(Mode::AllowReentry),
    })
}

fn refuse_for_order(order: Order, modes: &[Mode], optional: bool) -> Result<()> {
    if !optional {
        return Ok(());
    }
    let why = match order {
        Order::Any => "with any-order each step stands for itself: leave out the step",
        Order::Ordered(Strictness { order: true, .. }) => {
            "ClickHouse's strict_order knows no steps that may be left out: --mode strict is PostHog's, which does"
        }
        _ => return Ok(()),
    };
    Err(bad(
        "--steps",
        "?",
        &format!("an optional step and --mode {}: {why}", texts(modes)),
        "leave out the ?",
    ))
}

fn between(exclusion: &ExcludedStep, last: usize) -> Result<Exclusion> {
    if last == 0 {
        return Err(does_not_apply("--exclude", "with one step there is nothing between steps"));
    }
    let Some((after, before)) = exclusion.between else { return Ok(Exclusion { after: 0, before: last }) };
    let steps = last + 1;
    let (from, to) = (step_number("--exclude", after, steps)?, step_number("--exclude", before, steps)?);
    if from >= to {
        let typed = format!("{}@{after}..{before}", exclusion.name);
        return Err(bad(
            "--exclude",
            &typed,
            "the first step is not before the second",
            "between 2 and 3: @2..3",
        ));
    }
    Ok(Exclusion { after: from, before: to })
}

/// `none` or a length of time.
fn window(text: &str) -> Result<Option<i64>> {
    if text.trim() == "none" { Ok(None) } else { microseconds("--window", text).map(Some) }
}

/// `1d` for all steps but the first, or `2=1d,3=2h`.
fn step_windows(text: Option<&str>, steps: usize, order: Order) -> Result<Vec<Option<i64>>> {
    const OPTION: &str = "--step-window";
    let mut windows = vec![None; steps];
    let Some(text) = text else { return Ok(windows) };
    if steps == 1 {
        return Err(does_not_apply(OPTION, "with one step there is no step before"));
    }
    if order == Order::Any {
        return Err(does_not_apply(
            OPTION,
            "with any-order no step is before another: --window is for all together",
        ));
    }
    if !text.contains(['=', ',', '，']) {
        let window = microseconds(OPTION, text)?;
        windows[1..].fill(Some(window));
        return Ok(windows);
    }
    for part in text.split([',', '，']) {
        let hint = "2=1d,3=2h: at most 1 day from step 1 to step 2, at most 2 hours from there to step 3";
        let Some((step, window)) = part.split_once('=') else {
            return Err(bad(OPTION, part.trim(), "does not say for which step", hint));
        };
        let Ok(step) = step.trim().parse::<u32>() else {
            return Err(bad(OPTION, part.trim(), "does not begin with a step's number", hint));
        };
        let at = step_number(OPTION, step, steps)?;
        if at == 0 {
            return Err(bad(OPTION, part.trim(), "step 1 has no step before", hint));
        }
        if windows[at].replace(microseconds(OPTION, window)?).is_some() {
            return Err(bad(OPTION, part.trim(), &format!("step {step} has two"), hint));
        }
    }
    Ok(windows)
}

fn by_at(text: &str, steps: usize) -> Result<ByAt> {
    let hint = "entry, step-2 or last";
    match text.trim() {
        "entry" => Ok(ByAt::Entry),
        "last" => Ok(ByAt::Last),
        other => {
            let number = other.strip_prefix("step-").or_else(|| other.strip_prefix("step_"));
            match number.and_then(|number| number.parse().ok()) {
                Some(step) => Ok(ByAt::Step(step_number("--by-at", step, steps)?)),
                None => Err(bad("--by-at", text, "is none of entry, step-N, last", hint)),
            }
        }
    }
}

/// The index of a step typed by its number.
fn step_number(option: &str, step: u32, steps: usize) -> Result<usize> {
    match (step as usize).checked_sub(1) {
        Some(at) if at < steps => Ok(at),
        _ => {
            let hint = if steps == 1 {
                "there is step 1 alone".to_owned()
            } else {
                format!("steps go from 1 to {steps}")
            };
            Err(bad(option, &step.to_string(), "is no step", &hint))
        }
    }
}

/// The shortest way to write a length of time.
pub(super) fn duration_text(us: i64) -> String {
    const SECOND: i64 = 1_000_000;
    let units = [(86_400 * SECOND, "d"), (3_600 * SECOND, "h"), (60 * SECOND, "m")];
    let fits = units.iter().find(|(unit, _)| us % unit == 0);
    let (unit, name) = fits.copied().unwrap_or((SECOND, "s"));
    format!("{}{name}", us / unit)
}

fn bad(option: &str, value: &str, why: &str, hint: &str) -> Error {
    Error::BadOption { option: option.into(), value: value.into(), why: why.into(), hint: Some(hint.into()) }
}

fn does_not_apply(option: &str, why: impl Into<String>) -> Error {
    Error::DoesNotApply { option: option.into(), why: why.into() }
}

#[cfg(test)]
mod tests;
