//! Keeping the search index up: what the change log tells of is read from the store and taken in.
//!
//! At once when a search waits for it, and otherwise every second, so that many writes share a commit of the index. While
//! nobody searches, a burst of writes comes first: the index follows after it, or when it would be far behind.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use thiserror::Error;
use tokio::time::{Interval, MissedTickBehavior};

use super::{Search, Service};
use crate::domain::{ArtifactId, Change, ChangeKind, TenantId};
use crate::search::{IndexChange, Parts, SearchError, SearchIndex};
use crate::store::{Store, StoreError};
use crate::telemetry::Metrics;

/// How often the index is brought up to date when nobody waits for it.
const EVERY: Duration = Duration::from_secs(1);
/// How often the index is saved. A start after a crash takes in again what came since.
const SAVE_EVERY: Duration = Duration::from_secs(1);
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

impl Service {
    /// Keeps the search index up until `end`.
    pub async fn keep_index(&self, end: impl Future<Output = ()>) {
        let metrics = Some(self.telemetry.metrics());
        let indexer = Indexer { store: &*self.store, search: &self.search, metrics };
        tokio::select! {
            () = end => {}
            () = indexer.index_for_ever() => {}
            () = indexer.merge_for_ever(Parts::Small) => {}
            () = indexer.merge_for_ever(Parts::Large) => {}
            () = indexer.save_for_ever() => {}
        }
        self.search.close().await;
    }
}

/// Makes the search index anew, while nobody else has the store and the index.
pub async fn reindex(store: &dyn Store, search: &Search) -> Result<(), IndexingError> {
    search.must_be_made_anew();
    Indexer { store, search, metrics: None }.bring_up_to_date().await?;
    search.close().await;
    Ok(())
}

/// Takes what is in a store into an index.
struct Indexer<'a> {
    store: &'a dyn Store,
    search: &'a Search,
    metrics: Option<&'a Metrics>,
}

impl Indexer<'_> {
    async fn index_for_ever(&self) {
        let mut seconds = tokio::time::interval(EVERY);
        seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut was_failing = false;
        loop {
            let result = self.bring_up_to_date().await;
            match &result {
                Err(error) if !was_failing => {
                    tracing::warn!(%error, "the search index can't be brought up to date; it is tried again");
                }
                Ok(()) if was_failing => tracing::info!("the search index is up to date again"),
                Ok(()) | Err(_) => {}
            }
            was_failing = result.is_err();
            if was_failing {
                seconds.tick().await;
            }
            tokio::select! {
                () = self.next_turn(&mut seconds) => {}
                () = self.search.demanded() => {}
            }
        }
    }

    /// Resolves when the index should be brought up to date although nobody waits for it.
    async fn next_turn(&self, seconds: &mut Interval) {
        let mut before = self.search.reached();
        loop {
            seconds.tick().await;
            let (Some(reached), Some(earlier)) = (self.search.reached(), before) else { return };
            let Ok(newest) = self.store.newest_change(None).await else { return };
            let is_burst = newest.saturating_sub(earlier) > BURST;
            if !is_burst || self.search.is_in_use() || newest.saturating_sub(reached) > MAX_LAG {
                return;
            }
            before = Some(newest);
        }
    }

    /// Puts on the disk what was committed, so that the next start has little to make up for.
    async fn save_for_ever(&self) {
        let mut turns = tokio::time::interval(SAVE_EVERY);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut was_failing = false;
        loop {
            turns.tick().await;
            let saved = self.search.change(SearchIndex::save).await;
            match &saved {
                Err(error) if error.is_of_a_missing_file() => {
                    tracing::warn!(%error, "the search index was removed, and is made anew");
                    self.search.must_be_made_anew();
                }
                Err(error) if !was_failing => {
                    tracing::warn!(%error, "the search index can't be saved; it is tried again");
                }
                Ok(()) if was_failing => tracing::info!("the search index is saved again"),
                Ok(()) | Err(_) => {}
            }
            was_failing = saved.is_err();
        }
    }

    /// Makes few large parts of many small ones, of which every write to the index leaves one: one look is into all.
    async fn merge_for_ever(&self, which: Parts) {
        let mut progress = self.search.progress();
        // The sender is kept along with the index.
        while progress.changed().await.is_ok() {
            self.merge(which).await;
        }
    }

    /// Merges as long as there is something worth it.
    async fn merge(&self, which: Parts) {
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
                Ok(false) => return,
                // One that is being emptied is given up, too.
                Err(_) if self.search.reached().is_none() => return,
                Err(error) => {
                    tracing::warn!(%error, "parts of the search index can't be merged; it is made anew");
                    return self.search.must_be_made_anew();
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
