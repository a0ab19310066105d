//! The meaning of rows.
