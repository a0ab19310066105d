//! Options that do not apply, or cannot be used, are refused.

use clap::{Args, Command, FromArgMatches};

use super::*;

fn refused(params: RfmParams) -> (String, String) {
    let error = params.resolve(false, None, |_| Ok(String::new())).unwrap_err();
    (error.code().to_owned(), error.to_string())
}

fn check(params: RfmParams, code: &str, part: &str) {
    let (found, message) = refused(params);
    assert_eq!(found, code, "{message}");
    assert!(message.contains(part), "{message}");
}

#[test]
fn what_does_not_apply_is_refused() {
    let none = RfmParams::default;
    let na = "does_not_apply";
    check(RfmParams { recency_cuts: Some(vec![1]), ..none() }, na, "--recency-cuts does not apply");
    check(
        RfmParams { monetary_cuts: Some(vec![1.0]), scoring: Some(Scoring::Natural), ..none() },
        na,
        "fixed",
    );
    check(RfmParams { bins: Some(4), ..none() }, na, "the default segment map rf10 needs 5 scores");
    check(RfmParams { bins: Some(4), segments: Some("rf10".into()), ..none() }, na, "--segments tiers");
    check(RfmParams { split: Some("mean".into()), ..none() }, na, "--split");
    check(RfmParams { tier_cuts: Some(vec![1.0]), ..none() }, na, "--tier-cuts");
    check(RfmParams { score_within: Some(true), ..none() }, na, "--by");
    let fixed = RfmParams {
        scoring: Some(Scoring::Fixed),
        recency_cuts: Some(vec![1, 2, 3, 4]),
        frequency_cuts: Some(vec![1, 2, 3, 4]),
        monetary_cuts: Some(vec![1., 2., 3., 4.]),
        ..none()
    };
    check(RfmParams { bins: Some(6), ..fixed.clone() }, na, "make 5 scores");
    assert!(RfmParams { bins: Some(5), ..fixed.clone() }.resolve(false, None, |_| unreachable!()).is_ok());
    let short = RfmParams {
        recency_cuts: Some(vec![1, 2]),
        frequency_cuts: Some(vec![1, 2]),
        monetary_cuts: Some(vec![1., 2.]),
        ..fixed
    };
    check(short, na, "a set of 2 cut points");
}

#[test]
fn bad_values_are_refused() {
    let none = RfmParams::default;
    let bad = "bad_option";
    for bins in [0, 2, 11] {
        check(RfmParams { bins: Some(bins), segments: Some("tiers".into()), ..none() }, bad, "from 3 to 10");
    }
    let fixed = RfmParams {
        scoring: Some(Scoring::Fixed),
        recency_cuts: Some(vec![1, 2, 3, 4]),
        frequency_cuts: Some(vec![1, 2, 3, 4]),
        monetary_cuts: Some(vec![1., 2., 3., 4.]),
        ..none()
    };
    check(RfmParams { frequency_cuts: None, ..fixed.clone() }, bad, "needs --frequency-cuts too");
    check(RfmParams { recency_cuts: Some(vec![1, 3, 3, 4]), ..fixed.clone() }, bad, "ascend");
    check(RfmParams { frequency_cuts: Some(vec![1, 2]), ..fixed.clone() }, bad, "equally many");
    check(RfmParams { monetary_cuts: Some(vec![1., 2., 3., 4.00001]), ..fixed.clone() }, bad, "4 decimals");
    check(RfmParams { monetary_cuts: Some(vec![1., 2., 3., f64::NAN]), ..fixed }, bad, "--monetary-cuts");
    check(RfmParams { weights: Some(vec![1., 2.]), ..none() }, bad, "three numbers");
    check(RfmParams { weights: Some(vec![1., 2., -1.]), ..none() }, bad, "from 0");
    check(RfmParams { weights: Some(vec![0., 0., 0.]), ..none() }, bad, "above 0");
    let eight = Some("eight".to_owned());
    check(RfmParams { segments: eight, split: Some("3,4".into()), ..none() }, bad, "three numbers");
    let tiers = RfmParams { segments: Some("tiers".into()), ..none() };
    check(RfmParams { tier_cuts: Some(vec![6., 9.]), ..tiers.clone() }, bad, "3 thresholds");
    check(RfmParams { tier_cuts: Some(vec![9., 6., 12.]), ..tiers.clone() }, bad, "ascend");
    check(RfmParams { tier_cuts: Some(vec![3., 6., 12.]), ..tiers.clone() }, bad, "from 3 to 15");
    check(RfmParams { tier_cuts: Some(vec![4., 6., 16.]), ..tiers }, bad, "from 3 to 15");
    check(RfmParams { segments: Some("rf11".into()), ..none() }, "unknown_name", "segment map");
}

#[test]
fn comparing_needs_an_earlier_moment() {
    let choice = TableChoice::Named(vec!["moves".into()]);
    let error = run(&settings(&RfmParams::default()), input(&ten()), &choice).unwrap_err();
    assert_eq!(
        error.to_string(),
        "--table moves does not apply: it compares two moments: give the earlier one with --compare-to DATE"
    );
    let mut given = input(&ten());
    given.before = Some((given.as_of_us, facts(&ten())));
    let params = RfmParams { compare_to: Some("2030-01-01".into()), ..RfmParams::default() };
    let error = run(&settings(&params), given, &TableChoice::Standard).unwrap_err();
    assert_eq!(error.code(), "bad_option");
}

/// Flags, siyu.toml and the struct speak of the same options.
#[test]
fn flags_and_toml_agree() {
    let command = RfmParams::augment_args(Command::new("rfm"));
    command.clone().debug_assert();
    let typed = [
        "rfm",
        "--scoring=r-rfm",
        "--bins=5",
        "--recency-cuts=30d,8w",
        "--monetary-cuts=-5,10.5",
        "--weights=1,2,0.5",
        "--segments=eight",
        "--split=30,2,500",
        "--score-within",
        "--compare-to=2025-05-31",
        "--frequency=purchase-days",
    ];
    let flags = RfmParams::from_arg_matches(&command.try_get_matches_from(typed).unwrap()).unwrap();
    let file: RfmParams = toml::from_str(
        r#"
        scoring = "r-rfm"
        bins = 5
        recency_cuts = [30, "56d"]
        monetary_cuts = [-5, 10.5]
        weights = [1, 2, 0.5]
        segments = "eight"
        split = "30,2,500"
        score_within = true
        compare_to = "2025-05-31"
        frequency = "purchase-days"
        "#,
    )
    .unwrap();
    assert_eq!(flags, file);
    assert!(toml::from_str::<RfmParams>("bin = 5").is_err());
}

#[test]
fn facts_are_asked_for_only_where_needed() {
    let plain = settings(&RfmParams::default());
    let none = FactsNeeded { purchase_days: false, units: false, channels: false };
    assert_eq!(plain.facts_needed(&TableChoice::Standard), none);
    assert_eq!(
        plain.facts_needed(&TableChoice::All),
        FactsNeeded { purchase_days: true, units: true, channels: true }
    );
    let days = settings(&RfmParams { frequency: Some(FrequencyCount::PurchaseDays), ..RfmParams::default() });
    assert_eq!(days.facts_needed(&TableChoice::First), FactsNeeded { purchase_days: true, ..none });
    let compared = RfmParams { compare_to: Some("2025-05-31".into()), ..RfmParams::default() };
    assert_eq!(compared.resolve(false, Some(5), |_| unreachable!()).unwrap().cutoffs(9), [5, 9]);
}

#[test]
fn frequency_may_count_days() {
    let mut given = input(&ten());
    given.facts.purchase_days = Some(vec![1; 10]);
    let params = RfmParams { frequency: Some(FrequencyCount::PurchaseDays), ..RfmParams::default() };
    let report = run(&settings(&params), given, &TableChoice::All).unwrap();
    assert_eq!(ints(table(&report, "customers"), "frequency"), [1; 10]);
    // Orders stay orders.
    assert_eq!(ints(table(&report, "segments"), "orders").iter().sum::<i64>(), 55);
}
