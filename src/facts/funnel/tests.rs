//! The farthest chain against published cases and against an exhaustive search.

mod cases;
mod extremes;
mod oracle;
mod random;
