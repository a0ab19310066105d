//! Which goods bring people back.

use super::RepurchaseSettings;
use super::people::People;
use crate::error::Result;
use crate::facts::histories::Items;
use crate::output::report::{Cells, Column, Kind, Note, Table};
use crate::stats::kaplan_meier::{Count, Curve, Interval};

/// Days until something, or until as_of where it has not come yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Wait {
    days: u32,
    came: bool,
}

/// What a customer did after the first purchase of a value.
#[derive(Debug, Clone, Copy)]
struct Buyer {
    group: u32,
    /// Index into the values; `NO_VALUE` for none, which is the last.
    code: u32,
    /// The next purchase of anything.
    next: Wait,
    /// The next purchase of the same value.
    again: Wait,
    /// Whether the value was in the customer's first purchase.
    is_first: bool,
}

/// The table `products`, for each value of `--by`: values by customers, the most first, then in byte order; no value last among
/// equals. A note tells how many are not shown.
pub(super) fn table(
    settings: &RepurchaseSettings,
    people: &People<'_>,
    items: &Items,
    notes: &mut Vec<Note>,
) -> Result<Option<Table>> {
    let mut customers = vec![0_u64; people.groups.values.len()];
    let mut buyers = Vec::new();
    for customer in 0..people.len() {
        if people.days(customer).next().is_some() {
            customers[people.group(customer)] += 1;
            push_buyers(people, items, customer, &mut buyers);
        }
    }
    buyers.sort_unstable_by_key(|buyer| (buyer.group, buyer.code));
    let mut of_values: Vec<&[Buyer]> =
        buyers.chunk_by(|a, b| (a.group, a.code) == (b.group, b.code)).collect();
    of_values.sort_by_key(|of| (of[0].group, std::cmp::Reverse(of.len()), of[0].code));

    let groups = of_values.chunk_by(|a, b| a[0].group == b[0].group);
    let shown: Vec<&[Buyer]> = groups.flat_map(|group| group.iter().take(settings.top)).copied().collect();
    if shown.len() < of_values.len() {
        let hidden = of_values.len() - shown.len();
        notes.push(Note::new("repurchase_products_hidden").with("values", hidden).with("top", settings.top));
    }

    let counts = |count: &dyn Fn(&[Buyer]) -> usize| Cells::ints(shown.iter().map(|of| count(of) as i64));
    let shares = |part: &dyn Fn(&[Buyer]) -> usize, whole: &dyn Fn(&[Buyer]) -> usize| {
        Cells::Float(shown.iter().map(|of| ratio(part(of), whole(of))).collect())
    };
    let medians = |wait: fn(&Buyer) -> Wait| Cells::Float(shown.iter().map(|of| median(of, wait)).collect());
    let all = |of: &[Buyer]| of.len();
    let came_back = |of: &[Buyer]| of.iter().filter(|buyer| buyer.next.came).count();
    let came_again = |of: &[Buyer]| of.iter().filter(|buyer| buyer.again.came).count();
    let first = |of: &[Buyer]| of.iter().filter(|buyer| buyer.is_first).count();
    let first_came_back = |of: &[Buyer]| of.iter().filter(|buyer| buyer.is_first && buyer.next.came).count();
    let of_group = |of: &[Buyer]| customers[of[0].group as usize] as usize;
    let value = |of: &&[Buyer]| {
        let code = of[0].code as usize;
        (code < items.values.len()).then(|| items.values.get(code).to_owned())
    };

    let mut columns = Vec::new();
    columns.extend(people.by_column(shown.iter().map(|of| of[0].group as usize)));
    columns.extend([
        Column::new("value", Kind::Text, Cells::Text(shown.iter().map(value).collect())),
        Column::new("customers", Kind::Count, counts(&all)),
        Column::new("buyers_share", Kind::Ratio, shares(&all, &of_group)),
        Column::new("repeat_customers", Kind::Count, counts(&came_back)),
        Column::new("repeat_share", Kind::Ratio, shares(&came_back, &all)),
        Column::new("median_days_to_next", Kind::Reached, medians(|buyer| buyer.next)),
        Column::new("same_again_customers", Kind::Count, counts(&came_again)),
        Column::new("same_again_share", Kind::Ratio, shares(&came_again, &all)),
        Column::new("median_days_to_same_again", Kind::Reached, medians(|buyer| buyer.again)),
        Column::new("first_customers", Kind::Count, counts(&first)),
        Column::new("first_repeat_customers", Kind::Count, counts(&first_came_back)),
        Column::new("first_repeat_share", Kind::Ratio, shares(&first_came_back, &first)),
    ]);
    Ok(Some(Table::new("products", false, columns)))
}

/// Adds what a customer did, for each value bought up to as_of.
fn push_buyers(people: &People<'_>, items: &Items, customer: usize, buyers: &mut Vec<Buyer>) {
    let as_of = people.as_of_day;
    let days: Vec<i32> = people.days(customer).collect();
    let mut bought: Vec<(u32, i32)> =
        items.get(customer).map(|(day, code)| (code, day)).filter(|(_, day)| *day <= as_of).collect();
    bought.sort_unstable();
    for same in bought.chunk_by(|a, b| a.0 == b.0) {
        let (code, day) = same[0];
        let until =
            |next: Option<i32>| Wait { days: next.unwrap_or(as_of).abs_diff(day), came: next.is_some() };
        buyers.push(Buyer {
            group: people.group(customer) as u32,
            code,
            next: until(days.get(days.partition_point(|other| *other <= day)).copied()),
            again: until(same.get(1).map(|(_, day)| *day)),
            is_first: days.first() == Some(&day),
        });
    }
}

/// The days after which half of the buyers had come (Kaplan-Meier, open waits censored); `None`: not reached.
fn median(buyers: &[Buyer], wait: fn(&Buyer) -> Wait) -> Option<f64> {
    let count = |buyer: &Buyer| {
        let Wait { days, came } = wait(buyer);
        Count { time: days, events: came.into(), censored: (!came).into() }
    };
    let counts: Vec<Count> = buyers.iter().map(count).collect();
    Curve::new(&counts, Interval::default()).reached(0.5).time
}

fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests;
