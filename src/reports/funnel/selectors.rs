//! What stands in `--steps`: `exposure, click|scan, pay[value>=100 and channel='wechat'], survey?`.
//!
//! ```text
//! steps       = step { "," step }
//! step        = alternative { "|" alternative } [ "?" ]
//! alternative = ( name | "quoted name" | "*" ) [ "[" SQL "]" ]
//! exclusion   = alternative { "|" alternative } [ "@" step ".." step ]
//! ```
//!
//! A bare name may hold blanks inside. `，｜？［］＠` count as `,|?[]@`. A condition belongs to the alternative that it stands behind.

use crate::error::{Error, Result};
use crate::facts::funnel::{MOST_EXCLUSIONS, MOST_STEPS};

/// A step as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// As typed, without the `?`.
    pub name: String,
    /// One of these; never empty.
    pub alternatives: Vec<Alternative>,
    /// `?`: may be left out.
    pub optional: bool,
}

/// A kind of event, with what is asked of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Alternative {
    /// `None`: any kind (`*`).
    pub event: Option<String>,
    /// SQL, of what stands in brackets.
    pub condition: Option<String>,
}

/// What may not stand between two steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExcludedStep {
    /// As typed, without the `@`.
    pub name: String,
    pub alternatives: Vec<Alternative>,
    /// Numbers of the steps from 1, as typed; `None`: between the first and the last.
    pub between: Option<(u32, u32)>,
}

/// The steps of `--steps`: 1 to `MOST_STEPS`; neither the first nor the last is optional.
pub fn steps(option: &str, text: &str) -> Result<Vec<Step>> {
    let steps = Parser::new(option, text).list(Parser::step)?;
    if steps.len() > MOST_STEPS {
        return Err(Error::BadOption {
            option: option.into(),
            value: String::new(),
            why: format!("{} steps, and {MOST_STEPS} is the most", steps.len()),
            hint: None,
        });
    }
    let ends = [("first", steps.first()), ("last", steps.last())];
    for (which, step) in ends {
        if let Some(step) = step.filter(|step| step.optional) {
            return Err(Error::BadOption {
                option: option.into(),
                value: format!("{}?", step.name),
                why: format!("the {which} step cannot be optional: the rates are of those who did it"),
                hint: Some(format!("leave out its ?: {}", step.name)),
            });
        }
    }
    Ok(steps)
}

/// One selector as a step has it, without `,` and `?`: `--start`, `--return` of retention.
pub fn selector(option: &str, text: &str) -> Result<Step> {
    let steps = steps(option, text)?;
    match <[Step; 1]>::try_from(steps) {
        Ok([step]) => Ok(step),
        Err(steps) => Err(Error::BadOption {
            option: option.into(),
            value: text.into(),
            why: format!("{} steps stand there, and one is needed", steps.len()),
            hint: Some("a|b is either of two".into()),
        }),
    }
}

/// `--unit`: the column whose values are the units; `None`: customer_id.
pub fn unit(text: Option<&str>) -> Result<Option<String>> {
    match text.map(str::trim) {
        None | Some("customer" | "customer_id") => Ok(None),
        Some("session") => Ok(Some("session_id".into())),
        Some("") => Err(Error::BadOption {
            option: "--unit".into(),
            value: String::new(),
            why: "is empty".into(),
            hint: Some("customer, session or a column".into()),
        }),
        Some(column) => Ok(Some(column.into())),
    }
}

/// The exclusions of all `--exclude` together.
pub fn exclusions<'a>(
    option: &str,
    texts: impl IntoIterator<Item = &'a String>,
) -> Result<Vec<ExcludedStep>> {
    let mut all = Vec::new();
    for text in texts {
        all.extend(Parser::new(option, text).list(Parser::exclusion)?);
    }
    if all.len() > MOST_EXCLUSIONS {
        return Err(Error::BadOption {
            option: option.into(),
            value: String::new(),
            why: format!("{} exclusions, and {MOST_EXCLUSIONS} is the most", all.len()),
            hint: Some("a|b is one exclusion of two events".into()),
        });
    }
    Ok(all)
}

struct Parser<'a> {
    option: &'a str,
    text: &'a str,
    characters: Vec<char>,
    at: usize,
    /// `@` ends a bare name.
    in_exclusion: bool,
}

/// The half-width character of a full-width one.
fn plain(character: char) -> char {
    match character {
        '，' => ',',
        '｜' => '|',
        '？' => '?',
        '［' => '[',
        '］' => ']',
        '＠' => '@',
        '＊' => '*',
        other => other,
    }
}

/// What closes a quote that this character opens.
fn closing(quote: char) -> Option<char> {
    match quote {
        '"' | '\'' => Some(quote),
        '“' => Some('”'),
        '‘' => Some('’'),
        _ => None,
    }
}

impl<'a> Parser<'a> {
    fn new(option: &'a str, text: &'a str) -> Self {
        Self { option, text, characters: text.chars().collect(), at: 0, in_exclusion: false }
    }

    /// What comes next, as a half-width character.
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied().map(plain)
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn bad<T>(&self, place: usize, why: &str, hint: impl Into<String>) -> Result<T> {
        Err(Error::BadOption {
            option: self.option.into(),
            value: self.text.into(),
            why: format!("character {}: {why}", place + 1),
            hint: Some(hint.into()),
        })
    }

    fn list<T>(mut self, item: impl Fn(&mut Self, usize) -> Result<T>) -> Result<Vec<T>> {
        let mut items = Vec::new();
        loop {
            items.push(item(&mut self, items.len() + 1)?);
            self.skip_blanks();
            let place = self.at;
            match self.peek() {
                None => return Ok(items),
                Some(',') => self.at += 1,
                Some('?') if self.in_exclusion => {
                    return self.bad(place, "an exclusion cannot be optional", "leave out the ?");
                }
                Some('?') => {
                    return self.bad(place, "one ? is enough", "step? may be left out");
                }
                Some('@') if self.in_exclusion => {
                    return self.bad(place, "a second @ in an exclusion", "refund@2..3");
                }
                Some(other) => {
                    return self.bad(
                        place,
                        &format!("{other:?} does not fit behind a step"),
                        "steps are separated by commas; names with ,|?[] in them stand in quotes",
                    );
                }
            }
        }
    }

    fn step(&mut self, number: usize) -> Result<Step> {
        let (name, alternatives) = self.alternatives(&format!("step {number}"))?;
        Ok(Step { name, alternatives, optional: self.take('?') })
    }

    fn exclusion(&mut self, number: usize) -> Result<ExcludedStep> {
        self.in_exclusion = true;
        let (name, alternatives) = self.alternatives(&format!("exclusion {number}"))?;
        let between = if self.take('@') { Some(self.range()?) } else { None };
        Ok(ExcludedStep { name, alternatives, between })
    }

    /// `2..3`
    fn range(&mut self) -> Result<(u32, u32)> {
        let place = self.at;
        let number = |parser: &mut Self| -> Result<u32> {
            parser.skip_blanks();
            let start = parser.at;
            while parser.peek().is_some_and(|character| character.is_ascii_digit()) {
                parser.at += 1;
            }
            let digits: String = parser.characters[start..parser.at].iter().collect();
            match digits.parse() {
                Ok(number) => Ok(number),
                Err(_) => {
                    parser.bad(start, "a step's number is missing", "between step 2 and step 3: refund@2..3")
                }
            }
        };
        let first = number(self)?;
        self.skip_blanks();
        if !(self.take('.') && self.take('.')) {
            return self.bad(place, "two steps are needed", "between step 2 and step 3: refund@2..3");
        }
        Ok((first, number(self)?))
    }

    /// The text as typed, and the alternatives, each once.
    fn alternatives(&mut self, what: &str) -> Result<(String, Vec<Alternative>)> {
        self.skip_blanks();
        let start = self.at;
        let mut alternatives = Vec::new();
        loop {
            let alternative = self.alternative(what)?;
            if !alternatives.contains(&alternative) {
                alternatives.push(alternative);
            }
            self.skip_blanks();
            if !self.take('|') {
                break;
            }
        }
        let name: String = self.characters[start..self.at].iter().collect();
        Ok((name.trim().to_owned(), alternatives))
    }

    fn alternative(&mut self, what: &str) -> Result<Alternative> {
        self.skip_blanks();
        let start = self.at;
        let quote = self.characters.get(start).copied().and_then(closing);
        let event = match quote {
            Some(close) => self.quoted(close)?,
            None => self.bare(),
        };
        if event.is_empty() {
            let why = format!("{what} has no event");
            return match self.peek() {
                Some('[') => self.bad(start, &why, "of any event: *[value>=100]"),
                _ => self.bad(start, &why, "e.g. exposure, click|scan, pay"),
            };
        }
        self.skip_blanks();
        let condition = if self.peek() == Some('[') { Some(self.condition()?) } else { None };
        let is_any = quote.is_none() && event == "*";
        Ok(Alternative { event: (!is_any).then_some(event), condition })
    }

    /// A name up to the next sign; the caller tells `*` apart.
    fn bare(&mut self) -> String {
        let start = self.at;
        let ends = |character: char, in_exclusion: bool| {
            matches!(character, ',' | '|' | '?' | '[' | ']') || (in_exclusion && character == '@')
        };
        while self.peek().is_some_and(|character| !ends(character, self.in_exclusion)) {
            self.at += 1;
        }
        let name: String = self.characters[start..self.at].iter().collect();
        let name = name.trim();
        if name == "＊" { "*" } else { name }.to_owned()
    }

    /// A quoted name; the quote itself is written twice in it.
    fn quoted(&mut self, close: char) -> Result<String> {
        let start = self.at;
        self.at += 1;
        let mut name = String::new();
        loop {
            let Some(&character) = self.characters.get(self.at) else {
                return self.bad(start, "a quote that is not closed", format!("put {close} behind the name"));
            };
            self.at += 1;
            if character == close {
                if self.characters.get(self.at) != Some(&close) {
                    return Ok(name);
                }
                self.at += 1;
            }
            name.push(character);
        }
    }

    /// `[...]`: up to its own closing bracket, past quotes and inner brackets.
    fn condition(&mut self) -> Result<String> {
        let start = self.at;
        self.at += 1;
        let mut depth = 1;
        let mut quote = None;
        let mut sql = String::new();
        while let Some(&character) = self.characters.get(self.at) {
            self.at += 1;
            match (quote, character) {
                (Some(close), _) if character == close => quote = None,
                (Some(_), _) => {}
                (None, '\'' | '"' | '`') => quote = Some(character),
                (None, '[' | '［') => depth += 1,
                (None, ']' | '］') => depth -= 1,
                (None, _) => {}
            }
            if depth == 0 {
                let sql = sql.trim();
                if sql.is_empty() {
                    return self.bad(start, "the condition is empty", "pay[value>=100]");
                }
                return Ok(sql.to_owned());
            }
            sql.push(character);
        }
        match quote {
            Some(quote) => {
                self.bad(start, &format!("a {quote} in the condition is not closed"), "pay[channel='wechat']")
            }
            None => self.bad(start, "the [ is not closed", "pay[value>=100]"),
        }
    }
}

#[cfg(test)]
mod tests;
