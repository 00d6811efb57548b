//! Every signal over every protocol: it really arrives, with the headers, the compression and the encryption asked for.

use crate::support::account::Account;
use crate::support::otlp::{Authority, Collector, Protocol};
use crate::support::server::{Server, Setup};
use serde_json::json;

/// The names of the protocols, and what a collector speaks for each.
const PROTOCOLS: [(&str, Protocol); 3] =
    [("grpc", Protocol::Grpc), ("http/protobuf", Protocol::Http), ("http/json", Protocol::Http)];

/// Everything to one collector, soon.
fn all_to(collector: &Collector, protocol: &str) -> Setup {
    Setup::new()
        .traces_to(&collector.endpoint())
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
        .env("OTEL_METRICS_EXPORTER", "prometheus,otlp")
        .env("OTEL_METRIC_EXPORT_INTERVAL", "50")
        .env("OTEL_LOGS_EXPORTER", "otlp")
        .env("OTEL_BLRP_SCHEDULE_DELAY", "50")
}

/// Makes a request and waits for its span, its log line and the metrics.
fn everything_arrives(server: &Server, collector: &Collector) {
    let told = server.client().get("/livez").expect(200).header("traceresponse").expect("a trace").to_owned();
    let ids: Vec<&str> = told.split('-').collect();
    let span = collector.span(ids[1], "GET /livez");
    assert_eq!(span.resource["service.name"], json!("ghostworks-api"));
    let line = collector.log_line("request", |line| line.trace == ids[1]);
    assert_eq!((line.span.as_str(), line.severity.as_str()), (span.id.as_str(), "INFO"));
    assert_eq!(line.attributes["http.route"], json!("/livez"));
    assert_eq!(line.event, "http.server.request");
    assert!(line.time > 1_700_000_000_000_000_000, "{}", line.time);
    let metric = collector.metric("http.server.request.duration", |metric| {
        metric.points.iter().any(|point| point.get("http.route") == Some(&json!("/livez")))
    });
    assert_eq!((metric.kind, metric.unit.as_str()), ("histogram", "s"));
}

#[test]
fn every_signal_arrives_over_every_protocol() {
    for (name, protocol) in PROTOCOLS {
        let collector = Collector::speaking(protocol);
        let server = all_to(&collector, name).env("OTEL_EXPORTER_OTLP_HEADERS", "x-team=ghosts%20and%20co").start();
        everything_arrives(&server, &collector);
        assert!(collector.header("x-team").iter().any(|value| value == "ghosts and co"), "{name}");
        let page = server.client().get("/metrics").expect(200).body;
        assert!(page.contains("http_server_request_duration_seconds_bucket"), "both at once, over {name}");
    }
}

#[test]
fn exports_are_compressed_if_asked_for() {
    for (name, protocol) in PROTOCOLS {
        let collector = Collector::speaking(protocol);
        let server = all_to(&collector, name).env("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip").start();
        everything_arrives(&server, &collector);
        let header = if protocol == Protocol::Grpc { "grpc-encoding" } else { "content-encoding" };
        assert!(collector.header(header).iter().all(|encoding| encoding == "gzip"), "{name}");
        assert!(!collector.header(header).is_empty(), "{name}");
    }
}

#[test]
fn exports_are_encrypted_if_asked_for() {
    for (name, protocol) in PROTOCOLS {
        let authority = Authority::new();
        let collector = Collector::with_tls(protocol, authority.clone());
        let setup = all_to(&collector, name);
        let path = setup.scratch().join("ca.pem");
        std::fs::write(&path, authority.certificate).expect("a scratch directory");
        let server = setup.env("OTEL_EXPORTER_OTLP_CERTIFICATE", path.display().to_string()).start();
        everything_arrives(&server, &collector);
    }
}

#[test]
fn a_collector_may_ask_for_a_certificate() {
    for (name, protocol) in PROTOCOLS {
        let (ours, theirs) = (Authority::new(), Authority::new());
        let asking = Authority { client: Some(ours.certificate.clone()), ..theirs.clone() };
        let collector = Collector::with_tls(protocol, asking);
        let setup = all_to(&collector, name);
        let file = |name: &str, content: &str| {
            let path = setup.scratch().join(name);
            std::fs::write(&path, content).expect("a scratch directory");
            path.display().to_string()
        };
        let authority = file("ca.pem", &theirs.certificate);
        let (certificate, key) = (file("client.pem", &ours.certificate), file("client.key", &ours.key));
        let setup = setup.env("OTEL_EXPORTER_OTLP_CERTIFICATE", authority);
        let stranger = setup.start();
        stranger.client().get("/livez").expect(200);
        stranger.stop();
        assert!(collector.spans().is_empty(), "{name}: who shows nothing is not let in");

        let server = setup
            .env("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", certificate)
            .env("OTEL_EXPORTER_OTLP_CLIENT_KEY", key)
            .start();
        everything_arrives(&server, &collector);
    }
}

#[test]
fn a_collector_that_nobody_vouches_for_gets_nothing() {
    for (name, protocol) in PROTOCOLS {
        let collector = Collector::with_tls(protocol, Authority::new());
        let server = all_to(&collector, name).start();
        server.client().get("/livez").expect(200);
        server.stop();
        assert!(collector.spans().is_empty() && collector.logs().is_empty(), "{name}");
    }
}

#[test]
fn each_signal_can_have_its_own_collector() {
    let (traces, metrics, logs) =
        (Collector::start(), Collector::speaking(Protocol::Http), Collector::speaking(Protocol::Http));
    let server = all_to(&traces, "grpc")
        .env("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", format!("{}/v1/metrics", metrics.endpoint()))
        .env("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/protobuf")
        .env("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", format!("{}/v1/logs", logs.endpoint()))
        .env("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "http/json")
        .env("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "x-for=logs")
        .start();
    server.client().get("/livez").expect(200);
    traces.wait_for("a span", |spans| spans.first().cloned());
    metrics.metric("http.server.request.duration", |_| true);
    logs.log_line("request", |_| true);
    assert!(traces.metrics().is_empty() && traces.logs().is_empty());
    assert!(metrics.spans().is_empty() && metrics.logs().is_empty() && metrics.header("x-for").is_empty());
    assert!(logs.spans().is_empty() && logs.metrics().is_empty() && !logs.header("x-for").is_empty());
}

#[test]
fn a_file_that_is_not_there_is_named() {
    for (variable, missing) in [
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere/ca.pem"),
        ("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "/nowhere/t.pem"),
    ] {
        for (name, _) in PROTOCOLS {
            let refusal = Setup::new()
                .traces_to("https://127.0.0.1:1")
                .env("OTEL_EXPORTER_OTLP_PROTOCOL", name)
                .env(variable, missing)
                .start_refused();
            assert_eq!(refusal.stderr.lines().count(), 1, "{}", refusal.stderr);
            assert!(refusal.stderr.contains(missing) && refusal.stderr.contains("traces"), "{}", refusal.stderr);
        }
    }
}

#[test]
fn what_carries_log_lines_writes_none_of_its_own() {
    let collector = Collector::start();
    let server = all_to(&collector, "grpc").env("GHOSTWORKS__LOG__LEVEL", "trace").start();
    let account = Account::new(&server);
    account.client.get("/api/v1/auth/me").expect(200);
    everything_arrives(&server, &collector);
    server.stop();
    let foreign: Vec<String> = collector
        .logs()
        .into_iter()
        .map(|line| line.body)
        .filter(|body| body != "request" && !body.starts_with("stopping") && !body.starts_with("nobody operates"))
        .collect();
    assert_eq!(foreign, Vec::<String>::new());
}

#[test]
fn everything_can_be_looked_at_on_the_console() {
    let server = Setup::new()
        .env("OTEL_TRACES_EXPORTER", "console")
        .env("OTEL_LOGS_EXPORTER", "console")
        .env("OTEL_METRICS_EXPORTER", "prometheus,console")
        .env("OTEL_METRIC_EXPORT_INTERVAL", "50")
        .start();
    server.client().get("/livez").expect(200);
    let mut wanted = vec!["GET /livez", "http.server.request.duration", "Log #"];
    while !wanted.is_empty() {
        let line = server.next_stdout_line().expect("more output");
        wanted.retain(|it| !line.contains(it));
    }
}
