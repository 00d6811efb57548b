//! Takes out of the change log from where people acted who were deleted: beside the requests, and again after a restore.

use std::error::Error;
use std::future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::Service;
use super::lease::Term;
use crate::backups::Tombstone;
use crate::domain::{ChangeKind, LogPosition, UserId};
use crate::followers::{Every, Failure, Task};
use crate::store::{Store, StoreResult};

/// How many of the newest entries may say that an account was deleted of which nothing is noted yet.
const NEWEST: u64 = 1000;
/// How many entries are looked at together.
const BATCH: usize = 256;

/// How often it is looked whether other nodes have deleted somebody.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// The background task that does it, on one node of several.
pub struct Scrubbing {
    service: Arc<Service>,
    looks: Every,
    /// How far the change log was looked at for accounts that were deleted.
    seen: Mutex<Option<LogPosition>>,
}

impl Scrubbing {
    /// The task for a service. Must be made on a runtime.
    pub fn new(service: Arc<Service>) -> Self {
        // What was not finished before is to be done at once.
        service.deletions.notify_one();
        Self { service, looks: Every::new(LOOK_EVERY), seen: Mutex::default() }
    }

    /// Waits until there may be something to do.
    async fn due(&self) {
        let others =
            async { if self.service.lease.is_shared() { self.looks.due().await } else { future::pending().await } };
        tokio::select! {
            () = self.service.deletions.notified() => {}
            () = others => {}
        }
    }

    async fn finish_deletions(&self) -> Result<(), Failure> {
        let service = &self.service;
        let unknown = |error| Failure::new("it can't be read whose accounts were deleted", error);
        service.tombstones.refresh().await.map_err(unknown)?;
        // Without the lease, another node does it.
        let Some(term) = service.lease.term() else { return Ok(()) };
        let work = async {
            let noted = self.note_newest_deletions().await;
            noted.map_err(|error| Failure::new("it was not noted whose accounts were deleted", error))?;
            service.scrub_deleted(&term).await
        };
        service.lease.during(&term, work).await.unwrap_or(Ok(()))
    }

    /// Notes whose accounts were deleted when the process ended before it was noted: nothing else was written for long after
    /// that.
    async fn note_newest_deletions(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        let store = &self.service.store;
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut after = match seen {
            Some(seen) => seen,
            None => store.newest_change(None).await?.back(NEWEST),
        };
        loop {
            let batch = store.changes(after, BATCH).await?;
            after = batch.end;
            let deleted = batch.changes.iter().filter_map(|change| match change.kind {
                ChangeKind::UserDeleted(account) => {
                    Some(Tombstone { account, at: change.at, is_deleted: true, heir: None, scrubbed: None })
                }
                _ => None,
            });
            self.service.tombstones.merge(deleted.collect()).await?;
            *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(after);
            if !batch.has_more {
                return Ok(());
            }
        }
    }
}

#[async_trait]
impl Task for Scrubbing {
    fn name(&self) -> &'static str {
        "scrubbing"
    }

    async fn turn(&self) -> Result<(), Failure> {
        self.due().await;
        self.service.read_only.until_off().await;
        let done = self.finish_deletions().await;
        // It is to be tried again.
        done.inspect_err(|_| self.service.deletions.notify_one())
    }

    async fn finish(&self) -> Result<(), Failure> {
        // What is not done now is done after the next start.
        if self.service.refuses_writes() {
            return Ok(());
        }
        self.finish_deletions().await
    }
}

impl Service {
    /// Takes the addresses and programs of everyone who was deleted out of the change log, where that was not done yet.
    async fn scrub_deleted(&self, term: &Term) -> Result<(), Failure> {
        let history = self.store.history().to_string();
        let is_open = |tombstone: &Tombstone| tombstone.scrubbed.as_ref() != Some(&history);
        let open: Vec<Tombstone> = self.tombstones.deleted().into_iter().filter(is_open).collect();
        if open.is_empty() {
            return Ok(());
        }
        let people: Vec<UserId> = open.iter().map(|tombstone| tombstone.account).collect();
        let failed = |error| Failure::new("the change log still has addresses of people who were deleted", error);
        self.telemetry.background("scrubbing", scrub(&*term.store, &people)).await.map_err(failed)?;
        for tombstone in open {
            let done = Tombstone { scrubbed: Some(history.clone()), ..tombstone };
            let noted = self.note_tombstone(done).await;
            noted.map_err(|error| Failure::new("it was not noted that the change log is scrubbed", error))?;
        }
        Ok(())
    }
}

async fn scrub(store: &dyn Store, people: &[UserId]) -> StoreResult<()> {
    let mut after = LogPosition::START;
    loop {
        let batch = store.changes(after, BATCH).await?;
        if batch.changes.iter().any(|change| change.is_personal_to(people)) {
            store.scrub_changes(people.to_vec(), after, BATCH).await?;
        }
        if !batch.has_more {
            return Ok(());
        }
        after = batch.end;
    }
}
