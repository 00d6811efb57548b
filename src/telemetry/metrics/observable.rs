//! Observable gauges and counters, read by each collection: of the store, the hashing, the runtime and the export of spans.

use std::sync::Arc;

use opentelemetry::metrics::Meter;

use super::Metrics;
use crate::telemetry::logs;

/// A gauge of what an `F` returns: name, unit, description, value.
type Gauge<F> = (&'static str, &'static str, &'static str, fn(&F) -> Option<f64>);
/// A counter of what an `F` returns.
type Total<F> = (&'static str, &'static str, &'static str, fn(&F) -> u64);

/// How the store does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StorageFigures {
    /// The size of its file, in bytes.
    pub file_bytes: Option<u64>,
    /// What is free on its disk, in bytes.
    pub free_bytes: Option<u64>,
    /// Pages found in memory.
    pub cache_hits: u64,
    /// Pages read from the file.
    pub cache_misses: u64,
    /// Pages that made room for others.
    pub cache_evictions: u64,
    /// Writes that wait.
    pub queue_depth: usize,
    /// Writes that may wait.
    pub queue_capacity: usize,
    /// Reads and writes in progress.
    pub active: usize,
    /// For how long the oldest read has held on to what is past, in seconds.
    pub oldest_reader_seconds: f64,
    /// Whether writes work.
    pub writable: bool,
    /// Whether an operator has writes refused.
    pub read_only: bool,
}

const STORAGE: [Gauge<StorageFigures>; 8] = [
    ("storage_file_size", "By", "Size of the database's file.", |it| it.file_bytes.map(|bytes| bytes as f64)),
    ("storage_free_space", "By", "Free space on the disk of the database.", |it| {
        it.free_bytes.map(|bytes| bytes as f64)
    }),
    ("storage_writer_queue_depth", "{write}", "Writes that wait for the writer.", |it| Some(it.queue_depth as f64)),
    ("storage_writer_queue_capacity", "{write}", "Writes that may wait; one more is refused.", |it| {
        Some(it.queue_capacity as f64)
    }),
    (
        "storage_oldest_reader",
        "s",
        "For how long a read has held on to a past state of the database, whose pages can't be used again meanwhile.",
        |it| Some(it.oldest_reader_seconds),
    ),
    ("storage_writable", "{boolean}", "Whether writes work: 1 or 0.", |it| Some(f64::from(u8::from(it.writable)))),
    ("storage_read_only", "{boolean}", "Whether an operator has writes refused: 1 or 0.", |it| {
        Some(f64::from(u8::from(it.read_only)))
    }),
    ("database_connections_active", "{call}", "Reads in progress, and the writer when it is at work.", |it| {
        Some(it.active as f64)
    }),
];

const STORAGE_TOTALS: [Total<StorageFigures>; 3] = [
    ("storage_cache_hits", "{page}", "Pages of the database found in memory.", |it| it.cache_hits),
    ("storage_cache_misses", "{page}", "Pages of the database read from its file.", |it| it.cache_misses),
    ("storage_cache_evictions", "{page}", "Pages of the database that made room for others.", |it| it.cache_evictions),
];

/// How busy the hashing of passwords is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HashingFigures {
    /// Hashes being made.
    pub running: usize,
    /// Callers that wait for theirs.
    pub waiting: usize,
}

const HASHING: [Gauge<HashingFigures>; 2] = [
    ("auth_hashing_queue_depth", "{hash}", "Passwords that wait to be hashed.", |it| Some(it.waiting as f64)),
    ("auth_hashing_active", "{hash}", "Passwords being hashed.", |it| Some(it.running as f64)),
];

/// How the search index does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SearchFigures {
    /// Artifacts in it.
    pub documents: u64,
    /// The size of its files, in bytes.
    pub size_bytes: Option<u64>,
    /// Entries of the change log that it does not know of yet; none while it is rebuilt.
    pub lag_changes: Option<u64>,
    /// For how long it has not been up to date, in seconds.
    pub lag_seconds: f64,
}

const SEARCH: [Gauge<SearchFigures>; 4] = [
    ("search_index_documents", "{artifact}", "Artifacts in the search index.", |it| Some(it.documents as f64)),
    ("search_index_size", "By", "Size of the search index's files.", |it| it.size_bytes.map(|bytes| bytes as f64)),
    ("search_index_lag_changes", "{change}", "Changes that the search index does not know of yet.", |it| {
        it.lag_changes.map(|changes| changes as f64)
    }),
    ("search_index_lag", "s", "For how long the search index has not been up to date.", |it| Some(it.lag_seconds)),
];

/// How the scheduled backups do, in seconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BackupFigures {
    /// When the newest one was made.
    pub last: Option<f64>,
    /// Up to when every change was shipped.
    pub shipped: Option<f64>,
}

const BACKUPS: [Gauge<BackupFigures>; 2] = [
    (
        "storage_last_backup_timestamp",
        "s",
        "When the newest scheduled backup was made, in seconds since 1970; missing when there is none.",
        |it| it.last,
    ),
    (
        "storage_shipped_timestamp",
        "s",
        "Up to when every change was shipped to the place of the backups, in seconds since 1970; missing when none was.",
        |it| it.shipped,
    ),
];

/// Until when the certificate is good, in seconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CertificateFigures {
    /// None while there is none.
    pub not_after: Option<f64>,
}

const CERTIFICATE: [Gauge<CertificateFigures>; 1] = [(
    "tls_certificate_not_after_timestamp",
    "s",
    "Until when the certificate of the server is good, in seconds since 1970; missing when there is none.",
    |it| it.not_after,
)];

const RUNTIME: [Gauge<tokio::runtime::RuntimeMetrics>; 3] = [
    ("tokio_workers", "{thread}", "Threads that run tasks.", |it| Some(it.num_workers() as f64)),
    ("tokio_alive_tasks", "{task}", "Tasks that have not ended.", |it| Some(it.num_alive_tasks() as f64)),
    ("tokio_global_queue_depth", "{task}", "Tasks in the queue that all threads share.", |it| {
        Some(it.global_queue_depth() as f64)
    }),
];

const LOG: [Total<()>; 1] = [(
    "telemetry_log_lines_dropped",
    "{line}",
    "Log lines that were dropped, because nobody read standard error in time.",
    |()| logs::dropped_lines(),
)];

impl Metrics {
    /// Lets the figures of the store be read; none once there is no store.
    pub fn register_storage(&self, read: impl Fn() -> Option<StorageFigures> + Send + Sync + 'static) {
        let read: ReadFigures<StorageFigures> = Arc::new(read);
        gauges(&self.meter, &STORAGE, &read);
        totals(&self.meter, &STORAGE_TOTALS, &read);
    }

    /// Lets the figures of the search index be read.
    pub fn register_search(&self, read: impl Fn() -> Option<SearchFigures> + Send + Sync + 'static) {
        gauges(&self.meter, &SEARCH, &(Arc::new(read) as ReadFigures<SearchFigures>));
    }

    /// Lets the figures of the scheduled backups be read; none when there is no schedule.
    pub fn register_backups(&self, read: impl Fn() -> Option<BackupFigures> + Send + Sync + 'static) {
        gauges(&self.meter, &BACKUPS, &(Arc::new(read) as ReadFigures<BackupFigures>));
    }

    /// Lets it be read until when the certificate is good; none for a server that speaks no TLS.
    pub fn register_certificate(&self, read: impl Fn() -> Option<CertificateFigures> + Send + Sync + 'static) {
        gauges(&self.meter, &CERTIFICATE, &(Arc::new(read) as ReadFigures<CertificateFigures>));
    }

    /// Lets the figures of the hashing be read.
    pub fn register_hashing(&self, read: impl Fn() -> Option<HashingFigures> + Send + Sync + 'static) {
        gauges(&self.meter, &HASHING, &(Arc::new(read) as ReadFigures<HashingFigures>));
    }
}

/// Lets the figures of the log be read.
pub(super) fn register_log(meter: &Meter) {
    totals(meter, &LOG, &(Arc::new(|| Some(())) as ReadFigures<()>));
}

/// Lets the figures of the runtime be read that this is called on.
pub(super) fn register_runtime(meter: &Meter) {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        let metrics = runtime.metrics();
        gauges(meter, &RUNTIME, &(Arc::new(move || Some(metrics.clone())) as ReadFigures<_>));
    }
}

pub(super) type ReadFigures<F> = Arc<dyn Fn() -> Option<F> + Send + Sync>;

pub(super) fn gauges<F: 'static>(meter: &Meter, gauges: &[Gauge<F>], read: &ReadFigures<F>) {
    for &(name, unit, description, value) in gauges {
        let read = read.clone();
        meter
            .f64_observable_gauge(name)
            .with_unit(unit)
            .with_description(description)
            .with_callback(move |observer| {
                if let Some(value) = read().as_ref().and_then(value) {
                    observer.observe(value, &[]);
                }
            })
            .build();
    }
}

pub(super) fn totals<F: 'static>(meter: &Meter, totals: &[Total<F>], read: &ReadFigures<F>) {
    for &(name, unit, description, value) in totals {
        let read = read.clone();
        meter
            .u64_observable_counter(name)
            .with_unit(unit)
            .with_description(description)
            .with_callback(move |observer| {
                if let Some(figures) = read() {
                    observer.observe(value(&figures), &[]);
                }
            })
            .build();
    }
}
