//! The cells of an export that say what is true: for each formula of a preset its inversion, written by hand.

use siyu::input::columns::key;
use siyu::input::presets::{Alternative, Preset, RefundSemantics};

use super::draw::Draw;
use super::sales::{Back, Fate, NO_TIME, NUMBERS, Sale, TEXTS};
use super::value::{Value, written_moment};

/// The columns of a file, found by name.
pub struct Header<'a> {
    pub preset: &'a Preset,
    keys: Vec<String>,
    /// How times are written, for ids that have one in them.
    pub pattern: String,
}

impl<'a> Header<'a> {
    pub fn new(preset: &'a Preset, pattern: &str) -> Self {
        let keys = preset.header.iter().map(|name| key(&name.replace("(USD)", "")));
        Self { preset, keys: keys.collect(), pattern: pattern.to_owned() }
    }

    pub fn place(&self, name: &str) -> usize {
        let wanted = key(&name.replace("(*)", ""));
        self.keys
            .iter()
            .position(|known| *known == wanted)
            .unwrap_or_else(|| panic!("{}: no column {name}", self.preset.id))
    }

    pub fn put(&self, cells: &mut [Option<Value>], name: &str, value: Value) {
        cells[self.place(name)] = Some(value);
    }

    /// The value in one of the columns, nothing in those before it, anything of its kind in those behind.
    pub fn coalesce(&self, cells: &mut [Option<Value>], names: &[&str], value: Value, draw: &mut Draw) {
        let at = draw.below(names.len());
        for (place, name) in names.iter().enumerate() {
            let cell = match &value {
                Value::Missing => Value::Missing,
                _ if place < at => Value::Missing,
                value if place == at => value.clone(),
                Value::Text(_) if draw.chance(2) => Value::text(format!("other {}", draw.word())),
                Value::Number(_) if draw.chance(2) => Value::Number(draw.money()),
                _ => Value::Missing,
            };
            self.put(cells, name, cell);
        }
    }

    /// Numbers that add up to it, some of them missing.
    fn parts(&self, cells: &mut [Option<Value>], names: &[&str], total: i64, draw: &mut Draw) {
        let mut rest = total;
        for (place, name) in names.iter().enumerate() {
            let part = match draw.below(3) {
                _ if place + 1 == names.len() => rest,
                0 => 0,
                _ => rest / 3,
            };
            rest -= part;
            let value = if part == 0 && draw.chance(2) { Value::Missing } else { Value::Number(part) };
            self.put(cells, name, value);
        }
    }

    fn of_sale(&self, sale: &mut Sale, values: &[(&str, Value)]) {
        for (name, value) in values {
            self.put(&mut sale.cells, name, value.clone());
        }
    }
}

fn number(e4: Option<i64>) -> Value {
    e4.map_or(Value::Missing, Value::Number)
}

/// Zero, or nothing at all.
fn zero(draw: &mut Draw) -> Value {
    if draw.chance(2) { Value::Missing } else { Value::Number(0) }
}

/// Writes a sale into the cells of its row.
pub fn write_sale(header: &Header, sale: &mut Sale, draw: &mut Draw) {
    let id = header.preset.id.as_str();
    for (canonical, source) in &header.preset.columns {
        match &source.0[0] {
            Alternative::Constant { .. } => {}
            Alternative::Column(column) => {
                let value = direct(header, canonical, sale, draw);
                // 支付时间 is both, and so are other columns: what is there stays.
                header.put(&mut sale.cells, column, value);
            }
            Alternative::Formula { formula } => {
                let formula = formula.split_whitespace().collect::<Vec<_>>().join(" ");
                solve(header, id, canonical, &formula, sale, draw);
            }
        }
    }
    if let Some(rules) = &header.preset.status {
        header.put(&mut sale.cells, &rules.column[0], Value::of(&sale.texts["status"]));
        if let Some(detail) = rules.detail.first() {
            header.put(&mut sale.cells, detail, Value::of(&sale.detail));
        }
    }
    if let Some(amounts) = &header.preset.amounts
        && let Some(source) = &amounts.line_amount
        && let Alternative::Column(column) = &source.0[0]
    {
        header.put(&mut sale.cells, column, number(sale.line_amount));
    }
    identity(header, id, sale, draw);
}

/// The cell of a column that is the canonical one.
fn direct(header: &Header, canonical: &str, sale: &Sale, draw: &mut Draw) -> Value {
    let no_time = sale.fate == Fate::Left(NO_TIME);
    match canonical {
        "customer_id" => Value::of(&sale.customer_id),
        "order_id" => Value::of(&sale.order_id),
        "ordered_at" if no_time => Value::Missing,
        "ordered_at" => Value::Moment(sale.at),
        "paid_at" => sale.paid_at.map_or(Value::Missing, Value::Moment),
        "amount" => Value::Number(sale.amount),
        "refund_amount" if sale.refund == 0 => zero(draw),
        "refund_amount" => Value::Number(sale.refund),
        name if NUMBERS.contains(&name) => number(sale.numbers[name]),
        name if TEXTS.contains(&name) => Value::of(&sale.texts[name]),
        name => panic!("{}: {name} is not known here", header.preset.id),
    }
}

/// `formula` is what the inversion was written for: another one needs another inversion.
fn solve(header: &Header, id: &str, canonical: &str, formula: &str, sale: &mut Sale, draw: &mut Draw) {
    let amount = Value::Number(sale.amount);
    let net = Value::Number(sale.amount - sale.refund);
    let back = sale.back == Back::All && sale.refund > 0;
    let customer = Value::of(&sale.customer_id);
    let is_closed =
        sale.texts.get("status").is_some_and(|s| matches!(s.as_deref(), Some("已关闭" | "交易关闭")));
    match (id, canonical) {
        ("alipay_merchant_bill", "amount") => {
            // A refund is a negative amount.
            let amount = if sale.is_refund { Value::Number(-sale.refund) } else { amount };
            header.of_sale(sale, &[("订单金额（元）", amount)]);
        }
        ("alipay_merchant_bill", "refund_amount") => {}
        ("alipay_personal_bill", "order_id") => {
            let id = Value::of(&sale.order_id);
            header.coalesce(&mut sale.cells, &["商家订单号", "交易订单号"], id, draw);
        }
        ("douyin_orders", "refund_amount") => {
            let word = if back && !is_closed {
                draw.one_of(&["退款成功", "已发货，退款成功", "售后退款成功"])
            } else {
                draw.one_of(&["", "-", "换货成功", "售后关闭"])
            };
            header.of_sale(sale, &[("售后状态", Value::text(word))]);
        }
        ("kuaishou_orders", "refund_amount") => {
            let word = if back && !is_closed { "退款成功" } else { draw.one_of(&["", "换货成功"]) };
            header.of_sale(sale, &[("售后状态", Value::text(word))]);
        }
        ("etsy_orders", "customer_id") => {
            header.coalesce(&mut sale.cells, &["Buyer User ID", "Buyer"], customer, draw);
        }
        ("etsy_orders", "refund_amount") => {
            let adjusted = if sale.refund == 0 { zero(draw) } else { net };
            header.put(&mut sale.cells, "Adjusted Order Total", adjusted);
        }
        ("jd_orders_30" | "jd_orders_80", "paid_at") => {
            let is_done = matches!(sale.texts["status"].as_deref(), Some("完成" | "已完成"));
            let on_delivery = is_done && sale.paid_at.is_some() && draw.chance(2);
            let paid = sale.paid_at.map_or(Value::Missing, Value::Moment);
            let method =
                if on_delivery || !is_done && draw.chance(3) { "货到付款" } else { "在线支付" };
            let done = if on_delivery { paid.clone() } else { Value::Moment(draw.moment()) };
            let confirmed = if on_delivery { Value::Missing } else { paid };
            header.of_sale(
                sale,
                &[("支付方式", Value::text(method)), ("付款确认时间", confirmed), ("订单完成时间", done)],
            );
        }
        ("kuaishou_orders", "discount") => {
            let total = *sale.numbers.entry("discount").or_default().get_or_insert(0);
            header.parts(&mut sale.cells, &["店铺优惠", "平台补贴", "主播补贴", "支付优惠"], total, draw);
        }
        ("pdd_orders", "discount") => {
            let names = ["店铺优惠折扣(元)", "平台优惠折扣(元)", "多多支付立减金额(元)"];
            let total = *sale.numbers.entry("discount").or_default().get_or_insert(0);
            header.parts(&mut sale.cells, &names, total, draw);
        }
        ("xiaohongshu_orders", "discount") => {
            let names = ["平台优惠(元)", "店铺优惠(元)", "支付渠道优惠(元)"];
            let total = *sale.numbers.entry("discount").or_default().get_or_insert(0);
            header.parts(&mut sale.cells, &names, total, draw);
        }
        ("square_items", "discount") => {
            let off = sale.numbers["discount"].map(|off| Value::Number(-off));
            header.of_sale(sale, &[("Discounts", off.unwrap_or(Value::Missing))]);
        }
        ("kuaituantuan_orders", "order_id") => {
            // It counts from 1 in every group, and the time of payment makes it one of many.
            let number = format!("{:03}", 1 + draw.below(300));
            sale.order_id =
                sale.paid_at.map(|paid| format!("{number}@{}", written_moment(paid, &header.pattern)));
            header.put(&mut sale.cells, "跟团号", Value::text(number));
        }
        ("paypal_activity", "order_id") => {
            let own = if sale.is_refund { Value::text(draw.id()) } else { Value::of(&sale.order_id) };
            let other = if sale.is_refund { Value::of(&sale.order_id) } else { Value::Missing };
            header.of_sale(sale, &[("Transaction ID", own), ("Reference Txn ID", other)]);
        }
        ("paypal_activity", "customer_id") => {
            let (buyer, shop) = if sale.is_refund {
                ("To Email Address", "From Email Address")
            } else {
                ("From Email Address", "To Email Address")
            };
            header.of_sale(sale, &[(buyer, customer), (shop, Value::text("shop@example.com"))]);
        }
        ("paypal_activity" | "square_items", "ordered_at") => {
            let text = written_moment(sale.at, &header.pattern);
            let (date, time) = text.split_once(' ').unwrap_or_default();
            header.of_sale(sale, &[("Date", Value::text(date)), ("Time", Value::text(time))]);
        }
        ("paypal_activity", "amount") => {
            let gross = if sale.is_refund { -sale.refund } else { sale.amount };
            let kind = if sale.is_refund {
                draw.one_of(&["Payment Refund", "Payment Reversal", "Chargeback"])
            } else {
                draw.one_of(&["Express Checkout Payment", "Website Payment"])
            };
            header.of_sale(
                sale,
                &[
                    ("Gross", Value::Number(gross)),
                    ("Type", Value::text(kind)),
                    ("Balance Impact", Value::text(if gross < 0 { "Debit" } else { "Credit" })),
                ],
            );
        }
        ("paypal_activity", "refund_amount") => {}
        ("pdd_orders", "ordered_at") => {
            let at = sale.paid_at.map_or(Value::Missing, Value::Moment);
            header.of_sale(sale, &[("订单成交时间", at)]);
        }
        ("pdd_orders", "refund_amount") => assert_eq!(
            sale.refund > 0,
            sale.amount > 0 && sale.texts["status"].as_deref().is_some_and(|s| s.ends_with("退款成功")),
            "the status tells of it"
        ),
        ("pdd_orders", "category") => {
            let names = ["商品四级类目", "商品三级类目", "商品二级类目", "商品一级类目"];
            let category = Value::of(&sale.texts["category"]);
            header.coalesce(&mut sale.cells, &names, category, draw);
        }
        ("shopify_orders", "customer_id") => {
            header.coalesce(&mut sale.cells, &["Email", "Phone"], customer, draw);
        }
        ("square_items", "amount") => {
            let gross = if sale.is_refund { -sale.refund } else { sale.amount };
            let tax = gross / 10;
            let tax_cell = if tax == 0 { zero(draw) } else { Value::Number(tax) };
            header.of_sale(sale, &[("Net Sales", Value::Number(gross - tax)), ("Tax", tax_cell)]);
        }
        ("square_items", "refund_amount") => {}
        ("stripe_payments", "customer_id") => {
            header.coalesce(&mut sale.cells, &["Customer ID", "Customer Email"], customer, draw);
        }
        ("stripe_payments_legacy", "customer_id") => {
            let names = ["Customer ID", "Customer Email", "Card Fingerprint"];
            header.coalesce(&mut sale.cells, &names, customer, draw);
        }
        ("stripe_payments" | "stripe_payments_legacy", "amount") => {
            header.coalesce(&mut sale.cells, &["Converted Amount", "Amount"], amount, draw);
        }
        ("stripe_payments" | "stripe_payments_legacy", "refund_amount") => {
            let names = ["Converted Amount Refunded", "Amount Refunded"];
            header.coalesce(&mut sale.cells, &names, Value::Number(sale.refund), draw);
        }
        ("taobao_order_list_legacy", "amount") => header.of_sale(sale, &[("买家实际支付金额", net)]),
        ("tmall_order_list", "amount") => header.of_sale(sale, &[("买家实付金额", net)]),
        ("taobao_suborder", "amount") => header.of_sale(sale, &[("买家实付金额", net)]),
        ("taobao_suborder", "refund_amount") => {
            // An application that is open or was closed has an amount too.
            let (word, amount) = match draw.below(3) {
                _ if sale.refund > 0 => ("退款成功", Value::Number(sale.refund)),
                0 => ("没有申请退款", Value::text("无退款申请")),
                1 => ("退款关闭", Value::Number(sale.amount)),
                _ => ("买家已经申请退款，等待卖家同意", Value::Number(sale.amount / 2)),
            };
            header.of_sale(sale, &[("退款状态", Value::text(word)), ("退款金额", amount)]);
        }
        ("tmall_refund_report", "amount") => {}
        ("tmall_refund_report", "refund_amount") => {
            let is_back = sale.texts["status"].as_deref() == Some("退款成功");
            let asked = if is_back { sale.refund } else { draw.money() };
            header.of_sale(sale, &[("退给买家金额", Value::Number(asked))]);
        }
        ("wechat_pay_bill", "amount") => {
            // On a refund it is the amount of the payment.
            let amount = if sale.is_refund { Value::Number(sale.refund * 2) } else { amount };
            header.of_sale(sale, &[("订单金额", amount)]);
            if sale.has_unknown_status {
                // Not a word of success: it is no payment.
                sale.amount = 0;
            }
        }
        ("wechat_pay_bill", "refund_amount") => {
            let failed = sale.is_refund && draw.chance(8);
            let word = if failed { "FAIL" } else { draw.one_of(&["SUCCESS", "PROCESSING"]) };
            let word = if sale.is_refund { Value::text(word) } else { Value::Missing };
            let asked = Value::Number(sale.refund);
            header.of_sale(sale, &[("退款状态", word), ("申请退款金额", asked)]);
            if failed {
                sale.refund = 0;
            }
        }
        ("tmall_order_list", "customer_id") => {
            header.coalesce(&mut sale.cells, &["买家会员名", "买家昵称"], customer, draw);
        }
        ("woocommerce_webtoffee", "customer_id") => {
            if draw.chance(2) && sale.customer_id.is_some() {
                header.put(&mut sale.cells, "customer_id", customer);
            } else {
                header.put(&mut sale.cells, "customer_id", Value::text("0"));
                header.coalesce(&mut sale.cells, &["customer_email", "billing_email"], customer, draw);
            }
        }
        _ => panic!("{id}: write the inversion of {canonical} = {formula}"),
    }
}

/// What makes the preset's equation hold, or is asked by its rules.
fn identity(header: &Header, id: &str, sale: &mut Sale, draw: &mut Draw) {
    let signed = if sale.is_refund { -sale.refund } else { sale.amount };
    match id {
        "tmall_order_list" => {
            let freight = sale.amount / 20;
            header.of_sale(
                sale,
                &[
                    ("买家应付货款", Value::Number(sale.amount - freight)),
                    ("买家应付邮费", Value::Number(freight)),
                    // The list price: not what was paid.
                    ("总金额", Value::Number(sale.amount * 2 + 10_000)),
                    ("C2B小额收款", Value::text(draw.one_of(&["", "否'"]))),
                ],
            );
        }
        "taobao_order_list_legacy" => header.of_sale(sale, &[("总金额", Value::Number(sale.amount))]),
        "taobao_suborder" => header.of_sale(sale, &[("买家应付货款", Value::Number(sale.amount))]),
        "pdd_orders" => {
            let off = match &sale.cells[header.place("店铺优惠折扣(元)")] {
                Some(Value::Number(off)) => *off,
                _ => 0,
            };
            let freight = draw.below(3) as i64 * 60_000;
            let goods = sale.amount + off + 3 * 10_000;
            header.of_sale(
                sale,
                &[
                    ("商品总价(元)", Value::Number(goods)),
                    ("邮费(元)", if freight == 0 { zero(draw) } else { Value::Number(freight) }),
                    ("商家实收金额(元)", Value::Number(goods + freight - off)),
                    ("是否抽奖或0元试用", Value::text("否")),
                ],
            );
            paid_gift(header, sale, draw);
        }
        "kuaishou_orders" => paid_gift(header, sale, draw),
        "paypal_activity" => {
            let fee = -(signed.abs() / 30);
            let values = [("Fee", Value::Number(fee)), ("Net", Value::Number(signed + fee))];
            header.of_sale(sale, &values);
        }
        "shopify_orders" => {
            let (shipping, tax) = (sale.amount / 10, sale.amount / 8);
            // Where prices hold the tax it is not added.
            let subtotal = sale.amount - shipping - if draw.chance(2) { tax } else { 0 };
            header.of_sale(
                sale,
                &[
                    ("Subtotal", Value::Number(subtotal)),
                    ("Shipping", Value::Number(shipping)),
                    ("Taxes", Value::Number(tax)),
                ],
            );
        }
        "square_items" => {
            let cell = |name: &str| match &sale.cells[header.place(name)] {
                Some(Value::Number(e4)) => *e4,
                _ => 0,
            };
            let gross = cell("Net Sales") - cell("Discounts");
            header.of_sale(sale, &[("Gross Sales", Value::Number(gross))]);
        }
        "alipay_personal_bill" => header.of_sale(sale, &[("收/支", Value::text("收入"))]),
        "stripe_payments" | "stripe_payments_legacy" => {
            header.of_sale(sale, &[("Mode", Value::text("Live"))]);
        }
        "xiaohongshu_orders" => header.of_sale(sale, &[("是否为赠品", Value::text("否"))]),
        _ => {}
    }
}

/// What is called a gift and was paid for is a sale.
fn paid_gift(header: &Header, sale: &mut Sale, draw: &mut Draw) {
    if sale.amount > 0 && draw.chance(9) {
        header.put(&mut sale.cells, "赠品订单号", Value::text("260608-1"));
    }
}

/// A copy of a sale that a rule of the preset drops, with the reason. One for each rule, in their order.
pub fn dropped(header: &Header, rule: usize, sale: &Sale, draw: &mut Draw) -> Sale {
    let mut sale = sale.clone();
    let text = |text: &str| Value::text(text);
    let free = |name: &'static str| [(name, Value::Number(0)), ("赠品订单号", text("3201"))];
    let (reason, values): (&str, Vec<(&str, Value)>) = match (header.preset.id.as_str(), rule) {
        ("alipay_personal_bill", 0) => {
            ("ignored", vec![("收/支", text(draw.one_of(&["支出", "不计收支", "/"])))])
        }
        ("jd_orders_30" | "jd_orders_80", 0) => {
            ("deleted", vec![("订单状态", text(draw.one_of(&["(删除)已完成", "（删除）等待出库"])))])
        }
        ("kuaishou_orders", 0) => ("gift", free("实付款").to_vec()),
        ("paypal_activity", 0) => {
            ("ignored", vec![("Gross", Value::Number(-120_000)), ("Type", text("General Payment"))])
        }
        ("paypal_activity", 1) => ("ignored", vec![("Type", text("Account Hold for Open Authorization"))]),
        ("paypal_activity", 2) => ("ignored", vec![("Balance Impact", text("Memo"))]),
        ("pdd_orders", 0) => ("gift", free("用户实付金额(元)").to_vec()),
        ("pdd_orders", 1) => ("trial", vec![("是否抽奖或0元试用", text("是"))]),
        ("pdd_orders", 2) => ("price difference", vec![("商品", text("补收差价专用 拍多少补多少"))]),
        ("stripe_payments" | "stripe_payments_legacy", 0) => {
            ("test order", vec![("Mode", text(draw.one_of(&["Test", "test"])))])
        }
        ("tmall_order_list", 0) => {
            ("price difference", vec![("C2B小额收款", text(draw.one_of(&["商品补差", "邮费补差"])))])
        }
        ("xiaohongshu_orders", 0) => ("gift", vec![("是否为赠品", text("是"))]),
        (id, rule) => panic!("{id}: write a row that its rule {rule} drops"),
    };
    header.of_sale(&mut sale, &values);
    if header.preset.amounts.as_ref().is_some_and(|a| a.refunds == RefundSemantics::Net) {
        sale.detail = None;
    }
    (sale.fate, sale.has_unknown_status) = (Fate::Left(reason), false);
    sale
}
