//! The rules of the house that a test can hold.

use std::path::Path;

use crate::support::root;

fn sources(folder: &Path, out: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let name = path.strip_prefix(root()).unwrap().display().to_string();
            out.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
}

fn room(name: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    sources(&root().join("src").join(name), &mut files);
    assert!(!files.is_empty(), "src/{name} holds no file");
    files
}

/// A file's code without its tests, line by line, comments left out.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let end = text.find("#[cfg(test)]").unwrap_or(text.len());
    text[..end].lines().filter(|line| !line.trim_start().starts_with("//"))
}

fn forbid(room_name: &str, words: &[&str]) {
    for (name, text) in room(room_name) {
        if name.ends_with("/tests.rs") || name.contains("/tests/") {
            continue;
        }
        for line in code(&text) {
            for word in words {
                assert!(!line.contains(word), "{name} names {word}: {line}");
            }
        }
    }
}

const IMPURE: &[&str] = &[
    "std::fs",
    "std::env",
    "println!",
    "eprintln!",
    "print!(",
    "Utc::now",
    "Local::now",
    "SystemTime",
    "Instant::now",
];

#[test]
fn reports_and_statistics_are_pure() {
    forbid("reports", IMPURE);
    forbid("stats", IMPURE);
    forbid("stats", &["polars", "clap"]);
    forbid("facts", IMPURE);
}

#[test]
fn reports_use_only_claps_derives() {
    for (name, text) in room("reports") {
        for line in code(&text).filter(|line| line.contains("clap")) {
            let allowed = ["clap::Args", "clap::ValueEnum", "Args", "ValueEnum", "#[arg(", "#[clap("];
            assert!(allowed.iter().any(|a| line.contains(a)), "{name}: {line}");
        }
    }
}

#[test]
fn no_room_but_the_command_line_and_the_progress_bar_looks_at_the_clock() {
    for folder in ["input", "facts", "reports", "stats", "output", "text", "sample"] {
        forbid(folder, &["Utc::now", "Local::now", "SystemTime::now", "Instant::now"]);
    }
}

#[test]
fn data_flows_one_way() {
    let may_not_know: &[(&str, &[&str])] = &[
        ("stats", &["crate::input", "crate::facts", "crate::reports", "crate::output", "crate::cli"]),
        ("output", &["crate::input", "crate::facts", "crate::reports", "crate::cli"]),
        ("reports", &["crate::input", "crate::cli", "polars"]),
        ("facts", &["crate::reports", "crate::cli", "crate::config"]),
        ("input", &["crate::facts", "crate::reports", "crate::cli", "crate::config"]),
    ];
    for (folder, words) in may_not_know {
        forbid(folder, words);
    }
}

#[test]
fn every_file_has_one_subject() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    sources(&root().join("tests"), &mut files);
    for (name, text) in files {
        let lines = text.lines().count();
        assert!(lines <= 600, "{name} has {lines} lines: it is asking to be split");
    }
    let main = std::fs::read_to_string(root().join("src/main.rs")).unwrap();
    assert!(main.lines().count() <= 60);
}

#[test]
fn every_report_is_documented() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    for report in siyu::reports::all() {
        assert!(report.doc.starts_with("# "), "{} has no page", report.name);
        assert!(readme.contains(&format!("siyu {}", report.name)), "README does not show {}", report.name);
        for (table, _) in report.tables {
            assert!(
                report.doc.contains(&format!("`{table}`")),
                "{}.md does not explain {table}",
                report.name
            );
        }
    }
}

#[test]
fn every_command_is_in_the_readme() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let help = crate::support::siyu_in(&root(), &["--help"]).ok().stdout;
    let commands = help.split("Commands:").nth(1).unwrap().split("\n\n").next().unwrap();
    for line in commands.lines().filter(|l| l.starts_with("  ") && !l.starts_with("   ")) {
        let name = line.split_whitespace().next().unwrap();
        assert!(name == "help" || readme.contains(&format!("siyu {name}")), "README does not name {name}");
    }
}

#[test]
fn one_copy_of_each_big_crate() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    for name in ["comfy-table", "rust_xlsxwriter", "polars", "zstd", "chrono", "serde", "csv", "clap"] {
        let copies = lock.matches(&format!("name = \"{name}\"\n")).count();
        assert_eq!(copies, 1, "{name}");
    }
}
