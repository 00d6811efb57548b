//! Whose trace context is believed, and what becomes of that of others.

use crate::support::otlp::{Collector, Protocol, Span};
use crate::support::server::{Server, Setup};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

fn setup(collector: &Collector, trust: &str) -> Setup {
    Setup::new()
        .traces_to(&collector.endpoint())
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
        .env("GHOSTWORKS__TELEMETRY__COLLECTOR_HEALTH_URL", format!("{}/health", collector.endpoint()))
        .env("GHOSTWORKS__TELEMETRY__TRUST_CONTEXT", trust)
}

/// The server span of a request in the trace of a caller, and whether its baggage was passed on.
fn ask(server: &Server, collector: &Collector, flags: &str) -> (Span, bool) {
    let client = server.client().with("traceparent", &format!("00-{TRACE}-{CALLER}-{flags}"));
    let reply = client.with("baggage", "secret=value").get("/health/detailed").expect(200);
    let told = reply.header("traceresponse").expect("a trace")[3..35].to_owned();
    let span = collector.span(&told, "GET /health/detailed");
    let passed_on = collector.header("baggage").iter().any(|baggage| baggage.contains("secret"));
    (span, passed_on)
}

#[test]
fn s54_a_caller_that_is_not_trusted_is_linked_to() {
    for trust in ["none", "proxies"] {
        let collector = Collector::speaking(Protocol::Http);
        let server = setup(&collector, trust).start();
        for flags in ["00", "01"] {
            let (span, passed_on) = ask(&server, &collector, flags);
            assert_ne!(span.trace, TRACE, "{trust} {flags}");
            assert_eq!((span.parent.as_str(), span.links.as_slice()), ("", &[TRACE.to_owned()][..]), "{trust} {flags}");
            assert!(!passed_on, "{trust} {flags}");
        }
    }
}

#[test]
fn s54_a_flag_of_a_caller_that_is_not_trusted_forces_nothing() {
    let collector = Collector::speaking(Protocol::Http);
    let server = setup(&collector, "none").env("OTEL_TRACES_SAMPLER", "parentbased_always_off").start();
    let client = server.client().with("traceparent", &format!("00-{TRACE}-{CALLER}-01"));
    let told = client.get("/livez").expect(200).header("traceresponse").expect("a trace").to_owned();
    assert!(told.ends_with("-00") && !told.contains(TRACE), "{told}");
    server.stop();
    assert!(collector.spans().is_empty());
}

#[test]
fn a_trusted_proxy_is_believed() {
    let collector = Collector::speaking(Protocol::Http);
    let server = setup(&collector, "proxies").env("GHOSTWORKS__SERVER__TRUSTED_PROXIES", "127.0.0.0/8").start();
    let (span, passed_on) = ask(&server, &collector, "01");
    assert_eq!((span.trace.as_str(), span.parent.as_str()), (TRACE, CALLER));
    assert!(span.links.is_empty() && passed_on);
}

#[test]
fn zipkins_headers_are_read_when_asked_for() {
    let collector = Collector::speaking(Protocol::Http);
    let server = setup(&collector, "all").env("OTEL_PROPAGATORS", "b3,b3multi").start();
    let single = server.client().with("b3", &format!("{TRACE}-{CALLER}-1"));
    let multiple = server.client().with("x-b3-traceid", TRACE).with("x-b3-spanid", CALLER).with("x-b3-sampled", "1");
    for client in [single, multiple] {
        let told = client.get("/livez").expect(200).header("traceresponse").expect("a trace").to_owned();
        assert!(told.starts_with(&format!("00-{TRACE}-")), "{told}");
    }
    let w3c = server.client().with("traceparent", &format!("00-{TRACE}-{CALLER}-01"));
    let told = w3c.get("/livez").expect(200).header("traceresponse").expect("a trace").to_owned();
    assert!(!told.contains(TRACE), "{told}");
}
