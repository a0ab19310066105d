//! Names of columns as presets write them, and where a file's header has them.
//!
//! Names are compared as [`columns::key`](crate::input::columns::key) writes them. A `*` stands for any text, also none; what
//! is left of a name when `(*)` is taken out is another way to write it, since `key` takes units in brackets off:
//! `Amount spent (*)` is `Amount spent (USD)` and `Amount spent`.

use std::collections::HashMap;

use crate::input::columns::key;

/// A column's name in a preset, ready to be looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnName {
    /// As the preset writes it.
    pub written: String,
    forms: Vec<Form>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    Exact(String),
    /// What stands before, between and behind the stars.
    Pieces(Vec<String>),
}

impl ColumnName {
    pub fn new(written: &str) -> Self {
        let key = key(written);
        let mut forms = Vec::new();
        if key.contains('*') {
            let bare = key.replace("(*)", "");
            if !bare.is_empty() && !bare.contains('*') {
                forms.push(Form::Exact(bare));
            }
            forms.push(Form::Pieces(key.split('*').map(str::to_owned).collect()));
        } else {
            forms.push(Form::Exact(key));
        }
        Self { written: written.to_owned(), forms }
    }

    /// Whether the column of this `key` is the one that is meant.
    pub fn is(&self, key: &str) -> bool {
        self.forms.iter().any(|form| match form {
            Form::Exact(exact) => exact == key,
            Form::Pieces(pieces) => holds_in_order(key, pieces),
        })
    }
}

/// Whether `text` is the pieces in their order with any text between them: the first begins it, the last ends it.
fn holds_in_order(text: &str, pieces: &[String]) -> bool {
    let [first, between @ .., last] = pieces else { return false };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
    for piece in between {
        let Some(at) = rest.find(piece.as_str()) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last.as_str())
}

/// The names of a file's header by their keys.
#[derive(Debug, Clone, Default)]
pub struct HeaderKeys {
    /// key -> the first column of it.
    places: HashMap<String, usize>,
}

impl HeaderKeys {
    /// Of names as written in the file; empty ones are no names.
    pub fn new<S: AsRef<str>>(header: &[S]) -> Self {
        let mut places = HashMap::with_capacity(header.len());
        for (at, name) in header.iter().enumerate() {
            let key = key(name.as_ref());
            if !key.is_empty() {
                places.entry(key).or_insert(at);
            }
        }
        Self { places }
    }

    /// Where the column stands; of several that a `*` fits the first.
    pub fn find(&self, name: &ColumnName) -> Option<usize> {
        let exact = name.forms.iter().find_map(|form| match form {
            Form::Exact(exact) => self.places.get(exact).copied(),
            Form::Pieces(_) => None,
        });
        exact.or_else(|| {
            let pieces = name.forms.iter().find_map(|form| match form {
                Form::Pieces(pieces) => Some(pieces),
                Form::Exact(_) => None,
            })?;
            self.places.iter().filter(|(key, _)| holds_in_order(key, pieces)).map(|(_, at)| *at).min()
        })
    }

    pub fn has(&self, name: &ColumnName) -> bool {
        self.find(name).is_some()
    }

    /// The number of different names.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text_and_a_unit_in_brackets_may_be_gone() {
        let spent = ColumnName::new("Amount spent (*)");
        for name in ["Amount spent (USD)", "Amount spent", "amount spent (XTS)", "Amount spent（元）"] {
            assert!(spent.is(&key(name)), "{name}");
            assert_eq!(HeaderKeys::new(&["x", name]).find(&spent), Some(1), "{name}");
        }
        assert!(!spent.is(&key("Amount spent today")));
        let group = ColumnName::new("标签组*(名称)");
        assert!(
            group.is(&key("标签组12（名称）"))
                && group.is(&key("标签组(名称)"))
                && !group.is(&key("标签组1"))
        );
        assert!(!ColumnName::new("a*a").is("a"));
        assert!(ColumnName::new("*").is("anything"));
    }

    #[test]
    fn names_are_found_whatever_their_width_blanks_and_units() {
        let header = HeaderKeys::new(&["收货地址 ", "下单帐号", "用户实付金额（元）", "", "订单付款时间\n"]);
        assert_eq!(header.len(), 4);
        for (name, at) in [
            ("收货地址", Some(0)),
            ("下单账号", Some(1)),
            ("用户实付金额(元)", Some(2)),
            ("订单付款时间", Some(4)),
            ("x", None),
        ] {
            assert_eq!(header.find(&ColumnName::new(name)), at, "{name}");
        }
    }
}
