//! Looks at all of a database while it is used: written once for every engine.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use async_trait::async_trait;
use tokio::sync::oneshot;

use super::check::{Check, CheckReport};
use super::engine::{Engine, Whole};
use super::{Stats, StoreError, StoreResult, WorkspaceStats};
use crate::priority::Work;

/// Looks at everything as of the last commit, on a thread of its own that lets others go first. Another at the same time is
/// [`StoreError::Overloaded`].
#[async_trait]
pub trait Inspections: Send + Sync {
    /// Whether everything agrees.
    async fn check(&self) -> StoreResult<CheckReport>;

    /// What takes up space.
    async fn stats(&self) -> StoreResult<Stats>;
}

#[async_trait]
impl<E: Engine> Inspections for E {
    async fn check(&self) -> StoreResult<CheckReport> {
        let look = |whole: &(dyn Whole + Send + Sync)| {
            let mut check = Check::default();
            check.look(whole).map(|()| check.report)
        };
        beside(self, look).await
    }

    async fn stats(&self) -> StoreResult<Stats> {
        let file_bytes = self.file_bytes();
        let look = move |whole: &(dyn Whole + Send + Sync)| {
            Ok(Stats::new(file_bytes, whole.sizes()?, WorkspaceStats::of_all(whole)?))
        };
        beside(self, look).await
    }
}

async fn beside<T: Send + 'static>(
    engine: &impl Engine,
    look: impl FnOnce(&(dyn Whole + Send + Sync)) -> StoreResult<T> + Send + 'static,
) -> StoreResult<T> {
    let turn = engine.inspections().clone().try_acquire_owned().map_err(|_| StoreError::Overloaded)?;
    let whole = engine.whole()?;
    let (sender, looked) = oneshot::channel();
    let work = move || {
        Work::BackingUp.lower_priority();
        // An engine may panic over pages that make no sense.
        let found = catch_unwind(AssertUnwindSafe(|| look(&*whole)));
        drop((whole, turn));
        // Nobody waits for it any more when the request was given up.
        drop(sender.send(found.unwrap_or_else(|_| Err(StoreError::unavailable("its pages make no sense")))));
    };
    let started = thread::Builder::new().name("store-inspection".to_owned()).spawn(work);
    started.map_err(|error| StoreError::unavailable(format!("a thread can't be started: {error}")))?;
    looked.await.unwrap_or_else(|error| Err(StoreError::unavailable(error)))
}
