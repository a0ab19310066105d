//! Parts of a formula while it is parsed: their types, and what each operator makes of them.

use super::super::values::is_missing;
use super::super::values::money::Decimal;
use super::Fault;
use super::evaluate::{Case, Comparison, Factor, Flag, Number, Part, Text};
use super::texts::normal;

/// A part of a formula whose type is known, or open.
#[derive(Debug)]
pub(super) enum Typed {
    /// A number as written, with all its decimals.
    Constant(Decimal),
    Number(Number),
    Text(Text),
    Flag(Flag),
    Open(Open),
}

/// What may be a number or a text: columns alone.
#[derive(Debug)]
pub(super) enum Open {
    Column(usize),
    First(Vec<Open>),
    Case(Case<Open>),
}

impl Open {
    pub(super) fn number(self) -> Number {
        match self {
            Self::Column(column) => Number::Column(column),
            Self::First(several) => Number::First(several.into_iter().map(Self::number).collect()),
            Self::Case(case) => Number::Case(case.map(Self::number)),
        }
    }

    pub(super) fn text(self) -> Text {
        match self {
            Self::Column(column) => Text::Column(column),
            Self::First(several) => Text::First(several.into_iter().map(Self::text).collect()),
            Self::Case(case) => Text::Case(case.map(Self::text)),
        }
    }
}

impl<T> Case<T> {
    pub(super) fn map<U>(self, each: impl Fn(T) -> U) -> Case<U> {
        Case {
            branches: self.branches.into_iter().map(|(condition, value)| (condition, each(value))).collect(),
            otherwise: self.otherwise.map(|value| Box::new(each(*value))),
        }
    }
}

/// A part and the character at which it begins.
#[derive(Debug)]
pub(super) struct Operand {
    pub(super) at: usize,
    pub(super) value: Typed,
}

impl Operand {
    pub(super) fn describe(&self) -> &'static str {
        match &self.value {
            Typed::Constant(_) | Typed::Number(_) => "a number",
            Typed::Text(_) => "a text",
            Typed::Flag(_) => "a condition",
            Typed::Open(_) => "a column",
        }
    }

    pub(super) fn is_number(&self) -> bool {
        matches!(self.value, Typed::Constant(_) | Typed::Number(_))
    }

    /// `whose`: what takes a number, as an error says it.
    pub(super) fn number(self, whose: &str) -> Result<Number, Fault> {
        match self.value {
            Typed::Number(number) => Ok(number),
            Typed::Open(open) => Ok(open.number()),
            Typed::Constant(exact) => match exact.to_e4() {
                Ok(money) if !money.rounded => Ok(Number::Constant(money.e4)),
                Ok(_) => {
                    let hint = "only a factor may have more".to_owned();
                    Err(Fault::new(self.at, "a number with more than four decimals", Some(hint)))
                }
                Err(_) => Err(Fault::new(self.at, "the number is too large", None)),
            },
            Typed::Text(_) => {
                let hint = "a column's name goes in double quotes, a text in single ones".to_owned();
                Err(Fault::new(self.at, format!("{whose} takes numbers and this is a text"), Some(hint)))
            }
            Typed::Flag(_) => {
                let hint = "brackets around the numbers, or case when ... then 1 else 0 end".to_owned();
                Err(Fault::new(self.at, format!("{whose} takes numbers and this is a condition"), Some(hint)))
            }
        }
    }

    pub(super) fn factor(self) -> Result<Factor, Fault> {
        match self.value {
            Typed::Constant(exact) => Ok(Factor::Constant(exact)),
            Typed::Open(Open::Column(column)) => Ok(Factor::Column(column)),
            _ => self.number("*").map(Factor::Other),
        }
    }

    pub(super) fn text(self, whose: &str) -> Result<Text, Fault> {
        match self.value {
            Typed::Text(text) => Ok(text),
            Typed::Open(open) => Ok(open.text()),
            _ => {
                let why = format!("{whose} takes texts and this is {}", self.describe());
                let hint = self.is_number().then(|| "a text is written in single quotes: '1'".to_owned());
                Err(Fault::new(self.at, why, hint))
            }
        }
    }

    /// A text that others are compared with; constants become as they are compared.
    pub(super) fn compared(self) -> Result<Text, Fault> {
        let at = self.at;
        match self.text("a comparison of texts")? {
            Text::Constant(constant) => comparable(&constant, at).map(Text::Constant),
            text => Ok(text),
        }
    }

    pub(super) fn flag(self, whose: &str) -> Result<Flag, Fault> {
        match self.value {
            Typed::Flag(flag) => Ok(flag),
            _ => {
                let why = format!("{whose} takes conditions and this is {}", self.describe());
                let hint = "a comparison makes a condition: a = 'x', a > 0, a is present".to_owned();
                Err(Fault::new(self.at, why, Some(hint)))
            }
        }
    }
}

/// The normal form of a constant that cells are compared with.
pub(super) fn comparable(constant: &str, at: usize) -> Result<String, Fault> {
    if is_missing(constant) {
        let why = format!("no cell is equal to '{constant}': such cells are missing");
        return Err(Fault::new(at, why, Some("write `is missing` or `is present`".to_owned())));
    }
    Ok(normal(constant))
}

pub(super) fn compare(comparison: Comparison, left: Operand, right: Operand) -> Result<Flag, Fault> {
    if let Some(flag) = [&left, &right].into_iter().find(|part| matches!(part.value, Typed::Flag(_))) {
        let hint = "conditions are joined by `and`, `or` and turned round by `not`".to_owned();
        return Err(Fault::new(flag.at, "a condition is compared", Some(hint)));
    }
    if left.is_number() || right.is_number() {
        return Ok(Flag::Numbers(
            comparison,
            left.number("a comparison with a number")?,
            right.number("a comparison with a number")?,
        ));
    }
    Ok(Flag::Texts(comparison, left.compared()?, right.compared()?))
}

pub(super) fn part_of(part: Part, whole: Operand, inner: Operand) -> Result<Flag, Fault> {
    let whose = match part {
        Part::Anywhere => "contains",
        Part::AtStart => "starts with",
        Part::AtEnd => "ends with",
    };
    let at = inner.at;
    let inner = match inner.text(whose)? {
        Text::Constant(constant) => Text::Constant(normal(&constant)),
        text => text,
    };
    if matches!(&inner, Text::Constant(constant) if constant.is_empty()) {
        return Err(Fault::new(at, format!("`{whose}` an empty text is always true"), None));
    }
    Ok(Flag::Part(part, whole.text(whose)?, inner))
}

/// Parts of one type.
pub(super) enum Alike {
    Numbers(Vec<Number>),
    Texts(Vec<Text>),
    Flags(Vec<Flag>),
    Open(Vec<Open>),
}

/// The one type that all have or can take.
pub(super) fn one_type(parts: Vec<Operand>, whose: &str) -> Result<Alike, Fault> {
    let mismatch = |part: &Operand, first: &Operand| {
        let why = format!(
            "{whose} has values of one type: this is {}, the first one is {}",
            part.describe(),
            first.describe()
        );
        Fault::new(part.at, why, None)
    };
    // The first whose type is not open decides.
    let Some(deciding) = parts.iter().position(|part| !matches!(part.value, Typed::Open(_))) else {
        let open = parts.into_iter().filter_map(|part| match part.value {
            Typed::Open(open) => Some(open),
            _ => None,
        });
        return Ok(Alike::Open(open.collect()));
    };
    let first = &parts[deciding];
    for part in &parts {
        let is_open = matches!(part.value, Typed::Open(_)) && !matches!(first.value, Typed::Flag(_));
        if !is_open && part.describe() != first.describe() {
            return Err(mismatch(part, first));
        }
    }
    if first.is_number() {
        let numbers = parts.into_iter().map(|part| part.number(whose));
        return Ok(Alike::Numbers(numbers.collect::<Result<_, _>>()?));
    }
    if matches!(first.value, Typed::Text(_)) {
        return Ok(Alike::Texts(parts.into_iter().map(|part| part.text(whose)).collect::<Result<_, _>>()?));
    }
    Ok(Alike::Flags(parts.into_iter().map(|part| part.flag(whose)).collect::<Result<_, _>>()?))
}

pub(super) fn first_of(arguments: Vec<Operand>) -> Result<Typed, Fault> {
    if let Some(flag) = arguments.iter().find(|part| matches!(part.value, Typed::Flag(_))) {
        return Err(Fault::new(flag.at, "coalesce takes numbers or texts and this is a condition", None));
    }
    Ok(match one_type(arguments, "coalesce")? {
        Alike::Numbers(numbers) => Typed::Number(Number::First(numbers)),
        Alike::Texts(texts) => Typed::Text(Text::First(texts)),
        // None are left: refused above.
        Alike::Flags(flags) => Typed::Flag(Flag::Or(flags)),
        Alike::Open(open) => Typed::Open(Open::First(open)),
    })
}
