//! Written numbers: what stands around the digits (signs, parentheses, currencies, 万), and what the separators among
//! them mean. The rules are in the text of [`super::money`].

use super::decimal::Decimal;
use super::money::NumberError;
use super::{half_width, is_blank, is_missing, trimmed};

/// Longer numbers are not read.
const LONGEST: usize = 96;

/// Currencies by what is written for them, longest first, so that `RMB` is not `RM`. Of the signs that several
/// currencies share, `¥` and `$` are the common one, and give way to a code beside them ([`is_shared`]).
const CURRENCIES: [(&str, &str); 91] = [
    ("人民币", "CNY"),
    ("人民幣", "CNY"),
    ("新台币", "TWD"),
    ("美元", "USD"),
    ("美金", "USD"),
    ("欧元", "EUR"),
    ("英镑", "GBP"),
    ("日元", "JPY"),
    ("日圆", "JPY"),
    ("港元", "HKD"),
    ("港币", "HKD"),
    ("韩元", "KRW"),
    ("台币", "TWD"),
    ("卢比", "INR"),
    ("卢布", "RUB"),
    ("泰铢", "THB"),
    ("CN¥", "CNY"),
    ("JP¥", "JPY"),
    ("yuan", "CNY"),
    ("euro", "EUR"),
    ("руб.", "RUB"),
    ("руб", "RUB"),
    ("RMB", "CNY"),
    ("CNY", "CNY"),
    ("CNH", "CNY"),
    ("USD", "USD"),
    ("EUR", "EUR"),
    ("GBP", "GBP"),
    ("JPY", "JPY"),
    ("HKD", "HKD"),
    ("TWD", "TWD"),
    ("KRW", "KRW"),
    ("SGD", "SGD"),
    ("MYR", "MYR"),
    ("THB", "THB"),
    ("IDR", "IDR"),
    ("VND", "VND"),
    ("PHP", "PHP"),
    ("INR", "INR"),
    ("AUD", "AUD"),
    ("NZD", "NZD"),
    ("CAD", "CAD"),
    ("BRL", "BRL"),
    ("MXN", "MXN"),
    ("CHF", "CHF"),
    ("SEK", "SEK"),
    ("NOK", "NOK"),
    ("DKK", "DKK"),
    ("PLN", "PLN"),
    ("CZK", "CZK"),
    ("HUF", "HUF"),
    ("RUB", "RUB"),
    ("UAH", "UAH"),
    ("TRY", "TRY"),
    ("ILS", "ILS"),
    ("AED", "AED"),
    ("SAR", "SAR"),
    ("ZAR", "ZAR"),
    ("NGN", "NGN"),
    ("EGP", "EGP"),
    ("PKR", "PKR"),
    ("US$", "USD"),
    ("HK$", "HKD"),
    ("NT$", "TWD"),
    ("AU$", "AUD"),
    ("NZ$", "NZD"),
    ("CA$", "CAD"),
    ("MX$", "MXN"),
    ("元", "CNY"),
    ("圆", "CNY"),
    ("円", "JPY"),
    ("￥", "CNY"),
    ("＄", "USD"),
    ("￡", "GBP"),
    ("￦", "KRW"),
    ("€", "EUR"),
    ("₹", "INR"),
    ("₩", "KRW"),
    ("₽", "RUB"),
    ("₫", "VND"),
    ("Rs.", "INR"),
    ("Rp.", "IDR"),
    ("zł", "PLN"),
    ("R$", "BRL"),
    ("S$", "SGD"),
    ("RM", "MYR"),
    ("Rs", "INR"),
    ("Rp", "IDR"),
    ("¥", "CNY"),
    ("£", "GBP"),
    ("$", "USD"),
];

/// A sign that names a currency only until a code says otherwise (`$12 CAD`, `¥1200 JPY`).
fn is_shared(sign: &str) -> bool {
    matches!(sign, "$" | "＄" | "¥" | "￥" | "元" | "Rs" | "Rs.")
}

/// The fast path: `-`, digits, and a `.` between digits, 18 characters at most. Mantissa and number of decimals.
#[inline]
pub(super) fn plain(text: &[u8]) -> Option<(i64, u8)> {
    let (is_negative, number) = match text {
        [b'-', number @ ..] => (true, number),
        _ => (false, text),
    };
    let (first, last) = (number.first()?, number.last()?);
    if number.len() > 18 || !first.is_ascii_digit() || !last.is_ascii_digit() {
        return None;
    }
    let mut mantissa = 0_i64;
    let mut point = number.len() - 1;
    for (at, byte) in number.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            mantissa = mantissa * 10 + i64::from(digit);
        } else if *byte == b'.' && point == number.len() - 1 {
            point = at;
        } else {
            return None;
        }
    }
    let scale = (number.len() - 1 - point) as u8;
    Some((if is_negative { -mantissa } else { mantissa }, scale))
}

/// Reads any cell, the plain ones as well.
#[cold]
pub(super) fn read(cell: &str) -> Result<Decimal, NumberError> {
    let text = trimmed(cell);
    match Dressed::of(text).map(|dressed| dressed.decimal()) {
        Some(Err(NumberError::NotANumber)) | None => {}
        Some(result) => return result,
    }
    if is_missing(text) {
        return Err(NumberError::Missing);
    }
    match split_note(text).and_then(|(number, _)| Dressed::of(number)) {
        Some(dressed) => dressed.decimal(),
        None => Err(NumberError::NotANumber),
    }
}

/// A cell without the note in brackets behind its number; the whole cell if there is none.
pub fn without_note(cell: &str) -> &str {
    split_note(trimmed(cell)).map_or(cell, |(number, _)| number)
}

/// What stands before and within brackets at the end of a cell, if that begins with neither a digit nor what may precede
/// one: `12 (3)` and `12 (-3)` are two numbers, and nobody knows which counts.
fn split_note(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_suffix([')', '）'])?;
    let (number, note) = inside.split_once(['(', '（'])?;
    let first = note.trim_start_matches(is_blank).chars().next().map(half_width)?;
    let is_note = !first.is_numeric()
        && !matches!(first, '.' | ',' | '+' | '-' | '\u{2212}' | '\u{2013}' | '(' | ')' | '%')
        && (starting_currency(note.trim_start_matches(is_blank)).is_none() || currency_alone(note).is_some());
    let number = number.trim_end_matches(is_blank);
    let has_number = number.chars().any(|c| half_width(c).is_ascii_digit());
    (is_note && has_number).then_some((number, note))
}

/// The currency, if the text is the name of one and nothing else.
fn currency_alone(text: &str) -> Option<&'static str> {
    let text = text.trim_matches(is_blank);
    CURRENCIES.into_iter().find(|(written, _)| text.eq_ignore_ascii_case(written)).map(|(_, code)| code)
}

/// Reads digits with at most a minus, a decimal point and an exponent.
pub(super) fn read_ascii(text: &[u8]) -> Result<Decimal, NumberError> {
    let (is_negative, body) = match text {
        [b'-', body @ ..] => (true, body),
        _ => (false, text),
    };
    Body { text: body, is_negative, dot_groups: false, shift: 0 }.decimal()
}

pub(super) fn currency_of(cell: &str) -> Option<&'static str> {
    let text = trimmed(cell);
    let (dressed, note) = match (Dressed::of(text), split_note(text)) {
        (Some(dressed), _) => (dressed, None),
        (None, Some((number, note))) => (Dressed::of(number)?, currency_alone(note)),
        (None, None) => return None,
    };
    let is_amount = dressed.body.is_empty() || dressed.decimal().is_ok();
    dressed.currency().or(note).filter(|_| is_amount)
}

/// A number and what stands around it.
struct Dressed<'t> {
    body: &'t str,
    is_negative: bool,
    /// The signs or codes found, as (written, ISO code), before and after.
    currencies: [Option<(&'static str, &'static str)>; 2],
    /// Powers of ten from 万 (4) and 亿 (8).
    shift: i32,
}

impl<'t> Dressed<'t> {
    /// `None` when the signs contradict each other.
    fn of(text: &'t str) -> Option<Self> {
        let mut dressed = Self { body: text, is_negative: false, currencies: [None; 2], shift: 0 };
        let mut has_sign = false;
        let mut is_open = false;
        loop {
            dressed.body = dressed.body.trim_start_matches(is_blank);
            let Some(first) = dressed.body.chars().next() else { break };
            let after = &dressed.body[first.len_utf8()..];
            match half_width(first) {
                '0'..='9' | '.' | ',' => break,
                '+' if !has_sign && !is_open => has_sign = true,
                '-' | '\u{2212}' | '\u{2013}' if !has_sign && !is_open => {
                    has_sign = true;
                    dressed.is_negative = true;
                }
                '(' if !has_sign && !is_open => is_open = true,
                _ => {
                    let written = starting_currency(dressed.body)?;
                    dressed.add_currency(0, written)?;
                    dressed.body = &dressed.body[written.0.len()..];
                    continue;
                }
            }
            dressed.body = after;
        }
        let mut is_closed = false;
        loop {
            dressed.body = dressed.body.trim_end_matches(is_blank);
            let Some(last) = dressed.body.chars().next_back() else { break };
            let before = &dressed.body[..dressed.body.len() - last.len_utf8()];
            match half_width(last) {
                '0'..='9' => break,
                '.' if ending_currency(dressed.body).is_none() => break,
                '-' | '\u{2212}' if !has_sign && !is_open => {
                    has_sign = true;
                    dressed.is_negative = true;
                }
                ')' if is_open && !is_closed => {
                    is_closed = true;
                    dressed.is_negative = true;
                }
                '万' | '萬' if dressed.shift == 0 => dressed.shift = 4,
                '亿' | '億' if dressed.shift == 0 => dressed.shift = 8,
                _ => {
                    let written = ending_currency(dressed.body)?;
                    dressed.add_currency(1, written)?;
                    dressed.body = &dressed.body[..dressed.body.len() - written.0.len()];
                    continue;
                }
            }
            dressed.body = before;
        }
        (is_open == is_closed).then_some(dressed)
    }

    /// One before and one after, of one currency.
    fn add_currency(&mut self, side: usize, written: (&'static str, &'static str)) -> Option<()> {
        if self.currencies[side].is_some() {
            return None;
        }
        self.currencies[side] = Some(written);
        match self.currencies {
            [Some(one), Some(other)] if one.1 != other.1 => {
                (is_shared(one.0) || is_shared(other.0)).then_some(())
            }
            _ => Some(()),
        }
    }

    fn currency(&self) -> Option<&'static str> {
        match self.currencies {
            [Some(one), Some(other)] if is_shared(one.0) => Some(other.1),
            [one, other] => one.or(other).map(|(_, code)| code),
        }
    }

    fn decimal(&self) -> Result<Decimal, NumberError> {
        if self.shift == 0
            && let Some((mantissa, scale)) = plain(self.body.as_bytes())
            && !(scale == 3 && self.dot_groups())
        {
            return Ok(Decimal::small(if self.is_negative { -mantissa } else { mantissa }, scale));
        }
        let mut buffer = [0; LONGEST];
        let text = half_width_text(self.body, &mut buffer).ok_or(NumberError::NotANumber)?;
        let (dot_groups, shift) = (self.dot_groups(), self.shift);
        Body { text, is_negative: self.is_negative, dot_groups, shift }.decimal()
    }

    /// Rupiah and dong have no decimals in use: their dots group.
    fn dot_groups(&self) -> bool {
        matches!(self.currency(), Some("IDR" | "VND"))
    }
}

fn starting_currency(text: &str) -> Option<(&'static str, &'static str)> {
    // Nearly all amounts with a sign have one of these, and no longer name begins with them.
    const COMMON: [(&str, &str); 5] = [("￥", "CNY"), ("¥", "CNY"), ("$", "USD"), ("€", "EUR"), ("£", "GBP")];
    if let Some(common) = COMMON.into_iter().find(|(sign, _)| text.starts_with(sign)) {
        return Some(common);
    }
    let begins = |written: &str| text.get(..written.len()).is_some_and(|t| t.eq_ignore_ascii_case(written));
    CURRENCIES.into_iter().find(|(written, _)| begins(written))
}

fn ending_currency(text: &str) -> Option<(&'static str, &'static str)> {
    let ends = |written: &str| {
        let start = text.len().checked_sub(written.len());
        start.and_then(|at| text.get(at..)).is_some_and(|t| t.eq_ignore_ascii_case(written))
    };
    CURRENCIES.into_iter().find(|(written, _)| ends(written))
}

/// The text in ASCII: full-width characters at half width, all blanks as ` `, all apostrophes as `'`.
fn half_width_text<'b>(text: &'b str, buffer: &'b mut [u8; LONGEST]) -> Option<&'b [u8]> {
    if text.is_ascii() && !text.contains('\t') {
        return Some(text.as_bytes());
    }
    let mut length = 0;
    for c in text.chars() {
        let ascii = match half_width(c) {
            '\u{2019}' => '\'',
            blank if blank.is_whitespace() => ' ',
            c => c,
        };
        if !ascii.is_ascii() {
            return None;
        }
        *buffer.get_mut(length)? = ascii as u8;
        length += 1;
    }
    Some(&buffer[..length])
}

/// Digits, separators and an exponent.
struct Body<'t> {
    text: &'t [u8],
    is_negative: bool,
    /// One dot before three digits groups them.
    dot_groups: bool,
    shift: i32,
}

impl Body<'_> {
    fn decimal(&self) -> Result<Decimal, NumberError> {
        let (whole, decimals, exponent) = self.parts().ok_or(NumberError::NotANumber)?;
        let digits = whole.iter().chain(decimals).filter(|b| b.is_ascii_digit()).map(|b| b - b'0');
        let exponent = exponent + self.shift - decimals.len() as i32;
        Decimal::of_digits(self.is_negative, digits, exponent)
    }

    /// The part before the decimal point (with its separators), the part after it, and the exponent.
    fn parts(&self) -> Option<(&[u8], &[u8], i32)> {
        let (number, exponent) = match self.text.iter().position(|b| matches!(b, b'e' | b'E')) {
            None => (self.text, None),
            Some(at) => (&self.text[..at], Some(exponent(&self.text[at + 1..])?)),
        };
        let separators = Separators::of(number, self.dot_groups)?;
        if exponent.is_some() && separators.group.is_some() {
            return None;
        }
        let (whole, decimals) = match separators.decimal_at {
            None => (number, &number[number.len()..]),
            Some(at) => (&number[..at], &number[at + 1..]),
        };
        let has_digits = whole.len() + decimals.len() > 0;
        let is_grouped = match separators.group {
            None => whole.iter().all(u8::is_ascii_digit),
            Some(separator) => is_grouped(whole, separator),
        };
        let is_number = has_digits && is_grouped && decimals.iter().all(u8::is_ascii_digit);
        is_number.then_some((whole, decimals, exponent.unwrap_or(0)))
    }
}

/// `3`, `+3`, `-03`; four digits at most.
fn exponent(text: &[u8]) -> Option<i32> {
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (-1, digits),
        [b'+', digits @ ..] => (1, digits),
        _ => (1, text),
    };
    if digits.is_empty() || digits.len() > 4 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(sign * digits.iter().fold(0, |value, digit| value * 10 + i32::from(digit - b'0')))
}

struct Separators {
    group: Option<u8>,
    decimal_at: Option<usize>,
}

impl Separators {
    fn of(number: &[u8], dot_groups: bool) -> Option<Self> {
        let last = |separator| number.iter().rposition(|b| *b == separator);
        let (mut dots, mut commas, mut blanks, mut apostrophes) = (0, 0, 0, 0);
        for byte in number {
            match byte {
                b'.' => dots += 1,
                b',' => commas += 1,
                b' ' => blanks += 1,
                b'\'' => apostrophes += 1,
                b'0'..=b'9' => {}
                _ => return None,
            }
        }
        let outer_group = match (blanks, apostrophes) {
            (0, 0) => None,
            (_, 0) => Some(b' '),
            (0, _) => Some(b'\''),
            _ => return None,
        };
        let group_of_one = |separator| is_grouped(number, separator) && outer_group.is_none();
        let (group, decimal_at) = match (dots, commas) {
            (0, 0) => (None, None),
            (1, 0) if dot_groups && group_of_one(b'.') => (Some(b'.'), None),
            (1, 0) => (None, last(b'.')),
            (0, 1) if group_of_one(b',') => (Some(b','), None),
            (0, 1) => {
                let at = last(b',')?;
                let (before, after) = (&number[..at], &number[at + 1..]);
                // `012,345` has neither the form of a group nor of a number; `12,` is cut off.
                let is_padded = after.len() == 3 && before.len() > 1 && before[0] == b'0';
                if is_padded || after.is_empty() {
                    return None;
                }
                (None, Some(at))
            }
            (_, 0) => (Some(b'.'), None),
            (0, _) => (Some(b','), None),
            (1, _) if last(b'.') > last(b',') => (Some(b','), last(b'.')),
            (_, 1) if last(b',') > last(b'.') => (Some(b'.'), last(b',')),
            _ => return None,
        };
        match (group, outer_group) {
            (Some(_), Some(_)) => None,
            _ => Some(Self { group: group.or(outer_group), decimal_at }),
        }
    }
}

/// Whether a whole number is grouped by the separator: one to three digits, not beginning with zero, then threes;
/// commas also in the Indian manner, twos and at last three.
fn is_grouped(whole: &[u8], separator: u8) -> bool {
    let mut groups = whole.split(|b| *b == separator);
    let Some(first) = groups.next() else { return false };
    let Some(last) = groups.next_back() else { return false };
    let all_digits = whole.iter().all(|b| *b == separator || b.is_ascii_digit());
    let middle_of = |size: usize| groups.clone().all(|group| group.len() == size);
    let is_indian = separator == b',' && first.len() <= 2 && middle_of(2);
    all_digits
        && last.len() == 3
        && (1..=3).contains(&first.len())
        && first[0] != b'0'
        && (middle_of(3) || is_indian)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_currency_hides_a_longer_one() {
        for (later, (long, _)) in CURRENCIES.iter().enumerate() {
            for (short, _) in &CURRENCIES[..later] {
                assert!(!long.starts_with(short) && !long.ends_with(short), "{short} hides {long}");
            }
        }
    }
}
