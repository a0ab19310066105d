//! Reach, best hour, content and koc of `siyu engagement` by the command: what sample-data's README says was planted, to the
//! last member; equal bytes for any order of rows and any cut; refusals.

use serde_json::Value;

use crate::support::{folder, root, siyu_in, write};

fn sample(name: &str) -> String {
    root().join("sample-data").join(name).display().to_string()
}

fn answer(more: &[&str]) -> Value {
    let (events, members) = (sample("interactions.csv"), sample("members.csv"));
    let arguments = ["engagement", &events, "--members", &members, "--as-of", "2025-12-31", "-f", "json"];
    siyu_in(folder().path(), &[&arguments, more].concat()).ok().json()
}

fn rows<'a>(json: &'a Value, table: &str) -> &'a [Value] {
    json["tables"][table].as_array().unwrap_or_else(|| panic!("{table}"))
}

/// The README's rows that begin with `key`: name and numbers.
fn told(key: &str) -> Vec<(String, Vec<f64>)> {
    let readme = std::fs::read_to_string(root().join("sample-data/README.md")).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let numbers = cells[1..].iter().map(|cell| cell.replace(',', "").parse().unwrap());
        (cells[0].to_owned(), numbers.collect())
    };
    let lines = readme.lines().filter(|line| line.starts_with(&format!("| {key}")));
    let rows: Vec<_> = lines.map(row).collect();
    assert!(!rows.is_empty(), "{key}");
    rows
}

/// In the sample each member gets each message once, and every stage follows the one before it.
#[test]
fn messages_and_hours_are_those_of_the_sample() {
    let json = answer(&["--table", "reach,best_hour,weekday_hours"]);
    let reach = rows(&json, "reach");
    let messages = told("message_");
    assert_eq!(reach.len(), messages.len());
    for (name, numbers) in messages {
        let row = reach.iter().find(|row| row["message"] == *name).unwrap();
        let stages = ["sent_members", "delivered_members", "opened_members", "clicked_members"];
        for (stage, number) in stages.iter().zip(&numbers) {
            assert_eq!(row[stage], *number as u64, "{name} {stage}");
        }
        // serde_json may read a number off by its last bit.
        let is = |column: &str, rate: f64| (row[column].as_f64().unwrap() - rate).abs() < 1e-15;
        assert!(is("open_rate_delivered", numbers[2] / numbers[1]), "{row}");
        assert!(is("click_rate_opened", numbers[3] / numbers[2]), "{row}");
        // The README counts what was drawn to follow the click; other payments can fall into the window as well.
        assert!(row["converted_members"].as_f64().unwrap() >= numbers[4], "{name}");
    }
    let hours = rows(&json, "best_hour");
    assert_eq!(hours.len(), 24);
    let all = |table: &str, column: &str| -> u64 {
        rows(&json, table).iter().filter_map(|row| row[column].as_u64()).sum()
    };
    for hour in ["9", "12", "15", "18", "20", "22"] {
        let (_, numbers) = told(&format!("{hour}:00")).remove(0);
        let row = &hours[hour.parse::<usize>().unwrap()];
        assert_eq!(
            (&row["sendings"], &row["opened_within_24h"]),
            (&(numbers[0] as u64).into(), &(numbers[2] as u64).into())
        );
    }
    assert_eq!(all("best_hour", "opens_in_hour"), all("weekday_hours", "opens_in_hour"));
    let notes: Vec<&str> = json["notes"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(notes.iter().any(|note| note.starts_with("Best hour to send: 20:00-20:59.")), "{notes:?}");
}

#[test]
fn contents_are_those_of_the_sample() {
    let json = answer(&["--table", "content"]);
    let content = rows(&json, "content");
    let row = |name: &str| content.iter().find(|row| row["content_id"] == *name).unwrap();
    for (name, numbers) in told("post_") {
        let counts =
            ["views", "reached_members", "interacted_members"].map(|column| row(&name)[column].clone());
        assert_eq!(counts, [0, 1, 2].map(|at| Value::from(numbers[at] as u64)), "{name}");
        let rate = row(&name)["engagement_rate_reached"].as_f64().unwrap();
        // The README has four decimals.
        assert!((rate - numbers[4]).abs() < 5e-5, "{name}");
    }
    let sum = |column: &str| content.iter().filter_map(|row| row[column].as_u64()).sum::<u64>();
    let (_, events) = told("- pay").remove(0);
    assert!(sum("conversions") <= events[0] as u64 && sum("conversions") > 0);
    // Nobody is met first twice.
    let (_, members) = told("members").remove(0);
    assert!(sum("first_met_members") <= members[0] as u64);
}

#[test]
fn the_planted_key_opinion_consumers_are_found() {
    let readme = std::fs::read_to_string(root().join("sample-data/README.md")).unwrap();
    let line = readme.lines().find(|line| line.starts_with("- `--table koc`")).unwrap();
    let (listed, _) = line.split_once(". They are").unwrap();
    let planted: Vec<&str> = listed.split([' ', ',']).filter(|word| word.starts_with("C0")).collect();
    let json = answer(&["--table", "koc,koc_summary"]);
    let found: Vec<&str> = rows(&json, "koc").iter().filter_map(|row| row["customer_id"].as_str()).collect();
    assert!(!planted.is_empty());
    for id in &planted {
        assert!(found[..planted.len()].contains(id), "{id} is among the first of {found:?}");
    }
    let dimensions: Vec<&str> =
        rows(&json, "koc_summary").iter().filter_map(|row| row["dimension"].as_str()).collect();
    assert_eq!(dimensions, ["interactions", "content", "invitations", "orders"]);
    let first = &rows(&json, "koc")[0];
    assert!(first["reasons"].as_str().unwrap().starts_with("interactions:top "), "{first}");
}

#[test]
fn order_cut_and_threads_do_not_matter() {
    let folder = folder();
    let text = std::fs::read_to_string(sample("interactions.csv")).unwrap();
    let (header, rest) = text.split_once('\n').unwrap();
    let lines: Vec<&str> = rest.lines().collect();
    let part = |lines: &mut dyn Iterator<Item = &&str>| {
        let rows: Vec<&str> = lines.copied().collect();
        format!("{header}\n{}\n", rows.join("\n"))
    };
    write(folder.path(), "all.csv", &text);
    write(folder.path(), "parts/1.csv", part(&mut lines.iter().rev().skip(5_000)));
    write(folder.path(), "parts/2.csv", part(&mut lines.iter().rev().take(5_000)));
    let tables = |input: &str, threads: &str| {
        let names = "reach,best_hour,weekday_hours,content,koc_summary,koc";
        let arguments = ["engagement", input, "--table", names, "-f", "json", "--threads", threads];
        let json = siyu_in(folder.path(), &arguments).ok().json();
        (json["tables"].to_string(), json["notes"].to_string())
    };
    let whole = tables("all.csv", "1");
    assert_eq!(tables("all.csv", "2"), whole);
    assert_eq!(tables("parts", "2"), whole);
}

#[test]
fn messages_by_another_column_and_refusals() {
    let folder = folder();
    let events = "customer_id,event,at,task,phone\n\
        a,下发,2025-05-01 09:00,短信一,13800000001\n\
        a,点击,2025-05-01 09:10,短信一,13800000001\n\
        b,下发,2025-05-01 09:00,短信一,13800000002\n\
        b,下发,2025-05-02 09:00,短信二,13800000002\n";
    write(folder.path(), "events.csv", events);
    let run =
        |more: &[&str]| siyu_in(folder.path(), &[&["engagement", "events.csv", "-f", "json"], more].concat());
    let json = run(&["--reach-by", "task", "--table", "reach"]).ok().json();
    let reach = rows(&json, "reach");
    assert_eq!((&reach[0]["message"], &reach[0]["sent_members"]), (&"短信一".into(), &2.into()));
    assert_eq!((&reach[0]["click_rate_sent"], &reach[0]["opened_members"]), (&0.5.into(), &Value::Null));
    assert_eq!(reach[0]["click_seconds_median"], 600.0);
    // Without it there is no column, and one row.
    assert_eq!(rows(&run(&["--table", "reach"]).ok().json(), "reach").len(), 1);

    write(folder.path(), "key", "a key that nobody knows, of 40 characters");
    let refused: [(&[&str], &str); 7] = [
        (&["--table", "reach", "--reach-by", "tesk"], "task"),
        (&["--table", "reach", "--reach-by", "at"], "is no text"),
        (&["--table", "reach", "--reach-by", "phone", "--mask", "--mask-key-file", "key"], "--mask hides"),
        (&["--table", "koc", "--top", "3"], "--top"),
        (&["--table", "reach", "--koc-share", "0.2"], "--koc-share"),
        (&["--table", "koc", "--koc-dimensions", "5"], "1 to 4"),
        (&["--table", "reach", "--conversion-window", "7"], "no unit"),
    ];
    for (arguments, why) in refused {
        let run = run(arguments);
        assert_eq!(run.status, 2, "{arguments:?}");
        assert!(run.stderr.contains(why), "{arguments:?}: {}", run.stderr);
    }
}

#[test]
fn masked_ids_leave_as_hashes_alone() {
    let folder = folder();
    write(folder.path(), "key", "a key that nobody knows, of 40 characters");
    let events = sample("interactions.csv");
    let arguments =
        ["engagement", &events, "--table", "koc", "-f", "csv", "--mask", "--mask-key-file", "key"];
    let run = siyu_in(folder.path(), &arguments).ok();
    assert!(run.stdout.lines().count() > 1);
    assert!(!run.stdout.contains("C000") && !run.stderr.contains("C000"));
}

/// Every column that the report shows is named on its page.
#[test]
fn every_column_is_explained() {
    let page = std::fs::read_to_string(root().join("src/reports/engagement.md")).unwrap();
    let words: Vec<&str> = page.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    for (table, rows) in answer(&["--table", "all"])["tables"].as_object().unwrap() {
        for column in rows[0].as_object().unwrap().keys() {
            assert!(words.contains(&column.as_str()), "engagement.md does not name {column} of {table}");
        }
    }
}
