//! Events as they come: no time, in any order, very long, very many of one customer or of many kinds, in several files.

use std::fmt::Write;
use std::path::Path;

use polars::prelude::*;

use crate::support::{Run, siyu_in};

/// Rows of events: customer, kind, second of the 1st of May.
type Rows<'a> = Vec<(String, &'a str, u32)>;

/// Customers who go one, two or three steps, mixed with other events.
fn rows() -> Rows<'static> {
    let mut rows = Vec::new();
    for customer in 0..300_u32 {
        let id = || format!("customer number {customer}");
        let steps = ["exposure", "click", "pay"];
        for (step, kind) in (0..).zip(steps).take(1 + customer as usize % 3) {
            rows.push((id(), kind, 100 * step + customer % 50));
            rows.push((id(), "browse", 100 * step + customer % 70));
        }
    }
    rows
}

fn csv(rows: &Rows<'_>) -> String {
    let mut text = "customer_id,event,at\n".to_owned();
    for (id, kind, second) in rows {
        let (minute, second) = (second / 60, second % 60);
        writeln!(text, "{id},{kind},2025-05-01 {:02}:{:02}:{second:02}", minute / 60, minute % 60).unwrap();
    }
    text
}

fn put(folder: &Path, name: &str, rows: &Rows<'_>) {
    std::fs::write(folder.join(name), csv(rows)).unwrap();
}

fn put_parquet(folder: &Path, name: &str, rows: &Rows<'_>) {
    const MAY: i64 = 1_746_057_600_000_000;
    let ids: Vec<&str> = rows.iter().map(|row| row.0.as_str()).collect();
    let kinds: Vec<&str> = rows.iter().map(|row| row.1).collect();
    let at: Vec<i64> = rows.iter().map(|row| MAY + 1_000_000 * i64::from(row.2)).collect();
    let at = Int64Chunked::from_vec("at".into(), at).into_datetime(TimeUnit::Microseconds, None);
    let columns =
        vec![Column::new("customer_id".into(), ids), Column::new("event".into(), kinds), at.into_column()];
    let mut frame = DataFrame::new_infer_height(columns).unwrap();
    let file = std::fs::File::create(folder.join(name)).unwrap();
    ParquetWriter::new(file).with_row_group_size(Some(97)).finish(&mut frame).unwrap();
}

fn funnel(folder: &Path, files: &[&str], more: &[&str]) -> Run {
    let mut arguments = vec!["funnel"];
    arguments.extend(files);
    arguments.extend(["--steps", "exposure,click,pay", "--window", "1d", "-f", "json"]);
    arguments.extend(more);
    siyu_in(folder, &arguments)
}

/// Users of each step.
fn users(run: &Run) -> Vec<u64> {
    let tables = run.json();
    let steps = tables["tables"]["steps"].as_array().unwrap();
    steps.iter().map(|step| step["users"].as_u64().unwrap()).collect()
}

#[test]
fn without_a_time_there_is_no_journey() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.csv"), "customer_id,event\nu1,exposure\nu1,click\n").unwrap();
    let run = funnel(folder.path(), &["a.csv"], &[]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("no column for at"), "{}", run.stderr);
    // Rows that have none are counted, and left out.
    let text = csv(&rows()) + "u1,exposure,\nu1,click,\n";
    std::fs::write(folder.path().join("a.csv"), text).unwrap();
    let run = funnel(folder.path(), &["a.csv"], &[]).ok();
    assert_eq!(users(&run), [300, 200, 100]);
    assert_eq!(run.json()["input"][0]["dropped"][0]["reason"], "missing at");
}

#[test]
fn order_of_rows_files_and_threads_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let rows = rows();
    let mut mixed = rows.clone();
    mixed.sort_by_key(|(id, kind, second)| (second * 7919 % 1009, id.len(), kind.len(), id.clone()));
    put(folder.path(), "a.csv", &rows);
    put(folder.path(), "mixed.csv", &mixed);
    let (first, second) = mixed.split_at(500);
    put(folder.path(), "1.csv", &first.to_vec());
    put_parquet(folder.path(), "2.parquet", &second.to_vec());
    put_parquet(folder.path(), "all.parquet", &rows);
    let tables =
        |files: &[&str], more: &[&str]| funnel(folder.path(), files, more).ok().json()["tables"].clone();
    let expected = tables(&["a.csv"], &[]);
    assert_eq!(users(&funnel(folder.path(), &["a.csv"], &[])), [300, 200, 100]);
    for files in [&["mixed.csv"][..], &["1.csv", "2.parquet"], &["2.parquet", "1.csv"], &["all.parquet"]] {
        for threads in ["1", "3"] {
            assert_eq!(tables(files, &["--threads", threads]), expected, "{files:?} {threads}");
        }
    }
}

#[test]
fn an_event_of_a_megabyte_is_a_kind_like_others() {
    let folder = tempfile::tempdir().unwrap();
    let long = "x".repeat(1 << 20);
    let mut rows = rows();
    rows.push(("u".into(), &long, 5));
    rows.push(("u".into(), "exposure", 5));
    put(folder.path(), "a.csv", &rows);
    put_parquet(folder.path(), "a.parquet", &rows);
    for file in ["a.csv", "a.parquet"] {
        assert_eq!(users(&funnel(folder.path(), &[file], &[]).ok()), [301, 200, 100]);
        let run = siyu_in(folder.path(), &["funnel", file, "--steps", "exposure,clik", "--window", "1d"]);
        assert_eq!(run.status, 2);
        assert!(run.stderr.contains("click") && run.stderr.len() < 1000, "{} bytes", run.stderr.len());
    }
}

#[test]
fn one_customer_may_have_nearly_all_events() {
    let folder = tempfile::tempdir().unwrap();
    let mut rows = rows();
    let kinds = ["exposure", "click", "browse", "exposure"];
    rows.extend((0..200_000).map(|n: u32| ("robot".to_owned(), kinds[n as usize % 4], n * 7919 % 86_400)));
    put_parquet(folder.path(), "a.parquet", &rows);
    assert_eq!(users(&funnel(folder.path(), &["a.parquet"], &[]).ok()), [301, 201, 100]);
}

#[test]
fn ten_thousand_kinds_are_no_more_than_a_column_of_text() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..10_000).map(|n| format!("kind {n}")).collect();
    let mut rows = rows();
    rows.extend(names.iter().zip(0..).map(|(name, n)| (format!("u{}", n % 100), name.as_str(), n)));
    put(folder.path(), "a.csv", &rows);
    assert_eq!(users(&funnel(folder.path(), &["a.csv"], &[]).ok()), [300, 200, 100]);
    let run =
        siyu_in(folder.path(), &["funnel", "a.csv", "--steps", "exposure,kind 77777", "--window", "1d"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("kind 7777") && run.stderr.contains("(10004 in all)"), "{}", run.stderr);
    assert!(run.stderr.len() < 2000, "{} bytes", run.stderr.len());
}
