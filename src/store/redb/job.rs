//! What the writer thread has in its queue.

use std::time::{Duration, Instant};

use super::transaction::Tables;
use crate::store::StoreResult;

/// A commit that a group shared.
#[derive(Clone, Copy)]
pub(super) struct Commit {
    /// When the group was taken from the queue.
    pub taken: Instant,
    /// How long it took to make it durable.
    pub elapsed: Duration,
    /// How many intents were in the group.
    pub size: usize,
}

/// An intent in the queue.
pub(super) trait Job: Send {
    /// Whether it is carried out on a full disk, too.
    fn is_urgent(&self) -> bool {
        false
    }

    /// The writer has taken it from the queue.
    fn taken(&mut self) {}

    /// Carries the intent out in the group's transaction. An error means that the transaction must be abandoned; a
    /// refusal is none.
    fn run(&mut self, tables: &mut Tables<'_>) -> StoreResult<()>;

    /// Answers, once it is known what became of the group.
    fn answer(self: Box<Self>, group: &StoreResult<Option<Commit>>);
}
