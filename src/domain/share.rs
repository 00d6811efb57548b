//! How much of some work is done.

/// How much is done, and of how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// What is counted, and what has become of it: `rows written`.
    pub of: &'static str,
    /// How many there are so far.
    pub done: u64,
    /// How many there will be, where that is known.
    pub total: Option<u64>,
}

impl Share {
    /// `done` of `total`.
    pub const fn new(of: &'static str, done: u64, total: Option<u64>) -> Self {
        Self { of, done, total }
    }
}
