//! `funnel` through the command line: data with known answers, each against a count of its own written here, plainly.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::{folder, root, shared, siyu_in, write};

const STEPS: &str = "exposure,click,register,pay";
const KEY: &str = "0123456789abcdef0123456789abcdef0123456789ab";

fn sample() -> String {
    root().join("sample-data/events.csv").display().to_string()
}

/// The report as json.
fn answer(input: &str, more: &[&str]) -> Value {
    let folder = folder();
    let arguments = [&["funnel", input, "-f", "json"], more].concat();
    siyu_in(folder.path(), &arguments).ok().json()
}

pub fn rows<'a>(json: &'a Value, table: &str) -> &'a [Value] {
    json["tables"][table].as_array().unwrap()
}

pub fn users(json: &Value) -> Vec<u64> {
    rows(json, "steps").iter().map(|row| row["users"].as_u64().unwrap()).collect()
}

/// Users by value of `--by` and step.
fn users_by(json: &Value, by: &str) -> BTreeMap<String, Vec<u64>> {
    let mut found: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for row in rows(json, "steps").iter().filter(|row| row["part"] == "value") {
        let value = row[by].as_str().unwrap_or("(none)").to_owned();
        found.entry(value).or_default().push(row["users"].as_u64().unwrap());
    }
    found
}

fn records(path: &std::path::Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(|row| row.unwrap()).collect()
}

/// sample-data/README.md, "Events": what was planted.
#[test]
fn the_sample_gives_what_was_planted() {
    assert_eq!(users(&answer(&sample(), &["--steps", STEPS, "--window", "none"])), [1_070, 784, 486, 300]);
    let json = answer(&sample(), &["--steps", STEPS, "--by", "channel"]);
    let all: Vec<u64> = users(&json).into_iter().take(4).collect();
    assert_eq!(all, [1_070, 784, 486, 290], "ten pay more than 7 days after the exposure");
    let channels = users_by(&json, "channel");
    assert_eq!(channels["tmall"], [325, 226, 155, 39 + 51 - 4]);
    assert_eq!(channels["douyin"], [465, 370, 185, 50 + 50 - 4]);
    assert_eq!(channels["wechat"], [280, 188, 146, 47 + 63 - 2]);
    let variants =
        users_by(&answer(&sample(), &["--steps", STEPS, "--by", "variant", "--window", "none"]), "variant");
    assert_eq!(variants["a"], [157 + 232 + 139, 107 + 186 + 89, 69 + 86 + 63, 39 + 50 + 47]);
    assert_eq!(variants["b"], [168 + 233 + 141, 119 + 184 + 99, 86 + 99 + 83, 51 + 50 + 63]);
}

#[test]
fn parts_add_up_and_nobody_appears_on_the_way() {
    for more in [
        &[][..],
        &["--mode", "any-order"],
        &["--entry", "first"],
        &["--mode", "strict-once", "--window", "1d"],
    ] {
        for by in ["channel", "variant", "content_id", "campaign"] {
            let json = answer(&sample(), &[&["--steps", STEPS, "--by", by], more].concat());
            let of = |row: &Value, name: &str| row[name].as_u64().unwrap_or(0);
            for name in ["users", "users_closed", "dropped", "open"] {
                for step in 1..=4 {
                    let sum = |part: &str| -> u64 {
                        let here = rows(&json, "steps")
                            .iter()
                            .filter(|row| row["part"] == part && row["step"] == step);
                        here.map(|row| of(row, name)).sum()
                    };
                    assert_eq!(sum("all"), sum("value"), "{by} {name} {step} {more:?}");
                }
            }
            for block in rows(&json, "steps").chunks(4) {
                for pair in block.windows(2) {
                    let (before, here) = (of(&pair[0], "users"), of(&pair[1], "users"));
                    assert!(before >= here && before - here == of(&pair[1], "dropped"));
                    assert!(of(&pair[1], "open") <= of(&pair[1], "dropped"));
                    let rate = pair[1]["from_previous"].as_f64();
                    assert_eq!(rate.is_some(), before > 0);
                    // serde_json reads numbers to the last digit but one.
                    assert!(rate.is_none_or(|rate| (rate - here as f64 / before as f64).abs() < 1e-15));
                }
            }
        }
    }
    // The first step: everybody who did it.
    let entered: BTreeSet<String> = records(&root().join("sample-data/events.csv"))
        .into_iter()
        .filter(|row| row["event"] == "exposure")
        .map(|row| row["customer_id"].clone())
        .collect();
    assert_eq!(users(&answer(&sample(), &["--steps", STEPS]))[0], entered.len() as u64);
    assert_eq!(users(&answer(&sample(), &["--steps", "exposure"])), [entered.len() as u64]);
}

#[test]
fn the_call_list_is_of_those_who_dropped() {
    let json = answer(&sample(), &["--steps", STEPS, "--table", "steps,users"]);
    let all = rows(&json, "users");
    assert_eq!(all.len(), 1_070);
    for (step, row) in rows(&json, "steps").iter().enumerate().skip(1) {
        let number = (step + 1).to_string();
        let list = answer(&sample(), &["--steps", STEPS, "--table", "users", "--step", &number, "--dropped"]);
        let list = rows(&list, "users");
        assert_eq!(list.len() as u64, row["dropped"].as_u64().unwrap());
        assert!(list.iter().all(|user| user["level"] == step && user["dropped_before"] == row["name"]));
        assert!(
            list.iter()
                .all(|user| user[format!("at_{step}")].is_string() && user[format!("at_{number}")].is_null())
        );
        assert_eq!(
            list.iter().filter(|user| user["open"] == true).count() as u64,
            row["open"].as_u64().unwrap()
        );
        let reached = answer(&sample(), &["--steps", STEPS, "--table", "users", "--step", &number]);
        assert_eq!(rows(&reached, "users").len() as u64, row["users"].as_u64().unwrap());
    }
    let ids: Vec<&str> = all.iter().map(|user| user["customer_id"].as_str().unwrap()).collect();
    assert!(ids.is_sorted());
    let folder = folder();
    write(folder.path(), "key", KEY);
    let masked = ["--mask", "--mask-key-file", "key"];
    let (sample, arguments) =
        (sample(), [&["--table", "users", "--dropped", "-f", "csv"][..], &masked].concat());
    let run = siyu_in(folder.path(), &[&["funnel", &sample, "--steps", STEPS], &arguments[..]].concat()).ok();
    assert_eq!(run.stdout.lines().count(), 1 + 1_070 - 290);
    assert!(!run.stdout.contains("V0000") && !run.stdout.contains("C0000"));
}

/// Each page table as events, all of a user at one instant: ties are in the order of the steps, so steps are set membership.
/// Rates as data/funnel_tables/SOURCE.md gives them, to its digits.
#[test]
fn page_tables_are_set_membership() {
    let Some(base) = shared("data/funnel_tables") else { return };
    let pages = ["home_page", "search_page", "payment_page", "payment_confirmation_page"];
    let files = ["home_page_table", "search_page_table", "payment_page_table", "payment_confirmation_table"];
    let visited = files.map(|file| {
        let rows = records(&base.join(format!("{file}.csv")));
        rows.into_iter().map(|row| row["user_id"].clone()).collect::<BTreeSet<String>>()
    });
    let people = records(&base.join("user_table.csv"));
    let mut events = String::from("customer_id,event,at,device,sex\n");
    let mut expected: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for person in &people {
        // Backwards: the order of rows must not matter.
        for (page, _) in pages.iter().zip(&visited).rev().filter(|(_, who)| who.contains(&person["user_id"]))
        {
            let cells = [&person["user_id"], *page, &person["date"], &person["device"], &person["sex"]];
            events += &(cells.join(",") + "\n");
        }
        for key in ["all", person["device"].as_str(), person["sex"].as_str()] {
            let counts = expected.entry(key.to_owned()).or_insert_with(|| vec![0; 4]);
            let reached = visited.iter().take_while(|who| who.contains(&person["user_id"])).count();
            counts[..reached].iter_mut().for_each(|count| *count += 1);
        }
    }
    let folder = folder();
    write(folder.path(), "events.csv", events);
    let steps = pages.join(",");
    for by in ["device", "sex"] {
        let arguments = ["funnel", "events.csv", "--steps", &steps, "--by", by, "-f", "json"];
        let json = siyu_in(folder.path(), &arguments).ok().json();
        let all: Vec<u64> = users(&json).into_iter().take(4).collect();
        assert_eq!(all, [90_400, 45_200, 6_030, 452]);
        assert_eq!(all, expected["all"]);
        let rates = rows(&json, "steps")[1..4].iter().map(|row| row["from_previous"].as_f64().unwrap());
        for (rate, published) in rates.zip([0.5, 0.13341, 0.07496]) {
            assert!((rate - published).abs() < 5e-6, "{rate}");
        }
        for (value, counts) in users_by(&json, by) {
            assert_eq!(counts, expected[&value], "{value}");
        }
        assert!(json["notes"].to_string().contains("45,200 users did several steps at one instant"));
    }
}

/// Levels of view > cart > purchase by trying all triples; moments in seconds, no window below 0.
fn tried(events: &[(i64, usize)], window: i64) -> usize {
    let of = |step: usize| events.iter().filter(move |event| event.1 == step).map(|event| event.0);
    let mut level = 0;
    for view in of(0) {
        let in_time = |at: i64, before: i64| at >= before && (window < 0 || at - view <= window);
        level = level.max(1);
        for cart in of(1).filter(|cart| in_time(*cart, view)) {
            level = level.max(2);
            level = level.max(if of(2).any(|purchase| in_time(purchase, cart)) { 3 } else { 0 });
        }
    }
    level
}

#[test]
fn a_shop_is_counted_by_customer_and_by_session() {
    let Some(path) = shared("data/rees46_sample/2019-Oct_head.csv") else { return };
    let kinds = ["view", "cart", "purchase"];
    let events = records(&path);
    let path = path.display().to_string();
    for (column, unit) in [("user_id", "customer"), ("user_session", "session")] {
        let mut journeys: BTreeMap<&str, Vec<(i64, usize)>> = BTreeMap::new();
        for event in &events {
            let at =
                chrono::NaiveDateTime::parse_from_str(&event["event_time"], "%Y-%m-%d %H:%M:%S UTC").unwrap();
            let step = kinds.iter().position(|kind| *kind == event["event_type"]).unwrap();
            journeys.entry(&event[column]).or_default().push((at.and_utc().timestamp(), step));
        }
        for (window, seconds) in [("none", -1), ("1h", 3_600), ("2m", 120)] {
            let mut expected = vec![0; 3];
            for events in journeys.values() {
                expected[..tried(events, seconds)].iter_mut().for_each(|count| *count += 1);
            }
            let arguments = ["--steps", "view,cart,purchase", "--window", window, "--unit", unit];
            let json = answer(&path, &arguments);
            assert_eq!(users(&json), expected, "{unit} {window}");
            if unit == "customer" && window == "none" {
                assert_eq!(expected[0], 4_504);
            }
        }
    }
}

/// One row per offer received; its times are hours. data/starbucks_offers/SOURCE.md: 76,358 received, 15,501 bogo and 17,681
/// discount completed.
#[test]
fn offers_are_completed_as_counted() {
    use polars::prelude::*;
    let Some(path) = shared("data/starbucks_offers/offers_received.parquet") else { return };
    let table = ParquetReader::new(std::fs::File::open(path).unwrap()).finish().unwrap();
    let text = |name: &str| table.column(name).unwrap().str().unwrap().clone();
    let (customers, types) = (text("customer_id"), text("offer_type"));
    let received = table.column("offer_received_time").unwrap().i64().unwrap().clone();
    let completed = table.column("offer_completed_time").unwrap().f64().unwrap().clone();
    let start = chrono::NaiveDate::from_ymd_opt(2024, 1, 1).unwrap().and_hms_opt(0, 0, 0).unwrap();
    let mut events = String::from("customer_id,event,at,offer,offer_type\n");
    // (hour, completed?) by customer; per kind of offer: received, completed, completed within five days.
    let mut journeys: BTreeMap<&str, Vec<(i64, bool)>> = BTreeMap::new();
    let mut expected: BTreeMap<String, [u64; 3]> = BTreeMap::new();
    for row in 0..table.height() {
        let (customer, kind) = (customers.get(row).unwrap(), types.get(row).unwrap());
        let mut put = |name: &str, hour: i64| {
            let at = start + chrono::Duration::hours(hour);
            events += &format!("{customer},{name},{at},{row},{kind}\n");
            journeys.entry(customer).or_default().push((hour, name == "completed"));
        };
        let begins = received.get(row).unwrap();
        put("received", begins);
        let ends = completed.get(row).unwrap() as i64;
        if ends >= 0 {
            put("completed", ends);
        }
        let counts = expected.entry(kind.to_owned()).or_default();
        counts[0] += 1;
        counts[1] += u64::from(ends >= 0);
        counts[2] += u64::from(ends >= 0 && ends - begins <= 120);
    }
    let folder = folder();
    write(folder.path(), "offers.csv", events);
    let funnel = |more: &[&str]| {
        let arguments = ["funnel", "offers.csv", "--steps", "received,completed", "-f", "json"];
        siyu_in(folder.path(), &[&arguments[..], more].concat()).ok().json()
    };
    for (window, column) in [("none", 1), ("5d", 2)] {
        let json = funnel(&["--unit", "offer", "--by", "offer_type", "--window", window]);
        let found = users_by(&json, "offer_type");
        for (kind, counts) in &expected {
            assert_eq!(found[kind], [counts[0], counts[column]], "{kind} {window}");
        }
    }
    assert_eq!(expected["bogo"][1] + expected["discount"][1], 33_182);
    let through = |window: i64| {
        let within = |events: &&Vec<(i64, bool)>| {
            let received = events.iter().filter(|event| !event.1);
            let mut pairs = received
                .flat_map(|begins| events.iter().filter(|event| event.1).map(|ends| ends.0 - begins.0));
            pairs.any(|hours| hours >= 0 && (window < 0 || hours <= window))
        };
        journeys.values().filter(within).count() as u64
    };
    assert_eq!(users(&funnel(&["--window", "none"])), [16_994, through(-1)]);
    assert_eq!(users(&funnel(&["--window", "1d"])), [16_994, through(24)]);
}

/// Marketing qualified leads and closed deals: days written 26-02-2018.
#[test]
fn leads_are_closed_as_counted() {
    let Some(base) = shared("data/olist_partial") else { return };
    let leads = records(&base.join("olist_marketing_qualified_leads_ddmmyyyy.csv"));
    let deals = records(&base.join("olist_closed_deals_dataset.csv"));
    let moment = |text: &str| {
        let (date, time) = text.split_once(' ').unwrap_or((text, "00:00"));
        chrono::NaiveDateTime::parse_from_str(&format!("{date} {time}"), "%d-%m-%Y %H:%M").unwrap()
    };
    let mut events = String::from("customer_id,event,at,origin\n");
    for lead in &leads {
        events +=
            &format!("{},lead,{},{}\n", lead["mql_id"], moment(&lead["first_contact_date"]), lead["origin"]);
    }
    for deal in &deals {
        events += &format!("{},deal,{},\n", deal["mql_id"], moment(&deal["won_date"]));
    }
    let won: BTreeMap<&str, chrono::NaiveDateTime> =
        deals.iter().map(|deal| (deal["mql_id"].as_str(), moment(&deal["won_date"]))).collect();
    let folder = folder();
    write(folder.path(), "leads.csv", events);
    for (window, most) in [("none", 100_000), ("30d", 30)] {
        let mut expected: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
        for lead in &leads {
            let first = moment(&lead["first_contact_date"]);
            let in_time =
                |at: &&chrono::NaiveDateTime| **at >= first && **at - first <= chrono::Duration::days(most);
            let is_won = won.get(lead["mql_id"].as_str()).filter(in_time).is_some();
            let origin = if lead["origin"].is_empty() { "(none)" } else { lead["origin"].as_str() };
            for key in ["all", origin] {
                let counts = expected.entry(key).or_default();
                counts[0] += 1;
                counts[1] += u64::from(is_won);
            }
        }
        let arguments = [
            "funnel",
            "leads.csv",
            "--steps",
            "lead,deal",
            "--by",
            "origin",
            "--window",
            window,
            "-f",
            "json",
        ];
        let json = siyu_in(folder.path(), &arguments).ok().json();
        assert_eq!(users(&json)[..2], expected["all"], "{window}");
        let found = users_by(&json, "origin");
        assert_eq!(found.len(), expected.len() - 1);
        for (origin, counts) in found {
            assert_eq!(counts, expected[origin.as_str()], "{origin} {window}");
        }
        assert_eq!(expected["all"][0], 8_000);
    }
}

const EVENTS: &str = "customer_id,event,at,channel,value\n\
    a,view,2024-01-01 10:00:00,app,\na,cart,2024-01-01 11:00:00,app,\na,pay,2024-01-02 10:00:00,web,100\n\
    b,view,2024-01-01 10:00:00,web,\nb,refund,2024-01-01 10:30:00,web,\nb,cart,2024-01-01 11:00:00,web,\n\
    c,view,2024-01-20 10:00:00,,\nd,pay,2024-01-20 11:00:00,app,5\n";

#[test]
fn open_closed_optional_excluded() {
    let folder = folder();
    write(folder.path(), "events.csv", EVENTS);
    let funnel = |more: &[&str]| {
        let arguments = [&["funnel", "events.csv", "-f", "json", "--table", "steps,users"], more].concat();
        siyu_in(folder.path(), &arguments).ok().json()
    };
    let json = funnel(&["--steps", "view,cart,pay", "--by", "channel", "--by-at", "last"]);
    assert_eq!(users(&json)[..3], [3, 2, 1]);
    let cart = &rows(&json, "steps")[1];
    assert_eq!((&cart["dropped"], &cart["open"], &cart["users_closed"]), (&1.into(), &1.into(), &2.into()));
    assert_eq!(
        (cart["from_first_closed"].as_f64(), cart["median_seconds"].as_f64()),
        (Some(1.0), Some(3_600.0))
    );
    // At the last event of each chain: a paid on the web.
    assert_eq!(users_by(&json, "channel")["web"], [2, 2, 1]);
    let shown: Vec<String> = rows(&json, "users")
        .iter()
        .map(|user| {
            format!(
                "{} {} {} {}",
                user["customer_id"], user["level"], user["dropped_before"], user["seconds"]
            )
        })
        .collect();
    assert_eq!(shown, [r#""a" 3 null 86400.0"#, r#""b" 2 "pay" 3600.0"#, r#""c" 1 "cart" null"#]);

    assert_eq!(
        users(&funnel(&["--steps", "view,cart?,pay[value >= 50 and channel IN ('web', 'x')]"])),
        [3, 2, 1]
    );
    let excluded = funnel(&["--steps", "view,cart,pay", "--exclude", "refund@1..2"]);
    assert_eq!(users(&excluded), [2, 1, 1]);
    assert!(excluded["notes"].to_string().contains("1 users are left out altogether"));
    assert_eq!(users(&funnel(&["--steps", "view,cart,pay", "--window", "1h"])), [3, 2, 0]);
    assert_eq!(users(&funnel(&["--steps", "view,cart|pay", "--step-window", "2=59m"])), [3, 0]);
    let any = funnel(&["--steps", "pay,view", "--mode", "any-order"]);
    assert_eq!((users(&any), &rows(&any, "steps")[0]["name"]), (vec![4, 1], &"1_of_2".into()));
    let nobody = funnel(&["--steps", "refund[value > 5],pay"]);
    assert_eq!((users(&nobody), &nobody["alerts"][0]["id"]), (vec![0, 0], &"funnel_nobody".into()));
    let until = funnel(&["--steps", "view,cart,refund", "--until", "2024-01-01"]);
    assert_eq!((users(&until), &rows(&until, "steps")[2]["open"]), (vec![2, 2, 0], &2.into()));
}

/// PostHog's breakdown of step 1 (its test_breakdown_step_attributions): the value at the entry, the whole journey with it.
#[test]
fn a_breakdown_is_of_the_value_at_one_step() {
    let folder = folder();
    let path = write(
        folder.path(),
        "events.csv",
        "customer_id,event,at,browser\n\
         u,one,2021-05-01T00:00:00,Chrome\nu,two,2021-05-01T00:00:01,Safari\n\
         u,two,2021-05-01T00:00:02,Chrome\nu,three,2021-05-01T00:00:03,Chrome\n",
    );
    let base = ["--steps", "one,two,three", "--mode", "strict-once", "--window", "30s", "--by", "browser"];
    let by = |at: &str| {
        let json = answer(&path.display().to_string(), &[base.as_slice(), &["--by-at", at]].concat());
        users_by(&json, "browser")
    };
    assert_eq!(by("entry"), BTreeMap::from([("Chrome".to_owned(), vec![1, 1, 1])]));
    // Seen from the last step back the other steps are the earliest possible.
    assert_eq!(by("step-2"), BTreeMap::from([("Safari".to_owned(), vec![1, 1, 1])]));
}

#[test]
fn bad_input_is_told_so() {
    let folder = folder();
    write(folder.path(), "key", KEY);
    write(folder.path(), "events.csv", EVENTS);
    write(folder.path(), "timeless.csv", "customer_id,event\na,view\n");
    let kinds: String = (0..10_000).map(|kind| format!("c,kind_{kind:05},2024-01-01 10:00:00\n")).collect();
    write(folder.path(), "kinds.csv", format!("customer_id,event,at\n{kinds}"));
    let refused = |arguments: &[&str]| {
        let run = siyu_in(folder.path(), &[&["funnel"], arguments].concat());
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{arguments:?}");
        run.stderr
    };
    for (arguments, parts) in [
        (&["events.csv"][..], ["--steps: is needed", "exposure,click"]),
        (&["timeless.csv", "--steps", "view"], ["no column for at", ""]),
        (&["events.csv", "--steps", "view,crat"], ["unknown event \"crat\"", "did you mean cart?"]),
        (
            &["events.csv", "--steps", "view,pay[valu>3]"],
            ["--steps \"valu>3\": the condition of step 2", "did you mean value?"],
        ),
        (
            &["events.csv", "--steps", "view,pay", "--exclude", "refund[x=1]"],
            ["--exclude \"x=1\"", "no column \"x\""],
        ),
        (&["events.csv", "--steps", "view,,pay"], ["character 6: step 2 has no event", ""]),
        (&["events.csv", "--steps", "view,pay", "--window", "7"], ["--window \"7\": has no unit", "7d"]),
        (
            &["events.csv", "--steps", "view,pay", "--by", "chanel"],
            ["column for --by", "did you mean channel?"],
        ),
        (
            &["events.csv", "--steps", "view,pay", "--unit", "session"],
            ["no column session_id", "--col session_id="],
        ),
        (&["events.csv", "--steps", "view,pay", "--dropped"], ["--dropped does not apply", "--table users"]),
        (
            &["events.csv", "--steps", "view,pay", "--by-at", "last"],
            ["--by-at does not apply", "--by COLUMN"],
        ),
        (&["events.csv", "--steps", "view,pay", "--table", "compare"], ["--compare previous", ""]),
        (
            &["events.csv", "--steps", "view,pay", "--by", "customer_id", "--mask", "--mask-key-file", "key"],
            ["--by does not apply", "--mask hides"],
        ),
        (&["events.csv", "--steps", "view", "--window", "1d"], ["--window does not apply", "one step"]),
        (&["kinds.csv", "--steps", "kind_0004"], ["did you mean kind_00004", "(10000 in all)"]),
    ] {
        let said = refused(arguments);
        assert!(parts.iter().all(|part| said.contains(part)), "{arguments:?}\n{said}");
        assert!(said.len() < 3_000, "{} bytes", said.len());
    }
}

#[test]
fn a_file_of_settings_says_the_same() {
    let folder = folder();
    write(folder.path(), "events.csv", EVENTS);
    let file = "[funnel]\nsteps = \"view,cart,pay\"\nmode = [\"strict_once\", \"strict-increase\"]\nwindow = \"2d\"\nstep = 2\n";
    write(folder.path(), "siyu.toml", file);
    let json = siyu_in(folder.path(), &["funnel", "events.csv", "-f", "json"]).ok().json();
    assert_eq!(json["params"]["mode"], serde_json::json!(["strict-increase", "strict-once"]));
    assert_eq!((&json["params"]["window"], users(&json)), (&"2d".into(), vec![3, 2, 1]));
    let other =
        siyu_in(folder.path(), &["funnel", "events.csv", "--mode", "any_order", "-f", "json"]).ok().json();
    assert_eq!(other["params"]["mode"], serde_json::json!(["any-order"]));
    let shown = siyu_in(folder.path(), &["config", "show", "-f", "csv"]).ok().stdout;
    assert!(shown.contains("funnel,window,2d"), "{shown}");
}

/// Rows in any order, cut into files, on any number of threads: the same bytes.
#[test]
fn how_the_rows_come_does_not_show() {
    let folder = folder();
    let text = std::fs::read_to_string(root().join("sample-data/events.csv")).unwrap();
    let (header, lines) = text.split_once('\n').unwrap();
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.sort_by_key(|line| {
        line.bytes().rev().map(u32::from).fold(7, |hash: u32, byte| hash.wrapping_mul(31) ^ byte)
    });
    let (first, second) = lines.split_at(lines.len() / 3);
    for (name, part) in [("a.csv", first), ("b.csv", second)] {
        write(folder.path(), name, format!("{header}\n{}\n", part.join("\n")));
    }
    let sample = sample();
    for more in [
        &["--mode", "loose"][..],
        &["--mode", "any-order"],
        &["--mode", "strict"],
        &["--mode", "strict-once", "--exclude", "coupon"],
    ] {
        let answer = |files: &[&str], threads: &str| {
            let shared =
                ["--steps", STEPS, "--by", "channel", "--table", "all", "-f", "json", "--threads", threads];
            let mut json =
                siyu_in(folder.path(), &[&["funnel"], files, &shared[..], more].concat()).ok().json();
            json["input"] = Value::Null;
            json.to_string()
        };
        assert_eq!(answer(&[&sample], "1"), answer(&["a.csv", "b.csv"], "3"), "{more:?}");
    }
}

/// Every column that the report shows is named on its page.
#[test]
fn every_column_of_the_funnel_is_explained() {
    let page = std::fs::read_to_string(root().join("src/reports/funnel.md")).unwrap();
    let words: BTreeSet<&str> = page.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let more = [
        "--steps",
        STEPS,
        "--by",
        "channel",
        "--table",
        "all",
        "--since",
        "2024-07-01",
        "--compare",
        "previous",
        "--diagnose",
    ];
    let json = answer(&sample(), &more);
    for (table, rows) in json["tables"].as_object().unwrap() {
        assert!(words.contains(table.as_str()), "funnel.md does not name {table}");
        let Some(first) = rows.as_array().unwrap().first() else { continue };
        for column in first.as_object().unwrap().keys().filter(|column| *column != "channel") {
            let is_named = words.contains(column.as_str()) || column.starts_with("at_");
            assert!(is_named, "funnel.md does not name {column} of {table}");
        }
    }
}
