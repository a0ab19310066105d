//! Numbers in, numbers out: the statistics behind the reports. No frames, no files, no clock.

pub mod natural_breaks;
pub mod quantile;
pub mod robust;
