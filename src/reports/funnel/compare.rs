//! `--compare`: two funnels side by side, step by step, with a test of each rate.

mod parse;

pub use parse::Comparison;

use super::FunnelSettings;
use super::count::{Entrants, Pass};
use super::side::{SIGNIFICANT, closed, reached, refuse_by_at, step_names};
use crate::error::Result;
use crate::output::grouped;
use crate::output::report::{Cells, Column, Kind, Note, Table};
use crate::reports::period;
use crate::stats::multiple_testing::benjamini_hochberg_of_some;
use crate::stats::proportions::{Bounds, LEVEL};
use crate::stats::two_proportions::{Compared, Proportion, compare, newcombe};

/// Refuses what makes no sense with `--compare`, before anything is read.
pub fn refuse(settings: &FunnelSettings) -> Result<()> {
    match &settings.compare {
        Some(comparison) if comparison.column().is_some() => refuse_by_at(settings, "--compare"),
        _ => Ok(()),
    }
}

/// The table `compare` beside a funnel that was counted in `pass`.
pub fn answer(pass: &Pass<'_>, comparison: &Comparison, entrants: &Entrants) -> Result<(Table, Vec<Note>)> {
    let settings = pass.settings;
    let place =
        comparison.column().and_then(|column| settings.attributes.iter().position(|one| one == column));
    if let Some(place) = place
        && let Some((this, other)) = comparison.sides(entrants, place, &pass.journeys.values[place])?
    {
        let (table, mut notes) = table(settings, this, other);
        notes.insert(0, comparison.segment_in_words());
        return Ok((table, notes));
    }
    let since = (pass.from_us != i64::MIN).then_some(pass.from_us);
    let (from_us, to_us) = comparison.stretch(since, pass.to_us)?.unwrap_or((i64::MIN, i64::MIN));
    let others = Pass { from_us, to_us, ids: false, ..*pass }.count()?;
    let all = |entrants| Side { entrants, chosen: Chosen::All };
    let (table, mut notes) = table(settings, all(entrants), all(&others));
    let note = Note::new("funnel_compare_stretch").with("from", moment(from_us)).with("to", moment(to_us));
    notes.insert(0, note);
    Ok((table, notes))
}

/// To the second.
fn moment(us: i64) -> String {
    period::moment(us).map_or_else(String::new, |at| at.format("%Y-%m-%d %H:%M:%S").to_string())
}

/// One of two funnels: some of the units that entered.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    pub entrants: &'a Entrants,
    pub chosen: Chosen,
}

/// Which of the units are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    All,
    /// Those whose value of this attribute at the entry has this code (1 + index into the attribute's values).
    With {
        attribute: usize,
        code: u32,
    },
    /// All others, those without a value among them.
    Without {
        attribute: usize,
        code: u32,
    },
}

/// Of one side: who got to each step, of those who entered early enough.
struct Counts {
    reached: Vec<u64>,
    entered: u64,
    left_out: u64,
}

impl Side<'_> {
    fn counts(&self, settings: &FunnelSettings) -> Counts {
        let entrants = self.entrants;
        let is_ours = |unit: usize| match self.chosen {
            Chosen::All => true,
            Chosen::With { attribute, code } => entrants.attributes[attribute][unit] == code,
            Chosen::Without { attribute, code } => entrants.attributes[attribute][unit] != code,
        };
        let entered = (0..entrants.len()).filter(|unit| is_ours(*unit)).count() as u64;
        let mut counts = Counts { reached: vec![0; settings.steps.len()], entered, left_out: entered };
        for unit in closed(settings, entrants).into_iter().filter(|unit| is_ours(*unit)) {
            counts.left_out -= 1;
            for (step, count) in counts.reached.iter_mut().enumerate() {
                *count += u64::from(reached(settings, entrants, unit, step));
            }
        }
        counts
    }
}

/// A rate of both sides.
struct Row {
    step: usize,
    rate: &'static str,
    users: [u64; 2],
    /// Those that the rate is of; `None` for the first step.
    of: Option<[u64; 2]>,
}

impl Row {
    fn side(&self, side: usize) -> Option<Proportion> {
        Some(Proportion::new(self.users[side], self.of?[side]))
    }

    fn share(&self, side: usize) -> Option<f64> {
        self.side(side)?.share()
    }

    fn difference(&self) -> Option<f64> {
        Some(self.share(0)? - self.share(1)?)
    }

    fn bounds(&self) -> Option<Bounds> {
        newcombe(self.side(0)?, self.side(1)?, LEVEL)
    }

    fn relative(&self) -> Option<f64> {
        let other = self.share(1).filter(|share| *share > 0.0)?;
        Some(self.difference()? / other)
    }

    fn test(&self) -> Option<Compared> {
        compare(self.side(0)?, self.side(1)?)
    }
}

/// The table `compare`, and what must be said of it: first the rates from the previous step, then those from the first.
pub fn table(settings: &FunnelSettings, this: Side<'_>, other: Side<'_>) -> (Table, Vec<Note>) {
    let (this, other) = (this.counts(settings), other.counts(settings));
    let users = |step: usize| [this.reached[step], other.reached[step]];
    let steps = settings.steps.len();
    let mut rows: Vec<Row> = (0..steps)
        .map(|step| Row {
            step,
            rate: if step == 0 { "entered" } else { "from_previous" },
            users: users(step),
            of: settings.previous(step).map(users),
        })
        .collect();
    // From the first to the second step is from the previous one already.
    let from_first = (1..steps).filter(|step| settings.previous(*step) != Some(0));
    rows.extend(from_first.map(|step| Row {
        step,
        rate: "from_first",
        users: users(step),
        of: Some(users(0)),
    }));
    let table = side_by_side(settings, &rows);
    let mut notes = Vec::new();
    if settings.longest_us().is_none() {
        notes.push(Note::new("funnel_compare_without_end"));
    } else {
        let note = Note::new("funnel_compare_closed")
            .with("left_out", grouped(this.left_out))
            .with("entered", grouped(this.entered))
            .with("left_out_other", grouped(other.left_out))
            .with("entered_other", grouped(other.entered));
        notes.push(note);
    }
    if this.reached[0] == 0 || other.reached[0] == 0 {
        notes.push(Note::new("funnel_compare_nobody"));
    }
    (table, notes)
}

fn side_by_side(settings: &FunnelSettings, rows: &[Row]) -> Table {
    let tests: Vec<Option<Compared>> = rows.iter().map(Row::test).collect();
    let p: Vec<Option<f64>> = tests.iter().map(|test| test.map(|test| test.p)).collect();
    let adjusted = benjamini_hochberg_of_some(&p);
    let verdict = |row: &Row, adjusted: Option<f64>| {
        let key = match row.difference()? {
            _ if adjusted? >= SIGNIFICANT => "no_evidence",
            difference if difference > 0.0 => "better",
            _ => "worse",
        };
        Some(key.to_owned())
    };
    let (kind, names) = step_names(settings);
    let floats = |value: &dyn Fn(&Row) -> Option<f64>| Cells::Float(rows.iter().map(value).collect());
    let counts = |value: &dyn Fn(&Row) -> Option<u64>| {
        Cells::Int(rows.iter().map(|row| value(row).and_then(|count| i64::try_from(count).ok())).collect())
    };
    let key = |keys: Vec<Option<String>>| Cells::Text(keys);
    let columns = vec![
        Column::new("step", Kind::Score, Cells::ints(rows.iter().map(|row| row.step as i64 + 1))),
        Column::new("name", kind, Cells::texts(rows.iter().map(|row| names[row.step].as_str()))),
        Column::new("rate_of", Kind::Key("funnel_rates"), Cells::texts(rows.iter().map(|row| row.rate))),
        Column::new("users", Kind::Count, counts(&|row| Some(row.users[0]))),
        Column::new("users_of", Kind::Count, counts(&|row| Some(row.of?[0]))),
        Column::new("step_rate", Kind::Ratio, floats(&|row| row.share(0))),
        Column::new("users_other", Kind::Count, counts(&|row| Some(row.users[1]))),
        Column::new("users_of_other", Kind::Count, counts(&|row| Some(row.of?[1]))),
        Column::new("step_rate_other", Kind::Ratio, floats(&|row| row.share(1))),
        Column::new("rate_difference", Kind::Ratio, floats(&Row::difference)),
        Column::new("rate_difference_lower", Kind::Ratio, floats(&|row| Some(row.bounds()?.lower))),
        Column::new("rate_difference_upper", Kind::Ratio, floats(&|row| Some(row.bounds()?.upper))),
        Column::new("relative_change", Kind::Ratio, floats(&Row::relative)),
        Column::new(
            "test_used",
            Kind::Key("funnel_tests"),
            key(tests.iter().map(|test| test.map(|test| test.test.key().to_owned())).collect()),
        ),
        Column::new(
            "z",
            Kind::Number(2),
            Cells::Float(tests.iter().map(|test| test.and_then(|test| test.z)).collect()),
        ),
        Column::new("p", Kind::Probability, Cells::Float(p)),
        Column::new("p_adjusted", Kind::Probability, Cells::Float(adjusted.clone())),
        Column::new(
            "verdict",
            Kind::Key("funnel_verdicts"),
            key(rows.iter().zip(&adjusted).map(|(row, adjusted)| verdict(row, *adjusted)).collect()),
        ),
    ];
    Table::new("compare", false, columns).without(&[
        &["test_used"],
        &["z"],
        &["p"],
        &["relative_change"],
        &["users_of", "users_of_other"],
        &["rate_difference_lower", "rate_difference_upper"],
        &["users", "users_other"],
        &["p_adjusted"],
    ])
}

#[cfg(test)]
mod tests;
