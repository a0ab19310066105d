use proptest::prelude::*;

use super::*;

/// The value over named cells.
fn value_of(formula: &Formula, cells: &[(&str, &str)], mark: DecimalMark) -> Value<'static> {
    let columns = formula.columns();
    let cell = |at: usize| cells.iter().find(|(name, _)| *name == columns[at]).map(|(_, cell)| *cell);
    match formula.value(&cell, mark) {
        Value::Missing => Value::Missing,
        Value::Unreadable(cell) => Value::Unreadable(Box::leak(cell.to_owned().into_boxed_str())),
        Value::Number(e4) => Value::Number(e4),
        Value::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
        Value::Flag(flag) => Value::Flag(flag),
    }
}

fn parse(text: &str) -> Formula {
    Formula::parse(text, "test.toml: columns.amount").unwrap_or_else(|error| panic!("{error}"))
}

fn value(text: &str, cells: &[(&str, &str)]) -> Value<'static> {
    value_of(&parse(text), cells, DecimalMark::Point)
}

fn money(units: f64) -> Value<'static> {
    Value::Number((units * 1e4).round() as i64)
}

fn text(text: &str) -> Value<'static> {
    Value::Text(Cow::Owned(text.to_owned()))
}

/// What is said, with the hint, without the formula.
fn fault(text: &str) -> String {
    match Formula::parse(text, "p.toml: drop[0].when") {
        Err(Error::Config { at, why, hint }) => {
            assert_eq!(at, "p.toml: drop[0].when");
            let why = why.rsplit_once("`, character ").map_or(why.clone(), |(_, why)| why.to_owned());
            format!("{why}{}", hint.map_or(String::new(), |hint| format!(" | {hint}")))
        }
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn the_presets_of_the_facts() {
    // Tmall: the amount is net of refunds, so that both together are what was paid.
    let tmall = parse("买家实付金额 + 退款金额");
    assert_eq!(tmall.columns(), ["买家实付金额", "退款金额"]);
    assert_eq!(tmall.result(), Type::Number);
    let cells = [("买家实付金额", "￥1,234.00"), ("退款金额", "12.5元\t")];
    assert_eq!(value_of(&tmall, &cells, DecimalMark::Point), money(1246.5));
    // Pinduoduo: the status alone tells of refunds.
    let pdd = "case when 订单状态 ends with '退款成功' then \"用户实付金额(元)\" else 0 end";
    for (status, expected) in [("未发货，退款成功", money(9.9)), ("已发货，待收货", money(0.0))]
    {
        assert_eq!(value(pdd, &[("订单状态", status), ("用户实付金额(元)", "9.90")]), expected);
    }
    // Kuaituantuan: the refund stands within a text.
    for (cell, expected) in [
        ("131.77(已退款89.84)", money(89.84)),
        ("131.77（已退款：￥1,089.84，部分）", money(1089.84)),
        ("131.77", Value::Missing),
        ("-", Value::Missing),
        ("131.77(已退款中)", Value::Unreadable("131.77(已退款中)")),
    ] {
        assert_eq!(value("number_after(金额, '已退款')", &[("金额", cell)]), expected, "{cell}");
    }
    // Etsy: an adjusted total is there only where something went back.
    let etsy = "coalesce(\"Order Total\" - \"Adjusted Order Total\", 0)";
    assert_eq!(value(etsy, &[("Order Total", "25.00"), ("Adjusted Order Total", "20.50")]), money(4.5));
    assert_eq!(value(etsy, &[("Order Total", "25.00"), ("Adjusted Order Total", "")]), money(0.0));
    // Square: two columns, one moment.
    let square = value("Date || ' ' || Time", &[("Date", "07/04/24"), ("Time", "\t10:12:01 ")]);
    assert_eq!(square, text("07/04/24 10:12:01"));
    // WooCommerce: 0 is a guest.
    let guest =
        "case when customer_id <> 0 then customer_id else coalesce(customer_email, billing_email) end";
    let cells = [("customer_id", "0"), ("customer_email", ""), ("billing_email", "a@example.com")];
    assert_eq!(value(guest, &cells), text("a@example.com"));
    assert_eq!(value(guest, &[("customer_id", "17")]), text("17"));
    // Signs and status words in full width are the same.
    let paid = "交易状态 in ('卖家已发货,等待买家确认', '交易成功')";
    assert_eq!(value(paid, &[("交易状态", "卖家已发货，等待买家确认 ")]), Value::Flag(true));
    assert_eq!(value(paid, &[("交易状态", "交易关闭")]), Value::Flag(false));
}

#[test]
fn values() {
    let cells = [
        ("a", "10"),
        ("b", "2.50"),
        ("none", "--"),
        ("bad", "abc"),
        ("word", " Ａpple-Pie "),
        ("big", "922337203685477"),
        ("first name", "Ann"),
    ];
    let yes = Value::Flag(true);
    let no = Value::Flag(false);
    for (formula, expected) in [
        ("a", text("10")),
        ("word", text("Ａpple-Pie")),
        ("none", Value::Missing),
        ("coalesce(none, a)", text("10")),
        ("(a)", text("10")),
        ("\"first name\"", text("Ann")),
        ("12.50", money(12.5)),
        ("'it''s'", text("it's")),
        ("a + b", money(12.5)),
        ("a - b - b", money(5.0)),
        ("a - (b - b)", money(10.0)),
        ("a + b * 2", money(15.0)),
        ("-a + b", money(-7.5)),
        ("- - a * -2", money(-20.0)),
        ("abs(b - a)", money(7.5)),
        ("ABS(-3)", money(3.0)),
        ("b * 0.00002", money(0.0001)),
        ("b * -0.00002", money(-0.0001)),
        ("a * b * b", money(62.5)),
        ("a + none", Value::Missing),
        ("none * bad", Value::Unreadable("abc")),
        ("none + bad", Value::Unreadable("abc")),
        ("-none", Value::Missing),
        ("a + bad", Value::Unreadable("abc")),
        ("big + big", Value::Unreadable("922337203685477")),
        ("big + big - big", Value::Number(9_223_372_036_854_770_000)),
        ("a + big * b", Value::Unreadable("922337203685477")),
        ("922337203685477 + 922337203685477", Value::Unreadable("922337203685477 + 922337203685477")),
        ("a || '-' || b", text("10-2.50")),
        ("a || none", Value::Missing),
        ("a || ''", text("10")),
        // Of texts unless one side is a number.
        ("a = '10.0'", no.clone()),
        ("a = 10.0", yes.clone()),
        ("a < b", yes.clone()),
        ("a < b + 0", no.clone()),
        ("word = 'apple-pie'", no.clone()),
        ("word = '  Apple-Pie'", yes.clone()),
        ("word <> 'Apple-Pie'", no.clone()),
        ("word contains 'e-P'", yes.clone()),
        ("word contains 'ｅ－P'", yes.clone()),
        ("word starts with 'App'", yes.clone()),
        ("word starts with 'pp'", no.clone()),
        ("word ends with 'Pie'", yes.clone()),
        ("word ends with a", no.clone()),
        ("none = 'x'", no.clone()),
        ("none <> 'x'", no.clone()),
        ("none < 1", no.clone()),
        ("none in ('x')", no.clone()),
        ("none not in ('x')", no.clone()),
        ("not none in ('x')", yes.clone()),
        ("a in (1, 10.0, -2)", yes.clone()),
        ("a not in (1, -2)", yes.clone()),
        ("none is missing and absent is missing", yes.clone()),
        ("bad is present", yes.clone()),
        ("bad + 1 is present", Value::Unreadable("abc")),
        ("a + none IS MISSING", yes.clone()),
        ("not not a = 10", yes.clone()),
        ("a = 1 or a = 10 and b = 2.5", yes.clone()),
        ("(a = 10 or a = 1) and b = 1", no.clone()),
        // What decides, whatever the unreadable cell would say.
        ("bad > 1 and a = 1", no.clone()),
        ("bad > 1 or a = 10", yes.clone()),
        ("bad > 1 or a = 1", Value::Unreadable("abc")),
        ("coalesce(a + 0, bad)", money(10.0)),
        ("case when a = 10 then a else bad + 1 end", money(10.0)),
        ("case when a = 1 then a else bad + 1 end", Value::Unreadable("abc")),
        ("case when a = 1 then 1 when b = 2.5 then 2 end", money(2.0)),
        ("case when a = 1 then 1 end", Value::Missing),
        ("Case When a = 1 Then b = 1 Else b = 2.5 End", yes.clone()),
        ("case when a = 10 then 'x' else b end || '!'", text("x!")),
        ("case when a = 10 then b end * 2", money(5.0)),
        ("coalesce(none, absent, 0)", money(0.0)),
        ("abs", Value::Missing),
    ] {
        assert_eq!(value(formula, &cells), expected, "{formula}");
    }
    // The sum before the last term is too large, and the end is not.
    assert_eq!(value("a - big - big + big + big", &cells), money(10.0));
}

#[test]
fn numbers_after_words() {
    for (cell, expected) in [
        ("共3件，退款 -1,234.5元", money(-1234.5)),
        ("退款=￥12.", money(12.0)),
        ("退款1.2万", money(12_000.0)),
        ("已退款退款7", Value::Unreadable("已退款退款7")),
        ("退款50%", Value::Unreadable("退款50%")),
        ("退款３.５", money(3.5)),
        ("3 退款", Value::Unreadable("3 退款")),
    ] {
        assert_eq!(value("number_after(x, '退款')", &[("x", cell)]), expected, "{cell}");
    }
}

#[test]
fn cells_follow_the_decimal_mark_of_the_file() {
    let formula = parse("a + b * 2");
    let cells = [("a", "1.234"), ("b", "0,5")];
    assert_eq!(value_of(&formula, &cells, DecimalMark::Comma), money(1235.0));
    assert_eq!(value_of(&formula, &cells, DecimalMark::Point), money(2.234));
    assert_eq!(value_of(&formula, &cells, DecimalMark::Both), Value::Unreadable("1.234"));
}

#[test]
fn types() {
    for (formula, expected) in [
        ("a", Type::Text),
        ("coalesce(a, b)", Type::Text),
        ("case when a = 'x' then b end", Type::Text),
        ("coalesce(a, 0)", Type::Number),
        ("a || b", Type::Text),
        ("a * b", Type::Number),
        ("1", Type::Number),
        ("a = b", Type::Flag),
        ("case when a = 'x' then a = b else b = 'c' end", Type::Flag),
    ] {
        assert_eq!(parse(formula).result(), expected, "{formula}");
    }
}

#[test]
fn faults_say_where_and_what() {
    for (formula, expected) in [
        ("", "1: expected a column, a constant, a function or a bracket and found the end"),
        ("金额 +", "5: expected a column, a constant, a function or a bracket and found the end"),
        ("coalesc(a, b)", "1: unknown function \"coalesc\" | did you mean coalesce?"),
        (
            "用户实付金额(元) + 1",
            "1: unknown function \"用户实付金额\" | functions: abs, coalesce, number_after; a column whose name has brackets goes in double quotes",
        ),
        (
            "状态 contain 'x'",
            "4: expected an operator or the end and found `contain` | did you mean contains?",
        ),
        ("a is mising", "6: expected `missing` or `present` and found `mising` | did you mean missing?"),
        ("a is not missing", "6: `is not` is no operator | the opposite of `is missing` is `is present`"),
        ("a starts 'x'", "10: expected `with` and found the text 'x'"),
        ("(a + b", "7: expected `)` and found the end"),
        ("a b", "3: expected an operator or the end and found `b`"),
        (
            "(a = 1) + 2",
            "1: + takes numbers and this is a condition | brackets around the numbers, or case when ... then 1 else 0 end",
        ),
        (
            "1 + 'x'",
            "5: + takes numbers and this is a text | a column's name goes in double quotes, a text in single ones",
        ),
        (
            "a and b = 1",
            "1: `and` takes conditions and this is a column | a comparison makes a condition: a = 'x', a > 0, a is present",
        ),
        (
            "a = 1 or 2",
            "10: `or` takes conditions and this is a number | a comparison makes a condition: a = 'x', a > 0, a is present",
        ),
        (
            "not a",
            "5: `not` takes conditions and this is a column | a comparison makes a condition: a = 'x', a > 0, a is present",
        ),
        ("a || 1", "6: || takes texts and this is a number | a text is written in single quotes: '1'"),
        (
            "case when a = 1 then 1 else 'x' end",
            "29: case has values of one type: this is a text, the first one is a number",
        ),
        (
            "case when a = 1 then a else b = 1 end",
            "22: case has values of one type: this is a column, the first one is a condition",
        ),
        (
            "case when a = 1 then b = 1 end",
            "1: a case of conditions without `else` | else ... says what it is otherwise",
        ),
        ("case a when", "6: expected `when` and found `a`"),
        ("case when a = 1 then 2", "23: expected `when`, `else` or `end` and found the end"),
        ("a in ('x', 1)", "12: a list holds texts alone or numbers alone"),
        ("a in (b)", "7: expected a text in single quotes or a number and found `b`"),
        (
            "a = '-'",
            "5: no cell is equal to '-': such cells are missing | write `is missing` or `is present`",
        ),
        ("a contains ' '", "12: `contains` an empty text is always true"),
        ("a = b = c", "7: a comparison of a comparison | join two comparisons by `and`"),
        (
            "(a = b) = 'c'",
            "1: a condition is compared | conditions are joined by `and`, `or` and turned round by `not`",
        ),
        ("(a = b) is missing", "1: a condition is true or false and never missing"),
        ("coalesce(a = b)", "10: coalesce takes numbers or texts and this is a condition"),
        ("abs(a, b)", "1: abs takes one number"),
        ("number_after(a, b)", "17: the words must be a text in single quotes"),
        ("a + 0.00001", "5: a number with more than four decimals | only a factor may have more"),
        ("a + 9223372036854775807", "5: the number is too large"),
        (
            "7日销量 + 1",
            "2: a letter right behind a number | a column whose name begins with a digit is written \"7日销量\"",
        ),
        ("end + 1", "1: expected a value and found `end` | a column of that name is written \"end\""),
        ("a / b", "3: '/' means nothing here | there is no division: multiply, say by 0.01"),
        ("a != b", "3: '!' means nothing here | unequal is written <>"),
        ("a == b", "3: `==` is no sign | equal is written ="),
        (
            "（a）",
            "1: '（' means nothing here | signs are written in half width, ( here; a name with other characters than letters, digits and _ goes in double quotes",
        ),
        (
            "“a b”",
            "1: '“' means nothing here | a column's name is written in straight double quotes: \"name\"",
        ),
        ("'abc", "1: the quote ' is not closed | a quote inside is written twice: ''"),
        ("\"\"", "1: a column without a name | a text is written in single quotes"),
    ] {
        assert_eq!(fault(formula), expected, "{formula}");
    }
    let error = Formula::parse("甲 + 乙 % 丙", "mine.toml: columns.amount").unwrap_err();
    assert_eq!(
        error.to_string(),
        "mine.toml: columns.amount: the formula `甲 + 乙 % 丙`, character 7: '%' means nothing here"
    );
}

#[test]
fn deep_and_long_formulas_are_refused() {
    let nested = |levels: usize| format!("{}a{}", "(".repeat(levels), ")".repeat(levels));
    assert_eq!(value(&nested(63), &[("a", "x")]), text("x"));
    assert!(fault(&nested(64)).contains("more than 64 brackets"));
    assert!(fault(&"(".repeat(3000)).contains("more than 64 brackets"));
    assert!(fault(&"case when ".repeat(300)).contains("more than 64 brackets"));
    assert!(fault(&"abs(-".repeat(300)).contains("more than 64 brackets"));
    assert!(fault(&"a+".repeat(3000)).contains("at most 4000 characters"));
    // Long ones that are not deep.
    let sum = format!("1{}", "+1".repeat(1900));
    assert_eq!(value(&sum, &[]), money(1901.0));
    assert_eq!(value(&format!("{}a", "- ".repeat(1900)), &[("a", "3")]), money(3.0));
    assert_eq!(value(&format!("{}a = 3", "not ".repeat(901)), &[("a", "3")]), Value::Flag(false));
}

#[test]
fn names_are_quoted_where_they_must_be() {
    for (name, written) in [
        ("买家实付金额", "买家实付金额"),
        ("order_id", "order_id"),
        ("用户实付金额(元)", "\"用户实付金额(元)\""),
        ("Order #", "\"Order #\""),
        ("7日销量", "\"7日销量\""),
        ("End", "\"End\""),
        ("abs", "\"abs\""),
        ("12\" vinyl", "\"12\"\" vinyl\""),
        ("a\nb", "\"a\nb\""),
    ] {
        assert_eq!(quote_name(name), written);
        assert_eq!(parse(written).columns(), [name]);
    }
}

#[test]
fn columns_are_listed_once_and_found() {
    let formula = parse("b + a * b + \"a\"");
    assert_eq!(formula.columns(), ["b", "a"]);
    let header = ["a", "x", "b"];
    let find = |name: &str| header.iter().position(|column| *column == name);
    assert_eq!(formula.columns_present(find), Some(vec![2, 0]));
    assert_eq!(parse("a + c").columns_present(find), None);
    assert_eq!(parse("1").columns_present(find), Some(vec![]));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[a-c(),'\"=<>|+*.0-9 ，（é-]{0,40}", cell in "\\PC{0,12}") {
        if let Ok(formula) = Formula::parse(&text, "any") {
            formula.value(&|_| Some(cell.as_str()), DecimalMark::Both);
        }
    }

    #[test]
    fn no_row_of_words_makes_it_panic(
        words in prop::collection::vec(prop::sample::select(vec![
            "a", "\"b c\"", "'x'", "1.5", "+", "-", "*", "||", "=", "<", "(", ")", ",", "in", "not", "and", "or", "is",
            "missing", "contains", "starts with", "case", "when", "then", "else", "end", "abs(", "coalesce(",
            "number_after(",
        ]), 0..14),
        cell in "\\PC{0,12}",
    ) {
        if let Ok(formula) = Formula::parse(&words.join(" "), "any") {
            formula.value(&|_| Some(cell.as_str()), DecimalMark::Comma);
        }
    }

    #[test]
    fn texts_compare_as_their_normal_forms(
        left in "[ a１1，,é卖\t'-]{0,6}",
        right in "[ a１1，,é卖\t'-]{0,3}",
    ) {
        let (whole, part) = (texts::normal(&left), texts::normal(&right));
        prop_assert_eq!(texts::is_same(&left, &right), whole == part);
        prop_assert_eq!(texts::order(&left, &right), whole.chars().cmp(part.chars()));
        prop_assert_eq!(texts::contains(&left, &right), whole.contains(&part));
        prop_assert_eq!(texts::starts_with(&left, &right), whole.starts_with(&part));
        prop_assert_eq!(texts::ends_with(&left, &right), whole.ends_with(&part));
    }

    #[test]
    fn any_name_is_found_again(name in "\\PC{1,12}") {
        let formula = Formula::parse(&quote_name(&name), "name");
        prop_assert_eq!(formula.map(|formula| formula.columns().to_vec()).ok(), Some(vec![name]));
    }
}
