//! Exact decimals: of text, of integers, and of floats by the shortest text that stands for them.

use std::fmt::{self, Write};

use super::money::{Money, NumberError};
use super::number_forms;

/// An exact decimal number, `mantissa / 10^scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    mantissa: i128,
    scale: u8,
}

/// The decimals that a [`Decimal`] keeps; where a text has more, one more digit stands for "and something".
const MAX_SCALE: u8 = 37;

/// The significant digits that are read, so that one more and a sign still fit an `i128`.
const MAX_DIGITS: u32 = 37;

/// Mantissas below take another digit.
const FULL: u128 = 10_u128.pow(MAX_DIGITS - 1);

const POWERS_OF_TEN: [i64; 19] = {
    let mut powers = [1; 19];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

impl Decimal {
    pub const ZERO: Self = Self { mantissa: 0, scale: 0 };

    #[inline]
    pub(super) fn small(mantissa: i64, scale: u8) -> Self {
        Self { mantissa: i128::from(mantissa), scale }
    }

    /// An amount of money in 1/10,000 of the unit.
    #[inline]
    pub fn of_e4(e4: i64) -> Self {
        Self::small(e4, 4)
    }

    pub fn mantissa(self) -> i128 {
        self.mantissa
    }

    /// How many of the mantissa's digits are decimals.
    pub fn scale(self) -> u8 {
        self.scale
    }

    /// Money of this number of units, rounded half away from zero to four decimals.
    #[inline]
    pub fn to_e4(self) -> Result<Money, NumberError> {
        e4_of(self.mantissa, u32::from(self.scale))
    }

    /// The number that digits (leading and trailing zeros allowed, each 0 to 9) and a power of ten give.
    ///
    /// Digits beyond the 37th are cut off if they are decimals: they can turn no rounding to four places, and a last
    /// digit 1 keeps the fact that the number is a little more.
    pub(super) fn of_digits(
        is_negative: bool,
        digits: impl Iterator<Item = u8>,
        exponent: i32,
    ) -> Result<Self, NumberError> {
        let mut digits = digits;
        let mut exponent = exponent;
        let mut is_cut = false;
        // 64-bit arithmetic for as many digits as it holds, which is mostly all.
        let first = digits.by_ref().take(19).fold(0_u64, |m, digit| m * 10 + u64::from(digit));
        let mut mantissa = u128::from(first);
        for digit in digits {
            if mantissa < FULL {
                mantissa = mantissa * 10 + u128::from(digit);
            } else {
                exponent += 1;
                is_cut |= digit != 0;
            }
        }
        if mantissa == 0 {
            return Ok(Self::ZERO);
        }
        if exponent > 0 {
            mantissa = 10_u128
                .checked_pow(exponent.unsigned_abs())
                .and_then(|power| mantissa.checked_mul(power))
                .filter(|m| *m < FULL * 10)
                .ok_or(NumberError::TooLarge)?;
            exponent = 0;
        }
        let mut scale = exponent.unsigned_abs();
        // Usually no turn at all.
        while scale > u32::from(MAX_SCALE) && mantissa > 0 {
            is_cut |= mantissa % 10 != 0;
            mantissa /= 10;
            scale -= 1;
        }
        scale = scale.min(u32::from(MAX_SCALE));
        if is_cut {
            mantissa = mantissa * 10 + 1;
            scale += 1;
        }
        let mantissa = mantissa as i128;
        Ok(Self { mantissa: if is_negative { -mantissa } else { mantissa }, scale: scale as u8 })
    }

    /// One decimal less, cut off.
    fn shortened(self) -> Option<Self> {
        let scale = self.scale.checked_sub(1)?;
        Some(Self { mantissa: self.mantissa / 10, scale })
    }
}

impl From<i64> for Decimal {
    fn from(units: i64) -> Self {
        Self::small(units, 0)
    }
}

/// Rounds `mantissa / 10^scale` half away from zero to 1/10,000.
#[inline]
fn e4_of(mantissa: i128, scale: u32) -> Result<Money, NumberError> {
    if scale <= 4 {
        let factor = POWERS_OF_TEN[(4 - scale) as usize];
        // 128-bit arithmetic is slow, and hardly ever needed.
        let e4 = match i64::try_from(mantissa) {
            Ok(small) => small.checked_mul(factor),
            Err(_) => None,
        };
        return match e4 {
            Some(e4) => Ok(Money { e4, rounded: false }),
            None => Err(NumberError::TooLarge),
        };
    }
    let dropped = scale - 4;
    if let (Ok(small), Some(&divisor)) = (i64::try_from(mantissa), POWERS_OF_TEN.get(dropped as usize)) {
        let (quotient, rest) = (small / divisor, small % divisor);
        let is_up = rest.unsigned_abs() >= divisor.unsigned_abs() / 2;
        let e4 = quotient + if is_up { rest.signum() } else { 0 };
        return Ok(Money { e4, rounded: rest != 0 });
    }
    let Some(divisor) = 10_i128.checked_pow(dropped) else {
        // Less than half of 1/10,000, whatever the mantissa.
        return Ok(Money { e4: 0, rounded: mantissa != 0 });
    };
    let (quotient, rest) = (mantissa / divisor, mantissa % divisor);
    let is_up = rest.unsigned_abs() >= divisor.unsigned_abs() / 2;
    let e4 = quotient + if is_up { rest.signum() } else { 0 };
    let e4 = i64::try_from(e4).map_err(|_| NumberError::TooLarge)?;
    Ok(Money { e4, rounded: rest != 0 })
}

/// Quantity x price, exact, then rounded once, half away from zero. Products of more than 38 digits lose the last
/// decimals of the longer factor first.
#[inline]
pub fn product_e4(quantity: Decimal, price: Decimal) -> Result<Money, NumberError> {
    let (mut left, mut right) = (quantity, price);
    loop {
        if let Some(mantissa) = left.mantissa.checked_mul(right.mantissa) {
            return e4_of(mantissa, u32::from(left.scale) + u32::from(right.scale));
        }
        let longer = if left.scale >= right.scale { &mut left } else { &mut right };
        *longer = longer.shortened().ok_or(NumberError::TooLarge)?;
    }
}

/// Money of a whole number of units.
#[inline]
pub fn int_to_e4(units: i64) -> Result<Money, NumberError> {
    match units.checked_mul(10_000) {
        Some(e4) => Ok(Money { e4, rounded: false }),
        None => Err(NumberError::TooLarge),
    }
}

/// Below 2^51 ten-thousandths (2.25e11 units), doubles lie closer together than 1/10,000, so that each number of four
/// decimals has a double of its own.
const DISTINCT_E4: f64 = 2_251_799_813_685_248.0;

/// Money of a float: of the shortest decimal that reads back as `x`, so that a Parquet column of doubles and a CSV of
/// the same numbers give the same money. NaN is missing, infinity not a number.
#[inline]
pub fn f64_to_e4(x: f64) -> Result<Money, NumberError> {
    let scaled = x * 1e4;
    let nearest = scaled.round();
    if nearest.abs() < DISTINCT_E4 {
        if nearest / 1e4 == x {
            return Ok(Money { e4: nearest as i64, rounded: false });
        }
        // Away from a tie the rounding error of the product cannot matter: below 2^40 it is less than 2^-11.
        let from_tie = (scaled - nearest).abs() - 0.5;
        if nearest.abs() < 1_099_511_627_776.0 && from_tie.abs() > 0.001 {
            return Ok(Money { e4: nearest as i64, rounded: true });
        }
    }
    shortest_decimal(x)?.to_e4()
}

/// The shortest decimal that reads back as `x`. NaN is missing, infinity not a number.
#[inline]
pub fn f64_to_decimal(x: f64) -> Result<Decimal, NumberError> {
    let whole = x.round();
    if whole == x && whole.abs() < DISTINCT_E4 {
        return Ok(Decimal::small(whole as i64, 0));
    }
    let e4 = (x * 1e4).round();
    if e4.abs() < DISTINCT_E4 && e4 / 1e4 == x {
        return Ok(Decimal::small(e4 as i64, 4));
    }
    shortest_decimal(x)
}

#[cold]
fn shortest_decimal(x: f64) -> Result<Decimal, NumberError> {
    if x.is_nan() {
        return Err(NumberError::Missing);
    }
    if x.is_infinite() {
        return Err(NumberError::NotANumber);
    }
    let mut text = ShortText::default();
    // The standard library's `{:e}` is the shortest form that reads back (Grisu with Dragon as its fallback).
    write!(text, "{x:e}").map_err(|_| NumberError::NotANumber)?;
    number_forms::read_ascii(text.as_bytes())
}

/// Text on the stack: `-1.2345678901234567e-308` has 24 characters.
#[derive(Default)]
struct ShortText {
    bytes: [u8; 32],
    length: usize,
}

impl ShortText {
    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl Write for ShortText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
