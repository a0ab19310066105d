//! Values as written, what is wrong and where; serde_json as the oracle.

use proptest::prelude::*;

use super::*;

fn flat(record: &str) -> Result<Vec<(String, Option<String>)>, Fault> {
    let mut cells = Collected::default();
    Flattener::default().flatten(record, &mut cells).map(|()| cells.0)
}

fn shown(record: &str) -> String {
    let cells = flat(record).unwrap();
    let cell = |(name, value): &(String, Option<String>)| match value {
        Some(value) => format!("{name}={value}"),
        None => format!("{name}~"),
    };
    cells.iter().map(cell).collect::<Vec<_>>().join("; ")
}

#[test]
fn objects_are_flattened_and_values_stay_as_written() {
    for (record, cells) in [
        ("{}", ""),
        (r#"{"a":{}}"#, ""),
        (
            r#"{"event":"buy","properties":{"time":1700000000,"distinct_id":"u1"}}"#,
            "event=buy; properties.time=1700000000; properties.distinct_id=u1",
        ),
        (
            r#" { "id" : 9223372036854775808123 , "x" : -1.50E+2, "t" : true, "n" : null } "#,
            "id=9223372036854775808123; x=-1.50E+2; t=true; n~",
        ),
        (
            r#"{"items":[ {"sku": "a, b", "n": 1.0}, [ ] , "x\n" ],"b":1}"#,
            r#"items=[{"sku":"a, b","n":1.0},[],"x\n"]; b=1"#,
        ),
        (r#"{"k":"\u4e2d\u6587 \ud83d\ude00 \/ \"q\" \ud83d"}"#, "k=中文 😀 / \"q\" \u{fffd}"),
        (r#"{"k":"\ud83d\u4e2d"}"#, "k=\u{fffd}中"),
    ] {
        assert_eq!(shown(record), cells, "{record}");
    }
}

#[test]
fn parameters_of_ga4_become_columns() {
    let record = r#"{"event_params":[
        {"key":"page_location","value":{"string_value":"https://x/?a=1","int_value":null}},
        {"key":"ga_session_id","value":{"int_value":"1700000001"}},
        {"key":"value","value":{"double_value":12.5}},
        {"key":"empty","value":{"string_value":null}}],
      "user_properties":[{"key":"vip","value":{"string_value":"yes","set_timestamp_micros":"17"}}],
      "x":{"event_params":[{"key":"a","value":{"int_value":1}}]}}"#;
    assert_eq!(
        shown(record),
        "event_params.page_location=https://x/?a=1; event_params.ga_session_id=1700000001; \
         event_params.value=12.5; event_params.empty~; user_properties.vip=yes; \
         user_properties.vip.set_timestamp_micros=17; \
         x.event_params=[{\"key\":\"a\",\"value\":{\"int_value\":1}}]"
    );
    assert_eq!(shown(r#"{"event_params":[],"a":1}"#), "a=1");
    // What has another form stays text.
    for other in [r#"[1,2]"#, r#"[{"name":"a"}]"#, r#"[{"key":"a","value":{"int_value":1}},3]"#] {
        assert_eq!(shown(&format!("{{\"event_params\":{other}}}")), format!("event_params={other}"));
    }
    // Amplitude's are an object.
    assert_eq!(shown(r#"{"user_properties":{"vip":1}}"#), "user_properties.vip=1");
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (record, at, what) in [
        ("[1]", 0, "an object ({...}) is expected here, not an array"),
        ("{\"a\":1", 6, "a comma or } is expected, not the end"),
        ("{\"a\":1,}", 7, "a name in double quotes is expected, not '}'"),
        ("{\"a\" 1}", 5, "a colon is expected, not a number"),
        ("{\"a\":}", 5, "a value is expected, not '}'"),
        ("{\"a\":NaN}", 5, "NaN is no value"),
        ("{\"a\":01}", 5, "01 is no value"),
        ("{\"a\":1.}", 5, "1. is no value"),
        ("{\"a\":\"b", 5, "a text begins here that is never closed"),
        ("{\"a\":\"b\n\"}", 5, "a text begins here that is not closed on its line"),
        ("{\"a\":\"\\x\"}", 6, "an escape sequence that JSON does not have"),
        ("{\"a\":[1 2]}", 8, "a comma or ] is expected, not a number"),
        ("{\"a\":1}{", 7, "an object follows the end of the record"),
        ("{a:1}", 1, "a name in double quotes is expected, not a"),
        ("{\"a\":", 5, "the record ends within: it is cut off"),
    ] {
        assert_eq!(flat(record), Err(Fault { at, what: what.into() }), "{record}");
    }
    for (open, close) in [("{\"a\":", "}"), ("[", "]")] {
        let deep = format!("{{\"a\":{}1{}}}", open.repeat(200_000), close.repeat(200_000));
        assert!(flat(&deep).unwrap_err().what.contains("nested more than 64 deep"));
        let fine = format!("{{\"a\":{}1{}}}", open.repeat(60), close.repeat(60));
        assert!(flat(&fine).is_ok());
    }
}

/// The oracle: serde_json's tree, walked.
fn oracle(name: &str, value: &serde_json::Value, out: &mut Vec<(String, Option<String>)>) {
    match value {
        serde_json::Value::Object(map) => {
            for (key, value) in map {
                let path = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                oracle(&path, value, out);
            }
        }
        serde_json::Value::Null => out.push((name.into(), None)),
        serde_json::Value::String(text) => out.push((name.into(), Some(text.clone()))),
        other => out.push((name.into(), Some(other.to_string()))),
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map("[a-z]{1,3}", inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn values_are_those_of_serde_json(value in prop::collection::btree_map("[a-z]{1,3}", json(), 0..5)) {
        let value = serde_json::Value::Object(value.into_iter().collect());
        let mut expected = Vec::new();
        oracle("", &value, &mut expected);
        prop_assert_eq!(flat(&value.to_string()).unwrap(), expected.clone());
        prop_assert_eq!(flat(&serde_json::to_string_pretty(&value).unwrap()).unwrap(), expected);
    }

    #[test]
    fn any_text_is_read_or_refused_as_serde_json_does(text in "[\\[\\]{}\",:a1.e\\\\ -]{0,24}") {
        let text = format!("{{\"k\":{text}}}");
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        match flat(&text) {
            Ok(_) => prop_assert!(
                theirs.is_ok() || theirs.as_ref().is_err_and(|e| e.to_string().contains("out of range")),
                "{text}"
            ),
            Err(fault) => prop_assert!(theirs.is_err(), "{text}: {fault:?}"),
        }
    }
}
