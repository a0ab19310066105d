//! What expressions keep, and how those that cannot be used are refused.

use super::*;

fn frame() -> DataFrame {
    let day = 86_400_000_000_i64;
    let at = Int64Chunked::from_slice("ordered_at".into(), &[0, day, 2 * day + day / 2, 3 * day]);
    df! {
        "order_id" => [Some("C1"), Some("2"), None, Some("AC")],
        "quantity" => [Some(1.0), Some(-2.0), Some(0.0), None],
        "Order ID" => ["a%", "b_c", "中文", "x"],
    }
    .unwrap()
    .hstack(&[at.into_datetime(TimeUnit::Microseconds, None).into_column()])
    .unwrap()
}

fn keep(expression: &str) -> Result<Vec<bool>> {
    let frame = frame();
    let filter = Filter::parse(expression)?.fit(frame.schema())?;
    Ok(filter.keep(frame)?.iter().map(|keep| keep == Some(true)).collect())
}

fn refused(expression: &str) -> String {
    match keep(expression) {
        Ok(kept) => panic!("{expression} gives {kept:?}"),
        Err(error) => {
            assert_eq!(error.code(), "bad_where", "{expression}");
            error.to_string()
        }
    }
}

#[test]
fn rows_are_kept_where_it_is_true() {
    for (expression, expected) in [
        ("quantity > 0", [true, false, false, false]),
        ("quantity > 0 OR order_id IS NULL", [true, false, true, false]),
        ("order_id NOT LIKE 'C%'", [false, true, false, true]),
        ("order_id LIKE '%C%'", [true, false, false, true]),
        ("order_id LIKE '%C'", [false, false, false, true]),
        ("order_id LIKE '_C'", [false, false, false, true]),
        ("order_id LIKE '2'", [false, true, false, false]),
        ("order_id ILIKE 'c%'", [true, false, false, false]),
        ("order_id LIKE '%'", [true, true, false, true]),
        ("\"Order ID\" = '中文'", [false, false, true, false]),
        ("\"Order ID\" LIKE '中%'", [false, false, true, false]),
        ("\"Order ID\" IN ('x', '中文')", [false, false, true, true]),
        ("order_id NOT IN ('2', 'AC')", [true, false, false, false]),
        ("quantity IN (1, 0)", [true, false, true, false]),
        ("quantity BETWEEN -2 AND 0", [false, true, true, false]),
        ("NOT (quantity > 0)", [false, true, true, false]),
        ("COALESCE(quantity, 9) > 5", [false, false, false, true]),
        ("CASE WHEN quantity IS NULL THEN true ELSE quantity < 0 END", [false, true, false, true]),
        ("CAST(quantity AS BIGINT) IS NULL OR true", [true; 4]),
        ("TRY_CAST(order_id AS DOUBLE) > 1", [false, true, false, false]),
        ("ABS(quantity) * 2 >= 2", [true, true, false, false]),
        ("LENGTH(\"Order ID\") = 1", [false, false, false, true]),
        ("UPPER(\"Order ID\") = 'X' AND SUBSTR(order_id, 1, 1) = 'A'", [false, false, false, true]),
        ("ordered_at >= '1970-01-02'", [false, true, true, true]),
        ("ordered_at < '1970-01-03 12:00'", [true, true, false, false]),
        ("ordered_at BETWEEN '1970-01-02' AND '1970-01-03 12:00:00'", [false, true, true, false]),
        ("'1970-01-02' = ordered_at", [false, true, false, false]),
        ("EXTRACT(DAY FROM ordered_at) = 3", [false, false, true, false]),
        ("1 = 1", [true; 4]),
        ("true", [true; 4]),
        ("NULL IS NOT NULL", [false; 4]),
        ("\"Order ID\" = 'select from x'", [false; 4]),
    ] {
        match keep(expression) {
            Ok(kept) => assert_eq!(kept, expected, "{expression}"),
            Err(error) => panic!("{expression}: {error}"),
        }
    }
}

#[test]
fn what_is_not_about_one_row_is_refused() {
    for expression in [
        "quantity > AVG(quantity)",
        "SUM(quantity) > 1",
        "COUNT(*) > 1",
        "quantity > LAG(quantity) OVER (ORDER BY order_id)",
        "ROW_NUMBER() OVER (ORDER BY order_id) < 3",
        "order_id IN (SELECT a FROM read_csv('/etc/passwd'))",
        "EXISTS (SELECT 1)",
        "(SELECT 1) = 1",
        "order_id IN (FROM read_parquet('x'))",
        "order_id IN (TABLE x)",
        "order_id IN (WITH a AS (VALUES (1)) TABLE a)",
        "quantity > 0 AS x",
        "*",
        "quantity > 0; DROP TABLE orders",
        "\"^.*$\" > 0",
        "COLUMNS('.*') > 0",
        "DISTINCT order_id",
        "LAST(quantity) > 0",
        "FIRST(quantity) > 0",
        "quantity > 0 ORDER BY order_id",
        "",
        "   ",
        "quantity >",
        "(((",
        "'open",
        "quantity = = 1",
    ] {
        let message = refused(expression);
        for leak in ["DF [", "FROM LAZY", "Resolved plan", "SELECT [", "col(", "polars"] {
            assert!(!message.contains(leak), "{expression}: {message}");
        }
    }
}

#[test]
fn refusals_are_in_terms_of_what_was_typed() {
    for (expression, message) in [
        (
            "order_id > 0",
            "--where \"order_id > 0\": column order_id is text: compare it with '0', or write CAST(order_id AS DOUBLE)",
        ),
        (
            "\"Order ID\" = 5 OR true",
            "--where \"\\\"Order ID\\\" = 5 OR true\": column \"Order ID\" is text: compare it with '5', or write CAST(\"Order ID\" AS DOUBLE)",
        ),
        ("quantity", "--where \"quantity\": it gives a number, not true or false"),
        ("order_id", "--where \"order_id\": it gives text, not true or false"),
        (
            "ordered_at > 'yesterday'",
            "--where \"ordered_at > 'yesterday'\": column ordered_at is a date and 'yesterday' is none: write '2025-06-30' or '2025-06-30 12:00'",
        ),
        (
            "CAST(order_id AS DOUBLE) > 1",
            "--where \"CAST(order_id AS DOUBLE) > 1\": CAST meets text that is no such value: TRY_CAST gives null for it",
        ),
        (
            "SUM(quantity) > 1",
            "--where \"SUM(quantity) > 1\": sums, counts and other functions over several rows are not possible",
        ),
        (
            "order_id IN (SELECT 1)",
            "--where \"order_id IN (SELECT 1)\": it must say something about one row: no SELECT",
        ),
    ] {
        assert_eq!(refused(expression), message);
    }
}

#[test]
fn columns_are_listed_once() {
    let filter = Filter::parse("quantity > 0 AND \"Order ID\" = 'x' AND quantity < 5").unwrap();
    assert_eq!(filter.columns(), ["quantity", "Order ID"]);
    let known = || vec!["quantity".to_owned(), "Country".to_owned()];
    let error = filter.unknown_column("country", "a.csv", known());
    assert!(error.to_string().ends_with("a.csv has no column \"country\"; did you mean Country?"), "{error}");
    let filter = Filter::parse("Country = \"Zaire\"").unwrap();
    let error = filter.unknown_column("Zaire", "a.csv", known());
    assert!(
        error.to_string().ends_with("no column \"Zaire\"; text is written in single quotes: 'Zaire'"),
        "{error}"
    );
}

#[test]
fn like_patterns_that_are_plain_searches_become_such() {
    for (pattern, expected) in [
        ("C%", Some((true, "C", false))),
        ("%C", Some((false, "C", true))),
        ("%a.b%", Some((false, "a.b", false))),
        ("a-b%", Some((true, "a-b", false))),
        ("C\\%", None),
        ("a%b", None),
        ("a_%", None),
        ("%%", Some((false, "", false))),
    ] {
        let Ok(Expr::Function { input, .. }) = polars::sql::sql_expr(format!("x LIKE '{pattern}'")) else {
            panic!("{pattern}: not a match");
        };
        let Expr::Literal(regex) = &input[1] else { panic!("{pattern}: no literal") };
        let found = affixes(regex.extract_str().unwrap());
        assert_eq!(found, expected.map(|(s, w, e): (bool, &str, bool)| (s, w.to_owned(), e)), "{pattern}");
    }
}

#[test]
fn a_literal_fits_a_frame_of_any_height() {
    let frame = frame();
    let filter = Filter::parse("1 = 1").unwrap().fit(frame.schema()).unwrap();
    assert_eq!(filter.keep(DataFrame::empty_with_height(3)).unwrap().len(), 3);
    assert_eq!(filter.keep(frame.head(Some(0))).unwrap().len(), 0);
}

#[test]
fn a_date_is_compared_with_no_number() {
    for expression in [
        "ordered_at >= 2025-06-01",
        "ordered_at > 20250601",
        "5 < ordered_at",
        "ordered_at BETWEEN 20250101 AND 20250201",
        "ordered_at > quantity",
        "CAST(ordered_at AS DATE) = 20250101",
    ] {
        let message = refused(expression);
        assert!(
            message.contains("is compared with a number: write dates in quotes"),
            "{expression}: {message}"
        );
    }
    for expression in ["order_id IN (1, 2)", "quantity IN ('1')", "ordered_at IN ('2025-01-01')"] {
        let message = refused(expression);
        assert!(message.contains("the values of IN must be of the column's kind"), "{expression}: {message}");
    }
}

#[test]
fn a_chain_that_would_overflow_the_stack_is_refused() {
    let chain = |n: usize| (0..n).map(|i| format!("quantity = {i}")).collect::<Vec<_>>().join(" OR ");
    let casts = format!("quantity{} > 1", "::double".repeat(50_000));
    for expression in [chain(50_000), format!("quantity > {}1", "1 + ".repeat(50_000)), casts] {
        assert!(refused(&expression).contains("too long"));
    }
    assert_eq!(keep(&chain(20)).unwrap(), [true, false, true, false]);
    let many = (0..50_000).map(|i| format!("'{i}'")).collect::<Vec<_>>().join(",");
    assert_eq!(keep(&format!("order_id IN ({many})")).unwrap(), [false, true, false, false]);
    let negative = (0..100).map(|i| format!("-{i}")).collect::<Vec<_>>().join(",");
    assert_eq!(keep(&format!("quantity IN ({negative})")).unwrap(), [false, true, true, false]);
}
