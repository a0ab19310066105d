//! Ids that were made unreadable on purpose.

/// Whether an id is masked: `138****1234`, `张**`, `a**b`.
pub fn is_masked(id: &str) -> bool {
    id.contains(['*', '＊'])
}
