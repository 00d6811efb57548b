//! The two ends of the queue of spans that wait to be exported: a bound with a count of those that find no place, and a
//! count of what becomes of the rest.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanExporter, SpanProcessor};

use super::metrics::Exports;

/// Lets as many spans wait in a processor as that has room for, and counts the rest: the SDK's own count of what it drops
/// can't be read. The exporter takes them off the count again.
#[derive(Debug)]
pub(super) struct Bounded<P> {
    processor: P,
    capacity: usize,
    exports: Arc<Exports>,
}

impl<P> Bounded<P> {
    /// Bounds what waits in `processor`, whose own queue has room for `capacity` spans.
    pub(super) fn new(processor: P, capacity: usize, exports: Arc<Exports>) -> Self {
        Self { processor, capacity, exports }
    }
}

impl<P: SpanProcessor> SpanProcessor for Bounded<P> {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.processor.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.exports.waiting.fetch_add(1, Ordering::Relaxed) < self.capacity {
            self.processor.on_end(span);
        } else {
            self.exports.waiting.fetch_sub(1, Ordering::Relaxed);
            self.exports.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.processor.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.processor.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.processor.set_resource(resource);
    }
}

/// The exporter at the other end of the queue: takes the spans off the count, and notes what becomes of them.
#[derive(Debug)]
pub(super) struct Counted<E> {
    exporter: E,
    exports: Arc<Exports>,
}

impl<E> Counted<E> {
    /// Counts what `exporter` is given.
    pub(super) fn new(exporter: E, exports: Arc<Exports>) -> Self {
        Self { exporter, exports }
    }
}

impl<E: SpanExporter> SpanExporter for Counted<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let (spans, began) = (batch.len(), Instant::now());
        self.exports.waiting.fetch_sub(spans, Ordering::Relaxed);
        let result = self.exporter.export(batch).await;
        self.exports.ended(spans, result.is_ok(), began.elapsed());
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
