//! Which columns real headers are mapped to, and what is refused.

use super::*;

fn header(names: &str) -> Vec<String> {
    names.split('|').map(str::to_owned).collect()
}

/// A file that has nothing but a header.
fn file(names: &str) -> RawFile {
    RawFile {
        label: "orders.csv".into(),
        path: "orders.csv".into(),
        source: crate::input::source::Source::Path("orders.csv".into()),
        format: crate::input::raw::FileFormat::Parquet { rows: 0 },
        compression: crate::input::container::Compression::None,
        bytes: 0,
        header: header(names),
        repeated: Vec::new(),
        hive: Vec::new(),
        container: Vec::new(),
        layout: Default::default(),
        left_out: std::sync::Arc::default(),
        preset: None,
        derived: Vec::new(),
        head: polars::prelude::DataFrame::empty(),
    }
}

fn find(names: &str, given: &[(&str, &str)]) -> Result<Mapping> {
    let given: Vec<(String, String)> = given.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect();
    Mapping::find(Frame::Orders, &file(names), &given)
}

/// `canonical=source` of every column, in the order of the vocabulary.
fn mapped(names: &str) -> String {
    let mapping = find(names, &[]).unwrap();
    mapping.columns.iter().map(|m| format!("{}={}", m.canonical, m.source)).collect::<Vec<_>>().join("; ")
}

#[test]
fn the_table_of_synonyms_is_sound() {
    let table = &*ORDER_SYNONYMS;
    let file: SynonymFile = toml::from_str(include_str!("synonyms.toml")).unwrap();
    for (canonical, tiers) in &file.orders {
        assert!(ORDERS.iter().any(|c| c.name == canonical), "{canonical} is no canonical column");
        let names: Vec<&String> = tiers.iter().flatten().collect();
        for name in &names {
            assert_eq!(&normalise(name), *name, "{canonical}: write it normalised");
        }
        assert_eq!(names.len(), table.tiers[canonical.as_str()].len(), "{canonical}: a name occurs twice");
    }
    for name in &table.net_of_refunds {
        assert!(table.tiers["amount"].contains_key(name), "{name} is no synonym of amount");
    }
}

#[test]
fn names_are_normalised() {
    for (name, plain) in [
        ("Customer ID", "customerid"),
        ("customer_id", "customerid"),
        ("order-id", "orderid"),
        ("  InvoiceNo\t", "invoiceno"),
        ("订单付款时间 ", "订单付款时间"),
        ("实付金额（元）", "实付金额"),
        ("用户实付金额(元)", "用户实付金额"),
        ("商品数量(件)", "商品数量"),
        ("金额(单位:元)", "金额"),
        ("金额(万元)", "金额(万元)"),
        ("Amount (USD)", "amount"),
        ("商家应收金额(元)（支付金额）", "商家应收金额(支付金额)"),
        ("下单帐号", "下单账号"),
        ("ＯｒｄｅｒＩＤ", "orderid"),
        ("\u{feff}order_id", "orderid"),
        ("a(b", "a(b"),
    ] {
        assert_eq!(normalise(name), plain, "{name:?}");
    }
}

#[test]
fn real_headers_are_mapped_without_help() {
    let shown = |mapping: &Mapping| -> Vec<(&str, String)> {
        mapping.columns.iter().map(|m| (m.canonical, m.source.clone())).collect()
    };
    for (names, expected) in [
        (
            "InvoiceNo|StockCode|Description|Quantity|InvoiceDate|UnitPrice|CustomerID|Country",
            "customer_id=CustomerID; ordered_at=InvoiceDate; order_id=InvoiceNo; product_id=StockCode; \
             product_name=Description; quantity=Quantity; unit_price=UnitPrice",
        ),
        (
            "Row ID|Order ID|Order Date|Ship Date|Ship Mode|Customer ID|Customer Name|Segment|Country|City|State|\
             Postal Code|Region|Product ID|Category|Sub-Category|Product Name|Sales|Quantity|Discount|Profit",
            "customer_id=Customer ID; ordered_at=Order Date; amount=Sales; order_id=Order ID; product_id=Product ID; \
             product_name=Product Name; category=Category; quantity=Quantity; discount=Discount",
        ),
        ("customer_id|order_date|revenue", "customer_id=customer_id; ordered_at=order_date; amount=revenue"),
        (
            "customer_id|ordered_at|amount|order_id|channel",
            "customer_id=customer_id; ordered_at=ordered_at; amount=amount; order_id=order_id; channel=channel",
        ),
        (
            "买家会员名|买家实际支付金额|宝贝总数量|宝贝标题 |收货人姓名|联系手机|订单付款时间|订单创建时间",
            "customer_id=买家会员名; ordered_at=订单创建时间; amount=买家实际支付金额; paid_at=订单付款时间; \
             product_name=宝贝标题 ; quantity=宝贝总数量",
        ),
        (
            "订单号|会员ID|下单时间|付款时间|实付金额（元）|退款金额(元)|商品名称|数量|单价|渠道|门店|订单状态|优惠券|品类|会员等级|活动",
            "customer_id=会员ID; ordered_at=下单时间; amount=实付金额（元）; order_id=订单号; paid_at=付款时间; \
             refund_amount=退款金额(元); status=订单状态; product_name=商品名称; category=品类; quantity=数量; \
             unit_price=单价; coupon=优惠券; channel=渠道; store=门店; campaign=活动; tier=会员等级",
        ),
        ("用户ID|支付时间|支付金额", "customer_id=用户ID; ordered_at=支付时间; amount=支付金额"),
        (
            // Youzan: an order's time wins over its payment's, the nickname over the phone.
            "订单号|归属店铺|订单状态|订单来源|订单创建时间|买家付款时间|应收订单金额|订单实付金额|全部商品名称|买家昵称|买家手机号|订单已退款金额",
            "customer_id=买家昵称; ordered_at=订单创建时间; amount=订单实付金额; order_id=订单号; paid_at=买家付款时间; \
             refund_amount=订单已退款金额; status=订单状态; product_name=全部商品名称; channel=订单来源; store=归属店铺",
        ),
        (
            "Date|Order #|Customer|Net Sales|Attribution",
            "customer_id=Customer; ordered_at=Date; amount=Net Sales; order_id=Order #",
        ),
    ] {
        assert_eq!(
            mapped(names),
            expected.split_whitespace().collect::<Vec<_>>().join(" ").replace("宝贝标题;", "宝贝标题 ;"),
            "{names}"
        );
        // As a [columns] block it gives the same again.
        let mapping = find(names, &[]).unwrap();
        let block: toml::Table = toml::from_str(&mapping.as_config()).unwrap();
        let block = block["columns"].as_table().unwrap();
        let given: Vec<(&str, &str)> = block.iter().map(|(k, v)| (k.as_str(), v.as_str().unwrap())).collect();
        assert_eq!(shown(&find(names, &given).unwrap()), shown(&mapping));
    }
}

#[test]
fn the_canonical_name_wins_and_tiers_are_ranked() {
    let mapping = find("customer_id|CustomerID|user_id|ordered_at|order_date|amount|Amount", &[]).unwrap();
    assert_eq!(mapping.source("customer_id"), Some("customer_id"));
    assert_eq!(mapping.source("ordered_at"), Some("ordered_at"));
    assert_eq!(mapping.source("amount"), Some("amount"));
    assert_eq!(mapping.columns[0].found, Found::Name);
    assert_eq!(mapping.unused, ["CustomerID", "user_id", "order_date", "Amount"]);
    assert_eq!(find("user_id|客户编号|date|amount", &[]).unwrap().source("customer_id"), Some("客户编号"));
}

#[test]
fn two_columns_of_one_tier_are_refused_with_the_flags_that_mend_it() {
    let error = find("客户编号|客户ID|order_date|revenue", &[]).unwrap_err();
    assert_eq!(error.to_string(), "orders.csv: 2 columns could be customer_id: 客户编号, 客户ID");
    assert_eq!(error.hints(), ["--col customer_id=客户编号", "--col customer_id=客户ID"]);
    assert!(find("客户编号|客户ID|order_date|revenue", &[("customer_id", "客户ID")]).is_ok());
}

#[test]
fn an_ambiguity_that_nobody_asked_for_can_wait() {
    let mapping = find("customer_id|ordered_at|amount|门店|店铺", &[]).unwrap();
    assert_eq!(mapping.source("store"), None);
    assert_eq!(mapping.ambiguous, [("store", vec!["门店".to_owned(), "店铺".to_owned()])]);
    // But not where the amount hangs on it.
    let error = find("customer_id|ordered_at|数量|件数|单价", &[]).unwrap_err();
    assert_eq!(error.code(), "ambiguous_column");
}

#[test]
fn what_is_missing_is_named_with_the_likely_flag() {
    let error = find("purchase_time|profit|uid", &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "orders.csv: no column for amount (nor quantity and unit_price); columns there: purchase_time, profit, uid"
    );
    assert_eq!(error.hints(), ["--col amount=COLUMN   names the column"]);
    let error = find("Custmer Id|order_date|revenue", &[]).unwrap_err();
    assert_eq!(error.hints(), ["--col customer_id='Custmer Id'   if that is the column"]);
    assert!(find("purchase_time|profit|uid", &[("amount", "profit")]).is_ok());
}

#[test]
fn by_hand() {
    let names = "Kunde|Datum |Betrag|customer_id|paid_at";
    let given = [("customer_id", "Kunde"), ("ordered_at", "Datum"), ("amount", "Betrag"), ("paid_at", "")];
    let mapping = find(names, &given).unwrap();
    assert_eq!(
        mapping.as_config(),
        "[columns]\ncustomer_id = \"Kunde\"\nordered_at = \"Datum \"\namount = \"Betrag\"\n"
    );
    assert_eq!(mapping.unused, ["customer_id", "paid_at"]);
    // One column may serve twice, when it is said so.
    assert!(
        find(
            "who|when|what",
            &[("customer_id", "who"), ("order_id", "who"), ("ordered_at", "when"), ("amount", "what")]
        )
        .is_ok()
    );
    // Of several names the first that is there.
    assert_eq!(
        find("who|date|total", &[("customer_id", "wer"), ("customer_id", "who")])
            .unwrap()
            .source("customer_id"),
        Some("who")
    );
    let error = find(names, &[("customer", "Kunde")]).unwrap_err();
    assert_eq!(error.to_string(), "unknown canonical column \"customer\"");
    assert!(error.hints()[0].starts_with("did you mean customer_id"));
    let error = find(names, &[("customer_id", "kunde")]).unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), error.hints()[0].as_str()),
        ("unknown column \"kunde\"", "did you mean Kunde?")
    );
}

#[test]
fn amounts_that_are_net_already_leave_the_refunds_alone() {
    let names = "订单编号|买家会员名|总金额|买家实际支付金额|订单创建时间|退款金额";
    let mapping = find(names, &[]).unwrap();
    assert_eq!((mapping.source("amount"), mapping.source("refund_amount")), (Some("买家实际支付金额"), None));
    assert_eq!(mapping.refund_in_amount.as_deref(), Some("退款金额"));
    let mapping = find(names, &[("refund_amount", "退款金额")]).unwrap();
    assert_eq!(mapping.source("refund_amount"), Some("退款金额"));
    // The block that inspect prints, used as siyu.toml, changes nothing.
    assert_eq!(find(names, &[("amount", "买家实际支付金额")]).unwrap().source("refund_amount"), None);
    let mapping = find(names, &[("amount", "总金额")]).unwrap();
    assert_eq!(mapping.source("refund_amount"), Some("退款金额"));
}
