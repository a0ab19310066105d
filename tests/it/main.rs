//! One binary for all integration tests: each binary links polars.

#![allow(clippy::print_stderr)] // a skipped test says so

mod architecture;
mod bombs;
mod broken_input;
mod cohort;
mod command_line;
mod config;
mod engagement;
mod engagement_reach;
mod formats;
mod funnel;
mod funnel_in_time;
mod fuzz_corpus;
mod inputs;
mod invariance;
mod journeys_input;
mod ltv;
mod ltv_holdout;
mod online_retail;
mod pathological;
mod pathological_events;
mod personal_data;
mod personal_data_events;
mod preset_fixtures;
mod presets;
mod random_tables;
mod readme;
mod real_exports;
mod recovery;
mod reference_cdnow;
mod reference_rfm;
mod repurchase;
mod repurchase_due;
mod retention;
mod sample_data;
mod sample_traffic;
mod support;
