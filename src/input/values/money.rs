//! Written amounts to exact money.
//!
//! Money is an `i64` of 1/10,000 of the currency unit ("e4"): sums are exact and equal in every order. The largest amount
//! is 922,337,203,685,477.5807. Nothing goes through floats on its way from text.
//!
//! Which of `.` and `,` is the decimal point, cell by cell:
//! - both occur: the last one is, and occurs once (`1,234.50`, `1.234,50`, `1,23,456.00`);
//! - after blanks or apostrophes that group thousands (`1 234,50`, `1'234.50`) either is;
//! - one `.`: it is the decimal point, always (`1.234` is one and a bit), except in rupiah and dong, which have no
//!   decimals (`Rp 150.000` is 150,000);
//! - one `,` with three digits after and one to three before: it groups (`1,234` is one thousand two hundred and
//!   thirty-four), but not after a lone zero (`0,234`);
//! - one `,` elsewhere: it is the decimal point (`1,23`, `12,5`, `1234,567`);
//! - one of them several times: it groups (`1,234,567`, `1.234.567`).
//!
//! A note in brackets behind the number is left out, if it does not begin with a number itself: `499.00（系统计算中，该值仅供参考）`
//! is 499, `131.77(已退款89.84)` is 131.77, `12.50 (USD)` is 12.5; `12.50 (3)` is no number. Brackets around the whole
//! number are a minus. `无退款申请` (no refund was asked for) is an amount of 0.
//!
//! Groups have three digits, or in the Indian manner two and at last three; anything else is not a number. An amount
//! that has more than four decimals is rounded half away from zero, and says so.

use std::fmt;

pub use super::decimal::{Decimal, f64_to_decimal, f64_to_e4, int_to_e4, product_e4};
pub use super::is_missing;
use super::number_forms;
pub use super::number_forms::without_note;
use super::trimmed;

/// An amount in 1/10,000 of the currency unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Money {
    /// 1/10,000 of the unit: 12.5 is 125,000.
    pub e4: i64,
    /// Whether decimals were lost in rounding to four.
    pub rounded: bool,
}

/// Why a cell is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NumberError {
    /// Nothing there, or a word for null.
    Missing,
    NotANumber,
    /// Beyond what money or an exact decimal can hold.
    TooLarge,
}

impl NumberError {
    /// For the account of rows.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Missing => "missing number",
            Self::NotANumber => "not a number",
            Self::TooLarge => "number too large",
        }
    }
}

/// What Tmall writes in its refund column of lines without one.
const NO_REFUND: &str = "无退款申请";

/// Reads an amount: digits with separators (see the module's text), a sign before or after, parentheses for minus,
/// currency signs and codes on either side, 万 and 亿, full-width characters, `1.5e3`.
#[inline]
pub fn parse_money(cell: &str) -> Result<Money, NumberError> {
    match number_forms::plain(cell.as_bytes()) {
        Some((mantissa, scale)) => Decimal::small(mantissa, scale).to_e4(),
        None => match number_forms::read(cell) {
            Err(NumberError::NotANumber) if trimmed(cell) == NO_REFUND => Ok(Money::default()),
            decimal => decimal?.to_e4(),
        },
    }
}

/// Reads a quantity or a price, in the same forms as [`parse_money`], with all its decimals.
#[inline]
pub fn parse_decimal(cell: &str) -> Result<Decimal, NumberError> {
    match number_forms::plain(cell.as_bytes()) {
        Some((mantissa, scale)) => Ok(Decimal::small(mantissa, scale)),
        None => number_forms::read(cell),
    }
}

/// The ISO 4217 code of the currency that the cell names, alone or beside a number: `￥12`, `12元`, `RMB 12`, `CNY`.
/// `None` without one. `¥` is CNY (yen say JPY, JP¥ or 円), `$` is USD unless another dollar is named.
pub fn currency_of(cell: &str) -> Option<&'static str> {
    let text = trimmed(cell).as_bytes();
    let has_bare_ends = text.first()?.is_ascii_digit() && text.last()?.is_ascii_digit();
    if has_bare_ends { None } else { number_forms::currency_of(cell) }
}

/// The plain exact decimal of an amount, without trailing zeros: `8911407.904`, `-0.5`, `12`.
pub fn format_e4(e4: i64) -> String {
    e4_text(e4, &mut [0; E4_WIDTH]).to_owned()
}

/// Writes what [`format_e4`] returns.
pub fn write_e4(out: &mut impl fmt::Write, e4: i64) -> fmt::Result {
    out.write_str(e4_text(e4, &mut [0; E4_WIDTH]))
}

/// Appends what [`format_e4`] returns.
pub fn push_e4(out: &mut Vec<u8>, e4: i64) {
    out.extend_from_slice(e4_text(e4, &mut [0; E4_WIDTH]).as_bytes());
}

/// `-922337203685477.5808` and some room.
const E4_WIDTH: usize = 24;

/// Written from the last digit to the first.
fn e4_text(e4: i64, buffer: &mut [u8; E4_WIDTH]) -> &str {
    let mut start = E4_WIDTH;
    let mut put = |byte: u8| {
        start -= 1;
        buffer[start] = byte;
    };
    let mut units = e4.unsigned_abs() / 10_000;
    let mut decimals = e4.unsigned_abs() % 10_000;
    let mut places = 4;
    while places > 0 && decimals.is_multiple_of(10) {
        decimals /= 10;
        places -= 1;
    }
    if places > 0 {
        for _ in 0..places {
            put(b'0' + (decimals % 10) as u8);
            decimals /= 10;
        }
        put(b'.');
    }
    loop {
        put(b'0' + (units % 10) as u8);
        units /= 10;
        if units == 0 {
            break;
        }
    }
    if e4 < 0 {
        put(b'-');
    }
    // ASCII alone was put in.
    std::str::from_utf8(&buffer[start..]).unwrap_or_default()
}

#[cfg(test)]
#[path = "money_tests.rs"]
mod tests;
