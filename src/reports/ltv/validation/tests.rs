use proptest::prelude::*;

use super::super::fitting::{Fitted, SpendModel};
use super::super::testing::{Person, bools, cdnow, customers, day, floats, ints, money, texts};
use super::*;
use crate::output::report::{Cells, Table};
use crate::stats::btyd::Fit;
use crate::stats::btyd::gamma_gamma::NoSpendFit;

/// The parameters of ../shared/truth/README.md, in weeks.
const BG: [f64; 4] = [0.242_594_5, 4.413_601_9, 0.792_919_9, 2.425_888_1];
const MBG: [f64; 4] = [0.524_843_6, 6.183_092_8, 0.891_387_8, 1.614_048_3];

fn weekly(kind: ModelKind, parameters: [f64; 4]) -> Model {
    Model::from_unit(kind, parameters, 7.0)
}

/// The hold-out that begins on the day after `last_day`, foreseen by `models`, with 10.00 for each purchase.
fn holdout(histories: &Histories, last_day: i32, days: u32, models: &[Model]) -> Holdout {
    let order = histories.customer_id.sorted_order();
    let before = Population::new(histories, &order, last_day, false);
    let fit = |model: &Model| Fit {
        model: *model,
        ln_likelihood: 0.0,
        ln_covariance: None,
        customers: before.customers.len() as f64,
        repeaters: before.repeaters() as f64,
        repeats: before.customers.iter().map(|c| f64::from(c.x)).sum(),
        evaluations: 1,
        doubts: Vec::new(),
    };
    let fitted = Fitted {
        candidates: models.iter().map(|model| (model.kind, Ok(fit(model)))).collect(),
        chosen: models.first().map_or(ModelKind::BgNbd, |model| model.kind),
        spend: SpendModel {
            fit: Err(NoSpendFit::Constant { spend: 10.0 }),
            mean: Some(10.0),
            refund_factor: 1.0,
        },
    };
    Holdout { days, before, fitted, ln_likelihood: Vec::new(), repeats: 0 }
}

fn near(value: Option<f64>, expected: f64, tolerance: f64) {
    let value = value.expect("a value");
    assert!((value - expected).abs() <= tolerance, "{value} {expected}");
}

/// Totals of the models: ../shared/truth/README.md (hold-out of 39 weeks), to the two digits given. Everything else: pandas,
/// numpy and scipy over the same file with the definitions of ltv.md, 1e-9 relative.
#[test]
fn the_holdout_of_cdnow() {
    let Some(histories) = cdnow() else {
        return;
    };
    let models = [weekly(ModelKind::BgNbd, BG), weekly(ModelKind::MbgNbd, MBG)];
    let held = holdout(&histories, day("1997-09-30"), 273, &models);
    let validation = Validation::new(&histories, &held, day("1998-06-30"), 2);
    let table = validation.table().expect("money fits");
    assert_eq!(texts(&table, "predictor"), ["bg-nbd", "mbg-nbd", "own_rate", "segment_mean"]);
    assert_eq!(bools(&table, "chosen"), [true, false, false, false]);
    assert_eq!(ints(&table, "customers"), [Some(2357); 4]);
    assert_eq!(ints(&table, "actual_purchases"), [Some(1882); 4]);
    assert_eq!(money(&table, "actual_revenue"), [Some(709_763_900); 4]);

    let expected = floats(&table, "expected_purchases");
    near(expected[0], 1653.41, 0.005);
    near(expected[1], 1576.71, 0.005);
    near(expected[2], 2_930.101_125_719_732, 3e-6);
    near(expected[3], 3_305.988_835_413_793, 3e-6);
    near(floats(&table, "total_error")[2], 0.556_908_143_315_479, 1e-9);
    let mae = floats(&table, "mae");
    near(mae[0], 0.785_454_130_094_483, 1e-6);
    near(mae[2], 1.023_669_163_267_387, 1e-9);
    near(mae[3], 1.171_425_623_066_256, 1e-9);
    let rmse = floats(&table, "rmse");
    near(rmse[0], 1.607_982_086_372_835, 1e-6);
    near(rmse[2], 2.211_918_088_604_625, 1e-9);
    near(rmse[3], 1.950_017_298_745_406, 1e-9);
    let rank = floats(&table, "rank_correlation");
    near(rank[0], 0.449_287_419_160_732, 1e-6);
    near(rank[2], 0.489_801_033_149_370, 1e-9);
    near(rank[3], 0.461_484_332_592_910, 1e-9);
    near(floats(&table, "expected_revenue")[0], expected[0].unwrap_or(0.0) * 10.0, 1e-6);
    near(floats(&table, "expected_revenue")[2], 115_521.843_945_625_09, 1e-4);
    near(floats(&table, "expected_revenue")[3], 123_195.278_794_803_3, 1e-4);
    near(floats(&table, "revenue_mae")[2], 43.463_416_536_989, 1e-8);
    near(floats(&table, "revenue_mae")[3], 47.334_954_104_993, 1e-8);
    assert_eq!(bools(&table, "best"), best_is(&rmse), "the least squared error");

    let verdict = validation.verdict();
    assert_eq!(verdict.key, "ltv_verdict_model");
    let arg = |name: &str| verdict.args.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str());
    assert_eq!(arg("model"), Some("BG/NBD"));
    assert_eq!(arg("model_total"), Some("-12.1%"));
    assert_eq!(arg("own_total"), Some("+55.7%"));
    assert_eq!(arg("segment_rank"), Some("0.46"));

    let bins = validation.bins();
    assert_eq!(texts(&bins, "frequency_bin"), ["0", "1", "2", "3", "4", "5", "6", "7+"]);
    let sizes = [1411, 439, 214, 100, 62, 38, 29, 64].map(Some);
    assert_eq!(ints(&bins, "customers"), sizes);
    let actual = floats(&bins, "actual_mean");
    near(actual[0], 0.236_712, 5e-7);
    near(actual[7], 6.359_375, 5e-7);
    let model = floats(&bins, "expected_bg_nbd");
    near(model[0], 0.225_087, 1e-6);
    near(model[7], 6.157_194, 1e-5);
    assert_eq!(floats(&bins, "expected_own_rate")[0], Some(0.0));
    // Bins are parts of the whole.
    let sum: f64 = model.iter().zip(sizes).map(|(m, n)| m.unwrap_or(0.0) * n.unwrap_or(0) as f64).sum();
    near(expected[0], sum, 1e-8);
}

fn best_is(rmse: &[Option<f64>]) -> Vec<bool> {
    let least = rmse.iter().flatten().copied().fold(f64::MAX, f64::min);
    rmse.iter().map(|value| *value == Some(least)).collect()
}

fn predictor(key: &'static str, kind: Option<ModelKind>, purchases: &[f64], actual: &[Actual]) -> Predictor {
    let measures = Measures::new(actual, purchases, None);
    Predictor { key, kind, purchases: purchases.to_vec(), measures }
}

/// Many customers of whom every other comes once, foreseen as (for those who come, for those who do not).
fn verdict(model: (f64, f64), own: (f64, f64), segment: (f64, f64)) -> Note {
    let actual: Vec<Actual> = (0..1000u32).map(|i| Actual { purchases: i % 2, net_e4: 0 }).collect();
    // A little scatter, as no difference would have a standard error of 0.
    let foreseen = |(comes, stays): (f64, f64)| -> Vec<f64> {
        (0..1000).map(|i| if i % 2 == 1 { comes } else { stays } + f64::from(i % 7) * 1e-3).collect()
    };
    let kind = Some(ModelKind::MbgNbd);
    Validation {
        days: 90,
        frequency: vec![0; 1000],
        chosen: kind,
        predictors: vec![
            predictor("mbg-nbd", kind, &foreseen(model), &actual),
            predictor(OWN_RATE, None, &foreseen(own), &actual),
            predictor(SEGMENT_MEAN, None, &foreseen(segment), &actual),
        ],
        actual,
    }
    .verdict()
}

#[test]
fn the_verdict_is_honest() {
    let (good, flat, off) = ((0.9, 0.1), (0.55, 0.5), (1.5, 1.5));
    assert_eq!(verdict(good, flat, off).key, "ltv_verdict_model");
    assert_eq!(verdict(off, good, flat).key, "ltv_verdict_guess");
    // Near for each, but all errors are on one side.
    assert_eq!(verdict((0.9, 0.3), flat, off).key, "ltv_verdict_model_but_total");
    assert_eq!(verdict(flat, (0.9, 0.3), off).key, "ltv_verdict_guess_but_total");
    assert_eq!(verdict(good, good, off).key, "ltv_verdict_even_total_model");
    assert_eq!(verdict((0.9, 0.1), (0.1, 0.9), off).key, "ltv_verdict_model");
    let note = verdict(off, flat, good);
    let text = crate::text::Catalogue::get(crate::text::Lang::En).note(&note);
    assert!(text.contains("MBG/NBD") && text.contains("+20") && !text.contains('{'), "{text}");
}

#[test]
fn without_a_model_the_guesses_stand_alone() {
    let histories = customers(&[
        ("a", &[("2024-01-05", 1, 100), ("2024-02-10", 2, 60), ("2024-04-20", 1, 30)]),
        ("b", &[("2024-01-31", 1, 50)]),
        ("new", &[("2024-04-15", 1, 50), ("2024-04-16", 1, 50)]),
    ]);
    let held = holdout(&histories, day("2024-03-31"), 30, &[]);
    let validation = Validation::new(&histories, &held, day("2024-04-30"), 1);
    let table = validation.table().expect("money fits");
    assert_eq!(texts(&table, "predictor"), ["own_rate", "segment_mean"]);
    assert_eq!(ints(&table, "customers"), [Some(2); 2], "who came in the hold-out is not foreseen");
    assert_eq!(ints(&table, "actual_purchases"), [Some(1); 2]);
    // One repeat in 86 days, each at 80.00 on average.
    near(floats(&table, "expected_purchases")[0], 30.0 / 86.0, 1e-12);
    near(floats(&table, "expected_revenue")[0], 80.0 * 30.0 / 86.0, 1e-9);
    assert_eq!(validation.verdict().key, "ltv_verdict_no_model");
    assert_eq!(validation.bins().height(), 2);
}

#[test]
fn nothing_but_refunds_came() {
    let histories = customers(&[
        ("a", &[("2024-01-05", 1, 100), ("2024-02-10", 2, 60), ("2024-04-20", 0, -30)]),
        ("b", &[("2024-01-31", 1, 50)]),
    ]);
    let model = weekly(ModelKind::MbgNbd, MBG);
    let held = holdout(&histories, day("2024-03-31"), 30, &[model]);
    let validation = Validation::new(&histories, &held, day("2024-04-30"), 1);
    let table = validation.table().expect("money fits");
    assert_eq!(ints(&table, "actual_purchases"), [Some(0); 3]);
    assert_eq!(money(&table, "actual_revenue"), [Some(-300_000); 3]);
    assert_eq!(floats(&table, "total_error"), [None; 3]);
    assert_eq!(floats(&table, "revenue_error"), [None; 3]);
    assert_eq!(floats(&table, "rank_correlation"), [None; 3]);
    assert!(floats(&table, "revenue_mae").iter().all(Option::is_some));
    assert_eq!(validation.verdict().key, "ltv_verdict_nothing_came");
}

#[test]
fn extremes_have_tables_without_numbers_that_are_none() {
    let model = weekly(ModelKind::BgNbd, BG);
    // All on the last day before the hold-out; one customer; nobody.
    let same_day =
        customers(&[("a", &[("2024-03-31", 1, 1)]), ("b", &[("2024-03-31", 1, 1), ("2024-04-01", 1, 1)])]);
    let one = customers(&[("a", &[("2024-03-01", 1, 1), ("2024-03-02", 1, 1)])]);
    for histories in [same_day, one, Histories::default()] {
        let held = holdout(&histories, day("2024-03-31"), 30, &[model]);
        let validation = Validation::new(&histories, &held, day("2024-04-30"), 1);
        let table = validation.table().expect("money fits");
        assert!(all_finite(&table) && all_finite(&validation.bins()));
        let _ = validation.verdict();
    }
    let none = Validation::default();
    assert_eq!((none.table().expect("a table").height(), none.bins().height()), (0, 0));
}

fn all_finite(table: &Table) -> bool {
    table.columns.iter().all(|column| match &column.cells {
        Cells::Float(values) => values.iter().flatten().all(|value| value.is_finite()),
        _ => true,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What came, counted anew from the entries; the guesses know nothing of the hold-out; the order of customers and the
    /// number of threads change nothing.
    #[test]
    fn what_came_is_counted_and_nothing_leaks(
        made in proptest::collection::vec(
            proptest::collection::vec((0i32..200, 0u32..3, -5_000i64..90_000), 1..9), 1..40),
        last_day in 40i32..150,
        days in 1u32..80,
    ) {
        let mut people: Vec<Person> = made
            .into_iter()
            .enumerate()
            .map(|(number, mut entries)| {
                // One occasion for a day, as in all histories.
                entries.sort_unstable();
                entries.dedup_by_key(|entry| (entry.0, entry.1 > 0));
                (format!("c{number}"), entries)
            })
            .filter(|(_, entries)| entries.iter().any(|entry| entry.1 > 0))
            .collect();
        let as_of = last_day + days as i32;
        let of = |people: &[Person], threads| {
            let histories = Histories::of(people.iter().map(|(id, entries)| (id.as_str(), entries.clone())));
            let held = holdout(&histories, last_day, days, &[weekly(ModelKind::MbgNbd, MBG)]);
            Validation::new(&histories, &held, as_of, threads)
        };
        let validation = of(&people, 1);
        let known: Vec<_> =
            people.iter().filter(|(_, e)| e.iter().any(|e| e.1 > 0 && e.0 <= last_day)).collect();
        let came = |e: &&(i32, u32, i64)| e.0 > last_day && e.0 <= as_of;
        let purchases = known.iter().flat_map(|(_, e)| e).filter(came).filter(|e| e.1 > 0).count() as u64;
        let net: i128 = known.iter().flat_map(|(_, e)| e).filter(came).map(|e| i128::from(e.2)).sum();
        prop_assert_eq!(validation.actual.len(), known.len());
        prop_assert_eq!(validation.purchases(), purchases);
        prop_assert_eq!(validation.net_e4(), net);
        let table = validation.table().expect("money fits");
        prop_assert!(all_finite(&table) && all_finite(&validation.bins()));

        let mut reversed = people.clone();
        reversed.reverse();
        let again = of(&reversed, 3);
        prop_assert_eq!(format!("{table:?}"), format!("{:?}", again.table().expect("money fits")));
        prop_assert_eq!(format!("{:?}", validation.bins()), format!("{:?}", again.bins()));
        prop_assert_eq!(validation.verdict(), again.verdict());

        // Another hold-out, the same forecasts.
        for (_, entries) in &mut people {
            let ever = entries.iter().any(|e| e.1 > 0 && e.0 <= last_day);
            entries.retain(|e| e.0 <= last_day || !ever);
        }
        let blind = of(&people, 1);
        for (one, other) in validation.predictors.iter().zip(&blind.predictors) {
            prop_assert_eq!(&one.purchases, &other.purchases);
        }
        prop_assert_eq!(blind.purchases(), 0);
    }

    /// Against a mean made anew from the segment's members, where the segment is large.
    #[test]
    fn segment_means_are_means(
        rates in proptest::collection::vec(1u32..40, 120..200),
        last_day in 200i32..300,
    ) {
        let people: Vec<Person> = rates
            .iter()
            .enumerate()
            .map(|(number, rate)| {
                let days = (0..300).step_by(*rate as usize * 4).map(|day| (day, 1, 10_000));
                (format!("c{number:03}"), days.collect())
            })
            .collect();
        let histories = Histories::of(people.iter().map(|(id, entries)| (id.as_str(), entries.clone())));
        let order = histories.customer_id.sorted_order();
        let before = Population::new(&histories, &order, last_day, false);
        let (purchases, revenue) = SegmentMeans::learn(&histories, &before, 50).expect("means").foresee(&before);
        // Everybody was there when the window began: the mean over all is what they did in it, if no segment is too thin.
        for (n, money) in purchases.iter().zip(&revenue) {
            prop_assert!((n - money).abs() < 1e-9, "each purchase is of 1.00");
            prop_assert!(*n >= 0.0 && *n <= 13.0);
        }
    }
}
