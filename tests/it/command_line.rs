//! What a user types first: help, version, definitions, completions, manual pages, Ctrl-C.

use crate::support::{command, folder, root, run_command, siyu_in, write};

#[test]
fn version_and_help_go_to_standard_output() {
    let folder = folder();
    let run = siyu_in(folder.path(), &["--version"]).ok();
    assert_eq!(run.stdout, format!("siyu {}\n", env!("CARGO_PKG_VERSION")));
    let run = siyu_in(folder.path(), &["rfm", "--help"]).ok();
    for option in ["--as-of", "--where", "--by", "--scoring", "--segments", "--format", "--table", "--strict"]
    {
        assert!(run.stdout.contains(option), "{option}");
    }
    assert_eq!(run.stderr, "");
}

#[test]
fn a_misspelt_option_is_refused_with_the_nearest() {
    let run = siyu_in(folder().path(), &["rfm", "x.csv", "--scorin", "fixed"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("--scoring"), "{}", run.stderr);
}

#[test]
fn explain_prints_definitions() {
    let folder = folder();
    let list = siyu_in(folder.path(), &["explain"]).ok().stdout;
    assert!(list.lines().any(|l| l.starts_with("rfm ")), "{list}");
    let page = siyu_in(folder.path(), &["explain", "rfm"]).ok().stdout;
    assert!(page.starts_with("# ") && page.contains("quantile"), "{page}");
    let run = siyu_in(folder.path(), &["explain", "rmf"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("did you mean rfm?"), "{}", run.stderr);
}

#[test]
fn completions_and_manual_pages_are_printed() {
    let folder = folder();
    for shell in ["bash", "zsh", "fish"] {
        let run = siyu_in(folder.path(), &["completions", shell]).ok();
        assert!(run.stdout.contains("compare-to"), "{shell}");
    }
    assert!(siyu_in(folder.path(), &["man"]).ok().stdout.starts_with(".ie"));
    let page = siyu_in(folder.path(), &["man", "rfm"]).ok().stdout;
    assert!(page.contains("siyu-rfm") && page.contains("as\\-of"), "{page}");
    siyu_in(folder.path(), &["man", "--out", "man"]).ok();
    assert!(folder.path().join("man/siyu-rfm.1").is_file());
}

#[test]
fn quiet_says_nothing_and_verbose_says_more() {
    let orders = root().join("sample-data/orders.csv").display().to_string();
    let run = |more: &[&str]| {
        let mut arguments = vec!["rfm", orders.as_str(), "-f", "csv"];
        arguments.extend(more);
        siyu_in(folder().path(), &arguments).ok()
    };
    assert_eq!(run(&["-q"]).stderr, "");
    let normal = run(&[]).stderr;
    assert!(normal.starts_with("orders: "), "{normal}");
    assert!(run(&["-v"]).stderr.len() > normal.len());
}

#[test]
fn explain_option_tells_rows_plan_and_definitions_on_standard_error() {
    let orders = root().join("sample-data/orders.csv").display().to_string();
    let run =
        siyu_in(folder().path(), &["rfm", &orders, "-f", "csv", "-q", "--explain", "--where", "amount > 10"])
            .ok();
    for part in ["rows of orders", "left without", "plan", "keep rows where amount > 10", "definitions"] {
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    }
    assert!(run.stdout.starts_with("segment,"));
}

/// Ctrl-C ends the run with 130 and leaves no temporary file.
#[test]
#[cfg(unix)]
fn an_interrupt_is_130_and_leaves_nothing() {
    let folder = folder();
    let mut long = command(folder.path());
    long.args(["sample", "out", "--customers", "3000000", "-q"]);
    long.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut child = long.spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let left: Vec<_> = std::fs::read_dir(folder.path().join("out"))
        .map(|entries| entries.map(|e| e.unwrap().file_name()).collect())
        .unwrap_or_default();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn standard_input_is_read() {
    let folder = folder();
    let text = std::fs::read(root().join("sample-data/orders.csv")).unwrap();
    write(folder.path(), "orders.csv", &text);
    let from_file = siyu_in(folder.path(), &["rfm", "orders.csv", "-f", "csv"]).ok().stdout;
    let mut piped = command(folder.path());
    piped.args(["rfm", "-", "-f", "csv"]);
    assert_eq!(run_command(piped, Some(&text)).ok().stdout, from_file);
    let mut json = command(folder.path());
    json.args(["rfm", "-", "-f", "json"]);
    assert_eq!(run_command(json, Some(&text)).ok().json()["input"][0]["files"][0], "<stdin>");
}

/// Options about orders are not offered where events are read, and `--by` says what it means there.
#[test]
fn help_of_reports_about_events_is_about_events() {
    let folder = folder();
    for (report, by) in [("funnel", "at the entry"), ("retention", "start event"), ("engagement", "members")]
    {
        let help = siyu_in(folder.path(), &[report, "--help"]).ok().stdout;
        for option in ["--customer-key", "--identities", "--latest-by"] {
            assert!(!help.contains(option), "{report} {option}");
        }
        let of_by = help.split("--by <COLUMN>").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap();
        assert!(of_by.contains(by), "{report}: {of_by}");
    }
    assert!(siyu_in(folder.path(), &["rfm", "--help"]).ok().stdout.contains("--latest-by"));
}
