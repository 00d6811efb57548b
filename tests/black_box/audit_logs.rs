//! The audit log as log records, when that is asked for: each entry once, whatever happens to the collector or the server.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::account::{Account, login, text};
use crate::support::client::Client;
use crate::support::exposition::Exposition;
use crate::support::otlp::{Absent, Collector, LogLine, Mood, Protocol};
use crate::support::server::{Server, Setup};
use crate::support::tour::{OPERATOR, setup, tour};

const EVENT: &str = "audit.entry";
const REFERENCE: &str = include_str!("../../TELEMETRY.md");

fn audited(setup: Setup, endpoint: &str) -> Setup {
    setup
        .env("GHOSTWORKS__TELEMETRY__AUDIT_LOGS", "true")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        .env("OTEL_BLRP_SCHEDULE_DELAY", "50")
}

fn entries(collector: &Collector) -> Vec<LogLine> {
    collector.logs().into_iter().filter(|line| line.event == EVENT).collect()
}

/// The entries that a workspace's owner sees, the oldest first; `artifacts` is the path of its artifacts.
fn seen_by(client: &Client, artifacts: &str) -> Vec<Value> {
    let workspace = artifacts.strip_suffix("/artifacts").expect("the path of artifacts");
    let mut items = client.pages(&format!("{workspace}/audit"), 100);
    items.reverse();
    items
}

fn ids(collector: &Collector) -> Vec<u64> {
    let id = |line: &LogLine| line.attributes["audit.entry.id"].as_str().and_then(|id| id.parse().ok());
    entries(collector).iter().map(|line| id(line).expect("a number")).collect()
}

/// That each entry from the first to the last arrived, once, in order.
#[track_caller]
fn are_all_there_once(ids: &[u64]) {
    let first = ids[0];
    assert_eq!(ids, (first..).take(ids.len()).collect::<Vec<_>>());
}

#[test]
fn an_entry_is_an_event_with_the_attributes_of_spans() {
    let collector = Collector::start();
    let server = audited(Setup::new(), &collector.endpoint()).start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let client = owner.client.with("User-Agent", "auditor/1");
    let made = client.post(&artifacts, &json!({"name": "n"})).expect(201);
    let trace = made.header("traceresponse").expect("a trace")[3..35].to_owned();
    let line = collector.log_line("artifact.created", |line| line.trace == trace);
    assert_eq!((line.event.as_str(), line.severity.as_str()), (EVENT, "INFO"));
    let id = text(&made.json()["id"]);
    let seen = seen_by(&client, &artifacts);
    let seen = seen.iter().find(|it| it["trace_id"] == trace).expect("an entry");
    let expected = json!({
        "artifact.id": id,
        "audit.action": "artifact.created",
        "audit.entry.id": seen["id"],
        "audit.target.id": id,
        "audit.target.type": "artifact",
        "audit.target.version": 1,
        "client.address": "127.0.0.1",
        "tenant.id": artifacts.split('/').nth(4),
        "user.id": owner.id,
        "user_agent.original": "auditor/1",
    });
    assert_eq!(json!(line.attributes), expected);
    let at: jiff::Timestamp = text(&seen["at"]).parse().expect("a time");
    assert_eq!(i128::from(line.time), at.as_nanosecond());

    login(&server.client(), &owner.email, "Wrong-horse-7").expect(401);
    let failed = collector.log_line("user.login_failed", |_| true);
    assert_eq!(failed.attributes["audit.target.id"], owner.id.as_str());
    assert!(collector.logs().iter().all(|line| line.event == EVENT), "no log lines were asked for");
}

#[test]
fn each_entry_of_the_audit_view_arrives_once_over_each_protocol() {
    for (name, protocol) in [("grpc", Protocol::Grpc), ("http/protobuf", Protocol::Http), ("http/json", Protocol::Http)]
    {
        let collector = Collector::speaking(protocol);
        let setup = audited(Setup::new(), &collector.endpoint()).env("OTEL_EXPORTER_OTLP_PROTOCOL", name);
        let server = setup.env("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "3").start();
        let owner = Account::new(&server);
        let artifacts = owner.artifacts();
        for _ in 0..20 {
            owner.artifact(&artifacts, &json!({"name": "n"}));
        }
        let seen = seen_by(&owner.client, &artifacts);
        server.stop();
        let sent: BTreeSet<String> =
            entries(&collector).iter().map(|line| text(&line.attributes["audit.entry.id"])).collect();
        assert!(seen.iter().all(|entry| sent.contains(&text(&entry["id"]))), "{name}: {sent:?}");
        are_all_there_once(&ids(&collector));
    }
}

#[test]
fn what_no_collector_takes_waits_in_the_database() {
    let place = Absent::new();
    let setup = audited(Setup::new(), &place.endpoint())
        .env("OTEL_BLRP_EXPORT_TIMEOUT", "200")
        .env("OTEL_BLRP_MAX_QUEUE_SIZE", "1")
        .env("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "7")
        .env("GHOSTWORKS__TELEMETRY__SHUTDOWN_TIMEOUT_SECONDS", "1");
    let server = setup.start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    owner.artifact(&artifacts, &json!({"name": "before"}));
    server.until("trouble", || server.stderr().contains("no collector takes the audit log"));
    let health = server.client().get("/health/detailed").expect(200).json();
    assert_eq!(health["services"]["telemetry"]["status"], "degraded", "{health}");
    server.stop();

    let server = setup.start();
    let client = server.client().bearer(&owner.access);
    for _ in 0..10 {
        client.post(&artifacts, &json!({"name": "meanwhile"})).expect(201);
    }
    let collector = place.appear();
    collector.log_line("artifact.created", |_| true);
    let seen = seen_by(&client, &artifacts);
    server.stop();
    let sent = ids(&collector);
    are_all_there_once(&sent);
    let last: u64 = text(&seen.last().expect("an entry")["id"]).parse().expect("a number");
    assert!(sent.contains(&last), "{last} in {sent:?}");
    assert_eq!(entries(&collector).iter().filter(|line| line.body == "user.registered").count(), 1);
}

#[test]
fn what_is_rejected_is_counted_and_what_is_taken_too() {
    let collector = Collector::start();
    collector.feel(Mood::Choosy);
    let server = audited(Setup::new(), &collector.endpoint()).start();
    let owner = Account::new(&server);
    owner.workspace();
    let figure = |server: &Server, name: &str| {
        Exposition::parse(&server.client().get("/metrics").expect(200).body).sum(name, &[]).unwrap_or_default()
    };
    server.until("a loss", || figure(&server, "telemetry_log_records_failed_total") >= 1.0);
    collector.feel(Mood::Well);
    owner.artifact(&owner.artifacts(), &json!({"name": "n"}));
    server.until("an export", || figure(&server, "telemetry_log_records_exported_total") >= 1.0);
}

#[test]
fn nothing_is_sent_unasked() {
    let collector = Collector::start();
    let server = Setup::new()
        .env("OTEL_LOGS_EXPORTER", "otlp")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint())
        .env("OTEL_BLRP_SCHEDULE_DELAY", "50")
        .start();
    let owner = Account::new(&server);
    owner.artifact(&owner.artifacts(), &json!({"name": "n"}));
    server.stop();
    assert!(!collector.logs().is_empty() && entries(&collector).is_empty());
}

#[test]
fn every_attribute_is_in_the_reference() {
    let collector = Collector::start();
    let server = audited(setup(), &collector.endpoint()).start();
    let secrets = tour(&server);
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let keys = artifacts.replace("/artifacts", "/api-keys");
    let key = owner.client.post(&keys, &json!({"name": "robot", "scopes": ["artifacts:write"]})).expect(201).json();
    let robot = server.client().bearer(&text(&key["key"]));
    robot.post(&artifacts, &json!({"name": "n"})).expect(201);
    server.stop();

    let arrived = entries(&collector);
    let seen: BTreeSet<&str> = arrived.iter().flat_map(|line| line.attributes.keys()).map(String::as_str).collect();
    let (_, section) = REFERENCE.split_once("\n### The audit log\n").expect("the section");
    let section = section.split("\n## ").next().expect("its text");
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    assert_eq!(seen, rows.map(|(name, _)| name).collect(), "exported, and in TELEMETRY.md");
    let told = format!("{arrived:?}");
    for secret in secrets.0.iter().filter(|secret| *secret != OPERATOR) {
        assert!(!told.contains(secret.as_str()), "{secret} is told");
    }
}
