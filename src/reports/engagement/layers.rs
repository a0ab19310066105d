//! Members in layers by how active they are, and new against old ones on the same measures: the tables `layers`, `comparison`
//! and `members`.

use super::EngagementInput;
use super::kinds::{Kinds, Role};
use super::population::{Person, Population};
use super::settings::EngagementSettings;
use super::tables::{Groups, float, ratio};
use crate::output::report::{Cells, Column, Kind, Table};
use crate::stats::proportions::LEVEL;
use crate::stats::two_proportions::{Proportion, compare, newcombe};
use crate::stats::welch::welch;

/// Money in 1/10,000 of the unit.
const MONEY_UNIT: f64 = 10_000.0;

/// Means are compared where either side has so many members: of fewer the interval says little.
const LEAST_FOR_MEANS: u64 = 10;

/// How active a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Layer {
    HighFrequency,
    Regular,
    /// Active once, and not in the window.
    Silent,
    /// Not in the observed time.
    Never,
}

impl Layer {
    pub const ALL: [Self; 4] = [Self::HighFrequency, Self::Regular, Self::Silent, Self::Never];

    pub fn of(person: &Person, settings: &EngagementSettings) -> Self {
        match (person.active_days_in_window, person.active_days) {
            (days, _) if days >= settings.high_frequency => Self::HighFrequency,
            (0, 0) => Self::Never,
            (0, _) => Self::Silent,
            _ => Self::Regular,
        }
    }

    pub fn key(self) -> &'static str {
        match self {
            Self::HighFrequency => "high_frequency",
            Self::Regular => "regular",
            Self::Silent => "silent",
            Self::Never => "never",
        }
    }
}

/// When a member joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tenure {
    New,
    Old,
    /// Nobody knows when.
    Unknown,
}

impl Tenure {
    fn of(person: &Person, within: i32, as_of_day: i32) -> Self {
        match person.joined_day {
            Some(joined) if joined > as_of_day.saturating_sub(within) => Self::New,
            Some(_) => Self::Old,
            None => Self::Unknown,
        }
    }
}

/// The roles of interactions that some kind has.
fn roles(kinds: &Kinds) -> Vec<(usize, Role)> {
    Role::INTERACTIONS.into_iter().enumerate().filter(|(_, role)| kinds.has(*role)).collect()
}

/// Sums over members.
#[derive(Debug, Clone, Default)]
struct Totals {
    members: u64,
    active: u64,
    active_days: u64,
    interactions: [u64; Role::INTERACTIONS.len()],
    conversions: u64,
    converters: u64,
    value_e4: i128,
    value_to_date_e4: i128,
}

impl Totals {
    fn add(&mut self, person: &Person) {
        self.members += 1;
        self.active += u64::from(person.active_days_in_window > 0);
        self.active_days += u64::from(person.active_days_in_window);
        for (sum, count) in self.interactions.iter_mut().zip(person.window.interactions) {
            *sum += u64::from(count);
        }
        self.conversions += person.window.conversions;
        self.converters += u64::from(person.window.conversions > 0);
        self.value_e4 += i128::from(person.window.value_e4);
        self.value_to_date_e4 += i128::from(person.all.value_e4);
    }

    fn money_per_member(&self, sum_e4: i128) -> Option<f64> {
        (self.members > 0).then(|| sum_e4 as f64 / (i128::from(self.members) * 10_000) as f64)
    }
}

/// A row of `layers`.
struct Row {
    group: usize,
    dimension: &'static str,
    layer: &'static str,
    totals: Totals,
}

/// A row for each group and layer, for new and old members where it is known when they joined, and for all members.
pub(super) fn table(
    settings: &EngagementSettings,
    kinds: &Kinds,
    population: &Population,
    groups: &Groups<'_>,
) -> Table {
    let mut of_groups = vec![[const { None::<Totals> }; 8]; population.groups.len()];
    let knows_days = knows_days(settings, population);
    for person in population.members() {
        let rows = &mut of_groups[person.group];
        let tenure = settings.new_within.map(|within| Tenure::of(person, within, population.as_of_day));
        let tenure = tenure.filter(|_| knows_days).map(|tenure| 4 + tenure as usize);
        for row in [Some(Layer::of(person, settings) as usize), tenure, Some(7)].into_iter().flatten() {
            rows[row].get_or_insert_default().add(person);
        }
    }
    let mut rows = Vec::new();
    for group in population.groups_of(|person| person.is_member) {
        let mut push = |dimension, layer, place: usize, always: bool| {
            let totals = of_groups[group][place].take();
            if always || totals.is_some() {
                rows.push(Row { group, dimension, layer, totals: totals.unwrap_or_default() });
            }
        };
        for layer in Layer::ALL {
            push("activity", layer.key(), layer as usize, true);
        }
        push("tenure", "new", 4, knows_days);
        push("tenure", "old", 5, knows_days);
        push("tenure", "unknown", 6, false);
        push("all", "all", 7, true);
    }
    let mut members = vec![0; population.groups.len()];
    rows.iter().filter(|row| row.dimension == "all").for_each(|row| members[row.group] = row.totals.members);

    let count = |name: &str, value: &dyn Fn(&Totals) -> u64| {
        Column::new(name, Kind::Count, Cells::ints(rows.iter().map(|row| value(&row.totals) as i64)))
    };
    let number = |name: &str, kind, value: &dyn Fn(&Row) -> Option<f64>| {
        Column::new(name, kind, Cells::Float(rows.iter().map(value).collect()))
    };
    let per_member = |name: &str, value: &dyn Fn(&Totals) -> u64| {
        number(name, Kind::Number(2), &|row| float(value(&row.totals), row.totals.members))
    };
    let mut columns = Vec::new();
    groups.push(&mut columns, rows.iter().map(|row| row.group));
    let key = |name: &str, section, value: &dyn Fn(&Row) -> &'static str| {
        Column::new(name, Kind::Key(section), Cells::texts(rows.iter().map(value)))
    };
    columns.push(key("layer", "engagement_layers", &|row| row.layer));
    columns.push(key("dimension", "engagement_dimensions", &|row| row.dimension));
    columns.push(count("members", &|totals| totals.members));
    let share = |row: &Row| ratio(row.totals.members, members[row.group]);
    columns.push(number("share_of_members", Kind::Ratio, &share));
    columns.push(number("active_share", Kind::Ratio, &|row| ratio(row.totals.active, row.totals.members)));
    columns.push(per_member("active_days_per_member", &|totals| totals.active_days));
    columns.push(per_member("interactions_per_member", &|totals| totals.interactions.iter().sum()));
    let roles = roles(kinds);
    for (at, role) in roles.iter().filter(|_| roles.len() > 1) {
        columns.push(per_member(&format!("{}_per_member", role.key()), &|totals| totals.interactions[*at]));
    }
    columns.push(count("conversions", &|totals| totals.conversions));
    columns.push(per_member("conversions_per_member", &|totals| totals.conversions));
    let converters = |row: &Row| ratio(row.totals.converters, row.totals.members);
    columns.push(number("conversion_share", Kind::Ratio, &converters));
    let value = |row: &Row| row.totals.money_per_member(row.totals.value_e4);
    columns.push(number("value_per_member", Kind::Money, &value));
    let to_date = |row: &Row| row.totals.money_per_member(row.totals.value_to_date_e4);
    columns.push(number("value_to_date_per_member", Kind::Money, &to_date));
    Table::new("layers", false, columns)
}

/// Whether it is known of some member when she joined.
pub(super) fn knows_days(settings: &EngagementSettings, population: &Population) -> bool {
    settings.new_within.is_some() && population.members().any(|person| person.joined_day.is_some())
}

/// A measure of each member of one side, in the order of their ids.
type Values = Vec<f64>;

/// What is compared.
enum Measure {
    /// Members of whom it is true.
    Share(&'static str, Box<dyn Fn(&Person) -> bool>),
    /// The mean over members, and the kind of number that it is.
    Mean(String, Kind, Box<dyn Fn(&Person) -> f64>),
}

fn measures(kinds: &Kinds) -> Vec<Measure> {
    let roles = roles(kinds);
    let share = |name, holds: fn(&Person) -> bool| Measure::Share(name, Box::new(holds));
    let mean = |name: &str, kind, of: fn(&Person) -> f64| Measure::Mean(name.to_owned(), kind, Box::new(of));
    let mut measures = vec![
        share("active_share", |person| person.active_days_in_window > 0),
        share("interaction_share", |person| person.window.sum() > 0),
        share("conversion_share", |person| person.window.conversions > 0),
        mean("active_days_per_member", Kind::Number(2), |person| f64::from(person.active_days_in_window)),
        mean("interactions_per_member", Kind::Number(2), |person| person.window.sum() as f64),
    ];
    for (at, role) in roles.iter().copied().filter(|_| roles.len() > 1) {
        let of = move |person: &Person| f64::from(person.window.interactions[at]);
        measures.push(Measure::Mean(format!("{}_per_member", role.key()), Kind::Number(2), Box::new(of)));
    }
    let conversions = |person: &Person| person.window.conversions as f64;
    measures.push(mean("conversions_per_member", Kind::Number(2), conversions));
    let value = |person: &Person| person.window.value_e4 as f64 / MONEY_UNIT;
    measures.push(mean("value_per_member", Kind::Money, value));
    measures
}

/// A row of `comparison`.
struct Compared {
    group: usize,
    measure: String,
    kind: Kind,
    members: [u64; 2],
    value: [Option<f64>; 2],
    /// Difference, lower, upper, p.
    test: Option<[f64; 4]>,
    test_name: Option<&'static str>,
}

/// New members against old ones: a row for each group and measure.
pub(super) fn comparison(
    settings: &EngagementSettings,
    kinds: &Kinds,
    population: &Population,
    groups: &Groups<'_>,
) -> Table {
    let mut rows = Vec::new();
    let within = settings.new_within.filter(|_| knows_days(settings, population));
    let shown = within.map(|_| population.groups_of(|person| person.is_member)).unwrap_or_default();
    for (group, within) in shown.into_iter().zip(within.into_iter().cycle()) {
        let side = |wanted: Tenure| -> Vec<&Person> {
            let is_it = |person: &&Person| {
                person.group == group && Tenure::of(person, within, population.as_of_day) == wanted
            };
            population.members().filter(is_it).collect()
        };
        let sides = [side(Tenure::New), side(Tenure::Old)];
        for measure in measures(kinds) {
            rows.push(compared(group, &measure, &sides));
        }
    }
    let mut columns = Vec::new();
    groups.push(&mut columns, rows.iter().map(|row| row.group));
    let names = Cells::texts(rows.iter().map(|row| row.measure.clone()));
    columns.push(Column::new("measure", Kind::Key("engagement_measures"), names));
    let kinds: Vec<Kind> = rows.iter().map(|row| row.kind).collect();
    for (at, name) in ["new_value", "old_value"].into_iter().enumerate() {
        let values = Cells::Float(rows.iter().map(|row| row.value[at]).collect());
        columns.push(Column::new(name, Kind::Number(2), values).of_kinds(kinds.clone()));
    }
    for (at, name) in ["difference", "lower", "upper"].into_iter().enumerate() {
        let values = Cells::Float(rows.iter().map(|row| row.test.map(|test| test[at])).collect());
        columns.push(Column::new(name, Kind::Number(2), values).of_kinds(kinds.clone()));
    }
    let p = Cells::Float(rows.iter().map(|row| row.test.map(|test| test[3])).collect());
    columns.push(Column::new("p", Kind::Probability, p));
    let tests = Cells::Text(rows.iter().map(|row| row.test_name.map(str::to_owned)).collect());
    columns.push(Column::new("test", Kind::Key("engagement_tests"), tests));
    for (at, name) in ["new_members", "old_members"].into_iter().enumerate() {
        let members = Cells::ints(rows.iter().map(|row| row.members[at] as i64));
        columns.push(Column::new(name, Kind::Count, members));
    }
    Table::new("comparison", false, columns)
}

fn compared(group: usize, measure: &Measure, sides: &[Vec<&Person>; 2]) -> Compared {
    let members = [sides[0].len() as u64, sides[1].len() as u64];
    match measure {
        Measure::Share(name, holds) => {
            let [new, old] = [0, 1].map(|side| {
                let holding = sides[side].iter().filter(|person| holds(person)).count();
                Proportion::new(holding as u64, members[side])
            });
            let value = [new.share(), old.share()];
            let tested = compare(new, old);
            let test = || {
                let bounds = newcombe(new, old, LEVEL)?;
                Some([value[0]? - value[1]?, bounds.lower, bounds.upper, tested?.p])
            };
            let (test, test_name) = (test(), tested.map(|tested| tested.test.key()));
            Compared {
                group,
                measure: (*name).to_owned(),
                kind: Kind::Ratio,
                members,
                value,
                test,
                test_name,
            }
        }
        Measure::Mean(name, kind, of) => {
            let values: [Values; 2] =
                [0, 1].map(|side| sides[side].iter().map(|person| of(person)).collect());
            let mean = |values: &Values| {
                let mean = values.iter().sum::<f64>() / values.len() as f64;
                mean.is_finite().then_some(mean)
            };
            let are_enough = members.iter().all(|members| *members >= LEAST_FOR_MEANS);
            let tested = if are_enough { welch(&values[0], &values[1], LEVEL) } else { None };
            let test = tested.map(|found| [found.difference, found.lower, found.upper, found.p]);
            let value = [mean(&values[0]), mean(&values[1])];
            let test_name = test.map(|_| "welch");
            Compared { group, measure: name.clone(), kind: *kind, members, value, test, test_name }
        }
    }
}

/// A row for each member.
pub(super) fn members(
    settings: &EngagementSettings,
    kinds: &Kinds,
    population: &Population,
    groups: &Groups<'_>,
    input: &EngagementInput,
) -> Table {
    let rows: Vec<&Person> = population.members().collect();
    let count = |name: &str, kind, value: &dyn Fn(&Person) -> u64| {
        Column::new(name, kind, Cells::ints(rows.iter().map(|row| value(row) as i64)))
    };
    let mut columns =
        vec![Column::new("customer_id", Kind::Id, Cells::texts(rows.iter().map(|row| row.id.as_str())))];
    groups.push(&mut columns, rows.iter().map(|row| row.group));
    let layers = Cells::texts(rows.iter().map(|row| Layer::of(row, settings).key()));
    columns.push(Column::new("layer", Kind::Key("engagement_layers"), layers));
    if input.members.as_ref().is_some_and(|members| members.has_joined_at) {
        let joined = rows.iter().map(|row| row.joined_day).collect();
        columns.push(Column::new("joined_at", Kind::Date, Cells::Date(joined)));
    }
    columns.push(count("active_days", Kind::Days, &|row| row.active_days.into()));
    columns.push(count("active_days_in_window", Kind::Days, &|row| row.active_days_in_window.into()));
    let last = rows.iter().map(|row| row.last_active_at_us).collect();
    columns.push(Column::new("last_active_at", Kind::DateTime, Cells::DateTime(last)));
    columns.push(count("interactions", Kind::Count, &|row| row.all.sum()));
    for (at, role) in roles(kinds) {
        let name = format!("{}_events", role.key());
        columns.push(count(&name, Kind::Count, &|row| row.all.interactions[at].into()));
    }
    if kinds.has(Role::SignIn) {
        columns.push(count("current_streak", Kind::Days, &|row| row.streak.current.into()));
        columns.push(count("longest_streak", Kind::Days, &|row| row.streak.longest.into()));
    }
    columns.push(count("conversions", Kind::Count, &|row| row.all.conversions));
    let values = rows.iter().map(|row| Some(row.all.value_e4)).collect();
    columns.push(Column::new("value", Kind::Money, Cells::Money(values)));
    Table::new("members", true, columns)
}
