//! One record of JSON into cells: names joined by dots, values as they are written.
//!
//! A scanner of our own, because numbers must keep their digits: ids of 19 digits are no floats.

use std::fmt::Write;

/// How deep objects and arrays may be nested; real exports have five or six levels.
const DEPTH: usize = 64;

/// The longest name of a column, in bytes.
const LONGEST_NAME: usize = 1024;

/// Lists of `{key, value}` records, which GA4 writes instead of objects: each key becomes a column.
const KEY_VALUE_LISTS: [&str; 2] = ["event_params", "user_properties"];

/// The one of these that is set is the value of such a record.
const TYPED_VALUES: [&str; 4] =
    ["value.string_value", "value.int_value", "value.float_value", "value.double_value"];

/// What is wrong with a record, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// Byte of the record.
    pub at: usize,
    pub what: String,
}

/// Takes the cells of a record: name, and the value as text; `None` is null.
pub(super) trait Cells {
    fn cell(&mut self, name: &str, value: Option<&str>) -> Result<(), String>;
}

/// Scratch space, kept from record to record.
#[derive(Default)]
pub(super) struct Flattener {
    path: String,
    text: String,
}

impl Flattener {
    /// Hands each value of the object `record` to `cells`, in order.
    pub(super) fn flatten(&mut self, record: &str, cells: &mut dyn Cells) -> Result<(), Fault> {
        self.path.clear();
        let mut scanner = Scanner { text: record, at: 0, path: &mut self.path, scratch: &mut self.text };
        scanner.blanks();
        if scanner.peek() != Some(b'{') {
            let found = scanner.what_is_here();
            return Err(scanner.fault(format!("an object ({{...}}) is expected here, not {found}")));
        }
        scanner.object(cells, 1)?;
        scanner.blanks();
        match scanner.peek() {
            None => Ok(()),
            Some(_) => {
                let found = scanner.what_is_here();
                Err(scanner.fault(format!("{found} follows the end of the record")))
            }
        }
    }
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// The name of the value that is being read.
    path: &'a mut String,
    scratch: &'a mut String,
}

impl<'a> Scanner<'a> {
    fn fault(&self, what: impl Into<String>) -> Fault {
        Fault { at: self.at, what: what.into() }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    /// What stands here, for a message.
    fn what_is_here(&self) -> String {
        match self.peek() {
            None => "the end".into(),
            Some(b'[') => "an array".into(),
            Some(b'{') => "an object".into(),
            Some(b'"') => "a text".into(),
            Some(b'-' | b'0'..=b'9') => "a number".into(),
            Some(_) => {
                let rest = &self.text[self.at..];
                let word = rest.chars().take_while(|c| c.is_alphanumeric()).take(20).collect::<String>();
                if word.is_empty() { format!("{:?}", rest.chars().next().unwrap_or(' ')) } else { word }
            }
        }
    }

    fn expected(&self, what: &str) -> Fault {
        self.fault(format!("{what} is expected, not {}", self.what_is_here()))
    }

    fn deeper(&self, depth: usize) -> Result<usize, Fault> {
        if depth < DEPTH {
            return Ok(depth + 1);
        }
        Err(self.fault(format!("objects and arrays are nested more than {DEPTH} deep")))
    }

    fn object(&mut self, cells: &mut dyn Cells, depth: usize) -> Result<(), Fault> {
        self.at += 1;
        self.blanks();
        if self.eat(b'}') {
            return Ok(());
        }
        let base = self.path.len();
        loop {
            self.key()?;
            self.value(cells, depth)?;
            self.path.truncate(base);
            self.blanks();
            if self.eat(b'}') {
                return Ok(());
            }
            if !self.eat(b',') {
                return Err(self.expected("a comma or }"));
            }
            self.blanks();
        }
    }

    /// Reads a key with its colon and adds it to the path.
    fn key(&mut self) -> Result<(), Fault> {
        let begin = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.expected("a name in double quotes"));
        }
        let mut key = std::mem::take(self.scratch);
        let read = self.string(&mut key);
        if read.is_ok() {
            if !self.path.is_empty() {
                self.path.push('.');
            }
            // A name is one line of a header.
            self.path.extend(key.chars().map(|c| if c.is_control() { ' ' } else { c }));
        }
        *self.scratch = key;
        read?;
        if self.path.len() > LONGEST_NAME {
            return Err(Fault { at: begin, what: format!("a name of more than {LONGEST_NAME} bytes") });
        }
        self.blanks();
        if !self.eat(b':') {
            return Err(self.expected("a colon"));
        }
        self.blanks();
        Ok(())
    }

    fn value(&mut self, cells: &mut dyn Cells, depth: usize) -> Result<(), Fault> {
        let begin = self.at;
        let mut text = std::mem::take(self.scratch);
        text.clear();
        let outcome = match self.peek() {
            Some(b'{') => match self.deeper(depth) {
                Ok(depth) => {
                    *self.scratch = text;
                    return self.object(cells, depth);
                }
                Err(fault) => Err(fault),
            },
            Some(b'[') => match self.key_value_list(cells, depth) {
                Some(outcome) => {
                    *self.scratch = text;
                    return outcome;
                }
                None => self.copy(&mut text, depth).map(|()| Some(text.as_str())),
            },
            Some(b'"') => self.string(&mut text).map(|()| Some(text.as_str())),
            _ => self.word().map(|word| (word != "null").then_some(word)),
        };
        let outcome =
            outcome.and_then(|value| cells.cell(self.path, value).map_err(|what| Fault { at: begin, what }));
        *self.scratch = text;
        outcome
    }

    /// `true`, `false`, `null`, or a number, as written.
    fn word(&mut self) -> Result<&'a str, Fault> {
        let rest = &self.text[self.at..];
        let length =
            rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.')).count();
        let word = &rest[..length];
        if matches!(word, "true" | "false" | "null") || is_number(word.as_bytes()) {
            self.at += length;
            return Ok(word);
        }
        if self.peek().is_none() {
            return Err(self.fault("the record ends within: it is cut off"));
        }
        Err(self.fault(match word {
            "" => format!("a value is expected, not {}", self.what_is_here()),
            word => format!("{word:.40} is no value"),
        }))
    }

    /// A text behind its opening quote to behind its closing one, unescaped.
    fn string(&mut self, out: &mut String) -> Result<(), Fault> {
        out.clear();
        let begin = self.at;
        self.at += 1;
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            let Some(stop) = rest.iter().position(|b| matches!(b, b'"' | b'\\' | b'\n')) else {
                return Err(Fault { at: begin, what: "a text begins here that is never closed".into() });
            };
            out.push_str(&self.text[self.at..self.at + stop]);
            self.at += stop;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape(out)?,
                _ => {
                    return Err(Fault {
                        at: begin,
                        what: "a text begins here that is not closed on its line".into(),
                    });
                }
            }
        }
    }

    /// An escape sequence. Half a surrogate pair, as in texts that were cut, becomes U+FFFD.
    fn escape(&mut self, out: &mut String) -> Result<(), Fault> {
        let begin = self.at;
        let bad = || Fault { at: begin, what: "an escape sequence that JSON does not have".into() };
        let code = self.text.as_bytes().get(self.at + 1).copied().ok_or_else(bad)?;
        self.at += 2;
        out.push(match code {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.four_digits().ok_or_else(bad)?;
                let second = match first {
                    0xd800..=0xdbff if self.text[self.at..].starts_with("\\u") => {
                        let before = self.at;
                        self.at += 2;
                        let low = self.four_digits().ok_or_else(bad)?;
                        if !(0xdc00..=0xdfff).contains(&low) {
                            self.at = before;
                        }
                        Some(low).filter(|low| (0xdc00..=0xdfff).contains(low))
                    }
                    _ => None,
                };
                let code = match second {
                    Some(low) => 0x10000 + ((first - 0xd800) << 10) + (low - 0xdc00),
                    None => first,
                };
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => return Err(bad()),
        });
        Ok(())
    }

    fn four_digits(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    /// Copies a value as JSON text without the blanks between its parts.
    fn copy(&mut self, out: &mut String, depth: usize) -> Result<(), Fault> {
        match self.peek() {
            Some(b'"') => {
                let begin = self.at;
                // Checked by reading it; what is copied is the text as written.
                self.string(&mut String::new())?;
                out.push_str(&self.text[begin..self.at]);
                Ok(())
            }
            Some(open @ (b'[' | b'{')) => {
                let depth = self.deeper(depth)?;
                let close = if open == b'[' { b']' } else { b'}' };
                self.at += 1;
                out.push(char::from(open));
                self.blanks();
                if self.eat(close) {
                    out.push(char::from(close));
                    return Ok(());
                }
                loop {
                    if open == b'{' {
                        if self.peek() != Some(b'"') {
                            return Err(self.expected("a name in double quotes"));
                        }
                        self.copy(out, depth)?;
                        self.blanks();
                        if !self.eat(b':') {
                            return Err(self.expected("a colon"));
                        }
                        out.push(':');
                        self.blanks();
                    }
                    self.copy(out, depth)?;
                    self.blanks();
                    if self.eat(close) {
                        out.push(char::from(close));
                        return Ok(());
                    }
                    if !self.eat(b',') {
                        return Err(self.expected(if open == b'[' {
                            "a comma or ]"
                        } else {
                            "a comma or }"
                        }));
                    }
                    out.push(',');
                    self.blanks();
                }
            }
            _ => {
                out.push_str(self.word()?);
                Ok(())
            }
        }
    }

    /// GA4's lists of parameters. `None`: the array is no such list, and nothing has been read.
    fn key_value_list(&mut self, cells: &mut dyn Cells, depth: usize) -> Option<Result<(), Fault>> {
        if !KEY_VALUE_LISTS.contains(&self.path.as_str()) {
            return None;
        }
        let begin = self.at;
        let outcome = self.key_value_records(depth);
        let Some(records) = outcome else {
            self.at = begin;
            return None;
        };
        let base = self.path.len();
        for Entry { key, cells: values } in records {
            let chosen = TYPED_VALUES
                .iter()
                .find_map(|name| values.iter().position(|(n, value)| n == name && value.is_some()));
            let value = chosen.and_then(|at| values[at].1.as_deref());
            let mut put = |suffix: &str, value: Option<&str>| {
                self.path.truncate(base);
                // Into a String: it cannot fail.
                let _ = write!(self.path, ".{key}{suffix}");
                cells.cell(self.path, value).map_err(|what| Fault { at: begin, what })
            };
            let mut outcome = put("", value);
            for (at, (name, value)) in values.iter().enumerate() {
                let is_unset = TYPED_VALUES.contains(&name.as_str()) && value.is_none();
                if outcome.is_ok() && Some(at) != chosen && !is_unset && name != "key" {
                    // When a user's property was set, and whatever else there is.
                    match name.strip_prefix("value") {
                        Some("") if value.is_none() => {}
                        Some(rest) => outcome = put(rest, value.as_deref()),
                        None => outcome = put(&format!(".{name}"), value.as_deref()),
                    }
                }
            }
            self.path.truncate(base);
            if outcome.is_err() {
                return Some(outcome);
            }
        }
        Some(Ok(()))
    }

    fn key_value_records(&mut self, depth: usize) -> Option<Vec<Entry>> {
        let depth = self.deeper(depth).ok()?;
        let mut records = Vec::new();
        self.at += 1;
        self.blanks();
        while self.peek() == Some(b'{') {
            let path = std::mem::take(self.path);
            let mut values = Collected::default();
            let read = self.deeper(depth).and_then(|depth| self.object(&mut values, depth));
            *self.path = path;
            read.ok()?;
            let key = values.0.iter().find(|(name, _)| name == "key")?.1.clone()?;
            records.push(Entry { key, cells: values.0 });
            self.blanks();
            if !self.eat(b',') {
                break;
            }
            self.blanks();
        }
        self.eat(b']').then_some(records)
    }
}

/// A record of a list of parameters.
struct Entry {
    key: String,
    cells: Vec<(String, Option<String>)>,
}

#[derive(Default)]
struct Collected(Vec<(String, Option<String>)>);

impl Cells for Collected {
    fn cell(&mut self, name: &str, value: Option<&str>) -> Result<(), String> {
        self.0.push((name.to_owned(), value.map(str::to_owned)));
        Ok(())
    }
}

/// JSON's grammar of numbers: `-0.5e+3`, no leading zeros, no bare point.
fn is_number(word: &[u8]) -> bool {
    fn digits(word: &[u8]) -> (&[u8], usize) {
        let count = word.iter().take_while(|b| b.is_ascii_digit()).count();
        (&word[count..], count)
    }
    let word = word.strip_prefix(b"-").unwrap_or(word);
    let (mut rest, whole) = digits(word);
    if whole == 0 || whole > 1 && word[0] == b'0' {
        return false;
    }
    if let Some(behind) = rest.strip_prefix(b".") {
        let (behind, decimals) = digits(behind);
        if decimals == 0 {
            return false;
        }
        rest = behind;
    }
    if let [b'e' | b'E', behind @ ..] = rest {
        let behind = match behind {
            [b'+' | b'-', behind @ ..] => behind,
            behind => behind,
        };
        let (behind, exponent) = digits(behind);
        return exponent > 0 && behind.is_empty();
    }
    rest.is_empty()
}

#[cfg(test)]
#[path = "flatten_tests.rs"]
mod tests;
