//! siyu.toml, SIYU_* and flags: which wins, and what is said of it.

use crate::support::{command, folder, root, run_command, siyu_in, write};

const ORDERS: &str = "Kunde,Datum,Betrag\n1,05.01.2024,10\n2,20.01.2024,20\n1,07.02.2024,5\n3,13.02.2024,7\n";

const CONFIG: &str = "\
[input]
date_format = \"dmy\"
[columns]
customer_id = \"Kunde\"
ordered_at = \"Datum\"
amount = \"Betrag\"
[output]
format = \"json\"
bom = true
[rfm]
scoring = \"fixed\"
recency_cuts = [10, 20, 30, 40]
frequency_cuts = [1, 2, 3, 4]
monetary_cuts = [1, 5, 10, 20]
";

#[test]
fn the_file_is_found_upward_and_used() {
    let folder = folder();
    write(folder.path(), "siyu.toml", CONFIG);
    write(folder.path(), "in/deep/orders.csv", ORDERS);
    let run = siyu_in(&folder.path().join("in/deep"), &["rfm", "orders.csv"]).ok();
    let json = run.json();
    assert_eq!(json["params"]["scoring"], "fixed");
    assert_eq!(json["input"][0]["rows_used"], 4);
    let run = siyu_in(&folder.path().join("in/deep"), &["rfm", "orders.csv", "--no-config"]);
    assert_eq!(run.status, 2, "without the file nothing says which column is the customer");
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let folder = folder();
    write(folder.path(), "siyu.toml", CONFIG);
    write(folder.path(), "orders.csv", ORDERS);
    let scoring = |flag: Option<&str>, variable: Option<&str>| {
        let mut run = command(folder.path());
        run.args(["rfm", "orders.csv", "--recency-cuts", "10,20,30,40"]);
        run.args(flag.map(|f| format!("--frequency-cuts={f}")));
        if let Some(variable) = variable {
            run.env("SIYU_RFM_FREQUENCY_CUTS", variable);
        }
        run_command(run, None).ok().json()["params"]["frequency_cuts"].clone()
    };
    assert_eq!(scoring(None, None), serde_json::json!([1, 2, 3, 4]));
    assert_eq!(scoring(None, Some("2,3,4,5")), serde_json::json!([2, 3, 4, 5]));
    assert_eq!(scoring(Some("3,4,5,6"), Some("2,3,4,5")), serde_json::json!([3, 4, 5, 6]));
}

#[test]
fn config_show_names_each_values_origin() {
    let folder = folder();
    write(folder.path(), "siyu.toml", CONFIG);
    let mut show = command(folder.path());
    show.args(["config", "show", "-f", "json"]).env("SIYU_LANG", "zh");
    let json = run_command(show, None).ok().json();
    let rows = json["tables"]["settings"].as_array().unwrap().clone();
    let origin = |section: &str, key: &str| {
        let row = rows.iter().find(|r| r["section"] == section && r["key"] == key).unwrap();
        (row["value"].as_str().unwrap_or("").to_owned(), row["origin"].as_str().unwrap().to_owned())
    };
    assert_eq!(origin("output", "lang"), ("zh".to_owned(), "environment SIYU_LANG".to_owned()));
    assert_eq!(origin("input", "max_bad"), ("1%".to_owned(), "default".to_owned()));
    let (value, from) = origin("rfm", "scoring");
    assert_eq!(value, "fixed");
    assert!(from.ends_with("siyu.toml"), "{from}");
    assert_eq!(origin("columns", "amount").0, "Betrag");
}

#[test]
fn a_misspelt_variable_is_told() {
    let folder = folder();
    write(folder.path(), "orders.csv", "customer_id,ordered_at,amount\n1,2024-01-01,5\n");
    let mut run = command(folder.path());
    run.args(["rfm", "orders.csv"]).env("SIYU_LNAG", "zh");
    let run = run_command(run, None).ok();
    assert!(run.stderr.contains("SIYU_LNAG") && run.stderr.contains("SIYU_LANG"), "{}", run.stderr);
}

/// What was typed for a table that is not shown is refused; what the file says of it is for other runs.
#[test]
fn what_the_file_says_for_other_tables_is_no_mistake() {
    let folder = folder();
    let config = "[cohort]\nperiod = \"week\"\nweek_start = \"sunday\"\nmembers = [\"members.csv\"]\n\
                  [ltv]\nmodel = \"bg-nbd\"\nholdout = \"9d\"\nbootstrap = 20\nspend = [\"spend.csv\"]\n";
    write(folder.path(), "siyu.toml", config);
    let orders = "customer_id,ordered_at,amount\n1,2024-01-01,5\n1,2024-02-03,5\n2,2024-01-09,7\n";
    write(folder.path(), "orders.csv", orders);
    let run = siyu_in(folder.path(), &["cohort", "orders.csv", "--period", "month", "-f", "json"]).ok();
    assert_eq!(run.json()["params"]["period"], "month");
    let run = siyu_in(folder.path(), &["cohort", "orders.csv", "-f", "json"]).ok();
    assert_eq!(run.json()["params"]["week_start"], "sunday");
    siyu_in(folder.path(), &["ltv", "orders.csv", "--table", "customers"]).ok();
    let run =
        siyu_in(folder.path(), &["cohort", "orders.csv", "--period", "month", "--week-start", "sunday"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
}

const EVENTS: &str = "customer_id,event,at,channel,value\n\
                      a,register,2025-03-03T10:00:00,app,\n\
                      a,赞,2025-03-04T10:00:00,app,\n\
                      a,pay,2025-03-05T10:00:00,app,30\n\
                      b,register,2025-03-04T10:00:00,web,\n\
                      b,赞,2025-03-20T10:00:00,web,\n";

/// The sections of the reports about events as README.md shows them; flags win over them.
#[test]
fn reports_about_events_have_their_sections() {
    let folder = folder();
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let sections = readme.split("```toml\n").find(|block| block.starts_with("[funnel]")).unwrap();
    write(folder.path(), "siyu.toml", sections.split("```").next().unwrap());
    write(folder.path(), "events.csv", EVENTS);
    write(folder.path(), "members.csv", "customer_id,joined_at\na,2025-03-01\nc,2025-03-02\n");
    let params = |arguments: &[&str]| siyu_in(folder.path(), arguments).ok().json()["params"].clone();

    let funnel = params(&["funnel", "events.csv", "-f", "json"]);
    assert_eq!(funnel["steps"], serde_json::json!(["register", "pay[value>=10]"]));
    assert_eq!(funnel["window"], "14d");
    assert_eq!(funnel["mode"], serde_json::json!(["strict-once"]));
    let funnel = params(&["funnel", "events.csv", "-f", "json", "--window", "3d", "--mode", "loose"]);
    assert_eq!((&funnel["window"], &funnel["mode"][0]), (&"3d".into(), &"loose".into()));

    let retention = params(&["retention", "events.csv", "-f", "json"]);
    assert_eq!((&retention["start"], &retention["return"]), (&"register".into(), &"赞|pay".into()));
    assert_eq!(retention["start_mode"], "first-time");
    assert_eq!(retention["rolling"], true);
    let retention = params(&["retention", "events.csv", "-f", "json", "--calendar"]);
    assert_eq!(retention["calendar"], true);

    let run = siyu_in(folder.path(), &["engagement", "events.csv", "-f", "json", "--table", "layers"]).ok();
    let json = run.json();
    assert_eq!(json["params"]["kinds"]["like"], serde_json::json!(["赞"]));
    assert_eq!(json["params"]["layer_window"], "28d");
    assert_eq!(json["input"][1]["frame"], "members");

    let mut show = command(folder.path());
    show.args(["config", "show", "-f", "json"]);
    let shown = run_command(show, None).ok().json();
    let rows = shown["tables"]["settings"].as_array().unwrap();
    let window = rows.iter().find(|row| row["section"] == "funnel" && row["key"] == "window").unwrap();
    assert!(window["origin"].as_str().unwrap().ends_with("siyu.toml"), "{window}");
}

#[test]
fn a_misspelt_key_of_a_section_is_refused() {
    for section in ["funnel", "retention", "engagement"] {
        let folder = folder();
        write(folder.path(), "siyu.toml", format!("[{section}]\nwindw = \"7d\"\n"));
        write(folder.path(), "events.csv", EVENTS);
        let run = siyu_in(folder.path(), &[section, "events.csv"]);
        assert_eq!(run.status, 2);
        assert!(run.stderr.contains("windw"), "{}", run.stderr);
    }
}
