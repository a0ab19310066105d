//! When messages are sent and opened: by hour of the day, and by day of the week and hour.

use crate::facts::customers::DAY_US;
use crate::output::report::{Cells, Column, Kind, Note, Table};
use crate::output::{grouped, percent};
use crate::reports::engagement::touches::{bounds_columns, count_column, ratio_column};
use crate::reports::rates::ratio;
use crate::stats::proportions::{LEVEL, wilson};

const HOUR_US: i64 = DAY_US / 24;
/// Hours of a day, of a week.
const HOURS: usize = 24;
const SLOTS: usize = 7 * HOURS;

/// What is counted of an hour.
#[derive(Debug, Clone, Copy, Default)]
struct Hour {
    /// Sendings (a message to a member) in the hour that are at least 24 hours old.
    sent: u64,
    /// Of these: opened within 24 hours.
    opened: u64,
    /// Opens in the hour, whenever the message was sent.
    opens: u64,
}

/// The hours of a week, from Monday 0 o'clock.
#[derive(Debug)]
pub(super) struct Hours {
    slots: [Hour; SLOTS],
    /// Sendings less than 24 hours before the end of the observed time.
    too_young: u64,
}

impl Default for Hours {
    fn default() -> Self {
        Self { slots: [Hour::default(); SLOTS], too_young: 0 }
    }
}

/// What the file can tell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measures {
    pub sendings: bool,
    pub opens: bool,
}

fn slot(at_us: i64) -> usize {
    // 1970-01-01 was a Thursday.
    let weekday = (at_us.div_euclid(DAY_US) + 3).rem_euclid(7) as usize;
    weekday * HOURS + (at_us.rem_euclid(DAY_US) / HOUR_US) as usize
}

impl Hours {
    /// A sending, and when it was first opened before the next one.
    pub fn sent(&mut self, at_us: i64, opened_us: Option<i64>, as_of_us: i64) {
        let end = at_us.saturating_add(DAY_US);
        if end > as_of_us {
            self.too_young += 1;
            return;
        }
        let hour = &mut self.slots[slot(at_us)];
        hour.sent += 1;
        hour.opened += u64::from(opened_us.is_some_and(|opened| opened <= end));
    }

    pub fn opened(&mut self, at_us: i64) {
        self.slots[slot(at_us)].opens += 1;
    }

    pub fn add(&mut self, other: &Self) {
        for (into, hour) in self.slots.iter_mut().zip(&other.slots) {
            into.sent += hour.sent;
            into.opened += hour.opened;
            into.opens += hour.opens;
        }
        self.too_young += other.too_young;
    }

    fn by_hour(&self) -> [Hour; HOURS] {
        let mut hours = [Hour::default(); HOURS];
        for (at, slot) in self.slots.iter().enumerate() {
            let into = &mut hours[at % HOURS];
            into.sent += slot.sent;
            into.opened += slot.opened;
            into.opens += slot.opens;
        }
        hours
    }

    /// `best_hour`: all 24 hours; `weekday_hours`: those of the week in which something was sent or opened.
    pub fn tables(&self, measures: Measures) -> [Table; 2] {
        let mut by_hour: Vec<(usize, Hour)> = self.by_hour().into_iter().enumerate().collect();
        if !measures.sendings && !measures.opens {
            by_hour.clear();
        }
        let is_used = |(_, hour): &(usize, Hour)| hour.sent > 0 || hour.opens > 0;
        let of_week: Vec<(usize, Hour)> = self.slots.iter().copied().enumerate().filter(is_used).collect();
        let mut weekdays = vec![Column::new(
            "weekday",
            Kind::Key("weekdays"),
            Cells::texts(of_week.iter().map(|(at, _)| WEEKDAYS[at / HOURS])),
        )];
        weekdays.extend(columns(&of_week, measures));
        [
            // Where nothing was sent there is nothing to be opened.
            Table::new("best_hour", false, columns(&by_hour, measures))
                .showing(|row| !measures.sendings || by_hour[row].1.sent > 0),
            Table::new("weekday_hours", true, weekdays),
        ]
    }

    /// The best hour, or that there is none to be named. The best is the hour whose share of sendings opened has the highest
    /// lower bound. Each of k hours gets the level 1 - 0.05 / k (Bonferroni), so that all bounds hold at once.
    pub fn notes(&self, measures: Measures) -> Vec<Note> {
        let mut notes = Vec::new();
        if !measures.sendings || !measures.opens {
            return notes;
        }
        let young = grouped(i128::from(self.too_young));
        if self.too_young > 0 {
            notes.push(Note::new("best_hour_too_young").with("count", young));
        }
        let hours = self.by_hour();
        let used = hours.iter().filter(|hour| hour.sent > 0).count();
        let sent: u64 = hours.iter().map(|hour| hour.sent).sum();
        let opened: u64 = hours.iter().map(|hour| hour.opened).sum();
        let Some(overall) = ratio(opened, sent) else { return notes };
        let level = 1.0 - (1.0 - LEVEL) / used as f64;
        let bounds = hours
            .iter()
            .enumerate()
            .filter_map(|(at, hour)| wilson(hour.opened, hour.sent, level).map(|bounds| (at, *hour, bounds)));
        // The earliest of equal ones.
        let best = bounds.reduce(|best, next| if next.2.lower > best.2.lower { next } else { best });
        let Some((at, hour, bounds)) = best else { return notes };
        let clear = used > 1 && bounds.lower > overall;
        let note = Note::new(match (clear, used) {
            (true, _) => "best_hour",
            (false, 1) => "best_hour_only",
            (false, _) => "best_hour_thin",
        });
        notes.push(
            note.with("hour", format!("{at:02}:00-{at:02}:59"))
                .with("rate", percent(ratio(hour.opened, hour.sent).unwrap_or_default()))
                .with("lower", percent(bounds.lower))
                .with("upper", percent(bounds.upper))
                .with("sent", grouped(i128::from(hour.sent)))
                .with("overall", percent(overall)),
        );
        notes
    }
}

/// Keys of the days of the week, in `[weekdays]`.
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

fn columns(rows: &[(usize, Hour)], measures: Measures) -> Vec<Column> {
    let Measures { sendings, opens } = measures;
    let each = || rows.iter().map(|(_, hour)| *hour);
    let shares = || each().map(|hour| (hour.opened, hour.sent));
    let mut columns = vec![
        Column::new("hour", Kind::Score, Cells::ints(rows.iter().map(|(at, _)| (at % HOURS) as i64))),
        count_column("sendings", sendings, each().map(|hour| hour.sent)),
        count_column("opened_within_24h", sendings && opens, each().map(|hour| hour.opened)),
        ratio_column("open_rate_24h", sendings && opens, shares()),
    ];
    columns.extend(bounds_columns(["lower", "upper"], sendings && opens, shares()));
    columns.push(count_column("opens_in_hour", opens, each().map(|hour| hour.opens)));
    columns
}
