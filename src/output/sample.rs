//! Reports for the tests of this room: one as a user would see it, one made of everything that could go wrong.

use chrono::NaiveDate;
use serde_json::json;

use crate::output::report::{Alert, Cells, Column, InputAccount, Kind, Label, Note, Report, Severity, Table};

/// Segments and customers, as `rfm` gives them.
pub fn ordinary() -> Report {
    let keys = ["champions", "loyal", "potential_loyalists", "hibernating", "cant_lose", "new"];
    let actions = [
        "Reward them: early access, a personal contact, ask for a review and a referral",
        "Offer more of what they buy; a tier above theirs within reach",
        "Recommend related products, invite to the membership",
        "One cheap attempt: a standard offer, then silence",
        "Win them back in person: call, ask, offer something of real worth",
        "Welcome series; make the second purchase easy",
    ];
    let customers = [633, 1_200, 484, 1_071, 63, 42];
    let revenue =
        [44_981_873_904_i64, 25_012_340_500, 4_230_001_234, 4_998_765_432, 1_750_000_000, 120_055_050];
    let all: f64 = customers.iter().sum::<i64>() as f64;
    let total: f64 = revenue.iter().sum::<i64>() as f64;
    let segments = Table {
        name: "segments",
        long: false,
        twin_of: None,
        drawn_as: None,
        extract: Default::default(),
        columns: vec![
            Column::new("segment", Kind::Key("segments"), Cells::texts(keys)),
            Column::new("customers", Kind::Count, Cells::ints(customers)),
            Column::new(
                "customer_share",
                Kind::Ratio,
                Cells::Float(customers.iter().map(|c| Some(*c as f64 / all)).collect()),
            ),
            Column::new("revenue", Kind::Money, Cells::Money(revenue.map(Some).to_vec())),
            Column::new(
                "revenue_share",
                Kind::Ratio,
                Cells::Float(revenue.iter().map(|r| Some(*r as f64 / total)).collect()),
            ),
            Column::new("orders", Kind::Count, Cells::ints([7_890_i64, 5_400, 1_210, 1_390, 510, 44])),
            Column::new(
                "avg_order_value",
                Kind::Money,
                Cells::Float(vec![
                    Some(570.112),
                    Some(463.191),
                    Some(349.586),
                    None,
                    Some(343.137),
                    Some(272.852),
                ]),
            ),
            Column::new(
                "recency_days_median",
                Kind::Number(1),
                Cells::Float([8.0, 25.0, 17.0, 219.5, 131.0, 12.0].map(Some).to_vec()),
            ),
            Column::new(
                "frequency_mean",
                Kind::Number(2),
                Cells::Float([12.46, 4.5, 2.5, 1.298, 8.095, 1.0476].map(Some).to_vec()),
            ),
            Column::new(
                "monetary_mean",
                Kind::Money,
                Cells::Float([7106.14, 2084.36, 873.97, 466.74, 2777.78, 285.85].map(Some).to_vec()),
            ),
            Column::new("action", Kind::Text, Cells::texts(actions)),
        ],
    };
    let customers = Table {
        name: "customers",
        long: true,
        twin_of: None,
        drawn_as: None,
        extract: Default::default(),
        columns: vec![
            Column::new("customer_id", Kind::Id, Cells::texts(["00123", "12346", "张三", "=1+1"])),
            Column::new(
                "last_order_at",
                Kind::DateTime,
                Cells::DateTime(
                    [1_323_435_000_000_000_i64, 1_295_346_060_123_456, 1_323_434_999_000_000, 0]
                        .map(Some)
                        .to_vec(),
                ),
            ),
            Column::new("recency_days", Kind::Days, Cells::ints([0, 325, 0, 15_317])),
            Column::new(
                "monetary",
                Kind::Money,
                Cells::Money(vec![Some(43_100_000), Some(771_836_000), Some(-5), None]),
            ),
            Column::new("r", Kind::Score, Cells::ints([5, 1, 5, 1])),
            Column::new("first_channel", Kind::Text, Cells::texts(["Tmall 天猫", "JD", "WeChat", "store"])),
            Column::new(
                "segment",
                Kind::Key("segments"),
                Cells::texts(["champions", "hibernating", "loyal", "new"]),
            ),
        ],
    };
    Report {
        command: "rfm".into(),
        as_of: NaiveDate::from_ymd_opt(2011, 12, 9).and_then(|d| d.and_hms_opt(12, 50, 0)),
        params: [
            ("scoring", json!("quantile")),
            ("bins", json!(5)),
            ("where", json!("quantity > 0 AND unit_price > 0")),
            ("compare_to", json!(null)),
            ("weights", json!([1, 1.5, 2])),
        ]
        .into_iter()
        .map(|(k, v)| (k.to_owned(), v))
        .collect(),
        input: vec![InputAccount {
            frame: "orders".into(),
            files: vec!["online_retail.csv.gz".into()],
            preset: "none".into(),
            rows_read: 541_909,
            rows_used: 397_884,
            dropped: vec![("missing customer_id".into(), 135_080), ("by --where".into(), 8_945)],
            reconciliation: None,
        }],
        tables: vec![segments, customers],
        alerts: vec![Alert {
            id: "roi_below_line".into(),
            severity: Severity::Warning,
            message: "the return on spend is below the line".into(),
            value: Some(0.4),
            threshold: Some(1.0),
            note: None,
        }],
        notes: vec![Note::new("sample_note").with("customers", 12)],
        definitions: "# RFM\n\nRecency, frequency, monetary value\nof each customer.\n\n## Counted\n\n- paid orders\n- up to as_of\n\n| cell | segment |\n| --- | --- |\n| 55 | champions |\n".into(),
        labels: Vec::new(),
    }
}

/// What no format may stumble over, in every kind of column.
pub const HOSTILE: [&str; 14] = [
    "=HYPERLINK(\"http://example.com\",\"x\")",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tcmd",
    "＝1+1",
    "<script>alert('x')</script> & \"quotes\" | `code` *bold* _em_ [l](u)",
    "two\nlines\r\nand three",
    "👨‍👩‍👧‍👦 ❤️ 🇨🇳 café",
    "שלום עולם \u{202e}reversed",
    "\u{1b}[31mred\u{1b}[0m\u{7}\u{0}",
    "00123",
    "",
    " 微信小程序，旗舰店；满100减20 ",
];

/// A table with every kind of cell, each with gaps, and texts from `HOSTILE` and one of 5,000 characters.
pub fn hostile() -> Report {
    let long = "长text ".repeat(834);
    let texts: Vec<Option<String>> =
        HOSTILE.iter().map(|t| Some((*t).to_owned())).chain([Some(long), None]).collect();
    let height = texts.len();
    fn cycle<T: Copy>(values: &[Option<T>], height: usize) -> Vec<Option<T>> {
        values.iter().copied().cycle().take(height).collect()
    }
    let table = Table {
        name: "mixed",
        long: false,
        twin_of: None,
        drawn_as: None,
        extract: Default::default(),
        columns: vec![
            Column::new("id", Kind::Id, Cells::Text(texts.clone())),
            Column::new("=name|", Kind::Text, Cells::Text(texts.iter().rev().cloned().collect())),
            Column::new(
                "key",
                Kind::Key("segments"),
                Cells::Text(
                    cycle(&[Some(()), None], height)
                        .iter()
                        .map(|v| v.map(|()| "no_such_key".into()))
                        .collect(),
                ),
            ),
            Column::new(
                "count",
                Kind::Count,
                Cells::Int(cycle(&[Some(i64::MIN), Some(i64::MAX), None, Some(0), Some(1_234_567)], height)),
            ),
            Column::new(
                "money",
                Kind::Money,
                Cells::Money(cycle(
                    &[Some(i64::MIN), Some(i64::MAX), None, Some(-5), Some(89_114_079_040)],
                    height,
                )),
            ),
            Column::new(
                "mean",
                Kind::Money,
                Cells::Float(cycle(
                    &[Some(1e300), Some(f64::NAN), None, Some(0.1 + 0.2), Some(-1e-7)],
                    height,
                )),
            ),
            Column::new(
                "ratio",
                Kind::Ratio,
                Cells::Float(cycle(
                    &[Some(0.0), Some(1.0), Some(f64::INFINITY), Some(-0.5), Some(1.0 / 3.0)],
                    height,
                )),
            ),
            Column::new(
                "number",
                Kind::Number(3),
                Cells::Float(cycle(&[Some(f64::MIN_POSITIVE), Some(2.5), None], height)),
            ),
            Column::new(
                "date",
                Kind::Date,
                Cells::Date(cycle(&[Some(15_317), Some(i32::MIN), None, Some(-30_000), Some(0)], height)),
            ),
            Column::new(
                "at",
                Kind::DateTime,
                Cells::DateTime(cycle(
                    &[Some(1_323_435_000_000_000), Some(i64::MAX), None, Some(-1), Some(0)],
                    height,
                )),
            ),
            Column::new("flag", Kind::Bool, Cells::Bool(cycle(&[Some(true), Some(false), None], height))),
        ],
    };
    let empty = Table {
        name: "empty",
        long: false,
        twin_of: None,
        drawn_as: None,
        extract: Default::default(),
        columns: vec![
            Column::new("customer_id", Kind::Id, Cells::Text(Vec::new())),
            Column::new("revenue", Kind::Money, Cells::Money(Vec::new())),
        ],
    };
    Report {
        command: "=hostile".into(),
        params: [("where".to_owned(), json!("=1+1 OR \"a\nb\""))].into_iter().collect(),
        tables: vec![table, empty],
        notes: vec![Note::new("no_such_note").with("value", "\"quoted\"\n</script>")],
        ..Report::default()
    }
}

/// A triangle of 13 cohorts by 13 months, as `cohort` gives it: shares, the first of them (always 1) not shaded, the last of
/// each cohort of a month that is still running; the second table is the money of the same.
pub fn triangle() -> Report {
    const MONTHS: usize = 13;
    let labels = (0..MONTHS).map(|m| format!("{}-{:02}", 2023 + m / 12, m % 12 + 1));
    let sizes: [i64; MONTHS] = [1_137, 1_214, 968, 745, 1_002, 877, 640, 711, 1_350, 2_104, 3_877, 1_540, 96];
    // Something that falls with age, differs by cohort and has every size of number.
    let share = |cohort: usize, age: usize| {
        let noise = (cohort * 31 + age * 17) % 13;
        if age == 0 { 1.0 } else { 0.31 / (1.0 + age as f64 * 0.6) + noise as f64 * 0.004_37 }
    };
    let money = |cohort: usize, age: usize| {
        let spent: f64 = (0..=age).map(|month| share(cohort, month) * 412.5).sum();
        (spent * sizes[cohort] as f64 * 1e4) as i64
    };
    let is_there = |cohort: usize, age: usize| cohort + age < MONTHS;
    let is_running = |age: usize| (0..MONTHS).map(|cohort| cohort + age == MONTHS - 1).collect::<Vec<_>>();
    let heads = |columns: &mut Vec<Column>| {
        columns.push(Column::new("cohort", Kind::Text, Cells::texts(labels.clone())));
        columns.push(Column::new("cohort_size", Kind::Count, Cells::ints(sizes)));
    };
    let (mut retention, mut revenue) = (Vec::new(), Vec::new());
    heads(&mut retention);
    heads(&mut revenue);
    for age in 0..MONTHS {
        let name = format!("period_{age}");
        let cells = (0..MONTHS).map(|cohort| is_there(cohort, age).then(|| share(cohort, age))).collect();
        let mut column = Column::new(&name, Kind::Ratio, Cells::Float(cells)).shaded(is_running(age));
        column.shaded = age > 0;
        retention.push(column);
        let cells = (0..MONTHS).map(|cohort| is_there(cohort, age).then(|| money(cohort, age))).collect();
        revenue.push(Column::new(&name, Kind::Money, Cells::Money(cells)).shaded(is_running(age)));
    }
    let cells = Column::new("cohort", Kind::Text, Cells::texts(labels));
    let label = |section, key: &str, en: &str, zh: &str| Label {
        section,
        key: key.into(),
        en: en.into(),
        zh: zh.into(),
    };
    Report {
        command: "triangle".into(),
        labels: vec![
            label("reports", "triangle", "Triangle", "三角"),
            label("columns", "cohort", "cohort", "同期群"),
            label("columns", "cohort_size", "cohort size", "首购人数"),
            label("tables", "matrix", "retention", "留存率"),
            label("tables", "money", "cumulative revenue", "累计销售额"),
        ],
        as_of: NaiveDate::from_ymd_opt(2024, 1, 16).and_then(|d| d.and_hms_opt(23, 59, 59)),
        tables: vec![
            Table { twin_of: Some("matrix"), ..Table::new("cells", false, vec![cells]) },
            Table::new("matrix", false, retention),
            Table::new("money", false, revenue),
        ],
        ..Report::default()
    }
}
