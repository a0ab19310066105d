//! The only rooms that compute over big data. One definition of each reduction; integer arithmetic throughout, so that
//! results are exact and equal on any number of threads and in any order of rows.
//!
//! ```text
//! OrderBatch ─► batch (columns of one window of rows) ─► kernel (rows to shards by hash of the customer)
//!                 each row is an order: direct (facts added up as rows come) ───────────┐
//!                 orders of several rows: packed (rows kept small) ─► orders (reduced) ─┼─► customers (facts)
//!                                                                                      └─► histories (days)
//! RowBatch ─► quality (what is doubtful, for `check`)
//! ```

pub mod beside;
pub mod customers;
pub mod funnel;
pub mod histories;
pub mod ids;
pub mod journeys;
pub mod kernel;
pub mod quality;

mod adapter;
mod batch;
mod direct;
mod hash;
mod intern;
#[cfg(test)]
mod oracle;
mod orders;
mod packed;
mod part;
mod shards;

pub use beside::{JoinedDays, Member, Members, SpendRow};
pub use customers::{AttributeSpec, CustomerFacts, Pick, Spec};
pub use histories::{Histories, Items};
pub use ids::{AttributeColumn, IdColumn};
pub use kernel::CustomerKernel;
