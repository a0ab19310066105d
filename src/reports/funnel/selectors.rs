//! What stands in `--steps`: `exposure, click|scan, pay[value>=100 and channel='wechat'], survey?`. SKELETON

/// A step as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// As typed, without the `?`.
    pub name: String,
    /// Alternatives; empty: any event (`*`).
    pub events: Vec<String>,
    /// SQL, of what stands in brackets.
    pub condition: Option<String>,
    /// `?`: may be left out.
    pub optional: bool,
}
