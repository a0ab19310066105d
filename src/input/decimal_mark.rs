//! Whether a file writes decimals with a point or a comma. One cell often does not say: `1.234` and `1,234` may each be a
//! thousand or a bit more than one. Other cells of the file do: `12,50` and `1.234,5` have a comma, `12.50` a point.

use std::borrow::Cow;

use polars::prelude::*;

use super::values::money::{NumberError, without_note};

/// How a file writes decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DecimalMark {
    /// No cell proves anything but a point: a cell is read as it stands (one point is decimal, one comma before three
    /// digits groups).
    Point,
    /// Cells prove a comma, and none a point.
    Comma,
    /// Cells prove both: what a cell by itself leaves open is unreadable.
    Both,
}

impl DecimalMark {
    /// From the number columns of the first rows.
    pub fn of(head: &DataFrame, columns: impl Iterator<Item = usize>) -> Self {
        let (mut point, mut comma) = (false, false);
        for at in columns {
            let Ok(texts) = head.columns()[at].str() else { continue };
            for cell in texts.iter().flatten() {
                match proof(cell) {
                    Proof::Point => point = true,
                    Proof::Comma => comma = true,
                    Proof::Open | Proof::Nothing => {}
                }
            }
        }
        match (comma, point) {
            (false, _) => Self::Point,
            (true, false) => Self::Comma,
            (true, true) => Self::Both,
        }
    }

    /// What `parse` makes of the cell under this mark.
    pub fn read<T>(
        self,
        cell: &str,
        parse: impl FnOnce(&str) -> Result<T, NumberError>,
    ) -> Result<T, NumberError> {
        self.settle(cell).map_or(Err(NumberError::NotANumber), |cell| parse(&cell))
    }

    /// The cell as it is to be read under this mark; `None` where it cannot be known.
    fn settle(self, cell: &str) -> Option<Cow<'_, str>> {
        if self == Self::Point || proof(cell) != Proof::Open {
            return Some(Cow::Borrowed(cell));
        }
        match self {
            // 1.234 is a thousand, 1,234 a bit more than one: as a number with a point each.
            Self::Comma if cell.contains('.') => Some(Cow::Owned(cell.replace('.', ""))),
            Self::Comma => Some(Cow::Owned(cell.replace(',', "."))),
            _ => None,
        }
    }
}

/// What a cell says of the mark by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proof {
    Point,
    Comma,
    /// One mark with three digits behind it.
    Open,
    /// No mark.
    Nothing,
}

fn proof(cell: &str) -> Proof {
    let cell = without_note(cell);
    let (points, commas) = (cell.matches('.').count(), cell.matches(',').count());
    let decimal = |mark: char, own: Proof| {
        let (before, behind) = cell.split_once(mark).unwrap_or((cell, ""));
        let digits = behind.chars().take_while(char::is_ascii_digit).count();
        let whole = before.trim_start_matches(|c: char| !c.is_ascii_digit());
        match (digits, whole.len()) {
            // 0.234 and 1234.567 group nothing.
            (3, 1..=3) if !whole.starts_with('0') => Proof::Open,
            (0, _) => Proof::Nothing,
            _ => own,
        }
    };
    match (points, commas) {
        (0, 0) => Proof::Nothing,
        (1, 0) => decimal('.', Proof::Point),
        (0, 1) => decimal(',', Proof::Comma),
        (0, _) => Proof::Point,
        (_, 0) => Proof::Comma,
        _ if cell.rfind('.') > cell.rfind(',') => Proof::Point,
        _ => Proof::Comma,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_prove_what_they_prove() {
        for (cells, expected) in [
            (&["12.50", "1,234.50", "0.234", "$1,234,567", "1234.567"][..], Proof::Point),
            (&["12,50", "1.234,50", "0,234", "€ 1.234.567", "1234,567", "-3,5"], Proof::Comma),
            (&["1.234", "1,234", "(999,000)", "￥123.456"], Proof::Open),
            (&["12", "", "abc", "5.", "12(已退款8.50)"], Proof::Nothing),
            (&["131.77(已退款89.84)", "1,234.00（含运费1,5）"], Proof::Point),
        ] {
            for cell in cells {
                assert_eq!(proof(cell), expected, "{cell}");
            }
        }
    }

    #[test]
    fn open_cells_follow_the_others() {
        let mark = |cells: &[&str]| {
            let frame = DataFrame::new(cells.len(), vec![Column::new("amount".into(), cells)]).unwrap();
            DecimalMark::of(&frame, 0..1)
        };
        assert_eq!(mark(&["1.234", "1,234"]), DecimalMark::Point);
        assert_eq!(mark(&["1.234", "12,50"]), DecimalMark::Comma);
        assert_eq!(mark(&["1.5", "12,50"]), DecimalMark::Both);
        assert_eq!(DecimalMark::Comma.settle("1.234").as_deref(), Some("1234"));
        assert_eq!(DecimalMark::Comma.settle("1,234").as_deref(), Some("1.234"));
        assert_eq!(DecimalMark::Comma.settle("1.234,50").as_deref(), Some("1.234,50"));
        assert_eq!(DecimalMark::Both.settle("1.234"), None);
        assert_eq!(DecimalMark::Both.settle("12,50").as_deref(), Some("12,50"));
        assert_eq!(DecimalMark::Point.settle("1,234").as_deref(), Some("1,234"));
    }
}
