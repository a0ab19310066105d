//! The table `correlation`: what those who got through did more, or less, often than those who did not.
//!
//! As PostHog's funnel correlation: an event counts between the entry and the end of the unit's time, both excluded (the last
//! step for those who got through, the end of the window for the others); kinds that are a step are left out; one is added to
//! each count of the odds ratio.

use super::selectors::Step;
use crate::facts::journeys::{JourneyEvent, Journeys, KindOfEvent};
use crate::output::grouped;
use crate::output::report::{Cells, Column, Kind, Note, Table};
use crate::stats::multiple_testing::benjamini_hochberg;
use crate::stats::odds_ratio::{OddsRatio, odds_ratio_plus_one};
use crate::stats::proportions::LEVEL;
use crate::stats::two_proportions::{Compared, Proportion, compare};

use super::side::SIGNIFICANT;

/// PostHog's minimum support: 25 users, or 2 % of those who entered where that is fewer.
const LEAST_USERS: u64 = 25;
const LEAST_SHARE: (u64, u64) = (2, 100);

/// How many of those who got through, and of those who did not, did each kind of event. Fed by unit, on several threads; merged by
/// sums.
#[derive(Debug, Clone, Default)]
pub struct Correlation {
    /// Per kind: who got through, who did not.
    users: Vec<[u64; 2]>,
    all: [u64; 2],
    /// Kinds of the unit at hand, each once.
    seen: Vec<bool>,
    touched: Vec<u32>,
}

impl Correlation {
    pub fn new(kinds: usize) -> Self {
        Self { users: vec![[0; 2]; kinds], all: [0; 2], seen: vec![false; kinds], touched: Vec::new() }
    }

    /// Takes a unit that entered at `entry_us`: `events` are its own in order of time; `end_us` is the moment of its last step, or
    /// the end of its window. Units whose time is not over are the caller's to leave out.
    pub fn add(
        &mut self,
        events: &[JourneyEvent],
        journeys: &Journeys,
        entry_us: i64,
        end_us: i64,
        converted: bool,
    ) {
        let side = usize::from(!converted);
        self.all[side] += 1;
        let from = events.partition_point(|event| event.at_us <= entry_us);
        for event in events[from..].iter().take_while(|event| event.at_us < end_us) {
            let kind = journeys.signatures[event.signature as usize].kind;
            if !std::mem::replace(&mut self.seen[kind as usize], true) {
                self.touched.push(kind);
            }
        }
        for kind in self.touched.drain(..) {
            self.seen[kind as usize] = false;
            self.users[kind as usize][side] += 1;
        }
    }

    /// Adds what another thread counted.
    pub fn merge(&mut self, other: &Self) {
        if self.users.is_empty() {
            *self = Self::new(other.users.len());
        }
        for (own, other) in self.users.iter_mut().zip(&other.users) {
            own[0] += other[0];
            own[1] += other[1];
        }
        self.all[0] += other.all[0];
        self.all[1] += other.all[1];
    }

    /// Users that must have done an event of a kind.
    fn least(&self, min_support: Option<u64>) -> u64 {
        let (share, of) = LEAST_SHARE;
        let all = self.all[0] + self.all[1];
        min_support.unwrap_or_else(|| LEAST_USERS.min((all * share).div_ceil(of))).max(1)
    }

    /// The table, and what must be said of it. `steps`: the funnel's, whose kinds are left out.
    pub fn table(
        &self,
        kinds: &[KindOfEvent],
        steps: &[Step],
        min_support: Option<u64>,
    ) -> (Table, Vec<Note>) {
        let least = self.least(min_support);
        let [through, not] = self.all;
        let mut notes = Vec::new();
        let mut rows: Vec<Row<'_>> = Vec::new();
        let mut too_few = 0_u64;
        for (kind, users) in kinds.iter().zip(&self.users) {
            let did = users[0] + users[1];
            if did == 0 || is_step(&kind.name, steps) {
                continue;
            }
            if did < least {
                too_few += 1;
                continue;
            }
            let sides = [Proportion::new(users[0], through), Proportion::new(users[1], not)];
            // Where all or none got through there is nothing to compare.
            let Some(test) = compare(sides[0], sides[1]) else { continue };
            let Some(odds) = odds_ratio_plus_one(sides[0], sides[1], LEVEL) else { continue };
            rows.push(Row { name: &kind.name, sides, odds, test, adjusted: 1.0 });
        }
        let p: Vec<f64> = rows.iter().map(|row| row.test.p).collect();
        for (row, adjusted) in rows.iter_mut().zip(benjamini_hochberg(&p)) {
            row.adjusted = adjusted;
        }
        rows.sort_by(|a, b| {
            let order = b.is_significant().cmp(&a.is_significant());
            order.then(b.odds.log.abs().total_cmp(&a.odds.log.abs())).then(a.name.cmp(b.name))
        });
        if through == 0 || not == 0 {
            notes.push(Note::new("funnel_correlation_one_side"));
        } else if rows.is_empty() {
            let note = Note::new("funnel_correlation_nothing");
            notes.push(note.with("least", grouped(least)).with("kinds", grouped(too_few)));
        } else {
            let note = Note::new("funnel_correlation_of").with("through", grouped(through));
            notes.push(
                note.with("not", grouped(not)).with("least", grouped(least)).with("kinds", grouped(too_few)),
            );
            // PostHog warns beyond 1 : 10.
            if through.min(not).saturating_mul(10) < through.max(not) {
                notes.push(Note::new("funnel_correlation_skewed"));
            }
        }
        (table(&rows), notes)
    }
}

/// Whether a kind is one of a step's events; with a step of any event all are.
fn is_step(kind: &str, steps: &[Step]) -> bool {
    let alternatives = steps.iter().flat_map(|step| &step.alternatives);
    alternatives.into_iter().any(|one| one.event.as_deref().is_none_or(|event| event == kind))
}

struct Row<'a> {
    name: &'a str,
    /// Who got through, who did not: did it, of all.
    sides: [Proportion; 2],
    odds: OddsRatio,
    test: Compared,
    adjusted: f64,
}

impl Row<'_> {
    fn is_significant(&self) -> bool {
        self.adjusted < SIGNIFICANT
    }

    fn direction(&self) -> &'static str {
        match self.odds.log {
            _ if !self.is_significant() => "no_evidence",
            log if log > 0.0 => "more_often",
            _ => "less_often",
        }
    }
}

fn table(rows: &[Row<'_>]) -> Table {
    let counts = |value: fn(&Row<'_>) -> u64| {
        Cells::Int(rows.iter().map(|row| i64::try_from(value(row)).ok()).collect())
    };
    let floats = |value: fn(&Row<'_>) -> Option<f64>| {
        Cells::Float(rows.iter().map(|row| value(row).filter(|value| value.is_finite())).collect())
    };
    let columns = vec![
        Column::new("event_name", Kind::Text, Cells::texts(rows.iter().map(|row| row.name))),
        Column::new("success_users", Kind::Count, counts(|row| row.sides[0].successes)),
        Column::new("success_share", Kind::Ratio, floats(|row| row.sides[0].share())),
        Column::new("failure_users", Kind::Count, counts(|row| row.sides[1].successes)),
        Column::new("failure_share", Kind::Ratio, floats(|row| row.sides[1].share())),
        Column::new("odds_ratio", Kind::Number(2), floats(|row| Some(row.odds.ratio))),
        Column::new("odds_ratio_lower", Kind::Number(2), floats(|row| Some(row.odds.lower))),
        Column::new("odds_ratio_upper", Kind::Number(2), floats(|row| Some(row.odds.upper))),
        Column::new(
            "test_used",
            Kind::Key("funnel_tests"),
            Cells::texts(rows.iter().map(|row| row.test.test.key())),
        ),
        Column::new("p", Kind::Probability, floats(|row| Some(row.test.p))),
        Column::new("p_adjusted", Kind::Probability, floats(|row| Some(row.adjusted))),
        Column::new(
            "direction",
            Kind::Key("funnel_directions"),
            Cells::texts(rows.iter().map(|row| row.direction())),
        ),
    ];
    Table::new("correlation", false, columns)
}

#[cfg(test)]
mod tests;
