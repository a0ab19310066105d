//! Numbers in little room, for tables that are wide: with fewer decimals, or with three digits and a unit (`1.23M`, `123万`).

use super::numbers;
use super::report::{Cells, Column, Kind};
use super::{shade, shown};
use crate::text::Catalogue;

/// How much of a number is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brevity {
    /// As in every table.
    Full,
    /// Percentages without decimals; other numbers with what decimals their size leaves of interest.
    Whole,
    /// The same for percentages; of other numbers three digits.
    Short,
}

impl Brevity {
    pub const ALL: [Self; 3] = [Self::Full, Self::Whole, Self::Short];
}

/// Columns whose numbers are shown alike.
pub struct Brief {
    brevity: Brevity,
    /// The largest absolute value, that of the ratios by themselves.
    largest_ratio: f64,
    largest: f64,
    /// Units, the largest first.
    units: Vec<(f64, String)>,
}

impl Brief {
    pub fn of<'a>(
        columns: impl Iterator<Item = &'a Column> + Clone,
        brevity: Brevity,
        words: &Catalogue,
    ) -> Self {
        let largest = |ratios: bool| {
            let columns = columns.clone().filter(|column| (column.kind == Kind::Ratio) == ratios);
            columns
                .flat_map(|column| (0..column.cells.len()).filter_map(|row| shade::value(column, row)))
                .fold(0.0, |largest: f64, value| largest.max(value.abs()))
        };
        let mut units: Vec<(f64, String)> = words
            .ui("short_units")
            .split(',')
            .filter_map(|unit| unit.trim().split_once(' '))
            .filter_map(|(size, name)| Some((size.parse().ok()?, name.to_owned())))
            .collect();
        units.sort_by(|a, b| b.0.total_cmp(&a.0));
        Self { brevity, largest_ratio: largest(true), largest: largest(false), units }
    }

    /// What the value in `row` looks like; `None` is absent.
    pub fn cell(&self, column: &Column, row: usize, words: &Catalogue) -> Option<String> {
        let full = shown::cell(column, row, words)?;
        let Some(value) = shade::value(column, row) else { return Some(full) };
        let has_digits = shown::is_number(column) && column.kind != Kind::Seconds;
        if self.brevity == Brevity::Full || value.abs() >= 1e15 || !has_digits {
            return Some(full);
        }
        if column.kind == Kind::Ratio {
            let decimals = if self.largest_ratio < 0.0995 { 1 } else { 0 };
            return Some(numbers::percent_to(value, decimals));
        }
        let most = match (&column.cells, column.kind) {
            (Cells::Int(_), Kind::Money) | (Cells::Money(_), _) | (_, Kind::Money) => 2,
            (Cells::Int(_), _) => 0,
            (_, Kind::Number(decimals)) => decimals,
            _ => 1,
        };
        if self.brevity == Brevity::Short {
            return Some(self.three_digits(value, most));
        }
        let decimals = match self.largest {
            largest if largest >= 999.5 => 0,
            largest if largest >= 99.95 => 1,
            _ => 2,
        };
        Some(match &column.cells {
            Cells::Money(v) => v[row].map_or(full, |e4| numbers::money_to(e4, decimals.min(most))),
            _ => numbers::number(value, decimals.min(most)),
        })
    }

    /// `1.23M`; below the least unit `999`, `99.9`, `9.99`, with no more decimals than `most`.
    fn three_digits(&self, value: f64, most: u8) -> String {
        // A number that rounds up to the unit is of the unit.
        let unit = self.units.iter().find(|(size, _)| value.abs() >= size * 0.9995);
        let (size, name) = unit.map_or((1.0, ""), |(size, name)| (*size, name.as_str()));
        let scaled = value / size;
        let decimals = match scaled.abs() {
            magnitude if magnitude < 9.995 => 2,
            magnitude if magnitude < 99.95 => 1,
            _ => 0,
        };
        let decimals = if unit.is_some() { decimals } else { most.min(decimals) };
        numbers::number(scaled, decimals) + name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Lang;

    fn shown_as(column: &Column, brevity: Brevity, lang: Lang) -> Vec<String> {
        let words = Catalogue::get(lang);
        let brief = Brief::of(std::iter::once(column), brevity, words);
        (0..column.cells.len()).map(|row| brief.cell(column, row, words).unwrap_or_default()).collect()
    }

    fn column(kind: Kind, cells: Cells) -> Column {
        Column::new("x", kind, cells)
    }

    #[test]
    fn percentages_lose_their_decimals_where_they_are_not_all_small() {
        let large = column(Kind::Ratio, Cells::Float(vec![Some(0.126), Some(1.0), Some(-0.034), None]));
        assert_eq!(shown_as(&large, Brevity::Full, Lang::En), ["12.6%", "100.0%", "-3.4%", ""]);
        assert_eq!(shown_as(&large, Brevity::Whole, Lang::En), ["13%", "100%", "-3%", ""]);
        assert_eq!(shown_as(&large, Brevity::Short, Lang::En), ["13%", "100%", "-3%", ""]);
        let small = column(Kind::Ratio, Cells::Float(vec![Some(0.0264), Some(0.0994)]));
        assert_eq!(shown_as(&small, Brevity::Whole, Lang::En), ["2.6%", "9.9%"]);
    }

    #[test]
    fn money_keeps_the_decimals_that_matter() {
        let money =
            |values: &[i64]| column(Kind::Money, Cells::Money(values.iter().map(|v| Some(*v)).collect()));
        let large = money(&[89_114_079_040, -12_345_600, 5_000, 9_999_950, 0]);
        assert_eq!(
            shown_as(&large, Brevity::Full, Lang::En),
            ["8,911,407.90", "-1,234.56", "0.50", "1,000.00", "0.00"]
        );
        assert_eq!(shown_as(&large, Brevity::Whole, Lang::En), ["8,911,408", "-1,235", "1", "1,000", "0"]);
        assert_eq!(shown_as(&large, Brevity::Short, Lang::En), ["8.91M", "-1.23k", "0.50", "1.00k", "0.00"]);
        assert_eq!(shown_as(&large, Brevity::Short, Lang::Zh), ["891万", "-1,235", "0.50", "1,000", "0.00"]);
        assert_eq!(shown_as(&money(&[374_200, 1_999_999]), Brevity::Whole, Lang::En), ["37.4", "200.0"]);
        assert_eq!(shown_as(&money(&[374_200]), Brevity::Whole, Lang::En), ["37.42"]);
        let means = column(Kind::Money, Cells::Float(vec![Some(123_456_789.0), Some(1e300), Some(99.96)]));
        assert_eq!(shown_as(&means, Brevity::Short, Lang::Zh), ["1.23亿", "1.00e300", "100"]);
    }

    #[test]
    fn counts_have_no_decimals_but_those_of_their_unit() {
        let counts = column(Kind::Count, Cells::ints([7, 999, 9_996, 12_345, 999_600, i64::MAX]));
        assert_eq!(
            shown_as(&counts, Brevity::Short, Lang::En),
            ["7", "999", "10.0k", "12.3k", "1.00M", "9,223,372,036,854,775,807"]
        );
        assert_eq!(
            shown_as(&counts, Brevity::Short, Lang::Zh)[..5],
            ["7", "999", "1.00万", "1.23万", "100万"]
        );
        let rate = column(Kind::Number(3), Cells::Float(vec![Some(0.376), Some(1.2)]));
        assert_eq!(shown_as(&rate, Brevity::Whole, Lang::En), ["0.38", "1.20"]);
    }
}
