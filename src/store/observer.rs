//! How a store reports what it does, without knowing who listens.

use std::time::Duration;

use super::{Damage, StoreError};

/// Called after every finished call to the database, on the task that made it.
pub trait Observer: Send + Sync {
    /// A call has ended.
    fn finished(&self, call: &Call);

    /// A commit is on disk. Called on the writer's thread.
    fn committed(&self, _commit: &CommitFigures) {}

    /// A row was met that can't be read. Each is reported once while the database is open.
    fn damaged(&self, _damage: &Damage) {}

    /// Writes have ceased to work, or work again. Called once each time, on the writer's thread.
    fn writability_changed(&self, _writable: Result<(), &StoreError>) {}
}

/// One commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitFigures {
    /// How long it took to make it durable.
    pub elapsed: Duration,
    /// How many intents it carried.
    pub group_size: usize,
}

/// One call to the database, after it ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Call {
    /// What was done: `get`, `list`, `insert`, `update`, `delete`.
    pub operation: &'static str,
    /// The table it was about.
    pub collection: &'static str,
    /// From the call to the answer.
    pub elapsed: Duration,
    /// Rows that were returned or written.
    pub rows: usize,
    /// Whether the database itself failed. A refused intent is no failure.
    pub failed: bool,
    /// For writes that reached a commit.
    pub write: Option<WriteFigures>,
}

/// What a write spent its time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteFigures {
    /// From the call until the writer took it up.
    pub queued: Duration,
    /// The commit that made it durable, shared by its group.
    pub commit: Duration,
    /// How many intents that commit carried.
    pub group_size: usize,
}

/// Listens to nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn finished(&self, _call: &Call) {}
}
