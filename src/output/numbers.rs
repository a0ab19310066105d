//! How numbers are shown to people: thousands separators, rounded half away from zero in decimal, never through a binary
//! fraction that decimal digits do not have.

/// 1/10,000 of the unit -> two decimals: `8,911,407.90`.
pub fn money(e4: i64) -> String {
    rounded(&exact_money(e4), 0, 2)
}

/// A whole number with thousands separators.
pub fn grouped(value: impl Into<i128>) -> String {
    rounded(&value.into().to_string(), 0, 0)
}

/// A number with this many decimals.
pub fn number(value: f64, decimals: u8) -> String {
    float(value, 0, decimals)
}

/// A ratio as a percentage with one decimal: 0.1234 -> `12.3%`.
pub fn percent(ratio: f64) -> String {
    float(ratio, 2, 1) + "%"
}

/// A ratio as a percentage with this many decimals.
pub(super) fn percent_to(ratio: f64, decimals: u8) -> String {
    float(ratio, 2, decimals) + "%"
}

/// 1/10,000 of the unit -> this many decimals.
pub(super) fn money_to(e4: i64, decimals: u8) -> String {
    rounded(&exact_money(e4), 0, usize::from(decimals))
}

/// A sum in 1/10,000 of the unit -> two decimals.
pub fn sum(e4: i128) -> String {
    rounded(&exact_sum(e4), 0, 2)
}

/// A sum in 1/10,000 of the unit as decimal digits, exact and without idle zeros.
pub(super) fn exact_sum(e4: i128) -> String {
    if let Ok(small) = i64::try_from(e4) {
        return exact_money(small);
    }
    let sign = if e4 < 0 { "-" } else { "" };
    let digits = format!("{sign}{}.{:04}", e4.unsigned_abs() / 10_000, e4.unsigned_abs() % 10_000);
    digits.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// 1/10,000 of the unit as decimal digits, exact and without idle zeros: `8911407.904`.
pub(super) fn exact_money(e4: i64) -> String {
    let sign = if e4 < 0 { "-" } else { "" };
    let units = e4.unsigned_abs() / 10_000;
    let rest = e4.unsigned_abs() % 10_000;
    if rest == 0 {
        return format!("{sign}{units}");
    }
    let digits = format!("{sign}{units}.{rest:04}");
    digits.trim_end_matches('0').to_owned()
}

fn float(value: f64, shift: usize, decimals: u8) -> String {
    if !value.is_finite() {
        return ABSENT.to_owned();
    }
    if value.abs() >= 1e15 {
        // Digits beyond the fifteenth are noise, and hundreds of them no table.
        return format!("{:.2e}", value * 10f64.powi(shift as i32));
    }
    rounded(&value.to_string(), shift, usize::from(decimals))
}

/// What stands for a value that is not there.
pub(super) const ABSENT: &str = "–";

/// `digits` ("-12.345") with the point moved `shift` places right, rounded half away from zero, grouped by thousands.
fn rounded(digits: &str, shift: usize, decimals: usize) -> String {
    let (negative, digits) = match digits.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, digits),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let digit = |i: usize| fraction.as_bytes().get(i).copied().unwrap_or(b'0');

    let mut kept: Vec<u8> = whole.bytes().collect();
    kept.extend((0..shift + decimals).map(digit));
    if digit(shift + decimals) >= b'5' {
        increment(&mut kept);
    }
    let point = kept.len() - decimals;
    let (whole, fraction) = kept.split_at(point);
    let leading = whole.iter().take_while(|d| **d == b'0').count().min(point.saturating_sub(1));
    let whole = &whole[leading..];

    let mut shown = String::with_capacity(kept.len() + kept.len() / 3 + 2);
    if negative && kept.iter().any(|d| *d != b'0') {
        shown.push('-');
    }
    for (i, d) in whole.iter().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(char::from(*d));
    }
    if decimals > 0 {
        shown.push('.');
        shown.extend(fraction.iter().map(|d| char::from(*d)));
    }
    shown
}

/// Adds one to the last of the decimal digits.
fn increment(digits: &mut Vec<u8>) {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return;
        }
        *digit = b'0';
    }
    digits.insert(0, b'1');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_rounds_half_away_from_zero_exactly() {
        assert_eq!(money(89_114_079_040), "8,911,407.90");
        assert_eq!(money(1_0050), "1.01");
        assert_eq!(money(-1_0050), "-1.01");
        assert_eq!(money(1_0049), "1.00");
        assert_eq!(money(-49), "0.00");
        assert_eq!(money(9_999_950), "1,000.00");
        assert_eq!(money(i64::MIN), "-922,337,203,685,477.58");
        assert_eq!(exact_money(89_114_079_040), "8911407.904");
        assert_eq!(exact_money(-5), "-0.0005");
        assert_eq!(exact_sum(i128::from(i64::MAX) * 10), "9223372036854775.807");
        assert_eq!(exact_sum(-100_000_000_000_000_000_000_000), "-10000000000000000000");
        assert_eq!(sum(89_114_079_040), "8,911,407.90");
        assert_eq!(exact_money(120_000), "12");
        assert_eq!(exact_money(0), "0");
        assert_eq!(exact_money(i64::MIN), "-922337203685477.5808");
    }

    #[test]
    fn whole_numbers_are_grouped() {
        assert_eq!(grouped(0_i64), "0");
        assert_eq!(grouped(999_u64), "999");
        assert_eq!(grouped(1_000_u32), "1,000");
        assert_eq!(grouped(-1_234_567_i64), "-1,234,567");
        assert_eq!(grouped(i64::MIN), "-9,223,372,036,854,775,808");
    }

    #[test]
    fn fractions_round_in_decimal() {
        assert_eq!(number(2.675, 2), "2.68");
        assert_eq!(number(-2.675, 2), "-2.68");
        assert_eq!(number(0.5, 0), "1");
        assert_eq!(number(999.999, 2), "1,000.00");
        assert_eq!(number(1e-300, 3), "0.000");
        assert_eq!(number(-0.0, 1), "0.0");
        assert_eq!(number(1e300, 2), "1.00e300");
        assert_eq!(number(f64::NAN, 2), ABSENT);
        assert_eq!(percent(0.1234), "12.3%");
        assert_eq!(percent(0.1235), "12.4%");
        assert_eq!(percent(0.29), "29.0%");
        assert_eq!(percent(1.0), "100.0%");
        assert_eq!(percent(12.5), "1,250.0%");
        assert_eq!(percent(-0.0004), "0.0%");
        assert_eq!(percent(1e-9), "0.0%");
    }
}
