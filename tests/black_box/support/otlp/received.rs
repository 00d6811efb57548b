//! What a collector received, as the tests look at it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Condvar, Mutex};

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::Metric as ProtoMetric;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::trace::v1::{Span as ProtoSpan, span::SpanKind, status::StatusCode};
use serde_json::{Value, json};

use crate::support::lock;

/// Attributes by name.
pub type Attributes = BTreeMap<String, Value>;

/// A span as it arrived.
#[derive(Clone, Debug)]
pub struct Span {
    /// Its trace, as 32 hexadecimal digits.
    pub trace: String,
    /// Its own id, as 16 hexadecimal digits.
    pub id: String,
    /// The id of the span it is within; empty for a root.
    pub parent: String,
    /// The traces it is linked to.
    pub links: Vec<String>,
    /// The state of its trace.
    pub state: String,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: SpanKind,
    /// Its attributes.
    pub attributes: Attributes,
    /// Whether its status is error.
    pub is_error: bool,
    /// The message of its status.
    pub status_message: String,
    /// Whoever sent it.
    pub resource: Arc<Attributes>,
}

impl Span {
    /// An attribute; null when it is not there.
    pub fn attribute(&self, name: &str) -> &Value {
        self.attributes.get(name).unwrap_or(&Value::Null)
    }
}

/// A metric as it arrived.
#[derive(Clone, Debug)]
pub struct Metric {
    /// Its name.
    pub name: String,
    /// Its unit.
    pub unit: String,
    /// What it is, as the conventions name instruments: `counter`, `updowncounter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// The attributes of each of its points.
    pub points: Vec<Attributes>,
}

/// A log line as it arrived.
#[derive(Clone, Debug)]
pub struct LogLine {
    /// Its message.
    pub body: String,
    /// The name of what happened.
    pub event: String,
    /// When it happened, in nanoseconds since 1970; 0 when that is not said.
    pub time: u64,
    /// How grave it is.
    pub severity: String,
    /// The trace it belongs to, as 32 hexadecimal digits; empty for none.
    pub trace: String,
    /// The span it belongs to, as 16 hexadecimal digits; empty for none.
    pub span: String,
    /// Its fields.
    pub attributes: Attributes,
}

/// All that arrived.
#[derive(Default)]
pub struct Received {
    pub spans: Mutex<Vec<Span>>,
    pub metrics: Mutex<Vec<Metric>>,
    pub logs: Mutex<Vec<LogLine>>,
    /// The headers of each export.
    pub headers: Mutex<Vec<BTreeMap<String, String>>>,
    /// Told of every export, together with `spans`.
    pub more: Condvar,
}

impl Received {
    /// Keeps the headers of an export.
    pub fn keep_headers(&self, headers: &hyper::HeaderMap) {
        let text = |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        lock(&self.headers).push(headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect());
    }

    /// Keeps an export of spans.
    pub fn keep_spans(&self, request: ExportTraceServiceRequest) {
        for group in request.resource_spans {
            let resource = Arc::new(attributes(group.resource.unwrap_or_default().attributes));
            let arrived = group.scope_spans.into_iter().flat_map(|scope| scope.spans);
            lock(&self.spans).extend(arrived.map(|arrived| span(arrived, &resource)));
        }
        self.tell();
    }

    /// Keeps an export of metrics.
    pub fn keep_metrics(&self, request: ExportMetricsServiceRequest) {
        let scopes = request.resource_metrics.into_iter().flat_map(|group| group.scope_metrics);
        lock(&self.metrics).extend(scopes.flat_map(|scope| scope.metrics).map(metric));
        self.tell();
    }

    /// Keeps an export of log lines.
    pub fn keep_logs(&self, request: ExportLogsServiceRequest) {
        let scopes = request.resource_logs.into_iter().flat_map(|group| group.scope_logs);
        lock(&self.logs).extend(scopes.flat_map(|scope| scope.log_records).map(|record| LogLine {
            body: plain(record.body).as_str().unwrap_or_default().to_owned(),
            event: record.event_name,
            time: record.time_unix_nano,
            severity: record.severity_text,
            trace: hex(&record.trace_id),
            span: hex(&record.span_id),
            attributes: attributes(record.attributes),
        }));
        self.tell();
    }

    fn tell(&self) {
        // With the lock that waiting takes, so that nobody misses it.
        let _spans = lock(&self.spans);
        self.more.notify_all();
    }
}

/// How many spans there are in an export.
pub fn span_count(request: &ExportTraceServiceRequest) -> usize {
    request.resource_spans.iter().flat_map(|group| &group.scope_spans).map(|scope| scope.spans.len()).sum()
}

/// How many log records there are in an export.
pub fn log_count(request: &ExportLogsServiceRequest) -> usize {
    request.resource_logs.iter().flat_map(|group| &group.scope_logs).map(|scope| scope.log_records.len()).sum()
}

fn span(proto: ProtoSpan, resource: &Arc<Attributes>) -> Span {
    let kind = proto.kind();
    let status = proto.status.unwrap_or_default();
    Span {
        trace: hex(&proto.trace_id),
        id: hex(&proto.span_id),
        parent: hex(&proto.parent_span_id),
        links: proto.links.iter().map(|link| hex(&link.trace_id)).collect(),
        state: proto.trace_state,
        name: proto.name,
        kind,
        attributes: attributes(proto.attributes),
        is_error: status.code == StatusCode::Error as i32,
        status_message: status.message,
        resource: Arc::clone(resource),
    }
}

fn metric(proto: ProtoMetric) -> Metric {
    let (kind, points) = match proto.data {
        Some(Data::Sum(sum)) => {
            let kind = if sum.is_monotonic { "counter" } else { "updowncounter" };
            (kind, sum.data_points.into_iter().map(|point| attributes(point.attributes)).collect())
        }
        Some(Data::Gauge(gauge)) => {
            ("gauge", gauge.data_points.into_iter().map(|point| attributes(point.attributes)).collect())
        }
        Some(Data::Histogram(histogram)) => {
            ("histogram", histogram.data_points.into_iter().map(|point| attributes(point.attributes)).collect())
        }
        other => panic!("{}: {other:?}", proto.name),
    };
    Metric { name: proto.name, unit: proto.unit, kind, points }
}

fn attributes(pairs: Vec<KeyValue>) -> Attributes {
    pairs.into_iter().map(|pair| (pair.key, plain(pair.value))).collect()
}

fn plain(value: Option<AnyValue>) -> Value {
    match value.and_then(|value| value.value) {
        Some(Any::StringValue(text)) => json!(text),
        Some(Any::BoolValue(flag)) => json!(flag),
        Some(Any::IntValue(number)) => json!(number),
        Some(Any::DoubleValue(number)) => json!(number),
        Some(Any::ArrayValue(array)) => array.values.into_iter().map(|value| plain(Some(value))).collect(),
        other => json!(format!("{other:?}")),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes all");
        text
    })
}
