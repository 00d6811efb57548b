//! What is exported, held against the semantic conventions of OpenTelemetry: the names, types and units of the stable ones
//! for HTTP servers, HTTP clients and databases.

use crate::support::otlp::{Collector, Metric, Protocol, Span};
use crate::support::tour::{setup, tour};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::Value;

/// The type of an attribute's value.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Type {
    Text,
    Whole,
}
use Type::{Text, Whole};

/// Attributes of server spans: name, type, whether every span must have it.
const HTTP_SERVER: &[(&str, Type, bool)] = &[
    ("http.request.method", Text, true),
    ("url.path", Text, true),
    ("url.scheme", Text, true),
    ("http.response.status_code", Whole, true),
    ("server.address", Text, true),
    ("server.port", Whole, true),
    ("client.address", Text, true),
    ("network.protocol.version", Text, true),
    ("http.route", Text, false),
    ("http.request.method_original", Text, false),
    ("user_agent.original", Text, false),
    ("error.type", Text, false),
    // Of a request that is refused before it comes to a business span.
    ("user.id", Text, false),
];

/// Attributes of client spans.
const HTTP_CLIENT: &[(&str, Type, bool)] = &[
    ("http.request.method", Text, true),
    ("server.address", Text, true),
    ("server.port", Whole, true),
    ("url.full", Text, true),
    ("network.protocol.version", Text, false),
    ("http.response.status_code", Whole, false),
    ("error.type", Text, false),
];

/// Attributes of the spans of database calls, and ours below a name of our own.
const DATABASE: &[(&str, Type, bool)] = &[
    ("db.system.name", Text, true),
    ("db.operation.name", Text, true),
    ("db.collection.name", Text, true),
    ("db.response.returned_rows", Whole, false),
    ("error.type", Text, false),
];

/// What the conventions say of a histogram in seconds.
struct Duration {
    name: &'static str,
    /// Attributes that every point must have.
    required: &'static [&'static str],
    /// Attributes that one may have.
    others: &'static [&'static str],
}

const DURATIONS: [Duration; 2] = [
    Duration {
        name: "http.server.request.duration",
        required: &["http.request.method", "url.scheme", "network.protocol.version", "http.response.status_code"],
        others: &["http.route", "error.type"],
    },
    Duration {
        name: "http.client.request.duration",
        required: &["http.request.method", "server.address", "server.port"],
        others: &["http.response.status_code", "error.type", "network.protocol.version"],
    },
];

/// The methods that the conventions know.
const METHODS: [&str; 10] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "_OTHER"];

#[track_caller]
fn conforms(span: &Span, attributes: &[(&str, Type, bool)]) {
    for (name, kind, is_required) in attributes {
        let fits = match (span.attribute(name), kind) {
            (Value::Null, _) => !is_required,
            (Value::String(_), Text) => true,
            (Value::Number(number), Whole) => number.is_i64() || number.is_u64(),
            _ => false,
        };
        assert!(fits, "{}: {name} is {}", span.name, span.attribute(name));
    }
    let known = |name: &str| name.starts_with("ghostworks.") || attributes.iter().any(|(known, ..)| *known == name);
    let unknown: Vec<&String> = span.attributes.keys().filter(|name| !known(name)).collect();
    assert!(unknown.is_empty(), "{}: {unknown:?} are not of the conventions", span.name);
}

impl Duration {
    #[track_caller]
    fn conforms(&self, metric: &Metric) {
        assert_eq!((metric.kind, metric.unit.as_str()), ("histogram", "s"), "{}", metric.name);
        for point in &metric.points {
            let missing: Vec<_> = self.required.iter().filter(|name| !point.contains_key(**name)).collect();
            let known = |name: &str| self.required.contains(&name) || self.others.contains(&name);
            let unknown: Vec<_> = point.keys().filter(|name| !known(name)).collect();
            assert!(missing.is_empty() && unknown.is_empty(), "{}: {missing:?} {unknown:?}", metric.name);
        }
    }
}

#[test]
fn spans_and_metrics_follow_the_semantic_conventions() {
    let collector = Collector::speaking(Protocol::Http);
    let server = setup()
        .traces_to(&collector.endpoint())
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
        .env("OTEL_METRICS_EXPORTER", "otlp")
        .env("GHOSTWORKS__TELEMETRY__COLLECTOR_HEALTH_URL", format!("{}/health", collector.endpoint()))
        .start();
    tour(&server);
    server.client().call("BREW", "/nowhere").expect(404);
    server.client().get("/health/detailed").expect(200);
    server.stop();

    let spans = collector.spans();
    let of_kind = |kind: SpanKind| spans.iter().filter(move |span| span.kind == kind);
    for span in of_kind(SpanKind::Server) {
        conforms(span, HTTP_SERVER);
        let method = span.attribute("http.request.method").as_str().expect("text");
        assert!(METHODS.contains(&method), "{method}");
        let verb = if method == "_OTHER" { "HTTP" } else { method };
        let name = span.attribute("http.route").as_str().map_or(verb.to_owned(), |route| format!("{verb} {route}"));
        assert_eq!(span.name, name);
        let status = span.attribute("http.response.status_code").as_u64().expect("a number");
        assert_eq!(span.is_error, status >= 500, "{}: only 5xx are errors of the server", span.name);
    }
    for span in of_kind(SpanKind::Client) {
        conforms(span, HTTP_CLIENT);
        assert_eq!(span.attribute("http.request.method").as_str(), Some(span.name.as_str()));
    }
    let calls: Vec<&Span> = spans.iter().filter(|span| span.attributes.contains_key("db.system.name")).collect();
    for span in &calls {
        conforms(span, DATABASE);
        let text = |name| span.attribute(name).as_str().expect("text").to_owned();
        assert_eq!(span.name, format!("{} {}", text("db.operation.name"), text("db.collection.name")));
    }
    assert!(!calls.is_empty() && of_kind(SpanKind::Client).count() == 1 && of_kind(SpanKind::Server).count() > 30);

    let metrics = collector.metrics();
    for duration in DURATIONS {
        let metric = metrics.iter().rfind(|metric| metric.name == duration.name);
        duration.conforms(metric.unwrap_or_else(|| panic!("no {}", duration.name)));
    }
}
