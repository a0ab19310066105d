//! `ltv`: what customers brought in, and what models of their purchases and spend expect of them.
//! The definitions are in ltv.md, which `siyu explain ltv` prints.

mod bootstrap;
mod diagnosis;
mod fitting;
mod historic;
mod holdout;
mod params;
mod population;
mod predictive;
mod settings;
mod tables;
#[cfg(test)]
#[path = "ltv/tests/testing.rs"]
mod testing;
mod totals;
mod tracking;
mod validation;
mod valuation;

pub use params::{LtvParams, ModelChoice, TimeUnit};
pub use settings::{Duration, LtvSettings};

use crate::error::Result;
use crate::facts::{Histories, SpendRow};
use crate::output::report::{Report, TableChoice};
use crate::reports::groups::Groups;
use crate::reports::period::moment;
use crate::stats::btyd::ModelKind;
use bootstrap::Bootstrap;
use fitting::{Fitted, Holdout};
use population::Population;
use valuation::Valuation;

/// The tables in the order in which they are shown, and whether they are long.
pub const TABLES: &[(&str, bool)] = &[
    ("model", false),
    ("totals", false),
    ("deciles", false),
    ("cohorts", false),
    ("curve", false),
    ("validation", false),
    ("bins", false),
    ("tracking", false),
    ("customers", true),
];

/// The definitions, for users.
pub const DOC: &str = include_str!("ltv.md");

/// What the report is made of.
#[derive(Debug, Clone)]
pub struct LtvInput {
    /// End of the observed time, microseconds since 1970-01-01, local time.
    pub as_of_us: i64,
    /// With `by_name`, `attributes[0]` holds each customer's value.
    pub histories: Histories,
    /// `--by`, as resolved, e.g. `first_channel`.
    pub by_name: Option<String>,
    /// What was spent on winning customers, where `--spend` is given.
    pub spend: Option<Vec<SpendRow>>,
    /// Worker threads; results do not depend on their number.
    pub threads: usize,
}

impl LtvInput {
    /// Histories up to the end of 1970-01-01, without `--by`: set what differs.
    pub fn of(histories: Histories, threads: usize) -> Self {
        Self { as_of_us: 86_399_999_999, histories, by_name: None, spend: None, threads }
    }
}

/// What all tables are made of.
struct Study<'a> {
    settings: &'a LtvSettings,
    input: &'a LtvInput,
    /// Of `--by`: indices are places in the histories.
    groups: Groups<'a>,
    /// Everybody, up to the end of the observed time.
    population: Population,
    /// Fitted on all of it.
    fitted: Fitted,
    /// `None` where no table asks for it, or the history is too short for one.
    holdout: Option<Holdout>,
    /// `None` without a model of purchases.
    valuation: Option<Valuation>,
}

/// Whether `tables` asks for the table of that name.
pub fn wants(tables: &TableChoice, name: &str) -> bool {
    tables.wants_of(TABLES, name)
}

/// Answers `ltv`. Accounts of the input, and notes about it, are the caller's to add.
pub fn run(settings: &LtvSettings, input: &LtvInput, tables: &TableChoice) -> Result<Report> {
    let wants = |name: &str| wants(tables, name);
    let needs_holdout = settings.model == ModelChoice::Auto
        || ["model", "validation", "bins", "tracking"].into_iter().any(wants);
    let has_intervals = ["model", "totals"].into_iter().any(wants);
    let study = Study::new(settings, input, needs_holdout)?;
    let bootstrap = has_intervals.then(|| Bootstrap::new(&study)).flatten();
    let mut report = Report {
        command: "ltv".into(),
        as_of: moment(input.as_of_us),
        params: settings.to_params_json(),
        definitions: DOC.into(),
        alerts: study.alerts(),
        notes: study.notes(bootstrap.as_ref()),
        ..Report::default()
    };
    for (name, _) in TABLES {
        if wants(name) {
            study.add_table(name, bootstrap.as_ref(), &mut report)?;
        }
    }
    Ok(report)
}

impl<'a> Study<'a> {
    /// Adds a table of this name to the report, with the notes that belong to it.
    fn add_table(&self, name: &str, bootstrap: Option<&Bootstrap>, report: &mut Report) -> Result<()> {
        match name {
            "model" => report.tables.push(self.model_table(bootstrap)),
            "totals" => report.tables.push(self.totals_table(bootstrap)),
            "deciles" => report.tables.push(self.deciles_table()),
            "customers" => report.tables.push(self.customers_table()),
            "cohorts" => historic::cohorts(self, report)?,
            "curve" => historic::curve(self, report)?,
            "validation" => validation::validation(self, report)?,
            "bins" => validation::bins(self, report)?,
            "tracking" => tracking::tracking(self, report)?,
            _ => {}
        }
        Ok(())
    }

    fn new(settings: &'a LtvSettings, input: &'a LtvInput, needs_holdout: bool) -> Result<Self> {
        let histories = &input.histories;
        let groups = match (&input.by_name, histories.attributes.first()) {
            (Some(_), Some(column)) => Groups::new(column),
            _ => Groups::one(histories.len()),
        };
        let order = histories.customer_id.sorted_order();
        let last_day = input.as_of_us.div_euclid(86_400_000_000);
        let last_day = last_day.clamp(i32::MIN.into(), i32::MAX.into()) as i32;
        let population = Population::new(histories, &order, last_day, settings.include_first_purchase);
        let kinds = settings.kinds();
        let mut holdout = match needs_holdout {
            true => Holdout::new(settings, histories, &order, &population, input.threads)?,
            false => None,
        };
        let mut fitted = Fitted::new(&population, kinds, input.threads);
        fitted.choose(holdout.as_ref());
        if let Some(holdout) = &mut holdout {
            holdout.fitted.chosen = fitted.chosen;
        }
        let valuation = Valuation::new(settings, &population, &fitted, input.threads);
        Ok(Self { settings, input, groups, population, fitted, holdout, valuation })
    }
}

/// As people write it.
fn model_name(kind: ModelKind) -> &'static str {
    match kind {
        ModelKind::BgNbd => "BG/NBD",
        ModelKind::MbgNbd => "MBG/NBD",
        ModelKind::ParetoNbd => "Pareto/NBD",
    }
}

#[cfg(test)]
mod tests;
