//! Intervals of proportions.
