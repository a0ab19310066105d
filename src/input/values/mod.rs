//! Cells of text into values: dates and money, exact and without allocation.
//!
//! | module | knows |
//! | --- | --- |
//! | [`dates`] | written dates to microseconds of local wall time, day-month order, time zones |
//! | [`money`] | written amounts to 1/10,000 of the currency unit, decimals, quantity x price |
//! | `civil` | the calendar: days and microseconds since 1970, and back to text |
//! | `date_forms` | which written form a cell has, before order and zone are known |
//! | `date_text` | full-width and Chinese characters of dates in ASCII |
//! | `number_forms` | signs, currencies and separators of written numbers |
//! | `decimal` | exact decimals, also of floats |
//!
//! The parsers look at one cell alone and say `Err` with a reason; counting failures, and deciding the day-month order
//! of a column, is the caller's part.

mod civil;
mod date_forms;
mod date_text;
pub mod dates;
mod decimal;
pub mod money;
mod number_forms;

/// The text of a cell without what spreadsheets and exports put around it: white space of any kind (also full-width and
/// zero-width), the apostrophe or tab that marks text in Excel (`'00123`), the backtick that bills of WeChat Pay and Alipay
/// put before every value, and the formula wrapper `="00123"`. Of the words `是'` and `否'`, as Tmall writes them, the
/// apostrophe behind is taken off too; behind an id it stays.
///
/// Dates, money and ids are all read through it, so that `'00123` and `00123` are one customer.
#[inline]
pub fn trimmed(cell: &str) -> &str {
    let bytes = cell.as_bytes();
    match (bytes.first(), bytes.last()) {
        (Some(first), Some(last)) if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() => cell,
        (None, _) | (_, None) => cell,
        _ => trim_wrappers(cell),
    }
}

/// Until nothing is left to take off, so that a second turn changes nothing.
fn trim_wrappers(cell: &str) -> &str {
    let mut text = cell.trim_matches(is_blank);
    loop {
        let formula = text.strip_prefix("=\"").and_then(|inner| inner.strip_suffix('"'));
        let Some(inner) = formula.or_else(|| text.strip_prefix(['\'', '`'])) else {
            return match text {
                "是'" => "是",
                "否'" => "否",
                text => text,
            };
        };
        text = inner.trim_matches(is_blank);
    }
}

/// White space, and characters that have no width but get copied along: byte order mark, zero-width space, marks of
/// writing direction.
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}')
}

/// Whether a cell says that there is no value: it is empty or white space, dashes alone (`-`, `--`, `——`), or one of the
/// words that programs write for null: `null`, `nan`, `na`, `n/a`, `#n/a`, `none`, `nil`, `nat`, `<na>`, `<null>`,
/// `(null)`, `\N`, in any case.
///
/// One rule for ids, dates and money alike. The bare `NA` is in it because R writes that for a missing id; a customer
/// whose real id is `NA` is the price. `0`, `/`, `unknown` and `无` are values.
pub fn is_missing(cell: &str) -> bool {
    let text = trimmed(cell);
    if text.len() > 12 {
        return false;
    }
    const NULL_WORDS: [&str; 12] =
        ["null", "nan", "na", "n/a", "#n/a", "none", "nil", "nat", "<na>", "<null>", "(null)", "\\n"];
    match text.as_bytes().first() {
        None => true,
        Some(first) if first.is_ascii_digit() => false,
        _ => {
            NULL_WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
                || text.chars().all(|c| matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '－'))
        }
    }
}

/// The ASCII twin of a full-width character (`１`, `：`, `＄`), which Chinese and Japanese keyboards produce.
pub(super) fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from(u8::try_from(c as u32 - 0xfee0).unwrap_or(b'?')),
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrappers_are_taken_off() {
        for (cell, inner) in [
            ("00123", "00123"),
            ("  00123\t", "00123"),
            ("'00123", "00123"),
            ("\t00123", "00123"),
            ("=\"00123\"", "00123"),
            ("\u{feff}00123\u{3000}", "00123"),
            ("\u{a0}", ""),
            ("", ""),
            ("O'Neil", "O'Neil"),
            ("`4200001", "4200001"),
            ("`\t4200001 ", "4200001"),
            ("`", ""),
            ("\t6921734976505", "6921734976505"),
            ("168.99\t", "168.99"),
            ("=\"3201111110000000001\"", "3201111110000000001"),
            ("否'", "否"),
            ("是' ", "是"),
            ("A1'", "A1'"),
            ("不是'", "不是'"),
            ("#1001", "#1001"),
            ("张三", "张三"),
        ] {
            assert_eq!(trimmed(cell), inner, "{cell:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn trimming_twice_is_trimming_once(cell in "[='`\" \ta1是否-]{0,8}") {
            proptest::prop_assert_eq!(trimmed(trimmed(&cell)), trimmed(&cell));
        }

        #[test]
        fn an_id_stays_whatever_is_put_around_it(
            id in "[A-Za-z0-9#@张P]([A-Za-z0-9_*.'` 张@-]{0,20}[A-Za-z0-9_*张])?",
            before in "[ \t\u{feff}\u{3000}]{0,2}['`]?[\t ]?",
            behind in "[ \t\u{a0}]{0,2}",
            formula in proptest::bool::ANY,
        ) {
            proptest::prop_assert_eq!(trimmed(&id), &id);
            let cell = if formula { format!("{before}=\"{id}\"{behind}") } else { format!("{before}{id}{behind}") };
            proptest::prop_assert_eq!(trimmed(&cell), &id);
        }
    }

    #[test]
    fn missing_is_empty_dashes_or_a_null_word() {
        for cell in [
            "", " ", "\t", "\u{3000}", "-", "--", "---", "—", "——", "－", "null", "NULL", "NaN", "nan", "NA",
            "N/A", "#N/A", "None", "none", "NaT", "<NA>", "(null)", "\\N", " null ", "'", "=\"\"", " --",
            "—— ", "`", "`-", "\t",
        ] {
            assert!(is_missing(cell), "{cell:?}");
        }
        for cell in ["0", "0.00", "-1", "nano", "Nancy", "无", "/", "- 1", "----x", "A", "unknown", "张三"]
        {
            assert!(!is_missing(cell), "{cell:?}");
        }
    }
}
