//! What `funnel` and `engagement` find in sample data is what the generator counted and planted.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::{folder, root, siyu_in};

fn json(folder: &Path, arguments: &[&str]) -> serde_json::Value {
    siyu_in(folder, &[arguments, &["-f", "json", "-q"]].concat()).ok().json()
}

fn rows<'a>(report: &'a serde_json::Value, table: &str) -> &'a Vec<serde_json::Value> {
    report["tables"][table].as_array().unwrap()
}

/// The generator looks for each customer's best chain in its own plain way.
#[test]
fn the_funnel_of_clicks_is_what_the_generator_counted() {
    let folder = folder();
    let sample = ["sample", "out", "--customers", "3000", "--frames", "clicks", "-q"];
    siyu_in(folder.path(), &sample).ok();
    let readme = std::fs::read_to_string(folder.path().join("out/README.md")).unwrap();
    let (_, counted) = readme.split_once("| step | customers who reach it |").unwrap();
    let counted: Vec<u64> = counted
        .lines()
        .filter_map(|line| line.split('|').nth(2)?.trim().replace(',', "").parse().ok())
        .collect();
    assert_eq!(counted.len(), 4);
    for file in ["out/clicks.csv", "out/clicks.parquet"] {
        let steps = ["--steps", "exposure,click,register,pay", "--window", "7d", "--table", "steps"];
        let report = json(folder.path(), &[&["funnel", file], &steps[..]].concat());
        let users: Vec<u64> =
            rows(&report, "steps").iter().map(|row| row["users"].as_u64().unwrap()).collect();
        assert_eq!(users, counted, "{file}");
    }
}

/// "Leak" of sample-data/README.md: register, since 2025-W46, douyin.
#[test]
fn the_planted_leak_is_found() {
    let leak = root().join("sample-data/leak.csv").display().to_string();
    let steps = ["--steps", "exposure,click,register,pay", "--window", "7d", "--diagnose"];
    let tables = ["--table", "steps,diagnosis,contributions"];
    let report = json(folder().path(), &[&["funnel", &leak], &steps[..], &tables].concat());
    let users: Vec<u64> = rows(&report, "steps").iter().map(|row| row["users"].as_u64().unwrap()).collect();
    assert_eq!(users, [4378 + 1622, 3157 + 1185, 1866 + 607, 1095 + 358]);
    let fell: Vec<_> = rows(&report, "diagnosis").iter().filter(|row| row["verdict"] == "fell").collect();
    assert_eq!(fell.len(), 1);
    assert_eq!((&fell[0]["name"], &fell[0]["since"]), (&"register".into(), &"2025-W46".into()));
    assert_eq!(fell[0]["users_before"], 3157);
    let first = &rows(&report, "contributions")[0];
    assert_eq!((&first["attribute"], &first["value"]), (&"channel".into(), &"douyin".into()));
}

/// "What `engagement` should find" of sample-data/README.md.
#[test]
fn the_planted_engagement_is_found() {
    let data = root().join("sample-data");
    let [events, members] =
        ["interactions.csv", "members.csv"].map(|file| data.join(file).display().to_string());
    let tables = "layers,streaks,reach,best_hour,koc";
    let arguments =
        ["engagement", &events, "--members", &members, "--as-of", "2025-12-31", "--table", tables];
    let report = json(folder().path(), &arguments);
    let layer = |name: &str| {
        rows(&report, "layers").iter().find(|row| row["layer"] == name).unwrap()["members"].as_u64().unwrap()
    };
    assert_eq!(["high_frequency", "regular", "silent", "never"].map(layer), [57, 160, 46, 37]);
    let streak = |days: u64| {
        rows(&report, "streaks").iter().find(|row| row["streak_days"] == days).unwrap()["reached"].clone()
    };
    assert_eq!([1, 3, 7, 48].map(streak), [226, 116, 56, 1]);
    let sum =
        |column: &str| rows(&report, "reach").iter().map(|row| row[column].as_u64().unwrap()).sum::<u64>();
    let stages = ["sent_members", "delivered_members", "opened_members", "clicked_members"];
    assert_eq!(stages.map(sum), [2724, 2596, 632, 201]);
    let rate = |row: &&serde_json::Value| row["open_rate_24h"].as_f64().unwrap_or_default();
    let best = rows(&report, "best_hour").iter().max_by(|a, b| rate(a).total_cmp(&rate(b))).unwrap();
    assert_eq!((&best["hour"], &best["opened_within_24h"]), (&20.into(), &202.into()));
    let found: BTreeSet<&str> =
        rows(&report, "koc").iter().map(|row| row["customer_id"].as_str().unwrap()).collect();
    let planted = ["C00000007", "C00000021", "C00000089", "C00000186", "C00000191"];
    assert_eq!(found, BTreeSet::from(planted));
}
