//! The presets of western shops and payment services: that they are sound, and what their formulas make of rows as the
//! platforms write them.

use std::collections::HashMap;

use super::{Alternative, DropReason, Grain, Kind, Preset, RefundSemantics, Source};
use crate::input::Frame;
use crate::input::columns::{key, vocabulary};
use crate::input::decimal_mark::DecimalMark;
use crate::input::formula::{Formula, Type, Value};

const TEXTS: [(&str, &str); 12] = [
    ("amazon_all_orders", include_str!("amazon_all_orders.toml")),
    ("amazon_unshipped", include_str!("amazon_unshipped.toml")),
    ("etsy_order_items", include_str!("etsy_order_items.toml")),
    ("etsy_orders", include_str!("etsy_orders.toml")),
    ("magento2_orders", include_str!("magento2_orders.toml")),
    ("paypal_activity", include_str!("paypal_activity.toml")),
    ("shopify_orders", include_str!("shopify_orders.toml")),
    ("square_items", include_str!("square_items.toml")),
    ("stripe_payments", include_str!("stripe_payments.toml")),
    ("stripe_payments_legacy", include_str!("stripe_payments_legacy.toml")),
    ("woocommerce_analytics", include_str!("woocommerce_analytics.toml")),
    ("woocommerce_webtoffee", include_str!("woocommerce_webtoffee.toml")),
];

fn preset(id: &str) -> Preset {
    let (_, text) = TEXTS.iter().find(|(known, _)| *known == id).unwrap();
    toml::from_str(text).unwrap_or_else(|error| panic!("{id}: {error}"))
}

fn parse(text: &str, at: &str) -> Formula {
    Formula::parse(text, at).unwrap_or_else(|error| panic!("{error}"))
}

/// The first alternative whose columns are all in the file, as the reader takes it.
fn chosen(source: &Source, row: &[(&str, &str)]) -> Option<Formula> {
    let is_there = |name: &str| row.iter().any(|(column, _)| key(column) == key(name));
    source.0.iter().find_map(|alternative| {
        let formula = match alternative {
            Alternative::Column(name) => format!("\"{name}\""),
            Alternative::Formula { formula } => formula.clone(),
            Alternative::Constant { constant } => format!("'{constant}'"),
        };
        Some(parse(&formula, "test")).filter(|formula| formula.columns().iter().all(|name| is_there(name)))
    })
}

fn shown(formula: &Formula, row: &[(&str, &str)]) -> String {
    let columns = formula.columns();
    let cell = |at: usize| row.iter().find(|(name, _)| key(name) == key(&columns[at])).map(|(_, cell)| *cell);
    match formula.value(&cell, DecimalMark::Point) {
        Value::Missing => "missing".into(),
        Value::Unreadable(cell) => format!("unreadable {cell}"),
        Value::Number(e4) => crate::input::values::money::format_e4(e4),
        Value::Text(text) => text.into_owned(),
        Value::Flag(flag) => flag.to_string(),
    }
}

/// What a canonical column is for a row; `missing` where the file has none.
fn canonical(preset: &Preset, name: &str, row: &[(&str, &str)]) -> String {
    let formula = preset.columns.get(name).and_then(|source| chosen(source, row));
    formula.map_or("missing".into(), |formula| shown(&formula, row))
}

fn is_dropped(preset: &Preset, row: &[(&str, &str)]) -> Option<DropReason> {
    let is_there = |name: &str| row.iter().position(|(column, _)| *column == name);
    let rule = preset.drop.iter().find(|rule| {
        let formula = parse(&rule.when, "test");
        formula.columns_present(is_there).is_some() && shown(&formula, row) == "true"
    });
    rule.map(|rule| rule.reason)
}

fn holds(preset: &Preset, row: &[(&str, &str)]) -> bool {
    let identity = preset.identity.as_ref().unwrap();
    shown(&parse(&identity.equation, "test"), row) == "true"
}

#[test]
fn every_preset_is_sound() {
    let known: Vec<&str> = vocabulary(Frame::Orders).iter().map(|column| column.name).collect();
    for (id, _) in TEXTS {
        let preset = preset(id);
        assert_eq!(preset.id, id);
        let header: Vec<String> = preset.header.iter().map(|name| key(name)).collect();
        let check = |name: &str, at: &str| {
            assert!(header.contains(&key(name)), "{id}: {at}: {name:?} is not in header");
        };
        let check_formula = |text: &str, at: &str| {
            let formula = parse(text, &format!("{id}.toml: {at}"));
            formula.columns().iter().for_each(|name| check(name, at));
            formula.result()
        };
        let print = &preset.fingerprint;
        print.required.iter().chain(&print.distinctive).for_each(|name| check(name, "fingerprint"));
        print.any_of.iter().flatten().for_each(|name| check(name, "fingerprint.any_of"));
        for name in &print.forbidden {
            assert!(!header.contains(&key(name)), "{id}: forbids its own {name:?}");
        }
        for (canonical, source) in &preset.columns {
            assert!(known.contains(&canonical.as_str()), "{id}: {canonical}");
            assert!(!source.0.is_empty());
            for alternative in &source.0 {
                match alternative {
                    Alternative::Column(name) => check(name, canonical),
                    Alternative::Formula { formula } => {
                        assert_ne!(check_formula(formula, canonical), Type::Flag, "{id}: {canonical}");
                    }
                    Alternative::Constant { .. } => {}
                }
            }
        }
        for required in ["order_id", "ordered_at", "amount"] {
            assert!(preset.columns.contains_key(required), "{id}: {required}");
        }
        for rule in &preset.drop {
            assert_eq!(check_formula(&rule.when, "drop"), Type::Flag, "{id}");
        }
        if let Some(identity) = &preset.identity {
            assert_eq!(check_formula(&identity.equation, "identity"), Type::Flag, "{id}");
            assert!((0.0..=1.0).contains(&identity.least));
        }
        if let Some(status) = &preset.status {
            status.column.iter().chain(&status.detail).for_each(|name| check(name, "status"));
        }
        preset.key.iter().for_each(|name| check(name, "key"));
        assert_eq!(preset.kind == Kind::Payments, !preset.key.is_empty(), "{id}");
        for (canonical, name) in preset.items.iter().flat_map(|items| &items.columns) {
            assert!(known.contains(&canonical.as_str()), "{id}: {canonical}");
            check(&name.replace("{n}", "1"), "items");
        }
        assert_eq!(preset.grain == Grain::OrderWideItems, preset.items.is_some(), "{id}");
        let amounts = preset.amounts.as_ref().unwrap();
        // What went back has a column, unless the file or its status alone tells.
        let has_column = matches!(amounts.refunds, RefundSemantics::Gross | RefundSemantics::Rows);
        assert_eq!(preset.columns.contains_key("refund_amount"), has_column, "{id}");
        assert!(preset.way_out.is_some(), "{id}");
    }
}

/// Each header is recognised as its own preset and as no other of these.
#[test]
fn fingerprints_are_their_own() {
    for (id, _) in TEXTS {
        let own = preset(id);
        let header: Vec<String> = own.header.iter().map(|name| key(name)).collect();
        let has = |name: &String| header.contains(&key(name));
        for (other, _) in TEXTS {
            let print = preset(other).fingerprint;
            let fits = print.required.iter().all(has)
                && print.any_of.iter().all(|group| group.iter().any(has))
                && !print.forbidden.iter().any(has);
            assert_eq!(fits, other == id, "the header of {id} under {other}");
        }
    }
}

#[test]
fn shopify() {
    let preset = preset("shopify_orders");
    let first = [
        ("Name", "#1001"),
        ("Email", ""),
        ("Phone", "'+1 555 0100"),
        ("Subtotal", "30.00"),
        ("Shipping", "5.00"),
        ("Taxes", "2.80"),
        ("Total", "37.80"),
        ("Refunded Amount", "10.00"),
    ];
    assert_eq!(canonical(&preset, "order_id", &first), "#1001");
    assert_eq!(canonical(&preset, "customer_id", &first), "+1 555 0100");
    assert_eq!(canonical(&preset, "amount", &first), "37.80");
    assert_eq!(canonical(&preset, "refund_amount", &first), "10.00");
    assert!(holds(&preset, &first));
    let with = |changes: &[(&'static str, &'static str)]| {
        let mut row: HashMap<&str, &str> = first.into_iter().collect();
        row.extend(changes.iter().copied());
        row.into_iter().collect::<Vec<_>>()
    };
    // Prices with tax in them; a second line, filled from the first where it is the order's; a column that has moved.
    assert!(holds(&preset, &with(&[("Total", "35.00")])));
    assert!(holds(&preset, &with(&[("Subtotal", ""), ("Shipping", ""), ("Taxes", "")])));
    assert!(!holds(&preset, &with(&[("Total", "3780")])));
}

#[test]
fn webtoffee_knows_guests_by_their_mail() {
    let preset = preset("woocommerce_webtoffee");
    let mail = [("customer_id", "0"), ("customer_email", ""), ("billing_email", "a@example.com")];
    assert_eq!(canonical(&preset, "customer_id", &mail), "a@example.com");
    assert_eq!(
        canonical(&preset, "customer_id", &[("customer_id", "12"), ("customer_email", "b@example.com")]),
        "12"
    );
    assert_eq!(canonical(&preset, "customer_id", &[("customer_id", "0")]), "missing");
    assert_eq!(canonical(&preset, "customer_id", &[("billing_email", "c@example.com")]), "c@example.com");
}

#[test]
fn etsy_refunds_are_what_the_adjustment_took() {
    let preset = preset("etsy_orders");
    for (adjusted, refund) in
        [("", "0"), ("0", "0"), ("0.00", "0"), ("20.50", "4.5"), ("abc", "unreadable abc")]
    {
        let row = [("Order Total", "25.00"), ("Adjusted Order Total", adjusted)];
        assert_eq!(canonical(&preset, "refund_amount", &row), refund, "{adjusted:?}");
        assert_eq!(canonical(&preset, "amount", &row), "25.00");
    }
}

#[test]
fn square_refunds_are_rows() {
    let preset = preset("square_items");
    let sale = [
        ("Date", "2024-05-01"),
        ("Time", "10:15:00"),
        ("Event Type", "Payment"),
        ("Gross Sales", "$18.00"),
        ("Discounts", "-$3.00"),
        ("Net Sales", "$15.00"),
        ("Tax", "$1.20"),
    ];
    let back = [
        ("Event Type", "Refund"),
        ("Gross Sales", "($18.00)"),
        ("Discounts", "$3.00"),
        ("Net Sales", "($15.00)"),
        ("Tax", "-$1.20"),
    ];
    assert_eq!(canonical(&preset, "ordered_at", &sale), "2024-05-01 10:15:00");
    // Positive where something was taken off, as on every platform.
    assert_eq!(canonical(&preset, "discount", &sale), "3");
    assert_eq!(canonical(&preset, "discount", &back), "-3");
    for (row, amount, refund) in [(&sale[..], "16.2", "0"), (&back, "0", "16.2")] {
        assert_eq!(canonical(&preset, "amount", row), amount);
        assert_eq!(canonical(&preset, "refund_amount", row), refund);
        assert!(holds(&preset, row));
    }
    // Older files: no tax, no kind of event.
    assert_eq!(
        canonical(&preset, "amount", &[("Event Type", "Payment"), ("Net Sales", "$1,015.00")]),
        "1015"
    );
    assert_eq!(canonical(&preset, "refund_amount", &[("Event Type", "Refund"), ("Net Sales", "-$2")]), "2");
    assert_eq!(canonical(&preset, "amount", &[("Net Sales", "-$2")]), "-$2");
}

#[test]
fn stripe_takes_the_currency_of_the_account() {
    for id in ["stripe_payments", "stripe_payments_legacy"] {
        let preset = preset(id);
        assert_eq!(preset.time_zone.as_deref(), Some("UTC"));
        let row = [
            ("Amount", "1,000.00"),
            ("Amount Refunded", "100.00"),
            ("Converted Amount", "1,090.00"),
            ("Converted Amount Refunded", "109.00"),
            ("Customer ID", ""),
            ("Customer Email", "a@example.com"),
            ("Mode", "Live"),
        ];
        assert_eq!(canonical(&preset, "amount", &row), "1,090.00");
        assert_eq!(canonical(&preset, "refund_amount", &row), "109.00");
        assert_eq!(canonical(&preset, "customer_id", &row), "a@example.com");
        assert_eq!(canonical(&preset, "amount", &[("Amount", "5.00")]), "5.00");
        // A failed payment has a time of creation: it must not be taken for a time of payment.
        assert!(!preset.columns.contains_key("paid_at"));
        assert_eq!(is_dropped(&preset, &row), None);
        assert_eq!(is_dropped(&preset, &[("Mode", "Test")]), Some(DropReason::Test));
    }
}

#[test]
fn paypal_rows() {
    let preset = preset("paypal_activity");
    let row = |kind: &'static str, gross: &'static str| {
        [
            ("Date", "13/01/2026"),
            ("Time", "00:45:58"),
            ("Type", kind),
            ("Gross", gross),
            ("From Email Address", "from@example.com"),
            ("To Email Address", "to@example.com"),
            ("Transaction ID", "T2"),
            ("Reference Txn ID", "T1"),
        ]
    };
    for (kind, gross, amount, refund, customer, order, dropped) in [
        ("Express Checkout Payment", "1,060.00", "1060", "0", "from@example.com", "T2", false),
        ("Payment Refund", "-60.00", "0", "60", "to@example.com", "T1", false),
        ("Chargeback", "-60.00", "0", "60", "to@example.com", "T1", false),
        ("General Withdrawal", "-500.00", "0", "500", "to@example.com", "T1", true),
        ("PreApproved Payment Bill User Payment", "-7.00", "0", "7", "to@example.com", "T1", true),
        ("Bank Deposit to PP Account ", "60.00", "60", "0", "from@example.com", "T2", true),
        ("Reversal of General Account Hold", "60.00", "60", "0", "from@example.com", "T2", true),
        ("Chargeback Fee", "-20.00", "0", "20", "to@example.com", "T1", true),
        ("General Currency Conversion", "12.00", "12", "0", "from@example.com", "T2", true),
        ("Express Checkout Payment", "", "missing", "0", "from@example.com", "T2", false),
    ] {
        let row = row(kind, gross);
        assert_eq!(canonical(&preset, "amount", &row), amount, "{kind} {gross}");
        assert_eq!(canonical(&preset, "refund_amount", &row), refund, "{kind} {gross}");
        assert_eq!(canonical(&preset, "customer_id", &row), customer, "{kind} {gross}");
        assert_eq!(canonical(&preset, "order_id", &row), order, "{kind} {gross}");
        assert_eq!(is_dropped(&preset, &row), dropped.then_some(DropReason::Ignored), "{kind} {gross}");
    }
    assert_eq!(canonical(&preset, "ordered_at", &row("x", "1")), "13/01/2026 00:45:58");
    assert!(holds(&preset, &[("Gross", "60.00"), ("Fee", "-2.04"), ("Net", "57.96")]));
    assert_eq!(is_dropped(&preset, &[("Balance Impact", "Memo")]), Some(DropReason::Ignored));
}
