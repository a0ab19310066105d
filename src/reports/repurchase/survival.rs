//! The tables survival, curve and tests: the time to the next purchase, with those counted who still wait.

use super::gaps::Gaps;
use super::people::{People, counts, ratios};
use super::settings::{FromOrder, RepurchaseSettings};
use crate::output::report::{Alert, Cells, Column, Kind, Note, Severity, Table};
use crate::stats::kaplan_meier::{Count, Curve, Reached};
use crate::stats::log_rank::{LogRank, log_rank};
use crate::stats::multiple_testing::holm;
use crate::stats::proportions::Bounds;

/// So many repurchases make a curve worth reading.
const FEW_EVENTS: u64 = 10;
/// Groups that are compared, at most: pairs grow with their square.
pub(super) const MOST_GROUPS: usize = 50;

/// A test of a pair, or of all groups where there is no pair; `None` where it cannot be made.
type Comparison<'a> = (Option<(&'a str, &'a str)>, Option<LogRank>);

/// The curves of the groups.
pub(super) struct Survival<'a> {
    settings: &'a RepurchaseSettings,
    people: &'a People<'a>,
    gaps: &'a Gaps,
    counts: Vec<Vec<Count>>,
    curves: Vec<Curve>,
}

impl<'a> Survival<'a> {
    pub fn new(settings: &'a RepurchaseSettings, people: &'a People<'a>, gaps: &'a Gaps) -> Self {
        let counts: Vec<Vec<Count>> = gaps.tallies.iter().map(|tally| tally.counts()).collect();
        let curves = counts.iter().map(|counts| Curve::new(counts, settings.interval)).collect();
        Self { settings, people, gaps, counts, curves }
    }

    /// A row per group.
    pub fn survival(&self) -> Table {
        let reached = |gone: f64| self.curves.iter().map(|curve| curve.reached(gone)).collect::<Vec<_>>();
        let (q25, median, q75) = (reached(0.25), reached(0.5), reached(0.75));
        let days =
            |of: &[Reached], which: fn(&Reached) -> Option<f64>| Cells::Float(of.iter().map(which).collect());
        let horizon = self.settings.rmst_days;
        let means: Vec<_> = self.curves.iter().map(|curve| curve.restricted_mean(horizon)).collect();
        let groups = self.curves.len();
        let events = self.curves.iter().map(Curve::events);
        let open = self.curves.iter().map(|curve| curve.people() - curve.events());

        let mut columns: Vec<Column> = self.people.by_column(0..groups).into_iter().collect();
        columns.extend([
            from_order_column(std::iter::repeat_n(self.gaps.from_order, groups)),
            Column::new("customers", Kind::Count, counts(self.gaps.customers.iter().copied())),
            Column::new("repurchased", Kind::Count, counts(events)),
            Column::new("censored", Kind::Count, counts(open)),
            Column::new("median_days", Kind::Reached, days(&median, |r| r.time)),
            Column::new("median_days_lower", Kind::Reached, days(&median, |r| r.lower)),
            Column::new("median_days_upper", Kind::Reached, days(&median, |r| r.upper)),
            Column::new("q25_days", Kind::Reached, days(&q25, |r| r.time)),
            Column::new("q75_days", Kind::Reached, days(&q75, |r| r.time)),
            Column::new(
                "rmst_days",
                Kind::Number(1),
                Cells::Float(means.iter().map(|mean| mean.map(|m| m.mean)).collect()),
            ),
            Column::new(
                "rmst_days_se",
                Kind::Number(1),
                Cells::Float(means.iter().map(|mean| mean.map(|m| m.variance.sqrt())).collect()),
            ),
            Column::new("rmst_horizon_days", Kind::Days, Cells::ints(vec![horizon; groups])),
        ]);
        Table::new("survival", false, columns)
    }

    /// A row per group and day on which something happened, after a row for day 0.
    pub fn curve(&self) -> Table {
        struct Row {
            group: usize,
            day: u32,
            at_risk: u64,
            repurchased: u64,
            censored: u64,
            survival: f64,
            bounds: Option<Bounds>,
        }
        let mut rows = Vec::new();
        for (group, curve) in self.curves.iter().enumerate() {
            if curve.steps.first().is_some_and(|step| step.time > 0) {
                rows.push(Row {
                    group,
                    day: 0,
                    at_risk: curve.people(),
                    repurchased: 0,
                    censored: 0,
                    survival: 1.0,
                    bounds: Some(Bounds { lower: 1.0, upper: 1.0 }),
                });
            }
            rows.extend(curve.steps.iter().map(|step| Row {
                group,
                day: step.time,
                at_risk: step.at_risk,
                repurchased: step.events,
                censored: step.censored,
                survival: step.survival,
                bounds: step.bounds,
            }));
        }
        let mut columns: Vec<Column> =
            self.people.by_column(rows.iter().map(|row| row.group)).into_iter().collect();
        columns.extend([
            Column::new("day", Kind::Days, Cells::ints(rows.iter().map(|row| row.day))),
            Column::new("at_risk", Kind::Count, counts(rows.iter().map(|row| row.at_risk))),
            Column::new("repurchased", Kind::Count, counts(rows.iter().map(|row| row.repurchased))),
            Column::new("censored", Kind::Count, counts(rows.iter().map(|row| row.censored))),
            Column::new("survival", Kind::Ratio, ratios(rows.iter().map(|row| Some(row.survival)))),
            Column::new("lower", Kind::Ratio, ratios(rows.iter().map(|row| row.bounds.map(|b| b.lower)))),
            Column::new("upper", Kind::Ratio, ratios(rows.iter().map(|row| row.bounds.map(|b| b.upper)))),
        ]);
        Table::new("curve", true, columns)
    }

    /// The log-rank test of all groups, then of each pair; customers without a value of `--by` are in none.
    pub fn tests(&self, notes: &mut Vec<Note>) -> Table {
        let names: Vec<(usize, &str)> = self
            .people
            .groups
            .values
            .iter()
            .enumerate()
            .filter_map(|(at, name)| Some((at, (*name)?)))
            .collect();
        let mut rows: Vec<Comparison<'_>> = Vec::new();
        if names.len() > MOST_GROUPS {
            let note = Note::new("repurchase_too_many_groups");
            notes.push(note.with("groups", names.len()).with("most", MOST_GROUPS));
        } else {
            let of = |at: usize| self.counts[at].as_slice();
            let all: Vec<&[Count]> = names.iter().map(|(at, _)| of(*at)).collect();
            rows.push((None, log_rank(&all)));
            for (i, (a, a_name)) in names.iter().enumerate() {
                let pairs = names[i + 1..].iter();
                rows.extend(pairs.map(|(b, b_name)| (Some((*a_name, *b_name)), log_rank(&[of(*a), of(*b)]))));
            }
        }
        // Adjusted over the pairs that could be tested.
        let tested: Vec<usize> =
            (0..rows.len()).filter(|at| rows[*at].0.is_some() && rows[*at].1.is_some()).collect();
        let p: Vec<f64> = tested.iter().filter_map(|at| rows[*at].1.map(|test| test.p)).collect();
        let mut adjusted = vec![None; rows.len()];
        for (at, p) in tested.into_iter().zip(holm(&p)) {
            adjusted[at] = Some(p);
        }
        let name = |which: fn((&str, &str)) -> String| {
            Cells::Text(rows.iter().map(|(pair, _)| pair.map(which)).collect())
        };
        let value =
            |which: fn(LogRank) -> f64| Cells::Float(rows.iter().map(|(_, test)| test.map(which)).collect());
        let kinds = rows.iter().map(|(pair, _)| if pair.is_some() { "pair" } else { "overall" });
        let df = rows.iter().map(|(_, test)| test.map(|test| test.df.into())).collect();
        Table::new(
            "tests",
            false,
            vec![
                Column::new("comparison", Kind::Key("comparisons"), Cells::texts(kinds)),
                Column::new("group_a", Kind::Text, name(|pair| pair.0.to_owned())),
                Column::new("group_b", Kind::Text, name(|pair| pair.1.to_owned())),
                Column::new("chi2", Kind::Number(2), value(|test| test.chi_squared)),
                Column::new("df", Kind::Count, Cells::Int(df)),
                Column::new("p", Kind::Probability, value(|test| test.p)),
                Column::new("p_holm", Kind::Probability, Cells::Float(adjusted)),
            ],
        )
    }

    /// What the reader must know of these curves.
    pub fn remarks(&self, notes: &mut Vec<Note>, alerts: &mut Vec<Alert>) {
        let events: u64 = self.curves.iter().map(Curve::events).sum();
        let groups = self.curves.len();
        if events < FEW_EVENTS {
            let note = Note::new("repurchase_few_events").with("events", events).with("least", FEW_EVENTS);
            let alert = Alert::new("repurchase_few_events", Severity::Warning, note);
            alerts.push(alert.of(events as f64, Some(FEW_EVENTS as f64)));
        } else {
            let few = self.curves.iter().filter(|curve| curve.events() < FEW_EVENTS).count();
            if few > 0 {
                let note = Note::new("repurchase_small_groups").with("groups", few).with("of", groups);
                notes.push(note.with("least", FEW_EVENTS));
            }
        }
        let not_reached = self.curves.iter().filter(|curve| curve.reached(0.5).time.is_none()).count();
        match (self.people.by_name, self.curves.first().and_then(|curve| Some((curve, curve.longest()?)))) {
            (None, Some((curve, longest))) if not_reached > 0 => {
                let still = curve.steps.last().map_or(1.0, |step| step.survival);
                let note = Note::new("repurchase_not_reached").with("days", longest);
                notes.push(note.with("share", percent(1.0 - still)));
            }
            (Some(_), _) if not_reached > 0 => {
                notes.push(
                    Note::new("repurchase_not_reached_groups").with("groups", not_reached).with("of", groups),
                );
            }
            _ => {}
        }
        let horizon = self.settings.rmst_days;
        let unknown = self.curves.iter().filter(|curve| curve.restricted_mean(horizon).is_none()).count();
        if unknown > 0 {
            let longest = self.curves.iter().filter_map(Curve::longest).max().unwrap_or(0);
            let key = if groups > 1 { "repurchase_rmst_unknown_groups" } else { "repurchase_rmst_unknown" };
            let note = Note::new(key).with("horizon", horizon).with("days", longest);
            notes.push(if groups > 1 { note.with("groups", unknown).with("of", groups) } else { note });
        }
    }
}

/// One decimal, for a sentence.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1}%", 100.0 * share)
}

/// Which gaps each row is about.
pub(super) fn from_order_column(rows: impl Iterator<Item = FromOrder>) -> Column {
    Column::new("from_order", Kind::Key("from_orders"), Cells::texts(rows.map(FromOrder::key)))
}
