//! Where spans end: those of chosen traces are kept, and those that are sampled go on to be exported.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

use super::FullTraces;

/// The recorder, if it is on, before the exporter, if there is one.
#[derive(Debug)]
pub(in crate::telemetry) struct Recorded {
    full: Option<Arc<FullTraces>>,
    exported: Option<Box<dyn SpanProcessor>>,
}

impl Recorded {
    pub fn new(full: Option<Arc<FullTraces>>, exported: Option<Box<dyn SpanProcessor>>) -> Self {
        Self { full, exported }
    }
}

impl SpanProcessor for Recorded {
    fn on_start(&self, span: &mut Span, context: &Context) {
        if let Some(exported) = &self.exported {
            exported.on_start(span, context);
        }
    }

    fn on_end(&self, span: SpanData) {
        if let Some(full) = &self.full {
            full.keep(&span);
        }
        if let Some(exported) = self.exported.as_ref().filter(|_| span.span_context.is_sampled()) {
            exported.on_end(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exported.as_ref().map_or(Ok(()), |exported| exported.force_flush())
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exported.as_ref().map_or(Ok(()), |exported| exported.shutdown_with_timeout(timeout))
    }

    fn set_resource(&mut self, resource: &Resource) {
        if let Some(exported) = &mut self.exported {
            exported.set_resource(resource);
        }
    }
}
