//! Who moved from which segment to which between two moments.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::population::Population;
use super::scoring::Scored;
use super::tables::{SEGMENT, Shown, money};
use crate::error::Result;
use crate::output::report::{Cells, Column, Kind, Table};

/// from_segment of a customer who had no purchase then.
const NEW: &str = "new";
/// to_segment of a customer of whom no purchase is left now.
pub(super) const GONE: &str = "gone";
/// from_segment of a customer who was in the map's segment `new`, if it has one: `new` itself means "no customer then".
pub(super) const WAS_NEW: &str = "was_new";

/// Every customer of either moment, in the order of the bytes of their ids.
pub(super) struct Moves<'a> {
    now: &'a Shown<'a>,
    then: &'a Population<'a>,
    scored_then: &'a Scored,
    /// Places in the facts of then and now; one of the two is there.
    pairs: Vec<(Option<usize>, Option<usize>)>,
}

impl<'a> Moves<'a> {
    pub fn new(now: &'a Shown<'a>, then: &'a Population<'a>, scored_then: &'a Scored) -> Self {
        let mut pairs = Vec::with_capacity(now.population.len());
        let (mut before, mut after) = (then.by_id().peekable(), now.population.by_id().peekable());
        loop {
            let order = match (before.peek(), after.peek()) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(b), Some(a)) => then.id(*b).cmp(now.population.id(*a)),
            };
            let then = if order.is_le() { before.next() } else { None };
            let now = if order.is_ge() { after.next() } else { None };
            pairs.push((then, now));
        }
        Self { now, then, scored_then, pairs }
    }

    /// Customers per pair of segments, in the order of the map: `new` first, `gone` last.
    /// Revenue is of now; of customers who are gone nothing is known.
    pub fn migration(&self) -> Result<Table> {
        // The value of --by (none last), from (0: new), to (the number of segments: gone).
        type Key<'k> = ((bool, Option<&'k str>), u16, u16);
        let mut rows: BTreeMap<Key<'_>, (i64, Option<i128>)> = BTreeMap::new();
        let segments = &self.now.settings.map.segments;
        for &(then, now) in &self.pairs {
            let by = self.by_value(then, now);
            let from = then.map_or(0, |at| 1 + self.scored_then.segment[at]);
            let to = now.map_or(segments.len() as u16, |at| self.now.scored.segment[at]);
            let row = rows.entry(((by.is_none(), by), from, to)).or_insert((0, now.map(|_| 0)));
            row.0 += 1;
            if let (Some(revenue), Some(at)) = (&mut row.1, now) {
                *revenue += i128::from(self.now.population.monetary[at]);
            }
        }
        let revenue = rows.values().map(|(_, sum)| sum.map(money).transpose()).collect::<Result<_>>()?;
        let from = |key: &Key<'_>| self.origin(key.1.checked_sub(1));
        let to = |key: &Key<'_>| self.destination(Some(key.2).filter(|to| usize::from(*to) < segments.len()));
        let mut columns = Vec::new();
        self.push_by(&mut columns, rows.keys().map(|key| key.0.1));
        columns.extend([
            Column::new("from_segment", SEGMENT, Cells::texts(rows.keys().map(from))),
            Column::new("to_segment", SEGMENT, Cells::texts(rows.keys().map(to))),
            Column::new("customers", Kind::Count, Cells::ints(rows.values().map(|row| row.0))),
            Column::new("revenue", Kind::Money, Cells::Money(revenue)),
        ]);
        Ok(Table::new("migration", false, columns))
    }

    /// A row per customer of either moment.
    pub fn moves(&self) -> Table {
        let pairs = || self.pairs.iter();
        let ids = pairs().map(|&(then, now)| self.either(then, now, |population, at| population.id(at)));
        let mut columns = vec![Column::new("customer_id", Kind::Id, Cells::texts(ids))];
        self.push_by(&mut columns, pairs().map(|&(then, now)| self.by_value(then, now)));
        let from = pairs().map(|pair| self.origin(pair.0.map(|at| self.scored_then.segment[at])));
        let to = pairs().map(|pair| self.destination(pair.1.map(|at| self.now.scored.segment[at])));
        columns.push(Column::new("from_segment", SEGMENT, Cells::texts(from)));
        columns.push(Column::new("to_segment", SEGMENT, Cells::texts(to)));
        for (name, scores) in ["r_before", "f_before", "m_before"].into_iter().zip(&self.scored_then.scores) {
            let cells = pairs().map(|pair| pair.0.map(|at| scores[at].into())).collect();
            columns.push(Column::new(name, Kind::Score, Cells::Int(cells)));
        }
        for (name, scores) in ["r", "f", "m"].into_iter().zip(&self.now.scored.scores) {
            let cells = pairs().map(|pair| pair.1.map(|at| scores[at].into())).collect();
            columns.push(Column::new(name, Kind::Score, Cells::Int(cells)));
        }
        let before = pairs().map(|pair| pair.0.map(|at| self.then.monetary[at])).collect();
        let after = pairs().map(|pair| pair.1.map(|at| self.now.population.monetary[at])).collect();
        columns.push(Column::new("monetary_before", Kind::Money, Cells::Money(before)));
        columns.push(Column::new("monetary", Kind::Money, Cells::Money(after)));
        Table::new("moves", true, columns)
    }

    fn origin(&self, segment: Option<u16>) -> &str {
        match segment.map(|at| self.now.settings.map.segments[usize::from(at)].key.as_str()) {
            None => NEW,
            Some(NEW) => WAS_NEW,
            Some(key) => key,
        }
    }

    fn destination(&self, segment: Option<u16>) -> &str {
        segment.map_or(GONE, |at| &self.now.settings.map.segments[usize::from(at)].key)
    }

    /// Of now, or of then for those who are gone.
    fn by_value(&self, then: Option<usize>, now: Option<usize>) -> Option<&str> {
        self.either(then, now, |population, at| population.by_value(at))
    }

    fn either<T>(
        &self,
        then: Option<usize>,
        now: Option<usize>,
        get: impl Fn(&'a Population<'a>, usize) -> T,
    ) -> T {
        match (then, now) {
            (_, Some(at)) => get(self.now.population, at),
            (Some(at), None) => get(self.then, at),
            (None, None) => unreachable!("a pair has a customer of then or of now"),
        }
    }

    fn push_by<'v>(&self, columns: &mut Vec<Column>, values: impl Iterator<Item = Option<&'v str>>) {
        if let Some(name) = self.now.by_name {
            let cells = values.map(|value| value.map(str::to_owned)).collect();
            columns.push(Column::new(name, Kind::Text, Cells::Text(cells)));
        }
    }
}
