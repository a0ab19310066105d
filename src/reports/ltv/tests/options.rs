use super::*;
use crate::error::Error;

fn refused(params: LtvParams) -> Error {
    params.resolve().expect_err("refused")
}

#[test]
fn durations_have_a_unit() {
    let days = |text: &str| {
        let params = LtvParams { horizon: Some(text.into()), ..LtvParams::default() };
        params.resolve().map(|settings| settings.horizon.days)
    };
    assert_eq!(days("365d").unwrap(), 365.0);
    assert_eq!(days("39w").unwrap(), 273.0);
    assert_eq!(days("12mo").unwrap(), 365.25);
    assert_eq!(days(" 1y ").unwrap(), 365.25);
    for wrong in ["365", "0d", "-3d", "1.5mo", "90m", "12 months", "d", "", "999999y", "99999999999d"] {
        assert_eq!(days(wrong).expect_err(wrong).code(), "bad_option", "{wrong}");
    }
    assert_eq!(LtvParams::default().resolve().unwrap().horizon.days, 365.25);
}

#[test]
fn what_makes_no_sense_is_refused() {
    for margin in [0.0, -0.1, 35.0, f64::NAN] {
        assert_eq!(refused(LtvParams { margin: Some(margin), ..LtvParams::default() }).code(), "bad_option");
    }
    for discount in [-0.1, 10.0, f64::NAN] {
        assert_eq!(
            refused(LtvParams { discount: Some(discount), ..LtvParams::default() }).code(),
            "bad_option"
        );
    }
    assert_eq!(refused(LtvParams { bootstrap: Some(5), ..LtvParams::default() }).code(), "bad_option");
    assert_eq!(refused(LtvParams { seed: Some(5), ..LtvParams::default() }).code(), "does_not_apply");
    assert_eq!(
        refused(LtvParams { holdout: Some("90".into()), ..LtvParams::default() }).code(),
        "bad_option"
    );
}

#[test]
fn a_hold_out_longer_than_the_history_is_refused() {
    let histories = histories_of(&shop(50, 1));
    let params = LtvParams { holdout: Some("3y".into()), ..LtvParams::default() };
    let settings = params.resolve().unwrap();
    let input = LtvInput { as_of_us: 400 * DAY_US, ..LtvInput::of(histories, 1) };
    let error = run(&settings, &input, &TableChoice::Standard).expect_err("refused");
    assert_eq!(error.code(), "bad_option");
    assert!(!error.hints().is_empty());
}

#[test]
fn discount_is_per_year_and_continuous() {
    let params = LtvParams { discount: Some(0.1), ..LtvParams::default() };
    let rate = params.resolve().unwrap().rate_per_day();
    assert!((libm::exp(rate * 365.25) - 1.1).abs() < 1e-12);
}

#[test]
fn margin_scales_values_and_nothing_else() {
    let histories = histories_of(&shop(300, 2));
    let model = Some(ModelChoice::MbgNbd);
    let revenue = report(&LtvParams { model, ..LtvParams::default() }, &histories, 399, 1);
    let margin = report(&LtvParams { model, margin: Some(0.25), ..LtvParams::default() }, &histories, 399, 1);
    for (a, b) in
        floats(table(&revenue, "customers"), "clv").iter().zip(floats(table(&margin, "customers"), "clv"))
    {
        assert!((a.unwrap() * 0.25 - b.unwrap()).abs() <= 1e-9 * a.unwrap());
    }
    assert_eq!(total(&revenue, "expected_revenue"), total(&margin, "expected_revenue"));
    assert_eq!(total(&revenue, "expected_revenue"), total(&revenue, "clv_total"));
    assert_eq!(
        total(&revenue, "gini").map(|g| (g * 1e9) as i64),
        total(&margin, "gini").map(|g| (g * 1e9) as i64)
    );
}

#[test]
fn the_first_purchase_counts_for_spend_when_asked() {
    // First purchases of 100, later ones of 10 to 30: with them in, expected spend is higher.
    let mut customers = shop(300, 3);
    for (_, occasions) in &mut customers {
        occasions[0].1 = 5_000_000;
    }
    let histories = histories_of(&customers);
    let spend = |include| {
        let params = LtvParams {
            model: Some(ModelChoice::MbgNbd),
            include_first_purchase: Some(include),
            ..LtvParams::default()
        };
        let report = report(&params, &histories, 399, 1);
        floats(table(&report, "customers"), "expected_spend").into_iter().flatten().sum::<f64>()
    };
    assert!(spend(true) > 1.5 * spend(false));
}

#[test]
fn refunds_that_stand_by_themselves_lower_expected_spend() {
    let customers = shop(300, 4);
    let plain = histories_of(&customers);
    let refunded = Histories::of(customers.iter().map(|(id, occasions)| {
        let sum: i64 = occasions.iter().map(|(_, net)| net).sum();
        let last = occasions[occasions.len() - 1].0;
        let mut entries: Vec<(i32, u32, i64)> = occasions.iter().map(|(day, net)| (*day, 1, *net)).collect();
        entries.push((last, 0, -sum / 4));
        (id.as_str(), entries)
    }));
    let params = LtvParams { model: Some(ModelChoice::MbgNbd), ..LtvParams::default() };
    let value = |histories: &Histories| {
        let report = report(&params, histories, 399, 1);
        (
            total(&report, "expected_revenue").unwrap(),
            total(&report, "revenue_to_date").unwrap(),
            report.notes,
        )
    };
    let (before, revenue, _) = value(&plain);
    let (after, net, notes) = value(&refunded);
    assert!((after / before - net / revenue).abs() < 1e-9);
    assert!(notes.iter().any(|note| note.key == "ltv_refund_factor"));
}
