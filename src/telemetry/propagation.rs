//! The context that comes in with a request, and goes out with one: `traceparent`, `tracestate`, `baggage` (W3C).

use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, Injector, TextMapCompositePropagator, TextMapPropagator};
use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};
use poem::http::{HeaderMap, HeaderName, HeaderValue};

use crate::config::Propagators;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const BAGGAGE: HeaderName = HeaderName::from_static("baggage");

/// Reads and writes the configured headers.
pub(super) struct Propagator(TextMapCompositePropagator);

impl Propagator {
    /// A propagator of the configured formats.
    pub(super) fn new(config: &Propagators) -> Self {
        let mut propagators: Vec<Box<dyn TextMapPropagator + Send + Sync>> = Vec::new();
        if config.tracecontext {
            propagators.push(Box::new(TraceContextPropagator::new()));
        }
        if config.baggage {
            propagators.push(Box::new(BaggagePropagator::new()));
        }
        Self(TextMapCompositePropagator::new(propagators))
    }

    /// Puts a context into the headers of a request to someone else.
    pub(super) fn inject(&self, context: &Context, headers: &mut HeaderMap) {
        self.0.inject_context(context, &mut HeadersToSend(headers));
    }

    /// The context a request was sent in; an empty one when it names none.
    pub(super) fn extract(&self, headers: &HeaderMap) -> Context {
        let context = Context::new();
        if headers.contains_key(TRACEPARENT) || headers.contains_key(BAGGAGE) {
            self.0.extract_with_context(&context, &Headers(headers))
        } else {
            context
        }
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

struct HeadersToSend<'a>(&'a mut HeaderMap);

impl Injector for HeadersToSend<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}
