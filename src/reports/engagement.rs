//! `engagement`: who is active and how. The definitions are in engagement.md, which `siyu explain engagement` prints.

mod activity;
mod content;
mod interactions;
pub mod kinds;
mod koc;
mod layers;
mod notes;
mod params;
mod population;
mod reach;
mod settings;
mod streaks;
mod tables;
mod touches;

pub use params::EngagementParams;
pub use settings::EngagementSettings;

use hashbrown::HashMap;

use crate::error::Result;
use crate::facts::journeys::Journeys;
use crate::facts::{Histories, Members};
use crate::output::report::{Label, Report, TableChoice};
use crate::reports::period::moment;
use crate::text::{Catalogue, Lang};
use kinds::Kinds;
use tables::Groups;

/// The tables in the order in which they are shown, and whether they are long.
pub const TABLES: &[(&str, bool)] = &[
    ("activity", false),
    ("summary", false),
    ("interactions", false),
    ("depth", false),
    ("streaks", false),
    ("reach", false),
    ("best_hour", false),
    ("weekday_hours", true),
    ("content", false),
    ("layers", false),
    ("comparison", false),
    ("koc_summary", false),
    ("koc", true),
    ("members", true),
];

/// The definitions, for users.
pub const DOC: &str = include_str!("engagement.md");

/// What the report is made of.
#[derive(Debug, Default)]
pub struct EngagementInput {
    /// End of the observed time, microseconds since 1970-01-01, local time.
    pub as_of_us: i64,
    /// All events, with the attributes below; with values where the file has them.
    pub journeys: Journeys,
    /// Which attribute of the journeys is what.
    pub attributes: Attributes,
    /// `--by`, as resolved.
    pub by: Option<By>,
    /// `--members`; `None`: everybody in the events is a member.
    pub members: Option<Members>,
    /// `--orders`; `None`: conversions are events.
    pub orders: Option<Orders>,
    /// Threads to count with; without effect on the result.
    pub threads: usize,
}

/// The index of each attribute in the journeys; `None`: the file does not have it, or no table wants it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attributes {
    pub content_id: Option<usize>,
    pub campaign: Option<usize>,
    pub inviter_id: Option<usize>,
    /// The column of `--reach-by`.
    pub reach_by: Option<usize>,
}

/// What the report is broken down by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// The name of its column.
    pub name: String,
    /// The attribute of the journeys, whose value at a customer's first event that has one counts; `None`: it is
    /// `Member::by`.
    pub attribute: Option<usize>,
}

/// The orders of customers, by id.
#[derive(Debug, Clone, Default)]
pub struct Orders {
    histories: Histories,
    places: HashMap<Box<str>, u32>,
}

impl Orders {
    pub fn new(histories: Histories) -> Self {
        let ids = histories.customer_id.iter().zip(0..);
        let places = ids.map(|(id, place)| (Box::from(id), place)).collect();
        Self { histories, places }
    }

    /// Purchases, and net revenue in 1/10,000 (all orders, refunds taken off), from the day `first` on.
    pub fn since(&self, customer_id: &str, first: i32) -> (u64, i64) {
        let Some(place) = self.places.get(customer_id) else { return (0, 0) };
        let history = self.histories.get(*place as usize);
        let entries = history.day.iter().zip(history.orders).zip(history.net_e4);
        let within = entries.filter(|((day, _), _)| **day >= first);
        within.fold((0, 0), |(orders, net), ((_, more), e4)| {
            (orders + u64::from(*more), net.saturating_add(*e4))
        })
    }

    /// The same of all days.
    pub fn of(&self, customer_id: &str) -> (u64, i64) {
        self.since(customer_id, i32::MIN)
    }
}

/// Answers `engagement`. Accounts of the input, and notes about it, are the caller's to add.
pub fn run(settings: &EngagementSettings, input: &EngagementInput, tables: &TableChoice) -> Result<Report> {
    let wants = |name: &str| tables.wants_of(TABLES, name);
    let kinds = Kinds::find(&settings.kinds, &input.journeys.kinds)?;
    let population = population::count(settings, &kinds, input, wants)?;
    let groups = Groups { by: input.by.as_ref(), population: &population };
    let with_visitors = input.members.is_some();

    let mut report = Report {
        command: "engagement".into(),
        as_of: moment(input.as_of_us),
        params: settings.to_params_json(),
        definitions: DOC.into(),
        labels: labels(),
        notes: notes::notes(settings, &kinds, input, &population),
        ..Report::default()
    };
    let mut touches = touches::answer(settings, input, &kinds, wants)?;
    report.notes.append(&mut touches.notes);
    report.labels.append(&mut touches.labels);
    for (name, _) in TABLES.iter().filter(|(name, _)| wants(name)) {
        report.tables.extend(match *name {
            "activity" => Some(population.activity.table(&population, &groups, with_visitors)),
            "summary" => Some(population.activity.summary(&population, &groups, with_visitors)),
            "interactions" => Some(population.interactions.table(&population, &groups, with_visitors)),
            "depth" => Some(interactions::depth(&population, &groups)),
            "streaks" => Some(streaks::table(&population, &groups)),
            "layers" => Some(layers::table(settings, &kinds, &population, &groups)),
            "comparison" => Some(layers::comparison(settings, &kinds, &population, &groups)),
            "members" => Some(layers::members(settings, &kinds, &population, &groups, input)),
            of_touches => touches.take(of_touches),
        });
    }
    Ok(report)
}

/// What names that other reports have too mean in this one.
fn labels() -> Vec<Label> {
    let label = |section, key: &str, (of, name): (&str, &str)| {
        let text = |lang| Catalogue::get(lang).label(of, name).unwrap_or(key).to_owned();
        Label { section, key: key.to_owned(), en: text(Lang::En), zh: text(Lang::Zh) }
    };
    vec![
        label("params", "period", ("engagement_params", "period")),
        label("params", "top", ("engagement_params", "top")),
        label("columns", "period", ("engagement_columns", "period")),
        label("tables", "comparison", ("tables", "engagement_comparison")),
        label("columns", "lower", ("cohort_bounds", "lower")),
        label("columns", "upper", ("cohort_bounds", "upper")),
    ]
}

#[cfg(test)]
mod tests;
