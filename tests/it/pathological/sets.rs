//! The twelve data sets, and what `ltv` and `repurchase` are to say of each.

/// A row of orders: customer, day since 2024-01-01, cents.
pub type Row = (String, u32, i64);

/// A data set, and the alerts that it must raise, each named once, in their order.
pub struct Set {
    pub name: &'static str,
    pub rows: Vec<Row>,
    /// Options that every command gets.
    pub more: &'static [&'static str],
    /// Of the model of purchases: BG/NBD, MBG/NBD, Pareto/NBD; whichever is used.
    pub purchases: [&'static [&'static str]; 3],
    /// Of the model of spend: learnt from repeat purchases; from all of them, orders of 0 included.
    pub spend: [&'static [&'static str]; 2],
    /// Of the customers themselves.
    pub customers: &'static [&'static str],
    /// Of `repurchase`, about its model of cycles.
    pub cycles: &'static [&'static str],
    /// The median days to the next purchase by `--from-order all`, where it is known without computing it.
    pub median_days: Option<Option<f64>>,
}

impl Set {
    fn new(name: &'static str, rows: Vec<Row>) -> Self {
        let none: &'static [&'static str] = &[];
        Self {
            name,
            rows,
            more: none,
            purchases: [none; 3],
            spend: [none; 2],
            customers: none,
            cycles: none,
            median_days: None,
        }
    }
}

pub fn customer(number: usize) -> String {
    format!("{number:05}")
}

/// Purchases of `customers` people, without a generator of random numbers: first days, gaps and ends by arithmetic.
pub fn usual(customers: usize, days: u32, cents: impl Fn(usize, u32) -> i64) -> Vec<Row> {
    let mut rows = Vec::new();
    for number in 0..customers {
        let hash = (number as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let first = (hash >> 20) as u32 % (days / 2);
        let gap = 9 + (hash >> 33) as u32 % 70;
        let purchases = 1 + (hash >> 44) as u32 % 7;
        for n in 0..purchases {
            let day = first + n * gap + (hash >> (n + 3)) as u32 % 6;
            if day < days {
                rows.push((customer(number), day, cents(number, n)));
            }
        }
    }
    rows
}

/// Some amount, different from customer to customer and from purchase to purchase.
fn some(number: usize, n: u32) -> i64 {
    1_000 + (number as i64 * 37 + i64::from(n) * 11) % 4_000
}

fn one_repeater(number: usize) -> impl Iterator<Item = Row> {
    let first = (customer(number), (number % 200) as u32, 2_000 + number as i64);
    let second = (number == 17).then(|| (customer(number), 230, 3_000));
    std::iter::once(first).chain(second)
}

/// Three customers with 300 orders each within 500 days, the others with 1 to 5.
fn frequent(number: usize) -> impl Iterator<Item = Row> {
    let orders = if number < 3 { 300 } else { 1 + number as u32 % 5 };
    let day = move |n| (n * 500 / orders + number as u32) % 500;
    (0..orders).map(move |n| (customer(number), day(n), some(number, n)))
}

/// Pareto's law of index 2/3: no finite mean; each purchase 0.7 to 1.3 times the customer's own.
fn heavy(number: usize, n: u32) -> i64 {
    let cube = (number as i64 + 1).pow(3);
    300_000_000 / cube.isqrt() * (7 + (3 * number as i64 + i64::from(n)) % 7) / 10
}

/// A quarter pays nothing, the second purchase of another quarter is a refund that stands by itself.
fn negative(number: usize, n: u32) -> i64 {
    match (number % 4, n) {
        (0, _) => 0,
        (1, 1) => -5_000,
        _ => some(number, n),
    }
}

pub fn sets() -> Vec<Set> {
    // Nobody leaves, everybody buys at one pace, ...: what there is nothing of in the data runs to the edge.
    const EDGE: &[&str] = &["boundary_parameter"];
    const EDGE_BG: &[&str] = &["boundary_parameter", "p_alive_bg_nbd"];
    const FEW_EDGE: &[&str] = &["few_repeaters", "boundary_parameter"];
    const NO_REPEATERS: &[&str] = &["no_repeaters"];
    const ONE_DAY: &[&str] = &["one_day"];
    const FLAT: &[&str] = &["flat_parameter"];
    const CONSTANT: &[&str] = &["constant_spend"];
    const FEW_SPENDERS: &[&str] = &["few_spenders"];
    const DOUBTFUL: &[&str] = &["repurchase_cycle_leaving_doubtful", "repurchase_cycle_rates_doubtful"];
    let one_customer = (0..6).map(|n| (customer(1), n * 20, 1_000 + i64::from(n))).collect();
    let no_repeater = (0..300).map(|n| (customer(n), n as u32 % 180, some(n, 0))).collect();
    let all_equal = (0..200).flat_map(|n| (0..4).map(move |k| (customer(n), k * 30, 5_000))).collect();
    let one_day = (0..100).map(|n| (customer(n % 60), 5, some(n, 0))).collect();
    let one_cohort =
        usual(200, 365, some).into_iter().map(|(id, day, cents)| (id, day % 28, cents)).collect();
    let gap = |day| if day > 60 { day + 366 } else { day };
    let gap_of_a_year =
        usual(200, 120, some).into_iter().map(|(id, day, cents)| (id, gap(day), cents)).collect();
    vec![
        Set {
            purchases: [FEW_EDGE; 3],
            spend: [FEW_SPENDERS; 2],
            cycles: &[
                "repurchase_cycle_few_repeaters",
                "repurchase_cycle_leaving_doubtful",
                "repurchase_cycle_rates_doubtful",
            ],
            median_days: Some(Some(20.0)),
            ..Set::new("one customer", one_customer)
        },
        Set {
            purchases: [NO_REPEATERS; 3],
            spend: [FEW_SPENDERS, EDGE],
            cycles: &["repurchase_cycle_no_repeaters"],
            median_days: Some(None),
            ..Set::new("no repeater", no_repeater)
        },
        Set {
            purchases: [
                &["few_repeaters", "boundary_parameter", "p_alive_bg_nbd", "history_shorter_than_gap"],
                &["few_repeaters", "boundary_parameter", "history_shorter_than_gap"],
                &["few_repeaters", "boundary_parameter", "history_shorter_than_gap"],
            ],
            spend: [FEW_SPENDERS, FLAT],
            cycles: &["repurchase_cycle_few_repeaters", "repurchase_cycle_rates_doubtful"],
            median_days: Some(None),
            ..Set::new("one repeater in 500", (0..500).flat_map(one_repeater).collect())
        },
        Set {
            purchases: [EDGE; 3],
            spend: [CONSTANT; 2],
            cycles: DOUBTFUL,
            median_days: Some(Some(30.0)),
            ..Set::new("all equal", all_equal)
        },
        Set {
            purchases: [EDGE_BG, EDGE, EDGE],
            spend: [FLAT; 2],
            customers: &["very_frequent_buyers"],
            cycles: &["repurchase_cycle_leaving_doubtful"],
            ..Set::new("300 orders in 500 days", (0..60).flat_map(frequent).collect())
        },
        Set {
            purchases: [EDGE_BG, EDGE, EDGE],
            spend: [CONSTANT; 2],
            cycles: DOUBTFUL,
            ..Set::new("constant spend", usual(300, 365, |_, _| 9_900))
        },
        Set {
            purchases: [EDGE_BG, EDGE, EDGE],
            spend: [&["infinite_mean_spend"], &[]],
            cycles: DOUBTFUL,
            ..Set::new("heavy tail", usual(300, 365, heavy))
        },
        Set {
            purchases: [EDGE_BG, EDGE, EDGE],
            spend: [&[], FLAT],
            cycles: &["repurchase_cycle_leaving_doubtful"],
            ..Set::new("negative and zero revenue", usual(300, 365, negative))
        },
        Set {
            purchases: [ONE_DAY; 3],
            spend: [FEW_SPENDERS, EDGE],
            cycles: &["repurchase_cycle_no_time"],
            median_days: Some(None),
            ..Set::new("all on one day", one_day)
        },
        Set { more: &["--as-of", "2020-01-01"], ..Set::new("as_of before the data", usual(50, 365, some)) },
        Set {
            more: &["--as-of", "2024-12-31"],
            purchases: [EDGE_BG, EDGE, EDGE],
            cycles: DOUBTFUL,
            ..Set::new("one cohort", one_cohort)
        },
        Set {
            purchases: [EDGE_BG, EDGE, EDGE],
            cycles: &["repurchase_cycle_leaving_doubtful"],
            median_days: Some(Some(394.0)),
            ..Set::new("a gap of a year", gap_of_a_year)
        },
    ]
}
