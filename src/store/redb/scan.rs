//! Long reads: off the runtime's threads, a few at a time, and none for longer than somebody wants to know.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::budget::Budget;
use super::limits::StoreLimits;
use super::snapshot::Snapshot;
use crate::store::{StoreError, StoreResult};

/// Where scans wait for their turn.
pub(super) struct Scans {
    turns: Arc<Semaphore>,
    limits: StoreLimits,
}

impl Scans {
    /// Room for as many at once as `limits` allow.
    pub fn new(limits: StoreLimits) -> Self {
        Self { turns: Arc::new(Semaphore::new(limits.scans)), limits }
    }

    /// Runs a scan when it is its turn. [`StoreError::Overloaded`] when that does not come soon, or it takes too long.
    pub async fn run<T: Send + 'static>(
        &self,
        snapshot: Arc<Snapshot>,
        scan: impl FnOnce(&Snapshot, &Budget) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let turn = Arc::clone(&self.turns).acquire_owned();
        let Ok(Ok(turn)) = timeout(self.limits.scan_wait, turn).await else { return Err(StoreError::Overloaded) };
        // Gone with this future, when nobody waits for it any more.
        let caller = Arc::new(());
        let budget = Budget::of(&caller, Instant::now() + self.limits.scan_deadline);
        spawn_blocking(move || {
            let _turn = turn;
            scan(&snapshot, &budget)
        })
        .await
        .unwrap_or_else(|error| Err(StoreError::unavailable(error)))
    }

    /// How many more could begin now.
    #[cfg(test)]
    pub fn free(&self) -> usize {
        self.turns.available_permits()
    }
}
