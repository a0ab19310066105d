//! The Kaplan-Meier estimate of survival.
