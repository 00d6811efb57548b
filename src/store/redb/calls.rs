//! The one way in for reads and the one for writes: each times the call and tells the observer of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use super::RedbStore;
use super::scan::Budget;
use super::snapshot::Snapshot;
use super::tables::Tables;
use crate::domain::{ArtifactCounts, ArtifactHistory, ArtifactPage, Usage};
use crate::store::{Call, Counts, StoreError, StoreResult};

impl RedbStore {
    /// The last commit.
    pub(super) fn snapshot(&self) -> StoreResult<Arc<Snapshot>> {
        self.published.snapshot.load_full().ok_or_else(|| {
            let broken = self.published.broken.load_full();
            StoreError::Unavailable(broken.map_or("the database is closed".to_owned(), |cause| cause.to_string()))
        })
    }

    /// A read of few rows, done at once: the pages it touches are in memory as a rule.
    pub(super) fn read<T: Rows>(
        &self,
        operation: &'static str,
        collection: &'static str,
        read: impl FnOnce(&Snapshot) -> StoreResult<T>,
    ) -> StoreResult<T> {
        let began = Instant::now();
        let result = self.snapshot().and_then(|snapshot| read(&snapshot));
        self.read_ended(operation, collection, began, result)
    }

    /// A read of many rows, off the runtime's threads.
    pub(super) async fn scan<T: Rows + Send + 'static>(
        &self,
        collection: &'static str,
        scan: impl FnOnce(&Snapshot, &Budget) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let began = Instant::now();
        let result = match self.snapshot() {
            Ok(snapshot) => self.scans.run(snapshot, scan).await,
            Err(unavailable) => Err(unavailable),
        };
        self.read_ended("list", collection, began, result)
    }

    /// A list that is short as a rule: read at once, or off the runtime's threads if it `is_long`.
    pub(super) async fn list<T: Rows + Send + 'static>(
        &self,
        collection: &'static str,
        is_long: impl FnOnce(&Snapshot) -> StoreResult<bool>,
        list: impl FnOnce(&Snapshot, &Budget) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        // An error is told of by the read that follows.
        let is_long = self.snapshot().and_then(|snapshot| is_long(&snapshot));
        if is_long.unwrap_or(false) {
            self.scan(collection, list).await
        } else {
            self.read("list", collection, |snapshot| list(snapshot, &Budget::UNLIMITED))
        }
    }

    /// Tells the observer, and after a failure the writer: redb may refuse everything until it is opened anew.
    fn read_ended<T: Rows>(
        &self,
        operation: &'static str,
        collection: &'static str,
        began: Instant,
        result: StoreResult<T>,
    ) -> StoreResult<T> {
        self.observer.finished(&Call {
            operation,
            collection,
            elapsed: began.elapsed(),
            rows: result.as_ref().map_or(0, Rows::rows),
            failed: has_failed(&result),
            write: None,
        });
        if is_failure(&result) {
            self.writer.nudge();
        }
        result
    }

    /// A write, answered when it is on disk.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        operation: &'static str,
        collection: &'static str,
        intent: impl FnOnce(&mut Tables<'_>) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let began = Instant::now();
        let answer = self.writer.submit(intent).await;
        self.observer.finished(&Call {
            operation,
            collection,
            elapsed: began.elapsed(),
            rows: answer.rows,
            failed: has_failed(&answer.result),
            write: answer.figures,
        });
        answer.result
    }
}

fn is_failure<T>(result: &StoreResult<T>) -> bool {
    result.as_ref().is_err_and(StoreError::is_failure)
}

fn has_failed<T>(result: &StoreResult<T>) -> bool {
    result.as_ref().is_err_and(|error| !error.is_refusal())
}

/// What a read returns, as a number of rows.
pub(super) trait Rows {
    fn rows(&self) -> usize;
}

impl<T> Rows for Option<T> {
    fn rows(&self) -> usize {
        usize::from(self.is_some())
    }
}

impl Rows for bool {
    fn rows(&self) -> usize {
        usize::from(*self)
    }
}

/// A figure.
impl Rows for u64 {
    fn rows(&self) -> usize {
        1
    }
}

impl<T> Rows for Vec<T> {
    fn rows(&self) -> usize {
        self.len()
    }
}

impl<K, V> Rows for HashMap<K, V> {
    fn rows(&self) -> usize {
        self.len()
    }
}

impl Rows for ArtifactPage {
    fn rows(&self) -> usize {
        self.items.len()
    }
}

impl Rows for ArtifactHistory {
    fn rows(&self) -> usize {
        self.versions.len()
    }
}

impl Rows for Usage {
    fn rows(&self) -> usize {
        1
    }
}

impl Rows for ArtifactCounts {
    fn rows(&self) -> usize {
        1
    }
}

impl Rows for Counts {
    fn rows(&self) -> usize {
        1
    }
}
