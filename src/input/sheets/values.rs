//! Cells of a workbook as text: numbers, dates and times by their number format.

use std::fmt::Write;

/// What a number format makes of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberFormat {
    Number,
    Date,
    Time,
    DateTime,
    /// Hours that go on beyond 24, `[h]:mm:ss`.
    Duration,
}

/// Whole numbers beyond it have lost digits in a cell that holds a number.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Days from 1970-01-01 back to serial 0 of the 1900 system (1899-12-30: its 1900 has a 29 February) and of the 1904 system.
const EPOCH_1900: i64 = -25_569;
const EPOCH_1904: i64 = -24_107;

/// The last day a spreadsheet knows, 9999-12-31, in days since 1970-01-01.
const LAST_DAY: i64 = 2_932_896;

impl NumberFormat {
    /// Of a format that is not written in the workbook.
    pub fn built_in(id: u64) -> Self {
        match id {
            14..=17 | 27..=31 | 36 | 50..=54 | 57..=58 => Self::Date,
            18..=21 | 32..=35 | 45 | 47 | 55..=56 => Self::Time,
            22 => Self::DateTime,
            46 => Self::Duration,
            _ => Self::Number,
        }
    }

    /// Of a format's code, e.g. `yyyy\-mm\-dd hh:mm:ss`. `m` is a month unless hours or seconds stand beside it.
    pub fn of_code(code: &str) -> Self {
        let (mut date, mut time, mut month) = (false, false, false);
        let mut characters = code.chars();
        while let Some(character) = characters.next() {
            match character {
                '\\' | '_' | '*' => drop(characters.next()),
                '"' => drop(characters.by_ref().find(|c| *c == '"')),
                '[' => {
                    let inside: String = characters.by_ref().take_while(|c| *c != ']').collect();
                    let inside = inside.to_ascii_lowercase();
                    let is_elapsed = ["h", "m", "s"]
                        .iter()
                        .any(|unit| inside.starts_with(unit) && inside.replace(unit, "").is_empty());
                    if is_elapsed {
                        return Self::Duration;
                    }
                }
                // The format of negative numbers begins.
                ';' => break,
                'y' | 'Y' | 'd' | 'D' | 'e' => date = true,
                'h' | 'H' | 's' | 'S' => time = true,
                'm' | 'M' => month = true,
                // `General` and number codes.
                'G' | 'g' if code[..].to_ascii_lowercase().contains("general") => return Self::Number,
                '0' | '#' | '?' | '%' if !time && !date && !month => return Self::Number,
                'E' => return Self::Number,
                _ => {}
            }
        }
        match (date || (month && !time), time) {
            (true, true) => Self::DateTime,
            (true, false) => Self::Date,
            (false, true) => Self::Time,
            (false, false) => Self::Number,
        }
    }
}

/// A number as text, without exponent and to the 15 significant digits that spreadsheets keep; whole numbers to the last
/// digit. Beyond 2^53 digits are lost: those are written as a spreadsheet shows them (`1.2345E+18`), which the check for
/// destroyed ids knows.
pub(super) fn number(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    if value.abs() > EXACT {
        let text = format!("{value:e}");
        return match text.split_once('e') {
            Some((mantissa, exponent)) => format!("{mantissa}E+{exponent:0>2}"),
            None => text,
        };
    }
    if value == 0.0 {
        // 0 has no sign here.
        return "0".to_owned();
    }
    if value.fract() == 0.0 {
        return value.to_string();
    }
    let rounded: f64 = format!("{value:.14e}").parse().unwrap_or(value);
    rounded.to_string()
}

/// A number in a cell with this format: `2026-06-08 13:20:43`, `2026-06-08`, `13:20:43` (also `49:30:00`), or a number.
pub(super) fn formatted(value: f64, format: NumberFormat, is_1904: bool) -> String {
    if format == NumberFormat::Number || !value.is_finite() {
        return number(value);
    }
    // Milliseconds: a serial number has no more.
    let milliseconds = (value * 86_400_000.0).round();
    if !(0.0..=1e15).contains(&milliseconds) {
        return number(value);
    }
    let milliseconds = milliseconds as i64;
    if format == NumberFormat::Duration {
        return clock(milliseconds);
    }
    let (serial, rest) = (milliseconds / 86_400_000, milliseconds % 86_400_000);
    let is_day = serial > 0 || (is_1904 && format != NumberFormat::Time);
    if !is_day && (format == NumberFormat::Time || rest > 0) {
        return clock(rest);
    }
    if !is_day {
        return number(value);
    }
    let day = match (is_1904, serial) {
        (true, serial) => serial + EPOCH_1904,
        (false, 60) => return with_time("1900-02-29", format, rest),
        // Before the 29 February that never was.
        (false, ..60) => serial + EPOCH_1900 + 1,
        (false, serial) => serial + EPOCH_1900,
    };
    if day > LAST_DAY {
        return number(value);
    }
    let (year, month, day) = civil(day);
    with_time(&format!("{year:04}-{month:02}-{day:02}"), format, rest)
}

/// The time of day is written where the format shows one, and where there is one.
fn with_time(date: &str, format: NumberFormat, rest: i64) -> String {
    if format == NumberFormat::Date && rest == 0 {
        date.to_owned()
    } else {
        format!("{date} {}", clock(rest))
    }
}

/// `13:20:43`, with a fraction where there is one.
fn clock(milliseconds: i64) -> String {
    let seconds = milliseconds / 1000;
    let mut text = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if milliseconds % 1000 != 0 {
        let _ = write!(text, ".{:03}", milliseconds % 1000);
        text.truncate(text.trim_end_matches('0').len());
    }
    text
}

/// Year, month, day of a number of days since 1970-01-01 (Hinnant's algorithm).
fn civil(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year + i64::from(month <= 2), month, of_year - (153 * shifted + 2) / 5 + 1)
}

/// A date or time in ISO 8601, as we write it: `2026-06-08T13:20:43` with a blank, and no time of midnight where only a day
/// is meant (ods writes `2026-06-08` itself).
pub(super) fn iso(text: &str) -> String {
    match text.as_bytes().get(10) {
        Some(b'T') if text.is_char_boundary(10) => format!("{} {}", &text[..10], &text[11..]),
        _ => text.to_owned(),
    }
}

/// A duration in ISO 8601 (`PT13H20M43S`), as a time of day; anything else as it is.
pub(super) fn iso_duration(text: &str) -> String {
    let Some(rest) = text.strip_prefix("PT") else { return text.to_owned() };
    let mut milliseconds = 0.0;
    let mut number = String::new();
    for character in rest.chars() {
        let unit = match character {
            'H' => 3_600_000.0,
            'M' => 60_000.0,
            'S' => 1000.0,
            other => {
                number.push(if other == ',' { '.' } else { other });
                continue;
            }
        };
        let Ok(count) = number.parse::<f64>() else { return text.to_owned() };
        milliseconds += count * unit;
        number.clear();
    }
    if number.is_empty() && (0.0..1e15).contains(&milliseconds) {
        clock(milliseconds.round() as i64)
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use chrono::{Datelike, NaiveDate};

    use super::*;

    #[test]
    fn numbers_are_written_whole() {
        for (value, text) in [
            (1.0, "1"),
            (0.0, "0"),
            (-0.0, "0"),
            (-5.0, "-5"),
            (-0.5, "-0.5"),
            (1234.5, "1234.5"),
            (0.7 * 0.7 + 19.5, "19.99"),
            (0.1 * 3.0, "0.3"),
            (0.1 + 0.2, "0.3"),
            (123_456_789_012_345.0, "123456789012345"),
            (9_007_199_254_740_991.0, "9007199254740991"),
            (1e-7, "0.0000001"),
            (1.234_567_890_123_456_8e18, "1.2345678901234568E+18"),
            (1e22, "1E+22"),
            (-2e17, "-2E+17"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn formats() {
        use NumberFormat::{Date, DateTime, Duration, Number, Time};
        for (code, format) in [
            ("General", Number),
            ("0.00", Number),
            ("#,##0.00_);[Red]\\(#,##0.00\\)", Number),
            ("0.00E+00", Number),
            ("\"day\" 0", Number),
            ("@", Number),
            ("yyyy\\-mm\\-dd", Date),
            ("yyyy\"年\"m\"月\"d\"日\"", Date),
            ("yyyy年m月d日", Date),
            ("[$-409]mmm-yy;@", Date),
            ("yyyy/m/d h:mm", DateTime),
            ("yyyy-mm-dd hh:mm:ss.000", DateTime),
            ("[$-F400]h:mm:ss AM/PM", Time),
            ("mm:ss", Time),
            ("[h]:mm:ss", Duration),
            ("m/d", Date),
        ] {
            assert_eq!(NumberFormat::of_code(code), format, "{code}");
        }
    }

    #[test]
    fn dates_of_both_systems() {
        use NumberFormat::{Date, DateTime, Duration, Number, Time};
        for (value, format, is_1904, text) in [
            (46_181.0, Date, false, "2026-06-08"),
            (46_181.556_053_240_74, DateTime, false, "2026-06-08 13:20:43"),
            (46_181.556_053_240_7, Date, false, "2026-06-08 13:20:43"),
            (46_181.0, DateTime, false, "2026-06-08 00:00:00"),
            (46_181.556_053_240_74 + 0.25 / 86_400.0, DateTime, false, "2026-06-08 13:20:43.25"),
            (0.556_053_240_74, Time, false, "13:20:43"),
            (2.0625, Duration, false, "49:30:00"),
            (1.0, Date, false, "1900-01-01"),
            (59.0, Date, false, "1900-02-28"),
            (60.0, Date, false, "1900-02-29"),
            (61.0, Date, false, "1900-03-01"),
            (44_719.0, Date, true, "2026-06-08"),
            (0.0, Date, true, "1904-01-01"),
            (-1.0, Date, false, "-1"),
            (1e9, Date, false, "1000000000"),
            (46_181.5, Number, false, "46181.5"),
        ] {
            assert_eq!(formatted(value, format, is_1904), text, "{value} {format:?}");
        }
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for day in (-30_000..=LAST_DAY).step_by(997) {
            let date = NaiveDate::from_epoch_days(i32::try_from(day).unwrap()).unwrap();
            assert_eq!(civil(day), (i64::from(date.year()), i64::from(date.month()), i64::from(date.day())));
        }
    }

    #[test]
    fn iso_texts() {
        assert_eq!(iso("2026-06-08T13:20:43"), "2026-06-08 13:20:43");
        assert_eq!(iso("2026-06-08"), "2026-06-08");
        assert_eq!(iso_duration("PT13H20M43S"), "13:20:43");
        assert_eq!(iso_duration("PT01H02M03.5S"), "01:02:03.5");
        assert_eq!(iso_duration("P1D"), "P1D");
    }
}
