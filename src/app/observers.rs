//! What telemetry learns of the store and of the hashing, and the gauges that it reads.

use std::sync::Arc;

use crate::auth::OnHashed;
use crate::domain::Timestamp;
use crate::followers::TaskHealth;
use crate::http::State;
use crate::service::{BackupHealth, SearchHealth, Service};
use crate::store::{Call, CommitFigures, Damage, Observer, StoreError, StoreFigures};
use crate::telemetry::history::Figures;
use crate::telemetry::{
    BackupFigures, CertificateFigures, HashingFigures, SearchFigures, StorageCall, StorageFigures, StorageWrite,
    TaskFigures, Telemetry,
};

/// Reports to telemetry what the store does.
pub(super) struct StoreTelemetry {
    /// Where it is reported.
    pub telemetry: Arc<Telemetry>,
    /// The database, by its name in the conventions.
    pub system: &'static str,
}

impl Observer for StoreTelemetry {
    fn finished(&self, call: &Call) {
        self.telemetry.storage_call(&StorageCall {
            system: self.system,
            operation: call.operation,
            collection: call.collection,
            elapsed: call.elapsed,
            rows: call.rows,
            failed: call.failed,
            write: call.write.map(|write| StorageWrite {
                queued: write.queued,
                commit: write.commit,
                group_size: write.group_size,
            }),
        });
    }

    fn committed(&self, commit: &CommitFigures) {
        self.telemetry.storage_committed(commit.elapsed, commit.group_size);
    }

    fn damaged(&self, damage: &Damage) {
        self.telemetry.metrics().row_damaged();
        tracing::error!(%damage, "a row of the database can't be read; `ghostworks check` finds all of them");
    }

    fn writability_changed(&self, writable: Result<(), &StoreError>) {
        match writable {
            Ok(()) => tracing::info!("the storage takes writes again"),
            Err(cause) => tracing::error!(%cause, "the storage takes no writes; it is tried again by itself"),
        }
    }
}

/// Reports every hash to telemetry.
pub(super) fn on_hashed(telemetry: Arc<Telemetry>) -> OnHashed {
    Arc::new(move |elapsed| telemetry.metrics().password_hashed(elapsed))
}

/// Registers gauges of the parts of the service, which are read for as long as there is one.
pub(super) fn register_gauges(service: &Arc<Service>) {
    let metrics = service.telemetry.metrics();
    let store = Arc::downgrade(&service.store);
    let read_only = service.read_only.clone();
    metrics.register_storage(move || store.upgrade().map(|store| storage(&store.figures(), read_only.is_on())));
    let searched = Arc::downgrade(service);
    metrics.register_search(move || {
        searched.upgrade().map(|service| search(&service.search_health(service.store.figures().newest_change)))
    });
    let kept = Arc::downgrade(service);
    // What another node makes is for that to tell.
    metrics.register_backups(move || {
        let health = kept.upgrade()?.backup_health()?;
        (!health.is_elsewhere).then(|| backups(&health))
    });
    let background = Arc::downgrade(&service.background);
    metrics.observe_background_tasks(move || {
        let tasks = background.upgrade().map(|registry| registry.health()).unwrap_or_default();
        tasks.iter().map(task).collect()
    });
    let seen = Arc::downgrade(service);
    metrics.register_hashing(move || {
        let figures = seen.upgrade()?.hasher.figures();
        Some(HashingFigures { running: figures.running, waiting: figures.waiting })
    });
}

/// Registers the gauge of the certificate, which is read for as long as there is a server that shows it.
pub(super) fn register_certificate(state: &Arc<State>) {
    let shown = Arc::downgrade(state);
    state.service.telemetry.metrics().register_certificate(move || {
        let not_after = shown.upgrade()?.certificate.as_ref()?.not_after();
        Some(CertificateFigures { not_after: not_after.map(seconds) })
    });
}

/// Lets the last hour be recorded, if it is.
pub(super) fn watch_the_parts(service: &Arc<Service>) {
    let Some(history) = service.telemetry.history() else { return };
    let watched = Arc::downgrade(service);
    history.watch(move || watched.upgrade().map(|service| figures(&service)).unwrap_or_default());
}

fn figures(service: &Service) -> Figures {
    let store = service.store.figures();
    let search = service.search_health(store.newest_change);
    Figures {
        queued_writes: store.queue_depth as u64,
        queue_capacity: store.queue_capacity as u64,
        index_lag_changes: search.lag_changes,
        index_lag_seconds: search.lag.as_secs_f64(),
        database_bytes: store.file_bytes,
        index_bytes: search.size_bytes,
        free_bytes: store.free_bytes,
        waiting_hashes: service.hasher.figures().waiting as u64,
    }
}

fn seconds(time: Timestamp) -> f64 {
    time.as_duration().as_secs_f64()
}

fn task(health: &TaskHealth) -> TaskFigures {
    TaskFigures {
        name: health.name,
        turns: [("success", health.successes), ("error", health.errors), ("panic", health.panics)],
        last_success: health.last_success.map(seconds),
        is_failing: health.is_failing,
    }
}

fn backups(health: &BackupHealth) -> BackupFigures {
    BackupFigures { last: health.last.map(seconds), shipped: health.shipped.map(seconds) }
}

fn search(health: &SearchHealth) -> SearchFigures {
    SearchFigures {
        documents: health.documents,
        size_bytes: health.size_bytes,
        lag_changes: health.lag_changes,
        lag_seconds: health.lag.as_secs_f64(),
    }
}

fn storage(figures: &StoreFigures, read_only: bool) -> StorageFigures {
    StorageFigures {
        file_bytes: figures.file_bytes,
        free_bytes: figures.free_bytes,
        cache_hits: figures.cache.hits,
        cache_misses: figures.cache.misses,
        cache_evictions: figures.cache.evictions,
        queue_depth: figures.queue_depth,
        queue_capacity: figures.queue_capacity,
        active: figures.readers + usize::from(figures.writing),
        oldest_reader_seconds: figures.oldest_reader.as_secs_f64(),
        writable: figures.writable,
        read_only,
    }
}
