//! Lengths of time as people read them: `2 h 10 min`, `2小时10分`.

use super::numbers;
use crate::text::Catalogue;

/// Days, hours, minutes, seconds.
const UNITS: [f64; 4] = [86_400.0, 3_600.0, 60.0, 1.0];

/// From this many days on, hours are no matter.
const MANY_DAYS: f64 = 100.0;

/// Seconds by their two largest units, rounded to the lesser of the two, which is left out where it is 0; below ten seconds
/// with a decimal, if there is any.
pub fn length(seconds: f64, words: &Catalogue) -> String {
    let patterns = words.ui("length_units");
    let patterns: Vec<&str> = patterns.split('|').collect();
    let [of_units @ .., between] = patterns.as_slice() else { return numbers::number(seconds, 0) };
    let unit = |at: usize, count: f64, decimals| {
        of_units.get(at).copied().unwrap_or("{}").replace("{}", &numbers::number(count, decimals))
    };
    let absolute = seconds.abs();
    // A billion days or so: whole numbers of seconds are no longer exact.
    if !seconds.is_finite() || absolute >= 1e14 {
        return unit(0, seconds / UNITS[0], 0);
    }
    let tenths = (absolute * 10.0).round();
    if tenths < 100.0 && tenths % 10.0 != 0.0 {
        return unit(3, tenths.copysign(seconds) / 10.0, 1);
    }
    let largest = UNITS.iter().position(|size| absolute >= *size).unwrap_or(3);
    let least = if absolute >= MANY_DAYS * UNITS[0] { 0 } else { (largest + 1).min(3) };
    let whole = (absolute / UNITS[least]).round() * UNITS[least];
    // Rounding may have made the next unit full: 59 min 59.7 s is 1 h.
    let largest = UNITS.iter().position(|size| whole >= *size).unwrap_or(3);
    let count = (whole / UNITS[largest]).floor();
    let rest = whole - count * UNITS[largest];
    let signed = if whole > 0.0 { count.copysign(seconds) } else { 0.0 };
    let mut text = unit(largest, signed, 0);
    if let Some(size) = UNITS.get(largest + 1).filter(|size| rest >= **size) {
        text.push_str(between);
        text.push_str(&unit(largest + 1, (rest / size).floor(), 0));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::length;
    use crate::text::{Catalogue, Lang};

    #[test]
    fn two_units_are_enough() {
        let of =
            |seconds| (length(seconds, Catalogue::get(Lang::En)), length(seconds, Catalogue::get(Lang::Zh)));
        let cases = [
            (0.0, "0 s", "0秒"),
            (0.04, "0 s", "0秒"),
            (0.25, "0.3 s", "0.3秒"),
            (9.96, "10 s", "10秒"),
            (12.4, "12 s", "12秒"),
            (-90.0, "-1 min 30 s", "-1分30秒"),
            (59.7, "1 min", "1分"),
            (61.0, "1 min 1 s", "1分1秒"),
            (3_599.7, "1 h", "1小时"),
            (7_800.0, "2 h 10 min", "2小时10分"),
            (86_399.0, "1 d", "1天"),
            (86_400.0 * 2.0 + 3_600.0 * 3.5, "2 d 4 h", "2天4小时"),
            (86_400.0 * 99.999, "100 d", "100天"),
            (86_400.0 * 1234.6, "1,235 d", "1,235天"),
            (1e18, "11,574,074,074,074 d", "11,574,074,074,074天"),
        ];
        for (seconds, en, zh) in cases {
            assert_eq!(of(seconds), (en.to_owned(), zh.to_owned()), "{seconds}");
        }
    }
}
