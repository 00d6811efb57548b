//! The one way in for reads and the one for writes: each times the call and reports it to the observer.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures_util::future::try_join;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::PostgresStore;
use super::job::{Job, Write, WriteOutcome};
use super::load::load;
use super::loaded::{Loaded, Reader};
use super::pool::Moment;
use crate::domain::{LogPosition, Quotas, Stamp, Timestamp, UserId};
use crate::store::engine::{Engine, Name, RowCount, Source, Tx, Whole};
use crate::store::{Call, Damages, StoreError, StoreResult};

/// How long a fold over many rows waits for its turn, and how long it may take.
const SCAN_WAIT: Duration = Duration::from_secs(2);
const SCAN: Duration = Duration::from_secs(30);

impl PostgresStore {
    /// A read that is reported.
    pub(super) async fn observed<T: RowCount>(
        &self,
        name: Name,
        read: impl Future<Output = StoreResult<T>>,
    ) -> StoreResult<T> {
        let began = Instant::now();
        let result = read.await;
        self.observer.finished(&Call {
            operation: name.operation,
            collection: name.collection,
            elapsed: began.elapsed(),
            rows: result.as_ref().map_or(0, RowCount::rows),
            failed: result.as_ref().is_err_and(|error| !error.is_refusal()),
            write: None,
        });
        result
    }

    /// Runs a rule when what it reads is loaded: in one trip if it says what that is, else as of one moment.
    async fn look<T>(&self, rule: impl Fn(&dyn Source) -> StoreResult<T> + Send) -> StoreResult<T> {
        let damages = &*self.damages;
        let mut loaded = Loaded::default();
        if let Some(found) = run(&rule, &loaded, damages) {
            return found;
        }
        let connection = self.reads.get().await?;
        connection.ask(load(&connection.client, &mut loaded)).await?;
        if let Some(found) = run(&rule, &loaded, damages) {
            return found;
        }
        let moment = Moment::of(connection);
        loaded = Loaded::needing(loaded.all_needs());
        moment.ask(try_join(moment.begin(), load(&moment.client, &mut loaded))).await?;
        loop {
            if let Some(found) = run(&rule, &loaded, damages) {
                return found;
            }
            moment.ask(load(&moment.client, &mut loaded)).await?;
        }
    }

    /// A write, answered when it lasts.
    async fn submit<T: Send + 'static>(
        &self,
        stamp: Stamp,
        rule: impl Fn(&mut Tx<'_>) -> StoreResult<T> + Send + 'static,
    ) -> WriteOutcome<T> {
        let (job, outcome) = Write::new(stamp, rule, self.fence);
        let job: Box<dyn Job> = Box::new(job);
        let sent = match self.queue.load().as_ref() {
            Some(queue) => queue.try_send(job).map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => StoreError::Overloaded,
                mpsc::error::TrySendError::Closed(_) => closed(),
            }),
            None => Err(closed()),
        };
        self.seen.waiting.store(self.depth(), Ordering::Relaxed);
        match sent {
            Ok(()) => outcome.await.unwrap_or_else(|_| WriteOutcome::refused(closed())),
            Err(refusal) => WriteOutcome::refused(refusal),
        }
    }
}

/// What a rule finds in what is loaded; nothing when something is missing.
fn run<T>(rule: impl Fn(&dyn Source) -> StoreResult<T>, loaded: &Loaded, damages: &Damages) -> Option<StoreResult<T>> {
    let found = rule(&Reader { loaded, damages });
    (!loaded.has_missed()).then_some(found)
}

/// Gives work up that takes too long: what it has begun goes with its connection.
async fn in_time<T>(work: impl Future<Output = StoreResult<T>>) -> StoreResult<T> {
    timeout(SCAN, work).await.unwrap_or(Err(StoreError::Overloaded))
}

/// That the database was closed.
pub(super) fn closed() -> StoreError {
    StoreError::unavailable("the database is closed")
}

impl Engine for PostgresStore {
    fn quotas(&self) -> Quotas {
        self.quotas.now()
    }

    async fn write<T: Send + 'static>(
        &self,
        name: Name,
        stamp: Stamp,
        rule: impl Fn(&mut Tx<'_>) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let (began, read_only) = (Instant::now(), self.read_only.clone());
        // Asked by the writer, so that no write that waited comes long after.
        let rule = move |tx: &mut Tx<'_>| read_only.admit().and_then(|()| rule(tx));
        let WriteOutcome { result, rows, figures } = self.submit(stamp, rule).await;
        self.observer.finished(&Call {
            operation: name.operation,
            collection: name.collection,
            elapsed: began.elapsed(),
            rows,
            failed: result.as_ref().is_err_and(|error| !error.is_refusal()),
            write: figures,
        });
        result
    }

    async fn read<T: RowCount + Send>(
        &self,
        name: Name,
        rule: impl Fn(&dyn Source) -> StoreResult<T> + Send,
    ) -> StoreResult<T> {
        self.observed(name, self.look(rule)).await
    }

    async fn scan<T: RowCount + Send + 'static>(
        &self,
        name: Name,
        rule: impl Fn(&dyn Source) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let scan = async {
            let turn = self.scans.clone().acquire_owned();
            let Ok(Ok(turn)) = timeout(SCAN_WAIT, turn).await else { return Err(StoreError::Overloaded) };
            let snapshots = self.snapshots.clone();
            let fold = spawn_blocking(move || {
                let _turn = turn;
                rule(&snapshots.take()?)
            });
            match timeout(SCAN, fold).await {
                Ok(folded) => folded.unwrap_or_else(|error| Err(StoreError::unavailable(error))),
                Err(_) => Err(StoreError::Overloaded),
            }
        };
        self.observed(name, scan).await
    }

    async fn list<T: RowCount + Send + 'static>(
        &self,
        name: Name,
        is_long: impl Fn(&dyn Source) -> StoreResult<bool> + Send,
        rule: impl Fn(&dyn Source) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        // An error is reported by the read that follows.
        let is_long = self.look(is_long).await.unwrap_or(false);
        if is_long { self.scan(name, rule).await } else { self.read(name, rule).await }
    }

    fn whole(&self) -> StoreResult<Arc<dyn Whole + Send + Sync>> {
        Ok(Arc::new(self.snapshots.take()?))
    }

    fn backups(&self) -> &Arc<Semaphore> {
        &self.backups
    }

    fn inspections(&self) -> &Arc<Semaphore> {
        &self.inspections
    }

    async fn scrub_changes(
        &self,
        people: Vec<UserId>,
        after: LogPosition,
        limit: usize,
    ) -> StoreResult<Option<LogPosition>> {
        self.read_only.admit()?;
        self.observed(Name::new("update", "changes"), in_time(self.scrub(&people, after, limit))).await
    }

    async fn trim_changes(&self, before: Timestamp, limit: usize) -> StoreResult<bool> {
        self.read_only.admit()?;
        self.observed(Name::new("delete", "changes"), in_time(self.trim(before, limit))).await
    }
}
