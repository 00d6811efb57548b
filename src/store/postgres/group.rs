//! Group commit: what is queued at a node is carried out in one transaction, which holds the head of the database, so that
//! those of other nodes come before or after.
//!
//! A commit is answered when it lasts: on the standby, too, where the database has a synchronous one. When its answer is
//! lost, or the database says that it did not wait for the standby, it is found out whether it is there: each commit is
//! noted under a number of its own, and one that comes after it and lasts proves that it does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_postgres::types::Type;

use super::Address;
use super::connect::{Connection, failed};
use super::job::{Commit, Job};
use super::layout::{FIND_COMMIT, FORGET_COMMITS, LAST_CHANGE, LOCK_HEAD, NOTE_COMMIT, RAISE_HEAD};
use super::lease::fence_in_force;
use super::load::load;
use super::rows::{LogRow, Written, write};
use super::working::Working;
use crate::domain::Entropy;
use crate::store::engine::Overlay;
use crate::store::{CommitFigures, Damages, Observer, StoreError, StoreResult};

/// Each statement sees what was committed before it: after the head is held, everything.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
/// How long it may take until a group holds the head and has run.
const PREPARE: Duration = Duration::from_secs(20);
/// How often it is tried to know what a group reads before it is carried out.
const ROUNDS: usize = 3;
/// How long a commit may take until its outcome counts as unknown.
const COMMIT: Duration = Duration::from_secs(30);
/// How long it is tried to find out what became of a commit, and how long between two attempts.
const FINDING_OUT: Duration = Duration::from_secs(20);
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(200);
/// Number of commits after which old commit notes are deleted.
const FORGET_EVERY: usize = 1000;

/// What those who watch the writer see.
#[derive(Default)]
pub(super) struct Seen {
    /// The number of the newest entry of the change log that this node knows of.
    pub last: AtomicI64,
    /// Whether a group is being carried out.
    pub writing: AtomicBool,
    /// Whether the last commit failed.
    pub broken: arc_swap::ArcSwapOption<StoreError>,
    /// Intents that wait.
    pub waiting: AtomicUsize,
}

/// The writer of a node.
pub(super) struct Group {
    pub address: Arc<Address>,
    pub connection: Option<Connection>,
    pub intents: usize,
    pub damages: Arc<Damages>,
    pub observer: Arc<dyn Observer>,
    pub entropy: Arc<dyn Entropy>,
    pub seen: Arc<Seen>,
    pub commits: usize,
}

/// How a transaction ended.
enum End {
    /// Nothing was written.
    Nothing,
    /// It lasts; the commit took so long.
    Committed(Duration),
}

impl Group {
    /// Serves the queue until nobody can add to it and it is empty.
    pub async fn run(mut self, mut queue: mpsc::Receiver<Box<dyn Job>>) {
        while let Some(first) = queue.recv().await {
            let mut jobs = vec![first];
            while jobs.len() < self.intents
                && let Ok(job) = queue.try_recv()
            {
                jobs.push(job);
            }
            self.seen.waiting.store(queue.len(), Ordering::Relaxed);
            self.serve(jobs).await;
        }
    }

    async fn serve(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        let taken = Instant::now();
        self.seen.writing.store(true, Ordering::Relaxed);
        let ended = self.carry_out(&mut jobs).await;
        self.seen.writing.store(false, Ordering::Relaxed);
        self.note(ended.as_ref().err());
        let size = jobs.len();
        let commit = ended.map(|end| match end {
            End::Nothing => None,
            End::Committed(elapsed) => Some(Commit { taken, elapsed, size }),
        });
        if let Ok(Some(Commit { elapsed, size, .. })) = commit {
            self.observer.committed(&CommitFigures { elapsed, group_size: size });
        }
        jobs.into_iter().for_each(|job| job.answer(&commit));
    }

    /// Keeps note of whether writing works; the observer is informed when that is new.
    fn note(&mut self, failure: Option<&StoreError>) {
        let failure = failure.filter(|error| error.is_failure());
        if failure.is_some() {
            // What is left of the transaction goes with its connection.
            self.connection = None;
        }
        match (self.seen.broken.load().is_some(), failure) {
            (true, None) => self.observer.writability_changed(Ok(())),
            (false, Some(cause)) => self.observer.writability_changed(Err(cause)),
            (true, Some(_)) | (false, None) => return,
        }
        self.seen.broken.store(failure.cloned().map(Arc::new));
    }

    async fn carry_out(&mut self, jobs: &mut [Box<dyn Job>]) -> StoreResult<End> {
        let connection = match self.connection.take().filter(|connection| !connection.client.is_closed()) {
            Some(connection) => connection,
            None => Connection::for_writes(&self.address).await?,
        };
        let mut working = Working::new();
        let prepared = timeout(PREPARE, self.prepare(&connection, &mut working, jobs)).await;
        // A connection that says nothing is of no use any more.
        let silent = |_| StoreError::unavailable(format!("the database did not answer for {} s", PREPARE.as_secs()));
        match prepared.map_err(silent)? {
            Ok(true) => {}
            Ok(false) => {
                connection.ask(connection.client.batch_execute("ROLLBACK")).await?;
                self.connection = Some(connection);
                return Ok(End::Nothing);
            }
            Err(error) => {
                // A lock that was waited for in vain leaves a connection that is good.
                if connection.ask(connection.client.batch_execute("ROLLBACK")).await.is_ok() {
                    self.connection = Some(connection);
                }
                return Err(error);
            }
        }
        let elapsed = self.commit(connection, &working.written, &working.log).await?;
        self.seen.last.store(i64::try_from(working.last).unwrap_or(i64::MAX), Ordering::Relaxed);
        Ok(End::Committed(elapsed))
    }

    /// Holds the head, and has the rules run in their order. Returns whether there is something to commit.
    async fn prepare(
        &self,
        connection: &Connection,
        working: &mut Working,
        jobs: &mut [Box<dyn Job>],
    ) -> StoreResult<bool> {
        let (client, mut overlay) = (&connection.client, Overlay::default());
        // What they read first is known before anything is asked.
        self.foresee(working, jobs, &mut overlay);
        let is_fenced = jobs.iter().any(|job| job.fence().is_some());
        let fence = async { if is_fenced { fence_in_force(client).await } else { Ok(None) } };
        let (_, _, last, fence, ()) = futures_util::try_join!(
            client.batch_execute(BEGIN),
            client.query_typed(LOCK_HEAD, &[]),
            client.query_typed(LAST_CHANGE, &[]),
            fence,
            load(client, &mut working.loaded),
        )
        .map_err(failed)?;
        let last: i64 = last.first().map_or(Ok(0), |row| row.try_get(0)).map_err(failed)?;
        working.last = u64::try_from(last).unwrap_or_default();
        for _ in 1..ROUNDS {
            self.foresee(working, jobs, &mut overlay);
            if !working.loaded.has_missed() {
                break;
            }
            load(client, &mut working.loaded).await.map_err(failed)?;
        }
        let mut has_written = false;
        for job in jobs {
            // Those of others in the same group go on.
            if job.fence().is_some() && job.fence() != fence {
                job.failed(StoreError::LeaseLost);
                continue;
            }
            while !self.step(working, job, &mut overlay, &mut has_written) {
                load(client, &mut working.loaded).await.map_err(failed)?;
            }
        }
        Ok(has_written)
    }

    /// Has the rules run to see what they read.
    fn foresee(&self, working: &mut Working, jobs: &mut [Box<dyn Job>], overlay: &mut Overlay) {
        for job in jobs {
            job.run(&working.seen(&self.damages), overlay);
        }
    }

    /// Carries an intent out, unless something has to be loaded first.
    fn step(
        &self,
        working: &mut Working,
        job: &mut Box<dyn Job>,
        overlay: &mut Overlay,
        has_written: &mut bool,
    ) -> bool {
        let has_succeeded = job.run(&working.seen(&self.damages), overlay);
        if working.loaded.has_missed() {
            return false;
        }
        if !has_succeeded {
            return true;
        }
        match working.apply(overlay, job.stamp()) {
            Ok(()) => {
                job.taken_over(overlay.logged().len());
                *has_written |= !overlay.is_empty();
                true
            }
            Err(_) if working.loaded.has_missed() => false,
            Err(error) => {
                job.failed(error);
                true
            }
        }
    }

    /// Writes what the rules have written, and returns how long it took until that lasts.
    async fn commit(&mut self, connection: Connection, written: &Written, log: &[LogRow]) -> StoreResult<Duration> {
        let began = Instant::now();
        let mut nonce = [0; 16];
        self.entropy.fill(&mut nonce);
        let client = &connection.client;
        let nonce = nonce.to_vec();
        let noted = [(&nonce as &(dyn tokio_postgres::types::ToSql + Sync), Type::BYTEA)];
        let all = async {
            futures_util::try_join!(
                write(client, written, log),
                client.query_typed(NOTE_COMMIT, &noted),
                client.batch_execute(RAISE_HEAD),
            )
        };
        // Without all of them there is no commit: the transaction goes with its connection.
        connection.ask(all).await?;
        connection.was_doubted();
        let committed = timeout(COMMIT, client.batch_execute("COMMIT")).await;
        let lasts = matches!(committed, Ok(Ok(()))) && !connection.was_doubted();
        if !lasts {
            drop(connection);
            return match self.find_out(&nonce).await {
                Some(true) => Ok(began.elapsed()),
                Some(false) => Err(StoreError::unavailable("the connection was lost, and nothing was committed")),
                None => Err(StoreError::OutcomeUnknown),
            };
        }
        self.commits += 1;
        if self.commits.is_multiple_of(FORGET_EVERY) {
            // What is left is forgotten the next time.
            drop(connection.ask(connection.client.batch_execute(FORGET_COMMITS)).await);
        }
        self.connection = Some(connection).filter(Connection::is_good);
        Ok(began.elapsed())
    }

    /// Whether a commit lasts whose answer was lost; none when that can't be found out in time.
    async fn find_out(&self, nonce: &[u8]) -> Option<bool> {
        let deadline = Instant::now() + FINDING_OUT;
        while Instant::now() < deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            if let Ok(Ok(is_there)) = timeout(left, self.look_for(nonce)).await {
                return Some(is_there);
            }
            sleep(BETWEEN_ATTEMPTS).await;
        }
        None
    }

    /// Looks for a commit, with one that comes after it: when that lasts, so does it.
    async fn look_for(&self, nonce: &[u8]) -> StoreResult<bool> {
        let connection = Connection::for_writes(&self.address).await?;
        let client = &connection.client;
        client.batch_execute(&format!("BEGIN; {LOCK_HEAD}")).await.map_err(failed)?;
        let nonce = nonce.to_vec();
        let found = client.query_typed(FIND_COMMIT, &[(&nonce, Type::BYTEA)]).await.map_err(failed)?;
        let is_there: bool = found.first().map_or(Ok(false), |row| row.try_get(0)).map_err(failed)?;
        client.batch_execute(RAISE_HEAD).await.map_err(failed)?;
        client.batch_execute("COMMIT").await.map_err(failed)?;
        if connection.was_doubted() {
            return Err(StoreError::unavailable("the commit did not wait for the standby"));
        }
        Ok(is_there)
    }
}
