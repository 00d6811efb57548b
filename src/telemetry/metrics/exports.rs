//! What becomes of spans, log records and points of metrics on their way to a collector, as figures that the exporting
//! threads keep.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, UNIX_EPOCH};

use opentelemetry::metrics::{BoundHistogram, Meter};

use super::observable::{ReadFigures, gauges, totals};
use super::{SLOW_BUCKETS, seconds};
use crate::config::Signal;
use crate::telemetry::{ExportHealth, SignalHealth};

/// What became of one signal so far.
#[derive(Debug, Default)]
pub(in crate::telemetry) struct Exports {
    waiting: AtomicUsize,
    taken: AtomicU64,
    dropped: AtomicU64,
    failed: AtomicU64,
    /// When the collector last took some, in milliseconds since 1970; 0 for never.
    last_success: AtomicU64,
    /// Whether attempts fail, or something was lost since the last export that was taken whole.
    is_failing: AtomicBool,
    duration: OnceLock<BoundHistogram<f64>>,
}

impl Exports {
    /// One item more waits, unless `capacity` do already: then it is lost, which is counted.
    pub fn enter(&self, capacity: usize) -> bool {
        let has_room = self.waiting.fetch_add(1, Ordering::Relaxed) < capacity;
        if !has_room {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            self.dropped.fetch_add(1, Ordering::Relaxed);
            self.fails();
        }
        has_room
    }

    /// `items` wait no longer.
    pub fn leave(&self, items: usize) {
        self.waiting.fetch_sub(items, Ordering::Relaxed);
    }

    /// Something does not work.
    pub fn fails(&self) {
        self.is_failing.store(true, Ordering::Relaxed);
    }

    /// An export has ended.
    pub fn ended(&self, taken: usize, lost: usize, elapsed: Duration) {
        if let Some(duration) = self.duration.get() {
            duration.record(elapsed.as_secs_f64());
        }
        self.taken.fetch_add(taken as u64, Ordering::Relaxed);
        self.failed.fetch_add(lost as u64, Ordering::Relaxed);
        self.is_failing.store(lost > 0, Ordering::Relaxed);
        if taken > 0
            && let Ok(now) = opentelemetry::time::now().duration_since(UNIX_EPOCH)
        {
            self.last_success.store(u64::try_from(now.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }

    /// How many items no collector took so far.
    pub fn failed(&self) -> u64 {
        load(&self.failed)
    }

    fn health(&self) -> SignalHealth {
        SignalHealth {
            exported: load(&self.taken),
            dropped: load(&self.dropped),
            failed: load(&self.failed),
            waiting: self.waiting.load(Ordering::Relaxed),
            last_success: self.last_success().map(|at| UNIX_EPOCH + at),
            is_failing: self.is_failing.load(Ordering::Relaxed),
        }
    }

    /// When the collector last took some, since 1970.
    fn last_success(&self) -> Option<Duration> {
        let millis = load(&self.last_success);
        (millis > 0).then(|| Duration::from_millis(millis))
    }
}

/// What became of every signal.
#[derive(Clone, Debug, Default)]
pub(in crate::telemetry) struct AllExports {
    traces: Arc<Exports>,
    metrics: Arc<Exports>,
    logs: Arc<Exports>,
}

impl AllExports {
    /// What became of one.
    pub fn of(&self, signal: Signal) -> &Arc<Exports> {
        match signal {
            Signal::Traces => &self.traces,
            Signal::Metrics => &self.metrics,
            Signal::Logs => &self.logs,
        }
    }

    /// All of it, but for what the collector says itself.
    pub fn health(&self) -> ExportHealth {
        ExportHealth {
            traces: self.traces.health(),
            metrics: self.metrics.health(),
            logs: self.logs.health(),
            collector_is_well: None,
        }
    }

    /// Declares the instruments.
    pub fn declare(&self, meter: &Meter) {
        let duration = seconds(meter, "telemetry_export_duration", "Sending spans to the collector.", &SLOW_BUCKETS);
        let _ = self.traces.duration.set(duration.bind(&[]));
        let read = |exports: &Arc<Exports>| -> ReadFigures<Arc<Exports>> {
            let exports = exports.clone();
            Arc::new(move || Some(exports.clone()))
        };
        let (traces, metrics, logs) = (read(&self.traces), read(&self.metrics), read(&self.logs));
        let (taken, dropped, failed): (Count, Count, Count) =
            (|it| load(&it.taken), |it| load(&it.dropped), |it| load(&it.failed));
        totals(
            meter,
            &[
                ("telemetry_spans_exported", "{span}", "Spans that the collector took.", taken),
                ("telemetry_spans_dropped", "{span}", "Spans that found the queue full.", dropped),
                ("telemetry_spans_failed", "{span}", "Spans that the collector did not take.", failed),
            ],
            &traces,
        );
        totals(
            meter,
            &[
                ("telemetry_log_records_exported", "{record}", "Log records that the collector took.", taken),
                ("telemetry_log_records_dropped", "{record}", "Log records that found the queue full.", dropped),
                ("telemetry_log_records_failed", "{record}", "Log records that the collector did not take.", failed),
            ],
            &logs,
        );
        totals(
            meter,
            &[
                ("telemetry_metric_points_exported", "{point}", "Points of metrics that the collector took.", taken),
                (
                    "telemetry_metric_points_failed",
                    "{point}",
                    "Points of metrics that the collector did not take.",
                    failed,
                ),
            ],
            &metrics,
        );
        gauges(
            meter,
            &[
                ("telemetry_spans_waiting", "{span}", "Spans that wait to be exported.", |it: &Arc<Exports>| {
                    Some(it.waiting.load(Ordering::Relaxed) as f64)
                }),
                (
                    "telemetry_last_export_timestamp",
                    "s",
                    "When the collector last took spans, in seconds since 1970; missing before it first does.",
                    |it: &Arc<Exports>| it.last_success().map(|at| at.as_secs_f64()),
                ),
            ],
            &traces,
        );
    }
}

/// Reads a count.
type Count = fn(&Arc<Exports>) -> u64;

fn load(count: &AtomicU64) -> u64 {
    count.load(Ordering::Relaxed)
}
