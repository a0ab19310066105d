//! The options of `cohort` as they are typed: flags, `[cohort]` of siyu.toml and the help at once.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::reports::period::{PeriodUnit, WeekStart};

/// Options of `cohort`. What is not given is decided by [`CohortParams::resolve`].
#[derive(clap::Args, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "Cohort")]
pub struct CohortParams {
    /// Unit of cohorts, and with --calendar of the periods after them [default: month]
    #[arg(long, value_enum, value_name = "UNIT")]
    pub period: Option<PeriodUnit>,

    /// With --period week: the day that weeks begin with [default: monday]
    #[arg(long, value_enum, value_name = "DAY")]
    pub week_start: Option<WeekStart>,

    /// What is measured, see siyu explain cohort [default: retention]
    #[arg(long, value_enum)]
    pub measure: Option<Measure>,

    /// Periods are those of the calendar; period 0 is the cohort's own (the default)
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub calendar: Option<bool>,

    /// Periods are windows of this length from each customer's own first day, e.g. 30d or 4w [alone: 30d]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "30d", value_name = "LENGTH")]
    pub elapsed: Option<String>,

    /// Which day puts a customer into a cohort [default: first_purchase]
    #[arg(long, value_enum, value_name = "DAY")]
    pub cohort_by: Option<CohortBy>,

    /// With --cohort-by joined_at: file of members (customer_id, joined_at), glob or folder; may be repeated
    #[arg(long, value_name = "FILE")]
    pub members: Option<Vec<String>>,

    /// Periods to show after period 0: 12 shows 0 to 12 [default: all]
    #[arg(long, value_name = "N")]
    pub max_periods: Option<u32>,

    /// Orders of value 0 (gifts, coupons for the whole price) count as purchases
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub zero_orders: Option<bool>,
}

/// What a cell says of a cohort and a period (`--measure`). The denominators are in cohort.md.
#[derive(ValueEnum, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Share of the cohort that bought in the period
    #[default]
    Retention,
    /// Share of the cohort that has bought in some period from 1 on, by the end of this one
    CumulativeRetention,
    /// Share of the cohort with two purchases or more by the end of the period
    RepeatShare,
    /// Orders in the period
    Orders,
    /// Orders from the beginning to the end of the period
    CumulativeOrders,
    /// Net revenue in the period
    Revenue,
    /// Net revenue in the period per customer of the cohort
    RevenuePerCustomer,
    /// Net revenue to the end of the period per customer of the cohort: the LTV curve
    #[value(alias = "cumulative-revenue-per-customer")]
    #[serde(alias = "cumulative-revenue-per-customer")]
    CumulativeRevenue,
    /// Net revenue to the end of the period, of the cohort as a whole
    CumulativeTotalRevenue,
    /// Net revenue in the period per order in it
    AverageOrderValue,
}

impl Measure {
    /// Its key, in snake_case as those of all labels.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Retention => "retention",
            Self::CumulativeRetention => "cumulative_retention",
            Self::RepeatShare => "repeat_share",
            Self::Orders => "orders",
            Self::CumulativeOrders => "cumulative_orders",
            Self::Revenue => "revenue",
            Self::RevenuePerCustomer => "revenue_per_customer",
            Self::CumulativeRevenue => "cumulative_revenue",
            Self::CumulativeTotalRevenue => "cumulative_total_revenue",
            Self::AverageOrderValue => "average_order_value",
        }
    }
}

/// Which day puts a customer into a cohort.
#[derive(ValueEnum, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum CohortBy {
    /// The day of the first purchase
    #[default]
    FirstPurchase,
    /// The day on which the member joined, from --members
    JoinedAt,
}
