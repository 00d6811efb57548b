//! Telemetry: traces over OTLP, metrics for Prometheus, logs.
//!
#![doc = include_str!("README.md")]

mod audit;
mod client;
mod collector;
mod error;
mod export;
pub mod history;
mod http;
pub mod logs;
mod metrics;
mod moment;
mod observed;
mod openmetrics;
mod outbound;
mod pipeline;
mod propagation;
pub mod recorder;
mod resource;
mod sampling;
mod search;
mod storage;

use std::borrow::Cow;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use opentelemetry::trace::{FutureExt, SpanBuilder, SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_sdk::trace::SdkTracer;
use opentelemetry_semantic_conventions::attribute;

use crate::domain::{TenantId, UserId};

pub use crate::operations::Operation;
pub use audit::AuditLog;
pub use client::{HttpSender, http_sender, with_causes};
pub use collector::{ExportHealth, SignalHealth};
pub use error::TelemetryError;
pub use export::export_request;
pub use history::History;
pub use http::{RequestHead, RequestInFlight};
pub use metrics::{
    BackupFigures, CertificateFigures, HashingFigures, Metrics, SearchFigures, StorageFigures, TaskFigures,
};
pub use observed::Observed;
pub use outbound::{CallError, TrustingClient};
pub use pipeline::Pipeline;
pub use recorder::Recorder;
pub use sampling::NewSampler;
pub use search::SearchCall;
pub use storage::{StorageCall, StorageWrite};

/// Opens spans and records metrics. Made by [`Pipeline::start`].
pub struct Telemetry {
    /// `None` when tracing is off: then no span, no id, no cost.
    tracer: Option<SdkTracer>,
    propagator: propagation::Propagator,
    metrics: Metrics,
    outbound: outbound::Outbound,
    exports: metrics::AllExports,
    /// `None` when it is off.
    recorder: Option<Arc<Recorder>>,
    /// `None` when the recorder is off.
    history: Option<Arc<History>>,
    /// `None` when it is not asked for.
    audit_log: Option<AuditLog>,
    /// `None` when nobody said where to ask.
    collector: Option<collector::CollectorHealth>,
}

/// Whom a piece of work is for, as far as it is known when it begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The workspace.
    pub tenant: Option<TenantId>,
    /// The caller.
    pub user: Option<UserId>,
}

impl Subject {
    /// A caller in a workspace.
    pub fn new(tenant: TenantId, user: UserId) -> Self {
        Self { tenant: Some(tenant), user: Some(user) }
    }

    /// An operator, about a workspace.
    pub fn tenant(tenant: TenantId) -> Self {
        Self { tenant: Some(tenant), user: None }
    }

    /// A caller outside any workspace.
    pub fn user(user: UserId) -> Self {
        Self { tenant: None, user: Some(user) }
    }
}

/// The `error.type` of what was not finished because the client left.
const CANCELLED: &str = "cancelled";
/// What is said of that.
const CLIENT_LEFT: &str = "the client left";
/// The `error.type` of what was not finished because of a mistake of ours.
const PANIC: &str = "panic";

/// How an error shows in telemetry. Neither may hold anything a user typed.
pub trait Failure {
    /// One of a closed set of names.
    fn error_type(&self) -> &'static str;
    /// A sentence that is safe to keep.
    fn safe_message(&self) -> Cow<'static, str>;
}

impl Failure for std::fmt::Error {
    fn error_type(&self) -> &'static str {
        "format"
    }

    fn safe_message(&self) -> Cow<'static, str> {
        "formatting failed".into()
    }
}

/// What is found out about a request while it is served, for its log line and its record.
#[derive(Debug)]
struct RequestFacts {
    began: Instant,
    tenant: OnceLock<TenantId>,
    user: OnceLock<UserId>,
    notes: recorder::Notes,
}

impl RequestFacts {
    /// Of a request that began at this moment.
    fn new(began: Instant) -> Self {
        Self { began, tenant: OnceLock::new(), user: OnceLock::new(), notes: recorder::Notes::default() }
    }

    /// When something began that has just ended after so long, in microseconds since the request did.
    fn place(&self, elapsed: Duration) -> u32 {
        recorder::micros(self.began.elapsed().saturating_sub(elapsed))
    }
}

impl Telemetry {
    /// The instruments.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// What the last requests were like, if that is recorded.
    pub fn recorder(&self) -> Option<&Arc<Recorder>> {
        self.recorder.as_ref()
    }

    /// What happened in the last hour, if that is recorded.
    pub fn history(&self) -> Option<&Arc<History>> {
        self.history.as_ref()
    }

    /// The way of the audit log to a collector, if it is asked for.
    pub fn audit_log(&self) -> Option<&AuditLog> {
        self.audit_log.as_ref()
    }

    /// Runs `work` inside the operation's business span, times it, and notes how it ended.
    pub async fn observe<T, E: Failure>(
        &self,
        operation: impl Into<Observed>,
        subject: Subject,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let observed = operation.into();
        identify(subject);
        let context = self.start(observed);
        let mut begun = Begun { telemetry: self, observed, subject, context, began: Instant::now(), has_ended: false };
        // Once, in its place: as a part of two futures it would be there twice, and large.
        let work = pin!(work);
        let result = match &begun.context {
            Some(context) => work.with_context(context.clone()).await,
            None => work.await,
        };
        begun.end(result.as_ref().err().map(|error| (error.error_type(), error.safe_message())));
        result
    }

    /// Runs background work in a trace of its own: a span called `background {task}`.
    pub async fn background<T, E>(&self, task: &'static str, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let Some(tracer) = &self.tracer else { return work.await };
        let builder = SpanBuilder::from_name(format!("background {task}")).with_kind(SpanKind::Internal);
        let root = Context::new();
        let context = root.with_span(tracer.build_with_context(builder, &root));
        let result = work.with_context(context.clone()).await;
        let span = context.span();
        if result.is_err() {
            span.set_attribute(KeyValue::new(attribute::ERROR_TYPE, "failed"));
            span.set_status(Status::error("it failed; the log says why"));
        }
        span.end();
        result
    }

    /// An operation that was asked for ends before it began.
    fn refused(&self, operation: Operation, facts: &RequestFacts, why: &'static str) {
        let observed = Observed::from(operation);
        let subject = Subject { tenant: facts.tenant.get().copied(), user: facts.user.get().copied() };
        let context = self.start(observed);
        let mut begun = Begun { telemetry: self, observed, subject, context, began: facts.began, has_ended: false };
        let message = if why == CANCELLED { CLIENT_LEFT.into() } else { why.replace('_', " ").into() };
        begun.end(Some((why, message)));
    }

    /// Adds to a counter of one's own, which is declared by its first use. Labels must be closed sets, as their type says.
    /// The product's own counters are those of [`Metrics`].
    pub fn count(&self, name: &'static str, by: u64, labels: &[(&'static str, &'static str)]) {
        self.metrics.count(name, by, labels);
    }

    /// The business span, in a context of its own. None when the request's own span is not recorded, for then nothing
    /// below it is: every sampler decides once for a trace.
    fn start(&self, observed: Observed) -> Option<Context> {
        let tracer = self.tracer.as_ref()?;
        Context::map_current(|parent| {
            if !parent.span().is_recording() {
                return None;
            }
            let builder = SpanBuilder::from_name(observed.span).with_kind(SpanKind::Internal);
            Some(parent.with_span(tracer.build_with_context(builder, parent)))
        })
    }
}

/// An operation that has begun.
struct Begun<'a> {
    telemetry: &'a Telemetry,
    observed: Observed,
    subject: Subject,
    /// That of its span, if it is recorded.
    context: Option<Context>,
    began: Instant,
    has_ended: bool,
}

impl Begun<'_> {
    /// Notes how it ended: the kind of failure and a sentence about it, or well.
    fn end(&mut self, failure: Option<(&'static str, Cow<'static, str>)>) {
        let (observed, subject, success) = (self.observed, self.subject, failure.is_none());
        self.has_ended = true;
        let error = failure.as_ref().map(|(error_type, _)| *error_type);
        with_facts(|facts| facts.notes.ended(observed.operation, error));
        if let Some(context) = &self.context {
            let span = context.span();
            let tenant = subject.tenant.map(|tenant| KeyValue::new("tenant.id", tenant.to_string()));
            let user = subject.user.map(|user| KeyValue::new(attribute::USER_ID, user.to_string()));
            let method = observed.auth_method().map(|method| KeyValue::new("auth.method", method));
            span.set_attributes([tenant, user, method].into_iter().flatten());
            span.set_attribute(KeyValue::new("operation.success", success));
            if let Some((error_type, message)) = failure {
                span.set_attribute(KeyValue::new(attribute::ERROR_TYPE, error_type));
                span.set_attribute(KeyValue::new("error.message", message.clone()));
                span.set_status(Status::error(message));
            }
            span.end();
        }
        if let Some(operation) = observed.operation {
            self.telemetry.metrics.operation_ended(operation, subject.tenant, success, self.began.elapsed());
        }
    }
}

impl Drop for Begun<'_> {
    /// Work that is dropped before it ends was panicking, or its client has left.
    fn drop(&mut self) {
        if !self.has_ended {
            let (error_type, message) =
                if std::thread::panicking() { (PANIC, "the server failed") } else { (CANCELLED, CLIENT_LEFT) };
            self.end(Some((error_type, message.into())));
        }
    }
}

/// Sets an attribute of the business span that is open on this task.
pub fn annotate(key: &'static str, value: impl Into<Value>) {
    annotate_with(key, || value);
}

/// Like [`annotate`], for a value that costs something to make: it is made only if the span is recorded.
pub fn annotate_with<V: Into<Value>>(key: &'static str, value: impl FnOnce() -> V) {
    Context::map_current(|context| {
        let span = context.span();
        if span.is_recording() {
            span.set_attribute(KeyValue::new(key, value()));
        }
    });
}

/// Notes whom the request on this task is for, once that is known: on the open business span and for the request's
/// log line.
pub fn annotate_subject(subject: Subject) {
    identify(subject);
    if let Some(tenant) = subject.tenant {
        annotate_with("tenant.id", || tenant.to_string());
    }
    if let Some(user) = subject.user {
        annotate_with(attribute::USER_ID, || user.to_string());
    }
}

/// Takes the spans that are open on this task along, for work that goes on on another.
pub fn in_current_context<F: Future>(work: F) -> impl Future<Output = F::Output> {
    work.with_current_context()
}

/// The id of the trace that is open on this task.
pub fn current_trace_id() -> Option<[u8; 16]> {
    Context::map_current(|context| {
        let span = context.span();
        let span_context = span.span_context();
        span_context.is_valid().then(|| span_context.trace_id().to_bytes())
    })
}

/// Notes that the caller of the request on this task may do what it asks for in a workspace.
pub fn authorised_in(tenant: TenantId) {
    with_facts(|facts| facts.notes.authorised(tenant));
}

/// Notes why the request on this task is refused: one of a closed set of names.
pub fn refused(why: &'static str) {
    with_facts(|facts| facts.notes.refused(why));
}

fn identify(subject: Subject) {
    with_facts(|facts| {
        // The first to know is right: a request has one caller and one workspace.
        subject.tenant.map(|tenant| facts.tenant.set(tenant));
        subject.user.map(|user| facts.user.set(user));
    });
}

fn with_facts(note: impl FnOnce(&RequestFacts)) {
    Context::map_current(|context| context.get::<RequestFacts>().map(note));
}
