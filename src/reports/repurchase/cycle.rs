//! Each customer's own cycle, and whose next purchase is due.

use super::RepurchaseSettings;
use super::people::People;
use crate::error::Result;
use crate::output::report::{Cells, Column, Kind, Note, Table};
use crate::stats::btyd::{self, Doubt, Model, ModelKind, NoFit, Row};
use crate::stats::purchase_cycle::{Rates, State};

/// Money in 1/10,000 of the unit.
const MONEY_UNIT: i128 = 10_000;
const DAYS_OF_YEAR: f64 = 365.25;
/// 9999-12-31, the last day that every format can write.
const LAST_DATE: f64 = 2_932_896.0;

/// What the orders say of a customer; days since 1970-01-01.
#[derive(Debug, Clone, Copy)]
struct Person {
    customer: usize,
    first: i32,
    last: i32,
    as_of: i32,
    /// Days with a purchase.
    purchases: u32,
    /// Of all orders, refunds taken off (1/10,000 of the unit).
    net_e4: i128,
}

impl Person {
    /// `None` where nothing was bought up to as_of.
    fn new(people: &People<'_>, customer: usize) -> Option<Self> {
        let as_of = people.as_of_day;
        let mut days = people.days(customer);
        let first = days.next()?;
        let history = people.histories.get(customer);
        let net = history.day.iter().zip(history.net_e4).filter(|(day, _)| **day <= as_of);
        Some(Self {
            customer,
            first,
            last: days.next_back().unwrap_or(first),
            as_of,
            purchases: people.days(customer).count() as u32,
            net_e4: net.map(|(_, net)| i128::from(*net)).sum(),
        })
    }

    /// Repeat purchases.
    fn x(&self) -> u32 {
        self.purchases - 1
    }

    /// Days from the first purchase to the last.
    fn t_x(&self) -> f64 {
        f64::from(self.last.abs_diff(self.first))
    }

    /// Days from the first purchase to as_of.
    fn t(&self) -> f64 {
        f64::from(self.as_of.abs_diff(self.first))
    }

    fn days_since(&self) -> u32 {
        self.as_of.abs_diff(self.last)
    }

    /// Mean of the customer's own gaps, where there is one.
    fn own_cycle(&self) -> Option<f64> {
        (self.x() > 0).then(|| self.t_x() / f64::from(self.x()))
    }

    fn value_per_purchase(&self) -> f64 {
        self.net_e4 as f64 / (i128::from(self.purchases) * MONEY_UNIT) as f64
    }
}

/// What is expected of a customer.
#[derive(Debug, Clone, Copy)]
struct Outlook {
    /// The median of the gap until the next purchase; `None` beyond all numbers.
    cycle_days: Option<f64>,
    own_weight: f64,
    /// The first day by which half of such customers would have come again; `None` beyond the calendar.
    next_on: Option<i32>,
    state: State,
    p_alive: f64,
    value_at_stake: f64,
}

impl Outlook {
    fn new(model: &Model, person: &Person) -> Self {
        let (x, t_x, t) = (person.x(), person.t_x(), person.t());
        let rates = Rates::of(model);
        let gap = rates.next_gap(x, t_x);
        let cycle_days = gap.quantile(0.5);
        // Purchases are on different days: the next one is tomorrow at the earliest.
        let next_on = cycle_days.map(|days| f64::from(person.last) + days.ceil().max(1.0));
        let p_alive = model.p_alive(x, t_x, t);
        Self {
            cycle_days,
            own_weight: rates.own_weight(t_x),
            next_on: next_on.filter(|day| *day <= LAST_DATE).map(|day| day as i32),
            state: State::of(gap.survival(person.days_since().into()), p_alive),
            p_alive,
            value_at_stake: person.value_per_purchase() * DAYS_OF_YEAR * rates.pace(x, t),
        }
    }
}

/// The tables `cycle` (by customer id) and `due` (most at stake first, then by customer id), as wanted.
pub(super) fn tables(
    settings: &RepurchaseSettings,
    people: &People<'_>,
    wants: &dyn Fn(&str) -> bool,
    notes: &mut Vec<Note>,
) -> Result<Vec<Table>> {
    let mut tables = Vec::new();
    if !wants("cycle") && !wants("due") {
        return Ok(tables);
    }
    let by_id = people.histories.customer_id.sorted_order();
    let persons: Vec<Person> =
        by_id.into_iter().filter_map(|customer| Person::new(people, customer as usize)).collect();
    let model = model(&persons, notes);
    let outlook = |person: &Person| model.map(|model| Outlook::new(&model, person));
    let rows: Vec<(Person, Option<Outlook>)> =
        persons.into_iter().map(|person| (person, outlook(&person))).collect();
    if wants("due") {
        let is_due = |outlook: &Option<Outlook>| {
            outlook.is_some_and(|outlook| settings.states.contains(&outlook.state))
        };
        let mut due: Vec<_> = rows.iter().filter(|(_, outlook)| is_due(outlook)).copied().collect();
        // Stable: equal values stay by customer id.
        due.sort_by(|a, b| at_stake(b).total_cmp(&at_stake(a)));
        if let Some(limit) = settings.limit.filter(|limit| *limit < due.len()) {
            let of = due.len();
            notes.push(Note::new("repurchase_due_limited").with("shown", limit).with("customers", of));
            due.truncate(limit);
        }
        tables.push(table("due", people, &due));
    }
    if wants("cycle") {
        tables.insert(0, table("cycle", people, &rows));
    }
    Ok(tables)
}

fn at_stake((_, outlook): &(Person, Option<Outlook>)) -> f64 {
    outlook.map_or(f64::NEG_INFINITY, |outlook| outlook.value_at_stake)
}

/// MBG/NBD of all customers, those who bought once included; what there is to say of it becomes notes.
fn model(persons: &[Person], notes: &mut Vec<Note>) -> Option<Model> {
    let row = |person: &Person| Row { x: person.x(), t_x: person.t_x(), t: person.t(), weight: 1.0 };
    let rows: Vec<Row> = persons.iter().map(row).collect();
    let fit = match btyd::fit(ModelKind::MbgNbd, &rows, None, 1) {
        Ok(fit) => fit,
        Err(why) => {
            notes.push(Note::new(match why {
                NoFit::NoCustomers => "repurchase_cycle_no_customers",
                NoFit::NoRepeaters => "repurchase_cycle_no_repeaters",
                NoFit::NoTime => "repurchase_cycle_no_time",
                NoFit::Numbers => "repurchase_cycle_no_numbers",
            }));
            return None;
        }
    };
    let Rates { r, alpha } = Rates::of(&fit.model);
    let median = Rates { r, alpha }.next_gap(0, 0.0).quantile(0.5);
    notes.push(
        Note::new("repurchase_cycle_model")
            .with("customers", fit.customers)
            .with("repeaters", fit.repeaters)
            .with("r", rounded(r))
            .with("alpha", rounded(alpha))
            .with("median", median.map_or_else(|| "-".to_owned(), rounded)),
    );
    let mut doubts: Vec<Note> = fit.doubts.iter().map(doubt).collect();
    // Flat along one parameter and at the edge of another is one and the same to the reader.
    doubts.sort_by_key(|note| note.key);
    doubts.dedup_by_key(|note| note.key);
    notes.extend(doubts);
    Some(fit.model)
}

/// r and alpha make the cycle; a and b, or what stands in their places, only P(alive).
fn doubt(doubt: &Doubt) -> Note {
    let of_parameter = |parameter: &str| {
        let of_rates = ["r", "alpha"].contains(&parameter);
        Note::new(if of_rates {
            "repurchase_cycle_rates_doubtful"
        } else {
            "repurchase_cycle_leaving_doubtful"
        })
    };
    match doubt {
        Doubt::FewRepeaters { repeaters } => {
            Note::new("repurchase_cycle_few_repeaters").with("repeaters", repeaters)
        }
        Doubt::Flat { parameter } | Doubt::Boundary { parameter, .. } => of_parameter(parameter),
        Doubt::NotConverged { .. } => Note::new("repurchase_cycle_not_converged"),
    }
}

/// Four significant digits, for people.
fn rounded(value: f64) -> String {
    let digits = if value > 0.0 { libm::floor(libm::log10(value)) } else { 0.0 };
    format!("{value:.*}", (3.0 - digits).clamp(0.0, 9.0) as usize)
}

fn table(name: &'static str, people: &People<'_>, rows: &[(Person, Option<Outlook>)]) -> Table {
    let of_person = |value: &dyn Fn(&Person) -> Option<f64>| {
        Cells::Float(rows.iter().map(|(person, _)| value(person)).collect())
    };
    let expected = |value: &dyn Fn(&Outlook) -> Option<f64>| {
        Cells::Float(rows.iter().map(|(_, outlook)| outlook.as_ref().and_then(value)).collect())
    };
    let next_on = |outlook: &Option<Outlook>| outlook.and_then(|outlook| outlook.next_on);
    let overdue = |(person, outlook): &(Person, Option<Outlook>)| {
        next_on(outlook).map(|day| i64::from(person.as_of) - i64::from(day))
    };
    let state = |outlook: &Option<Outlook>| outlook.map(|outlook| outlook.state.key().to_owned());
    let ids = rows.iter().map(|(person, _)| people.histories.customer_id.get(person.customer));

    let mut columns = vec![Column::new("customer_id", Kind::Id, Cells::texts(ids))];
    columns.extend(people.by_column(rows.iter().map(|(person, _)| people.group(person.customer))));
    columns.extend([
        Column::new(
            "state",
            Kind::Key("cycle_states"),
            Cells::Text(rows.iter().map(|(_, outlook)| state(outlook)).collect()),
        ),
        Column::new("value_at_stake", Kind::Money, expected(&|outlook| Some(outlook.value_at_stake))),
        Column::new(
            "next_expected_on",
            Kind::Date,
            Cells::Date(rows.iter().map(|(_, outlook)| next_on(outlook)).collect()),
        ),
        Column::new("days_overdue", Kind::Days, Cells::Int(rows.iter().map(overdue).collect())),
        Column::new(
            "last_purchase_on",
            Kind::Date,
            Cells::Date(rows.iter().map(|(person, _)| Some(person.last)).collect()),
        ),
        Column::new(
            "days_since",
            Kind::Days,
            Cells::ints(rows.iter().map(|(person, _)| person.days_since())),
        ),
        Column::new("purchases", Kind::Count, Cells::ints(rows.iter().map(|(person, _)| person.purchases))),
        Column::new(
            "value_per_purchase",
            Kind::Money,
            of_person(&|person| Some(person.value_per_purchase())),
        ),
        Column::new("cycle_days", Kind::Number(1), expected(&|outlook| outlook.cycle_days)),
        Column::new("own_cycle_days", Kind::Number(1), of_person(&Person::own_cycle)),
        Column::new("own_weight", Kind::Ratio, expected(&|outlook| Some(outlook.own_weight))),
        Column::new("p_alive", Kind::Ratio, expected(&|outlook| Some(outlook.p_alive))),
    ]);
    Table::new(name, true, columns)
}

#[cfg(test)]
mod tests;
