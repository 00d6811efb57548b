//! Group commit: one thread carries out what is queued in one transaction, and so pays for one commit, not for many.
//!
//! Every commit is durable before anyone is answered, and in two phases, because the checksums that a commit in one
//! phase relies on can be forged by those who choose the bytes, and tenants do. It saves the allocator's state, so that
//! opening after a crash does not walk the whole file.
//!
//! A large group comes all at once, and those who wait for it would be answered all at once, too. So that reads need
//! not wait for all that, the thread gives way to others, and answers a few at a time.
//!
//! redb refuses every write after its first I/O error, and every read of a page that is not in memory, even when the disk
//! has room again. So the writer then opens the file again: with the next write, after a read that failed, or with a look at
//! the store's health. Only one database at a time may have the file open, and one that can't be written can't be opened
//! again. So the one that failed is kept, and reads go on with the pages in memory, until the disk takes writes. A commit
//! that failed half-way may turn out to be there after all, as after any crash: its writes are all there, or none. Nor does
//! a panic end the thread: what it left of the database is given up, and the file opened again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use redb::{Database, ReadableDatabase as _, TableHandle as _, WriteTransaction};
use tokio::runtime::Handle;
use tokio::task::yield_now;

use super::guard::Guard;
use super::job::{Commit, Job};
use super::queue::Queue;
use super::reserve::Room;
use super::snapshot::{Published, Snapshot};
use super::tables::CHANGES;
use super::transaction::Tables;
use crate::store::{CacheFigures, CommitFigures, Observer, StoreError, StoreResult};

/// How many are answered at once.
const ANSWERED_AT_ONCE: usize = 4;

/// Opens the database again after it failed.
pub(super) type Reopen = Box<dyn Fn() -> StoreResult<Database> + Send>;

/// What holds for every group.
pub(super) struct Bounds {
    /// How many intents share a commit at most.
    pub intents: usize,
}

/// The writer thread's side: the database, and what it publishes.
pub(super) struct Group {
    /// None while it could not be opened again.
    database: Option<Database>,
    reopen: Reopen,
    reopen_pause: Duration,
    reopened: Option<Instant>,
    published: Arc<Published>,
    bounds: Bounds,
    guard: Guard,
    observer: Arc<dyn Observer>,
    runtime: Handle,
}

impl Group {
    /// Publishes the database as it is. `bounds` hold for every group, and it is tried to open a database that failed
    /// again at most once every `reopen_pause`. `observer` is informed of every commit, and when writes cease to work
    /// or work again.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime, on which the answers are given.
    pub fn new(
        database: Database,
        reopen: Reopen,
        reopen_pause: Duration,
        published: Arc<Published>,
        bounds: Bounds,
        guard: Guard,
        observer: Arc<dyn Observer>,
    ) -> StoreResult<Self> {
        published.publish(Snapshot::reporting(&database, Arc::clone(&published.damages))?);
        let (database, runtime) = (Some(database), Handle::current());
        Ok(Self { database, reopen, reopen_pause, reopened: None, published, bounds, guard, observer, runtime })
    }

    /// Serves the queue until it is closed and empty, then closes the database.
    pub fn run(mut self, queue: &Queue) -> StoreResult<()> {
        while let Some(jobs) = queue.take(self.bounds.intents) {
            self.serve(jobs);
        }
        self.published.snapshot.store(None);
        Ok(self.database.map_or(Ok(()), Database::close)?)
    }

    /// Carries out what there is room for: on a full disk, what is urgent, in a group of its own.
    fn serve(&mut self, jobs: Vec<Box<dyn Job>>) {
        let room = self.guard.check();
        let (urgent, others) = match &room {
            Ok(Room::Reserved(_)) => jobs.into_iter().partition(|job| job.is_urgent()),
            Ok(Room::Enough) | Err(_) => (jobs, Vec::new()),
        };
        if let Ok(Room::Reserved(full)) = &room {
            self.turn(Some(full));
            self.answer_refused(others, full);
        }
        if !urgent.is_empty() {
            self.serve_together(urgent);
        }
    }

    fn answer_refused(&self, mut jobs: Vec<Box<dyn Job>>, cause: &StoreError) {
        // First, or who asks for the next round would rely on a nudge that asked for this one.
        jobs.iter_mut().for_each(|job| job.taken());
        self.published.round.send_replace(Some(Instant::now()));
        jobs.into_iter().for_each(|job| job.answer(&Err(cause.clone())));
    }

    fn serve_together(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        let taken = Instant::now();
        self.published.writing.store(true, Ordering::Relaxed);
        jobs.iter_mut().for_each(|job| job.taken());
        let committed = self.carry_out(&mut jobs);
        let commit = committed.map(|elapsed| elapsed.map(|elapsed| Commit { taken, elapsed, size: jobs.len() }));
        if let Ok(Some(Commit { elapsed, size, .. })) = commit {
            self.observer.committed(&CommitFigures { elapsed, group_size: size });
        }
        self.publish_figures();
        // First, so that a caller who was answered and then asks how the store is need not ask the writer.
        self.published.round.send_replace(Some(Instant::now()));
        let others = jobs.split_off(jobs.len().min(ANSWERED_AT_ONCE));
        jobs.into_iter().for_each(|job| job.answer(&commit));
        if !others.is_empty() {
            self.runtime.spawn(answer(others, commit));
        }
    }

    fn publish_figures(&self) {
        self.published.writing.store(false, Ordering::Relaxed);
        if let Some(stats) = self.database.as_ref().map(Database::cache_stats) {
            let hits = stats.read_hits() + stats.write_hits();
            let misses = stats.read_misses() + stats.write_misses();
            self.published.cache.store(Some(Arc::new(CacheFigures { hits, misses, evictions: stats.evictions() })));
        }
    }

    /// Carries the intents out and keeps note of whether writing works. Returns what [`Self::commit`] does.
    fn carry_out(&mut self, jobs: &mut [Box<dyn Job>]) -> StoreResult<Option<Duration>> {
        let full = match self.guard.check() {
            Ok(Room::Enough) => None,
            Ok(Room::Reserved(full)) => Some(full),
            Err(cause) => {
                self.turn(Some(&cause));
                return Err(cause);
            }
        };
        let committed = catch_unwind(AssertUnwindSafe(|| self.commit(jobs))).unwrap_or_else(|_| {
            self.give_up();
            Err(StoreError::unavailable("the writer panicked"))
        });
        match &committed {
            Ok(Some(_)) => self.turn(full.as_ref()),
            Err(cause) if self.has_failed() => {
                self.guard.forget();
                self.turn(Some(cause));
            }
            // Nothing was tried.
            Ok(None) | Err(_) => {}
        }
        committed
    }

    /// Keeps note of why writes don't work, or that they do; the observer is informed when that is new.
    fn turn(&self, cause: Option<&StoreError>) {
        let before = self.published.broken.load();
        let same_kind = |before: &StoreError, cause: &StoreError| {
            matches!(before, StoreError::StorageFull(_)) == matches!(cause, StoreError::StorageFull(_))
        };
        match (before.as_deref(), cause) {
            (None, None) => return,
            (Some(_), None) => self.observer.writability_changed(Ok(())),
            (Some(before), Some(cause)) if same_kind(before, cause) => {}
            (_, Some(cause)) => self.observer.writability_changed(Err(cause)),
        }
        self.published.broken.store(cause.cloned().map(Arc::new));
    }

    /// Runs the intents in one transaction and commits it; how long that took, or `None` if there was nothing to commit.
    fn commit(&mut self, jobs: &mut [Box<dyn Job>]) -> StoreResult<Option<Duration>> {
        let mut txn = self.begin()?;
        txn.set_two_phase_commit(true);
        txn.set_quick_repair(true);
        let mut tables = Tables::of(&txn).reporting(Arc::clone(&self.published.damages));
        for job in jobs {
            job.run(&mut tables)?;
        }
        let (wrote, rewritten) = tables.finish()?;
        // After a failure, only a commit proves that writing works again.
        if !wrote && self.published.broken.load().is_none() {
            txn.abort()?;
            return Ok(None);
        }
        let began = Instant::now();
        txn.commit()?;
        let elapsed = began.elapsed();
        // The writes are there, but nobody could see them: that is no answer to give, nor a database to go on with.
        self.publish().inspect_err(|_| self.give_up())?;
        self.published.remembered.forget(&rewritten);
        rewritten.damaged.iter().for_each(|(table, key)| self.published.damages.forget(table.name(), key));
        if let Some(first) = rewritten.first_change {
            self.published.damages.forget_before(CHANGES.name(), &first.to_be_bytes());
        }
        Ok(Some(elapsed))
    }

    /// Lets go of a database that can't be relied on, and of what was read from it.
    fn give_up(&mut self) {
        self.published.snapshot.store(None);
        self.published.remembered.forget_all();
        let database = self.database.take();
        // It has failed already: closing it may say so again, but gives up its lock on the file.
        drop(catch_unwind(AssertUnwindSafe(|| database.map(Database::close))));
    }

    /// Whether the database refuses to go on.
    fn has_failed(&self) -> bool {
        self.database.as_ref().is_none_or(|database| database.begin_write().is_err())
    }

    /// A transaction, on a database opened again if the one at hand has failed and the disk takes writes.
    fn begin(&mut self) -> StoreResult<WriteTransaction> {
        match self.database.as_ref().map(Database::begin_write) {
            Some(Ok(txn)) => Ok(txn),
            Some(Err(_)) | None => self.open_again(),
        }
    }

    fn open_again(&mut self) -> StoreResult<WriteTransaction> {
        if self.reopened.is_some_and(|at| at.elapsed() < self.reopen_pause) {
            let cause = self.published.broken.load_full();
            let unknown = || StoreError::unavailable("it failed again at once");
            return Err(cause.map_or_else(unknown, |cause| (*cause).clone()));
        }
        self.reopened = Some(Instant::now());
        self.guard.try_writing()?;
        self.give_up();
        let txn = self.database.insert((self.reopen)()?).begin_write()?;
        self.publish()?;
        Ok(txn)
    }

    /// Lets reads see the last commit.
    fn publish(&self) -> StoreResult<()> {
        let database = self.database.as_ref().ok_or_else(|| StoreError::unavailable("there is no database"))?;
        self.published.publish(Snapshot::reporting(database, Arc::clone(&self.published.damages))?);
        Ok(())
    }
}

/// Answers a few at a time, and lets whatever else is ready to run go first.
async fn answer(jobs: Vec<Box<dyn Job>>, commit: StoreResult<Option<Commit>>) {
    for (answered, job) in jobs.into_iter().enumerate() {
        if answered % ANSWERED_AT_ONCE == 0 {
            yield_now().await;
        }
        job.answer(&commit);
    }
}
