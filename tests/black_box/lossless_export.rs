//! What could wait is not lost: outages, refusals and mishaps of a collector, over each protocol.

use std::collections::HashSet;

use crate::support::exposition::Exposition;
use crate::support::otlp::{Absent, Collector, Mood, Protocol};
use crate::support::server::{Server, Setup};

const PROTOCOLS: [(&str, Protocol); 3] =
    [("grpc", Protocol::Grpc), ("http/protobuf", Protocol::Http), ("http/json", Protocol::Http)];

/// The value of a metric without labels.
fn value(server: &Server, name: &str) -> f64 {
    let scrape = Exposition::parse(&server.client().get("/metrics").expect(200).body);
    scrape.sum(name, &[]).unwrap_or_else(|| panic!("{name} is missing"))
}

fn traced(protocol: &str, endpoint: &str) -> Setup {
    Setup::new().traces_to(endpoint).env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
}

/// Sends requests, and returns the traces that they were told.
fn requests(server: &Server, count: usize) -> HashSet<String> {
    let client = server.client();
    let trace = |_| client.get("/livez").expect(200).header("traceresponse").expect("a trace")[3..35].to_owned();
    (0..count).map(trace).collect()
}

/// Waits until all these traces have arrived.
fn wait_for_all(collector: &Collector, traces: &HashSet<String>, what: &str) {
    collector.wait_for(what, |spans| {
        let arrived: HashSet<&str> = spans.iter().map(|span| span.trace.as_str()).collect();
        traces.iter().all(|trace| arrived.contains(trace.as_str())).then_some(())
    });
}

#[test]
fn an_outage_that_the_queue_outlasts_loses_nothing() {
    for (name, protocol) in PROTOCOLS {
        let place = Absent::new();
        let server = traced(name, &place.endpoint()).start();
        let mut traces = requests(&server, 50);
        server.until("trouble", || server.stderr().contains("no collector takes the traces"));
        traces.extend(requests(&server, 50));
        let collector = place.appear_speaking(protocol);
        traces.extend(requests(&server, 10));
        wait_for_all(&collector, &traces, name);
        assert_eq!(value(&server, "telemetry_spans_failed_total"), 0.0, "{name}");
        assert_eq!(value(&server, "telemetry_spans_dropped_total"), 0.0, "{name}");
    }
}

#[test]
fn errors_that_pass_lose_nothing() {
    for (name, protocol) in PROTOCOLS {
        for mood in [Mood::Erring, Mood::Busy] {
            let collector = Collector::speaking(protocol);
            collector.feel(mood);
            let server = traced(name, &collector.endpoint()).start();
            let traces = requests(&server, 20);
            if mood == Mood::Erring {
                server.until("trouble", || server.stderr().contains("no collector takes the traces"));
            }
            collector.feel(Mood::Well);
            wait_for_all(&collector, &traces, name);
            assert_eq!(value(&server, "telemetry_spans_failed_total"), 0.0, "{name}");
        }
    }
}

#[test]
fn a_refusal_for_size_is_answered_with_halves() {
    for (name, protocol) in PROTOCOLS {
        let collector = Collector::speaking(protocol);
        collector.feel(Mood::Small);
        let setup = traced(name, &collector.endpoint()).env("OTEL_BSP_SCHEDULE_DELAY", "500");
        let server = setup.env("OTEL_LOGS_EXPORTER", "otlp").start();
        let traces = requests(&server, 40);
        wait_for_all(&collector, &traces, name);
        collector.log_line("request", |line| traces.contains(&line.trace));
        assert_eq!(value(&server, "telemetry_spans_failed_total"), 0.0, "{name}");
        server.stop();
        let lines = collector.logs();
        let logged: HashSet<&str> = lines.iter().map(|line| line.trace.as_str()).collect();
        assert!(traces.iter().all(|trace| logged.contains(trace.as_str())), "{name}: log records are halved, too");
    }
}

#[test]
fn what_a_collector_rejects_is_counted_and_reported_once() {
    for (name, protocol) in PROTOCOLS {
        let collector = Collector::speaking(protocol);
        collector.feel(Mood::Choosy);
        let server = traced(name, &collector.endpoint()).start();
        server.until("rejections", || value(&server, "telemetry_spans_failed_total") >= 3.0);
        let reports = server.stderr().matches("does not take all traces").count();
        assert_eq!(reports, 1, "{name}: {}", server.stderr());
    }
}

#[test]
fn a_page_for_people_is_no_success() {
    for (name, protocol) in PROTOCOLS {
        let collector = Collector::speaking(protocol);
        collector.feel(Mood::Page);
        let server = traced(name, &collector.endpoint()).env("OTEL_LOGS_EXPORTER", "otlp").start();
        server.until("losses", || value(&server, "telemetry_spans_failed_total") > 0.0);
        server.until("losses of logs", || value(&server, "telemetry_log_records_failed_total") > 0.0);
        assert_eq!(value(&server, "telemetry_spans_exported_total"), 0.0, "{name}");
        let health = server.client().get("/health/detailed").expect(200).json();
        assert_eq!(health["services"]["telemetry"]["status"], "degraded", "{name}");
    }
}

/// Traces of others with a state of 16 KB must not grow a batch past what receivers take.
#[test]
fn s54_a_large_state_costs_nobody_else_a_trace() {
    let collector = Collector::start();
    let server = traced("grpc", &collector.endpoint()).env("OTEL_BSP_SCHEDULE_DELAY", "1000").start();
    let members: Vec<String> = (0..31).map(|number| format!("k{number}={}", "v".repeat(250))).collect();
    let hostile = server.client().with("tracestate", &members.join(","));
    let mut traces = HashSet::new();
    for number in 1..=300_u32 {
        let trace = format!("{number:032x}");
        hostile.with("traceparent", &format!("00-{trace}-b7ad6b7169203331-01")).get("/livez").expect(200);
        traces.insert(trace);
        if number % 10 == 0 {
            traces.extend(requests(&server, 1));
        }
    }
    wait_for_all(&collector, &traces, "every trace");
    assert!(collector.spans().iter().all(|span| span.state.len() <= 512));
}
