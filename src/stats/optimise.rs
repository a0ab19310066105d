//! Finding the least value of a smooth function.
