//! A collector that is missing, mute or late: requests don't notice, and spans flow again when it is back.

use crate::support::account::Account;
use crate::support::exposition::Exposition;
use crate::support::otlp::{Absent, Collector, Cutter, Mood, Mute, Protocol};
use crate::support::server::{Server, Setup};

/// Traces to `endpoint`, with a short deadline for the last export.
fn traced_to(endpoint: &str) -> Setup {
    Setup::new()
        .traces_to(endpoint)
        .env("OTEL_BSP_EXPORT_TIMEOUT", "1000")
        .env("GHOSTWORKS__TELEMETRY__SHUTDOWN_TIMEOUT_SECONDS", "1")
        .env("GHOSTWORKS__LOG__LEVEL", "warn")
}

/// Enough requests for several exports.
fn use_it(server: &Server) {
    let account = Account::new(server);
    for _ in 0..200 {
        account.client.get("/api/v1/auth/me").expect(200);
    }
}

/// The lines of the log that name the collector's endpoint.
fn warnings(server: &Server, endpoint: &str) -> Vec<String> {
    server.stderr().lines().filter(|line| line.contains(endpoint)).map(str::to_owned).collect()
}

/// The value of a metric without labels.
fn value(server: &Server, name: &str) -> f64 {
    let scrape = Exposition::parse(&server.client().get("/metrics").expect(200).body);
    scrape.sum(name, &[]).unwrap_or_else(|| panic!("{name} is missing"))
}

/// Waits until the log names the endpoint.
fn wait_for_a_warning(server: &Server, endpoint: &str) {
    let deadline = std::time::Instant::now() + crate::support::PATIENCE;
    while warnings(server, endpoint).is_empty() {
        assert!(std::time::Instant::now() < deadline, "no warning:\n{}", server.stderr());
        server.client().get("/livez").expect(200);
    }
}

#[test]
fn a_missing_collector_is_one_warning_and_two_ways_out() {
    let nobody = Absent::new();
    let mut server = traced_to(&nobody.endpoint()).start();
    use_it(&server);
    wait_for_a_warning(&server, &nobody.endpoint());
    use_it(&server);
    server.terminate();
    assert!(server.wait().success(), "{}", server.stderr());

    let warnings = warnings(&server, &nobody.endpoint());
    assert_eq!(warnings.len(), 1, "{}", server.stderr());
    for way_out in ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_EXPORTER=none"] {
        assert!(warnings[0].contains(way_out), "{way_out} is not in: {}", warnings[0]);
    }
    assert_eq!(server.stderr().lines().count(), 1, "{}", server.stderr());
}

#[test]
fn a_collector_that_never_answers_holds_nothing_up() {
    let mute = Mute::new();
    let mut server = traced_to(&mute.endpoint()).start();
    use_it(&server);
    server.terminate();
    assert!(server.wait().success(), "{}", server.stderr());
}

#[test]
fn an_export_is_given_up_in_time() {
    let mute = Mute::new();
    for protocol in ["grpc", "http/protobuf"] {
        let server = traced_to(&mute.endpoint())
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
            .env("OTEL_EXPORTER_OTLP_TIMEOUT", "600000")
            .env("OTEL_BSP_EXPORT_TIMEOUT", "50")
            .start();
        server.until("given up", || value(&server, "telemetry_spans_failed_total") > 0.0);
    }
}

#[test]
fn what_finds_no_place_is_dropped_and_counted() {
    const QUEUE: u64 = 32;
    let mute = Mute::new();
    let server = traced_to(&mute.endpoint())
        .env("OTEL_BSP_MAX_QUEUE_SIZE", QUEUE.to_string())
        .env("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "8")
        .start();
    use_it(&server);
    server.until("drops", || value(&server, "telemetry_spans_dropped_total") > 100.0);
    assert!(value(&server, "telemetry_spans_waiting") <= QUEUE as f64, "memory is bounded by the queue");
    assert_eq!(value(&server, "telemetry_spans_exported_total"), 0.0);
}

#[test]
fn a_collector_that_answers_errors_is_one_warning_until_it_is_well_again() {
    for (name, protocol) in [("grpc", Protocol::Grpc), ("http/protobuf", Protocol::Http)] {
        let collector = Collector::speaking(protocol);
        collector.feel(Mood::Erring);
        let mut server = traced_to(&collector.endpoint()).env("OTEL_EXPORTER_OTLP_PROTOCOL", name).start();
        server.until("failures", || value(&server, "telemetry_spans_failed_total") > 0.0);
        assert!(collector.spans().is_empty());
        collector.feel(Mood::Well);
        server.until("exports", || value(&server, "telemetry_spans_exported_total") > 0.0);
        assert!(!collector.spans().is_empty());
        server.terminate();
        assert!(server.wait().success(), "{}", server.stderr());
        assert_eq!(warnings(&server, &collector.endpoint()).len(), 1, "{name}: {}", server.stderr());
    }
}

#[test]
fn a_collector_that_cuts_connections_is_one_warning() {
    for name in ["grpc", "http/protobuf"] {
        let cutter = Cutter::new();
        let mut server = traced_to(&cutter.endpoint()).env("OTEL_EXPORTER_OTLP_PROTOCOL", name).start();
        use_it(&server);
        server.until("failures", || value(&server, "telemetry_spans_failed_total") > 0.0);
        use_it(&server);
        server.terminate();
        assert!(server.wait().success(), "{}", server.stderr());
        assert_eq!(warnings(&server, &cutter.endpoint()).len(), 1, "{name}: {}", server.stderr());
    }
}

#[test]
fn a_slow_collector_gets_everything_that_finds_a_place() {
    let collector = Collector::start();
    collector.feel(Mood::Slow);
    let server = traced_to(&collector.endpoint()).env("OTEL_BSP_EXPORT_TIMEOUT", "30000").start();
    use_it(&server);
    server.until("exports", || value(&server, "telemetry_spans_exported_total") > 0.0);
    assert!(!collector.spans().is_empty());
    assert_eq!(value(&server, "telemetry_spans_failed_total"), 0.0);
}

#[test]
fn spans_flow_again_when_a_collector_is_back() {
    let place = Absent::new();
    let collector = place.appear();
    let server = traced_to(&place.endpoint()).env("GHOSTWORKS__LOG__LEVEL", "info").start();
    server.until("exports", || !collector.spans().is_empty());
    drop(collector);
    server.until("failures", || value(&server, "telemetry_spans_failed_total") > 0.0);
    let collector = place.appear();
    server.until("exports again", || !collector.spans().is_empty());
    server.until("a line about it", || server.stderr().contains("takes the traces again"));
}

#[test]
fn no_collector_keeps_the_process_from_ending() {
    let (mute, cutter, nobody) = (Mute::new(), Cutter::new(), Absent::new());
    for endpoint in [mute.endpoint(), cutter.endpoint(), nobody.endpoint()] {
        for name in ["grpc", "http/protobuf"] {
            let mut server = traced_to(&endpoint)
                .env("OTEL_EXPORTER_OTLP_PROTOCOL", name)
                .env("OTEL_METRICS_EXPORTER", "otlp")
                .env("OTEL_LOGS_EXPORTER", "otlp")
                .start();
            server.client().get("/livez").expect(200);
            server.terminate();
            assert!(server.wait().success(), "{endpoint} {name}: {}", server.stderr());
        }
    }
}

#[test]
fn spans_flow_when_the_collector_appears() {
    let nobody = Absent::new();
    let server = traced_to(&nobody.endpoint()).start();
    use_it(&server);
    wait_for_a_warning(&server, &nobody.endpoint());

    let collector = nobody.appear();
    let deadline = std::time::Instant::now() + crate::support::PATIENCE;
    while collector.spans().is_empty() {
        assert!(std::time::Instant::now() < deadline, "nothing arrives:\n{}", server.stderr());
        server.client().get("/livez").expect(200);
    }
}

#[test]
fn the_last_spans_are_exported_before_the_end() {
    let collector = Collector::start();
    let server = Setup::new().traces_to(&collector.endpoint()).env("OTEL_BSP_SCHEDULE_DELAY", "3600000").start();
    server.client().get("/livez").expect(200);
    server.stop();
    assert!(collector.spans().iter().any(|span| span.name == "GET /livez"));
}

#[test]
fn telemetry_can_be_turned_off_altogether() {
    let collector = Collector::start();
    let setup = Setup::new().traces_to(&collector.endpoint()).env("OTEL_SDK_DISABLED", "true");
    let server = setup.start();
    Account::new(&server).artifacts();
    server.stop();
    assert!(collector.spans().is_empty());
}

#[test]
fn what_the_caller_did_not_sample_is_not_exported() {
    let collector = Collector::start();
    let server = Setup::new().traces_to(&collector.endpoint()).start();
    let unsampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    server.client().with("traceparent", unsampled).get("/api/v1/auth/me").expect(401);
    server.client().get("/livez").expect(200);
    server.stop();
    let spans = collector.spans();
    assert!(spans.iter().any(|span| span.name == "GET /livez"));
    assert!(spans.iter().all(|span| span.trace != "0af7651916cd43dd8448eb211c80319c"));
}
