//! The promises of the README that goes with the data, held on small runs.

mod traffic;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::*;

/// Rows of a CSV file as maps from column to text.
fn rows(path: &Path) -> Vec<HashMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let names = reader.headers().unwrap().clone();
    reader
        .records()
        .map(|r| names.iter().map(str::to_owned).zip(r.unwrap().iter().map(str::to_owned)).collect())
        .collect()
}

/// "-12.34" -> -1234.
fn cents(text: &str) -> i64 {
    text.replace('.', "").parse().unwrap()
}

fn small(out: &Path, customers: u64) -> SampleParams {
    SampleParams { customers, ..SampleParams::new(out) }
}

fn bytes_of(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap())
        .map(|e| (e.file_name().into_string().unwrap(), std::fs::read(e.path()).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn equal_seeds_give_equal_bytes_on_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let make = |name: &str, seed, threads| {
        let out = folder.path().join(name);
        // Two blocks, so that two threads share the work.
        let params =
            SampleParams { seed, until: NaiveDate::from_ymd_opt(2024, 3, 31).unwrap(), ..small(&out, 8_300) };
        run(&params, threads, None).unwrap();
        bytes_of(&out)
    };
    let one = make("one", 1, 1);
    assert_eq!(one.len(), 9, "four frames in two formats and the README");
    for (a, b) in one.iter().zip(&make("again", 1, 2)) {
        assert!(a == b, "{} differs on two threads", a.0);
    }
    let other = make("other", 2, 2);
    assert!(one.iter().zip(&other).all(|(a, b)| a.1 != b.1), "another seed, other data");
}

#[test]
fn a_run_leaves_no_temporary_file_and_replaces_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let first = run(&small(folder.path(), 20), 2, None).unwrap();
    let again = run(&small(folder.path(), 30), 2, None).unwrap();
    assert_eq!(bytes_of(folder.path()).len(), 9);
    assert_eq!(again.files.len(), 8);
    assert!(first.files[0].rows < again.files[0].rows);
    assert!(again.files.iter().all(|f| f.path.metadata().unwrap().len() == f.bytes));
}

#[test]
fn what_cannot_be_made_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "mine").unwrap();
    let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
    let good = small(&folder.path().join("out"), 10);
    for bad in [
        SampleParams { out: file.clone(), ..good.clone() },
        SampleParams { customers: 0, ..good.clone() },
        SampleParams { until: day(2024, 2, 1), ..good.clone() },
        SampleParams { until: day(2023, 2, 1), ..good.clone() },
        SampleParams { start: day(100, 2, 1), ..good.clone() },
        SampleParams { lift: f64::NAN, ..good.clone() },
        SampleParams { lift: -0.1, ..good.clone() },
    ] {
        let error = run(&bad, 1, None).unwrap_err();
        assert_eq!(error.code(), "bad_option", "{error}");
    }
    assert_eq!(std::fs::read(&file).unwrap(), b"mine");
    assert!(!good.out.exists());
}

/// Counts of an orders file that are made from the text alone.
#[derive(Default, Debug, PartialEq)]
struct Recount {
    rows: u64,
    paid: i64,
    refund_amount: i64,
    negative: i64,
    without_customer: u64,
    order_ids: u64,
    second_copies: u64,
    cancelled: u64,
    customers: u64,
}

fn recount(rows: &[HashMap<String, String>]) -> Recount {
    let mut count = Recount { rows: rows.len() as u64, ..Recount::default() };
    let (mut ids, mut customers, mut cancelled) = (HashSet::new(), HashSet::new(), HashSet::new());
    let mut seen: HashMap<String, u32> = HashMap::new();
    for row in rows {
        let amount = cents(&row["amount"]);
        count.paid += amount.max(0);
        count.negative += (-amount).max(0);
        count.refund_amount += cents(&row["refund_amount"]);
        ids.insert(&row["order_id"]);
        if row["customer_id"].is_empty() {
            count.without_customer += 1;
        } else {
            customers.insert(&row["customer_id"]);
        }
        if row["status"] == "cancelled" {
            cancelled.insert(&row["order_id"]);
        }
        let mut line: Vec<String> = row.iter().map(|(k, v)| format!("{k}={v}")).collect();
        line.sort();
        let copies = seen.entry(line.join(" ")).or_default();
        count.second_copies += u64::from(*copies > 0);
        *copies += 1;
    }
    count.order_ids = ids.len() as u64;
    count.customers = customers.len() as u64;
    count.cancelled = cancelled.len() as u64;
    count
}

#[test]
fn the_truth_of_orders_is_what_the_file_holds() {
    let folder = tempfile::tempdir().unwrap();
    for (clean, customers) in [(false, 700), (true, 120)] {
        let params = SampleParams { clean, ..small(folder.path(), customers) };
        let summary = run(&params, 2, None).unwrap();
        let truth = summary.orders.unwrap();
        let count = recount(&rows(&folder.path().join("orders.csv")));
        assert_eq!(count.rows, truth.all.rows);
        assert_eq!(count.rows, summary.files[0].rows);
        assert_eq!(count.paid, truth.all.paid);
        assert_eq!(count.refund_amount, truth.all.refund_amount);
        assert_eq!(count.negative, truth.all.negative);
        assert_eq!(count.order_ids, truth.order_ids());
        assert_eq!(count.without_customer, truth.guests);
        assert_eq!(count.customers, customers);
        assert_eq!(count.second_copies, truth.twice);
        assert_eq!(count.cancelled, truth.cancelled);
        let left_out = truth.guest_amount + truth.twice_amount;
        assert_eq!(truth.all.net() - truth.sound.net(), left_out);
        assert_eq!(truth.channels.iter().map(|c| c.net).sum::<i64>(), truth.sound.net());
        assert_eq!((truth.guests, truth.twice > 0), if clean { (0, false) } else { (7, true) });
        let readme = std::fs::read_to_string(&summary.readme).unwrap();
        for figure in [truth.all.net(), truth.sound.net()] {
            assert!(readme.contains(&readme::money(figure)), "{figure} is not in the README");
        }
    }
}

#[test]
fn csv_and_parquet_hold_the_same() {
    use polars::prelude::*;
    let folder = tempfile::tempdir().unwrap();
    let frames = Frame::value_variants().to_vec();
    run(&SampleParams { frames, ..small(folder.path(), 150) }, 2, None).unwrap();
    for name in ["orders", "events", "spend", "members", "interactions", "leak", "clicks"] {
        let text = rows(&folder.path().join(format!("{name}.csv")));
        let file = std::fs::File::open(folder.path().join(format!("{name}.parquet"))).unwrap();
        let frame = ParquetReader::new(file).finish().unwrap();
        assert_eq!(frame.height(), text.len());
        for column in frame.columns() {
            let cast = match column.dtype() {
                DataType::Datetime(..) => {
                    column.cast(&DataType::Datetime(TimeUnit::Milliseconds, None)).unwrap()
                }
                _ => column.clone(),
            };
            let cast = cast.cast(&DataType::String).unwrap();
            let values = cast.str().unwrap();
            for (row, value) in text.iter().zip(values.iter()) {
                let value = value.unwrap_or_default().trim_end_matches(".000").replace(' ', "T");
                let written = row[column.name().as_str()].replace(' ', "T");
                assert_eq!(written, value, "{name}.{}", column.name());
            }
        }
    }
}

#[test]
fn events_members_and_orders_agree() {
    let folder = tempfile::tempdir().unwrap();
    let summary = run(&small(folder.path(), 900), 2, None).unwrap();
    let events = rows(&folder.path().join("events.csv"));
    let members = rows(&folder.path().join("members.csv"));
    let orders = rows(&folder.path().join("orders.csv"));
    let truth = summary.events.unwrap();
    let kinds = |kind: &str| events.iter().filter(|e| e["event"] == kind).count() as u64;
    assert_eq!(events.len() as u64, truth.rows);
    assert_eq!(kinds("pay"), truth.pays);
    assert_eq!(kinds("invite"), truth.invitations);
    assert_eq!(kinds("assigned"), truth.assigned.iter().sum::<u64>());
    let reached = truth.steps(&[0, 1, 2], &[0, 1]);
    assert_eq!([kinds("exposure"), kinds("click"), kinds("register")], [reached[0], reached[1], reached[2]]);
    assert_eq!(reached[3], 900);

    // Each pay is a purchase of the same customer at the same moment, of the same amount.
    let mut paid: HashMap<(&str, &str), i64> = HashMap::new();
    let mut ids = HashSet::new();
    for order in &orders {
        let unique =
            ids.insert((&order["order_id"], &order["product_id"], &order["amount"], &order["quantity"]));
        let row = paid.entry((&order["customer_id"], &order["ordered_at"])).or_default();
        *row += if unique { cents(&order["amount"]) } else { 0 };
    }
    let missing = events
        .iter()
        .filter(|e| e["event"] == "pay")
        .filter(|e| paid.get(&(e["customer_id"].as_str(), e["at"].as_str())) != Some(&cents(&e["value"])))
        .count();
    // (Rows of one order may be equal by chance, or two orders fall on one second.)
    assert!(missing <= 2, "{missing} payments without their order");

    // The steps of each journey are in order, and within the window as often as the truth says.
    let mut journeys: HashMap<&str, [&str; 4]> = HashMap::new();
    for event in &events {
        if let Some(step) = ["exposure", "click", "register", "pay"].iter().position(|s| *s == event["event"])
        {
            let at = &mut journeys.entry(&event["customer_id"]).or_insert([""; 4])[step];
            if at.is_empty() {
                *at = &event["at"];
            }
        }
    }
    let moment = |text: &str| chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S").unwrap();
    let mut late = 0;
    for journey in journeys.values() {
        let taken: Vec<_> = journey.iter().take_while(|s| !s.is_empty()).map(|s| moment(s)).collect();
        assert!(taken.is_sorted(), "{journey:?}");
        if taken.len() == 4 {
            late += u64::from(taken[3] - taken[0] > chrono::TimeDelta::days(7));
        }
    }
    assert_eq!(late, truth.late_payers.iter().sum::<u64>());

    // Members were invited by someone who had joined.
    let joined: HashMap<&str, &str> =
        members.iter().map(|m| (m["customer_id"].as_str(), m["joined_at"].as_str())).collect();
    let mut invited = 0;
    for member in members.iter().filter(|m| !m["inviter_id"].is_empty()) {
        invited += u64::from(joined[member["inviter_id"].as_str()] < member["joined_at"].as_str());
    }
    let truth = summary.members.unwrap();
    assert!(truth.invented_inviters > 0 && truth.self_referrals > 0);
    assert!(invited >= truth.invited && invited <= truth.invited + truth.invented_inviters);
}

#[test]
fn statistics_are_near_what_is_planted() {
    let folder = tempfile::tempdir().unwrap();
    let params = SampleParams {
        frames: vec![Frame::Orders, Frame::Events, Frame::Spend, Frame::Members],
        formats: vec![Format::Csv],
        ..small(folder.path(), 8_500)
    };
    let summary = run(&params, 2, None).unwrap();
    let near = |what: &str, got: f64, wanted: f64, tolerance: f64| {
        assert!((got - wanted).abs() <= tolerance, "{what}: {got} for {wanted} within {tolerance}");
    };
    let truth = summary.orders.unwrap();
    let customers = truth.customers as f64;
    let purchases = truth.purchases() as f64;
    let share = |n: u64| n as f64 / purchases;
    // Four standard errors of a share; counts of purchases vary more than that and get their own tolerance.
    let se = |p: f64, n: f64| 4.0 * (p * (1.0 - p) / n).sqrt();
    near("purchases per customer", purchases / customers, 10.1, 0.6);
    near("repeaters", truth.repeaters as f64, truth.repeaters_expected, 4.0 * (customers * 0.1 * 0.9).sqrt());
    // First purchases have both kinds by column.
    let first_by_row = planted::REFUND_ROW * customers / purchases;
    let (by_column, by_row) = (planted::REFUND_COLUMN + first_by_row, planted::REFUND_ROW - first_by_row);
    near("refunds by column", share(truth.refunded_in_part), by_column, se(by_column, purchases));
    near("refunds by row", share(truth.refunds), by_row, se(by_row, purchases));
    near("mean value", truth.sound.net() as f64 / 100.0 / purchases, 100.4, 6.0);
    near("lift", truth.lift().unwrap(), 0.3, 0.2);

    let truth = summary.events.unwrap();
    for channel in 0..3 {
        for variant in 0..2 {
            let reached = truth.steps(&[channel], &[variant]).map(|n| n as f64);
            let planted =
                [planted::CLICK[channel], journeys::register_rate(channel, variant), planted::PAY[channel]];
            for (step, rate) in planted.into_iter().enumerate() {
                near("rate of a step", reached[step + 1] / reached[step], rate, se(rate, reached[step]));
            }
        }
    }
    near("accepted", truth.accepted as f64 / truth.invitations as f64, planted::ACCEPTED, 0.04);

    let truth = summary.members.unwrap();
    near("K", truth.invited as f64 / customers, planted::INVITED, 0.02);
}

#[test]
fn without_a_lift_the_campaign_brings_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let params = SampleParams { lift: 0.0, frames: vec![Frame::Orders], ..small(folder.path(), 500) };
    let truth = run(&params, 1, None).unwrap().orders.unwrap();
    assert_eq!(truth.extra, 0);
    let with = SampleParams { lift: 0.3, frames: vec![Frame::Orders], ..small(folder.path(), 500) };
    let with = run(&with, 1, None).unwrap().orders.unwrap();
    assert_eq!(with.model, truth.model, "the purchases of the model stay what they are");
}
