//! The console blocks of README.md are what the program prints.
//!
//! In a block a line `$ command` is run by sh in a copy of the repository's sample-data, and what follows up to the next
//! command is what it prints on standard output and standard error together. A line `...` stands for any lines.

use std::process::Command;

use crate::support::{folder, root};

/// Runs every block; `SIYU_UPDATE_README=1` writes what was printed into the file instead of comparing.
#[test]
fn the_console_blocks_are_what_the_program_prints() {
    let path = root().join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let work = folder();
    let copied =
        Command::new("cp").arg("-r").arg(root().join("sample-data")).arg(work.path()).status().unwrap();
    assert!(copied.success());
    let mut out = String::new();
    let mut lines = readme.lines().peekable();
    let mut wrong = Vec::new();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        if line != "```console" {
            continue;
        }
        while let Some(line) = lines.next() {
            out.push_str(line);
            out.push('\n');
            if line == "```" {
                break;
            }
            let Some(command) = line.strip_prefix("$ ") else { continue };
            let mut expected = Vec::new();
            while let Some(next) = lines.peek() {
                if next.starts_with("$ ") || *next == "```" {
                    break;
                }
                expected.push(lines.next().unwrap().to_owned());
            }
            let printed = run(command, work.path());
            let printed: Vec<String> = printed.lines().map(|l| l.trim_end().to_owned()).collect();
            if !matches(&expected, &printed) {
                wrong.push(format!("$ {command}\n{}", printed.join("\n")));
            }
            let kept = if matches(&expected, &printed) { &expected } else { &printed };
            for line in kept {
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    if std::env::var_os("SIYU_UPDATE_README").is_some() {
        std::fs::write(&path, out).unwrap();
        return;
    }
    assert!(
        wrong.is_empty(),
        "README.md is out of date (SIYU_UPDATE_README=1 mends it):\n{}",
        wrong.join("\n\n")
    );
}

fn run(command: &str, folder: &std::path::Path) -> String {
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_siyu")).parent().unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!("( {command} ) 2>&1"))
        .current_dir(folder)
        .env_clear()
        .env("PATH", format!("{}:{path}", binary.display()))
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Equal line by line, `...` standing for any number of lines.
fn matches(expected: &[String], printed: &[String]) -> bool {
    match expected.split_first() {
        None => printed.is_empty(),
        Some((first, rest)) if first == "..." => {
            (0..=printed.len()).any(|skip| matches(rest, &printed[skip..]))
        }
        Some((first, rest)) => {
            printed.first().is_some_and(|line| line == first.trim_end()) && matches(rest, &printed[1..])
        }
    }
}
