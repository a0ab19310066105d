//! Formulas as trees of typed operations, and their values for a row.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::super::decimal_mark::DecimalMark;
use super::super::values::money::{Decimal, Money, NumberError, parse_decimal, parse_money, product_e4};
use super::super::values::{is_missing, trimmed};
use super::texts;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Root {
    Number(Number),
    Text(Text),
    Flag(Flag),
}

/// Columns are numbers of `Formula::columns`.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Number {
    /// In 1/10,000.
    Constant(i64),
    Column(usize),
    /// Terms; true: taken away.
    Sum(Vec<(bool, Number)>),
    /// From left to right.
    Product(Vec<Factor>),
    Negative(Box<Number>),
    Absolute(Box<Number>),
    Case(Case<Number>),
    First(Vec<Number>),
    /// The number behind the words, which are in normal form.
    After(Box<Text>, String),
}

/// Numbers with all the decimals that they have.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Factor {
    Constant(Decimal),
    Column(usize),
    Other(Number),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Text {
    Constant(String),
    Column(usize),
    Joined(Vec<Text>),
    Case(Case<Text>),
    First(Vec<Text>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Flag {
    Numbers(Comparison, Number, Number),
    /// Constants are in normal form here and below.
    Texts(Comparison, Text, Text),
    /// `is_in` false: `not in`.
    NumberIn {
        number: Number,
        list: Vec<i64>,
        is_in: bool,
    },
    TextIn {
        text: Text,
        list: Vec<String>,
        is_in: bool,
    },
    Part(Part, Text, Text),
    NumberIsPresent(Number, bool),
    TextIsPresent(Text, bool),
    And(Vec<Flag>),
    Or(Vec<Flag>),
    Not(Box<Flag>),
    Case(Case<Flag>),
}

/// The first of which the condition holds, else the last.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Case<T> {
    pub(super) branches: Vec<(Flag, T)>,
    pub(super) otherwise: Option<Box<T>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Comparison {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Unequal => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::More => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        }
    }
}

/// Where in a text another one stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Anywhere,
    AtStart,
    AtEnd,
}

/// A value, `None` where it is missing, or the cell that cannot be read.
type Read<'a, T> = Result<Option<T>, &'a str>;

/// The cells of a row.
pub(super) struct Row<'a, 'f> {
    pub(super) cell: &'f dyn Fn(usize) -> Option<&'a str>,
    pub(super) mark: DecimalMark,
    /// The text of the formula.
    pub(super) formula: &'a str,
}

impl<'a> Row<'a, '_> {
    /// In 1/10,000.
    pub(super) fn number(&self, number: &'a Number) -> Read<'a, i64> {
        match number {
            Number::Constant(e4) => Ok(Some(*e4)),
            Number::Column(column) => Ok(self.parsed(*column, parse_money)?.map(|money| money.e4)),
            Number::Sum(terms) => {
                let mut sum = Some(0_i128);
                for (is_taken_away, term) in terms {
                    // All are looked at, since one behind a missing one may be unreadable.
                    let term = self.number(term)?.map(i128::from);
                    let term = if *is_taken_away { term.map(|term| -term) } else { term };
                    sum = sum.zip(term).map(|(sum, term)| sum + term);
                }
                sum.map(|sum| i64::try_from(sum).map_err(|_| self.too_large(number))).transpose()
            }
            Number::Product(factors) => self.product(factors, number),
            Number::Negative(inner) => match self.number(inner)? {
                Some(e4) => e4.checked_neg().map(Some).ok_or_else(|| self.too_large(inner)),
                None => Ok(None),
            },
            Number::Absolute(inner) => match self.number(inner)? {
                Some(e4) => e4.checked_abs().map(Some).ok_or_else(|| self.too_large(inner)),
                None => Ok(None),
            },
            Number::Case(case) => self.branch(case)?.map_or(Ok(None), |branch| self.number(branch)),
            Number::First(several) => {
                for one in several {
                    if let Some(e4) = self.number(one)? {
                        return Ok(Some(e4));
                    }
                }
                Ok(None)
            }
            Number::After(text, words) => match self.text(text)? {
                None => Ok(None),
                Some(whole) => match self.number_after(&whole, words) {
                    Ok(money) => Ok(Some(money.e4)),
                    Err(NumberError::Missing) => Ok(None),
                    Err(_) => Err(self.source(text).unwrap_or(self.formula)),
                },
            },
        }
    }

    fn product(&self, factors: &'a [Factor], whole: &'a Number) -> Read<'a, i64> {
        let mut product: Option<Option<Decimal>> = None;
        for factor in factors {
            let factor = match factor {
                Factor::Constant(exact) => Some(*exact),
                Factor::Column(column) => self.parsed(*column, parse_decimal)?,
                Factor::Other(number) => self.number(number)?.map(Decimal::of_e4),
            };
            product = Some(match product {
                None => factor,
                Some(before) => match before.zip(factor) {
                    None => None,
                    Some((before, factor)) => {
                        let money = product_e4(before, factor).map_err(|_| self.too_large(whole))?;
                        Some(Decimal::of_e4(money.e4))
                    }
                },
            });
        }
        let Some(product) = product.flatten() else { return Ok(None) };
        product.to_e4().map(|money| Some(money.e4)).map_err(|_| self.too_large(whole))
    }

    pub(super) fn text(&self, text: &'a Text) -> Read<'a, Cow<'a, str>> {
        match text {
            Text::Constant(constant) => Ok(Some(Cow::Borrowed(constant))),
            Text::Column(column) => Ok(self.present(*column).map(Cow::Borrowed)),
            Text::Joined(parts) => {
                let mut joined = Some(String::new());
                for part in parts {
                    match (self.text(part)?, &mut joined) {
                        (Some(part), Some(joined)) => joined.push_str(&part),
                        _ => joined = None,
                    }
                }
                Ok(joined.map(Cow::Owned))
            }
            Text::Case(case) => self.branch(case)?.map_or(Ok(None), |branch| self.text(branch)),
            Text::First(several) => {
                for one in several {
                    if let Some(text) = self.text(one)? {
                        return Ok(Some(text));
                    }
                }
                Ok(None)
            }
        }
    }

    pub(super) fn flag(&self, flag: &'a Flag) -> Result<bool, &'a str> {
        match flag {
            Flag::Numbers(comparison, left, right) => {
                let (left, right) = (self.number(left)?, self.number(right)?);
                Ok(left.zip(right).is_some_and(|(left, right)| comparison.holds(left.cmp(&right))))
            }
            Flag::Texts(comparison, left, right) => {
                let (left, right) = (self.text(left)?, self.text(right)?);
                Ok(left.zip(right).is_some_and(|(left, right)| match comparison {
                    Comparison::Equal => texts::is_same(&left, &right),
                    Comparison::Unequal => !texts::is_same(&left, &right),
                    other => other.holds(texts::order(&left, &right)),
                }))
            }
            Flag::NumberIn { number, list, is_in } => {
                Ok(self.number(number)?.is_some_and(|number| list.contains(&number) == *is_in))
            }
            Flag::TextIn { text, list, is_in } => Ok(self
                .text(text)?
                .is_some_and(|text| list.iter().any(|one| texts::is_same(&text, one)) == *is_in)),
            Flag::Part(part, text, inner) => {
                let (text, inner) = (self.text(text)?, self.text(inner)?);
                Ok(text.zip(inner).is_some_and(|(text, inner)| match part {
                    Part::Anywhere => texts::contains(&text, &inner),
                    Part::AtStart => texts::starts_with(&text, &inner),
                    Part::AtEnd => texts::ends_with(&text, &inner),
                }))
            }
            Flag::NumberIsPresent(number, wanted) => Ok(self.number(number)?.is_some() == *wanted),
            Flag::TextIsPresent(text, wanted) => Ok(self.text(text)?.is_some() == *wanted),
            Flag::And(flags) => self.unless_decided(flags, false),
            Flag::Or(flags) => self.unless_decided(flags, true),
            Flag::Not(inner) => self.flag(inner).map(|flag| !flag),
            Flag::Case(case) => self.branch(case)?.map_or(Ok(false), |branch| self.flag(branch)),
        }
    }

    /// `deciding` if one of the flags is that, whatever the others are.
    fn unless_decided(&self, flags: &'a [Flag], deciding: bool) -> Result<bool, &'a str> {
        let mut unreadable = None;
        for flag in flags {
            match self.flag(flag) {
                Ok(flag) if flag == deciding => return Ok(deciding),
                Ok(_) => {}
                Err(cell) => unreadable = unreadable.or(Some(cell)),
            }
        }
        unreadable.map_or(Ok(!deciding), Err)
    }

    fn branch<T>(&self, case: &'a Case<T>) -> Read<'a, &'a T> {
        for (condition, value) in &case.branches {
            if self.flag(condition)? {
                return Ok(Some(value));
            }
        }
        Ok(case.otherwise.as_deref())
    }

    /// A cell without what stands around it.
    #[inline]
    fn present(&self, column: usize) -> Option<&'a str> {
        (self.cell)(column).map(trimmed).filter(|cell| !is_missing(cell))
    }

    #[inline]
    fn parsed<T>(&self, column: usize, parse: impl Fn(&str) -> Result<T, NumberError>) -> Read<'a, T> {
        let Some(cell) = (self.cell)(column) else { return Ok(None) };
        match self.mark.read(cell, parse) {
            Ok(value) => Ok(Some(value)),
            Err(NumberError::Missing) => Ok(None),
            Err(NumberError::NotANumber | NumberError::TooLarge) => Err(cell),
        }
    }

    /// Missing: the words are not there.
    fn number_after(&self, whole: &str, words: &str) -> Result<Money, NumberError> {
        let whole = texts::in_half_width(whole);
        let (_, behind) = whole.split_once(words).ok_or(NumberError::Missing)?;
        let start = behind
            .trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '=' | '￥' | '¥' | '$'));
        let (sign, digits) = match start.strip_prefix(['-', '\u{2212}']) {
            Some(rest) => ("-", rest.trim_start_matches(['￥', '¥', '$', ' '])),
            None => ("", start),
        };
        let end = digits.find(|c: char| !matches!(c, '0'..='9' | '.' | ',')).unwrap_or(digits.len());
        let (number, rest) = digits.split_at(end);
        // What ends a sentence is no part of the number; what makes it another number is.
        let number = number.trim_end_matches(['.', ',']);
        let unit = rest.chars().next().filter(|c| matches!(c, '万' | '萬' | '亿' | '億' | '%'));
        if number.is_empty() {
            return Err(NumberError::NotANumber);
        }
        if sign.is_empty() && unit.is_none() {
            return self.mark.read(number, parse_money);
        }
        self.mark.read(&format!("{sign}{number}{}", unit.map_or(String::new(), String::from)), parse_money)
    }

    /// The cell to blame for a number that is too large: the largest of those that went into it.
    #[cold]
    fn too_large(&self, number: &'a Number) -> &'a str {
        let mut cells = Vec::new();
        self.cells_of(number, &mut cells);
        let largest = cells.into_iter().max_by_key(|(size, _)| *size);
        largest.map_or(self.formula, |(_, cell)| cell)
    }

    fn cells_of(&self, number: &'a Number, out: &mut Vec<(u64, &'a str)>) {
        let column = |column: usize, out: &mut Vec<(u64, &'a str)>| {
            match (self.parsed(column, parse_money), (self.cell)(column)) {
                (Ok(Some(money)), Some(cell)) => out.push((money.e4.unsigned_abs(), cell)),
                // A factor may be larger than money can be.
                (Err(cell), _) => out.push((u64::MAX, cell)),
                _ => {}
            }
        };
        match number {
            Number::Constant(_) => {}
            Number::Column(at) => column(*at, out),
            Number::Sum(terms) => terms.iter().for_each(|(_, term)| self.cells_of(term, out)),
            Number::Product(factors) => {
                for factor in factors {
                    match factor {
                        Factor::Constant(_) => {}
                        Factor::Column(at) => column(*at, out),
                        Factor::Other(number) => self.cells_of(number, out),
                    }
                }
            }
            Number::Negative(inner) | Number::Absolute(inner) => self.cells_of(inner, out),
            Number::Case(case) => {
                if let Ok(Some(branch)) = self.branch(case) {
                    self.cells_of(branch, out);
                }
            }
            Number::First(several) => {
                if let Some(first) = several.iter().find(|one| matches!(self.number(one), Ok(Some(_)))) {
                    self.cells_of(first, out);
                }
            }
            Number::After(text, _) => {
                if let (Ok(Some(e4)), Some(cell)) = (self.number(number), self.source(text)) {
                    out.push((e4.unsigned_abs(), cell));
                }
            }
        }
    }

    /// The first cell that went into a text.
    #[cold]
    fn source(&self, text: &'a Text) -> Option<&'a str> {
        match text {
            Text::Constant(_) => None,
            Text::Column(column) => (self.cell)(*column),
            Text::Joined(parts) => parts.iter().find_map(|part| self.source(part)),
            Text::Case(case) => self.branch(case).ok().flatten().and_then(|branch| self.source(branch)),
            Text::First(several) => several
                .iter()
                .find(|one| matches!(self.text(one), Ok(Some(_))))
                .and_then(|first| self.source(first)),
        }
    }
}
