//! Segment maps: ours are sound, the user's are held to the same.

use super::super::segment_map::{Rule, SegmentMap, all_cells};
use super::*;

fn own(text: &str) -> Result<RfmSettings> {
    let params = RfmParams { segments: Some("my.toml".into()), ..RfmParams::default() };
    params.resolve(false, None, |path| {
        assert_eq!(path, "my.toml");
        Ok(text.to_owned())
    })
}

fn message(text: &str) -> String {
    own(text).unwrap_err().to_string()
}

/// `checked` holds each map against every cell there is: a gap or an overlap would be an error.
#[test]
fn every_built_in_map_partitions_its_cells() {
    for (name, _) in SegmentMap::BUILT_IN {
        let bins: Vec<u8> = if name == "rf10" { vec![5] } else { (3..=10).collect() };
        for bins in bins {
            SegmentMap::built_in(name).unwrap().unwrap().checked(bins).unwrap();
        }
    }
}

/// The definitions as the literature writes them, restated: R then F.
#[test]
fn rf10_cell_by_cell() {
    let map = SegmentMap::built_in("rf10").unwrap().unwrap().checked(5).unwrap();
    for (r, f, m) in all_cells(1, 5) {
        let expected = match (r, f) {
            (1..=2, 1..=2) => "hibernating",
            (1..=2, 3..=4) => "at_risk",
            (1..=2, 5) => "cant_lose",
            (3, 1..=2) => "about_to_sleep",
            (3, 3) => "need_attention",
            (3..=4, 4..=5) => "loyal",
            (4, 1) => "promising",
            (5, 1) => "new",
            (4..=5, 2..=3) => "potential_loyalists",
            _ => "champions",
        };
        assert_eq!(map.segments[usize::from(map.segment(r, f, m))].key, expected, "r{r} f{f} m{m}");
    }
}

#[test]
fn eight_bit_by_bit() {
    let map = SegmentMap::built_in("eight").unwrap().unwrap().checked(5).unwrap();
    let key = |r, f, m| map.segments[usize::from(map.segment(r, f, m))].key.as_str();
    let keys = all_cells(0, 1).map(|(r, f, m)| key(r, f, m)).collect::<Vec<_>>();
    assert_eq!(
        keys,
        [
            "general_retain",
            "important_retain",
            "general_keep",
            "important_keep",
            "general_develop",
            "important_develop",
            "general_value",
            "important_value"
        ]
    );
}

/// Every key that a built-in map can show has a label and an action, in both languages.
#[test]
fn built_in_segments_have_labels() {
    for text in [include_str!("../../../text/en.toml"), include_str!("../../../text/zh.toml")] {
        let labels: toml::Table = toml::from_str(text).unwrap();
        for (name, _) in SegmentMap::BUILT_IN {
            for segment in &SegmentMap::built_in(name).unwrap().unwrap().segments {
                assert!(labels["segments"].get(&segment.key).is_some(), "{}", segment.key);
                assert!(labels["actions"].get(segment.action.as_ref().unwrap()).is_some(), "{}", segment.key);
            }
        }
        for table in TABLES {
            assert!(labels["tables"].get(table.0).is_some(), "{}", table.0);
        }
    }
}

#[test]
fn a_map_of_the_users() {
    let settings = own(r#"
        name = "mine"
        [[segment]]
        key = "vip"
        r = "4-5"
        f = "4,5"
        label = { en = "VIP", zh = "贵宾" }
        action = "Call them."
        [[segment]]
        key = "champions"
        r = 3
        action = { en = "Thank them.", zh = "感谢。" }
        [[segment]]
        key = "rest"
        cells = [{ r = "1-2" }, { r = "4-5", f = "1-3", m = "*" }]
        "#)
    .unwrap();
    assert_eq!(settings.to_params_json()["segments"], "mine");
    let labels: Vec<_> =
        settings.labels().iter().map(|l| (l.section, l.key.as_str(), l.zh.as_str())).collect();
    assert_eq!(labels, [("segments", "vip", "贵宾"), ("actions", "champions", "感谢。")]);
    let report = run(&settings, input(&ten()), &TableChoice::All).unwrap();
    assert_eq!(texts(table(&report, "segments"), "action"), ["Call them.", "champions", "-"]);
    assert_eq!(ints(table(&report, "segments"), "customers"), [4, 2, 4]);
}

#[test]
fn a_map_over_the_score_has_any_number_of_tiers() {
    let settings =
        own("over = \"score\"\ncuts = [10]\n[[segment]]\nkey = \"low\"\n[[segment]]\nkey = \"high\"\n")
            .unwrap();
    let report = run(&settings, input(&ten()), &TableChoice::All).unwrap();
    assert_eq!(ints(table(&report, "segments"), "customers"), [6, 4]);
    assert_eq!(report.params["tier_cuts"], json!([10.0]));
    let wrong = "over = \"score\"\ncuts = [4, 10]\n[[segment]]\nkey = \"low\"\n[[segment]]\nkey = \"high\"\n";
    assert!(message(wrong).contains("1 thresholds are needed"), "{}", message(wrong));
}

#[test]
fn gaps_and_overlaps_list_their_cells() {
    let error =
        own("[[segment]]\nkey = \"a\"\nr = \"1-4\"\n[[segment]]\nkey = \"b\"\nr = \"4-5\"\nf = \"2-5\"\n")
            .unwrap_err();
    let Error::BadSegmentMap { path, gaps, overlaps } = error else { panic!("{error:?}") };
    assert_eq!((path.as_str(), gaps), ("my.toml", vec!["r5 f1".to_owned()]));
    assert_eq!(overlaps, ["r4 f2 (a, b)", "r4 f3 (a, b)", "r4 f4 (a, b)", "r4 f5 (a, b)"]);
    let error =
        own("[[segment]]\nkey = \"a\"\nm = \"1\"\n[[segment]]\nkey = \"b\"\nm = \"3-5\"\n").unwrap_err();
    let Error::BadSegmentMap { gaps, .. } = error else { panic!("{error:?}") };
    assert_eq!((gaps[0].as_str(), gaps[20].as_str()), ("r1 f1 m2", "and 5 more"));
}

#[test]
fn faults_are_named_with_their_line() {
    let unknown = own("[[segment]]\nkey = \"a\"\nlabels = \"x\"\n").unwrap_err();
    assert!(unknown.to_string().starts_with("my.toml:3: unknown key \"labels\""), "{unknown}");
    assert_eq!(unknown.hints(), ["did you mean label?"]);
    let range = message("[[segment]]\nkey = \"a\"\nr = \"5-4\"\n");
    assert!(
        range.starts_with("my.toml:3: invalid value: string \"5-4\", expected scores such as"),
        "{range}"
    );
    let beyond = message("[[segment]]\nkey = \"a\"\nr = \"1-6\"\n[[segment]]\nkey = \"b\"\nr = \"5\"\n");
    assert_eq!(beyond, "my.toml: segment a: r goes beyond 1 to 5");
    let reserved = message("[[segment]]\nkey = \"gone\"\n[[segment]]\nkey = \"b\"\n");
    assert!(reserved.contains("cannot be the key"), "{reserved}");
    let twice = message("[[segment]]\nkey = \"b\"\n[[segment]]\nkey = \"b\"\n");
    assert!(twice.contains("twice"), "{twice}");
}

#[test]
fn a_map_may_ask_for_its_number_of_scores() {
    let three = "bins = 3\n[[segment]]\nkey = \"a\"\nr = \"1-2\"\n[[segment]]\nkey = \"b\"\nr = \"3\"\n";
    let settings = own(three).unwrap();
    assert_eq!(settings.to_params_json()["bins"], 3);
    assert!(matches!(settings.map.rule, Rule::Scores { .. }));
    let params = RfmParams { segments: Some("my.toml".into()), bins: Some(4), ..RfmParams::default() };
    let error = params.resolve(false, None, |_| Ok(three.to_owned())).unwrap_err();
    assert_eq!(error.code(), "does_not_apply");
}
