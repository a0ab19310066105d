use std::collections::BTreeSet;

use super::*;
use crate::input::presets::{Confidence, DropReason, Fingerprint, Kind, Level};

/// A small preset as a user would write it.
const SHOP: &str = r#"
# A shop of our own.
id = "shop_orders"
name = { en = "Shop orders", zh = "商店订单" }
platform = "shop"
kind = "orders"
grain = "order"
time_zone = "Asia/Shanghai"
confidence = { header = "high", meaning = "medium" }
evidence = "made for this test"
header = ["订单号", "会员", "下单时间", "实付金额(元)", "退款(元)", "状态", "原因", "是否赠品", "Spent (*)"]

[fingerprint]
required = ["订单号"]
any_of = [["实付金额", "Spent (*)"]]
distinctive = ["会员", "是否赠品", "退款"]
forbidden = ["子订单号"]

[columns]
order_id = "订单号"
customer_id = ["会员"]
ordered_at = "下单时间"
amount = [{ formula = "实付金额 + coalesce(退款, 0)" }, "实付金额"]
refund_amount = "退款"
channel = { constant = "shop" }

[status]
column = ["状态"]
detail = ["原因"]
paid = ["完成"]
refunded = [["关闭", "退款"]]
cancelled = [["关闭", "未付款"]]

[amounts]
refunds = "net"

[identity]
equation = "实付金额 + 退款 = 实付金额"
least = 0.99

[[drop]]
reason = "gift"
when = "是否赠品 = '是'"
"#;

fn shop() -> Preset {
    parse(SHOP, "shop_orders.toml", Some("shop_orders")).unwrap()
}

#[track_caller]
fn refused(from: &str, to: &str) -> (String, Vec<String>) {
    assert!(SHOP.contains(from), "{from}");
    let error = parse(&SHOP.replacen(from, to, 1), "shop_orders.toml", Some("shop_orders")).unwrap_err();
    assert_eq!(error.code(), "config");
    (error.to_string(), error.hints())
}

#[test]
fn the_list_of_built_in_presets_is_the_folder() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/input/presets");
    let mut there: Vec<String> = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|suffix| suffix == "toml") {
            there.push(path.file_stem().unwrap().to_string_lossy().into_owned());
        }
    }
    there.sort();
    let listed: Vec<&str> = BUILT_IN.iter().map(|(id, _)| *id).collect();
    assert_eq!(listed, there, "built_in.rs lists every file once, in the order of the alphabet");
}

#[test]
fn every_built_in_preset_is_sound() {
    let faults: Vec<String> = built_in_one_by_one()
        .filter_map(|preset| preset.err())
        .map(|error| format!("{error}; {}", error.hints().join("; ")))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(Presets::built_in().all().len(), BUILT_IN.len());
}

#[test]
fn a_sound_preset_is_read() {
    let preset = shop();
    assert_eq!((preset.kind, preset.platform.as_str()), (Kind::Orders, "shop"));
    assert_eq!(preset.drop[0].reason, DropReason::Gift);
}

#[test]
fn faults_are_told_with_file_key_and_a_way_out() {
    let (message, hints) = refused("time_zone", "timezone");
    assert_eq!(message, "shop_orders.toml:8: unknown key \"timezone\"");
    assert_eq!(hints, ["did you mean time_zone?"]);

    let (message, hints) = refused("id = \"shop_orders\"", "id = \"other\"");
    assert_eq!(message, "shop_orders.toml: id: is \"other\", and the file is called shop_orders.toml");
    assert_eq!(hints, ["call the file other.toml, or write id = \"shop_orders\""]);

    let (message, hints) = refused("customer_id =", "custmer_id =");
    assert_eq!(
        message,
        "shop_orders.toml: columns.custmer_id: is no canonical column of a preset of kind orders"
    );
    assert_eq!(hints, ["did you mean customer_id?"]);

    let (message, hints) = refused("ordered_at = \"下单时间\"", "ordered_at = \"下单日时间\"");
    assert_eq!(message, "shop_orders.toml: columns.ordered_at: column \"下单日时间\" is not in header");
    assert_eq!(hints, ["did you mean 下单时间?"]);

    let (message, hints) = refused("channel = { constant = \"shop\" }", "channel = { const = \"shop\" }");
    assert_eq!(message, "shop_orders.toml:25: is not of a form that is known here");
    assert!(hints[0].contains("{ constant = \"...\" }"), "{hints:?}");

    for (from, to, message) in [
        ("platform = \"shop\"", "platform = \"My Shop\"", "platform: \"My Shop\" is not in snake_case"),
        ("Asia/Shanghai", "Asia/Shanghi", "time_zone: \"Asia/Shanghi\" is no time zone"),
        ("required = [\"订单号\"]", "required = [\"订单编\"]", "column \"订单编\" is not in header"),
        ("forbidden = [\"子订单号\"]", "forbidden = [\"会员\"]", "the export would not be recognised"),
        ("least = 0.99", "least = 99", "identity.least: 99 is not a share between 0 and 1"),
        ("[amounts]\nrefunds = \"net\"\n", "", "amounts: a preset of kind orders needs it"),
        ("order_id = \"订单号\"\n", "", "columns: a preset of kind orders needs order_id"),
        ("column = [\"状态\"]", "column = [\"情况\"]", "status.column: column \"情况\" is not in header"),
        ("paid = [\"完成\"]", "paid = [[\"关闭\", \"退款\"]]", "\"关闭\" is in status.paid as well"),
        ("detail = [\"原因\"]\n", "", "has a detail, and status.detail names no column"),
        ("grain = \"order\"", "grain = \"order_wide_items\"", "items: a preset of grain"),
        ("kind = \"orders\"", "kind = \"ordres\"", "unknown variant"),
        ("[amounts]\n", "[items]\ncolumns = { product_name = \"Item {n}\" }\n[amounts]\n", "has none"),
        ("id = \"shop_orders\"", "id = \"auto\"", "shop_orders.toml"),
        ("evidence = \"made for this test\"\n", "", "missing field"),
    ] {
        let (told, _) = refused(from, to);
        assert!(told.contains(message) && told.starts_with("shop_orders.toml"), "{told}");
    }
}

#[test]
fn a_folder_adds_and_replaces_and_a_file_may_have_any_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("shop_orders.toml"), SHOP).unwrap();
    let second = SHOP.replace("shop_orders", "another_shop");
    std::fs::write(path("another_shop.toml"), format!("\u{feff}{second}")).unwrap();
    std::fs::write(path(".hidden.toml"), "x").unwrap();
    std::fs::write(path("notes.txt"), "x").unwrap();

    let base = Presets::of(vec![(shop(), Cow::Borrowed("built in"), None)]);
    assert_eq!((base.text("shop_orders"), base.file("shop_orders")), (Some("built in"), None));
    let presets = base.and_folder(folder.path()).unwrap();
    let ids: Vec<&str> = presets.all().iter().map(|preset| preset.id.as_str()).collect();
    assert_eq!(ids, ["another_shop", "shop_orders"]);
    assert_eq!(presets.text("shop_orders"), Some(SHOP));
    assert_eq!(presets.text("another_shop"), Some(second.as_str()));
    assert_eq!(presets.file("shop_orders"), Some(path("shop_orders.toml").as_path()));
    assert!(presets.replaces_built_in("shop_orders") && !presets.replaces_built_in("another_shop"));

    std::fs::rename(path("shop_orders.toml"), path("my.toml")).unwrap();
    assert_eq!(Presets::load_file(&path("my.toml")).unwrap().id, "shop_orders");
    let error = base.and_folder(folder.path()).unwrap_err();
    assert!(error.to_string().ends_with("the file is called my.toml"), "{error}");

    assert_eq!(base.and_folder(&path("nowhere")).unwrap_err().code(), "not_found");
    assert_eq!(base.and_folder(&path("notes.txt")).unwrap_err().code(), "bad_option");
    assert_eq!(Presets::load_file(&path("nowhere.toml")).unwrap_err().code(), "not_found");
    let error = presets.get("shop_order").unwrap_err();
    assert_eq!(error.hints(), ["did you mean shop_orders?"]);
    let error = presets.get("qqq").unwrap_err();
    assert_eq!(error.hints(), ["known: another_shop, shop_orders"]);
}

#[test]
fn a_fit_says_what_is_missing_and_a_file_what_it_lacks() {
    let preset = shop();
    let fit = preset.fit(&["会员", "子订单号", "下单时间"]);
    assert_eq!(fit.score, None);
    assert_eq!(fit.missing, ["订单号", "实付金额 or Spent (*)"]);
    assert_eq!((fit.forbidden, fit.distinctive), (vec!["子订单号".to_owned()], 1));

    let header = ["订单号", "会员", "退款（元）", "Spent (USD)"];
    assert!(preset.fit(&header).score.is_some_and(|score| (0.5..0.8).contains(&score)));
    let sources = preset.sources(&header);
    assert!(sources.contains_key("channel") && sources.contains_key("order_id"));
    let lacking = preset.lacking(&header);
    let names: Vec<&str> = lacking.iter().map(|lacking| lacking.canonical.as_str()).collect();
    assert_eq!(names[0], "ordered_at");
    assert_eq!(lacking[0].columns, ["下单时间"]);
}

/// A preset with this fingerprint and header, of our shop otherwise.
fn like_shop(id: &str, kind: Kind, header: Vec<String>, fingerprint: Fingerprint) -> Preset {
    Preset { id: id.to_owned(), platform: id.to_owned(), kind, header, fingerprint, ..shop() }
}

fn of(presets: Vec<Preset>) -> Presets {
    Presets::of(presets.into_iter().map(|preset| (preset, Cow::Borrowed(""), None)).collect())
}

#[track_caller]
fn id(detection: &Detection) -> &str {
    match detection {
        Detection::Unknown => "-",
        Detection::One(found) => &found.preset.id,
        Detection::Several(several) => {
            panic!("{:?}", several.iter().map(|found| (&found.preset.id, found.score)).collect::<Vec<_>>())
        }
    }
}

#[test]
fn equal_fingerprints_are_told_apart_by_meaning_owner_and_confidence() {
    let header = shop().header;
    let named = |id: &str| Preset { id: id.into(), ..shop() };
    let twins = of(vec![named("b"), named("a")]);
    assert_eq!(id(&twins.detect(&header)), "a");

    let mut surer = named("b");
    surer.confidence = Confidence { header: Level::High, meaning: Level::High };
    assert_eq!(id(&of(vec![named("a"), surer.clone()]).detect(&header)), "b");

    let mut gross = named("gross");
    gross.amounts.as_mut().unwrap().refunds = crate::input::presets::RefundSemantics::Gross;
    let Detection::Several(several) = of(vec![gross.clone(), surer.clone()]).detect(&header) else {
        panic!()
    };
    let ids: Vec<&str> = several.iter().map(|found| found.preset.id.as_str()).collect();
    assert_eq!(ids, ["b", "gross"]);

    // The user's own is what the user wants, however it reads amounts.
    let own = Presets::of(vec![
        (surer, Cow::Borrowed(""), None),
        (gross, Cow::Borrowed(""), Some(PathBuf::from("gross.toml"))),
    ]);
    assert_eq!(id(&own.detect(&header)), "gross");
}

#[test]
fn few_distinctive_columns_are_enough_where_most_of_the_file_is_known() {
    let presets = of(vec![shop()]);
    assert_eq!(id(&presets.detect(&["订单号", "会员", "下单时间", "实付金额"])), "shop_orders");
    assert_eq!(id(&presets.detect(&["订单号", "会员", "实付金额", "a", "b", "c", "d"])), "-");
    assert_eq!(
        id(&presets.detect(&["订单号", "会员", "实付金额", "退款", "a", "b", "c", "d", "e"])),
        "shop_orders"
    );
    assert_eq!(id(&presets.detect(&["订单号", "下单时间", "实付金额"])), "-");
    assert_eq!(id(&presets.detect(&["订单号"])), "-");
    assert_eq!(id(&presets.detect::<&str>(&[])), "-");
}

/// The facts' own headers and fingerprints, or the built-in presets where the developers' folder is not there.
fn facts() -> Option<Vec<Preset>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/exports/presets.json");
    let text = std::fs::read_to_string(path).ok()?;
    let facts: serde_json::Value = serde_json::from_str(&text).unwrap();
    let texts = |value: &serde_json::Value| -> Vec<String> {
        value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let preset = |fact: &serde_json::Value| {
        let print = &fact["fingerprint"];
        let fingerprint = Fingerprint {
            required: texts(&print["required"]),
            any_of: print["any_of"].as_array().into_iter().flatten().map(texts).collect(),
            distinctive: texts(&print["distinctive"]),
            forbidden: texts(&print["forbidden"]),
        };
        let id = fact["id"].as_str().unwrap();
        like_shop(id, Kind::Orders, texts(&fact["header"]), fingerprint)
    };
    Some(facts["presets"].as_array().unwrap().iter().map(preset).collect())
}

/// Every header picks its own preset, also after what happens to headers on their way.
#[track_caller]
fn each_picks_its_own(presets: &Presets) {
    let mut wrong = Vec::new();
    for preset in presets.all().iter().filter(|preset| !preset.header.is_empty()) {
        let header = &preset.header;
        let filled: Vec<String> = header.iter().map(|name| name.replace('*', "USD")).collect();
        let mut shuffled: Vec<String> = filled.iter().skip(1).step_by(2).cloned().collect();
        shuffled.extend(filled.iter().step_by(2).rev().cloned());
        let wide = |name: &String| {
            name.replace('(', "（").replace(')', "）").replace('账', "帐").to_uppercase() + " \t"
        };
        let with_blanks: Vec<String> =
            filled.iter().map(wide).chain(["".to_owned(), " ".to_owned()]).collect();
        let with_more: Vec<String> = filled.iter().cloned().chain(["我们自己的列".to_owned()]).collect();
        for (what, header) in [
            ("as it is", &filled),
            ("shuffled", &shuffled),
            ("wide, with blanks", &with_blanks),
            ("with a column more", &with_more),
        ] {
            let found = match presets.detect(header) {
                Detection::One(found) if found.preset.id == preset.id && found.score > 0.45 => continue,
                Detection::One(found) => format!("{} {:.3}", found.preset.id, found.score),
                Detection::Unknown => "-".to_owned(),
                Detection::Several(several) => {
                    several.iter().map(|found| found.preset.id.clone()).collect::<Vec<_>>().join(" or ")
                }
            };
            wrong.push(format!("{} {what}: {found}", preset.id));
        }
        // The second best is far off.
        if let [best, second, ..] = presets.ranking(&filled).as_slice()
            && best.score - second.score < 0.05
        {
            wrong.push(format!("{}: {} is close", preset.id, second.preset.id));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Layouts that sellers chose, as they are in public code, and the file of the much-copied Tmall course.
fn subsets() -> Vec<(&'static str, Vec<&'static str>)> {
    let list = |text: &'static str| text.split(',').collect();
    vec![
        (
            "tmall_order_list",
            list("订单编号,支付单号,买家应付货款,总金额,订单状态,收货地址,订单创建时间,商品标题"),
        ),
        (
            "tmall_order_list",
            list(
                "订单编号,支付单号,支付详情,买家应付货款,买家应付邮费,总金额,买家实付金额,订单创建时间,订单付款时间,商品标题,退款金额,是否主动赔付,主动赔付金额,主动赔付出账时间,商品属性SKU,C2B小额收款,确认收货打款金额,含应开票给个人红包,总金额(旧版)",
            ),
        ),
        (
            "taobao_order_list_legacy",
            list("订单编号,总金额,买家实际支付金额,收货地址 ,订单创建时间,订单付款时间 ,退款金额"),
        ),
    ]
}

/// Of Pinduoduo's 87 columns some 27, without the time of payment.
fn pdd_subset(presets: &Presets) -> Vec<String> {
    let pdd = presets.get("pdd_orders").unwrap();
    let needed = ["订单号", "订单状态", "商家实收金额(元)", "用户实付金额(元)", "商品id", "售后状态"];
    let is_needed = |name: &&String| needed.contains(&name.as_str());
    let others = pdd.header.iter().filter(|name| !is_needed(name) && *name != "支付时间").step_by(4).take(21);
    let mut subset: Vec<String> = others.cloned().collect();
    subset.extend(needed.map(str::to_owned));
    subset
}

/// Tables that are no platform's order export, or at least none of ours.
fn unrelated() -> Vec<Vec<String>> {
    let mut headers: Vec<Vec<String>> = [
        // Settlement bills.
        "商家昵称,入帐日期,入帐时间,支付流水号,主订单id,子订单id,入帐类型,收入金额(元),支出金额(元),业务描述,备注,收/付渠道,数据创建时间,数据修改时间",
        "商户订单号,发生时间,收入金额（+元）,支出金额（-元）,账务类型,备注,业务描述",
        "动账时间,动账方向,动账金额,动账账户,动账场景,计费类型,子订单号,订单号,售后编号,下单时间,商品ID,商品名称,结算金额,订单实付应结",
        "订单编号,单据类型,费用项,应结金额,币种,收支方向,结算状态,预计结算时间,到账时间,店铺号,商品编号,商品名称,商品数量",
        // Public tables.
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
        "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country",
        "Row ID,Order ID,Order Date,Ship Date,Ship Mode,Customer ID,Customer Name,Segment,Country,City,State,Postal Code,Region,Product ID,Category,Sub-Category,Product Name,Sales,Quantity,Discount,Profit",
        "recency,history_segment,history,mens,womens,zip_code,newbie,channel,segment,visit,conversion,spend",
        "order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,order_delivered_carrier_date,order_delivered_customer_date,order_estimated_delivery_date",
        "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session",
        "purchase_time,profit,uid",
        "source_id,date,costs",
        "user_id,date,device,sex",
        "path,total_conversions,total_conversion_value,total_null",
        "ID,frequency,recency,T",
        "update_time,id,title,price,sale_count,comment_count,",
        // Ours, and what people write by hand.
        "order_id,customer_id,ordered_at,amount,refund_amount,status,product_id,product_name,category,quantity,coupon,channel,campaign",
        "customer_id,event,at,session_id,channel,campaign",
        "customer_id,joined_at,channel,tier,points",
        "campaign,amount,date,channel",
        "订单编号,会员ID,下单时间,实付金额,渠道",
        "订单号,客户,日期,金额",
        "日期,花费",
    ]
    .iter()
    .map(|line| line.split(',').map(str::to_owned).collect())
    .collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in ["orders", "events", "members", "spend"] {
        let text = std::fs::read_to_string(root.join(format!("sample-data/{name}.csv"))).unwrap();
        headers.push(text.lines().next().unwrap().split(',').map(str::to_owned).collect());
    }
    headers
}

#[track_caller]
fn unrelated_pick_none(presets: &Presets) {
    for header in unrelated() {
        assert_eq!(id(&presets.detect(&header)), "-", "{header:?}");
    }
}

#[test]
fn the_facts_headers_pick_their_own_and_unrelated_ones_none() {
    let Some(facts) = facts() else { return };
    assert!(facts.len() > 45);
    let presets = of(facts);
    each_picks_its_own(&presets);
    unrelated_pick_none(&presets);
    for (expected, header) in subsets() {
        // The facts call it by the year in which it was seen.
        let expected = if expected == "tmall_order_list" { "tmall_order_list_2026" } else { expected };
        assert_eq!(id(&presets.detect(&header)), expected, "{header:?}");
    }
    assert_eq!(id(&presets.detect(&pdd_subset(&presets))), "pdd_orders");
}

#[test]
fn built_in_presets_pick_their_own_headers_and_no_others() {
    let presets = Presets::built_in();
    each_picks_its_own(&presets);
    unrelated_pick_none(&presets);
    if presets.get("tmall_order_list").is_err() {
        return;
    }
    for (expected, header) in subsets() {
        assert_eq!(id(&presets.detect(&header)), expected, "{header:?}");
    }
    assert_eq!(id(&presets.detect(&pdd_subset(&presets))), "pdd_orders");
    // The headers that the facts record are those of our presets.
    for fact in facts().into_iter().flatten() {
        if let Ok(preset) = presets.get(&fact.id) {
            // Of JSON the facts record the outer names, ours are those of the flattened columns.
            if preset.file.containers.iter().any(|container| container.contains("json")) {
                continue;
            }
            assert_eq!(id(&presets.detect(&fact.header)), preset.id);
        }
    }
}

#[test]
fn ids_are_unique_and_the_order_is_total() {
    let presets = Presets::built_in();
    let ids: BTreeSet<&str> = presets.all().iter().map(|preset| preset.id.as_str()).collect();
    assert_eq!(ids.len(), presets.all().len());
    let order = |preset: &Preset| (preset.platform.clone(), preset.kind as u8, preset.id.clone());
    assert!(presets.all().is_sorted_by_key(|preset| order(preset)));
}
