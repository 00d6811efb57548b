//! Takes out of the change log from where people acted who were deleted: beside the requests, and again after a restore.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::task::spawn_blocking;

use super::Service;
use crate::backups::Tombstone;
use crate::domain::{ChangeKind, LogPosition, UserId};
use crate::followers::{Failure, Task};
use crate::store::StoreResult;

/// How many of the newest entries may say that an account was deleted of which nothing is noted yet.
const NEWEST: u64 = 1000;
/// How many entries are looked at together.
const BATCH: usize = 256;

/// The background task that does it.
pub struct Scrubbing(Arc<Service>);

impl Scrubbing {
    /// The task for a service.
    pub fn new(service: Arc<Service>) -> Self {
        // What was not finished before is to be done at once.
        service.deletions.notify_one();
        Self(service)
    }
}

#[async_trait]
impl Task for Scrubbing {
    fn name(&self) -> &'static str {
        "scrubbing"
    }

    async fn turn(&self) -> Result<(), Failure> {
        self.0.deletions.notified().await;
        self.0.read_only.until_off().await;
        let done = self.0.finish_deletions().await;
        // It is to be tried again.
        done.inspect_err(|_| self.0.deletions.notify_one())
    }

    async fn finish(&self) -> Result<(), Failure> {
        // What is not done now is done after the next start.
        if self.0.refuses_writes() {
            return Ok(());
        }
        self.0.finish_deletions().await
    }
}

impl Service {
    async fn finish_deletions(&self) -> Result<(), Failure> {
        let noted = self.note_newest_deletions().await;
        noted.map_err(|error| Failure::new("it was not noted whose accounts were deleted", error))?;
        self.scrub_deleted().await
    }

    /// Notes whose accounts were deleted when the process ended before it was noted: nothing else was written for long after
    /// that.
    async fn note_newest_deletions(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        let mut after = self.store.newest_change(None).await?.back(NEWEST);
        loop {
            let batch = self.store.changes(after, BATCH).await?;
            after = batch.end;
            let deleted = batch.changes.iter().filter_map(|change| match change.kind {
                ChangeKind::UserDeleted(account) => {
                    Some(Tombstone { account, at: change.at, is_deleted: true, heir: None, scrubbed: None })
                }
                _ => None,
            });
            let (tombstones, deleted) = (self.tombstones.clone(), deleted.collect());
            spawn_blocking(move || tombstones.merge(deleted)).await??;
            if !batch.has_more {
                return Ok(());
            }
        }
    }

    /// Takes the addresses and programs of everyone who was deleted out of the change log, where that was not done yet.
    async fn scrub_deleted(&self) -> Result<(), Failure> {
        let history = self.store.history().to_string();
        let is_open = |tombstone: &Tombstone| tombstone.scrubbed.as_ref() != Some(&history);
        let open: Vec<Tombstone> = self.tombstones.deleted().into_iter().filter(is_open).collect();
        if open.is_empty() {
            return Ok(());
        }
        let people: Vec<UserId> = open.iter().map(|tombstone| tombstone.account).collect();
        let failed = |error| Failure::new("the change log still has addresses of people who were deleted", error);
        self.telemetry.background("scrubbing", self.scrub(&people)).await.map_err(failed)?;
        for tombstone in open {
            let done = Tombstone { scrubbed: Some(history.clone()), ..tombstone };
            let noted = self.note_tombstone(done).await;
            noted.map_err(|error| Failure::new("it was not noted that the change log is scrubbed", error))?;
        }
        Ok(())
    }

    async fn scrub(&self, people: &[UserId]) -> StoreResult<()> {
        let mut after = LogPosition::START;
        loop {
            let batch = self.store.changes(after, BATCH).await?;
            if batch.changes.iter().any(|change| change.is_personal_to(people)) {
                self.store.scrub_changes(people.to_vec(), after, BATCH).await?;
            }
            if !batch.has_more {
                return Ok(());
            }
            after = batch.end;
        }
    }
}
