//! The two ends of the queue of what waits to be exported: a bound with a count of what finds no place, and what takes
//! the rest off the count again.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::{Context, InstrumentationScope};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogBatch, LogExporter, LogProcessor, SdkLogRecord};
use opentelemetry_sdk::trace::{Span, SpanData, SpanExporter, SpanProcessor};

use crate::telemetry::metrics::Exports;

/// Lets as many items wait in a processor as that has room for, and counts the rest: the SDK's own count of what it drops
/// can't be read.
#[derive(Debug)]
pub(in crate::telemetry) struct Bounded<P> {
    processor: P,
    capacity: usize,
    exports: Arc<Exports>,
}

impl<P> Bounded<P> {
    /// Bounds what waits in `processor`, whose own queue has room for `capacity` items.
    pub(in crate::telemetry) fn new(processor: P, capacity: usize, exports: Arc<Exports>) -> Self {
        Self { processor, capacity, exports }
    }
}

impl<P: SpanProcessor> SpanProcessor for Bounded<P> {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.processor.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.exports.enter(self.capacity) {
            self.processor.on_end(span);
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

impl<P: LogProcessor> LogProcessor for Bounded<P> {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        if self.exports.enter(self.capacity) {
            self.processor.emit(record, scope);
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

/// The exporter at the other end of the queue.
#[derive(Debug)]
pub(in crate::telemetry) struct Leaving<E> {
    exporter: E,
    exports: Arc<Exports>,
}

impl<E> Leaving<E> {
    /// Takes what `exporter` is given off the count of what waits.
    pub(in crate::telemetry) fn new(exporter: E, exports: Arc<Exports>) -> Self {
        Self { exporter, exports }
    }
}

impl<E: SpanExporter> SpanExporter for Leaving<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.exports.leave(batch.len());
        self.exporter.export(batch).await
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

impl<E: LogExporter> LogExporter for Leaving<E> {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        self.exports.leave(batch.iter().count());
        self.exporter.export(batch).await
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
