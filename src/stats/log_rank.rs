//! Log-rank tests.
