//! Steps as typed, as what is asked of the events; and errors that say which step they are about.

use super::journeys::Selector;
use crate::error::Error;
use crate::reports::funnel::selectors::Alternative;

/// What is to be marked with `bit`. Alternatives without a condition are one selector.
pub fn selectors(bit: usize, alternatives: &[Alternative]) -> Vec<(usize, Selector)> {
    let plain = alternatives.iter().filter(|one| one.condition.is_none());
    let plain: Vec<&Alternative> = plain.collect();
    let mut selectors = Vec::new();
    if plain.iter().any(|one| one.event.is_none()) {
        selectors.push((bit, Selector::default()));
    } else if !plain.is_empty() {
        let events = plain.iter().filter_map(|one| one.event.clone()).collect();
        selectors.push((bit, Selector { events, condition: None }));
    }
    let with_condition = alternatives.iter().filter(|one| one.condition.is_some());
    selectors.extend(with_condition.map(|one| {
        let events = one.event.iter().cloned().collect();
        (bit, Selector { events, condition: one.condition.clone() })
    }));
    selectors
}

/// An error about a condition says where it was typed: `option`, and in which of `items` (what it is called, its
/// alternatives).
pub fn name_condition<'a>(
    error: Error,
    option: &str,
    items: impl IntoIterator<Item = (String, &'a [Alternative])>,
) -> Error {
    let Error::BadWhere { expression, why, columns } = error else { return error };
    let has = |alternatives: &[Alternative]| {
        alternatives.iter().any(|one| one.condition.as_deref() == Some(expression.as_str()))
    };
    match items.into_iter().find(|(_, alternatives)| has(alternatives)) {
        Some((item, _)) => Error::BadOption {
            option: option.into(),
            value: expression,
            why: format!("the condition of {item}: {why}"),
            hint: (!columns.is_empty()).then(|| format!("columns there: {}", columns.join(", "))),
        },
        None => Error::BadWhere { expression, why, columns },
    }
}
