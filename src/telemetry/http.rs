//! The server span and the HTTP metrics of one request (OpenTelemetry semantic conventions for HTTP servers).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use opentelemetry::trace::{FutureExt, Link, SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, ContextGuard, KeyValue};
use opentelemetry_semantic_conventions::attribute;
use poem::http::uri::Authority;
use poem::http::{HeaderMap, HeaderName, Method, StatusCode, Uri, Version, header};
use tracing::Level;

use super::history::Outcome;
use super::metrics::HttpSeries;
use super::propagation::Caller;
use super::recorder::Record;
use super::{CANCELLED, RequestFacts, Telemetry};
use crate::domain::push_hex;
use crate::operations::Operation;

/// The `error.type` of an answer that could not be sent whole because of us.
const BROKEN_OFF: &str = "broken_off";

const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// The status of requests whose client left before the answer.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// What is known of a request when it arrives.
#[derive(Clone, Copy)]
pub struct RequestHead<'a> {
    /// Its method.
    pub method: &'a Method,
    /// Its target.
    pub uri: &'a Uri,
    /// Its protocol version.
    pub version: Version,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// What it asks for; none without a route.
    pub operation: Option<Operation>,
    /// The pattern of the route it goes to, such as `/api/v1/workspaces/{workspace_id}`.
    pub route: Option<&'a Arc<str>>,
    /// The client's address.
    pub client: Option<IpAddr>,
    /// Whether a trusted proxy sent it.
    pub is_from_proxy: bool,
    /// Whether the client's connection is encrypted.
    pub is_tls: bool,
    /// The address it was accepted on.
    pub server: Option<SocketAddr>,
    /// Its id.
    pub request_id: &'a Arc<str>,
}

/// A request that is being served. Counted as in progress until it is finished or dropped.
pub struct RequestInFlight {
    telemetry: Arc<Telemetry>,
    context: Context,
    series: Arc<HttpSeries>,
    method: &'static str,
    route: Option<Arc<str>>,
    operation: Option<Operation>,
    request_id: Arc<str>,
    started: Instant,
    is_finished: bool,
}

impl Telemetry {
    /// Opens the server span of a request, as a child of the one its headers name if the caller is trusted.
    pub fn request_arrived(self: &Arc<Self>, head: &RequestHead<'_>) -> RequestInFlight {
        let method = known_method(head.method);
        let route = head.route.cloned();
        let series = self.metrics.http_series(method, scheme(head), protocol_version(head.version), route.as_ref());
        series.arrived();
        let context = match &self.tracer {
            Some(tracer) => {
                let Caller { parent, link } = self.propagator.extract(head.headers, head.is_from_proxy);
                let mut builder = SpanBuilder::from_name(series.span_name()).with_kind(SpanKind::Server);
                builder.links = link.map(|caller| vec![Link::with_context(caller)]);
                parent.with_span(tracer.build_with_context(builder, &parent))
            }
            None => Context::new(),
        };
        if context.span().is_recording() {
            context.span().set_attributes(attributes(head, method));
        }
        let (operation, request_id, started) = (head.operation, head.request_id.clone(), Instant::now());
        let context = context.with_value(RequestFacts::new(started));
        let telemetry = self.clone();
        RequestInFlight {
            telemetry,
            context,
            series,
            method,
            route,
            operation,
            request_id,
            started,
            is_finished: false,
        }
    }
}

impl RequestInFlight {
    /// Runs `work` inside the server span.
    pub fn run<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        work.with_context(self.context.clone())
    }

    /// The W3C `traceresponse` header: the ids of the server span, when there is one.
    pub fn trace_response(&self) -> Option<String> {
        let span = self.context.span();
        let ids = span.span_context();
        ids.is_valid().then(|| trace_response(ids))
    }

    /// Whether nobody is sent the body of the answer.
    pub fn is_without_body(&self) -> bool {
        self.method == "HEAD"
    }

    /// Opens the server span on this thread, for as long as what is returned lives.
    pub fn enter(&self) -> ContextGuard {
        self.context.clone().attach()
    }

    /// Ends a request whose answer was cut: the client left, or what was to be sent could not be had.
    pub fn cut(mut self, status: StatusCode, is_ours: bool) {
        self.end(status, Some(if is_ours { BROKEN_OFF } else { CANCELLED }));
    }

    /// Ends the span, records the metrics and writes the request's log line.
    pub fn finish(mut self, status: StatusCode) {
        self.end(status, None);
    }

    fn end(&mut self, status: StatusCode, error_type: Option<&'static str>) {
        self.is_finished = true;
        self.open_span_of_refused(error_type);
        let elapsed = self.started.elapsed();
        let span = self.context.span();
        if span.is_recording() {
            span.set_attribute(KeyValue::new(attribute::HTTP_RESPONSE_STATUS_CODE, i64::from(status.as_u16())));
            if let Some(error_type) = error_type {
                span.set_attribute(KeyValue::new(attribute::ERROR_TYPE, error_type));
            } else if status.is_server_error() {
                span.set_attribute(KeyValue::new(attribute::ERROR_TYPE, status.as_str().to_owned()));
                span.set_status(Status::error(status.canonical_reason().unwrap_or("server error")));
            }
        }
        let ids = span.span_context();
        let trace = ids.is_sampled().then(|| ids.trace_id());
        self.series.answered(&self.telemetry.metrics, status, elapsed, trace);
        self.record(status, elapsed, error_type);
        if tracing::enabled!(Level::INFO) {
            self.log(status, elapsed, error_type);
        }
        span.end();
    }

    /// A request that was refused, or whose client left, before anything was done for it has a business span as well: it
    /// says why, and is counted.
    fn open_span_of_refused(&self, error_type: Option<&'static str>) {
        let Some(facts) = self.context.get::<RequestFacts>() else { return };
        let noted = facts.notes.read();
        let operation = self.operation.filter(|operation| !noted.was_observed && !operation.span_name().is_empty());
        let why = noted.refused.or(error_type.filter(|it| *it == CANCELLED));
        if let Some((operation, why)) = operation.zip(why) {
            let _entered = self.enter();
            self.telemetry.refused(operation, facts, why);
        }
    }

    /// Counts the request in the last hour, and leaves its record. Health checks and scrapes leave none.
    fn record(&self, status: StatusCode, elapsed: Duration, error_type: Option<&'static str>) {
        let Some(recorder) = &self.telemetry.recorder else { return };
        if matches!(self.operation, Some(Operation::Probe | Operation::Health | Operation::Metrics)) {
            return;
        }
        let is_failure = status.is_server_error() || error_type == Some(BROKEN_OFF);
        if let Some(history) = &self.telemetry.history {
            let outcome = match is_failure {
                true => Outcome::Failed,
                false if status.is_client_error() => Outcome::Refused,
                false => Outcome::Answered,
            };
            self.series.counted(history).ended(elapsed, outcome);
        }
        let span = self.context.span();
        let facts = self.context.get::<RequestFacts>();
        let tenant = facts.and_then(|facts| facts.tenant.get().copied());
        let noted = facts.map(|facts| facts.notes.read()).unwrap_or_default();
        let record = Record {
            trace: span.span_context().trace_id().to_bytes(),
            span: span.span_context().span_id().to_bytes(),
            name: self.series.span_name(),
            operation: noted.operation.or(self.operation),
            tenant: noted.authorised_in.or(tenant),
            is_authorised: noted.authorised_in.is_some(),
            status: status.as_u16(),
            error: error_type.or(noted.error),
            stages: noted.stages,
            ..Record::ended_after(elapsed)
        };
        recorder.keep(record, &self.request_id, is_failure);
    }

    fn log(&self, status: StatusCode, elapsed: Duration, error_type: Option<&'static str>) {
        let facts = self.context.get::<RequestFacts>();
        let user = facts.and_then(|facts| facts.user.get());
        let tenant = facts.and_then(|facts| facts.tenant.get());
        let _guard = self.context.clone().attach();
        tracing::info!(
            name: "http.server.request",
            method = self.method,
            route = self.route.as_deref().unwrap_or("unmatched"),
            status = status.as_u16(),
            duration_ms = (elapsed.as_secs_f64() * 1e6).round() / 1e3,
            request_id = &*self.request_id,
            tenant_id = tenant.map(tracing::field::display),
            user_id = user.map(tracing::field::display),
            error_type,
            "request"
        );
    }
}

impl Drop for RequestInFlight {
    /// A request that is dropped unfinished is one whose client has left: it ends with the status that is customary for
    /// it, though nobody was answered with it.
    fn drop(&mut self) {
        if !self.is_finished {
            self.end(
                StatusCode::from_u16(CLIENT_CLOSED_REQUEST).unwrap_or(StatusCode::REQUEST_TIMEOUT),
                Some(CANCELLED),
            );
        }
        self.series.left();
    }
}

fn attributes(head: &RequestHead<'_>, method: &'static str) -> Vec<KeyValue> {
    let mut attributes = vec![
        KeyValue::new(attribute::HTTP_REQUEST_METHOD, method),
        KeyValue::new(attribute::URL_PATH, cut(head.uri.path())),
        KeyValue::new(attribute::URL_SCHEME, scheme(head)),
        KeyValue::new(attribute::NETWORK_PROTOCOL_VERSION, protocol_version(head.version)),
    ];
    if method == "_OTHER" {
        attributes.push(KeyValue::new(attribute::HTTP_REQUEST_METHOD_ORIGINAL, cut(head.method.as_str())));
    }
    if let Some(route) = head.route {
        attributes.push(KeyValue::new(attribute::HTTP_ROUTE, route.clone()));
    }
    if let Some(client) = head.client {
        attributes.push(KeyValue::new(attribute::CLIENT_ADDRESS, client.to_string()));
    }
    if let Some((address, port)) = server(head) {
        attributes.push(KeyValue::new(attribute::SERVER_ADDRESS, address));
        attributes.push(KeyValue::new(attribute::SERVER_PORT, i64::from(port)));
    }
    if let Some(agent) = head.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()) {
        attributes.push(KeyValue::new(attribute::USER_AGENT_ORIGINAL, cut(agent)));
    }
    attributes
}

/// The name and the port that the client called: what a trusted proxy says, else the `Host`, else the address that the
/// request was accepted on.
fn server(head: &RequestHead<'_>) -> Option<(String, u16)> {
    let authority = |name: HeaderName| -> Option<Authority> {
        let value = head.headers.get(name)?.to_str().ok()?;
        value.split(',').next()?.trim().parse().ok()
    };
    let forwarded = if head.is_from_proxy { authority(FORWARDED_HOST) } else { None };
    match forwarded.or_else(|| authority(header::HOST)) {
        Some(called) => {
            let default_port = if head.is_tls { 443 } else { 80 };
            Some((cut(called.host()), called.port_u16().unwrap_or(default_port)))
        }
        None => head.server.map(|accepted| (accepted.ip().to_string(), accepted.port())),
    }
}

/// `00-{trace id}-{span id}-{flags}`, in hexadecimal.
fn trace_response(ids: &SpanContext) -> String {
    let mut text = String::with_capacity(55);
    text.push_str("00");
    for part in [&ids.trace_id().to_bytes()[..], &ids.span_id().to_bytes(), &[ids.trace_flags().to_u8()]] {
        text.push('-');
        push_hex(&mut text, part);
    }
    text
}

fn scheme(head: &RequestHead<'_>) -> &'static str {
    if head.is_tls { "https" } else { "http" }
}

/// Text that a client chose, as far as it is worth keeping: spans wait in memory for the collector.
fn cut(text: &str) -> String {
    const MAX_BYTES: usize = 512;
    text[..text.floor_char_boundary(MAX_BYTES)].to_owned()
}

/// The methods of RFC 9110 and RFC 5789; anything else is `_OTHER`, so that clients can't invent label values.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::CONNECT => "CONNECT",
        Method::TRACE => "TRACE",
        _ => "_OTHER",
    }
}

/// The version of HTTP, as the conventions write it.
pub(super) fn protocol_version(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => "1.1",
    }
}
