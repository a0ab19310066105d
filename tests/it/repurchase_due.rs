//! `repurchase`'s products, cycle and due through the command, on the sample data: what is refused, what changes nothing.

use std::path::Path;

use crate::support::{Run, folder, root, siyu_in, write};

fn repurchase(folder: &Path, options: &str) -> Run {
    let command = format!("repurchase orders.csv {options}");
    siyu_in(folder, &command.split(' ').collect::<Vec<_>>())
}

fn sample() -> String {
    std::fs::read_to_string(root().join("sample-data/orders.csv")).expect("sample data")
}

#[test]
fn rows_in_another_order_and_threads_change_no_byte() {
    let folder = folder();
    let tables = "--table products,cycle,due -f json";
    write(folder.path(), "orders.csv", sample());
    let one = repurchase(folder.path(), &format!("{tables} --threads 1")).ok();
    assert_eq!(repurchase(folder.path(), &format!("{tables} --threads 3")).ok().stdout, one.stdout);
    let text = sample();
    let mut lines: Vec<&str> = text.lines().collect();
    lines[1..].reverse();
    lines[1..].rotate_left(1_234);
    write(folder.path(), "orders.csv", lines.join("\n"));
    assert_eq!(repurchase(folder.path(), tables).ok().stdout, one.stdout);
}

#[test]
fn the_call_list_is_masked_limited_and_told() {
    let folder = folder();
    write(folder.path(), "orders.csv", sample());
    write(folder.path(), "key", "a key of sufficient length, for tests");
    let options = "--table due --limit 5 --states overdue,due --mask --mask-key-file key -f csv";
    let run = repurchase(folder.path(), options).ok();
    let rows: Vec<&str> = run.stdout.lines().collect();
    assert!(rows.len() == 6 && rows[0].starts_with("customer_id,state,value_at_stake,next_expected_on,"));
    assert!(!run.stdout.contains("C000") && rows[1..].iter().all(|row| row.contains("due,")));
    assert!(run.stderr.contains("MBG/NBD") && run.stderr.contains("a larger --limit"), "{}", run.stderr);
    let zh = repurchase(folder.path(), "--table due --limit 5 -f table --lang zh").ok().stdout;
    assert!(zh.contains("该复购") && zh.contains("年度潜在价值"), "{zh}");
}

#[test]
fn options_of_a_table_that_is_not_shown_are_refused() {
    let folder = folder();
    write(folder.path(), "orders.csv", sample());
    write(folder.path(), "key", "a key of sufficient length, for tests");
    for (options, named) in [
        ("--limit 5", "--limit"),
        ("--table cycle --states due", "--states"),
        ("--table due --top 5", "--top"),
        ("--table due --limit 0", "--limit"),
        ("--table due --states soon", "soon"),
        ("--table products --products categry", "category"),
        ("--table products --products customer_id --mask --mask-key-file key", "--products"),
    ] {
        let run = repurchase(folder.path(), options);
        assert!(run.status == 2 && run.stderr.contains(named), "{options}: {}", run.stderr);
        assert!(run.stdout.is_empty());
    }
    // In siyu.toml they are no mistake where the table is not shown.
    write(folder.path(), "siyu.toml", "[repurchase]\nstates = [\"lapsed\"]\nlimit = 3\ntop = 2\n");
    repurchase(folder.path(), "--table survival").ok();
    let json = repurchase(folder.path(), "--table due,products --products category -f json").ok().json();
    assert_eq!(json["tables"]["due"].as_array().map(Vec::len), Some(3));
    assert!(
        json["tables"]["due"].as_array().is_some_and(|rows| rows.iter().all(|row| row["state"] == "lapsed"))
    );
    assert_eq!(json["tables"]["products"].as_array().map(Vec::len), Some(2));
    // Without a column of products there is nothing to be the top of.
    write(folder.path(), "orders.csv", "customer_id,ordered_at,amount\na,2025-01-01,5\na,2025-02-01,5\n");
    assert_eq!(repurchase(folder.path(), "--top 5 --table all").status, 2);
    let few = repurchase(folder.path(), "--table due -f json").ok().json();
    assert!(few["alerts"].as_array().is_some_and(|alerts| !alerts.is_empty()), "{few}");
}
