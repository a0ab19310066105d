//! Shaded triangles: they fit, they hold every number, marks and blanks say what they should; colours change nothing else.

use super::*;
use crate::output::sample::triangle;

fn plan(name: &str, lang: Lang, width: usize, color: bool) -> OutputPlan {
    OutputPlan { lang, width, color, ..plan_of(Format::Table, named(name)) }
}

fn shown(name: &str, lang: Lang, width: usize) -> String {
    text(&triangle(), &plan(name, lang, width, false))
}

/// Without the sequences that paint.
fn plain(painted: &str) -> String {
    let mut plain = String::new();
    let mut rest = painted;
    while let Some((before, sequence)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = sequence.split_once('m').map_or("", |(_, rest)| rest);
    }
    plain + rest
}

/// What stands in the rows of blocks, without the marks of the scale.
fn bare(blocks: &[Vec<&str>]) -> Vec<Vec<Vec<String>>> {
    let words = |line: &&str| -> Vec<String> {
        let line = line.replace(['░', '▒', '▓', '█'], " ");
        line.split_whitespace().map(str::to_owned).collect()
    };
    blocks.iter().map(|rows| rows.iter().map(words).collect()).collect()
}

/// The rows of each block: below a rule, up to a blank line or the foot.
fn blocks(text: &str) -> Vec<Vec<&str>> {
    let mut blocks: Vec<Vec<&str>> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        if line.starts_with('─') {
            blocks.push(Vec::new());
            open = true;
        } else if line.is_empty() {
            open = false;
        } else if open && line.starts_with("202") {
            blocks.last_mut().unwrap().push(line);
        }
    }
    blocks
}

fn number(shown: &str) -> Option<f64> {
    let units = [("k", 1e3), ("M", 1e6), ("万", 1e4), ("亿", 1e8), ("%", 0.01)];
    let shown = shown.trim_end_matches(['*', '░', '▒', '▓', '█']).replace(',', "");
    let (digits, unit) = units
        .iter()
        .find_map(|(name, size)| shown.strip_suffix(name).map(|digits| (digits.to_owned(), *size)))
        .unwrap_or((shown, 1.0));
    digits.parse::<f64>().ok().map(|n| n * unit)
}

#[test]
fn no_line_is_wider_than_the_room_and_every_number_is_there() {
    let report = triangle();
    for name in ["matrix", "money"] {
        let table = report.tables.iter().find(|t| t.name == name).unwrap();
        for lang in [Lang::En, Lang::Zh] {
            for width in 30..=200 {
                let painted = plain(&text(&report, &plan(name, lang, width, true)));
                let shown = shown(name, lang, width);
                assert_eq!(bare(&blocks(&painted)), bare(&blocks(&shown)), "{name} {width}");
                for line in painted.lines().chain(shown.lines()) {
                    assert!(layout::width(line) <= width, "{name} {width}: {line:?}");
                }
                let blocks = blocks(&shown);
                // In less room the size of the cohort stands in the first block alone.
                for row in 0..if width < 45 { 0 } else { table.height() } {
                    // The cohort, its size, then the values; a block may have a row without any.
                    let numbers: Vec<f64> = blocks
                        .iter()
                        .flat_map(|block| block[row].split_whitespace().skip(2))
                        .filter_map(number)
                        .collect();
                    let values: Vec<f64> =
                        table.columns[2..].iter().filter_map(|c| shade::value(c, row)).collect();
                    assert_eq!(numbers.len(), values.len(), "{name} {width} {row}\n{shown}");
                    for (shown, value) in numbers.iter().zip(values) {
                        let error = if name == "matrix" { 0.005_000_1 } else { value.abs() * 0.005 + 0.005 };
                        assert!((shown - value).abs() <= error, "{width}: {shown} for {value}");
                    }
                }
            }
        }
    }
}

#[test]
fn with_room_enough_nothing_is_rounded_more_than_elsewhere() {
    let wide = shown("matrix", Lang::En, 200);
    assert!(wide.contains("100.0%") && !wide.contains("Rounded"), "{wide}");
    let money = shown("money", Lang::En, 200);
    assert!(money.contains("469,012.50"), "{money}");
    let narrow = shown("matrix", Lang::En, 80);
    assert!(narrow.contains(" 100% ") && narrow.contains("Rounded to fit"), "{narrow}");
    assert_eq!(blocks(&narrow).len(), 1, "{narrow}");
}

#[test]
fn blocks_repeat_the_columns_in_front() {
    let folded = shown("matrix", Lang::En, 50);
    assert!(blocks(&folded).len() > 1, "{folded}");
    for block in blocks(&folded) {
        assert_eq!(block.len(), 13);
        for (row, size) in [(0, "1,137"), (10, "3,877")] {
            assert_eq!(block[row].split_whitespace().nth(1), Some(size), "{folded}");
        }
    }
}

#[test]
fn running_periods_are_marked_and_absent_ones_blank() {
    let shown = shown("matrix", Lang::En, 100);
    assert_eq!(shown.matches('*').count(), 13 + 1, "one of each cohort, and the line that says so:\n{shown}");
    assert!(shown.contains("\n* period still running\n"), "{shown}");
    assert!(!shown.contains('–'), "{shown}");
    let last = shown.lines().find(|line| line.starts_with("2024-01")).unwrap();
    assert_eq!(last.split_whitespace().collect::<Vec<_>>(), ["2024-01", "96", "100.0%*"], "{shown}");
    assert!(text(&triangle(), &plan("money", Lang::Zh, 80, false)).contains("* 统计周期未结束"));
}

#[test]
fn markdown_marks_and_leaves_blank_too() {
    let markdown = text(&triangle(), &plan_of(Format::Markdown, named("matrix")));
    assert!(markdown.contains("| 100.0%\\* |"), "{markdown}");
    assert!(!markdown.contains('–'), "{markdown}");
    assert!(markdown.ends_with("|\n\n\\* period still running\n"), "{markdown}");
    let rules = markdown.lines().filter(|line| line.starts_with("| :---")).count();
    assert_eq!(rules, 1);
}

#[test]
fn workbooks_have_one_scale_and_say_what_is_running() {
    let mut plan = plan_of(Format::Xlsx, named("matrix"));
    plan.lang = Lang::Zh;
    let files = formats::unzipped(&bytes(&triangle(), &plan));
    let file = |name: &str| files.iter().find(|(n, _)| n.ends_with(name)).unwrap().1.as_str();
    let sheet = file("sheet1.xml");
    assert_eq!(sheet.matches("<colorScale>").count(), 1, "{sheet}");
    assert!(sheet.contains("sqref=\"D2:O14\""), "the first period is not on the scale: {sheet}");
    assert!(sheet.contains("rgb=\"FFECF6FF\"") && sheet.contains("rgb=\"FF79B0EC\""), "{sheet}");
    assert!(!sheet.contains("dataBar"), "{sheet}");
    assert!(sheet.contains("xSplit=\"2\"") && sheet.contains("topLeftCell=\"C2\""), "{sheet}");
    assert!(!sheet.contains("r=\"O14\""), "absent cells are empty");
    let styles = file("styles.xml");
    assert!(styles.contains("0.0%&quot;*&quot;") && styles.contains("0.0%_*"), "{styles}");
    assert!(styles.contains("<i/>") && styles.contains("FF404040"), "{styles}");
    assert!(file("sharedStrings.xml").contains("统计周期未结束"));

    // Shaded columns with others between them: one scale all the same.
    let cell = |name: &str, values: [f64; 2]| {
        Column::new(name, Kind::Ratio, Cells::Float(values.map(Some).to_vec()))
    };
    let columns = vec![
        cell("a", [0.1, 0.2]).shaded(Vec::new()),
        cell("b", [0.3, 0.4]),
        cell("c", [0.5, 0.6]).shaded(Vec::new()),
    ];
    let report = Report { tables: vec![Table::new("t", false, columns)], ..Report::default() };
    let files = formats::unzipped(&bytes(&report, &plan_of(Format::Xlsx, named("t"))));
    let sheet = &files.iter().find(|(n, _)| n.ends_with("sheet1.xml")).unwrap().1;
    assert!(sheet.contains("sqref=\"A2:A3 C2:C3\""), "{sheet}");
}

#[test]
fn programs_get_plain_numbers() {
    for format in [Format::Csv, Format::Tsv, Format::Json, Format::Ndjson] {
        let bytes = text(&triangle(), &plan_of(format, named("matrix")));
        assert!(!bytes.contains('*') && !bytes.contains('%'), "{}: {bytes}", format.key());
    }
}

#[test]
fn a_twin_is_for_programs() {
    let report = triangle();
    let tables = |format| {
        let plan = plan_of(format, TableChoice::Standard);
        select::tables(&report, &plan).unwrap().iter().map(|t| t.name).collect::<Vec<_>>()
    };
    assert_eq!(tables(Format::Table), ["matrix", "money"]);
    assert_eq!(tables(Format::Json), ["cells", "matrix", "money"]);
    assert_eq!(tables(Format::Xlsx), ["matrix", "money", "cells"], "behind those for the eye");
    let plan = plan_of(Format::Csv, TableChoice::First);
    assert_eq!(select::tables(&report, &plan).unwrap()[0].name, "cells");
    let chosen = plan_of(Format::Table, named("cells"));
    assert_eq!(select::tables(&report, &chosen).unwrap()[0].name, "cells");
    let mut alone = triangle();
    alone.tables.retain(|table| table.name == "cells");
    let plan = plan_of(Format::Table, TableChoice::Standard);
    assert_eq!(select::tables(&alone, &plan).unwrap().len(), 1, "nothing else shows it");
}

#[test]
fn odd_tables_are_shown_too() {
    let shaded = |name: &str, kind, cells| Column::new(name, kind, cells).shaded(Vec::new());
    let tables = [
        // Nothing in front of the cells, negative values, ratios over 1, a huge one.
        Table::new(
            "t",
            false,
            vec![
                shaded("period_0", Kind::Ratio, Cells::Float(vec![Some(-0.5), Some(2.5), None])),
                shaded("period_1", Kind::Ratio, Cells::Float(vec![Some(1e300), None, Some(f64::NAN)])),
            ],
        ),
        // All values equal; no values; no rows; shaded columns with others between them.
        Table::new(
            "t",
            false,
            vec![
                Column::new("cohort", Kind::Text, Cells::texts(["一".repeat(60), "b".into()])),
                shaded("a", Kind::Count, Cells::ints([7, 7])),
                Column::new("note", Kind::Text, Cells::Text(vec![None, Some("x".repeat(70))])),
                shaded("b", Kind::Money, Cells::Float(vec![None, None])),
                shaded("c", Kind::Days, Cells::Int(vec![Some(7), None])),
            ],
        ),
        Table::new("t", false, vec![shaded("a", Kind::Count, Cells::Int(Vec::new()))]),
    ];
    for table in tables {
        let report = Report { tables: vec![table], ..Report::default() };
        for width in 40..160 {
            for color in [false, true] {
                let shown = plain(&text(&report, &plan("t", Lang::Zh, width, color)));
                for line in shown.lines() {
                    assert!(layout::width(line) <= width, "{width}: {line:?}");
                }
            }
        }
        for format in Format::ALL {
            bytes(&report, &plan_of(format, named("t")));
        }
    }
}

#[test]
fn triangles_look_as_they_did() {
    insta::assert_snapshot!("matrix_en_80", shown("matrix", Lang::En, 80));
    insta::assert_snapshot!("matrix_zh_120", shown("matrix", Lang::Zh, 120));
    insta::assert_snapshot!("money_en_100", shown("money", Lang::En, 100));
    insta::assert_snapshot!("money_zh_80", shown("money", Lang::Zh, 80));
    let escaped = |name, lang, palette| {
        let plan = OutputPlan { palette, ..plan(name, lang, 80, true) };
        text(&triangle(), &plan).replace('\u{1b}', "␛")
    };
    insta::assert_snapshot!("matrix_en_80_true_color", escaped("matrix", Lang::En, Palette::True));
    insta::assert_snapshot!("matrix_zh_80_indexed", escaped("matrix", Lang::Zh, Palette::Indexed));
}
