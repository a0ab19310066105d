//! sample-data/ is what `siyu sample` writes, and the reports find what was planted.

use crate::support::{folder, root, siyu_in};

#[test]
fn the_repositorys_sample_data_is_what_the_generator_writes() {
    let folder = folder();
    siyu_in(folder.path(), &["sample", "out", "-q"]).ok();
    let mut files = 0;
    for entry in std::fs::read_dir(root().join("sample-data")).unwrap() {
        let path = entry.unwrap().path();
        let made = std::fs::read(folder.path().join("out").join(path.file_name().unwrap())).unwrap();
        assert!(made == std::fs::read(&path).unwrap(), "{} differs", path.display());
        files += 1;
    }
    assert!(files >= 9, "orders, events, spend, members in two formats and a README");
}

#[test]
fn equal_seeds_give_equal_bytes_on_any_number_of_threads() {
    let folder = folder();
    let bytes = |out: &str, more: &[&str]| {
        let mut arguments = vec!["sample", out, "--customers", "9000", "--frames", "orders", "-q"];
        arguments.extend(more);
        siyu_in(folder.path(), &arguments).ok();
        std::fs::read(folder.path().join(out).join("orders.csv")).unwrap()
    };
    let one = bytes("one", &["--threads", "1"]);
    assert!(one == bytes("two", &["--threads", "2"]));
    assert!(one != bytes("three", &["--seed", "7"]));
}

/// examples/segments.rs, which `cargo test` builds: the library without the command line gives the same answer.
#[test]
fn the_example_agrees_with_the_command() {
    let example =
        std::path::Path::new(env!("CARGO_BIN_EXE_siyu")).with_file_name("examples").join("segments");
    if !example.exists() {
        eprintln!("skipped: {} is not built (cargo test builds it)", example.display());
        return;
    }
    let orders = root().join("sample-data/orders.csv");
    let output = std::process::Command::new(example).arg(&orders).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let orders = orders.display().to_string();
    let json = siyu_in(folder().path(), &["rfm", &orders, "-f", "json"]).ok().json();
    for segment in json["tables"]["segments"].as_array().unwrap() {
        let line = format!(
            "{:20} {:>6}\n",
            segment["segment"].as_str().unwrap(),
            segment["customers"].as_u64().unwrap()
        );
        assert!(printed.contains(&line), "{line}{printed}");
    }
}
