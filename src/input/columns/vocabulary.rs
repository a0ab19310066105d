//! The vocabularies of the frames that are not orders.

use super::{Canonical, ValueKind, canonical};
use crate::input::Frame;

pub(super) const EVENTS: &[Canonical] = &[
    canonical("customer_id", ValueKind::Text, true),
    canonical("event", ValueKind::Text, true),
    canonical("at", ValueKind::DateTime, true),
    canonical("session_id", ValueKind::Text, false),
    canonical("channel", ValueKind::Text, false),
    canonical("campaign", ValueKind::Text, false),
    canonical("content_id", ValueKind::Text, false),
    canonical("variant", ValueKind::Text, false),
    canonical("value", ValueKind::Number, false),
    canonical("inviter_id", ValueKind::Text, false),
    canonical("order_id", ValueKind::Text, false),
];

pub(super) const SPEND: &[Canonical] = &[
    canonical("campaign", ValueKind::Text, true),
    canonical("amount", ValueKind::Number, true),
    canonical("date", ValueKind::DateTime, true),
    canonical("channel", ValueKind::Text, false),
    canonical("kind", ValueKind::Text, false),
    canonical("impressions", ValueKind::Number, false),
    canonical("clicks", ValueKind::Number, false),
    canonical("conversions", ValueKind::Number, false),
    canonical("revenue", ValueKind::Number, false),
];

/// A birthday is text: many are written without a year.
pub(super) const MEMBERS: &[Canonical] = &[
    canonical("customer_id", ValueKind::Text, true),
    canonical("joined_at", ValueKind::DateTime, false),
    canonical("channel", ValueKind::Text, false),
    canonical("inviter_id", ValueKind::Text, false),
    canonical("tier", ValueKind::Text, false),
    canonical("points", ValueKind::Number, false),
    canonical("name", ValueKind::Text, false),
    canonical("phone", ValueKind::Text, false),
    canonical("birthday", ValueKind::Text, false),
    canonical("gender", ValueKind::Text, false),
];

/// Canonical columns without which a row says nothing. Of orders there is more to it: see `Mapping::find`.
pub fn required(frame: Frame) -> &'static [&'static str] {
    match frame {
        Frame::Orders => &["customer_id", "ordered_at", "amount"],
        Frame::Events => &["customer_id", "event", "at"],
        Frame::Spend => &["campaign", "amount"],
        Frame::Members => &["customer_id"],
    }
}
