//! How the renewal does, for those who ask.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::Timestamp;

/// How the renewal does.
#[derive(Debug, Default)]
pub struct Progress(Mutex<Seen>);

#[derive(Clone, Debug, Default)]
struct Seen {
    failure: Option<String>,
    next: Option<Timestamp>,
}

impl Progress {
    /// What was in the way the last time, with what to do; none when all went well.
    pub fn failure(&self) -> Option<String> {
        self.lock().failure.clone()
    }

    /// When the authority is asked next; none while it is being asked.
    pub fn next(&self) -> Option<Timestamp> {
        self.lock().next
    }

    /// Notes that the authority is not asked before.
    pub(super) fn waits_until(&self, next: Timestamp) {
        self.lock().next = Some(next);
    }

    /// Notes that it is being asked.
    pub(super) fn begins(&self) {
        self.lock().next = None;
    }

    /// Notes what came of it.
    pub(super) fn ended(&self, failure: Option<String>) {
        self.lock().failure = failure;
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
