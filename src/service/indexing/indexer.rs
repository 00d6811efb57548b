//! The search index as a follower of the change log: what an entry is about is read from the store and taken in.
//!
//! At once when a search waits for it, and otherwise every second, so that many writes share a commit of the index. While
//! nobody searches, a burst of writes comes first: the index follows after it, or when it would be far behind.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::failures::{unread, unwritten};
use crate::domain::{ArtifactId, Change, ChangeBatch, ChangeKind, LogPosition, TenantId};
use crate::followers::{Every, Failure, Follower, Next};
use crate::search::IndexChange;
use crate::service::Search;
use crate::store::{Store, StoreResult};
use crate::telemetry::Telemetry;

/// How often the index is brought up to date when nobody waits for it.
const EVERY: Duration = Duration::from_secs(1);
/// The longest pause after it could not be brought up to date: searches wait for it.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How many changes in [`EVERY`] are a burst.
const BURST: u64 = 2000;
/// How many changes the index may be behind at most: it takes them in within about a second.
const MAX_LAG: u64 = 50_000;
/// Entries of the change log that are read at once.
const CHANGES_AT_ONCE: usize = 1000;
/// Entries after which the index is committed although there are more.
const CHANGES_PER_COMMIT: usize = 50_000;

/// Takes what is in a store into an index.
pub struct Indexer {
    pub(super) store: Arc<dyn Store>,
    pub(super) search: Arc<Search>,
    /// None when nobody measures it.
    telemetry: Option<Arc<Telemetry>>,
    seconds: Every,
    uncommitted: Mutex<Uncommitted>,
}

/// What was taken in and not committed yet.
#[derive(Default)]
pub(super) struct Uncommitted {
    pub changes: usize,
    /// What was created up to here in the change log may be in already. The index is not committed before it is past
    /// that: after a crash, nobody would know.
    pub known: LogPosition,
}

impl Uncommitted {
    fn must_be_committed(&self, reached: LogPosition) -> bool {
        self.changes >= CHANGES_PER_COMMIT && reached >= self.known
    }
}

impl Indexer {
    /// A follower for this store and this index. Must be made on a runtime.
    pub fn new(store: Arc<dyn Store>, search: Arc<Search>, telemetry: Option<Arc<Telemetry>>) -> Self {
        Self { store, search, telemetry, seconds: Every::new(EVERY), uncommitted: Mutex::default() }
    }

    pub(super) fn uncommitted(&self) -> MutexGuard<'_, Uncommitted> {
        self.uncommitted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Resolves when the index should be brought up to date although nobody waits for it.
    async fn next_turn(&self) {
        let mut before = self.search.reached();
        loop {
            self.seconds.due().await;
            let (Some(reached), Some(earlier)) = (self.search.reached(), before) else { return };
            let Ok(newest) = self.store.newest_change(None).await else { return };
            let is_burst = newest.entries_since(earlier) > BURST;
            if !is_burst || self.search.is_in_use() || newest.entries_since(reached) > MAX_LAG {
                return;
            }
            before = Some(newest);
        }
    }

    /// Takes in all entries after a position. For an index that was just filled.
    pub(super) async fn follow(&self, mut after: LogPosition) -> Result<(), Failure> {
        loop {
            let batch = self.entries(after).await?;
            if batch.has_gaps {
                return Err(Failure::new("the search index can't be rebuilt", "the change log was trimmed meanwhile"));
            }
            match self.take_in(batch).await? {
                Some(reached) => after = reached,
                None => return Ok(()),
            }
        }
    }

    async fn entries(&self, after: LogPosition) -> Result<ChangeBatch, Failure> {
        self.store.changes(after, CHANGES_AT_ONCE).await.map_err(unread)
    }

    /// Takes entries in, commits if they are the last or enough has come together, and returns where to go on.
    async fn take_in(&self, batch: ChangeBatch) -> Result<Option<LogPosition>, Failure> {
        let ChangeBatch { changes, end: reached, has_more, .. } = batch;
        let known = self.uncommitted().known;
        let changes = self.index_changes(changes, known).await.map_err(unread)?;
        self.uncommitted().changes += changes.len();
        if !changes.is_empty() {
            self.search.change(move |index| index.write(&changes)).await.map_err(unwritten)?;
        }
        let must_be_committed = self.uncommitted().must_be_committed(reached);
        if self.uncommitted().changes > 0 && (!has_more || must_be_committed) {
            self.commit(reached).await?;
        }
        if self.uncommitted().changes == 0 {
            self.search.publish(Some(reached));
        }
        Ok(has_more.then_some(reached))
    }

    async fn commit(&self, reached: LogPosition) -> Result<(), Failure> {
        let began = Instant::now();
        self.search.change(move |index| index.commit(Some(reached))).await.map_err(unwritten)?;
        let elapsed = began.elapsed();
        self.search.note(|lasted| lasted.commit = Some(elapsed));
        if let Some(telemetry) = &self.telemetry {
            telemetry.metrics().search_committed(elapsed);
        }
        *self.uncommitted() = Uncommitted::default();
        Ok(())
    }

    /// What entries of the change log mean for the index: the artifacts as they are now.
    async fn index_changes(&self, changes: Vec<Change>, known: LogPosition) -> StoreResult<Vec<IndexChange>> {
        // Of each changed artifact, whether it is certainly new.
        let mut changed: BTreeMap<TenantId, BTreeMap<ArtifactId, bool>> = BTreeMap::new();
        let mut deleted = Vec::new();
        for Change { position, tenant, kind, .. } in changes {
            match (tenant, kind) {
                (Some(tenant), ChangeKind::ArtifactCreated(id)) => {
                    changed.entry(tenant).or_default().insert(id, position > known);
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
            let found = self.store.artifacts_by_id(tenant, changed.keys().copied().collect()).await?;
            // What can't be read stays as the index has it.
            changed.retain(|id, _| !found.damaged.contains(id));
            for artifact in found.artifacts {
                let is_new = changed.remove(&artifact.id).unwrap_or(false);
                let artifact = Box::new(artifact);
                index_changes.push(if is_new { IndexChange::Add(artifact) } else { IndexChange::Replace(artifact) });
            }
            index_changes.extend(changed.into_keys().map(IndexChange::Remove));
        }
        index_changes.extend(deleted.into_iter().map(IndexChange::RemoveTenant));
        Ok(index_changes)
    }
}

#[async_trait]
impl Follower for Indexer {
    type Position = LogPosition;
    type Batch = ChangeBatch;

    fn name(&self) -> &'static str {
        "search_index"
    }

    async fn due(&self) {
        tokio::select! {
            () = self.next_turn() => {}
            () = self.search.demanded() => {}
        }
    }

    async fn position(&self) -> Result<Option<LogPosition>, Failure> {
        *self.uncommitted() = Uncommitted::default();
        if self.search.must_be_rebuilt() {
            return Ok(None);
        }
        let reached = self.search.roll_back().await.map_err(unwritten)?;
        // Entries that mean nothing to the index are not worth a commit.
        let reached = reached.max(self.search.reached());
        // An index that knows more than there is belongs to another state of the database.
        let newest = self.store.newest_change(None).await.map_err(unread)?;
        Ok(reached.filter(|reached| *reached <= newest))
    }

    async fn read(&self, after: LogPosition) -> Result<Next<ChangeBatch>, Failure> {
        let batch = self.entries(after).await?;
        if batch.has_gaps {
            tracing::warn!(
                "entries of the change log after where the search index is are gone or can't be read; it is rebuilt"
            );
            return Ok(Next::Unknown);
        }
        if batch.changes.is_empty() && self.uncommitted().changes == 0 {
            self.search.publish(Some(after));
            return Ok(Next::Nothing);
        }
        // Without entries, too: what was taken in before them is committed.
        Ok(Next::Batch(batch))
    }

    async fn apply(&self, batch: ChangeBatch) -> Result<Option<LogPosition>, Failure> {
        self.take_in(batch).await
    }

    async fn start_again(&self) -> Result<(), Failure> {
        self.rebuild().await
    }

    async fn finish(&self) -> Result<(), Failure> {
        let closed = self.search.close().await;
        closed.map_err(|error| Failure::new("the search index was not saved; the next start makes up for it", error))
    }

    fn longest_pause(&self) -> Duration {
        LONGEST_PAUSE
    }
}
