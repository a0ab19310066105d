//! What an export of orders, lines or payments is about, before it is written.

use std::collections::BTreeMap;

use siyu::input::presets::{Alternative, Grain, Preset, RefundSemantics, StatusMatch};

use super::draw::Draw;
use super::value::Value;

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Used,
    /// Written without a time of payment.
    Unpaid(&'static str),
    /// Left out.
    Left(&'static str),
}

/// What went back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Back {
    Nothing,
    Part,
    All,
}

/// A row of the export: the truth, and the cells that follow from it.
#[derive(Debug, Clone)]
pub struct Sale {
    pub fate: Fate,
    pub customer_id: Option<String>,
    pub order_id: Option<String>,
    pub at: i64,
    pub paid_at: Option<i64>,
    /// Gross; of the whole order where the platform repeats it or writes it once.
    pub amount: i64,
    pub refund: i64,
    pub numbers: BTreeMap<&'static str, Option<i64>>,
    pub texts: BTreeMap<&'static str, Option<String>>,
    /// The second column of the status.
    pub detail: Option<String>,
    pub back: Back,
    /// A row that is a refund of another row's payment.
    pub is_refund: bool,
    /// The first line of its order.
    pub is_first: bool,
    /// The line's own amount, where `amount` is the order's.
    pub line_amount: Option<i64>,
    pub has_unknown_status: bool,
    /// By column of the header; `None`: anything.
    pub cells: Vec<Option<Value>>,
}

/// What happens to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Story {
    Paid,
    Unpaid,
    Cancelled,
    CancelledLater,
    PartBack,
    AllBack,
    Free,
    UnknownStatus,
    NoCustomer,
    Ignored,
}

/// What the preset lets one tell.
pub struct Told<'a> {
    pub preset: &'a Preset,
    refunds: RefundSemantics,
    has_paid_at: bool,
    /// The same column tells when an order was placed and paid.
    one_time: bool,
    has_partial: bool,
}

/// Not paid, and so without any time: there is no row to write.
pub const NO_TIME: &str = "not paid (paid_at is empty)";
const ORDERS: usize = 120;
pub const NUMBERS: [&str; 4] = ["quantity", "unit_price", "unit_cost", "discount"];
pub const TEXTS: [&str; 9] =
    ["status", "product_id", "product_name", "category", "coupon", "channel", "store", "campaign", "tier"];

impl<'a> Told<'a> {
    pub fn by(preset: &'a Preset) -> Self {
        let refunds = preset.amounts.as_ref().map_or(RefundSemantics::None, |amounts| amounts.refunds);
        let source = |name: &str| preset.columns.get(name);
        let all_or_nothing = ["douyin_orders", "kuaishou_orders", "pdd_orders"].contains(&preset.id.as_str());
        let has_column = source("refund_amount").is_some();
        Self {
            preset,
            refunds,
            has_paid_at: source("paid_at").is_some(),
            one_time: preset.id == "pdd_orders"
                || source("paid_at").is_some() && source("paid_at") == source("ordered_at"),
            has_partial: has_column && !all_or_nothing,
        }
    }

    pub fn has(&self, canonical: &str) -> bool {
        self.preset.columns.contains_key(canonical)
    }

    /// `amount` is the order's, on each line or on the first.
    pub fn order_amounts(&self) -> bool {
        matches!(self.preset.grain, Grain::LineOrderRepeated | Grain::LineOrderBlank)
    }

    fn lines(&self, at: usize) -> usize {
        match self.preset.grain {
            Grain::Line | Grain::LineOrderRepeated | Grain::LineOrderBlank => 1 + at % 3,
            _ => 1,
        }
    }

    /// A word of one of these classes, with the second column's.
    fn status(&self, class: &[StatusMatch], draw: &mut Draw) -> Option<(String, Option<String>)> {
        // A rule drops those.
        let usable: Vec<&StatusMatch> =
            class.iter().filter(|word| !format!("{word:?}").contains("(删除)")).collect();
        if usable.is_empty() {
            return None;
        }
        let plain = |text: &str| match text {
            "(锁定)*" => "(锁定)等待出库".to_owned(),
            text => text.replace('*', "某种"),
        };
        Some(match draw.pick(&usable) {
            StatusMatch::Status(status) => {
                // Tmall writes the comma in half and in full width.
                let wide = draw.chance(2);
                let status = plain(status);
                (if wide { status.replace(',', "，") } else { status }, None)
            }
            StatusMatch::WithDetail([status, detail]) => (plain(status), Some(plain(detail))),
        })
    }

    fn stories(&self, draw: &mut Draw) -> Vec<Story> {
        let rules = self.preset.status.as_ref();
        let has = |class: fn(&siyu::input::presets::StatusRules) -> &Vec<StatusMatch>| {
            rules.is_some_and(|rules| !class(rules).is_empty())
        };
        let mut all = Vec::new();
        for at in 0..ORDERS {
            let story = match at % 20 {
                0 if self.has_paid_at || has(|r| &r.unpaid) => Story::Unpaid,
                1 if self.has_paid_at || has(|r| &r.cancelled) => Story::Cancelled,
                2 if self.has_paid_at && has(|r| &r.cancelled) => Story::CancelledLater,
                3 | 4 if self.has_partial => Story::PartBack,
                5 | 6 if self.tells_all_back() => Story::AllBack,
                7 => Story::Free,
                8 if rules.is_some() && at % 40 == 8 => Story::UnknownStatus,
                9 => Story::NoCustomer,
                10 if at % 40 == 10 && has(|r| &r.ignored) => Story::Ignored,
                _ => Story::Paid,
            };
            all.push(story);
        }
        draw.shuffle(&mut all);
        all
    }

    /// A whole amount that went back can be told.
    fn tells_all_back(&self) -> bool {
        match self.refunds {
            RefundSemantics::None => false,
            _ if self.preset.id == "etsy_orders" || self.preset.id == "woocommerce_analytics" => false,
            RefundSemantics::Status => self.preset.status.as_ref().is_some_and(|s| !s.refunded.is_empty()),
            _ => true,
        }
    }

    /// Paid later; the same moment where the file has one column for both.
    fn payment(&self, at: i64, draw: &mut Draw) -> i64 {
        if self.one_time { at } else { draw.after(at) }
    }

    pub fn sales(&self, width: usize, draw: &mut Draw) -> Vec<Sale> {
        let mut sales: Vec<Sale> = Vec::new();
        for (at, story) in self.stories(draw).into_iter().enumerate() {
            let first = sales.len();
            for line in 0..self.lines(at) {
                let before = (line > 0).then(|| sales[first].clone());
                let sale = self.sale(story, before, width, draw);
                sales.push(sale);
            }
            if self.preset.amounts.as_ref().is_some_and(|amounts| amounts.line_amount.is_some()) {
                settle_lines(&mut sales[first..], draw);
            }
            if self.refunds == RefundSemantics::Rows && sales[first].back != Back::Nothing {
                for at in first..sales.len() {
                    let back = self.refund_of(&sales[at], draw);
                    sales[at].back = Back::Nothing;
                    sales[at].refund = 0;
                    sales.extend(back);
                }
            }
        }
        if self.preset.grain == Grain::Line || self.refunds == RefundSemantics::Rows {
            // Lines of an order need not stand side by side.
            let far = sales.len() / 2;
            sales.swap(1, far);
        }
        sales
    }

    /// The rows that tell that a payment went back.
    fn refund_of(&self, sale: &Sale, draw: &mut Draw) -> Vec<Sale> {
        let parts = if sale.back == Back::Part && sale.refund > 1 { 2 } else { 1 };
        let mut rest = sale.refund;
        let mut rows = Vec::new();
        for part in 0..parts {
            let refund = if part + 1 == parts { rest } else { rest / 2 };
            rest -= refund;
            let mut row = sale.clone();
            row.is_refund = true;
            (row.amount, row.refund) = (0, refund);
            row.at = draw.after(sale.at);
            row.paid_at = self.has_paid_at.then(|| self.payment(row.at, draw));
            let rules = self.preset.status.as_ref();
            if let Some((word, _)) = rules.and_then(|rules| self.status(&rules.refund_rows, draw)) {
                row.texts.insert("status", Some(word));
            }
            rows.push(row);
        }
        rows
    }

    fn sale(&self, story: Story, before: Option<Sale>, width: usize, draw: &mut Draw) -> Sale {
        let rules = self.preset.status.as_ref();
        let mut sale = Sale {
            fate: Fate::Used,
            customer_id: (self.has("customer_id") && story != Story::NoCustomer).then(|| draw.customer()),
            order_id: self.has("order_id").then(|| draw.id()),
            at: draw.moment(),
            paid_at: None,
            amount: if story == Story::Free { 0 } else { draw.money() },
            refund: 0,
            numbers: BTreeMap::new(),
            texts: BTreeMap::new(),
            detail: None,
            back: Back::Nothing,
            is_refund: false,
            is_first: before.is_none(),
            line_amount: None,
            has_unknown_status: false,
            cells: vec![None; width],
        };
        for name in NUMBERS.into_iter().filter(|name| self.has(name)) {
            let value = match name {
                "quantity" => draw.pieces(),
                _ => draw.money(),
            };
            sale.numbers.insert(name, (!draw.chance(9)).then_some(value));
        }
        for name in TEXTS.into_iter().filter(|name| self.has(name)) {
            let text = match name {
                "product_name" => draw.text(),
                "product_id" => draw.id(),
                _ => draw.word(),
            };
            sale.texts.insert(name, (!draw.chance(6)).then_some(text));
        }
        let amounts = self.preset.amounts.as_ref();
        if amounts.is_some_and(|amounts| amounts.line_amount.is_some()) {
            sale.line_amount = Some(draw.money());
        }
        let paid = match story {
            Story::Unpaid | Story::Cancelled => None,
            _ => Some(self.payment(sale.at, draw)),
        };
        sale.paid_at = paid.filter(|_| self.has_paid_at);
        sale.back = match story {
            Story::PartBack if sale.amount > 1 => Back::Part,
            Story::PartBack | Story::AllBack => Back::All,
            // Nothing else tells of it, where it can be told.
            Story::CancelledLater if self.tells_all_back() || self.refunds == RefundSemantics::Status => {
                Back::All
            }
            _ => Back::Nothing,
        };
        sale.refund = match sale.back {
            Back::Nothing => 0,
            Back::Part => 1 + draw.below(sale.amount as usize - 1) as i64,
            Back::All => sale.amount,
        };
        if let Some(rules) = rules {
            let refunded = self.status(&rules.refunded, draw).filter(|_| sale.back == Back::All);
            let class = match story {
                Story::Unpaid => self.status(&rules.unpaid, draw),
                Story::Cancelled | Story::CancelledLater => self.status(&rules.cancelled, draw),
                Story::Ignored => self.status(&rules.ignored, draw),
                Story::UnknownStatus if draw.alphabet.western => Some(("état nouveau".to_owned(), None)),
                Story::UnknownStatus => Some(("新状态X".to_owned(), None)),
                _ if self.refunds == RefundSemantics::Rows => None,
                _ => refunded,
            };
            let (word, detail) =
                class.or_else(|| self.status(&rules.paid, draw)).unwrap_or_else(|| ("paid".into(), None));
            sale.has_unknown_status = story == Story::UnknownStatus;
            sale.texts.insert("status", Some(word));
            sale.detail = detail;
        }
        if let Some(first) = before {
            sale.join(&first, self);
        }
        for (canonical, source) in &self.preset.columns {
            if let [Alternative::Constant { constant }, ..] = &source.0[..]
                && let Some(name) = TEXTS.iter().find(|name| *name == canonical)
            {
                sale.texts.insert(name, Some(constant.clone()));
            }
        }
        sale.fate = match story {
            Story::Ignored => Fate::Left("ignored"),
            Story::Unpaid | Story::Cancelled if self.one_time => Fate::Left(NO_TIME),
            Story::Unpaid | Story::Cancelled if self.has_paid_at => Fate::Unpaid(NO_TIME),
            Story::Unpaid | Story::Cancelled => Fate::Unpaid("not paid (status)"),
            _ => Fate::Used,
        };
        sale
    }
}

/// The order's amount is that of its lines with the freight; what goes back of a line is not more than the line's.
fn settle_lines(lines: &mut [Sale], draw: &mut Draw) {
    let is_free = lines[0].amount == 0;
    let freight = if is_free { 0 } else { draw.below(4) as i64 * 50_000 };
    let of_line = |line: &Sale| line.line_amount.filter(|_| !is_free).unwrap_or(0);
    let amount = lines.iter().map(of_line).sum::<i64>() + freight;
    for line in lines {
        line.line_amount = Some(of_line(line));
        line.amount = amount;
        line.refund = match line.back {
            Back::Nothing => 0,
            Back::Part => of_line(line) / 3,
            Back::All => of_line(line),
        };
    }
}

impl Sale {
    /// Another line of an order: what is the order's is taken from its first line.
    fn join(&mut self, first: &Self, told: &Told) {
        (self.customer_id, self.order_id) = (first.customer_id.clone(), first.order_id.clone());
        (self.at, self.paid_at) = (first.at, first.paid_at);
        (self.detail, self.has_unknown_status) = (first.detail.clone(), first.has_unknown_status);
        let of_line = ["product_id", "product_name", "category"];
        for name in TEXTS.into_iter().filter(|name| !of_line.contains(name)) {
            if let Some(text) = first.texts.get(name) {
                self.texts.insert(name, text.clone());
            }
        }
        if told.order_amounts() {
            self.amount = first.amount;
            let of_line = told.preset.amounts.as_ref().is_some_and(|amounts| amounts.refund_of_line);
            if of_line {
                self.refund = if self.back == Back::Nothing { 0 } else { self.refund.min(first.amount) };
            } else {
                (self.refund, self.back) = (first.refund, first.back);
            }
            if told.preset.grain == Grain::LineOrderBlank && self.numbers.contains_key("discount") {
                self.numbers.insert("discount", None);
            }
        } else if first.back == Back::Nothing {
            (self.refund, self.back) = (0, Back::Nothing);
        }
    }
}
