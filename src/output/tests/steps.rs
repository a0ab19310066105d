//! Steps drawn with bars: they fit, the bars are as long as the shares, nothing of it is in other formats.

use super::*;
use crate::output::layout::width;
use crate::output::report::{Drawing, Label};

fn steps(by: bool) -> Report {
    let names =
        ["exposure", "click|scan", "pay[value>=100 and channel='微信小程序' and campaign='双十一预售']"];
    let repeat = if by { 2 } else { 1 };
    let over = |values: [Option<f64>; 3]| Cells::Float(values.into_iter().cycle().take(3 * repeat).collect());
    let ints = |values: [Option<i64>; 3]| Cells::Int(values.into_iter().cycle().take(3 * repeat).collect());
    let mut columns = vec![
        Column::new("step", Kind::Count, ints([1, 2, 3].map(Some))),
        Column::new("name", Kind::Text, Cells::texts(names.into_iter().cycle().take(3 * repeat))),
        Column::new("users", Kind::Count, ints([12_345, 9_135, 3].map(Some))),
        Column::new("from_first", Kind::Ratio, over([Some(1.0), Some(0.74), Some(0.000_243)])),
        Column::new("from_previous", Kind::Ratio, over([None, Some(0.74), Some(0.000_328)])),
        Column::new("dropped", Kind::Count, ints([None, Some(3_210), Some(9_132)])),
        Column::new("open", Kind::Count, ints([None, Some(0), Some(45)])),
        Column::new("from_previous_closed", Kind::Ratio, over([None, Some(0.74), Some(0.000_33)])),
        Column::new("median_seconds", Kind::Seconds, over([None, Some(7_800.0), Some(12.0)])),
        Column::new("p90_seconds", Kind::Seconds, over([None, Some(97_200.0), Some(90.0)])),
        Column::new("lower", Kind::Ratio, over([None, Some(0.7), Some(0.1)])),
    ];
    if by {
        let values = [None, None, None, Some("微信"), Some("微信"), Some("微信")];
        let values = values.into_iter().map(|value| value.map(str::to_owned)).collect();
        columns.insert(0, Column::new("channel", Kind::Text, Cells::Text(values)));
        let parts = ["all", "all", "all", "value", "value", "value"];
        columns.insert(0, Column::new("part", Kind::Key("parts"), Cells::texts(parts)));
    }
    let label = |key: &str, en: &str, zh: &str| Label {
        section: "columns",
        key: key.into(),
        en: en.into(),
        zh: zh.into(),
    };
    Report {
        command: "drawn".into(),
        labels: vec![
            label("step", "step", "步骤"),
            label("users", "users", "人数"),
            label("from_first", "from first", "总转化率"),
            label("from_previous", "from previous", "上一步转化率"),
        ],
        tables: vec![Table { drawn_as: Some(Drawing::Steps), ..Table::new("steps", false, columns) }],
        ..Report::default()
    }
}

fn drawn(by: bool, lang: Lang, width: usize, color: bool) -> String {
    text(&steps(by), &OutputPlan { lang, width, color, ..plan_of(Format::Table, named("steps")) })
}

#[test]
fn steps_are_drawn_with_bars() {
    let text = drawn(false, Lang::En, 80, false);
    let expected = "\
step                            users  from first                  from previous
────────────────────────────────────────────────────────────────────────────────
1  exposure                    12,345  ███████████████████ 100.0%
   ▼ 3,210 left (26.0%), median 2 h 10 min, 90% within 1 d 3 h
2  click|scan                   9,135  ██████████████       74.0%          74.0%
   ▼ 9,132 left (99.9%), 45 of them still open, of closed entries 0.0% went on,
     median 12 s, 90% within 1 min 30 s
3  pay[value>=100 and               3  ▏                     0.0%           0.0%
";
    assert!(text.contains(expected), "{text}");
    let zh = drawn(false, Lang::Zh, 80, false);
    assert!(zh.contains("▼ 流失 3,210（26.0%），用时中位数 2小时10分，90% 在 1天3小时内\n"), "{zh}");
}

#[test]
fn drawings_fit() {
    for by in [false, true] {
        for lang in [Lang::En, Lang::Zh] {
            for room in (48..=160).chain([400]) {
                let text = drawn(by, lang, room, false);
                for line in text.lines() {
                    assert!(width(line) <= room, "{room}: {line}\n{text}");
                    assert_eq!(line, line.trim_end());
                }
                assert_eq!(text.matches("12,345").count(), if by { 2 } else { 1 });
            }
        }
    }
}

#[test]
fn bars_are_as_long_as_the_shares() {
    let text = drawn(false, Lang::En, 120, false);
    let lengths: Vec<usize> = text
        .lines()
        .map(|line| line.chars().filter(|c| ('█'..='▏').contains(c)).count())
        .filter(|cells| *cells > 0)
        .collect();
    // What is there at all shows.
    assert_eq!(lengths.len(), 3, "{text}");
    assert_eq!((lengths[0] * 74).div_ceil(100), lengths[1], "{text}");
    assert_eq!(lengths[2], 1);
}

#[test]
fn colours_change_nothing_else_and_other_formats_have_no_drawing() {
    let plain = drawn(true, Lang::Zh, 100, false);
    assert!(plain.contains("\nall\n1  exposure") && plain.contains("\n\n渠道: 微信\n1  exposure"), "{plain}");
    assert_eq!(plain.matches('▼').count(), 2, "the blocks of values are short");
    let painted = drawn(true, Lang::En, 100, true);
    assert!(painted.contains("\u{1b}[36m█"));
    for format in [Format::Csv, Format::Markdown, Format::Json] {
        let text = text(&steps(true), &plan_of(format, named("steps")));
        assert!(!text.contains(['█', '▼']) && text.contains("12"), "{text}");
    }
    let csv = text(&steps(false), &plan_of(Format::Csv, named("steps")));
    assert!(csv.contains(",7800"), "seconds stay seconds: {csv}");
}

/// Without rows, or without the columns of steps, the table is one of rows and columns.
#[test]
fn what_cannot_be_drawn_is_a_table() {
    let mut report = steps(false);
    report.tables[0].columns.retain(|column| column.name != "from_first");
    let plan = plan_of(Format::Table, named("steps"));
    assert!(text(&report, &plan).contains("7,800").eq(&false));
    assert!(text(&report, &plan).contains("2 h 10 min"));
    let mut report = steps(false);
    report.tables[0].retain(&[false; 3]);
    assert!(text(&report, &plan).contains("no rows"));
}
