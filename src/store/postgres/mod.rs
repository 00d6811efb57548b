//! The store on PostgreSQL: the same rules, for as many nodes as there are in front of it.
//!
//! A read runs a rule on what was loaded; what it reads that was not is loaded, and it runs again. A write goes through a
//! bounded queue to the one writer of its node, which carries out what waits in one transaction. Each transaction holds the
//! head of the database, so that those of all nodes come one after the other, and is answered when it lasts. How rows lie in
//! tables is in `layout.rs`; nothing but plain SQL is asked for, and neither extensions nor the rights of a superuser.
//!
//! Nothing is remembered between two calls: what one node has written is seen by the next call at any other.

mod address;
mod address_error;
mod ahead;
mod calls;
mod causes;
mod changes;
mod clock;
mod connect;
mod group;
mod io;
mod job;
mod layout;
mod lease;
mod load;
mod loaded;
mod open;
mod pool;
mod rebuild;
mod rows;
mod shared;
mod snapshot;
mod tls;
mod whole;
mod working;

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use self::clock::ClockDifference;
use self::connect::failed;
use self::group::Seen;
use self::job::Job;
use self::lease::Fence;
use self::pool::Reads;
use self::rows::position;
use self::snapshot::Snapshots;
use super::engine::{Counter, Engine as _, Name, WHOLE};
use super::{
    Counts, Damages, Leases, Observer, ReadOnly, RemoteHealth, Shared, Store, StoreError, StoreFigures, StoreHealth,
    StoreResult,
};
use crate::domain::{HistoryId, SharedQuotas};

pub use address::{Address, ConnectError};
pub use address_error::AddressError;
pub use open::{OpenError, Options, shared};
pub use shared::SharedTable;
pub use whole::{RestoreError, backup, check, require_empty, restore, schema, stats};

/// How long a look at the database's health may take.
const LOOK: Duration = Duration::from_secs(2);

/// A [`Store`] on PostgreSQL. Its clones are the same.
#[derive(Clone)]
pub struct PostgresStore {
    address: Arc<Address>,
    reads: Reads,
    queue: Arc<ArcSwapOption<mpsc::Sender<Box<dyn Job>>>>,
    writer: Arc<tokio::sync::Mutex<Option<JoinHandle<()>>>>,
    snapshots: Arc<Snapshots>,
    /// Held by folds over many rows.
    scans: Arc<Semaphore>,
    seen: Arc<Seen>,
    damages: Arc<Damages>,
    observer: Arc<dyn Observer>,
    history: HistoryId,
    quotas: SharedQuotas,
    read_only: ReadOnly,
    /// Held by the one backup that is being made.
    backups: Arc<Semaphore>,
    /// Held by the one look at everything that is being taken.
    inspections: Arc<Semaphore>,
    clock: Arc<ClockDifference>,
    /// What has to hold for its writes.
    fence: Option<Fence>,
    _held: Option<Arc<File>>,
}

impl PostgresStore {
    /// How many writes wait.
    fn depth(&self) -> usize {
        self.queue.load().as_ref().map_or(0, |queue| queue.max_capacity() - queue.capacity())
    }

    /// Whether the database takes writes, whether commits wait for a standby, and how many of these are connected.
    async fn ask(&self) -> StoreResult<(StoreResult<()>, bool, u64)> {
        let connection = self.reads.get().await?;
        let query = "SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean, \
                     current_setting('synchronous_standby_names') <> '' \
                         AND current_setting('synchronous_commit') IN ('on', 'remote_apply', 'remote_write'), \
                     (SELECT count(*) FROM pg_stat_replication)";
        let found = connection.ask(connection.client.query_typed(query, &[])).await?;
        let row = found.first().ok_or_else(|| StoreError::unavailable("the database says nothing of itself"))?;
        let refused = || StoreError::unavailable("the database takes no writes: it is a standby, or read-only");
        let writable = if row.try_get(0).map_err(failed)? { Err(refused()) } else { Ok(()) };
        let standbys: i64 = row.try_get(2).map_err(failed)?;
        Ok((writable, row.try_get(1).map_err(failed)?, u64::try_from(standbys).unwrap_or_default()))
    }

    /// What is known of the database without asking it.
    fn remote(&self) -> RemoteHealth {
        let (used, open) = self.reads.in_use();
        let connections = (used, open, self.reads.most());
        RemoteHealth { clock_ahead: self.clock.ahead(), connections, ..RemoteHealth::default() }
    }
}

#[async_trait]
impl Store for PostgresStore {
    fn history(&self) -> HistoryId {
        self.history
    }

    async fn counts(&self) -> StoreResult<Counts> {
        self.read(Name::new("get", "counters"), |source| {
            let count = |counter| source.count(WHOLE, counter);
            let (users, workspaces) = (count(Counter::Users), count(Counter::Workspaces));
            let (artifacts, active_artifacts) = (count(Counter::Artifacts), count(Counter::ActiveArtifacts));
            Ok(Counts {
                users: users?,
                workspaces: workspaces?,
                artifacts: artifacts?,
                active_artifacts: active_artifacts?,
            })
        })
        .await
    }

    async fn health(&self) -> StoreHealth {
        let late = || StoreError::unavailable(format!("the database did not answer for {} s", LOOK.as_secs()));
        let look = async { (self.ask().await, self.last_change().await) };
        let (asked, last) = timeout(LOOK, look).await.unwrap_or_else(|_| (Err(late()), Err(late())));
        let remote = match &asked {
            Ok((_, is_synchronous, standbys)) => {
                RemoteHealth { is_synchronous: *is_synchronous, standbys: Some(*standbys), ..self.remote() }
            }
            Err(_) => self.remote(),
        };
        let asked = asked.and_then(|(writable, ..)| writable);
        // What failed before is taken to work again, unless writes wait for it.
        if asked.is_ok() && self.depth() == 0 && self.seen.broken.swap(None).is_some() {
            self.observer.writability_changed(Ok(()));
        }
        let broken = self.seen.broken.load_full().map_or(Ok(()), |cause| Err((*cause).clone()));
        let writable = asked.and(broken);
        StoreHealth {
            readable: last.is_ok(),
            writable,
            newest_change: last.unwrap_or_else(|_| position(self.seen.last.load(Ordering::Relaxed))),
            queue_depth: self.depth(),
            damaged: self.damages.all(),
            remote: Some(remote),
        }
    }

    fn figures(&self) -> StoreFigures {
        let queue_capacity = self.queue.load().as_ref().map_or(0, |queue| queue.max_capacity());
        StoreFigures {
            queue_depth: self.depth(),
            queue_capacity,
            readers: self.reads.in_use().0,
            writing: self.seen.writing.load(Ordering::Relaxed),
            writable: queue_capacity > 0 && self.seen.broken.load().is_none(),
            newest_change: Some(position(self.seen.last.load(Ordering::Relaxed))),
            ..StoreFigures::default()
        }
    }

    fn leases(&self) -> Option<Arc<dyn Leases>> {
        Some(Arc::new(self.clone()))
    }

    fn shared(&self) -> Option<Arc<dyn Shared>> {
        Some(Arc::new(SharedTable::beside(self.address.clone(), self.reads.clone())))
    }

    async fn close(&self) -> StoreResult<()> {
        self.queue.store(None);
        if let Some(writer) = self.writer.lock().await.take() {
            writer.await.map_err(StoreError::unavailable)?;
        }
        self.reads.close();
        Ok(())
    }
}
