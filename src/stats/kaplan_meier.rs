//! The Kaplan-Meier estimate of a survival curve, from counts per distinct time.

/// How the interval around a survival is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Interval {
    #[default]
    LogLog,
    Log,
    Plain,
}

impl Interval {
    pub fn key(self) -> &'static str {
        match self {
            Self::LogLog => "log-log",
            Self::Log => "log",
            Self::Plain => "plain",
        }
    }
}

/// What happened at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Days, or any other whole unit.
    pub time: u32,
    pub events: u64,
    pub censored: u64,
}
