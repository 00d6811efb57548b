//! The reference of the telemetry says what is exported, all of it and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::exposition::Exposition;
use crate::support::otlp::{Collector, Protocol};
use crate::support::server::Server;
use crate::support::tls::{Stream, with_tls};
use crate::support::tour::{setup, tour};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::Value;

const METRICS: &str = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
const REFERENCE: &str = include_str!("../../TELEMETRY.md");

/// The rows of the table in a section, each as its cells.
fn table(section: &str) -> Vec<Vec<&'static str>> {
    let (_, text) = REFERENCE.split_once(&format!("\n## {section}\n")).expect("the section is there");
    let text = text.split("\n## ").next().unwrap_or_default();
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// What a cell has in backquotes.
fn names(cell: &str) -> BTreeSet<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// What the first cell of a row names.
fn name(row: &[&'static str]) -> &'static str {
    names(row[0]).into_iter().next().expect("a name")
}

/// The names of all business spans, from where they are named.
fn operations() -> BTreeSet<&'static str> {
    let quoted = include_str!("../../src/operations/mod.rs").split('"').skip(1).step_by(2);
    quoted
        .filter(|text| text.contains('.') && text.chars().all(|c| c.is_ascii_lowercase() || "._".contains(c)))
        .collect()
}

/// A server after a tour, everything that it exports, and the collector that it went to.
fn after_a_tour() -> (Server, Collector) {
    let collector = Collector::speaking(Protocol::Http);
    let setup = setup();
    let backups = setup.scratch().join("backups").display().to_string();
    let server = setup
        .env("GHOSTWORKS__BACKUPS__TO", backups)
        .traces_to(&collector.endpoint())
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
        .env("OTEL_METRICS_EXPORTER", "prometheus,otlp")
        .env("GHOSTWORKS__TELEMETRY__COLLECTOR_HEALTH_URL", format!("{}/nowhere", collector.endpoint()))
        .start();
    tour(&server);
    server.client().with("User-Agent", "tests").call("BREW", "/nowhere").expect(404);
    server.client().get("/health/detailed").expect(200);
    collector.wait_for("all of it", |spans| spans.iter().find(|span| span.kind == SpanKind::Client).map(drop));
    (server, collector)
}

#[test]
fn every_span_and_attribute_is_in_the_reference() {
    let (server, collector) = after_a_tour();
    server.stop();
    let spans = collector.spans();

    let business = |name: &str| !name.contains(' ') && name.contains('.');
    let seen: BTreeSet<&str> = spans.iter().map(|span| span.name.as_str()).filter(|name| business(name)).collect();
    assert_eq!(seen, operations(), "business spans: seen on the tour, and in the code");
    let told: BTreeSet<&str> = table("Spans").iter().map(|row| name(row)).filter(|name| business(name)).collect();
    assert_eq!(seen, told, "business spans: exported, and in TELEMETRY.md");

    let kind = |value: &Value| match value {
        Value::String(_) => "string",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "double",
        Value::Number(_) => "int",
        _ => "another",
    };
    let seen: BTreeMap<&str, &str> =
        spans.iter().flat_map(|span| &span.attributes).map(|(name, value)| (name.as_str(), kind(value))).collect();
    let told: BTreeMap<&str, &str> = table("Attributes").iter().map(|row| (name(row), row[2])).collect();
    assert_eq!(seen, told, "attributes: exported, and in TELEMETRY.md");
}

/// What only a server with a certificate has.
fn encrypted_scrape() -> Exposition {
    let (setup, identity) = with_tls();
    let server = setup.start();
    let answer = Stream::connect(&server, &identity, b"http/1.1").send(METRICS).read_answer();
    Exposition::parse(answer.split_once("\r\n\r\n").expect("a body").1)
}

#[test]
fn every_metric_is_in_the_reference() {
    let (server, _collector) = after_a_tour();
    let mut scrape = Exposition::parse(&server.client().get("/metrics").expect(200).body);
    let encrypted = encrypted_scrape();
    scrape.types.extend(encrypted.types);
    scrape.samples.extend(encrypted.samples);
    let seen: BTreeMap<&str, &str> = scrape.types.iter().map(|(name, kind)| (name.as_str(), kind.as_str())).collect();
    let rows = table("Metrics");
    let told: BTreeMap<&str, &str> = rows.iter().map(|row| (name(row), row[1])).collect();
    assert_eq!(seen, told, "metrics: scraped, and in TELEMETRY.md");

    for row in rows.iter().filter(|row| name(row) != "target_info") {
        let sample = if row[1] == "histogram" { format!("{}_count", name(row)) } else { name(row).to_owned() };
        assert_eq!(scrape.labels(&sample), names(row[2]), "labels of {}", name(row));
    }
}

#[test]
fn every_metric_says_what_it_is() {
    let (server, collector) = after_a_tour();
    let page = server.client().get("/metrics").expect(200).body;
    for family in page.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let name = family.split(' ').next().expect("a name");
        let help = page.lines().find_map(|line| line.strip_prefix(&format!("# HELP {name} ")));
        assert!(help.is_some_and(|help| !help.trim().is_empty()), "{name} has no help");
    }
    server.stop();
    for metric in collector.metrics() {
        let is_duration = metric.name.contains("duration");
        assert!(!is_duration || metric.unit == "s", "{} is in {}", metric.name, metric.unit);
    }
}
