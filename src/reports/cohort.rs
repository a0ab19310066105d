//! `cohort`: customers grouped by when they first bought (or joined), followed through time. The definitions are in cohort.md,
//! which `siyu explain cohort` prints.

mod count;
mod joined;
mod params;
mod settings;
mod tables;

pub use params::{CohortBy, CohortParams, Measure};
pub use settings::{CohortSettings, Spans};

use crate::error::Result;
use crate::facts::customers::DAY_US;
use crate::facts::{Histories, JoinedDays};
use crate::output::grouped;
use crate::output::report::{Label, Note, Report, TableChoice};
use crate::reports::money_text;
use crate::reports::period::{PeriodUnit, date, moment};
use crate::reports::triangle;
use crate::text::{Catalogue, Lang};
use count::{Clock, Counted};
use joined::{Joined, Outside};
use tables::Shown;

/// The tables in the order in which they are shown, and whether they are long.
pub const TABLES: &[(&str, bool)] = &[("cells", false), ("matrix", false), ("pooled", false)];

/// The definitions, for users.
pub const DOC: &str = include_str!("cohort.md");

/// What the report is made of.
#[derive(Debug, Clone)]
pub struct CohortInput {
    /// End of the observed time, microseconds since 1970-01-01, local time.
    pub as_of_us: i64,
    /// With `by_name`, `attributes[0]` holds each customer's value.
    pub histories: Histories,
    /// `--by`, as resolved, e.g. `first_channel`.
    pub by_name: Option<String>,
    /// With `CohortBy::JoinedAt`: when members joined; else empty.
    pub joined: JoinedDays,
    /// Threads to count with; without effect on the result.
    pub threads: usize,
}

/// Answers `cohort`. Accounts of the input, and notes about it, are the caller's to add.
pub fn run(settings: &CohortSettings, input: &CohortInput, tables: &TableChoice) -> Result<Report> {
    let wants = |name: &str| tables.wants_of(TABLES, name);
    let as_of_day = input.as_of_us.div_euclid(DAY_US).clamp(i32::MIN.into(), i32::MAX.into()) as i32;
    let clock = Clock { periods: settings.periods, spans: settings.spans, as_of_day };
    let joined = (settings.cohort_by == CohortBy::JoinedAt)
        .then(|| Joined::new(&input.joined, &input.histories, as_of_day));
    let by = input.by_name.is_some();
    let counted = count::count(settings, clock, &input.histories, by, joined.as_ref(), input.threads)?;
    let shown = Shown { settings, clock, counted: &counted, by_name: input.by_name.as_deref() };

    let mut report = Report {
        command: "cohort".into(),
        as_of: moment(input.as_of_us),
        params: settings.to_params_json(),
        definitions: DOC.into(),
        labels: labels(settings, &counted),
        notes: notes(settings, input, clock, &counted, joined.as_ref()),
        ..Report::default()
    };
    if wants("cells") {
        report.tables.push(shown.cells()?);
    }
    if wants("matrix") {
        report.tables.push(shown.matrix()?);
    }
    if wants("pooled") {
        report.tables.push(shown.pooled()?);
    }
    Ok(report)
}

/// What values are called and the matrix is headed with: the measure. `M3`, `第3月` above its columns.
fn labels(settings: &CohortSettings, counted: &Counted<'_>) -> Vec<Label> {
    let (en, zh) = match (settings.spans, settings.periods.unit) {
        (Spans::Elapsed(_), _) => ("+", "期"),
        (Spans::Calendar, PeriodUnit::Day) => ("D", "天"),
        (Spans::Calendar, PeriodUnit::Week) => ("W", "周"),
        (Spans::Calendar, PeriodUnit::Month) => ("M", "月"),
        // Q3 would be read as the third quarter of a year.
        (Spans::Calendar, PeriodUnit::Quarter) => ("+", "季"),
        (Spans::Calendar, PeriodUnit::Year) => ("Y", "年"),
    };
    let measure = |lang| {
        let key = settings.measure.key();
        Catalogue::get(lang).label("cohort_measures", key).unwrap_or(key).to_owned()
    };
    let title = |lang| {
        let pattern = Catalogue::get(lang).label("cohort_titles", "matrix").unwrap_or("{}");
        pattern.replace("{}", &measure(lang))
    };
    let named = |section, key: &str, text: &dyn Fn(Lang) -> String| Label {
        section,
        key: key.to_owned(),
        en: text(Lang::En),
        zh: text(Lang::Zh),
    };
    let mut labels = vec![named("columns", "value", &measure), named("tables", "matrix", &title)];
    for bound in ["lower", "upper"] {
        let text = |lang| Catalogue::get(lang).label("cohort_bounds", bound).unwrap_or(bound).to_owned();
        labels.push(named("columns", bound, &text));
    }
    let periods = counted.rows.iter().map(|row| row.periods).max().unwrap_or(0);
    labels.extend(triangle::period_labels(en, zh, periods));
    labels
}

fn notes(
    settings: &CohortSettings,
    input: &CohortInput,
    clock: Clock,
    counted: &Counted<'_>,
    joined: Option<&Joined>,
) -> Vec<Note> {
    let mut notes = Vec::new();
    notes.push(match (settings.spans, joined) {
        (Spans::Calendar, _) => Note::new(match settings.periods.unit {
            PeriodUnit::Day => "cohort_calendar_day",
            PeriodUnit::Week => "cohort_calendar_week",
            PeriodUnit::Month => "cohort_calendar_month",
            PeriodUnit::Quarter => "cohort_calendar_quarter",
            PeriodUnit::Year => "cohort_calendar_year",
        }),
        (Spans::Elapsed(days), None) => Note::new("cohort_elapsed").with("days", days),
        (Spans::Elapsed(days), Some(_)) => Note::new("cohort_elapsed_joined").with("days", days),
    });
    if let Some(by) = &input.by_name {
        let key = if joined.is_some() { "cohort_by_of_members" } else { "cohort_by" };
        notes.push(Note::new(key).with("by", by));
    }
    let running = |row: &count::Row| (0..row.periods).any(|index| !clock.is_over(row, index));
    if counted.rows.iter().any(running) {
        notes.push(Note::new("cohort_running").with("date", date(clock.as_of_day)));
    }
    let histories = &input.histories;
    if histories.without_purchase > 0 {
        notes.push(
            Note::new("cohort_without_purchase")
                .with("customers", count_text(histories.without_purchase))
                .with("net", money_text(histories.without_purchase_net_e4)),
        );
    }
    if counted.early.customers > 0 {
        notes.push(
            Note::new("cohort_before_first")
                .with("customers", count_text(counted.early.customers))
                .with("net", money_text(counted.early.net_e4)),
        );
    }
    if let Some(joined) = joined {
        notes.extend(notes_of_members(joined));
    }
    notes
}

fn notes_of_members(joined: &Joined) -> Vec<Note> {
    let mut notes = Vec::new();
    let outside = |key, outside: Outside| {
        Note::new(key)
            .with("customers", count_text(outside.customers))
            .with("orders", count_text(outside.orders))
            .with("net", money_text(outside.net_e4))
    };
    if joined.strangers.customers > 0 {
        notes.push(outside("cohort_not_members", joined.strangers));
    }
    if joined.before.customers > 0 {
        notes.push(outside("cohort_before_joining", joined.before));
    }
    let members = [
        ("cohort_members_who_never_bought", joined.without_purchase.len() as u64),
        ("cohort_members_joined_later", joined.later),
    ];
    let some = members.into_iter().filter(|(_, members)| *members > 0);
    notes.extend(some.map(|(key, members)| Note::new(key).with("members", count_text(members))));
    notes
}

fn count_text(count: u64) -> String {
    grouped(i128::from(count))
}

#[cfg(test)]
mod tests;
