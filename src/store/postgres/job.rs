//! An intent in the queue to the writer, and the one who waits for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::lease::Fence;
use crate::domain::Stamp;
use crate::store::engine::{Overlay, Source, Tx};
use crate::store::{StoreError, StoreResult, WriteFigures};

/// What became of an intent.
pub(super) struct WriteOutcome<T> {
    pub result: StoreResult<T>,
    /// Entries it added to the change log: the things it changed.
    pub rows: usize,
    /// What it spent its time on, if it wrote anything.
    pub figures: Option<WriteFigures>,
}

impl<T> WriteOutcome<T> {
    /// Of one that was not carried out.
    pub fn refused(error: StoreError) -> Self {
        Self { result: Err(error), rows: 0, figures: None }
    }
}

/// What is known of a commit.
#[derive(Clone, Copy)]
pub(super) struct Commit {
    pub taken: Instant,
    pub elapsed: Duration,
    pub size: usize,
}

/// An intent that waits. It may be run several times, and the last time counts.
pub(super) trait Job: Send {
    /// Runs it, and returns whether it succeeded. What it wrote is in the overlay then.
    fn run(&mut self, source: &dyn Source, overlay: &mut Overlay) -> bool;

    /// What it wrote was taken over, with this number of change log entries.
    fn taken_over(&mut self, entries: usize);

    /// It can't be taken over.
    fn failed(&mut self, error: StoreError);

    /// Who does it, and when.
    fn stamp(&self) -> &Stamp;

    /// What has to hold when it is committed.
    fn fence(&self) -> Option<Fence>;

    /// Answers who waits: `group` is how the commit of its group ended, none when there was nothing to commit.
    fn answer(self: Box<Self>, group: &StoreResult<Option<Commit>>);
}

/// A rule that waits to be carried out.
pub(super) struct Write<R, T> {
    rule: R,
    stamp: Stamp,
    fence: Option<Fence>,
    result: Option<StoreResult<T>>,
    rows: usize,
    submitted: Instant,
    reply: oneshot::Sender<WriteOutcome<T>>,
}

impl<R, T> Write<R, T> {
    /// Such a rule, and where its outcome comes.
    pub fn new(stamp: Stamp, rule: R, fence: Option<Fence>) -> (Self, oneshot::Receiver<WriteOutcome<T>>) {
        let (reply, outcome) = oneshot::channel();
        (Self { rule, stamp, fence, result: None, rows: 0, submitted: Instant::now(), reply }, outcome)
    }
}

impl<R, T> Job for Write<R, T>
where
    R: Fn(&mut Tx<'_>) -> StoreResult<T> + Send,
    T: Send,
{
    fn run(&mut self, source: &dyn Source, overlay: &mut Overlay) -> bool {
        self.rows = 0;
        let ran = catch_unwind(AssertUnwindSafe(|| (self.rule)(&mut Tx::new(source, overlay, &self.stamp))));
        let result = ran.unwrap_or_else(|_| Err(StoreError::internal("a write panicked")));
        let has_succeeded = result.is_ok();
        self.result = Some(result);
        has_succeeded
    }

    fn taken_over(&mut self, entries: usize) {
        self.rows = entries;
    }

    fn failed(&mut self, error: StoreError) {
        self.result = Some(Err(error));
    }

    fn stamp(&self) -> &Stamp {
        &self.stamp
    }

    fn fence(&self) -> Option<Fence> {
        self.fence
    }

    fn answer(self: Box<Self>, group: &StoreResult<Option<Commit>>) {
        let outcome = match (group, self.result) {
            // It would have been refused, whatever became of the others.
            (Err(_), Some(Err(refusal))) if refusal.is_refusal() => WriteOutcome::refused(refusal),
            (Err(failure), _) => WriteOutcome::refused(failure.clone()),
            (Ok(_), None) => WriteOutcome::refused(StoreError::unavailable("the write was not carried out")),
            (Ok(commit), Some(result)) => {
                let figures = |commit: Commit| WriteFigures {
                    queued: commit.taken.duration_since(self.submitted),
                    commit: commit.elapsed,
                    group_size: commit.size,
                };
                let figures = commit.filter(|_| self.rows > 0).map(figures);
                WriteOutcome { result, rows: self.rows, figures }
            }
        };
        // The caller may have given up; the write stands all the same.
        drop(self.reply.send(outcome));
    }
}
