//! Shading: one scale for all shaded columns of a table, from the least of their values to the largest, and the colours
//! that stand for it.
//!
//! One hue (OKLCH 252°, a blue that all common kinds of colour blindness leave apart from its text), even steps of
//! lightness, the darker the larger. The text is black or white, whichever stands out more: 4.5:1 at least (WCAG 2.1, AA).

use super::report::{Cells, Column, Table};

/// Colours of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Palette {
    /// The 256 that practically all have.
    #[default]
    Indexed,
    /// 24 bits, where `COLORTERM` says so.
    True,
}

impl Palette {
    /// By the value of `COLORTERM`.
    pub fn of(colorterm: Option<&str>) -> Self {
        match colorterm {
            Some("truecolor" | "24bit") => Self::True,
            _ => Self::Indexed,
        }
    }
}

/// Lightness 0.97 to 0.40 in OKLab in even steps.
pub(super) const RAMP: [[u8; 3]; 16] = [
    [0xec, 0xf6, 0xff],
    [0xd8, 0xeb, 0xff],
    [0xc4, 0xdf, 0xfe],
    [0xb1, 0xd3, 0xfb],
    [0x9e, 0xc7, 0xf7],
    [0x8b, 0xbc, 0xf2],
    [0x79, 0xb0, 0xec],
    [0x68, 0xa4, 0xe5],
    [0x58, 0x98, 0xdd],
    [0x48, 0x8c, 0xd4],
    [0x39, 0x80, 0xca],
    [0x2b, 0x74, 0xbf],
    [0x1d, 0x69, 0xb2],
    [0x0e, 0x5d, 0xa5],
    [0x00, 0x52, 0x97],
    [0x00, 0x48, 0x88],
];
/// Of `RAMP`, those on which white text stands out more.
const WHITE_FROM: usize = 11;
const BLACK: [u8; 3] = [8, 12, 20];
const WHITE: [u8; 3] = [255, 255, 255];

/// The same of the colour cube, with the text on it.
const INDEXED: [(u8, u8); 5] = [(255, 232), (153, 232), (111, 232), (68, 232), (25, 231)];

/// Where a terminal shows no colours: a fifth of the scale each.
const TICKS: [char; 5] = [' ', '░', '▒', '▓', '█'];

/// From the least to the largest value of the shaded columns of a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    least: f64,
    largest: f64,
}

impl Scale {
    /// `None`: no column is shaded, or their values are all equal and there is nothing to see.
    pub fn of(table: &Table) -> Option<Self> {
        let shaded = table.columns.iter().filter(|column| column.shaded);
        let values = shaded.flat_map(|column| (0..column.cells.len()).filter_map(|row| value(column, row)));
        let (least, largest) = values
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, largest), v| (least.min(v), largest.max(v)));
        (least < largest).then_some(Self { least, largest })
    }

    /// Where the value in `row` stands, 0 to 1; `None` for what is absent or not shaded.
    pub fn place(&self, column: &Column, row: usize) -> Option<f64> {
        let value = value(column, row).filter(|_| column.shaded)?;
        // Halves, because the difference of two finite numbers may not be finite.
        let share = (value / 2.0 - self.least / 2.0) / (self.largest / 2.0 - self.least / 2.0);
        Some(if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 })
    }
}

/// The number in `row`.
pub fn value(column: &Column, row: usize) -> Option<f64> {
    match &column.cells {
        Cells::Int(v) => v[row].map(|n| n as f64),
        Cells::Money(v) => v[row].map(|e4| e4 as f64 / 1e4),
        Cells::Float(v) => v[row].filter(|x| x.is_finite()),
        Cells::Text(_) | Cells::Date(_) | Cells::DateTime(_) | Cells::Bool(_) => None,
    }
}

/// The sequence that paints text and its ground, for a place on the scale.
pub fn style(place: f64, palette: Palette) -> String {
    match palette {
        Palette::True => {
            let step = step(place, RAMP.len());
            let [r, g, b] = RAMP[step];
            let [tr, tg, tb] = if step < WHITE_FROM { BLACK } else { WHITE };
            format!("\u{1b}[48;2;{r};{g};{b};38;2;{tr};{tg};{tb}m")
        }
        Palette::Indexed => {
            let (ground, text) = INDEXED[step(place, INDEXED.len())];
            format!("\u{1b}[48;5;{ground};38;5;{text}m")
        }
    }
}

/// What stands beside a value where there are no colours.
pub fn tick(place: f64) -> char {
    TICKS[step(place, TICKS.len())]
}

/// The place in so many equal steps.
fn step(place: f64, steps: usize) -> usize {
    ((place * steps as f64) as usize).min(steps - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::report::Kind;

    fn linear(channel: u8) -> f64 {
        let c = f64::from(channel) / 255.0;
        if c <= 0.040_45 { c / 12.92 } else { libm::pow((c + 0.055) / 1.055, 2.4) }
    }

    /// WCAG 2.1.
    fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
        let luminance = |[r, g, b]: [u8; 3]| 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
        let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
        a.max(b) / a.min(b)
    }

    /// Lightness in OKLab (Ottosson 2020).
    fn lightness([r, g, b]: [u8; 3]) -> f64 {
        let [r, g, b] = [r, g, b].map(linear);
        let l = libm::cbrt(0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b);
        let m = libm::cbrt(0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b);
        let s = libm::cbrt(0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b);
        0.210_454_255_3 * l + 0.793_617_785 * m - 0.004_072_046_8 * s
    }

    /// A colour of xterm's 256.
    fn indexed(index: u8) -> [u8; 3] {
        const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
        match index {
            16..=231 => {
                let n = usize::from(index - 16);
                [LEVELS[n / 36], LEVELS[n / 6 % 6], LEVELS[n % 6]]
            }
            232.. => [8 + (index - 232) * 10; 3],
            _ => panic!("the first 16 are the user's"),
        }
    }

    #[test]
    fn text_is_readable_on_every_shade_and_steps_are_even() {
        let shades: Vec<([u8; 3], [u8; 3])> =
            (0..RAMP.len()).map(|step| (RAMP[step], if step < WHITE_FROM { BLACK } else { WHITE })).collect();
        let cube: Vec<_> = INDEXED.map(|(ground, text)| (indexed(ground), indexed(text))).to_vec();
        for (shades, steps) in [(shades, 0.034..0.041), (cube, 0.08..0.15)] {
            for (ground, text) in &shades {
                assert!(contrast(*ground, *text) >= 4.5, "{ground:?} {}", contrast(*ground, *text));
            }
            for pair in shades.windows(2) {
                let darker = lightness(pair[0].0) - lightness(pair[1].0);
                assert!(steps.contains(&darker), "{pair:?} {darker}");
            }
        }
    }

    #[test]
    fn one_scale_for_all_shaded_columns() {
        let money = |values: [Option<i64>; 3]| Cells::Money(values.to_vec());
        let column = |name: &str, cells| Column::new(name, Kind::Money, cells);
        let a = column("a", money([Some(-10_000), None, Some(0)])).shaded(Vec::new());
        let b = column("b", Cells::Float(vec![Some(3.0), Some(f64::NAN), Some(1.0)])).shaded(Vec::new());
        let c = column("c", money([Some(990_000), Some(0), Some(0)]));
        let table = Table::new("t", false, vec![a, b, c]);
        let scale = Scale::of(&table).unwrap();
        let places =
            |at: usize| -> Vec<_> { (0..3).map(|row| scale.place(&table.columns[at], row)).collect() };
        assert_eq!(places(0), [Some(0.0), None, Some(0.25)]);
        assert_eq!(places(1), [Some(1.0), None, Some(0.5)]);
        assert_eq!(places(2), [None; 3], "not shaded");
    }

    #[test]
    fn a_scale_needs_two_values() {
        let table = |values: Vec<Option<f64>>| {
            let column = Column::new("a", Kind::Ratio, Cells::Float(values)).shaded(Vec::new());
            Table::new("t", false, vec![column])
        };
        for values in [vec![], vec![None], vec![Some(0.5), None, Some(0.5)], vec![Some(f64::INFINITY)]] {
            assert_eq!(Scale::of(&table(values)), None);
        }
        let wide = table(vec![Some(f64::MAX), Some(-f64::MAX), Some(0.0)]);
        let scale = Scale::of(&wide).unwrap();
        let places: Vec<_> = (0..3).map(|row| scale.place(&wide.columns[0], row)).collect();
        assert_eq!(places, [Some(1.0), Some(0.0), Some(0.5)]);
    }

    #[test]
    fn terminals_are_asked_what_they_show() {
        assert_eq!(Palette::of(Some("truecolor")), Palette::True);
        assert_eq!(Palette::of(Some("24bit")), Palette::True);
        assert_eq!(Palette::of(Some("yes")), Palette::Indexed);
        assert_eq!(style(1.0, Palette::True), "\u{1b}[48;2;0;72;136;38;2;255;255;255m");
        assert_eq!(style(0.0, Palette::Indexed), "\u{1b}[48;5;255;38;5;232m");
        assert_eq!((tick(0.0), tick(0.19), tick(0.5), tick(1.0)), (' ', ' ', '▒', '█'));
    }
}
