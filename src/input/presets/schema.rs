//! The schema of a preset's TOML file.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What a platform's export looks like and what its cells mean.
///
/// Column names are compared as `columns::key` writes them: half width, lower case, without white space and without a unit
/// in brackets; `帐` is `账`. A `*` in a name stands for any text.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// snake_case; the file is `ID.toml`.
    pub id: String,
    pub name: Names,
    /// snake_case: whose export it is (`tmall`, `jd`, `shopify`). Part of an order's identity: (platform, store, order_id).
    pub platform: String,
    pub kind: Kind,
    pub grain: Grain,
    /// IANA zone of times that are written without an offset; none: local time, not known where.
    #[serde(default)]
    pub time_zone: Option<String>,
    pub confidence: Confidence,
    /// Where the header and the meaning are known from.
    pub evidence: String,
    /// What a reader of the file should know: one sentence each.
    #[serde(default)]
    pub quirks: Vec<String>,
    /// The columns of the export as far as they are known, in order.
    pub header: Vec<String>,
    /// False: the platform writes more columns than `header` lists.
    #[serde(default = "yes")]
    pub header_complete: bool,
    pub fingerprint: Fingerprint,
    #[serde(default)]
    pub file: FileRules,
    /// canonical column -> where it comes from.
    pub columns: BTreeMap<String, Source>,
    #[serde(default)]
    pub status: Option<StatusRules>,
    /// Of orders, lines and payments.
    #[serde(default)]
    pub amounts: Option<Amounts>,
    #[serde(default)]
    pub identity: Option<Identity>,
    #[serde(default)]
    pub drop: Vec<DropRule>,
    /// Numbered column groups, one per line of an order.
    #[serde(default)]
    pub items: Option<Items>,
    /// Columns that together name a row's object where that is not the order: payments and refunds. A later export of the
    /// same object replaces the earlier.
    #[serde(default)]
    pub key: Vec<String>,
    #[serde(default)]
    pub way_out: Option<WayOut>,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    pub en: String,
    pub zh: String,
}

/// What the rows are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Orders,
    /// Lines of orders, each with its own amount.
    Lines,
    /// Payments and refunds.
    Payments,
    /// Refunds alone: they complete an order file and are no orders.
    Refunds,
    Events,
    Spend,
    Members,
}

/// What one row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grain {
    Order,
    /// A line of an order, with amounts of its own.
    Line,
    /// A line of an order; amounts, customer, times of the order are repeated on each.
    LineOrderRepeated,
    /// A line of an order; what belongs to the order stands on its first line alone.
    LineOrderBlank,
    /// An order; its lines stand in numbered groups of columns (`items`).
    OrderWideItems,
    /// A payment, which may be refunded later in the same row.
    Payment,
    /// A payment or a refund.
    PaymentEvent,
    Refund,
    Event,
    /// What was spent in one place on one day, or in one period.
    Spend,
    Customer,
    /// A customer of one member of staff: a customer may have several rows.
    CustomerStaff,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confidence {
    pub header: Level,
    pub meaning: Level,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Low,
    Medium,
    High,
}

/// Which headers are this preset's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fingerprint {
    /// All of them are there.
    pub required: Vec<String>,
    /// Of each group at least one.
    pub any_of: Vec<Vec<String>>,
    /// The more of them, the surer.
    pub distinctive: Vec<String>,
    /// None of them.
    pub forbidden: Vec<String>,
}

/// What is peculiar about the file around and within the table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileRules {
    /// How the platform writes it, most usual first: `xlsx`, `xls`, `html`, `csv`, `tsv`, `ndjson`, `parquet`, or
    /// `zip` for one of them in an archive.
    pub containers: Vec<String>,
    /// Of text, most usual first: `utf-8`, `utf-8-bom`, `gb18030`, `utf-16le`, `windows-1252`.
    pub encodings: Vec<String>,
    /// The name of the sheet, where it is always the same.
    pub sheet: Option<String>,
    /// Lines above the header, as an example.
    pub preamble: Vec<String>,
    /// A row whose first cell begins with one of these ends the table: it and all behind it are no data.
    pub footer: Vec<String>,
    /// Lines that begin with it are no data.
    pub comment: Option<String>,
    /// What stands before (`"\t"`, `` "`" ``) or behind every cell, for the generator of examples; reading cleans all of
    /// them anyway.
    pub cell_prefix: Option<String>,
    pub cell_suffix: Option<String>,
    /// What an empty cell is written as.
    pub empty: Option<String>,
    /// How times are written, as strftime patterns, most usual first.
    pub times: Vec<String>,
}

/// Where a canonical column comes from: the first alternative whose columns are all in the file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "SourceText")]
pub struct Source(pub Vec<Alternative>);

/// `"Column"`, `{ formula = "..." }` or `{ constant = "..." }`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Alternative {
    Column(String),
    Formula { formula: String },
    Constant { constant: String },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum SourceText {
    One(Alternative),
    Several(Vec<Alternative>),
}

impl From<SourceText> for Source {
    fn from(text: SourceText) -> Self {
        match text {
            SourceText::One(one) => Self(vec![one]),
            SourceText::Several(several) => Self(several),
        }
    }
}

/// What the words in a status column say. They are compared in half width without white space; a `*` stands for any text.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusRules {
    /// The first of these that is in the file.
    pub column: Vec<String>,
    /// A second column that tells statuses of one word apart.
    #[serde(default)]
    pub detail: Vec<String>,
    #[serde(default)]
    pub paid: Vec<StatusMatch>,
    /// Paid, and the whole amount went back.
    #[serde(default)]
    pub refunded: Vec<StatusMatch>,
    #[serde(default)]
    pub unpaid: Vec<StatusMatch>,
    /// Cancelled: whether it had been paid is for the time of payment to say; without one it was not.
    #[serde(default)]
    pub cancelled: Vec<StatusMatch>,
    /// Rows that are refunds of another row's payment.
    #[serde(default)]
    pub refund_rows: Vec<StatusMatch>,
    /// Rows that are neither.
    #[serde(default)]
    pub ignored: Vec<StatusMatch>,
}

/// `"status"`, or `["status", "detail"]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum StatusMatch {
    Status(String),
    WithDetail([String; 2]),
}

/// What `amount` and `refund_amount` are.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amounts {
    pub refunds: RefundSemantics,
    /// The amount of a line, where `amount` is the order's, repeated.
    #[serde(default)]
    pub line_amount: Option<Source>,
    /// True: `refund_amount` is of the line, although `amount` is of the order.
    #[serde(default)]
    pub refund_of_line: bool,
}

/// How the file tells of refunds. In every case `amount` is mapped to what was paid (gross) and `refund_amount` to what
/// went back, so that amount - refund_amount is what was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundSemantics {
    /// The file's amount is net of refunds; `amount` adds them again.
    Net,
    /// The file's amount stays gross; refunds have a column of their own.
    Gross,
    /// Refunds are rows of their own.
    Rows,
    /// Only the status tells: in the classes `refunded`, and `cancelled` with a time of payment, all of it went back.
    Status,
    /// The file does not tell.
    None,
}

/// An equation that holds on paid rows if the columns mean what the preset says.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// A formula that is true or false, e.g. `a + b = c`.
    pub equation: String,
    /// The share of paid rows, 0 to 1, on which it must hold.
    pub least: f64,
}

/// Rows that are no sales.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropRule {
    pub reason: DropReason,
    /// A formula that is true of those rows. A rule whose columns are not in the file does nothing.
    pub when: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    Gift,
    /// A link by which buyers pay a difference in price: no goods.
    PriceDifference,
    /// Trials and lotteries.
    Trial,
    Test,
    Deleted,
    /// A sum of other rows.
    Total,
    /// Neither payment nor refund.
    Ignored,
}

/// Numbered groups of columns; `{n}` in a name stands for 1, 2, 3, ...
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Items {
    /// canonical column -> name with `{n}`.
    pub columns: BTreeMap<String, String>,
}

/// What to do where the export does not say who the customer is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WayOut {
    pub en: String,
    pub zh: String,
}
