//! The presets of Chinese orders and payments: that each is complete in itself, that a header is one preset's alone, and
//! that rows as the platforms write them give the amounts that finance has.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use super::{Alternative, Grain, Kind, Preset, RefundSemantics, StatusMatch};
use crate::input::Frame;
use crate::input::columns::{key, vocabulary};
use crate::input::decimal_mark::DecimalMark;
use crate::input::formula::{Formula, Type, Value};

const TEXTS: &[(&str, &str)] = &[
    ("alipay_merchant_bill", include_str!("alipay_merchant_bill.toml")),
    ("alipay_personal_bill", include_str!("alipay_personal_bill.toml")),
    ("douyin_orders", include_str!("douyin_orders.toml")),
    ("jd_orders_30", include_str!("jd_orders_30.toml")),
    ("jd_orders_80", include_str!("jd_orders_80.toml")),
    ("kuaishou_orders", include_str!("kuaishou_orders.toml")),
    ("kuaituantuan_orders", include_str!("kuaituantuan_orders.toml")),
    ("pdd_orders", include_str!("pdd_orders.toml")),
    ("taobao_order_detail_legacy", include_str!("taobao_order_detail_legacy.toml")),
    ("taobao_order_list_legacy", include_str!("taobao_order_list_legacy.toml")),
    ("taobao_suborder", include_str!("taobao_suborder.toml")),
    ("tmall_order_list", include_str!("tmall_order_list.toml")),
    ("tmall_refund_report", include_str!("tmall_refund_report.toml")),
    ("wechat_pay_bill", include_str!("wechat_pay_bill.toml")),
    ("wechat_store_orders", include_str!("wechat_store_orders.toml")),
    ("xiaohongshu_orders", include_str!("xiaohongshu_orders.toml")),
    ("youzan_lines", include_str!("youzan_lines.toml")),
    ("youzan_orders_59", include_str!("youzan_orders_59.toml")),
    ("youzan_orders_60", include_str!("youzan_orders_60.toml")),
];

fn presets() -> Vec<Preset> {
    TEXTS
        .iter()
        .map(|(id, text)| toml::from_str(text).unwrap_or_else(|error| panic!("{id}: {error}")))
        .collect()
}

fn preset(id: &str) -> Preset {
    presets().into_iter().find(|preset| preset.id == id).unwrap()
}

/// Every alternative of every canonical column, and of the amount of a line.
fn alternatives(preset: &Preset) -> impl Iterator<Item = (&str, &Alternative)> {
    let line = preset.amounts.iter().filter_map(|amounts| amounts.line_amount.as_ref());
    let columns = preset.columns.iter().map(|(name, source)| (name.as_str(), source));
    columns
        .chain(line.map(|source| ("line_amount", source)))
        .flat_map(|(name, source)| source.0.iter().map(move |alternative| (name, alternative)))
}

fn formulas(preset: &Preset) -> Vec<(&str, Formula)> {
    let of_columns = alternatives(preset).filter_map(|(name, alternative)| match alternative {
        Alternative::Formula { formula } => Some((name, formula)),
        _ => None,
    });
    let identity = preset.identity.iter().map(|identity| ("identity", &identity.equation));
    let drops = preset.drop.iter().map(|rule| ("drop", &rule.when));
    let parse = |text: &String| {
        Formula::parse(text, &preset.id).unwrap_or_else(|error| panic!("{}: {error}", preset.id))
    };
    of_columns.chain(identity).chain(drops).map(|(name, text)| (name, parse(text))).collect()
}

#[test]
fn every_column_that_a_preset_names_is_in_its_header() {
    for ((id, _), preset) in TEXTS.iter().zip(presets()) {
        assert_eq!(*id, preset.id);
        let header: HashSet<String> = preset.header.iter().map(|name| key(name)).collect();
        let there = |name: &str, of: &str| {
            assert!(header.contains(&key(name)), "{id}: {of}: {name} is not in header");
        };
        let print = &preset.fingerprint;
        for name in print.required.iter().chain(print.any_of.iter().flatten()).chain(&print.distinctive) {
            there(name, "fingerprint");
        }
        for name in &print.forbidden {
            assert!(!header.contains(&key(name)), "{id}: forbids its own {name}");
        }
        for (canonical, alternative) in alternatives(&preset) {
            if let Alternative::Column(name) = alternative {
                there(name, canonical);
            }
        }
        for (of, formula) in formulas(&preset) {
            formula.columns().iter().for_each(|name| there(name, of));
        }
        if let Some(status) = &preset.status {
            status.column.iter().chain(&status.detail).for_each(|name| there(name, "status"));
        }
        preset.key.iter().for_each(|name| there(name, "key"));
    }
}

#[test]
fn canonical_columns_sections_and_types() {
    let known: HashSet<&str> = vocabulary(Frame::Orders).iter().map(|column| column.name).collect();
    for preset in presets() {
        let id = &preset.id;
        for name in preset.columns.keys() {
            assert!(known.contains(name.as_str()), "{id}: {name}");
        }
        assert!(preset.columns.contains_key("order_id") && preset.columns.contains_key("amount"), "{id}");
        assert_eq!(preset.time_zone.as_deref(), Some("Asia/Shanghai"), "{id}");
        assert!(preset.quirks.len() >= 4 && !preset.file.containers.is_empty(), "{id}");
        let amounts = preset.amounts.as_ref().unwrap_or_else(|| panic!("{id}: no amounts"));
        // What the file says of refunds has a source exactly where the semantics asks for one.
        let has_refund = preset.columns.contains_key("refund_amount");
        let tells = !matches!(amounts.refunds, RefundSemantics::Status | RefundSemantics::None);
        assert_eq!(has_refund, tells, "{id}");
        if amounts.refunds == RefundSemantics::Status {
            assert!(preset.columns.contains_key("paid_at") && preset.status.is_some(), "{id}");
        }
        let is_event = matches!(preset.kind, Kind::Payments | Kind::Refunds);
        assert_eq!(is_event, !preset.key.is_empty(), "{id}");
        assert!(amounts.line_amount.is_none() || preset.grain == Grain::LineOrderRepeated, "{id}");
        for (of, formula) in formulas(&preset) {
            let wanted = match of {
                "identity" | "drop" => Type::Flag,
                "amount" | "refund_amount" | "discount" => Type::Number,
                _ => Type::Text,
            };
            assert_eq!(formula.result(), wanted, "{id}: {of}: {}", formula.text());
        }
        if let Some(identity) = &preset.identity {
            assert!((0.5..=1.0).contains(&identity.least), "{id}");
        }
        // Where nobody can be told, the message has a way out.
        assert!(preset.columns.contains_key("customer_id") || preset.way_out.is_some(), "{id}");
    }
}

/// A status in two classes would depend on the order in which they are asked.
#[test]
fn a_status_is_in_one_class() {
    for preset in presets() {
        let Some(status) = &preset.status else { continue };
        let mut seen = HashSet::new();
        let classes = [&status.paid, &status.refunded, &status.unpaid, &status.cancelled];
        for found in classes.into_iter().chain([&status.refund_rows, &status.ignored]).flatten() {
            let shown = match found {
                StatusMatch::Status(text) => key(text),
                StatusMatch::WithDetail([text, detail]) => format!("{}/{}", key(text), key(detail)),
            };
            assert!(seen.insert(shown.clone()), "{}: {shown} twice", preset.id);
        }
        let with_detail = seen.iter().any(|shown| shown.contains('/'));
        assert_eq!(with_detail, !status.detail.is_empty(), "{}", preset.id);
    }
}

/// The share of the distinctive columns, of headers that fit.
fn score(preset: &Preset, header: &[&str]) -> Option<f64> {
    let header: HashSet<String> = header.iter().map(|name| key(name)).collect();
    let has = |name: &String| header.contains(&key(name));
    let print = &preset.fingerprint;
    let fits = print.required.iter().all(has)
        && print.any_of.iter().all(|group| group.iter().any(has))
        && !print.forbidden.iter().any(has);
    let there = print.distinctive.iter().filter(|name| has(name)).count();
    (fits && there > 0).then(|| there as f64 / print.distinctive.len() as f64)
}

fn matches(header: &[&str]) -> Vec<String> {
    presets().into_iter().filter(|preset| score(preset, header).is_some()).map(|preset| preset.id).collect()
}

#[test]
fn a_header_is_one_presets_alone() {
    for preset in presets() {
        let header: Vec<&str> = preset.header.iter().map(String::as_str).collect();
        assert_eq!(matches(&header), [preset.id.as_str()]);
        let reversed: Vec<&str> = header.iter().rev().copied().collect();
        assert_eq!(matches(&reversed), [preset.id.as_str()]);
    }
}

#[test]
fn layouts_with_fewer_columns_are_recognised() {
    let cases: &[(&str, &str)] = &[
        // 千牛, 19 columns without a status.
        (
            "tmall_order_list",
            "订单编号,支付单号,支付详情,买家应付货款,买家应付邮费,总金额,买家实付金额,订单创建时间,订单付款时间,商品标题,退款金额,\
             是否主动赔付,主动赔付金额,主动赔付出账时间,商品属性SKU,C2B小额收款,确认收货打款金额,含应开票给个人红包,总金额(旧版)",
        ),
        // 千牛, 8 columns without an amount paid.
        ("tmall_order_list", "订单编号,支付单号,买家应付货款,总金额,订单状态,收货地址,订单创建时间,商品标题"),
        (
            "taobao_order_list_legacy",
            "订单编号,总金额,买家实际支付金额,收货地址 ,订单创建时间,订单付款时间 ,退款金额",
        ),
        (
            "taobao_order_list_legacy",
            "买家会员名,买家实际支付金额,宝贝总数量,宝贝标题 ,收货人姓名,联系手机,订单付款时间,订单创建时间",
        ),
        (
            "taobao_order_list_legacy",
            "买家会员名,买家实际支付金额,图书编号,宝贝总数量,宝贝标题,宝贝种类,宝贝种类 ,类别,订单付款时间,订单创建时间,订单备注,订单状态",
        ),
        // Since 2024.
        (
            "taobao_suborder",
            "子订单编号,主订单编号,商品标题,商品价格,购买数量,商品ID,买家实付金额,退款状态,退款金额,订单状态",
        ),
        // 27 columns, as seen.
        (
            "pdd_orders",
            "商品,订单号,订单状态,商品总价(元),邮费(元),店铺优惠折扣(元),平台优惠折扣(元),多多支付立减金额(元),用户实付金额(元),\
             商家实收金额(元),商品数量(件),发货时间,确认收货时间,商品id,商品规格,样式ID,商家编码-规格维度,商家编码-商品维度,商家备注,\
             售后状态,快递单号,快递公司,订单成交时间,是否分期,分期期数,手续费承担方,分期方式",
        ),
        ("jd_orders_80", "订单号,商品ID,京东价,订单金额,商家应收,应付金额,订单状态,下单账号"),
        (
            "wechat_pay_bill",
            "交易时间,商户号,微信订单号,商户订单号,用户标识,交易状态,总金额,微信退款单号,退款金额,商户数据包",
        ),
    ];
    for (id, header) in cases {
        let header: Vec<&str> = header.split(',').collect();
        assert_eq!(matches(&header), [*id], "{header:?}");
    }
}

#[test]
fn other_tables_are_none_of_them() {
    let others = [
        "订单号,客户编号,下单时间,订单金额,订单状态,商品名称,数量",
        "订单编号,买家昵称,订单创建时间,订单付款时间,实付金额,退款金额",
        "商家昵称,入帐日期,入帐时间,支付流水号,主订单id,子订单id,入帐类型,收入金额(元),支出金额(元),业务描述,备注",
        "流水单号,记账时间,动帐类型,收支类型,收支金额,账户余额,关联订单号,关联售后单号,详情",
        "序号,入账时间,支付宝交易号,支付宝流水号,商户订单号,账务类型,收入（+元）,支出（-元）,账户余额（元）,服务费（元）",
        "订单号,售后单号,下单时间,结算时间,交易类型,结算账户,动账金额,计佣基数,商品实付/实退",
        "交易时间,交易类型,交易对方,商品,收/支,金额(元),支付方式,当前状态,交易单号,商户单号,备注",
        // 抖店精选联盟: what partners sold.
        "订单id,商品id,商品名称,作者账号,抖音/火山号,支付金额,佣金率,结算金额,订单状态,付款时间,收货时间,店铺名称,商品数量,流量来源",
        "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country",
    ];
    for header in others {
        let header: Vec<&str> = header.split(',').collect();
        assert_eq!(matches(&header), Vec::<String>::new(), "{header:?}");
    }
}

/// Columns and their cells.
type Cells<'a> = &'a [(&'a str, &'a str)];

/// A row: the cells of the columns that the file has.
type Row<'a> = BTreeMap<String, &'a str>;

fn row<'a>(cells: Cells<'a>) -> Row<'a> {
    cells.iter().map(|(name, cell)| (key(name), *cell)).collect()
}

fn value(formula: &Formula, row: &Row) -> String {
    let cells: Vec<Option<&str>> =
        formula.columns().iter().map(|name| row.get(&key(name)).copied()).collect();
    match formula.value(&|at| cells[at], DecimalMark::Point) {
        Value::Missing => "missing".into(),
        Value::Unreadable(cell) => format!("unreadable {cell}"),
        Value::Number(e4) => format!("{}", e4 as f64 / 10_000.0),
        Value::Text(text) => text.into_owned(),
        Value::Flag(flag) => flag.to_string(),
    }
}

/// A canonical column of a row: of the first alternative whose columns are all there.
fn canonical(preset: &Preset, name: &str, row: &Row) -> String {
    for alternative in &preset.columns[name].0 {
        let text = match alternative {
            Alternative::Constant { constant } => return constant.clone(),
            Alternative::Column(name) if row.contains_key(&key(name)) => return row[&key(name)].to_owned(),
            Alternative::Column(_) => continue,
            Alternative::Formula { formula } => formula,
        };
        let formula = Formula::parse(text, &preset.id).unwrap();
        if formula.columns().iter().all(|name| row.contains_key(&key(name))) {
            return value(&formula, row);
        }
    }
    "no column".into()
}

#[test]
fn amounts_and_refunds_of_rows_as_they_are_written() {
    let cases: &[(&str, Cells, &str, &str)] = &[
        // Refunded in part: the file is net.
        ("tmall_order_list", &[("买家实付金额", "60.00"), ("退款金额", "39.00")], "99", "39.00"),
        ("tmall_order_list", &[("买家实付金额", "99.00"), ("退款金额", "")], "99", ""),
        ("tmall_order_list", &[("买家实付金额", "99.00")], "99.00", "no column"),
        ("tmall_order_list", &[("买家应付货款", "99.00"), ("总金额", "259.00")], "no column", "no column"),
        ("taobao_order_list_legacy", &[("买家实际支付金额", "0.0"), ("退款金额", "178.8")], "178.8", "178.8"),
        ("taobao_order_detail_legacy", &[("价格", "12.50"), ("购买数量", "3")], "37.5", "-"),
        (
            "taobao_suborder",
            &[("买家实付金额", "10"), ("退款状态", "没有申请退款"), ("退款金额", "无退款申请")],
            "10",
            "0",
        ),
        (
            "taobao_suborder",
            &[("买家实付金额", "0"), ("退款状态", "退款成功"), ("退款金额", "25.90")],
            "25.9",
            "25.9",
        ),
        // An application that is open: nothing went back yet.
        (
            "taobao_suborder",
            &[("买家实际支付金额", "25.9"), ("退款状态", "买家已经申请退款"), ("退款金额", "25.90")],
            "25.9",
            "0",
        ),
        ("taobao_suborder", &[("买家实际支付金额", "25.9"), ("退款金额", "无退款申请")], "25.9", "0"),
        ("tmall_refund_report", &[("退款状态", "退款成功"), ("退给买家金额", "8.80")], "0", "8.8"),
        ("tmall_refund_report", &[("退款状态", "退款关闭"), ("退款金额（元）", "8.80")], "0", "0"),
        ("pdd_orders", &[("订单状态", "已收货"), ("用户实付金额(元)", "168.99\t")], "168.99\t", "0"),
        (
            "pdd_orders",
            &[("订单状态", "未发货，退款成功\t"), ("用户实付金额(元)", "168.99\t")],
            "168.99\t",
            "168.99",
        ),
        (
            "douyin_orders",
            &[("售后状态", "\t-"), ("订单状态", "\t已完成"), ("订单应付金额", "\t1,234.00")],
            "\t1,234.00",
            "0",
        ),
        (
            "douyin_orders",
            &[("售后状态", "\t换货成功"), ("订单状态", "\t已完成"), ("订单应付金额", "\t59.90")],
            "\t59.90",
            "0",
        ),
        (
            "douyin_orders",
            &[("售后状态", "\t已发货退款成功"), ("订单状态", "\t已完成"), ("订单应付金额", "\t1,234.00")],
            "\t1,234.00",
            "1234",
        ),
        (
            "douyin_orders",
            &[
                ("售后状态", "-"),
                ("订单状态", "已关闭"),
                ("支付完成时间", "2026-06-08 13:20:43"),
                ("实收款（到付按此收费）", "20.00"),
            ],
            "20.00",
            "20",
        ),
        (
            "douyin_orders",
            &[("售后状态", "-"), ("订单状态", "已关闭"), ("支付完成时间", "-"), ("订单应付金额", "20.00")],
            "20.00",
            "0",
        ),
        ("kuaishou_orders", &[("订单状态", "交易关闭"), ("订单支付时间", ""), ("实付款", "20")], "20", "0"),
        (
            "kuaishou_orders",
            &[("售后状态", "退款成功"), ("订单状态", "已收货"), ("实付款(元)", "20"), ("订单支付时间", "x")],
            "20",
            "20",
        ),
        ("kuaishou_orders", &[("订单支付时间", "x"), ("订单状态", "已发货"), ("实付款", "20")], "20", "0"),
        (
            "wechat_pay_bill",
            &[
                ("交易状态", "SUCCESS"),
                ("退款状态", ""),
                ("订单金额", "12.00"),
                ("申请退款金额", "0.00"),
                ("总金额", "11.00"),
            ],
            "12",
            "0",
        ),
        (
            "wechat_pay_bill",
            &[
                ("交易状态", "REFUND"),
                ("退款状态", "SUCCESS"),
                ("订单金额", "12.00"),
                ("申请退款金额", "5.00"),
            ],
            "0",
            "5",
        ),
        (
            "wechat_pay_bill",
            &[("交易状态", "REFUND"), ("退款状态", "FAIL"), ("总金额", "12.00"), ("退款金额", "5.00")],
            "0",
            "0",
        ),
        (
            "wechat_pay_bill",
            &[("交易状态", "REVOKED"), ("退款状态", ""), ("订单金额", "12.00"), ("退款金额", "0")],
            "0",
            "0",
        ),
        ("alipay_merchant_bill", &[("业务类型", "交易 \t"), ("订单金额（元）", "88.00 ")], "88", "0"),
        ("alipay_merchant_bill", &[("业务类型", "退款"), ("订单金额（元）", "-88.00")], "0", "88"),
    ];
    for (id, cells, amount, refund) in cases {
        let preset = preset(id);
        let row = row(cells);
        assert_eq!(canonical(&preset, "amount", &row), *amount, "{id}: {cells:?}");
        if preset.columns.contains_key("refund_amount") {
            assert_eq!(canonical(&preset, "refund_amount", &row), *refund, "{id}: {cells:?}");
        }
    }
}

#[test]
fn other_columns_of_rows_as_they_are_written() {
    let cases: &[(&str, &str, Cells, &str)] = &[
        // Paid on delivery: no confirmation of a payment, and completed.
        (
            "jd_orders_80",
            "paid_at",
            &[
                ("付款确认时间", ""),
                ("支付方式", "货到付款"),
                ("订单状态", "完成"),
                ("订单完成时间", "2026-06-08 13:20:43"),
            ],
            "2026-06-08 13:20:43",
        ),
        (
            "jd_orders_30",
            "paid_at",
            &[
                ("付款确认时间", ""),
                ("支付方式", "在线支付"),
                ("订单状态", "已取消"),
                ("订单完成时间", "2026-06-08 13:20:43"),
            ],
            "missing",
        ),
        (
            "jd_orders_30",
            "paid_at",
            &[
                ("付款确认时间", "2026-06-01 10:00:00"),
                ("支付方式", "在线支付"),
                ("订单状态", "完成"),
                ("订单完成时间", "2026-06-08 13:20:43"),
            ],
            "2026-06-01 10:00:00",
        ),
        // The file of 27 columns has no 支付时间; an order that was never paid has no time at all.
        ("pdd_orders", "paid_at", &[("订单成交时间", "2026-06-08 11:34:47\t")], "2026-06-08 11:34:47\t"),
        ("pdd_orders", "ordered_at", &[("订单成交时间", "\t"), ("支付时间", "")], "missing"),
        (
            "pdd_orders",
            "category",
            &[
                ("商品四级类目", "\t"),
                ("商品三级类目", "T恤\t"),
                ("商品二级类目", "女装"),
                ("商品一级类目", "服饰"),
            ],
            "T恤",
        ),
        (
            "pdd_orders",
            "discount",
            &[("店铺优惠折扣(元)", "5.00\t"), ("平台优惠折扣(元)", "\t"), ("多多支付立减金额(元)", "0.30\t")],
            "5.3",
        ),
        (
            "alipay_personal_bill",
            "order_id",
            &[("商家订单号", "T200P1234567890123456789\t"), ("交易订单号", "20260601220014")],
            "T200P1234567890123456789",
        ),
        (
            "alipay_personal_bill",
            "order_id",
            &[("商家订单号", "\t"), ("交易订单号", "20260601220014\t")],
            "20260601220014",
        ),
        (
            "kuaituantuan_orders",
            "order_id",
            &[("跟团号", "17"), ("支付时间", "2026-06-08 13:20:43")],
            "17@2026-06-08 13:20:43",
        ),
    ];
    for (id, name, cells, wanted) in cases {
        assert_eq!(canonical(&preset(id), name, &row(cells)), *wanted, "{id}: {name}: {cells:?}");
    }
}

#[test]
fn rows_that_are_no_sales() {
    let cases: &[(&str, Cells, bool)] = &[
        ("tmall_order_list", &[("C2B小额收款", "邮费补差")], true),
        ("tmall_order_list", &[("C2B小额收款", "非小额收款")], false),
        ("jd_orders_80", &[("订单状态", "(删除)已取消")], true),
        ("jd_orders_80", &[("订单状态", "（删除）完成")], true),
        ("jd_orders_80", &[("订单状态", "(锁定)等待出库")], false),
        ("pdd_orders", &[("商品", "补收差价专用链接，拍前联系客服")], true),
        ("pdd_orders", &[("商品", "纯棉T恤")], false),
        ("pdd_orders", &[("是否抽奖或0元试用", "是\t")], true),
        ("pdd_orders", &[("赠品订单号", "260608-1"), ("用户实付金额(元)", "0.00\t")], true),
        // It was paid for, whatever it names.
        ("pdd_orders", &[("赠品订单号", "260608-1"), ("用户实付金额(元)", "9.90")], false),
        ("kuaishou_orders", &[("赠品订单号", ""), ("实付款", "0")], false),
        ("xiaohongshu_orders", &[("是否为赠品", "是")], true),
        ("xiaohongshu_orders", &[("是否为赠品", "否")], false),
        ("alipay_personal_bill", &[("收/支", "收入")], false),
        ("alipay_personal_bill", &[("收/支", "支出 ")], true),
        ("alipay_personal_bill", &[("收/支", "")], true),
    ];
    for (id, cells, wanted) in cases {
        let row = row(cells);
        let dropped = preset(id).drop.iter().any(|rule| {
            let formula = Formula::parse(&rule.when, id).unwrap();
            let there = formula.columns().iter().all(|name| row.contains_key(&key(name)));
            there && value(&formula, &row) == "true"
        });
        assert_eq!(dropped, *wanted, "{id}: {cells:?}");
    }
}

#[test]
fn identities_of_rows_as_they_are_written() {
    let cases: &[(&str, Cells, &str)] = &[
        (
            "tmall_order_list",
            &[
                ("买家实付金额", "60.00"),
                ("退款金额", "45.00"),
                ("买家应付货款", "99.00"),
                ("买家应付邮费", "6.00"),
            ],
            "true",
        ),
        (
            "tmall_order_list",
            &[
                ("买家实付金额", "105.00"),
                ("退款金额", "45.00"),
                ("买家应付货款", "99.00"),
                ("买家应付邮费", "6.00"),
            ],
            "false",
        ),
        (
            "pdd_orders",
            &[
                ("商家实收金额(元)", "168.99\t"),
                ("商品总价(元)", "173.99\t"),
                ("邮费(元)", "0.00\t"),
                ("店铺优惠折扣(元)", "5.00\t"),
            ],
            "true",
        ),
    ];
    for (id, cells, wanted) in cases {
        let formula = Formula::parse(&preset(id).identity.unwrap().equation, id).unwrap();
        assert_eq!(value(&formula, &row(cells)), *wanted, "{id}");
    }
}

/// The seven columns of 2020: the identity holds on every paid row, and the counts are those of its SOURCE.md. Passed over
/// where the file is not there.
#[test]
fn the_legacy_list_of_2020_adds_up() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/zh_tmall_orders/tmall_order_report.csv");
    let Ok(mut reader) = ::csv::Reader::from_path(&path) else {
        return;
    };
    let header = reader.headers().unwrap().clone();
    assert_eq!(matches(&header.iter().collect::<Vec<_>>()), ["taobao_order_list_legacy"]);
    let preset = preset("taobao_order_list_legacy");
    let identity = Formula::parse(&preset.identity.as_ref().unwrap().equation, "").unwrap();
    let (mut rows, mut paid, mut held, mut refunded) = (0, 0, 0, 0);
    for record in reader.records() {
        let record = record.unwrap();
        let row: Row = header.iter().map(key).zip(record.iter()).collect();
        rows += 1;
        if canonical(&preset, "paid_at", &row).is_empty() {
            assert_eq!(canonical(&preset, "amount", &row), "0");
            continue;
        }
        paid += 1;
        held += usize::from(value(&identity, &row) == "true");
        refunded += usize::from(canonical(&preset, "refund_amount", &row) != "0.0");
    }
    assert_eq!((rows, paid, held, refunded), (28_010, 24_087, 24_087, 5_646));
}
