//! Numbers in, numbers out: the statistics behind the reports. No frames, no files, no clock.

pub mod btyd;
pub mod distributions;
pub mod kaplan_meier;
pub mod log_rank;
pub mod multiple_testing;
pub mod natural_breaks;
pub mod odds_ratio;
pub mod optimise;
pub mod proportions;
pub mod purchase_cycle;
pub mod quantile;
pub mod rank_correlation;
pub mod robust;
pub mod special;
pub mod split_test;
pub mod two_proportions;
pub mod welch;
