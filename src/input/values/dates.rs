//! Written dates and times to microseconds of local wall time.
//!
//! A moment is an `i64`: microseconds since 1970-01-01T00:00:00 of the wall clock that the data were written by. A time
//! without an offset is that clock's time and stays so. A time with an offset (`Z`, `+08:00`) is converted to the zone
//! of `--tz`; without `--tz` the offset is dropped and the written wall time kept. Epoch numbers and zone-aware Parquet
//! columns are instants: converted to `--tz`, else to UTC.
//!
//! Decisions:
//! - Years are 1900 to 2200; `0000-00-00`, MySQL's null, is missing.
//! - `24:00:00` is the midnight that begins the next day; a leap second (`:60`) is the last microsecond of its minute.
//! - Digits of a second beyond the sixth are cut off, never rounded up into another day.
//! - Eight digits alone are `YYYYMMDD`; 12, 14 and 17 digits are `YYYYMMDDHHMM[SS[mmm]]` where that is a date. Else 9 or
//!   10 digits are epoch seconds, 12 or 13 milliseconds, 15 or 16 microseconds, 18 or 19 nanoseconds, from 2001 on.
//! - Where the text does not say which number is the day (`12/9/2011`, `12/9/11`), all readings that are dates are
//!   weighed: one alone, or several that are the same day, need no order; otherwise the order must be given. A given
//!   order is never turned round to save a cell: `13/5/2011` is no date in a month-first column.
//! - Where it is known in which zone an export writes times without an offset (`DateParser::written_in`), they are
//!   converted to `--tz` as well. Dates without a time are not: they are days, whatever the zone.
//! - Zone abbreviations (`CST`, `EST`) are refused, since they name several zones.

use chrono::format::{Item, Parsed, StrftimeItems};
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone};
use chrono_tz::Tz;

use super::civil::{FIRST_YEAR, LAST_YEAR, US_PER_DAY, US_PER_HOUR, US_PER_MINUTE, US_PER_SECOND};
pub use super::civil::{day_of, format_day, format_us, to_naive};
use super::civil::{days_from_civil, decimals_us, is_calendar_day};
use super::date_forms::{Form, WrittenDate, read};
use super::{is_missing, trimmed};
use crate::error::{Error, Result};

/// Which number of a date comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOrder {
    Ymd,
    Dmy,
    Mdy,
}

/// How the dates of a column are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DateFormat {
    /// Any of the usual written forms. `order` decides those that do not say which number is the day; without it they are
    /// [`DateError::Ambiguous`]. `Ymd` decides dates with a year of two digits (`11-12-09`) alone.
    Auto { order: Option<DateOrder> },
    /// A chrono strftime pattern, and nothing else.
    Pattern(String),
}

impl Default for DateFormat {
    fn default() -> Self {
        Self::Auto { order: None }
    }
}

/// Reads `--date-format`: `auto`, `dmy`, `mdy`, `ymd`, or a strftime pattern that tells at least year, month and day.
pub fn parse_date_format(option: &str) -> Result<DateFormat> {
    let order = match option.trim().to_ascii_lowercase().as_str() {
        "auto" => return Ok(DateFormat::Auto { order: None }),
        "dmy" => DateOrder::Dmy,
        "mdy" => DateOrder::Mdy,
        "ymd" => DateOrder::Ymd,
        _ => {
            return match why_no_pattern(option) {
                None => Ok(DateFormat::Pattern(option.to_owned())),
                Some(why) => Err(Error::BadOption {
                    option: "--date-format".into(),
                    value: option.into(),
                    why: why.into(),
                    hint: Some("dmy, mdy or ymd, or a strftime pattern such as '%d/%m/%Y %H:%M'".into()),
                }),
            };
        }
    };
    Ok(DateFormat::Auto { order: Some(order) })
}

/// Writes a known moment by the pattern and reads it back: what is lost then would be lost of every cell.
fn why_no_pattern(pattern: &str) -> Option<&'static str> {
    use std::fmt::Write;

    if !pattern.contains('%') {
        return Some("neither an order nor a pattern");
    }
    let Ok(items) = StrftimeItems::new(pattern).parse_to_owned() else {
        return Some("not a strftime pattern");
    };
    let known = NaiveDate::from_ymd_opt(2011, 12, 9)?.and_hms_opt(12, 50, 0)?;
    let mut text = String::new();
    let moment = DateTime::<FixedOffset>::from_naive_utc_and_offset(known, FixedOffset::east_opt(0)?);
    if write!(text, "{}", moment.format_with_items(items.iter())).is_err() {
        return Some("not a strftime pattern");
    }
    match by_pattern(&items, &text, Zones::default()) {
        Some(us) if to_naive(us).date() == known.date() => None,
        _ => Some("does not tell year, month and day (and AM or PM with %I)"),
    }
}

/// What a cell says about the day-month order of its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateClass {
    /// A date that is the same day in any order: year first, month by name, epoch number, `5/5/2011`.
    Unambiguous,
    /// A date only with the day first: `13/5/2011`.
    DayFirst,
    /// A date only with the month first: `5/13/2011`.
    MonthFirst,
    /// Different dates in different orders: `5/6/2011`, and `25/12/11`, which could be a day of 2025.
    Either,
    NotADate,
}

/// Which orders a cell allows: used on a sample of a column to decide its order.
pub fn classify(cell: &str) -> DateClass {
    let text = trimmed(cell);
    match read(text) {
        None => DateClass::NotADate,
        Some(Form::Instant { .. }) => DateClass::Unambiguous,
        Some(Form::Wall { date, .. }) => Readings::of(date).class(),
    }
}

/// Why a cell is no moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DateError {
    /// Nothing there, or a word for null.
    Empty,
    /// No form of a date, or a day that the calendar does not have.
    NotADate,
    /// A date before 1900 or after 2200.
    OutOfRange,
    /// Several orders give several dates, and none was given.
    Ambiguous,
}

impl DateError {
    /// For the account of rows.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Empty => "missing date",
            Self::NotADate => "not a date",
            Self::OutOfRange => "date outside the years 1900 to 2200",
            Self::Ambiguous => "date without known day-month order",
        }
    }
}

/// Reads the cells of one column. Cheap to use from several threads at once.
#[derive(Debug, Clone)]
pub struct DateParser {
    plan: Plan,
    zones: Zones,
}

/// The zone that moments are converted to, and that of moments without an offset, where it is known.
#[derive(Debug, Clone, Copy, Default)]
struct Zones {
    tz: Option<Tz>,
    written: Option<Tz>,
}

impl Zones {
    /// A wall time without an offset as wall time of `tz`.
    fn convert(self, wall: i64) -> i64 {
        match (self.written, self.tz) {
            (Some(written), Some(tz)) if written != tz => {
                instant_to_local(local_to_instant(wall, written), Some(tz))
            }
            _ => wall,
        }
    }
}

#[derive(Debug, Clone)]
enum Plan {
    Auto(Option<DateOrder>),
    Pattern(Vec<Item<'static>>),
}

impl DateParser {
    /// `tz`: the zone that moments with a known distance from UTC are converted to. A pattern that
    /// [`parse_date_format`] would refuse reads nothing.
    pub fn new(format: DateFormat, tz: Option<Tz>) -> Self {
        let plan = match format {
            DateFormat::Auto { order } => Plan::Auto(order),
            DateFormat::Pattern(pattern) => Plan::Pattern(
                StrftimeItems::new(&pattern).parse_to_owned().unwrap_or_else(|_| vec![Item::Error]),
            ),
        };
        Self { plan, zones: Zones { tz, written: None } }
    }

    /// Of cells whose times without an offset are wall time of `zone`: they are converted to `tz`, if that is given. A
    /// date without a time stays the day that it is.
    #[must_use]
    pub fn written_in(mut self, zone: Option<Tz>) -> Self {
        self.zones.written = zone;
        self
    }

    /// `convert` gives back what it is given.
    pub fn keeps(&self) -> bool {
        self.zones.written.is_none_or(|written| self.zones.tz.is_none_or(|tz| tz == written))
    }

    /// A moment without an offset, as a Parquet column has it, as wall time of `tz`.
    pub fn convert(&self, wall_us: i64) -> i64 {
        self.zones.convert(wall_us)
    }

    /// Microseconds since 1970-01-01T00:00:00, local wall time (see the module's text on zones).
    #[inline]
    pub fn parse(&self, cell: &str) -> Result<i64, DateError> {
        match &self.plan {
            Plan::Auto(order) => match iso_wall(cell.as_bytes()) {
                // Ten characters are a date alone.
                Some(us) if cell.len() > 10 => Ok(self.zones.convert(us)),
                Some(us) => Ok(us),
                None => self.by_form(cell, *order),
            },
            Plan::Pattern(items) => {
                let text = trimmed(cell);
                match by_pattern(items, text, self.zones) {
                    Some(us) => in_range(us),
                    None if is_missing(text) => Err(DateError::Empty),
                    None => Err(DateError::NotADate),
                }
            }
        }
    }

    fn by_form(&self, cell: &str, order: Option<DateOrder>) -> Result<i64, DateError> {
        let text = trimmed(cell);
        let us = match read(text) {
            None if is_missing(text) => return Err(DateError::Empty),
            None => return Err(DateError::NotADate),
            Some(Form::Instant { us }) => instant_to_local(us, self.zones.tz),
            Some(Form::Wall { date, time_us, offset_s }) => {
                let (year, month, day) = Readings::of(date).choose(order)?;
                if !(FIRST_YEAR..=LAST_YEAR).contains(&year) {
                    return Err(DateError::OutOfRange);
                }
                let wall = i64::from(days_from_civil(year, month, day)) * US_PER_DAY + time_us;
                return Ok(at_offset(wall, offset_s, has_time(text), self.zones));
            }
        };
        in_range(us)
    }
}

fn in_range(us: i64) -> Result<i64, DateError> {
    const FIRST: i32 = days_from_civil(FIRST_YEAR, 1, 1);
    const LAST: i32 = days_from_civil(LAST_YEAR, 12, 31);
    if (FIRST..=LAST).contains(&day_of(us)) { Ok(us) } else { Err(DateError::OutOfRange) }
}

/// A wall time written with an offset, in seconds east of UTC, as wall time of the zone; kept as written without either.
fn at_offset(wall: i64, offset_s: Option<i32>, has_time: bool, zones: Zones) -> i64 {
    match (offset_s, zones.tz) {
        (Some(offset_s), Some(_)) => instant_to_local(wall - i64::from(offset_s) * US_PER_SECOND, zones.tz),
        (None, Some(_)) if has_time => zones.convert(wall),
        _ => wall,
    }
}

/// Whether a text that is a date has a time of day too: a colon, a mark of hours, or the digits of one.
fn has_time(text: &str) -> bool {
    text.contains([':', '：', '时', '時', '点', '點'])
        || text.bytes().filter(u8::is_ascii_digit).count() >= 10
}

/// Wall time in the zone (in UTC without one) of an instant, both in microseconds since 1970-01-01T00:00:00.
pub fn instant_to_local(us_utc: i64, tz: Option<Tz>) -> i64 {
    let Some(tz) = tz else {
        return us_utc;
    };
    let offset = tz.offset_from_utc_datetime(&to_naive(us_utc)).fix();
    us_utc.saturating_add(i64::from(offset.local_minus_utc()) * US_PER_SECOND)
}

/// The instant, in microseconds since 1970-01-01T00:00:00 UTC, of a wall time in the zone. Of a time that the clock shows
/// twice it is the first; a time that it leaps over is as long after the leap as it is behind its begin.
fn local_to_instant(us: i64, zone: Tz) -> i64 {
    let wall = to_naive(us);
    let offset = match zone.offset_from_local_datetime(&wall) {
        chrono::LocalResult::Single(offset) | chrono::LocalResult::Ambiguous(offset, _) => offset,
        chrono::LocalResult::None => zone.offset_from_utc_datetime(&to_naive(us.saturating_sub(US_PER_DAY))),
    };
    us.saturating_sub(i64::from(offset.fix().local_minus_utc()) * US_PER_SECOND)
}

/// The dates of the calendar that a written date can be read as, (year, month, day) each.
#[derive(Clone, Copy)]
struct Readings {
    ymd: Option<(i32, u32, u32)>,
    dmy: Option<(i32, u32, u32)>,
    mdy: Option<(i32, u32, u32)>,
    /// MySQL's null date.
    is_zero: bool,
    /// The text itself says which number is the year.
    has_known_year: bool,
}

impl Readings {
    fn of(date: WrittenDate) -> Self {
        let valid = |year, month, day| is_calendar_day(year, month, day).then_some((year, month, day));
        match date {
            WrittenDate::Known { year, month, day } => Self {
                ymd: valid(year, month, day),
                dmy: None,
                mdy: None,
                is_zero: (year, month, day) == (0, 0, 0),
                has_known_year: true,
            },
            WrittenDate::YearLast { first, second, year } => Self {
                ymd: None,
                dmy: valid(year, second, first),
                mdy: valid(year, first, second),
                is_zero: (year, first, second) == (0, 0, 0),
                has_known_year: true,
            },
            WrittenDate::ShortYear { numbers: [first, second, third], year_first, year_last } => Self {
                ymd: year_first.and_then(|year| valid(year, second, third)),
                dmy: year_last.and_then(|year| valid(year, second, first)),
                mdy: year_last.and_then(|year| valid(year, first, second)),
                is_zero: false,
                has_known_year: false,
            },
        }
    }

    /// The date that all readings agree on.
    fn agreed(&self) -> Result<(i32, u32, u32), DateError> {
        let mut dates = [self.ymd, self.dmy, self.mdy].into_iter().flatten();
        let first = dates.next().ok_or(DateError::NotADate)?;
        if dates.all(|date| date == first) { Ok(first) } else { Err(DateError::Ambiguous) }
    }

    fn choose(&self, order: Option<DateOrder>) -> Result<(i32, u32, u32), DateError> {
        if self.is_zero {
            return Err(DateError::Empty);
        }
        let given = match order {
            // 2011-12-09 in a day-first column says by its form that the year comes first.
            _ if self.ymd.is_some() && self.has_known_year => self.ymd,
            Some(DateOrder::Dmy) => self.dmy,
            Some(DateOrder::Mdy) => self.mdy,
            Some(DateOrder::Ymd) if !self.has_known_year => self.ymd,
            _ => return self.agreed(),
        };
        given.ok_or(DateError::NotADate)
    }

    fn class(&self) -> DateClass {
        match self.agreed() {
            Err(DateError::Ambiguous) => DateClass::Either,
            Err(_) => DateClass::NotADate,
            Ok(_) => match (self.ymd, self.dmy, self.mdy) {
                (None, Some(_), None) => DateClass::DayFirst,
                (None, None, Some(_)) => DateClass::MonthFirst,
                _ => DateClass::Unambiguous,
            },
        }
    }
}

fn by_pattern(items: &[Item<'_>], text: &str, zones: Zones) -> Option<i64> {
    let mut parsed = Parsed::new();
    chrono::format::parse(&mut parsed, text, items.iter()).ok()?;
    if let Some(seconds) = parsed.timestamp() {
        let fraction_us = i64::from(parsed.nanosecond().unwrap_or(0) / 1000);
        return Some(instant_to_local(seconds.checked_mul(US_PER_SECOND)? + fraction_us, zones.tz));
    }
    let date = parsed.to_naive_date().ok()?;
    let has_time = parsed.hour_mod_12().is_some() || parsed.minute().is_some();
    if has_time && parsed.minute().is_none() {
        parsed.set_minute(0).ok()?;
    }
    let time = if has_time { parsed.to_naive_time().ok()? } else { NaiveTime::MIN };
    Some(at_offset(wall_us(date.and_time(time)), parsed.offset(), has_time, zones))
}

fn wall_us(naive: NaiveDateTime) -> i64 {
    // chrono writes a leap second as a second that lasts two; ours ends with its minute.
    let of_second = naive.and_utc().timestamp_subsec_micros().min(999_999);
    naive.and_utc().timestamp() * US_PER_SECOND + i64::from(of_second)
}

/// The moment of `--as-of`, `--since`, `--until`: an ISO date (`2011-12-09`) or datetime (`2011-12-09 12:50`,
/// `2011-12-09T12:50:00.5`) without offset. A date alone is its first microsecond, or its last with `end_of_day`.
pub fn parse_moment(text: &str, end_of_day: bool) -> Option<i64> {
    let bytes = text.trim().as_bytes();
    if bytes.get(4) != Some(&b'-') {
        return None;
    }
    let us = iso_wall(bytes)?;
    Some(if bytes.len() == 10 && end_of_day { us + US_PER_DAY - 1 } else { us })
}

/// The fast path: `YYYY-MM-DD` (or `/`, `.`), alone or with ` HH:MM[:SS[.f...]]`. `None` for all else, which [`read`]
/// then looks at.
#[inline]
fn iso_wall(text: &[u8]) -> Option<i64> {
    let (year_month, rest) = text.split_first_chunk::<8>()?;
    let separator = year_month[4];
    if separator != year_month[7] || !matches!(separator, b'-' | b'/' | b'.') {
        return None;
    }
    let pairs = digit_pairs(*year_month, 0x00ff_ff00_ffff_ffff)?;
    let year = i32::from(pairs[0]) * 100 + i32::from(pairs[2]);
    let month = u32::from(pairs[5]);
    let day;
    let mut of_day = 0;
    if let Some((day_clock, seconds)) = rest.split_first_chunk::<8>() {
        if !matches!(day_clock[2], b' ' | b'T') || day_clock[5] != b':' {
            return None;
        }
        let pairs = digit_pairs(*day_clock, 0xffff_00ff_ff00_ffff)?;
        day = u32::from(pairs[0]);
        let (hour, minute) = (pairs[3], pairs[6]);
        let mut second = 0;
        if let [mark, tens, ones, fraction @ ..] = seconds {
            let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
            if *mark != b':' || tens > 5 || ones > 9 {
                return None;
            }
            second = tens * 10 + ones;
            if !fraction.is_empty() {
                of_day = fraction_us(fraction)?;
            }
        } else if !seconds.is_empty() {
            return None;
        }
        if hour > 23 || minute > 59 {
            return None;
        }
        of_day += i64::from(hour) * US_PER_HOUR
            + i64::from(minute) * US_PER_MINUTE
            + i64::from(second) * US_PER_SECOND;
    } else {
        let &[tens, ones] = rest else { return None };
        let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
        if tens > 9 || ones > 9 {
            return None;
        }
        day = u32::from(tens * 10 + ones);
    }
    if !(FIRST_YEAR..=LAST_YEAR).contains(&year) || !is_calendar_day(year, month, day) {
        return None;
    }
    Some(i64::from(days_from_civil(year, month, day)) * US_PER_DAY + of_day)
}

/// Reads eight characters at once. `digits` has all bits set where a digit must stand, the first character lowest; the
/// others are not looked at. Element `i` of the answer is the number that the characters `i` and `i + 1` make where both
/// are digits; `None` when a digit is missing.
#[inline]
fn digit_pairs(text: [u8; 8], digits: u64) -> Option<[u8; 8]> {
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    /// What brings 9, and nothing more, to 127.
    const TO_LIMIT: u64 = 0x7676_7676_7676_7676;
    let values = (u64::from_le_bytes(text) ^ ZEROS) & digits;
    if (((values & !HIGH_BITS) + (TO_LIMIT & digits)) | values) & HIGH_BITS != 0 {
        return None;
    }
    // Each is at most 99, so that none carries into its neighbour.
    Some((values * 10 + (values >> 8)).to_le_bytes())
}

/// `.` and one to nine digits, in microseconds.
fn fraction_us(text: &[u8]) -> Option<i64> {
    let (b'.', digits @ [_, ..]) = text.split_first()? else {
        return None;
    };
    if digits.len() > 9 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(decimals_us(digits))
}

#[cfg(test)]
#[path = "dates_tests.rs"]
mod tests;
