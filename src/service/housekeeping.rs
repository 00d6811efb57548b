//! Housekeeping: what is done beside the requests, for as long as the server runs.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use tokio::time::MissedTickBehavior;

use super::Service;
use crate::domain::{Actor, Stamp, Timestamp};
use crate::store::StoreResult;

/// How often it is looked after everything, if nothing calls for it sooner.
const EVERY: Duration = Duration::from_secs(60);
/// How often it is looked for what was kept for long enough.
const OLD_EVERY: Duration = Duration::from_secs(3600);
/// Rows that are removed with one write. Other writes come between.
const ROWS_AT_ONCE: usize = 256;

/// For how many seconds things are kept that nobody needs any more; `None` means for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// What is in the trash.
    pub trash_seconds: Option<u64>,
    /// Versions of artifacts, after they were replaced.
    pub history_seconds: Option<u64>,
    /// Entries of the change log, which the audit view shows.
    pub changes_seconds: Option<u64>,
}

impl Service {
    /// Keeps house until `end`: at once, then every minute, and when something calls for it.
    pub async fn keep_house(&self, end: impl Future<Output = ()>) {
        tokio::pin!(end);
        let mut minutes = tokio::time::interval(EVERY);
        minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut old_looked_for: Option<Instant> = None;
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
            if old_looked_for.is_none_or(|at| at.elapsed() >= OLD_EVERY) {
                old_looked_for = Some(Instant::now());
                tokio::select! {
                    () = &mut end => break,
                    () = self.remove_old() => {}
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

    /// Removes what was kept for long enough, as far as that is wanted.
    async fn remove_old(&self) {
        let Retention { trash_seconds, history_seconds, changes_seconds } = self.retention;
        if let Some(before) = self.before(trash_seconds) {
            self.purge_old_trash(before).await;
        }
        if let Some(before) = self.before(history_seconds) {
            self.trim_histories(before).await;
        }
        if let Some(before) = self.before(changes_seconds) {
            let trim = || self.store.trim_changes(before, ROWS_AT_ONCE);
            tell("old entries of the change log", until_done(trim).await);
        }
    }

    /// The moment so many seconds ago, if there is one.
    fn before(&self, seconds: Option<u64>) -> Option<Timestamp> {
        let kept = SignedDuration::from_secs(i64::try_from(seconds?).ok()?);
        self.clock.now().checked_sub(kept).ok()
    }

    /// Removes for good what has been in the trash for long. Nobody did it, says the change log.
    async fn purge_old_trash(&self, before: Timestamp) {
        let purge = |after| {
            let stamp = Stamp::new(self.clock.now(), Actor::default());
            self.store.purge_old_trash(before, after, ROWS_AT_ONCE, stamp)
        };
        tell("what has been in the trash for long", to_the_end(purge).await);
    }

    async fn trim_histories(&self, before: Timestamp) {
        let trim = |after| self.store.trim_histories(before, after, ROWS_AT_ONCE);
        tell("versions that were replaced long ago", to_the_end(trim).await);
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

/// Takes one step after the other, each from the place where the one before ended. After an error, the rest is for the next
/// time.
async fn to_the_end<P, S: Future<Output = StoreResult<Option<P>>>>(step: impl Fn(Option<P>) -> S) -> StoreResult<()> {
    let mut place = step(None).await?;
    while place.is_some() {
        place = step(place).await?;
    }
    Ok(())
}

fn tell(what: &str, done: StoreResult<()>) {
    if let Err(error) = done {
        tracing::warn!("housekeeping failed for {what}, and will try again: {error}");
    }
}
