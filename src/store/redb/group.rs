//! Group commit: one thread carries out what is queued in one transaction, and so pays for one commit, not for many.
//!
//! Every commit is durable before anyone is answered, and in two phases, because the checksums that a commit in one
//! phase relies on can be forged by whoever chooses the bytes, and tenants do. It saves the allocator's state, so that
//! opening after a crash does not walk the whole file.
//!
//! redb refuses everything after its first I/O error, even when the disk has room again, so the writer then opens the
//! file anew: with the next write, or with the next look at its health. A commit that failed half-way may turn out to
//! be there after all, as after any crash: its writes are all there, or none.

use std::sync::Arc;
use std::time::{Duration, Instant};

use redb::{Database, WriteTransaction};
use tokio::sync::mpsc;

use super::snapshot::{Published, Snapshot};
use super::tables::Tables;
use super::writer::{Commit, Job};
use crate::store::{StoreError, StoreResult};

/// Opens the database again after it failed.
pub(super) type Reopen = Box<dyn Fn() -> StoreResult<Database> + Send>;

/// The writer thread's side: the database, and what it publishes.
pub(super) struct Group {
    /// None while it could not be opened again.
    database: Option<Database>,
    reopen: Reopen,
    published: Arc<Published>,
    max: usize,
}

impl Group {
    /// Publishes the database as it is. At most `max` intents will share a commit.
    pub fn new(database: Database, reopen: Reopen, published: Arc<Published>, max: usize) -> StoreResult<Self> {
        published.snapshot.store(Some(Arc::new(Snapshot::open(&database)?)));
        Ok(Self { database: Some(database), reopen, published, max })
    }

    /// Serves the queue until nobody can add to it and it is empty, then closes the database.
    pub fn run(mut self, mut queue: mpsc::Receiver<Box<dyn Job>>) -> StoreResult<()> {
        while let Some(first) = queue.blocking_recv() {
            let mut jobs = vec![first];
            while jobs.len() < self.max
                && let Ok(job) = queue.try_recv()
            {
                jobs.push(job);
            }
            self.serve(jobs);
        }
        self.published.snapshot.store(None);
        Ok(self.database.map_or(Ok(()), Database::close)?)
    }

    fn serve(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        let taken = Instant::now();
        let committed = self.carry_out(&mut jobs);
        let commit = committed.map(|elapsed| elapsed.map(|elapsed| Commit { taken, elapsed, size: jobs.len() }));
        for job in jobs {
            job.answer(&commit);
        }
    }

    /// Runs the intents in one transaction and commits it; how long that took, or `None` if there was nothing to commit.
    /// On an error nothing of the group is visible.
    fn carry_out(&mut self, jobs: &mut [Box<dyn Job>]) -> StoreResult<Option<Duration>> {
        let mut txn = self.begin()?;
        txn.set_two_phase_commit(true);
        txn.set_quick_repair(true);
        let mut tables = Tables::open(&txn)?;
        for job in jobs {
            job.run(&mut tables)?;
        }
        let wrote = tables.finish()?;
        // After a failure, only a commit proves that writing works again.
        if !wrote && self.published.broken.load().is_none() {
            txn.abort()?;
            return Ok(None);
        }
        let began = Instant::now();
        let committed = txn.commit();
        let elapsed = began.elapsed();
        let published = committed.map_err(StoreError::from).and_then(|()| self.publish());
        self.published.broken.store(published.as_ref().err().map(|cause| Arc::new(cause.to_string())));
        published.map(|()| Some(elapsed))
    }

    /// A transaction, on a database opened anew if the one at hand has failed.
    fn begin(&mut self) -> StoreResult<WriteTransaction> {
        if let Some(database) = &self.database
            && let Ok(txn) = database.begin_write()
        {
            return Ok(txn);
        }
        let reopened = self.open_again();
        if let Err(cause) = &reopened {
            self.published.broken.store(Some(Arc::new(cause.to_string())));
        }
        reopened
    }

    fn open_again(&mut self) -> StoreResult<WriteTransaction> {
        // It has failed already, so closing it says nothing new, but gives up its lock on the file.
        drop(self.database.take().map(Database::close));
        let txn = self.database.insert((self.reopen)()?).begin_write()?;
        self.publish()?;
        Ok(txn)
    }

    /// Lets reads see the last commit.
    fn publish(&self) -> StoreResult<()> {
        let database =
            self.database.as_ref().ok_or_else(|| StoreError::Unavailable("there is no database".to_owned()))?;
        self.published.snapshot.store(Some(Arc::new(Snapshot::open(database)?)));
        Ok(())
    }
}
