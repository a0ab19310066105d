use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::error::Error;

const TABLES: [(&str, bool); 3] = [("segments", false), ("customers", true), ("grid", false)];

fn settings() -> OutputSettings {
    OutputSettings::default()
}

fn to(path: impl AsRef<Path>) -> OutputSettings {
    OutputSettings { output: Some(path.as_ref().to_owned()), ..settings() }
}

fn tables(names: &[&str], format: Format) -> OutputSettings {
    let tables = Some(names.iter().map(|n| (*n).to_owned()).collect());
    OutputSettings { tables, format: Some(format), ..settings() }
}

fn refusal(settings: &OutputSettings, terminal: bool) -> (String, String) {
    match plan(settings, &TABLES, terminal) {
        Ok(plan) => panic!("not refused: {plan:?}"),
        Err(error) => {
            assert_eq!(error.exit_status(), 2);
            (error.code().to_owned(), format!("{error} | {}", error.hints().join(" | ")))
        }
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"))
}

fn planned(settings: &OutputSettings, terminal: bool) -> OutputPlan {
    plan(settings, &TABLES, terminal).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_format_is_as_given_else_by_suffix_else_by_terminal() {
    assert_eq!(planned(&settings(), true).format, Format::Table);
    assert_eq!(planned(&settings(), false).format, Format::Csv);
    let folder = folder();
    for (name, format) in [
        ("a.xlsx", Format::Xlsx),
        ("a.JSON", Format::Json),
        ("a.md", Format::Markdown),
        ("a.jsonl", Format::Ndjson),
    ] {
        assert_eq!(planned(&to(folder.path().join(name)), true).format, format);
    }
    let given = OutputSettings { format: Some(Format::Tsv), ..to(folder.path().join("a.json")) };
    assert_eq!(planned(&given, true).format, Format::Tsv);
    assert_eq!(fs::read_dir(folder.path()).map(Iterator::count).unwrap_or(9), 0, "a plan leaves nothing");

    let (code, text) = refusal(&to(folder.path().join("a.docx")), false);
    assert_eq!(code, "bad_option");
    assert!(text.contains("no format has the suffix .docx") && text.contains(".parquet"), "{text}");
    assert!(refusal(&to(folder.path().join("a")), false).1.contains("without a suffix"));
}

#[test]
fn a_terminal_is_not_sent_bytes() {
    for format in [Format::Xlsx, Format::Parquet] {
        let wanted = OutputSettings { format: Some(format), ..settings() };
        assert_eq!(refusal(&wanted, true).0, "does_not_apply");
        assert!(plan(&wanted, &TABLES, false).is_ok(), "into a pipe it may go");
    }
}

#[test]
fn tables_are_chosen_by_format_and_by_name() {
    assert_eq!(planned(&settings(), false).choice, TableChoice::First);
    assert_eq!(planned(&settings(), true).choice, TableChoice::Standard);
    let two = ["grid", "segments", "grid"];
    let choice = planned(&tables(&two, Format::Json), false).choice;
    assert_eq!(choice, TableChoice::Named(vec!["grid".into(), "segments".into()]));
    assert_eq!(planned(&tables(&["all"], Format::Xlsx), false).choice, TableChoice::All);
    assert_eq!(planned(&tables(&["customers"], Format::Csv), false).choice, named("customers"));

    let (code, text) = refusal(&tables(&two, Format::Csv), false);
    assert_eq!(code, "one_table");
    assert!(text.starts_with("csv holds one table: name one with --table, or use json or xlsx"), "{text}");
    assert_eq!(refusal(&tables(&["all"], Format::Parquet), false).0, "one_table");
    let (code, text) = refusal(&tables(&["segmnets"], Format::Csv), false);
    assert_eq!(code, "unknown_name");
    assert!(text.contains("did you mean segments?"), "{text}");
    assert_eq!(refusal(&tables(&[""], Format::Csv), false).0, "bad_option");
}

#[test]
fn a_table_that_the_report_did_not_make_is_an_error() {
    let report = sample::ordinary();
    match to_bytes(&report, &plan_of(Format::Csv, named("migration"))) {
        Err(Error::UnknownName { known, .. }) => assert_eq!(known, ["segments", "customers"]),
        other => panic!("{other:?}"),
    }
}

#[test]
fn options_for_csv_are_refused_elsewhere() {
    for (bom, excel_safe) in [(true, false), (false, true)] {
        let wanted = OutputSettings { bom, excel_safe, format: Some(Format::Json), ..settings() };
        assert_eq!(refusal(&wanted, false).0, "does_not_apply");
        let wanted = OutputSettings { format: Some(Format::Tsv), ..wanted };
        assert!(plan(&wanted, &TABLES, false).is_ok());
    }
}

#[test]
fn an_output_never_replaces_an_input() {
    let folder = folder();
    let input = folder.path().join("orders.csv");
    let hard = folder.path().join("same.csv");
    let soft = folder.path().join("link.csv");
    fs::write(&input, "x").and_then(|()| fs::hard_link(&input, &hard)).unwrap_or_else(|e| panic!("{e}"));
    #[cfg(unix)]
    std::os::unix::fs::symlink(&input, &soft).unwrap_or_else(|e| panic!("{e}"));
    let patterns = ["orders.csv", ".", "*.csv"].map(|p| folder.path().join(p));
    for output in [&input, &hard, &soft, &folder.path().join("./orders.csv")] {
        for pattern in &patterns {
            let wanted = OutputSettings { inputs: vec![PathBuf::from("-"), pattern.clone()], ..to(output) };
            let (code, text) = refusal(&wanted, false);
            assert_eq!(code, "output_is_input", "{pattern:?} {text}");
        }
    }
    let beside = OutputSettings { inputs: patterns.to_vec(), ..to(folder.path().join("rfm.csv")) };
    assert!(plan(&beside, &TABLES, false).is_ok());
}

#[test]
fn a_path_that_cannot_be_written_is_refused_before_anything_is_read() {
    let folder = folder();
    let (code, text) = refusal(&to(folder.path().join("no/such/a.csv")), false);
    assert_eq!(code, "not_found");
    assert!(text.contains("mkdir -p"), "{text}");
    assert_eq!(refusal(&to(folder.path()), false).0, "bad_option");
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(refusal(&to(file.join("a.csv")), false).0, "io");
    for name in ["-", "/dev/stdout"] {
        assert!(planned(&to(name), false).target.is_stdout());
    }
}

#[test]
fn width_and_colour_are_the_terminals() {
    let wanted = OutputSettings { width: Some(77), color: ColorChoice::Always, ..settings() };
    assert_eq!(planned(&wanted, true).width, 77);
    assert_eq!(planned(&wanted, false).width, 120);
    assert!(planned(&wanted, false).color);
    assert!(!planned(&settings(), false).color);
    assert!(!planned(&OutputSettings { color: ColorChoice::Never, ..settings() }, true).color);
}

#[test]
fn a_key_of_too_few_bytes_is_refused() {
    let folder = folder();
    let path = folder.path().join("key");
    fs::write(&path, "  short\n").unwrap_or_else(|e| panic!("{e}"));
    let error = mask::Key::from_file(&path).map(|_| ()).expect_err("refused").to_string();
    assert!(error.contains("5 bytes") && !error.contains("short"), "{error}");
    fs::write(&path, "\n0123456789abcdef \n").unwrap_or_else(|e| panic!("{e}"));
    let key = mask::Key::from_file(&path).unwrap_or_else(|e| panic!("{e}"));
    let same = mask::Key::from_bytes(b"0123456789abcdef").unwrap_or_else(|n| panic!("{n}"));
    assert_eq!(key.mask("1"), same.mask("1"));
    assert!(mask::Key::from_file(folder.path().join("none")).is_err());
}
