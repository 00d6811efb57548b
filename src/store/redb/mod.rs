//! The store on redb: one file, many readers, one writer thread.
//!
//! Reads run where they are called, on the snapshot that the last commit left in memory. Writes go through a bounded
//! queue to the one thread that writes, which carries out what is waiting in one transaction and answers when it is on
//! disk. What is to be done is a rule's ([`super::engine`]); how it is done is here: group commit, snapshots,
//! remembered rows, the disk.
//!
//! One process has the file to itself (redb's default `ExclusiveWriter` mode). `SingleWriter` would let others read it
//! beside a running server, but its locks cost commits of up to 32 intents about a fifth of their throughput.
//!
//! Knows `domain` and the boundary in [`crate::store`]; nothing of HTTP, and nothing of telemetry beyond the
//! [`Observer`] it is given.

mod budget;
mod calls;
mod change_log;
mod changes;
mod check;
mod compact;
mod counters;
mod errors;
#[cfg(test)]
mod failures;
mod figures;
mod files;
mod group;
mod guard;
mod health;
mod history;
mod job;
mod limits;
mod migrate;
mod open;
mod queue;
mod rebuild;
mod remembered;
mod reserve;
mod restore;
mod rows;
mod scan;
mod snapshot;
mod stats;
mod tables;
mod transaction;
mod upgrade;
mod writer;

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use self::group::{Bounds, Group};
use self::guard::Guard;
use self::limits::StoreLimits;
use self::scan::Scans;
use self::snapshot::Published;
use self::writer::Writer;
use super::engine::Name;
use super::{Cause, Counts, Observer, ReadOnly, Store, StoreError, StoreFigures, StoreHealth, StoreResult};
use crate::domain::{HistoryId, SharedQuotas};

pub use check::check;
pub use compact::{CompactError, Compacted, compact};
pub use errors::OpenError;
pub use open::{Location, Options, RepairProgress, schema};
pub use restore::{RestoreError, backup, restore};
pub use stats::stats;

/// A [`Store`] on redb.
///
/// Dropping it closes the database, and blocks until the queued writes are done; [`Store::close`] does the same without
/// blocking, and returns errors.
pub struct RedbStore {
    writer: Arc<Writer>,
    published: Arc<Published>,
    scans: Scans,
    limits: StoreLimits,
    observer: Arc<dyn Observer>,
    location: Location,
    history: HistoryId,
    quotas: SharedQuotas,
    read_only: ReadOnly,
    /// Held by the one backup that is being made.
    backups: Arc<Semaphore>,
    /// Held by the one look at everything that is being taken.
    inspections: Arc<Semaphore>,
}

impl RedbStore {
    /// Opens a database, made or migrated if need be. `observer` is informed of every call. Blocks, for long after a crash
    /// of an older file.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime, which its operations need, too.
    pub fn open(options: Options, observer: Arc<dyn Observer>) -> Result<Self, OpenError> {
        let (database, history) = open::open(&options)?;
        let published = Arc::new(Published::new(Arc::clone(&observer)));
        let limits = StoreLimits::default();
        let (location, queue) = (options.location.clone(), options.queue);
        let (quotas, read_only) = (options.quotas.clone(), options.read_only.clone());
        let bounds = Bounds { intents: options.group_max };
        let guard = Guard::of(&options, limits.look_pause)
            .map_err(|error| OpenError::Other { path: location.path(), cause: Cause::new(error) })?;
        let reopen = Box::new(move || open::reopen(&options, history));
        let (pause, shared) = (limits.reopen_pause, Arc::clone(&published));
        let writer = Group::new(database, reopen, pause, shared, bounds, guard, Arc::clone(&observer))
            .and_then(|group| Writer::start(group, queue))
            .map_err(|error| OpenError::after_opening(location.path(), &error))?;
        let (writer, scans) = (Arc::new(writer), Scans::new(limits));
        let [backups, inspections] = [(); 2].map(|()| Arc::new(Semaphore::new(1)));
        Ok(Self {
            writer,
            published,
            scans,
            limits,
            observer,
            location,
            history,
            quotas,
            read_only,
            backups,
            inspections,
        })
    }
}

impl Drop for RedbStore {
    fn drop(&mut self) {
        // Nobody is left to get an error; call `close` before to see it.
        drop(self.writer.close());
    }
}

#[async_trait]
impl Store for RedbStore {
    fn history(&self) -> HistoryId {
        self.history
    }

    async fn counts(&self) -> StoreResult<Counts> {
        self.look_up(Name::new("get", "counters"), |snapshot| counters::counts(snapshot.counters()?))
    }

    async fn health(&self) -> StoreHealth {
        self.look().await
    }

    fn figures(&self) -> StoreFigures {
        self.measure()
    }

    async fn close(&self) -> StoreResult<()> {
        let writer = Arc::clone(&self.writer);
        spawn_blocking(move || writer.close()).await.unwrap_or_else(|error| Err(StoreError::unavailable(error)))
    }
}
