//! What the canonical file of a truth holds: plain and slow, and nothing of the program's own.

use std::collections::{BTreeMap, BTreeSet};

use siyu::input::presets::Preset;

use super::sales::{Fate, NUMBERS, Sale, TEXTS, Told};
use super::value::{decimal, iso};

/// A canonical row: column -> text.
pub type Canon = BTreeMap<String, String>;

/// What the program should say of the rows.
#[derive(Debug, Default, PartialEq)]
pub struct Account {
    pub rows_read: u64,
    pub rows_used: u64,
    pub dropped: BTreeMap<String, u64>,
}

impl Account {
    pub fn of<'a>(fates: impl Iterator<Item = Option<&'a str>>) -> Self {
        let mut account = Self::default();
        for fate in fates {
            account.rows_read += 1;
            match fate {
                None => account.rows_used += 1,
                Some(reason) => *account.dropped.entry(reason.to_owned()).or_default() += 1,
            }
        }
        account
    }
}

pub fn account(sales: &[Sale]) -> Account {
    Account::of(sales.iter().map(|sale| match sale.fate {
        Fate::Used => None,
        Fate::Unpaid(reason) | Fate::Left(reason) => Some(reason),
    }))
}

/// Gross, refunds, orders, unknown statuses of the rows in use.
#[derive(Debug, PartialEq)]
pub struct Sums {
    pub gross: i64,
    pub refunds: i64,
    pub orders: u64,
    pub used: u64,
    pub unknown: u64,
}

pub fn sums(told: &Told, sales: &[Sale]) -> Sums {
    let used = || sales.iter().filter(|sale| sale.fate == Fate::Used);
    let named: BTreeSet<_> =
        used().filter_map(|sale| sale.order_id.as_ref().map(|id| (sale.texts.get("store"), id))).collect();
    let counts = |sale: &Sale| sale.is_first || !told.order_amounts();
    let counts_refund = |sale: &Sale| counts(sale) || refund_of_line(told.preset);
    Sums {
        gross: used().filter(|sale| counts(sale)).map(|sale| sale.amount).sum(),
        refunds: used().filter(|sale| counts_refund(sale)).map(|sale| sale.refund).sum(),
        orders: (named.len() + used().filter(|sale| sale.order_id.is_none()).count()) as u64,
        used: used().count() as u64,
        unknown: sales.iter().filter(|sale| sale.has_unknown_status).count() as u64,
    }
}

fn refund_of_line(preset: &Preset) -> bool {
    preset.amounts.as_ref().is_some_and(|amounts| amounts.refund_of_line)
}

/// The columns of the canonical file.
pub fn columns(told: &Told) -> Vec<String> {
    let always = ["customer_id", "order_id", "ordered_at", "paid_at", "amount", "refund_amount"];
    let more = NUMBERS.iter().chain(&TEXTS).filter(|name| told.has(name));
    let mut all: Vec<String> = always.iter().chain(more).map(|name| (*name).to_owned()).collect();
    all.push("platform".into());
    // No column for customers where the platform does not say who they are.
    all.retain(|name| name != "customer_id" || told.has("customer_id"));
    all.sort();
    all
}

fn written(sales: &[Sale]) -> impl Iterator<Item = &Sale> {
    sales.iter().filter(|sale| !matches!(sale.fate, Fate::Left(_)))
}

/// Groups of the rows of one order, in the order of their last rows.
fn groups<'a>(sales: &'a [Sale]) -> Vec<Vec<&'a Sale>> {
    type Key<'a> = (Option<&'a Option<String>>, &'a Option<String>, &'a Option<String>);
    let mut groups: Vec<(Option<Key<'a>>, Vec<&'a Sale>)> = Vec::new();
    for sale in written(sales) {
        let key =
            sale.order_id.is_some().then(|| (sale.texts.get("store"), &sale.customer_id, &sale.order_id));
        let known = key.and_then(|key| groups.iter().position(|(other, _)| *other == Some(key)));
        let mut group = known.map(|at| groups.remove(at).1).unwrap_or_default();
        group.push(sale);
        groups.push((key, group));
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

fn canon(
    told: &Told,
    sale: &Sale,
    [amount, refund]: [i64; 2],
    numbers: &BTreeMap<&str, Option<i64>>,
    texts: &BTreeMap<&str, Option<String>>,
) -> Canon {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let number = |e4: &Option<i64>| e4.map(|e4| decimal(e4, 0)).unwrap_or_default();
    let paid = match sale.fate {
        Fate::Used => iso(sale.paid_at.unwrap_or(sale.at)),
        _ => String::new(),
    };
    let mut row: Canon = [
        ("customer_id", text(&sale.customer_id)),
        ("order_id", text(&sale.order_id)),
        ("ordered_at", iso(sale.at)),
        ("paid_at", paid),
        ("amount", decimal(amount, 0)),
        ("refund_amount", decimal(refund, 0)),
        ("platform", told.preset.platform.clone()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    row.extend(numbers.iter().map(|(name, value)| ((*name).to_owned(), number(value))));
    row.extend(texts.iter().map(|(name, value)| ((*name).to_owned(), text(value))));
    row
}

pub fn orders(told: &Told, sales: &[Sale]) -> Vec<Canon> {
    groups(sales).into_iter().map(|group| order(told, group)).collect()
}

fn order(told: &Told, group: Vec<&Sale>) -> Canon {
    let paid: Vec<&Sale> = group.iter().copied().filter(|sale| sale.fate == Fate::Used).collect();
    let rows = if paid.is_empty() { group } else { paid };
    if let [row] = rows[..] {
        return canon(told, row, [row.amount, row.refund], &row.numbers, &row.texts);
    }
    let total = |of: &dyn Fn(&Sale) -> i64| -> i64 {
        if told.order_amounts() { of(rows[0]) } else { rows.iter().map(|row| of(row)).sum() }
    };
    let amount = total(&|row| row.amount);
    let refund = match refund_of_line(told.preset) {
        true => rows.iter().map(|row| row.refund).sum(),
        false => total(&|row| row.refund),
    };
    let mut numbers = BTreeMap::new();
    for name in rows[0].numbers.keys() {
        let mut values = rows.iter().map(|row| row.numbers[name]);
        let value = match *name {
            "unit_price" | "unit_cost" => {
                let first = values.next().flatten();
                first.filter(|first| values.all(|other| other == Some(*first)))
            }
            _ => values.flatten().reduce(|a, b| a + b),
        };
        numbers.insert(*name, value);
    }
    let mut texts = BTreeMap::new();
    for name in rows[0].texts.keys() {
        let there = rows.iter().filter_map(|row| row.texts[name].clone().map(|text| (row.at, text)));
        texts.insert(*name, there.min().map(|(_, text)| text));
    }
    let mut first = rows[0].clone();
    let sales = || rows.iter().filter(|row| row.amount > 0).map(|row| row.at);
    first.at = sales().min().or_else(|| rows.iter().map(|row| row.at).min()).unwrap_or_default();
    first.paid_at = rows.iter().map(|row| row.paid_at.unwrap_or(row.at)).min();
    canon(told, &first, [amount, refund], &numbers, &texts)
}

pub fn lines(told: &Told, sales: &[Sale]) -> Vec<Canon> {
    let line = |row: &Sale, amounts: [i64; 2]| canon(told, row, amounts, &row.numbers, &row.texts);
    if !told.order_amounts() {
        return written(sales).map(|row| line(row, [row.amount, row.refund])).collect();
    }
    let mut all = Vec::new();
    for group in groups(sales) {
        let weights: Vec<i64> = group.iter().map(|row| weight(row)).collect();
        let amounts = shares(group[0].amount, &weights);
        let refunds = shares(group[0].refund, &weights);
        for (at, row) in group.into_iter().enumerate() {
            let refund = if refund_of_line(told.preset) { row.refund } else { refunds[at] };
            all.push(line(row, [amounts[at], refund]));
        }
    }
    all
}

fn weight(row: &Sale) -> i64 {
    let number = |name: &str| row.numbers.get(name).copied().flatten();
    match (row.line_amount, number("quantity"), number("unit_price")) {
        (Some(amount), ..) if amount > 0 => amount,
        (_, Some(pieces), Some(price)) => pieces * price / 10_000,
        _ => 0,
    }
}

/// By largest remainder, the earlier line first.
pub fn shares(total: i64, weights: &[i64]) -> Vec<i64> {
    let all: i64 = weights.iter().sum();
    let weights: Vec<i64> = if all == 0 { vec![1; weights.len()] } else { weights.to_vec() };
    let all = i128::from(weights.iter().sum::<i64>());
    let product = |weight: &i64| i128::from(total) * i128::from(*weight);
    let mut shares: Vec<i64> = weights.iter().map(|weight| (product(weight) / all) as i64).collect();
    while shares.iter().sum::<i64>() < total {
        let left = |at: &usize| product(&weights[*at]) - i128::from(shares[*at]) * all;
        let most = (0..shares.len()).max_by_key(|at| (left(at), std::cmp::Reverse(*at))).unwrap_or(0);
        shares[most] += 1;
    }
    shares
}
