//! What leaves `funnel`, `retention` and `engagement` about people: under --mask no id of a customer, a session, an inviter.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::personal_data::readable;
use crate::support::{folder, siyu_in, write};

const KEY: &str = "0123456789abcdef-a-secret-of-this-test";
const MASK: [&str; 3] = ["--mask", "--mask-key-file", "key"];

/// Customers, each of a form that nothing else in the output has; sessions and order ids begin with a word of their own.
const PEOPLE: [&str; 6] =
    ["13812345634", "13998765432", "ANNA-7Q", "欧阳小明", "anna@shop.example", "oUpF8uMu"];
const WORDS: [&str; 4] = ["SESSION-", "TB-ORDER-", "INVITER-9Z", KEY];

/// Eight weeks of events, members and orders. From the fifth week on fewer pay, so that --diagnose has something to say.
fn write_files(folder: &Path) {
    let mut events = String::from(
        "customer_id,event,at,session_id,channel,campaign,content_id,variant,value,inviter_id,邮箱\n",
    );
    for n in 0..720_usize {
        let who = if n < 360 { PEOPLE[n % 6].to_owned() } else { format!("{}#{n}", PEOPLE[n % 6]) };
        let (day, channel) = (n * 56 / 720, ["app", "web"][n / 2 % 2]);
        let inviter = if n % 5 == 0 { "INVITER-9Z" } else { PEOPLE[(n + 1) % 6] };
        let pays = if day < 28 { !n.is_multiple_of(4) } else { n.is_multiple_of(4) };
        let kinds = ["sent", "opened", "click", "分享", "publish", "pay"];
        for (at, kind) in kinds.iter().enumerate().filter(|(_, kind)| pays || **kind != "pay") {
            let month = day / 28 + 1;
            let _ = writeln!(
                events,
                "{who},{kind},2026-0{month}-{:02} 10:{at:02}:{:02},SESSION-{n},{channel},c{},post{},v{},{},\
                 {inviter},anna@shop.example",
                day % 28 + 1,
                n % 60,
                n % 3,
                n % 4,
                n % 2,
                n + 1,
            );
        }
    }
    events.push_str(",click,2026-02-03,SESSION-1,app,c,post1,v,5,INVITER-9Z,anna@shop.example\n");
    events.push_str("13812345634,click,oUpF8uMu,SESSION-1,app,c,post1,v,5,INVITER-9Z,anna@shop.example\n");
    events.push_str("欧阳小明,pay,2026-02-03,SESSION-1,app,c,post1,v,13998765432元整,INVITER-9Z,x\n");
    write(folder, "events.csv", events);
    let mut members = String::from("customer_id,joined_at,tier,inviter_id,收货人姓名\n");
    let mut orders = String::from("customer_id,order_id,ordered_at,amount\n");
    for (at, who) in PEOPLE.iter().enumerate() {
        let _ = writeln!(members, "{who},2026-0{}-01,t{},INVITER-9Z,欧阳小明", at % 2 + 1, at % 2);
        let _ = writeln!(orders, "{who},TB-ORDER-{at},2026-02-0{},{at}.5", at + 1);
    }
    write(folder, "members.csv", members);
    write(folder, "orders.csv", orders);
    write(folder, "key", KEY);
}

#[track_caller]
fn assert_hidden(what: &str, text: &str) {
    for id in PEOPLE.iter().chain(&WORDS) {
        assert!(!text.contains(id), "{what} shows {id}:\n{text}");
    }
}

/// Command and options, and the tables to take one by one where a format holds one.
const RUNS: [(&[&str], &[&str]); 8] = [
    (
        &["funnel", "--steps", "opened,click|分享,pay[value>2]", "--by", "channel"],
        &["steps", "times", "trend", "correlation", "users"],
    ),
    (&["funnel", "--steps", "opened,pay", "--mode", "any-order", "--unit", "session"], &["users"]),
    (&["funnel", "--steps", "opened,pay", "--unit", "邮箱"], &["users"]),
    (
        &["funnel", "--steps", "opened,pay", "--diagnose", "--attributes", "channel,variant"],
        &["diagnosis", "contributions"],
    ),
    (&["funnel", "--steps", "opened,pay", "--compare", "previous", "--since", "2026-02-01"], &["compare"]),
    (&["retention", "--start", "opened", "--return", "pay|click", "--by", "campaign"], &["cells", "matrix"]),
    (&["retention", "--unit", "session", "--rolling"], &["pooled"]),
    (
        &["engagement", "--members", "members.csv", "--orders", "orders.csv", "--by", "tier"],
        &["activity", "reach", "content", "layers", "koc_summary", "koc", "members"],
    ),
];

#[test]
fn under_a_mask_no_id_of_events_leaves_in_any_format() {
    let folder = folder();
    write_files(folder.path());
    let formats = ["table", "csv", "tsv", "json", "ndjson", "markdown", "xlsx", "parquet"];
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for (command, long) in RUNS {
        for format in formats {
            let holds_several = matches!(format, "table" | "json" | "xlsx");
            let chosen: Vec<&str> = if holds_several { vec!["all"] } else { long.to_vec() };
            for table in chosen {
                let mut arguments = [command, &["events.csv"], &MASK].concat();
                arguments.extend(["-f", format, "--max-bad", "5%", "--explain", "-v", "-o", "out"]);
                arguments.extend(["--table", table]);
                if command.contains(&"engagement") && (table == "all" || table.starts_with("koc")) {
                    arguments.extend(["--koc-share", "0.9", "--koc-dimensions", "1"]);
                }
                let run = siyu_in(folder.path(), &arguments).ok();
                assert_hidden(&format!("{arguments:?} stderr"), &(run.stdout + &run.stderr));
                let bytes = std::fs::read(folder.path().join("out")).unwrap();
                let text = readable(&bytes);
                assert_hidden(&format!("{arguments:?}"), &text);
                texts.insert(format!("{arguments:?}"), text);
            }
        }
    }
    // It is not that nothing is shown: the same person has the same hash everywhere.
    let key = siyu::output::mask::Key::from_bytes(KEY.as_bytes()).unwrap();
    for (id, part) in [
        ("ANNA-7Q", "\"channel\""),
        ("SESSION-7", "\"session\""),
        ("anna@shop.example", "邮箱"),
        ("欧阳小明", "\"members\""),
        ("13812345634", "\"koc\""),
    ] {
        let hash = key.mask(id);
        assert!(texts.iter().any(|(what, text)| what.contains(part) && text.contains(&hash)), "{id} {part}");
    }
}

#[test]
fn under_a_mask_groups_of_ids_are_refused() {
    let folder = folder();
    write_files(folder.path());
    let funnel = ["funnel", "--steps", "opened,pay"];
    let engagement = ["engagement", "--members", "members.csv"];
    let mut runs: Vec<(Vec<&str>, &str)> = Vec::new();
    for column in ["customer_id", "session_id", "inviter_id", "邮箱"] {
        for command in [&funnel[..], &["retention"], &["engagement"]] {
            runs.push(([command, &["--by", column]].concat(), "--by"));
        }
        runs.push((
            [&funnel[..], &["--table", "diagnosis", "--diagnose", "--attributes", column]].concat(),
            "--attributes",
        ));
        runs.push(([&["engagement", "--table", "reach", "--reach-by", column][..]].concat(), "--reach-by"));
    }
    for comparison in ["customer_id=ANNA-7Q", "session_id=SESSION-7", "inviter_id=INVITER-9Z"] {
        runs.push(([&funnel[..], &["--table", "compare", "--compare", comparison]].concat(), "--compare"));
    }
    for column in ["inviter_id", "收货人姓名", "customer_id"] {
        runs.push(([&engagement[..], &["--by", column]].concat(), "--by"));
    }
    for (arguments, option) in runs {
        let arguments = [&arguments[..], &["events.csv", "--max-bad", "5%"], &MASK].concat();
        let run = siyu_in(folder.path(), &arguments);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains("--mask hides"), "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(option), "{arguments:?}: {}", run.stderr);
        assert_hidden(&format!("{arguments:?}"), &run.stderr);
    }
    // Steps are shown as they were typed: with an id in a condition the table would show it.
    let steps = "opened[customer_id='oUpF8uMs'],pay";
    for arguments in [&["funnel", "--steps", steps][..], &["retention", "--start", "pay[session_id <> '1']"]]
    {
        let run = siyu_in(folder.path(), &[arguments, &["events.csv"], &MASK].concat());
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains("--mask hides") && !run.stderr.contains("oUp"), "{}", run.stderr);
    }
    let invited = ["retention", "events.csv", "--return", "pay[inviter_id is not null and value > 2]"];
    assert_eq!(siyu_in(folder.path(), &[&invited[..], &MASK].concat()).status, 2, "2 might be an id");
    let invited = ["retention", "events.csv", "--return", "pay[inviter_id is not null]"];
    siyu_in(folder.path(), &[&invited[..], &MASK].concat()).ok();
    // Under another name in the file they are the same ids.
    let renamed = "买家手机,event,at,sid\n13812345634,opened,2026-01-01,SESSION-1\n";
    write(folder.path(), "renamed.csv", renamed);
    for column in ["sid", "买家手机"] {
        let more = ["--col", "customer_id=买家手机", "--col", "session_id=sid", "--by", column];
        let run = siyu_in(folder.path(), &[&["retention", "renamed.csv"], &more[..], &MASK].concat());
        assert_eq!(run.status, 2, "{column}: {}", run.stdout);
        assert!(run.stderr.contains("--mask hides"), "{}", run.stderr);
        assert_hidden(column, &run.stderr);
    }
}

#[test]
fn under_a_mask_errors_about_events_show_no_values() {
    let folder = folder();
    write_files(folder.path());
    // A column that is called like a person.
    let strange = "customer_id,event,at,anna@shop.example\na,pay,2026-01-01,\nb,pay,2026-01-02,x\n";
    write(folder.path(), "strange.csv", strange);
    // A file whose column of events holds phones by mistake, or that has no header.
    write(folder.path(), "phones.csv", "customer_id,event,at\na,13812345634,2026-01-01\nb,pay,2026-01-02\n");
    write(
        folder.path(),
        "headless.csv",
        "13812345634,pay,2026-01-01,anna@shop.example\n13998765432,pay,x,\n",
    );
    write(folder.path(), "bad_members.csv", "customer_id,joined_at\nANNA-7Q,13812345634\n欧阳小明,x\n");
    write(folder.path(), "siyu.toml", "[output]\nmask = true\nmask_key_file = \"key\"\n");
    for arguments in [
        &["funnel", "phones.csv", "--steps", "pya,pay"][..],
        &["funnel", "phones.csv", "--steps", "1381234563,pay"],
        &["retention", "phones.csv", "--start", "pya"],
        &["engagement", "phones.csv", "--kind", "like=pya"],
        &["funnel", "strange.csv", "--steps", "pay[nobody = 1]"],
        &["funnel", "strange.csv", "--steps", "pay", "--unit", "session"],
        &["retention", "strange.csv", "--by", "tier"],
        &["engagement", "strange.csv", "--table", "reach", "--reach-by", "tier"],
        &["funnel", "headless.csv", "--steps", "pay"],
        &["funnel", "headless.csv", "--steps", "pay", "--col", "at=when"],
        &["retention", "headless.csv"],
        &["engagement", "headless.csv", "--by", "tier"],
        &["funnel", "headless.csv", "--steps", "pay[amount > 1]"],
        &["funnel", "events.csv", "--steps", "opened,pay", "--strict"],
        &["retention", "events.csv", "--strict"],
        &["engagement", "events.csv", "--strict"],
        &["funnel", "events.csv", "--steps", "opened,pay[nobody = 1]", "--max-bad", "5%"],
        &["funnel", "events.csv", "--steps", "opened,pay", "--by", "chanel", "--max-bad", "5%"],
        &["funnel", "events.csv", "--steps", "opened,pay", "--unit", "sesion_id", "--max-bad", "5%"],
        &["funnel", "events.csv", "--steps", "opened,pay", "--compare", "channel=ap", "--table", "compare"],
        &["engagement", "phones.csv", "--members", "bad_members.csv", "--strict"],
        &["engagement", "events.csv", "--reach-by", "campain", "--table", "reach"],
    ] {
        let run = siyu_in(folder.path(), arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.stdout + &run.stderr);
        assert!(run.stderr.contains("error"), "{arguments:?}: {}", run.stderr);
        assert_hidden(&format!("{arguments:?}"), &(run.stdout + &run.stderr));
    }
}
