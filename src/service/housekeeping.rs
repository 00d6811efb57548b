//! Housekeeping: what is done beside the requests, for as long as the server runs.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use tokio::time::MissedTickBehavior;

use super::Service;
use crate::domain::{Actor, Stamp};
use crate::store::StoreResult;

/// How often it is looked after everything, if nothing calls for it sooner.
const EVERY: Duration = Duration::from_secs(60);
/// How often the trash is looked through.
const TRASH_EVERY: Duration = Duration::from_secs(3600);
/// Rows that are removed with one write. Other writes come between.
const ROWS_AT_ONCE: usize = 256;

impl Service {
    /// Keeps house until `end`: at once, then every minute, and when something calls for it.
    pub async fn keep_house(&self, end: impl Future<Output = ()>) {
        tokio::pin!(end);
        let mut minutes = tokio::time::interval(EVERY);
        minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut trash_looked_through: Option<Instant> = None;
        loop {
            tokio::select! {
                () = &mut end => break,
                _ = minutes.tick() => tell("the uses of API keys", self.write_api_key_uses().await),
                () = self.housekeeping.notified() => {}
            }
            tokio::select! {
                () = &mut end => break,
                () = self.sweep() => {}
            }
            tokio::select! {
                () = &mut end => break,
                () = self.remove_expired_answers() => {}
            }
            if trash_looked_through.is_none_or(|at| at.elapsed() >= TRASH_EVERY) {
                trash_looked_through = Some(Instant::now());
                tokio::select! {
                    () = &mut end => break,
                    () = self.purge_old_trash() => {}
                }
            }
        }
        tell("the uses of API keys", self.write_api_key_uses().await);
    }

    /// Has the house kept now: there is something to do.
    pub(super) fn wake_housekeeping(&self) {
        self.housekeeping.notify_one();
    }

    /// Removes what was in workspaces that were deleted.
    async fn sweep(&self) {
        tell("what was in deleted workspaces", until_done(|| self.store.sweep_deleted_workspaces(ROWS_AT_ONCE)).await);
    }

    /// Removes for good what has been in the trash for long, if that is wanted. Nobody did it, says the change log.
    async fn purge_old_trash(&self) {
        let Some(seconds) = self.trash_seconds else { return };
        let now = self.clock.now();
        let kept = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
        let Ok(before) = now.checked_sub(kept) else { return };
        let mut after = None;
        loop {
            let stamp = Stamp::new(self.clock.now(), Actor::default());
            let purged = self.store.purge_old_trash(before, after, ROWS_AT_ONCE, stamp).await;
            after = purged.as_ref().ok().copied().flatten();
            tell("what has been in the trash for long", purged.map(drop));
            if after.is_none() {
                return;
            }
        }
    }

    /// Removes the idempotency keys that have expired.
    async fn remove_expired_answers(&self) {
        let remove = || self.store.remove_expired_answers(self.clock.now(), ROWS_AT_ONCE);
        tell("expired idempotency keys", until_done(remove).await);
    }
}

/// Takes one step after the other until there is no more to do. What is left after an error is for the next time.
async fn until_done<S: Future<Output = StoreResult<bool>>>(step: impl Fn() -> S) -> StoreResult<()> {
    while step().await? {}
    Ok(())
}

fn tell(what: &str, done: StoreResult<()>) {
    if let Err(error) = done {
        tracing::warn!("housekeeping failed for {what}, and will try again: {error}");
    }
}
