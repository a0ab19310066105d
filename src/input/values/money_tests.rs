//! Tables of written forms, and integer arithmetic as the oracle.

use proptest::prelude::*;

use super::*;

fn read_as(cell: &str) -> String {
    match parse_money(cell) {
        Ok(Money { e4, rounded: false }) => format_e4(e4),
        Ok(Money { e4, rounded: true }) => format!("~{}", format_e4(e4)),
        Err(error) => format!("{error:?}"),
    }
}

#[track_caller]
fn check(table: &[(&str, &str)]) {
    for (cell, expected) in table {
        assert_eq!(read_as(cell), *expected, "{cell:?}");
    }
}

#[test]
fn plain_numbers() {
    check(&[
        ("0", "0"),
        ("12", "12"),
        ("123.45", "123.45"),
        ("-123.45", "-123.45"),
        ("+123.45", "123.45"),
        ("007.50", "7.5"),
        (".5", "0.5"),
        ("-.5", "-0.5"),
        ("12.", "12"),
        (" 12.5\t", "12.5"),
        ("'12.5", "12.5"),
        ("=\"12.5\"", "12.5"),
        ("−12.5", "-12.5"),
        ("–12.5", "-12.5"),
        ("- 12.5", "-12.5"),
        ("12.00-", "-12"),
        ("(12.00)", "-12"),
        ("（12.00）", "-12"),
        ("1e3", "1000"),
        ("1.5E+2", "150"),
        ("-1.5e-2", "-0.015"),
        ("1.23E+18", "TooLarge"),
        ("0.0001", "0.0001"),
        ("-0", "0"),
        ("-0.00", "0"),
        ("１２．５", "12.5"),
        ("－１２．５", "-12.5"),
        ("１，２３４．５", "1234.5"),
    ]);
}

#[test]
fn rounding_is_half_away_from_zero() {
    check(&[
        ("0.00004", "~0"),
        ("0.00005", "~0.0001"),
        ("-0.00005", "~-0.0001"),
        ("-0.00004", "~0"),
        ("1.23455", "~1.2346"),
        ("1.23454999999999999999999999999999999999999999999", "~1.2345"),
        ("1.23450000000000000000000000000000000000000000000", "1.2345"),
        ("1.23450000000000000000000000000000000000000000001", "~1.2345"),
        ("2.5000000", "2.5"),
        ("1e-300", "~0"),
        ("0e-300", "0"),
        ("0e9999", "0"),
    ]);
}

#[test]
fn separators() {
    check(&[
        ("1,234", "1234"),
        ("12,345", "12345"),
        ("1,234.00", "1234"),
        ("1,234,567.891", "1234567.891"),
        ("1,23,456.00", "123456"),
        ("12,34,56,789", "123456789"),
        ("1.234,00", "1234"),
        ("1.234.567,8", "1234567.8"),
        ("1.234.567", "1234567"),
        ("1.234", "1.234"),
        ("1 234,00", "1234"),
        ("1 234 567.5", "1234567.5"),
        ("1\u{a0}234,5", "1234.5"),
        ("1\u{202f}234,5", "1234.5"),
        ("1 234", "1234"),
        ("1'234.50", "1234.5"),
        ("1’234’567.50", "1234567.5"),
        ("1 234,567", "1234.567"),
        ("1,23", "1.23"),
        ("12,5", "12.5"),
        ("0,234", "0.234"),
        (",5", "0.5"),
        ("1234,567", "1234.567"),
        ("1,2345", "1.2345"),
        ("-1,234.5", "-1234.5"),
        ("(1,234.50)", "-1234.5"),
        ("1,5e3", "1500"),
        ("1,234.", "1234"),
    ]);
    for cell in [
        "1,2,3",
        "1,234,56",
        "1.2.3",
        "1,234.567,8",
        "1.234,567.8",
        "12,34.5",
        "1 23",
        "1 2345",
        "1  234",
        "012,345",
        "0,123,456",
        "12,",
        "1,234e3",
        "1 234'567",
        ",",
        ".",
        "1..5",
        "1,,5",
        ",123,456",
        "1 234,567,890",
        "1.234,567,8",
    ] {
        assert_eq!(read_as(cell), "NotANumber", "{cell:?}");
    }
}

#[test]
fn currencies() {
    for (cell, value, code) in [
        ("￥12.5", "12.5", "CNY"),
        ("¥ 12.5", "12.5", "CNY"),
        ("¥-12.5", "-12.5", "CNY"),
        ("-¥12.5", "-12.5", "CNY"),
        ("(¥12.5)", "-12.5", "CNY"),
        ("¥(12.5)", "-12.5", "CNY"),
        ("12.5元", "12.5", "CNY"),
        ("￥12.5元", "12.5", "CNY"),
        ("12.5 RMB", "12.5", "CNY"),
        ("RMB12.5", "12.5", "CNY"),
        ("rmb 12.5", "12.5", "CNY"),
        ("CNY 1,234.5", "1234.5", "CNY"),
        ("CN¥12.5", "12.5", "CNY"),
        ("人民币12.5", "12.5", "CNY"),
        ("¥1200 JPY", "1200", "JPY"),
        ("1,200円", "1200", "JPY"),
        ("$12.5", "12.5", "USD"),
        ("＄１２．５", "12.5", "USD"),
        ("US$12.5", "12.5", "USD"),
        ("$12.5 USD", "12.5", "USD"),
        ("$12.5 CAD", "12.5", "CAD"),
        ("CA$12.5", "12.5", "CAD"),
        ("12.5美元", "12.5", "USD"),
        ("€12,50", "12.5", "EUR"),
        ("12,50 €", "12.5", "EUR"),
        ("1.234,50 EUR", "1234.5", "EUR"),
        ("12.5-€", "-12.5", "EUR"),
        ("12.5€-", "-12.5", "EUR"),
        ("£12.5", "12.5", "GBP"),
        ("₹1,23,456.50", "123456.5", "INR"),
        ("Rs. 500", "500", "INR"),
        ("RM12.5", "12.5", "MYR"),
        ("R$ 1.234,50", "1234.5", "BRL"),
        ("HK$12", "12", "HKD"),
        ("Rp 150.000", "150000", "IDR"),
        ("Rp1.500.000", "1500000", "IDR"),
        ("Rp 12.5", "12.5", "IDR"),
        ("150.000 ₫", "150000", "VND"),
        ("12 руб.", "12", "RUB"),
        ("$12 €", "12", "EUR"),
        ("£12 €", "NotANumber", ""),
        ("$$12", "NotANumber", ""),
        ("￥", "NotANumber", "CNY"),
        ("USD", "NotANumber", "USD"),
        ("RM-A1", "NotANumber", ""),
        ("12", "12", ""),
        ("-12", "-12", ""),
        ("", "Missing", ""),
    ] {
        assert_eq!(read_as(cell), value, "{cell:?}");
        assert_eq!(currency_of(cell).unwrap_or_default(), code, "{cell:?}");
    }
}

#[test]
fn notes_in_brackets_are_left_out() {
    check(&[
        ("499.00（系统计算中，该值仅供参考）", "499"),
        ("131.77(已退款89.84)", "131.77"),
        ("131.77 (已退款89.84)", "131.77"),
        ("￥1,234.00（预估）", "1234"),
        ("12元(含运费)", "12"),
        ("12.50 (USD)", "12.5"),
        ("-12.50 (refunded)", "-12.5"),
        ("`131.77(已退款89.84)\t", "131.77"),
        ("12 (a (b) c)", "12"),
        ("12.50 (3)", "NotANumber"),
        ("12.50 (-3)", "NotANumber"),
        ("12.50 (¥3)", "NotANumber"),
        ("12.50 ()", "NotANumber"),
        ("(USD)", "NotANumber"),
        ("abc (note)", "NotANumber"),
        ("(1,234.00)", "-1234"),
        ("（1,234.00）", "-1234"),
        ("无退款申请", "0"),
        ("\t无退款申请", "0"),
        ("12.5%", "NotANumber"),
        ("12.5%(环比)", "NotANumber"),
        ("￥1,234.00", "1234"),
        ("1,234.00元", "1234"),
        ("`￥12.00", "12"),
        ("`-5.00", "-5"),
        ("($8.00)", "-8"),
        ("-$8.00", "-8"),
        (" --", "Missing"),
        ("——", "Missing"),
        ("`-", "Missing"),
        ("\t", "Missing"),
    ]);
    assert_eq!(parse_decimal("无退款申请"), Err(NumberError::NotANumber), "of money alone");
    assert_eq!(currency_of("12.50 (USD)"), Some("USD"));
    assert_eq!(currency_of("￥12.50 (预估)"), Some("CNY"));
    assert_eq!(currency_of("12.50 (预估)"), None);
}

proptest! {
    #[test]
    fn what_is_around_a_number_does_not_change_it(
        e4 in -10_000_000_000_000_i64..10_000_000_000_000,
        before in "[`']?[\t ]{0,2}",
        behind in "( ?元| ?\\(USD\\)|（系统计算中，该值仅供参考）|\\(已退款[0-9]{1,3}\\.[0-9]{2}\\))?[\t ]{0,2}",
    ) {
        let plain = format_e4(e4);
        prop_assert_eq!(parse_money(&plain), Ok(Money { e4, rounded: false }));
        prop_assert_eq!(without_note(&plain), &plain);
        let cell = format!("{before}{plain}{behind}");
        prop_assert_eq!(parse_money(&cell), Ok(Money { e4, rounded: false }), "{:?}", cell);
    }
}

#[test]
fn myriads() {
    check(&[
        ("1.2万", "12000"),
        ("1.2万元", "12000"),
        ("￥3万", "30000"),
        ("1,234.5万", "12345000"),
        ("0.00001万", "0.1"),
        ("-2亿", "-200000000"),
        ("万", "NotANumber"),
        ("1万万", "NotANumber"),
        ("1万2", "NotANumber"),
    ]);
}

#[test]
fn what_is_no_number() {
    for cell in [
        "", " ", "-", "--", "——", "nan", "NaN", "null", "NULL", "NA", "N/A", "#N/A", "None", "\\N",
        "\u{3000}",
    ] {
        assert_eq!(read_as(cell), "Missing", "{cell:?}");
        assert_eq!(parse_decimal(cell), Err(NumberError::Missing), "{cell:?}");
    }
    for cell in [
        "abc",
        "12abc",
        "abc12",
        "1-2",
        "--12",
        "+-12",
        "-12-",
        "(-12)",
        "-(12)",
        "(12",
        "12)",
        "((12))",
        "()",
        "12%",
        "1/2",
        "2011-12-09",
        "12:50",
        "0x10",
        "1e",
        "e5",
        "1e5e5",
        "1e99999",
        "inf",
        "Infinity",
        "张三",
        "#VALUE!",
        "１２a",
        "1_000",
        "$",
        "+",
        "12 34",
    ] {
        assert_eq!(read_as(cell), "NotANumber", "{cell:?}");
    }
    for cell in [
        "922337203685477.5808",
        "-922337203685477.5809",
        "99999999999999999999",
        "1e30",
        "1e300",
        "1e9999",
        "123456789012345678901234567890123456789012345678901234567890",
        "92233720368547758万",
    ] {
        assert_eq!(read_as(cell), "TooLarge", "{cell:?}");
    }
    check(&[
        ("922337203685477.5807", "922337203685477.5807"),
        ("-922337203685477.5808", "-922337203685477.5808"),
        ("922337203685477.58074", "~922337203685477.5807"),
        ("000000000000000000000000000000000000000000000000000000000001", "1"),
    ]);
}

#[test]
fn products_round_once() {
    let product = |quantity: &str, price: &str| {
        product_e4(parse_decimal(quantity).unwrap(), parse_decimal(price).unwrap())
            .map(|money| (format_e4(money.e4), money.rounded))
    };
    let exact = |text: &str| Ok((text.to_owned(), false));
    let rounded = |text: &str| Ok((text.to_owned(), true));
    assert_eq!(product("6", "2.55"), exact("15.3"));
    assert_eq!(product("-6", "2.55"), exact("-15.3"));
    assert_eq!(product("0.5", "0.0001"), rounded("0.0001"));
    assert_eq!(product("0.49999", "0.0001"), rounded("0"));
    // Rounding the factors first would give 0.
    assert_eq!(product("10000", "0.00001"), exact("0.1"));
    assert_eq!(product("3", "0.33333333333333333333333333333333333333"), rounded("1"));
    assert_eq!(product("1e15", "1"), Err(NumberError::TooLarge));
    assert_eq!(product("1e30", "1e30"), Err(NumberError::TooLarge));
    assert_eq!(product("0", "1e30"), exact("0"));
    let thirds = "0.3333333333333333333333333333333333333";
    assert_eq!(product(thirds, thirds), rounded("0.1111"));
}

#[test]
fn floats_are_their_shortest_decimals() {
    for (x, expected, is_rounded) in [
        (0.0, "0", false),
        (-0.0, "0", false),
        (0.1, "0.1", false),
        (0.1 + 0.2, "0.3", true),
        (2.55, "2.55", false),
        (-12.3456, "-12.3456", false),
        (0.00005, "0.0001", true),
        (-0.00005, "-0.0001", true),
        (0.00015, "0.0002", true),
        (2.67505, "2.6751", true),
        (0.000049999999, "0", true),
        (1e-300, "0", true),
        (123_456_789_012.345_6, "123456789012.3456", false),
        (900_000_000_000.0, "900000000000", false),
        (9e14, "900000000000000", false),
    ] {
        let money = f64_to_e4(x).unwrap();
        assert_eq!((format_e4(money.e4).as_str(), money.rounded), (expected, is_rounded), "{x}");
    }
    assert_eq!(f64_to_e4(f64::NAN), Err(NumberError::Missing));
    assert_eq!(f64_to_decimal(f64::NAN), Err(NumberError::Missing));
    assert_eq!(f64_to_e4(f64::INFINITY), Err(NumberError::NotANumber));
    assert_eq!(f64_to_e4(1e15), Err(NumberError::TooLarge));
    assert_eq!(f64_to_e4(-1e300), Err(NumberError::TooLarge));
    assert_eq!(int_to_e4(-12), Ok(Money { e4: -120_000, rounded: false }));
    assert_eq!(int_to_e4(i64::MAX), Err(NumberError::TooLarge));
}

#[test]
fn amounts_as_text() {
    for (e4, text) in [
        (0, "0"),
        (1, "0.0001"),
        (-1, "-0.0001"),
        (-5_000, "-0.5"),
        (120_000, "12"),
        (89_114_079_040, "8911407.904"),
        (i64::MAX, "922337203685477.5807"),
        (i64::MIN, "-922337203685477.5808"),
    ] {
        assert_eq!(format_e4(e4), text);
        let (mut written, mut pushed) = (String::new(), Vec::new());
        write_e4(&mut written, e4).unwrap();
        push_e4(&mut pushed, e4);
        assert_eq!((written.as_str(), pushed.as_slice()), (text, text.as_bytes()));
    }
}

/// The naive reading of `whole.decimals`, on i128: cut to 30 decimals, scaled, halves away from zero.
fn oracle(is_negative: bool, whole: u64, decimals: &str) -> (i128, bool) {
    let padded: i128 = format!("{whole}{decimals:0<12}").parse().unwrap();
    let (quotient, rest) = (padded / 100_000_000, padded % 100_000_000);
    let e4 = quotient + i128::from(rest >= 50_000_000);
    (if is_negative { -e4 } else { e4 }, rest != 0)
}

fn grouped(whole: u64, separator: &str) -> String {
    let digits = whole.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push_str(separator);
        }
        text.push(digit);
    }
    text
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC*") {
        let _ = (parse_money(&text), currency_of(&text));
    }

    #[test]
    fn no_text_like_money_panics(text in "[-+()0-9.,' eE$¥元万RMBUSD−]{0,24}") {
        let money = parse_money(&text);
        if let (Ok(money), Ok(decimal)) = (money, parse_decimal(&text)) {
            prop_assert_eq!(decimal.to_e4(), Ok(money));
        }
        prop_assert_eq!(money == Err(NumberError::Missing), is_missing(&text));
    }

    #[test]
    fn every_way_of_writing_is_the_same_money(
        is_negative: bool,
        whole in prop_oneof![0..100_000_u64, 0..10_u64.pow(14)],
        decimals in "[0-9]{1,12}",
    ) {
        let (e4, rounded) = oracle(is_negative, whole, &decimals);
        let money = Ok(Money { e4: e4 as i64, rounded });
        let sign = if is_negative { "-" } else { "" };
        prop_assert_eq!(parse_money(&format!("{sign}{whole}.{decimals}")), money);
        prop_assert_eq!(parse_money(&format!("{sign}{}.{decimals}", grouped(whole, ","))), money);
        prop_assert_eq!(parse_money(&format!("{sign}￥{}.{decimals}", grouped(whole, " "))), money);
        prop_assert_eq!(parse_money(&format!("{whole}.{decimals} €{sign}")), money);
        prop_assert_eq!(parse_money(&format!("{sign}{whole}{decimals}e-{}", decimals.len())), money);
        if is_negative {
            prop_assert_eq!(parse_money(&format!("({whole}.{decimals})")), money);
        }
        if whole >= 1000 || decimals.len() != 3 {
            prop_assert_eq!(parse_money(&format!("{sign}{}, {decimals}", grouped(whole, ".")).replace(", ", ",")), money);
        }
    }

    #[test]
    fn money_is_read_back(e4: i64) {
        prop_assert_eq!(parse_money(&format_e4(e4)), Ok(Money { e4, rounded: false }));
    }

    #[test]
    fn products_agree_with_integers(
        quantity in -1_000_000_i64..1_000_000, price in -100_000_000_i64..100_000_000, scale in 0..9_u32,
    ) {
        let product = i128::from(quantity) * i128::from(price) * 10_000;
        let divisor = 10_i128.pow(scale);
        let half_away = (product.abs() * 2 + divisor) / (divisor * 2) * product.signum();
        let money = Money { e4: half_away as i64, rounded: product % divisor != 0 };
        let price = parse_decimal(&format!("{price}e-{scale}")).unwrap();
        prop_assert_eq!(product_e4(Decimal::from(quantity), price), Ok(money));
    }

    #[test]
    fn a_float_is_the_money_of_its_text(x in prop_oneof![-1e6..1e6_f64, -1e12..1e12_f64, -1e15..1e15_f64, any::<f64>()]) {
        prop_assume!(x.is_finite());
        prop_assert_eq!(f64_to_e4(x), parse_money(&format!("{x:e}")), "{:e}", x);
        let decimal = f64_to_decimal(x).and_then(Decimal::to_e4);
        prop_assert_eq!(decimal, f64_to_e4(x), "{:e}", x);
    }

    #[test]
    fn floats_with_few_decimals_are_exact(value in -10_i64.pow(15)..10_i64.pow(15), scale in 0..7_i32) {
        let text = format!("{value}e-{scale}");
        let x: f64 = text.parse().unwrap();
        prop_assert_eq!(f64_to_e4(x), parse_money(&text), "{}", text);
    }

    #[test]
    fn near_ties_are_decided_by_the_shortest_decimal(units in -10_i64.pow(9)..10_i64.pow(9), ulps in -3..=3_i64) {
        let tie = (units as f64 + 0.5) / 1e4;
        let x = f64::from_bits(tie.to_bits().wrapping_add_signed(ulps));
        prop_assert_eq!(f64_to_e4(x), parse_money(&format!("{x:e}")), "{:e}", x);
    }
}
