//! Every format on every kind of value, read back; the plan's refusals; files that are whole or not there.

mod formats;
mod plans;
mod sinks;
mod steps;
mod triangles;

use super::*;
use crate::text::Lang;

/// A plan without a look at the surroundings.
fn plan_of(format: Format, choice: TableChoice) -> OutputPlan {
    OutputPlan {
        format,
        choice,
        target: sink::Target::Stdout,
        lang: Lang::En,
        bom: false,
        excel_safe: false,
        mask: None,
        color: false,
        palette: Palette::True,
        width: 120,
    }
}

fn named(name: &str) -> TableChoice {
    TableChoice::Named(vec![name.to_owned()])
}

fn bytes(report: &Report, plan: &OutputPlan) -> Vec<u8> {
    to_bytes(report, plan).unwrap_or_else(|error| panic!("{}: {error}", plan.format.key()))
}

fn text(report: &Report, plan: &OutputPlan) -> String {
    String::from_utf8(bytes(report, plan)).unwrap_or_else(|error| panic!("{error}"))
}
