//! Shuffled rows, one file or many, 1 or 2 threads, CSV or Parquet or gzip: equal output bytes.

use std::fmt::Write as _;
use std::path::Path;

use polars::prelude::*;
use proptest::prelude::*;

use crate::support::{folder, gzip, siyu_in, write};

#[derive(Debug, Clone)]
struct Row {
    order: u16,
    customer: u8,
    minute: u32,
    cents: i32,
    refund_cents: u16,
    channel: u8,
}

const HEADER: &str = "order_id,customer_id,ordered_at,amount,refund_amount,channel\n";

impl Row {
    fn moment(&self) -> String {
        let (day, minute) = (self.minute / 1440, self.minute % 1440);
        format!("2024-{:02}-{:02} {:02}:{:02}", 1 + day / 28, 1 + day % 28, minute / 60, minute % 60)
    }

    fn fields(&self) -> [String; 6] {
        [
            format!("O{}", self.order),
            format!("{:03}", self.customer),
            self.moment(),
            format!("{}", f64::from(self.cents) / 100.0),
            format!("{}", f64::from(self.refund_cents) / 100.0),
            if self.channel == 0 { String::new() } else { format!("渠道{}", self.channel) },
        ]
    }
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (
        0..60u16,
        0..25u8,
        0..200_000u32,
        -500..9000i32,
        prop_oneof![4 => Just(0u16), 1 => 0..5000u16],
        0..4u8,
    )
        .prop_map(|(order, customer, minute, cents, refund_cents, channel)| Row {
            order,
            customer,
            minute,
            cents,
            refund_cents,
            channel,
        });
    prop::collection::vec(row, 30..200)
}

fn csv(rows: &[Row]) -> String {
    let mut text = HEADER.to_owned();
    for row in rows {
        let _ = writeln!(text, "{}", row.fields().join(","));
    }
    text
}

fn write_parquet(path: &Path, rows: &[Row]) {
    let column = |at: usize| rows.iter().map(|r| r.fields()[at].clone()).collect::<Vec<_>>();
    let money = |at: usize| column(at).iter().map(|t| t.parse::<f64>().unwrap()).collect::<Vec<_>>();
    let optional = column(5).into_iter().map(|c| Some(c).filter(|c| !c.is_empty())).collect::<Vec<_>>();
    let mut frame = DataFrame::new(
        rows.len(),
        vec![
            Column::new("order_id".into(), column(0)),
            Column::new("customer_id".into(), column(1)),
            Column::new("ordered_at".into(), column(2)),
            Column::new("amount".into(), money(3)),
            Column::new("refund_amount".into(), money(4)),
            Column::new("channel".into(), optional),
        ],
    )
    .unwrap();
    let file = std::fs::File::create(path).unwrap();
    ParquetWriter::new(file).with_row_group_size(Some(17)).finish(&mut frame).unwrap();
}

/// The JSON without its list of files. Where it cannot be done: what is said.
fn answer(folder: &Path, inputs: &[&str], report: &[&str], more: &[&str]) -> Result<String, String> {
    let mut arguments = vec![report[0]];
    arguments.extend(inputs);
    arguments.extend(["-f", "json", "--table", "all", "--by", "channel"]);
    arguments.extend(&report[1..]);
    arguments.extend(more);
    let run = siyu_in(folder, &arguments);
    if run.status != 0 {
        return Err(run.stderr);
    }
    let lines = run.stdout.lines().filter(|line| !line.contains("\"files\""));
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

/// A deterministic shuffle by a key of the seed and the place.
fn shuffled(rows: &[Row], seed: u64) -> Vec<Row> {
    let key = |at: usize| (seed ^ at as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31);
    let mut keyed: Vec<(u64, Row)> =
        rows.iter().enumerate().map(|(at, row)| (key(at), row.clone())).collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, row)| row).collect()
}

/// One answer, whatever the order of rows, files, threads and formats.
fn check(report: &[&str], rows: &[Row], seed: u64, cut: f64) -> Result<(), TestCaseError> {
    let folder = folder();
    let path = folder.path();
    write(path, "all.csv", csv(rows));
    let expected = match answer(path, &["all.csv"], report, &["--threads", "1"]) {
        Ok(expected) => expected,
        Err(said) => {
            let is_told = said.contains("no rows") || said.contains("leaves nothing to learn from");
            prop_assert!(is_told, "{}", said);
            return Ok(());
        }
    };

    let other = shuffled(rows, seed);
    write(path, "shuffled.csv", csv(&other));
    let shuffled = answer(path, &["shuffled.csv"], report, &["--threads", "2"]);
    prop_assert_eq!(shuffled.as_ref(), Ok(&expected));

    let at = ((rows.len() as f64) * cut) as usize;
    write(path, "parts/1.csv", csv(&rows[..at]));
    write(path, "parts/2.csv.gz", gzip(csv(&rows[at..]).as_bytes()));
    let parts = answer(path, &["parts"], report, &[]);
    prop_assert_eq!(parts.as_ref(), Ok(&expected));

    write_parquet(&path.join("all.parquet"), &other);
    let parquet = answer(path, &["all.parquet"], report, &["--threads", "2"]);
    prop_assert_eq!(parquet.as_ref(), Ok(&expected));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn order_of_rows_files_threads_and_format_do_not_matter(
        rows in rows(),
        seed in any::<u64>(),
        cut in 0.0..1.0f64,
    ) {
        check(&["rfm", "--compare-to", "2024-03-10"], &rows, seed, cut)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, ..ProptestConfig::default() })]

    /// The same of `cohort`, `repurchase` and `ltv`, with what has a seed, threads or sums of its own.
    #[test]
    fn order_of_rows_files_threads_and_format_do_not_matter_to_histories(
        rows in rows(),
        seed in any::<u64>(),
        cut in 0.0..1.0f64,
    ) {
        for report in [
            &["cohort", "--measure", "cumulative-revenue", "--period", "week"][..],
            &["cohort", "--elapsed"],
            &["repurchase", "--from-order", "all", "--products", "channel", "--states", "early,due,overdue,lapsed"],
            &["ltv", "--holdout", "30d", "--bootstrap", "20", "--margin", "0.3", "--discount", "0.1"],
        ] {
            check(report, &rows, seed, cut)?;
        }
    }
}
