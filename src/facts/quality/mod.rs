//! What is doubtful in the data: one streaming pass over all rows, those that are left out included.
//!
//! ## Definition
//! Each check is defined in reports/check.md, which `siyu explain check` prints. Defects for which the reader leaves a row
//! out (something missing or unreadable) come from its own account; everything else is looked for in rows in use.
//!
//! ## Exactness
//! Counts and examples do not depend on the order in which rows arrive, on batches or on threads. Rows, customers and orders
//! are compared by hashes whose width [`repeats`] and [`people`] state.
//!
//! ## Memory
//! 24 bytes per row in use, about 100 per distinct customer, about 40 per distinct order, 16 per distinct amount.

mod people;
mod repeats;
mod sink;
mod tally;
#[cfg(test)]
mod tests;
mod values;

pub use sink::QualitySink;

/// How to look.
#[derive(Debug, Clone, Default)]
pub struct QualitySpec {
    /// Beyond how many robust standard deviations of the logarithm an amount is far out.
    pub outlier_z: f64,
    /// Index into `Wanted::attributes` of a column that names the currency, and its name.
    pub currency: Option<(usize, String)>,
    /// Whether a column says what was bought, so that the lines of an order can be told apart.
    pub has_product: bool,
}

/// What a pass found.
#[derive(Debug, Clone, Default)]
pub struct Quality {
    pub rows_read: u64,
    pub rows_used: u64,
    /// Distinct customers and orders of rows in use; a row without an order id is an order of its own.
    pub customers: u64,
    pub orders: u64,
    /// Orders of rows that do not say who the customer is; not among `orders`.
    pub orders_of_nobody: u64,
    /// Of rows with a customer, a date and an amount; microseconds of local time.
    pub first_at_us: Option<i64>,
    pub last_at_us: Option<i64>,
    /// Of rows in use, 1/10,000 of the unit.
    pub gross_e4: i128,
    pub refund_e4: i128,
    pub net_e4: i128,

    // ---- rows that the reader left out, or read with a doubt
    pub missing_customer_ids: Counted,
    pub missing_dates: Counted,
    pub unreadable_dates: Counted,
    pub missing_amounts: Counted,
    /// Amount, refund, quantity or unit price.
    pub unreadable_amounts: Counted,
    pub overlong_rows: Counted,
    pub short_rows: Counted,
    /// `1.23E+18`
    pub destroyed_customer_ids: Counted,
    pub destroyed_order_ids: Counted,
    pub dates_after_as_of: Counted,

    // ---- rows in use
    /// Beyond the first of each set of equal ones.
    pub duplicate_rows: Counted,
    /// Whether equal rows can be told from two equal purchases: there are order ids, and either each row is an order or
    /// the rows of an order name their product.
    pub duplicates_are_certain: bool,
    pub orders_with_several_customers: Counted,
    pub missing_order_ids: Counted,
    pub dates_before_1990: Counted,
    pub zero_amounts: Counted,
    pub negative_amounts: Counted,
    pub refunds_above_amount: Counted,
    /// `138****1234`
    pub masked_ids: Counted,
    /// `#REF!`
    pub spreadsheet_errors: Counted,
    /// Ids of more than 15 digits, and those of them that have zeros alone behind the fifteenth.
    pub long_number_ids: u64,
    pub rounded_ids: Counted,
    pub outliers: Option<Outliers>,
    pub outlying_amounts: Counted,
    /// Customers with an absurd share of the orders: the first rows of the three with the most.
    pub dominant_customers: Counted,
    /// Their orders.
    pub dominant_orders: u64,
    /// The currencies named in amounts or in a column of their own, most rows first, with the rows of each.
    pub currencies: Vec<(String, u64)>,
    /// Rows in another currency than the most frequent.
    pub mixed_currencies: Counted,
    /// Usual distance between two days with rows, when there are enough to say.
    pub usual_distance_days: Option<i64>,
    /// Longest first.
    pub gaps: Vec<Gap>,
}

/// A number of rows, and the first three by file and row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted {
    pub rows: u64,
    pub examples: Vec<Example>,
}

/// A cell as the user can find it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Example {
    pub file: Option<String>,
    pub row: Option<u64>,
    /// As written in the file.
    pub column: String,
    pub value: String,
    /// Whether the value says who somebody is.
    pub is_id: bool,
    /// Whether it is a customer's.
    pub is_customer: bool,
}

/// Days without rows, both ends included; days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    pub first: i32,
    pub last: i32,
}

impl Gap {
    pub fn days(&self) -> i64 {
        i64::from(self.last) - i64::from(self.first) + 1
    }
}

/// Amounts far from the others; 1/10,000 of the unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outliers {
    pub rows: u64,
    /// Sum of the amounts far out, and of all positive amounts.
    pub sum_e4: i128,
    pub of_e4: i128,
    /// The median of positive amounts.
    pub typical_e4: i64,
    /// The smallest and the largest amount that is not far out.
    pub lowest_e4: Option<i64>,
    pub highest_e4: Option<i64>,
}

/// A customer has an absurd share of the orders: this share of all, and this many times the median.
const DOMINANT_SHARE: f64 = 0.05;
const DOMINANT_TIMES: u64 = 50;

fn is_dominant(orders: u64, median: u64, of: u64) -> bool {
    orders as f64 > DOMINANT_SHARE * of as f64 && orders > DOMINANT_TIMES * median.max(1)
}
