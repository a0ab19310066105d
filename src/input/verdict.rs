//! What becomes of a row.

use super::presets::DropReason;

/// What became of a row: in use, or the first reason that holds, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Verdict {
    Used,
    /// More fields than the header: its cells may be shifted.
    Overlong,
    /// A sum of other rows.
    Total,
    /// Neither payment nor refund, by the preset.
    Ignored,
    /// By the preset's rules no sale: deleted, a test, a gift, a link by which buyers pay a difference in price, a trial.
    Deleted,
    Test,
    Gift,
    PriceDifference,
    Trial,
    /// The order stands in a later export of the run.
    Superseded,
    /// Where customers are wanted.
    MissingCustomer,
    /// Where customers are wanted: an id such as `138****1234`, which stands for several people.
    MaskedCustomer,
    MissingOrderedAt,
    InvalidOrderedAt,
    /// Where the amount is quantity x unit_price: one of them is missing.
    MissingAmount,
    InvalidAmount,
    InvalidRefund,
    InvalidQuantity,
    InvalidUnitPrice,
    /// `paid_at` is mapped and empty.
    NotPaid,
    /// There is no `paid_at`, and the status says that nothing was paid.
    NotPaidByStatus,
    AfterAsOf,
    BeforeSince,
    AfterUntil,
    /// `--where` is false or null.
    Where,
}

impl Verdict {
    /// In the order in which they are tested; `Used` first.
    pub const ALL: [Self; 25] = [
        Self::Used,
        Self::Overlong,
        Self::Total,
        Self::Ignored,
        Self::Deleted,
        Self::Test,
        Self::Gift,
        Self::PriceDifference,
        Self::Trial,
        Self::Superseded,
        Self::MissingCustomer,
        Self::MaskedCustomer,
        Self::MissingOrderedAt,
        Self::InvalidOrderedAt,
        Self::MissingAmount,
        Self::InvalidAmount,
        Self::InvalidRefund,
        Self::InvalidQuantity,
        Self::InvalidUnitPrice,
        Self::NotPaid,
        Self::NotPaidByStatus,
        Self::AfterAsOf,
        Self::BeforeSince,
        Self::AfterUntil,
        Self::Where,
    ];

    /// The `reason` of the account; the same in every language.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Overlong => "more fields than the header",
            Self::Total => "total row",
            Self::Ignored => "ignored",
            Self::Deleted => "deleted",
            Self::Test => "test order",
            Self::Gift => "gift",
            Self::PriceDifference => "price difference",
            Self::Trial => "trial",
            Self::Superseded => "an older state of the order",
            Self::MissingCustomer => "missing customer_id",
            Self::MaskedCustomer => "masked customer_id",
            Self::MissingOrderedAt => "missing ordered_at",
            Self::InvalidOrderedAt => "invalid ordered_at",
            Self::MissingAmount => "missing amount",
            Self::InvalidAmount => "invalid amount",
            Self::InvalidRefund => "invalid refund_amount",
            Self::InvalidQuantity => "invalid quantity",
            Self::InvalidUnitPrice => "invalid unit_price",
            Self::NotPaid => "not paid (paid_at is empty)",
            Self::NotPaidByStatus => "not paid (status)",
            Self::AfterAsOf => "after as_of",
            Self::BeforeSince => "before since",
            Self::AfterUntil => "after until",
            Self::Where => "where",
        }
    }

    /// Values are there that cannot be read.
    pub fn is_bad(self) -> bool {
        matches!(
            self,
            Self::Overlong
                | Self::InvalidOrderedAt
                | Self::InvalidAmount
                | Self::InvalidRefund
                | Self::InvalidQuantity
                | Self::InvalidUnitPrice
        )
    }

    /// A required value is not there.
    pub fn is_missing(self) -> bool {
        matches!(
            self,
            Self::MissingCustomer | Self::MaskedCustomer | Self::MissingOrderedAt | Self::MissingAmount
        )
    }

    /// The row is no sale of its own: a sum, a test, an older state, ... Whatever its cells hold is nobody's fault.
    pub fn is_no_sale(self) -> bool {
        (Self::Total..=Self::Superseded).contains(&self)
    }

    /// The row is a sale but for its payment.
    pub fn is_unpaid(self) -> bool {
        matches!(self, Self::NotPaid | Self::NotPaidByStatus)
    }

    /// The row is a sale with a customer, a date and an amount, whether or not it is in use.
    pub fn is_sound(self) -> bool {
        !self.is_bad() && !self.is_missing() && !self.is_no_sale()
    }
}

impl From<DropReason> for Verdict {
    fn from(reason: DropReason) -> Self {
        match reason {
            DropReason::Gift => Self::Gift,
            DropReason::PriceDifference => Self::PriceDifference,
            DropReason::Trial => Self::Trial,
            DropReason::Test => Self::Test,
            DropReason::Deleted => Self::Deleted,
            DropReason::Total => Self::Total,
            DropReason::Ignored => Self::Ignored,
        }
    }
}
