//! The way to the writer thread: a bounded queue of intents, each answered once its group is on disk.
//!
//! See [`super::group`] for what the thread does with them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::group::Group;
use super::job::{Commit, Job};
use super::queue::{Queue, closed};
use super::transaction::Tables;
use crate::domain::{Party, Stamp};
use crate::priority::Work;
use crate::store::engine::Tx;
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
    fn refused(error: StoreError) -> Self {
        Self { result: Err(error), rows: 0, figures: None }
    }
}

/// What is done in a group. It returns what came of it, with how many entries it added to the change log; an error means that
/// the group must be given up.
trait Intent<T>: Send {
    fn run(&self, tables: &mut Tables<'_>) -> StoreResult<(StoreResult<T>, usize)>;
}

/// A rule, carried out for whom the stamp says.
struct Ruled<R>(Stamp, R);

impl<T, R: Fn(&mut Tx<'_>) -> StoreResult<T> + Send> Intent<T> for Ruled<R> {
    fn run(&self, tables: &mut Tables<'_>) -> StoreResult<(StoreResult<T>, usize)> {
        tables.run(&self.0, &self.1)
    }
}

/// Work of the engine's own, of which the change log has nothing.
struct Own<W>(W);

impl<T, W: Fn(&mut Tables<'_>) -> StoreResult<T> + Send> Intent<T> for Own<W> {
    fn run(&self, tables: &mut Tables<'_>) -> StoreResult<(StoreResult<T>, usize)> {
        match (self.0)(tables) {
            Err(failure) if failure.is_failure() => Err(failure),
            outcome => Ok((outcome, 0)),
        }
    }
}

/// An intent that returns a `T`, and the one who waits for it.
struct Write<I, T> {
    intent: I,
    is_urgent: bool,
    outcome: Option<(StoreResult<T>, usize)>,
    submitted: Instant,
    reply: oneshot::Sender<WriteOutcome<T>>,
}

impl<I, T> Job for Write<I, T>
where
    I: Intent<T>,
    T: Send,
{
    fn is_urgent(&self) -> bool {
        self.is_urgent
    }

    fn run(&mut self, tables: &mut Tables<'_>) -> StoreResult<()> {
        self.outcome = Some(self.intent.run(tables)?);
        Ok(())
    }

    fn answer(self: Box<Self>, group: &StoreResult<Option<Commit>>) {
        let answer = match (group, self.outcome) {
            (Ok(commit), Some((result, rows))) => {
                let figures = |commit: Commit| WriteFigures {
                    queued: commit.taken.duration_since(self.submitted),
                    commit: commit.elapsed,
                    group_size: commit.size,
                };
                WriteOutcome { result, rows, figures: commit.filter(|_| rows > 0).map(figures) }
            }
            (Ok(_), None) => WriteOutcome::refused(StoreError::unavailable("the write was not carried out")),
            (Err(failure), _) => WriteOutcome::refused(failure.clone()),
        };
        // The caller may have given up; the write stands all the same.
        drop(self.reply.send(answer));
    }
}

/// Since when a nudge has been waiting to be taken, if one is.
type Nudged = Arc<Mutex<Option<Instant>>>;

/// Changes nothing, but makes the writer come round. One waits at most.
struct Nudge(Option<Nudged>);

impl Job for Nudge {
    fn taken(&mut self) {
        if let Some(nudged) = self.0.take() {
            *lock(&nudged) = None;
        }
    }

    fn run(&mut self, _tables: &mut Tables<'_>) -> StoreResult<()> {
        Ok(())
    }

    fn answer(self: Box<Self>, _group: &StoreResult<Option<Commit>>) {}
}

impl Drop for Nudge {
    fn drop(&mut self) {
        self.taken();
    }
}

/// The thread's end of the queue: without the thread nobody takes anything.
struct Taken(Arc<Queue>);

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// The queue to the writer thread, and the thread.
pub(super) struct Writer {
    queue: Arc<Queue>,
    thread: Mutex<Option<JoinHandle<StoreResult<()>>>>,
    nudged: Nudged,
}

impl Writer {
    /// Starts the thread, with a queue of `capacity` intents, at least one.
    pub fn start(group: Group, capacity: usize) -> StoreResult<Self> {
        let queue = Arc::new(Queue::new(capacity));
        let taken = Taken(Arc::clone(&queue));
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                Work::Writing.lower_priority();
                group.run(&taken.0)
            })
            .map_err(|error| StoreError::unavailable(format!("the writer thread can't be started: {error}")))?;
        Ok(Self { queue, thread: Mutex::new(Some(thread)), nudged: Arc::default() })
    }

    /// Queues a rule and waits until its group is on disk. A full queue is [`StoreError::Overloaded`] at once, and so is one
    /// with the share of whoever the stamp names. One that is urgent is carried out on a full disk, too.
    pub async fn submit<T: Send + 'static>(
        &self,
        is_urgent: bool,
        stamp: Stamp,
        rule: impl Fn(&mut Tx<'_>) -> StoreResult<T> + Send + 'static,
    ) -> WriteOutcome<T> {
        self.queue(stamp.actor.party(), is_urgent, Ruled(stamp, rule)).await
    }

    /// The same, of work on the tables themselves. What it fails with is a failure of the database.
    pub async fn submit_own<T: Send + 'static>(
        &self,
        is_urgent: bool,
        work: impl Fn(&mut Tables<'_>) -> StoreResult<T> + Send + 'static,
    ) -> WriteOutcome<T> {
        self.queue(None, is_urgent, Own(work)).await
    }

    async fn queue<T: Send + 'static>(
        &self,
        party: Option<Party>,
        is_urgent: bool,
        intent: impl Intent<T> + 'static,
    ) -> WriteOutcome<T> {
        let (reply, answer) = oneshot::channel();
        let job = Write { intent, is_urgent, outcome: None, submitted: Instant::now(), reply };
        match self.queue.push(party, Box::new(job)) {
            Ok(()) => answer.await.unwrap_or_else(|_| WriteOutcome::refused(closed())),
            Err(refusal) => WriteOutcome::refused(refusal),
        }
    }

    /// Makes the writer come round, without a write: one that failed uses it to try again. A full queue does so too.
    pub fn nudge(&self) {
        let mut nudged = lock(&self.nudged);
        if nudged.is_none() {
            *nudged = Some(Instant::now());
            // The writer, or a queue that is full, drops the nudge and asks for the lock.
            drop(nudged);
            drop(self.queue.push(None, Box::new(Nudge(Some(Arc::clone(&self.nudged))))));
        }
    }

    /// For how long a nudge has been waiting to be taken, if one is.
    pub fn nudged_for(&self) -> Option<Duration> {
        lock(&self.nudged).map(|since| since.elapsed())
    }

    /// How many intents wait; `None` when there is nobody to take them.
    pub fn depth(&self) -> Option<usize> {
        self.queue.depth()
    }

    /// How many intents may wait.
    pub fn capacity(&self) -> usize {
        self.queue.capacity()
    }

    /// Refuses new intents, waits until the queued ones are on disk and the database is closed. Blocks.
    pub fn close(&self) -> StoreResult<()> {
        self.queue.close();
        let mut thread = lock(&self.thread);
        thread.take().map_or(Ok(()), |thread| thread.join().unwrap_or_else(|_| Err(closed())))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
