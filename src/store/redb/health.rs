//! How the store is: a look at the last commit, and word from the writer thread.

use crate::domain::LogPosition;
use tokio::time::timeout;

use super::{RedbStore, change_log};
use crate::store::{StoreError, StoreHealth, StoreResult};

impl RedbStore {
    /// See [`crate::store::Store::health`].
    pub(super) async fn look(&self) -> StoreHealth {
        let writable = self.ask_writer().await;
        let last_seq = self.snapshot().and_then(|snapshot| change_log::last_seq(snapshot.changes()?));
        StoreHealth {
            readable: last_seq.is_ok(),
            writable,
            newest_change: LogPosition::of_entry(last_seq.unwrap_or_default()),
            queue_depth: self.writer.depth().unwrap_or_default(),
            damaged: self.published.damages.all(),
            remote: None,
        }
    }

    /// Whether the writer works. Everyone who asks at about the same time gets the same answer, and a writer that has
    /// writes to do is not asked at all, but watched.
    async fn ask_writer(&self) -> StoreResult<()> {
        let mut round = self.published.round.subscribe();
        let is_fresh = round.borrow_and_update().is_some_and(|at| at.elapsed() < self.limits.writer_fresh);
        if !is_fresh && self.writer.depth().is_some() {
            self.writer.nudge();
            // It may close meanwhile, which shows below.
            if timeout(self.limits.writer_deadline, round.changed()).await.is_err() && self.writer.depth().is_some() {
                return Err(StoreError::Overloaded);
            }
        }
        match (self.writer.depth(), self.published.broken.load_full()) {
            (None, _) => Err(StoreError::unavailable("the database is closed")),
            (Some(_), Some(cause)) => Err((*cause).clone()),
            (Some(_), None) => Ok(()),
        }
    }
}
