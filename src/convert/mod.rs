//! Many files to one canonical file.

pub mod allocate;
pub mod combine;
