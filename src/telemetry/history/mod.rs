//! The last hour of what matters: how many requests came, how they were answered and how fast, and how the parts of the server
//! did, in memory that does not grow. A background task ends a point every few seconds; a reader sees everything up to now.

mod live;
mod past;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use self::live::Live;
use self::past::Past;
use super::metrics::AllExports;
use super::moment::now;

pub(super) use self::live::{CountedRoute, Outcome};
pub use self::live::{Counts, LIMITS};
pub use self::past::{Hour, Minute, Point};

/// How long a point lasts.
pub const STEP: Duration = Duration::from_secs(15);

/// How the parts of the server do at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Writes that wait for the writer.
    pub queued_writes: u64,
    /// Writes that may wait.
    pub queue_capacity: u64,
    /// Changes that the search index does not know of yet; none while it is rebuilt.
    pub index_lag_changes: Option<u64>,
    /// For how long it has not been up to date, in seconds.
    pub index_lag_seconds: f64,
    /// The size of the database's file, in bytes.
    pub database_bytes: Option<u64>,
    /// The size of the search index's files, in bytes.
    pub index_bytes: Option<u64>,
    /// What is free on the disk, in bytes.
    pub free_bytes: Option<u64>,
    /// Passwords that wait to be hashed.
    pub waiting_hashes: u64,
}

/// The last hour.
pub struct History {
    live: Live,
    past: Mutex<Past>,
    exports: AllExports,
    figures: OnceLock<Box<dyn Fn() -> Figures + Send + Sync>>,
}

impl History {
    /// One that begins now.
    pub(super) fn new(exports: AllExports) -> Self {
        Self { live: Live::default(), past: Mutex::new(Past::new(now())), exports, figures: OnceLock::new() }
    }

    /// Asks here how the parts of the server do, from now on.
    pub fn watch(&self, figures: impl Fn() -> Figures + Send + Sync + 'static) {
        // There is one server in a process: the first counts.
        let _ = self.figures.set(Box::new(figures));
    }

    /// Where the requests of a route are counted.
    pub(super) fn route(&self, name: &'static str) -> Arc<CountedRoute> {
        self.live.route(name)
    }

    /// A write has ended that waited so long for the writer.
    pub(super) fn write_waited(&self, queued: Duration) {
        self.live.write_waited(queued);
    }

    /// A search has ended that waited so long for the index.
    pub(super) fn search_waited(&self, waited: Duration) {
        self.live.search_waited(waited);
    }

    /// One commit has put this many writes on disk.
    pub(super) fn committed(&self, elapsed: Duration, writes: usize) {
        self.live.committed(elapsed, writes);
    }

    /// What happened in the last hour, and since its last point.
    pub fn read(&self) -> Hour {
        let (figures, seen) = (self.figures(), self.live.seen(&self.exports.health()));
        self.past(|past| past.read(now(), &seen, figures))
    }

    /// Ends a point: to be called every [`STEP`]. Blocks while the disk is asked for its free space.
    pub fn end_point(&self) {
        let (figures, seen) = (self.figures(), self.live.taken(&self.exports.health()));
        self.past(|past| past.end_point(now(), &seen, figures));
    }

    /// Nobody is kept waiting by a disk that does not answer: this is asked for before anything is locked.
    fn figures(&self) -> Figures {
        self.figures.get().map(|figures| figures()).unwrap_or_default()
    }

    fn past<T>(&self, work: impl FnOnce(&mut Past) -> T) -> T {
        work(&mut self.past.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
