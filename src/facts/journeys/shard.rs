//! The rows of the units whose ids hash to one place: filled while reading, sorted into journeys when all are there.

use super::super::intern::{InternedTexts, Interner};
use super::spill::Spill;
use super::{Journey, JourneyEvent, JourneySpec};
use crate::error::{Error, Result};

/// Rows of one block in the spill at most.
const BLOCK_ROWS: usize = 1 << 16;

/// An event of a unit. Signature and codes of attributes are numbered as they came; `Ranks` says which is which.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub at_us: i64,
    /// The number of the unit in its shard.
    pub unit: u32,
    pub signature: u32,
}

/// Rows, and what comes with them in columns beside; those not asked for are empty.
#[derive(Debug, Default)]
pub struct Columns {
    pub rows: Vec<Row>,
    /// 0 for none, else 1 + the number of the value.
    pub attributes: Vec<Vec<u32>>,
    pub money: Vec<i64>,
    pub has_money: Vec<bool>,
}

/// From numbers in the order of coming to places in sorted order.
#[derive(Debug, Default)]
pub struct Ranks {
    pub signatures: Vec<u32>,
    /// Per attribute and code, which is 0 for none.
    pub codes: Vec<Vec<u32>>,
}

/// A shard while it is filled.
#[derive(Debug, Default)]
pub struct Filling {
    pub units: Interner,
    pub held: Columns,
    blocks: Vec<Block>,
}

/// Rows in the spill.
#[derive(Debug, Clone, Copy)]
struct Block {
    start: u64,
    rows: u32,
}

/// A shard whose rows are all there.
#[derive(Debug)]
pub struct Shard {
    units: InternedTexts,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Sorted(Sorted),
    /// In the spill, as they came.
    Waiting {
        blocks: Vec<Block>,
    },
}

/// Events in the order of units and, within each, of time.
#[derive(Debug, Default)]
struct Sorted {
    /// Where the events of each unit end.
    ends: Vec<u32>,
    events: Vec<JourneyEvent>,
    attributes: Vec<Vec<u32>>,
    money: Vec<i64>,
    has_money: Vec<bool>,
}

impl JourneySpec {
    /// Bytes of a row in memory, and in the spill.
    pub(super) fn row_bytes(&self) -> usize {
        16 + 4 * self.attributes + 9 * usize::from(self.values)
    }
}

impl Filling {
    pub fn new(spec: &JourneySpec) -> Self {
        Self { held: Columns::new(spec), ..Self::default() }
    }

    /// Moves the rows held to the spill.
    pub fn spill(&mut self, spec: &JourneySpec, spill: &dyn Spill) -> Result<()> {
        let held = std::mem::replace(&mut self.held, Columns::new(spec));
        let mut bytes = Vec::with_capacity(held.rows.len().min(BLOCK_ROWS) * spec.row_bytes());
        for from in (0..held.rows.len()).step_by(BLOCK_ROWS) {
            let to = held.rows.len().min(from + BLOCK_ROWS);
            bytes.clear();
            held.write(from..to, &mut bytes);
            let start = spill.append(&bytes)?;
            self.blocks.push(Block { start, rows: (to - from) as u32 });
        }
        Ok(())
    }

    /// A shard that has rows in the spill keeps all its rows there.
    pub fn finish(mut self, spec: &JourneySpec, ranks: &Ranks, spill: Option<&dyn Spill>) -> Result<Shard> {
        if let (Some(spill), false) = (spill, self.blocks.is_empty()) {
            self.spill(spec, spill)?;
            let body = Body::Waiting { blocks: self.blocks };
            return Ok(Shard { units: self.units.into_texts(), body });
        }
        let units = self.units.into_texts();
        let body = Body::Sorted(self.held.sort(units.len(), ranks)?);
        Ok(Shard { units, body })
    }
}

impl Shard {
    pub fn units(&self) -> usize {
        self.units.len()
    }

    pub fn events(&self) -> u64 {
        match &self.body {
            Body::Sorted(sorted) => sorted.events.len() as u64,
            Body::Waiting { blocks } => blocks.iter().map(|block| u64::from(block.rows)).sum(),
        }
    }

    /// Hands on every journey; what waits in the spill is read and sorted for it, and forgotten.
    pub fn visit(
        &self,
        spec: &JourneySpec,
        ranks: &Ranks,
        spill: Option<&dyn Spill>,
        each: &mut dyn FnMut(Journey<'_>) -> Result<()>,
    ) -> Result<()> {
        match &self.body {
            Body::Sorted(sorted) => sorted.visit(&self.units, each),
            Body::Waiting { blocks } => {
                let Some(spill) = spill else { return Err(fault("rows wait nowhere")) };
                let mut columns = Columns::new(spec);
                let rows = self.events() as usize;
                columns.rows.reserve_exact(rows);
                let mut bytes = Vec::new();
                for block in blocks {
                    bytes.resize(block.rows as usize * spec.row_bytes(), 0);
                    spill.read(block.start, &mut bytes)?;
                    columns.read(&bytes, block.rows as usize);
                }
                columns.sort(self.units.len(), ranks)?.visit(&self.units, each)
            }
        }
    }
}

impl Columns {
    fn new(spec: &JourneySpec) -> Self {
        Self { attributes: vec![Vec::new(); spec.attributes], ..Self::default() }
    }

    /// Column by column, numbers from their lowest byte on.
    fn write(&self, range: std::ops::Range<usize>, bytes: &mut Vec<u8>) {
        let rows = &self.rows[range.clone()];
        rows.iter().for_each(|row| bytes.extend_from_slice(&row.at_us.to_le_bytes()));
        rows.iter().for_each(|row| bytes.extend_from_slice(&row.unit.to_le_bytes()));
        rows.iter().for_each(|row| bytes.extend_from_slice(&row.signature.to_le_bytes()));
        for codes in &self.attributes {
            codes[range.clone()].iter().for_each(|code| bytes.extend_from_slice(&code.to_le_bytes()));
        }
        if !self.money.is_empty() {
            self.money[range.clone()].iter().for_each(|e4| bytes.extend_from_slice(&e4.to_le_bytes()));
            bytes.extend(self.has_money[range].iter().map(|has| u8::from(*has)));
        }
    }

    /// Appends what `write` has written of so many rows.
    fn read(&mut self, bytes: &[u8], rows: usize) {
        let (moments, rest) = bytes.split_at(8 * rows);
        let (units, rest) = rest.split_at(4 * rows);
        let (signatures, mut rest) = rest.split_at(4 * rows);
        let all = eights(moments).zip(fours(units)).zip(fours(signatures));
        self.rows.extend(all.map(|((at_us, unit), signature)| Row { at_us, unit, signature }));
        for codes in &mut self.attributes {
            let (mine, others) = rest.split_at(4 * rows);
            codes.extend(fours(mine));
            rest = others;
        }
        if !rest.is_empty() {
            let (money, has_money) = rest.split_at(8 * rows);
            self.money.extend(eights(money));
            self.has_money.extend(has_money.iter().map(|byte| *byte != 0));
        }
    }

    fn sort(mut self, units: usize, ranks: &Ranks) -> Result<Sorted> {
        if self.rows.len() >= u32::MAX as usize {
            return Err(Error::Numeric {
                what: format!("{} events of units whose ids hash to one place are too many", self.rows.len()),
                hint: Some("cut the time in use: --since, --until".into()),
            });
        }
        for (codes, ranks) in self.attributes.iter_mut().zip(&ranks.codes) {
            codes.iter_mut().for_each(|code| *code = ranks[*code as usize]);
        }
        // By unit, in the order of coming: each unit's end is where its next event goes, until all are there.
        let mut ends = vec![0_u32; units + 1];
        for row in &self.rows {
            ends[row.unit as usize + 1] += 1;
        }
        for unit in 1..=units {
            ends[unit] += ends[unit - 1];
        }
        let mut events = vec![JourneyEvent { at_us: 0, signature: 0, place: 0 }; self.rows.len()];
        for (row, place) in self.rows.iter().zip(0..) {
            let end = &mut ends[row.unit as usize];
            let signature = ranks.signatures[row.signature as usize];
            events[*end as usize] = JourneyEvent { at_us: row.at_us, signature, place };
            *end += 1;
        }
        ends.pop();
        self.rows = Vec::new();

        let Self { attributes, money, has_money, .. } = self;
        let is_plain = attributes.is_empty() && money.is_empty();
        let mut start = 0;
        for &end in &ends {
            let journey = &mut events[start..end as usize];
            start = end as usize;
            if is_plain {
                journey.sort_unstable_by_key(|event| (event.at_us, event.signature));
            } else {
                let beside = |event: &JourneyEvent| {
                    let place = event.place as usize;
                    let money = has_money.get(place).map(|has| (*has, money[place]));
                    (attributes.iter().map(move |codes| codes[place]), money)
                };
                journey.sort_unstable_by(|a, b| {
                    (a.at_us, a.signature).cmp(&(b.at_us, b.signature)).then_with(|| {
                        let ((a, a_money), (b, b_money)) = (beside(a), beside(b));
                        a.cmp(b).then(a_money.cmp(&b_money))
                    })
                });
            }
        }
        let places = || events.iter().map(|event| event.place as usize);
        let attributes = attributes.into_iter().map(|codes| places().map(|place| codes[place]).collect());
        let attributes = attributes.collect();
        let beside = if money.is_empty() { None } else { Some(()) };
        let money = beside.map(|()| places().map(|place| money[place]).collect()).unwrap_or_default();
        let has_money = beside.map(|()| places().map(|place| has_money[place]).collect()).unwrap_or_default();
        for (event, place) in events.iter_mut().zip(0..) {
            event.place = place;
        }
        Ok(Sorted { ends, events, attributes, money, has_money })
    }
}

impl Sorted {
    fn visit(&self, units: &InternedTexts, each: &mut dyn FnMut(Journey<'_>) -> Result<()>) -> Result<()> {
        let mut start = 0;
        for (unit, &end) in self.ends.iter().enumerate() {
            let events = &self.events[start..end as usize];
            start = end as usize;
            units.with(unit, |unit| {
                each(Journey {
                    unit,
                    events,
                    attributes: &self.attributes,
                    money: &self.money,
                    has_money: &self.has_money,
                })
            })?;
        }
        Ok(())
    }
}

fn eights(bytes: &[u8]) -> impl Iterator<Item = i64> {
    bytes.chunks_exact(8).map(|word| word.iter().rev().fold(0, |number, byte| number << 8 | i64::from(*byte)))
}

fn fours(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.chunks_exact(4).map(|word| word.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte)))
}

/// An error that is no fault of the user.
pub fn fault(why: &str) -> Error {
    Error::Internal { doing: "collecting journeys".into(), why: why.into() }
}
