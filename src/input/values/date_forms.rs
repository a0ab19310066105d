//! Which written form a date has: the parts that the text shows, before the day-month order and the zone are applied.
//!
//! The text is first brought to a small ASCII alphabet ([`plain_text`]: full-width characters, 年月日时分秒, 上午/下午,
//! 星期), then read from left to right: weekday, date, time, offset.

use super::civil::{US_PER_DAY, US_PER_HOUR, US_PER_MINUTE, US_PER_SECOND, decimals_us, is_calendar_day};
use super::date_text::{
    DAY_MARK, HOUR_MARK, LONGEST, MINUTE_MARK, MONTH_MARK, SECOND_MARK, YEAR_MARK, plain_text,
    without_zone_comment,
};

/// What a cell shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A date of the calendar, with a time of day (zero when there is none) and perhaps an offset from UTC.
    Wall { date: WrittenDate, time_us: i64, offset_s: Option<i32> },
    /// An epoch number: microseconds since 1970-01-01T00:00:00 UTC.
    Instant { us: i64 },
}

/// The numbers of a date, as far as the text says which is which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WrittenDate {
    /// Year first with four digits, marked (年月日), or with the month's name.
    Known { year: i32, month: u32, day: u32 },
    /// `12/9/2011`: a year of four digits last.
    YearLast { first: u32, second: u32, year: i32 },
    /// `12/9/11`: the year is one of the outer numbers; `None` where a number has one digit and cannot be a year.
    ShortYear { numbers: [u32; 3], year_first: Option<i32>, year_last: Option<i32> },
}

/// Reads a trimmed cell; `None` when it has no form of a date. Day and month are not yet checked against the calendar.
pub(super) fn read(text: &str) -> Option<Form> {
    let (text, has_comment) = without_zone_comment(text);
    let mut buffer = [0; LONGEST];
    let plain = if text.is_ascii() && text.len() <= LONGEST {
        text.as_bytes()
    } else {
        plain_text(text, &mut buffer)?
    };
    // Control characters would pass for our marks.
    if text.bytes().any(|b| b <= SECOND_MARK) {
        return None;
    }
    let form = Reader { rest: plain }.form()?;
    match form {
        Form::Wall { offset_s: Some(_), .. } => Some(form),
        _ if has_comment => None,
        _ => Some(form),
    }
}

struct Number {
    value: u64,
    digits: usize,
}

struct Reader<'t> {
    rest: &'t [u8],
}

impl Reader<'_> {
    fn form(&mut self) -> Option<Form> {
        self.blanks();
        self.weekday();
        if !self.peek()?.is_ascii_digit() {
            let month = self.month_name()?;
            return self.named_month_first(month);
        }
        let first = self.number()?;
        if first.digits >= 8 {
            return self.digits_alone(&first);
        }
        let date = match self.peek()? {
            YEAR_MARK => self.after_year_mark(&first)?,
            _ => self.after_first_number(&first)?,
        };
        self.with_time(date)
    }

    // ---- dates

    /// `20111209`, with a time after it or in it, and epoch numbers. A valid date wins over an epoch.
    fn digits_alone(&mut self, number: &Number) -> Option<Form> {
        self.compact(number).or_else(|| self.epoch(number))
    }

    fn compact(&self, number: &Number) -> Option<Form> {
        let (date, time) = match number.digits {
            8 => (number.value, None),
            12 => (number.value / 10_000, Some((number.value % 10_000 * 100, 0))),
            14 => (number.value / 1_000_000, Some((number.value % 1_000_000, 0))),
            17 => {
                let rest = number.value % 1_000_000_000;
                (number.value / 1_000_000_000, Some((rest / 1000, rest % 1000)))
            }
            _ => return None,
        };
        let (year, month, day) = ((date / 10_000) as i32, (date / 100 % 100) as u32, (date % 100) as u32);
        if !is_calendar_day(year, month, day) && date != 0 {
            return None;
        }
        let date = WrittenDate::Known { year, month, day };
        let mut after = Reader { rest: self.rest };
        // Programs that hold the column as floats add `.0`.
        if after.rest == b".0" {
            after.rest = b"";
        }
        let Some((hms, milliseconds)) = time else {
            return after.with_time(date);
        };
        let mut time_us = time_of_day(hms / 10_000, hms / 100 % 100, hms % 100, 0)?;
        time_us += milliseconds as i64 * 1000;
        time_us += after.fraction_us().unwrap_or(0);
        let offset_s = after.offset_and_end()?;
        Some(Form::Wall { date, time_us, offset_s })
    }

    /// Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their number of digits; from
    /// 2001-01-01 on, so that small numbers are not taken for times.
    fn epoch(&mut self, number: &Number) -> Option<Form> {
        const SECONDS_2001: u64 = 978_307_200;
        let units_per_second: u64 = match number.digits {
            9 | 10 => 1,
            12 | 13 => 1000,
            15 | 16 => 1_000_000,
            18 | 19 => 1_000_000_000,
            _ => return None,
        };
        if number.value / units_per_second < SECONDS_2001 {
            return None;
        }
        let fraction_us = self.fraction_us().unwrap_or(0) / units_per_second as i64;
        if !self.rest.is_empty() {
            return None;
        }
        let us = if units_per_second > 1_000_000 {
            number.value / 1000
        } else {
            number.value * (1_000_000 / units_per_second)
        };
        Some(Form::Instant { us: us as i64 + fraction_us })
    }

    /// `2011年12月9日`; the year may have two digits, for its mark says that it is one.
    fn after_year_mark(&mut self, year: &Number) -> Option<WrittenDate> {
        let year = match year.digits {
            4 => year.value as i32,
            2 => full_year(year.value),
            _ => return None,
        };
        self.rest = &self.rest[1..];
        self.blanks();
        let month = self.short_number()?;
        self.eat(MONTH_MARK)?;
        self.blanks();
        let day = self.short_number()?;
        // The sign for the day is often left out.
        let _ = self.eat(DAY_MARK);
        Some(WrittenDate::Known { year, month, day })
    }

    /// What follows the first number of `2011-12-09`, `12/9/2011`, `9.12.11`, `9 Dec 2011`, `9th of ...`.
    fn after_first_number(&mut self, first: &Number) -> Option<WrittenDate> {
        self.ordinal_suffix();
        let separator = self.peek()?;
        if matches!(separator, b'-' | b'/' | b'.') {
            self.rest = &self.rest[1..];
            self.blanks();
        } else {
            self.blanks();
        }
        if self.at_letter() {
            let month = self.month_name()?;
            self.date_separators();
            let last = self.number()?;
            return match (first.digits, last.digits) {
                (4, 1 | 2) => known(first.value, month, last.value),
                (1 | 2, 4) => known(last.value, month, first.value),
                (1 | 2, 2) => known(full_year(last.value) as u64, month, first.value),
                _ => None,
            };
        }
        if !matches!(separator, b'-' | b'/' | b'.') {
            return None;
        }
        let second = self.short_number()?;
        self.eat(separator)?;
        self.blanks();
        let third = self.number()?;
        match (first.digits, third.digits) {
            (4, 1 | 2) => known(first.value, second, third.value),
            (1 | 2, 4) => {
                let (first, year) = (first.value as u32, third.value as i32);
                Some(WrittenDate::YearLast { first, second, year })
            }
            (1 | 2, 1 | 2) => Some(WrittenDate::ShortYear {
                numbers: [first.value as u32, second, third.value as u32],
                year_first: (first.digits == 2).then(|| full_year(first.value)),
                year_last: (third.digits == 2).then(|| full_year(third.value)),
            }),
            _ => None,
        }
    }

    /// `Dec 9, 2011`, `Dec-09-11`, and C's `Fri Dec  9 12:50:00 2011` with the year after the time.
    fn named_month_first(&mut self, month: u32) -> Option<Form> {
        self.date_separators();
        let day = u64::from(self.short_number()?);
        self.ordinal_suffix();
        self.date_separators();
        let before_year = self.rest;
        let number = self.number()?;
        if number.digits <= 2 && self.peek() == Some(b':') {
            self.rest = before_year;
            let time_us = self.time()?;
            self.blanks();
            let offset_s = self.offset();
            self.blanks();
            let year = self.number()?;
            let date = known(year.value, month, day)?;
            return (year.digits == 4 && self.rest.is_empty()).then_some(Form::Wall {
                date,
                time_us,
                offset_s,
            });
        }
        let year = match number.digits {
            4 => number.value,
            2 => full_year(number.value) as u64,
            _ => return None,
        };
        let date = known(year, month, day)?;
        self.with_time(date)
    }

    // ---- times

    /// The end of the cell, or a time of day and perhaps an offset.
    fn with_time(&mut self, date: WrittenDate) -> Option<Form> {
        let midnight = Form::Wall { date, time_us: 0, offset_s: None };
        if self.rest.is_empty() {
            return Some(midnight);
        }
        let is_marked = self.eat(b'T').or_else(|| self.eat(b't')).is_some();
        if !is_marked {
            while matches!(self.peek(), Some(b' ' | b'\t' | b',')) {
                self.rest = &self.rest[1..];
            }
            self.weekday();
            // Web server logs write 09/Dec/2011:12:50:00.
            let _ = self.eat(b':');
        }
        if self.rest.is_empty() {
            return (!is_marked).then_some(midnight);
        }
        let time_us = self.time()?;
        let offset_s = self.offset_and_end()?;
        Some(Form::Wall { date, time_us, offset_s })
    }

    /// `12:50`, `12:50:00.123456`, `125000`, `8时26分`, `PM 8:26`, `8:26 PM`; microseconds since midnight.
    fn time(&mut self) -> Option<i64> {
        let mut afternoon = self.meridiem();
        self.blanks();
        let number = self.number()?;
        let (hour, mut minute, mut second, mut fraction) = (number.value, 0, 0, 0);
        let has_minutes;
        match number.digits {
            4 | 6 => {
                let hms = if number.digits == 4 { number.value * 100 } else { number.value };
                let fraction = self.fraction_us().unwrap_or(0);
                return time_of_day(hms / 10_000, hms / 100 % 100, hms % 100, fraction);
            }
            1 | 2 => match self.peek() {
                Some(b':') => {
                    self.rest = &self.rest[1..];
                    minute = u64::from(self.short_number()?);
                    if self.eat(b':').is_some() {
                        second = u64::from(self.short_number()?);
                        fraction = self.fraction_us().unwrap_or(0);
                    }
                    has_minutes = true;
                }
                Some(HOUR_MARK) => {
                    self.rest = &self.rest[1..];
                    self.blanks();
                    if self.peek().is_some_and(|b| b.is_ascii_digit()) {
                        minute = u64::from(self.short_number()?);
                        self.eat(MINUTE_MARK)?;
                        self.blanks();
                        if self.peek().is_some_and(|b| b.is_ascii_digit()) {
                            second = u64::from(self.short_number()?);
                            self.eat(SECOND_MARK)?;
                        }
                    }
                    has_minutes = true;
                }
                _ => has_minutes = false,
            },
            _ => return None,
        }
        if afternoon.is_none() {
            let before = self.rest;
            self.blanks();
            afternoon = self.meridiem();
            if afternoon.is_none() {
                self.rest = before;
            }
        }
        // An hour alone (exports by hour write `2011-12-09 08`) has two digits, or says AM or PM.
        if !has_minutes && number.digits != 2 && afternoon.is_none() {
            return None;
        }
        let hour = match (afternoon, hour) {
            (None, _) | (Some(true), 12..=23) => hour,
            (Some(false), 12) => 0,
            (Some(false), 0..=11) => hour,
            (Some(true), 1..=11) => hour + 12,
            _ => return None,
        };
        time_of_day(hour, minute, second, fraction)
    }

    /// `.5` or `,5` after seconds, in microseconds; further digits are cut off, so that no moment moves into the next day.
    fn fraction_us(&mut self) -> Option<i64> {
        let [b'.' | b',', digits @ ..] = self.rest else {
            return None;
        };
        let length = digits.iter().take_while(|b| b.is_ascii_digit()).count();
        let (fraction, rest) = digits.split_at(length);
        if fraction.is_empty() {
            return None;
        }
        self.rest = rest;
        Some(decimals_us(fraction))
    }

    /// AM is `false`, PM is `true`.
    fn meridiem(&mut self) -> Option<bool> {
        if !self.at_letter() {
            return None;
        }
        for (word, afternoon) in [("AM", false), ("PM", true), ("A.M.", false), ("P.M.", true)] {
            let ends = |next: Option<&u8>| !next.is_some_and(u8::is_ascii_alphabetic);
            if self.starts_with(word) && ends(self.rest.get(word.len())) {
                self.rest = &self.rest[word.len()..];
                return Some(afternoon);
            }
        }
        None
    }

    fn offset_and_end(&mut self) -> Option<Option<i32>> {
        self.blanks();
        let offset_s = self.offset();
        self.blanks();
        self.rest.is_empty().then_some(offset_s)
    }

    /// `Z`, `UTC`, `GMT`, `+08:00`, `+0800`, `+08`, `GMT+8`, in seconds east of UTC. Abbreviations such as CST are none:
    /// it is the name of three zones.
    fn offset(&mut self) -> Option<i32> {
        if self.rest.is_empty() {
            return None;
        }
        if self.eat(b'Z').or_else(|| self.eat(b'z')).is_some() {
            return Some(0);
        }
        let is_named = self.at_letter() && (self.starts_with("UTC") || self.starts_with("GMT"));
        if is_named {
            self.rest = &self.rest[3..];
        }
        let sign = match self.peek() {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return is_named.then_some(0),
        };
        let before = self.rest;
        self.rest = &self.rest[1..];
        let seconds = self.offset_digits(is_named);
        if seconds.is_none() {
            self.rest = before;
        }
        seconds.map(|seconds| sign * seconds)
    }

    fn offset_digits(&mut self, is_named: bool) -> Option<i32> {
        let number = self.number()?;
        let (hours, minutes) = match number.digits {
            1 | 2 if self.eat(b':').is_some() => (number.value, u64::from(self.short_number()?)),
            2 => (number.value, 0),
            1 if is_named => (number.value, 0),
            4 => (number.value / 100, number.value % 100),
            _ => return None,
        };
        // Zones lie between -12:00 and +14:00; some of the past went to 15:59.
        (hours <= 15 && minutes < 60).then_some((hours * 3600 + minutes * 60) as i32)
    }

    // ---- words and numbers

    /// `Fri`, `Friday`, with what separates it from the rest.
    fn weekday(&mut self) {
        const WEEKDAYS: [&str; 7] =
            ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        if self.at_letter()
            && let Some((_, length)) = self.name_in(&WEEKDAYS)
        {
            self.rest = &self.rest[length..];
            self.date_separators();
        }
    }

    fn month_name(&mut self) -> Option<u32> {
        const MONTHS: [&str; 12] = [
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december",
        ];
        let (index, length) = self.name_in(&MONTHS)?;
        self.rest = &self.rest[length..];
        Some(index as u32 + 1)
    }

    /// The index of the name that the next word begins, with three letters or more, and the length of the word.
    fn name_in(&self, names: &[&str]) -> Option<(usize, usize)> {
        let length = self.rest.iter().take_while(|b| b.is_ascii_alphabetic()).count();
        let word = self.rest.get(..length).filter(|_| length >= 3)?;
        let begins =
            |name: &&str| name.as_bytes().get(..length).is_some_and(|start| start.eq_ignore_ascii_case(word));
        // The T of 09DEC2011T12:50 follows a number, never a name.
        Some((names.iter().position(begins)?, length))
    }

    fn ordinal_suffix(&mut self) {
        if !self.at_letter() {
            return;
        }
        for suffix in ["st", "nd", "rd", "th"] {
            let word = self.rest.iter().take_while(|b| b.is_ascii_alphabetic()).count();
            if word == 2 && self.starts_with(suffix) {
                self.rest = &self.rest[2..];
                return;
            }
        }
    }

    fn starts_with(&self, word: &str) -> bool {
        self.rest.get(..word.len()).is_some_and(|b| b.eq_ignore_ascii_case(word.as_bytes()))
    }

    fn at_letter(&self) -> bool {
        self.peek().is_some_and(|b| b.is_ascii_alphabetic())
    }

    fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        let rest = self.rest.strip_prefix(&[byte])?;
        self.rest = rest;
        Some(())
    }

    fn blanks(&mut self) {
        while let [b' ' | b'\t', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    fn date_separators(&mut self) {
        while let [b' ' | b'\t' | b',' | b'.' | b'-' | b'/', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    /// Up to 19 digits, which a `u64` always holds.
    #[inline]
    fn number(&mut self) -> Option<Number> {
        let mut value = 0_u64;
        let mut digits = 0;
        for byte in self.rest {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            digits += 1;
            if digits > 19 {
                return None;
            }
            value = value * 10 + u64::from(digit);
        }
        self.rest = &self.rest[digits..];
        (digits > 0).then_some(Number { value, digits })
    }

    /// A number of one or two digits.
    fn short_number(&mut self) -> Option<u32> {
        let number = self.number()?;
        (number.digits <= 2).then_some(number.value as u32)
    }
}

fn known(year: u64, month: u32, day: u64) -> Option<WrittenDate> {
    Some(WrittenDate::Known { year: year as i32, month, day: day as u32 })
}

/// POSIX's reading of two digits: 70 to 99 are 1970 to 1999, 00 to 69 are 2000 to 2069.
fn full_year(two_digits: u64) -> i32 {
    if two_digits < 70 { 2000 + two_digits as i32 } else { 1900 + two_digits as i32 }
}

/// Microseconds since midnight. 24:00:00 is the midnight that ends the day (ISO 8601), so it lies in the next day; a leap
/// second, :60, is the last microsecond of its minute, so it stays in its day.
#[inline]
pub(super) fn time_of_day(hour: u64, minute: u64, second: u64, fraction_us: i64) -> Option<i64> {
    if hour == 24 && minute == 0 && second == 0 && fraction_us == 0 {
        return Some(US_PER_DAY);
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let of_minute =
        if second == 60 { US_PER_MINUTE - 1 } else { second as i64 * US_PER_SECOND + fraction_us };
    Some(hour as i64 * US_PER_HOUR + minute as i64 * US_PER_MINUTE + of_minute)
}
