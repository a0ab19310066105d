//! Lengths of time as typed: `30s`, `90m`, `12h`, `7d`, `2w`, `6mo`, `1y`. A bare number has no meaning.

use crate::error::{Error, Result};

/// Microseconds of a length of time, above 0. A month is 365.25/12 days, a year 365.25.
pub(crate) fn microseconds(option: &str, text: &str) -> Result<i64> {
    const SECOND: i64 = 1_000_000;
    const DAY: i64 = 86_400 * SECOND;
    let typed = text.trim();
    let unit_at = typed.find(|c: char| !c.is_ascii_digit()).unwrap_or(typed.len());
    let (number, unit) = typed.split_at(unit_at);
    let bad = |why: &str| Error::BadOption {
        option: option.into(),
        value: text.into(),
        why: why.into(),
        hint: Some("e.g. 30m, 24h, 7d, 2w, 6mo".into()),
    };
    let unit = match unit.trim() {
        "s" => SECOND,
        "m" | "min" => 60 * SECOND,
        "h" => 3_600 * SECOND,
        "d" => DAY,
        "w" => 7 * DAY,
        "mo" => DAY * 1461 / 48,
        "y" => DAY * 1461 / 4,
        "" => return Err(bad("has no unit")),
        _ => return Err(bad("is not a whole number with a unit of time (s, m, h, d, w, mo, y)")),
    };
    let count = number.parse::<i64>().ok().filter(|count| *count > 0);
    count
        .and_then(|count| count.checked_mul(unit))
        .ok_or_else(|| bad("is not a whole number above 0 with a unit, or too large"))
}

#[cfg(test)]
mod tests {
    use super::microseconds;

    #[test]
    fn lengths_have_a_unit() {
        let days = |text| microseconds("--window", text).map(|us| us as f64 / 86_400e6);
        assert_eq!(days("7d").ok(), Some(7.0));
        assert_eq!(days("36h").ok(), Some(1.5));
        assert_eq!(days("90m").ok(), Some(0.0625));
        assert_eq!(days("6mo").ok(), Some(182.625));
        for text in ["7", "d", "0d", "-1d", "7 fortnights", "1.5d", "9999999999999y", ""] {
            assert!(days(text).is_err(), "{text}");
        }
    }
}
