//! Tokens into a typed tree: recursive descent, with types settled on the way up.

use super::super::values::money::{Decimal, parse_decimal};
use super::Fault;
use super::evaluate::{Case, Comparison, Flag, Number, Part, Root, Text};
use super::lexer::{self, FUNCTIONS, Placed, Token, WORDS};
use super::operand::{Alike, Open, Operand, Typed, comparable, compare, first_of, one_type, part_of};
use super::texts::normal;
use crate::error::nearest;

/// Brackets, functions and cases inside each other.
const DEEPEST: usize = 64;

/// The columns that the formula names, and what it computes.
pub(super) fn parse(text: &str) -> Result<(Vec<String>, Root), Fault> {
    let mut parser = Parser { tokens: lexer::tokens(text)?, next: 0, columns: Vec::new(), depth: 0 };
    let whole = parser.expression()?;
    if *parser.token() != Token::End {
        return Err(parser.expected("an operator or the end"));
    }
    let root = match whole.value {
        Typed::Flag(flag) => Root::Flag(flag),
        Typed::Text(text) => Root::Text(text),
        Typed::Open(open) => Root::Text(open.text()),
        Typed::Constant(_) | Typed::Number(_) => Root::Number(whole.number("")?),
    };
    Ok((parser.columns, root))
}

struct Parser {
    tokens: Vec<Placed>,
    next: usize,
    columns: Vec<String>,
    depth: usize,
}

impl Parser {
    // ---- tokens

    fn placed(&self) -> &Placed {
        // The last one is `End`, which is never passed.
        &self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    fn token(&self) -> &Token {
        &self.placed().token
    }

    fn at(&self) -> usize {
        self.placed().at
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.token(), Token::Word(found) if found.eq_ignore_ascii_case(word))
    }

    /// Passes the word if it is next.
    fn took_word(&mut self, word: &str) -> bool {
        let is_next = self.is_word(word);
        self.next += usize::from(is_next);
        is_next
    }

    /// Passes the sign if it is next.
    fn took(&mut self, sign: &str) -> bool {
        let is_next = matches!(self.token(), Token::Sign(found) if *found == sign);
        self.next += usize::from(is_next);
        is_next
    }

    fn expect_word(&mut self, word: &str) -> Result<(), Fault> {
        if self.took_word(word) { Ok(()) } else { Err(self.expected(&format!("`{word}`"))) }
    }

    fn expect(&mut self, sign: &str) -> Result<(), Fault> {
        if self.took(sign) { Ok(()) } else { Err(self.expected(&format!("`{sign}`"))) }
    }

    fn expected(&self, what: &str) -> Fault {
        let hint = match self.token() {
            // A name where none can be: perhaps a misspelt word of the language.
            Token::Word(word)
                if word.len() > 2 && !WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)) =>
            {
                nearest(word, WORDS).first().map(|close| format!("did you mean {close}?"))
            }
            _ => None,
        };
        Fault::new(self.at(), format!("expected {what} and found {}", self.token().describe()), hint)
    }

    // ---- from what binds least to what binds most

    fn expression(&mut self) -> Result<Operand, Fault> {
        if self.depth == DEEPEST {
            let why = format!("more than {DEEPEST} brackets, functions or cases inside each other");
            return Err(Fault::new(self.at(), why, None));
        }
        self.depth += 1;
        let whole = self.joined_by("or", Self::conjunction, Flag::Or)?;
        self.depth -= 1;
        Ok(whole)
    }

    fn conjunction(&mut self) -> Result<Operand, Fault> {
        self.joined_by("and", Self::negation, Flag::And)
    }

    fn joined_by(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Result<Operand, Fault>,
        join: fn(Vec<Flag>) -> Flag,
    ) -> Result<Operand, Fault> {
        let first = part(self)?;
        if !self.is_word(word) {
            return Ok(first);
        }
        let at = first.at;
        let mut flags = vec![first.flag(&format!("`{word}`"))?];
        while self.took_word(word) {
            flags.push(part(self)?.flag(&format!("`{word}`"))?);
        }
        Ok(Operand { at, value: Typed::Flag(join(flags)) })
    }

    fn negation(&mut self) -> Result<Operand, Fault> {
        let at = self.at();
        let mut times = 0;
        while self.took_word("not") {
            times += 1;
        }
        let inner = self.comparison()?;
        if times == 0 {
            return Ok(inner);
        }
        let flag = inner.flag("`not`")?;
        let flag = if times % 2 == 1 { Flag::Not(Box::new(flag)) } else { flag };
        Ok(Operand { at, value: Typed::Flag(flag) })
    }

    fn comparison(&mut self) -> Result<Operand, Fault> {
        let left = self.concatenation()?;
        let at = left.at;
        let flag = if let Some(comparison) = self.comparison_sign() {
            let right = self.concatenation()?;
            compare(comparison, left, right)?
        } else if self.took_word("in") {
            self.membership(left, true)?
        } else if self.is_word("not") {
            self.next += 1;
            self.expect_word("in")?;
            self.membership(left, false)?
        } else if self.took_word("is") {
            self.presence(left)?
        } else if let Some(part) = self.part_word()? {
            let right = self.concatenation()?;
            part_of(part, left, right)?
        } else {
            return Ok(left);
        };
        let follows = matches!(self.token(), Token::Sign("=" | "<>" | "<" | "<=" | ">" | ">="))
            || ["in", "is", "contains", "starts", "ends"].iter().any(|word| self.is_word(word));
        if follows {
            let hint = "join two comparisons by `and`".to_owned();
            return Err(Fault::new(self.at(), "a comparison of a comparison", Some(hint)));
        }
        Ok(Operand { at, value: Typed::Flag(flag) })
    }

    fn comparison_sign(&mut self) -> Option<Comparison> {
        let Token::Sign(sign) = self.token() else { return None };
        let comparison = match *sign {
            "=" => Comparison::Equal,
            "<>" => Comparison::Unequal,
            "<" => Comparison::Less,
            "<=" => Comparison::AtMost,
            ">" => Comparison::More,
            ">=" => Comparison::AtLeast,
            _ => return None,
        };
        self.next += 1;
        Some(comparison)
    }

    fn part_word(&mut self) -> Result<Option<Part>, Fault> {
        let part = if self.took_word("contains") {
            return Ok(Some(Part::Anywhere));
        } else if self.took_word("starts") {
            Part::AtStart
        } else if self.took_word("ends") {
            Part::AtEnd
        } else {
            return Ok(None);
        };
        self.expect_word("with")?;
        Ok(Some(part))
    }

    fn presence(&mut self, of: Operand) -> Result<Flag, Fault> {
        let wanted = if self.took_word("present") {
            true
        } else if self.took_word("missing") {
            false
        } else if self.is_word("not") {
            let hint = "the opposite of `is missing` is `is present`".to_owned();
            return Err(Fault::new(self.at(), "`is not` is no operator", Some(hint)));
        } else {
            return Err(self.expected("`missing` or `present`"));
        };
        if matches!(of.value, Typed::Flag(_)) {
            return Err(Fault::new(of.at, "a condition is true or false and never missing", None));
        }
        if of.is_number() {
            return Ok(Flag::NumberIsPresent(of.number("is")?, wanted));
        }
        Ok(Flag::TextIsPresent(of.text("is")?, wanted))
    }

    /// The list behind `in`: constants of one type.
    fn membership(&mut self, of: Operand, is_in: bool) -> Result<Flag, Fault> {
        self.expect("(")?;
        let (mut texts, mut numbers) = (Vec::new(), Vec::new());
        loop {
            let at = self.at();
            let is_negative = self.took("-");
            match self.token().clone() {
                Token::Text(text) if !is_negative => texts.push(comparable(&text, at)?),
                Token::Number(number) => {
                    let value = Typed::Constant(decimal(&number, is_negative, at)?);
                    if let Number::Constant(e4) = (Operand { at, value }).number("in")? {
                        numbers.push(e4);
                    }
                }
                _ => return Err(self.expected("a text in single quotes or a number")),
            }
            if !texts.is_empty() && !numbers.is_empty() {
                return Err(Fault::new(at, "a list holds texts alone or numbers alone", None));
            }
            self.next += 1;
            if !self.took(",") {
                break;
            }
        }
        self.expect(")")?;
        if numbers.is_empty() {
            Ok(Flag::TextIn { text: of.text("a list of texts")?, list: texts, is_in })
        } else {
            Ok(Flag::NumberIn { number: of.number("a list of numbers")?, list: numbers, is_in })
        }
    }

    fn concatenation(&mut self) -> Result<Operand, Fault> {
        let first = self.sum()?;
        if !matches!(self.token(), Token::Sign("||")) {
            return Ok(first);
        }
        let at = first.at;
        let mut parts = vec![first.text("||")?];
        while self.took("||") {
            parts.push(self.sum()?.text("||")?);
        }
        Ok(Operand { at, value: Typed::Text(Text::Joined(parts)) })
    }

    fn sum(&mut self) -> Result<Operand, Fault> {
        let first = self.product()?;
        let sign = |parser: &Self| match parser.token() {
            Token::Sign(sign @ ("+" | "-")) => Some(*sign),
            _ => None,
        };
        let Some(mut next) = sign(self) else { return Ok(first) };
        let at = first.at;
        let mut terms = vec![(false, first.number(next)?)];
        loop {
            self.next += 1;
            terms.push((next == "-", self.product()?.number(next)?));
            match sign(self) {
                Some(another) => next = another,
                None => return Ok(Operand { at, value: Typed::Number(Number::Sum(terms)) }),
            }
        }
    }

    fn product(&mut self) -> Result<Operand, Fault> {
        let first = self.signed()?;
        if !matches!(self.token(), Token::Sign("*")) {
            return Ok(first);
        }
        let at = first.at;
        let mut factors = vec![first.factor()?];
        while self.took("*") {
            factors.push(self.signed()?.factor()?);
        }
        Ok(Operand { at, value: Typed::Number(Number::Product(factors)) })
    }

    fn signed(&mut self) -> Result<Operand, Fault> {
        let at = self.at();
        let mut times = 0;
        while self.took("-") {
            times += 1;
        }
        let is_negative = times % 2 == 1;
        if let (Token::Number(number), true) = (self.token(), times > 0) {
            let value = Typed::Constant(decimal(number, is_negative, at)?);
            self.next += 1;
            return Ok(Operand { at, value });
        }
        let inner = self.primary()?;
        if times == 0 {
            return Ok(inner);
        }
        let number = inner.number("-")?;
        let number = if is_negative { Number::Negative(Box::new(number)) } else { number };
        Ok(Operand { at, value: Typed::Number(number) })
    }

    fn primary(&mut self) -> Result<Operand, Fault> {
        let Placed { token, at } = self.placed().clone();
        let value = match token {
            Token::Number(number) => {
                self.next += 1;
                Typed::Constant(decimal(&number, false, at)?)
            }
            Token::Text(text) => {
                self.next += 1;
                Typed::Text(Text::Constant(text))
            }
            Token::Name(name) => {
                self.next += 1;
                self.column(name)
            }
            Token::Sign("(") => {
                self.next += 1;
                let inside = self.expression()?;
                self.expect(")")?;
                inside.value
            }
            Token::Word(word) if word.eq_ignore_ascii_case("case") => {
                self.next += 1;
                return self.case(at);
            }
            Token::Word(word) if WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)) => {
                let why = format!("expected a value and found `{word}`");
                let hint = format!("a column of that name is written \"{word}\"");
                return Err(Fault::new(at, why, Some(hint)));
            }
            Token::Word(word) => {
                self.next += 1;
                if matches!(self.token(), Token::Sign("(")) {
                    return self.function(&word, at);
                }
                self.column(word)
            }
            Token::Sign(_) | Token::End => {
                return Err(self.expected("a column, a constant, a function or a bracket"));
            }
        };
        Ok(Operand { at, value })
    }

    fn column(&mut self, name: String) -> Typed {
        let known = self.columns.iter().position(|column| *column == name);
        Typed::Open(Open::Column(known.unwrap_or_else(|| {
            self.columns.push(name);
            self.columns.len() - 1
        })))
    }

    /// The name is passed, the bracket is next.
    fn function(&mut self, name: &str, at: usize) -> Result<Operand, Fault> {
        let Some(known) = FUNCTIONS.into_iter().find(|known| name.eq_ignore_ascii_case(known)) else {
            let close = nearest(name, FUNCTIONS);
            let hint = if close.is_empty() {
                format!(
                    "functions: {}; a column whose name has brackets goes in double quotes",
                    FUNCTIONS.join(", ")
                )
            } else {
                format!("did you mean {}?", close.join(" or "))
            };
            return Err(Fault::new(at, format!("unknown function {name:?}"), Some(hint)));
        };
        self.next += 1;
        let mut arguments = vec![self.expression()?];
        while self.took(",") {
            arguments.push(self.expression()?);
        }
        self.expect(")")?;
        let value = match known {
            "abs" => {
                let [one] = exactly(arguments, "abs takes one number", at)?;
                Typed::Number(Number::Absolute(Box::new(one.number("abs")?)))
            }
            "number_after" => {
                let why =
                    "number_after takes a text and the words in front of the number: number_after(a, 'x')";
                let [text, words] = exactly(arguments, why, at)?;
                let words_at = words.at;
                let Typed::Text(Text::Constant(words)) = words.value else {
                    return Err(Fault::new(words_at, "the words must be a text in single quotes", None));
                };
                let words = normal(&words);
                if words.is_empty() {
                    return Err(Fault::new(words_at, "the words are empty", None));
                }
                Typed::Number(Number::After(Box::new(text.text("number_after")?), words))
            }
            _ => first_of(arguments)?,
        };
        Ok(Operand { at, value })
    }

    /// `case` is passed.
    fn case(&mut self, at: usize) -> Result<Operand, Fault> {
        if !self.is_word("when") {
            return Err(self.expected("`when`"));
        }
        let (mut conditions, mut values) = (Vec::new(), Vec::new());
        while self.took_word("when") {
            conditions.push(self.expression()?.flag("`when`")?);
            self.expect_word("then")?;
            values.push(self.expression()?);
        }
        let has_else = self.took_word("else");
        if has_else {
            values.push(self.expression()?);
        }
        if !self.is_word("end") {
            let what = if has_else { "`end`" } else { "`when`, `else` or `end`" };
            return Err(self.expected(what));
        }
        self.next += 1;
        let value = match one_type(values, "case")? {
            Alike::Numbers(values) => Typed::Number(Number::Case(case(conditions, values))),
            Alike::Texts(values) => Typed::Text(Text::Case(case(conditions, values))),
            Alike::Flags(_) if !has_else => {
                let hint = "else ... says what it is otherwise".to_owned();
                return Err(Fault::new(at, "a case of conditions without `else`", Some(hint)));
            }
            Alike::Flags(values) => Typed::Flag(Flag::Case(case(conditions, values))),
            Alike::Open(values) => Typed::Open(Open::Case(case(conditions, values))),
        };
        Ok(Operand { at, value })
    }
}

fn case<T>(conditions: Vec<Flag>, mut values: Vec<T>) -> Case<T> {
    let otherwise = if values.len() > conditions.len() { values.pop().map(Box::new) } else { None };
    Case { branches: conditions.into_iter().zip(values).collect(), otherwise }
}

fn decimal(number: &str, is_negative: bool, at: usize) -> Result<Decimal, Fault> {
    let sign = if is_negative { "-" } else { "" };
    parse_decimal(&format!("{sign}{number}")).map_err(|_| Fault::new(at, "the number is too large", None))
}

fn exactly<const N: usize>(arguments: Vec<Operand>, why: &str, at: usize) -> Result<[Operand; N], Fault> {
    arguments.try_into().map_err(|_| Fault::new(at, why, None))
}
