//! Tables of written forms, and chrono as the oracle.

use chrono::Timelike;
use proptest::prelude::*;

use super::*;

const SHANGHAI: Option<Tz> = Some(Tz::Asia__Shanghai);

fn auto(order: Option<DateOrder>, tz: Option<Tz>) -> DateParser {
    DateParser::new(DateFormat::Auto { order }, tz)
}

/// What a cell reads as, in ISO 8601, or the name of the error.
fn read_as(parser: &DateParser, cell: &str) -> String {
    match parser.parse(cell) {
        Ok(us) => format_us(us),
        Err(error) => format!("{error:?}"),
    }
}

fn check(order: Option<DateOrder>, tz: Option<Tz>, table: &[(&str, &str)]) {
    let parser = auto(order, tz);
    for (cell, expected) in table {
        assert_eq!(read_as(&parser, cell), *expected, "{cell:?} {order:?} {tz:?}");
    }
}

#[test]
fn year_first_forms() {
    check(
        None,
        None,
        &[
            ("2011-12-09", "2011-12-09T00:00:00"),
            ("2011-12-09 12:50", "2011-12-09T12:50:00"),
            ("2011-12-09 12:50:31", "2011-12-09T12:50:31"),
            ("2011-12-09T12:50:31", "2011-12-09T12:50:31"),
            ("2011-12-09t12:50:31", "2011-12-09T12:50:31"),
            ("2011-12-09 12:50:31.5", "2011-12-09T12:50:31.500000"),
            ("2011-12-09 12:50:31,5", "2011-12-09T12:50:31.500000"),
            ("2011-12-09 12:50:31.123456", "2011-12-09T12:50:31.123456"),
            ("2011-12-09 23:59:59.999999999", "2011-12-09T23:59:59.999999"),
            ("2011-12-09  12:50", "2011-12-09T12:50:00"),
            (" 2011-12-09 12:50\t", "2011-12-09T12:50:00"),
            ("\t2011-12-09", "2011-12-09T00:00:00"),
            ("'2011-12-09", "2011-12-09T00:00:00"),
            ("=\"2011-12-09\"", "2011-12-09T00:00:00"),
            ("\u{3000}2011-12-09", "2011-12-09T00:00:00"),
            ("2011/12/9 8:26", "2011-12-09T08:26:00"),
            ("2011/12/9 8:26:05", "2011-12-09T08:26:05"),
            ("2011/12/09", "2011-12-09T00:00:00"),
            ("2011.12.09", "2011-12-09T00:00:00"),
            ("2011. 12. 9", "2011-12-09T00:00:00"),
            ("2011-1-2", "2011-01-02T00:00:00"),
            ("2011-12-09 08", "2011-12-09T08:00:00"),
            ("2011-12-09 Fri 12:50", "2011-12-09T12:50:00"),
            ("2011-12-09, 12:50", "2011-12-09T12:50:00"),
            ("２０１１－１２－０９　１２：５０", "2011-12-09T12:50:00"),
            ("2012-02-29", "2012-02-29T00:00:00"),
            ("1900-01-01", "1900-01-01T00:00:00"),
            ("2200-12-31 23:59:59", "2200-12-31T23:59:59"),
            ("1969-12-31 23:59:59", "1969-12-31T23:59:59"),
        ],
    );
}

#[test]
fn chinese_forms() {
    check(
        None,
        None,
        &[
            ("2011年12月9日", "2011-12-09T00:00:00"),
            ("2011年12月9日 8时26分", "2011-12-09T08:26:00"),
            ("2011年12月9日8时26分5秒", "2011-12-09T08:26:05"),
            ("2011年12月9日 8:26", "2011-12-09T08:26:00"),
            ("2011年12月09日 08:26:31", "2011-12-09T08:26:31"),
            ("2011 年 12 月 9 日 8 时", "2011-12-09T08:00:00"),
            ("2011年12月9号", "2011-12-09T00:00:00"),
            ("2011年12月9", "2011-12-09T00:00:00"),
            ("11年12月9日", "2011-12-09T00:00:00"),
            ("2011年12月9日星期五 12:50", "2011-12-09T12:50:00"),
            ("2011年12月9日 周五 下午8:26", "2011-12-09T20:26:00"),
            ("2011/12/9 上午 12:50", "2011-12-09T00:50:00"),
            ("2011/12/9 下午 12:50", "2011-12-09T12:50:00"),
            ("2011年12月", "NotADate"),
            ("2011年13月9日", "NotADate"),
            ("2011年12月9日元", "NotADate"),
        ],
    );
}

#[test]
fn day_and_month_by_order() {
    use DateOrder::{Dmy, Mdy, Ymd};
    for (cell, none, dmy, mdy, ymd) in [
        ("12/9/2011 8:26", "Ambiguous", "2011-09-12T08:26:00", "2011-12-09T08:26:00", "Ambiguous"),
        ("9.12.2011", "Ambiguous", "2011-12-09T00:00:00", "2011-09-12T00:00:00", "Ambiguous"),
        ("12-09-2011", "Ambiguous", "2011-09-12T00:00:00", "2011-12-09T00:00:00", "Ambiguous"),
        ("13/5/2011", "2011-05-13T00:00:00", "2011-05-13T00:00:00", "NotADate", "2011-05-13T00:00:00"),
        ("5/13/2011", "2011-05-13T00:00:00", "NotADate", "2011-05-13T00:00:00", "2011-05-13T00:00:00"),
        (
            "5/5/2011",
            "2011-05-05T00:00:00",
            "2011-05-05T00:00:00",
            "2011-05-05T00:00:00",
            "2011-05-05T00:00:00",
        ),
        ("13/13/2011", "NotADate", "NotADate", "NotADate", "NotADate"),
        ("30/2/2011", "NotADate", "NotADate", "NotADate", "NotADate"),
        ("12/9/11", "Ambiguous", "2011-09-12T00:00:00", "2011-12-09T00:00:00", "NotADate_"),
        (
            "12/09/11 8:26 PM",
            "Ambiguous",
            "2011-09-12T20:26:00",
            "2011-12-09T20:26:00",
            "2012-09-11T20:26:00",
        ),
        ("11-12-09", "Ambiguous", "2009-12-11T00:00:00", "2009-11-12T00:00:00", "2011-12-09T00:00:00"),
        ("25/12/11", "Ambiguous", "2011-12-25T00:00:00", "NotADate", "2025-12-11T00:00:00"),
        ("25/12/99", "1999-12-25T00:00:00", "1999-12-25T00:00:00", "NotADate", "NotADate"),
        ("99-12-25", "1999-12-25T00:00:00", "NotADate", "NotADate", "1999-12-25T00:00:00"),
        ("1/2/69", "Ambiguous", "2069-02-01T00:00:00", "2069-01-02T00:00:00", "NotADate"),
        ("1/2/70", "Ambiguous", "1970-02-01T00:00:00", "1970-01-02T00:00:00", "NotADate"),
        ("5/5/2", "NotADate", "NotADate", "NotADate", "NotADate"),
        (
            "2011-12-09",
            "2011-12-09T00:00:00",
            "2011-12-09T00:00:00",
            "2011-12-09T00:00:00",
            "2011-12-09T00:00:00",
        ),
        (
            "2011-9-12 8:26",
            "2011-09-12T08:26:00",
            "2011-09-12T08:26:00",
            "2011-09-12T08:26:00",
            "2011-09-12T08:26:00",
        ),
        ("12/9-2011", "NotADate", "NotADate", "NotADate", "NotADate"),
        ("1/2/0000", "OutOfRange_", "OutOfRange", "OutOfRange", "OutOfRange_"),
    ] {
        for (order, expected) in [(None, none), (Some(Dmy), dmy), (Some(Mdy), mdy), (Some(Ymd), ymd)] {
            // 12/9/11 with the year first is 2012-09-11: its second number has one digit, its first two.
            let expected = match expected {
                "NotADate_" => "2012-09-11T00:00:00",
                "OutOfRange_" => "Ambiguous",
                other => other,
            };
            assert_eq!(read_as(&auto(order, None), cell), expected, "{cell:?} {order:?}");
        }
    }
}

#[test]
fn months_by_name() {
    check(
        None,
        None,
        &[
            ("9 Dec 2011", "2011-12-09T00:00:00"),
            ("9 December 2011 12:50", "2011-12-09T12:50:00"),
            ("Dec 9, 2011", "2011-12-09T00:00:00"),
            ("Dec 9, 2011 8:26:05 PM", "2011-12-09T20:26:05"),
            ("December 9th, 2011", "2011-12-09T00:00:00"),
            ("9th Dec 2011", "2011-12-09T00:00:00"),
            ("1st sept. 2011", "2011-09-01T00:00:00"),
            ("09-Dec-11", "2011-12-09T00:00:00"),
            ("09-DEC-1999", "1999-12-09T00:00:00"),
            ("09DEC2011:12:50:00", "2011-12-09T12:50:00"),
            ("2011-Dec-09", "2011-12-09T00:00:00"),
            ("2011 May 9", "2011-05-09T00:00:00"),
            ("Fri, 09 Dec 2011 12:50:00", "2011-12-09T12:50:00"),
            ("Friday, December 9, 2011", "2011-12-09T00:00:00"),
            ("Fri Dec  9 12:50:00 2011", "2011-12-09T12:50:00"),
            ("09/Dec/2011:12:50:00 +0000", "2011-12-09T12:50:00"),
            ("Dec 2011", "NotADate"),
            ("9 Foo 2011", "NotADate"),
            ("Dec 32, 2011", "NotADate"),
            ("De 9, 2011", "NotADate"),
        ],
    );
}

#[test]
fn digits_alone_and_epochs() {
    check(
        None,
        None,
        &[
            ("20111209", "2011-12-09T00:00:00"),
            ("20111209.0", "2011-12-09T00:00:00"),
            ("20111209 08:26", "2011-12-09T08:26:00"),
            ("20111209T082600", "2011-12-09T08:26:00"),
            ("20111209T08:26", "2011-12-09T08:26:00"),
            ("201112090826", "2011-12-09T08:26:00"),
            ("20111209082631", "2011-12-09T08:26:31"),
            ("20111209082631.25", "2011-12-09T08:26:31.250000"),
            ("20111209082631250", "2011-12-09T08:26:31.250000"),
            ("1323420600", "2011-12-09T08:50:00"),
            ("1323420600.5", "2011-12-09T08:50:00.500000"),
            ("1323420600.0", "2011-12-09T08:50:00"),
            ("1323420600123", "2011-12-09T08:50:00.123000"),
            ("1323420600123456", "2011-12-09T08:50:00.123456"),
            ("1323420600123456789", "2011-12-09T08:50:00.123456"),
            ("978307200", "2001-01-01T00:00:00"),
            ("978307199", "NotADate"),
            ("123456789", "NotADate"),
            ("9876543210", "OutOfRange"),
            ("13812345678", "NotADate"),
            ("20110230", "NotADate"),
            ("20111309", "NotADate"),
            ("20111209256000", "NotADate"),
            ("99991231", "OutOfRange"),
            ("201112", "NotADate"),
            ("2011", "NotADate"),
            ("40886", "NotADate"),
            ("123456789012345678901234567890", "NotADate"),
            ("1323420600x", "NotADate"),
        ],
    );
    check(None, SHANGHAI, &[("1323420600", "2011-12-09T16:50:00"), ("20111209", "2011-12-09T00:00:00")]);
}

#[test]
fn offsets_are_converted_only_to_a_zone_that_was_given() {
    for (cell, shanghai) in [
        ("2011-12-09T12:50:00Z", "2011-12-09T20:50:00"),
        ("2011-12-09 12:50:00 UTC", "2011-12-09T20:50:00"),
        ("2011-12-09 12:50:00.000 GMT", "2011-12-09T20:50:00"),
        ("2011-12-09T12:50:00+08:00", "2011-12-09T12:50:00"),
        ("2011-12-09T12:50:00+0800", "2011-12-09T12:50:00"),
        ("2011-12-09 12:50:00 +08", "2011-12-09T12:50:00"),
        ("2011-12-09 12:50:00+08", "2011-12-09T12:50:00"),
        ("2011-12-09 12:50-05:30", "2011-12-10T02:20:00"),
        ("2011-12-09 12:50:00 GMT+8", "2011-12-09T12:50:00"),
        ("2011-12-09T12:50+08:00[Asia/Shanghai]", "2011-12-09T12:50:00"),
        ("Fri Dec 09 2011 12:50:00 GMT+0800 (China Standard Time)", "2011-12-09T12:50:00"),
        ("Fri Dec 09 2011 12:50:00 GMT+0800 (中国标准时间)", "2011-12-09T12:50:00"),
        ("Fri, 09 Dec 2011 12:50:00 +0000", "2011-12-09T20:50:00"),
        ("Fri Dec 09 12:50:00 +0000 2011", "2011-12-09T20:50:00"),
        ("20111209T125000Z", "2011-12-09T20:50:00"),
        ("2011年12月9日 12:50 +00:00", "2011-12-09T20:50:00"),
    ] {
        assert_eq!(read_as(&auto(None, None), cell), "2011-12-09T12:50:00", "{cell:?}");
        assert_eq!(read_as(&auto(None, SHANGHAI), cell), shanghai, "{cell:?}");
    }
    check(
        None,
        SHANGHAI,
        &[
            ("2011-12-09 12:50:00", "2011-12-09T12:50:00"),
            ("2011-12-09 12:50:00 CST", "NotADate"),
            ("2011-12-09 12:50:00 +25:00", "NotADate"),
            ("2011-12-09 12:50:00 +", "NotADate"),
            ("2011-12-09Z", "NotADate"),
            ("2011-12-09 12:50 (cancelled)", "NotADate"),
        ],
    );
    // Summer time: the zone's offset at that instant, not one of today.
    let new_york = auto(None, Some(Tz::America__New_York));
    assert_eq!(read_as(&new_york, "2011-07-01T12:00:00Z"), "2011-07-01T08:00:00");
    assert_eq!(read_as(&new_york, "2011-12-01T12:00:00Z"), "2011-12-01T07:00:00");
    assert_eq!(instant_to_local(0, SHANGHAI), 8 * US_PER_HOUR);
    assert_eq!(instant_to_local(0, None), 0);
}

#[test]
fn times_of_day() {
    check(
        None,
        None,
        &[
            ("2011-12-09 8:26 AM", "2011-12-09T08:26:00"),
            ("2011-12-09 8:26 pm", "2011-12-09T20:26:00"),
            ("2011-12-09 8:26:31PM", "2011-12-09T20:26:31"),
            ("2011-12-09 8:26 p.m.", "2011-12-09T20:26:00"),
            ("2011-12-09 12:00 AM", "2011-12-09T00:00:00"),
            ("2011-12-09 12:00 PM", "2011-12-09T12:00:00"),
            ("2011-12-09 8 PM", "2011-12-09T20:00:00"),
            ("2011-12-09 20:26 PM", "2011-12-09T20:26:00"),
            ("2011-12-09 20:26 AM", "NotADate"),
            ("2011-12-09 0:26 PM", "NotADate"),
            ("2011-12-09 24:00", "2011-12-10T00:00:00"),
            ("2011-12-09 24:00:00", "2011-12-10T00:00:00"),
            ("2011-12-09 24:00:01", "NotADate"),
            ("2011-12-09 24:01", "NotADate"),
            ("2011-12-31 23:59:60", "2011-12-31T23:59:59.999999"),
            ("2011-12-31 23:59:61", "NotADate"),
            ("2011-12-09 25:00", "NotADate"),
            ("2011-12-09 12:60", "NotADate"),
            ("2011-12-09 8", "NotADate"),
            ("2011-12-09 12:", "NotADate"),
            ("2011-12-09 :50", "NotADate"),
            ("2011-12-09T", "NotADate"),
            ("2011-12-09 12:50:00.", "NotADate"),
            ("2011-12-09 12:50x", "NotADate"),
        ],
    );
}

#[test]
fn what_is_no_date() {
    for cell in
        ["", " ", "null", "NaN", "--", "N/A", "0000-00-00", "0000-00-00 00:00:00", "00000000", "0000/0/0"]
    {
        assert_eq!(read_as(&auto(None, None), cell), "Empty", "{cell:?}");
    }
    for cell in ["0001-01-01", "9999-12-31", "1899-12-31", "2201-01-01", "9999/12/31 0:00", "31/12/9999"] {
        assert_eq!(read_as(&auto(None, None), cell), "OutOfRange", "{cell:?}");
    }
    for cell in [
        "2011-02-30",
        "2011-02-29",
        "2011-13-01",
        "2011-00-10",
        "2011-10-00",
        "hello",
        "12",
        "12.50",
        "2011-12",
        "2011-12-",
        "2011-12-09-10",
        "2011--12-09",
        "-2011-12-09",
        "2011-12-091",
        "########",
        "2011\u{1}12\u{2}09",
        "1.2.3.4",
        "张三",
        "+8613812345678",
        "#VALUE!",
        "()",
        "[]",
        "2011-12-09)",
    ] {
        assert_eq!(read_as(&auto(None, None), cell), "NotADate", "{cell:?}");
        assert_eq!(classify(cell), DateClass::NotADate, "{cell:?}");
    }
}

#[test]
fn classes() {
    use DateClass::{DayFirst, Either, MonthFirst, NotADate, Unambiguous};
    for (cell, class) in [
        ("2011-12-09", Unambiguous),
        ("2011/12/9 8:26", Unambiguous),
        ("9 Dec 2011", Unambiguous),
        ("1323420600", Unambiguous),
        ("20111209", Unambiguous),
        ("2011年12月9日", Unambiguous),
        ("13/5/2011", DayFirst),
        ("13.5.2011 8:26", DayFirst),
        ("5/13/2011", MonthFirst),
        ("5/6/2011", Either),
        ("5/5/2011", Unambiguous),
        ("12/9/11", Either),
        ("12/25/11", MonthFirst),
        ("25/12/11", Either),
        ("25/12/99", DayFirst),
        ("99-12-25", Unambiguous),
        ("11/11/11", Unambiguous),
        ("13/13/2011", NotADate),
        ("", NotADate),
        ("0000-00-00", NotADate),
    ] {
        assert_eq!(classify(cell), class, "{cell:?}");
    }
}

#[test]
fn formats_of_the_option() {
    let order = |order| DateFormat::Auto { order };
    assert_eq!(parse_date_format("dmy").unwrap(), order(Some(DateOrder::Dmy)));
    assert_eq!(parse_date_format("MDY").unwrap(), order(Some(DateOrder::Mdy)));
    assert_eq!(parse_date_format("ymd").unwrap(), order(Some(DateOrder::Ymd)));
    assert_eq!(parse_date_format("auto").unwrap(), order(None));
    for pattern in
        ["%d/%m/%Y", "%d/%m/%Y %H:%M", "%Y%m%d%H", "%I:%M %p %d.%m.%y", "%s", "%Y-%j", "%+", "%F %T%z"]
    {
        assert!(
            matches!(parse_date_format(pattern), Ok(DateFormat::Pattern(p)) if p == pattern),
            "{pattern:?}"
        );
    }
    for bad in ["", "DD/MM/YYYY", "%Q", "%d/%m", "%H:%M", "%Y-%m", "%d/%m/%Y %I:%M", "%"] {
        let error = parse_date_format(bad).unwrap_err();
        assert_eq!(error.code(), "bad_option", "{bad:?}");
        assert!(error.to_string().starts_with("--date-format"), "{error}");
    }
}

#[test]
fn patterns() {
    let parser = |pattern: &str| DateParser::new(parse_date_format(pattern).unwrap(), SHANGHAI);
    for (pattern, cell, expected) in [
        ("%d/%m/%Y", "09/12/2011", "2011-12-09T00:00:00"),
        ("%d/%m/%Y", " '9/12/2011 ", "2011-12-09T00:00:00"),
        ("%d/%m/%Y", "12/13/2011", "NotADate"),
        ("%d/%m/%Y", "09/12/2011 8:26", "NotADate"),
        ("%d/%m/%Y", "", "Empty"),
        ("%d/%m/%Y", "09/12/9999", "OutOfRange"),
        ("%Y%m%d%H", "2011120908", "2011-12-09T08:00:00"),
        ("%d.%m.%y %I:%M %p", "9.12.11 8:26 PM", "2011-12-09T20:26:00"),
        ("%F %T%.f", "2011-12-31 23:59:60.5", "2011-12-31T23:59:59.999999"),
        ("%F %T%z", "2011-12-09 12:50:00+0000", "2011-12-09T20:50:00"),
        ("%s", "1323420600", "2011-12-09T16:50:00"),
    ] {
        assert_eq!(read_as(&parser(pattern), cell), expected, "{pattern:?} {cell:?}");
    }
    let unchecked = DateParser::new(DateFormat::Pattern("%Q".into()), None);
    assert_eq!(unchecked.parse("2011-12-09"), Err(DateError::NotADate));
}

#[test]
fn moments_of_options() {
    let text = |text, end| parse_moment(text, end).map(format_us);
    assert_eq!(text("2011-12-09", false).as_deref(), Some("2011-12-09T00:00:00"));
    assert_eq!(text("2011-12-09", true).as_deref(), Some("2011-12-09T23:59:59.999999"));
    assert_eq!(text("2011-12-09 12:50", true).as_deref(), Some("2011-12-09T12:50:00"));
    assert_eq!(text("2011-12-09T12:50:00.5", true).as_deref(), Some("2011-12-09T12:50:00.500000"));
    for bad in
        ["", "2011", "2011/12/09", "12/09/2011", "2011-2-3", "2011-02-30", "2011-12-09Z", "today", "20111209"]
    {
        assert_eq!(parse_moment(bad, true), None, "{bad:?}");
    }
}

/// Microseconds from 1900 to 2200.
fn any_moment() -> impl Strategy<Value = i64> {
    -2_208_988_800_000_000_i64..7_289_654_400_000_000
}

proptest! {
    #[test]
    fn no_text_panics_and_the_class_agrees_with_the_parser(text in "\\PC*") {
        let _ = auto(None, SHANGHAI).parse(&text);
        let _ = parse_moment(&text, true);
    }

    #[test]
    fn no_text_like_a_date_panics(text in "[ 0-9年月日时分秒/.:,+\\-TZapmPMDecFri'()]{0,30}") {
        let by_none = auto(None, SHANGHAI).parse(&text);
        let day_first = auto(Some(DateOrder::Dmy), SHANGHAI).parse(&text);
        let month_first = auto(Some(DateOrder::Mdy), SHANGHAI).parse(&text);
        match classify(&text) {
            DateClass::Unambiguous => prop_assert!(by_none != Err(DateError::Ambiguous)),
            DateClass::DayFirst => prop_assert!(by_none == day_first && month_first.is_err()),
            DateClass::MonthFirst => prop_assert!(by_none == month_first && day_first.is_err()),
            DateClass::Either => prop_assert_eq!(by_none, Err(DateError::Ambiguous)),
            DateClass::NotADate => prop_assert!(by_none.is_err()),
        }
    }

    #[test]
    fn a_written_moment_is_read_back(us in any_moment()) {
        let parser = auto(None, None);
        prop_assert_eq!(parser.parse(&format_us(us)), Ok(us));
        prop_assert_eq!(parse_moment(&format_us(us), true), Some(us));
        prop_assert_eq!(parser.parse(&format!(" {}", format_us(us))), Ok(us));
        let day = i64::from(day_of(us)) * US_PER_DAY;
        prop_assert_eq!(parser.parse(&format_day(day_of(us))), Ok(day));
    }

    #[test]
    fn forms_written_by_chrono_are_read_back(us in any_moment(), form in 0..FORMS.len()) {
        let (order, pattern) = FORMS[form];
        let naive = to_naive(us).with_nanosecond(0).unwrap();
        let cell = naive.format(pattern).to_string();
        let has_seconds = ["%S", "%-S", "%T"].iter().any(|seconds| pattern.contains(seconds));
        let expected = if has_seconds { naive } else { naive.with_second(0).unwrap() };
        prop_assert_eq!(auto(order, None).parse(&cell), Ok(expected.and_utc().timestamp_micros()), "{}", cell);
        let by_pattern = DateParser::new(parse_date_format(pattern).unwrap(), None);
        prop_assert_eq!(by_pattern.parse(&cell), Ok(expected.and_utc().timestamp_micros()), "{}", cell);
    }

    #[test]
    fn an_offset_moves_the_moment(us in any_moment(), quarters in -48..=56_i64) {
        let wall = us.div_euclid(US_PER_SECOND) * US_PER_SECOND;
        let minutes = quarters * 15;
        let sign = if minutes < 0 { '-' } else { '+' };
        let text = format!("{}{sign}{:02}:{:02}", format_us(wall), minutes.abs() / 60, minutes.abs() % 60);
        prop_assert_eq!(auto(None, None).parse(&text), Ok(wall));
        let utc = DateTime::parse_from_rfc3339(&text).unwrap().with_timezone(&Tz::Europe__Berlin).naive_local();
        let berlin = auto(None, Some(Tz::Europe__Berlin)).parse(&text);
        prop_assert_eq!(berlin, Ok(utc.and_utc().timestamp_micros()));
    }

    #[test]
    fn epochs_are_instants(seconds in 978_307_200_i64..7_289_654_400, us in 0..1_000_000_i64) {
        let parser = auto(None, None);
        let whole = seconds * US_PER_SECOND;
        prop_assert_eq!(parser.parse(&seconds.to_string()), Ok(whole));
        prop_assert_eq!(parser.parse(&format!("{seconds}.{us:06}")), Ok(whole + us));
        prop_assert_eq!(parser.parse(&format!("{seconds}{:03}", us / 1000)), Ok(whole + us / 1000 * 1000));
        prop_assert_eq!(parser.parse(&format!("{seconds}{us:06}")), Ok(whole + us));
    }
}

const FORMS: [(Option<DateOrder>, &str); 14] = [
    (None, "%Y-%m-%d %H:%M"),
    (None, "%Y/%-m/%-d %-H:%M:%S"),
    (None, "%Y.%m.%d %T"),
    (None, "%Y年%-m月%-d日 %-H时%-M分%-S秒"),
    (None, "%Y%m%d%H%M%S"),
    (None, "%Y%m%d %H:%M"),
    (None, "%a, %d %b %Y %T"),
    (None, "%A, %B %-d, %Y %-I:%M %p"),
    (None, "%d-%b-%Y %T"),
    (None, "%a %b %e %T %Y"),
    (Some(DateOrder::Dmy), "%-d/%-m/%Y %-H:%M"),
    (Some(DateOrder::Mdy), "%-m/%-d/%Y %-I:%M:%S %p"),
    (Some(DateOrder::Dmy), "%d.%m.%Y %T"),
    (Some(DateOrder::Ymd), "%Y-%m-%dT%T"),
];

#[test]
fn times_of_a_known_zone_are_converted() {
    let utc = Some(chrono_tz::UTC);
    let auto = |tz, written| DateParser::new(DateFormat::default(), tz).written_in(written);
    for (cell, tz, written, expected) in [
        ("2024-05-01 20:00:00", SHANGHAI, utc, "2024-05-02T04:00:00"),
        ("2024-05-01 20:00:00.123456", SHANGHAI, utc, "2024-05-02T04:00:00.123456"),
        ("2024年5月1日 20时", SHANGHAI, utc, "2024-05-02T04:00:00"),
        ("20240501200000", SHANGHAI, utc, "2024-05-02T04:00:00"),
        ("2024-05-01 20:00:00", utc, SHANGHAI, "2024-05-01T12:00:00"),
        // A day is a day, an offset says it all, and without --tz all stays.
        ("2024-05-01", utc, SHANGHAI, "2024-05-01T00:00:00"),
        ("1 May 2024", utc, SHANGHAI, "2024-05-01T00:00:00"),
        ("2024-05-01T20:00:00Z", SHANGHAI, SHANGHAI, "2024-05-02T04:00:00"),
        ("2024-05-01 20:00:00", None, utc, "2024-05-01T20:00:00"),
        ("2024-05-01 20:00:00", SHANGHAI, SHANGHAI, "2024-05-01T20:00:00"),
        ("2024-05-01 20:00:00", SHANGHAI, None, "2024-05-01T20:00:00"),
        // Twice there, and not there.
        ("2024-11-03 01:30:00", utc, Some(chrono_tz::America::New_York), "2024-11-03T05:30:00"),
        ("2024-03-10 02:30:00", utc, Some(chrono_tz::America::New_York), "2024-03-10T07:30:00"),
    ] {
        assert_eq!(auto(tz, written).parse(cell).map(format_us).as_deref(), Ok(expected), "{cell}");
    }
    let pattern = DateParser::new(parse_date_format("%d.%m.%Y %H:%M").unwrap(), SHANGHAI).written_in(utc);
    assert_eq!(pattern.parse("01.05.2024 20:00").map(format_us).as_deref(), Ok("2024-05-02T04:00:00"));
}
