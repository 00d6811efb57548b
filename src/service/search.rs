//! The search index beside the store: asked when it knows enough, kept up by the change log.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::turns::{QueueLimits, Turns};
use super::{Error, Service};
use crate::domain::{LogPosition, TenantId};
use crate::search::{Budget, Diagnosis, SearchError, SearchIndex, SegmentSize};
use crate::telemetry::SearchCall;

/// How long a search waits for the index to know of the writes before it.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long it waits while the index is rebuilt: for a small one, that is enough.
const PATIENCE_WITH_REBUILDING: Duration = Duration::from_secs(1);

/// How long a search waits for its turn, and how long it may then take.
const WAIT: Duration = Duration::from_secs(5);
const DEADLINE: Duration = Duration::from_secs(5);
/// How many searches may wait for their turn.
const QUEUE: QueueLimits = QueueLimits { waiting: 1024, waiting_of_one: 256 };

/// For how long after a search others are expected.
const IN_USE: Duration = Duration::from_secs(30);

/// The index, and what is known of it.
pub struct Search {
    index: Arc<SearchIndex>,
    /// As many searches at once as there are cores.
    turns: Turns,
    /// Up to where in the change log the index is complete.
    reached: watch::Sender<Option<LogPosition>>,
    /// Somebody waits for the index.
    demand: Notify,
    /// When it was last searched.
    asked: Mutex<Option<Instant>>,
    /// It could not be read, and has to be rebuilt.
    is_damaged: AtomicBool,
    /// Artifacts taken in, and to be taken in, while it is rebuilt.
    rebuilt: AtomicU64,
    to_rebuild: AtomicU64,
    /// When it was last published how far it is.
    published: Mutex<Instant>,
    /// How many merges are under way.
    merging: AtomicU32,
    lasted: Mutex<Lasted>,
    /// The size of its files when they were last measured, in bytes. Zero before that.
    size_bytes: AtomicU64,
}

/// How long the last of each took; none if there was none since the start.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lasted {
    /// Looking into the index, without waiting for it to be up to date.
    pub query: Option<Duration>,
    /// Letting searches see what was taken in.
    pub commit: Option<Duration>,
    /// Merging several segments.
    pub merge: Option<Duration>,
}

/// How the index is.
#[derive(Clone, Copy, Debug)]
pub struct SearchHealth {
    /// Whether it can be searched; not while it is rebuilt.
    pub is_complete: bool,
    /// Entries of the change log that it does not know of yet; none while it is rebuilt, or the change log can't be read.
    pub lag_changes: Option<u64>,
    /// For how long it has not been known to be up to date.
    pub lag: Duration,
    /// Artifacts in it.
    pub documents: u64,
    /// The size of its files when they were last measured, in bytes.
    pub size_bytes: Option<u64>,
    /// Artifacts taken in so far while it is rebuilt, and how many there are.
    pub rebuilt: (u64, u64),
    /// Whether segments of it are being merged.
    pub merging: bool,
    /// How long the last of each took.
    pub lasted: Lasted,
}

impl Search {
    /// Asks this index, and as many searches at once as `concurrency`.
    pub fn new(index: SearchIndex, concurrency: usize) -> Self {
        Self {
            reached: watch::Sender::new(index.reached()),
            index: Arc::new(index),
            turns: Turns::new(concurrency, QUEUE),
            demand: Notify::new(),
            asked: Mutex::new(None),
            is_damaged: AtomicBool::new(false),
            rebuilt: AtomicU64::new(0),
            to_rebuild: AtomicU64::new(0),
            published: Mutex::new(Instant::now()),
            merging: AtomicU32::new(0),
            lasted: Mutex::new(Lasted::default()),
            size_bytes: AtomicU64::new(0),
        }
    }

    /// How many artifacts are in it.
    pub fn documents(&self) -> u64 {
        self.index.documents()
    }

    /// How it is, when the change log ends at `newest`, or can't be read. Waits for nothing.
    pub(super) fn health(&self, newest: Option<LogPosition>) -> SearchHealth {
        let reached = self.reached();
        let lag_changes = newest.and_then(|newest| reached.map(|reached| newest.entries_since(reached)));
        let published = *self.published.lock().unwrap_or_else(PoisonError::into_inner);
        SearchHealth {
            is_complete: reached.is_some(),
            lag_changes,
            lag: if lag_changes == Some(0) { Duration::ZERO } else { published.elapsed() },
            documents: self.documents(),
            size_bytes: Some(self.size_bytes.load(Ordering::Relaxed)).filter(|size| *size > 0),
            rebuilt: self.rebuilt(),
            merging: self.merging.load(Ordering::Relaxed) > 0,
            lasted: *self.lasted.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Looks into the index when it is the workspace's turn, once it knows of everything up to `change`, and says how long
    /// that took. [`Error::Overloaded`] when too many wait already, or it takes too long.
    async fn look<T: Send + 'static>(
        &self,
        tenant: TenantId,
        change: LogPosition,
        look: impl FnOnce(&SearchIndex, &Budget) -> Result<T, SearchError> + Send + 'static,
    ) -> Result<(T, Duration), Error> {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        self.wait_for(change).await?;
        let Ok(Ok(turn)) = timeout(WAIT, self.turns.take(tenant)).await else { return Err(Error::Overloaded) };
        let index = self.index.clone();
        // Gone with this future, when nobody waits for it any more.
        let caller = Arc::new(());
        let budget = Budget::new(&caller, Instant::now() + DEADLINE);
        let found = spawn_blocking(move || {
            let _turn = turn;
            let began = Instant::now();
            look(&index, &budget).map(|found| (found, began.elapsed()))
        });
        match found.await.map_err(|error| Error::Internal(error.to_string()))? {
            Err(SearchError::Abandoned) => Err(Error::Overloaded),
            found => found.map_err(|error| self.broken(&error)),
        }
    }

    async fn wait_for(&self, change: LogPosition) -> Result<(), Error> {
        let is_enough = |reached: &Option<LogPosition>| reached.is_some_and(|reached| reached >= change);
        let mut reached = self.reached.subscribe();
        let now = *reached.borrow();
        if is_enough(&now) {
            return Ok(());
        }
        self.demand.notify_one();
        let patience = if now.is_some() { PATIENCE } else { PATIENCE_WITH_REBUILDING };
        match timeout(patience, reached.wait_for(is_enough)).await {
            Ok(_) => Ok(()),
            Err(_) if self.reached().is_none() => Err(Error::SearchRebuilding),
            Err(_) => Err(Error::Overloaded),
        }
    }

    /// An index that is damaged is rebuilt. What only fails at the moment is tried again by the client.
    fn broken(&self, error: &SearchError) -> Error {
        match error.diagnosis() {
            Diagnosis::Damaged => {
                if !self.is_damaged.load(Ordering::Relaxed) {
                    tracing::error!(%error, "the search index can't be read, and is rebuilt");
                }
                self.rebuild();
                Error::SearchRebuilding
            }
            Diagnosis::Transient => {
                tracing::warn!(%error, "the search index can't be read at the moment");
                Error::Overloaded
            }
            Diagnosis::Unclear => Error::Internal(error.to_string()),
        }
    }

    /// Has it rebuilt at once.
    pub(super) fn rebuild(&self) {
        self.rebuilding(0, 0);
        self.must_rebuild();
        self.demand.notify_one();
    }

    /// Nobody searches the index until it is rebuilt.
    pub(super) fn must_rebuild(&self) {
        self.is_damaged.store(true, Ordering::Relaxed);
        self.publish(None);
    }

    /// Whether it has to be rebuilt.
    pub(super) fn must_be_rebuilt(&self) -> bool {
        self.index.reached().is_none() || self.is_damaged.load(Ordering::Relaxed)
    }

    /// The index is being rebuilt: how much is done, and of how much.
    pub(super) fn rebuilding(&self, done: u64, of: u64) {
        self.rebuilt.store(done, Ordering::Relaxed);
        self.to_rebuild.store(of, Ordering::Relaxed);
    }

    /// Whether somebody has searched lately.
    pub(super) fn is_in_use(&self) -> bool {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|asked| asked.elapsed() < IN_USE)
    }

    /// Changes the index, off the runtime's threads. One that turns out to be damaged is rebuilt.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&SearchIndex) -> Result<T, SearchError> + Send + 'static,
    ) -> Result<T, SearchError> {
        let index = self.index.clone();
        let changed = spawn_blocking(move || change(&index)).await;
        let error = match changed {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(error)) => error,
            Err(panic) => std::io::Error::other(panic).into(),
        };
        let index = self.index.clone();
        let examined = spawn_blocking(move || (index.is_damaged(&error), error)).await;
        let (is_damaged, error) = examined.unwrap_or_else(|panic| (true, std::io::Error::other(panic).into()));
        if is_damaged {
            tracing::error!(%error, "the search index is damaged or gone, and is rebuilt");
            self.must_rebuild();
        }
        Err(error)
    }

    /// Goes back to the last commit of the index, if something was begun since, and returns how far that reached.
    pub(super) async fn roll_back(&self) -> Result<Option<LogPosition>, SearchError> {
        if self.index.is_half_done() { self.change(SearchIndex::roll_back).await } else { Ok(self.index.reached()) }
    }

    /// Puts on the disk what was committed, and measures the size of the files.
    pub(super) async fn save(&self) -> Result<(), SearchError> {
        let saved = self.change(|index| index.save().and_then(|()| index.size_bytes())).await;
        saved.map(|size| self.size_bytes.store(size, Ordering::Relaxed))
    }

    /// Notes how long something took.
    pub(super) fn note(&self, note: impl FnOnce(&mut Lasted)) {
        note(&mut self.lasted.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Lets go of what writes to the index, and saves it.
    pub(super) async fn close(&self) -> Result<(), SearchError> {
        self.change(SearchIndex::close).await
    }

    /// How far the index is, each time that this changes.
    pub(super) fn progress(&self) -> watch::Receiver<Option<LogPosition>> {
        self.reached.subscribe()
    }

    /// Merges segments of the index; whether there were any worth it.
    pub(super) async fn merge(&self, size: SegmentSize) -> Result<bool, SearchError> {
        self.merging.fetch_add(1, Ordering::Relaxed);
        let merged = self.change(move |index| index.merge(size)).await;
        self.merging.fetch_sub(1, Ordering::Relaxed);
        merged
    }

    /// Artifacts taken in so far while the index is rebuilt, and how many there are.
    pub fn rebuilt(&self) -> (u64, u64) {
        (self.rebuilt.load(Ordering::Relaxed), self.to_rebuild.load(Ordering::Relaxed))
    }

    /// The index was emptied: nothing of what was damaged is left.
    pub(super) fn mended(&self) {
        self.is_damaged.store(false, Ordering::Relaxed);
    }

    /// Publishes how far the index is to those who wait.
    pub(super) fn publish(&self, reached: Option<LogPosition>) {
        *self.published.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.reached.send_replace(reached);
    }

    /// How far the index is; none while it has to be rebuilt.
    pub(super) fn reached(&self) -> Option<LogPosition> {
        *self.reached.borrow()
    }

    /// Resolves when somebody waits for the index.
    pub(super) async fn demanded(&self) {
        self.demand.notified().await;
    }
}

impl Service {
    /// Looks into the index for a workspace, once it knows of every write to it that was answered before. `rows` returns how
    /// much was found.
    pub(super) async fn look<T: Send + 'static>(
        &self,
        tenant: TenantId,
        look: impl FnOnce(&SearchIndex, &Budget) -> Result<T, SearchError> + Send + 'static,
        rows: impl FnOnce(&T) -> usize,
    ) -> Result<T, Error> {
        let newest = self.store.newest_change(Some(tenant)).await?;
        let began = Instant::now();
        let looked = self.search.look(tenant, newest, look).await;
        let elapsed = looked.as_ref().map_or(Duration::ZERO, |(_, elapsed)| *elapsed);
        if looked.is_ok() {
            self.search.note(|lasted| lasted.query = Some(elapsed));
        }
        self.telemetry.search_call(&SearchCall {
            waited: began.elapsed().saturating_sub(elapsed),
            elapsed,
            rows: looked.as_ref().map_or(0, |(found, _)| rows(found)),
            failed: looked.is_err(),
        });
        looked.map(|(found, _)| found)
    }
}
