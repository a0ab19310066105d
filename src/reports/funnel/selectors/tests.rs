use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Vec<Step> {
    steps("--steps", text).unwrap()
}

fn one(event: Option<&str>, condition: Option<&str>) -> Alternative {
    Alternative { event: event.map(str::to_owned), condition: condition.map(str::to_owned) }
}

fn why(text: &str) -> String {
    let error = steps("--steps", text).unwrap_err();
    format!("{error}; {}", error.hints().join("; "))
}

#[test]
fn steps_as_in_the_manual() {
    let found = read("exposure, click|scan, pay[value>=100 and channel='wechat'], survey?, end");
    let names: Vec<&str> = found.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["exposure", "click|scan", "pay[value>=100 and channel='wechat']", "survey", "end"]);
    assert_eq!(found[1].alternatives, [one(Some("click"), None), one(Some("scan"), None)]);
    assert_eq!(found[2].alternatives, [one(Some("pay"), Some("value>=100 and channel='wechat'"))]);
    let optional: Vec<bool> = found.iter().map(|step| step.optional).collect();
    assert_eq!(optional, [false, false, false, true, false]);
}

#[test]
fn names_and_conditions_hold_what_is_quoted() {
    let found = read(
        r#" "user, signed|up?" , user came back ,'it''s'[a IN ('x]', "b,c") or d[1]=2] | * [v>1]?, "*",pay"#,
    );
    assert_eq!(found[0].alternatives, [one(Some("user, signed|up?"), None)]);
    assert_eq!(found[0].name, r#""user, signed|up?""#);
    assert_eq!(found[1].alternatives, [one(Some("user came back"), None)]);
    let both = [one(Some("it's"), Some(r#"a IN ('x]', "b,c") or d[1]=2"#)), one(None, Some("v>1"))];
    assert_eq!(found[2].alternatives, both);
    assert!(found[2].optional);
    assert_eq!(found[3].alternatives, [one(Some("*"), None)]);
    assert_eq!(read("a|a")[0].alternatives.len(), 1);
    assert_eq!(read("*")[0].alternatives, [one(None, None)]);
}

#[test]
fn full_width_signs_are_taken() {
    let found = read("浏览商品，加入购物车｜扫码？，“支付，成功”［value>=100］");
    assert_eq!(found[0].alternatives, [one(Some("浏览商品"), None)]);
    assert_eq!(found[1].alternatives, [one(Some("加入购物车"), None), one(Some("扫码"), None)]);
    assert!(found[1].optional);
    assert_eq!(found[2].alternatives, [one(Some("支付，成功"), Some("value>=100"))]);
}

#[test]
fn errors_say_what_where_and_how() {
    for (text, parts) in [
        ("", ["character 1: step 1 has no event", "exposure, click|scan"]),
        ("a,,b", ["character 3: step 2 has no event", "e.g."]),
        ("a,", ["character 3: step 2 has no event", "e.g."]),
        ("a,b|", ["character 5: step 2 has no event", "e.g."]),
        ("a,[x>1]", ["character 3: step 2 has no event", "*[value>=100]"]),
        ("a,b[x>1", ["character 4: the [ is not closed", "pay[value>=100]"]),
        ("a,b[x='1]", ["character 4: a ' in the condition is not closed", "wechat"]),
        ("a,b[ ]", ["character 4: the condition is empty", "pay[value>=100]"]),
        ("a,\"b", ["character 3: a quote that is not closed", "behind the name"]),
        ("a,b??,c", ["character 5: one ? is enough", "may be left out"]),
        ("a,b]c", ["character 4: ']' does not fit", "in quotes"]),
        ("a,b?c,d", ["character 5: 'c' does not fit", "in quotes"]),
        ("a?,b", ["the first step cannot be optional", "leave out its ?: a"]),
        ("a,b?", ["the last step cannot be optional", "leave out its ?: b"]),
    ] {
        let said = why(text);
        assert!(parts.iter().all(|part| said.contains(part)), "{text}: {said}");
    }
    let many = |n: usize| vec!["a"; n].join(",");
    assert_eq!(read(&many(64)).len(), 64);
    assert!(why(&many(65)).contains("65 steps, and 64 is the most"));
    assert!(selector("--start", "a,b").unwrap_err().to_string().contains("2 steps stand there"));
}

#[test]
fn exclusions_say_between_which_steps() {
    let texts = ["refund_request@2..3, cancel | \"a@b\"".to_owned(), "退款＠1..2".to_owned()];
    let found = exclusions("--exclude", &texts).unwrap();
    let shown: Vec<_> = found.iter().map(|one| (one.name.as_str(), one.between)).collect();
    assert_eq!(shown, [("refund_request", Some((2, 3))), ("cancel | \"a@b\"", None), ("退款", Some((1, 2)))]);
    assert_eq!(found[1].alternatives, [one(Some("cancel"), None), one(Some("a@b"), None)]);
    for (text, part) in [
        ("a@", "character 3: a step's number is missing"),
        ("a@2", "character 3: two steps are needed"),
        ("a@2..", "character 6: a step's number is missing"),
        ("a@1..2@", "a second @"),
        ("a?", "cannot be optional"),
    ] {
        let said = exclusions("--exclude", &[text.to_owned()]).unwrap_err().to_string();
        assert!(said.contains(part), "{text}: {said}");
    }
    // In a step an @ is a character like any other.
    assert_eq!(read("a@2..3")[0].alternatives, [one(Some("a@2..3"), None)]);
}

proptest! {
    /// Any text gives steps or an error, and names written in quotes come back as they are.
    #[test]
    fn nothing_panics_and_quoted_names_come_back(text in ".{0,40}", names in prop::collection::vec(".{1,12}", 1..6)) {
        let _ = steps("--steps", &text);
        let _ = exclusions("--exclude", &[text]);
        let quoted: Vec<String> = names.iter().map(|name| format!("\"{}\"", name.replace('"', "\"\""))).collect();
        let found = steps("--steps", &quoted.join(",")).unwrap();
        let events: Vec<Option<String>> = found.into_iter().map(|mut step| step.alternatives.remove(0).event).collect();
        prop_assert_eq!(events, names.into_iter().map(Some).collect::<Vec<_>>());
    }
}
