//! `funnel` and time: periods of entry, and steps that nobody took in the time in use.

use serde_json::Value;

use crate::funnel::{rows, users};
use crate::support::{command, folder, run_command, siyu_in, write};

#[test]
fn periods_are_compared_by_first_entries() {
    let folder = folder();
    let mut text = String::from("customer_id,event,at\n");
    for user in 0..20 {
        text += &format!("u{user},a,2025-01-0{}\n", 1 + user % 9);
        if user < 2 {
            text += &format!("u{user},a,2025-02-10\nu{user},b,2025-02-11\n");
        }
    }
    write(folder.path(), "events.csv", &text);
    let answer = |more: &[&str]| {
        let common = ["funnel", "events.csv", "--steps", "a,b", "-f", "json"];
        siyu_in(folder.path(), &[&common[..], more].concat()).ok().json()
    };
    let through = |json: &Value| -> u64 {
        rows(json, "trend").iter().map(|row| row["converted"].as_u64().unwrap()).sum()
    };
    let told = "0 of 20 got through from there, 2 from any entry";
    let json = answer(&[]);
    assert_eq!((users(&json), through(&json)), (vec![20, 2], 0));
    assert!(json["notes"].to_string().contains(told));
    for same in [&["--window", "60d"][..], &["--entry", "first"]] {
        let json = answer(same);
        assert_eq!(users(&json)[1], through(&json));
        assert!(!json["notes"].to_string().contains("from any entry"));
    }
    // Steps are without periods.
    assert!(!answer(&["--table", "steps"])["notes"].to_string().contains(told));
}

#[test]
fn a_step_that_nobody_took_in_the_time_in_use_is_no_misspelling() {
    let folder = folder();
    write(
        folder.path(),
        "events.csv",
        "customer_id,event,at\na,view,2024-01-08 10:00:00\na,pay,2024-01-01 10:00:00\n",
    );
    let week = ["funnel", "events.csv", "--since", "2024-01-08", "-f", "json", "--steps"];
    let run = siyu_in(folder.path(), &[&week[..], &["view,pay"]].concat()).ok();
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(users(&json), [1, 0]);
    assert!(run.stderr.contains("No row in use is one of: pay."), "{}", run.stderr);
    let run = siyu_in(folder.path(), &[&week[..], &["view,pya"]].concat());
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(run.stderr.contains("did you mean pay?"), "{}", run.stderr);
    // A pipe can be read but once.
    let mut piped = command(folder.path());
    piped.args(["funnel", "-", "--where", "event = 'view'", "--steps", "view,pay", "-f", "json"]);
    let events = std::fs::read(folder.path().join("events.csv")).unwrap();
    let json: Value = serde_json::from_str(&run_command(piped, Some(&events)).ok().stdout).unwrap();
    assert_eq!(users(&json), [1, 0]);
}
