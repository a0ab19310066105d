//! siyu (私域): customer analytics on the command line.
//!
//! Data flows one way. A room knows the rooms whose results it takes and the shape of a report, never what comes after it:
//!
//! ```text
//! bytes ──► input ──► facts ──► reports ──► output ──► bytes
//!           (canonical  (the heavy   (questions:    (one file per
//!            frames)     reductions)  tables+charts)  format)
//!                                         ▲
//!                                       stats (numbers in, numbers out)
//! ```
//!
//! - [`input`] opens files of any kind and gives canonical rows, with an account of every row.
//! - [`facts`] computes over big data: exact, in integers, equal on any number of threads and in any order of rows.
//!   Three reductions so far: [`facts::customers`] (what each customer comes to), [`facts::histories`] (what each bought,
//!   day by day), of which cohorts, repurchase and lifetime value are made, and [`facts::journeys`] (the events of each
//!   customer in order of time), of which funnels, retention and engagement are. [`facts::funnel`] follows one journey
//!   through steps.
//! - [`reports`] answer questions: pure functions from parameters and facts to a [`output::Report`].
//! - [`stats`] is mathematics on slices: [`stats::btyd`] holds the models of how often customers buy, when they leave and what
//!   they spend, [`stats::kaplan_meier`] the time to the next purchase, [`stats::purchase_cycle`] each customer's own cycle,
//!   [`stats::two_proportions`] the difference of two rates, [`stats::split_test`] when a rate fell.
//! - [`output`] shows a report in a format, on standard output or in a file that is never left half written.
//! - [`text`] holds the labels in each language, [`config`] puts flags, environment and siyu.toml together,
//!   [`cli`] is the command line, [`sample`] makes data with known answers, [`error`] is every way to fail.
//!
//! Three rules hold everywhere: money is exact (integers of 1/10,000 of the unit), time never comes from the clock,
//! and every table has a total order.

pub mod cli;
pub mod config;
pub mod convert;
pub mod error;
pub mod facts;
pub mod input;
pub mod output;
pub mod reports;
pub mod sample;
pub mod stats;
pub mod text;
