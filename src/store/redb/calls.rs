//! The one way in for reads and the one for writes: each times the call and reports it to the observer.

use std::future::{Future, ready};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Semaphore;

use super::RedbStore;
use super::budget::Budget;
use super::snapshot::Snapshot;
use super::transaction::Tables;
use super::writer::WriteOutcome;
use super::{change_log, changes};
use crate::domain::{LogPosition, Membership, Quotas, Session, Stamp, Timestamp, UserId};
use crate::store::engine::{Engine, Name, RowCount, Source, Tx, Whole};
use crate::store::{Call, StoreError, StoreResult};

impl RedbStore {
    /// The last commit.
    pub(super) fn snapshot(&self) -> StoreResult<Arc<Snapshot>> {
        self.published.snapshot.load_full().ok_or_else(|| {
            let broken = self.published.broken.load_full();
            let closed = || StoreError::unavailable("the database is closed");
            broken.map_or_else(closed, |cause| StoreError::unavailable((*cause).clone()))
        })
    }

    /// A read of few rows, done at once: the pages it reads are in memory as a rule.
    pub(super) fn look_up<T: RowCount>(
        &self,
        name: Name,
        read: impl FnOnce(&Snapshot) -> StoreResult<T>,
    ) -> StoreResult<T> {
        let began = Instant::now();
        let result = self.snapshot().and_then(|snapshot| read(&snapshot));
        self.read_ended(name, began, result)
    }

    /// A read of many rows, off the runtime's threads.
    pub(super) async fn go_through<T: RowCount + Send + 'static>(
        &self,
        name: Name,
        scan: impl FnOnce(&Snapshot, &Budget) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let began = Instant::now();
        let result = match self.snapshot() {
            Ok(snapshot) => self.scans.run(snapshot, scan).await,
            Err(unavailable) => Err(unavailable),
        };
        self.read_ended(name, began, result)
    }

    /// Informs the observer, and after a failure the writer: redb may refuse everything until it is opened again.
    fn read_ended<T: RowCount>(&self, name: Name, began: Instant, result: StoreResult<T>) -> StoreResult<T> {
        self.observer.finished(&Call {
            operation: name.operation,
            collection: name.collection,
            elapsed: began.elapsed(),
            rows: result.as_ref().map_or(0, RowCount::rows),
            failed: has_failed(&result),
            write: None,
        });
        if is_failure(&result) {
            self.writer.nudge();
        }
        result
    }

    /// A write of something that is queued, answered when it is on disk.
    pub(super) async fn written<T>(&self, name: Name, answer: impl Future<Output = WriteOutcome<T>>) -> StoreResult<T> {
        let began = Instant::now();
        let answer = answer.await;
        self.observer.finished(&Call {
            operation: name.operation,
            collection: name.collection,
            elapsed: began.elapsed(),
            rows: answer.rows,
            failed: has_failed(&answer.result),
            write: answer.figures,
        });
        answer.result
    }
}

impl Engine for RedbStore {
    fn quotas(&self) -> Quotas {
        self.quotas.now()
    }

    async fn write<T: Send + 'static>(
        &self,
        name: Name,
        stamp: Stamp,
        rule: impl Fn(&mut Tx<'_>) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let read_only = self.read_only.clone();
        // Asked by the writer, so that no write that waited comes long after.
        let rule = move |tx: &mut Tx<'_>| read_only.admit().and_then(|()| rule(tx));
        self.written(name, self.writer.submit(is_urgent(name), stamp, rule)).await
    }

    fn read<T: RowCount + Send>(
        &self,
        name: Name,
        rule: impl Fn(&dyn Source) -> StoreResult<T> + Send,
    ) -> impl Future<Output = StoreResult<T>> + Send {
        ready(self.look_up(name, |snapshot| rule(&snapshot.reader())))
    }

    async fn scan<T: RowCount + Send + 'static>(
        &self,
        name: Name,
        rule: impl Fn(&dyn Source) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        self.go_through(name, move |snapshot, budget| rule(&snapshot.within(budget))).await
    }

    async fn list<T: RowCount + Send + 'static>(
        &self,
        name: Name,
        is_long: impl Fn(&dyn Source) -> StoreResult<bool> + Send,
        rule: impl Fn(&dyn Source) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        // An error is reported by the read that follows.
        let is_long = self.snapshot().and_then(|snapshot| is_long(&snapshot.reader()));
        if is_long.unwrap_or(false) { self.scan(name, rule).await } else { self.read(name, rule).await }
    }

    fn session(
        &self,
        key: [u8; 32],
        name: Name,
        rule: impl Fn(&dyn Source) -> StoreResult<Option<Session>> + Send,
    ) -> impl Future<Output = StoreResult<Option<Session>>> + Send {
        let read = || self.look_up(name, |snapshot| rule(&snapshot.reader()));
        ready(self.published.remembered.sessions.get_or_read(&key, read))
    }

    fn membership(
        &self,
        key: [u8; 32],
        name: Name,
        rule: impl Fn(&dyn Source) -> StoreResult<Option<Membership>> + Send,
    ) -> impl Future<Output = StoreResult<Option<Membership>>> + Send {
        let read = || self.look_up(name, |snapshot| rule(&snapshot.reader()));
        ready(self.published.remembered.members.get_or_read(&key, read))
    }

    fn whole(&self) -> StoreResult<Arc<dyn Whole + Send + Sync>> {
        Ok(self.snapshot()?)
    }

    fn file_bytes(&self) -> u64 {
        self.measure().file_bytes.unwrap_or_default()
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
        let name = Name::new("update", "changes");
        let scrub = move |tables: &mut Tables<'_>| changes::scrub(tables, &people, after, limit);
        self.written(name, self.writer.submit_own(is_urgent(name), scrub)).await
    }

    async fn trim_changes(&self, before: Timestamp, limit: usize) -> StoreResult<bool> {
        self.read_only.admit()?;
        let is_needed = |snapshot: &Snapshot| change_log::begins_before(snapshot.changes()?, before);
        if !self.look_up(Name::new("get", "changes"), is_needed)? {
            return Ok(false);
        }
        let name = Name::new("delete", "changes");
        let trim = self.writer.submit_own(is_urgent(name), move |tables| changes::trim(tables, before, limit));
        self.written(name, trim).await
    }
}

/// Whether it makes room on the disk, or keeps people signed in: then it is carried out on a full disk, too.
fn is_urgent(name: Name) -> bool {
    name.operation == "delete" || name.collection == "sessions"
}

fn is_failure<T>(result: &StoreResult<T>) -> bool {
    result.as_ref().is_err_and(StoreError::is_failure)
}

fn has_failed<T>(result: &StoreResult<T>) -> bool {
    result.as_ref().is_err_and(|error| !error.is_refusal())
}
