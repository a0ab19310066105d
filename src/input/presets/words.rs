//! The words of the schema, as TOML files and outputs write them.

use super::{DropReason, Grain, Kind, Level, RefundSemantics};
use crate::input::Frame;

impl Kind {
    /// The frame that its rows are read as.
    pub fn frame(self) -> Frame {
        match self {
            Self::Orders | Self::Lines | Self::Payments | Self::Refunds => Frame::Orders,
            Self::Events => Frame::Events,
            Self::Spend => Frame::Spend,
            Self::Members => Frame::Members,
        }
    }

    pub fn key(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Lines => "lines",
            Self::Payments => "payments",
            Self::Refunds => "refunds",
            Self::Events => "events",
            Self::Spend => "spend",
            Self::Members => "members",
        }
    }

    /// Whether the rows are read as orders.
    pub fn is_orders(self) -> bool {
        matches!(self, Self::Orders | Self::Lines | Self::Payments)
    }
}

impl Grain {
    pub fn key(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Line => "line",
            Self::LineOrderRepeated => "line_order_repeated",
            Self::LineOrderBlank => "line_order_blank",
            Self::OrderWideItems => "order_wide_items",
            Self::Payment => "payment",
            Self::PaymentEvent => "payment_event",
            Self::Refund => "refund",
            Self::Event => "event",
            Self::Spend => "spend",
            Self::Customer => "customer",
            Self::CustomerStaff => "customer_staff",
        }
    }
}

impl RefundSemantics {
    pub fn key(self) -> &'static str {
        match self {
            Self::Net => "net",
            Self::Gross => "gross",
            Self::Rows => "rows",
            Self::Status => "status",
            Self::None => "none",
        }
    }
}

impl Level {
    pub fn key(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl DropReason {
    pub const ALL: [Self; 7] = [
        Self::Gift,
        Self::PriceDifference,
        Self::Trial,
        Self::Test,
        Self::Deleted,
        Self::Total,
        Self::Ignored,
    ];

    pub fn key(self) -> &'static str {
        match self {
            Self::Gift => "gift",
            Self::PriceDifference => "price_difference",
            Self::Trial => "trial",
            Self::Test => "test",
            Self::Deleted => "deleted",
            Self::Total => "total",
            Self::Ignored => "ignored",
        }
    }
}
