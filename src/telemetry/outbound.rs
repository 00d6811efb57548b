//! Calls to other services: a client span and a duration for each, and the trace goes along (OpenTelemetry semantic
//! conventions for HTTP clients).

use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use hyper::Uri;
use opentelemetry::metrics::{Histogram, Meter};
use opentelemetry::trace::{FutureExt as _, SpanBuilder, SpanKind, Status, TraceContextExt as _, Tracer as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{Bytes, HttpError, Request, Response};
use opentelemetry_semantic_conventions::attribute;
use thiserror::Error;

use super::Telemetry;
use super::client::{HttpClient, Tls, with_causes};
use super::http::protocol_version;
use super::metrics::client_request_duration;

/// Why another service gave no answer.
#[derive(Debug, Error)]
pub enum CallError {
    /// It took too long.
    #[error("no answer came in time")]
    Timeout,
    /// It can't be reached, or broke off.
    #[error("{0}")]
    Connection(String),
}

impl CallError {
    fn error_type(&self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Connection(_) => "connection",
        }
    }
}

impl From<HttpError> for CallError {
    fn from(error: HttpError) -> Self {
        if error.is::<tokio::time::error::Elapsed>() { Self::Timeout } else { Self::Connection(with_causes(&*error)) }
    }
}

/// What calls are made and measured with.
pub(super) struct Outbound {
    /// Made for the first call: it takes memory that most installations have a better use for.
    client: OnceLock<Result<HttpClient, String>>,
    duration: Histogram<f64>,
}

impl Outbound {
    /// Declares the instrument.
    pub(super) fn new(meter: &Meter) -> Self {
        Self { client: OnceLock::new(), duration: client_request_duration(meter) }
    }

    fn client(&self) -> Result<&HttpClient, CallError> {
        let client = self.client.get_or_init(|| Ok(HttpClient::new(Tls::default().config()?)));
        client.as_ref().map_err(|problem| CallError::Connection(problem.clone()))
    }
}

/// Connections to services that are trusted for other certificates than those of Mozilla. Made on a runtime.
pub struct TrustingClient(HttpClient);

impl TrustingClient {
    /// What trusts the certificates in a PEM file. The error says what is wrong with the file.
    pub fn new(authorities: &Path) -> Result<Self, String> {
        let tls = Tls { authorities: Some(authorities), identity: None };
        Ok(Self(HttpClient::new(tls.config()?)))
    }
}

impl Telemetry {
    /// Sends a request to another service, in a client span that it is given, and waits so long for the whole answer.
    pub async fn call(&self, request: Request<Bytes>, timeout: Duration) -> Result<Response<Bytes>, CallError> {
        self.call_over(self.outbound.client(), request, timeout).await
    }

    /// The same, to a service that is trusted for other certificates.
    pub async fn call_trusting(
        &self,
        client: &TrustingClient,
        request: Request<Bytes>,
        timeout: Duration,
    ) -> Result<Response<Bytes>, CallError> {
        self.call_over(Ok(&client.0), request, timeout).await
    }

    async fn call_over(
        &self,
        client: Result<&HttpClient, CallError>,
        mut request: Request<Bytes>,
        timeout: Duration,
    ) -> Result<Response<Bytes>, CallError> {
        let (target, began) = (target(&request), Instant::now());
        let context = self.open_client_span(&request, &target);
        self.propagator.inject(&context, request.headers_mut());
        let sent = async { client?.send(request, timeout).await.map_err(CallError::from) };
        let result = sent.with_context(context.clone()).await;

        let outcome = match &result {
            Ok(response) => {
                let status = response.status();
                let error = (status.is_client_error() || status.is_server_error()).then(|| status.as_str().to_owned());
                let version = protocol_version(response.version());
                [
                    Some(KeyValue::new(attribute::NETWORK_PROTOCOL_VERSION, version)),
                    Some(KeyValue::new(attribute::HTTP_RESPONSE_STATUS_CODE, i64::from(status.as_u16()))),
                    error.map(|error| KeyValue::new(attribute::ERROR_TYPE, error)),
                ]
            }
            Err(error) => [None, None, Some(KeyValue::new(attribute::ERROR_TYPE, error.error_type()))],
        };
        let attributes: Vec<KeyValue> = target.into_iter().chain(outcome.into_iter().flatten()).collect();
        let span = context.span();
        if let Err(error) = &result {
            span.set_status(Status::error(error.to_string()));
        } else if attributes.iter().any(|it| it.key.as_str() == attribute::ERROR_TYPE) {
            span.set_status(Status::error("the answer is an error"));
        }
        span.set_attributes(attributes.iter().cloned());
        span.end();
        self.outbound.duration.record(began.elapsed().as_secs_f64(), &attributes);
        result
    }

    fn open_client_span(&self, request: &Request<Bytes>, target: &[KeyValue]) -> Context {
        let parent = Context::current();
        let Some(tracer) = &self.tracer else { return parent };
        let builder = SpanBuilder::from_name(request.method().to_string())
            .with_kind(SpanKind::Client)
            .with_attributes(target.iter().cloned().chain([KeyValue::new(attribute::URL_FULL, url(request.uri()))]));
        parent.with_span(tracer.build_with_context(builder, &parent))
    }
}

/// What distinguishes a request from others in the metrics.
fn target(request: &Request<Bytes>) -> Vec<KeyValue> {
    let uri = request.uri();
    let default_port = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    vec![
        KeyValue::new(attribute::HTTP_REQUEST_METHOD, request.method().to_string()),
        KeyValue::new(attribute::SERVER_ADDRESS, uri.host().unwrap_or_default().to_owned()),
        KeyValue::new(attribute::SERVER_PORT, i64::from(uri.port_u16().unwrap_or(default_port))),
    ]
}

/// A URL without what may be secret: user, password and query.
fn url(uri: &Uri) -> String {
    let port = uri.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}{}", uri.scheme_str().unwrap_or("http"), uri.host().unwrap_or_default(), uri.path())
}
