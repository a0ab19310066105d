//! From counts to findings: how grave each is. The lines drawn here are those of check.md.

use chrono::NaiveDate;

use super::CheckSettings;
use crate::facts::quality::{Counted, Example, Gap, Quality};
use crate::output::report::Severity;

/// Something that was found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Finding {
    /// A key of `[checks]` in text/*.toml.
    pub(super) check: &'static str,
    pub(super) severity: Severity,
    /// `None` where it is not about rows.
    pub(super) rows: Option<u64>,
    /// A key of `[advice]`.
    pub(super) advice: &'static str,
    pub(super) examples: Vec<Example>,
}

/// Missing ids, dates or amounts: from this share of all rows it is an error.
const MISSING_IS_ERROR: f64 = 0.5;
/// Masked ids: from this share of the rows in use.
const MASKED_IS_ERROR: f64 = 0.1;
const ZERO_IS_WARNING: f64 = 0.05;
const NEGATIVE_IS_WARNING: f64 = 0.2;
/// Amounts far out: when they hold this share of all positive amounts.
const OUTLYING_IS_WARNING: f64 = 0.01;
/// A column of ids is rounded when this share of its long numbers ends in zeros, of at least this many rows.
const ROUNDED_SHARE: f64 = 0.9;
const ROUNDED_ROWS: u64 = 20;
/// Fewer orders say nothing about who orders how often.
const ORDERS_FOR_ONE_CUSTOMER: u64 = 20;
const ORDERS_FOR_NO_RETURN: u64 = 1_000;
const ORDERS_FOR_DOMINANCE: u64 = 100;
const CUSTOMERS_FOR_DOMINANCE: u64 = 20;
/// Missing days, in usual distances, from which a gap is a warning.
const GAP_IS_WARNING: i64 = 28;
const SHOWN: usize = 3;

/// The gravest first, else in the order of check.md. A check that found nothing is not among them.
pub(super) fn all(settings: &CheckSettings, quality: &Quality) -> Vec<Finding> {
    let mut found = List { settings, quality, findings: Vec::new() };
    found.left_out();
    found.ids();
    found.customers();
    found.orders();
    found.dates();
    found.amounts();
    let mut findings = found.findings;
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

struct List<'a> {
    settings: &'a CheckSettings,
    quality: &'a Quality,
    findings: Vec<Finding>,
}

impl List<'_> {
    fn add(&mut self, check: &'static str, severity: Severity, counted: &Counted, advice: &'static str) {
        if counted.rows > 0 {
            let (rows, examples) = (Some(counted.rows), counted.examples.clone());
            self.findings.push(Finding { check, severity, rows, advice, examples });
        }
    }

    fn add_plain(
        &mut self,
        check: &'static str,
        severity: Severity,
        rows: Option<u64>,
        advice: &'static str,
    ) {
        self.findings.push(Finding { check, severity, rows, advice, examples: Vec::new() });
    }

    /// `at_least` the share of `of`: `above`, else `below`.
    fn graded(rows: u64, of: u64, at_least: f64, above: Severity, below: Severity) -> Severity {
        if rows as f64 >= at_least * of as f64 { above } else { below }
    }

    fn left_out(&mut self) {
        let q = self.quality;
        if q.rows_used == 0 {
            self.add_plain("no_rows_in_use", Severity::Error, Some(q.rows_read), "see_why_rows_are_left_out");
        }
        let missing = |counted: &Counted| {
            if self.settings.strict {
                Severity::Error
            } else {
                Self::graded(counted.rows, q.rows_read, MISSING_IS_ERROR, Severity::Error, Severity::Warning)
            }
        };
        let unreadable = q.unreadable_dates.rows + q.unreadable_amounts.rows + q.overlong_rows.rows;
        let refused = self.settings.strict || unreadable as f64 > self.settings.max_bad * q.rows_read as f64;
        let bad = if refused { Severity::Error } else { Severity::Warning };
        let short = if self.settings.strict { Severity::Error } else { Severity::Warning };
        for (check, severity, counted, advice) in [
            (
                "missing_customer_ids",
                missing(&q.missing_customer_ids),
                &q.missing_customer_ids,
                "fill_in_ids_or_do_without",
            ),
            ("missing_dates", missing(&q.missing_dates), &q.missing_dates, "fill_in_dates_or_map_column"),
            ("unreadable_dates", bad, &q.unreadable_dates, "give_date_format"),
            (
                "missing_amounts",
                missing(&q.missing_amounts),
                &q.missing_amounts,
                "fill_in_amounts_or_map_column",
            ),
            ("unreadable_amounts", bad, &q.unreadable_amounts, "correct_amounts_or_map_column"),
            ("overlong_rows", bad, &q.overlong_rows, "quote_fields_or_give_delimiter"),
            ("short_rows", short, &q.short_rows, "see_whether_rows_are_cut_off"),
        ] {
            self.add(check, severity, counted, advice);
        }
    }

    fn ids(&mut self) {
        let q = self.quality;
        let again = "export_ids_as_text";
        self.add("destroyed_customer_ids", Severity::Error, &q.destroyed_customer_ids, again);
        self.add("destroyed_order_ids", Severity::Error, &q.destroyed_order_ids, again);
        let is_rounded = q.rounded_ids.rows >= ROUNDED_ROWS
            && q.rounded_ids.rows as f64 >= ROUNDED_SHARE * q.long_number_ids as f64;
        if is_rounded {
            self.add("rounded_ids", Severity::Error, &q.rounded_ids, again);
        }
        self.add("spreadsheet_errors", Severity::Error, &q.spreadsheet_errors, again);
        let masked =
            Self::graded(q.masked_ids.rows, q.rows_used, MASKED_IS_ERROR, Severity::Error, Severity::Warning);
        self.add("masked_ids", masked, &q.masked_ids, "export_ids_without_masking");
    }

    fn customers(&mut self) {
        let q = self.quality;
        let of_column = "map_another_customer_column";
        if q.customers == 1 && q.orders >= ORDERS_FOR_ONE_CUSTOMER {
            self.add_plain("single_customer", Severity::Error, Some(q.rows_used), of_column);
        }
        if q.customers == q.orders && q.orders >= ORDERS_FOR_NO_RETURN {
            self.add_plain("customer_per_order", Severity::Warning, Some(q.rows_used), of_column);
        }
        if q.customers >= CUSTOMERS_FOR_DOMINANCE && q.orders >= ORDERS_FOR_DOMINANCE {
            self.add(
                "dominant_customers",
                Severity::Warning,
                &q.dominant_customers,
                "leave_out_collective_accounts",
            );
        }
    }

    fn orders(&mut self) {
        let q = self.quality;
        let repeated = if q.duplicates_are_certain { Severity::Warning } else { Severity::Info };
        self.add("duplicate_rows", repeated, &q.duplicate_rows, "remove_repeated_rows");
        self.add(
            "orders_with_several_customers",
            Severity::Warning,
            &q.orders_with_several_customers,
            "see_whether_order_ids_are_unique",
        );
        self.add("missing_order_ids", Severity::Info, &q.missing_order_ids, "fill_in_order_ids");
    }

    fn dates(&mut self) {
        let q = self.quality;
        self.add("dates_after_as_of", Severity::Warning, &q.dates_after_as_of, "correct_dates_or_move_as_of");
        self.add("dates_before_1990", Severity::Warning, &q.dates_before_1990, "correct_dates_or_use_since");
        if let (Some(longest), Some(usual)) = (q.gaps.first(), q.usual_distance_days) {
            let is_long = longest.days() >= GAP_IS_WARNING * usual;
            self.findings.push(Finding {
                check: "gaps_in_days",
                severity: if is_long { Severity::Warning } else { Severity::Info },
                rows: None,
                advice: "look_for_missing_exports",
                examples: q.gaps.iter().take(SHOWN).map(gap_example).collect(),
            });
        }
    }

    fn amounts(&mut self) {
        let q = self.quality;
        let (warning, info) = (Severity::Warning, Severity::Info);
        self.add("mixed_currencies", Severity::Error, &q.mixed_currencies, "convert_or_keep_one_currency");
        let zero = Self::graded(q.zero_amounts.rows, q.rows_used, ZERO_IS_WARNING, warning, info);
        self.add("zero_amounts", zero, &q.zero_amounts, "see_what_was_free");
        let negative = Self::graded(q.negative_amounts.rows, q.rows_used, NEGATIVE_IS_WARNING, warning, info);
        self.add("negative_amounts", negative, &q.negative_amounts, "confirm_that_these_are_refunds");
        if let Some(outliers) = &q.outliers {
            let weighs = outliers.sum_e4 as f64 >= OUTLYING_IS_WARNING * outliers.of_e4 as f64;
            let severity = if weighs { warning } else { info };
            self.add("outlying_amounts", severity, &q.outlying_amounts, "confirm_these_amounts");
        }
        self.add("refunds_above_amount", warning, &q.refunds_above_amount, "see_how_refunds_are_written");
    }
}

/// A gap as an interval of ISO 8601, both days without orders.
fn gap_example(gap: &Gap) -> Example {
    let day =
        |day: i32| NaiveDate::from_epoch_days(day).map_or_else(|| day.to_string(), |date| date.to_string());
    Example { value: format!("{}/{}", day(gap.first), day(gap.last)), ..Example::default() }
}
