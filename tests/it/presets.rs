//! Presets on the command line: the list, a preset to edit, folders of the user's, and what inspect says of a file.

use std::path::Path;

use crate::support::{Run, command, folder, run_command, siyu_in, write};

/// What a shop's own accounting writes.
const PRESET: &str = r#"# Our own shop.
id = "our_shop"
name = { en = "Our shop", zh = "我们的店" }
platform = "our_shop"
kind = "orders"
grain = "order"
confidence = { header = "high", meaning = "low" }
evidence = "our own"
header = ["订单编号", "会员ID", "下单时间", "实付金额", "礼品"]
fingerprint = { required = ["订单编号"], any_of = [["实付金额"]], distinctive = ["会员ID", "下单时间"] }
drop = [{ reason = "gift", when = "礼品 = '是'" }]

[columns]
order_id = "订单编号"
customer_id = "会员ID"
ordered_at = "下单时间"
amount = "实付金额"

[amounts]
refunds = "none"
"#;

/// What an advertising platform writes.
const ADS: &str = r#"
id = "our_ads"
name = { en = "Our ads", zh = "我们的投放" }
platform = "our_ads"
kind = "spend"
grain = "spend"
confidence = { header = "high", meaning = "high" }
evidence = "our own"
header = ["Day", "Campaign", "Spent (*)", "Clicks"]
fingerprint = { required = ["Day", "Campaign"], any_of = [["Spent (*)"]], distinctive = ["Day", "Clicks"] }

[columns]
date = "Day"
campaign = "Campaign"
amount = "Spent (*)"
channel = { constant = "our ads" }
"#;

const ORDERS: &str = "订单编号,会员ID,下单时间,实付金额,备注\n1,a,2024-01-01,5\n2,b,2024-01-02,6\n";
const SPEND: &str = "Day,Campaign,Spent (EUR),Clicks\n2024-01-01,x,5,1\n2024-01-02,y,6,2\n2024-01-03,y,7,2\n";

/// Without the presets of whoever runs the tests.
fn run(folder: &Path, arguments: &[&str]) -> Run {
    let mut run = command(folder);
    run.args(arguments).env("XDG_CONFIG_HOME", folder.join("config"));
    run_command(run, None)
}

fn with_presets() -> tempfile::TempDir {
    let folder = folder();
    write(folder.path(), "presets/our_shop.toml", PRESET);
    write(folder.path(), "presets/our_ads.toml", ADS);
    write(folder.path(), "orders.csv", ORDERS);
    write(folder.path(), "spend.csv", SPEND);
    folder
}

fn ids(run: &Run) -> Vec<String> {
    let table = run.json()["tables"]["presets"].as_array().unwrap().clone();
    table.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_list_holds_every_preset_once_in_both_languages() {
    let folder = with_presets();
    let json = run(folder.path(), &["presets", "-f", "json", "--presets", "presets"]).ok();
    let all = ids(&json);
    let mut once = all.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), all.len());
    let rows = json.json()["tables"]["presets"].as_array().unwrap().clone();
    let ours = rows.iter().find(|row| row["id"] == "our_shop").unwrap();
    assert_eq!(ours["name_zh"], "我们的店");
    assert_eq!((&ours["customer_id"], &ours["meaning_confidence"]), (&"会员ID".into(), &"low".into()));
    assert_eq!(ours["columns"], 5);
    assert!(ours["file"].as_str().unwrap().ends_with("our_shop.toml"));

    let table = run(folder.path(), &["presets", "-f", "table", "--lang", "zh", "--presets", "presets"]).ok();
    assert!(table.stdout.contains("我们的店") && !table.stdout.contains("Our shop"), "{}", table.stdout);
    assert_eq!(table.stderr, "");
    let csv = run(folder.path(), &["presets", "--explain"]).ok();
    assert!(csv.stdout.starts_with("id,name,name_zh,kind,") && csv.stderr.starts_with("# presets"));
}

#[test]
fn a_folder_of_presets_is_named_by_flag_environment_file_or_custom() {
    let folder = with_presets();
    let path = folder.path();
    assert!(!ids(&run(path, &["presets", "-f", "json"]).ok()).contains(&"our_shop".to_owned()));
    let mut environment = command(path);
    environment.args(["presets", "-f", "json"]).env("SIYU_PRESETS", "presets");
    assert!(ids(&run_command(environment, None).ok()).contains(&"our_shop".to_owned()));
    let mut environment = command(path);
    environment.args(["presets", "show", "our_shop"]).env("SIYU_PRESETS", "presets");
    assert_eq!(run_command(environment, None).ok().stdout, PRESET);

    write(path, "config/siyu/presets/our_shop.toml", PRESET);
    assert_eq!(run(path, &["presets", "show", "our_shop"]).ok().stdout, PRESET);
    std::fs::remove_dir_all(path.join("config")).unwrap();

    write(path, "siyu.toml", "[input]\npresets = \"presets\"\n");
    assert_eq!(run(path, &["presets", "show", "our_shop"]).ok().stdout, PRESET);
    let run = run(path, &["inspect", "orders.csv", "--table", "files", "-f", "json"]).ok();
    assert_eq!(run.json()["tables"]["files"][0]["preset"], "our_shop");
}

#[test]
fn what_is_not_known_is_refused_with_the_nearest() {
    let folder = with_presets();
    let path = folder.path();
    for (arguments, told) in [
        (&["presets", "show", "our_shp", "--presets", "presets"][..], "did you mean our_shop"),
        (&["inspect", "orders.csv", "--preset", "our_shp", "--presets", "presets"], "did you mean our_shop"),
        (&["inspect", "orders.csv", "--preset", "./nowhere.toml"], "siyu presets show ID > FILE.toml"),
        (&["inspect", "orders.csv", "--keep", "gifts"], "did you mean gift?"),
        (&["inspect", "orders.csv", "--keep", "gift"], "--keep gift does not apply"),
        (
            &[
                "rfm",
                "orders.csv",
                "--preset",
                "none",
                "--presets",
                "presets",
                "--col",
                "customer_id=会员ID",
                "--col",
                "ordered_at=下单时间",
                "--col",
                "amount=实付金额",
            ],
            "--presets does not apply",
        ),
        (&["inspect", "orders.csv", "--presets", "nowhere"], "nowhere: no such file or directory"),
    ] {
        let run = run(path, arguments);
        assert_eq!(run.status, 2, "{arguments:?}");
        assert!(run.stderr.contains(told), "{arguments:?}: {}", run.stderr);
    }
    write(path, "presets/our_shop.toml", PRESET.replace("amount = \"实付金额\"", "amount = \"实付金\""));
    let run = run(path, &["inspect", "orders.csv", "--presets", "presets"]);
    let told = "presets/our_shop.toml: columns.amount: column \"实付金\" is not in header";
    assert!(run.status == 2 && run.stderr.contains(told), "{}", run.stderr);
}

#[test]
fn inspect_says_what_a_file_is_how_sure_that_is_and_what_it_lacks() {
    let folder = with_presets();
    let path = folder.path();
    let run_on = |more: &[&str]| {
        let arguments = ["inspect", "orders.csv", "--presets", "presets", "--table", "files", "-f", "json"];
        run(path, &[&arguments[..], more].concat()).ok()
    };
    let run_ = run_on(&[]);
    let lines: Vec<&str> = run_.stderr.lines().collect();
    assert_eq!(
        lines[..2],
        [
            "orders.csv: Our shop, 5 columns, csv, comma, UTF-8; net 11.00; 2 of 2 rows used",
            "  preset our_shop, match 98.0%; how sure we are of the columns: high, of their meaning: low",
        ]
    );
    let file = run_.json()["tables"]["files"][0].clone();
    assert_eq!((&file["preset"], &file["header_line"]), (&"our_shop".into(), &1.into()));
    assert!(file["container"].is_null() && file["sheet"].is_null());
    assert_eq!(
        run_on(&["--lang", "zh"]).stderr.lines().next().unwrap().split('，').next(),
        Some("orders.csv：我们的店")
    );
    // Rows of a file that its preset knows gifts of may be kept.
    run_on(&["--keep", "gift"]);

    write(path, "few.csv", "标题\n订单编号,会员ID,实付金额\n1,a,5\n");
    let run_ = run(path, &["inspect", "few.csv", "--presets", "presets", "--table", "files", "-f", "json"]);
    assert_eq!(run_.status, 2);
    assert_eq!(run_.json()["tables"]["files"][0]["header_line"], 2);
    assert!(run_.stderr.contains("  no ordered_at: export 下单时间 to have it"), "{}", run_.stderr);

    let unknown = run(path, &["inspect", "orders.csv", "--table", "files", "-f", "json"]);
    assert!(
        unknown.stderr.starts_with("orders.csv: no export that siyu knows, 5 columns"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn a_file_without_orders_is_shown_and_counted_and_asked_for_no_order_column() {
    let folder = with_presets();
    let path = folder.path();
    let inspect =
        |more: &[&str]| run(path, &[&["inspect", "spend.csv", "--presets", "presets"][..], more].concat());
    let run_ = inspect(&["-f", "json", "--table", "all"]).ok();
    let json = run_.json();
    assert_eq!(json["input"][0]["frame"], "spend");
    assert_eq!((&json["input"][0]["rows_read"], &json["input"][0]["preset"]), (&3.into(), &"our_ads".into()));
    let columns: Vec<(&str, &str, &str)> = json["tables"]["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let text = |key: &str| row[key].as_str().unwrap_or("-");
            (text("canonical"), text("column"), text("found"))
        })
        .collect();
    assert_eq!(
        columns,
        [
            ("campaign", "Campaign", "preset"),
            ("amount", "Spent (EUR)", "preset"),
            ("date", "Day", "preset"),
            ("channel", "'our ads'", "preset"),
            ("-", "Clicks", "unused"),
        ]
    );
    assert!(run_.stderr.starts_with("spend.csv: Our ads, 4 columns, csv, comma, UTF-8\n"), "{}", run_.stderr);
    for option in [&["--where", "x > 1"][..], &["--toml"], &["--since", "2024-01-01"]] {
        let run_ = inspect(option);
        assert!(run_.status == 2 && run_.stderr.contains("does not apply"), "{}", run_.stderr);
    }
    // Beside orders the orders are read, and the rest is counted.
    let both = run(path, &["inspect", "orders.csv", "spend.csv", "--presets", "presets", "-f", "json"]).ok();
    let frames: Vec<String> = both.json()["input"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i["frame"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(frames, ["orders", "spend"]);
    let files = both.json()["tables"]["files"].as_array().unwrap().len();
    assert_eq!(files, 2);
}

#[test]
fn a_preset_is_printed_edited_and_used_in_place_of_the_built_in_one() {
    let folder = with_presets();
    let path = folder.path();
    let list = run(path, &["presets", "-f", "json"]).ok();
    // Every built-in preset is printed as it stands in the source, and is a sound file of the user's.
    for id in ids(&list) {
        let shown = run(path, &["presets", "show", &id]).ok().stdout;
        let source = crate::support::root().join(format!("src/input/presets/{id}.toml"));
        assert_eq!(shown, std::fs::read_to_string(source).unwrap());
        write(path, &format!("mine/{id}.toml"), shown);
    }
    let mine = run(path, &["presets", "-f", "json", "--presets", "mine"]).ok();
    assert_eq!(ids(&mine), ids(&list));

    let Some(id) = ids(&list).into_iter().find(|id| id == "taobao_order_list_legacy") else { return };
    write(
        path,
        "taobao.csv",
        "订单编号,买家会员名,买家实际支付金额,收货地址 ,订单创建时间,订单付款时间 ,退款金额\n\
         1,a,5,x,2020-01-01 00:00:00,2020-01-01 00:01:00,0\n",
    );
    let replaced =
        run(path, &["inspect", "taobao.csv", "--presets", "mine", "--table", "files", "-f", "json"]).ok();
    assert!(replaced.stderr.contains(&format!("note: {id} is read with your own preset mine/{id}.toml")));
    let by_path = ["inspect", "taobao.csv", "--preset", "mine/taobao_order_list_legacy.toml", "-f", "json"];
    let by_path = run(path, &by_path).ok();
    assert_eq!(by_path.json()["tables"]["files"][0]["preset"], id);
    assert!(!by_path.stderr.contains("own preset"));
    let none =
        run(path, &["inspect", "taobao.csv", "--preset", "none", "--table", "files", "-f", "json"]).ok();
    assert!(none.json()["tables"]["files"][0]["preset"].is_null() && none.stderr.starts_with("orders: "));
    let block = run(path, &["inspect", "taobao.csv", "--toml"]).ok().stdout;
    assert!(block.starts_with("[input]\npreset = \"taobao_order_list_legacy\"\n"), "{block}");
}

#[test]
fn help_and_completions_know_the_commands() {
    let folder = folder();
    let help = siyu_in(folder.path(), &["presets", "--help"]).ok().stdout;
    assert!(help.contains("show") && help.contains("--presets"), "{help}");
    assert!(siyu_in(folder.path(), &["completions", "bash"]).ok().stdout.contains("presets"));
    assert!(siyu_in(folder.path(), &["man", "presets"]).ok().stdout.contains("siyu-presets"));
    let rfm = siyu_in(folder.path(), &["rfm", "--help"]).ok().stdout;
    for option in ["--preset ", "--presets ", "--keep "] {
        assert!(rfm.contains(option), "{option}");
    }
}
