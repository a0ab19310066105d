//! Formulas against an evaluator that is written another way: on the untyped tree that they are printed from, in i128.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::decimal_mark::DecimalMark;
use super::super::values::money::format_e4;
use super::{Formula, Value, quote_name};

/// A formula as the oracle has it.
#[derive(Debug, Clone)]
enum Tree {
    Number(i64),
    Cell(usize),
    Binary(char, Box<Tree>, Box<Tree>),
    Minus(Box<Tree>),
    Abs(Box<Tree>),
    If(Box<Tree>, Box<Tree>, Box<Tree>),
    Coalesce(Vec<Tree>),
    /// Flags.
    Compare(&'static str, Box<Tree>, Box<Tree>),
    Same(usize, &'static str),
    IsMissing(Box<Tree>),
    Logic(&'static str, Box<Tree>, Box<Tree>),
    Not(Box<Tree>),
}

const NAMES: [&str; 4] = ["a", "实付金额", "Order #", "end"];
const STATUSES: [&str; 3] = ["已发货,待收货", "0", "x"];

/// What the oracle computes: numbers as i128, flags as 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Known {
    Missing,
    Bad,
    Is(i128),
}

impl Tree {
    fn print(&self) -> String {
        match self {
            Self::Number(e4) => format_e4(*e4),
            Self::Cell(at) => quote_name(NAMES[*at]),
            Self::Binary(sign, left, right) => format!("({}{sign}{})", left.print(), right.print()),
            Self::Minus(inner) => format!("-{}", inner.print()),
            Self::Abs(inner) => format!("abs({})", inner.print()),
            Self::If(flag, yes, no) => {
                format!("CASE WHEN {} then {} else {}\nend", flag.print(), yes.print(), no.print())
            }
            Self::Coalesce(several) => {
                format!("coalesce({})", several.iter().map(Self::print).collect::<Vec<_>>().join(" , "))
            }
            // A sum with 0 is a number for sure.
            Self::Compare(sign, left, right) => format!("{}+0{sign}{}", left.print(), right.print()),
            Self::Same(at, text) => format!("{}='{text}'", quote_name(NAMES[*at])),
            Self::IsMissing(inner) => format!("({}+0) is missing", inner.print()),
            Self::Logic(word, left, right) => format!("(({}) {word} ({}))", left.print(), right.print()),
            Self::Not(inner) => format!("not ({})", inner.print()),
        }
    }

    fn known(&self, cells: &[&str; 4]) -> Known {
        use Known::{Bad, Is, Missing};
        let fits = |value: i128| if i64::try_from(value).is_ok() { Is(value) } else { Bad };
        let both = |left: Known, right: Known, join: &dyn Fn(i128, i128) -> Known| match (left, right) {
            (Bad, _) | (_, Bad) => Bad,
            (Is(left), Is(right)) => join(left, right),
            _ => Missing,
        };
        match self {
            Self::Number(e4) => Is(i128::from(*e4)),
            Self::Cell(at) => match cells[*at] {
                "" | "-" => Missing,
                cell => cell.parse::<f64>().map_or(Bad, |units| Is((units * 1e4).round() as i128)),
            },
            Self::Binary(sign, left, right) => {
                both(left.known(cells), right.known(cells), &|left, right| match sign {
                    '+' => fits(left + right),
                    '-' => fits(left - right),
                    _ => {
                        let exact = left * right;
                        let half = if exact < 0 { -5000 } else { 5000 };
                        fits((exact + half) / 10_000)
                    }
                })
            }
            Self::Minus(inner) => match inner.known(cells) {
                Is(value) => fits(-value),
                other => other,
            },
            Self::Abs(inner) => match inner.known(cells) {
                Is(value) => fits(value.abs()),
                other => other,
            },
            Self::If(flag, yes, no) => match flag.known(cells) {
                Is(0) => no.known(cells),
                Is(_) => yes.known(cells),
                other => other,
            },
            Self::Coalesce(several) => {
                several.iter().map(|one| one.known(cells)).find(|value| *value != Missing).unwrap_or(Missing)
            }
            Self::Compare(sign, left, right) => match (left.known(cells), right.known(cells)) {
                (Bad, _) | (_, Bad) => Bad,
                (Is(left), Is(right)) => Is(i128::from(match *sign {
                    "=" => left == right,
                    "<>" => left != right,
                    "<" => left < right,
                    "<=" => left <= right,
                    ">" => left > right,
                    _ => left >= right,
                })),
                _ => Is(0),
            },
            Self::Same(at, text) => Is(i128::from(cells[*at] == *text)),
            Self::IsMissing(inner) => match inner.known(cells) {
                Bad => Bad,
                value => Is(i128::from(value == Missing)),
            },
            Self::Logic(word, left, right) => {
                let deciding = Is(i128::from(*word == "or"));
                match (left.known(cells), right.known(cells)) {
                    (left, right) if left == deciding || right == deciding => deciding,
                    (Bad, _) | (_, Bad) => Bad,
                    (left, _) => left,
                }
            }
            Self::Not(inner) => match inner.known(cells) {
                Is(flag) => Is(1 - flag),
                other => other,
            },
        }
    }
}

fn numbers() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        (0..2_000_000_i64).prop_map(Tree::Number),
        Just(Tree::Number(9_000_000_000_000_000_000)),
        (0..4_usize).prop_map(Tree::Cell),
    ];
    leaf.prop_recursive(6, 60, 4, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        prop_oneof![
            (prop_oneof![Just('+'), Just('-'), Just('*')], boxed.clone(), boxed.clone())
                .prop_map(|(sign, left, right)| Tree::Binary(sign, left, right)),
            boxed.clone().prop_map(Tree::Minus),
            boxed.clone().prop_map(Tree::Abs),
            (flags(inner.clone().boxed()).prop_map(Box::new), boxed.clone(), boxed)
                .prop_map(|(flag, yes, no)| Tree::If(flag, yes, no)),
            prop::collection::vec(inner, 1..4).prop_map(Tree::Coalesce),
        ]
    })
}

fn flags(number: BoxedStrategy<Tree>) -> impl Strategy<Value = Tree> {
    let boxed = number.prop_map(Box::new);
    let leaf = prop_oneof![
        (prop::sample::select(vec!["=", "<>", "<", "<=", ">", ">="]), boxed.clone(), boxed.clone())
            .prop_map(|(sign, left, right)| Tree::Compare(sign, left, right)),
        (0..4_usize, prop::sample::select(STATUSES.to_vec())).prop_map(|(at, text)| Tree::Same(at, text)),
        boxed.prop_map(Tree::IsMissing),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        let boxed = inner.prop_map(Box::new);
        prop_oneof![
            (prop::sample::select(vec!["and", "or"]), boxed.clone(), boxed.clone())
                .prop_map(|(word, left, right)| Tree::Logic(word, left, right)),
            boxed.prop_map(Tree::Not),
        ]
    })
}

fn cells() -> impl Strategy<Value = [&'static str; 4]> {
    let cell = prop::sample::select(vec![
        "",
        "-",
        "0",
        "12.5",
        "-3",
        "100.0001",
        "900000000000000",
        "x",
        "已发货,待收货",
    ]);
    [cell.clone(), cell.clone(), cell.clone(), cell]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn values_are_the_oracles(tree in numbers(), cells in cells()) {
        let printed = format!("{} + 0", tree.print());
        // Longer than a formula may be, or deeper.
        let Ok(formula) = Formula::parse(&printed, "oracle") else {
            prop_assert!(printed.chars().count() > 4000, "{}", printed);
            return Ok(());
        };
        let named: BTreeMap<&str, &str> = NAMES.into_iter().zip(cells).collect();
        let columns = formula.columns();
        let cell = |at: usize| named.get(columns[at].as_str()).copied().filter(|cell| !cell.is_empty());
        let expected = tree.known(&cells);
        match formula.value(&cell, DecimalMark::Point) {
            Value::Missing => prop_assert_eq!(expected, Known::Missing, "{}", printed),
            Value::Number(e4) => prop_assert_eq!(expected, Known::Is(i128::from(e4)), "{}", printed),
            Value::Unreadable(blamed) => {
                prop_assert_eq!(expected, Known::Bad, "{}", printed);
                prop_assert!(cells.contains(&blamed) || blamed == printed, "{}", blamed);
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }
}
