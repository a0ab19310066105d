//! The groups of `--by`: each customer belongs to one.

use crate::facts::ids::AttributeColumn;

/// The values of `--by` in the order of their bytes, none last, and which one each customer has.
#[derive(Debug, Clone)]
pub struct Groups<'a> {
    pub values: Vec<Option<&'a str>>,
    /// Per customer: index into `values`.
    pub of: Vec<u32>,
}

impl<'a> Groups<'a> {
    pub fn new(column: &'a AttributeColumn) -> Self {
        const UNSEEN: u32 = u32::MAX;
        let names = column.values();
        // Codes sort as their values do; the place behind the last is "no value".
        let place = |code: u32| (code as usize).min(names.len());
        let mut numbers = vec![UNSEEN; names.len() + 1];
        for code in column.codes() {
            numbers[place(*code)] = 0;
        }
        let mut values = Vec::new();
        for (place, number) in numbers.iter_mut().enumerate().filter(|(_, number)| **number != UNSEEN) {
            *number = values.len() as u32;
            values.push((place < names.len()).then(|| names.get(place)));
        }
        Self { values, of: column.codes().iter().map(|code| numbers[place(*code)]).collect() }
    }

    /// Everybody in one group, which has no value.
    pub fn one(customers: usize) -> Self {
        Self { values: vec![None], of: vec![0; customers] }
    }
}
