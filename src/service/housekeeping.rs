//! Housekeeping: what nobody needs any more is removed beside the requests.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::SignedDuration;

use super::Service;
use super::lease::Term;
use crate::domain::{Actor, Stamp, Timestamp};
use crate::followers::{Every, Failure, Task};
use crate::store::{Store, StoreError, StoreResult};

/// How often it runs, if nothing wakes it sooner.
const EVERY: Duration = Duration::from_secs(60);
/// How often what was kept for long enough is removed.
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

/// The background task that removes what nobody needs any more, on one node of several, and writes when API keys were last
/// used: every minute, and when a workspace was deleted.
pub struct Housekeeping {
    service: Arc<Service>,
    minutes: Every,
    /// When what was kept for long enough was last removed.
    old_removed: Mutex<Option<Instant>>,
}

impl Housekeeping {
    /// The task for a service. Must be made on a runtime.
    pub fn new(service: Arc<Service>) -> Self {
        Self { service, minutes: Every::new(EVERY), old_removed: Mutex::new(None) }
    }

    fn old_removed(&self) -> MutexGuard<'_, Option<Instant>> {
        self.old_removed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Housekeeping {
    async fn steps(&self) -> Result<(), Failure> {
        let service = &self.service;
        // What is left after an error is for the next turn; the other steps do not wait for it.
        let mut steps = Steps::default();
        steps.ended("the last uses of API keys were not written", service.write_api_key_uses().await);
        // Of several nodes one does the rest, and gives it up when another may.
        if let Some(term) = service.lease.term() {
            service.lease.during(&term, self.shared_steps(&term, &mut steps)).await;
        }
        steps.result()
    }

    async fn shared_steps(&self, term: &Term, steps: &mut Steps) {
        let (service, store) = (&self.service, &*term.store);
        let sweep = || store.sweep_deleted_workspaces(ROWS_AT_ONCE);
        steps.ended("what was in deleted workspaces was not removed", until_done(sweep).await);
        let expire = || store.remove_expired_answers(service.clock.now(), ROWS_AT_ONCE);
        steps.ended("expired idempotency keys were not removed", until_done(expire).await);
        let forget = |after| store.remove_old_salts(service.clock.now(), after, ROWS_AT_ONCE);
        steps.ended("old salts of refresh tokens were not removed", to_the_end(forget).await);
        let lapse = |after| store.remove_expired_invitations(service.clock.now(), after, ROWS_AT_ONCE);
        steps.ended("expired invitations were not removed", to_the_end(lapse).await);
        if self.old_removed().is_none_or(|at| at.elapsed() >= OLD_EVERY) {
            service.remove_old(store, steps).await;
            *self.old_removed() = Some(Instant::now());
        }
    }
}

#[async_trait]
impl Task for Housekeeping {
    fn name(&self) -> &'static str {
        "housekeeping"
    }

    async fn turn(&self) -> Result<(), Failure> {
        let service = &self.service;
        let is_asked_for = tokio::select! {
            () = self.minutes.due() => false,
            () = service.housekeeping.notified() => true,
        };
        service.read_only.until_off().await;
        // A look every minute that finds nothing is not worth a trace.
        if is_asked_for || self.old_removed().is_some_and(|at| at.elapsed() >= OLD_EVERY) {
            service.telemetry.background("housekeeping", self.steps()).await
        } else {
            self.steps().await
        }
    }

    async fn finish(&self) -> Result<(), Failure> {
        if self.service.refuses_writes() {
            return Ok(());
        }
        let written = self.service.write_api_key_uses().await;
        written.map_err(|error| Failure::new("the last uses of API keys were not written", error))
    }
}

/// The first failure of several steps.
#[derive(Default)]
struct Steps(Option<Failure>);

impl Steps {
    fn ended(&mut self, what: &'static str, step: StoreResult<()>) {
        match step {
            // The next turn waits until writes are allowed, or another node has it.
            Ok(()) | Err(StoreError::ReadOnly | StoreError::LeaseLost) => {}
            Err(error) => {
                self.0.get_or_insert_with(|| Failure::new(what, error));
            }
        }
    }

    fn result(self) -> Result<(), Failure> {
        self.0.map_or(Ok(()), Err)
    }
}

impl Service {
    /// Has the housekeeping run now: there is something to do.
    pub(super) fn wake_housekeeping(&self) {
        self.housekeeping.notify_one();
    }

    /// Removes what was kept for long enough, as far as that is configured.
    async fn remove_old(&self, store: &dyn Store, steps: &mut Steps) {
        let Retention { trash_seconds, history_seconds, changes_seconds } = self.retention;
        if let Some(before) = self.before(trash_seconds) {
            // Nobody did it, says the change log.
            let stamp = || Stamp::new(self.clock.now(), Actor::default());
            let purge = |after| store.purge_old_trash(before, after, ROWS_AT_ONCE, stamp());
            steps.ended("what has been in the trash for long was not purged", to_the_end(purge).await);
        }
        if let Some(before) = self.before(history_seconds) {
            let trim = |after| store.trim_histories(before, after, ROWS_AT_ONCE);
            steps.ended("versions that were replaced long ago were not removed", to_the_end(trim).await);
        }
        if let Some(before) = self.before(changes_seconds) {
            let trim = || store.trim_changes(before, ROWS_AT_ONCE);
            steps.ended("old entries of the change log were not removed", until_done(trim).await);
        }
    }

    /// The moment that many seconds ago, if there is one.
    fn before(&self, seconds: Option<u64>) -> Option<Timestamp> {
        let kept = SignedDuration::from_secs(i64::try_from(seconds?).ok()?);
        self.clock.now().checked_sub(kept).ok()
    }
}

/// Repeats a step until there is no more to do, or it fails.
async fn until_done<S: Future<Output = StoreResult<bool>>>(step: impl Fn() -> S) -> StoreResult<()> {
    while step().await? {}
    Ok(())
}

/// Repeats a step, each time from the place where the last one ended, until the end, or until it fails.
async fn to_the_end<P, S: Future<Output = StoreResult<Option<P>>>>(step: impl Fn(Option<P>) -> S) -> StoreResult<()> {
    let mut place = step(None).await?;
    while place.is_some() {
        place = step(place).await?;
    }
    Ok(())
}
