//! What the service tells of its own telemetry, and the call to the collector that goes with it.

use crate::support::exposition::Exposition;
use crate::support::otlp::{Absent, Collector, Mood, Protocol};
use crate::support::server::{Server, Setup};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::{Value, json};

const HEALTH: &str = "/health/detailed";

fn telemetry(server: &Server) -> Value {
    server.client().get(HEALTH).expect(200).json()["services"]["telemetry"].clone()
}

/// Waits until what is told `fits`.
#[track_caller]
fn wait_for(server: &Server, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
    let deadline = std::time::Instant::now() + crate::support::PATIENCE;
    loop {
        let told = telemetry(server);
        if fits(&told) {
            return told;
        }
        assert!(std::time::Instant::now() < deadline, "never {what}: {told}");
    }
}

/// Traces over HTTP, and the health of the collector.
fn watching(collector: &Collector) -> Setup {
    Setup::new()
        .traces_to(&collector.endpoint())
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
        .env("OTEL_BSP_EXPORT_TIMEOUT", "1000")
        .env("GHOSTWORKS__TELEMETRY__COLLECTOR_HEALTH_URL", format!("{}/health?key=secret", collector.endpoint()))
}

#[test]
fn a_working_export_is_told_of() {
    let collector = Collector::speaking(Protocol::Http);
    let server = watching(&collector).start();
    let told = wait_for(&server, "exported", |told| told["spans_exported"].as_u64() > Some(0));
    assert_eq!((&told["status"], &told["collector"]), (&json!("healthy"), &json!("healthy")));
    assert_eq!((&told["spans_dropped"], &told["spans_failed"]), (&json!(0), &json!(0)));
    assert!(told["last_export"].as_str().is_some_and(|at| at.starts_with("20")), "{told}");
    let scrape = Exposition::parse(&server.client().get("/metrics").expect(200).body);
    assert!(scrape.sum("telemetry_spans_exported_total", &[]) > Some(0.0));
    assert!(scrape.sum("telemetry_last_export_timestamp_seconds", &[]) > Some(1.7e9));
    assert!(scrape.sum("telemetry_export_duration_seconds_count", &[]) > Some(0.0));
}

#[test]
fn a_failing_export_is_told_of_and_keeps_nobody_from_being_served() {
    let collector = Collector::speaking(Protocol::Http);
    let server = watching(&collector).start();
    collector.feel(Mood::Erring);
    let told = wait_for(&server, "failed", |told| told["spans_failed"].as_u64() > Some(0));
    assert_eq!((&told["status"], &told["last_export"]), (&json!("degraded"), &Value::Null));
    wait_for(&server, "a collector that is not well", |told| told["collector"] == "unhealthy");
    assert_eq!(server.client().get(HEALTH).expect(200).json()["status"], "degraded");
    server.client().get("/readyz").expect(200);

    collector.feel(Mood::Well);
    wait_for(&server, "well again", |told| told["status"] == "healthy" && told["spans_exported"].as_u64() > Some(0));
}

#[test]
fn without_an_export_nothing_is_wrong() {
    let told = telemetry(&Setup::new().start());
    assert_eq!(told["status"], "healthy");
    assert_eq!(
        (&told["spans_exported"], &told["last_export"], &told["collector"]),
        (&json!(0), &Value::Null, &Value::Null)
    );
}

#[test]
fn a_call_to_another_service_is_a_client_span_and_takes_the_trace_along() {
    let collector = Collector::speaking(Protocol::Http);
    let server = watching(&collector).start();
    telemetry(&server);
    let span = collector.wait_for("the call", |spans| spans.iter().find(|it| it.kind == SpanKind::Client).cloned());
    let parent = collector.span(&span.trace, &format!("GET {HEALTH}"));
    assert_eq!((span.name.as_str(), span.parent.as_str()), ("GET", parent.id.as_str()));
    let (host, port) = ("127.0.0.1", collector.endpoint().rsplit_once(':').expect("a port").1.to_owned());
    for (attribute, value) in [
        ("http.request.method", json!("GET")),
        ("server.address", json!(host)),
        ("server.port", json!(port.parse::<u16>().expect("a port"))),
        ("url.full", json!(format!("{}/health", collector.endpoint()))),
        ("http.response.status_code", json!(200)),
        ("network.protocol.version", json!("1.1")),
    ] {
        assert_eq!(span.attribute(attribute), &value, "{attribute}");
    }
    let taken_along = format!("00-{}-{}-01", span.trace, span.id);
    assert_eq!(collector.header("traceparent"), [taken_along], "and exports take nothing along");
    let scrape = Exposition::parse(&server.client().get("/metrics").expect(200).body);
    let labels = [("http_request_method", "GET"), ("server_address", host), ("http_response_status_code", "200")];
    assert_eq!(scrape.sum("http_client_request_duration_seconds_count", &labels), Some(1.0));
}

#[test]
fn a_call_that_fails_says_why() {
    let (collector, nobody) = (Collector::start(), Absent::new());
    let server = Setup::new()
        .traces_to(&collector.endpoint())
        .env("GHOSTWORKS__TELEMETRY__COLLECTOR_HEALTH_URL", nobody.endpoint())
        .start();
    assert_eq!(telemetry(&server)["collector"], "unhealthy");
    let span = collector.wait_for("the call", |spans| spans.iter().find(|it| it.kind == SpanKind::Client).cloned());
    assert!(span.is_error && !span.status_message.is_empty());
    assert_eq!(span.attribute("error.type"), "connection");
}

#[test]
fn the_collector_is_asked_no_more_often_than_its_answer_is_good() {
    let collector = Collector::speaking(Protocol::Http);
    let server = watching(&collector).start();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..10).for_each(|_| drop(telemetry(&server))));
        }
    });
    let asked = collector.header("traceparent").len();
    assert!((1..40).contains(&asked), "{asked} times for 40 requests");
}
