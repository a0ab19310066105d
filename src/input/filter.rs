//! `--where`: a SQL expression over the columns of one row that says which rows are kept.
//!
//! Only what can be said of a row alone is let through: no subquery (which could name files), no aggregate or window
//! function (whose answer would depend on how the rows are cut into batches).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use polars::lazy::dsl::{AggExpr, BooleanFunction, FunctionExpr, StringFunction};
use polars::prelude::*;

use super::values::dates::parse_moment;
use crate::error::{Error, Result, nearest};

/// A parsed expression.
#[derive(Debug, Clone)]
pub struct Filter {
    text: String,
    expr: Expr,
    /// Names of the columns it reads, each once, in order of appearance.
    columns: Vec<String>,
}

/// An expression fitted to the types of one file's columns.
#[derive(Debug, Clone)]
pub struct RowFilter {
    text: String,
    expr: Expr,
}

impl Filter {
    pub fn parse(text: &str) -> Result<Filter> {
        let refuse = |why: String| bad(text, why, Vec::new());
        if text.trim().is_empty() {
            return Err(refuse("the expression is empty".into()));
        }
        if holds_query(text) {
            return Err(refuse("it must say something about one row: no SELECT".into()));
        }
        if operators(text) > MOST_OPERATORS {
            let why = format!(
                "it is too long: more than {MOST_OPERATORS} operators; many values are one: x IN (...)"
            );
            return Err(refuse(why));
        }
        let parsed = catch_unwind(|| polars::sql::sql_expr(text));
        let expr = match parsed {
            Ok(Ok(expr)) => expr,
            Ok(Err(error)) => return Err(refuse(plain(&error))),
            Err(_) => return Err(refuse("it cannot be understood".into())),
        };
        if let Some(why) = (&expr).into_iter().find_map(beyond_the_row) {
            return Err(refuse(why));
        }
        let mut columns: Vec<String> = Vec::new();
        for name in (&expr).into_iter().filter_map(column_name) {
            if !columns.iter().any(|known| known == name) {
                columns.push(name.to_owned());
            }
        }
        Ok(Filter { text: text.to_owned(), expr: expr.map_expr(cheaper_match), columns })
    }

    /// The columns that it compares with values of its own: none, if it names no value.
    pub fn compared_columns(&self) -> &[String] {
        let names_value = self.text.contains('\'') || self.text.bytes().any(|byte| byte.is_ascii_digit());
        if names_value { &self.columns } else { &[] }
    }

    /// The columns that it reads.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// An error for a column that is not there.
    pub fn unknown_column(&self, name: &str, place: &str, known: Vec<String>) -> Error {
        let mut why = format!("{place} has no column {name:?}");
        let alike = nearest(name, known.iter().map(String::as_str));
        if !alike.is_empty() {
            why.push_str(&format!(
                "; did you mean {}?",
                alike.iter().map(|n| quoted(n)).collect::<Vec<_>>().join(" or ")
            ));
        } else if self.text.contains(&format!("\"{name}\"")) {
            why.push_str(&format!("; text is written in single quotes: '{name}'"));
        }
        bad(&self.text, why, known)
    }

    /// Fits the expression to the types of the columns it reads: dates written as text become dates, and a comparison of
    /// text with a number is refused in words.
    pub fn fit(&self, schema: &Schema) -> Result<RowFilter> {
        for node in &self.expr {
            if let Expr::BinaryExpr { left, op, right } = node
                && op.is_comparison()
            {
                for (column, other) in [(left, right), (right, left)] {
                    self.refuse_text_with_number(column, other, schema)?;
                    self.refuse_date_with_number(column, other, schema)?;
                }
            }
        }
        let mut failed = None;
        let expr = self.expr.clone().map_expr(|node| match node {
            Expr::BinaryExpr { left, op, right } if op.is_comparison() => {
                let mut moment = |side: Arc<Expr>, other: &Expr| match literal_date(&side, other, schema) {
                    Some(Ok(us)) => Arc::new(lit(us).cast(DataType::Datetime(TimeUnit::Microseconds, None))),
                    Some(Err(why)) => {
                        failed.get_or_insert(why);
                        side
                    }
                    None => side,
                };
                let new_left = moment(left.clone(), &right);
                let new_right = moment(right, &left);
                Expr::BinaryExpr { left: new_left, op, right: new_right }
            }
            other => other,
        });
        match failed {
            Some(why) => Err(bad(&self.text, why, Vec::new())),
            None => Ok(RowFilter { text: self.text.clone(), expr }),
        }
    }

    fn refuse_text_with_number(&self, column: &Expr, other: &Expr, schema: &Schema) -> Result<()> {
        let (Some(name), Some(number)) = (column_name(column), literal_number(other)) else { return Ok(()) };
        if schema.get(name).is_none_or(|dtype| dtype != &DataType::String) {
            return Ok(());
        }
        let name = quoted(name);
        Err(bad(
            &self.text,
            format!("column {name} is text: compare it with '{number}', or write CAST({name} AS DOUBLE)"),
            Vec::new(),
        ))
    }

    /// polars would compare the microseconds since 1970 with the number: `ordered_at >= 2025-06-01`, without quotes, is
    /// 2018, and true of every row.
    fn refuse_date_with_number(&self, date: &Expr, other: &Expr, schema: &Schema) -> Result<()> {
        let of = |expr: &Expr| expr.to_field(schema).map(|field| field.dtype);
        let (Ok(date_type), Ok(other_type)) = (of(date), of(other)) else { return Ok(()) };
        let number = other_type.is_numeric() || matches!(other_type, DataType::Unknown(UnknownKind::Int(_)));
        if !(number && matches!(date_type, DataType::Date | DataType::Datetime(..))) {
            return Ok(());
        }
        let what =
            column_name(date).map_or("the left or right side".into(), |n| format!("column {}", quoted(n)));
        let why =
            format!("{what} is a date and is compared with a number: write dates in quotes, '2025-06-30'");
        Err(bad(&self.text, why, Vec::new()))
    }
}

impl RowFilter {
    /// Which rows are kept: what is not true (false or null) is not.
    pub fn keep(&self, frame: DataFrame) -> Result<BooleanChunked> {
        let height = frame.height();
        let fail = |why: String| bad(&self.text, why, Vec::new());
        let lazy = frame.lazy().select_seq([self.expr.clone().alias("keep")]).without_optimizations();
        let result = match catch_unwind(AssertUnwindSafe(|| lazy.with_type_coercion(true).collect())) {
            Ok(Ok(result)) => result,
            Ok(Err(error)) => return Err(fail(plain(&error))),
            Err(_) => return Err(fail("it cannot be computed on this data".into())),
        };
        let column = &result.columns()[0];
        let Ok(keep) = column.bool() else {
            return Err(fail(format!("it gives {}, not true or false", type_in_words(column.dtype()))));
        };
        Ok(if keep.len() == height { keep.clone() } else { keep.new_from_index(0, height) })
    }
}

fn bad(expression: &str, why: String, columns: Vec<String>) -> Error {
    Error::BadWhere { expression: expression.to_owned(), why, columns }
}

/// A column name as one writes it in SQL.
fn quoted(name: &str) -> String {
    let plain =
        name.chars().enumerate().all(|(i, c)| c == '_' || c.is_alphabetic() || (i > 0 && c.is_ascii_digit()));
    if plain && !name.is_empty() { name.to_owned() } else { format!("\"{name}\"") }
}

fn column_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Column(name) => Some(name.as_str()),
        _ => None,
    }
}

/// A number that stands there as such; text in quotes is none.
fn literal_number(expr: &Expr) -> Option<String> {
    let Expr::Literal(value) = expr else { return None };
    match value {
        LiteralValue::Scalar(scalar) => {
            scalar.dtype().is_primitive_numeric().then(|| scalar.value().to_string())
        }
        // polars does not export the type of untyped literals; their debug form is `dyn int: 5`.
        LiteralValue::Dyn(_) => {
            let text = format!("{value:?}");
            let number = text.strip_prefix("dyn int: ").or_else(|| text.strip_prefix("dyn float: "));
            number.map(str::to_owned)
        }
        _ => None,
    }
}

/// The moment that a text literal stands for when it is compared with a column of moments.
fn literal_date(side: &Expr, other: &Expr, schema: &Schema) -> Option<Result<i64, String>> {
    let Expr::Literal(value) = side else { return None };
    let text = value.extract_str()?;
    let name = column_name(other)?;
    if !matches!(schema.get(name), Some(DataType::Datetime(_, _))) {
        return None;
    }
    Some(parse_moment(text, false).ok_or_else(|| {
        format!(
            "column {} is a date and '{text}' is none: write '2025-06-30' or '2025-06-30 12:00'",
            quoted(name)
        )
    }))
}

/// Why an expression says more than can be known of one row; `None` when it does not.
fn beyond_the_row(node: &Expr) -> Option<String> {
    let fine = match node {
        Expr::Column(name) if name == "*" || (name.starts_with('^') && name.ends_with('$')) => false,
        Expr::Column(_)
        | Expr::Literal(_)
        | Expr::BinaryExpr { .. }
        | Expr::Cast { .. }
        | Expr::Ternary { .. } => true,
        Expr::Alias(..) => return Some("a name (AS ...) has no use here".into()),
        // IN (list): the list alone.
        Expr::Agg(AggExpr::Implode { input, .. }) => matches!(input.as_ref(), Expr::Literal(_)),
        Expr::Agg(_) | Expr::Over { .. } | Expr::Len => {
            return Some("sums, counts and other functions over several rows are not possible".into());
        }
        Expr::Function { function, .. } => is_row_function(function),
        _ => false,
    };
    (!fine).then(|| "it must say something about one row, with functions of single values".into())
}

fn is_row_function(function: &FunctionExpr) -> bool {
    match function {
        FunctionExpr::StringExpr(f) => !matches!(f, StringFunction::ConcatVertical { .. }),
        FunctionExpr::Boolean(f) => matches!(
            f,
            BooleanFunction::IsNull
                | BooleanFunction::IsNotNull
                | BooleanFunction::IsFinite
                | BooleanFunction::IsInfinite
                | BooleanFunction::IsNan
                | BooleanFunction::IsNotNan
                | BooleanFunction::IsIn { .. }
                | BooleanFunction::AllHorizontal
                | BooleanFunction::AnyHorizontal
                | BooleanFunction::Not
        ),
        FunctionExpr::TemporalExpr(_)
        | FunctionExpr::Abs
        | FunctionExpr::Negate
        | FunctionExpr::Pow(_)
        | FunctionExpr::FillNull
        | FunctionExpr::Coalesce
        | FunctionExpr::Log
        | FunctionExpr::Log1p
        | FunctionExpr::Exp
        | FunctionExpr::Round { .. }
        | FunctionExpr::Floor
        | FunctionExpr::Ceil
        | FunctionExpr::MinHorizontal
        | FunctionExpr::MaxHorizontal => true,
        _ => false,
    }
}

/// What may nest: polars walks an expression by recursion, and a chain of thousands would overflow the stack, which no
/// one can catch.
const MOST_OPERATORS: usize = 1_000;

/// Words and runs of operator signs outside of quotes, commas, brackets and numbers; the values of an IN list are none.
fn operators(text: &str) -> usize {
    let mut rest = text;
    let mut count = 0;
    while let Some(c) = rest.chars().next() {
        let part_of_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
        let end = match c {
            '\'' | '"' | '`' => rest[1..].find(c).map_or(rest.len(), |at| at + 2),
            c if part_of_word(c) => {
                let end = rest.find(|c| !part_of_word(c)).unwrap_or(rest.len());
                count += usize::from(
                    ["AND", "OR", "WHEN", "NOT"].iter().any(|w| rest[..end].eq_ignore_ascii_case(w)),
                );
                end
            }
            c => {
                count += usize::from(matches!(
                    c,
                    '+' | '-' | '*' | '/' | '%' | '|' | '&' | '^' | ':' | '[' | '=' | '!'
                ));
                c.len_utf8()
            }
        };
        rest = &rest[end..];
    }
    count
}

/// Whether the text holds a query: SELECT as a word outside of quotes, or a word that begins a query after a bracket.
/// sql_expr would build a subquery, and a subquery can name files.
fn holds_query(text: &str) -> bool {
    let mut rest = text;
    let mut after_bracket = false;
    while let Some(c) = rest.chars().next() {
        let end = match c {
            '\'' | '"' | '`' => rest[1..].find(c).map_or(rest.len(), |at| at + 2),
            c if c.is_alphanumeric() || c == '_' => {
                let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
                let word = rest[..end].to_ascii_uppercase();
                if word == "SELECT"
                    || after_bracket && ["FROM", "TABLE", "WITH", "VALUES"].contains(&word.as_str())
                {
                    return true;
                }
                end
            }
            c => c.len_utf8(),
        };
        after_bracket = c == '(' || after_bracket && c.is_whitespace();
        rest = &rest[end..];
    }
    false
}

/// polars turns LIKE into a regular expression; a pattern with `%` at its ends alone is a plain search.
fn cheaper_match(node: Expr) -> Expr {
    let Expr::Function {
        input,
        function: FunctionExpr::StringExpr(StringFunction::Contains { literal: false, .. }),
    } = &node
    else {
        return node;
    };
    let [text, Expr::Literal(pattern)] = input.as_slice() else { return node };
    let Some((starts, word, ends)) = pattern.extract_str().and_then(affixes) else { return node };
    let (text, word) = (text.clone(), lit(word));
    match (starts, ends) {
        (true, true) => text.eq(word),
        (true, false) => text.str().starts_with(word),
        (false, true) => text.str().ends_with(word),
        (false, false) => text.str().contains_literal(word),
    }
}

/// `^(?s)word.*$` and its kin: whether the word stands at the start, the word, whether it stands at the end.
fn affixes(regex: &str) -> Option<(bool, String, bool)> {
    let body = regex.strip_prefix("^(?s)")?.strip_suffix('$')?;
    let (starts, body) = body.strip_prefix(".*").map_or((true, body), |rest| (false, rest));
    let (ends, body) = match body.strip_suffix(".*") {
        Some(rest) if !rest.ends_with('\\') => (false, rest),
        _ => (true, body),
    };
    let mut word = String::with_capacity(body.len());
    let mut chars = body.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => word.push(chars.next()?),
            '.' | '*' => return None,
            c => word.push(c),
        }
    }
    Some((starts, word, ends))
}

/// polars' words without its plan, and in terms of what was typed.
fn plain(error: &PolarsError) -> String {
    let text = error.to_string();
    if text.contains("cannot compare string with numeric") {
        return "it compares text with a number: put the value in quotes, or write CAST(COLUMN AS DOUBLE)"
            .into();
    }
    if text.contains("'is_in' cannot check") || text.contains("while building Series of type") {
        return "the values of IN must be of the column's kind: 'text' for text, bare numbers for numbers; dates \
                are compared with >= and <"
            .into();
    }
    if text.starts_with("conversion from `str`") {
        return "CAST meets text that is no such value: TRY_CAST gives null for it".into();
    }
    let first = text.split("\n\n").next().unwrap_or_default();
    first.replace('\n', " ").trim_start_matches("sql parser error: ").to_owned()
}

fn type_in_words(dtype: &DataType) -> &'static str {
    match dtype {
        DataType::String | DataType::Categorical(..) => "text",
        DataType::Date | DataType::Datetime(..) | DataType::Time => "a date",
        dtype if dtype.is_numeric() => "a number",
        DataType::Null => "nothing",
        _ => "something else",
    }
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
