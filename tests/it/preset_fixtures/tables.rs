//! The truth of exports of events, spend and members, and their cells.

use std::collections::BTreeMap;

use siyu::input::Frame;
use siyu::input::columns::{ValueKind, vocabulary};
use siyu::input::presets::{Alternative, Kind, Preset};

use super::draw::Draw;
use super::solve::Header;
use super::value::{Value, decimal, iso};

/// A row of the export: what the canonical file says of it, or why it is not there.
#[derive(Debug, Clone)]
pub struct Fact {
    pub truth: Result<BTreeMap<&'static str, String>, &'static str>,
    pub cells: Vec<Option<Value>>,
}

const ROWS: usize = 200;

pub fn frame(preset: &Preset) -> Frame {
    match preset.kind {
        Kind::Events => Frame::Events,
        Kind::Spend => Frame::Spend,
        Kind::Members => Frame::Members,
        _ => Frame::Orders,
    }
}

/// The canonical columns of the preset, in the order of the vocabulary.
pub fn columns(preset: &Preset) -> Vec<&'static str> {
    let all = vocabulary(frame(preset)).iter().map(|column| column.name);
    all.filter(|name| preset.columns.contains_key(*name)).collect()
}

fn required(frame: Frame) -> &'static [&'static str] {
    match frame {
        Frame::Events => &["customer_id", "event", "at"],
        Frame::Spend => &["campaign", "amount"],
        _ => &["customer_id"],
    }
}

pub fn facts(header: &Header, width: usize, draw: &mut Draw) -> Vec<Fact> {
    let mut facts = Vec::new();
    for _ in 0..ROWS {
        let (values, cells) = fact(header, width, draw, None);
        facts.push(Fact { truth: Ok(told(&values)), cells });
    }
    // A row without each of what is required, where a cell says it.
    let preset = header.preset;
    for name in required(frame(preset)) {
        let is_constant = matches!(preset.columns[*name].0[0], Alternative::Constant { .. });
        // Spend without a campaign is a total on some platforms.
        let is_total = preset.drop.iter().any(|rule| rule.when.contains("missing")) && *name == "campaign";
        if !is_constant {
            let (_, cells) = fact(header, width, draw, Some(name));
            let reason: &str = match *name {
                _ if is_total => "total row",
                "customer_id" => "missing customer_id",
                "event" => "missing event",
                "at" => "missing at",
                "campaign" => "missing campaign",
                _ => "missing amount",
            };
            facts.push(Fact { truth: Err(reason), cells });
        }
    }
    for rule in &preset.drop {
        let (_, mut cells) = fact(header, width, draw, None);
        let reason = match (preset.id.as_str(), rule.when.as_str()) {
            ("qianchuan", _) => {
                header.put(&mut cells, "日期", Value::text("全部"));
                "total row"
            }
            ("sensors_events", _) => {
                let kind = draw.one_of(&["profile_set", "track_signup"]);
                header.put(&mut cells, "type", Value::text(kind));
                "ignored"
            }
            (_, when) if when.ends_with("is missing") => continue,
            (id, when) => panic!("{id}: write a row that its rule {when} drops"),
        };
        facts.push(Fact { truth: Err(reason), cells });
    }
    let behind = if preset.id == "qianchuan" { 0 } else { facts.len() / 2 };
    let last = facts.len() - 1;
    facts.swap(behind, last);
    facts
}

fn told(values: &BTreeMap<&'static str, Value>) -> BTreeMap<&'static str, String> {
    let text = |value: &Value| match value {
        Value::Missing => String::new(),
        Value::Text(text) => text.clone(),
        Value::Number(e4) => decimal(*e4, 0),
        Value::Moment(us) => iso(*us),
    };
    values.iter().map(|(name, value)| (*name, text(value))).collect()
}

type Cells = Vec<Option<Value>>;

fn fact(
    header: &Header,
    width: usize,
    draw: &mut Draw,
    without: Option<&str>,
) -> (BTreeMap<&'static str, Value>, Cells) {
    let preset = header.preset;
    let frame = frame(preset);
    let mut cells = vec![None; width];
    let mut values = BTreeMap::new();
    for column in vocabulary(frame) {
        let Some(source) = preset.columns.get(column.name) else { continue };
        let must = required(frame).contains(&column.name);
        let value = match column.kind {
            _ if without == Some(column.name) => Value::Missing,
            _ if !must && draw.chance(6) => Value::Missing,
            ValueKind::Number => Value::Number(draw.money()),
            ValueKind::DateTime => Value::Moment(draw.moment()),
            ValueKind::Text => Value::text(match column.name {
                "customer_id" => draw.customer(),
                "campaign" | "name" | "content_id" => draw.text(),
                "order_id" | "session_id" => draw.id(),
                _ => draw.word(),
            }),
        };
        let value = match &source.0[0] {
            Alternative::Constant { constant } => Value::text(constant),
            Alternative::Column(name) => {
                // One column may be several things: who a customer is, and the phone.
                let place = header.place(name);
                let value = cells[place].clone().unwrap_or(value);
                cells[place] = Some(value.clone());
                value
            }
            Alternative::Formula { .. } => solve(header, column.name, value, &mut cells, draw),
        };
        values.insert(column.name, value);
    }
    if preset.id == "sensors_events" {
        header.put(&mut cells, "type", Value::text("track"));
    }
    (values, cells)
}

/// The value of a computed column, which may be another than the one that was wished for.
fn solve(header: &Header, canonical: &str, value: Value, cells: &mut Cells, draw: &mut Draw) -> Value {
    let names: &[&str] = match (header.preset.id.as_str(), canonical) {
        ("amplitude_export", "customer_id") => &["user_id", "amplitude_id"],
        ("ga4_bigquery", "customer_id") => &["user_id", "user_pseudo_id"],
        ("ga4_bigquery", "channel") => &["event_params.source", "traffic_source.source"],
        ("ga4_bigquery", "campaign") => &["event_params.campaign", "traffic_source.name"],
        ("ga4_bigquery", "value") => &["ecommerce.purchase_revenue", "event_params.value"],
        ("segment_tracks", "customer_id") => &["user_id", "anonymous_id"],
        ("youzan_customers", "tier") => &["付费等级", "免费等级"],
        ("youzan_customers", "name") => &["客户姓名", "客户昵称"],
        ("wecom_customers", "customer_id") => &["手机", "电话"],
        ("qianchuan", "campaign") => return named(header, ["商品名称", "商品ID"], value, cells, draw),
        ("wanxiang_product", "campaign") => return named(header, ["主体名称", "主体ID"], value, cells, draw),
        (id, name) => panic!("{id}: write the inversion of {name}"),
    };
    header.coalesce(cells, names, value.clone(), draw);
    value
}

/// A product stands for a campaign: its name with its id.
fn named(header: &Header, [name, id]: [&str; 2], value: Value, cells: &mut Cells, draw: &mut Draw) -> Value {
    let number = draw.id();
    header.put(cells, name, value.clone());
    header.put(cells, id, Value::text(&number));
    match value {
        Value::Text(text) => Value::Text(format!("{text} ({number})")),
        missing => missing,
    }
}
