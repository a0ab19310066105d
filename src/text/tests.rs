use std::collections::BTreeSet;

use super::*;

fn keys(words: &Catalogue) -> BTreeSet<(String, String)> {
    words
        .sections
        .iter()
        .flat_map(|(section, labels)| labels.keys().map(|key| (section.clone(), key.clone())))
        .collect()
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name)).collect()
}

#[test]
fn all_files_are_read_and_no_label_is_in_two() {
    for texts in [EN_TEXTS, ZH_TEXTS] {
        let mut known = BTreeSet::new();
        for text in texts {
            let sections = toml::from_str::<HashMap<String, HashMap<String, String>>>(text);
            for (section, labels) in sections.unwrap_or_else(|error| panic!("{error}")) {
                for key in labels.into_keys() {
                    assert!(
                        known.insert((section.clone(), key.clone())),
                        "[{section}] {key} is in two files"
                    );
                }
            }
        }
    }
    assert_eq!(Catalogue::get(Lang::Zh).label("ui", "about"), Some("说明"));
}

#[test]
fn every_label_is_in_both_languages() {
    let (en, zh) = (keys(&EN), keys(&ZH));
    let only_en: Vec<_> = en.difference(&zh).collect();
    let only_zh: Vec<_> = zh.difference(&en).collect();
    assert!(only_en.is_empty(), "in en.toml alone: {only_en:?}");
    assert!(only_zh.is_empty(), "in zh.toml alone: {only_zh:?}");
}

#[test]
fn no_label_is_empty_and_both_name_the_same_arguments() {
    for (section, key) in keys(&EN) {
        let (en, zh) = (EN.label(&section, &key), ZH.label(&section, &key));
        let (en, zh) = (en.unwrap_or_default(), zh.unwrap_or_default());
        assert!(!en.trim().is_empty() && !zh.trim().is_empty(), "[{section}] {key}");
        assert_eq!(placeholders(en), placeholders(zh), "[{section}] {key}");
    }
}

#[test]
fn columns_are_composed() {
    assert_eq!(EN.column("first_no_such_thing"), "no such thing (first)");
    assert_eq!(ZH.column("first_地区"), "首次地区");
    assert_eq!(ZH.column("last_地区"), "最近地区");
    assert_eq!(EN.column("no_such_thing"), "no such thing");
    assert_eq!((EN.column("period_0"), ZH.column("period_12")), ("+0".into(), "+12".into()));
    assert_eq!(EN.column("period_no"), "period no");
}

#[test]
fn notes_are_filled_in_one_pass() {
    let args = [("a", "{b}".to_owned()), ("b", "2".to_owned())];
    assert_eq!(fill("{a} and {b}, {c}, {", &args), "{b} and 2, {c}, {");
    let note = Note::new("no_such_note").with("rows", 3);
    assert_eq!(EN.note(&note), "no such note, rows: 3");
}

#[test]
fn what_is_not_known_speaks_for_itself() {
    assert_eq!(ZH.ui("no_such_word"), "no such word");
    assert_eq!(ZH.reason("no such reason"), "no such reason");
    assert_eq!(ZH.label("segments", "no_such_segment"), None);
    assert_eq!(ZH.label("no_such_section", "x"), None);
}
