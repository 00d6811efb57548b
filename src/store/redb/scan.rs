//! Long reads: off the runtime's threads, a few at a time, and none for longer than somebody wants to know.

use std::sync::{Arc, Weak};
use std::time::Instant;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::limits::Limits;
use super::snapshot::Snapshot;
use crate::store::{StoreError, StoreResult};

/// Rows between two looks at the time.
const ROWS_BETWEEN: usize = 256;

/// Where scans wait for their turn.
pub(super) struct Scans {
    turns: Arc<Semaphore>,
    limits: Limits,
}

impl Scans {
    /// Room for as many at once as `limits` allow.
    pub fn new(limits: Limits) -> Self {
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

/// How much longer a read may go on.
pub(super) struct Budget(Option<(Weak<()>, Instant)>);

impl Budget {
    /// For reads that are short by themselves.
    pub const UNLIMITED: Self = Self(None);

    /// As long as `caller` is there, but not past `deadline`.
    fn of(caller: &Arc<()>, deadline: Instant) -> Self {
        Self(Some((Arc::downgrade(caller), deadline)))
    }

    /// Whether the read must end.
    pub fn is_spent(&self) -> bool {
        let spent =
            |(caller, deadline): &(Weak<()>, Instant)| caller.strong_count() == 0 || Instant::now() >= *deadline;
        self.0.as_ref().is_some_and(spent)
    }

    /// Whether it must end after `passed` rows. The time is asked for once in a while.
    pub fn is_over(&self, passed: usize) -> bool {
        passed.is_multiple_of(ROWS_BETWEEN) && self.is_spent()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(budget: &Budget) -> bool {
        (1..10 * ROWS_BETWEEN).all(|passed| !budget.is_over(passed))
    }

    #[test]
    fn s33_rows_pass_until_the_caller_has_gone_or_the_time_is_over() {
        let caller = Arc::new(());
        let far = Instant::now() + Limits::default().scan_deadline * 1000;
        let (patient, late) = (Budget::of(&caller, far), Budget::of(&caller, Instant::now()));
        assert!(passes(&patient) && passes(&Budget::UNLIMITED) && !passes(&late));
        assert!(!late.is_over(1), "one row is no matter");
        drop(caller);
        assert!(!passes(&patient));
    }
}
