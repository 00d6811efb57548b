//! The context that comes in with a request, and goes out with one: W3C Trace Context and Baggage, and Zipkin's B3.
//!
//! What a caller says of itself is input. Of one that is not trusted, the trace is only linked to: its flag decides
//! nothing, and its baggage is not read.

mod b3;
mod w3c;

use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator as _};
use opentelemetry::trace::{SpanContext, TraceContextExt as _};
use opentelemetry_sdk::propagation::BaggagePropagator;
use poem::http::{HeaderMap, HeaderName, HeaderValue};

use crate::config::{Propagators, TrustContext};

const BAGGAGE: HeaderName = HeaderName::from_static("baggage");

/// Reads and writes the configured headers.
pub(super) struct Propagator {
    formats: Propagators,
    trust: TrustContext,
    baggage: BaggagePropagator,
}

/// What a request says of the trace it belongs to.
#[derive(Default)]
pub(super) struct Caller {
    /// What the request's span is a child of; empty when there is nothing, or nobody to believe.
    pub parent: Context,
    /// The span of a caller that is not believed.
    pub link: Option<SpanContext>,
}

impl Propagator {
    /// A propagator of these formats that believes whom `trust` says.
    pub(super) fn new(formats: Propagators, trust: TrustContext) -> Self {
        Self { formats, trust, baggage: BaggagePropagator::new() }
    }

    /// Writes a context into the headers of a request to another service.
    pub(super) fn inject(&self, context: &Context, headers: &mut HeaderMap) {
        let span = context.span();
        let span = span.span_context();
        if span.is_valid() {
            if self.formats.tracecontext {
                w3c::inject(span, headers);
            }
            if self.formats.b3 {
                b3::inject_single(span, headers);
            }
            if self.formats.b3multi {
                b3::inject_multiple(span, headers);
            }
        }
        if self.formats.baggage {
            self.baggage.inject_context(context, &mut HeadersToSend(headers));
        }
    }

    /// What a request says of its trace; `is_from_proxy` is whether a trusted proxy sent it.
    pub(super) fn extract(&self, headers: &HeaderMap, is_from_proxy: bool) -> Caller {
        let span = self.extract_span(headers);
        let is_trusted = match self.trust {
            TrustContext::All => true,
            TrustContext::Proxies => is_from_proxy,
            TrustContext::None => false,
        };
        if !is_trusted {
            return Caller { parent: Context::new(), link: span };
        }
        let parent = span.map_or_else(Context::new, |span| Context::new().with_remote_span_context(span));
        let has_baggage = self.formats.baggage && headers.contains_key(BAGGAGE);
        let parent = if has_baggage { self.baggage.extract_with_context(&parent, &Headers(headers)) } else { parent };
        Caller { parent, link: None }
    }

    /// The first that is valid.
    fn extract_span(&self, headers: &HeaderMap) -> Option<SpanContext> {
        let Propagators { tracecontext, b3, b3multi, .. } = self.formats;
        let w3c = || tracecontext.then(|| w3c::extract(headers)).flatten();
        let single = || b3.then(|| b3::extract_single(headers)).flatten();
        let multiple = || b3multi.then(|| b3::extract_multiple(headers)).flatten();
        w3c().or_else(single).or_else(multiple)
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
