//! How the background tasks are.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Failure;
use crate::domain::Timestamp;

/// What is said of a turn that panicked.
const PANICKED: &str = "it panicked; the log says where";

/// How a background task is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskHealth {
    /// Its name.
    pub name: &'static str,
    /// When a turn last ended well.
    pub last_success: Option<Timestamp>,
    /// The last turn that did not end well.
    pub last_failure: Option<SeenFailure>,
    /// Whether the last turn failed.
    pub is_failing: bool,
    /// Turns that ended well, since the start.
    pub successes: u64,
    /// Turns that ended with an error, since the start.
    pub errors: u64,
    /// Turns that panicked, since the start.
    pub panics: u64,
}

/// A failure, as it is shown to everyone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenFailure {
    /// When it was.
    pub at: Timestamp,
    /// What failed. The cause is in the log.
    pub what: &'static str,
}

/// All tasks that were started. Shared by the driver, which notes how they do, and those who ask.
#[derive(Default)]
pub struct TaskRegistry(Mutex<Vec<Arc<TaskStatus>>>);

impl TaskRegistry {
    /// How each task is, in the order in which they were started.
    pub fn health(&self) -> Vec<TaskHealth> {
        lock(&self.0).iter().map(|status| status.health()).collect()
    }

    pub(super) fn add(&self, name: &'static str) -> Arc<TaskStatus> {
        let status = Arc::new(TaskStatus::new(name));
        lock(&self.0).push(status.clone());
        status
    }
}

/// How a turn ended.
pub(super) enum Outcome {
    Done,
    Failed(Failure),
    Panicked,
}

/// What is noted of one task.
pub(super) struct TaskStatus(Mutex<TaskHealth>);

impl TaskStatus {
    fn new(name: &'static str) -> Self {
        Self(Mutex::new(TaskHealth {
            name,
            last_success: None,
            last_failure: None,
            is_failing: false,
            successes: 0,
            errors: 0,
            panics: 0,
        }))
    }

    pub fn health(&self) -> TaskHealth {
        lock(&self.0).clone()
    }

    /// Notes how a turn ended, and returns whether the one before had failed.
    pub fn note(&self, outcome: &Outcome, at: Timestamp) -> bool {
        let mut health = lock(&self.0);
        let failure = match outcome {
            Outcome::Done => {
                health.successes += 1;
                None
            }
            Outcome::Failed(failure) => {
                health.errors += 1;
                Some(failure.what())
            }
            Outcome::Panicked => {
                health.panics += 1;
                Some(PANICKED)
            }
        };
        match failure {
            None => health.last_success = Some(at),
            Some(what) => health.last_failure = Some(SeenFailure { at, what }),
        }
        std::mem::replace(&mut health.is_failing, failure.is_some())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
