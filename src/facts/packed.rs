//! Integers kept small: a column takes 0, 1, 2, 4 or 8 bytes per row, as its values need, 4,096 rows at a time.

/// Rows per segment. All columns of a store break at the same rows.
pub(super) const SEGMENT: usize = 4096;

/// A growing column of integers, most of which are multiples of `UNIT` (whole seconds, cents, pieces); others cost 8 bytes.
#[derive(Debug, Default)]
pub(super) struct Packed<const UNIT: i64> {
    segments: Vec<Segment>,
    len: usize,
}

/// Values in units, from narrow to wide; the widest are as they were given.
#[derive(Debug)]
enum Segment {
    Zero,
    Byte(Vec<u8>),
    Short(Vec<u16>),
    Int(Vec<i32>),
    Exact(Vec<i64>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Width {
    Zero,
    Byte,
    Short,
    Int,
    Exact,
}

impl<const UNIT: i64> Packed<UNIT> {
    pub(super) fn append(&mut self, mut values: &[i64]) {
        while !values.is_empty() {
            let filled = self.len % SEGMENT;
            if filled == 0 {
                self.segments.push(Segment::Zero);
            }
            let (now, later) = values.split_at(values.len().min(SEGMENT - filled));
            let last = self.segments.len() - 1;
            let segment = &mut self.segments[last];
            let width = Self::width(now);
            if width > segment.width() {
                *segment = Self::widened(segment, filled, width);
            }
            match segment {
                Segment::Zero => {}
                Segment::Byte(kept) => kept.extend(now.iter().map(|v| (v / UNIT) as u8)),
                Segment::Short(kept) => kept.extend(now.iter().map(|v| (v / UNIT) as u16)),
                Segment::Int(kept) => kept.extend(now.iter().map(|v| (v / UNIT) as i32)),
                Segment::Exact(kept) => kept.extend_from_slice(now),
            }
            self.len += now.len();
            values = later;
        }
    }

    #[inline]
    pub(super) fn get(&self, row: usize) -> i64 {
        let at = row % SEGMENT;
        match &self.segments[row / SEGMENT] {
            Segment::Zero => 0,
            Segment::Byte(kept) => i64::from(kept[at]) * UNIT,
            Segment::Short(kept) => i64::from(kept[at]) * UNIT,
            Segment::Int(kept) => i64::from(kept[at]) * UNIT,
            Segment::Exact(kept) => kept[at],
        }
    }

    /// Whether every value is 0.
    pub(super) fn is_zero(&self) -> bool {
        self.segments.iter().all(|segment| segment.width() == Width::Zero)
    }

    /// The values of each segment in turn; what was read is freed.
    pub(super) fn into_segments(mut self) -> impl Iterator<Item = Vec<i64>> {
        let mut left = self.len;
        std::mem::take(&mut self.segments).into_iter().map(move |segment| {
            let rows = left.min(SEGMENT);
            left -= rows;
            match segment {
                Segment::Zero => vec![0; rows],
                Segment::Byte(kept) => kept.iter().map(|v| i64::from(*v) * UNIT).collect(),
                Segment::Short(kept) => kept.iter().map(|v| i64::from(*v) * UNIT).collect(),
                Segment::Int(kept) => kept.iter().map(|v| i64::from(*v) * UNIT).collect(),
                Segment::Exact(kept) => kept,
            }
        })
    }

    /// The narrowest that holds all of `values`.
    fn width(values: &[i64]) -> Width {
        let (mut whole, mut least, mut most) = (true, 0, 0);
        for &value in values {
            let units = value / UNIT;
            whole &= units * UNIT == value;
            least = least.min(units);
            most = most.max(units);
        }
        if !whole || least < i64::from(i32::MIN) || most > i64::from(i32::MAX) {
            Width::Exact
        } else if least < 0 || most > i64::from(u16::MAX) {
            Width::Int
        } else if most > i64::from(u8::MAX) {
            Width::Short
        } else if most > 0 {
            Width::Byte
        } else {
            Width::Zero
        }
    }

    /// The `filled` values of `segment` at a greater width, with room for a full segment.
    fn widened(segment: &Segment, filled: usize, width: Width) -> Segment {
        let values = (0..filled).map(|at| match segment {
            Segment::Zero => 0,
            Segment::Byte(kept) => i64::from(kept[at]),
            Segment::Short(kept) => i64::from(kept[at]),
            Segment::Int(kept) => i64::from(kept[at]),
            Segment::Exact(kept) => kept[at] / UNIT,
        });
        match width {
            Width::Zero => Segment::Zero,
            Width::Byte => Segment::Byte(with_room(values.map(|v| v as u8))),
            Width::Short => Segment::Short(with_room(values.map(|v| v as u16))),
            Width::Int => Segment::Int(with_room(values.map(|v| v as i32))),
            Width::Exact => Segment::Exact(with_room(values.map(|v| v * UNIT))),
        }
    }
}

impl Segment {
    fn width(&self) -> Width {
        match self {
            Self::Zero => Width::Zero,
            Self::Byte(_) => Width::Byte,
            Self::Short(_) => Width::Short,
            Self::Int(_) => Width::Int,
            Self::Exact(_) => Width::Exact,
        }
    }
}

fn with_room<T>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut kept = Vec::with_capacity(SEGMENT);
    kept.extend(values);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_come_back_across_segments() {
        let values: Vec<i64> = (0..3 * SEGMENT as i64 + 5)
            .map(|i| match i {
                9_000 => i64::MIN,
                5_000 => 123,
                _ => i * 100,
            })
            .collect();
        let mut packed = Packed::<100>::default();
        for part in values.chunks(777) {
            packed.append(part);
        }
        assert!((0..values.len()).all(|row| packed.get(row) == values[row]));
        assert!(!packed.is_zero());
        assert_eq!(packed.into_segments().collect::<Vec<_>>().concat(), values);
    }

    proptest! {
        #[test]
        fn any_integers_come_back(parts in prop::collection::vec(prop::collection::vec(
            prop_oneof![Just(0), 0..300i64, -5..70_000i64, (-40_000_000..40_000_000i64).prop_map(|v| v * 100), any::<i64>()], 0..6), 0..6))
        {
            let mut packed = Packed::<100>::default();
            for part in &parts {
                packed.append(part);
            }
            let values = parts.concat();
            for (row, value) in values.iter().enumerate() {
                prop_assert_eq!(packed.get(row), *value);
            }
        }
    }
}
