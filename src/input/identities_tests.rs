use proptest::prelude::*;

use super::*;
use crate::input::raw::testing::{Folder, options};

fn load(text: &str) -> Result<Identities> {
    let folder = Folder::new();
    let path = folder.put("people.csv", text);
    Identities::load(Path::new(&path), &options(&[]))
}

#[test]
fn a_directory_says_whose_ids_these_are() {
    let people =
        load("平台,会员ID,统一客户号\n天猫,123,P1\njd,123,P2\n拼多多,9,P1\n,77,P3\ntmall,138****1234,P9\n");
    let people = people.unwrap();
    assert_eq!(people.person("tmall", "123"), Some("P1"));
    assert_eq!(people.person("jd", "123"), Some("P2"));
    assert_eq!(people.person("pdd", "9"), Some("P1"));
    assert_eq!(people.person("pdd", "123"), None, "pdd is known, and has no such id");
    assert_eq!(people.person("tmall", "77"), Some("P3"), "of any platform");
    assert_eq!(people.person("none", "9"), Some("P1"), "not known whose: the id says it");
    assert_eq!(people.person("none", "123"), None, "not known whose, and two have it");
    assert_eq!(people.person("tmall", "138****1234"), None);
    let summary = people.summary();
    assert_eq!((summary.ids, summary.persons, summary.masked), (4, 3, 1));
    assert_eq!(summary.largest, ("P1".to_owned(), 2));
    assert_eq!(summary.suspicious, []);
}

#[test]
fn links_join_as_far_as_they_go() {
    let people =
        load("phone,openid,member_no\n13800000001,o1,\n,o1,m5\n13800000002,,m5\n,o9,m9\n-,,m7\n").unwrap();
    for id in ["13800000001", "o1", "m5", "13800000002"] {
        assert_eq!(people.person("none", id), Some("13800000001"), "{id}");
    }
    assert_eq!(people.person("", "o9"), Some("m9"));
    assert_eq!(people.person("", "m7"), Some("m7"));
    assert_eq!(people.person("", "m8"), None);
    let summary = people.summary();
    assert_eq!((summary.ids, summary.persons, &summary.largest), (7, 3, &("13800000001".to_owned(), 4)));
}

#[test]
fn ids_of_a_batch_are_replaced_and_missing_ones_stay() {
    let people = load("phone,openid\n13800000001,o1\n").unwrap();
    let ids: StringChunked = [Some("o1"), None, Some("other")].into_iter().collect();
    let replaced: Vec<_> = people.replaced("none", &ids).iter().map(|id| id.map(str::to_owned)).collect();
    assert_eq!(replaced, [Some("13800000001".to_owned()), None, Some("other".to_owned())]);
}

#[test]
fn one_text_in_two_columns_is_two_ids() {
    let people = load("jd,taobao\n1,2\n2,3\n").unwrap();
    assert_eq!(people.person("jd", "2"), Some("3"), "the smallest that no other person has");
    assert_eq!(people.person("taobao", "2"), Some("1"));
    assert_eq!(people.person("shopify", "2"), None, "of which of the two?");
    assert_eq!(people.person("shopify", "1"), Some("1"));
    let people = load("jd,taobao\n1,2\n2,1\n").unwrap();
    assert_ne!(people.person("jd", "1"), people.person("taobao", "1"));
}

#[test]
fn a_given_person_counts_and_two_of_them_are_refused() {
    let people = load("phone,openid,person_id\n1,a,Anna\n,a,\n2,,Anna\n3,c,\n").unwrap();
    assert_eq!(people.person("", "2"), Some("Anna"));
    assert_eq!(people.person("", "a"), Some("Anna"));
    assert_eq!(people.person("", "c"), Some("3"));
    assert_eq!(people.summary().persons, 2);

    let error = load("phone,openid,person_id\n1,a,P1\n2,b,P3\n1,b,\n1,,P1\n").unwrap_err();
    assert_eq!(error.code(), "unsound");
    assert!(error.to_string().contains("people.csv:3, column person_id: \"P1 and P3\""), "{error}");
    let error = load("platform,platform_id,person_id\ntmall,1,P1\ntmall,1,P2\n").unwrap_err();
    assert!(error.to_string().contains("1 times"), "{error}");
}

#[test]
fn files_that_are_none_say_what_is_wanted() {
    for (text, code) in [
        ("phone\n1\n", "config"),
        ("platform,phone,openid\ntmall,1,2\n", "missing_column"),
        ("platform,platform_id\ntmall,1\n", "missing_column"),
        ("phone,openid\n-,\n", "empty"),
        ("phone,openid\n1.23457E+18,a\n", "unsound"),
        ("platform,会员ID,用户ID,person_id\na,b,c,d\n", "config"),
    ] {
        assert_eq!(load(text).unwrap_err().code(), code, "{text}");
    }
}

#[test]
fn a_shared_phone_is_suspicious_and_masked_values_join_nothing() {
    let mut text = String::from("phone,openid\n");
    for n in 0..25 {
        text.push_str(&format!("13800000000,o{n}\n13800000000,o{n}\n138****0001,p{n}\n"));
    }
    let people = load(&text).unwrap();
    let summary = people.summary();
    assert_eq!(summary.suspicious, [("13800000000".to_owned(), 25)]);
    assert_eq!((summary.ids, summary.persons, summary.masked), (51, 26, 25));
    let notes = people.notes();
    let keys: Vec<_> = notes.iter().map(|note| note.key).collect();
    assert_eq!(keys, ["identities_joined", "identities_suspicious", "identities_masked"]);

    // Twenty are not.
    let text: String = (0..20).map(|n| format!("13800000000,o{n}\n")).collect();
    assert_eq!(load(&format!("phone,openid\n{text}")).unwrap().summary().suspicious, []);
    // A long chain has no such value: the person is named.
    let text: String = (100..160).map(|n| format!("{n},o{n}\n{n},o{}\n", n + 1)).collect();
    let summary = load(&format!("phone,openid\n{text}")).unwrap().summary().clone();
    assert_eq!(summary.suspicious, [("100".to_owned(), 121)]);
}

#[test]
fn keys_of_several_columns_are_equal_only_if_all_parts_are() {
    let column = |cells: &[Option<&str>]| cells.iter().copied().collect::<StringChunked>().into_column();
    let a = column(&[Some("a+b"), Some("a"), Some(" 张** "), None, Some("x\\")]);
    let b = column(&[Some("c"), Some("b+c"), Some("138****1234"), Some("1"), Some("y")]);
    let keys: Vec<_> = key_ids(&[&a, &b]).unwrap().iter().map(|key| key.map(str::to_owned)).collect();
    let expected = [Some(r"a\+b+c"), Some(r"a+b\+c"), Some("张**+138****1234"), None, Some(r"x\\+y")];
    assert_eq!(keys, expected.map(|key| key.map(str::to_owned)));
    assert_eq!(weak_key_note(&["a".into(), "b".into()]).args, [("columns", "a + b".to_owned())]);
}

#[test]
fn key_columns_are_found_by_name() {
    let folder = Folder::new();
    let path = folder.put("a.csv", "收件人姓名,手机 \n张三,1\n");
    let file = &raw::open(&options(&[&path])).unwrap()[0];
    assert_eq!(
        key_columns(file, &["收件人姓名".into(), "手机".into()]).unwrap(),
        [&file.header[0], &file.header[1]]
    );
    assert_eq!(key_columns(file, &["地址".into(), "手机".into()]).unwrap_err().code(), "unknown_name");
}

/// Persons by spreading along rows until nothing changes: the name of each (column, value).
fn naive(rows: &[[Option<u8>; 3]]) -> BTreeMap<(usize, u8), BTreeSet<(usize, u8)>> {
    let ids = |row: &[Option<u8>; 3]| -> Vec<(usize, u8)> {
        row.iter().enumerate().filter_map(|(column, value)| Some((column, (*value)?))).collect()
    };
    let mut persons: BTreeMap<(usize, u8), BTreeSet<(usize, u8)>> = BTreeMap::new();
    for row in rows {
        for id in ids(row) {
            persons.entry(id).or_default().insert(id);
        }
    }
    loop {
        let before = persons.clone();
        for row in rows {
            let all: BTreeSet<_> = ids(row).iter().flat_map(|id| persons[id].clone()).collect();
            for id in &all {
                persons.entry(*id).or_default().extend(all.iter().copied());
            }
        }
        if persons == before {
            return persons;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn persons_are_the_connected_components(
        rows in prop::collection::vec(prop::array::uniform3(prop::option::weighted(0.5, 0..12_u8)), 1..30),
        seed in any::<u64>(),
    ) {
        let expected = naive(&rows);
        prop_assume!(!expected.is_empty());
        let text = |rows: &[[Option<u8>; 3]]| -> String {
            let line = |row: &[Option<u8>; 3]| {
                let cell = |(i, value): (usize, &Option<u8>)| value.map(|v| format!("{}{v}", ["a", "b", "c"][i]));
                let cells: Vec<String> =
                    row.iter().enumerate().map(|cell_of| cell(cell_of).unwrap_or_default()).collect();
                cells.join(",") + "\n"
            };
            "x,y,z\n".to_owned() + &rows.iter().map(line).collect::<String>()
        };
        let people = load(&text(&rows)).unwrap();
        let name = |(column, value): &(usize, u8)| format!("{}{value}", ["a", "b", "c"][*column]);
        for (id, members) in &expected {
            let smallest = members.iter().map(name).min();
            prop_assert_eq!(people.person("none", &name(id)).map(str::to_owned), smallest);
        }
        let summary = people.summary();
        let persons: BTreeSet<_> = expected.values().collect();
        prop_assert_eq!((summary.ids, summary.persons), (expected.len() as u64, persons.len() as u64));
        prop_assert_eq!(Some(summary.largest.1), persons.iter().map(|members| members.len() as u64).max());

        // Another order of the rows says the same.
        let mut shuffled = rows.clone();
        let turn = (seed % rows.len() as u64) as usize;
        shuffled.rotate_left(turn);
        shuffled.reverse();
        let again = load(&text(&shuffled)).unwrap();
        prop_assert_eq!(again.summary(), summary);
        for id in expected.keys() {
            prop_assert_eq!(again.person("none", &name(id)), people.person("none", &name(id)));
        }
    }
}
