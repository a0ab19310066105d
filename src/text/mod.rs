//! Labels for people, in each language: en.toml and zh.toml, and a pair of files for each larger report, embedded. Keys and values never change with the language.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use crate::output::{Label, Note};

/// `--lang`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, clap::ValueEnum, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// English
    #[default]
    En,
    /// 中文
    Zh,
}

impl Lang {
    pub fn key(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }
}

/// The labels of one language: section -> key -> text.
#[derive(Debug, Clone)]
pub struct Catalogue {
    pub lang: Lang,
    sections: HashMap<String, HashMap<String, String>>,
}

/// What all commands share, and a file for each of the larger reports. A label stands in one of them.
const EN_TEXTS: &[&str] = &[
    include_str!("en.toml"),
    include_str!("cohort.en.toml"),
    include_str!("repurchase.en.toml"),
    include_str!("ltv.en.toml"),
    include_str!("funnel.en.toml"),
    include_str!("retention.en.toml"),
    include_str!("engagement.en.toml"),
];
const ZH_TEXTS: &[&str] = &[
    include_str!("zh.toml"),
    include_str!("cohort.zh.toml"),
    include_str!("repurchase.zh.toml"),
    include_str!("ltv.zh.toml"),
    include_str!("funnel.zh.toml"),
    include_str!("retention.zh.toml"),
    include_str!("engagement.zh.toml"),
];

static EN: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::parse(Lang::En, EN_TEXTS));
static ZH: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::parse(Lang::Zh, ZH_TEXTS));

impl Catalogue {
    pub fn get(lang: Lang) -> &'static Self {
        match lang {
            Lang::En => &EN,
            Lang::Zh => &ZH,
        }
    }

    /// The same with labels of the user's before ours.
    pub fn with_labels(lang: Lang, labels: &[Label]) -> Cow<'static, Self> {
        if labels.is_empty() {
            return Cow::Borrowed(Self::get(lang));
        }
        let mut words = Self::get(lang).clone();
        for label in labels {
            let text = match lang {
                Lang::En => &label.en,
                Lang::Zh => &label.zh,
            };
            words
                .sections
                .entry(label.section.to_owned())
                .or_default()
                .insert(label.key.clone(), text.clone());
        }
        Cow::Owned(words)
    }

    /// A fault in an embedded file leaves the keys to speak for themselves; the tests of this module find it.
    fn parse(lang: Lang, texts: &[&str]) -> Self {
        let mut sections: HashMap<String, HashMap<String, String>> = HashMap::new();
        for text in texts {
            let more: HashMap<String, HashMap<String, String>> = toml::from_str(text).unwrap_or_default();
            for (section, labels) in more {
                sections.entry(section).or_default().extend(labels);
            }
        }
        Self { lang, sections }
    }

    /// The label of `key` in `[section]`, if it has one.
    pub fn label(&self, section: &str, key: &str) -> Option<&str> {
        self.sections.get(section)?.get(key).map(String::as_str)
    }

    /// The label of a column. `first_channel` is composed of `first_` and the label of `channel`, and so are `last_` and
    /// `top_`, unless the whole has a label of its own; `period_3` is `+3`.
    pub fn column(&self, name: &str) -> String {
        if let Some(label) = self.label("columns", name) {
            return label.to_owned();
        }
        if let Some(number) = name.strip_prefix("period_").filter(|rest| rest.parse::<u32>().is_ok()) {
            return self.ui("period_of").replace("{}", number);
        }
        for prefix in ["first_", "last_", "top_"] {
            if let Some(base) = name.strip_prefix(prefix)
                && let Some(pattern) = self.label("ui", &format!("{prefix}of"))
            {
                return pattern.replace("{}", &self.column(base));
            }
        }
        spaced(name)
    }

    /// The name of a table, as a title.
    pub fn table(&self, name: &str) -> String {
        let label = self.label("tables", name).map_or_else(|| spaced(name), str::to_owned);
        let mut rest = label.chars();
        rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
    }

    /// What a command's result is called.
    pub fn report(&self, command: &str) -> String {
        self.label("reports", command).map_or_else(|| spaced(command), str::to_owned)
    }

    /// The name of a parameter.
    pub fn param(&self, name: &str) -> String {
        self.label("params", name).map_or_else(|| self.column(name), str::to_owned)
    }

    /// Why rows were left out. Reasons are English sentences; their keys have underscores for blanks.
    pub fn reason(&self, reason: &str) -> String {
        self.label("reasons", &reason.replace(' ', "_")).unwrap_or(reason).to_owned()
    }

    /// A word of ours: headings, buttons, units.
    pub fn ui(&self, key: &str) -> String {
        self.label("ui", key).map_or_else(|| spaced(key), str::to_owned)
    }

    /// A note as a sentence. A note without a text is its key and its arguments.
    pub fn note(&self, note: &Note) -> String {
        if let Some(template) = self.label("notes", note.key) {
            return fill(template, &note.args);
        }
        let mut sentence = spaced(note.key);
        for (name, value) in &note.args {
            sentence.push_str(&format!(", {name}: {value}"));
        }
        sentence
    }
}

/// Replaces every `{name}` by its argument, in one pass: braces in an argument stay as they are.
fn fill(template: &str, args: &[(&'static str, String)]) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        filled.push_str(&rest[..open]);
        rest = &rest[open..];
        let found =
            args.iter().find(|(name, _)| rest[1..].strip_prefix(name).is_some_and(|r| r.starts_with('}')));
        match found {
            Some((name, value)) => {
                filled.push_str(value);
                rest = &rest[name.len() + 2..];
            }
            None => {
                filled.push('{');
                rest = &rest[1..];
            }
        }
    }
    filled.push_str(rest);
    filled
}

fn spaced(key: &str) -> String {
    key.replace('_', " ")
}

#[cfg(test)]
mod tests;
