//! Figures of a store that are read when somebody looks, and cost nothing until then.

use crate::domain::LogPosition;
use std::time::Duration;

/// How a store does at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StoreFigures {
    /// The size of its file, in bytes; none for one in memory.
    pub file_bytes: Option<u64>,
    /// What is free on the file's disk, in bytes; none for one in memory.
    pub free_bytes: Option<u64>,
    /// Pages found in memory, those that were read from the file, and those that had to make room for others, as of the
    /// writer's last round.
    pub cache: CacheFigures,
    /// Writes that wait for the writer.
    pub queue_depth: usize,
    /// Writes that may wait.
    pub queue_capacity: usize,
    /// Reads in progress.
    pub readers: usize,
    /// Whether the writer is at work.
    pub writing: bool,
    /// For how long a read has held on to a state of the database that is past, which keeps its pages from being used
    /// again; zero when none does.
    pub oldest_reader: Duration,
    /// Whether writes work.
    pub writable: bool,
    /// The position of the newest entry of the change log; none while it can't be read.
    pub newest_change: Option<LogPosition>,
}

/// What the cache of pages did since the database was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheFigures {
    /// Pages found in it.
    pub hits: u64,
    /// Pages that had to be read from the file.
    pub misses: u64,
    /// Pages that made room for others.
    pub evictions: u64,
}
