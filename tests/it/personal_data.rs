//! What leaves the program about people: under --mask no id and no name, never the key; and nothing by network.

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::{command, folder, root, run_command, siyu_in, write};

const KEY: &str = "0123456789abcdef-a-secret-of-this-test";

/// Phones, a name, an e-mail, order ids: each of a form that nothing else in the output has.
const IDS: [&str; 7] =
    ["13812345634", "13998765432", "ANNA-7Q", "欧阳小明", "anna@shop.example", "TB-ORDER-", "oUpF8uMu"];

/// Orders of a few people, with a row of each kind that is told about: no date, no amount, too many fields, masked ids.
fn orders(folder: &Path) {
    let mut text =
        String::from("customer_id,order_id,ordered_at,amount,收货人姓名,邮箱,status,channel,product_id\n");
    let people = ["13812345634", "13998765432", "ANNA-7Q", "欧阳小明", "anna@shop.example", "oUpF8uMu"];
    for n in 0..240 {
        let who = people[n / 2 * 5 % people.len()];
        text.push_str(&format!(
            "{who},TB-ORDER-{:04},2026-0{}-{:02} 10:00:00,{}.50,欧阳小明,anna@shop.example,{},shop,P{}\n",
            n - n % 2,
            n / 28 % 6 + 1,
            n % 28 + 1,
            n + 10,
            if n % 3 == 0 { "完成" } else { "已发货" },
            n % 4,
        ));
    }
    text.push_str("13812345634,TB-ORDER-9001,oUpF8uMu,1,欧阳小明,anna@shop.example,完成,shop,P1\n");
    text.push_str(
        "138****5634,TB-ORDER-9002,2026-06-01,13998765432元整,欧阳小明,anna@shop.example,完成,shop,P1\n",
    );
    text.push_str("欧阳小明,TB-ORDER-9003,2026-06-02,,欧阳小明,anna@shop.example,完成,shop,P1\n");
    text.push_str("ANNA-7Q,TB-ORDER-9004,2026-06-03,5,欧阳小明,anna@shop.example,完成,shop,P1,oUpF8uMu\n");
    text.push_str(",TB-ORDER-9005,2026-06-03,5,欧阳小明,anna@shop.example,完成,shop,P1\n");
    write(folder, "orders.csv", text);
    write(folder, "key", KEY);
}

/// Every file of a workbook; other bytes as they are.
pub fn readable(bytes: &[u8]) -> String {
    if !bytes.starts_with(b"PK") {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    for at in 0..archive.len() {
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut archive.by_index(at).unwrap(), &mut content).unwrap();
        text.push_str(&String::from_utf8_lossy(&content));
    }
    text
}

#[track_caller]
fn assert_hidden(what: &str, text: &str) {
    for id in IDS.iter().chain([&KEY]) {
        assert!(!text.contains(id), "{what} shows {id}:\n{text}");
    }
}

#[test]
fn under_a_mask_no_id_leaves_in_any_format_of_any_command() {
    let folder = folder();
    orders(folder.path());
    let formats = ["table", "csv", "tsv", "json", "ndjson", "markdown", "xlsx", "parquet"];
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for report in ["rfm", "cohort", "repurchase", "ltv", "inspect", "check"] {
        let tables: Vec<&str> = siyu::reports::info(report).tables.iter().map(|(name, _)| *name).collect();
        for format in formats {
            let holds_several = matches!(format, "table" | "json" | "xlsx");
            let chosen: Vec<&str> = if holds_several { vec!["all"] } else { tables.clone() };
            for table in chosen {
                let mut arguments =
                    vec![report, "orders.csv", "--mask", "--mask-key-file", "key", "-f", format];
                arguments.extend(["--table", table, "--max-bad", "5%", "--explain", "-v", "-o", "out"]);
                match (report, table) {
                    ("rfm", _) => arguments.extend(["--compare-to", "2026-03-01"]),
                    // The log-rank tests are between groups; everybody is in one of these states.
                    ("repurchase", "tests") => arguments.extend(["--by", "channel"]),
                    ("repurchase", "due" | "all") => {
                        arguments.extend(["--by", "channel", "--states", "early,due,overdue,lapsed"]);
                    }
                    _ => {}
                }
                let run = siyu_in(folder.path(), &arguments);
                assert!(run.status < 2, "{arguments:?}: {}", run.stderr);
                texts.insert(format!("{arguments:?} stderr"), run.stdout + &run.stderr);
                if run_wrote(folder.path()) {
                    let bytes = std::fs::read(folder.path().join("out")).unwrap();
                    texts.insert(format!("{arguments:?}"), readable(&bytes));
                    std::fs::remove_file(folder.path().join("out")).unwrap();
                }
            }
        }
    }
    for more in [&["-f", "csv"][..], &["-f", "tsv", "--lines"], &["-f", "parquet"]] {
        let mut arguments =
            vec!["convert", "orders.csv", "--mask", "--mask-key-file", "key", "--max-bad", "5%"];
        arguments.extend(["--explain", "-v", "-o", "out"]);
        arguments.extend(more);
        let run = siyu_in(folder.path(), &arguments).ok();
        texts.insert(format!("{arguments:?} stderr"), run.stdout + &run.stderr);
        let bytes = std::fs::read(folder.path().join("out")).unwrap();
        texts.insert(format!("{arguments:?}"), readable(&bytes));
        std::fs::remove_file(folder.path().join("out")).unwrap();
    }
    for (what, text) in &texts {
        assert_hidden(what, text);
    }
    // It is not that nothing is shown: the same person has the same hash everywhere.
    let key = siyu::output::mask::Key::from_bytes(KEY.as_bytes()).unwrap();
    let hash = key.mask("ANNA-7Q");
    for table in ["customers", "cycle", "due"] {
        let named = format!("\"{table}\"");
        assert!(texts.iter().any(|(what, text)| what.contains(&named) && text.contains(&hash)), "{table}");
    }
}

fn run_wrote(folder: &Path) -> bool {
    folder.join("out").exists()
}

#[test]
fn under_a_mask_errors_name_places_without_values() {
    let folder = folder();
    orders(folder.path());
    write(
        folder.path(),
        "no_header.csv",
        "13812345634,2026-01-01,anna@shop.example\n13998765432,2026-01-02,1\n",
    );
    write(folder.path(), "members.csv", "customer_id,joined_at\nANNA-7Q,13812345634\n欧阳小明,2026-01-01\n");
    write(folder.path(), "spend.csv", "campaign,amount,date\n欧阳小明,13998765432元整,2026-01-01\n");
    write(folder.path(), "destroyed.csv", "customer_id,ordered_at,amount\n1.38E+18,2026-01-01,1\n");
    write(folder.path(), "siyu.toml", "[output]\nmask = true\nmask_key_file = \"key\"\n");
    for arguments in [
        vec!["rfm", "orders.csv", "--strict"],
        vec!["rfm", "orders.csv", "--max-bad", "0"],
        vec!["rfm", "no_header.csv"],
        vec!["check", "no_header.csv"],
        vec!["rfm", "no_header.csv", "--where", "amount > 1"],
        vec!["rfm", "no_header.csv", "--col", "amount=total"],
        vec!["rfm", "destroyed.csv"],
        vec!["rfm", "orders.csv", "--max-bad", "5%", "--by", "customer_id"],
        vec!["rfm", "orders.csv", "--max-bad", "5%", "--by", "last_邮箱"],
        vec!["rfm", "orders.csv", "--max-bad", "5%", "--by", "order_id"],
        vec!["cohort", "orders.csv", "--max-bad", "5%", "--by", "收货人姓名"],
        vec!["ltv", "orders.csv", "--max-bad", "5%", "--by", "last_邮箱"],
        vec!["repurchase", "orders.csv", "--max-bad", "5%", "--products", "收货人姓名"],
        vec!["repurchase", "orders.csv", "--max-bad", "5%", "--products", "order_id"],
        vec!["repurchase", "orders.csv", "--strict"],
        vec![
            "cohort",
            "orders.csv",
            "--max-bad",
            "5%",
            "--cohort-by",
            "joined_at",
            "--members",
            "members.csv",
        ],
        vec!["ltv", "orders.csv", "--max-bad", "5%", "--spend", "spend.csv"],
    ] {
        let run = siyu_in(folder.path(), &arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.stderr);
        assert_hidden(&format!("{arguments:?}"), &(run.stdout + &run.stderr));
        assert!(!run.stderr.contains("1.38E+18"), "{}", run.stderr);
    }
}

#[test]
fn without_a_mask_people_are_shortened_in_errors_and_examples() {
    let folder = folder();
    orders(folder.path());
    let run = siyu_in(folder.path(), &["inspect", "orders.csv", "--max-bad", "5%", "-f", "json"]).ok();
    for (shown, hidden) in
        [("138******34", "13812345634"), ("a***@shop.example", "anna@shop.example"), ("欧**", "欧阳小明")]
    {
        assert!(run.stdout.contains(shown) && !run.stdout.contains(hidden), "{}", run.stdout);
    }
    assert!(run.stdout.contains("TB-ORDER-0000"), "order ids stay: {}", run.stdout);
    write(
        folder.path(),
        "few.csv",
        "手机,ordered_at,amount\n138****1234,2026-01-01,1\n13812345634,2026-01-01,1\n",
    );
    let check = siyu_in(folder.path(), &["check", "few.csv", "--col", "customer_id=手机", "-f", "json"]);
    assert!(
        check.stdout.contains("138****1234") && !check.stdout.contains("13812345634"),
        "{}",
        check.stdout
    );
}

#[test]
fn the_key_is_asked_for_and_never_printed() {
    let folder = folder();
    orders(folder.path());
    let run = siyu_in(folder.path(), &["rfm", "orders.csv", "--mask"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("--mask-key-file"), "{}", run.stderr);
    write(folder.path(), "short", "tiny-secret");
    let run = siyu_in(folder.path(), &["rfm", "orders.csv", "--mask", "--mask-key-file", "short"]);
    assert!(run.status == 2 && !run.stderr.contains("tiny-secret"), "{}", run.stderr);
    let mut show = command(folder.path());
    show.args(["config", "show"]).env("SIYU_MASK", "true").env("SIYU_MASK_KEY_FILE", "key");
    let run = run_command(show, None).ok();
    assert!(run.stdout.contains("mask_key_file"), "{}", run.stdout);
    assert_hidden("config show", &(run.stdout + &run.stderr));
}

/// polars brings a client for cloud storage along; nothing of ours asks it for anything.
#[test]
fn nothing_of_ours_talks_to_a_network() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = toml::from_str(&manifest).unwrap();
    let network =
        ["reqwest", "hyper", "ureq", "tokio", "object_store", "curl", "isahc", "attohttpc", "socket2"];
    for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
        let Some(section) = manifest.get(section).and_then(|section| section.as_table()) else { continue };
        for name in network {
            assert!(!section.contains_key(name), "{name}");
        }
    }

    // In the lock file only polars asks for them, through its client for cloud storage.
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let lock: toml::Table = toml::from_str(&lock).unwrap();
    let asks = |name: &str| -> Vec<String> {
        let packages = lock["package"].as_array().unwrap().iter();
        let needs = |package: &&toml::Value| {
            let needed = package.get("dependencies").and_then(|needed| needed.as_array());
            needed.is_some_and(|all| {
                all.iter().any(|one| one.as_str().is_some_and(|one| one.split(' ').next() == Some(name)))
            })
        };
        packages.filter(needs).map(|package| package["name"].as_str().unwrap().to_owned()).collect()
    };
    let is_polars = |name: &String| name == "object_store" || name.starts_with("polars");
    assert!(asks("reqwest").iter().all(is_polars), "{:?}", asks("reqwest"));
    assert!(asks("object_store").iter().all(|name| name.starts_with("polars")), "{:?}", asks("object_store"));
    for name in ["ureq", "curl", "isahc", "attohttpc"] {
        assert_eq!(asks(name), Vec::<String>::new(), "{name}");
    }

    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|suffix| suffix == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                for word in [
                    "std::net",
                    "TcpStream",
                    "UdpSocket",
                    "reqwest",
                    "object_store",
                    "CloudOptions",
                    "hyper::",
                ] {
                    assert!(!text.contains(word), "{} names {word}", path.display());
                }
            }
        }
    }
}

#[test]
fn an_address_is_no_input() {
    let folder = folder();
    for address in
        ["https://example.com/orders.csv", "s3://bucket/orders.parquet", "http://127.0.0.1:9/orders.csv"]
    {
        let run = siyu_in(folder.path(), &["rfm", address]);
        assert_eq!(run.status, 2);
        assert!(run.stderr.contains("siyu opens no network connection"), "{}", run.stderr);
    }
}
