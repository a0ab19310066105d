//! The text of a formula into words, names, constants and signs, each with its place.

use super::Fault;

/// The words of the language. A column of such a name stands in double quotes.
pub(super) const WORDS: [&str; 16] = [
    "and", "or", "not", "in", "is", "missing", "present", "contains", "starts", "ends", "with", "case",
    "when", "then", "else", "end",
];

/// What stands before a bracket; elsewhere these are column names like any other.
pub(super) const FUNCTIONS: [&str; 3] = ["abs", "coalesce", "number_after"];

/// Longer formulas are refused, in characters.
const LONGEST: usize = 4000;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// Letters, digits and `_` without quotes: a word of the language, a function or a column.
    Word(String),
    /// In double quotes: a column.
    Name(String),
    /// In single quotes.
    Text(String),
    /// Digits, and perhaps a point and more digits.
    Number(String),
    Sign(&'static str),
    End,
}

impl Token {
    /// As an error message shows it.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Word(word) => format!("`{word}`"),
            Self::Name(name) => format!("the column \"{name}\""),
            Self::Text(text) => format!("the text '{text}'"),
            Self::Number(number) => format!("the number {number}"),
            Self::Sign(sign) => format!("`{sign}`"),
            Self::End => "the end".to_owned(),
        }
    }
}

/// A token, and the 1-based character at which it begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) at: usize,
}

/// Longer signs first.
const SIGNS: [&str; 13] = ["||", "<>", "<=", ">=", "=", "<", ">", "+", "-", "*", "(", ")", ","];

/// Whether a character may stand in a name without quotes.
fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a name needs no quotes.
#[cfg(test)]
pub(super) fn is_plain_name(name: &str) -> bool {
    let is_word = |known: &[&str]| known.iter().any(|word| name.eq_ignore_ascii_case(word));
    name.starts_with(|c: char| is_name(c) && !c.is_ascii_digit())
        && name.chars().all(is_name)
        && !is_word(&WORDS)
        && !is_word(&FUNCTIONS)
}

/// All tokens; the last is `End`.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, Fault> {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() > LONGEST {
        return Err(Fault::new(LONGEST, format!("a formula has at most {LONGEST} characters"), None));
    }
    let mut out = Vec::new();
    let mut next = 0;
    while let Some(&c) = chars.get(next) {
        let start = next;
        let while_true = |from: usize, test: &dyn Fn(char) -> bool| {
            chars[from..].iter().position(|c| !test(*c)).map_or(chars.len(), |length| from + length)
        };
        let token = match c {
            c if c.is_whitespace() => {
                next += 1;
                continue;
            }
            '"' | '\'' => {
                let (inside, end) = quoted(&chars, start)?;
                next = end;
                match (c, inside.is_empty()) {
                    ('"', true) => {
                        let hint = "a text is written in single quotes".to_owned();
                        return Err(Fault::new(start + 1, "a column without a name", Some(hint)));
                    }
                    ('"', false) => Token::Name(inside),
                    _ => Token::Text(inside),
                }
            }
            '0'..='9' => {
                next = while_true(start, &|c| c.is_ascii_digit());
                if chars.get(next) == Some(&'.') && chars.get(next + 1).is_some_and(char::is_ascii_digit) {
                    next = while_true(next + 1, &|c| c.is_ascii_digit());
                }
                if chars.get(next).is_some_and(|c| is_name(*c)) {
                    let name: String = chars[start..while_true(start, &is_name)].iter().collect();
                    let hint = format!("a column whose name begins with a digit is written \"{name}\"");
                    return Err(Fault::new(next + 1, "a letter right behind a number", Some(hint)));
                }
                Token::Number(chars[start..next].iter().collect())
            }
            c if is_name(c) => {
                next = while_true(start, &is_name);
                Token::Word(chars[start..next].iter().collect())
            }
            _ => {
                let begins = |sign: &&str| sign.chars().eq(chars[start..].iter().copied().take(sign.len()));
                let Some(sign) = SIGNS.into_iter().find(begins) else {
                    return Err(Fault::new(
                        start + 1,
                        format!("{c:?} means nothing here"),
                        advice(&chars, start),
                    ));
                };
                next += sign.len();
                if chars.get(next) == Some(&'=') && sign == "=" {
                    return Err(Fault::new(
                        start + 1,
                        "`==` is no sign",
                        Some("equal is written =".to_owned()),
                    ));
                }
                Token::Sign(sign)
            }
        };
        out.push(Placed { token, at: start + 1 });
    }
    out.push(Placed { token: Token::End, at: chars.len() + 1 });
    Ok(out)
}

/// What stands between the quote at `start` and its twin, two of them meaning one, and the place behind.
fn quoted(chars: &[char], start: usize) -> Result<(String, usize), Fault> {
    let quote = chars[start];
    let mut inside = String::new();
    let mut next = start + 1;
    while let Some(&c) = chars.get(next) {
        if c != quote {
            inside.push(c);
            next += 1;
        } else if chars.get(next + 1) == Some(&quote) {
            inside.push(c);
            next += 2;
        } else {
            return Ok((inside, next + 1));
        }
    }
    let hint = format!("a quote inside is written twice: {quote}{quote}");
    Err(Fault::new(start + 1, format!("the quote {quote} is not closed"), Some(hint)))
}

/// What to write in place of a character that the language does not have.
fn advice(chars: &[char], at: usize) -> Option<String> {
    let hint = match chars[at] {
        '!' => "unequal is written <>",
        '&' => "both are joined by `and`",
        '|' => "texts are joined by ||, conditions by `or`",
        '/' | '÷' | '%' => "there is no division: multiply, say by 0.01",
        '×' => "multiplied is written *",
        '“' | '”' | '＂' | '`' | '「' | '」' => {
            "a column's name is written in straight double quotes: \"name\""
        }
        '‘' | '’' | '＇' => "a text is written in straight single quotes: 'text'",
        '.' => "a number begins with a digit: 0.5",
        '≠' => "unequal is written <>",
        '≤' => "at most is written <=",
        '≥' => "at least is written >=",
        full @ '\u{ff01}'..='\u{ff5e}' => {
            let half = char::from_u32(full as u32 - 0xfee0)?;
            return Some(format!(
                "signs are written in half width, {half} here; a name with other characters than letters, digits and _ goes in double quotes"
            ));
        }
        _ => "a name with other characters than letters, digits and _ goes in double quotes: \"name\"",
    };
    Some(hint.to_owned())
}
