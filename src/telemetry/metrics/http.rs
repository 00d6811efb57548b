//! HTTP metrics: by the names older dashboards query, and by those of the semantic conventions.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use opentelemetry::metrics::{
    BoundCounter, BoundHistogram, BoundUpDownCounter, Counter, Histogram, Meter, UpDownCounter,
};
use opentelemetry::trace::TraceId;
use opentelemetry::{KeyValue, Value};
use opentelemetry_semantic_conventions::attribute;
use poem::http::StatusCode;

use super::exemplars::{Buckets, Exemplars, Labels};
use super::series::Series;
use super::{HTTP_BUCKETS, Metrics, counter, seconds};
use crate::telemetry::history::{CountedRoute, History};

/// How long calls to other services take.
pub(in crate::telemetry) fn client_request_duration(meter: &Meter) -> Histogram<f64> {
    seconds(meter, "http.client.request.duration", "Duration of HTTP client requests.", &HTTP_BUCKETS)
}

/// The route label of requests that match none.
const UNMATCHED: &str = "unmatched";

/// Method, scheme, version of the protocol and route.
type Target = (&'static str, &'static str, &'static str, Option<Arc<str>>);

/// The instruments, and their series by method, scheme, version of the protocol and route.
pub(super) struct HttpInstruments {
    requests: Counter<u64>,
    request_duration: Histogram<f64>,
    requests_in_progress: UpDownCounter<i64>,
    server_request_duration: Histogram<f64>,
    server_active_requests: UpDownCounter<i64>,
    series: Series<Target, HttpSeries>,
    /// Traces of recent requests.
    pub(super) exemplars: Arc<Exemplars>,
}

impl HttpInstruments {
    pub(super) fn new(meter: &Meter) -> Self {
        Self {
            requests: counter(meter, "http_requests", "{request}", "Requests answered."),
            request_duration: seconds(
                meter,
                "http_request_duration",
                "From a request's head to its answer.",
                &HTTP_BUCKETS,
            ),
            requests_in_progress: meter
                .i64_up_down_counter("http_requests_in_progress")
                .with_unit("{request}")
                .with_description("Requests being served.")
                .build(),
            server_request_duration: seconds(
                meter,
                "http.server.request.duration",
                "Duration of HTTP server requests.",
                &HTTP_BUCKETS,
            ),
            server_active_requests: meter
                .i64_up_down_counter("http.server.active_requests")
                .with_unit("{request}")
                .with_description("Number of active HTTP server requests.")
                .build(),
            series: Series::default(),
            exemplars: Arc::default(),
        }
    }
}

impl Metrics {
    /// The series of requests with this method, scheme and version of the protocol on this route.
    pub(in crate::telemetry) fn http_series(
        &self,
        method: &'static str,
        scheme: &'static str,
        version: &'static str,
        route: Option<&Arc<str>>,
    ) -> Arc<HttpSeries> {
        let key = (method, scheme, version, route.cloned());
        self.http.series.get_or_insert(&key, || HttpSeries::new(&self.http, &key))
    }
}

/// What is counted of the requests with one method, scheme and version of the protocol on one route.
pub(in crate::telemetry) struct HttpSeries {
    method: &'static str,
    scheme: &'static str,
    version: &'static str,
    route: Option<Arc<str>>,
    /// Routes and methods are few, and live as long as the process.
    span_name: &'static str,
    in_progress: BoundUpDownCounter<i64>,
    active: BoundUpDownCounter<i64>,
    by_status: Series<StatusCode, StatusSeries>,
    counted: OnceLock<Arc<CountedRoute>>,
}

struct StatusSeries {
    requests: BoundCounter<u64>,
    duration: BoundHistogram<f64>,
    server_duration: BoundHistogram<f64>,
    traces: Arc<Buckets>,
}

impl HttpSeries {
    fn new(instruments: &HttpInstruments, target: &Target) -> Self {
        let (method, scheme, version, route) = target.clone();
        let labels = [KeyValue::new("method", method), KeyValue::new("endpoint", endpoint(route.as_ref()))];
        let conventional =
            [KeyValue::new(attribute::HTTP_REQUEST_METHOD, method), KeyValue::new(attribute::URL_SCHEME, scheme)];
        // The conventions want `HTTP` for an unknown method in names, and `_OTHER` in the attribute.
        let verb = if method == "_OTHER" { "HTTP" } else { method };
        Self {
            method,
            scheme,
            version,
            span_name: route.as_ref().map_or(verb, |route| format!("{verb} {route}").leak()),
            in_progress: instruments.requests_in_progress.bind(&labels),
            active: instruments.server_active_requests.bind(&conventional),
            by_status: Series::default(),
            counted: OnceLock::new(),
            route,
        }
    }

    /// The name of the server span: `{method} {route}`.
    pub(in crate::telemetry) fn span_name(&self) -> &'static str {
        self.span_name
    }

    /// Where the requests are counted in the last hour.
    pub(in crate::telemetry) fn counted(&self, history: &History) -> &CountedRoute {
        self.counted.get_or_init(|| history.route(self.span_name))
    }

    /// A request has come.
    pub(in crate::telemetry) fn arrived(&self) {
        self.in_progress.add(1);
        self.active.add(1);
    }

    /// A request is no longer being served.
    pub(in crate::telemetry) fn left(&self) {
        self.in_progress.add(-1);
        self.active.add(-1);
    }

    /// A request was answered; its trace is given when it is recorded.
    pub(in crate::telemetry) fn answered(
        &self,
        metrics: &Metrics,
        status: StatusCode,
        elapsed: Duration,
        trace: Option<TraceId>,
    ) {
        let series = self.by_status.get_or_insert(&status, || self.bind(&metrics.http, status));
        series.requests.add(1);
        series.duration.record(elapsed.as_secs_f64());
        series.server_duration.record(elapsed.as_secs_f64());
        if let Some(trace) = trace {
            series.traces.note(trace, elapsed.as_secs_f64());
        }
    }

    fn bind(&self, instruments: &HttpInstruments, status: StatusCode) -> StatusSeries {
        let labels = [
            KeyValue::new("method", self.method),
            KeyValue::new("endpoint", endpoint(self.route.as_ref())),
            KeyValue::new("status_code", status.as_str().to_owned()),
        ];
        let mut conventional = vec![
            KeyValue::new(attribute::HTTP_REQUEST_METHOD, self.method),
            KeyValue::new(attribute::URL_SCHEME, self.scheme),
            KeyValue::new(attribute::NETWORK_PROTOCOL_VERSION, self.version),
            KeyValue::new(attribute::HTTP_RESPONSE_STATUS_CODE, i64::from(status.as_u16())),
        ];
        conventional.extend(self.route.clone().map(|route| KeyValue::new(attribute::HTTP_ROUTE, route)));
        if status.is_server_error() {
            conventional.push(KeyValue::new(attribute::ERROR_TYPE, status.as_str().to_owned()));
        }
        let traces = instruments.exemplars.add(
            &HTTP_BUCKETS,
            [
                ("http_request_duration_seconds", scraped(&labels)),
                ("http_server_request_duration_seconds", scraped(&conventional)),
            ],
        );
        StatusSeries {
            traces,
            requests: instruments.requests.bind(&labels),
            duration: instruments.request_duration.bind(&labels),
            server_duration: instruments.server_request_duration.bind(&conventional),
        }
    }
}

/// Labels as they are scraped.
fn scraped(labels: &[KeyValue]) -> Labels {
    labels.iter().map(|label| (label.key.as_str().replace('.', "_"), label.value.to_string())).collect()
}

fn endpoint(route: Option<&Arc<str>>) -> Value {
    route.map_or_else(|| UNMATCHED.into(), |route| route.clone().into())
}
