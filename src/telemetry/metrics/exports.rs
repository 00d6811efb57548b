//! What becomes of the spans, as figures that the exporting threads keep.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use opentelemetry::metrics::{BoundHistogram, Meter};

use super::looked_at::{Look, gauges, totals};
use super::{SLOW_BUCKETS, seconds};
use crate::telemetry::ExportHealth;

/// What became of the spans so far.
#[derive(Debug)]
pub(in crate::telemetry) struct Exports {
    /// Spans that wait to be exported.
    pub waiting: AtomicUsize,
    /// Spans that the collector took.
    pub exported: AtomicU64,
    /// Spans that found the queue full.
    pub dropped: AtomicU64,
    /// Spans that were sent or tried to be, and that the collector did not take.
    pub failed: AtomicU64,
    /// When the collector last took some, in milliseconds since 1970; 0 for never.
    last_success: AtomicU64,
    is_failing: AtomicBool,
    duration: BoundHistogram<f64>,
}

impl Exports {
    /// Nothing happened yet. Declares the instruments.
    pub fn new(meter: &Meter) -> Arc<Self> {
        let duration = seconds(meter, "telemetry_export_duration", "Sending spans to the collector.", &SLOW_BUCKETS);
        let exports = Arc::new(Self {
            waiting: AtomicUsize::new(0),
            exported: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            last_success: AtomicU64::new(0),
            is_failing: AtomicBool::new(false),
            duration: duration.bind(&[]),
        });
        let seen = exports.clone();
        let look: Look<Arc<Self>> = Arc::new(move || Some(seen.clone()));
        totals(
            meter,
            &[
                ("telemetry_spans_exported", "{span}", "Spans that the collector took.", |it: &Arc<Self>| {
                    load(&it.exported)
                }),
                ("telemetry_spans_dropped", "{span}", "Spans that found the queue full.", |it: &Arc<Self>| {
                    load(&it.dropped)
                }),
                ("telemetry_spans_failed", "{span}", "Spans that the collector did not take.", |it: &Arc<Self>| {
                    load(&it.failed)
                }),
            ],
            &look,
        );
        gauges(
            meter,
            &[
                ("telemetry_spans_waiting", "{span}", "Spans that wait to be exported.", |it: &Arc<Self>| {
                    Some(it.waiting.load(Ordering::Relaxed) as f64)
                }),
                (
                    "telemetry_last_export_timestamp",
                    "s",
                    "When the collector last took spans, in seconds since 1970; missing before it first does.",
                    |it: &Arc<Self>| it.last_success().map(|at| at.as_secs_f64()),
                ),
            ],
            &look,
        );
        exports
    }

    /// An export of `spans` has ended.
    pub fn ended(&self, spans: usize, is_taken: bool, elapsed: Duration) {
        self.duration.record(elapsed.as_secs_f64());
        let count = if is_taken { &self.exported } else { &self.failed };
        count.fetch_add(spans as u64, Ordering::Relaxed);
        self.is_failing.store(!is_taken, Ordering::Relaxed);
        if is_taken && let Ok(now) = opentelemetry::time::now().duration_since(UNIX_EPOCH) {
            self.last_success.store(u64::try_from(now.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }

    /// All of it, but for what the collector says itself.
    pub fn health(&self) -> ExportHealth {
        ExportHealth {
            exported: load(&self.exported),
            dropped: load(&self.dropped),
            failed: load(&self.failed),
            waiting: self.waiting.load(Ordering::Relaxed),
            last_success: self.last_success().map(|at| UNIX_EPOCH + at),
            is_failing: self.is_failing.load(Ordering::Relaxed),
            collector_is_well: None,
        }
    }

    /// When the collector last took spans, since 1970.
    fn last_success(&self) -> Option<Duration> {
        let millis = load(&self.last_success);
        (millis > 0).then(|| Duration::from_millis(millis))
    }
}

fn load(count: &AtomicU64) -> u64 {
    count.load(Ordering::Relaxed)
}
