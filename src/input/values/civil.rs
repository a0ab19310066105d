//! The proleptic Gregorian calendar as arithmetic: days since 1970-01-01 and back, and moments as text.
//!
//! The algorithms are Howard Hinnant's `days_from_civil` and `civil_from_days`
//! (<https://howardhinnant.github.io/date_algorithms.html>): years begin in March, eras have 400 years.

use chrono::{DateTime, NaiveDateTime};

pub(super) const US_PER_SECOND: i64 = 1_000_000;
pub(super) const US_PER_MINUTE: i64 = 60 * US_PER_SECOND;
pub(super) const US_PER_HOUR: i64 = 60 * US_PER_MINUTE;
pub(super) const US_PER_DAY: i64 = 24 * US_PER_HOUR;

/// First and last year that a date in the data may have. What lies outside is a placeholder (`0001-01-01`,
/// `9999-12-31`) or a slip, and would stretch every report over centuries.
pub(super) const FIRST_YEAR: i32 = 1900;
pub(super) const LAST_YEAR: i32 = 2200;

/// Days from 1970-01-01 to a date of the Gregorian calendar, from the year 1 on; month and day must be valid.
#[inline]
pub(super) const fn days_from_civil(year: i32, month: u32, day: u32) -> i32 {
    // Hinnant's eras only serve years before 0, which no cell has: without them the divisions are unsigned and fewer.
    let year = year as u32 - (month <= 2) as u32;
    let month_from_march = if month <= 2 { month + 9 } else { month - 3 };
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let centuries = year / 100;
    let day_of_era = year * 365 + year / 4 - centuries + centuries / 4 + day_of_year;
    day_of_era as i32 - 719_468
}

/// Year, month and day of a number of days since 1970-01-01.
#[inline]
pub(super) fn civil_from_days(day: i32) -> (i32, u32, u32) {
    let shifted = i64::from(day) + 719_468;
    let era = shifted.div_euclid(146_097) as i32;
    let day_of_era = shifted.rem_euclid(146_097) as u32;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era as i32 + era * 400 + i32::from(month <= 2);
    (year, month, day)
}

/// Whether the calendar has that day.
#[inline]
pub(super) fn is_calendar_day(year: i32, month: u32, day: u32) -> bool {
    // Most days need no more than this; the length of the month decides the rest.
    (1..=12).contains(&month) && day >= 1 && (day <= 28 || day <= days_in_month(year, month))
}

fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// The decimals of a second, ASCII digits, in microseconds. Those beyond the sixth are cut off, so that no moment moves
/// into the next day.
pub(super) fn decimals_us(digits: &[u8]) -> i64 {
    (0..6).fold(0, |us, place| us * 10 + digits.get(place).map_or(0, |digit| i64::from(digit - b'0')))
}

/// The day, as days since 1970-01-01, on which a moment lies.
///
/// `us`: microseconds since 1970-01-01T00:00:00, local wall time. Moments before 1970 belong to the day that they are in
/// (floor, not truncation).
#[inline]
pub fn day_of(us: i64) -> i32 {
    // An i64 of microseconds spans 107 million days either way, which an i32 holds.
    us.div_euclid(US_PER_DAY) as i32
}

/// `YYYY-MM-DD` of a number of days since 1970-01-01.
pub fn format_day(day: i32) -> String {
    let mut text = String::with_capacity(10);
    push_day(&mut text, day);
    text
}

/// ISO 8601 `YYYY-MM-DDTHH:MM:SS` of microseconds since 1970-01-01T00:00:00 local wall time; with `.ffffff` when there is
/// a fraction of a second.
pub fn format_us(us: i64) -> String {
    let mut text = String::with_capacity(26);
    push_day(&mut text, day_of(us));
    let of_day = us.rem_euclid(US_PER_DAY);
    text.push('T');
    push_digits(&mut text, of_day / US_PER_HOUR, 2);
    text.push(':');
    push_digits(&mut text, of_day / US_PER_MINUTE % 60, 2);
    text.push(':');
    push_digits(&mut text, of_day / US_PER_SECOND % 60, 2);
    let fraction = of_day % US_PER_SECOND;
    if fraction != 0 {
        text.push('.');
        push_digits(&mut text, fraction, 6);
    }
    text
}

fn push_day(text: &mut String, day: i32) {
    let (year, month, day) = civil_from_days(day);
    if year < 0 {
        text.push('-');
    }
    push_digits(text, i64::from(year.unsigned_abs()), 4);
    text.push('-');
    push_digits(text, i64::from(month), 2);
    text.push('-');
    push_digits(text, i64::from(day), 2);
}

/// At least `width` digits, zeros in front.
fn push_digits(text: &mut String, value: i64, width: u32) {
    let mut place = 10_i64.pow(width - 1);
    while value / place >= 10 {
        place *= 10;
    }
    while place > 0 {
        text.push(char::from(b'0' + (value / place % 10) as u8));
        place /= 10;
    }
}

/// The same moment as a chrono value (for spreadsheets and calendars). Moments that chrono cannot hold (beyond the year
/// 262,142) become its first or last.
pub fn to_naive(us: i64) -> NaiveDateTime {
    let limit = if us < 0 { NaiveDateTime::MIN } else { NaiveDateTime::MAX };
    DateTime::from_timestamp_micros(us).map_or(limit, |moment| moment.naive_utc())
}

#[cfg(test)]
mod tests {
    use chrono::{Datelike, NaiveDate};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_day_of_four_centuries_agrees_with_chrono() {
        let first = NaiveDate::from_ymd_opt(1800, 1, 1).unwrap();
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
        for date in first.iter_days().take(146_097 + 1000) {
            let day = (date - epoch).num_days() as i32;
            let civil = (date.year(), date.month(), date.day());
            assert_eq!(days_from_civil(civil.0, civil.1, civil.2), day);
            assert_eq!(civil_from_days(day), civil);
            assert_eq!(format_day(day), date.to_string());
        }
    }

    #[test]
    fn calendar_days_are_those_of_chrono() {
        for year in [1899, 1900, 1996, 2000, 2011, 2100] {
            for month in 0..15 {
                for day in 0..40 {
                    let there = NaiveDate::from_ymd_opt(year, month, day).is_some();
                    assert_eq!(is_calendar_day(year, month, day), there, "{year} {month} {day}");
                }
            }
        }
    }

    #[test]
    fn days_and_texts_before_the_epoch_are_floored() {
        assert_eq!(day_of(0), 0);
        assert_eq!(day_of(-1), -1);
        assert_eq!(day_of(-US_PER_DAY), -1);
        assert_eq!(format_us(-1), "1969-12-31T23:59:59.999999");
        assert_eq!(format_us(1_323_435_000_000_000), "2011-12-09T12:50:00");
        assert_eq!(format_us(1_323_435_000_000_500), "2011-12-09T12:50:00.000500");
        // No panic at the ends of the type.
        assert!(format_us(i64::MIN).starts_with('-'));
        assert!(!format_us(i64::MAX).is_empty());
        assert!(to_naive(i64::MIN) < to_naive(i64::MAX));
    }

    proptest! {
        #[test]
        fn texts_are_those_of_chrono(us in -30_000_000_000_000_000_i64..30_000_000_000_000_000) {
            let naive = to_naive(us);
            let text = if us % US_PER_SECOND == 0 {
                naive.format("%Y-%m-%dT%H:%M:%S").to_string()
            } else {
                naive.format("%Y-%m-%dT%H:%M:%S%.6f").to_string()
            };
            prop_assert_eq!(format_us(us), text);
            prop_assert_eq!(format_day(day_of(us)), naive.date().to_string());
        }
    }
}
