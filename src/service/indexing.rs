//! Keeping the search index up: what the change log tells of is read from the store and taken in.
//!
//! At once when a search waits for it, and otherwise every second, so that many writes share a commit of the index. While
//! nobody searches, a burst of writes comes first: the index follows after it, or when it would be far behind.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use thiserror::Error;
use tokio::sync::{Mutex, watch};

use super::{Search, Service};
use crate::domain::{ArtifactId, Change, ChangeKind, TenantId};
use crate::followers::{Every, Failure, Task};
use crate::search::{IndexChange, Parts, SearchError, SearchIndex};
use crate::store::{Store, StoreError};
use crate::telemetry::Metrics;

/// How often the index is brought up to date when nobody waits for it.
const EVERY: Duration = Duration::from_secs(1);
/// How often the index is saved. A start after a crash takes in again what came since.
const SAVE_EVERY: Duration = Duration::from_secs(1);
/// The longest pause after the index could not be brought up to date.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// So many changes in [`EVERY`] are a burst.
const BURST: u64 = 2000;
/// So many changes the index may be behind at most: it takes them in within about a second.
const MAX_LAG: u64 = 50_000;
/// Entries of the change log that are read at once.
const CHANGES_AT_ONCE: usize = 1000;
/// Workspaces that are read at once.
const TENANTS_AT_ONCE: usize = 1000;
/// Entries after which the index is committed although there are more.
const CHANGES_PER_COMMIT: usize = 50_000;
/// How often it is told how far the index is while it is made anew: after so many artifacts.
const TELL_EVERY: u64 = 50_000;

/// Why the index was not brought up to date.
#[derive(Debug, Error)]
pub enum IndexingError {
    /// The store can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The index can't be written.
    #[error(transparent)]
    Search(#[from] SearchError),
}

/// What was taken in and not committed yet.
#[derive(Default)]
struct Uncommitted {
    changes: usize,
    /// What was created up to here in the change log may be in already. The index is not committed before it is past
    /// that: after a crash, nobody would know.
    known: u64,
}

impl Uncommitted {
    fn must_be_committed(&self, reached: u64) -> bool {
        self.changes >= CHANGES_PER_COMMIT && reached >= self.known
    }
}

/// The background task that follows the change log with the search index.
pub struct FollowChanges {
    service: Arc<Service>,
    seconds: Every,
}

impl FollowChanges {
    /// The task for a service. Must be made on a runtime.
    pub fn new(service: Arc<Service>) -> Self {
        Self { service, seconds: Every::new(EVERY) }
    }
}

#[async_trait]
impl Task for FollowChanges {
    fn name(&self) -> &'static str {
        "search_index"
    }

    async fn turn(&self) -> Result<(), Failure> {
        let indexer = Indexer::of(&self.service);
        tokio::select! {
            () = indexer.next_turn(&self.seconds) => {}
            () = indexer.search.demanded() => {}
        }
        let followed = indexer.bring_up_to_date().await;
        followed.map_err(|error| Failure::new("the search index can't be brought up to date", error))
    }

    async fn finish(&self) -> Result<(), Failure> {
        let closed = self.service.search.close().await;
        closed.map_err(|error| Failure::new("the search index was not saved; the next start makes up for it", error))
    }

    /// Searches wait for it.
    fn longest_pause(&self) -> Duration {
        LONGEST_PAUSE
    }
}

/// The background task that puts on the disk what was committed, so that the next start has little to make up for.
pub struct SaveIndex {
    service: Arc<Service>,
    seconds: Every,
}

impl SaveIndex {
    /// The task for a service. Must be made on a runtime.
    pub fn new(service: Arc<Service>) -> Self {
        Self { service, seconds: Every::new(SAVE_EVERY) }
    }
}

#[async_trait]
impl Task for SaveIndex {
    fn name(&self) -> &'static str {
        "search_save"
    }

    async fn turn(&self) -> Result<(), Failure> {
        self.seconds.due().await;
        let search = &self.service.search;
        match search.change(SearchIndex::save).await {
            Err(error) if error.is_of_a_missing_file() => {
                tracing::warn!(%error, "the search index was removed, and is rebuilt");
                search.must_be_made_anew();
                Ok(())
            }
            saved => saved.map_err(|error| Failure::new("the search index can't be saved", error)),
        }
    }
}

/// The background task that makes few large parts of many small ones, of which every write to the index leaves one: a search
/// looks into all.
pub struct MergeParts {
    service: Arc<Service>,
    which: Parts,
    progress: Mutex<watch::Receiver<Option<u64>>>,
}

impl MergeParts {
    /// The task for some of the parts of a service's index.
    pub fn new(service: Arc<Service>, which: Parts) -> Self {
        let progress = Mutex::new(service.search.progress());
        Self { service, which, progress }
    }
}

#[async_trait]
impl Task for MergeParts {
    fn name(&self) -> &'static str {
        match self.which {
            Parts::Small => "search_merge_small",
            Parts::Large => "search_merge_large",
        }
    }

    async fn turn(&self) -> Result<(), Failure> {
        // The sender lives as long as the index.
        drop(self.progress.lock().await.changed().await);
        let merged = Indexer::of(&self.service).merge(self.which).await;
        merged.map_err(|error| Failure::new("parts of the search index can't be merged", error))
    }
}

/// Makes the search index anew, while nobody else has the store and the index.
pub async fn reindex(store: &dyn Store, search: &Search) -> Result<(), IndexingError> {
    search.must_be_made_anew();
    Indexer { store, search, metrics: None }.bring_up_to_date().await?;
    Ok(search.close().await?)
}

/// Takes what is in a store into an index.
struct Indexer<'a> {
    store: &'a dyn Store,
    search: &'a Search,
    metrics: Option<&'a Metrics>,
}

impl<'a> Indexer<'a> {
    fn of(service: &'a Service) -> Self {
        Self { store: &*service.store, search: &service.search, metrics: Some(service.telemetry.metrics()) }
    }

    /// Resolves when the index should be brought up to date although nobody waits for it.
    async fn next_turn(&self, seconds: &Every) {
        let mut before = self.search.reached();
        loop {
            seconds.due().await;
            let (Some(reached), Some(earlier)) = (self.search.reached(), before) else { return };
            let Ok(newest) = self.store.newest_change(None).await else { return };
            let is_burst = newest.saturating_sub(earlier) > BURST;
            if !is_burst || self.search.is_in_use() || newest.saturating_sub(reached) > MAX_LAG {
                return;
            }
            before = Some(newest);
        }
    }

    /// Merges as long as there is something worth it.
    async fn merge(&self, which: Parts) -> Result<(), SearchError> {
        loop {
            let began = Instant::now();
            match self.search.merge(which).await {
                Ok(true) => {
                    let elapsed = began.elapsed();
                    self.search.note(|lasted| lasted.merge = Some(elapsed));
                    if let Some(metrics) = self.metrics {
                        metrics.search_merged(elapsed);
                    }
                }
                Ok(false) => return Ok(()),
                // One that is being emptied is given up, too.
                Err(_) if self.search.reached().is_none() => return Ok(()),
                Err(error) => {
                    self.search.must_be_made_anew();
                    return Err(error);
                }
            }
        }
    }

    async fn bring_up_to_date(&self) -> Result<(), IndexingError> {
        // One that knows more than there is belongs to a later copy of the database's file.
        let newest = self.store.newest_change(None).await?;
        if self.search.must_be_rebuilt() || self.search.reached().is_some_and(|reached| reached > newest) {
            return self.rebuild().await;
        }
        self.follow(self.search.reached().unwrap_or_default(), Uncommitted::default()).await
    }

    /// Takes in what the change log tells of after `reached`, and commits.
    async fn follow(&self, mut reached: u64, mut uncommitted: Uncommitted) -> Result<(), IndexingError> {
        loop {
            let changes = self.store.changes(reached, CHANGES_AT_ONCE).await?;
            if changes.first().is_some_and(|first| first.seq > reached + 1) {
                tracing::warn!("the search index is too far behind for the change log, and is made anew");
                self.search.must_be_made_anew();
                return Ok(());
            }
            let is_last = changes.len() < CHANGES_AT_ONCE;
            reached = changes.last().map_or(reached, |change| change.seq);
            let changes = self.index_changes(changes, uncommitted.known).await?;
            uncommitted.changes += changes.len();
            if !changes.is_empty() {
                self.change_index(move |index| index.write(&changes)).await?;
            }
            if uncommitted.changes > 0 && (is_last || uncommitted.must_be_committed(reached)) {
                let began = Instant::now();
                self.change_index(move |index| index.commit(Some(reached))).await?;
                let elapsed = began.elapsed();
                self.search.note(|lasted| lasted.commit = Some(elapsed));
                if let Some(metrics) = self.metrics {
                    metrics.search_committed(elapsed);
                }
                uncommitted = Uncommitted::default();
            }
            if uncommitted.changes == 0 {
                self.search.publish(Some(reached));
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// What entries of the change log mean for the index: the artifacts as they are now.
    async fn index_changes(&self, changes: Vec<Change>, known: u64) -> Result<Vec<IndexChange>, StoreError> {
        // Of each changed artifact, whether it is certainly new.
        let mut changed: BTreeMap<TenantId, BTreeMap<ArtifactId, bool>> = BTreeMap::new();
        let mut deleted = Vec::new();
        for Change { seq, tenant, kind, .. } in changes {
            match (tenant, kind) {
                (Some(tenant), ChangeKind::ArtifactCreated(id)) => {
                    changed.entry(tenant).or_default().insert(id, seq > known);
                }
                (
                    Some(tenant),
                    ChangeKind::ArtifactUpdated(id, _)
                    | ChangeKind::ArtifactDeleted(id, _)
                    | ChangeKind::ArtifactRestored(id, _)
                    | ChangeKind::ArtifactPurged(id),
                ) => {
                    changed.entry(tenant).or_default().entry(id).or_insert(false);
                }
                (_, ChangeKind::WorkspaceDeleted(tenant)) => deleted.push(tenant),
                _ => {}
            }
        }
        let mut index_changes = Vec::new();
        for (tenant, mut changed) in changed {
            for artifact in self.store.artifacts_by_id(tenant, changed.keys().copied().collect()).await? {
                let is_new = changed.remove(&artifact.id).unwrap_or(false);
                let artifact = Box::new(artifact);
                index_changes.push(if is_new { IndexChange::Add(artifact) } else { IndexChange::Replace(artifact) });
            }
            index_changes.extend(changed.into_keys().map(IndexChange::Remove));
        }
        index_changes.extend(deleted.into_iter().map(IndexChange::RemoveTenant));
        Ok(index_changes)
    }

    /// Makes the index anew, from all artifacts there are, and takes in what changed meanwhile.
    async fn rebuild(&self) -> Result<(), IndexingError> {
        self.search.publish(None);
        let reached = self.store.newest_change(None).await?;
        let total = self.store.counts().await?.artifacts;
        self.search.rebuilding(0, total);
        self.search.change(SearchIndex::clear).await?;
        self.search.mended();
        let (mut done, mut after) = (0, None);
        loop {
            let tenants = self.store.tenants_after(after, TENANTS_AT_ONCE).await?;
            after = tenants.last().copied();
            for tenant in &tenants {
                self.rebuild_tenant(*tenant, &mut done, total).await?;
            }
            if tenants.len() < TENANTS_AT_ONCE {
                break;
            }
        }
        // An empty one is committed too.
        let known = self.store.newest_change(None).await?;
        self.follow(reached, Uncommitted { changes: 1, known }).await?;
        if total > 0 {
            tracing::info!(artifacts = done, "the search index is complete");
        }
        Ok(())
    }

    async fn rebuild_tenant(&self, tenant: TenantId, done: &mut u64, total: u64) -> Result<(), IndexingError> {
        let mut after = None;
        loop {
            let page = self.store.artifacts_after(tenant, after, true).await?;
            after = page.items.last().map(|artifact| artifact.id);
            let count = page.items.len() as u64;
            let changes: Vec<_> = page.items.into_iter().map(|artifact| IndexChange::Add(Box::new(artifact))).collect();
            self.search.change(move |index| index.write(&changes)).await?;
            if (*done + count) / TELL_EVERY > *done / TELL_EVERY {
                tracing::info!(done = *done + count, total, "making the search index anew");
            }
            *done += count;
            self.search.rebuilding(*done, total);
            if !page.has_more {
                return Ok(());
            }
        }
    }

    /// Changes the index; one that can't be is made anew.
    async fn change_index(
        &self,
        change: impl FnOnce(&SearchIndex) -> Result<(), SearchError> + Send + 'static,
    ) -> Result<(), SearchError> {
        self.search.change(change).await.inspect_err(|_| self.search.must_be_made_anew())
    }
}
