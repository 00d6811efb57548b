//! What `/metrics` says: the names, types and labels that dashboards query, and that the figures are right.

use std::collections::BTreeSet;
use std::io::Read;

use crate::support::account::{Account, PASSWORD, login, text};
use crate::support::exposition::Exposition;
use crate::support::otlp::Collector;
use crate::support::raw::Raw;
use crate::support::server::{Server, Setup};
use serde_json::json;

/// Every metric of the contract, its type, and its labels as they are once it was used.
const CONTRACT: &[(&str, &str, &[&str])] = &[
    ("artifacts_created_total", "counter", &["tenant_id", "artifact_type"]),
    ("auth_attempts_total", "counter", &["success", "method"]),
    ("authentication_attempts_total", "counter", &["success", "method"]),
    ("workspace_operations_total", "counter", &["operation", "tenant_id"]),
    ("artifact_operation_duration_seconds", "histogram", &["operation", "tenant_id"]),
    ("user_registrations_total", "counter", &[]),
    ("artifact_search_duration_seconds", "histogram", &["tenant_id"]),
    ("http_requests_total", "counter", &["method", "endpoint", "status_code"]),
    ("http_request_duration_seconds", "histogram", &["method", "endpoint", "status_code"]),
    ("http_requests_in_progress", "gauge", &["method", "endpoint"]),
    (
        "http_server_request_duration_seconds",
        "histogram",
        &["http_request_method", "http_route", "http_response_status_code", "url_scheme", "network_protocol_version"],
    ),
    ("http_server_active_requests", "gauge", &["http_request_method", "url_scheme"]),
    ("database_query_duration_seconds", "histogram", &["operation"]),
    ("database_connections_active", "gauge", &[]),
    ("storage_file_size_bytes", "gauge", &[]),
    ("storage_free_space_bytes", "gauge", &[]),
    ("storage_cache_hits_total", "counter", &[]),
    ("storage_cache_misses_total", "counter", &[]),
    ("storage_cache_evictions_total", "counter", &[]),
    ("storage_writer_queue_depth", "gauge", &[]),
    ("storage_writer_queue_capacity", "gauge", &[]),
    ("storage_group_size", "histogram", &[]),
    ("storage_commit_duration_seconds", "histogram", &[]),
    ("storage_oldest_reader_seconds", "gauge", &[]),
    ("storage_writable", "gauge", &[]),
    ("storage_read_only", "gauge", &[]),
    ("auth_hashing_queue_depth", "gauge", &[]),
    ("auth_hashing_active", "gauge", &[]),
    ("auth_hashing_duration_seconds", "histogram", &[]),
    ("telemetry_spans_exported_total", "counter", &[]),
    ("telemetry_spans_dropped_total", "counter", &[]),
    ("telemetry_spans_failed_total", "counter", &[]),
    ("telemetry_spans_waiting", "gauge", &[]),
    ("tokio_workers", "gauge", &[]),
    ("tokio_alive_tasks", "gauge", &[]),
    ("tokio_global_queue_depth", "gauge", &[]),
    ("ghostworks_tenant_labels_folded", "gauge", &[]),
];

/// The counters that are zero, not absent, before anything happened.
const COUNTERS: &[&str] = &[
    "artifacts_created_total",
    "auth_attempts_total",
    "authentication_attempts_total",
    "workspace_operations_total",
    "user_registrations_total",
    "telemetry_spans_exported_total",
    "telemetry_spans_dropped_total",
    "telemetry_spans_failed_total",
];

fn scrape(server: &Server) -> Exposition {
    Exposition::parse(&server.client().get("/metrics").expect(200).body)
}

/// Registers, signs in and out, makes a workspace and uses everything in it. Returns the workspace's id.
fn use_everything(server: &Server) -> String {
    let owner = Account::new(server);
    let tenant = owner.workspace();
    let artifacts = format!("/api/v1/workspaces/{tenant}/artifacts");
    let made = owner.artifact(&artifacts, &json!({"name": "n", "artifact_type": "document"}));
    let path = format!("{artifacts}/{}", text(&made["id"]));
    owner.client.get(&path).expect(200);
    owner.client.get(&artifacts).expect(200);
    owner.client.get(&format!("{artifacts}?q=n")).expect(200);
    owner.client.patch(&path, &json!({"name": "m"})).expect(200);
    owner.client.delete(&path).expect(204);
    server.client().post("/api/v1/auth/refresh", &json!({"refresh_token": owner.refresh})).expect(200);
    login(&server.client(), &owner.email, "Wrong-horse-7").expect(401);
    tenant
}

#[test]
fn the_contract_is_kept_name_by_name() {
    let server = Setup::new().start();
    use_everything(&server);
    let scrape = scrape(&server);
    for (name, kind, labels) in CONTRACT {
        assert_eq!(scrape.kind(name), Some(*kind), "{name}");
        let sample = if *kind == "histogram" { format!("{name}_count") } else { (*name).to_owned() };
        let found = scrape.labels(&sample);
        // Zeroes from the start have no tenant yet.
        assert_eq!(found, labels.iter().copied().collect::<BTreeSet<_>>(), "{name}");
    }
    for name in ["ghostworks_api_info", "target_info"] {
        assert_eq!(scrape.kind(name), Some("gauge"), "{name}");
        assert_eq!(scrape.sum(name, &[]), Some(1.0), "{name}");
    }
    assert_eq!(scrape.sum("ghostworks_api_info", &[("version", env!("CARGO_PKG_VERSION"))]), Some(1.0));
    assert_eq!(scrape.sum("ghostworks_api_info", &[("environment", "development")]), Some(1.0));
    assert_eq!(scrape.sum("target_info", &[("service_name", "ghostworks-api")]), Some(1.0));
}

#[test]
fn no_sample_carries_the_scope_of_its_instrument() {
    let server = Setup::new().start();
    use_everything(&server);
    let scrape = scrape(&server);
    let scoped = scrape.samples.iter().find(|sample| sample.labels.keys().any(|key| key.starts_with("otel_")));
    assert_eq!(scoped, None);
}

#[test]
fn counters_are_there_before_anything_happened() {
    let server = Setup::new().start();
    let scrape = scrape(&server);
    for name in COUNTERS {
        assert_eq!(scrape.sum(name, &[]), Some(0.0), "{name}");
    }
    for success in ["true", "false"] {
        for method in ["password", "refresh"] {
            let labels = [("success", success), ("method", method)];
            assert_eq!(scrape.sum("auth_attempts_total", &labels), Some(0.0), "{labels:?}");
        }
    }
}

#[test]
fn the_figures_are_right() {
    let server = Setup::new().start();
    let tenant = use_everything(&server);
    let scrape = scrape(&server);
    let tenant = ("tenant_id", tenant.as_str());
    for (name, labels, value) in [
        ("user_registrations_total", vec![], 1.0),
        ("auth_attempts_total", vec![("success", "true"), ("method", "password")], 1.0),
        ("auth_attempts_total", vec![("success", "false"), ("method", "password")], 1.0),
        ("auth_attempts_total", vec![("success", "true"), ("method", "refresh")], 1.0),
        ("authentication_attempts_total", vec![("success", "false")], 1.0),
        ("artifacts_created_total", vec![tenant, ("artifact_type", "document")], 1.0),
        ("workspace_operations_total", vec![("operation", "create")], 1.0),
        ("artifact_operation_duration_seconds_count", vec![tenant, ("operation", "create")], 1.0),
        ("artifact_operation_duration_seconds_count", vec![tenant, ("operation", "update")], 1.0),
        ("artifact_operation_duration_seconds_count", vec![tenant, ("operation", "delete")], 1.0),
        ("artifact_operation_duration_seconds_count", vec![tenant, ("operation", "get")], 1.0),
        ("artifact_operation_duration_seconds_count", vec![tenant, ("operation", "list")], 1.0),
        ("artifact_operation_duration_seconds_count", vec![tenant, ("operation", "search")], 1.0),
        ("artifact_search_duration_seconds_count", vec![tenant], 1.0),
        ("http_requests_total", vec![("endpoint", "/api/v1/auth/login"), ("status_code", "401")], 1.0),
        ("http_requests_total", vec![("endpoint", "/api/v1/auth/login"), ("status_code", "200")], 1.0),
        ("http_requests_in_progress", vec![], 1.0),
        ("http_server_active_requests", vec![], 1.0),
    ] {
        assert_eq!(scrape.sum(name, &labels), Some(value), "{name} {labels:?}");
    }
}

#[test]
fn durations_are_in_seconds_and_their_buckets_add_up() {
    let server = Setup::new().start();
    use_everything(&server);
    let scrape = scrape(&server);
    let histograms = CONTRACT.iter().filter(|(name, kind, _)| *kind == "histogram" && name.ends_with("_seconds"));
    for (name, ..) in histograms {
        let (buckets, count) = (format!("{name}_bucket"), format!("{name}_count"));
        assert!(scrape.having(&buckets, &[]).any(|bucket| bucket.labels["le"].parse().is_ok_and(|le: f64| le < 0.01)));
        assert_eq!(scrape.sum(&buckets, &[("le", "+Inf")]), scrape.sum(&count, &[]), "{name}");
    }
}

#[test]
fn the_parts_tell_how_they_do() {
    let server = Setup::new().start();
    use_everything(&server);
    let scrape = scrape(&server);
    let value = |name| scrape.sum(name, &[]).unwrap_or_else(|| panic!("{name} is missing"));
    assert!(value("storage_file_size_bytes") > 4096.0);
    assert!(value("storage_free_space_bytes") > 0.0);
    assert!(value("storage_cache_hits_total") > 0.0);
    assert_eq!(value("storage_writable"), 1.0);
    assert_eq!(value("storage_writer_queue_capacity"), 8192.0);
    assert_eq!(value("storage_oldest_reader_seconds"), 0.0, "nobody reads what is past");
    assert_eq!(value("storage_group_size_count"), value("storage_commit_duration_seconds_count"));
    assert!(value("storage_group_size_sum") >= 6.0, "as many writes as there were");
    assert_eq!(value("auth_hashing_duration_seconds_count"), 3.0, "registered, signed in, failed to");
    assert_eq!(value("auth_hashing_active") + value("auth_hashing_queue_depth"), 0.0);
    assert!(value("tokio_workers") >= 1.0 && value("tokio_alive_tasks") >= 1.0);
}

#[test]
fn endpoints_are_routes_never_paths() {
    let server = Setup::new().start();
    let tenant = use_everything(&server);
    server.client().get(&format!("/api/v1/workspaces/{tenant}")).expect(401);
    for path in ["/nowhere/1", "/nowhere/2", "/api/v1/workspaces/x/y/z"] {
        server.client().get(path).expect(404);
    }
    server.client().call("BREW", "/nowhere").expect(404);
    let scrape = scrape(&server);
    for (name, label) in
        [("http_requests_total", "endpoint"), ("http_server_request_duration_seconds_count", "http_route")]
    {
        for sample in scrape.having(name, &[]) {
            let route = sample.labels.get(label).map_or("", String::as_str);
            assert!(!route.contains("nowhere") && !route.contains(&tenant) && !route.contains('?'), "{name} {route}");
        }
    }
    let one = "/api/v1/workspaces/{workspace_id}/artifacts/{artifact_id}";
    assert!(scrape.sum("http_requests_total", &[("endpoint", one)]).is_some(), "one route, whatever the ids");
    assert_eq!(scrape.sum("http_requests_total", &[("method", "BREW")]), None);
    assert_eq!(scrape.sum("http_requests_total", &[("method", "_OTHER")]), Some(1.0));
}

#[test]
fn tenants_past_the_limit_share_a_label() {
    let server = Setup::new().env("GHOSTWORKS__TELEMETRY__TENANT_LABEL_LIMIT", "2").start();
    let owner = Account::new(&server);
    let artifacts: Vec<String> = (0..4).map(|_| owner.artifacts()).collect();
    for artifacts in &artifacts {
        owner.artifact(artifacts, &json!({"name": "n"}));
    }
    let scrape = scrape(&server);
    let labelled = scrape.having("artifacts_created_total", &[]).filter(|sample| sample.value > 0.0);
    let tenants: BTreeSet<&str> = labelled.map(|sample| sample.labels["tenant_id"].as_str()).collect();
    assert!(tenants.contains("other") && tenants.len() <= 3, "{tenants:?}");
    assert_eq!(scrape.sum("artifacts_created_total", &[]), Some(4.0));
}

#[test]
fn a_workspace_that_is_not_there_gets_no_label() {
    let server = Setup::new().start();
    let owner = Account::new(&server);
    let nowhere = "01890000-0000-7000-8000-000000000000";
    let artifacts = format!("/api/v1/workspaces/{nowhere}/artifacts");
    owner.client.get(&artifacts).expect(404);
    owner.client.post(&artifacts, &json!({"name": "n"})).expect(404);
    assert_eq!(scrape(&server).samples.iter().find(|sample| sample.labels.values().any(|it| it == nowhere)), None);
}

#[test]
fn no_label_is_personal() {
    let server = Setup::new().start();
    let owner = Account::new(&server);
    use_everything(&server);
    let page = server.client().get("/metrics").expect(200).body;
    for personal in [&owner.id, &owner.email, &owner.access, PASSWORD, "user_id", "@example.com"] {
        assert!(!page.contains(personal), "{personal}");
    }
}

#[test]
fn metrics_can_be_turned_off() {
    let server = Setup::new().env("OTEL_METRICS_EXPORTER", "none").start();
    use_everything(&server);
    assert_eq!(scrape(&server).samples, []);
}

#[test]
fn openmetrics_has_the_traces_of_requests() {
    let collector = Collector::start();
    let server = Setup::new().traces_to(&collector.endpoint()).start();
    let told = server.client().get("/livez").expect(200).header("traceresponse").expect("a trace")[3..35].to_owned();
    let scraper = server.client().with("accept", "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.2");
    let page = scraper.get("/metrics").expect(200);
    assert_eq!(page.header("content-type"), Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    assert!(page.body.ends_with("\n# EOF\n"), "{}", page.body);
    for name in ["http_request_duration_seconds_bucket", "http_server_request_duration_seconds_bucket"] {
        let exemplar = format!("# {{trace_id=\"{told}\"}} ");
        let found = page.body.lines().any(|line| line.starts_with(name) && line.contains(&exemplar));
        assert!(found, "no {name} with {exemplar}:\n{}", page.body);
    }
    assert!(page.body.contains("# TYPE http_requests counter\n"), "{}", page.body);
    let plain = server.client().get("/metrics").expect(200);
    assert_eq!(plain.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert!(!plain.body.contains("# EOF") && !plain.body.contains("# {"), "{}", plain.body);
}

#[test]
fn scrapes_are_compressed_for_who_takes_that() {
    let server = Server::shared();
    for (coding, decode) in [("gzip", gunzip as fn(&[u8]) -> Vec<u8>), ("zstd", unzstd)] {
        let mut raw = Raw::connect(server.address());
        raw.send(format!("GET /metrics HTTP/1.1\r\nHost: a\r\nAccept-Encoding: {coding}\r\nConnection: close\r\n\r\n"));
        let answer = raw.read_bytes();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
        let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
        assert!(head.contains(&format!("content-encoding: {coding}")), "{head}");
        let text = String::from_utf8(decode(&answer[end..])).expect("text");
        assert!(text.contains("process_start_time_seconds"), "{text}");
        assert!(answer.len() - end < text.len() / 2, "{coding} is smaller");
    }
}

fn gunzip(packed: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut content).expect("gzip");
    content
}

fn unzstd(packed: &[u8]) -> Vec<u8> {
    zstd::decode_all(packed).expect("zstd")
}
